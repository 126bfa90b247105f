/// Deviants of RFC 7030 3.5, 4.2.2, 4.3 and 4.4.2, of RFC 9908, and of the certificates themselves.

#include "deviant_parts.hpp"

#include "changes.hpp"

#include <est/pki/attributes.hpp>
#include <est/pki/csr_template.hpp>
#include <est/pki/enveloped_data.hpp>
#include <est/pki/extensions.hpp>

namespace est::conformance {

using namespace changes;

namespace {

bytes attribute_of(pki::object_id const& type, std::vector<bytes> values) {
  return pki::der::sequence({type.encode(), pki::der::value(pki::tag::set, pki::der::concatenation(values))});
}

/// Changes the octets of the envelope that a generated key comes in.
template <class Change> void change_envelope_payload(request const& q, response& r, Change change) {
  if (!generated(q, r)) return;
  change_parts(r, [&](auto& parts) {
    for (auto& part : parts)
      if (part.headers.find("Content-Type").value_or("").find("server-generated-key") != std::string_view::npos)
        change_payload(part.body, change);
  });
}

/// Changes the fields of the EnvelopedData.
template <class Change> void change_envelope(request const& q, response& r, Change change) {
  change_envelope_payload(q, r, [&](bytes octets) { return change_signed_data(octets, change); });
}

/// The same recipients and a ciphertext that nobody can open, in the form of RFC 5083: version 0, AES-256 in GCM (RFC 5084), the
/// content type among the authenticated attributes, a MAC.
bytes as_auth_enveloped_data(bytes const& content_info) {
  auto const outer = elements_of(content_of(content_info));
  if (outer.size() != 2) return content_info;
  auto const fields = elements_of(content_of(content_of(outer[1])));
  if (fields.size() != 3) return content_info;
  auto content = elements_of(content_of(fields[2]));
  content[1] = pki::der::sequence({pki::object_id{2, 16, 840, 1, 101, 3, 4, 1, 46}.encode(),
                                   pki::der::sequence({pki::der::octet_string(bytes(12, 7)), pki::der::integer(16u)})});
  auto const attributes = pki::der::value(pki::tag::context(1), attribute_of(pki::oids::content_type, {content[0]}));
  auto const body = sequence_of(
      {pki::der::integer(0u), fields[1], sequence_of(content), attributes, pki::der::octet_string(bytes(16, 9))});
  return sequence_of({pki::oids::id_auth_enveloped_data.encode(), pki::der::value(pki::tag::context(0), body)});
}

/// The first RecipientInfo under another tag: a choice that nobody reads.
void retag_recipient(std::vector<bytes>& fields) {
  auto recipients = elements_of(content_of(fields[1]));
  recipients.front() = pki::der::value(pki::tag::context(4), content_of(recipients.front()));
  fields[1] = pki::der::value(pki::tag::set, pki::der::concatenation(recipients));
}

/// Changes the fields of the KEKRecipientInfo, if it is one.
template <class Change> void change_kekri(std::vector<bytes>& fields, Change change) {
  auto recipients = elements_of(content_of(fields[1]));
  auto& first = recipients.front();
  if (first[0] != pki::tag::context(2)) return;
  auto inner = elements_of(content_of(first));
  change(inner);
  first = pki::der::value(pki::tag::context(2), pki::der::concatenation(inner));
  fields[1] = pki::der::value(pki::tag::set, pki::der::concatenation(recipients));
}

bool asks_by(request const& q, pki::object_id const& type) {
  auto const octets = decode_base64(q.body);
  if (!octets) return false;
  auto const csr = pki::parse_csr(*octets);
  return csr && csr->find(type) != nullptr;
}

/// Whether the first recipient is of that choice.
bool is_first(std::vector<bytes> const& fields, std::uint8_t identifier) {
  auto const recipients = elements_of(content_of(fields[1]));
  return !recipients.empty() && recipients.front()[0] == identifier;
}

/// Changes the fields of the issued certificate's signed part; its signature does not hold any more.
template <class Change> bytes change_certificate(bytes const& content_info, Change change) {
  return change_signed_data(content_info, [&](auto& fields) {
    auto list = elements_of(content_of(fields[3]));
    auto outer = elements_of(content_of(list.front()));
    auto signed_part = elements_of(content_of(outer[0]));
    change(signed_part);
    outer[0] = sequence_of(signed_part);
    list.front() = sequence_of(outer);
    fields[3] = pki::der::value(pki::tag::context(0), pki::der::concatenation(list));
  });
}

/// A root with these extensions, and a certificate that it has issued, beside those of the bag.
bytes add_hierarchy(bytes const& content_info, std::vector<pki::extension> extensions) {
  auto const bag = pki::parse_certs_only(content_info);
  Botan::AutoSeeded_RNG rng;
  const pki::context with{std::chrono::system_clock::now(), rng};
  auto const key = pki::make_private_key(pki::key_spec::ecdsa("secp256r1"), with);
  if (!bag || !key) return content_info;
  pki::certificate_order order;
  order.subject_der = pki::make_name({{pki::oids::common_name, "another root"}});
  order.not_before = with.now - std::chrono::hours{1};
  order.not_after = with.now + std::chrono::hours{1};
  order.extensions = std::move(extensions);
  auto const root = pki::make_self_signed(order, *key, "SHA-256", with);
  if (!root) return content_info;
  order.subject_der = pki::make_name({{pki::oids::common_name, "below another root"}});
  order.public_key_info = key->public_key_info();
  order.extensions = {pki::make_basic_constraints(true)};
  auto const below = pki::make_certificate(order, *key, *root, "SHA-256", with);
  if (!below) return content_info;
  auto all = bag->certificates();
  all.push_back(*root);
  all.push_back(*below);
  auto const made = pki::make_certs_only(std::move(all));
  return made ? made->encode() : content_info;
}

/// /csrattrs answers with these attributes.
void answer_attributes(request const& q, response& r, std::vector<bytes> const& elements) {
  if (asks(q, "csrattrs")) answer_with(r, 200, "application/csrattrs", encode_base64(sequence_of(elements)));
}

pki::object_id const& ec() { return pki::oids::ec_public_key; }
bytes alternative_names() { return pki::oids::subject_alternative_name.encode(); }
/// An Extension of empty value.
bytes an_extension() { return pki::der::sequence({alternative_names(), pki::der::octet_string(bytes{0x30, 0x00})}); }
bytes extension_request(std::vector<bytes> const& extensions) {
  return attribute_of(pki::oids::extension_request, {sequence_of(extensions)});
}

/// The template of the reference server, changed: its fields are version, subject, key and attributes.
template <class Change> void change_template(request const& q, response& r, Change change) {
  if (!asks(q, "csrattrs") || r.status != 200) return;
  change_payload(r.body, [&](bytes octets) {
    auto elements = elements_of(content_of(octets));
    for (auto& element : elements) {
      auto attribute = elements_of(content_of(element));
      if (attribute.size() != 2 || attribute[0] != pki::oids::csr_template.encode()) continue;
      auto fields = elements_of(content_of(content_of(attribute[1])));
      change(fields);
      attribute[1] = pki::der::value(pki::tag::set, sequence_of(fields));
      element = sequence_of(attribute);
    }
    return sequence_of(elements);
  });
}

/// Changes the attributes of the template, which stand in its last field.
template <class Change> void change_template_attributes(request const& q, response& r, Change change) {
  change_template(q, r, [&](std::vector<bytes>& fields) {
    auto attributes = elements_of(content_of(fields.back()));
    change(attributes);
    fields.back() = pki::der::value(pki::tag::context(1), pki::der::concatenation(attributes));
  });
}

bool is_of_type(bytes const& attribute, pki::object_id const& type) {
  auto const fields = elements_of(content_of(attribute));
  return !fields.empty() && fields[0] == type.encode();
}

} // namespace

void add_renewal_deviants(std::vector<deviant>& all) {
  all.push_back({"other-name-reenrolled", "a re-enrolment may change the name", "reenroll.same-names",
                 "reenroll-other-name-issued", "", [](behaviour& b) { b.reenrol_under_other_name = true; }});
  all.push_back({"old-key-reenrolled", "a re-enrolment certifies the old key", "reenroll.rekey", "reenroll-old-key",
                 "enroll.certificate-matches-csr", [](behaviour& b) { b.reenrolment_under_old_key = true; }});
  all.push_back({"old-certificate-again", "a renewal is answered with the old certificate", "reenroll.renew",
                 "reenroll-old-certificate", "", [](behaviour& b) { b.renewal_without_renewing = true; }});
  all.push_back({"linking-refused-without-a-word",
                 "a wrong challengePassword is refused, and the text speaks of something "
                 "else",
                 "linking.message", "linking-refusal-says-nothing", "", nullptr, [](request const& q, response& r) {
                   if (r.status >= 400 && r.status < 500 && (asks(q, "simpleenroll") || asks(q, "serverkeygen")) &&
                       asks_by(q, pki::oids::challenge_password))
                     answer_with(r, r.status, "text/plain", "Sorry.\n");
                 }});
  all.push_back({"linking-not-announced", "linking is required, and /csrattrs does not say so", "linking.announced",
                 "linking-not-announced", "", [](behaviour& b) { b.linking_required = b.linking_unannounced = true; }});
}

void add_cmc_deviants(std::vector<deviant>& all) {
  all.push_back({"cmc-takes-anything", "whatever is sent to /fullcmc is granted", "fullcmc.rejects-invalid",
                 "fullcmc-invalid-accepted", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "fullcmc") && r.status >= 400 && q.body.size() < 1000)
                     answer_with(r, 200, "application/pkcs7-mime; smime-type=certs-only", some_certificate());
                 }});
  all.push_back({"cmc-minds-case", "smime-type=CMC-Request is refused", "fullcmc.content-type",
                 "fullcmc-smime-type-case", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "fullcmc") &&
                       q.headers.find("Content-Type").value_or("").find("CMC-Request") != std::string_view::npos)
                     answer_with(r, 415, "text/plain", "Which type is that?\n");
                 }});
  all.push_back({"cmc-created", "/fullcmc answers 201", "fullcmc.status-200", "fullcmc-success-not-200", "", nullptr,
                 [](request const& q, response& r) {
                   if (asks(q, "fullcmc") && r.status == 200) change_status(r, 201);
                 }});
  all.push_back({"cmc-as-pkix-cert", "/fullcmc answers with application/pkix-cert", "fullcmc.status-200",
                 "fullcmc-content-type", "http.media-types", nullptr, [](request const& q, response& r) {
                   if (asks(q, "fullcmc") && r.status == 200) r.headers.set("Content-Type", "application/pkix-cert");
                 }});
  all.push_back({"cmc-as-certs-only", "a Full PKI Response is labelled certs-only", "fullcmc.smime-type",
                 "fullcmc-smime-type", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "fullcmc") && r.status == 200)
                     r.headers.set("Content-Type", "application/pkcs7-mime; smime-type=certs-only");
                 }});
  all.push_back({"cmc-failure-under-200", "a CMC status that says failed comes under 200", "fullcmc.error-status",
                 "fullcmc-failed-under-success", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "fullcmc") && r.status == 400 && q.body.size() > 1000) change_status(r, 200);
                 }});
  all.push_back({"cmc-error-in-text", "a Full PKI Request is rejected in plain text", "fullcmc.error-body",
                 "fullcmc-error-without-response", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "fullcmc") && r.status >= 400 && q.body.size() > 1000)
                     answer_with(r, 400, "text/plain", "No.\n");
                 }});
}

