/// RFC 7030 section 3.5: linking identity and proof of possession by tls-unique. Only TLS 1.2 gives a verdict: no RFC
/// defines a channel binding for EST over HTTPS on TLS 1.3, where tls-unique does not exist.

#include "errors.hpp"

#include <est/core/base64.hpp>

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
  return judge_equal_treatment(s, but_for_value, "a CSR with the tls-unique value of its connection");
}

constexpr predicate wrong[] = {{"linking-wrong-value-accepted", wrong_value_is_refused}};
constexpr predicate right[] = {{"linking-right-value-refused", right_value_is_accepted}};

constexpr check checks[] = {
    {"linking.implemented", "rfc7030-3.3-linking-implemented", carries_value, right},
    {"linking.verified", "rfc7030-3.5-verify-tls-unique", carries_value, wrong},
};

} // namespace

std::span<const check> linking_checks() { return checks; }

} // namespace est::conformance
