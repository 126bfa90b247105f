/// RFC 7030 sections 4.4.1 and 4.4.2: private keys that are encrypted beyond TLS. How the envelope is labelled, for whom it
/// is, and what it says that it holds can be seen without the key that opens it; what is in it, where that key is at hand.

#include "errors.hpp"

#include <est/pki/oids.hpp>
#include <est/pki/smime_capabilities.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

using content = part_reading::content;

part_reading const* envelope_part(reading const& read) {
  auto const it =
      std::find_if(read.parts.begin(), read.parts.end(), [](auto const& p) { return p.is_envelope() && p.envelope; });
  return it == read.parts.end() ? nullptr : &*it;
}

/// An answer with an envelope, to a CSR that asks for one.
bool has_envelope(situation const& s) {
  return s.read.op == operation::serverkeygen && kind_of(s.read) == answer_kind::success && s.read.csr &&
         envelope_part(s.read) != nullptr;
}

verdict at_part(situation const& s, std::string expected, std::string actual) {
  auto const& part = *envelope_part(s.read);
  return verdict::violated(std::move(expected), std::move(actual), part_name(s.read, part), part.offset);
}

/// The identifier that the CSR names under that attribute type; empty if it does not.
bytes named(situation const& s, pki::object_id const& type) {
  auto const* const attribute = s.read.csr->find(type);
  if (attribute == nullptr) return {};
  auto octets = pki::octets_of(*attribute);
  return octets ? std::move(*octets) : bytes{};
}

bool names(situation const& s, pki::object_id const& type, bytes const& known) {
  return has_envelope(s) && !known.empty() && named(s, type) == known &&
         named(s, pki::oids::decrypt_key_identifier).empty();
}
/// Where both attributes are there, the server may take either.
bool is_for_symmetric(situation const& s) {
  return has_envelope(s) && !named(s, pki::oids::decrypt_key_identifier).empty() &&
         s.read.csr->find(pki::oids::asymmetric_decrypt_key_identifier) == nullptr;
}
bool is_for_transport(situation const& s) {
  return names(s, pki::oids::asymmetric_decrypt_key_identifier, s.target.key_identifiers.transport);
}
bool is_for_agreement(situation const& s) {
  return names(s, pki::oids::asymmetric_decrypt_key_identifier, s.target.key_identifiers.agreement);
}

// 4.4.2: "In all three additional encryption cases, the EnvelopedData is returned in the response as an
// "application/pkcs7-mime" part with an smime-type parameter of "server-generated-key""
verdict is_pkcs7_mime(situation const& s) {
  auto const& part = *envelope_part(s.read);
  if (part.type && part.type->is("application/pkcs7-mime")) return verdict::holds();
  return at_part(s, "the encrypted key in a part of application/pkcs7-mime",
                 part.type ? "a part of " + part.type->essence() : "a part without media type");
}

verdict is_server_generated_key(situation const& s) {
  auto const& part = *envelope_part(s.read);
  auto const value = part.type ? part.type->find("smime-type") : std::nullopt;
  if (value && http::equal_ignoring_case(*value, "server-generated-key")) return verdict::holds();
  return at_part(s, "smime-type=server-generated-key",
                 value ? "smime-type=" + in_quotes(*value) : "no smime-type parameter");
}

// 4.4.2: "In all three additional encryption cases, the EnvelopedData is returned". RFC 5083 came before RFC 7030, which does
// not name its AuthEnvelopedData.
verdict is_enveloped_data(situation const& s) {
  if (envelope_part(s.read)->holds == content::enveloped_data) return verdict::holds();
  return at_part(s, "a CMS EnvelopedData, as RFC 7030 4.4.2 has it",
                 "a CMS AuthEnvelopedData (RFC 5083), which a client of RFC 7030 need not know");
}

// 4.4.2: "the private key is placed inside of a CMS SignedData. [...] The SignedData is further protected by placing it inside
// of a CMS EnvelopedData". The envelope says what is in it.
verdict holds_signed_data(situation const& s) {
  auto const& type = envelope_part(s.read)->envelope->content_type;
  if (type == pki::oids::id_signed_data) return verdict::holds();
  return at_part(s, "an EnvelopedData around id-signedData", "an EnvelopedData around " + type.to_string());
}

