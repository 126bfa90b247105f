#pragma once
/// Base64 as RFC 4648 section 4 has it: strict alphabet, strict padding. White space within the text is skipped, since
/// RFC 8951 section 3.1 asks receivers to tolerate CR, LF, SP and TAB; nothing else is.
/// Botan's decoder is not used: it reads `AQ==AQID` without complaint.

#include <est/core/bytes.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace est {

/// How base64 text is laid out. The default is what every known peer reads: lines of 64, LF, a final line end.
struct base64_layout {
  std::size_t columns = 64;  ///< characters a line; 0 for one line
  bool crlf = false;         ///< line ends are CRLF, not LF
  bool final_newline = true; ///< a line end follows the last line

  static constexpr base64_layout one_line() noexcept { return {0, false, false}; }
};

/// What is said of a text that is not base64: a sentence, and the place.
namespace detail {

inline constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline constexpr std::uint8_t base64_blank = 0xfe, base64_padding = 0xfd, base64_foreign = 0xff;

inline constexpr std::array<std::uint8_t, 256> base64_values = [] {
  std::array<std::uint8_t, 256> table{};
  for (auto& value : table) value = base64_foreign;
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i)
    table[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::uint8_t>(i);
  for (const char c : {'\r', '\n', ' ', '\t'}) table[static_cast<unsigned char>(c)] = base64_blank;
  table[static_cast<unsigned char>('=')] = base64_padding;
  return table;
}();

inline std::string describe_octet(std::uint8_t octet) {
  if (octet > 0x20 && octet < 0x7f) return std::string{"'"} + static_cast<char>(octet) + "'";
  return "octet 0x" + to_hex(byte_view{&octet, 1});
}

} // namespace detail

/// Encodes octets.
/// Source:   RFC 4648 section 4
/// Promises: cannot fail; the empty input gives the empty text, without a line end.
inline std::string encode_base64(byte_view octets, base64_layout layout = {}) {
  const std::size_t characters = (octets.size() + 2) / 3 * 4;
  const std::size_t lines = layout.columns == 0 ? 1 : (characters + layout.columns - 1) / layout.columns;
  std::string text;
  text.reserve(characters + lines * 2);
  std::size_t column = 0;
  auto const put = [&](char c) {
    if (layout.columns != 0 && column == layout.columns) {
      text.append(layout.crlf ? "\r\n" : "\n");
      column = 0;
    }
    text.push_back(c);
    ++column;
  };
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t left = octets.size() - i;
    const std::uint32_t group = static_cast<std::uint32_t>(octets[i]) << 16 |
                                (left > 1 ? static_cast<std::uint32_t>(octets[i + 1]) << 8 : 0u) |
                                (left > 2 ? static_cast<std::uint32_t>(octets[i + 2]) : 0u);
    put(detail::base64_alphabet[group >> 18]);
    put(detail::base64_alphabet[group >> 12 & 63]);
    put(left > 1 ? detail::base64_alphabet[group >> 6 & 63] : '=');
    put(left > 2 ? detail::base64_alphabet[group & 63] : '=');
  }
  if (!octets.empty() && layout.final_newline) text.append(layout.crlf ? "\r\n" : "\n");
  return text;
}

/// Decodes a text.
/// Source:  RFC 4648 sections 3.3, 3.5 and 4; RFC 8951 section 3.1
/// In:      text, CR LF SP TAB anywhere      Out: octets, in `bytes` or in `secret_bytes`
/// Errors:  malformed_base64 with the offset of the first octet at fault: one outside the alphabet, padding in the
///          wrong place, a last group that is too short, or bits that are set beneath the padding
/// Promises: linear; the empty text gives no octets.
template <class Octets = bytes> result<Octets> decode_base64(std::string_view text) {
  Octets octets;
  octets.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t group = 0;
  int digits = 0, padding = 0;
  bool ended = false; // a padded group is the last one
  auto const malformed = [](std::size_t at, std::string why) {
    return fail(errc::malformed_base64, "base64", std::move(why), at);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const octet = static_cast<std::uint8_t>(text[i]);
    const std::uint8_t value = detail::base64_values[octet];
    if (value == detail::base64_blank) continue;
    if (value == detail::base64_foreign)
      return malformed(i, detail::describe_octet(octet) + " is not in the base64 alphabet");
    if (ended) return malformed(i, detail::describe_octet(octet) + " follows the padding that ends base64 text");
    if (value == detail::base64_padding) {
      if (digits < 2) return malformed(i, "padding stands where a base64 digit is due");
      ++padding;
    } else {
      if (padding != 0) return malformed(i, "a base64 digit follows a padding character");
      group = group << 6 | value;
      ++digits;
    }
    if (digits + padding != 4) continue;
    if (padding == 0) {
      octets.push_back(static_cast<std::uint8_t>(group >> 16));
      octets.push_back(static_cast<std::uint8_t>(group >> 8));
      octets.push_back(static_cast<std::uint8_t>(group));
    } else if (padding == 1) {
      if ((group & 3u) != 0) return malformed(i, "bits are set beneath the padding");
      octets.push_back(static_cast<std::uint8_t>(group >> 10));
      octets.push_back(static_cast<std::uint8_t>(group >> 2));
    } else {
      if ((group & 15u) != 0) return malformed(i, "bits are set beneath the padding");
      octets.push_back(static_cast<std::uint8_t>(group >> 4));
    }
    ended = padding != 0;
    group = 0;
    digits = padding = 0;
  }
  if (digits + padding != 0) return malformed(text.size(), "the last group has fewer than four characters");
  return octets;
}

/// Notes how a base64 text is laid out: one line, CRLF lines, blanks, no final line end. All of it is lawful.
/// Source:  RFC 8951 section 3.1
inline void remark_layout(std::string_view text, notes* out, std::string_view where) {
  if (out == nullptr || text.empty()) return;
  auto const last = text.find_last_not_of("\r\n");
  if (last == std::string_view::npos) return;
  auto const inner = text.substr(0, last + 1);
  auto const first_break = inner.find('\n');
  auto const first_crlf = text.find("\r\n");
  if (first_break == std::string_view::npos)
    out->add(note_code::base64_in_one_line, std::string{where}, std::nullopt,
             std::to_string(inner.size()) + " characters");
  else if (last + 1 == text.size())
    out->add(note_code::base64_no_final_newline, std::string{where}, text.size());
  if (first_crlf != std::string_view::npos) out->add(note_code::base64_crlf_lines, std::string{where}, first_crlf);
  if (auto const blank = text.find_first_of(" \t"); blank != std::string_view::npos)
    out->add(note_code::base64_inner_blanks, std::string{where}, blank);
}

} // namespace est
