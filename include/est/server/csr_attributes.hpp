#pragma once
/// What an authority has to offer so that a server can answer /csrattrs.

#include <est/core/result.hpp>
#include <est/message/csr_attributes.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr_attributes.hpp>
#include <est/server/authority.hpp>
#include <est/server/peer.hpp>

#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

namespace est {

/// Says what it wants in a CSR. A server offers /csrattrs only in front of such an authority.
///   csr_attributes(label, peer, context)   the list; none where there is nothing to say to this client under this label
/// The peer may be nobody: "The EST server SHOULD NOT require client authentication or authorization to reply to this
/// request" (RFC 7030 section 4.5); credentials that do not hold count as none. What is asked of one client alone, as RFC
/// 8994 has it, goes by the identity that is there. Called from several threads at once.
/// Errors:  as those of `issue`
template <class A>
concept csr_attributes_source = certification_authority<A> &&
    requires(A& a, peer const& who, std::string_view label, pki::context const& at) {
  { a.csr_attributes(label, who, at) } -> std::same_as<result<std::optional<pki::csr_attributes>>>;
};

/// The answer to /csrattrs: the list with 200, or 204 where there is none.
/// Source:  RFC 8951 section 4: "the server response MUST include an HTTP 200 response code" where there is one; 204 or 404
///          where not. Here 204 says that there is nothing now, and 404 that the operation is not offered at all.
inline op::csr_attributes::reply make_csr_attributes_reply(std::optional<pki::csr_attributes> list) {
  if (!list) return {204, {}};
  return {200, std::move(*list)};
}

} // namespace est
