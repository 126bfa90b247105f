#include "tls_channel.hpp"

#include "conversation.hpp"
#include "hello.hpp"
#include "socket.hpp"
#include "tls_words.hpp"

#include <est/client/trust.hpp>
#include <est/message/endpoint.hpp>
#include <est/transport/openssl_facts.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <limits>
#include <optional>
#include <utility>

namespace est::conformance {

namespace {

using ssl_ptr = std::unique_ptr<SSL, openssl_free<SSL_free>>;

/// What channels need of the options: run_options hold secrets and cannot be copied.
struct target_settings {
  std::string host;
  std::uint16_t port = 443;
  std::string name; ///< to ask for and to compare
  std::vector<address_override> overrides;
  std::chrono::milliseconds connect_timeout, handshake_timeout, exchange_timeout;
  bool insecure = false;
  bool explicit_anchors = false;
};

bool is_address(std::string const& host) {
  unsigned char binary[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), binary) == 1 || ::inet_pton(AF_INET6, host.c_str(), binary) == 1;
}

struct free_session {
  void operator()(SSL_SESSION* s) const noexcept { SSL_SESSION_free(s); }
};
using session_ptr = std::unique_ptr<SSL_SESSION, free_session>;

class tls_channel final : public channel {
public:
  tls_channel(target_settings const& target, std::shared_ptr<tls_setup const> setup, channel_wish wish,
              SSL_SESSION* offered_session = nullptr)
      : target_(target), setup_(std::move(setup)), wish_(wish), offered_session_(offered_session) {}

  ~tls_channel() override {
    // One close_notify, if it can be written at once; nobody waits for the peer's.
    if (ssl_ && established_ && !wire_.reset && !wire_.deaf) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  result<http::tls_facts> open() override {
    auto socket = dial(target_.host, target_.port, target_.overrides, target_.connect_timeout);
    if (!socket) return fail(socket.error());
    socket_ = std::move(*socket);
    if (auto const shaken = handshake(); !shaken) return fail(shaken.error());
    auto facts = transport::facts_of(ssl_.get());
    if (!target_.insecure) {
      if (auto trouble = identity_trouble(facts)) return fail(std::move(*trouble));
    } else {
      facts.peer_verified = false;
    }
    usable_ = true;
    return facts;
  }

  received converse(outgoing const& out) override {
    if (!usable_) {
      received none;
      none.end = connection_end::closed;
      none.complaint = "there is no connection";
      return none;
    }
    const octet_stream stream{[this](auto octets, auto until) { return send(octets, until); },
                              [this](auto until) { return receive(until); }};
    return hold_conversation(stream, out, target_.exchange_timeout, usable_);
  }

  bool client_certificate_shown() const override { return certificate_asked_ && shows_certificate(); }
  std::optional<bool> client_certificate_asked() const override {
    if (!established_) return std::nullopt;
    return certificate_asked_;
  }
  std::optional<std::size_t> authorities_named() const override {
    if (!established_ || !certificate_asked_) return std::nullopt;
    auto const* const names = SSL_get0_peer_CA_list(ssl_.get());
    return names == nullptr ? 0 : static_cast<std::size_t>(std::max(0, sk_X509_NAME_num(names)));
  }
  bool usable() const override { return usable_; }

  /// The session as it stands by now: on TLS 1.3 tickets come with what is read after the handshake.
  session_ptr session() const { return session_ptr{SSL_get1_session(ssl_.get())}; }

private:
  enum class step { done, timed_out, failed };

  bool shows_certificate() const {
    return wish_.show_client_certificate && setup_->context_of(wish_.identity) != nullptr;
  }

  /// Repeats an operation of OpenSSL until it is done, fails, or the deadline comes. `code` is SSL_get_error's.
  template <class F> step drive(F operation, steady::time_point deadline, int& code) {
    for (;;) {
      ERR_clear_error();
      int const done = operation();
      if (done > 0) return step::done;
      code = SSL_get_error(ssl_.get(), done);
      if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) return step::failed;
      if (!socket_.wait(code == SSL_ERROR_WANT_WRITE, deadline)) return step::timed_out;
      if (steady::now() >= deadline) return step::timed_out; // a peer that dribbles records keeps the socket readable
    }
  }

