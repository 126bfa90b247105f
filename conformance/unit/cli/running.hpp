#pragma once
/// Starts the built program and lets it run: for `serve`, which ends when it is told to.

#include "program.hpp"

#include <chrono>
#include <csignal>
#include <thread>

namespace est::test {

class running_program {
public:
  explicit running_program(std::vector<std::string> arguments) {
    char const* const program = std::getenv("EST_CONFORMANCE");
    BOOST_REQUIRE_MESSAGE(program != nullptr, "EST_CONFORMANCE is not set");
    auto const out = folder_.path + "/out", errors = folder_.path + "/errors";
    child_ = ::fork();
    BOOST_REQUIRE(child_ >= 0);
    if (child_ != 0) return;
    ::unsetenv("EST_PASSWORD");
    for (auto const& [path, descriptor] : {std::pair{out, 1}, std::pair{errors, 2}}) {
      int const file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
      if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(126);
    }
    std::vector<char*> list{const_cast<char*>(program)};
    for (auto& a : arguments) list.push_back(a.data());
    list.push_back(nullptr);
    ::execv(program, list.data());
    ::_exit(127);
  }
  running_program(running_program const&) = delete;
  running_program& operator=(running_program const&) = delete;
  ~running_program() {
    if (child_ > 0) end(SIGKILL);
  }

  /// Waits until a text has been printed, for a minute at most, and gives all that was.
  std::string printed(std::string_view until) const {
    for (int i = 0; i < 6000; ++i) {
      auto text = folder_.get("out");
      if (has(text, until)) return text;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    BOOST_FAIL("\"" << until << "\" was not printed, but: " << folder_.get("out") << folder_.get("errors"));
    return {};
  }

  /// Ends it. Out: its exit status; -1 if a signal ended it
  int end(int signal) {
    ::kill(child_, signal);
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {}
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  scratch folder_;
  pid_t child_ = -1;
};

} // namespace est::test
