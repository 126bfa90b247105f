/// The table of what deviates in TLS, where only a socket shows it, and of what is lawful there.

#include "wire_server.hpp"

#include "../tls_probe.hpp"

#include <algorithm>
#include <vector>

namespace est::conformance {

namespace {

/// A server that chooses a suite of that family when nothing else is offered.
template <suite_family F> void choose(wire_behaviour& b) {
  auto const suites = suites_of(F);
  b.feigned = {{0x0303, {suites.begin(), suites.end()}}};
}

std::vector<deviant> make_wire_deviants() {
  std::vector<deviant> all;
  using wire_switch = void (*)(wire_behaviour&);
  auto const breaks = [&all](std::string_view name, std::string_view title, std::string_view check,
                             std::string_view reason, wire_switch wire, std::string_view followers = {}) {
    deviant d{name, title, check, reason, followers};
    d.wire = wire;
    all.push_back(d);
  };
  auto const lawful = [&](std::string_view name, std::string_view title, wire_switch wire) {
    breaks(name, title, {}, {}, wire);
  };
  using http::tls_version;
  using certificate = wire_behaviour::certificate;

  // RFC 8996; OpenSSL goes as far as TLS 1.0 by itself
  breaks(
      "tls-1.0", "TLS 1.0 and 1.1 are spoken as well", "tls.no-1.0", "tls-1.0-negotiated",
      [](wire_behaviour& b) { b.lowest = tls_version::tls_1_0; }, "tls.no-1.1");
  breaks("tls-1.1", "TLS 1.1 is spoken as well", "tls.no-1.1", "tls-1.1-negotiated",
         [](wire_behaviour& b) { b.lowest = tls_version::tls_1_1; });
  breaks("tls-1.0-for-1.1", "an offer of TLS 1.1 is answered with TLS 1.0", "tls.no-1.0", "tls-1.0-negotiated",
         [](wire_behaviour& b) {
           b.feigned = {{0x0302, {}, true, true, 0x0301}};
         });

  // RFC 7030 3.2.3, 3.3, 3.3.3, 4.4, 6
  breaks("null-suites", "suites without encryption are chosen", "tls.no-null-or-anonymous", "null-suite-chosen",
         choose<suite_family::null>, "tls.no-null-for-keys");
  breaks("null-suites-for-keys", "the same, and keys are generated", "tls.no-null-for-keys",
         "null-suite-chosen-with-key-generation", choose<suite_family::null>, "tls.no-null-or-anonymous");
  breaks("anonymous-suites", "suites without authentication are chosen", "tls.no-null-or-anonymous",
         "anonymous-suite-chosen", choose<suite_family::anonymous>);
  breaks("export-suites", "suites for export are chosen", "tls.no-export-or-des", "export-suite-chosen",
         choose<suite_family::exported>);
  breaks("des-suites", "suites with DES are chosen", "tls.no-export-or-des", "des-suite-chosen",
         choose<suite_family::des>);
  breaks("psk-suites", "suites with a pre-shared key are chosen", "tls.no-guessing", "psk-suite-open-to-dictionaries",
         choose<suite_family::psk>, "tls.zero-knowledge");
  breaks("psk-suites-known", "the same, and they are no zero-knowledge proof", "tls.zero-knowledge",
         "psk-suite-not-zero-knowledge", choose<suite_family::psk>, "tls.no-guessing");
  breaks("rc4-suites", "suites with RC4 are chosen", "tls.strong-suites", "rc4-suite-chosen",
         choose<suite_family::rc4>);
  breaks("3des-suites", "suites with 3DES are chosen", "tls.strong-suites", "3des-suite-chosen",
         choose<suite_family::triple_des>);
  breaks("static-rsa-suites", "suites with RSA key transport are chosen", "tls.strong-suites",
         "static-rsa-suite-chosen", choose<suite_family::static_rsa>);
  breaks(
      "anonymous-only", "the server has no certificate, and answers all the same", "tls.server-authenticated",
      "server-showed-no-certificate", [](wire_behaviour& b) { b.anonymous_only = true; },
      "tls.server-certificate tls.no-null-or-anonymous tls.extended-master-secret");
  breaks(
      "no-server-certificate", "certificates are no way to authenticate the server", "tls.server-certificate",
      "server-has-no-certificate", [](wire_behaviour& b) { b.anonymous_only = true; },
      "tls.server-authenticated tls.no-null-or-anonymous tls.extended-master-secret");
  breaks("never-resumes", "no session is resumed", "tls.session-resumption", "session-not-resumed",
         [](wire_behaviour& b) { b.never_resume = true; });
  breaks("no-extended-master-secret", "TLS 1.2 without extended master secret", "tls.extended-master-secret",
         "no-extended-master-secret", [](wire_behaviour& b) { b.no_extended_master_secret = true; });
  breaks("est-in-clear", "EST without TLS on the same port", "tls.https-only", "est-answered-in-clear",
         [](wire_behaviour& b) { b.serve_in_clear = true; });

  // RFC 7030 3.3.1, 3.6.1
  breaks("certificate-of-another-host", "the server's certificate is for another host", "tls.server-identity",
         "server-identity-not-usable", [](wire_behaviour& b) { b.shown = certificate::of_another_host; });
  breaks("certificate-with-long-serial", "the server's certificate has a serial number of 22 octets",
         "tls.server-certificate-profile", "server-certificate-long-serial",
         [](wire_behaviour& b) { b.shown = certificate::of_long_serial; });
  breaks("certificate-with-extension-twice", "the server's certificate has subjectAltName twice",
         "tls.server-certificate-profile", "server-certificate-extension-twice",
         [](wire_behaviour& b) { b.shown = certificate::extension_twice; });
  breaks("certificate-that-signs", "the server's certificate may sign certificates, and is no CA's",
         "tls.server-certificate-profile", "server-certificate-signs-without-being-ca",
         [](wire_behaviour& b) { b.shown = certificate::signs_without_being_ca; });

  // RFC 7030 3.3.2
  breaks("never-asks-for-certificates", "no client is asked for a certificate", "tls.client-certificates",
         "client-certificate-not-asked-for", [](wire_behaviour& b) { b.never_ask_for_certificate = true; });
  breaks("believes-foreign-certificates", "client certificates of any CA are believed",
         "tls.client-certificate-validated", "foreign-client-certificate-accepted",
         [](wire_behaviour& b) { b.believe_foreign_certificates = true; });
  breaks("overlooks-end-of-validity", "client certificates that have expired are believed",
         "tls.client-certificate-validated", "expired-client-certificate-accepted",
         [](wire_behaviour& b) { b.overlook_end_of_validity = true; });
  breaks("overlooks-begin-of-validity", "client certificates that are not valid yet are believed",
         "tls.client-certificate-validated", "premature-client-certificate-accepted",
         [](wire_behaviour& b) { b.overlook_begin_of_validity = true; });
  breaks("overlooks-extended-key-usage", "certificates of servers are believed of clients",
         "tls.client-certificate-validated", "server-certificate-of-client-accepted",
         [](wire_behaviour& b) { b.overlook_usage = true; });
  breaks("overlooks-revocation", "client certificates that were revoked are believed",
         "tls.client-certificate-validated", "revoked-client-certificate-accepted", nullptr);
  all.back().behave = [](behaviour& b) { b.overlook_revocation = true; };
  breaks("credentials-in-clear", "a password is asked for without TLS", "tls.authentication-over-tls-only",
         "credentials-invited-in-clear", [](wire_behaviour& b) { b.ask_in_clear = true; });

  lawful("names-no-ca", "the CertificateRequest names no CA", [](wire_behaviour& b) { b.no_names_in_request = true; });
  lawful("cuts-off-bad-certificates", "a client certificate that does not verify ends the handshake",
         [](wire_behaviour& b) { b.cut_off_bad_certificates = true; });
  lawful("clear-http-redirected", "plain HTTP on the port is sent to https",
         [](wire_behaviour& b) { b.redirect_in_clear = true; });
  lawful("srp-suites", "suites of the Secure Remote Password protocol are chosen", choose<suite_family::srp>);
  lawful("tls-1.2-alone", "TLS 1.2, and no later version", [](wire_behaviour& b) { b.highest = tls_version::tls_1_2; });
  lawful("tls-1.3-alone", "TLS 1.3, and no earlier version",
         [](wire_behaviour& b) { b.lowest = tls_version::tls_1_3; });
  return all;
}

} // namespace

std::span<const deviant> wire_deviants() {
  static std::vector<deviant> const all = make_wire_deviants();
  return all;
}

std::vector<deviant const*> every_deviant() {
  std::vector<deviant const*> all;
  for (auto const list : {deviants(), wire_deviants(), legal_variants()})
    for (auto const& d : list) all.push_back(&d);
  std::stable_partition(all.begin(), all.end(), [](deviant const* d) { return !d->is_legal(); });
  return all;
}

deviant const* find_deviant(std::string_view name) {
  auto const all = every_deviant();
  auto const it = std::find_if(all.begin(), all.end(), [&](deviant const* d) { return d->name == name; });
  return it == all.end() ? nullptr : *it;
}

} // namespace est::conformance
