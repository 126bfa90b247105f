#pragma once
/// The grammar that the reader and the writer of HTTP/1.1 share: start lines, field lines, chunk sizes, and the two fields
/// that say where a body ends. Pure functions over text; nothing here keeps state.

#include <est/core/bytes.hpp>
#include <est/core/failure.hpp>
#include <est/http/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace est::http {

/// Source: RFC 9110 section 5.6.2, tchar
constexpr bool is_tchar(char c) noexcept {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

/// Source: RFC 9110 section 5.6.2, token
constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_tchar);
}

namespace detail {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// A decimal or hexadecimal number of digits only; none when it is empty, has another character, or does not fit.
struct number {
  std::size_t value = 0;
  bool overflow = false;
};
constexpr std::optional<number> parse_digits(std::string_view text, unsigned base) noexcept {
  if (text.empty()) return std::nullopt;
  number n;
  for (char const c : text) {
    unsigned digit = 0;
    if (is_digit(c))
      digit = static_cast<unsigned>(c - '0');
    else if (base == 16 && lower(c) >= 'a' && lower(c) <= 'f')
      digit = static_cast<unsigned>(lower(c) - 'a') + 10;
    else
      return std::nullopt;
    if (n.overflow || n.value > (std::numeric_limits<std::size_t>::max() - digit) / base)
      n.overflow = true;
    else
      n.value = n.value * base + digit;
  }
  return n;
}

/// `HTTP/1.1`, and what the reader makes of it.
enum class version_kind : std::uint8_t { no_version, other_major, http_1_0, http_1_1 };
constexpr version_kind kind_of_version(std::string_view text) noexcept {
  if (text.size() != 8 || text.substr(0, 5) != "HTTP/" || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7]))
    return version_kind::no_version;
  if (text[5] != '1') return version_kind::other_major;
  return text[7] == '0' ? version_kind::http_1_0 : version_kind::http_1_1;
}

struct status_line {
  std::string_view version, reason;
  int status = 0;
  bool space_after_status = false;
};

/// Source:  RFC 9112 section 4
/// Grammar: status-line = HTTP-version SP status-code SP [ reason-phrase ]; a line that ends after the code is read too
constexpr std::optional<status_line> parse_status_line(std::string_view line) noexcept {
  if (line.size() < 12 || kind_of_version(line.substr(0, 8)) == version_kind::no_version || line[8] != ' ')
    return std::nullopt;
  status_line out{line.substr(0, 8), {}, 0, false};
  for (char const c : line.substr(9, 3)) {
    if (!is_digit(c)) return std::nullopt;
    out.status = out.status * 10 + (c - '0');
  }
  if (out.status < 100) return std::nullopt;
  if (line.size() == 12) return out;
  if (line[12] != ' ') return std::nullopt;
  out.space_after_status = true;
  out.reason = line.substr(13);
  return out;
}

struct request_line {
  std::string_view method, target, version;
};

/// Source:  RFC 9112 section 3
/// Grammar: request-line = method SP request-target SP HTTP-version
constexpr std::optional<request_line> parse_request_line(std::string_view line) noexcept {
  auto const first = line.find(' ');
  auto const last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const request_line out{line.substr(0, first), line.substr(first + 1, last - first - 1), line.substr(last + 1)};
  auto const no_target_character = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  if (!is_token(out.method) || out.target.empty() || kind_of_version(out.version) == version_kind::no_version ||
      std::any_of(out.target.begin(), out.target.end(), no_target_character))
    return std::nullopt;
  return out;
}

struct field_line {
  std::string_view name, value;
  bool space_before_colon = false;
};

/// Source:  RFC 9112 section 5
/// Grammar: field-line = field-name ":" OWS field-value OWS; white space before the colon is read too
constexpr std::optional<field_line> parse_field_line(std::string_view line) noexcept {
  auto const colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto const raw = line.substr(0, colon);
  auto const name = raw.substr(0, raw.find_last_not_of(" \t") + 1);
  if (!is_token(name)) return std::nullopt;
  return field_line{name, trim(line.substr(colon + 1)), name.size() != raw.size()};
}

/// The elements of a comma-separated list, empty ones left out (RFC 9110 section 5.6.1.2). Not for quoted strings.
inline std::vector<std::string_view> split_list(std::string_view value) {
  std::vector<std::string_view> elements;
  while (!value.empty()) {
    auto const comma = value.find(',');
    auto const element = trim(value.substr(0, comma));
    if (!element.empty()) elements.push_back(element);
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
  }
  return elements;
}

/// Where a body ends, according to the fields.
struct framing {
  enum class kind : std::uint8_t { none_given, length, chunked } what = kind::none_given;
  std::size_t length = 0;
  bool repeated_length = false;    ///< Content-Length stands more than once, alike
  bool length_and_coding = false;  ///< both fields stand there; Transfer-Encoding wins
  bool has_content_length = false; ///< a Content-Length field, whatever its value
};
struct framing_trouble {
  errc code;
  std::string detail;
  std::string_view field; ///< the field to blame
};

