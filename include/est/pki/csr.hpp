#pragma once
/// Certification requests (PKCS#10): own parser and builder, with any attribute. Botan's class can neither set nor read
/// other attributes than its own two, and throws the same for a broken signature and for broken DER.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/pem.hpp>
#include <est/pki/private_key.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/signer.hpp>

#include <botan/pkix_types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace est::pki {

/// A certification request.
/// Source:   RFC 2986 section 4
/// Promises: a value, cheap to copy; `der()` is what was parsed or made, octet for octet. A request whose signature is
///           broken is one too: check_signature() tells.
class csr {
public:
  bytes const& der() const noexcept { return state_->der; }

  bytes subject_der() const { return to_bytes(view(state_->subject)); }
  /// Botan's value of the subject; an empty one where Botan cannot read it. subject_der() is what was sent.
  Botan::X509_DN subject() const {
    return guarded(errc::malformed_csr, "csr.subject",
                   [&] { return botan::decode<Botan::X509_DN>(view(state_->subject)); })
        .value_or(Botan::X509_DN{});
  }
  std::string subject_text() const { return name_text(view(state_->subject)); }
  /// The whole SubjectPublicKeyInfo, DER.
  bytes public_key_info() const { return to_bytes(view(state_->public_key_info)); }

  std::vector<attribute> const& attributes() const noexcept { return state_->attributes; }
  /// The first attribute of a type; null where there is none.
  attribute const* find(object_id const& oid) const noexcept {
    for (auto const& a : state_->attributes)
      if (a.oid == oid) return &a;
    return nullptr;
  }

  /// The OID of the signature algorithm as text.
  std::string signature_algorithm() const { return state_->algorithm_oid.to_string(); }
  /// Errors: bad_signature only where the algorithm is known and fits the key; unsupported_algorithm; malformed_key
  result<void> check_signature() const {
    return verify_signature(view(state_->algorithm), view(state_->public_key_info), view(state_->signed_part),
                            view(state_->signature));
  }
  bool signature_verifies() const { return check_signature().has_value(); }

  /// The text of challengePassword, in UTF-8: PrintableString, UTF8String, TeletexString, BMPString, UniversalString and,
  /// with a note at parsing, IA5String. None where there is no such attribute or its value is no string.
  /// Source: RFC 2985 section 5.4.1; RFC 7030 section 3.5 puts the channel binding there
  std::optional<std::string> challenge_password() const { return text(oids::challenge_password); }

  /// The text of an attribute of one character string: otpChallenge, revocationChallenge, estIdentityLinking. None where
  /// there is no such attribute, or its value is no string.
  /// Source: RFC 7894 section 3
  std::optional<std::string> text(object_id const& oid) const {
    auto const found = find(oid);
    if (found == nullptr || found->values.empty()) return std::nullopt;
    auto const value = read_tlv(found->values.front());
    if (!value) return std::nullopt;
    return text_of(*value);
  }

  /// The extensions asked for by extensionRequest; empty where there is none or it cannot be read.
  /// Source: RFC 2985 section 5.4.2
  std::vector<extension> requested_extensions() const {
    auto const found = find(oids::extension_request);
    if (found == nullptr || found->values.empty()) return {};
    tlv_state state{errc::malformed_csr, "csr.extensionRequest"};
    tlv_reader outer{found->values.front(), state};
    auto list = detail::read_extensions(outer, state);
    if (!state.ok()) return {};
    return list;
  }
  /// The subjectAltName asked for; none where there is none or it cannot be read.
  std::optional<alternative_names> requested_alternative_names() const {
    auto const extensions = requested_extensions();
    auto const found = find_extension(extensions, oids::subject_alternative_name);
    if (found == nullptr) return std::nullopt;
    auto names = parse_alternative_names(found->value);
    if (!names) return std::nullopt;
    return std::move(*names);
  }

  /// The same octets.
  friend bool operator==(csr const& a, csr const& b) noexcept { return a.state_ == b.state_ || a.der() == b.der(); }

  friend result<csr> parse_csr(byte_view der, notes* out);

private:
  struct range {
    std::size_t at = 0, size = 0;
  };
  struct contents {
    bytes der;
    range signed_part, subject, public_key_info, algorithm, signature;
    object_id algorithm_oid;
    std::vector<attribute> attributes;
  };

