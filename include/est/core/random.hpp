#pragma once
/// Octets from the system's generator, for the one place where a caller may leave randomness out: see client_options.

#include <est/core/bytes.hpp>

#include <botan/auto_rng.h>

#include <cstddef>

namespace est {

/// Fresh random octets; none where the system gives none.
inline bytes system_random(std::size_t octets) {
  try {
    Botan::AutoSeeded_RNG generator;
    bytes made(octets);
    generator.randomize(made.data(), made.size());
    return made;
  } catch (...) { return {}; }
}

} // namespace est
