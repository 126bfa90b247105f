#include "tls_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::test;

namespace {

SSL_SESSION* kept_session = nullptr;

int keep_session(SSL*, SSL_SESSION* session) {
  if (kept_session != nullptr) SSL_SESSION_free(kept_session);
  kept_session = session;
  return 1;
}

} // namespace

BOOST_AUTO_TEST_SUITE(openssl_facts)

BOOST_AUTO_TEST_CASE(both_ends_see_the_same_binding_in_full_and_in_resumed_handshakes) {
  server_identity const who;
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto const at_server = server_context(who, version);
    auto const at_client = client_context();
    SSL_CTX_set_session_cache_mode(at_client.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(at_client.get(), keep_session);
    bytes first_exporter;
    for (bool const resumed : {false, true}) {
      memory_connection const connection{at_client.get(), at_server.get(), resumed ? kept_session : nullptr};
      BOOST_REQUIRE(connection.done());
      auto const client = transport::facts_of(connection.client.get());
      auto const server = transport::facts_of(connection.server.get());
      BOOST_TEST(client.resumed == resumed);
      BOOST_TEST(server.resumed == resumed);
      BOOST_TEST(client.extended_master_secret);
      BOOST_TEST((client.version == server.version));
      BOOST_TEST((client.tls_unique == server.tls_unique));
      BOOST_TEST((client.tls_exporter == server.tls_exporter));
      BOOST_TEST((client.client_finished == server.client_finished));
      BOOST_REQUIRE(client.tls_exporter);
      BOOST_TEST(client.tls_exporter->size() == 32u);
      BOOST_TEST((first_exporter != *client.tls_exporter));
      first_exporter = *client.tls_exporter;
      BOOST_TEST(client.tls_unique.has_value() == (version == TLS1_2_VERSION));
      if (client.tls_unique) {
        BOOST_TEST(client.tls_unique->size() == 12u);
        // RFC 5929 section 3.1: the server's Finished comes first in an abbreviated handshake.
        BOOST_TEST((*client.tls_unique == *client.client_finished) == !resumed);
      }
    }
    SSL_SESSION_free(kept_session);
    kept_session = nullptr;
  }
}

BOOST_AUTO_TEST_CASE(the_peer_is_seen_from_each_end) {
  server_identity const who;
  auto const at_server = server_context(who);
  auto const at_client = client_context();
  memory_connection const connection{at_client.get(), at_server.get()};
  BOOST_REQUIRE(connection.done());
  auto const client = transport::facts_of(connection.client.get());
  auto const server = transport::facts_of(connection.server.get());
  BOOST_REQUIRE(client.peer_certificates.size() == 1u);
  BOOST_TEST((client.peer_certificates[0] == who.certificate.der()));
  BOOST_TEST(client.peer_verified);
  BOOST_TEST(server.peer_certificates.empty());
  BOOST_TEST(!server.peer_verified);
  BOOST_TEST(server.server_name == "localhost");
  BOOST_TEST(client.cipher_suite.substr(0, 4) == "TLS_");
}

BOOST_AUTO_TEST_CASE(a_client_s_chain_is_seen_at_the_server_the_leaf_first) {
  server_identity const who;
  auto const client_certificate =
      root().issue(device().key.public_key_info(), "device", {pki::make_extended_key_usage({pki::oids::client_auth})},
                   server_identity::shift());
  auto const at_server = server_context(who);
  SSL_CTX_set_verify(at_server.get(), SSL_VERIFY_PEER, nullptr);
  BOOST_REQUIRE(transport::trust_anchors(at_server.get(), pem(root_of_today())).has_value());
  auto const at_client = client_context();
  auto const used =
      transport::use_pem_identity(at_client.get(), pem(client_certificate) + pem(root_of_today()), pem(device().key));
  BOOST_REQUIRE_MESSAGE(used, why(used));
  memory_connection const connection{at_client.get(), at_server.get()};
  BOOST_REQUIRE(connection.done());
  auto const server = transport::facts_of(connection.server.get());
  BOOST_REQUIRE(server.peer_certificates.size() == 2u);
  BOOST_TEST((server.peer_certificates[0] == client_certificate.der()));
  BOOST_TEST((server.peer_certificates[1] == root_of_today().der()));
  BOOST_TEST(server.peer_verified);
}

