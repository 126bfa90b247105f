// The template of RFC 9908 section 3.4: the printed example, each way in which it departs from the text, and the laws.
#include "csr_attributes_support.hpp"

#include <cstddef>

using namespace est;
using namespace est::pki;
using namespace est::test;

namespace {

bytes template_of(bytes const& subject, bytes const& key, bytes const& attributes, std::uint32_t version = 0) {
  return der::sequence({der::integer(version), subject, key, attributes});
}
bytes attributes_field(std::initializer_list<byte_view> list) { return der::value(tag::context(1), list); }
const bytes no_attributes = attributes_field({});

std::string template_codes(byte_view der) {
  notes said;
  auto const read = parse_csr_template(der, &said);
  BOOST_REQUIRE_MESSAGE(read, why(read));
  return codes(said);
}
csr_template read_template(byte_view der) { return must(parse_csr_template(der)); }

bytes key_field(std::initializer_list<byte_view> content) { return der::value(tag::context(0), content); }
bytes algorithm_of(object_id const& algorithm, bytes const& parameters) {
  return der::sequence({algorithm.encode(), parameters});
}

const object_id printed{1, 2, 840, 113549, 1, 9, 62};
const bytes open_usage = der::sequence({oids::extended_key_usage.encode()});
const bytes whole_usage = der::sequence({oids::key_usage.encode(), der::boolean(true),
                                         der::octet_string(make_key_usage(key_usage::digital_signature).value)});

csr_template example() {
  csr_template made;
  made.subject = {{oids::common_name, std::nullopt, false},
                  {oids::organizational_unit_name, der::text(tag::utf8_string, "myDept"), false},
                  {oids::organizational_unit_name, der::text(tag::utf8_string, "myGroup"), false}};
  made.key = wish_for(key_spec::ecdsa("secp256r1"));
  alternative_names names;
  names.dns = {"www.myServer.com"};
  names.ip.emplace_back();
  auto const usage = make_key_usage(key_usage::digital_signature | key_usage::key_agreement);
  made.extensions = {{oids::subject_alternative_name, false, make_subject_alternative_name(names).value},
                     {oids::key_usage, true, usage.value},
                     {oids::extended_key_usage, false, std::nullopt}};
  return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(csr_template_of_rfc9908)

BOOST_AUTO_TEST_CASE(the_printed_example_is_read) {
  notes said;
  auto const list = must(parse_csr_attributes(vector_octets("rfc9908/s34-constructed.b64"), &said));
  BOOST_TEST(said.empty());
  auto const& wishes = list.wishes();
  BOOST_TEST(wishes.from_template);
  BOOST_TEST((wishes == wishes_of(example())));
  BOOST_TEST(is_open(wishes.extensions[0]));
  BOOST_TEST(!is_open(wishes.extensions[1]));
  BOOST_TEST(is_open(wishes.extensions[2]));
}

BOOST_AUTO_TEST_CASE(the_printed_example_is_what_is_written) {
  auto const made = must(make_csr_attributes({must(csr_template_attribute(example()))}));
  BOOST_TEST((made.der() == vector_octets("rfc9908/s34-constructed.b64")));
}

BOOST_AUTO_TEST_CASE(nothing_asked_for_is_the_shortest_template) {
  auto const der = must(encode_csr_template({}));
  BOOST_TEST((der == bytes{0x30, 5, 2, 1, 0, 0xa1, 0}));
  BOOST_TEST(template_codes(der).empty());
  BOOST_TEST(wishes_of(read_template(der)).empty());
}

BOOST_AUTO_TEST_CASE(the_size_of_an_rsa_key_is_that_of_the_placeholder) {
  for (std::size_t const bits : {1024u, 2047u, 2048u, 3072u, 4096u}) {
    csr_template wanted;
    wanted.key = key_wish{oids::rsa_encryption, {}, bits, {}};
    auto const der = must(encode_csr_template(wanted));
    BOOST_TEST(template_codes(der).empty());
    BOOST_TEST((read_template(der) == wanted), bits);
  }
}

BOOST_AUTO_TEST_CASE(extensions_that_leave_nothing_open_are_written_as_extension_request) {
  csr_template wanted;
  wanted.extensions = {{oids::key_usage, true, make_key_usage(key_usage::digital_signature).value}};
  auto const der = must(encode_csr_template(wanted));
  auto const oid = oids::extension_request.encode();
  BOOST_TEST((std::search(der.begin(), der.end(), oid.begin(), oid.end()) != der.end()));
  BOOST_TEST((read_template(der) == wanted));
}

BOOST_AUTO_TEST_CASE(a_challenge_password_is_asked_for_by_an_attribute_without_values) {
  csr_template wanted;
  wanted.attributes = {{oids::challenge_password, {}}};
  auto const wishes = wishes_of(read_template(must(encode_csr_template(wanted))));
  BOOST_TEST(wishes.challenge_password);
  BOOST_TEST(!wishes.challenge_password_value);
  wanted.attributes[0].values = {der::text(tag::printable_string, "code")};
  BOOST_TEST(wishes_of(read_template(must(encode_csr_template(wanted)))).challenge_password_value.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_template_notes)

BOOST_AUTO_TEST_CASE(the_template_alone_counts_and_what_stands_beside_it_is_noted) {
  auto const whole = must(csr_template_attribute(example()));
  auto const made =
      must(make_csr_attributes({oids::challenge_password, key_type_attribute(key_spec::rsa(4096)), whole}));
  BOOST_TEST(codes_of(made.der()) == "csr_template_beside_others csr_template_beside_password");
  BOOST_TEST((made.wishes() == wishes_of(example())));
  BOOST_TEST(made.names(oids::challenge_password));
  notes said;
  BOOST_REQUIRE(parse_csr_attributes(made.der(), &said));
  BOOST_TEST(!said.has_deviation());
}

BOOST_AUTO_TEST_CASE(the_first_of_several_templates_counts) {
  auto one = must(csr_template_attribute(example()));
  auto const other = must(csr_template_attribute({}));
  auto const made = must(make_csr_attributes({one, other}));
  BOOST_TEST(codes_of(made.der()) == "csr_template_repeated");
  BOOST_TEST((made.wishes() == wishes_of(example())));
}

BOOST_AUTO_TEST_CASE(a_template_that_cannot_be_read_leaves_the_list) {
  auto const made =
      must(make_csr_attributes({attribute{oids::csr_template, {der::integer(1u)}}, oids::challenge_password}));
  BOOST_TEST(codes_of(made.der()) == "csr_template_unreadable");
  BOOST_TEST(!made.wishes().from_template);
  BOOST_TEST(made.wishes().challenge_password);
}

BOOST_AUTO_TEST_CASE(another_version_is_noted) {
  BOOST_TEST(template_codes(template_of({}, {}, no_attributes, 1)) == "csr_template_version");
}

BOOST_AUTO_TEST_CASE(a_subject_that_asks_for_nothing_is_noted) {
  BOOST_TEST(template_codes(template_of({0x30, 0}, {}, no_attributes)) == "csr_template_empty_subject");
}

BOOST_AUTO_TEST_CASE(a_placeholder_that_says_nothing_is_noted) {
  auto const curve = algorithm_of(oids::ec_public_key, oids::secp256r1.encode());
  BOOST_TEST(template_codes(template_of({}, key_field({curve, der::bit_string(bytes{4})}), no_attributes)) ==
             "csr_template_key_placeholder");
  auto const rsa = algorithm_of(oids::rsa_encryption, der::null());
  BOOST_TEST(template_codes(template_of({}, key_field({rsa, der::bit_string({})}), no_attributes)) ==
             "csr_template_key_placeholder");
  BOOST_TEST(template_codes(template_of({}, key_field({}), no_attributes)) == "csr_template_key_placeholder");
}

BOOST_AUTO_TEST_CASE(a_missing_attributes_field_is_noted) {
  BOOST_TEST(template_codes(template_of({}, {}, {})) == "csr_template_no_attributes");
}

BOOST_AUTO_TEST_CASE(explicit_tags_are_read_and_noted) {
  auto const curve = algorithm_of(oids::ec_public_key, oids::secp256r1.encode());
  auto const der = template_of({}, key_field({der::sequence({curve})}),
                               attributes_field({set_of({attribute_of(oids::challenge_password, {})})}));
  BOOST_TEST(template_codes(der) == "csr_template_explicit_tag csr_template_explicit_tag");
  auto const read = read_template(der);
  BOOST_TEST((read.key == wish_for(key_spec::ecdsa("secp256r1"))));
  BOOST_TEST(read.attributes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_empty_value_is_one_to_be_filled_in) {
  auto const subject =
      der::sequence({set_of({der::sequence({oids::common_name.encode(), der::text(tag::utf8_string, "")})})});
  BOOST_TEST(template_codes(template_of(subject, {}, no_attributes)) == "csr_template_empty_value");
  BOOST_TEST(!read_template(template_of(subject, {}, no_attributes)).subject.at(0).value);
  auto const empty = der::sequence({der::sequence({oids::key_usage.encode(), der::octet_string({})})});
  BOOST_TEST(template_codes(
                 template_of({}, {}, attributes_field({attribute_of(oids::extension_request_template, {empty})}))) ==
             "csr_template_empty_value");
}

BOOST_AUTO_TEST_CASE(an_extension_template_is_read_as_the_prose_and_as_the_module_has_it) {
  auto const one =
      template_of({}, {}, attributes_field({attribute_of(oids::extension_request_template, {open_usage})}));
  auto const list = template_of(
      {}, {}, attributes_field({attribute_of(oids::extension_request_template, {der::sequence({open_usage})})}));
  BOOST_TEST(template_codes(one) == "csr_template_one_extension");
  BOOST_TEST(template_codes(list).empty());
  BOOST_TEST((read_template(one) == read_template(list)));
}

BOOST_AUTO_TEST_CASE(the_identifier_that_the_example_prints_is_read) {
  auto const der = template_of({}, {}, attributes_field({attribute_of(printed, {der::sequence({open_usage})})}));
  notes said;
  BOOST_REQUIRE(parse_csr_template(der, &said));
  BOOST_TEST(codes(said) == "csr_template_printed_oid");
  BOOST_TEST(!said.has_deviation());
  BOOST_TEST(read_template(der).extensions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(more_than_one_way_to_ask_for_extensions_is_noted) {
  auto const open = attribute_of(oids::extension_request_template, {der::sequence({open_usage})});
  auto const whole = attribute_of(oids::extension_request, {der::sequence({whole_usage})});
  BOOST_TEST(template_codes(template_of({}, {}, attributes_field({open, whole}))) == "csr_template_both_requests");
  BOOST_TEST(read_template(template_of({}, {}, attributes_field({open, whole}))).extensions.size() == 2u);
  auto const other = attribute_of(oids::extension_request_template,
                                  {der::sequence({der::sequence({oids::subject_alternative_name.encode()})})});
  BOOST_TEST(template_codes(template_of({}, {}, attributes_field({open, other}))) ==
             "csr_template_extension_templates");
  auto const more = attribute_of(oids::extension_request_template,
                                 {der::sequence({open_usage}), der::sequence({whole_usage, open_usage})});
  BOOST_TEST(template_codes(template_of({}, {}, attributes_field({more}))) ==
             "csr_template_extension_values csrattrs_repeated_extension");
}

BOOST_AUTO_TEST_CASE(a_template_that_leaves_nothing_open_is_noted) {
  auto const der = template_of(
      {}, {}, attributes_field({attribute_of(oids::extension_request_template, {der::sequence({whole_usage})})}));
  BOOST_TEST(template_codes(der) == "csr_template_nothing_open");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_template_laws)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  auto wanted = example();
  wanted.attributes = {{oids::challenge_password, {}}};
  BOOST_TEST((read_template(must(encode_csr_template(wanted))) == wanted));
  wanted.subject[2].joined = true;
  auto const again = read_template(must(encode_csr_template(wanted)));
  BOOST_TEST(again.subject[2].joined);
  wanted.key = key_wish{{2, 16, 840, 1, 101, 3, 4, 3, 17}, {}, 0, {}};
  BOOST_TEST((read_template(must(encode_csr_template(wanted))).key == wanted.key));
}

BOOST_AUTO_TEST_CASE(truncation_at_every_octet_is_a_failure) {
  auto const der = must(encode_csr_template(example()));
  for (std::size_t size = 0; size < der.size(); ++size)
    BOOST_TEST(!parse_csr_template(byte_view{der}.first(size)).has_value(), "cut at " << size);
}

BOOST_AUTO_TEST_CASE(what_is_no_template_is_refused) {
  BOOST_TEST((parse_csr_template(der::integer(0u)).error().code == errc::malformed_csr_attributes));
  BOOST_TEST((parse_csr_template(bytes{0x30, 0}).error().code == errc::malformed_csr_attributes));
  BOOST_TEST((parse_csr_template(template_of({}, {}, attributes_field({der::null()}))).error().code ==
              errc::malformed_csr_attributes));
  BOOST_TEST((parse_csr_template(template_of({0x30, 2, 5, 0}, {}, no_attributes)).error().code ==
              errc::malformed_csr_attributes));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_refused) {
  csr_template wanted;
  wanted.subject = {{{}, std::nullopt, false}};
  BOOST_TEST((encode_csr_template(wanted).error().code == errc::invalid_argument));
  wanted = {};
  wanted.key = key_wish{oids::rsa_encryption, {}, 1u << 20, {}};
  BOOST_TEST((encode_csr_template(wanted).error().code == errc::invalid_argument));
  wanted = {};
  wanted.attributes = {{oids::challenge_password, {bytes{1}}}};
  BOOST_TEST((encode_csr_template(wanted).error().code == errc::invalid_argument));
}

BOOST_AUTO_TEST_SUITE_END()
