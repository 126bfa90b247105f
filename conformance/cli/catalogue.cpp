// `list` and `explain`: the catalogue for people and programs.

#include "catalogue/requirements.hpp"
#include "catalogue/vector.hpp"
#include "check.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "report/redact.hpp"
#include "report/report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(x) == lower(y);
  });
}

/// `4.4`, `RFC 8951 3`, `RFC8951 3`, `RFC 9110`
bool stands_in(requirement const& r, std::string_view wanted) {
  std::string rfc, section;
  std::string text{wanted};
  if (text.size() > 3 && same_ignoring_case(text.substr(0, 3), "RFC")) {
    std::size_t i = text[3] == ' ' ? 4 : 3;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') rfc.push_back(text[i++]);
    if (i < text.size() && text[i] == ' ') ++i;
    section = text.substr(i);
    if (r.rfc != "RFC " + rfc) return false;
    if (section.empty()) return true;
  } else {
    section = text;
    if (r.rfc != "RFC 7030") return false;
  }
  return r.section == section || r.section.compare(0, section.size() + 1, section + ".") == 0;
}

std::vector<check const*> checks_about(std::string_view requirement_id) {
  std::vector<check const*> found;
  for (auto const& c : all_checks())
    if (c.requirement == requirement_id) found.push_back(&c);
  return found;
}

nlohmann::ordered_json to_json(requirement const& r) {
  nlohmann::ordered_json row{{"id", r.id},
                             {"rfc", r.rfc},
                             {"section", r.section},
                             {"level", r.level},
                             {"binds", r.binds},
                             {"role", r.role == party::client ? "client" : "server"},
                             {"operation", r.operation},
                             {"wording", r.wording},
                             {"probe", r.probe},
                             {"changed_by", r.changed_by},
                             {"condition", r.condition},
                             {"visibility", r.visibility},
                             {"remark", r.remark},
                             {"disputed", r.disputed},
                             {"text_held", r.text_held},
                             {"of_other_rfc", r.of_other_rfc}};
  auto checks = nlohmann::ordered_json::array();
  for (auto const* c : checks_about(r.id)) checks.push_back(c->id);
  row["checks"] = std::move(checks);
  auto sets = nlohmann::ordered_json::array();
  for (auto const& set : requirement_sets())
    if (r.role == party::server && set.holds(r)) sets.push_back(set.name);
  row["sets"] = std::move(sets);
  if (r.role == party::server)
    row["judged"] = {{"by", name(r.judged.by)}, {"policy", r.judged.policy}, {"because", r.judged.because}};
  return row;
}

std::string_view seen_by(std::string_view visibility) {
  if (visibility == "A") return "an anonymous client";
  if (visibility == "E") return "a client with an enrolment credential";
  if (visibility == "S") return "a special set-up";
  return "nobody: it is not on the wire";
}

/// One paragraph, wrapped beside a label.
std::string paragraph(std::string_view label, std::string_view text, std::size_t width = 110) {
  constexpr std::size_t column = 14;
  std::string out{label};
  out.append(label.size() < column ? column - label.size() : 1, ' ');
  std::size_t used = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto const space = rest.find(' ');
    auto const word = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    if (used != 0 && used + 1 + word.size() > width - column) {
      out += "\n" + std::string(column, ' ');
      used = 0;
    }
    if (used != 0) {
      out.push_back(' ');
      ++used;
    }
    out.append(word);
    used += word.size();
  }
  return out + "\n";
}

std::string_view name(vector_definition::credential c) {
  using credential = vector_definition::credential;
  return c == credential::none ? "none" : c == credential::any ? "any" : "certificate";
}

/// The vectors of a folder; reading them is trying them.
int list_vectors(command_line const& line) {
  auto const all = add_vectors(line.vector_folder);
  if (!all) {
    complain(all.error().where + ": " + all.error().detail);
    return exit_usage;
  }
  auto const own = std::span{*all}.subspan(embedded_vectors().size());
  if (line.json) {
    auto list = nlohmann::ordered_json::array();
    for (auto const& v : own)
      list.push_back({{"id", v.id},
                      {"title", v.title},
                      {"file", v.file},
                      {"operation", v.operation},
                      {"credential", name(v.needs)},
                      {"certificates", v.certificates},
                      {"negative", v.negative},
                      {"control", v.control},
                      {"references", v.references}});
    print(nlohmann::ordered_json{{"vectors", std::move(list)}}.dump(1) + "\n");
    return exit_clean;
  }
  std::string text;
  for (auto const& v : own) {
    text += v.id + "\n";
    text += paragraph("  title", printable(v.title));
    text += paragraph("  file", printable(v.file));
    text += paragraph("  asks", v.operation + ", credential " + std::string{name(v.needs)} + ", " +
                                    std::to_string(v.certificates) + " certificates at most");
    if (!v.control.empty())
      text += paragraph("  control", v.control + (v.negative ? ", which is accepted where this is refused" : ""));
  }
  text += "\n" + std::to_string(own.size()) + " vectors, beside " + std::to_string(embedded_vectors().size()) +
          " that are built in; est-conformance run --vectors DIR sends them all\n";
  print(text);
  return exit_clean;
}

} // namespace

