#pragma once
/// OpenSSL's command line in a folder that goes with the test, for tests that compare what it says with what we say.

#include "support.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

namespace est::test {

/// A folder of its own that goes with the test.
class workshop {
public:
  workshop()
      : folder_(std::filesystem::temp_directory_path() /
                ("est-pki-" + std::to_string(::getpid()) + "-" + next_number())) {
    std::filesystem::create_directories(folder_);
  }
  ~workshop() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  workshop(workshop const&) = delete;
  workshop& operator=(workshop const&) = delete;

  std::string path(std::string const& name) const { return (folder_ / name).string(); }
  std::string put(std::string const& name, byte_view octets) const {
    std::ofstream{path(name), std::ios::binary} << as_text(octets);
    return path(name);
  }
  std::string get(std::string const& name) const {
    std::ifstream file{path(name), std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  }
  /// Runs openssl; the text of both its outputs, with "(failed)" behind it when it did.
  std::string run(std::string const& arguments) const {
    auto* const pipe = ::popen(("cd '" + folder_.string() + "' && openssl " + arguments + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return "(failed)";
    std::string text;
    char buffer[512];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
    if (::pclose(pipe) != 0) text += "(failed)";
    return text;
  }

private:
  static std::string next_number() {
    static int number = 0;
    return std::to_string(++number);
  }

  std::filesystem::path folder_;
};

inline bool openssl_is_here() {
  static bool const here = std::system("openssl version >/dev/null 2>&1") == 0;
  return here;
}
inline boost::test_tools::assertion_result with_openssl(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result{openssl_is_here()};
  result.message() << "openssl is not installed";
  return result;
}

inline bool holds(std::string const& text, char const* wanted) { return text.find(wanted) != std::string::npos; }

} // namespace est::test
