#pragma once
/// Files of vectors/ that are compiled into the program, so that the binary needs nothing beside it. The sources that
/// define these functions are written at build time by embed.py.

#include <array>
#include <span>
#include <string_view>

namespace est::conformance {

struct embedded_file {
  std::string_view name; ///< `requirements.json`; of probes and payloads with its folder below vectors/
  std::string_view content;
};

/// vectors/requirements.json, the one file.
std::span<const embedded_file> embedded_requirements();

/// vectors/probes/**.json, sorted by name, which is relative to vectors/: `probes/cacerts/get.json`.
std::span<const embedded_file> embedded_probes();

/// The files that probes send as they are; their names are relative to vectors/ as well.
std::span<const embedded_file> embedded_payloads();

} // namespace est::conformance
