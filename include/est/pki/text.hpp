#pragma once
/// ASN.1 character strings to UTF-8, and ASN.1 times to time points and back.

#include <est/core/result.hpp>
#include <est/pki/context.hpp>
#include <est/pki/der.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace est::pki {

namespace detail {

inline void put_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0u | point >> 6);
    out += static_cast<char>(0x80u | (point & 0x3fu));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0u | point >> 12);
    out += static_cast<char>(0x80u | (point >> 6 & 0x3fu));
    out += static_cast<char>(0x80u | (point & 0x3fu));
  } else {
    out += static_cast<char>(0xf0u | point >> 18);
    out += static_cast<char>(0x80u | (point >> 12 & 0x3fu));
    out += static_cast<char>(0x80u | (point >> 6 & 0x3fu));
    out += static_cast<char>(0x80u | (point & 0x3fu));
  }
}

} // namespace detail

/// The text of a character string, in UTF-8; none for a value that is no character string.
/// Source: X.680 section 41; RFC 5280 section 4.1.2.4. TeletexString is read as Latin-1, as everybody does.
/// Does NOT promise: that a UTF8String is well-formed UTF-8, or that a string keeps to the alphabet of its type.
inline std::optional<std::string> text_of(tlv const& value) {
  std::string text;
  switch (value.identifier) {
  case tag::utf8_string:
  case tag::printable_string:
  case tag::ia5_string:
  case tag::numeric_string:
  case tag::visible_string: return est::to_text(value.content);
  case tag::t61_string:
    for (auto const octet : value.content) detail::put_utf8(text, octet);
    return text;
  case tag::bmp_string:
    if (value.content.size() % 2 != 0) return std::nullopt;
    for (std::size_t i = 0; i < value.content.size(); i += 2)
      detail::put_utf8(text, static_cast<std::uint32_t>(value.content[i] << 8 | value.content[i + 1]));
    return text;
  case tag::universal_string:
    if (value.content.size() % 4 != 0) return std::nullopt;
    for (std::size_t i = 0; i < value.content.size(); i += 4) {
      std::uint32_t point = 0;
      for (std::size_t j = 0; j < 4; ++j) point = point << 8 | value.content[i + j];
      if (point > 0x10ffff) return std::nullopt;
      detail::put_utf8(text, point);
    }
    return text;
  default: return std::nullopt;
  }
}

/// The time of a UTCTime or a GeneralizedTime.
/// Source: RFC 5280 sections 4.1.2.5.1 and 4.1.2.5.2: YYMMDDHHMMSSZ, YYYYMMDDHHMMSSZ, years from 50 are of the 20th century
/// Out:    a time beyond what a time point can hold (99991231235959Z) becomes the last, or the first, that it can
inline std::optional<time_point> time_of(tlv const& value) {
  auto const text = as_text(value.content);
  std::size_t year_digits = 0;
  if (value.is(tag::utc_time) && text.size() == 13) year_digits = 2;
  if (value.is(tag::generalized_time) && text.size() == 15) year_digits = 4;
  if (year_digits == 0 || text.back() != 'Z') return std::nullopt;
  for (char const c : text.substr(0, text.size() - 1))
    if (c < '0' || c > '9') return std::nullopt;
  auto const number = [&](std::size_t at, std::size_t digits) {
    int n = 0;
    for (std::size_t i = at; i < at + digits; ++i) n = n * 10 + (text[i] - '0');
    return n;
  };
  int year = number(0, year_digits);
  if (year_digits == 2) year += year >= 50 ? 1900 : 2000;
  auto const at = [&](std::size_t field) { return number(year_digits + 2 * field, 2); };
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(at(0))},
                                         std::chrono::day{static_cast<unsigned>(at(1))}};
  if (!date.ok() || at(2) > 23 || at(3) > 59 || at(4) > 60) return std::nullopt;
  auto const moment = std::chrono::sys_seconds{std::chrono::sys_days{date}} + std::chrono::hours{at(2)} +
                      std::chrono::minutes{at(3)} + std::chrono::seconds{at(4)};
  if (moment >= std::chrono::floor<std::chrono::seconds>(time_point::max())) return time_point::max();
  if (moment <= std::chrono::ceil<std::chrono::seconds>(time_point::min())) return time_point::min();
  return time_point{moment};
}

namespace der {

/// A time as certificates have it: UTCTime from 1950 to 2049, GeneralizedTime outside, both in seconds and with a Z.
/// Source: RFC 5280 section 4.1.2.5. The last time point there is stands for "no well-defined end": 99991231235959Z.
inline bytes time(time_point moment) {
  if (moment == time_point::max()) return text(tag::generalized_time, "99991231235959Z");
  auto const seconds = std::chrono::floor<std::chrono::seconds>(moment);
  auto const day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{seconds - day};
  auto const year = static_cast<int>(date.year());
  auto const two = [](long n) {
    return std::string{static_cast<char>('0' + n / 10 % 10), static_cast<char>('0' + n % 10)};
  };
  auto const rest = two(static_cast<unsigned>(date.month())) + two(static_cast<unsigned>(date.day())) +
                    two(clock.hours().count()) + two(clock.minutes().count()) + two(clock.seconds().count()) + "Z";
  if (year >= 1950 && year <= 2049) return text(tag::utc_time, two(year % 100) + rest);
  return text(tag::generalized_time, two(year / 100) + two(year % 100) + rest);
}

} // namespace der

/// A time for a person and for a report: `2013-05-09T23:25:56Z`.
inline std::string time_text(time_point moment) {
  auto const encoded = der::time(moment);
  std::string digits{as_text(byte_view{encoded}.subspan(2))};
  if (encoded[0] == tag::utc_time) digits = (digits[0] >= '5' ? "19" : "20") + digits;
  return digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + "T" + digits.substr(8, 2) + ":" +
         digits.substr(10, 2) + ":" + digits.substr(12, 2) + "Z";
}

} // namespace est::pki
