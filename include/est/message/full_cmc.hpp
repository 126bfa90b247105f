#pragma once
/// /fullcmc: a signed PKIData goes up, a PKIResponse comes down. The messages, how they are made and read; what a client
/// makes of an answer is in `client/full_cmc.hpp`, what a server makes of a request in `server/full_cmc.hpp`.
/// Source:  RFC 7030 section 4.3; RFC 5272 and 6402, and RFC 5273 for the media types

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/message/certificates.hpp>
#include <est/message/operation.hpp>
#include <est/mime/body.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/cmc_controls.hpp>
#include <est/pki/cmc_data.hpp>
#include <est/pki/cmc_proof.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/signed_data.hpp>
#include <est/pki/signer.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est {

/// A Full PKI Request.
/// Promises: what was in the message. Nothing is verified by having one.
struct full_cmc_request {
  bytes content_info;       ///< the whole message, as it came or goes
  pki::signed_data message; ///< the SignedData in it
  pki::pki_data data;       ///< its content

  friend bool operator==(full_cmc_request const& a, full_cmc_request const& b) {
    return a.content_info == b.content_info;
  }
};

/// An answer to a Full PKI Request: Full or Simple, good or bad.
/// Promises: what was in the message. Nothing is verified by having one; `judge_full_cmc` does that.
struct full_cmc_response {
  int http_status = 200;                      ///< of the answer that it came with or goes with
  bytes content_info;                         ///< the whole message, as it came or goes
  pki::signed_data message;                   ///< the SignedData in it
  std::optional<pki::pki_response> content;   ///< none for a Simple PKI Response
  std::vector<pki::cmc_status_info> statuses; ///< of both versions, in the order in which they stand

  bool simple() const noexcept { return !content.has_value(); }

  friend bool operator==(full_cmc_response const& a, full_cmc_response const& b) {
    return a.http_status == b.http_status && a.content_info == b.content_info;
  }
};

/// Reads a Full PKI Request.
/// Source:  RFC 5272 section 3.2
/// In:      a ContentInfo, BER
/// Notes:   those of parse_signed_data and of parse_pki_data; cmc_unknown_control
/// Errors:  malformed_cms, also for SignedData around something other than PKIData; truncated, malformed_ber, too_deep,
///          too_large
/// Does NOT promise: that a signature verifies. AuthenticatedData, which RFC 5272 allows as well, is not read.
inline result<full_cmc_request> parse_full_cmc_request(byte_view ber, notes* out = nullptr) {
  auto message = pki::parse_signed_data(ber, out);
  if (!message) return fail(message.error());
  if (!(message->content_type == pki::oids::cct_pki_data))
    return fail(errc::malformed_cms, "signed-data",
                "the content type is " + message->content_type.to_string() + ", not id-cct-PKIData");
  if (!message->content) return fail(errc::malformed_cms, "signed-data", "there is no PKIData in it");
  auto data = pki::parse_pki_data(*message->content, out);
  if (!data) return fail(data.error());
  pki::remark_unknown_controls(data->controls, out, "pki-data");
  return full_cmc_request{to_bytes(ber), std::move(*message), std::move(*data)};
}

/// Reads an answer, Full or Simple.
/// Source:  RFC 5272 sections 4.1 and 4.2
/// In:      a ContentInfo, BER; the HTTP status that it came with
/// Notes:   those of parse_signed_data, parse_pki_response and read_cmc_statuses; cmc_unknown_control;
///          cmc_status_contradicts_http
/// Errors:  malformed_cms, also for SignedData around something else; truncated, malformed_ber, too_deep, too_large
inline result<full_cmc_response> parse_full_cmc_response(byte_view ber, int http_status, notes* out = nullptr) {
  auto message = pki::parse_signed_data(ber, out);
  if (!message) return fail(message.error());
  full_cmc_response made;
  made.http_status = http_status;
  made.content_info = to_bytes(ber);
  if (message->content_type == pki::oids::cct_pki_response && message->content) {
    auto content = pki::parse_pki_response(*message->content, out);
    if (!content) return fail(content.error());
    auto statuses = pki::read_cmc_statuses(content->controls, out);
    if (!statuses) return fail(statuses.error());
    pki::remark_unknown_controls(content->controls, out, "pki-response");
    made.content = std::move(*content);
    made.statuses = std::move(*statuses);
  } else if (message->content && !message->content->empty()) {
    return fail(errc::malformed_cms, "signed-data",
                "the content type is " + message->content_type.to_string() + ", not id-cct-PKIResponse");
  }
  made.message = std::move(*message);
  for (auto const& status : made.statuses) {
    bool const refused = status.status == pki::cmc_status::failed || status.status == pki::cmc_status::no_support;
    bool const granted = status.status == pki::cmc_status::success || status.status == pki::cmc_status::pending;
    if (refused ? http_status < 300 : granted && http_status >= 400 && made.statuses.size() == 1)
      remark(out, note_code::cmc_status_contradicts_http, "header", std::nullopt,
             std::to_string(http_status) + " and " + pki::code_text(status.status));
  }
  return made;
}

