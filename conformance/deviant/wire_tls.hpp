#pragma once
/// TLS of the wire server: its SSL_CTX with the switches thrown, and the ServerHello that is feigned.

#include "wire_server.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace est::conformance {

struct free_ssl_context {
  void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
};
using server_context = std::unique_ptr<SSL_CTX, free_ssl_context>;

/// A context for the server's end.
/// In:     `behave` outlives the context; `chain_pem` is that of the CA, for clients' certificates
/// Errors: invalid_argument for certificates and keys that OpenSSL refuses
result<server_context> make_server_context(wire_behaviour const& behave, pem_identity const& own,
                                           std::string const& chain_pem, std::optional<http::tls_version> only,
                                           bool asks);

/// A certificate that breaks the profile of RFC 5280, signed with its own key, for localhost and 127.0.0.1.
result<pem_identity> make_misshapen_server(wire_behaviour::certificate);

/// The record with a ServerHello that answers a ClientHello as one of `feigned` wants it.
/// In:     the octets of the whole record that the client sent first
/// Out:    empty if none fits, and OpenSSL is to answer
std::string feign_server_hello(std::vector<feigned_hello> const& feigned, std::string_view client_record);

} // namespace est::conformance
