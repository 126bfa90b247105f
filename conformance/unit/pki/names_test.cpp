// Identifiers, strings, times, names and extensions.
#include <est/pki/name.hpp>

#include "support.hpp"

#include <est/pki/extensions.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/text.hpp>

using namespace est;
using namespace est::pki;
using est::test::from_hex;

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(identifiers_are_read_and_shown) {
  BOOST_TEST(to_hex(oids::challenge_password.encode()) == "06092a864886f70d010907");
  BOOST_TEST(oids::challenge_password.to_string() == "1.2.840.113549.1.9.7");
  BOOST_TEST((object_id::from_text("1.2.840.113549.1.9.7") == oids::challenge_password));
  BOOST_TEST((object_id{Botan::OID("1.2.840.113549.1.9.7")} == oids::challenge_password));
  BOOST_TEST(object_id::from_text("2.999.1")->to_string() == "2.999.1");
  BOOST_TEST(object_id::from_text("0.9.2342")->to_string() == "0.9.2342");
  for (auto const* text : {"", "1", "1.", ".1", "3.1", "1.40", "1.2.x", "1.2.4294967296", "1..2"})
    BOOST_TEST(!object_id::from_text(text), text);
}

BOOST_AUTO_TEST_CASE(arcs_beyond_64_bits_are_kept_and_shown) {
  // 2.25.<UUID>, an arc of 128 bits: ITU-T X.667
  auto const large = object_id::from_content(from_hex("69 83f09da7ebcfdee0c7a1a7b2c0948cc8f9d776"));
  BOOST_REQUIRE(large);
  BOOST_TEST(large->to_string() == "2.25.0xf81d4fae7dec11d0a76500a0c91e6bf6");
  BOOST_TEST((read_object_id(*read_tlv(large->encode())) == *large));
}

BOOST_AUTO_TEST_CASE(content_that_is_no_identifier_is_none) {
  for (auto const* text : {"", "80", "8001", "2a8001", "2a86"})
    BOOST_TEST(!object_id::from_content(from_hex(text)), text);
}

BOOST_AUTO_TEST_CASE(strings_become_utf8) {
  auto const text = [](char const* hex) {
    auto const octets = from_hex(hex);
    return text_of(*read_tlv(octets));
  };
  BOOST_TEST(*text("13024142") == "AB");
  BOOST_TEST(*text("0c02c3a9") == "\xc3\xa9");
  BOOST_TEST(*text("1401e9") == "\xc3\xa9");
  BOOST_TEST(*text("1e0400e920ac") == "\xc3\xa9\xe2\x82\xac");
  BOOST_TEST(*text("1c040001f600") == "\xf0\x9f\x98\x80");
  BOOST_TEST(*text("16024142") == "AB");
  BOOST_TEST(!text("1e0141"));
  BOOST_TEST(!text("1c0400110000"));
  BOOST_TEST(!text("020141"));
}

BOOST_AUTO_TEST_CASE(times_are_read_as_rfc_5280_has_them) {
  auto const read = [](std::uint8_t identifier, std::string_view text) {
    auto const octets = der::text(identifier, text);
    auto const moment = time_of(*read_tlv(octets));
    return moment ? time_text(*moment) : std::string{"none"};
  };
  BOOST_TEST(read(tag::utc_time, "130509232556Z") == "2013-05-09T23:25:56Z");
  BOOST_TEST(read(tag::utc_time, "500101000000Z") == "1950-01-01T00:00:00Z");
  BOOST_TEST(read(tag::utc_time, "491231235959Z") == "2049-12-31T23:59:59Z");
  BOOST_TEST(read(tag::generalized_time, "20500101000000Z") == "2050-01-01T00:00:00Z");
  BOOST_TEST(read(tag::generalized_time, "99991231235959Z") == "9999-12-31T23:59:59Z");
  for (auto const* bad : {"1305092325Z", "130509232556+0100", "130532232556Z", "131309232556Z", "130509242556Z",
                          "13050923255 Z", "130229000000Z", ""})
    BOOST_TEST(read(tag::utc_time, bad) == "none", bad);
  BOOST_TEST(read(tag::generalized_time, "20500101000000.5Z") == "none");
}

