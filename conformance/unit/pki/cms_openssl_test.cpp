// `openssl cms` against our signed and enveloped messages, both ways, for every kind of signer, recipient and cipher. What its
// version cannot do is skipped by name.
#include "cms_support.hpp"
#include "openssl_shop.hpp"

#include <est/pki/key_envelope.hpp>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(openssl_cms_agrees, *boost::unit_test::precondition(with_openssl))

namespace {

constexpr std::string_view content = "content that both sides read\n";

/// A workshop that has the content, the root, and the key and certificate of every signer and recipient.
workshop const& furnished() {
  static workshop const shop;
  static bool const done = [] {
    shop.put("content", as_bytes(content));
    shop.put("root.pem", as_bytes(encode_pem(cms_root())));
    for (auto const* kind : kinds) {
      auto const octets = key(kind).encode();
      shop.put(std::string{kind} + ".key", octets.expose());
      shop.put(std::string{"signer-"} + kind + ".pem", as_bytes(encode_pem(signer_certificate(kind))));
    }
    for (auto const* kind : recipient_kinds)
      shop.put(std::string{"recipient-"} + kind + ".pem", as_bytes(encode_pem(recipient_certificate(kind))));
    auto const x = opening_key("X25519");
    auto const encoded = Botan::PKCS8::BER_encode(x.botan());
    shop.put("X25519.key", encoded);
    return true;
  }();
  static_cast<void>(done);
  return shop;
}

/// Whether this openssl does something at all; its complaint otherwise.
boost::test_tools::assertion_result can(std::string const& arguments) {
  if (!openssl_is_here()) return with_openssl(0);
  auto const said = furnished().run(arguments);
  boost::test_tools::assertion_result result{!holds(said, "(failed)")};
  result.message() << "this openssl cannot: " << said;
  return result;
}
boost::test_tools::assertion_result with_ed25519(boost::unit_test::test_unit_id) {
  return can("cms -sign -binary -nodetach -in content -signer signer-Ed25519.pem -inkey Ed25519.key -keyform DER "
             "-outform DER -out probe");
}
boost::test_tools::assertion_result with_x25519(boost::unit_test::test_unit_id) {
  return can("cms -encrypt -binary -in content -aes-128-cbc -outform DER -out probe recipient-X25519.pem");
}

void verifies_ours(byte_view message, std::string const& of) {
  auto const& shop = furnished();
  shop.put("ours.p7", message);
  auto const said = shop.run("cms -verify -inform DER -in ours.p7 -CAfile root.pem -no_check_time -purpose any -binary "
                             "-out verified");
  BOOST_TEST(!holds(said, "(failed)"), of << ": " << said);
  BOOST_TEST(shop.get("verified") == content, of);
}

void we_verify(std::string const& kind, std::string const& options) {
  auto const& shop = furnished();
  auto const said = shop.run("cms -sign -binary -nodetach -in content -signer signer-" + kind + ".pem -inkey " + kind +
                             ".key -keyform DER -certfile root.pem -outform DER -out signed.p7 " + options);
  BOOST_REQUIRE_MESSAGE(!holds(said, "(failed)"), kind << " " << options << ": " << said);
  auto const octets = to_bytes(shop.get("signed.p7"));
  notes remarks;
  auto const message = parse_signed_data(octets, &remarks);
  BOOST_REQUIRE_MESSAGE(message, kind << " " << options << ": " << (message ? "" : to_text(message.error())));
  BOOST_TEST(as_text(*message->content) == content);
  auto const own = signer_certificate(kind.c_str());
  auto const signer = verify_signed_data(*message, std::span<const certificate>{&own, 1});
  BOOST_TEST(signer.has_value(), kind << " " << options << ": " << (signer ? "" : to_text(signer.error())));
  for (auto const& n : remarks)
    BOOST_TEST((n.code == note_code::ber_indefinite_length || n.code == note_code::ber_constructed_string ||
                n.code == note_code::cms_no_signed_attributes),
               kind << " " << options << ": " << to_text(n));
}

bytes enveloped_for(recipient const& to, content_cipher cipher) {
  return got(make_enveloped_data(oids::id_data, as_bytes(content), std::span<const recipient>{&to, 1}, cipher,
                                 surroundings()));
}

void opens_ours(byte_view message, std::string const& with, std::string const& of) {
  auto const& shop = furnished();
  shop.put("ours.p7", message);
  auto const said = shop.run("cms -decrypt -binary -inform DER -in ours.p7 -out opened " + with);
  BOOST_TEST(!holds(said, "(failed)"), of << ": " << said);
  BOOST_TEST(shop.get("opened") == content, of);
}

template <class With> void we_open(std::string const& options, With const& with) {
  auto const& shop = furnished();
  auto const said = shop.run("cms -encrypt -binary -in content -outform DER -out enveloped.p7 " + options);
  BOOST_REQUIRE_MESSAGE(!holds(said, "(failed)"), options << ": " << said);
  notes remarks;
  auto const message = parse_enveloped_data(to_bytes(shop.get("enveloped.p7")), &remarks);
  BOOST_REQUIRE_MESSAGE(message, options << ": " << (message ? "" : to_text(message.error())));
  auto const opened = [&] {
    if constexpr (std::is_same_v<With, recipient_key>)
      return open_enveloped_data(*message, with, surroundings().rng, &remarks);
    else
      return open_enveloped_data(*message, with, &remarks);
  }();
  BOOST_REQUIRE_MESSAGE(opened, options << ": " << (opened ? "" : to_text(opened.error())));
  BOOST_TEST(as_text(opened->expose()) == content, options);
  for (auto const& n : remarks)
    BOOST_TEST((n.code == note_code::ber_indefinite_length || n.code == note_code::ber_constructed_string ||
                n.code == note_code::cms_auth_enveloped),
               options << ": " << to_text(n));
}

recipient_key holder_of(std::string const& kind) { return {opening_key(kind), recipient_certificate(kind)}; }

std::string option_of(content_cipher cipher) {
  std::string text{name(cipher)};
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return "-" + text;
}

std::string secret_of(key_encryption_key const& key) {
  return "-secretkey " + to_hex(key.key.expose()) + " -secretkeyid " + to_hex(key.identifier);
}

void both_ways_for(std::string const& kind, std::vector<std::string> const& key_options) {
  auto const certificate_file = "recipient-" + kind + ".pem";
  for (auto const cipher : ciphers)
    for (bool const by_identifier : {false, true}) {
      auto const c = recipient_certificate(kind);
      public_key_recipient to{c.public_key_info(),
                              by_identifier ? by_key_identifier(*c.subject_key_identifier()) : issuer_and_serial_of(c)};
      opens_ours(enveloped_for(to, cipher), "-recip " + certificate_file + " -inkey " + kind + ".key -keyform DER",
                 kind + option_of(cipher));
    }
  for (auto const& options : key_options)
    for (auto const* more : {"", " -stream", " -keyid"})
      for (auto const cipher : {content_cipher::aes128_cbc, content_cipher::aes256_gcm})
        we_open(option_of(cipher) + more + " -recip " + certificate_file + " " + options, holder_of(kind));
}

} // namespace

