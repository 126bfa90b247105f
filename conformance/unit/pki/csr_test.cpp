// Certification requests: made, read, verified, spoiled, and compared with Botan's own class.
#include <est/pki/csr.hpp>

#include "support.hpp"

#include <botan/pkcs10.h>
#include <botan/x509_ext.h>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(requests)

namespace {

bytes subject() { return make_name({{oids::common_name, "device-1"}, {oids::serial_number, "PID:1 SN:2"}}); }

csr make(char const* kind, std::vector<attribute> attributes = {}, std::string hash = "SHA-256") {
  auto made = make_csr({subject(), std::move(attributes), std::move(hash)}, key(kind), surroundings());
  BOOST_REQUIRE_MESSAGE(made, kind << ": " << (made ? "" : to_text(made.error())));
  return std::move(*made);
}

/// A request put together from raw fields and signed with a P-256 key.
bytes assemble(bytes const& version, bytes const& attributes) {
  auto const& k = key("P-256");
  auto const info = der::sequence({version, subject(), k.public_key_info(), attributes});
  auto const signature = sign(k.botan(), "SHA-256", info, surroundings().rng);
  BOOST_REQUIRE(signature);
  return der::sequence({info, signature->algorithm, der::bit_string(signature->octets)});
}

note read_with_one_note(byte_view octets, note_code code) {
  notes remarks;
  auto const request = parse_csr(octets, &remarks);
  BOOST_REQUIRE_MESSAGE(request, (request ? "" : to_text(request.error())));
  BOOST_TEST(request->signature_verifies());
  BOOST_TEST(remarks.size() == 1u);
  BOOST_REQUIRE_MESSAGE(remarks.has(code), definition_of(code).name);
  return *remarks.find(code);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_made_is_what_was_ordered_with_every_kind_of_key) {
  for (auto const* kind : kinds) {
    const std::vector<attribute> attributes{
        challenge_password_attribute("dFsAXmJnjokBtDvr"),
        extension_request({make_key_usage(key_usage::digital_signature),
                           make_subject_alternative_name({{"d.example"}, {}, {}, {}, 0})}),
        decrypt_key_identifier(from_hex("0102")), asymmetric_decrypt_key_identifier(from_hex("0304")),
        smime_capabilities({oids::aes256_cbc, oids::aes128_cbc})};
    auto const request = make(kind, attributes);
    notes remarks;
    auto const read = parse_csr(request.der(), &remarks);
    BOOST_REQUIRE(read);
    BOOST_TEST(remarks.empty());
    BOOST_TEST((*read == request));
    BOOST_TEST(read->der() == request.der());
    BOOST_TEST(read->subject_der() == subject());
    BOOST_TEST(read->subject_text() == "CN=device-1, serialNumber=PID:1 SN:2");
    BOOST_TEST(read->public_key_info() == key(kind).public_key_info());
    BOOST_TEST(read->signature_verifies());
    BOOST_TEST(*read->challenge_password() == "dFsAXmJnjokBtDvr");
    BOOST_TEST(read->requested_extensions().size() == 2u);
    BOOST_TEST(read->requested_alternative_names()->dns.at(0) == "d.example");
    BOOST_TEST(to_hex(*octets_of(*read->find(oids::decrypt_key_identifier))) == "0102");
    BOOST_TEST(to_hex(*octets_of(*read->find(oids::asymmetric_decrypt_key_identifier))) == "0304");
    BOOST_TEST(!octets_of(*read->find(oids::smime_capabilities)));
    BOOST_TEST(read->attributes().size() == attributes.size());
    for (auto const& a : attributes) {
      BOOST_REQUIRE(read->find(a.oid) != nullptr);
      BOOST_TEST((*read->find(a.oid) == a));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_hash_signs_and_verifies) {
  for (auto const* hash : {"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", ""})
    for (auto const* kind : {"RSA-2048", "P-256"}) {
      auto const request = make(kind, {}, hash);
      auto const verified = request.check_signature();
      BOOST_TEST(verified.has_value(), kind << " " << hash << ": " << (verified ? "" : to_text(verified.error())));
    }
  BOOST_TEST(make("P-384", {}, "").signature_algorithm() == "1.2.840.10045.4.3.3");
  BOOST_TEST(make("P-521", {}, "").signature_algorithm() == "1.2.840.10045.4.3.4");
  BOOST_TEST(make("Ed25519", {}, "SHA-256").signature_algorithm() == "1.3.101.112");
  BOOST_TEST(
      (make_csr({subject(), {}, "MD5"}, key("RSA-2048"), surroundings()).error().code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(botan_reads_what_is_made_alike) {
  for (auto const* kind : kinds) {
    auto const request =
        make(kind, {challenge_password_attribute("secret"), subject_alternative_names({{"d.example"}, {}, {}, {}, 0})});
    Botan::PKCS10_Request const theirs{request.der()};
    BOOST_TEST(theirs.challenge_password() == "secret");
    BOOST_TEST(theirs.raw_public_key() == request.public_key_info());
    BOOST_TEST(theirs.check_signature(*botan::load_public_key(request.public_key_info())));
    BOOST_TEST((theirs.subject_dn() == request.subject()));
    BOOST_TEST(botan::encode(request.subject()).size() > 2u);
  }
}

BOOST_AUTO_TEST_CASE(what_botan_makes_is_read_alike) {
  for (auto const* kind : kinds) {
    Botan::X509_DN name;
    name.add_attribute("X520.CommonName", "device");
    auto const theirs = Botan::PKCS10_Request::create(key(kind).botan(), name, {},
                                                      std::string{kind} == "Ed25519" ? "SHA-512" : "SHA-256",
                                                      surroundings().rng, "", "secret");
    auto const request = parse_csr(theirs.BER_encode());
    BOOST_REQUIRE_MESSAGE(request, kind);
    BOOST_TEST(request->signature_verifies(), kind);
    BOOST_TEST(*request->challenge_password() == "secret");
    BOOST_TEST(request->subject_text() == "CN=device");
  }
}

BOOST_AUTO_TEST_CASE(pss_signatures_verify) {
  Botan::PK_Signer signer{key("RSA-2048").botan(), surroundings().rng, "EMSA4(SHA-256,MGF1,32)"};
  auto const info = der::sequence(
      {der::integer(0u), subject(), key("RSA-2048").public_key_info(), der::value(tag::context(0), byte_view{})});
  auto const sha256 = der::sequence({object_id{2, 16, 840, 1, 101, 3, 4, 2, 1}.encode(), der::null()});
  auto const mgf1 = der::sequence({object_id{1, 2, 840, 113549, 1, 1, 8}.encode(), sha256});
  auto const parameters = [&](std::uint32_t salt, bytes const& mask) {
    return der::sequence({der::value(tag::context(0), sha256), der::value(tag::context(1), mask),
                          der::value(tag::context(2), der::integer(salt))});
  };
  auto const request = [&, signature = signer.sign_message(info, surroundings().rng)](bytes const& pss) {
    auto parsed =
        parse_csr(der::sequence({info, der::sequence({oids::rsassa_pss.encode(), pss}), der::bit_string(signature)}));
    BOOST_REQUIRE(parsed);
    return parsed->check_signature();
  };
  BOOST_TEST(request(parameters(32, mgf1)).has_value());
  BOOST_TEST((request(parameters(20, mgf1)).error().code == errc::bad_signature));
  auto const sha1 = der::sequence({object_id{1, 3, 14, 3, 2, 26}.encode(), der::null()});
  auto const other = der::sequence({object_id{1, 2, 840, 113549, 1, 1, 8}.encode(), sha1});
  BOOST_TEST((request(parameters(32, other)).error().code == errc::unsupported_algorithm));
  BOOST_TEST((request(der::null()).error().code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(a_broken_signature_parses_and_does_not_verify) {
  for (auto const* kind : kinds) {
    auto octets = make(kind).der();
    octets.back() = static_cast<std::uint8_t>(octets.back() ^ 1u);
    auto const request = parse_csr(octets);
    BOOST_REQUIRE_MESSAGE(request, kind);
    BOOST_TEST((request->check_signature().error().code == errc::bad_signature), kind);
    BOOST_TEST(!request->signature_verifies());
  }
}

BOOST_AUTO_TEST_CASE(an_algorithm_that_is_not_known_is_not_a_broken_signature) {
  auto const whole = make("P-256").der();
  tlv_state state{errc::internal, "test"};
  tlv_reader outer{whole, state};
  auto fields = outer.enter(tag::sequence, "request");
  auto const info = fields.take_any("info"), algorithm = fields.take_any("algorithm"), signature = fields.take_any("s");
  BOOST_REQUIRE(algorithm.is(tag::sequence));
  auto const with = [&](object_id const& oid) {
    return parse_csr(der::sequence({info.whole, der::sequence({oid.encode()}), signature.whole}))
        ->check_signature()
        .error();
  };
  BOOST_TEST((with({1, 2, 3, 4}).code == errc::unsupported_algorithm));
  BOOST_TEST((with({1, 2, 840, 113549, 1, 1, 11}).code == errc::unsupported_algorithm)); // RSA, and the key is EC
  BOOST_TEST((with({1, 3, 101, 112}).code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(a_challenge_password_is_read_from_every_string_type) {
  auto const with = [](byte_view value) {
    return assemble(der::integer(0u),
                    der::value(tag::context(0), encode_attribute({oids::challenge_password, {to_bytes(value)}})));
  };
  for (auto const* hex : {"1303616263", "0c03616263", "1403616263", "1e06006100620063", "1c0c000000610000006200000063"})
    BOOST_TEST(*parse_csr(with(from_hex(hex)))->challenge_password() == "abc", hex);
  auto const ia5 = with(from_hex("1603616263"));
  read_with_one_note(ia5, note_code::csr_challenge_password_type);
  BOOST_TEST(*parse_csr(ia5)->challenge_password() == "abc");
  auto const number = with(from_hex("020105"));
  read_with_one_note(number, note_code::csr_challenge_password_type);
  BOOST_TEST(!parse_csr(number)->challenge_password());
  BOOST_TEST(!make("P-256").challenge_password());
}

BOOST_AUTO_TEST_CASE(a_challenge_password_is_written_in_the_plainest_string_type) {
  BOOST_TEST(challenge_password_attribute("dFsAXmJn+/=").values.at(0)[0] == tag::printable_string);
  BOOST_TEST(challenge_password_attribute("a_b").values.at(0)[0] == tag::utf8_string);
}

BOOST_AUTO_TEST_CASE(each_deviation_is_noted) {
  auto const none = der::value(tag::context(0), byte_view{});
  read_with_one_note(assemble(der::integer(1u), none), note_code::csr_version);
  read_with_one_note(assemble(der::integer(0u), {}), note_code::csr_no_attributes);
  auto const one = encode_attribute(challenge_password_attribute("a"));
  read_with_one_note(assemble(der::integer(0u), der::value(tag::context(0), {one, one})),
                     note_code::csr_repeated_attribute);
  read_with_one_note(
      assemble(der::integer(0u), der::value(tag::context(0), encode_attribute({oids::challenge_password, {}}))),
      note_code::csr_empty_attribute);
  auto const unsorted = der::sequence({oids::smime_capabilities.encode(), from_hex("3106 020102 020101")});
  read_with_one_note(assemble(der::integer(0u), der::value(tag::context(0), unsorted)), note_code::der_set_unsorted);
}

BOOST_AUTO_TEST_CASE(der_is_demanded) {
  auto octets = make("P-256").der();
  octets.push_back(0);
  BOOST_TEST((parse_csr(octets).error().code == errc::trailing_data));
  octets.pop_back();
  auto const content = read_tlv(octets)->content;
  bytes indefinite{0x30, 0x80};
  indefinite.insert(indefinite.end(), content.begin(), content.end());
  indefinite.insert(indefinite.end(), {0, 0});
  BOOST_TEST((parse_csr(indefinite).error().code == errc::not_der));
  BOOST_TEST((parse_csr(to_bytes("-----BEGIN CERTIFICATE REQUEST-----")).error().code != errc::internal));
  BOOST_TEST((parse_csr(make_root("Root", key("P-256")).der()).error().code == errc::malformed_csr));
}

BOOST_AUTO_TEST_CASE(orders_that_make_no_request_are_refused) {
  auto const code = [](csr_order const& order) { return make_csr(order, key("P-256"), surroundings()).error().code; };
  BOOST_TEST((code({bytes{0x05, 0x00}, {}, ""}) == errc::invalid_argument));
  BOOST_TEST((code({subject(), {{oids::challenge_password, {bytes{0x30}}}}, ""}) == errc::invalid_argument));
  BOOST_TEST((code({subject(), {{object_id{}, {}}}, ""}) == errc::invalid_argument));
  BOOST_TEST((code({subject(), {}, "SHA-7"}) == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(a_subject_of_botan_is_taken_too) {
  Botan::X509_DN name;
  name.add_attribute("X520.CommonName", "device");
  auto const request = make_csr({name, {}, "SHA-256"}, key("P-256"), surroundings());
  BOOST_REQUIRE(request);
  BOOST_TEST(request->subject_text() == "CN=device");
  BOOST_TEST((request->subject() == name));
}

BOOST_AUTO_TEST_CASE(keys_that_cost_too_much_are_refused) {
  auto const rsa = [](std::size_t modulus, std::size_t exponent) {
    bytes const n(modulus, 0x5b), e(exponent, 0x03);
    return der::sequence({der::sequence({oids::rsa_encryption.encode(), der::null()}),
                          der::bit_string(der::sequence({der::integer(n), der::integer(e)}))});
  };
  BOOST_TEST((load_public_key(rsa(3000, 3)).error().code == errc::too_large));
  BOOST_TEST((load_public_key(rsa(1024, 1000)).error().code == errc::too_large));
  BOOST_TEST((load_public_key(rsa(256, 33)).error().code == errc::too_large));
  BOOST_TEST(load_public_key(rsa(256, 32)).has_value());
  // RFC 8017 section 3.1: 3 <= e <= n - 1. Each octet more costs a verification eight squarings.
  BOOST_TEST((load_public_key(rsa(256, 257)).error().code == errc::malformed_key));
  BOOST_TEST((load_public_key(rsa(256, 1u << 20)).error().code == errc::malformed_key));
  BOOST_TEST(load_public_key(rsa(256, 3)).has_value());
}

BOOST_AUTO_TEST_CASE(curves_are_named_or_not_supported) {
  auto const explicit_curve =
      der::sequence({der::sequence({oids::ec_public_key.encode(), der::sequence({der::integer(1u)})}),
                     der::bit_string(from_hex("0401"))});
  BOOST_TEST((load_public_key(explicit_curve).error().code == errc::unsupported_algorithm));
  auto const unknown = der::sequence({der::sequence({object_id{1, 2, 3}.encode()}), der::bit_string(from_hex("0401"))});
  BOOST_TEST((load_public_key(unknown).error().code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(a_request_cut_anywhere_is_refused) {
  for_every_truncation(make("P-256", {challenge_password_attribute("a")}).der(),
                       [](byte_view cut) { BOOST_TEST(!parse_csr(cut)); });
}

BOOST_AUTO_TEST_CASE(one_changed_bit_never_leaves_a_verifying_request) {
  auto const request =
      make("Ed25519", {challenge_password_attribute("abc"), subject_alternative_names({{"d.example"}, {}, {}, {}, 0})});
  std::size_t parsed = 0;
  for_every_bit(request.der(), [&](byte_view spoiled, std::size_t at) {
    auto const other = parse_csr(spoiled);
    if (!other) return;
    ++parsed;
    BOOST_TEST(!other->signature_verifies(), at);
    BOOST_TEST(equal(other->der(), spoiled));
    static_cast<void>(other->challenge_password());
    static_cast<void>(other->requested_alternative_names());
    static_cast<void>(other->subject());
    static_cast<void>(other->subject_text());
  });
  BOOST_TEST(parsed > 100u);
}

BOOST_AUTO_TEST_SUITE_END()
