#include "proof.hpp"

#include "deviant/reference_server.hpp"
#include "drive/compose.hpp"
#include "drive/loopback_channel.hpp"

#include <est/pki/pem.hpp>

#include <botan/auto_rng.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace est::test {

namespace {

/// Hands on what another channel answers, as a deviant changes it.
class deviating_channel final : public channel {
public:
  deviating_channel(std::unique_ptr<channel> inner, deviant const& d) : inner_(std::move(inner)), deviant_(d) {}

  result<http::tls_facts> open() override {
    auto facts = inner_->open();
    if (facts && deviant_.connect != nullptr) deviant_.connect(*facts);
    return facts;
  }
  received converse(outgoing const& out) override {
    auto in = inner_->converse(out);
    if (deviant_.garble != nullptr && !in.octets.empty()) deviant_.garble(out.head, in.octets);
    if (deviant_.disturb != nullptr) deviant_.disturb(out.head, in);
    if (in.octets.empty()) usable_ = false;
    return in;
  }
  bool client_certificate_shown() const override { return inner_->client_certificate_shown(); }
  bool usable() const override { return usable_ && inner_->usable(); }

private:
  std::unique_ptr<channel> inner_;
  deviant const& deviant_;
  bool usable_ = true;
};

template <class T> T must_have(result<T> r) {
  if (!r) BOOST_FAIL(to_text(r.error()));
  return std::move(*r);
}

} // namespace

/// Keys for /serverkeygen: within a run each is another, and the next run gets the same ones again.
class generated_keys {
public:
  void begin_run() {
    for (auto& [name, next] : next_) next = 0;
  }
  result<pki::private_key> take(pki::key_spec const& spec, pki::context const& at) {
    auto const name = to_text(spec);
    auto& keys = keys_[name];
    auto& next = next_[name];
    if (next == keys.size()) {
      auto made = pki::make_private_key(spec, at);
      if (!made) return made;
      keys.push_back(made->encode());
    }
    return pki::parse_private_key(keys[next++].expose());
  }

private:
  std::map<std::string, std::vector<secret_bytes>> keys_;
  std::map<std::string, std::size_t> next_;
};

struct proof::state {
  key_pool keys;
  generated_keys generated;
  known_identifiers known; ///< the same in all runs
  secret_bytes symmetric;
  std::optional<pki::private_key> transport, agreement;

  state() {
    Botan::AutoSeeded_RNG rng;
    const pki::context at{std::chrono::system_clock::now(), rng};
    known = {bytes(16, 1), bytes(20, 2), bytes(20, 3), bytes(20, 4)};
    bytes secret(32);
    rng.randomize(secret.data(), secret.size());
    symmetric = secret_bytes{byte_view{secret}};
    transport = must_have(pki::make_private_key(pki::key_spec::rsa(2048), at));
    agreement = must_have(pki::make_private_key(pki::key_spec::ecdsa("secp256r1"), at));
  }
  void make_known_to(reference_authority& server) const {
    auto const check = [](result<void> const& added) {
      if (!added) BOOST_FAIL(to_text(added.error()));
    };
    check(server.register_key({known.symmetric, symmetric.duplicate()}));
    check(server.register_recipient(known.transport, {transport->public_key_info()}));
    check(server.register_recipient(known.agreement, {agreement->public_key_info()}));
    check(server.register_recipient(known.signing, key_recipient::of(must_have(server.make_signing_certificate()))));
  }
  opening_keys to_open() const {
    auto const one = [](pki::private_key const& key, bytes const& identifier) {
      return pki::recipient_key{must_have(pki::make_decryption_key(key)), std::nullopt, identifier};
    };
    opening_keys made;
    made.symmetric = symmetric.duplicate();
    made.transport = one(*transport, known.transport);
    made.agreement = one(*agreement, known.agreement);
    return made;
  }
};

proof::proof() : state_(std::make_unique<state>()) {}
proof::~proof() = default;

