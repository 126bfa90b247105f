#pragma once
/// An HTTPS server by cpp-httplib and OpenSSL that hands every request to one function, hardened against what cpp-httplib
/// lets through: bodies without limit, bodies in two framings or compressed, header values with line ends in them,
/// unread bodies taken for the next request, exception text in answers. Not part of est.hpp: a program that includes it
/// needs cpp-httplib (0.11.4 or newer) and OpenSSL 3.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>
#include <est/transport/openssl_context.hpp>
#include <est/transport/openssl_facts.hpp>

#include <httplib.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "cpp-httplib is set up without TLS: compile with the flags of `pkg-config --cflags cpp-httplib`"
#endif

namespace est::transport {

/// What an HTTPS server is started with.
struct httplib_server_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;            ///< 0: any free port
  std::string certificate_chain_pem; ///< the server's certificate, then intermediates
  secret_bytes key_pem;              ///< its private key: PEM, not encrypted

  /// Anchors for TLS client certificates: self-signed ones, and CA certificates below them that clients may leave out.
  /// Without any, no client is asked for a certificate; with some, each client is, and may go without.
  std::string client_anchors_pem;

  std::optional<http::tls_version> tls; ///< this version and no other; without it 1.2 and 1.3

  std::size_t max_body = std::size_t{256} << 10; ///< octets; a longer one is answered 413
  std::size_t threads = 32;                      ///< connections served at a time
  std::chrono::seconds read_timeout{5};          ///< of one read, not of the whole request
  std::chrono::seconds write_timeout{5};
  std::chrono::seconds keep_alive{5}; ///< how long an idle connection is kept
  std::size_t keep_alive_requests = 100;
};

namespace detail {

/// All certificates of a PEM text.
inline result<std::vector<x509_ptr>> read_certificates_pem(std::string_view pem, std::string_view where) {
  std::vector<x509_ptr> list;
  auto const bio = read_from(as_bytes(pem));
  while (auto* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) list.emplace_back(certificate);
  ERR_clear_error(); // the end of the text is an error to OpenSSL
  if (list.empty()) return fail(errc::invalid_argument, std::string{where}, "no PEM certificate can be read");
  return list;
}

/// Never asks at the terminal for a passphrase.
inline int no_passphrase(char*, int, int, void*) { return 0; }

/// Verifies as OpenSSL would and lets the handshake go on either way: what came out stands in SSL_get_verify_result, so
/// that a client whose certificate is not accepted is told so over HTTP (RFC 7030 section 4.2.3) and is not cut off.
inline int verify_and_go_on(X509_STORE_CTX* context, void*) {
  if (X509_verify_cert(context) != 1 && X509_STORE_CTX_get_error(context) == X509_V_OK)
    X509_STORE_CTX_set_error(context, X509_V_ERR_UNSPECIFIED);
  ERR_clear_error();
  return 1;
}

inline int protocol_number(http::tls_version version) noexcept {
  switch (version) {
  case http::tls_version::tls_1_0: return TLS1_VERSION;
  case http::tls_version::tls_1_1: return TLS1_1_VERSION;
  case http::tls_version::tls_1_2: return TLS1_2_VERSION;
  case http::tls_version::tls_1_3: return TLS1_3_VERSION;
  case http::tls_version::unknown: break;
  }
  return 0;
}

/// What a context needs, read from its PEM texts before there is a server.
struct server_identity {
  std::vector<x509_ptr> chain;
  evp_pkey_ptr key;
  std::vector<x509_ptr> anchors;
};

inline result<server_identity> read_identity(httplib_server_options const& options) {
  server_identity identity;
  auto chain = read_certificates_pem(options.certificate_chain_pem, "server.certificate");
  if (!chain) return fail(std::move(chain.error()));
  identity.chain = std::move(*chain);
  auto const bio = read_from(options.key_pem.expose());
  identity.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!identity.key) return fail(errc::invalid_argument, "server.key", "no unencrypted PEM private key can be read");
  if (!options.client_anchors_pem.empty()) {
    auto anchors = read_certificates_pem(options.client_anchors_pem, "server.client_anchors");
    if (!anchors) return fail(std::move(anchors.error()));
    identity.anchors = std::move(*anchors);
  }
  return identity;
}

