#include "wire_server.hpp"

#include "wire_tls.hpp"

#include <est/http/auth.hpp>
#include <est/http/reader.hpp>
#include <est/http/writer.hpp>
#include <est/pki/certificate.hpp>
#include <est/transport/openssl_facts.hpp>

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <csignal>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace est::conformance {

namespace {

struct free_ssl {
  void operator()(SSL* s) const noexcept { SSL_free(s); }
};

constexpr int patience_s = 5;           // of one read or write
constexpr std::size_t connections = 64; // at a time
constexpr std::string_view https_only = "HTTP/1.1 301 Moved Permanently\r\nLocation: https://127.0.0.1:";

/// What carries octets: TLS, or the bare socket.
struct stream {
  std::function<int(char*, int)> read;
  std::function<bool(std::string_view)> write;
};

stream over(int socket) {
  return {[socket](char* data, int size) {
            return static_cast<int>(::recv(socket, data, static_cast<std::size_t>(size), 0));
          },
          [socket](std::string_view octets) {
            while (!octets.empty()) {
              auto const sent = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);
              if (sent <= 0) return false;
              octets.remove_prefix(static_cast<std::size_t>(sent));
            }
            return true;
          }};
}

stream over(SSL* ssl) {
  return {[ssl](char* data, int size) { return SSL_read(ssl, data, size); },
          [ssl](std::string_view octets) {
            return octets.empty() || SSL_write(ssl, octets.data(), static_cast<int>(octets.size())) > 0;
          }};
}

bool says(http::fields const& headers, std::string_view name, std::string_view value) {
  auto const field = headers.find(name);
  return field && http::equal_ignoring_case(http::trim(*field), value);
}

/// What a deviant makes of an answer: whether it is sent at all, or the connection ends, or nothing comes.
received disturbed(deviant const* d, std::string const& head, std::string octets) {
  received in;
  in.octets = std::move(octets);
  in.whole = true;
  if (d != nullptr && d->disturb != nullptr) d->disturb(head, in);
  return in;
}

std::string head_of(std::string_view start_line, http::fields const& headers) {
  auto text = std::string{start_line} + "\r\n";
  for (auto const& f : headers) text += f.name + ": " + f.value + "\r\n";
  return text + "\r\n";
}

/// The first octets of a connection, left where they are: all of the first TLS record, or what there is of something else.
std::string peek(int socket) {
  std::string octets(8192, '\0');
  std::size_t before = 0;
  for (int attempt = 0; attempt < 100; ++attempt) {
    auto const got = ::recv(socket, octets.data(), octets.size(), MSG_PEEK);
    if (got <= 0) return {};
    auto const size = static_cast<std::size_t>(got);
    auto const at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(octets[i])); };
    if (at(0) != 22 || (size >= 5 && size >= 5 + (at(3) << 8 | at(4))) || size == octets.size()) {
      octets.resize(size);
      return octets;
    }
    if (size == before) std::this_thread::sleep_for(std::chrono::milliseconds{10}); // the rest is under way
    before = size;
  }
  return {};
}

} // namespace

struct wire_server::state {
  wire_options options;
  wire_behaviour behave;
  std::unique_ptr<reference_authority> authority;
  pem_identity client;
  server_context context;
  int listener = -1;
  std::uint16_t port = 0;
  std::atomic<bool> stopping = false;
  std::thread accepting;

  struct connection {
    std::thread worker;
    int socket = -1;
    std::atomic<bool> over = false;
  };
  std::mutex guard; // of the list, and of closing a socket that `stop` may want to shut
  std::list<connection> all;

  ~state() {
    if (listener >= 0) ::close(listener);
  }

