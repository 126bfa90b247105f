#pragma once
/// Who sends a request, as far as TLS and HTTP prove it, and the challenges of a 401.

#include <est/core/result.hpp>
#include <est/http/auth.hpp>
#include <est/http/digest.hpp>
#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>
#include <est/pki/context.hpp>
#include <est/server/digest.hpp>
#include <est/server/peer.hpp>
#include <est/server/policy.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

/// What came of the credentials of a request.
struct authentication {
  result<peer> who;
  bool stale = false; ///< a Digest nonce was too old, and all else right
};

/// Finds out who sends a request.
/// Source:  RFC 7030 sections 3.2.3 and 3.3.2; RFC 9110 section 11.6.2; RFC 7616, 7617
/// Out:     a peer without any identity where nothing was shown; the user of Basic or Digest beside the certificate of TLS
///          where both were
/// Errors:  those of `identify_by_tls`; unauthenticated for HTTP credentials that do not hold, of whatever scheme;
///          invalid_argument for Digest credentials of another target
/// Notes:   where a server offers no HTTP authentication, an Authorization field means nothing and is not looked at
inline authentication authenticate(http::request const& question, http::tls_facts const& facts,
                                   server_options const& options, pki::time_point now) {
  auto who = identify_by_tls(facts, now);
  if (!who || (!options.check_password && !options.digest)) return {std::move(who)};
  auto const fields = question.headers.all("Authorization");
  if (fields.empty()) return {std::move(who)};
  if (fields.size() > 1)
    return {fail(errc::unauthenticated, "authorization", "There is more than one Authorization field.")};
  auto const value = http::trim(fields.front());
  auto const scheme = value.substr(0, value.find(' '));
  if (options.digest && http::equal_ignoring_case(scheme, "Digest")) {
    auto verdict = verify_digest(question, value, facts, *options.digest, options.realm, now);
    if (!verdict.user) return {fail(std::move(verdict.user.error())), verdict.stale};
    who->user = std::move(*verdict.user);
    return {std::move(who)};
  }
  if (options.check_password) {
    auto user = identify_by_password(value, options.check_password);
    if (!user) return {fail(std::move(user.error()))};
    who->user = std::move(*user);
    return {std::move(who)};
  }
  return {fail(errc::unauthenticated, "authorization", "This server does not know the scheme of the credentials.")};
}

/// The WWW-Authenticate values of a 401, in the order of preference; none where no HTTP authentication is offered.
/// Source:  RFC 9110 section 11.6.1; RFC 7616 section 3.7; RFC 7617 section 2
/// Errors:  those of `digest_challenges`
inline result<std::vector<std::string>> challenges(server_options const& options, http::tls_facts const& facts,
                                                   pki::context const& at, bool stale = false) {
  std::vector<std::string> values;
  if (options.digest) {
    auto digest = digest_challenges(*options.digest, options.realm, facts, at, stale);
    if (!digest) return digest;
    values = std::move(*digest);
  }
  if (options.check_password) values.push_back("Basic realm=" + http::detail::quoted(options.realm));
  return values;
}

} // namespace est
