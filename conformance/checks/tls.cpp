/// What the facts of ordinary connections say by themselves: RFC 7030 section 3.3 as RFC 8996 changed it, the server's
/// certificate (3.3.1, 3.6.1), and the client's (3.3.2).

#include "tls.hpp"

#include <est/client/trust.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/oids.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

bool is_known(situation const& s) { return s.seen.tls && s.seen.tls->version != http::tls_version::unknown; }

// 3.3: "TLS 1.1 [RFC4346] (or a later version) MUST be used for all EST communications." RFC 8996 makes the floor TLS 1.2.
verdict is_above_floor(situation const& s) {
  auto const version = s.seen.tls->version;
  if (version == http::tls_version::tls_1_2 || version == http::tls_version::tls_1_3) return verdict::holds();
  return verdict::violated("TLS 1.2 or later", std::string{http::name(version)}, "tls", std::nullopt);
}

/// The connection of a live server, over a channel that sees the handshake: not within the process.
bool is_live(situation const& s) {
  return s.target.live && is_known(s) && !s.seen.probe && s.seen.client_certificate_asked.has_value();
}

// 3.3: "The EST server MUST be authenticated during the TLS handshake unless the client is requesting Bootstrap
// Distribution of CA certificates (Section 4.1.1) or Full CMC (Section 4.3)."
bool needs_authenticated_server(situation const& s) {
  return is_live(s) && s.read.op != operation::cacerts && s.read.op != operation::fullcmc &&
         s.read.op != operation::unknown && kind_of(s.read) != answer_kind::none;
}
verdict server_showed_certificate(situation const& s) {
  if (!s.seen.tls->peer_certificates.empty() || s.seen.tls->resumed) return verdict::holds();
  return verdict::violated("a server that is authenticated in the handshake",
                           "no certificate, and an answer over " + s.seen.tls->cipher_suite, "tls");
}

// 3.3.1: "TLS server authentication with certificates MUST be supported."
verdict server_has_certificate(situation const& s) {
  if (!s.seen.tls->peer_certificates.empty() || s.seen.tls->resumed) return verdict::holds();
  return verdict::violated("a server that shows a certificate to a client whose suites want one",
                           "none, over " + s.seen.tls->cipher_suite, "tls");
}

std::optional<pki::certificate> server_certificate(situation const& s) {
  if (!is_known(s) || s.seen.probe || s.seen.tls->peer_certificates.empty()) return std::nullopt;
  auto read = pki::parse_certificate(s.seen.tls->peer_certificates.front());
  if (!read) return std::nullopt;
  return std::move(*read);
}
bool has_server_certificate(situation const& s) { return s.target.live && server_certificate(s).has_value(); }

// 3.3.1: "The EST server certificate MUST conform to the [RFC5280] certificate profile." Of that profile: 4.1.2.2, "CAs MUST
// force the serialNumber to be a non-negative integer" and "Conforming CAs MUST NOT use serialNumber values longer than 20
// octets".
verdict serial_is_short(situation const& s) {
  auto const serial = server_certificate(s)->serial();
  if (serial.size() <= 20) return verdict::holds();
  return verdict::violated("a serial number of 20 octets at most (RFC 5280 4.1.2.2)",
                           std::to_string(serial.size()) + " octets", "tls");
}
// 4.2: "A certificate MUST NOT include more than one instance of a particular extension."
verdict extensions_stand_once(situation const& s) {
  auto const certificate = *server_certificate(s);
  auto const& all = certificate.extensions();
  for (auto it = all.begin(); it != all.end(); ++it)
    if (std::any_of(all.begin(), it, [&](auto const& e) { return e.oid == it->oid; }))
      return verdict::violated("each extension once (RFC 5280 4.2)", "the extension " + it->oid.to_string() + " twice",
                               "tls");
  return verdict::holds();
}
// 4.2.1.9: "If the cA boolean is not asserted, then the keyCertSign bit in the key usage extension MUST NOT be asserted."
verdict only_cas_sign(situation const& s) {
  auto const certificate = *server_certificate(s);
  auto const bits = certificate.key_usage_bits();
  if (certificate.is_ca() || !bits || (*bits & pki::key_usage::key_cert_sign) == 0) return verdict::holds();
  return verdict::violated("no keyCertSign in a certificate that is no CA's (RFC 5280 4.2.1.9)", "keyCertSign", "tls");
}

// 3.6.1: the name matches by RFC 6125, or the certificate has id-kp-cmcRA and the anchor is an explicit one.
verdict identity_is_usable(situation const& s) {
  auto const meant = check_server_identity(*server_certificate(s), s.target.host, !s.target.trusted.empty());
  if (meant) return verdict::holds();
  return verdict::violated("a certificate for " + s.target.host + ", or one with id-kp-cmcRA", meant.error().detail,
                           "tls");
}

