#pragma once
/// /fullcmc at a server: from the octets of a Full PKI Request to a signed PKIResponse. Everything that CMC can say is said in
/// CMC, with a status of HTTP that fits; only what is no CMS at all is answered in plain text.
/// Source:  RFC 7030 section 4.3; RFC 5272 and 6402

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/message.hpp>
#include <est/message/full_cmc.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/change_subject_name.hpp>
#include <est/pki/cmc_controls.hpp>
#include <est/pki/cmc_data.hpp>
#include <est/pki/cmc_proof.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/path_validation.hpp>
#include <est/pki/signed_data.hpp>
#include <est/server/approval.hpp>
#include <est/server/authority.hpp>
#include <est/server/full_cmc_options.hpp>
#include <est/server/peer.hpp>
#include <est/server/policy.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est {

namespace detail {

/// What is said of a request: the status of HTTP, that of CMC, and the certificate if one was issued.
struct cmc_verdict {
  int http_status = 200;
  pki::cmc_status_info status;
  std::optional<pki::certificate> certificate = std::nullopt;
  bool nobody = false; ///< refused because nobody proves who asks
};

inline cmc_verdict cmc_refused(int http_status, pki::cmc_fail_info why, std::string text,
                               std::vector<pki::body_part_id> const& parts = {0}) {
  return {http_status, pki::make_cmc_failure(why, std::move(text), parts)};
}

inline cmc_verdict cmc_not_supported(std::string text, std::vector<pki::body_part_id> const& parts) {
  cmc_verdict made{400, {}};
  made.status.status = pki::cmc_status::no_support;
  for (auto const id : parts) made.status.parts.push_back({{id}, false});
  made.status.text = std::move(text);
  return made;
}

inline cmc_verdict cmc_granted(std::vector<pki::body_part_id> const& parts) {
  cmc_verdict made;
  for (auto const id : parts) made.status.parts.push_back({{id}, false});
  return made;
}

/// What a hook or the authority refused, in CMC's words. None for trouble that is nobody's business.
inline std::optional<cmc_verdict> cmc_said_no(failure const& f, std::vector<pki::body_part_id> const& parts) {
  using why = pki::cmc_fail_info;
  auto const text = readable_text(f.detail);
  switch (f.code) {
  case errc::unauthenticated: return cmc_refused(403, why::bad_identity, text, parts);
  case errc::refused: return cmc_refused(403, why::bad_request, text, parts);
  case errc::bad_signature: return cmc_refused(400, why::pop_failed, text, parts);
  case errc::unsupported_algorithm: return cmc_refused(400, why::bad_alg, text, parts);
  case errc::invalid_argument: return cmc_refused(400, why::bad_request, text, parts);
  case errc::not_offered: return cmc_not_supported(text, parts);
  default: return std::nullopt;
  }
}

/// The controls that a request may have one of, whose value is of a primitive type.
struct cmc_control_form {
  pki::object_id const* type;
  std::uint8_t identifier;
};
inline std::vector<cmc_control_form> const& cmc_control_forms() {
  using namespace pki::oids;
  namespace tag = pki::tag;
  static const std::vector<cmc_control_form> forms{
      {&cmc_transaction_id, tag::integer},       {&cmc_sender_nonce, tag::octet_string},
      {&cmc_recipient_nonce, tag::octet_string}, {&cmc_identification, tag::utf8_string},
      {&cmc_data_return, tag::octet_string},     {&cmc_reg_info, tag::octet_string},
      {&cmc_pop_link_random, tag::octet_string}, {&cmc_query_pending, tag::octet_string},
  };
  return forms;
}

} // namespace detail

