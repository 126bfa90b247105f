#pragma once
/// What an operation needs from outside: the time and a source of randomness. Both are arguments everywhere, so that a
/// replay with the same clock and the same generator gives the same octets.

#include <botan/rng.h>

#include <chrono>

namespace est::pki {

using time_point = std::chrono::system_clock::time_point;

/// Time and randomness for one operation. Holds a reference: the generator outlives the context.
struct context {
  time_point now;
  Botan::RandomNumberGenerator& rng;
};

} // namespace est::pki
