#pragma once
/// Opening encrypted messages: with a symmetric key that both sides have, or with a private key (RSA, ECDH, X25519).
///
/// A message that does not open says nothing of why: a wrong key, a changed key, a changed content and broken padding are one
/// failure with one sentence, and PKCS#1 v1.5 in particular goes on with a random key where the padding is broken.

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/cms_ciphers.hpp>
#include <est/pki/enveloped_data.hpp>
#include <est/pki/key_agreement.hpp>

#include <botan/pubkey.h>
#include <botan/rng.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace est::pki {

/// A symmetric key that both sides have, and its name.
/// Source: RFC 5652 section 6.2.3; RFC 7030 section 4.4.1.1
struct key_encryption_key {
  bytes identifier;
  secret_bytes key; ///< of 16, 24 or 32 octets

  key_encryption_key duplicate() const { return {identifier, key.duplicate()}; }
};

/// A private key, and the names under which a message may be for it.
struct recipient_key {
  decryption_key key;
  std::optional<pki::certificate> certificate = std::nullopt; ///< whose issuer and serial number a message may name
  std::optional<bytes> identifier = std::nullopt;             ///< which a message may name (RFC 7030 section 4.4.1.2)

  /// Whether a message names this key. Without a certificate at hand, any issuer and serial number may be meant.
  bool is_meant_by(certificate_identifier const& id) const {
    if (certificate && id.names(*certificate)) return true;
    if (!id.by_key_identifier()) return !certificate;
    return id.key_identifier == identifier || id.key_identifier == pki::key_identifier(key.public_key_info());
  }
};

namespace detail {

/// What the content is opened with, once the content key is at hand.
inline result<secret_bytes> open_content(enveloped_data const& message, secret_bytes const& content_key) {
  auto opened = decrypt_content(message.content, content_key, message.authenticated_octets);
  if (!opened || message.authenticated_octets.empty()) return opened;
  // RFC 5652 section 9.1: authenticated attributes hold the content type, which nothing else protects
  for (auto const& a : message.authenticated_attributes) {
    if (!(a.oid == oids::content_type)) continue;
    auto const value = a.values.size() == 1 ? read_tlv(a.values.front()) : result<tlv>{tlv{}};
    if (value && read_object_id(*value) == message.content_type) return opened;
  }
  return fail(errc::malformed_cms, "enveloped-data.authAttrs",
              "the authenticated content type is missing or another than that of the content");
}

/// The cipher of the content; the key that a recipient's entry holds has to be of its size.
inline result<content_cipher> cipher_of(enveloped_data const& message) {
  auto const cipher = content_cipher_of(message.content.algorithm.oid);
  if (!cipher)
    return fail(errc::unsupported_algorithm, "enveloped-data",
                "content cipher " + message.content.algorithm.oid.to_string() + " is not supported");
  if (is_authenticated(*cipher) != message.authenticated)
    return fail(errc::malformed_cms, "enveloped-data",
                message.authenticated ? "AuthEnvelopedData with a cipher that does not authenticate"
                                      : "EnvelopedData with a cipher that needs AuthEnvelopedData");
  return *cipher;
}

inline result<secret_bytes> open_key_transport(key_transport_info const& info, recipient_key const& with,
                                               content_cipher cipher, Botan::RandomNumberGenerator& rng) {
  std::string padding;
  if (info.algorithm.oid == oids::rsa_encryption) {
    padding = "EME-PKCS1-v1_5";
  } else if (info.algorithm.oid == oids::rsaes_oaep) {
    auto const parameters = read_oaep_parameters(info.algorithm.parameters);
    if (!parameters) return fail(parameters.error());
    padding = parameters->name();
  } else {
    return fail(errc::unsupported_algorithm, "enveloped-data.ktri",
                "key transport " + info.algorithm.oid.to_string() + " is not supported");
  }
  auto key = guarded_quietly(errc::decryption_failed, "enveloped-data", "", [&]() -> secret_vector {
    const Botan::PK_Decryptor_EME decryptor{with.key.botan(), rng, padding};
    return decryptor.decrypt_or_random(info.encrypted_key.data(), info.encrypted_key.size(), key_octets(cipher), rng);
  });
  if (!key) // what is no ciphertext of this key at all
    key = guarded_quietly(errc::decryption_failed, "enveloped-data", "",
                          [&]() -> secret_vector { return rng.random_vec(key_octets(cipher)); });
  if (!key) return not_opened();
  return secret_bytes{std::move(*key)};
}

/// The key wrap that stands in the parameters of a key agreement, or is the whole algorithm of a kekri.
struct wrap_choice {
  std::size_t key_octets;
  bytes identifier; ///< the AlgorithmIdentifier
};
inline result<wrap_choice> read_wrap(algorithm_identifier const& algorithm, byte_view as_it_came,
                                     std::string_view where, notes* out) {
  auto const octets = key_wrap_octets(algorithm.oid);
  if (!octets)
    return fail(errc::unsupported_algorithm, std::string{where},
                "key wrap " + algorithm.oid.to_string() + " is not supported");
  if (!algorithm.parameters.empty())
    remark(out, note_code::cms_key_wrap_parameters, std::string{where}, std::nullopt, to_hex(algorithm.parameters));
  return wrap_choice{*octets, to_bytes(as_it_came)};
}

inline result<secret_bytes> open_key_agreement(key_agreement_info const& info, byte_view encrypted_key,
                                               recipient_key const& with, Botan::RandomNumberGenerator& rng,
                                               notes* out) {
  static constexpr std::string_view where = "enveloped-data.kari";
  auto const* scheme = find_agreement(info.algorithm.oid);
  if (scheme == nullptr)
    return fail(errc::unsupported_algorithm, std::string{where},
                "key agreement " + info.algorithm.oid.to_string() + " is not supported");
  tlv_state state{errc::malformed_cms, where};
  tlv_reader outer{info.algorithm.parameters, state};
  auto const algorithm = read_algorithm(outer.take(tag::sequence, "KeyWrapAlgorithm"), state);
  outer.end("the parameters");
  if (!state.ok()) return fail(*state.first);
  auto const wrap = read_wrap(algorithm, info.algorithm.parameters, where, out);
  if (!wrap) return fail(wrap.error());
  if (info.originator_key.empty())
    return fail(errc::unsupported_algorithm, std::string{where},
                "the originator is named by certificate: only ephemeral keys are supported");
  if (with.key.kind() == recipient_key_kind::x25519 && info.originator_key.size() != 32)
    return fail(errc::malformed_cms, std::string{where}, "an X25519 key of other than 32 octets");
  auto const kek = guarded_quietly(errc::decryption_failed, "enveloped-data", "", [&]() -> secret_bytes {
    return agree(with.key.botan(), info.originator_key, *scheme, wrap->identifier, info.ukm, wrap->key_octets, rng);
  });
  if (!kek) return not_opened();
  return unwrap_key(*kek, encrypted_key);
}

/// Whether the sender's ephemeral key is of a recipient's kind; one that is named by certificate may be of any.
inline bool is_of_kind(key_agreement_info const& info, recipient_key_kind kind) {
  return info.originator_key.empty() ||
         info.originator_algorithm == (kind == recipient_key_kind::x25519 ? oids::x25519 : oids::ec_public_key);
}

inline tl::unexpected<failure> for_somebody_else(enveloped_data const& message, std::string_view whose) {
  auto const count = message.recipients.size();
  return fail(errc::no_recipient, "enveloped-data",
              (count == 1 ? std::string{"the message is for one recipient, which is not "}
                          : "the message is for " + std::to_string(count) + " recipients, none of which is ") +
                  std::string{whose});
}

} // namespace detail

