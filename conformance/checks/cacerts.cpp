/// RFC 7030 section 4.1: distribution of CA certificates, as RFC 8951 section 3.2.1 words it now.

#include "common.hpp"

#include <est/pki/name.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

bool is_cacerts(situation const& s) {
  return s.read.op == operation::cacerts && asked_with(s.read, "GET") && s.read.response;
}

/// Answered 200 with content: there is something to judge.
bool is_bag(situation const& s) { return is_cacerts(s) && s.read.status() == 200; }

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

// 4.1.2: "EST clients and servers MUST support the /cacerts function."
verdict is_served(situation const& s) {
  if (!s.read.label.empty() || s.read.has_query)
    return verdict::not_applicable("the target has a label or a query, which the server need not know");
  switch (s.read.status()) {
  case 404:
  case 405:
  case 501:
    if (served_under_label(s) != nullptr) return verdict::not_applicable("/cacerts is answered under a label");
    return verdict::violated("GET of /cacerts is answered: the function MUST be supported", status_text(s.read),
                             "response", status_line(s));
  default: break;
  }
  if (s.read.succeeded()) return verdict::holds();
  if (kind_of(s.read) == answer_kind::refused) return verdict::not_applicable("refused with " + status_text(s.read));
  return verdict::undecided("answered with " + status_text(s.read));
}

// 4.1.2: "The EST server SHOULD NOT require client authentication or authorization to reply to this request."
verdict is_open(situation const& s) {
  if (s.read.has_authorization) return verdict::not_applicable("the request carried credentials");
  if (s.read.status() == 401 || s.read.status() == 403)
    return verdict::violated("/cacerts is answered without client authentication or authorisation",
                             status_text(s.read) + " to a request without Authorization", "response", status_line(s));
  if (!s.read.succeeded()) return verdict::not_applicable("answered with " + status_text(s.read));
  if (!s.read.has_no_credentials)
    return verdict::not_applicable("whether a client certificate was shown is not recorded, or one was");
  return verdict::holds();
}

// 4.1.3: "If successful, the server response MUST have an HTTP 200 response code."
verdict success_is_200(situation const& s) {
  if (s.read.status() == 200) return verdict::holds();
  return verdict::violated("a successful answer has the status 200; any other says that there was an error",
                           status_text(s.read), "response", status_line(s));
}

// 4.1.3: "A successful response MUST be a certs-only CMC Simple PKI Response, as defined in [RFC5272]": SignedData without
// content and without signers, the certificates in its bag.
verdict is_certs_only(situation const& s) {
  if (auto said = judge_undecoded(s, "a certs-only CMS SignedData with the CA certificates")) return *said;
  if (s.read.certificates_trouble)
    return verdict::violated("a certs-only CMS SignedData with the CA certificates",
                             to_text(*s.read.certificates_trouble), "response.body", s.read.offset_of_body());
  if (s.read.remarks.has(note_code::cms_no_content_info))
    return verdict::violated("a ContentInfo that holds a SignedData", "a bare SignedData without ContentInfo",
                             "response.body", s.read.offset_of_body());
  return verdict::holds();
}

verdict is_without_signature(situation const& s) {
  if (!s.read.remarks.has(note_code::cms_signer_infos)) return verdict::holds();
  return verdict::violated("a SignedData without SignerInfo", "a SignedData that is signed", "response.body",
                           s.read.offset_of_body());
}

verdict is_without_content(situation const& s) {
  if (!s.read.remarks.has(note_code::cms_content_present)) return verdict::holds();
  return verdict::violated("a SignedData without content", "a SignedData with content", "response.body",
                           s.read.offset_of_body());
}

// 4.1.3: "The HTTP content-type of "application/pkcs7-mime" is used." smime-type is not asked for here.
verdict has_content_type(situation const& s) {
  if (s.read.response_type_trouble)
    return verdict::violated("Content-Type: application/pkcs7-mime",
                             "a Content-Type that cannot be read: " + s.read.response_type_trouble->detail, "response",
                             s.read.offset_of_field("Content-Type"));
  if (!s.read.response_type)
    return verdict::violated("Content-Type: application/pkcs7-mime", "no Content-Type", "response",
                             s.read.offset_of_field("Content-Type"));
  if (s.read.response_type->is("application/pkcs7-mime")) return verdict::holds();
  return verdict::violated("Content-Type: application/pkcs7-mime", s.read.response_type->essence(), "response",
                           s.read.offset_of_field("Content-Type"));
}

// 4.1.3: "The EST server MUST include the current root CA certificate in the response."
verdict holds_root(situation const& s) {
  if (!s.read.certificates) return verdict::undecided("the bag could not be read");
  auto const& bag = s.read.certificates->certificates();
  if (std::any_of(bag.begin(), bag.end(), [](auto const& c) { return c.is_self_signed(); })) return verdict::holds();
  for (auto const& c : bag) {
    if (!c.is_self_issued()) continue;
    auto const checked = c.check_signature(c.public_key_info());
    if (!checked && checked.error().code != errc::bad_signature)
      return verdict::undecided("a self-issued certificate is there, and its signature cannot be verified here");
  }
  if (s.read.remarks.has(note_code::cms_unreadable_certificate) || s.read.remarks.has(note_code::cms_other_certificate))
    return verdict::undecided("a certificate in the bag could not be read");
  return verdict::violated("the root CA certificate, which is self-signed, is in the bag",
                           std::to_string(bag.size()) + (bag.size() == 1 ? " certificate" : " certificates") +
                               ", none of which is self-signed",
                           "response.body", s.read.offset_of_body());
}

