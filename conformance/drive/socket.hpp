#pragma once
/// A TCP connection for OpenSSL: dialled with a deadline, never blocking, never raising SIGPIPE, and remembering how it
/// ended and what its peer said first (plain HTTP on a TLS port is told by that).

#include <est/core/result.hpp>

#include <openssl/bio.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

using steady = std::chrono::steady_clock;

/// `host:port:address` of `--resolve`, as curl writes it.
struct address_override {
  std::string host;
  std::uint16_t port = 0;
  std::string address;
};

/// Errors:  invalid_argument
result<address_override> parse_address_override(std::string_view text);

/// Owns a connected, non-blocking socket.
class tcp_socket {
public:
  tcp_socket() = default;
  explicit tcp_socket(int fd) noexcept : fd_(fd) {}
  tcp_socket(tcp_socket&& other) noexcept;
  tcp_socket& operator=(tcp_socket&& other) noexcept;
  tcp_socket(tcp_socket const&) = delete;
  tcp_socket& operator=(tcp_socket const&) = delete;
  ~tcp_socket();

  int fd() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }
  void close() noexcept;

  /// Waits until the socket can be read or written. False when the deadline comes first.
  bool wait(bool to_write, steady::time_point deadline) const;

private:
  int fd_ = -1;
};

/// Connects to one of the addresses of a host, in the resolver's order.
/// Errors:  unreachable (no such host, nobody listens, no route), timed_out; the detail says which and of what address.
/// Does NOT promise: that the resolver keeps to the deadline; it has its own.
result<tcp_socket> dial(std::string const& host, std::uint16_t port, std::vector<address_override> const&,
                        std::chrono::milliseconds timeout);

/// What a socket's BIO has seen.
struct wire_state {
  int fd = -1;
  bool ended = false; ///< the peer closed
  bool reset = false; ///< reading showed that the peer reset the connection, or that it broke
  bool deaf = false;  ///< writing showed it; what the peer said before may still be read
  std::string first;  ///< the first octets that came, 16 at most
};

/// A BIO over a socket, for SSL_set_bio. The state outlives it; the socket is not closed by it. Null where memory ran out.
BIO* make_wire_bio(wire_state& state);

} // namespace est::conformance
