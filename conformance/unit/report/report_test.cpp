#include "report/report.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

using namespace est;
using namespace est::conformance;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(report)

namespace {

requirement row(std::string level, bool disputed = false, bool held = true) {
  requirement r;
  r.level = std::move(level);
  r.disputed = disputed;
  r.text_held = held;
  return r;
}

finding said(std::string requirement_id, outcome o, std::string exchange = "e") {
  finding f;
  f.check = "check." + requirement_id;
  f.requirement = std::move(requirement_id);
  f.what = o;
  f.exchange = std::move(exchange);
  if (o == outcome::fail) {
    f.reason = "some-reason";
    f.expected = "this";
    f.actual = "that";
    f.where = "response";
    f.offset = 17;
  }
  return f;
}

report_model of(std::vector<finding> const& findings, bool require_complete = false, profile by = {}) {
  static const target_facts target = [] {
    target_facts t;
    t.name = "somewhere";
    return t;
  }();
  report_input in;
  in.findings = findings;
  in.target = &target;
  in.require_complete = require_complete;
  in.judged_by = std::move(by);
  return make_report(in);
}

requirement_line const& line_of(report_model const& m, std::string_view id) {
  auto const it =
      std::find_if(m.requirements.begin(), m.requirements.end(), [&](auto const& r) { return r.row->id == id; });
  BOOST_REQUIRE(it != m.requirements.end());
  return *it;
}

constexpr auto a_must = "rfc7030-4.1.3-status-200";
constexpr auto a_should = "rfc7030-3.3-session-resumption";
constexpr auto a_may = "rfc7030-3.2.2-label-optional";
constexpr auto disputed_must = "rfc7030-4.2.3-only-issued-cert";
// A server that picks a plain PSK suite was not seen to enrol anybody over it. RFC 7030 3.3.3
constexpr auto psk_and_dictionaries = "rfc7030-3.3.3-certless-dictionary",
               psk_and_knowledge = "rfc7030-3.3.3-certless-zkp";
constexpr auto unread_must = "rfc9908-3.4-version";
constexpr auto http_must = "http-405-allow";

} // namespace

BOOST_AUTO_TEST_CASE(the_level_decides_what_a_failure_is) {
  for (auto const* level : {"MUST", "MUST NOT", "required"}) BOOST_TEST(name(grade_of_failure(row(level))) == "fail");
  for (auto const* level : {"SHOULD", "SHOULD NOT", "RECOMMENDED", "implied"})
    BOOST_TEST(name(grade_of_failure(row(level))) == "warn");
  for (auto const* level : {"MAY", "OPTIONAL", "note"}) BOOST_TEST(name(grade_of_failure(row(level))) == "info");
}

BOOST_AUTO_TEST_CASE(disputed_and_unread_rows_are_a_warning_at_most) {
  BOOST_TEST(name(grade_of_failure(row("MUST", true))) == "warn");
  BOOST_TEST(name(grade_of_failure(row("MUST", false, false))) == "warn");
  BOOST_TEST(name(grade_of_failure(row("MAY", true))) == "info");
}

BOOST_AUTO_TEST_CASE(the_worst_that_is_certain_wins) {
  auto const must = row("MUST");
  auto const together = [&](std::vector<outcome> outcomes) {
    std::vector<finding> findings;
    for (auto const o : outcomes) findings.push_back(said("x", o));
    return std::string{name(combine(must, findings))};
  };
  using enum outcome;
  BOOST_TEST(together({}) == "skip");
  BOOST_TEST(together({skip, pass}) == "pass");
  BOOST_TEST(together({pass, inconclusive, skip}) == "inconclusive");
  BOOST_TEST(together({inconclusive, outcome::error, pass}) == "error");
  BOOST_TEST(together({outcome::error, inconclusive, pass, outcome::fail}) == "fail");
}

BOOST_AUTO_TEST_CASE(a_failed_must_is_exit_1_and_nonconformant) {
  auto const m = of({said(a_must, outcome::pass), said(a_must, outcome::fail, "f")});
  BOOST_TEST(m.verdict.exit == 1);
  BOOST_TEST(m.verdict.claim == "nonconformant");
  BOOST_TEST(name(line_of(m, a_must).outcome) == "fail");
  BOOST_TEST(m.verdict.own.fail == 1u);
}