/// What a Full PKI Request shall say.
struct full_cmc_order {
  std::optional<pki::csr> csr = std::nullopt;

  /// The text of the identification control, and the secret of the identity proof (version 2).
  std::optional<std::string> identification = std::nullopt;
  std::optional<secret_bytes> shared_secret = std::nullopt;
  /// The popLinkRandom control: the octets that the CSR's POP link witness was made over.
  std::optional<bytes> pop_link_random = std::nullopt;

  /// The token of an earlier answer that was pending: asks what became of that request. Then there is no CSR.
  std::optional<bytes> query_pending = std::nullopt;
  /// A certificate that is accepted. Then there is no CSR.
  std::optional<pki::certificate> confirm = std::nullopt;

  /// The transaction identifier, the content of a positive INTEGER; a random one where there is none.
  std::optional<bytes> transaction_id = std::nullopt;
  /// Further controls, with identifiers from 100 upwards that differ.
  std::vector<pki::cmc_control> controls = {};
};

namespace detail {

/// The subjectKeyIdentifier that a CSR asks for; none where it does not, or where it cannot be read.
inline std::optional<bytes> requested_key_identifier(pki::csr const& csr) {
  auto const extensions = csr.requested_extensions();
  auto const* found = pki::find_extension(extensions, pki::oids::subject_key_identifier);
  if (found == nullptr) return std::nullopt;
  auto const value = pki::read_tlv(found->value);
  if (!value || !value->is(pki::tag::octet_string)) return std::nullopt;
  return to_bytes(value->content);
}

inline constexpr pki::body_part_id first_own_control = 1, own_request = 50, first_other_control = 100;

inline result<pki::pki_data> make_pki_data(full_cmc_order const& order, pki::context const& with) {
  auto const invalid = [](std::string why) { return fail(errc::invalid_argument, "full-cmc", std::move(why)); };
  int const wishes = int{order.csr.has_value()} + int{order.query_pending.has_value()} + int{order.confirm.has_value()};
  if (wishes > 1 || (wishes == 0 && order.controls.empty()))
    return invalid(
        "a request asks for one thing: a CSR, a pending answer, the confirmation of a certificate, or controls");
  pki::pki_data data;
  auto next = first_own_control;
  auto const add = [&](pki::object_id const& type, bytes value) {
    data.controls.push_back(pki::make_cmc_control(next++, type, std::move(value)));
  };
  if (order.csr) data.requests.push_back({pki::cmc_request::form::pkcs10, own_request, order.csr->der(), {}});

  auto transaction = order.transaction_id ? result<bytes>{*order.transaction_id} : pki::make_cmc_nonce(with);
  if (!transaction) return fail(transaction.error());
  auto const nonce = pki::make_cmc_nonce(with);
  if (!nonce) return fail(nonce.error());
  add(pki::oids::cmc_transaction_id, pki::der::integer(byte_view{*transaction}));
  add(pki::oids::cmc_sender_nonce, pki::der::octet_string(*nonce));
  if (order.identification)
    add(pki::oids::cmc_identification, pki::der::text(pki::tag::utf8_string, *order.identification));
  if (order.shared_secret) {
    auto proof = pki::make_identity_proof(next++, *order.shared_secret, order.identification, data.requests);
    if (!proof) return fail(proof.error());
    data.controls.push_back(std::move(*proof));
  }
  if (order.pop_link_random) add(pki::oids::cmc_pop_link_random, pki::der::octet_string(*order.pop_link_random));
  if (order.query_pending) add(pki::oids::cmc_query_pending, pki::der::octet_string(*order.query_pending));
  if (order.confirm) data.controls.push_back(pki::make_confirm_acceptance(next++, *order.confirm));
  for (auto const& control : order.controls) {
    if (control.id < first_other_control) return invalid("further controls have identifiers from 100 upwards");
    for (auto const& value : control.values)
      if (!pki::check_der(value)) return invalid("a value of control " + control.type.to_string() + " is no DER");
    data.controls.push_back(control);
  }
  return data;
}

inline result<full_cmc_request> read_own_request(result<bytes> const& made) {
  if (!made) return fail(made.error());
  auto request = parse_full_cmc_request(*made);
  if (!request)
    return fail(errc::internal, "full-cmc", "the request that was made cannot be read: " + to_text(request.error()));
  return request;
}

} // namespace detail

