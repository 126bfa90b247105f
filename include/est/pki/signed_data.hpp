#pragma once
/// CMS SignedData that signs something: parsed, made and verified. The certs-only message, which signs nothing, has its own
/// header. The content may be secret (a private key in a key package): it is kept in the type that the caller names.
///
/// The message may be BER and is normalised first; certificates and revocation lists stay as they came.

#include <est/core/hash.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/context.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/signer.hpp>
#include <est/pki/text.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// One signer of a message.
/// Grammar: SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0] IMPLICIT OPTIONAL,
///          signatureAlgorithm, signature OCTET STRING, unsignedAttrs [1] IMPLICIT OPTIONAL }. RFC 5652 section 5.3
struct signer_info {
  certificate_identifier sid;
  algorithm_identifier digest;
  bytes
      signed_octets; ///< the signed attributes as a SET OF in the order in which they came; empty where there are none
  std::vector<attribute> signed_attributes;
  algorithm_identifier algorithm; ///< of the signature
  bytes signature;
  std::vector<attribute> unsigned_attributes;

  /// The first signed attribute of a type; null where there is none.
  attribute const* find(object_id const& oid) const noexcept {
    for (auto const& a : signed_attributes)
      if (a.oid == oid) return &a;
    return nullptr;
  }
  /// signingTime, if it is there and can be read. Nobody but the signer vouches for it.
  std::optional<time_point> signing_time() const {
    auto const* found = find(oids::signing_time);
    if (found == nullptr || found->values.size() != 1) return std::nullopt;
    auto const value = read_tlv(found->values.front());
    return value ? time_of(*value) : std::nullopt;
  }
};

/// A signed message.
/// Source:   RFC 5652 section 5.1
/// Promises: what was in the message. Nothing is verified by having one.
template <class Octets> struct basic_signed_data {
  object_id content_type;
  std::optional<Octets> content; ///< none where the signature is detached
  std::vector<certificate> certificates;
  std::vector<bytes> crls; ///< each a whole DER value
  std::vector<signer_info> signers;
};
using signed_data = basic_signed_data<bytes>;
/// One whose content is wiped when it goes.
using secret_signed_data = basic_signed_data<secret_bytes>;

