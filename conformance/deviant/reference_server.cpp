#include "reference_server.hpp"

#include "deviating.hpp"

#include <est/core/base64.hpp>
#include <est/http/auth.hpp>
#include <est/message/endpoint.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr_attributes.hpp>
#include <est/pki/csr_template.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/pem.hpp>
#include <est/server/memory_ca.hpp>
#include <est/server/server.hpp>
#include <est/transport/httplib_server.hpp>

#include <botan/auto_rng.h>

#include <algorithm>
#include <utility>

namespace est::conformance {

namespace {

/// One generator a thread: none is ever shared.
Botan::RandomNumberGenerator& this_threads_rng() {
  thread_local Botan::AutoSeeded_RNG rng;
  return rng;
}

secret_bytes random_password() {
  std::uint8_t octets[18];
  this_threads_rng().randomize(octets, sizeof octets);
  auto text = encode_base64(octets, base64_layout::one_line()); // 24 characters, no padding
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return secret_bytes{text};
}

/// What the reference server would like to see in a CSR, and does not insist on: the list of RFC 7030, and beside it the
/// template of RFC 9908 for clients that know it (section 4 there).
result<pki::csr_attributes> wanted_attributes(bool announce_linking) {
  auto const key = pki::key_spec::ecdsa("secp256r1");
  pki::csr_template wanted;
  wanted.subject = {{pki::oids::common_name, std::nullopt, false}};
  wanted.key = pki::wish_for(key);
  wanted.extensions = {
      {pki::oids::subject_alternative_name, false, std::nullopt},
      {pki::oids::extended_key_usage, false, pki::make_extended_key_usage({pki::oids::client_auth}).value}};
  auto whole = pki::csr_template_attribute(wanted);
  if (!whole) return fail(std::move(whole.error()));
  const pki::object_id ecdsa_with_sha256{1, 2, 840, 10045, 4, 3, 2};
  std::vector<pki::csr_attribute> list{pki::key_type_attribute(key), ecdsa_with_sha256, std::move(*whole)};
  if (announce_linking) list.emplace_back(pki::oids::challenge_password);
  return pki::make_csr_attributes(list);
}

} // namespace

struct reference_authority::state {
  state(memory_ca made, reference_options given)
      : options(std::move(given)), ca(std::move(made)), behind(ca, options.behave, shared_key, options.generate, desk) {
    desk.label = options.approval_label;
  }

  reference_options options;
  memory_ca ca;
  secret_bytes shared_key;
  std::string authorization;
  waiting_room desk;
  deviating_authority behind;
  std::optional<server<deviating_authority>> est;

  std::chrono::system_clock::time_point now() const {
    return options.clock ? options.clock() : std::chrono::system_clock::now();
  }
  pki::context context() const { return {now(), this_threads_rng()}; }

