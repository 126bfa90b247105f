#pragma once
/// Private keys in PKCS#8. A key is loaded by Botan from a form that we wrote ourselves: always version 1, without public
/// key, so that Botan derives the public key, and every public key that came along is compared with the derived one.
/// No failure of this file quotes an octet or a library's message about the octets.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/der.hpp>
#include <est/pki/key_form.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/oids.hpp>

#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/ed25519.h>
#include <botan/numthry.h>
#include <botan/pk_algs.h>
#include <botan/pkcs8.h>
#include <botan/rsa.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace est::pki {

/// A private key and its public one.
/// Source:   RFC 5958 section 2; RFC 5208
/// Promises: move-only, no `<<`, no `==`; the public key is the private one's, derived and compared.
class private_key {
public:
  /// PrivateKeyInfo, version 1, DER. Attributes that were read are not written.
  secret_bytes encode() const {
    if (pss_identifier_.empty()) return secret_bytes{Botan::PKCS8::BER_encode(*key_)};
    auto const key = key_->private_key_bits();
    return secret_bytes{der::sequence<detail::secret_vector>(
        {der::integer(0u), pss_identifier_, der::value<detail::secret_vector>(tag::octet_string, key)})};
  }
  /// The whole SubjectPublicKeyInfo, DER.
  bytes public_key_info() const { return public_key_info_; }
  /// Whether the certificate's public key is this one's.
  bool belongs_to(certificate const& c) const { return same_public_key(c.public_key_info(), public_key_info_); }
  Botan::Private_Key const& botan() const noexcept { return *key_; }
  key_spec spec() const { return spec_; }

  friend result<private_key> parse_private_key(byte_view pkcs8_der, notes* out);
  friend result<private_key> make_private_key(key_spec const& spec, context const& with);

  /// Whether two SubjectPublicKeyInfo hold one key, id-RSASSA-PSS and rsaEncryption alike.
  static bool same_public_key(byte_view a, byte_view b) {
    if (equal(a, b)) return true;
    auto const left = detail::take_apart(a), right = detail::take_apart(b);
    auto const kind = [](object_id const& oid) { return oid == oids::rsassa_pss ? oids::rsa_encryption : oid; };
    return left && right && kind(left->algorithm) == kind(right->algorithm) && equal(left->key, right->key) &&
           (kind(left->algorithm) == oids::rsa_encryption || equal(left->parameters.whole, right->parameters.whole));
  }

private:
  private_key(std::unique_ptr<Botan::Private_Key> key, key_spec spec)
      : key_(std::move(key)), public_key_info_(key_->subject_public_key()), spec_(std::move(spec)) {}

  /// Keeps an RSA key to RSASSA-PSS, as its AlgorithmIdentifier says. RFC 4055 section 1.2
  void bind_to_pss(byte_view identifier, byte_view public_key) {
    pss_identifier_ = to_bytes(identifier);
    public_key_info_ = der::sequence({identifier, der::bit_string(public_key)});
  }

  std::unique_ptr<Botan::Private_Key> key_;
  bytes public_key_info_;
  key_spec spec_;
  bytes pss_identifier_; ///< the AlgorithmIdentifier of a key that is marked id-RSASSA-PSS; else empty
};

