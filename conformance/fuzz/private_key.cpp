// Private keys in PKCS#8 and in the forms that stand in its place.
#include "expect.hpp"

#include <est/pki/private_key.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  const byte_view octets{data, size};
  static_cast<void>(classify_key(octets));
  auto const info = public_key_info_of(octets);
  auto const key = parse_private_key(octets);
  if (!key) return 0;
  fuzz::expect(info && *info == key->public_key_info(), "a key has one public key");
  auto const written = key->encode();
  auto const again = parse_private_key(written.expose());
  fuzz::expect(again && again->public_key_info() == *info, "a key is read as it was written");
  fuzz::expect(equal(again->encode().expose(), written.expose()), "there is one way to write a key");
  return 0;
}
