#pragma once
/// Private keys under a password: EncryptedPrivateKeyInfo with PBES2, and the older "Proc-Type: 4,ENCRYPTED" PEM that
/// OpenSSL still writes for traditional keys. How much work a password may cost is bounded before any of it is done:
/// Botan does not bound it. Passwords are never made into a string.

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/pem.hpp>

#include <botan/hash.h>
#include <botan/pwdhash.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace est::pki {

/// How much work a password may cost.
struct password_limits {
  std::uint32_t iterations = 5'000'000;    ///< of PBKDF2; tools write 2 048 to 1 000 000
  std::uint64_t scrypt_octets = 64u << 20; ///< of memory: 128 * N * r
  std::uint32_t scrypt_parallel = 16;
};

namespace detail {

struct pbes2_cipher {
  std::string_view name;
  std::size_t key, iv;
};

/// RFC 8018 appendix B.2
inline std::optional<pbes2_cipher> cipher_of(object_id const& oid) {
  if (oid == oids::aes128_cbc) return pbes2_cipher{"AES-128/CBC/PKCS7", 16, 16};
  if (oid == oids::aes192_cbc) return pbes2_cipher{"AES-192/CBC/PKCS7", 24, 16};
  if (oid == oids::aes256_cbc) return pbes2_cipher{"AES-256/CBC/PKCS7", 32, 16};
  if (oid == oids::des_ede3_cbc) return pbes2_cipher{"3DES/CBC/PKCS7", 24, 8};
  return std::nullopt;
}

/// RFC 8018 appendix B.1.2
inline std::optional<std::string_view> prf_of(object_id const& oid) {
  static const std::pair<object_id, std::string_view> rows[] = {{{1, 2, 840, 113549, 2, 7}, "SHA-1"},
                                                                {{1, 2, 840, 113549, 2, 8}, "SHA-224"},
                                                                {{1, 2, 840, 113549, 2, 9}, "SHA-256"},
                                                                {{1, 2, 840, 113549, 2, 10}, "SHA-384"},
                                                                {{1, 2, 840, 113549, 2, 11}, "SHA-512"}};
  for (auto const& [id, name] : rows)
    if (id == oid) return name;
  return std::nullopt;
}

/// A failed padding is what a wrong password looks like.
inline result<secret_bytes> decrypt_cbc(std::string_view cipher, secret_vector const& key, byte_view iv,
                                        byte_view ciphertext) {
  return guarded_quietly(errc::unauthenticated, "key", "the password does not open the key", [&] {
    auto mode = Botan::Cipher_Mode::create_or_throw(std::string{cipher}, botan::decryption);
    mode->set_key(key.data(), key.size());
    mode->start(iv.data(), iv.size());
    secret_vector plain(ciphertext.begin(), ciphertext.end());
    mode->finish(plain);
    return secret_bytes{std::move(plain)};
  });
}

/// OpenSSL's derivation for traditional PEM: MD5 chained over password and salt, one round. Only ever read.
inline result<secret_vector> traditional_key(byte_view password, byte_view salt, std::size_t size) {
  return guarded_quietly(errc::unsupported_algorithm, "key", "this Botan has no MD5", [&] {
    auto md5 = Botan::HashFunction::create_or_throw("MD5");
    secret_vector key, block;
    while (key.size() < size) {
      md5->update(block.data(), block.size());
      md5->update(password.data(), password.size());
      md5->update(salt.data(), salt.size());
      block = md5->final();
      key.insert(key.end(), block.begin(), block.end());
    }
    key.resize(size);
    return key;
  });
}

} // namespace detail

