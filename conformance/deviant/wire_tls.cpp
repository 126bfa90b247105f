#include "wire_tls.hpp"

#include <est/transport/httplib_server.hpp>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <functional>

namespace est::conformance {

namespace {

wire_behaviour const& behaviour_of(X509_STORE_CTX* store) {
  auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return *static_cast<wire_behaviour const*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

/// No path leads to an anchor.
bool is_foreign(int error) {
  return error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
         error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

/// Called by OpenSSL at each step of a path: what a switch overlooks is good.
int overlook(int good, X509_STORE_CTX* store) {
  if (good == 1) return 1;
  auto const& behave = behaviour_of(store);
  int const error = X509_STORE_CTX_get_error(store);
  bool const overlooked = (error == X509_V_ERR_CERT_HAS_EXPIRED && behave.overlook_end_of_validity) ||
                          (error == X509_V_ERR_CERT_NOT_YET_VALID && behave.overlook_begin_of_validity) ||
                          (error == X509_V_ERR_INVALID_PURPOSE && behave.overlook_usage) ||
                          (behave.believe_foreign_certificates && is_foreign(error));
  if (!overlooked) return 0;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

/// Verifies, and lets the handshake go on either way, so that a client is refused over HTTP; unless it is to be cut off.
int verify_client(X509_STORE_CTX* store, void*) {
  auto const& behave = behaviour_of(store);
  X509_STORE_CTX_set_verify_cb(store, overlook);
  bool const good = X509_verify_cert(store) == 1;
  if (!good && X509_STORE_CTX_get_error(store) == X509_V_OK) X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
  ERR_clear_error();
  return behave.cut_off_bad_certificates ? (X509_STORE_CTX_get_error(store) == X509_V_OK ? 1 : 0) : 1;
}

bool throw_switches(SSL_CTX* context, wire_behaviour const& behave, bool asks) {
  // Once written, app data is read by many threads and never changed.
  SSL_CTX_set_app_data(context, const_cast<wire_behaviour*>(&behave));
  if (behave.lowest) {
    if (*behave.lowest < http::tls_version::tls_1_2) {
      SSL_CTX_set_security_level(context, 0);
      if (SSL_CTX_set_cipher_list(context, "ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0") != 1) return false;
    }
    if (SSL_CTX_set_min_proto_version(context, transport::detail::protocol_number(*behave.lowest)) != 1) return false;
  }
  if (behave.highest &&
      SSL_CTX_set_max_proto_version(context, transport::detail::protocol_number(*behave.highest)) != 1)
    return false;
  if (behave.never_resume) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
  }
  if (behave.no_extended_master_secret) SSL_CTX_set_options(context, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  if (behave.anonymous_only) {
    SSL_CTX_set_security_level(context, 0);
    if (SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, "aNULL:!eNULL:@SECLEVEL=0") != 1 || SSL_CTX_set_dh_auto(context, 1) != 1)
      return false;
  }
  if (asks) SSL_CTX_set_cert_verify_callback(context, verify_client, nullptr);
  if (behave.no_names_in_request) SSL_CTX_set_client_CA_list(context, nullptr);
  return true;
}

template <auto Free> struct releases {
  template <class T> void operator()(T* p) const noexcept { Free(p); }
};
using x509_ptr = std::unique_ptr<X509, releases<X509_free>>;
using pkey_ptr = std::unique_ptr<EVP_PKEY, releases<EVP_PKEY_free>>;
using memory_ptr = std::unique_ptr<BIO, releases<BIO_free_all>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, releases<X509_EXTENSION_free>>;
using number_ptr = std::unique_ptr<BIGNUM, releases<BN_free>>;

std::string text_of(BIO* memory) {
  char* data = nullptr;
  auto const size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

bool add(X509* to, int type, char const* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, to, to, nullptr, nullptr, 0);
  const extension_ptr extension{X509V3_EXT_conf_nid(nullptr, &context, type, value)};
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

} // namespace

result<server_context> make_server_context(wire_behaviour const& behave, pem_identity const& own,
                                           std::string const& chain_pem, std::optional<http::tls_version> only,
                                           bool asks) {
  transport::httplib_server_options options;
  options.certificate_chain_pem = own.certificate;
  options.key_pem = own.key.duplicate();
  if (asks) options.client_anchors_pem = chain_pem;
  auto const identity = transport::detail::read_identity(options);
  if (!identity) return fail(identity.error());
  server_context context{SSL_CTX_new(TLS_server_method())};
  if (!context || !transport::detail::set_up(*context, *identity, only) || !throw_switches(context.get(), behave, asks))
    return fail(errc::invalid_argument, "server",
                "OpenSSL does not take this certificate, key or version: " +
                    transport::take_openssl_error("it does not say why"));
  return context;
}

result<pem_identity> make_misshapen_server(wire_behaviour::certificate shape) {
  using certificate = wire_behaviour::certificate;
  const pkey_ptr key{EVP_EC_gen("P-256")};
  const x509_ptr made{X509_new()};
  const number_ptr serial{BN_new()};
  auto const failed = [] { return fail(errc::internal, "server certificate", "OpenSSL made none"); };
  if (!key || !made || !serial) return failed();
  auto* const c = made.get();
  auto* const name = X509_get_subject_name(c);
  bool good = X509_set_version(c, 2) == 1 && BN_set_word(serial.get(), 1) == 1 &&
              BN_lshift(serial.get(), serial.get(), shape == certificate::of_long_serial ? 170 : 100) == 1 &&
              BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(c)) != nullptr &&
              X509_gmtime_adj(X509_getm_notBefore(c), -300) != nullptr &&
              X509_gmtime_adj(X509_getm_notAfter(c), 86400) != nullptr && X509_set_pubkey(c, key.get()) == 1 &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("localhost"),
                                         -1, -1, 0) == 1 &&
              X509_set_issuer_name(c, name) == 1 && add(c, NID_basic_constraints, "critical,CA:FALSE") &&
              add(c, NID_key_usage,
                  shape == certificate::signs_without_being_ca ? "critical,digitalSignature,keyCertSign"
                                                               : "critical,digitalSignature") &&
              add(c, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  if (shape == certificate::extension_twice) good = good && add(c, NID_subject_alt_name, "DNS:localhost");
  good = good && X509_sign(c, key.get(), EVP_sha256()) != 0;
  const memory_ptr certificate_out{BIO_new(BIO_s_mem())}, key_out{BIO_new(BIO_s_secmem())};
  if (!good || PEM_write_bio_X509(certificate_out.get(), c) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    ERR_clear_error();
    return failed();
  }
  pem_identity identity;
  identity.certificate = text_of(certificate_out.get());
  char* data = nullptr;
  auto const size = BIO_get_mem_data(key_out.get(), &data);
  identity.key = secret_bytes{std::string_view{data, static_cast<std::size_t>(size)}};
  return identity;
}

} // namespace est::conformance
