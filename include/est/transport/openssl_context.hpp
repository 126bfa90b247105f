#pragma once
/// What a client's SSL_CTX is given: anchors, the client's certificate and key, the name that the server must have. From
/// octets in memory; reading files is the caller's business.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/tls_facts.hpp>
#include <est/transport/openssl_facts.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <climits>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace est::transport {

namespace detail {

using bio_ptr = std::unique_ptr<BIO, openssl_delete<BIO_free_all>>;
using evp_pkey_ptr = std::unique_ptr<EVP_PKEY, openssl_delete<EVP_PKEY_free>>;
using pkcs12_ptr = std::unique_ptr<PKCS12, openssl_delete<PKCS12_free>>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, openssl_delete<SSL_CTX_free>>;

inline void free_certificates(STACK_OF(X509) * stack) noexcept { sk_X509_pop_free(stack, X509_free); }
using x509_stack_ptr = std::unique_ptr<STACK_OF(X509), openssl_delete<free_certificates>>;

inline bio_ptr read_from(byte_view octets) {
  if (octets.size() > INT_MAX) return nullptr;
  return bio_ptr{BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size()))};
}

/// What OpenSSL calls for the password of a PEM key. It never asks on a terminal, as OpenSSL would by itself.
inline int give_password(char* buffer, int size, int, void* user) noexcept {
  auto const* const password = static_cast<secret_bytes const*>(user);
  if (password == nullptr || size < 0 || password->size() > static_cast<std::size_t>(size)) return -1;
  auto const octets = password->expose();
  if (!octets.empty()) std::memcpy(buffer, octets.data(), octets.size());
  return static_cast<int>(octets.size());
}

inline tl::unexpected<failure> unusable(std::string where, std::string why) {
  ERR_clear_error(); // never quoted: it may speak of the key
  return fail(errc::invalid_argument, std::move(where), std::move(why));
}

} // namespace detail

/// Trusts the certificates of a PEM text; the system's store where the text is empty.
/// Notes:   a certificate that is named is an anchor even if another one issued it (RFC 5280 section 6.1.1 d)
/// Errors:  invalid_argument where the text holds no certificate
inline result<void> trust_anchors(SSL_CTX* context, std::string_view pem) {
  if (pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
      return detail::unusable("anchors", "the system's store of anchors cannot be read");
    return {};
  }
  auto const source = detail::read_from(as_bytes(pem));
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  std::size_t count = 0;
  while (source) {
    const detail::x509_ptr anchor{PEM_read_bio_X509(source.get(), nullptr, detail::give_password, nullptr)};
    if (!anchor) break;
    if (X509_STORE_add_cert(store, anchor.get()) != 1)
      return detail::unusable("anchors", "certificate " + std::to_string(count + 1) + " is refused");
    ++count;
  }
  ERR_clear_error(); // the end of the text is an error to OpenSSL
  if (count == 0) return detail::unusable("anchors", "the text holds no PEM certificate");
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

/// Demands that the server's certificate has this name among its subjectAltNames: a DNS name, or an IP address. The common
/// name is never looked at, and an asterisk only as a whole label.
/// Source:  RFC 6125 section 6.4; RFC 9525
inline result<void> demand_name(SSL_CTX* context, std::string const& host) {
  X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(context);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1) return {};
  ERR_clear_error();
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (host.empty() || X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size()) != 1)
    return detail::unusable("host", "it is no host name");
  return {};
}

/// What both ends leave out of TLS 1.2, whatever OpenSSL's configuration says. TLS 1.3 has nothing of the kind.
/// Source:  RFC 7030 section 3.2.3 (no NULL and no anonymous suites), section 4.4 (no NULL), section 6 (no EXPORT, no DES)
inline bool allow_suites(SSL_CTX* context) {
  return SSL_CTX_set_cipher_list(context, "HIGH:!aNULL:!eNULL:!PSK:!SRP:!3DES:!MD5") == 1;
}