  explicit csr(std::shared_ptr<const contents> s) noexcept : state_(std::move(s)) {}
  byte_view view(range r) const noexcept { return byte_view{state_->der}.subspan(r.at, r.size); }

  std::shared_ptr<const contents> state_;
};

/// Reads a certification request.
/// Source:  RFC 2986 sections 4.1 and 4.2
/// Grammar: CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature BIT STRING }
///          CertificationRequestInfo ::= SEQUENCE { version INTEGER {v1(0)}, subject Name, subjectPKInfo, attributes [0]
///          IMPLICIT SET OF Attribute }
/// In:      DER, nothing behind it
/// Notes:   der_set_unsorted, csr_version, csr_no_attributes, csr_repeated_attribute, csr_empty_attribute,
///          csr_challenge_password_type
/// Errors:  truncated, trailing_data, malformed_ber, not_der, too_deep, too_large, malformed_csr; with the offset
/// Promises: a broken signature parses; nothing is verified. Linear time but for repeated attributes, of which at most 256
///          are read.
/// Does NOT promise: that the key can be loaded.
inline result<csr> parse_csr(byte_view der, notes* out = nullptr) {
  static constexpr std::string_view where = "csr";
  static constexpr std::size_t most_attributes = 256;
  if (auto const checked = check_der(der, out, {}, where); !checked) return fail(checked.error());
  auto made = std::make_shared<csr::contents>();
  tlv_state state{errc::malformed_csr, where};
  auto const range = [](tlv const& v) { return csr::range{v.offset, v.whole.size()}; };
  auto const malformed = [&](std::string why, std::size_t at) {
    return fail(errc::malformed_csr, std::string{where}, std::move(why), at);
  };

  tlv_reader outer{der, state};
  auto fields = outer.enter(tag::sequence, "CertificationRequest");
  auto const signed_part = fields.take(tag::sequence, "certificationRequestInfo");
  auto const algorithm = fields.take(tag::sequence, "signatureAlgorithm");
  auto const signature = fields.take(tag::bit_string, "signature");
  fields.end("CertificationRequest");
  tlv_reader algorithm_fields{algorithm, state};
  made->algorithm_oid = read_object_id(algorithm_fields.take(tag::object_id, "the signature algorithm's identifier"));

  tlv_reader info{signed_part, state};
  auto const version = info.take(tag::integer, "version");
  auto const subject = info.take(tag::sequence, "subject");
  auto const key = info.take(tag::sequence, "subjectPKInfo");
  bool const has_attributes = info.at(tag::context(0));
  auto const attributes_at = info.offset();
  if (has_attributes) {
    auto list = info.enter(tag::context(0), "attributes");
    while (list.more()) {
      auto const whole = list.take(tag::sequence, "Attribute");
      tlv_reader attribute_fields{whole, state};
      attribute one;
      one.oid = read_object_id(attribute_fields.take(tag::object_id, "the attribute's type"));
      auto values = attribute_fields.enter(tag::set, "the attribute's values");
      while (values.more()) one.values.push_back(to_bytes(values.take_any("a value").whole));
      attribute_fields.end("Attribute");
      if (!state.ok()) break;
      if (made->attributes.size() == most_attributes)
        return fail(errc::too_large, std::string{where}, "more than 256 attributes", whole.offset);
      for (auto const& before : made->attributes)
        if (before.oid == one.oid) {
          remark(out, note_code::csr_repeated_attribute, std::string{where}, whole.offset, one.oid.to_string());
          break;
        }
      if (one.values.empty())
        remark(out, note_code::csr_empty_attribute, std::string{where}, whole.offset, one.oid.to_string());
      if (one.oid == oids::challenge_password && !one.values.empty()) {
        auto const value = read_tlv(one.values.front());
        if (value && (value->is(tag::ia5_string) || !text_of(*value)))
          remark(out, note_code::csr_challenge_password_type, std::string{where}, whole.offset,
                 "tag 0x" + to_hex(byte_view{&value->identifier, 1}));
      }
      made->attributes.push_back(std::move(one));
    }
  }
  info.end("certificationRequestInfo");
  if (!state.ok()) return fail(*state.first);

  if (auto const name = parse_name(subject.whole, where); !name)
    return malformed("subject: " + name.error().detail, subject.offset + name.error().offset.value_or(0));
  if (auto const parts = detail::take_apart(key.whole); !parts)
    return malformed("subjectPKInfo: " + parts.error().detail, key.offset + parts.error().offset.value_or(0));
  auto const octets = whole_octets(signature);
  if (!octets) return malformed("the signature is not a whole number of octets", signature.offset);
  auto const number = small_integer(version);
  if (!number || *number != 0)
    remark(out, note_code::csr_version, std::string{where}, version.offset, "0x" + to_hex(version.content));
  if (!has_attributes) remark(out, note_code::csr_no_attributes, std::string{where}, attributes_at);

  made->signed_part = range(signed_part);
  made->subject = range(subject);
  made->public_key_info = range(key);
  made->algorithm = range(algorithm);
  made->signature = {signature.content_offset() + 1, octets->size()};
  made->der = to_bytes(der);
  return csr{std::move(made)};
}

