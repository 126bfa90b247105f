// What OpenSSL's command line says of our revocation lists, paths, PSS signatures and external signers, and we of its.
#include "openssl_shop.hpp"

#include <est/pki/crl.hpp>
#include <est/pki/path_validation.hpp>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(openssl_agrees_on_revocation, *boost::unit_test::precondition(with_openssl))

namespace {

const std::string at_that_day = "-attime " + std::to_string(std::chrono::system_clock::to_time_t(some_day)) + " ";

path_policy with_lists() {
  path_policy policy;
  policy.at = some_day;
  policy.revocation = revocation_policy::required;
  return policy;
}

} // namespace

BOOST_AUTO_TEST_CASE(our_lists_are_read_verify_and_revoke) {
  const workshop shop;
  for (auto const* kind : kinds) {
    auto const root = make_root("Root", key(kind));
    auto const good = issue("good", key("P-256"), key(kind), root), bad = issue("bad", key("P-256"), key(kind), root);
    crl_order order;
    order.this_update = some_day - std::chrono::hours{1};
    order.next_update = some_day + std::chrono::hours{1};
    order.number = 258;
    order.revoked = {{bad.serial(), some_day - std::chrono::hours{2}, revocation_reason::key_compromise}};
    auto const list = make_crl(order, key(kind), root, "", surroundings());
    BOOST_REQUIRE(list);
    shop.put("root.pem", as_bytes(encode_pem(root)));
    shop.put("list.pem", as_bytes(encode_pem(*list)));
    shop.put("good.pem", as_bytes(encode_pem(good)));
    shop.put("bad.pem", as_bytes(encode_pem(bad)));
    auto const said = shop.run("crl -in list.pem -CAfile root.pem -noout -text");
    BOOST_TEST(holds(said, "verify OK"), kind << ": " << said);
    BOOST_TEST(holds(said, "Key Compromise"), said);
    BOOST_TEST(holds(said, "258"), said);
    auto const verify = "verify " + at_that_day + "-x509_strict -crl_check -CAfile root.pem -CRLfile list.pem ";
    BOOST_TEST(holds(shop.run(verify + "good.pem"), "good.pem: OK"), kind);
    BOOST_TEST(holds(shop.run(verify + "bad.pem"), "revoked"), kind);
    BOOST_TEST(validate_path(good, {}, std::vector{root}, std::vector{*list}, with_lists()).has_value());
    BOOST_TEST((validate_path(bad, {}, std::vector{root}, std::vector{*list}, with_lists()).error().code ==
                errc::certificate_revoked));
  }
}

BOOST_AUTO_TEST_CASE(its_lists_are_read) {
  const workshop shop;
  auto const root = make_root("Root", key("P-256"));
  auto const encoded = key("P-256").encode();
  shop.put("key.pem", as_bytes(encode_pem("PRIVATE KEY", encoded.expose())));
  shop.put("root.pem", as_bytes(encode_pem(root)));
  shop.put("index.txt", as_bytes("R\t301231235959Z\t260101000000Z,keyCompromise\t05\tunknown\t/CN=x\n"
                                 "R\t301231235959Z\t260102000000Z\tFF01\tunknown\t/CN=y\n"
                                 "V\t301231235959Z\t\t06\tunknown\t/CN=z\n"));
  shop.put("crlnumber", as_bytes("0A\n"));
  shop.put("ca.cnf", as_bytes("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n"
                              "crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n"));
  auto const made = shop.run("ca -gencrl -config ca.cnf -keyfile key.pem -cert root.pem -crldays 7 -out list.pem");
  BOOST_REQUIRE_MESSAGE(!holds(made, "(failed)"), made);
  notes remarks;
  auto const lists = parse_crls_pem(shop.get("list.pem"), &remarks);
  BOOST_REQUIRE_MESSAGE(lists, (lists ? "" : to_text(lists.error())));
  BOOST_REQUIRE(lists->size() == 1u);
  auto const& list = lists->front();
  BOOST_TEST(remarks.empty());
  BOOST_TEST(list.verifies_under(root));
  BOOST_TEST((list.number() == bytes{10}));
  BOOST_TEST(list.revoked().size() == 2u);
  BOOST_REQUIRE(list.find(bytes{5}) != nullptr);
  BOOST_TEST((list.find(bytes{5})->reason == revocation_reason::key_compromise));
  BOOST_TEST((list.find(bytes{5})->at == some_day));
  BOOST_TEST((list.find(bytes{0xff, 1}) != nullptr));
  BOOST_TEST((list.find(bytes{6}) == nullptr));
}