void add_protection_deviants(std::vector<deviant>& all) {
  all.push_back({"envelope-as-octet-stream", "an encrypted key is in a part of application/octet-stream",
                 "serverkeygen.envelope-type", "skg-envelope-type", "", nullptr, [](request const& q, response& r) {
                   if (!generated(q, r)) return;
                   replace_all(r.body, "application/pkcs7-mime; smime-type=server-generated-key",
                               "application/octet-stream; smime-type=server-generated-key");
                   r.headers.erase("Content-Length");
                 }});
  all.push_back({"envelope-as-enveloped-data", "an encrypted key is labelled smime-type=enveloped-data",
                 "serverkeygen.envelope-type", "skg-envelope-smime-type", "", nullptr,
                 [](request const& q, response& r) {
                   if (!generated(q, r)) return;
                   replace_all(r.body, "smime-type=server-generated-key", "smime-type=enveloped-data");
                   r.headers.erase("Content-Length");
                 }});
  all.push_back({"envelope-around-data", "the envelope says that it holds id-data", "serverkeygen.envelope-nesting",
                 "skg-envelope-content", "", nullptr, [](request const& q, response& r) {
                   change_envelope(q, r, [](std::vector<bytes>& fields) {
                     auto content = elements_of(content_of(fields[2]));
                     content[0] = pki::oids::id_data.encode();
                     fields[2] = sequence_of(content);
                   });
                 }});
  all.push_back({"key-in-auth-enveloped-data", "an encrypted key is in an AuthEnvelopedData",
                 "serverkeygen.envelope-nesting", "skg-auth-enveloped-data", "", nullptr,
                 [](request const& q, response& r) { change_envelope_payload(q, r, as_auth_enveloped_data); }});
  all.push_back({"key-in-envelope-unsigned", "nobody has signed the key in the envelope",
                 "serverkeygen.envelope-nesting", "skg-envelope-without-signed-data", "",
                 [](behaviour& b) { b.key_in_envelope_unsigned = true; }});
  all.push_back({"key-in-envelope-broken-signature", "the signature of the key in the envelope does not hold",
                 "serverkeygen.envelope-nesting", "skg-envelope-signature", "",
                 [](behaviour& b) { b.key_signature_broken = true; }});
  all.push_back({"another-key-in-envelope", "the key in the envelope is not the certificate's",
                 "serverkeygen.key-matches-certificate", "skg-key-of-other-certificate", "",
                 [](behaviour& b) { b.another_key_in_envelope = true; }});
  all.push_back({"no-kekri", "for a secret key the envelope has another recipient than kekri", "serverkeygen.kekri",
                 "skg-no-kekri", "", nullptr, [](request const& q, response& r) {
                   if (asks_by(q, pki::oids::decrypt_key_identifier)) change_envelope(q, r, retag_recipient);
                 }});
  all.push_back({"kekri-of-version-3", "kekri has version 3", "serverkeygen.kekri-fields", "skg-kekri-version", "",
                 nullptr, [](request const& q, response& r) {
                   change_envelope(q, r, [](std::vector<bytes>& fields) {
                     change_kekri(fields, [](auto& inner) { inner[0] = pki::der::integer(3u); });
                   });
                 }});
  all.push_back({"kekri-for-another-key", "kekri names another key than the CSR", "serverkeygen.kekri-fields",
                 "skg-kekri-identifier", "", nullptr, [](request const& q, response& r) {
                   change_envelope(q, r, [](std::vector<bytes>& fields) {
                     change_kekri(fields, [](auto& inner) {
                       inner[1] = pki::der::sequence({pki::der::octet_string(as_bytes("another"))});
                     });
                   });
                 }});
  all.push_back({"kekri-with-3des", "kekri wraps with an algorithm that the CSR does not name",
                 "serverkeygen.kekri-fields", "skg-kekri-algorithm", "", nullptr, [](request const& q, response& r) {
                   change_envelope(q, r, [](std::vector<bytes>& fields) {
                     change_kekri(fields, [](auto& inner) {
                       const pki::object_id wrap_3des{1, 2, 840, 113549, 1, 9, 16, 3, 6};
                       inner[2] = pki::der::sequence({wrap_3des.encode(), bytes{0x05, 0x00}});
                     });
                   });
                 }});
  all.push_back({"no-ktri", "for an RSA key the envelope has another recipient than ktri", "serverkeygen.ktri",
                 "skg-no-ktri", "", nullptr, [](request const& q, response& r) {
                   change_envelope(q, r, [](std::vector<bytes>& fields) {
                     if (is_first(fields, pki::tag::sequence)) retag_recipient(fields);
                   });
                 }});
  all.push_back({"no-kari", "for an EC key the envelope has another recipient than kari", "serverkeygen.kari",
                 "skg-no-kari", "", nullptr, [](request const& q, response& r) {
                   change_envelope(q, r, [](std::vector<bytes>& fields) {
                     if (is_first(fields, pki::tag::context(1))) retag_recipient(fields);
                   });
                 }});
  all.push_back({"key-for-signer", "a key is encrypted for a certificate that is for signatures alone",
                 "serverkeygen.recipient-key-usage", "skg-recipient-for-signatures", "",
                 [](behaviour& b) { b.overlook_key_usage = true; }});
  all.push_back({"clear-keys-against-policy", "keys come in the clear, though they are to be encrypted",
                 "serverkeygen.encryption-policy", "skg-clear-key-against-policy", "",
                 [](behaviour& b) { b.keys_encrypted = b.encryption_overlooked = true; }, nullptr, nullptr, nullptr,
                 nullptr, "encrypted-keys"});
}

