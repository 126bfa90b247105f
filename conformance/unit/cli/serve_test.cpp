// `serve`, as somebody uses it who makes a client; and `--vectors`, with the examples of its manual.

#include "running.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

using namespace est::test;
using namespace std::string_literals;

namespace {

/// The value behind a word at the beginning of a line.
std::string value_of(std::string const& text, std::string const& word) {
  auto const at = text.find("\n" + word + " ");
  auto const line = at == std::string::npos ? text : text.substr(at + 1);
  BOOST_REQUIRE_MESSAGE(line.rfind(word + " ", 0) == 0, word << " is not in " << text);
  auto const value = line.substr(0, line.find('\n')).substr(word.size());
  return value.substr(value.find_first_not_of(' '));
}

nlohmann::json run_against(std::string const& text, scratch const& s, std::vector<std::string> more = {}) {
  std::vector<std::string> a{"run",    value_of(text, "url"),  "--cacert", value_of(text, "cacert"),
                             "--user", value_of(text, "user"), "--report", "json=" + s.path + "/report.json"};
  a.insert(a.end(), more.begin(), more.end());
  auto const e = run_program(a, {"EST_PASSWORD=" + value_of(text, "password")});
  BOOST_TEST((e.code == 0 || e.code == 1), e.errors);
  return nlohmann::json::parse(s.get("report.json"));
}

std::vector<std::string> failures(nlohmann::json const& report) {
  std::vector<std::string> all;
  for (auto const& c : report["checks"])
    if (c["outcome"] == "fail") all.push_back(c["reason"]);
  return all;
}

/// The JSON documents of the manual, in order.
std::vector<std::string> examples_of_the_manual() {
  std::ifstream in{std::getenv("EST_DOCS") + "/writing-vectors.md"s};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::vector<std::string> all;
  constexpr std::string_view opening = "```json\n";
  for (auto at = text.find(opening); at != std::string::npos; at = text.find(opening, at)) {
    at += opening.size();
    auto const end = text.find("```", at);
    all.push_back(text.substr(at, end - at));
    at = end;
  }
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(serve)

BOOST_AUTO_TEST_CASE(the_reference_server_fails_nothing_and_ends_in_order) {
  running_program server{{"serve"}};
  auto const text = server.printed("Ctrl-C");
  const scratch s;
  BOOST_TEST(failures(run_against(text, s)).empty());
  auto const ca = value_of(text, "cacert");
  BOOST_TEST(std::filesystem::exists(ca));
  BOOST_TEST(server.end(SIGINT) == 0);
  BOOST_TEST(!std::filesystem::exists(ca), "the temporary folder is left");
}

BOOST_AUTO_TEST_CASE(a_client_certificate_that_it_wrote_is_accepted) {
  const scratch s;
  running_program server{{"serve", "--files", s.path + "/made"}};
  auto const text = server.printed("Ctrl-C");
  auto const e = run_program({"run", value_of(text, "url"), "--cacert", s.path + "/made/ca.pem", "--cert",
                              s.path + "/made/client.pem", "--key", s.path + "/made/client.key", "--vector",
                              "simpleenroll.fresh", "--report", "json=" + s.path + "/report.json"});
  BOOST_TEST(e.code == 0, e.errors);
  auto const report = nlohmann::json::parse(s.get("report.json"));
  BOOST_TEST(report["certificates"].size() == 1u);
  BOOST_TEST(server.end(SIGTERM) == 0);
  BOOST_TEST(std::filesystem::exists(s.path + "/made/ca.pem"));
  auto const mode = std::filesystem::status(s.path + "/made/client.key").permissions();
  BOOST_TEST(((mode & std::filesystem::perms{077}) == std::filesystem::perms::none));
}

BOOST_AUTO_TEST_CASE(a_deviant_fails_by_the_reason_that_it_prints) {
  // One switch within the server, one changed answer, one of the answer's octets.
  for (auto const name : {"key-bare", "challenge-missing", "octets-after-message"}) {
    running_program server{{"serve", "--deviate", name}};
    auto const text = server.printed("Ctrl-C");
    const scratch s;
    auto const found = failures(run_against(text, s));
    auto const line = text.substr(text.find("fails "));
    auto const reason = line.substr(line.find('(') + 1, line.find(')') - line.find('(') - 1);
    BOOST_TEST(std::count(found.begin(), found.end(), reason) > 0, name << " does not fail by " << reason);
    BOOST_TEST(server.end(SIGTERM) == 0);
  }
}

BOOST_AUTO_TEST_CASE(what_ends_or_silences_a_connection_does_so_on_the_wire) {
  struct one {
    char const *name, *vector, *reason;
  };
  for (auto const& d : {one{"no-csr-hangs-up", "simpleenroll.no-csr", "enroll-broken-request-unanswered"},
                        {"keygen-no-csr-hangs-up", "serverkeygen.no-csr", "skg-broken-request-unanswered"},
                        {"large-request-dropped", "simpleenroll.padded-16k", "http-large-request-unanswered"},
                        {"expectation-ignored", "serverkeygen.a4-replayed", "http-expect-unanswered"}}) {
    running_program server{{"serve", "--deviate", d.name}};
    auto const text = server.printed("Ctrl-C");
    const scratch s;
    auto const found = failures(run_against(text, s, {"--vector", d.vector, "--vector", "cacerts.get"}));
    BOOST_TEST(!found.empty(), d.name);
    for (auto const& reason : found) BOOST_TEST(reason == d.reason, d.name);
    BOOST_TEST(server.end(SIGTERM) == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_server_of_old_tls_alone_is_one_that_no_good_client_talks_to) {
  running_program server{{"serve", "--deviate", "old-tls"}};
  auto const text = server.printed("Ctrl-C");
  auto const e = run_program({"run", value_of(text, "url"), "--cacert", value_of(text, "cacert")});
  BOOST_TEST(e.code == 3);
  BOOST_TEST(has(e.errors, "protocol"), e.errors);
  BOOST_TEST(server.end(SIGTERM) == 0);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_served_is_refused_and_says_why) {
  auto const e = run_program({"serve", "--deviate", "keys-under-weak-cipher"});
  BOOST_TEST(e.code == 2);
  BOOST_TEST(has(e.errors, "cannot be served"), e.errors);
  BOOST_TEST(has(e.errors, "3des-suites"), e.errors);
  auto const list = run_program({"serve", "--list"}).out;
  auto const line = list.substr(list.find("keys-under-weak-cipher"));
  BOOST_TEST(has(line.substr(0, line.find('\n')), "[for the tests alone"), line.substr(0, 200));
}

BOOST_AUTO_TEST_CASE(all_that_can_be_served_is_listed) {
  auto const e = run_program({"serve", "--list"});
  BOOST_TEST(e.code == 0);
  for (auto const name : {"key-bare", "certificate-part-first", "names-no-ca"}) BOOST_TEST(has(e.out, name));
}

BOOST_AUTO_TEST_CASE(an_unknown_name_brings_near_ones) {
  auto const e = run_program({"serve", "--deviate", "challenge-mising"});
  BOOST_TEST(e.code == 2);
  BOOST_TEST(has(e.errors, "is it challenge-missing"), e.errors);
  BOOST_TEST(run_program({"serve", "--deviate", "q"}).code == 2);
  BOOST_TEST(run_program({"serve", "--port", "70000"}).code == 2);
  BOOST_TEST(run_program({"serve", "--tls", "1.1"}).code == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(vectors_of_ones_own)

BOOST_AUTO_TEST_CASE(the_examples_of_the_manual_are_sent_and_judged) {
  auto const examples = examples_of_the_manual();
  BOOST_REQUIRE_EQUAL(examples.size(), 2u);
  const scratch s;
  std::filesystem::create_directory(s.path + "/mine");
  s.put("mine/positive.json", examples[0]);
  s.put("mine/negative.json", examples[1]);
  auto const e = run_program(
      {"run", "--vectors", s.path + "/mine", "--vector", "my.*", "--report", "json=" + s.path + "/report.json"});
  BOOST_TEST(e.code == 0, e.errors);
  auto const report = nlohmann::json::parse(s.get("report.json"));
  std::vector<std::string> answers;
  for (auto const& x : report["exchanges"]) answers.push_back(x["response"].get<std::string>().substr(0, 3));
  BOOST_TEST((answers == std::vector<std::string>{"200", "400"}));
  bool judged = false;
  for (auto const& c : report["checks"])
    judged = judged || (c["id"] == "enroll.proof-of-possession" && c["outcome"] == "pass" &&
                        c["exchange"] == "my.enrol-p521-broken/1");
  BOOST_TEST(judged);
  auto const listed = run_program({"list", "--vectors", s.path + "/mine"});
  BOOST_TEST(listed.code == 0, listed.errors);
  BOOST_TEST(has(listed.out, "my.enrol-p521-broken"));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_vector_is_said_with_file_place_and_reason) {
  auto const examples = examples_of_the_manual();
  BOOST_REQUIRE_EQUAL(examples.size(), 2u);
  auto const said = [](std::string const& name, std::string const& content) {
    const scratch s;
    s.put(name, content);
    auto const run = run_program({"run", "--vectors", s.path});
    auto const list = run_program({"list", "--vectors", s.path});
    BOOST_TEST(run.code == 2);
    BOOST_TEST(list.code == 2);
    BOOST_TEST(run.errors == list.errors);
    BOOST_TEST(std::count(run.errors.begin(), run.errors.end(), '\n') == 1);
    return run.errors;
  };
  auto changed = [&](std::string const& what, std::string const& by) {
    auto text = examples[0];
    auto const at = text.find(what);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
  };
  auto e = said("a.json", changed("\"P-521\"", "\"P-255\""));
  BOOST_TEST(has(e, "/a.json#/requests/0/body/csr/key: \"P-255\" is none of: RSA-2048"), e);
  e = said("a.json", changed("\"layout\"", "\"lay-out\""));
  BOOST_TEST(has(e, "/a.json#/requests/0/body"), e);
  e = said("a.json", changed("\"method\"", "\"colour\": 1, \"method\""));
  BOOST_TEST(has(e, "/a.json#/requests/0/colour: the key is not known"), e);
  e = said("a.json", "{\n  \"schema\" 1\n}");
  BOOST_TEST(has(e, "/a.json: the file is no JSON: line 2, column 12"), e);
  e = said("a.json", examples[1]);
  BOOST_TEST(has(e, "/a.json#/control: there is no vector \"my.enrol-p521\""), e);
  e = said("a.json", changed("my.enrol-p521", "simpleenroll.fresh"));
  BOOST_TEST(has(e, "/a.json#/id: \"simpleenroll.fresh\" is the id of another vector already"), e);
  e = said("a.txt", "nothing");
  BOOST_TEST(has(e, "there is no vector below it"), e);
  auto const absent = run_program({"run", "--vectors", "/nowhere/at/all"});
  BOOST_TEST(absent.code == 2);
  BOOST_TEST(has(absent.errors, "the folder cannot be read"), absent.errors);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(what_a_server_can_do)

BOOST_AUTO_TEST_CASE(stands_apart_from_the_verdicts) {
  const scratch s;
  auto const e = run_program({"run", "--report", "json=" + s.path + "/report.json"});
  BOOST_TEST(e.code == 0, e.errors);
  BOOST_TEST(has(e.out, "Capabilities (no verdicts)"));
  auto const can = nlohmann::json::parse(s.get("report.json"))["capabilities"];
  auto const rows = [&](std::string const& operation, std::string const& tls, std::string const& key) {
    return std::count_if(can["operations"].begin(), can["operations"].end(), [&](auto const& o) {
      return o["operation"] == operation && o["tls"] == tls && (key.empty() ? o["key"].is_null() : o["key"] == key) &&
             o["answer"] == "200 OK";
    });
  };
  BOOST_TEST(rows("cacerts", "TLS 1.2", "") > 0);
  BOOST_TEST(rows("cacerts", "TLS 1.3", "") > 0);
  for (auto const key : {"EC, 256 bit", "EC, 384 bit", "EC, 521 bit", "RSA, 2048 bit", "Ed25519"})
    BOOST_TEST(rows("simpleenroll", "TLS 1.3", key) > 0, key);
  auto const answer_to = [&](std::string const& question) -> std::string {
    for (auto const& h : can["handshakes"])
      if (h["question"] == question) return h["answer"];
    return "not asked";
  };
  BOOST_TEST(answer_to("TLS 1.0 hello, ordinary suites") == "alert 70 (protocol_version)");
  BOOST_TEST(answer_to("TLS 1.2 hello, anonymous suites") == "alert 40 (handshake_failure)");
  BOOST_TEST(answer_to("TLS 1.3 hello, ordinary suites").substr(0, 22) == "ServerHello of TLS 1.3");
  BOOST_TEST(answer_to("TLS 1.3 session offered again") == "resumed");
  BOOST_TEST(can["ca_key"] == "EC, 256 bit");
  BOOST_TEST(can["asks_for_client_certificate"] == true);
  BOOST_TEST(can["authorities_named"] == 2);
}

BOOST_AUTO_TEST_CASE(other_versions_are_not_offered_where_one_was_named) {
  const scratch s;
  auto const e = run_program({"run", "--tls", "1.2", "--read-only", "--report", "json=" + s.path + "/report.json"});
  BOOST_TEST(e.code == 0, e.errors);
  auto const report = nlohmann::json::parse(s.get("report.json"));
  BOOST_TEST(report["certificates"].empty());
  BOOST_TEST(!report["capabilities"]["handshakes"].empty());
  for (auto const& h : report["capabilities"]["handshakes"]) {
    const std::string question = h["question"];
    BOOST_TEST((has(question, "TLS 1.2") || has(question, "without TLS")), question);
  }
}

BOOST_AUTO_TEST_CASE(an_unfit_certificate_is_named_with_what_is_wrong_with_it) {
  const scratch s;
  auto const pem = s.put("c.pem", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
  for (std::vector<std::string> const& a : {std::vector<std::string>{"run", "https://a", "--unfit-cert", pem},
                                            {"run", "https://a", "--unfit-cert", "foreign=" + pem},
                                            {"run", "https://a", "--unfit-cert", "expired=" + pem},
                                            {"run", "--unfit-cert", "expired=" + pem}}) {
    auto const e = run_program(a);
    BOOST_TEST(e.code == 2, e.errors);
    BOOST_TEST(std::count(e.errors.begin(), e.errors.end(), '\n') == 1, e.errors);
  }
}

BOOST_AUTO_TEST_SUITE_END()
