#pragma once
/// Which structure a private key stands in. Servers send PKCS#1 and SEC 1 keys where PKCS#8 is due; saying so beats
/// "cannot be parsed".

#include <est/core/bytes.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <cstdint>
#include <string_view>

namespace est::pki {

enum class key_form : std::uint8_t {
  private_key_info,           ///< PKCS#8 version 1. RFC 5208, RFC 5958
  one_asymmetric_key,         ///< PKCS#8 version 2. RFC 5958 section 2
  encrypted_private_key_info, ///< RFC 5958 section 3
  rsa_private_key,            ///< PKCS#1. RFC 8017 appendix A.1.2
  ec_private_key,             ///< SEC 1. RFC 5915 section 3
  unknown,
};

constexpr std::string_view name(key_form form) noexcept {
  switch (form) {
  case key_form::private_key_info: return "PrivateKeyInfo";
  case key_form::one_asymmetric_key: return "OneAsymmetricKey";
  case key_form::encrypted_private_key_info: return "EncryptedPrivateKeyInfo";
  case key_form::rsa_private_key: return "RSAPrivateKey";
  case key_form::ec_private_key: return "ECPrivateKey";
  case key_form::unknown: break;
  }
  return "unknown";
}

/// Tells the forms apart by their first fields. Nothing is said of what follows them.
inline key_form classify_key(byte_view der) {
  tlv_state state{errc::malformed_key, "key"};
  tlv_reader outer{der, state};
  auto fields = outer.enter(tag::sequence, "a key");
  auto const first = fields.take_any("the first field");
  auto const second = fields.take_any("the second field");
  if (!state.ok()) return key_form::unknown;
  if (first.is(tag::sequence) && second.is(tag::octet_string)) {
    tlv_reader algorithm{first, state};
    auto const oid = read_object_id(algorithm.take_any("algorithm"));
    if (oid.empty() || fields.more())
      return key_form::unknown; // a DigestInfo looks alike: PKCS#5 and PKCS#12 arcs tell
    auto const text = oid.to_string();
    return text.rfind("1.2.840.113549.1.5.", 0) == 0 || text.rfind("1.2.840.113549.1.12.1.", 0) == 0
               ? key_form::encrypted_private_key_info
               : key_form::unknown;
  }
  auto const version = small_integer(first);
  if (!version) return key_form::unknown;
  if (second.is(tag::sequence) && fields.at(tag::octet_string)) {
    tlv_reader algorithm{second, state};
    if (!algorithm.at(tag::object_id)) return key_form::unknown;
    return *version == 1 ? key_form::one_asymmetric_key : key_form::private_key_info;
  }
  if (second.is(tag::integer) && *version <= 1) {
    std::size_t numbers = 2;
    for (; fields.at(tag::integer) && numbers < 9; ++numbers) fields.take_any("a number");
    if (numbers == 9) return key_form::rsa_private_key; // version, n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p
  }
  if (second.is(tag::octet_string) && *version == 1 &&
      (!fields.more() || fields.at(tag::context(0)) || fields.at(tag::context(1))))
    return key_form::ec_private_key;
  return key_form::unknown;
}

} // namespace est::pki
