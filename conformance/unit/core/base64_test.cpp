#include <est/core/base64.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;

BOOST_AUTO_TEST_SUITE(base64)

// RFC 4648 section 10
BOOST_AUTO_TEST_CASE(the_rfc_vectors_are_encoded_and_decoded) {
  const std::pair<char const*, char const*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (auto const& [plain, encoded] : vectors) {
    BOOST_TEST(encode_base64(as_bytes(plain), base64_layout::one_line()) == encoded);
    auto const decoded = decode_base64(encoded);
    BOOST_REQUIRE(decoded);
    BOOST_TEST(to_text(*decoded) == plain);
  }
}

BOOST_AUTO_TEST_CASE(white_space_is_skipped_anywhere) {
  auto const decoded = decode_base64(" Zm\r\n9v\tYg = =\n");
  BOOST_REQUIRE(decoded);
  BOOST_TEST(to_text(*decoded) == "foob");
}

BOOST_AUTO_TEST_CASE(what_is_not_base64_is_refused_at_its_octet) {
  const std::pair<std::string, std::size_t> bad[] = {
      {"AQ==AQID", 4}, {"AQ", 2},      {"AQ=", 3},  {"AR==", 3}, {"AQJ=", 3},
      {"A-_D", 1},     {"=", 0},       {"A===", 1}, {"AQ=D", 3}, {std::string("AQID\0", 5), 4},
      {"AQID====", 4}, {"AQ==\nAA", 5}};
  for (auto const& [text, at] : bad) {
    auto const decoded = decode_base64(text);
    BOOST_REQUIRE_MESSAGE(!decoded, text);
    BOOST_TEST((decoded.error().code == errc::malformed_base64));
    BOOST_REQUIRE(decoded.error().offset);
    BOOST_TEST(*decoded.error().offset == at, text);
  }
}

BOOST_AUTO_TEST_CASE(what_is_encoded_is_decoded_for_every_length_and_layout) {
  bytes octets;
  for (int length = 0; length < 200; ++length) {
    for (const base64_layout layout : {base64_layout{}, base64_layout{76, true, true}, base64_layout::one_line()}) {
      auto const decoded = decode_base64(encode_base64(octets, layout));
      BOOST_REQUIRE(decoded);
      BOOST_TEST(*decoded == octets);
    }
    octets.push_back(static_cast<std::uint8_t>(length * 37));
  }
}

BOOST_AUTO_TEST_CASE(a_text_cut_anywhere_is_refused_or_shorter) {
  const std::string text = encode_base64(as_bytes("a message of some length that fills more than one line of text"));
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    auto const decoded = decode_base64(std::string_view{text}.substr(0, cut));
    if (decoded) BOOST_TEST(decoded->size() <= text.size() * 3 / 4);
  }
}

BOOST_AUTO_TEST_CASE(lines_have_the_asked_width) {
  const bytes octets(100, 0x55);
  BOOST_TEST(encode_base64(octets).find('\n') == 64u);
  BOOST_TEST(encode_base64(octets, {76, true, true}).find("\r\n") == 76u);
  BOOST_TEST(encode_base64(octets).back() == '\n');
  BOOST_TEST(encode_base64(octets, base64_layout::one_line()).find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_layout_is_noted) {
  notes one, wrapped, crlf, blanks;
  remark_layout("Zm9v", &one, "body");
  BOOST_TEST(one.has(note_code::base64_in_one_line));
  remark_layout("Zm9v\nZm9v", &wrapped, "body");
  BOOST_TEST(wrapped.has(note_code::base64_no_final_newline));
  BOOST_TEST(!wrapped.has(note_code::base64_in_one_line));
  remark_layout("Zm9v\r\nZm9v\r\n", &crlf, "body");
  BOOST_TEST(crlf.has(note_code::base64_crlf_lines));
  remark_layout("Zm9v Zm9v\n", &blanks, "body");
  BOOST_REQUIRE(blanks.has(note_code::base64_inner_blanks));
  BOOST_TEST(*blanks.find(note_code::base64_inner_blanks)->offset == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
