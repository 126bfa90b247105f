#pragma once
/// The asymmetric half of enveloped messages: which key agreement goes with which key derivation, the key-encryption key
/// that two keys agree on, RSA key transport, and the private key that opens messages (RSA, ECDH on the NIST curves,
/// X25519).

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/cms_ciphers.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/context.hpp>
#include <est/pki/key_form.hpp>
#include <est/pki/pkcs8.hpp>
#include <est/pki/private_key.hpp>
#include <est/pki/signature.hpp>

#include <botan/ecdh.h>
#include <botan/kdf.h>
#include <botan/pk_algs.h>
#include <botan/pkcs8.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace est::pki {

namespace oids {

// RFC 8017 appendix A.2.1; RFC 8410 section 3
inline const object_id rsaes_oaep{1, 2, 840, 113549, 1, 1, 7};
inline const object_id mgf1{1, 2, 840, 113549, 1, 1, 8};
inline const object_id p_specified{1, 2, 840, 113549, 1, 1, 9};
inline const object_id x25519{1, 3, 101, 110};

} // namespace oids

/// How a key-encryption key is derived from what two keys agree on.
enum class key_derivation : std::uint8_t {
  x963, ///< ANSI X9.63. RFC 5753 section 7.2, RFC 8418 section 2.1
  hkdf, ///< RFC 8418 section 2.2
};

/// A key agreement and its derivation.
/// Source: RFC 5753 section 7.1.4; RFC 8418 section 7
struct agreement_scheme {
  object_id oid;
  key_derivation derivation;
  std::string_view hash;
  bool cofactor; ///< the same as without on curves of cofactor 1, which all of these are; read, never written
};

namespace detail {

inline std::array<agreement_scheme, 13> const& agreement_table() {
  using derivation = key_derivation;
  static const std::array<agreement_scheme, 13> rows{{
      {{1, 3, 132, 1, 11, 1}, derivation::x963, "SHA-256", false},
      {{1, 3, 132, 1, 11, 2}, derivation::x963, "SHA-384", false},
      {{1, 3, 132, 1, 11, 3}, derivation::x963, "SHA-512", false},
      {{1, 3, 132, 1, 11, 0}, derivation::x963, "SHA-224", false},
      {{1, 3, 133, 16, 840, 63, 0, 2}, derivation::x963, "SHA-1", false},
      {{1, 3, 132, 1, 14, 1}, derivation::x963, "SHA-256", true},
      {{1, 3, 132, 1, 14, 2}, derivation::x963, "SHA-384", true},
      {{1, 3, 132, 1, 14, 3}, derivation::x963, "SHA-512", true},
      {{1, 3, 132, 1, 14, 0}, derivation::x963, "SHA-224", true},
      {{1, 3, 133, 16, 840, 63, 0, 3}, derivation::x963, "SHA-1", true},
      {{1, 2, 840, 113549, 1, 9, 16, 3, 19}, derivation::hkdf, "SHA-256", false},
      {{1, 2, 840, 113549, 1, 9, 16, 3, 20}, derivation::hkdf, "SHA-384", false},
      {{1, 2, 840, 113549, 1, 9, 16, 3, 21}, derivation::hkdf, "SHA-512", false},
  }};
  return rows;
}

} // namespace detail

/// The scheme of an identifier; null for one that is not known here.
inline agreement_scheme const* find_agreement(object_id const& oid) {
  for (auto const& row : detail::agreement_table())
    if (row.oid == oid) return &row;
  return nullptr;
}
inline agreement_scheme const* find_agreement(key_derivation derivation, std::string_view hash) {
  for (auto const& row : detail::agreement_table())
    if (row.derivation == derivation && row.hash == hash && !row.cofactor) return &row;
  return nullptr;
}

/// The kinds of public keys that messages are encrypted for.
enum class recipient_key_kind : std::uint8_t { rsa, ec, x25519 };

