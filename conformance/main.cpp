// est-conformance: judges EST servers, live or from recorded exchanges.

#include "cli/commands.hpp"

int main(int count, char** arguments) { return est::conformance::run_program(count, arguments); }
