#pragma once
/// HTTPS over cpp-httplib (0.11.4 and 0.18.7), with its edges taken off: TCP_NODELAY, no redirects, no decompression, a cap
/// on bodies, deadlines, verification by OpenSSL within the handshake instead of httplib's own look at names (which takes
/// a common name where subjectAltName says otherwise), and no silent reconnection.
///
/// cpp-httplib connects only when it sends. So `connect()` sends a request of its own, GET /.well-known/est/cacerts, and
/// reads the TLS facts while the answer comes in; what is asked next goes over that connection. A server that closes after
/// every answer, as one of HTTP/1.0 does unless it says keep-alive, cannot be used through this transport.
///
/// Does NOT promise, since cpp-httplib hides it: the order of fields in an answer, the order of fields of one name, a %XX
/// in a field value (it is decoded), interim answers, trailers; nor that an answer cut without close_notify is told from
/// a whole one where neither a length nor chunks delimit it. Bytes exactly as they came are not to be had here.

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>
#include <est/transport/concept.hpp>
#include <est/transport/openssl_context.hpp>
#include <est/transport/openssl_facts.hpp>

#include <httplib.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "cpp-httplib is set up without TLS: compile with the flags of `pkg-config --cflags cpp-httplib`"
#endif

namespace est::transport {

struct httplib_client_options {
  std::string host; ///< a DNS name or an IP address, without brackets
  std::uint16_t port = 443;
  std::string address; ///< connect to this address and do not resolve the host; empty: resolve

  std::string anchors_pem; ///< PEM certificates to trust; empty: the system's store
  bool verify = true;      ///< false: any certificate passes, and the facts say that it was not verified
  /// Whether the name is compared within the handshake. False where the caller does it afterwards, since a server with
  /// id-kp-cmcRA may have another name (RFC 7030 section 3.6.1).
  bool check_name = true;
  http::tls_version only = http::tls_version::unknown; ///< one TLS version alone; unknown: TLS 1.2 and above

  std::string certificate_pem; ///< the client's certificate and its chain; empty: none
  secret_bytes key_pem;
  std::optional<secret_bytes> key_password = std::nullopt;
  secret_bytes pkcs12; ///< in place of the three above; empty: none
  secret_bytes pkcs12_password;

  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds read_timeout{30000}; ///< for each wait for octets
  /// From sending a request, or from the beginning of the handshake, to the last octet of the answer.
  std::chrono::milliseconds exchange_timeout{60000};
  std::size_t body_octets = 16u << 20; ///< the longest body that is taken

  std::string opening_target = "/.well-known/est/cacerts"; ///< what `connect` asks for
  /// A peer that goes away while octets are written to it raises SIGPIPE, which ends the process unless it is ignored.
  bool ignore_sigpipe = true;
};

/// One client for one host.
/// Promises: after `connect`, requests go over that connection or fail with connection_closed
/// Errors:   unreachable, tls_failed, server_untrusted, server_name_mismatch, timed_out, connection_closed, too_large,
///           unsupported_coding, invalid_argument for a field that would break out of its line
class httplib_client {
public:
  /// Errors: invalid_argument for anchors, certificates, keys or passwords that cannot be used
  static result<httplib_client> make(httplib_client_options options) {
    try {
      auto made = std::make_unique<state>(std::move(options));
      if (auto const prepared = made->prepare(); !prepared) return fail(prepared.error());
      return httplib_client{std::move(made)};
    } catch (std::exception const&) { return fail(errc::internal, "transport", "the HTTP client cannot be made"); }
  }

  result<http::tls_facts> connect() {
    auto& s = *state_;
    s.disconnect();
    http::request opening;
    opening.target = s.options.opening_target;
    opening.headers.add("Host", s.authority());
    s.seal(false);
    auto const answer = s.exchange(opening);
    s.seal(true);
    if (!answer && !(s.facts && answer.error().code == errc::too_large)) {
      s.disconnect();
      return fail(answer.error());
    }
    if (!s.facts) return fail(errc::tls_failed, "connection", "the answer came without a handshake");
    if (!answer || s.client.is_socket_open() == 0)
      return fail(errc::connection_closed, "connection",
                  "the server closed the connection after its first answer; this transport needs it open");
    s.connected = true;
    return *s.facts;
  }