kept_run proof::make(deviant const* d) {
  reference_options wanted;
  wanted.labels = {};
  if (d != nullptr && !d->label.empty()) wanted.labels.emplace_back(d->label);
  wanted.generate = [this](pki::key_spec const& spec, pki::context const& at) {
    return state_->generated.take(spec, at);
  };
  state_->generated.begin_run();
  if (d != nullptr && d->behave != nullptr) d->behave(wanted.behave);
  if (d != nullptr && d->mutate != nullptr) wanted.mutate = d->mutate;
  auto const made = must_have(reference_authority::make(std::move(wanted)));
  auto const& server = *made;
  state_->make_known_to(*made);
  auto const client = must_have(server.make_client("EST reference client"));

  run_options o;
  o.target = must_have(parse_target_url("https://est.example"));
  o.credentials.user = server.user();
  o.credentials.password = server.password();
  o.credentials.certificate_pem = client.certificate;
  o.credentials.key_pem = client.key.duplicate();
  o.max_certificates = 1000;
  o.wait = std::chrono::seconds{10};
  o.pause = [](std::chrono::milliseconds) {}; // the reference server does not look at a clock either
  o.approval_label = "approval";
  o.key_identifiers = state_->known;
  o.open_with = state_->to_open();
  if (d != nullptr) o.label = d->label;
  if (d != nullptr && !d->policy.empty()) o.policies.emplace_back(d->policy);
  loopback_settings settings;
  auto const chain = must_have(pki::parse_certificates_pem(client.certificate));
  for (auto const& c : chain) settings.client_certificates.push_back(c.der());
  auto const plain = make_loopback_channels(
      [&server](http::request const& q, http::tls_facts const& facts) { return server.answer(q, facts); },
      std::move(settings));
  channel_factory channels = plain;
  if (d != nullptr && (d->garble != nullptr || d->disturb != nullptr || d->connect != nullptr))
    channels = [&plain, d](channel_wish const& wish) -> result<std::unique_ptr<channel>> {
      auto inner = plain(wish);
      if (!inner) return fail(inner.error());
      return std::make_unique<deviating_channel>(std::move(*inner), *d);
    };
  kept_run kept;
  kept.run = must_have(est::conformance::run(o, embedded_vectors(), channels, {}, &state_->keys));
  kept.decoded = std::make_unique<evidence>(kept.run.records);
  // What RFC 7030 itself prints as an example, RFC 9908 calls wrong.
  auto by = d != nullptr && d->name == "csrattrs-of-rfc7030" ? profile{} : whole_profile();
  by.policies_declared = o.policies;
  kept.asked = checks_of(by);
  kept.findings = kept.judge_again(kept.asked);
  return kept;
}

kept_run const& proof::baseline() {
  auto const it = runs_.find("");
  return it != runs_.end() ? it->second : runs_.emplace("", make(nullptr)).first->second;
}

kept_run const& proof::of(deviant const& d) {
  auto const it = runs_.find(d.name);
  return it != runs_.end() ? it->second : runs_.emplace(d.name, make(&d)).first->second;
}

std::string to_line(finding const& f) {
  return std::string{name(f.what)} + " " + f.check + " (" + f.reason + ") in " + f.exchange + ": expected " +
         f.expected + ", actual " + f.actual;
}

death death_of(deviant const& d, std::span<const finding> findings) {
  death found;
  for (auto const& f : findings) {
    bool const failed = f.what == outcome::fail;
    if (failed && f.check == d.check && f.reason == d.reason)
      found.died = true;
    else if (f.what == outcome::error || (failed && (f.check == d.check || !d.may_follow(f.check))))
      found.otherwise.push_back(to_line(f));
  }
  return found;
}

std::vector<std::string> complaints_in(std::span<const finding> findings) {
  std::vector<std::string> lines;
  for (auto const& f : findings)
    if (f.what == outcome::fail || f.what == outcome::error) lines.push_back(to_line(f));
  return lines;
}

namespace {

struct kept_proof {
  static inline std::unique_ptr<proof> instance;
  kept_proof() { instance = std::make_unique<proof>(); }
  ~kept_proof() { instance.reset(); }
};

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(kept_proof);

proof& proof::instance() { return *kept_proof::instance; }

} // namespace est::test