/// Judges Full PKI Requests in front of an authority.
/// Source:   RFC 5272 sections 3.2 and 6; RFC 6402 section 2; RFC 7030 sections 3.5 and 4.3
/// Reads:    one PKCS#10 in a PKIData, or a queryPending, or a confirmCertAcceptance; transactionId, nonces, identification,
///           identityProof of both versions, popLinkRandom, regInfo (ignored), dataReturn, controlProcessed
/// Answers:  noSupport for CRMF and other requests and for controls that are known and not done; badRequest for unknown
///           controls, unreadable and repeated ones; badMessageCheck where the signature on the request does not verify;
///           badIdentity where nobody proves who asks; popFailed where the CSR's signature, its POP link witness or its
///           channel binding does not hold; badAlg; internalCAError. The transaction identifier, the nonce and dataReturn
///           go back whatever comes of it.
/// Promises: never throws but what memory throws; nothing is issued unless the signature on the request and the one on the
///           CSR verify and the client is known: by an identity proof, by a certificate of the authority that signed the
///           request, or by TLS or HTTP. Safe for several threads at once if authority and hooks are.
/// Does NOT promise: RA functions: requests within requests (cmsSequence), batches, changes of others' requests.
template <cmc_authority Authority> class full_cmc_desk {
public:
  full_cmc_desk(Authority& authority, server_options const& options) : authority_(authority), options_(options) {}

  /// Answers one request.
  /// In:     the client as TLS and HTTP know it; nobody is a lawful value; whether an unknown client can be asked for
  ///         credentials of HTTP
  /// Errors: wrong_media_type and those of the body for what is no CMS in base64; internal where no answer can be signed;
  ///         unauthenticated where the client is to be asked for credentials
  result<http::response> answer(http::request const& question, peer who, std::string_view label, pki::context const& at,
                                bool may_ask_for_credentials = false) const {
    auto const octets = op::full_cmc::decode_request_body(question);
    if (!octets) return fail(octets.error());
    notes found;
    auto const request = parse_full_cmc_request(*octets, &found);
    detail::cmc_verdict said;
    if (!request) {
      said = detail::cmc_refused(400, why::bad_request,
                                 "The request cannot be read: " + readable_text(to_text(request.error())));
    } else {
      try {
        said = judge(*request, found, std::move(who), label, at);
      } catch (...) {
        said = trouble({errc::internal, "full-cmc", "an exception left a hook or the authority", {}}, {0});
      }
    }
    if (said.nobody && may_ask_for_credentials)
      return fail(errc::unauthenticated, "authorization", "Authentication is required.");
    auto made = compose(said, request ? &request->data : nullptr, label, at);
    if (!made) return fail(made.error());
    return to_http_reply<op::full_cmc>(op::full_cmc::reply{std::move(*made)}, options_.body);
  }

private:
  using why = pki::cmc_fail_info;
  using verdict = detail::cmc_verdict;
  using parts = std::vector<pki::body_part_id>;
  /// Something, or what is said instead.
  template <class T> using either = std::variant<T, verdict>;

  verdict trouble(failure const& f, parts const& about) const {
    if (options_.on_trouble) {
      try {
        options_.on_trouble(f);
      } catch (...) {} // what is reported cannot be reported
    }
    return detail::cmc_refused(500, why::internal_ca_error, "The server failed to answer this request.", about);
  }
  verdict said_no(failure const& f, parts const& about) const {
    auto no = detail::cmc_said_no(f, about);
    return no ? std::move(*no) : trouble(f, about);
  }

  verdict judge(full_cmc_request const& request, notes const& found, peer who, std::string_view label,
                pki::context const& at) const {
    auto const& data = request.data;
    if (auto wrong = check_form(data, found)) return std::move(*wrong);
    auto read = read_csr(data, label);
    if (auto* wrong = std::get_if<verdict>(&read)) return std::move(*wrong);
    auto const& asked = std::get<std::optional<wanted>>(read);

    auto signed_by = find_signer(request, asked, who, label, at);
    if (auto* wrong = std::get_if<verdict>(&signed_by)) return std::move(*wrong);
    auto const& by = std::get<signer>(signed_by);
    if (by.certificate) who.cmc_signer = by.certificate;

    if (auto wrong = check_identity(data, asked, by, who, label)) return std::move(*wrong);
    if (!asked) return confirm(data, who, label, at);
    return issue(*asked, by, who, label, at);
  }

  // What is read before anything is verified.

  std::optional<verdict> check_form(pki::pki_data const& data, notes const& found) const {
    if (auto const* twice = found.find(note_code::cmc_repeated_body_part))
      return detail::cmc_refused(400, why::bad_request, "The body part identifier " + twice->detail + " stands twice.");
    auto const processed = pki::processed_controls(data.controls);
    parts unknown, undone, malformed;
    for (auto const& control : data.controls) {
      if (std::find(processed.begin(), processed.end(), control.id) != processed.end()) continue;
      if (!pki::is_known_control(control.type))
        unknown.push_back(control.id);
      else if (!is_done_here(control.type))
        undone.push_back(control.id);
      else if (!is_well_formed(data, control))
        malformed.push_back(control.id);
    }
    // RFC 5272 section 3.2.1.1: "The PKI Response MUST include a CMCFailInfo value with the value badRequest and the
    // bodyList MUST contain the bodyPartID of the invalid or unrecognized control(s)."
    if (!malformed.empty()) return detail::cmc_refused(400, why::bad_request, "A control cannot be read.", malformed);
    if (!unknown.empty()) return detail::cmc_refused(400, why::bad_request, "A control is not known here.", unknown);
    if (!undone.empty()) return detail::cmc_not_supported("A control is not supported here.", undone);
    return std::nullopt;
  }

  static bool is_done_here(pki::object_id const& type) {
    using namespace pki::oids;
    for (auto const& form : detail::cmc_control_forms())
      if (*form.type == type) return type == cmc_query_pending ? bool{cmc_pending_authority<Authority>} : true;
    if (type == cmc_confirm_cert_acceptance) return cmc_confirming_authority<Authority>;
    return type == cmc_identity_proof || type == cmc_identity_proof_v2 || type == cmc_control_processed;
  }

  /// One value of the right type; and, but for dataReturn, one control of the type.
  static bool is_well_formed(pki::pki_data const& data, pki::cmc_control const& control) {
    if (control.values.size() != 1) return false;
    auto const value = pki::read_tlv(control.values.front());
    if (!value) return false;
    for (auto const& form : detail::cmc_control_forms())
      if (*form.type == control.type && value->identifier != form.identifier) return false;
    if (control.type == pki::oids::cmc_data_return || control.type == pki::oids::cmc_control_processed) return true;
    return std::count_if(data.controls.begin(), data.controls.end(),
                         [&](pki::cmc_control const& other) { return other.type == control.type; }) == 1;
  }

  /// What is asked for.
  struct wanted {
    pki::csr csr;
    pki::body_part_id part;   ///< that asks for it
    bool was_pending = false; ///< the authority held it, and whoever asked for it was known then
  };

  either<std::optional<wanted>> read_csr(pki::pki_data const& data, std::string_view label) const {
    parts others, several;
    pki::cmc_request const* first = nullptr;
    for (auto const& request : data.requests) {
      if (request.kind != pki::cmc_request::form::pkcs10)
        others.push_back(request.id);
      else if (first == nullptr)
        first = &request;
      else
        several.push_back(request.id);
    }
    // RFC 5272 section 3.2.1: "a CMCStatus of noSupport MUST be returned for the certification request item and no other
    // certification requests are processed"
    if (!others.empty()) return detail::cmc_not_supported("Certification requests are PKCS#10 here.", others);
    if (!several.empty())
      return detail::cmc_refused(400, why::bad_request, "There is one certification request at a time here.", several);

    auto const* query = pki::find_control(data.controls, pki::oids::cmc_query_pending);
    auto const* confirmed = pki::find_control(data.controls, pki::oids::cmc_confirm_cert_acceptance);
    int const wishes = int{first != nullptr} + int{query != nullptr} + int{confirmed != nullptr};
    if (wishes == 0) return detail::cmc_refused(400, why::bad_request, "The request asks for nothing.");
    if (wishes > 1) return detail::cmc_refused(400, why::bad_request, "The request asks for several things at once.");
    if (confirmed != nullptr) return std::optional<wanted>{};
    if (query != nullptr) {
      if constexpr (cmc_pending_authority<Authority>) {
        auto const token = pki::octets_of_control(data.controls, pki::oids::cmc_query_pending);
        auto csr = authority_.pending_request(*token, label);
        if (!csr) return said_no(csr.error(), {query->id});
        return std::optional<wanted>{wanted{std::move(*csr), query->id, true}};
      }
    }
    auto csr = pki::parse_csr(first->value);
    if (!csr)
      return detail::cmc_refused(400, why::bad_request,
                                 "The certification request cannot be read: " + readable_text(to_text(csr.error())),
                                 {first->id});
    return std::optional<wanted>{wanted{std::move(*csr), first->id}};
  }

  // Who signed.

  struct signer {
    bool own_key = false;                        ///< the key of the CSR
    std::optional<pki::certificate> certificate; ///< one that was verified
  };

  /// RFC 5272 section 3.2.1.3.4: "the signature(s) MUST be verified", and badMessageCheck with a bodyPartID of 0 otherwise.
  either<signer> find_signer(full_cmc_request const& request, std::optional<wanted> const& asked, peer const& who,
                             std::string_view label, pki::context const& at) const {
    auto const& message = request.message;
    if (message.signers.empty()) return detail::cmc_refused(400, why::bad_message_check, "The request is not signed.");
    signer found;
    auto candidates = message.certificates;
    candidates.insert(candidates.end(), who.certificates.begin(), who.certificates.end());
    auto tries = pki::most_signatures_tried;
    for (auto const& one : message.signers) {
      if (asked && one.sid.by_key_identifier() && names_key(one.sid.key_identifier, asked->csr)) {
        auto const holds =
            pki::verify_signer(one, message.content_type, *message.content, asked->csr.public_key_info());
        if (!holds) return bad_signature(holds.error());
        // RFC 5272 section 3.2: "If the request key is used for signing, there MUST be only one SignerInfo"
        if (message.signers.size() != 1)
          return detail::cmc_refused(400, why::bad_request,
                                     "A request that the certification request's own key signs has one signer.");
        found.own_key = true;
        continue;
      }
      auto const verified = pki::find_signer(one, message.content_type, *message.content, candidates, tries);
      if (!verified) return bad_signature(verified.error());
      auto const& certificate = **verified;
      if (auto wrong = check_signer(certificate, candidates, label, at)) return std::move(*wrong);
      if (!found.certificate) found.certificate = certificate;
    }
    return found;
  }

  static bool names_key(bytes const& identifier, pki::csr const& csr) {
    auto const requested = detail::requested_key_identifier(csr);
    return requested ? *requested == identifier : pki::key_identifier(csr.public_key_info()) == identifier;
  }

  static verdict bad_signature(failure const& f) {
    if (f.code == errc::unsupported_algorithm)
      return detail::cmc_refused(400, why::bad_alg,
                                 "The signature on the request cannot be verified: " + readable_text(f.detail) + ".");
    if (f.code == errc::signer_untrusted)
      return detail::cmc_refused(
          400, why::bad_message_check,
          "The certificate of the signer is not at hand, so that the signature cannot be verified.");
    return detail::cmc_refused(400, why::bad_message_check, "The signature on the request does not verify.");
  }

  /// Whether a certificate speaks for its holder here.
  std::optional<verdict> check_signer(pki::certificate const& certificate,
                                      std::vector<pki::certificate> const& candidates, std::string_view label,
                                      pki::context const& at) const {
    auto const own = authority_.ca_certificates(label);
    if (!own) return trouble(own.error(), {0});
    pki::path_policy policy;
    policy.at = at.now;
    policy.usage = pki::key_usage::digital_signature;
    auto const path = pki::validate_path(certificate, candidates, own->certificates(), {}, policy);
    if (!path) {
      bool const foreign = path.error().code == errc::no_trust_anchor;
      if (!foreign || !options_.cmc.accepts_foreign_signer)
        return detail::cmc_refused(
            403, why::bad_identity,
            "The certificate that signed the request is not accepted: " + readable_text(path.error().detail) + ".");
      if (auto const accepted = options_.cmc.accepts_foreign_signer(certificate, label); !accepted)
        return detail::cmc_refused(403, why::bad_identity, readable_text(accepted.error().detail));
    }
    if constexpr (revocation_checker<Authority>) {
      auto const revoked = authority_.is_revoked(certificate, at);
      if (!revoked) return trouble(revoked.error(), {0});
      if (*revoked)
        return detail::cmc_refused(403, why::bad_identity, "The certificate that signed the request is revoked.");
    }
    return std::nullopt;
  }

  // Who asks.

  std::optional<verdict> check_identity(pki::pki_data const& data, std::optional<wanted> const& asked, signer const& by,
                                        peer& who, std::string_view label) const {
    auto const* proof = pki::find_control(data.controls, pki::oids::cmc_identity_proof_v2);
    if (proof == nullptr) proof = pki::find_control(data.controls, pki::oids::cmc_identity_proof);
    auto const random = pki::octets_of_control(data.controls, pki::oids::cmc_pop_link_random);
    auto const identification = pki::identification_of(data.controls);

    std::optional<secret_bytes> secret;
    if ((proof != nullptr || random) && options_.cmc.shared_secret)
      secret = options_.cmc.shared_secret(identification.value_or(""), label);
    if (proof != nullptr) {
      // One sentence for a wrong secret and for an unknown name, so that names cannot be tried out.
      auto const bad = [&] {
        return detail::cmc_refused(403, why::bad_identity, "The proof of identity does not hold.", {proof->id});
      };
      if (!secret) return bad();
      if (auto const holds = pki::check_identity_proof(*proof, *secret, data); !holds) {
        if (holds.error().code == errc::unsupported_algorithm)
          return detail::cmc_refused(
              400, why::bad_alg,
              "The proof of identity cannot be verified: " + readable_text(holds.error().detail) + ".", {proof->id});
        return bad();
      }
      who.cmc_identity = identification.value_or("");
    }
    if (asked && (random || asked->csr.find(pki::oids::cmc_pop_link_witness_v2) != nullptr ||
                  asked->csr.find(pki::oids::cmc_pop_link_witness) != nullptr ||
                  (who.cmc_identity && options_.cmc.pop_link_required && !by.own_key))) {
      bool const linked = secret && random && pki::check_pop_link_witness(asked->csr, *secret, *random).has_value();
      if (!linked)
        return detail::cmc_refused(403, why::pop_failed,
                                   "The POP link witness of the certification request does not hold.", {asked->part});
    }
    // What was pending was asked for by somebody who was known, and its key has signed again.
    bool const known =
        who.authenticated() || who.cmc_signer || who.cmc_identity || (asked && asked->was_pending && by.own_key);
    if (!known) {
      auto nobody = detail::cmc_refused(403, why::bad_identity,
                                        "Nobody proves who asks: sign with a certificate, or add an identity proof.");
      nobody.nobody = true;
      return nobody;
    }
    return std::nullopt;
  }

  // What is done.

  verdict issue(wanted const& asked, signer const& by, peer const& who, std::string_view label,
                pki::context const& at) const {
    parts const about{asked.part};
    auto const& csr = asked.csr;
    if (auto const holds = csr.check_signature(); !holds) {
      if (holds.error().code == errc::unsupported_algorithm)
        return detail::cmc_refused(400, why::bad_alg, readable_text(holds.error().detail), about);
      result<void> passes = fail(holds.error());
      if (options_.on_broken_signature) passes = options_.on_broken_signature(csr, who);
      if (!passes)
        return detail::cmc_refused(400, why::pop_failed,
                                   "The signature of the CSR does not verify: possession of the private key is not "
                                   "proven.",
                                   about);
    }
    // RFC 7030 section 3.5: a Full PKI Response that rejects for want of linking "MUST" say popFailed. A request that was
    // pending comes over another connection than the one that it was bound to.
    // So it is with a password that counts once.
    if (!asked.was_pending) {
      if (auto const linked = check_linking(csr, who, options_); !linked)
        return detail::cmc_refused(403, why::pop_failed, readable_text(linked.error().detail), about);
      if (auto const good = check_one_time_password(csr, who, options_); !good)
        return detail::cmc_refused(403, why::bad_identity, readable_text(good.error().detail), about);
    }
    if (auto const change = pki::requested_name_change(csr); !change)
      return detail::cmc_refused(400, why::bad_request, "The ChangeSubjectName of the CSR cannot be read.", about);
    if (by.certificate && options_.cmc.same_names && !who.cmc_identity && !is_registration_authority(*by.certificate))
      if (auto const same = check_same_names(csr, *by.certificate, options_.reenrol_names); !same)
        return detail::cmc_refused(403, why::bad_identity, readable_text(same.error().detail), about);
    if (options_.authorise)
      if (auto const allowed = options_.authorise(who, op::full_cmc::name, label, csr); !allowed)
        return said_no(allowed.error(), about);

    if constexpr (approver<Authority>) {
      auto approved = authority_.approval(csr, who, op::full_cmc::name, label, at);
      if (!approved) return said_no(approved.error(), about);
      if (*approved) return wait(**approved, csr, about, at);
    }
    auto decided = authority_.issue(csr, who, label, at);
    if (!decided) return said_no(decided.error(), about);
    if (auto const* later = std::get_if<pending>(&*decided)) return wait(*later, csr, about, at);
    auto& certificate = std::get<pki::certificate>(*decided);
    if (certificate.public_key_info() != csr.public_key_info())
      return trouble({errc::key_mismatch, "authority", "the certificate does not hold the key of the CSR", {}}, about);
    auto granted = detail::cmc_granted(about);
    granted.certificate = std::move(certificate);
    if constexpr (cmc_confirming_authority<Authority>) {
      if (authority_.confirmation_required(*granted.certificate, label))
        granted.status.status = pki::cmc_status::confirm_required;
    }
    return granted;
  }

  /// RFC 6402 section 2.10
  static bool is_registration_authority(pki::certificate const& c) {
    auto const purposes = c.extended_key_usage();
    return purposes && std::find(purposes->begin(), purposes->end(), pki::oids::cmc_ra) != purposes->end();
  }

  /// RFC 5272 sections 6.1.1 and 6.13. The token names the CSR and tells nothing about it.
  verdict wait(pending const& later, pki::csr const& csr, parts const& about, pki::context const& at) const {
    auto made = detail::cmc_granted(about);
    made.status.status = pki::cmc_status::pending;
    if (!later.text.empty()) made.status.text = later.text;
    made.status.more = pki::cmc_pend_info{sha256(csr.der()), later.earliest(at.now, options_.retry_after)};
    return made;
  }

  verdict confirm(pki::pki_data const& data, peer const& who, std::string_view label, pki::context const& at) const {
    auto const* control = pki::find_control(data.controls, pki::oids::cmc_confirm_cert_acceptance);
    if (control != nullptr) {
      if constexpr (cmc_confirming_authority<Authority>) {
        auto const named = pki::parse_confirm_acceptance(control->values.front());
        if (!named)
          return detail::cmc_refused(400, why::bad_request, "The name of the certificate cannot be read.",
                                     {control->id});
        auto const accepted = authority_.confirm(*named, who, label, at);
        if (accepted) return detail::cmc_granted({control->id});
        if (accepted.error().code == errc::no_certificate)
          return detail::cmc_refused(400, why::bad_cert_id, "There is no such certificate here.", {control->id});
        return said_no(accepted.error(), {control->id});
      }
    }
    return trouble({errc::internal, "full-cmc", "a request that asks for nothing was let through", {}}, {0});
  }

  // What is said.

  result<full_cmc_response> compose(verdict const& said, pki::pki_data const* asked, std::string_view label,
                                    pki::context const& at) const {
    pki::pki_response content;
    pki::body_part_id next = 1;
    auto const add = [&](pki::object_id const& type, bytes value) {
      content.controls.push_back(pki::make_cmc_control(next++, type, std::move(value)));
    };
    content.controls.push_back(pki::make_cmc_status_control(next++, said.status));
    if (asked != nullptr) {
      using namespace pki::oids;
      // RFC 5272 section 6.6: "all subsequent requests and responses MUST include the same Transaction Identifier control"
      if (pki::transaction_id_of(asked->controls))
        add(cmc_transaction_id, pki::find_control(asked->controls, cmc_transaction_id)->values.front());
      if (auto const nonce = pki::octets_of_control(asked->controls, cmc_sender_nonce)) {
        auto const own = pki::make_cmc_nonce(at);
        if (!own) return fail(own.error());
        add(cmc_recipient_nonce, pki::der::octet_string(*nonce));
        add(cmc_sender_nonce, pki::der::octet_string(*own));
      }
      // RFC 5272 section 6.4: "the server MUST return it as part of the PKI Response"
      for (auto const& control : asked->controls)
        if (control.type == cmc_data_return && control.values.size() == 1) add(cmc_data_return, control.values.front());
    }
    std::vector<pki::certificate> bag;
    if (said.certificate) {
      bag.push_back(*said.certificate);
      // RFC 5272 section 4.2: "Servers SHOULD include all intermediate certificates"
      if (auto const own = authority_.ca_certificates(label))
        for (auto const& c : own->certificates())
          if (!c.is_self_issued()) bag.push_back(c);
    }
    auto signed_octets = authority_.sign_cmc(pki::oids::cct_pki_response, pki::encode(content), bag, label, at);
    if (!signed_octets)
      return fail(errc::internal, "full-cmc", "no answer can be signed: " + to_text(signed_octets.error()));
    full_cmc_response made;
    made.http_status = said.http_status;
    made.content_info = std::move(*signed_octets);
    made.content = std::move(content);
    made.statuses = {said.status};
    return made;
  }

  Authority& authority_;
  server_options const& options_;
};

} // namespace est
