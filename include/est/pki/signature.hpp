#pragma once
/// Signatures on CSRs and certificates: the table between X.509 algorithm identifiers and Botan's names, signing and
/// verifying. The table is ours, so that both Botans give one verdict: SHA-1 verifies (the RFC's own examples use it), and
/// what is not in the table is `unsupported_algorithm`, never a broken signature.

#include <est/pki/botan.hpp>
#include <est/pki/der.hpp>
#include <est/pki/oids.hpp>

#include <botan/rng.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace est::pki {

namespace detail {

/// One row: the identifier, the family of keys, the hash.
struct signature_row {
  object_id oid;
  enum class family { rsa, ecdsa, ed25519 } keys;
  std::string_view hash;
};

inline std::array<signature_row, 12> const& signature_table() {
  using family = signature_row::family;
  // RFC 8017 appendix C; RFC 5758 section 3.2; RFC 3279 section 2.2.3; RFC 8410 section 3
  static const std::array<signature_row, 12> rows{{
      {{1, 2, 840, 113549, 1, 1, 5}, family::rsa, "SHA-1"},
      {{1, 2, 840, 113549, 1, 1, 14}, family::rsa, "SHA-224"},
      {{1, 2, 840, 113549, 1, 1, 11}, family::rsa, "SHA-256"},
      {{1, 2, 840, 113549, 1, 1, 12}, family::rsa, "SHA-384"},
      {{1, 2, 840, 113549, 1, 1, 13}, family::rsa, "SHA-512"},
      {{1, 2, 840, 10045, 4, 1}, family::ecdsa, "SHA-1"},
      {{1, 2, 840, 10045, 4, 3, 1}, family::ecdsa, "SHA-224"},
      {{1, 2, 840, 10045, 4, 3, 2}, family::ecdsa, "SHA-256"},
      {{1, 2, 840, 10045, 4, 3, 3}, family::ecdsa, "SHA-384"},
      {{1, 2, 840, 10045, 4, 3, 4}, family::ecdsa, "SHA-512"},
      {{1, 3, 101, 112}, family::ed25519, ""},
      {{1, 2, 840, 113549, 1, 1, 4}, family::rsa, "MD5"},
  }};
  return rows;
}

/// Hash functions by identifier. RFC 5754 section 2; RFC 3279 section 2.1
inline std::array<std::pair<object_id, std::string_view>, 5> const& hash_table() {
  static const std::array<std::pair<object_id, std::string_view>, 5> rows{
      {{{1, 3, 14, 3, 2, 26}, "SHA-1"},
       {{2, 16, 840, 1, 101, 3, 4, 2, 4}, "SHA-224"},
       {{2, 16, 840, 1, 101, 3, 4, 2, 1}, "SHA-256"},
       {{2, 16, 840, 1, 101, 3, 4, 2, 2}, "SHA-384"},
       {{2, 16, 840, 1, 101, 3, 4, 2, 3}, "SHA-512"}}};
  return rows;
}

/// Botan's name of a hash function; none for an identifier that is not in the table.
inline std::optional<std::string_view> hash_name(object_id const& oid) {
  for (auto const& [id, name] : hash_table())
    if (id == oid) return name;
  return std::nullopt;
}

/// The identifier of a hash function of Botan's name; an empty one where the table has none.
inline object_id hash_identifier(std::string_view name) {
  for (auto const& [id, known] : hash_table())
    if (known == name) return id;
  return {};
}

/// The parts of a SubjectPublicKeyInfo. RFC 5280 section 4.1.2.7
struct public_key_parts {
  object_id algorithm;
  tlv parameters; ///< empty when there are none
  byte_view key;
};

inline result<public_key_parts> take_apart(byte_view subject_public_key_info) {
  tlv_state state{errc::malformed_key, "subjectPublicKeyInfo"};
  tlv_reader outer{subject_public_key_info, state};
  auto info = outer.enter(tag::sequence, "SubjectPublicKeyInfo");
  auto algorithm = info.enter(tag::sequence, "algorithm");
  public_key_parts parts;
  auto const id = algorithm.take(tag::object_id, "the algorithm's identifier");
  parts.algorithm = read_object_id(id);
  if (algorithm.more()) parts.parameters = algorithm.take_any("parameters");
  algorithm.end("algorithm");
  auto const key = info.take(tag::bit_string, "subjectPublicKey");
  info.end("SubjectPublicKeyInfo");
  outer.end("the octets");
  if (!state.ok()) return fail(*state.first);
  auto const octets = whole_octets(key);
  if (!octets || parts.algorithm.empty())
    return fail(errc::malformed_key, "subjectPublicKeyInfo", "subjectPublicKey is not a whole number of octets",
                key.offset);
  parts.key = *octets;
  return parts;
}

/// An RSA public key whose use is affordable: hostile ones buy seconds of arithmetic an octet.
inline result<void> check_rsa_size(byte_view rsa_public_key) {
  tlv_state state{errc::malformed_key, "subjectPublicKey"};
  tlv_reader outer{rsa_public_key, state};
  auto key = outer.enter(tag::sequence, "RSAPublicKey");
  auto const modulus = key.take(tag::integer, "modulus");
  auto const exponent = key.take(tag::integer, "publicExponent");
  if (!state.ok()) return fail(*state.first);
  auto const octets = [](tlv const& n) { return n.content.size() - (n.content.size() > 1 && n.content[0] == 0); };
  if (octets(modulus) > 2048) return fail(errc::too_large, "subjectPublicKey", "a modulus beyond 16384 bits");
  // RFC 8017 section 3.1: the exponent is less than the modulus. Botan does not ask, and takes time in proportion to it.
  if (octets(exponent) > octets(modulus))
    return fail(errc::malformed_key, "subjectPublicKey", "a public exponent longer than the modulus");
  // FIPS 186-5 section 5.1 has exponents below 2^256; OpenSSL takes 64 bits where the modulus is beyond 3072.
  std::size_t const bits = octets(modulus) > 384 ? 64 : 256;
  if (octets(exponent) > bits / 8)
    return fail(errc::too_large, "subjectPublicKey", "a public exponent beyond " + std::to_string(bits) + " bits");
  return {};
}

inline bool is_post_quantum(object_id const& oid) {
  auto const text = oid.to_string(); // NIST's registry: 17 to 19 are ML-DSA, 20 to 31 are SLH-DSA
  static constexpr std::string_view arc = "2.16.840.1.101.3.4.3.";
  if (text.substr(0, arc.size()) != arc) return false;
  auto const last = std::string_view{text}.substr(arc.size());
  return last.size() == 2 && last >= "17" && last <= "31";
}

/// What RSASSA-PSS-params says.
struct pss_parameters {
  std::string hash = "SHA-1"; ///< of the message and of MGF1
  std::size_t salt = 20;      ///< octets
};

/// Reads RSASSA-PSS-params. RFC 4055 section 3.1
inline result<pss_parameters> read_pss_parameters(tlv const& parameters) {
  auto const unsupported = [](char const* why) {
    return fail(errc::unsupported_algorithm, "signatureAlgorithm", std::string{"RSASSA-PSS with "} + why);
  };
  pss_parameters read;
  std::string mask_hash = "SHA-1";
  tlv_state state{errc::unsupported_algorithm, "signatureAlgorithm"};
  tlv_reader outer{parameters.whole, state};
  auto fields = outer.enter(tag::sequence, "RSASSA-PSS-params");
  if (fields.at(tag::context(0))) {
    auto algorithm = fields.enter(tag::context(0), "hashAlgorithm").enter(tag::sequence, "hashAlgorithm");
    auto const name = hash_name(read_object_id(algorithm.take(tag::object_id, "hash")));
    if (!name) return unsupported("an unknown hash");
    read.hash = *name;
  }
  if (fields.at(tag::context(1))) {
    auto algorithm = fields.enter(tag::context(1), "maskGenAlgorithm").enter(tag::sequence, "maskGenAlgorithm");
    auto const mask = read_object_id(algorithm.take(tag::object_id, "mask generation"));
    if (!(mask == object_id{1, 2, 840, 113549, 1, 1, 8})) return unsupported("another mask generation than MGF1");
    auto inner = algorithm.enter(tag::sequence, "hash of MGF1");
    auto const name = hash_name(read_object_id(inner.take(tag::object_id, "hash")));
    if (!name) return unsupported("an unknown hash");
    mask_hash = *name;
  }
  if (fields.at(tag::context(2))) {
    auto inner = fields.enter(tag::context(2), "saltLength");
    auto const length = small_integer(inner.take(tag::integer, "saltLength"));
    if (!length || *length > 512) return unsupported("such a salt length");
    read.salt = *length;
  }
  if (!state.ok()) return fail(*state.first);
  if (read.hash != mask_hash) return unsupported("two different hashes");
  return read;
}

/// Writes an AlgorithmIdentifier with RSASSA-PSS-params: one hash for both, and no trailer field, which has its default.
/// RFC 4055 section 3.1
inline bytes pss_algorithm_identifier(object_id const& hash, std::size_t salt) {
  auto const hash_identifier = der::sequence({hash.encode(), der::null()});
  auto const mask = der::sequence({object_id{1, 2, 840, 113549, 1, 1, 8}.encode(), hash_identifier});
  auto const length = der::integer(static_cast<std::uint32_t>(salt));
  return der::sequence({oids::rsassa_pss.encode(),
                        der::sequence({der::value(tag::context(0), hash_identifier), der::value(tag::context(1), mask),
                                       der::value(tag::context(2), length)})});
}

/// `EMSA4(SHA-256,MGF1,32)`
inline std::string pss_name(pss_parameters const& p) {
  return "EMSA4(" + p.hash + ",MGF1," + std::to_string(p.salt) + ")";
}

} // namespace detail

