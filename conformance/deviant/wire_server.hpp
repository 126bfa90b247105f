#pragma once
/// The reference server over TLS with its switches thrown: what a finished answer's octets, or TLS itself, show. OpenSSL
/// carries it, by hand, because cpp-httplib writes neither octets as they are given to it nor TLS as it should not be.

#include "deviants.hpp"
#include "reference_server.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// A ClientHello that is answered with a ServerHello whatever OpenSSL can do: the handshake goes no further.
struct feigned_hello {
  std::uint16_t version = 0;          ///< of both hellos: 0x0301, 0x0303
  std::vector<std::uint16_t> suites;  ///< the ClientHello offers these alone, and its first is chosen; empty: any
  bool renegotiation_info = true;     ///< RFC 5746 3.6
  bool extended_master_secret = true; ///< RFC 7627 5.1; both only where the ClientHello has them
  std::uint16_t answered = 0;         ///< the version of the ServerHello, where it is another
};

/// What the server does otherwise in TLS. All off: TLS 1.2 and 1.3, tickets, and certificates of clients asked for and
/// verified.
struct wire_behaviour {
  std::optional<http::tls_version> lowest = {};  ///< this version too, against RFC 8996 where it is below 1.2
  std::optional<http::tls_version> highest = {}; ///< and no later version
  std::vector<feigned_hello> feigned = {};       ///< the first that fits answers
  bool no_extended_master_secret = false;        ///< against RFC 7627 5.1
  bool anonymous_only = false;                   ///< TLS 1.2 with DH_anon and ECDH_anon, against RFC 7030 3.3
  bool never_resume = false;                     ///< lawful, against RFC 7030 3.3 (SHOULD)
  bool never_ask_for_certificate = false;        ///< no CertificateRequest, against RFC 7030 3.3.2
  bool believe_foreign_certificates = false;     ///< against RFC 7030 3.3.2: a client certificate of any CA will do
  bool overlook_end_of_validity = false;         ///< likewise one that has expired
  bool overlook_begin_of_validity = false;       ///< likewise one that is not valid yet
  bool overlook_usage = false;                   ///< likewise one for servers
  bool cut_off_bad_certificates = false;         ///< lawful: what does not verify ends the handshake
  bool no_names_in_request = false;              ///< lawful: the CertificateRequest names no CA
  bool serve_in_clear = false;                   ///< plain HTTP on the same port, against RFC 7030 3.3
  bool ask_in_clear = false;                     ///< plain HTTP is answered with 401, against RFC 7030 3.2.3
  bool redirect_in_clear = false;                ///< lawful: plain HTTP is sent to https
  enum class certificate : std::uint8_t {
    own,
    of_another_host,        ///< against RFC 7030 3.6.1
    of_long_serial,         ///< against RFC 5280 4.1.2.2
    extension_twice,        ///< against RFC 5280 4.2
    signs_without_being_ca, ///< against RFC 5280 4.2.1.9
  } shown = certificate::own;
};

/// How a wire server is started.
struct wire_options {
  reference_options reference = {}; ///< its `port`, `tls` and `client_certificates` count here too
  deviant const* deviation = nullptr;
};

/// The server on 127.0.0.1. Everything of it may be called from several threads.
/// Promises: it serves once `start` has returned; `stop` ends every connection and returns soon.
class wire_server {
public:
  /// Errors: unreachable where the port is taken; internal where OpenSSL refuses; otherwise what the toolkit says
  static result<std::unique_ptr<wire_server>> start(wire_options = {});
  ~wire_server();
  wire_server(wire_server const&) = delete;
  wire_server& operator=(wire_server const&) = delete;

  std::uint16_t port() const noexcept;
  std::string url() const; ///< `https://127.0.0.1:8443`

  reference_authority& authority() noexcept;
  /// A client certificate of the CA and its key, made for tests.
  pem_identity const& client() const noexcept;

  void stop();

private:
  struct state;
  explicit wire_server(std::unique_ptr<state>);
  std::unique_ptr<state> state_;
};

} // namespace est::conformance
