/// Deviants of RFC 7030 4.5.

#include "deviant_parts.hpp"

#include "changes.hpp"

namespace est::conformance {

using namespace changes;

void add_csrattrs_deviants(std::vector<deviant>& all) {
  // RFC 7030 4.5
  all.push_back({"csrattrs-absent-as-405", "an absent /csrattrs is answered with 405", "csrattrs.absence",
                 "csrattrs-absent-as-405", "csrattrs.none", nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) {
                     answer_with(r, 405);
                     r.headers.set("Allow", "");
                   }
                 }});
  all.push_back({"csrattrs-for-members", "/csrattrs demands credentials", "csrattrs.open",
                 "csrattrs-demands-credentials", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs") && !q.headers.has("Authorization")) {
                     answer_with(r, 401);
                     r.headers.set("WWW-Authenticate", "Basic realm=\"est\"");
                   }
                 }});
  all.push_back({"csrattrs-created", "/csrattrs answers 201", "csrattrs.status-200", "csrattrs-success-not-200", "",
                 nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 201, "application/csrattrs", "MAA=\n");
                 }});
  all.push_back({"csrattrs-without-content", "/csrattrs answers 200 without content", "csrattrs.status-200",
                 "csrattrs-without-content", "http.status-is-result", nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs");
                 }});
  all.push_back({"csrattrs-none-as-400", "/csrattrs answers 400 where there is nothing to say", "csrattrs.none",
                 "csrattrs-none-as-other-status", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 400, "text/plain", "Nothing.\n");
                 }});
  all.push_back({"csrattrs-empty-set", "an empty CsrAttrs is a SET", "csrattrs.empty-sequence",
                 "csrattrs-empty-no-sequence", "csrattrs.syntax", nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs", "MQA=\n");
                 }});
  all.push_back({"csrattrs-as-octet-stream", "/csrattrs answers with application/octet-stream", "csrattrs.content-type",
                 "csrattrs-content-type", "http.media-types", nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/octet-stream", "MAA=\n");
                 }});
  all.push_back({"csrattrs-ends-in-nul", "/csrattrs ends in a NUL", "csrattrs.base64-of-der", "csrattrs-ends-in-nul",
                 "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs"))
                     answer_with(r, 200, "application/csrattrs", std::string{"MAsGCSqGSIb3DQEJBw==\0", 21});
                 }});
  all.push_back({"csrattrs-in-pem", "/csrattrs answers with PEM", "csrattrs.base64-of-der", "csrattrs-not-base64",
                 "encoding.response-base64", nullptr, [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs", pem("CSRATTRS", "MAA=\n"));
                 }});
  all.push_back({"csrattrs-in-ber", "/csrattrs answers with BER", "csrattrs.base64-of-der", "csrattrs-not-der", "",
                 nullptr, [](request const& q, response& r) {
                   static constexpr std::uint8_t ber[] = {0x30, 0x81, 0x05, 0x06, 0x03, 0x55, 0x04, 0x05};
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs", encode_base64(ber));
                 }});
  all.push_back({"csrattrs-no-sequence", "CsrAttrs is one OBJECT IDENTIFIER", "csrattrs.syntax", "csrattrs-no-sequence",
                 "", nullptr, [](request const& q, response& r) {
                   static constexpr std::uint8_t oid[] = {0x06, 0x03, 0x55, 0x04, 0x05};
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs", encode_base64(oid));
                 }});
  all.push_back({"csrattrs-element-integer", "CsrAttrs holds an INTEGER", "csrattrs.syntax", "csrattrs-element", "",
                 nullptr, [](request const& q, response& r) {
                   static constexpr std::uint8_t list[] = {0x30, 0x03, 0x02, 0x01, 0x07};
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs", encode_base64(list));
                 }});
}

} // namespace est::conformance
