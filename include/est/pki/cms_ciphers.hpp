#pragma once
/// The symmetric half of enveloped messages: the ciphers of the content (AES in CBC and in GCM) and AES key wrap.
///
/// Whatever goes wrong in opening something is one failure with one sentence, so that nobody learns from it what a key or
/// a plaintext is like.

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/der.hpp>

#include <botan/aead.h>
#include <botan/block_cipher.h>
#include <botan/nist_keywrap.h>
#include <botan/rng.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace est::pki {

namespace oids {

// NIST's registry for AES. RFC 5084 section 3.2 (GCM); RFC 3394 section 3 (key wrap)
inline const object_id aes128_gcm{2, 16, 840, 1, 101, 3, 4, 1, 6};
inline const object_id aes192_gcm{2, 16, 840, 1, 101, 3, 4, 1, 26};
inline const object_id aes256_gcm{2, 16, 840, 1, 101, 3, 4, 1, 46};
inline const object_id aes128_wrap{2, 16, 840, 1, 101, 3, 4, 1, 5};
inline const object_id aes192_wrap{2, 16, 840, 1, 101, 3, 4, 1, 25};
inline const object_id aes256_wrap{2, 16, 840, 1, 101, 3, 4, 1, 45};

} // namespace oids

/// The ciphers of a content.
enum class content_cipher : std::uint8_t { aes128_cbc, aes192_cbc, aes256_cbc, aes128_gcm, aes192_gcm, aes256_gcm };

namespace detail {

struct content_cipher_row {
  content_cipher cipher;
  object_id oid;
  std::size_t key_octets;
  bool authenticated;
  std::string_view name;
};

inline std::array<content_cipher_row, 6> const& content_cipher_table() {
  static const std::array<content_cipher_row, 6> rows{{
      {content_cipher::aes128_cbc, oids::aes128_cbc, 16, false, "AES-128-CBC"},
      {content_cipher::aes192_cbc, oids::aes192_cbc, 24, false, "AES-192-CBC"},
      {content_cipher::aes256_cbc, oids::aes256_cbc, 32, false, "AES-256-CBC"},
      {content_cipher::aes128_gcm, oids::aes128_gcm, 16, true, "AES-128-GCM"},
      {content_cipher::aes192_gcm, oids::aes192_gcm, 24, true, "AES-192-GCM"},
      {content_cipher::aes256_gcm, oids::aes256_gcm, 32, true, "AES-256-GCM"},
  }};
  return rows;
}

inline content_cipher_row const& row_of(content_cipher cipher) {
  return content_cipher_table()[static_cast<std::size_t>(cipher)];
}

inline std::string aes(std::size_t key_octets) { return "AES-" + std::to_string(key_octets * 8); }

/// The one failure of everything that a key does not open.
inline tl::unexpected<failure> not_opened() {
  return fail(errc::decryption_failed, "enveloped-data", "the message cannot be opened with the key at hand");
}

} // namespace detail

inline object_id const& identifier_of(content_cipher cipher) { return detail::row_of(cipher).oid; }
inline std::size_t key_octets(content_cipher cipher) { return detail::row_of(cipher).key_octets; }
/// Whether it protects the content against change, so that the message is AuthEnvelopedData.
inline bool is_authenticated(content_cipher cipher) { return detail::row_of(cipher).authenticated; }
inline std::string_view name(content_cipher cipher) { return detail::row_of(cipher).name; }

/// The cipher of an identifier; none for one that is not read here.
inline std::optional<content_cipher> content_cipher_of(object_id const& oid) {
  for (auto const& row : detail::content_cipher_table())
    if (row.oid == oid) return row.cipher;
  return std::nullopt;
}

/// The octets of the key that an AES key wrap takes; none for another algorithm.
inline std::optional<std::size_t> key_wrap_octets(object_id const& oid) {
  if (oid == oids::aes128_wrap) return 16;
  if (oid == oids::aes192_wrap) return 24;
  if (oid == oids::aes256_wrap) return 32;
  return std::nullopt;
}

/// The AES key wrap for a key of so many octets; an empty identifier for another size than 16, 24 and 32.
inline object_id key_wrap_for(std::size_t octets) {
  return octets == 16   ? oids::aes128_wrap
         : octets == 24 ? oids::aes192_wrap
         : octets == 32 ? oids::aes256_wrap
                        : object_id{};
}

