// Key packages, and the signed and enveloped package of a serverkeygen answer.
#include "cms_support.hpp"

#include <est/pki/key_envelope.hpp>
#include <est/pki/smime_capabilities.hpp>

using namespace est;
using namespace est::pki;
using namespace est::test;

namespace {

/// What a server sends: the key of `kind`, signed by a signer under the root.
bytes envelope_of(char const* kind, recipient const& to, content_cipher cipher = content_cipher::aes128_cbc) {
  auto const signed_package =
      got(sign_key_package(key(kind), key("P-384"), signer_certificate("P-384"), {}, surroundings()));
  return got(make_key_envelope(signed_package, to, cipher, surroundings()));
}

key_opening opening_with(key_encryption_key with) { return {std::move(with), {cms_root()}}; }

result<opened_key> opened(byte_view envelope, key_opening const& opening, notes* out = nullptr) {
  return open_key_envelope(envelope, opening, surroundings(), out);
}

bytes enclose(object_id const& type, byte_view content, content_cipher cipher = content_cipher::aes128_cbc) {
  const recipient to{symmetric_key(16)};
  return got(make_enveloped_data(type, content, std::span<const recipient>{&to, 1}, cipher, surroundings()));
}

secret_bytes signed_content(object_id const& type, byte_view content, bool content_info = false) {
  signing_options options;
  options.content_info = content_info;
  return got(make_signed_data<secret_bytes>(type, content, key("P-384"), signer_certificate("P-384"), {},
                                            surroundings(), options));
}

} // namespace

BOOST_AUTO_TEST_SUITE(key_packages)

BOOST_AUTO_TEST_CASE(a_key_is_read_from_the_package_that_it_was_written_to) {
  for (auto const* kind : kinds) {
    auto const package = got(make_key_package(key(kind)));
    notes remarks;
    auto const keys = got(parse_key_package(package.expose(), &remarks));
    BOOST_REQUIRE(keys.size() == 1u);
    BOOST_TEST(keys[0].public_key_info() == key(kind).public_key_info());
    BOOST_TEST(remarks.empty());
    BOOST_TEST(equal(got(make_key_package(keys[0])).expose(), package.expose()));
  }
}

BOOST_AUTO_TEST_CASE(several_keys_and_a_bare_key_are_noted) {
  auto const first = key("P-256").encode(), second = key("Ed25519").encode();
  notes several, bare;
  BOOST_TEST(got(parse_key_package(der::sequence({first.expose(), second.expose()}), &several)).size() == 2u);
  BOOST_TEST(several.has(note_code::key_package_several_keys));
  BOOST_TEST(got(parse_key_package(first.expose(), &bare)).size() == 1u);
  BOOST_TEST(bare.has(note_code::key_package_bare_key));
}

// RFC 5958 section 2: receivers MUST support BER
BOOST_AUTO_TEST_CASE(a_package_in_ber_is_read_and_noted) {
  auto const one = key("P-256").encode();
  bytes ber{0x30, 0x80};
  ber.insert(ber.end(), one.expose().begin(), one.expose().end());
  ber.insert(ber.end(), {0, 0});
  notes remarks;
  BOOST_TEST(got(parse_key_package(ber, &remarks)).size() == 1u);
  BOOST_TEST(remarks.has(note_code::ber_indefinite_length));
}

