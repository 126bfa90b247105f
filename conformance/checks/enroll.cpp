/// RFC 7030 section 4.2: simple enrolment and re-enrolment, with RFC 8951 section 5.1.

#include "errors.hpp"

#include <est/mime/body.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace est::conformance {

namespace {

bool is_post(situation const& s) { return is_enrolment(s.read) && asked_with(s.read, "POST") && s.read.response; }

/// An answer that issues: 200 to an enrolment. Without its request an answer counts as one where its media type says so.
bool is_issue(situation const& s) {
  return is_enrolment(s.read) && s.read.status() == 200 && (!s.read.has_request || asked_with(s.read, "POST"));
}

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

// 4.2: "EST servers MUST support the /simpleenroll and /simplereenroll functions."
verdict is_served(situation const& s) {
  if (!s.read.label.empty() || s.read.has_query)
    return verdict::not_applicable("the target has a label or a query, which the server need not know");
  switch (s.read.status()) {
  case 404:
  case 405:
  case 501:
    return verdict::violated("POST to /" + std::string{name(s.read.op)} +
                                 " is answered: the function MUST be supported",
                             status_text(s.read), "response", status_line(s));
  default: break;
  }
  switch (kind_of(s.read)) {
  case answer_kind::success:
  case answer_kind::pending:
  case answer_kind::refused: return verdict::holds();
  default: return verdict::undecided("answered with " + status_text(s.read));
  }
}

// 4.2.1: "The Certification Signing Request (CSR) signature provides proof-of-possession of the client-possessed private
// key to the EST server."
bool has_broken_signature(situation const& s) {
  return is_post(s) && s.read.csr && s.read.csr_in_base64 && signature_is_broken(*s.read.csr);
}

verdict broken_signature_not_issued(situation const& s) {
  if (kind_of(s.read) != answer_kind::success) return judge_refusal(s, but_for_signature);
  if (!s.read.certificates && s.read.form != mime::body_form::base64)
    return verdict::undecided("answered with " + status_text(s.read) + ", but not with a certificate");
  return verdict::violated("a CSR whose signature does not verify proves no possession of the key, and is refused",
                           status_text(s.read) + " to such a CSR", "response", status_line(s));
}

// 4.2.1: "The HTTP content-type of "application/pkcs10" is used here."
bool is_pkcs10(situation const& s) {
  return is_post(s) && s.read.csr && s.read.csr_in_base64 && s.read.request_type &&
         s.read.request_type->is("application/pkcs10") && !signature_is_broken(*s.read.csr);
}

bool is_plain_type(reading const& read) {
  auto const value = read.request ? read.request->headers.find("Content-Type") : std::nullopt;
  return value && *value == "application/pkcs10";
}

verdict pkcs10_is_no_wrong_type(situation const& s) {
  if (s.read.status() != 415) return verdict::holds();
  if (s.read.request->headers.has("Content-Encoding")) return verdict::undecided("the request had a Content-Encoding");
  return verdict::violated("application/pkcs10 is the media type of the request",
                           status_text(s.read) + " to a request of application/pkcs10", "response", status_line(s));
}

verdict spelling_does_not_matter(situation const& s) {
  if (is_plain_type(s.read)) return verdict::not_applicable("the media type is written in the ordinary way");
  static constexpr likeness ordinary{
      [](reading const& a, reading const& b) { return alike_but(aspect::media_type, a, b) && is_plain_type(b); },
      [](reading const& a, reading const& b) {
        return alike_but(aspect::media_type, a, b) && is_plain_type(b) && same_csr(a, b);
      }};
  return judge_equal_treatment(s, ordinary, "application/pkcs10 in another case or with a parameter");
}

// 4.2.3: "If the enrollment is successful, the server response MUST contain an HTTP 200 response code with a content-type
// of "application/pkcs7-mime"."
verdict success_is_200(situation const& s) {
  if (s.read.status() == 200) return verdict::holds();
  return verdict::violated("a successful answer has the status 200", status_text(s.read), "response", status_line(s));
}

verdict has_content_type(situation const& s) {
  if (s.read.status() != 200) return verdict::not_applicable();
  auto const at = s.read.offset_of_field("Content-Type");
  if (s.read.response_type_trouble)
    return verdict::violated("Content-Type: application/pkcs7-mime",
                             "a Content-Type that cannot be read: " + s.read.response_type_trouble->detail, "response",
                             at);
  if (!s.read.response_type)
    return verdict::violated("Content-Type: application/pkcs7-mime", "no Content-Type", "response", at);
  if (s.read.response_type->is("application/pkcs7-mime")) return verdict::holds();
  return verdict::violated("Content-Type: application/pkcs7-mime", s.read.response_type->essence(), "response", at);
}

// 4.2.3: "A successful response MUST be a certs-only CMC Simple PKI Response, as defined in [RFC5272], containing only
// the certificate that was issued."
verdict is_certs_only(situation const& s) {
  if (auto said = judge_undecoded(s, "a certs-only CMS SignedData with the issued certificate")) return *said;
  if (s.read.certificates_trouble)
    return verdict::violated("a certs-only CMS SignedData with the issued certificate",
                             to_text(*s.read.certificates_trouble), "response.body", s.read.offset_of_body());
  if (s.read.remarks.has(note_code::cms_no_content_info))
    return verdict::violated("a ContentInfo that holds a SignedData", "a bare SignedData without ContentInfo",
                             "response.body", s.read.offset_of_body());
  return verdict::holds();
}

verdict is_without_signature(situation const& s) {
  if (!s.read.remarks.has(note_code::cms_signer_infos)) return verdict::holds();
  return verdict::violated("a SignedData without SignerInfo", "a SignedData that is signed", "response.body",
                           s.read.offset_of_body());
}

verdict is_without_content(situation const& s) {
  if (!s.read.remarks.has(note_code::cms_content_present)) return verdict::holds();
  return verdict::violated("a SignedData without content", "a SignedData with content", "response.body",
                           s.read.offset_of_body());
}

verdict is_alone(situation const& s) {
  if (!s.read.certificates) return verdict::undecided("the bag could not be read");
  auto const count = s.read.certificates->certificates().size();
  if (count <= 1) return verdict::holds();
  return verdict::violated("the bag holds the issued certificate and nothing else",
                           std::to_string(count) + " certificates", "response.body", s.read.offset_of_body());
}

verdict is_without_crls(situation const& s) {
  if (!s.read.certificates) return verdict::undecided("the bag could not be read");
  if (s.read.certificates->crls().empty()) return verdict::holds();
  return verdict::violated("the bag holds the issued certificate and nothing else",
                           std::to_string(s.read.certificates->crls().size()) + " revocation lists beside it",
                           "response.body", s.read.offset_of_body());
}

// 4.2.3: "The HTTP content-type of "application/pkcs7-mime" with an smime-type parameter "certs-only" is used, as
// specified in [RFC5273]."
bool is_issue_as_pkcs7(situation const& s) {
  return is_issue(s) && s.read.has_request && s.read.response_type &&
         s.read.response_type->is("application/pkcs7-mime");
}

verdict has_smime_type(situation const& s) {
  if (s.read.response_type->find("smime-type")) return verdict::holds();
  return verdict::violated("smime-type=certs-only", "no smime-type parameter", "response",
                           s.read.offset_of_field("Content-Type"));
}

verdict smime_type_is_certs_only(situation const& s) {
  auto const value = s.read.response_type->find("smime-type").value_or("");
  if (http::equal_ignoring_case(value, "certs-only")) return verdict::holds();
  return verdict::violated("smime-type=certs-only", "smime-type=" + in_quotes(value), "response",
                           s.read.offset_of_field("Content-Type"));
}

// 4.2.1 to 4.2.3: what is issued is a certificate for the key in the CSR.
bool is_issue_for_csr(situation const& s) { return is_issue(s) && s.read.csr && s.read.certificates; }

verdict certifies_csr_key(situation const& s) {
  bool undecided = false;
  for (auto const& c : s.read.certificates->certificates()) {
    auto const same = same_key(c.public_key_info(), s.read.csr->public_key_info());
    if (same == std::optional<bool>{true}) return verdict::holds();
    if (!same) undecided = true;
  }
  if (undecided) return verdict::undecided("the keys are written in unlike ways and could not be compared");
  if (s.read.remarks.has(note_code::cms_unreadable_certificate))
    return verdict::undecided("a certificate in the bag could not be read");
  auto const* const issued = issued_certificate(s.read);
  return verdict::violated(
      "the issued certificate certifies the key of the CSR (" + describe_key(s.read.csr->public_key_info()) + ")",
      issued != nullptr ? "it certifies another key (" + describe_key(issued->public_key_info()) + ")"
                        : "no certificate in the bag does",
      "response.body", s.read.offset_of_body());
}

// 4.2.3: "The server MUST include a Retry-After header as defined for HTTP 503 responses."
bool is_pending(situation const& s) {
  return takes_csr(s.read) && asked_with(s.read, "POST") && kind_of(s.read) == answer_kind::pending;
}

verdict has_retry_after(situation const& s) {
  if (s.read.response->headers.has("Retry-After")) return verdict::holds();
  return verdict::violated("a Retry-After field in a 202 answer", "no Retry-After", "response", status_line(s));
}

// 4.2.3: "The server also MAY include informative human-readable content."
bool is_pending_with_content(situation const& s) { return is_pending(s) && !s.read.response->body.empty(); }

verdict pending_content_is_readable(situation const& s) {
  if (is_readable_text(s.read.response->body)) return verdict::holds();
  return verdict::violated("human-readable content, if any",
                           std::to_string(s.read.body_size) + " octets that are no text", "response.body",
                           s.read.offset_of_body());
}

// 4.2.3: "The server is responsible for maintaining all states necessary to recognize and handle retry operations as the
// client is stateless in this regard; it simply sends the same request repeatedly until it receives a different response
// code." Whether it was recognised shows when something else than 202 comes.
reading const* pending_before(situation const& s) {
  if (!is_question(s) || !is_post(s) || !s.read.csr || s.in.exchanges.size() < 2) return nullptr;
  for (auto const& other : s.others)
    if (other.in == &s.in && other.seen == &s.seen - 1 && other.read->op == s.read.op &&
        other.read->label == s.read.label && kind_of(*other.read) == answer_kind::pending &&
        same_subject_and_key(s.read, *other.read))
      return other.read;
  return nullptr;
}

verdict repetition_is_recognised(situation const& s) {
  auto const kind = kind_of(s.read);
  if (kind == answer_kind::success) return verdict::holds();
  if (kind == answer_kind::pending) return verdict::undecided("202 again: nobody has decided about the request yet");
  if (auto nothing = without_decision(s)) return std::move(*nothing);
  if (s.read.status() == 401 || s.read.status() == 403)
    return verdict::undecided("answered with " + status_text(s.read) +
                              ", which may be the decision of who approves requests");
  if (s.read.status() == 415) return verdict::undecided("refused for its media type, not for being repeated");
  return verdict::violated(
      "the same request, repeated after 202 and Retry-After, is recognised: 202 until it is approved, "
      "then the certificate",
      status_text(s.read) + " to the repeated request", "response", status_line(s));
}

constexpr predicate recognised[] = {{"pending-not-recognised", repetition_is_recognised}};

// 4.2: "The server MUST authenticate the client as specified in Section 3.3.2 if certificate-based authentication is used or
// Section 3.2.3 if the optional HTTP-based authentication is used". Fields in which a proxy hands on whom it has
// authenticated are none of these, unless nobody else can send them.
std::string_view forged_field(reading const& read) {
  static constexpr std::string_view names[] = {
      "X-SSL-Client-Cert",   "X-Forwarded-Client-Cert", "SSL_CLIENT_CERT", "X-Client-Cert",     "Client-Cert",
      "X-SSL-Client-Verify", "SSL_CLIENT_VERIFY",       "SSL_CLIENT_S_DN", "X-SSL-Client-S-DN", "SSL-Client-Cert"};
  for (auto const name : names)
    if (read.request && read.request->headers.has(name)) return name;
  return {};
}

verdict forged_fields_are_not_believed(situation const& s) {
  auto const field = forged_field(s.read);
  // Why it was refused is another matter: with such fields it was not let in.
  if (!field.empty() && s.read.has_no_credentials && kind_of(s.read) == answer_kind::refused) return verdict::holds();
  if (field.empty() || !s.read.has_no_credentials || kind_of(s.read) != answer_kind::success || !s.read.certificates)
    return verdict::not_applicable("no certificate was issued for such fields alone");
  for (auto const& other : s.others)
    if (other.read->op == s.read.op && other.read->label == s.read.label && asked_with(*other.read, "POST") &&
        other.read->has_no_credentials && other.read->csr && forged_field(*other.read).empty() &&
        kind_of(*other.read) == answer_kind::refused)
      return verdict::violated(
          "a client is authenticated by TLS or by HTTP, not by fields that anybody can send; without them it was "
          "answered with " +
              status_text(*other.read) + " (" + other.seen->name + ")",
          status_text(s.read) + " with a certificate to a client whose one credential was " + in_quotes(field),
          "response", status_line(s));
  return verdict::not_applicable("nobody was refused who sent no such fields");
}

verdict not_issued_without_credentials(situation const& s) {
  if (!forged_field(s.read).empty() && kind_of(s.read) == answer_kind::refused)
    return verdict::not_applicable("told by the fields that were forged");
  return not_issued_to_anyone(s);
}

constexpr predicate served[] = {{"simpleenroll-not-served", is_served}};
constexpr predicate re_served[] = {{"simplereenroll-not-served", is_served}};
constexpr predicate authenticates[] = {{"enroll-forged-fields-believed", forged_fields_are_not_believed},
                                       {"enroll-issued-to-anyone", not_issued_without_credentials}};
constexpr predicate pop[] = {{"enroll-broken-signature-issued", broken_signature_not_issued}};
constexpr predicate pkcs10[] = {{"enroll-pkcs10-unsupported", pkcs10_is_no_wrong_type},
                                {"enroll-pkcs10-spelling", spelling_does_not_matter}};
constexpr predicate status_200[] = {{"enroll-success-not-200", success_is_200},
                                    {"enroll-content-type", has_content_type}};
constexpr predicate certs_only[] = {{"enroll-not-certs-only", is_certs_only},
                                    {"enroll-signed", is_without_signature},
                                    {"enroll-with-content", is_without_content}};
constexpr predicate only_issued[] = {{"enroll-further-certificates", is_alone}, {"enroll-crls", is_without_crls}};
constexpr predicate smime_type[] = {{"enroll-smime-type-missing", has_smime_type},
                                    {"enroll-smime-type-other", smime_type_is_certs_only}};
constexpr predicate matches[] = {{"enroll-other-key-certified", certifies_csr_key}};
constexpr predicate error_status[] = {{"enroll-broken-request-accepted", broken_request_not_accepted},
                                      {"enroll-broken-request-unanswered", broken_request_answered}};
constexpr predicate error_cmc[] = {{"enroll-error-no-cms", error_is_cms}};
constexpr predicate error_plaintext[] = {{"enroll-untyped-error-not-plain", untyped_error_is_plain}};
constexpr predicate text_plain[] = {{"enroll-text-error-unreadable", text_error_is_readable}};
constexpr predicate retry_after[] = {{"pending-without-retry-after", has_retry_after},
                                     {"pending-retry-after-unreadable", retry_after_is_readable}};
constexpr predicate pending_body[] = {{"pending-content-unreadable", pending_content_is_readable}};

constexpr check checks[] = {
    {"enroll.served", "rfc7030-4.2-simpleenroll-supported",
     [](situation const& s) { return is_post(s) && s.read.op == operation::simpleenroll; }, served, true},
    {"reenroll.served", "rfc7030-4.2-simplereenroll-supported",
     [](situation const& s) { return is_post(s) && s.read.op == operation::simplereenroll; }, re_served, true},
    {"enroll.authenticates-client", "rfc7030-4.2-authenticate-client",
     [](situation const& s) { return is_post(s) && s.read.csr.has_value() && !s.read.has_authorization; },
     authenticates, true},
    {"enroll.proof-of-possession", "rfc7030-4.2.1-pop-signature", has_broken_signature, pop},
    {"enroll.pkcs10", "rfc7030-4.2.1-accept-pkcs10", is_pkcs10, pkcs10},
    {"enroll.status-200", "rfc7030-4.2.3-status-200",
     [](situation const& s) { return is_post(s) && kind_of(s.read) == answer_kind::success; }, status_200},
    {"enroll.certs-only", "rfc7030-4.2.3-certs-only", is_issue, certs_only},
    {"enroll.only-issued-certificate", "rfc7030-4.2.3-only-issued-cert", is_issue, only_issued},
    {"enroll.smime-type", "rfc7030-4.2.3-smime-type", is_issue_as_pkcs7, smime_type},
    {"enroll.certificate-matches-csr", "rfc7030-4.2.3-cert-matches-csr", is_issue_for_csr, matches},
    {"enroll.error-status", "rfc7030-4.2.3-error-status",
     [](situation const& s) { return is_enrolment(s.read) && asked_with(s.read, "POST") && is_broken_request(s.read); },
     error_status},
    {"enroll.error-cmc", "rfc7030-4.2.3-error-cmc",
     [](situation const& s) { return is_post(s) && is_error_of_type(s, "application/pkcs7-mime"); }, error_cmc, true},
    {"enroll.error-plaintext", "rfc7030-4.2.3-error-plaintext",
     [](situation const& s) { return is_post(s) && is_untyped_error(s); }, error_plaintext, true},
    {"enroll.error-text-plain", "rfc8951-5.1-text-plain",
     [](situation const& s) { return is_post(s) && is_error_of_type(s, "text/plain"); }, text_plain, true},
    {"enroll.pending-retry-after", "rfc7030-4.2.3-202-retry-after", is_pending, retry_after, true},
    {"enroll.pending-content", "rfc7030-4.2.3-202-body", is_pending_with_content, pending_body, true},
    {"enroll.pending-recognised", "rfc7030-4.2.3-202-state",
     [](situation const& s) { return pending_before(s) != nullptr; }, recognised},
};

} // namespace

std::span<const check> enroll_checks() { return checks; }

} // namespace est::conformance