/// The kind of a SubjectPublicKeyInfo: RSA, EC on P-256, P-384 or P-521, X25519.
/// Errors: malformed_key, unsupported_algorithm
inline result<recipient_key_kind> recipient_kind(byte_view subject_public_key_info) {
  auto const parts = detail::take_apart(subject_public_key_info);
  if (!parts) return fail(parts.error());
  if (parts->algorithm == oids::rsa_encryption) return recipient_key_kind::rsa;
  if (parts->algorithm == oids::x25519) return recipient_key_kind::x25519;
  if (parts->algorithm == oids::ec_public_key) {
    auto const curve = read_object_id(parts->parameters);
    for (auto const* known : {&oids::secp256r1, &oids::secp384r1, &oids::secp521r1})
      if (curve == *known) return recipient_key_kind::ec;
    return fail(errc::unsupported_algorithm, "recipient", "no key agreement on another curve than P-256, P-384, P-521");
  }
  return fail(errc::unsupported_algorithm, "recipient",
              "nothing is encrypted for keys of kind " + parts->algorithm.to_string());
}

/// A private key that opens messages.
/// Promises: move-only, no `<<`, no `==`; the public key is the private one's.
class decryption_key {
public:
  recipient_key_kind kind() const noexcept { return kind_; }
  /// The whole SubjectPublicKeyInfo, DER.
  bytes const& public_key_info() const noexcept { return public_key_info_; }
  bool belongs_to(certificate const& c) const {
    return private_key::same_public_key(c.public_key_info(), public_key_info_);
  }
  Botan::Private_Key const& botan() const noexcept { return *key_; }

  friend result<decryption_key> make_decryption_key(private_key const& key);
  friend result<decryption_key> make_x25519_key(context const& with);
  friend result<decryption_key> parse_decryption_key(byte_view pkcs8_der, notes* out);

private:
  decryption_key(recipient_key_kind kind, std::unique_ptr<Botan::Private_Key> key, bytes public_key_info)
      : kind_(kind), key_(std::move(key)), public_key_info_(std::move(public_key_info)) {}

  recipient_key_kind kind_;
  std::unique_ptr<Botan::Private_Key> key_;
  bytes public_key_info_;
};

/// From a key that signs as well: RSA, or EC on P-256, P-384 or P-521.
/// Errors: unsupported_algorithm (Ed25519 opens nothing)
inline result<decryption_key> make_decryption_key(private_key const& key) {
  auto const kind = recipient_kind(key.public_key_info());
  if (!kind) return fail(kind.error());
  auto const encoded = key.encode();
  return guarded_quietly(errc::unsupported_algorithm, "key", "the key cannot be used to open messages",
                         [&]() -> decryption_key {
                           if (*kind == recipient_key_kind::rsa) {
                             Botan::DataSource_Memory source{encoded.expose().data(), encoded.size()};
                             return {*kind, Botan::PKCS8::load_key(source), key.public_key_info()};
                           }
                           return {*kind,
                                   std::make_unique<Botan::ECDH_PrivateKey>(key.botan().algorithm_identifier(),
                                                                            key.botan().private_key_bits()),
                                   key.public_key_info()};
                         });
}

/// Makes an X25519 key pair.
inline result<decryption_key> make_x25519_key(context const& with) {
  return guarded_quietly(errc::unsupported_algorithm, "key", "this Botan makes no X25519 keys",
                         [&]() -> decryption_key {
                           auto key = Botan::create_private_key("Curve25519", with.rng);
                           if (!key) throw Botan::Not_Implemented("X25519");
                           auto info = key->subject_public_key();
                           return {recipient_key_kind::x25519, std::move(key), std::move(info)};
                         });
}

