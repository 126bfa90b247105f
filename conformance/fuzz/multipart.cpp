// A multipart body; the first line of the input is the boundary.
#include "expect.hpp"

#include <est/mime/multipart.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const input = fuzz::text_of(data, size);
  auto const lf = std::min(input.find('\n'), input.size());
  auto const boundary = input.substr(0, lf);
  auto const body = input.substr(std::min(lf + 1, input.size()));
  notes said;
  auto const parsed = mime::parse_multipart(body, boundary, &said);
  if (!parsed) return 0;
  fuzz::expect(!parsed->parts.empty() && parsed->parts.size() <= mime::most_parts, "there are parts, and not too many");
  std::size_t end = 0;
  for (auto const& p : parsed->parts) {
    fuzz::expect(p.header_offset >= end && p.offset >= p.header_offset && p.offset + p.body.size() <= body.size(),
                 "parts stand in order");
    fuzz::expect(body.substr(p.offset, p.body.size()) == p.body, "the offset of a part is that of its body");
    end = p.offset + p.body.size();
  }
  auto const parts = mime::own(*parsed);
  auto const written = mime::encode_multipart(parts, boundary);
  if (!written) return 0;
  auto const again = mime::parse_multipart(*written, boundary);
  fuzz::expect(again && mime::own(*again) == parts, "parts are read as they were written");
  return 0;
}
