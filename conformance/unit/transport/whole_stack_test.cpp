// Client and server over TLS and cpp-httplib: what only shows when all of them meet.
#include "tls_fixture.hpp"

#include <est/client/client.hpp>
#include <est/http/writer.hpp>
#include <est/server/digest.hpp>
#include <est/server/memory_ca.hpp>
#include <est/server/server.hpp>
#include <est/transport/httplib_client.hpp>
#include <est/transport/httplib_server.hpp>
#include <est/transport/recording.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>

using namespace est;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(whole_stack)

namespace {

bool has_ipv6() {
  int const socket = ::socket(AF_INET6, SOCK_STREAM, 0);
  if (socket < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  bool const bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return bound;
}

boost::test_tools::assertion_result ipv6_is_there(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result there{has_ipv6()};
  there.message() << "this machine has no IPv6 loopback";
  return there;
}

/// An EST server over TLS at an address of this machine, for Digest and Basic, with one label.
struct served {
  memory_ca ca = must(memory_ca::make({}, {std::chrono::system_clock::now(), rng()}));
  server_options options;
  std::unique_ptr<transport::httplib_server> running;

  explicit served(std::string const& host, bool basic = false) {
    if (basic) {
      password_table users;
      users.add("user", secret_bytes{std::string_view{"secret"}});
      options.check_password = [users](std::string_view u, byte_view p) { return users.accepts(u, p); };
    } else {
      auto users = std::make_shared<digest_table>("est");
      BOOST_REQUIRE(users->add("user", secret_bytes{std::string_view{"secret"}}));
      digest_policy policy;
      policy.find = digest_table::lookup(users);
      policy.nonces = std::make_shared<http::nonce_maker>(secret_bytes{std::string_view{"0123456789abcdef"}});
      policy.bound_to_connection = true;
      options.digest = std::move(policy);
    }
    options.knows_label = [](std::string_view label) { return label == "ca 1"; };
    auto const key = make_key();
    pki::alternative_names names;
    names.dns = {"localhost"};
    names.ip = {{127, 0, 0, 1}, bytes(16, 0)};
    names.ip.back().back() = 1;
    auto const certificate = root().issue(key.public_key_info(), "server", {pki::make_subject_alternative_name(names)},
                                          server_identity::shift());
    transport::httplib_server_options wire;
    wire.host = host;
    wire.certificate_chain_pem = pem(certificate);
    wire.key_pem = pem(key);
    wire.keep_alive = std::chrono::seconds{1};
    running = must(transport::httplib_server::start(
        [this](http::request const& question, http::tls_facts const& facts) {
          Botan::AutoSeeded_RNG own;
          return server<memory_ca>{ca, options}.handle(question, facts, {std::chrono::system_clock::now(), own});
        },
        std::move(wire)));
  }

  auto client_at(std::string const& host, client_options mine, std::string label = {}) const {
    transport::httplib_client_options wire;
    wire.host = host;
    wire.port = running->port();
    wire.anchors_pem = pem(root_of_today());
    auto const bare = host.find(':') == std::string::npos ? host : "[" + host + "]";
    mine.credentials = http::basic_credentials{"user", secret_bytes{std::string_view{"secret"}}};
    return client{
        transport::recording{must(transport::httplib_client::make(std::move(wire))), transport::recorded_secrets::kept},
        endpoint{bare + ":" + std::to_string(running->port()), std::move(label)}, std::move(mine)};
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(digest_is_done_over_tls_with_a_nonce_of_the_connection) {
  served const at{"127.0.0.1"};
  auto client = at.client_at("127.0.0.1", {});
  auto const reply = client.simple_enroll(device().csr);
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_TEST(std::holds_alternative<issued>(*reply));
  BOOST_TEST(client.simple_enroll(device().csr).has_value());
  auto const& exchanges = client.transport().exchanges();
  BOOST_REQUIRE(exchanges.size() == 3u); // one challenge for both
  BOOST_TEST(must(exchanges[0].answer).status == 401);
  BOOST_TEST(exchanges[2].question.headers.find("Authorization")->find("nc=00000002") != std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_and_a_label_are_served, *boost::unit_test::precondition(ipv6_is_there)) {
  served const at{"::1"};
  auto client = at.client_at("::1", {}, "ca 1");
  auto const reply = client.cacerts();
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  auto const enrolled = client.simple_enroll(device().csr);
  BOOST_REQUIRE_MESSAGE(enrolled, why(enrolled));
  auto const& asked = client.transport().exchanges().back().question;
  BOOST_TEST(asked.headers.find("Host").value() == "[::1]:" + std::to_string(at.running->port()));
  BOOST_TEST(asked.target == "/.well-known/est/ca%201/simpleenroll");
  auto stranger = at.client_at("::1", {}, "unknown");
  auto const refused = stranger.simple_enroll(device().csr);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().detail.find("404") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_100_continue_does_not_disturb) {
  for (bool const basic : {false, true}) {
    served const at{"127.0.0.1", basic};
    client_options mine;
    mine.expect_continue = true;
    auto client = at.client_at("127.0.0.1", std::move(mine));
    auto const reply = client.simple_enroll(device().csr);
    BOOST_REQUIRE_MESSAGE(reply, why(reply));
    BOOST_TEST(client.transport().exchanges().back().question.headers.find("Expect").value_or("") == "100-continue");
  }
}

BOOST_AUTO_TEST_CASE(http_1_0_answers_are_taken_as_long_as_they_keep_the_connection) {
  auto answer = to_http_reply<op::cacerts>({must(pki::make_certs_only({root_of_today()}))});
  answer.version = "HTTP/1.0";
  answer.headers.add("Connection", "keep-alive");
  auto last = answer;
  last.headers.erase("Connection");
  prepared_server const server{server_context(server_identity{}),
                               {{http::encode(answer), http::encode(answer), http::encode(last)}}};
  transport::httplib_client_options wire;
  wire.host = "localhost";
  wire.address = "127.0.0.1";
  wire.port = server.port();
  wire.anchors_pem = pem(root_of_today());
  client est_client{must(transport::httplib_client::make(std::move(wire))),
                    endpoint{"localhost:" + std::to_string(server.port()), ""}};
  BOOST_TEST(est_client.cacerts().has_value());
  BOOST_TEST(est_client.facts().has_value());
  auto const reply = est_client.cacerts();
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_TEST(!est_client.facts());
}

BOOST_AUTO_TEST_SUITE_END()