/// Opens an EncryptedPrivateKeyInfo.
/// Source:  RFC 5958 section 3; RFC 8018 section 6.2 and appendix A (PBES2 with PBKDF2); RFC 7914 section 7 (scrypt)
/// Grammar: EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm, encryptedData OCTET STRING }
/// Out:     the octets within, which are a PrivateKeyInfo where the password was right
/// Errors:  malformed_key; unsupported_algorithm (PBES1, PKCS#12 encryption, other ciphers); too_large (more work than the
///          limits allow); unauthenticated (the password does not open it)
/// Promises: no failure holds the password or what it opened.
inline result<secret_bytes> decrypt_private_key_info(byte_view der, secret_bytes const& password,
                                                     password_limits limits = {}) {
  static constexpr std::string_view where = "key";
  if (auto const checked = check_der(der, nullptr, {}, where); !checked) return fail(checked.error());
  auto const unsupported = [](std::string why) {
    return fail(errc::unsupported_algorithm, std::string{where}, std::move(why));
  };
  tlv_state state{errc::malformed_key, where};
  tlv_reader outer{der, state};
  auto fields = outer.enter(tag::sequence, "EncryptedPrivateKeyInfo");
  auto algorithm = fields.enter(tag::sequence, "encryptionAlgorithm");
  auto const scheme = read_object_id(algorithm.take(tag::object_id, "encryption scheme"));
  if (state.ok() && !(scheme == object_id{1, 2, 840, 113549, 1, 5, 13}))
    return unsupported("the key is encrypted with " + scheme.to_string() + ", not with PBES2");
  auto parameters = algorithm.enter(tag::sequence, "PBES2-params");
  auto derivation = parameters.enter(tag::sequence, "keyDerivationFunc");
  auto const kdf = read_object_id(derivation.take(tag::object_id, "key derivation function"));
  auto kdf_parameters = derivation.enter(tag::sequence, "parameters of the key derivation");
  auto encryption = parameters.enter(tag::sequence, "encryptionScheme");
  auto const cipher_oid = read_object_id(encryption.take(tag::object_id, "cipher"));
  auto const iv = encryption.take(tag::octet_string, "initialization vector");
  auto const ciphertext = fields.take(tag::octet_string, "encryptedData");
  fields.end("EncryptedPrivateKeyInfo");
  if (!state.ok()) return fail(*state.first);
  auto const cipher = detail::cipher_of(cipher_oid);
  if (!cipher) return unsupported("the cipher " + cipher_oid.to_string() + " is not supported");
  if (iv.content.size() != cipher->iv)
    return fail(errc::malformed_key, std::string{where}, "the initialization vector has another size", iv.offset);

  auto const salt = kdf_parameters.take(tag::octet_string, "salt");
  detail::secret_vector key(cipher->key);
  auto const secret = password.expose();
  auto const derive = [&](std::string const& family, auto&& make) {
    return guarded_quietly(errc::unsupported_algorithm, where, "this Botan cannot derive the key", [&] {
      auto const function = make(*Botan::PasswordHashFamily::create_or_throw(family));
      function->derive_key(key.data(), key.size(), reinterpret_cast<char const*>(secret.data()), secret.size(),
                           salt.content.data(), salt.content.size());
    });
  };
  result<void> derived;
  if (kdf == object_id{1, 2, 840, 113549, 1, 5, 12}) {
    auto const iterations = small_integer(kdf_parameters.take(tag::integer, "iterationCount"));
    if (kdf_parameters.at(tag::integer)) {
      auto const length = small_integer(kdf_parameters.take(tag::integer, "keyLength"));
      if (!length || *length != cipher->key)
        return fail(errc::malformed_key, std::string{where}, "the key length is not the cipher's");
    }
    std::string prf = "SHA-1"; // the default
    if (kdf_parameters.at(tag::sequence)) {
      auto const oid =
          read_object_id(kdf_parameters.enter(tag::sequence, "prf").take(tag::object_id, "pseudorandom function"));
      auto const name = detail::prf_of(oid);
      if (!name) return unsupported("the pseudorandom function " + oid.to_string() + " is not supported");
      prf = *name;
    }
    if (!state.ok()) return fail(*state.first);
    if (!iterations || *iterations == 0)
      return fail(errc::malformed_key, std::string{where}, "an iteration count that is none");
    if (*iterations > limits.iterations)
      return fail(errc::too_large, std::string{where},
                  std::to_string(*iterations) + " iterations, the limit is " + std::to_string(limits.iterations));
    derived = derive("PBKDF2(" + prf + ")",
                     [&](Botan::PasswordHashFamily& family) { return family.from_params(*iterations); });
  } else if (kdf == object_id{1, 3, 6, 1, 4, 1, 11591, 4, 11}) {
    auto const cost = small_integer(kdf_parameters.take(tag::integer, "costParameter"));
    auto const block = small_integer(kdf_parameters.take(tag::integer, "blockSize"));
    auto const parallel = small_integer(kdf_parameters.take(tag::integer, "parallelizationParameter"));
    if (!state.ok()) return fail(*state.first);
    if (!cost || !block || !parallel || *cost == 0 || *block == 0 || *parallel == 0)
      return fail(errc::malformed_key, std::string{where}, "scrypt parameters that are none");
    if (std::uint64_t{*cost} * *block > limits.scrypt_octets / 128 || *parallel > limits.scrypt_parallel)
      return fail(errc::too_large, std::string{where}, "scrypt parameters beyond the limit");
    derived = derive("Scrypt",
                     [&](Botan::PasswordHashFamily& family) { return family.from_params(*cost, *block, *parallel); });
  } else {
    return unsupported("the key derivation " + kdf.to_string() + " is not supported");
  }
  if (!derived) return fail(derived.error());
  return detail::decrypt_cbc(cipher->name, key, iv.content, ciphertext.content);
}

