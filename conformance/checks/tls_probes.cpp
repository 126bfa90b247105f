/// What handshakes show that were made to find something out: versions and cipher suites that are not to be used, sessions,
/// and the port without TLS.

#include "tls.hpp"

#include <est/core/base64.hpp>
#include <est/http/reader.hpp>
#include <est/mime/media_type.hpp>
#include <est/pki/certs_only.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

using answer = tls_probe::answer;
using kind = tls_probe::kind;

bool is_hello(situation const& s) { return s.seen.probe && s.seen.probe->what == kind::hello; }

bool agreed(situation const& s) { return s.seen.probe->answered == answer::server_hello; }

/// For a hello that a server has to refuse: by an alert, or by ending the connection.
verdict judge_hello(situation const& s, bool wrong, std::string expected) {
  auto const& p = *s.seen.probe;
  switch (p.answered) {
  case answer::server_hello:
    if (!wrong) return verdict::holds();
    return verdict::violated(std::move(expected), answer_in_words(p), "tls");
  case answer::alert:
  case answer::closed: return verdict::holds();
  case answer::something_else: return verdict::undecided("what came is no TLS");
  case answer::none: break;
  }
  return verdict::undecided(answer_in_words(p));
}

// RFC 8996 section 4: "TLS 1.0 MUST NOT be used. Negotiation of TLS 1.0 from any version of TLS MUST NOT be permitted." An
// offer of 1.1 may be answered with 1.0 (RFC 5246 appendix E.1).
template <http::tls_version Old> bool concerns(situation const& s) {
  return is_hello(s) && (s.seen.probe->version == Old || (agreed(s) && s.seen.probe->chosen_version == Old));
}
template <http::tls_version Old> verdict is_not_spoken(situation const& s) {
  return judge_hello(s, s.seen.probe->chosen_version == Old,
                     "no " + std::string{http::name(Old)} + ": the alert protocol_version");
}

/// A hello that offered those alone. A ServerHello with another suite breaks TLS, and is nothing of EST's.
template <suite_family F> bool offered(situation const& s) { return is_hello(s) && s.seen.probe->suites == F; }
template <suite_family F> verdict is_not_chosen(situation const& s) {
  if (!offered<F>(s)) return verdict::not_applicable("other suites were offered");
  return judge_hello(s, is_of(F, s.seen.probe->chosen_suite),
                     "no suite of these is chosen (" + std::string{name(F)} + "): the alert handshake_failure");
}

/// The server asks for user and password, or was seen to take them.
bool authenticates_by_http(situation const& s) {
  return std::any_of(s.others.begin(), s.others.end(), [](neighbour const& n) {
    return (n.read->status() == 401 && n.read->response->headers.find("WWW-Authenticate")) ||
           (n.read->has_authorization && n.read->succeeded());
  });
}
bool offers(situation const& s, operation op) {
  return std::any_of(s.others.begin(), s.others.end(), [op](neighbour const& n) {
    auto const status = n.read->status();
    return n.read->op == op && status != 0 && status != 404 && status != 405 && status != 501;
  });
}

// 3.2.3: "NULL and anon cipher suites MUST NOT be used because they do not provide confidentiality or support mutual
// certificate-based or certificate-less authentication, respectively." The section is about HTTP authentication.
bool null_or_anonymous(situation const& s) {
  return offered<suite_family::null>(s) || offered<suite_family::anonymous>(s);
}
template <suite_family F> verdict not_with_http_authentication(situation const& s) {
  auto said = is_not_chosen<F>(s);
  if (said.what == verdict::kind::violated && !authenticates_by_http(s))
    return verdict::not_applicable("the server was not seen to authenticate by HTTP, which the sentence is about");
  return said;
}

// 4.4: "Cipher suites that have a NULL confidentiality algorithm MUST NOT be used as they will disclose the contents of an
// unprotected private key."
verdict no_null_with_key_generation(situation const& s) {
  if (!offers(s, operation::serverkeygen)) return verdict::not_applicable("/serverkeygen was not seen to be offered");
  return is_not_chosen<suite_family::null>(s);
}

// 6: "TLS cipher suites that include "_EXPORT_" and "_DES_" in their names MUST NOT be used."
bool export_or_des(situation const& s) { return offered<suite_family::exported>(s) || offered<suite_family::des>(s); }

// RFC 9325 section 4
bool weak(situation const& s) {
  return offered<suite_family::rc4>(s) || offered<suite_family::triple_des>(s) || offered<suite_family::static_rsa>(s);
}

// RFC 7627 section 5.1: the server includes the extension where the client has it.
bool is_hello_of_1_2(situation const& s) {
  return offered<suite_family::ordinary>(s) && s.seen.probe->version == http::tls_version::tls_1_2 && agreed(s) &&
         s.seen.probe->chosen_version == http::tls_version::tls_1_2;
}
verdict has_extended_master_secret(situation const& s) {
  if (s.seen.probe->extended_master_secret) return verdict::holds();
  return verdict::violated("the extension extended_master_secret in the ServerHello", "none", "tls");
}

