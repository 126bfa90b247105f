#pragma once
/// What kind of key pair is wanted, or had: `RSA-2048`, `P-256`, `Ed25519`.

#include <est/core/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace est::pki {

/// A kind of key pair.
struct key_spec {
  enum class algorithm { rsa, ecdsa, ed25519 };

  algorithm kind = algorithm::ecdsa;
  std::size_t rsa_bits = 0;        ///< of the modulus; 0 unless RSA
  std::string curve = "secp256r1"; ///< as Botan names it; empty unless ECDSA

  static key_spec rsa(std::size_t bits) { return {algorithm::rsa, bits, {}}; }
  static key_spec ecdsa(std::string curve) { return {algorithm::ecdsa, 0, std::move(curve)}; }
  static key_spec ed25519() { return {algorithm::ed25519, 0, {}}; }

  friend bool operator==(key_spec const&, key_spec const&) = default;
};

/// Reads the name of a kind: `RSA-2048` (2048 to 4096, a multiple of 8), `P-256`, `P-384`, `P-521`, `Ed25519`.
/// Errors: invalid_argument
inline result<key_spec> parse_key_spec(std::string_view text) {
  if (text == "P-256") return key_spec::ecdsa("secp256r1");
  if (text == "P-384") return key_spec::ecdsa("secp384r1");
  if (text == "P-521") return key_spec::ecdsa("secp521r1");
  if (text == "Ed25519") return key_spec::ed25519();
  if (text.substr(0, 4) == "RSA-" && text.size() == 8) {
    std::size_t bits = 0;
    for (char const c : text.substr(4)) {
      if (c < '0' || c > '9') return fail(errc::invalid_argument, "key", "no kind of key: " + std::string{text});
      bits = bits * 10 + static_cast<std::size_t>(c - '0');
    }
    if (bits >= 2048 && bits <= 4096 && bits % 8 == 0) return key_spec::rsa(bits);
  }
  return fail(errc::invalid_argument, "key",
              "no kind of key: " + std::string{text} +
                  "; there are RSA-2048 to RSA-4096, P-256, P-384, P-521, Ed25519");
}

/// The name of a kind; parse_key_spec reads what it reads back.
inline std::string to_text(key_spec const& spec) {
  switch (spec.kind) {
  case key_spec::algorithm::rsa: return "RSA-" + std::to_string(spec.rsa_bits);
  case key_spec::algorithm::ed25519: return "Ed25519";
  case key_spec::algorithm::ecdsa: break;
  }
  if (spec.curve == "secp256r1") return "P-256";
  if (spec.curve == "secp384r1") return "P-384";
  if (spec.curve == "secp521r1") return "P-521";
  return spec.curve;
}

} // namespace est::pki
