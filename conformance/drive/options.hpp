#pragma once
/// What a run is told: the target, whom to trust, who we are, and how far we may go.

#include "../record.hpp"

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/tls_facts.hpp>
#include <est/pki/enveloped_data_open.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// Where the server is, taken from the URL that a person types.
struct target_url {
  std::string host;                      ///< a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 443;              ///< of the URL, or 443
  std::string path = "/.well-known/est"; ///< without a slash at its end
  std::string label;                     ///< the CA label of RFC 7030 3.2.2; empty if there is none
  bool port_named = false;               ///< the port stood in the URL

  /// What belongs into a Host field: `est.example`, `est.example:8443`, `[::1]:8443` (port 443 is left out).
  std::string authority() const;
  /// The URL again, normalised: for reports.
  std::string text() const;
};

/// Reads the URL of an EST server.
/// Source:  RFC 7030 3.2.2; RFC 3986 3
/// In:      `https://host[:port][/.well-known/est[/label]]`; without a scheme, https is meant. A path that does not
///          begin with `/.well-known/est` is kept as it is: some servers stand elsewhere.
/// Errors:  invalid_argument: another scheme than https, user information (a password belongs in no command line), a
///          query or fragment, no host, a bad port, the URL of one operation.
result<target_url> parse_target_url(std::string_view url);

/// Who we are. Move-only; nothing of it is ever written to a record but the Authorization field that was sent.
struct credentials {
  std::string user;            ///< of HTTP Basic; may be empty where the password alone counts
  secret_bytes password;       ///< of HTTP Basic
  std::string certificate_pem; ///< the client certificate, its chain after it
  secret_bytes key_pem;        ///< its private key, plain or encrypted
  secret_bytes key_password;   ///< for an encrypted key_pem or pkcs12
  secret_bytes pkcs12;         ///< in place of certificate_pem and key_pem

  bool has_basic() const noexcept { return !user.empty() || !password.empty(); }
  bool has_certificate() const noexcept { return !certificate_pem.empty() || !pkcs12.empty(); }
  bool any() const noexcept { return has_basic() || has_certificate(); }
};

/// Keys that open what a server has encrypted for us (RFC 7030 4.4.2). Move-only; nothing of them is ever written anywhere.
struct opening_keys {
  secret_bytes symmetric;                                 ///< of 16, 24 or 32 octets; empty: not at hand
  std::optional<pki::recipient_key> transport, agreement; ///< RSA; EC. Each with its identifier
};

/// All that `run` is told.
struct run_options {
  target_url target;
  std::string label;               ///< `--label`; where it is empty, the label of the URL counts
  std::vector<std::string> ca_pem; ///< the anchors of `--cacert`, PEM texts; empty: the system's store
  conformance::credentials credentials;
  /// Client certificates that the server has to refuse. `foreign` is made where there is a client certificate at all.
  std::map<client_identity, conformance::credentials> unfit;
  std::optional<http::tls_version> tls; ///< `--tls`: just this version; otherwise TLS 1.2 or 1.3
  std::string server_name;              ///< `--servername`: SNI and the name to compare; empty: the host
  std::vector<std::string> resolve;     ///< `--resolve host:port:address`, as curl has it
  bool read_only = false;               ///< sends nothing that could issue a certificate
  bool insecure = false;                ///< no verification of the server; no credentials are sent then …
  bool insecure_credentials = false;    ///< … unless this says so too
  std::size_t max_certificates = 50;    ///< a hard limit; a request that could go past it is not sent
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds handshake_timeout{5000};
  std::chrono::milliseconds exchange_timeout{10000}; ///< of one request and its whole answer
  /// `--wait`: how long an enrolment that is answered 202 is asked about; 0: not at all
  std::chrono::milliseconds wait{0};
  /// `--approval-label`: where enrolments wait for approval; empty: the label of all others
  std::string approval_label;
  /// Waits for so long; without it the thread sleeps.
  std::function<void(std::chrono::milliseconds)> pause;
  known_identifiers key_identifiers; ///< `--key-id`
  opening_keys open_with;            ///< the keys of those identifiers, as far as they are at hand
  std::vector<std::string> policies; ///< `--policy`: what the owner has declared of the target
  /// Ids of vectors, or beginnings of ids ending in `*`; empty: all. Controls come along.
  std::vector<std::string> select;

  /// Whether credentials may be sent at all.
  bool may_send_credentials() const noexcept { return !insecure || insecure_credentials; }
  std::string const& effective_label() const noexcept { return label.empty() ? target.label : label; }
};

} // namespace est::conformance
