#pragma once
/// Keeping a certificate alive: when to renew it, the request that renews it, and when to ask again after a 202. Nothing
/// here sleeps or looks at a clock: times come in and go out.

#include <est/client/anchors.hpp>
#include <est/client/client.hpp>
#include <est/client/enrolment.hpp>
#include <est/core/bytes.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/enroll.hpp>
#include <est/message/pending.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/signer.hpp>
#include <est/transport/concept.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace est {

/// When a certificate is renewed: at a random time within a window of its life, so that devices that were enrolled
/// together do not come back together.
struct renewal_policy {
  unsigned after_percent = 67;  ///< of the lifetime: where the window begins
  unsigned jitter_percent = 10; ///< of the lifetime: how long it is
  /// Before the end: renew no later than this, unless the certificate is not that long-lived.
  std::chrono::seconds margin = std::chrono::hours{1};
};

namespace detail {

/// A number of 0 to `most`, each as likely as the other to within 2^-30.
inline std::int64_t random_up_to(std::int64_t most, Botan::RandomNumberGenerator& rng) {
  if (most <= 0) return 0;
  std::array<std::uint8_t, 8> octets{};
  rng.randomize(octets.data(), octets.size());
  std::uint64_t value = 0;
  for (auto const octet : octets) value = value << 8 | octet;
  return static_cast<std::int64_t>(value % (static_cast<std::uint64_t>(most) + 1));
}

} // namespace detail

/// The time to renew a certificate at.
/// In:       the certificate; the policy, whose percentages are cut at 100; randomness
/// Promises: never before notBefore and never after notAfter; the same time for the same octets of randomness
inline pki::time_point renew_at(pki::certificate const& certificate, renewal_policy const& policy,
                                Botan::RandomNumberGenerator& rng) {
  using std::chrono::duration_cast, std::chrono::seconds;
  auto const begin = certificate.not_before(), end = certificate.not_after();
  auto const lifetime = duration_cast<seconds>(end - begin).count();
  if (lifetime <= 0) return end;
  auto const part = [&](unsigned percent) { // without overflow up to year 9999, and beyond
    return lifetime / 100 * std::min(percent, 100u) + lifetime % 100 * std::min(percent, 100u) / 100;
  };
  auto const window = detail::random_up_to(part(policy.jitter_percent), rng);
  auto at = begin + seconds{part(policy.after_percent)} + seconds{window};
  auto const latest = policy.margin.count() < lifetime / 2 ? end - policy.margin : end;
  return std::min<pki::time_point>(at, latest);
}

/// The time to fetch the CA certificates again: before the first of those that count expires.
/// Source:   RFC 7030 section 4.1.2: clients SHOULD ask again "before stored information has expired"
/// In:       what is stored; when in a certificate's life; randomness
/// Promises: looks at the root and at the CAs below it. Earlier roots, and what leads from one root to the next, have ends of
///           their own that need no attention.
inline pki::time_point refresh_at(ca_certificates const& stored, renewal_policy const& policy,
                                  Botan::RandomNumberGenerator& rng) {
  auto first = renew_at(stored.root(), policy, rng);
  for (auto const& one : stored.intermediates()) first = std::min(first, renew_at(one, policy, rng));
  return first;
}

/// How often a pending request is repeated.
struct polling_policy {
  std::chrono::seconds otherwise = std::chrono::hours{1}; ///< where the server does not say
  std::chrono::seconds at_least{1};                       ///< also where it says less
  unsigned jitter_percent = 10;                           ///< of the delay, on top of it
};

/// The time to send a pending request again.
/// Source:   RFC 7030 section 4.2.3: "The client MUST wait at least the specified retry-after time"
/// In:       the pending answer, and when it was received
/// Promises: never earlier than the server asks for. There is no cap: a caller that cannot wait so long gives up.
inline pki::time_point retry_at(pending const& answer, pki::time_point received, polling_policy const& policy,
                                Botan::RandomNumberGenerator& rng) {
  using std::chrono::duration_cast, std::chrono::seconds;
  auto const earliest = std::max(answer.earliest(received, policy.otherwise), received + policy.at_least);
  auto const delay = duration_cast<seconds>(earliest - received).count();
  return earliest + seconds{detail::random_up_to(delay / 100 * std::min(policy.jitter_percent, 100u) +
                                                     delay % 100 * std::min(policy.jitter_percent, 100u) / 100,
                                                 rng)};
}

