#pragma once
/// What a tolerant parser read past: one table of codes, and the list that a parse leaves behind.
///
/// There is one parser for everything, and it is tolerant. Whatever it can read past without guessing becomes a note.
/// A strict caller refuses chosen notes afterwards; there is no second parser.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

enum class note_kind : std::uint8_t {
  observation, ///< lawful, and worth knowing
  deviation,   ///< a clause is broken, and the meaning is still certain
};

/// One row of the table of notes.
struct note_definition {
  std::string_view name;
  note_kind kind;
  std::string_view clause;   ///< the RFC and section that say so
  std::string_view sentence; ///< for a person
};

// The table. One line each: code, kind, clause, sentence. The enumeration and the table are made from it, so that neither
// can be without the other. Sorted by layer; add a line to the layer that makes the note.
// clang-format off
#define EST_NOTE_TABLE(note)                                                                                           \
  /* base64 bodies */                                                                                                  \
  note(base64_in_one_line, observation, "RFC 8951 3.1", "the base64 text is one line")                                 \
  note(base64_crlf_lines, observation, "RFC 8951 3.1", "the base64 lines end in CRLF")                                 \
  note(base64_inner_blanks, observation, "RFC 8951 3.1", "spaces or tabs stand within the base64 text")                \
  note(base64_no_final_newline, observation, "RFC 8951 3.1", "the wrapped base64 text has no final line end")          \
  note(trailing_nul, deviation, "RFC 4648 3.3", "NUL octets follow the base64 text")                                   \
  /* HTTP */                                                                                                           \
  note(http_bare_lf, deviation, "RFC 9112 2.2", "a header line ends in LF without CR")                                 \
  note(http_bare_cr, deviation, "RFC 9112 2.2", "a CR stands alone within a header line")                              \
  note(http_obs_fold, deviation, "RFC 9112 5.2", "a header field is folded over several lines")                        \
  note(http_space_before_colon, deviation, "RFC 9112 5.1", "white space stands before the colon of a field")           \
  note(http_line_without_colon, deviation, "RFC 9112 5", "a header line is no field")                                  \
  note(http_leading_empty_line, deviation, "RFC 9112 2.2", "an empty line stands before the first line")               \
  note(http_no_space_after_status, deviation, "RFC 9112 4", "no space follows the status code")                        \
  note(http_no_reason_phrase, observation, "RFC 9112 4", "the reason phrase is empty")                                 \
  note(http_interim_response, observation, "RFC 9110 15.2", "an interim 1xx response came first")                      \
  note(http_chunked, observation, "RFC 9112 7.1", "the body is chunked")                                               \
  note(http_chunk_extension, observation, "RFC 9112 7.1.1", "a chunk has extensions")                                  \
  note(http_chunk_padding, deviation, "RFC 9112 7.1", "blanks follow a chunk size")                                    \
  note(http_trailer_fields, observation, "RFC 9112 7.1.2", "fields follow the last chunk")                             \
  note(http_close_delimited, observation, "RFC 9112 6.3", "the body ends where the connection does")                   \
  note(http_repeated_content_length, deviation, "RFC 9112 6.3", "Content-Length stands more than once, alike")         \
  note(http_length_and_chunked, deviation, "RFC 9112 6.3", "Content-Length and Transfer-Encoding stand together")      \
  note(http_length_with_no_content, deviation, "RFC 9110 8.6", "Content-Length stands where there is no content")      \
  note(http_octets_after_message, deviation, "RFC 9112 6.3", "octets follow the end of the message")                   \
  note(http_version_1_0, observation, "RFC 9112 2.3", "the message is HTTP/1.0")                                       \
  /* media types and multipart */                                                                                      \
  note(media_type_blanks, observation, "RFC 9110 5.6.6", "white space stands beside a semicolon")                      \
  note(media_type_empty_parameter, observation, "RFC 9110 5.6.6", "a semicolon without a parameter")                   \
  note(media_type_parameter_without_value, deviation, "RFC 9110 5.6.6", "a parameter has no equals sign")              \
  note(media_type_blank_around_equals, deviation, "RFC 9110 5.6.6", "white space stands beside an equals sign")        \
  note(media_type_repeated_parameter, deviation, "RFC 9110 8.3.1", "a parameter stands more than once")                \
  note(media_type_unquoted_special, deviation, "RFC 9110 5.6.2", "a parameter value needs quotes and has none")        \
  note(multipart_bare_lf, deviation, "RFC 2046 5.1.1", "multipart lines end in LF without CR")                         \
  note(multipart_boundary_unlawful, deviation, "RFC 2046 5.1.1", "the boundary is longer or of other characters than allowed")\
  note(multipart_missing_blank_line, deviation, "RFC 2046 5.1.1", "no blank line stands between part header and body") \
  note(multipart_blank_only_line, deviation, "RFC 2046 5.1.1", "a line of blanks ends the part header")                \
  note(multipart_no_close_delimiter, deviation, "RFC 2046 5.1.1", "the closing delimiter is missing")                  \
  note(multipart_text_after_delimiter, deviation, "RFC 2046 5.1.1", "text follows a delimiter on its line")            \
  note(multipart_padding, observation, "RFC 2046 5.1.1", "blanks follow a delimiter")                                  \
  note(multipart_near_delimiter, observation, "RFC 2046 5.1.1", "a line holds the boundary but does not begin with it")\
  note(multipart_preamble, observation, "RFC 2046 5.1.1", "text stands before the first part")                         \
  note(multipart_epilogue, observation, "RFC 2046 5.1.1", "text stands after the last part")                           \
  note(multipart_folded_field, observation, "RFC 5322 2.2.3", "a part's header field is folded")                       \
  /* EST messages */                                                                                                   \
  note(transfer_encoding_absent, observation, "RFC 8951 3", "there is no Content-Transfer-Encoding")                   \
  note(transfer_encoding_present, observation, "RFC 8951 3", "a Content-Transfer-Encoding is sent and ignored")        \
  note(transfer_encoding_not_base64, observation, "RFC 8951 3", "a Content-Transfer-Encoding other than base64")       \
  note(x_pkcs7_mime, deviation, "RFC 7030 4.2.3", "the media type is application/x-pkcs7-mime")                        \
  note(smime_type_missing, deviation, "RFC 7030 4.2.3", "the media type has no smime-type")                            \
  note(smime_type_other, deviation, "RFC 7030 4.2.3", "the media type has another smime-type")                         \
  note(certificate_part_first, observation, "RFC 7030 4.4.2", "the certificate part stands before the key part")       \
  note(several_certificates, deviation, "RFC 7030 4.2.3", "the reply holds more than the issued certificate")          \
  note(unknown_part, deviation, "RFC 7030 4.4.2", "a part is neither key nor certificate")                             \
  note(retry_after_missing, deviation, "RFC 7030 4.2.3", "a 202 answer has no Retry-After")                            \
  note(retry_after_unreadable, deviation, "RFC 9110 10.2.3", "Retry-After is neither a number nor a date")             \
  /* BER and DER */                                                                                                    \
  note(ber_indefinite_length, deviation, "RFC 8951 3", "BER: an indefinite length")                                    \
  note(ber_long_length, deviation, "RFC 8951 3", "BER: a length in more octets than needed")                           \
  note(ber_constructed_string, deviation, "RFC 8951 3", "BER: a string in pieces")                                     \
  note(ber_boolean, deviation, "RFC 8951 3", "BER: a BOOLEAN that is neither 00 nor FF")                               \
  note(ber_long_integer, deviation, "RFC 8951 3", "BER: an INTEGER in more octets than needed")                        \
  note(der_set_unsorted, observation, "X.690 11.6", "the elements of a SET OF are not sorted")                         \
  note(der_trailing_octets, deviation, "RFC 8951 3", "octets follow the end of the outermost value")                   \
  /* CMS */                                                                                                            \
  note(cms_version, deviation, "RFC 5652 5.1", "SignedData has another version than its content calls for")            \
  note(cms_empty_content, deviation, "RFC 5652 5.2", "eContent is present and empty")                                  \
  note(cms_content_present, deviation, "RFC 5652 5.2", "a certs-only message has content")                             \
  note(cms_content_type, deviation, "RFC 5652 5.2", "a certs-only message has another content type than id-data")      \
  note(cms_digest_algorithms, observation, "RFC 5652 5.1", "a certs-only message names digest algorithms")             \
  note(cms_signer_infos, deviation, "RFC 5272 4.1", "a certs-only message is signed")                                  \
  note(cms_no_signer_infos, deviation, "RFC 5652 5.1", "SignedData has no signerInfos field")                          \
  note(cms_empty_certificates, observation, "RFC 5652 5.1", "the certificates field is present and empty")             \
  note(cms_empty_crls, observation, "RFC 5652 5.1", "the crls field is present and empty")                             \
  note(cms_crls, observation, "RFC 5652 5.1", "the message carries revocation lists")                                  \
  note(cms_other_certificate, observation, "RFC 5652 10.2.2", "the bag holds a certificate that is not X.509")         \
  note(cms_unreadable_certificate, deviation, "RFC 5280 4.1", "a certificate in the bag cannot be read")               \
  note(cms_no_content_info, deviation, "RFC 5652 3", "a bare SignedData without ContentInfo")                          \
  /* CMC */                                                                                                            \
  note(cmc_repeated_body_part, deviation, "RFC 5272 3.2.2", "a body part identifier stands more than once")            \
  note(cmc_body_part_zero, deviation, "RFC 5272 3.2.2", "a body part has the reserved identifier 0")                   \
  note(cmc_unknown_control, observation, "RFC 5272 3.2.1.1", "a control is not one of those that are known")           \
  note(cmc_control_values, deviation, "RFC 5272 3.2.1.1", "a control has another number of values than one")           \
  note(cmc_status_version_1, observation, "RFC 5272 6.1.2", "the status stands in CMCStatusInfo, not in version 2 of it")\
  note(cmc_status_without_body, deviation, "RFC 5272 6.1.1", "the bodyList of a status is empty")                      \
  note(cmc_pend_time, deviation, "RFC 5272 6.1.1", "the pendTime of a status cannot be read")                          \
  note(cmc_status_contradicts_http, deviation, "RFC 7030 4.3.2", "the status of HTTP and that of CMC contradict each other")\
  note(cms_signer_version, deviation, "RFC 5652 5.3", "a SignerInfo has another version than its signer identifier calls for")\
  note(cms_digest_not_listed, observation, "RFC 5652 5.1", "a signer's digest algorithm is not among digestAlgorithms")\
  note(cms_several_signers, observation, "RFC 5652 5.1", "the message has more signers than one")                      \
  note(cms_no_signed_attributes, observation, "RFC 5652 5.3", "a signer signs the content itself, without signed attributes")\
  note(cms_unsigned_attributes, observation, "RFC 5652 5.3", "a signer has unsigned attributes")                       \
  note(cms_envelope_version, deviation, "RFC 5652 6.1", "the envelope has another version than its recipients call for")\
  note(cms_recipient_version, deviation, "RFC 5652 6.2", "a recipient has another version than its kind calls for")    \
  note(cms_other_recipient, observation, "RFC 5652 6.2", "a recipient of a kind that is not read")                     \
  note(cms_originator_info, observation, "RFC 5652 6.1", "the envelope has originatorInfo")                            \
  note(cms_unprotected_attributes, observation, "RFC 5652 6.1", "the envelope has unprotected attributes")             \
  note(cms_key_wrap_parameters, deviation, "RFC 5753 7.2", "an AES key wrap has parameters, which are to be absent")   \
  note(cms_auth_enveloped, observation, "RFC 5083 2", "the envelope is AuthEnvelopedData")                             \
  note(cms_no_authenticated_attributes, deviation, "RFC 5083 2.1",                                                     \
       "an AuthEnvelopedData around other content than id-data has no authenticated attributes")                       \
  note(envelope_content_type, deviation, "RFC 7030 4.4.2", "the envelope names another content type than id-signedData")\
  note(envelope_content_info, deviation, "RFC 5652 6.1", "the enveloped SignedData stands in a ContentInfo of its own")\
  note(key_package_content_type, deviation, "RFC 5958 2", "the signed content type is not id-ct-KP-aKeyPackage")       \
  note(key_package_bare_key, deviation, "RFC 5958 2", "a bare private key stands where an AsymmetricKeyPackage is due")\
  note(key_package_several_keys, observation, "RFC 5958 2", "the key package holds more keys than one")                \
  /* revocation lists and the answer of /cacerts */                                                                    \
  note(crl_version_1, observation, "RFC 5280 5.1.2.1", "the revocation list is of version 1")                          \
  note(crl_no_next_update, deviation, "RFC 5280 5.1.2.5", "the revocation list does not say when the next comes")      \
  note(crl_empty_list, deviation, "RFC 5280 5.1.2.6", "revokedCertificates is present and empty")                      \
  note(crl_no_number, deviation, "RFC 5280 5.2.3", "the revocation list has no number")                                \
  note(crl_no_key_identifier, deviation, "RFC 5280 5.2.1", "the revocation list does not name its issuer's key")       \
  note(cacerts_no_root, deviation, "RFC 7030 4.1.3", "the answer holds no self-signed CA certificate")                 \
  note(cacerts_repeated, observation, "RFC 7030 4.1.3", "a certificate stands more than once")                         \
  note(cacerts_no_ca, observation, "RFC 7030 4.1.3", "the answer holds a certificate of no CA")                        \
  note(cacerts_unverified, observation, "RFC 7030 4.1.3", "a certificate leads to no anchor and was left out")         \
  /* what a server wants in a CSR */                                                                                   \
  note(csrattrs_media_type, deviation, "RFC 8951 4", "the media type is application/csrattr")                          \
  note(csrattrs_pem, deviation, "RFC 8951 4", "the attributes stand in PEM armour")                                    \
  note(csrattrs_binary, deviation, "RFC 8951 4", "the attributes come as binary DER, not as base64")                   \
  note(csrattrs_no_content, deviation, "RFC 8951 4", "a 200 answer has no content; read as no attributes")             \
  note(csrattrs_foreign_element, deviation, "RFC 8951 4", "an element is neither an OBJECT IDENTIFIER nor an Attribute")\
  note(csrattrs_values_in_sequence, deviation, "RFC 8951 4", "the values of an attribute stand in a SEQUENCE, not in a SET")\
  note(csrattrs_no_values, deviation, "RFC 8951 4", "an attribute has no value")                                       \
  note(csrattrs_key_without_values, observation, "RFC 9908 3.2", "a key type has an empty set of values")              \
  note(csrattrs_bare_key_type, deviation, "RFC 9908 3.2", "a key type stands alone, not as an Attribute")              \
  note(csrattrs_bare_curve, deviation, "RFC 9908 3.2", "a curve stands alone, not in the Attribute of its key type")   \
  note(csrattrs_bare_hash, observation, "RFC 8951 4", "a hash function stands in place of a signature algorithm")      \
  note(csrattrs_several_key_types, deviation, "RFC 9908 3.2", "more than one key type is named")                       \
  note(csrattrs_key_parameters, deviation, "RFC 9908 3.2", "a key type has other parameters than that type takes")     \
  note(csrattrs_extension_requests, deviation, "RFC 9908 3.2", "extensionRequest stands more than once")               \
  note(csrattrs_extension_request_values, deviation, "RFC 9908 3.2", "an extensionRequest has not exactly one value")  \
  note(csrattrs_extension_request_oid, deviation, "RFC 9908 3.2", "an extensionRequest holds an OBJECT IDENTIFIER")    \
  note(csrattrs_extension_request_value, deviation, "RFC 9908 3.2", "a value of an extensionRequest cannot be read")   \
  note(csrattrs_extension_request_microsoft, deviation, "RFC 9908 3.2", "extensionRequest has the identifier of Microsoft")\
  note(csrattrs_extension_outside, deviation, "RFC 9908 3.2", "an extension stands outside of extensionRequest")       \
  note(csrattrs_repeated_extension, deviation, "RFC 9908 3.2", "an extension stands more than once")                   \
  note(csr_template_unreadable, deviation, "RFC 9908 3.4", "a template cannot be read and is skipped")                 \
  note(csr_template_repeated, deviation, "RFC 9908 3.4", "there is more than one template; the first one counts")      \
  note(csr_template_beside_others, observation, "RFC 9908 4", "elements beside the template are ignored")              \
  note(csr_template_beside_password, observation, "RFC 9908 4", "challengePassword stands beside the template, not in it")\
  note(csr_template_version, deviation, "RFC 9908 3.4", "the template has another version than 0")                     \
  note(csr_template_empty_subject, deviation, "RFC 9908 3.4", "the template has a subject that asks for nothing")      \
  note(csr_template_key_placeholder, deviation, "RFC 9908 3.4", "the template has a public key whose size says nothing")\
  note(csr_template_no_attributes, deviation, "RFC 9908 3.4", "the attributes field of the template is missing")       \
  note(csr_template_explicit_tag, deviation, "RFC 9908 A", "a field of the template is tagged explicitly")             \
  note(csr_template_empty_value, deviation, "RFC 9908 3.4", "a value to be filled in is empty, not absent")            \
  note(csr_template_one_extension, observation, "RFC 9908 3.4", "the value is one ExtensionTemplate, not a sequence")  \
  note(csr_template_printed_oid, observation, "RFC 9908 3.4", "the identifier is the one that the example prints")     \
  note(csr_template_extension_templates, deviation, "RFC 9908 3.4", "an extension template stands more than once")     \
  note(csr_template_both_requests, deviation, "RFC 9908 3.4", "extensionRequest stands beside an extension template")  \
  note(csr_template_extension_values, deviation, "RFC 9908 3.4", "an extension template has not exactly one value")    \
  note(csr_template_nothing_open, deviation, "RFC 9908 3.4", "an extension template leaves nothing to be filled in")   \
  /* keys and requests */                                                                                              \
  note(pkcs8_version_2, observation, "RFC 5958 2", "the key is a OneAsymmetricKey of version 2")                       \
  note(pkcs8_attributes, observation, "RFC 5958 2", "the key package has attributes")                                  \
  note(pkcs8_public_key, observation, "RFC 5958 2", "the key package has its public key beside it")                    \
  note(pkcs8_public_key_in_version_1, deviation, "RFC 5958 2", "a public key stands in a version 1 key package")       \
  note(csr_version, deviation, "RFC 2986 4.1", "the request has another version than 0")                               \
  note(csr_no_attributes, deviation, "RFC 2986 4.1", "the attributes field is missing")                                \
  note(csr_repeated_attribute, deviation, "RFC 2986 4.1", "an attribute stands more than once")                        \
  note(csr_empty_attribute, deviation, "RFC 2986 4.1", "an attribute has no value")                                    \
  note(csr_challenge_password_type, deviation, "RFC 2985 5.4.1", "challengePassword is no DirectoryString")