BOOST_AUTO_TEST_CASE(a_chain_to_no_anchor_is_not_verified) {
  server_identity const who;
  auto const at_server = server_context(who);
  ssl_ctx_ptr const at_client{SSL_CTX_new(TLS_client_method())};
  memory_connection const connection{at_client.get(), at_server.get()};
  BOOST_REQUIRE(connection.done());
  auto const client = transport::facts_of(connection.client.get());
  BOOST_TEST(client.peer_certificates.size() == 1u);
  BOOST_TEST(!client.peer_verified);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(openssl_context)

BOOST_AUTO_TEST_CASE(what_cannot_be_used_is_refused_in_words_that_hold_no_secret) {
  ssl_ctx_ptr const context{SSL_CTX_new(TLS_client_method())};
  auto const leaf = pem(root_of_today());
  auto const key = pem(root().key);
  secret_bytes const junk{std::string_view{"canary"}};
  auto const code = [](result<void> const& r) {
    BOOST_REQUIRE(!r);
    BOOST_TEST(to_text(r.error()).find("canary") == std::string::npos);
    return r.error().code;
  };
  BOOST_TEST((code(transport::trust_anchors(context.get(), "canary")) == errc::invalid_argument));
  BOOST_TEST((code(transport::use_pem_identity(context.get(), "canary", key)) == errc::invalid_argument));
  BOOST_TEST((code(transport::use_pem_identity(context.get(), leaf, junk)) == errc::invalid_argument));
  BOOST_TEST((code(transport::use_pem_identity(context.get(), leaf, pem(device().key))) == errc::invalid_argument));
  BOOST_TEST((code(transport::use_pkcs12_identity(context.get(), junk, junk)) == errc::invalid_argument));
  BOOST_TEST((code(transport::allow_versions(context.get(), http::tls_version::tls_1_1)) == errc::invalid_argument));
  BOOST_TEST(transport::use_pem_identity(context.get(), leaf, key).has_value());
  BOOST_TEST(ERR_peek_error() == 0u);
}

BOOST_AUTO_TEST_CASE(an_encrypted_key_opens_with_its_password_alone) {
  // Encrypted by OpenSSL, from the octets of our own key.
  auto const der = root().key.encode();
  auto octets = der.expose();
  unsigned char const* at = octets.data();
  transport::detail::evp_pkey_ptr const key{d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(octets.size()))};
  BOOST_REQUIRE(key);
  transport::detail::bio_ptr const out{BIO_new(BIO_s_mem())};
  unsigned char password[] = "s3cret";
  BOOST_REQUIRE(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(),
                                              reinterpret_cast<char*>(password), 6, nullptr, nullptr) == 1);
  char* text = nullptr;
  auto const size = BIO_get_mem_data(out.get(), &text);
  secret_bytes const encrypted{std::string_view{text, static_cast<std::size_t>(size)}};
  ssl_ctx_ptr const context{SSL_CTX_new(TLS_client_method())};
  secret_bytes const right{std::string_view{"s3cret"}}, wrong{std::string_view{"other"}};
  auto const leaf = pem(root_of_today());
  BOOST_TEST(!transport::use_pem_identity(context.get(), leaf, encrypted));
  BOOST_TEST(!transport::use_pem_identity(context.get(), leaf, encrypted, &wrong));
  BOOST_TEST(transport::use_pem_identity(context.get(), leaf, encrypted, &right).has_value());
}

BOOST_AUTO_TEST_CASE(a_pkcs12_opens_with_its_password_alone) {
  auto const der = root().key.encode();
  auto octets = der.expose();
  unsigned char const* at = octets.data();
  transport::detail::evp_pkey_ptr const key{d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(octets.size()))};
  unsigned char const* leaf_at = root_of_today().der().data();
  transport::detail::x509_ptr const leaf{d2i_X509(nullptr, &leaf_at, static_cast<long>(root_of_today().der().size()))};
  transport::detail::pkcs12_ptr const made{
      PKCS12_create("s3cret", "name", key.get(), leaf.get(), nullptr, 0, 0, 0, 0, 0)};
  BOOST_REQUIRE(made);
  unsigned char* encoded = nullptr;
  int const size = i2d_PKCS12(made.get(), &encoded);
  secret_bytes const pfx{byte_view{encoded, static_cast<std::size_t>(size)}};
  OPENSSL_free(encoded);
  ssl_ctx_ptr const context{SSL_CTX_new(TLS_client_method())};
  BOOST_TEST(!transport::use_pkcs12_identity(context.get(), pfx, secret_bytes{std::string_view{"other"}}));
  BOOST_TEST(transport::use_pkcs12_identity(context.get(), pfx, secret_bytes{std::string_view{"s3cret"}}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
