// PEM texts with keys, under a password too, and with certificates.
#include "expect.hpp"

#include <est/pki/private_key.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const text = fuzz::text_of(data, size);
  std::size_t at = 0;
  while (auto const block = next_pem_block(text, at)) {
    fuzz::expect(block->end > at && block->end <= size, "a block ends behind its beginning");
    at = block->end;
  }
  const secret_bytes password{std::string_view{"secret"}};
  static_cast<void>(parse_private_key_pem(text, &password, {1000, 1u << 20, 2}));
  static_cast<void>(parse_certificates_pem(text));
  return 0;
}