namespace detail {

inline constexpr std::size_t most_signers = 16, most_signed_attributes = 64;

inline std::vector<attribute> read_attributes(tlv const& set, tlv_state& state) {
  std::vector<attribute> made;
  tlv_reader list{set, state};
  while (list.more()) {
    auto const at = list.offset();
    auto fields = list.enter(tag::sequence, "Attribute");
    attribute one;
    one.oid = read_object_id(fields.take(tag::object_id, "attrType"));
    auto values = fields.enter(tag::set, "attrValues");
    while (values.more()) one.values.push_back(to_bytes(values.take_any("a value").whole));
    fields.end("Attribute");
    if (made.size() == most_signed_attributes) state.blame(errc::too_large, "more than 64 attributes", at);
    made.push_back(std::move(one));
  }
  return made;
}

inline signer_info read_signer_info(tlv const& whole, tlv_state& state, notes* out) {
  tlv_reader fields{whole, state};
  signer_info made;
  auto const version = fields.take(tag::integer, "version");
  made.sid = read_identifier(fields, state, "sid");
  made.digest = read_algorithm(fields.take(tag::sequence, "digestAlgorithm"), state);
  if (fields.at(tag::context(0))) {
    auto const attributes = fields.take(tag::context(0), "signedAttrs");
    made.signed_attributes = read_attributes(attributes, state);
    // RFC 5652 section 5.4: signed is the SET OF, under its own tag and not under [0]
    made.signed_octets = der::value(tag::set, attributes.content);
  }
  made.algorithm = read_algorithm(fields.take(tag::sequence, "signatureAlgorithm"), state);
  made.signature = to_bytes(fields.take(tag::octet_string, "signature").content);
  if (fields.at(tag::context(1)))
    made.unsigned_attributes = read_attributes(fields.take(tag::context(1), "unsignedAttrs"), state);
  fields.end("SignerInfo");
  if (!state.ok()) return made;
  std::string const where{state.where};
  auto const number = small_integer(version);
  if (!number || *number != (made.sid.by_key_identifier() ? 3u : 1u))
    remark(out, note_code::cms_signer_version, where, version.offset, "0x" + to_hex(version.content));
  if (made.signed_octets.empty()) remark(out, note_code::cms_no_signed_attributes, where, whole.offset);
  if (!made.unsigned_attributes.empty()) remark(out, note_code::cms_unsigned_attributes, where, whole.offset);
  return made;
}

template <class Octets> Octets kept_as(byte_view octets) {
  if constexpr (std::is_same_v<Octets, bytes>)
    return to_bytes(octets);
  else
    return Octets{octets};
}

/// Where signed octets stand in a SignedData within a ContentInfo, or in a bare one: the bags of certificates and of
/// revocation lists.
inline keep_rule keep_signed(bool bare) noexcept { return bare ? in_signed_data : in_content_info; }

/// SignedData from definite lengths.
template <class Octets>
result<basic_signed_data<Octets>> read_signed_data(tlv const& body, notes* out, std::string_view where) {
  tlv_state state{errc::malformed_cms, where};
  auto const note = [&](note_code code, std::optional<std::size_t> at, std::string detail = {}) {
    remark(out, code, std::string{where}, at, std::move(detail));
  };
  basic_signed_data<Octets> made;
  std::uint32_t wanted_version = 1;
  tlv_reader fields{body, state};
  auto const version = fields.take(tag::integer, "version");
  std::vector<object_id> digests;
  auto digest_algorithms = fields.enter(tag::set, "digestAlgorithms");
  while (digest_algorithms.more() && digests.size() < 64)
    digests.push_back(read_algorithm(digest_algorithms.take(tag::sequence, "a digest algorithm"), state).oid);
  auto encapsulated = fields.enter(tag::sequence, "encapContentInfo");
  auto const type = encapsulated.take(tag::object_id, "eContentType");
  made.content_type = read_object_id(type);
  if (encapsulated.at(tag::context(0))) {
    auto content = encapsulated.enter(tag::context(0), "eContent");
    made.content = kept_as<Octets>(content.take(tag::octet_string, "eContent").content);
    content.end("eContent");
  }
  encapsulated.end("encapContentInfo");

  if (fields.at(tag::context(0))) {
    auto const bag = fields.take(tag::context(0), "certificates");
    tlv_reader choices{bag, state};
    if (!choices.more()) note(note_code::cms_empty_certificates, bag.offset);
    for (std::size_t i = 0; choices.more(); ++i) {
      auto const choice = choices.take_any("a certificate");
      if (!state.ok()) break;
      if (choice.identifier != tag::sequence) {
        wanted_version = std::max(wanted_version, choice.identifier == tag::context(3)   ? 5u
                                                  : choice.identifier == tag::context(2) ? 4u
                                                                                         : 3u);
        note(note_code::cms_other_certificate, choice.offset, std::string{certificate_choice(choice.identifier)});
        continue;
      }
      notes inner;
      if (auto one = parse_certificate(choice.whole, &inner)) {
        if (out != nullptr)
          out->append(std::move(inner), std::string{where} + ".certificates[" + std::to_string(i) + "]");
        made.certificates.push_back(std::move(*one));
      } else {
        note(note_code::cms_unreadable_certificate, choice.offset,
             "number " + std::to_string(i + 1) + ", " + to_text(one.error()));
      }
    }
  }
  if (fields.at(tag::context(1))) {
    auto const bag = fields.take(tag::context(1), "crls");
    tlv_reader choices{bag, state};
    if (!choices.more()) note(note_code::cms_empty_crls, bag.offset);
    while (choices.more()) {
      auto const choice = choices.take_any("a revocation list");
      if (choice.identifier == tag::context(1)) wanted_version = 5;
      if (state.ok()) made.crls.push_back(to_bytes(choice.whole));
    }
  }
  if (fields.more()) {
    auto signers = fields.enter(tag::set, "signerInfos");
    while (signers.more()) {
      auto const whole = signers.take(tag::sequence, "SignerInfo");
      if (made.signers.size() == most_signers)
        return fail(errc::too_large, std::string{where}, "more than 16 signers", whole.offset);
      made.signers.push_back(read_signer_info(whole, state, out));
      auto const& signer = made.signers.back();
      if (signer.sid.by_key_identifier()) wanted_version = std::max(wanted_version, 3u);
      if (state.ok() && std::find(digests.begin(), digests.end(), signer.digest.oid) == digests.end())
        note(note_code::cms_digest_not_listed, whole.offset, signer.digest.oid.to_string());
    }
  } else if (state.ok()) {
    note(note_code::cms_no_signer_infos, fields.offset());
  }
  fields.end("SignedData");
  if (!state.ok()) return fail(*state.first);
  if (made.content_type.empty())
    return fail(errc::malformed_cms, std::string{where}, "eContentType is an object identifier that is none",
                type.offset);
  if (made.signers.size() > 1) note(note_code::cms_several_signers, body.offset, std::to_string(made.signers.size()));
  if (!(made.content_type == oids::id_data)) wanted_version = std::max(wanted_version, 3u);
  auto const number = small_integer(version);
  if (!number || *number != wanted_version)
    note(note_code::cms_version, version.offset,
         (number ? std::to_string(*number) : "0x" + to_hex(version.content)) + ", " + std::to_string(wanted_version) +
             " is due");
  return made;
}

} // namespace detail

