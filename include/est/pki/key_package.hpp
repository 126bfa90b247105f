#pragma once
/// The key package: private keys in the form in which CMS carries them.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/der.hpp>
#include <est/pki/private_key.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// Writes keys as a package.
/// Source:   RFC 5958 section 2: AsymmetricKeyPackage ::= SEQUENCE SIZE (1..MAX) OF OneAsymmetricKey
/// Promises: DER; each key a PrivateKeyInfo of version 1.
inline result<secret_bytes> make_key_package(private_key const& key) {
  auto const one = key.encode();
  return secret_bytes{der::value<detail::secret_vector>(tag::sequence, one.expose())};
}

/// Reads the keys of a package.
/// Source:  RFC 5958 section 2: receivers MUST support BER
/// In:      BER of an AsymmetricKeyPackage
/// Out:     one key at least, in the order of the package
/// Notes:   those of normalise_ber and of each key; key_package_several_keys; key_package_bare_key where one
///          OneAsymmetricKey stands in place of the package
/// Errors:  malformed_key, too_large (more than 16 keys), and those of parse_private_key: one key that cannot be read
///          fails the whole, since which one is meant is unknown
/// Promises: no failure and no note holds an octet of a key.
inline result<std::vector<private_key>> parse_key_package(byte_view ber, notes* out = nullptr, tlv_limits limits = {}) {
  static constexpr std::string_view where = "key-package";
  static constexpr std::size_t most_keys = 16;
  auto der = normalise_ber(ber, out, limits, nullptr, where);
  if (!der) return fail(der.error());
  const detail::wiped_later wiped{*der};
  std::vector<private_key> keys;
  auto const read = [&](byte_view one) -> result<void> {
    notes inner;
    auto key = parse_private_key(one, &inner);
    auto const name = std::string{where} + ".key[" + std::to_string(keys.size()) + "]";
    if (out != nullptr) out->append(std::move(inner), name);
    if (!key) return fail_in(name, key.error());
    keys.push_back(std::move(*key));
    return {};
  };
  if (detail::first_element_of(*der) == tag::integer) {
    remark(out, note_code::key_package_bare_key, std::string{where}, 0);
    if (auto const one = read(*der); !one) return fail(one.error());
    return keys;
  }
  tlv_state state{errc::malformed_key, where};
  tlv_reader list = tlv_reader{*der, state}.enter(tag::sequence, "AsymmetricKeyPackage");
  while (list.more()) {
    auto const one = list.take(tag::sequence, "OneAsymmetricKey");
    if (!state.ok()) break;
    if (keys.size() == most_keys) return fail(errc::too_large, std::string{where}, "more than 16 keys", one.offset);
    if (auto const good = read(one.whole); !good) return fail(good.error());
  }
  if (!state.ok()) return fail(*state.first);
  if (keys.empty()) return fail(errc::malformed_key, std::string{where}, "the package holds no key");
  if (keys.size() > 1)
    remark(out, note_code::key_package_several_keys, std::string{where}, 0, std::to_string(keys.size()) + " keys");
  return keys;
}

} // namespace est::pki
