#pragma once
/// A small certification authority whose keys live in memory: for tests, demonstrations and the reference server. It
/// fulfils `key_generator`.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certificate_builder.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/private_key.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/tlv.hpp>
#include <est/server/authority.hpp>
#include <est/server/peer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

/// How a memory_ca is made and what it issues.
struct memory_ca_options {
  std::string name = "EST test";                         ///< of the CA; its certificates are `<name> root CA` and so on
  pki::key_spec key = pki::key_spec::ecdsa("secp256r1"); ///< of the CA
  bool intermediate = true;                              ///< issue from a CA below the root
  std::chrono::seconds ca_lifetime = std::chrono::hours{24 * 3650};
  std::chrono::seconds lifetime = std::chrono::hours{24 * 90}; ///< of what is issued; cut at the CA's own end
  std::chrono::seconds backdate = std::chrono::minutes{5};     ///< for peers whose clocks are slow
  /// Of a generated key where the CSR's own key hints at nothing that can be made.
  pki::key_spec generated_key = pki::key_spec::ecdsa("secp256r1");
};

/// What a certificate is for.
enum class certificate_use : std::uint8_t { client, server };

/// The kind of key that a CSR's own key hints at; none where such a key cannot be made. An RSA size is brought into 2048 to
/// 4096 bits.
/// Source:  RFC 7030 section 4.4.1 (the values of the key are ignored; its kind is all that a client can ask for)
inline std::optional<pki::key_spec> hinted_key_spec(pki::csr const& csr) {
  using pki::tlv_reader;
  auto const info = csr.public_key_info();
  pki::tlv_state state{errc::malformed_key, "subjectPublicKeyInfo"};
  tlv_reader outer{info, state};
  auto fields = outer.enter(pki::tag::sequence, "SubjectPublicKeyInfo");
  auto algorithm = fields.enter(pki::tag::sequence, "algorithm");
  auto const kind = pki::read_object_id(algorithm.take(pki::tag::object_id, "identifier"));
  if (kind == pki::oids::ed25519) return pki::key_spec::ed25519();
  if (kind == pki::oids::ec_public_key) {
    auto const curve = pki::read_object_id(algorithm.take(pki::tag::object_id, "curve"));
    if (curve == pki::oids::secp256r1) return pki::key_spec::ecdsa("secp256r1");
    if (curve == pki::oids::secp384r1) return pki::key_spec::ecdsa("secp384r1");
    if (curve == pki::oids::secp521r1) return pki::key_spec::ecdsa("secp521r1");
    return std::nullopt;
  }
  if (kind != pki::oids::rsa_encryption && kind != pki::oids::rsassa_pss) return std::nullopt;
  if (algorithm.more()) algorithm.take_any("parameters");
  auto const octets = pki::whole_octets(fields.take(pki::tag::bit_string, "subjectPublicKey"));
  if (!state.ok() || !octets) return std::nullopt;
  tlv_reader inside{*octets, state};
  auto const modulus = inside.enter(pki::tag::sequence, "RSAPublicKey").take(pki::tag::integer, "modulus").content;
  if (!state.ok()) return std::nullopt;
  auto const bits = (modulus.size() - (!modulus.empty() && modulus[0] == 0 ? 1 : 0)) * 8;
  return pki::key_spec::rsa(bits < 2048 ? 2048 : bits > 4096 ? 4096 : bits);
}

