// Envelopes of generated keys, opened by whoever drives.

#include "../message/pki_fixture.hpp"

#include "drive/opening.hpp"

#include <est/core/base64.hpp>
#include <est/http/writer.hpp>
#include <est/mime/multipart.hpp>
#include <est/pki/key_envelope.hpp>
#include <est/pki/smime_capabilities.hpp>

BOOST_AUTO_TEST_SUITE(opening)

namespace {

using namespace est;
using namespace est::test;
using namespace est::conformance;

using signature = opened_envelope::signature;

struct opener {
  test_root ca;
  pki::private_key const generated = make_key();
  pki::private_key const rsa = make_key(pki::key_spec::rsa(2048)), ec = make_key(), stranger = make_key();
  known_identifiers const known{bytes(16, 1), bytes(20, 2), bytes(20, 3), {}};
  opening_keys keys;

  opener() {
    keys.symmetric = secret_bytes{bytes(32, 7)};
    keys.transport.emplace(pki::recipient_key{must(pki::make_decryption_key(rsa)), std::nullopt, known.transport});
    keys.agreement.emplace(pki::recipient_key{must(pki::make_decryption_key(ec)), std::nullopt, known.agreement});
  }

  secret_bytes package() const { return must(pki::make_key_package(generated)); }
  secret_bytes sealed() const {
    return must(pki::sign_key_package(generated, ca.key, ca.certificate, {}, at_test_time()));
  }

  /// An answer of /serverkeygen to a CSR that names the key of that attribute.
  reading answer(pki::attribute named, bytes const& envelope) const {
    exchange x;
    http::request q;
    q.method = "POST";
    q.target = "/.well-known/est/serverkeygen";
    q.headers.add("Content-Type", "application/pkcs10");
    q.body = encode_base64(must(pki::make_csr({common_name("d"), {std::move(named)}}, stranger, at_test_time())).der());
    http::response r;
    r.status = 200;
    r.headers.add("Content-Type", "multipart/mixed; boundary=b");
    const std::vector<mime::owned_part> two{
        {{{"Content-Type", "application/pkcs7-mime; smime-type=server-generated-key"}}, encode_base64(envelope)},
        {{{"Content-Type", "application/pkcs7-mime; smime-type=certs-only"}},
         encode_base64(must(pki::make_certs_only({ca.issue(generated.public_key_info(), "d")})).encode())}};
    r.body = must(mime::encode_multipart(two, "b"));
    x.request = http::encode(q);
    x.response = http::encode(r, q.method);
    return read(x);
  }
  bytes enveloped(secret_bytes const& content, byte_view secret = bytes(32, 7),
                  pki::content_cipher cipher = pki::content_cipher::aes256_cbc) const {
    return must(pki::make_key_envelope(content, pki::key_encryption_key{known.symmetric, secret_bytes{secret}}, cipher,
                                       at_test_time()));
  }
  std::optional<opened_envelope> open(bytes const& envelope, std::vector<pki::certificate> const& more = {}) const {
    return open_envelope(answer(pki::decrypt_key_identifier(known.symmetric), envelope), known, keys, more, rng());
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_signed_key_is_found_and_only_its_public_half_is_kept, opener) {
  auto const found = open(enveloped(sealed()));
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->closed.empty());
  BOOST_TEST(found->holds.empty());
  BOOST_TEST((found->sealed == signature::good));
  BOOST_TEST(found->content_type == "2.16.840.1.101.2.1.2.78.5");
  BOOST_TEST((found->public_key_info == generated.public_key_info()));
}

BOOST_FIXTURE_TEST_CASE(private_keys_open_as_secret_ones_do, opener) {
  for (auto const& [key, identifier] : {std::pair{&rsa, &known.transport}, std::pair{&ec, &known.agreement}}) {
    const pki::public_key_recipient to{key->public_key_info(), pki::by_key_identifier(*identifier)};
    auto const envelope = must(pki::make_key_envelope(sealed(), to, pki::content_cipher::aes256_cbc, at_test_time()));
    auto const found =
        open_envelope(answer(pki::asymmetric_decrypt_key_identifier(*identifier), envelope), known, keys, {}, rng());
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST((found->sealed == signature::good), found->closed << found->signature_trouble);
    BOOST_TEST((found->public_key_info == generated.public_key_info()));
  }
}

BOOST_FIXTURE_TEST_CASE(without_a_key_or_an_envelope_nothing_is_said, opener) {
  auto const envelope = enveloped(sealed());
  auto const asked = answer(pki::decrypt_key_identifier(known.symmetric), envelope);
  BOOST_TEST(!open_envelope(asked, known, {}, {}, rng()).has_value());
  BOOST_TEST(!open_envelope(asked, {}, keys, {}, rng()).has_value());
  BOOST_TEST(
      !open_envelope(answer(pki::decrypt_key_identifier(bytes(16, 9)), envelope), known, keys, {}, rng()).has_value());
  BOOST_TEST(!open_envelope({}, known, keys, {}, rng()).has_value());
}

BOOST_FIXTURE_TEST_CASE(what_does_not_open_says_so, opener) {
  auto const found = open(enveloped(sealed(), bytes(32, 8)));
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(!found->closed.empty());
  BOOST_TEST(found->public_key_info.empty());
  auto const garbage = open(enveloped(secret_bytes{as_bytes("no ASN.1")}));
  BOOST_REQUIRE(garbage.has_value());
  BOOST_TEST(!garbage->closed.empty());
}

BOOST_FIXTURE_TEST_CASE(what_is_not_signed_is_named, opener) {
  for (auto const& [content, word] :
       {std::pair{package(), "AsymmetricKeyPackage"}, std::pair{generated.encode(), "PrivateKeyInfo"},
        std::pair{secret_bytes{pki::der::null()}, "cannot be read as SignedData"}}) {
    auto const found = open(enveloped(content));
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->closed.empty());
    BOOST_TEST(found->holds.find(word) != std::string::npos, found->holds);
  }
}

BOOST_FIXTURE_TEST_CASE(signatures_that_do_not_hold_and_unknown_signers_are_told_apart, opener) {
  auto octets = to_bytes(sealed().expose());
  octets.back() ^= 1;
  auto found = open(enveloped(secret_bytes{byte_view{octets}}));
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST((found->sealed == signature::broken));
  BOOST_TEST((found->public_key_info == generated.public_key_info()));

  // Who signed is named, and the certificate does not come along.
  pki::signing_options bare;
  bare.content_info = false;
  auto const lonely =
      must(pki::make_signed_data<secret_bytes>(pki::oids::id_asymmetric_key_package, package().expose(), ca.key,
                                               pki::issuer_and_serial_of(ca.certificate), {}, at_test_time(), bare));
  found = open(enveloped(lonely));
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST((found->sealed == signature::unknown));
  found = open(enveloped(lonely), {ca.certificate});
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST((found->sealed == signature::good));
}

BOOST_FIXTURE_TEST_CASE(an_authenticated_envelope_is_opened_as_well, opener) {
  auto const found = open(enveloped(sealed(), bytes(32, 7), pki::content_cipher::aes256_gcm));
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST((found->sealed == signature::good));
}

BOOST_AUTO_TEST_SUITE_END()