  result<void> handshake() {
    auto* const context = shows_certificate() ? setup_->context_of(wish_.identity) : setup_->anonymous.get();
    ssl_.reset(SSL_new(context));
    wire_ = {};
    wire_.fd = socket_.fd();
    BIO* const bio = ssl_ ? make_wire_bio(wire_) : nullptr;
    if (bio == nullptr) return fail(errc::internal, "TLS", "OpenSSL gave no connection");
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_verify(ssl_.get(), target_.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, remember_verification);
    SSL_set_cert_cb(ssl_.get(), remember_request, this);
    if (!is_address(target_.name)) SSL_set_tlsext_host_name(ssl_.get(), target_.name.c_str());
    int const only = wire_number(wish_.only); // 0 for unknown
    if (only != 0 &&
        (SSL_set_min_proto_version(ssl_.get(), only) != 1 || SSL_set_max_proto_version(ssl_.get(), only) != 1))
      return fail(errc::internal, "TLS", "OpenSSL refuses the TLS version");
    if (offered_session_ != nullptr) SSL_set_session(ssl_.get(), offered_session_);
    int code = 0;
    switch (drive([this] { return SSL_connect(ssl_.get()); }, steady::now() + target_.handshake_timeout, code)) {
    case step::done: established_ = true; return {};
    case step::timed_out:
      return fail(errc::timed_out, "TLS handshake",
                  "the server accepted the connection and then did not finish the TLS handshake within " +
                      std::to_string(target_.handshake_timeout.count()) + " ms; does it speak HTTPS on port " +
                      std::to_string(target_.port) + "?");
    case step::failed: break;
    }
    handshake_trouble trouble;
    trouble.first_octets = wire_.first;
    trouble.ended = wire_.ended;
    trouble.reset = wire_.reset || (wire_.deaf && !wire_.ended);
    trouble.certificate_asked = certificate_asked_;
    trouble.certificate_shown = certificate_asked_ && shows_certificate();
    trouble.verify_result = verify_result_;
    trouble.verify_subject = verify_subject_;
    trouble.error = ERR_peek_error();
    trouble.port = target_.port;
    trouble.explicit_anchors = target_.explicit_anchors;
    ERR_clear_error();
    return fail(explain_handshake(trouble));
  }

  std::optional<failure> identity_trouble(http::tls_facts const& facts) const;

