/// Rows that bind a server to what its owner has decided: asked where the owner has said so (--policy).

#include "errors.hpp"

#include <est/pki/oids.hpp>

namespace est::conformance {

namespace {

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

/// A CSR of a client with a certificate for another subject than its own, where the control asked for its own.
bool asks_for_another_name(situation const& s, bool enrolment) {
  auto const own = pki::parse_certificate(s.target.client_certificate);
  if (!own || s.seen.client_certificate_shown != std::optional<bool>{true}) return false;
  return (enrolment ? is_enrolment(s.read) : s.read.op == operation::serverkeygen) && asked_with(s.read, "POST") &&
         s.read.response && s.read.csr && s.control != nullptr && s.control->csr && s.control->op == s.read.op &&
         equal(s.control->csr->subject_der(), own->subject_der()) &&
         !equal(s.read.csr->subject_der(), own->subject_der());
}

// 3.7: "The decision to issue a certificate to a client is always controlled by local CA policy." 4.2: "The server MUST
// authenticate the client and verify its authorization"
verdict other_name_is_refused(situation const& s) {
  static constexpr likeness own_name{[](reading const& a, reading const& b) { return same_kind_of_csr(a, b); },
                                     [](reading const&, reading const&) { return false; }};
  if (kind_of(s.read) != answer_kind::success) return judge_refusal(s, own_name);
  auto const* const issued = issued_certificate(s.read);
  if (issued == nullptr) return verdict::undecided("the certificate could not be read");
  if (equal(issued->subject_der(), s.control->csr->subject_der())) return verdict::holds();
  return verdict::violated("a client gets certificates of its own names alone",
                           "a certificate for " + describe_name(issued->subject_der()), "response", status_line(s));
}

// 6: "It is RECOMMENDED that EST servers not support this operation by default."
verdict keys_are_not_generated(situation const& s) {
  switch (kind_of(s.read)) {
  case answer_kind::success:
    return verdict::violated("no key generation, where nobody has asked for it", status_text(s.read), "response",
                             status_line(s));
  case answer_kind::refused:
    if (s.read.status() == 404 || s.read.status() == 405 || s.read.status() == 501) return verdict::holds();
    return verdict::undecided("refused with " + status_text(s.read));
  default: return verdict::undecided("answered with " + status_text(s.read));
  }
}

// 4.4.1: "if server policy requires that the key be delivered in such a form, the client MUST include an attribute in the CSR
// indicating the encryption key to be used." So what was asked for without one is not granted.
bool asks_for_clear_key(situation const& s) {
  return s.read.op == operation::serverkeygen && asked_with(s.read, "POST") && s.read.response && s.read.csr &&
         s.read.has_credentials && s.read.csr->find(pki::oids::decrypt_key_identifier) == nullptr &&
         s.read.csr->find(pki::oids::asymmetric_decrypt_key_identifier) == nullptr;
}

verdict no_clear_key_is_sent(situation const& s) {
  if (kind_of(s.read) == answer_kind::success) {
    auto const* const key = key_part(s.read);
    if (key == nullptr || !key->is_clear_key()) return verdict::undecided("no key came in the clear");
    return verdict::violated("a request without a key to encrypt with is refused, where keys are to be encrypted",
                             "the key in the clear", part_name(s.read, *key), key->offset);
  }
  if (kind_of(s.read) != answer_kind::refused) return verdict::undecided("answered with " + status_text(s.read));
  for (auto const& other : s.others)
    if (other.read->op == operation::serverkeygen && same_credentials(s, other) &&
        kind_of(*other.read) == answer_kind::success && key_part(*other.read) != nullptr &&
        !key_part(*other.read)->is_clear_key())
      return verdict::holds();
  return verdict::undecided("refused with " + status_text(s.read) + ", but no encrypted key was granted either");
}

constexpr predicate encrypted[] = {{"skg-clear-key-against-policy", no_clear_key_is_sent}};
constexpr predicate at_enrolment[] = {{"enroll-other-name-issued", other_name_is_refused}};
constexpr predicate at_keygen[] = {{"skg-other-name-issued", other_name_is_refused}};
constexpr predicate by_certificate[] = {{"other-name-issued-to-certificate", other_name_is_refused}};
constexpr predicate by_default[] = {{"skg-offered-by-default", keys_are_not_generated}};

constexpr check checks[] = {
    {"tls.client-authorised", "rfc7030-3.3.2-authz-performed",
     [](situation const& s) { return asks_for_another_name(s, true) || asks_for_another_name(s, false); },
     by_certificate},
    {"enroll.client-authorised", "rfc7030-4.2-authorise-client",
     [](situation const& s) { return asks_for_another_name(s, true); }, at_enrolment},
    {"serverkeygen.not-by-default", "rfc7030-6-skg-not-default",
     [](situation const& s) {
       return s.read.op == operation::serverkeygen && asked_with(s.read, "POST") && s.read.response;
     },
     by_default},
    {"serverkeygen.encryption-policy", "rfc7030-4.4.1-policy-encryption", asks_for_clear_key, encrypted},
    {"serverkeygen.client-authorised", "rfc7030-4.4-authorise-client",
     [](situation const& s) { return asks_for_another_name(s, false); }, at_keygen},
};

} // namespace

std::span<const check> policy_checks() { return checks; }

} // namespace est::conformance