// clang-format on

#define EST_NOTE_ENUMERATOR(code, kind, clause, sentence) code,
/// The closed set of notes. `definition_of(code)` gives kind, clause and sentence.
enum class note_code : std::uint16_t { EST_NOTE_TABLE(EST_NOTE_ENUMERATOR) };
#undef EST_NOTE_ENUMERATOR

#define EST_NOTE_ROW(code, kind, clause, sentence) note_definition{#code, note_kind::kind, clause, sentence},
/// All rows, in the order of the enumeration.
inline constexpr note_definition note_table[] = {EST_NOTE_TABLE(EST_NOTE_ROW)};
#undef EST_NOTE_ROW
#undef EST_NOTE_TABLE

constexpr note_definition const& definition_of(note_code code) noexcept {
  return note_table[static_cast<std::size_t>(code)];
}

/// One thing that was read past.
struct note {
  note_code code;
  std::string where;                 ///< the thing that was read: `part[1].certs-only`
  std::optional<std::size_t> offset; ///< octets from the start of what was read, when one place shows it
  std::string detail;                ///< what was there; never secret octets

  friend bool operator==(note const&, note const&) = default;
};

/// The notes of one parse, in the order in which they were made.
class notes {
public:
  void add(note_code code, std::string where, std::optional<std::size_t> offset = std::nullopt,
           std::string detail = {}) {
    list_.push_back({code, std::move(where), offset, std::move(detail)});
  }

