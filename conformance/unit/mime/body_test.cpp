#include <est/mime/body.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::mime;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(bodies)

namespace {

void is_refused_as(std::string const& body, char const* what) {
  auto const octets = decode_body(body, nullptr, "part[0]");
  BOOST_REQUIRE(!octets);
  BOOST_TEST((octets.error().code == errc::wrong_body_form), to_text(octets.error()));
  BOOST_TEST(octets.error().detail.find(what) != std::string::npos, octets.error().detail);
  BOOST_TEST(octets.error().where == "part[0]");
}

} // namespace

BOOST_AUTO_TEST_CASE(base64_is_decoded_however_its_lines_are_laid_out) {
  for (auto const* const body : {"MAMCAQA=", "MAMC\nAQA=\n", "MAMC\r\nAQA=\r\n", " MAMC\tAQ A= ", "\r\nMAMCAQA=\n\n"}) {
    auto const octets = decode_body(body);
    BOOST_REQUIRE(octets);
    BOOST_TEST(to_hex(*octets) == "3003020100");
  }
}

BOOST_AUTO_TEST_CASE(the_layout_is_noted_as_lawful) {
  notes said;
  BOOST_REQUIRE(decode_body("MAMC\r\nAQA=", &said, "here"));
  BOOST_TEST(said.has(note_code::base64_crlf_lines));
  BOOST_TEST(said.has(note_code::base64_no_final_newline));
  BOOST_TEST(said.begin()->where == "here");
  BOOST_TEST(!said.has_deviation());
}

BOOST_AUTO_TEST_CASE(trailing_nuls_are_read_past_and_noted) {
  notes said;
  auto const octets = decode_body("MAMCAQA=\0"s, &said);
  BOOST_REQUIRE(octets);
  BOOST_TEST(to_hex(*octets) == "3003020100");
  auto const* const n = said.find(note_code::trailing_nul);
  BOOST_REQUIRE(n);
  BOOST_TEST(n->offset.value() == 8u);
  BOOST_TEST(n->detail == "1 octet");
}

BOOST_AUTO_TEST_CASE(a_nul_within_the_text_is_refused) {
  auto const octets = decode_body("MAMC\0AQA="s);
  BOOST_REQUIRE(!octets);
  BOOST_TEST((octets.error().code == errc::malformed_base64));
  BOOST_TEST(octets.error().offset.value() == 4u);
}

BOOST_AUTO_TEST_CASE(other_forms_are_named) {
  is_refused_as("", "empty");
  is_refused_as(" \r\n\t", "empty");
  is_refused_as("\0\0"s, "empty");
  is_refused_as("\n-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQA=\n-----END CERTIFICATE REQUEST-----\n",
                "PEM (CERTIFICATE REQUEST)");
  is_refused_as("-----BEGIN \x01-----\n", "PEM");
  is_refused_as("\x30\x03\x02\x01\x00"s, "DER");
  is_refused_as("\x30\x82\x02\xc1\x30\x82"s, "DER");
  is_refused_as("{\"message\": \"no\"}", "JSON");
  is_refused_as("[1]", "JSON");
  is_refused_as("\r\n<html>", "HTML");
}

BOOST_AUTO_TEST_CASE(other_text_fails_where_it_stops_being_base64) {
  auto const octets = decode_body("MAMC-AQA=");
  BOOST_REQUIRE(!octets);
  BOOST_TEST((octets.error().code == errc::malformed_base64));
  BOOST_TEST(octets.error().offset.value() == 4u);
  BOOST_TEST(octets.error().where == "body");
  BOOST_TEST((classify_body("Not found.") == body_form::text));
}

BOOST_AUTO_TEST_CASE(base64_that_begins_like_der_is_base64) { // 0x30 is the digit zero
  BOOST_TEST((classify_body("0123") == body_form::base64));
  BOOST_REQUIRE(decode_body("0123"));
}

BOOST_AUTO_TEST_CASE(a_secret_body_is_decoded_into_secret_octets_and_never_quoted) {
  auto const octets = decode_body<secret_bytes>("MAMCAQA=");
  BOOST_REQUIRE(octets);
  BOOST_TEST(to_hex(octets->expose()) == "3003020100");
  auto const bad = decode_body<secret_bytes>("MAMC%AQA=");
  BOOST_REQUIRE(!bad);
  BOOST_TEST(bad.error().detail.find('%') == std::string::npos);
  BOOST_TEST(bad.error().offset.value() == 4u);
}

BOOST_AUTO_TEST_CASE(truncation_gives_a_failure_or_fewer_octets) {
  std::string const whole = "MAMC\r\nAQAB\r\nBQY=\r\n\0"s;
  auto const all = decode_body(whole);
  BOOST_REQUIRE(all);
  for (std::size_t n = 0; n < whole.size(); ++n)
    if (auto const some = decode_body(whole.substr(0, n))) BOOST_TEST(some->size() <= all->size());
}

BOOST_AUTO_TEST_SUITE_END()
