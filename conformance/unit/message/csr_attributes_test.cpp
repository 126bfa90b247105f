// CsrAttrs of RFC 7030, 8951 and 9908 section 3.2: the examples, each note, truncation and the laws of octets.
#include "csr_attributes_support.hpp"

using namespace est;
using namespace est::pki;
using namespace est::test;

namespace {

const object_id mac_address{1, 3, 6, 1, 1, 1, 1, 22};
const object_id ecdsa_with_sha384{1, 2, 840, 10045, 4, 3, 3};
const object_id sha384{2, 16, 840, 1, 101, 3, 4, 2, 2};
const object_id friendly_name{1, 2, 840, 113549, 1, 9, 20};

bytes extension_of(object_id const& oid, byte_view value) {
  return der::sequence({oid.encode(), der::octet_string(value)});
}

} // namespace

BOOST_AUTO_TEST_SUITE(csr_attributes_of_rfc7030)

BOOST_AUTO_TEST_CASE(the_example_of_section_4_5_2_is_read_and_its_error_noted) {
  notes said;
  auto const list = must(parse_csr_attributes(vector_octets("rfc7030/s452-csrattrs.b64"), &said));
  BOOST_TEST(codes(said) == "csrattrs_extension_request_oid");
  BOOST_TEST(said.begin()->where == "csrattrs[2]");
  auto const& wishes = list.wishes();
  BOOST_TEST(!wishes.from_template);
  BOOST_TEST(wishes.challenge_password);
  BOOST_TEST((wishes.keys == std::vector<key_wish>{{oids::ec_public_key, oids::secp384r1, 0, {}}}));
  BOOST_TEST((wishes.signature_algorithms == std::vector{ecdsa_with_sha384}));
  BOOST_TEST((wishes.information == std::vector{mac_address}));
  BOOST_TEST(wishes.extensions.empty());
}

