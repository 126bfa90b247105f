// Redirections, HTTP/1.0, Expect, labels and addresses: what happens between a call and its answer.
#include "scripted.hpp"

#include <est/client/redirect.hpp>

#include <string>

using namespace est;
using namespace est::test;

namespace {

http::response redirect(int status, std::string location, bool closing = false) {
  http::fields headers{{"Location", std::move(location)}};
  if (closing) headers.add("Connection", "close");
  return status_answer(status, std::move(headers));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(exchanges, scripted_fixture)

// RFC 7030 section 3.2.1
BOOST_AUTO_TEST_CASE(a_redirection_within_the_origin_is_followed) {
  for (int const status : {301, 302, 303, 307, 308})
    for (std::string const location :
         {"/.well-known/est/ca/cacerts", "https://EST.example:443/.well-known/est/ca/cacerts"}) {
      server.asked.clear();
      server.answers = {redirect(status, location), cacerts_answer()};
      auto client = make();
      auto const reply = client.cacerts();
      BOOST_REQUIRE_MESSAGE(reply, why(reply));
      BOOST_REQUIRE(server.asked.size() == 2u);
      BOOST_TEST(server.asked[1].target == "/.well-known/est/ca/cacerts");
      BOOST_TEST(server.asked[1].method == "GET");
      BOOST_TEST(client.transport().connections() == 1u);
      BOOST_TEST(!client.redirected());
    }
}

// RFC 9110 section 15.4: only 303 changes a method
BOOST_AUTO_TEST_CASE(a_post_keeps_its_method_and_its_body) {
  for (int const status : {301, 302, 307, 308}) {
    server.asked.clear();
    server.answers = {redirect(status, "/est/simpleenroll"), issued_answer(device().csr)};
    auto client = make();
    auto const reply = client.simple_enroll(device().csr);
    BOOST_REQUIRE_MESSAGE(reply, why(reply));
    BOOST_TEST(server.asked.at(1).method == "POST");
    BOOST_TEST(server.asked.at(1).body == server.asked.at(0).body);
    BOOST_TEST(server.asked.at(1).headers.find("Content-Type").value() == "application/pkcs10");
  }
}

BOOST_AUTO_TEST_CASE(a_post_that_is_to_become_a_get_is_the_callers_business) {
  server.answers = {redirect(303, "/elsewhere")};
  auto client = make();
  auto const reply = client.simple_enroll(device().csr);
  BOOST_REQUIRE(!reply);
  BOOST_TEST((reply.error().code == errc::redirected));
  BOOST_REQUIRE(client.redirected());
  BOOST_TEST(client.redirected()->status == 303);
  BOOST_TEST(client.redirected()->same_origin);
}

BOOST_AUTO_TEST_CASE(another_origin_is_never_asked_and_told_as_a_value) {
  for (std::string const location : {"https://other.example:8443/est/simpleenroll", "http://est.example/x",
                                     "https://est.example:8443/x", "//other.example/x"}) {
    server.asked.clear();
    server.answers = {redirect(307, location)};
    auto client = make(with_password());
    auto const reply = client.simple_enroll(device().csr);
    BOOST_REQUIRE(!reply);
    BOOST_TEST((reply.error().code == errc::redirected));
    BOOST_TEST(server.asked.size() == 1u);
    BOOST_REQUIRE(client.redirected());
    BOOST_TEST(!client.redirected()->same_origin);
    BOOST_TEST(reply.error().detail.find(client.redirected()->location()) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(redirections_are_counted) {
  for (std::size_t const most : {std::size_t{0}, std::size_t{2}}) {
    server.asked.clear();
    server.answers = {redirect(302, "/a"), redirect(302, "/b"), redirect(302, "/a")};
    client_options options;
    options.redirections = most;
    auto client = make(std::move(options));
    auto const reply = client.cacerts();
    BOOST_REQUIRE(!reply);
    BOOST_TEST((reply.error().code == errc::redirected));
    BOOST_TEST(server.asked.size() == most + 1);
    BOOST_TEST(client.redirected()->same_origin);
  }
}

BOOST_AUTO_TEST_CASE(a_redirection_without_a_readable_location_is_a_status) {
  for (std::string const location : {"", "https:///a", "mailto:a"}) {
    server.answers = {location.empty() ? status_answer(302) : redirect(302, location)};
    auto client = make();
    auto const reply = client.cacerts();
    BOOST_REQUIRE(!reply);
    BOOST_TEST((reply.error().code == errc::http_status), location);
    BOOST_TEST(!client.redirected());
  }
}

BOOST_AUTO_TEST_CASE(the_next_call_forgets_a_redirection_and_its_target) {
  server.answers = {redirect(307, "https://other.example/x"), cacerts_answer()};
  auto client = make();
  BOOST_TEST(!client.cacerts());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(!client.redirected());
  BOOST_TEST(server.asked.at(1).target == "/.well-known/est/cacerts");
}

BOOST_AUTO_TEST_CASE(credentials_are_made_anew_for_the_new_target) {
  std::string const challenge = "Digest realm=\"est\", qop=\"auth\", nonce=\"n\", algorithm=SHA-256";
  server.answers = {unauthorized_answer({challenge}), redirect(308, "/moved/simpleenroll"),
                    issued_answer(device().csr)};
  auto client = make(with_password());
  auto const reply = client.simple_enroll(device().csr);
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_TEST(authorization(1).find("uri=\"/.well-known/est/simpleenroll\"") != std::string::npos);
  BOOST_TEST(authorization(2).find("uri=\"/moved/simpleenroll\"") != std::string::npos);
  BOOST_TEST(authorization(2).find("nc=00000002") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(basic_credentials_are_not_carried_along) {
  server.answers = {unauthorized_answer({"Basic realm=\"est\""}), redirect(308, "/moved"), cacerts_answer()};
  auto client = make(with_password());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(!authorization(1).empty());
  BOOST_TEST(authorization(2).empty());
}

BOOST_AUTO_TEST_CASE(a_request_is_made_anew_where_the_redirection_closes_the_connection) {
  server.answers = {redirect(307, "/moved", true), issued_answer(device().csr)};
  auto client = make();
  int made = 0;
  auto const reply = client.call_bound<op::simple_enroll>([&](http::tls_facts const&) -> result<certification_request> {
    ++made;
    return certification_request{csr_with_password("value " + std::to_string(made))};
  });
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_TEST(made == 2);
  BOOST_TEST(client.transport().connections() == 2u);
  BOOST_TEST(server.asked.at(1).target == "/moved");
  BOOST_TEST(server.asked.at(1).body != server.asked.at(0).body);
}

BOOST_AUTO_TEST_CASE(a_redirection_gives_the_endpoint_of_another_client) {
  http::redirection to{307, {"https", "[2001:db8::1]", 8443}, "/.well-known/est/ca%201/simpleenroll", false};
  auto const there = must(redirected_endpoint(to, "simpleenroll", {"est.example", "ca 1"}));
  BOOST_TEST(there.authority == "[2001:db8::1]:8443");
  BOOST_TEST(there.label == "ca 1");
  BOOST_TEST(target(there, "simpleenroll") == to.target);
  to.to = {"https", "other.example", 443};
  to.target = "/est/simpleenroll";
  auto const other = must(redirected_endpoint(to, "simpleenroll", {"est.example", "ca"}));
  BOOST_TEST((other == endpoint{"other.example", "", "/est"}));
  BOOST_TEST((redirected_endpoint(to, "cacerts", {}).error().code == errc::invalid_argument));
  to.target = "/est/simpleenroll?a=b";
  BOOST_TEST(!redirected_endpoint(to, "simpleenroll", {}));
  to.target = "/simpleenroll";
  BOOST_TEST(target(must(redirected_endpoint(to, "simpleenroll", {})), "simpleenroll") == "/simpleenroll");
  to.to.scheme = "http";
  BOOST_TEST((redirected_endpoint(to, "simpleenroll", {}).error().code == errc::refused));
}

// RFC 9112 section 9.3: an HTTP/1.0 server closes unless it says otherwise
BOOST_AUTO_TEST_CASE(http_1_0_answers_are_read_and_end_their_connection) {
  auto old = cacerts_answer();
  old.version = "HTTP/1.0";
  auto keeping = old;
  keeping.headers.add("Connection", "Keep-Alive");
  server.answers = {keeping, old, cacerts_answer()};
  auto client = make();
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.facts().has_value());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(!client.facts());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.transport().connections() == 2u);
}

BOOST_AUTO_TEST_CASE(a_401_of_http_1_0_is_answered_on_a_new_connection) {
  auto challenge = unauthorized_answer({"Basic realm=\"est\""});
  challenge.version = "HTTP/1.0";
  server.answers = {challenge, cacerts_answer()};
  auto client = make(with_password());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.transport().connections() == 2u);
}

BOOST_AUTO_TEST_CASE(close_is_found_among_the_options_of_a_connection) {
  auto closing = cacerts_answer();
  closing.headers.add("Connection", "x-thing, Close");
  server.answers = {closing};
  auto client = make();
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(!client.facts());
}

BOOST_AUTO_TEST_CASE(a_100_is_expected_with_a_body_where_that_is_asked_for) {
  for (bool const wanted : {false, true}) {
    server.asked.clear();
    server.answers = {cacerts_answer(), issued_answer(device().csr)};
    client_options options;
    options.expect_continue = wanted;
    auto client = make(std::move(options));
    BOOST_TEST(client.cacerts().has_value());
    BOOST_TEST(client.simple_enroll(device().csr).has_value());
    BOOST_TEST(!server.asked.at(0).headers.has("Expect"));
    BOOST_TEST((server.asked.at(1).headers.find("Expect") == "100-continue") == wanted);
  }
}

// RFC 9110 section 10.1.1
BOOST_AUTO_TEST_CASE(a_417_makes_the_client_expect_nothing) {
  for (bool const closing : {false, true}) {
    server.asked.clear();
    auto refusal = status_answer(417);
    if (closing) refusal.headers.add("Connection", "close");
    server.answers = {refusal, issued_answer(device().csr)};
    client_options options;
    options.expect_continue = true;
    auto client = make(std::move(options));
    auto const reply = client.simple_enroll(device().csr);
    BOOST_REQUIRE_MESSAGE(reply, why(reply));
    BOOST_TEST(!server.asked.at(1).headers.has("Expect"));
  }
}

BOOST_AUTO_TEST_CASE(a_417_that_was_not_provoked_is_the_answer) {
  server.answers = {status_answer(417)};
  auto client = make();
  BOOST_TEST((client.simple_enroll(device().csr).error().code == errc::http_status));
}

BOOST_AUTO_TEST_CASE(labels_ports_and_ipv6_addresses_stand_in_the_request) {
  server.answers = {cacerts_answer()};
  auto client = make({}, {"[2001:db8::1]:8443", "ca 1"});
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(server.asked.at(0).headers.find("Host").value() == "[2001:db8::1]:8443");
  BOOST_TEST(server.asked.at(0).target == "/.well-known/est/ca%201/cacerts");
}

// RFC 7030 section 3.2.3: no cookies are assumed; this client has none
BOOST_AUTO_TEST_CASE(a_cookie_is_not_sent_back) {
  auto challenge = unauthorized_answer({"Basic realm=\"est\""});
  challenge.headers.add("Set-Cookie", "a=b");
  server.answers = {challenge, cacerts_answer()};
  auto client = make(with_password());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(!server.asked.at(1).headers.has("Cookie"));
}

BOOST_AUTO_TEST_CASE(the_text_of_an_error_is_bounded_and_readable) {
  auto refusal = status_answer(400, {{"Content-Type", "text/plain"}});
  refusal.body = "The CSR\r\nis \x1b[31m wrong. " + std::string(5000, '.');
  server.answers = {refusal};
  auto client = make();
  auto const reply = client.simple_enroll(device().csr);
  BOOST_REQUIRE(!reply);
  BOOST_TEST(reply.error().detail.size() < 600u);
  BOOST_TEST(reply.error().detail.find("The CSR is [31m wrong.") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