void add_certificate_deviants(std::vector<deviant>& all) {
  constexpr auto followers = "cacerts.chain-complete";
  all.push_back({"serial-negative", "the serial number of a certificate is negative", "pkix.issued", "pkix-serial",
                 followers, nullptr, [](request const& q, response& r) {
                   if (issued(q, r))
                     change_payload(r.body, [](bytes octets) {
                       return change_certificate(octets, [](auto& fields) { fields[1] = {0x02, 0x02, 0x8f, 0x01}; });
                     });
                 }});
  all.push_back({"serial-repeated", "all certificates have one serial number", "pkix.issued", "pkix-serial-repeated",
                 followers, nullptr, [](request const& q, response& r) {
                   if (issued(q, r))
                     change_payload(r.body, [](bytes octets) {
                       return change_certificate(octets, [](auto& fields) { fields[1] = {0x02, 0x02, 0x2a, 0x01}; });
                     });
                 }});
  all.push_back(
      {"certificate-version-1", "a certificate with extensions has version 1", "pkix.issued", "pkix-version", followers,
       nullptr, [](request const& q, response& r) {
         if (issued(q, r))
           change_payload(r.body, [](bytes octets) {
             return change_certificate(octets, [](auto& fields) { fields[0] = {0xa0, 0x03, 0x02, 0x01, 0x01}; });
           });
       }});
  all.push_back({"certificate-nameless", "a certificate has neither subject nor alternative names", "pkix.issued",
                 "pkix-nameless", followers, nullptr, [](request const& q, response& r) {
                   if (issued(q, r))
                     change_payload(r.body, [](bytes octets) {
                       return change_certificate(octets, [](auto& fields) { fields[5] = {0x30, 0x00}; });
                     });
                 }});
  all.push_back({"issuer-no-ca", "the bag has an issuer without basicConstraints", "pkix.ca", "pkix-issuer-no-ca", "",
                 nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200)
                     change_payload(r.body, [](bytes octets) {
                       return add_hierarchy(octets, {pki::make_extended_key_usage({pki::oids::client_auth})});
                     });
                 }});
  all.push_back({"issuer-no-cert-sign", "the bag has an issuer whose keyUsage lacks keyCertSign", "pkix.ca",
                 "pkix-issuer-no-cert-sign", "", nullptr, [](request const& q, response& r) {
                   if (asks(q, "cacerts") && r.status == 200)
                     change_payload(r.body, [](bytes octets) {
                       return add_hierarchy(octets, {pki::make_basic_constraints(true),
                                                     pki::make_key_usage(pki::key_usage::digital_signature)});
                     });
                 }});
}

