#pragma once
/// CMS EnvelopedData and AuthEnvelopedData as values, and their parser. `enveloped_data_open.hpp` decrypts them,
/// `enveloped_data_make.hpp` makes them.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/cms_ciphers.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/signed_data.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::pki {

/// A content key under a recipient's RSA key.
/// Grammar: KeyTransRecipientInfo ::= SEQUENCE { version, rid, keyEncryptionAlgorithm, encryptedKey OCTET STRING }.
///          RFC 5652 section 6.2.1
struct key_transport_info {
  certificate_identifier rid;
  algorithm_identifier algorithm;
  bytes encrypted_key;
};

/// A content key under a key-encryption key that the sender's and each recipient's key agree on.
/// Grammar: KeyAgreeRecipientInfo ::= SEQUENCE { version, originator [0] EXPLICIT, ukm [1] EXPLICIT OCTET STRING OPTIONAL,
///          keyEncryptionAlgorithm, recipientEncryptedKeys SEQUENCE OF { rid, encryptedKey OCTET STRING } }.
///          RFC 5652 section 6.2.2
struct key_agreement_info {
  struct encrypted_key {
    certificate_identifier rid;
    bytes octets;
  };
  object_id originator_algorithm; ///< of the sender's ephemeral key; empty where the sender is named by certificate
  bytes originator_key;           ///< its public value: an ECPoint, or 32 octets of X25519
  std::optional<bytes> ukm;
  algorithm_identifier algorithm; ///< the scheme; its parameters are the AlgorithmIdentifier of the key wrap
  std::vector<encrypted_key> keys;
};

/// A content key under a symmetric key that both sides have already.
/// Grammar: KEKRecipientInfo ::= SEQUENCE { version, kekid SEQUENCE { keyIdentifier OCTET STRING, … },
///          keyEncryptionAlgorithm, encryptedKey OCTET STRING }. RFC 5652 section 6.2.3
struct encryption_key_info {
  bytes identifier;
  algorithm_identifier algorithm;
  bytes encrypted_key;
};

/// A recipient of a kind that is not read: pwri, ori, or one of later documents.
struct other_recipient_info {
  std::uint8_t identifier = 0; ///< the identifier octet
};

using recipient_info = std::variant<key_transport_info, key_agreement_info, encryption_key_info, other_recipient_info>;

/// An encrypted message.
/// Source:   RFC 5652 section 6.1; RFC 5083 section 2.1
struct enveloped_data {
  bool authenticated = false; ///< AuthEnvelopedData
  std::vector<recipient_info> recipients;
  object_id content_type;
  encrypted_content content;
  bytes authenticated_octets; ///< the authenticated attributes as a SET OF, as they came; empty where there are none
  std::vector<attribute> authenticated_attributes;
};