/// Reads a signed message: a ContentInfo, or, as it stands within an envelope, the SignedData alone.
/// Source:  RFC 5652 sections 3, 5.1 to 5.3
/// In:      BER. `Octets` is `bytes`, or `secret_bytes` where the content is secret
/// Notes:   those of normalise_ber and of each certificate; cms_version, cms_signer_version, cms_digest_not_listed,
///          cms_several_signers, cms_no_signed_attributes, cms_unsigned_attributes, cms_empty_certificates,
///          cms_empty_crls, cms_other_certificate, cms_unreadable_certificate, cms_no_signer_infos; cms_no_content_info
///          where a bare SignedData stands in place of a ContentInfo (parse_bare_signed_data does not note it)
/// Errors:  malformed_cms, truncated, malformed_ber, too_deep, too_large (more than 16 signers, more than 64 attributes)
/// Promises: linear time; nothing is verified; no octet of the content in a failure or a note.
template <class Octets = bytes>
result<basic_signed_data<Octets>> parse_signed_data(byte_view ber, notes* out = nullptr, tlv_limits limits = {}) {
  static constexpr std::string_view where = "signed-data";
  bool const bare = detail::first_element_of(ber) == tag::integer;
  auto der = normalise_ber(ber, out, limits, detail::keep_signed(bare), where);
  if (!der) return fail(der.error());
  const detail::wiped_later wiped{*der};
  tlv_state state{errc::malformed_cms, where};
  tlv body;
  if (bare) {
    body = tlv_reader{*der, state}.take(tag::sequence, "SignedData");
    if (state.ok()) remark(out, note_code::cms_no_content_info, std::string{where}, body.offset);
  } else {
    auto const info = detail::read_content_info(*der, state);
    if (state.ok() && !(info.type == oids::id_signed_data))
      return fail(errc::malformed_cms, std::string{where},
                  "the content type is " + info.type.to_string() + ", not id-signedData");
    body = info.content;
  }
  if (!state.ok()) return fail(*state.first);
  return detail::read_signed_data<Octets>(body, out, where);
}

/// Reads what an envelope of content type id-signedData holds: SignedData without ContentInfo.
/// Source:  RFC 5652 sections 5.1 and 6.1
/// Notes:   as parse_signed_data; envelope_content_info where a ContentInfo stands around it all the same
/// Errors:  as parse_signed_data
template <class Octets = bytes>
result<basic_signed_data<Octets>> parse_bare_signed_data(byte_view ber, notes* out = nullptr, tlv_limits limits = {}) {
  notes inner;
  auto made = parse_signed_data<Octets>(ber, &inner, limits);
  if (out == nullptr) return made;
  if (made && !inner.has(note_code::cms_no_content_info)) out->add(note_code::envelope_content_info, "signed-data", 0);
  for (auto const& n : inner)
    if (n.code != note_code::cms_no_content_info) out->add(n.code, n.where, n.offset, n.detail);
  return made;
}

