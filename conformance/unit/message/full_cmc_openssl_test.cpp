// What OpenSSL's command line says of the messages of /fullcmc that we write, and what we say of those that it writes.
// Skipped where it is not installed.
#include "../pki/openssl_shop.hpp"

#include <est/client/full_cmc.hpp>
#include <est/message/full_cmc.hpp>
#include <est/pki/name.hpp>

#include <chrono>

using namespace est;
using namespace est::pki;
using namespace est::test;

namespace {

template <class T> T value_of(result<T> r) {
  BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? std::string{} : est::to_text(r.error())));
  return std::move(*r);
}

std::string pem(std::string const& label, byte_view der) {
  return "-----BEGIN " + label + "-----\n" + encode_base64(der) + "-----END " + label + "-----\n";
}

struct scene {
  private_key ca_key = value_of(make_private_key(key_spec::ecdsa("secp256r1"), surroundings()));
  certificate ca = value_of(make_ca());
  private_key device_key = value_of(make_private_key(key_spec::rsa(2048), surroundings()));
  csr request = value_of(make_csr(with_key_identifier({make_name({{oids::common_name, "device"}}), {}, {}}, device_key),
                                  device_key, surroundings()));

  result<certificate> make_ca() const {
    certificate_order order;
    order.subject_der = make_name({{oids::common_name, "CMC root"}});
    order.public_key_info = ca_key.public_key_info();
    order.not_before = surroundings().now - std::chrono::hours{1};
    order.not_after = surroundings().now + std::chrono::hours{24};
    order.extensions = {make_basic_constraints(true), make_subject_key_identifier(ca_key.public_key_info())};
    return make_self_signed(std::move(order), ca_key, {}, surroundings());
  }
};

scene const& stage() {
  static const scene made;
  return made;
}

constexpr char const* verify = "cms -verify -binary -inform DER -no_check_time ";

} // namespace

BOOST_AUTO_TEST_SUITE(full_cmc_and_openssl, *boost::unit_test::precondition(with_openssl))

BOOST_AUTO_TEST_CASE(it_verifies_a_request_that_a_certificate_signs_and_gives_back_the_pki_data) {
  const workshop shop;
  full_cmc_order order;
  order.csr = stage().request;
  auto const request = value_of(make_full_cmc_request(order, stage().ca_key, stage().ca, {}, surroundings()));
  shop.put("request.der", request.content_info);
  shop.put("root.pem", as_bytes(pem("CERTIFICATE", stage().ca.der())));
  auto const said = shop.run(std::string{verify} + "-in request.der -CAfile root.pem -purpose any -out content.der");
  BOOST_TEST(holds(said, "Verification successful"), said);
  BOOST_TEST((to_bytes(std::string_view{shop.get("content.der")}) == *request.message.content));
  auto const printed = shop.run("cms -cmsout -print -inform DER -in request.der");
  BOOST_TEST(holds(printed, "1.3.6.1.5.5.7.12.2"), printed);
}

BOOST_AUTO_TEST_CASE(it_verifies_a_request_that_the_key_of_the_csr_signs) {
  const workshop shop;
  full_cmc_order order;
  order.csr = stage().request;
  order.identification = "device-1";
  order.shared_secret.emplace(std::string_view{"shared secret 0123456789"});
  auto const request = value_of(make_full_cmc_request(order, stage().device_key, surroundings()));
  BOOST_REQUIRE_EQUAL(request.message.signers.size(), 1u);
  BOOST_TEST(request.message.signers.front().sid.by_key_identifier());
  // OpenSSL looks for a certificate with that key identifier: one is made for it after the fact
  certificate_order later;
  later.subject_der = stage().request.subject_der();
  later.public_key_info = stage().request.public_key_info();
  later.not_before = stage().ca.not_before();
  later.not_after = stage().ca.not_after();
  later.extensions = {make_subject_key_identifier(later.public_key_info)};
  auto const issued = value_of(make_certificate(later, stage().ca_key, stage().ca, {}, surroundings()));
  shop.put("request.der", request.content_info);
  shop.put("device.pem", as_bytes(pem("CERTIFICATE", issued.der())));
  auto const said = shop.run(std::string{verify} + "-in request.der -noverify -certfile device.pem -out content.der");
  BOOST_TEST(holds(said, "Verification successful"), said);
  BOOST_TEST((to_bytes(std::string_view{shop.get("content.der")}) == *request.message.content));
}

