#pragma once
/// What a certification authority has to offer so that a server can stand in front of it.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/message/pending.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/enveloped_data_open.hpp>
#include <est/pki/private_key.hpp>
#include <est/server/peer.hpp>

#include <concepts>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace est {

/// What an authority makes of a request: the certificate, or that it will decide later.
using issuance = std::variant<pki::certificate, pending>;

/// Issues certificates.
///   ca_certificates(label)              what /cacerts answers: the root and whatever leads from it to what is issued
///                                       (RFC 7030 section 4.1.3)
///   issue(csr, peer, label, context)    one certificate for the key of the CSR, whose signature the server has verified
///                                       (RFC 7030 section 4.2); the server has authenticated and authorised the peer
/// A CSR may ask for other names by ChangeSubjectName (pki::requested_name_change): grant them, or refuse the request; a
/// certificate with the old names is no answer to it (RFC 6402 section 2.8).
/// The label is empty for a path without one. Both are called from several threads at once.
/// Errors:  refused, unsupported_algorithm or invalid_argument: the request is refused with 4xx and the detail as its
///          text, which the client reads; anything else, and any exception: 500 without a word.
/// A 202 needs a Retry-After (RFC 7030 section 4.2.3): give `pending` a delay or a date. The client sends the same
/// request again; to recognise it is the authority's part. For a key generation the key is a new one each time, so that
/// an authority recognises those by peer and subject.
template <class A>
concept certification_authority = requires(A& a, pki::csr const& csr, peer const& who, std::string_view label,
                                           pki::context const& at) {
  { a.ca_certificates(label) } -> std::same_as<result<pki::certs_only>>;
  { a.issue(csr, who, label, at) } -> std::same_as<result<issuance>>;
};

/// Knows which certificates were revoked. A server in front of such an authority refuses a client whose TLS certificate was.
///   is_revoked(certificate, context)    whether that certificate is revoked at the context's time; false for one that
///                                       another authority issued and this one knows nothing of (RFC 7030 section 3.3.2
///                                       lets clients come with certificates of third parties)
/// Called from several threads at once. Errors: any, where it cannot be said: the client is answered 500 and is not let in.
template <class A>
concept revocation_checker = certification_authority<A> &&
    requires(A& a, pki::certificate const& shown, pki::context const& at) {
  { a.is_revoked(shown, at) } -> std::same_as<result<bool>>;
};

/// Makes key pairs for clients as well. A server offers /serverkeygen only in front of such an authority.
///   generate_key(csr, label, context)   a fresh key pair, of the kind that the CSR's own key hints at or that the
///                                       authority prefers; the CSR's key and signature mean nothing else (RFC 7030
///                                       section 4.4.1)
/// The server signs a new CSR by that key, of the same subject and attributes, and hands it to `issue`.
template <class A>
concept key_generator = certification_authority<A> &&
    requires(A& a, pki::csr const& csr, std::string_view label, pki::context const& at) {
  { a.generate_key(csr, label, at) } -> std::same_as<result<pki::private_key>>;
};

/// A public key that private keys are encrypted for, and the certificate that it is bound to, if any.
struct key_recipient {
  bytes public_key_info;
  std::optional<pki::certificate> certificate = std::nullopt;

  static key_recipient of(pki::certificate c) { return {c.public_key_info(), std::move(c)}; }
};

/// Knows keys that private keys are encrypted under beyond TLS (RFC 7030 section 4.4.1), and signs what it generates. A server
/// in front of another authority refuses a CSR that asks for that.
///   find_key_encryption_key(id, peer, label)   the symmetric key that a DecryptKeyIdentifier names, for that peer
///   find_key_recipient(id, peer, label)   the public key that an AsymmetricDecryptKeyIdentifier names, for that peer
///   sign_private_key(key, label, context) the key package, signed by the party that generated the key: what
///                                       pki::sign_key_package makes (RFC 7030 section 4.4.2)
/// None is a key that is not known: the request is refused. Errors: as `issue`.
template <class A>
concept key_protector = key_generator<A> &&
    requires(A& a, byte_view identifier, peer const& who, std::string_view label, pki::private_key const& key,
             pki::context const& at) {
  { a.find_key_encryption_key(identifier, who, label) } -> std::same_as<result<std::optional<pki::key_encryption_key>>>;
  { a.find_key_recipient(identifier, who, label) } -> std::same_as<result<std::optional<key_recipient>>>;
  { a.sign_private_key(key, label, at) } -> std::same_as<result<secret_bytes>>;
};

/// Answers Full PKI Requests as well. A server offers /fullcmc only in front of such an authority.
///   sign_cmc(type, content, bag, label, context)   the SignedData, as a whole ContentInfo, around that content; with the
///                                       certificates of the bag beside its own. The signer's certificate is that of a CA,
///                                       or has id-kp-cmcCA or id-kp-cmcRA (RFC 6402 section 2.10).
/// Called from several threads at once. Errors: any; the client is answered 500.
template <class A>
concept cmc_authority = certification_authority<A> &&
    requires(A& a, pki::object_id const& type, byte_view content, std::span<const pki::certificate> bag,
             std::string_view label, pki::context const& at) {
  { a.sign_cmc(type, content, bag, label, at) } -> std::same_as<result<bytes>>;
};

/// Remembers the requests that it answered with `pending`, so that a client can ask by queryPending (RFC 5272 section 6.13).
///   pending_request(token, label)       the CSR whose DER has that SHA-256, which the token is. It goes to `issue` again.
/// Errors: as `issue`; invalid_argument for a token that is not known
template <class A>
concept cmc_pending_authority = cmc_authority<A> && requires(A& a, byte_view token, std::string_view label) {
  { a.pending_request(token, label) } -> std::same_as<result<pki::csr>>;
};

/// Wants some certificates to be confirmed before they are used (RFC 5272 section 6.14).
///   confirmation_required(certificate, label)   whether this one, just issued, has to be
///   confirm(id, peer, label, context)   the client accepts the certificate of that issuer and serial number
/// Errors: as `issue`; no_certificate for one that is not known
template <class A>
concept cmc_confirming_authority = cmc_authority<A> &&
    requires(A& a, pki::certificate const& issued, pki::certificate_identifier const& id, peer const& who,
             std::string_view label, pki::context const& at) {
  { a.confirmation_required(issued, label) } -> std::same_as<bool>;
  { a.confirm(id, who, label, at) } -> std::same_as<result<void>>;
};

} // namespace est
