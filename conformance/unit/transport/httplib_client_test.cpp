#include "tls_fixture.hpp"

#include <est/client/client.hpp>
#include <est/http/writer.hpp>
#include <est/message/cacerts.hpp>
#include <est/transport/httplib_client.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace est;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(httplib_clients)

namespace {

std::string ok(std::string body = "hello", std::string fields = {}) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

transport::httplib_client_options options_for(prepared_server const& server, std::string host = "localhost") {
  transport::httplib_client_options options;
  options.host = std::move(host);
  options.address = "127.0.0.1";
  options.port = server.port();
  options.anchors_pem = pem(root_of_today());
  options.read_timeout = std::chrono::milliseconds{5000};
  return options;
}

transport::httplib_client client_for(prepared_server const& server) {
  return must(transport::httplib_client::make(options_for(server)));
}

http::request get(std::string target) {
  http::request question;
  question.target = std::move(target);
  question.headers.add("Host", "localhost");
  return question;
}

errc code_of_connect(transport::httplib_client_options options) {
  auto client = must(transport::httplib_client::make(std::move(options)));
  auto const facts = client.connect();
  BOOST_REQUIRE(!facts);
  return facts.error().code;
}

} // namespace

BOOST_AUTO_TEST_CASE(facts_come_first_and_requests_go_over_that_connection) {
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    prepared_server const server{server_context(server_identity{}, version), {{ok(), ok("one"), ok("two")}}};
    auto client = client_for(server);
    auto const facts = client.connect();
    BOOST_REQUIRE_MESSAGE(facts, why(facts));
    BOOST_TEST(facts->peer_verified);
    BOOST_TEST(facts->tls_exporter.has_value());
    BOOST_TEST(facts->tls_unique.has_value() == (version == TLS1_2_VERSION));
    BOOST_TEST(must(client.round_trip(get("/1"))).body == "one");
    BOOST_TEST(must(client.round_trip(get("/2"))).body == "two");
    BOOST_REQUIRE(server.facts().size() == 1u);
    BOOST_TEST((server.facts()[0].tls_unique == facts->tls_unique));
    BOOST_TEST((server.facts()[0].tls_exporter == facts->tls_exporter));
    BOOST_TEST((server.facts()[0].client_finished == facts->client_finished));
    BOOST_TEST(server.asked().at(0).target == "/.well-known/est/cacerts");
  }
}

BOOST_AUTO_TEST_CASE(a_request_arrives_as_it_was_made) {
  prepared_server const server{server_context(server_identity{}), {{ok(), ok()}}};
  auto client = client_for(server);
  BOOST_REQUIRE(client.connect());
  auto const question = to_http<op::simple_enroll>({device().csr}, {"localhost:1", "a label"});
  BOOST_REQUIRE(client.round_trip(question));
  auto const asked = server.asked().at(1);
  BOOST_TEST(asked.method == "POST");
  BOOST_TEST(asked.target == "/.well-known/est/a%20label/simpleenroll");
  BOOST_TEST(asked.body == question.body);
  for (auto const& f : question.headers) {
    BOOST_TEST(asked.headers.find(f.name).value_or("") == f.value, f.name);
    BOOST_TEST(asked.headers.count(f.name) == 1u);
  }
  BOOST_TEST(asked.headers.find("Content-Length").value() == std::to_string(question.body.size()));
}

