#include "report/redact.hpp"

#include "../vectors.hpp"

#include <est/core/base64.hpp>

#include <boost/test/unit_test.hpp>

using namespace est;
using namespace est::conformance;
using est::test::read_vector;

BOOST_AUTO_TEST_SUITE(redact)

namespace {

std::string key_text() { return read_vector("rfc7030/a4-response-pkcs8.b64"); }
bytes key_der() { return decode_base64(key_text()).value(); }

exchange answered(std::string request_line, std::string response) {
  exchange e;
  e.name = "x";
  e.request = std::move(request_line) + "\r\nHost: a\r\n\r\n";
  e.response = std::move(response);
  return e;
}

bool shows(std::string const& text, std::string_view secret) { return text.find(secret) != std::string::npos; }

} // namespace

BOOST_AUTO_TEST_CASE(control_characters_and_broken_utf8_are_escaped) {
  BOOST_TEST(printable("plain") == "plain");
  BOOST_TEST(printable("a\x1b[31mb\r\n\tc") == "a\\x1b[31mb\\r\\n\\tc");
  BOOST_TEST(printable(std::string_view{"\0x", 2}) == "\\x00x");
  BOOST_TEST(printable("\x7f") == "\\x7f");
  BOOST_TEST(printable("\xc3\xa9") == "\xc3\xa9"); // é
  BOOST_TEST(printable("\xc2\x9b"
                       "31m") == "\\u009b31m"); // CSI of C1
  BOOST_TEST(printable("\xe2\x80\xae"
                       "gpj") == "\\u202egpj");                        // right-to-left override
  BOOST_TEST(printable("\xc3") == "\\xc3");                            // cut off
  BOOST_TEST(printable("\xc0\xaf") == "\\xc0\\xaf");                   // overlong
  BOOST_TEST(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");          // a surrogate
  BOOST_TEST(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80"); // beyond Unicode
}

BOOST_AUTO_TEST_CASE(a_private_key_is_found_in_every_dress) {
  auto const der = key_der();
  auto const pkcs1 = byte_view{der}.subspan(26);
  BOOST_TEST(holds_key_structure(der));
  BOOST_TEST(holds_key_structure(pkcs1));
  BOOST_TEST(mentions_private_key(key_text()));
  BOOST_TEST(mentions_private_key(encode_base64(der, base64_layout::one_line())));
  BOOST_TEST(mentions_private_key("words before it, and then\n" + key_text()));
  BOOST_TEST(mentions_private_key("x" + encode_base64(der, base64_layout::one_line())));
  BOOST_TEST(mentions_private_key("xy" + encode_base64(der, base64_layout::one_line())));
  BOOST_TEST(mentions_private_key("{\"key\":\"" + encode_base64(der, base64_layout::one_line()) + "\"}"));
  BOOST_TEST(mentions_private_key(to_hex(der)));
  BOOST_TEST(mentions_private_key("dump: 0" + to_hex(der)));
  BOOST_TEST(mentions_private_key(to_text(der)));
  BOOST_TEST(mentions_private_key("-----BEGIN RSA PRIVATE KEY-----\nnothing that can be read"));
  // An elliptic curve key of SEC 1 and an encrypted PKCS#8 key, by their first octets.
  bytes sec1{0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20};
  sec1.resize(64, 0x5a);
  BOOST_TEST(holds_key_structure(sec1));
  bytes encrypted{0x30, 0x81, 0xf0, 0x30, 0x5b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d};
  encrypted.resize(120, 0x5a);
  BOOST_TEST(holds_key_structure(encrypted));
}

BOOST_AUTO_TEST_CASE(a_key_that_was_cut_off_is_found_from_its_twentieth_octet_on) {
  auto const der = key_der();
  for (std::size_t n = 20; n < der.size(); n += 7) BOOST_TEST(holds_key_structure(byte_view{der}.first(n)), "at " << n);
}

BOOST_AUTO_TEST_CASE(certificates_and_requests_are_no_keys) {
  for (auto const* file : {"rfc7030/a1-cacerts-response.b64", "rfc7030/a3-simpleenroll-request.b64",
                           "rfc7030/a3-simpleenroll-response.b64", "rfc7030/a4-response-pkcs7.b64",
                           "rfc7030/a4-serverkeygen-request.b64", "rfc7030/a2-csrattrs-response.b64"}) {
    BOOST_TEST(!mentions_private_key(read_vector(file)), file);
    BOOST_TEST(!holds_key_structure(decode_base64(read_vector(file)).value()), file);
  }
  BOOST_TEST(!mentions_private_key("a PRIVATE KEY is expected here"));
}

BOOST_AUTO_TEST_CASE(the_answer_to_serverkeygen_is_withheld_as_a_whole) {
  auto const e = answered("POST /.well-known/est/serverkeygen HTTP/1.1",
                          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nnothing that looks like a key");
  BOOST_TEST(body_is_secret(e));
  auto const shown = redacted_response(e);
  BOOST_TEST(shows(shown, "Content-Type: text/plain"));
  BOOST_TEST(!shows(shown, "nothing that looks"));
  BOOST_TEST(shows(shown, "29 octets withheld"));
}

BOOST_AUTO_TEST_CASE(a_refusal_of_serverkeygen_is_shown) {
  auto const e = answered("POST /.well-known/est/serverkeygen HTTP/1.1",
                          "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nno such key");
  BOOST_TEST(!body_is_secret(e));
  BOOST_TEST(error_excerpt(e) == "no such key");
  BOOST_TEST(shows(redacted_response(e), "no such key"));
}

BOOST_AUTO_TEST_CASE(a_refusal_with_a_key_in_it_is_withheld) {
  auto const e =
      answered("POST /.well-known/est/serverkeygen HTTP/1.1", "HTTP/1.1 500 Oops\r\n\r\nhere it is: " + key_text());
  BOOST_TEST(body_is_secret(e));
  BOOST_TEST(error_excerpt(e).empty());
}

BOOST_AUTO_TEST_CASE(a_key_from_an_unknown_operation_is_withheld) {
  exchange e;
  e.response = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + key_text();
  BOOST_TEST(body_is_secret(e));
  e.response = "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nwhatever";
  BOOST_TEST(body_is_secret(e));
  e.response = "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime\r\n\r\n" +
               read_vector("rfc7030/a1-cacerts-response.b64");
  BOOST_TEST(!body_is_secret(e));
  BOOST_TEST(shows(redacted_response(e), "MIIMO") == shows(*e.response, "MIIMO"));
  e.response = "garbage " + key_text(); // no HTTP at all
  BOOST_TEST(body_is_secret(e));
  BOOST_TEST(!shows(redacted_response(e), key_text().substr(0, 30)));
}

BOOST_AUTO_TEST_CASE(a_chunked_key_is_withheld) {
  auto const text = key_text();
  std::string chunks;
  for (std::size_t i = 0; i < text.size(); i += 5) {
    auto const piece = text.substr(i, 5);
    chunks += std::string{"0123456789"[piece.size()]} + "\r\n" + piece + "\r\n";
  }
  exchange e;
  e.response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n";
  BOOST_TEST(body_is_secret(e));
}

BOOST_AUTO_TEST_CASE(credentials_in_fields_are_replaced_in_any_spelling) {
  exchange e;
  e.request =
      "POST /.well-known/est/simpleenroll HTTP/1.1\r\nAUTHORIZATION: Basic c2VjcmV0OnNlY3JldA==\r\n"
      "Cookie: session=abcdef\r\nX: y\r\nauthorization: Digest username=\"u\",\r\n response=\"0123\"\r\n\r\nbody";
  e.response = "HTTP/1.1 100 Continue\r\nSet-Cookie: a=first-secret\r\n\r\n"
               "HTTP/1.1 200 OK\r\nset-cookie: a=second-secret; Path=/\r\n\r\n";
  auto const asked = redacted_request(e);
  BOOST_TEST(!shows(asked, "c2VjcmV0"));
  BOOST_TEST(!shows(asked, "abcdef"));
  BOOST_TEST(!shows(asked, "0123"));
  BOOST_TEST(shows(asked, "AUTHORIZATION: Basic [withheld]\r\n"));
  BOOST_TEST(shows(asked, "X: y\r\n"));
  BOOST_TEST(shows(asked, "\r\n\r\nbody"));
  auto const answer = redacted_response(e);
  BOOST_TEST(!shows(answer, "first-secret"));
  BOOST_TEST(!shows(answer, "second-secret"));
  BOOST_TEST(shows(answer, "100 Continue"));
}

BOOST_AUTO_TEST_CASE(a_request_with_a_challenge_password_is_withheld) {
  exchange e;
  e.request =
      "POST /.well-known/est/simpleenroll HTTP/1.1\r\n\r\n" + read_vector("rfc7030/a3-simpleenroll-request.b64");
  BOOST_TEST(shows(redacted_request(e), "a request with a challengePassword"));
}

BOOST_AUTO_TEST_CASE(a_scrubber_takes_out_what_it_learnt) {
  exchange e = answered("POST /.well-known/est/serverkeygen HTTP/1.1",
                        "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=estServerKeyGenBoundary\r\n\r\n" +
                            key_text());
  e.request = "POST /.well-known/est/serverkeygen HTTP/1.1\r\nAuthorization: Basic " +
              encode_base64(as_bytes("user:hunter2!"), base64_layout::one_line()) + "\r\n\r\n";
  scrubber scrub;
  scrub.learn(e);
  BOOST_TEST(scrub("the password is hunter2!, is it") == "the password is [withheld], is it");
  BOOST_TEST(!shows(scrub("it sent " + encode_base64(as_bytes("user:hunter2!"), base64_layout::one_line())), "dXNl"));
  auto const der = key_der();
  for (std::size_t at = 40; at + 32 < der.size(); at += 97) {
    auto const piece = byte_view{der}.subspan(at, 32);
    BOOST_TEST(!shows(scrub("octets " + to_hex(piece)), to_hex(piece)));
    BOOST_TEST(!shows(scrub("it began with " + to_text(piece)), "it began with"));
  }
  auto const line = key_text().substr(65, 40);
  BOOST_TEST(!shows(scrub("a line is no field: " + line), line.substr(0, 20)));
  BOOST_TEST(shows(scrub("the boundary is estServerKeyGenBoundary"), "estServerKeyGenBoundary"));
  BOOST_TEST(scrub("application/pkcs8, 1626 octets") == "application/pkcs8, 1626 octets");
}

BOOST_AUTO_TEST_CASE(a_short_password_does_not_eat_words) {
  scrubber scrub;
  scrub.learn_secret("pass");
  BOOST_TEST(scrub("the check passed, the password pass did not") ==
             "the check passed, the password [withheld] did not");
}

BOOST_AUTO_TEST_SUITE_END()