namespace detail {

/// The AlgorithmIdentifier under which a signature is verified. CMS may name the kind of key alone and leave the hash to
/// digestAlgorithm. RFC 3370 section 3.2 (rsaEncryption); some do it with id-ecPublicKey too.
inline result<bytes> verifying_algorithm(signer_info const& signer, std::string_view hash) {
  using family = signature_row::family;
  std::optional<family> keys;
  if (signer.algorithm.oid == oids::rsa_encryption) keys = family::rsa;
  if (signer.algorithm.oid == oids::ec_public_key) keys = family::ecdsa;
  if (!keys) return signer.algorithm.encode();
  for (auto const& row : signature_table())
    if (row.keys == *keys && row.hash == hash)
      return *keys == family::rsa ? der::sequence({row.oid.encode(), der::null()}) : der::sequence({row.oid.encode()});
  return fail(errc::unsupported_algorithm, "signerInfo", "no signature with " + std::string{hash});
}

/// The one value of a signed attribute that may stand once and has one value. RFC 5652 sections 11.1 and 11.2
inline std::optional<tlv> only_value(signer_info const& signer, object_id const& oid) {
  attribute const* found = nullptr;
  for (auto const& a : signer.signed_attributes)
    if (a.oid == oid) {
      if (found != nullptr) return std::nullopt;
      found = &a;
    }
  if (found == nullptr || found->values.size() != 1) return std::nullopt;
  auto const value = read_tlv(found->values.front());
  return value ? std::optional<tlv>{*value} : std::nullopt;
}

/// The signed attributes in the order that DER demands; empty where they are in it.
inline bytes sorted_attributes(byte_view signed_octets) {
  tlv_state state{errc::malformed_cms, "signedAttrs"};
  tlv_reader list = tlv_reader{signed_octets, state}.enter(tag::set, "signedAttrs");
  std::vector<bytes> elements;
  while (list.more()) elements.push_back(to_bytes(list.take_any("an attribute").whole));
  auto sorted = der::set_of(std::move(elements));
  return equal(sorted, signed_octets) ? bytes{} : sorted;
}

} // namespace detail

/// Verifies what one signer signed, under a public key.
/// Source:  RFC 5652 sections 5.4 and 5.6; RFC 8419 section 3 for Ed25519
/// In:      the content that was signed; a SubjectPublicKeyInfo in DER
/// Errors:  bad_signature: the signature does not hold; messageDigest or contentType is missing, stands twice or is
///          another's; there are no signed attributes although the content is no id-data. unsupported_algorithm;
///          malformed_key
/// Promises: signed attributes in another order than that of DER are verified as they came and as DER has them.
/// Does NOT promise: that the key is trusted, or the digest strong: SHA-1 verifies.
inline result<void> verify_signer(signer_info const& signer, object_id const& content_type, byte_view content,
                                  byte_view subject_public_key_info) {
  auto const bad = [](std::string why) { return fail(errc::bad_signature, "signerInfo", std::move(why)); };
  auto const hash = detail::hash_name(signer.digest.oid);
  if (!hash)
    return fail(errc::unsupported_algorithm, "signerInfo",
                "digest algorithm " + signer.digest.oid.to_string() + " is not known");
  auto const algorithm = detail::verifying_algorithm(signer, *hash);
  if (!algorithm) return fail(algorithm.error());
  if (signer.signed_octets.empty()) {
    if (!(content_type == oids::id_data)) return bad("no signed attributes, which all content but id-data needs");
    return verify_signature(*algorithm, subject_public_key_info, content, signer.signature);
  }
  auto const type = detail::only_value(signer, oids::content_type);
  if (!type || !(read_object_id(*type) == content_type))
    return bad("the signed contentType is missing or another than that of the content");
  auto const expected = digest(std::string{*hash}, content);
  if (!expected) return fail(expected.error());
  auto const came = detail::only_value(signer, oids::message_digest);
  if (!came || !came->is(tag::octet_string) || !equal(came->content, *expected))
    return bad("the signed messageDigest is missing or another than that of the content");
  auto const as_it_came = verify_signature(*algorithm, subject_public_key_info, signer.signed_octets, signer.signature);
  if (as_it_came || as_it_came.error().code != errc::bad_signature) return as_it_came;
  if (auto const sorted = detail::sorted_attributes(signer.signed_octets); !sorted.empty())
    return verify_signature(*algorithm, subject_public_key_info, sorted, signer.signature);
  return as_it_came;
}