/// A public key, loaded. Only kinds that signatures are made with: RSA, ECDSA on a named curve, Ed25519, and with Botan 3
/// the post-quantum ones.
/// Source: RFC 5280 section 4.1.2.7; RFC 5480 section 2.1.1 (curves by name alone)
/// In:     a SubjectPublicKeyInfo in DER
/// Errors: malformed_key, unsupported_algorithm, too_large (RSA beyond 16384 bits; a public exponent beyond 256 bits, or 64
///         with a modulus beyond 3072)
inline result<std::unique_ptr<Botan::Public_Key>> load_public_key(byte_view subject_public_key_info) {
  auto const parts = detail::take_apart(subject_public_key_info);
  if (!parts) return fail(parts.error());
  bytes rewritten;
  if (parts->algorithm == oids::rsa_encryption || parts->algorithm == oids::rsassa_pss) {
    if (auto const size = detail::check_rsa_size(parts->key); !size) return fail(size.error());
    // id-RSASSA-PSS only restricts how the key may be used; neither Botan loads it by that name alike
    rewritten =
        der::sequence({der::sequence({oids::rsa_encryption.encode(), der::null()}), der::bit_string(parts->key)});
    subject_public_key_info = rewritten;
  } else if (parts->algorithm == oids::ec_public_key) {
    if (!parts->parameters.is(tag::object_id))
      return fail(errc::unsupported_algorithm, "subjectPublicKeyInfo", "an elliptic curve that is not named");
    // SEC 1 section 2.3.3: the point at infinity is one octet, which Botan 2 takes
    if (parts->key.size() < 2)
      return fail(errc::malformed_key, "subjectPublicKeyInfo", "the point at infinity is no key");
  } else if (!(parts->algorithm == oids::ed25519) &&
             !(botan::has_post_quantum_signatures && detail::is_post_quantum(parts->algorithm))) {
    return fail(errc::unsupported_algorithm, "subjectPublicKeyInfo",
                "no signatures are made with keys of kind " + parts->algorithm.to_string());
  }
  return guarded(errc::malformed_key, "subjectPublicKeyInfo",
                 [&] { return botan::load_public_key(subject_public_key_info); });
}

