/// RFC 7030 section 4.5 as RFC 8951 section 4 replaced it: what a server says that it wants in a CSR.

#include "common.hpp"

#include <est/pki/ber.hpp>
#include <est/pki/tlv.hpp>

namespace est::conformance {

namespace {

bool is_csrattrs(situation const& s) {
  return s.read.op == operation::csrattrs && asked_with(s.read, "GET") && s.read.response;
}

/// Answered 200: there is something to judge. Without its request an answer counts where its media type says so.
bool is_answer(situation const& s) {
  return s.read.op == operation::csrattrs && s.read.status() == 200 &&
         (!s.read.has_request || asked_with(s.read, "GET"));
}

bool is_answer_with_content(situation const& s) { return is_answer(s) && s.read.body_size != 0; }

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

bool is_bare_target(situation const& s) { return s.read.label.empty() && !s.read.has_query; }

// 3.2.2: OPTIONAL. 4.5.2: "An HTTP response code of 204 or 404 indicates that a CSR Attributes Response is not available."
verdict absence_is_404(situation const& s) {
  if (s.read.status() != 405) return verdict::holds();
  return verdict::violated("204, 404 or 501 where there are no CSR attributes", status_text(s.read) + " to GET",
                           "response", status_line(s));
}

// 4.5: "The EST server SHOULD NOT require client authentication or authorization to reply to this request."
verdict is_open(situation const& s) {
  if (s.read.has_authorization) return verdict::not_applicable("the request carried credentials");
  if (s.read.status() == 401 || s.read.status() == 403)
    return verdict::violated("/csrattrs is answered without client authentication or authorisation",
                             status_text(s.read) + " to a request without Authorization", "response", status_line(s));
  if (!s.read.succeeded()) return verdict::not_applicable("answered with " + status_text(s.read));
  if (!s.read.has_no_credentials)
    return verdict::not_applicable("whether a client certificate was shown is not recorded, or one was");
  return verdict::holds();
}

// 4.5.2: "If locally configured policy for an authenticated EST client indicates a CSR Attributes Response is to be
// provided, the server response MUST include an HTTP 200 response code."
verdict success_is_200(situation const& s) {
  if (s.read.status() == 200) return verdict::holds();
  return verdict::violated("200 with attributes, or 204 or 404 without", status_text(s.read), "response",
                           status_line(s));
}

verdict answer_has_content(situation const& s) {
  if (s.read.form != mime::body_form::empty) return verdict::holds();
  return verdict::violated("200 with a CsrAttrs, be it an empty SEQUENCE", "200 without content", "response",
                           s.read.offset_of_body());
}

// 4.5.2: "An HTTP response code of 204 or 404 indicates that a CSR Attributes Response is not available."
verdict none_is_204_or_404(situation const& s) {
  switch (s.read.status()) {
  case 400:
  case 405:
  case 406:
  case 410:
    return verdict::violated("204 or 404 where there are no CSR attributes", status_text(s.read) + " to GET",
                             "response", status_line(s));
  case 200:
  case 204:
  case 404: return verdict::holds();
  default: return verdict::not_applicable("answered with " + status_text(s.read));
  }
}

// 4.5.2: "When the server encodes CSR attributes as an empty SEQUENCE, it means that the server has no specific additional
// information it desires".
bool is_list_without_element(situation const& s) {
  return is_answer(s) && s.read.body_der && (s.read.body_der->size() == 2 && s.read.body_der->back() == 0);
}

verdict empty_list_is_sequence(situation const& s) {
  if (s.read.body_der->front() == pki::tag::sequence) return verdict::holds();
  return verdict::violated("an empty SEQUENCE, 30 00", to_hex(*s.read.body_der), "response.body",
                           s.read.offset_of_body());
}

// 4.5.2: "Responses to attribute request messages MUST be encoded as the content-type of "application/csrattrs"".
verdict has_content_type(situation const& s) {
  auto const at = s.read.offset_of_field("Content-Type");
  if (s.read.response_type_trouble)
    return verdict::violated("Content-Type: application/csrattrs",
                             "a Content-Type that cannot be read: " + s.read.response_type_trouble->detail, "response",
                             at);
  if (!s.read.response_type)
    return verdict::violated("Content-Type: application/csrattrs", "no Content-Type", "response", at);
  if (s.read.response_type->is("application/csrattrs")) return verdict::holds();
  if (s.read.response_type->is("application/csrattr"))
    return verdict::undecided("application/csrattr, a slip that stands in RFC 7030 4.5.2 itself");
  return verdict::violated("Content-Type: application/csrattrs", s.read.response_type->essence(), "response", at);
}

// 4.5.2: "The sequence is Distinguished Encoding Rules (DER) encoded [X.690] and then base64 encoded (Section 4 of
// [RFC4648]). The resulting text forms the application/csrattr body, without headers."
verdict is_base64(situation const& s) {
  if (!s.read.body_trouble) return verdict::holds();
  if (s.read.form == mime::body_form::html || s.read.form == mime::body_form::json ||
      s.read.form == mime::body_form::empty)
    return verdict::not_applicable("the answer has no CsrAttrs: " + std::string{mime::name(s.read.form)});
  auto const at = s.read.body_trouble->offset;
  return verdict::violated("base64 of DER, without header lines", s.read.body_trouble->detail, "response.body",
                           at ? s.read.response_layout.wire_offset(*at) : s.read.offset_of_body());
}

verdict does_not_end_in_nul(situation const& s) {
  auto const* const nul = s.read.remarks.find(note_code::trailing_nul);
  if (nul == nullptr) return verdict::holds();
  return verdict::violated("nothing but base64 and white space (RFC 4648 section 3.3)",
                           "NUL after the base64 text (" + nul->detail + ")", "response.body",
                           nul->offset ? s.read.response_layout.wire_offset(*nul->offset) : s.read.offset_of_body());
}

verdict is_der(situation const& s) {
  if (!s.read.body_der) return verdict::not_applicable("the body could not be decoded");
  auto const der = pki::check_der(*s.read.body_der);
  if (der) return verdict::holds();
  if (der.error().code == errc::too_deep || der.error().code == errc::too_large)
    return verdict::undecided(der.error().detail);
  return verdict::violated("one value in DER", to_text(der.error()), "response.body", s.read.offset_of_body());
}

// RFC 8951 4: CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID
//             AttrOrOID ::= CHOICE { oid OBJECT IDENTIFIER, attribute Attribute {{AttrSet}} }
// Attribute is that of RFC 2986: SEQUENCE { type OBJECT IDENTIFIER, values SET }. RFC 9908 3.2 allows the set to be empty.
verdict is_sequence(situation const& s) {
  if (!s.read.body_der) return verdict::undecided("the body could not be decoded");
  auto const outer = pki::read_tlv(*s.read.body_der);
  if (!outer) return verdict::undecided("the decoded body is no value in DER");
  if (outer->is(pki::tag::sequence)) return verdict::holds();
  return verdict::violated("CsrAttrs, a SEQUENCE", "a value with the tag 0x" + to_hex({&outer->identifier, 1}),
                           "response.body", s.read.offset_of_body());
}

verdict elements_are_attr_or_oid(situation const& s) {
  pki::tlv_state state{errc::malformed_ber, "CsrAttrs"};
  pki::tlv_reader outer{*s.read.body_der, state};
  auto list = outer.enter(pki::tag::sequence, "CsrAttrs");
  std::size_t count = 0;
  for (; list.more(); ++count) {
    if (list.at(pki::tag::object_id)) {
      list.take(pki::tag::object_id, "oid");
      continue;
    }
    auto attribute = list.enter(pki::tag::sequence, "an OBJECT IDENTIFIER or an Attribute");
    attribute.take(pki::tag::object_id, "the type of an Attribute");
    attribute.take(pki::tag::set, "the values of an Attribute");
    attribute.end("an Attribute");
  }
  if (state.ok()) return verdict::holds();
  return verdict::violated("OBJECT IDENTIFIERs and Attributes {type, SET of values}",
                           "element " + std::to_string(count) + " is neither: " + state.first->detail, "response.body",
                           s.read.offset_of_body());
}

constexpr predicate absent[] = {{"csrattrs-absent-as-405", absence_is_404}};
constexpr predicate open[] = {{"csrattrs-demands-credentials", is_open}};
constexpr predicate status_200[] = {{"csrattrs-success-not-200", success_is_200},
                                    {"csrattrs-without-content", answer_has_content}};
constexpr predicate none[] = {{"csrattrs-none-as-other-status", none_is_204_or_404}};
constexpr predicate empty[] = {{"csrattrs-empty-no-sequence", empty_list_is_sequence}};
constexpr predicate content_type[] = {{"csrattrs-content-type", has_content_type}};
constexpr predicate encoding[] = {
    {"csrattrs-not-base64", is_base64}, {"csrattrs-ends-in-nul", does_not_end_in_nul}, {"csrattrs-not-der", is_der}};
constexpr predicate syntax[] = {{"csrattrs-no-sequence", is_sequence}, {"csrattrs-element", elements_are_attr_or_oid}};

constexpr check checks[] = {
    {"csrattrs.absence", "rfc7030-4.5-optional",
     [](situation const& s) {
       return is_csrattrs(s) && is_bare_target(s) &&
              (s.read.status() == 204 || s.read.status() == 404 || s.read.status() == 405 || s.read.status() == 501);
     },
     absent},
    {"csrattrs.open", "rfc7030-4.5-no-client-auth", is_csrattrs, open, true},
    {"csrattrs.status-200", "rfc7030-4.5.2-status-200",
     [](situation const& s) {
       return is_csrattrs(s) && kind_of(s.read) == answer_kind::success && s.read.status() != 204;
     },
     status_200},
    {"csrattrs.none", "rfc7030-4.5.2-none-204-404",
     [](situation const& s) { return is_csrattrs(s) && is_bare_target(s); }, none},
    {"csrattrs.empty-sequence", "rfc7030-4.5.2-empty-sequence", is_list_without_element, empty},
    {"csrattrs.content-type", "rfc7030-4.5.2-content-type", is_answer, content_type},
    {"csrattrs.base64-of-der", "rfc7030-4.5.2-der-base64", is_answer_with_content, encoding},
    {"csrattrs.syntax", "rfc8951-4-csrattrs-syntax",
     [](situation const& s) { return is_answer_with_content(s) && s.read.body_der.has_value(); }, syntax},
};

} // namespace

std::span<const check> csrattrs_checks() { return checks; }

} // namespace est::conformance