/// Source:  RFC 8996 (no TLS below 1.2), RFC 7030 section 3.3 (session resumption should work, which needs a session id
///          context where client certificates are asked for)
inline bool set_up(SSL_CTX& context, server_identity const& identity, std::optional<http::tls_version> pinned) {
  int const lowest = pinned ? protocol_number(*pinned) : TLS1_2_VERSION;
  int const highest = pinned ? protocol_number(*pinned) : 0;
  if (SSL_CTX_set_min_proto_version(&context, lowest) != 1) return false;
  if (SSL_CTX_set_max_proto_version(&context, highest) != 1) return false;
  SSL_CTX_set_options(&context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (!allow_suites(&context)) return false;
  static constexpr unsigned char session_context[] = {'e', 's', 't'};
  if (SSL_CTX_set_session_id_context(&context, session_context, sizeof session_context) != 1) return false;

  if (SSL_CTX_use_certificate(&context, identity.chain.front().get()) != 1) return false;
  for (std::size_t i = 1; i < identity.chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(&context, identity.chain[i].get()) != 1) return false;
  if (SSL_CTX_use_PrivateKey(&context, identity.key.get()) != 1) return false;
  if (SSL_CTX_check_private_key(&context) != 1) return false;

  if (!identity.anchors.empty()) {
    X509_STORE* const store = SSL_CTX_get_cert_store(&context);
    for (auto const& anchor : identity.anchors) {
      if (X509_STORE_add_cert(store, anchor.get()) != 1) return false;
      if (SSL_CTX_add_client_CA(&context, anchor.get()) != 1) return false;
    }
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(&context, verify_and_go_on, nullptr);
  }
  ERR_clear_error();
  return true;
}

/// cpp-httplib takes the set-up function as `bool(SSL_CTX&)`; since its TLS layer was made replaceable, as `bool(void*)`.
template <class F, class Server = httplib::SSLServer> std::unique_ptr<Server> make_ssl_server(F set_up_context) {
  using with_reference = std::function<bool(SSL_CTX&)>;
  if constexpr (std::is_constructible_v<Server, with_reference>)
    return std::make_unique<Server>(with_reference{std::move(set_up_context)});
  else
    return std::make_unique<Server>(std::function<bool(void*)>{
        [f = std::move(set_up_context)](void* context) { return f(*static_cast<SSL_CTX*>(context)); }});
}

/// The connection's SSL*, whatever pointer this cpp-httplib keeps.
inline SSL* ssl_of(httplib::Request const& q) {
  return static_cast<SSL*>(const_cast<void*>(static_cast<void const*>(q.ssl)));
}

/// Makes cpp-httplib read nothing more from the connection, so that it closes once the answer is out. Needed where a body
/// was left unread: its octets would be taken for the next request.
inline void read_no_more(httplib::Request const& q) {
  // Not shutdown(2): cpp-httplib would take the socket for dead and not write the answer.
  if (auto* const ssl = ssl_of(q)) SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

/// The decimal number of a Content-Length; none if it is anything else.
/// Source:  RFC 9110 section 8.6: `Content-Length = 1*DIGIT`
inline std::optional<std::size_t> parse_length(std::string_view text) {
  std::size_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

} // namespace detail

/// A running HTTPS server.
/// Promises: the handler is called from several threads at once, with whole requests only, for every method and target;
///           an exception from it becomes a 500 without its text; no body beyond `max_body` is kept in memory; TLS 1.2 is
///           the least; a client certificate that does not verify against the anchors reaches the handler with
///           `peer_verified` false, never true.
/// Notes:    cpp-httplib decodes %-escapes in header values (CVE-2026-45372) and keeps no order among fields: values that
///           hold control characters after that are refused with 400. On TLS 1.2 a peer without extended master secret
///           is served, and its facts say so.
/// Does NOT promise: to serve pipelined requests (the second is lost), nor to bound the time of a whole request: a slow
///           sender holds a thread as long as it sends something within each read timeout. Put a connection limit in
///           front of a server that strangers reach.
class httplib_server {
public:
  using handler = std::function<http::response(http::request const&, http::tls_facts const&)>;

  /// Binds, and serves in threads of its own.
  /// Errors:  invalid_argument for certificates and keys that cannot be used, unreachable where the port cannot be bound
  static result<std::unique_ptr<httplib_server>> start(handler handle, httplib_server_options options) {
    try {
      auto identity = detail::read_identity(options);
      if (!identity) return fail(std::move(identity.error()));
      std::unique_ptr<httplib_server> made{new httplib_server(std::move(handle), std::move(options), *identity)};
      if (auto started = made->listen(); !started) return fail(std::move(started.error()));
      return made;
    } catch (std::exception const&) { return fail(errc::internal, "server", "the server could not be started"); }
  }

  httplib_server(httplib_server const&) = delete;
  httplib_server& operator=(httplib_server const&) = delete;
  ~httplib_server() { stop(); }

  std::uint16_t port() const noexcept { return port_; }
  std::string const& host() const noexcept { return options_.host; }

  /// Stops accepting, and waits for the requests being served and for idle connections (up to `keep_alive`).
  void stop() {
    if (server_) server_->stop();
    if (thread_.joinable()) thread_.join();
  }

private:
  /// A refused body is read away up to this much beyond the limit, since closing with unread octets resets the connection
  /// and may cost the client the answer.
  static constexpr std::size_t read_away = std::size_t{1} << 20;

  httplib_server(handler handle, httplib_server_options options, detail::server_identity const& identity)
      : handle_(std::move(handle)), options_(std::move(options)) {
    server_ =
        detail::make_ssl_server([&](SSL_CTX& context) { return detail::set_up(context, identity, options_.tls); });
  }

  result<void> listen() {
    if (!server_ || !server_->is_valid())
      return fail(errc::invalid_argument, "server",
                  "OpenSSL does not take this certificate, key or version: " +
                      take_openssl_error("it does not say why"));
    harden();
    int const bound = options_.port == 0 ? server_->bind_to_any_port(options_.host)
                                         : (server_->bind_to_port(options_.host, options_.port) ? options_.port : -1);
    if (bound <= 0)
      return fail(errc::unreachable, "server",
                  "cannot listen on " + options_.host + ":" + std::to_string(options_.port));
    port_ = static_cast<std::uint16_t>(bound);
    thread_ = std::thread([this] {
      try {
        server_->listen_after_bind();
      } catch (std::exception const&) {} // nobody is there to be told; the connection attempts will tell
      ended_ = true;
    });
    while (!server_->is_running() && !ended_) std::this_thread::sleep_for(std::chrono::microseconds(200));
    if (!server_->is_running()) return fail(errc::unreachable, "server", "listening ended at once");
    return {};
  }

  void harden() {
    auto& s = *server_;
    s.set_tcp_nodelay(true); // 44 ms a request otherwise
    // By default SO_REUSEPORT, under which a second server on the port takes half of the connections, unnoticed.
    s.set_socket_options([](auto socket) {
      int const yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    s.set_payload_max_length(options_.max_body + read_away);
    s.set_read_timeout(options_.read_timeout.count(), 0);
    s.set_write_timeout(options_.write_timeout.count(), 0);
    s.set_keep_alive_timeout(options_.keep_alive.count());
    s.set_keep_alive_max_count(options_.keep_alive_requests);
    s.new_task_queue = [threads = options_.threads] { return new httplib::ThreadPool(threads); };
    // By default the exception's text is sent in a header. Whatever of the request was left unread stays so.
    s.set_exception_handler([](httplib::Request const& q, httplib::Response& r, std::exception_ptr) {
      read_no_more_and_put(q, r, plain(500, "The server failed to answer this request.\n"));
    });
    // Everything is answered here, unless there is a body to be read first.
    s.set_pre_routing_handler(httplib::Server::HandlerWithResponse{
        [this](httplib::Request const& q, httplib::Response& r) { return before_the_body(q, r); }});
    auto const with_body = httplib::Server::HandlerWithContentReader{
        [this](httplib::Request const& q, httplib::Response& r, httplib::ContentReader const& read) {
          read_body_and_answer(q, r, read);
        }};
    s.Post(".*", with_body).Put(".*", with_body).Patch(".*", with_body);
  }

  static http::response plain(int status, std::string text) {
    http::response r;
    r.status = status;
    r.headers.add("Content-Type", "text/plain");
    r.body = std::move(text);
    return r;
  }

  static http::response closing(http::response r) {
    r.headers.set("Connection", "close");
    return r;
  }

  /// Into cpp-httplib's hands. A Content-Length without a body is kept: the answer to HEAD.
  static void put(http::response answer, httplib::Response& r) {
    r.status = answer.status;
    r.headers.clear();
    for (auto const& f : answer.headers)
      if (answer.body.empty() || !http::equal_ignoring_case(f.name, "Content-Length"))
        r.headers.emplace(f.name, f.value);
    r.body = std::move(answer.body);
  }

  /// The fields as cpp-httplib has them, free of those that it adds. Their order is lost.
  static http::fields fields_of(httplib::Request const& q) {
    http::fields list;
    for (auto const& [name, value] : q.headers) {
      bool added = false;
      for (auto const* own : {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR", "LOCAL_PORT"})
        added = added || http::equal_ignoring_case(name, own);
      if (!added) list.add(name, value);
    }
    return list;
  }

  static bool has_control_characters(http::fields const& list) {
    for (auto const& f : list)
      for (char const c : f.value) {
        auto const octet = static_cast<unsigned char>(c);
        if ((octet < 0x20 && c != '\t') || octet == 0x7f) return true;
      }
    return false;
  }

  /// How long the body is going to be, as far as the header tells; or why the message is not safe to be read.
  struct framing {
    enum class kind : std::uint8_t { none, length, chunked, refused } what = kind::none;
    std::size_t length = 0;
    int status = 400;
    std::string_view why;
  };

  /// Source:  RFC 9112 sections 3.2 (Host), 6.1 and 6.3 (message body length)
  static framing framing_of(httplib::Request const& q, http::fields const& list) {
    using kind = framing::kind;
    auto const refused = [](int status, std::string_view why) { return framing{kind::refused, 0, status, why}; };
    if (has_control_characters(list)) return refused(400, "A header field holds control characters.\n");
    if (q.version == "HTTP/1.1" && list.count("Host") != 1)
      return refused(400, "The request has no Host field, or several.\n");
    auto const lengths = list.all("Content-Length"), codings = list.all("Transfer-Encoding");
    if (lengths.size() + codings.size() > 1) return refused(400, "The request says twice how long its body is.\n");
    if (!codings.empty()) {
      if (!http::equal_ignoring_case(http::trim(codings.front()), "chunked"))
        return refused(501, "The transfer coding is not supported.\n");
      return {kind::chunked, 0, 0, {}};
    }
    if (lengths.empty()) return {};
    auto const length = detail::parse_length(lengths.front());
    if (!length) return refused(400, "Content-Length is no number.\n");
    return {*length == 0 ? kind::none : kind::length, *length, 0, {}};
  }

  httplib::Server::HandlerResponse before_the_body(httplib::Request const& q, httplib::Response& r) {
    using answer = httplib::Server::HandlerResponse;
    // Range concerns GET of something that has ranges (RFC 9110 section 14.2); cpp-httplib would cut any answer.
    const_cast<httplib::Request&>(q).ranges.clear(); // the object is not const where it is made
    auto const list = fields_of(q);
    auto const body = framing_of(q, list);
    bool const reads = q.method == "POST" || q.method == "PUT" || q.method == "PATCH";
    switch (body.what) {
    case framing::kind::refused:
      read_no_more_and_put(q, r, plain(body.status, std::string{body.why}));
      return answer::Handled;
    case framing::kind::none: put(answer_to(q, list, {}), r); return answer::Handled;
    case framing::kind::length:
      if (body.length <= options_.max_body + read_away) break;
      read_no_more_and_put(q, r, too_large());
      return answer::Handled;
    case framing::kind::chunked: break;
    }
    if (reads) {
      send_continue_if_overlooked(q);
      return answer::Unhandled;
    }
    read_no_more_and_put(q, r, answer_to(q, list, {})); // the content of a GET or DELETE means nothing
    return answer::Handled;
  }

  void read_body_and_answer(httplib::Request const& q, httplib::Response& r, httplib::ContentReader const& read) {
    auto const list = fields_of(q);
    // What cpp-httplib reads here it would inflate past every limit, or take apart as a form. The handler still sees both
    // fields.
    auto& seen = const_cast<httplib::Request&>(q).headers; // the object is not const where it is made
    seen.erase("Content-Encoding");
    seen.erase("Content-Type");
    std::string body;
    std::size_t octets = 0;
    bool const whole = read([&](char const* data, std::size_t size) {
      octets += size;
      if (octets <= options_.max_body) body.append(data, size);
      return octets <= options_.max_body + read_away;
    });
    if (octets > options_.max_body) {
      if (!whole) return read_no_more_and_put(q, r, too_large());
      return put(too_large(), r);
    }
    if (!whole) return read_no_more_and_put(q, r, plain(400, "The body ended early, or its chunks cannot be read.\n"));
    if (auto const coding = list.find("Content-Encoding"); coding && !http::equal_ignoring_case(*coding, "identity"))
      return put(plain(415, "The content coding is not supported: send the body as it is.\n"), r);
    put(answer_to(q, list, std::move(body)), r);
  }

  static void read_no_more_and_put(httplib::Request const& q, httplib::Response& r, http::response answer) {
    detail::read_no_more(q);
    put(closing(std::move(answer)), r);
  }

  /// cpp-httplib compares the value of Expect by case; RFC 9110 section 10.1.1 does not.
  static void send_continue_if_overlooked(httplib::Request const& q) {
    auto const expectation = q.headers.find("Expect");
    if (expectation == q.headers.end() || q.version != "HTTP/1.1") return;
    if (expectation->second == "100-continue" || !http::equal_ignoring_case(expectation->second, "100-continue"))
      return;
    static constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    if (auto* ssl = detail::ssl_of(q)) SSL_write(ssl, interim.data(), static_cast<int>(interim.size()));
    ERR_clear_error();
  }

  http::response too_large() const {
    return plain(413, "The body is longer than " + std::to_string(options_.max_body) + " octets.\n");
  }

  http::response answer_to(httplib::Request const& q, http::fields list, std::string body) {
    http::request question{q.method, q.target, q.version, std::move(list), std::move(body)};
    try {
      ERR_clear_error(); // an old error of this thread is not this connection's
      auto* const ssl = detail::ssl_of(q);
      auto answer = handle_(question, ssl != nullptr ? facts_of(ssl) : http::tls_facts{});
      ERR_clear_error();
      return answer;
    } catch (...) { return plain(500, "The server failed to answer this request.\n"); }
  }

  handler handle_;
  httplib_server_options options_;
  std::unique_ptr<httplib::SSLServer> server_;
  std::thread thread_;
  std::atomic<bool> ended_ = false;
  std::uint16_t port_ = 0;
};

} // namespace est::transport
