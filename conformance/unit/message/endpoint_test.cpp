#include <est/message/endpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;

BOOST_AUTO_TEST_SUITE(endpoints)

BOOST_AUTO_TEST_CASE(the_rfc_s_three_example_paths_are_made) {
  BOOST_TEST(target({"www.example.com", "", "/.well-known/est"}, "cacerts") == "/.well-known/est/cacerts");
  BOOST_TEST(target({"www.example.com", "arbitraryLabel1"}, "cacerts") == "/.well-known/est/arbitraryLabel1/cacerts");
  BOOST_TEST(target({"www.example.com", "arbitraryLabel2"}, "cacerts") == "/.well-known/est/arbitraryLabel2/cacerts");
}

// RFC 7030 section 3.2.2
BOOST_AUTO_TEST_CASE(a_label_with_the_name_of_an_operation_is_refused) {
  for (auto const name : operation_names) {
    auto const made = make_endpoint("est.example", std::string{name});
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().code == errc::invalid_argument));
    BOOST_TEST(made.error().where == "endpoint.label");
  }
  BOOST_TEST(make_endpoint("est.example", "CAcerts").has_value()); // paths are compared as they are
}

BOOST_AUTO_TEST_CASE(what_cannot_stand_in_a_request_is_refused) {
  BOOST_TEST(!make_endpoint(""));
  BOOST_TEST(!make_endpoint("a b"));
  BOOST_TEST(!make_endpoint("user@est.example"));
  BOOST_TEST(!make_endpoint("est.example/x"));
  BOOST_TEST(!make_endpoint("est.example\r\nX: y"));
  BOOST_TEST(!make_endpoint("est.example", "a/b"));
  BOOST_TEST(!make_endpoint("est.example", ".."));
  BOOST_TEST(!make_endpoint("est.example", "a\nb"));
  BOOST_TEST(!make_endpoint("est.example", "", "est"));
  BOOST_TEST(!make_endpoint("est.example", "", "/est?x"));
  BOOST_TEST(make_endpoint("[2001:db8::1]:8443", "ca:1").has_value());
}

BOOST_AUTO_TEST_CASE(a_slash_at_the_end_of_the_path_is_dropped) {
  BOOST_TEST(make_endpoint("est.example", "", "/est/")->path == "/est");
  BOOST_TEST(target({"h", "", "/est/"}, "cacerts") == "/est/cacerts");
  BOOST_TEST(target({"h", "", "/"}, "cacerts") == "/cacerts");
}

BOOST_AUTO_TEST_CASE(what_a_segment_cannot_hold_is_percent_encoded) {
  BOOST_TEST(target({"h", "my label%\xc3\xa4:@"}, "cacerts") == "/.well-known/est/my%20label%25%C3%A4:@/cacerts");
}

BOOST_AUTO_TEST_CASE(a_target_is_read_back) {
  for (std::string const label : {"", "one", "my label", "ca:1", "%", "\xc3\xa4", "a?b#c"}) {
    auto const where = make_endpoint("est.example", label);
    BOOST_REQUIRE(where);
    for (auto const name : operation_names) {
      auto const read = parse_target(target(*where, name), where->path);
      BOOST_REQUIRE_MESSAGE(read, label);
      BOOST_TEST(read->label == label);
      BOOST_TEST(read->operation == name);
    }
  }
}

BOOST_AUTO_TEST_CASE(absolute_form_and_query_are_read_past) {
  auto const read = parse_target("https://est.example:8443/.well-known/est/cacerts?x=/y");
  BOOST_REQUIRE(read);
  BOOST_TEST((*read == route{"", "cacerts"}));
}

BOOST_AUTO_TEST_CASE(what_is_no_path_of_an_operation_is_refused) {
  for (auto const text :
       {"", "*", "cacerts", "/", "/cacerts", "/.well-known/est", "/.well-known/est/", "/.well-known/estcacerts",
        "/.well-known/est//cacerts", "/.well-known/est/a/b/cacerts", "/.well-known/est/cacerts/",
        "/.well-known/est/cacerts/cacerts", "/.well-known/est/%2e%2e/cacerts", "/.well-known/est/%zz/cacerts",
        "/.well-known/est/a%2fb/cacerts", "https://host", "/.well-known/est/a%4/cacerts"}) {
    auto const read = parse_target(text);
    BOOST_TEST(!read, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
