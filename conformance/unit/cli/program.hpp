#pragma once
/// Runs the built program, whose path stands in the environment variable EST_CONFORMANCE.

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace est::test {

/// A folder that goes when the test does.
struct scratch {
  scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "est-program-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string put(std::string const& name, std::string_view text) const {
    std::ofstream out{path + "/" + name, std::ios::binary};
    out << text;
    return path + "/" + name;
  }
  std::string get(std::string const& name) const {
    std::ifstream in{path + "/" + name, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
  }
  std::string path;
};

struct ended {
  int code = -1; ///< of the exit; -1 if a signal ended it
  std::string out, errors;
};

/// In: `environment`, NAME=VALUE each, on top of ours; the standard input is /dev/null
inline ended run_program(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
  char const* const program = std::getenv("EST_CONFORMANCE");
  BOOST_REQUIRE_MESSAGE(program != nullptr, "EST_CONFORMANCE is not set");
  scratch const s;
  auto const out = s.path + "/out", errors = s.path + "/errors";
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    ::unsetenv("EST_PASSWORD");
    ::unsetenv("EST_KEY_PASSWORD");
    for (auto& e : environment) ::putenv(e.data());
    auto const redirect = [](char const* path, int descriptor, int flags) {
      const int file = ::open(path, flags, 0600);
      if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(126);
    };
    redirect("/dev/null", 0, O_RDONLY);
    redirect(out.c_str(), 1, O_WRONLY | O_CREAT);
    redirect(errors.c_str(), 2, O_WRONLY | O_CREAT);
    std::vector<char*> list{const_cast<char*>(program)};
    for (auto& a : arguments) list.push_back(a.data());
    list.push_back(nullptr);
    ::execv(program, list.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {}
  ended e;
  if (WIFEXITED(status)) e.code = WEXITSTATUS(status);
  e.out = s.get("out");
  e.errors = s.get("errors");
  return e;
}

inline bool has(std::string const& text, std::string_view piece) { return text.find(piece) != std::string::npos; }

} // namespace est::test
