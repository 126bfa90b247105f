#pragma once
/// Where a redirecting answer points to: its Location resolved against the request, and whether it stays within the web
/// origin that was asked. Pure functions over text; nothing here follows anything.

#include <est/core/result.hpp>
#include <est/http/framing.hpp>
#include <est/http/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace est::http {

/// A web origin.
/// Source: RFC 6454 section 4
struct origin {
  std::string scheme, host; ///< in lower case; an IPv6 address stands in its brackets
  std::uint16_t port = 0;   ///< the scheme's own where none is written; 0 for a scheme without one

  friend bool operator==(origin const&, origin const&) = default;
};

/// The origin of a scheme and an authority: `https` and `est.example:8443`.
/// Source:  RFC 3986 section 3.2; RFC 6454 section 4
/// Out:     none where user information stands in it, the host is empty, or the port is no number of 1 to 65535
inline std::optional<origin> make_origin(std::string_view scheme, std::string_view authority) {
  auto const lowered = [](std::string_view text) {
    std::string out{text};
    for (auto& c : out) c = lower(c);
    return out;
  };
  origin made{lowered(scheme), {}, 0};
  if (made.scheme == "https") made.port = 443;
  if (made.scheme == "http") made.port = 80;
  for (char const c : authority)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == '@' || c == '\\')
      return std::nullopt;
  std::size_t end = authority.find(':');
  if (!authority.empty() && authority.front() == '[') {
    auto const bracket = authority.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    end = bracket + 1 == authority.size() ? std::string_view::npos : bracket + 1;
    if (end != std::string_view::npos && authority[end] != ':') return std::nullopt;
  }
  made.host = lowered(authority.substr(0, end));
  if (made.host.empty()) return std::nullopt;
  if (end == std::string_view::npos || end + 1 == authority.size()) return made; // RFC 3986: the port may be empty
  auto const port = detail::parse_digits(authority.substr(end + 1), 10);
  if (!port || port->overflow || port->value == 0 || port->value > 65535) return std::nullopt;
  made.port = static_cast<std::uint16_t>(port->value);
  return made;
}

/// `https://est.example:8443`; the port is left out where it is the scheme's own.
inline std::string to_text(origin const& o) {
  bool const usual = (o.scheme == "https" && o.port == 443) || (o.scheme == "http" && o.port == 80) || o.port == 0;
  return o.scheme + "://" + o.host + (usual ? std::string{} : ":" + std::to_string(o.port));
}

/// The longest Location that is read, in octets.
inline constexpr std::size_t location_limit = 2048;

/// What an answer with a Location says.
struct redirection {
  int status = 0;     ///< 301, 302, 303, 307 or 308
  origin to;          ///< where to
  std::string target; ///< the path and query there: what stands on the request line
  bool same_origin = false;

  /// The absolute URI.
  std::string location() const { return to_text(to) + target; }

  friend bool operator==(redirection const&, redirection const&) = default;
};

constexpr bool is_redirect_status(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

namespace detail {

/// Source: RFC 3986 section 3.1
constexpr bool is_scheme(std::string_view text) noexcept {
  for (char const c : text)
    if (!(lower(c) >= 'a' && lower(c) <= 'z') && !is_digit(c) && c != '+' && c != '-' && c != '.') return false;
  return !text.empty() && lower(text.front()) >= 'a' && lower(text.front()) <= 'z';
}

/// Source: RFC 3986 section 5.2.4, for a path that begins with a slash
inline std::string remove_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    auto const next = std::min(path.find('/', 1), path.size());
    auto const segment = path.substr(0, next); // with the slash in front of it
    path.remove_prefix(next);
    if (segment == "/." || segment == "/..") {
      if (segment == "/..") out.resize(out.empty() ? 0 : out.rfind('/'));
      if (path.empty()) out += '/';
      continue;
    }
    out += segment;
  }
  return out.empty() ? "/" : out;
}

} // namespace detail

/// Reads where an answer points to.
/// Source:  RFC 9110 sections 10.2.2 and 15.4; RFC 3986 section 5.2
/// In:      the answer; the origin and the request target that were asked
/// Out:     none where the status is none of 301, 302, 303, 307, 308
/// Errors:  malformed_http where there is no Location, or more than one, or none that can be read; too_large
/// Promises: the target begins with a slash and holds no blanks, control characters, fragment or dot segments
/// Does NOT promise: that the scheme is https.
inline result<std::optional<redirection>> read_redirection(response const& answer, origin const& asked,
                                                           std::string_view asked_target) {
  if (!is_redirect_status(answer.status)) return std::optional<redirection>{};
  auto const wrong = [](errc code, char const* why) { return fail(code, "header.location", why); };
  auto const values = answer.headers.all("Location");
  if (values.empty()) return wrong(errc::malformed_http, "the answer redirects and has no Location");
  if (values.size() > 1) return wrong(errc::malformed_http, "the answer has more than one Location");
  auto reference = trim(values.front());
  if (reference.size() > location_limit) return wrong(errc::too_large, "the Location is longer than 2048 octets");
  for (char const c : reference)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == '\\')
      return wrong(errc::malformed_http, "the Location holds a character that no URI has");
  reference = reference.substr(0, reference.find('#'));

  redirection found{answer.status, asked, {}, false};
  auto const path_end = std::min(reference.find_first_of("/?"), reference.size());
  auto const colon = reference.find(':');
  bool const has_scheme = colon != std::string_view::npos && colon < path_end;
  if (has_scheme || reference.substr(0, 2) == "//") {
    auto const scheme = has_scheme ? reference.substr(0, colon) : std::string_view{asked.scheme};
    if (has_scheme) reference.remove_prefix(colon + 1);
    if (reference.substr(0, 2) != "//") return wrong(errc::malformed_http, "the Location is a URI without a host");
    reference.remove_prefix(2);
    auto const end = std::min(reference.find_first_of("/?"), reference.size());
    auto const to = make_origin(scheme, reference.substr(0, end));
    if (!to || !detail::is_scheme(scheme))
      return wrong(errc::malformed_http, "the Location names no host that can be asked");
    found.to = *to;
    reference.remove_prefix(end);
    if (reference.empty() || reference.front() != '/') {
      found.target = "/" + std::string{reference};
      reference = found.target;
    }
  }
  auto const base = asked_target.substr(0, asked_target.find_first_of("?#"));
  std::string whole;
  if (reference.empty())
    whole = std::string{asked_target.substr(0, asked_target.find('#'))};
  else if (reference.front() == '/')
    whole = std::string{reference};
  else if (reference.front() == '?')
    whole = std::string{base} + std::string{reference};
  else
    whole = std::string{base.substr(0, base.rfind('/') + 1)} + std::string{reference}; // npos + 1 is 0
  if (whole.empty() || whole.front() != '/') whole.insert(0, "/");
  auto const at = std::min(whole.find('?'), whole.size());
  found.target = detail::remove_dot_segments(std::string_view{whole}.substr(0, at)) + whole.substr(at);
  found.same_origin = found.to == asked;
  return std::optional<redirection>{std::move(found)};
}

} // namespace est::http
