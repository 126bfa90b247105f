#pragma once
/// What a fuzz target says when a law does not hold, and how it sees its input.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace est::fuzz {

inline std::string_view text_of(std::uint8_t const* data, std::size_t size) {
  return {reinterpret_cast<char const*>(data), size};
}

/// Ends the program, so that libFuzzer keeps the input, unless the law holds.
inline void expect(bool holds, char const* law) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", law);
  std::abort();
}

} // namespace est::fuzz
