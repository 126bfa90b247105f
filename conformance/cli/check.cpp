// `check`: recorded exchanges to a report, without network.

#include "check.hpp"
#include "catalogue/captures.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/version.hpp"

#include <filesystem>

namespace est::conformance {

int check_command(command_line const& line) {
  std::optional<time_point> at;
  if (!line.at.empty()) {
    auto const parsed = parse_instant(line.at);
    if (!parsed) {
      complain("--at: " + parsed.error().detail);
      return exit_usage;
    }
    at = *parsed;
  }
  report_files files;
  if (auto const prepared = files.prepare(line.reports); !prepared) {
    complain(prepared.error().where + ": " + prepared.error().detail);
    return exit_usage;
  }
  if (!line.transcripts.empty())
    if (auto const prepared = prepare_transcripts(line.transcripts); !prepared) {
      complain(prepared.error().where + ": " + prepared.error().detail);
      return exit_usage;
    }

  auto const by = profile_of(line);
  auto const asked = checks_of(by);
  // Each path is a target of its own: what is known of one says nothing about another.
  std::vector<finding> findings;
  std::vector<record> records;
  target_facts target;
  report_input in;
  for (auto const& path : line.paths) {
    auto set = load_captures(path, at);
    if (!set) {
      auto const& f = set.error();
      complain(f.where + ": " + f.detail);
      return exit_usage;
    }
    if (line.paths.size() > 1) {
      auto stem = std::filesystem::path{path}.lexically_normal();
      if (!stem.has_filename()) stem = stem.parent_path();
      for (auto& r : set->records) {
        r.id = stem.filename().string() + "/" + r.id;
        for (auto& e : r.exchanges) e.name = stem.filename().string() + "/" + e.name;
      }
    }
    auto judged = judge(set->records, set->target, {asked, {}});
    std::move(judged.begin(), judged.end(), std::back_inserter(findings));
    std::move(set->records.begin(), set->records.end(), std::back_inserter(records));
    target.name += (target.name.empty() ? "" : ", ") + path;
    for (auto& text : set->ignored) in.ignored.push_back(std::move(text));
    for (auto& text : set->remarks) in.remarks.push_back(std::move(text));
  }
  in.findings = findings;
  in.records = records;
  in.target = &target;
  in.judged_by = by;
  in.tool_version = program_version;
  in.command = "check";
  in.require_complete = line.require_complete;
  if (at) in.remarks.push_back("judged as at " + format_time(*at));
  auto const model = make_report(in);
  if (!line.transcripts.empty())
    if (auto const written = write_transcripts(line.transcripts, records); !written) {
      complain(written.error().where + ": " + written.error().detail);
      return exit_usage;
    }
  return deliver(model, line, files);
}

} // namespace est::conformance
