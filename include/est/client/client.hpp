#pragma once
/// An EST client over any transport: connect, call, answer.
///
///   est::client client{std::move(transport), endpoint};
///   auto const facts = client.connect();               // the CSR may have to carry a value of this connection
///   auto const answer = client.simple_enroll(csr);     // on that same connection

#include <est/client/authentication.hpp>
#include <est/client/full_cmc.hpp>
#include <est/client/trust.hpp>
#include <est/core/bytes.hpp>
#include <est/core/notes.hpp>
#include <est/core/random.hpp>
#include <est/core/result.hpp>
#include <est/http/auth.hpp>
#include <est/http/framing.hpp>
#include <est/http/message.hpp>
#include <est/http/redirect.hpp>
#include <est/http/tls_facts.hpp>
#include <est/message/cacerts.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/csr_attributes.hpp>
#include <est/message/endpoint.hpp>
#include <est/message/enroll.hpp>
#include <est/message/operation.hpp>
#include <est/message/server_keygen.hpp>
#include <est/pki/certificate.hpp>
#include <est/transport/concept.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
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
  std::optional<http::basic_credentials> credentials = std::nullopt; ///< for Basic and Digest; the user may be empty
  /// The ways in which the credentials may be proven, best first. Without basic, the password itself is never sent.
  std::vector<auth_scheme> schemes = default_auth_schemes();
  /// Send the credentials by Basic with the first request, if Basic is among the schemes. Otherwise they are sent only to a
  /// server that asks for them.
  bool credentials_at_once = false;
  /// How many redirections within the server's web origin are followed in one call; 0: none. Any other redirection is
  /// never followed: the call fails with `redirected`, and `client::redirected()` says where to.
  std::size_t redirections = 3;
  /// Send `Expect: 100-continue` with a body. Whether the body waits for the 100 is the transport's business.
  bool expect_continue = false;
  body_options body = {};
  /// Random octets, for Digest. The default asks the system; a replay gives its own.
  std::function<bytes(std::size_t octets)> random = system_random;
};

