#pragma once
/// A first enrolment in one call: the request is made for the connection that it goes over, and linked to it.

#include <est/client/client.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/enroll.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/signer.hpp>
#include <est/transport/concept.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace est {

/// How a request is linked to its connection: which value of it stands in the challengePassword; none: it is not. Where the
/// connection has no such value, as TLS 1.3 has no tls-unique, the request goes without.
/// Source:  RFC 7030 section 3.5: clients SHOULD link
using request_link = std::optional<channel_binding>;

/// Enrols.
/// In:      what the request says; the key that signs it and is to be certified; time and randomness; the link
/// Out:     the certificate, or that it is pending: then the same call again, after `retry_at`
/// Notes:   a challengePassword that the order brings stays as it is, and nothing is linked
/// Errors:  those of pki::make_csr and of the call
template <transport::Transport T>
result<op::simple_enroll::reply> enroll(client<T>& est, pki::csr_order const& order, pki::signing_key const& key,
                                        pki::context const& at, request_link link = channel_binding::tls_unique,
                                        notes* out = nullptr) {
  bool const has_password =
      std::any_of(order.attributes.begin(), order.attributes.end(),
                  [](pki::attribute const& one) { return one.oid == pki::oids::challenge_password; });
  return est.template call_bound<op::simple_enroll>(
      [&](http::tls_facts const& facts) -> result<certification_request> {
        auto linked = order;
        if (auto const value = link && !has_password ? challenge_password(facts, *link) : std::nullopt)
          linked.attributes.push_back(pki::challenge_password_attribute(*value));
        auto csr = pki::make_csr(linked, key, at);
        if (!csr) return fail(csr.error());
        return certification_request{std::move(*csr)};
      },
      out);
}

} // namespace est