namespace detail {

inline constexpr std::size_t most_recipients = 64;

/// An OCTET STRING under an implicit tag, in one piece or, in BER, in several. X.690 section 8.7
inline bytes implicit_octets(tlv_reader& fields, unsigned number, std::string_view what, tlv_state& state, notes* out) {
  if (!fields.at(tag::context(number))) return to_bytes(fields.take(tag::context_primitive(number), what).content);
  auto const whole = fields.take(tag::context(number), what);
  tlv_reader pieces{whole, state};
  bytes joined;
  while (pieces.more()) {
    auto const piece = pieces.take(tag::octet_string, "a piece of the encrypted content");
    joined.insert(joined.end(), piece.content.begin(), piece.content.end());
  }
  if (state.ok()) remark(out, note_code::ber_constructed_string, std::string{state.where}, whole.offset);
  return joined;
}

inline void check_recipient_version(tlv const& version, std::uint32_t wanted, tlv_state const& state, notes* out) {
  auto const number = small_integer(version);
  if (state.ok() && number != wanted)
    remark(out, note_code::cms_recipient_version, std::string{state.where}, version.offset,
           "0x" + to_hex(version.content) + ", " + std::to_string(wanted) + " is due");
}

inline key_transport_info read_key_transport(tlv const& whole, tlv_state& state, notes* out) {
  tlv_reader fields{whole, state};
  key_transport_info made;
  auto const version = fields.take(tag::integer, "version");
  made.rid = read_identifier(fields, state, "rid");
  made.algorithm = read_algorithm(fields.take(tag::sequence, "keyEncryptionAlgorithm"), state);
  made.encrypted_key = to_bytes(fields.take(tag::octet_string, "encryptedKey").content);
  fields.end("KeyTransRecipientInfo");
  check_recipient_version(version, made.rid.by_key_identifier() ? 2 : 0, state, out);
  return made;
}

/// KeyAgreeRecipientIdentifier ::= CHOICE { issuerAndSerialNumber, rKeyId [0] IMPLICIT RecipientKeyIdentifier }
inline certificate_identifier read_agreement_identifier(tlv_reader& fields, tlv_state& state) {
  if (!fields.at(tag::context(0))) return read_issuer_and_serial(fields.take(tag::sequence, "rid"), state);
  auto identifier = fields.enter(tag::context(0), "rKeyId"); // a date and another attribute may follow, unused
  return by_key_identifier(identifier.take(tag::octet_string, "subjectKeyIdentifier").content);
}

inline key_agreement_info read_key_agreement(tlv const& whole, tlv_state& state, notes* out) {
  tlv_reader fields{whole, state};
  key_agreement_info made;
  check_recipient_version(fields.take(tag::integer, "version"), 3, state, out);
  auto originator = fields.enter(tag::context(0), "originator");
  if (originator.at(tag::context(1))) {
    auto key = originator.enter(tag::context(1), "originatorKey");
    made.originator_algorithm = read_algorithm(key.take(tag::sequence, "algorithm"), state).oid;
    auto const value = key.take(tag::bit_string, "publicKey");
    key.end("originatorKey");
    auto const octets = whole_octets(value);
    if (state.ok() && !octets) state.blame(state.code, "publicKey is not a whole number of octets", value.offset);
    if (octets) made.originator_key = to_bytes(*octets);
  } else {
    originator.take_any("originator"); // a certificate's key: static-static agreement
  }
  originator.end("originator");
  if (fields.at(tag::context(1)))
    made.ukm = to_bytes(fields.enter(tag::context(1), "ukm").take(tag::octet_string, "ukm").content);
  made.algorithm = read_algorithm(fields.take(tag::sequence, "keyEncryptionAlgorithm"), state);
  auto keys = fields.enter(tag::sequence, "recipientEncryptedKeys");
  while (keys.more()) {
    auto const at = keys.offset();
    auto one = keys.enter(tag::sequence, "RecipientEncryptedKey");
    auto rid = read_agreement_identifier(one, state);
    made.keys.push_back({std::move(rid), to_bytes(one.take(tag::octet_string, "encryptedKey").content)});
    one.end("RecipientEncryptedKey");
    if (made.keys.size() > most_recipients) state.blame(errc::too_large, "more than 64 encrypted keys", at);
  }
  fields.end("KeyAgreeRecipientInfo");
  return made;
}

inline encryption_key_info read_encryption_key(tlv const& whole, tlv_state& state, notes* out) {
  tlv_reader fields{whole, state};
  encryption_key_info made;
  check_recipient_version(fields.take(tag::integer, "version"), 4, state, out);
  auto identifier = fields.enter(tag::sequence, "kekid"); // a date and another attribute may follow, unused
  made.identifier = to_bytes(identifier.take(tag::octet_string, "keyIdentifier").content);
  made.algorithm = read_algorithm(fields.take(tag::sequence, "keyEncryptionAlgorithm"), state);
  made.encrypted_key = to_bytes(fields.take(tag::octet_string, "encryptedKey").content);
  fields.end("KEKRecipientInfo");
  return made;
}

/// The lowest version that a recipient allows its envelope, as far as it counts. RFC 5652 section 6.1
inline std::uint32_t envelope_version(recipient_info const& recipient) {
  if (auto const* transport = std::get_if<key_transport_info>(&recipient))
    return transport->rid.by_key_identifier() ? 2u : 0u;
  return std::holds_alternative<other_recipient_info>(recipient) ? 3u : 2u;
}

} // namespace detail

