#pragma once
/// A certification authority that keeps its key and all that it issues in a directory of plain files: what a server needs of
/// yours. The server finds out by itself what this one can do: issue, make keys, say what was revoked.

#include "state_directory.hpp"

#include <est/est.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

class directory_ca {
public:
  /// Opens the CA of a directory; makes one where there is none.
  static est::result<directory_ca> open(std::filesystem::path const& where, est::pki::context const& at) {
    state_directory const state{where};
    if (!state.contains("ca.pem")) {
      auto key = est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), at);
      if (!key) return est::fail(key.error());
      auto const root = make_root(*key, at);
      if (!root) return est::fail(root.error());
      state.write("ca.key", est::pki::encode_pem("PRIVATE KEY", key->encode().expose()));
      state.write("ca.pem", est::pki::encode_pem(*root)); // last: now there is a CA
    }
    auto key = est::pki::parse_private_key_pem(state.read("ca.key").value_or(""));
    if (!key) return est::fail(key.error());
    auto const root = est::pki::parse_certificates_pem(state.read("ca.pem").value_or(""));
    if (!root) return est::fail(root.error());
    return directory_ca{where, std::move(*key), root->front()};
  }

  est::pki::certificate const& root() const noexcept { return root_; }

  est::result<est::pki::certs_only> ca_certificates(std::string_view) const {
    return est::pki::make_certs_only({root_});
  }

  /// The certificate is on the disk before anybody gets it.
  est::result<est::issuance> issue(est::pki::csr const& csr, est::peer const&, std::string_view,
                                   est::pki::context const& at) const {
    auto const wanted = csr.requested_extensions();
    auto const* names = est::pki::find_extension(wanted, est::pki::oids::subject_alternative_name);
    if (csr.subject_text().empty() && names == nullptr)
      return est::fail(est::errc::invalid_argument, "csr.subject", "The CSR names nobody.");
    if (csr.find(est::pki::oids::change_subject_name) != nullptr)
      return est::fail(est::errc::invalid_argument, "csr.attributes", "Names are not changed here.");
    auto made = certify(csr.subject_der(), csr.public_key_info(), names != nullptr ? *names : est::pki::extension{},
                        est::pki::oids::client_auth, at);
    if (!made) return est::fail(made.error());
    return est::issuance{std::move(*made)};
  }

  est::result<est::pki::private_key> generate_key(est::pki::csr const&, std::string_view,
                                                  est::pki::context const& at) const {
    return est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), at);
  }

  /// To revoke a certificate: touch DIRECTORY/revoked/SERIAL.
  est::result<bool> is_revoked(est::pki::certificate const& shown, est::pki::context const&) const {
    return revoked_.contains(est::to_hex(shown.serial()));
  }

  est::result<est::pki::certificate> certify(est::bytes subject, est::bytes public_key_info,
                                             est::pki::extension const& names, est::pki::object_id const& purpose,
                                             est::pki::context const& at) const {
    if (auto const good = check_key(public_key_info, at); !good) return est::fail(good.error());
    est::pki::certificate_order order;
    order.not_before = at.now - std::chrono::minutes{5}; // for peers whose clocks are slow
    order.not_after = std::min<est::pki::time_point>(at.now + std::chrono::hours{24 * 90}, root_.not_after());
    order.extensions = {est::pki::make_key_usage(est::pki::key_usage::digital_signature),
                        est::pki::make_extended_key_usage({purpose}),
                        est::pki::make_subject_key_identifier(public_key_info),
                        est::pki::make_authority_key_identifier(est::pki::key_identifier(root_.public_key_info()))};
    if (!names.value.empty()) order.extensions.push_back(names);
    order.subject_der = std::move(subject);
    order.public_key_info = std::move(public_key_info);
    auto made = est::pki::make_certificate(order, key_, root_, {}, at);
    if (made) issued_.write(est::to_hex(made->serial()) + ".pem", est::pki::encode_pem(*made));
    return made;
  }

private:
  directory_ca(std::filesystem::path const& where, est::pki::private_key key, est::pki::certificate root)
      : issued_(where / "issued"), revoked_(where / "revoked"), key_(std::move(key)), root_(std::move(root)) {}

  static est::result<est::pki::certificate> make_root(est::pki::private_key const& key, est::pki::context const& at) {
    est::pki::certificate_order order;
    order.subject_der = est::pki::make_name({{est::pki::oids::common_name, "Tiny CA"}});
    order.not_before = at.now;
    order.not_after = at.now + std::chrono::hours{24 * 3650};
    order.extensions = {est::pki::make_basic_constraints(true, 0u),
                        est::pki::make_key_usage(est::pki::key_usage::key_cert_sign | est::pki::key_usage::crl_sign),
                        est::pki::make_subject_key_identifier(key.public_key_info())};
    return est::pki::make_self_signed(std::move(order), key, {}, at);
  }

  static est::result<void> check_key(est::byte_view public_key_info, est::pki::context const& at) {
    auto const key = est::pki::load_public_key(public_key_info);
    if (!key || (*key)->estimated_strength() < 112 || !est::pki::is_sound(public_key_info, **key, at.rng))
      return est::fail(est::errc::unsupported_algorithm, "csr.subjectPublicKeyInfo",
                       "This public key is not certified here.");
    return {};
  }

  state_directory issued_, revoked_;
  est::pki::private_key key_;
  est::pki::certificate root_;
};
static_assert(est::key_generator<directory_ca> && est::revocation_checker<directory_ca>);
