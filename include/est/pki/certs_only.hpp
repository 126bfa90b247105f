#pragma once
/// The certs-only message: a CMS SignedData that signs nothing and carries certificates. It is the answer of /cacerts,
/// /simpleenroll, /simplereenroll and, as one part, of /serverkeygen.
///
/// The outer CMS may be BER and is normalised first (RFC 5652 allows BER, RFC 8951 section 3 wants DER, so BER is noted).
/// Certificates and revocation lists within are signed, so their octets stay: the normaliser copies every one that has a
/// definite length, whatever is in it, and whether it is DER is judged one by one.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/der.hpp>
#include <est/pki/oids.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace est::pki {

/// A bag of certificates, and of revocation lists where there are some.
/// Source:   RFC 5272 section 4.1; RFC 5652 sections 5.1 and 5.2; RFC 7030 sections 4.1.3 and 4.2.3
/// Promises: at least one certificate; certificates() is in the order of the message, which means nothing (a SET OF has
///           none); two bags are equal when they hold the same.
class certs_only {
public:
  std::vector<certificate> const& certificates() const noexcept { return certificates_; }
  /// Each a whole DER value: CertificateList, or another RevocationInfoChoice.
  std::vector<bytes> const& crls() const noexcept { return crls_; }

  /// The DER of the whole ContentInfo: version 1, no digest algorithms, id-data without content, no signer, sets sorted.
  bytes encode() const {
    std::vector<bytes> certificates;
    for (auto const& c : certificates_) certificates.push_back(c.der());
    auto const bag = der::set_of(std::move(certificates), tag::context(0));
    auto const lists = crls_.empty() ? bytes{} : der::set_of(crls_, tag::context(1));
    // RFC 5652 section 5.1: version 5 where another kind of revocation information is present
    bool const other =
        std::any_of(crls_.begin(), crls_.end(), [](bytes const& crl) { return crl[0] == tag::context(1); });
    auto const empty_set = der::value(tag::set, byte_view{});
    auto const signed_data = der::sequence(
        {der::integer(other ? 5u : 1u), empty_set, der::sequence({oids::id_data.encode()}), bag, lists, empty_set});
    return der::sequence({oids::id_signed_data.encode(), der::value(tag::context(0), signed_data)});
  }

  friend bool operator==(certs_only const& a, certs_only const& b) { return a.encode() == b.encode(); }

  friend result<certs_only> parse_certs_only(byte_view ber, notes* out, tlv_limits limits);
  friend result<certs_only> make_certs_only(std::vector<certificate> certificates, std::vector<bytes> crls);

private:
  certs_only(std::vector<certificate> certificates, std::vector<bytes> crls)
      : certificates_(std::move(certificates)), crls_(std::move(crls)) {}

  std::vector<certificate> certificates_;
  std::vector<bytes> crls_;
};

namespace detail {

// Where signed octets stand. RFC 5652 section 5.1: certificates [0] and crls [1] of SignedData, which stands in [0] of
// ContentInfo, or bare.
inline bool in_content_info(byte_view path) noexcept {
  return path.size() == 4 && path[0] == tag::sequence && path[1] == tag::context(0) && path[2] == tag::sequence &&
         (path[3] == tag::context(0) || path[3] == tag::context(1));
}
inline bool in_signed_data(byte_view path) noexcept {
  return path.size() == 2 && path[0] == tag::sequence && (path[1] == tag::context(0) || path[1] == tag::context(1));
}

/// CertificateChoices other than `certificate`. RFC 5652 section 10.2.2
inline std::string_view certificate_choice(std::uint8_t identifier) noexcept {
  switch (identifier) {
  case tag::context(0): return "an extendedCertificate";
  case tag::context(1): return "a version 1 attribute certificate";
  case tag::context(2): return "a version 2 attribute certificate";
  case tag::context(3): return "a certificate of another format";
  default: return "no CertificateChoices at all";
  }
}

} // namespace detail

