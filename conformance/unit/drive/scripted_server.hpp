#pragma once
/// A server for tests of the TLS channel: it does to each connection what the test's script says, and nothing else. Keys
/// and certificates are made afresh. OpenSSL alone, none of the code under test.

#include <est/core/bytes.hpp>
#include <est/pki/certificate_builder.hpp>
#include <est/pki/private_key.hpp>

#include <boost/test/unit_test.hpp>
#include <botan/auto_rng.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace est::test {

template <class T> T must(result<T> r) {
  BOOST_REQUIRE_MESSAGE(r, (r ? std::string{} : to_text(r.error())));
  return std::move(*r);
}

inline std::string pem(std::string_view kind, byte_view der) {
  return "-----BEGIN " + std::string{kind} + "-----\n" + encode_base64(der) + "-----END " + std::string{kind} +
         "-----\n";
}

/// A CA with one server certificate and one client certificate.
struct test_pki {
  struct wish {
    std::string dns = "localhost";
    std::chrono::hours begins{-1}, ends{24}; ///< from now
  };

  std::string root_pem, server_pem, server_key_pem, client_pem, client_key_pem;

  explicit test_pki(wish const& w) {
    Botan::AutoSeeded_RNG rng;
    auto const now = std::chrono::system_clock::now();
    const pki::context with{now, rng};
    auto const spec = pki::key_spec::ecdsa("secp256r1");
    auto const root_key = must(pki::make_private_key(spec, with));
    pki::certificate_order order;
    order.subject_der = pki::make_name({{pki::oids::common_name, "est-conformance test root"}});
    order.not_before = now - std::chrono::hours{1000};
    order.not_after = now + std::chrono::hours{1000};
    order.extensions = {pki::make_basic_constraints(true),
                        pki::make_key_usage(pki::key_usage::key_cert_sign | pki::key_usage::crl_sign)};
    auto const root = must(pki::make_self_signed(order, root_key, "", with));
    root_pem = pem("CERTIFICATE", root.der());
    auto const issue = [&](std::string const& name, bool server, std::string& certificate, std::string& key_pem) {
      auto const key = must(pki::make_private_key(spec, with));
      order.subject_der = pki::make_name({{pki::oids::common_name, name}});
      order.public_key_info = key.public_key_info();
      order.not_before = now + (server ? w.begins : std::chrono::hours{-1});
      order.not_after = now + (server ? w.ends : std::chrono::hours{24});
      pki::alternative_names names;
      names.dns = {server ? w.dns : name};
      order.extensions = {pki::make_subject_alternative_name(names)};
      certificate = pem("CERTIFICATE", must(pki::make_certificate(order, root_key, root, "", with)).der());
      key_pem = pem("PRIVATE KEY", key.encode().expose());
    };
    issue("server", true, server_pem, server_key_pem);
    issue("client", false, client_pem, client_key_pem);
  }
  test_pki() : test_pki(wish{}) {}
};

/// One accepted connection. Blocking, with a receive timeout of its own so that no test hangs.
class peer_connection {
public:
  peer_connection(int fd, SSL_CTX* context) : fd_(fd), context_(context) {
    timeval const patience{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int const one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  peer_connection(peer_connection const&) = delete;
  peer_connection& operator=(peer_connection const&) = delete;
  ~peer_connection() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    if (fd_ >= 0) ::close(fd_);
    ERR_clear_error();
  }

  bool handshake() {
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    return SSL_accept(ssl_) == 1;
  }
  void say(std::string_view octets) {
    if (ssl_ != nullptr)
      SSL_write(ssl_, octets.data(), static_cast<int>(octets.size()));
    else [[maybe_unused]]
      auto const sent = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
  }
  /// Reads until a text has come, or nothing more does.
  std::string hear(std::string_view until) {
    std::string all;
    char buffer[4096];
    while (all.find(until) == std::string::npos) {
      int const got = ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof buffer)
                                      : static_cast<int>(::recv(fd_, buffer, sizeof buffer, 0));
      if (got <= 0) break;
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }
  void close_notify() { SSL_shutdown(ssl_); }
  void reset() {
    linger const hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(fd_);
    fd_ = -1;
  }
  SSL* ssl() noexcept { return ssl_; }

private:
  int fd_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
};

struct server_wish {
  int version = 0;                 ///< TLS1_2_VERSION, TLS1_3_VERSION; 0 for both
  bool demand_certificate = false; ///< SSL_VERIFY_FAIL_IF_NO_PEER_CERT
  bool ask_certificate = false;
};

class scripted_server {
public:
  using script = std::function<void(peer_connection&, std::size_t connection, std::atomic<bool> const& stop)>;

  scripted_server(test_pki const& pki, script s, server_wish w = {}) : script_(std::move(s)) {
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(context_, SSL_MODE_NO_AUTO_CHAIN);
    use(pki);
    if (w.version != 0) {
      SSL_CTX_set_min_proto_version(context_, w.version);
      SSL_CTX_set_max_proto_version(context_, w.version);
    }
    if (w.demand_certificate || w.ask_certificate)
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | (w.demand_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                         nullptr);
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    BOOST_REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    BOOST_REQUIRE(::listen(listener_, 16) == 0);
    BOOST_REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { serve(); }};
  }
  scripted_server(scripted_server const&) = delete;
  scripted_server& operator=(scripted_server const&) = delete;
  ~scripted_server() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }

  std::uint16_t port() const noexcept { return port_; }
  std::size_t connections() const noexcept { return connections_; }

private:
  void use(test_pki const& pki) {
    auto const mem = [](std::string const& text) {
      return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    };
    BIO* in = mem(pki.server_pem);
    X509* certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    BIO_free(in);
    in = mem(pki.server_key_pem);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
    BIO_free(in);
    in = mem(pki.root_pem);
    X509* root = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    BIO_free(in);
    BOOST_REQUIRE(SSL_CTX_use_certificate(context_, certificate) == 1);
    BOOST_REQUIRE(SSL_CTX_use_PrivateKey(context_, key) == 1);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), root);
    X509_free(certificate);
    X509_free(root);
    EVP_PKEY_free(key);
  }

  void serve() {
    // The client is what must not raise SIGPIPE; this end may write to whom it likes.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!stop_) {
      pollfd p{listener_, POLLIN, 0};
      if (::poll(&p, 1, 20) != 1) continue;
      int const fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) continue;
      peer_connection c{fd, context_};
      script_(c, connections_++, stop_);
    }
  }

  script script_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> connections_{0};
  std::thread thread_;
};

/// Does nothing until the test is over.
inline void hang(std::atomic<bool> const& stop) {
  while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

} // namespace est::test
