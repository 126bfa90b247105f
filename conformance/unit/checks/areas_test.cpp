/// What the checks say where the vectors and deviants do not reach: captures without controls, requests of odd shapes,
/// connections that end, and what must not be complained of.

#include "stage.hpp"

#include <est/pki/enveloped_data_make.hpp>
#include <est/pki/key_form.hpp>

#include <botan/ecdsa.h>
#include <botan/rsa.h>

using namespace est;
using namespace est::test;
using namespace est::conformance;

namespace {

/// The PKCS#1 key within a PKCS#8 one.
bytes bare_key(pki::private_key const& key) {
  auto const pkcs8 = key.encode();
  auto const outer = must(pki::read_tlv(pkcs8.expose()));
  auto const version = must(pki::read_tlv(outer.content));
  auto const algorithm = must(pki::read_tlv(outer.content, version.whole.size()));
  auto const octets = must(pki::read_tlv(outer.content, version.whole.size() + algorithm.whole.size()));
  return to_bytes(octets.content);
}

pki::private_key const& rsa_key() {
  static auto const key = make_key(pki::key_spec::rsa(2048));
  return key;
}

std::vector<pki::attribute> encryption_wanted(bool symmetric) {
  const bytes id{0, 0x11, 0x22, 0x33};
  return {symmetric ? pki::decrypt_key_identifier(id) : pki::asymmetric_decrypt_key_identifier(id),
          pki::smime_capabilities({pki::oids::aes256_cbc})};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(checks_of_tls, stage)

BOOST_AUTO_TEST_CASE(tls_below_1_2_fails_where_it_is_known) {
  for (auto const version : {http::tls_version::tls_1_1, http::tls_version::tls_1_2, http::tls_version::tls_1_3}) {
    auto x = make(std::string{http::name(version)}, get("csrattrs"), answer(404));
    x.tls = connection(version);
    add(std::move(x));
  }
  add("unknown", get("csrattrs"), answer(404));
  BOOST_TEST(said("tls.version", "TLS 1.1") == "fail tls-below-1.2");
  BOOST_TEST(said("tls.version", "TLS 1.2") == "pass");
  BOOST_TEST(said("tls.version", "TLS 1.3") == "pass");
  BOOST_TEST(said("tls.version", "unknown") == "nothing");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(checks_of_http, stage)

BOOST_AUTO_TEST_CASE(a_label_that_is_an_operation_fails_only_when_served) {
  auto const bag =
      answer(200, "application/pkcs7-mime", encode_base64(must(pki::make_certs_only({ca.certificate})).encode()));
  add("served", get("csrattrs/cacerts"), bag);
  add("refused", get("csrattrs/cacerts"), answer(404));
  add("ordinary", get("factory/cacerts"), bag);
  BOOST_TEST(said("http.label-is-no-operation", "served") == "inconclusive"); // it may ignore labels
  add("unknown", get("no-such-label/cacerts"), answer(404));
  BOOST_TEST(said("http.label-is-no-operation", "served") == "fail label-is-operation-name");
  BOOST_TEST(said("http.label-is-no-operation", "refused") == "pass");
  BOOST_TEST(said("http.label-is-no-operation", "ordinary") == "nothing");
}

BOOST_AUTO_TEST_CASE(a_label_that_cannot_be_left_out_fails_for_itself_alone) {
  auto const bag =
      answer(200, "application/pkcs7-mime", encode_base64(must(pki::make_certs_only({ca.certificate})).encode()));
  add("bare", get("cacerts"), answer(404));
  BOOST_TEST(said("http.label-is-optional", "bare") == "nothing");
  BOOST_TEST(said("cacerts.served", "bare") == "fail cacerts-not-served");
  BOOST_TEST(said("http.well-known-prefix", "bare") == "fail well-known-path-missing");
  add("labelled", get("factory/cacerts"), bag);
  add("served", get("cacerts"), bag);
  add("forbidden", get("cacerts"), answer(403));
  BOOST_TEST(said("http.label-is-optional", "bare") == "fail label-needed");
  BOOST_TEST(said("cacerts.served", "bare") == "skip");
  BOOST_TEST(said("http.well-known-prefix", "bare") == "skip");
  BOOST_TEST(said("http.label-is-optional", "served") == "pass");
  BOOST_TEST(said("http.label-is-optional", "forbidden") == "inconclusive");
}

BOOST_AUTO_TEST_CASE(an_expectation_fails_by_silence_alone) {
  auto q = post("simpleenroll", csr().der());
  q.headers.add("Expect", "100-continue");
  auto silent = make("silent", q, answer(200));
  silent.response.reset();
  silent.end = connection_end::timed_out;
  add(std::move(silent));
  add("refused", q, answer(417));
  auto lost = make("lost", q, answer(200));
  lost.response.reset();
  add(std::move(lost));
  BOOST_TEST(said("http.expect-100", "silent") == "fail http-expect-unanswered");
  BOOST_TEST(said("http.expect-100", "refused") == "pass");
  BOOST_TEST(said("http.expect-100", "lost") == "inconclusive");
  add("unasked", get("cacerts"), answer(404));
  BOOST_TEST(said("http.expect-100", "unasked") == "nothing");
}

BOOST_AUTO_TEST_CASE(framing_is_judged_by_how_the_connection_ended) {
  auto const whole = make("whole", get("csrattrs"), answer(200, "application/csrattrs", "MAA=\n"));
  add(whole);
  auto cut = whole;
  cut.response->resize(cut.response->size() - 2);
  for (auto const& [label, end] :
       {std::pair{"closed", connection_end::closed}, std::pair{"reset", connection_end::reset},
        std::pair{"capture", connection_end::unknown}}) {
    cut.name = label;
    cut.end = end;
    add(cut);
  }
  auto garbage = whole;
  garbage.name = "garbage";
  garbage.response = "SSH-2.0-OpenSSH_9.2\r\n";
  add(garbage);
  BOOST_TEST(said("http.framing", "whole") == "pass");
  BOOST_TEST(said("http.framing", "closed") == "fail http-unreadable");
  BOOST_TEST(said("http.framing", "reset") == "inconclusive");
  BOOST_TEST(said("http.framing", "capture") == "inconclusive");
  BOOST_TEST(said("http.framing", "garbage") == "fail http-unreadable");
}

BOOST_AUTO_TEST_CASE(two_answers_in_one_capture_are_no_octets_too_many) {
  exchange x;
  x.name = "two";
  x.response = http::encode(answer(401), "POST") + http::encode(answer(200, "text/plain", "x"), "POST");
  add(x);
  x.name = "rest";
  x.response = http::encode(answer(400, {}, "no"), "GET") + "more";
  add(x);
  BOOST_TEST(said("http.framing", "two") == "pass");
  BOOST_TEST(said("http.framing", "rest") == "fail http-octets-after-message");
}

BOOST_AUTO_TEST_CASE(head_that_is_refused_with_content_is_not_complained_of) {
  auto q = get("cacerts");
  q.method = "HEAD";
  auto x = make("refused", q, answer(400));
  x.response = "HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\nError\n";
  add(x);
  BOOST_TEST(failures().empty());
  x.name = "served";
  x.response = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nMAA=\n";
  add(x);
  BOOST_TEST(said("http.head", "served") == "fail http-head-with-content");
}

BOOST_AUTO_TEST_CASE(a_chunked_request_is_judged_beside_a_like_one) {
  auto const c = csr();
  auto plain = post("simpleenroll", c.der());
  auto chunked = plain;
  chunked.headers.add("Transfer-Encoding", "chunked");
  add("chunked", chunked, answer(400));
  BOOST_TEST(said("http.chunked-request", "chunked") == "inconclusive");
  add("plain", plain, certificate_for(c));
  BOOST_TEST(said("http.chunked-request", "chunked") == "fail http-chunked-request-refused");
  BOOST_TEST(said("http.chunked-request", "plain") == "nothing");
  target.live = true; // a run makes its own controls
  BOOST_TEST(said("http.chunked-request", "chunked") == "inconclusive");
  add("length wanted", chunked, answer(411));
  BOOST_TEST(said("http.chunked-request", "length wanted") == "pass");
}

BOOST_AUTO_TEST_CASE(absolute_form_is_judged_beside_a_like_request) {
  auto const bag =
      answer(200, "application/pkcs7-mime", encode_base64(must(pki::make_certs_only({ca.certificate})).encode()));
  auto whole = get("cacerts");
  whole.target = "https://est.example" + whole.target;
  add("absolute", whole, answer(404));
  BOOST_TEST(said("http.absolute-form", "absolute") == "inconclusive");
  add("origin", get("cacerts"), bag);
  BOOST_TEST(said("http.absolute-form", "absolute") == "fail http-absolute-form-refused");
  BOOST_TEST(said("http.absolute-form", "origin") == "nothing");
  add("read", whole, bag);
  BOOST_TEST(said("http.absolute-form", "read") == "pass");
}

BOOST_AUTO_TEST_CASE(spelling_of_the_media_type_is_judged_beside_a_like_request) {
  auto const c = csr();
  auto q = post("simpleenroll", c.der());
  add("ordinary", q, certificate_for(c));
  q.headers.set("Content-Type", "APPLICATION/PKCS10 ; x=y");
  add("odd", q, answer(400));
  BOOST_TEST(said("enroll.pkcs10", "ordinary") == "pass");
  BOOST_TEST(said("enroll.pkcs10", "odd") == "fail enroll-pkcs10-spelling");
  BOOST_TEST(said("http.media-type-blanks", "odd") == "fail http-media-type-blanks-refused");
  BOOST_TEST(said("http.media-type-blanks", "ordinary") == "nothing");
  q.headers.set("Content-Type", "text/plain");
  add("other", q, answer(415));
  BOOST_TEST(said("enroll.pkcs10", "other") == "nothing");
  BOOST_TEST(said("http.wrong-media-type", "other") == "pass");
}

BOOST_AUTO_TEST_CASE(a_401_after_credentials_asks_for_no_basic) {
  add("refused", post("simpleenroll", csr().der()), answer(401));
  BOOST_TEST(said("http.credentials-challenge", "refused") == "nothing");
  BOOST_TEST(said("http.401-challenge", "refused") == "fail http-401-without-challenge");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(checks_of_enrolment, stage)

BOOST_AUTO_TEST_CASE(broken_requests_are_told_from_lenient_reading) {
  auto const c = csr();
  add("accepted", post("simpleenroll", "this is no CSR"), certificate_for(c));
  add("refused", post("simpleenroll", "this is no CSR"), answer(400));
  add("not base64 of BER", post("simpleenroll", "AAAA"), answer(200));
  auto dropped = make("dropped", post("simpleenroll", ""), answer(400));
  dropped.response.reset();
  dropped.end = connection_end::closed;
  add(dropped);
  dropped.name = "silent";
  dropped.end = connection_end::timed_out;
  add(dropped);
  add("pem",
      post("simpleenroll",
           "-----BEGIN CERTIFICATE REQUEST-----\n" + encode_base64(c.der()) + "-----END CERTIFICATE REQUEST-----\n"),
      certificate_for(c));
  add("der", post("simpleenroll", to_text(c.der())), certificate_for(c));
  BOOST_TEST(said("enroll.error-status", "accepted") == "fail enroll-broken-request-accepted");
  BOOST_TEST(said("enroll.error-status", "not base64 of BER") == "fail enroll-broken-request-accepted");
  BOOST_TEST(said("enroll.error-status", "refused") == "pass");
  BOOST_TEST(said("enroll.error-status", "dropped") == "fail enroll-broken-request-unanswered");
  BOOST_TEST(said("enroll.error-status", "silent") == "inconclusive");
  BOOST_TEST(said("enroll.error-status", "pem") == "nothing");
  BOOST_TEST(said("enroll.error-status", "der") == "nothing");
  add("keygen", post("serverkeygen", "{}"), answer(200, "text/plain", "ok"));
  BOOST_TEST(said("serverkeygen.error-status", "keygen") == "fail skg-broken-request-accepted");
  add("keygen refused", post("serverkeygen", "{}"), answer(400));
  BOOST_TEST(said("serverkeygen.error-status", "keygen refused") == "pass");
}

BOOST_AUTO_TEST_CASE(issuing_to_anyone_fails_only_where_no_credential_is_known_to_be_used) {
  auto const c = csr();
  auto q = post("simpleenroll", c.der());
  q.headers.erase("Authorization");
  auto x = make("capture", q, certificate_for(c));
  add(x);
  x.name = "nobody";
  x.client_certificate_shown = false;
  add(x);
  x.name = "certificate";
  x.client_certificate_shown = true;
  add(x);
  add("asked", q, answer(401));
  add("named", post("simpleenroll", c.der()), certificate_for(c));
  BOOST_TEST(said("enroll.authenticates-client", "capture") == "skip");
  BOOST_TEST(said("enroll.authenticates-client", "nobody") == "fail enroll-issued-to-anyone");
  BOOST_TEST(said("enroll.authenticates-client", "certificate") == "skip");
  BOOST_TEST(said("enroll.authenticates-client", "asked") == "pass");
  BOOST_TEST(said("enroll.authenticates-client", "named") == "nothing");
}

BOOST_AUTO_TEST_CASE(a_broken_signature_needs_a_control_that_was_accepted) {
  auto const c = csr();
  auto const broken = post("simpleenroll", spoil(c));
  add("refused", broken, answer(400));
  BOOST_TEST(said("enroll.proof-of-possession", "refused") == "inconclusive");
  add("accepted", post("simpleenroll", c.der()), certificate_for(c));
  BOOST_TEST(said("enroll.proof-of-possession", "refused") == "pass");
  BOOST_TEST(said("enroll.proof-of-possession", "accepted") == "nothing");
  add("issued", broken, certificate_for(c));
  BOOST_TEST(said("enroll.proof-of-possession", "issued") == "fail enroll-broken-signature-issued");
  add("silent", broken, answer(400)).alive = false;
  BOOST_TEST(said("enroll.proof-of-possession", "silent") == "inconclusive");
  add("busy", broken, answer(503));
  BOOST_TEST(said("enroll.proof-of-possession", "busy") == "inconclusive");
}

BOOST_AUTO_TEST_CASE(a_request_signed_by_another_key_on_purpose_is_no_broken_one) {
  // RFC 9883: privateKeyPossessionStatement
  auto const c = csr({{pki::object_id{1, 3, 6, 1, 4, 1, 22112, 2, 1}, {pki::der::sequence({pki::der::integer(1u)})}}});
  add("statement", post("simpleenroll", spoil(c)), certificate_for(c));
  BOOST_TEST(said("enroll.proof-of-possession", "statement") == "nothing");
}

BOOST_AUTO_TEST_CASE(a_control_of_another_peculiarity_proves_nothing) {
  auto const c = csr();
  auto& r = add("refused", post("simpleenroll", spoil(c)), answer(400));
  r.control = control(post("simpleenroll", c.der()), certificate_for(c));
  BOOST_TEST(said("enroll.proof-of-possession", "refused") == "pass");
  // Both are written in lines of LF, so that is not why it was refused.
  BOOST_TEST(said("encoding.tolerates-white-space", "refused") == "skip");
  BOOST_TEST(failures().empty());
}

BOOST_AUTO_TEST_CASE(an_answer_without_its_request_is_judged_as_far_as_that_goes) {
  exchange x;
  x.name = "alone";
  x.response = http::encode(certificate_for(csr()), "POST");
  add(x);
  x.name = "pending";
  x.response = "HTTP/1.1 202 Accepted\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n";
  add(x);
  BOOST_TEST(said("enroll.certs-only", "alone") == "pass");
  BOOST_TEST(said("enroll.certificate-matches-csr", "alone") == "nothing");
  BOOST_TEST(said("enroll.pending-retry-after", "pending") == "nothing");
  BOOST_TEST(said("http.retry-after", "pending") == "pass");
  BOOST_TEST(failures().empty());
}

BOOST_AUTO_TEST_CASE(a_request_that_waits_is_recognised_when_it_comes_again) {
  auto const c = csr();
  auto const q = post("simpleenroll", c.der());
  auto later = answer(202);
  later.headers.add("Retry-After", "1");
  auto const twice = [&](std::string const& name, http::request const& again, http::response const& r) {
    add(make(name + ", first", q, later)).exchanges.push_back(make(name, again, r));
  };
  auto const anew = must(pki::make_csr({c.subject_der(), {}, "SHA-512"}, client_key, at_test_time()));
  twice("granted", q, certificate_for(c));
  twice("signed anew", post("simpleenroll", anew.der()), certificate_for(c));
  twice("still waiting", q, later);
  twice("unknown", q, answer(400));
  twice("forbidden", q, answer(403));
  twice("for another name", post("simpleenroll", csr({}, common_name("device 2")).der()), answer(400));
  add("at once", q, answer(400));
  BOOST_TEST(said("enroll.pending-recognised", "granted") == "pass");
  BOOST_TEST(said("enroll.pending-recognised", "signed anew") == "pass");
  BOOST_TEST(said("enroll.pending-recognised", "still waiting") == "inconclusive");
  BOOST_TEST(said("enroll.pending-recognised", "unknown") == "fail pending-not-recognised");
  BOOST_TEST(said("enroll.pending-recognised", "forbidden") == "inconclusive");
  BOOST_TEST(said("enroll.pending-recognised", "for another name") == "nothing");
  BOOST_TEST(said("enroll.pending-recognised", "at once") == "nothing");
  BOOST_TEST(said("enroll.pending-retry-after", "granted, first") == "pass");
}

BOOST_AUTO_TEST_CASE(exchanges_that_lead_up_are_judged_by_the_general_rows_alone) {
  auto const c = csr();
  auto q = post("simpleenroll", c.der());
  auto first = make("first", q, answer(401));
  auto& r = add(first);
  r.exchanges.push_back(make("second", q, certificate_for(c)));
  BOOST_TEST(said("http.401-challenge", "first") == "fail http-401-without-challenge");
  BOOST_TEST(said("enroll.pkcs10", "first") == "nothing");
  BOOST_TEST(said("enroll.pkcs10", "second") == "pass");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(checks_of_encoding, stage)

BOOST_AUTO_TEST_CASE(captures_are_compared_with_like_captures) {
  auto const c = csr();
  auto const one_line = post("simpleenroll", encode_base64(c.der(), base64_layout::one_line()));
  auto bare = post("simpleenroll", c.der());
  bare.headers.erase("Content-Transfer-Encoding");
  add("wrapped", post("simpleenroll", c.der()), certificate_for(c));
  add("one line", one_line, answer(400));
  add("bare", bare, answer(400));
  BOOST_TEST(said("encoding.request-base64", "one line") == "fail request-one-line-refused");
  BOOST_TEST(said("encoding.ignores-transfer-encoding", "bare") == "fail request-transfer-encoding-minded");
  BOOST_TEST(said("encoding.request-base64", "wrapped") == "nothing");
  BOOST_TEST(said("encoding.ignores-transfer-encoding", "wrapped") == "nothing");
  // Unlike in two things: which one is minded is not known.
  auto both = one_line;
  both.headers.erase("Content-Transfer-Encoding");
  add("both", both, answer(400));
  BOOST_TEST(said("encoding.ignores-transfer-encoding", "both") == "inconclusive");
}

BOOST_AUTO_TEST_CASE(wrapped_text_is_minded_where_one_line_is_accepted) {
  auto const c = csr();
  add("one line", post("simpleenroll", encode_base64(c.der(), base64_layout::one_line())), certificate_for(c));
  add("wrapped", post("simpleenroll", c.der()), answer(400));
  add("denied", post("simpleenroll", c.der()), answer(403));
  BOOST_TEST(said("encoding.tolerates-white-space", "wrapped") == "fail request-white-space-refused");
  BOOST_TEST(said("encoding.tolerates-white-space", "denied") == "skip");
}

BOOST_AUTO_TEST_CASE(other_credentials_make_no_control) {
  auto const c = csr();
  auto other = post("simpleenroll", c.der());
  other.headers.set("Authorization", "Basic b3RoZXI6Y2FuYXJ5");
  add("other", other, certificate_for(c));
  add("one line", post("simpleenroll", encode_base64(c.der(), base64_layout::one_line())), answer(400));
  BOOST_TEST(said("encoding.request-base64", "one line") == "inconclusive");
}

BOOST_AUTO_TEST_CASE(csrattrs_that_end_in_a_nul_fail_once) {
  add("nul", get("csrattrs"), answer(200, "application/csrattrs", std::string{"MAsGCSqGSIb3DQEJBw==\0", 21}));
  BOOST_TEST(failures() == std::vector<std::string>{"nul csrattrs.base64-of-der csrattrs-ends-in-nul"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(checks_of_linking, stage)

BOOST_AUTO_TEST_CASE(only_tls_1_2_gives_a_verdict) {
  auto const wrong = csr({pki::challenge_password_attribute("AAAAAAAAAAAAAAAA")});
  for (auto const version : {http::tls_version::tls_1_2, http::tls_version::tls_1_3}) {
    auto x = make(std::string{http::name(version)}, post("simpleenroll", wrong.der()), certificate_for(wrong));
    x.tls = connection(version);
    add(std::move(x));
  }
  add("capture", post("simpleenroll", wrong.der()), certificate_for(wrong));
  BOOST_TEST(said("linking.verified", "TLS 1.2") == "fail linking-wrong-value-accepted");
  BOOST_TEST(said("linking.verified", "TLS 1.3") == "skip");
  BOOST_TEST(said("linking.verified", "capture") == "skip");
}

BOOST_AUTO_TEST_CASE(the_connection_s_own_value_is_to_be_accepted) {
  auto const c = csr({pki::challenge_password_attribute("AQIDBAUGBwgJCgsM")});
  auto x = make("accepted", post("simpleenroll", c.der()), certificate_for(c));
  x.tls = connection(http::tls_version::tls_1_2);
  add(x);
  BOOST_TEST(said("linking.verified", "accepted") == "skip");
  BOOST_TEST(said("linking.implemented", "accepted") == "pass");
  auto refused = make("refused", post("simpleenroll", c.der()), answer(400));
  refused.tls = x.tls;
  auto& r = add(refused);
  auto const plain = csr();
  r.control = control(post("simpleenroll", plain.der()), certificate_for(plain));
  BOOST_TEST(said("linking.implemented", "refused") == "fail linking-right-value-refused");
}

BOOST_AUTO_TEST_CASE(a_refused_wrong_value_needs_a_control) {
  auto const wrong = csr({pki::challenge_password_attribute("dFsAXmJnjokBtDvr")});
  auto x = make("refused", post("serverkeygen", wrong.der()), answer(400));
  x.tls = connection(http::tls_version::tls_1_2);
  auto& r = add(x);
  BOOST_TEST(said("linking.verified", "refused") == "inconclusive");
  r.control = control(post("serverkeygen", csr().der()), key_for(make_key()));
  BOOST_TEST(said("linking.verified", "refused") == "pass");
  r.control = control(post("serverkeygen", csr().der()), answer(400));
  BOOST_TEST(said("linking.verified", "refused") == "inconclusive");
  x.name = "unrecorded";
  x.tls->tls_unique.reset();
  add(x);
  BOOST_TEST(said("linking.verified", "unrecorded") == "inconclusive");
  add("absent", post("serverkeygen", csr().der()), key_for(make_key()));
  BOOST_TEST(said("linking.verified", "absent") == "nothing");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(checks_of_key_generation, stage)

// As a widely used server answers: a bare PKCS#1 RSA key for a CSR on P-256, in the clear though encryption was asked for.
BOOST_AUTO_TEST_CASE(a_bare_rsa_key_in_the_clear_is_told_and_judged_all_the_same) {
  auto const certificate = ca.issue(rsa_key().public_key_info(), "device 1");
  auto const bare = bare_key(rsa_key());
  add("plain", post("serverkeygen", csr().der()), parts("application/pkcs8", bare, certificate));
  add("symmetric", post("serverkeygen", csr(encryption_wanted(true)).der()),
      parts("application/pkcs8", bare, certificate));
  add("asymmetric", post("serverkeygen", csr(encryption_wanted(false)).der()),
      parts("application/pkcs8", bare, certificate));
  BOOST_TEST(said("serverkeygen.private-key-info", "plain") == "fail skg-pkcs8-no-private-key-info");
  BOOST_TEST(said("serverkeygen.key-matches-certificate", "plain") == "pass");
  BOOST_TEST(said("serverkeygen.ignores-csr-key", "plain") == "pass");
  BOOST_TEST(said("serverkeygen.symmetric-identifier", "plain") == "nothing");
  BOOST_TEST(said("serverkeygen.symmetric-identifier", "symmetric") == "fail skg-clear-key-for-symmetric-identifier");
  BOOST_TEST(said("serverkeygen.asymmetric-identifier", "symmetric") == "nothing");
  BOOST_TEST(said("serverkeygen.asymmetric-identifier", "asymmetric") ==
             "fail skg-clear-key-for-asymmetric-identifier");
  for (auto const& f : judge(records, target)) {
    BOOST_TEST(f.actual.find(encode_base64(bare).substr(0, 20)) == std::string::npos);
    if (f.reason == "skg-pkcs8-no-private-key-info")
      BOOST_TEST(f.actual == "a bare PKCS#1 RSAPrivateKey of " + std::to_string(bare.size()) + " octets");
  }
}

BOOST_AUTO_TEST_CASE(a_refused_identifier_needs_its_control) {
  auto const asked = post("serverkeygen", csr(encryption_wanted(true)).der());
  add("refused", asked, answer(400));
  BOOST_TEST(said("serverkeygen.symmetric-identifier", "refused") == "inconclusive");
  add("control", post("serverkeygen", csr().der()), key_for(make_key()));
  BOOST_TEST(said("serverkeygen.symmetric-identifier", "refused") == "pass");
  add("not offered", asked, answer(501)).alive = false;
  BOOST_TEST(said("serverkeygen.symmetric-identifier", "not offered") == "inconclusive");
  // The identifier may be known: an encrypted key says nothing.
  const bytes enveloped = pki::der::sequence(
      {pki::oids::id_enveloped_data.encode(), pki::der::value(pki::tag::context(0), pki::der::null())});
  auto const key = make_key();
  add("encrypted", asked,
      parts("application/pkcs7-mime; smime-type=server-generated-key", enveloped,
            ca.issue(key.public_key_info(), "device 1")));
  BOOST_TEST(said("serverkeygen.symmetric-identifier", "encrypted") == "inconclusive");
  BOOST_TEST(said("serverkeygen.two-parts", "encrypted") == "pass");
  // Without SMIMECapabilities the request itself breaks RFC 7030 4.4.1.
  auto const incomplete = csr({pki::decrypt_key_identifier(bytes{1, 2})});
  add("incomplete", post("serverkeygen", incomplete.der()), key_for(key));
  BOOST_TEST(said("serverkeygen.symmetric-identifier", "incomplete") == "inconclusive");
}

BOOST_AUTO_TEST_CASE(nothing_is_encrypted_for_a_certificate_of_signatures_alone) {
  const bytes signer(4, 4), other(4, 5);
  auto const envelope = [&](bytes const& id) {
    const pki::recipient to = pki::public_key_recipient{rsa_key().public_key_info(), pki::by_key_identifier(id)};
    auto const octets = must(pki::make_enveloped_data(pki::oids::id_signed_data, bytes{0x30, 0x00}, {&to, 1},
                                                      pki::content_cipher::aes256_cbc, at_test_time()));
    return parts("application/pkcs7-mime; smime-type=server-generated-key", octets,
                 ca.issue(make_key().public_key_info(), "device 1"));
  };
  auto const asks_for = [&](bytes const& id) {
    return post(
        "serverkeygen",
        csr({pki::asymmetric_decrypt_key_identifier(id), pki::smime_capabilities({pki::oids::aes256_cbc})}).der());
  };
  add("refused", asks_for(signer), answer(400));
  BOOST_TEST(said("serverkeygen.recipient-key-usage", "refused") == "nothing"); // nobody has said what it is
  target.key_identifiers.signing = signer;
  BOOST_TEST(said("serverkeygen.recipient-key-usage", "refused") == "inconclusive");
  add("for another", asks_for(other), envelope(other));
  BOOST_TEST(said("serverkeygen.recipient-key-usage", "refused") == "pass");
  add("encrypted", asks_for(signer), envelope(signer));
  BOOST_TEST(said("serverkeygen.recipient-key-usage", "encrypted") == "fail skg-recipient-for-signatures");
  add("clear", asks_for(signer), key_for(make_key()));
  BOOST_TEST(said("serverkeygen.recipient-key-usage", "clear") ==
             "inconclusive"); // another row says what is wrong there
  BOOST_TEST(said("serverkeygen.asymmetric-identifier", "clear") == "fail skg-clear-key-for-asymmetric-identifier");
}

BOOST_AUTO_TEST_CASE(a_broken_signature_is_to_be_ignored) {
  auto const c = csr();
  add("refused", post("serverkeygen", spoil(c)), answer(400));
  BOOST_TEST(said("serverkeygen.ignores-csr-signature", "refused") == "inconclusive");
  add("control", post("serverkeygen", c.der()), key_for(make_key()));
  BOOST_TEST(said("serverkeygen.ignores-csr-signature", "refused") == "fail skg-broken-signature-refused");
  BOOST_TEST(said("serverkeygen.ignores-csr-signature", "control") == "nothing");
  add("ignored", post("serverkeygen", spoil(c)), key_for(make_key()));
  BOOST_TEST(said("serverkeygen.ignores-csr-signature", "ignored") == "pass");
  BOOST_TEST(said("enroll.proof-of-possession", "ignored") == "nothing");
}

BOOST_AUTO_TEST_CASE(the_cipher_suite_is_judged_where_it_is_certain) {
  auto const p256 = make_key(), p384 = make_key(pki::key_spec::ecdsa("secp384r1"));
  auto const with = [&](std::string label, pki::private_key const& key, std::string suite) {
    auto x = make(std::move(label), post("serverkeygen", csr().der()), key_for(key));
    x.tls = connection(http::tls_version::tls_1_2, std::move(suite));
    add(std::move(x));
  };
  with("triple des", p256, "TLS_RSA_WITH_3DES_EDE_CBC_SHA");
  with("aes 128", p256, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  with("aes 128 for p384", p384, "ECDHE-ECDSA-AES128-GCM-SHA256");
  with("aes 256 for p384", p384, "ECDHE-ECDSA-AES256-GCM-SHA384");
  with("unknown", p256, "");
  BOOST_TEST(said("serverkeygen.commensurate-cipher", "triple des") == "fail skg-weak-cipher");
  BOOST_TEST(said("serverkeygen.commensurate-cipher", "aes 128") == "pass");
  BOOST_TEST(said("serverkeygen.commensurate-cipher", "aes 128 for p384") == "inconclusive");
  BOOST_TEST(said("serverkeygen.commensurate-cipher", "aes 256 for p384") == "pass");
  BOOST_TEST(said("serverkeygen.commensurate-cipher", "unknown") == "skip");
}

BOOST_AUTO_TEST_CASE(a_key_given_again_fails_for_another_request_alone) {
  auto const key = make_key(), other = make_key();
  auto const first = csr(), second = csr({}, common_name("device 2"));
  add("first", post("serverkeygen", first.der()), key_for(key));
  BOOST_TEST(said("serverkeygen.fresh-key", "first") == "skip");
  auto again = key_for(key);
  again.headers.add("X-Again", "yes");
  add("repeated", post("serverkeygen", first.der()), again);
  BOOST_TEST(said("serverkeygen.fresh-key", "repeated") == "skip");
  add("other", post("serverkeygen", second.der()), key_for(other));
  BOOST_TEST(said("serverkeygen.fresh-key", "other") == "pass");
  add("twice", post("serverkeygen", csr({}, common_name("device 3")).der()), again);
  BOOST_TEST(said("serverkeygen.fresh-key", "twice") == "fail skg-key-given-twice");
}

BOOST_AUTO_TEST_CASE(a_changed_subject_fails_only_beside_an_enrolment_that_kept_it) {
  auto const c = csr();
  add("changed", post("serverkeygen", c.der()), key_for(make_key(), "somebody else"));
  BOOST_TEST(said("serverkeygen.treats-csr-as-enrolment", "changed") == "skip");
  add("enrolled", post("simpleenroll", c.der()), certificate_for(c));
  BOOST_TEST(said("serverkeygen.treats-csr-as-enrolment", "changed") == "fail skg-subject-not-as-enrolled");
  add("kept", post("serverkeygen", c.der()), key_for(make_key()));
  BOOST_TEST(said("serverkeygen.treats-csr-as-enrolment", "kept") == "pass");
  BOOST_TEST(said("serverkeygen.treats-csr-as-enrolment", "enrolled") == "nothing");
}

BOOST_AUTO_TEST_CASE(chunked_answers_keep_their_offsets) {
  auto r = key_for(make_key());
  auto const at = r.body.find("\r\n\r\n") + 4;
  r.headers.add("Transfer-Encoding", "chunked");
  r.body.replace(at, 1, "!");
  auto const& octets = *add("chunked", post("serverkeygen", csr().der()), r).exchanges.front().response;
  auto const found = octets.find("\r\n\r\n!") + 4;
  for (auto const& f : judge(records, target))
    if (f.check == "encoding.response-base64") {
      BOOST_TEST((f.what == outcome::fail));
      BOOST_TEST(f.where == "response.body.part[0]");
      BOOST_TEST(f.offset.value_or(0) == found);
    }
}

BOOST_AUTO_TEST_SUITE_END()
