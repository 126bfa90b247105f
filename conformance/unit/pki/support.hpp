#pragma once
/// What the tests of the pki layer share: a context, keys that are made once, vectors as octets, and two ways to spoil
/// octets.

#include "../vectors.hpp"

#include <est/core/base64.hpp>
#include <est/pki/certificate_builder.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/private_key.hpp>

#include <botan/auto_rng.h>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace est::test {

/// 2026-01-01 00:00:00 UTC: tests have no clock.
inline const pki::time_point some_day{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

inline pki::context surroundings() {
  static Botan::AutoSeeded_RNG rng;
  return {some_day, rng};
}

/// A key of a kind, made once a test program: RSA keys are dear.
inline pki::private_key const& key(char const* kind) {
  static std::map<std::string, pki::private_key, std::less<>> keys;
  auto found = keys.find(kind);
  if (found == keys.end()) {
    auto const spec = pki::parse_key_spec(kind);
    BOOST_REQUIRE(spec);
    auto made = pki::make_private_key(*spec, surroundings());
    BOOST_REQUIRE_MESSAGE(made, "cannot make a key of kind " << kind);
    found = keys.emplace(kind, std::move(*made)).first;
  }
  return found->second;
}

inline constexpr char const* kinds[] = {"P-256", "P-384", "P-521", "Ed25519", "RSA-2048"};

/// The octets of a base64 file under vectors/.
inline bytes vector_octets(std::string_view name) {
  auto octets = decode_base64(read_vector(name));
  BOOST_REQUIRE(octets);
  return std::move(*octets);
}

inline bytes from_hex(std::string_view text) {
  bytes octets;
  int digits = 0, value = 0;
  for (char const c : text) {
    if (c == ' ') continue;
    value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits % 2 == 0) {
      octets.push_back(static_cast<std::uint8_t>(value));
      value = 0;
    }
  }
  return octets;
}

/// A self-signed CA certificate.
inline pki::certificate make_root(std::string const& name, pki::private_key const& k,
                                  pki::time_point from = some_day - std::chrono::hours{24}) {
  pki::certificate_order order;
  order.subject_der = pki::make_name({{pki::oids::common_name, name}});
  order.not_before = from;
  order.not_after = some_day + std::chrono::hours{24 * 365};
  order.extensions = {pki::make_basic_constraints(true),
                      pki::make_key_usage(pki::key_usage::key_cert_sign | pki::key_usage::crl_sign),
                      pki::make_subject_key_identifier(k.public_key_info())};
  auto made = pki::make_self_signed(order, k, "", surroundings());
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : to_text(made.error())));
  return std::move(*made);
}

/// A certificate under another one.
inline pki::certificate issue(std::string const& name, pki::private_key const& k, pki::private_key const& issuer_key,
                              pki::certificate const& issuer, bool ca = false) {
  pki::certificate_order order;
  order.subject_der = pki::make_name({{pki::oids::common_name, name}});
  order.public_key_info = k.public_key_info();
  order.not_before = some_day - std::chrono::hours{1};
  order.not_after = some_day + std::chrono::hours{24 * 30};
  order.extensions = {pki::make_basic_constraints(ca), pki::make_subject_key_identifier(k.public_key_info())};
  if (auto const id = issuer.subject_key_identifier())
    order.extensions.push_back(pki::make_authority_key_identifier(*id));
  auto made = pki::make_certificate(order, issuer_key, issuer, "", surroundings());
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : to_text(made.error())));
  return std::move(*made);
}

/// Calls with the first n octets, for every n short of all.
template <class F> void for_every_truncation(byte_view octets, F&& f) {
  for (std::size_t n = 0; n < octets.size(); ++n) {
    // a copy of its own size, so that a read beyond it is seen by the sanitizer
    bytes const cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(n));
    f(byte_view{cut});
  }
}

/// Calls with one bit changed, for every bit.
template <class F> void for_every_bit(byte_view octets, F&& f) {
  bytes copy(octets.begin(), octets.end());
  for (std::size_t i = 0; i < copy.size(); ++i)
    for (unsigned bit = 0; bit < 8; ++bit) {
      copy[i] = static_cast<std::uint8_t>(copy[i] ^ 1u << bit);
      f(byte_view{copy}, i);
      copy[i] = static_cast<std::uint8_t>(copy[i] ^ 1u << bit);
    }
}

} // namespace est::test
