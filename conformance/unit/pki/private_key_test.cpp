// Private keys: PKCS#8 in both versions, the other forms told apart, PEM with and without a password, and spoiled octets.
#include <est/pki/private_key.hpp>

#include "support.hpp"

#include <botan/pkcs8.h>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(private_keys)

namespace {

struct parts {
  bytes algorithm, key;
};

parts parts_of(private_key const& k) {
  auto const encoded = k.encode();
  tlv_state state{errc::internal, "test"};
  tlv_reader outer{encoded.expose(), state};
  auto fields = outer.enter(tag::sequence, "PrivateKeyInfo");
  fields.take_any("version");
  auto const algorithm = fields.take_any("algorithm"), contents = fields.take_any("key");
  return {to_bytes(algorithm.whole), to_bytes(contents.content)};
}

bytes public_key_bits(private_key const& k) { return k.botan().public_key_bits(); }

/// OneAsymmetricKey with its public key beside it.
bytes version_2(private_key const& k, bytes const& public_key, std::uint32_t version = 1) {
  auto const p = parts_of(k);
  const bytes none{0};
  return der::sequence({der::integer(version), p.algorithm, der::octet_string(p.key),
                        der::value(tag::context_primitive(1), {none, public_key})});
}

failure refused(byte_view octets) {
  auto const parsed = parse_private_key(octets);
  BOOST_REQUIRE(!parsed);
  return parsed.error();
}

/// SEC 1 with curve and public key, as `openssl ecparam -genkey` writes it.
bytes sec1(private_key const& k, bytes const& public_key) {
  auto const contents = parts_of(k).key;
  auto const read = pki::detail::read_ec_private_key(contents);
  BOOST_REQUIRE(read);
  return der::sequence({der::integer(1u), der::octet_string(read->secret),
                        der::value(tag::context(0), oids::secp256r1.encode()),
                        der::value(tag::context(1), der::bit_string(public_key))});
}

} // namespace

BOOST_AUTO_TEST_CASE(every_kind_is_made_written_and_read_back) {
  for (auto const* kind : kinds) {
    auto const& k = key(kind);
    BOOST_TEST(to_text(k.spec()) == kind);
    notes remarks;
    auto const encoded = k.encode();
    auto const read = parse_private_key(encoded.expose(), &remarks);
    BOOST_REQUIRE_MESSAGE(read, kind << ": " << (read ? "" : to_text(read.error())));
    BOOST_TEST(remarks.empty());
    BOOST_TEST(to_text(read->spec()) == kind);
    BOOST_TEST(read->public_key_info() == k.public_key_info());
    BOOST_TEST(equal(read->encode().expose(), encoded.expose()));
    BOOST_TEST((classify_key(encoded.expose()) == key_form::private_key_info));
    BOOST_TEST(*public_key_info_of(encoded.expose()) == k.public_key_info());
  }
}

