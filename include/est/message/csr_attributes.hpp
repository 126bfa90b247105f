#pragma once
/// /csrattrs: what the server wants in a CSR. What it wants is read by `pki/csr_attributes.hpp` and followed by
/// `pki/csr_plan.hpp`; here is the exchange, in which saying nothing has five forms.
/// Source:  RFC 7030 section 4.5; RFC 8951 section 4; RFC 9908

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/message.hpp>
#include <est/message/operation.hpp>
#include <est/mime/body.hpp>
#include <est/pki/csr_attributes.hpp>
#include <est/pki/pem.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace est::op {

struct csr_attributes {
  static constexpr std::string_view name = "csrattrs", method = "GET";
  static constexpr std::string_view reply_media_type = "application/csrattrs";
  static constexpr bool is_optional = true;

  struct request {
    friend bool operator==(request const&, request const&) = default;
  };

  /// The attributes. 204, 404 and 501 mean the same as 200 with an empty list: nothing is asked for. `http_status` tells
  /// them apart for whoever wants to know.
  struct success {
    int http_status = 200; ///< 200, 204, 404 or 501
    pki::csr_attributes attributes;

    /// Nothing is asked for, in whatever form.
    bool none() const noexcept { return attributes.empty(); }
    friend bool operator==(success const&, success const&) = default;
  };
  using reply = success;

  static outgoing_content encode_request(request const&, body_options const&) { return {}; }
  static result<request> decode_request(http::request const&, notes* = nullptr) { return request{}; }

  /// RFC 8951 section 4: DER in base64 under application/csrattrs; no content with 204.
  static outgoing_content encode_success(success const& answer, body_options const& options) {
    if (answer.http_status == 200)
      return {std::string{reply_media_type}, encode_base64(answer.attributes.der(), options.layout)};
    if (answer.http_status == 204) return {};
    return {"text/plain", "There are no CSR attributes here.\n", false};
  }

  /// The answers that say that there is nothing to say: "An HTTP response code of 204 or 404 indicates that a CSR Attributes
  /// Response is not available" (RFC 8951 section 4); 501 is what RFC 7030 section 4.3.2 has for services that are not
  /// implemented; a 200 without content breaks section 4.5.2 and can mean nothing else.
  /// Notes:  csrattrs_no_content
  static std::optional<success> decode_absence(http::response const& answer, notes* out) {
    switch (answer.status) {
    case 204:
    case 404:
    case 501: return success{answer.status, {}};
    case 200:
      if (mime::classify_body(answer.body) != mime::body_form::empty) return std::nullopt;
      remark(out, note_code::csrattrs_no_content, "body", std::nullopt,
             std::to_string(answer.body.size()) + (answer.body.size() == 1 ? " octet" : " octets"));
      return success{200, {}};
    default: return std::nullopt;
    }
  }

  /// Notes:   csrattrs_media_type for application/csrattr, a slip that stands in RFC 7030 section 4.5.2 itself and in RFC
  ///          8951; csrattrs_pem, csrattrs_binary; trailing_nul and the layout of the lines; those of parse_csr_attributes
  /// Errors:  wrong_media_type; wrong_body_form, malformed_base64; those of parse_csr_attributes
  static result<success> decode_success(incoming_content const& content, request const*, notes* out) {
    if (content.media_type.is("application/csrattr"))
      remark(out, note_code::csrattrs_media_type, "header.content-type");
    else if (!content.media_type.is(reply_media_type))
      return detail::wrong_media_type(content.media_type, reply_media_type);
    auto octets = decode_body(content.body, out);
    if (!octets) return fail(octets.error());
    notes inner;
    auto read = pki::parse_csr_attributes(*octets, &inner);
    if (out) out->append(std::move(inner), "body");
    if (!read) return fail_in("body", read.error());
    return success{200, std::move(*read)};
  }

private:
  static result<bytes> decode_body(std::string_view body, notes* out) {
    switch (mime::classify_body(body)) {
    case mime::body_form::pem: {
      auto const block = pki::next_pem_block(body);
      if (!block) return fail(errc::wrong_body_form, "body", "a PEM block begins and does not end");
      auto octets = decode_base64(block->base64);
      if (!octets) return fail_in("body.pem", octets.error());
      remark(out, note_code::csrattrs_pem, "body", std::nullopt, readable_text(block->label, 64));
      return octets;
    }
    case mime::body_form::der: remark(out, note_code::csrattrs_binary, "body"); return to_bytes(body);
    default: return mime::decode_body<bytes>(body, out, "body");
    }
  }
};
static_assert(Operation<csr_attributes>);

} // namespace est::op