/// Reads a private key that opens messages from PKCS#8.
/// Source: RFC 5958 section 2; RFC 8410 section 7 for X25519
/// Errors: those of parse_private_key
inline result<decryption_key> parse_decryption_key(byte_view pkcs8_der, notes* out = nullptr) {
  static constexpr std::string_view where = "pkcs8";
  if (auto const checked = check_der(pkcs8_der, nullptr, {}, where); !checked) return fail(checked.error());
  tlv_state state{errc::malformed_key, where};
  auto fields = tlv_reader{pkcs8_der, state}.enter(tag::sequence, "PrivateKeyInfo");
  auto const version = fields.take(tag::integer, "version");
  auto algorithm = fields.enter(tag::sequence, "privateKeyAlgorithm");
  auto const oid = read_object_id(algorithm.take(tag::object_id, "algorithm"));
  auto const key = fields.take(tag::octet_string, "privateKey");
  if (!state.ok() || !(oid == oids::x25519)) {
    auto const other = parse_private_key(pkcs8_der, out);
    if (!other) return fail(other.error());
    return make_decryption_key(*other);
  }
  if (fields.at(tag::context(0))) fields.take(tag::context(0), "attributes");
  tlv public_key;
  if (fields.at(tag::context_primitive(1))) public_key = fields.take(tag::context_primitive(1), "publicKey");
  fields.end("PrivateKeyInfo");
  if (auto const number = small_integer(version); state.ok() && (!number || *number > 1))
    state.blame(state.code, "the version is neither v1 (0) nor v2 (1)", version.offset);
  if (!state.ok()) return fail(*state.first);
  auto const scalar = read_tlv(key.content);
  if (!scalar || !scalar->is(tag::octet_string) || scalar->content.size() != 32 ||
      scalar->whole.size() != key.content.size())
    return fail(errc::malformed_key, std::string{where}, "privateKey holds no CurvePrivateKey of 32 octets",
                key.offset);
  auto const rewritten =
      der::sequence<detail::secret_vector>({der::integer(0u), der::sequence({oid.encode()}),
                                            der::value<detail::secret_vector>(tag::octet_string, key.content)});
  using loaded_key = result<decryption_key>;
  return guarded_quietly(errc::malformed_key, where, "the key's number cannot be used", [&]() -> loaded_key {
    Botan::DataSource_Memory source{rewritten.data(), rewritten.size()};
    auto loaded = Botan::PKCS8::load_key(source);
    auto info = loaded->subject_public_key();
    if (!public_key.whole.empty()) {
      auto const beside = whole_octets(public_key);
      auto const derived = detail::take_apart(info);
      if (!beside || !derived || !equal(*beside, derived->key))
        return fail(errc::key_mismatch, std::string{where}, "the public key beside the private one is another's",
                    public_key.offset);
    }
    return decryption_key{recipient_key_kind::x25519, std::move(loaded), std::move(info)};
  });
}

