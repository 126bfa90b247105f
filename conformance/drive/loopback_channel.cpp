#include "loopback_channel.hpp"

#include <est/http/reader.hpp>
#include <est/http/writer.hpp>

#include <exception>
#include <random>
#include <utility>

namespace est::conformance {

namespace {

bytes random_octets(std::size_t count) {
  std::random_device source;
  bytes octets(count);
  for (auto& octet : octets) octet = static_cast<std::uint8_t>(source());
  return octets;
}

class loopback_channel final : public channel {
public:
  loopback_channel(handler const& server, loopback_settings const& settings, channel_wish wish)
      : server_(server),
        settings_(settings),
        shows_(wish.show_client_certificate && !settings.client_certificates.empty()) {}

  result<http::tls_facts> open() override {
    http::tls_facts facts;
    facts.version = settings_.version;
    bool const old = settings_.version == http::tls_version::tls_1_2;
    facts.cipher_suite = old ? "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" : "TLS_AES_256_GCM_SHA384";
    facts.extended_master_secret = true;
    facts.client_finished = random_octets(old ? 12 : 48);
    if (old) facts.tls_unique = facts.client_finished; // a full handshake: the client's Finished is the first
    facts.tls_exporter = random_octets(32);
    at_server_ = facts;
    if (shows_) at_server_.peer_certificates = settings_.client_certificates;
    at_server_.peer_verified = shows_;
    facts.peer_certificates = settings_.server_certificates;
    facts.peer_verified = true;
    usable_ = true;
    return facts;
  }

  received converse(outgoing const& out) override {
    received in;
    in.end = connection_end::closed;
    if (!usable_) {
      in.complaint = "there is no connection";
      return in;
    }
    in.anything_sent = in.body_sent = true;
    http::response answer;
    auto const question = http::parse_request(out.head + out.body);
    if (question) {
      try {
        answer = server_(*question, at_server_);
      } catch (std::exception const&) {
        usable_ = false;
        in.complaint = "the server closed the connection: nothing came";
        return in;
      }
    } else {
      answer.status = 400;
      answer.reason = "Bad Request";
    }
    if (out.await_continue && !out.body.empty()) in.octets = "HTTP/1.1 100 Continue\r\n\r\n";
    in.octets += http::encode(answer, out.method);
    auto const connection = answer.headers.find("Connection");
    usable_ = !(connection && http::equal_ignoring_case(*connection, "close"));
    in.end = usable_ ? connection_end::open : connection_end::close_notify;
    // The reader decides whether it is whole: a deviant may have spoilt the framing.
    auto const read = http::parse_response(in.octets, out.method);
    in.whole = read.has_value();
    if (!read) {
      in.complaint = to_text(read.error());
      usable_ = false;
    }
    return in;
  }

  bool client_certificate_shown() const override { return shows_; }
  bool usable() const override { return usable_; }

private:
  handler const& server_;
  loopback_settings const& settings_;
  bool shows_;
  bool usable_ = false;
  http::tls_facts at_server_;
};

} // namespace

channel_factory make_loopback_channels(handler server, loopback_settings settings) {
  // The channels refer to both, and live no longer than the factory does.
  struct shared {
    handler server;
    loopback_settings settings;
  };
  auto const all = std::make_shared<shared const>(shared{std::move(server), std::move(settings)});
  return [all](channel_wish const& wish) -> result<std::unique_ptr<channel>> {
    return std::make_unique<loopback_channel>(all->server, all->settings, wish);
  };
}

} // namespace est::conformance