/// Whether a public key is sound, as far as that can be seen without the private one.
/// In:       a SubjectPublicKeyInfo in DER and what load_public_key made of it; randomness
/// Promises: cheap on P-256, P-384 and P-521. Their orders are prime, so that each point of the curve but infinity is a key,
///           and loading has seen to both; Botan 2 would multiply by the order, which costs as much as verifying a signature.
inline bool is_sound(byte_view subject_public_key_info, Botan::Public_Key const& key,
                     Botan::RandomNumberGenerator& rng) {
  if (auto const parts = detail::take_apart(subject_public_key_info);
      parts && parts->algorithm == oids::ec_public_key) {
    auto const curve = parts->parameters.is(tag::object_id) ? read_object_id(parts->parameters) : object_id{};
    if (curve == oids::secp256r1 || curve == oids::secp384r1 || curve == oids::secp521r1) return true;
  }
  return guarded(errc::malformed_key, "subjectPublicKeyInfo", [&] { return key.check_key(rng, false); })
      .value_or(false);
}

/// Verifies a signature as CSRs and certificates have it.
/// Source:   RFC 2986 section 4.2; RFC 5280 section 4.1.1.2
/// In:       AlgorithmIdentifier and SubjectPublicKeyInfo in DER, the signed octets, the content of the BIT STRING
/// Errors:   bad_signature, and only where the algorithm is known and fits the key; unsupported_algorithm; malformed_key
/// Promises: the same answer with Botan 2 and Botan 3, post-quantum algorithms apart.
/// Does NOT promise: that the algorithm is strong: SHA-1 and MD5 verify, and their use is for others to judge.
inline result<void> verify_signature(byte_view algorithm_identifier, byte_view subject_public_key_info,
                                     byte_view message, byte_view signature) {
  tlv_state state{errc::unsupported_algorithm, "signatureAlgorithm"};
  tlv_reader outer{algorithm_identifier, state};
  auto fields = outer.enter(tag::sequence, "AlgorithmIdentifier");
  auto const oid = read_object_id(fields.take(tag::object_id, "the algorithm's identifier"));
  tlv parameters;
  if (fields.more()) parameters = fields.take_any("parameters");
  if (!state.ok()) return fail(*state.first);

  auto const key = load_public_key(subject_public_key_info);
  if (!key) return fail(key.error());
  std::string padding;
  auto format = botan::plain_signature;
  auto const misfit = [&] {
    return fail(errc::unsupported_algorithm, "signatureAlgorithm",
                "algorithm " + oid.to_string() + " and a key for " + (*key)->algo_name() + " do not go together");
  };
  bool by_identifier = false;
  if (oid == oids::rsassa_pss) {
    auto const pss = detail::read_pss_parameters(parameters);
    if (!pss) return fail(pss.error());
    if ((*key)->algo_name() != "RSA") return misfit();
    padding = detail::pss_name(*pss);
  } else if (botan::has_post_quantum_signatures && detail::is_post_quantum(oid)) {
    by_identifier = true;
  } else {
    detail::signature_row const* row = nullptr;
    for (auto const& r : detail::signature_table())
      if (r.oid == oid) row = &r;
    if (row == nullptr)
      return fail(errc::unsupported_algorithm, "signatureAlgorithm", "algorithm " + oid.to_string() + " is not known");
    using family = detail::signature_row::family;
    switch (row->keys) {
    case family::rsa:
      if ((*key)->algo_name() != "RSA") return misfit();
      padding = "EMSA3(" + std::string{row->hash} + ")";
      break;
    case family::ecdsa:
      if ((*key)->algo_name() != "ECDSA") return misfit();
      padding = "EMSA1(" + std::string{row->hash} + ")";
      format = botan::der_signature;
      break;
    case family::ed25519:
      if ((*key)->algo_name() != "Ed25519") return misfit();
      padding = "Pure";
      break;
    }
  }
  auto const holds = guarded(errc::bad_signature, "signature", [&] {
    if (by_identifier) return botan::verify_by_identifier(**key, algorithm_identifier, message, signature);
    Botan::PK_Verifier verifier{**key, padding, format};
    return verifier.verify_message(message.data(), message.size(), signature.data(), signature.size());
  });
  if (!holds) return fail(holds.error());
  if (!*holds) return fail(errc::bad_signature, "signature", "the signature does not verify");
  return {};
}

