#include <est/http/auth.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::http;

BOOST_AUTO_TEST_SUITE(auth)

// RFC 7617 section 2
BOOST_AUTO_TEST_CASE(the_rfc_example_is_written_and_read) {
  auto const value = encode_basic({"Aladdin", secret_bytes{std::string_view{"open sesame"}}});
  BOOST_TEST(value == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  auto const who = parse_basic(value);
  BOOST_REQUIRE(who);
  BOOST_TEST(who->user == "Aladdin");
  BOOST_TEST(as_text(who->password.expose()) == "open sesame");
}

BOOST_AUTO_TEST_CASE(the_scheme_is_read_in_any_case_and_a_password_may_hold_colons) {
  auto const who = parse_basic(" bASIC   dTphOmI6Yw== "); // u:a:b:c
  BOOST_REQUIRE(who);
  BOOST_TEST(who->user == "u");
  BOOST_TEST(as_text(who->password.expose()) == "a:b:c");
}

BOOST_AUTO_TEST_CASE(empty_user_and_password_are_read) {
  auto const who = parse_basic("Basic Og==");
  BOOST_REQUIRE(who);
  BOOST_TEST(who->user.empty());
  BOOST_TEST(who->password.empty());
}

BOOST_AUTO_TEST_CASE(malformed_credentials_are_refused_and_never_quoted) {
  for (std::string const value :
       {"", "Basic", "Basic ", "Digest c2VjcmV0", "Basic c2VjcmV0", "Basic c2Vj cmV0", "Basic c2VjcmV0!",
        "Basic dTo\r\nYQ==", "Basic dQo6YQ==" /* u LF : a */, "Basicc2VjcmV0"}) {
    auto const who = parse_basic(value);
    BOOST_REQUIRE(!who);
    BOOST_TEST((who.error().code == errc::malformed_http));
    BOOST_TEST(to_text(who.error()).find("c2V") == std::string::npos);
    BOOST_TEST(to_text(who.error()).find("secret") == std::string::npos);
  }
}

// RFC 9110 section 11.6.1
BOOST_AUTO_TEST_CASE(the_rfc_example_of_two_challenges_is_read) {
  auto const found =
      parse_challenges("Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"");
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].scheme == "Basic");
  BOOST_TEST(*found[0].find("realm") == "simple");
  BOOST_TEST(found[1].scheme == "Newauth");
  BOOST_REQUIRE(found[1].parameters.size() == 3u);
  BOOST_TEST(*found[1].find("title") == "Login to \"apps\"");
}

BOOST_AUTO_TEST_CASE(the_challenge_of_rfc_7030_a3_is_read) {
  auto const found = parse_challenges("Digest qop=\"auth\", realm=\"estrealm\", nonce=\"1368141352\"");
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].scheme == "Digest");
  BOOST_TEST(*found[0].find("nonce") == "1368141352");
  BOOST_TEST(!found[0].find("opaque"));
}

BOOST_AUTO_TEST_CASE(token68_bare_schemes_and_empty_elements_are_read) {
  auto const found = parse_challenges(", Negotiate abc+/==, ,NTLM, Basic realm = \"r\" ,");
  BOOST_REQUIRE(found.size() == 3u);
  BOOST_TEST(found[0].parameters.at(0).second == "abc+/==");
  BOOST_TEST(found[0].parameters.at(0).first.empty());
  BOOST_TEST(found[1].parameters.empty());
  BOOST_TEST(*found[2].find("realm") == "r");
}

BOOST_AUTO_TEST_CASE(what_is_out_of_grammar_ends_the_list_and_nothing_else) {
  BOOST_TEST(parse_challenges("").empty());
  BOOST_TEST(parse_challenges("\"quoted\"").empty());
  BOOST_TEST(parse_challenges("Basic realm=\"never ends").size() == 1u);
  BOOST_TEST(parse_challenges("Basic realm=a (((").size() == 1u);
  std::string const whole = "Digest qop=\"auth\", a=b, Basic realm=\"x\", Negotiate ab==";
  for (std::size_t n = 0; n <= whole.size(); ++n) BOOST_TEST(parse_challenges(whole.substr(0, n)).size() <= 3u);
}

BOOST_AUTO_TEST_SUITE_END()