BOOST_AUTO_TEST_CASE(the_example_of_appendix_a2_is_read_and_its_bare_curve_and_hash_noted) {
  notes said;
  auto const list = must(parse_csr_attributes(vector_octets("rfc7030/a2-csrattrs-response.b64"), &said));
  BOOST_TEST(codes(said) == "csrattrs_bare_curve csrattrs_bare_hash");
  BOOST_TEST(list.elements().size() == 6u);
  auto const& wishes = list.wishes();
  BOOST_TEST(wishes.challenge_password);
  BOOST_REQUIRE(wishes.keys.size() == 1u);
  BOOST_TEST(to_text(wishes.keys.front()) == "EC on brainpool384r1");
  BOOST_TEST((wishes.hashes == std::vector{sha384}));
  BOOST_TEST((wishes.information == std::vector{mac_address}));
  BOOST_REQUIRE(wishes.attributes.size() == 2u); // 2.999.1 and 2.999.2, which nobody has to know
  BOOST_TEST(wishes.attributes[1].values.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_empty_sequence_asks_for_nothing) {
  notes said;
  auto const list = must(parse_csr_attributes(bytes{0x30, 0}, &said));
  BOOST_TEST(list.empty());
  BOOST_TEST(list.wishes().empty());
  BOOST_TEST(said.empty());
  BOOST_TEST((list == csr_attributes{}));
  BOOST_TEST((csr_attributes{}.der() == bytes{0x30, 0}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_attributes_of_rfc9908)

BOOST_AUTO_TEST_CASE(example_5_1_gives_a_whole_extension) {
  notes said;
  auto const list = must(parse_csr_attributes(vector_octets("rfc9908/s51-realistic-acp.b64"), &said));
  BOOST_TEST(said.empty());
  BOOST_REQUIRE(list.wishes().extensions.size() == 1u);
  auto const& san = list.wishes().extensions.front();
  BOOST_TEST((san.oid == oids::subject_alternative_name));
  BOOST_TEST(san.critical);
  BOOST_TEST(!is_open(san));
  BOOST_TEST(as_text(*san.value).find("@acp.example.com") != std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(example_5_2_is_the_correct_form_of_the_old_example) {
  notes said;
  auto const list = must(parse_csr_attributes(vector_octets("rfc9908/s52-rfc7030-example01.b64"), &said));
  BOOST_TEST(said.empty());
  BOOST_TEST((list.wishes() == read_list(vector_octets("rfc7030/s452-csrattrs.b64")).wishes()));
}

BOOST_AUTO_TEST_CASE(example_5_3_is_that_of_5_6_and_has_no_alternative_name) {
  auto const list = read_list(vector_octets("rfc9908/s53-potato-example.b64"));
  BOOST_TEST((list == read_list(vector_octets("rfc9908/s56-harkins03.b64"))));
  BOOST_TEST(list.wishes().extensions.empty());
}

BOOST_AUTO_TEST_CASE(example_5_4_asks_for_a_size_of_rsa_key) {
  auto const wishes = read_list(vector_octets("rfc9908/s54-harkins01.b64")).wishes();
  BOOST_TEST((wishes.keys == std::vector<key_wish>{{oids::rsa_encryption, {}, 4096, {}}}));
  BOOST_TEST(wishes.challenge_password);
  BOOST_TEST((wishes.signature_algorithms == std::vector<object_id>{{1, 2, 840, 113549, 1, 1, 11}}));
}

BOOST_AUTO_TEST_CASE(examples_5_5_and_5_6_ask_for_information_of_the_client) {
  BOOST_TEST(
      (read_list(vector_octets("rfc9908/s55-harkins02.b64")).wishes().information == std::vector{oids::serial_number}));
  auto const wishes = read_list(vector_octets("rfc9908/s56-harkins03.b64")).wishes();
  BOOST_TEST((wishes.information ==
              std::vector<object_id>{friendly_name, {0, 9, 2342, 19200300, 100, 1, 5}, oids::serial_number}));
  BOOST_TEST((wishes.keys == std::vector<key_wish>{{oids::ec_public_key, oids::secp521r1, 0, {}}}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_attributes_notes)

BOOST_AUTO_TEST_CASE(a_foreign_element_is_kept_and_skipped) {
  auto const der = list_of({der::integer(5u), oids::challenge_password.encode(), der::sequence({der::integer(1u)})});
  BOOST_TEST(codes_of(der) == "csrattrs_foreign_element csrattrs_foreign_element");
  auto const list = read_list(der);
  BOOST_TEST(list.elements().size() == 3u);
  BOOST_TEST((std::get<bytes>(list.elements()[0]) == der::integer(5u)));
  BOOST_TEST(list.wishes().challenge_password);
}

BOOST_AUTO_TEST_CASE(a_list_in_a_list_is_a_foreign_element) {
  auto const inner = list_of({oids::challenge_password.encode(), oids::serial_number.encode()});
  BOOST_TEST(codes_of(list_of({inner})) == "csrattrs_foreign_element");
}

BOOST_AUTO_TEST_CASE(values_in_a_sequence_are_read) {
  auto const der = list_of({der::sequence({oids::ec_public_key.encode(), der::sequence({oids::secp256r1.encode()})})});
  BOOST_TEST(codes_of(der) == "csrattrs_values_in_sequence");
  BOOST_TEST((read_list(der).wishes().keys == std::vector<key_wish>{{oids::ec_public_key, oids::secp256r1, 0, {}}}));
  BOOST_TEST((read_list(der).der() == der));
}

BOOST_AUTO_TEST_CASE(an_attribute_without_values_is_one_to_be_filled_in) {
  auto const der = list_of({attribute_of(friendly_name, {}), der::sequence({mac_address.encode()})});
  BOOST_TEST(codes_of(der) == "csrattrs_no_values csrattrs_no_values");
  BOOST_TEST((read_list(der).wishes().information == std::vector{friendly_name, mac_address}));
}

BOOST_AUTO_TEST_CASE(a_key_type_may_have_an_empty_set) {
  auto const der = list_of({attribute_of(oids::rsa_encryption, {})});
  notes said;
  BOOST_REQUIRE(parse_csr_attributes(der, &said));
  BOOST_TEST(codes(said) == "csrattrs_key_without_values");
  BOOST_TEST(!said.has_deviation());
  BOOST_TEST((read_list(der).wishes().keys == std::vector<key_wish>{{oids::rsa_encryption, {}, 0, {}}}));
}

BOOST_AUTO_TEST_CASE(null_parameters_of_rsa_say_nothing) {
  auto const der = list_of({attribute_of(oids::rsa_encryption, {der::null()})});
  BOOST_TEST(codes_of(der).empty());
  BOOST_TEST((read_list(der).wishes().keys == std::vector<key_wish>{{oids::rsa_encryption, {}, 0, {}}}));
}

BOOST_AUTO_TEST_CASE(a_bare_key_type_asks_for_a_key_of_that_type) {
  auto const der = list_of({oids::ec_public_key.encode()});
  BOOST_TEST(codes_of(der) == "csrattrs_bare_key_type");
  BOOST_TEST((read_list(der).wishes().keys == std::vector<key_wish>{{oids::ec_public_key, {}, 0, {}}}));
}

BOOST_AUTO_TEST_CASE(a_bare_curve_completes_a_bare_key_type) {
  auto const der = list_of({oids::secp384r1.encode(), oids::ec_public_key.encode()});
  BOOST_TEST(codes_of(der) == "csrattrs_bare_curve csrattrs_bare_key_type");
  BOOST_TEST((read_list(der).wishes().keys == std::vector<key_wish>{{oids::ec_public_key, oids::secp384r1, 0, {}}}));
}

BOOST_AUTO_TEST_CASE(ed25519_alone_is_a_signature_algorithm_and_as_attribute_a_key_type) {
  auto const alone = read_list(list_of({oids::ed25519.encode()})).wishes();
  BOOST_TEST((alone.signature_algorithms == std::vector{oids::ed25519}));
  BOOST_TEST(alone.keys.empty());
  auto const typed = read_list(list_of({attribute_of(oids::ed25519, {})})).wishes();
  BOOST_TEST(typed.signature_algorithms.empty());
  BOOST_TEST(typed.keys.size() == 1u);
}

BOOST_AUTO_TEST_CASE(several_key_types_are_alternatives) {
  auto const der = list_of({attribute_of(oids::ec_public_key, {oids::secp256r1.encode()}),
                            attribute_of(oids::rsa_encryption, {der::integer(2048u)})});
  BOOST_TEST(codes_of(der) == "csrattrs_several_key_types");
  BOOST_TEST(read_list(der).wishes().keys.size() == 2u);
}

BOOST_AUTO_TEST_CASE(parameters_of_another_key_type_are_noted) {
  BOOST_TEST(codes_of(list_of({attribute_of(oids::ec_public_key, {der::integer(256u)})})) == "csrattrs_key_parameters");
  BOOST_TEST(codes_of(list_of({attribute_of(oids::rsa_encryption, {oids::secp256r1.encode()})})) ==
             "csrattrs_key_parameters");
  BOOST_TEST(
      codes_of(list_of({attribute_of(oids::ec_public_key, {oids::secp256r1.encode(), oids::secp384r1.encode()})})) ==
      "csrattrs_key_parameters");
}

BOOST_AUTO_TEST_CASE(extension_requests_are_read_in_every_form_that_was_met) {
  auto const usage = make_key_usage(key_usage::digital_signature).value;
  auto const one = der::sequence({extension_of(oids::key_usage, usage)});
  auto const other = der::sequence({extension_of(oids::extended_key_usage, usage)});
  auto const request = attribute_of(oids::extension_request, {one});
  BOOST_TEST(codes_of(list_of({request})).empty());
  BOOST_TEST(codes_of(list_of({request, attribute_of(oids::extension_request, {other})})) ==
             "csrattrs_extension_requests");
  BOOST_TEST(codes_of(list_of({request, request})) == "csrattrs_extension_requests csrattrs_repeated_extension");
  BOOST_TEST(codes_of(list_of({attribute_of(oids::extension_request, {one, other})})) ==
             "csrattrs_extension_request_values");
  BOOST_TEST(codes_of(list_of({attribute_of(oids::extension_request, {})})) ==
             "csrattrs_no_values csrattrs_extension_request_values");
  BOOST_TEST(codes_of(list_of({attribute_of(oids::microsoft_extension_request, {one})})) ==
             "csrattrs_extension_request_microsoft");
  BOOST_TEST(codes_of(list_of({attribute_of(oids::extension_request, {der::integer(1u)})})) ==
             "csrattrs_extension_request_value");
  auto const open = der::sequence({der::sequence({oids::subject_alternative_name.encode()})});
  BOOST_TEST(codes_of(list_of({attribute_of(oids::extension_request, {open})})) == "csrattrs_extension_request_value");
  BOOST_TEST(is_open(read_list(list_of({attribute_of(oids::extension_request, {open})})).wishes().extensions.at(0)));
  auto const twice = der::sequence({extension_of(oids::key_usage, usage), extension_of(oids::key_usage, usage)});
  BOOST_TEST(codes_of(list_of({attribute_of(oids::extension_request, {twice})})) == "csrattrs_repeated_extension");
  BOOST_TEST(read_list(list_of({attribute_of(oids::extension_request, {one, other})})).wishes().extensions.size() ==
             2u);
}

BOOST_AUTO_TEST_CASE(an_extension_is_asked_for_once_however_often_it_is_named) {
  auto const name = oids::subject_alternative_name.encode();
  auto const der = list_of({attribute_of(oids::extension_request, {name, name})});
  BOOST_TEST(codes_of(der) == "csrattrs_extension_request_oid csrattrs_extension_request_oid "
                              "csrattrs_repeated_extension");
  BOOST_TEST(read_list(der).wishes().extensions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(no_more_extensions_and_kinds_of_keys_are_kept_than_are_promised) {
  auto const extension_number = [](std::uint32_t n) { return extension_of(object_id{2, 5, 29, n}, der::null()); };
  std::vector<bytes> first, second;
  for (std::uint32_t n = 0; n < 200; ++n) {
    first.push_back(extension_number(1000 + n));
    second.push_back(extension_number(2000 + n));
  }
  auto const one = der::value(tag::sequence, der::concatenation(first)),
             other = der::value(tag::sequence, der::concatenation(second));
  auto const der = list_of({attribute_of(oids::extension_request, {one, other})});
  BOOST_TEST(codes_of(der) == "csrattrs_extension_request_values csrattrs_extension_request_value");
  BOOST_TEST(read_list(der).wishes().extensions.size() == 200u);

  bytes sizes;
  for (std::uint32_t n = 0; n < 200; ++n) {
    auto const size = der::integer(2048 + n);
    sizes.insert(sizes.end(), size.begin(), size.end());
  }
  auto const keys = der::sequence({oids::rsa_encryption.encode(), der::value(tag::set, sizes)});
  BOOST_TEST(read_list(list_of({keys, keys})).wishes().keys.size() == 256u);
}

BOOST_AUTO_TEST_CASE(an_extension_outside_of_an_extension_request_is_one_to_be_filled_in) {
  auto const der = list_of({oids::subject_alternative_name.encode(), attribute_of(oids::key_usage, {der::null()}),
                            oids::key_usage.encode()});
  BOOST_TEST(codes_of(der) == "csrattrs_extension_outside csrattrs_extension_outside csrattrs_extension_outside "
                              "csrattrs_repeated_extension");
  auto const extensions = read_list(der).wishes().extensions;
  BOOST_REQUIRE(extensions.size() == 2u);
  BOOST_TEST(!extensions[0].value);
}

BOOST_AUTO_TEST_CASE(ber_is_read_and_noted) {
  auto der = vector_octets("rfc7030/s452-csrattrs.b64");
  bytes ber{0x30, 0x80};
  ber.insert(ber.end(), der.begin() + 2, der.end());
  ber.insert(ber.end(), {0, 0});
  notes said;
  auto const list = must(parse_csr_attributes(ber, &said));
  BOOST_TEST(said.has(note_code::ber_indefinite_length));
  BOOST_TEST((list.der() == der));
  der.push_back(0);
  BOOST_TEST(codes_of(der) == "der_trailing_octets csrattrs_extension_request_oid");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_attributes_laws)

BOOST_AUTO_TEST_CASE(octets_stay_what_they_are) {
  for (auto const* name : list_vectors) {
    auto const der = vector_octets(name);
    auto const list = read_list(der);
    BOOST_TEST((list.der() == der), name);
    BOOST_TEST((must(make_csr_attributes(list.elements())) == list), name);
  }
}

BOOST_AUTO_TEST_CASE(truncation_at_every_octet_is_a_failure) {
  for (auto const* name : list_vectors) {
    auto const der = vector_octets(name);
    for (std::size_t size = 0; size < der.size(); ++size) {
      auto const read = parse_csr_attributes(byte_view{der}.first(size));
      BOOST_TEST(!read.has_value(), name << " cut at " << size);
    }
  }
}

BOOST_AUTO_TEST_CASE(any_octet_may_be_another_without_harm) {
  for (auto const* name : list_vectors) {
    auto const der = vector_octets(name);
    for (std::size_t at = 0; at < der.size(); ++at)
      for (unsigned bit = 0; bit < 8; ++bit) {
        auto changed = der;
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ 1u << bit);
        notes said;
        auto const read = parse_csr_attributes(changed, &said);
        if (!read) continue;
        auto const again = parse_csr_attributes(read->der());
        BOOST_REQUIRE(again.has_value());
        BOOST_TEST((again->wishes() == read->wishes()));
      }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_list_is_refused) {
  BOOST_TEST((parse_csr_attributes(bytes{0x31, 0}).error().code == errc::malformed_csr_attributes));
  BOOST_TEST((parse_csr_attributes(oids::challenge_password.encode()).error().code == errc::malformed_csr_attributes));
  BOOST_TEST((parse_csr_attributes(bytes{}).error().code == errc::truncated));
  bytes many;
  for (int i = 0; i < 257; ++i) many.insert(many.end(), {6, 1, 42});
  BOOST_TEST((parse_csr_attributes(der::value(tag::sequence, many)).error().code == errc::too_large));
  bytes deep{0x30, 0};
  for (int i = 0; i < 40; ++i) deep = der::sequence({deep});
  BOOST_TEST((parse_csr_attributes(deep).error().code == errc::too_deep));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_refused) {
  BOOST_TEST((make_csr_attributes({object_id{}}).error().code == errc::invalid_argument));
  BOOST_TEST((make_csr_attributes({attribute{friendly_name, {bytes{4, 9}}}}).error().code == errc::invalid_argument));
  BOOST_TEST((make_csr_attributes({attribute{{}, {}}}).error().code == errc::invalid_argument));
  BOOST_TEST((make_csr_attributes({bytes{0x30}}).error().code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(what_is_made_is_the_example_of_the_rfc) {
  auto const made = must(make_csr_attributes(
      {oids::challenge_password, key_type_attribute(key_spec::ecdsa("secp384r1")), mac_address, ecdsa_with_sha384}));
  BOOST_TEST((made.der() == vector_octets("rfc9908/s52-rfc7030-example01.b64")));
  auto const rsa = must(make_csr_attributes(
      {oids::challenge_password, key_type_attribute(key_spec::rsa(4096)), object_id{1, 2, 840, 113549, 1, 1, 11}}));
  BOOST_TEST((rsa.der() == vector_octets("rfc9908/s54-harkins01.b64")));
}

BOOST_AUTO_TEST_SUITE_END()
