#pragma once
/// An EST client over any transport: connect, call, answer.
///
///   est::client client{std::move(transport), endpoint};
///   auto const facts = client.connect();               // the CSR may have to carry a value of this connection
///   auto const answer = client.simple_enroll(csr);     // on that same connection

#include <est/client/trust.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/auth.hpp>
#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>
#include <est/message/cacerts.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/endpoint.hpp>
#include <est/message/enroll.hpp>
#include <est/message/operation.hpp>
#include <est/message/server_keygen.hpp>
#include <est/pki/certificate.hpp>
#include <est/transport/concept.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

/// How a client makes sure that the server is the one that was meant (RFC 7030 section 3.6).
enum class server_check : std::uint8_t {
  by_name,           ///< implicit anchors: the name in the certificate decides
  by_name_or_cmc_ra, ///< explicit anchors: the name, or id-kp-cmcRA
  by_transport, ///< the transport vouches for its peer: in process, or without certificates (RFC 7030 section 3.3.3)
};

struct client_options {
  server_check identity = server_check::by_name;
  std::optional<http::basic_credentials> credentials = std::nullopt;
  /// Send the credentials with the first request. Otherwise they are sent only to a server that asks for them.
  bool credentials_at_once = false;
  body_options body = {};
};

/// One client of one EST service.
/// Promises: no request before the server's identity was checked; credentials only over a connection whose peer was
///           verified, and never over TLS 1.0 or 1.1 (RFC 7030 section 3.2.3, RFC 8996); after a 401 one more try and no
///           third; no redirect is followed; a certificate is handed out only if it holds the key that was asked for
/// Does NOT promise: that an issued certificate leads to an anchor, or is valid now; pki/path says that. It never waits:
///           a pending answer is handed to the caller. Not safe for use by several threads at once.
template <transport::Transport T> class client {
public:
  client(T transport, endpoint where, client_options options = {})
      : transport_(std::move(transport)), where_(std::move(where)), options_(std::move(options)) {}

  /// Makes a new connection and checks who answers.
  /// Errors: invalid_argument for an endpoint that is none; those of the transport; server_untrusted and
  ///         server_name_mismatch
  result<http::tls_facts> connect() {
    facts_.reset();
    if (auto const checked = check_endpoint(where_); !checked) return fail(checked.error());
    auto facts = transport_.connect();
    if (!facts) return facts;
    if (auto const checked = check_peer(*facts); !checked) return fail(checked.error());
    facts_ = *facts;
    return facts;
  }

  /// The facts of the open connection; none where there is none.
  std::optional<http::tls_facts> const& facts() const noexcept { return facts_; }

  /// Asks for one operation and reads the answer; connects first where no connection is open.
  /// Notes:  those of the answer
  /// Errors: those of `connect`, of the transport and of `parse_reply`; unauthenticated where credentials are missing, were
  ///         refused, or are withheld
  template <Operation Op> result<typename Op::reply> call(typename Op::request const& question, notes* out = nullptr) {
    return exchange<Op>([&](http::tls_facts const&) -> result<typename Op::request const*> { return &question; }, out);
  }

  /// The same with a request that is made for the connection: where the server closes it with its 401, the request is made
  /// anew for the next one.
  /// In:     a callable `result<Op::request>(http::tls_facts const&)`
  template <Operation Op, class Make>
  requires std::same_as<std::invoke_result_t<Make&, http::tls_facts const&>, result<typename Op::request>>
      result<typename Op::reply> call_bound(Make make, notes* out = nullptr) {
    std::optional<typename Op::request> made;
    return exchange<Op>(
        [&](http::tls_facts const& facts) -> result<typename Op::request const*> {
          auto next = make(facts);
          if (!next) return fail(next.error());
          made.emplace(std::move(*next));
          return &*made;
        },
        out);
  }

  result<op::cacerts::reply> cacerts(notes* out = nullptr) { return call<op::cacerts>({}, out); }
  result<op::simple_enroll::reply> simple_enroll(pki::csr csr, notes* out = nullptr) {
    return call<op::simple_enroll>({std::move(csr)}, out);
  }
  result<op::simple_reenroll::reply> simple_reenroll(pki::csr csr, notes* out = nullptr) {
    return call<op::simple_reenroll>({std::move(csr)}, out);
  }
  result<op::server_keygen::reply> server_keygen(pki::csr csr, notes* out = nullptr) {
    return call<op::server_keygen>({std::move(csr)}, out);
  }

  T& transport() noexcept { return transport_; }
  endpoint const& where() const noexcept { return where_; }

private:
  result<void> check_peer(http::tls_facts const& facts) const {
    if (options_.identity == server_check::by_transport) return {};
    if (facts.peer_certificates.empty() || !facts.peer_verified)
      return fail(errc::server_untrusted, "server certificate", "the server's certificate was not verified");
    auto const certificate = pki::parse_certificate(facts.peer_certificates.front());
    if (!certificate) return fail_in("server certificate", certificate.error());
    return check_server_identity(*certificate, host_of(where_.authority),
                                 options_.identity == server_check::by_name_or_cmc_ra);
  }

  /// Whether credentials may be sent over the open connection; the sentence says why not.
  std::optional<std::string_view> why_withhold_credentials() const {
    if (!facts_->peer_verified) return "the server was not authenticated";
    if (facts_->version == http::tls_version::tls_1_0 || facts_->version == http::tls_version::tls_1_1)
      return "the connection's TLS version is too old (RFC 8996)";
    return std::nullopt;
  }

  tl::unexpected<failure> withheld(std::string_view why) const {
    return fail(errc::unauthenticated, "credentials",
                "the server wants credentials; none were sent, since " + std::string{why});
  }

  result<http::response> send(http::request const& question) {
    auto answer = transport_.round_trip(question);
    if (!answer) {
      facts_.reset();
      return answer;
    }
    for (auto const value : answer->headers.all("Connection"))
      if (http::equal_ignoring_case(value, "close")) facts_.reset();
    return answer;
  }

  /// A request that was bound to a connection that is gone must not go over the next one: the server would refuse it, or
  /// worse, a server in between could use it.
  template <class Request>
  static bool is_bound_to_another(Request const& question, http::tls_facts const& before, http::tls_facts const& now) {
    if constexpr (requires { question.csr.challenge_password(); }) {
      auto const password = question.csr.challenge_password();
      if (!password) return false;
      for (auto const which : {channel_binding::tls_unique, channel_binding::tls_exporter, channel_binding::finished})
        if (is_channel_binding(*password, before, which) && !is_channel_binding(*password, now, which)) return true;
    }
    return false;
  }

  static bool asks_for_basic(http::response const& answer) {
    for (auto const value : answer.headers.all("WWW-Authenticate"))
      for (auto const& challenge : http::parse_challenges(value))
        if (http::equal_ignoring_case(challenge.scheme, "Basic")) return true;
    return false;
  }

  template <Operation Op, class Make> result<typename Op::reply> exchange(Make&& make, notes* out) {
    if (!facts_)
      if (auto const connected = connect(); !connected) return fail(connected.error());
    auto before = *facts_;
    auto question = make(before);
    if (!question) return fail(question.error());
    auto message = to_http<Op>(**question, where_, options_.body);
    bool credentials_sent = false;
    if (options_.credentials && options_.credentials_at_once) {
      if (auto const why = why_withhold_credentials()) return withheld(*why);
      message.headers.add("Authorization", http::encode_basic(*options_.credentials));
      credentials_sent = true;
    }
    auto answer = send(message);
    if (!answer) return fail(answer.error());

    if (answer->status == 401 && options_.credentials && !credentials_sent && asks_for_basic(*answer)) {
      if (!facts_) { // the server closed the connection with its 401
        if (auto const connected = connect(); !connected) return fail(connected.error());
        question = make(*facts_);
        if (!question) return fail(question.error());
        if (is_bound_to_another(**question, before, *facts_))
          return fail(errc::connection_closed, "request",
                      "the request is bound to the connection that the server closed with its 401: make it anew");
        message = to_http<Op>(**question, where_, options_.body);
      }
      if (auto const why = why_withhold_credentials()) return withheld(*why);
      message.headers.set("Authorization", http::encode_basic(*options_.credentials));
      answer = send(message);
      if (!answer) return fail(answer.error());
    }
    return parse_reply<Op>(*answer, **question, out);
  }

  T transport_;
  endpoint where_;
  client_options options_;
  std::optional<http::tls_facts> facts_;
};

} // namespace est
