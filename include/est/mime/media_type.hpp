#pragma once
/// Media types: `application/pkcs7-mime; smime-type=certs-only` as a value that can be compared.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/framing.hpp>
#include <est/http/message.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::mime {

/// A media type. Type, subtype and the names of parameters are in lower case; values are as they came, without quotes.
struct media_type {
  std::string type, subtype;
  std::vector<http::field> parameters;

  /// The value of a parameter; the name in any case. The view lives until the parameters change.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (auto const& p : parameters)
      if (http::equal_ignoring_case(p.name, name)) return std::string_view{p.value};
    return std::nullopt;
  }
  /// `multipart/mixed`
  std::string essence() const { return type + "/" + subtype; }
  /// Whether type and subtype are these; case does not matter.
  bool is(std::string_view essence) const noexcept {
    auto const slash = essence.find('/');
    return slash != std::string_view::npos && http::equal_ignoring_case(type, essence.substr(0, slash)) &&
           http::equal_ignoring_case(subtype, essence.substr(slash + 1));
  }

  friend bool operator==(media_type const&, media_type const&) = default;
};

namespace detail {

/// qdtext, or what a backslash may stand before: no control characters but HTAB.
constexpr bool is_quotable(char c) noexcept {
  auto const octet = static_cast<unsigned char>(c);
  return octet == '\t' || (octet >= 0x20 && octet != 0x7f);
}

inline std::string to_lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out) c = http::lower(c);
  return out;
}

} // namespace detail

/// Reads the value of a Content-Type field.
/// Source:  RFC 9110 sections 5.6.2, 5.6.4, 5.6.6 and 8.3.1
/// Grammar: type "/" subtype *( OWS ";" OWS [ parameter ] ), parameter = token "=" ( token / quoted-string )
/// Notes:   media_type_blanks before a semicolon, media_type_empty_parameter, media_type_blank_around_equals,
///          media_type_repeated_parameter where the values are alike, media_type_unquoted_special (the value then ends where
///          the next semicolon is), media_type_parameter_without_value (it is left out)
/// Errors:  malformed_media_type with the offset: no type or subtype, something else after the subtype, a name that is no
///          token, a quoted string that does not end or is followed by text, a repeated parameter with another value
/// Promises: linear in the text, but for the comparison of names: at most 64 parameters are read, else too_large.
inline result<media_type> parse_media_type(std::string_view text, notes* out = nullptr) {
  static constexpr std::size_t most_parameters = 64;
  auto const malformed = [](std::string why, std::size_t at) {
    return fail(errc::malformed_media_type, "content-type", std::move(why), at);
  };
  auto const blank = [](char c) { return c == ' ' || c == '\t'; };
  std::size_t i = 0;
  auto const skip_blanks = [&] {
    auto const from = i;
    while (i < text.size() && blank(text[i])) ++i;
    return i != from;
  };
  auto const token = [&] {
    auto const from = i;
    while (i < text.size() && http::is_tchar(text[i])) ++i;
    return text.substr(from, i - from);
  };

  media_type parsed;
  skip_blanks();
  parsed.type = detail::to_lower(token());
  if (parsed.type.empty()) return malformed(i == text.size() ? "the value is empty" : "the type is no token", i);
  if (i == text.size() || text[i] != '/') return malformed("no slash follows the type", i);
  ++i;
  parsed.subtype = detail::to_lower(token());
  if (parsed.subtype.empty()) return malformed("no subtype follows the slash", i);

  while (true) {
    auto const before = i;
    bool const blanks = skip_blanks();
    if (i == text.size()) return parsed;
    if (text[i] != ';') return malformed("something other than a semicolon follows", i);
    if (blanks) remark(out, note_code::media_type_blanks, "content-type", before);
    auto const semicolon = i++;
    skip_blanks();
    if (i == text.size() || text[i] == ';') {
      remark(out, note_code::media_type_empty_parameter, "content-type", semicolon);
      continue;
    }
    if (parsed.parameters.size() == most_parameters)
      return fail(errc::too_large, "content-type", "there are more than 64 parameters", i);
    auto const name_at = i;
    auto name = detail::to_lower(token());
    if (name.empty()) return malformed("the name of a parameter is no token", i);
    auto const name_end = i;
    bool spaced = skip_blanks();
    if (i == text.size() || text[i] == ';') {
      remark(out, note_code::media_type_parameter_without_value, "content-type", name_at, name);
      i = name_end;
      continue;
    }
    if (text[i] != '=') return malformed("no equals sign follows the name of a parameter", i);
    ++i;
    spaced = skip_blanks() || spaced;
    if (spaced) remark(out, note_code::media_type_blank_around_equals, "content-type", name_end, name);

    std::string value;
    if (i < text.size() && text[i] == '"') {
      auto const quote = i++;
      for (; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        if (!detail::is_quotable(text[i])) return malformed("a control character stands within quotes", i);
        value.push_back(text[i]);
      }
      if (i == text.size()) return malformed("a quoted string does not end", quote);
      ++i;
    } else {
      auto const value_at = i;
      auto const end = std::min(text.find(';', i), text.size());
      value = std::string{http::trim(text.substr(i, end - i))};
      i += value.size();
      for (char const c : value)
        if (!detail::is_quotable(c)) return malformed("a control character stands within a value", value_at);
      if (!http::is_token(value)) remark(out, note_code::media_type_unquoted_special, "content-type", value_at, name);
    }
    if (auto const earlier = parsed.find(name)) {
      if (*earlier != value) return malformed("a parameter stands twice with unlike values: " + name, name_at);
      remark(out, note_code::media_type_repeated_parameter, "content-type", name_at, name);
      continue;
    }
    parsed.parameters.push_back({std::move(name), std::move(value)});
  }
}

/// Source:   RFC 9110 section 8.3.1. Values that are no tokens are quoted.
/// Promises: cannot fail; `parse_media_type(encode(m)) == m` for every m that was parsed; control characters in a value
///           become spaces.
inline std::string encode(media_type const& m) {
  auto text = m.essence();
  for (auto const& p : m.parameters) {
    text += "; " + p.name + "=";
    if (http::is_token(p.value)) {
      text += p.value;
      continue;
    }
    text += '"';
    for (char const c : p.value) {
      if (c == '"' || c == '\\') text += '\\';
      text += detail::is_quotable(c) ? c : ' ';
    }
    text += '"';
  }
  return text;
}

} // namespace est::mime
