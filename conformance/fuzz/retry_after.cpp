// Retry-After and HTTP dates, request targets, and the text that failures quote.
#include "expect.hpp"

#include <est/http/date.hpp>
#include <est/message/endpoint.hpp>
#include <est/message/pending.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace std::chrono;
  auto const text = fuzz::text_of(data, size);
  auto const now = time_point<system_clock>{sys_days{year{2026} / November / 24}};
  if (auto const date = http::parse_date(text, now)) {
    auto const again = http::parse_date(http::encode_date(*date), now);
    fuzz::expect(again && *again == *date, "a date is read as it was written");
  }
  if (auto const later = parse_retry_after(text, now)) {
    fuzz::expect(later->retry_after.has_value() != later->retry_at.has_value(), "a delay or a date, not both");
    fuzz::expect(later->earliest(now) >= now, "never before now");
  }
  if (auto const found = parse_target(text)) {
    auto const again = parse_target(target({"host", found->label}, found->operation));
    fuzz::expect(again && *again == *found, "a target is read as it was written");
  }
  auto const shown = readable_text(text);
  fuzz::expect(shown.size() <= readable_text_limit, "a text has its limit");
  for (char const c : shown)
    fuzz::expect(static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f, "a text is printable");
  return 0;
}