namespace detail {

/// Whether the five numbers and the three derived ones of an RSA key belong together. RFC 8017 section 3.2
inline bool consistent(Botan::RSA_PrivateKey const& key) {
  auto const& n = key.get_n();
  auto const& e = key.get_e();
  auto const& d = key.get_d();
  auto const& p = key.get_p();
  auto const& q = key.get_q();
  if (p <= 1 || q <= 1 || e <= 1 || d <= 1 || p * q != n) return false;
  auto const de = d * e;
  if (de % (p - 1) != 1 || de % (q - 1) != 1) return false;
  return key.get_d1() == d % (p - 1) && key.get_d2() == d % (q - 1) && key.get_c() * q % p == 1;
}

/// Octets that a private number of an EC key has at most: those of P-521.
inline constexpr std::size_t longest_scalar = 66;

/// Whether a private number is one of its curve. SEC 1 section 3.2.1. Botan 2 takes any other modulo the order.
inline bool in_range(byte_view scalar, Botan::BigInt const& order) {
  const Botan::BigInt number{scalar.data(), scalar.size()};
  return number >= 1 && number < order;
}

/// The kind of a loaded key; none for a kind that this toolkit has no use for.
inline std::optional<key_spec> spec_of(Botan::Private_Key const& key) {
  if (auto const* rsa = dynamic_cast<Botan::RSA_PrivateKey const*>(&key)) return key_spec::rsa(rsa->get_n().bits());
  if (dynamic_cast<Botan::Ed25519_PrivateKey const*>(&key) != nullptr) return key_spec::ed25519();
  if (auto const* ec = dynamic_cast<Botan::ECDSA_PrivateKey const*>(&key)) {
    auto const& curve = ec->domain().get_curve_oid();
    auto const id = object_id{curve};
    if (id == oids::secp256r1) return key_spec::ecdsa("secp256r1");
    if (id == oids::secp384r1) return key_spec::ecdsa("secp384r1");
    if (id == oids::secp521r1) return key_spec::ecdsa("secp521r1");
    return key_spec::ecdsa(curve.to_formatted_string());
  }
  return std::nullopt;
}

/// The parts of an ECPrivateKey: views into the secret octets. RFC 5915 section 3
struct ec_private_key_parts {
  byte_view secret;
  std::optional<tlv> curve;
  std::optional<byte_view> public_key;
};
inline std::optional<ec_private_key_parts> read_ec_private_key(byte_view der) {
  tlv_state state{errc::malformed_key, "privateKey"};
  tlv_reader outer{der, state};
  auto fields = outer.enter(tag::sequence, "ECPrivateKey");
  auto const version = small_integer(fields.take(tag::integer, "version"));
  ec_private_key_parts parts;
  parts.secret = fields.take(tag::octet_string, "privateKey").content;
  if (fields.at(tag::context(0))) {
    auto parameters = fields.enter(tag::context(0), "parameters");
    parts.curve = parameters.take_any("curve");
    parameters.end("parameters");
  }
  if (fields.at(tag::context(1))) {
    auto public_key = fields.enter(tag::context(1), "publicKey");
    auto const bits = public_key.take(tag::bit_string, "publicKey");
    public_key.end("publicKey");
    parts.public_key = whole_octets(bits);
    if (!parts.public_key) return std::nullopt;
  }
  fields.end("ECPrivateKey");
  outer.end("the octets");
  if (!state.ok() || !version || *version != 1 || parts.secret.empty()) return std::nullopt;
  return parts;
}

/// Whether a compressed point is the uncompressed one. SEC 1 section 2.3.3
inline bool same_point(byte_view came, byte_view derived) noexcept {
  if (came.empty() || derived.size() != 2 * came.size() - 1 || (came[0] != 2 && came[0] != 3) || derived[0] != 4)
    return false;
  return equal(came.subspan(1), derived.subspan(1, came.size() - 1)) && (derived.back() & 1u) == (came[0] & 1u);
}

/// A PKCS#8 form of a key that may be bare. The key is copied as it is, PKCS#8 too.
inline result<secret_vector> wrap_in_pkcs8(byte_view der) {
  auto const wrap = [&](byte_view algorithm) {
    return der::sequence<secret_vector>(
        {der::integer(0u), algorithm, der::value<secret_vector>(tag::octet_string, der)});
  };
  switch (classify_key(der)) {
  case key_form::private_key_info:
  case key_form::one_asymmetric_key: return secret_vector(der.begin(), der.end());
  case key_form::rsa_private_key: return wrap(der::sequence({oids::rsa_encryption.encode(), der::null()}));
  case key_form::ec_private_key: {
    auto const parts = read_ec_private_key(der);
    if (!parts || !parts->curve) break;
    return wrap(der::sequence({oids::ec_public_key.encode(), parts->curve->whole}));
  }
  case key_form::encrypted_private_key_info:
    return fail(errc::malformed_key, "key", "an EncryptedPrivateKeyInfo: the key is under a password");
  case key_form::unknown: break;
  }
  return fail(errc::malformed_key, "key", "no private key of a known form");
}

} // namespace detail

