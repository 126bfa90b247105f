#pragma once
/// What a server does where a CSR asks for a private key that is encrypted beyond TLS: which key, which algorithms, or why
/// not. There is no way from here to a key in the clear.
///
/// Source: RFC 7030 sections 4.4.1, 4.4.1.1, 4.4.1.2 and 4.4.2

#include <est/core/result.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/enveloped_data_make.hpp>
#include <est/pki/key_envelope.hpp>
#include <est/pki/smime_capabilities.hpp>
#include <est/server/authority.hpp>
#include <est/server/peer.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace est {

/// For whom a private key is encrypted, and how.
struct key_protection_plan {
  pki::recipient to;
  pki::content_cipher cipher = pki::content_cipher::aes128_cbc;
};

namespace detail {

inline tl::unexpected<failure> key_not_known() {
  return fail(errc::invalid_argument, "csr.attributes",
              "The key that the CSR names for the encryption of the private key is not known here; the private key is "
              "not sent without it.");
}

/// The identifier that an attribute holds.
inline result<bytes> named_key(pki::csr const& csr, pki::object_id const& oid) {
  std::size_t count = 0;
  for (auto const& a : csr.attributes()) count += a.oid == oid ? 1 : 0;
  auto identifier = pki::octets_of(*csr.find(oid));
  if (count != 1 || !identifier)
    return fail(
        errc::invalid_argument, "csr.attributes",
        "The attribute that names the key for the encryption of the private key cannot be read: it is one OCTET "
        "STRING.");
  return std::move(*identifier);
}

template <key_protector Authority>
result<pki::recipient> find_recipient(Authority& authority, bytes const& identifier, bool symmetric, peer const& who,
                                      std::string_view label, pki::context const& at) {
  if (symmetric) {
    auto key = authority.find_key_encryption_key(identifier, who, label);
    if (!key) return fail(std::move(key.error()));
    if (!*key) return key_not_known();
    (**key).identifier = identifier; // section 4.4.2: "set to the value of the DecryptKeyIdentifier"
    return pki::recipient{std::move(**key)};
  }
  auto found = authority.find_key_recipient(identifier, who, label);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return key_not_known();
  auto const& recipient = **found;
  if (recipient.certificate) {
    if (!pki::may_encrypt_for(*recipient.certificate))
      return fail(
          errc::invalid_argument, "csr.attributes",
          "The key that the CSR names may not be used for the encryption of keys: its certificate allows neither "
          "key transport nor key agreement.");
    if (!recipient.certificate->valid_at(at.now))
      return fail(
          errc::invalid_argument, "csr.attributes",
          "The key that the CSR names may not be used for the encryption of keys: its certificate is not valid at "
          "this time.");
  }
  // section 4.4.2: the recipient is "the subjectKeyIdentifier copied from the attribute", which the client knows for sure
  return pki::recipient{pki::public_key_recipient{recipient.public_key_info, pki::by_key_identifier(identifier)}};
}

} // namespace detail

/// Reads what a CSR asks for.
/// Out:    none where it names no key: then the private key is sent as it is
/// Errors: invalid_argument, unsupported_algorithm, refused: the request is refused with 4xx and the detail as its text. An
///         unknown key, a key that may not be used for this, two keys at once, no SMIMECapabilities, and no algorithm in
///         common are errors, and so is an authority that knows no keys. Otherwise those of the authority.
template <certification_authority Authority>
result<std::optional<key_protection_plan>>
plan_key_protection([[maybe_unused]] Authority& authority, pki::csr const& csr, [[maybe_unused]] peer const& who,
                    [[maybe_unused]] std::string_view label, [[maybe_unused]] pki::context const& at) {
  bool const symmetric = csr.find(pki::oids::decrypt_key_identifier) != nullptr,
             asymmetric = csr.find(pki::oids::asymmetric_decrypt_key_identifier) != nullptr;
  if (!symmetric && !asymmetric) return std::nullopt;
  if constexpr (key_protector<Authority>) {
    if (symmetric && asymmetric)
      return fail(errc::invalid_argument, "csr.attributes",
                  "The CSR names both a symmetric and an asymmetric key for the encryption of the private key.");
    auto const identifier = detail::named_key(csr, symmetric ? pki::oids::decrypt_key_identifier
                                                             : pki::oids::asymmetric_decrypt_key_identifier);
    if (!identifier) return fail(identifier.error());
    auto to = detail::find_recipient(authority, *identifier, symmetric, who, label, at);
    if (!to) return fail(std::move(to.error()));
    auto const* attribute = csr.find(pki::oids::smime_capabilities);
    if (attribute == nullptr)
      return fail(
          errc::invalid_argument, "csr.attributes",
          "The CSR names a key for the encryption of the private key, and has no SMIMECapabilities beside it (RFC "
          "7030 section 4.4.1).");
    auto const capabilities = pki::parse_smime_capabilities(*attribute);
    if (!capabilities)
      return fail(errc::invalid_argument, "csr.attributes", "The SMIMECapabilities of the CSR cannot be read.");
    auto const cipher =
        std::visit([&](auto& recipient) { return pki::choose_algorithms(recipient, *capabilities); }, *to);
    if (!cipher) return fail(cipher.error());
    return key_protection_plan{std::move(*to), *cipher};
  } else {
    return detail::key_not_known();
  }
}

/// Signs and encrypts a private key as it was planned.
/// Out:    the DER of the ContentInfo
/// Errors: those of the authority's signature and of make_key_envelope
template <key_protector Authority>
result<bytes> protect_key(Authority& authority, pki::private_key const& key, key_protection_plan const& plan,
                          std::string_view label, pki::context const& at) {
  auto const package = authority.sign_private_key(key, label, at);
  if (!package) return fail(package.error());
  return pki::make_key_envelope(*package, plan.to, plan.cipher, at);
}

} // namespace est
