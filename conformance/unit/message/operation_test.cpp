// What is true of every operation: requests, media types, statuses. Told by cacerts and simpleenroll.
#include "pki_fixture.hpp"

#include <est/http/reader.hpp>
#include <est/http/writer.hpp>
#include <est/message/cacerts.hpp>
#include <est/message/enroll.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(operations)

namespace {

const endpoint where{"est.example:8443", ""};

op::cacerts::success bag_of_two() {
  return {must(pki::make_certs_only({root().certificate, root().issue(device().key.public_key_info(), "device")}))};
}

http::response status(int code, std::string body = {}, std::string type = {}) {
  http::response answer;
  answer.status = code;
  if (!type.empty()) answer.headers.add("Content-Type", type);
  answer.body = std::move(body);
  return answer;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_get_request_has_no_content) {
  auto const question = to_http<op::cacerts>({}, where);
  BOOST_TEST(http::encode(question) == "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: est.example:8443\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_request_is_posted_as_wrapped_base64_with_its_fields) {
  auto const question = to_http<op::simple_enroll>({device().csr}, {"est.example", "lab"});
  BOOST_TEST(question.method == "POST");
  BOOST_TEST(question.target == "/.well-known/est/lab/simpleenroll");
  BOOST_TEST(question.headers.find("Host").value() == "est.example");
  BOOST_TEST(question.headers.find("Content-Type").value() == "application/pkcs10");
  BOOST_TEST(question.headers.find("Content-Transfer-Encoding").value() == "base64");
  BOOST_TEST(question.body == encode_base64(device().csr.der()));
  BOOST_TEST(question.body.find('\n') == 64u);
  BOOST_TEST(question.body.back() == '\n');
  BOOST_TEST(question.body.find('\r') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(each_option_of_the_body_is_kept) {
  auto const plain = to_http<op::simple_enroll>({device().csr}, where, {base64_layout::one_line(), false});
  BOOST_TEST(!plain.headers.has("Content-Transfer-Encoding"));
  BOOST_TEST(plain.body.find_first_of("\r\n") == std::string::npos);
  auto const crlf = to_http<op::simple_enroll>({device().csr}, where, {{76, true, true}, true});
  BOOST_TEST(crlf.body.find("\r\n") == 76u);
}

BOOST_AUTO_TEST_CASE(a_request_is_read_back_through_octets) {
  const certification_request asked{device().csr};
  for (body_options const& options : {body_options{}, body_options{base64_layout::one_line(), false}}) {
    auto const received = http::parse_request(http::encode(to_http<op::simple_enroll>(asked, where, options)));
    BOOST_REQUIRE(received);
    auto const read = parse_request<op::simple_enroll>(*received);
    BOOST_REQUIRE_MESSAGE(read, why(read));
    BOOST_TEST((*read == asked));
  }
}

BOOST_AUTO_TEST_CASE(a_request_of_another_method_type_or_form_is_refused) {
  auto const good = to_http<op::simple_enroll>({device().csr}, where);
  auto q = good;
  q.method = "PUT";
  BOOST_TEST((parse_request<op::simple_enroll>(q).error().code == errc::invalid_argument));
  q = good;
  q.headers.set("Content-Type", "application/pkcs7-mime");
  BOOST_TEST((parse_request<op::simple_enroll>(q).error().code == errc::wrong_media_type));
  q = good;
  q.headers.erase("Content-Type");
  BOOST_TEST((parse_request<op::simple_enroll>(q).error().code == errc::wrong_media_type));
  q = good;
  q.headers.set("Content-Type", "application");
  BOOST_TEST((parse_request<op::simple_enroll>(q).error().code == errc::malformed_media_type));
  q = good;
  q.body = "-----BEGIN CERTIFICATE REQUEST-----\n" + good.body + "-----END CERTIFICATE REQUEST-----\n";
  BOOST_TEST((parse_request<op::simple_enroll>(q).error().code == errc::wrong_body_form));
  q = good;
  q.body = to_text(byte_view{device().csr.der()});
  BOOST_TEST((parse_request<op::simple_enroll>(q).error().code == errc::wrong_body_form));
  q = good;
  q.body.clear();
  BOOST_TEST((parse_request<op::simple_enroll>(q).error().code == errc::wrong_body_form));
  q = good;
  q.body = encode_base64(root().certificate.der());
  BOOST_TEST(!parse_request<op::simple_enroll>(q));
}

// RFC 8951 section 3: any Content-Transfer-Encoding MUST be ignored.
BOOST_AUTO_TEST_CASE(a_content_transfer_encoding_is_ignored_and_noted) {
  auto q = to_http<op::simple_enroll>({device().csr}, where);
  notes present, other, absent;
  BOOST_TEST(parse_request<op::simple_enroll>(q, &present).has_value());
  BOOST_TEST(present.has(note_code::transfer_encoding_present));
  q.headers.set("Content-Transfer-Encoding", "binary");
  BOOST_TEST(parse_request<op::simple_enroll>(q, &other).has_value());
  BOOST_TEST(other.has(note_code::transfer_encoding_not_base64));
  q.headers.erase("Content-Transfer-Encoding");
  BOOST_TEST(parse_request<op::simple_enroll>(q, &absent).has_value());
  BOOST_TEST(absent.has(note_code::transfer_encoding_absent));
}

BOOST_AUTO_TEST_CASE(a_reply_is_read_back_through_octets) {
  auto const said = bag_of_two();
  for (body_options const& options : {body_options{}, body_options{{76, true, false}, false}}) {
    auto const received = http::parse_response(http::encode(to_http_reply<op::cacerts>(said, options)), "GET");
    BOOST_REQUIRE(received);
    auto const read = parse_reply<op::cacerts>(*received);
    BOOST_REQUIRE_MESSAGE(read, why(read));
    BOOST_TEST((*read == said));
  }
}

// RFC 7030 section 4.1.3 asks for no smime-type, and appendix A.1 has none.
BOOST_AUTO_TEST_CASE(cacerts_needs_no_smime_type) {
  auto answer = to_http_reply<op::cacerts>(bag_of_two());
  answer.headers.set("Content-Type", "application/pkcs7-mime");
  notes seen;
  BOOST_TEST(parse_reply<op::cacerts>(answer, &seen).has_value());
  BOOST_TEST(!seen.has_deviation());
  answer.headers.set("Content-Type", "Application/X-PKCS7-Mime; smime-type=signed-data");
  BOOST_TEST(parse_reply<op::cacerts>(answer, &seen).has_value());
  BOOST_TEST(seen.has(note_code::x_pkcs7_mime));
  BOOST_TEST(seen.has(note_code::smime_type_other));
}

BOOST_AUTO_TEST_CASE(a_reply_of_another_media_type_or_form_is_refused) {
  auto const good = to_http_reply<op::cacerts>(bag_of_two());
  for (auto const type : {"text/html", "application/octet-stream", "application/pkcs7", "application/pkcs10",
                          "multipart/mixed; boundary=x"}) {
    auto answer = good;
    answer.headers.set("Content-Type", type);
    auto const read = parse_reply<op::cacerts>(answer);
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code == errc::wrong_media_type));
  }
  auto answer = good;
  answer.headers.erase("Content-Type");
  BOOST_TEST((parse_reply<op::cacerts>(answer).error().code == errc::wrong_media_type));
  answer = good;
  answer.body = "<html>";
  BOOST_TEST((parse_reply<op::cacerts>(answer).error().code == errc::wrong_body_form));
  answer.body.clear();
  BOOST_TEST((parse_reply<op::cacerts>(answer).error().code == errc::wrong_body_form));
  answer.body = encode_base64(root().certificate.der());
  BOOST_TEST(!parse_reply<op::cacerts>(answer));
}

BOOST_AUTO_TEST_CASE(statuses_become_failures_that_can_be_told_apart) {
  auto const code = [](int s) { return parse_reply<op::cacerts>(status(s)).error().code; };
  BOOST_TEST((code(401) == errc::unauthenticated));
  BOOST_TEST((code(403) == errc::http_status));
  BOOST_TEST((code(404) == errc::http_status)); // cacerts is not optional
  BOOST_TEST((code(500) == errc::http_status));
  BOOST_TEST((code(302) == errc::http_status));
  BOOST_TEST((code(201) == errc::http_status));
  BOOST_TEST((code(202) == errc::http_status)); // RFC 7030 section 4.1.3: any other code is an error
  BOOST_TEST((code(204) == errc::http_status));
}

BOOST_AUTO_TEST_CASE(the_server_s_reason_is_in_the_failure_bounded_and_printable) {
  auto answer = status(400, "the subject\r\n\x1b[2Jlacks an OU", "text/plain");
  answer.reason = "Bad Request";
  BOOST_TEST(parse_reply<op::cacerts>(answer).error().detail == "400 Bad Request: the subject [2Jlacks an OU");
  BOOST_TEST(parse_reply<op::cacerts>(status(500, std::string(5000, '!'))).error().detail.size() == 512u + 5u);
  BOOST_TEST(parse_reply<op::cacerts>(status(400, "MIIB", "application/pkcs7-mime")).error().detail == "400");
  BOOST_TEST(parse_reply<op::cacerts>(status(400, "{\"why\":1}", "application/problem+json")).error().detail ==
             "400: {\"why\":1}");
}

BOOST_AUTO_TEST_CASE(the_schemes_of_a_401_are_named_and_nothing_else_of_it) {
  auto answer = status(401);
  answer.headers.add("WWW-Authenticate", "Basic realm=\"est realm\", Digest realm=\"x\", nonce=\"17\"");
  auto const detail = parse_reply<op::cacerts>(answer).error().detail;
  BOOST_TEST(detail == "401 (it asks for Basic, Digest)");
}

BOOST_AUTO_TEST_CASE(no_octet_of_a_2xx_body_is_in_a_failure) {
  for (int const code : {200, 201, 206, 299})
    BOOST_TEST(parse_reply<op::cacerts>(status(code, "canary", "text/plain")).error().detail.find("canary") ==
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reply_cut_anywhere_is_refused) {
  auto const good = to_http_reply<op::cacerts>(bag_of_two(), {base64_layout::one_line(), true});
  for (std::size_t cut = 0; cut < good.body.size(); ++cut) {
    auto answer = good;
    answer.body.resize(cut);
    BOOST_TEST(!parse_reply<op::cacerts>(answer));
  }
}

BOOST_AUTO_TEST_SUITE_END()
