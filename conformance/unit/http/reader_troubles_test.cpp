// What the reader refuses, with the code, the place and the sentence; its limits; and truncation.
#include <est/http/reader.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::http;

BOOST_AUTO_TEST_SUITE(reader_troubles)

namespace {

failure refused(std::string_view octets, read_limits limits = {}, std::string_view method = "GET") {
  auto const r = parse_response(octets, method, nullptr, limits);
  BOOST_REQUIRE_MESSAGE(!r, "was read: " << octets);
  return r.error();
}

bool says(failure const& f, std::string_view what) { return f.detail.find(what) != std::string::npos; }

std::string with_field(std::string const& field) { return "HTTP/1.1 200 OK\r\nA: b\r\n" + field + "\r\n\r\nxxxxx"; }

std::string chunked(std::string const& body) { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body; }

} // namespace

BOOST_AUTO_TEST_CASE(unlike_negative_and_junk_content_lengths_are_refused_where_they_stand) {
  for (auto const* const field :
       {"Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5, 6", "Content-Length: -5", "Content-Length: +5",
        "Content-Length: 5 5", "Content-Length: 0x5", "Content-Length: 5.0", "Content-Length:", "Content-Length: ,",
        "Content-Length: five"}) {
    auto const f = refused(with_field(field));
    BOOST_TEST((f.code == errc::malformed_http), field);
    BOOST_TEST(says(f, "Content-Length"), field);
    BOOST_TEST(f.offset.value() == 23u, field);
  }
}

