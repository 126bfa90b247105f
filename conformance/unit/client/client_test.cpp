#include "../message/pki_fixture.hpp"

#include <est/client/client.hpp>
#include <est/http/auth.hpp>
#include <est/message/channel_binding.hpp>
#include <est/transport/loopback.hpp>
#include <est/transport/recording.hpp>

#include <boost/test/unit_test.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace est;
using namespace est::test;

namespace {

/// A server that answers from a list, one after the other, and remembers what it was asked.
struct script {
  std::deque<http::response> answers;
  std::vector<http::request> asked;
  http::response operator()(http::request const& question, http::tls_facts const&) {
    asked.push_back(question);
    BOOST_REQUIRE_MESSAGE(!answers.empty(), "one request too many");
    auto answer = answers.front();
    answers.pop_front();
    return answer;
  }
};

struct scripted {
  std::shared_ptr<script> server = std::make_shared<script>();
  http::response operator()(http::request const& q, http::tls_facts const& t) const { return (*server)(q, t); }
};

using test_transport = transport::loopback<scripted>;

const endpoint where{"est.example", ""};

client_options with_password(bool at_once = false) {
  client_options options;
  options.identity = server_check::by_transport;
  options.credentials = http::basic_credentials{"estuser", secret_bytes{std::string_view{"canary-password"}}};
  options.credentials_at_once = at_once;
  return options;
}

client_options in_process() {
  client_options options;
  options.identity = server_check::by_transport;
  return options;
}

http::response unauthorized(std::string challenge = "Basic realm=\"est\"") {
  http::response answer;
  answer.status = 401;
  answer.reason = "Unauthorized";
  if (!challenge.empty()) answer.headers.add("WWW-Authenticate", std::move(challenge));
  return answer;
}

http::response cacerts_answer() {
  return to_http_reply<op::cacerts>({must(pki::make_certs_only({root().certificate}))});
}

http::response issued_answer(pki::csr const& to) {
  return to_http_reply<op::simple_enroll>(must(make_issued(root().issue(to.public_key_info(), "device"))));
}

http::tls_facts tls_1_2(std::uint8_t filler) {
  auto facts = transport::loopback_facts();
  facts.version = http::tls_version::tls_1_2;
  facts.extended_master_secret = true;
  facts.tls_unique = bytes(12, filler);
  return facts;
}

struct fixture {
  scripted handler;
  script& server = *handler.server;
  client<test_transport> make(client_options options) {
    return client{test_transport{handler}, where, std::move(options)};
  }
  bool sent_authorization(std::size_t request) const { return server.asked.at(request).headers.has("Authorization"); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(clients, fixture)

BOOST_AUTO_TEST_CASE(cacerts_are_fetched) {
  server.answers = {cacerts_answer()};
  auto client = make(in_process());
  auto const reply = client.cacerts();
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_TEST((reply->certificates.certificates().front() == root().certificate));
  BOOST_TEST(server.asked.at(0).target == "/.well-known/est/cacerts");
  BOOST_TEST(server.asked.at(0).headers.find("Host").value() == "est.example");
}

BOOST_AUTO_TEST_CASE(an_enrolment_is_checked_against_its_request) {
  server.answers = {issued_answer(device().csr), issued_answer(device().csr)};
  auto client = make(in_process());
  BOOST_TEST(client.simple_enroll(device().csr).has_value());
  test_client const other;
  auto const foreign = client.simple_enroll(other.csr);
  BOOST_REQUIRE(!foreign);
  BOOST_TEST((foreign.error().code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(a_generated_key_comes_with_its_certificate) {
  auto key = make_key();
  auto certificate = root().issue(key.public_key_info(), "made");
  server.answers = {to_http_reply<op::server_keygen>(must(make_generated(std::move(key), certificate)))};
  auto client = make(in_process());
  auto const reply = client.server_keygen(device().csr);
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_TEST(std::get<generated>(*reply).key.belongs_to(certificate));
}

BOOST_AUTO_TEST_CASE(credentials_are_sent_after_a_challenge_and_once) {
  server.answers = {unauthorized(), issued_answer(device().csr)};
  auto client = make(with_password());
  BOOST_TEST(client.simple_enroll(device().csr).has_value());
  BOOST_REQUIRE(server.asked.size() == 2u);
  BOOST_TEST(!sent_authorization(0));
  BOOST_TEST(server.asked[1].headers.find("Authorization").value() == "Basic ZXN0dXNlcjpjYW5hcnktcGFzc3dvcmQ=");
  BOOST_TEST(server.asked[0].body == server.asked[1].body);
}

BOOST_AUTO_TEST_CASE(a_second_401_ends_it) {
  server.answers = {unauthorized(), unauthorized()};
  auto client = make(with_password());
  auto const reply = client.simple_enroll(device().csr);
  BOOST_REQUIRE(!reply);
  BOOST_TEST((reply.error().code == errc::unauthenticated));
  BOOST_TEST(server.asked.size() == 2u);
  BOOST_TEST(to_text(reply.error()).find("canary") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_challenge_no_credentials_are_sent) {
  server.answers = {issued_answer(device().csr), unauthorized(""), unauthorized("Digest realm=\"x\", nonce=\"1\"")};
  auto client = make(with_password());
  BOOST_TEST(client.simple_enroll(device().csr).has_value());
  BOOST_TEST(!client.simple_enroll(device().csr));
  BOOST_TEST(!client.simple_enroll(device().csr));
  BOOST_REQUIRE(server.asked.size() == 3u);
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(!sent_authorization(i));
}

BOOST_AUTO_TEST_CASE(a_basic_challenge_is_found_among_others) {
  server.answers = {unauthorized("Digest realm=\"a\", nonce=\"1\", basic realm=\"b\""), cacerts_answer()};
  auto client = make(with_password());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(sent_authorization(1));
}

BOOST_AUTO_TEST_CASE(without_credentials_a_401_is_the_answer) {
  server.answers = {unauthorized()};
  auto client = make(in_process());
  auto const reply = client.cacerts();
  BOOST_REQUIRE(!reply);
  BOOST_TEST((reply.error().code == errc::unauthenticated));
  BOOST_TEST(server.asked.size() == 1u);
}

BOOST_AUTO_TEST_CASE(credentials_at_once_are_sent_once) {
  server.answers = {unauthorized()};
  auto client = make(with_password(true));
  BOOST_TEST((client.cacerts().error().code == errc::unauthenticated));
  BOOST_REQUIRE(server.asked.size() == 1u);
  BOOST_TEST(sent_authorization(0));
}

// RFC 7030 section 3.2.3: not before the server is authorized, and not over an old TLS
BOOST_AUTO_TEST_CASE(credentials_are_withheld_from_a_peer_that_was_not_verified) {
  for (bool const at_once : {false, true}) {
    for (bool const old_tls : {false, true}) {
      server.asked.clear();
      server.answers = {unauthorized()};
      auto client = make(with_password(at_once));
      auto facts = transport::loopback_facts();
      facts.peer_verified = old_tls;
      if (old_tls) facts.version = http::tls_version::tls_1_1;
      client.transport().set_facts(facts, facts);
      auto const reply = client.cacerts();
      BOOST_REQUIRE(!reply);
      BOOST_TEST((reply.error().code == errc::unauthenticated));
      BOOST_TEST(reply.error().where == "credentials");
      for (auto const& q : server.asked) BOOST_TEST(!q.headers.has("Authorization"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_pending_answer_is_handed_to_the_caller) {
  http::response later;
  later.status = 202;
  later.headers.add("Retry-After", "60");
  server.answers = {later};
  auto client = make(in_process());
  auto const reply = client.simple_reenroll(device().csr);
  BOOST_REQUIRE(reply);
  BOOST_TEST((std::get<pending>(*reply).retry_after == std::chrono::seconds{60}));
  BOOST_TEST(server.asked.at(0).target == "/.well-known/est/simplereenroll");
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_is_none_is_refused_before_anything_is_sent) {
  client wrong{test_transport{handler}, endpoint{"est.example", "cacerts"}, in_process()};
  auto const reply = wrong.cacerts();
  BOOST_REQUIRE(!reply);
  BOOST_TEST((reply.error().code == errc::invalid_argument));
  BOOST_TEST(server.asked.empty());
}

BOOST_AUTO_TEST_CASE(the_connection_is_kept_until_the_server_closes_it) {
  auto closing = cacerts_answer();
  closing.headers.add("Connection", "close");
  server.answers = {cacerts_answer(), closing, cacerts_answer()};
  auto client = make(in_process());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.transport().connections() == 1u);
  BOOST_TEST(!client.facts());
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.transport().connections() == 2u);
}

BOOST_AUTO_TEST_CASE(a_request_made_for_the_connection_is_made_anew_for_the_next_one) {
  auto closing = unauthorized();
  closing.headers.add("Connection", "close");
  server.answers = {closing, issued_answer(device().csr)};
  auto client = make(with_password());
  std::uint8_t filler = 0;
  auto const reply = client.call_bound<op::simple_enroll>([&](http::tls_facts const&) -> result<certification_request> {
    auto const facts = tls_1_2(++filler); // the loopback's own facts never change by themselves
    return certification_request{csr_with_password(challenge_password(facts).value())};
  });
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_TEST(filler == 2);
  BOOST_TEST(server.asked.at(0).body != server.asked.at(1).body);
  BOOST_TEST(!sent_authorization(0));
  BOOST_TEST(sent_authorization(1));
}

BOOST_AUTO_TEST_CASE(a_request_bound_to_a_closed_connection_is_not_sent_again) {
  auto client = make(with_password());
  client.transport().set_facts(tls_1_2(1), tls_1_2(1));
  auto const facts = must(client.connect());
  auto closing = unauthorized();
  closing.headers.add("Connection", "close");
  server.answers = {closing};
  client.transport().set_facts(tls_1_2(2), tls_1_2(2));
  auto const reply = client.simple_enroll(csr_with_password(challenge_password(facts).value()));
  BOOST_REQUIRE(!reply);
  BOOST_TEST((reply.error().code == errc::connection_closed));
  BOOST_TEST(server.asked.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_password_that_is_no_binding_does_not_keep_a_request_from_being_sent_again) {
  auto closing = unauthorized();
  closing.headers.add("Connection", "close");
  server.answers = {closing, issued_answer(device().csr)};
  auto client = make(with_password());
  BOOST_TEST(client.simple_enroll(csr_with_password("enrolment code")).has_value());
  BOOST_TEST(client.transport().connections() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(server_identity, fixture)

namespace {

http::tls_facts facts_with(pki::certificate const& server, bool verified = true) {
  auto facts = transport::loopback_facts();
  facts.peer_certificates = {server.der()};
  facts.peer_verified = verified;
  return facts;
}

pki::certificate server_certificate(std::string name, std::vector<pki::object_id> purposes) {
  pki::alternative_names names;
  names.dns = {std::move(name)};
  return root().issue(device().key.public_key_info(), "server",
                      {pki::make_subject_alternative_name(names), pki::make_extended_key_usage(purposes)});
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_is_sent_to_a_server_of_another_name) {
  auto client = make({});
  auto const facts = facts_with(server_certificate("other.example", {pki::oids::server_auth, pki::oids::cmc_ra}));
  client.transport().set_facts(facts, facts);
  auto const reply = client.cacerts();
  BOOST_REQUIRE(!reply);
  BOOST_TEST((reply.error().code == errc::server_name_mismatch));
  BOOST_TEST(server.asked.empty());
}

BOOST_AUTO_TEST_CASE(a_registration_authority_passes_where_anchors_are_explicit) {
  server.answers = {cacerts_answer()};
  client_options options;
  options.identity = server_check::by_name_or_cmc_ra;
  auto client = make(std::move(options));
  auto const facts = facts_with(server_certificate("other.example", {pki::oids::server_auth, pki::oids::cmc_ra}));
  client.transport().set_facts(facts, facts);
  BOOST_TEST(client.cacerts().has_value());
}

BOOST_AUTO_TEST_CASE(the_right_name_passes) {
  server.answers = {cacerts_answer()};
  auto client = make({});
  auto const facts = facts_with(server_certificate("est.example", {pki::oids::server_auth}));
  client.transport().set_facts(facts, facts);
  BOOST_TEST(client.cacerts().has_value());
}

BOOST_AUTO_TEST_CASE(a_certificate_that_was_not_verified_does_not_pass_by_its_name) {
  auto client = make({});
  auto const facts = facts_with(server_certificate("est.example", {pki::oids::server_auth}), false);
  client.transport().set_facts(facts, facts);
  BOOST_TEST((client.cacerts().error().code == errc::server_untrusted));
  client.transport().set_facts(transport::loopback_facts(), {});
  BOOST_TEST((client.cacerts().error().code == errc::server_untrusted)); // no certificate at all
  BOOST_TEST(server.asked.empty());
}

BOOST_AUTO_TEST_SUITE_END()
