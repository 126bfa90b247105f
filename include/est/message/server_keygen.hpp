#pragma once
/// /serverkeygen: a certification request goes up, a private key and its certificate come down; the key as it is, or
/// encrypted beyond TLS.
/// Source:  RFC 7030 section 4.4; RFC 8951 section 3.2.4

#include <est/core/bytes.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/message/certificates.hpp>
#include <est/message/enroll.hpp>
#include <est/message/operation.hpp>
#include <est/mime/body.hpp>
#include <est/mime/media_type.hpp>
#include <est/mime/multipart.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/key_envelope.hpp>
#include <est/pki/private_key.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est {

/// What a client asks for in a key generation.
struct key_order {
  pki::csr csr;
  /// Where the CSR asks for a key that is encrypted beyond TLS: what it is opened with, and the time and the randomness that
  /// opening takes. Nothing of it is sent. What it points to outlives the exchange.
  pki::key_opening const* opening = nullptr;
  pki::context const* with = nullptr;

  /// Whether the key is to come encrypted beyond TLS: the CSR names a key for that, or there is one to open it with.
  /// Source: RFC 7030 section 4.4.1
  bool wants_protection() const noexcept {
    return opening != nullptr || csr.find(pki::oids::decrypt_key_identifier) != nullptr ||
           csr.find(pki::oids::asymmetric_decrypt_key_identifier) != nullptr;
  }

  friend bool operator==(key_order const& a, key_order const& b) { return a.csr == b.csr; }
};

/// How a key came, or goes, encrypted beyond TLS.
struct key_protection {
  bytes envelope;                                        ///< the ContentInfo of the application/pkcs7-mime part
  std::optional<pki::certificate> signer = std::nullopt; ///< who signed the key package; none at a server
};

/// The answer to a key generation. Move-only, as the key is.
struct generated {
  pki::private_key key;
  pki::certs_only certificates;                            ///< all that came; RFC 7030 section 4.4.2 wants one alone
  pki::certificate certificate;                            ///< the one that belongs to the key
  std::optional<key_protection> protection = std::nullopt; ///< none where the key is sent as it is
};

/// The answer that holds a key, its certificate and nothing else.
/// In:     the envelope that holds that key (pki::make_key_envelope), if it is not to be sent as it is
/// Errors: key_mismatch where key and certificate do not belong together
inline result<generated> make_generated(pki::private_key key, pki::certificate certificate,
                                        std::optional<bytes> envelope = std::nullopt) {
  if (!key.belongs_to(certificate))
    return fail(errc::key_mismatch, "certificate", "the certificate does not hold the public half of the private key");
  auto bag = pki::make_certs_only({certificate});
  if (!bag) return fail(bag.error());
  generated made{std::move(key), std::move(*bag), std::move(certificate)};
  if (envelope) made.protection = key_protection{std::move(*envelope)};
  return made;
}

namespace op {

struct server_keygen : detail::certification_request_body {
  static constexpr std::string_view name = "serverkeygen", method = "POST";
  static constexpr std::string_view reply_media_type = "multipart/mixed";
  static constexpr std::string_view key_media_type = "application/pkcs8";
  static constexpr std::string_view encrypted_key_media_type =
      "application/pkcs7-mime; smime-type=server-generated-key";
  static constexpr std::string_view boundary = "estServerKeyGenerationBoundary";
  static constexpr bool is_optional = true;

  using request = key_order;
  using success = generated;
  using reply = std::variant<generated, pending>;

  static outgoing_content encode_request(request const& question, body_options const& options) {
    return certification_request_body::encode_request({question.csr}, options);
  }
  static result<request> decode_request(http::request const& received, notes* out = nullptr) {
    auto read = certification_request_body::decode_request(received, out);
    if (!read) return fail(std::move(read.error()));
    return request{std::move(read->csr)};
  }

  /// Promises: a key that is protected is sent in its envelope alone.
  /// Does NOT promise: that the text of the answer is wiped; without protection it holds the private key in base64.
  static outgoing_content encode_success(success const& answer, body_options const& options) {
    auto const part = [&](std::string_view type, std::string body) {
      mime::owned_part made;
      made.headers.add("Content-Type", std::string{type});
      if (options.content_transfer_encoding) made.headers.add("Content-Transfer-Encoding", "base64");
      made.body = std::move(body);
      return made;
    };
    const mime::owned_part parts[] = {
        answer.protection ? part(encrypted_key_media_type, encode_base64(answer.protection->envelope, options.layout))
                          : part(key_media_type, encode_base64(answer.key.encode().expose(), options.layout)),
        part(detail::certs_only_media_type, detail::encode_certs_only(answer.certificates, options))};
    // It cannot fail: no line of base64 begins with two hyphens.
    auto body = mime::encode_multipart(parts, boundary);
    return {"multipart/mixed; boundary=" + std::string{boundary}, body ? std::move(*body) : std::string{}, false};
  }