/// Reads a certs-only message.
/// Source:  RFC 5272 section 4.1; RFC 5652 sections 3, 5.1, 5.2 and 10.2; RFC 7030 sections 4.1.3 and 4.2.3
/// Grammar: SignedData ::= SEQUENCE { version, digestAlgorithms SET OF, encapContentInfo, certificates [0] IMPLICIT
///          OPTIONAL, crls [1] IMPLICIT OPTIONAL, signerInfos SET OF } within ContentInfo
/// In:      the decoded body, BER
/// Notes:   those of normalise_ber; der_set_unsorted, cms_version, cms_empty_content, cms_content_present,
///          cms_content_type, cms_digest_algorithms, cms_signer_infos, cms_no_signer_infos, cms_empty_certificates,
///          cms_empty_crls, cms_crls, cms_other_certificate, cms_unreadable_certificate, cms_no_content_info. Offsets are
///          those of the normalised octets, which are the given ones unless a BER note says otherwise.
/// Errors:  no_certificate where none can be read; malformed_cms; truncated, malformed_ber, too_deep, too_large
/// Promises: one certificate that cannot be read is a note beside the others. Linear time, no signature verified.
inline result<certs_only> parse_certs_only(byte_view ber, notes* out = nullptr, tlv_limits limits = {}) {
  static constexpr std::string_view where = "certs-only";
  bool const bare = detail::first_element_of(ber) == tag::integer;
  auto const der = normalise_ber(ber, out, limits, bare ? detail::in_signed_data : detail::in_content_info, where);
  if (!der) return fail(der.error());
  tlv_state state{errc::malformed_cms, where};
  auto const note = [&](note_code code, std::optional<std::size_t> at, std::string detail = {}) {
    remark(out, code, std::string{where}, at, std::move(detail));
  };

  tlv_reader outer{*der, state};
  tlv body;
  if (bare) {
    body = outer.take(tag::sequence, "SignedData");
  } else {
    auto const info = outer.take(tag::sequence, "ContentInfo");
    tlv_reader content_info{info, state};
    if (content_info.at(tag::sequence))
      return fail(errc::malformed_cms, std::string{where},
                  "no ContentInfo: it begins as a certificate or a key does, with a SEQUENCE in a SEQUENCE",
                  info.offset);
    auto const type = content_info.take(tag::object_id, "contentType");
    if (auto const id = read_object_id(type); state.ok() && !(id == oids::id_signed_data))
      return fail(errc::malformed_cms, std::string{where},
                  id == oids::id_enveloped_data ? "the content is EnvelopedData, not SignedData"
                                                : "the content type is " + id.to_string() + ", not id-signedData",
                  type.offset);
    auto explicit_content = content_info.enter(tag::context(0), "content");
    content_info.end("ContentInfo");
    body = explicit_content.take(tag::sequence, "SignedData");
    explicit_content.end("content");
  }

  tlv_reader fields{body, state};
  auto const version = fields.take(tag::integer, "version");
  auto const digests = fields.take(tag::set, "digestAlgorithms");
  auto encapsulated = fields.enter(tag::sequence, "encapContentInfo");
  auto const content_type_at = encapsulated.offset();
  auto const content_type = read_object_id(encapsulated.take(tag::object_id, "eContentType"));
  tlv content;
  bool const has_content = encapsulated.at(tag::context(0));
  if (has_content) content = encapsulated.take(tag::context(0), "eContent");
  encapsulated.end("encapContentInfo");

  std::vector<certificate> certificates;
  std::vector<bytes> crls;
  bool const has_certificates = fields.at(tag::context(0));
  std::uint32_t wanted_version = 1;
  std::size_t unreadable = 0;
  std::string first_trouble;
  if (has_certificates) {
    auto const bag = fields.take(tag::context(0), "certificates");
    tlv_reader choices{bag, state};
    if (!choices.more()) note(note_code::cms_empty_certificates, bag.offset);
    byte_view before;
    bool sorted = true;
    for (std::size_t i = 0; choices.more(); ++i) {
      auto const choice = choices.take_any("a certificate");
      if (!state.ok()) break;
      if (!before.empty() && detail::set_of_less(choice.whole, before)) sorted = false;
      before = choice.whole;
      if (choice.identifier != tag::sequence) {
        if (choice.identifier == tag::context(3)) wanted_version = 5;
        if (choice.identifier == tag::context(2)) wanted_version = std::max(wanted_version, 4u);
        if (choice.identifier == tag::context(1)) wanted_version = std::max(wanted_version, 3u);
        note(note_code::cms_other_certificate, choice.offset,
             std::string{detail::certificate_choice(choice.identifier)});
        continue;
      }
      notes inner;
      auto one = parse_certificate(choice.whole, &inner);
      if (one) {
        if (out != nullptr)
          out->append(std::move(inner), std::string{where} + ".certificates[" + std::to_string(i) + "]");
        certificates.push_back(std::move(*one));
        continue;
      }
      ++unreadable;
      auto const trouble = to_text(one.error());
      if (first_trouble.empty()) first_trouble = trouble;
      note(note_code::cms_unreadable_certificate, choice.offset, "number " + std::to_string(i + 1) + ", " + trouble);
    }
    if (!sorted) note(note_code::der_set_unsorted, bag.offset, "certificates");
  }
  if (fields.at(tag::context(1))) {
    auto const bag = fields.take(tag::context(1), "crls");
    tlv_reader choices{bag, state};
    if (!choices.more()) note(note_code::cms_empty_crls, bag.offset);
    while (choices.more()) {
      auto const choice = choices.take_any("a revocation list");
      if (!state.ok()) break;
      if (choice.identifier == tag::context(1)) wanted_version = 5;
      crls.push_back(to_bytes(choice.whole));
    }
    if (!crls.empty()) note(note_code::cms_crls, bag.offset, std::to_string(crls.size()));
  }
  bool has_signers = false;
  if (fields.more()) {
    auto const signer_infos = fields.take(tag::set, "signerInfos");
    tlv_reader signers{signer_infos, state};
    std::size_t count = 0;
    while (signers.more()) {
      auto signer = signers.enter(tag::sequence, "SignerInfo");
      auto const number = small_integer(signer.take(tag::integer, "version"));
      if (number && *number == 3) wanted_version = std::max(wanted_version, 3u);
      ++count;
    }
    has_signers = count != 0;
    if (has_signers && state.ok()) note(note_code::cms_signer_infos, signer_infos.offset, std::to_string(count));
    fields.end("SignedData");
  } else if (state.ok()) {
    note(note_code::cms_no_signer_infos, fields.offset());
  }
  if (!state.ok()) return fail(*state.first);

  if (bare) note(note_code::cms_no_content_info, body.offset);
  if (!(content_type == oids::id_data)) {
    wanted_version = std::max(wanted_version, 3u);
    note(note_code::cms_content_type, content_type_at,
         content_type.empty() ? "an identifier that is none" : content_type.to_string());
  }
  if (has_content) {
    auto const octets = read_tlv(content.content);
    bool const empty = content.content.empty() || (octets && octets->content.empty());
    note(empty ? note_code::cms_empty_content : note_code::cms_content_present, content.offset,
         empty ? "" : std::to_string(content.content.size()) + " octets");
  }
  if (!digests.content.empty()) note(note_code::cms_digest_algorithms, digests.offset);
  auto const number = small_integer(version);
  if (!number || *number != wanted_version)
    note(note_code::cms_version, version.offset,
         (number ? std::to_string(*number) : "0x" + to_hex(version.content)) + ", " + std::to_string(wanted_version) +
             " is due");
  if (certificates.empty())
    return fail(errc::no_certificate, std::string{where},
                unreadable != 0
                    ? "none of the " + std::to_string(unreadable) + " certificates can be read; " + first_trouble
                : has_certificates ? "the bag holds no X.509 certificate"
                                   : "there is no certificates field",
                body.offset);
  return certs_only{std::move(certificates), std::move(crls)};
}

/// Makes a certs-only message.
/// In:     at least one certificate; revocation lists as whole DER values
/// Errors: no_certificate, malformed_cms (a revocation list that is no DER SEQUENCE and no `[1]`)
inline result<certs_only> make_certs_only(std::vector<certificate> certificates, std::vector<bytes> crls = {}) {
  if (certificates.empty()) return fail(errc::no_certificate, "certs-only", "a bag without certificates is not made");
  for (auto const& crl : crls)
    if (!check_der(crl) || (crl[0] != tag::sequence && crl[0] != tag::context(1)))
      return fail(errc::malformed_cms, "certs-only.crls", "a revocation list is one DER value");
  return certs_only{std::move(certificates), std::move(crls)};
}

} // namespace est::pki
