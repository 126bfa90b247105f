// Certificates: parsed, issued, compared with what Botan makes of them, and spoiled.
#include <est/pki/certificate.hpp>

#include "support.hpp"

#include <est/pki/certificate_builder.hpp>
#include <est/pki/pem.hpp>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(certificates)

namespace {

/// Takes a certificate apart, lets a test replace one field of the TBSCertificate, and puts it together again, unsigned.
bytes with_field(certificate const& c, std::size_t field, byte_view replacement) {
  tlv_state state{errc::internal, "test"};
  tlv_reader outer{c.der(), state};
  auto fields = outer.enter(tag::sequence, "Certificate");
  tlv_reader tbs{fields.take(tag::sequence, "tbs"), state};
  bytes content;
  for (std::size_t i = 0; tbs.more(); ++i) {
    auto const one = tbs.take_any("field");
    auto const put = i == field ? replacement : one.whole;
    content.insert(content.end(), put.begin(), put.end());
  }
  auto const algorithm = fields.take_any("algorithm"), signature = fields.take_any("signature");
  return der::sequence({der::value(tag::sequence, content), algorithm.whole, signature.whole});
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_issued_is_what_was_ordered) {
  for (auto const* issuer_kind : kinds) {
    auto const& issuer_key = key(issuer_kind);
    auto const root = make_root("Root", issuer_key);
    auto const& subject_key = key("P-256");
    certificate_order order;
    order.subject_der = make_name({{oids::common_name, "device"}, {oids::serial_number, "12"}});
    order.public_key_info = subject_key.public_key_info();
    order.serial = from_hex("ff00");
    order.not_before = some_day;
    order.not_after = some_day + std::chrono::hours{24 * 365 * 40};
    order.extensions = {make_key_usage(key_usage::digital_signature | key_usage::key_encipherment),
                        make_extended_key_usage({oids::client_auth, oids::cmc_ra}),
                        make_subject_alternative_name({{"d.example"}, {}, {}, {}, 0}),
                        make_authority_key_identifier(*root.subject_key_identifier()),
                        make_subject_key_identifier(subject_key.public_key_info())};
    auto const made = make_certificate(order, issuer_key, root, "", surroundings());
    BOOST_REQUIRE_MESSAGE(made, issuer_kind << ": " << (made ? "" : to_text(made.error())));
    BOOST_TEST(made->version() == 3);
    BOOST_TEST(made->subject_der() == order.subject_der);
    BOOST_TEST(made->issuer_der() == root.subject_der());
    BOOST_TEST(made->public_key_info() == order.public_key_info);
    BOOST_TEST(to_hex(made->serial()) == "ff00");
    BOOST_TEST((made->not_before() == order.not_before));
    BOOST_TEST((made->not_after() == order.not_after));
    BOOST_TEST((made->extensions() == order.extensions));
    BOOST_TEST(!made->is_ca());
    BOOST_TEST(*made->key_usage_bits() == (key_usage::digital_signature | key_usage::key_encipherment));
    BOOST_TEST((made->extended_key_usage()->at(1) == oids::cmc_ra));
    BOOST_TEST(made->subject_alternative_names()->dns.at(0) == "d.example");
    BOOST_TEST(*made->authority_key_identifier() == *root.subject_key_identifier());
    BOOST_TEST(made->verifies_under(root));
    BOOST_TEST(!made->is_self_signed());
    BOOST_TEST(subject_key.belongs_to(*made));
    BOOST_TEST(!key("P-384").belongs_to(*made));
    BOOST_TEST(root.is_self_signed());
    BOOST_TEST(root.is_ca());
  }
}

BOOST_AUTO_TEST_CASE(botan_reads_what_is_issued_alike) {
  for (auto const* kind : kinds) {
    auto const root = make_root("Root", key(kind));
    auto const leaf = issue("leaf", key("P-256"), key(kind), root);
    for (auto const* c : {&root, &leaf}) {
      auto const* botan = c->botan();
      BOOST_REQUIRE(botan != nullptr);
      BOOST_TEST(botan->is_CA_cert() == c->is_ca());
      BOOST_TEST(botan->is_self_signed() == c->is_self_signed());
      BOOST_TEST(botan->serial_number() == c->serial());
      BOOST_TEST(botan->subject_public_key_info() == c->public_key_info());
      BOOST_TEST(botan->subject_key_id() == *c->subject_key_identifier());
      BOOST_TEST(botan->BER_encode() == c->der());
      BOOST_TEST((botan->not_after().to_std_timepoint() == c->not_after()));
    }
    BOOST_TEST(leaf.botan()->check_signature(*botan::load_public_key(root.public_key_info())));
  }
}

BOOST_AUTO_TEST_CASE(serial_numbers_are_random_positive_and_not_too_long) {
  auto const root = make_root("Root", key("P-256"));
  auto const one = issue("a", key("P-256"), key("P-256"), root), two = issue("a", key("P-256"), key("P-256"), root);
  BOOST_TEST(one.serial() != two.serial());
  BOOST_TEST(one.serial().size() == 16u);
  BOOST_TEST((one.serial()[0] & 0x80u) == 0u);
}

BOOST_AUTO_TEST_CASE(orders_that_make_no_certificate_are_refused) {
  auto const& k = key("P-256");
  auto const root = make_root("Root", k);
  certificate_order good;
  good.subject_der = make_name({{oids::common_name, "x"}});
  good.public_key_info = k.public_key_info();
  good.not_before = some_day;
  good.not_after = some_day;
  BOOST_REQUIRE(make_certificate(good, k, root, "SHA-256", surroundings()));
  auto const code = [&](auto&& change) {
    auto order = good;
    change(order);
    auto const made = make_certificate(order, k, root, "SHA-256", surroundings());
    return made ? errc::internal : made.error().code;
  };
  BOOST_TEST((code([](auto& o) { o.subject_der = {0x05, 0x00}; }) == errc::invalid_argument));
  BOOST_TEST((code([](auto& o) { o.subject_der.push_back(0); }) == errc::invalid_argument));
  BOOST_TEST((code([](auto& o) { o.public_key_info = {}; }) == errc::invalid_argument));
  BOOST_TEST((code([](auto& o) { o.serial = bytes(21, 1); }) == errc::invalid_argument));
  BOOST_TEST((code([](auto& o) { o.serial = {0}; }) == errc::invalid_argument));
  BOOST_TEST((code([](auto& o) { o.not_after -= std::chrono::hours{1}; }) == errc::invalid_argument));
  BOOST_TEST((code([](auto& o) { o.extensions = {{oids::key_usage, true, {1, 2, 3}}}; }) == errc::invalid_argument));
  BOOST_TEST((code([](auto& o) { o.extensions = {make_key_usage(1), make_key_usage(2)}; }) == errc::invalid_argument));
  BOOST_TEST(
      (make_certificate(good, key("P-384"), root, "SHA-256", surroundings()).error().code == errc::key_mismatch));
  BOOST_TEST((make_certificate(good, k, root, "SHA-9", surroundings()).error().code == errc::unsupported_algorithm));
  good.public_key_info = key("P-384").public_key_info();
  BOOST_TEST((make_self_signed(good, k, "", surroundings()).error().code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(a_certificate_without_extensions_is_version_1) {
  certificate_order order;
  order.subject_der = make_name({});
  order.not_before = order.not_after = some_day;
  auto const made = make_self_signed(order, key("P-256"), "", surroundings());
  BOOST_REQUIRE(made);
  BOOST_TEST(made->version() == 1);
  BOOST_TEST(!made->is_ca());
}

BOOST_AUTO_TEST_CASE(an_identifier_with_a_large_arc_is_no_reason_to_refuse) {
  auto const large = object_id::from_content(from_hex("6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776"));
  BOOST_REQUIRE(large);
  certificate_order order;
  order.subject_der = make_name({{*large, "value"}});
  order.not_before = order.not_after = some_day;
  order.extensions = {{*large, false, der::null()}};
  auto const made = make_self_signed(order, key("P-256"), "", surroundings());
  BOOST_REQUIRE(made);
  BOOST_TEST((made->find(*large) != nullptr));
  BOOST_TEST(made->subject_text() == "2.25.0xf81d4fae7dec11d0a76500a0c91e6bf6=value");
  BOOST_TEST(made->is_self_signed());
  static_cast<void>(made->botan()); // null or not, it does not throw
}

BOOST_AUTO_TEST_CASE(der_is_demanded) {
  auto const c = make_root("Root", key("P-256"));
  auto const code = [](byte_view octets) {
    auto const parsed = parse_certificate(octets);
    return parsed ? std::string{"parsed"} : std::string{name(parsed.error().code)};
  };
  BOOST_TEST(code(c.der()) == "parsed");
  bytes longer = c.der();
  longer.push_back(0);
  BOOST_TEST(code(longer) == "trailing_data");
  // the same content under an indefinite length
  bytes indefinite{0x30, 0x80};
  auto const content = read_tlv(c.der())->content;
  indefinite.insert(indefinite.end(), content.begin(), content.end());
  indefinite.insert(indefinite.end(), {0, 0});
  BOOST_TEST(code(indefinite) == "not_der");
  BOOST_TEST(code(with_field(c, 1, from_hex("02020001"))) == "not_der");
  BOOST_TEST(code({}) == "truncated");
}

BOOST_AUTO_TEST_CASE(each_field_is_looked_at) {
  auto const c = make_root("Root", key("P-256"));
  struct row {
    std::size_t field;
    bytes replacement;
    char const* says;
  };
  for (auto const& [field, replacement, says] :
       {row{0, from_hex("a003020103"), "version"}, row{1, from_hex("0500"), "serialNumber"},
        row{2, from_hex("30070603551d0f0500"), "signatureAlgorithm and the signature"},
        row{3, from_hex("30023000"), "RelativeDistinguishedName"}, row{4, from_hex("30040c000c00"), "notBefore"},
        row{6, from_hex("3000"), "subjectPublicKeyInfo"}, row{7, from_hex("a30430020500"), "Extension"}}) {
    auto const parsed = parse_certificate(with_field(c, field, replacement));
    BOOST_REQUIRE_MESSAGE(!parsed, says);
    BOOST_TEST((parsed.error().code == errc::malformed_certificate), to_text(parsed.error()));
    BOOST_TEST(parsed.error().detail.find(says) != std::string::npos, to_text(parsed.error()));
    BOOST_TEST(parsed.error().offset.has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_false_flag_that_is_written_out_is_read) {
  auto const c = make_root("Root", key("P-256"));
  // Extensions { { basicConstraints, critical FALSE, SEQUENCE {} } }
  auto const parsed = parse_certificate(with_field(c, 7, from_hex("a310 300e 300c 0603551d13 010100 04023000")));
  BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : to_text(parsed.error())));
  BOOST_REQUIRE(parsed->find(oids::basic_constraints) != nullptr);
  BOOST_TEST(!parsed->find(oids::basic_constraints)->critical);
  BOOST_TEST(!parsed->is_ca());
}

BOOST_AUTO_TEST_CASE(a_certificate_cut_anywhere_is_refused) {
  for_every_truncation(make_root("Root", key("P-256")).der(),
                       [](byte_view cut) { BOOST_TEST(!parse_certificate(cut)); });
}

BOOST_AUTO_TEST_CASE(one_changed_bit_never_leaves_a_verifying_certificate) {
  auto const c = make_root("Root", key("Ed25519"));
  std::size_t parsed = 0;
  for_every_bit(c.der(), [&](byte_view spoiled, std::size_t at) {
    auto const other = parse_certificate(spoiled);
    if (!other) return;
    ++parsed;
    BOOST_TEST(!other->check_signature(c.public_key_info()), at);
    BOOST_TEST(equal(other->der(), spoiled));
    static_cast<void>(other->subject_text() + other->issuer_text());
    static_cast<void>(other->is_ca() || other->subject_alternative_names() || other->authority_key_identifier() ||
                      other->extended_key_usage() || other->key_usage_bits());
    if (parsed % 16 == 0) static_cast<void>(other->botan());
  });
  BOOST_TEST(parsed > 100u);
}

BOOST_AUTO_TEST_CASE(copies_are_equal_and_others_are_not) {
  auto const one = make_root("Root", key("P-256")), other = make_root("Other", key("P-256"));
  auto const copy = one; // NOLINT
  BOOST_TEST((copy == one));
  BOOST_TEST((parse_certificate(one.der()).value() == one));
  BOOST_TEST(!(one == other));
}

BOOST_AUTO_TEST_CASE(certificates_are_found_in_pem_text) {
  auto const one = make_root("Root", key("P-256")), two = make_root("Other", key("P-384"));
  auto const text = "some prose\n" + encode_pem(one) + encode_pem("PRIVATE KEY", bytes{1}) + "\r\n" + encode_pem(two);
  auto const list = parse_certificates_pem(text);
  BOOST_REQUIRE_MESSAGE(list, (list ? "" : to_text(list.error())));
  BOOST_REQUIRE(list->size() == 2u);
  BOOST_TEST((list->at(0) == one));
  BOOST_TEST((list->at(1) == two));
  BOOST_TEST((parse_certificates_pem("no block").error().code == errc::no_certificate));
  BOOST_TEST((parse_certificates_pem("-----BEGIN CERTIFICATE-----\nAA$\n-----END CERTIFICATE-----").error().code ==
              errc::malformed_base64));
  BOOST_TEST((parse_certificates_pem("-----BEGIN CERTIFICATE-----\nAAAA").error().code == errc::no_certificate));
}

BOOST_AUTO_TEST_SUITE_END()
