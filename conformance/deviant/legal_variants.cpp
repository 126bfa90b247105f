/// The table of legal variants: what the RFCs leave open, done otherwise than the reference server does it.

#include "deviants.hpp"

#include "changes.hpp"

namespace est::conformance {

namespace {

using namespace changes;

/// Every field name of an answer in lower case.
void lower_names(response& r) {
  http::fields lower;
  for (auto const& f : r.headers) {
    auto name = f.name;
    std::transform(name.begin(), name.end(), name.begin(), http::lower);
    lower.add(std::move(name), f.value);
  }
  r.headers = std::move(lower);
}

std::vector<deviant> make_legal_variants() {
  std::vector<deviant> all;
  all.push_back({"certificate-part-first", "the certificate part comes before the key part", "", "", "",
                 [](behaviour& b) { b.certificate_first = true; }});
  all.push_back({"one-line-base64", "base64 in one line", "", "", "",
                 [](behaviour& b) { b.layout = base64_layout::one_line(); }});
  all.push_back({"mime-base64", "base64 in lines of 76 with CRLF", "", "", "", [](behaviour& b) {
                   b.layout = {76, true, true};
                 }});
  all.push_back({"no-final-newline", "base64 without a line end at its end", "", "", "", [](behaviour& b) {
                   b.layout = {64, false, false};
                 }});
  all.push_back({"no-transfer-encoding", "no Content-Transfer-Encoding", "", "", "",
                 [](behaviour& b) { b.transfer_encoding = false; }});
  all.push_back({"labelled",
                 "the URL has a CA label, which can be left out",
                 "",
                 "",
                 "",
                 nullptr,
                 [](request const&, response&) {},
                 nullptr,
                 nullptr,
                 nullptr,
                 {},
                 nullptr,
                 "label"});
  all.push_back({"pending", "every enrolment is answered 202 with Retry-After", "", "", "",
                 [](behaviour& b) { b.pending = true; }});
  all.push_back({"pending-until-date", "202 with an HTTP-date in Retry-After and no content", "", "", "",
                 [](behaviour& b) { b.pending = true; },
                 [](request const&, response& r) {
                   if (r.status != 202) return;
                   answer_with(r, 202);
                   r.headers.set("Retry-After", "Fri, 31 Dec 2027 23:59:59 GMT");
                 }});
  all.push_back({"csrattrs-elsewhere", "/csrattrs sends the client to another server", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (!asks(q, "csrattrs")) return;
                   answer_with(r, 307);
                   r.headers.set("Location", "https://another.example/.well-known/est/csrattrs");
                 }});
  all.push_back({"no-key-generation", "/serverkeygen is answered with 404", "", "", "",
                 [](behaviour& b) { b.no_key_generation = true; }});
  all.push_back({"no-key-generation-501", "/serverkeygen is answered with 501", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "serverkeygen")) answer_with(r, 501, "text/plain", "Not here.\n");
                 }});
  all.push_back(
      {"upper-case-media-types", "media types in capitals", "", "", "", nullptr, [](request const&, response& r) {
         auto const value = r.headers.find("Content-Type");
         if (!value) return;
         std::string text{*value};
         auto const end = std::min(text.find(';'), text.size());
         for (std::size_t i = 0; i < end; ++i)
           if (text[i] >= 'a' && text[i] <= 'z') text[i] = static_cast<char>(text[i] - 'a' + 'A');
         r.headers.set("Content-Type", text);
       }});
  all.push_back({"smime-type-in-capitals", "the value of smime-type in capitals and quotes", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (issued(q, r))
                     r.headers.set("Content-Type",
                                   "application/pkcs7-mime; name=\"cert.p7\"; smime-type=\"CERTS-ONLY\"");
                 }});
  all.push_back(
      {"cacerts-with-smime-type", "/cacerts has a smime-type", "", "", "", nullptr, [](request const& q, response& r) {
         if (asks(q, "cacerts") && r.status == 200)
           r.headers.set("Content-Type", "application/pkcs7-mime; smime-type=certs-only");
       }});
  all.push_back({"media-type-parameters", "media types with further parameters", "", "", "", nullptr,
                 [](request const&, response& r) {
                   if (auto const value = r.headers.find("Content-Type"))
                     r.headers.set("Content-Type", std::string{*value} + " ; charset=us-ascii;  x=\"a;b\"");
                 }});
  all.push_back({"preamble-and-epilogue", "text before the first part and after the last", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (!generated(q, r)) return;
                   r.body = "This is the preamble. It is to be ignored.\r\n" + r.body + "This is the epilogue.\r\n";
                   r.headers.erase("Content-Length");
                 }});
  all.push_back({"quoted-boundary", "the boundary parameter in quotes, with characters that need them", "", "", "",
                 nullptr, [](request const& q, response& r) {
                   if (!generated(q, r)) return;
                   replace_all(r.body, "--" + boundary_of(r), "--=_est (server) part:1");
                   r.headers.set("Content-Type", "multipart/mixed; boundary=\"=_est (server) part:1\"");
                   r.headers.erase("Content-Length");
                 }});
  all.push_back({"chunked-answers", "every answer is chunked", "", "", "", nullptr, [](request const&, response& r) {
                   if (r.status == 204) return;
                   r.headers.erase("Content-Length");
                   r.headers.set("Transfer-Encoding", "chunked");
                 }});
  all.push_back({"http-1.0-answers", "every answer is HTTP/1.0 and ends with its connection", "", "", "", nullptr,
                 [](request const&, response& r) {
                   r.version = "HTTP/1.0";
                   r.headers.set("Connection", "close");
                 }});
  all.push_back({"lower-case-field-names", "field names in lower case", "", "", "", nullptr,
                 [](request const&, response& r) { lower_names(r); }});
  all.push_back(
      {"csrattrs-204", "/csrattrs is answered with 204", "", "", "", nullptr, [](request const& q, response& r) {
         if (asks(q, "csrattrs")) answer_with(r, 204);
       }});
  all.push_back({"csrattrs-404-with-page", "/csrattrs is answered with 404 and a web page", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 404, "text/html", "<html></html>");
                 }});
  all.push_back({"csrattrs-empty-sequence", "/csrattrs is answered with an empty SEQUENCE", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs", "MAA=\r\n");
                 }});
  all.push_back({"csrattrs-of-rfc7030", "/csrattrs is answered with the example of RFC 7030 4.5.2", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "csrattrs"))
                     answer_with(r, 200, "application/csrattrs",
                                 "MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDjEJ\n"
                                 "BgcrBgEBAQEWBggqhkjOPQQDAw==\n");
                 }});
  all.push_back({"csrattrs-key-type-without-values",
                 "/csrattrs names a key type with an empty set of values, as RFC 9908 3.2 allows", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   static constexpr std::uint8_t list[] = {0x30, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                                           0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x31, 0x00};
                   if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs", encode_base64(list));
                 }});
  all.push_back({"errors-without-type", "errors are plain text without Content-Type", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (r.status < 400 || asks(q, "fullcmc")) return; // there RFC 7030 4.3.2 has a say
                   r.headers.erase("Content-Type");
                   r.headers.erase("Content-Length");
                   r.body = "The request was refused: \xc3\xa4 reason.\n";
                 }});
  all.push_back(
      {"errors-in-html", "errors are web pages, and say so", "", "", "", nullptr, [](request const& q, response& r) {
         if (r.status < 400 || asks(q, "fullcmc")) return; // there RFC 7030 4.3.2 has a say
         r.headers.set("Content-Type", "text/html");
         r.headers.erase("Content-Length");
         r.body = "<html><body>Refused.</body></html>";
       }});
  all.push_back(
      {"errors-without-content", "errors have no content", "", "", "", nullptr, [](request const& q, response& r) {
         if (r.status < 400 || asks(q, "fullcmc")) return; // there RFC 7030 4.3.2 has a say
         r.headers.erase("Content-Type");
         r.headers.erase("Content-Length");
         r.body.clear();
       }});
  all.push_back(
      {"forbidden-for-unauthorized", "403 in place of 401", "", "", "", nullptr, [](request const&, response& r) {
         if (r.status == 401) answer_with(r, 403, "text/plain", "Who are you?\n");
       }});
  all.push_back({"bag-in-another-order", "the bag of /cacerts in the opposite order", "", "", "", nullptr,
                 [](request const& q, response& r) {
                   if (!asks(q, "cacerts") || r.status != 200) return;
                   change_payload(r.body, [](bytes octets) {
                     return change_signed_data(octets, [](auto& fields) {
                       auto list = elements_of(content_of(fields[3]));
                       std::reverse(list.begin(), list.end());
                       fields[3] = pki::der::value(pki::tag::context(0), pki::der::concatenation(list));
                     });
                   });
                 }});
  all.push_back(
      {"empty-crls", "SignedData with an empty crls field", "", "", "", nullptr, [](request const& q, response& r) {
         if (issued(q, r) || (asks(q, "cacerts") && r.status == 200))
           change_payload(r.body, [](bytes octets) {
             return change_signed_data(octets, [](auto& fields) {
               fields.insert(fields.end() - 1, bytes{pki::tag::context(1), 0});
             });
           });
       }});
  all.push_back({"unknown-fields", "answers have fields that nobody knows, as CGI's Status", "", "", "", nullptr,
                 [](request const&, response& r) {
                   r.headers.add("Status", std::to_string(r.status));
                   r.headers.add("Strict-Transport-Security", "max-age=31536000");
                   r.headers.add("Set-Cookie", "session=1; Secure");
                 }});
  all.push_back({"wrong-type-as-400", "a request of another media type is answered with 400", "", "", "", nullptr,
                 [](request const&, response& r) {
                   if (r.status == 415) change_status(r, 400);
                 }});
  all.push_back({"octets-follow-unasked-100", "100 comes though nobody waits for it", "", "", "", nullptr, nullptr,
                 [](std::string_view, std::string& answer) {
                   if (answer.compare(0, 12, "HTTP/1.1 100") != 0) answer.insert(0, "HTTP/1.1 100 Continue\r\n\r\n");
                 }});
  all.push_back({"root-changed", "the key of the root was changed, and the links are there", "", "", "",
                 [](behaviour& b) { b.root_changed = true; }});
  all.push_back(
      {"errors-as-pki-response", "errors are PKI Responses", "", "", "", nullptr, [](request const& q, response& r) {
         if (refused_enrolment(q, r)) answer_with(r, 400, "application/pkcs7-mime", some_certificate());
       }});
  all.push_back({"linking-required", "a CSR without challengePassword is refused, and /csrattrs says so", "", "", "",
                 [](behaviour& b) { b.linking_required = true; }});
  all.push_back({"keys-encrypted", "keys are generated for requests alone that want them encrypted", "", "", "",
                 [](behaviour& b) { b.keys_encrypted = true; }, nullptr, nullptr, nullptr, nullptr, "encrypted-keys"});
  all.push_back(
      {"no-full-cmc", "/fullcmc is answered with 501", "", "", "", nullptr, [](request const& q, response& r) {
         if (asks(q, "fullcmc")) answer_with(r, 501, "text/plain", "Not here.\n");
       }});
  all.push_back({"own-names", "a client gets certificates of its own names alone", "", "", "",
                 [](behaviour& b) { b.own_names = true; }, nullptr, nullptr, nullptr, nullptr, "own-names"});
  all.push_back({"keys-not-generated", "keys are not generated, as nobody has asked for it", "", "", "",
                 [](behaviour& b) { b.no_key_generation = true; }, nullptr, nullptr, nullptr, nullptr,
                 "default-configuration"});
  return all;
}

} // namespace

std::span<const deviant> legal_variants() {
  static std::vector<deviant> const all = make_legal_variants();
  return all;
}

} // namespace est::conformance
