#pragma once
/// Predicates that enrolment and server-side key generation share, because RFC 7030 words sections 4.2.3 and 4.4.2 alike:
/// who is answered, how errors look, and what 202 brings along.

#include "common.hpp"

namespace est::conformance {

/// Whether the signature of a CSR certainly does not verify: its algorithm is one that can be verified here, and the
/// request does not claim to be signed with another certificate's key (RFC 9883).
bool signature_is_broken(pki::csr const&);

/// A control with the same kind of CSR, whose signature verifies.
extern const likeness but_for_signature;

/// RFC 7030 4.2, 4.4: "The server MUST authenticate the client".
verdict not_issued_to_anyone(situation const&);

/// RFC 7030 4.2.3, 4.4.2: a 4xx or 5xx when a problem occurs. For requests that are certainly no CSR.
verdict broken_request_not_accepted(situation const&);
verdict broken_request_answered(situation const&);

/// An answer of 4xx or 5xx with content and without Content-Type.
bool is_untyped_error(situation const&);
/// RFC 7030 4.2.3, 4.4.2: "If the content-type is not set, the response data MUST be a plaintext human-readable error
/// message".
verdict untyped_error_is_plain(situation const&);

/// An answer of 4xx or 5xx of that media type.
bool is_error_of_type(situation const&, std::string_view essence);
/// RFC 8951 5.1: "Servers MAY use the "text/plain" content-type for human-readable errors."
verdict text_error_is_readable(situation const&);
/// RFC 7030 4.2.3: "A Simple PKI Response with an HTTP content-type of "application/pkcs7-mime" (see Section 4.3.2) MAY be
/// included in the response data to convey an error response."
verdict error_is_cms(situation const&);

/// RFC 9110 10.2.3: Retry-After = HTTP-date / delay-seconds
verdict retry_after_is_readable(situation const&);

} // namespace est::conformance