int list_command(command_line const& line) {
  if (!line.vector_folder.empty()) {
    if (line.section.empty() && line.level.empty()) return list_vectors(line);
    complain("--section and --level choose among requirements; --vectors lists vectors");
    return exit_usage;
  }
  std::vector<requirement const*> rows;
  for (auto const& r : requirements()) {
    if (!line.section.empty() && !stands_in(r, line.section)) continue;
    if (!line.level.empty() && !same_ignoring_case(r.level, line.level)) continue;
    rows.push_back(&r);
  }
  if (rows.empty()) {
    complain("no requirement has " + (line.section.empty() ? "" : "section " + line.section) +
             (line.section.empty() || line.level.empty() ? "" : " and ") +
             (line.level.empty() ? "" : "level " + line.level));
    return exit_usage;
  }
  if (line.json) {
    nlohmann::ordered_json out{{"catalogue", catalogue_version()}};
    auto& list = out["requirements"] = nlohmann::ordered_json::array();
    for (auto const* r : rows) list.push_back(to_json(*r));
    print(out.dump(1) + "\n");
    return exit_clean;
  }
  std::string text, group;
  for (auto const* r : rows) {
    if (r->group != group) {
      text += (text.empty() ? "" : "\n") + r->group + "\n";
      group = r->group;
    }
    auto const pad = [](std::string s, std::size_t width) {
      return s.size() < width ? s.append(width - s.size(), ' ') : s;
    };
    text += "  " + pad(r->id, 42) + " " + pad(r->rfc + " " + r->section, 18) + " " + pad(r->level, 11) + " " +
            (r->role == party::client ? "-" : std::string{name(r->judged.by)}) + "\n";
  }
  text += "\n" + std::to_string(rows.size()) + " requirements of the catalogue " + std::string{catalogue_version()} +
          "; est-conformance explain ID says what each demands\n";
  print(text);
  return exit_clean;
}

int explain_command(command_line const& line) {
  auto const* row = find_requirement(line.id);
  if (row == nullptr) {
    for (auto const& c : all_checks()) {
      bool const named = c.id == line.id || std::any_of(c.predicates.begin(), c.predicates.end(),
                                                        [&](predicate const& p) { return p.name == line.id; });
      if (named) row = find_requirement(c.requirement);
    }
  }
  if (row == nullptr) {
    std::string text = "no requirement, check or reason is called \"" + line.id + "\"";
    auto const near = similar_ids(line.id);
    for (std::size_t i = 0; i < near.size(); ++i) text += (i == 0 ? "; is it " : ", ") + near[i];
    if (!near.empty()) text += "?";
    complain(text + (near.empty() ? "; est-conformance list lists them" : ""));
    return exit_usage;
  }
  auto const& r = *row;
  std::string text = r.id + "\n\n";
  text += paragraph("wording", r.wording);
  text += paragraph("stands in", r.rfc + " section " + r.section);
  if (!r.changed_by.empty()) text += paragraph("amended by", r.changed_by);
  text += paragraph("level",
                    r.level == "implied" ? "implied: plain indicative text that interoperability rests on" : r.level);
  text += paragraph("binds", r.binds + " (S server, C client, CA certification authority)");
  text += paragraph("operation", r.operation);
  if (!r.condition.empty()) text += paragraph("condition", r.condition);
  text += paragraph("seen by", seen_by(r.visibility));
  if (!r.probe.empty()) text += paragraph("how", r.probe);
  if (!r.remark.empty()) text += paragraph(r.disputed ? "disputed" : "remark", r.remark);
  if (!r.text_held) text += paragraph("note", "the text of " + r.rfc + " was not read for this row");
  if (r.of_other_rfc) text += paragraph("note", "a requirement of another RFC, reported apart from EST's own");
  if (r.role == party::client) {
    text += paragraph("judged", "not at all: it binds clients, and this program judges servers");
    print(text);
    return exit_clean;
  }
  std::string failure = "a failure counts as ";
  switch (grade_of_failure(r)) {
  case grade::fail: failure += "a failure"; break;
  case grade::warn: failure += "a warning"; break;
  default: failure += "information"; break;
  }
  if (r.disputed) failure += ", since the row is disputed";
  if (!r.text_held) failure += ", since the text was not read";
  text += paragraph("judged", failure);
  auto const checks = checks_about(r.id);
  switch (r.judged.by) {
  case judgement::way::check: break;
  case judgement::way::info: text += paragraph("", "what is seen is reported. " + r.judged.because); break;
  case judgement::way::policy:
    text += paragraph("", "where the target has the policy " + r.judged.policy + " (--policy " + r.judged.policy + ")");
    break;
  case judgement::way::set_up: text += paragraph("", r.judged.because); break;
  case judgement::way::excluded: text += paragraph("", "excluded: " + r.judged.because); break;
  }
  for (auto const* c : checks) {
    text += "\n" + paragraph("check", c->id);
    for (auto const& p : c->predicates) text += paragraph("", p.name);
  }
  std::string vectors;
  for (auto const& v : embedded_vectors())
    if (std::find(v.references.begin(), v.references.end(), r.rfc + " " + r.section) != v.references.end())
      vectors += (vectors.empty() ? "" : ", ") + v.id;
  if (!vectors.empty()) text += "\n" + paragraph("vectors", vectors);
  print(text);
  return exit_clean;
}

} // namespace est::conformance
