/// RFC 7030 section 4.3: Full CMC, where a server offers it.

#include "errors.hpp"

#include <algorithm>

namespace est::conformance {

namespace {

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

bool is_post(situation const& s) {
  return s.read.op == operation::fullcmc && asked_with(s.read, "POST") && s.read.response;
}

/// 4.3.2: "a client interprets an HTTP 404 or 501 response to indicate that this service is not implemented."
bool is_served(situation const& s) { return is_post(s) && s.read.status() != 404 && s.read.status() != 501; }

/// Nothing of the request was granted.
bool says_failed(reading const& read) {
  return read.cmc_response && !read.cmc_response->statuses.empty() &&
         std::all_of(read.cmc_response->statuses.begin(), read.cmc_response->statuses.end(), [](auto const& one) {
           return one.status == pki::cmc_status::failed || one.status == pki::cmc_status::no_support;
         });
}

/// Certainly no Full PKI Request: broken, or a CSR in the plain. What is CMS may be one that is not understood here.
bool is_no_request(reading const& read) {
  if (read.cmc_request) return false;
  if (is_broken_request(read)) return true;
  auto const octets = mime::decode_body<bytes>(read.request->body);
  return octets && pki::parse_csr(*octets);
}

constexpr likeness a_request{[](reading const&, reading const& b) { return b.cmc_request.has_value(); },
                             [](reading const&, reading const&) { return false; }};

// 4.3.1: "If the HTTP POST to /fullcmc is not a valid Full PKI Request, the server MUST reject the message."
verdict no_request_is_rejected(situation const& s) {
  if (kind_of(s.read) != answer_kind::success) return judge_refusal(s, a_request);
  if (says_failed(s.read)) return verdict::undecided("rejected by a CMC status under " + status_text(s.read));
  return verdict::violated("what is no Full PKI Request is rejected", status_text(s.read), "response", status_line(s));
}

// 4.3.1: "The HTTP content-type used is "application/pkcs7-mime" with an smime-type parameter "CMC-request"". RFC 2045 5.1:
// the value of a parameter is compared as its definition has it; RFC 10003 writes CMC-Request.
verdict case_does_not_matter(situation const& s) {
  static constexpr likeness ordinary{[](reading const&, reading const& b) {
                                       auto const value =
                                           b.request_type ? b.request_type->find("smime-type") : std::nullopt;
                                       return b.cmc_request.has_value() && value && *value == "CMC-request";
                                     },
                                     [](reading const&, reading const&) { return false; }};
  return judge_equal_treatment(s, ordinary, "smime-type=CMC-Request");
}

bool has_unusual_case(situation const& s) {
  if (!is_served(s) || !s.read.cmc_request || !s.read.request_type) return false;
  auto const value = s.read.request_type->find("smime-type");
  return value && http::equal_ignoring_case(*value, "CMC-request") && *value != "CMC-request";
}

// 4.3.2: "If the enrollment is successful, the server response MUST include an HTTP 200 response code with a content-type of
// "application/pkcs7-mime""
bool is_success(situation const& s) { return is_post(s) && kind_of(s.read) == answer_kind::success; }

verdict success_is_200(situation const& s) {
  if (s.read.status() == 200) return verdict::holds();
  return verdict::violated("a successful answer has the status 200", status_text(s.read), "response", status_line(s));
}

verdict success_is_pkcs7_mime(situation const& s) {
  if (s.read.response_type && s.read.response_type->is("application/pkcs7-mime")) return verdict::holds();
  return verdict::violated("Content-Type: application/pkcs7-mime",
                           s.read.response_type ? s.read.response_type->essence() : "no Content-Type that can be read",
                           "response", s.read.offset_of_field("Content-Type"));
}

// 4.3.2: "either the Simple PKI Response with an smime-type parameter of "certs-only" or the Full PKI Response with an
// smime-type parameter "CMC-response""
verdict smime_type_is_that_of_content(situation const& s) {
  std::string const wanted = s.read.cmc_response->simple() ? "certs-only" : "CMC-response";
  auto const value = s.read.response_type->find("smime-type");
  if (value && http::equal_ignoring_case(*value, wanted)) return verdict::holds();
  return verdict::violated("smime-type=" + wanted,
                           value ? "smime-type=" + in_quotes(*value) : "no smime-type parameter", "response",
                           s.read.offset_of_field("Content-Type"));
}

// 4.3.2: "When rejecting a request, the server MUST specify either an HTTP 4xx error or an HTTP 5xx error."
verdict rejection_is_4xx_or_5xx(situation const& s) {
  if (s.read.status() >= 400) return verdict::holds();
  return verdict::violated("4xx or 5xx with a CMC status that says failed", status_text(s.read), "response",
                           status_line(s));
}

// 4.3.2: "A CMC response with the content-type of "application/pkcs7-mime" MUST be included in the response data for any CMC
// error response." An error is one of CMC where a request is whole, its sender known, and only its content wrong.
bool is_error_of_cmc(situation const& s) {
  return is_served(s) && s.read.cmc_request && s.control != nullptr && s.control->op == operation::fullcmc &&
         s.control->cmc_request && kind_of(*s.control) == answer_kind::success &&
         (s.read.status() == 400 || s.read.status() == 422 || s.read.status() == 500);
}

verdict error_is_pki_response(situation const& s) {
  if (s.read.cmc_response) return verdict::holds();
  if (s.read.response_type && s.read.response_type->is("application/pkcs7-mime"))
    return verdict::undecided("the PKI Response could not be read");
  return verdict::violated("a PKI Response of application/pkcs7-mime in an answer that rejects a Full PKI Request",
                           s.read.response_type ? s.read.response_type->essence() : "no Content-Type that can be read",
                           "response.body", s.read.offset_of_body());
}

// 4.3: "Support for the /fullcmc function is OPTIONAL for both clients and servers."
verdict is_offered(situation const& s) {
  switch (s.read.status()) {
  case 404:
  case 501: return verdict::seen("not offered: " + status_text(s.read));
  case 405: return verdict::seen("405, where 404 or 501 would say that it is not offered");
  default: return verdict::seen("offered: " + status_text(s.read));
  }
}

constexpr predicate offered[] = {{"fullcmc-seen", is_offered, false}};
constexpr predicate invalid[] = {{"fullcmc-invalid-accepted", no_request_is_rejected}};
constexpr predicate content_type[] = {{"fullcmc-smime-type-case", case_does_not_matter}};
constexpr predicate status_200[] = {{"fullcmc-success-not-200", success_is_200},
                                    {"fullcmc-content-type", success_is_pkcs7_mime}};
constexpr predicate smime_type[] = {{"fullcmc-smime-type", smime_type_is_that_of_content}};
constexpr predicate error_status[] = {{"fullcmc-failed-under-success", rejection_is_4xx_or_5xx}};
constexpr predicate error_body[] = {{"fullcmc-error-without-response", error_is_pki_response}};

constexpr check checks[] = {
    {"fullcmc.offered", "rfc7030-4.3-optional", is_post, offered},
    {"fullcmc.rejects-invalid", "rfc7030-4.3.1-reject-invalid",
     [](situation const& s) { return is_served(s) && s.read.status() != 405 && is_no_request(s.read); }, invalid},
    {"fullcmc.content-type", "rfc7030-4.3.1-content-type", has_unusual_case, content_type},
    {"fullcmc.status-200", "rfc7030-4.3.2-status-200", is_success, status_200},
    {"fullcmc.smime-type", "rfc7030-4.3.2-smime-type",
     [](situation const& s) { return is_success(s) && s.read.cmc_response.has_value(); }, smime_type},
    {"fullcmc.error-status", "rfc7030-4.3.2-error-status",
     [](situation const& s) { return is_served(s) && says_failed(s.read); }, error_status},
    {"fullcmc.error-body", "rfc7030-4.3.2-error-body", is_error_of_cmc, error_body},
};

} // namespace

std::span<const check> full_cmc_checks() { return checks; }

} // namespace est::conformance