BOOST_AUTO_TEST_CASE(kinds_that_are_not_made_are_refused) {
  BOOST_TEST((make_private_key(key_spec::rsa(1024), surroundings()).error().code == errc::invalid_argument));
  BOOST_TEST(
      (make_private_key(key_spec::ecdsa("no such curve"), surroundings()).error().code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(version_2_is_read_and_noted) {
  for (auto const* kind : kinds) {
    notes remarks;
    auto const octets = version_2(key(kind), public_key_bits(key(kind)));
    auto const read = parse_private_key(octets, &remarks);
    BOOST_REQUIRE_MESSAGE(read, kind << ": " << (read ? "" : to_text(read.error())));
    BOOST_TEST(remarks.size() == 2u);
    BOOST_TEST(remarks.has(note_code::pkcs8_version_2));
    BOOST_TEST(remarks.has(note_code::pkcs8_public_key));
    BOOST_TEST(!remarks.has_deviation());
    BOOST_TEST(read->public_key_info() == key(kind).public_key_info());
    BOOST_TEST((classify_key(octets) == key_form::one_asymmetric_key));
  }
}

BOOST_AUTO_TEST_CASE(a_public_key_in_version_1_is_noted) {
  notes remarks;
  BOOST_TEST(parse_private_key(version_2(key("P-256"), public_key_bits(key("P-256")), 0), &remarks).has_value());
  BOOST_TEST(remarks.size() == 1u);
  BOOST_TEST(remarks.has(note_code::pkcs8_public_key_in_version_1));
}

BOOST_AUTO_TEST_CASE(attributes_are_noted_and_dropped) {
  auto const p = parts_of(key("P-256"));
  auto const attribute = der::sequence({oids::challenge_password.encode(), der::value(tag::set, der::null())});
  auto const octets =
      der::sequence({der::integer(0u), p.algorithm, der::octet_string(p.key), der::value(tag::context(0), attribute)});
  notes remarks;
  auto const read = parse_private_key(octets, &remarks);
  BOOST_REQUIRE(read);
  BOOST_TEST(remarks.size() == 1u);
  BOOST_TEST(remarks.has(note_code::pkcs8_attributes));
  BOOST_TEST(equal(read->encode().expose(), key("P-256").encode().expose()));
}

BOOST_AUTO_TEST_CASE(the_public_key_of_another_is_a_mismatch) {
  static private_key const other = *make_private_key(key_spec::ecdsa("secp256r1"), surroundings());
  auto const theirs = public_key_bits(other);
  BOOST_TEST((refused(version_2(key("P-256"), theirs)).code == errc::key_mismatch));
  // within the ECPrivateKey, where Botan 2 takes it on trust
  auto const p = parts_of(key("P-256"));
  auto const read = pki::detail::read_ec_private_key(p.key);
  BOOST_REQUIRE(read);
  auto const with = [&](bytes const& point) {
    return der::sequence({der::integer(0u), p.algorithm,
                          der::octet_string(der::sequence({der::integer(1u), der::octet_string(read->secret),
                                                           der::value(tag::context(1), der::bit_string(point))}))});
  };
  BOOST_TEST((refused(with(theirs)).code == errc::key_mismatch));
  auto const own = public_key_bits(key("P-256"));
  BOOST_TEST(parse_private_key(with(own)).has_value());
  // a compressed point is the same key
  bytes compressed(own.begin(), own.begin() + 33);
  compressed[0] = static_cast<std::uint8_t>(2 + (own.back() & 1u));
  BOOST_TEST(parse_private_key(with(compressed)).has_value());
  compressed[0] = static_cast<std::uint8_t>(5 - compressed[0]);
  BOOST_TEST((refused(with(compressed)).code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(the_wrong_form_is_named) {
  auto const rsa = parts_of(key("RSA-2048")).key;
  BOOST_TEST((classify_key(rsa) == key_form::rsa_private_key));
  BOOST_TEST((refused(rsa).code == errc::malformed_key));
  BOOST_TEST(refused(rsa).detail.find("RSAPrivateKey") != std::string::npos);
  BOOST_TEST(*public_key_info_of(rsa) == key("RSA-2048").public_key_info());

  auto const ec = sec1(key("P-256"), public_key_bits(key("P-256")));
  BOOST_TEST((classify_key(ec) == key_form::ec_private_key));
  BOOST_TEST(refused(ec).detail.find("ECPrivateKey") != std::string::npos);
  BOOST_TEST(*public_key_info_of(ec) == key("P-256").public_key_info());

  auto const encrypted = Botan::PKCS8::BER_encode_encrypted_pbkdf_iter(key("P-256").botan(), surroundings().rng, "pw",
                                                                       10'000, "AES-256/CBC", "SHA-256");
  BOOST_TEST((classify_key(encrypted) == key_form::encrypted_private_key_info));
  BOOST_TEST(refused(encrypted).detail.find("EncryptedPrivateKeyInfo") != std::string::npos);
  BOOST_TEST((public_key_info_of(encrypted).error().code == errc::malformed_key));

  auto const pem = Botan::PKCS8::PEM_encode(key("P-256").botan());
  BOOST_TEST(refused(as_bytes(pem)).detail.find("PEM") != std::string::npos);
  auto const certificate_der = make_root("Root", key("P-256")).der();
  BOOST_TEST((classify_key(certificate_der) == key_form::unknown));
  BOOST_TEST((refused(certificate_der).code == errc::malformed_key));
  BOOST_TEST((classify_key({}) == key_form::unknown));
  BOOST_TEST((refused({}).code == errc::truncated));
  BOOST_TEST((public_key_info_of(certificate_der).error().code == errc::malformed_key));
}

BOOST_AUTO_TEST_CASE(other_algorithms_are_not_supported) {
  auto const x25519 = der::sequence({der::integer(0u), der::sequence({object_id{1, 3, 101, 110}.encode()}),
                                     der::octet_string(der::octet_string(bytes(32, 1)))});
  BOOST_TEST((refused(x25519).code == errc::unsupported_algorithm));
  auto p = parts_of(key("P-256"));
  p.algorithm = der::sequence({oids::ec_public_key.encode(), der::sequence({der::integer(1u)})});
  BOOST_TEST((refused(der::sequence({der::integer(0u), p.algorithm, der::octet_string(p.key)})).code ==
              errc::unsupported_algorithm));
  p.algorithm = der::sequence({oids::ec_public_key.encode(), object_id{1, 2, 3}.encode()});
  BOOST_TEST(
      (refused(der::sequence({der::integer(0u), p.algorithm, der::octet_string(p.key)})).code == errc::malformed_key));
}

BOOST_AUTO_TEST_CASE(a_key_belongs_to_its_certificate_and_to_no_other) {
  for (auto const* kind : kinds) {
    auto const root = make_root("Root", key(kind));
    for (auto const* other : kinds)
      BOOST_TEST(key(other).belongs_to(root) == (std::string_view{kind} == other), kind << " " << other);
  }
}

BOOST_AUTO_TEST_CASE(a_key_cut_anywhere_is_refused_in_silence) {
  for (auto const* kind : {"P-256", "Ed25519"}) {
    auto const octets = version_2(key(kind), public_key_bits(key(kind)));
    for_every_truncation(octets, [&](byte_view cut) { BOOST_TEST(!parse_private_key(cut)); });
  }
}

BOOST_AUTO_TEST_CASE(one_changed_bit_never_makes_another_key_of_one_that_has_its_public_key_beside_it) {
  for (auto const* kind : {"P-256", "Ed25519", "RSA-2048"}) {
    auto const& k = key(kind);
    auto const octets =
        kind == std::string_view{"RSA-2048"} ? to_bytes(k.encode().expose()) : version_2(k, public_key_bits(k));
    std::size_t refusals = 0;
    for_every_bit(octets, [&](byte_view spoiled, std::size_t at) {
      auto const read = parse_private_key(spoiled);
      if (!read) {
        ++refusals;
        return;
      }
      BOOST_TEST(read->public_key_info() == k.public_key_info(), kind << " at " << at);
    });
    BOOST_TEST(refusals > octets.size() * 7, kind);
  }
}

BOOST_AUTO_TEST_CASE(no_failure_quotes_the_key) {
  auto const& k = key("P-256");
  auto const contents = parts_of(k).key;
  auto const canary = to_hex(byte_view{contents}.subspan(10, 8));
  auto const octets = version_2(k, public_key_bits(k));
  for_every_bit(octets, [&](byte_view spoiled, std::size_t) {
    notes remarks;
    auto const read = parse_private_key(spoiled, &remarks);
    if (!read) BOOST_TEST(to_text(read.error()).find(canary) == std::string::npos);
    for (auto const& n : remarks) BOOST_TEST(to_text(n).find(canary) == std::string::npos);
  });
}

BOOST_AUTO_TEST_CASE(numbers_of_an_rsa_key_beyond_its_modulus_are_refused_before_any_arithmetic) {
  // Botan takes quadratic time over a prime of this size: the test would not end.
  const bytes modulus(256, 0xff), endless(1u << 20, 0xff);
  auto const n = der::integer(byte_view{modulus}), one = der::integer(1u), longer = der::integer(byte_view{endless});
  for (std::size_t at = 0; at < 7; ++at) { // e, d, p, q, d mod p-1, d mod q-1, 1/q mod p
    std::vector<bytes> numbers{der::integer(0u), n, one, one, one, one, one, one, one};
    numbers[at + 2] = longer;
    auto const algorithm = der::sequence({oids::rsa_encryption.encode(), der::null()});
    auto const contents = der::value(tag::sequence, der::concatenation(numbers));
    auto const f = refused(der::sequence({der::integer(0u), algorithm, der::octet_string(contents)}));
    BOOST_TEST((f.code == errc::malformed_key), at << ": " << to_text(f));
    BOOST_TEST(f.detail == "a number of the RSA key is longer than the modulus");
  }
}

BOOST_AUTO_TEST_CASE(the_number_of_an_ec_key_is_from_one_to_the_order_of_its_curve) {
  auto const with = [](bytes const& scalar) {
    auto const algorithm = der::sequence({oids::ec_public_key.encode(), oids::secp256r1.encode()});
    auto const contents = der::sequence({der::integer(1u), der::octet_string(scalar)});
    return parse_private_key(der::sequence({der::integer(0u), algorithm, der::octet_string(contents)}));
  };
  auto const order = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  auto last = order;
  --last.back();
  BOOST_TEST(with(last).has_value());
  BOOST_TEST(with(bytes{1}).has_value()); // shorter than RFC 5915 has it, and met
  last.insert(last.begin(), 0);
  BOOST_TEST(with(last).has_value()); // longer by an octet, and met
  for (auto const& scalar : {order, bytes(32, 0), bytes(32, 0xff), bytes(33, 1), bytes(1u << 20, 1)}) {
    auto const read = with(scalar);
    BOOST_TEST((!read && read.error().code == errc::malformed_key), scalar.size() << " octets");
  }
}

BOOST_AUTO_TEST_CASE(pem_is_read_in_all_its_forms) {
  for (auto const* kind : kinds) {
    auto const pem = Botan::PKCS8::PEM_encode(key(kind).botan());
    auto const read = parse_private_key_pem("# a comment\r\n" + pem);
    BOOST_REQUIRE_MESSAGE(read, kind << ": " << (read ? "" : to_text(read.error())));
    BOOST_TEST(read->public_key_info() == key(kind).public_key_info());
  }
  auto const rsa = parse_private_key_pem(encode_pem("RSA PRIVATE KEY", parts_of(key("RSA-2048")).key));
  BOOST_REQUIRE(rsa);
  BOOST_TEST(rsa->public_key_info() == key("RSA-2048").public_key_info());
  // openssl ecparam writes the curve in front of the key
  auto const ec =
      parse_private_key_pem(encode_pem("EC PARAMETERS", oids::secp256r1.encode()) +
                            encode_pem("EC PRIVATE KEY", sec1(key("P-256"), public_key_bits(key("P-256")))));
  BOOST_REQUIRE(ec);
  BOOST_TEST(ec->public_key_info() == key("P-256").public_key_info());
  BOOST_TEST((parse_private_key_pem("nothing").error().code == errc::malformed_key));
  BOOST_TEST((parse_private_key_pem("-----BEGIN PRIVATE KEY-----\n$\n-----END PRIVATE KEY-----").error().code ==
              errc::malformed_base64));
}

BOOST_AUTO_TEST_CASE(a_key_under_a_password_is_opened) {
  const secret_bytes right{std::string_view{"correct horse"}}, wrong{std::string_view{"battery staple"}};
  for (auto const* cipher : {"AES-128/CBC", "AES-256/CBC"})
    for (auto const* prf : {"SHA-256", "SHA-512"}) {
      auto const pem = Botan::PKCS8::PEM_encode_encrypted_pbkdf_iter(key("P-256").botan(), surroundings().rng,
                                                                     "correct horse", 10'000, cipher, prf);
      auto const opened = parse_private_key_pem(pem, &right);
      BOOST_REQUIRE_MESSAGE(opened, cipher << " " << prf << ": " << (opened ? "" : to_text(opened.error())));
      BOOST_TEST(opened->public_key_info() == key("P-256").public_key_info());
      auto const refused_password = parse_private_key_pem(pem, &wrong);
      BOOST_TEST((!refused_password && refused_password.error().code == errc::unauthenticated));
      BOOST_TEST((parse_private_key_pem(pem).error().code == errc::unauthenticated));
    }
}

BOOST_AUTO_TEST_CASE(the_work_that_a_password_costs_is_bounded_before_it_is_done) {
  auto const with = [](bytes const& kdf) {
    auto const cipher = der::sequence({oids::aes256_cbc.encode(), der::octet_string(bytes(16))});
    auto const scheme = der::sequence({object_id{1, 2, 840, 113549, 1, 5, 13}.encode(), der::sequence({kdf, cipher})});
    return decrypt_private_key_info(der::sequence({scheme, der::octet_string(bytes(16))}),
                                    secret_bytes{std::string_view{"pw"}})
        .error()
        .code;
  };
  auto const pbkdf2 = [](bytes const& iterations) {
    return der::sequence(
        {object_id{1, 2, 840, 113549, 1, 5, 12}.encode(), der::sequence({der::octet_string(bytes(8)), iterations})});
  };
  auto const scrypt = [](std::uint32_t n, std::uint32_t r, std::uint32_t p) {
    return der::sequence(
        {object_id{1, 3, 6, 1, 4, 1, 11591, 4, 11}.encode(),
         der::sequence({der::octet_string(bytes(8)), der::integer(n), der::integer(r), der::integer(p)})});
  };
  BOOST_TEST((with(pbkdf2(der::integer(2'000'000'000u))) == errc::too_large));
  BOOST_TEST((with(pbkdf2(der::integer(bytes(9, 0x11)))) == errc::malformed_key));
  BOOST_TEST((with(pbkdf2(der::integer(0u))) == errc::malformed_key));
  BOOST_TEST((with(pbkdf2(der::integer(1000u))) == errc::unauthenticated));
  BOOST_TEST((with(scrypt(1u << 30, 8, 1)) == errc::too_large));
  BOOST_TEST((with(scrypt(1u << 10, 8, 1u << 20)) == errc::too_large));
  BOOST_TEST((with(scrypt(1u << 10, 8, 1)) == errc::unauthenticated));
  BOOST_TEST((with(der::sequence({object_id{1, 2, 3}.encode(), der::sequence({})})) == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(an_encrypted_key_cut_anywhere_is_refused) {
  auto const octets = Botan::PKCS8::BER_encode_encrypted_pbkdf_iter(key("P-256").botan(), surroundings().rng, "pw",
                                                                    1'000, "AES-256/CBC", "SHA-256");
  const secret_bytes password{std::string_view{"pw"}};
  for_every_truncation(octets, [&](byte_view cut) { BOOST_TEST(!decrypt_private_key_info(cut, password)); });
}

BOOST_AUTO_TEST_SUITE_END()
