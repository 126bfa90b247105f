#pragma once
/// X.509 certificates, read by our own walk and kept as the octets that came. What Botan makes of them is asked for only
/// where it is needed, since Botan 2 verifies a self-signature whenever it parses, and refuses identifiers with large arcs.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/context.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/text.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::pki {

/// A certificate.
/// Source:   RFC 5280 section 4.1
/// Promises: a value, cheap to copy (copies share the octets); `der()` is what was parsed, octet for octet; const members
///           may be called from several threads.
/// Does NOT promise: that the certificate is valid, trusted, or signed at all. verifies_under() and path.hpp ask that.
class certificate {
public:
  bytes const& der() const noexcept { return state_->der; }

  bytes subject_der() const { return slice(state_->subject); }
  bytes issuer_der() const { return slice(state_->issuer); }
  /// The whole SubjectPublicKeyInfo, DER.
  bytes public_key_info() const { return slice(state_->public_key_info); }
  /// Big-endian, without the octet that only keeps the sign: {0x16}.
  bytes serial() const {
    auto const octets = view(state_->serial);
    return to_bytes(octets.size() > 1 && octets[0] == 0 ? octets.subspan(1) : octets);
  }
  std::string subject_text() const { return name_text(view(state_->subject)); }
  std::string issuer_text() const { return name_text(view(state_->issuer)); }
  /// A time beyond the range of a time point (99991231235959Z) is the last there is.
  time_point not_before() const noexcept { return state_->not_before; }
  time_point not_after() const noexcept { return state_->not_after; }
  bool valid_at(time_point moment) const noexcept { return not_before() <= moment && moment <= not_after(); }
  /// 1, 2 or 3, as people count.
  int version() const noexcept { return state_->version; }

  std::vector<extension> const& extensions() const noexcept { return state_->extensions; }
  extension const* find(object_id const& oid) const noexcept { return find_extension(state_->extensions, oid); }

  /// The OID of the signature algorithm as text; `1.2.840.113549.1.1.5`.
  std::string signature_algorithm() const {
    tlv_state state{errc::malformed_certificate, "signatureAlgorithm"};
    tlv_reader outer{view(state_->algorithm), state};
    return read_object_id(outer.enter(tag::sequence, "AlgorithmIdentifier").take(tag::object_id, "identifier"))
        .to_string();
  }

  /// basicConstraints with cA TRUE. A version 1 certificate cannot say so and is none.
  /// Source: RFC 5280 section 4.2.1.9
  bool is_ca() const {
    auto const constraints = find(oids::basic_constraints);
    if (constraints == nullptr) return false;
    tlv_state state{errc::malformed_certificate, "basicConstraints"};
    tlv_reader outer{constraints->value, state};
    auto fields = outer.enter(tag::sequence, "BasicConstraints");
    if (!fields.at(tag::boolean)) return false;
    auto const flag = fields.take(tag::boolean, "cA");
    return flag.content.size() == 1 && flag.content[0] != 0;
  }

  /// keyUsage as the bits of key_usage; none where there is no such extension. One that cannot be read allows nothing: 0.
  std::optional<std::uint16_t> key_usage_bits() const {
    auto const usage = find(oids::key_usage);
    if (usage == nullptr) return std::nullopt;
    auto const value = read_tlv(usage->value);
    std::uint16_t bits = 0;
    if (!value || !value->is(tag::bit_string)) return bits;
    for (unsigned bit = 0; bit < 9 && bit / 8 + 1 < value->content.size(); ++bit)
      if ((value->content[bit / 8 + 1] & 0x80u >> bit % 8) != 0) bits = static_cast<std::uint16_t>(bits | 1u << bit);
    return bits;
  }

  /// The content of subjectKeyIdentifier, and of authorityKeyIdentifier's keyIdentifier; none where they are missing.
  std::optional<bytes> subject_key_identifier() const {
    auto const found = find(oids::subject_key_identifier);
    if (found == nullptr) return std::nullopt;
    auto const value = read_tlv(found->value);
    if (!value || !value->is(tag::octet_string)) return std::nullopt;
    return to_bytes(value->content);
  }
  std::optional<bytes> authority_key_identifier() const {
    auto const found = find(oids::authority_key_identifier);
    if (found == nullptr) return std::nullopt;
    tlv_state state{errc::malformed_certificate, "authorityKeyIdentifier"};
    tlv_reader outer{found->value, state};
    auto fields = outer.enter(tag::sequence, "AuthorityKeyIdentifier");
    if (!fields.at(tag::context_primitive(0))) return std::nullopt;
    return to_bytes(fields.take(tag::context_primitive(0), "keyIdentifier").content);
  }

