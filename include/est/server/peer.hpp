#pragma once
/// Who a client is: the user that HTTP authentication proved, and the certificate that the TLS handshake proved; and how
/// a password and a certificate are found to hold. Digest is in digest.hpp, all together in authentication.hpp.

#include <est/core/bytes.hpp>
#include <est/core/hash.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/auth.hpp>
#include <est/http/tls_facts.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

/// A client as a server knows it.
/// Promises: what stands here was verified; a credential that was shown and did not hold leaves no trace in it.
struct peer {
  std::optional<std::string> user;            ///< of HTTP Basic or Digest; may be empty (RFC 7030 section 3.2.3)
  std::vector<pki::certificate> certificates; ///< of TLS, the end-entity certificate first; empty if none
  http::tls_facts tls;                        ///< of the connection
  // Of a Full PKI Request (RFC 5272), whoever brought it over the connection:
  std::optional<pki::certificate> cmc_signer = std::nullopt; ///< the certificate whose key signed it
  std::optional<std::string> cmc_identity = std::nullopt;    ///< whose shared secret it proves; may be empty

  /// By TLS or HTTP.
  bool authenticated() const noexcept { return user.has_value() || !certificates.empty(); }

  /// The certificate that the client holds the key of.
  pki::certificate const* certificate() const noexcept {
    return certificates.empty() ? nullptr : &certificates.front();
  }
};

/// Users and their passwords, compared in constant time: what a small server needs for HTTP Basic.
/// Promises: `accepts` looks at every entry, whatever the user; passwords are kept as SHA-256 digests only.
/// Does NOT promise: protection of weak passwords if the process is read: the digests are neither salted nor slow.
class password_table {
public:
  void add(std::string_view user, secret_bytes const& password) { entries_.emplace_back(mix(user, password.expose())); }

  bool accepts(std::string_view user, byte_view password) const {
    auto const asked = mix(user, password);
    bool found = false;
    for (auto const& entry : entries_) found = equal_in_constant_time(entry, asked) || found;
    return found && !asked.empty();
  }

private:
  /// One digest over both, so that neither the length nor the place of a difference shows.
  static bytes mix(std::string_view user, byte_view password) {
    auto const who = sha256(as_bytes(user)), what = sha256(password);
    bytes both{who};
    both.insert(both.end(), what.begin(), what.end());
    return sha256(both);
  }

  std::vector<bytes> entries_;
};

/// Whether a user and a password belong together. Called from several threads at once.
using password_check = std::function<bool(std::string_view user, byte_view password)>;

/// Finds out who a client is, by its TLS certificate.
/// Source:  RFC 7030 section 3.3.2 (validation MUST be performed as RFC 5280 has it)
/// In:      the TLS facts, whose chain the transport has verified; the time, against which the end-entity certificate is
///          compared once more, since a resumed session remembers an old verdict
/// Out:     a peer without any identity where no certificate was shown
/// Errors:  refused for a certificate that does not verify: it ends the matter, whatever password stands beside it
inline result<peer> identify_by_tls(http::tls_facts const& facts, pki::time_point now) {
  peer who;
  who.tls = facts;
  if (facts.peer_certificates.empty()) return who;
  static constexpr auto not_accepted = "The TLS client certificate is not accepted: ";
  if (!facts.peer_verified)
    return fail(errc::refused, "tls.certificate", std::string{not_accepted} + "it does not verify.");
  for (auto const& der : facts.peer_certificates) {
    auto parsed = pki::parse_certificate(der);
    if (!parsed) {
      // A certificate beside the first is help for building a path, and the path was built.
      if (who.certificates.empty())
        return fail(errc::refused, "tls.certificate", std::string{not_accepted} + "it cannot be read.");
      continue;
    }
    who.certificates.push_back(std::move(*parsed));
  }
  auto const& own = who.certificates.front();
  if (!own.valid_at(now))
    return fail(errc::refused, "tls.certificate", std::string{not_accepted} + "it is not valid at this time.");
  return who;
}

/// The user whom Basic credentials prove.
/// Source:  RFC 7617 section 2; RFC 7030 section 3.2.3 (the user may be empty)
/// Errors:  unauthenticated
inline result<std::string> identify_by_password(std::string_view authorization, password_check const& check) {
  auto sent = http::parse_basic(authorization);
  if (!sent || !check(sent->user, sent->password.expose()))
    return fail(errc::unauthenticated, "authorization", "The user name and password are not accepted.");
  return std::move(sent->user);
}

} // namespace est
