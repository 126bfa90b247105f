#include "report/report.hpp"

#include "reading.hpp"
#include "report/redact.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>
#include <tuple>

namespace est::conformance {

namespace {

constexpr std::size_t named_exchanges = 5;

std::string_view name_of(connection_end end) noexcept {
  switch (end) {
  case connection_end::open: return "open";
  case connection_end::close_notify: return "close_notify";
  case connection_end::closed: return "closed";
  case connection_end::reset: return "reset";
  case connection_end::timed_out: return "timed_out";
  case connection_end::tls_error: return "tls_error";
  case connection_end::unknown: break;
  }
  return "";
}

bool is_must(requirement const& r) { return r.level == "MUST" || r.level == "MUST NOT" || r.level == "required"; }

/// The operations that a row is about; empty for all of them.
std::vector<std::string_view> operations_of(requirement const& r) {
  std::vector<std::string_view> found;
  auto const& text = r.operation;
  auto const has = [&text](std::string_view word) { return text.find(word) != std::string::npos; };
  if (has("all")) return {};
  if (has("enroll*")) {
    found.push_back("simpleenroll");
    found.push_back("simplereenroll");
  }
  for (std::string_view op : {"cacerts", "simpleenroll", "simplereenroll", "fullcmc", "serverkeygen", "csrattrs"})
    if (has(op) && std::find(found.begin(), found.end(), op) == found.end()) found.push_back(op);
  return found;
}

/// Why a row that nothing was said of was not judged.
std::string why_not_judged(requirement const& row, profile const& by) {
  using way = judgement::way;
  if (row.judged.by == way::excluded) return "excluded: " + row.judged.because;
  if (row.judged.by == way::policy && !by.declares(row.judged.policy))
    return "policy not declared: --policy " + row.judged.policy;
  if (row.judged.by == way::set_up) return "needs a set-up of the target: " + row.judged.because;
  return "no exchange that shows it";
}

/// A row that the RFC leaves open is information, whatever was seen; what was seen is its reason.
void make_information(requirement_line& line, std::span<const finding> findings, requirement const& row, bool absent) {
  line.outcome = grade::info;
  line.reason.clear();
  for (auto const& f : findings)
    if (line.reason.empty() && (f.what == outcome::pass || f.what == outcome::fail)) line.reason = f.actual;
  if (line.reason.empty()) line.reason = absent ? "not offered" : row.judged.because;
}

/// What was seen of the operations: offered, not offered, or never asked for.
class offers {
public:
  void saw(operation op, int status) {
    if (op == operation::unknown || status == 0) return;
    auto& seen = seen_[std::string{conformance::name(op)}];
    seen.asked = true;
    if (status != 404 && status != 501 && status != 405) seen.offered = true;
  }
  void not_offered(std::string const& op) { refused_.insert(op); }

  /// Known not to be there: asked for, and never anything but 404, 405 and 501.
  bool is_absent(std::string_view op) const {
    if (op == "cacerts" || op == "simpleenroll" || op == "simplereenroll") return false; // not theirs to leave out
    auto const it = seen_.find(op);
    if (it != seen_.end() && it->second.offered) return false;
    return refused_.count(op) != 0 || (it != seen_.end() && it->second.asked);
  }

private:
  struct state {
    bool asked = false, offered = false;
  };
  std::map<std::string, state, std::less<>> seen_;
  std::set<std::string, std::less<>> refused_;
};

} // namespace

std::string format_time(time_point t) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return {};
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02d-%02d %02d:%02d:%02d UTC", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return buffer.data();
}

grade grade_of_failure(requirement const& r) {
  grade g = grade::info;
  if (is_must(r))
    g = grade::fail;
  else if (r.level == "SHOULD" || r.level == "SHOULD NOT" || r.level == "RECOMMENDED" || r.level == "implied")
    g = grade::warn;
  if (g == grade::fail && (r.disputed || !r.text_held)) g = grade::warn;
  return g;
}

grade combine(requirement const& r, std::span<const finding> findings) {
  auto const any = [findings](outcome o) {
    return std::any_of(findings.begin(), findings.end(), [o](finding const& f) { return f.what == o; });
  };
  if (any(outcome::fail)) return grade_of_failure(r);
  if (any(outcome::error)) return grade::error;
  if (any(outcome::inconclusive)) return grade::inconclusive;
  if (any(outcome::pass)) return grade::pass;
  return grade::skip;
}

void tally::count(grade g) {
  switch (g) {
  case grade::pass: ++pass; break;
  case grade::fail: ++fail; break;
  case grade::warn: ++warn; break;
  case grade::info: ++info; break;
  case grade::inconclusive: ++inconclusive; break;
  case grade::skip: ++skip; break;
  case grade::error: ++error; break;
  }
}

