#pragma once
/// An exchange decoded, once, for all checks: each layer as far as it can be read, and what was noted on the way.

#include "record.hpp"

#include <est/core/failure.hpp>
#include <est/core/notes.hpp>
#include <est/http/message.hpp>
#include <est/http/reader.hpp>
#include <est/message/full_cmc.hpp>
#include <est/mime/body.hpp>
#include <est/mime/media_type.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/enveloped_data.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

enum class operation : std::uint8_t {
  unknown,
  cacerts,
  simpleenroll,
  simplereenroll,
  fullcmc,
  serverkeygen,
  csrattrs,
};

std::string_view name(operation) noexcept;

/// The operation of that path segment, spelled exactly so; unknown if there is none.
operation operation_named(std::string_view segment) noexcept;

/// One part of a serverkeygen answer. The key octets themselves are not kept: only what is said of them is.
struct part_reading {
  std::optional<mime::media_type> type;
  http::fields headers;
  std::size_t offset = 0;      ///< of the part's body, in octets from the start of the response's octets
  bool offset_is_exact = true; ///< false: chunks could not be followed, the offset is that of the whole body
  std::size_t size = 0;        ///< octets of the part's body as sent
  mime::body_form form = mime::body_form::empty; ///< how the body is written: base64, PEM, bare DER …
  std::optional<failure> trouble;                ///< why it could not be decoded as what its media type says
  notes remarks;

  enum class content : std::uint8_t {
    unknown,
    private_key,           ///< PrivateKeyInfo or OneAsymmetricKey
    encrypted_private_key, ///< EncryptedPrivateKeyInfo (PKCS#8 with a password)
    pkcs1_key,             ///< a bare RSAPrivateKey
    sec1_key,              ///< a bare ECPrivateKey
    certs_only,
    enveloped_data,
    auth_enveloped_data, ///< RFC 5083
    encrypted_data,
    signed_data, ///< SignedData that is not certs-only
  } holds = content::unknown;

  std::size_t decoded_size = 0; ///< octets under the base64 (or PEM); 0 if it could not be decoded
  bytes public_key_info; ///< of the private key, when it can be read (PKCS#1 and SEC1 as well, and what was opened)
  std::optional<pki::certs_only> certificates; ///< when `holds` is certs_only
  std::optional<pki::enveloped_data> envelope; ///< of an encrypted key, closed as it came

  /// A private key that anybody who sees the answer can use.
  bool is_clear_key() const noexcept {
    return holds == content::private_key || holds == content::pkcs1_key || holds == content::sec1_key;
  }
  /// A private key in whatever wrapping.
  bool is_key() const noexcept {
    return is_clear_key() || holds == content::encrypted_private_key || is_envelope() ||
           holds == content::encrypted_data;
  }
  bool is_envelope() const noexcept {
    return holds == content::enveloped_data || holds == content::auth_enveloped_data;
  }
};

/// `a bare PKCS#1 RSAPrivateKey`
std::string_view describe(part_reading::content) noexcept;

/// What is read of one exchange. Everything that could not be read says why, and nothing is guessed.
struct reading {
  // The question
  operation op = operation::unknown; ///< from the request's path; without a request from an unambiguous media type
  bool has_request = false;
  bool well_known = false;    ///< the path begins with /.well-known/est/
  bool has_query = false;     ///< the target has a query
  bool absolute_form = false; ///< the target is a whole URI
  std::string label;
  std::optional<http::request> request; ///< without Authorization and cookies, which are not kept
  std::optional<failure> request_trouble;
  http::message_layout request_layout;
  std::optional<mime::media_type> request_type;
  mime::body_form request_form = mime::body_form::empty;
  std::optional<pki::csr>
      csr;                    ///< of an enrolment request, read even where the signature is broken, and from PEM or DER
  bool csr_in_base64 = false; ///< the CSR came as RFC 8951 section 3 has it
  std::optional<failure> csr_trouble;
  notes request_remarks;
  std::optional<full_cmc_request> cmc_request; ///< of /fullcmc
  bool has_authorization = false;
  bytes authorization_digest;      ///< SHA-256 of the Authorization value: tells credentials apart without keeping them
  bool has_credentials = false;    ///< an Authorization field, or a client certificate that is known to have been shown
  bool has_no_credentials = false; ///< it is known that neither was sent

  // The answer
  std::optional<http::response> response;  ///< of a 2xx answer of serverkeygen the body is not kept
  std::optional<failure> response_trouble; ///< why it is no HTTP response
  http::message_layout response_layout;
  std::optional<mime::media_type> response_type;
  std::optional<failure> response_type_trouble;
  notes remarks;             ///< of all layers of the answer; offsets of HTTP notes are those of the response's octets
  std::size_t body_size = 0; ///< octets of the content
  mime::body_form form = mime::body_form::empty;

  std::optional<bytes> body_der; ///< the decoded base64 of a 2xx body that is not multipart; never for serverkeygen
  std::optional<failure> body_trouble;
  std::optional<pki::certs_only> certificates; ///< of cacerts and enrolment answers
  std::optional<failure> certificates_trouble;
  std::optional<full_cmc_response> cmc_response; ///< of /fullcmc, granted or refused

  bool is_multipart = false; ///< the media type says multipart/mixed and the body could be taken apart
  std::optional<failure> multipart_trouble;
  notes multipart_remarks;
  std::vector<part_reading> parts; ///< in wire order

  int status() const noexcept { return response ? response->status : 0; }
  bool succeeded() const noexcept { return status() >= 200 && status() < 300; }

  /// Where a field of that name stands in the response's octets; its first line if it is missing.
  std::optional<std::size_t> offset_of_field(std::string_view field) const;
  /// Where the body begins in the response's octets.
  std::optional<std::size_t> offset_of_body() const;
};

/// Decodes an exchange as far as it goes. Never fails; troubles are in the reading.
reading read(exchange const&);

} // namespace est::conformance
