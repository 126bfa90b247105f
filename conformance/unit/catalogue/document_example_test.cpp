// The examples of RFC 7030 as they are printed, and the A.4 example as a user sent it.
#include "../vectors.hpp"
#include "catalogue/document_example.hpp"

#include <est/http/reader.hpp>
#include <est/mime/body.hpp>
#include <est/mime/media_type.hpp>
#include <est/mime/multipart.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::conformance;
using est::test::read_vector;

BOOST_AUTO_TEST_SUITE(document_examples)

namespace {

document_example read(std::string const& text, notes* said = nullptr) {
  BOOST_TEST(looks_like_document_example(text));
  auto found = read_document_example(text, said);
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : to_text(found.error())));
  BOOST_REQUIRE(found->messages.size() == found->facts.size());
  return std::move(*found);
}

http::request request_of(std::string const& octets) {
  notes said;
  auto q = http::parse_request(octets, &said);
  BOOST_REQUIRE(q);
  BOOST_TEST(said.empty());
  return std::move(*q);
}

http::response response_of(std::string const& octets) {
  notes said;
  auto r = http::parse_response(octets, {}, &said);
  BOOST_REQUIRE(r);
  BOOST_TEST(said.empty());
  return std::move(*r);
}

/// The parts of a multipart response, decoded.
std::vector<bytes> parts_of(http::response const& r, notes* said = nullptr) {
  auto const type = mime::parse_media_type(*r.headers.find("content-type"));
  BOOST_REQUIRE(type);
  BOOST_TEST(type->is("multipart/mixed"));
  auto const parsed = mime::parse_multipart(r.body, *type->find("boundary"), said);
  BOOST_REQUIRE(parsed);
  std::vector<bytes> decoded;
  for (auto const& p : parsed->parts) {
    auto octets = mime::decode_body(p.body);
    BOOST_REQUIRE(octets);
    decoded.push_back(std::move(*octets));
  }
  return decoded;
}

bytes vector_der(std::string const& name) {
  auto octets = mime::decode_body(read_vector("rfc7030/" + name + ".b64"));
  BOOST_REQUIRE(octets);
  return std::move(*octets);
}

bool remarks_on(document_example const& d, std::size_t line, std::string_view what) {
  for (auto const& r : d.remarks)
    if (r.line == line && r.text.find(what) != std::string::npos) return true;
  return false;
}

std::string without_stray_f(std::string text) {
  auto const at = text.find("f--estServerExampleBoundary");
  BOOST_REQUIRE(at != std::string::npos);
  return text.erase(at, 1);
}

/// The line of a text that an offset is on.
std::size_t line_of(std::string const& text, std::size_t offset) {
  return 1 +
         static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

} // namespace

BOOST_AUTO_TEST_CASE(a1_to_a3_are_read_as_printed_with_the_bodies_that_their_lengths_state) {
  auto const a1 = read(read_vector("rfc7030/a1-section.txt"));
  BOOST_REQUIRE(a1.messages.size() == 2u);
  BOOST_TEST(request_of(a1.messages[0]).target == "/.well-known/est/cacerts");
  BOOST_TEST(response_of(a1.messages[1]).body == read_vector("rfc7030/a1-cacerts-response.b64"));

  auto const a2 = read(read_vector("rfc7030/a2-section.txt"));
  BOOST_REQUIRE(a2.messages.size() == 2u);
  BOOST_TEST(request_of(a2.messages[0]).target == "/.well-known/est/csrattrs");
  BOOST_TEST(response_of(a2.messages[1]).body == read_vector("rfc7030/a2-csrattrs-response.b64"));

  auto const a3 = read(read_vector("rfc7030/a3-section.txt"));
  BOOST_REQUIRE(a3.messages.size() == 3u);
  auto const challenge = response_of(a3.messages[0]);
  BOOST_TEST(challenge.status == 401);
  BOOST_TEST(*challenge.headers.find("www-authenticate") ==
             "Digest qop=\"auth\", realm=\"estrealm\", nonce=\"1368141352\"");
  BOOST_TEST(request_of(a3.messages[1]).body == read_vector("rfc7030/a3-simpleenroll-request.b64"));
  BOOST_TEST(response_of(a3.messages[2]).body == read_vector("rfc7030/a3-simpleenroll-response.b64"));
  for (auto const* const d : {&a1, &a2, &a3})
    for (auto const& f : d->facts)
      if (f.stated_length) BOOST_TEST(*f.stated_length == f.length_with_lf);
}

