#include <est/mime/media_type.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::mime;

BOOST_AUTO_TEST_SUITE(media_types)

namespace {

media_type read(std::string_view text, notes* said = nullptr) {
  auto const m = parse_media_type(text, said);
  BOOST_REQUIRE_MESSAGE(m, text << ": " << (m ? "" : to_text(m.error())));
  return *m;
}

failure refused(std::string_view text) {
  auto const m = parse_media_type(text);
  BOOST_REQUIRE_MESSAGE(!m, text << " was read");
  return m.error();
}

} // namespace

BOOST_AUTO_TEST_CASE(type_subtype_and_parameters_are_read_in_any_case) {
  notes said;
  auto const m = read("Application/PKCS7-Mime; SMIME-Type=certs-only", &said);
  BOOST_TEST(m.is("application/pkcs7-mime"));
  BOOST_TEST(m.is("APPLICATION/pkcs7-MIME"));
  BOOST_TEST(!m.is("application/pkcs7"));
  BOOST_TEST(m.essence() == "application/pkcs7-mime");
  BOOST_TEST(*m.find("Smime-Type") == "certs-only");
  BOOST_TEST(!m.find("charset"));
  BOOST_TEST(said.empty());
}

BOOST_AUTO_TEST_CASE(blanks_before_a_semicolon_are_lawful_and_noted) {
  notes said;
  auto const m = read("multipart/mixed ; boundary=estServerExampleBoundary", &said);
  BOOST_TEST(*m.find("boundary") == "estServerExampleBoundary");
  BOOST_TEST(*said.find(note_code::media_type_blanks)->offset == 15u);
  BOOST_TEST(!said.has_deviation());
}

BOOST_AUTO_TEST_CASE(quoted_values_are_read_without_quotes_and_escapes) {
  notes said;
  BOOST_TEST(*read("multipart/mixed;boundary=\"a b:c\"", &said).find("boundary") == "a b:c");
  BOOST_TEST(*read("a/b; c=\"\\\"\\\\x\\;\"", &said).find("c") == "\"\\x;");
  BOOST_TEST(*read("a/b; c=\"\"", &said).find("c") == "");
  BOOST_TEST(said.empty());
}

BOOST_AUTO_TEST_CASE(empty_parameters_are_lawful_and_noted) {
  notes said;
  BOOST_TEST(read("a/b;; c=d;", &said).parameters.size() == 1u);
  BOOST_TEST(said.size() == 2u);
  BOOST_TEST(said.has(note_code::media_type_empty_parameter));
  BOOST_TEST(!said.has_deviation());
}

BOOST_AUTO_TEST_CASE(blanks_around_an_equals_sign_are_read_and_noted) {
  notes said;
  BOOST_TEST(*read("a/b; c = d", &said).find("c") == "d");
  BOOST_TEST(said.has(note_code::media_type_blank_around_equals));
}

BOOST_AUTO_TEST_CASE(a_value_that_needs_quotes_is_read_to_the_next_semicolon_and_noted) {
  notes said;
  auto const m = read("multipart/mixed; boundary=a/b=c d ;x=y", &said);
  BOOST_TEST(*m.find("boundary") == "a/b=c d");
  BOOST_TEST(*m.find("x") == "y");
  BOOST_TEST(said.find(note_code::media_type_unquoted_special)->detail == "boundary");
}

BOOST_AUTO_TEST_CASE(a_parameter_without_a_value_is_left_out_and_noted) {
  notes said;
  auto const m = read("a/b; c; d=e", &said);
  BOOST_TEST(m.parameters.size() == 1u);
  BOOST_TEST(said.find(note_code::media_type_parameter_without_value)->detail == "c");
}

BOOST_AUTO_TEST_CASE(a_repeated_parameter_is_noted_if_alike_and_refused_if_not) {
  notes said;
  BOOST_TEST(read("a/b; c=d; C=d", &said).parameters.size() == 1u);
  BOOST_TEST(said.has(note_code::media_type_repeated_parameter));
  BOOST_TEST(refused("a/b; c=d; c=e").detail.find("unlike") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_no_media_type_is_refused_where_it_goes_wrong) {
  const std::pair<char const*, std::size_t> vectors[] = {{"", 0},
                                                         {"application", 11},
                                                         {"/b", 0},
                                                         {"a/", 2},
                                                         {"a/b c", 4},
                                                         {"a/b, c/d", 3},
                                                         {"a /b", 1},
                                                         {"a/b; =c", 5},
                                                         {"a/b; c=\"d", 7},
                                                         {"a/b; c=\"d\" e", 11},
                                                         {"a/b; c d=e", 7},
                                                         {"a/b; c=\x01", 7},
                                                         {"a/b; c=\"\x01\"", 8}};
  for (auto const& [text, offset] : vectors) {
    auto const f = refused(text);
    BOOST_TEST((f.code == errc::malformed_media_type), text);
    BOOST_TEST(f.offset.value() == offset, text);
  }
}

BOOST_AUTO_TEST_CASE(the_number_of_parameters_is_bounded) {
  std::string text = "a/b";
  for (int i = 0; i < 64; ++i) text += ";p" + std::to_string(i) + "=v";
  BOOST_TEST(read(text).parameters.size() == 64u);
  BOOST_TEST((refused(text + ";last=v").code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(a_media_type_is_written_and_read_as_itself) {
  for (auto const* const text :
       {"application/pkcs10", "a/b; c=\"\"", "a/b; c=\"x y\\\\\\\"\"; d=e", "a/b; c=d e; f=\"\t\""}) {
    auto const m = read(text);
    BOOST_TEST((read(encode(m)) == m), text);
  }
  BOOST_TEST(encode(media_type{"application", "pkcs7-mime", {{"smime-type", "certs-only"}}}) ==
             "application/pkcs7-mime; smime-type=certs-only");
  BOOST_TEST(encode(media_type{"multipart", "mixed", {{"boundary", "a:b"}}}) == "multipart/mixed; boundary=\"a:b\"");
}

BOOST_AUTO_TEST_CASE(truncation_gives_a_failure_or_a_shorter_value) {
  std::string const whole = "multipart/mixed ; boundary=\"a b\" ; c = d";
  for (std::size_t n = 0; n < whole.size(); ++n)
    if (auto const m = parse_media_type(whole.substr(0, n))) BOOST_TEST(m->parameters.size() <= 2u);
  BOOST_TEST(read(whole).parameters.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