// 3.3.2: "The EST server MUST support certificate-based client authentication."
bool came_with_own_certificate(situation const& s) {
  return is_live(s) && s.seen.identity == client_identity::own && s.seen.client_certificate_asked.has_value();
}
verdict certificate_is_asked_for(situation const& s) {
  if (*s.seen.client_certificate_asked) return verdict::holds();
  if (kind_of(s.read) == answer_kind::none) return verdict::undecided("no answer came that can be read");
  // A server may ask later, by a renegotiation or after the handshake, which is not taken up here; such a one does not
  // answer 401, which asks for another credential.
  if (s.read.status() != 401)
    return verdict::undecided("no certificate was asked for, and the answer is " + status_text(s.read));
  return verdict::violated("a CertificateRequest to a client that has a certificate",
                           "none in the handshake, and then " + status_text(s.read), "tls");
}

/// An enrolment whose client showed a certificate that a server has to refuse, and nothing else.
bool shows_any_unfit(situation const& s) {
  // Where the handshake was cut off no request was sent.
  return s.seen.identity && *s.seen.identity != client_identity::own && (takes_csr(s.read) || !s.read.has_request);
}

constexpr likeness but_for_certificate{
    [](reading const& a, reading const& b) { return same_kind_of_csr(a, b) && b.has_credentials; },
    [](reading const&, reading const&) { return false; }};

// 3.3.2: "Certificate validation MUST be performed as per [RFC5280]." There: 6.1.3 (a) the path to an anchor, the validity,
// the revocation; 4.2.1.12, "the certificate MUST only be used for one of the purposes indicated".
template <client_identity Which> verdict is_refused(situation const& s) {
  if (s.seen.identity != Which) return verdict::not_applicable("another certificate was shown");
  if (s.seen.client_certificate_asked == std::optional<bool>{false})
    return verdict::not_applicable("the server asked for no certificate");
  // To end the handshake is to refuse as well (RFC 5246 7.4.6, RFC 8446 4.4.2.4).
  bool const cut_off = kind_of(s.read) == answer_kind::none &&
                       (s.seen.end == connection_end::tls_error || s.seen.end == connection_end::closed ||
                        s.seen.end == connection_end::reset);
  if (cut_off) {
    if (s.control == nullptr || kind_of(*s.control) != answer_kind::success)
      return verdict::undecided("the same request with a good certificate was not accepted");
    if (s.in.alive != std::optional<bool>{true}) return verdict::undecided("the server did not answer afterwards");
    return verdict::holds();
  }
  auto const kind = kind_of(s.read);
  if (kind != answer_kind::success && kind != answer_kind::pending) return judge_refusal(s, but_for_certificate);
  if (kind == answer_kind::pending) return verdict::undecided("202: nothing was issued so far");
  return verdict::violated("a refusal: the client certificate is " + std::string{name(Which)}, status_text(s.read),
                           "response", s.read.response_layout.start_line);
}

constexpr predicate floor[] = {{"tls-below-1.2", is_above_floor}};
constexpr predicate authenticated[] = {{"server-showed-no-certificate", server_showed_certificate}};
constexpr predicate certificate[] = {{"server-has-no-certificate", server_has_certificate}};
constexpr predicate profile[] = {{"server-certificate-long-serial", serial_is_short},
                                 {"server-certificate-extension-twice", extensions_stand_once},
                                 {"server-certificate-signs-without-being-ca", only_cas_sign}};
constexpr predicate identity[] = {{"server-identity-not-usable", identity_is_usable}};
constexpr predicate supported[] = {{"client-certificate-not-asked-for", certificate_is_asked_for}};
constexpr predicate validated[] = {
    {"foreign-client-certificate-accepted", is_refused<client_identity::foreign>},
    {"expired-client-certificate-accepted", is_refused<client_identity::expired>},
    {"premature-client-certificate-accepted", is_refused<client_identity::not_yet_valid>},
    {"server-certificate-of-client-accepted", is_refused<client_identity::for_servers>},
    {"revoked-client-certificate-accepted", is_refused<client_identity::revoked>},
};

constexpr check checks[] = {
    {"tls.version", "rfc7030-3.3-tls-version", is_known, floor, true},
    {"tls.server-authenticated", "rfc7030-3.3-server-authenticated", needs_authenticated_server, authenticated, true},
    {"tls.server-certificate", "rfc7030-3.3.1-cert-auth-supported", is_live, certificate, true},
    {"tls.server-certificate-profile", "rfc7030-3.3.1-server-cert-profile", has_server_certificate, profile},
    {"tls.server-identity", "rfc7030-3.6.1-server-identity-usable", has_server_certificate, identity},
    {"tls.client-certificates", "rfc7030-3.3.2-client-cert-supported", came_with_own_certificate, supported},
    {"tls.client-certificate-validated", "rfc7030-3.3.2-client-cert-validated", shows_any_unfit, validated},
};

} // namespace

std::span<const check> tls_checks() {
  static std::vector<check> const all = [] {
    std::vector<check> list{std::begin(checks), std::end(checks)};
    auto const probes = tls_probe_checks();
    list.insert(list.end(), probes.begin(), probes.end());
    return list;
  }();
  return all;
}

} // namespace est::conformance
