// Other names by ChangeSubjectName, and the passwords of RFC 7894.
#include <est/pki/change_subject_name.hpp>

#include "support.hpp"

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(changes_of_names)

namespace {

const bytes subject = make_name({{oids::common_name, "new"}});

bytes names() { return make_subject_alternative_name({{"new.example"}, {}, {}, {}, 0}).value; }

csr with(std::vector<attribute> attributes) {
  auto made = make_csr({make_name({{oids::common_name, "old"}}), std::move(attributes)}, key("P-256"), surroundings());
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : to_text(made.error())));
  return std::move(*made);
}

attribute made(name_change const& change, subject_alt_form form = subject_alt_form::untagged) {
  auto attribute = change_subject_name_attribute(change, form);
  BOOST_REQUIRE_MESSAGE(attribute, (attribute ? "" : to_text(attribute.error())));
  return std::move(*attribute);
}

} // namespace

// RFC 6402 section 2.8, and its successor with a tag
BOOST_AUTO_TEST_CASE(what_is_asked_for_is_read_in_both_forms) {
  for (auto const form : {subject_alt_form::untagged, subject_alt_form::tagged})
    for (auto const& change : {name_change{subject, names()}, name_change{subject, {}}, name_change{{}, names()}}) {
      auto const asked = requested_name_change(with({made(change, form)}));
      BOOST_REQUIRE(asked);
      BOOST_REQUIRE(asked->has_value());
      BOOST_TEST((**asked == change));
    }
  BOOST_TEST(made({subject, names()}).values.at(0) == der::sequence({subject, names()}));
}

BOOST_AUTO_TEST_CASE(an_absent_subject_is_an_empty_one) {
  BOOST_TEST((name_change{{}, names()}.subject_der() == der::sequence({})));
  BOOST_TEST((name_change{subject, {}}.subject_der() == subject));
}

BOOST_AUTO_TEST_CASE(a_request_without_the_attribute_asks_for_nothing) {
  auto const asked = requested_name_change(with({challenge_password_attribute("x")}));
  BOOST_REQUIRE(asked);
  BOOST_TEST(!asked->has_value());
}

BOOST_AUTO_TEST_CASE(an_attribute_that_cannot_be_read_is_a_failure_and_not_an_absence) {
  auto const refused = [](bytes const& value) {
    auto const asked = requested_name_change(with({{oids::change_subject_name, {value}}}));
    BOOST_TEST((!asked && asked.error().code == errc::malformed_csr), to_hex(value));
  };
  refused(der::sequence({}));
  refused(der::null());
  refused(subject); // a bare Name
  refused(der::sequence({der::integer(1u)}));
  refused(der::sequence({subject, subject}));
  refused(der::sequence({names(), subject}));
  refused(der::sequence({subject, names(), names()}));
  refused(der::sequence({subject, der::value(tag::context(1), bytes{})}));
  refused(der::sequence({subject, der::value(tag::context(0), bytes{0x82, 1, 'x'})}));
  BOOST_TEST(!requested_name_change(with({{oids::change_subject_name, {}}})));
  BOOST_TEST(!requested_name_change(with({{oids::change_subject_name, {subject, names()}}})));
  BOOST_TEST(!requested_name_change(with({made({subject, {}}), made({{}, names()})})));
}

BOOST_AUTO_TEST_CASE(what_is_no_name_is_not_made) {
  for (auto const& change :
       {name_change{}, name_change{bytes{}, {}}, name_change{der::integer(1u), {}}, name_change{names(), {}},
        name_change{{}, der::sequence({})}, name_change{{}, subject}, name_change{subject, der::null()}})
    BOOST_TEST((change_subject_name_attribute(change).error().code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_cut_value_is_refused_at_every_octet) {
  for (auto const form : {subject_alt_form::untagged, subject_alt_form::tagged})
    for_every_truncation(made({subject, names()}, form).values.at(0),
                         [](byte_view cut) { BOOST_TEST(!parse_change_subject_name(cut)); });
}

// RFC 7894 section 3
BOOST_AUTO_TEST_CASE(the_passwords_of_rfc_7894_are_made_and_read) {
  auto const request = with({otp_challenge_attribute("123456"), revocation_challenge_attribute("stop it"),
                             est_identity_linking_attribute("AQIDBA=="), challenge_password_attribute("AQIDBA==")});
  BOOST_TEST((request.text(oids::otp_challenge) == "123456"));
  BOOST_TEST((request.text(oids::revocation_challenge) == "stop it"));
  BOOST_TEST((request.text(oids::est_identity_linking) == "AQIDBA=="));
  BOOST_TEST((request.challenge_password() == "AQIDBA=="));
  BOOST_TEST(!with({}).text(oids::otp_challenge));
  BOOST_TEST(!with({{oids::otp_challenge, {der::integer(1u)}}}).text(oids::otp_challenge));
  BOOST_TEST(request.find(oids::otp_challenge)->values[0][0] == tag::printable_string);
  BOOST_TEST(otp_challenge_attribute("l\xc3\xb6sen").values[0][0] == tag::utf8_string);
  BOOST_TEST(oids::est_identity_linking.to_string() == "1.2.840.113549.1.9.16.2.58");
  BOOST_TEST(oids::change_subject_name.to_string() == "1.3.6.1.5.5.7.7.36");
}

BOOST_AUTO_TEST_SUITE_END()
