#pragma once
/// What OpenSSL says of a TLS connection that failed, in words that tell a person what to do.

#include <est/core/failure.hpp>

#include <openssl/x509.h>

#include <cstdint>
#include <string>

namespace est::conformance {

/// All that is known when a handshake has failed.
struct handshake_trouble {
  std::string first_octets;       ///< of what the peer sent
  bool ended = false;             ///< the peer closed
  bool reset = false;             ///< the peer reset the connection
  bool certificate_asked = false; ///< the server asked for a client certificate
  bool certificate_shown = false;
  long verify_result = X509_V_OK; ///< of OpenSSL's verification of the server's chain
  std::string verify_subject;     ///< of the certificate that was found wanting
  unsigned long error = 0;        ///< the first of OpenSSL's error queue
  std::uint16_t port = 0;
  bool explicit_anchors = false; ///< --cacert was given
};

/// Errors told apart: malformed_http (plain HTTP on the port), server_untrusted, tls_failed, connection_closed.
failure explain_handshake(handshake_trouble const&);

/// The error is an alert that the peer sent.
bool is_alert(unsigned long error);

/// The same for an error after the handshake: on TLS 1.3 a server refuses a client certificate only then.
std::string explain_alert(unsigned long error, bool certificate_asked, bool certificate_shown);

/// `CN=est.example,O=Example`; for a person.
std::string subject_in_words(X509* certificate);

} // namespace est::conformance
