#pragma once
/// What the kinds of CMS messages have in common: their object identifiers, AlgorithmIdentifier, the ContentInfo around a
/// content, and the ways in which a signer or a recipient is named.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/der.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace est::pki {

namespace oids {

// RFC 5083 section 2.1
inline const object_id id_auth_enveloped_data{1, 2, 840, 113549, 1, 9, 16, 1, 23};

// Attributes of signers. RFC 5652 sections 11.1 to 11.3
inline const object_id content_type{1, 2, 840, 113549, 1, 9, 3};
inline const object_id message_digest{1, 2, 840, 113549, 1, 9, 4};
inline const object_id signing_time{1, 2, 840, 113549, 1, 9, 5};

} // namespace oids

/// AlgorithmIdentifier.
/// Source: RFC 5280 section 4.1.1.2
struct algorithm_identifier {
  object_id oid;
  bytes parameters = {}; ///< a whole DER value; empty where there are none

  bytes encode() const { return der::sequence({oid.encode(), parameters}); }
  friend bool operator==(algorithm_identifier const&, algorithm_identifier const&) = default;
};

/// How a message names the certificate of a signer or of a recipient: by issuer and serial number, or by key identifier.
/// Source: RFC 5652 sections 5.3 (SignerIdentifier), 6.2.1 (RecipientIdentifier), 6.2.2 (KeyAgreeRecipientIdentifier)
struct certificate_identifier {
  bytes issuer;         ///< a Name in DER; empty where the key identifier names
  bytes serial;         ///< big-endian, without an octet that only keeps the sign
  bytes key_identifier; ///< where the issuer is empty

  bool by_key_identifier() const noexcept { return issuer.empty(); }

  /// Whether it names that certificate. One that has no subjectKeyIdentifier is named by the SHA-1 of its public key.
  bool names(certificate const& c) const {
    if (!by_key_identifier()) return c.serial() == serial && same_name(c.issuer_der(), issuer);
    auto const own = c.subject_key_identifier();
    return (own ? *own : pki::key_identifier(c.public_key_info())) == key_identifier;
  }

  friend bool operator==(certificate_identifier const&, certificate_identifier const&) = default;
};

inline certificate_identifier issuer_and_serial_of(certificate const& c) { return {c.issuer_der(), c.serial(), {}}; }
inline certificate_identifier by_key_identifier(byte_view identifier) { return {{}, {}, to_bytes(identifier)}; }

namespace detail {

/// Wipes octets when it goes: a plain vector that holds a secret for a while.
class wiped_later {
public:
  explicit wiped_later(bytes& octets) noexcept : octets_(octets) {}
  ~wiped_later() { botan::scrub(octets_); }
  wiped_later(wiped_later const&) = delete;
  wiped_later& operator=(wiped_later const&) = delete;

private:
  bytes& octets_;
};

inline algorithm_identifier read_algorithm(tlv const& whole, tlv_state& state) {
  tlv_reader fields{whole, state};
  algorithm_identifier made;
  auto const id = fields.take(tag::object_id, "the algorithm's identifier");
  made.oid = read_object_id(id);
  if (fields.more()) made.parameters = to_bytes(fields.take_any("parameters").whole);
  fields.end("AlgorithmIdentifier");
  if (state.ok() && made.oid.empty()) state.blame(state.code, "an object identifier that is none", id.offset);
  return made;
}

inline byte_view magnitude(tlv const& integer) noexcept {
  auto const octets = integer.content;
  return octets.size() > 1 && octets[0] == 0 ? octets.subspan(1) : octets;
}

/// IssuerAndSerialNumber. RFC 5652 section 10.2.4
inline certificate_identifier read_issuer_and_serial(tlv const& whole, tlv_state& state) {
  tlv_reader fields{whole, state};
  auto const issuer = fields.take(tag::sequence, "issuer");
  auto const serial = fields.take(tag::integer, "serialNumber");
  fields.end("IssuerAndSerialNumber");
  return {to_bytes(issuer.whole), to_bytes(magnitude(serial)), {}};
}

inline bytes encode_issuer_and_serial(certificate_identifier const& id) {
  return der::sequence({id.issuer, der::integer(byte_view{id.serial})});
}

/// SignerIdentifier and RecipientIdentifier: the same CHOICE.
inline certificate_identifier read_identifier(tlv_reader& fields, tlv_state& state, std::string_view what) {
  if (fields.at(tag::context_primitive(0)))
    return by_key_identifier(fields.take(tag::context_primitive(0), what).content);
  return read_issuer_and_serial(fields.take(tag::sequence, what), state);
}

inline bytes encode_identifier(certificate_identifier const& id) {
  return id.by_key_identifier() ? der::value(tag::context_primitive(0), id.key_identifier)
                                : encode_issuer_and_serial(id);
}

/// The content of a ContentInfo, and its type.
struct content_of_info {
  object_id type;
  tlv content;
};

/// ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT ANY }. RFC 5652 section 3
inline content_of_info read_content_info(byte_view der, tlv_state& state) {
  tlv_reader outer{der, state};
  auto info = outer.enter(tag::sequence, "ContentInfo");
  content_of_info made;
  auto const type = info.take(tag::object_id, "contentType");
  made.type = read_object_id(type);
  auto content = info.enter(tag::context(0), "content");
  made.content = content.take(tag::sequence, "the content");
  content.end("content");
  info.end("ContentInfo");
  outer.end("the octets");
  if (state.ok() && made.type.empty()) state.blame(state.code, "an object identifier that is none", type.offset);
  return made;
}

/// The identifier octet of the first element of a constructed value, in BER; 0 where there is none.
inline std::uint8_t first_element_of(byte_view ber) {
  auto const h = read_ber_header(ber, 0, ber.size(), "cms");
  return h && h->header < ber.size() ? ber[h->header] : std::uint8_t{0};
}

/// Vectors that a message is built in: plain, or wiped where the content is secret.
template <class Octets> struct building { using type = Octets; };
template <> struct building<secret_bytes> { using type = secret_vector; };

} // namespace detail

/// The ContentInfo around a content.
template <class Octets = bytes> Octets make_content_info(object_id const& type, byte_view content) {
  return der::sequence<Octets>({type.encode(), der::value<Octets>(tag::context(0), content)});
}

} // namespace est::pki
