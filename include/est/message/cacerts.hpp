#pragma once
/// /cacerts: the certificates of the CA.
/// Source:  RFC 7030 section 4.1; RFC 8951 section 3.2.1

#include <est/message/certificates.hpp>
#include <est/message/operation.hpp>
#include <est/pki/certs_only.hpp>

#include <string_view>
#include <utility>

namespace est::op {

struct cacerts {
  static constexpr std::string_view name = "cacerts", method = "GET";
  static constexpr std::string_view reply_media_type = "application/pkcs7-mime";
  static constexpr bool is_optional = false;

  struct request {
    friend bool operator==(request const&, request const&) = default;
  };

  /// The bag, in the order of the wire, which means nothing.
  /// Does NOT promise: that any certificate in it is to be trusted; see client/trust.
  struct success {
    pki::certs_only certificates;
    friend bool operator==(success const&, success const&) = default;
  };
  using reply = success;

  static outgoing_content encode_request(request const&, body_options const&) { return {}; }
  static result<request> decode_request(http::request const&, notes* = nullptr) { return request{}; }

  static outgoing_content encode_success(success const& answer, body_options const& options) {
    return {std::string{detail::certs_only_media_type}, detail::encode_certs_only(answer.certificates, options)};
  }

  static result<success> decode_success(incoming_content const& content, request const*, notes* out) {
    if (!detail::is_pkcs7_mime(content.media_type))
      return detail::wrong_media_type(content.media_type, reply_media_type);
    detail::remark_certs_only_type(content.media_type, false, out, "header.content-type");
    auto bag = detail::decode_certs_only(content.body, out, "body");
    if (!bag) return fail(bag.error());
    return success{std::move(*bag)};
  }
};
static_assert(Operation<cacerts>);

} // namespace est::op
