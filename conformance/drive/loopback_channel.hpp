#pragma once
/// A channel within the process: what would go over TLS is handed to a function as a request, with TLS facts made up for
/// it. The octets are those of the wire, so that records look the same; deviants run this way, without sockets.

#include "channel.hpp"

#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>

#include <functional>
#include <string>
#include <vector>

namespace est::conformance {

using handler = std::function<http::response(http::request const&, http::tls_facts const&)>;

struct loopback_settings {
  http::tls_version version = http::tls_version::tls_1_2;
  std::vector<bytes> client_certificates; ///< DER, the end-entity certificate first; shown where the wish says so
  std::vector<bytes> server_certificates; ///< DER, what the client sees
};

/// Promises: each channel has binding values of its own, the same at both ends; an exception of the handler is a connection
///          that the server closed; an `Expect: 100-continue` is answered before the handler is asked.
channel_factory make_loopback_channels(handler, loopback_settings = {});

} // namespace est::conformance
