/// RFC 5280: what the certificates that a server hands out have to be like. Rows of another RFC, reported apart.

#include "common.hpp"

#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

bool is_issue(situation const& s) {
  return (is_enrolment(s.read) || s.read.op == operation::serverkeygen) && s.read.status() == 200 &&
         issued_certificate(s.read) != nullptr;
}

verdict of_issued(situation const& s, std::string expected, std::string actual) {
  if (s.read.op == operation::serverkeygen) {
    auto const& part = *certificate_part(s.read);
    return verdict::violated(std::move(expected), std::move(actual), part_name(s.read, part), part.offset);
  }
  return verdict::violated(std::move(expected), std::move(actual), "response.body", s.read.offset_of_body());
}

// RFC 5280 4.1.2.2: "The serial number MUST be a positive integer", and "Conforming CAs MUST NOT use serialNumber values
// longer than 20 octets." It is the value that has 20 octets at most: where its first octet is above 7F, DER puts a zero in front
// and so makes 21. Some count those as well; a serial number is not failed for what the sentence leaves open.
verdict has_good_serial(situation const& s) {
  // As it stands in the certificate: `serial()` leaves out the zero that makes a number positive.
  pki::tlv_state state{errc::malformed_certificate, "certificate"};
  pki::tlv_reader outer{issued_certificate(s.read)->der(), state};
  auto whole = outer.enter(pki::tag::sequence, "Certificate");
  auto fields = whole.enter(pki::tag::sequence, "tbsCertificate");
  if (fields.at(pki::tag::context(0))) fields.take(pki::tag::context(0), "version");
  auto const serial = fields.take(pki::tag::integer, "serialNumber").content;
  if (!state.ok() || serial.empty()) return verdict::undecided("the serial number could not be read");
  bool const zero = std::all_of(serial.begin(), serial.end(), [](auto octet) { return octet == 0; });
  bool const negative = (serial.front() & 0x80u) != 0;
  auto const octets = serial.size() - (serial.size() > 1 && serial.front() == 0 ? 1u : 0u);
  if (!zero && !negative && octets <= 20) return verdict::holds();
  return of_issued(s, "a serial number that is positive, of 20 octets at most",
                   zero       ? "0"
                   : negative ? "a negative one"
                              : std::to_string(octets) + " octets");
}

// 4.1.2.1: "When extensions are used, as expected in this profile, version MUST be 3".
verdict has_version_3(situation const& s) {
  auto const* const issued = issued_certificate(s.read);
  if (issued->extensions().empty() || issued->version() == 3) return verdict::holds();
  return of_issued(s, "version 3 where there are extensions", "version " + std::to_string(issued->version()));
}

// 4.1.2.6: "If the subject field contains an empty sequence, then the issuing CA MUST include a subjectAltName extension
// that is marked as critical."
verdict is_named(situation const& s) {
  auto const* const issued = issued_certificate(s.read);
  if (issued->subject_der().size() > 2) return verdict::holds();
  auto const* const names = issued->find(pki::oids::subject_alternative_name);
  if (names != nullptr && names->critical) return verdict::holds();
  return of_issued(s, "a critical subjectAltName where the subject is empty",
                   names == nullptr ? "none" : "one that is not critical");
}

// 4.2.1.9: "This extension MUST appear as a critical extension in all CA certificates that contain public keys used to
// validate digital signatures on certificates". 4.2.1.3: "If the keyUsage extension is present, then the subject public
// key MUST NOT be used to verify signatures on certificates or CRLs unless the corresponding keyCertSign or cRLSign bit is
// set." Judged of the certificates of the bag that have issued another one of it, or the one that was enrolled.
bool is_bag_with_issuers(situation const& s) {
  return s.read.op == operation::cacerts && asked_with(s.read, "GET") && s.read.status() == 200 && s.read.certificates;
}

bool has_issued(pki::certificate const& issuer, situation const& s) {
  auto const& bag = s.read.certificates->certificates();
  return std::any_of(bag.begin(), bag.end(), [&](auto const& c) { return !(c == issuer) && c.verifies_under(issuer); });
}

verdict issuers_are_cas(situation const& s) {
  bool any = false;
  for (auto const& c : s.read.certificates->certificates()) {
    if (c.version() < 3 || !has_issued(c, s)) continue;
    any = true;
    if (!c.is_ca())
      return verdict::violated("basicConstraints with cA TRUE in a certificate that has issued another one",
                               "none in that of " + describe_name(c.subject_der()), "response.body",
                               s.read.offset_of_body());
  }
  return any ? verdict::holds() : verdict::not_applicable("no certificate of the bag has issued another one of it");
}

verdict issuers_may_sign(situation const& s) {
  bool any = false;
  for (auto const& c : s.read.certificates->certificates()) {
    auto const usage = c.key_usage_bits();
    if (c.version() < 3 || !usage || !has_issued(c, s)) continue;
    any = true;
    if ((*usage & static_cast<std::uint16_t>(pki::key_usage::key_cert_sign)) == 0)
      return verdict::violated("keyCertSign in the keyUsage of a certificate that has issued another one",
                               "not so in that of " + describe_name(c.subject_der()), "response.body",
                               s.read.offset_of_body());
  }
  return any ? verdict::holds() : verdict::not_applicable("no issuer in the bag has a keyUsage");
}

// 4.1.2.2: "It MUST be unique for each certificate issued by a given CA (i.e., the issuer name and serial number identify a
// unique certificate)."
verdict has_serial_of_its_own(situation const& s) {
  auto const* const issued = issued_certificate(s.read);
  bool compared = false;
  for (auto const& other : s.others) {
    if (other.seen == &s.seen || !(is_enrolment(*other.read) || other.read->op == operation::serverkeygen)) continue;
    auto const* const theirs = other.read->status() == 200 ? issued_certificate(*other.read) : nullptr;
    if (theirs == nullptr || *theirs == *issued || !equal(theirs->issuer_der(), issued->issuer_der())) continue;
    compared = true;
    if (theirs->serial() == issued->serial())
      return of_issued(s, "a serial number that no other certificate of this CA has",
                       to_hex(issued->serial()) + ", as in " + other.seen->name);
  }
  return compared ? verdict::holds() : verdict::not_applicable("no other certificate of this CA was seen");
}

constexpr predicate issued[] = {{"pkix-serial", has_good_serial},
                                {"pkix-version", has_version_3},
                                {"pkix-nameless", is_named},
                                {"pkix-serial-repeated", has_serial_of_its_own}};
constexpr predicate cas[] = {{"pkix-issuer-no-ca", issuers_are_cas}, {"pkix-issuer-no-cert-sign", issuers_may_sign}};

constexpr check checks[] = {
    {"pkix.issued", "pkix-issued-profile", is_issue, issued},
    {"pkix.ca", "pkix-ca-profile", is_bag_with_issuers, cas},
};

} // namespace

std::span<const check> certificate_checks() { return checks; }

} // namespace est::conformance
