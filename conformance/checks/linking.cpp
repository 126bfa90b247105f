/// RFC 7030 section 3.5: linking identity and proof of possession by tls-unique. Only TLS 1.2 gives a verdict: no RFC
/// defines a channel binding for EST over HTTPS on TLS 1.3, where tls-unique does not exist.

#include "errors.hpp"

#include <est/core/base64.hpp>
#include <est/pki/oids.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

bool carries_value(situation const& s) {
  return takes_csr(s.read) && asked_with(s.read, "POST") && s.read.csr && s.read.csr->challenge_password().has_value();
}

/// Why nothing can be said; empty on TLS 1.2.
std::string why_not(situation const& s) {
  if (!s.seen.tls || s.seen.tls->version == http::tls_version::unknown) return "the TLS version is not recorded";
  if (s.seen.tls->version == http::tls_version::tls_1_3)
    return "TLS 1.3, for which tls-unique is not defined; the answer was " + status_text(s.read);
  return {};
}

/// Whether the value is that of the connection; none where the connection's is not known and the value might be.
std::optional<bool> is_right(situation const& s) {
  auto const value = *s.read.csr->challenge_password();
  if (s.seen.tls->tls_unique) return value == encode_base64(*s.seen.tls->tls_unique, base64_layout::one_line());
  auto const octets = decode_base64(value);
  if (!octets || octets->size() < 12) return false; // verify_data is 12 octets or more: RFC 5246 7.4.9
  return std::nullopt;
}

/// Sent by the same client in the same way, and with a signature that verifies: but for its CSR the same request.
bool sent_alike(reading const& a, reading const& b) {
  if (!a.request || !b.request || signature_is_broken(*a.csr) || signature_is_broken(*b.csr)) return false;
  for (auto const field : {"Content-Type", "Content-Transfer-Encoding", "Content-Encoding", "Transfer-Encoding"})
    if (a.request->headers.all(field) != b.request->headers.all(field)) return false;
  return a.has_authorization == b.has_authorization && a.has_no_credentials == b.has_no_credentials &&
         layout_of(a.request->body) == layout_of(b.request->body);
}

/// A control that carries another value, or none. Which one is right depends on its connection, so being accepted is all
/// that counts.
constexpr likeness but_for_value{
    [](reading const& a, reading const& b) {
      return same_kind_of_csr(a, b) && sent_alike(a, b) && a.csr->challenge_password() != b.csr->challenge_password();
    },
    [](reading const& a, reading const& b) { return same_subject_and_key(a, b) && !b.csr->challenge_password(); }};

// 3.5: "If tls-unique information is included by the client, the server MUST verify it." 4.2 repeats it. And: "the presence
// of the challenge-password attribute indicates the inclusion of tls-unique information".
verdict wrong_value_is_refused(situation const& s) {
  if (auto why = why_not(s); !why.empty()) return verdict::not_applicable(std::move(why));
  auto const right = is_right(s);
  if (right == std::optional<bool>{true}) return verdict::not_applicable("the value is that of the connection");
  if (!right) return verdict::undecided("the connection's tls-unique is not recorded");
  if (kind_of(s.read) != answer_kind::success) return judge_refusal(s, but_for_value);
  return verdict::violated("a CSR whose tls-unique value is not that of the connection is refused", status_text(s.read),
                           "response", s.read.response_layout.start_line);
}

// 3.3: "The EST server MUST implement Section 3.5."
verdict right_value_is_accepted(situation const& s) {
  if (auto why = why_not(s); !why.empty()) return verdict::not_applicable(std::move(why));
  if (is_right(s) != std::optional<bool>{true} || !s.seen.tls->tls_unique)
    return verdict::not_applicable("the value is not known to be that of the connection");
  if (s.control != nullptr && s.control->csr && !equal(s.control->csr->subject_der(), s.read.csr->subject_der()))
    return verdict::not_applicable("the CSR differs from its control in its subject too");
  return judge_equal_treatment(s, but_for_value, "a CSR with the tls-unique value of its connection");
}

// 3.5: "If a human-readable reject message is included, it SHOULD include an informative text message indicating that the
// linking of identity and POP information is required."
bool is_refusal_of_wrong_value(situation const& s) {
  return carries_value(s) && s.read.response && why_not(s).empty() && is_right(s) == std::optional<bool>{false} &&
         kind_of(s.read) == answer_kind::refused && s.read.body_size != 0 && s.read.form == mime::body_form::text &&
         find_control(s, but_for_value).accepted();
}

verdict refusal_says_why(situation const& s) {
  std::string text = s.read.response->body;
  std::transform(text.begin(), text.end(), text.begin(), http::lower);
  for (std::string_view word : {"link", "possession", "pop", "tls-unique", "channel", "binding", "challenge"})
    if (text.find(word) != std::string::npos) return verdict::holds();
  if (std::any_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80u) != 0; }))
    return verdict::undecided("the text is in a language that is not read here");
  return verdict::violated("a text that says that linking of identity and proof of possession is required",
                           "a text that does not speak of it", "response.body", s.read.offset_of_body());
}

// 4.5.2: "If an EST server requires the linking of identity and POP information (see Section 3.5), it MUST include the
// challengePassword OID in the CSR Attributes Response." It does where a CSR without the value was refused, and a like one
// with it was granted.
bool is_refused_without_value(situation const& s) {
  if (!takes_csr(s.read) || !asked_with(s.read, "POST") || !s.read.csr || s.read.csr->challenge_password() ||
      kind_of(s.read) != answer_kind::refused || !s.read.csr->signature_verifies() || !why_not(s).empty())
    return false;
  return std::any_of(s.others.begin(), s.others.end(), [&](neighbour const& other) {
    return same_address(s, other) && other.read->csr && other.read->csr->challenge_password() &&
           kind_of(*other.read) == answer_kind::success && same_kind_of_csr(s.read, *other.read) &&
           sent_alike(s.read, *other.read);
  });
}

verdict requirement_is_announced(situation const& s) {
  auto const oid = pki::oids::challenge_password.encode();
  bool asked = false;
  for (auto const& other : s.others) {
    if (other.read->op != operation::csrattrs || !asked_with(*other.read, "GET") || !other.read->response) continue;
    asked = asked || other.read->status() != 401;
    if (!other.read->body_der) continue;
    auto const& der = *other.read->body_der;
    if (std::search(der.begin(), der.end(), oid.begin(), oid.end()) != der.end()) return verdict::holds();
  }
  if (!asked) return verdict::undecided("/csrattrs was not asked for");
  return verdict::violated("challengePassword among the CSR attributes, where a CSR without it is refused",
                           "no answer of /csrattrs names it", "response", s.read.response_layout.start_line);
}

constexpr predicate message[] = {{"linking-refusal-says-nothing", refusal_says_why}};
constexpr predicate announced[] = {{"linking-not-announced", requirement_is_announced}};
constexpr predicate wrong[] = {{"linking-wrong-value-accepted", wrong_value_is_refused}};
constexpr predicate right[] = {{"linking-right-value-refused", right_value_is_accepted}};

constexpr check checks[] = {
    {"linking.implemented", "rfc7030-3.3-linking-implemented", carries_value, right},
    {"linking.verified", "rfc7030-3.5-verify-tls-unique", carries_value, wrong},
    {"linking.message", "rfc7030-3.5-linking-message", is_refusal_of_wrong_value, message},
    {"linking.announced", "rfc7030-4.5.2-challenge-oid", is_refused_without_value, announced},
};

} // namespace

std::span<const check> linking_checks() { return checks; }

} // namespace est::conformance
