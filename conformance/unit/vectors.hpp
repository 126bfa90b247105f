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

} // namespace est::test
