#pragma once
/// The five commands. Each takes what was asked for and returns how to exit.

#include "cli/command_line.hpp"

namespace est::conformance {

int run_command(command_line const&);
int check_command(command_line const&);
int list_command(command_line const&);
int explain_command(command_line const&);
int serve_command(command_line const&);

/// Parses, dispatches, and lets nothing escape: what main does.
int run_program(int count, char const* const* arguments);

} // namespace est::conformance
