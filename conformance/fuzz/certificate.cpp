// Certificates, and all that can be asked of one.
#include "expect.hpp"

#include <est/pki/certificate.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const c = parse_certificate({data, size});
  if (!c) return 0;
  fuzz::expect(equal(c->der(), {data, size}), "a certificate keeps its octets");
  static_cast<void>(c->subject_text() + c->issuer_text() + time_text(c->not_before()) + time_text(c->not_after()));
  static_cast<void>(c->is_ca());
  static_cast<void>(c->key_usage_bits());
  static_cast<void>(c->extended_key_usage());
  static_cast<void>(c->subject_alternative_names());
  static_cast<void>(c->subject_key_identifier());
  static_cast<void>(c->authority_key_identifier());
  fuzz::expect(!c->serial().empty(), "a serial number has octets");
  fuzz::expect(check_der(c->public_key_info()).has_value(), "the public key is one value");
  static_cast<void>(c->is_self_signed());
  static_cast<void>(c->botan());
  return 0;
}
