#include "fixture.hpp"

#include <est/http/digest.hpp>
#include <est/server/authentication.hpp>

#include <array>
#include <memory>
#include <set>
#include <string>
#include <utility>

using namespace est;
using namespace est::test;

namespace {

struct digest_fixture : server_fixture {
  digest_fixture() {
    auto users = std::make_shared<digest_table>("est");
    BOOST_REQUIRE(users->add("user", secret_bytes{std::string_view{"secret"}}));
    BOOST_REQUIRE(users->add("", secret_bytes{std::string_view{"code"}}));
    digest_policy policy;
    policy.find = digest_table::lookup(users);
    policy.nonces = std::make_shared<http::nonce_maker>(secret_bytes{std::string_view{"0123456789abcdef"}});
    options.digest = std::move(policy);
  }

  /// The challenges of a 401.
  std::vector<http::digest_challenge> challenged(http::response const& answer) {
    check_refused(answer, 401);
    std::vector<http::digest_challenge> found;
    for (auto const value : answer.headers.all("WWW-Authenticate"))
      for (auto const& one : http::parse_challenges(value))
        if (one.scheme == "Digest") found.push_back(got(http::read_digest_challenge(one)));
    return found;
  }

  http::request question = post("simpleenroll", make_csr().der(), false);

  http::request answered(http::digest_challenge const& c, std::string_view password = "secret", std::uint32_t count = 1,
                         std::string user = "user") {
    http::basic_credentials const who{std::move(user), secret_bytes{password}};
    auto made = question;
    made.headers.set("Authorization", http::encode_digest(got(http::answer_digest(c, who, made.method, made.target,
                                                                                  count, as_bytes("random octets")))));
    return made;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(server_authentication, digest_fixture)

// RFC 7616 section 3.7: each of another algorithm, the most preferred one first
BOOST_AUTO_TEST_CASE(a_401_offers_sha_256_md5_and_basic_in_that_order) {
  auto const answer = ask(question);
  auto const values = answer.headers.all("WWW-Authenticate");
  BOOST_REQUIRE(values.size() == 3u);
  BOOST_TEST(values[0].find("algorithm=SHA-256") != std::string_view::npos);
  BOOST_TEST(values[1].find("algorithm") == std::string_view::npos); // RFC 7616 section 3.3: then it is MD5
  BOOST_TEST(values[2] == "Basic realm=\"est\"");
  BOOST_TEST((challenged(answer).at(1).algorithm == http::digest_algorithm::md5));
  for (auto const& one : challenged(answer)) {
    BOOST_TEST(one.realm == "est");
    BOOST_TEST(!one.stale);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_offered_is_not_asked_for_nor_taken) {
  options.check_password = nullptr;
  options.digest->algorithms = {http::digest_algorithm::sha_256};
  auto const found = challenged(ask(question));
  BOOST_REQUIRE(found.size() == 1u);
  auto basic = question;
  basic.headers.add("Authorization", password_of("user", "secret"));
  BOOST_TEST(challenged(ask(basic)).size() == 1u);
  auto md5 = found.front();
  md5.algorithm = http::digest_algorithm::md5;
  BOOST_TEST(challenged(ask(answered(md5))).size() == 1u);
  BOOST_TEST(ask(answered(found.front())).status == 200);
}

BOOST_AUTO_TEST_CASE(a_right_answer_of_each_algorithm_is_let_in) {
  options.digest->algorithms = {http::digest_algorithm::sha_512_256, http::digest_algorithm::sha_256,
                                http::digest_algorithm::md5};
  auto const found = challenged(ask(question));
  BOOST_REQUIRE(found.size() == 3u);
  for (auto const& one : found) {
    auto const answer = ask(answered(one));
    BOOST_TEST(answer.status == 200, answer.body);
  }
}

BOOST_AUTO_TEST_CASE(the_user_is_known_to_the_hooks) {
  std::string seen;
  options.authorise = [&](peer const& who, std::string_view, std::string_view, pki::csr const&) -> result<void> {
    seen = who.user.value_or("none");
    return {};
  };
  auto const found = challenged(ask(question));
  BOOST_TEST(ask(answered(found.front())).status == 200);
  BOOST_TEST(seen == "user");
  BOOST_TEST(ask(answered(found.front(), "code", 1, "")).status == 200); // an empty name: RFC 7030 section 3.2.3
  BOOST_TEST(seen == "");
}

BOOST_AUTO_TEST_CASE(a_hashed_user_name_is_found_and_told_in_clear) {
  options.digest->user_hash = true;
  std::string seen;
  options.authorise = [&](peer const& who, std::string_view, std::string_view, pki::csr const&) -> result<void> {
    seen = who.user.value_or("none");
    return {};
  };
  for (auto const& one : challenged(ask(question))) {
    BOOST_TEST(one.user_hash);
    auto const made = answered(one);
    BOOST_TEST(made.headers.find("Authorization")->find("\"user\"") == std::string_view::npos);
    BOOST_TEST(ask(made).status == 200);
    BOOST_TEST(seen == "user");
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_password_and_an_unknown_user_look_alike) {
  auto const challenge = challenged(ask(question)).front();
  auto const wrong = ask(answered(challenge, "guess"));
  auto const unknown = ask(answered(challenge, "secret", 1, "nobody"));
  for (auto const& one : challenged(wrong)) BOOST_TEST(!one.stale);
  for (auto const& one : challenged(unknown)) BOOST_TEST(!one.stale);
  BOOST_TEST(wrong.body == unknown.body);
}

BOOST_AUTO_TEST_CASE(an_old_nonce_is_stale_for_those_who_know_the_password) {
  auto const challenge = challenged(ask(question)).front();
  pki::context const later{now + options.digest->nonce_lifetime + std::chrono::seconds{1}, rng};
  auto const ask_later = [&](http::request const& q) { return server<memory_ca>{ca, options}.handle(q, facts, later); };
  auto const fresh = challenged(ask_later(answered(challenge)));
  BOOST_REQUIRE(fresh.size() == 2u);
  for (auto const& one : fresh) BOOST_TEST(one.stale);
  BOOST_TEST(ask_later(answered(fresh.front())).status == 200);
  for (auto const& one : challenged(ask_later(answered(challenge, "guess")))) BOOST_TEST(!one.stale);
}

BOOST_AUTO_TEST_CASE(a_nonce_of_another_server_is_stale) {
  auto challenge = challenged(ask(question)).front();
  challenge.nonce = std::string(64, 'a');
  for (auto const& one : challenged(ask(answered(challenge)))) BOOST_TEST(one.stale);
}

BOOST_AUTO_TEST_CASE(servers_with_one_key_take_each_others_nonces) {
  auto const challenge = challenged(ask(question)).front();
  options.digest->nonces = std::make_shared<http::nonce_maker>(secret_bytes{std::string_view{"0123456789abcdef"}});
  BOOST_TEST(ask(answered(challenge)).status == 200);
  options.digest->nonces = std::make_shared<http::nonce_maker>(secret_bytes{std::string_view{"0123456789abcdeF"}});
  BOOST_TEST(ask(answered(challenge)).status == 401);
}

// RFC 7616 section 3.4.6
BOOST_AUTO_TEST_CASE(an_answer_for_another_target_is_400) {
  auto const challenge = challenged(ask(question)).front();
  auto made = answered(challenge);
  made.target = "/.well-known/est/simplereenroll";
  check_refused(ask(made), 400, "uri");
  made.target = "https://est.example/.well-known/est/simpleenroll"; // the same resource in absolute form
  BOOST_TEST(ask(made).status == 200);
}

// What cpp-httplib makes of a field's value
BOOST_AUTO_TEST_CASE(an_answer_whose_uri_was_decoded_on_the_way_is_let_in) {
  auto const challenge = challenged(ask(question)).front();
  question.target = "/.well-known/est/ca%3A1/simpleenroll";
  auto made = answered(challenge);
  BOOST_TEST(ask(made).status == 200);
  std::string value{made.headers.find("Authorization").value()};
  value.replace(value.find("%3A"), 3, ":");
  made.headers.set("Authorization", value);
  BOOST_TEST(ask(made).status == 200);
  value.replace(value.find("ca:1"), 4, "ca:2");
  made.headers.set("Authorization", value);
  check_refused(ask(made), 400, "uri");
}

BOOST_AUTO_TEST_CASE(an_answer_for_another_method_is_none) {
  auto const challenge = challenged(ask(question)).front();
  http::basic_credentials const who{"user", secret_bytes{std::string_view{"secret"}}};
  auto made = question;
  made.headers.set("Authorization", http::encode_digest(got(http::answer_digest(challenge, who, "GET", made.target, 1,
                                                                                as_bytes("random octets")))));
  BOOST_TEST(ask(made).status == 401);
}

BOOST_AUTO_TEST_CASE(a_nonce_can_be_bound_to_its_connection) {
  options.digest->bound_to_connection = true;
  auto const challenge = challenged(ask(question)).front();
  BOOST_TEST(ask(answered(challenge)).status == 200);
  auto other = facts;
  other.tls_exporter = bytes(32, 0x43);
  auto const elsewhere = challenged(ask(answered(challenge), other));
  for (auto const& one : elsewhere) BOOST_TEST(one.stale);
  BOOST_TEST(ask(answered(elsewhere.front()), other).status == 200);
}

BOOST_AUTO_TEST_CASE(an_owner_can_keep_the_counts) {
  auto seen = std::make_shared<std::set<std::pair<std::string, std::uint32_t>>>();
  options.digest->is_first_use = [seen](std::string_view nonce, std::uint32_t count) {
    return seen->emplace(std::string{nonce}, count).second;
  };
  auto const challenge = challenged(ask(question)).front();
  auto const made = answered(challenge);
  BOOST_TEST(ask(made).status == 200);
  for (auto const& one : challenged(ask(made))) BOOST_TEST(one.stale);
  BOOST_TEST(ask(answered(challenge, "secret", 2)).status == 200);
}

BOOST_AUTO_TEST_CASE(malformed_digest_credentials_are_401_with_a_challenge) {
  for (std::string const value : {"Digest", "Digest username=\"user\"",
                                  "Digest username=\"user\", realm=\"est\", nonce=\"\"", "Negotiate abc", "Bearer x"}) {
    auto made = question;
    made.headers.set("Authorization", value);
    BOOST_TEST(challenged(ask(made)).size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_digest_lookup_that_throws_is_500_without_its_text) {
  auto const challenge = challenged(ask(question)).front();
  options.digest->find = [](http::digest_credentials const&) -> std::optional<digest_account> {
    throw std::runtime_error("the database password is hunter2");
  };
  auto const answer = ask(answered(challenge));
  check_refused(answer, 500);
  BOOST_TEST(answer.body.find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_whose_nonce_key_is_too_short_lets_nobody_in) {
  options.digest->nonces = std::make_shared<http::nonce_maker>(secret_bytes{std::string_view{"short"}});
  failure told;
  options.on_trouble = [&](failure const& f) { told = f; };
  check_refused(ask(question), 500);
  BOOST_TEST((told.code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_verified_certificate_needs_no_digest) {
  auto const certificate = enrolled(make_csr());
  BOOST_TEST(ask(question, facts_with(certificate)).status == 200);
}

BOOST_AUTO_TEST_CASE(an_owner_can_want_the_password_beside_the_certificate) { // RFC 7030 section 3.2.3
  auto const certificate = enrolled(make_csr());
  options.authorise = [](peer const& who, std::string_view, std::string_view, pki::csr const&) -> result<void> {
    if (who.user) return {};
    return fail(errc::unauthenticated, "user", "A password is needed as well.");
  };
  auto const challenge = challenged(ask(question, facts_with(certificate))).front();
  BOOST_TEST(ask(answered(challenge), facts_with(certificate)).status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
