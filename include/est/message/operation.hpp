#pragma once
/// One path for every EST operation. An operation is a struct that says its name, method and types and how its bodies are
/// written and read; everything else (targets, header fields, status codes, media types, notes) is done here, once.
///
///   client:  request --to_http--> http::request ... http::response --parse_reply--> reply
///   server:  http::request --parse_request--> request ... reply --to_http_reply--> http::response

#include <est/core/base64.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/auth.hpp>
#include <est/http/message.hpp>
#include <est/http/status.hpp>
#include <est/message/endpoint.hpp>
#include <est/message/pending.hpp>
#include <est/mime/body.hpp>
#include <est/mime/media_type.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace est {

/// How a body is written. The default is what every known peer reads: lines of 64, LF, a final line end, and a
/// Content-Transfer-Encoding, which RFC 8951 section 3 tells receivers to ignore and some demand.
struct body_options {
  base64_layout layout = {};
  bool content_transfer_encoding = true;
};

/// A body that is to be sent, and the fields that speak of it.
struct outgoing_content {
  std::string media_type; ///< with its parameters; empty for no body at all
  std::string body;
  bool base64 = true; ///< the body is base64 text; false for multipart, whose parts are
};

/// A body that was received with a 200 answer, and the fields that speak of it.
struct incoming_content {
  mime::media_type media_type;
  std::string_view body;
};

/// What the operation template asks of an operation.
///   name, method   the operation path (RFC 7030 section 3.2.2) and the HTTP method
///   is_optional    RFC 7030 lets a server not offer it
///   request        what the client sends
///   success        what a 200 answer says
///   reply          success, or std::variant<success, pending> where a 202 answer is lawful
/// and takes, where an operation has it:
///   decode_refusal      reads the body of an answer without success that is a message of its own (RFC 7030 section 4.3.2)
///   success::http_status   the status that the answer goes with, where it may be another than 200
template <class Op>
concept Operation = requires(typename Op::request const& question, typename Op::success const& answer,
                             http::request const& received, incoming_content const& content,
                             body_options const& options, notes* out) {
  { Op::name } -> std::convertible_to<std::string_view>;
  { Op::method } -> std::convertible_to<std::string_view>;
  { Op::is_optional } -> std::convertible_to<bool>;
  typename Op::reply;
  { Op::encode_request(question, options) } -> std::same_as<outgoing_content>;
  { Op::decode_request(received, out) } -> std::same_as<result<typename Op::request>>;
  { Op::encode_success(answer, options) } -> std::same_as<outgoing_content>;
  { Op::decode_success(content, &question, out) } -> std::same_as<result<typename Op::success>>;
};

/// Whether a 202 answer is lawful for an operation.
template <class Op>
inline constexpr bool may_be_pending = std::is_same_v<typename Op::reply, std::variant<typename Op::success, pending>>;

namespace detail {

inline void add_content(http::fields& headers, std::string& body, outgoing_content&& content,
                        body_options const& options) {
  if (content.media_type.empty()) return;
  headers.add("Content-Type", std::move(content.media_type));
  if (content.base64 && options.content_transfer_encoding) headers.add("Content-Transfer-Encoding", "base64");
  body = std::move(content.body);
}

/// Content-Transfer-Encoding means nothing (RFC 8951 section 3: any value MUST be ignored). What stands there is noted.
inline void remark_transfer_encoding(http::fields const& headers, notes* out, std::string where) {
  auto const value = headers.find("Content-Transfer-Encoding");
  if (!value)
    remark(out, note_code::transfer_encoding_absent, std::move(where));
  else if (http::equal_ignoring_case(http::trim(*value), "base64"))
    remark(out, note_code::transfer_encoding_present, std::move(where));
  else
    remark(out, note_code::transfer_encoding_not_base64, std::move(where), std::nullopt, readable_text(*value, 64));
}

/// The media type of a message or of a part.
/// In:     what the fields belong to: `header`, `body.part[1]`
/// Errors: wrong_media_type where there is none; what the parser says where it cannot be read
inline result<mime::media_type> content_type_of(http::fields const& headers, notes* out, std::string const& of,
                                                std::string_view expected) {
  auto const value = headers.find("Content-Type");
  if (!value)
    return fail(errc::wrong_media_type, of + ".content-type",
                "there is no Content-Type; " + std::string{expected} + " was expected");
  notes inner;
  auto parsed = mime::parse_media_type(*value, &inner);
  if (out) out->append(std::move(inner), of);
  if (!parsed) return fail_in(of, parsed.error());
  return parsed;
}

inline tl::unexpected<failure> wrong_media_type(mime::media_type const& got, std::string_view expected) {
  return fail(errc::wrong_media_type, "header.content-type",
              "the media type is " + readable_text(got.essence(), 128) + "; " + std::string{expected} +
                  " was expected");
}

/// Whether the body of an error answer is meant for a person.
inline bool is_text_for_people(http::response const& answer) {
  auto const value = answer.headers.find("Content-Type");
  if (!value) return true; // RFC 7030 section 4.2.3: without a Content-Type it is plain text
  auto const type = mime::parse_media_type(*value);
  if (!type) return false;
  auto const ends_in = [&](std::string_view end) {
    return type->subtype.size() >= end.size() && type->subtype.substr(type->subtype.size() - end.size()) == end;
  };
  return type->type == "text" || ends_in("json") || ends_in("xml");
}

/// `401 Unauthorized: the account is locked`. The body of a 2xx answer is never quoted: it may hold a private key.
inline std::string describe_status(http::response const& answer) {
  std::string text = std::to_string(answer.status);
  if (auto const reason = readable_text(answer.reason, 64); !reason.empty()) text += " " + reason;
  if (answer.status < 300 || !is_text_for_people(answer)) return text;
  if (auto const body = readable_text(answer.body); !body.empty()) text += ": " + body;
  return text;
}

/// The failure that an answer without success is.
inline failure status_failure(http::response const& answer, bool operation_is_optional) {
  failure f{errc::http_status, "response", describe_status(answer), std::nullopt};
  if (answer.status == 401) {
    f.code = errc::unauthenticated;
    std::string schemes;
    for (auto const value : answer.headers.all("WWW-Authenticate"))
      for (auto const& challenge : http::parse_challenges(value))
        schemes += (schemes.empty() ? " (it asks for " : ", ") + readable_text(challenge.scheme, 32);
    if (!schemes.empty()) f.detail += readable_text(schemes, 128).insert(0, " ") + ")";
  }
  if (operation_is_optional && (answer.status == 404 || answer.status == 405 || answer.status == 501))
    f.code = errc::not_offered;
  return f;
}

template <Operation Op>
result<typename Op::reply> parse_reply(http::response const& answer, typename Op::request const* asked, notes* out) {
  if constexpr (may_be_pending<Op>)
    if (answer.status == 202) return typename Op::reply{read_pending(answer, out)};
  // RFC 7030 section 4.3.2: some refusals are messages of their own. A 401 stays what it is: credentials are wanted.
  if constexpr (requires(incoming_content const& content) { Op::decode_refusal(content, answer.status, out); })
    if (answer.status >= 400 && answer.status != 401)
      if (auto type = content_type_of(answer.headers, nullptr, "header", Op::reply_media_type)) {
        notes inner;
        if (auto refusal = Op::decode_refusal({std::move(*type), answer.body}, answer.status, &inner)) {
          for (auto const& n : inner) remark(out, n.code, n.where, n.offset, n.detail);
          return typename Op::reply{std::move(*refusal)};
        }
      }
  // RFC 7030 section 4.5.2: an answer may say that there is nothing to say.
  if constexpr (requires { Op::decode_absence(answer, out); })
    if (auto nothing = Op::decode_absence(answer, out)) return typename Op::reply{std::move(*nothing)};
  // RFC 7030 sections 4.1.3, 4.2.3 and 4.4.2: success is 200 and nothing else.
  if (answer.status != 200) return fail(status_failure(answer, Op::is_optional));
  auto type = content_type_of(answer.headers, out, "header", Op::reply_media_type);
  if (!type) return fail(type.error());
  if (type->type != "multipart") remark_transfer_encoding(answer.headers, out, "header");
  auto success = Op::decode_success({std::move(*type), answer.body}, asked, out);
  if (!success) return fail(success.error());
  return typename Op::reply{std::move(*success)};
}

} // namespace detail