BOOST_AUTO_TEST_CASE(it_verifies_what_we_sign) {
  for (std::string const kind : {"P-256", "P-384", "P-521", "RSA-2048"}) {
    auto const own = signer_certificate(kind.c_str());
    verifies_ours(got(make_signed_data(oids::id_data, as_bytes(content), key(kind.c_str()), own, {}, surroundings())),
                  kind);
    verifies_ours(got(make_signed_data(oids::id_data, as_bytes(content), key(kind.c_str()),
                                       by_key_identifier(*own.subject_key_identifier()),
                                       std::span<const certificate>{&own, 1}, surroundings())),
                  kind + " by key identifier");
  }
  verifies_ours(got(make_signed_data(oids::id_data, as_bytes(content), signing_key{key("RSA-2048"), rsa_padding::pss},
                                     signer_certificate("RSA-2048"), {}, surroundings())),
                "RSASSA-PSS");
}

BOOST_AUTO_TEST_CASE(we_verify_what_it_signs) {
  for (std::string const kind : {"P-256", "P-384", "P-521", "RSA-2048"})
    for (auto const* options : {"", "-stream", "-noattr", "-keyid", "-md sha384", "-md sha1", "-noattr -stream"})
      we_verify(kind, options);
  for (auto const* options : {"-keyopt rsa_padding_mode:pss", "-keyopt rsa_padding_mode:pss -md sha512",
                              "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20"})
    we_verify("RSA-2048", options);
}

BOOST_AUTO_TEST_CASE(ed25519_both_ways, *boost::unit_test::precondition(with_ed25519)) {
  verifies_ours(got(make_signed_data(oids::id_data, as_bytes(content), key("Ed25519"), signer_certificate("Ed25519"),
                                     {}, surroundings())),
                "Ed25519");
  we_verify("Ed25519", "");
  we_verify("Ed25519", "-stream");
}

BOOST_AUTO_TEST_CASE(a_symmetric_key_both_ways) {
  for (auto const cipher : ciphers)
    for (const std::size_t octets : {16u, 24u, 32u}) {
      auto const key = symmetric_key(octets);
      opens_ours(enveloped_for(key.duplicate(), cipher), secret_of(key), option_of(cipher));
      we_open(option_of(cipher) + " " + secret_of(key), key);
      we_open(option_of(cipher) + " -stream " + secret_of(key), key);
    }
}

