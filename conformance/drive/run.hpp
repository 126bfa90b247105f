#pragma once
/// From vectors to records: the one part of the checker that sends anything.

#include "channel.hpp"
#include "options.hpp"

#include "../catalogue/vector.hpp"
#include "../record.hpp"

#include <est/core/result.hpp>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// A vector that was not sent, and why: `not offered`, `not selected`, `no credential`, `over budget`, `read-only` …
struct skipped_vector {
  std::string id;
  std::string reason;
  std::string operation; ///< that the vector needs: `serverkeygen`
};

/// A certificate that the target issued to us: it is for the operator to revoke.
struct issued {
  std::string serial_hex;
  std::string subject;
  std::string vector; ///< the id of the vector that asked for it
};

/// What a run left behind.
struct run_result {
  std::vector<record> records; ///< in the order in which they were made
  target_facts target;
  std::vector<skipped_vector> skipped;
  std::vector<issued> certificates;
  std::vector<std::string> remarks;     ///< sentences for a person: credentials refused, the server fell silent …
  std::vector<std::string> not_offered; ///< optional operations that the server answered with 404 or 501
  bool offers_server_keygen = true;     ///< false when /serverkeygen was asked for and is not there
  std::size_t certificates_counted = 0; ///< answers that issued, or may have issued, a certificate
};

/// What a run would do, worked out without sending anything.
struct run_plan {
  std::vector<vector_definition const*> order;
  std::vector<skipped_vector> skipped;
  std::size_t certificates = 0; ///< at most; what a server costs that issues whatever it is asked for
};

run_plan plan(run_options const&, std::span<const vector_definition>);

using progress_sink = std::function<void(std::string_view)>;

/// Runs the vectors against the target over TLS.
/// Errors:  the target is unusable, and the detail says how and what to do about it: unreachable (no such host, nobody
///          listens on the port), timed_out, tls_failed, server_untrusted, server_name_mismatch, connection_closed,
///          malformed_http (plain HTTP on the port, or something that is not HTTP); invalid_argument: credentials or
///          anchors that cannot be read.
/// Promises: never more than `max_certificates` requests that issue; none with `read_only`; no credentials to a server
///          that was not verified, unless named twice; bounded time; a redirect is never followed.
/// In:      keys, when given, are used and added to, so that many runs share their keys
result<run_result> run(run_options const&, std::span<const vector_definition>, progress_sink progress = {},
                       class key_pool* keys = nullptr);

/// The same over channels of the caller's: deviant servers run in process this way. Handshakes are skipped.
result<run_result> run(run_options const&, std::span<const vector_definition>, channel_factory const&,
                       progress_sink progress = {}, class key_pool* keys = nullptr);

} // namespace est::conformance
