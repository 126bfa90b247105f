// Private keys that are sent encrypted beyond TLS: server and client together, and all that is refused instead.
#include "fixture.hpp"

#include <est/client/client.hpp>
#include <est/pki/key_envelope.hpp>
#include <est/pki/smime_capabilities.hpp>
#include <est/transport/loopback.hpp>

using namespace est;
using namespace est::test;

namespace {

constexpr pki::content_cipher ciphers[] = {pki::content_cipher::aes256_cbc, pki::content_cipher::aes128_gcm};

void got(result<void> const& r) { BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? std::string{} : to_text(r.error()))); }
using est::test::got;

struct protection_fixture : server_fixture {
  static constexpr std::string_view shelf = "shelf 7";

  pki::key_encryption_key symmetric(std::size_t octets = 32) const {
    const bytes key(octets, 0x6b);
    return {to_bytes(shelf), secret_bytes{byte_view{key}}};
  }
  pki::key_opening opening_with(pki::key_encryption_key key) const { return {std::move(key), {ca.root()}}; }

  pki::csr symmetric_csr(std::vector<pki::content_cipher> const& wanted = {pki::content_cipher::aes256_cbc},
                         std::size_t octets = 32) {
    return make_csr({pki::decrypt_key_identifier(as_bytes(shelf)),
                     pki::smime_capabilities_attribute(pki::capabilities_for_symmetric(octets, wanted))});
  }
  pki::csr asymmetric_csr(byte_view public_key_info, pki::content_cipher cipher) {
    auto const all = got(pki::capabilities_for_public_key(public_key_info, {cipher}));
    return make_csr({pki::asymmetric_decrypt_key_identifier(as_bytes(shelf)), pki::smime_capabilities_attribute(all)});
  }

  result<generated> generate(pki::csr const& csr, pki::key_opening const& opening, notes* out = nullptr) {
    auto reply = parse_reply<op::server_keygen>(ask(post("serverkeygen", csr.der())), {csr, &opening, &at}, out);
    if (!reply) return fail(reply.error());
    return std::move(std::get<generated>(*reply));
  }

  http::response asked_with(std::vector<pki::attribute> attributes) {
    return ask(post("serverkeygen", make_csr(std::move(attributes)).der()));
  }