BOOST_AUTO_TEST_CASE(an_rsa_key_both_ways) {
  both_ways_for("RSA-2048",
                {"", "-keyopt rsa_padding_mode:oaep", "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256",
                 "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha1"});
  auto to =
      public_key_recipient{key("RSA-2048").public_key_info(), issuer_and_serial_of(recipient_certificate("RSA-2048"))};
  to.hash = "SHA-1";
  opens_ours(enveloped_for(to, content_cipher::aes128_cbc),
             "-recip recipient-RSA-2048.pem -inkey RSA-2048.key -keyform DER", "RSAES-OAEP with SHA-1");
}

BOOST_AUTO_TEST_CASE(an_ec_key_both_ways) {
  for (auto const* kind : {"P-256", "P-384", "P-521"})
    both_ways_for(kind, {"", "-keyopt ecdh_kdf_md:sha224", "-keyopt ecdh_kdf_md:sha256", "-keyopt ecdh_kdf_md:sha384",
                         "-keyopt ecdh_kdf_md:sha512", "-keyopt ecdh_cofactor_mode:1 -keyopt ecdh_kdf_md:sha256"});
  for (auto const* hash : {"SHA-1", "SHA-224", "SHA-384", "SHA-512"}) {
    auto to =
        public_key_recipient{key("P-256").public_key_info(), issuer_and_serial_of(recipient_certificate("P-256"))};
    to.hash = hash;
    opens_ours(enveloped_for(to, content_cipher::aes192_cbc),
               "-recip recipient-P-256.pem -inkey P-256.key -keyform DER", hash);
  }
}

BOOST_AUTO_TEST_CASE(an_x25519_key_both_ways, *boost::unit_test::precondition(with_x25519)) {
  both_ways_for("X25519", {""});
}

// The whole of RFC 7030 section 4.4.2 by its hand: openssl opens our envelope, verifies who signed within, and reads the key.
BOOST_AUTO_TEST_CASE(it_opens_our_key_envelope_step_by_step) {
  auto const& shop = furnished();
  auto const kek = symmetric_key(32);
  auto const package =
      got(sign_key_package(key("Ed25519"), key("RSA-2048"), signer_certificate("RSA-2048"), {}, surroundings()));
  shop.put("envelope.p7", got(make_key_envelope(package, kek.duplicate(), content_cipher::aes256_cbc, surroundings())));
  auto said = shop.run("cms -decrypt -binary -inform DER -in envelope.p7 -out bare " + secret_of(kek));
  BOOST_REQUIRE_MESSAGE(!holds(said, "(failed)"), said);
  auto const bare = to_bytes(shop.get("bare"));
  BOOST_TEST(equal(bare, package.expose()));
  shop.put("signed.p7", make_content_info(oids::id_signed_data, bare));
  said = shop.run(
      "cms -verify -inform DER -in signed.p7 -CAfile root.pem -no_check_time -purpose any -binary -out package");
  BOOST_REQUIRE_MESSAGE(!holds(said, "(failed)"), said);
  auto const one = to_bytes(shop.get("package"));
  shop.put("one.key", got(read_tlv(one)).content);
  said = shop.run("pkey -inform DER -in one.key -pubout -outform DER -out public.der");
  BOOST_TEST(said == "", said);
  BOOST_TEST(shop.get("public.der") == to_text(key("Ed25519").public_key_info()));
}

// And the other way: openssl signs a package and encrypts it, and we read the key.
BOOST_AUTO_TEST_CASE(we_open_its_key_envelope) {
  auto const& shop = furnished();
  auto const kek = symmetric_key(16);
  auto const package = got(make_key_package(key("P-521")));
  shop.put("package", package.expose());
  auto said = shop.run("cms -sign -binary -nodetach -in package -signer signer-P-256.pem -inkey P-256.key -keyform DER "
                       "-econtent_type 2.16.840.1.101.2.1.2.78.5 -outform DER -out signed.p7");
  BOOST_REQUIRE_MESSAGE(!holds(said, "(failed)"), said);
  said = shop.run("cms -encrypt -binary -in signed.p7 -aes-128-cbc -econtent_type 1.2.840.113549.1.7.2 -outform DER "
                  "-out envelope.p7 " +
                  secret_of(kek));
  BOOST_REQUIRE_MESSAGE(!holds(said, "(failed)"), said);
  notes remarks;
  const key_opening opening{kek.duplicate(), {cms_root()}};
  auto const came = got(open_key_envelope(to_bytes(shop.get("envelope.p7")), opening, surroundings(), &remarks));
  BOOST_TEST(came.key.public_key_info() == key("P-521").public_key_info());
  BOOST_TEST((came.signer == signer_certificate("P-256")));
  BOOST_TEST(remarks.has(note_code::envelope_content_info)); // it encrypts the ContentInfo
}

BOOST_AUTO_TEST_SUITE_END()
