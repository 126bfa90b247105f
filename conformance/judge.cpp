/// Every check against every exchange. Pure: nothing is read but the records, and no check is asked about the wire.

#include "check.hpp"
#include "checks/common.hpp"

#include <exception>
#include <iterator>

namespace est::conformance {

namespace {

std::vector<check> gather() {
  std::vector<check> all;
  for (auto const area : {tls_checks(), http_checks(), linking_checks(), encoding_checks(), cacerts_checks(),
                          enroll_checks(), renewal_checks(), full_cmc_checks(), server_keygen_checks(),
                          protected_key_checks(), format_checks(), csrattrs_checks(), csr_template_checks(),
                          certificate_checks(), policy_checks(), observation_checks(), odd_request_checks()})
    all.insert(all.end(), area.begin(), area.end());
  return all;
}

outcome outcome_of(verdict::kind kind) noexcept {
  switch (kind) {
  case verdict::kind::holds: return outcome::pass;
  case verdict::kind::violated: return outcome::fail;
  case verdict::kind::undecided: return outcome::inconclusive;
  case verdict::kind::not_applicable: break;
  }
  return outcome::skip;
}

verdict ask(predicate const& p, situation const& s, judging const& how) {
  for (auto const& forced : how.forced)
    if (forced.reason == p.name) return forced.said;
  return p.judge(s);
}

bool is_forced(check const& c, judging const& how) noexcept {
  for (auto const& forced : how.forced)
    for (auto const& p : c.predicates)
      if (p.name == forced.reason) return true;
  return false;
}

finding blank_finding(check const& c, situation const& s) {
  finding f;
  f.check = c.id;
  f.requirement = c.requirement;
  f.exchange = s.seen.name;
  if (s.seen.tls && s.seen.tls->version != http::tls_version::unknown) f.tls = http::name(s.seen.tls->version);
  return f;
}

/// The predicates in order: the first that is violated or undecided is the outcome; else one that holds is a pass.
std::optional<finding> ask_check(check const& c, situation const& s, judging const& how) {
  if (!c.of_every_exchange && !is_question(s)) return std::nullopt;
  auto f = blank_finding(c, s);
  std::string_view asking = "whether it applies";
  try {
    if (!(how.forced_everywhere && is_forced(c, how)) && !c.applies(s)) return std::nullopt;
    bool any_holds = false;
    std::string why_not;
    for (auto const& p : c.predicates) {
      asking = p.name;
      auto said = ask(p, s, how);
      if (said.what == verdict::kind::holds) {
        any_holds = true;
        if (f.actual.empty()) f.actual = std::move(said.actual);
      }
      if (said.what == verdict::kind::not_applicable && why_not.empty()) why_not = std::move(said.actual);
      if (said.what != verdict::kind::violated && said.what != verdict::kind::undecided) continue;
      f.what = outcome_of(said.what);
      f.reason = p.name;
      f.expected = std::move(said.expected);
      f.actual = std::move(said.actual);
      f.where = std::move(said.where);
      f.offset = said.offset;
      return f;
    }
    f.what = any_holds ? outcome::pass : outcome::skip;
    if (!any_holds) f.reason = std::move(why_not);
  } catch (std::exception const& e) {
    f = blank_finding(c, s);
    f.what = outcome::error;
    f.reason = asking;
    f.actual = std::string{"the check itself failed: "} + e.what();
  }
  return f;
}

} // namespace

std::span<const check> all_checks() {
  static std::vector<check> const all = gather();
  return all;
}

check const* check_with_reason(std::string_view reason) {
  for (auto const& c : all_checks())
    for (auto const& p : c.predicates)
      if (p.name == reason) return &c;
  return nullptr;
}

evidence::evidence(std::span<const record> records) {
  for (auto const& r : records) {
    for (auto const& x : r.exchanges) {
      readings_.push_back(read(x));
      exchanges_.push_back({&r, &x, &readings_.back()});
    }
    if (r.control && !r.control->exchanges.empty() && !controls_.contains(r.control.get()))
      controls_.emplace(r.control.get(), read(r.control->exchanges.back()));
  }
}

std::vector<finding> judge(evidence const& decoded, target_facts const& target, judging const& how) {
  auto const checks = how.checks.value_or(all_checks());
  std::vector<finding> findings;
  for (auto const& item : decoded.exchanges_) {
    auto const control = item.in->control ? decoded.controls_.find(item.in->control.get()) : decoded.controls_.end();
    const situation s{*item.in,   *item.seen,
                      *item.read, control == decoded.controls_.end() ? nullptr : &control->second,
                      target,     decoded.exchanges_};
    for (auto const& c : checks)
      if (auto f = ask_check(c, s, how)) findings.push_back(std::move(*f));
  }
  return findings;
}

std::vector<finding> judge(std::span<const record> records, target_facts const& target, judging const& how) {
  return judge(evidence{records}, target, how);
}

std::vector<finding> judge(record const& r, target_facts const& target, judging const& how) {
  return judge(std::span<const record>{&r, 1}, target, how);
}

} // namespace est::conformance
