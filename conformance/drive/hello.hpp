#pragma once
/// Handshakes by hand: a ClientHello that offers what no TLS library offers any more, and the first message that answers it.
/// Nothing is completed, and no secret is agreed on.

#include "options.hpp"
#include "socket.hpp"

#include "../tls_probe.hpp"

#include <est/core/bytes.hpp>

#include <string>
#include <string_view>

namespace est::conformance {

/// The record with a ClientHello.
/// Source: RFC 5246 7.4.1.2, RFC 8446 4.1.2; extensions: RFC 6066 3, RFC 8422 5.1, RFC 5246 7.4.1.4.1, RFC 5746 3.2,
///         RFC 7627 5.1, RFC 5054 2.8.1, RFC 8446 4.2.1 and 4.2.8
/// In:     `random`, 96 octets; `server_name`, for SNI, empty for none
std::string make_client_hello(http::tls_version, suite_family, std::string_view server_name, byte_view random);

/// Reads as far as the first handshake message or alert of the answer.
/// Out:    false while octets are missing; `out` is filled in once they are there
bool read_server_hello(std::string_view octets, tls_probe& out);

/// Where the probes go.
struct probe_target {
  std::string host;
  std::uint16_t port = 443;
  std::string server_name; ///< for SNI; empty where it is an address
  std::string authority;   ///< for Host
  std::string cacerts;     ///< the path of /cacerts
  std::vector<address_override> overrides;
  std::chrono::milliseconds connect_timeout{5000}, handshake_timeout{5000};
};

/// Offers that, and reads the answer. Bounded by the time limits; never fails, the probe says what happened.
tls_probe probe_hello(probe_target const&, http::tls_version, suite_family);

/// Asks for /cacerts without TLS, and without credentials.
tls_probe probe_clear_http(probe_target const&);

} // namespace est::conformance