/// A signature and the AlgorithmIdentifier that goes with it.
struct signature {
  bytes algorithm; ///< DER
  bytes octets;    ///< the content of the BIT STRING
};

/// How RSA signatures are padded.
enum class rsa_padding : std::uint8_t {
  pkcs1, ///< RSASSA-PKCS1-v1_5, which everybody reads
  pss,   ///< RSASSA-PSS with MGF1 of the same hash and a salt as long as the hash
};

/// How something is, or shall be, signed.
struct signature_algorithm {
  enum class scheme : std::uint8_t { rsa_pkcs1, rsa_pss, ecdsa, ed25519 };

  scheme kind = scheme::ecdsa;
  std::string hash;     ///< as Botan names it; empty for Ed25519
  std::size_t salt = 0; ///< octets; 0 unless RSASSA-PSS
  bytes identifier;     ///< the AlgorithmIdentifier, DER
};

/// How a key signs, known before anything is signed: it stands within a TBSCertificate.
/// Source: RFC 4055 sections 3.1, 3.3 and 5; RFC 5758 section 3.2; RFC 8410 section 3
/// In:     the key's SubjectPublicKeyInfo; a hash name as Botan has it, or "" for the hash that fits the key; Ed25519 takes
///         none and ignores it. RSASSA-PSS is written with SHA-256, SHA-384 and SHA-512. A key marked id-RSASSA-PSS signs
///         with that padding alone, and with the hash that it is bound to, if any.
/// Errors: unsupported_algorithm, malformed_key, too_large
inline result<signature_algorithm> signature_algorithm_for(byte_view subject_public_key_info, std::string_view hash,
                                                           rsa_padding padding = rsa_padding::pkcs1) {
  using family = detail::signature_row::family;
  using scheme = signature_algorithm::scheme;
  auto const key = load_public_key(subject_public_key_info);
  if (!key) return fail(key.error());
  auto const name = (*key)->algo_name();
  auto const unsupported = [&](std::string_view which) {
    return fail(errc::unsupported_algorithm, "signature",
                "no signature with a key for " + name + " and " + std::string{which});
  };
  std::string fitting{hash};
  if (hash.empty())
    fitting = name == "ECDSA" && (*key)->key_length() > 384   ? "SHA-512"
              : name == "ECDSA" && (*key)->key_length() > 256 ? "SHA-384"
                                                              : "SHA-256";
  std::size_t least_salt = 0;
  if (auto const parts = detail::take_apart(subject_public_key_info); parts && parts->algorithm == oids::rsassa_pss) {
    padding = rsa_padding::pss;
    if (!parts->parameters.whole.empty()) {
      auto const bound = detail::read_pss_parameters(parts->parameters);
      if (!bound) return fail(bound.error());
      if (!hash.empty() && bound->hash != hash)
        return unsupported(std::string{hash} + ": it is bound to " + bound->hash);
      fitting = bound->hash;
      least_salt = bound->salt;
    }
  }
  if (name == "RSA" && padding == rsa_padding::pss) {
    const std::size_t length = fitting == "SHA-256" ? 32 : fitting == "SHA-384" ? 48 : fitting == "SHA-512" ? 64 : 0;
    if (length == 0) return unsupported("RSASSA-PSS with " + fitting);
    auto const salt = std::max(length, least_salt);
    return signature_algorithm{scheme::rsa_pss, fitting, salt,
                               detail::pss_algorithm_identifier(detail::hash_identifier(fitting), salt)};
  }
  for (auto const& row : detail::signature_table()) {
    if (row.hash == "MD5") continue; // read, never written
    if (row.keys == family::rsa && name == "RSA" && row.hash == fitting)
      return signature_algorithm{scheme::rsa_pkcs1, fitting, 0, der::sequence({row.oid.encode(), der::null()})};
    if (row.keys == family::ecdsa && name == "ECDSA" && row.hash == fitting)
      return signature_algorithm{scheme::ecdsa, fitting, 0, der::sequence({row.oid.encode()})};
    if (row.keys == family::ed25519 && name == "Ed25519")
      return signature_algorithm{scheme::ed25519, {}, 0, der::sequence({row.oid.encode()})};
  }
  return unsupported(hash);
}

