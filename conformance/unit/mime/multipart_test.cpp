#include <est/mime/multipart.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <type_traits>

using namespace est;
using namespace est::mime;

BOOST_AUTO_TEST_SUITE(multiparts)

namespace {

constexpr std::string_view plain = "--b\r\nContent-Type: a/b\r\n\r\none\r\n--b\r\nX: y\r\n\r\ntwo\r\n--b--\r\n";

struct outcome {
  result<multipart> value = fail(errc::internal, {}, {});
  notes said;
};

outcome read(std::string_view body, std::string_view boundary = "b") {
  outcome out;
  out.value = parse_multipart(body, boundary, &out.said);
  return out;
}

failure refused(std::string_view body, std::string_view boundary = "b") {
  auto const got = read(body, boundary);
  BOOST_REQUIRE_MESSAGE(!got.value, "was read: " << body);
  return got.value.error();
}

template <class T>
concept parses = requires(T&& body) {
  parse_multipart(std::forward<T>(body), "b");
};

} // namespace

static_assert(parses<std::string const&> && parses<std::string_view> && parses<char const*>);
static_assert(!parses<std::string>, "the parts would be views into a temporary");

BOOST_AUTO_TEST_CASE(parts_are_views_with_their_offsets) {
  auto const got = read(plain);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.said.empty());
  BOOST_REQUIRE(got.value->parts.size() == 2u);
  auto const& [first, second] = std::tie(got.value->parts[0], got.value->parts[1]);
  BOOST_TEST(*first.headers.find("content-type") == "a/b");
  BOOST_TEST(first.body == "one");
  BOOST_TEST(second.body == "two");
  for (auto const& p : got.value->parts) BOOST_TEST(plain.substr(p.offset, p.body.size()) == p.body);
  BOOST_TEST(plain.substr(second.header_offset, 4) == "X: y");
  BOOST_TEST(first.body.data() == plain.data() + first.offset);
  BOOST_TEST(got.value->preamble.empty());
  BOOST_TEST(got.value->epilogue.empty());
}

BOOST_AUTO_TEST_CASE(the_line_end_before_a_delimiter_belongs_to_it) {
  auto const got = read("--b\r\n\r\nline\r\n\r\n--b\r\n\r\n\r\n--b\r\nA: b\r\n\r\n--b--");
  BOOST_REQUIRE(got.value);
  BOOST_REQUIRE(got.value->parts.size() == 3u);
  BOOST_TEST(got.value->parts[0].body == "line\r\n");
  BOOST_TEST(got.value->parts[1].body == "");
  BOOST_TEST(got.value->parts[2].body == "");
  BOOST_TEST(got.said.empty());
}

BOOST_AUTO_TEST_CASE(lf_within_the_content_of_a_part_is_not_bare_lf_of_the_multipart) {
  auto const got = read("--b\r\n\r\nMAMC\nAQA=\n\r\n--b--\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->parts[0].body == "MAMC\nAQA=\n");
  BOOST_TEST(got.said.empty());
}

BOOST_AUTO_TEST_CASE(bare_lf_is_read_and_noted_once) {
  auto const got = read("--b\nA: b\n\none\n--b--\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->parts[0].body == "one");
  BOOST_TEST(got.said.size() == 1u);
  BOOST_TEST(got.said.find(note_code::multipart_bare_lf)->offset.value() == 3u);
}

BOOST_AUTO_TEST_CASE(a_lone_lf_before_a_delimiter_is_noted_too) {
  auto const got = read("--b\r\n\r\none\n--b--\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->parts[0].body == "one");
  BOOST_TEST(got.said.find(note_code::multipart_bare_lf)->offset.value() == 10u);
}

BOOST_AUTO_TEST_CASE(a_delimiter_stands_at_the_start_of_a_line_and_nowhere_else) {
  std::string const body = "f--b\r\nA: b\r\n\r\nlost\r\n--b\r\n\r\none --b\r\n --b\r\n--b--\r\n";
  auto const got = read(body);
  BOOST_REQUIRE(got.value);
  BOOST_REQUIRE(got.value->parts.size() == 1u);
  BOOST_TEST(got.value->parts[0].body == "one --b\r\n --b");
  BOOST_TEST(got.value->preamble == "f--b\r\nA: b\r\n\r\nlost");
  auto const* const near = got.said.find(note_code::multipart_near_delimiter);
  BOOST_REQUIRE(near);
  BOOST_TEST(near->offset.value() == 0u);
  BOOST_TEST(near->detail == "1 octet stands before it on the line");
  BOOST_TEST(!got.said.has_deviation());
}

BOOST_AUTO_TEST_CASE(near_delimiters_are_found_with_line_and_offset) {
  auto const found = find_near_delimiters("x\nf--b\n--b\n--b--b\n  --b--\n--\nlast--b", "b");
  BOOST_REQUIRE(found.size() == 3u);
  BOOST_TEST(found[0].line == 2u);
  BOOST_TEST(found[0].offset == 2u);
  BOOST_TEST(found[0].before == 1u);
  BOOST_TEST(found[1].line == 5u);
  BOOST_TEST(found[1].before == 2u);
  BOOST_TEST(found[2].line == 7u);
  BOOST_TEST(find_near_delimiters("x--b\nx--b\nx--b", "b", 2).size() == 2u);
  BOOST_TEST(find_near_delimiters("x--b", "").empty());
}

BOOST_AUTO_TEST_CASE(the_number_of_near_delimiters_noted_is_bounded) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "x--b\r\n";
  auto const got = read(body + std::string{plain});
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.said.size() == 17u); // and the preamble
}

BOOST_AUTO_TEST_CASE(a_boundary_that_is_the_start_of_another_is_not_taken_for_it) {
  auto const got = read("--ab\r\n\r\n--abc\r\n--ab-\r\n--a\r\n--AB\r\n--ab--\r\n", "ab");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->parts.size() == 1u);
  BOOST_TEST(got.value->parts[0].body == "--abc\r\n--ab-\r\n--a\r\n--AB");
}