/// Reads a private key from PKCS#8.
/// Source:  RFC 5958 section 2 (version 1 is PrivateKeyInfo of RFC 5208); RFC 7030 section 4.4.2; RFC 5915 section 3 and
///          RFC 8410 section 7 for what is within
/// Grammar: OneAsymmetricKey ::= SEQUENCE { version INTEGER {v1(0), v2(1)}, privateKeyAlgorithm, privateKey OCTET STRING,
///          attributes [0] IMPLICIT SET OPTIONAL, publicKey [1] IMPLICIT BIT STRING OPTIONAL }
/// In:      DER, nothing behind it. RSA up to 16384 bits, also when marked id-RSASSA-PSS (such a key signs in no other way,
///          and its public key says so too: RFC 4055 section 1.2), ECDSA on any curve that Botan knows by name, Ed25519
/// Notes:   pkcs8_version_2, pkcs8_attributes, pkcs8_public_key, pkcs8_public_key_in_version_1
/// Errors:  malformed_key, whose detail names the form that was found instead (RSAPrivateKey, ECPrivateKey,
///          EncryptedPrivateKeyInfo, PEM); key_mismatch where a public key came along that is another's, or the numbers of
///          an RSA key do not fit each other; unsupported_algorithm; truncated, trailing_data, malformed_ber, not_der
/// Promises: no failure and no note holds an octet of the key.
inline result<private_key> parse_private_key(byte_view pkcs8_der, notes* out = nullptr) {
  static constexpr std::string_view where = "pkcs8";
  auto const malformed = [](std::string why, std::optional<std::size_t> at = std::nullopt) {
    return fail(errc::malformed_key, std::string{where}, std::move(why), at);
  };
  if (as_text(pkcs8_der).substr(0, 5) == "-----") return malformed("PEM text, not the DER of a PrivateKeyInfo", 0);
  if (auto const checked = check_der(pkcs8_der, nullptr, {}, where); !checked) return fail(checked.error());
  switch (classify_key(pkcs8_der)) {
  case key_form::private_key_info:
  case key_form::one_asymmetric_key: break;
  case key_form::encrypted_private_key_info:
    return malformed("an EncryptedPrivateKeyInfo (a key under a password), not a PrivateKeyInfo", 0);
  case key_form::rsa_private_key: return malformed("a bare RSAPrivateKey (PKCS#1), not a PrivateKeyInfo (PKCS#8)", 0);
  case key_form::ec_private_key: return malformed("a bare ECPrivateKey (SEC 1), not a PrivateKeyInfo (PKCS#8)", 0);
  case key_form::unknown: return malformed("no PrivateKeyInfo: it does not begin with a version and an algorithm", 0);
  }

  tlv_state state{errc::malformed_key, where};
  tlv_reader outer{pkcs8_der, state};
  auto fields = outer.enter(tag::sequence, "PrivateKeyInfo");
  auto const version = fields.take(tag::integer, "version");
  auto const algorithm = fields.take(tag::sequence, "privateKeyAlgorithm");
  auto const key = fields.take(tag::octet_string, "privateKey");
  bool const has_attributes = fields.at(tag::context(0));
  auto const attributes_at = fields.offset();
  if (has_attributes) fields.take(tag::context(0), "attributes");
  bool const has_public_key = fields.at(tag::context_primitive(1));
  auto const public_key_at = fields.offset();
  tlv public_key;
  if (has_public_key) public_key = fields.take(tag::context_primitive(1), "publicKey");
  fields.end("PrivateKeyInfo");
  tlv_reader inner{algorithm, state};
  auto const oid = read_object_id(inner.take(tag::object_id, "algorithm"));
  tlv parameters;
  if (inner.more()) parameters = inner.take_any("parameters");
  inner.end("privateKeyAlgorithm");
  if (!state.ok()) return fail(*state.first);
  auto const number = small_integer(version);
  if (!number || *number > 1) return malformed("the version is neither v1 (0) nor v2 (1)", version.offset);

  // What came along, to be compared with what is derived.
  std::optional<byte_view> beside, within;
  if (has_public_key) {
    beside = whole_octets(public_key);
    if (!beside) return malformed("publicKey is not a whole number of octets", public_key.offset);
  }
  bytes identifier;
  detail::secret_vector contents;
  byte_view scalar; // of an EC key
  if (oid == oids::rsa_encryption || oid == oids::rsassa_pss) {
    tlv_state rsa{errc::malformed_key, where};
    tlv_reader rsa_outer{key.content, rsa};
    auto numbers = rsa_outer.enter(tag::sequence, "RSAPrivateKey");
    numbers.take(tag::integer, "version");
    auto const modulus = numbers.take(tag::integer, "modulus");
    std::size_t longest = 0;
    while (numbers.at(tag::integer)) longest = std::max(longest, numbers.take_any("a number").content.size());
    rsa_outer.end("RSAPrivateKey");
    if (!rsa.ok()) return malformed("privateKey holds no RSAPrivateKey", key.offset);
    // RFC 8017 section 3.2: every other number is less than the modulus. Botan takes quadratic time over those that are not.
    if (modulus.content.size() > 2049)
      return fail(errc::too_large, std::string{where}, "an RSA key beyond 16384 bits", key.offset);
    if (longest > modulus.content.size())
      return malformed("a number of the RSA key is longer than the modulus", key.offset);
    identifier = der::sequence({oids::rsa_encryption.encode(), der::null()});
    contents.assign(key.content.begin(), key.content.end());
  } else if (oid == oids::ec_public_key) {
    auto const parts = detail::read_ec_private_key(key.content);
    if (!parts) return malformed("privateKey holds no ECPrivateKey", key.offset);
    scalar = parts->secret; // some writers put a zero in front, which Botan 3 does not take
    while (scalar.size() > 1 && scalar[0] == 0) scalar = scalar.subspan(1);
    if (scalar.size() > detail::longest_scalar)
      return malformed("the private number of the EC key is longer than any curve takes", key.offset);
    if (!parameters.is(tag::object_id))
      return fail(errc::unsupported_algorithm, std::string{where}, "an elliptic curve that is not named",
                  algorithm.offset);
    if (parts->curve && !equal(parts->curve->whole, parameters.whole))
      return fail(errc::key_mismatch, std::string{where}, "the key names two different curves", key.offset);
    within = parts->public_key;
    identifier = to_bytes(algorithm.whole);
    contents = der::sequence<detail::secret_vector>(
        {der::integer(1u), der::value<detail::secret_vector>(tag::octet_string, scalar)});
  } else if (oid == oids::ed25519) {
    auto const seed = read_tlv(key.content);
    if (!seed || !seed->is(tag::octet_string) || seed->content.size() != 32 || seed->whole.size() != key.content.size())
      return malformed("privateKey holds no CurvePrivateKey of 32 octets", key.offset);
    identifier = der::sequence({oids::ed25519.encode()});
    contents.assign(key.content.begin(), key.content.end());
  } else {
    return fail(errc::unsupported_algorithm, std::string{where},
                "keys of kind " + oid.to_string() + " are not supported", algorithm.offset);
  }

  auto const rewritten = der::sequence<detail::secret_vector>(
      {der::integer(0u), identifier, der::value<detail::secret_vector>(tag::octet_string, contents)});
  auto loaded = guarded_quietly(errc::malformed_key, where, "the key's numbers cannot be used", [&] {
    Botan::DataSource_Memory source{rewritten.data(), rewritten.size()};
    return Botan::PKCS8::load_key(source);
  });
  if (!loaded) return fail(loaded.error());
  auto const checked =
      guarded_quietly(errc::malformed_key, where, "the key's numbers cannot be used", [&]() -> result<void> {
        if (auto const* rsa = dynamic_cast<Botan::RSA_PrivateKey const*>(loaded->get());
            rsa != nullptr && !detail::consistent(*rsa))
          return fail(errc::key_mismatch, std::string{where}, "the numbers of the RSA key do not belong together",
                      key.offset);
        if (auto const* ec = dynamic_cast<Botan::ECDSA_PrivateKey const*>(loaded->get());
            ec != nullptr && !detail::in_range(scalar, ec->domain().get_order()))
          return malformed("the private number of the EC key is not from 1 to the order of its curve", key.offset);
        return {};
      });
  if (!checked) return fail(checked.error());
  auto const spec = detail::spec_of(**loaded);
  if (!spec) return fail(errc::unsupported_algorithm, std::string{where}, "keys of this kind are not supported");

  private_key made{std::move(*loaded), *spec};
  auto const derived = detail::take_apart(made.public_key_info_);
  if (!derived) return malformed("the public key cannot be derived");
  for (auto const& came : {beside, within})
    if (came && !equal(*came, derived->key) && !detail::same_point(*came, derived->key))
      return fail(errc::key_mismatch, std::string{where}, "the public key beside the private one is another's",
                  has_public_key ? public_key_at : key.offset);

  if (oid == oids::rsassa_pss) made.bind_to_pss(algorithm.whole, derived->key);

  if (*number == 1) remark(out, note_code::pkcs8_version_2, std::string{where}, version.offset);
  if (has_attributes) remark(out, note_code::pkcs8_attributes, std::string{where}, attributes_at);
  if (has_public_key)
    remark(out, *number == 1 ? note_code::pkcs8_public_key : note_code::pkcs8_public_key_in_version_1,
           std::string{where}, public_key_at);
  return made;
}