report_model make_report(report_input const& in) {
  report_model m;
  scrubber scrub;
  for (auto const secret : in.secrets) scrub.learn_secret(secret);
  for (auto const& r : in.records)
    for (auto const& e : r.exchanges) scrub.learn(e);

  m.tool_version = in.tool_version;
  m.command = in.command;
  if (in.target != nullptr) m.target = scrub(in.target->name);
  if (in.now) m.date = format_time(*in.now);
  m.certificate_budget = in.certificate_budget;
  for (auto const& s : in.vectors_skipped) m.vectors_skipped.push_back({scrub(s.id), scrub(s.reason), s.operation});
  for (auto const& c : in.certificates) m.certificates.push_back({scrub(c.serial), scrub(c.subject), scrub(c.vector)});
  for (auto const& t : in.remarks) m.remarks.push_back(scrub(t));
  for (auto const& t : in.ignored) m.ignored.push_back(scrub(t));

  // Exchanges and notes
  offers offered;
  for (auto const& op : in.not_offered) offered.not_offered(op);
  std::map<std::string, std::size_t> versions;
  std::map<std::tuple<std::string, std::string>, std::size_t> note_places;
  auto const take_notes = [&](notes const& list, std::string const& exchange, std::string const& prefix,
                              std::set<std::tuple<note_code, std::optional<std::size_t>, std::string>>& taken) {
    for (auto const& n : list) {
      if (!taken.insert({n.code, n.offset, n.detail}).second) continue;
      auto const& d = definition_of(n.code);
      // The place, once: some notes begin with an empty step, or call the part `part` again.
      auto inner = n.where.substr(std::min(n.where.find_first_not_of('.'), n.where.size()));
      if (!prefix.empty() && prefix.back() == ']' && (inner == "part" || inner.substr(0, 5) == "part."))
        inner.erase(0, 5);
      auto where = inner.empty() ? prefix : prefix.empty() ? inner : prefix + "." + inner;
      auto const [it, fresh] = note_places.emplace(std::tuple{std::string{d.name}, where}, m.notes.size());
      if (fresh) {
        note_line line;
        line.code = d.name;
        line.kind = d.kind == note_kind::deviation ? "deviation" : "observation";
        line.clause = d.clause;
        line.sentence = d.sentence;
        line.where = scrub(where);
        line.detail = scrub(n.detail);
        line.offset = n.offset;
        m.notes.push_back(std::move(line));
      }
      auto& line = m.notes[it->second];
      ++line.count;
      auto const shown = scrub(exchange);
      if (line.exchanges.size() < named_exchanges && (line.exchanges.empty() || line.exchanges.back() != shown))
        line.exchanges.push_back(shown);
    }
  };
  for (auto const& r : in.records) {
    for (auto const& e : r.exchanges) {
      auto const read = conformance::read(e);
      offered.saw(read.op, read.status());
      exchange_line line;
      line.name = scrub(e.name);
      line.record = scrub(r.id);
      if (read.request)
        line.question = scrub(read.request->method + " " + read.request->target);
      else
        line.question = e.request ? "a request that cannot be read" : "";
      if (read.response)
        line.answer = scrub(std::to_string(read.response->status) + " " + read.response->reason);
      else if (read.response_trouble)
        line.answer = scrub(to_text(*read.response_trouble));
      else
        line.answer = "no answer";
      if (e.probe) {
        line.question = scrub(question_in_words(*e.probe));
        line.answer = scrub(answer_in_words(*e.probe));
      }
      if (e.tls && e.tls->version != http::tls_version::unknown) line.tls = http::name(e.tls->version);
      if (!e.probe) ++versions[line.tls.empty() ? "TLS version not known" : line.tls];
      line.end = name_of(e.end);
      line.complaint = scrub(e.complaint);
      if (e.time) line.time = format_time(*e.time);
      line.request_octets = e.request ? e.request->size() : 0;
      line.response_octets = e.response ? e.response->size() : 0;
      line.said = scrub(error_excerpt(e));
      m.exchanges.push_back(std::move(line));
      std::set<std::tuple<note_code, std::optional<std::size_t>, std::string>> taken;
      take_notes(read.remarks, e.name, "", taken);
      take_notes(read.multipart_remarks, e.name, "body", taken);
      for (std::size_t i = 0; i < read.parts.size(); ++i)
        take_notes(read.parts[i].remarks, e.name, "body.part[" + std::to_string(i) + "]", taken);
    }
  }
  if (in.target != nullptr) m.capabilities = find_capabilities(in.records, *in.target);
  for (auto& c : m.capabilities.operations) c.answer = scrub(c.answer); // a reason phrase is the server's
  for (auto& h : m.capabilities.handshakes) h.answer = scrub(h.answer);
  for (auto const& [version, count] : versions) m.tls.emplace_back(version, count);
  // Deviations first, each kind in the order in which it was met.
  std::stable_sort(m.notes.begin(), m.notes.end(),
                   [](note_line const& a, note_line const& b) { return a.kind < b.kind; });

  // Findings and requirements
  for (auto const& f : in.findings) {
    auto g = f;
    g.expected = scrub(f.expected);
    g.actual = scrub(f.actual);
    g.reason = scrub(f.reason);
    g.where = scrub(f.where);
    g.exchange = scrub(f.exchange);
    m.checks.push_back(std::move(g));
  }
  std::size_t decided = 0;
  for (auto const& row : requirements()) {
    if (row.role != party::server || !in.judged_by.requirements_of().holds(row)) continue;
    requirement_line line;
    line.row = &row;
    std::vector<finding> of_row;
    std::set<std::string> tls;
    for (std::size_t i = 0; i < m.checks.size(); ++i) {
      if (m.checks[i].requirement != row.id) continue;
      line.findings.push_back(i);
      of_row.push_back(m.checks[i]);
      if (!m.checks[i].tls.empty() && m.checks[i].what != outcome::skip) tls.insert(m.checks[i].tls);
      if (m.checks[i].what == outcome::pass || m.checks[i].what == outcome::fail) ++decided;
    }
    line.tls.assign(tls.begin(), tls.end());
    line.outcome = combine(row, of_row);
    auto const ops = operations_of(row);
    bool const absent =
        !ops.empty() && std::all_of(ops.begin(), ops.end(), [&](std::string_view op) { return offered.is_absent(op); });
    if (line.outcome == grade::skip) {
      for (auto const& f : of_row)
        if (line.reason.empty()) line.reason = f.reason;
      if (absent)
        line.reason = "not offered";
      else if (!line.reason.empty())
        ;
      else
        line.reason = why_not_judged(row, in.judged_by);
    } else if (line.outcome == grade::inconclusive) {
      for (auto const& f : of_row)
        if (f.what == outcome::inconclusive && line.reason.empty())
          line.reason = f.actual.empty() ? f.reason : f.actual;
    }
    if (row.judged.by == judgement::way::info && line.outcome != grade::error)
      make_information(line, of_row, row, absent);
    (row.of_other_rfc ? m.verdict.other : m.verdict.own).count(line.outcome);
    bool const open =
        line.outcome == grade::inconclusive || line.outcome == grade::skip || line.outcome == grade::error;
    // What only its owner could show is left out of the claim, and named with its reason in the report.
    bool const left_out = row.judged.by == judgement::way::excluded && (row.visibility == "S" || row.visibility == "N");
    if (open && !row.of_other_rfc && is_must(row) && !row.disputed && row.text_held && !left_out && !absent)
      m.verdict.open.push_back(row.id);
    m.requirements.push_back(std::move(line));
  }
  // A finding whose requirement the catalogue does not have is our own fault, and never lost.
  for (auto const& f : m.checks)
    if (find_requirement(f.requirement) == nullptr) ++m.verdict.own.error;
  for (std::string_view op : {"cacerts", "simpleenroll", "simplereenroll", "fullcmc", "serverkeygen", "csrattrs"})
    if (offered.is_absent(op)) m.not_offered.emplace_back(op);

  auto& v = m.verdict;
  v.requirement_set = in.judged_by.requirements_of().name;
  v.policies = in.judged_by.policies_declared;
  auto const plural = [](std::size_t n, std::string_view one, std::string_view many) {
    return std::to_string(n) + " " + std::string{n == 1 ? one : many};
  };
  if (v.own.fail > 0) {
    v.claim = "nonconformant";
    v.sentence =
        "nonconformant to " + v.requirement_set + ": " + plural(v.own.fail, "requirement fails", "requirements fail");
  } else if (decided == 0) {
    v.claim = "undetermined";
    v.sentence = "undetermined: nothing was judged";
  } else if (v.own.error + v.other.error > 0) {
    v.claim = "undetermined";
    v.sentence = "undetermined: " + plural(v.own.error + v.other.error, "check", "checks") +
                 " of this program went wrong; please report it";
  } else if (!v.open.empty()) {
    v.claim = "undetermined";
    v.sentence = "undetermined: nothing that was judged fails, and " + plural(v.open.size(), "MUST was", "MUSTs were") +
                 " not decided, so conformance to " + v.requirement_set + " is not claimed";
  } else {
    v.claim = "conformant";
    v.sentence = "conformant to " + v.requirement_set;
  }
  if (v.other.fail > 0)
    v.sentence += "; " + plural(v.other.fail, "requirement", "requirements") + " of other RFCs " +
                  (v.other.fail == 1 ? "fails" : "fail");
  if (v.own.fail + v.other.fail > 0)
    v.exit = 1;
  else if (decided == 0)
    v.exit = 3;
  else if (v.own.error + v.other.error > 0)
    v.exit = 70;
  else if (in.require_complete && v.claim != "conformant")
    v.exit = 4;
  return m;
}

} // namespace est::conformance
