#pragma once
/// HTTP Digest at a server: what it has to know of its users, and whether an answer to one of its challenges is right.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/digest.hpp>
#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>
#include <est/message/endpoint.hpp>
#include <est/pki/context.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

/// What a server knows of a user.
struct digest_account {
  std::string user;    ///< the name, also where the client sent a digest of it
  secret_bytes secret; ///< http::digest_secret of the algorithm that was asked for
};

/// Finds the account that credentials speak of: by `user`, or by the digest of a name where `user_hash`; for `algorithm`.
/// Called from several threads at once. None for a user who is not known.
using digest_lookup = std::function<std::optional<digest_account>(http::digest_credentials const&)>;

/// How a server does Digest. Offered in a 401 in the order of `algorithms`, before Basic.
/// Source: RFC 7616
struct digest_policy {
  digest_lookup find;
  /// The key of the nonces. It has to outlive restarts, and be the same on all servers of one name, only if clients should
  /// be spared a second challenge.
  std::shared_ptr<http::nonce_maker const> nonces;
  std::vector<http::digest_algorithm> algorithms = {http::digest_algorithm::sha_256, http::digest_algorithm::md5};
  std::chrono::seconds nonce_lifetime{300};
  bool user_hash = false; ///< ask for a digest of the user's name (RFC 7616 section 3.4.4)
  /// Let a nonce count on the connection alone on which it was handed out. Then an answer cannot be used again elsewhere;
  /// but a client whose connection was closed with the 401 is never let in.
  bool bound_to_connection = false;
  /// Whether this count of this nonce is seen for the first time. Without it the same answer is good again within the
  /// nonce's lifetime, for the same method and target: see http::nonce_maker. Called from several threads at once.
  std::function<bool(std::string_view nonce, std::uint32_t count)> is_first_use;
};

/// Users for Digest, in memory, for one realm.
/// Promises: passwords are not kept, but what stands in for them within this realm.
class digest_table {
public:
  explicit digest_table(std::string realm) : realm_(std::move(realm)) {}

  /// Errors: unsupported_algorithm where this Botan lacks one of the three
  result<void> add(std::string user, secret_bytes const& password) {
    entry made;
    for (std::size_t i = 0; i < algorithms.size(); ++i) {
      auto secret = http::digest_secret(algorithms[i], user, realm_, password.expose());
      if (!secret) return fail(secret.error());
      auto hashed = http::digest_user_hash(algorithms[i], user, realm_);
      if (!hashed) return fail(hashed.error());
      made.secrets[i] = std::move(*secret);
      made.user_hashes[i] = std::move(*hashed);
    }
    made.user = std::move(user);
    entries_.push_back(std::move(made));
    return {};
  }

  std::optional<digest_account> find(http::digest_credentials const& c) const {
    if (c.realm != realm_) return std::nullopt;
    auto const at =
        static_cast<std::size_t>(std::find(algorithms.begin(), algorithms.end(), c.algorithm) - algorithms.begin());
    if (at == algorithms.size()) return std::nullopt;
    for (auto const& one : entries_)
      if (c.user_hash ? http::equal_ignoring_case(one.user_hashes[at], c.user) : one.user == c.user)
        return digest_account{one.user, one.secrets[at].duplicate()};
    return std::nullopt;
  }

  /// A table that is shared with the hook, to be filled before the server runs.
  static digest_lookup lookup(std::shared_ptr<digest_table const> table) {
    return [table = std::move(table)](http::digest_credentials const& c) { return table->find(c); };
  }

private:
  static constexpr std::array algorithms = {http::digest_algorithm::sha_256, http::digest_algorithm::sha_512_256,
                                            http::digest_algorithm::md5};
  struct entry {
    std::string user;
    std::array<secret_bytes, algorithms.size()> secrets;
    std::array<std::string, algorithms.size()> user_hashes;
  };

  std::string realm_;
  std::vector<entry> entries_;
};

/// What came of an Authorization field of the Digest scheme.
struct digest_verdict {
  result<std::string> user; ///< the user, or why nobody is let in
  bool stale = false;       ///< all is right but the age of the nonce: say so with the next challenge
};

