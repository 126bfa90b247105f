/// RFC 7030 section 4.2.2: re-enrolment, as far as the certificate that is renewed is known.

#include "common.hpp"
#include "errors.hpp"

#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>

namespace est::conformance {

namespace {

/// A re-enrolment with the client certificate that was at hand.
bool is_renewal(situation const& s) {
  return s.read.op == operation::simplereenroll && asked_with(s.read, "POST") && s.read.response && s.read.csr &&
         s.seen.client_certificate_shown == std::optional<bool>{true} && !s.target.client_certificate.empty();
}

std::optional<pki::certificate> renewed(situation const& s) {
  auto parsed = pki::parse_certificate(s.target.client_certificate);
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

// 4.2.2: "The request Subject field and SubjectAltName extension MUST be identical to the corresponding fields in the
// certificate being renewed/rekeyed. The ChangeSubjectName attribute, as defined in [RFC6402], MAY be included"
bool asks_for_another_name(situation const& s) {
  static const pki::object_id change_subject_name{1, 3, 6, 1, 5, 5, 7, 7, 36};
  if (!is_renewal(s) || s.read.csr->find(change_subject_name) != nullptr) return false;
  auto const old = renewed(s);
  return old && !pki::same_name(old->subject_der(), s.read.csr->subject_der());
}

verdict other_name_is_not_issued(situation const& s) {
  static constexpr likeness same_kind{[](reading const& a, reading const& b) { return same_kind_of_csr(a, b); },
                                      [](reading const&, reading const&) { return false; }};
  if (kind_of(s.read) != answer_kind::success) return judge_refusal(s, same_kind);
  auto const* const issued = issued_certificate(s.read);
  auto const old = renewed(s);
  if (issued == nullptr || !old) return verdict::undecided("the certificate could not be read");
  if (pki::same_name(issued->subject_der(), old->subject_der())) return verdict::holds();
  return verdict::violated(
      "a re-enrolment under the names of the certificate that it renews (" + describe_name(old->subject_der()) + ")",
      "a certificate for " + describe_name(issued->subject_der()), "response.body", s.read.offset_of_body());
}

/// An answer with a certificate, to a CSR for the old key or for another one.
bool is_renewed_with(situation const& s, bool same) {
  if (!is_renewal(s) || s.read.status() != 200 || issued_certificate(s.read) == nullptr) return false;
  auto const old = renewed(s);
  return old && same_key(old->public_key_info(), s.read.csr->public_key_info()) == std::optional<bool>{same};
}

// 4.2.2: "If the Subject Public Key Info in the certification request is the same as the current client certificate, then the
// EST server renews the client certificate. If the public key information in the certification request is different than the
// current client certificate, then the EST server rekeys the client certificate."
verdict is_new_certificate(situation const& s) {
  if (issued_certificate(s.read)->der() != s.target.client_certificate) return verdict::holds();
  return verdict::violated("a renewed certificate", "the old certificate, octet by octet", "response.body",
                           s.read.offset_of_body());
}

verdict is_of_new_key(situation const& s) {
  auto const old = renewed(s);
  auto const of_old = same_key(issued_certificate(s.read)->public_key_info(), old->public_key_info());
  if (of_old == std::optional<bool>{false}) return verdict::holds();
  if (!of_old) return verdict::undecided("the keys are written in unlike ways and could not be compared");
  return verdict::violated("a certificate for the new key (" + describe_key(s.read.csr->public_key_info()) + ")",
                           "a certificate for the old key", "response.body", s.read.offset_of_body());
}

constexpr predicate same_names[] = {{"reenroll-other-name-issued", other_name_is_not_issued}};
constexpr predicate renew[] = {{"reenroll-old-certificate", is_new_certificate}};
constexpr predicate rekey[] = {{"reenroll-old-key", is_of_new_key}};

constexpr check checks[] = {
    {"reenroll.same-names", "rfc7030-4.2.2-same-names", asks_for_another_name, same_names},
    {"reenroll.renew", "rfc7030-4.2.2-renew", [](situation const& s) { return is_renewed_with(s, true); }, renew},
    {"reenroll.rekey", "rfc7030-4.2.2-rekey", [](situation const& s) { return is_renewed_with(s, false); }, rekey},
};

} // namespace

std::span<const check> renewal_checks() { return checks; }

} // namespace est::conformance
