#pragma once
/// Where results go: the terminal, files, a folder of transcripts. Everything that is written for a person has passed
/// through `printable` or the scrubber before.

#include "cli/command_line.hpp"
#include "report/report.hpp"

#include <est/core/result.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// Ways to end: see the footer of --help.
enum exit_code : int {
  exit_clean = 0,
  exit_fails = 1,
  exit_usage = 2,
  exit_target = 3,
  exit_undetermined = 4,
  exit_fault = 70
};

/// One line on the standard error: `est-conformance: …`. The text is made printable.
void complain(std::string_view text);

/// Files that are written whole or not at all: to a neighbour first, which then takes the name.
/// Promises: whether the file can be written is known before the work begins.
class report_files {
public:
  report_files() = default;
  report_files(report_files const&) = delete;
  report_files& operator=(report_files const&) = delete;
  ~report_files();

  /// Errors: invalid_argument: the file cannot be written, or stands twice
  result<void> prepare(std::vector<report_target> const& targets);
  /// Errors: internal: the disk is full, the folder has gone
  result<void> write(report_model const& model);
  /// One of them is the standard output, which then has nothing else.
  bool take_standard_output() const noexcept { return standard_output_; }

private:
  struct file {
    report_target target;
    std::string neighbour; ///< empty: written in place
  };
  std::vector<file> files_;
  bool standard_output_ = false;
};

/// Writes exchanges, redacted, as NAME.req, NAME.resp and NAME.json.
/// Errors: invalid_argument: the folder cannot be made or written
result<void> prepare_transcripts(std::string const& folder);
result<void> write_transcripts(std::string const& folder, std::span<const record> records);

/// Writes all of it to the standard output.
/// Out: false if the reader has gone or the disk is full
bool print(std::string_view text);

/// What the options say that a target is judged by.
profile profile_of(command_line const& line);

/// How the standard output is to be written: its width, whether it takes colour.
text_style style_of_terminal(bool verbose);

/// Prints the report, writes the files, and says how to exit.
int deliver(report_model const& model, command_line const& line, report_files& files);

} // namespace est::conformance