/// Signs octets as an algorithm says.
/// Out:    the content of the BIT STRING
/// Errors: internal
inline result<bytes> sign_with(Botan::Private_Key const& key, signature_algorithm const& how, byte_view message,
                               Botan::RandomNumberGenerator& rng) {
  using scheme = signature_algorithm::scheme;
  std::string padding;
  switch (how.kind) {
  case scheme::rsa_pkcs1: padding = "EMSA3(" + how.hash + ")"; break;
  case scheme::rsa_pss: padding = detail::pss_name({how.hash, how.salt}); break;
  case scheme::ecdsa: padding = "EMSA1(" + how.hash + ")"; break;
  case scheme::ed25519: padding = "Pure"; break;
  }
  return guarded_quietly(errc::internal, "signature", "signing failed", [&]() -> bytes {
    Botan::PK_Signer signer{key, rng, padding,
                            how.kind == scheme::ecdsa ? botan::der_signature : botan::plain_signature};
    return signer.sign_message(message.data(), message.size(), rng);
  });
}

/// Signs octets with the algorithm that fits the key and the hash. `signer.hpp` has keys that are kept elsewhere.
/// Errors: unsupported_algorithm, internal
inline result<signature> sign(Botan::Private_Key const& key, std::string_view hash, byte_view message,
                              Botan::RandomNumberGenerator& rng, rsa_padding padding = rsa_padding::pkcs1) {
  auto const public_key = guarded_quietly(errc::internal, "signature", "the public key cannot be derived",
                                          [&] { return key.subject_public_key(); });
  if (!public_key) return fail(public_key.error());
  auto how = signature_algorithm_for(*public_key, hash, padding);
  if (!how) return fail(how.error());
  auto octets = sign_with(key, *how, message, rng);
  if (!octets) return fail(octets.error());
  return signature{std::move(how->identifier), std::move(*octets)};
}

} // namespace est::pki