/// Makes a Full PKI Request, signed by a key that has a certificate.
/// Source:   RFC 5272 section 3.2; RFC 6402 section 2.4: the CSR has the names of that certificate
/// In:       the order; the key and its certificate; certificates that lead from it to what the server trusts
/// Errors:   invalid_argument, key_mismatch, unsupported_algorithm, internal
/// Promises: a transaction identifier and a sender nonce of 16 random octets each
inline result<full_cmc_request> make_full_cmc_request(full_cmc_order const& order, pki::signing_key const& key,
                                                      pki::certificate const& signer,
                                                      std::span<const pki::certificate> chain,
                                                      pki::context const& with) {
  auto const data = detail::make_pki_data(order, with);
  if (!data) return fail(data.error());
  return detail::read_own_request(
      pki::make_signed_data(pki::oids::cct_pki_data, pki::encode(*data), key, signer, chain, with));
}

/// Makes a Full PKI Request, signed by the key that a certificate is asked for.
/// Source:   RFC 5272 section 3.2: the CSR "MUST include a Subject Key Identifier extension", and it names the signer
/// In:       the order; the key of its CSR, or for a pending answer that of the CSR which it is about
/// Errors:   invalid_argument (a CSR without that extension: with_key_identifier adds it), key_mismatch, and as above
inline result<full_cmc_request> make_full_cmc_request(full_cmc_order const& order, pki::signing_key const& key,
                                                      pki::context const& with) {
  auto identifier = pki::key_identifier(key.public_key_info());
  if (order.csr) {
    if (!pki::private_key::same_public_key(order.csr->public_key_info(), key.public_key_info()))
      return fail(errc::key_mismatch, "full-cmc", "the key that signs is not that of the CSR");
    auto const requested = detail::requested_key_identifier(*order.csr);
    if (!requested)
      return fail(errc::invalid_argument, "full-cmc",
                  "a CSR whose own key signs the request asks for a subjectKeyIdentifier (RFC 5272 section 3.2)");
    identifier = *requested;
  }
  auto const data = detail::make_pki_data(order, with);
  if (!data) return fail(data.error());
  return detail::read_own_request(pki::make_signed_data(pki::oids::cct_pki_data, pki::encode(*data), key,
                                                        pki::by_key_identifier(identifier), {}, with));
}

/// The order for a CSR, with a subjectKeyIdentifier among the extensions that it asks for.
/// Source: RFC 5272 section 3.2; RFC 5280 section 4.2.1.2, method 1
/// In:     an order whose extensionRequest, if it has one, is as `extension_request` makes it
inline pki::csr_order with_key_identifier(pki::csr_order order, pki::signing_key const& key) {
  auto const identifier = pki::make_subject_key_identifier(key.public_key_info());
  for (auto& attribute : order.attributes) {
    if (!(attribute.oid == pki::oids::extension_request) || attribute.values.size() != 1) continue;
    pki::tlv_state state{errc::malformed_csr, "extensionRequest"};
    pki::tlv_reader outer{attribute.values.front(), state};
    auto list = pki::detail::read_extensions(outer, state);
    if (pki::find_extension(list, pki::oids::subject_key_identifier) == nullptr) list.push_back(identifier);
    if (state.ok()) attribute = pki::extension_request(list);
    return order;
  }
  order.attributes.push_back(pki::extension_request({identifier}));
  return order;
}

