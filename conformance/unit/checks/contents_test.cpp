// What is within: the envelope of a generated key that was opened, and the serial number of an issued certificate.

#include "stage.hpp"

#include "deviant/changes.hpp"

#include <est/pki/enveloped_data_make.hpp>
#include <est/pki/key_envelope.hpp>
#include <est/pki/smime_capabilities.hpp>

BOOST_AUTO_TEST_SUITE(contents_of_answers)

namespace {

using namespace est;
using namespace est::test;
using namespace est::conformance;

using signature = opened_envelope::signature;

struct envelope_stage : stage {
  bytes const identifier = bytes(16, 1);
  pki::private_key const key = make_key();

  envelope_stage() { target.key_identifiers.symmetric = identifier; }

  http::request question() const {
    return post("serverkeygen",
                csr({pki::decrypt_key_identifier(identifier),
                     pki::smime_capabilities_attribute({{pki::oids::aes256_wrap, {}}, {pki::oids::aes256_cbc, {}}})})
                    .der());
  }
  http::response answered(pki::content_cipher cipher = pki::content_cipher::aes256_cbc) const {
    auto const envelope = must(pki::make_key_envelope(secret_bytes{as_bytes("0")},
                                                      pki::key_encryption_key{identifier, secret_bytes{bytes(32, 7)}},
                                                      cipher, at_test_time()));
    return parts("application/pkcs7-mime; smime-type=server-generated-key", envelope,
                 ca.issue(key.public_key_info(), "device 1"));
  }
  opened_envelope good() const {
    opened_envelope o;
    o.sealed = signature::good;
    o.signer = "CN=RA";
    o.content_type = "2.16.840.1.101.2.1.2.78.5";
    o.public_key_info = key.public_key_info();
    return o;
  }
  /// The failures of /serverkeygen, but for the policy that here nobody has declared.
  std::string of_keys() const {
    std::string all;
    for (auto const& line : failures())
      if (line.find(" serverkeygen.") != std::string::npos && line.find(".not-by-default") == std::string::npos)
        all += line + "; ";
    return all;
  }
  void add_opened(std::string name, std::optional<opened_envelope> found) {
    auto x = make(std::move(name), question(), answered());
    x.opened = std::move(found);
    add(std::move(x));
  }
};

constexpr auto nesting = "serverkeygen.envelope-nesting", pair = "serverkeygen.key-matches-certificate";

/// The answer to an enrolment, the serial number of its certificate written with these octets of content.
http::response with_serial(stage const& s, pki::csr const& request, bytes const& content) {
  auto r = s.certificate_for(request);
  auto const changed = must(pki::parse_certs_only(must(decode_base64(r.body)))).certificates().front().der();
  auto whole = changes::elements_of(changes::content_of(changed));
  auto fields = changes::elements_of(changes::content_of(whole[0]));
  fields[fields[0][0] == pki::tag::context(0) ? 1 : 0] = pki::der::value(pki::tag::integer, content);
  whole[0] = changes::sequence_of(fields);
  auto const certificate = must(pki::parse_certificate(changes::sequence_of(whole)));
  r.body = encode_base64(must(pki::make_certs_only({certificate})).encode());
  return r;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(what_is_in_an_envelope_is_judged_where_it_was_opened, envelope_stage) {
  add_opened("good", good());
  BOOST_TEST(said(nesting, "good") == "pass");
  BOOST_TEST(said(pair, "good") == "pass");
  BOOST_TEST(of_keys().empty());

  add_opened("closed", std::nullopt);
  BOOST_TEST(said(nesting, "closed") == "pass"); // as far as the envelope tells
  BOOST_TEST(said(pair, "closed") == "nothing");

  auto o = good();
  o = {};
  o.closed = "the content could not be decrypted";
  add_opened("another key", o);
  BOOST_TEST(said(nesting, "another key") == "inconclusive");
  BOOST_TEST(said(pair, "another key") == "nothing");

  o = good();
  o.holds = "a PrivateKeyInfo that nobody signed";
  add_opened("bare", o);
  BOOST_TEST(said(nesting, "bare") == "fail skg-envelope-without-signed-data");
  BOOST_TEST(said(pair, "bare") == "pass");

  for (auto const& [name, sealed, outcome] :
       {std::tuple{"unsigned", signature::none, "fail skg-envelope-signature"},
        std::tuple{"broken", signature::broken, "fail skg-envelope-signature"},
        std::tuple{"signed by somebody unknown", signature::unknown, "inconclusive"}}) {
    o = good();
    o.sealed = sealed;
    o.signature_trouble = "because";
    add_opened(name, o);
    BOOST_TEST(said(nesting, name) == outcome);
  }

  o = good();
  o.public_key_info = make_key().public_key_info();
  add_opened("another pair", o);
  BOOST_TEST(said(nesting, "another pair") == "pass");
  BOOST_TEST(said(pair, "another pair") == "fail skg-key-of-other-certificate");

  o = good();
  o.public_key_info.clear();
  o.key_trouble = "an algorithm that is not known";
  add_opened("unreadable", o);
  BOOST_TEST(said(nesting, "unreadable") == "pass");
  BOOST_TEST(said(pair, "unreadable") == "nothing");
}

BOOST_FIXTURE_TEST_CASE(auth_enveloped_data_is_called_by_its_name, envelope_stage) {
  add("auth", question(), answered(pki::content_cipher::aes256_gcm));
  BOOST_TEST(said(nesting, "auth") == "fail skg-auth-enveloped-data");
  BOOST_TEST(said("serverkeygen.two-parts", "auth") == "pass");
  BOOST_TEST(said("serverkeygen.envelope-type", "auth") == "pass");
  BOOST_TEST(said("serverkeygen.kekri", "auth") == "pass");
  BOOST_TEST(of_keys() == "auth serverkeygen.envelope-nesting skg-auth-enveloped-data; ");
  for (auto const& f : judge(records, target))
    if (f.reason == "skg-auth-enveloped-data") BOOST_TEST(f.actual.find("RFC 5083") != std::string::npos);
}

// RFC 5280 4.1.2.2: 20 octets at most, and positive
BOOST_FIXTURE_TEST_CASE(serial_numbers_have_20_octets_beside_the_zero_that_makes_them_positive, stage) {
  auto const request = csr();
  auto const judged = [&](std::string name, bytes content) {
    add(name, post("simpleenroll", request.der()), with_serial(*this, request, content));
    return said("pkix.issued", name);
  };
  bytes high(21, 0xff);
  high[0] = 0;
  BOOST_TEST(judged("20 octets above 7F", high) == "pass");
  BOOST_TEST(judged("20 octets", bytes(20, 0x7f)) == "pass");
  BOOST_TEST(judged("one octet above 7F", {0x00, 0x80}) == "pass");
  BOOST_TEST(judged("one", {0x01}) == "pass");
  high.push_back(0xff);
  BOOST_TEST(judged("21 octets above 7F", high) == "fail pkix-serial");
  BOOST_TEST(judged("21 octets", bytes(21, 0x7f)) == "fail pkix-serial");
  BOOST_TEST(judged("negative", bytes(20, 0x80)) == "fail pkix-serial");
  BOOST_TEST(judged("zero", {0x00}) == "fail pkix-serial");
}

BOOST_AUTO_TEST_SUITE_END()
