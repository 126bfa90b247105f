#include "../vectors.hpp"
#include "fixture.hpp"

using namespace est;
using namespace est::test;

namespace {

struct linking_fixture : server_fixture {
  http::response enrol_with(std::string_view password, http::tls_facts const& on,
                            std::string_view operation = "simpleenroll") {
    return ask(post(operation, make_csr({pki::challenge_password_attribute(password)}).der()), on);
  }
  static std::string text_of(std::optional<std::string> value) {
    BOOST_REQUIRE(value.has_value());
    return *value;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(server_linking, linking_fixture)

BOOST_AUTO_TEST_CASE(the_tls_unique_value_of_this_connection_is_accepted_on_tls_1_2) {
  auto const right = text_of(challenge_password(facts));
  BOOST_TEST(right == "AQIDBAUGBwgJCgsM");
  for (auto const* operation : {"simpleenroll", "serverkeygen"})
    BOOST_TEST(enrol_with(right, facts, operation).status == 200);
}

BOOST_AUTO_TEST_CASE(any_other_value_is_refused_on_tls_1_2) {
  auto const right = text_of(challenge_password(facts));
  for (auto const& wrong : {std::string{"AQIDBAUGBwgJCgsN"}, std::string{}, std::string{"x"}, right.substr(0, 12),
                            right + right, text_of(challenge_password(facts, channel_binding::tls_exporter))})
    for (auto const* operation : {"simpleenroll", "serverkeygen"})
      check_refused(enrol_with(wrong, facts, operation), 403,
                    "Linking of identity and proof of possession is required");
}

BOOST_AUTO_TEST_CASE(tls_unique_without_extended_master_secret_is_refused) {
  auto on = facts;
  on.extended_master_secret = false;
  check_refused(enrol_with("AQIDBAUGBwgJCgsM", on), 403, "extended master secret");
}

BOOST_AUTO_TEST_CASE(exporter_and_finished_are_accepted_on_tls_1_3) {
  auto const on = facts_of_tls_1_3();
  for (auto const which : {channel_binding::tls_exporter, channel_binding::finished})
    BOOST_TEST(enrol_with(text_of(challenge_password(on, which)), on).status == 200);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_verified_on_tls_1_3_is_policy_and_refused_by_default) {
  auto const on = facts_of_tls_1_3();
  check_refused(enrol_with("AQIDBAUGBwgJCgsM", on), 403, "TLS 1.3");
  options.on_unverifiable_link = unverifiable_link::accept;
  BOOST_TEST(enrol_with("AQIDBAUGBwgJCgsM", on).status == 200);
  check_refused(enrol_with("AQIDBAUGBwgJCgsN", facts), 403); // no policy on TLS 1.2
}

BOOST_AUTO_TEST_CASE(a_csr_without_a_challenge_password_is_policy_and_accepted_by_default) {
  auto const question = post("simpleenroll", make_csr().der());
  BOOST_TEST(ask(question).status == 200);
  options.link = linking::required;
  check_refused(ask(question), 403, "Linking of identity and proof of possession is required");
  BOOST_TEST(enrol_with("AQIDBAUGBwgJCgsM", facts).status == 200);
}

BOOST_AUTO_TEST_CASE(a_registration_authority_can_be_trusted_with_linking) {
  options.is_trusted_with_linking = [](peer const& who) { return who.user == "user"; };
  BOOST_TEST(enrol_with("anything", facts).status == 200);
}

BOOST_AUTO_TEST_CASE(a_challenge_password_that_is_no_string_is_refused) {
  pki::attribute odd{pki::oids::challenge_password, {pki::der::integer(7u)}};
  check_refused(ask(post("simpleenroll", make_csr({odd}).der())), 403, "cannot be read");
  pki::attribute empty{pki::oids::challenge_password, {}};
  check_refused(ask(post("simpleenroll", make_csr({empty}).der())), 403, "cannot be read");
}

BOOST_AUTO_TEST_CASE(the_example_of_appendix_a_4_replayed_is_refused_with_4xx) {
  auto const der = got(decode_base64(read_vector("rfc7030/a4-serverkeygen-request.b64")));
  for (auto const& on : {facts, facts_of_tls_1_3()}) {
    auto const answer = ask(post("serverkeygen", der), on);
    check_refused(answer, 403, "Linking");
  }
}

BOOST_AUTO_TEST_SUITE_END()
