/// RFC 7030 section 3.2, and the rows of HTTP itself (RFC 9110, RFC 9112) that EST rests on.

#include "errors.hpp"

#include <est/http/auth.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

bool is_known_operation(situation const& s) {
  return s.read.op != operation::unknown && s.read.has_request && s.read.response;
}

/// The method that the operation is asked with.
bool is_asked_properly(situation const& s) {
  bool const by_get = s.read.op == operation::cacerts || s.read.op == operation::csrattrs;
  return is_known_operation(s) && asked_with(s.read, by_get ? "GET" : "POST");
}

// RFC 7030 3.2.2: "The EST server MUST support the use of the path-prefix of "/.well-known/" as defined in [RFC5785] and
// the registered name of "est"." /cacerts must be there.
bool is_well_known_cacerts(situation const& s) {
  return is_asked_properly(s) && s.read.op == operation::cacerts && s.read.well_known && s.read.label.empty() &&
         !s.read.has_query;
}

verdict prefix_is_served(situation const& s) {
  if (s.read.status() == 404 && served_under_label(s) != nullptr)
    return verdict::not_applicable("/cacerts is answered under a label");
  if (s.read.status() == 404)
    return verdict::violated("operations under /.well-known/est", "404 to GET of /.well-known/est/cacerts", "response",
                             status_line(s));
  if (s.read.succeeded()) return verdict::holds();
  return verdict::not_applicable("answered with " + status_text(s.read));
}

// RFC 7030 3.2.2: "To avoid conflict, the CA label MUST NOT be the same as any defined operation path segment." A server
// that answers under whatever label it is given has no such label; it shows where a label of no meaning is refused.
verdict label_is_no_operation(situation const& s) {
  if (kind_of(s.read) != answer_kind::success) return verdict::holds();
  for (auto const& other : s.others)
    if (other.read->op == s.read.op && other.read->status() == 404 && !other.read->label.empty() &&
        operation_named(other.read->label) == operation::unknown)
      return verdict::violated("no CA label that is the name of an operation; the label " +
                                   in_quotes(other.read->label) + " was refused (" + other.seen->name + ")",
                               status_text(s.read) + " under the label " + in_quotes(s.read.label), "response",
                               status_line(s));
  return verdict::undecided("answered with " + status_text(s.read) +
                            ", and no other label was seen to be refused: the server may ignore labels");
}

// RFC 7030 3.2.2: "The EST server MUST provide services regardless of whether the additional path segment is present." To the
// letter that asks for a CA that needs no label; others take it to say that a label changes nothing in what is provided.
verdict label_can_be_left_out(situation const& s) {
  if (kind_of(s.read) == answer_kind::success) return verdict::holds();
  switch (s.read.status()) {
  case 404:
  case 405:
  case 501: {
    auto const& labelled = *served_under_label(s);
    return verdict::violated("/cacerts is answered without a CA label as well as under the label " +
                                 in_quotes(labelled.read->label) + " (" + labelled.seen->name + ")",
                             status_text(s.read), "response", status_line(s));
  }
  default: return verdict::undecided("answered with " + status_text(s.read));
  }
}

// RFC 7030 3.2.4: "each distinct EST message type uses an HTTP Content-Type header with a specific media type." Figure 6.
bool is_message(situation const& s) { return is_asked_properly(s) && s.read.status() == 200 && s.read.body_size != 0; }

verdict is_registered_type(situation const& s) {
  std::string_view const wanted = s.read.op == operation::serverkeygen ? "multipart/mixed"
                                  : s.read.op == operation::csrattrs   ? "application/csrattrs"
                                                                       : "application/pkcs7-mime";
  auto const at = s.read.offset_of_field("Content-Type");
  auto const expected = "the media type of Figure 6: " + std::string{wanted};
  if (!s.read.response_type)
    return verdict::violated(expected,
                             s.read.response_type_trouble ? "a Content-Type that cannot be read" : "no Content-Type",
                             "response", at);
  if (s.read.response_type->is(wanted)) return verdict::holds();
  if (s.read.response_type->is("application/csrattr") || s.read.response_type->is("application/pkcs12"))
    return verdict::undecided(s.read.response_type->essence() + ", which another text has");
  return verdict::violated(expected, s.read.response_type->essence(), "response", at);
}

