// Responses, whole and in pieces, to GET and to HEAD.
#include "http_messages.hpp"

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const octets = fuzz::text_of(data, size);
  for (auto const* const method : {"GET", "HEAD"}) {
    notes said;
    http::message_layout layout;
    auto const r = http::parse_response(octets, method, &said, {}, &layout);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}}) {
      http::response_reader reader{method};
      auto const again =
          fuzz::read_in_pieces(reader, octets, piece, [](auto& of) { return of.finish(http::stream_end::orderly); });
      fuzz::expect_same(r, again, layout, reader.layout());
    }
    if (!r) continue;
    fuzz::expect_layout(*r, octets, layout);
    fuzz::expect_law(*r, http::parse_response(http::encode(*r, method), method, nullptr, fuzz::roomier()));
  }
  return 0;
}
