// What the reader reads, and what it notes on the way.
#include <est/http/reader.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::http;

BOOST_AUTO_TEST_SUITE(reader)

namespace {

struct outcome {
  result<response> value = fail(errc::internal, {}, {});
  notes said;
  message_layout layout;
};

outcome read(std::string_view octets, std::string_view method = "GET") {
  outcome out;
  out.value = parse_response(octets, method, &out.said, {}, &out.layout);
  return out;
}

/// One octet at a time: the same value, notes and layout must come out.
void read_in_pieces_is_the_same(std::string const& octets, std::string_view method = "GET") {
  auto const whole = read(octets, method);
  notes said;
  response_reader reader{std::string{method}, &said};
  std::size_t taken = 0;
  std::optional<failure> trouble;
  for (char const c : octets) {
    auto const n = reader.feed({&c, 1});
    if (!n) {
      trouble = n.error();
      break;
    }
    taken += *n;
  }
  if (!whole.value && trouble) {
    BOOST_TEST(to_text(*trouble) == to_text(whole.value.error()));
    return;
  }
  auto const value = reader.finish(stream_end::orderly);
  BOOST_REQUIRE(value.has_value() == whole.value.has_value());
  if (value)
    BOOST_TEST((*value == *whole.value));
  else
    BOOST_TEST(to_text(value.error()) == to_text(whole.value.error()));
  BOOST_TEST(taken == whole.layout.end);
  BOOST_TEST(reader.layout().end == whole.layout.end);
  BOOST_TEST(reader.layout().body == whole.layout.body);
  BOOST_TEST(reader.layout().fields == whole.layout.fields, boost::test_tools::per_element());
}

} // namespace

BOOST_AUTO_TEST_CASE(a_response_with_content_length_is_read_and_its_layout_known) {
  std::string const octets = "HTTP/1.1 200 OK\r\nContent-Type:  text/plain \r\nContent-Length: 4\r\n\r\nbody";
  auto const got = read(octets);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->status == 200);
  BOOST_TEST(got.value->reason == "OK");
  BOOST_TEST(got.value->version == "HTTP/1.1");
  BOOST_TEST(*got.value->headers.find("content-type") == "text/plain");
  BOOST_TEST(got.value->body == "body");
  BOOST_TEST(got.said.empty());
  BOOST_TEST(got.layout.start_line == 0u);
  BOOST_REQUIRE(got.layout.fields.size() == 2u);
  BOOST_TEST(octets.substr(got.layout.fields[1], 14) == "Content-Length");
  BOOST_TEST(octets.substr(got.layout.body) == "body");
  BOOST_TEST(got.layout.end == octets.size());
  BOOST_TEST(got.layout.wire_offset(2) == octets.size() - 2);
  read_in_pieces_is_the_same(octets);
}

BOOST_AUTO_TEST_CASE(a_request_is_read_and_its_layout_known) {
  std::string const octets = "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nMA";
  notes said;
  message_layout layout;
  auto const q = parse_request(octets, &said, {}, &layout);
  BOOST_REQUIRE(q);
  BOOST_TEST(q->method == "POST");
  BOOST_TEST(q->target == "/.well-known/est/simpleenroll");
  BOOST_TEST(q->body == "MA");
  BOOST_TEST(said.empty());
  BOOST_TEST(octets.substr(layout.fields.at(1), 7) == "Content");
  BOOST_TEST(layout.body == octets.size() - 2);
}

BOOST_AUTO_TEST_CASE(a_request_without_framing_fields_has_no_content) {
  notes said;
  message_layout layout;
  auto const q = parse_request("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n", &said, {}, &layout);
  BOOST_REQUIRE(q);
  BOOST_TEST(q->body.empty());
  BOOST_REQUIRE(said.find(note_code::http_octets_after_message));
  BOOST_TEST(*said.find(note_code::http_octets_after_message)->offset == layout.end);
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_put_together_and_its_octets_are_found_on_the_wire) {
  std::string const octets =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n4\r\nwiki\r\n0A\r\n0123456789\r\n0\r\n\r\n";
  auto const got = read(octets);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body == "wiki0123456789");
  BOOST_TEST(got.said.has(note_code::http_chunked));
  BOOST_TEST(got.said.size() == 1u);
  for (std::size_t i = 0; i < got.value->body.size(); ++i)
    BOOST_TEST(octets[got.layout.wire_offset(i)] == got.value->body[i]);
  BOOST_TEST(octets.substr(got.layout.body, 1) == "4");
  BOOST_TEST(got.layout.end == octets.size());
  read_in_pieces_is_the_same(octets);
}