/// Reads an encrypted message.
/// Source:  RFC 5652 sections 3, 6.1 and 6.2; RFC 5083 section 2.1
/// Grammar: EnvelopedData ::= SEQUENCE { version, originatorInfo [0] IMPLICIT OPTIONAL, recipientInfos SET OF,
///          encryptedContentInfo SEQUENCE { contentType, contentEncryptionAlgorithm, encryptedContent [0] IMPLICIT },
///          unprotectedAttrs [1] IMPLICIT OPTIONAL }; AuthEnvelopedData has authAttrs [1], mac OCTET STRING and
///          unauthAttrs [2] behind it, within ContentInfo
/// In:      BER
/// Notes:   those of normalise_ber; cms_envelope_version, cms_recipient_version, cms_other_recipient,
///          cms_originator_info, cms_unprotected_attributes, cms_auth_enveloped, cms_no_authenticated_attributes
/// Errors:  malformed_cms (no recipient and no encrypted content too), truncated, malformed_ber, too_deep, too_large (more
///          than 64 recipients)
/// Promises: linear time; nothing is decrypted.
inline result<enveloped_data> parse_enveloped_data(byte_view ber, notes* out = nullptr, tlv_limits limits = {}) {
  static constexpr std::string_view where = "enveloped-data";
  auto const der = normalise_ber(ber, out, limits, nullptr, where);
  if (!der) return fail(der.error());
  tlv_state state{errc::malformed_cms, where};
  auto const note = [&](note_code code, std::optional<std::size_t> at, std::string detail = {}) {
    if (state.ok()) remark(out, code, std::string{where}, at, std::move(detail));
  };
  auto const info = detail::read_content_info(*der, state);
  if (!state.ok()) return fail(*state.first);
  enveloped_data made;
  made.authenticated = info.type == oids::id_auth_enveloped_data;
  if (!made.authenticated && !(info.type == oids::id_enveloped_data))
    return fail(errc::malformed_cms, std::string{where},
                "the content type is " + info.type.to_string() + ", not id-envelopedData or id-ct-authEnvelopedData");

  tlv_reader fields{info.content, state};
  auto const version = fields.take(tag::integer, "version");
  bool const has_originator = fields.at(tag::context(0));
  if (has_originator) note(note_code::cms_originator_info, fields.take(tag::context(0), "originatorInfo").offset);
  auto const recipients_at = fields.offset();
  auto recipients = fields.enter(tag::set, "recipientInfos");
  std::uint32_t wanted_version = 0;
  while (recipients.more()) {
    auto const one = recipients.take_any("a recipient");
    if (!state.ok()) break;
    if (made.recipients.size() == detail::most_recipients)
      return fail(errc::too_large, std::string{where}, "more than 64 recipients", one.offset);
    switch (one.identifier) {
    case tag::sequence: made.recipients.emplace_back(detail::read_key_transport(one, state, out)); break;
    case tag::context(1): made.recipients.emplace_back(detail::read_key_agreement(one, state, out)); break;
    case tag::context(2): made.recipients.emplace_back(detail::read_encryption_key(one, state, out)); break;
    default:
      note(note_code::cms_other_recipient, one.offset, "tag 0x" + to_hex(byte_view{&one.identifier, 1}));
      made.recipients.emplace_back(other_recipient_info{one.identifier});
    }
    wanted_version = std::max(wanted_version, detail::envelope_version(made.recipients.back()));
  }
  auto content = fields.enter(tag::sequence, "encryptedContentInfo");
  auto const type = content.take(tag::object_id, "contentType");
  made.content_type = read_object_id(type);
  made.content.algorithm = detail::read_algorithm(content.take(tag::sequence, "contentEncryptionAlgorithm"), state);
  made.content.octets = detail::implicit_octets(content, 0, "encryptedContent", state, out);
  content.end("encryptedContentInfo");
  if (made.authenticated) {
    if (fields.at(tag::context(1))) {
      auto const attributes = fields.take(tag::context(1), "authAttrs");
      made.authenticated_attributes = detail::read_attributes(attributes, state);
      // RFC 5083 section 2.2: authenticated is the SET OF, under its own tag and not under [1]
      made.authenticated_octets = der::value(tag::set, attributes.content);
    }
    made.content.mac = to_bytes(fields.take(tag::octet_string, "mac").content);
    wanted_version = 0;
  }
  auto const unprotected = tag::context(made.authenticated ? 2 : 1);
  bool const has_unprotected = fields.at(unprotected);
  if (has_unprotected) {
    auto const at = fields.offset();
    detail::read_attributes(fields.take(unprotected, "unprotectedAttrs"), state);
    note(note_code::cms_unprotected_attributes, at);
  }
  fields.end(made.authenticated ? "AuthEnvelopedData" : "EnvelopedData");
  if (!state.ok()) return fail(*state.first);
  if (made.content_type.empty())
    return fail(errc::malformed_cms, std::string{where}, "contentType is an object identifier that is none",
                type.offset);
  if (made.recipients.empty())
    return fail(errc::malformed_cms, std::string{where}, "there is no recipient", recipients_at);
  if (made.authenticated) note(note_code::cms_auth_enveloped, info.content.offset);
  // RFC 5083 section 2.1: "The authAttrs MUST be present if the content type carried in EncryptedContentInfo is not id-data."
  if (made.authenticated && made.authenticated_octets.empty() && !(made.content_type == oids::id_data))
    note(note_code::cms_no_authenticated_attributes, type.offset, made.content_type.to_string());
  if (!made.authenticated && (has_originator || has_unprotected)) wanted_version = std::max(wanted_version, 2u);
  auto const number = small_integer(version);
  // originatorInfo may hold certificates that raise the version further: nothing is said of it then
  if (number != wanted_version && !has_originator)
    note(note_code::cms_envelope_version, version.offset,
         "0x" + to_hex(version.content) + ", " + std::to_string(wanted_version) + " is due");
  return made;
}

} // namespace est::pki