BOOST_AUTO_TEST_CASE(blanks_after_a_delimiter_are_padding_and_noted) {
  auto const got = read("--b \t\r\n\r\none\r\n--b-- \r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->parts[0].body == "one");
  BOOST_TEST(got.said.has(note_code::multipart_padding));
  BOOST_TEST(!got.said.has_deviation());
}

BOOST_AUTO_TEST_CASE(text_after_a_delimiter_is_read_past_and_noted) {
  auto const got = read("--b x\r\n\r\none\r\n--b--epilogue\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->parts[0].body == "one");
  BOOST_TEST(got.said.size() == 2u);
  BOOST_TEST(got.said.has(note_code::multipart_text_after_delimiter));
}

BOOST_AUTO_TEST_CASE(preamble_and_epilogue_are_set_apart_and_noted) {
  auto const got = read("before\r\n--b\r\n\r\none\r\n--b--\r\nafter\r\n--b\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->preamble == "before");
  BOOST_TEST(got.value->epilogue == "after\r\n--b\r\n");
  BOOST_TEST(got.value->parts.size() == 1u);
  BOOST_TEST(got.said.find(note_code::multipart_preamble)->offset.value() == 0u);
  BOOST_TEST(got.said.find(note_code::multipart_epilogue)->offset.value() == 27u);
}

BOOST_AUTO_TEST_CASE(a_line_end_in_front_of_the_first_delimiter_is_no_preamble) {
  auto const got = read("\r\n" + std::string{plain} + "\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.said.empty());
}

BOOST_AUTO_TEST_CASE(a_missing_closing_delimiter_is_noted_and_the_last_part_reaches_to_the_end) {
  auto const got = read("--b\r\n\r\none\r\ntwo");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->parts[0].body == "one\r\ntwo");
  BOOST_TEST(got.said.has(note_code::multipart_no_close_delimiter));
}

BOOST_AUTO_TEST_CASE(a_last_delimiter_that_nothing_follows_opens_no_part) {
  for (auto const* const end : {"--b", "--b\r\n"}) {
    auto const body = "--b\r\n\r\none\r\n" + std::string{end};
    auto const got = read(body);
    BOOST_REQUIRE(got.value);
    BOOST_TEST(got.value->parts.size() == 1u);
    BOOST_TEST(got.value->parts[0].body == "one");
    BOOST_TEST(got.said.has(note_code::multipart_no_close_delimiter));
    BOOST_TEST(got.said.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_blank_line_ends_the_header_at_the_first_line_that_is_no_field) {
  std::string const body = "--b\r\nA: b\r\nMAMCAQA=\r\n--b\r\nMAMC\r\n--b\r\nA: b\r\n--b--\r\n";
  auto const got = read(body);
  BOOST_REQUIRE(got.value);
  BOOST_REQUIRE(got.value->parts.size() == 3u);
  BOOST_TEST(got.value->parts[0].body == "MAMCAQA=");
  BOOST_TEST(got.value->parts[0].headers.size() == 1u);
  BOOST_TEST(got.value->parts[1].body == "MAMC");
  BOOST_TEST(got.value->parts[2].body == "");
  BOOST_TEST(got.said.size() == 3u);
  BOOST_TEST(got.said.find(note_code::multipart_missing_blank_line)->offset.value() == body.find("MAMCAQA"));
}

BOOST_AUTO_TEST_CASE(a_line_of_blanks_ends_the_header_and_is_noted) {
  auto const got = read("--b\r\nA: b\r\n  \t\r\none\r\n--b--\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->parts[0].body == "one");
  BOOST_TEST(got.said.find(note_code::multipart_blank_only_line)->offset.value() == 11u);
  BOOST_TEST(got.said.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_folded_field_is_joined_and_noted) {
  auto const got = read("--b\r\nContent-Type: a/b;\r\n c=d\r\n\r\none\r\n--b--\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(*got.value->parts[0].headers.find("content-type") == "a/b; c=d");
  BOOST_TEST(got.said.has(note_code::multipart_folded_field));
}

BOOST_AUTO_TEST_CASE(a_body_without_any_delimiter_is_refused_and_a_near_one_is_named) {
  BOOST_TEST((refused("nothing here").code == errc::malformed_multipart));
  BOOST_TEST((refused("").code == errc::malformed_multipart));
  BOOST_TEST(refused("x\r\n   --b\r\n").detail.find("line 2 holds it, but 3 octets stand before it") !=
             std::string::npos);
  BOOST_TEST(refused("--b--\r\n").detail.find("before any part") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_numbers_of_parts_and_header_lines_are_bounded) {
  std::string body;
  for (std::size_t i = 0; i < most_parts; ++i) body += "--b\r\n\r\n\r\n";
  BOOST_TEST(read(body).value.has_value());
  BOOST_TEST((refused(body + "--b\r\n").code == errc::too_large));
  std::string header = "--b\r\n";
  for (std::size_t i = 0; i <= most_part_fields; ++i) header += "A: b\r\n";
  BOOST_TEST((refused(header).code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(unlawful_boundaries_are_read_where_they_can_be_and_noted) {
  auto const long_one = std::string(71, 'x');
  auto const got = read("--" + long_one + "\r\n\r\n\r\n--" + long_one + "--", long_one);
  BOOST_TEST(got.value.has_value());
  BOOST_TEST(got.said.has(note_code::multipart_boundary_unlawful));
  BOOST_TEST(read("--a\r\n\r\n\r\n--a--", "a ").value.has_value());
  for (auto const* const b : {"", "a\nb", "a\rb", "  "})
    BOOST_TEST((refused("--a\r\n", b).code == errc::invalid_argument));
  BOOST_TEST((refused("--a\r\n", std::string(1001, 'a')).code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(lawful_boundaries_are_1_to_70_boundary_characters_without_a_space_at_the_end) {
  BOOST_TEST(is_lawful_boundary("estServerExampleBoundary"));
  BOOST_TEST(is_lawful_boundary("a b'()+_,-./:=?9"));
  BOOST_TEST(is_lawful_boundary(std::string(70, 'x')));
  for (auto const& b : {std::string{}, std::string(71, 'x'), std::string{"a "}, std::string{"a*"},
                        std::string{"a\0b", 3}, std::string{"\xc3\xa4"}})
    BOOST_TEST(!is_lawful_boundary(b), b);
}

BOOST_AUTO_TEST_CASE(parts_are_written_and_read_as_themselves) {
  const std::vector<owned_part> parts = {{{{"Content-Type", "application/pkcs8"}, {"X", ""}}, "MAMC\nAQA=\n"},
                                         {{}, ""},
                                         {{{"A", "b"}}, "\r\n\r\n--c\r\n"}};
  auto const body = encode_multipart(parts, "b b");
  BOOST_REQUIRE(body);
  auto const got = read(*body, "b b");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.said.empty());
  BOOST_TEST((own(*got.value) == parts));
}

BOOST_AUTO_TEST_CASE(what_could_not_be_read_back_is_not_written) {
  const owned_part good{{}, "x"};
  auto const refuses = [](std::vector<owned_part> const& parts, std::string_view boundary) {
    auto const body = encode_multipart(parts, boundary);
    return !body && body.error().code == errc::invalid_argument;
  };
  BOOST_TEST(refuses({}, "b"));
  BOOST_TEST(refuses({good}, ""));
  BOOST_TEST(refuses({good}, "a\r\nb"));
  BOOST_TEST(refuses({good}, std::string(71, 'b')));
  BOOST_TEST(refuses({{{}, "--b"}}, "b"));
  BOOST_TEST(refuses({{{}, "x\r\n--bc"}}, "b"));
  BOOST_TEST(refuses({{{{"A", "b\r\nEvil: 1"}}, ""}}, "b"));
  BOOST_TEST(refuses({{{{"A b", "c"}}, ""}}, "b"));
  BOOST_TEST(refuses(std::vector<owned_part>(most_parts + 1, good), "b"));
}

BOOST_AUTO_TEST_CASE(truncation_gives_a_failure_or_a_shorter_value) {
  for (std::size_t n = 0; n < plain.size(); ++n) {
    auto const got = read(plain.substr(0, n));
    if (!got.value) continue;
    BOOST_TEST(got.value->parts.size() <= 2u);
    for (auto const& p : got.value->parts) BOOST_TEST(p.offset + p.body.size() <= n);
  }
}

BOOST_AUTO_TEST_SUITE_END()
