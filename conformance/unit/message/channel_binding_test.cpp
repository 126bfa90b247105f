#include <est/message/channel_binding.hpp>

#include <boost/test/unit_test.hpp>

using namespace est;

BOOST_AUTO_TEST_SUITE(channel_bindings)

namespace {

http::tls_facts facts_of(http::tls_version version, bool extended_master_secret) {
  http::tls_facts facts;
  facts.version = version;
  facts.extended_master_secret = extended_master_secret;
  facts.client_finished = bytes(12, 1);
  if (version == http::tls_version::tls_1_2) facts.tls_unique = bytes(12, 2);
  facts.tls_exporter = bytes(32, 3);
  return facts;
}

} // namespace

// RFC 7030 section 3.5: base64 of tls-unique; RFC 7030 appendix A.4's request has one of 12 octets
BOOST_AUTO_TEST_CASE(tls_unique_is_base64_on_one_line) {
  auto const facts = facts_of(http::tls_version::tls_1_2, true);
  BOOST_TEST(challenge_password(facts).value() == "AgICAgICAgICAgIC");
  BOOST_TEST(is_channel_binding("AgICAgICAgICAgIC", facts));
}

BOOST_AUTO_TEST_CASE(without_extended_master_secret_there_is_none) {
  BOOST_TEST(!challenge_password(facts_of(http::tls_version::tls_1_2, false)));
}

BOOST_AUTO_TEST_CASE(on_tls_1_3_there_is_none_unless_another_is_chosen) {
  auto const facts = facts_of(http::tls_version::tls_1_3, true);
  BOOST_TEST(!challenge_password(facts));
  BOOST_TEST(challenge_password(facts, channel_binding::tls_exporter).value().size() == 44u);
  BOOST_TEST(challenge_password(facts, channel_binding::finished).value() == "AQEBAQEBAQEBAQEB");
}

BOOST_AUTO_TEST_CASE(a_value_of_another_connection_is_told_apart) {
  auto const facts = facts_of(http::tls_version::tls_1_2, true);
  auto other = facts;
  other.tls_unique = bytes(12, 9);
  auto const password = challenge_password(other).value();
  BOOST_TEST(!is_channel_binding(password, facts));
  BOOST_TEST(is_channel_binding(password, other));
  BOOST_TEST(!is_channel_binding("", facts));
  BOOST_TEST(!is_channel_binding("not base64!", facts));
  BOOST_TEST(!is_channel_binding(password, http::tls_facts{}));
  BOOST_TEST(!is_channel_binding(password, other, channel_binding::finished));
}

BOOST_AUTO_TEST_SUITE_END()
