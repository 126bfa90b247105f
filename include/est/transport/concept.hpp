#pragma once
/// What a transport is: something that makes one connection and carries requests over it, one after the other.

#include <est/core/result.hpp>
#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>

#include <concepts>

namespace est::transport {

/// Carries HTTP exchanges.
///
/// `connect()` comes first and makes a new connection, also where one is open: a certification request may have to carry
/// a value that is known only once the handshake is done (RFC 7030 section 3.5). `round_trip()` uses that very
/// connection, and never silently another one: where the connection is gone, it fails with connection_closed.
/// A transport that has `disconnect()` is told when its connection is not to be used again; any other closes it with the next
/// `connect()`, or when it goes.
/// Errors: those of the connection (unreachable, tls_failed, server_untrusted, server_name_mismatch, connection_closed,
///         timed_out) and those of HTTP (malformed_http, truncated, too_large, unsupported_coding). An HTTP error status
///         is a response, not a failure.
template <class T>
concept Transport = requires(T& t, http::request const& q) {
  { t.connect() } -> std::same_as<result<http::tls_facts>>;
  { t.round_trip(q) } -> std::same_as<result<http::response>>;
};

} // namespace est::transport
