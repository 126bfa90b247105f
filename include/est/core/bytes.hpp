#pragma once
/// Octet strings: one owning type, one view, and the conversions between octets and text.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est {

using bytes = std::vector<std::uint8_t>;
using byte_view = std::span<const std::uint8_t>;

/// The octets of a text, not copied. The view lives as long as the text does.
inline byte_view as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()};
}

/// Octets seen as text, not copied. The view lives as long as the octets do.
inline std::string_view as_text(byte_view octets) noexcept {
  return {reinterpret_cast<char const*>(octets.data()), octets.size()};
}

inline bytes to_bytes(byte_view octets) { return {octets.begin(), octets.end()}; }
inline bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }
inline std::string to_text(byte_view octets) { return std::string{as_text(octets)}; }

/// Octet by octet. Not for secrets: it stops at the first difference.
inline bool equal(byte_view a, byte_view b) noexcept { return as_text(a) == as_text(b); }

/// Lower-case hexadecimal, two digits an octet, no separator.
inline std::string to_hex(byte_view octets) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(octets.size() * 2);
  for (auto const octet : octets) {
    text.push_back(digits[octet >> 4]);
    text.push_back(digits[octet & 0x0f]);
  }
  return text;
}

} // namespace est
