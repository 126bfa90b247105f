// What OpenSSL's command line says of what we write, and what we say of what it writes. Skipped where it is not installed.
#include "openssl_shop.hpp"

#include <est/pki/certs_only.hpp>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(openssl_agrees, *boost::unit_test::precondition(with_openssl))

BOOST_AUTO_TEST_CASE(our_requests_verify) {
  const workshop shop;
  for (auto const* kind : kinds) {
    auto const request =
        make_csr({make_name({{oids::common_name, "device"}}),
                  {challenge_password_attribute("secret"), subject_alternative_names({{"d.example"}, {}, {}, {}, 0})}},
                 key(kind), surroundings());
    BOOST_REQUIRE(request);
    shop.put("request.der", request->der());
    auto const said = shop.run("req -inform DER -in request.der -noout -verify -text");
    BOOST_TEST(!holds(said, "(failed)"), kind << ": " << said);
    BOOST_TEST(holds(said, "secret"), said);
    BOOST_TEST(holds(said, "DNS:d.example"), said);
  }
}

BOOST_AUTO_TEST_CASE(our_certificates_and_bags_are_read_and_verify) {
  const workshop shop;
  for (auto const* kind : kinds) {
    auto const root = make_root("Root", key(kind));
    auto const leaf = issue("leaf", key("P-256"), key(kind), root);
    shop.put("bag.p7", make_certs_only({root, leaf})->encode());
    auto const said = shop.run("pkcs7 -inform DER -in bag.p7 -print_certs -noout");
    BOOST_TEST(holds(said, "leaf"), said);
    BOOST_TEST(holds(said, "Root"), said);
    shop.put("root.pem", as_bytes(encode_pem(root)));
    shop.put("leaf.pem", as_bytes(encode_pem(leaf)));
    auto const verified = shop.run("verify -no_check_time -x509_strict -CAfile root.pem leaf.pem");
    BOOST_TEST(holds(verified, "leaf.pem: OK"), kind << ": " << verified);
  }
}

BOOST_AUTO_TEST_CASE(our_keys_are_read) {
  const workshop shop;
  for (auto const* kind : kinds) {
    auto const encoded = key(kind).encode();
    shop.put("key.der", encoded.expose());
    auto const said = shop.run("pkey -inform DER -in key.der -pubout -outform DER -out public.der");
    BOOST_TEST(said == "", said);
    BOOST_TEST(shop.get("public.der") == to_text(key(kind).public_key_info()), kind);
  }
}

BOOST_AUTO_TEST_CASE(its_requests_and_bags_are_read) {
  const workshop shop;
  auto const encoded = key("P-256").encode();
  shop.put("key.der", encoded.expose());
  auto const made =
      shop.run("req -new -key key.der -keyform DER -subj /C=SE/CN=device -addext subjectAltName=DNS:d.example "
               "-outform DER -out request.der");
  BOOST_REQUIRE_MESSAGE(!holds(made, "(failed)"), made);
  auto const request = parse_csr(to_bytes(shop.get("request.der")));
  BOOST_REQUIRE(request);
  BOOST_TEST(request->subject_text() == "C=SE, CN=device");
  BOOST_TEST(request->signature_verifies());
  BOOST_TEST(request->requested_alternative_names()->dns.at(0) == "d.example");

  auto const root = make_root("Root", key("P-256"));
  shop.put("root.pem", as_bytes(encode_pem(root)));
  auto const bagged = shop.run("crl2pkcs7 -nocrl -certfile root.pem -outform DER -out bag.p7");
  BOOST_REQUIRE_MESSAGE(!holds(bagged, "(failed)"), bagged);
  notes remarks;
  auto const bag = parse_certs_only(to_bytes(shop.get("bag.p7")), &remarks);
  BOOST_REQUIRE(bag);
  BOOST_TEST((bag->certificates().at(0) == root));
}

BOOST_AUTO_TEST_CASE(a_ber_message_of_its_is_read_and_noted) {
  const workshop shop;
  auto const root = make_root("Root", key("RSA-2048"));
  auto const encoded = key("RSA-2048").encode();
  shop.put("key.der", encoded.expose());
  shop.put("root.pem", as_bytes(encode_pem(root)));
  shop.put("text", as_bytes("content"));
  auto const made =
      shop.run("cms -sign -stream -nodetach -binary -in text -signer root.pem -inkey key.der -keyform DER "
               "-outform DER -out signed.p7");
  BOOST_REQUIRE_MESSAGE(!holds(made, "(failed)"), made);
  notes remarks;
  auto const bag = parse_certs_only(to_bytes(shop.get("signed.p7")), &remarks);
  BOOST_REQUIRE_MESSAGE(bag, (bag ? "" : to_text(bag.error())));
  BOOST_TEST((bag->certificates().at(0) == root));
  BOOST_TEST(remarks.has(note_code::ber_indefinite_length));
  BOOST_TEST(remarks.has(note_code::ber_constructed_string));
  BOOST_TEST(remarks.has(note_code::cms_content_present));
  BOOST_TEST(remarks.has(note_code::cms_signer_infos));
  BOOST_TEST(!remarks.has(note_code::cms_version));
}

BOOST_AUTO_TEST_CASE(its_keys_are_read_in_every_form) {
  const workshop shop;
  auto const encoded = key("P-256").encode();
  auto const rsa = key("RSA-2048").encode();
  shop.put("ec.der", encoded.expose());
  shop.put("rsa.der", rsa.expose());
  const secret_bytes password{std::string_view{"secret"}}, wrong{std::string_view{"other"}};
  struct row {
    char const* arguments;
    char const* kind;
    bool encrypted;
  };
  for (auto const& [arguments, kind, encrypted] :
       {row{"pkey -inform DER -in ec.der -out out.pem", "P-256", false},
        row{"pkey -inform DER -in ec.der -traditional -out out.pem", "P-256", false},
        row{"pkey -inform DER -in rsa.der -traditional -out out.pem", "RSA-2048", false},
        row{"pkey -inform DER -in rsa.der -traditional -aes256 -passout pass:secret -out out.pem", "RSA-2048", true},
        row{"pkey -inform DER -in ec.der -traditional -aes128 -passout pass:secret -out out.pem", "P-256", true},
        row{"pkcs8 -topk8 -inform DER -in ec.der -passout pass:secret -out out.pem", "P-256", true},
        row{"pkcs8 -topk8 -inform DER -in ec.der -scrypt -passout pass:secret -out out.pem", "P-256", true},
        row{"pkcs8 -topk8 -inform DER -in rsa.der -v2 des3 -v2prf hmacWithSHA1 -passout pass:secret -out out.pem",
            "RSA-2048", true}}) {
    auto const said = shop.run(arguments);
    BOOST_REQUIRE_MESSAGE(!holds(said, "(failed)"), arguments << ": " << said);
    auto const pem = shop.get("out.pem");
    auto const read = parse_private_key_pem(pem, encrypted ? &password : nullptr);
    BOOST_REQUIRE_MESSAGE(read, arguments << ": " << (read ? "" : to_text(read.error())));
    BOOST_TEST(read->public_key_info() == key(kind).public_key_info(), arguments);
    if (!encrypted) continue;
    BOOST_TEST((parse_private_key_pem(pem).error().code == errc::unauthenticated), arguments);
    BOOST_TEST((parse_private_key_pem(pem, &wrong).error().code == errc::unauthenticated), arguments);
  }
}

BOOST_AUTO_TEST_SUITE_END()