/// One client of one EST service.
/// Promises: no request before the server's identity was checked; credentials only over a connection whose peer was
///           verified, and never over TLS 1.0 or 1.1 (RFC 7030 section 3.2.3, RFC 8996); a challenge is answered once, and
///           once more only where a Digest nonce is said to be stale; a redirection is followed only within the web
///           origin, with the credentials made anew; no cookies; a certificate is handed out only if it holds the key that
///           was asked for; a connection whose tls-exporter value was sent is not used again (RFC 9266 section 4.1)
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
  ///         refused, or are withheld; redirected where the answer is elsewhere: `redirected()` says where
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
  /// The same where the CSR asks for a key that is encrypted beyond TLS: what to open it with and whom to trust, and the time
  /// and randomness for that (RFC 7030 section 4.4.1).
  result<op::server_keygen::reply> server_keygen(pki::csr csr, pki::key_opening const& opening,
                                                 pki::context const& with, notes* out = nullptr) {
    return call<op::server_keygen>({std::move(csr), &opening, &with}, out);
  }

  /// Sends a Full PKI Request and judges the answer.
  /// In:     the request, which `make_full_cmc_request` made; whose answers are believed; the time; the key that a
  ///         certificate is wanted for, where the request holds no CSR
  /// Errors: those of `call` and of `judge_full_cmc`; a refusal in CMC is no failure but an outcome
  result<full_cmc_outcome> full_cmc(full_cmc_request const& request, full_cmc_trust const& trust, pki::time_point now,
                                    notes* out = nullptr, std::optional<bytes> const& public_key_info = std::nullopt) {
    auto const reply = call<op::full_cmc>(request, out);
    if (!reply) return fail(reply.error());
    return judge_full_cmc(request, *reply, trust, now, public_key_info);
  }
  /// What the server wants in a CSR: the same empty list where it answers 204, 404 or 501. pki::follow makes a plan of it.
  result<op::csr_attributes::reply> csr_attributes(notes* out = nullptr) { return call<op::csr_attributes>({}, out); }

  /// Where the last call was pointed to, if it failed with errc::redirected. RFC 7030 section 3.2.1: another web origin
  /// needs a new connection, all checks, and for a POST the user's word; `redirected_endpoint` helps with the first.
  std::optional<http::redirection> const& redirected() const noexcept { return redirected_; }

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
    if (!answer || !stays_open(*answer)) facts_.reset();
    return answer;
  }

  /// Source: RFC 9112 section 9.3
  static bool stays_open(http::response const& answer) {
    bool kept = answer.version != "HTTP/1.0";
    for (auto const value : answer.headers.all("Connection"))
      for (auto const option : http::detail::split_list(value)) {
        if (http::equal_ignoring_case(option, "close")) return false;
        if (http::equal_ignoring_case(option, "keep-alive")) kept = true;
      }
    return kept;
  }

  /// Whether a request carries that channel binding of a connection.
  template <class Request>
  static bool is_bound_to(Request const& question, http::tls_facts const& connection, channel_binding which) {
    if constexpr (requires { question.csr.challenge_password(); })
      for (auto const& value : {question.csr.challenge_password(), question.csr.text(pki::oids::est_identity_linking)})
        if (value && is_channel_binding(*value, connection, which)) return true;
    return false;
  }

  /// A request that was bound to a connection that is gone must not go over the next one: the server would refuse it, or
  /// worse, a server in between could use it.
  template <class Request>
  static bool is_bound_to_another(Request const& question, http::tls_facts const& before, http::tls_facts const& now) {
    for (auto const which : {channel_binding::tls_unique, channel_binding::tls_exporter, channel_binding::finished})
      if (is_bound_to(question, before, which) && !is_bound_to(question, now, which)) return true;
    return false;
  }

  bytes random_octets() const {
    try {
      return options_.random ? options_.random(16) : bytes{};
    } catch (...) { return {}; }
  }

  /// Puts credentials into a request, by the challenge that is being answered.
  result<void> authorize(http::request& message) {
    if (auto const why = why_withhold_credentials()) return withheld(*why);
    auto value = session_.authorization(*options_.credentials, message, random_octets());
    if (!value) return fail(value.error());
    message.headers.set("Authorization", std::move(*value));
    return {};
  }

  /// What credentials went with the last request.
  enum class proven : std::uint8_t {
    nothing,
    old_session, ///< by a challenge of an earlier request
    basic_ahead, ///< by Basic, unasked
    challenge,   ///< by the challenge that the server had just sent
  };

  /// Credentials that go with a request before the server has asked for them in this call.
  result<proven> authorize_ahead(http::request& message) {
    if (!options_.credentials) return proven::nothing;
    auto sent = proven::nothing;
    if (session_.goes_on()) {
      sent = proven::old_session;
    } else if (options_.credentials_at_once) {
      for (auto const scheme : options_.schemes)
        if (scheme == auth_scheme::basic) sent = proven::basic_ahead;
    }
    if (sent == proven::nothing) return sent;
    if (sent == proven::basic_ahead) session_.begin({});
    if (auto const done = authorize(message); !done) return fail(done.error());
    return sent;
  }

  /// One request of one operation, as it is made for a connection and made anew for the next one.
  template <Operation Op, class Make> class outgoing {
  public:
    outgoing(client& self, Make& make) : self_(self), make_(make) {}

    /// Makes the request unless it is made and its connection stands; connects where there is none.
    result<void> prepare() {
      if (self_.facts_ && question_) return {};
      if (!self_.facts_)
        if (auto const connected = self_.connect(); !connected) return fail(connected.error());
      auto question = make_(*self_.facts_);
      if (!question) return fail(question.error());
      if (question_ && is_bound_to_another(**question, made_for_, *self_.facts_))
        return fail(errc::connection_closed, "request",
                    "the request is bound to the connection that the server closed: make it anew");
      question_ = *question;
      made_for_ = *self_.facts_;
      auto target = std::move(message.target);
      message = to_http<Op>(*question_, self_.where_, self_.options_.body);
      if (moved_) message.target = std::move(target);
      if (self_.options_.expect_continue && !message.body.empty() && !unexpecting_)
        message.headers.add("Expect", "100-continue");
      return {};
    }

    /// The same request at another target.
    void move_to(std::string target) {
      message.target = std::move(target);
      message.headers.erase("Authorization");
      moved_ = true;
    }

    void expect_nothing() {
      message.headers.erase("Expect");
      unexpecting_ = true;
    }

    typename Op::request const& question() const noexcept { return *question_; }

    /// RFC 9266 section 4.1: who uses tls-exporter "MUST NOT use the channel binding for more than one authentication
    /// mechanism instance on a given TLS connection", and closes it afterwards (MUST).
    bool uses_up_its_connection() const {
      return question_ != nullptr && is_bound_to(*question_, made_for_, channel_binding::tls_exporter);
    }

    http::request message;

  private:
    client& self_;
    Make& make_;
    typename Op::request const* question_ = nullptr;
    http::tls_facts made_for_;
    bool moved_ = false, unexpecting_ = false;
  };

  /// Whether a 401 is answered, and by which of its challenges.
  std::optional<chosen_challenge> answerable(http::response const& answer, proven sent, bool stale_before) const {
    if (answer.status != 401 || !options_.credentials) return std::nullopt;
    auto challenge = choose_challenge(answer, options_.schemes);
    if (!challenge) return std::nullopt;
    bool const basic = challenge->scheme == auth_scheme::basic;
    if (sent == proven::basic_ahead && basic) return std::nullopt;
    if (sent == proven::challenge && (basic || !challenge->digest.stale || stale_before)) return std::nullopt;
    return challenge;
  }

  /// Where an answer points to, if it is readable.
  std::optional<http::redirection> redirection_in(http::response const& answer, http::request const& question) const {
    auto const asked = http::make_origin("https", where_.authority);
    if (!asked) return std::nullopt;
    auto found = http::read_redirection(answer, *asked, question.target);
    return found ? *found : std::nullopt;
  }

  /// Source: RFC 9110 section 15.4: 303 asks for GET; the others keep the method, since nobody makes EST's POSTs into GETs.
  static bool keeps_meaning(http::redirection const& to, std::string_view method) {
    return to.status != 303 || method == "GET" || method == "HEAD";
  }

  template <Operation Op, class Make> result<typename Op::reply> exchange(Make&& make, notes* out) {
    redirected_.reset();
    outgoing<Op, std::remove_reference_t<Make>> going{*this, make};
    auto reply = converse<Op>(going, out);
    if (going.uses_up_its_connection()) disconnect();
    return reply;
  }

  void disconnect() {
    facts_.reset();
    if constexpr (requires { transport_.disconnect(); }) transport_.disconnect();
  }

  /// Sends one request until its answer is there.
  template <Operation Op, class Outgoing> result<typename Op::reply> converse(Outgoing& going, notes* out) {
    if (auto const ready = going.prepare(); !ready) return fail(ready.error());
    auto sent = authorize_ahead(going.message);
    if (!sent) return fail(sent.error());
    bool stale_before = false;
    for (std::size_t redirections = 0;;) {
      auto const answer = send(going.message);
      if (!answer) return fail(answer.error());

      if (answer->status == 417 && going.message.headers.has("Expect")) { // RFC 9110 section 10.1.1
        going.expect_nothing();
        if (auto const ready = going.prepare(); !ready) return fail(ready.error());
        if (*sent != proven::nothing)
          if (auto const done = authorize(going.message); !done) return fail(done.error());
        continue;
      }
      if (auto challenge = answerable(*answer, *sent, stale_before)) {
        if (*sent == proven::challenge) stale_before = true;
        if (auto const ready = going.prepare(); !ready) return fail(ready.error());
        session_.begin(std::move(*challenge));
        if (auto const done = authorize(going.message); !done) return fail(done.error());
        sent = proven::challenge;
        continue;
      }
      if (answer->status == 401) session_.end();
      if (auto to = redirection_in(*answer, going.message)) {
        if (to->same_origin && redirections < options_.redirections && keeps_meaning(*to, Op::method)) {
          ++redirections;
          going.move_to(std::move(to->target));
          if (auto const ready = going.prepare(); !ready) return fail(ready.error());
          sent = authorize_ahead(going.message);
          if (!sent) return fail(sent.error());
          continue;
        }
        redirected_ = std::move(*to);
        return fail(errc::redirected, "response",
                    detail::describe_status(*answer) + ", to " + readable_text(redirected_->location(), 256));
      }
      return parse_reply<Op>(*answer, going.question(), out);
    }
  }

  T transport_;
  endpoint where_;
  client_options options_;
  std::optional<http::tls_facts> facts_;
  auth_session session_;
  std::optional<http::redirection> redirected_;
};

} // namespace est
