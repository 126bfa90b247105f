/// RFC 7030 section 4.4: server-side key generation without additional encryption, with RFC 8951 sections 3.2.4 and 5.2.
/// No predicate sees the octets of a key: the reading has only what is said of them.

#include "errors.hpp"

#include <est/pki/attributes.hpp>
#include <est/pki/oids.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace est::conformance {

namespace {

using content = part_reading::content;

bool is_keygen(situation const& s) { return s.read.op == operation::serverkeygen; }

bool is_post(situation const& s) { return is_keygen(s) && asked_with(s.read, "POST") && s.read.response; }

/// A key was sent, or should have been.
bool is_success(situation const& s) {
  return is_keygen(s) && kind_of(s.read) == answer_kind::success && (!s.read.has_request || asked_with(s.read, "POST"));
}

bool has_parts(situation const& s) { return is_success(s) && s.read.is_multipart; }

bool asks_for_encryption(reading const& read) {
  return read.csr && (read.csr->find(pki::oids::decrypt_key_identifier) != nullptr ||
                      read.csr->find(pki::oids::asymmetric_decrypt_key_identifier) != nullptr);
}

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

verdict at_part(situation const& s, part_reading const& part, std::string expected, std::string actual) {
  return verdict::violated(std::move(expected), std::move(actual), part_name(s.read, part), part.offset);
}

std::string type_of(part_reading const& part) { return part.type ? part.type->essence() : "no media type"; }

// 4.4: "Support for the /serverkeygen function is OPTIONAL." 4.3.2, of the other optional function: "a client interprets
// an HTTP 404 or 501 response to indicate that this service is not implemented."
verdict absence_is_404_or_501(situation const& s) {
  if (s.read.status() != 405) return verdict::holds();
  return verdict::violated("404 or 501 where the function is not implemented", status_text(s.read) + " to POST",
                           "response", status_line(s));
}

// 4.4: "The cipher suite used to return the private key and certificate MUST offer confidentiality commensurate with the
// private key being delivered to the client." Only what is certain is said: AES-256 and ChaCha20 are enough for any key,
// 128 bit are enough for keys up to that strength, and less than that is too little for every key of today.
verdict is_commensurate(situation const& s) {
  auto const& suite = s.seen.tls->cipher_suite;
  auto const has = [&](std::string_view piece) { return suite.find(piece) != std::string::npos; };
  auto const* const part = key_part(s.read);
  if (suite.empty()) return verdict::not_applicable("the cipher suite is not recorded");
  if (part == nullptr || !part->is_clear_key() || part->public_key_info.empty())
    return verdict::not_applicable("no clear key came whose strength can be told");
  auto const key = describe_key(part->public_key_info);
  if (has("NULL") || has("RC4") || has("3DES") || has("DES-CBC") || has("DES_CBC") || has("EXP") || has("RC2"))
    return verdict::violated("a cipher suite that protects as well as the key that it carries (" + key + ")", suite,
                             "tls", std::nullopt);
  bool const strong =
      has("256") && (has("AES256") || has("AES_256") || has("AES-256") || has("ARIA256") || has("CAMELLIA256"));
  if (strong || has("CHACHA20")) return verdict::holds();
  if (key == "RSA, 2048 bit" || key == "RSA, 3072 bit" || key == "EC, 256 bit" || key == "Ed25519")
    return verdict::holds();
  return verdict::undecided(key + " over " + suite + ": whether that is commensurate is a matter of policy");
}

// 4.4: "Proper random number and key generation [RFC4086] is a server implementation responsibility". What shows is a key
// that was given out twice.
verdict key_is_new(situation const& s) {
  auto const* const part = key_part(s.read);
  if (part == nullptr || part->public_key_info.empty()) return verdict::undecided("the key could not be read");
  bool compared = false;
  for (auto const& other : s.others) {
    if (other.seen == &s.seen || other.read->op != operation::serverkeygen || other.seen->response == s.seen.response)
      continue;
    // A server may answer a repetition of one request with what it answered before.
    if (!s.read.csr || !other.read->csr || s.read.csr->der() == other.read->csr->der()) continue;
    auto const* const theirs = key_part(*other.read);
    if (theirs == nullptr || theirs->public_key_info.empty()) continue;
    compared = true;
    if (equal(theirs->public_key_info, part->public_key_info))
      return at_part(s, *part, "a fresh key for each request",
                     "the key that was sent in " + other.seen->name + " as well");
  }
  return compared ? verdict::holds() : verdict::not_applicable("no other key of this server was seen");
}

// 4.4.1: "the server MUST ignore the public key values and signature in the CSR."
verdict csr_key_not_certified(situation const& s) {
  auto const* const issued = issued_certificate(s.read);
  if (issued == nullptr) return verdict::undecided("the certificate could not be read");
  auto const same = same_key(issued->public_key_info(), s.read.csr->public_key_info());
  if (same == std::optional<bool>{true})
    return at_part(s, *certificate_part(s.read), "a certificate for the key that the server generated",
                   "a certificate for the key of the CSR");
  return same ? verdict::holds() : verdict::undecided("the keys are written in unlike ways and could not be compared");
}

bool has_broken_signature(situation const& s) {
  return is_post(s) && s.read.csr && s.read.csr_in_base64 && signature_is_broken(*s.read.csr) &&
         !asks_for_encryption(s.read);
}

verdict broken_signature_ignored(situation const& s) {
  return judge_equal_treatment(s, but_for_signature, "a CSR whose signature does not verify");
}

// 4.4.1: "In all respects, the server SHOULD treat the CSR as it would any enroll or re-enroll CSR". Shown by the subject,
// where the same server kept it at /simpleenroll for the same client.
verdict subject_as_at_enrolment(situation const& s) {
  auto const* const issued = issued_certificate(s.read);
  if (issued == nullptr) return verdict::undecided("the certificate could not be read");
  if (equal(issued->subject_der(), s.read.csr->subject_der())) return verdict::holds();
  for (auto const& other : s.others) {
    if (other.read->op != operation::simpleenroll || !other.read->csr || !same_credentials(s, other) ||
        other.read->label != s.read.label || !equal(other.read->csr->subject_der(), s.read.csr->subject_der()))
      continue;
    auto const* const theirs = issued_certificate(*other.read);
    if (theirs == nullptr || !equal(theirs->subject_der(), other.read->csr->subject_der())) continue;
    return at_part(s, *certificate_part(s.read),
                   "the subject " + describe_name(s.read.csr->subject_der()) + ", as /simpleenroll issues it (" +
                       other.seen->name + ")",
                   "the subject " + describe_name(issued->subject_der()));
  }
  return verdict::not_applicable("the subject was changed, and no enrolment with that subject was seen");
}

/// The CSR names a key that the server is said to know.
bool is_known_identifier(situation const& s) {
  auto const& known = s.target.key_identifiers;
  for (auto const& [type, identifiers] : {std::pair{&pki::oids::decrypt_key_identifier, std::vector{&known.symmetric}},
                                          std::pair{&pki::oids::asymmetric_decrypt_key_identifier,
                                                    std::vector{&known.transport, &known.agreement, &known.signing}}})
    if (auto const* const attribute = s.read.csr->find(*type))
      for (auto const* identifier : identifiers)
        if (!identifier->empty() && pki::octets_of(*attribute) == std::optional<bytes>{*identifier}) return true;
  return false;
}

// 4.4.1.1: "If the server does not have a secret key matching the identifier specified by the client, the request MUST be
// terminated and an error returned to the client." If it has one, 4.4.2 has the key encrypted with it. So a clear key is
// wrong either way. 4.4.1.2 says the same of asymmetric keys.
verdict no_clear_key(situation const& s) {
  auto const clear =
      std::find_if(s.read.parts.begin(), s.read.parts.end(), [](auto const& p) { return p.is_clear_key(); });
  if (kind_of(s.read) == answer_kind::success && clear != s.read.parts.end()) {
    if (s.read.csr->find(pki::oids::smime_capabilities) == nullptr)
      return verdict::undecided(
          "the request lacks the SMIMECapabilities that RFC 7030 4.4.1 demands beside the identifier");
    return at_part(s, *clear, "an error, or the key encrypted for the identifier in the request",
                   "the clear key: " + std::string{describe(clear->holds)} + " in " + type_of(*clear));
  }
  if (kind_of(s.read) == answer_kind::success && key_part(s.read) != nullptr)
    return is_known_identifier(s)
               ? verdict::not_applicable("the server knows the identifier, and the key came encrypted")
               : verdict::undecided("an encrypted key came: the server may well know the identifier");
  static constexpr likeness without_identifier{
      [](reading const& a, reading const& b) {
        return a.csr.has_value() && b.csr.has_value() && !asks_for_encryption(b);
      },
      [](reading const& a, reading const& b) { return same_subject_and_key(a, b) && !asks_for_encryption(b); }};
  return judge_refusal(s, without_identifier);
}

// 4.4.2: "If the request is successful, the server response MUST have an HTTP 200 response code with a content-type of
// "multipart/mixed" consisting of two parts".
verdict success_is_200(situation const& s) {
  if (s.read.status() == 200) return verdict::holds();
  return verdict::violated("a successful answer has the status 200", status_text(s.read), "response", status_line(s));
}

verdict is_multipart_mixed(situation const& s) {
  auto const at = s.read.offset_of_field("Content-Type");
  if (s.read.response_type_trouble)
    return verdict::violated("Content-Type: multipart/mixed",
                             "a Content-Type that cannot be read: " + s.read.response_type_trouble->detail, "response",
                             at);
  if (!s.read.response_type)
    return verdict::violated("Content-Type: multipart/mixed", "no Content-Type", "response", at);
  if (s.read.response_type->is("multipart/mixed")) return verdict::holds();
  if (s.read.response_type->is("application/pkcs12"))
    return verdict::undecided("application/pkcs12, which RFC 8295 8.3 allows where a client asks for it");
  return verdict::violated("Content-Type: multipart/mixed", s.read.response_type->essence(), "response", at);
}

verdict multipart_can_be_read(situation const& s) {
  if (!s.read.multipart_trouble) return verdict::holds();
  return verdict::violated("a multipart/mixed body", to_text(*s.read.multipart_trouble), "response.body",
                           s.read.offset_of_body());
}

verdict has_two_parts(situation const& s) {
  auto const count = s.read.parts.size();
  if (count == 2) return verdict::holds();
  auto actual = std::to_string(count) + (count == 1 ? " part" : " parts");
  auto at = s.read.offset_of_body();
  if (auto const* const near = s.read.multipart_remarks.find(note_code::multipart_near_delimiter)) {
    actual += ", and a line that holds the delimiter but does not begin with it";
    if (near->offset) at = s.read.response_layout.wire_offset(*near->offset);
  }
  return verdict::violated("two parts: the private key and the certificate", std::move(actual), "response.body", at);
}

bool is_meant_as_key(part_reading const& part) {
  if (part.is_key()) return true;
  if (!part.type) return false;
  auto const smime_type = part.type->find("smime-type");
  return part.type->is("application/pkcs8") ||
         (smime_type && http::equal_ignoring_case(*smime_type, "server-generated-key"));
}

bool is_meant_as_certificate(part_reading const& part) {
  if (part.holds == content::certs_only) return true;
  return !is_meant_as_key(part) && part.type && part.type->is("application/pkcs7-mime");
}

verdict one_part_is_key(situation const& s) {
  auto const count = std::count_if(s.read.parts.begin(), s.read.parts.end(), is_meant_as_key);
  if (count == 1) return verdict::holds();
  return verdict::violated("one part with the private key", std::to_string(count) + " such parts", "response.body",
                           s.read.offset_of_body());
}

// 4.4.2: "If additional encryption is not being employed, the private key data MUST be placed in an "application/pkcs8"."
bool has_clear_key(situation const& s) {
  return has_parts(s) &&
         std::any_of(s.read.parts.begin(), s.read.parts.end(), [](auto const& p) { return p.is_clear_key(); });
}

/// A key that can be compared: in the clear, or in an envelope that was opened.
bool has_open_key(situation const& s) {
  return has_clear_key(s) || (has_parts(s) && std::any_of(s.read.parts.begin(), s.read.parts.end(), [](auto const& p) {
                                return p.is_envelope() && !p.public_key_info.empty();
                              }));
}

verdict clear_key_is_in_pkcs8(situation const& s) {
  for (auto const& part : s.read.parts)
    if (part.is_clear_key() && !(part.type && part.type->is("application/pkcs8")))
      return at_part(s, part, "the private key in a part of application/pkcs8",
                     "the private key in a part of " + type_of(part));
  return verdict::holds();
}

// RFC 8951 3.2.4: "An "application/pkcs8" part consists of the base64-encoded, DER-encoded PrivateKeyInfo."
bool has_pkcs8_part(situation const& s) {
  return has_parts(s) && std::any_of(s.read.parts.begin(), s.read.parts.end(),
                                     [](auto const& p) { return p.type && p.type->is("application/pkcs8"); });
}

part_reading const& pkcs8_part(situation const& s) {
  return *std::find_if(s.read.parts.begin(), s.read.parts.end(),
                       [](auto const& p) { return p.type && p.type->is("application/pkcs8"); });
}

constexpr auto pkcs8_expected = "application/pkcs8 part: base64 of a DER PrivateKeyInfo (RFC 5208, RFC 5958)";

std::string sized(part_reading const& part) {
  return std::string{describe(part.holds)} + " of " + std::to_string(part.decoded_size) + " octets";
}

verdict pkcs8_is_base64(situation const& s) {
  auto const& part = pkcs8_part(s);
  if (part.form == mime::body_form::base64 || part.form == mime::body_form::text) return verdict::holds();
  return at_part(s, part, pkcs8_expected, std::string{mime::name(part.form)});
}

verdict pkcs8_is_private_key_info(situation const& s) {
  auto const& part = pkcs8_part(s);
  switch (part.holds) {
  case content::private_key: break;
  case content::pkcs1_key:
  case content::sec1_key:
  case content::encrypted_private_key:
  case content::certs_only:
  case content::enveloped_data:
  case content::auth_enveloped_data:
  case content::encrypted_data:
  case content::signed_data: return at_part(s, part, pkcs8_expected, sized(part));
  case content::unknown:
    return at_part(s, part, pkcs8_expected, part.trouble ? part.trouble->detail : "something that is not known");
  }
  if (part.trouble && part.trouble->code == errc::unsupported_algorithm)
    return verdict::undecided("the key is of an algorithm that is not known here");
  if (part.trouble) return at_part(s, part, pkcs8_expected, part.trouble->detail);
  return verdict::holds();
}

// 4.4.2: the two parts are "the private key data" and "the certificate data" of one key pair.
verdict key_belongs_to_certificate(situation const& s) {
  auto const* const key = key_part(s.read);
  auto const* const certificates = certificate_part(s.read);
  if (key == nullptr || key->public_key_info.empty()) return verdict::undecided("the key could not be read");
  if (certificates == nullptr) return verdict::undecided("the certificate could not be read");
  bool undecided = certificates->remarks.has(note_code::cms_unreadable_certificate);
  for (auto const& c : certificates->certificates->certificates()) {
    auto const same = same_key(c.public_key_info(), key->public_key_info);
    if (same == std::optional<bool>{true}) return verdict::holds();
    if (!same) undecided = true;
  }
  if (undecided) return verdict::undecided("the keys are written in unlike ways and could not be compared");
  return at_part(s, *certificates, "the certificate of the private key (" + describe_key(key->public_key_info) + ")",
                 "the certificate of another key (" +
                     describe_key(certificates->certificates->certificates().front().public_key_info()) + ")");
}

// 4.4.2: "The certificate data part is an "application/pkcs7-mime" and exactly matches the certificate response to
// /simpleenroll."
part_reading const* meant_as_certificate(situation const& s) {
  auto const it = std::find_if(s.read.parts.begin(), s.read.parts.end(), is_meant_as_certificate);
  if (it != s.read.parts.end()) return &*it;
  auto const any =
      std::find_if(s.read.parts.begin(), s.read.parts.end(), [](auto const& p) { return !is_meant_as_key(p); });
  return any == s.read.parts.end() ? nullptr : &*any;
}

bool has_certificate_part(situation const& s) { return has_parts(s) && meant_as_certificate(s) != nullptr; }

verdict certificate_part_type(situation const& s) {
  auto const& part = *meant_as_certificate(s);
  if (part.type && part.type->is("application/pkcs7-mime")) return verdict::holds();
  return at_part(s, part, "the certificate in a part of application/pkcs7-mime", "a part of " + type_of(part));
}

verdict certificate_part_smime_type(situation const& s) {
  auto const& part = *meant_as_certificate(s);
  auto const value = part.type ? part.type->find("smime-type") : std::nullopt;
  if (value && http::equal_ignoring_case(*value, "certs-only")) return verdict::holds();
  return at_part(s, part, "smime-type=certs-only",
                 value ? "smime-type=" + in_quotes(*value) : "no smime-type parameter");
}

verdict certificate_part_is_certs_only(situation const& s) {
  auto const& part = *meant_as_certificate(s);
  if (part.holds == content::certs_only && part.form == mime::body_form::base64 &&
      !part.remarks.has(note_code::cms_signer_infos) && !part.remarks.has(note_code::cms_content_present) &&
      !part.remarks.has(note_code::cms_no_content_info))
    return verdict::holds();
  if (part.form != mime::body_form::base64)
    return at_part(s, part, "a certs-only CMS SignedData in base64", std::string{mime::name(part.form)});
  return at_part(s, part, "a certs-only CMS SignedData without content and signers",
                 part.trouble                        ? part.trouble->detail
                 : part.holds == content::certs_only ? "a SignedData with content, with signers, or without ContentInfo"
                                                     : std::string{describe(part.holds)});
}

verdict certificate_part_is_alone(situation const& s) {
  auto const& part = *meant_as_certificate(s);
  if (!part.certificates) return verdict::undecided("the certificates could not be read");
  auto const count = part.certificates->certificates().size();
  auto const lists = part.certificates->crls().size();
  if (count <= 1 && lists == 0) return verdict::holds();
  return at_part(s, part, "the issued certificate and nothing else",
                 std::to_string(count) + " certificates and " + std::to_string(lists) + " revocation lists");
}

constexpr predicate absent[] = {{"skg-absent-as-405", absence_is_404_or_501}};
constexpr predicate authenticates[] = {{"skg-issued-to-anyone", not_issued_to_anyone}};
constexpr predicate commensurate[] = {{"skg-weak-cipher", is_commensurate}};
constexpr predicate fresh[] = {{"skg-key-given-twice", key_is_new}};
constexpr predicate ignores_key[] = {{"skg-csr-key-certified", csr_key_not_certified}};
constexpr predicate ignores_signature[] = {{"skg-broken-signature-refused", broken_signature_ignored}};
constexpr predicate as_enrolment[] = {{"skg-subject-not-as-enrolled", subject_as_at_enrolment}};
constexpr predicate unknown_kek[] = {{"skg-clear-key-for-symmetric-identifier", no_clear_key}};
constexpr predicate unknown_asym[] = {{"skg-clear-key-for-asymmetric-identifier", no_clear_key}};
constexpr predicate status_multipart[] = {{"skg-success-not-200", success_is_200},
                                          {"skg-not-multipart-mixed", is_multipart_mixed},
                                          {"skg-multipart-unreadable", multipart_can_be_read}};
constexpr predicate two_parts[] = {{"skg-part-count", has_two_parts},
                                   {"skg-key-part-count", one_part_is_key}}; // so the other one is not
constexpr predicate part_types[] = {{"skg-clear-key-in-other-type", clear_key_is_in_pkcs8}};
constexpr predicate pkcs8[] = {{"skg-pkcs8-not-base64", pkcs8_is_base64},
                               {"skg-pkcs8-no-private-key-info", pkcs8_is_private_key_info}};
constexpr predicate pair[] = {{"skg-key-of-other-certificate", key_belongs_to_certificate}};
constexpr predicate cert_part[] = {{"skg-certificate-part-type", certificate_part_type},
                                   {"skg-certificate-part-smime-type", certificate_part_smime_type},
                                   {"skg-certificate-part-not-certs-only", certificate_part_is_certs_only},
                                   {"skg-certificate-part-further-certificates", certificate_part_is_alone}};
constexpr predicate error_status[] = {{"skg-broken-request-accepted", broken_request_not_accepted},
                                      {"skg-broken-request-unanswered", broken_request_answered}};
constexpr predicate error_plaintext[] = {{"skg-untyped-error-not-plain", untyped_error_is_plain}};

constexpr check checks[] = {
    {"serverkeygen.absence", "rfc7030-4.4-optional",
     [](situation const& s) {
       return is_post(s) && s.read.label.empty() && !s.read.has_query &&
              (s.read.status() == 404 || s.read.status() == 501 || s.read.status() == 405);
     },
     absent},
    {"serverkeygen.authenticates-client", "rfc7030-4.4-authenticate-client",
     [](situation const& s) {
       return is_keygen(s) && asked_with(s.read, "POST") && s.read.csr.has_value() && !s.read.has_authorization;
     },
     authenticates, true},
    {"serverkeygen.commensurate-cipher", "rfc7030-4.4-commensurate-cipher",
     [](situation const& s) { return has_parts(s) && s.seen.tls.has_value(); }, commensurate},
    {"serverkeygen.fresh-key", "rfc7030-4.4-rng", has_open_key, fresh},
    {"serverkeygen.ignores-csr-key", "rfc7030-4.4.1-ignore-key",
     [](situation const& s) { return has_parts(s) && s.read.csr.has_value(); }, ignores_key},
    {"serverkeygen.ignores-csr-signature", "rfc7030-4.4.1-ignore-signature", has_broken_signature, ignores_signature},
    {"serverkeygen.treats-csr-as-enrolment", "rfc7030-4.4.1-treat-as-enroll",
     [](situation const& s) { return has_parts(s) && s.read.csr.has_value(); }, as_enrolment},
    {"serverkeygen.symmetric-identifier", "rfc7030-4.4.1.1-unknown-kek",
     [](situation const& s) {
       return is_keygen(s) && asked_with(s.read, "POST") && s.read.csr &&
              s.read.csr->find(pki::oids::decrypt_key_identifier) != nullptr;
     },
     unknown_kek},
    {"serverkeygen.asymmetric-identifier", "rfc7030-4.4.1.2-unknown-asym",
     [](situation const& s) {
       return is_keygen(s) && asked_with(s.read, "POST") && s.read.csr &&
              s.read.csr->find(pki::oids::asymmetric_decrypt_key_identifier) != nullptr;
     },
     unknown_asym},
    {"serverkeygen.answer-is-multipart", "rfc7030-4.4.2-status-200-multipart", is_success, status_multipart},
    {"serverkeygen.two-parts", "rfc7030-4.4.2-two-parts", has_parts, two_parts},
    {"serverkeygen.part-types", "rfc7030-4.4.2-part-types", has_clear_key, part_types},
    {"serverkeygen.private-key-info", "rfc7030-4.4.2-pkcs8-encoding", has_pkcs8_part, pkcs8},
    {"serverkeygen.key-matches-certificate", "rfc7030-4.4.2-key-matches-cert", has_open_key, pair},
    {"serverkeygen.certificate-part", "rfc7030-4.4.2-cert-part", has_certificate_part, cert_part},
    {"serverkeygen.error-status", "rfc7030-4.4.2-error-status",
     [](situation const& s) { return is_keygen(s) && asked_with(s.read, "POST") && is_broken_request(s.read); },
     error_status},
    {"serverkeygen.error-plaintext", "rfc7030-4.4.2-error-plaintext",
     [](situation const& s) { return is_post(s) && is_untyped_error(s); }, error_plaintext, true},
};

} // namespace

std::span<const check> server_keygen_checks() { return checks; }

} // namespace est::conformance
