#include "catalogue/captures.hpp"

#include "../vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

#include <stdlib.h>
#include <unistd.h>

using namespace est;
using namespace est::conformance;
using est::test::read_vector;

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(captures)

namespace {

/// A folder that goes when the test does.
struct folder {
  folder() {
    std::string pattern = (fs::temp_directory_path() / "est-captures-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  void put(std::string const& name, std::string_view text) const {
    std::ofstream out{path / name, std::ios::binary};
    out << text;
  }
  fs::path path;
};

std::string cacerts_answer(std::string_view date = {}) {
  return "HTTP/1.1 200 OK\r\n" + (date.empty() ? "" : "Date: " + std::string{date} + "\r\n") +
         "Content-Type: application/pkcs7-mime\r\n\r\n" + read_vector("rfc7030/a1-cacerts-response.b64");
}

constexpr auto cacerts_request = "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: a\r\n\r\n";

} // namespace

BOOST_AUTO_TEST_CASE(a_folder_gives_its_pairs_in_order_and_names_what_it_ignores) {
  folder const f;
  f.put("2-b.resp", cacerts_answer());
  f.put("1-a.req", cacerts_request);
  f.put("1-a.resp", cacerts_answer());
  f.put("summary.txt", "x");
  f.put("stray.json", "{}");
  fs::create_directory(f.path / "deeper");
  auto const set = load_captures(f.path, std::nullopt);
  BOOST_REQUIRE(set.has_value());
  BOOST_REQUIRE(set->records.size() == 2u);
  BOOST_TEST(set->records[0].id == "1-a");
  BOOST_TEST(set->records[0].exchanges[0].request.has_value());
  BOOST_TEST(set->records[1].id == "2-b");
  BOOST_TEST(!set->records[1].exchanges[0].request.has_value());
  BOOST_TEST(set->ignored.size() == 3u);
  BOOST_TEST(set->remarks.size() == 1u);
  BOOST_TEST(set->target.ca_certificates.size() == 4u);
  BOOST_TEST(!set->target.live);
}

BOOST_AUTO_TEST_CASE(the_time_is_that_of_the_call_then_of_the_json_then_of_the_answer) {
  folder const f;
  f.put("a.req", cacerts_request);
  f.put("a.resp", cacerts_answer("Tue, 24 Nov 2026 07:00:00 GMT"));
  auto const time = [&](std::optional<time_point> at) {
    return load_captures(f.path, at)->records[0].exchanges[0].time;
  };
  BOOST_TEST((time(std::nullopt) == *parse_instant("2026-11-24T07:00:00Z")));
  f.put("a.json", R"({"time": "2026-11-25T07:00:00Z", "tls": "1.2", "client_certificate": true})");
  BOOST_TEST((time(std::nullopt) == *parse_instant("2026-11-25T07:00:00Z")));
  BOOST_TEST((time(parse_instant("2013-05-10").value()) == *parse_instant("2013-05-10")));
  auto const set = load_captures(f.path, std::nullopt);
  auto const& e = set->records[0].exchanges[0];
  BOOST_REQUIRE(e.tls.has_value());
  BOOST_TEST((e.tls->version == http::tls_version::tls_1_2));
  BOOST_TEST((e.client_certificate_shown == true));
}

BOOST_AUTO_TEST_CASE(without_any_time_there_is_none) {
  folder const f;
  f.put("a.resp", cacerts_answer());
  BOOST_TEST(!load_captures(f.path, std::nullopt)->records[0].exchanges[0].time.has_value());
}

BOOST_AUTO_TEST_CASE(a_json_file_with_anything_else_in_it_is_refused) {
  folder const f;
  f.put("a.resp", cacerts_answer());
  for (auto const* text : {"", "[]", R"({"tls": 1.2})", R"({"tls": "1.4"})", R"({"client_certificate": 1})",
                           R"({"time": "yesterday"})", R"({"Time": "2026-11-24"})"}) {
    f.put("a.json", text);
    auto const set = load_captures(f.path, std::nullopt);
    BOOST_TEST(!set.has_value(), text);
    if (!set) BOOST_TEST((set.error().code == errc::invalid_argument));
  }
}

BOOST_AUTO_TEST_CASE(one_half_brings_the_other_and_a_stem_brings_both) {
  folder const f;
  f.put("a.req", cacerts_request);
  f.put("a.resp", cacerts_answer());
  for (auto const* name : {"a.req", "a.resp", "a"}) {
    auto const set = load_captures(f.path / name, std::nullopt);
    BOOST_REQUIRE_MESSAGE(set.has_value(), name);
    BOOST_REQUIRE(set->records.size() == 1u);
    BOOST_TEST(set->records[0].exchanges[0].request.has_value(), name);
    BOOST_TEST(set->records[0].exchanges[0].response.has_value(), name);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_exchange_is_refused) {
  folder const f;
  f.put("x.txt", "hello");
  f.put("empty", "");
  BOOST_TEST(!load_captures(f.path, std::nullopt).has_value());
  BOOST_TEST(!load_captures(f.path / "x.txt", std::nullopt).has_value());
  BOOST_TEST(!load_captures(f.path / "empty", std::nullopt).has_value());
  BOOST_TEST(!load_captures(f.path / "missing", std::nullopt).has_value());
  BOOST_TEST(!load_captures(f.path / "missing.resp", std::nullopt).has_value());
}

BOOST_AUTO_TEST_CASE(a_printed_example_gives_its_exchange_and_says_what_is_wrong_with_it) {
  folder const f;
  f.put("seed.txt", read_vector("rfc7030/seed-as-received.txt"));
  auto const set = load_captures(f.path / "seed.txt", std::nullopt);
  BOOST_REQUIRE(set.has_value());
  BOOST_REQUIRE(set->records.size() == 1u);
  BOOST_TEST(set->records[0].exchanges[0].request.has_value());
  BOOST_TEST(set->records[0].exchanges[0].response.has_value());
  BOOST_TEST(set->remarks.size() >= 3u);
}

BOOST_AUTO_TEST_CASE(times_are_read_as_people_write_them) {
  auto const seconds = [](std::string_view text) -> long long {
    auto const t = parse_instant(text);
    if (!t) return -1;
    return std::chrono::duration_cast<std::chrono::seconds>(t->time_since_epoch()).count();
  };
  BOOST_TEST(seconds("1970-01-01") == 0);
  BOOST_TEST(seconds("@86400") == 86400);
  BOOST_TEST(seconds("2026-11-24T07:00:00Z") == 1795503600);
  BOOST_TEST(seconds("2026-11-24 07:00") == 1795503600);
  BOOST_TEST(seconds("2026-11-24T08:00:00+01:00") == 1795503600);
  BOOST_TEST(seconds("2026-11-24T01:30:00-0530") == 1795503600);
  for (auto const* text : {"", "now", "2026", "2026-13-01", "2026-02-30", "2026-11-24T", "2026-11-24T25:00", "@", "@x",
                           "2026-11-24T07:00:00+99:00", "2026-11-24T07:00:00Zx", "@99999999999999999999", "1969-12-31"})
    BOOST_TEST(seconds(text) == -1, text);
}

BOOST_AUTO_TEST_SUITE_END()
