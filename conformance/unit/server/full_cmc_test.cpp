// /fullcmc at a server: what is granted, and each reason to refuse. RFC 7030 section 4.3, RFC 5272, RFC 6402.
#include "full_cmc_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace est;
using namespace est::test;

BOOST_FIXTURE_TEST_SUITE(full_cmc, cmc_fixture)

BOOST_AUTO_TEST_CASE(a_shared_secret_and_the_new_key_get_a_certificate) {
  auto const request = got(make_full_cmc_request(proven(), key, at));
  auto const outcome = outcome_of(request);
  check_issued(outcome, key);
  // the intermediate goes along, so that the path is whole
  auto const& bag = std::get<issued>(outcome).bag.certificates();
  BOOST_TEST((std::find(bag.begin(), bag.end(), ca.issuer()) != bag.end()));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_the_ca_gets_the_next_one) {
  auto const held = enrolled(make_csr(key));
  auto const next = make_key();
  auto asked = order();
  asked.csr = make_csr(next);
  auto const chain = std::vector<pki::certificate>{ca.issuer()};
  check_issued(outcome_of(got(make_full_cmc_request(asked, key, held, chain, at))), next);
  // the CA knows its own intermediate
  check_issued(outcome_of(got(make_full_cmc_request(asked, key, held, {}, at))), next);
}

BOOST_AUTO_TEST_CASE(every_kind_of_key_signs_requests) {
  for (auto const* kind : {"P-384", "Ed25519", "RSA-2048"}) {
    auto const other = make_key(kind);
    auto asked = proven();
    asked.csr = self_identifying(other);
    check_issued(outcome_of(got(make_full_cmc_request(asked, other, at))), other);
  }
}

BOOST_AUTO_TEST_CASE(a_client_that_tls_or_http_knows_needs_no_proof) {
  auto const request = got(make_full_cmc_request(order(), key, at));
  auto question = post_octets(request.content_info);
  question.headers.add("Authorization", password_of("user", "secret"));
  check_issued(got(judge_full_cmc(request, answer_to(question), trust, now)), key);
  facts = facts_with(enrolled(make_csr()));
  check_issued(outcome_of(request), key);
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_for_credentials_where_http_can_and_is_refused_in_cmc_where_it_cannot) {
  auto const request = got(make_full_cmc_request(order(), key, at));
  auto const asked = ask(post_octets(request.content_info));
  BOOST_TEST(asked.status == 401);
  BOOST_TEST(asked.headers.find("WWW-Authenticate").has_value());
  options.check_password = {};
  check_refusal(request, 403, cmc_fail_info::bad_identity, {0});
}

BOOST_AUTO_TEST_CASE(the_transaction_the_nonce_and_the_clients_own_data_come_back) {
  auto asked = proven();
  asked.transaction_id = bytes{0x12, 0x67};
  asked.controls.push_back(
      pki::make_cmc_control(100, pki::oids::cmc_data_return, pki::der::octet_string(bytes{1, 2, 3})));
  asked.controls.push_back(pki::make_cmc_control(101, pki::oids::cmc_reg_info, pki::der::octet_string(bytes{4})));
  auto const request = got(make_full_cmc_request(asked, key, at));
  auto const answer = answer_to(post_octets(request.content_info));
  auto const& controls = answer.content->controls;
  BOOST_TEST(to_hex(*pki::transaction_id_of(controls)) == "1267");
  BOOST_TEST((pki::octets_of_control(controls, pki::oids::cmc_recipient_nonce) ==
              pki::octets_of_control(request.data.controls, pki::oids::cmc_sender_nonce)));
  auto const own = pki::octets_of_control(controls, pki::oids::cmc_sender_nonce);
  BOOST_REQUIRE(own);
  BOOST_TEST(own->size() == 16u);
  BOOST_TEST((own != pki::octets_of_control(request.data.controls, pki::oids::cmc_sender_nonce)));
  BOOST_TEST(to_hex(*pki::octets_of_control(controls, pki::oids::cmc_data_return)) == "010203");
  BOOST_TEST((pki::find_control(controls, pki::oids::cmc_reg_info) == nullptr));
}

