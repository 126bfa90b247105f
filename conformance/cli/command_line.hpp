#pragma once
/// What the person at the command line asked for. Parsed by CLI11 in one source file; no other sees it.

#include <cstddef>
#include <cstdint>
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
  enum class verb : unsigned char { run, check, list, explain, serve };
  verb command = verb::run;

  // run and check
  bool rfc9908 = false;              ///< judge by the set that holds RFC 9908 too
  std::vector<std::string> policies; ///< declared of the target
  std::vector<report_target> reports;
  std::string transcripts; ///< a folder; empty for none
  bool quiet = false, verbose = false, require_complete = false;

  // run
  std::string url; ///< empty: the embedded reference server
  std::vector<std::string> cacert;
  std::string cert, key, key_password_file;
  std::vector<std::string> unfit; ///< KIND=FILE: client certificates that the server has to refuse
  std::optional<std::string> user;
  std::string password_file;
  std::string label, tls, server_name;
  std::vector<std::string> resolve;
  std::vector<std::string> key_ids;      ///< `symmetric=0123…`
  std::vector<std::string> opening_keys; ///< `symmetric=FILE`
  bool read_only = false, insecure = false, insecure_credentials = false;
  std::size_t max_certs = 50;
  std::optional<double> timeout; ///< seconds
  std::optional<double> wait;    ///< seconds, for approval
  std::string approval_label;
  std::vector<std::string> vectors;
  std::string vector_folder; ///< `run` and `list`: vectors of the user's own; empty for none

  // check
  std::vector<std::string> paths;
  std::string at;

  // list
  std::string section, level;
  bool json = false;

  // explain
  std::string id;

  // serve; `tls`, `user` and `password_file` are its own too
  bool list = false, rsa = false;
  std::string deviate, files;
  std::uint16_t port = 0; ///< 0: any that is free
};

/// The command line, or what is to be printed in its place.
struct parsed_command_line {
  std::optional<command_line> line;
  int exit = 0;            ///< 0 for help and version, 2 for bad usage
  std::string out, errors; ///< for the standard output and the standard error
};

parsed_command_line parse_command_line(int count, char const* const* arguments);

} // namespace est::conformance