namespace detail {

inline byte_view content_view(bytes const& content) noexcept { return content; }
inline byte_view content_view(secret_bytes const& content) noexcept { return content.expose(); }

} // namespace detail

/// How many signatures of one message are tried at most. Several certificates may have the name that a signer gives, and
/// each costs a verification under a key of the sender's choice.
inline constexpr std::size_t most_signatures_tried = 32;

/// The certificate under whose key a signer's signature verifies.
/// In:      the signer; the content and its type; the certificates that may be meant, in any order; how many signatures may
///          be tried still, which is counted down
/// Errors:  signer_untrusted where no candidate is named; those of verify_signer where one is named and none verifies;
///          too_large where the tries are used up
/// Does NOT promise: that the certificate is valid, trusted, or meant for signing: path_validation.hpp asks that.
inline result<certificate const*> find_signer(signer_info const& signer, object_id const& content_type,
                                              byte_view content, std::span<const certificate> candidates,
                                              std::size_t& tries) {
  std::optional<failure> first;
  for (auto const& candidate : candidates) {
    if (!signer.sid.names(candidate)) continue;
    if (tries == 0)
      return fail(errc::too_large, "signerInfo",
                  "more certificates are named than the " + std::to_string(most_signatures_tried) +
                      " under which signatures are tried");
    --tries;
    auto holds = verify_signer(signer, content_type, content, candidate.public_key_info());
    if (holds) return &candidate;
    if (!first) first = std::move(holds.error());
  }
  if (first) return fail(std::move(*first));
  return fail(errc::signer_untrusted, "signed-data", "no certificate at hand is the one that the signer names");
}

/// Verifies a message under certificates.
/// In:      the message, with its content; the certificates that may have signed it, in any order: those of the message
///          are candidates only if they are given here too
/// Out:     the candidate that a signer names and whose key verifies that signer's signature
/// Errors:  those of find_signer, for the first signer that is named by a candidate, if any is; malformed_cms where there
///          is no content or no signer
/// Promises: at most `most_signatures_tried` signatures are tried
/// Does NOT promise: more than find_signer does
template <class Octets>
result<certificate const*> verify_signed_data(basic_signed_data<Octets> const& message,
                                              std::span<const certificate> candidates) {
  if (!message.content) return fail(errc::malformed_cms, "signed-data", "there is no content that is signed");
  if (message.signers.empty()) return fail(errc::malformed_cms, "signed-data", "there is no signer");
  std::size_t tries = most_signatures_tried;
  std::optional<failure> first;
  for (auto const& signer : message.signers) {
    auto found = find_signer(signer, message.content_type, detail::content_view(*message.content), candidates, tries);
    if (found || found.error().code == errc::too_large) return found;
    if (!first || first->code == errc::signer_untrusted) first = std::move(found.error());
  }
  return fail(std::move(*first));
}

/// Verifies a message under a bare public key: one signer at least signed with it.
/// In:      a SubjectPublicKeyInfo in DER
/// Errors:  as above
template <class Octets>
result<void> verify_signed_data(basic_signed_data<Octets> const& message, byte_view subject_public_key_info) {
  if (!message.content) return fail(errc::malformed_cms, "signed-data", "there is no content that is signed");
  result<void> outcome = fail(errc::malformed_cms, "signed-data", "there is no signer");
  for (auto const& signer : message.signers) {
    auto holds =
        verify_signer(signer, message.content_type, detail::content_view(*message.content), subject_public_key_info);
    if (holds) return holds;
    if (outcome.error().code == errc::malformed_cms) outcome = std::move(holds);
  }
  return outcome;
}

/// How a message is signed, beyond who signs it.
struct signing_options {
  std::string hash = {};                       ///< as Botan names it; "" for the one that fits the key
  bool signing_time = true;                    ///< the context's time stands among the signed attributes
  std::vector<attribute> more_attributes = {}; ///< signed too; not those that RFC 5652 section 11 names
  bool content_info = true;                    ///< false: SignedData alone, as it stands within an envelope
};

