#pragma once
/// Recorded exchanges, read from files: pairs of raw octets, single files, and examples as documents print them.
/// What is read here is judged by the same checks as a live server.

#include "record.hpp"

#include <est/core/result.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

struct capture_set {
  std::vector<record> records;
  target_facts target;
  std::vector<std::string> ignored; ///< `summary.txt: not an exchange (no .req, no .resp)`
  std::vector<std::string>
      remarks; ///< what a person should know: what is wrong with a document, answers without requests
};

/// Reads captures.
/// In:      path   a folder of NAME.req and NAME.resp (raw octets of one exchange each, either may be missing), with an
///                 optional NAME.json; or one such file, which brings its other half along; or NAME alone; or a document
///                 that prints an example
///          at     the time that all exchanges are judged at; none: that of NAME.json, else that of the answer's Date
/// Grammar: NAME.json is an object with any of `tls` ("1.0" … "1.3"), `client_certificate` (true: one was shown) and
///          `time` (`2026-11-24T07:00:00Z`), and nothing else
/// Out:     one record an exchange, in the order of the names; nothing is followed out of the folder
/// Errors:  invalid_argument: the path does not exist, cannot be read or holds no exchange; NAME.json is not as above.
///          `where` is the file
result<capture_set> load_captures(std::filesystem::path const& path, std::optional<time_point> at);

/// Reads a time as a person writes it.
/// Grammar: `2026-11-24`, `2026-11-24T07:00[:00]`, with `Z` or an offset `+01:00` (none: UTC), or `@` and seconds since
///          1970
/// Errors:  invalid_argument
result<time_point> parse_instant(std::string_view text);

/// The octets of a file.
/// Errors:  invalid_argument with a sentence: it does not exist, is a folder, cannot be read, is too large
result<std::string> read_file(std::filesystem::path const& path, std::size_t limit = std::size_t{32} << 20);

} // namespace est::conformance
