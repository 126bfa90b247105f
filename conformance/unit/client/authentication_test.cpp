#include "scripted.hpp"

#include <est/client/authentication.hpp>
#include <est/http/digest.hpp>

#include <string>
#include <vector>

using namespace est;
using namespace est::test;

namespace {

std::string digest(std::string const& algorithm, std::string const& nonce = "n1", std::string const& more = "") {
  return "Digest realm=\"est\", qop=\"auth\", nonce=\"" + nonce + "\"" +
         (algorithm.empty() ? "" : ", algorithm=" + algorithm) + more;
}

/// Whether an Authorization value proves the password to the server that made the challenge.
void check_proof(http::request const& asked, std::string_view nonce, std::uint32_t count) {
  auto const sent = http::parse_digest(asked.headers.find("Authorization").value_or(""));
  BOOST_REQUIRE_MESSAGE(sent, why(sent));
  BOOST_TEST(sent->user == "estuser");
  BOOST_TEST(sent->nonce == nonce);
  BOOST_TEST(sent->count == count);
  BOOST_TEST(sent->uri == asked.target);
  auto const secret =
      must(http::digest_secret(sent->algorithm, "estuser", "est", as_bytes(std::string_view{"canary-password"})));
  BOOST_TEST(sent->response == must(http::digest_response(secret, *sent, asked.method)));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(client_authentication, scripted_fixture)

BOOST_AUTO_TEST_CASE(digest_is_answered_with_a_proof_and_no_password) {
  server.answers = {unauthorized_answer({digest("SHA-256")}), issued_answer(device().csr)};
  auto client = make(with_password());
  auto const reply = client.simple_enroll(device().csr);
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_REQUIRE(server.asked.size() == 2u);
  BOOST_TEST(authorization(0).empty());
  check_proof(server.asked[1], "n1", 1);
  BOOST_TEST(authorization(1).find("canary") == std::string::npos);
  BOOST_TEST(server.asked[0].body == server.asked[1].body);
}

BOOST_AUTO_TEST_CASE(the_best_scheme_is_taken_whatever_the_order) {
  for (auto const& challenges :
       std::vector<std::vector<std::string>>{{"Basic realm=\"est\"", digest(""), digest("SHA-256")},
                                             {digest("SHA-256") + ", Basic realm=\"est\", " + digest("MD5")}}) {
    server.asked.clear();
    server.answers = {unauthorized_answer(challenges), cacerts_answer()};
    auto client = make(with_password());
    BOOST_TEST(client.cacerts().has_value());
    BOOST_TEST(authorization(1).find("algorithm=SHA-256") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_callers_order_counts) {
  server.answers = {unauthorized_answer({digest("SHA-256"), digest("MD5"), "Basic realm=\"est\""}), cacerts_answer()};
  auto options = with_password();
  options.schemes = {auth_scheme::basic, auth_scheme::digest_sha_256};
  auto client = make(std::move(options));
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(authorization(1).substr(0, 6) == "Basic ");
}

BOOST_AUTO_TEST_CASE(a_password_is_never_sent_where_basic_is_not_allowed) {
  for (bool const at_once : {false, true}) {
    server.asked.clear();
    server.answers = {unauthorized_answer({"Basic realm=\"est\""})};
    auto options = with_password();
    options.schemes = {auth_scheme::digest_sha_256};
    options.credentials_at_once = at_once;
    auto client = make(std::move(options));
    auto const reply = client.cacerts();
    BOOST_REQUIRE(!reply);
    BOOST_TEST((reply.error().code == errc::unauthenticated));
    BOOST_REQUIRE(server.asked.size() == 1u);
    BOOST_TEST(authorization(0).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_challenge_that_cannot_be_answered_is_passed_over) {
  server.answers = {unauthorized_answer({digest("SHA-256-sess"), "Negotiate", digest("", "n2")}), cacerts_answer()};
  auto client = make(with_password());
  BOOST_TEST(client.cacerts().has_value());
  check_proof(server.asked.at(1), "n2", 1);
}

// RFC 7616 section 3.6: the session goes on
BOOST_AUTO_TEST_CASE(the_next_request_counts_on) {
  server.answers = {unauthorized_answer({digest("SHA-256", "n1", ", opaque=\"o\"")}), cacerts_answer(),
                    issued_answer(device().csr)};
  auto client = make(with_password());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.simple_enroll(device().csr).has_value());
  BOOST_REQUIRE(server.asked.size() == 3u);
  check_proof(server.asked[1], "n1", 1);
  check_proof(server.asked[2], "n1", 2);
  BOOST_TEST(authorization(2).find("opaque=\"o\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_session_that_the_server_ends_is_begun_anew) {
  server.answers = {unauthorized_answer({digest("MD5")}), cacerts_answer(),
                    unauthorized_answer({digest("MD5", "n2", ", stale=true")}), cacerts_answer()};
  auto client = make(with_password());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_REQUIRE(server.asked.size() == 4u);
  check_proof(server.asked[2], "n1", 2);
  check_proof(server.asked[3], "n2", 1);
}

BOOST_AUTO_TEST_CASE(a_stale_nonce_is_answered_once_more_and_no_more) {
  auto const stale = unauthorized_answer({digest("MD5", "n2", ", stale=true")});
  server.answers = {unauthorized_answer({digest("MD5")}), stale, stale};
  auto client = make(with_password());
  auto const reply = client.cacerts();
  BOOST_REQUIRE(!reply);
  BOOST_TEST((reply.error().code == errc::unauthenticated));
  BOOST_TEST(server.asked.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_wrong_password_is_tried_once_a_call) {
  server.answers = {unauthorized_answer({digest("MD5")}), unauthorized_answer({digest("MD5", "n2")}),
                    unauthorized_answer({digest("MD5", "n3")}), unauthorized_answer({digest("MD5", "n4")})};
  auto client = make(with_password());
  for (std::size_t const expected : {2u, 4u}) {
    auto const reply = client.cacerts();
    BOOST_REQUIRE(!reply);
    BOOST_TEST((reply.error().code == errc::unauthenticated));
    BOOST_TEST(to_text(reply.error()).find("canary") == std::string::npos);
    BOOST_TEST(server.asked.size() == expected);
  }
  BOOST_TEST(authorization(2).empty()); // what was refused does not go on
}

BOOST_AUTO_TEST_CASE(basic_at_once_gives_way_to_digest) {
  server.answers = {unauthorized_answer({digest("SHA-256")}), cacerts_answer()};
  auto options = with_password();
  options.credentials_at_once = true;
  auto client = make(std::move(options));
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(authorization(0).substr(0, 6) == "Basic ");
  check_proof(server.asked.at(1), "n1", 1);
}

// RFC 7030 section 3.2.3: not before the server is authorized; RFC 8996
BOOST_AUTO_TEST_CASE(a_digest_is_withheld_from_a_server_that_was_not_verified) {
  server.answers = {unauthorized_answer({digest("SHA-256")})};
  auto client = make(with_password());
  auto facts = transport::loopback_facts();
  facts.peer_verified = false;
  client.transport().set_facts(facts, facts);
  auto const reply = client.cacerts();
  BOOST_REQUIRE(!reply);
  BOOST_TEST(reply.error().where == "credentials");
  BOOST_TEST(server.asked.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_random_octets_are_the_callers) {
  server.answers = {unauthorized_answer({digest("SHA-256")}), cacerts_answer()};
  auto options = with_password();
  options.random = [](std::size_t octets) { return bytes(octets, 0xab); };
  auto client = make(std::move(options));
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(authorization(1).find("cnonce=\"abababababababababababababababab\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_random_octets_no_digest_is_sent) {
  server.answers = {unauthorized_answer({digest("SHA-256")})};
  auto options = with_password();
  options.random = [](std::size_t) -> bytes { throw 1; };
  auto client = make(std::move(options));
  auto const reply = client.cacerts();
  BOOST_REQUIRE(!reply);
  BOOST_TEST((reply.error().code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(an_empty_user_name_is_proven_by_either_scheme) {
  for (std::string const& challenge : {digest("SHA-256"), std::string{"Basic realm=\"est\""}}) {
    server.asked.clear();
    server.answers = {unauthorized_answer({challenge}), cacerts_answer()};
    auto options = with_password();
    options.credentials->user.clear();
    auto client = make(std::move(options));
    BOOST_TEST(client.cacerts().has_value());
    bool const empty_user = authorization(1).find("username=\"\"") != std::string::npos;
    BOOST_TEST((empty_user || authorization(1) == "Basic OmNhbmFyeS1wYXNzd29yZA=="));
  }
}

BOOST_AUTO_TEST_SUITE_END()
