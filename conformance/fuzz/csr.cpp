// Certification requests, and all that can be asked of one.
#include "expect.hpp"

#include <est/pki/csr.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const request = parse_csr({data, size});
  if (!request) return 0;
  fuzz::expect(equal(request->der(), {data, size}), "a request keeps its octets");
  auto const again = parse_csr(request->der());
  fuzz::expect(again && *again == *request, "a request is read as it was written");
  static_cast<void>(request->subject());
  static_cast<void>(request->subject_text());
  static_cast<void>(request->challenge_password());
  static_cast<void>(request->requested_alternative_names());
  static_cast<void>(request->signature_algorithm());
  for (auto const& a : request->attributes()) {
    fuzz::expect(check_der(encode_attribute(a)).has_value(), "an attribute is written in DER");
    static_cast<void>(octets_of(a));
  }
  auto const verified = request->check_signature();
  fuzz::expect(verified || verified.error().code != errc::internal, "a request is no reason for a fault of ours");
  return 0;
}