BOOST_AUTO_TEST_CASE(an_error_status_is_a_response) {
  prepared_server const server{
      server_context(server_identity{}),
      {{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"}}};
  auto client = client_for(server);
  BOOST_REQUIRE(client.connect());
  auto const refused = must(client.round_trip(get("/")));
  BOOST_TEST(refused.status == 401);
  BOOST_TEST(refused.reason == "Unauthorized");
  BOOST_TEST(refused.headers.find("www-authenticate").value() == "Basic realm=\"x\"");
  BOOST_TEST(refused.body == "no");
  BOOST_TEST(must(client.round_trip(get("/"))).status == 307); // and nothing is asked elsewhere
  BOOST_TEST(server.asked().size() == 3u);
}

BOOST_AUTO_TEST_CASE(it_never_reconnects_by_itself) {
  prepared_server const server{server_context(server_identity{}), {{ok(), ok("last")}, {ok("wrong"), ok("wrong")}}};
  auto client = client_for(server);
  BOOST_REQUIRE(client.connect());
  BOOST_TEST(must(client.round_trip(get("/"))).body == "last");
  for (int i = 0; i < 2; ++i) {
    auto const late = client.round_trip(get("/late"));
    BOOST_REQUIRE(!late);
    BOOST_TEST((late.error().code == errc::connection_closed));
  }
  for (auto const& q : server.asked()) BOOST_TEST(q.target != "/late");
}

BOOST_AUTO_TEST_CASE(before_connect_there_is_no_connection) {
  prepared_server const server{server_context(server_identity{}), {}};
  auto client = client_for(server);
  BOOST_TEST((client.round_trip(get("/")).error().code == errc::connection_closed));
}

BOOST_AUTO_TEST_CASE(a_server_that_closes_after_its_first_answer_is_told) {
  prepared_server const server{server_context(server_identity{}), {{ok("x", "Connection: close\r\n")}}};
  BOOST_TEST((code_of_connect(options_for(server)) == errc::connection_closed));
}

BOOST_AUTO_TEST_CASE(the_wrong_name_is_told_from_the_wrong_anchor) {
  {
    // The common name says localhost, subjectAltName does not: httplib by itself would accept that.
    prepared_server const server{server_context(server_identity{"other.example", false}), {{ok()}}};
    BOOST_TEST((code_of_connect(options_for(server)) == errc::server_name_mismatch));
    BOOST_TEST(server.asked().empty());
  }
  {
    prepared_server const server{server_context(server_identity{}), {{ok()}}};
    auto options = options_for(server);
    options.anchors_pem = pem(other_root());
    BOOST_TEST((code_of_connect(std::move(options)) == errc::server_untrusted));
    BOOST_TEST(server.asked().empty());
  }
  {
    prepared_server const server{server_context(server_identity{}), {{ok()}}};
    auto options = options_for(server, "127.0.0.1");
    auto client = must(transport::httplib_client::make(std::move(options)));
    BOOST_TEST(client.connect().has_value()); // by its iPAddress name
  }
}

BOOST_AUTO_TEST_CASE(without_verification_the_facts_say_so) {
  prepared_server const server{server_context(server_identity{"other.example", false}), {{ok()}}};
  auto options = options_for(server);
  options.verify = false;
  auto client = must(transport::httplib_client::make(std::move(options)));
  auto const facts = client.connect();
  BOOST_REQUIRE_MESSAGE(facts, why(facts));
  BOOST_TEST(!facts->peer_verified);
}

BOOST_AUTO_TEST_CASE(a_client_certificate_is_shown) {
  auto context = server_context(server_identity{});
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  BOOST_REQUIRE(transport::trust_anchors(context.get(), pem(root_of_today())));
  prepared_server const server{std::move(context), {{ok()}}};
  auto options = options_for(server);
  auto const own = root().issue(device().key.public_key_info(), "device",
                                {pki::make_extended_key_usage({pki::oids::client_auth})}, server_identity::shift());
  options.certificate_pem = pem(own);
  options.key_pem = pem(device().key);
  auto client = must(transport::httplib_client::make(std::move(options)));
  BOOST_REQUIRE(client.connect());
  BOOST_REQUIRE(server.facts().size() == 1u);
  BOOST_TEST((server.facts()[0].peer_certificates.at(0) == own.der()));
}

BOOST_AUTO_TEST_CASE(one_tls_version_can_be_demanded) {
  prepared_server const server{server_context(server_identity{}, TLS1_2_VERSION), {{ok()}, {ok()}}};
  auto options = options_for(server);
  options.only = http::tls_version::tls_1_3;
  BOOST_TEST((code_of_connect(std::move(options)) == errc::tls_failed));
}

// RFC 7030 sections 3.2.3 and 4.4
BOOST_AUTO_TEST_CASE(suites_without_encryption_or_without_authentication_are_not_spoken) {
  auto const context_for = [](char const* suites) {
    auto context = server_context(server_identity{}, TLS1_2_VERSION);
    BOOST_REQUIRE(SSL_CTX_set_cipher_list(context.get(), suites) == 1);
    SSL_CTX_set_dh_auto(context.get(), 1);
    return context;
  };
  for (auto const* suites : {"eNULL:@SECLEVEL=0", "aNULL:!eNULL:@SECLEVEL=0"}) {
    auto willing = client_context();
    SSL_CTX_set_verify(willing.get(), SSL_VERIFY_NONE, nullptr);
    BOOST_REQUIRE(SSL_CTX_set_cipher_list(willing.get(), suites) == 1);
    auto const at_server = context_for(suites);
    BOOST_TEST((memory_connection{willing.get(), at_server.get()}.done()), suites); // it can be done
    prepared_server const server{context_for(suites), {{ok()}}};
    auto options = options_for(server);
    options.verify = false;
    BOOST_TEST((code_of_connect(std::move(options)) == errc::tls_failed), suites);
    BOOST_TEST(server.asked().empty());
  }
}

// RFC 7030 section 3.5: SHOULD NOT renegotiate; RFC 9266 section 4.1: never with tls-exporter
BOOST_AUTO_TEST_CASE(a_server_that_wants_to_renegotiate_is_refused) {
  auto context = server_context(server_identity{}, TLS1_2_VERSION);
  static std::atomic<bool> demanded;
  static std::atomic<int> refusals;
  demanded = false;
  refusals = 0;
  SSL_CTX_set_info_callback(context.get(), [](SSL const* ssl, int where, int what) {
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (what & 0xff) == SSL_AD_NO_RENEGOTIATION) ++refusals;
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0 && !demanded.exchange(true)) SSL_renegotiate(const_cast<SSL*>(ssl));
  });
  prepared_server const server{std::move(context), {{ok(), ok()}}};
  auto client = client_for(server);
  if (client.connect()) BOOST_TEST(!client.round_trip(get("/")));
  BOOST_TEST(refusals == 1);
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_octet_by_octet_is_waited_for_until_the_exchange_has_taken_too_long) {
  auto const endless = "HTTP/1.1 200 OK\r\nX: " + std::string(2000, 'x');
  prepared_server const server{server_context(server_identity{}), {{ok(), endless}}, std::chrono::milliseconds{20}};
  auto options = options_for(server);
  options.exchange_timeout = std::chrono::milliseconds{500};
  auto client = must(transport::httplib_client::make(std::move(options)));
  BOOST_REQUIRE(client.connect());
  auto const answer = client.round_trip(get("/"));
  BOOST_REQUIRE(!answer);
  BOOST_TEST((answer.error().code == errc::timed_out), to_text(answer.error()));
}

BOOST_AUTO_TEST_CASE(a_connection_can_be_closed_and_made_anew) {
  prepared_server const server{server_context(server_identity{}), {{ok(), ok("unasked")}, {ok(), ok("second")}}};
  auto client = client_for(server);
  BOOST_REQUIRE(client.connect());
  client.disconnect();
  BOOST_TEST((client.round_trip(get("/")).error().code == errc::connection_closed));
  BOOST_REQUIRE(client.connect());
  BOOST_TEST(must(client.round_trip(get("/"))).body == "second");
}

BOOST_AUTO_TEST_CASE(a_body_beyond_the_limit_is_refused) {
  prepared_server const server{server_context(server_identity{}),
                               {{ok(), ok(std::string(5000, 'x'))},
                                {ok(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" +
                                           std::string(5000, 'x') + "\r\n0\r\n\r\n"}}};
  auto options = options_for(server);
  options.body_octets = 4000;
  auto client = must(transport::httplib_client::make(std::move(options)));
  for (int i = 0; i < 2; ++i) {
    BOOST_REQUIRE(client.connect());
    auto const answer = client.round_trip(get("/"));
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == errc::too_large));
  }
}

