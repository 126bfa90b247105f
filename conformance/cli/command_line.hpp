#pragma once
/// What the person at the command line asked for. Parsed by CLI11 in one source file; no other sees it.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace est::conformance {

/// `--report json=FILE`
struct report_target {
  std::string format; ///< `json`, `text`
  std::string path;   ///< `-` for the standard output
};

struct command_line {
  enum class verb : unsigned char { run, check, list, explain };
  verb command = verb::run;

  // run and check
  std::vector<report_target> reports;
  std::string transcripts; ///< a folder; empty for none
  bool quiet = false, verbose = false, require_complete = false;

  // run
  std::string url; ///< empty: the embedded reference server
  std::vector<std::string> cacert;
  std::string cert, key, key_password_file;
  std::optional<std::string> user;
  std::string password_file;
  std::string label, tls, server_name;
  std::vector<std::string> resolve;
  bool read_only = false, insecure = false, insecure_credentials = false;
  std::size_t max_certs = 20;
  std::optional<double> timeout; ///< seconds
  std::vector<std::string> vectors;

  // check
  std::vector<std::string> paths;
  std::string at;

  // list
  std::string section, level;
  bool json = false;

  // explain
  std::string id;
};

/// The command line, or what is to be printed in its place.
struct parsed_command_line {
  std::optional<command_line> line;
  int exit = 0;            ///< 0 for help and version, 2 for bad usage
  std::string out, errors; ///< for the standard output and the standard error
};

parsed_command_line parse_command_line(int count, char const* const* arguments);

} // namespace est::conformance
