#pragma once
/// Writing DER: a value around octets, a SET OF in order, and the few primitive types that this toolkit writes itself.
/// None of it can fail. `tlv.hpp` reads.

#include <est/pki/ber.hpp>

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace est::pki::der {

/// One value around the concatenation of some octets. `Octets` is `bytes`, or a wiped vector where the value is secret.
/// Source: X.690 sections 8.1 and 10.1
template <class Octets = bytes> Octets value(std::uint8_t identifier, std::initializer_list<byte_view> parts) {
  std::size_t length = 0;
  for (auto const part : parts) length += part.size();
  Octets out;
  out.reserve(length + 6);
  out.push_back(identifier);
  if (length < 0x80) {
    out.push_back(static_cast<std::uint8_t>(length));
  } else {
    std::size_t count = 0;
    for (auto rest = length; rest != 0; rest >>= 8) ++count;
    out.push_back(static_cast<std::uint8_t>(0x80u | count));
    for (; count-- > 0;) out.push_back(static_cast<std::uint8_t>(length >> (8 * count)));
  }
  for (auto const part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

template <class Octets = bytes> Octets value(std::uint8_t identifier, byte_view content) {
  return value<Octets>(identifier, {content});
}

template <class Octets = bytes> Octets sequence(std::initializer_list<byte_view> parts) {
  return value<Octets>(tag::sequence, parts);
}

inline bytes text(std::uint8_t identifier, std::string_view characters) {
  return value(identifier, as_bytes(characters));
}

inline bytes boolean(bool yes) { return {tag::boolean, 1, static_cast<std::uint8_t>(yes ? 0xff : 0x00)}; }
inline bytes null() { return {tag::null, 0}; }
inline bytes octet_string(byte_view octets) { return value(tag::octet_string, octets); }

/// A BIT STRING without unused bits.
inline bytes bit_string(byte_view octets) {
  static constexpr std::uint8_t none = 0;
  return value(tag::bit_string, {byte_view{&none, 1}, octets});
}

/// A non-negative INTEGER from its magnitude, big-endian.
inline bytes integer(byte_view magnitude) {
  while (magnitude.size() > 1 && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  static constexpr std::uint8_t zero = 0;
  if (magnitude.empty()) return value(tag::integer, byte_view{&zero, 1});
  if ((magnitude[0] & 0x80u) != 0) return value(tag::integer, {byte_view{&zero, 1}, magnitude});
  return value(tag::integer, magnitude);
}

inline bytes integer(std::uint32_t number) {
  const std::uint8_t octets[] = {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
                                 static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  return integer(byte_view{octets});
}

/// The elements one behind the other.
inline bytes concatenation(std::vector<bytes> const& elements) {
  bytes out;
  for (auto const& element : elements) out.insert(out.end(), element.begin(), element.end());
  return out;
}

/// A SET OF, or an implicitly tagged one: the elements in the order that DER demands.
/// Source: X.690 section 11.6
inline bytes set_of(std::vector<bytes> elements, std::uint8_t identifier = tag::set) {
  std::sort(elements.begin(), elements.end(),
            [](bytes const& a, bytes const& b) { return est::pki::detail::set_of_less(a, b); });
  return value(identifier, concatenation(elements));
}

} // namespace est::pki::der