namespace detail {

/// What a nonce is bound to, where it is: a value that only this connection has.
inline bytes binding_of(digest_policy const& policy, http::tls_facts const& facts) {
  if (!policy.bound_to_connection) return {};
  for (auto const* value : {&facts.tls_exporter, &facts.tls_unique, &facts.client_finished})
    if (*value && !(*value)->empty()) return **value;
  return {};
}

/// A request target without scheme and authority.
inline std::string_view origin_form(std::string_view target) {
  auto const scheme = target.find("://");
  if (scheme == std::string_view::npos || target.substr(0, scheme).find_first_of("/?") != std::string_view::npos)
    return target;
  auto const path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
}

} // namespace detail

/// Judges the Digest credentials of a request.
/// Source:  RFC 7616 sections 3.4, 3.4.6 and 3.6
/// Errors:  unauthenticated: malformed, an unknown user, a wrong password, a nonce that is old or foreign, a count that was
///          seen; invalid_argument for a `uri` that is not the request's target (section 3.4.6: 400)
/// Promises: the response is compared in constant time, and computed also for a user who is not known; `stale` is set only
///          where the response is right, so that a wrong password never leads to one more try
inline digest_verdict verify_digest(http::request const& question, std::string_view authorization,
                                    http::tls_facts const& facts, digest_policy const& policy, std::string_view realm,
                                    pki::time_point now) {
  auto const refused = [](char const* why) { return fail(errc::unauthenticated, "authorization", why); };
  auto sent = http::parse_digest(authorization);
  if (!sent) return {refused("The Digest credentials cannot be read.")};
  if (auto const asked = detail::origin_form(question.target); detail::origin_form(sent->uri) != asked) {
    // cpp-httplib decodes %-escapes in the values of fields, so that the uri is no longer what the client digested. That
    // was the target, if the two differ in nothing else.
    if (detail::percent_decode(asked) == std::string{detail::origin_form(sent->uri)})
      sent->uri = question.target;
    else
      return {fail(errc::invalid_argument, "authorization",
                   "The uri of the Digest credentials is not the target of the request.")};
  }
  bool const offered =
      std::find(policy.algorithms.begin(), policy.algorithms.end(), sent->algorithm) != policy.algorithms.end();
  if (!offered || sent->realm != realm || !policy.find || !policy.nonces)
    return {refused("These Digest credentials answer no challenge of this server.")};

  auto account = policy.find(*sent);
  bool const known = account.has_value();
  if (!known) account = digest_account{{}, secret_bytes{std::string_view{"00000000000000000000000000000000"}}};
  auto const expected = http::digest_response(account->secret, *sent, question.method);
  if (!expected) return {fail(errc::internal, "authorization", "the digest cannot be computed")};
  auto given = sent->response;
  for (auto& c : given) c = http::lower(c);
  bool const right = equal_in_constant_time(as_bytes(*expected), as_bytes(given));
  if (!known || !right) return {refused("The user name and password are not accepted.")};

  if (policy.nonces->judge(sent->nonce, now, policy.nonce_lifetime, realm, detail::binding_of(policy, facts)) !=
      http::nonce_state::fresh)
    return {refused("The nonce is too old: answer the new challenge."), true};
  if (policy.is_first_use && !policy.is_first_use(sent->nonce, sent->count))
    return {refused("This answer was given before: answer the new challenge."), true};
  return {std::move(account->user)};
}

/// The challenges of a 401.
/// Source:  RFC 7616 section 3.7: each of another algorithm, the most preferred one first
inline result<std::vector<std::string>> digest_challenges(digest_policy const& policy, std::string_view realm,
                                                          http::tls_facts const& facts, pki::context const& at,
                                                          bool stale) {
  std::vector<std::string> values;
  if (!policy.nonces) return values;
  std::array<std::uint8_t, 16> random{};
  at.rng.randomize(random.data(), random.size());
  auto const nonce = policy.nonces->make(at.now, random, realm, detail::binding_of(policy, facts));
  if (!nonce) return fail(nonce.error());
  for (auto const algorithm : policy.algorithms) {
    http::digest_challenge one{std::string{realm}, *nonce};
    one.algorithm = algorithm;
    one.stale = stale;
    one.user_hash = policy.user_hash;
    values.push_back(http::encode_digest_challenge(one));
  }
  return values;
}

} // namespace est