/// A content under a cipher.
struct encrypted_content {
  algorithm_identifier algorithm;
  bytes octets;
  bytes mac; ///< of GCM; empty otherwise
};

/// Encrypts a content.
/// Source:  RFC 5652 section 6.3; RFC 5084 section 3.2
/// In:      the content; the octets that are authenticated beside it (GCM); a key of the cipher's size
/// Errors:  internal
/// Promises: a fresh IV of 16 octets (CBC) or nonce of 12 octets with a MAC of 16 (GCM).
inline result<encrypted_content> encrypt_content(content_cipher cipher, secret_bytes const& key, byte_view content,
                                                 byte_view associated, Botan::RandomNumberGenerator& rng) {
  auto const& row = detail::row_of(cipher);
  return guarded_quietly(errc::internal, "enveloped-data", "encrypting failed", [&]() -> encrypted_content {
    encrypted_content made;
    made.algorithm.oid = row.oid;
    auto const iv = Botan::unlock(rng.random_vec(row.authenticated ? 12 : 16));
    detail::secret_vector buffer(content.begin(), content.end());
    auto const key_view = key.expose();
    if (row.authenticated) {
      auto const mode = Botan::AEAD_Mode::create_or_throw(detail::aes(row.key_octets) + "/GCM", botan::encryption);
      mode->set_key(key_view.data(), key_view.size());
      mode->set_associated_data(associated.data(), associated.size());
      mode->start(iv.data(), iv.size());
      mode->finish(buffer);
      auto const end = buffer.end() - 16;
      made.mac.assign(end, buffer.end());
      buffer.erase(end, buffer.end());
      made.algorithm.parameters = der::sequence({der::octet_string(iv), der::integer(16u)});
    } else {
      auto const mode =
          Botan::Cipher_Mode::create_or_throw(detail::aes(row.key_octets) + "/CBC/PKCS7", botan::encryption);
      mode->set_key(key_view.data(), key_view.size());
      mode->start(iv.data(), iv.size());
      mode->finish(buffer);
      made.algorithm.parameters = der::octet_string(iv);
    }
    made.octets.assign(buffer.begin(), buffer.end());
    return made;
  });
}

namespace detail {

/// What a cipher's parameters say: the IV or nonce, and for GCM the octets of the MAC.
struct cipher_parameters {
  bytes iv;
  std::size_t mac = 0;
};

/// CBC: an IV, OCTET STRING (RFC 3565 section 2.3.1); GCM: GCMParameters ::= SEQUENCE { aes-nonce OCTET STRING,
/// aes-ICVlen INTEGER (12..16) DEFAULT 12 } (RFC 5084 section 3.2)
inline result<cipher_parameters> read_cipher_parameters(content_cipher cipher, byte_view parameters) {
  tlv_state state{errc::malformed_cms, "enveloped-data.contentEncryptionAlgorithm"};
  cipher_parameters made;
  tlv_reader outer{parameters, state};
  if (!is_authenticated(cipher)) {
    made.iv = to_bytes(outer.take(tag::octet_string, "the initialisation vector").content);
    if (state.ok() && made.iv.size() != 16)
      state.blame(state.code, "an initialisation vector of other than 16 octets", 0);
  } else {
    auto fields = outer.enter(tag::sequence, "GCMParameters");
    made.iv = to_bytes(fields.take(tag::octet_string, "aes-nonce").content);
    made.mac = 12;
    if (fields.more()) {
      auto const length = small_integer(fields.take(tag::integer, "aes-ICVlen"));
      made.mac = length.value_or(0);
    }
    fields.end("GCMParameters");
    if (state.ok() && (made.mac < 12 || made.mac > 16)) state.blame(state.code, "an aes-ICVlen beyond 12 to 16", 0);
    if (state.ok() && (made.iv.empty() || made.iv.size() > 256))
      state.blame(state.code, "an aes-nonce beyond 1 to 256 octets", 0);
  }
  outer.end("the parameters");
  if (!state.ok()) return fail(*state.first);
  return made;
}

} // namespace detail

