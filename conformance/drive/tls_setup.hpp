#pragma once
/// What all TLS connections of a run share: the anchors, the versions, and who we are.

#include "options.hpp"

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace est::conformance {

template <auto Free> struct openssl_free {
  template <class T> void operator()(T* p) const noexcept { Free(p); }
};
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, openssl_free<SSL_CTX_free>>;

struct tls_setup {
  ssl_ctx_ptr anonymous;                        ///< shows no certificate
  ssl_ctx_ptr with_certificate;                 ///< null where there is none
  bytes client_certificate;                     ///< DER; empty where there is none
  std::map<client_identity, ssl_ctx_ptr> unfit; ///< show certificates that a server has to refuse

  /// The context that shows that certificate; null where there is none.
  SSL_CTX* context_of(client_identity) const;
  std::vector<bytes> anchors; ///< DER of --cacert; empty for the system's store
};

/// Reads anchors and credentials.
/// Errors:  invalid_argument: no PEM certificate in an anchor, a certificate or key that cannot be read (wrong or missing
///          password included), a key that is not the certificate's. Never holds a secret.
/// Notes:   OpenSSL's security level is lowered to 1 on these contexts, and the versions are 1.2 and 1.3 (or the one that
///          was named), whatever the system's configuration says: a checker has to be able to talk to weak servers.
result<tls_setup> make_tls_setup(run_options const&);

/// The DER of the end-entity certificate in the credentials; empty where there is none.
result<bytes> client_certificate_of(credentials const&);

} // namespace est::conformance
