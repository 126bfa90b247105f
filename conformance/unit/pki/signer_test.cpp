// Keys that are kept elsewhere, and the padding that RSA keys sign with.
#include <est/pki/signer.hpp>

#include "support.hpp"

#include <stdexcept>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(signers)

namespace {

using scheme = signature_algorithm::scheme;

/// A module that signs with a key of its own and remembers how it was asked.
struct hardware {
  explicit hardware(char const* kind) : kept(&key(kind)) {}
  private_key const* kept;
  signature_algorithm asked{};

  signing_key handle(rsa_padding padding = rsa_padding::pkcs1) {
    return {kept->public_key_info(),
            [this](byte_view message, signature_algorithm const& how) {
              asked = how;
              return sign_with(kept->botan(), how, message, surroundings().rng);
            },
            padding};
  }
};

csr_order device(std::string hash = "SHA-256") { return {make_name({{oids::common_name, "device"}}), {}, hash}; }

csr made(csr_order const& order, signing_key const& with) {
  auto request = make_csr(order, with, surroundings());
  BOOST_REQUIRE_MESSAGE(request, (request ? "" : to_text(request.error())));
  return std::move(*request);
}

/// The key, marked id-RSASSA-PSS: PKCS#8 with or without parameters.
private_key marked(bytes const& parameters) {
  auto const plain = key("RSA-2048").encode();
  tlv_state state{errc::malformed_key, "test"};
  tlv_reader outer{plain.expose(), state};
  auto fields = outer.enter(tag::sequence, "PrivateKeyInfo");
  fields.take_any("version");
  fields.take_any("algorithm");
  auto const octets = fields.take_any("privateKey");
  auto const pkcs8 =
      der::sequence({der::integer(0u), der::sequence({oids::rsassa_pss.encode(), parameters}), octets.whole});
  auto read = parse_private_key(pkcs8);
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : to_text(read.error())));
  return std::move(*read);
}

/// RSASSA-PSS-params of a hash, as they stand behind the identifier.
bytes parameters_of(char const* hash, std::size_t salt) {
  auto const whole = pki::detail::pss_algorithm_identifier(pki::detail::hash_identifier(hash), salt);
  tlv_state state{errc::malformed_key, "test"};
  tlv_reader outer{whole, state};
  auto fields = outer.enter(tag::sequence, "AlgorithmIdentifier");
  fields.take_any("identifier");
  return to_bytes(fields.take_any("parameters").whole);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_key_elsewhere_signs_requests_and_certificates_as_one_in_memory_does) {
  for (auto const* kind : kinds) {
    hardware module{kind};
    auto const handle = module.handle();
    auto const request = made(device(""), handle);
    BOOST_TEST(request.signature_verifies(), kind);
    BOOST_TEST(request.public_key_info() == key(kind).public_key_info(), kind);
    BOOST_TEST(request.signature_algorithm() == made(device(""), key(kind)).signature_algorithm(), kind);

    certificate_order order;
    order.subject_der = make_name({{oids::common_name, "Root"}});
    order.not_before = some_day;
    order.not_after = some_day + std::chrono::hours{1};
    order.extensions = {make_basic_constraints(true)};
    auto const root = make_self_signed(order, handle, "", surroundings());
    BOOST_REQUIRE(root);
    BOOST_TEST(root->is_self_signed(), kind);
    BOOST_TEST(handle.belongs_to(*root), kind);
    order.public_key_info = key("P-256").public_key_info();
    BOOST_TEST(make_certificate(order, handle, *root, "", surroundings())->verifies_under(*root), kind);
  }
}