BOOST_AUTO_TEST_CASE(name_constraints_are_judged_alike) {
  const workshop shop;
  certificate_order order;
  order.subject_der = make_name({{oids::common_name, "Root"}});
  order.not_before = some_day - std::chrono::hours{1};
  order.not_after = some_day + std::chrono::hours{1};
  auto const base = der::value(tag::context_primitive(2), as_bytes("a.example"));
  order.extensions = {
      make_basic_constraints(true),
      make_key_usage(key_usage::key_cert_sign),
      make_subject_key_identifier(key("P-256").public_key_info()),
      {oids::name_constraints, true, der::sequence({der::value(tag::context(0), der::sequence({base}))})}};
  auto const root = make_self_signed(order, key("P-256"), "", surroundings());
  BOOST_REQUIRE(root);
  shop.put("root.pem", as_bytes(encode_pem(*root)));
  for (auto const* dns : {"a.example", "x.a.example", "b.example", "ba.example"}) {
    order.public_key_info = key("P-384").public_key_info();
    order.subject_der = make_name({});
    alternative_names names;
    names.dns = {dns};
    order.extensions = {make_subject_alternative_name(names, true)};
    auto const leaf = make_certificate(order, key("P-256"), *root, "", surroundings());
    BOOST_REQUIRE(leaf);
    shop.put("leaf.pem", as_bytes(encode_pem(*leaf)));
    auto const theirs = shop.run("verify " + at_that_day + "-CAfile root.pem leaf.pem");
    path_policy policy;
    policy.at = some_day;
    auto const ours = validate_path(*leaf, {}, std::vector{*root}, {}, policy);
    BOOST_TEST(holds(theirs, "leaf.pem: OK") == ours.has_value(), dns << ": " << theirs);
  }
}

BOOST_AUTO_TEST_CASE(our_pss_signatures_verify) {
  const workshop shop;
  for (auto const* hash : {"SHA-256", "SHA-384", "SHA-512"}) {
    auto const request = make_csr({make_name({{oids::common_name, "device"}}), {}, hash},
                                  {key("RSA-2048"), rsa_padding::pss}, surroundings());
    BOOST_REQUIRE(request);
    shop.put("request.pem", as_bytes(encode_pem(*request)));
    auto const said = shop.run("req -in request.pem -noout -verify -text");
    BOOST_TEST(!holds(said, "(failed)"), hash << ": " << said);
    BOOST_TEST(holds(said, "rsassaPss"), said);
  }
}

BOOST_AUTO_TEST_CASE(its_pss_keys_and_signatures_are_read) {
  const workshop shop;
  auto const encoded = key("RSA-2048").encode();
  shop.put("rsa.pem", as_bytes(encode_pem("PRIVATE KEY", encoded.expose())));
  auto const signs = [&](std::string const& arguments) {
    auto const said = shop.run("req -new -subj /CN=device -out request.pem " + arguments);
    BOOST_REQUIRE_MESSAGE(!holds(said, "(failed)"), said);
    auto const request = parse_csr_pem(shop.get("request.pem"));
    BOOST_REQUIRE_MESSAGE(request, (request ? "" : to_text(request.error())));
    BOOST_TEST(request->signature_verifies(), arguments);
    BOOST_TEST(request->signature_algorithm() == oids::rsassa_pss.to_string(), arguments);
    return *request;
  };
  for (auto const* options : {"-sha256 -sigopt rsa_pss_saltlen:32", "-sha384 -sigopt rsa_pss_saltlen:20",
                              "-sha512 -sigopt rsa_pss_saltlen:max", "-sha1 -sigopt rsa_pss_saltlen:digest"})
    signs(std::string{"-key rsa.pem -sigopt rsa_padding_mode:pss "} + options);

  for (auto const* bound : {"", "-pkeyopt rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha384 "
                                "-pkeyopt rsa_pss_keygen_saltlen:48 "}) {
    auto const made =
        shop.run("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 " + std::string{bound} + "-out pss.pem");
    BOOST_REQUIRE_MESSAGE(!holds(made, "(failed)"), made);
    auto const read = parse_private_key_pem(shop.get("pss.pem"));
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : to_text(read.error())));
    auto const request = signs("-key pss.pem");
    BOOST_TEST(request.public_key_info() == read->public_key_info());
    // and what we sign with it verifies there
    auto const ours = make_csr({make_name({{oids::common_name, "device"}}), {}, ""}, *read, surroundings());
    BOOST_REQUIRE(ours);
    shop.put("ours.pem", as_bytes(encode_pem(*ours)));
    auto const verified = shop.run("req -in ours.pem -noout -verify");
    BOOST_TEST(!holds(verified, "(failed)"), verified);
    auto const again = read->encode();
    shop.put("again.pem", as_bytes(encode_pem("PRIVATE KEY", again.expose())));
    auto const checked = shop.run("pkey -in again.pem -check -noout");
    BOOST_TEST(holds(checked, "valid"), checked);
  }
}

BOOST_AUTO_TEST_CASE(openssl_may_be_the_signer) {
  const workshop shop;
  for (auto const* kind : {"P-256", "P-384", "RSA-2048"}) {
    auto const encoded = key(kind).encode();
    shop.put("key.pem", as_bytes(encode_pem("PRIVATE KEY", encoded.expose())));
    for (auto const padding : {rsa_padding::pkcs1, rsa_padding::pss}) {
      auto const sign = [&](byte_view message, signature_algorithm const& how) -> result<bytes> {
        shop.put("message", message);
        std::string hash = how.hash;
        hash.erase(hash.find('-'), 1);
        std::string options = "dgst -" + hash + " -sign key.pem -out signature ";
        if (how.kind == signature_algorithm::scheme::rsa_pss)
          options += "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:" + std::to_string(how.salt) + " ";
        auto const said = shop.run(options + "message");
        if (holds(said, "(failed)")) return fail(errc::internal, "openssl", said);
        return to_bytes(shop.get("signature"));
      };
      auto const request = make_csr({make_name({{oids::common_name, "device"}}), {}, ""},
                                    {key(kind).public_key_info(), sign, padding}, surroundings());
      BOOST_REQUIRE_MESSAGE(request, kind << ": " << (request ? "" : to_text(request.error())));
      BOOST_TEST(request->signature_verifies(), kind);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