  /// Takes over the notes of an inner parse and says in which larger thing they were made.
  void append(notes&& inner, std::string_view outer) {
    for (auto& n : inner.list_) {
      n.where = n.where.empty() ? std::string{outer} : std::string{outer} + "." + n.where;
      list_.push_back(std::move(n));
    }
    inner.list_.clear();
  }

  note const* find(note_code code) const noexcept {
    for (auto const& n : list_)
      if (n.code == code) return &n;
    return nullptr;
  }
  bool has(note_code code) const noexcept { return find(code) != nullptr; }
  bool has_deviation() const noexcept {
    for (auto const& n : list_)
      if (definition_of(n.code).kind == note_kind::deviation) return true;
    return false;
  }

  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }
  std::size_t size() const noexcept { return list_.size(); }
  bool empty() const noexcept { return list_.empty(); }

private:
  std::vector<note> list_;
};

/// Makes a note if anybody listens.
inline void remark(notes* out, note_code code, std::string where, std::optional<std::size_t> offset = std::nullopt,
                   std::string detail = {}) {
  if (out) out->add(code, std::move(where), offset, std::move(detail));
}

/// `multipart_bare_lf (deviation, RFC 2046 5.1.1) in body at octet 12: multipart lines end in LF without CR`
inline std::string to_text(note const& n) {
  auto const& d = definition_of(n.code);
  std::string text{d.name};
  text += d.kind == note_kind::deviation ? " (deviation, " : " (observation, ";
  text += std::string{d.clause} + ")";
  if (!n.where.empty()) text += " in " + n.where;
  if (n.offset) text += " at octet " + std::to_string(*n.offset);
  text += ": " + std::string{d.sentence};
  if (!n.detail.empty()) text += " (" + n.detail + ")";
  return text;
}

} // namespace est
