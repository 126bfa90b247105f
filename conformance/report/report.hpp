#pragma once
/// The one model of a result. Text and JSON are projections of it; redaction happens while it is made, so that no
/// projection can show what the other hides.

#include "catalogue/requirements.hpp"
#include "check.hpp"
#include "profile.hpp"
#include "record.hpp"
#include "report/capabilities.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::conformance {

/// What the report is made of.
struct report_input {
  std::span<const finding> findings;
  std::span<const record> records;
  target_facts const* target = nullptr;
  profile judged_by;

  struct skipped {
    std::string id, reason, operation;
  };
  std::vector<skipped> vectors_skipped;
  struct certificate {
    std::string serial, subject, vector;
  };
  std::vector<certificate> certificates; ///< issued in the run
  std::vector<std::string> remarks;      ///< sentences for a person
  std::vector<std::string> ignored;      ///< files that were not read, and why
  std::vector<std::string> not_offered;  ///< operations that are known not to be offered
  std::vector<std::string_view> secrets; ///< passwords: they are looked for in every text

  std::string tool_version;
  std::string command; ///< `run`, `check`
  std::optional<time_point> now;
  std::optional<std::size_t> certificate_budget;
  bool require_complete = false;
};

/// What became of a requirement.
enum class grade : unsigned char { pass, fail, warn, info, inconclusive, skip, error };

constexpr std::string_view name(grade g) noexcept {
  switch (g) {
  case grade::pass: return "pass";
  case grade::fail: return "fail";
  case grade::warn: return "warn";
  case grade::info: return "info";
  case grade::inconclusive: return "inconclusive";
  case grade::skip: return "skip";
  case grade::error: return "error";
  }
  return "error";
}

/// What a failed check makes of its requirement: by the level alone; a disputed row, or one whose RFC was not read, is a
/// warning at most.
grade grade_of_failure(requirement const&);

/// The outcomes of all findings of one requirement, taken together.
grade combine(requirement const&, std::span<const finding>);

struct tally {
  std::size_t pass = 0, fail = 0, warn = 0, info = 0, inconclusive = 0, skip = 0, error = 0;
  void count(grade);
};

struct requirement_line {
  requirement const* row = nullptr;
  grade outcome = grade::skip;
  std::string reason;                ///< of a skip, why it is inconclusive, or what was seen where it is information
  std::vector<std::size_t> findings; ///< into `checks`
  std::vector<std::string> tls;      ///< the TLS versions it was judged on
};

struct note_line {
  std::string code, kind, clause, sentence, where, detail;
  std::optional<std::size_t> offset;  ///< of the first
  std::size_t count = 0;              ///< how often
  std::vector<std::string> exchanges; ///< in which; the first few
};

struct exchange_line {
  std::string name, record, question, answer, tls, end, complaint, time;
  std::size_t request_octets = 0, response_octets = 0;
  std::string said; ///< the readable beginning of an error's body
};

struct report_model {
  struct {
    std::string claim; ///< conformant, nonconformant, undetermined
    std::string requirement_set;
    std::vector<std::string> policies; ///< that were declared
    int exit = 0;
    tally own;                     ///< requirements of EST
    tally other;                   ///< requirements of other RFCs
    std::vector<std::string> open; ///< MUSTs of offered operations that were not decided
    std::string sentence;          ///< the closing line
  } verdict;

  std::string tool_version, command, target, date;
  std::vector<std::pair<std::string, std::size_t>> tls; ///< versions and how many exchanges
  std::vector<requirement_line> requirements;           ///< all that bind servers, in the order of the catalogue
  std::vector<finding> checks;                          ///< scrubbed
  std::vector<note_line> notes;
  std::vector<exchange_line> exchanges;
  std::vector<report_input::skipped> vectors_skipped;
  std::vector<report_input::certificate> certificates;
  std::optional<std::size_t> certificate_budget;
  std::vector<std::string> remarks, ignored, not_offered;
  conformance::capabilities capabilities; ///< scrubbed
};

report_model make_report(report_input const&);

struct text_style {
  bool colour = false;
  bool verbose = false; ///< every requirement and every exchange
  std::size_t width = 110;
};

std::string to_text(report_model const&, text_style const& = {});

/// Valid UTF-8 JSON, keys and rows in a fixed order.
std::string to_json(report_model const&);

/// `2026-11-24 07:10:00 UTC`
std::string format_time(time_point);

} // namespace est::conformance
