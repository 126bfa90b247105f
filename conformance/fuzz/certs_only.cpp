// Certs-only messages: what is read is written as the same bag.
#include "expect.hpp"

#include <est/pki/certs_only.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const bag = parse_certs_only({data, size});
  if (!bag) return 0;
  fuzz::expect(!bag->certificates().empty(), "a bag has a certificate");
  auto const written = bag->encode();
  auto const again = parse_certs_only(written);
  fuzz::expect(again && *again == *bag, "a bag is read as it was written");
  fuzz::expect(again->encode() == written, "there is one way to write a bag");
  return 0;
}
