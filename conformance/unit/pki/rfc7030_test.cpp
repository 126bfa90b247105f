// The examples of RFC 7030 appendix A: what the toolkit finds in them is what stands there.
#include "support.hpp"

#include <est/pki/certs_only.hpp>
#include <est/pki/path.hpp>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(rfc7030_appendix_a)

namespace {

certs_only read_bag(std::string_view file, notes* remarks = nullptr) {
  auto bag = parse_certs_only(vector_octets(file), remarks);
  BOOST_REQUIRE_MESSAGE(bag, (bag ? "" : to_text(bag.error())));
  return std::move(*bag);
}

csr read_request(std::string_view file) {
  notes remarks;
  auto request = parse_csr(vector_octets(file), &remarks);
  BOOST_REQUIRE_MESSAGE(request, (request ? "" : to_text(request.error())));
  BOOST_TEST(remarks.empty());
  return std::move(*request);
}

} // namespace

BOOST_AUTO_TEST_CASE(a1_holds_four_certificates_in_their_order) {
  notes remarks;
  auto const bag = read_bag("rfc7030/a1-cacerts-response.b64", &remarks);
  struct row {
    char const *subject, *issuer, *not_before;
    bool ca;
  };
  const row rows[] = {{"CN=estExampleCA OwO", "CN=estExampleCA OwO", "2013-05-09T03:53:31Z", true},
                      {"CN=estExampleCA NwO", "CN=estExampleCA OwO", "2013-05-09T03:53:32Z", false},
                      {"CN=estExampleCA OwN", "CN=estExampleCA NwN", "2013-05-09T03:53:32Z", false},
                      {"CN=estExampleCA NwN", "CN=estExampleCA NwN", "2013-05-09T03:53:32Z", true}};
  BOOST_REQUIRE(bag.certificates().size() == 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    auto const& c = bag.certificates()[i];
    BOOST_TEST(c.subject_text() == rows[i].subject);
    BOOST_TEST(c.issuer_text() == rows[i].issuer);
    BOOST_TEST(time_text(c.not_before()) == rows[i].not_before);
    BOOST_TEST(time_text(c.not_after()).substr(0, 10) == "2014-05-09");
    BOOST_TEST(c.is_ca() == rows[i].ca);
    BOOST_TEST(c.signature_algorithm() == "1.2.840.113549.1.1.5");
  }
  auto const &owo = bag.certificates()[0], &nwo = bag.certificates()[1], &own = bag.certificates()[2],
             &nwn = bag.certificates()[3];
  BOOST_TEST(owo.is_self_signed());
  BOOST_TEST(nwn.is_self_signed());
  BOOST_TEST(nwo.verifies_under(owo));
  BOOST_TEST(own.verifies_under(nwn));
  BOOST_TEST(nwo.public_key_info() == nwn.public_key_info());
  BOOST_TEST(own.public_key_info() == owo.public_key_info());
  // what is to be noted of it: nothing but the order and the empty crls field
  BOOST_TEST(remarks.size() == 2u);
  BOOST_TEST(remarks.has(note_code::der_set_unsorted));
  BOOST_TEST(remarks.has(note_code::cms_empty_crls));
}

BOOST_AUTO_TEST_CASE(a3_answers_the_request_that_it_was_given) {
  auto const request = read_request("rfc7030/a3-simpleenroll-request.b64");
  BOOST_TEST(request.subject_text() == "CN=demostep4 1368141352");
  BOOST_TEST(request.signature_verifies());
  BOOST_TEST(*request.challenge_password() == "+rrCir/7+EYu50T4");
  auto const bag = read_bag("rfc7030/a3-simpleenroll-response.b64");
  BOOST_REQUIRE(bag.certificates().size() == 1u);
  auto const& issued = bag.certificates()[0];
  BOOST_TEST(to_hex(issued.serial()) == "15");
  BOOST_TEST(issued.subject_der() == request.subject_der());
  BOOST_TEST(issued.public_key_info() == request.public_key_info());
  BOOST_TEST(issued.issuer_text() == "CN=estExampleCA NwN");
  BOOST_TEST(time_text(issued.not_before()) == "2013-05-09T23:15:53Z");
  auto const roots = read_bag("rfc7030/a1-cacerts-response.b64");
  BOOST_TEST(issued.verifies_under(roots.certificates()[3]));
  BOOST_TEST(!issued.verifies_under(roots.certificates()[0]));
}