BOOST_AUTO_TEST_CASE(the_module_is_told_how_to_sign) {
  hardware curve{"P-384"}, rsa{"RSA-2048"}, edwards{"Ed25519"};
  made(device(""), curve.handle());
  BOOST_TEST((curve.asked.kind == scheme::ecdsa));
  BOOST_TEST(curve.asked.hash == "SHA-384");
  made(device("SHA-512"), rsa.handle());
  BOOST_TEST((rsa.asked.kind == scheme::rsa_pkcs1));
  BOOST_TEST(rsa.asked.hash == "SHA-512");
  made(device("SHA-384"), rsa.handle(rsa_padding::pss));
  BOOST_TEST((rsa.asked.kind == scheme::rsa_pss));
  BOOST_TEST(rsa.asked.hash == "SHA-384");
  BOOST_TEST(rsa.asked.salt == 48u);
  made(device(""), edwards.handle());
  BOOST_TEST((edwards.asked.kind == scheme::ed25519));
  BOOST_TEST(edwards.asked.hash == "");
}

BOOST_AUTO_TEST_CASE(a_signature_that_does_not_verify_is_never_handed_on) {
  auto const other = [](byte_view message, signature_algorithm const& how) {
    return sign_with(key("P-384").botan(), how, message, surroundings().rng);
  };
  auto const refused = make_csr(device(), signing_key{key("P-256").public_key_info(), other}, surroundings());
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::bad_signature));
  auto const junk = [](byte_view, signature_algorithm const&) { return result<bytes>{bytes{1, 2, 3}}; };
  BOOST_TEST((make_csr(device(), signing_key{key("P-256").public_key_info(), junk}, surroundings()).error().code ==
              errc::bad_signature));
}

