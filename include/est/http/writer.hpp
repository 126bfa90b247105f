#pragma once
/// Messages to HTTP/1.1 octets.
///
/// Source:   RFC 9112 sections 3 to 7, RFC 9110 section 8.6
/// Promises: cannot fail. No value can add a line: CR, LF and NUL within field values and reasons become spaces (RFC 9110
///           section 5.5), control characters and spaces within a target are percent-encoded, and a field whose name is no
///           token is left out. Where the framing fields fit the content, `parse_…(encode(m))` gives `m` with, at most, one
///           Content-Length more; a parsed message always fits, unless its Transfer-Encoding and Content-Length quarrelled.
/// Does NOT: correct a Content-Length that is already there, or a Transfer-Encoding that is not chunked.

#include <est/http/framing.hpp>
#include <est/http/message.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace est::http {
namespace detail {

inline void append_in_line(std::string& out, std::string_view text) {
  for (char const c : text) out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
}

inline void append_target(std::string& out, std::string_view target) {
  if (target.empty()) target = "/";
  for (char const c : target) {
    auto const octet = static_cast<std::uint8_t>(c);
    if (octet <= 0x20 || octet == 0x7f)
      out += "%" + to_hex(byte_view{&octet, 1});
    else
      out.push_back(c);
  }
}

inline void append_fields(std::string& out, fields const& headers) {
  for (auto const& f : headers) {
    if (!is_token(f.name)) continue;
    out += f.name;
    out += ": ";
    append_in_line(out, f.value);
    out += "\r\n";
  }
}

inline std::string version_or_default(std::string_view version) {
  auto const kind = kind_of_version(version);
  return kind == version_kind::http_1_0 || kind == version_kind::http_1_1 ? std::string{version} : "HTTP/1.1";
}

inline bool is_chunked(fields const& headers) {
  auto const decided = decide_framing(headers);
  auto const* const known = std::get_if<framing>(&decided);
  return known && known->what == framing::kind::chunked;
}

inline void append_chunked(std::string& out, std::string_view body, fields const& trailers) {
  static constexpr char digits[] = "0123456789abcdef";
  if (!body.empty()) {
    std::string size;
    for (auto n = body.size(); n != 0; n >>= 4) size.insert(size.begin(), digits[n & 15]);
    out += size + "\r\n";
    out += body;
    out += "\r\n";
  }
  out += "0\r\n";
  append_fields(out, trailers);
  out += "\r\n";
}

} // namespace detail

/// A request as octets. Content-Length is added when there is content, or when the method (POST, PUT, PATCH) calls for one,
/// and no framing field stands there yet. A Transfer-Encoding of chunked has the content written as one chunk.
inline std::string encode(request const& q) {
  std::string out = is_token(q.method) ? q.method : "GET";
  out += ' ';
  detail::append_target(out, q.target);
  out += " " + detail::version_or_default(q.version) + "\r\n";
  detail::append_fields(out, q.headers);
  bool const chunked = detail::is_chunked(q.headers);
  bool const calls_for_one = q.method == "POST" || q.method == "PUT" || q.method == "PATCH";
  if ((!q.body.empty() || calls_for_one) && !q.headers.has("content-length") && !q.headers.has("transfer-encoding"))
    out += "Content-Length: " + std::to_string(q.body.size()) + "\r\n";
  out += "\r\n";
  if (chunked)
    detail::append_chunked(out, q.body, {});
  else
    out += q.body;
  return out;
}

/// A response as octets, its interim responses in front. Content-Length is added when no framing field stands there yet and
/// the status allows content, be it empty: the connection can then go on. No content is written after 1xx, 204 and 304, nor
/// in answer to HEAD. A Transfer-Encoding of chunked has the content written as one chunk, with the trailers after it.
inline std::string encode(response const& r, std::string_view method_asked = {}) {
  std::string out;
  auto const head = [&out](std::string_view version, int status, std::string_view reason, fields const& headers) {
    auto code = std::to_string(status < 100 || status > 999 ? 500 : status);
    out += detail::version_or_default(version) + " " + code + " ";
    detail::append_in_line(out, reason);
    out += "\r\n";
    detail::append_fields(out, headers);
  };
  for (auto const& i : r.interim) {
    head(r.version, i.status, i.reason, i.headers);
    out += "\r\n";
  }
  head(r.version, r.status, r.reason, r.headers);
  bool const may_have_content = r.status >= 200 && r.status != 204 && r.status != 304;
  if (may_have_content && !r.headers.has("content-length") && !r.headers.has("transfer-encoding"))
    out += "Content-Length: " + std::to_string(r.body.size()) + "\r\n";
  out += "\r\n";
  if (!may_have_content || equal_ignoring_case(method_asked, "HEAD")) return out;
  if (detail::is_chunked(r.headers))
    detail::append_chunked(out, r.body, r.trailers);
  else
    out += r.body;
  return out;
}

} // namespace est::http