/// Makes the HTTP request of an operation.
/// Source:   RFC 7030 section 3.2.2; RFC 8951 section 3
/// Out:      request line, Host, Content-Type, Content-Transfer-Encoding and the base64 body; no Content-Length, which
///           the writer adds
/// Promises: cannot fail for an endpoint that `check_endpoint` accepts
template <Operation Op>
http::request to_http(typename Op::request const& question, endpoint const& where, body_options const& options = {}) {
  http::request made;
  made.method = Op::method;
  made.target = target(where, Op::name);
  made.headers.add("Host", where.authority);
  detail::add_content(made.headers, made.body, Op::encode_request(question, options), options);
  return made;
}

/// Reads the answer to a request that is not at hand.
/// Source:  RFC 7030 sections 4.1.3, 4.2.3 and 4.4.2; RFC 8951 section 3
/// Errors:  http_status, unauthenticated (401) or not_offered (404, 405, 501 to an optional operation) for an answer
///          without success, with its status and up to 512 octets of its text in the detail; wrong_media_type;
///          wrong_body_form, malformed_base64 and what the object's own parser finds
/// Promises: one path for all operations; no octet of a 2xx body in any failure or note, media types aside
template <Operation Op> result<typename Op::reply> parse_reply(http::response const& answer, notes* out = nullptr) {
  return detail::parse_reply<Op>(answer, nullptr, out);
}

/// Reads the answer to a request that is at hand, and refuses one that does not belong to it.
/// Errors:  as above, and key_mismatch where no certificate of the answer holds the key that was asked for
template <Operation Op>
result<typename Op::reply> parse_reply(http::response const& answer, typename Op::request const& asked,
                                       notes* out = nullptr) {
  return detail::parse_reply<Op>(answer, &asked, out);
}

/// Reads a request, at a server.
/// In:      a request whose path was found to name this operation (`parse_target`); its method is compared here
/// Errors:  invalid_argument for another method; wrong_media_type; what the body's parser finds
template <Operation Op>
result<typename Op::request> parse_request(http::request const& question, notes* out = nullptr) {
  if (question.method != Op::method)
    return fail(errc::invalid_argument, "method",
                std::string{Op::name} + " is asked for with " + std::string{Op::method} + ", not with " +
                    readable_text(question.method, 32));
  return Op::decode_request(question, out);
}

/// Makes the HTTP answer of an operation, at a server.
template <Operation Op>
http::response to_http_reply(typename Op::reply const& answer, body_options const& options = {}) {
  typename Op::success const* success = nullptr;
  if constexpr (may_be_pending<Op>) {
    if (auto const* later = std::get_if<pending>(&answer)) return to_http(*later);
    success = std::get_if<typename Op::success>(&answer);
  } else {
    success = &answer;
  }
  http::response made;
  made.status = 200;
  made.reason = "OK";
  if constexpr (requires { success->http_status; }) { // a refusal that is a message of its own
    made.status = success->http_status;
    made.reason = http::reason_phrase(made.status);
  }
  detail::add_content(made.headers, made.body, Op::encode_success(*success, options), options);
  return made;
}

} // namespace est
