/// The reference server over TLS: that it starts, serves more than once, and says why it cannot start. What it answers is
/// tried over TLS by the checker's own tests.

#include "fixture.hpp"

#include "deviant/reference_server.hpp"

#include <est/pki/pem.hpp>
#include <est/transport/httplib_server.hpp>

using namespace est;
using namespace est::test;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(the_reference_server)

BOOST_AUTO_TEST_CASE(serves_on_a_port_of_its_own_until_it_is_stopped) {
  auto const one = got(reference_server::start()), other = got(reference_server::start());
  BOOST_TEST(one->port() != other->port());
  BOOST_TEST(one->url() == "https://127.0.0.1:" + std::to_string(one->port()));
  auto const port = one->port();
  one->stop();
  one->stop(); // more than once does no harm
  reference_options again;
  again.port = port;
  BOOST_TEST(got(reference_server::start(std::move(again)))->port() == port);
}

BOOST_AUTO_TEST_CASE(hands_out_a_certificate_of_its_ca_and_the_key) {
  auto const server = got(reference_server::start());
  auto const root = got(pki::parse_certificates_pem(server->ca_pem()));
  auto const chain = got(pki::parse_certificates_pem(server->client_certificate_pem()));
  BOOST_TEST(root.size() == 1u);
  BOOST_TEST(chain.size() == 2u);
  BOOST_TEST(chain[0].verifies_under(chain[1]));
  BOOST_TEST(chain[1].verifies_under(root[0]));
  auto const key = server->client_key_pem();
  auto const block = pki::next_pem_block(as_text(key.expose()));
  BOOST_REQUIRE(block.has_value());
  auto const der = got(decode_base64<secret_bytes>(block->base64));
  BOOST_TEST(got(pki::parse_private_key(der.expose())).belongs_to(chain[0]));
}

BOOST_AUTO_TEST_CASE(says_why_it_cannot_start) {
  auto const running = got(reference_server::start());
  reference_options same_port;
  same_port.port = running->port();
  BOOST_TEST((trouble_of(reference_server::start(std::move(same_port))).code == errc::unreachable));
  auto const handler = [](http::request const&, http::tls_facts const&) { return http::response{}; };
  auto const refuse = [&](std::string certificate, secret_bytes key, std::string anchors) {
    transport::httplib_server_options options;
    options.certificate_chain_pem = std::move(certificate);
    options.key_pem = std::move(key);
    options.client_anchors_pem = std::move(anchors);
    return trouble_of(transport::httplib_server::start(handler, std::move(options)));
  };
  auto const own = got(running->authority().make_server()), other = got(running->authority().make_server());
  BOOST_TEST(refuse("", own.key.duplicate(), "").where == "server.certificate");
  BOOST_TEST(refuse("nonsense", own.key.duplicate(), "").where == "server.certificate");
  BOOST_TEST(refuse(own.certificate, secret_bytes{}, "").where == "server.key");
  BOOST_TEST(refuse(own.certificate, own.key.duplicate(), "nonsense").where == "server.client_anchors");
  BOOST_TEST((refuse(own.certificate, other.key.duplicate(), "").code == errc::invalid_argument));
  transport::httplib_server_options nowhere;
  nowhere.host = "192.0.2.1"; // no address of this machine
  nowhere.certificate_chain_pem = own.certificate;
  nowhere.key_pem = own.key.duplicate();
  BOOST_TEST((trouble_of(transport::httplib_server::start(handler, std::move(nowhere))).code == errc::unreachable));
}

BOOST_AUTO_TEST_SUITE_END()
