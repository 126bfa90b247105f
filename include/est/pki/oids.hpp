#pragma once
/// Object identifiers: a value type that holds arcs of any size, and the constants that EST needs. Botan's own type stops
/// at arcs of 32 bits, so that the lawful 2.25.<UUID> identifiers could not even be shown with it.

#include <est/core/bytes.hpp>
#include <est/pki/der.hpp>
#include <est/pki/tlv.hpp>

#include <botan/asn1_obj.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace est::pki {

/// An OBJECT IDENTIFIER, kept as the content octets of its encoding.
/// Source:   X.690 section 8.19
/// Promises: equal values have equal octets; an empty value is no identifier and equals only another empty one.
class object_id {
public:
  object_id() = default;

  /// From its arcs; there are at least two.
  object_id(std::initializer_list<std::uint32_t> arcs) {
    auto arc = arcs.begin();
    if (arcs.size() < 2) return;
    auto const first = *arc++;
    put(std::uint64_t{first} * 40 + *arc++);
    for (; arc != arcs.end(); ++arc) put(*arc);
  }

  /// From Botan's type; implicit, so that either can be given.
  object_id(Botan::OID const& oid) : object_id(from_text(oid.to_string()).value_or(object_id{})) {} // NOLINT

  /// From the content octets of a well-formed encoding; anything else gives none.
  static std::optional<object_id> from_content(byte_view content) {
    if (content.empty() || (content.back() & 0x80u) != 0) return std::nullopt;
    for (std::size_t i = 0; i < content.size(); ++i)
      if (content[i] == 0x80 && (i == 0 || (content[i - 1] & 0x80u) == 0)) return std::nullopt; // not the shortest form
    object_id id;
    id.content_ = to_bytes(content);
    return id;
  }

  /// From dotted text with arcs below 2^32.
  static std::optional<object_id> from_text(std::string_view text) {
    object_id id;
    std::uint64_t first = 0, arc = 0;
    std::size_t count = 0, digits = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (i < text.size() && text[i] != '.') {
        if (text[i] < '0' || text[i] > '9' || ++digits > 10) return std::nullopt;
        arc = arc * 10 + static_cast<std::uint64_t>(text[i] - '0');
        continue;
      }
      if (digits == 0 || arc > 0xffffffffu) return std::nullopt;
      if (count == 0) {
        if (arc > 2) return std::nullopt;
        first = arc;
      } else if (count == 1) {
        if (first < 2 && arc > 39) return std::nullopt;
        id.put(first * 40 + arc);
      } else {
        id.put(arc);
      }
      ++count;
      arc = 0;
      digits = 0;
    }
    if (count < 2) return std::nullopt;
    return id;
  }

  bool empty() const noexcept { return content_.empty(); }
  byte_view content() const noexcept { return content_; }

  /// The whole DER value.
  bytes encode() const { return der::value(tag::object_id, content_); }

  /// Dotted text: `1.2.840.113549.1.9.7`. Arcs beyond 64 bits are shown in hexadecimal: `2.25.0xf81d4fae…`.
  std::string to_string() const {
    std::string text;
    for (std::size_t i = 0; i < content_.size();) {
      std::size_t last = i;
      while (last + 1 < content_.size() && (content_[last] & 0x80u) != 0) ++last;
      std::string arc;
      if (last - i < 9) {
        std::uint64_t number = 0;
        for (std::size_t j = i; j <= last; ++j) number = number << 7 | (content_[j] & 0x7fu);
        if (i == 0) {
          auto const first = std::min<std::uint64_t>(number / 40, 2);
          text = std::to_string(first);
          number -= first * 40;
        }
        arc = std::to_string(number);
      } else {
        arc = hexadecimal(i, last);
        if (i == 0) text = "2";
      }
      text += "." + arc;
      i = last + 1;
    }
    return text;
  }

  friend bool operator==(object_id const&, object_id const&) = default;
  friend bool operator<(object_id const& a, object_id const& b) noexcept { return a.content_ < b.content_; }

private:
  void put(std::uint64_t arc) {
    int shift = 0;
    while ((arc >> shift) >= 0x80) shift += 7;
    for (; shift >= 0; shift -= 7)
      content_.push_back(static_cast<std::uint8_t>((arc >> shift & 0x7fu) | (shift != 0 ? 0x80u : 0u)));
  }

  std::string hexadecimal(std::size_t first, std::size_t last) const {
    bytes octets; // little-endian
    std::uint32_t pending = 0;
    int bits = 0;
    for (std::size_t j = last + 1; j-- > first;) {
      pending |= static_cast<std::uint32_t>(content_[j] & 0x7fu) << bits;
      bits += 7;
      if (bits >= 8) {
        octets.push_back(static_cast<std::uint8_t>(pending));
        pending >>= 8;
        bits -= 8;
      }
    }
    if (pending != 0) octets.push_back(static_cast<std::uint8_t>(pending));
    std::reverse(octets.begin(), octets.end());
    return "0x" + to_hex(octets);
  }

  bytes content_;
};

/// Reads the content of an OBJECT IDENTIFIER value; an empty identifier when it is none.
inline object_id read_object_id(tlv const& value) {
  if (!value.is(tag::object_id)) return {};
  return object_id::from_content(value.content).value_or(object_id{});
}

