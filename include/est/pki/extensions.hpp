#pragma once
/// Certificate extensions as raw DER, with makers and readers for those that EST meets. A CSR's extensionRequest and a
/// certificate share them. Nothing is interpreted unless it is asked for, so that a foreign extension costs nothing.

#include <est/core/hash.hpp>
#include <est/core/result.hpp>
#include <est/pki/der.hpp>
#include <est/pki/oids.hpp>

#include <botan/hash.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est::pki {

/// One extension.
/// Grammar: Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
struct extension {
  object_id oid;
  bool critical = false;
  bytes value; ///< the content of extnValue: a DER value of the extension's own type

  friend bool operator==(extension const&, extension const&) = default;
};

/// Bits of keyUsage, as a set: `key_usage::digital_signature | key_usage::key_encipherment`.
/// Source: RFC 5280 section 4.2.1.3; bit n of the BIT STRING is 1 << n here
namespace key_usage {
inline constexpr std::uint16_t digital_signature = 1u << 0, content_commitment = 1u << 1, key_encipherment = 1u << 2,
                               data_encipherment = 1u << 3, key_agreement = 1u << 4, key_cert_sign = 1u << 5,
                               crl_sign = 1u << 6, encipher_only = 1u << 7, decipher_only = 1u << 8;
}

/// Names of subjectAltName that EST works with; others are counted.
/// Source: RFC 5280 section 4.2.1.6
struct alternative_names {
  std::vector<std::string> dns, email, uri;
  std::vector<bytes> ip;  ///< 4 or 16 octets each
  std::size_t others = 0; ///< otherName, directoryName and the like

  friend bool operator==(alternative_names const&, alternative_names const&) = default;
};

namespace detail {

/// Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension. RFC 5280 section 4.1
inline std::vector<extension> read_extensions(tlv_reader& outer, tlv_state& state) {
  std::vector<extension> list;
  auto sequence = outer.enter(tag::sequence, "Extensions");
  while (sequence.more()) {
    auto fields = sequence.enter(tag::sequence, "Extension");
    auto const id = fields.take(tag::object_id, "extnID");
    bool critical = false;
    if (fields.at(tag::boolean)) {
      auto const flag = fields.take(tag::boolean, "critical"); // FALSE is the default, and met written out
      critical = flag.content.size() == 1 && flag.content[0] != 0;
    }
    auto const value = fields.take(tag::octet_string, "extnValue");
    fields.end("Extension");
    if (!state.ok()) break;
    list.push_back({read_object_id(id), critical, to_bytes(value.content)});
  }
  return list;
}

} // namespace detail

inline bytes encode_extensions(std::span<const extension> list) {
  bytes content;
  for (auto const& e : list) {
    auto const one = e.critical ? der::sequence({e.oid.encode(), der::boolean(true), der::octet_string(e.value)})
                                : der::sequence({e.oid.encode(), der::octet_string(e.value)});
    content.insert(content.end(), one.begin(), one.end());
  }
  return der::value(tag::sequence, content);
}

inline extension const* find_extension(std::span<const extension> list, object_id const& oid) noexcept {
  for (auto const& e : list)
    if (e.oid == oid) return &e;
  return nullptr;
}

/// Source: RFC 5280 section 4.2.1.9. Critical, as a CA certificate has it.
inline extension make_basic_constraints(bool ca, std::optional<std::uint32_t> path_length = std::nullopt) {
  bytes content;
  if (ca) content = der::boolean(true);
  if (ca && path_length) {
    auto const length = der::integer(*path_length);
    content.insert(content.end(), length.begin(), length.end());
  }
  return {oids::basic_constraints, true, der::value(tag::sequence, content)};
}

/// Source: RFC 5280 section 4.2.1.3; X.690 section 11.2.2 (no trailing zero bits). Critical.
inline extension make_key_usage(std::uint16_t bits) {
  std::uint8_t octets[2] = {};
  unsigned highest = 0;
  for (unsigned bit = 0; bit < 9; ++bit) {
    if ((bits >> bit & 1u) == 0) continue;
    octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] | 0x80u >> bit % 8);
    highest = bit;
  }
  if (bits == 0) return {oids::key_usage, true, {tag::bit_string, 1, 0}};
  auto const unused = static_cast<std::uint8_t>(7 - highest % 8);
  return {oids::key_usage, true,
          der::value(tag::bit_string, {byte_view{&unused, 1}, byte_view{octets, highest / 8 + 1}})};
}

/// Source: RFC 5280 section 4.2.1.12. Not critical.
inline extension make_extended_key_usage(std::vector<object_id> const& purposes) {
  bytes content;
  for (auto const& purpose : purposes) {
    auto const one = purpose.encode();
    content.insert(content.end(), one.begin(), one.end());
  }
  return {oids::extended_key_usage, false, der::value(tag::sequence, content)};
}

/// The key identifier of RFC 5280 section 4.2.1.2, method 1: SHA-1 of the BIT STRING's content.
inline bytes key_identifier(byte_view subject_public_key_info) {
  tlv_state state{errc::malformed_key, "subjectPublicKeyInfo"};
  tlv_reader outer{subject_public_key_info, state};
  auto fields = outer.enter(tag::sequence, "SubjectPublicKeyInfo");
  fields.take(tag::sequence, "algorithm");
  auto const octets = whole_octets(fields.take(tag::bit_string, "subjectPublicKey"));
  if (!state.ok() || !octets) return {};
  return digest("SHA-1", *octets).value_or(bytes{});
}

inline extension make_subject_key_identifier(byte_view subject_public_key_info) {
  return {oids::subject_key_identifier, false, der::octet_string(key_identifier(subject_public_key_info))};
}

/// Source: RFC 5280 section 4.2.1.1: keyIdentifier [0] alone
inline extension make_authority_key_identifier(byte_view identifier) {
  return {oids::authority_key_identifier, false, der::sequence({der::value(tag::context_primitive(0), identifier)})};
}

/// Source: RFC 5280 section 4.2.1.6. `others` are not written.
inline extension make_subject_alternative_name(alternative_names const& names, bool critical = false) {
  bytes content;
  auto const put = [&](unsigned number, byte_view octets) {
    auto const one = der::value(tag::context_primitive(number), octets);
    content.insert(content.end(), one.begin(), one.end());
  };
  for (auto const& name : names.email) put(1, as_bytes(name));
  for (auto const& name : names.dns) put(2, as_bytes(name));
  for (auto const& name : names.uri) put(6, as_bytes(name));
  for (auto const& address : names.ip) put(7, address);
  return {oids::subject_alternative_name, critical, der::value(tag::sequence, content)};
}

/// Reads the value of a subjectAltName extension.
/// Errors: malformed_certificate
inline result<alternative_names> parse_alternative_names(byte_view value) {
  tlv_state state{errc::malformed_certificate, "subjectAltName"};
  tlv_reader outer{value, state};
  auto sequence = outer.enter(tag::sequence, "GeneralNames");
  alternative_names names;
  while (sequence.more()) {
    auto const name = sequence.take_any("GeneralName");
    switch (name.identifier) {
    case tag::context_primitive(1): names.email.push_back(est::to_text(name.content)); break;
    case tag::context_primitive(2): names.dns.push_back(est::to_text(name.content)); break;
    case tag::context_primitive(6): names.uri.push_back(est::to_text(name.content)); break;
    case tag::context_primitive(7): names.ip.push_back(to_bytes(name.content)); break;
    default: ++names.others;
    }
  }
  outer.end("the octets");
  if (!state.ok()) return fail(*state.first);
  return names;
}

} // namespace est::pki