namespace detail {

/// ECC-CMS-SharedInfo ::= SEQUENCE { keyInfo AlgorithmIdentifier, entityUInfo [0] EXPLICIT OCTET STRING OPTIONAL,
/// suppPubInfo [2] EXPLICIT OCTET STRING }. RFC 5753 section 7.2
inline bytes shared_info(byte_view key_wrap, std::optional<bytes> const& ukm, std::size_t kek_octets) {
  auto const bits = static_cast<std::uint32_t>(kek_octets * 8);
  const std::uint8_t length[] = {static_cast<std::uint8_t>(bits >> 24), static_cast<std::uint8_t>(bits >> 16),
                                 static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
  auto const entity = ukm ? der::value(tag::context(0), der::octet_string(*ukm)) : bytes{};
  return der::sequence({key_wrap, entity, der::value(tag::context(2), der::octet_string(length))});
}

/// The key-encryption key that a private key and a peer's public value agree on.
/// In: the scheme; the AlgorithmIdentifier of the key wrap, octet for octet as it stands in the message
/// Throws what Botan throws.
inline secret_bytes agree(Botan::Private_Key const& own, byte_view peer, agreement_scheme const& scheme,
                          byte_view key_wrap, std::optional<bytes> const& ukm, std::size_t kek_octets,
                          Botan::RandomNumberGenerator& rng) {
  const Botan::PK_Key_Agreement agreement{own, rng, "Raw"};
  auto const agreed = agreement.derive_key(0, peer.data(), peer.size(), nullptr, 0).bits_of();
  // RFC 8418 section 2: abort if the shared secret is all zero
  std::uint8_t any = 0;
  for (auto const octet : agreed) any = static_cast<std::uint8_t>(any | octet);
  if (any == 0) throw Botan::Invalid_Argument("no shared secret");
  auto const info = shared_info(key_wrap, ukm, kek_octets);
  bool const hkdf = scheme.derivation == key_derivation::hkdf;
  auto const kdf = Botan::KDF::create_or_throw((hkdf ? "HKDF(" : "KDF2(") + std::string{scheme.hash} + ")");
  auto const salt = hkdf && ukm ? byte_view{*ukm} : byte_view{};
  return secret_bytes{kdf->derive_key(kek_octets, agreed, to_bytes(salt), info)};
}

/// Botan's name for RSAES-OAEP from its parameters. RFC 8017 appendix A.2.1: RSAES-OAEP-params ::= SEQUENCE {
/// hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1, pSourceAlgorithm [2] DEFAULT pSpecifiedEmpty }
struct oaep_parameters {
  std::string hash = "SHA-1", mask_hash = "SHA-1";
  std::string name() const { return "OAEP(" + hash + ",MGF1(" + mask_hash + "))"; }
};
inline result<oaep_parameters> read_oaep_parameters(byte_view parameters) {
  oaep_parameters made;
  if (parameters.empty()) return made;
  static constexpr std::string_view where = "RSAES-OAEP-params";
  auto const unsupported = [](char const* why) {
    return fail(errc::unsupported_algorithm, std::string{where}, std::string{"RSAES-OAEP with "} + why);
  };
  tlv_state state{errc::malformed_cms, where};
  tlv_reader outer{parameters, state};
  auto fields = outer.enter(tag::sequence, where);
  if (fields.at(tag::context(0))) {
    auto const hash = hash_name(
        read_algorithm(fields.enter(tag::context(0), "hashAlgorithm").take(tag::sequence, "hashAlgorithm"), state).oid);
    if (state.ok() && !hash) return unsupported("an unknown hash");
    if (hash) made.hash = *hash;
  }
  if (fields.at(tag::context(1))) {
    auto const mask = read_algorithm(
        fields.enter(tag::context(1), "maskGenAlgorithm").take(tag::sequence, "maskGenAlgorithm"), state);
    if (state.ok() && !(mask.oid == oids::mgf1)) return unsupported("another mask generation than MGF1");
    tlv_reader inner{mask.parameters, state};
    auto const hash = hash_name(read_algorithm(inner.take(tag::sequence, "hash of MGF1"), state).oid);
    if (state.ok() && !hash) return unsupported("an unknown hash");
    if (hash) made.mask_hash = *hash;
  }
  if (fields.at(tag::context(2))) {
    auto const source = read_algorithm(
        fields.enter(tag::context(2), "pSourceAlgorithm").take(tag::sequence, "pSourceAlgorithm"), state);
    if (state.ok() && (!(source.oid == oids::p_specified) ||
                       (!source.parameters.empty() && source.parameters != der::octet_string({}))))
      return unsupported("a label");
  }
  fields.end(where);
  outer.end("the parameters");
  if (!state.ok()) return fail(*state.first);
  return made;
}

/// RSAES-OAEP-params with one hash for both; RFC 8017 appendix A.2.1: DEFAULT values are not written.
inline algorithm_identifier oaep_algorithm(std::string_view hash) {
  if (hash == "SHA-1") return {oids::rsaes_oaep, der::sequence({})};
  auto const id = der::sequence({hash_identifier(hash).encode(), der::null()});
  return {oids::rsaes_oaep, der::sequence({der::value(tag::context(0), id),
                                           der::value(tag::context(1), der::sequence({oids::mgf1.encode(), id}))})};
}

} // namespace detail

} // namespace est::pki
