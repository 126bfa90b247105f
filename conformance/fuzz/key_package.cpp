// Key packages: each key that is read is written and read again.
#include "expect.hpp"

#include <est/pki/key_package.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  notes said;
  auto const keys = parse_key_package({data, size}, &said);
  if (!keys) return 0;
  fuzz::expect(!keys->empty(), "a package has a key");
  for (auto const& key : *keys) {
    auto const written = make_key_package(key);
    fuzz::expect(written.has_value(), "a key that was read is written");
    auto const again = parse_key_package(written->expose());
    fuzz::expect(again && again->size() == 1 && again->front().public_key_info() == key.public_key_info(),
                 "a package is read as it was written");
  }
  return 0;
}
