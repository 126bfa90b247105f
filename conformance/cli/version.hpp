#pragma once
/// The version of the program; its value comes from the build.

#include <string_view>

namespace est::conformance {

extern const std::string_view program_version;

} // namespace est::conformance