/// Makes a key pair.
/// In:     any kind of key_spec; RSA from 2048 to 16384 bits, with exponent 65537
/// Errors: invalid_argument, unsupported_algorithm
inline result<private_key> make_private_key(key_spec const& spec, context const& with) {
  std::string algorithm, parameters;
  switch (spec.kind) {
  case key_spec::algorithm::rsa:
    if (spec.rsa_bits < 2048 || spec.rsa_bits > 16384)
      return fail(errc::invalid_argument, "key", "RSA keys are made from 2048 to 16384 bits");
    algorithm = "RSA";
    parameters = std::to_string(spec.rsa_bits);
    break;
  case key_spec::algorithm::ecdsa:
    algorithm = "ECDSA";
    parameters = spec.curve;
    break;
  case key_spec::algorithm::ed25519: algorithm = "Ed25519"; break;
  }
  return guarded(errc::unsupported_algorithm, "key", [&]() -> result<private_key> {
    auto key = Botan::create_private_key(algorithm, with.rng, parameters);
    if (!key) return fail(errc::unsupported_algorithm, "key", "this Botan makes no keys of kind " + to_text(spec));
    return private_key{std::move(key), spec};
  });
}

/// The SubjectPublicKeyInfo of a private key in any form that is not encrypted: PKCS#8, PKCS#1, SEC 1.
/// For whoever has to say whether a key and a certificate belong together although the key has the wrong form.
/// Errors: those of parse_private_key; a SEC 1 key that names no curve is malformed_key
inline result<bytes> public_key_info_of(byte_view der) {
  if (auto const checked = check_der(der, nullptr, {}, "key"); !checked) return fail(checked.error());
  auto const wrapped = detail::wrap_in_pkcs8(der);
  if (!wrapped) return fail(wrapped.error());
  auto const key = parse_private_key(*wrapped);
  if (!key) return fail(key.error());
  return key->public_key_info();
}

} // namespace est::pki
