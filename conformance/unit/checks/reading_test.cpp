/// The reading: which operation a request asks for, what is kept of an answer, and what must not be kept.

#include "stage.hpp"

#include "reading.hpp"

using namespace est;
using namespace est::test;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(the_operation_of_a_request)

namespace {

reading read_target_of(std::string target) {
  exchange x;
  x.request = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
  return read(x);
}

} // namespace

BOOST_AUTO_TEST_CASE(stands_at_the_end_of_its_path) {
  auto const plain = read_target_of("/.well-known/est/cacerts");
  BOOST_TEST((plain.op == operation::cacerts));
  BOOST_TEST(plain.well_known);
  BOOST_TEST(plain.label.empty());
  auto const labelled = read_target_of("/.well-known/est/factory%201/simplereenroll?x=/cacerts");
  BOOST_TEST((labelled.op == operation::simplereenroll));
  BOOST_TEST(labelled.label == "factory%201");
  BOOST_TEST(labelled.has_query);
  auto const absolute = read_target_of("https://est.example:8443/.well-known/est/csrattrs");
  BOOST_TEST((absolute.op == operation::csrattrs));
  BOOST_TEST(absolute.absolute_form);
  auto const elsewhere = read_target_of("/pki/est/serverkeygen");
  BOOST_TEST((elsewhere.op == operation::serverkeygen));
  BOOST_TEST(!elsewhere.well_known);
}

