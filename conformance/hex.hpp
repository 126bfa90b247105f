#pragma once
/// Hexadecimal digits, as people type them into options and vectors. `to_hex` of the toolkit is the other way.

#include <est/core/bytes.hpp>

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace est::conformance {

/// Out: the octets; none where there is no digit, half an octet, or another character
inline std::optional<bytes> from_hex(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  bytes octets;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    std::uint8_t octet = 0;
    auto const [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, octet, 16);
    if (error != std::errc{} || end != text.data() + i + 2) return std::nullopt;
    octets.push_back(octet);
  }
  return octets;
}

} // namespace est::conformance
