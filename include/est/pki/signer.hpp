#pragma once
/// A key that signs, wherever it is kept: a private_key in memory, or a callback to a hardware module, a TPM or another
/// process. Whatever signs in this toolkit takes a `signing_key`, and a private_key becomes one by itself.

#include <est/core/result.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/der.hpp>
#include <est/pki/pkcs8.hpp>
#include <est/pki/signature.hpp>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace est::pki {

/// Signs octets with a key that is kept elsewhere.
/// In:  the octets, not hashed yet; the algorithm, whose `hash` and `salt` say how
/// Out: the content of the signature's BIT STRING: for ECDSA an ECDSA-Sig-Value in DER (ecdsa_signature_from_plain makes
///      one of what PKCS#11 and TPMs give), for RSA as many octets as the modulus has, for Ed25519 64 octets
/// Errors: any; an exception counts as errc::internal, and its text is dropped
using sign_callback = std::function<result<bytes>(byte_view message, signature_algorithm const& how)>;

/// ECDSA-Sig-Value from r and s one behind the other, each of as many octets: what PKCS#11, TPM 2.0 and JOSE have.
/// Source: RFC 3279 section 2.2.3: ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }
/// Errors: invalid_argument for octets that have no two halves
inline result<bytes> ecdsa_signature_from_plain(byte_view r_and_s) {
  if (r_and_s.empty() || r_and_s.size() % 2 != 0)
    return fail(errc::invalid_argument, "signature", "r and s are two numbers of as many octets each");
  auto const half = r_and_s.size() / 2;
  return der::sequence({der::integer(r_and_s.first(half)), der::integer(r_and_s.subspan(half))});
}

/// A key that signs.
/// Promises: cheap to copy; const members may be called from several threads at once if the callback may; what a callback
///           returns is verified under the public key before anybody gets it.
/// Does NOT promise: that it outlives the private_key that it was made from by reference.
class signing_key {
public:
  /// A key in memory, by reference: it lives as long as the signing_key is used. Implicit, so that either can be given.
  signing_key(private_key const& key, rsa_padding padding = rsa_padding::pkcs1) // NOLINT
      : public_key_info_(key.public_key_info()), here_(&key), padding_(padding) {}

  /// A key in memory, taken over.
  signing_key(private_key&& key, rsa_padding padding = rsa_padding::pkcs1) // NOLINT
      : public_key_info_(key.public_key_info()),
        kept_(std::make_shared<const private_key>(std::move(key))),
        here_(kept_.get()),
        padding_(padding) {}

  /// A key elsewhere.
  /// In: its SubjectPublicKeyInfo, DER; what signs with it
  signing_key(bytes public_key_info, sign_callback signer, rsa_padding padding = rsa_padding::pkcs1)
      : public_key_info_(std::move(public_key_info)), elsewhere_(std::move(signer)), padding_(padding) {}

  /// The whole SubjectPublicKeyInfo, DER.
  bytes const& public_key_info() const noexcept { return public_key_info_; }
  /// Whether the certificate's public key is this one's.
  bool belongs_to(certificate const& c) const {
    return private_key::same_public_key(c.public_key_info(), public_key_info_);
  }

  /// How this key signs.
  /// In:     a hash name as Botan has it, or "" for the hash that fits the key
  /// Errors: those of signature_algorithm_for
  result<signature_algorithm> algorithm(std::string_view hash = {}) const {
    return signature_algorithm_for(public_key_info_, hash, padding_);
  }

  /// Signs octets.
  /// In:     the octets, not hashed; a hash name as Botan has it, or "" for the hash that fits the key; randomness
  /// Errors: those of algorithm(); internal; those of the callback; bad_signature where what it returned does not verify
  result<signature> sign(byte_view message, std::string_view hash, context const& with) const {
    auto how = algorithm(hash);
    if (!how) return fail(how.error());
    auto octets = here_ != nullptr ? sign_with(here_->botan(), *how, message, with.rng) : ask(message, *how);
    if (!octets) return fail(octets.error());
    return signature{std::move(how->identifier), std::move(*octets)};
  }

private:
  result<bytes> ask(byte_view message, signature_algorithm const& how) const {
    if (!elsewhere_) return fail(errc::invalid_argument, "signature", "the key has nothing that signs with it");
    result<bytes> answer = fail(errc::internal, "signature", "the external signer failed");
    try {
      answer = elsewhere_(message, how);
    } catch (...) { return answer; } // its text may quote anything
    if (!answer) return answer;
    if (auto const holds = verify_signature(how.identifier, public_key_info_, message, *answer); !holds)
      return fail(errc::bad_signature, "signature",
                  "what the external signer returned does not verify under its public key");
    return answer;
  }

  bytes public_key_info_;
  std::shared_ptr<const private_key> kept_;
  private_key const* here_ = nullptr; ///< null where the key is elsewhere
  sign_callback elsewhere_;
  rsa_padding padding_;
};

} // namespace est::pki
