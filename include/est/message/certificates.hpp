#pragma once
/// The certs-only bodies that cacerts, enrolment and serverkeygen answers share, and the choice of one certificate out
/// of a bag: by key, never by order.

#include <est/core/bytes.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/message/operation.hpp>
#include <est/mime/body.hpp>
#include <est/mime/media_type.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/private_key.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::detail {

inline constexpr std::string_view certs_only_media_type = "application/pkcs7-mime; smime-type=certs-only";

/// application/pkcs7-mime, also under the name that it had before it was registered.
inline bool is_pkcs7_mime(mime::media_type const& type) {
  return type.is("application/pkcs7-mime") || type.is("application/x-pkcs7-mime");
}

/// Notes what is read past in the media type of a certs-only body.
/// Source:  RFC 7030 section 4.2.3 asks for smime-type=certs-only in enrolment answers; section 4.1.3 does not ask for
///          it in cacerts answers
inline void remark_certs_only_type(mime::media_type const& type, bool smime_type_is_due, notes* out,
                                   std::string const& where) {
  if (type.is("application/x-pkcs7-mime")) remark(out, note_code::x_pkcs7_mime, where);
  auto const smime_type = type.find("smime-type");
  if (!smime_type) {
    if (smime_type_is_due) remark(out, note_code::smime_type_missing, where);
  } else if (!http::equal_ignoring_case(*smime_type, "certs-only")) {
    remark(out, note_code::smime_type_other, where, std::nullopt, readable_text(*smime_type, 64));
  }
}

/// A certs-only body: base64 text around a SignedData without signers.
inline result<pki::certs_only> decode_certs_only(std::string_view body, notes* out, std::string const& where) {
  auto const ber = mime::decode_body<bytes>(body, out, where);
  if (!ber) return fail(ber.error());
  notes inner;
  auto parsed = pki::parse_certs_only(*ber, &inner);
  if (out) out->append(std::move(inner), where);
  if (!parsed) return fail_in(where, parsed.error());
  return parsed;
}

inline std::string encode_certs_only(pki::certs_only const& bag, body_options const& options) {
  return encode_base64(bag.encode(), options.layout);
}

/// The certificate for a public key. Where several hold it (a bag that repeats an older one), the one that becomes valid
/// last.
/// In:      a SubjectPublicKeyInfo
/// Errors:  key_mismatch
inline result<pki::certificate> certificate_for_key(pki::certs_only const& bag, byte_view public_key_info,
                                                    std::string const& where, std::string_view whose) {
  pki::certificate const* found = nullptr;
  for (auto const& candidate : bag.certificates())
    if (pki::private_key::same_public_key(candidate.public_key_info(), public_key_info) &&
        (!found || found->not_before() < candidate.not_before()))
      found = &candidate;
  if (!found) {
    auto const count = bag.certificates().size();
    return fail(errc::key_mismatch, where,
                (count == 1 ? std::string{"the certificate does not hold "}
                            : "none of the " + std::to_string(count) + " certificates holds ") +
                    std::string{whose});
  }
  return *found;
}

/// The certificate that was issued, where the key is not known: the only one, or the only one that did not issue another.
/// Errors:  no_certificate where that leaves more than one or none
inline result<pki::certificate> certificate_without_key(pki::certs_only const& bag, std::string const& where) {
  auto const& all = bag.certificates();
  // What each issuer issued, so that a bag of very many does not take the square of their number.
  std::map<bytes, std::set<std::string_view>> issued_by;
  for (auto const& one : all) issued_by[one.issuer_der()].insert(as_text(one.der()));
  pki::certificate const* found = nullptr;
  std::size_t count = 0;
  for (auto const& candidate : all) {
    auto const below = issued_by.find(candidate.subject_der());
    if (below != issued_by.end() && (below->second.size() > 1 || *below->second.begin() != as_text(candidate.der())))
      continue;
    found = &candidate;
    ++count;
  }
  if (count != 1)
    return fail(errc::no_certificate, where,
                "of " + std::to_string(all.size()) +
                    " certificates, which one was issued cannot be told without the key that was asked for");
  return *found;
}

inline void remark_several(pki::certs_only const& bag, notes* out, std::string const& where) {
  if (bag.certificates().size() > 1)
    remark(out, note_code::several_certificates, where, std::nullopt,
           std::to_string(bag.certificates().size()) + " certificates");
}

} // namespace est::detail