  /// The names of subjectAltName; none where the extension is missing or cannot be read.
  std::optional<alternative_names> subject_alternative_names() const {
    auto const found = find(oids::subject_alternative_name);
    if (found == nullptr) return std::nullopt;
    auto names = parse_alternative_names(found->value);
    if (!names) return std::nullopt;
    return std::move(*names);
  }

  /// The purposes of extKeyUsage; none where the extension is missing.
  std::optional<std::vector<object_id>> extended_key_usage() const {
    auto const found = find(oids::extended_key_usage);
    if (found == nullptr) return std::nullopt;
    tlv_state state{errc::malformed_certificate, "extKeyUsage"};
    tlv_reader outer{found->value, state};
    auto purposes = outer.enter(tag::sequence, "ExtKeyUsageSyntax");
    std::vector<object_id> list;
    while (purposes.more()) list.push_back(read_object_id(purposes.take(tag::object_id, "KeyPurposeId")));
    return list;
  }

  /// Whether the signature verifies under a key, given as SubjectPublicKeyInfo. Names and dates are not looked at.
  result<void> check_signature(byte_view issuer_public_key_info) const {
    return verify_signature(view(state_->algorithm), issuer_public_key_info, view(state_->signed_part),
                            view(state_->signature));
  }

  /// Whether the other certificate's subject issued this one: by name and by signature. Dates and extensions are not
  /// looked at.
  bool verifies_under(certificate const& issuer) const {
    return same_name(view(state_->issuer), issuer.view(issuer.state_->subject)) &&
           check_signature(issuer.view(issuer.state_->public_key_info)).has_value();
  }

  /// Subject and issuer are one, and the signature verifies under the certificate's own key.
  bool is_self_signed() const { return verifies_under(*this); }
  /// Subject and issuer are one name. No signature is verified.
  bool is_self_issued() const { return same_name(view(state_->issuer), view(state_->subject)); }

  /// Botan's view of the certificate; null where this Botan refuses it (arcs beyond 32 bits, for one). Made once.
  Botan::X509_Certificate const* botan() const noexcept {
    std::call_once(state_->once, [this] {
      auto loaded = guarded(errc::malformed_certificate, "certificate", [this] {
        return std::make_unique<const Botan::X509_Certificate>(botan::load_certificate(state_->der));
      });
      if (loaded) state_->loaded = std::move(*loaded);
    });
    return state_->loaded.get();
  }

  /// The same octets.
  friend bool operator==(certificate const& a, certificate const& b) noexcept {
    return a.state_ == b.state_ || a.der() == b.der();
  }

  friend result<certificate> parse_certificate(byte_view der, notes* out);

private:
  struct range {
    std::size_t at = 0, size = 0;
  };
  struct contents {
    bytes der;
    range signed_part, serial, issuer, subject, public_key_info, algorithm, signature;
    time_point not_before{}, not_after{};
    int version = 1;
    std::vector<extension> extensions;
    mutable std::once_flag once;
    mutable std::unique_ptr<const Botan::X509_Certificate> loaded;
  };

  explicit certificate(std::shared_ptr<const contents> s) noexcept : state_(std::move(s)) {}
  byte_view view(range r) const noexcept { return byte_view{state_->der}.subspan(r.at, r.size); }
  bytes slice(range r) const { return to_bytes(view(r)); }

  std::shared_ptr<const contents> state_;
};

