// The A.4 request of RFC 7030, as octets to be sent again.
#include "../vectors.hpp"

#include <est/http/reader.hpp>
#include <est/http/writer.hpp>

#include <boost/test/unit_test.hpp>

using namespace est;
using est::test::read_vector;

BOOST_AUTO_TEST_SUITE(rfc7030)

BOOST_AUTO_TEST_CASE(the_a4_request_is_read_without_a_note_and_written_as_it_was) {
  auto const octets = read_vector("rfc7030/a4-serverkeygen-request.http");
  notes said;
  http::message_layout layout;
  auto const q = http::parse_request(octets, &said, {}, &layout);
  BOOST_REQUIRE(q);
  BOOST_TEST(said.empty());
  BOOST_TEST(q->method == "POST");
  BOOST_TEST(q->target == "/.well-known/est/serverkeygen");
  BOOST_TEST(*q->headers.find("content-type") == "application/pkcs10");
  BOOST_TEST(*q->headers.find("expect") == "100-continue");
  BOOST_TEST(q->body == read_vector("rfc7030/a4-serverkeygen-request.b64"));
  BOOST_TEST(layout.body + 963 == octets.size());
  BOOST_TEST(http::encode(*q) == octets);
}

BOOST_AUTO_TEST_CASE(the_stated_963_octets_are_what_lf_lines_give) {
  auto const body = read_vector("rfc7030/a4-serverkeygen-request.b64");
  auto const lines = static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n'));
  BOOST_TEST(body.size() == 963u);
  BOOST_TEST(body.find('\r') == std::string::npos);
  BOOST_TEST(body.size() + lines == 978u); // with CRLF
  BOOST_TEST(body.size() - lines == 948u); // in one line
}

BOOST_AUTO_TEST_SUITE_END()
