#pragma once
/// Whether a server is the one that was meant: pure functions over its certificate, asked after the handshake and before
/// the first request. That the certificate's chain leads to an anchor is the handshake's business, not this file's.
/// Source:  RFC 7030 sections 3.6, 3.6.1 and 3.6.2; RFC 6125 section 6.4 and its successor RFC 9525, which ends the
///          look at common names

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/http/message.hpp>
#include <est/message/endpoint.hpp>
#include <est/message/pending.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/oids.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est {

/// The host of an authority: `est.example:8443` gives `est.example`, `[2001:db8::1]:8443` gives `2001:db8::1`.
inline std::string host_of(std::string_view authority) {
  if (!authority.empty() && authority.front() == '[') {
    auto const end = authority.find(']');
    return std::string{authority.substr(1, end == std::string_view::npos ? end : end - 1)};
  }
  auto const colon = authority.find(':');
  // More than one colon and no brackets: an IPv6 address by itself.
  if (colon != std::string_view::npos && authority.find(':', colon + 1) == std::string_view::npos)
    authority = authority.substr(0, colon);
  return std::string{authority};
}

namespace detail {

/// Four decimal numbers, without leading zeros, signs or blanks.
inline std::optional<bytes> parse_ipv4(std::string_view text) {
  bytes octets;
  for (std::size_t i = 0; i <= text.size();) {
    const std::size_t end = std::min(text.find('.', i), text.size());
    auto const digits = text.substr(i, end - i);
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
    unsigned value = 0;
    for (char const c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (value > 255 || octets.size() == 4) return std::nullopt;
    octets.push_back(static_cast<std::uint8_t>(value));
    i = end + 1;
  }
  if (octets.size() != 4) return std::nullopt;
  return octets;
}

/// RFC 4291 section 2.2, all three forms; no zone.
inline std::optional<bytes> parse_ipv6(std::string_view text) {
  bytes front, back;
  bool gap = false;
  if (text.size() < 2 || text.size() > 45) return std::nullopt;
  if (text[0] == ':') {
    if (text[1] != ':') return std::nullopt;
    text.remove_prefix(1); // the gap is seen at the next colon
  }
  std::size_t i = 0;
  bool after_colon = text[0] == ':';
  while (i < text.size()) {
    if (text[i] == ':') {
      if (gap || !(after_colon || i > 0)) return std::nullopt;
      gap = true;
      after_colon = false;
      ++i;
      continue;
    }
    auto& into = gap ? back : front;
    const std::size_t end = std::min(text.find(':', i), text.size());
    auto const group = text.substr(i, end - i);
    if (group.find('.') != std::string_view::npos) {
      auto const tail = parse_ipv4(group);
      if (!tail || end != text.size()) return std::nullopt;
      into.insert(into.end(), tail->begin(), tail->end());
      i = end;
      break;
    }
    if (group.size() > 4) return std::nullopt;
    unsigned value = 0;
    for (char const c : group) {
      int const digit = hex_digit(c);
      if (digit < 0) return std::nullopt;
      value = value * 16 + static_cast<unsigned>(digit);
    }
    into.push_back(static_cast<std::uint8_t>(value >> 8));
    into.push_back(static_cast<std::uint8_t>(value & 0xff));
    i = end;
    after_colon = false;
    if (i < text.size()) {
      ++i;
      if (i == text.size()) return std::nullopt; // a single colon at the end
      after_colon = text[i] == ':';
    }
  }
  const std::size_t known = front.size() + back.size();
  if (gap ? known > 14 : known != 16) return std::nullopt;
  front.resize(16 - back.size());
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

} // namespace detail

/// The octets of an IP address, 4 or 16; none where the host is a name.
inline std::optional<bytes> parse_ip_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ? detail::parse_ipv6(host) : detail::parse_ipv4(host);
}

/// Whether a dNSName stands for a host.
/// Source:  RFC 6125 sections 6.4.1 and 6.4.3: labels are compared without regard to ASCII case; an asterisk counts only as
///          the whole left-most label, and for exactly one label
/// Promises: an asterisk matches nothing unless two more labels follow it; `xn--` labels are compared as they are
inline bool dns_name_matches(std::string_view presented, std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (!presented.empty() && presented.back() == '.') presented.remove_suffix(1);
  if (presented.empty() || host.empty() || parse_ip_address(host)) return false;
  for (char const c : presented)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
  if (presented.substr(0, 2) != "*.")
    return presented.find('*') == std::string_view::npos && http::equal_ignoring_case(presented, host);
  auto const parent = presented.substr(2);
  if (parent.find('*') != std::string_view::npos || parent.find('.') == std::string_view::npos) return false;
  auto const dot = host.find('.');
  return dot != std::string_view::npos && dot != 0 && http::equal_ignoring_case(parent, host.substr(dot + 1));
}

/// Whether a certificate belongs to the host that was asked for.
/// Source:  RFC 6125 section 6.4 without section 6.4.4: a host that is an address is looked for among the iPAddress names,
///          any other among the dNSNames; the common name is not looked at (RFC 9525)
/// Errors:  server_name_mismatch, with the names that are there
inline result<void> check_server_name(pki::certificate const& server, std::string_view host) {
  auto const address = parse_ip_address(host);
  auto const names = server.subject_alternative_names().value_or(pki::alternative_names{});
  if (address) {
    if (std::find(names.ip.begin(), names.ip.end(), *address) != names.ip.end()) return {};
  } else {
    for (auto const& name : names.dns)
      if (dns_name_matches(name, host)) return {};
  }
  std::string there;
  for (std::size_t i = 0; i < names.dns.size() && i < 8; ++i)
    there += (i == 0 ? "" : ", ") + readable_text(names.dns[i], 255);
  if (names.dns.size() > 8) there += " and " + std::to_string(names.dns.size() - 8) + " more";
  if (there.empty()) there = "no DNS name; the common name is not looked at";
  return fail(errc::server_name_mismatch, "server certificate",
              readable_text(host, 255) + " is not among its names: subjectAltName has " +
                  (address ? std::to_string(names.ip.size()) + " other addresses" : there));
}

/// Whether a server may act as the EST server that was asked for.
/// Source:  RFC 7030 sections 3.6.1 and 3.6.2
/// In:      the server's certificate, whose chain was verified; the host of the configured URI, without port and brackets;
///          whether the anchor was an explicit one, configured for this purpose
/// Errors:  server_name_mismatch
/// Promises: with an implicit anchor (a public CA) the name decides alone; with an explicit one id-kp-cmcRA does as well
inline result<void> check_server_identity(pki::certificate const& server, std::string_view host,
                                          bool explicit_anchors) {
  auto const named = check_server_name(server, host);
  if (named || !explicit_anchors) return named;
  auto const purposes = server.extended_key_usage().value_or(std::vector<pki::object_id>{});
  if (std::find(purposes.begin(), purposes.end(), pki::oids::cmc_ra) != purposes.end()) return {};
  auto trouble = named.error();
  trouble.detail += "; nor is it marked as a registration authority (id-kp-cmcRA)";
  return fail(std::move(trouble));
}

} // namespace est
