#pragma once
/// What a switch of `behaviour` does: to a request before the toolkit's server sees it, in place of the authority behind
/// the server, and to the answer afterwards. The server itself has no switch by which it could break an RFC.

#include "behaviour.hpp"

#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>
#include <est/message/endpoint.hpp>
#include <est/server/authority.hpp>
#include <est/server/csr_attributes.hpp>
#include <est/server/memory_ca.hpp>
#include <est/server/policy.hpp>

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace est::conformance {

/// Who waits for approval, and who has waited: a request that is repeated has been approved meanwhile.
struct waiting_room {
  std::string label; ///< enrolments under this label wait; empty: none do
  std::mutex lock;
  std::set<std::string> known; ///< by request_identity; no more than `most`
  static constexpr std::size_t most = 1000;
};

/// The CA as the switches want it.
class deviating_authority {
public:
  using key_maker = std::function<result<pki::private_key>(pki::key_spec const&, pki::context const&)>;

  deviating_authority(memory_ca const& ca, behaviour const& behave, secret_bytes const& shared_key,
                      key_maker const& generate, waiting_room& desk)
      : ca_(ca), behave_(behave), shared_key_(shared_key), generate_(generate), desk_(desk) {}

  result<pki::certs_only> ca_certificates(std::string_view label) const;
  result<std::optional<pending>> approval(pki::csr const&, peer const&, std::string_view operation,
                                          std::string_view label, pki::context const&) const;
  result<issuance> issue(pki::csr const&, peer const&, std::string_view label, pki::context const&) const;
  result<pki::private_key> generate_key(pki::csr const&, std::string_view label, pki::context const&) const;
  result<std::optional<pki::key_encryption_key>> find_key_encryption_key(byte_view, peer const&,
                                                                         std::string_view label) const;
  result<std::optional<key_recipient>> find_key_recipient(byte_view, peer const&, std::string_view label) const;
  result<secret_bytes> sign_private_key(pki::private_key const&, std::string_view label, pki::context const&) const;
  result<std::optional<pki::csr_attributes>> csr_attributes(std::string_view label, peer const&,
                                                            pki::context const&) const;
  result<bool> is_revoked(pki::certificate const&, pki::context const&) const;
  result<bytes> sign_cmc(pki::object_id const&, byte_view, std::span<const pki::certificate>, std::string_view label,
                         pki::context const&) const;

private:
  memory_ca const& ca_;
  behaviour const& behave_;
  secret_bytes const& shared_key_; ///< PKCS#8: the key that everybody gets with `same_key_each_time`
  key_maker const& generate_;      ///< empty: the CA generates
  waiting_room& desk_;
};

/// What the server is told so that a switch can work.
void apply(behaviour const&, server_options&);

/// A request on its way in.
struct incoming {
  http::request request;
  http::tls_facts facts;
  std::optional<http::response> refused; ///< answered already
};

/// In: the operation that the path names, and an Authorization value that the server accepts
void before_the_server(behaviour const&, std::string_view operation, std::string const& authorization, incoming&);

/// An answer on its way out: success is taken apart and made anew where a switch concerns it.
void after_the_server(behaviour const&, std::string_view operation, memory_ca const&, http::request const&,
                      http::tls_facts const&, http::response&, pki::context const&);

} // namespace est::conformance
