#pragma once
/// Making encrypted messages: EnvelopedData with AES-CBC, AuthEnvelopedData with AES-GCM, for a symmetric key, an RSA key
/// (OAEP, never PKCS#1 v1.5), an EC key or an X25519 key.

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/cms_ciphers.hpp>
#include <est/pki/context.hpp>
#include <est/pki/enveloped_data.hpp>
#include <est/pki/enveloped_data_open.hpp>
#include <est/pki/key_agreement.hpp>

#include <botan/pk_algs.h>
#include <botan/pubkey.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::pki {

/// A public key that a message is encrypted for, and how.
struct public_key_recipient {
  bytes public_key_info; ///< RSA, EC on P-256, P-384 or P-521, X25519
  certificate_identifier id;
  std::string hash = "SHA-256"; ///< RSA: of OAEP, SHA-1 or SHA-256; else of the key derivation
  std::size_t wrap_octets =
      0; ///< key agreement: octets of the key-encryption key; 0 for as many as the content key has
  std::optional<key_derivation> derivation = std::nullopt; ///< none: HKDF for X25519, X9.63 for the others
};

/// Whom a message is for.
using recipient = std::variant<key_encryption_key, public_key_recipient>;

/// Whether a certificate's key may be encrypted for.
/// Source: RFC 7030 section 4.4.1.2: the key "MUST either explicitly support keyTransport or keyAgreement or its use MUST
///         be unrestricted"; RFC 5280 section 4.2.1.3
inline bool may_encrypt_for(certificate const& c) {
  auto const usage = c.key_usage_bits();
  if (!usage) return true;
  auto const kind = recipient_kind(c.public_key_info());
  if (!kind) return false;
  return (*usage & (*kind == recipient_key_kind::rsa ? key_usage::key_encipherment : key_usage::key_agreement)) != 0;
}

namespace detail {

inline result<bytes> encode_recipient(key_encryption_key const& to, secret_bytes const& content_key, context const&) {
  auto const wrap = key_wrap_for(to.key.size());
  if (wrap.empty()) return fail(errc::invalid_argument, "recipient", "a key-encryption key has 16, 24 or 32 octets");
  auto const wrapped = wrap_key(to.key, content_key);
  if (!wrapped) return fail(wrapped.error());
  return der::value(tag::context(2), {der::integer(4u), der::sequence({der::octet_string(to.identifier)}),
                                      der::sequence({wrap.encode()}), der::octet_string(*wrapped)});
}

inline result<bytes> encode_key_transport(public_key_recipient const& to, secret_bytes const& content_key,
                                          context const& with) {
  if (to.hash != "SHA-1" && to.hash != "SHA-256")
    return fail(errc::unsupported_algorithm, "recipient", "RSAES-OAEP is written with SHA-1 and SHA-256");
  auto const key = load_public_key(to.public_key_info);
  if (!key) return fail(key.error());
  auto const encrypted = guarded_quietly(
      errc::unsupported_algorithm, "recipient", "the content key cannot be encrypted with this RSA key",
      [&]() -> bytes {
        const Botan::PK_Encryptor_EME encryptor{**key, with.rng, oaep_parameters{to.hash, to.hash}.name()};
        return encryptor.encrypt(content_key.expose().data(), content_key.size(), with.rng);
      });
  if (!encrypted) return fail(encrypted.error());
  return der::sequence({der::integer(to.id.by_key_identifier() ? 2u : 0u), encode_identifier(to.id),
                        oaep_algorithm(to.hash).encode(), der::octet_string(*encrypted)});
}

inline result<bytes> encode_key_agreement(public_key_recipient const& to, recipient_key_kind kind,
                                          secret_bytes const& content_key, context const& with) {
  bool const is_x25519 = kind == recipient_key_kind::x25519;
  auto const* scheme =
      find_agreement(to.derivation.value_or(is_x25519 ? key_derivation::hkdf : key_derivation::x963), to.hash);
  if (scheme == nullptr) return fail(errc::unsupported_algorithm, "recipient", "no key agreement with " + to.hash);
  auto const kek_octets = to.wrap_octets != 0 ? to.wrap_octets : content_key.size();
  auto const wrap = key_wrap_for(kek_octets);
  if (wrap.empty()) return fail(errc::invalid_argument, "recipient", "AES key wrap takes 16, 24 or 32 octets");
  auto const parts = take_apart(to.public_key_info);
  if (!parts) return fail(parts.error());
  auto const wrap_algorithm = der::sequence({wrap.encode()});
  std::string curve;
  if (!is_x25519) {
    auto const id = read_object_id(parts->parameters);
    curve = id == oids::secp256r1 ? "secp256r1" : id == oids::secp384r1 ? "secp384r1" : "secp521r1";
  }
  bytes point;
  auto const kek = guarded_quietly(
      errc::malformed_key, "recipient", "no key can be agreed on with this public key", [&]() -> secret_bytes {
        auto const ephemeral = is_x25519 ? Botan::create_private_key("Curve25519", with.rng)
                                         : Botan::create_private_key("ECDH", with.rng, curve);
        auto const* own = dynamic_cast<Botan::PK_Key_Agreement_Key const*>(ephemeral.get());
        if (own == nullptr) throw Botan::Not_Implemented("key agreement");
        point = own->public_value();
        return agree(*ephemeral, parts->key, *scheme, wrap_algorithm, std::nullopt, kek_octets, with.rng);
      });
  if (!kek) return fail(kek.error());
  auto const wrapped = wrap_key(*kek, content_key);
  if (!wrapped) return fail(wrapped.error());
  // RFC 5753 section 3.1.1: parameters of the ephemeral key SHOULD be absent or ECParameters
  auto const key_algorithm = is_x25519 ? der::sequence({oids::x25519.encode()})
                                       : der::sequence({oids::ec_public_key.encode(), parts->parameters.whole});
  auto const originator = der::value(tag::context(1), {key_algorithm, der::bit_string(point)});
  auto const rid = to.id.by_key_identifier() ? der::value(tag::context(0), der::octet_string(to.id.key_identifier))
                                             : encode_issuer_and_serial(to.id);
  auto const keys = der::sequence({der::sequence({rid, der::octet_string(*wrapped)})});
  return der::value(tag::context(1), {der::integer(3u), der::value(tag::context(0), originator),
                                      der::sequence({scheme->oid.encode(), wrap_algorithm}), keys});
}

inline result<bytes> encode_recipient(public_key_recipient const& to, secret_bytes const& content_key,
                                      context const& with) {
  auto const kind = recipient_kind(to.public_key_info);
  if (!kind) return fail(kind.error());
  if (*kind == recipient_key_kind::rsa) return encode_key_transport(to, content_key, with);
  return encode_key_agreement(to, *kind, content_key, with);
}

inline bool is_version_zero(recipient const& to) {
  auto const* key = std::get_if<public_key_recipient>(&to);
  if (key == nullptr || key->id.by_key_identifier()) return false;
  auto const kind = recipient_kind(key->public_key_info);
  return kind && *kind == recipient_key_kind::rsa;
}

} // namespace detail

