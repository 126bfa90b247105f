#include "fixture.hpp"

using namespace est;
using namespace est::test;

namespace {

struct keygen_fixture : server_fixture {
  generated generate(byte_view csr_der) {
    auto reply = got(parse_reply<op::server_keygen>(ask(post("serverkeygen", csr_der))));
    BOOST_REQUIRE(std::holds_alternative<generated>(reply));
    return std::move(std::get<generated>(reply));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(server_key_generation, keygen_fixture)

BOOST_AUTO_TEST_CASE(a_key_and_its_certificate_come_in_two_parts) {
  auto const csr = make_csr();
  auto const answer = ask(post("serverkeygen", csr.der()));
  BOOST_TEST(answer.status == 200, answer.body);
  notes remarks;
  auto const reply = got(parse_reply<op::server_keygen>(answer, &remarks));
  BOOST_TEST(!remarks.has_deviation());
  auto const& made = std::get<generated>(reply);
  BOOST_TEST(made.key.belongs_to(made.certificate));
  BOOST_TEST(made.certificates.certificates().size() == 1u);
  BOOST_TEST(made.certificate.public_key_info() != csr.public_key_info());
  BOOST_TEST(made.certificate.subject_der() == csr.subject_der());
  BOOST_TEST(made.certificate.verifies_under(ca.issuer()));
}

BOOST_AUTO_TEST_CASE(two_requests_get_two_keys) {
  auto const csr = make_csr();
  BOOST_TEST(generate(csr.der()).key.public_key_info() != generate(csr.der()).key.public_key_info());
}

BOOST_AUTO_TEST_CASE(the_signature_of_the_csr_is_ignored) { generate(break_signature(make_csr())); }

BOOST_AUTO_TEST_CASE(the_names_of_the_csr_are_certified) {
  pki::alternative_names names;
  names.dns = {"device.example"};
  auto const made = generate(make_csr({pki::subject_alternative_names(names)}).der());
  BOOST_TEST((made.certificate.subject_alternative_names() == names));
}

BOOST_AUTO_TEST_CASE(the_kind_of_the_csr_key_is_a_hint) {
  for (auto const* kind : {"P-256", "P-384", "P-521", "Ed25519", "RSA-2048", "RSA-3072"})
    BOOST_TEST(pki::to_text(generate(make_csr(make_key(kind), {}).der()).key.spec()) == kind);
}

BOOST_AUTO_TEST_CASE(a_csr_key_that_cannot_be_used_is_no_reason_to_refuse) {
  using namespace pki;
  auto const with_key = [&](bytes const& public_key_info) {
    auto const info =
        der::sequence({der::integer(0u), name_of("device"), public_key_info, der::value(tag::context(0), byte_view{})});
    static constexpr std::uint8_t nothing[] = {0};
    return der::sequence({info, der::sequence({oids::ed25519.encode()}), der::bit_string(nothing)});
  };
  static constexpr std::uint8_t junk[] = {1, 2, 3};
  auto const unknown_kind = der::sequence({der::sequence({object_id{1, 2, 3, 4}.encode()}), der::bit_string(junk)});
  auto const no_point =
      der::sequence({der::sequence({oids::ec_public_key.encode(), oids::secp384r1.encode()}), der::bit_string(junk)});
  auto const no_rsa =
      der::sequence({der::sequence({oids::rsa_encryption.encode(), der::null()}), der::bit_string(junk)});
  bytes modulus(128, 0xff);
  auto const weak_rsa = der::sequence({der::sequence({oids::rsa_encryption.encode(), der::null()}),
                                       der::bit_string(der::sequence({der::integer(modulus), der::integer(65537u)}))});
  BOOST_TEST(to_text(generate(with_key(unknown_kind)).key.spec()) == "P-256");
  BOOST_TEST(to_text(generate(with_key(no_point)).key.spec()) == "P-384");
  BOOST_TEST(to_text(generate(with_key(no_rsa)).key.spec()) == "P-256");
  BOOST_TEST(to_text(generate(with_key(weak_rsa)).key.spec()) == "RSA-2048");
}

BOOST_AUTO_TEST_CASE(a_key_that_should_be_encrypted_is_never_sent_in_clear) {
  static constexpr std::uint8_t identifier[] = {1, 2, 3};
  auto const capabilities = pki::smime_capabilities({pki::oids::aes256_cbc});
  for (auto const& named :
       {pki::decrypt_key_identifier(identifier), pki::asymmetric_decrypt_key_identifier(identifier)}) {
    for (auto const& attributes : {std::vector{named}, std::vector{named, capabilities}}) {
      auto const answer = ask(post("serverkeygen", make_csr(attributes).der()));
      check_refused(answer, 400, "not known");
      BOOST_TEST(answer.body.find("pkcs8") == std::string::npos);
    }
  }
  generate(make_csr({capabilities}).der()); // capabilities alone ask for nothing
}

BOOST_AUTO_TEST_CASE(a_pending_generation_is_202) {
  struct slow : memory_ca {
    result<issuance> issue(pki::csr const&, peer const&, std::string_view, pki::context const&) {
      return issuance{pending{}};
    }
  } authority{std::move(ca)};
  auto const answer = ask_of(authority, post("serverkeygen", make_csr().der()));
  BOOST_TEST(answer.status == 202);
  BOOST_TEST(answer.headers.has("Retry-After"));
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_key_never_goes_out_with_a_key) {
  struct confused : memory_ca {
    pki::certificate other;
    confused(memory_ca base, pki::certificate c) : memory_ca(std::move(base)), other(std::move(c)) {}
    result<issuance> issue(pki::csr const&, peer const&, std::string_view, pki::context const&) {
      return issuance{other};
    }
  };
  auto other = enrolled(make_csr());
  confused authority{std::move(ca), std::move(other)};
  auto const answer = ask_of(authority, post("serverkeygen", make_csr().der()));
  check_refused(answer, 500);
  BOOST_TEST(answer.body.find("pkcs8") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_authority_gets_a_csr_of_the_new_key_that_verifies) {
  struct watching : memory_ca {
    bool verifies = false, has_password = true;
    explicit watching(memory_ca base) : memory_ca(std::move(base)) {}
    result<issuance> issue(pki::csr const& csr, peer const& who, std::string_view label, pki::context const& with) {
      verifies = csr.signature_verifies();
      has_password = csr.find(pki::oids::challenge_password) != nullptr;
      return memory_ca::issue(csr, who, label, with);
    }
  } authority{std::move(ca)};
  auto const csr = make_csr({pki::challenge_password_attribute("AQIDBAUGBwgJCgsM")});
  BOOST_TEST(ask_of(authority, post("serverkeygen", break_signature(csr))).status == 200);
  BOOST_TEST(authority.verifies);
  BOOST_TEST(!authority.has_password);
}

BOOST_AUTO_TEST_SUITE_END()