/// What a certification request shall say.
struct csr_order {
  /// Botan's value, or a Name in DER as make_name() makes it.
  std::variant<Botan::X509_DN, bytes> subject;
  std::vector<attribute> attributes;
  std::string hash = "SHA-256"; ///< as Botan names it; "" for the one that fits the key; Ed25519 takes none
};

/// Reads a certification request from PEM, as tools write it: the first block of it in the text.
/// Source: RFC 7468 section 7; the label NEW CERTIFICATE REQUEST is an older one
/// Errors: malformed_csr (no such block), malformed_base64, those of parse_csr
inline result<csr> parse_csr_pem(std::string_view text, notes* out = nullptr) {
  std::size_t at = 0;
  while (auto const block = next_pem_block(text, at)) {
    at = block->end;
    if (block->label != "CERTIFICATE REQUEST" && block->label != "NEW CERTIFICATE REQUEST") continue;
    auto const der = decode_base64(block->base64);
    if (!der) return fail_in("pem", der.error());
    return parse_csr(*der, out);
  }
  return fail(errc::malformed_csr, "pem", "the text holds no CERTIFICATE REQUEST block");
}

inline std::string encode_pem(csr const& request) { return encode_pem("CERTIFICATE REQUEST", request.der()); }

/// Makes and signs a certification request.
/// Source:   RFC 2986 section 4.2
/// In:       the order; the key that signs and whose public half is requested: a private_key, or one that is kept
///           elsewhere (signer.hpp); randomness
/// Errors:   invalid_argument (subject or attribute that is no DER), unsupported_algorithm, internal
/// Promises: the attributes field is always there; attributes and their values are in DER order.
inline result<csr> make_csr(csr_order const& order, signing_key const& key, context const& with) {
  bytes subject;
  if (auto const* raw = std::get_if<bytes>(&order.subject)) {
    subject = *raw;
  } else {
    auto encoded = guarded(errc::invalid_argument, "csr.subject",
                           [&] { return botan::encode(std::get<Botan::X509_DN>(order.subject)); });
    if (!encoded) return fail(encoded.error());
    subject = std::move(*encoded);
  }
  if (!check_der(subject) || !parse_name(subject))
    return fail(errc::invalid_argument, "csr.subject", "the subject is no Name in DER");
  std::vector<bytes> attributes;
  for (auto const& a : order.attributes) {
    for (auto const& value : a.values)
      if (!check_der(value))
        return fail(errc::invalid_argument, "csr.attributes", "a value of " + a.oid.to_string() + " is no DER");
    if (a.oid.empty()) return fail(errc::invalid_argument, "csr.attributes", "an attribute without a type");
    attributes.push_back(encode_attribute(a));
  }
  auto const info = der::sequence(
      {der::integer(0u), subject, key.public_key_info(), der::set_of(std::move(attributes), tag::context(0))});
  auto const signature = key.sign(info, order.hash, with);
  if (!signature) return fail(signature.error());
  auto made = parse_csr(der::sequence({info, signature->algorithm, der::bit_string(signature->octets)}));
  if (!made) return fail(errc::internal, "csr", "the request that was made cannot be read: " + to_text(made.error()));
  return made;
}

} // namespace est::pki
