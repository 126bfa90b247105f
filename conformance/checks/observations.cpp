/// Rows that the RFCs leave open, and notes: what was seen is said, and nothing fails.

#include "common.hpp"

#include <est/http/auth.hpp>
#include <est/pki/der.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

// RFC 7030 3.2.3: "The server MAY request HTTP-based client authentication."
verdict schemes(situation const& s) {
  std::string names;
  for (auto const value : s.read.response->headers.all("WWW-Authenticate"))
    for (auto const& challenge : http::parse_challenges(value))
      names += (names.empty() ? "" : ", ") + in_quotes(challenge.scheme);
  return verdict::seen(names.empty() ? "401 without a challenge" : "401 asks for " + names);
}

// RFC 7030 3.5: "The EST server MAY reject requests without tls-unique information as indicated by server policy."
verdict without_link(situation const& s) {
  switch (kind_of(s.read)) {
  case answer_kind::success: return verdict::seen("a CSR without challengePassword is granted");
  case answer_kind::pending: return verdict::seen("a CSR without challengePassword waits");
  case answer_kind::refused:
    return verdict::seen("a CSR without challengePassword is refused with " + status_text(s.read));
  default: return verdict::not_applicable("answered with " + status_text(s.read));
  }
}

bool is_unlinked(situation const& s) {
  return takes_csr(s.read) && asked_with(s.read, "POST") && s.read.response && s.read.csr && s.read.csr_in_base64 &&
         s.read.has_credentials && s.read.csr->signature_verifies() && !s.read.csr->challenge_password();
}

bool is_text_body(situation const& s) {
  return s.read.op != operation::unknown && s.read.succeeded() && s.read.form == mime::body_form::base64 &&
         !s.read.response->body.empty();
}

// RFC 8951 3.1: "Senders are not required to insert any kind of white space."
verdict layout(situation const& s) {
  auto const& body = s.read.response->body;
  auto const end = body.find('\n');
  if (end == std::string::npos) return verdict::seen("base64 in one line");
  bool const crlf = end != 0 && body[end - 1] == '\r';
  return verdict::seen("base64 in lines of " + std::to_string(end - (crlf ? 1 : 0)) +
                       (crlf ? " with CRLF" : " with LF"));
}

verdict transfer_encoding(situation const& s) {
  auto const value = s.read.response->headers.find("Content-Transfer-Encoding");
  return verdict::seen(value ? "Content-Transfer-Encoding: " + in_quotes(*value) : "no Content-Transfer-Encoding");
}

// RFC 7030 4.2: "The server MAY accept a certificate request for manual authorization checking by an administrator."
verdict waits(situation const& s) { return verdict::seen("answered with " + status_text(s.read)); }

constexpr predicate http_auth[] = {{"http-authentication-seen", schemes, false}};
constexpr predicate linking[] = {{"linking-policy-seen", without_link, false}};
constexpr predicate wrapping[] = {{"response-layout-seen", layout, false}};
constexpr predicate encoding[] = {{"response-transfer-encoding-seen", transfer_encoding, false}};
constexpr predicate approval[] = {{"approval-seen", waits, false}};

constexpr check checks[] = {
    {"http.authentication-seen", "rfc7030-3.2.3-http-auth-optional",
     [](situation const& s) { return s.read.has_request && s.read.status() == 401; }, http_auth, true},
    {"linking.policy-seen", "rfc7030-3.5-linking-policy", is_unlinked, linking},
    {"encoding.layout-seen", "rfc8951-3.1-wrapping-not-required", is_text_body, wrapping},
    {"encoding.transfer-encoding-seen", "eid5107-cte-response-absent", is_text_body, encoding},
    {"enroll.approval-seen", "rfc7030-4.2-manual-approval",
     [](situation const& s) { return is_enrolment(s.read) && s.read.status() == 202; }, approval},
};

} // namespace

std::span<const check> observation_checks() { return checks; }

} // namespace est::conformance