/// Encrypts a content.
/// Source:   RFC 5652 sections 6.1 to 6.4; RFC 5083 section 2.1; RFC 5753 section 3.1; RFC 8418 section 3; RFC 3394
/// In:       the content and its type; one recipient at least; the cipher
/// Out:      the DER of the whole ContentInfo: EnvelopedData, or AuthEnvelopedData for GCM
/// Errors:   invalid_argument, unsupported_algorithm, malformed_key
/// Promises: a fresh content key and, for key agreement, a fresh key pair; where GCM is used and the content is no id-data,
///           the content type is authenticated too.
inline result<bytes> make_enveloped_data(object_id const& content_type, byte_view content,
                                         std::span<const recipient> to, content_cipher cipher, context const& with) {
  if (to.empty()) return fail(errc::invalid_argument, "enveloped-data", "a message is for one recipient at least");
  auto content_key_octets = guarded_quietly(errc::internal, "enveloped-data", "no randomness",
                                            [&] { return with.rng.random_vec(key_octets(cipher)); });
  if (!content_key_octets) return fail(content_key_octets.error());
  const secret_bytes content_key{std::move(*content_key_octets)};
  std::vector<bytes> recipients;
  bool version_zero = true;
  for (auto const& one : to) {
    auto encoded = std::visit([&](auto const& r) { return detail::encode_recipient(r, content_key, with); }, one);
    if (!encoded) return fail(encoded.error());
    recipients.push_back(std::move(*encoded));
    version_zero = version_zero && detail::is_version_zero(one);
  }
  bool const authenticated = is_authenticated(cipher);
  bytes attributes;
  if (authenticated && !(content_type == oids::id_data)) // RFC 5083 section 2.1: MUST be present then
    attributes = der::set_of({encode_attribute({oids::content_type, {content_type.encode()}})});
  auto const encrypted = encrypt_content(cipher, content_key, content, attributes, with.rng);
  if (!encrypted) return fail(encrypted.error());
  auto const content_info = der::sequence(
      {content_type.encode(), encrypted->algorithm.encode(), der::value(tag::context_primitive(0), encrypted->octets)});
  auto const infos = der::set_of(std::move(recipients));
  if (!authenticated)
    return make_content_info(oids::id_enveloped_data,
                             der::sequence({der::integer(version_zero ? 0u : 2u), infos, content_info}));
  if (!attributes.empty()) attributes[0] = tag::context(1);
  return make_content_info(
      oids::id_auth_enveloped_data,
      der::sequence({der::integer(0u), infos, content_info, attributes, der::octet_string(encrypted->mac)}));
}

} // namespace est::pki
