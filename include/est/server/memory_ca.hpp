#pragma once
/// A small certification authority whose keys live in memory: for tests, demonstrations and the reference server. It
/// fulfils `key_generator`, `revocation_checker`, `csr_attributes_source` and `cmc_authority`, and can change the key of its
/// root.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certificate_builder.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/change_subject_name.hpp>
#include <est/pki/context.hpp>
#include <est/pki/crl.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/csr_attributes.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/key_envelope.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/private_key.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/signed_data.hpp>
#include <est/pki/tlv.hpp>
#include <est/server/authority.hpp>
#include <est/server/csr_attributes.hpp>
#include <est/server/key_registry.hpp>
#include <est/server/peer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
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
  bool grants_name_changes = false; ///< ChangeSubjectName (RFC 6402 section 2.8); else it is refused
  std::chrono::seconds crl_lifetime = std::chrono::hours{24 * 7};
  /// What /csrattrs answers, to everybody and under every label; none: there is nothing to say.
  std::optional<pki::csr_attributes> csr_attributes = std::nullopt;
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
/// Promises: safe to be used from several threads at once; serial numbers are 126 random bits; references that it gave
///           away stay good for its lifetime
/// Does NOT promise: records of what it issued, or protection of its keys: it is no CA for production.
class memory_ca {
public:
  /// Makes fresh keys and certificates.
  static result<memory_ca> make(memory_ca_options options, pki::context const& at) {
    memory_ca ca{std::move(options)};
    auto made = std::make_shared<hierarchy>();
    auto root_key = pki::make_private_key(ca.options_.key, at);
    if (!root_key) return fail(std::move(root_key.error()));
    auto root = ca.make_ca("root CA", *root_key, nullptr, nullptr, at);
    if (!root) return fail(std::move(root.error()));
    if (ca.options_.intermediate) {
      auto key = pki::make_private_key(ca.options_.key, at);
      if (!key) return fail(std::move(key.error()));
      auto issuing = ca.make_ca("issuing CA", *key, &*root_key, &*root, at);
      if (!issuing) return fail(std::move(issuing.error()));
      made->issuers.push_back(hold(std::move(*issuing), std::move(*key)));
    }
    made->issuers.push_back(hold(std::move(*root), std::move(*root_key)));
    ca.state_->generations.push_back(std::move(made));
    auto key = pki::make_private_key(pki::key_spec::ecdsa("secp256r1"), at);
    if (!key) return fail(std::move(key.error()));
    auto const& by = *ca.now()->issuers.front();
    auto registrar = ca.make(
        pki::make_name({{pki::oids::common_name, ca.options_.name + " registration authority"}}),
        key->public_key_info(),
        {pki::make_key_usage(pki::key_usage::digital_signature), pki::make_extended_key_usage({pki::oids::cmc_ra})},
        ca.options_.ca_lifetime, *by.key, &by.certificate, at);
    if (!registrar) return fail(std::move(registrar.error()));
    ca.cmc_ = hold(std::move(*registrar), std::move(*key));
    return ca;
  }

  pki::certificate const& root() const { return now()->issuers.back()->certificate; }
  /// The certificate under which certificates are issued: the intermediate, or the root where there is none.
  pki::certificate const& issuer() const { return now()->issuers.front()->certificate; }

  /// RFC 7030 section 4.1.3: the root, what leads from it to what is issued, and after a change of the root's key
  /// OldWithOld, OldWithNew and NewWithOld. One and the same for every label.
  result<pki::certs_only> ca_certificates(std::string_view) const {
    auto const generation = now();
    std::vector<pki::certificate> all;
    for (auto const& issuer : generation->issuers) all.push_back(issuer->certificate);
    all.insert(all.end(), generation->beside.begin(), generation->beside.end());
    return pki::make_certs_only(std::move(all));
  }

  /// Signs an answer of /fullcmc, with a key of its own whose certificate has id-kp-cmcRA (RFC 6402 section 2.10): the CA's
  /// own key signs certificates and nothing else.
  result<bytes> sign_cmc(pki::object_id const& type, byte_view content, std::span<const pki::certificate> bag,
                         std::string_view, pki::context const& at) const {
    auto const generation = now();
    std::vector<pki::certificate> carried{bag.begin(), bag.end()};
    if (options_.intermediate) carried.push_back(generation->issuers.front()->certificate);
    return pki::make_signed_data(type, content, *cmc_->key, cmc_->certificate, carried, at);
  }

  /// The keys under which generated private keys are encrypted beyond TLS (RFC 7030 section 4.4.1).
  key_registry& keys() noexcept { return keys_; }