// 4.1.3: "The EST server MUST include any additional certificates the client would need to build a chain from an EST
// CA-issued certificate to the current EST CA TA."
bool is_issue_with_bag(situation const& s) {
  if (!(is_enrolment(s.read) || s.read.op == operation::serverkeygen) || s.read.status() != 200) return false;
  return !s.target.ca_certificates.empty() && issued_certificate(s.read) != nullptr;
}

verdict leads_to_root(situation const& s) {
  if (!s.target.live && !s.read.label.empty())
    return verdict::not_applicable("the certificate was issued under a label, and the bag may be that of another CA");
  std::vector<pki::certificate> bag;
  for (auto const& der : s.target.ca_certificates)
    if (auto c = pki::parse_certificate(der)) bag.push_back(std::move(*c));
  auto const* at = issued_certificate(s.read);
  for (std::size_t step = 0; step <= bag.size(); ++step) {
    if (at->is_self_signed()) return verdict::holds();
    pki::certificate const* next = nullptr;
    bool cannot_verify = false;
    for (auto const& candidate : bag) {
      if (candidate == *at || !pki::same_name(candidate.subject_der(), at->issuer_der())) continue;
      auto const checked = at->check_signature(candidate.public_key_info());
      if (checked) next = &candidate;
      if (!checked && checked.error().code != errc::bad_signature) cannot_verify = true;
    }
    if (next == nullptr && cannot_verify)
      return verdict::undecided("the bag has a certificate of the issuer " + describe_name(at->issuer_der()) +
                                ", but the signature cannot be verified here");
    if (next == nullptr)
      return verdict::violated("the bag of /cacerts has every certificate between the issued one and the root",
                               "none of the issuer " + describe_name(at->issuer_der()), "response.body",
                               s.read.offset_of_body());
    at = next;
  }
  return verdict::undecided("the certificates of the bag issue each other in a circle");
}

// 4.1.3: "The EST server SHOULD include the three "Root CA Key Update" certificates OldWithOld, OldWithNew, and
// NewWithOld in the response chain." There is a key update where two self-signed roots bear one name.
verdict has_key_update(situation const& s) {
  if (!s.read.certificates) return verdict::undecided("the bag could not be read");
  auto const& bag = s.read.certificates->certificates();
  for (auto const& a : bag) {
    for (auto const& b : bag) {
      if (&a == &b || !a.is_self_signed() || !b.is_self_signed() || !equal(a.subject_der(), b.subject_der()) ||
          same_key(a.public_key_info(), b.public_key_info()) != std::optional<bool>{false} ||
          a.not_before() > b.not_before())
        continue;
      auto const cross = [&](pki::certificate const& key_of, pki::certificate const& signer) {
        return std::any_of(bag.begin(), bag.end(), [&](auto const& c) {
          return !c.is_self_signed() &&
                 same_key(c.public_key_info(), key_of.public_key_info()) == std::optional<bool>{true} &&
                 c.verifies_under(signer);
        });
      };
      bool const old_with_new = cross(a, b), new_with_old = cross(b, a);
      if (old_with_new && new_with_old) return verdict::holds();
      return verdict::violated("OldWithNew and NewWithOld beside the two roots of the name " +
                                   describe_name(a.subject_der()),
                               std::string{old_with_new   ? "NewWithOld is"
                                           : new_with_old ? "OldWithNew is"
                                                          : "OldWithNew and NewWithOld are"} +
                                   " missing",
                               "response.body", s.read.offset_of_body());
    }
  }
  return verdict::not_applicable("the bag shows no root whose key was changed");
}

constexpr predicate served[] = {{"cacerts-not-served", is_served}};
constexpr predicate open[] = {{"cacerts-demands-credentials", is_open}};
constexpr predicate status_200[] = {{"cacerts-success-not-200", success_is_200}};
constexpr predicate certs_only[] = {{"cacerts-not-certs-only", is_certs_only},
                                    {"cacerts-signed", is_without_signature},
                                    {"cacerts-with-content", is_without_content}};
constexpr predicate content_type[] = {{"cacerts-content-type", has_content_type}};
constexpr predicate root[] = {{"cacerts-without-root", holds_root}};
constexpr predicate chain[] = {{"cacerts-chain-incomplete", leads_to_root}};
constexpr predicate key_update[] = {{"cacerts-key-update-incomplete", has_key_update}};

constexpr check checks[] = {
    {"cacerts.served", "rfc7030-4.1.2-supported", is_cacerts, served, true},
    {"cacerts.open", "rfc7030-4.1.2-no-client-auth", is_cacerts, open, true},
    {"cacerts.status-200", "rfc7030-4.1.3-status-200",
     [](situation const& s) { return is_cacerts(s) && s.read.succeeded(); }, status_200},
    {"cacerts.certs-only", "rfc7030-4.1.3-certs-only", is_bag, certs_only},
    {"cacerts.content-type", "rfc7030-4.1.3-content-type", is_bag, content_type},
    {"cacerts.root-included", "rfc7030-4.1.3-root-included", is_bag, root},
    {"cacerts.chain-complete", "rfc7030-4.1.3-chain-complete", is_issue_with_bag, chain},
    {"cacerts.root-key-update", "rfc7030-4.1.3-root-key-update", is_bag, key_update},
};

} // namespace

std::span<const check> cacerts_checks() { return checks; }

} // namespace est::conformance
