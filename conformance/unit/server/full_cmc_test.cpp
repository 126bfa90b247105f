// /fullcmc at a server, and from a client to a server and back: RFC 7030 section 4.3, RFC 5272, RFC 6402.
#include "fixture.hpp"

#include <est/client/client.hpp>
#include <est/client/full_cmc.hpp>
#include <est/message/full_cmc.hpp>
#include <est/server/approval.hpp>
#include <est/transport/loopback.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <map>
#include <optional>

using namespace est;
using namespace est::test;
using pki::cmc_fail_info;
using pki::cmc_status;

namespace {

constexpr std::string_view shared = "shared secret 0123456789";

/// A memory_ca that remembers what it lets wait, and wants what it issues to be confirmed where it is told so.
struct slow_ca {
  memory_ca& inner;
  bool waits = false, wants_confirmation = false;
  std::map<bytes, pki::csr> held = {};
  std::vector<pki::certificate> unconfirmed = {};

  result<pki::certs_only> ca_certificates(std::string_view label) const { return inner.ca_certificates(label); }
  result<issuance> issue(pki::csr const& csr, peer const& who, std::string_view label, pki::context const& at) {
    if (waits) {
      held.insert_or_assign(sha256(csr.der()), csr);
      pending later;
      later.retry_after = std::chrono::seconds{90};
      later.text = "An officer has to look at this.";
      return issuance{later};
    }
    auto made = inner.issue(csr, who, label, at);
    if (made && std::holds_alternative<pki::certificate>(*made))
      unconfirmed.push_back(std::get<pki::certificate>(*made));
    return made;
  }
  result<bytes> sign_cmc(pki::object_id const& type, byte_view content, std::span<const pki::certificate> bag,
                         std::string_view label, pki::context const& at) const {
    return inner.sign_cmc(type, content, bag, label, at);
  }
  result<pki::csr> pending_request(byte_view token, std::string_view) const {
    auto const found = held.find(to_bytes(token));
    if (found == held.end()) return fail(errc::invalid_argument, "token", "There is no such request here.");
    return found->second;
  }
  bool confirmation_required(pki::certificate const&, std::string_view) const { return wants_confirmation; }
  result<void> confirm(pki::certificate_identifier const& id, peer const&, std::string_view, pki::context const&) {
    for (auto const& one : unconfirmed)
      if (id.names(one)) return {};
    return fail(errc::no_certificate, "confirm", "");
  }
};
static_assert(cmc_pending_authority<slow_ca> && cmc_confirming_authority<slow_ca>);

struct cmc_fixture : server_fixture {
  pki::private_key key = make_key();
  pki::csr csr = self_identifying(key);
  full_cmc_trust trust{{ca.root()}, true};

  cmc_fixture() {
    options.cmc.shared_secret = [](std::string_view name, std::string_view) -> std::optional<secret_bytes> {
      if (name != "device-1") return std::nullopt;
      return secret_bytes{shared};
    };
  }

  pki::csr self_identifying(pki::private_key const& of, std::vector<pki::attribute> attributes = {},
                            std::string_view name = "device") {
    return got(pki::make_csr(with_key_identifier({name_of(name), std::move(attributes), {}}, of), of, at));
  }

  full_cmc_order order() const {
    full_cmc_order made;
    made.csr = csr;
    return made;
  }
  full_cmc_order proven() const {
    auto made = order();
    made.identification = "device-1";
    made.shared_secret.emplace(shared);
    return made;
  }

  /// A request whose SignedData is made by hand, for what the maker does not make.
  full_cmc_request by_hand(pki::pki_data const& data, pki::private_key const& signer) {
    return got(parse_full_cmc_request(
        got(pki::make_signed_data(pki::oids::cct_pki_data, pki::encode(data), signer,
                                  pki::by_key_identifier(pki::key_identifier(signer.public_key_info())), {}, at))));
  }

  static http::request post_octets(byte_view octets) {
    http::request made;
    made.method = "POST";
    made.target = "/.well-known/est/fullcmc";
    made.headers.add("Host", "est.example");
    made.headers.add("Content-Type", std::string{op::full_cmc::request_media_type});
    made.body = encode_base64(octets);
    return made;
  }

  full_cmc_response answer_to(http::request const& question) {
    auto const answer = ask(question);
    BOOST_TEST(answer.headers.find("Content-Type").value_or("") == op::full_cmc::reply_media_type, answer.body);
    auto reply = got(parse_reply<op::full_cmc>(answer));
    BOOST_REQUIRE(std::holds_alternative<full_cmc_response>(reply));
    return std::get<full_cmc_response>(reply);
  }
  full_cmc_outcome outcome_of(full_cmc_request const& request) {
    return got(judge_full_cmc(request, answer_to(post_octets(request.content_info)), trust, now));
  }

