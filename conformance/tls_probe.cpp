#include "tls_probe.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace est::conformance {

namespace {

// IANA's registry "TLS Cipher Suites"; the RFCs that made them: 2246, 2712, 4279, 4492, 4785, 5054, 5246, 5288, 5289, 5487,
// 5489, 6655, 7905, 8446.
constexpr std::uint16_t ordinary[] = {0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x009e, 0x009f, 0xccaa,
                                      0xc023, 0xc024, 0xc027, 0xc028, 0x0067, 0x006b, 0xc009, 0xc00a, 0xc013,
                                      0xc014, 0x0033, 0x0039, 0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035};
constexpr std::uint16_t ordinary_13[] = {0x1301, 0x1302, 0x1303};
constexpr std::uint16_t null[] = {0x0002, 0x0001, 0x003b, 0xc006, 0xc010, 0xc001, 0xc00b};
constexpr std::uint16_t anonymous[] = {0xc018, 0xc019, 0x0034, 0x003a, 0x006c, 0x006d, 0x00a6,
                                       0x00a7, 0x0018, 0x001b, 0xc016, 0xc017, 0x0046, 0x0089};
constexpr std::uint16_t exported[] = {0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0017, 0x0019, 0x0026,
                                      0x0027, 0x0028, 0x0029, 0x002a, 0x002b, 0x0062, 0x0063, 0x0064, 0x0065};
constexpr std::uint16_t des[] = {0x0009, 0x000c, 0x000f, 0x0012, 0x0015, 0x001a, 0x001e, 0x0022};
constexpr std::uint16_t psk[] = {0x008a, 0x008b, 0x008c, 0x008d, 0x008e, 0x008f, 0x0090, 0x0091, 0x00a8, 0x00a9, 0x00aa,
                                 0x00ab, 0x00ae, 0x00af, 0x00b2, 0x00b3, 0xc033, 0xc034, 0xc035, 0xc036, 0xc037, 0xc038,
                                 0xc0a4, 0xc0a5, 0xc0a6, 0xc0a7, 0xccab, 0xccac, 0xccad, 0xd001, 0xd002, 0xd005};
constexpr std::uint16_t srp[] = {0xc01a, 0xc01b, 0xc01c, 0xc01d, 0xc01e, 0xc01f, 0xc020, 0xc021, 0xc022};
constexpr std::uint16_t rc4[] = {0x0005, 0x0004, 0xc007, 0xc011, 0xc002, 0xc00c};
constexpr std::uint16_t triple_des[] = {0x000a, 0x0013, 0x0016, 0xc008, 0xc012, 0xc003, 0xc00d};
constexpr std::uint16_t static_rsa[] = {0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035, 0xc09c, 0xc09d};

struct family {
  suite_family which;
  std::string_view name;
  std::span<const std::uint16_t> suites;
};
constexpr std::array<family, 10> families{{{suite_family::ordinary, "ordinary", ordinary},
                                           {suite_family::null, "null", null},
                                           {suite_family::anonymous, "anonymous", anonymous},
                                           {suite_family::exported, "export", exported},
                                           {suite_family::des, "des", des},
                                           {suite_family::psk, "psk", psk},
                                           {suite_family::srp, "srp", srp},
                                           {suite_family::rc4, "rc4", rc4},
                                           {suite_family::triple_des, "3des", triple_des},
                                           {suite_family::static_rsa, "static-rsa", static_rsa}}};

constexpr std::array<std::pair<client_identity, std::string_view>, 6> identities{
    {{client_identity::own, "own"},
     {client_identity::foreign, "foreign"},
     {client_identity::expired, "expired"},
     {client_identity::not_yet_valid, "not-yet-valid"},
     {client_identity::for_servers, "for-servers"},
     {client_identity::revoked, "revoked"}}};

constexpr std::array<std::pair<std::uint16_t, http::tls_version>, 4> versions{{{0x0301, http::tls_version::tls_1_0},
                                                                               {0x0302, http::tls_version::tls_1_1},
                                                                               {0x0303, http::tls_version::tls_1_2},
                                                                               {0x0304, http::tls_version::tls_1_3}}};

} // namespace