  result<void> listen() {
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int const yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(options.reference.port);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, any, size) != 0 || ::listen(listener, 64) != 0 ||
        ::getsockname(listener, any, &size) != 0)
      return fail(errc::unreachable, "server", "cannot listen on 127.0.0.1:" + std::to_string(options.reference.port));
    port = ntohs(address.sin_port);
    accepting = std::thread{[this] { accept_all(); }};
    return {};
  }

  void accept_all() {
    while (!stopping) {
      pollfd p{listener, POLLIN, 0};
      if (::poll(&p, 1, 50) != 1) continue;
      int const socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      timeval const patience{patience_s, 0};
      int const one = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      const std::lock_guard lock{guard};
      for (auto it = all.begin(); it != all.end();) {
        if (!it->over) {
          ++it;
          continue;
        }
        it->worker.join();
        it = all.erase(it);
      }
      if (all.size() >= connections) {
        ::close(socket);
        continue;
      }
      auto& c = all.emplace_back();
      c.socket = socket;
      c.worker = std::thread{[this, &c] { serve(c); }};
    }
  }

  void serve(connection& c) noexcept {
    // SSL_write knows no MSG_NOSIGNAL.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    try {
      serve_octets(c.socket);
    } catch (...) {} // nobody is there to be told; the client sees the connection end
    ERR_clear_error();
    const std::lock_guard lock{guard};
    ::close(c.socket);
    c.socket = -1;
    c.over = true;
  }

  void serve_octets(int socket) {
    auto const first = peek(socket);
    if (first.empty()) return;
    if (first.front() >= 'A' && first.front() <= 'Z') { // plain HTTP begins with a method, a handshake record with 22
      if (behave.serve_in_clear) answer_all(over(socket), {});
      if (behave.ask_in_clear)
        over(socket).write("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"est\"\r\n"
                           "Content-Length: 0\r\nConnection: close\r\n\r\n");
      if (behave.redirect_in_clear)
        over(socket).write(std::string{https_only} + std::to_string(port) +
                           "/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    if (auto const hello = feign_server_hello(behave.feigned, first); !hello.empty()) {
      over(socket).write(hello);
      std::array<char, 4096> ignored{};
      ::shutdown(socket, SHUT_WR);
      while (::recv(socket, ignored.data(), ignored.size(), 0) > 0) {}
      return;
    }
    const std::unique_ptr<SSL, free_ssl> ssl{SSL_new(context.get())};
    if (!ssl || SSL_set_fd(ssl.get(), socket) != 1 || SSL_accept(ssl.get()) != 1) return;
    if (answer_all(over(ssl.get()), transport::facts_of(ssl.get())) == ending::in_silence) return stay_silent(socket);
    SSL_shutdown(ssl.get());
  }

  /// Says nothing more until the client has gone, a minute at most.
  void stay_silent(int socket) const {
    std::array<char, 4096> ignored{};
    for (int waited_ms = 0; waited_ms < 60000 && !stopping; waited_ms += 50) {
      pollfd p{socket, POLLIN, 0};
      if (::poll(&p, 1, 50) == 1 && ::recv(socket, ignored.data(), ignored.size(), 0) <= 0) return;
    }
  }

  enum class ending : std::uint8_t { in_order, in_silence };

  /// One request after the other, until somebody wants to end it.
  ending answer_all(stream const& wire, http::tls_facts const& facts) {
    auto const* const d = options.deviation;
    std::string held; // octets that came and belong to the next request
    for (bool go_on = true; go_on && !stopping;) {
      http::request_reader reader;
      bool encouraged = false, broken = false;
      while (!reader.done() && !broken) {
        if (held.empty()) {
          std::array<char, 8192> buffer{};
          int const got = wire.read(buffer.data(), static_cast<int>(buffer.size()));
          if (got <= 0) return ending::in_order;
          held.assign(buffer.data(), static_cast<std::size_t>(got));
        }
        auto const taken = reader.feed(held);
        broken = !taken.has_value();
        held.erase(0, taken ? *taken : held.size());
        if (!encouraged && !broken && reader.head_done() && !reader.done() &&
            says(reader.headers(), "Expect", "100-continue")) {
          constexpr std::string_view go_ahead = "HTTP/1.1 100 Continue\r\n\r\n";
          encouraged = true;
          auto const in = disturbed(d, head_of("POST / HTTP/1.1", reader.headers()), std::string{go_ahead});
          if (in.octets.empty() && in.end == connection_end::timed_out) return ending::in_silence;
          if (!wire.write(go_ahead)) return ending::in_order;
        }
      }
      auto question = reader.finish();
      if (broken) question = fail(errc::malformed_http, "request", "it cannot be read");
      go_on = question && question->version == "HTTP/1.1" && !says(question->headers, "Connection", "close");
      auto octets = answer(question, facts, go_on);
      if (question) {
        auto in = disturbed(d, head_of(question->method + " " + question->target + " HTTP/1.1", question->headers),
                            std::move(octets));
        if (in.octets.empty()) return in.end == connection_end::timed_out ? ending::in_silence : ending::in_order;
        octets = std::move(in.octets);
      }
      if (!wire.write(octets)) return ending::in_order;
    }
    return ending::in_order;
  }

  /// The client showed a certificate that is valid at another time, and that is overlooked.
  bool overlooks_time_of(http::tls_facts const& facts) const {
    if ((!behave.overlook_end_of_validity && !behave.overlook_begin_of_validity) || !facts.peer_verified ||
        facts.peer_certificates.empty())
      return false;
    auto const shown = pki::parse_certificate(facts.peer_certificates.front());
    auto const now = std::chrono::system_clock::now();
    return shown && (now < shown->not_before() || now > shown->not_after());
  }

  std::string answer(result<http::request> const& question, http::tls_facts const& facts, bool& go_on) const {
    http::response r;
    r.status = 400;
    if (question && !overlooks_time_of(facts)) r = authority->answer(*question, facts);
    if (question && overlooks_time_of(facts)) {
      // The toolkit's server looks at the validity itself, whatever OpenSSL made of it: let somebody else in for the client.
      auto trusting = *question;
      auto unseen = facts;
      unseen.peer_certificates.clear();
      unseen.peer_verified = false;
      trusting.headers.set("Authorization", http::encode_basic({authority->user(), authority->password()}));
      r = authority->answer(trusting, unseen);
    }
    if (says(r.headers, "Connection", "close")) go_on = false;
    if (!go_on) r.headers.set("Connection", "close");
    auto octets = http::encode(r, question ? question->method : "GET");
    auto const* d = options.deviation;
    if (question && d != nullptr && d->garble != nullptr)
      d->garble(question->method + " " + question->target + " HTTP/1.1\r\n\r\n", octets);
    return octets;
  }
};