std::string closed_because(situation const& s) {
  if (!s.seen.opened) return "the key that opens the envelope is not at hand";
  return s.seen.opened->closed.empty() ? std::string{} : "the envelope did not open: " + s.seen.opened->closed;
}

// The same sentence, where the envelope was opened.
verdict has_signed_data_in_it(situation const& s) {
  if (auto why = closed_because(s); !why.empty())
    return s.seen.opened ? verdict::undecided(std::move(why)) : verdict::not_applicable(std::move(why));
  auto const& in = *s.seen.opened;
  if (in.holds.empty())
    return verdict::seen("a SignedData around content of type " + in.content_type,
                         part_name(s.read, *envelope_part(s.read)));
  return at_part(s, "within the envelope: a CMS SignedData that holds the private key", in.holds);
}

// 4.4.2: "The SignedData is signed by the party that generated the private key, which may or may not be the EST server or the
// EST CA." Whoever it is: without a signature that holds nobody signed.
verdict is_signed(situation const& s) {
  if (auto why = closed_because(s); !why.empty())
    return s.seen.opened ? verdict::undecided(std::move(why)) : verdict::not_applicable(std::move(why));
  auto const& in = *s.seen.opened;
  using signature = opened_envelope::signature;
  switch (in.sealed) {
  case signature::good: return verdict::seen("signed by " + in.signer, part_name(s.read, *envelope_part(s.read)));
  case signature::unknown: return verdict::undecided(in.signature_trouble);
  case signature::none:
  case signature::broken: break;
  }
  return at_part(s, "within the envelope: a SignedData with the signature of who generated the key",
                 in.signature_trouble);
}

template <class Kind> Kind const* recipient(situation const& s) {
  for (auto const& one : envelope_part(s.read)->envelope->recipients)
    if (auto const* found = std::get_if<Kind>(&one)) return found;
  return nullptr;
}

// 4.4.2: "The EnvelopedData RecipientInfo field MUST indicate the key-encryption kekri key management technique."
verdict is_kekri(situation const& s) {
  if (recipient<pki::encryption_key_info>(s) != nullptr) return verdict::holds();
  return at_part(s, "a RecipientInfo of the choice kekri", "none of that choice");
}

// 4.4.2: "version is set to 4, key-encryption key identifier (kekid) is set to the value of the DecryptKeyIdentifier [...];
// keyEncryptionAlgorithm is set to one of the key wrap algorithms that the client included in the SMIMECapabilities"
verdict has_version_4(situation const& s) {
  if (!envelope_part(s.read)->remarks.has(note_code::cms_recipient_version)) return verdict::holds();
  if (envelope_part(s.read)->envelope->recipients.size() != 1)
    return verdict::undecided("there are several recipients, and one has another version than it should");
  return at_part(s, "kekri of version 4", "another version");
}

verdict names_the_key(situation const& s) {
  auto const* const kekri = recipient<pki::encryption_key_info>(s);
  if (kekri == nullptr) return verdict::undecided("there is no kekri");
  auto const wanted = named(s, pki::oids::decrypt_key_identifier);
  if (kekri->identifier == wanted) return verdict::holds();
  return at_part(s, "the DecryptKeyIdentifier of the CSR as keyIdentifier", "another identifier");
}

verdict wraps_as_offered(situation const& s) {
  auto const* const kekri = recipient<pki::encryption_key_info>(s);
  auto const* const attribute = s.read.csr->find(pki::oids::smime_capabilities);
  if (kekri == nullptr || attribute == nullptr) return verdict::undecided("there is no kekri, or no SMIMECapabilities");
  auto const offered = pki::parse_smime_capabilities(*attribute);
  if (!offered) return verdict::undecided("the SMIMECapabilities cannot be read");
  if (std::any_of(offered->begin(), offered->end(), [&](auto const& a) { return a.oid == kekri->algorithm.oid; }))
    return verdict::holds();
  return at_part(s, "a key wrap algorithm of the SMIMECapabilities in the CSR", kekri->algorithm.oid.to_string());
}

