#include <est/http/redirect.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace est;
using namespace est::http;

BOOST_AUTO_TEST_SUITE(redirections)

namespace {

origin const here{"https", "est.example", 443};

result<std::optional<redirection>> read(std::string_view location,
                                        std::string_view asked = "/.well-known/est/x/cacerts?q", int status = 307) {
  response answer;
  answer.status = status;
  answer.headers.add("Location", std::string{location});
  return read_redirection(answer, here, asked);
}

std::string target_of(std::string_view location) {
  auto const found = read(location);
  BOOST_REQUIRE_MESSAGE(found && *found, location);
  BOOST_TEST((*found)->same_origin, location);
  return (*found)->target;
}

} // namespace

BOOST_AUTO_TEST_CASE(an_origin_is_scheme_host_and_port) {
  BOOST_TEST((make_origin("HTTPS", "EST.example") == here));
  BOOST_TEST((make_origin("https", "est.example:443") == here));
  BOOST_TEST((make_origin("https", "est.example:") == here));
  BOOST_TEST((make_origin("https", "est.example:8443") == origin{"https", "est.example", 8443}));
  BOOST_TEST((make_origin("http", "est.example") == origin{"http", "est.example", 80}));
  BOOST_TEST((make_origin("https", "[2001:DB8::1]") == origin{"https", "[2001:db8::1]", 443}));
  BOOST_TEST((make_origin("https", "[::1]:8443") == origin{"https", "[::1]", 8443}));
  for (std::string_view const none : {"", ":443", "a:0", "a:65536", "a:x", "a:-1", "user@a", "[::1", "[::1]8443", "a b",
                                      "a\\b", "a:99999999999999999999999"})
    BOOST_TEST(!make_origin("https", none), none);
  BOOST_TEST(to_text(here) == "https://est.example");
  BOOST_TEST(to_text(origin{"https", "[::1]", 8443}) == "https://[::1]:8443");
}

// RFC 3986 section 5.2
BOOST_AUTO_TEST_CASE(a_location_is_resolved_against_the_request) {
  BOOST_TEST(target_of("https://est.example/a/b?c=d") == "/a/b?c=d");
  BOOST_TEST(target_of("https://EST.EXAMPLE:443") == "/");
  BOOST_TEST(target_of("https://est.example?q") == "/?q");
  BOOST_TEST(target_of("//est.example/a") == "/a");
  BOOST_TEST(target_of("/a/./b/../c") == "/a/c");
  BOOST_TEST(target_of("/..") == "/");
  BOOST_TEST(target_of("/a/..") == "/");
  BOOST_TEST(target_of("/a/.") == "/a/");
  BOOST_TEST(target_of("simpleenroll") == "/.well-known/est/x/simpleenroll");
  BOOST_TEST(target_of("../y/cacerts") == "/.well-known/est/y/cacerts");
  BOOST_TEST(target_of("../../../../../z") == "/z");
  BOOST_TEST(target_of("?r=/../s") == "/.well-known/est/x/cacerts?r=/../s");
  BOOST_TEST(target_of("#top") == "/.well-known/est/x/cacerts?q");
  BOOST_TEST(target_of("/a#top") == "/a");
  BOOST_TEST(target_of("./a:b") == "/.well-known/est/x/a:b");
}

BOOST_AUTO_TEST_CASE(another_scheme_host_or_port_is_another_origin) {
  for (std::string_view const other : {"http://est.example/a", "https://other.example/a", "https://est.example:8443/a",
                                       "//other.example/a", "https://est.example.evil/a"}) {
    auto const found = read(other);
    BOOST_REQUIRE_MESSAGE(found && *found, other);
    BOOST_TEST(!(*found)->same_origin, other);
    BOOST_TEST((*found)->target == "/a");
  }
  BOOST_TEST((*read("https://other.example:8443/a?b").value()).location() == "https://other.example:8443/a?b");
}

BOOST_AUTO_TEST_CASE(only_five_statuses_redirect) {
  for (int const status : {301, 302, 303, 307, 308}) BOOST_TEST((*read("/a", "/", status)).has_value());
  for (int const status : {200, 201, 300, 304, 305, 306, 309, 401}) BOOST_TEST(!(*read("/a", "/", status)).has_value());
}

BOOST_AUTO_TEST_CASE(a_location_that_cannot_be_read_is_a_failure) {
  for (std::string const none :
       {"https:///a", "https://user:password@est.example/a", "mailto:a@b", "https:a", "/a b", "/a\x7f", "/a\\b",
        "https://est.example:port/", "1http://a/", "://a/", "https://a\xc3\xa4/"}) {
    auto const found = read(none);
    BOOST_REQUIRE_MESSAGE(!found, none);
    BOOST_TEST((found.error().code == errc::malformed_http), none);
    BOOST_TEST(to_text(found.error()).find("password") == std::string::npos);
  }
  BOOST_TEST((read("/" + std::string(3000, 'a')).error().code == errc::too_large));
  response bare;
  bare.status = 302;
  BOOST_TEST((read_redirection(bare, here, "/").error().code == errc::malformed_http));
  bare.headers.add("Location", "/a");
  bare.headers.add("Location", "/b");
  BOOST_TEST((read_redirection(bare, here, "/").error().code == errc::malformed_http));
}

BOOST_AUTO_TEST_CASE(a_location_cut_anywhere_never_gives_a_target_out_of_shape) {
  std::string const whole = "https://est.example:443/a/../b/./c?d#e";
  for (std::size_t n = 0; n <= whole.size(); ++n)
    if (auto const found = read(whole.substr(0, n)); found && *found) {
      BOOST_TEST((*found)->target.front() == '/');
      BOOST_TEST((*found)->target.find("/../") == std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
