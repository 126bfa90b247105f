#pragma once
/// PEM: blocks of base64 between two lines. Text around blocks and between them is skipped, as tools write it.

#include <est/core/base64.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/certificate.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// One block: views into the text that it was found in.
struct pem_block {
  std::string_view label;                                            ///< `CERTIFICATE`
  std::vector<std::pair<std::string_view, std::string_view>> fields; ///< RFC 1421 header fields: `DEK-Info`
  std::string_view base64;
  std::size_t end = 0; ///< where the text goes on behind the block
};

/// Finds the next block at or behind a place.
/// Source: RFC 7468 section 2; the header fields are those of RFC 1421 section 4.6, which old tools still write
/// Out:    none where no block begins any more; a block that does not end is none
inline std::optional<pem_block> next_pem_block(std::string_view text, std::size_t from = 0) {
  static constexpr std::string_view begin = "-----BEGIN ", dashes = "-----";
  for (auto at = text.find(begin, from); at != std::string_view::npos; at = text.find(begin, at + 1)) {
    auto const label_at = at + begin.size();
    auto const label_end = text.find(dashes, label_at);
    if (label_end == std::string_view::npos) return std::nullopt;
    pem_block block;
    block.label = text.substr(label_at, label_end - label_at);
    if (block.label.empty() || block.label.size() > 64 || block.label.find('\n') != std::string_view::npos) continue;
    auto const body_at = label_end + dashes.size();
    auto const closing = "-----END " + std::string{block.label} + "-----";
    auto const body_end = text.find(closing, body_at);
    if (body_end == std::string_view::npos) continue;
    block.end = body_end + closing.size();
    auto body = text.substr(body_at, body_end - body_at);
    while (!body.empty() && (body.front() == '\r' || body.front() == '\n')) body.remove_prefix(1);
    // A line with a colon is a header field: base64 has no colon.
    for (auto line_end = body.find('\n'); line_end != std::string_view::npos; line_end = body.find('\n')) {
      auto line = body.substr(0, line_end);
      auto const colon = line.find(':');
      if (colon == std::string_view::npos) break;
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      auto value = line.substr(colon + 1);
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      block.fields.emplace_back(line.substr(0, colon), value);
      body.remove_prefix(line_end + 1);
    }
    block.base64 = body;
    return block;
  }
  return std::nullopt;
}

/// A block around octets, in lines of 64.
/// Source: RFC 7468 sections 2 and 3
inline std::string encode_pem(std::string_view label, byte_view octets) {
  return "-----BEGIN " + std::string{label} + "-----\n" + encode_base64(octets) + "-----END " + std::string{label} +
         "-----\n";
}

/// Reads every CERTIFICATE block, in order; the old label X509 CERTIFICATE is known too.
/// Errors: no_certificate where there is none; malformed_base64 and those of parse_certificate for one that cannot be read
inline result<std::vector<certificate>> parse_certificates_pem(std::string_view text, notes* out = nullptr) {
  std::vector<certificate> list;
  std::size_t at = 0;
  while (auto const block = next_pem_block(text, at)) {
    at = block->end;
    if (block->label != "CERTIFICATE" && block->label != "X509 CERTIFICATE") continue;
    auto const where = "pem[" + std::to_string(list.size()) + "]";
    auto const der = decode_base64(block->base64);
    if (!der) return fail_in(where, der.error());
    auto one = parse_certificate(*der, out);
    if (!one) return fail_in(where, one.error());
    list.push_back(std::move(*one));
  }
  if (list.empty()) return fail(errc::no_certificate, "pem", "the text holds no CERTIFICATE block");
  return list;
}

inline std::string encode_pem(certificate const& c) { return encode_pem("CERTIFICATE", c.der()); }

} // namespace est::pki
