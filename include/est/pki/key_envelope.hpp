#pragma once
/// The private key of a serverkeygen answer, encrypted beyond TLS: a key package, signed by who made the key, in an envelope
/// for who asked for it. Both ways.
///
/// Source: RFC 7030 section 4.4.2; RFC 5958 section 4; RFC 5652 sections 5 and 6; RFC 5083

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/enveloped_data.hpp>
#include <est/pki/enveloped_data_make.hpp>
#include <est/pki/enveloped_data_open.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/key_package.hpp>
#include <est/pki/path_validation.hpp>
#include <est/pki/private_key.hpp>
#include <est/pki/signed_data.hpp>
#include <est/pki/signer.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::pki {

/// What a client opens the key with, and whom it trusts to have made it. Move-only, as the keys are.
struct key_opening {
  std::variant<key_encryption_key, recipient_key> with;
  std::vector<certificate> anchors;            ///< the signer leads to one of them, or is one
  std::vector<certificate> intermediates = {}; ///< help for the path, beside what the message carries
  /// Whether that signer may make keys, once its path and signature hold. Empty: whoever leads to an anchor may. An anchor
  /// that issues to clients as well makes every client a signer: then say here who is meant.
  std::function<bool(certificate const&)> accepts_signer = nullptr;
};

/// A key that was in an envelope, and who signed it.
struct opened_key {
  private_key key;
  certificate signer;
};

/// Signs a key package.
/// Source: RFC 7030 section 4.4.2: "signed by the party that generated the private key, which may or may not be the EST
///         server or the EST CA"
/// In:     the key; who signs, and certificates that go along beside the signer's
/// Out:    SignedData without ContentInfo, as an envelope of content type id-signedData holds it
/// Errors: those of make_signed_data
inline result<secret_bytes> sign_key_package(private_key const& key, signing_key const& by, certificate const& signer,
                                             std::span<const certificate> extra, context const& with) {
  auto const package = make_key_package(key);
  if (!package) return fail(package.error());
  signing_options options;
  options.content_info = false;
  return make_signed_data<secret_bytes>(oids::id_asymmetric_key_package, package->expose(), by, signer, extra, with,
                                        options);
}

/// Puts a signed key package into an envelope.
/// In:     what sign_key_package made; whom it is for; the cipher
/// Out:    the DER of the ContentInfo that stands in the application/pkcs7-mime part
/// Errors: those of make_enveloped_data
inline result<bytes> make_key_envelope(secret_bytes const& signed_package, recipient const& to, content_cipher cipher,
                                       context const& with) {
  return make_enveloped_data(oids::id_signed_data, signed_package.expose(), std::span<const recipient>{&to, 1}, cipher,
                             with);
}

namespace detail {

/// The signer's certificate, once signature, path and hook have said yes.
inline result<certificate> check_key_signer(secret_signed_data const& message, key_opening const& opening,
                                            context const& with) {
  static constexpr std::string_view where = "signed-data";
  std::vector<certificate> bag{message.certificates};
  bag.insert(bag.end(), opening.intermediates.begin(), opening.intermediates.end());
  std::vector<certificate> candidates{bag};
  candidates.insert(candidates.end(), opening.anchors.begin(), opening.anchors.end());
  auto const found = verify_signed_data(message, candidates);
  if (!found) return fail(found.error());
  path_policy policy;
  policy.at = with.now;
  policy.usage = key_usage::digital_signature;
  std::vector<crl> lists;
  for (auto const& der : message.crls)
    if (auto list = parse_crl(der)) lists.push_back(std::move(*list));
  if (auto const path = validate_path(**found, bag, opening.anchors, lists, policy); !path)
    return fail(errc::signer_untrusted, std::string{where},
                "who signed the private key is not trusted: " + path.error().detail);
  if (opening.accepts_signer) {
    bool accepted = false;
    try {
      accepted = opening.accepts_signer(**found);
    } catch (...) {} // a hook that fails has not said yes
    if (!accepted)
      return fail(errc::signer_untrusted, std::string{where},
                  (*found)->subject_text() + " signed the private key and is not accepted as one who may");
  }
  return **found;
}

} // namespace detail

/// Opens an envelope, verifies who signed what is in it, and reads the private key.
/// Source:  RFC 7030 section 4.4.2; RFC 5958 sections 2 and 4
/// In:      the decoded part, BER; with what and whom to trust; the time, at which the signer's certificate is valid;
///          randomness
/// Notes:   those of the parsers; envelope_content_type, envelope_content_info, key_package_content_type
/// Errors:  no_recipient; decryption_failed, with one sentence, also where an envelope that does not authenticate opens to
///          something that is no SignedData at all; signer_untrusted, bad_signature; malformed_cms, malformed_key where
///          the package holds other than one key; unsupported_algorithm
/// Promises: no octet of the key in a failure or a note; no key without a signer that leads to an anchor.
inline result<opened_key> open_key_envelope(byte_view ber, key_opening const& opening, context const& with,
                                            notes* out = nullptr) {
  auto const envelope = parse_enveloped_data(ber, out);
  if (!envelope) return fail(envelope.error());
  auto const* symmetric = std::get_if<key_encryption_key>(&opening.with);
  auto const content = symmetric != nullptr
                           ? open_enveloped_data(*envelope, *symmetric, out)
                           : open_enveloped_data(*envelope, std::get<recipient_key>(opening.with), with.rng, out);
  if (!content) return fail(content.error());
  // A wrong key passes for a right one when its padding happens to be whole: then this is what tells, and it says no more.
  if (!envelope->authenticated) {
    auto plain = normalise_ber(content->expose());
    if (!plain) return detail::not_opened();
    const detail::wiped_later wiped{*plain};
  }
  if (!(envelope->content_type == oids::id_signed_data))
    remark(out, note_code::envelope_content_type, "enveloped-data", std::nullopt, envelope->content_type.to_string());
  auto const message = parse_bare_signed_data<secret_bytes>(content->expose(), out);
  if (!message) return fail(message.error());
  auto signer = detail::check_key_signer(*message, opening, with);
  if (!signer) return fail(signer.error());
  if (!(message->content_type == oids::id_asymmetric_key_package))
    remark(out, note_code::key_package_content_type, "signed-data", std::nullopt, message->content_type.to_string());
  auto keys = parse_key_package(message->content->expose(), out);
  if (!keys) return fail(keys.error());
  if (keys->size() != 1)
    return fail(errc::malformed_key, "key-package",
                "the package holds " + std::to_string(keys->size()) + " keys; which one was asked for is uncertain");
  return opened_key{std::move(keys->front()), std::move(*signer)};
}

} // namespace est::pki
