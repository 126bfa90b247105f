/// vectors/deviants.json and docs/checks.md: what the proof shows, written down, and compared with what it shows now. With
/// EST_WRITE=1 in the environment both are written anew.

#include "../vectors.hpp"
#include "mutation.hpp"
#include "proof.hpp"

#include "catalogue/document_example.hpp"
#include "catalogue/requirements.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace est;
using namespace est::test;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(the_pages)

namespace {

using json = nlohmann::ordered_json;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    auto const word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    all.emplace_back(word);
  }
  return all;
}

std::string deviants_page() {
  json page{{"about",
             "Servers that do one thing otherwise than the RFCs have it, what must fail for each, and servers that "
             "do otherwise what the RFCs leave open. Written by the tests, from conformance/deviant/."}};
  auto& list = page["deviants"] = json::array();
  for (auto const& d : all_deviants()) {
    auto const* const c = check_with_reason(d.reason);
    list.push_back({{"name", d.name},
                    {"title", d.title},
                    {"requirement", c != nullptr ? c->requirement : std::string_view{}},
                    {"fails", d.check},
                    {"reason", d.reason},
                    {"may_fail_too", words(d.followers)}});
  }
  auto& variants = page["legal_variants"] = json::array();
  for (auto const* v : every_deviant()) {
    if (!v->is_legal()) continue;
    json row{{"name", v->name}, {"title", v->title}};
    if (!v->policy.empty()) row["policy"] = v->policy;
    variants.push_back(std::move(row));
  }
  return page.dump(1) + "\n";
}

/// The vectors on whose records a check has passed or failed in any run.
std::map<std::string, std::set<std::string>, std::less<>> vectors_by_check() {
  std::map<std::string, std::set<std::string>, std::less<>> all;
  auto const take = [&all](kept_run const& run) {
    std::map<std::string_view, std::string_view> vector_of;
    for (auto const& r : run.run.records)
      for (auto const& x : r.exchanges) vector_of[x.name] = r.id;
    for (auto const& f : run.findings)
      if (f.what == outcome::pass || f.what == outcome::fail) all[f.check].emplace(vector_of[f.exchange]);
  };
  take(proof::instance().baseline());
  for (auto const& d : deviants()) take(proof::instance().of(d));
  for (auto const& v : legal_variants()) take(proof::instance().of(v));
  return all;
}

std::size_t wrongly_failed_examples() {
  std::size_t wrong = 0;
  for (auto const file :
       {"rfc7030/a1-section.txt", "rfc7030/a2-section.txt", "rfc7030/a3-section.txt", "rfc7030/a4-section.txt"}) {
    auto const document = read_document_example(read_vector(file));
    BOOST_REQUIRE(document);
    std::vector<record> records;
    for (std::size_t i = 0; i < document->messages.size(); ++i) {
      if (records.empty() || document->facts[i].is_request) records.emplace_back().exchanges.emplace_back();
      auto& x = records.back().exchanges.back();
      (document->facts[i].is_request ? x.request : x.response) = document->messages[i];
    }
    auto const asked = checks_of({});
    wrong += complaints_in(judge(records, {}, {asked, {}})).size();
  }
  return wrong;
}

std::string figure(std::string_view what, std::size_t is, std::size_t of) {
  return "| " + std::string{what} + " | " + std::to_string(is) + " of " + std::to_string(of) + " |\n";
}
std::string figure(std::string_view what, std::size_t is) {
  return "| " + std::string{what} + " | " + std::to_string(is) + " |\n";
}