std::string_view name(suite_family wanted) noexcept { return families[static_cast<std::size_t>(wanted)].name; }

std::optional<suite_family> suite_family_named(std::string_view text) noexcept {
  for (auto const& f : families)
    if (f.name == text) return f.which;
  return std::nullopt;
}

std::span<const std::uint16_t> suites_of(suite_family wanted, http::tls_version version) noexcept {
  if (wanted == suite_family::ordinary && version == http::tls_version::tls_1_3) return ordinary_13;
  return families[static_cast<std::size_t>(wanted)].suites;
}

bool is_of(suite_family wanted, std::uint16_t suite) noexcept {
  auto const list = suites_of(wanted);
  return std::find(list.begin(), list.end(), suite) != list.end();
}

std::string suite_text(std::uint16_t suite) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string text = "0x";
  for (int shift = 12; shift >= 0; shift -= 4) text.push_back(digits[suite >> shift & 15]);
  return text;
}

std::uint16_t wire_number(http::tls_version version) noexcept {
  for (auto const& [number, v] : versions)
    if (v == version) return number;
  return 0;
}

http::tls_version version_of_number(std::uint16_t number) noexcept {
  for (auto const& [n, v] : versions)
    if (n == number) return v;
  return http::tls_version::unknown;
}

std::string question_in_words(tls_probe const& p) {
  switch (p.what) {
  case tls_probe::kind::hello:
    return std::string{http::name(p.version)} + " hello, " + std::string{name(p.suites)} + " suites";
  case tls_probe::kind::resumption: return std::string{http::name(p.version)} + " session offered again";
  case tls_probe::kind::clear_http: return "GET /cacerts without TLS";
  }
  return {};
}

std::string answer_in_words(tls_probe const& p) {
  if (p.resumed) return *p.resumed ? "resumed" : "a full handshake";
  switch (p.answered) {
  case tls_probe::answer::server_hello:
    return "ServerHello of " + std::string{http::name(p.chosen_version)} + ", suite " + suite_text(p.chosen_suite);
  case tls_probe::answer::alert: {
    auto const known = alert_name(p.alert);
    return "alert " + std::to_string(p.alert) + (known.empty() ? "" : " (" + std::string{known} + ")");
  }
  case tls_probe::answer::closed: return "the connection was closed";
  case tls_probe::answer::something_else:
    return p.what == tls_probe::kind::clear_http ? "an answer without TLS" : "something that is no TLS";
  case tls_probe::answer::none: break;
  }
  return p.trouble.empty() ? "no answer" : p.trouble;
}

/// RFC 8446 section 6, RFC 5246 section 7.2
std::string_view alert_name(std::uint8_t description) noexcept {
  switch (description) {
  case 0: return "close_notify";
  case 10: return "unexpected_message";
  case 20: return "bad_record_mac";
  case 40: return "handshake_failure";
  case 42: return "bad_certificate";
  case 46: return "certificate_unknown";
  case 47: return "illegal_parameter";
  case 48: return "unknown_ca";
  case 50: return "decode_error";
  case 51: return "decrypt_error";
  case 70: return "protocol_version";
  case 71: return "insufficient_security";
  case 80: return "internal_error";
  case 86: return "inappropriate_fallback";
  case 109: return "missing_extension";
  case 112: return "unrecognized_name";
  case 115: return "unknown_psk_identity";
  case 116: return "certificate_required";
  default: return {};
  }
}

std::string_view name(client_identity wanted) noexcept { return identities[static_cast<std::size_t>(wanted)].second; }

std::optional<client_identity> client_identity_named(std::string_view text) noexcept {
  for (auto const& [which, known] : identities)
    if (known == text) return which;
  return std::nullopt;
}

} // namespace est::conformance