  /// The request is refused for that reason, about those parts, in an answer that a CA signed.
  void check_refusal(full_cmc_request const& request, int http_status, cmc_fail_info why,
                     std::vector<pki::body_part_id> const& parts) {
    auto const outcome = outcome_of(request);
    BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
    check_refusal(std::get<cmc_refusal>(outcome), http_status, why, parts);
  }
  static void check_refusal(cmc_refusal const& refusal, int http_status, cmc_fail_info why,
                            std::vector<pki::body_part_id> const& parts) {
    BOOST_TEST(refusal.http_status == http_status, to_text(refusal));
    BOOST_TEST((refusal.status == cmc_status::failed), to_text(refusal));
    BOOST_REQUIRE(refusal.fail_info);
    BOOST_TEST(pki::code_text(*refusal.fail_info) == pki::code_text(why), to_text(refusal));
    BOOST_TEST(refusal.verified);
    BOOST_TEST(refusal.text.size() > 5u);
    std::vector<pki::body_part_id> about;
    for (auto const& part : refusal.parts) about.insert(about.end(), part.path.begin(), part.path.end());
    BOOST_TEST(about == parts, boost::test_tools::per_element());
  }
};

void check_issued(full_cmc_outcome const& outcome, pki::private_key const& key) {
  if (auto const* refusal = std::get_if<cmc_refusal>(&outcome)) BOOST_FAIL(to_text(*refusal));
  BOOST_REQUIRE(std::holds_alternative<issued>(outcome));
  BOOST_TEST(key.belongs_to(std::get<issued>(outcome).certificate));
}

constexpr pki::body_part_id csr_part = detail::own_request;

} // namespace

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

// Pending, and confirmation.