// RFC 7030 3.2.1: "The HTTP Status value is used to communicate success or failure of an EST function."
verdict success_is_no_error_page(situation const& s) {
  auto const expected = "200 for success alone, with the message of the operation";
  if (s.read.op == operation::serverkeygen && s.read.is_multipart) return verdict::holds();
  switch (s.read.form) {
  case mime::body_form::empty:
    return verdict::violated(expected, status_text(s.read) + " without content", "response", status_line(s));
  case mime::body_form::html:
  case mime::body_form::json:
    return verdict::violated(expected, status_text(s.read) + " with " + std::string{mime::name(s.read.form)},
                             "response.body", s.read.offset_of_body());
  case mime::body_form::text:
    if (s.read.response_type && s.read.response_type->type == "text")
      return verdict::violated(expected, status_text(s.read) + " with " + s.read.response_type->essence(),
                               "response.body", s.read.offset_of_body());
    return verdict::holds();
  default: return verdict::holds();
  }
}

// RFC 7030 3.2.3: "Servers that wish to use Basic and Digest authentication reject the HTTP request using the HTTP-defined
// WWW-Authenticate response-header".
verdict asks_with_challenge(situation const& s) {
  if (s.read.response->headers.has("WWW-Authenticate")) return verdict::holds();
  return verdict::violated("WWW-Authenticate in an answer that asks for credentials", "401 without it", "response",
                           status_line(s));
}

// RFC 9110 15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field containing at least one
// challenge applicable to the target resource."
verdict has_challenge(situation const& s) {
  for (auto const value : s.read.response->headers.all("WWW-Authenticate"))
    if (!http::parse_challenges(value).empty()) return verdict::holds();
  return verdict::violated("401 with at least one challenge in WWW-Authenticate",
                           s.read.response->headers.has("WWW-Authenticate") ? "WWW-Authenticate without a challenge"
                                                                            : "no WWW-Authenticate",
                           "response", s.read.offset_of_field("WWW-Authenticate"));
}

// RFC 9110 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
verdict has_allow(situation const& s) {
  if (s.read.response->headers.has("Allow")) return verdict::holds();
  return verdict::violated("405 with Allow", "no Allow", "response", status_line(s));
}

// RFC 9110 10.1.1: a server that gets a 100-continue expectation answers with 100 or with a final status.
bool expects_continue(situation const& s) {
  if (!s.read.request || s.read.request->version == "HTTP/1.0") return false;
  auto const value = s.read.request->headers.find("Expect");
  return value && http::equal_ignoring_case(*value, "100-continue");
}

verdict expectation_is_met(situation const& s) {
  if (s.read.response) return verdict::holds();
  if (s.seen.end == connection_end::timed_out && (!s.seen.response || s.seen.response->empty()))
    return verdict::violated("100, or a final answer, to Expect: 100-continue", "silence until the time was up",
                             "response", std::size_t{0});
  return verdict::undecided("no answer came that can be read");
}

// RFC 9112 6.2: "A sender MUST NOT send a Content-Length header field in any message that contains a Transfer-Encoding header
// field." 6.3: how long a message is. RFC 9110 8.6: no Content-Length with 1xx and 204.
bool has_answer(situation const& s) { return s.seen.response && !s.seen.response->empty(); }

verdict can_be_read(situation const& s) {
  if (!s.read.response_trouble) return verdict::holds();
  auto const& trouble = *s.read.response_trouble;
  auto const expected = "an HTTP/1.1 message whose end can be told";
  if (trouble.code == errc::malformed_http || trouble.code == errc::unsupported_coding)
    return verdict::violated(expected, trouble.detail, "response", trouble.offset);
  bool const ended = s.seen.end == connection_end::close_notify || s.seen.end == connection_end::closed;
  if (trouble.code == errc::truncated && ended)
    return verdict::violated(expected, trouble.detail + ", and the server ended the connection", "response",
                             trouble.offset);
  return verdict::undecided("the answer is not whole: " + trouble.detail);
}

verdict of_note(situation const& s, note_code code, std::string expected) {
  auto const* const n = s.read.remarks.find(code);
  if (n == nullptr) return verdict::holds();
  return verdict::violated(std::move(expected),
                           std::string{definition_of(code).sentence} +
                               (n->detail.empty() ? "" : " (" + n->detail + ")"),
                           "response", n->offset);
}

verdict has_one_framing(situation const& s) {
  return of_note(s, note_code::http_length_and_chunked, "Content-Length or Transfer-Encoding, not both");
}

verdict has_one_length(situation const& s) {
  return of_note(s, note_code::http_repeated_content_length, "Content-Length once");
}