BOOST_AUTO_TEST_CASE(times_are_written_in_the_form_that_their_year_demands) {
  using namespace std::chrono;
  auto const written = [](pki::time_point moment) { return to_hex(byte_view{der::time(moment)}.first(2)); };
  BOOST_TEST(written(pki::time_point{sys_days{year{2049} / 12 / 31}}) == "170d");
  BOOST_TEST(written(pki::time_point{sys_days{year{2050} / 1 / 1}}) == "180f");
  BOOST_TEST(written(pki::time_point{sys_days{year{1949} / 12 / 31}}) == "180f");
  BOOST_TEST(written(pki::time_point{sys_days{year{1950} / 1 / 1}}) == "170d");
  BOOST_TEST(to_text(byte_view{der::time(pki::time_point::max())}.subspan(2)) == "99991231235959Z");
}

BOOST_AUTO_TEST_CASE(a_name_is_made_shown_and_searched) {
  auto const name =
      make_name({{oids::country_name, "SE"}, {oids::organization_name, "A, B"}, {oids::common_name, "d\n1"}});
  BOOST_TEST(check_der(name).has_value());
  BOOST_TEST(name_text(name) == "C=SE, O=A\\, B, CN=d\\0a1");
  BOOST_TEST(*find_in_name(name, oids::country_name) == "SE");
  BOOST_TEST(!find_in_name(name, oids::surname));
  auto const attributes = parse_name(name);
  BOOST_REQUIRE(attributes);
  BOOST_TEST(attributes->at(0).string_tag == tag::printable_string);
  BOOST_TEST(attributes->at(2).string_tag == tag::utf8_string);
  BOOST_TEST(name_text(from_hex("0500")) == "(not a name)");
}

BOOST_AUTO_TEST_CASE(names_are_the_same_but_for_case_spaces_and_string_type) {
  auto const one = make_name({{oids::common_name, "Device  One "}});
  auto const rdn = [](std::uint8_t string, std::string_view text) {
    return der::value(tag::sequence,
                      der::value(tag::set, der::sequence({oids::common_name.encode(), der::text(string, text)})));
  };
  BOOST_TEST(same_name(one, rdn(tag::printable_string, "device one")));
  BOOST_TEST(!same_name(one, rdn(tag::printable_string, "device two")));
  BOOST_TEST(!same_name(one, make_name({{oids::serial_number, "device one"}})));
  BOOST_TEST(!same_name(one, make_name({})));
}

BOOST_AUTO_TEST_CASE(key_usage_has_no_trailing_zero_bits) {
  BOOST_TEST(to_hex(make_key_usage(key_usage::digital_signature).value) == "03020780");
  BOOST_TEST(to_hex(make_key_usage(key_usage::key_cert_sign | key_usage::crl_sign).value) == "03020106");
  BOOST_TEST(to_hex(make_key_usage(key_usage::decipher_only).value) == "0303070080");
  BOOST_TEST(to_hex(make_key_usage(0).value) == "030100");
}

BOOST_AUTO_TEST_CASE(basic_constraints_leave_the_default_out) {
  BOOST_TEST(to_hex(make_basic_constraints(false).value) == "3000");
  BOOST_TEST(to_hex(make_basic_constraints(true).value) == "30030101ff");
  BOOST_TEST(to_hex(make_basic_constraints(true, 0).value) == "30060101ff020100");
}

BOOST_AUTO_TEST_CASE(alternative_names_are_written_and_read_back) {
  const alternative_names names{{"a.example", "b.example"}, {"x@example"}, {"urn:dev:1"}, {from_hex("7f000001")}, 0};
  auto const read = parse_alternative_names(make_subject_alternative_name(names).value);
  BOOST_REQUIRE(read);
  BOOST_TEST((*read == names));
  auto const other = parse_alternative_names(from_hex("3004 a4023000"));
  BOOST_REQUIRE(other);
  BOOST_TEST(other->others == 1u);
  BOOST_TEST(!parse_alternative_names(from_hex("0500")));
}

BOOST_AUTO_TEST_CASE(kinds_of_keys_have_names) {
  for (auto const* text : {"RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "P-521", "Ed25519"})
    BOOST_TEST(to_text(*parse_key_spec(text)) == text);
  for (auto const* text : {"", "RSA", "RSA-1024", "RSA-2049", "RSA-8192", "RSA-20x8", "P-192", "ed25519"})
    BOOST_TEST((!parse_key_spec(text) && parse_key_spec(text).error().code == errc::invalid_argument), text);
}

BOOST_AUTO_TEST_SUITE_END()