BOOST_AUTO_TEST_CASE(what_is_no_package_is_refused) {
  BOOST_TEST((trouble_of(parse_key_package(der::sequence({}))).code == errc::malformed_key));
  BOOST_TEST((trouble_of(parse_key_package(der::sequence({der::sequence({})}))).code == errc::malformed_key));
  BOOST_TEST((trouble_of(parse_key_package(der::octet_string(as_bytes("key")))).code == errc::malformed_key));
  BOOST_TEST(!parse_key_package({}).has_value());
  auto const one = key("Ed25519").encode();
  bytes many;
  for (int i = 0; i < 17; ++i) many.insert(many.end(), one.expose().begin(), one.expose().end());
  BOOST_TEST((trouble_of(parse_key_package(der::value(tag::sequence, many))).code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(every_truncation_of_a_package_fails) {
  auto const package = got(make_key_package(key("P-256")));
  for_every_truncation(package.expose(), [](byte_view cut) { BOOST_TEST(!parse_key_package(cut).has_value()); });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(key_envelopes)

BOOST_AUTO_TEST_CASE(every_kind_of_key_comes_out_of_its_envelope) {
  for (auto const* kind : kinds)
    for (auto const cipher : {content_cipher::aes256_cbc, content_cipher::aes128_gcm}) {
      notes remarks;
      auto const came =
          got(opened(envelope_of(kind, symmetric_key(32), cipher), opening_with(symmetric_key(32)), &remarks));
      BOOST_TEST(came.key.public_key_info() == key(kind).public_key_info(), kind);
      BOOST_TEST((came.signer == signer_certificate("P-384")));
      BOOST_TEST(remarks.size() == (is_authenticated(cipher) ? 1u : 0u));
    }
}

BOOST_AUTO_TEST_CASE(a_private_key_opens_an_envelope) {
  for (auto const* kind : recipient_kinds) {
    auto const to = public_key_recipient{opening_key(kind).public_key_info(), by_key_identifier(as_bytes("key 12"))};
    auto const envelope = envelope_of("RSA-2048", to);
    const key_opening opening{recipient_key{opening_key(kind), std::nullopt, to_bytes(std::string_view{"key 12"})},
                              {cms_root()}};
    BOOST_TEST(got(opened(envelope, opening)).key.public_key_info() == key("RSA-2048").public_key_info(), kind);
  }
}

BOOST_AUTO_TEST_CASE(a_signer_without_an_anchor_is_not_trusted) {
  auto const envelope = envelope_of("P-256", symmetric_key(16));
  auto opening = opening_with(symmetric_key(16));
  opening.anchors = {make_root("Another", key("P-521"))};
  BOOST_TEST((trouble_of(opened(envelope, opening)).code == errc::signer_untrusted));
  opening.anchors.clear();
  BOOST_TEST((trouble_of(opened(envelope, opening)).code == errc::signer_untrusted));
  opening.anchors = {signer_certificate("P-384")}; // the signer itself is named
  got(opened(envelope, opening));
}

BOOST_AUTO_TEST_CASE(a_signer_is_in_force_may_sign_and_is_accepted) {
  auto const envelope = envelope_of("P-256", symmetric_key(16));
  auto opening = opening_with(symmetric_key(16));
  auto later = surroundings();
  later.now += std::chrono::hours{24 * 60};
  BOOST_TEST((trouble_of(open_key_envelope(envelope, opening, later)).code == errc::signer_untrusted));
  opening.accepts_signer = [](certificate const& c) { return c.subject_text() == "CN=signer P-384"; };
  got(opened(envelope, opening));
  opening.accepts_signer = [](certificate const&) { return false; };
  BOOST_TEST((trouble_of(opened(envelope, opening)).code == errc::signer_untrusted));
  opening.accepts_signer = [](certificate const&) -> bool { throw 1; };
  BOOST_TEST((trouble_of(opened(envelope, opening)).code == errc::signer_untrusted));

  auto const may_not =
      certify("agrees", key("P-384").public_key_info(), key("P-256"), cms_root(), key_usage::key_agreement);
  auto const package = got(sign_key_package(key("P-256"), key("P-384"), may_not, {}, surroundings()));
  BOOST_TEST(
      (trouble_of(opened(got(make_key_envelope(package, symmetric_key(16), content_cipher::aes128_cbc, surroundings())),
                         opening_with(symmetric_key(16))))
           .code == errc::signer_untrusted));
}

BOOST_AUTO_TEST_CASE(a_changed_package_is_a_bad_signature) {
  auto const package = got(make_key_package(key("Ed25519")));
  auto const message = signed_content(oids::id_asymmetric_key_package, package.expose());
  auto changed = to_bytes(message.expose());
  auto const inside = to_text(byte_view{changed}).find(as_text(package.expose()));
  BOOST_REQUIRE(inside != std::string::npos);
  changed[inside + package.size() - 1] ^= 1;
  for (auto const cipher : {content_cipher::aes128_cbc, content_cipher::aes256_gcm})
    BOOST_TEST(
        (trouble_of(opened(enclose(oids::id_signed_data, changed, cipher), opening_with(symmetric_key(16)))).code ==
         errc::bad_signature));
}

BOOST_AUTO_TEST_CASE(what_is_odd_and_certain_is_read_and_noted) {
  auto const package = got(make_key_package(key("P-256")));
  auto const opening = opening_with(symmetric_key(16));
  notes data, wrapped, typed, bare;
  auto const message = signed_content(oids::id_asymmetric_key_package, package.expose());
  got(opened(enclose(oids::id_data, message.expose()), opening, &data));
  BOOST_TEST(data.has(note_code::envelope_content_type));
  auto const whole = signed_content(oids::id_asymmetric_key_package, package.expose(), true);
  got(opened(enclose(oids::id_signed_data, whole.expose()), opening, &wrapped));
  BOOST_TEST(wrapped.has(note_code::envelope_content_info));
  auto const other = signed_content(oids::id_data, package.expose());
  got(opened(enclose(oids::id_signed_data, other.expose()), opening, &typed));
  BOOST_TEST(typed.has(note_code::key_package_content_type));
  auto const alone = signed_content(oids::id_asymmetric_key_package, key("P-256").encode().expose());
  got(opened(enclose(oids::id_signed_data, alone.expose()), opening, &bare));
  BOOST_TEST(bare.has(note_code::key_package_bare_key));
}

BOOST_AUTO_TEST_CASE(an_envelope_of_something_else_gives_no_key) {
  auto const opening = opening_with(symmetric_key(16));
  // a key package that nobody signed
  auto const package = got(make_key_package(key("P-256")));
  BOOST_TEST((trouble_of(opened(enclose(oids::id_asymmetric_key_package, package.expose()), opening)).code ==
              errc::malformed_cms));
  auto const first = key("P-256").encode(), second = key("Ed25519").encode();
  auto const two = signed_content(oids::id_asymmetric_key_package, der::sequence({first.expose(), second.expose()}));
  BOOST_TEST((trouble_of(opened(enclose(oids::id_signed_data, two.expose()), opening)).code == errc::malformed_key));
  BOOST_TEST((trouble_of(opened(enclose(oids::id_signed_data, as_bytes("no BER at all")), opening)).code ==
              errc::decryption_failed));
}

BOOST_AUTO_TEST_CASE(no_trouble_shows_an_octet_of_the_key) {
  auto const message = signed_content(oids::id_asymmetric_key_package, got(make_key_package(key("P-256"))).expose());
  auto const secret = key("P-256").encode();
  auto const middle = to_hex(secret.expose().subspan(36, 16));
  auto const opening = opening_with(symmetric_key(16));
  for (std::size_t i = 0; i < message.size(); i += 3) {
    auto changed = to_bytes(message.expose());
    changed[i] ^= 0x21;
    notes remarks;
    auto const came = opened(enclose(oids::id_signed_data, changed), opening, &remarks);
    std::string said = came ? "" : to_text(came.error());
    for (auto const& n : remarks) said += to_text(n);
    BOOST_TEST(said.find(middle) == std::string::npos);
    BOOST_TEST(said.find(as_text(secret.expose().subspan(36, 8))) == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(capabilities)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  auto const all = got(capabilities_for_public_key(opening_key("P-256").public_key_info(),
                                                   {content_cipher::aes256_gcm, content_cipher::aes128_cbc},
                                                   {"SHA-256", "SHA-384"}));
  BOOST_TEST(all.size() == 6u);
  auto const read = got(parse_smime_capabilities(smime_capabilities_attribute(all)));
  BOOST_TEST((read == all));
  // RFC 5753 section 6: KA=ECDH standard KDF=SHA-256 Wrap=AES-256
  BOOST_TEST(to_hex(all[0].encode()) == "301506062b8104010b01300b060960864801650304012d");
  // RFC 8418 section 8: ECDH with HKDF using SHA-256; uses AES-128 key wrap
  auto const x =
      got(capabilities_for_public_key(opening_key("X25519").public_key_info(), {content_cipher::aes128_cbc}));
  BOOST_TEST(to_hex(x[0].encode()) == "301a060b2a864886f70d0109100313300b0609608648016503040105");
}

BOOST_AUTO_TEST_CASE(what_is_no_list_of_capabilities_is_refused) {
  for (auto const& values :
       {std::vector<bytes>{}, std::vector<bytes>{der::null()}, std::vector<bytes>{der::sequence({}), der::sequence({})},
        std::vector<bytes>{der::sequence({der::null()})}})
    BOOST_TEST((trouble_of(parse_smime_capabilities({oids::smime_capabilities, values})).code == errc::malformed_csr));
}

BOOST_AUTO_TEST_CASE(the_first_cipher_in_common_is_chosen) {
  auto const chosen = [](std::vector<algorithm_identifier> const& all) {
    return choose_algorithms(symmetric_key(16), all);
  };
  BOOST_TEST((got(chosen({{oids::aes128_wrap}, {oids::des_ede3_cbc}, {oids::aes192_cbc}, {oids::aes128_gcm}})) ==
              content_cipher::aes192_cbc));
  BOOST_TEST((got(chosen(capabilities_for_symmetric(16, {content_cipher::aes256_gcm}))) == content_cipher::aes256_gcm));
  // a client that names its key encipherment alone, as RFC 7030 words it
  BOOST_TEST((got(chosen({{oids::aes128_wrap}})) == content_cipher::aes128_cbc));
  for (auto const& nothing :
       {std::vector<algorithm_identifier>{}, std::vector<algorithm_identifier>{{oids::aes256_wrap}, {oids::aes128_cbc}},
        std::vector<algorithm_identifier>{{oids::aes128_wrap}, {oids::des_ede3_cbc}},
        std::vector<algorithm_identifier>{{oids::aes128_cbc}}})
    BOOST_TEST((trouble_of(chosen(nothing)).code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(hash_and_wrap_of_a_public_key_are_chosen) {
  public_key_recipient rsa{opening_key("RSA-2048").public_key_info(), {}};
  got(choose_algorithms(
      rsa, got(capabilities_for_public_key(rsa.public_key_info, {content_cipher::aes128_cbc}, {"SHA-1"}))));
  BOOST_TEST(rsa.hash == "SHA-1");
  got(choose_algorithms(rsa, {{oids::rsa_encryption, der::null()},
                              pki::detail::oaep_algorithm("SHA-512"),
                              pki::detail::oaep_algorithm("SHA-256")}));
  BOOST_TEST(rsa.hash == "SHA-256");
  // PKCS#1 v1.5 is never written
  BOOST_TEST((trouble_of(choose_algorithms(rsa, {{oids::rsa_encryption, der::null()}, {oids::aes128_cbc}})).code ==
              errc::unsupported_algorithm));

  public_key_recipient ec{opening_key("P-384").public_key_info(), {}};
  got(choose_algorithms(
      ec, got(capabilities_for_public_key(ec.public_key_info, {content_cipher::aes192_cbc}, {"SHA-384"}))));
  BOOST_TEST(ec.hash == "SHA-384");
  BOOST_TEST(ec.wrap_octets == 24u);
  BOOST_TEST((got(choose_algorithms(ec, {{oids::aes256_wrap}})) == content_cipher::aes256_cbc));
  BOOST_TEST(ec.wrap_octets == 32u);
  BOOST_TEST((trouble_of(choose_algorithms(ec, {pki::detail::oaep_algorithm("SHA-256")})).code ==
              errc::unsupported_algorithm));
  public_key_recipient ed{key("Ed25519").public_key_info(), {}};
  BOOST_TEST((trouble_of(choose_algorithms(ed, {{oids::aes256_wrap}})).code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_SUITE_END()