/// Makes and signs a message. `Octets` is `bytes`, or `secret_bytes` where the content is secret.
/// Source:   RFC 5652 sections 5.1 to 5.4; RFC 5754 section 3.2 (rsaEncryption); RFC 8419 section 3.1 (Ed25519: SHA-512)
/// In:       the content and its type; the key that signs; how its certificate is named; the certificates that go along,
///           the signer's own too
/// Errors:   unsupported_algorithm, invalid_argument (an attribute that is no DER), those of the key
/// Promises: signed attributes always: contentType, messageDigest and, unless declined, signingTime; DER throughout.
template <class Octets = bytes>
result<Octets> make_signed_data(object_id const& content_type, byte_view content, signing_key const& key,
                                certificate_identifier const& signer, std::span<const certificate> carried,
                                context const& with, signing_options const& options = {}) {
  using vector = typename detail::building<Octets>::type;
  auto const how = key.algorithm(options.hash);
  if (!how) return fail(how.error());
  std::string const hash = how->hash.empty() ? "SHA-512" : how->hash;
  auto const hash_id = detail::hash_identifier(hash);
  auto const digested = digest(hash, content);
  if (!digested) return fail(digested.error());
  std::vector<bytes> attributes{encode_attribute({oids::content_type, {content_type.encode()}}),
                                encode_attribute({oids::message_digest, {der::octet_string(*digested)}})};
  if (options.signing_time) attributes.push_back(encode_attribute({oids::signing_time, {der::time(with.now)}}));
  for (auto const& a : options.more_attributes) {
    for (auto const& value : a.values)
      if (!check_der(value))
        return fail(errc::invalid_argument, "signed-data", "a value of " + a.oid.to_string() + " is no DER");
    attributes.push_back(encode_attribute(a));
  }
  auto signed_attributes = der::set_of(std::move(attributes));
  auto const made = key.sign(signed_attributes, options.hash, with);
  if (!made) return fail(made.error());
  signed_attributes[0] = tag::context(0);
  auto const digest_algorithm = der::sequence({hash_id.encode()}); // RFC 5754 section 2: parameters absent
  auto const signs_under = how->kind == signature_algorithm::scheme::rsa_pkcs1
                               ? der::sequence({oids::rsa_encryption.encode(), der::null()})
                               : made->algorithm;
  auto const signer_info =
      der::sequence({der::integer(signer.by_key_identifier() ? 3u : 1u), detail::encode_identifier(signer),
                     digest_algorithm, signed_attributes, signs_under, der::octet_string(made->octets)});
  bytes bag;
  if (!carried.empty()) {
    std::vector<bytes> certificates;
    for (auto const& c : carried) certificates.push_back(c.der());
    bag = der::set_of(std::move(certificates), tag::context(0));
  }
  bool const third = signer.by_key_identifier() || !(content_type == oids::id_data);
  auto const octets = der::value<vector>(tag::octet_string, content);
  auto const encapsulated = der::sequence<vector>({content_type.encode(), der::value<vector>(tag::context(0), octets)});
  auto body = der::sequence<vector>({der::integer(third ? 3u : 1u), der::value(tag::set, digest_algorithm),
                                     encapsulated, bag, der::value(tag::set, signer_info)});
  if (options.content_info) body = make_content_info<vector>(oids::id_signed_data, body);
  return Octets{std::move(body)};
}

/// The same with a signer that has a certificate, named by issuer and serial number; the certificate goes along.
/// In:      certificates that go along beside the signer's
/// Errors:  as above; key_mismatch where the certificate is not that of the key
template <class Octets = bytes>
result<Octets> make_signed_data(object_id const& content_type, byte_view content, signing_key const& key,
                                certificate const& signer, std::span<const certificate> extra, context const& with,
                                signing_options const& options = {}) {
  if (!key.belongs_to(signer))
    return fail(errc::key_mismatch, "signed-data", "the signer's certificate does not hold the key that signs");
  std::vector<certificate> carried{signer};
  for (auto const& c : extra)
    if (std::find(carried.begin(), carried.end(), c) == carried.end()) carried.push_back(c);
  return make_signed_data<Octets>(content_type, content, key, issuer_and_serial_of(signer), carried, with, options);
}

} // namespace est::pki
