#include <est/http/date.hpp>
#include <est/message/pending.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace est;
using namespace std::chrono_literals;

namespace {

http::time_point at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0, int second = 0) {
  using namespace std::chrono;
  return sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)} + hours{hour} +
         minutes{minute} + seconds{second};
}

auto const now = at(2026, 11, 24);
auto const example = at(1994, 11, 6, 8, 49, 37);

} // namespace

BOOST_AUTO_TEST_SUITE(http_dates)

// RFC 9110 section 5.6.7
BOOST_AUTO_TEST_CASE(the_three_forms_of_the_rfc_are_read) {
  for (auto const text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    auto const date = http::parse_date(text, now);
    BOOST_REQUIRE_MESSAGE(date, text);
    BOOST_TEST((*date == example), text);
  }
}

BOOST_AUTO_TEST_CASE(the_first_form_is_written) {
  BOOST_TEST(http::encode_date(example) == "Sun, 06 Nov 1994 08:49:37 GMT");
  BOOST_TEST(http::encode_date(example + 999ms) == "Sun, 06 Nov 1994 08:49:37 GMT");
  BOOST_TEST(http::encode_date(http::time_point{} - 1s) == "Wed, 31 Dec 1969 23:59:59 GMT");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  for (auto when = at(1970, 1, 1); when < at(2100, 1, 1); when += 1234567s + 777h) {
    auto const date = http::parse_date(http::encode_date(when), now);
    BOOST_REQUIRE(date);
    BOOST_TEST((*date == when));
  }
}

BOOST_AUTO_TEST_CASE(a_two_digit_year_is_at_most_fifty_years_ahead) {
  BOOST_TEST((*http::parse_date("Monday, 01-Jan-76 00:00:00 GMT", now) == at(2076, 1, 1)));
  BOOST_TEST((*http::parse_date("Monday, 01-Jan-77 00:00:00 GMT", now) == at(1977, 1, 1)));
  BOOST_TEST((*http::parse_date("Monday, 01-Jan-26 00:00:00 GMT", now) == at(2026, 1, 1)));
  BOOST_TEST((*http::parse_date("Monday, 01-Jan-01 00:00:00 GMT", at(1999, 6, 1)) == at(2001, 1, 1)));
}

BOOST_AUTO_TEST_CASE(a_leap_second_is_a_date) {
  BOOST_TEST((*http::parse_date("Sat, 31 Dec 2016 23:59:60 GMT", now) == at(2017, 1, 1)));
}

BOOST_AUTO_TEST_CASE(what_is_no_date_is_refused) {
  for (auto const text :
       {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun,  6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 9999 08:49:37 GMT", "1994-11-06T08:49:37Z", "-5",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994"})
    BOOST_TEST(!http::parse_date(text, now), text);
}

BOOST_AUTO_TEST_CASE(a_date_cut_anywhere_is_refused) {
  for (std::string const text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    for (std::size_t cut = 0; cut < text.size(); ++cut) BOOST_TEST(!http::parse_date(text.substr(0, cut), now));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pending_answers)

BOOST_AUTO_TEST_CASE(a_delay_in_seconds_is_read) {
  BOOST_TEST((*parse_retry_after("120", now)->retry_after == 120s));
  BOOST_TEST((*parse_retry_after(" 0 ", now)->retry_after == 0s));
  BOOST_TEST((*parse_retry_after("99999999999999999999999999", now)->retry_after == 2147483648s));
}

BOOST_AUTO_TEST_CASE(a_date_is_read_in_all_three_forms) {
  for (auto const text :
       {"Fri, 31 Dec 1999 23:59:59 GMT", "Friday, 31-Dec-99 23:59:59 GMT", "Fri Dec 31 23:59:59 1999"}) {
    auto const parsed = parse_retry_after(text, now);
    BOOST_REQUIRE(parsed);
    BOOST_TEST(!parsed->retry_after);
    BOOST_TEST((*parsed->retry_at == at(1999, 12, 31, 23, 59, 59)), text);
  }
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  for (auto const text : {"", "-1", "1.5", "soon", "120 s", "1e3", "+5"}) BOOST_TEST(!parse_retry_after(text, now));
}

BOOST_AUTO_TEST_CASE(a_missing_and_an_unreadable_retry_after_are_noted) {
  http::response answer;
  answer.status = 202;
  notes missing, unreadable, good;
  BOOST_TEST(!read_pending(answer, &missing).retry_after);
  BOOST_TEST(missing.has(note_code::retry_after_missing));
  answer.headers.add("retry-after", "later");
  BOOST_TEST(!read_pending(answer, &unreadable).retry_after);
  BOOST_TEST(unreadable.has(note_code::retry_after_unreadable));
  answer.headers.set("Retry-After", "600");
  BOOST_TEST((read_pending(answer, &good).retry_after == 600s));
  BOOST_TEST(good.empty());
}

BOOST_AUTO_TEST_CASE(the_answer_s_own_date_tells_the_century) {
  http::response answer;
  answer.status = 202;
  answer.headers.add("Retry-After", "Friday, 31-Dec-99 23:59:59 GMT");
  BOOST_TEST((read_pending(answer).retry_at == at(1999, 12, 31, 23, 59, 59)));
  answer.headers.add("Date", "Fri, 31 Dec 2060 23:00:00 GMT");
  BOOST_TEST((read_pending(answer).retry_at == at(2099, 12, 31, 23, 59, 59)));
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
  for (pending const& p :
       {pending{5s, std::nullopt, "wait a little"}, pending{std::nullopt, at(2027, 1, 2, 3, 4, 5), ""}}) {
    auto const answer = to_http(p);
    BOOST_TEST(answer.status == 202);
    BOOST_TEST((read_pending(answer) == p));
  }
}

BOOST_AUTO_TEST_CASE(the_earliest_time_is_never_before_the_answer) {
  BOOST_TEST((pending{5s, {}, {}}.earliest(now) == now + 5s));
  BOOST_TEST((pending{{}, example, {}}.earliest(now) == now));
  BOOST_TEST((pending{{}, now + 5h, {}}.earliest(now) == now + 5h));
  BOOST_TEST((pending{}.earliest(now, 7s) == now + 7s));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(readable_texts)

BOOST_AUTO_TEST_CASE(control_characters_and_other_scripts_do_not_pass) {
  BOOST_TEST(readable_text("  a\r\n\tb\x1b[31m \xe2\x80\xae c\x7f ") == "a b [31m ??? c");
}

BOOST_AUTO_TEST_CASE(a_text_is_cut_at_its_limit) {
  const std::string words(2000, '!');
  BOOST_TEST(readable_text(words).size() == readable_text_limit);
  BOOST_TEST(readable_text("abc def", 4) == "abc");
}

BOOST_AUTO_TEST_CASE(data_is_left_out) {
  BOOST_TEST(readable_text("before " + std::string(64, 'Q') + " after") == "before [...] after");
  BOOST_TEST(readable_text("x -----BEGIN PRIVATE KEY----- MIIE").empty());
  BOOST_TEST(readable_text(std::string(48, 'Q')) == std::string(48, 'Q'));
}

BOOST_AUTO_TEST_SUITE_END()
