// What a client makes of the answers of /fullcmc: those of the server, and forged ones. RFC 5272 sections 4 and 6.6.
#include "../server/full_cmc_fixture.hpp"

#include <est/client/client.hpp>
#include <est/transport/loopback.hpp>

#include <boost/test/unit_test.hpp>

using namespace est;
using namespace est::test;

namespace {

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

} // namespace

BOOST_FIXTURE_TEST_SUITE(full_cmc_client, cmc_fixture)

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
