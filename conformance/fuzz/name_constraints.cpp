// Name constraints against a certificate: the input is a length octet pair, the constraints, and a certificate.
#include "expect.hpp"

#include <est/pki/name_constraints.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 2) return 0;
  auto const rest = byte_view{data, size}.subspan(2);
  auto const split = std::min<std::size_t>(static_cast<std::size_t>(data[0]) << 8 | data[1], rest.size());
  auto const subject = parse_certificate(rest.subspan(split));
  if (!subject) return 0;
  std::size_t comparisons = 1000;
  auto const kept = check_name_constraints(rest.first(split), *subject, comparisons);
  fuzz::expect(kept || kept.error().code != errc::internal, "constraints are no reason for a fault of ours");
  return 0;
}
