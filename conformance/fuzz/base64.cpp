// Base64 text, and octets as base64.
#include "expect.hpp"

#include <est/core/base64.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  for (auto const layout : {base64_layout{}, base64_layout::one_line(), base64_layout{76, true, false}}) {
    auto const decoded = decode_base64(encode_base64({data, size}, layout));
    fuzz::expect(decoded && equal(*decoded, {data, size}), "octets are decoded as they were encoded");
  }
  auto const text = fuzz::text_of(data, size);
  if (auto const octets = decode_base64(text)) {
    // There is one way to write them, white space aside.
    std::string bare;
    for (char const c : text)
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') bare.push_back(c);
    fuzz::expect(encode_base64(*octets, base64_layout::one_line()) == bare, "base64 text is canonical");
  }
  return 0;
}
