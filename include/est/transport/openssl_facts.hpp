#pragma once
/// What OpenSSL knows of a TLS connection, as `http::tls_facts`: for every transport that has an `SSL*`, at either end.
/// Sources: RFC 5929 section 3 (tls-unique), RFC 9266 (tls-exporter), RFC 7627 (extended master secret)

#include <est/core/bytes.hpp>
#include <est/http/tls_facts.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace est::transport {

namespace detail {

/// Some of OpenSSL's getters take no const pointer, though they change nothing.
inline SSL* mutable_ssl(SSL const* ssl) noexcept { return const_cast<SSL*>(ssl); }

template <auto Free> struct openssl_delete {
  template <class T> void operator()(T* p) const noexcept { Free(p); }
};
using x509_ptr = std::unique_ptr<X509, openssl_delete<X509_free>>;

inline std::optional<bytes> finished_of(SSL const* ssl, bool of_peer) {
  bytes value(EVP_MAX_MD_SIZE);
  const std::size_t size = of_peer ? SSL_get_peer_finished(ssl, value.data(), value.size())
                                   : SSL_get_finished(ssl, value.data(), value.size());
  if (size == 0 || size > value.size()) return std::nullopt;
  value.resize(size);
  return value;
}

} // namespace detail

inline http::tls_version version_of(SSL const* ssl) noexcept {
  switch (SSL_version(ssl)) {
  case TLS1_VERSION: return http::tls_version::tls_1_0;
  case TLS1_1_VERSION: return http::tls_version::tls_1_1;
  case TLS1_2_VERSION: return http::tls_version::tls_1_2;
  case TLS1_3_VERSION: return http::tls_version::tls_1_3;
  default: return http::tls_version::unknown;
  }
}

/// RFC 7627. On TLS 1.3 always so: its key schedule covers the whole transcript (RFC 8446 appendix D).
inline bool extended_master_secret(SSL const* ssl) noexcept {
  return SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(detail::mutable_ssl(ssl)) == 1;
}

/// The Finished of the client's side of the last handshake, seen from either end.
inline std::optional<bytes> client_finished(SSL const* ssl) {
  return detail::finished_of(ssl, SSL_is_server(ssl) == 1);
}

/// tls-unique: the first Finished of the handshake. That is the client's in a full handshake and the server's in an
/// abbreviated one.
/// Source:  RFC 5929 section 3.1
/// Out:     none on TLS 1.3, for which it is not defined (RFC 8446 appendix C.5)
inline std::optional<bytes> tls_unique(SSL const* ssl) {
  if (SSL_version(ssl) >= TLS1_3_VERSION) return std::nullopt;
  bool const client_was_first = SSL_session_reused(ssl) == 0;
  bool const we_are_client = SSL_is_server(ssl) == 0;
  return detail::finished_of(ssl, client_was_first != we_are_client);
}

/// tls-exporter: 32 octets exported under `EXPORTER-Channel-Binding` with an empty context that is present.
/// Source:  RFC 9266 sections 2 and 4.2
/// Out:     none on TLS 1.2 without extended master secret, where the value would not be unique to the connection
/// Notes:   on TLS 1.2 OpenSSL gives nothing while the handshake's last callback is running: ask after the handshake
inline std::optional<bytes> tls_exporter(SSL const* ssl) {
  static constexpr char label[] = "EXPORTER-Channel-Binding";
  static constexpr unsigned char no_context[] = {0};
  if (!extended_master_secret(ssl)) return std::nullopt;
  bytes value(32);
  if (SSL_export_keying_material(detail::mutable_ssl(ssl), value.data(), value.size(), label, sizeof label - 1,
                                 no_context, 0, 1) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return value;
}

/// The DER of one certificate; empty if OpenSSL cannot encode it.
inline bytes der_of(X509* certificate) {
  int const size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  bytes der(static_cast<std::size_t>(size));
  unsigned char* out = der.data();
  if (i2d_X509(certificate, &out) != size) return {};
  return der;
}

/// The peer's certificates as it sent them, the end-entity certificate first.
/// Notes:   a resumed session remembers the end-entity certificate alone
inline std::vector<bytes> peer_certificates(SSL const* ssl) {
  std::vector<bytes> list;
  const detail::x509_ptr leaf{SSL_get1_peer_certificate(ssl)};
  if (!leaf) return list;
  list.push_back(der_of(leaf.get()));
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl); // with the leaf at a client, without it at a server
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    auto der = der_of(sk_X509_value(chain, i));
    if (i == 0 && der == list.front()) continue;
    list.push_back(std::move(der));
  }
  return list;
}

/// The facts of a connection whose handshake is done.
/// Promises: `peer_verified` is true only if the peer showed a certificate and OpenSSL verified it against the anchors of
///           this connection's context, with every check that its verify parameters ask for.
/// Does NOT promise: that a name was compared, unless the verify parameters hold one.
inline http::tls_facts facts_of(SSL const* ssl) {
  http::tls_facts facts;
  facts.version = version_of(ssl);
  if (auto const* cipher = SSL_get_current_cipher(ssl)) {
    auto const* standard = SSL_CIPHER_standard_name(cipher);
    facts.cipher_suite = standard != nullptr ? standard : SSL_CIPHER_get_name(cipher);
  }
  facts.resumed = SSL_session_reused(ssl) == 1;
  facts.extended_master_secret = extended_master_secret(ssl);
  facts.tls_unique = tls_unique(ssl);
  facts.tls_exporter = tls_exporter(ssl);
  facts.client_finished = client_finished(ssl);
  facts.peer_certificates = peer_certificates(ssl);
  facts.peer_verified = !facts.peer_certificates.empty() && SSL_get_verify_result(ssl) == X509_V_OK;
  if (auto const* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) facts.server_name = name;
  return facts;
}

/// Takes the oldest error off OpenSSL's queue, empties the queue, and says it in words; `otherwise` if there is none.
inline std::string take_openssl_error(std::string otherwise) {
  unsigned long const code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return otherwise;
  if (auto const* reason = ERR_reason_error_string(code)) return reason;
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

} // namespace est::transport
