/// Requests that clients in the field have sent: in another form, too large, to odd paths. How a server answers them, and what
/// its answers to errors give away.

#include "errors.hpp"

#include <algorithm>
#include <array>

namespace est::conformance {

namespace {

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

/// GET of a path that is not that of the control, below /.well-known/est and with its operation in it.
bool is_odd_path(situation const& s) {
  return s.control != nullptr && s.control->op == operation::cacerts && s.control->request && s.read.request &&
         s.read.response && asked_with(s.read, "GET") && asked_with(*s.control, "GET") && s.read.well_known &&
         !s.read.absolute_form && s.read.request->target != s.control->request->target &&
         s.read.request->target.find("cacerts") != std::string::npos;
}

/// A request to enrol that is wrong for certain, in a way that no server has to understand.
bool is_wrong_enrolment(situation const& s) {
  if (!takes_csr(s.read) || !asked_with(s.read, "POST") || !s.read.response) return false;
  if (is_broken_request(s.read)) return true;
  if (!s.read.csr) return false;
  if (!s.read.csr_in_base64)
    return s.read.request_form == mime::body_form::pem || s.read.request_form == mime::body_form::der;
  return !s.read.request->headers.has("Content-Type") || (is_enrolment(s.read) && signature_is_broken(*s.read.csr));
}

// RFC 9110 15.5: "The 4xx (Client Error) class of status code indicates that the client seems to have erred." 15.6: "The 5xx
// (Server Error) class of status code indicates that the server is aware that it has erred or is incapable of performing the
// requested method."
verdict fault_is_the_clients(situation const& s) {
  if (s.control == nullptr) return verdict::not_applicable("there is no right request to compare it with");
  if (kind_of(*s.control) != answer_kind::success)
    return verdict::not_applicable("the right request was answered with " + status_text(*s.control));
  switch (kind_of(s.read)) {
  case answer_kind::refused: return verdict::holds();
  case answer_kind::success: return verdict::seen("accepted: " + status_text(s.read));
  case answer_kind::failed:
    return verdict::violated("4xx, which is for errors of the client; the right request was answered with " +
                                 status_text(*s.control),
                             status_text(s.read), "response", status_line(s));
  default: return verdict::not_applicable("answered with " + status_text(s.read));
  }
}

/// A CSR from 4 KiB on: a post-quantum key and its signature take more.
bool is_large(situation const& s) {
  return takes_csr(s.read) && asked_with(s.read, "POST") && s.read.csr && s.read.request->body.size() >= 4096 &&
         s.control != nullptr && s.control->op == s.read.op && kind_of(*s.control) == answer_kind::success;
}

// RFC 9112 9.6: "If a server performs an immediate close of a TCP connection, there is a significant risk that the client
// will not be able to read the last HTTP response. … To avoid the TCP reset problem, servers typically close a connection in
// stages."
verdict large_request_is_answered(situation const& s) {
  auto const size = "a request of " + std::to_string(s.read.request->body.size()) + " octets";
  if (s.read.response) return verdict::seen(size + " is answered with " + status_text(s.read));
  bool const dropped = s.seen.end == connection_end::closed || s.seen.end == connection_end::close_notify ||
                       s.seen.end == connection_end::reset;
  if (!dropped || (s.seen.response && !s.seen.response->empty()))
    return verdict::undecided("no answer came that can be read");
  return verdict::violated("an answer to " + size + ", 413 if that is too large, before the connection ends",
                           s.seen.end == connection_end::reset ? "the connection was reset without an answer"
                                                               : "the connection was ended without an answer",
                           "response", std::size_t{0});
}

// RFC 7030 3.2.2: "An EST server MAY provide service for multiple CAs as indicated by an OPTIONAL additional path segment".
verdict path_is_answered(situation const& s) {
  return verdict::seen("GET " + in_quotes(s.read.request->target) + " is answered with " + status_text(s.read));
}

// RFC 7030 3.2.1: "HTTP redirections (3xx status codes) to the same web origin … SHOULD be handled by the client without user
// input". They are not followed here.
verdict redirection(situation const& s) {
  auto const to = s.read.response->headers.find("Location");
  return verdict::seen(status_text(s.read) + (to ? " to " + in_quotes(*to) : " without Location"));
}

// RFC 9110 15.5: "the server SHOULD send a representation containing an explanation of the error situation". What a program
// prints for its makers is none, and a key even less.
verdict error_gives_nothing_away(situation const& s) {
  static constexpr std::array<std::string_view, 8> signs{"Traceback (most recent call last)",
                                                         "\n\tat ",
                                                         "\n    at ",
                                                         "Exception in thread",
                                                         "goroutine ",
                                                         "panic: ",
                                                         "Stack trace:",
                                                         "PRIVATE KEY-----"};
  std::string_view const text = s.read.response->body;
  for (auto const sign : signs) {
    auto const at = text.find(sign);
    if (at == std::string_view::npos) continue;
    return verdict::violated("an explanation that is meant for the client",
                             sign == signs.back() ? "a private key" : "what looks like a stack trace", "response.body",
                             s.read.response_layout.wire_offset(at));
  }
  return verdict::holds();
}

constexpr predicate error_class[] = {{"http-client-error-as-server-error", fault_is_the_clients}};
constexpr predicate orderly[] = {{"http-large-request-unanswered", large_request_is_answered}};
constexpr predicate paths[] = {{"label-answer-seen", path_is_answered, false}};
constexpr predicate redirections[] = {{"redirection-seen", redirection, false}};
constexpr predicate error_text[] = {{"http-error-gives-away", error_gives_nothing_away}};

constexpr check checks[] = {
    {"http.client-error-class", "http-error-class",
     [](situation const& s) { return is_wrong_enrolment(s) || is_odd_path(s); }, error_class},
    {"http.large-request", "http-orderly-close", is_large, orderly},
    {"http.error-text", "http-error-text",
     [](situation const& s) { return s.read.status() >= 400 && s.read.body_size != 0; }, error_text, true},
    {"http.label-seen", "rfc7030-3.2.2-label-optional", is_odd_path, paths},
    {"http.redirection-seen", "rfc7030-3.2.1-redirects",
     [](situation const& s) { return kind_of(s.read) == answer_kind::redirected; }, redirections, true},
};

} // namespace

std::span<const check> odd_request_checks() { return checks; }

} // namespace est::conformance