wire_server::wire_server(std::unique_ptr<state> s) : state_(std::move(s)) {}
wire_server::~wire_server() { stop(); }

result<std::unique_ptr<wire_server>> wire_server::start(wire_options options) {
  auto made = std::make_unique<state>();
  if (auto const* d = options.deviation) {
    if (d->behave != nullptr) d->behave(options.reference.behave);
    if (d->mutate != nullptr) options.reference.mutate = d->mutate;
    if (d->wire != nullptr) d->wire(made->behave);
  }
  auto const only = options.reference.tls;
  bool const asks = options.reference.client_certificates && !made->behave.never_ask_for_certificate;
  made->options.deviation = options.deviation;
  made->options.reference.port = options.reference.port;
  auto authority = reference_authority::make(std::move(options.reference));
  if (!authority) return fail(std::move(authority.error()));
  made->authority = std::move(*authority);
  using certificate = wire_behaviour::certificate;
  auto const shown = made->behave.shown;
  auto own = shown == certificate::own               ? made->authority->make_server()
             : shown == certificate::of_another_host ? made->authority->make_server("another.example")
                                                     : make_misshapen_server(shown);
  if (!own) return fail(std::move(own.error()));
  auto client = made->authority->make_client("EST reference client");
  if (!client) return fail(std::move(client.error()));
  made->client = std::move(*client);
  auto context = make_server_context(made->behave, *own, made->authority->chain_pem(), only, asks);
  if (!context) return fail(std::move(context.error()));
  made->context = std::move(*context);
  if (auto const listening = made->listen(); !listening) return fail(listening.error());
  return std::unique_ptr<wire_server>{new wire_server{std::move(made)}};
}

std::uint16_t wire_server::port() const noexcept { return state_->port; }
std::string wire_server::url() const { return "https://127.0.0.1:" + std::to_string(port()); }
reference_authority& wire_server::authority() noexcept { return *state_->authority; }
pem_identity const& wire_server::client() const noexcept { return state_->client; }

void wire_server::stop() {
  auto& s = *state_;
  s.stopping = true;
  if (s.accepting.joinable()) s.accepting.join();
  {
    const std::lock_guard lock{s.guard};
    for (auto const& c : s.all)
      if (c.socket >= 0) ::shutdown(c.socket, SHUT_RDWR);
  }
  for (auto& c : s.all)
    if (c.worker.joinable()) c.worker.join();
  s.all.clear();
}

} // namespace est::conformance
