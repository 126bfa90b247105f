// What main does: arguments to a command, and a last net under everything.

#include "cli/commands.hpp"
#include "cli/output.hpp"

#include <csignal>
#include <exception>

#include <unistd.h>

namespace est::conformance {

namespace {

/// Ctrl-C: a line, and the end. Reports are written whole or not at all, so nothing half-done is left.
extern "C" void interrupted(int) {
  constexpr char line[] = "\nest-conformance: interrupted; nothing was reported\n";
  [[maybe_unused]] auto const written = ::write(STDERR_FILENO, line, sizeof line - 1);
  ::_exit(130);
}

} // namespace

int run_program(int count, char const* const* arguments) {
  try {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGINT, interrupted);
    auto const parsed = parse_command_line(count, arguments);
    if (!parsed.out.empty()) print(parsed.out);
    if (!parsed.errors.empty()) {
      auto text = std::string_view{parsed.errors};
      text.remove_prefix(sizeof "est-conformance: " - 1);
      complain(text.substr(0, text.find_last_not_of('\n') + 1));
    }
    if (!parsed.line) return parsed.exit;
    switch (parsed.line->command) {
    case command_line::verb::run: return run_command(*parsed.line);
    case command_line::verb::check: return check_command(*parsed.line);
    case command_line::verb::list: return list_command(*parsed.line);
    case command_line::verb::explain: return explain_command(*parsed.line);
    case command_line::verb::serve: return serve_command(*parsed.line);
    }
  } catch (std::exception const& e) { complain(std::string{"a fault of this program: "} + e.what()); } catch (...) {
    complain("a fault of this program");
  }
  return exit_fault;
}

} // namespace est::conformance