BOOST_AUTO_TEST_CASE(a4_asks_with_sha_1_and_a_channel_binding) {
  auto const request = read_request("rfc7030/a4-serverkeygen-request.b64");
  BOOST_TEST(request.der().size() == 709u);
  BOOST_TEST(request.subject_text() ==
             "CN=serverKeyGen req by client in demo step 12 1368141955, serialNumber=PID:Widget SN:10");
  BOOST_TEST(*find_in_name(request.subject_der(), oids::serial_number) == "PID:Widget SN:10");
  auto const public_key = load_public_key(request.public_key_info());
  BOOST_REQUIRE(public_key);
  BOOST_TEST((*public_key)->algo_name() == "RSA");
  BOOST_TEST((*public_key)->key_length() == 2048u);
  BOOST_TEST(request.signature_algorithm() == "1.2.840.113549.1.1.5"); // sha1WithRSAEncryption
  BOOST_TEST(request.check_signature().has_value());
  BOOST_REQUIRE(request.attributes().size() == 1u);
  BOOST_TEST(*request.challenge_password() == "dFsAXmJnjokBtDvr");
  BOOST_TEST(to_hex(*decode_base64(*request.challenge_password())) == "745b005e62678e8901b43beb");
}

BOOST_AUTO_TEST_CASE(a4_answers_with_a_key_and_its_certificate) {
  notes key_remarks, bag_remarks;
  auto const octets = vector_octets("rfc7030/a4-response-pkcs8.b64");
  auto const generated = parse_private_key(octets, &key_remarks);
  BOOST_REQUIRE_MESSAGE(generated, (generated ? "" : to_text(generated.error())));
  BOOST_TEST(key_remarks.empty());
  BOOST_TEST(to_text(generated->spec()) == "RSA-2048");
  BOOST_TEST((classify_key(octets) == key_form::private_key_info));
  BOOST_TEST(equal(generated->encode().expose(), octets));

  auto const bag = read_bag("rfc7030/a4-response-pkcs7.b64", &bag_remarks);
  BOOST_REQUIRE(bag.certificates().size() == 1u);
  auto const& issued = bag.certificates()[0];
  BOOST_TEST(bag_remarks.size() == 1u);
  BOOST_TEST(bag_remarks.has(note_code::cms_empty_crls));
  BOOST_TEST(to_hex(issued.serial()) == "16");
  BOOST_TEST(issued.subject_text() == "CN=serverside key generated response");
  BOOST_TEST(time_text(issued.not_before()) == "2013-05-09T23:25:56Z");
  BOOST_TEST(time_text(issued.not_after()) == "2014-05-09T23:25:56Z");
  BOOST_TEST(*issued.key_usage_bits() ==
             (key_usage::digital_signature | key_usage::key_encipherment | key_usage::data_encipherment));
  BOOST_TEST(!issued.is_ca());
  BOOST_TEST(*issued.subject_key_identifier() == key_identifier(issued.public_key_info()));

  BOOST_TEST(generated->belongs_to(issued));
  auto const request = read_request("rfc7030/a4-serverkeygen-request.b64");
  BOOST_TEST(issued.public_key_info() != request.public_key_info());
  BOOST_TEST(issued.subject_der() != request.subject_der());

  auto const roots = read_bag("rfc7030/a1-cacerts-response.b64").certificates();
  BOOST_TEST(issued.verifies_under(roots[3]));
  BOOST_TEST(*issued.authority_key_identifier() == *roots[3].subject_key_identifier());
  auto const path = build_path(issued, roots, issued.not_before());
  BOOST_REQUIRE_MESSAGE(path, (path ? "" : to_text(path.error())));
  BOOST_REQUIRE(path->size() == 2u);
  BOOST_TEST((path->at(1) == roots[3]));
}

BOOST_AUTO_TEST_CASE(every_bag_is_written_as_the_same_bag) {
  for (auto const* file :
       {"rfc7030/a1-cacerts-response.b64", "rfc7030/a3-simpleenroll-response.b64", "rfc7030/a4-response-pkcs7.b64"}) {
    auto const bag = read_bag(file);
    notes remarks;
    auto const again = parse_certs_only(bag.encode(), &remarks);
    BOOST_REQUIRE(again);
    BOOST_TEST((*again == bag));
    BOOST_TEST(remarks.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
