/// RFC 8951 section 3: base64 of DER on both ways, whatever Content-Transfer-Encoding says; white space is tolerated.

#include "errors.hpp"

#include <algorithm>

namespace est::conformance {

namespace {

bool is_payload(situation const& s) {
  // A web page or nothing under 200 is no payload of EST; that is told by the checks of RFC 7030 3.2.1, 4.1.3 and 4.2.3.
  if (!s.read.is_multipart && (s.read.form == mime::body_form::html || s.read.form == mime::body_form::json ||
                               s.read.form == mime::body_form::empty))
    return false;
  if (s.read.status() != 200 || s.read.body_size == 0 || (s.read.has_request && asked_with(s.read, "HEAD")))
    return false;
  return s.read.op == operation::cacerts || s.read.op == operation::csrattrs || is_enrolment(s.read) ||
         (s.read.op == operation::serverkeygen && s.read.is_multipart);
}

/// Where an octet of the content stands in the octets of the response.
std::optional<std::size_t> wire(situation const& s, std::optional<std::size_t> content) {
  if (!content) return s.read.offset_of_body();
  return s.read.response_layout.wire_offset(*content);
}

// 3: "This document updates [RFC7030] to require the POST request and payload response of all endpoints using base64
// encoding, as specified in Section 4 of [RFC4648]."
verdict payload_is_base64(situation const& s) {
  constexpr auto expected = "base64 as RFC 4648 section 4 has it";
  if (s.read.op == operation::serverkeygen) { // PEM and bare DER in a part are told by the checks of RFC 7030 4.4.2
    for (auto const& part : s.read.parts)
      if (part.form == mime::body_form::text && part.trouble && part.trouble->code == errc::malformed_base64)
        return verdict::violated(expected, part.trouble->detail, part_name(s.read, part), part.offset);
    return verdict::holds();
  }
  switch (s.read.form) {
  case mime::body_form::pem:
  case mime::body_form::der:
    return verdict::violated(expected, std::string{mime::name(s.read.form)}, "response.body", s.read.offset_of_body());
  case mime::body_form::html:
  case mime::body_form::json:
  case mime::body_form::empty:
  case mime::body_form::base64:
  case mime::body_form::text: break;
  }
  if (s.read.body_trouble && s.read.body_trouble->code == errc::malformed_base64)
    return verdict::violated(expected, s.read.body_trouble->detail, "response.body",
                             wire(s, s.read.body_trouble->offset));
  return verdict::holds();
}

// RFC 4648 3.3: "Implementations MUST reject the encoded data if it contains characters outside the base alphabet".
verdict payload_ends_with_base64(situation const& s) {
  if (s.read.op == operation::csrattrs) return verdict::not_applicable("told by the check of RFC 7030 4.5.2");
  for (auto const& part : s.read.parts)
    if (part.remarks.has(note_code::trailing_nul))
      return verdict::violated("nothing but base64 and white space", "NUL octets after the base64 text",
                               part_name(s.read, part), part.offset);
  if (auto const* const nul = s.read.remarks.find(note_code::trailing_nul))
    return verdict::violated("nothing but base64 and white space",
                             "NUL octets after the base64 text (" + nul->detail + ")", "response.body",
                             wire(s, nul->offset));
  return verdict::holds();
}

// 3: "In both cases, the Distinguished Encoding Rules (DER) [X.690] are used to produce the input for the base64 encoding
// routine."
verdict payload_is_der(situation const& s) {
  static constexpr note_code ber[] = {note_code::ber_indefinite_length,  note_code::ber_long_length,
                                      note_code::ber_constructed_string, note_code::ber_boolean,
                                      note_code::ber_long_integer,       note_code::der_trailing_octets};
  auto const first = [](notes const& remarks) -> note const* {
    for (auto const code : ber)
      if (auto const* const n = remarks.find(code)) return n;
    return nullptr;
  };
  if (s.read.op == operation::csrattrs) return verdict::not_applicable("told by the check of RFC 7030 4.5.2");
  bool any = s.read.body_der.has_value();
  if (auto const* const n = first(s.read.remarks))
    return verdict::violated("DER", std::string{definition_of(n->code).sentence}, "response.body",
                             s.read.offset_of_body());
  for (auto const& part : s.read.parts) {
    any = any || part.decoded_size != 0;
    if (auto const* const n = first(part.remarks))
      return verdict::violated("DER", std::string{definition_of(n->code).sentence}, part_name(s.read, part),
                               part.offset);
  }
  return any ? verdict::holds() : verdict::undecided("the body could not be decoded");
}

// The rest is about requests.

bool is_base64_request(situation const& s) {
  return takes_csr(s.read) && asked_with(s.read, "POST") && s.read.response && s.read.csr && s.read.csr_in_base64;
}

constexpr likeness but_for_layout{
    [](reading const& a, reading const& b) { return alike_but(aspect::layout, a, b); },
    [](reading const& a, reading const& b) { return alike_but(aspect::layout, a, b) && same_csr(a, b); }};

bool is_one_line(situation const& s) { return layout_of(s.read.request->body) == text_layout::one_line; }

// 3: base64 "as specified in Section 4 of [RFC4648]", which has no line ends in it; 3.1: "Senders are not required to
// insert any kind of white space."
verdict one_line_is_read(situation const& s) {
  return judge_equal_treatment(s, but_for_layout, "base64 without white space (RFC 4648 section 4)");
}

// 3.1: "white space including CR, LF, spaces (ASCII 32), and tabs (ASCII 9) SHOULD be tolerated by receivers."
verdict white_space_is_tolerated(situation const& s) {
  // Lines of LF are how nearly every request is written. One that is refused is about that only beside a like one.
  if (layout_of(s.read.request->body) == text_layout::lf_lines && kind_of(s.read) != answer_kind::success) {
    auto const control = find_control(s, but_for_layout);
    bool const about_credentials = s.read.status() == 401 || s.read.status() == 403;
    if (control.read == nullptr || (!control.recorded_as_control && about_credentials))
      return verdict::not_applicable("it was not accepted, and nothing shows that the layout is why");
  }
  auto const what = [&] {
    switch (layout_of(s.read.request->body)) {
    case text_layout::crlf_lines: return "base64 with CRLF line ends";
    case text_layout::with_blanks: return "base64 with spaces or tabs";
    default: return "base64 with LF line ends";
    }
  }();
  return judge_equal_treatment(s, but_for_layout, what);
}

// 3: "This format is to be used regardless of any Content-Transfer-Encoding header, and any value in such a header MUST be
// ignored."
bool is_ordinary(reading const& read) {
  auto const values = read.request->headers.all("Content-Transfer-Encoding");
  return values.size() == 1 && values[0] == "base64";
}

verdict transfer_encoding_is_ignored(situation const& s) {
  auto const values = s.read.request->headers.all("Content-Transfer-Encoding");
  static constexpr likeness ordinary{
      [](reading const& a, reading const& b) { return alike_but(aspect::transfer_encoding, a, b) && is_ordinary(b); },
      [](reading const& a, reading const& b) {
        return alike_but(aspect::transfer_encoding, a, b) && is_ordinary(b) && same_csr(a, b);
      }};
  return judge_equal_treatment(s, ordinary,
                               values.empty() ? std::string{"a base64 body without Content-Transfer-Encoding"}
                               : values.size() == 1
                                   ? "a base64 body with Content-Transfer-Encoding " + in_quotes(values[0])
                                   : std::string{"a base64 body with several Content-Transfer-Encoding fields"});
}

constexpr predicate base64[] = {{"response-not-base64", payload_is_base64},
                                {"response-ends-in-nul", payload_ends_with_base64}};
constexpr predicate der[] = {{"response-not-der", payload_is_der}};
constexpr predicate request_base64[] = {{"request-one-line-refused", one_line_is_read}};
constexpr predicate ignore_cte[] = {{"request-transfer-encoding-minded", transfer_encoding_is_ignored}};
constexpr predicate white_space[] = {{"request-white-space-refused", white_space_is_tolerated}};

constexpr check checks[] = {
    {"encoding.response-base64", "rfc8951-3-response-base64", is_payload, base64},
    {"encoding.response-der", "rfc8951-3-der", is_payload, der},
    {"encoding.request-base64", "rfc8951-3-request-base64",
     [](situation const& s) { return is_base64_request(s) && is_one_line(s); }, request_base64},
    {"encoding.ignores-transfer-encoding", "rfc8951-3-ignore-cte",
     [](situation const& s) { return is_base64_request(s) && !is_ordinary(s.read); }, ignore_cte},
    {"encoding.tolerates-white-space", "rfc8951-3.1-tolerate-whitespace",
     [](situation const& s) { return is_base64_request(s) && !is_one_line(s); }, white_space},
};

} // namespace

std::span<const check> encoding_checks() { return checks; }

} // namespace est::conformance