/// A CA in memory.
/// Issues:   X.509 version 3 with authority and subject key identifier, key usage and the extended key usage clientAuth;
///           the CSR's subject as it stands, and its subjectAltName; nothing else that a CSR asks for, and never a CA
///           certificate
/// Promises: safe to be used from several threads at once, as nothing in it changes; serial numbers are 126 random bits
/// Does NOT promise: revocation, records, or protection of its keys: it is no CA for production.
class memory_ca {
public:
  /// Makes fresh keys and certificates.
  static result<memory_ca> make(memory_ca_options options, pki::context const& at) {
    memory_ca ca{std::move(options)};
    auto root_key = pki::make_private_key(ca.options_.key, at);
    if (!root_key) return fail(std::move(root_key.error()));
    auto root = ca.make_ca("root CA", *root_key, nullptr, nullptr, at);
    if (!root) return fail(std::move(root.error()));
    if (ca.options_.intermediate) {
      auto key = pki::make_private_key(ca.options_.key, at);
      if (!key) return fail(std::move(key.error()));
      auto issuing = ca.make_ca("issuing CA", *key, &*root_key, &*root, at);
      if (!issuing) return fail(std::move(issuing.error()));
      ca.issuers_.push_back({std::move(*issuing), std::move(*key)});
    }
    ca.issuers_.push_back({std::move(*root), std::move(*root_key)});
    return ca;
  }

  pki::certificate const& root() const noexcept { return issuers_.back().certificate; }
  /// The certificate under which certificates are issued: the intermediate, or the root where there is none.
  pki::certificate const& issuer() const noexcept { return issuers_.front().certificate; }

  /// RFC 7030 section 4.1.3: the root, and what leads from it to what is issued. One and the same for every label.
  result<pki::certs_only> ca_certificates(std::string_view) const {
    std::vector<pki::certificate> all;
    for (auto const& issuer : issuers_) all.push_back(issuer.certificate);
    return pki::make_certs_only(std::move(all));
  }

  /// Errors: unsupported_algorithm for a key that is too weak or of an unknown kind; invalid_argument for a name that
  ///         cannot be read, no name at all, or ChangeSubjectName, which this CA does not know
  result<issuance> issue(pki::csr const& csr, peer const&, std::string_view, pki::context const& at) const {
    static const pki::object_id change_subject_name{1, 3, 6, 1, 5, 5, 7, 7, 36}; // RFC 6402 section 2.8
    if (csr.find(change_subject_name) != nullptr)
      return fail(errc::invalid_argument, "csr.attributes", "ChangeSubjectName is not supported by this CA.");
    auto const requested = csr.requested_extensions();
    if (csr.find(pki::oids::extension_request) != nullptr && requested.empty())
      return fail(errc::invalid_argument, "csr.extensionRequest", "The extensionRequest cannot be read, or is empty.");
    auto const* names = pki::find_extension(requested, pki::oids::subject_alternative_name);
    auto made =
        certify(csr.subject_der(), csr.public_key_info(),
                names != nullptr ? std::optional<bytes>{names->value} : std::nullopt, certificate_use::client, at);
    if (!made) return fail(std::move(made.error()));
    return issuance{std::move(*made)};
  }

  result<pki::private_key> generate_key(pki::csr const& csr, std::string_view, pki::context const& at) const {
    return pki::make_private_key(hinted_key_spec(csr).value_or(options_.generated_key), at);
  }

  /// Issues a certificate without a CSR.
  /// In:     a Name and a SubjectPublicKeyInfo in DER; the value of subjectAltName, if there is to be one
  /// Errors: as `issue`
  result<pki::certificate> certify(byte_view subject_der, byte_view public_key_info,
                                   std::optional<bytes> const& alternative_names, certificate_use use,
                                   pki::context const& at) const {
    auto const is_rsa = check_key(public_key_info, at);
    if (!is_rsa) return fail(is_rsa.error());
    auto const name = pki::parse_name(subject_der, "csr.subject");
    if (!name) return fail(errc::invalid_argument, "csr.subject", "The subject cannot be read.");
    // RFC 5280 section 4.1.2.6: with an empty subject there MUST be a critical subjectAltName.
    if (name->empty() && !alternative_names)
      return fail(errc::invalid_argument, "csr.subject", "The CSR names nobody: no subject and no subjectAltName.");
    std::vector<pki::extension> extensions;
    if (alternative_names) {
      auto const names = pki::parse_alternative_names(*alternative_names);
      if (!names ||
          (names->dns.empty() && names->email.empty() && names->uri.empty() && names->ip.empty() && names->others == 0))
        return fail(errc::invalid_argument, "csr.subjectAltName", "The subjectAltName cannot be read, or is empty.");
      extensions.push_back({pki::oids::subject_alternative_name, name->empty(), *alternative_names});
    }
    extensions.push_back(pki::make_key_usage(
        *is_rsa ? static_cast<std::uint16_t>(pki::key_usage::digital_signature | pki::key_usage::key_encipherment)
                : pki::key_usage::digital_signature));
    extensions.push_back(pki::make_extended_key_usage(
        {use == certificate_use::server ? pki::oids::server_auth : pki::oids::client_auth}));
    auto const& issuer = issuers_.front();
    return make(subject_der, public_key_info, std::move(extensions), options_.lifetime, issuer.key, &issuer.certificate,
                at);
  }

private:
  struct issuing {
    pki::certificate certificate;
    pki::private_key key;
  };

