#pragma once
/// What a server's owner decides about /fullcmc.

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/certificate.hpp>

#include <functional>
#include <optional>
#include <string_view>

namespace est {

/// Hooks are called from several threads at once; an exception from one is an internalCAError.
struct full_cmc_options {
  /// The secret that is shared with whoever calls himself so (the identification control; empty where there is none). None
  /// for somebody unknown. Without the hook no identity proof is accepted.
  std::function<std::optional<secret_bytes>(std::string_view identification, std::string_view label)> shared_secret;

  /// A request with an identity proof has to have a POP link witness in its CSR too (RFC 5272 section 6.3.1), unless the
  /// CSR's own key signed the request, which links the two as well. Where there is a witness it has to be right anyway.
  bool pop_link_required = false;

  /// Whether a certificate that signed a request, and does not lead to the authority's own certificates, is accepted all the
  /// same (RFC 6402 section 2.4: a device certificate of a third party). The hook verifies all of it but the signature on
  /// the request. Without it: none is.
  std::function<result<void>(pki::certificate const& signer, std::string_view label)> accepts_foreign_signer;

  /// A certificate that signed a request names the same subject as the CSR (RFC 6402 section 2.4), but that of a
  /// registration authority (id-kp-cmcRA), which asks for others. False: `authorise` has to know.
  bool same_names = true;
};

} // namespace est