/// Allows TLS 1.2 and above, or one version alone.
inline result<void> allow_versions(SSL_CTX* context, http::tls_version only = http::tls_version::unknown) {
  int low = TLS1_2_VERSION, high = 0;
  switch (only) {
  case http::tls_version::unknown: break;
  case http::tls_version::tls_1_2: high = TLS1_2_VERSION; break;
  case http::tls_version::tls_1_3: low = high = TLS1_3_VERSION; break;
  default: return detail::unusable("tls version", "versions below TLS 1.2 are not spoken (RFC 8996)");
  }
  if (SSL_CTX_set_min_proto_version(context, low) != 1 || SSL_CTX_set_max_proto_version(context, high) != 1)
    return detail::unusable("tls version", "OpenSSL does not offer it");
  return {};
}

/// Shows a client certificate: PEM certificates, the end-entity certificate first, and its PEM key.
/// In:      the password of the key; null where it has none
/// Errors:  invalid_argument: no certificate, no key, a wrong or missing password, or the two do not belong together
inline result<void> use_pem_identity(SSL_CTX* context, std::string_view certificates, secret_bytes const& key,
                                     secret_bytes const* password = nullptr) {
  auto const source = detail::read_from(as_bytes(certificates));
  detail::x509_ptr leaf;
  if (source) leaf.reset(PEM_read_bio_X509(source.get(), nullptr, detail::give_password, nullptr));
  if (!leaf) return detail::unusable("client certificate", "the text holds no PEM certificate");
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1)
    return detail::unusable("client certificate", "OpenSSL refuses it (its key may be too weak)");
  while (X509* const next = PEM_read_bio_X509(source.get(), nullptr, detail::give_password, nullptr))
    if (SSL_CTX_add0_chain_cert(context, next) != 1) {
      X509_free(next);
      return detail::unusable("client certificate", "a certificate of the chain is refused");
    }
  auto const key_source = detail::read_from(key.expose());
  detail::evp_pkey_ptr loaded;
  if (key_source)
    loaded.reset(
        PEM_read_bio_PrivateKey(key_source.get(), nullptr, detail::give_password, const_cast<secret_bytes*>(password)));
  if (!loaded)
    return detail::unusable(
        "client key", password != nullptr ? "it is no PEM private key, or the password is wrong"
                                          : "it is no PEM private key, or it is encrypted and no password is given");
  if (SSL_CTX_use_PrivateKey(context, loaded.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return detail::unusable("client key", "it does not belong to the client certificate");
  ERR_clear_error();
  return {};
}

/// Shows a client certificate out of a PKCS#12 file's octets.
/// Errors:  invalid_argument: no PKCS#12, a wrong password, no certificate or no key in it
inline result<void> use_pkcs12_identity(SSL_CTX* context, secret_bytes const& pfx, secret_bytes const& password) {
  auto const source = detail::read_from(pfx.expose());
  const detail::pkcs12_ptr container{source ? d2i_PKCS12_bio(source.get(), nullptr) : nullptr};
  if (!container) return detail::unusable("client pkcs12", "it is no PKCS#12");
  auto terminated = password.duplicate();
  terminated.push_back(0);
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* others = nullptr;
  int const parsed =
      PKCS12_parse(container.get(), reinterpret_cast<char const*>(terminated.expose().data()), &key, &leaf, &others);
  const detail::evp_pkey_ptr owned_key{key};
  const detail::x509_ptr owned_leaf{leaf};
  const detail::x509_stack_ptr owned_others{others};
  if (parsed != 1)
    return detail::unusable("client pkcs12", "it cannot be opened: the password is wrong, or its encryption is one "
                                             "that this OpenSSL does not offer");
  if (!owned_key || !owned_leaf) return detail::unusable("client pkcs12", "it holds no private key with a certificate");
  if (SSL_CTX_use_cert_and_key(context, owned_leaf.get(), owned_key.get(), owned_others.get(), 1) != 1)
    return detail::unusable("client pkcs12", "OpenSSL refuses its certificate or its key");
  ERR_clear_error();
  return {};
}

} // namespace est::transport
