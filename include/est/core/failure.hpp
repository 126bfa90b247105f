#pragma once
/// What went wrong, as data: a code to act on, and a place and a sentence to show to a person.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace est {

/// The closed set of failure codes. A caller branches on these and on nothing else.
enum class errc : std::uint8_t {
  // octets and encodings
  truncated,        ///< the input ended before the structure did
  trailing_data,    ///< octets follow the end of the structure
  too_large,        ///< a documented size limit was reached
  too_deep,         ///< a documented nesting limit was reached
  malformed_base64, ///< RFC 4648 section 4
  malformed_ber,    ///< X.690: no well-formed tag, length and value
  not_der,          ///< well-formed BER where DER is demanded
  // HTTP and MIME
  malformed_http,       ///< RFC 9112
  malformed_media_type, ///< RFC 9110 section 8.3.1
  malformed_multipart,  ///< RFC 2046 section 5.1
  unsupported_coding,   ///< a transfer or content coding that is not understood
  // EST bodies
  wrong_media_type, ///< the message has another media type than the operation demands
  wrong_body_form,  ///< PEM, bare DER, HTML, JSON or nothing in place of base64
  missing_part,     ///< a multipart body lacks a part that the operation demands
  // PKI objects
  malformed_csr,
  malformed_csr_attributes, ///< no CsrAttrs, or no template of a CSR: RFC 8951 section 4, RFC 9908 section 3.4
  malformed_certificate,
  malformed_cms,
  malformed_key,
  unsupported_algorithm,
  bad_signature,
  key_mismatch,      ///< a private key and a certificate, or a CSR and a certificate, do not belong together
  no_certificate,    ///< a bag without a single readable certificate
  wrong_transaction, ///< an answer to another request: its transaction identifier or its nonce is another
  malformed_crl,
  certificate_expired,       ///< its validity has ended
  certificate_not_yet_valid, ///< its validity has not begun
  certificate_revoked,       ///< a CRL or the authority says so
  no_trust_anchor,           ///< no path leads to an anchor that is trusted
  wrong_usage,               ///< key usage or extended key usage does not allow it
  constraint_violated,       ///< basic constraints, name constraints or path length (RFC 5280 section 6)
  revocation_unknown,        ///< no revocation list answers for it
  no_recipient,              ///< an enveloped message has no recipient that this end has the key of
  decryption_failed,         ///< one code for whatever went wrong inside, so that it is no oracle
  key_not_encrypted,         ///< a private key came without the encryption beyond TLS that was asked for
  signer_untrusted,          ///< a signature verifies, and its signer leads to no anchor
  // the exchange
  http_status,     ///< the server answered with a status that is no success; the detail says which
  unauthenticated, ///< 401: credentials are missing or were not accepted
  refused,         ///< the authority or a policy hook said no; the detail is fit for the peer
  redirected,      ///< the answer is elsewhere, and it is the caller's to decide whether to go there
  not_offered,     ///< the operation is optional and this server does not offer it (404, 501)
  // the connection
  unreachable,
  tls_failed,
  server_untrusted,
  server_name_mismatch,
  connection_closed,
  timed_out,
  // ourselves
  invalid_argument,
  internal,
};

/// A stable, greppable name: `malformed_base64`.
constexpr std::string_view name(errc code) noexcept {
  switch (code) {
  case errc::truncated: return "truncated";
  case errc::trailing_data: return "trailing_data";
  case errc::too_large: return "too_large";
  case errc::too_deep: return "too_deep";
  case errc::malformed_base64: return "malformed_base64";
  case errc::malformed_ber: return "malformed_ber";
  case errc::not_der: return "not_der";
  case errc::malformed_http: return "malformed_http";
  case errc::malformed_media_type: return "malformed_media_type";
  case errc::malformed_multipart: return "malformed_multipart";
  case errc::unsupported_coding: return "unsupported_coding";
  case errc::wrong_media_type: return "wrong_media_type";
  case errc::wrong_body_form: return "wrong_body_form";
  case errc::missing_part: return "missing_part";
  case errc::malformed_csr: return "malformed_csr";
  case errc::malformed_csr_attributes: return "malformed_csr_attributes";
  case errc::malformed_certificate: return "malformed_certificate";
  case errc::malformed_cms: return "malformed_cms";
  case errc::malformed_key: return "malformed_key";
  case errc::unsupported_algorithm: return "unsupported_algorithm";
  case errc::bad_signature: return "bad_signature";
  case errc::key_mismatch: return "key_mismatch";
  case errc::no_certificate: return "no_certificate";
  case errc::malformed_crl: return "malformed_crl";
  case errc::certificate_expired: return "certificate_expired";
  case errc::certificate_not_yet_valid: return "certificate_not_yet_valid";
  case errc::certificate_revoked: return "certificate_revoked";
  case errc::no_trust_anchor: return "no_trust_anchor";
  case errc::wrong_usage: return "wrong_usage";
  case errc::constraint_violated: return "constraint_violated";
  case errc::revocation_unknown: return "revocation_unknown";
  case errc::no_recipient: return "no_recipient";
  case errc::decryption_failed: return "decryption_failed";
  case errc::key_not_encrypted: return "key_not_encrypted";
  case errc::signer_untrusted: return "signer_untrusted";
  case errc::wrong_transaction: return "wrong_transaction";
  case errc::http_status: return "http_status";
  case errc::unauthenticated: return "unauthenticated";
  case errc::refused: return "refused";
  case errc::redirected: return "redirected";
  case errc::not_offered: return "not_offered";
  case errc::unreachable: return "unreachable";
  case errc::tls_failed: return "tls_failed";
  case errc::server_untrusted: return "server_untrusted";
  case errc::server_name_mismatch: return "server_name_mismatch";
  case errc::connection_closed: return "connection_closed";
  case errc::timed_out: return "timed_out";
  case errc::invalid_argument: return "invalid_argument";
  case errc::internal: return "internal";
  }
  return "unknown";
}

/// One failure.
/// Promises: `where` and `detail` never hold a private key, a password or an Authorization value.
struct failure {
  errc code = errc::internal;
  std::string where;                 ///< the thing that was read: `body.part[1].pkcs8`
  std::string detail;                ///< a sentence for a person: what was wrong, what was expected
  std::optional<std::size_t> offset; ///< octets from the start of `where`, when one place is to blame

  friend bool operator==(failure const&, failure const&) = default;
};

/// `body.part[1].pkcs8: malformed_key at octet 12: version is 7, expected 0 or 1`
inline std::string to_text(failure const& f) {
  std::string text;
  if (!f.where.empty()) text += f.where + ": ";
  text += name(f.code);
  if (f.offset) text += " at octet " + std::to_string(*f.offset);
  if (!f.detail.empty()) text += ": " + f.detail;
  return text;
}

} // namespace est
