#pragma once
/// What is known of the TLS connection that carries an exchange: filled by a transport, read by client, server and checks.

#include <est/core/bytes.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::http {

enum class tls_version : std::uint8_t { unknown, tls_1_0, tls_1_1, tls_1_2, tls_1_3 };

constexpr std::string_view name(tls_version v) noexcept {
  switch (v) {
  case tls_version::tls_1_0: return "TLS 1.0";
  case tls_version::tls_1_1: return "TLS 1.1";
  case tls_version::tls_1_2: return "TLS 1.2";
  case tls_version::tls_1_3: return "TLS 1.3";
  case tls_version::unknown: break;
  }
  return "TLS version unknown";
}

/// Facts of one connection, as one of its ends sees them.
struct tls_facts {
  tls_version version = tls_version::unknown;
  std::string cipher_suite;            ///< the IANA or OpenSSL name; empty if not known
  bool resumed = false;                ///< an abbreviated handshake
  bool extended_master_secret = false; ///< RFC 7627; always so on TLS 1.3

  /// tls-unique, RFC 5929 section 3: the first Finished of the handshake. Never on TLS 1.3, where it is not defined.
  std::optional<bytes> tls_unique;
  /// tls-exporter, RFC 9266: 32 octets.
  std::optional<bytes> tls_exporter;
  /// The client's Finished of this handshake whatever the TLS version: what libest sends on TLS 1.3.
  std::optional<bytes> client_finished;

  /// The peer's certificates as DER, the end-entity certificate first; empty if the peer showed none.
  std::vector<bytes> peer_certificates;
  /// The peer's chain leads to an anchor that this end was given for the purpose.
  bool peer_verified = false;
  /// The name that the client asked for (SNI); empty if none.
  std::string server_name;
};

} // namespace est::http