BOOST_AUTO_TEST_CASE(is_unknown_for_other_paths) {
  for (auto const target :
       {"/", "*", "/.well-known/est", "/.well-known/est/", "/.well-known/est/cacerts/", "/.well-known/est/CACERTS",
        "/.well-known/est/a/b/cacerts", "/.well-known/est//cacerts", "https://est.example", "cacerts"})
    BOOST_TEST((read_target_of(target).op == operation::unknown), target);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(the_reading_of_an_exchange, stage)

BOOST_AUTO_TEST_CASE(keeps_no_credentials) {
  auto const r = read(make("x", post("simpleenroll", csr().der()), answer(401)));
  BOOST_TEST(r.has_authorization);
  BOOST_TEST(r.has_credentials);
  BOOST_TEST(!r.has_no_credentials);
  BOOST_REQUIRE(r.request);
  BOOST_TEST(!r.request->headers.has("Authorization"));
}

BOOST_AUTO_TEST_CASE(knows_that_there_are_no_credentials_only_where_that_is_recorded) {
  auto q = post("simpleenroll", csr().der());
  q.headers.erase("Authorization");
  auto x = make("x", q, answer(401));
  BOOST_TEST(!read(x).has_no_credentials);
  BOOST_TEST(!read(x).has_credentials);
  x.client_certificate_shown = false;
  BOOST_TEST(read(x).has_no_credentials);
  x.client_certificate_shown = true;
  BOOST_TEST(read(x).has_credentials);
}

BOOST_AUTO_TEST_CASE(reads_a_csr_in_whatever_form_and_says_in_which) {
  auto const c = csr();
  auto const base64 = read(make("x", post("simpleenroll", c.der()), answer(200)));
  BOOST_REQUIRE(base64.csr);
  BOOST_TEST(base64.csr_in_base64);
  auto const der = read(make("x", post("simpleenroll", to_text(c.der())), answer(200)));
  BOOST_REQUIRE(der.csr);
  BOOST_TEST(!der.csr_in_base64);
  BOOST_TEST((der.request_form == mime::body_form::der));
  auto const armour =
      "-----BEGIN CERTIFICATE REQUEST-----\n" + encode_base64(c.der()) + "-----END CERTIFICATE REQUEST-----\n";
  auto const pem = read(make("x", post("simpleenroll", armour), answer(200)));
  BOOST_REQUIRE(pem.csr);
  BOOST_TEST(!pem.csr_in_base64);
  auto const none = read(make("x", post("simpleenroll", "AAAA"), answer(200)));
  BOOST_TEST(!none.csr);
  BOOST_TEST(none.csr_trouble.has_value());
}

BOOST_AUTO_TEST_CASE(keeps_of_a_key_its_form_and_its_public_half) {
  auto const key = make_key();
  auto const octets = to_bytes(key.encode().expose());
  auto const text = encode_base64(octets);
  auto const pem = "-----BEGIN PRIVATE KEY-----\n" + text + "-----END PRIVATE KEY-----\n";
  auto const certificate = ca.issue(key.public_key_info(), "device 1");
  auto const with_body = [&](std::string body) {
    auto r = key_for(key);
    auto parts = mime::own(must(mime::parse_multipart(r.body, "b")));
    parts[0].body = std::move(body);
    r.body = must(mime::encode_multipart(parts, "b"));
    return read(make("x", post("serverkeygen", csr().der()), r));
  };
  for (auto const& [body, form] : {std::pair{text, mime::body_form::base64}, std::pair{pem, mime::body_form::pem},
                                   std::pair{to_text(octets), mime::body_form::der}}) {
    auto const r = with_body(body);
    BOOST_REQUIRE(r.parts.size() == 2u);
    BOOST_TEST((r.parts[0].form == form));
    BOOST_TEST((r.parts[0].holds == part_reading::content::private_key));
    BOOST_TEST(r.parts[0].public_key_info == key.public_key_info());
    BOOST_TEST(r.parts[0].decoded_size == octets.size());
    BOOST_TEST(r.parts[0].trouble.has_value() == (form != mime::body_form::base64));
    BOOST_TEST((r.parts[1].holds == part_reading::content::certs_only));
    BOOST_REQUIRE(r.response);
    BOOST_TEST(r.response->body.empty());
    BOOST_TEST(!r.body_der.has_value());
  }
}

BOOST_AUTO_TEST_CASE(keeps_no_body_of_a_key_that_lost_its_delimiter) {
  auto r = key_for(make_key());
  r.body.insert(0, "f");
  auto const read_it = read(make("x", post("serverkeygen", csr().der()), r));
  BOOST_TEST(read_it.parts.size() == 1u);
  BOOST_TEST(read_it.response->body.empty());
  BOOST_TEST(read_it.body_size == r.body.size());
}

BOOST_AUTO_TEST_CASE(says_where_parts_stand_in_the_octets) {
  auto const x = make("x", post("serverkeygen", csr().der()), key_for(make_key()));
  auto const r = read(x);
  for (auto const& part : r.parts) BOOST_TEST(x.response->substr(part.offset - 4, 4) == "\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(guesses_an_operation_only_where_the_media_type_leaves_no_doubt) {
  auto const alone = [](http::response const& answer) {
    exchange x;
    x.response = http::encode(answer, "POST");
    return read(x);
  };
  BOOST_TEST((alone(key_for(make_key())).op == operation::serverkeygen));
  BOOST_TEST((alone(certificate_for(csr())).op == operation::simpleenroll));
  BOOST_TEST((alone(answer(200, "application/csrattrs", "MAA=")).op == operation::csrattrs));
  BOOST_TEST((alone(answer(200, "text/plain", "MAA=")).op == operation::unknown));
  BOOST_TEST((alone(answer(202)).op == operation::unknown));
  auto const bag = encode_base64(must(pki::make_certs_only({ca.certificate})).encode());
  BOOST_TEST((alone(answer(200, "application/pkcs7-mime; smime-type=certs-only", bag)).op == operation::unknown));
}

BOOST_AUTO_TEST_CASE(says_that_no_answer_came) {
  auto x = make("x", get("cacerts"), answer(200));
  x.response.reset();
  auto const r = read(x);
  BOOST_TEST(!r.response);
  BOOST_TEST(r.response_trouble.has_value());
  BOOST_TEST(r.status() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