/// Opens a traditional PEM block with the fields "Proc-Type: 4,ENCRYPTED" and "DEK-Info".
/// Source:  RFC 1421 sections 4.6.1.1 and 4.6.1.3; the derivation is OpenSSL's EVP_BytesToKey with MD5
/// Errors:  malformed_key, unsupported_algorithm, unauthenticated, malformed_base64
inline result<secret_bytes> decrypt_traditional_pem(pem_block const& block, secret_bytes const& password) {
  std::string_view info;
  for (auto const& [name, value] : block.fields)
    if (name == "DEK-Info") info = value;
  auto const comma = info.find(',');
  if (comma == std::string_view::npos)
    return fail(errc::malformed_key, "key", "an encrypted PEM block without a DEK-Info field");
  auto const name = info.substr(0, comma);
  auto const cipher = name == "AES-128-CBC"    ? detail::cipher_of(oids::aes128_cbc)
                      : name == "AES-192-CBC"  ? detail::cipher_of(oids::aes192_cbc)
                      : name == "AES-256-CBC"  ? detail::cipher_of(oids::aes256_cbc)
                      : name == "DES-EDE3-CBC" ? detail::cipher_of(oids::des_ede3_cbc)
                                               : std::nullopt;
  if (!cipher) return fail(errc::unsupported_algorithm, "key", "PEM encryption with " + std::string{name});
  bytes iv;
  std::uint8_t half = 0;
  std::size_t digits = 0;
  for (char const c : info.substr(comma + 1)) {
    int const digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return fail(errc::malformed_key, "key", "a DEK-Info field whose vector is not hexadecimal");
    half = static_cast<std::uint8_t>(half << 4 | digit);
    if (++digits % 2 == 0) iv.push_back(half);
  }
  if (iv.size() != cipher->iv || digits % 2 != 0)
    return fail(errc::malformed_key, "key", "a DEK-Info field whose vector has another size");
  auto const ciphertext = decode_base64(block.base64);
  if (!ciphertext) return fail(ciphertext.error());
  auto const key = detail::traditional_key(password.expose(), byte_view{iv}.first(8), cipher->key);
  if (!key) return fail(key.error());
  return detail::decrypt_cbc(cipher->name, *key, iv, *ciphertext);
}

} // namespace est::pki
