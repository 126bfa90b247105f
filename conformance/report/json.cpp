#include "report/report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

using json = nlohmann::ordered_json;

json of(tally const& t) {
  return {{"pass", t.pass}, {"fail", t.fail},  {"warn", t.warn}, {"info", t.info}, {"inconclusive", t.inconclusive},
          {"skip", t.skip}, {"error", t.error}};
}

json text_or_null(std::string const& text) { return text.empty() ? json(nullptr) : json(text); }

template <class T> json value_or_null(std::optional<T> const& value) { return value ? json(*value) : json(nullptr); }

} // namespace

std::string to_json(report_model const& m) {
  json out;
  out["tool"] = {{"name", "est-conformance"}, {"version", m.tool_version}, {"command", m.command}};
  out["target"] = m.target;
  out["date"] = text_or_null(m.date);
  out["verdict"] = {{"claim", m.verdict.claim},
                    {"requirement_set", m.verdict.requirement_set},
                    {"policies", m.verdict.policies},
                    {"exit", m.verdict.exit},
                    {"sentence", m.verdict.sentence},
                    {"counts", of(m.verdict.own)},
                    {"counts_of_other_rfcs", of(m.verdict.other)},
                    {"undecided_musts", m.verdict.open}};
  auto& requirements = out["requirements"] = json::array();
  for (auto const& r : m.requirements) {
    json checks = json::array();
    for (auto const i : r.findings)
      if (std::find(checks.begin(), checks.end(), json(m.checks[i].check)) == checks.end())
        checks.push_back(m.checks[i].check);
    json row{{"id", r.row->id},
             {"rfc", r.row->rfc},
             {"section", r.row->section},
             {"level", r.row->level},
             {"outcome", name(r.outcome)},
             {"checks", std::move(checks)},
             {"wording", r.row->wording},
             {"operation", r.row->operation},
             {"reason", text_or_null(r.reason)},
             {"judged_by", name(r.row->judged.by)},
             {"tls", r.tls}};
    if (r.row->disputed) row["disputed"] = true;
    if (!r.row->text_held) row["text_held"] = false;
    if (r.row->of_other_rfc) row["of_other_rfc"] = true;
    requirements.push_back(std::move(row));
  }
  auto& checks = out["checks"] = json::array();
  for (auto const& f : m.checks)
    checks.push_back({{"id", f.check},
                      {"requirement", f.requirement},
                      {"outcome", name(f.what)},
                      {"reason", text_or_null(f.reason)},
                      {"expected", text_or_null(f.expected)},
                      {"actual", text_or_null(f.actual)},
                      {"exchange", text_or_null(f.exchange)},
                      {"offset", value_or_null(f.offset)},
                      {"where", text_or_null(f.where)},
                      {"tls", text_or_null(f.tls)}});
  auto& notes = out["notes"] = json::array();
  for (auto const& n : m.notes)
    notes.push_back({{"code", n.code},
                     {"kind", n.kind},
                     {"clause", n.clause},
                     {"sentence", n.sentence},
                     {"where", text_or_null(n.where)},
                     {"offset", value_or_null(n.offset)},
                     {"detail", text_or_null(n.detail)},
                     {"count", n.count},
                     {"exchanges", n.exchanges}});
  auto& exchanges = out["exchanges"] = json::array();
  for (auto const& e : m.exchanges)
    exchanges.push_back({{"name", e.name},
                         {"record", e.record},
                         {"request", text_or_null(e.question)},
                         {"response", text_or_null(e.answer)},
                         {"tls", text_or_null(e.tls)},
                         {"end", text_or_null(e.end)},
                         {"complaint", text_or_null(e.complaint)},
                         {"time", text_or_null(e.time)},
                         {"request_octets", e.request_octets},
                         {"response_octets", e.response_octets},
                         {"said", text_or_null(e.said)}});
  auto& capabilities = out["capabilities"];
  capabilities["operations"] = json::array();
  for (auto const& c : m.capabilities.operations)
    capabilities["operations"].push_back({{"operation", c.operation},
                                          {"tls", c.tls},
                                          {"key", text_or_null(c.key)},
                                          {"authentication", c.authentication},
                                          {"answer", c.answer},
                                          {"times", c.times}});
  capabilities["handshakes"] = json::array();
  for (auto const& h : m.capabilities.handshakes)
    capabilities["handshakes"].push_back({{"question", h.question}, {"answer", h.answer}});
  capabilities["ca_key"] = text_or_null(m.capabilities.ca_key);
  capabilities["asks_for_client_certificate"] = value_or_null(m.capabilities.asks_for_certificate);
  capabilities["authorities_named"] = value_or_null(m.capabilities.authorities_named);
  auto& skipped = out["skipped"] = json::array();
  for (auto const& s : m.vectors_skipped)
    skipped.push_back({{"vector", s.id}, {"reason", s.reason}, {"operation", text_or_null(s.operation)}});
  auto& certificates = out["certificates"] = json::array();
  for (auto const& c : m.certificates)
    certificates.push_back({{"serial", c.serial}, {"subject", c.subject}, {"vector", c.vector}});
  out["certificate_budget"] = value_or_null(m.certificate_budget);
  out["not_offered"] = m.not_offered;
  out["remarks"] = m.remarks;
  out["ignored"] = m.ignored;
  // All texts are scrubbed and valid UTF-8; should one ever not be, it is replaced, and the document stays valid.
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace est::conformance