namespace oids {

// CMS content types. RFC 5652 sections 4, 5.1 and 6.1; RFC 5958 section 2
inline const object_id id_data{1, 2, 840, 113549, 1, 7, 1};
inline const object_id id_signed_data{1, 2, 840, 113549, 1, 7, 2};
inline const object_id id_enveloped_data{1, 2, 840, 113549, 1, 7, 3};
inline const object_id id_asymmetric_key_package{2, 16, 840, 1, 101, 2, 1, 2, 78, 5};

// CSR attributes. RFC 2985 sections 5.4.1 and 5.4.2; RFC 4108 section 5.1.1 as EST uses them: RFC 7030 section 4.4.1
inline const object_id challenge_password{1, 2, 840, 113549, 1, 9, 7};
inline const object_id extension_request{1, 2, 840, 113549, 1, 9, 14};
inline const object_id smime_capabilities{1, 2, 840, 113549, 1, 9, 15};
inline const object_id decrypt_key_identifier{1, 2, 840, 113549, 1, 9, 16, 2, 37};
inline const object_id asymmetric_decrypt_key_identifier{1, 2, 840, 113549, 1, 9, 16, 2, 54};
// RFC 7894 section 6; RFC 6402 section 2.8
inline const object_id otp_challenge{1, 2, 840, 113549, 1, 9, 16, 2, 56};
inline const object_id revocation_challenge{1, 2, 840, 113549, 1, 9, 16, 2, 57};
inline const object_id est_identity_linking{1, 2, 840, 113549, 1, 9, 16, 2, 58};
inline const object_id change_subject_name{1, 3, 6, 1, 5, 5, 7, 7, 36};

// Certificate extensions. RFC 5280 section 4.2.1
inline const object_id subject_key_identifier{2, 5, 29, 14};
inline const object_id key_usage{2, 5, 29, 15};
inline const object_id subject_alternative_name{2, 5, 29, 17};
inline const object_id basic_constraints{2, 5, 29, 19};
inline const object_id authority_key_identifier{2, 5, 29, 35};
inline const object_id name_constraints{2, 5, 29, 30};
inline const object_id crl_distribution_points{2, 5, 29, 31};
inline const object_id certificate_policies{2, 5, 29, 32};
inline const object_id extended_key_usage{2, 5, 29, 37};

// Extensions of revocation lists and of their entries. RFC 5280 sections 5.2 and 5.3
inline const object_id crl_number{2, 5, 29, 20};
inline const object_id crl_reason{2, 5, 29, 21};
inline const object_id invalidity_date{2, 5, 29, 24};
inline const object_id delta_crl_indicator{2, 5, 29, 27};
inline const object_id issuing_distribution_point{2, 5, 29, 28};

// Extended key usages. RFC 5280 section 4.2.1.12; RFC 6402 section 2.10
inline const object_id server_auth{1, 3, 6, 1, 5, 5, 7, 3, 1};
inline const object_id client_auth{1, 3, 6, 1, 5, 5, 7, 3, 2};
inline const object_id any_extended_key_usage{2, 5, 29, 37, 0};
inline const object_id cmc_ca{1, 3, 6, 1, 5, 5, 7, 3, 27};
inline const object_id cmc_ra{1, 3, 6, 1, 5, 5, 7, 3, 28};

// Attributes of names. RFC 5280 appendix A.1
inline const object_id common_name{2, 5, 4, 3};
inline const object_id surname{2, 5, 4, 4};
inline const object_id serial_number{2, 5, 4, 5};
inline const object_id country_name{2, 5, 4, 6};
inline const object_id locality_name{2, 5, 4, 7};
inline const object_id state_or_province_name{2, 5, 4, 8};
inline const object_id organization_name{2, 5, 4, 10};
inline const object_id organizational_unit_name{2, 5, 4, 11};
inline const object_id domain_component{0, 9, 2342, 19200300, 100, 1, 25};
inline const object_id email_address{1, 2, 840, 113549, 1, 9, 1};

// Public keys. RFC 8017 appendix A.1; RFC 5480 section 2.1.1; RFC 8410 section 3
inline const object_id rsa_encryption{1, 2, 840, 113549, 1, 1, 1};
inline const object_id rsassa_pss{1, 2, 840, 113549, 1, 1, 10};
inline const object_id ec_public_key{1, 2, 840, 10045, 2, 1};
inline const object_id secp256r1{1, 2, 840, 10045, 3, 1, 7};
inline const object_id secp384r1{1, 3, 132, 0, 34};
inline const object_id secp521r1{1, 3, 132, 0, 35};
inline const object_id ed25519{1, 3, 101, 112};

// Ciphers that an SMIMECapabilities attribute names. RFC 8551 section 2.5.2; NIST's registry for AES
inline const object_id aes128_cbc{2, 16, 840, 1, 101, 3, 4, 1, 2};
inline const object_id aes192_cbc{2, 16, 840, 1, 101, 3, 4, 1, 22};
inline const object_id aes256_cbc{2, 16, 840, 1, 101, 3, 4, 1, 42};
inline const object_id des_ede3_cbc{1, 2, 840, 113549, 3, 7};

} // namespace oids

} // namespace est::pki
