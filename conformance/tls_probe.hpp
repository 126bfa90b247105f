#pragma once
/// Handshakes that are made to find something out: what was offered, and what the server did. No HTTP belongs to them, but
/// for the one that is sent without TLS.

#include <est/core/bytes.hpp>
#include <est/http/tls_facts.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// Cipher suites that are offered together, and nothing else with them.
enum class suite_family : std::uint8_t {
  ordinary,  ///< with certificates and AES or ChaCha20
  null,      ///< no encryption
  anonymous, ///< DH_anon, ECDH_anon
  exported,  ///< _EXPORT_ in the name
  des,       ///< _DES_ in the name, not _3DES_
  psk,       ///< pre-shared key without a certificate: PSK, DHE_PSK, ECDHE_PSK
  srp,
  rc4,
  triple_des,
  static_rsa, ///< RSA key transport with AES
};

/// `null`, `3des`: as vectors spell it.
std::string_view name(suite_family) noexcept;
std::optional<suite_family> suite_family_named(std::string_view) noexcept;

/// The code points of a family. For TLS 1.3 `ordinary` has suites of its own.
std::span<const std::uint16_t> suites_of(suite_family, http::tls_version = http::tls_version::tls_1_2) noexcept;
bool is_of(suite_family, std::uint16_t suite) noexcept;

/// `0xC018`: IANA's registry has the name.
std::string suite_text(std::uint16_t);

/// The number that stands for a version on the wire: 0x0303.
std::uint16_t wire_number(http::tls_version) noexcept;
http::tls_version version_of_number(std::uint16_t) noexcept;

/// What one probe found.
struct tls_probe {
  enum class kind : std::uint8_t {
    hello,      ///< a ClientHello by hand; the first answer is read, and that is all
    resumption, ///< two handshakes, the second with the session of the first
    clear_http, ///< a GET of /cacerts without TLS
  } what = kind::hello;

  http::tls_version version = http::tls_version::unknown; ///< offered; none higher, and for resumption none lower
  suite_family suites = suite_family::ordinary;           ///< of a hello

  enum class answer : std::uint8_t {
    none,         ///< the time was up, or no connection came about: `trouble` says which
    server_hello, ///< it goes along
    alert,
    closed,
    something_else, ///< what came is no TLS
  } answered = answer::none;
  std::string trouble; ///< in words, for `none`; never secret

  // Of a ServerHello
  http::tls_version chosen_version = http::tls_version::unknown;
  std::uint16_t chosen_suite = 0;
  bool renegotiation_info = false;     ///< RFC 5746
  bool extended_master_secret = false; ///< RFC 7627
  std::uint8_t alert = 0;              ///< its description: 70 is protocol_version

  std::optional<bool> resumed; ///< of a resumption whose first handshake was done
  std::string clear_octets;    ///< what came without TLS, its first 64 KiB
};

/// `TLS 1.0 hello, ordinary suites`
std::string question_in_words(tls_probe const&);
/// `alert 70 (protocol_version)`
std::string answer_in_words(tls_probe const&);

/// `protocol_version`; empty for one that has no name here.
std::string_view alert_name(std::uint8_t) noexcept;

/// Whose certificate a client shows.
enum class client_identity : std::uint8_t {
  own,     ///< the user's
  foreign, ///< of a CA that was made for the run, which nobody can trust
  expired, ///< of the server's CA, as are the rest
  not_yet_valid,
  for_servers, ///< its extended key usage is that of servers alone
  revoked,
};

std::string_view name(client_identity) noexcept;
std::optional<client_identity> client_identity_named(std::string_view) noexcept;

} // namespace est::conformance
