#include "tls_setup.hpp"

#include <est/pki/certificate_builder.hpp>
#include <est/pki/context.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/pem.hpp>
#include <est/pki/private_key.hpp>
#include <est/transport/openssl_facts.hpp>

#include <botan/auto_rng.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

namespace est::conformance {

namespace {

using x509_ptr = std::unique_ptr<X509, openssl_free<X509_free>>;
using pkey_ptr = std::unique_ptr<EVP_PKEY, openssl_free<EVP_PKEY_free>>;
using bio_ptr = std::unique_ptr<BIO, openssl_free<BIO_free_all>>;
using p12_ptr = std::unique_ptr<PKCS12, openssl_free<PKCS12_free>>;

bio_ptr over(byte_view octets) { return bio_ptr{BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size()))}; }

std::vector<x509_ptr> read_certificates(std::string_view pem) {
  std::vector<x509_ptr> all;
  auto const in = over(as_bytes(pem));
  while (in) {
    x509_ptr certificate{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)};
    if (!certificate) break;
    all.push_back(std::move(certificate));
  }
  ERR_clear_error();
  return all;
}

struct password_asked {
  secret_bytes const* password;
  bool asked = false;
};

/// Hands OpenSSL the password; never the terminal, which is the default.
int give_password(char* out, int size, int, void* context) {
  auto& a = *static_cast<password_asked*>(context);
  a.asked = true;
  if (a.password->size() > static_cast<std::size_t>(size)) return -1;
  auto const octets = a.password->expose();
  std::copy(octets.begin(), octets.end(), out);
  return static_cast<int>(octets.size());
}

struct identity {
  x509_ptr certificate;
  std::vector<x509_ptr> chain;
  pkey_ptr key;
};

tl::unexpected<failure> wrong(std::string where, std::string why) {
  return fail(errc::invalid_argument, std::move(where), std::move(why));
}

result<identity> read_pkcs12(credentials const& c) {
  auto const in = over(c.pkcs12.expose());
  const p12_ptr file{in ? d2i_PKCS12_bio(in.get(), nullptr) : nullptr};
  if (!file) {
    ERR_clear_error();
    return wrong("client certificate", "the file is no PKCS#12");
  }
  Botan::secure_vector<char> password(c.key_password.size() + 1, '\0');
  auto const octets = c.key_password.expose();
  std::copy(octets.begin(), octets.end(), password.begin());
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  bool const good = PKCS12_parse(file.get(), password.data(), &key, &certificate, &others) == 1;
  identity who{x509_ptr{certificate}, {}, pkey_ptr{key}};
  for (int i = 0; others != nullptr && i < sk_X509_num(others); ++i) who.chain.emplace_back(sk_X509_value(others, i));
  sk_X509_free(others); // the certificates belong to the chain now
  auto const reason = ERR_GET_REASON(ERR_peek_last_error());
  ERR_clear_error();
  if (!good)
    return wrong(
        "client certificate",
        reason == PKCS12_R_MAC_VERIFY_FAILURE
            ? "the password does not open the PKCS#12 file"
            : "the PKCS#12 file cannot be opened; it may use an algorithm that OpenSSL has retired, such as RC2");
  if (!who.certificate || !who.key) return wrong("client certificate", "the PKCS#12 file lacks a certificate or a key");
  return who;
}

result<identity> read_identity(credentials const& c) {
  if (!c.pkcs12.empty()) return read_pkcs12(c);
  auto certificates = read_certificates(c.certificate_pem);
  if (certificates.empty()) return wrong("client certificate", "the file holds no PEM certificate");
  identity who;
  who.certificate = std::move(certificates.front());
  certificates.erase(certificates.begin());
  who.chain = std::move(certificates);
  if (c.key_pem.empty()) return wrong("client key", "there is a client certificate, and no key for it (--key)");
  auto const in = over(c.key_pem.expose());
  password_asked asked{&c.key_password};
  who.key.reset(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, give_password, &asked) : nullptr);
  ERR_clear_error();
  if (!who.key)
    return wrong("client key", !asked.asked             ? "the file holds no PEM private key"
                               : c.key_password.empty() ? "the key is encrypted, and no password for it was given"
                                                        : "the password does not open the key");
  return who;
}