  result<http::response> round_trip(http::request const& question) {
    auto& s = *state_;
    if (!s.connected) return fail(errc::connection_closed, "connection", "no connection is open");
    auto const handshakes = s.handshakes;
    auto answer = s.exchange(question);
    if (s.handshakes != handshakes)
      answer = fail(errc::connection_closed, "connection", "the server had closed the connection");
    if (!answer || s.client.is_socket_open() == 0) s.connected = false;
    return answer;
  }

  /// Closes the connection.
  void disconnect() { state_->disconnect(); }

private:
  struct state {
    explicit state(httplib_client_options o) : options(std::move(o)), client(options.host, options.port) {}
    ~state() { client.stop(); } // OpenSSL calls back while it closes
    state(state const&) = delete;
    state& operator=(state const&) = delete;

    httplib_client_options options;
    httplib::SSLClient client;
    bool connected = false;
    std::size_t handshakes = 0;
    std::optional<http::tls_facts> facts;
    SSL const* in_use = nullptr; ///< only while the exchange that made the handshake is under way
    int verify_error = X509_V_OK;
    std::optional<std::chrono::steady_clock::time_point> deadline; ///< of the exchange that is under way
    bool late = false;                                             ///< that it was missed

    std::string authority() const {
      auto const bare = options.host.find(':') != std::string::npos ? "[" + options.host + "]" : options.host;
      return options.port == 443 ? bare : bare + ":" + std::to_string(options.port);
    }

    static int slot() {
      static int const index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
      return index;
    }
    static state* of(SSL const* ssl) noexcept {
      return static_cast<state*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot()));
    }

    /// Called before octets are read or written: a server that sends an octet now and then would keep every other limit.
    static long on_octets(BIO* bio, int operation, char const*, std::size_t, int, long, int outcome,
                          std::size_t*) noexcept {
      auto* const self = reinterpret_cast<state*>(BIO_get_callback_arg(bio));
      bool const moves = operation == BIO_CB_READ || operation == BIO_CB_WRITE;
      if (!moves || self == nullptr || !self->deadline || std::chrono::steady_clock::now() <= *self->deadline)
        return outcome;
      self->late = true;
      BIO_clear_retry_flags(bio); // nobody is to try again
      return 0;
    }

    static void watch(SSL const* ssl, state* self) noexcept {
      for (BIO* const bio : {SSL_get_rbio(ssl), SSL_get_wbio(ssl)})
        if (bio != nullptr) {
          BIO_set_callback_arg(bio, reinterpret_cast<char*>(self));
          BIO_set_callback_ex(bio, on_octets);
        }
    }

    static void on_info(SSL const* ssl, int where, int) noexcept {
      state* const self = of(ssl);
      if ((where & SSL_CB_HANDSHAKE_START) != 0) watch(ssl, self);
      if ((where & SSL_CB_HANDSHAKE_DONE) == 0 || self == nullptr) return;
      ++self->handshakes;
      self->in_use = ssl;
      try {
        self->facts = facts_of(ssl);
      } catch (std::exception const&) { self->facts.reset(); }
      self->seal(true);
    }

    static int on_verify(int passes, X509_STORE_CTX* store) noexcept {
      auto const* const ssl =
          static_cast<SSL const*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
      state* const self = ssl != nullptr ? of(ssl) : nullptr;
      if (passes == 0 && self != nullptr && self->verify_error == X509_V_OK)
        self->verify_error = X509_STORE_CTX_get_error(store);
      return passes;
    }

    SSL_CTX* context() { return client.ssl_context(); }

