/// Deviants of RFC 7030 3.2, 3.3 and 3.5, of RFC 8951 3 and of HTTP.

#include "deviant_parts.hpp"

#include "changes.hpp"
#include "wire_server.hpp"

namespace est::conformance {

using namespace changes;

void add_http_deviants(std::vector<deviant>& all) {
  // RFC 7030 3.2, HTTP
  all.push_back({"well-known-missing", "/cacerts is not found under /.well-known/est", "http.well-known-prefix",
                 "well-known-path-missing", "cacerts.served", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && q.method == "GET") answer_with(r, 404);
                 }});
  all.push_back({"label-needed",
                 "/cacerts is not found without a CA label",
                 "http.label-is-optional",
                 "label-needed",
                 "",
                 nullptr,
                 [](request const& q, response& r) {
                   if (q.target.find("/est/cacerts") != std::string::npos) answer_with(r, 404, "text/plain", "No.\n");
                 },
                 nullptr,
                 nullptr,
                 nullptr,
                 {},
                 nullptr,
                 "label"});
  all.push_back({"enrolment-as-x-pkcs7-mime", "enrolment answers are of the old media type application/x-pkcs7-mime",
                 "http.media-types", "message-of-other-media-type", "enroll.status-200", nullptr,
                 [](request const& q, response& r) {
                   if (issued(q, r)) r.headers.set("Content-Type", "application/x-pkcs7-mime; smime-type=certs-only");
                 }});
  all.push_back({"error-page-under-200", "/cacerts answers 200 with a web page", "http.status-is-result",
                 "error-under-status-200", "cacerts.content-type cacerts.certs-only http.media-types", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200)
                     answer_with(r, 200, "text/html", "<html><body>Something went wrong.</body></html>");
                 }});
  all.push_back({"challenge-missing", "401 without WWW-Authenticate to a client without credentials",
                 "http.credentials-challenge", "credentials-asked-without-challenge", "http.401-challenge", nullptr,
                 [](request const&, response& r) {
                   if (r.status == 401) r.headers.erase("WWW-Authenticate");
                 }});
  all.push_back({"challenge-empty", "401 with an empty WWW-Authenticate", "http.401-challenge",
                 "http-401-without-challenge", "", nullptr, [](request const&, response& r) {
                   if (r.status == 401) r.headers.set("WWW-Authenticate", "");
                 }});
  all.push_back({"allow-missing", "405 without Allow", "http.405-allow", "http-405-without-allow", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "cacerts") && q.method == "POST") {
                     answer_with(r, 405, "text/plain", "GET, please.\n");
                     r.headers.erase("Allow");
                   }
                 }});
  all.push_back({"octets-after-message", "octets follow the message that Content-Length ends", "http.framing",
                 "http-octets-after-message", "", nullptr, nullptr, [](std::string_view head, std::string& answer) {
                   if (asks_in_octets(head, "cacerts") && head.substr(0, 4) == "POST") answer += "\r\n";
                 }});
  all.push_back({"length-repeated", "Content-Length stands twice", "http.framing", "http-length-repeated", "", nullptr,
                 nullptr, [](std::string_view head, std::string& answer) {
                   auto const at = answer.find("Content-Length: ");
                   if (!asks_in_octets(head, "cacerts") || at == std::string::npos) return;
                   put_field(answer, answer.substr(at, answer.find("\r\n", at) - at));
                 }});
  all.push_back({"length-and-chunked", "Content-Length and Transfer-Encoding stand together", "http.framing",
                 "http-length-and-chunked", "", nullptr, nullptr, [](std::string_view head, std::string& answer) {
                   if (!asks_in_octets(head, "cacerts") || head.substr(0, 4) != "GET ") return;
                   put_field(answer, "Transfer-Encoding: chunked");
                   auto const body = answer.find("\r\n\r\n") + 4;
                   static constexpr char digits[] = "0123456789abcdef";
                   std::string size;
                   for (auto n = answer.size() - body; n != 0; n >>= 4) size.insert(size.begin(), digits[n & 15]);
                   answer = answer.substr(0, body) +
                            (size.empty() ? "" : size + "\r\n" + answer.substr(body) + "\r\n") + "0\r\n\r\n";
                 }});
  all.push_back({"transfer-coding-base64", "Transfer-Encoding: base64, as two errata have it",
                 "http.no-base64-transfer-coding", "http-transfer-coding-base64", "http.framing", nullptr, nullptr,
                 [](std::string_view head, std::string& answer) {
                   if (asks_in_octets(head, "csrattrs")) put_field(answer, "Transfer-Encoding: base64");
                 }});
  all.push_back({"head-with-content", "HEAD is answered with content", "http.head", "http-head-with-content", "",
                 nullptr, nullptr, [](std::string_view head, std::string& answer) {
                   if (head.substr(0, 5) == "HEAD ")
                     answer =
                         "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime\r\nContent-Length: 4\r\n\r\nMAA=";
                 }});
  all.push_back({"no-content-with-content", "204 is followed by content", "http.204-no-content",
                 "http-204-with-content", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 204);
                 },
                 [](std::string_view head, std::string& answer) {
                   if (asks_in_octets(head, "csrattrs")) answer += "none";
                 }});
  all.push_back({"wrong-type-breaks-server", "a request of another media type is answered with 500",
                 "http.wrong-media-type", "http-wrong-type-as-server-error", "", nullptr,
                 [](request const& q, response& r) {
                   auto const type = q.headers.find("Content-Type").value_or("application/pkcs10").substr(0, 18);
                   if (asks(q, "simpleenroll") && !http::equal_ignoring_case(type, "application/pkcs10"))
                     answer_with(r, 500, "text/plain", "unexpected\n");
                 }});
  all.push_back({"retry-after-in-words", "202 with a Retry-After that is neither number nor date", "http.retry-after",
                 "http-retry-after-unreadable", "enroll.pending-retry-after", [](behaviour& b) { b.pending = true; },
                 [](request const&, response& r) {
                   if (r.status == 202) r.headers.set("Retry-After", "soon");
                 }});
  all.push_back({"label-is-operation", "/cacerts/cacerts is answered, as if cacerts were a label",
                 "http.label-is-no-operation", "label-is-operation-name", "",
                 [](behaviour& b) { b.operation_as_label = true; }});
  all.push_back({"expectation-ignored", "Expect: 100-continue is met with silence", "http.expect-100",
                 "http-expect-unanswered", "", nullptr, nullptr, nullptr, [](std::string_view head, received& in) {
                   if (head.find("Expect: 100-continue") != std::string_view::npos)
                     fall_silent(in, connection_end::timed_out);
                 }});
  all.push_back({"status-line-garbled", "the status line has no status", "http.framing", "http-unreadable", "", nullptr,
                 nullptr, [](std::string_view head, std::string& answer) {
                   if (asks_in_octets(head, "csrattrs")) answer.replace(0, 12, "HTTP/1.1 fine");
                 }});
  all.push_back({"no-content-with-length", "204 has a Content-Length", "http.framing", "http-length-without-content",
                 "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "csrattrs")) answer_with(r, 204);
                 },
                 [](std::string_view head, std::string& answer) {
                   if (asks_in_octets(head, "csrattrs")) put_field(answer, "Content-Length: 0");
                 }});
  all.push_back({"absolute-form-refused", "a request in absolute-form is refused", "http.absolute-form",
                 "http-absolute-form-refused", "", nullptr, [](request const& q, response& r) {
                   if (q.target.compare(0, 8, "https://") == 0) answer_with(r, 400, "text/plain", "A path, please.\n");
                 }});

  all.push_back({"chunks-refused", "a request in chunks is refused", "http.chunked-request",
                 "http-chunked-request-refused", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r) && q.headers.has("Transfer-Encoding"))
                     answer_with(r, 400, "text/plain", "How long is it?\n");
                 }});
  all.push_back({"media-type-blanks-refused", "white space in a media type is refused", "http.media-type-blanks",
                 "http-media-type-blanks-refused", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r) && q.headers.find("Content-Type").value_or("").find(' ') != std::string_view::npos)
                     answer_with(r, 400, "text/plain", "Which type is that?\n");
                 }});

  all.push_back({"other-forms-break-server", "a CSR in PEM or DER is answered with 500", "http.client-error-class",
                 "http-client-error-as-server-error", "", nullptr, [](request const& q, response& r) {
                   if (refused_enrolment(q, r) && !decode_base64(q.body)) answer_with(r, 500, "text/plain", "Oh.\n");
                 }});
  all.push_back({"large-request-dropped", "the connection is closed where a CSR is larger than some are",
                 "http.large-request", "http-large-request-unanswered", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "simpleenroll") && q.body.size() > 8192) mark(r);
                 },
                 nullptr, hang_up_where_marked});
  all.push_back({"error-with-stack-trace", "an error shows where in the program it was made", "http.error-text",
                 "http-error-gives-away", "", nullptr, [](request const& q, response& r) {
                   if (refused_enrolment(q, r))
                     answer_with(r, 400, "text/plain",
                                 "java.io.IOException: no CSR\n\tat est.Enroll.doPost(Enroll:42)\n");
                 }});

  // RFC 7030 3.3, RFC 8996
  all.push_back({"old-tls", "the connection is of TLS 1.1", "tls.version", "tls-below-1.2", "", nullptr, nullptr,
                 nullptr, nullptr, [](http::tls_facts& facts) {
                   facts.version = http::tls_version::tls_1_1;
                   facts.tls_unique.reset();
                 }});
  all.back().wire = [](wire_behaviour& b) { b.lowest = b.highest = http::tls_version::tls_1_1; };

  // RFC 7030 3.5
  all.push_back({"linking-unchecked", "any challengePassword will do", "linking.verified",
                 "linking-wrong-value-accepted", "", [](behaviour& b) { b.skip_linking_check = true; }});
  all.push_back({"linking-unknown", "a CSR with a challengePassword is refused", "linking.implemented",
                 "linking-right-value-refused", "", nullptr, [](request const& q, response& r) {
                   auto const octets = decode_base64(q.body);
                   if (!octets || !(issued(q, r) || generated(q, r))) return;
                   if (auto const csr = pki::parse_csr(*octets); csr && csr->challenge_password())
                     answer_with(r, 400, "text/plain", "An attribute is not known.\n");
                 }});

  // RFC 8951 3
  all.push_back({"cacerts-in-pem", "/cacerts answers with PEM", "encoding.response-base64", "response-not-base64", "",
                 nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200)
                     answer_with(r, 200, "application/pkcs7-mime", pem("PKCS7", r.body));
                 }});
  all.push_back({"cacerts-in-der", "/cacerts answers with bare DER", "encoding.response-base64", "response-not-base64",
                 "", nullptr, [](request const& q, response& r) {
                   if (auto const octets = decode_base64(r.body); asks(q, "cacerts") && r.status == 200 && octets)
                     answer_with(r, 200, "application/pkcs7-mime", to_text(*octets));
                 }});
  all.push_back({"cacerts-in-base64url", "/cacerts answers in the URL-safe alphabet", "encoding.response-base64",
                 "response-not-base64", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200) {
                     std::replace(r.body.begin(), r.body.end(), '+', '-');
                     std::replace(r.body.begin(), r.body.end(), 'A', '_'); // any text has an A
                   }
                 }});
  all.push_back({"enrolment-ends-in-nul", "enrolment answers end in a NUL", "encoding.response-base64",
                 "response-ends-in-nul", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r)) r.body.push_back('\0');
                 }});
  all.push_back({"enrolment-in-ber", "enrolment answers hold BER", "encoding.response-der", "response-not-der", "",
                 nullptr, [](request const& q, response& r) {
                   if (issued(q, r)) change_payload(r.body, lengthen);
                 }});
  all.push_back({"one-line-refused", "base64 in one line is refused", "encoding.request-base64",
                 "request-one-line-refused", "", [](behaviour& b) { b.refuse_one_line = true; }});
  all.push_back({"crlf-refused", "base64 with CRLF line ends is refused", "encoding.tolerates-white-space",
                 "request-white-space-refused", "", [](behaviour& b) { b.refuse_crlf = true; }});
  all.push_back({"transfer-encoding-demanded", "a body without Content-Transfer-Encoding is refused",
                 "encoding.ignores-transfer-encoding", "request-transfer-encoding-minded", "",
                 [](behaviour& b) { b.require_transfer_encoding = true; }});
  all.push_back({"transfer-encoding-obeyed", "Content-Transfer-Encoding: binary is believed",
                 "encoding.ignores-transfer-encoding", "request-transfer-encoding-minded", "",
                 [](behaviour& b) { b.obey_transfer_encoding = true; }});
}

} // namespace est::conformance