result<ssl_ctx_ptr> make_context(run_options const& options, identity const* who) {
  ssl_ctx_ptr context{SSL_CTX_new(TLS_client_method())};
  if (!context) return fail(errc::internal, "TLS", "OpenSSL gave no context");
  auto* const c = context.get();
  int low = TLS1_2_VERSION, high = TLS1_3_VERSION;
  if (options.tls == http::tls_version::tls_1_2) high = TLS1_2_VERSION;
  if (options.tls == http::tls_version::tls_1_3) low = TLS1_3_VERSION;
  SSL_CTX_set_security_level(c, 1);
  if (SSL_CTX_set_min_proto_version(c, low) != 1 || SSL_CTX_set_max_proto_version(c, high) != 1)
    return fail(errc::internal, "TLS", "OpenSSL refuses the TLS versions");
  // Who does not verify the server needs no certificate of it either; then a server that has none can be looked at.
  if (SSL_CTX_set_cipher_list(c, options.insecure ? "ALL:!eNULL:!PSK:!SRP:@SECLEVEL=0" : "DEFAULT:!aNULL:!eNULL") != 1)
    return fail(errc::internal, "TLS", "OpenSSL refuses the cipher list");
  // A server without RFC 5746 is talked to as well, and nobody renegotiates: tls-unique would change (RFC 5929 3.1).
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (options.ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(c);
  } else {
    auto* const store = SSL_CTX_get_cert_store(c);
    // An anchor that a person names is one, be it self-signed or not (RFC 5280 6.1.1).
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c), X509_V_FLAG_PARTIAL_CHAIN);
    for (auto const& pem : options.ca_pem)
      for (auto const& certificate : read_certificates(pem)) X509_STORE_add_cert(store, certificate.get());
  }
  ERR_clear_error();
  if (who == nullptr) return context;
  if (SSL_CTX_use_certificate(c, who->certificate.get()) != 1)
    return wrong("client certificate", "OpenSSL refuses it: " + transport::take_openssl_error("it does not say why"));
  if (SSL_CTX_use_PrivateKey(c, who->key.get()) != 1 || SSL_CTX_check_private_key(c) != 1) {
    ERR_clear_error();
    return wrong("client key", "the key is not that of the client certificate");
  }
  for (auto const& issuer : who->chain) SSL_CTX_add1_chain_cert(c, issuer.get());
  return context;
}

/// A client certificate of a CA that is forgotten at once.
result<credentials> make_foreign_identity() {
  Botan::AutoSeeded_RNG rng;
  auto const now = std::chrono::system_clock::now();
  const pki::context with{now, rng};
  auto const spec = pki::key_spec::ecdsa("secp256r1");
  auto const ca_key = pki::make_private_key(spec, with), key = pki::make_private_key(spec, with);
  if (!ca_key) return fail(ca_key.error());
  if (!key) return fail(key.error());
  pki::certificate_order order;
  order.subject_der = pki::make_name({{pki::oids::common_name, "est-conformance foreign CA"}});
  order.not_before = now - std::chrono::hours{1};
  order.not_after = now + std::chrono::hours{24};
  order.extensions = {pki::make_basic_constraints(true), pki::make_key_usage(pki::key_usage::key_cert_sign)};
  auto const ca = pki::make_self_signed(order, *ca_key, "", with);
  if (!ca) return fail(ca.error());
  order.subject_der = pki::make_name({{pki::oids::common_name, "est-conformance foreign client"}});
  order.public_key_info = key->public_key_info();
  order.extensions = {pki::make_key_usage(pki::key_usage::digital_signature),
                      pki::make_extended_key_usage({pki::oids::client_auth})};
  auto const own = pki::make_certificate(order, *ca_key, *ca, "", with);
  if (!own) return fail(own.error());
  credentials made;
  made.certificate_pem = pki::encode_pem(*own) + pki::encode_pem(*ca);
  made.key_pem = secret_bytes{pki::encode_pem("PRIVATE KEY", key->encode().expose())};
  return made;
}

result<void> add_unfit(tls_setup& setup, run_options const& options, client_identity which, credentials const& c) {
  auto const who = read_identity(c);
  if (!who) return fail(who.error());
  auto context = make_context(options, &*who);
  if (!context) return fail(context.error());
  setup.unfit.emplace(which, std::move(*context));
  return {};
}

} // namespace

SSL_CTX* tls_setup::context_of(client_identity which) const {
  if (which == client_identity::own) return with_certificate.get();
  auto const it = unfit.find(which);
  return it == unfit.end() ? nullptr : it->second.get();
}

result<bytes> client_certificate_of(credentials const& c) {
  if (!c.has_certificate()) return bytes{};
  auto who = read_identity(c);
  if (!who) return fail(who.error());
  return transport::der_of(who->certificate.get());
}

result<tls_setup> make_tls_setup(run_options const& options) {
  tls_setup setup;
  for (auto const& pem : options.ca_pem) {
    auto const certificates = read_certificates(pem);
    if (certificates.empty()) return wrong("--cacert", "the file holds no PEM certificate");
    for (auto const& certificate : certificates) setup.anchors.push_back(transport::der_of(certificate.get()));
  }
  auto context = make_context(options, nullptr);
  if (!context) return fail(context.error());
  setup.anonymous = std::move(*context);
  if (!options.credentials.has_certificate()) return setup;
  auto const who = read_identity(options.credentials);
  if (!who) return fail(who.error());
  context = make_context(options, &*who);
  if (!context) return fail(context.error());
  setup.with_certificate = std::move(*context);
  setup.client_certificate = transport::der_of(who->certificate.get());
  auto const foreign = make_foreign_identity();
  if (!foreign) return fail(foreign.error());
  if (auto const added = add_unfit(setup, options, client_identity::foreign, *foreign); !added)
    return fail(added.error());
  for (auto const& [which, c] : options.unfit)
    if (auto const added = add_unfit(setup, options, which, c); !added) return fail(added.error());
  return setup;
}

} // namespace est::conformance
