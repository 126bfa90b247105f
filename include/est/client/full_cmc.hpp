#pragma once
/// What a client makes of the answer to a Full PKI Request: a certificate, a delay, a refusal with its reason, or a wish for
/// confirmation; after the signature, the transaction and the nonce were compared. `message/full_cmc.hpp` makes the request.
///
///   auto const order = est::with_key_identifier({subject, attributes}, key);
///   auto const request = est::make_full_cmc_request({.csr = csr, .shared_secret = …}, key, context);
///   auto const outcome = client.full_cmc(*request, {anchors}, now);

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/message/certificates.hpp>
#include <est/message/enroll.hpp>
#include <est/message/full_cmc.hpp>
#include <est/message/pending.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/cmc_controls.hpp>
#include <est/pki/crl.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/path_validation.hpp>
#include <est/pki/signed_data.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace est {

/// Whose answers are believed.
struct full_cmc_trust {
  std::vector<pki::certificate> anchors; ///< that the signer's certificate has to lead to
  /// A Simple PKI Response is not signed and carries neither nonce nor transaction: TLS is all that speaks for it. RFC 5272
  /// section 3.2 lets a server send one; its section 6.6 does not where a sender nonce came, as it always does from here.
  bool accept_simple = true;
};

/// The request was not granted.
/// Promises: of a refusal that is not `verified`, whoever ended the TLS connection may have said it, and no more is known.
struct cmc_refusal {
  int http_status = 0;
  pki::cmc_status status = pki::cmc_status::failed;
  std::optional<pki::cmc_fail_info> fail_info;
  std::vector<pki::cmc_part_reference> parts; ///< of the request, that it is about; 0 is the whole
  std::string text;                           ///< readable_text of the statusString
  bool verified = false;                      ///< signed by somebody who leads to an anchor
};

/// Ask again later, with the token if there is one, else with the same request.
struct cmc_pending {
  std::optional<bytes> token;
  std::optional<pki::time_point> at;
  std::string text;
};

/// The certificate, which is not to be used before the server has confirmed its confirmation.
struct cmc_confirmation_wanted {
  issued answer;
};

/// What was asked for was done, and it was no certificate.
struct cmc_done {};

/// What became of a Full PKI Request. `pending` is a 202 answer of HTTP.
using full_cmc_outcome = std::variant<issued, cmc_pending, pending, cmc_refusal, cmc_confirmation_wanted, cmc_done>;

/// `refused: popFailed (400): The signature of the CSR does not verify.`
inline std::string to_text(cmc_refusal const& r) {
  auto text = "refused: " + (r.fail_info ? pki::code_text(*r.fail_info) : pki::code_text(r.status)) + " (" +
              std::to_string(r.http_status) + ")";
  if (!r.text.empty()) text += ": " + r.text;
  return text;
}

namespace detail {

/// Whether the signature of an answer is one that counts.
/// Source: RFC 5272 section 3.2.1.3.4; RFC 6402 section 2.10: CMC servers are CAs, or have id-kp-cmcCA or id-kp-cmcRA.
///         Without that every subscriber of the CA could sign answers.
inline result<void> check_cmc_signer(full_cmc_response const& answer, full_cmc_trust const& trust,
                                     pki::time_point now) {
  auto candidates = answer.message.certificates;
  candidates.insert(candidates.end(), trust.anchors.begin(), trust.anchors.end());
  auto const signer = pki::verify_signed_data(answer.message, candidates);
  if (!signer) return fail(signer.error());
  auto const& certificate = **signer;
  pki::path_policy policy;
  policy.at = now;
  auto const path = pki::validate_path(certificate, answer.message.certificates, trust.anchors, {}, policy);
  if (!path) return fail_in("signer", path.error());
  auto const purposes = certificate.extended_key_usage().value_or(std::vector<pki::object_id>{});
  auto const has = [&](pki::object_id const& purpose) {
    return std::find(purposes.begin(), purposes.end(), purpose) != purposes.end();
  };
  if (!certificate.is_ca() && !has(pki::oids::cmc_ca) && !has(pki::oids::cmc_ra))
    return fail(errc::signer_untrusted, "signer",
                certificate.subject_text() + " is no CA and has neither id-kp-cmcCA nor id-kp-cmcRA");
  return {};
}

/// RFC 5272 section 6.6. What is missing is forgiven to a refusal: the server may not have read the request.
inline result<void> check_cmc_transaction(pki::pki_data const& asked, pki::pki_response const& answer, bool refusal) {
  auto const compare = [&](std::optional<bytes> const& sent, pki::object_id const& type, bool there,
                           std::optional<bytes> const& came, char const* what) -> result<void> {
    if (!sent || (!there && refusal)) return {};
    if (came && *came == *sent) return {};
    return fail(errc::wrong_transaction, "pki-response",
                std::string{what} + (there ? " is another than that of the request" : " of the request is not there") +
                    " (control " + type.to_string() + ")");
  };
  auto const there = [&](pki::object_id const& type) { return pki::find_control(answer.controls, type) != nullptr; };
  auto const& id = pki::oids::cmc_transaction_id;
  if (auto same = compare(pki::transaction_id_of(asked.controls), id, there(id),
                          pki::transaction_id_of(answer.controls), "the transaction identifier");
      !same)
    return same;
  auto const& nonce = pki::oids::cmc_recipient_nonce;
  return compare(pki::octets_of_control(asked.controls, pki::oids::cmc_sender_nonce), nonce, there(nonce),
                 pki::octets_of_control(answer.controls, nonce), "the nonce");
}

/// The status that decides: a refusal before anything else, then what has to be waited for or confirmed.
inline pki::cmc_status_info const* deciding_status(std::vector<pki::cmc_status_info> const& all) {
  using pki::cmc_status;
  auto const weight = [](pki::cmc_status_info const& s) {
    switch (s.status) {
    case cmc_status::success: return 0;
    case cmc_status::confirm_required: return 1;
    case cmc_status::pending:
    case cmc_status::partial: return 2;
    default: return 3;
    }
  };
  pki::cmc_status_info const* found = nullptr;
  for (auto const& one : all)
    if (found == nullptr || weight(*found) < weight(one)) found = &one;
  return found;
}

inline cmc_refusal make_refusal(full_cmc_response const& answer, pki::cmc_status_info const* status, bool verified) {
  cmc_refusal made;
  made.http_status = answer.http_status;
  made.verified = verified;
  if (status == nullptr) return made;
  made.status = status->status;
  made.fail_info = status->fail_info();
  made.parts = status->parts;
  made.text = readable_text(status->text.value_or(""));
  return made;
}

/// The certificate for the key of the request, out of an answer that was found to be good.
inline result<issued> issued_of(full_cmc_response const& answer, byte_view public_key_info) {
  auto bag = pki::make_certs_only(answer.message.certificates, answer.message.crls);
  if (!bag) return fail(bag.error());
  auto certificate = certificate_for_key(*bag, public_key_info, "body", "the public key of the certification request");
  if (!certificate) return fail(certificate.error());
  return issued{std::move(*certificate), std::move(*bag)};
}

} // namespace detail

