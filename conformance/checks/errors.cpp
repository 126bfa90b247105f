#include "errors.hpp"

#include <est/message/pending.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <array>

namespace est::conformance {

namespace {

std::optional<std::size_t> status_line(situation const& s) { return s.read.response_layout.start_line; }

} // namespace

bool signature_is_broken(pki::csr const& csr) {
  // RFC 9883: the key in the CSR cannot sign; another key, whose certificate is named, has signed instead.
  static const pki::object_id possession_statement{1, 3, 6, 1, 4, 1, 22112, 2, 1};
  if (csr.find(possession_statement) != nullptr) return false;
  auto const checked = csr.check_signature();
  return !checked && checked.error().code == errc::bad_signature;
}

const likeness but_for_signature{
    [](reading const& a, reading const& b) { return same_kind_of_csr(a, b) && b.csr->signature_verifies(); },
    same_csr_but_signature};

verdict not_issued_to_anyone(situation const& s) {
  switch (kind_of(s.read)) {
  case answer_kind::none:
    if (s.seen.end == connection_end::tls_error && s.read.has_no_credentials) return verdict::holds();
    return verdict::undecided("no answer came that can be read");
  case answer_kind::redirected:
    return verdict::undecided("the server sends the client elsewhere: " + status_text(s.read));
  case answer_kind::not_now: return verdict::undecided(status_text(s.read) + " says nothing about the request");
  case answer_kind::pending: return verdict::undecided("202: who may have the certificate is not decided yet");
  case answer_kind::failed: return verdict::undecided("answered with " + status_text(s.read));
  case answer_kind::refused:
    if (s.read.status() == 401 || (s.read.status() == 403 && s.read.has_no_credentials)) return verdict::holds();
    if (!s.read.has_no_credentials)
      return verdict::not_applicable("whether a client certificate was shown is not recorded, or one was");
    {
      static constexpr likeness with_credentials{
          [](reading const& a, reading const& b) { return same_kind_of_csr(a, b) && b.has_credentials; },
          [](reading const&, reading const&) { return false; }};
      return judge_refusal(s, with_credentials);
    }
  case answer_kind::success: break;
  }
  if (!s.read.has_no_credentials)
    return verdict::not_applicable("whether a client certificate was shown is not recorded, or one was");
  bool const issued =
      s.read.op == operation::serverkeygen ? key_part(s.read) != nullptr : s.read.certificates.has_value();
  if (!issued) return verdict::undecided("answered with " + status_text(s.read) + ", but with nothing that was issued");
  return verdict::violated("the client is authenticated before anything is issued",
                           status_text(s.read) + " with " +
                               (s.read.op == operation::serverkeygen ? "a key" : "a certificate") +
                               " to a client without any credentials",
                           "response", status_line(s));
}

verdict broken_request_not_accepted(situation const& s) {
  if (kind_of(s.read) != answer_kind::success) return verdict::not_applicable("it was not answered with success");
  return verdict::violated("a 4xx or 5xx answer to a request that holds no CSR", status_text(s.read), "response",
                           status_line(s));
}

verdict broken_request_answered(situation const& s) {
  switch (kind_of(s.read)) {
  case answer_kind::refused:
  case answer_kind::failed:
  case answer_kind::not_now: return verdict::holds();
  case answer_kind::success:
  case answer_kind::pending:
  case answer_kind::redirected: return verdict::undecided("answered with " + status_text(s.read));
  case answer_kind::none: break;
  }
  bool const dropped = s.seen.end == connection_end::closed || s.seen.end == connection_end::close_notify ||
                       s.seen.end == connection_end::reset;
  if (dropped && (!s.seen.response || s.seen.response->empty()))
    return verdict::violated("a 4xx or 5xx answer to a request that holds no CSR",
                             "the connection was ended without an answer", "response", std::size_t{0});
  return verdict::undecided("no answer came that can be read");
}

bool is_untyped_error(situation const& s) {
  return s.read.status() >= 400 && !s.read.response->headers.has("Content-Type") && s.read.body_size != 0;
}

verdict untyped_error_is_plain(situation const& s) {
  auto const expected = "an error message in plain text that a person can read, or a Content-Type";
  if (s.read.form == mime::body_form::html || s.read.form == mime::body_form::json)
    return verdict::violated(expected, std::string{mime::name(s.read.form)} + " without Content-Type", "response.body",
                             s.read.offset_of_body());
  if (!is_readable_text(s.read.response->body))
    return verdict::violated(expected,
                             std::to_string(s.read.body_size) + " octets that are no text, without Content-Type",
                             "response.body", s.read.offset_of_body());
  return verdict::holds();
}

bool is_error_of_type(situation const& s, std::string_view essence) {
  return s.read.status() >= 400 && s.read.body_size != 0 && s.read.response_type && s.read.response_type->is(essence);
}

verdict text_error_is_readable(situation const& s) {
  auto const charset = s.read.response_type->find("charset");
  if (charset && !http::equal_ignoring_case(*charset, "utf-8") && !http::equal_ignoring_case(*charset, "us-ascii"))
    return verdict::undecided("the text is in a character set that is not read here");
  if (is_readable_text(s.read.response->body)) return verdict::holds();
  return verdict::violated("text that a person can read under text/plain",
                           std::to_string(s.read.body_size) + " octets that are no text", "response.body",
                           s.read.offset_of_body());
}

verdict error_is_cms(situation const& s) {
  auto const octets = mime::decode_body(s.read.response->body);
  if (!octets)
    return verdict::violated("a PKI Response in base64 under application/pkcs7-mime", octets.error().detail,
                             "response.body", s.read.offset_of_body());
  static constexpr std::array<std::uint8_t, 9> signed_data{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
  auto const outer = pki::read_tlv(*octets);
  if (!outer && outer.error().code == errc::not_der) return verdict::undecided("the CMS is BER of indefinite length");
  if (outer && outer->is(pki::tag::sequence)) {
    auto const type = pki::read_tlv(outer->content);
    if (type && type->is(pki::tag::object_id) && equal(type->content, signed_data)) return verdict::holds();
  }
  return verdict::violated("a CMS SignedData under application/pkcs7-mime", "octets that are no SignedData",
                           "response.body", s.read.offset_of_body());
}

verdict retry_after_is_readable(situation const& s) {
  using namespace std::chrono;
  const time_point now = s.seen.time.value_or(time_point{sys_days{year{2026} / January / 1}});
  for (auto const value : s.read.response->headers.all("Retry-After"))
    if (!parse_retry_after(value, now))
      return verdict::violated("a number of seconds or an HTTP-date in Retry-After", "a value that is neither",
                               "response", s.read.offset_of_field("Retry-After"));
  return verdict::holds();
}

} // namespace est::conformance