  /// A certificate for a public key, of some usage.
  pki::certificate certify(byte_view public_key_info, std::uint16_t usage) {
    auto const key = make_key();
    pki::certificate_order order;
    order.subject_der = name_of("holder");
    order.not_before = now - std::chrono::hours{1};
    order.not_after = now + std::chrono::hours{1};
    auto const issuer = got(pki::make_self_signed(order, key, {}, at));
    order.public_key_info = to_bytes(public_key_info);
    if (usage != 0) order.extensions.push_back(pki::make_key_usage(usage));
    return got(pki::make_certificate(order, key, issuer, {}, at));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(key_protection, protection_fixture)

BOOST_AUTO_TEST_CASE(a_key_under_a_symmetric_key_comes_out_at_the_client) {
  for (const std::size_t octets : {16u, 24u, 32u}) {
    got(ca.keys().add(symmetric(octets)));
    for (auto const cipher : ciphers) {
      notes remarks;
      auto const made = got(generate(symmetric_csr({cipher}, octets), opening_with(symmetric(octets)), &remarks));
      BOOST_TEST(made.key.belongs_to(made.certificate));
      BOOST_TEST(made.certificate.verifies_under(ca.issuer()));
      BOOST_REQUIRE(made.protection.has_value());
      BOOST_TEST((made.protection->signer == ca.registration_authority()));
      BOOST_TEST(!remarks.has_deviation());
      auto const envelope = got(pki::parse_enveloped_data(made.protection->envelope));
      BOOST_TEST((pki::content_cipher_of(envelope.content.algorithm.oid) == cipher));
      // RFC 7030 section 4.4.2: "kekid is set to the value of the DecryptKeyIdentifier"
      auto const& info = std::get<pki::encryption_key_info>(envelope.recipients.at(0));
      BOOST_TEST(to_text(info.identifier) == shelf);
      BOOST_TEST((info.algorithm.oid == pki::key_wrap_for(octets)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_key_under_a_public_key_comes_out_at_the_client) {
  std::vector<pki::decryption_key> keys;
  for (auto const* kind : {"RSA-2048", "P-256", "P-384", "P-521"})
    keys.push_back(got(pki::make_decryption_key(make_key(kind))));
  keys.push_back(got(pki::make_x25519_key(at)));
  for (auto& key : keys) {
    auto const info = key.public_key_info();
    got(ca.keys().add(to_bytes(shelf), {info}));
    const pki::key_opening opening{pki::recipient_key{std::move(key), std::nullopt, to_bytes(shelf)}, {ca.root()}};
    for (auto const cipher : ciphers) {
      notes remarks;
      auto const made = got(generate(asymmetric_csr(info, cipher), opening, &remarks));
      BOOST_TEST(made.key.belongs_to(made.certificate));
      BOOST_TEST(!remarks.has_deviation());
      auto const envelope = got(pki::parse_enveloped_data(made.protection->envelope));
      BOOST_TEST((pki::content_cipher_of(envelope.content.algorithm.oid) == cipher));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_answer_is_of_the_type_that_rfc_7030_names_and_holds_no_key_in_clear) {
  got(ca.keys().add(symmetric()));
  auto const csr = symmetric_csr();
  auto const answer = ask(post("serverkeygen", csr.der()));
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body.find("application/pkcs7-mime; smime-type=server-generated-key") != std::string::npos);
  BOOST_TEST(answer.body.find("application/pkcs8") == std::string::npos);
  auto const opening = opening_with(symmetric());
  auto const reply = got(parse_reply<op::server_keygen>(answer, {csr, &opening, &at}));
  auto const& made = std::get<generated>(reply);
  auto const body = got(mime::parse_multipart(answer.body, op::server_keygen::boundary));
  auto const key = made.key.encode();
  for (auto const& part : body.parts) {
    auto const octets = got(mime::decode_body<bytes>(part.body));
    BOOST_TEST(to_hex(octets).find(to_hex(key.expose().subspan(36, 16))) == std::string::npos);
  }
  BOOST_TEST((to_http_reply<op::server_keygen>(reply).body == answer.body)); // written as it was read
}

BOOST_AUTO_TEST_CASE(a_client_asks_for_it_in_one_call) {
  got(ca.keys().add(symmetric()));
  server<memory_ca> service{ca, options};
  client_options how;
  how.identity = server_check::by_transport;
  how.credentials = http::basic_credentials{"user", secret_bytes{std::string_view{"secret"}}};
  auto trusted = facts;
  trusted.peer_verified = true;
  client device{
      transport::loopback{[&](http::request const& q, http::tls_facts const& f) { return service.handle(q, f, at); },
                          trusted},
      endpoint{"est.example", {}}, std::move(how)};
  auto const opening = opening_with(symmetric());
  auto const reply = got(device.server_keygen(symmetric_csr(), opening, at));
  BOOST_TEST(std::get<generated>(reply).protection.has_value());
  // without the key that opens it
  BOOST_TEST((trouble_of(device.server_keygen(symmetric_csr())).code == errc::no_recipient));
  // and a CSR that does not ask for it
  BOOST_TEST((trouble_of(device.server_keygen(make_csr(), opening, at)).code == errc::key_not_encrypted));
}

BOOST_AUTO_TEST_CASE(what_does_not_open_is_told_by_type) {
  got(ca.keys().add(symmetric()));
  auto wrong = symmetric();
  wrong.key = secret_bytes{byte_view{bytes(32, 0x11)}};
  BOOST_TEST((trouble_of(generate(symmetric_csr(), opening_with(std::move(wrong)))).code == errc::decryption_failed));
  auto other = symmetric();
  other.identifier = {1};
  BOOST_TEST((trouble_of(generate(symmetric_csr(), opening_with(std::move(other)))).code == errc::no_recipient));
  auto untrusting = opening_with(symmetric());
  untrusting.anchors.clear();
  BOOST_TEST((trouble_of(generate(symmetric_csr(), untrusting)).code == errc::signer_untrusted));
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_known_is_refused) {
  auto const capabilities = pki::smime_capabilities_attribute(pki::capabilities_for_symmetric(32, {}));
  check_refused(asked_with({pki::decrypt_key_identifier(as_bytes(shelf)), capabilities}), 400, "not known");
  check_refused(asked_with({pki::asymmetric_decrypt_key_identifier(as_bytes(shelf)), capabilities}), 400, "not known");
  got(ca.keys().add(symmetric()));
  check_refused(asked_with({pki::decrypt_key_identifier(as_bytes("shelf 8")), capabilities}), 400, "not known");
  // a symmetric key is no asymmetric one
  check_refused(asked_with({pki::asymmetric_decrypt_key_identifier(as_bytes(shelf)), capabilities}), 400, "not known");
}

BOOST_AUTO_TEST_CASE(no_algorithm_in_common_is_refused) {
  got(ca.keys().add(symmetric()));
  auto const id = pki::decrypt_key_identifier(as_bytes(shelf));
  check_refused(asked_with({id}), 400, "SMIMECapabilities");
  check_refused(asked_with({id, pki::smime_capabilities({pki::oids::aes256_cbc})}), 400, "key wrap");
  check_refused(asked_with({id, pki::smime_capabilities({pki::oids::aes128_wrap, pki::oids::aes128_cbc})}), 400,
                "key wrap");
  check_refused(asked_with({id, pki::smime_capabilities({pki::oids::aes256_wrap, pki::oids::des_ede3_cbc})}), 400,
                "content cipher");
  check_refused(asked_with({id, {pki::oids::smime_capabilities, {pki::der::null()}}}), 400, "cannot be read");
  auto const rsa = make_key("RSA-2048").public_key_info();
  got(ca.keys().add(to_bytes(shelf), {rsa}));
  check_refused(asked_with({pki::asymmetric_decrypt_key_identifier(as_bytes(shelf)),
                            pki::smime_capabilities({pki::oids::rsa_encryption, pki::oids::aes128_cbc})}),
                400, "RSAES-OAEP");
}

BOOST_AUTO_TEST_CASE(an_identifier_that_is_none_and_two_of_them_are_refused) {
  got(ca.keys().add(symmetric()));
  auto const capabilities = pki::smime_capabilities_attribute(pki::capabilities_for_symmetric(32, {}));
  auto const id = pki::decrypt_key_identifier(as_bytes(shelf));
  check_refused(asked_with({id, pki::asymmetric_decrypt_key_identifier(as_bytes(shelf)), capabilities}), 400, "both");
  check_refused(asked_with({{pki::oids::decrypt_key_identifier, {}}, capabilities}), 400, "OCTET STRING");
  check_refused(asked_with({{pki::oids::decrypt_key_identifier, {pki::der::null()}}, capabilities}), 400,
                "OCTET STRING");
  check_refused(asked_with({id, id, capabilities}), 400, "OCTET STRING");
}

// RFC 7030 section 4.4.1.2: "the key MUST either explicitly support keyTransport or keyAgreement or its use MUST be
// unrestricted"
BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_for_encryption_or_not_valid_is_refused) {
  auto const info = make_key("P-256").public_key_info();
  auto const all =
      pki::smime_capabilities_attribute(got(pki::capabilities_for_public_key(info, {pki::content_cipher::aes128_cbc})));
  auto const asked = [&] { return asked_with({pki::asymmetric_decrypt_key_identifier(as_bytes(shelf)), all}); };
  got(ca.keys().add(to_bytes(shelf), key_recipient::of(certify(info, pki::key_usage::digital_signature))));
  check_refused(asked(), 400, "neither key transport nor key agreement");
  got(ca.keys().add(to_bytes(shelf), key_recipient::of(certify(info, pki::key_usage::key_agreement))));
  BOOST_TEST(asked().status == 200);
  got(ca.keys().add(to_bytes(shelf), key_recipient::of(certify(info, 0))));
  BOOST_TEST(asked().status == 200);
  now += std::chrono::hours{2};
  pki::context const later{now, rng};
  auto const answer = server<memory_ca>{ca, options}.handle(
      post("serverkeygen", make_csr({pki::asymmetric_decrypt_key_identifier(as_bytes(shelf)), all}).der()), facts,
      later);
  check_refused(answer, 400, "not valid");
}

BOOST_AUTO_TEST_CASE(a_server_may_demand_it) {
  options.require_key_encryption = true;
  check_refused(asked_with({}), 400, "encrypted");
  got(ca.keys().add(symmetric()));
  got(generate(symmetric_csr(), opening_with(symmetric())));
}

BOOST_AUTO_TEST_CASE(an_authority_without_keys_refuses) {
  struct plain_authority {
    memory_ca& ca;
    result<pki::certs_only> ca_certificates(std::string_view label) { return ca.ca_certificates(label); }
    result<issuance> issue(pki::csr const& csr, peer const& who, std::string_view label, pki::context const& with) {
      return ca.issue(csr, who, label, with);
    }
    result<pki::private_key> generate_key(pki::csr const& csr, std::string_view label, pki::context const& with) {
      return ca.generate_key(csr, label, with);
    }
  } authority{ca};
  static_assert(key_generator<plain_authority> && !key_protector<plain_authority>);
  check_refused(ask_of(authority, post("serverkeygen", symmetric_csr().der())), 400, "not known");
  BOOST_TEST(ask_of(authority, post("serverkeygen", make_csr().der())).status == 200);
}

BOOST_AUTO_TEST_CASE(an_authority_that_fails_or_throws_sends_no_key) {
  struct failing : memory_ca {
    bool throws = false;
    int issued = 0;
    explicit failing(memory_ca base) : memory_ca(std::move(base)) {}
    result<issuance> issue(pki::csr const& csr, peer const& who, std::string_view label, pki::context const& at) {
      ++issued;
      return memory_ca::issue(csr, who, label, at);
    }
    result<secret_bytes> sign_private_key(pki::private_key const&, std::string_view, pki::context const&) {
      if (throws) throw std::runtime_error("hidden words");
      return fail(errc::internal, "module", "hidden words");
    }
  } authority{std::move(ca)};
  got(authority.keys().add(symmetric()));
  for (bool const throws : {false, true}) {
    authority.throws = throws;
    auto const answer = ask_of(authority, post("serverkeygen", symmetric_csr().der()));
    check_refused(answer, 500);
    BOOST_TEST(answer.body.find("hidden") == std::string::npos);
    BOOST_TEST(authority.issued == 0); // what cannot be sent is not certified
    BOOST_TEST(answer.body.find("pkcs") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(keys_that_cannot_encrypt_are_not_registered) {
  BOOST_TEST((trouble_of(ca.keys().add({to_bytes(shelf), secret_bytes{byte_view{bytes(20, 1)}}})).code ==
              errc::invalid_argument));
  BOOST_TEST((trouble_of(ca.keys().add(to_bytes(shelf), {make_key("Ed25519").public_key_info()})).code ==
              errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_SUITE_END()