verdict ends_where_it_says(situation const& s) {
  if (asked_with(s.read, "HEAD") || s.read.status() == 204 || s.read.status() == 304)
    return verdict::not_applicable("an answer without content, told elsewhere");
  auto const end = std::min(s.read.response_layout.end, s.seen.response->size());
  if (s.seen.response->compare(end, 5, "HTTP/") == 0)
    return verdict::not_applicable("another answer of the same connection follows");
  return of_note(s, note_code::http_octets_after_message,
                 "a message that ends where Content-Length or the last chunk says");
}

verdict has_no_needless_length(situation const& s) {
  return of_note(s, note_code::http_length_with_no_content, "no Content-Length with 1xx and 204");
}

// RFC Errata EID 5904 and 5926 say `Transfer-Encoding: base64`. HTTP has no such coding, and RFC 8951 prevails.
verdict transfer_coding_is_not_base64(situation const& s) {
  if (!s.read.response_trouble || s.read.response_trouble->code != errc::unsupported_coding ||
      !s.read.response_trouble->offset)
    return verdict::holds();
  std::string_view const octets = *s.seen.response;
  auto const at = std::min(*s.read.response_trouble->offset, octets.size());
  std::string line{octets.substr(at, octets.substr(at).find('\n'))};
  std::transform(line.begin(), line.end(), line.begin(), http::lower);
  if (line.find("base64") == std::string::npos) return verdict::holds();
  return verdict::violated("no Transfer-Encoding, or chunked",
                           "Transfer-Encoding with base64, which is no transfer coding", "response", at);
}

// RFC 9112 7.1: "A recipient MUST be able to parse and decode the chunked transfer coding." RFC 9110 15.5.12 allows a server
// to ask for a Content-Length.
bool is_chunked(reading const& read) {
  auto const value = read.request ? read.request->headers.find("Transfer-Encoding") : std::nullopt;
  return value && http::equal_ignoring_case(*value, "chunked");
}

verdict chunked_is_read(situation const& s) {
  if (s.read.status() == 411) return verdict::holds();
  return judge_equal_treatment(
      s,
      likeness{[](reading const& a, reading const& b) { return alike_but(aspect::chunked, a, b) && !is_chunked(b); },
               [](reading const& a, reading const& b) {
                 return alike_but(aspect::chunked, a, b) && !is_chunked(b) && same_csr(a, b);
               }},
      "a chunked request");
}

// RFC 9110 15.5.16: 415 is for content of a format that is not supported. Accepting it is lenient and lawful.
verdict wrong_type_does_not_break(situation const& s) {
  if (kind_of(s.read) == answer_kind::refused) return verdict::holds();
  if (kind_of(s.read) == answer_kind::failed)
    return verdict::violated("415, or another 4xx, to a wrong media type", status_text(s.read), "response",
                             status_line(s));
  return verdict::not_applicable("answered with " + status_text(s.read));
}

// RFC 9110 15.3.5: "it cannot contain content or trailers."
verdict no_content_is_none(situation const& s) {
  return of_note(s, note_code::http_octets_after_message, "204 without content");
}

// RFC 9110 9.3.2: "The HEAD method is identical to GET except that the server MUST NOT send content in the response."
verdict head_is_without_content(situation const& s) {
  return of_note(s, note_code::http_octets_after_message, "an answer to HEAD without content");
}

// RFC 9112 3.2.2: "A server MUST accept the absolute-form in requests".
verdict absolute_form_is_read(situation const& s) {
  return judge_equal_treatment(s,
                               likeness{[](reading const& a, reading const& b) {
                                          return alike_but(aspect::target_form, a, b) && !b.absolute_form;
                                        },
                                        [](reading const& a, reading const& b) {
                                          return alike_but(aspect::target_form, a, b) && !b.absolute_form &&
                                                 (!a.csr || same_csr(a, b));
                                        }},
                               "a request in absolute-form");
}

// RFC 9110 5.6.6: parameters = *( OWS ";" OWS [ parameter ] )
verdict blanks_are_read(situation const& s) {
  return judge_equal_treatment(s,
                               likeness{[](reading const& a, reading const& b) {
                                          return alike_but(aspect::media_type, a, b) &&
                                                 !b.request_remarks.has(note_code::media_type_blanks);
                                        },
                                        [](reading const& a, reading const& b) {
                                          return alike_but(aspect::media_type, a, b) && same_csr(a, b) &&
                                                 !b.request_remarks.has(note_code::media_type_blanks);
                                        }},
                               "white space before the semicolon of a media type");
}

