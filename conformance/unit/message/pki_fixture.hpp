#pragma once
/// Keys, certificates and requests for the tests of messages, client and transports: made once a program, under a root of
/// their own.

#include <est/message/enroll.hpp>
#include <est/message/server_keygen.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/certificate_builder.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/name.hpp>
#include <est/pki/private_key.hpp>

#include <botan/auto_rng.h>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace est::test {

inline Botan::RandomNumberGenerator& rng() {
  static Botan::AutoSeeded_RNG generator;
  return generator;
}

inline pki::context at_test_time() {
  using namespace std::chrono;
  return {sys_days{year{2026} / November / 24}, rng()};
}

/// For a message beside a result that should be a value: Boost.Test makes the message whether or not it is needed.
template <class T> std::string why(result<T> const& r) { return r ? std::string{} : to_text(r.error()); }

/// The value of a result, or the end of the test with its failure.
template <class T> T must(result<T> r) {
  if (!r) BOOST_FAIL(to_text(r.error()));
  return std::move(*r);
}

inline bytes common_name(std::string text) { return pki::make_name({{pki::oids::common_name, std::move(text)}}); }

inline pki::private_key make_key(pki::key_spec const& spec = pki::key_spec::ecdsa("secp256r1")) {
  return must(pki::make_private_key(spec, at_test_time()));
}

/// A copy of a key, which is move-only.
inline pki::private_key duplicate(pki::private_key const& key) {
  return must(pki::parse_private_key(key.encode().expose()));
}

/// A root that issues.
struct test_root {
  pki::private_key key = make_key();
  pki::certificate certificate = must(make({}, key.public_key_info(), "test root", nullptr, {}));

  pki::certificate issue(byte_view public_key_info, std::string name, std::vector<pki::extension> extensions = {},
                         std::chrono::seconds shift = {}) const {
    return must(make(shift, to_bytes(public_key_info), std::move(name), &certificate, std::move(extensions)));
  }

  result<pki::certificate> make(std::chrono::seconds shift, bytes public_key_info, std::string name,
                                pki::certificate const* issuer, std::vector<pki::extension> extensions) const {
    pki::certificate_order order;
    order.subject_der = common_name(std::move(name));
    order.public_key_info = std::move(public_key_info);
    order.not_before = at_test_time().now - std::chrono::hours{1} + shift;
    order.not_after = at_test_time().now + std::chrono::hours{24} + shift;
    if (issuer == nullptr) {
      extensions.push_back(pki::make_basic_constraints(true));
      return pki::make_self_signed(order, key, "SHA-256", at_test_time());
    }
    order.extensions = std::move(extensions);
    return pki::make_certificate(order, key, *issuer, "SHA-256", at_test_time());
  }
};

inline test_root const& root() {
  static const test_root made;
  return made;
}

/// A client's key and the request that is signed with it.
struct test_client {
  pki::private_key key = make_key();
  pki::csr csr = must(pki::make_csr({common_name("device"), {}, "SHA-256"}, key, at_test_time()));
};

inline test_client const& device() {
  static const test_client made;
  return made;
}

inline pki::csr csr_with_password(std::string_view password) {
  pki::csr_order order{common_name("device"), {pki::challenge_password_attribute(password)}, "SHA-256"};
  return must(pki::make_csr(order, device().key, at_test_time()));
}

} // namespace est::test