BOOST_AUTO_TEST_CASE(a_header_line_that_the_page_wrapped_is_joined_and_said_so) {
  auto const a3 = read(read_vector("rfc7030/a3-section.txt"));
  auto const question = request_of(a3.messages[1]);
  auto const authorization = *question.headers.find("authorization");
  BOOST_TEST(authorization.find("nonce=\"1368141352\"") != std::string::npos);
  BOOST_TEST(authorization.find("cnonce=\"MTYwMzg3\"") != std::string::npos);
  BOOST_TEST(remarks_on(a3, 31, "wrapped"));
  for (auto const& r : a3.remarks) BOOST_TEST(r.text.find("144cc27f") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a4_is_read_as_printed_with_both_parts) {
  notes said;
  auto const a4 = read(read_vector("rfc7030/a4-section.txt"), &said);
  BOOST_REQUIRE(a4.messages.size() == 2u);
  BOOST_TEST(a4.messages[0] == read_vector("rfc7030/a4-serverkeygen-request.http"));
  auto const parts = parts_of(response_of(a4.messages[1]));
  BOOST_REQUIRE(parts.size() == 2u);
  BOOST_TEST((parts[0] == vector_der("a4-response-pkcs8")));
  BOOST_TEST((parts[1] == vector_der("a4-response-pkcs7")));
  BOOST_TEST(!said.has_deviation());
  BOOST_TEST(said.has(note_code::media_type_blanks));
}

BOOST_AUTO_TEST_CASE(the_stated_3219_fits_no_line_ending) {
  auto const a4 = read(read_vector("rfc7030/a4-section.txt"));
  auto const& f = a4.facts[1];
  BOOST_TEST(f.stated_length.value() == 3219u);
  BOOST_TEST(f.length_with_lf == 3245u);
  BOOST_TEST(f.length_with_crlf == 3302u);
  BOOST_TEST(remarks_on(a4, 42, "Content-Length says 3219"));

  auto const response = response_of(a4.messages[1]);
  auto const parsed = mime::parse_multipart(response.body, "estServerExampleBoundary");
  BOOST_REQUIRE(parsed);
  auto const first = response.body.find("--estServerExampleBoundary");
  auto const after = response.body.size() - parsed->epilogue.size();
  auto const with_lf = [](std::string text) {
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    return text.size();
  };
  // With and without preamble and epilogue, with and without the final line end, LF and CRLF.
  for (auto const begin : {std::size_t{0}, first})
    for (auto const end : {after, response.body.size()}) {
      auto const text = response.body.substr(begin, end - begin);
      for (auto const length : {text.size(), text.size() - 2, with_lf(text), with_lf(text) - 1})
        BOOST_TEST(length != 3219u);
    }
  // LF in the base64 and CRLF elsewhere: one octet less for each line of base64.
  auto const mixed = [&](std::string const& text) {
    std::size_t octets = 0, start = 0;
    for (auto lf = text.find('\n'); lf != std::string::npos; start = lf + 1, lf = text.find('\n', start)) {
      const bool base64 = text.find_first_of(" :-.\r", start) == lf - 1 && lf - start > 20;
      octets += lf + 1 - start - (base64 ? 1 : 0);
    }
    return octets;
  };
  BOOST_TEST(mixed(response.body) == 3258u);
}

BOOST_AUTO_TEST_CASE(the_seed_as_received_has_one_part_and_a_near_delimiter) {
  auto const text = read_vector("rfc7030/seed-as-received.txt");
  notes said;
  auto const seed = read(text, &said);
  BOOST_REQUIRE(seed.messages.size() == 2u);
  BOOST_TEST(seed.messages[0] == read_vector("rfc7030/a4-serverkeygen-request.http"));

  auto const response = response_of(seed.messages[1]);
  auto const parts = parts_of(response);
  BOOST_REQUIRE(parts.size() == 1u);
  BOOST_TEST((parts[0] == vector_der("a4-response-pkcs7")));

  auto const stray = line_of(text, text.find("f--estServerExampleBoundary"));
  BOOST_TEST(remarks_on(seed, stray, "does not begin with it (1 octet stands before it"));
  BOOST_TEST(said.has(note_code::multipart_near_delimiter));
  auto const near = mime::find_near_delimiters(response.body, "estServerExampleBoundary");
  BOOST_REQUIRE(near.size() == 1u);
  BOOST_TEST(response.body.substr(near[0].offset, 3) == "f--");

  auto const second = line_of(text, text.find("MIIDRQYJKoZI"));
  BOOST_TEST(remarks_on(seed, second, "no empty line stands between the header and the body"));
  BOOST_TEST(said.has(note_code::multipart_missing_blank_line));

  // The preamble stands at the left margin and is body; the nine lines of blanks are empty lines.
  BOOST_TEST(response.body.find("This is the preamble.") != std::string::npos);
  BOOST_TEST(remarks_on(seed, line_of(text, text.find("This is the preamble.")), "part of the body"));
  BOOST_TEST(remarks_on(seed, 2, "9 lines hold nothing but blanks"));
  BOOST_TEST(response.body.find("This is the epilogue.") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_seed_without_the_stray_f_has_both_parts_of_the_rfc) {
  notes said;
  auto const seed = read(without_stray_f(read_vector("rfc7030/seed-as-received.txt")), &said);
  auto const parts = parts_of(response_of(seed.messages[1]));
  BOOST_REQUIRE(parts.size() == 2u);
  BOOST_TEST(parts[0].size() == 1218u);
  BOOST_TEST(parts[1].size() == 841u);
  BOOST_TEST((parts[0] == vector_der("a4-response-pkcs8")));
  BOOST_TEST((parts[1] == vector_der("a4-response-pkcs7")));
  BOOST_TEST(!said.has(note_code::multipart_near_delimiter));
  BOOST_TEST(said.has(note_code::multipart_missing_blank_line));
}

BOOST_AUTO_TEST_CASE(no_remark_and_no_note_holds_octets_of_the_key) {
  auto const key = read_vector("rfc7030/a4-response-pkcs8.b64");
  for (auto const* const name : {"rfc7030/seed-as-received.txt", "rfc7030/a4-section.txt"}) {
    notes said;
    auto const d = read(read_vector(name), &said);
    std::string all;
    for (auto const& r : d.remarks) all += r.text + "\n";
    for (auto const& n : said) all += to_text(n) + "\n";
    for (std::size_t i = 0; i + 12 < key.size(); i += 4)
      BOOST_REQUIRE(all.find(key.substr(i, 12)) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(places_lead_back_to_the_line_of_the_document) {
  auto const text = read_vector("rfc7030/a4-section.txt");
  auto const a4 = read(text);
  for (std::string const what : {"Status: 200 OK", "MIIEvgIBADAN", "--estServerExampleBoundary--"}) {
    auto const at = a4.messages[1].find(what);
    BOOST_REQUIRE(at != std::string::npos);
    BOOST_TEST(a4.facts[1].line_at(at) == line_of(text, text.find(what)));
  }
}

BOOST_AUTO_TEST_CASE(page_breaks_are_taken_out) {
  auto const text = read_vector("rfc7030/a4-section.txt");
  std::string const page_break = "\n\n\nSomebody, et al.             Standards Track                   [Page 51]\n\f\n"
                                 "RFC 7030                           EST                      October 2013\n\n\n";
  auto const plain = read(text);
  for (std::string const before :
       {"   L4n+0XK3SfEz", "   Poj64V909ryq", "   --estServerExampleBoundary\n   Content-Type: application/pkcs7",
        "   Content-Type: application/pkcs7-mime", "   MIIDRQYJKoZIhvcNAQc", "   Status: 200 OK"}) {
    auto broken = text;
    auto at = broken.find(before);
    BOOST_REQUIRE(at != std::string::npos);
    // An empty line that stands there already is not seen at a page break.
    while (broken.substr(at - 2, 2) == "\n\n") broken.erase(--at, 1);
    broken.insert(at, page_break);
    auto const read_again = read(broken);
    BOOST_TEST((read_again.messages == plain.messages), before);
  }
}

BOOST_AUTO_TEST_CASE(a_message_without_content_length_takes_base64_but_no_prose) {
  std::string const text =
      "An example:\n\n   POST /x HTTP/1.1\n   Content-Type: application/pkcs10\n\n   MAMC\n   AQA=\n\n   Then the\n"
      "   answer:\n\n   HTTP/1.1 202 Accepted\n   Content-Type: text/plain\n\n   Please wait\n";
  auto const d = read(text);
  BOOST_REQUIRE(d.messages.size() == 2u);
  BOOST_TEST(request_of(d.messages[0]).body == "MAMC\nAQA=\n");
  BOOST_TEST(remarks_on(d, 3, "no Content-Length is printed"));
  BOOST_TEST(d.messages[1].find("Please") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(crlf_is_given_where_the_stated_length_asks_for_it) {
  auto const d = read("  POST /x HTTP/1.1\n  Content-Length: 12\n\n  MAMC\n  AQA=\n");
  BOOST_TEST(request_of(d.messages[0]).body == "MAMC\r\nAQA=\r\n");
  BOOST_TEST(d.remarks.empty());
}

BOOST_AUTO_TEST_CASE(recorded_octets_and_other_texts_are_no_document_examples) {
  for (std::string const text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\n", "", "Some prose.\n",
        "   It uses HTTP/1.1\n", "GET / HTTP/1.1\n  GET / HTTP/1.1\n"})
    BOOST_TEST(!looks_like_document_example(text), text);
  BOOST_TEST(!looks_like_document_example(read_vector("rfc7030/a4-serverkeygen-request.http")));
  BOOST_TEST((read_document_example("Some prose.\n").error().code == errc::malformed_http));
  BOOST_TEST((read_document_example(std::string(largest_document + 1, ' ')).error().code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(truncation_anywhere_gives_a_failure_or_a_shorter_document) {
  auto const text = read_vector("rfc7030/seed-as-received.txt");
  for (std::size_t n = 0; n < text.size(); n += 7)
    if (auto const d = read_document_example(text.substr(0, n))) BOOST_TEST(d->messages.size() <= 2u);
}

BOOST_AUTO_TEST_SUITE_END()