BOOST_AUTO_TEST_CASE(a_module_that_fails_or_throws_is_a_failure_without_its_text) {
  auto const info = key("P-256").public_key_info();
  auto const away = [](byte_view, signature_algorithm const&) -> result<bytes> {
    return fail(errc::timed_out, "token", "no token in the slot");
  };
  BOOST_TEST((make_csr(device(), signing_key{info, away}, surroundings()).error() ==
              failure{errc::timed_out, "token", "no token in the slot", std::nullopt}));
  auto const throws = [](byte_view, signature_algorithm const&) -> result<bytes> {
    throw std::runtime_error{"PIN 1234 is wrong"};
  };
  auto const thrown = make_csr(device(), signing_key{info, throws}, surroundings());
  BOOST_REQUIRE(!thrown);
  BOOST_TEST((thrown.error().code == errc::internal));
  BOOST_TEST(to_text(thrown.error()).find("1234") == std::string::npos);
  BOOST_TEST(
      (make_csr(device(), signing_key{info, sign_callback{}}, surroundings()).error().code == errc::invalid_argument));
  BOOST_TEST((make_csr(device(), signing_key{bytes{1, 2}, away}, surroundings()).error().code != errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_key_may_be_taken_over) {
  auto const encoded = key("P-256").encode();
  auto copy = parse_private_key(encoded.expose());
  BOOST_REQUIRE(copy);
  const signing_key owner{std::move(*copy)};
  auto const second = owner;
  BOOST_TEST(made(device(), second).signature_verifies());
}

BOOST_AUTO_TEST_CASE(two_numbers_become_an_ecdsa_signature) {
  BOOST_TEST((*ecdsa_signature_from_plain(from_hex("00ff7f01")) == from_hex("3008020200ff02027f01")));
  BOOST_TEST(!ecdsa_signature_from_plain({}));
  BOOST_TEST(!ecdsa_signature_from_plain(from_hex("010203")));
  // as a module gives it: r and s of 32 octets
  auto const plain = [](byte_view message, signature_algorithm const& how) -> result<bytes> {
    Botan::PK_Signer signer{key("P-256").botan(), surroundings().rng, "EMSA1(" + how.hash + ")",
                            botan::plain_signature};
    return ecdsa_signature_from_plain(signer.sign_message(message.data(), message.size(), surroundings().rng));
  };
  for (int i = 0; i < 20; ++i) // numbers with and without a leading one bit
    BOOST_TEST(made(device(), signing_key{key("P-256").public_key_info(), plain}).signature_verifies());
}

// RFC 4055 section 3
BOOST_AUTO_TEST_CASE(rsa_keys_sign_with_pss_where_asked) {
  for (auto const* hash : {"SHA-256", "SHA-384", "SHA-512", ""}) {
    auto const request = made(device(hash), {key("RSA-2048"), rsa_padding::pss});
    BOOST_TEST(request.signature_algorithm() == oids::rsassa_pss.to_string(), hash);
    BOOST_TEST(request.signature_verifies(), hash);
    BOOST_TEST(request.public_key_info() == key("RSA-2048").public_key_info());
  }
  auto const weak = make_csr(device("SHA-1"), {key("RSA-2048"), rsa_padding::pss}, surroundings());
  BOOST_TEST((weak.error().code == errc::unsupported_algorithm));
  // padding is a matter of RSA alone
  BOOST_TEST(made(device(), {key("P-256"), rsa_padding::pss}).signature_algorithm() == "1.2.840.10045.4.3.2");
}

BOOST_AUTO_TEST_CASE(a_pss_signature_of_another_message_does_not_verify) {
  auto const order = device();
  auto octets = made(order, {key("RSA-2048"), rsa_padding::pss}).der();
  octets.back() ^= 1;
  auto const spoiled = parse_csr(octets);
  BOOST_REQUIRE(spoiled);
  BOOST_TEST((spoiled->check_signature().error().code == errc::bad_signature));
}

// RFC 4055 section 1.2
BOOST_AUTO_TEST_CASE(a_key_marked_for_pss_signs_in_no_other_way_and_keeps_its_mark) {
  auto const free = marked({});
  auto const request = made(device("SHA-384"), free);
  BOOST_TEST(request.signature_algorithm() == oids::rsassa_pss.to_string());
  BOOST_TEST(request.signature_verifies());
  BOOST_TEST(request.public_key_info() == free.public_key_info());
  BOOST_TEST(pki::detail::take_apart(request.public_key_info())->algorithm.to_string() == oids::rsassa_pss.to_string());
  BOOST_TEST(private_key::same_public_key(free.public_key_info(), key("RSA-2048").public_key_info()));

  auto const once = free.encode();
  auto const again = parse_private_key(once.expose());
  BOOST_REQUIRE(again);
  auto const twice = again->encode();
  BOOST_TEST(equal(once.expose(), twice.expose()));
  BOOST_TEST(again->public_key_info() == free.public_key_info());
}

// RFC 4055 section 3.3: the hash of the key's parameters, and a salt at least as long
BOOST_AUTO_TEST_CASE(a_key_bound_to_a_hash_signs_with_that_one) {
  auto const bound = marked(parameters_of("SHA-384", 60));
  BOOST_TEST(made(device(""), bound).signature_verifies());
  auto const how = signing_key{bound}.algorithm();
  BOOST_REQUIRE(how);
  BOOST_TEST(how->hash == "SHA-384");
  BOOST_TEST(how->salt == 60u);
  BOOST_TEST((make_csr(device("SHA-256"), bound, surroundings()).error().code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(a_request_of_others_is_read_from_pem) {
  auto const request = made(device(), key("P-256"));
  auto const pem = encode_pem(request);
  BOOST_TEST((*parse_csr_pem("text before\n" + pem) == request));
  auto old = pem;
  for (auto at = old.find("CERTIFICATE"); at != std::string::npos; at = old.find("CERTIFICATE", at + 15))
    old.insert(at, "NEW ");
  BOOST_TEST((*parse_csr_pem(old) == request));
  BOOST_TEST((parse_csr_pem(encode_pem(make_root("Root", key("P-256")))).error().code == errc::malformed_csr));
  BOOST_TEST(!parse_csr_pem("-----BEGIN CERTIFICATE REQUEST-----\n!\n-----END CERTIFICATE REQUEST-----\n"));
}

BOOST_AUTO_TEST_SUITE_END()
