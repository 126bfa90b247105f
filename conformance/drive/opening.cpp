#include "opening.hpp"

#include <est/pki/attributes.hpp>
#include <est/pki/enveloped_data_open.hpp>
#include <est/pki/key_form.hpp>
#include <est/pki/key_package.hpp>
#include <est/pki/signed_data.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace est::conformance {

namespace {

bool names(pki::csr const& csr, pki::object_id const& type, bytes const& identifier) {
  auto const* const attribute = csr.find(type);
  return attribute != nullptr && !identifier.empty() && pki::octets_of(*attribute) == std::optional<bytes>{identifier};
}

/// What is in an envelope, or why it stays closed; nothing where no key is at hand that the CSR names.
std::optional<result<secret_bytes>> content_of(pki::enveloped_data const& envelope, pki::csr const& csr,
                                               known_identifiers const& known, opening_keys const& keys,
                                               Botan::RandomNumberGenerator& rng) {
  std::optional<result<secret_bytes>> best;
  auto const keep = [&best](result<secret_bytes> opened) {
    if (!best || (opened && !*best)) best = std::move(opened);
  };
  if (!keys.symmetric.empty() && names(csr, pki::oids::decrypt_key_identifier, known.symmetric))
    keep(pki::open_enveloped_data(envelope, {known.symmetric, keys.symmetric.duplicate()}));
  for (auto const& [key, identifier] :
       {std::pair{&keys.transport, &known.transport}, std::pair{&keys.agreement, &known.agreement}})
    if (*key && names(csr, pki::oids::asymmetric_decrypt_key_identifier, *identifier))
      keep(pki::open_enveloped_data(envelope, **key, rng));
  return best;
}

/// What stands where SignedData is due.
std::string in_words(secret_bytes const& content, failure const& why) {
  switch (pki::classify_key(content.expose())) {
  case pki::key_form::private_key_info:
  case pki::key_form::one_asymmetric_key: return "a PrivateKeyInfo that nobody signed";
  case pki::key_form::encrypted_private_key_info: return "an EncryptedPrivateKeyInfo that nobody signed";
  case pki::key_form::rsa_private_key: return "a bare PKCS#1 RSAPrivateKey that nobody signed";
  case pki::key_form::ec_private_key: return "a bare SEC 1 ECPrivateKey that nobody signed";
  case pki::key_form::unknown: break;
  }
  if (pki::parse_key_package(content.expose())) return "an AsymmetricKeyPackage that nobody signed";
  return "something that cannot be read as SignedData: " + to_text(why);
}

void look_at_signature(pki::secret_signed_data const& message, std::span<const pki::certificate> known,
                       opened_envelope& found) {
  using signature = opened_envelope::signature;
  if (message.signers.empty()) {
    found.sealed = signature::none;
    found.signature_trouble = "a SignedData without a SignerInfo";
    return;
  }
  std::vector<pki::certificate> candidates{message.certificates};
  candidates.insert(candidates.end(), known.begin(), known.end());
  auto const signer = pki::verify_signed_data(message, candidates);
  if (signer) {
    found.sealed = signature::good;
    found.signer = (*signer)->subject_text();
    return;
  }
  found.sealed = signer.error().code == errc::bad_signature ? signature::broken : signature::unknown;
  found.signature_trouble = found.sealed == signature::broken
                                ? "a signature that does not hold: " + signer.error().detail
                                : "whether the signature holds cannot be said: " + signer.error().detail;
}

void look_at_key(pki::secret_signed_data const& message, opened_envelope& found) {
  auto const keys = pki::parse_key_package(message.content->expose());
  if (!keys)
    found.key_trouble = to_text(keys.error());
  else if (keys->size() != 1)
    found.key_trouble = "the package holds " + std::to_string(keys->size()) + " keys";
  else
    found.public_key_info = keys->front().public_key_info();
}

} // namespace

std::optional<opened_envelope> open_envelope(reading const& read, known_identifiers const& identifiers,
                                             opening_keys const& keys, std::span<const pki::certificate> known,
                                             Botan::RandomNumberGenerator& rng) {
  auto const part =
      std::find_if(read.parts.begin(), read.parts.end(), [](auto const& p) { return p.is_envelope() && p.envelope; });
  if (part == read.parts.end() || !read.csr) return std::nullopt;
  auto const content = content_of(*part->envelope, *read.csr, identifiers, keys, rng);
  if (!content) return std::nullopt;
  opened_envelope found;
  if (!*content) {
    found.closed = (*content).error().detail;
    return found;
  }
  auto const& octets = **content;
  // CBC opens under any key whose padding happens to be whole. What is no BER at all was not opened.
  if (auto plain = pki::normalise_ber(octets.expose())) {
    const pki::detail::wiped_later wiped{*plain}; // it was only to be seen that it can be read
  } else if (!part->envelope->authenticated) {
    found.closed = "what comes out of it is not ASN.1, so the key may be another";
    return found;
  }
  auto const message = pki::parse_bare_signed_data<secret_bytes>(octets.expose());
  if (!message) {
    found.holds = in_words(octets, message.error());
    if (auto const package = pki::parse_key_package(octets.expose()); package && package->size() == 1)
      found.public_key_info = package->front().public_key_info();
    return found;
  }
  found.content_type = message->content_type.to_string();
  if (!message->content) {
    found.holds = "a SignedData without content";
    return found;
  }
  look_at_signature(*message, known, found);
  look_at_key(*message, found);
  return found;
}

} // namespace est::conformance
