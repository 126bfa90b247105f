#pragma once
/// A transport without a network: the server is a function in this process. The messages still pass as octets, through
/// the writer and the reader, so that what is tested is what would stand on the wire.

#include <est/core/result.hpp>
#include <est/http/message.hpp>
#include <est/http/reader.hpp>
#include <est/http/tls_facts.hpp>
#include <est/http/writer.hpp>
#include <est/transport/concept.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace est::transport {

/// A server as one function: what the httplib server adaptor takes as well.
template <class F>
concept Handler = requires(F& f, http::request const& q, http::tls_facts const& t) {
  { f(q, t) } -> std::convertible_to<http::response>;
};

/// Facts of a connection that is none: an in-process peer is who it is.
inline http::tls_facts loopback_facts() {
  http::tls_facts facts;
  facts.peer_verified = true;
  return facts;
}

/// Carries requests to a handler.
/// In:      the facts that each end is to see; by default both see `loopback_facts()`
/// Promises: request and response are written and read again as HTTP/1.1 octets; `round_trip` before `connect` fails
/// Errors:  connection_closed without a connection, or where the handler throws; otherwise what the reader finds
template <Handler F> class loopback {
public:
  explicit loopback(F handler, http::tls_facts at_client = loopback_facts())
      : loopback(std::move(handler), at_client, at_client) {}
  loopback(F handler, http::tls_facts at_client, http::tls_facts at_server)
      : handler_(std::move(handler)), at_client_(std::move(at_client)), at_server_(std::move(at_server)) {}

  result<http::tls_facts> connect() {
    connected_ = true;
    ++connections_;
    return at_client_;
  }

  result<http::response> round_trip(http::request const& question) {
    if (!connected_) return fail(errc::connection_closed, "connection", "no connection is open");
    auto const received = http::parse_request(http::encode(question));
    if (!received) return fail_in("request", received.error());
    http::response answer;
    try {
      answer = handler_(*received, at_server_);
    } catch (std::exception const&) {
      connected_ = false;
      return fail(errc::connection_closed, "connection", "the server failed while it handled the request");
    }
    if (auto const connection = answer.headers.find("Connection");
        connection && http::equal_ignoring_case(*connection, "close"))
      connected_ = false;
    return http::parse_response(http::encode(answer, question.method), question.method);
  }

  void disconnect() noexcept { connected_ = false; }

  /// What later connections are to look like, at each end.
  void set_facts(http::tls_facts at_client, http::tls_facts at_server) {
    at_client_ = std::move(at_client);
    at_server_ = std::move(at_server);
  }

  std::size_t connections() const noexcept { return connections_; }
  F& handler() noexcept { return handler_; }

private:
  F handler_;
  http::tls_facts at_client_, at_server_;
  bool connected_ = false;
  std::size_t connections_ = 0;
};

} // namespace est::transport