namespace op {

struct full_cmc {
  static constexpr std::string_view name = "fullcmc", method = "POST";
  static constexpr std::string_view request_media_type = "application/pkcs7-mime; smime-type=CMC-request";
  static constexpr std::string_view reply_media_type = "application/pkcs7-mime; smime-type=CMC-response";
  static constexpr bool is_optional = true;

  using request = full_cmc_request;
  using success = full_cmc_response; ///< a refusal too, with its HTTP status
  using reply = std::variant<full_cmc_response, pending>;

  static outgoing_content encode_request(request const& question, body_options const& options) {
    return {std::string{request_media_type}, encode_base64(question.content_info, options.layout)};
  }

  /// The octets of a request's body, before anything is made of them.
  /// Notes:  x_pkcs7_mime, smime_type_missing, smime_type_other (RFC 5273 and its successor differ in the case of
  ///         CMC-request, which does not count); those of the body
  /// Errors: wrong_media_type, and what decode_body finds
  static result<bytes> decode_request_body(http::request const& received, notes* out = nullptr) {
    auto const type = detail::content_type_of(received.headers, out, "header", request_media_type);
    if (!type) return fail(type.error());
    if (!detail::is_pkcs7_mime(*type)) return detail::wrong_media_type(*type, request_media_type);
    remark_type(*type, "CMC-request", out);
    detail::remark_transfer_encoding(received.headers, out, "header");
    return mime::decode_body<bytes>(received.body, out, "body");
  }

  static result<request> decode_request(http::request const& received, notes* out = nullptr) {
    auto const octets = decode_request_body(received, out);
    if (!octets) return fail(octets.error());
    notes inner;
    auto parsed = parse_full_cmc_request(*octets, &inner);
    if (out) out->append(std::move(inner), "body");
    if (!parsed) return fail_in("body", parsed.error());
    return parsed;
  }

  static outgoing_content encode_success(success const& answer, body_options const& options) {
    return {std::string{answer.simple() ? detail::certs_only_media_type : reply_media_type},
            encode_base64(answer.content_info, options.layout)};
  }

  static result<success> decode_success(incoming_content const& content, request const*, notes* out) {
    return decode_answer(content, 200, out);
  }

  /// RFC 7030 section 4.3.2: a CMC error response comes as application/pkcs7-mime under a 4xx or 5xx status.
  static result<success> decode_refusal(incoming_content const& content, int http_status, notes* out) {
    return decode_answer(content, http_status, out);
  }

private:
  static result<success> decode_answer(incoming_content const& content, int http_status, notes* out) {
    if (!detail::is_pkcs7_mime(content.media_type))
      return detail::wrong_media_type(content.media_type, reply_media_type);
    auto const ber = mime::decode_body<bytes>(content.body, out, "body");
    if (!ber) return fail(ber.error());
    notes inner;
    auto parsed = parse_full_cmc_response(*ber, http_status, &inner);
    if (out) out->append(std::move(inner), "body");
    if (!parsed) return fail_in("body", parsed.error());
    remark_type(content.media_type, parsed->simple() ? "certs-only" : "CMC-response", out);
    return parsed;
  }

  static void remark_type(mime::media_type const& type, std::string_view smime_type, notes* out) {
    static constexpr auto where = "header.content-type";
    if (type.is("application/x-pkcs7-mime")) remark(out, note_code::x_pkcs7_mime, where);
    auto const came = type.find("smime-type");
    if (!came)
      remark(out, note_code::smime_type_missing, where);
    else if (!http::equal_ignoring_case(*came, smime_type))
      remark(out, note_code::smime_type_other, where, std::nullopt, readable_text(*came, 64));
  }
};
static_assert(Operation<full_cmc>);

} // namespace op

} // namespace est
