#pragma once
/// The course of one exchange, whatever carries the octets: send the head, wait for 100 if that was asked for, send the
/// body, read until the answer is whole, the connection ends or the time is up.

#include "channel.hpp"

#include <est/http/reader.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace est::conformance {

/// What one attempt to read has given.
struct arrival {
  enum class kind { octets, ended, timed_out } what = kind::timed_out;
  std::string octets;
  connection_end end = connection_end::unknown; ///< for `ended`
  std::string complaint;                        ///< for `ended` in disorder
};

/// A connection as `hold_conversation` sees it. Deadlines are of the steady clock.
struct octet_stream {
  std::function<bool(std::string_view, std::chrono::steady_clock::time_point)> send; ///< false: it could not be sent
  std::function<arrival(std::chrono::steady_clock::time_point)> receive;
};

/// How long a body that waits for 100 is held back; then it is sent all the same (RFC 9110 10.1.1).
inline constexpr std::chrono::milliseconds continue_patience{1000};

/// Promises: ends by the time limit; memory bounded by the reader's limits; every octet that came is in the answer.
received hold_conversation(octet_stream const&, outgoing const&, std::chrono::milliseconds time_limit, bool& usable);

} // namespace est::conformance