/// Reads a certificate.
/// Source:  RFC 5280 section 4.1
/// Grammar: Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
///          TBSCertificate ::= SEQUENCE { version [0] DEFAULT v1, serialNumber, signature, issuer, validity, subject,
///          subjectPublicKeyInfo, issuerUniqueID [1] OPTIONAL, subjectUniqueID [2] OPTIONAL, extensions [3] OPTIONAL }
/// In:      DER, nothing behind it
/// Notes:   der_set_unsorted
/// Errors:  truncated, trailing_data, malformed_ber, not_der, too_deep, too_large, malformed_certificate; each with the
///          offset in the certificate
/// Promises: the same certificates with Botan 2 and Botan 3: no Botan parser is asked. No signature is verified.
/// Does NOT promise: that the key can be loaded or an extension's value be read.
inline result<certificate> parse_certificate(byte_view der, notes* out = nullptr) {
  static constexpr std::string_view where = "certificate";
  if (auto const checked = check_der(der, out, {}, where); !checked) return fail(checked.error());
  auto made = std::make_shared<certificate::contents>();
  tlv_state state{errc::malformed_certificate, where};
  auto const range = [](tlv const& v) { return certificate::range{v.offset, v.whole.size()}; };

  tlv_reader outer{der, state};
  auto fields = outer.enter(tag::sequence, "Certificate");
  auto const signed_part = fields.take(tag::sequence, "tbsCertificate");
  auto const algorithm = fields.take(tag::sequence, "signatureAlgorithm");
  auto const signature = fields.take(tag::bit_string, "signatureValue");
  fields.end("Certificate");

  tlv_reader tbs{signed_part, state};
  if (tbs.at(tag::context(0))) {
    auto version = tbs.enter(tag::context(0), "version");
    auto const number = version.take(tag::integer, "version");
    version.end("version");
    auto const value = small_integer(number);
    if (state.ok() && (!value || *value > 2))
      state.blame(errc::malformed_certificate, "the version is none of v1 (0), v2 (1), v3 (2)", number.offset);
    made->version = value ? static_cast<int>(*value) + 1 : 1;
  }
  auto const serial = tbs.take(tag::integer, "serialNumber");
  auto const inner_algorithm = tbs.take(tag::sequence, "signature");
  auto const issuer = tbs.take(tag::sequence, "issuer");
  auto validity = tbs.enter(tag::sequence, "validity");
  auto const begin = validity.take_any("notBefore");
  auto const end = validity.take_any("notAfter");
  validity.end("validity");
  auto const subject = tbs.take(tag::sequence, "subject");
  auto const key = tbs.take(tag::sequence, "subjectPublicKeyInfo");
  if (tbs.at(tag::context_primitive(1))) tbs.take_any("issuerUniqueID");
  if (tbs.at(tag::context_primitive(2))) tbs.take_any("subjectUniqueID");
  if (tbs.at(tag::context(3))) {
    auto extensions = tbs.enter(tag::context(3), "extensions");
    made->extensions = detail::read_extensions(extensions, state);
    extensions.end("extensions");
  }
  tbs.end("tbsCertificate");
  if (!state.ok()) return fail(*state.first);

  auto const malformed = [&](std::string why, std::size_t at) {
    return fail(errc::malformed_certificate, std::string{where}, std::move(why), at);
  };
  auto const not_before = time_of(begin), not_after = time_of(end);
  if (!not_before) return malformed("notBefore is no UTCTime or GeneralizedTime as RFC 5280 has it", begin.offset);
  if (!not_after) return malformed("notAfter is no UTCTime or GeneralizedTime as RFC 5280 has it", end.offset);
  for (auto const* name : {&issuer, &subject})
    if (auto const parsed = parse_name(name->whole, where); !parsed)
      return malformed(parsed.error().detail, name->offset + parsed.error().offset.value_or(0));
  if (auto const parts = detail::take_apart(key.whole); !parts)
    return malformed("subjectPublicKeyInfo: " + parts.error().detail, key.offset + parts.error().offset.value_or(0));
  if (!equal(inner_algorithm.whole, algorithm.whole))
    return malformed("signatureAlgorithm and the signature field of tbsCertificate differ", algorithm.offset);
  auto const octets = whole_octets(signature);
  if (!octets) return malformed("signatureValue is not a whole number of octets", signature.offset);

  made->not_before = *not_before;
  made->not_after = *not_after;
  made->signed_part = range(signed_part);
  made->serial = {serial.content_offset(), serial.content.size()};
  made->issuer = range(issuer);
  made->subject = range(subject);
  made->public_key_info = range(key);
  made->algorithm = range(algorithm);
  made->signature = {signature.content_offset() + 1, octets->size()};
  made->der = to_bytes(der);
  return certificate{std::move(made)};
}

} // namespace est::pki
