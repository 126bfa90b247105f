#pragma once
/// The envelope of a generated key, opened by whoever drives: a check never has the key.

#include "options.hpp"

#include "../reading.hpp"

#include <est/pki/certificate.hpp>

#include <botan/rng.h>

#include <optional>
#include <span>

namespace est::conformance {

/// Opens the envelope in a serverkeygen answer with the key whose identifier the CSR names.
/// Source:  RFC 7030 4.4.2; RFC 5652 5 and 6; RFC 5958 2 and 4
/// In:      the answer; the identifiers and keys; certificates that may be the signer's beside those in the message
/// Out:     what was found; nothing where there is no envelope, or no key is at hand that the CSR names
/// Promises: of the private key nothing is left but its public half. Whether the signer is trusted is not asked.
std::optional<opened_envelope> open_envelope(reading const&, known_identifiers const&, opening_keys const&,
                                             std::span<const pki::certificate> known, Botan::RandomNumberGenerator&);

} // namespace est::conformance