/// Judges an answer.
/// Source:  RFC 5272 sections 3.2, 4, 6.1 and 6.6; RFC 7030 section 4.3.2
/// In:      the request that was sent; its answer; whose answers are believed; the time at which signers have to be valid;
///          the key that a certificate is wanted for, where the request holds no CSR (an answer that was pending)
/// Errors:  bad_signature, signer_untrusted, and those of validate_path for an answer that grants something and is not
///          signed as it should be; wrong_transaction for another transaction identifier or nonce than those of the
///          request; key_mismatch where no certificate holds the key; no_certificate; malformed_cms for a Simple PKI Response
///          that is not accepted
/// Promises: no certificate and no pending answer out of a Full PKI Response whose signature was not verified; a refusal
///          says whether it was
inline result<full_cmc_outcome> judge_full_cmc(full_cmc_request const& asked, full_cmc_response const& answer,
                                               full_cmc_trust const& trust, pki::time_point now,
                                               std::optional<bytes> const& public_key_info = std::nullopt) {
  bool const http_refused = answer.http_status >= 400;
  std::optional<bytes> key = public_key_info;
  for (auto const& request : asked.data.requests)
    if (request.kind == pki::cmc_request::form::pkcs10 && !key)
      if (auto const csr = pki::parse_csr(request.value)) key = csr->public_key_info();

  if (answer.simple()) {
    if (http_refused) return full_cmc_outcome{detail::make_refusal(answer, nullptr, false)};
    if (!trust.accept_simple)
      return fail(errc::malformed_cms, "body", "a Simple PKI Response, which nobody has signed, is not accepted");
    if (!key) return full_cmc_outcome{cmc_done{}};
    auto made = detail::issued_of(answer, *key);
    if (!made) return fail(made.error());
    return full_cmc_outcome{std::move(*made)};
  }

  auto const* status = detail::deciding_status(answer.statuses);
  auto const code = status != nullptr ? status->status : pki::cmc_status::success;
  bool const waits = code == pki::cmc_status::pending || code == pki::cmc_status::partial;
  bool const refused =
      http_refused || (!waits && code != pki::cmc_status::success && code != pki::cmc_status::confirm_required);

  auto const signer = detail::check_cmc_signer(answer, trust, now);
  if (!signer && !refused) return fail(signer.error());
  if (auto const same = detail::check_cmc_transaction(asked.data, *answer.content, refused); !same)
    return fail(same.error());

  if (refused) return full_cmc_outcome{detail::make_refusal(answer, status, signer.has_value())};
  if (waits) {
    cmc_pending later;
    if (auto const* pend = std::get_if<pki::cmc_pend_info>(&status->more)) {
      later.token = pend->token;
      later.at = pend->time;
    }
    later.text = readable_text(status->text.value_or(""));
    return full_cmc_outcome{std::move(later)};
  }
  if (!key) return full_cmc_outcome{cmc_done{}};
  auto made = detail::issued_of(answer, *key);
  if (!made) return fail(made.error());
  if (code == pki::cmc_status::confirm_required) return full_cmc_outcome{cmc_confirmation_wanted{std::move(*made)}};
  return full_cmc_outcome{std::move(*made)};
}

/// The same with what the operation's reader gives, a 202 answer among it.
inline result<full_cmc_outcome> judge_full_cmc(full_cmc_request const& asked, op::full_cmc::reply const& reply,
                                               full_cmc_trust const& trust, pki::time_point now,
                                               std::optional<bytes> const& public_key_info = std::nullopt) {
  if (auto const* later = std::get_if<pending>(&reply)) return full_cmc_outcome{*later};
  return judge_full_cmc(asked, std::get<full_cmc_response>(reply), trust, now, public_key_info);
}

} // namespace est
