#pragma once
/// Vectors: what to send, as data. A vector contains no code, no level and names no checks.
///
/// The format is described by vectors/schema/vector.schema.json and read by `parse_vector`, which is as strict as that
/// schema: a key that it does not know, a value of the wrong type and a missing field are each an error that says where.

#include "../tls_probe.hpp"

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::conformance {

/// How a CSR is written in a body: the layout of its base64 text, or what is put in its place.
enum class body_layout : std::uint8_t {
  one_line, ///< no line ending at all
  lines_64_lf,
  lines_76_crlf,
  pem, ///< header lines around the base64, against RFC 8951 3
  der, ///< no base64 at all, against RFC 8951 3
};

/// How a CSR is bound to the TLS connection (RFC 7030 3.5).
enum class csr_linking : std::uint8_t {
  none,
  when_asked, ///< as tls_unique where the server's /csrattrs lists challengePassword (tls-exporter on TLS 1.3); else none
  tls_unique, ///< of the connection that carries it, on TLS 1.2; none on TLS 1.3, where it is not defined
  foreign,    ///< twelve random octets: as tls-unique would be of another connection, on any TLS version
};

/// An attribute of a CSR.
struct attribute_template {
  enum class kind : std::uint8_t {
    decrypt_key_identifier,            ///< RFC 7030 4.4.1.1: OCTET STRING
    asymmetric_decrypt_key_identifier, ///< RFC 7030 4.4.1.2: OCTET STRING
    smime_capabilities,                ///< RFC 8551 2.5.2
    subject_alternative_names,         ///< an extensionRequest with the SAN extension: DNS names
    raw,                               ///< any type, its values as DER
  };
  kind what = kind::raw;
  std::size_t random_octets = 0; ///< the two identifiers: so many fresh random octets …
  std::string
      registered; ///< … or that of a key that the server knows: `symmetric`, `transport`, `agreement`, `signing`
  std::vector<std::string> oids;  ///< smime_capabilities
  std::vector<std::string> names; ///< subject_alternative_names
  std::string oid;                ///< raw
  std::vector<bytes> values;      ///< raw
};

/// A CSR that is made when it is sent.
struct csr_template {
  std::string key; ///< `RSA-2048`, `P-256`, …
  std::string
      key_name; ///< CSRs that give one name share one key within a run; empty: a key of its own (RSA: one a run)
  /// Attribute type and value, in order: `CN`, `serialNumber`, `O`, `OU`; empty with `subject_of_client`.
  std::vector<std::pair<std::string, std::string>> subject;
  bool key_of_client = false;     ///< the key of the client certificate, in place of `key`
  bool subject_of_client = false; ///< subject and alternative names of the client certificate, octet by octet
  std::string hash = "SHA-256";
  std::vector<attribute_template> attributes;
  csr_linking bound = csr_linking::when_asked;
  bool broken_signature = false; ///< one bit of the signature is flipped
};

/// A file under vectors/, sent as it is.
struct file_body {
  std::string file;
  bytes octets; ///< filled in by `link_vectors`
};

struct csr_body {
  csr_template csr;
  body_layout layout = body_layout::lines_64_lf;
};

/// A Full PKI Request around a CSR, signed by the CSR's key; user and password are its identity proof.
struct cmc_body {
  csr_template csr;
};

struct text_body {
  std::string text;
};

/// One request. `{authority}`, `{length}` and `{client-certificate}` (base64 of its DER) in a field's value are replaced;
/// nothing else is touched.
struct request_template {
  std::string method;
  std::string operation;      ///< the last segment of the target
  bool without_label = false; ///< the CA label that the target has is left out (RFC 7030 3.2.2)
  bool absolute_form = false; ///< `https://host/…` as the target (RFC 9112 3.2.2)
  std::vector<std::pair<std::string, std::string>> headers;
  std::variant<std::monostate, csr_body, cmc_body, file_body, text_body> body;
  bool credentials = false; ///< send Authorization, and show the client certificate if asked
  /// With credentials: show this one's certificate, and send no Authorization.
  std::optional<client_identity> identity = {};
};

/// A handshake to be made in place of requests.
struct handshake_template {
  tls_probe::kind what = tls_probe::kind::hello;
  http::tls_version version = http::tls_version::unknown; ///< unknown without TLS
  suite_family suites = suite_family::ordinary;
};

/// The one thing in which a vector differs from its control.
struct mutation {
  std::string at;       ///< JSON pointer into the control: `/requests/0/body/csr/signature`
  std::string put_json; ///< the value that stands there instead …
  bool remove = false;  ///< … or nothing: the value is taken out
};

struct vector_definition {
  enum class credential : std::uint8_t { none, any, certificate };

  std::string id;
  std::string title;
  std::vector<std::string> references; ///< `RFC 7030 4.4.1.1`
  std::string operation;               ///< that the server must offer
  credential needs = credential::none;
  http::tls_version tls = http::tls_version::unknown; ///< to be sent over this version; unknown: over any
  std::size_t certificates = 0; ///< that it costs at a server that issues whatever it is asked for
  std::string registered;       ///< the kind of key that the server has to know: as in attribute_template; empty: none
  std::string policy;           ///< that the target's owner has declared, or the vector is not sent; empty: none
  bool approval = false; ///< its last request goes where enrolments wait for approval, and is sent again while it waits
  bool negative = false; ///< a server that follows the RFCs refuses it
  std::string control;   ///< the id of its control; empty if it has none
  std::optional<mutation> difference;
  std::vector<request_template> requests;
  std::optional<handshake_template> handshake = {}; ///< then there are no requests

  std::string file;          ///< where it was read
  std::string requests_json; ///< as read or, with a mutation, as made from the control
};

/// Reads one vector. `file` stands in front of every error.
/// Errors:  invalid_argument; `where` is the file and the JSON pointer of the place.
/// Does NOT promise: that its control and its files exist; `link_vectors` looks after that.
result<vector_definition> parse_vector(std::string_view json, std::string_view file);

/// Reads a list of requests alone: what a mutation has made of a control's.
result<std::vector<request_template>> parse_requests(std::string_view json, std::string_view file);

/// A file under vectors/ that a vector may name.
struct payload_file {
  std::string_view path; ///< relative to vectors/: `rfc7030/a4-serverkeygen-request.http`
  byte_view octets;
};

/// Makes a set of vectors complete: controls are found, mutations applied, files filled in.
/// Errors:  invalid_argument: an id twice, a control that is missing or itself has a mutation, a mutation that points
///          nowhere or changes nothing, a file that is not there, a POST to an issuing operation that claims to cost
///          no certificate.
result<std::vector<vector_definition>> link_vectors(std::vector<vector_definition>,
                                                    std::span<const payload_file> files);

/// The vectors below a folder that is laid out like vectors/: probes/**.json, with payloads from rfc7030/ and payloads/.
/// Errors:  as parse_vector and link_vectors; invalid_argument where a file cannot be read
result<std::vector<vector_definition>> load_vectors(std::string const& directory);

/// The vectors that were built in, and those of a folder beside them: every *.json file below it is a vector. Their controls
/// may be built in; files that they send stand below the folder.
/// Out:     all of them, complete; those of the folder come last
/// Errors:  as parse_vector and link_vectors, with the file's path; invalid_argument where there is no vector, or a file
///          cannot be read
result<std::vector<vector_definition>> add_vectors(std::string const& directory);

/// The vectors that were built in, complete. Empty only if they are broken, which a test rules out;
/// `embedded_vectors_trouble` then says what is wrong.
std::span<const vector_definition> embedded_vectors();
std::optional<failure> const& embedded_vectors_trouble();

vector_definition const* find_vector(std::span<const vector_definition>, std::string_view id);

} // namespace est::conformance
