#pragma once
/// Message digests and keyed digests, by Botan.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>

#include <botan/hash.h>
#include <botan/mac.h>

#include <exception>
#include <string>

namespace est {

/// The digest of some octets.
/// In:     a hash name as Botan has it: `SHA-256`
/// Errors: unsupported_algorithm for a name that this Botan does not know
inline result<bytes> digest(std::string const& hash, byte_view octets) {
  try {
    auto function = Botan::HashFunction::create(hash);
    if (!function) return fail(errc::unsupported_algorithm, "hash", "no hash function is called " + hash);
    function->update(octets.data(), octets.size());
    return Botan::unlock(function->final());
  } catch (std::exception const& e) { return fail(errc::internal, "hash", e.what()); }
}

/// The same where the digest itself is to be kept secret.
inline result<secret_bytes> secret_digest(std::string const& hash, byte_view octets) {
  try {
    auto function = Botan::HashFunction::create(hash);
    if (!function) return fail(errc::unsupported_algorithm, "hash", "no hash function is called " + hash);
    function->update(octets.data(), octets.size());
    return secret_bytes{function->final()};
  } catch (std::exception const& e) { return fail(errc::internal, "hash", e.what()); }
}

/// HMAC with SHA-256, 32 octets.
/// Source: RFC 2104
/// In:     a key of any length that is not empty
inline result<bytes> hmac_sha256(byte_view key, byte_view octets) {
  try {
    auto function = Botan::MessageAuthenticationCode::create("HMAC(SHA-256)");
    if (!function) return fail(errc::unsupported_algorithm, "hash", "this Botan has no HMAC");
    function->set_key(key.data(), key.size());
    function->update(octets.data(), octets.size());
    return Botan::unlock(function->final());
  } catch (std::exception const& e) { return fail(errc::internal, "hash", e.what()); }
}

/// SHA-256, which every Botan has.
inline bytes sha256(byte_view octets) { return digest("SHA-256", octets).value_or(bytes{}); }

} // namespace est