  bool send(std::string_view octets, steady::time_point deadline) {
    while (!octets.empty()) {
      auto const piece = std::min<std::size_t>(octets.size(), std::numeric_limits<int>::max());
      int code = 0, written = 0;
      auto const did = drive([&] { return written = SSL_write(ssl_.get(), octets.data(), static_cast<int>(piece)); },
                             deadline, code);
      if (did != step::done) {
        ERR_clear_error();
        return false;
      }
      octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  arrival receive(steady::time_point deadline) {
    arrival a;
    char buffer[16384];
    int code = 0, got = 0;
    switch (drive([&] { return got = SSL_read(ssl_.get(), buffer, sizeof buffer); }, deadline, code)) {
    case step::done:
      a.what = arrival::kind::octets;
      a.octets.assign(buffer, static_cast<std::size_t>(got));
      return a;
    case step::timed_out: return a;
    case step::failed: break;
    }
    a.what = arrival::kind::ended;
    auto const error = ERR_peek_error();
    ERR_clear_error();
    if (code == SSL_ERROR_ZERO_RETURN) {
      a.end = connection_end::close_notify;
    } else if (!is_alert(error) && (wire_.reset || (wire_.deaf && !wire_.ended))) {
      a.end = connection_end::reset;
    } else if (wire_.ended && !is_alert(error)) {
      a.end = connection_end::closed;
    } else {
      a.end = connection_end::tls_error;
      a.complaint = explain_alert(error, certificate_asked_, certificate_asked_ && shows_certificate());
    }
    return a;
  }

  static tls_channel& of(SSL* ssl) { return *static_cast<tls_channel*>(SSL_get_app_data(ssl)); }

  /// Called by OpenSSL when the server asks for a certificate. The context has it already, if there is one.
  static int remember_request(SSL*, void* self) {
    static_cast<tls_channel*>(self)->certificate_asked_ = true;
    return 1;
  }

  static int remember_verification(int good, X509_STORE_CTX* store) {
    if (good == 1) return 1;
    auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& self = of(ssl);
    if (self.verify_result_ == X509_V_OK) {
      self.verify_result_ = X509_STORE_CTX_get_error(store);
      if (auto* const certificate = X509_STORE_CTX_get_current_cert(store))
        self.verify_subject_ = subject_in_words(certificate);
    }
    return 0;
  }

  target_settings const target_;
  std::shared_ptr<tls_setup const> setup_;
  channel_wish wish_;
  SSL_SESSION* offered_session_;
  tcp_socket socket_;
  wire_state wire_;
  ssl_ptr ssl_; // after socket_ and wire_, so that it goes first
  bool established_ = false;
  bool usable_ = false;
  bool certificate_asked_ = false;
  long verify_result_ = X509_V_OK;
  std::string verify_subject_;
};

std::optional<failure> tls_channel::identity_trouble(http::tls_facts const& facts) const {
  if (facts.peer_certificates.empty())
    return failure{errc::server_untrusted, "TLS handshake", "the server showed no certificate", {}};
  auto const certificate = pki::parse_certificate(facts.peer_certificates.front());
  if (!certificate)
    return failure{
        errc::server_untrusted, "server certificate", "it cannot be read: " + to_text(certificate.error()), {}};
  auto const meant = check_server_identity(*certificate, target_.name, target_.explicit_anchors);
  if (meant) return std::nullopt;
  auto trouble = meant.error();
  trouble.detail += " (--servername gives another name to look for)";
  return trouble;
}

result<target_settings> settings_of(run_options const& options) {
  target_settings target;
  target.host = options.target.host;
  target.port = options.target.port;
  target.name = options.server_name.empty() ? options.target.host : options.server_name;
  target.connect_timeout = options.connect_timeout;
  target.handshake_timeout = options.handshake_timeout;
  target.exchange_timeout = options.exchange_timeout;
  target.insecure = options.insecure;
  target.explicit_anchors = !options.ca_pem.empty();
  for (auto const& text : options.resolve) {
    auto o = parse_address_override(text);
    if (!o) return fail(o.error());
    target.overrides.push_back(std::move(*o));
  }
  return target;
}

/// Two handshakes; the second offers the session of the first. A request in between, because TLS 1.3 sends its tickets
/// when it pleases (RFC 8446 4.6.1), and they come with the answer at the latest.
tls_probe probe_resumption(target_settings const& target, std::shared_ptr<tls_setup const> const& setup,
                           probe_target const& where, http::tls_version version, bool show) {
  tls_probe out;
  out.what = tls_probe::kind::resumption;
  out.version = version;
  const channel_wish wish{show, client_identity::own, version};
  tls_channel first{target, setup, wish};
  if (auto const opened = first.open(); !opened) {
    out.trouble = opened.error().detail;
    return out;
  }
  outgoing ask;
  ask.method = "GET";
  ask.head = "GET " + where.cacerts + " HTTP/1.1\r\nHost: " + where.authority +
             "\r\nUser-Agent: est-conformance\r\nAccept: */*\r\n\r\n";
  if (auto const answer = first.converse(ask); !answer.whole) {
    out.trouble = answer.complaint;
    return out;
  }
  auto const session = first.session();
  if (!session || SSL_SESSION_is_resumable(session.get()) != 1) {
    out.resumed = false; // the server gave nothing that could be offered
    return out;
  }
  tls_channel second{target, setup, wish, session.get()};
  auto const again = second.open();
  if (!again)
    out.trouble = again.error().detail;
  else
    out.resumed = again->resumed;
  return out;
}

} // namespace

result<channel_factory> make_tls_channels(run_options const& options, std::shared_ptr<tls_setup const> setup) {
  auto target = settings_of(options);
  if (!target) return fail(target.error());
  return channel_factory{[target = std::move(*target),
                          setup = std::move(setup)](channel_wish const& wish) -> result<std::unique_ptr<channel>> {
    return std::make_unique<tls_channel>(target, setup, wish);
  }};
}

result<prober> make_tls_prober(run_options const& options, std::shared_ptr<tls_setup const> setup) {
  auto target = settings_of(options);
  if (!target) return fail(target.error());
  probe_target where;
  where.host = target->host;
  where.port = target->port;
  where.server_name = is_address(target->name) ? std::string{} : target->name;
  where.authority = options.target.authority();
  where.cacerts = est::target({where.authority, options.effective_label(), options.target.path}, "cacerts");
  where.overrides = target->overrides;
  where.connect_timeout = target->connect_timeout;
  where.handshake_timeout = target->handshake_timeout;
  bool const show = options.credentials.has_certificate() && options.may_send_credentials();
  return prober{[target = std::move(*target), where = std::move(where), setup = std::move(setup),
                 show](handshake_template const& h) {
    switch (h.what) {
    case tls_probe::kind::resumption: return probe_resumption(target, setup, where, h.version, show);
    case tls_probe::kind::clear_http: return probe_clear_http(where);
    case tls_probe::kind::hello: break;
    }
    return probe_hello(where, h.version, h.suites);
  }};
}

} // namespace est::conformance
