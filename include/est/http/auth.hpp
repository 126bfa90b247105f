#pragma once
/// HTTP authentication: Basic credentials, written and read, and the challenges that a server sends.
/// Nothing here ever puts a credential into a failure.

#include <est/core/base64.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/framing.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::http {

/// A user and a password for the Basic scheme.
struct basic_credentials {
  std::string user;
  secret_bytes password;
};

/// The value of an Authorization field. It is as secret as the password in it.
/// Source:  RFC 7617 section 2
/// In:      a user without a colon; both without control characters; UTF-8 is what servers expect
/// Promises: cannot fail. Does NOT promise that a user with a colon is read back as it was: the scheme cannot carry one.
inline std::string encode_basic(basic_credentials const& who) {
  secret_bytes pair;
  pair.reserve(who.user.size() + 1 + who.password.size());
  for (auto const octet : as_bytes(who.user)) pair.push_back(octet);
  pair.push_back(':');
  for (auto const octet : who.password.expose()) pair.push_back(octet);
  return "Basic " + encode_base64(pair.expose(), base64_layout::one_line());
}

/// Reads the value of an Authorization field of the Basic scheme.
/// Source:  RFC 7617 section 2; RFC 9110 section 11.4
/// Grammar: "Basic" 1*SP token68, the scheme in any case
/// Errors:  malformed_http: another scheme, no base64, no colon, a control character. The value is never quoted.
inline result<basic_credentials> parse_basic(std::string_view authorization) {
  auto const malformed = [](char const* why) { return fail(errc::malformed_http, "authorization", why); };
  auto const text = trim(authorization);
  auto const space = text.find(' ');
  if (space == std::string_view::npos || !equal_ignoring_case(text.substr(0, space), "Basic"))
    return malformed("the credentials are not of the Basic scheme");
  auto const token = trim(text.substr(space));
  if (token.find_first_of(" \t\r\n") != std::string_view::npos)
    return malformed("white space stands within the Basic credentials");
  auto decoded = decode_base64<secret_bytes>(token);
  if (!decoded) return malformed("the Basic credentials are not base64");
  auto const pair = decoded->expose();
  std::size_t colon = pair.size();
  for (std::size_t i = pair.size(); i-- > 0;) {
    if (pair[i] < 0x20 || pair[i] == 0x7f) return malformed("a control character stands within the Basic credentials");
    if (pair[i] == ':') colon = i;
  }
  if (colon == pair.size()) return malformed("no colon stands between user and password");
  return basic_credentials{est::to_text(pair.first(colon)), secret_bytes{pair.subspan(colon + 1)}};
}

/// One challenge of a WWW-Authenticate field.
struct challenge {
  std::string scheme;                                          ///< as it was spelled
  std::vector<std::pair<std::string, std::string>> parameters; ///< names in lower case; a token68 has the empty name

  /// The first parameter of that name, given in lower case.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (auto const& [n, v] : parameters)
      if (n == name) return std::string_view{v};
    return std::nullopt;
  }
};

/// Reads the challenges of one WWW-Authenticate value, as far as they can be understood.
/// Source:  RFC 9110 sections 11.2, 11.3 and 11.6.1
/// Grammar: #( auth-scheme [ 1*SP ( token68 / #auth-param ) ] )
/// Out:     the challenges in order; those before the first place that is out of grammar
/// Promises: linear; never fails.
inline std::vector<challenge> parse_challenges(std::string_view www_authenticate) {
  std::vector<challenge> found;
  std::size_t i = 0;
  auto const text = www_authenticate;
  auto const skip = [&](std::string_view set) {
    while (i < text.size() && set.find(text[i]) != std::string_view::npos) ++i;
  };
  auto const token = [&] {
    auto const from = i;
    while (i < text.size() && is_tchar(text[i])) ++i;
    return text.substr(from, i - from);
  };
  while (true) {
    skip(" \t,");
    if (i == text.size()) return found;
    auto const word = token();
    if (word.empty()) return found;
    auto const after_word = i;
    skip(" \t");
    // A parameter of the challenge before, or else a scheme.
    if (!found.empty() && i < text.size() && text[i] == '=') {
      ++i;
      skip(" \t");
      std::string value;
      if (i < text.size() && text[i] == '"') {
        for (++i; i < text.size() && text[i] != '"'; ++i) {
          if (text[i] == '\\' && i + 1 < text.size()) ++i;
          value.push_back(text[i]);
        }
        if (i == text.size()) return found;
        ++i;
      } else {
        value = std::string{token()};
      }
      std::string name{word};
      for (auto& c : name) c = lower(c);
      found.back().parameters.emplace_back(std::move(name), std::move(value));
      continue;
    }
    found.push_back({std::string{word}, {}});
    if (i == after_word) continue;
    // A token68 stands alone: it ends where a comma or the text does, and may end in equals signs.
    auto const from = i;
    auto end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/", from);
    if (end == std::string_view::npos) end = text.size();
    auto const body_end = end;
    while (end < text.size() && text[end] == '=') ++end;
    auto const next = text.find_first_not_of(" \t", end);
    if (body_end != from && (next == std::string_view::npos || text[next] == ',')) {
      found.back().parameters.emplace_back(std::string{}, std::string{text.substr(from, end - from)});
      i = end;
    }
  }
}

} // namespace est::http