// RFC 7894 section 4, as on /simpleenroll
BOOST_AUTO_TEST_CASE(a_one_time_password_has_to_hold_here_too) {
  options.check_one_time_password = [](peer const& who, std::string_view password) {
    return who.cmc_identity == "device-1" && password == "123456";
  };
  for (auto const* password : {"123456", "654321"}) {
    auto asked = proven();
    asked.csr = self_identifying(key, {pki::otp_challenge_attribute(password)});
    auto const request = got(make_full_cmc_request(asked, key, at));
    if (std::string_view{password} == "123456")
      check_issued(outcome_of(request), key);
    else
      check_refusal(request, 403, cmc_fail_info::bad_identity, {csr_part});
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_secret_and_an_unknown_name_are_the_same_bad_identity) {
  auto wrong = order();
  wrong.identification = "device-1";
  wrong.shared_secret.emplace(std::string_view{"no secret at all"});
  auto const one = outcome_of(got(make_full_cmc_request(wrong, key, at)));
  wrong.identification = "device-2";
  auto const other = outcome_of(got(make_full_cmc_request(wrong, key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(one) && std::holds_alternative<cmc_refusal>(other));
  check_refusal(std::get<cmc_refusal>(one), 403, cmc_fail_info::bad_identity, {4});
  BOOST_TEST(to_text(std::get<cmc_refusal>(one)) == to_text(std::get<cmc_refusal>(other)));
  options.cmc.shared_secret = {};
  check_refusal(got(make_full_cmc_request(proven(), key, at)), 403, cmc_fail_info::bad_identity, {4});
}

BOOST_AUTO_TEST_CASE(version_1_of_the_identity_proof_is_accepted) {
  pki::pki_data data;
  data.requests.push_back({pki::cmc_request::form::pkcs10, 7, csr.der(), {}});
  data.controls.push_back(
      pki::make_cmc_control(1, pki::oids::cmc_identification, pki::der::text(pki::tag::utf8_string, "device-1")));
  auto const witness = got(pki::detail::shared_secret_mac("SHA-1", "SHA-1", as_bytes(shared), as_bytes("device-1"),
                                                          pki::encode_requests(data)));
  data.controls.push_back(pki::make_cmc_control(2, pki::oids::cmc_identity_proof, pki::der::octet_string(witness)));
  check_issued(outcome_of(by_hand(data, key)), key);
}

BOOST_AUTO_TEST_CASE(a_request_whose_signature_is_broken_is_bad_message_check) {
  auto const request = got(make_full_cmc_request(proven(), key, at));
  // the signature is what stands last
  auto octets = request.content_info;
  octets.back() ^= 1;
  auto broken = request;
  broken.content_info = octets;
  check_refusal(broken, 400, cmc_fail_info::bad_message_check, {0});
}

BOOST_AUTO_TEST_CASE(a_request_that_another_key_signs_is_bad_message_check) {
  auto const other = make_key();
  pki::pki_data data = got(make_full_cmc_request(proven(), key, at)).data;
  check_refusal(by_hand(data, other), 400, cmc_fail_info::bad_message_check, {0});
  auto const unsigned_one = pki::make_content_info(
      pki::oids::id_signed_data,
      pki::der::sequence(
          {pki::der::integer(3u), pki::der::value(pki::tag::set, byte_view{}),
           pki::der::sequence({pki::oids::cct_pki_data.encode(),
                               pki::der::value(pki::tag::context(0), pki::der::octet_string(pki::encode(data)))}),
           pki::der::value(pki::tag::set, byte_view{})}));
  check_refusal(got(parse_full_cmc_request(unsigned_one)), 400, cmc_fail_info::bad_message_check, {0});
}

BOOST_AUTO_TEST_CASE(a_signer_of_a_foreign_ca_is_bad_identity_unless_a_hook_accepts_it) {
  auto other_ca = got(memory_ca::make({}, at));
  auto const held = std::get<pki::certificate>(got(other_ca.issue(make_csr(key), {}, {}, at)));
  auto const next = make_key();
  auto asked = order();
  asked.csr = make_csr(next);
  auto const chain = std::vector<pki::certificate>{other_ca.issuer(), other_ca.root()};
  auto const request = got(make_full_cmc_request(asked, key, held, chain, at));
  check_refusal(request, 403, cmc_fail_info::bad_identity, {0});
  options.cmc.accepts_foreign_signer = [&](pki::certificate const& signer, std::string_view) -> result<void> {
    BOOST_TEST((signer == held));
    return {};
  };
  check_issued(outcome_of(request), next);
  options.cmc.accepts_foreign_signer = [](pki::certificate const&, std::string_view) -> result<void> {
    return fail(errc::refused, "signer", "This factory is not known.");
  };
  check_refusal(request, 403, cmc_fail_info::bad_identity, {0});
}

BOOST_AUTO_TEST_CASE(a_revoked_signer_is_bad_identity) {
  auto const held = enrolled(make_csr(key));
  auto asked = order();
  asked.csr = make_csr();
  auto const request = got(make_full_cmc_request(asked, key, held, {}, at));
  BOOST_REQUIRE(ca.revoke(held, pki::revocation_reason::key_compromise, at).has_value());
  check_refusal(request, 403, cmc_fail_info::bad_identity, {0});
}

BOOST_AUTO_TEST_CASE(a_signer_asks_for_its_own_names_unless_it_is_a_registration_authority) {
  auto const held = enrolled(make_csr(key));
  auto asked = order();
  asked.csr = make_csr(make_key(), {}, name_of("another device"));
  auto const request = got(make_full_cmc_request(asked, key, held, {}, at));
  check_refusal(request, 403, cmc_fail_info::bad_identity, {csr_part});
  options.cmc.same_names = false;
  BOOST_TEST(std::holds_alternative<issued>(outcome_of(request)));
}

BOOST_AUTO_TEST_CASE(a_csr_whose_signature_is_broken_is_pop_failed) {
  auto asked = proven();
  auto const request = got(make_full_cmc_request(asked, key, at));
  auto data = request.data;
  data.requests.front().value = break_signature(csr);
  auto proof = got(pki::make_identity_proof(4, secret_bytes{shared}, "device-1", data.requests));
  for (auto& control : data.controls)
    if (control.type == pki::oids::cmc_identity_proof_v2) control = proof;
  check_refusal(by_hand(data, key), 400, cmc_fail_info::pop_failed, {csr_part});
  options.on_broken_signature = [](pki::csr const&, peer const&) -> result<void> { return {}; };
  check_issued(outcome_of(by_hand(data, key)), key);
}

BOOST_AUTO_TEST_CASE(a_channel_binding_of_another_connection_is_pop_failed) {
  auto asked = proven();
  asked.csr = self_identifying(key, {pki::challenge_password_attribute("AAECAwQFBgcICQoLDA==")});
  check_refusal(got(make_full_cmc_request(asked, key, at)), 403, cmc_fail_info::pop_failed, {csr_part});
  options.link = linking::required;
  check_refusal(got(make_full_cmc_request(proven(), key, at)), 403, cmc_fail_info::pop_failed, {csr_part});
  asked.csr = self_identifying(
      key, {pki::challenge_password_attribute(*challenge_password(facts, channel_binding::tls_unique))});
  check_issued(outcome_of(got(make_full_cmc_request(asked, key, at))), key);
}

BOOST_AUTO_TEST_CASE(a_pop_link_witness_has_to_hold_where_there_is_one) {
  const bytes random(64, 0x5a);
  auto asked = proven();
  asked.pop_link_random = random;
  check_refusal(got(make_full_cmc_request(asked, key, at)), 403, cmc_fail_info::pop_failed, {csr_part});
  asked.csr = self_identifying(key, {got(pki::make_pop_link_witness(secret_bytes{shared}, random))});
  check_issued(outcome_of(got(make_full_cmc_request(asked, key, at))), key);
  asked.csr = self_identifying(key, {got(pki::make_pop_link_witness(secret_bytes{std::string_view{"x"}}, random))});
  check_refusal(got(make_full_cmc_request(asked, key, at)), 403, cmc_fail_info::pop_failed, {csr_part});
  asked.pop_link_random.reset();
  check_refusal(got(make_full_cmc_request(asked, key, at)), 403, cmc_fail_info::pop_failed, {csr_part});
}

BOOST_AUTO_TEST_CASE(a_proof_in_a_request_that_a_certificate_signs_may_have_to_be_linked) {
  auto const held = enrolled(make_csr(key));
  options.cmc.pop_link_required = true;
  check_issued(outcome_of(got(make_full_cmc_request(proven(), key, at))), key); // the CSR's own key links
  check_refusal(got(make_full_cmc_request(proven(), key, held, {}, at)), 403, cmc_fail_info::pop_failed, {csr_part});
}

BOOST_AUTO_TEST_CASE(unknown_controls_are_bad_request_and_known_ones_that_are_not_done_no_support) {
  auto asked = proven();
  asked.controls.push_back(pki::make_cmc_control(100, pki::object_id{1, 2, 3}, pki::der::null()));
  asked.controls.push_back(pki::make_cmc_control(101, pki::object_id{1, 2, 4}, pki::der::null()));
  check_refusal(got(make_full_cmc_request(asked, key, at)), 400, cmc_fail_info::bad_request, {100, 101});
  // a control that somebody on the way has processed is none of this server's business
  asked.controls.push_back(pki::make_cmc_control(
      102, pki::oids::cmc_control_processed,
      pki::der::sequence({pki::der::sequence({pki::der::integer(100u), pki::der::integer(101u)})})));
  check_issued(outcome_of(got(make_full_cmc_request(asked, key, at))), key);
  asked.controls = {pki::make_cmc_control(100, pki::oids::cmc_revoke_request, pki::der::sequence({}))};
  auto const outcome = outcome_of(got(make_full_cmc_request(asked, key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
  BOOST_TEST((std::get<cmc_refusal>(outcome).status == cmc_status::no_support));
  BOOST_TEST(std::get<cmc_refusal>(outcome).http_status == 400);
}

BOOST_AUTO_TEST_CASE(controls_that_cannot_be_read_or_stand_twice_are_bad_request) {
  auto asked = proven();
  asked.controls = {pki::make_cmc_control(100, pki::oids::cmc_data_return, pki::der::null())};
  check_refusal(got(make_full_cmc_request(asked, key, at)), 400, cmc_fail_info::bad_request, {100});
  asked.controls = {
      pki::make_cmc_control(100, pki::oids::cmc_identification, pki::der::text(pki::tag::utf8_string, "device-2"))};
  check_refusal(got(make_full_cmc_request(asked, key, at)), 400, cmc_fail_info::bad_request, {3, 100});
  auto data = got(make_full_cmc_request(proven(), key, at)).data;
  data.controls.front().id = csr_part;
  check_refusal(by_hand(data, key), 400, cmc_fail_info::bad_request, {0});
}

BOOST_AUTO_TEST_CASE(what_is_no_single_pkcs10_is_refused_by_its_part) {
  auto data = got(make_full_cmc_request(proven(), key, at)).data;
  auto const two = [&] {
    auto made = data;
    made.requests.push_back(made.requests.front());
    made.requests.back().id = 51;
    return made;
  }();
  check_refusal(by_hand(two, key), 400, cmc_fail_info::bad_request, {51});
  auto other = data;
  other.requests.push_back({pki::cmc_request::form::other, 52, pki::der::null(), pki::object_id{1, 2, 3}});
  auto const outcome = outcome_of(by_hand(other, key));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
  BOOST_TEST((std::get<cmc_refusal>(outcome).status == cmc_status::no_support));
  BOOST_TEST(std::get<cmc_refusal>(outcome).parts.front().path.front() == 52u);
  auto garbled = data;
  garbled.requests.front().value = pki::der::sequence({});
  check_refusal(by_hand(garbled, key), 400, cmc_fail_info::bad_request, {csr_part});
  auto none = data;
  none.requests.clear();
  check_refusal(by_hand(none, key), 400, cmc_fail_info::bad_request, {0});
}

BOOST_AUTO_TEST_CASE(what_the_authority_or_a_hook_refuses_is_said_in_cmc) {
  auto asked = proven();
  asked.csr = got(pki::make_csr(with_key_identifier({name_of("device"), {}, {}}, key), key, at));
  options.authorise = [](peer const& who, std::string_view operation, std::string_view,
                         pki::csr const&) -> result<void> {
    BOOST_TEST(operation == "fullcmc");
    BOOST_TEST(who.cmc_identity.value_or("") == "device-1");
    return fail(errc::refused, "policy", "Devices of this kind are no longer served.");
  };
  check_refusal(got(make_full_cmc_request(asked, key, at)), 403, cmc_fail_info::bad_request, {csr_part});
  options.authorise = [](peer const&, std::string_view, std::string_view, pki::csr const&) -> result<void> {
    throw std::runtime_error{"canary"};
  };
  auto const outcome = outcome_of(got(make_full_cmc_request(asked, key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
  check_refusal(std::get<cmc_refusal>(outcome), 500, cmc_fail_info::internal_ca_error, {0});
  BOOST_TEST(std::get<cmc_refusal>(outcome).text.find("canary") == std::string::npos);
  options.authorise = {};
  asked.csr = got(pki::make_csr(with_key_identifier({pki::make_name({}), {}, {}}, key), key, at));
  check_refusal(got(make_full_cmc_request(asked, key, at)), 400, cmc_fail_info::bad_request, {csr_part});
}

BOOST_AUTO_TEST_CASE(cms_that_is_no_full_pki_request_is_a_400_in_cmc) {
  auto const bag = got(pki::make_certs_only({ca.root()})).encode();
  for (auto const& octets : {csr.der(), bag, bytes{0x30, 0x03, 0x02, 0x01}, pki::der::sequence({})}) {
    auto const answer = answer_to(post_octets(octets));
    BOOST_TEST(answer.http_status == 400);
    BOOST_REQUIRE_EQUAL(answer.statuses.size(), 1u);
    BOOST_TEST((answer.statuses.front().fail_info() == cmc_fail_info::bad_request));
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_cms_at_all_is_refused_in_plain_text) {
  auto question = post_octets(csr.der());
  question.body = "not base64!";
  check_refused(ask(question), 400);
  question = post_octets(csr.der());
  question.headers.set("Content-Type", "application/pkcs10");
  check_refused(ask(question), 415);
  question.method = "GET";
  check_refused(ask(question), 405);
}

BOOST_AUTO_TEST_CASE(the_media_type_is_read_in_any_case_and_without_smime_type) {
  auto const request = got(make_full_cmc_request(proven(), key, at));
  for (auto const* type : {"application/pkcs7-mime; smime-type=CMC-Request", "application/pkcs7-mime",
                           "application/x-pkcs7-mime; smime-type=cmc-request"}) {
    auto question = post_octets(request.content_info);
    question.headers.set("Content-Type", type);
    check_issued(got(judge_full_cmc(request, answer_to(question), trust, now)), key);
  }
}

BOOST_AUTO_TEST_CASE(a_request_cut_anywhere_is_refused) {
  auto const whole = got(make_full_cmc_request(proven(), key, at)).content_info;
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST(!parse_full_cmc_request(byte_view{whole}.first(size)).has_value());
  for (std::size_t size = 1; size < whole.size(); size += 97) {
    auto const answer = ask(post_octets(byte_view{whole}.first(size)));
    BOOST_TEST(answer.status == 400);
  }
}

BOOST_AUTO_TEST_CASE(one_changed_bit_anywhere_never_gets_a_certificate_for_another_request) {
  auto const whole = got(make_full_cmc_request(proven(), key, at)).content_info;
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    auto octets = whole;
    octets[i] = static_cast<std::uint8_t>(octets[i] ^ (1u << i % 8));
    auto const answer = ask(post_octets(octets));
    if (answer.status != 200) continue;
    // what may change is what nobody signs: how the message is framed
    auto const request = parse_full_cmc_request(octets);
    BOOST_REQUIRE(request);
    BOOST_TEST((request->data.requests.front().value == csr.der()), "octet " << i);
  }
}

BOOST_AUTO_TEST_SUITE_END()
