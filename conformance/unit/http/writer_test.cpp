#include <est/http/reader.hpp>
#include <est/http/status.hpp>
#include <est/http/writer.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::http;

BOOST_AUTO_TEST_SUITE(writer)

BOOST_AUTO_TEST_CASE(a_request_is_written_with_the_length_of_its_content) {
  const request q{"POST", "/x", "HTTP/1.1", {{"Host", "a"}}, "MA=="};
  BOOST_TEST(encode(q) == "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nMA==");
}

BOOST_AUTO_TEST_CASE(content_length_is_added_only_where_it_is_called_for) {
  BOOST_TEST(encode(request{}).find("Content-Length") == std::string::npos);
  BOOST_TEST(encode(request{"POST", "/", "HTTP/1.1", {}, ""}).find("Content-Length: 0") != std::string::npos);
  BOOST_TEST(encode(response{}).find("Content-Length: 0") != std::string::npos);
  response none;
  for (int const status : {101, 204, 304}) {
    none.status = status;
    BOOST_TEST(encode(none).find("Content-Length") == std::string::npos);
  }
  response own;
  own.headers.add("content-length", "7");
  BOOST_TEST(encode(own).find("Content-Length") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_answer_to_head_states_the_length_and_has_no_content) {
  response r;
  r.reason = "OK";
  r.body = "four";
  auto const octets = encode(r, "HEAD");
  BOOST_TEST(octets == "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  BOOST_TEST(parse_response(octets, "HEAD").has_value());
}

BOOST_AUTO_TEST_CASE(a_parsed_message_is_written_and_read_as_itself) {
  for (auto const* const octets :
       {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "HTTP/1.0 404 \r\nContent-Length: 0\r\nA: \r\n\r\n",
        "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: "
        "u\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"}) {
    auto const first = parse_response(octets, "GET");
    BOOST_REQUIRE(first);
    auto const again = parse_response(encode(*first), "GET");
    BOOST_REQUIRE(again);
    BOOST_TEST((*first == *again), octets);
  }
  auto const q = parse_request("PUT /a?b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
  BOOST_REQUIRE(q);
  BOOST_TEST((*parse_request(encode(*q)) == *q));
}

BOOST_AUTO_TEST_CASE(a_long_chunk_is_written_with_its_size_in_hexadecimal) {
  response r;
  r.headers.add("Transfer-Encoding", "chunked");
  r.body = std::string(0x12ab, 'x');
  BOOST_TEST(encode(r).find("\r\n\r\n12ab\r\nxxx") != std::string::npos);
  BOOST_TEST(parse_response(encode(r), "GET")->body == r.body);
}

BOOST_AUTO_TEST_CASE(no_value_can_add_a_line) {
  const request q{"GET\r\nA: b",
                  "/a b\r\nEvil: 1",
                  "HTTP/1.1\r\nEvil: 2",
                  {{"X", "y\r\nEvil: 3\r\n\r\n"}, {"Evil: 4\r\nZ", "z"}, {"", "e"}},
                  ""};
  auto const read = parse_request(encode(q));
  BOOST_REQUIRE(read);
  BOOST_TEST(!read->headers.has("evil"));
  BOOST_TEST(read->headers.size() == 1u);
  BOOST_TEST(read->target == "/a%20b%0d%0aEvil:%201");
  response r;
  r.status = 200;
  r.reason = "OK\r\nEvil: 1";
  auto const answer = parse_response(encode(r), "GET");
  BOOST_REQUIRE(answer);
  BOOST_TEST(!answer->headers.has("evil"));
}

BOOST_AUTO_TEST_CASE(reason_phrases_are_those_of_the_registry) {
  BOOST_TEST(reason_phrase(200) == "OK");
  BOOST_TEST(reason_phrase(202) == "Accepted");
  BOOST_TEST(reason_phrase(401) == "Unauthorized");
  BOOST_TEST(reason_phrase(501) == "Not Implemented");
  BOOST_TEST(reason_phrase(299).empty());
}

BOOST_AUTO_TEST_SUITE_END()
