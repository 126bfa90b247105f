/// The table of deviants, by the section of the RFCs that each goes against.

#include "deviants.hpp"

#include "changes.hpp"

namespace est::conformance {

bool deviant::may_follow(std::string_view id) const noexcept {
  for (auto rest = followers; !rest.empty();) {
    auto const blank = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, blank) == id) return true;
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
  return false;
}

namespace {

using namespace changes;

std::vector<deviant> make_deviants() {
  std::vector<deviant> all;

  // RFC 7030 3.2, HTTP
  all.push_back({"well-known-missing", "/cacerts is not found under /.well-known/est", "http.well-known-prefix",
                 "well-known-path-missing", "cacerts.served", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && q.method == "GET") answer_with(r, 404);
                 }});
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
                   auto const type = q.headers.find("Content-Type").value_or("").substr(0, 18);
                   if (asks(q, "simpleenroll") && !http::equal_ignoring_case(type, "application/pkcs10"))
                     answer_with(r, 500, "text/plain", "unexpected\n");
                 }});
  all.push_back({"retry-after-in-words", "202 with a Retry-After that is neither number nor date", "http.retry-after",
                 "http-retry-after-unreadable", "enroll.pending-retry-after", [](behaviour& b) { b.pending = true; },
                 [](request const&, response& r) {
                   if (r.status == 202) r.headers.set("Retry-After", "soon");
                 }});

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

  // RFC 7030 4.1
  all.push_back({"cacerts-missing", "/cacerts is not served", "cacerts.served", "cacerts-not-served", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "cacerts") && q.method == "GET") {
                     answer_with(r, 405, "text/plain", "Not here.\n");
                     r.headers.set("Allow", "");
                   }
                 }});
  all.push_back({"cacerts-for-members", "/cacerts demands credentials", "cacerts.open", "cacerts-demands-credentials",
                 "", [](behaviour& b) { b.cacerts_needs_authentication = true; }});
  all.push_back({"cacerts-created", "/cacerts answers 201", "cacerts.status-200", "cacerts-success-not-200", "",
                 nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200) change_status(r, 201);
                 }});
  all.push_back({"cacerts-bare-certificate", "/cacerts answers with a certificate", "cacerts.certs-only",
                 "cacerts-not-certs-only", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200) change_payload(r.body, first_certificate);
                 }});
  all.push_back({"cacerts-bare-signed-data", "/cacerts answers with a SignedData without ContentInfo",
                 "cacerts.certs-only", "cacerts-not-certs-only", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200)
                     change_payload(r.body, [](bytes octets) {
                       auto const outer = elements_of(content_of(octets));
                       return outer.size() == 2 ? to_bytes(content_of(outer[1])) : octets;
                     });
                 }});
  all.push_back({"cacerts-signed", "/cacerts answers with a SignedData that has a signer", "cacerts.certs-only",
                 "cacerts-signed", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200)
                     change_payload(r.body, [](bytes octets) {
                       return change_signed_data(octets, [](auto& fields) {
                         fields.back() = pki::der::set_of({pki::der::sequence({pki::der::integer(1u)})});
                       });
                     });
                 }});
  all.push_back({"cacerts-with-content", "/cacerts answers with a SignedData that has content", "cacerts.certs-only",
                 "cacerts-with-content", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200)
                     change_payload(r.body, [](bytes octets) {
                       return change_signed_data(octets, [](auto& fields) {
                         auto content = elements_of(content_of(fields[2]));
                         content.resize(1);
                         content.push_back(
                             pki::der::value(pki::tag::context(0), pki::der::octet_string(as_bytes("content"))));
                         fields[2] = sequence_of(content);
                       });
                     });
                 }});
  all.push_back({"cacerts-as-text", "/cacerts answers with text/plain", "cacerts.content-type", "cacerts-content-type",
                 "http.media-types", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200) r.headers.set("Content-Type", "text/plain");
                 }});
  all.push_back({"cacerts-without-root", "the root is not in the bag", "cacerts.root-included", "cacerts-without-root",
                 "cacerts.chain-complete", [](behaviour& b) { b.omit_root = true; }});
  all.push_back({"cacerts-without-issuer", "the issuing CA is not in the bag", "cacerts.chain-complete",
                 "cacerts-chain-incomplete", "", [](behaviour& b) { b.omit_intermediates = true; }});
  all.push_back({"cacerts-two-roots", "two roots of one name, and nothing that links them", "cacerts.root-key-update",
                 "cacerts-key-update-incomplete", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200) change_payload(r.body, add_second_root);
                 }});

  // RFC 7030 4.2
  all.push_back({"simpleenroll-missing", "/simpleenroll is not served", "enroll.served", "simpleenroll-not-served", "",
                 nullptr, [](request const& q, response& r) {
                   if (asks(q, "simpleenroll")) answer_with(r, 404);
                 }});
  all.push_back({"simplereenroll-missing", "/simplereenroll is not served", "reenroll.served",
                 "simplereenroll-not-served", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "simplereenroll")) answer_with(r, 501);
                 }});
  all.push_back({"issues-to-anyone", "nobody is asked for credentials", "enroll.authenticates-client",
                 "enroll-issued-to-anyone", "serverkeygen.authenticates-client",
                 [](behaviour& b) { b.issue_without_authentication = true; }});
  all.push_back({"broken-signature-issued", "a CSR whose signature does not verify is issued",
                 "enroll.proof-of-possession", "enroll-broken-signature-issued", "",
                 [](behaviour& b) { b.accept_broken_signature = true; }});
  all.push_back({"pkcs10-unsupported", "application/pkcs10 is answered with 415", "enroll.pkcs10",
                 "enroll-pkcs10-unsupported", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r)) answer_with(r, 415, "text/plain", "Which type is that?\n");
                 }});
  all.push_back({"enrolment-created", "an enrolment is answered with 201", "enroll.status-200",
                 "enroll-success-not-200", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r)) change_status(r, 201);
                 }});
  all.push_back({"enrolment-as-pkix-cert", "an enrolment is answered with application/pkix-cert", "enroll.status-200",
                 "enroll-content-type", "http.media-types", nullptr, [](request const& q, response& r) {
                   if (issued(q, r)) r.headers.set("Content-Type", "application/pkix-cert");
                 }});
  all.push_back({"enrolment-bare-certificate", "an enrolment is answered with a certificate", "enroll.certs-only",
                 "enroll-not-certs-only", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r)) change_payload(r.body, first_certificate);
                 }});
  all.push_back({"enrolment-signed", "an enrolment is answered with a SignedData that has a signer",
                 "enroll.certs-only", "enroll-signed", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r))
                     change_payload(r.body, [](bytes octets) {
                       return change_signed_data(octets, [](auto& fields) {
                         fields.back() = pki::der::set_of({pki::der::sequence({pki::der::integer(1u)})});
                       });
                     });
                 }});
  all.push_back({"enrolment-with-chain", "the CA certificates come with the issued one",
                 "enroll.only-issued-certificate", "enroll-further-certificates", "",
                 [](behaviour& b) { b.append_chain = true; }});
  all.push_back({"smime-type-missing", "an enrolment is answered without smime-type", "enroll.smime-type",
                 "enroll-smime-type-missing", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r)) r.headers.set("Content-Type", "application/pkcs7-mime");
                 }});
  all.push_back({"smime-type-other", "an enrolment is answered with smime-type=signed-data", "enroll.smime-type",
                 "enroll-smime-type-other", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r)) r.headers.set("Content-Type", "application/pkcs7-mime; smime-type=signed-data");
                 }});
  all.push_back({"other-key-certified", "the certificate is of another key than the CSR's",
                 "enroll.certificate-matches-csr", "enroll-other-key-certified", "",
                 [](behaviour& b) { b.certify_another_key = true; }});
  all.push_back({"error-as-empty-pkcs7", "an error claims to be a PKI Response and is none", "enroll.error-cmc",
                 "enroll-error-no-cms", "", nullptr, [](request const& q, response& r) {
                   if (refused_enrolment(q, r)) answer_with(r, 400, "application/pkcs7-mime", "no!\n");
                 }});
  all.push_back({"error-as-untyped-page", "an error is a web page without Content-Type", "enroll.error-plaintext",
                 "enroll-untyped-error-not-plain", "", nullptr, [](request const& q, response& r) {
                   if (refused_enrolment(q, r)) answer_with(r, 400, {}, "<html><body>Bad.</body></html>");
                 }});
  all.push_back({"error-text-in-binary", "an error of text/plain is no text", "enroll.error-text-plain",
                 "enroll-text-error-unreadable", "", nullptr, [](request const& q, response& r) {
                   if (refused_enrolment(q, r)) answer_with(r, 400, "text/plain", std::string{"\x01\x02\x03", 3});
                 }});
  all.push_back({"pending-without-retry-after", "202 without Retry-After", "enroll.pending-retry-after",
                 "pending-without-retry-after", "", [](behaviour& b) { b.pending = true; },
                 [](request const&, response& r) {
                   if (r.status == 202) r.headers.erase("Retry-After");
                 }});
  all.push_back({"pending-in-binary", "202 with content that nobody can read", "enroll.pending-content",
                 "pending-content-unreadable", "", [](behaviour& b) { b.pending = true; },
                 [](request const&, response& r) {
                   if (r.status == 202) r.body = std::string{"\xff\xfe\x00", 3};
                 }});

  // RFC 7030 4.4
  all.push_back({"serverkeygen-absent-as-405", "an absent /serverkeygen is answered with 405", "serverkeygen.absence",
                 "skg-absent-as-405", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "serverkeygen")) {
                     answer_with(r, 405, "text/plain", "No.\n");
                     r.headers.set("Allow", "");
                   }
                 }});
  all.push_back({"keys-to-anyone", "nobody is asked for credentials", "serverkeygen.authenticates-client",
                 "skg-issued-to-anyone", "enroll.authenticates-client",
                 [](behaviour& b) { b.issue_without_authentication = true; }});
  all.push_back({"same-key-each-time", "every client gets one and the same key", "serverkeygen.fresh-key",
                 "skg-key-given-twice", "", [](behaviour& b) { b.same_key_each_time = true; }});
  all.push_back({"csr-key-certified", "the key of the CSR is certified", "serverkeygen.ignores-csr-key",
                 "skg-csr-key-certified", "serverkeygen.key-matches-certificate",
                 [](behaviour& b) { b.certify_csr_key = true; }});
  all.push_back({"csr-signature-demanded", "a CSR whose signature does not verify is refused",
                 "serverkeygen.ignores-csr-signature", "skg-broken-signature-refused", "",
                 [](behaviour& b) { b.demand_signature_at_key_generation = true; }});
  all.push_back({"clear-key-for-symmetric-identifier", "DecryptKeyIdentifier is overlooked",
                 "serverkeygen.symmetric-identifier", "skg-clear-key-for-symmetric-identifier", "",
                 [](behaviour& b) { b.clear_key_for_symmetric_identifier = true; }});
  all.push_back({"clear-key-for-asymmetric-identifier", "AsymmetricDecryptKeyIdentifier is overlooked",
                 "serverkeygen.asymmetric-identifier", "skg-clear-key-for-asymmetric-identifier", "",
                 [](behaviour& b) { b.clear_key_for_asymmetric_identifier = true; }});
  all.push_back({"keys-created", "a key is answered with 201", "serverkeygen.answer-is-multipart",
                 "skg-success-not-200", "", nullptr, [](request const& q, response& r) {
                   if (generated(q, r)) change_status(r, 201);
                 }});
  all.push_back({"keys-as-multipart-related", "a key is answered in multipart/related",
                 "serverkeygen.answer-is-multipart", "skg-not-multipart-mixed", "http.media-types", nullptr,
                 [](request const& q, response& r) {
                   if (generated(q, r)) r.headers.set("Content-Type", "multipart/related; boundary=" + boundary_of(r));
                 }});
  all.push_back({"keys-under-another-boundary", "the boundary parameter is not the boundary",
                 "serverkeygen.answer-is-multipart", "skg-multipart-unreadable", "", nullptr,
                 [](request const& q, response& r) {
                   if (generated(q, r)) r.headers.set("Content-Type", "multipart/mixed; boundary=elsewhere");
                 }});
  all.push_back({"three-parts", "a third part is added", "serverkeygen.two-parts", "skg-part-count", "", nullptr,
                 [](request const& q, response& r) {
                   if (generated(q, r))
                     change_parts(r, [](auto& parts) {
                       parts.push_back({{{"Content-Type", "text/plain"}}, "With kind regards\r\n"});
                     });
                 }});
  all.push_back({"two-certificate-parts", "the certificate comes twice, the key not at all", "serverkeygen.two-parts",
                 "skg-key-part-count", "", nullptr, [](request const& q, response& r) {
                   if (generated(q, r))
                     change_parts(r, [](auto& parts) { key_part(parts) = mime::owned_part{certificate_part(parts)}; });
                 }});
  all.push_back({"key-as-octet-stream", "the key is in a part of application/octet-stream", "serverkeygen.part-types",
                 "skg-clear-key-in-other-type", "", nullptr, [](request const& q, response& r) {
                   if (generated(q, r))
                     change_parts(r, [](auto& parts) {
                       key_part(parts).headers.set("Content-Type", "application/octet-stream");
                     });
                 }});
  all.push_back({"key-bare", "the key is a bare PKCS#1 or SEC 1 key", "serverkeygen.private-key-info",
                 "skg-pkcs8-no-private-key-info", "", [](behaviour& b) { b.bare_key = true; }});
  all.push_back({"key-encrypted-with-password", "the key is an EncryptedPrivateKeyInfo",
                 "serverkeygen.private-key-info", "skg-pkcs8-no-private-key-info", "",
                 [](behaviour& b) { b.encrypted_private_key = true; }});
  all.push_back(
      {"key-in-pem", "the key is PEM", "serverkeygen.private-key-info", "skg-pkcs8-not-base64", "", nullptr,
       [](request const& q, response& r) {
         if (generated(q, r))
           change_parts(r, [](auto& parts) { key_part(parts).body = pem("PRIVATE KEY", key_part(parts).body + "\n"); });
       }});
  all.push_back({"mismatched-pair", "the key is not the certificate's", "serverkeygen.key-matches-certificate",
                 "skg-key-of-other-certificate", "", [](behaviour& b) { b.mismatched_pair = true; }});
  all.push_back({"certificate-part-as-pkix-cert", "the certificate part is of application/pkix-cert",
                 "serverkeygen.certificate-part", "skg-certificate-part-type", "", nullptr,
                 [](request const& q, response& r) {
                   if (generated(q, r))
                     change_parts(r, [](auto& parts) {
                       certificate_part(parts).headers.set("Content-Type", "application/pkix-cert");
                     });
                 }});
  all.push_back({"certificate-part-without-smime-type", "the certificate part has no smime-type",
                 "serverkeygen.certificate-part", "skg-certificate-part-smime-type", "", nullptr,
                 [](request const& q, response& r) {
                   if (generated(q, r))
                     change_parts(r, [](auto& parts) {
                       certificate_part(parts).headers.set("Content-Type", "application/pkcs7-mime");
                     });
                 }});
  all.push_back({"certificate-part-bare", "the certificate part is a certificate", "serverkeygen.certificate-part",
                 "skg-certificate-part-not-certs-only", "", nullptr, [](request const& q, response& r) {
                   if (generated(q, r))
                     change_parts(r,
                                  [](auto& parts) { change_payload(certificate_part(parts).body, first_certificate); });
                 }});
  all.push_back({"certificate-part-with-chain", "the CA certificates come with the issued one",
                 "serverkeygen.certificate-part", "skg-certificate-part-further-certificates", "",
                 [](behaviour& b) { b.append_chain_to_key_part = true; }});
  all.push_back({"keygen-error-as-untyped-json", "an error is JSON without Content-Type",
                 "serverkeygen.error-plaintext", "skg-untyped-error-not-plain", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "serverkeygen") && r.status >= 400) {
                     auto const challenge = r.headers.find("WWW-Authenticate").value_or("");
                     const std::string kept{challenge};
                     answer_with(r, r.status, {}, "{\"error\": \"no\"}");
                     if (!kept.empty()) r.headers.set("WWW-Authenticate", kept);
                   }
                 }});

  // RFC 2046, RFC 5652
  all.push_back({"multipart-bare-lf", "the lines of the multipart body end in LF", "mime.multipart", "mime-bare-lf", "",
                 nullptr, [](request const& q, response& r) {
                   if (generated(q, r)) {
                     replace_all(r.body, "\r\n", "\n");
                     r.headers.erase("Content-Length");
                   }
                 }});
  all.push_back({"multipart-unclosed", "the closing delimiter is missing", "mime.multipart", "mime-no-close-delimiter",
                 "", nullptr, [](request const& q, response& r) {
                   if (generated(q, r)) {
                     r.body.resize(r.body.rfind("--" + boundary_of(r) + "--"));
                     r.headers.erase("Content-Length");
                   }
                 }});
  all.push_back({"multipart-no-empty-line", "no empty line ends the headers of a part", "mime.multipart",
                 "mime-no-empty-line", "", nullptr, [](request const& q, response& r) {
                   if (generated(q, r)) {
                     r.body.replace(r.body.find("\r\n\r\n"), 4, "\r\n");
                     r.headers.erase("Content-Length");
                   }
                 }});
  all.push_back({"multipart-odd-boundary", "the boundary has a character that RFC 2046 does not allow",
                 "mime.multipart", "mime-boundary-parameter", "", nullptr, [](request const& q, response& r) {
                   if (generated(q, r)) {
                     replace_all(r.body, "--" + boundary_of(r), "--est@example");
                     r.headers.set("Content-Type", "multipart/mixed; boundary=\"est@example\"");
                     r.headers.erase("Content-Length");
                   }
                 }});
  all.push_back({"signed-data-version-3", "SignedData of version 3 without cause", "cms.signed-data", "cms-version", "",
                 nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200)
                     change_payload(r.body, [](bytes octets) {
                       return change_signed_data(octets, [](auto& fields) { fields[0] = pki::der::integer(3u); });
                     });
                 }});
  all.push_back({"signed-data-without-signer-infos", "SignedData without a signerInfos field", "cms.signed-data",
                 "cms-no-signer-infos", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r))
                     change_payload(r.body, [](bytes octets) {
                       return change_signed_data(octets, [](auto& fields) { fields.pop_back(); });
                     });
                 }});

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
  return all;
}

} // namespace

std::span<const deviant> deviants() {
  static std::vector<deviant> const all = make_deviants();
  return all;
}

} // namespace est::conformance
