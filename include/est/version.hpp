#pragma once
/// The version of the toolkit: that of the project in meson.build, which a test compares.

#include <string_view>

namespace est {

inline constexpr std::string_view version = "0.1.0";

} // namespace est
