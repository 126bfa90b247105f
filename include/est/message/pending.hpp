#pragma once
/// The answer of a server that has not decided yet: 202 and Retry-After. Also the bounded, readable text of an answer's
/// body, which is all of it that a failure may carry.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/date.hpp>
#include <est/http/message.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace est {

/// The most of an answer's body that a failure or a pending answer carries, in octets.
inline constexpr std::size_t readable_text_limit = 512;

/// What an answer's body says to a person, safe to print: ASCII alone, one blank for each run of white space and control
/// characters, `?` for anything beyond ASCII, long runs of base64 left out, cut at a limit.
/// Promises: no more than `limit` octets; no control characters; nothing where the text holds a PEM private key
inline std::string readable_text(std::string_view body, std::size_t limit = readable_text_limit) {
  static constexpr std::size_t longest_word = 48; // longer runs of base64 characters are data, not words
  if (body.find("PRIVATE KEY") != std::string_view::npos) return {};
  auto const is_base64 = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '=';
  };
  std::string text;
  for (std::size_t i = 0; i < body.size() && text.size() < limit;) {
    std::size_t run = i;
    while (run < body.size() && is_base64(body[run])) ++run;
    if (run - i > longest_word) {
      text += "[...]";
      i = run;
      continue;
    }
    if (run > i) {
      text += body.substr(i, run - i);
      i = run;
      continue;
    }
    auto const c = static_cast<unsigned char>(body[i++]);
    if (c <= 0x20 || c == 0x7f) {
      if (!text.empty() && text.back() != ' ') text.push_back(' ');
    } else {
      text.push_back(c < 0x7f ? static_cast<char>(c) : '?');
    }
  }
  if (text.size() > limit) text.resize(limit);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// The request was accepted and is not decided yet: send the same request again, later.
/// Source:  RFC 7030 section 4.2.3; RFC 9110 section 10.2.3
struct pending {
  std::optional<std::chrono::seconds> retry_after; ///< from the time the answer came; what the server sent as a number
  std::optional<http::time_point> retry_at;        ///< what the server sent as a date
  std::string text;                                ///< for a person; readable_text of the body

  /// The earliest time for the same request again: what the server asks for, `otherwise` if it does not say, and never
  /// before the answer came.
  http::time_point earliest(http::time_point received, std::chrono::seconds otherwise = std::chrono::hours{1}) const {
    if (retry_at) return std::max(*retry_at, received);
    return received + retry_after.value_or(otherwise);
  }

  friend bool operator==(pending const&, pending const&) = default;
};

/// Reads a Retry-After value.
/// Source:  RFC 9110 section 10.2.3
/// Grammar: Retry-After = HTTP-date / delay-seconds
/// In:      the value; the time now, for dates with a two-digit year
/// Out:     one of the two members of `pending`; more than 2147483648 seconds are taken for that many (RFC 9111 1.2.2)
/// Errors:  malformed_http
inline result<pending> parse_retry_after(std::string_view value, http::time_point now) {
  static constexpr std::int64_t most = 2147483648;
  value = http::trim(value);
  pending found;
  if (!value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    for (char const c : value) seconds = std::min(most, seconds * 10 + (c - '0'));
    found.retry_after = std::chrono::seconds{seconds};
    return found;
  }
  auto const date = http::parse_date(value, now);
  if (!date) return fail(errc::malformed_http, "retry-after", "it is neither a number of seconds nor an HTTP-date");
  found.retry_at = *date;
  return found;
}

/// Reads a 202 answer. A Retry-After that is missing or cannot be read is noted and left empty.
/// In:      the time by which two-digit years are told is the answer's own Date, else the beginning of 2026
inline pending read_pending(http::response const& answer, notes* out = nullptr) {
  using namespace std::chrono;
  http::time_point now = sys_days{year{2026} / January / 1};
  if (auto const date = answer.headers.find("Date"))
    if (auto const parsed = http::parse_date(http::trim(*date), now)) now = *parsed;
  pending found;
  auto const value = answer.headers.find("Retry-After");
  if (!value) {
    remark(out, note_code::retry_after_missing, "header");
  } else if (auto parsed = parse_retry_after(*value, now)) {
    found = *parsed;
  } else {
    remark(out, note_code::retry_after_unreadable, "header.retry-after", std::nullopt, readable_text(*value, 64));
  }
  found.text = readable_text(answer.body);
  return found;
}

/// Writes a 202 answer.
/// Does NOT promise: a Retry-After where neither a delay nor a date is given; RFC 7030 section 4.2.3 demands one.
inline http::response to_http(pending const& p) {
  http::response answer;
  answer.status = 202;
  answer.reason = "Accepted";
  if (p.retry_at)
    answer.headers.add("Retry-After", http::encode_date(*p.retry_at));
  else if (p.retry_after)
    answer.headers.add("Retry-After", std::to_string(std::max<std::int64_t>(0, p.retry_after->count())));
  answer.headers.add("Content-Type", "text/plain; charset=us-ascii");
  answer.body = p.text;
  return answer;
}

} // namespace est
