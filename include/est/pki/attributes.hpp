#pragma once
/// Attributes of certification requests: a type, a set of DER values, and makers for the ones that EST gives a meaning.

#include <est/core/result.hpp>
#include <est/pki/der.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/oids.hpp>

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// One attribute.
/// Grammar: Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY }
struct attribute {
  object_id oid;
  std::vector<bytes> values; ///< each a whole DER value

  friend bool operator==(attribute const&, attribute const&) = default;
};

/// The DER of an attribute, its values in DER order.
inline bytes encode_attribute(attribute const& a) { return der::sequence({a.oid.encode(), der::set_of(a.values)}); }

/// An attribute of one DirectoryString: a PrintableString where the text keeps to that alphabet (base64 does), else a
/// UTF8String.
/// Source: RFC 7894 section 3
inline attribute directory_text_attribute(object_id const& oid, std::string_view text) {
  static constexpr std::string_view printable =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?";
  bool const plain = text.find_first_not_of(printable) == std::string_view::npos;
  return {oid, {der::text(plain ? tag::printable_string : tag::utf8_string, text)}};
}

/// challengePassword, which EST uses for the channel binding.
/// Source: RFC 2985 section 5.4.1; RFC 7030 section 3.5
/// In:     at most 255 characters, as in the three that follow
inline attribute challenge_password_attribute(std::string_view text) {
  return directory_text_attribute(oids::challenge_password, text);
}
/// otpChallenge: a one-time password for the request.
/// Source: RFC 7894 section 3.1
inline attribute otp_challenge_attribute(std::string_view password) {
  return directory_text_attribute(oids::otp_challenge, password);
}
/// revocationChallenge: the password by which revocation may be asked for later.
/// Source: RFC 7894 section 3.2
inline attribute revocation_challenge_attribute(std::string_view password) {
  return directory_text_attribute(oids::revocation_challenge, password);
}
/// estIdentityLinking: the channel binding under a name of its own. challengePassword may stand beside it for servers that
/// do not know it.
/// Source: RFC 7894 sections 3.3 and 4
inline attribute est_identity_linking_attribute(std::string_view binding) {
  return directory_text_attribute(oids::est_identity_linking, binding);
}

/// extensionRequest. There is at least one extension: the type is SIZE (1..MAX).
/// Source: RFC 2985 section 5.4.2
inline attribute extension_request(std::span<const extension> extensions) {
  return {oids::extension_request, {encode_extensions(extensions)}};
}
inline attribute extension_request(std::initializer_list<extension> extensions) {
  return extension_request(std::span<const extension>{extensions.begin(), extensions.size()});
}

/// An extensionRequest that asks for a subjectAltName and for nothing else.
inline attribute subject_alternative_names(alternative_names const& names) {
  return extension_request({make_subject_alternative_name(names)});
}

/// DecryptKeyIdentifier: names the symmetric key under which the client wants its private key.
/// Source: RFC 7030 section 4.4.1.1: the value is an OCTET STRING
inline attribute decrypt_key_identifier(byte_view identifier) {
  return {oids::decrypt_key_identifier, {der::octet_string(identifier)}};
}

/// AsymmetricDecryptKeyIdentifier: names the asymmetric key under which the client wants its private key.
/// Source: RFC 7030 section 4.4.1.2: AsymmetricDecryptKeyIdentifier ::= OCTET STRING
inline attribute asymmetric_decrypt_key_identifier(byte_view identifier) {
  return {oids::asymmetric_decrypt_key_identifier, {der::octet_string(identifier)}};
}

/// SMIMECapabilities: the ciphers that the client can decrypt, best first, each without parameters.
/// Source: RFC 8551 section 2.5.2; RFC 7030 section 4.4.1
inline attribute smime_capabilities(std::vector<object_id> const& ciphers) {
  bytes content;
  for (auto const& cipher : ciphers) {
    auto const one = der::sequence({cipher.encode()});
    content.insert(content.end(), one.begin(), one.end());
  }
  return {oids::smime_capabilities, {der::value(tag::sequence, content)}};
}

/// The octets of an attribute whose one value is an OCTET STRING: the key identifiers above.
inline std::optional<bytes> octets_of(attribute const& a) {
  if (a.values.size() != 1) return std::nullopt;
  auto const value = read_tlv(a.values.front());
  if (!value || !value->is(tag::octet_string)) return std::nullopt;
  return to_bytes(value->content);
}

} // namespace est::pki
