#include "socket.hpp"

#include <est/http/message.hpp>

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace est::conformance {

namespace {

std::string words(int error) { return std::generic_category().message(error); }

std::string in_text(sockaddr const* address, socklen_t size) {
  char host[NI_MAXHOST];
  if (::getnameinfo(address, size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0) return "an unknown address";
  return host;
}

/// One attempt. 0 or an errno; ETIMEDOUT when the deadline came first.
int try_connect(tcp_socket& out, addrinfo const& a, steady::time_point deadline) {
  tcp_socket s{::socket(a.ai_family, a.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a.ai_protocol)};
  if (!s.is_open()) return errno;
  int const one = 1;
  ::setsockopt(s.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(s.fd(), a.ai_addr, a.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return errno;
    if (!s.wait(true, deadline)) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(s.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    if (error != 0) return error;
  }
  out = std::move(s);
  return 0;
}

int wire_write(BIO* bio, char const* data, int size) {
  auto& state = *static_cast<wire_state*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  auto const sent = ::send(state.fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<int>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
    BIO_set_retry_write(bio);
  else
    state.deaf = true;
  return -1;
}

int wire_read(BIO* bio, char* data, int size) {
  constexpr std::size_t remembered = 16;
  auto& state = *static_cast<wire_state*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  auto const got = ::recv(state.fd, data, static_cast<std::size_t>(size), 0);
  if (got > 0) {
    if (state.first.size() < remembered)
      state.first.append(data, std::min(static_cast<std::size_t>(got), remembered - state.first.size()));
    return static_cast<int>(got);
  }
  if (got == 0) {
    state.ended = true;
    return 0;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
    BIO_set_retry_read(bio);
  else
    state.reset = true;
  return -1;
}

long wire_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<wire_state*>(BIO_get_data(bio))->ended ? 1 : 0;
  return 0;
}

int wire_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

} // namespace

result<address_override> parse_address_override(std::string_view text) {
  auto const wrong = [] {
    return fail(errc::invalid_argument, "--resolve", "host:port:address is expected, as curl has it");
  };
  auto const first = text.find(':');
  if (first == std::string_view::npos || first == 0) return wrong();
  auto const second = text.find(':', first + 1);
  if (second == std::string_view::npos) return wrong();
  address_override o;
  o.host = std::string{text.substr(0, first)};
  auto const port = text.substr(first + 1, second - first - 1);
  auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), o.port);
  if (error != std::errc{} || end != port.data() + port.size() || o.port == 0) return wrong();
  auto address = text.substr(second + 1);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  o.address = std::string{address};
  unsigned char binary[sizeof(in6_addr)];
  if (::inet_pton(AF_INET, o.address.c_str(), binary) != 1 && ::inet_pton(AF_INET6, o.address.c_str(), binary) != 1)
    return wrong();
  return o;
}

tcp_socket::tcp_socket(tcp_socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

tcp_socket& tcp_socket::operator=(tcp_socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

tcp_socket::~tcp_socket() { close(); }

void tcp_socket::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool tcp_socket::wait(bool to_write, steady::time_point deadline) const {
  for (;;) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady::now()).count();
    if (left <= 0) return false;
    pollfd p{fd_, static_cast<short>(to_write ? POLLOUT : POLLIN), 0};
    auto const ready = ::poll(&p, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

result<tcp_socket> dial(std::string const& host, std::uint16_t port, std::vector<address_override> const& overrides,
                        std::chrono::milliseconds timeout) {
  auto const deadline = steady::now() + timeout;
  std::string name = host;
  for (auto const& o : overrides)
    if (o.port == port && http::equal_ignoring_case(o.host, host)) name = o.address;

  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int const error = ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    return fail(errc::unreachable, "connection",
                "the host " + host + " cannot be found: " + ::gai_strerror(error) +
                    "; is the name right, and is there a name server? (--resolve gives an address by hand)");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list{found, ::freeaddrinfo};

  long addresses = 0;
  for (auto const* a = found; a != nullptr; a = a->ai_next) ++addresses;
  std::string tried;
  bool timed_out = false, refused = false;
  for (auto const* a = found; a != nullptr; a = a->ai_next, --addresses) {
    auto const left = deadline - steady::now();
    if (left <= steady::duration::zero()) break;
    tcp_socket s;
    int const error = try_connect(s, *a, steady::now() + left / addresses);
    if (error == 0) return s;
    timed_out = timed_out || error == ETIMEDOUT;
    refused = refused || error == ECONNREFUSED;
    tried += (tried.empty() ? "" : ", ") + in_text(a->ai_addr, a->ai_addrlen) + ": " +
             (error == ETIMEDOUT ? "no answer" : words(error));
  }
  auto const place = host + " port " + std::to_string(port);
  if (refused)
    return fail(errc::unreachable, "connection",
                "nobody listens at " + place + " (" + tried + "); is the port right, and is the server running?");
  if (timed_out)
    return fail(errc::timed_out, "connection",
                place + " did not answer within " + std::to_string(timeout.count()) + " ms (" + tried +
                    "); a firewall may be in the way");
  return fail(errc::unreachable, "connection", place + " cannot be reached (" + tried + ")");
}

BIO* make_wire_bio(wire_state& state) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "est-conformance socket");
    if (m == nullptr) return m;
    BIO_meth_set_write(m, wire_write);
    BIO_meth_set_read(m, wire_read);
    BIO_meth_set_ctrl(m, wire_control);
    BIO_meth_set_create(m, wire_create);
    return m;
  }();
  if (method == nullptr) return nullptr;
  BIO* const bio = BIO_new(method);
  if (bio != nullptr) BIO_set_data(bio, &state);
  return bio;
}

} // namespace est::conformance
