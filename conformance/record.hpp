#pragma once
/// What was seen: exchanges as raw octets, and the records that vectors and captures leave behind.
///
/// A record holds everything a check may look at. A check never touches the wire and never asks where a record came from:
/// a live server, a folder of captures and the RFC's own examples are judged alike.

#include "tls_probe.hpp"

#include <est/core/bytes.hpp>
#include <est/core/notes.hpp>
#include <est/http/tls_facts.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

using time_point = std::chrono::system_clock::time_point;

/// How a connection stood when the last octet had been read.
enum class connection_end : std::uint8_t {
  unknown,      ///< not recorded: a capture
  open,         ///< the answer was whole; the connection was still up
  close_notify, ///< the peer ended TLS in good order
  closed,       ///< the peer closed TCP without close_notify
  reset,        ///< the peer reset the connection
  timed_out,    ///< the peer fell silent
  tls_error,    ///< the peer sent a TLS alert or broke TLS
};

/// What the holder of the key found in the envelope of a generated key (RFC 7030 4.4.2). Of the key in it nothing is kept but
/// its public half.
struct opened_envelope {
  std::string closed; ///< why it did not open; empty: it did
  std::string holds;  ///< what is in it where that is no SignedData around something; empty: it is one
  enum class signature : std::uint8_t {
    good,   ///< verified under a certificate that the signer names
    none,   ///< nobody signed
    broken, ///< there is that certificate, and the signature does not hold under it
    unknown ///< it cannot be said: no certificate at hand, or an algorithm that is not known here
  } sealed = signature::unknown;
  std::string signature_trouble; ///< why, unless it is good
  std::string signer;            ///< the subject of who signed, where that is known
  std::string content_type;      ///< of what is signed, dotted
  bytes public_key_info;         ///< of the one key in it; empty: it could not be read …
  std::string key_trouble;       ///< … for this reason
};

/// One request and what came back, as octets.
struct exchange {
  std::string name;                    ///< unique within a run: `13-enroll`, `serverkeygen.plain/1`
  std::optional<std::string> request;  ///< the octets that were sent; none where only the answer was recorded
  std::optional<std::string> response; ///< the octets that came, interim answers included; none if nothing came
  connection_end end = connection_end::unknown;
  std::string complaint;              ///< what the connection had to say when no whole answer came; never secret
  std::optional<http::tls_facts> tls; ///< none where it was not recorded
  std::optional<bool> client_certificate_shown;
  std::optional<bool> client_certificate_asked;      ///< there was a CertificateRequest in the handshake
  std::optional<std::size_t> authorities_named = {}; ///< how many names that has; none without a CertificateRequest
  std::optional<client_identity> identity = {};      ///< whose certificate was at hand, and no other credential
  std::optional<tls_probe> probe = {};               ///< a handshake that was made to find something out: no HTTP then
  std::optional<time_point> time;                    ///< when the exchange took place, or the time given with --at
  std::optional<opened_envelope> opened = {};        ///< where whoever drove had the key for it
};

/// What a vector, or one exchange of a capture, left behind.
struct record {
  std::string id;                  ///< the vector's id, or the exchange's name in a capture
  std::string title;               ///< one line for a person
  std::vector<exchange> exchanges; ///< in order; the last one carries the question, earlier ones lead up to it
  /// The record of the same request without the one mutation; none where there is no control.
  std::shared_ptr<const record> control;
  /// After a negative vector: did the server still answer? None where nobody asked.
  std::optional<bool> alive;
};

/// Identifiers of keys that the server knows, for the protection of the keys that it generates (RFC 7030 4.4.1); empty: none.
struct known_identifiers {
  bytes symmetric; ///< of a secret key
  bytes transport; ///< of a public key for key transport (RSA)
  bytes agreement; ///< of a public key for key agreement (EC)
  bytes signing;   ///< of a certificate for signatures alone, which nothing may be encrypted for

  /// In: the name of a member, as options and vectors have it
  bytes const& of(std::string_view kind) const noexcept {
    return kind == "symmetric"   ? symmetric
           : kind == "transport" ? transport
           : kind == "agreement" ? agreement
                                 : signing;
  }
};

/// Facts gathered before a record: what the checks may know besides it.
struct target_facts {
  std::string name;                   ///< the URL without user information, or the path of the captures
  std::string host;                   ///< for the comparison with certificates; empty offline
  std::vector<bytes> ca_certificates; ///< the DER of the /cacerts bag, if there was one
  std::vector<bytes> trusted;         ///< the DER of the anchors that the user named with --cacert
  known_identifiers key_identifiers;
  bytes client_certificate; ///< the DER of the certificate that was at hand, shown or not; empty if none
  bool live = false;        ///< false for captures and documents
};

} // namespace est::conformance
