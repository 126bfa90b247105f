#pragma once
/// Reads the files under vectors/ for tests. The folder stands in the environment variable EST_VECTORS, which the build sets.

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace est::test {

/// The octets of one file, named from vectors/ on: `rfc7030/a4-section.txt`. A missing file fails the test.
inline std::string read_vector(std::string_view name) {
  char const* const folder = std::getenv("EST_VECTORS");
  BOOST_REQUIRE_MESSAGE(folder != nullptr, "EST_VECTORS is not set");
  std::ifstream file{std::string{folder} + "/" + std::string{name}, std::ios::binary};
  BOOST_REQUIRE_MESSAGE(file.good(), "cannot open " + std::string{name});
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

/// Whether files that are generated may be written anew: EST_WRITE=1 in the environment. Tests that compare them do that.
inline bool may_write() {
  char const* const asked = std::getenv("EST_WRITE");
  return asked != nullptr && std::string_view{asked} == "1";
}

inline void write_file(char const* folder_variable, std::string_view name, std::string_view text) {
  char const* const folder = std::getenv(folder_variable);
  BOOST_REQUIRE_MESSAGE(folder != nullptr, std::string{folder_variable} + " is not set");
  std::ofstream file{std::string{folder} + "/" + std::string{name}, std::ios::binary};
  file << text;
  BOOST_REQUIRE_MESSAGE(file.good(), "cannot write " + std::string{name});
}

inline void write_vector(std::string_view name, std::string_view text) { write_file("EST_VECTORS", name, text); }

} // namespace est::test
