#pragma once
/// SMIMECapabilities in a serverkeygen request: what the client can decrypt, best first, and what a server makes of it.
///
/// Source: RFC 7030 section 4.4.1; RFC 8551 section 2.5.2; RFC 5753 section 6 and RFC 8418 section 8 (key agreement names its
/// key wrap in the parameters)

#include <est/core/result.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/cms_ciphers.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/enveloped_data_make.hpp>
#include <est/pki/key_agreement.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::pki {

/// SMIMECapabilities with parameters.
/// Grammar: SMIMECapability ::= SEQUENCE { capabilityID OBJECT IDENTIFIER, parameters ANY OPTIONAL }
inline attribute smime_capabilities_attribute(std::vector<algorithm_identifier> const& capabilities) {
  bytes content;
  for (auto const& one : capabilities) {
    auto const encoded = one.encode();
    content.insert(content.end(), encoded.begin(), encoded.end());
  }
  return {oids::smime_capabilities, {der::value(tag::sequence, content)}};
}

/// Reads SMIMECapabilities; what is unknown stays in the list.
/// Errors: malformed_csr (no value or several, or no SMIMECapabilities; more than 64 too)
inline result<std::vector<algorithm_identifier>> parse_smime_capabilities(attribute const& a) {
  static constexpr std::string_view where = "csr.smimeCapabilities";
  if (a.values.size() != 1) return fail(errc::malformed_csr, std::string{where}, "other than one value");
  tlv_state state{errc::malformed_csr, where};
  tlv_reader outer{a.values.front(), state};
  auto list = outer.enter(tag::sequence, "SMIMECapabilities");
  std::vector<algorithm_identifier> made;
  while (list.more()) {
    auto const at = list.offset();
    made.push_back(detail::read_algorithm(list.take(tag::sequence, "SMIMECapability"), state));
    if (made.size() > 64) state.blame(errc::malformed_csr, "more than 64 capabilities", at);
  }
  if (!state.ok()) return fail(*state.first);
  return made;
}

/// The capabilities of a client that has a symmetric key: its key wrap, and the ciphers of the content, best first.
inline std::vector<algorithm_identifier> capabilities_for_symmetric(std::size_t key_octets,
                                                                    std::vector<content_cipher> const& ciphers) {
  std::vector<algorithm_identifier> made{{key_wrap_for(key_octets), {}}};
  for (auto const cipher : ciphers) made.push_back({identifier_of(cipher), {}});
  return made;
}

/// The capabilities of a client that has a private key, by the kind of it.
/// In:     hashes of OAEP or of the key derivation, best first
/// Errors: those of recipient_kind
inline result<std::vector<algorithm_identifier>>
capabilities_for_public_key(byte_view subject_public_key_info, std::vector<content_cipher> const& ciphers,
                            std::vector<std::string> const& hashes = {"SHA-256"}) {
  auto const kind = recipient_kind(subject_public_key_info);
  if (!kind) return fail(kind.error());
  std::vector<algorithm_identifier> made;
  for (auto const& hash : hashes) {
    if (*kind == recipient_key_kind::rsa) {
      made.push_back(detail::oaep_algorithm(hash));
      continue;
    }
    auto const derivation = *kind == recipient_key_kind::x25519 ? key_derivation::hkdf : key_derivation::x963;
    auto const* scheme = find_agreement(derivation, hash);
    if (scheme == nullptr) return fail(errc::unsupported_algorithm, "capabilities", "no key agreement with " + hash);
    std::vector<std::size_t> wraps;
    for (auto const cipher : ciphers)
      if (auto const octets = key_octets(cipher); std::find(wraps.begin(), wraps.end(), octets) == wraps.end())
        wraps.push_back(octets);
    for (auto const octets : wraps) made.push_back({scheme->oid, der::sequence({key_wrap_for(octets).encode()})});
  }
  for (auto const cipher : ciphers) made.push_back({identifier_of(cipher), {}});
  return made;
}