/// Opens a message with a symmetric key.
/// Source:  RFC 5652 sections 6.2.3 and 6.3; RFC 5083 section 2.2
/// Out:     the content, as it was before it was encrypted
/// Notes:   cms_key_wrap_parameters
/// Errors:  no_recipient where none has the key's identifier; key_mismatch where the wrap takes a key of another size;
///          unsupported_algorithm and malformed_cms for what stands in the open; decryption_failed for all else
/// Promises: decryption_failed has one sentence, whatever failed.
/// Does NOT promise: that the content is as it was, unless the message is authenticated. CBC protects nothing.
inline result<secret_bytes> open_enveloped_data(enveloped_data const& message, key_encryption_key const& with,
                                                notes* out = nullptr) {
  auto const cipher = detail::cipher_of(message);
  if (!cipher) return fail(cipher.error());
  for (auto const& recipient : message.recipients) {
    auto const* info = std::get_if<encryption_key_info>(&recipient);
    if (info == nullptr || info->identifier != with.identifier) continue;
    auto const wrap = detail::read_wrap(info->algorithm, {}, "enveloped-data.kekri", out);
    if (!wrap) return fail(wrap.error());
    if (wrap->key_octets != with.key.size())
      return fail(errc::key_mismatch, "enveloped-data.kekri",
                  "the key wrap takes a key of " + std::to_string(wrap->key_octets) + " octets; the key at hand has " +
                      std::to_string(with.key.size()));
    auto const content_key = unwrap_key(with.key, info->encrypted_key);
    if (!content_key) return fail(content_key.error());
    return detail::open_content(message, *content_key);
  }
  return detail::for_somebody_else(message, "the holder of the key-encryption key at hand");
}

/// Opens a message with a private key.
/// Source:  RFC 5652 sections 6.2.1, 6.2.2 and 6.3; RFC 5753 section 3.1.3; RFC 8418 section 3
/// In:      the message; the key; randomness, for blinding and for the key that stands in for a broken one
/// Out, Notes, Errors: as above; where several entries may be meant, the first one's error
/// Promises: as above; at most 64 entries that may be meant are tried
inline result<secret_bytes> open_enveloped_data(enveloped_data const& message, recipient_key const& with,
                                                Botan::RandomNumberGenerator& rng, notes* out = nullptr) {
  auto const cipher = detail::cipher_of(message);
  if (!cipher) return fail(cipher.error());
  bool const is_rsa = with.key.kind() == recipient_key_kind::rsa;
  std::optional<failure> first;
  std::size_t tries = detail::most_recipients;
  auto const opened_with = [&](result<secret_bytes> const& content_key) -> result<secret_bytes> {
    --tries;
    auto opened =
        content_key ? detail::open_content(message, *content_key) : result<secret_bytes>{fail(content_key.error())};
    if (!opened && !first) first = opened.error();
    return opened;
  };
  for (auto const& recipient : message.recipients) {
    if (auto const* transport = std::get_if<key_transport_info>(&recipient)) {
      if (!is_rsa || tries == 0 || !with.is_meant_by(transport->rid)) continue;
      if (auto opened = opened_with(detail::open_key_transport(*transport, with, *cipher, rng))) return opened;
    } else if (auto const* agreement = std::get_if<key_agreement_info>(&recipient)) {
      if (is_rsa || !detail::is_of_kind(*agreement, with.key.kind())) continue;
      for (auto const& one : agreement->keys) {
        if (tries == 0 || !with.is_meant_by(one.rid)) continue;
        if (auto opened = opened_with(detail::open_key_agreement(*agreement, one.octets, with, rng, out)))
          return opened;
      }
    }
  }
  if (first) return fail(std::move(*first));
  return detail::for_somebody_else(message, "the holder of the private key at hand");
}

} // namespace est::pki
