#pragma once
/// An exchange decoded, once, for all checks: each layer as far as it can be read, and what was noted on the way.

#include "record.hpp"

#include <est/core/failure.hpp>
#include <est/core/notes.hpp>
#include <est/http/message.hpp>
#include <est/http/reader.hpp>
#include <est/mime/media_type.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/private_key.hpp>

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

/// One part of a serverkeygen answer. The key octets themselves are not kept: only what is said of them is.
struct part_reading {
  std::optional<mime::media_type> type;
  http::fields headers;
  std::size_t offset = 0;         ///< of the part's body, in octets from the start of the response's octets
  std::size_t size = 0;           ///< octets of the part's body as sent
  std::optional<failure> trouble; ///< why it could not be decoded as what its media type says
  notes remarks;

  enum class content : std::uint8_t {
    unknown,
    private_key,           ///< PrivateKeyInfo or OneAsymmetricKey
    encrypted_private_key, ///< EncryptedPrivateKeyInfo (PKCS#8 with a password)
    pkcs1_key,             ///< a bare RSAPrivateKey
    sec1_key,              ///< a bare ECPrivateKey
    certs_only,
    enveloped_data,
    signed_data, ///< SignedData that is not certs-only
  } holds = content::unknown;

  bytes public_key_info;                       ///< of the private key, when it can be read (PKCS#1 and SEC1 as well)
  std::optional<pki::certs_only> certificates; ///< when `holds` is certs_only
};

/// What is read of one exchange. Everything that could not be read says why, and nothing is guessed.
struct reading {
  // The question
  operation op = operation::unknown; ///< from the request's path; without a request from an unambiguous media type
  bool has_request = false;
  std::string label;
  std::optional<http::request> request;
  std::optional<failure> request_trouble;
  http::message_layout request_layout;
  std::optional<mime::media_type> request_type;
  std::optional<pki::csr> csr; ///< of an enrolment request, read even where the signature is broken
  std::optional<failure> csr_trouble;
  notes request_remarks;
  bool has_credentials = false; ///< an Authorization field, or a client certificate that is known to have been shown

  // The answer
  std::optional<http::response> response;
  std::optional<failure> response_trouble; ///< why it is no HTTP response
  http::message_layout response_layout;
  std::optional<mime::media_type> response_type;
  std::optional<failure> response_type_trouble;
  notes remarks; ///< of all layers of the answer

  std::optional<bytes> body_der; ///< the decoded base64 of a 2xx body that is not multipart; never for serverkeygen
  std::optional<failure> body_trouble;
  std::optional<pki::certs_only> certificates; ///< of cacerts and enrolment answers
  std::optional<failure> certificates_trouble;

  bool is_multipart = false; ///< the media type says multipart/mixed and the body could be taken apart
  std::optional<failure> multipart_trouble;
  std::vector<part_reading> parts; ///< in wire order

  int status() const noexcept { return response ? response->status : 0; }
  bool succeeded() const noexcept { return status() >= 200 && status() < 300; }

  /// Where a field of that name stands in the response's octets; its first line if it is missing.
  std::optional<std::size_t> offset_of_field(std::string_view field) const;
};

/// Decodes an exchange as far as it goes. Never fails; troubles are in the reading.
reading read(exchange const&);

} // namespace est::conformance
