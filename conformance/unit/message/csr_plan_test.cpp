// Following a server's wishes: what CSR comes of them, and what is said to be missing.
#include "csr_attributes_support.hpp"

#include <stdexcept>

using namespace est;
using namespace est::pki;
using namespace est::test;

namespace {

const object_id friendly_name{1, 2, 840, 113549, 1, 9, 20};
const object_id favourite_drink{0, 9, 2342, 19200300, 100, 1, 5};
const object_id ecdsa_with_sha384{1, 2, 840, 10045, 4, 3, 3};
const object_id rsa_with_sha512{1, 2, 840, 113549, 1, 1, 13};

csr_offer offer_of_device() {
  csr_offer made;
  made.subject = make_name({{oids::common_name, "device-7"}, {oids::organization_name, "Example"}});
  made.challenge_password = [] { return std::optional<std::string>{"AAECAwQFBgcICQoL"}; };
  return made;
}

attribute text_attribute(object_id const& oid, std::string_view text) {
  return {oid, {der::text(tag::utf8_string, text)}};
}

csr_attributes with_template(csr_template const& wanted) {
  return must(make_csr_attributes({must(csr_template_attribute(wanted))}));
}

csr request_of(csr_plan const& plan) {
  auto made = must(make_key_and_csr(plan, at_test_time()));
  BOOST_TEST(made.request.signature_verifies());
  BOOST_TEST((made.request.public_key_info() == made.key.public_key_info()));
  return made.request;
}

std::string signature_of(std::vector<csr_attribute> const& wishes, csr_offer const& offer = offer_of_device()) {
  auto const plan = follow(must(make_csr_attributes(wishes)), offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  return request_of(plan).signature_algorithm();
}

} // namespace

BOOST_AUTO_TEST_SUITE(csr_plan_of_a_list)

BOOST_AUTO_TEST_CASE(without_wishes_the_offer_is_the_request) {
  auto offer = offer_of_device();
  offer.attributes = {text_attribute(friendly_name, "mine")};
  offer.attributes_if_asked = {text_attribute(favourite_drink, "tea")};
  offer.names_if_asked = {{oids::serial_number, "7"}};
  auto const plan = follow({}, offer);
  BOOST_TEST(plan.fulfils_all());
  BOOST_TEST((plan.key == offer.keys.front()));
  auto const request = request_of(plan);
  BOOST_TEST((request.subject_der() == offer.subject));
  BOOST_TEST(request.attributes().size() == 1u);
  BOOST_TEST(!request.challenge_password());
}

BOOST_AUTO_TEST_CASE(example_5_2_is_followed_with_the_mac_address_in_an_extension) {
  auto offer = offer_of_device();
  offer.attributes_if_asked = {{oids::mac_address, {der::text(tag::ia5_string, "02:00:00:00:00:07")}}};
  auto const plan = follow(read_list(vector_octets("rfc9908/s52-rfc7030-example01.b64")), offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  BOOST_TEST((plan.key == key_spec::ecdsa("secp384r1")));
  auto const request = request_of(plan);
  BOOST_TEST(request.signature_algorithm() == ecdsa_with_sha384.to_string());
  BOOST_TEST(request.challenge_password().value_or("") == "AAECAwQFBgcICQoL");
  auto const extensions = request.requested_extensions();
  auto const* directory = find_extension(extensions, oids::subject_directory_attributes);
  BOOST_REQUIRE(directory != nullptr);
  BOOST_TEST(as_text(directory->value).find("02:00:00:00:00:07") != std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(example_5_2_without_a_mac_address_says_so) {
  auto const plan = follow(read_list(vector_octets("rfc9908/s52-rfc7030-example01.b64")), offer_of_device());
  BOOST_REQUIRE(plan.unmet.size() == 1u);
  BOOST_TEST((plan.unmet[0] == unmet_wish{wish_subject::attribute, unmet_reason::no_value, oids::mac_address, {}}));
  BOOST_TEST(request_of(plan).signature_verifies());
}

BOOST_AUTO_TEST_CASE(example_5_5_puts_the_serial_number_into_the_subject) {
  auto offer = offer_of_device();
  offer.names_if_asked = {{oids::serial_number, "SN 0007"}};
  auto const plan = follow(read_list(vector_octets("rfc9908/s55-harkins02.b64")), offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  auto const request = request_of(plan);
  BOOST_TEST(request.subject_text() == "CN=device-7, O=Example, serialNumber=SN 0007");
}

BOOST_AUTO_TEST_CASE(a_name_that_the_subject_has_is_not_added_again) {
  auto offer = offer_of_device();
  offer.subject = make_name({{oids::serial_number, "mine"}});
  offer.names_if_asked = {{oids::serial_number, "other"}};
  auto const plan = follow(must(make_csr_attributes({oids::serial_number, oids::common_name})), offer);
  BOOST_TEST((std::get<bytes>(plan.order.subject) == offer.subject));
  BOOST_REQUIRE(plan.unmet.size() == 1u);
  BOOST_TEST((plan.unmet[0] == unmet_wish{wish_subject::name, unmet_reason::no_value, oids::common_name, {}}));
}

BOOST_AUTO_TEST_CASE(example_5_6_takes_the_attributes_that_are_offered) {
  auto offer = offer_of_device();
  offer.attributes_if_asked = {text_attribute(favourite_drink, "tea"), text_attribute(friendly_name, "mine")};
  auto const plan = follow(read_list(vector_octets("rfc9908/s56-harkins03.b64")), offer);
  BOOST_REQUIRE(plan.unmet.size() == 1u);
  BOOST_TEST((plan.unmet[0].oid == oids::serial_number));
  auto const request = request_of(plan);
  BOOST_TEST(request.find(favourite_drink) != nullptr);
  BOOST_TEST(request.find(friendly_name) != nullptr);
}

BOOST_AUTO_TEST_CASE(example_5_1_gives_the_alternative_name) {
  auto offer = offer_of_device();
  offer.extensions = {make_subject_alternative_name({{"mine.example"}, {}, {}, {}, 0}),
                      make_extended_key_usage({oids::client_auth})};
  auto const list = read_list(vector_octets("rfc9908/s51-realistic-acp.b64"));
  auto const plan = follow(list, offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  auto const extensions = request_of(plan).requested_extensions();
  BOOST_REQUIRE(extensions.size() == 2u);
  BOOST_TEST(extensions[0].critical);
  BOOST_TEST((extensions[0].value == *list.wishes().extensions[0].value));
  BOOST_TEST((extensions[1] == offer.extensions[1]));
}

BOOST_AUTO_TEST_CASE(appendix_a2_is_followed_as_far_as_it_is_understood) {
  auto offer = offer_of_device();
  offer.keys.push_back(key_spec::ecdsa("brainpool384r1"));
  auto const list = read_list(vector_octets("rfc7030/a2-csrattrs-response.b64"));
  auto const plan = follow(list, offer);
  BOOST_TEST((plan.key == key_spec::ecdsa("brainpool384r1")));
  BOOST_TEST(plan.order.hash == "SHA-384");
  BOOST_REQUIRE(plan.unmet.size() == 3u); // 2.999.1 and 2.999.2 are not recognised, and there is no macAddress
  BOOST_TEST((plan.unmet[0].why == unmet_reason::not_recognised));
  BOOST_TEST(plan.unmet[0].oid.to_string() == "2.999.1");
  BOOST_TEST(request_of(plan).attributes().size() == 1u);
  offer.recognised = {plan.unmet[0].oid};
  auto const copied = request_of(follow(list, offer));
  BOOST_REQUIRE(copied.find(offer.recognised[0]) != nullptr);
  BOOST_TEST((*copied.find(offer.recognised[0]) == list.wishes().attributes[0]));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_plan_keys)

BOOST_AUTO_TEST_CASE(the_kind_that_is_asked_for_is_made) {
  auto const made = [](csr_attribute const& wish) {
    return follow(must(make_csr_attributes({wish})), csr_offer{}).key;
  };
  BOOST_TEST((made(key_type_attribute(key_spec::rsa(4096))) == key_spec::rsa(4096)));
  BOOST_TEST((made(attribute{oids::rsa_encryption, {}}) == key_spec::rsa(3072)));
  BOOST_TEST((made(key_type_attribute(key_spec::ecdsa("secp521r1"))) == key_spec::ecdsa("secp521r1")));
  BOOST_TEST((made(attribute{oids::ec_public_key, {}}) == key_spec::ecdsa("secp256r1")));
  BOOST_TEST((made(attribute{oids::ed25519, {}}) == key_spec::ed25519()));
  BOOST_TEST((made(rsa_with_sha512) == key_spec::rsa(3072)));
  BOOST_TEST((made(oids::ed25519) == key_spec::ed25519()));
}

BOOST_AUTO_TEST_CASE(the_first_alternative_that_can_be_made_is_made) {
  csr_offer offer;
  offer.keys = {key_spec::rsa(2048)};
  auto const plan = follow(must(make_csr_attributes({key_type_attribute(key_spec::ecdsa("secp256r1")),
                                                     key_type_attribute(key_spec::rsa(2048))})),
                           offer);
  BOOST_TEST((plan.key == key_spec::rsa(2048)));
  BOOST_TEST(plan.fulfils_all());
}

BOOST_AUTO_TEST_CASE(a_kind_that_cannot_be_made_is_told) {
  for (key_wish const& wish :
       {key_wish{oids::rsa_encryption, {}, 1024, {}}, key_wish{oids::rsa_encryption, {}, 8192, {}},
        key_wish{{2, 16, 840, 1, 101, 3, 4, 3, 17}, {}, 0, {}},
        key_wish{oids::ec_public_key, {1, 3, 132, 0, 1}, 0, {}}}) {
    auto const plan = follow(must(make_csr_attributes({key_type_attribute(wish)})), csr_offer{});
    BOOST_REQUIRE_MESSAGE(plan.unmet.size() == 1u, unmet_of(plan));
    BOOST_TEST((plan.unmet[0].what == wish_subject::key && plan.unmet[0].why == unmet_reason::not_supported));
    BOOST_TEST((plan.unmet[0].oid == wish.algorithm));
    BOOST_TEST((plan.key == csr_offer{}.keys.front()));
  }
  csr_offer nothing;
  nothing.keys.clear();
  auto const plan = follow({}, nothing);
  BOOST_TEST(!plan.key);
  BOOST_TEST((make_key_and_csr(plan, at_test_time()).error().code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_key_that_is_there_already_is_compared) {
  auto const key = make_key(key_spec::ecdsa("secp384r1"));
  auto const fits = follow(read_list(vector_octets("rfc9908/s52-rfc7030-example01.b64")), offer_of_device(), key);
  BOOST_TEST(!fits.key);
  BOOST_TEST(fits.unmet.size() == 1u); // macAddress
  auto const request = must(make_csr(fits, key, at_test_time()));
  BOOST_TEST(request.signature_algorithm() == ecdsa_with_sha384.to_string());
  BOOST_TEST((request.public_key_info() == key.public_key_info()));

  auto const misfit = follow(read_list(vector_octets("rfc9908/s54-harkins01.b64")), offer_of_device(), key);
  BOOST_REQUIRE_MESSAGE(misfit.unmet.size() == 2u, unmet_of(misfit));
  BOOST_TEST((misfit.unmet[0].what == wish_subject::key && misfit.unmet[0].why == unmet_reason::another_key));
  BOOST_TEST(misfit.unmet[0].detail == "RSA, 4096 bits is asked for, the key is P-384");
  BOOST_TEST((misfit.unmet[1].what == wish_subject::signature));
  BOOST_TEST(must(make_csr(misfit, key, at_test_time())).signature_verifies());
}

BOOST_AUTO_TEST_CASE(the_size_of_an_rsa_key_that_is_there_is_compared) {
  auto const key = make_key(key_spec::rsa(2048));
  auto const wants = [](std::size_t bits) {
    return must(make_csr_attributes({key_type_attribute(key_spec::rsa(bits))}));
  };
  BOOST_TEST(follow(wants(2048), csr_offer{}, key).fulfils_all());
  BOOST_TEST(follow(wants(3072), csr_offer{}, key).unmet.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_plan_signatures)

BOOST_AUTO_TEST_CASE(the_signature_algorithm_is_the_one_that_is_asked_for) {
  BOOST_TEST(signature_of({ecdsa_with_sha384}) == ecdsa_with_sha384.to_string());
  BOOST_TEST(signature_of({oids::ed25519}) == oids::ed25519.to_string());
  BOOST_TEST(signature_of({object_id{2, 16, 840, 1, 101, 3, 4, 2, 3}}) == "1.2.840.10045.4.3.4"); // a bare SHA-512
  auto offer = offer_of_device();
  offer.keys = {key_spec::rsa(2048)};
  BOOST_TEST(signature_of({rsa_with_sha512}, offer) == rsa_with_sha512.to_string());
  BOOST_TEST(signature_of({oids::rsassa_pss}, offer) == oids::rsassa_pss.to_string());
  offer.keys = {key_spec::ecdsa("secp256r1")};
  offer.hash = "SHA-512";
  BOOST_TEST(signature_of({}, offer) == "1.2.840.10045.4.3.4");
}

BOOST_AUTO_TEST_CASE(the_first_signature_algorithm_that_the_key_can_do_is_taken) {
  auto const key = make_key();
  auto const plan = follow(must(make_csr_attributes({rsa_with_sha512, ecdsa_with_sha384})), csr_offer{}, key);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  BOOST_TEST(must(make_csr(plan, key, at_test_time())).signature_algorithm() == ecdsa_with_sha384.to_string());
}

BOOST_AUTO_TEST_CASE(a_signature_that_cannot_be_made_is_told) {
  auto const told = [](object_id const& algorithm, private_key const& key) {
    auto const plan = follow(must(make_csr_attributes({algorithm})), csr_offer{}, key);
    BOOST_REQUIRE_MESSAGE(plan.unmet.size() == 1u, unmet_of(plan));
    BOOST_TEST((plan.unmet[0].what == wish_subject::signature && plan.unmet[0].why == unmet_reason::not_supported));
    BOOST_TEST((plan.unmet[0].oid == algorithm));
    BOOST_TEST(must(make_csr(plan, key, at_test_time())).signature_verifies());
  };
  auto const ec = make_key(), ed = make_key(key_spec::ed25519()), rsa = make_key(key_spec::rsa(2048));
  told(rsa_with_sha512, ec);
  told({2, 16, 840, 1, 101, 3, 4, 3, 18}, ec);
  told({2, 16, 840, 1, 101, 3, 4, 2, 1}, ed); // a bare hash
  told({1, 2, 840, 113549, 1, 1, 4}, rsa);    // MD5
  told(oids::rsassa_pss, rsa);                // given as a key for PKCS#1 v1.5
  auto const pss =
      follow(must(make_csr_attributes({oids::rsassa_pss})), csr_offer{}, signing_key{rsa, rsa_padding::pss});
  BOOST_TEST(pss.fulfils_all(), unmet_of(pss));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_plan_of_a_template)

BOOST_AUTO_TEST_CASE(the_example_of_section_3_4_is_filled_in) {
  auto offer = offer_of_device();
  alternative_names names;
  names.dns = {"device-7.example"};
  names.ip = {bytes{192, 0, 2, 7}};
  offer.extensions_if_asked = {make_subject_alternative_name(names), make_extended_key_usage({oids::client_auth})};
  auto const plan = follow(read_list(vector_octets("rfc9908/s34-constructed.b64")), offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  BOOST_TEST((plan.key == key_spec::ecdsa("secp256r1")));
  auto const request = request_of(plan);
  BOOST_TEST(request.subject_text() == "CN=device-7, OU=myDept, OU=myGroup"); // O is not asked for
  auto const asked = request.requested_alternative_names();
  BOOST_REQUIRE(asked.has_value());
  BOOST_TEST(asked->dns == std::vector<std::string>{"www.myServer.com"}, boost::test_tools::per_element());
  BOOST_TEST((asked->ip == names.ip));
  auto const extensions = request.requested_extensions();
  auto const* usage = find_extension(extensions, oids::key_usage);
  BOOST_REQUIRE(usage != nullptr);
  BOOST_TEST(usage->critical);
  BOOST_TEST(find_extension(extensions, oids::extended_key_usage) != nullptr);
  BOOST_TEST(!request.challenge_password());
}

BOOST_AUTO_TEST_CASE(what_is_open_and_not_offered_is_left_out_and_told) {
  csr_offer offer;
  offer.subject = make_name({{oids::organization_name, "Example"}});
  auto const plan = follow(read_list(vector_octets("rfc9908/s34-constructed.b64")), offer);
  BOOST_TEST(unmet_of(plan) == "name 2.5.4.3: no value\nalternative name 2.5.29.17: no value (iPAddress)\n"
                               "extension 2.5.29.37: no value\n");
  auto const request = request_of(plan);
  BOOST_TEST(request.subject_text() == "OU=myDept, OU=myGroup");
  auto const asked = request.requested_alternative_names();
  BOOST_REQUIRE(asked.has_value());
  BOOST_TEST(asked->ip.empty());
  BOOST_TEST(asked->dns.size() == 1u);
}

BOOST_AUTO_TEST_CASE(names_are_given_out_in_order_and_each_once) {
  csr_template wanted;
  wanted.subject = {{oids::organizational_unit_name, std::nullopt, false},
                    {oids::common_name, std::nullopt, false},
                    {oids::organizational_unit_name, std::nullopt, true},
                    {oids::organizational_unit_name, std::nullopt, false}};
  csr_offer offer;
  offer.subject = make_name({{oids::organizational_unit_name, "one"}, {oids::organizational_unit_name, "two"}});
  auto plan = follow(with_template(wanted), offer);
  BOOST_TEST(plan.unmet.size() == 2u, unmet_of(plan));
  BOOST_TEST(name_text(std::get<bytes>(plan.order.subject)) == "OU=one, OU=two");
  offer.names_if_asked = {{oids::common_name, "x"}, {oids::organizational_unit_name, "three"}};
  plan = follow(with_template(wanted), offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  BOOST_TEST(name_text(std::get<bytes>(plan.order.subject)) == "OU=one, CN=x + OU=two, OU=three");
}

BOOST_AUTO_TEST_CASE(empty_names_of_every_kind_are_filled_in) {
  auto const null_dn = der::value(tag::context(4), bytes{0x30, 0});
  auto const own_dn = der::value(tag::context(4), common_name("device-7"));
  auto const mail = der::value(tag::context_primitive(1), as_bytes("a@example"));
  csr_template wanted;
  wanted.extensions = {{oids::subject_alternative_name, true,
                        der::sequence({null_dn, der::value(tag::context_primitive(1), bytes{}), mail})}};
  csr_offer offer;
  offer.extensions = {{oids::subject_alternative_name, false,
                       der::sequence({mail, der::value(tag::context_primitive(1), as_bytes("b@example")), own_dn})}};
  auto const plan = follow(with_template(wanted), offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  auto const extensions = request_of(plan).requested_extensions();
  BOOST_REQUIRE(extensions.size() == 1u);
  BOOST_TEST(extensions[0].critical);
  BOOST_TEST((extensions[0].value ==
              der::sequence({own_dn, der::value(tag::context_primitive(1), as_bytes("b@example")), mail})));
}

BOOST_AUTO_TEST_CASE(an_alternative_name_of_which_nothing_is_left_is_not_asked_for) {
  csr_template wanted;
  wanted.extensions = {
      {oids::subject_alternative_name, false, der::sequence({der::value(tag::context_primitive(7), bytes{})})}};
  auto const plan = follow(with_template(wanted), csr_offer{});
  BOOST_TEST(plan.unmet.size() == 1u);
  BOOST_TEST(request_of(plan).find(oids::extension_request) == nullptr);
}

BOOST_AUTO_TEST_CASE(attributes_with_values_are_copied_and_others_filled_in) {
  csr_template wanted;
  wanted.attributes = {text_attribute(friendly_name, "given"), {favourite_drink, {}}, {oids::serial_number, {}}};
  csr_offer offer;
  offer.attributes = {text_attribute(friendly_name, "mine")};
  offer.attributes_if_asked = {text_attribute(favourite_drink, "tea")};
  auto const plan = follow(with_template(wanted), offer);
  BOOST_TEST(unmet_of(plan) == "name 2.5.4.5: no value\n");
  auto const request = request_of(plan);
  BOOST_TEST((*request.find(friendly_name) == wanted.attributes[0]));
  BOOST_TEST((*request.find(favourite_drink) == offer.attributes_if_asked[0]));
  BOOST_TEST(request.attributes().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_value_that_no_request_can_hold_is_left_out_and_told) {
  auto const field = [](bytes const& value) { return der::sequence({oids::common_name.encode(), value}); };
  const bytes no_der{tag::boolean, 1, 7};
  auto const subject = der::sequence({der::value(tag::set, field(no_der))});
  auto const attributes = der::value(tag::context(1), der::sequence({friendly_name.encode(), set_of({no_der})}));
  auto const list =
      read_list(list_of({attribute_of(oids::csr_template, {der::sequence({der::integer(0u), subject, attributes})})}));
  auto const plan = follow(list, csr_offer{});
  BOOST_TEST(unmet_of(plan) == "name 2.5.4.3: unusable value\nattribute 1.2.840.113549.1.9.20: unusable value\n");
  BOOST_TEST(request_of(plan).attributes().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_plan_linking)

BOOST_AUTO_TEST_CASE(the_challenge_password_is_put_in_where_it_is_asked_for_or_wanted) {
  auto const asks = must(make_csr_attributes({oids::challenge_password}));
  auto offer = offer_of_device();
  BOOST_TEST(request_of(follow(asks, offer)).challenge_password().value_or("") == "AAECAwQFBgcICQoL");
  BOOST_TEST(!request_of(follow({}, offer)).challenge_password());
  offer.challenge_password_unasked = true;
  BOOST_TEST(request_of(follow({}, offer)).challenge_password().has_value());
  offer.challenge_password = nullptr;
  BOOST_TEST(follow({}, offer).fulfils_all());
}

BOOST_AUTO_TEST_CASE(a_connection_without_a_binding_is_told) {
  auto const asks = must(make_csr_attributes({oids::challenge_password}));
  csr_offer offer;
  auto const plan = follow(asks, offer);
  BOOST_REQUIRE(plan.unmet.size() == 1u);
  BOOST_TEST((plan.unmet[0] ==
              unmet_wish{wish_subject::challenge_password, unmet_reason::no_value, oids::challenge_password, {}}));
  offer.challenge_password = [] { return std::optional<std::string>{}; };
  BOOST_TEST(follow(asks, offer).unmet.size() == 1u);
  offer.challenge_password = []() -> std::optional<std::string> { throw std::runtime_error{"canary"}; };
  auto const thrown = follow(asks, offer);
  BOOST_TEST(thrown.unmet.size() == 1u);
  BOOST_TEST(unmet_of(thrown).find("canary") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_template_may_give_the_challenge_password) {
  csr_template wanted;
  wanted.attributes = {{oids::challenge_password, {der::text(tag::printable_string, "code")}}};
  BOOST_TEST(request_of(follow(with_template(wanted), csr_offer{})).challenge_password().value_or("") == "code");
  BOOST_TEST(request_of(follow(with_template(wanted), offer_of_device())).challenge_password().value_or("") ==
             "AAECAwQFBgcICQoL");
}

BOOST_AUTO_TEST_CASE(a_password_beside_the_template_is_ignored) {
  auto const list = must(make_csr_attributes({oids::challenge_password, must(csr_template_attribute({}))}));
  BOOST_TEST(!request_of(follow(list, offer_of_device())).challenge_password());
}

BOOST_AUTO_TEST_SUITE_END()