  /// Reads both parts, in either order.
  /// Notes:   of each part its Content-Transfer-Encoding, x-pkcs7-mime, a smime-type that is missing or another; the
  ///          certificate part first; parts that are neither; more certificates than one; those of open_key_envelope
  /// Errors:  wrong_media_type, what the multipart parser finds, missing_part, what the decoders of key and certificates
  ///          find; key_mismatch where no certificate belongs to the key; for a key that is encrypted beyond TLS no_recipient
  ///          where the order has nothing to open it with, else those of open_key_envelope; key_not_encrypted where a key
  ///          comes as it is and the order wants it protected
  static result<success> decode_success(incoming_content const& content, request const* asked, notes* out) {
    if (!content.media_type.is(reply_media_type)) return detail::wrong_media_type(content.media_type, reply_media_type);
    auto const delimiter = content.media_type.find("boundary");
    if (!delimiter)
      return fail(errc::malformed_media_type, "header.content-type", "multipart/mixed without a boundary parameter");
    notes inner;
    auto const body = mime::parse_multipart(content.body, *delimiter, &inner);
    if (out) out->append(std::move(inner), "body");
    if (!body) return fail_in("body", body.error());

    auto const roles = assign_parts(*body, out);
    if (!roles) return fail(roles.error());
    bool const may_open = asked != nullptr && asked->opening != nullptr && asked->with != nullptr;
    if (roles->encrypted_key && roles->key)
      return fail(errc::malformed_multipart, "body", "two parts hold a private key: which one counts is uncertain");
    if (roles->encrypted_key && !may_open)
      return fail(errc::no_recipient, name_of(*roles->encrypted_key),
                  "the private key is encrypted beyond TLS, and there is no key at hand to open it with");
    if (!roles->encrypted_key && !roles->key)
      return fail(errc::missing_part, "body", "no part is application/pkcs8: the private key is missing");
    if (!roles->encrypted_key && asked != nullptr && asked->wants_protection())
      return fail(errc::key_not_encrypted, name_of(*roles->key),
                  "the private key came without the encryption beyond TLS that was asked for");
    if (!roles->certificates)
      return fail(errc::missing_part, "body", "no part is application/pkcs7-mime: the certificate is missing");

    std::optional<key_protection> protection;
    auto key = roles->encrypted_key ? open_key(body->parts[*roles->encrypted_key].body, *asked, protection, out,
                                               name_of(*roles->encrypted_key))
                                    : decode_key(body->parts[*roles->key].body, out, name_of(*roles->key));
    if (!key) return fail(key.error());
    auto const where = name_of(*roles->certificates);
    auto bag = detail::decode_certs_only(body->parts[*roles->certificates].body, out, where);
    if (!bag) return fail(bag.error());
    detail::remark_several(*bag, out, where);
    auto certificate =
        detail::certificate_for_key(*bag, key->public_key_info(), where, "the public half of the private key");
    if (!certificate) return fail(certificate.error());
    return success{std::move(*key), std::move(*bag), std::move(*certificate), std::move(protection)};
  }

private:
  /// Which part is what, by media type.
  struct part_roles {
    std::optional<std::size_t> key, encrypted_key, certificates;
  };

  static std::string name_of(std::size_t part) { return "body.part[" + std::to_string(part) + "]"; }

  static result<part_roles> assign_parts(mime::multipart const& body, notes* out) {
    part_roles roles;
    for (std::size_t i = 0; i < body.parts.size(); ++i) {
      auto const& headers = body.parts[i].headers;
      auto const where = name_of(i);
      auto const type = detail::content_type_of(headers, out, where, "a media type");
      std::optional<std::size_t>* role = nullptr;
      if (type && type->is(key_media_type)) {
        role = &roles.key;
      } else if (type && detail::is_pkcs7_mime(*type)) {
        auto const smime_type = type->find("smime-type");
        bool const is_key = smime_type && http::equal_ignoring_case(*smime_type, "server-generated-key");
        role = is_key ? &roles.encrypted_key : &roles.certificates;
        if (!is_key) detail::remark_certs_only_type(*type, true, out, where);
      }
      if (role == nullptr) {
        remark(out, note_code::unknown_part, where, std::nullopt,
               type ? readable_text(type->essence(), 128) : std::string{"no readable Content-Type"});
        continue;
      }
      if (*role)
        return fail(errc::malformed_multipart, where,
                    "a second part with the role of part " + std::to_string(**role) +
                        ": which one counts is uncertain");
      *role = i;
      detail::remark_transfer_encoding(headers, out, where);
    }
    auto const key = roles.key ? roles.key : roles.encrypted_key;
    if (roles.certificates && key && *roles.certificates < *key) remark(out, note_code::certificate_part_first, "body");
    return roles;
  }

  static result<pki::private_key> open_key(std::string_view text, request const& asked,
                                           std::optional<key_protection>& protection, notes* out,
                                           std::string const& where) {
    auto ber = mime::decode_body<bytes>(text, out, where);
    if (!ber) return fail(ber.error());
    notes inner;
    auto opened = pki::open_key_envelope(*ber, *asked.opening, *asked.with, &inner);
    if (out) out->append(std::move(inner), where);
    if (!opened) return fail_in(where, opened.error());
    protection = key_protection{std::move(*ber), std::move(opened->signer)};
    return std::move(opened->key);
  }

  static result<pki::private_key> decode_key(std::string_view text, notes* out, std::string const& where) {
    auto const der = mime::decode_body<secret_bytes>(text, out, where);
    if (!der) return fail(der.error());
    notes inner;
    auto key = pki::parse_private_key(der->expose(), &inner);
    if (out) out->append(std::move(inner), where);
    if (!key) return fail_in(where, key.error());
    return key;
  }
};
static_assert(Operation<server_keygen>);

} // namespace op

} // namespace est
