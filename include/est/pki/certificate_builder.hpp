#pragma once
/// Issuing: a TBSCertificate of our own, signed. Never Botan's X509_CA::sign_request, which copies whatever extension the
/// request asks for and so issues a CA certificate to whoever asks for one. Here nothing of a request gets into a
/// certificate unless the caller put it into the order.

#include <est/core/result.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/signer.hpp>

#include <string>
#include <vector>

namespace est::pki {

/// What a certificate shall say.
struct certificate_order {
  bytes subject_der;     ///< a Name; may be that of a CSR
  bytes public_key_info; ///< a SubjectPublicKeyInfo
  bytes serial;          ///< big-endian, positive, at most 20 octets; empty for a random one
  time_point not_before{};
  time_point not_after{};
  std::vector<extension> extensions; ///< in this order; each type once
};

/// A random serial number: 16 octets, positive, not zero.
/// Source: RFC 5280 section 4.1.2.2
inline result<bytes> make_serial(context const& with) {
  return guarded(errc::internal, "serial", [&] {
    bytes serial(16);
    with.rng.randomize(serial.data(), serial.size());
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7fu) | 0x40u); // positive, and always as long
    return serial;
  });
}

namespace detail {

inline result<certificate> sign_certificate(certificate_order const& order, byte_view issuer_der,
                                            signing_key const& issuer_key, std::string_view hash, context const& with) {
  auto const invalid = [](std::string why) { return fail(errc::invalid_argument, "certificate", std::move(why)); };
  if (!check_der(order.subject_der) || !parse_name(order.subject_der)) return invalid("the subject is no Name in DER");
  if (!check_der(order.public_key_info) || !take_apart(order.public_key_info))
    return invalid("the public key is no SubjectPublicKeyInfo in DER");
  if (order.not_after < order.not_before) return invalid("the validity ends before it begins");
  for (std::size_t i = 0; i < order.extensions.size(); ++i) {
    auto const& one = order.extensions[i];
    if (!check_der(one.value)) return invalid("the value of extension " + one.oid.to_string() + " is no DER");
    for (std::size_t j = 0; j < i; ++j)
      if (order.extensions[j].oid == one.oid) return invalid("extension " + one.oid.to_string() + " stands twice");
  }
  bytes serial = order.serial;
  if (serial.empty()) {
    auto made = make_serial(with);
    if (!made) return fail(made.error());
    serial = std::move(*made);
  }
  auto const number = der::integer(serial);
  if (number.size() > 22 || (number.size() == 3 && number[2] == 0))
    return invalid("a serial number is positive and at most 20 octets");

  auto const algorithm = issuer_key.algorithm(hash);
  if (!algorithm) return fail(algorithm.error());
  auto const extensions =
      order.extensions.empty() ? bytes{} : der::value(tag::context(3), encode_extensions(order.extensions));
  // RFC 5280 section 4.1.2.1: version 3 where there are extensions, version 1 where there are none
  auto const version = order.extensions.empty() ? bytes{} : der::value(tag::context(0), der::integer(2u));
  auto const tbs = der::sequence({version, number, algorithm->identifier, issuer_der,
                                  der::sequence({der::time(order.not_before), der::time(order.not_after)}),
                                  order.subject_der, order.public_key_info, extensions});
  auto const signature = issuer_key.sign(tbs, hash, with);
  if (!signature) return fail(signature.error());
  auto made = parse_certificate(der::sequence({tbs, signature->algorithm, der::bit_string(signature->octets)}));
  if (!made)
    return fail(errc::internal, "certificate",
                "the certificate that was made cannot be read: " + to_text(made.error()));
  return made;
}

} // namespace detail

/// Issues a certificate.
/// Source:   RFC 5280 sections 4.1 and 4.2
/// In:       the order; the issuer's key, here or elsewhere, and its certificate; a hash name as Botan has it, "" for the one
///           that fits the key
/// Errors:   invalid_argument, key_mismatch (the key is not the issuer certificate's), unsupported_algorithm, internal
/// Promises: times as section 4.1.2.5 has them; the issuer's name is its certificate's subject, octet for octet.
/// Does NOT promise: any policy. Which extensions and dates are right is the authority's business.
inline result<certificate> make_certificate(certificate_order const& order, signing_key const& issuer_key,
                                            certificate const& issuer, std::string_view hash, context const& with) {
  if (!issuer_key.belongs_to(issuer))
    return fail(errc::key_mismatch, "certificate", "the issuer's key and its certificate do not belong together");
  return detail::sign_certificate(order, issuer.subject_der(), issuer_key, hash, with);
}

/// Makes a certificate that is its own issuer: the root of a hierarchy.
/// In:     the order, whose public_key_info may be empty: it is the key's
/// Errors: as make_certificate
inline result<certificate> make_self_signed(certificate_order order, signing_key const& key, std::string_view hash,
                                            context const& with) {
  if (order.public_key_info.empty()) order.public_key_info = key.public_key_info();
  if (!private_key::same_public_key(order.public_key_info, key.public_key_info()))
    return fail(errc::key_mismatch, "certificate", "the public key of the order is not the signing key's");
  auto const subject = order.subject_der;
  return detail::sign_certificate(order, subject, key, hash, with);
}

} // namespace est::pki
