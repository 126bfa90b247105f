/// Deviants of RFC 7030 4.4, and of the MIME and CMS that carry it.

#include "deviant_parts.hpp"

#include "changes.hpp"

namespace est::conformance {

using namespace changes;

void add_keygen_deviants(std::vector<deviant>& all) {
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
  all.push_back({"keys-under-weak-cipher", "keys pass under a cipher suite with 3DES",
                 "serverkeygen.commensurate-cipher", "skg-weak-cipher", "", nullptr, nullptr, nullptr, nullptr,
                 [](http::tls_facts& facts) { facts.cipher_suite = "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"; }});
  all.push_back({"keys-under-another-name", "the certificate of a generated key bears another name than the CSR",
                 "serverkeygen.treats-csr-as-enrolment", "skg-subject-not-as-enrolled", "",
                 [](behaviour& b) { b.rename_at_key_generation = true; }});
  all.push_back({"keys-for-anything", "octets that are no CSR are answered with a key", "serverkeygen.error-status",
                 "skg-broken-request-accepted", "serverkeygen.answer-is-multipart http.media-types", nullptr,
                 [](request const& q, response& r) {
                   if (r.status == 400 && asks(q, "serverkeygen") && is_no_csr(q))
                     answer_with(r, 200, "application/pkcs7-mime; smime-type=certs-only", some_certificate());
                 }});
  all.push_back({"keygen-no-csr-hangs-up", "the connection is closed where there is no CSR in a request",
                 "serverkeygen.error-status", "skg-broken-request-unanswered", "", nullptr, mark_no_csr_keygen, nullptr,
                 hang_up_where_marked});
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
                       if (is_clear(key_part(parts)))
                         key_part(parts).headers.set("Content-Type", "application/octet-stream");
                     });
                 }});
  all.push_back({"key-bare", "the key is a bare PKCS#1 or SEC 1 key", "serverkeygen.private-key-info",
                 "skg-pkcs8-no-private-key-info", "", [](behaviour& b) { b.bare_key = true; }});
  all.push_back({"key-encrypted-with-password", "the key is an EncryptedPrivateKeyInfo",
                 "serverkeygen.private-key-info", "skg-pkcs8-no-private-key-info", "",
                 [](behaviour& b) { b.encrypted_private_key = true; }});
  all.push_back({"key-in-pem", "the key is PEM", "serverkeygen.private-key-info", "skg-pkcs8-not-base64", "", nullptr,
                 [](request const& q, response& r) {
                   if (generated(q, r))
                     change_parts(r, [](auto& parts) {
                       auto& key = key_part(parts);
                       if (is_clear(key)) key.body = pem("PRIVATE KEY", key.body + "\n");
                     });
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
  all.push_back({"keys-for-other-names", "keys are generated for any name, though clients may have their own alone",
                 "serverkeygen.client-authorised", "skg-other-name-issued", "tls.client-authorised",
                 [](behaviour& b) { b.own_names = b.own_names_but_generated = true; }, nullptr, nullptr, nullptr,
                 nullptr, "own-names"});
  all.push_back({"keys-by-default", "keys are generated without anybody having asked for it",
                 "serverkeygen.not-by-default", "skg-offered-by-default", "", [](behaviour&) {}, nullptr, nullptr,
                 nullptr, nullptr, "default-configuration"});
}

} // namespace est::conformance