// 3.3: "TLS session resumption [RFC5077] SHOULD be supported."
bool is_resumption(situation const& s) { return s.seen.probe && s.seen.probe->what == kind::resumption; }
verdict session_is_resumed(situation const& s) {
  auto const& p = *s.seen.probe;
  if (!p.resumed) return verdict::not_applicable("no session could be had: " + answer_in_words(p));
  if (*p.resumed) return verdict::holds();
  // One version is enough to support it; which one a server prefers is its own business.
  for (auto const& n : s.others)
    if (n.seen->probe && n.seen->probe->what == kind::resumption && n.seen->probe->resumed == std::optional<bool>{true})
      return verdict::not_applicable("sessions of another TLS version are resumed");
  return verdict::violated("an abbreviated handshake with the session that was offered", answer_in_words(p), "tls");
}

bool is_clear(situation const& s) { return s.seen.probe && s.seen.probe->what == kind::clear_http; }
std::optional<http::response> clear_answer(situation const& s) {
  if (s.seen.probe->clear_octets.empty()) return std::nullopt;
  auto read = http::parse_response(s.seen.probe->clear_octets, "GET");
  if (!read) return std::nullopt;
  return std::move(*read);
}
verdict nothing_in_clear(situation const& s) {
  if (s.seen.probe->answered == answer::none) return verdict::undecided(answer_in_words(*s.seen.probe));
  return verdict::holds();
}
// 3.3: "HTTPS MUST be used." A web page, an error or a redirect to https without TLS is no EST.
verdict no_est_in_clear(situation const& s) {
  auto const r = clear_answer(s);
  if (!r || r->status < 200 || r->status > 299) return nothing_in_clear(s);
  auto const octets = decode_base64(r->body);
  if (!octets || !pki::parse_certs_only(*octets)) return nothing_in_clear(s);
  return verdict::violated("no EST without TLS", "CA certificates under status " + std::to_string(r->status), "tls");
}
// 3.2.3: "HTTP Basic and Digest authentication MUST only be performed over TLS 1.1 [RFC4346] or later versions." (1.2 or
// later: RFC 8996.)
verdict no_credentials_in_clear(situation const& s) {
  auto const r = clear_answer(s);
  if (!r || r->status != 401 || !r->headers.find("WWW-Authenticate")) return nothing_in_clear(s);
  return verdict::violated("no HTTP authentication without TLS", "401 with WWW-Authenticate", "tls");
}

using enum suite_family;
constexpr predicate no_tls10[] = {{"tls-1.0-negotiated", is_not_spoken<http::tls_version::tls_1_0>}};
constexpr predicate no_tls11[] = {{"tls-1.1-negotiated", is_not_spoken<http::tls_version::tls_1_1>}};
constexpr predicate no_null_anon[] = {
    {"null-suite-chosen", not_with_http_authentication<suite_family::null>},
    {"anonymous-suite-chosen", not_with_http_authentication<anonymous>},
};
constexpr predicate no_null_keys[] = {{"null-suite-chosen-with-key-generation", no_null_with_key_generation}};
constexpr predicate no_export_des[] = {
    {"export-suite-chosen", is_not_chosen<exported>},
    {"des-suite-chosen", is_not_chosen<des>},
};
constexpr predicate no_guessing[] = {{"psk-suite-open-to-dictionaries", is_not_chosen<psk>}};
constexpr predicate zero_knowledge[] = {{"psk-suite-not-zero-knowledge", is_not_chosen<psk>}};
constexpr predicate strong[] = {
    {"rc4-suite-chosen", is_not_chosen<rc4>},
    {"3des-suite-chosen", is_not_chosen<triple_des>},
    {"static-rsa-suite-chosen", is_not_chosen<static_rsa>},
};
constexpr predicate master_secret[] = {{"no-extended-master-secret", has_extended_master_secret}};
constexpr predicate resumption[] = {{"session-not-resumed", session_is_resumed}};
constexpr predicate only_https[] = {{"est-answered-in-clear", no_est_in_clear}};
constexpr predicate only_in_tls[] = {{"credentials-invited-in-clear", no_credentials_in_clear}};

constexpr check checks[] = {
    {"tls.no-1.0", "rfc8996-4-no-tls10", concerns<http::tls_version::tls_1_0>, no_tls10},
    {"tls.no-1.1", "rfc8996-5-no-tls11", concerns<http::tls_version::tls_1_1>, no_tls11},
    {"tls.no-null-or-anonymous", "rfc7030-3.2.3-no-null-anon", null_or_anonymous, no_null_anon},
    {"tls.no-null-for-keys", "rfc7030-4.4-no-null-cipher", offered<suite_family::null>, no_null_keys},
    {"tls.no-export-or-des", "rfc7030-6-no-export-des", export_or_des, no_export_des},
    {"tls.no-guessing", "rfc7030-3.3.3-certless-dictionary", offered<psk>, no_guessing},
    {"tls.zero-knowledge", "rfc7030-3.3.3-certless-zkp", offered<psk>, zero_knowledge},
    {"tls.strong-suites", "tls-bcp195", weak, strong},
    {"tls.extended-master-secret", "tls-ems", is_hello_of_1_2, master_secret},
    {"tls.session-resumption", "rfc7030-3.3-session-resumption", is_resumption, resumption},
    {"tls.https-only", "rfc7030-3.3-https", is_clear, only_https},
    {"tls.authentication-over-tls-only", "rfc7030-3.2.3-auth-only-in-tls", is_clear, only_in_tls},
};

} // namespace

std::span<const check> tls_probe_checks() { return checks; }

} // namespace est::conformance
