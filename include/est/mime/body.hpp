#pragma once
/// Bodies as EST has them: bare base64 of DER. Tells what a body is when it is not that.

#include <est/core/base64.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace est::mime {

/// What a body looks like, judged by its octets alone.
enum class body_form : std::uint8_t {
  empty,  ///< nothing but white space
  base64, ///< base64 characters, padding and white space; NUL octets may follow
  pem,    ///< begins with `-----BEGIN`
  der,    ///< a SEQUENCE in binary
  json,   ///< begins with a brace or bracket
  html,   ///< begins with `<`: HTML or XML
  text,   ///< none of these
};

constexpr std::string_view name(body_form form) noexcept {
  switch (form) {
  case body_form::empty: return "empty";
  case body_form::base64: return "base64";
  case body_form::pem: return "PEM";
  case body_form::der: return "binary DER";
  case body_form::json: return "JSON";
  case body_form::html: return "HTML or XML";
  case body_form::text: return "other text";
  }
  return "other text";
}

namespace detail {

constexpr std::string_view without_trailing_nuls(std::string_view text) noexcept {
  auto const last = text.find_last_not_of('\0');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// `CERTIFICATE REQUEST` of a PEM text that begins with its BEGIN line; empty if the label is none.
inline std::string pem_label(std::string_view text) {
  std::string label;
  for (char const c : text.substr(11, 40)) {
    if (c == '-') return label;
    if (!(c == ' ' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) break;
    label.push_back(c);
  }
  return {};
}

} // namespace detail

/// Says what a body looks like.
/// Promises: linear; never fails.
inline body_form classify_body(std::string_view body) {
  auto const text = detail::without_trailing_nuls(body);
  auto const first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return body_form::empty;
  auto const start = text.substr(first);
  bool base64 = true, binary = false;
  for (char const c : body) {
    auto const octet = static_cast<std::uint8_t>(c);
    if (octet >= 0x7f || (octet < 0x20 && c != '\t' && c != '\r' && c != '\n')) binary = true;
  }
  for (char const c : text)
    if (est::detail::base64_values[static_cast<std::uint8_t>(c)] == est::detail::base64_foreign) base64 = false;
  if (base64) return body_form::base64;
  if (start.substr(0, 11) == "-----BEGIN ") return body_form::pem;
  if (binary && body[0] == 0x30) return body_form::der;
  if (start[0] == '<') return body_form::html;
  if (start[0] == '{' || start[0] == '[') return body_form::json;
  return body_form::text;
}

/// Decodes a base64 body.
/// Source:  RFC 8951 section 3 (the body is base64, RFC 4648 section 4, and no header field changes that) and section 3.1
///          (white space is tolerated)
/// In:      the content of an HTTP message or of a multipart part      Out: octets, in `bytes` or in `secret_bytes`
/// Notes:   trailing_nul (libest ends its csrattrs in one), and the layout of the lines
/// Errors:  wrong_body_form when the body is empty, PEM, binary DER, JSON or HTML: the detail says which;
///          malformed_base64 with the offset of the first octet at fault
/// Promises: linear; quotes nothing of the body but a PEM label, and one octet that is not base64 (none for secret_bytes).
template <class Octets = bytes>
result<Octets> decode_body(std::string_view body, notes* out = nullptr, std::string_view where = "body") {
  auto const wrong = [&](std::string why) { return fail(errc::wrong_body_form, std::string{where}, std::move(why)); };
  switch (classify_body(body)) {
  case body_form::empty: return wrong("the body is empty, not base64");
  case body_form::pem: {
    auto const label = detail::pem_label(body.substr(body.find_first_not_of(" \t\r\n")));
    return wrong("the body is PEM" + (label.empty() ? std::string{} : " (" + label + ")") + ", not bare base64");
  }
  case body_form::der: return wrong("the body is binary DER, not base64");
  case body_form::json: return wrong("the body is JSON, not base64");
  case body_form::html: return wrong("the body is HTML or XML, not base64");
  case body_form::base64:
  case body_form::text: break;
  }
  auto const text = detail::without_trailing_nuls(body);
  auto decoded = decode_base64<Octets>(text);
  if (!decoded) {
    auto trouble = decoded.error();
    trouble.where = std::string{where};
    if constexpr (std::is_same_v<Octets, secret_bytes>) trouble.detail = "the text is not base64";
    return fail(std::move(trouble));
  }
  if (text.size() != body.size())
    remark(out, note_code::trailing_nul, std::string{where}, text.size(),
           std::to_string(body.size() - text.size()) + (body.size() - text.size() == 1 ? " octet" : " octets"));
  remark_layout(text, out, where);
  return decoded;
}

} // namespace est::mime