BOOST_AUTO_TEST_CASE(chunk_extensions_and_trailers_are_read_and_noted) {
  std::string const octets =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b;c=\"d\"\r\nab\r\n1 \r\nc\r\n0;x\r\nSum: 7\r\n\r\n";
  auto const got = read(octets);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body == "abc");
  BOOST_TEST(*got.value->trailers.find("sum") == "7");
  BOOST_TEST(!got.value->headers.has("sum"));
  BOOST_TEST(got.said.has(note_code::http_chunk_extension));
  BOOST_TEST(got.said.has(note_code::http_chunk_padding));
  BOOST_TEST(got.said.has(note_code::http_trailer_fields));
  read_in_pieces_is_the_same(octets);
}

BOOST_AUTO_TEST_CASE(a_body_without_framing_ends_where_the_connection_does) {
  std::string const octets = "HTTP/1.1 200 OK\r\n\r\nall of it";
  auto const got = read(octets);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body == "all of it");
  BOOST_TEST(got.said.has(note_code::http_close_delimited));
  read_in_pieces_is_the_same(octets);
}

BOOST_AUTO_TEST_CASE(a_cut_close_delimited_body_is_truncated_and_an_orderly_end_is_not) {
  for (auto const end : {stream_end::orderly, stream_end::cut}) {
    response_reader reader{"GET"};
    BOOST_REQUIRE(reader.feed("HTTP/1.1 200 OK\r\n\r\nhalf"));
    BOOST_TEST(!reader.done());
    auto const r = reader.finish(end);
    BOOST_TEST(r.has_value() == (end == stream_end::orderly));
    if (!r) BOOST_TEST((r.error().code == errc::truncated));
  }
}

BOOST_AUTO_TEST_CASE(a_whole_message_stays_whole_however_the_stream_ends) {
  response_reader reader{"GET"};
  BOOST_REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
  BOOST_TEST(reader.done());
  BOOST_TEST(reader.finish(stream_end::cut).has_value());
}