std::string figures() {
  using way = judgement::way;
  std::size_t rows = 0, visible = 0, visible_judged = 0, judged = 0, informed = 0, left_out = 0, other = 0,
              other_judged = 0;
  for (auto const& r : requirements()) {
    if (r.role != party::server) continue;
    bool const is_judged = !r.judged.checks.empty();
    if (r.of_other_rfc) {
      ++other;
      other_judged += is_judged ? 1 : 0;
      continue;
    }
    ++rows;
    judged += is_judged ? 1 : 0;
    informed += !is_judged && r.judged.by == way::info ? 1 : 0;
    left_out += r.judged.by == way::excluded ? 1 : 0;
    if (r.visibility != "A" && r.visibility != "E") continue;
    ++visible;
    visible_judged += is_judged || r.judged.by == way::info ? 1 : 0;
  }
  std::size_t predicates = 0, killed = 0, died = 0, stray = 0, wounded = 0, noticed = 0;
  std::set<std::string_view> killing;
  for (auto const& d : all_deviants()) killing.insert(d.reason);
  for (auto const& c : all_checks())
    for (auto const& p : c.predicates)
      if (p.can_fail) {
        ++predicates;
        killed += killing.count(p.name);
      }
  for (auto const& d : deviants()) {
    auto const found = death_of(d, proof::instance().of(d).findings);
    died += found.died ? 1 : 0;
    stray += found.otherwise.size();
  }
  for (auto const& v : legal_variants()) wounded += complaints_in(proof::instance().of(v).findings).empty() ? 0 : 1;
  for (auto const& m : all_mutants()) noticed += m.noticed ? 1 : 0;
  std::string text = "| figure | now |\n|---|---|\n";
  text += figure("requirements of EST that an ordinary client can see: judged, or reported as information",
                 visible_judged, visible);
  text += figure("requirements of EST: judged by a check", judged, rows);
  text += figure("requirements of EST: reported as information alone", informed, rows);
  text += figure("requirements of EST: left out, with a reason", left_out, rows);
  text += figure("requirements of other RFCs: judged by a check", other_judged, other);
  text += figure("checks", all_checks().size());
  text += figure("predicates that can fail, with a deviant that makes them fail", killed, predicates);
  text += figure("deviants in process that fail by the reason that they are made for", died, deviants().size());
  text += figure("deviants on the wire, which a test of their own runs", all_deviants().size() - deviants().size());
  text += figure("failures of other checks than those, in all deviants", stray);
  text += figure("legal variants", legal_variants().size());
  text += figure("legal variants that fail something", wounded);
  text += figure("failures of the examples that RFC 7030 prints", wrongly_failed_examples());
  text += figure("predicates that say something else, and the proof notices", noticed, all_mutants().size());
  return text;
}

