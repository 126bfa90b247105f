#pragma once
/// Dates as HTTP writes them: one form to send, three forms to read.
/// Source:  RFC 9110 section 5.6.7

#include <est/core/result.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace est::http {

using time_point = std::chrono::system_clock::time_point;

namespace detail {

inline constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
inline constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                              "Thursday", "Friday", "Saturday"};

/// Reads a date from left to right; every step says whether the text went on as expected.
class date_cursor {
public:
  explicit date_cursor(std::string_view text) : rest_(text) {}

  bool literal(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  /// Exactly so many digits; a blank counts for a leading zero where `padded` (asctime).
  std::optional<int> number(std::size_t digits, bool padded = false) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      char c = rest_[i];
      if (padded && i == 0 && c == ' ') c = '0';
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  std::optional<unsigned> month() {
    for (std::size_t i = 0; i < month_names.size(); ++i)
      if (literal(month_names[i])) return static_cast<unsigned>(i + 1);
    return std::nullopt;
  }
  /// A day's name: three letters, or the whole of it.
  bool day_name(bool whole) {
    for (auto const name : day_names)
      if (literal(whole ? name : name.substr(0, 3))) return true;
    return false;
  }
  bool at_end() const noexcept { return rest_.empty(); }

private:
  std::string_view rest_;
};

struct civil_time {
  int year = 0;
  unsigned month = 0;
  int day = 0, hour = 0, minute = 0, second = 0;
};

inline bool read_time_of_day(date_cursor& at, civil_time& t) {
  auto const hour = at.number(2);
  if (!hour || !at.literal(":")) return false;
  auto const minute = at.number(2);
  if (!minute || !at.literal(":")) return false;
  auto const second = at.number(2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return false; // 60: a leap second
  t.hour = *hour;
  t.minute = *minute;
  t.second = *second;
  return true;
}

inline std::optional<time_point> to_time(civil_time const& t) {
  using namespace std::chrono;
  const year_month_day date{year{t.year}, month{t.month}, day{static_cast<unsigned>(t.day)}};
  // What system_clock can hold with nanoseconds ends in the years 1677 and 2262.
  if (!date.ok() || t.year < 1678 || t.year > 2261) return std::nullopt;
  return time_point{sys_days{date}} + hours{t.hour} + minutes{t.minute} + seconds{t.second};
}

} // namespace detail

/// Reads an HTTP-date in any of its three forms. The name of the day is not compared with the date.
/// Source:  RFC 9110 section 5.6.7
/// Grammar: HTTP-date = IMF-fixdate / rfc850-date / asctime-date
/// In:      the field value without white space around it; the time now, by which the century of the second form, with its
///          two-digit year, is told: never more than 50 years ahead
/// Out:     UTC      Errors: malformed_http
inline result<time_point> parse_date(std::string_view text, time_point now) {
  using namespace std::chrono;
  auto const wrong = [] { return fail(errc::malformed_http, "date", "it is no HTTP-date"); };
  detail::civil_time t;

  if (detail::date_cursor at{text}; at.day_name(true) && at.literal(", ")) { // Sunday, 06-Nov-94 08:49:37 GMT
    auto const day = at.number(2);
    if (!day || !at.literal("-")) return wrong();
    auto const month = at.month();
    if (!month || !at.literal("-")) return wrong();
    auto const year = at.number(2);
    if (!year || !at.literal(" ") || !detail::read_time_of_day(at, t) || !at.literal(" GMT") || !at.at_end())
      return wrong();
    int const this_year = static_cast<int>(year_month_day{floor<days>(now)}.year());
    t.day = *day;
    t.month = *month;
    t.year = this_year - this_year % 100 + 100 + *year;
    auto limit = now + days{18263}; // 50 years
    for (int century = 0; century < 3; ++century, t.year -= 100)
      if (auto const time = detail::to_time(t); time && *time <= limit) return *time;
    return wrong();
  }
  detail::date_cursor at{text};
  if (!at.day_name(false)) return wrong();
  if (at.literal(", ")) { // Sun, 06 Nov 1994 08:49:37 GMT
    auto const day = at.number(2);
    if (!day || !at.literal(" ")) return wrong();
    auto const month = at.month();
    if (!month || !at.literal(" ")) return wrong();
    auto const year = at.number(4);
    if (!year || !at.literal(" ") || !detail::read_time_of_day(at, t) || !at.literal(" GMT") || !at.at_end())
      return wrong();
    t.day = *day;
    t.month = *month;
    t.year = *year;
  } else { // Sun Nov  6 08:49:37 1994
    if (!at.literal(" ")) return wrong();
    auto const month = at.month();
    if (!month || !at.literal(" ")) return wrong();
    auto const day = at.number(2, true);
    if (!day || !at.literal(" ") || !detail::read_time_of_day(at, t) || !at.literal(" ")) return wrong();
    auto const year = at.number(4);
    if (!year || !at.at_end()) return wrong();
    t.day = *day;
    t.month = *month;
    t.year = *year;
  }
  auto const time = detail::to_time(t);
  if (!time) return wrong();
  return *time;
}

/// Writes an IMF-fixdate, the one form that is sent. Fractions of a second are dropped.
/// Source:  RFC 9110 section 5.6.7
inline std::string encode_date(time_point when) {
  using namespace std::chrono;
  auto const day = floor<days>(when);
  const year_month_day date{day};
  const hh_mm_ss time{floor<seconds>(when - day)};
  auto const digits = [](auto value, std::size_t width) {
    auto text = std::to_string(value);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
  };
  std::string text{detail::day_names[weekday{day}.c_encoding()].substr(0, 3)};
  text += ", " + digits(static_cast<unsigned>(date.day()), 2) + " ";
  text += detail::month_names[static_cast<unsigned>(date.month()) - 1];
  text += " " + digits(static_cast<int>(date.year()), 4);
  text += " " + digits(time.hours().count(), 2) + ":" + digits(time.minutes().count(), 2) + ":" +
          digits(time.seconds().count(), 2) + " GMT";
  return text;
}

} // namespace est::http