namespace detail {

/// The content's cipher: the first of the client's that is known here. RFC 7030 asks the client for "key encipherment
/// algorithms" alone, so that one that names no cipher gets AES-CBC as strong as its key wrap.
inline content_cipher choose_content_cipher(std::vector<algorithm_identifier> const& capabilities,
                                            std::size_t wrap_octets) {
  for (auto const& one : capabilities)
    if (auto const cipher = content_cipher_of(one.oid)) return *cipher;
  return wrap_octets == 16   ? content_cipher::aes128_cbc
         : wrap_octets == 24 ? content_cipher::aes192_cbc
                             : content_cipher::aes256_cbc;
}

inline tl::unexpected<failure> nothing_in_common(std::string_view what) {
  return fail(errc::unsupported_algorithm, "csr.smimeCapabilities",
              "The SMIMECapabilities name no " + std::string{what} +
                  " that is offered here for the key that the CSR names; the private key is not sent without it.");
}

inline bool names_ciphers_that_are_unknown(std::vector<algorithm_identifier> const& capabilities) {
  // other ciphers of content: 3DES, RC2, DES (RFC 8551 section 2.7, RFC 3370 section 5), AES-CCM, ChaCha20-Poly1305
  static const object_id others[] = {oids::des_ede3_cbc,
                                     {1, 2, 840, 113549, 3, 2},
                                     {1, 3, 14, 3, 2, 7},
                                     {2, 16, 840, 1, 101, 3, 4, 1, 7},
                                     {2, 16, 840, 1, 101, 3, 4, 1, 27},
                                     {2, 16, 840, 1, 101, 3, 4, 1, 47},
                                     {1, 2, 840, 113549, 1, 9, 16, 3, 18}};
  bool unknown = false;
  for (auto const& one : capabilities) {
    if (content_cipher_of(one.oid)) return false;
    unknown = unknown || std::find(std::begin(others), std::end(others), one.oid) != std::end(others);
  }
  return unknown;
}

/// The key wrap within a capability of key agreement; none for another one.
inline std::optional<std::size_t> wrap_of_agreement(algorithm_identifier const& capability) {
  tlv_state state{errc::malformed_csr, "csr.smimeCapabilities"};
  tlv_reader outer{capability.parameters, state};
  auto const wrap = read_algorithm(outer.take(tag::sequence, "KeyWrapAlgorithm"), state);
  return state.ok() ? key_wrap_octets(wrap.oid) : std::nullopt;
}

} // namespace detail

/// Which cipher a message for a symmetric key has, by what the client can.
/// Source: RFC 7030 section 4.4.2: "keyEncryptionAlgorithm is set to one of the key wrap algorithms that the client included
///         in the SMIMECapabilities"
/// Errors: unsupported_algorithm, whose detail is a sentence for the client
inline result<content_cipher> choose_algorithms(key_encryption_key const& to,
                                                std::vector<algorithm_identifier> const& capabilities) {
  if (detail::names_ciphers_that_are_unknown(capabilities)) return detail::nothing_in_common("content cipher");
  auto const wrap = key_wrap_for(to.key.size());
  if (std::none_of(capabilities.begin(), capabilities.end(), [&](auto const& one) { return one.oid == wrap; }))
    return detail::nothing_in_common("key wrap algorithm");
  return detail::choose_content_cipher(capabilities, to.key.size());
}

/// The same for a public key, whose own choices (the hash, the key wrap) are written into it.
/// Key agreement may be named as such, with its key wrap, or by the key wrap alone; RSA by RSAES-OAEP with SHA-1 or SHA-256.
/// PKCS#1 v1.5 is never chosen.
inline result<content_cipher> choose_algorithms(public_key_recipient& to,
                                                std::vector<algorithm_identifier> const& capabilities) {
  if (detail::names_ciphers_that_are_unknown(capabilities)) return detail::nothing_in_common("content cipher");
  auto const kind = recipient_kind(to.public_key_info);
  if (!kind) return fail(kind.error());
  if (*kind == recipient_key_kind::rsa) {
    for (auto const& one : capabilities) {
      if (!(one.oid == oids::rsaes_oaep)) continue;
      auto const parameters = detail::read_oaep_parameters(one.parameters);
      if (!parameters || parameters->hash != parameters->mask_hash ||
          (parameters->hash != "SHA-1" && parameters->hash != "SHA-256"))
        continue;
      to.hash = parameters->hash;
      return detail::choose_content_cipher(capabilities, 32);
    }
    return detail::nothing_in_common("key transport algorithm (RSAES-OAEP)");
  }
  for (auto const& one : capabilities)
    if (auto const* scheme = find_agreement(one.oid); scheme != nullptr && !scheme->cofactor) {
      auto const octets = detail::wrap_of_agreement(one);
      if (!octets) continue;
      to.hash = scheme->hash;
      to.derivation = scheme->derivation;
      to.wrap_octets = *octets;
      return detail::choose_content_cipher(capabilities, *octets);
    }
  for (auto const& one : capabilities)
    if (auto const octets = key_wrap_octets(one.oid)) {
      to.wrap_octets = *octets;
      return detail::choose_content_cipher(capabilities, *octets);
    }
  return detail::nothing_in_common("key agreement or key wrap algorithm");
}

} // namespace est::pki