void add_template_deviants(std::vector<deviant>& all) {
  struct list {
    std::string_view name, title, check, reason;
    void (*mutate)(request const&, response&);
    std::string_view followers = {};
  };
  const list lists[] = {
      {"csrattrs-extension-outside", "an extension stands among the CSR attributes by its own identifier",
       "csrattrs.extension-request", "csrattrs-extension-outside",
       [](request const& q, response& r) { answer_attributes(q, r, {alternative_names()}); }},
      {"csrattrs-extensions-of-microsoft", "extensions are asked for by the identifier of Microsoft",
       "csrattrs.extension-request", "csrattrs-extension-request-of-microsoft",
       [](request const& q, response& r) {
         const pki::object_id microsoft{1, 3, 6, 1, 4, 1, 311, 2, 1, 14};
         answer_attributes(q, r, {attribute_of(microsoft, {sequence_of({an_extension()})})});
       }},
      {"csrattrs-two-extension-requests", "extensionRequest stands twice", "csrattrs.one-extension-request",
       "csrattrs-several-extension-requests",
       [](request const& q, response& r) {
         const pki::extension usage = pki::make_key_usage(pki::key_usage::digital_signature);
         answer_attributes(
             q, r, {extension_request({an_extension()}), pki::encode_attribute(pki::extension_request({usage}))});
       }},
      {"csrattrs-extension-request-of-two", "an extensionRequest has two values", "csrattrs.extension-request-value",
       "csrattrs-extension-request-values",
       [](request const& q, response& r) {
         const pki::extension usage = pki::make_key_usage(pki::key_usage::digital_signature);
         answer_attributes(
             q, r,
             {attribute_of(pki::oids::extension_request,
                           {sequence_of({an_extension()}), pki::extension_request({usage}).values.front()})});
       }},
      {"csrattrs-extension-request-of-oids", "an extensionRequest holds identifiers, as in RFC 7030's own example",
       "csrattrs.extension-request-value", "csrattrs-extension-request-of-oids",
       [](request const& q, response& r) {
         answer_attributes(q, r, {attribute_of(pki::oids::extension_request, {alternative_names()})});
       }},
      {"csrattrs-extension-request-of-numbers", "an extensionRequest holds a number",
       "csrattrs.extension-request-value", "csrattrs-extension-request-unreadable",
       [](request const& q, response& r) {
         answer_attributes(q, r, {attribute_of(pki::oids::extension_request, {pki::der::integer(7u)})});
       }},
      {"csrattrs-extension-twice", "one extension is asked for twice", "csrattrs.extension-once",
       "csrattrs-extension-repeated",
       [](request const& q, response& r) {
         answer_attributes(q, r, {extension_request({an_extension(), an_extension()})});
       }},
      {"csrattrs-key-type-alone", "a key type stands alone", "csrattrs.key-type", "csrattrs-bare-key-type",
       [](request const& q, response& r) { answer_attributes(q, r, {ec().encode()}); }},
      {"csrattrs-curve-alone", "a curve stands alone, as in RFC 7030 A.2", "csrattrs.key-type", "csrattrs-bare-curve",
       [](request const& q, response& r) { answer_attributes(q, r, {pki::oids::secp384r1.encode()}); }},
      {"csrattrs-two-key-types", "two key types are asked for", "csrattrs.key-type", "csrattrs-several-key-types",
       [](request const& q, response& r) {
         answer_attributes(q, r,
                           {attribute_of(ec(), {pki::oids::secp256r1.encode()}),
                            attribute_of(pki::oids::rsa_encryption, {pki::der::integer(2048u)})});
       }},
      {"csrattrs-size-of-curve", "a size is given for an EC key", "csrattrs.key-parameters", "csrattrs-key-parameters",
       [](request const& q, response& r) { answer_attributes(q, r, {attribute_of(ec(), {pki::der::integer(256u)})}); }},
      {"template-empty-subject", "the template has an empty subject", "csrattrs.template-subject",
       "csr-template-empty-subject",
       [](request const& q, response& r) { change_template(q, r, [](auto& fields) {
                                             fields[1] = {0x30, 0x00};
                                           }); }},
      {"template-of-version-1", "the template has version 1", "csrattrs.template-version", "csr-template-version",
       [](request const& q, response& r) {
         change_template(q, r, [](auto& fields) { fields[0] = pki::der::integer(1u); });
       }},
      {"template-unreadable", "the template is a number", "csrattrs.template-version", "csr-template-unreadable",
       [](request const& q, response& r) {
         answer_attributes(q, r, {attribute_of(pki::oids::csr_template, {pki::der::integer(7u)})});
       }},
      {"template-without-attributes", "the template lacks its attributes", "csrattrs.template-attributes",
       "csr-template-without-attributes",
       [](request const& q, response& r) { change_template(q, r, [](auto& fields) { fields.pop_back(); }); }},
      {"template-two-extension-templates", "the template has two extension templates",
       "csrattrs.template-one-extension-template", "csr-template-several-extension-templates",
       [](request const& q, response& r) {
         change_template_attributes(q, r, [](auto& attributes) {
           for (auto const& one : std::vector<bytes>{attributes})
             if (is_of_type(one, pki::oids::extension_request_template)) attributes.push_back(one);
         });
       },
       "csrattrs.extension-once"},
      {"template-two-ways", "the template has an extensionRequest beside its extension template",
       "csrattrs.template-one-way", "csr-template-both-requests",
       [](request const& q, response& r) {
         change_template_attributes(
             q, r, [](auto& attributes) { attributes.push_back(extension_request({an_extension()})); });
       },
       "csrattrs.extension-once"},
      {"template-extensions-of-none", "the extension template has no value", "csrattrs.template-extension-value",
       "csr-template-extension-values",
       [](request const& q, response& r) {
         change_template_attributes(q, r, [](auto& attributes) {
           for (auto& one : attributes)
             if (is_of_type(one, pki::oids::extension_request_template))
               one = attribute_of(pki::oids::extension_request_template, {});
         });
       }},
      {"template-nothing-open", "the extension template leaves nothing to be filled in", "csrattrs.template-full",
       "csr-template-nothing-open",
       [](request const& q, response& r) {
         change_template_attributes(q, r, [](auto& attributes) {
           for (auto& one : attributes)
             if (is_of_type(one, pki::oids::extension_request_template))
               one = attribute_of(pki::oids::extension_request_template, {sequence_of({an_extension()})});
         });
       }},
      {"template-key-of-no-size", "the template has a public key that says nothing", "csrattrs.template-key",
       "csr-template-key-placeholder",
       [](request const& q, response& r) {
         change_template(q, r, [](auto& fields) {
           for (auto& field : fields) {
             if (field[0] != pki::tag::context(0)) continue;
             auto info = elements_of(content_of(field));
             static constexpr std::uint8_t dummy[] = {0};
             info.resize(1);
             info.push_back(pki::der::bit_string(dummy));
             field = pki::der::value(pki::tag::context(0), pki::der::concatenation(info));
           }
         });
       }},
  };
  for (auto const& one : lists)
    all.push_back({one.name, one.title, one.check, one.reason, one.followers, nullptr, one.mutate});
}

} // namespace est::conformance
