#include "deviating.hpp"

#include <est/core/base64.hpp>
#include <est/core/secret.hpp>
#include <est/message/enroll.hpp>
#include <est/message/operation.hpp>
#include <est/message/server_keygen.hpp>
#include <est/mime/body.hpp>
#include <est/mime/multipart.hpp>
#include <est/pki/der.hpp>
#include <est/pki/key_package.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/server/approval.hpp>

#include <botan/pkcs8.h>

#include <chrono>
#include <utility>
#include <variant>
#include <vector>

namespace est::conformance {

namespace {

http::response plain(int status, std::string sentence) {
  http::response answer;
  answer.status = status;
  answer.headers.add("Content-Type", "text/plain");
  answer.body = std::move(sentence) + "\n";
  return answer;
}

bool begins_with_csr(std::string_view operation) {
  return operation == op::simple_enroll::name || operation == op::simple_reenroll::name ||
         operation == op::server_keygen::name;
}

body_options options_of(behaviour const& behave) { return {behave.layout, behave.transfer_encoding}; }

/// The CSR of a request, if there is one.
std::optional<pki::csr> csr_of(http::request const& request) {
  auto const der = mime::decode_body<bytes>(request.body);
  if (!der) return std::nullopt;
  auto csr = pki::parse_csr(*der);
  if (!csr) return std::nullopt;
  return std::move(*csr);
}

/// Why a server of little tolerance does not read a body.
std::optional<std::string> intolerance(behaviour const& behave, http::request const& request) {
  auto const encoding = request.headers.find("Content-Transfer-Encoding");
  bool const says_base64 = encoding && http::equal_ignoring_case(http::trim(*encoding), "base64");
  if (behave.require_transfer_encoding && !says_base64) return "Content-Transfer-Encoding: base64 is missing.";
  if (behave.obey_transfer_encoding && encoding && !says_base64) return "The Content-Transfer-Encoding is not base64.";
  std::string_view const body = request.body;
  bool const wrapped = body.find('\n') != std::string_view::npos;
  if (behave.refuse_one_line && !wrapped) return "The base64 text is not broken into lines.";
  if (behave.refuse_wrapped && wrapped) return "The base64 text is broken into lines.";
  if (behave.refuse_crlf && body.find('\r') != std::string_view::npos) return "The lines end in CRLF.";
  return std::nullopt;
}

/// The body again, its CSR without attributes of a type. The signature breaks, which a key generation does not mind.
void overlook_attribute(http::request& request, pki::object_id const& overlooked) {
  auto const csr = csr_of(request);
  if (!csr || csr->find(overlooked) == nullptr) return;
  std::vector<bytes> kept;
  for (auto const& attribute : csr->attributes())
    if (!(attribute.oid == overlooked)) kept.push_back(pki::encode_attribute(attribute));
  auto const info = pki::der::sequence({pki::der::integer(0u), csr->subject_der(), csr->public_key_info(),
                                        pki::der::set_of(std::move(kept), pki::tag::context(0))});
  static constexpr std::uint8_t broken[] = {0};
  // ecdsa-with-SHA256, as good as any other
  auto const algorithm = pki::der::sequence({pki::object_id{1, 2, 840, 10045, 4, 3, 2}.encode()});
  request.body = encode_base64(pki::der::sequence({info, algorithm, pki::der::bit_string(broken)}));
}

result<pki::certs_only> with_chain(memory_ca const& ca, pki::certificate const& certificate) {
  auto const chain = ca.ca_certificates({});
  if (!chain) return fail(chain.error());
  std::vector<pki::certificate> all{certificate};
  for (auto const& one : chain->certificates()) all.push_back(one);
  return pki::make_certs_only(std::move(all));
}

/// A certificate of this CA for a CSR's names, whoever holds the key.
result<pki::certificate> certify(memory_ca const& ca, pki::csr const& csr, byte_view public_key_info,
                                 pki::context const& at) {
  return ca.certify(csr.subject_der(), public_key_info, std::nullopt, certificate_use::client, at);
}

result<http::response> change_enrolment(behaviour const& behave, memory_ca const& ca, pki::csr const& csr,
                                        http::tls_facts const& facts, http::response const& answer,
                                        pki::context const& at) {
  auto reply = parse_reply<op::simple_enroll>(answer);
  if (!reply) return fail(reply.error());
  auto* success = std::get_if<issued>(&*reply);
  if (success == nullptr) return answer;
  if (behave.certify_another_key) {
    auto const other = pki::make_private_key(pki::key_spec::ecdsa("secp256r1"), at);
    if (!other) return fail(other.error());
    auto certificate = certify(ca, csr, other->public_key_info(), at);
    if (!certificate) return fail(certificate.error());
    auto made = make_issued(std::move(*certificate));
    if (!made) return fail(made.error());
    *success = std::move(*made);
  }
  if (behave.reenrolment_under_old_key && !facts.peer_certificates.empty()) {
    auto const old = pki::parse_certificate(facts.peer_certificates.front());
    if (!old) return fail(old.error());
    auto certificate = certify(ca, csr, old->public_key_info(), at);
    if (!certificate) return fail(certificate.error());
    auto made = make_issued(std::move(*certificate));
    if (!made) return fail(made.error());
    *success = std::move(*made);
  }
  if (behave.renewal_without_renewing && !facts.peer_certificates.empty()) {
    auto old = pki::parse_certificate(facts.peer_certificates.front());
    if (!old) return fail(old.error());
    if (old->public_key_info() == csr.public_key_info()) {
      auto made = make_issued(std::move(*old));
      if (!made) return fail(made.error());
      *success = std::move(*made);
    }
  }
  if (behave.append_chain) {
    auto bag = with_chain(ca, success->certificate);
    if (!bag) return fail(bag.error());
    success->bag = std::move(*bag);
  }
  return to_http_reply<op::simple_enroll>(*reply, options_of(behave));
}

/// PKCS#1 or SEC 1: what stands in the OCTET STRING of a PrivateKeyInfo.
result<secret_bytes> bare(secret_bytes const& pkcs8) {
  pki::tlv_state state{errc::malformed_key, "pkcs8"};
  pki::tlv_reader outer{pkcs8.expose(), state};
  auto fields = outer.enter(pki::tag::sequence, "PrivateKeyInfo");
  fields.take(pki::tag::integer, "version");
  fields.take(pki::tag::sequence, "privateKeyAlgorithm");
  auto const key = fields.take(pki::tag::octet_string, "privateKey");
  if (!state.ok()) return fail(*state.first);
  return secret_bytes{key.content};
}

result<secret_bytes> under_a_password(pki::private_key const& key, pki::context const& at) {
  return pki::guarded_quietly(errc::internal, "pkcs8", "the key cannot be encrypted", [&] {
    auto const octets =
        Botan::PKCS8::BER_encode_encrypted_pbkdf_iter(key.botan(), at.rng, "password", 1000, "AES-256/CBC", "SHA-256");
    return secret_bytes{byte_view{octets}};
  });
}

/// Takes the answer's two parts in hand.
result<void> change_parts(behaviour const& behave, generated const& success, http::response& answer,
                          pki::context const& at) {
  auto const body = mime::parse_multipart(answer.body, op::server_keygen::boundary);
  if (!body) return fail(body.error());
  auto parts = mime::own(*body);
  if (parts.size() != 2) return fail(errc::internal, "body", "there are not two parts");
  if (behave.bare_key || behave.encrypted_private_key) {
    auto const key = behave.bare_key ? bare(success.key.encode()) : under_a_password(success.key, at);
    if (!key) return fail(key.error());
    parts[0].body = encode_base64(key->expose(), behave.layout);
  }
  if (behave.certificate_first) std::swap(parts[0], parts[1]);
  auto text = mime::encode_multipart(parts, op::server_keygen::boundary);
  if (!text) return fail(text.error());
  answer.body = std::move(*text);
  return {};
}

result<http::response> change_key_generation(behaviour const& behave, memory_ca const& ca, pki::csr const& csr,
                                             http::response const& answer, pki::context const& at) {
  auto reply = parse_reply<op::server_keygen>(answer);
  if (!reply) return fail(reply.error());
  auto* success = std::get_if<generated>(&*reply);
  if (success == nullptr) return answer;
  if (behave.certify_csr_key) {
    auto certificate = certify(ca, csr, csr.public_key_info(), at);
    if (!certificate) return fail(certificate.error());
    auto made = make_issued(std::move(*certificate));
    if (!made) return fail(made.error());
    success->certificate = std::move(made->certificate);
    success->certificates = std::move(made->bag);
  }
  if (behave.rename_at_key_generation) {
    auto certificate = ca.certify(pki::make_name({{pki::oids::common_name, "anonymous"}}),
                                  success->key.public_key_info(), std::nullopt, certificate_use::client, at);
    if (!certificate) return fail(certificate.error());
    auto made = make_issued(std::move(*certificate));
    if (!made) return fail(made.error());
    success->certificate = std::move(made->certificate);
    success->certificates = std::move(made->bag);
  }
  if (behave.mismatched_pair) {
    auto other = pki::make_private_key(success->key.spec(), at);
    if (!other) return fail(other.error());
    success->key = std::move(*other);
  }
  if (behave.append_chain_to_key_part) {
    auto bag = with_chain(ca, success->certificate);
    if (!bag) return fail(bag.error());
    success->certificates = std::move(*bag);
  }
  auto made = to_http_reply<op::server_keygen>(*reply, options_of(behave));
  if (behave.bare_key || behave.encrypted_private_key || behave.certificate_first)
    if (auto const changed = change_parts(behave, std::get<generated>(*reply), made, at); !changed)
      return fail(changed.error());
  return made;
}

} // namespace

result<pki::certs_only> deviating_authority::ca_certificates(std::string_view label) const {
  auto all = ca_.ca_certificates(label);
  if (!all || (!behave_.omit_root && !behave_.omit_intermediates)) return all;
  std::vector<pki::certificate> kept;
  for (auto const& one : all->certificates()) {
    bool const is_root = one == ca_.root();
    if (is_root ? !behave_.omit_root : !behave_.omit_intermediates) kept.push_back(one);
  }
  return pki::make_certs_only(std::move(kept));
}

result<bool> deviating_authority::is_revoked(pki::certificate const& shown, pki::context const& at) const {
  if (behave_.overlook_revocation) return false;
  return ca_.is_revoked(shown, at);
}

result<bytes> deviating_authority::sign_cmc(pki::object_id const& type, byte_view content,
                                            std::span<const pki::certificate> bag, std::string_view label,
                                            pki::context const& at) const {
  return ca_.sign_cmc(type, content, bag, label, at);
}

result<std::optional<pending>> deviating_authority::approval(pki::csr const& csr, peer const& who,
                                                             std::string_view operation, std::string_view label,
                                                             pki::context const&) const {
  if (label.empty() || label != desk_.label) return std::optional<pending>{};
  std::lock_guard const held{desk_.lock};
  if (desk_.known.size() >= waiting_room::most) desk_.known.clear();
  bool const first = desk_.known.insert(request_identity(csr, who, operation, label)).second;
  if (!first && behave_.pending_forgotten)
    return fail(errc::invalid_argument, "approval", "A request for this key was received already.");
  if (!first) return std::optional<pending>{};
  pending later;
  later.retry_after = std::chrono::seconds{1};
  later.text = "The request waits for approval.";
  return std::optional<pending>{std::move(later)};
}

result<issuance> deviating_authority::issue(pki::csr const& csr, peer const& who, std::string_view label,
                                            pki::context const& at) const {
  if (behave_.pending) {
    pending later;
    later.retry_after = std::chrono::seconds{5};
    later.text = "The request waits for a person to approve it.";
    return issuance{std::move(later)};
  }
  return ca_.issue(csr, who, label, at);
}

result<pki::private_key> deviating_authority::generate_key(pki::csr const& csr, std::string_view label,
                                                           pki::context const& at) const {
  if (behave_.no_key_generation) return fail(errc::not_offered, "serverkeygen", "Keys are not generated here.");
  if (behave_.same_key_each_time) return pki::parse_private_key(shared_key_.expose());
  if (generate_) return generate_(hinted_key_spec(csr).value_or(pki::key_spec::ecdsa("secp256r1")), at);
  return ca_.generate_key(csr, label, at);
}

result<std::optional<pki::csr_attributes>> deviating_authority::csr_attributes(std::string_view label, peer const& who,
                                                                               pki::context const& at) const {
  return ca_.csr_attributes(label, who, at);
}

result<std::optional<pki::key_encryption_key>>
deviating_authority::find_key_encryption_key(byte_view identifier, peer const& who, std::string_view label) const {
  return ca_.find_key_encryption_key(identifier, who, label);
}

result<std::optional<key_recipient>> deviating_authority::find_key_recipient(byte_view identifier, peer const& who,
                                                                             std::string_view label) const {
  auto found = ca_.find_key_recipient(identifier, who, label);
  if (behave_.overlook_key_usage && found && *found) (**found).certificate.reset(); // as if the key were bare
  return found;
}

result<secret_bytes> deviating_authority::sign_private_key(pki::private_key const& key, std::string_view label,
                                                           pki::context const& at) const {
  if (behave_.key_in_envelope_unsigned) return pki::make_key_package(key);
  if (behave_.another_key_in_envelope) {
    auto const other = pki::make_private_key(key.spec(), at);
    if (!other) return fail(other.error());
    return ca_.sign_private_key(*other, label, at);
  }
  auto made = ca_.sign_private_key(key, label, at);
  if (!made || !behave_.key_signature_broken) return made;
  // The signature stands last, and the last octet of one of ECDSA or RSA may be any other.
  auto const octets = made->expose();
  secret_bytes broken{octets.first(octets.size() - 1)};
  broken.push_back(static_cast<std::uint8_t>(octets.back() ^ 1));
  return broken;
}

void apply(behaviour const& behave, server_options& options) {
  options.body = options_of(behave);
  if (behave.accept_broken_signature)
    options.on_broken_signature = [](pki::csr const&, peer const&) { return result<void>{}; };
  if (behave.skip_linking_check) options.is_trusted_with_linking = [](peer const&) { return true; };
  if (behave.linking_required) options.link = linking::required;
  options.require_key_encryption = behave.keys_encrypted && !behave.encryption_overlooked;
  if (behave.own_names)
    options.authorise = [behave](peer const& who, std::string_view operation, std::string_view,
                                 pki::csr const& csr) -> result<void> {
      bool const generates = operation == op::server_keygen::name;
      if (generates ? behave.own_names_but_generated : behave.own_names_but_enrolled) return {};
      auto const* const own = who.certificate();
      if (own == nullptr || equal(own->subject_der(), csr.subject_der())) return {};
      return fail(errc::refused, "csr.subject", "The subject is not that of the client certificate.");
    };
  options.reenrol_without_certificate = behave.reenrol_under_other_name;
}

void before_the_server(behaviour const& behave, std::string_view operation, std::string const& authorization,
                       incoming& in) {
  if (operation == "cacerts" && behave.cacerts_needs_authentication && !in.request.headers.has("Authorization") &&
      !in.facts.peer_verified) {
    in.refused = plain(401, "Authentication is required.");
    in.refused->headers.add("WWW-Authenticate", "Basic realm=\"est\"");
    return;
  }
  if (behave.operation_as_label)
    if (auto const doubled = in.request.target.rfind("/cacerts/cacerts"); doubled != std::string::npos)
      in.request.target.erase(doubled, std::string_view{"/cacerts"}.size());
  if (!begins_with_csr(operation)) return;
  bool const is_known =
      in.request.headers.has("Authorization") || (in.facts.peer_verified && !in.facts.peer_certificates.empty());
  if (auto const why = is_known ? intolerance(behave, in.request) : std::nullopt) {
    in.refused = plain(behave.fail_with_500 ? 500 : 400, *why);
    return;
  }
  if (operation == op::server_keygen::name) {
    if (behave.no_key_generation) {
      in.refused = plain(404, "This operation is not offered here.");
      return;
    }
    if (behave.demand_signature_at_key_generation && is_known)
      if (auto const csr = csr_of(in.request); csr && !csr->signature_verifies()) {
        in.refused = plain(behave.fail_with_500 ? 500 : 400, "The signature of the CSR does not verify.");
        return;
      }
    if (behave.clear_key_for_symmetric_identifier) overlook_attribute(in.request, pki::oids::decrypt_key_identifier);
    if (behave.clear_key_for_asymmetric_identifier)
      overlook_attribute(in.request, pki::oids::asymmetric_decrypt_key_identifier);
  }
  if (operation == op::simple_reenroll::name && behave.reenrol_under_other_name && in.facts.peer_verified) {
    in.facts.peer_certificates.clear(); // no certificate, no names to compare with
    in.request.headers.set("Authorization", authorization);
  }
  if (behave.issue_without_authentication ||
      (behave.believe_proxy_fields && in.request.headers.find("X-SSL-Client-Verify").value_or("") == "SUCCESS")) {
    in.facts.peer_certificates.clear();
    in.request.headers.set("Authorization", authorization);
  }
}

void after_the_server(behaviour const& behave, std::string_view operation, memory_ca const& ca,
                      http::request const& request, http::tls_facts const& facts, http::response& answer,
                      pki::context const& at) {
  if (answer.status != 200 || !begins_with_csr(operation)) return;
  bool const enrolled = operation != op::server_keygen::name;
  bool const rekeys =
      (behave.reenrolment_under_old_key || behave.renewal_without_renewing) && operation == op::simple_reenroll::name;
  bool const concerned = enrolled ? behave.certify_another_key || behave.append_chain || rekeys
                                  : behave.certify_csr_key || behave.rename_at_key_generation ||
                                        behave.mismatched_pair || behave.bare_key || behave.encrypted_private_key ||
                                        behave.append_chain_to_key_part || behave.certificate_first;
  if (!concerned) return;
  // What is in an envelope is not to be read here: such an answer stays as it is.
  if (!enrolled && answer.body.find("smime-type=server-generated-key") != std::string::npos) return;
  auto const csr = csr_of(request);
  auto changed = !csr       ? result<http::response>{fail(errc::internal, "request", "there is no CSR")}
                 : enrolled ? change_enrolment(behave, ca, *csr, facts, answer, at)
                            : change_key_generation(behave, ca, *csr, answer, at);
  if (!changed) {
    answer = plain(500, "The deviation failed: " + to_text(changed.error()));
    return;
  }
  changed->headers.add("Date", std::string{answer.headers.find("Date").value_or("")});
  answer = std::move(*changed);
}

} // namespace est::conformance