  result<pem_identity> make_identity(bytes const& name, std::optional<bytes> const& alternative_names,
                                     certificate_use use, std::chrono::hours shift = {},
                                     bytes* serial = nullptr) const {
    auto at = context();
    at.now += shift;
    auto const key = pki::make_private_key(options.key, at);
    if (!key) return fail(key.error());
    auto const certificate = ca.certify(name, key->public_key_info(), alternative_names, use, at);
    if (!certificate) return fail(certificate.error());
    if (serial != nullptr) *serial = certificate->serial();
    pem_identity made;
    made.certificate = pki::encode_pem(*certificate);
    if (!(ca.issuer() == ca.root())) made.certificate += pki::encode_pem(ca.issuer());
    made.key = secret_bytes{pki::encode_pem("PRIVATE KEY", key->encode().expose())};
    return made;
  }
};

reference_authority::reference_authority(std::unique_ptr<state> s) : state_(std::move(s)) {}
reference_authority::~reference_authority() = default;

result<std::unique_ptr<reference_authority>> reference_authority::make(reference_options options) {
  if (options.password.empty()) options.password = random_password();
  pki::context const at{options.clock ? options.clock() : std::chrono::system_clock::now(), this_threads_rng()};
  memory_ca_options wanted;
  wanted.name = "EST reference";
  wanted.key = options.key;
  wanted.intermediate = options.intermediate;
  auto attributes = wanted_attributes(options.behave.linking_required && !options.behave.linking_unannounced);
  if (!attributes) return fail(std::move(attributes.error()));
  wanted.csr_attributes = std::move(*attributes);
  auto ca = memory_ca::make(std::move(wanted), at);
  if (!ca) return fail(std::move(ca.error()));

  if (options.behave.root_changed)
    if (auto const rolled = ca->roll_over(at); !rolled) return fail(rolled.error());

  auto made = std::make_unique<state>(std::move(*ca), std::move(options));
  if (made->options.behave.same_key_each_time) {
    auto const key = pki::make_private_key(pki::key_spec::rsa(2048), at);
    if (!key) return fail(key.error());
    made->shared_key = key->encode();
  }
  made->authorization = http::encode_basic({made->options.user, made->options.password.duplicate()});

  server_options how;
  auto labels = made->options.labels;
  if (!made->options.approval_label.empty()) labels.push_back(made->options.approval_label);
  how.knows_label = [labels = std::move(labels)](std::string_view label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  password_table users;
  users.add(made->options.user, made->options.password);
  how.check_password = [users = std::move(users)](std::string_view user, byte_view password) {
    return users.accepts(user, password);
  };
  // Who knows the password may prove it in CMC too, under the same name.
  how.cmc.shared_secret = [user = made->options.user,
                           secret = std::make_shared<secret_bytes>(made->options.password.duplicate())](
                              std::string_view identification, std::string_view) -> std::optional<secret_bytes> {
    if (identification != user) return std::nullopt;
    return secret->duplicate();
  };
  apply(made->options.behave, how);
  made->est.emplace(made->behind, std::move(how));
  return std::unique_ptr<reference_authority>{new reference_authority{std::move(made)}};
}

http::response reference_authority::answer(http::request const& request, http::tls_facts const& facts) const {
  auto const& s = *state_;
  http::response answer;
  try {
    auto const at = s.context();
    auto const asked = parse_target(request.target);
    std::string const operation = asked ? asked->operation : std::string{};
    incoming in{request, facts, std::nullopt};
    before_the_server(s.options.behave, operation, s.authorization, in);
    if (in.refused) {
      answer = std::move(*in.refused);
    } else {
      answer = s.est->handle(in.request, in.facts, at);
      after_the_server(s.options.behave, operation, s.ca, in.request, in.facts, answer, at);
    }
    if (s.options.mutate) s.options.mutate(request, answer);
  } catch (...) {
    answer = {};
    answer.status = 500;
  }
  return answer;
}

std::string const& reference_authority::approval_label() const noexcept { return state_->options.approval_label; }
std::string const& reference_authority::user() const noexcept { return state_->options.user; }
secret_bytes reference_authority::password() const { return state_->options.password.duplicate(); }
pki::certificate const& reference_authority::root() const noexcept { return state_->ca.root(); }
std::string reference_authority::ca_pem() const { return pki::encode_pem(root()); }
std::string reference_authority::chain_pem() const {
  auto const& ca = state_->ca;
  return (ca.issuer() == ca.root() ? std::string{} : pki::encode_pem(ca.issuer())) + ca_pem();
}

result<void> reference_authority::register_key(pki::key_encryption_key key) {
  return state_->ca.keys().add(std::move(key));
}
result<void> reference_authority::register_recipient(bytes identifier, key_recipient recipient) {
  return state_->ca.keys().add(std::move(identifier), std::move(recipient));
}

result<known_keys> register_keys(reference_authority& authority) {
  pki::context const at{std::chrono::system_clock::now(), this_threads_rng()};
  auto const random = [&](std::size_t count) {
    bytes octets(count);
    at.rng.randomize(octets.data(), octets.size());
    return octets;
  };
  known_keys known{{random(16), random(20), random(20), random(20)}, {}};
  known.open_with.symmetric = secret_bytes{at.rng.random_vec(32)};
  if (auto const added = authority.register_key({known.identifiers.symmetric, known.open_with.symmetric.duplicate()});
      !added)
    return fail(added.error());
  auto const make = [&](pki::key_spec const& spec, bytes const& identifier,
                        std::optional<pki::recipient_key>& kept) -> result<void> {
    auto const key = pki::make_private_key(spec, at);
    if (!key) return fail(key.error());
    auto opens = pki::make_decryption_key(*key);
    if (!opens) return fail(opens.error());
    kept.emplace(pki::recipient_key{std::move(*opens), std::nullopt, identifier});
    return authority.register_recipient(identifier, {key->public_key_info()});
  };
  if (auto const made = make(pki::key_spec::rsa(2048), known.identifiers.transport, known.open_with.transport); !made)
    return fail(made.error());
  if (auto const made = make(pki::key_spec::ecdsa("secp256r1"), known.identifiers.agreement, known.open_with.agreement);
      !made)
    return fail(made.error());
  auto signing = authority.make_signing_certificate();
  if (!signing) return fail(std::move(signing.error()));
  if (auto const added =
          authority.register_recipient(known.identifiers.signing, key_recipient::of(std::move(*signing)));
      !added)
    return fail(added.error());
  return known;
}

pki::certificate const& reference_authority::registration_authority() const noexcept {
  return state_->ca.registration_authority();
}

result<pki::certificate> reference_authority::make_signing_certificate() const {
  auto const at = state_->context();
  auto const key = pki::make_private_key(pki::key_spec::ecdsa("secp256r1"), at);
  if (!key) return fail(key.error());
  return state_->ca.certify(pki::make_name({{pki::oids::common_name, "EST reference signer"}}), key->public_key_info(),
                            std::nullopt, certificate_use::client, at);
}

result<pem_identity> reference_authority::make_client(std::string const& common_name) const {
  return state_->make_identity(pki::make_name({{pki::oids::common_name, common_name}}), std::nullopt,
                               certificate_use::client);
}

result<pem_identity> reference_authority::make_unfit_client(std::string const& common_name, flaw f) const {
  auto const name = pki::make_name({{pki::oids::common_name, common_name}});
  constexpr std::chrono::hours long_ago{-24 * 365}, far_ahead{24 * 365};
  switch (f) {
  case flaw::expired: return state_->make_identity(name, std::nullopt, certificate_use::client, long_ago);
  case flaw::not_yet_valid: return state_->make_identity(name, std::nullopt, certificate_use::client, far_ahead);
  case flaw::for_servers: return state_->make_identity(name, std::nullopt, certificate_use::server);
  case flaw::revoked: {
    bytes serial;
    auto made = state_->make_identity(name, std::nullopt, certificate_use::client, {}, &serial);
    if (made) state_->ca.revoke(serial, pki::revocation_reason::key_compromise, state_->context());
    return made;
  }
  case flaw::foreign: break;
  }
  reference_options elsewhere;
  elsewhere.clock = state_->options.clock;
  auto const other = make(std::move(elsewhere));
  if (!other) return fail(other.error());
  return (*other)->make_client(common_name);
}

result<pem_identity> reference_authority::make_server(std::string const& other_host) const {
  pki::alternative_names names;
  names.dns = {other_host.empty() ? "localhost" : other_host};
  if (other_host.empty()) names.ip = {{127, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return state_->make_identity(pki::make_name({{pki::oids::common_name, names.dns.front()}}),
                               pki::make_subject_alternative_name(names).value, certificate_use::server);
}

struct reference_server::state {
  std::unique_ptr<reference_authority> authority;
  pem_identity client;
  std::unique_ptr<transport::httplib_server> server;
};

reference_server::reference_server(std::unique_ptr<state> s) : state_(std::move(s)) {}
reference_server::~reference_server() { stop(); }

result<std::unique_ptr<reference_server>> reference_server::start(reference_options options) {
  transport::httplib_server_options wire;
  wire.port = options.port;
  wire.tls = options.tls;
  wire.keep_alive = options.keep_alive;
  bool const asks = options.client_certificates;

  auto authority = reference_authority::make(std::move(options));
  if (!authority) return fail(std::move(authority.error()));
  auto made = std::make_unique<state>();
  made->authority = std::move(*authority);
  auto own = made->authority->make_server();
  if (!own) return fail(std::move(own.error()));
  auto client = made->authority->make_client("EST reference client");
  if (!client) return fail(std::move(client.error()));
  made->client = std::move(*client);

  wire.certificate_chain_pem = std::move(own->certificate);
  wire.key_pem = std::move(own->key);
  // The chain, since a client may show the one certificate that it was issued and nothing else.
  if (asks) wire.client_anchors_pem = made->authority->chain_pem();
  auto started = transport::httplib_server::start(
      [behind = made->authority.get()](http::request const& q, http::tls_facts const& f) {
        return behind->answer(q, f);
      },
      std::move(wire));
  if (!started) return fail(std::move(started.error()));
  made->server = std::move(*started);
  return std::unique_ptr<reference_server>{new reference_server{std::move(made)}};
}

std::string const& reference_server::approval_label() const noexcept { return state_->authority->approval_label(); }
std::uint16_t reference_server::port() const noexcept { return state_->server->port(); }
std::string reference_server::url() const { return "https://127.0.0.1:" + std::to_string(port()); }
std::string reference_server::ca_pem() const { return state_->authority->ca_pem(); }
std::string const& reference_server::user() const noexcept { return state_->authority->user(); }
secret_bytes reference_server::password() const { return state_->authority->password(); }
std::string reference_server::client_certificate_pem() const { return state_->client.certificate; }
secret_bytes reference_server::client_key_pem() const { return state_->client.key.duplicate(); }
reference_authority& reference_server::authority() noexcept { return *state_->authority; }
void reference_server::stop() { state_->server->stop(); }

} // namespace est::conformance
