#pragma once
/// The runner's own TLS connection: exact octets, facts before the first request, a deadline for each phase.

#include "channel.hpp"
#include "options.hpp"
#include "tls_setup.hpp"

#include <est/core/result.hpp>

#include <memory>

namespace est::conformance {

/// A factory of channels to the target of the options. The options are copied as far as they are needed.
/// Errors:  as make_tls_setup; invalid_argument for a `--resolve` that cannot be read.
/// Promises of the channels: the server's chain is verified within the handshake and its name before the first request,
///          unless the options say insecure; at most `exchange_timeout` a conversation; a broken pipe raises no signal.
result<channel_factory> make_tls_channels(run_options const&, std::shared_ptr<tls_setup const>);

/// What makes handshakes with the same target.
/// Errors:  as make_tls_channels
/// Promises: each is bounded by the time limits of the options; no credentials are sent but the client certificate, and
///           that only where the options allow it
result<prober> make_tls_prober(run_options const&, std::shared_ptr<tls_setup const>);

} // namespace est::conformance