BOOST_AUTO_TEST_CASE(warnings_do_not_change_the_exit) {
  for (auto const* id : {a_should, a_may, disputed_must, unread_must, psk_and_dictionaries, psk_and_knowledge}) {
    auto const m = of({said(id, outcome::fail), said(a_must, outcome::pass)}, false, whole_profile());
    BOOST_TEST(m.verdict.exit == 0, id);
    BOOST_TEST(m.verdict.own.fail == 0u);
  }
}

BOOST_AUTO_TEST_CASE(other_rfcs_are_counted_apart_and_still_exit_1) {
  auto const m = of({said(http_must, outcome::fail), said(a_must, outcome::pass)});
  BOOST_TEST(m.verdict.exit == 1);
  BOOST_TEST(m.verdict.own.fail == 0u);
  BOOST_TEST(m.verdict.other.fail == 1u);
  BOOST_TEST(m.verdict.claim == "undetermined");
}

BOOST_AUTO_TEST_CASE(nothing_judged_is_exit_3_and_never_0) {
  BOOST_TEST(of({}).verdict.exit == 3);
  BOOST_TEST(of({said(a_must, outcome::skip)}).verdict.exit == 3);
  BOOST_TEST(of({said(a_must, outcome::inconclusive)}).verdict.exit == 3);
}

BOOST_AUTO_TEST_CASE(conformance_is_not_claimed_while_a_must_is_open) {
  auto const m = of({said(a_must, outcome::pass)});
  BOOST_TEST(m.verdict.exit == 0);
  BOOST_TEST(m.verdict.claim == "undetermined");
  BOOST_TEST(!m.verdict.open.empty());
  BOOST_TEST(of({said(a_must, outcome::pass)}, true).verdict.exit == 4);
}

BOOST_AUTO_TEST_CASE(conformance_is_claimed_when_every_must_passes) {
  std::vector<finding> findings;
  for (auto const& r : requirements())
    if (r.role == party::server && r.visibility != "N") findings.push_back(said(r.id, outcome::pass));
  auto const m = of(findings, true);
  BOOST_TEST(m.verdict.claim == "conformant");
  BOOST_TEST(m.verdict.exit == 0);
  // One of them inconclusive, and the claim is gone.
  for (auto& f : findings)
    if (f.requirement == a_must) f.what = outcome::inconclusive;
  BOOST_TEST(of(findings, true).verdict.exit == 4);
}

BOOST_AUTO_TEST_CASE(the_set_that_was_asked_for_is_named_and_no_row_outside_it_is_shown) {
  auto const m = of({said(a_must, outcome::pass)});
  BOOST_TEST(m.verdict.requirement_set == default_requirement_set().name);
  for (auto const& r : m.requirements) BOOST_TEST(r.row->rfc != "RFC 9908");
  auto const more = of({said(a_must, outcome::pass)}, false, whole_profile());
  BOOST_TEST(more.verdict.requirement_set == "rfc7030+8951+9908/2026.1");
  BOOST_TEST(name(line_of(more, unread_must).outcome) == "skip");
}

BOOST_AUTO_TEST_CASE(what_is_left_out_says_why_and_does_not_stand_in_the_way) {
  std::vector<finding> findings;
  for (auto const& r : requirements())
    if (r.role == party::server && r.judged.by != judgement::way::excluded)
      findings.push_back(said(r.id, outcome::pass));
  auto const m = of(findings);
  for (auto const& r : m.requirements) {
    if (r.row->judged.by != judgement::way::excluded) continue;
    BOOST_TEST(name(r.outcome) == "skip");
    BOOST_TEST(r.reason == "excluded: " + r.row->judged.because);
    bool const open = std::find(m.verdict.open.begin(), m.verdict.open.end(), r.row->id) != m.verdict.open.end();
    if (r.row->visibility == "S" || r.row->visibility == "N") BOOST_TEST(!open, r.row->id);
  }
}

BOOST_AUTO_TEST_CASE(what_the_rfc_leaves_open_is_information_whatever_was_seen) {
  for (auto const o : {outcome::pass, outcome::fail, outcome::skip})
    BOOST_TEST(name(line_of(of({said(a_may, o)}), a_may).outcome) == "info");
  auto seen = said(a_may, outcome::pass);
  seen.actual = "a label is in use";
  BOOST_TEST(line_of(of({seen}), a_may).reason == "a label is in use");
  BOOST_TEST(line_of(of({}), a_may).reason == find_requirement(a_may)->judged.because);
  BOOST_TEST(name(line_of(of({said(a_may, outcome::error)}), a_may).outcome) == "error");
}

