// The value of a Content-Type field.
#include "expect.hpp"

#include <est/mime/media_type.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  notes said;
  if (auto const m = mime::parse_media_type(fuzz::text_of(data, size), &said)) {
    auto const again = mime::parse_media_type(mime::encode(*m));
    fuzz::expect(again && *again == *m, "a media type is read as it was written");
  }
  return 0;
}
