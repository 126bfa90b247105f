#pragma once
/// From templates to octets: keys, CSRs and requests, made for the connection that is to carry them.

#include "channel.hpp"
#include "options.hpp"

#include "../catalogue/vector.hpp"

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/tls_facts.hpp>
#include <est/message/endpoint.hpp>
#include <est/pki/context.hpp>
#include <est/pki/private_key.hpp>

#include <map>
#include <string>
#include <string_view>

namespace est::conformance {

/// The keys of a run, or of many: RSA keys are slow to make. Used by one thread.
class key_pool {
public:
  /// The key that a CSR asks for: by its name, one RSA key for all that give none, a new one otherwise.
  result<pki::private_key const*> take(csr_template const&, pki::context const&);

private:
  std::map<std::string, pki::private_key, std::less<>> keys_;
};

/// What a template is filled in with.
struct composition {
  endpoint where;
  std::string run;           ///< what `{run}` stands for: a few characters that no other run has
  std::string authorization; ///< the value of the field; empty: none is sent. A secret
  http::tls_facts connection;
  bool linking_asked = false;                   ///< the server's csrattrs list challengePassword
  known_identifiers key_identifiers;            ///< of keys that the server knows
  pki::private_key const* client_key = nullptr; ///< of the client certificate; null where it is not at hand
  std::string user;                             ///< of HTTP Basic; a Full PKI Request proves its identity by it too
  secret_bytes const* password = nullptr;       ///< likewise
  bytes client_certificate;                     ///< DER; for `subject_of_client`
};

/// Makes a CSR.
/// Errors:  invalid_argument (no client certificate to take the names of), or what the key and the CSR fail with
result<bytes> compose_csr(csr_template const&, composition const&, key_pool&, pki::context const&);

/// Makes a whole request.
result<outgoing> compose(request_template const&, composition const&, key_pool&, pki::context const&);

} // namespace est::conformance
