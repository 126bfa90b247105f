#pragma once
/// /simpleenroll and /simplereenroll: a certification request goes up, the certificate comes down.
/// Source:  RFC 7030 section 4.2; RFC 8951 section 3

#include <est/message/certificates.hpp>
#include <est/message/operation.hpp>
#include <est/mime/body.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/csr.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace est {

/// What a client asks for in an enrolment, a re-enrolment or a key generation.
struct certification_request {
  pki::csr csr;
  friend bool operator==(certification_request const&, certification_request const&) = default;
};

/// The answer to an enrolment.
struct issued {
  pki::certificate certificate; ///< the one that was issued
  pki::certs_only bag;          ///< all that came; RFC 7030 section 4.2.3 wants that one alone
  friend bool operator==(issued const&, issued const&) = default;
};

/// The answer that holds one certificate and nothing else, as RFC 7030 section 4.2.3 has it.
inline result<issued> make_issued(pki::certificate certificate) {
  auto bag = pki::make_certs_only({certificate});
  if (!bag) return fail(bag.error());
  return issued{std::move(certificate), std::move(*bag)};
}

namespace detail {

inline constexpr std::string_view pkcs10_media_type = "application/pkcs10";

/// The request body that enrolment and key generation share (RFC 7030 section 4.4.1: the same format).
struct certification_request_body {
  static outgoing_content encode_request(certification_request const& question, body_options const& options) {
    return {std::string{pkcs10_media_type}, encode_base64(question.csr.der(), options.layout)};
  }

  /// Does NOT promise: that the signature of the CSR verifies; ask `csr.signature_verifies()`. A serverkeygen server has to
  /// ignore it.
  static result<certification_request> decode_request(http::request const& received, notes* out = nullptr) {
    auto const type = content_type_of(received.headers, out, "header", pkcs10_media_type);
    if (!type) return fail(type.error());
    if (!type->is(pkcs10_media_type)) return wrong_media_type(*type, pkcs10_media_type);
    remark_transfer_encoding(received.headers, out, "header");
    auto const der = mime::decode_body<bytes>(received.body, out, "body");
    if (!der) return fail(der.error());
    notes inner;
    auto csr = pki::parse_csr(*der, &inner);
    if (out) out->append(std::move(inner), "body");
    if (!csr) return fail_in("body", csr.error());
    return certification_request{std::move(*csr)};
  }
};

} // namespace detail

namespace op {

/// What simpleenroll and simplereenroll have in common: everything but the name.
struct enrolment : detail::certification_request_body {
  static constexpr std::string_view method = "POST";
  static constexpr std::string_view reply_media_type = detail::certs_only_media_type;
  static constexpr bool is_optional = false;

  using request = certification_request;
  using success = issued;
  using reply = std::variant<issued, pending>;

  static outgoing_content encode_success(success const& answer, body_options const& options) {
    return {std::string{detail::certs_only_media_type}, detail::encode_certs_only(answer.bag, options)};
  }

  static result<success> decode_success(incoming_content const& content, request const* asked, notes* out) {
    if (!detail::is_pkcs7_mime(content.media_type))
      return detail::wrong_media_type(content.media_type, reply_media_type);
    detail::remark_certs_only_type(content.media_type, true, out, "header.content-type");
    auto bag = detail::decode_certs_only(content.body, out, "body");
    if (!bag) return fail(bag.error());
    detail::remark_several(*bag, out, "body");
    auto certificate = asked != nullptr ? detail::certificate_for_key(*bag, asked->csr.public_key_info(), "body",
                                                                      "the public key of the certification request")
                                        : detail::certificate_without_key(*bag, "body");
    if (!certificate) return fail(certificate.error());
    return success{std::move(*certificate), std::move(*bag)};
  }
};

struct simple_enroll : enrolment {
  static constexpr std::string_view name = "simpleenroll";
};
static_assert(Operation<simple_enroll>);

struct simple_reenroll : enrolment {
  static constexpr std::string_view name = "simplereenroll";
};
static_assert(Operation<simple_reenroll>);

} // namespace op

} // namespace est
