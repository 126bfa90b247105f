// Bodies of EST: base64, or a failure that says what else it is.
#include "expect.hpp"

#include <est/mime/body.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const text = fuzz::text_of(data, size);
  auto const form = mime::classify_body(text);
  notes said;
  auto const octets = mime::decode_body(text, &said);
  if (octets) {
    fuzz::expect(form == mime::body_form::base64, "what can be decoded is classified as base64");
    auto const again = mime::decode_body(encode_base64(*octets));
    fuzz::expect(octets->empty() || (again && *again == *octets), "octets are decoded as they were encoded");
  }
  auto const secret = mime::decode_body<secret_bytes>(text);
  fuzz::expect(secret.has_value() == octets.has_value(), "secret octets are decoded like others");
  return 0;
}