BOOST_AUTO_TEST_CASE(it_parses_pki_data_and_pki_response_as_asn1) {
  const workshop shop;
  full_cmc_order order;
  order.csr = stage().request;
  auto const request = value_of(make_full_cmc_request(order, stage().device_key, surroundings()));
  shop.put("content.der", *request.message.content);
  auto const said = shop.run("asn1parse -inform DER -in content.der");
  BOOST_TEST(!holds(said, "(failed)"), said);
  BOOST_TEST(holds(said, "id-cmc-transactionId"), said);
  BOOST_TEST(holds(said, "id-cmc-senderNonce"), said);
  pki_response response;
  response.controls.push_back(make_cmc_status_control(1, make_cmc_failure(cmc_fail_info::pop_failed, "no", {50})));
  shop.put("response.der", encode(response));
  auto const answer = shop.run("asn1parse -inform DER -in response.der");
  BOOST_TEST(holds(answer, "UTF8STRING        :no"), answer);
  BOOST_TEST(holds(answer, "INTEGER           :09"), answer);
}

BOOST_AUTO_TEST_CASE(we_read_and_judge_an_answer_that_it_signs) {
  const workshop shop;
  full_cmc_order order;
  order.csr = stage().request;
  auto const asked = value_of(make_full_cmc_request(order, stage().device_key, surroundings()));
  pki_response response;
  cmc_status_info status;
  status.parts = {{{50}, false}};
  response.controls.push_back(make_cmc_status_control(1, status));
  response.controls.push_back(make_cmc_control(
      2, oids::cmc_transaction_id, find_control(asked.data.controls, oids::cmc_transaction_id)->values.front()));
  response.controls.push_back(make_cmc_control(
      3, oids::cmc_recipient_nonce, find_control(asked.data.controls, oids::cmc_sender_nonce)->values.front()));
  certificate_order granted;
  granted.subject_der = stage().request.subject_der();
  granted.public_key_info = stage().request.public_key_info();
  granted.not_before = stage().ca.not_before();
  granted.not_after = stage().ca.not_after();
  auto const issued_one = value_of(make_certificate(granted, stage().ca_key, stage().ca, {}, surroundings()));
  shop.put("content.der", encode(response));
  shop.put("root.pem", as_bytes(pem("CERTIFICATE", stage().ca.der())));
  shop.put("issued.pem", as_bytes(pem("CERTIFICATE", issued_one.der())));
  shop.put("root.key", as_bytes(pem("PRIVATE KEY", stage().ca_key.encode().expose())));
  for (char const* how : {"", "-keyid ", "-stream "}) {
    auto const said =
        shop.run("cms -sign -binary -nodetach -in content.der -econtent_type 1.3.6.1.5.5.7.12.3 -signer root.pem "
                 "-inkey root.key -certfile issued.pem -md sha256 -outform DER -out answer.der " +
                 std::string{how});
    BOOST_REQUIRE_MESSAGE(said.empty(), said);
    auto const octets = shop.get("answer.der");
    auto const answer = value_of(parse_full_cmc_response(as_bytes(octets), 200));
    auto const outcome = value_of(judge_full_cmc(asked, answer, {{stage().ca}, true}, surroundings().now));
    BOOST_REQUIRE(std::holds_alternative<issued>(outcome));
    BOOST_TEST((std::get<issued>(outcome).certificate == issued_one));
  }
}

BOOST_AUTO_TEST_SUITE_END()
