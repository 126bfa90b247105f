#pragma once
/// TLS for the tests of transports: contexts with certificates made here, a handshake within memory, and a server on a
/// loopback port that sends prepared octets.

#include "../message/pki_fixture.hpp"

#include <est/http/reader.hpp>
#include <est/transport/openssl_context.hpp>
#include <est/transport/openssl_facts.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace est::test {

using transport::detail::ssl_ctx_ptr;
using ssl_ptr = std::unique_ptr<SSL, transport::detail::openssl_delete<SSL_free>>;

inline std::string pem(std::string const& label, byte_view octets) {
  return "-----BEGIN " + label + "-----\n" + encode_base64(octets) + "-----END " + label + "-----\n";
}
inline std::string pem(pki::certificate const& c) { return pem("CERTIFICATE", c.der()); }
inline secret_bytes pem(pki::private_key const& k) { return secret_bytes{pem("PRIVATE KEY", k.encode().expose())}; }

/// A certificate for `localhost` and 127.0.0.1 under the test root, valid now: OpenSSL looks at the clock.
struct server_identity {
  pki::private_key key = make_key();
  pki::certificate certificate;

  explicit server_identity(std::string name = "localhost", bool with_address = true)
      : certificate(root().issue(key.public_key_info(), "server", extensions(std::move(name), with_address), shift())) {
  }

  static std::vector<pki::extension> extensions(std::string name, bool with_address) {
    pki::alternative_names names;
    names.dns = {std::move(name)};
    if (with_address) names.ip = {{127, 0, 0, 1}};
    return {pki::make_subject_alternative_name(names), pki::make_extended_key_usage({pki::oids::server_auth})};
  }
  /// From the time of the tests to the time of the clock.
  static std::chrono::seconds shift() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - at_test_time().now);
  }
};

/// The root whose validity holds the clock's time; the key is the test root's.
inline pki::certificate const& root_of_today() {
  static auto const made =
      must(root().make(server_identity::shift(), root().key.public_key_info(), "test root", nullptr, {}));
  return made;
}

/// A root of the same name that issued nothing.
inline pki::certificate const& other_root() {
  static const test_root made;
  return made.certificate;
}

inline ssl_ctx_ptr server_context(server_identity const& who, int max_version = 0) {
  ssl_ctx_ptr context{SSL_CTX_new(TLS_server_method())};
  auto const used = transport::use_pem_identity(context.get(), pem(who.certificate), pem(who.key));
  BOOST_REQUIRE_MESSAGE(used, why(used));
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  return context;
}

inline ssl_ctx_ptr client_context() {
  ssl_ctx_ptr context{SSL_CTX_new(TLS_client_method())};
  auto const trusted = transport::trust_anchors(context.get(), pem(root_of_today()));
  BOOST_REQUIRE_MESSAGE(trusted, why(trusted));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

/// Two ends of one connection within memory, after the handshake.
struct memory_connection {
  ssl_ptr client, server;

  memory_connection(SSL_CTX* at_client, SSL_CTX* at_server, SSL_SESSION* resume = nullptr)
      : client(SSL_new(at_client)), server(SSL_new(at_server)) {
    BIO *one = nullptr, *other = nullptr;
    BOOST_REQUIRE(BIO_new_bio_pair(&one, 0, &other, 0) == 1);
    SSL_set_bio(client.get(), one, one);
    SSL_set_bio(server.get(), other, other);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    SSL_set_tlsext_host_name(client.get(), "localhost");
    if (resume != nullptr) SSL_set_session(client.get(), resume);
    for (int i = 0; i < 20; ++i) {
      SSL_do_handshake(client.get());
      SSL_do_handshake(server.get());
    }
    char octet;
    SSL_read(client.get(), &octet, 1); // takes in the session tickets of TLS 1.3
    ERR_clear_error();
  }
  /// A connection that ends in disorder would spoil its session for the next one.
  ~memory_connection() {
    for (auto const* end : {&client, &server}) SSL_set_shutdown(end->get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  memory_connection(memory_connection const&) = delete;
  memory_connection& operator=(memory_connection const&) = delete;

  bool done() const { return SSL_is_init_finished(client.get()) == 1 && SSL_is_init_finished(server.get()) == 1; }
};

/// A TLS server on 127.0.0.1 that answers each request with the next prepared octets. When they are used up it closes.
class prepared_server {
public:
  /// In: what is sent, one element a request; for each connection a list of its own; how long to wait after each octet of all
  ///     but the first answer, if they are to go one by one
  prepared_server(ssl_ctx_ptr context, std::deque<std::deque<std::string>> connections,
                  std::chrono::milliseconds pause = {})
      : context_(std::move(context)), connections_(std::move(connections)), pause_(pause) {
    std::signal(SIGPIPE, SIG_IGN);
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BOOST_REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    BOOST_REQUIRE(::listen(listener_, 8) == 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~prepared_server() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  prepared_server(prepared_server const&) = delete;
  prepared_server& operator=(prepared_server const&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::vector<http::request> asked() const {
    const std::lock_guard lock{mutex_};
    return asked_;
  }
  std::vector<http::tls_facts> facts() const {
    const std::lock_guard lock{mutex_};
    return facts_;
  }

private:
  void serve() {
    while (!stop_) {
      if (!readable(listener_)) continue;
      int const socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) continue;
      converse(socket);
      ::close(socket);
    }
  }

  bool readable(int socket) const {
    pollfd wait{socket, POLLIN, 0};
    return ::poll(&wait, 1, 20) == 1;
  }

  void converse(int socket) {
    std::deque<std::string> answers;
    {
      const std::lock_guard lock{mutex_};
      if (connections_.empty()) return;
      answers = std::move(connections_.front());
      connections_.pop_front();
    }
    const ssl_ptr ssl{SSL_new(context_.get())};
    SSL_set_fd(ssl.get(), socket);
    if (SSL_accept(ssl.get()) != 1) return ERR_clear_error();
    {
      const std::lock_guard lock{mutex_};
      facts_.push_back(transport::facts_of(ssl.get()));
    }
    for (; !answers.empty() && !stop_; answers.pop_front()) {
      http::request_reader reader;
      while (!reader.done()) {
        char octets[4096];
        while (!stop_ && SSL_pending(ssl.get()) == 0 && !readable(socket)) {}
        if (stop_) return;
        int const count = SSL_read(ssl.get(), octets, sizeof octets);
        if (count <= 0) return ERR_clear_error();
        if (!reader.feed({octets, static_cast<std::size_t>(count)})) return;
      }
      if (auto question = reader.finish()) {
        const std::lock_guard lock{mutex_};
        asked_.push_back(std::move(*question));
      }
      auto const& answer = answers.front();
      if (pause_.count() != 0 && asked().size() > 1) {
        for (auto const& octet : answer) {
          if (stop_ || SSL_write(ssl.get(), &octet, 1) <= 0) return ERR_clear_error();
          std::this_thread::sleep_for(pause_);
        }
        continue;
      }
      if (!answer.empty() && SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size())) <= 0)
        return ERR_clear_error();
    }
    if (!stop_) SSL_shutdown(ssl.get());
  }

  ssl_ctx_ptr context_;
  std::deque<std::deque<std::string>> connections_;
  std::chrono::milliseconds pause_;
  mutable std::mutex mutex_;
  std::vector<http::request> asked_;
  std::vector<http::tls_facts> facts_;
  std::atomic<bool> stop_{false};
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

} // namespace est::test