BOOST_AUTO_TEST_CASE(coded_content_is_refused) {
  prepared_server const server{server_context(server_identity{}), {{ok(), ok("xx", "Content-Encoding: gzip\r\n")}}};
  auto client = client_for(server);
  BOOST_REQUIRE(client.connect());
  BOOST_TEST((client.round_trip(get("/")).error().code == errc::unsupported_coding));
}

BOOST_AUTO_TEST_CASE(a_cut_answer_and_garbage_are_failures) {
  prepared_server const server{server_context(server_identity{}),
                               {{ok(), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}, {ok(), "garbage\r\n\r\n"}}};
  auto client = client_for(server);
  for (int i = 0; i < 2; ++i) {
    BOOST_REQUIRE(client.connect());
    BOOST_TEST((client.round_trip(get("/")).error().code == errc::connection_closed));
  }
}

BOOST_AUTO_TEST_CASE(a_field_that_breaks_out_of_its_line_is_not_sent) {
  prepared_server const server{server_context(server_identity{}), {{ok(), ok()}}};
  auto client = client_for(server);
  BOOST_REQUIRE(client.connect());
  auto question = get("/");
  question.headers.add("X", "a\r\nInjected: yes");
  BOOST_TEST((client.round_trip(question).error().code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(nobody_there_and_plain_tcp_are_told_apart) {
  std::uint16_t gone = 0;
  transport::httplib_client_options options;
  {
    prepared_server const server{server_context(server_identity{}), {{ok()}}};
    options = options_for(server);
    gone = server.port();
  }
  options.port = gone;
  BOOST_TEST((code_of_connect(std::move(options)) == errc::unreachable));
  prepared_server const closing{server_context(server_identity{}), {}}; // accepts and closes
  BOOST_TEST((code_of_connect(options_for(closing)) == errc::tls_failed));
}

BOOST_AUTO_TEST_CASE(an_est_client_runs_over_it) {
  auto const answer = http::encode(to_http_reply<op::cacerts>({must(pki::make_certs_only({root_of_today()}))}));
  prepared_server const server{server_context(server_identity{}), {{answer, answer}}};
  client est_client{client_for(server), endpoint{"localhost:" + std::to_string(server.port()), ""}};
  auto const reply = est_client.cacerts();
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  BOOST_TEST((reply->certificates.certificates().at(0) == root_of_today()));
}

BOOST_AUTO_TEST_SUITE_END()
