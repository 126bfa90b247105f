#pragma once
/// The reference server: the toolkit's own EST server over a fresh CA in memory. It is what `est-conformance run` checks
/// where no URL is given, and what deviants are made of: a server that does one thing otherwise, in process or over TLS.

#include "behaviour.hpp"

#include "../drive/options.hpp"

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/enveloped_data_open.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/private_key.hpp>
#include <est/server/authority.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace est::conformance {

/// How a reference server is made.
struct reference_options {
  std::string user = "estuser";
  secret_bytes password;                       ///< empty: a random one is made
  std::vector<std::string> labels = {"label"}; ///< CA labels, beside the path without one; all the same CA
  std::string approval_label =
      "approval";           ///< one more, under which enrolments wait until they are repeated; empty: none
  bool intermediate = true; ///< issue from a CA below the root
  pki::key_spec key = pki::key_spec::ecdsa("secp256r1"); ///< of the CA and of the TLS server

  // Over TLS only
  std::uint16_t port = 0;                    ///< 0: any free port
  std::optional<http::tls_version> tls = {}; ///< this version and no other; without it TLS 1.2 and 1.3
  bool client_certificates = true;           ///< ask for certificates of the CA
  std::chrono::seconds keep_alive{2};        ///< how long an idle connection is kept, and stop() waits for it

  behaviour behave = {};
  /// Makes the keys of /serverkeygen; the CA does where there is none. Called from several threads at once.
  std::function<result<pki::private_key>(pki::key_spec const&, pki::context const&)> generate = {};
  /// Has the last word on every answer. Called from several threads at once.
  std::function<void(http::request const&, http::response&)> mutate = {};
  /// The time; the system's clock where there is none. Called from several threads at once.
  std::function<std::chrono::system_clock::time_point()> clock = {};
};

/// A certificate and its key, as PEM.
struct pem_identity {
  std::string certificate; ///< the end-entity certificate, then the intermediate that issued it
  secret_bytes key;        ///< PKCS#8, not encrypted
};

/// The reference server without a network.
/// Promises: `answer` may be called from several threads at once and never throws.
class reference_authority {
public:
  static result<std::unique_ptr<reference_authority>> make(reference_options);
  ~reference_authority();
  reference_authority(reference_authority const&) = delete;
  reference_authority& operator=(reference_authority const&) = delete;

  http::response answer(http::request const&, http::tls_facts const&) const;

  std::string const& user() const noexcept;
  secret_bytes password() const; ///< a copy
  std::string const& approval_label() const noexcept;

  pki::certificate const& root() const noexcept;
  std::string ca_pem() const;    ///< the root: what a client has to trust
  std::string chain_pem() const; ///< the issuing CA, then the root

  /// Makes a key known under which generated private keys are encrypted beyond TLS.
  /// Errors: those of key_registry::add
  result<void> register_key(pki::key_encryption_key);
  result<void> register_recipient(bytes identifier, key_recipient);
  /// Who signs generated keys that are encrypted.
  pki::certificate const& registration_authority() const noexcept;

  /// A certificate of this CA whose key may sign and nothing else. Nobody has the private key.
  result<pki::certificate> make_signing_certificate() const;

  /// Makes a certificate of this CA for TLS: for a client of that common name.
  result<pem_identity> make_client(std::string const& common_name) const;
  /// Likewise one that a server has to refuse. Only `foreign` is of another CA, which is made for it.
  enum class flaw : std::uint8_t { expired, not_yet_valid, for_servers, revoked, foreign };
  result<pem_identity> make_unfit_client(std::string const& common_name, flaw) const;
  /// Likewise for a server on this machine: localhost, 127.0.0.1 and ::1; or for another one, of that name.
  result<pem_identity> make_server(std::string const& other_host = {}) const;

private:
  struct state;
  explicit reference_authority(std::unique_ptr<state>);
  std::unique_ptr<state> state_;
};

/// Keys for the protection of generated keys, by identifier (RFC 7030 4.4.1.1, 4.4.1.2).
struct known_keys {
  known_identifiers identifiers;
  opening_keys open_with; ///< the keys themselves
};

/// Makes one key of each kind known to the server.
/// Errors: those of make_private_key
result<known_keys> register_keys(reference_authority&);

/// The reference server on 127.0.0.1, over TLS.
/// Promises: it serves once `start` has returned, and no longer once `stop` has.
class reference_server {
public:
  /// Errors: unreachable where the port is taken; otherwise what the toolkit says where keys cannot be made
  static result<std::unique_ptr<reference_server>> start(reference_options = {});
  ~reference_server();
  reference_server(reference_server const&) = delete;
  reference_server& operator=(reference_server const&) = delete;

  std::uint16_t port() const noexcept;
  std::string url() const; ///< `https://127.0.0.1:8443`
  std::string const& approval_label() const noexcept;

  std::string ca_pem() const;
  std::string const& user() const noexcept;
  secret_bytes password() const; ///< a copy

  /// A certificate of the CA, made for tests, and its key.
  std::string client_certificate_pem() const;
  secret_bytes client_key_pem() const; ///< a copy

  reference_authority& authority() noexcept;

  /// Stops. What is being served is finished first; idle connections are waited for (`keep_alive`).
  void stop();

private:
  struct state;
  explicit reference_server(std::unique_ptr<state>);
  std::unique_ptr<state> state_;
};

} // namespace est::conformance