BOOST_AUTO_TEST_CASE(answers_to_head_and_204_and_304_have_no_content) {
  BOOST_TEST(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD").value.has_value());
  BOOST_TEST(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD").said.empty());
  BOOST_TEST(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD").value.has_value());
  BOOST_TEST(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").value.has_value());
  BOOST_TEST(read("HTTP/1.1 204 No Content\r\n\r\n").said.empty());
  auto const stated = read("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
  BOOST_TEST(stated.value.has_value());
  BOOST_TEST(*stated.said.find(note_code::http_length_with_no_content)->offset == 25u);
}

BOOST_AUTO_TEST_CASE(octets_after_an_answer_to_head_are_noted) {
  auto const got = read("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "HEAD");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body.empty());
  BOOST_TEST(got.said.find(note_code::http_octets_after_message)->detail == "4 octets");
}

BOOST_AUTO_TEST_CASE(interim_responses_are_collected_in_front_of_the_final_one) {
  std::string const first = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  std::string const octets = first + "HTTP/1.1 202 Accepted\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n";
  auto const got = read(octets);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->status == 202);
  BOOST_REQUIRE(got.value->interim.size() == 2u);
  BOOST_TEST(got.value->interim[0].status == 100);
  BOOST_TEST(*got.value->interim[1].headers.find("link") == "x");
  BOOST_TEST(!got.value->headers.has("link"));
  BOOST_TEST(got.said.has(note_code::http_interim_response));
  BOOST_TEST(got.layout.start_line == first.size());
  BOOST_TEST(got.layout.fields.size() == 2u);
  read_in_pieces_is_the_same(octets);
}

BOOST_AUTO_TEST_CASE(a_reader_says_when_the_head_is_in_and_what_came_before) {
  response_reader reader{"POST"};
  BOOST_REQUIRE(reader.feed("HTTP/1.1 100 Continue\r\n\r\n"));
  BOOST_TEST(reader.interim().size() == 1u);
  BOOST_TEST(!reader.head_done());
  BOOST_REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"));
  BOOST_TEST(reader.head_done());
  BOOST_TEST(!reader.done());
  auto const taken = reader.feed("xyz");
  BOOST_REQUIRE(taken);
  BOOST_TEST(*taken == 1u);
  BOOST_TEST(reader.done());
  BOOST_TEST(*reader.feed("more") == 0u);
}

BOOST_AUTO_TEST_CASE(switching_protocols_ends_the_response) {
  auto const got = read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->status == 101);
}

BOOST_AUTO_TEST_CASE(bare_lf_is_read_and_noted_once) {
  std::string const octets = "HTTP/1.1 200 OK\nA: b\nContent-Length: 2\n\nhi";
  auto const got = read(octets);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body == "hi");
  BOOST_TEST(got.said.size() == 1u);
  BOOST_TEST(*got.said.find(note_code::http_bare_lf)->offset == 15u);
  read_in_pieces_is_the_same(octets);
}

BOOST_AUTO_TEST_CASE(bare_lf_in_chunk_lines_is_read_and_noted) {
  auto const got = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body == "hi");
  BOOST_TEST(got.said.has(note_code::http_bare_lf));
}

BOOST_AUTO_TEST_CASE(a_lone_cr_becomes_a_space_and_is_noted) {
  auto const got = read("HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(*got.value->headers.find("a") == "b c");
  BOOST_TEST(*got.said.find(note_code::http_bare_cr)->offset == 21u);
}

BOOST_AUTO_TEST_CASE(a_folded_field_is_joined_and_noted) {
  std::string const octets =
      "HTTP/1.1 401 U\r\nWWW-Authenticate: Digest a=b,\r\n \t c=d\r\n \r\nContent-Length: 0\r\n\r\n";
  auto const got = read(octets);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(*got.value->headers.find("www-authenticate") == "Digest a=b, c=d");
  BOOST_TEST(octets.substr(*got.said.find(note_code::http_obs_fold)->offset, 3) == " \t ");
  BOOST_TEST(got.layout.fields.size() == got.value->headers.size());
  read_in_pieces_is_the_same(octets);
}

BOOST_AUTO_TEST_CASE(white_space_before_the_first_field_is_read_past_and_noted) {
  auto const got = read("HTTP/1.1 200 OK\r\n Evil: 1\r\nContent-Length: 0\r\n\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(!got.value->headers.has("evil"));
  BOOST_TEST(got.said.has(note_code::http_line_without_colon));
}

BOOST_AUTO_TEST_CASE(space_before_the_colon_is_read_and_noted) {
  auto const got = read("HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body == "x");
  BOOST_TEST(got.said.find(note_code::http_space_before_colon)->detail == "Content-Length");
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_field_is_noted_and_not_quoted) {
  auto const got = read("HTTP/1.1 200 OK\r\nAuthorization Basic c2VjcmV0\r\n: nameless\r\nContent-Length: 0\r\n\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->headers.size() == 1u);
  BOOST_TEST(got.layout.fields.size() == 1u);
  BOOST_TEST(got.said.size() == 2u);
  for (auto const& n : got.said) BOOST_TEST(to_text(n).find("c2VjcmV0") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(leading_empty_lines_are_read_past_and_noted) {
  std::string const octets = "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  auto const got = read(octets);
  BOOST_REQUIRE(got.value);
  BOOST_TEST(*got.said.find(note_code::http_leading_empty_line)->offset == 0u);
  BOOST_TEST(got.layout.start_line == 4u);
  read_in_pieces_is_the_same(octets);
}

BOOST_AUTO_TEST_CASE(an_empty_reason_is_noted_and_a_missing_space_before_it_too) {
  auto const empty = read("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
  BOOST_REQUIRE(empty.value);
  BOOST_TEST(empty.said.has(note_code::http_no_reason_phrase));
  BOOST_TEST(!empty.said.has_deviation());
  auto const none = read("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n");
  BOOST_REQUIRE(none.value);
  BOOST_TEST(none.said.has(note_code::http_no_space_after_status));
}

BOOST_AUTO_TEST_CASE(http_1_0_is_read_and_noted) {
  auto const got = read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->version == "HTTP/1.0");
  BOOST_TEST(got.said.has(note_code::http_version_1_0));
  BOOST_TEST(read("HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n").value.has_value());
}

BOOST_AUTO_TEST_CASE(like_content_lengths_are_noted_whether_in_two_fields_or_in_one) {
  for (auto const* const fields : {"Content-Length: 2\r\nContent-Length: 02\r\n", "Content-Length: 2, 2\r\n"}) {
    auto const got = read("HTTP/1.1 200 OK\r\n" + std::string{fields} + "\r\nhi");
    BOOST_REQUIRE(got.value);
    BOOST_TEST(got.value->body == "hi");
    BOOST_TEST(got.said.has(note_code::http_repeated_content_length));
  }
}

BOOST_AUTO_TEST_CASE(transfer_encoding_wins_over_content_length_and_that_is_noted) {
  auto const got =
      read("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body == "hi");
  BOOST_TEST(*got.said.find(note_code::http_length_and_chunked)->offset == 17u);
}

BOOST_AUTO_TEST_CASE(a_content_encoding_is_left_as_it_is) {
  auto const got = read("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b");
  BOOST_REQUIRE(got.value);
  BOOST_TEST(got.value->body == "\x1f\x8b");
}

BOOST_AUTO_TEST_SUITE_END()