  result<std::optional<pki::key_encryption_key>> find_key_encryption_key(byte_view identifier, peer const&,
                                                                         std::string_view) const {
    return keys_.find_symmetric(identifier);
  }
  result<std::optional<key_recipient>> find_key_recipient(byte_view identifier, peer const&, std::string_view) const {
    return keys_.find_recipient(identifier);
  }
  /// Signs a generated key with the key that signs the answers of /fullcmc: it is the registration authority that makes keys.
  result<secret_bytes> sign_private_key(pki::private_key const& key, std::string_view, pki::context const& at) const {
    auto const generation = now();
    std::vector<pki::certificate> carried;
    if (options_.intermediate) carried.push_back(generation->issuers.front()->certificate);
    return pki::sign_key_package(key, *cmc_->key, cmc_->certificate, carried, at);
  }
  /// Who signs generated keys and the answers of /fullcmc.
  pki::certificate const& registration_authority() const noexcept { return cmc_->certificate; }

  /// Gives the root a new key. What was issued stays good: the old root's key is certified by the new one, and the new
  /// one by the old (RFC 4210 section 4.4, by way of RFC 7030 section 4.1.3). An intermediate keeps its key;
  /// a CA without one issues under the new root from now on.
  result<void> roll_over(pki::context const& at) {
    auto const before = now();
    auto const& old = *before->issuers.back();
    auto key = pki::make_private_key(options_.key, at);
    if (!key) return fail(std::move(key.error()));
    auto new_with_new = make_ca("root CA", *key, nullptr, nullptr, at);
    if (!new_with_new) return fail(std::move(new_with_new.error()));
    auto old_with_new = certify_root(old.certificate.public_key_info(), *key, *new_with_new, old.certificate,
                                     old.certificate.not_before(), at);
    if (!old_with_new) return fail(std::move(old_with_new.error()));
    auto new_with_old = certify_root(key->public_key_info(), *old.key, old.certificate, old.certificate,
                                     at.now - options_.backdate, at);
    if (!new_with_old) return fail(std::move(new_with_old.error()));

    auto made = std::make_shared<hierarchy>();
    if (options_.intermediate) {
      auto issuing = before->issuers.front();
      if (!issuing->certificate.verifies_under(
              old.certificate)) { // of a root before the old one, which nobody links to
        auto again = make_ca("issuing CA", *issuing->key, &*old.key, &old.certificate, at);
        if (!again) return fail(std::move(again.error()));
        issuing = std::make_shared<issuing_ca>(issuing_ca{std::move(*again), issuing->key});
      }
      made->issuers.push_back(std::move(issuing));
    }
    made->issuers.push_back(hold(std::move(*new_with_new), std::move(*key)));
    made->beside = {old.certificate, std::move(*old_with_new), std::move(*new_with_old)};
    const std::lock_guard lock{state_->guard};
    state_->generations.push_back(std::move(made));
    return {};
  }

  /// Revokes a certificate that this CA issued, now or under an earlier root.
  /// Errors: invalid_argument for a certificate of another issuer
  result<void> revoke(pki::certificate const& which, pki::revocation_reason reason, pki::context const& at) {
    const std::lock_guard lock{state_->guard};
    for (auto const& generation : state_->generations)
      for (auto const& issuer : generation->issuers)
        if (which.verifies_under(issuer->certificate)) {
          state_->revoked[which.issuer_der()].push_back({which.serial(), at.now, reason});
          return {};
        }
    return fail(errc::invalid_argument, "revocation", "the certificate is of another issuer");
  }

  /// Revokes by the serial number alone, as certificate::serial() has it: a certificate of the CA that issues now.
  void revoke(byte_view serial, pki::revocation_reason reason, pki::context const& at) {
    auto const name = issuer().subject_der();
    const std::lock_guard lock{state_->guard};
    state_->revoked[name].push_back({to_bytes(serial), at.now, reason});
  }

  /// Whether a certificate is revoked at that time; false for one of another issuer.
  result<bool> is_revoked(pki::certificate const& shown, pki::context const& at) const {
    const std::lock_guard lock{state_->guard};
    auto const list = state_->revoked.find(shown.issuer_der());
    if (list == state_->revoked.end()) return false;
    auto const serial = shown.serial();
    return std::any_of(list->second.begin(), list->second.end(),
                       [&](pki::revoked_certificate const& one) { return one.serial == serial && one.at <= at.now; });
  }

  /// The revocation lists of the root and of the intermediate, if there is one, made anew. After a change of the root's
  /// key its list is signed with the new one.
  result<std::vector<pki::crl>> revocation_lists(pki::context const& at) {
    auto const generation = now();
    std::vector<pki::crl> lists;
    for (auto const& issuer : generation->issuers) {
      pki::crl_order order;
      order.this_update = at.now;
      order.next_update = at.now + options_.crl_lifetime;
      {
        const std::lock_guard lock{state_->guard};
        order.number = ++state_->crl_number;
        if (auto const found = state_->revoked.find(issuer->certificate.subject_der()); found != state_->revoked.end())
          order.revoked = found->second;
      }
      auto list = pki::make_crl(order, *issuer->key, issuer->certificate, {}, at);
      if (!list) return fail(std::move(list.error()));
      lists.push_back(std::move(*list));
    }
    return lists;
  }