/// Source: RFC 9112 sections 6.1 to 6.3
inline std::variant<framing, framing_trouble> decide_framing(fields const& headers) {
  framing out;
  out.has_content_length = headers.has("content-length");

  std::vector<std::string_view> codings;
  for (auto const value : headers.all("transfer-encoding"))
    for (auto const coding : split_list(value)) codings.push_back(coding);
  if (!codings.empty()) {
    out.length_and_coding = out.has_content_length;
    if (codings.size() == 1 && equal_ignoring_case(codings[0], "chunked")) {
      out.what = framing::kind::chunked;
      return out;
    }
    std::string why = "Transfer-Encoding is something other than chunked alone";
    for (auto const coding : codings)
      if (equal_ignoring_case(coding, "base64"))
        why = "Transfer-Encoding is base64, which is no transfer coding of HTTP; RFC Errata EID 5904 suggests it in "
              "error, "
              "and RFC 8951 section 3 says that the body is base64 without any such field";
    return framing_trouble{errc::unsupported_coding, std::move(why), "transfer-encoding"};
  }

  bool first = true;
  for (auto const value : headers.all("content-length")) {
    auto const elements = split_list(value);
    if (elements.empty()) return framing_trouble{errc::malformed_http, "Content-Length has no value", "content-length"};
    for (auto const element : elements) {
      auto const n = parse_digits(element, 10);
      if (!n)
        return framing_trouble{errc::malformed_http, "Content-Length is not a number of digits only", "content-length"};
      if (n->overflow)
        return framing_trouble{errc::too_large, "Content-Length is larger than can be counted", "content-length"};
      if (!first && n->value != out.length)
        return framing_trouble{errc::malformed_http,
                               "Content-Length stands more than once with unlike values: " +
                                   std::to_string(out.length) + " and " + std::to_string(n->value),
                               "content-length"};
      out.repeated_length = !first;
      out.length = n->value;
      out.what = framing::kind::length;
      first = false;
    }
  }
  return out;
}

/// The size that a chunk-size line states.
struct chunk_line {
  std::size_t size = 0;
  bool overflow = false, extension = false, padding = false;
};

/// Source:  RFC 9112 section 7.1
/// Grammar: chunk-size [ chunk-ext ]; blanks after the size are read too; signs, prefixes and empty sizes are not
constexpr std::optional<chunk_line> parse_chunk_line(std::string_view line) noexcept {
  auto const semicolon = line.find(';');
  auto const before = line.substr(0, semicolon);
  auto const digits = before.substr(0, before.find_last_not_of(" \t") + 1);
  auto const n = parse_digits(digits, 16);
  if (!n) return std::nullopt;
  bool const extension = semicolon != std::string_view::npos;
  return chunk_line{n->value, n->overflow, extension, !extension && digits.size() != before.size()};
}

/// What a stream that is no HTTP seems to be, judged by its first five octets; never quotes them.
inline std::string describe_foreign(std::string_view start) {
  auto const octet = [&](std::size_t i) {
    return i < start.size() ? static_cast<unsigned>(static_cast<unsigned char>(start[i])) : 0u;
  };
  auto const begins = [&](std::string_view with) { return start.substr(0, with.size()) == with; };
  if (start.size() >= 2 && octet(0) >= 0x14 && octet(0) <= 0x17 && octet(1) == 3)
    return octet(0) == 0x15
               ? "a TLS alert record came, not HTTP: TLS is spoken within TLS, or on a port that is taken for "
                 "plain HTTP"
               : "a TLS record came, not HTTP: TLS is spoken within TLS, or on a port that is taken for plain "
                 "HTTP";
  if (begins("SSH-")) return "an SSH greeting came, not HTTP: this is an SSH port";
  if (begins("<")) return "HTML or XML came without an HTTP header in front";
  if (begins("{") || begins("[")) return "JSON came without an HTTP header in front";
  if (begins("-----")) return "PEM came without an HTTP header in front";
  if (begins("220 ") || begins("220-")) return "an SMTP or FTP greeting came, not HTTP";
  if (begins("+OK") || begins("* OK")) return "a mail server's greeting came, not HTTP";
  if (begins("GET ") || begins("POST ") || begins("HEAD ") || begins("PUT "))
    return "an HTTP request came where a response was due";
  if (start.size() >= 5 && octet(0) == 0 && octet(1) == 0 && octet(3) == 4 && octet(4) <= 1)
    return "an HTTP/2 SETTINGS frame came, not HTTP/1.1";
  if (begins("HTTP/")) return "an HTTP response came where a request was due";
  if (begins("http/") || begins("Http/")) return "the start line does not spell HTTP in capitals";
  return "what came does not begin with an HTTP start line";
}

} // namespace detail
} // namespace est::http