  explicit memory_ca(memory_ca_options options) : options_(std::move(options)) {}

  /// Whether a key may be certified, and whether it is an RSA key.
  static result<bool> check_key(byte_view public_key_info, pki::context const& at) {
    auto const key = pki::load_public_key(public_key_info);
    if (!key)
      return fail(errc::unsupported_algorithm, "csr.subjectPublicKeyInfo",
                  "The public key cannot be certified here: " + key.error().detail);
    bool const is_rsa = (*key)->algo_name() == "RSA";
    if (is_rsa && ((*key)->key_length() < 2048 || (*key)->key_length() > 8192))
      return fail(errc::unsupported_algorithm, "csr.subjectPublicKeyInfo",
                  "RSA keys are certified from 2048 to 8192 bits; this one has " +
                      std::to_string((*key)->key_length()) + ".");
    if ((*key)->algo_name() == "ECDSA" && (*key)->key_length() < 256)
      return fail(errc::unsupported_algorithm, "csr.subjectPublicKeyInfo",
                  "Elliptic curves are certified from 256 bits.");
    auto const sound = pki::guarded(errc::unsupported_algorithm, "csr.subjectPublicKeyInfo",
                                    [&] { return (*key)->check_key(at.rng, false); });
    if (!sound || !*sound)
      return fail(errc::unsupported_algorithm, "csr.subjectPublicKeyInfo", "The public key is not sound.");
    return is_rsa;
  }

  result<pki::certificate> make_ca(std::string_view role, pki::private_key const& key, pki::private_key const* by_key,
                                   pki::certificate const* by, pki::context const& at) const {
    auto const subject = pki::make_name({{pki::oids::common_name, options_.name + " " + std::string{role}}});
    std::vector<pki::extension> extensions{
        pki::make_basic_constraints(true, by != nullptr || !options_.intermediate ? 0u : 1u),
        pki::make_key_usage(pki::key_usage::key_cert_sign | pki::key_usage::crl_sign)};
    return make(subject, key.public_key_info(), std::move(extensions), options_.ca_lifetime,
                by_key != nullptr ? *by_key : key, by, at);
  }

  result<pki::certificate> make(byte_view subject_der, byte_view public_key_info,
                                std::vector<pki::extension> extensions, std::chrono::seconds lifetime,
                                pki::private_key const& by_key, pki::certificate const* by,
                                pki::context const& at) const {
    pki::certificate_order order;
    order.subject_der = to_bytes(subject_der);
    order.public_key_info = to_bytes(public_key_info);
    order.not_before = at.now - options_.backdate;
    order.not_after = at.now + lifetime;
    if (by != nullptr && by->not_after() < order.not_after) order.not_after = by->not_after();
    extensions.push_back(pki::make_subject_key_identifier(public_key_info));
    extensions.push_back(pki::make_authority_key_identifier(pki::key_identifier(by_key.public_key_info())));
    order.extensions = std::move(extensions);
    if (by == nullptr) return pki::make_self_signed(std::move(order), by_key, {}, at);
    return pki::make_certificate(order, by_key, *by, {}, at);
  }

  memory_ca_options options_;
  std::vector<issuing> issuers_; ///< the one that issues, then the root above it
};
static_assert(key_generator<memory_ca>);

} // namespace est
