#pragma once
/// What a server decides before it asks its authority, and what of that its owner decides: the options, and the check of
/// the channel binding in a CSR. The comparison of names is in names.hpp.

#include <est/core/result.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/operation.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/server/digest.hpp>
#include <est/server/full_cmc_options.hpp>
#include <est/server/names.hpp>
#include <est/server/peer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est {

/// Whether a CSR has to be linked to its connection (RFC 7030 section 3.5: server policy).
enum class linking : std::uint8_t {
  optional, ///< a CSR may come without challengePassword; one that has it must have the right one
  required, ///< a CSR without challengePassword is refused
};

/// A challengePassword that is no value of a TLS 1.3 connection. RFC 7030 section 3.5 knows tls-unique only, which TLS 1.3
/// does not have, so that nothing says what such a password is.
enum class unverifiable_link : std::uint8_t {
  refuse, ///< the default: "If tls-unique information is included by the client, the server MUST verify it."
  accept, ///< for clients that put something else there
};

/// What a server's owner decides. Hooks are called from several threads at once; an exception from one is a 500.
struct server_options {
  std::string path = "/.well-known/est";         ///< RFC 7030 section 3.2.2
  std::string realm = "est";                     ///< of HTTP Basic and Digest
  std::size_t max_body = std::size_t{256} << 10; ///< octets; a longer request is answered 413

  /// Whether a CA label is known. The path without a label always is, since services have to be there "regardless of
  /// whether the additional path segment is present" (RFC 7030 section 3.2.2). Without the hook: none is.
  std::function<bool(std::string_view label)> knows_label;

  /// Whether user and password belong together. Without it, HTTP Basic is not offered.
  password_check check_password;
  /// Without it, HTTP Digest is not offered. Where both are, a 401 asks for Digest first.
  std::optional<digest_policy> digest = std::nullopt;

  /// Whether an authenticated client may have this. Its failure's detail is read by the client: code `refused` for 403,
  /// `unauthenticated` for 401. Without it: everybody who is authenticated may have what he asks for.
  std::function<result<void>(peer const&, std::string_view operation, std::string_view label, pki::csr const&)>
      authorise;

  linking link = linking::optional;
  unverifiable_link on_unverifiable_link = unverifiable_link::refuse;
  /// Clients whose challengePassword is not compared: registration authorities that have verified it themselves (RFC 7030
  /// section 3.7). Without it: none.
  std::function<bool(peer const&)> is_trusted_with_linking;

  /// Whether the otpChallenge of a CSR is good for this client (RFC 7894 section 3.1). Without it, the attribute is left to
  /// the authority.
  std::function<bool(peer const&, std::string_view password)> check_one_time_password;

  /// Generated private keys are sent encrypted beyond TLS alone; a CSR that does not ask for that is refused (RFC 7030 section
  /// 4.4.1: "if server policy requires that the key be delivered in such a form").
  bool require_key_encryption = false;

  /// Asked where the signature of an enrolment's CSR does not verify under the CSR's own key; success lets it pass. For
  /// keys that cannot sign and whose possession is proven otherwise (RFC 9883). Without it: refused.
  std::function<result<void>(pki::csr const&, peer const&)> on_broken_signature;

  /// How the names of a re-enrolment are compared with those of the certificate that it renews.
  name_match reenrol_names = name_match::same_text;

  /// Whether a client that has shown no certificate may re-enrol. Then there is nothing to compare names with, and
  /// `authorise` has to know what the user may have.
  bool reenrol_without_certificate = false;

  full_cmc_options cmc = {}; ///< of /fullcmc, where the authority is a `cmc_authority`

  std::chrono::seconds retry_after{60}; ///< for a pending answer whose authority gives no time
  body_options body = {};               ///< how answers are written

  /// Told of every failure that the client gets no word of. Never holds a secret.
  std::function<void(failure const&)> on_trouble;
};

namespace detail {

inline tl::unexpected<failure> not_linked(std::string_view attribute, std::string why) {
  return fail(errc::refused, "csr." + std::string{attribute},
              "Linking of identity and proof of possession is required: " + std::move(why));
}

/// One attribute that holds a channel binding, if the CSR has it.
inline result<void> check_link(pki::csr const& csr, pki::object_id const& oid, std::string const& attribute,
                               peer const& who, server_options const& options) {
  if (csr.find(oid) == nullptr) return {};
  auto const password = csr.text(oid);
  if (!password) return not_linked(attribute, "the " + attribute + " of the CSR cannot be read.");
  auto const& tls = who.tls;
  if (tls.version == http::tls_version::tls_1_2) {
    if (!tls.extended_master_secret)
      return not_linked(attribute,
                        "this TLS 1.2 connection has no extended master secret, so that tls-unique proves nothing.");
    if (is_channel_binding(*password, tls, channel_binding::tls_unique)) return {};
    return not_linked(attribute, "the " + attribute + " of the CSR is not the tls-unique value of this connection.");
  }
  if (is_channel_binding(*password, tls, channel_binding::tls_exporter) ||
      is_channel_binding(*password, tls, channel_binding::finished))
    return {};
  if (options.on_unverifiable_link == unverifiable_link::accept) return {};
  return not_linked(attribute, "the " + attribute +
                                   " of the CSR is not a channel binding of this connection; on TLS 1.3, where "
                                   "tls-unique does not exist, it may be left out or hold tls-exporter.");
}

} // namespace detail

/// Verifies that a CSR is linked to the connection it came on, as far as policy and connection allow.
/// Source:  RFC 7030 sections 3.5 and 3.7; RFC 7894 section 4: estIdentityLinking holds the binding under a name of its own,
///          challengePassword may stand beside it, and each that is there has to hold; RFC 9266; for TLS 1.3 see
///          docs/decisions
/// In:      tls-unique counts on TLS 1.2 with extended master secret alone (RFC 7627 section 1: without it two connections
///          can be made to share the value); on TLS 1.3 tls-exporter and the client's Finished
/// Errors:  refused, with the sentence that RFC 7030 section 3.5 asks for (SHOULD)
inline result<void> check_linking(pki::csr const& csr, peer const& who, server_options const& options) {
  if (csr.find(pki::oids::challenge_password) == nullptr && csr.find(pki::oids::est_identity_linking) == nullptr) {
    if (options.link == linking::optional) return {};
    return detail::not_linked("challengePassword", "put the channel binding of this TLS connection into the "
                                                   "challengePassword of the CSR.");
  }
  if (options.is_trusted_with_linking && options.is_trusted_with_linking(who)) return {};
  if (auto const held = detail::check_link(csr, pki::oids::est_identity_linking, "estIdentityLinking", who, options);
      !held)
    return held;
  return detail::check_link(csr, pki::oids::challenge_password, "challengePassword", who, options);
}

/// Verifies the one-time password of a CSR, where it has one and the owner has a hook for it.
/// Source: RFC 7894 sections 3.1 and 4: what is there has to hold, unless local policy is to ignore it
/// Errors: refused
inline result<void> check_one_time_password(pki::csr const& csr, peer const& who, server_options const& options) {
  if (!options.check_one_time_password || csr.find(pki::oids::otp_challenge) == nullptr) return {};
  auto const password = csr.text(pki::oids::otp_challenge);
  if (password && options.check_one_time_password(who, *password)) return {};
  return fail(errc::refused, "csr.otpChallenge", "The one-time password of the CSR is not accepted.");
}

} // namespace est