    /// A sealed context starts no handshake: cpp-httplib cannot reconnect behind our back.
    void seal(bool closed) noexcept {
      if (closed)
        SSL_CTX_set_options(context(), SSL_OP_NO_SSL_MASK);
      else
        SSL_CTX_clear_options(context(), SSL_OP_NO_SSL_MASK);
    }

    void disconnect() {
      client.stop();
      connected = false;
      facts.reset();
      in_use = nullptr;
      verify_error = X509_V_OK;
      ERR_clear_error();
    }

    result<void> prepare() {
      if (options.host.empty() || context() == nullptr || !client.is_valid())
        return fail(errc::invalid_argument, "host", "no host is named, or OpenSSL gives no context");
      if (options.ignore_sigpipe) {
        struct sigaction now = {};
        if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
      }
      SSL_CTX_set_ex_data(context(), slot(), this);
      SSL_CTX_set_info_callback(context(), on_info);
      SSL_CTX_set_mode(context(), SSL_MODE_AUTO_RETRY);
      // RFC 7030 section 3.5: no renegotiation between reading tls-unique and the answer
      SSL_CTX_set_options(context(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
      if (!allow_suites(context())) return fail(errc::internal, "tls", "OpenSSL has no suites that may be used");
      client.enable_server_certificate_verification(false); // OpenSSL does it, within the handshake
      SSL_CTX_set_verify(context(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, on_verify);
      if (auto const done = allow_versions(context(), options.only); !done) return done;
      if (auto const done = trust_anchors(context(), options.anchors_pem); !done) return done;
      if (options.check_name)
        if (auto const done = demand_name(context(), options.host); !done) return done;
      if (!options.pkcs12.empty()) {
        if (auto const done = use_pkcs12_identity(context(), options.pkcs12, options.pkcs12_password); !done)
          return done;
      } else if (!options.certificate_pem.empty()) {
        if (auto const done = use_pem_identity(context(), options.certificate_pem, options.key_pem,
                                               options.key_password ? &*options.key_password : nullptr);
            !done)
          return done;
      }
      client.set_tcp_nodelay(true);
      client.set_keep_alive(true);
      client.set_follow_location(false);
      client.set_url_encode(false);
      client.set_compress(false);
      client.set_decompress(false);
      client.set_connection_timeout(options.connect_timeout);
      client.set_read_timeout(options.read_timeout);
      client.set_write_timeout(options.read_timeout);
      if (!options.address.empty()) client.set_hostname_addr_map({{options.host, options.address}});
      return {};
    }

    static bool is_one_line(std::string_view text) {
      return text.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
    }

    static result<httplib::Request> translate(http::request const& question) {
      httplib::Request made;
      made.method = question.method;
      made.path = question.target;
      if (!is_one_line(question.method) || !is_one_line(question.target) ||
          question.target.find(' ') != std::string::npos)
        return fail(errc::invalid_argument, "request", "the request line holds a blank or a line end");
      for (auto const& f : question.headers) {
        if (!is_one_line(f.name) || !is_one_line(f.value))
          return fail(errc::invalid_argument, "request", "a header field holds a line end");
        if (!http::equal_ignoring_case(f.name, "Content-Length")) made.headers.emplace(f.name, f.value);
      }
      if (!question.headers.has("User-Agent")) made.headers.emplace("User-Agent", "est-toolkit");
      if (!question.headers.has("Accept-Encoding")) made.headers.emplace("Accept-Encoding", "identity");
      made.body = question.body;
      return made;
    }

    result<http::response> exchange(http::request const& question) {
      try {
        return exchange_or_throw(question);
      } catch (std::exception const&) {
        in_use = nullptr;
        deadline.reset();
        return fail(errc::internal, "transport", "the HTTP client threw");
      }
    }

    result<http::response> exchange_or_throw(http::request const& question) {
      auto made = translate(question);
      if (!made) return fail(made.error());
      using clock = std::chrono::steady_clock;
      auto const start = clock::now();
      deadline = start + options.exchange_timeout;
      late = false;
      std::string body;
      bool too_long = false;
      std::string version;
      made->response_handler = [this, &version](httplib::Response const& begun) {
        // cpp-httplib takes every HTTP/1.0 connection for closed, also one that the server keeps (RFC 9112 section 9.3).
        version = begun.version;
        if (version == "HTTP/1.0" && http::equal_ignoring_case(begun.get_header_value("Connection"), "keep-alive"))
          const_cast<httplib::Response&>(begun).version = "HTTP/1.1"; // the object is not const where it is made
        // On TLS 1.2 the exporter answers only now; the connection is alive, since its answer is being read.
        if (in_use != nullptr) facts = facts_of(in_use);
        in_use = nullptr;
        return true;
      };
      made->content_receiver = [&](char const* data, std::size_t size, std::uint64_t, std::uint64_t) {
        too_long = size > options.body_octets - body.size();
        late = late || clock::now() > *deadline;
        if (too_long || late) return false;
        body.append(data, size);
        return true;
      };
      httplib::Response received;
      auto error = httplib::Error::Success;
      ERR_clear_error();
      bool const sent = client.send(*made, received, error);
      in_use = nullptr;
      deadline.reset();
      if (too_long)
        return fail(errc::too_large, "response.body",
                    "the body is longer than " + std::to_string(options.body_octets) + " octets");
      if (late) return fail(errc::timed_out, "connection", "the answer did not end in time");
      if (!sent) return fail(explain(error, clock::now() - start));

      http::response answer;
      answer.status = received.status;
      answer.reason = received.reason;
      answer.version = version.empty() ? received.version : version;
      for (auto const& [name, value] : received.headers)
        if (name != "REMOTE_ADDR" && name != "REMOTE_PORT" && name != "LOCAL_ADDR" && name != "LOCAL_PORT")
          answer.headers.add(name, value);
      answer.body = std::move(body);
      if (auto const coding = answer.headers.find("Content-Encoding");
          coding && !http::equal_ignoring_case(*coding, "identity"))
        return fail(errc::unsupported_coding, "response", "the content is coded, though identity was asked for");
      return answer;
    }

    failure explain(httplib::Error error, std::chrono::steady_clock::duration took) const {
      auto const made = [](errc code, std::string detail) {
        return failure{code, "connection", std::move(detail), std::nullopt};
      };
      if (verify_error == X509_V_ERR_HOSTNAME_MISMATCH || verify_error == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return made(errc::server_name_mismatch, "the server's certificate is not for " + options.host);
      if (verify_error != X509_V_OK)
        return made(errc::server_untrusted, std::string{"the server's certificate is not trusted: "} +
                                                X509_verify_cert_error_string(verify_error));
      auto const at = options.host + ":" + std::to_string(options.port);
      switch (error) {
      case httplib::Error::Connection:
      case httplib::Error::BindIPAddress:
        return took >= options.connect_timeout ? made(errc::timed_out, "no connection to " + at + " in time")
                                               : made(errc::unreachable, "no connection to " + at);
      case httplib::Error::ConnectionTimeout: return made(errc::timed_out, "no connection to " + at + " in time");
      case httplib::Error::SSLConnection:
        if (connected) return made(errc::connection_closed, "the server had closed the connection");
        return made(errc::tls_failed,
                    "the TLS handshake failed: " + take_openssl_error("the server closed, or it does not speak TLS"));
      case httplib::Error::Read:
      case httplib::Error::Write:
        if (took >= options.read_timeout) return made(errc::timed_out, "the server fell silent");
        return made(errc::connection_closed, "the connection ended before the answer did, or the answer is no HTTP (a "
                                             "server that demands a client certificate also ends it so)");
      default: return made(errc::connection_closed, "the exchange failed: " + httplib::to_string(error));
      }
    }
  };

  explicit httplib_client(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}

  std::unique_ptr<state> state_; ///< OpenSSL's callbacks hold its address
};
static_assert(Transport<httplib_client>);

} // namespace est::transport