/// What a renewal asks for besides the names of the certificate.
struct renewal_order {
  std::vector<pki::attribute> attributes; ///< further ones; no extensionRequest and no challengePassword
  std::string hash;                       ///< as Botan names it; empty for the one that fits the key
};

/// Makes the request that renews or rekeys a certificate: its subject and its subjectAltName, octet for octet.
/// Source:   RFC 7030 section 4.2.2: both "MUST be identical to the corresponding fields in the certificate being
///           renewed/rekeyed"
/// In:       the certificate; the key that signs and is to be certified: the certificate's own to renew, another one to
///           rekey; what else to ask for; the challengePassword, if the request is to be linked to a connection
/// Errors:   invalid_argument for an order that brings an extensionRequest or a challengePassword of its own; those of
///           pki::make_csr
inline result<pki::csr> make_renewal_csr(pki::certificate const& current, pki::signing_key const& key,
                                         pki::context const& at, renewal_order const& more = {},
                                         std::optional<std::string> const& challenge_password = std::nullopt) {
  pki::csr_order order;
  order.subject = current.subject_der();
  order.hash = more.hash;
  if (auto const* names = current.find(pki::oids::subject_alternative_name))
    order.attributes.push_back(pki::extension_request({*names}));
  for (auto const& attribute : more.attributes) {
    if (attribute.oid == pki::oids::extension_request || attribute.oid == pki::oids::challenge_password)
      return fail(
          errc::invalid_argument, "renewal_order.attributes",
          "extensionRequest and challengePassword of a renewal are made from the certificate and the connection");
    order.attributes.push_back(attribute);
  }
  if (challenge_password) order.attributes.push_back(pki::challenge_password_attribute(*challenge_password));
  return pki::make_csr(order, key, at);
}

namespace detail {

template <transport::Transport T>
result<op::simple_reenroll::reply> reenroll(client<T>& est, pki::certificate const& current,
                                            pki::signing_key const& key, pki::context const& at,
                                            renewal_order const& more, request_link link, notes* out) {
  return est.template call_bound<op::simple_reenroll>(
      [&](http::tls_facts const& facts) -> result<certification_request> {
        auto const password = link ? challenge_password(facts, *link) : std::nullopt;
        auto csr = make_renewal_csr(current, key, at, more, password);
        if (!csr) return fail(csr.error());
        return certification_request{std::move(*csr)};
      },
      out);
}

} // namespace detail

/// Renews a certificate: new dates, the same key.
/// In:      a client whose connection shows the certificate; the certificate; its own key; what else to ask for; how the
///          request is linked to its connection
/// Out:     the new certificate, or that it is pending: then the same call again, after `retry_at`
/// Errors:  key_mismatch where the key is not the certificate's; those of make_renewal_csr and of the call
template <transport::Transport T>
result<op::simple_reenroll::reply> renew(client<T>& est, pki::certificate const& current, pki::signing_key const& key,
                                         pki::context const& at, renewal_order const& more = {},
                                         request_link link = channel_binding::tls_unique, notes* out = nullptr) {
  if (!key.belongs_to(current))
    return fail(errc::key_mismatch, "renewal", "the key is not the certificate's: to change the key, use rekey");
  return detail::reenroll(est, current, key, at, more, link, out);
}

/// Rekeys a certificate: the same names for another key.
/// In:      as `renew`, but the new key. The connection still shows the old certificate, by the old key.
/// Errors:  key_mismatch where the key is the certificate's own; those of make_renewal_csr and of the call
template <transport::Transport T>
result<op::simple_reenroll::reply>
rekey(client<T>& est, pki::certificate const& current, pki::signing_key const& new_key, pki::context const& at,
      renewal_order const& more = {}, request_link link = channel_binding::tls_unique, notes* out = nullptr) {
  if (new_key.belongs_to(current))
    return fail(errc::key_mismatch, "renewal", "the new key is the certificate's own: to keep the key, use renew");
  return detail::reenroll(est, current, new_key, at, more, link, out);
}

} // namespace est