// 4.4.2: "The EnvelopedData RecipientInfo field MUST indicate the KeyTransRecipientInfo (ktri) key management technique." and
// likewise "the KeyAgreeRecipientInfo (kari) key management technique."
verdict is_ktri(situation const& s) {
  if (recipient<pki::key_transport_info>(s) != nullptr) return verdict::holds();
  return at_part(s, "a RecipientInfo of the choice ktri, for a key of RSA", "none of that choice");
}

verdict is_kari(situation const& s) {
  if (recipient<pki::key_agreement_info>(s) != nullptr) return verdict::holds();
  return at_part(s, "a RecipientInfo of the choice kari, for a key of EC", "none of that choice");
}

// 4.4.1.2: "If the key identified is bound to an X.509 certificate, then the key MUST either explicitly support keyTransport
// or keyAgreement or its use MUST be unrestricted."
bool is_for_signer(situation const& s) {
  auto const& known = s.target.key_identifiers.signing;
  return s.read.op == operation::serverkeygen && asked_with(s.read, "POST") && s.read.response && s.read.csr &&
         !known.empty() && named(s, pki::oids::asymmetric_decrypt_key_identifier) == known;
}

verdict is_not_used(situation const& s) {
  switch (kind_of(s.read)) {
  case answer_kind::success:
    if (envelope_part(s.read) == nullptr) return verdict::undecided("no encrypted key came");
    return at_part(s, "an error: the certificate that the CSR names allows signatures alone",
                   "a key that is encrypted for that certificate");
  case answer_kind::refused: break;
  default: return verdict::undecided("answered with " + status_text(s.read));
  }
  for (auto const& other : s.others)
    if (other.read->op == operation::serverkeygen && same_credentials(s, other) && other.read->csr &&
        other.read->csr->find(pki::oids::asymmetric_decrypt_key_identifier) != nullptr &&
        kind_of(*other.read) == answer_kind::success && envelope_part(*other.read) != nullptr)
      return verdict::holds();
  return verdict::undecided("refused with " + status_text(s.read) +
                            ", but no key was encrypted for any other public key either");
}

constexpr predicate key_usage[] = {{"skg-recipient-for-signatures", is_not_used}};
constexpr predicate type[] = {{"skg-envelope-type", is_pkcs7_mime},
                              {"skg-envelope-smime-type", is_server_generated_key}};
constexpr predicate nesting[] = {{"skg-auth-enveloped-data", is_enveloped_data},
                                 {"skg-envelope-content", holds_signed_data},
                                 {"skg-envelope-without-signed-data", has_signed_data_in_it},
                                 {"skg-envelope-signature", is_signed}};
constexpr predicate kekri[] = {{"skg-no-kekri", is_kekri}};
constexpr predicate kekri_fields[] = {{"skg-kekri-version", has_version_4},
                                      {"skg-kekri-identifier", names_the_key},
                                      {"skg-kekri-algorithm", wraps_as_offered}};
constexpr predicate ktri[] = {{"skg-no-ktri", is_ktri}};
constexpr predicate kari[] = {{"skg-no-kari", is_kari}};

constexpr check checks[] = {
    {"serverkeygen.recipient-key-usage", "rfc7030-4.4.1.2-key-usage", is_for_signer, key_usage},
    {"serverkeygen.envelope-type", "rfc7030-4.4.2-enveloped-type", has_envelope, type},
    {"serverkeygen.envelope-nesting", "rfc7030-4.4.2-signed-then-enveloped", has_envelope, nesting},
    {"serverkeygen.kekri", "rfc7030-4.4.2-kekri", is_for_symmetric, kekri},
    {"serverkeygen.kekri-fields", "rfc7030-4.4.2-kekri-fields",
     [](situation const& s) { return is_for_symmetric(s) && recipient<pki::encryption_key_info>(s) != nullptr; },
     kekri_fields},
    {"serverkeygen.ktri", "rfc7030-4.4.2-ktri", is_for_transport, ktri},
    {"serverkeygen.kari", "rfc7030-4.4.2-kari", is_for_agreement, kari},
};

} // namespace

std::span<const check> protected_key_checks() { return checks; }

} // namespace est::conformance