BOOST_AUTO_TEST_CASE(our_own_fault_is_exit_70) {
  BOOST_TEST(of({said(a_must, outcome::error), said(a_should, outcome::pass)}).verdict.exit == 70);
  BOOST_TEST(of({said("no-such-requirement", outcome::pass), said(a_must, outcome::pass)}).verdict.exit == 70);
}

BOOST_AUTO_TEST_CASE(an_optional_operation_that_is_absent_does_not_stand_in_the_way) {
  std::vector<finding> findings;
  for (auto const& r : requirements())
    if (r.role == party::server && r.visibility != "N" && r.operation != "fullcmc")
      findings.push_back(said(r.id, outcome::pass));
  report_input in;
  in.findings = findings;
  in.not_offered = {"fullcmc"};
  BOOST_TEST(make_report(in).verdict.claim == "conformant");
  in.not_offered = {};
  BOOST_TEST(make_report(in).verdict.claim == "undetermined");
}

BOOST_AUTO_TEST_CASE(the_json_has_the_promised_keys) {
  auto const m = of({said(a_must, outcome::fail), said(a_should, outcome::pass)});
  auto const j = nlohmann::json::parse(to_json(m));
  BOOST_TEST(j["verdict"].is_object());
  BOOST_TEST(j["notes"].is_array());
  bool found = false;
  for (auto const& r : j["requirements"]) {
    for (auto const* key : {"id", "section", "level", "outcome", "checks"}) BOOST_REQUIRE(r.contains(key));
    if (r["id"] != a_must) continue;
    found = true;
    BOOST_TEST(r["section"] == "4.1.3");
    BOOST_TEST(r["level"] == "MUST");
    BOOST_TEST(r["outcome"] == "fail");
    BOOST_TEST(r["checks"].size() == 1u);
  }
  BOOST_TEST(found);
  BOOST_REQUIRE(j["checks"].size() == 2u);
  auto const& c = j["checks"][0];
  for (auto const* key : {"id", "requirement", "outcome", "reason", "expected", "actual", "exchange", "offset"})
    BOOST_TEST(c.contains(key), key);
  BOOST_TEST(c["outcome"] == "fail");
  BOOST_TEST(c["offset"] == 17);
  BOOST_TEST(j["checks"][1]["reason"].is_null());
}

BOOST_AUTO_TEST_CASE(hostile_texts_leave_json_valid_and_the_terminal_alone) {
  auto f = said(a_must, outcome::fail, std::string{"name\xff\x1b]0;owned\x07"});
  f.actual = "\x1b[2J\xc3( \xf0\x9f\x98\x80 \0 \xe2\x80\xae"s;
  f.expected = std::string(3000, 'x');
  auto const m = of({f});
  BOOST_TEST(!nlohmann::json::parse(to_json(m), nullptr, false).is_discarded());
  auto const text = to_text(m);
  for (char const c : text) {
    auto const octet = static_cast<unsigned char>(c);
    BOOST_REQUIRE(octet == '\n' || (octet >= 0x20 && octet != 0x7f));
  }
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i)
    if (i == text.size() || text[i] == '\n') {
      auto const line = text.substr(start, i - start);
      auto const width = std::count_if(line.begin(), line.end(),
                                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; });
      BOOST_TEST(width <= 120, line);
      start = i + 1;
    }
}

BOOST_AUTO_TEST_CASE(the_same_findings_give_the_same_report) {
  std::vector<finding> const findings{said(a_must, outcome::fail), said(a_should, outcome::pass)};
  BOOST_TEST(to_json(of(findings)) == to_json(of(findings)));
  BOOST_TEST(to_text(of(findings)) == to_text(of(findings)));
}

BOOST_AUTO_TEST_CASE(a_failure_is_shown_with_clause_expectation_and_place) {
  auto const text = to_text(of({said(a_must, outcome::fail, "13-cacerts")}));
  for (auto const* piece : {"RFC 7030 4.1.3", "MUST", a_must, "expected  this", "came      that",
                            "13-cacerts, response, octet 17", "some-reason", "nonconformant"})
    BOOST_TEST(text.find(piece) != std::string::npos, piece);
}

BOOST_AUTO_TEST_CASE(colour_comes_when_asked_for_and_not_else) {
  auto const m = of({said(a_must, outcome::fail)});
  BOOST_TEST(to_text(m).find('\x1b') == std::string::npos);
  text_style style;
  style.colour = true;
  BOOST_TEST(to_text(m, style).find('\x1b') != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
