#pragma once
/// What the tests of signed and enveloped messages share: a signer with a path, keys of every kind that opens messages, and
/// the values of results.

#include "support.hpp"

#include <est/pki/enveloped_data_make.hpp>
#include <est/pki/key_agreement.hpp>
#include <est/pki/signed_data.hpp>

#include <array>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace est::test {

template <class T> T got(result<T> r) {
  if (!r) BOOST_FAIL(to_text(r.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

template <class T> failure trouble_of(result<T> const& r) {
  BOOST_REQUIRE_MESSAGE(!r, "a failure is due");
  return r.error();
}

/// A certificate whose key may do what is asked of it here; `usage` 0 for none at all.
inline pki::certificate certify(std::string const& name, byte_view public_key_info, pki::private_key const& issuer_key,
                                pki::certificate const& issuer, std::uint16_t usage) {
  pki::certificate_order order;
  order.subject_der = pki::make_name({{pki::oids::common_name, name}});
  order.public_key_info = to_bytes(public_key_info);
  order.not_before = some_day - std::chrono::hours{1};
  order.not_after = some_day + std::chrono::hours{24 * 30};
  order.extensions = {pki::make_subject_key_identifier(public_key_info)};
  if (usage != 0) order.extensions.push_back(pki::make_key_usage(usage));
  return got(pki::make_certificate(order, issuer_key, issuer, "", surroundings()));
}

inline pki::certificate const& cms_root() {
  static auto const root = make_root("CMS root", key("P-256"));
  return root;
}

/// A certificate by name, made once a program: serial numbers are random.
inline pki::certificate const& made_once(std::string const& name, std::function<pki::certificate()> const& make) {
  static std::map<std::string, pki::certificate> all;
  auto found = all.find(name);
  if (found == all.end()) found = all.emplace(name, make()).first;
  return found->second;
}

/// A certificate for each kind of key that signs.
inline pki::certificate const& signer_certificate(std::string const& kind) {
  return made_once("signer " + kind, [&] {
    return certify("signer " + kind, key(kind.c_str()).public_key_info(), key("P-256"), cms_root(),
                   pki::key_usage::digital_signature);
  });
}

inline constexpr char const* recipient_kinds[] = {"RSA-2048", "P-256", "P-384", "P-521", "X25519"};

/// A key that opens messages.
inline pki::decryption_key opening_key(std::string_view kind) {
  if (kind != "X25519") return got(pki::make_decryption_key(key(std::string{kind}.c_str())));
  static auto const pkcs8 = from_hex("302e020100300506032b656e04220420"
                                     "77076d0a7318a57d3c16c17251b26645df4c7f12c50ad9a1a1a1b8d1f0a3c2e1");
  return got(pki::parse_decryption_key(pkcs8));
}

inline pki::certificate const& recipient_certificate(std::string const& kind) {
  return made_once("recipient " + kind, [&] {
    auto const opening = opening_key(kind);
    return certify("recipient " + kind, opening.public_key_info(), key("P-256"), cms_root(),
                   opening.kind() == pki::recipient_key_kind::rsa ? pki::key_usage::key_encipherment
                                                                  : pki::key_usage::key_agreement);
  });
}

inline constexpr pki::content_cipher ciphers[] = {pki::content_cipher::aes128_cbc, pki::content_cipher::aes192_cbc,
                                                  pki::content_cipher::aes256_cbc, pki::content_cipher::aes128_gcm,
                                                  pki::content_cipher::aes192_gcm, pki::content_cipher::aes256_gcm};

inline pki::key_encryption_key symmetric_key(std::size_t octets, std::string_view identifier = "shelf 7") {
  bytes key(octets);
  for (std::size_t i = 0; i < octets; ++i) key[i] = static_cast<std::uint8_t>(0x40 + i);
  return {to_bytes(identifier), secret_bytes{byte_view{key}}};
}

/// Octets put in place of others of the same size, once.
inline bytes replaced(byte_view octets, byte_view what, byte_view by) {
  auto text = to_text(octets);
  auto const at = text.find(as_text(what));
  BOOST_REQUIRE(at != std::string::npos);
  text.replace(at, what.size(), as_text(by));
  return to_bytes(std::string_view{text});
}

} // namespace est::test
