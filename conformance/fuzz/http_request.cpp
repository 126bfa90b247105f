// Requests, whole and in pieces.
#include "http_messages.hpp"

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const octets = fuzz::text_of(data, size);
  notes said;
  http::message_layout layout;
  auto const q = http::parse_request(octets, &said, {}, &layout);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}}) {
    http::request_reader reader;
    auto const again = fuzz::read_in_pieces(reader, octets, piece, [](auto& of) { return of.finish(); });
    fuzz::expect_same(q, again, layout, reader.layout());
  }
  if (!q) return 0;
  fuzz::expect_layout(*q, octets, layout);
  fuzz::expect_law(*q, http::parse_request(http::encode(*q), nullptr, fuzz::roomier()));
  return 0;
}
