/// Deviants of RFC 7030 4.1 to 4.3.

#include "deviant_parts.hpp"

#include "changes.hpp"

namespace est::conformance {

using namespace changes;

void add_enrolment_deviants(std::vector<deviant>& all) {
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
                     change_payload(r.body, [](bytes octets) { return change_signed_data(octets, put_content); });
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
  all.push_back({"forged-fields-believed", "fields in which a proxy names the client are believed of anybody",
                 "enroll.authenticates-client", "enroll-forged-fields-believed", "",
                 [](behaviour& b) { b.believe_proxy_fields = true; }});
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
  all.push_back({"enrolment-with-content", "an enrolment is answered with a SignedData that has content",
                 "enroll.certs-only", "enroll-with-content", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r))
                     change_payload(r.body, [](bytes octets) { return change_signed_data(octets, put_content); });
                 }});
  all.push_back({"enrolment-with-crl", "a revocation list comes with the issued certificate",
                 "enroll.only-issued-certificate", "enroll-crls", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r))
                     change_payload(r.body, [](bytes octets) {
                       return change_signed_data(octets, [](auto& fields) {
                         fields.insert(fields.end() - 1, pki::der::set_of({pki::der::sequence({pki::der::integer(1u)})},
                                                                          pki::tag::context(1)));
                       });
                     });
                 }});
  all.push_back({"pkcs10-spelling-minded", "application/pkcs10 in another case is refused", "enroll.pkcs10",
                 "enroll-pkcs10-spelling", "", nullptr, [](request const& q, response& r) {
                   if (issued(q, r) && q.headers.find("Content-Type").value_or("") != "application/pkcs10")
                     answer_with(r, 400, "text/plain", "Which type is that?\n");
                 }});
  all.push_back({"anything-enrolled", "octets that are no CSR are answered with a certificate", "enroll.error-status",
                 "enroll-broken-request-accepted", "", nullptr, [](request const& q, response& r) {
                   if (refused_enrolment(q, r) && is_no_csr(q))
                     answer_with(r, 200, "application/pkcs7-mime; smime-type=certs-only", some_certificate());
                 }});
  all.push_back({"no-csr-hangs-up", "the connection is closed where there is no CSR in a request",
                 "enroll.error-status", "enroll-broken-request-unanswered", "", nullptr, mark_no_csr_enrolment, nullptr,
                 hang_up_where_marked});
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
  all.push_back({"pending-retry-after-in-words", "202 with a Retry-After that is neither number nor date",
                 "enroll.pending-retry-after", "pending-retry-after-unreadable", "http.retry-after",
                 [](behaviour& b) { b.pending = true; },
                 [](request const&, response& r) {
                   if (r.status == 202) r.headers.set("Retry-After", "tomorrow");
                 }});
  all.push_back({"pending-in-binary", "202 with content that nobody can read", "enroll.pending-content",
                 "pending-content-unreadable", "", [](behaviour& b) { b.pending = true; },
                 [](request const&, response& r) {
                   if (r.status == 202) r.body = std::string{"\xff\xfe\x00", 3};
                 }});
  all.push_back({"pending-forgotten", "a request that waits for approval is refused when it is sent again",
                 "enroll.pending-recognised", "pending-not-recognised", "",
                 [](behaviour& b) { b.pending_forgotten = true; }});
  all.push_back({"other-names-enrolled", "any name is enrolled, though clients may have their own alone",
                 "enroll.client-authorised", "enroll-other-name-issued", "tls.client-authorised",
                 [](behaviour& b) { b.own_names = b.own_names_but_enrolled = true; }, nullptr, nullptr, nullptr,
                 nullptr, "own-names"});
  all.push_back({"other-names-for-certificates", "whoever shows a certificate is enrolled under any name",
                 "tls.client-authorised", "other-name-issued-to-certificate", "enroll.client-authorised",
                 [](behaviour& b) { b.own_names = b.own_names_but_enrolled = true; }, nullptr, nullptr, nullptr,
                 nullptr, "own-names"});
}

} // namespace est::conformance