BOOST_AUTO_TEST_CASE(a_pending_request_is_asked_for_by_its_token_and_the_same_key) {
  slow_ca slow{ca, true};
  auto const through = [&](full_cmc_request const& request, std::optional<bytes> const& wanted = std::nullopt) {
    auto const answer = ask_of(slow, post_octets(request.content_info));
    return got(judge_full_cmc(request, got(parse_reply<op::full_cmc>(answer)), trust, now, wanted));
  };
  auto const first = through(got(make_full_cmc_request(proven(), key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_pending>(first));
  auto const& later = std::get<cmc_pending>(first);
  BOOST_REQUIRE(later.token);
  BOOST_TEST((later.at == now + std::chrono::seconds{90}));
  BOOST_TEST(later.text == "An officer has to look at this.");

  full_cmc_order query;
  query.query_pending = later.token;
  auto const again = got(make_full_cmc_request(query, key, at));
  BOOST_TEST(std::holds_alternative<cmc_pending>(through(again)));
  slow.waits = false;
  check_issued(through(again, key.public_key_info()), key);

  auto const other = make_key(); // who knows the token and not the key is nobody
  options.check_password = {};
  auto const stolen = through(got(make_full_cmc_request(query, other, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(stolen));
  check_refusal(std::get<cmc_refusal>(stolen), 400, cmc_fail_info::bad_message_check, {0});
  query.query_pending = bytes(32, 0);
  auto const unknown = through(got(make_full_cmc_request(query, key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(unknown));
  check_refusal(std::get<cmc_refusal>(unknown), 400, cmc_fail_info::bad_request, {3});
}

BOOST_AUTO_TEST_CASE(a_request_that_people_approve_is_sent_again_and_granted) {
  approval_desk<memory_ca> desk{got(memory_ca::make({}, at))};
  trust.anchors = {desk.root()};
  auto const through = [&] { // made anew each time, as a client does that was restarted
    auto const request = got(make_full_cmc_request(proven(), key, at));
    auto const answer = ask_of(desk, post_octets(request.content_info));
    return got(judge_full_cmc(request, got(parse_reply<op::full_cmc>(answer)), trust, now));
  };
  BOOST_TEST(std::holds_alternative<cmc_pending>(through()));
  BOOST_TEST(std::holds_alternative<cmc_pending>(through()));
  BOOST_REQUIRE_EQUAL(desk.entries().size(), 1u);
  BOOST_TEST(desk.entries().front().client == "CMC, shared secret of device-1");
  BOOST_TEST(desk.approve(desk.entries().front().id));
  check_issued(through(), key);
}

BOOST_AUTO_TEST_CASE(a_pending_request_is_one_of_the_client_that_sent_it) {
  approval_desk<memory_ca> desk{got(memory_ca::make({}, at))};
  auto const request = got(make_full_cmc_request(proven(), key, at));
  ask_of(desk, post_octets(request.content_info));
  options.check_password = {};
  auto const unproven = got(make_full_cmc_request(order(), key, at));
  BOOST_TEST(ask_of(desk, post_octets(unproven.content_info)).status == 403);
  BOOST_TEST(desk.entries().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_authority_that_remembers_nothing_does_not_do_query_pending) {
  full_cmc_order query;
  query.query_pending = bytes(32, 0);
  auto const outcome = outcome_of(got(make_full_cmc_request(query, key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
  BOOST_TEST((std::get<cmc_refusal>(outcome).status == cmc_status::no_support));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_has_to_be_confirmed_is_confirmed_by_its_key) {
  slow_ca slow{ca, false, true};
  auto const through = [&](full_cmc_request const& request) {
    auto const answer = ask_of(slow, post_octets(request.content_info));
    return got(judge_full_cmc(request, got(parse_reply<op::full_cmc>(answer)), trust, now));
  };
  auto const first = through(got(make_full_cmc_request(proven(), key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_confirmation_wanted>(first));
  auto const& certificate = std::get<cmc_confirmation_wanted>(first).answer.certificate;
  full_cmc_order acceptance;
  acceptance.confirm = certificate;
  BOOST_TEST(
      std::holds_alternative<cmc_done>(through(got(make_full_cmc_request(acceptance, key, certificate, {}, at)))));
  acceptance.confirm = ca.root();
  auto const wrong = through(got(make_full_cmc_request(acceptance, key, certificate, {}, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(wrong));
  check_refusal(std::get<cmc_refusal>(wrong), 400, cmc_fail_info::bad_cert_id, {3});
}

// The client's side.

BOOST_AUTO_TEST_CASE(client_and_server_speak_over_a_transport) {
  server<memory_ca> est{ca, options};
  auto handler = [&](http::request const& question, http::tls_facts const& on) { return est.handle(question, on, at); };
  client_options identity;
  identity.identity = server_check::by_transport;
  client caller{transport::loopback{handler}, endpoint{"est.example", ""}, std::move(identity)};
  notes found;
  auto const request = got(make_full_cmc_request(proven(), key, at));
  check_issued(got(caller.full_cmc(request, trust, now, &found)), key);
  BOOST_TEST(!found.has_deviation());
  auto wrong = order();
  wrong.identification = "device-1";
  wrong.shared_secret.emplace(std::string_view{"no secret at all"});
  auto const outcome = got(caller.full_cmc(got(make_full_cmc_request(wrong, key, at)), trust, now));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
  check_refusal(std::get<cmc_refusal>(outcome), 403, cmc_fail_info::bad_identity, {4});
}

BOOST_AUTO_TEST_CASE(an_answer_under_other_anchors_or_at_another_time_is_not_believed) {
  auto const request = got(make_full_cmc_request(proven(), key, at));
  auto const answer = answer_to(post_octets(request.content_info));
  auto other_ca = got(memory_ca::make({}, at));
  BOOST_TEST(
      (trouble_of(judge_full_cmc(request, answer, {{other_ca.root()}, true}, now)).code == errc::no_trust_anchor));
  BOOST_TEST((trouble_of(judge_full_cmc(request, answer, {{}, true}, now)).code == errc::no_trust_anchor));
  BOOST_TEST((trouble_of(judge_full_cmc(request, answer, trust, now + std::chrono::hours{24 * 365 * 20})).code ==
              errc::certificate_expired));
  // a refusal is told all the same, and that it is nobody's word
  auto const refused = answer_to(post_octets(csr.der()));
  auto const outcome = got(judge_full_cmc(request, refused, {{other_ca.root()}, true}, now));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
  BOOST_TEST(!std::get<cmc_refusal>(outcome).verified);
}

/// Answers as a CA would, in the words of a test.
struct forged : cmc_fixture {
  full_cmc_request request = got(make_full_cmc_request(proven(), key, at));
  pki::certificate mine = enrolled(make_csr(key));

  std::vector<pki::cmc_control> controls(pki::cmc_status_info const& status = {
                                             cmc_status::success, {{{50}, false}}, {}, {}, true}) {
    auto const& asked = request.data.controls;
    return {pki::make_cmc_status_control(1, status),
            pki::make_cmc_control(2, pki::oids::cmc_transaction_id,
                                  pki::find_control(asked, pki::oids::cmc_transaction_id)->values.front()),
            pki::make_cmc_control(3, pki::oids::cmc_recipient_nonce,
                                  pki::find_control(asked, pki::oids::cmc_sender_nonce)->values.front())};
  }
  full_cmc_response answer(std::vector<pki::cmc_control> said, int http_status = 200) {
    pki::pki_response content;
    content.controls = std::move(said);
    auto const bag = std::vector<pki::certificate>{ca.issuer(), mine};
    return got(parse_full_cmc_response(got(ca.sign_cmc(pki::oids::cct_pki_response, pki::encode(content), bag, {}, at)),
                                       http_status));
  }
  errc judged(full_cmc_response const& said) { return trouble_of(judge_full_cmc(request, said, trust, now)).code; }
};

BOOST_FIXTURE_TEST_CASE(an_answer_of_another_transaction_is_not_taken, forged) {
  check_issued(got(judge_full_cmc(request, answer(controls()), trust, now)), key);
  auto said = controls();
  said[1].values = {pki::der::integer(4711u)};
  BOOST_TEST((judged(answer(said)) == errc::wrong_transaction));
  said = controls();
  said[2].values = {pki::der::octet_string(bytes(16, 7))};
  BOOST_TEST((judged(answer(said)) == errc::wrong_transaction));
  said = controls();
  said.pop_back();
  BOOST_TEST((judged(answer(said)) == errc::wrong_transaction));
  said = controls();
  said.erase(said.begin() + 1);
  BOOST_TEST((judged(answer(said)) == errc::wrong_transaction));
  // of a refusal, what is missing is forgiven, and what is another is not
  auto refusal = std::vector<pki::cmc_control>{
      pki::make_cmc_status_control(1, pki::make_cmc_failure(cmc_fail_info::bad_time, "too late", {0}))};
  check_refusal(std::get<cmc_refusal>(got(judge_full_cmc(request, answer(refusal, 400), trust, now))), 400,
                cmc_fail_info::bad_time, {0});
  refusal.push_back(pki::make_cmc_control(2, pki::oids::cmc_recipient_nonce, pki::der::octet_string(bytes(16, 7))));
  BOOST_TEST((judged(answer(refusal, 400)) == errc::wrong_transaction));
}

BOOST_FIXTURE_TEST_CASE(a_subscriber_of_the_ca_cannot_sign_answers, forged) {
  pki::pki_response content;
  content.controls = controls();
  auto const chain = std::vector<pki::certificate>{ca.issuer()};
  auto const said = got(parse_full_cmc_response(
      got(pki::make_signed_data(pki::oids::cct_pki_response, pki::encode(content), key, mine, chain, at)), 200));
  BOOST_TEST((judged(said) == errc::signer_untrusted));
}

BOOST_FIXTURE_TEST_CASE(an_answer_whose_signature_is_broken_grants_nothing, forged) {
  auto octets = answer(controls()).content_info;
  octets.back() ^= 1;
  BOOST_TEST((judged(got(parse_full_cmc_response(octets, 200))) == errc::bad_signature));
}

BOOST_FIXTURE_TEST_CASE(a_certificate_for_another_key_is_not_handed_out, forged) {
  mine = enrolled(make_csr());
  BOOST_TEST((judged(answer(controls())) == errc::key_mismatch));
}

BOOST_FIXTURE_TEST_CASE(a_refusal_under_200_is_one_and_is_noted, forged) {
  notes found;
  auto const said = answer(controls(pki::make_cmc_failure(cmc_fail_info::no_key_reuse, "a new key", {50})));
  BOOST_TEST(parse_full_cmc_response(said.content_info, 200, &found).has_value());
  BOOST_TEST(found.has(note_code::cmc_status_contradicts_http));
  auto const outcome = got(judge_full_cmc(request, said, trust, now));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
  check_refusal(std::get<cmc_refusal>(outcome), 200, cmc_fail_info::no_key_reuse, {50});
  // and the other way about
  found = {};
  BOOST_TEST(parse_full_cmc_response(said.content_info, 400, &found).has_value());
  BOOST_TEST(!found.has(note_code::cmc_status_contradicts_http));
  auto const granted = answer(controls(), 400);
  BOOST_TEST(parse_full_cmc_response(granted.content_info, 400, &found).has_value());
  BOOST_TEST(found.has(note_code::cmc_status_contradicts_http));
  BOOST_TEST(std::holds_alternative<cmc_refusal>(got(judge_full_cmc(request, granted, trust, now))));
}

BOOST_FIXTURE_TEST_CASE(a_simple_response_is_taken_by_key_unless_it_is_declined, forged) {
  auto const bag = got(pki::make_certs_only({ca.root(), mine, ca.issuer()})).encode();
  http::response answer;
  answer.status = 200;
  answer.headers.add("Content-Type", "application/pkcs7-mime; smime-type=certs-only");
  answer.body = encode_base64(bag);
  notes found;
  auto const reply = got(parse_reply<op::full_cmc>(answer, &found));
  BOOST_TEST(!found.has(note_code::smime_type_other));
  auto const outcome = got(judge_full_cmc(request, reply, trust, now));
  check_issued(outcome, key);
  BOOST_TEST((std::get<issued>(outcome).certificate == mine));
  trust.accept_simple = false;
  BOOST_TEST((trouble_of(judge_full_cmc(request, reply, trust, now)).code == errc::malformed_cms));
}

BOOST_FIXTURE_TEST_CASE(the_status_of_http_and_the_media_type_decide_what_is_read, forged) {
  auto const text = [&](int status, std::string type, std::string body) {
    http::response made;
    made.status = status;
    made.headers.add("Content-Type", std::move(type));
    made.body = std::move(body);
    return made;
  };
  auto const cmc =
      encode_base64(answer(controls(pki::make_cmc_failure(cmc_fail_info::try_later, "", {0}))).content_info);
  auto const reply = got(parse_reply<op::full_cmc>(text(503, "application/pkcs7-mime; smime-type=CMC-Response", cmc)));
  BOOST_TEST(std::get<full_cmc_response>(reply).http_status == 503);
  BOOST_TEST((trouble_of(parse_reply<op::full_cmc>(text(400, "text/plain", "no"))).code == errc::http_status));
  BOOST_TEST((trouble_of(parse_reply<op::full_cmc>(text(404, "text/plain", "no"))).code == errc::not_offered));
  BOOST_TEST(
      (trouble_of(parse_reply<op::full_cmc>(text(400, "application/pkcs7-mime", "AAAA"))).code == errc::http_status));
  BOOST_TEST(
      (trouble_of(parse_reply<op::full_cmc>(text(401, "application/pkcs7-mime", cmc))).code == errc::unauthenticated));
  BOOST_TEST((trouble_of(parse_reply<op::full_cmc>(text(200, "text/html", cmc))).code == errc::wrong_media_type));
  auto later = text(202, "text/plain", "later");
  later.headers.add("Retry-After", "30");
  auto const outcome = got(judge_full_cmc(request, got(parse_reply<op::full_cmc>(later)), trust, now));
  BOOST_TEST((std::get<pending>(outcome).retry_after == std::chrono::seconds{30}));
}

BOOST_FIXTURE_TEST_CASE(an_answer_cut_anywhere_fails, forged) {
  auto const whole = answer(controls()).content_info;
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST(!parse_full_cmc_response(byte_view{whole}.first(size), 200).has_value());
}

BOOST_AUTO_TEST_CASE(an_order_that_contradicts_itself_makes_no_request) {
  auto const code = [&](full_cmc_order const& wrong) { return trouble_of(make_full_cmc_request(wrong, key, at)).code; };
  BOOST_TEST((code({}) == errc::invalid_argument));
  auto both = order();
  both.query_pending = bytes{1};
  BOOST_TEST((code(both) == errc::invalid_argument));
  auto low = order();
  low.controls.push_back(pki::make_cmc_control(99, pki::oids::cmc_reg_info, pki::der::octet_string(bytes{1})));
  BOOST_TEST((code(low) == errc::invalid_argument));
  auto garbled = order();
  garbled.controls.push_back(pki::make_cmc_control(100, pki::oids::cmc_reg_info, bytes{4, 2, 1}));
  BOOST_TEST((code(garbled) == errc::invalid_argument));
  auto nameless = order();
  nameless.csr = make_csr(key);
  BOOST_TEST((code(nameless) == errc::invalid_argument)); // no subjectKeyIdentifier
  auto foreign = order();
  foreign.csr = self_identifying(make_key());
  BOOST_TEST((code(foreign) == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(a_key_identifier_joins_the_extensions_that_are_asked_for) {
  auto const asked = with_key_identifier(
      {name_of("device"), {pki::subject_alternative_names({{"d.example"}, {}, {}, {}, 0})}, {}}, key);
  auto const made = got(pki::make_csr(asked, key, at));
  BOOST_TEST(made.requested_extensions().size() == 2u);
  BOOST_TEST(made.requested_alternative_names()->dns.front() == "d.example");
  auto const again = with_key_identifier(asked, key);
  BOOST_TEST((again.attributes == asked.attributes));
}

BOOST_AUTO_TEST_SUITE_END()