constexpr predicate prefix[] = {{"well-known-path-missing", prefix_is_served}};
constexpr predicate no_label[] = {{"label-needed", label_can_be_left_out}};
constexpr predicate label[] = {{"label-is-operation-name", label_is_no_operation}};
constexpr predicate media_types[] = {{"message-of-other-media-type", is_registered_type}};
constexpr predicate status[] = {{"error-under-status-200", success_is_no_error_page}};
constexpr predicate www_authenticate[] = {{"credentials-asked-without-challenge", asks_with_challenge}};
constexpr predicate allow[] = {{"http-405-without-allow", has_allow}};
constexpr predicate challenge[] = {{"http-401-without-challenge", has_challenge}};
constexpr predicate expect[] = {{"http-expect-unanswered", expectation_is_met}};
constexpr predicate framing[] = {{"http-unreadable", can_be_read},
                                 {"http-length-and-chunked", has_one_framing},
                                 {"http-length-repeated", has_one_length},
                                 {"http-octets-after-message", ends_where_it_says},
                                 {"http-length-without-content", has_no_needless_length}};
constexpr predicate base64_coding[] = {{"http-transfer-coding-base64", transfer_coding_is_not_base64}};
constexpr predicate chunked[] = {{"http-chunked-request-refused", chunked_is_read}};
constexpr predicate wrong_type[] = {{"http-wrong-type-as-server-error", wrong_type_does_not_break}};
constexpr predicate no_content[] = {{"http-204-with-content", no_content_is_none}};
constexpr predicate retry_after[] = {{"http-retry-after-unreadable", retry_after_is_readable}};
constexpr predicate head[] = {{"http-head-with-content", head_is_without_content}};
constexpr predicate absolute[] = {{"http-absolute-form-refused", absolute_form_is_read}};
constexpr predicate blanks[] = {{"http-media-type-blanks-refused", blanks_are_read}};

constexpr check checks[] = {
    {"http.well-known-prefix", "rfc7030-3.2.2-wellknown-prefix", is_well_known_cacerts, prefix, true},
    {"http.label-is-no-operation", "rfc7030-3.2.2-label-not-operation",
     [](situation const& s) { return is_asked_properly(s) && operation_named(s.read.label) != operation::unknown; },
     label, true},
    {"http.label-is-optional", "rfc7030-3.2.2-service-without-label",
     [](situation const& s) { return is_well_known_cacerts(s) && served_under_label(s) != nullptr; }, no_label},
    {"http.media-types", "rfc7030-3.2.4-media-types", is_message, media_types},
    {"http.status-is-result", "rfc7030-3.2.1-status-is-result",
     [](situation const& s) { return is_asked_properly(s) && s.read.status() == 200; }, status},
    {"http.credentials-challenge", "rfc7030-3.2.3-www-authenticate",
     [](situation const& s) { return s.read.has_request && s.read.status() == 401 && !s.read.has_authorization; },
     www_authenticate, true},
    {"http.405-allow", "http-405-allow", [](situation const& s) { return s.read.status() == 405; }, allow, true},
    {"http.401-challenge", "http-401-challenge", [](situation const& s) { return s.read.status() == 401; }, challenge,
     true},
    {"http.expect-100", "http-expect-100", expects_continue, expect, true},
    {"http.framing", "http-framing", has_answer, framing, true},
    {"http.no-base64-transfer-coding", "eid5904-no-te-base64", has_answer, base64_coding, true},
    {"http.chunked-request", "http-request-chunked",
     [](situation const& s) { return takes_csr(s.read) && s.read.response && is_chunked(s.read) && s.read.csr; },
     chunked},
    {"http.wrong-media-type", "http-wrong-type",
     [](situation const& s) {
       return takes_csr(s.read) && asked_with(s.read, "POST") && s.read.response && s.read.request_type &&
              !s.read.request_type->is("application/pkcs10");
     },
     wrong_type},
    {"http.204-no-content", "http-204-no-body", [](situation const& s) { return s.read.status() == 204; }, no_content,
     true},
    {"http.retry-after", "http-retry-after",
     [](situation const& s) { return s.read.response && s.read.response->headers.has("Retry-After"); }, retry_after,
     true},
    {"http.head", "http-head", [](situation const& s) { return asked_with(s.read, "HEAD") && s.read.succeeded(); },
     head, true},
    {"http.absolute-form", "http-absolute-form",
     [](situation const& s) { return s.read.op != operation::unknown && s.read.response && s.read.absolute_form; },
     absolute},
    {"http.media-type-blanks", "http-ows",
     [](situation const& s) {
       return takes_csr(s.read) && s.read.response && s.read.csr &&
              s.read.request_remarks.has(note_code::media_type_blanks);
     },
     blanks},
};

} // namespace

std::span<const check> http_checks() { return checks; }

} // namespace est::conformance
