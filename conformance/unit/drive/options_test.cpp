#include "drive/options.hpp"
#include "drive/socket.hpp"

#include <boost/test/unit_test.hpp>

using namespace est;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(target_urls)

BOOST_AUTO_TEST_CASE(a_url_is_taken_apart) {
  auto const t = parse_target_url("https://est.example:8443/.well-known/est/label/");
  BOOST_REQUIRE(t);
  BOOST_TEST(t->host == "est.example");
  BOOST_TEST(t->port == 8443);
  BOOST_TEST(t->path == "/.well-known/est");
  BOOST_TEST(t->label == "label");
  BOOST_TEST(t->authority() == "est.example:8443");
  BOOST_TEST(t->text() == "https://est.example:8443/.well-known/est/label");
}

BOOST_AUTO_TEST_CASE(scheme_path_and_port_may_be_left_away) {
  for (auto const* text : {"est.example", "https://est.example", "https://est.example/", "HTTPS://est.example:443"}) {
    auto const t = parse_target_url(text);
    BOOST_REQUIRE(t);
    BOOST_TEST(t->host == "est.example");
    BOOST_TEST(t->authority() == "est.example");
    BOOST_TEST(t->path == "/.well-known/est");
    BOOST_TEST(t->label.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_stands_in_brackets) {
  auto const t = parse_target_url("https://[::1]:8443");
  BOOST_REQUIRE(t);
  BOOST_TEST(t->host == "::1");
  BOOST_TEST(t->authority() == "[::1]:8443");
  BOOST_TEST(!parse_target_url("https://::1"));
  BOOST_TEST(!parse_target_url("https://[::1"));
  BOOST_TEST(!parse_target_url("https://[::1]8443"));
}

BOOST_AUTO_TEST_CASE(another_path_is_kept) {
  auto const t = parse_target_url("https://est.example/pki/est/");
  BOOST_REQUIRE(t);
  BOOST_TEST(t->path == "/pki/est");
  BOOST_TEST(t->label.empty());
}

BOOST_AUTO_TEST_CASE(a_label_is_percent_decoded_and_encoded_again) {
  auto const t = parse_target_url("https://est.example/.well-known/est/my%20ca");
  BOOST_REQUIRE(t);
  BOOST_TEST(t->label == "my ca");
  BOOST_TEST(t->text() == "https://est.example/.well-known/est/my%20ca");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_target_is_refused_and_no_password_is_repeated) {
  for (auto const* text : {"", "https://", "http://est.example", "ftp://est.example", "https://user:secret@est.example",
                           "https://h:0", "https://h:65536", "https://h:12x", "https://h:",
                           "https://h/.well-known/est/cacerts", "https://h/.well-known/est/label/simpleenroll",
                           "https://h/?a=b", "https://h#f", "https://h x", "https://h/.well-known/est/%zz"}) {
    auto const t = parse_target_url(text);
    BOOST_TEST(!t, text);
    if (t) continue;
    BOOST_TEST(name(t.error().code) == name(errc::invalid_argument));
    BOOST_TEST(t.error().detail.find("secret") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(an_address_override_reads_as_curl_writes_it) {
  auto const o = parse_address_override("est.example:8443:192.0.2.1");
  BOOST_REQUIRE(o);
  BOOST_TEST(o->host == "est.example");
  BOOST_TEST(o->port == 8443);
  BOOST_TEST(o->address == "192.0.2.1");
  auto const six = parse_address_override("est.example:443:[2001:db8::1]");
  BOOST_REQUIRE(six);
  BOOST_TEST(six->address == "2001:db8::1");
  for (auto const* text :
       {"", "a", "a:1", "a:b:192.0.2.1", "a:1:name", ":1:192.0.2.1", "a:0:192.0.2.1", "a:70000:192.0.2.1"})
    BOOST_TEST(!parse_address_override(text), text);
}

BOOST_AUTO_TEST_CASE(credentials_are_not_sent_to_a_server_that_is_not_verified) {
  run_options o;
  BOOST_TEST(o.may_send_credentials());
  o.insecure = true;
  BOOST_TEST(!o.may_send_credentials());
  o.insecure_credentials = true;
  BOOST_TEST(o.may_send_credentials());
}

BOOST_AUTO_TEST_SUITE_END()