/// Decrypts a content.
/// Source:  RFC 5652 section 6.3; RFC 5084 section 3.2
/// Errors:  unsupported_algorithm and malformed_cms for what stands in the open (algorithm, parameters, the size of the
///          MAC); decryption_failed, always with the same sentence, for all else
inline result<secret_bytes> decrypt_content(encrypted_content const& content, secret_bytes const& key,
                                            byte_view associated = {}) {
  auto const cipher = content_cipher_of(content.algorithm.oid);
  if (!cipher)
    return fail(errc::unsupported_algorithm, "enveloped-data",
                "content cipher " + content.algorithm.oid.to_string() + " is not supported");
  auto const parameters = detail::read_cipher_parameters(*cipher, content.algorithm.parameters);
  if (!parameters) return fail(parameters.error());
  auto const& row = detail::row_of(*cipher);
  if (content.mac.size() != parameters->mac)
    return fail(errc::malformed_cms, "enveloped-data.mac",
                std::to_string(content.mac.size()) + " octets, where aes-ICVlen says " +
                    std::to_string(parameters->mac));
  if (key.size() != row.key_octets) return detail::not_opened();
  auto opened = guarded_quietly(errc::decryption_failed, "enveloped-data", "", [&]() -> detail::secret_vector {
    detail::secret_vector buffer(content.octets.begin(), content.octets.end());
    auto const key_view = key.expose();
    if (row.authenticated) {
      buffer.insert(buffer.end(), content.mac.begin(), content.mac.end());
      auto const mode = Botan::AEAD_Mode::create_or_throw(
          detail::aes(row.key_octets) + "/GCM(" + std::to_string(parameters->mac) + ")", botan::decryption);
      mode->set_key(key_view.data(), key_view.size());
      mode->set_associated_data(associated.data(), associated.size());
      mode->start(parameters->iv.data(), parameters->iv.size());
      mode->finish(buffer);
    } else {
      auto const mode =
          Botan::Cipher_Mode::create_or_throw(detail::aes(row.key_octets) + "/CBC/PKCS7", botan::decryption);
      mode->set_key(key_view.data(), key_view.size());
      mode->start(parameters->iv.data(), parameters->iv.size());
      mode->finish(buffer);
    }
    return buffer;
  });
  if (!opened) return detail::not_opened();
  return secret_bytes{std::move(*opened)};
}

/// Wraps a key by AES key wrap.
/// Source:  RFC 3394 section 2.2.1
/// In:      the key-encryption key, of 16, 24 or 32 octets; the key, a multiple of 8 octets, 16 at least
/// Errors:  invalid_argument, internal
inline result<bytes> wrap_key(secret_bytes const& with, secret_bytes const& key) {
  if (key_wrap_for(with.size()).empty())
    return fail(errc::invalid_argument, "key wrap", "AES key wrap takes a key of 16, 24 or 32 octets");
  if (key.size() < 16 || key.size() % 8 != 0)
    return fail(errc::invalid_argument, "key wrap", "what is wrapped is 16 octets or more, a multiple of 8");
  return guarded_quietly(errc::internal, "key wrap", "wrapping failed", [&]() -> bytes {
    auto const cipher = Botan::BlockCipher::create_or_throw(detail::aes(with.size()));
    cipher->set_key(with.expose().data(), with.size());
    return Botan::nist_key_wrap(key.expose().data(), key.size(), *cipher);
  });
}

/// Unwraps a key.
/// Source:  RFC 3394 section 2.2.2
/// Errors:  decryption_failed, always with the same sentence
inline result<secret_bytes> unwrap_key(secret_bytes const& with, byte_view wrapped) {
  if (key_wrap_for(with.size()).empty() || wrapped.size() < 24 || wrapped.size() > 72 || wrapped.size() % 8 != 0)
    return detail::not_opened();
  auto key = guarded_quietly(errc::decryption_failed, "enveloped-data", "", [&]() -> detail::secret_vector {
    auto const cipher = Botan::BlockCipher::create_or_throw(detail::aes(with.size()));
    cipher->set_key(with.expose().data(), with.size());
    return Botan::nist_key_unwrap(wrapped.data(), wrapped.size(), *cipher);
  });
  if (!key) return detail::not_opened();
  return secret_bytes{std::move(*key)};
}

} // namespace est::pki
