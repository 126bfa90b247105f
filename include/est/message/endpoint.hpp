#pragma once
/// Where an EST server's operations are: the authority, the path prefix, the optional label, and the paths made of them.

#include <est/core/result.hpp>
#include <est/http/message.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace est {

/// The operation paths that RFC 7030 defines. No label may have one of these names.
inline constexpr std::array<std::string_view, 6> operation_names = {"cacerts", "simpleenroll", "simplereenroll",
                                                                    "fullcmc", "serverkeygen", "csrattrs"};

constexpr bool is_operation_name(std::string_view text) noexcept {
  for (auto const name : operation_names)
    if (text == name) return true;
  return false;
}

/// One EST service of one server.
struct endpoint {
  std::string authority; ///< `host` or `host:port`, as it stands in the Host field
  std::string label;     ///< the CA label (RFC 7030 section 3.2.2); empty if none
  std::string path = "/.well-known/est";

  friend bool operator==(endpoint const&, endpoint const&) = default;
};

/// Whether requests can be sent to an endpoint.
/// Source:  RFC 7030 section 3.2.2 (a label is one path segment and MUST NOT be the name of an operation)
/// Errors:  invalid_argument, and which of the three members is at fault
inline result<void> check_endpoint(endpoint const& where) {
  auto const printable = [](std::string_view text) {
    for (char const c : text)
      if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
    return true;
  };
  if (where.authority.empty()) return fail(errc::invalid_argument, "endpoint.authority", "no host is named");
  if (!printable(where.authority) || where.authority.find_first_of("/?#@\\") != std::string::npos)
    return fail(errc::invalid_argument, "endpoint.authority", "an authority is host or host:port, and nothing else");
  if (where.path.empty() || where.path.front() != '/')
    return fail(errc::invalid_argument, "endpoint.path", "a path begins with a slash");
  if (!printable(where.path) || where.path.find_first_of("?#") != std::string::npos)
    return fail(errc::invalid_argument, "endpoint.path", "a path holds no blanks, no query and no fragment");
  if (is_operation_name(where.label))
    return fail(errc::invalid_argument, "endpoint.label",
                "a label must not be the name of an operation, and " + where.label + " is one (RFC 7030 3.2.2)");
  if (where.label == "." || where.label == "..")
    return fail(errc::invalid_argument, "endpoint.label", "a dot segment is no label");
  for (std::size_t i = 0; i < where.label.size(); ++i)
    if (auto const c = static_cast<unsigned char>(where.label[i]); c < 0x20 || c == 0x7f || c == '/')
      return fail(errc::invalid_argument, "endpoint.label",
                  c == '/' ? "a label is one path segment: no slash" : "a label holds no control characters", i);
  return {};
}

/// Makes a checked endpoint.
inline result<endpoint> make_endpoint(std::string authority, std::string label = {},
                                      std::string path = "/.well-known/est") {
  endpoint made{std::move(authority), std::move(label), std::move(path)};
  while (made.path.size() > 1 && made.path.back() == '/') made.path.pop_back();
  if (auto const checked = check_endpoint(made); !checked) return fail(checked.error());
  return made;
}

namespace detail {

/// RFC 3986 section 3.3, pchar.
constexpr bool is_path_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-._~!$&'()*+,;=:@"}.find(c) != std::string_view::npos;
}

constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

inline std::string percent_encode_segment(std::string_view segment) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  for (char const c : segment) {
    if (is_path_character(c)) {
      text.push_back(c);
      continue;
    }
    auto const octet = static_cast<unsigned char>(c);
    text.push_back('%');
    text.push_back(digits[octet >> 4]);
    text.push_back(digits[octet & 15]);
  }
  return text;
}

inline std::optional<std::string> percent_decode(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      text.push_back(segment[i]);
      continue;
    }
    if (i + 2 >= segment.size()) return std::nullopt;
    int const high = hex_digit(segment[i + 1]), low = hex_digit(segment[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return text;
}

} // namespace detail

/// The request target of an operation: `/.well-known/est/label/cacerts`. What a path segment cannot hold is
/// percent-encoded in the label.
inline std::string target(endpoint const& where, std::string_view operation) {
  std::string text = where.path;
  while (!text.empty() && text.back() == '/') text.pop_back();
  if (!where.label.empty()) text += "/" + detail::percent_encode_segment(where.label);
  return text + "/" + std::string{operation};
}

/// What a request target asks for.
struct route {
  std::string label;     ///< percent-decoded; empty if none
  std::string operation; ///< the last segment, whether or not it is the name of an operation

  friend bool operator==(route const&, route const&) = default;
};

/// Reads a request target, in origin form or absolute form; a query is not looked at.
/// Source:  RFC 7030 section 3.2.2; RFC 9112 section 3.2
/// Errors:  invalid_argument where the target is not below the path, has more than one segment before the operation,
///          has a label that is a dot segment or the name of an operation, or a broken percent-encoding
/// Promises: `parse_target(target(e, op), e.path)` gives e.label and op, for each checked endpoint
inline result<route> parse_target(std::string_view text, std::string_view path = "/.well-known/est") {
  auto const wrong = [](std::string why) { return fail(errc::invalid_argument, "target", std::move(why)); };
  if (text.empty()) return wrong("the request target is empty");
  if (text.front() != '/') { // absolute form
    auto const scheme = text.find("://");
    if (scheme == std::string_view::npos) return wrong("the request target is no path");
    auto const slash = text.find('/', scheme + 3);
    if (slash == std::string_view::npos) return wrong("the request target has no path");
    text.remove_prefix(slash);
  }
  text = text.substr(0, text.find_first_of("?#"));
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (text.substr(0, path.size()) != path || text.size() <= path.size() + 1 || text[path.size()] != '/')
    return wrong("the request target is not below " + std::string{path});
  text.remove_prefix(path.size() + 1);
  route found;
  auto const slash = text.find('/');
  if (slash != std::string_view::npos) {
    auto label = detail::percent_decode(text.substr(0, slash));
    if (!label) return wrong("a percent-encoding in the label is broken");
    if (label->empty()) return wrong("an empty path segment stands in the place of a label");
    if (auto const checked = check_endpoint({"host", *label, "/"}); !checked) return wrong(checked.error().detail);
    found.label = std::move(*label);
    text.remove_prefix(slash + 1);
  }
  if (text.find('/') != std::string_view::npos) return wrong("more than one path segment stands before the operation");
  if (text.empty()) return wrong("no operation is named");
  found.operation = std::string{text};
  return found;
}

} // namespace est
