#include <est/transport/loopback.hpp>
#include <est/transport/recording.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <stdexcept>
#include <string>

using namespace est;

namespace {

using handler = std::function<http::response(http::request const&, http::tls_facts const&)>;

http::response with_body(int status, std::string body, std::string type = "text/plain") {
  http::response answer;
  answer.status = status;
  answer.headers.add("Content-Type", std::move(type));
  answer.body = std::move(body);
  return answer;
}

http::request post(std::string target) {
  http::request question;
  question.method = "POST";
  question.target = std::move(target);
  question.headers.add("Host", "h");
  question.headers.add("Authorization", "Basic canary");
  question.body = "body";
  return question;
}

} // namespace

static_assert(transport::Transport<transport::loopback<handler>>);
static_assert(transport::Transport<transport::recording<transport::loopback<handler>>>);

BOOST_AUTO_TEST_SUITE(loopbacks)

BOOST_AUTO_TEST_CASE(messages_pass_as_octets) {
  http::request seen;
  transport::loopback line{handler{[&](http::request const& q, http::tls_facts const&) {
    seen = q;
    return with_body(200, "answer");
  }}};
  BOOST_REQUIRE(line.connect());
  auto const answer = line.round_trip(post("/x"));
  BOOST_REQUIRE(answer);
  BOOST_TEST(seen.headers.find("Content-Length").value() == "4"); // the writer's work
  BOOST_TEST(seen.body == "body");
  BOOST_TEST(answer->headers.find("Content-Length").value() == "6");
  BOOST_TEST(answer->body == "answer");
}

BOOST_AUTO_TEST_CASE(the_answer_to_head_has_no_content) {
  transport::loopback line{handler{[](auto const&, auto const&) { return with_body(200, "answer"); }}};
  BOOST_REQUIRE(line.connect());
  http::request head;
  head.method = "HEAD";
  auto const answer = line.round_trip(head);
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->body.empty());
}

BOOST_AUTO_TEST_CASE(each_end_sees_its_own_facts) {
  auto at_client = transport::loopback_facts(), at_server = transport::loopback_facts();
  at_client.server_name = "client's";
  at_server.server_name = "server's";
  std::string seen;
  transport::loopback line{handler{[&](auto const&, http::tls_facts const& facts) {
                             seen = facts.server_name;
                             return with_body(200, "");
                           }},
                           at_client, at_server};
  BOOST_TEST(line.connect()->server_name == "client's");
  BOOST_REQUIRE(line.round_trip(post("/")));
  BOOST_TEST(seen == "server's");
}

BOOST_AUTO_TEST_CASE(without_a_connection_and_after_a_close_nothing_passes) {
  transport::loopback line{handler{[](auto const&, auto const&) {
    auto answer = with_body(200, "");
    answer.headers.add("Connection", "Close");
    return answer;
  }}};
  BOOST_TEST((line.round_trip(post("/")).error().code == errc::connection_closed));
  BOOST_REQUIRE(line.connect());
  BOOST_TEST(line.round_trip(post("/")).has_value());
  BOOST_TEST((line.round_trip(post("/")).error().code == errc::connection_closed));
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_closes_the_connection) {
  transport::loopback line{
      handler{[](auto const&, auto const&) -> http::response { throw std::runtime_error("canary"); }}};
  BOOST_REQUIRE(line.connect());
  auto const answer = line.round_trip(post("/"));
  BOOST_REQUIRE(!answer);
  BOOST_TEST((answer.error().code == errc::connection_closed));
  BOOST_TEST(answer.error().detail.find("canary") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(recordings)

namespace {

http::response key_answer(http::request const& q, http::tls_facts const&) {
  auto answer = with_body(q.target.find("refused") == std::string::npos ? 200 : 400, "canary",
                          q.target.find("odd") == std::string::npos ? "text/plain" : "Multipart/Mixed; boundary=x");
  answer.headers.add("Set-Cookie", "canary");
  return answer;
}

bool speaks(transport::recorded_exchange const& kept) {
  auto const text = [](http::fields const& f) {
    std::string all;
    for (auto const& one : f) all += one.value + "\n";
    return all;
  };
  return (text(kept.question.headers) + kept.question.body + text(kept.answer->headers) + kept.answer->body)
             .find("canary") != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(secrets_are_left_out_by_operation) {
  transport::recording line{transport::loopback{handler{key_answer}}};
  BOOST_REQUIRE(line.connect());
  for (auto const target : {"/.well-known/est/serverkeygen", "/.well-known/est/lab/serverkeygen?x", "/unknown",
                            "/.well-known/est/fullcmc", "/odd/cacerts", "serverkeygen"}) {
    auto const passed = line.round_trip(post(target));
    BOOST_REQUIRE(passed);
    BOOST_TEST(passed->body == "canary"); // what passes is not changed
    BOOST_TEST(!speaks(line.exchanges().back()), target);
  }
}

BOOST_AUTO_TEST_CASE(what_holds_no_secret_is_kept) {
  transport::recording line{transport::loopback{handler{key_answer}}};
  BOOST_REQUIRE(line.connect());
  for (auto const target :
       {"/.well-known/est/cacerts", "/.well-known/est/lab/simpleenroll?x", "/refused/serverkeygen"}) {
    BOOST_REQUIRE(line.round_trip(post(target)));
    BOOST_TEST(line.exchanges().back().answer->body == "canary");
    BOOST_TEST(line.exchanges().back().question.headers.find("Authorization").value() == "[left out]");
    BOOST_TEST(line.exchanges().back().question.body == "body");
  }
  BOOST_TEST(line.exchanges().size() == 3u);
  BOOST_TEST(line.exchanges().front().connection == 1u);
}

BOOST_AUTO_TEST_CASE(everything_is_kept_where_that_is_asked_for_by_name) {
  transport::recording line{transport::loopback{handler{key_answer}}, transport::recorded_secrets::kept};
  BOOST_REQUIRE(line.connect());
  BOOST_REQUIRE(line.round_trip(post("/.well-known/est/serverkeygen")));
  BOOST_TEST(line.exchanges().back().answer->body == "canary");
  BOOST_TEST(line.exchanges().back().question.headers.find("Authorization").value() == "Basic canary");
}

BOOST_AUTO_TEST_CASE(a_failure_is_kept_in_the_place_of_an_answer) {
  transport::recording line{transport::loopback{handler{key_answer}}};
  BOOST_TEST(!line.round_trip(post("/")));
  BOOST_REQUIRE(line.exchanges().size() == 1u);
  BOOST_TEST((line.exchanges().front().answer.error().code == errc::connection_closed));
}

BOOST_AUTO_TEST_SUITE_END()