BOOST_AUTO_TEST_CASE(a_content_length_that_cannot_be_counted_or_held_is_too_large) {
  BOOST_TEST((refused(with_field("Content-Length: 99999999999999999999999999")).code == errc::too_large));
  BOOST_TEST((refused(with_field("Content-Length: 16777217")).code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(transfer_codings_other_than_chunked_are_refused) {
  for (auto const* const coding :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "chunked;q=1", "xchunked"}) {
    auto const f = refused(with_field("Transfer-Encoding: " + std::string{coding}));
    BOOST_TEST((f.code == errc::unsupported_coding), coding);
    BOOST_TEST(f.offset.value() == 23u);
  }
}

BOOST_AUTO_TEST_CASE(a_transfer_encoding_of_base64_is_refused_and_the_erratum_named) {
  auto const f = refused(with_field("Transfer-Encoding: Base64"));
  BOOST_TEST((f.code == errc::unsupported_coding));
  BOOST_TEST(says(f, "EID 5904"));
  BOOST_TEST(says(f, "RFC 8951"));
}

BOOST_AUTO_TEST_CASE(chunk_sizes_with_a_sign_a_prefix_or_nothing_are_refused) {
  for (auto const* const size : {"-1", "+1", "0x1", "", " 1", "g", "1_0", ";a=b"})
    BOOST_TEST((refused(chunked(std::string{size} + "\r\nx\r\n0\r\n\r\n")).code == errc::malformed_http), size);
}

BOOST_AUTO_TEST_CASE(a_chunk_size_that_overflows_or_passes_the_limit_is_too_large) {
  BOOST_TEST((refused(chunked("ffffffffffffffffff\r\nx")).code == errc::too_large));
  BOOST_TEST((refused(chunked("ffffffffffffffff\r\nx")).code == errc::too_large));
  BOOST_TEST((refused(chunked("1000001\r\nx")).code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(a_chunk_that_is_longer_than_its_size_is_refused) {
  BOOST_TEST(says(refused(chunked("2\r\nabc\r\n0\r\n\r\n")), "longer than its size"));
  BOOST_TEST(says(refused(chunked("2\r\nabcdefgh\r\n0\r\n\r\n")), "longer than its size"));
}

BOOST_AUTO_TEST_CASE(what_is_no_http_is_named) {
  const std::pair<std::string, char const*> foreign[] = {
      {std::string{"\x15\x03\x01\x00\x02\x02\x28", 7}, "TLS alert"},
      {std::string{"\x16\x03\x03\x00\x7a\x02", 6}, "TLS record"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "SSH"},
      {"<!DOCTYPE html><html></html>", "HTML"},
      {"{\"error\": 1}", "JSON"},
      {"-----BEGIN CERTIFICATE-----\n", "PEM"},
      {"220 mail.example ESMTP\r\n", "SMTP or FTP"},
      {"+OK ready\r\n", "mail"},
      {"GET / HTTP/1.1\r\n\r\n", "request"},
      {std::string{"\x00\x00\x12\x04\x00\x00\x00\x00\x00", 9}, "HTTP/2"},
      {"http/1.1 200 OK\r\n\r\n", "capitals"},
      {"garbage", "does not begin"},
      {"MIIB", "does not begin"},
      {"X", "does not begin"}};
  for (auto const& [octets, what] : foreign) {
    auto const f = refused(octets);
    BOOST_TEST((f.code == errc::malformed_http), what);
    BOOST_TEST(says(f, what), f.detail);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_http_is_known_after_five_octets_and_without_a_line_end) {
  response_reader reader{"GET"};
  BOOST_TEST(reader.feed("SSH-").has_value());
  BOOST_TEST(!reader.feed("2").has_value());
  BOOST_TEST(!reader.feed("HTTP/1.1 200 OK\r\n\r\n").has_value());
  BOOST_TEST(!reader.finish(stream_end::orderly).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_named) {
  auto const f = parse_request(std::string_view{"\x16\x03\x01\x02\x00\x01", 6});
  BOOST_REQUIRE(!f);
  BOOST_TEST(says(f.error(), "TLS record"));
  auto const response = parse_request("HTTP/1.1 200 OK\r\n\r\n");
  BOOST_REQUIRE(!response);
  BOOST_TEST(says(response.error(), "response came where a request was due"));
  for (auto const* const line : {"GET /", "GET  / HTTP/1.1", "GET / x HTTP/1.1", "G(T / HTTP/1.1", "GET / HTTP/1.1 ",
                                 "GET / http/1.1", "GET HTTP/1.1", "GET /\x01 HTTP/1.1", "GET / HTTP/2.0"})
    BOOST_TEST(!parse_request(std::string{line} + "\r\n\r\n").has_value(), line);
}

BOOST_AUTO_TEST_CASE(malformed_status_lines_are_refused) {
  for (auto const* const line :
       {"HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 Low", "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK",
        "HTTP/11 200 OK", "HTTP/1.1 +20 OK", "HTTP/1.1", "HTTP/2.0 200 OK", "HTTP/1.1 200\tOK"})
    BOOST_TEST((refused(std::string{line} + "\r\n\r\n").code == errc::malformed_http), line);
  BOOST_TEST(says(refused("HTTP/2.0 200 OK\r\n\r\n"), "major version"));
}

BOOST_AUTO_TEST_CASE(a_nul_in_a_header_line_is_refused) {
  BOOST_TEST(refused(std::string{"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27}).offset.value() == 21u);
}

BOOST_AUTO_TEST_CASE(each_limit_is_kept) {
  read_limits limits;
  limits.start_line = 20;
  limits.header_octets = 60;
  limits.header_fields = 3;
  limits.body_octets = 4;
  limits.chunks = 2;
  limits.interim_responses = 1;
  auto const too_large = [&](std::string const& octets) {
    auto const f = refused(octets, limits);
    BOOST_TEST((f.code == errc::too_large), octets);
  };
  too_large("HTTP/1.1 200 " + std::string(100, 'x'));
  too_large("HTTP/1.1 200 OK\r\nA: " + std::string(100, 'x'));
  too_large("HTTP/1.1 200 OK\r\n" + std::string("A: 012345678901234\r\n") +
            "B: 012345678901234\r\nC: 0123456789012345\r\n\r\n");
  too_large("HTTP/1.1 200 OK\r\nA:b\r\nA:b\r\nA:b\r\nA:b\r\n\r\n");
  too_large("HTTP/1.1 200 OK\r\n\r\n12345");
  too_large("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345");
  too_large(chunked("5\r\n12345\r\n0\r\n\r\n"));
  too_large(chunked("3\r\n123\r\n2\r\n45\r\n0\r\n\r\n"));
  too_large(chunked("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"));
  too_large(chunked("1;2345678901234567890123\r\n"));
  too_large(chunked("0\r\nA:b\r\nA:b\r\nA:b\r\nA:b\r\n\r\n"));
  too_large("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n");
  too_large(std::string(100, '\n'));
  limits.start_line = 200;
  too_large(chunked("1;" + std::string(70, 'e') + "\r\na\r\n1;" + std::string(70, 'e') + "\r\nb\r\n0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(truncation_at_every_octet_is_told_from_a_whole_message) {
  const std::string whole[] = {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n12345",
                               "\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                               "chunked\r\n\r\n3;a\r\nabc\r\n0\r\nT: x\r\n\r\n",
                               "HTTP/1.1 401 \r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"};
  for (auto const& octets : whole) {
    BOOST_TEST(parse_response(octets, "GET").has_value());
    for (std::size_t n = 0; n < octets.size(); ++n) {
      for (auto const end : {stream_end::orderly, stream_end::cut}) {
        response_reader reader{"GET"};
        BOOST_REQUIRE(reader.feed(octets.substr(0, n)));
        BOOST_TEST(!reader.done());
        auto const r = reader.finish(end);
        BOOST_REQUIRE(!r);
        BOOST_TEST((r.error().code == errc::truncated));
        BOOST_TEST(r.error().offset.value() == n);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_truncated_request_is_told) {
  std::string const octets = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab";
  for (std::size_t n = 0; n < octets.size(); ++n) {
    auto const q = parse_request(octets.substr(0, n));
    BOOST_REQUIRE(!q);
    BOOST_TEST((q.error().code == errc::truncated));
  }
}

BOOST_AUTO_TEST_CASE(a_truncation_says_how_much_came) {
  BOOST_TEST(says(refused("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "3 of 10 octets"));
  BOOST_TEST(says(refused(""), "before any octet"));
  BOOST_TEST(says(refused("HTTP/1.1 100 Continue\r\n\r\n"), "after an interim response"));
  BOOST_TEST(says(refused("HTTP/1.1 200 OK\r\nA: b\r\n"), "header block"));
  BOOST_TEST(says(refused(chunked("3\r\nab")), "last chunk"));
  BOOST_TEST(says(refused(chunked("0\r\nA: b\r\n")), "trailer"));
}

BOOST_AUTO_TEST_CASE(no_failure_quotes_a_field_value_or_a_body) {
  for (std::string const& octets :
       {with_field("Authorization: Basic c2VjcmV0\r\nContent-Length: c2VjcmV0"),
        with_field("Cookie: c2VjcmV0\r\nTransfer-Encoding: c2VjcmV0"), chunked("c2VjcmV0!\r\n"),
        std::string{"c2VjcmV0"}, std::string{"HTTP/1.1 c2VjcmV0\r\n"}, chunked("1\r\nc2VjcmV0\r\n")})
    BOOST_TEST(to_text(refused(octets)).find("c2VjcmV0") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