  /// Errors: unsupported_algorithm for a key that is too weak or of an unknown kind; invalid_argument for a name that
  ///         cannot be read, no name at all, or a change of names that this CA does not grant
  result<issuance> issue(pki::csr const& csr, peer const&, std::string_view, pki::context const& at) const {
    auto const change = pki::requested_name_change(csr);
    if (!change) return fail(errc::invalid_argument, change.error().where, "ChangeSubjectName cannot be read.");
    if (*change && !options_.grants_name_changes)
      return fail(errc::invalid_argument, "csr.changeSubjectName", "ChangeSubjectName is not supported by this CA.");
    auto const requested = csr.requested_extensions();
    if (csr.find(pki::oids::extension_request) != nullptr && requested.empty())
      return fail(errc::invalid_argument, "csr.extensionRequest", "The extensionRequest cannot be read, or is empty.");
    auto const* held = pki::find_extension(requested, pki::oids::subject_alternative_name);
    auto names = held != nullptr ? std::optional<bytes>{held->value} : std::nullopt;
    auto subject = csr.subject_der();
    if (*change) { // RFC 6402 section 2.8: what is not named again is gone
      subject = (*change)->subject_der();
      names = (*change)->alternative_names;
    }
    auto made = certify(subject, csr.public_key_info(), names, certificate_use::client, at);
    if (!made) return fail(std::move(made.error()));
    return issuance{std::move(*made)};
  }

  result<pki::private_key> generate_key(pki::csr const& csr, std::string_view, pki::context const& at) const {
    return pki::make_private_key(hinted_key_spec(csr).value_or(options_.generated_key), at);
  }

  result<std::optional<pki::csr_attributes>> csr_attributes(std::string_view, peer const&, pki::context const&) const {
    return options_.csr_attributes;
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
    auto const issuer = now()->issuers.front();
    return make(subject_der, public_key_info, std::move(extensions), options_.lifetime, *issuer->key,
                &issuer->certificate, at);
  }

private:
  struct issuing_ca {
    pki::certificate certificate;
    std::shared_ptr<const pki::private_key> key;
  };
  static std::shared_ptr<const issuing_ca> hold(pki::certificate certificate, pki::private_key key) {
    return std::make_shared<issuing_ca>(
        issuing_ca{std::move(certificate), std::make_shared<const pki::private_key>(std::move(key))});
  }

  /// The CAs between two changes of the root's key. Never changed once it stands among the generations.
  struct hierarchy {
    std::vector<std::shared_ptr<const issuing_ca>> issuers; ///< the one that issues, then the root above it
    std::vector<pki::certificate> beside;                   ///< OldWithOld, OldWithNew, NewWithOld
  };

  struct mutable_state {
    std::mutex guard;
    std::vector<std::shared_ptr<const hierarchy>> generations;      ///< the last one counts
    std::map<bytes, std::vector<pki::revoked_certificate>> revoked; ///< by the issuer's name
    std::uint32_t crl_number = 0;
  };

  explicit memory_ca(memory_ca_options options)
      : options_(std::move(options)), state_(std::make_unique<mutable_state>()) {}

  std::shared_ptr<const hierarchy> now() const {
    const std::lock_guard lock{state_->guard};
    return state_->generations.back();
  }

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
    if (!pki::is_sound(public_key_info, **key, at.rng))
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

  /// The root's name with one of its keys, under the other one, as long as the old root lasts.
  result<pki::certificate> certify_root(byte_view public_key_info, pki::private_key const& by_key,
                                        pki::certificate const& by, pki::certificate const& old, pki::time_point from,
                                        pki::context const& at) const {
    pki::certificate_order order;
    order.subject_der = old.subject_der();
    order.public_key_info = to_bytes(public_key_info);
    order.not_before = from;
    order.not_after = old.not_after();
    if (order.not_after < order.not_before)
      return fail(errc::certificate_expired, "roll-over", "the root is no longer valid");
    order.extensions = {pki::make_basic_constraints(true, options_.intermediate ? 1u : 0u),
                        pki::make_key_usage(pki::key_usage::key_cert_sign | pki::key_usage::crl_sign),
                        pki::make_subject_key_identifier(public_key_info),
                        pki::make_authority_key_identifier(pki::key_identifier(by_key.public_key_info()))};
    return pki::make_certificate(order, by_key, by, {}, at);
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
  std::unique_ptr<mutable_state> state_;
  key_registry keys_;
  std::shared_ptr<const issuing_ca> cmc_; ///< signs answers of /fullcmc
};
static_assert(cmc_authority<memory_ca>);
static_assert(key_generator<memory_ca> && revocation_checker<memory_ca> && csr_attributes_source<memory_ca>);

} // namespace est