std::string joined(std::vector<std::string> const& list, std::size_t most = 1000) {
  std::string text;
  for (std::size_t i = 0; i < list.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + list[i];
  if (list.size() > most) text += " and " + std::to_string(list.size() - most) + " more";
  return text;
}

std::string judged_text(requirement const& r) {
  switch (r.judged.by) {
  case judgement::way::excluded: return "left out: " + r.judged.because;
  case judgement::way::info: return "information: " + r.judged.because;
  case judgement::way::policy: return "under `--policy " + r.judged.policy + "`";
  case judgement::way::set_up: return r.judged.because;
  case judgement::way::check: break;
  }
  return "check";
}

/// One line of a table.
std::string row_of(requirement const& r, std::map<std::string, std::set<std::string>, std::less<>> const& vectors) {
  std::string text = "| " + r.id + " | " + r.rfc + " " + r.section + " | " + r.level +
                     (r.disputed ? ", disputed" : "") + (r.text_held ? "" : ", not read") + " | " + judged_text(r) +
                     " | ";
  std::set<std::string> by;
  bool first = true;
  for (auto const& id : r.judged.checks) {
    auto const c = std::find_if(all_checks().begin(), all_checks().end(), [&](auto const& o) { return o.id == id; });
    if (c == all_checks().end()) continue;
    text += (first ? "**" : "; **") + id + "**";
    first = false;
    for (auto const& p : c->predicates) {
      std::vector<std::string> killers;
      for (auto const& d : all_deviants())
        if (d.reason == p.name) killers.emplace_back(d.name);
      text += " `" + std::string{p.name} + "` (" + (p.can_fail ? joined(killers, 6) : std::string{"never fails"}) + ")";
    }
    if (auto const it = vectors.find(id); it != vectors.end()) by.insert(it->second.begin(), it->second.end());
  }
  return text + " | " + joined({by.begin(), by.end()}, 4) + " |\n";
}

std::string checks_page() {
  std::string text = "# Checks\n\n"
                     "What is judged, by which check, and what proves it. Written by the tests; do not edit.\n\n" +
                     figures() +
                     "\nBeside each requirement stand its checks with the vectors on which they have something to say; "
                     "behind each check its\n"
                     "predicates, which are the reasons of failures, with the deviants (`est-conformance serve "
                     "--deviate NAME`) that fail by\n"
                     "them. `vectors/deviants.json` says what each deviant does.\n\n";
  auto const vectors = vectors_by_check();
  constexpr auto head = "| requirement | stands in | level | judged | checks | vectors |\n|---|---|---|---|---|---|\n";
  for (bool const other : {false, true}) {
    std::string_view group;
    if (other) text += std::string{"\n## Requirements of the RFCs that EST rests on, apart from its own\n\n"} + head;
    for (auto const& r : requirements()) {
      if (r.role != party::server || r.of_other_rfc != other) continue;
      if (!other && r.group != group) text += (group.empty() ? "## " : "\n## ") + r.group + "\n\n" + head;
      group = r.group;
      text += row_of(r, vectors);
    }
  }
  return text;
}

std::string read_page(std::string const& name) {
  std::ifstream file{std::string{std::getenv("EST_DOCS")} + "/" + name, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

/// The first line in which two texts differ.
std::string difference(std::string const& is, std::string const& was) {
  auto const at =
      static_cast<std::size_t>(std::mismatch(is.begin(), is.end(), was.begin(), was.end()).first - is.begin());
  auto const begin = is.rfind('\n', at == 0 ? 0 : at - 1) + 1;
  return is.substr(begin, is.find('\n', at) - begin);
}

} // namespace

/// What only a socket shows has no run here.
BOOST_AUTO_TEST_CASE(each_check_of_a_field_failure_has_something_to_say_of_its_vectors) {
  auto const by_check = vectors_by_check();
  auto const failures = json::parse(read_vector("field-failures.json"));
  for (auto const& row : failures["rows"])
    for (auto const& id : row.value("checks", json::array())) {
      auto const name = id.get<std::string>();
      if (name.rfind("tls.", 0) == 0) continue;
      auto const it = by_check.find(name);
      bool said = false;
      for (auto const& vector : row["vectors"])
        said = said || (it != by_check.end() && it->second.count(vector.get<std::string>()) != 0);
      BOOST_TEST(said, "row " << row["row"] << ": " << name << " says nothing of its vectors");
    }
}

BOOST_AUTO_TEST_CASE(deviants_json_says_what_there_is) {
  auto const page = deviants_page();
  if (may_write()) return write_vector("deviants.json", page);
  auto const kept = read_vector("deviants.json");
  BOOST_TEST((page == kept), "vectors/deviants.json is not what it should be, from: "
                                 << difference(page, kept) << "; EST_WRITE=1 writes it anew");
}

BOOST_AUTO_TEST_CASE(the_page_of_checks_says_what_the_proof_shows) {
  BOOST_REQUIRE(std::getenv("EST_DOCS") != nullptr);
  auto const page = checks_page();
  if (may_write()) return write_file("EST_DOCS", "checks.md", page);
  auto const kept = read_page("checks.md");
  BOOST_TEST((page == kept), "docs/checks.md is not what it should be, from: " << difference(page, kept)
                                                                               << "; EST_WRITE=1 writes it anew");
}

BOOST_AUTO_TEST_SUITE_END()
