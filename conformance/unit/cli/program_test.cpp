// The program as a person uses it: what it prints and how it exits.

#include "program.hpp"

#include "../vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

#include <netinet/in.h>
#include <sys/socket.h>

using namespace est::test;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(program)

namespace {

std::string vectors() {
  char const* const folder = std::getenv("EST_VECTORS");
  BOOST_REQUIRE(folder != nullptr);
  return folder;
}

std::string cacerts_answer(std::string_view type = "application/pkcs7-mime") {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string{type} + "\r\n\r\n" +
         read_vector("rfc7030/a1-cacerts-response.b64");
}
constexpr auto cacerts_request = "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: a\r\n\r\n";

/// One line on the standard error, and nothing else.
void one_line(ended const& e) {
  BOOST_TEST(std::count(e.errors.begin(), e.errors.end(), '\n') == 1, e.errors);
  BOOST_TEST(e.errors.substr(0, 17) == "est-conformance: ");
}

/// A port on which nobody listens.
int closed_port() {
  int const s = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(::bind(s, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  socklen_t size = sizeof a;
  BOOST_REQUIRE(::getsockname(s, reinterpret_cast<sockaddr*>(&a), &size) == 0);
  ::close(s);
  return ntohs(a.sin_port);
}

} // namespace

BOOST_AUTO_TEST_CASE(help_and_version_are_exit_0) {
  for (std::vector<std::string> const& a : {std::vector<std::string>{"--help"},
                                            {"run", "--help"},
                                            {"check", "--help"},
                                            {"list", "--help"},
                                            {"explain", "--help"},
                                            {"--version"}}) {
    auto const e = run_program(a);
    BOOST_TEST(e.code == 0);
    BOOST_TEST(e.errors.empty());
    BOOST_TEST(has(e.out, "est-conformance"));
  }
  BOOST_TEST(has(run_program({"run", "--help"}).out, "EST_PASSWORD"));
}

BOOST_AUTO_TEST_CASE(bad_usage_is_exit_2_with_one_line) {
  scratch const s;
  auto const pem = s.put("ca.pem", "no pem at all");
  auto const answer = s.put("a.resp", cacerts_answer());
  for (std::vector<std::string> const& a :
       {std::vector<std::string>{},
        {"fly"},
        {"run", "--nonsense"},
        {"run", "https://a", "https://b"},
        {"run", "http://127.0.0.1"},
        {"run", "https://"},
        {"run", "https://a:99999"},
        {"run", "https://a", "--tls", "1.1"},
        {"run", "https://a", "--timeout", "never"},
        {"run", "https://a", "--timeout", "-1"},
        {"run", "https://a", "--wait", "-1"},
        {"run", "https://a", "--approval-label", "slow"}, // and no time for it
        {"run", "--approval-label", "slow", "--wait", "5"},
        {"run", "https://a", "--max-certs", "-1"},
        {"run", "https://a", "--cacert", s.path + "/missing.pem"},
        {"run", "https://a", "--cacert", pem},
        {"run", "https://a", "--cert", s.path + "/missing.pem"},
        {"run", "https://a", "--key", pem},
        {"run", "https://a", "--cert", pem},
        {"run", "https://a", "--user", "me"},
        {"run", "https://a", "--user", "me", "--password-file", s.path + "/missing"},
        {"run", "https://a", "--resolve", "a"},
        {"run", "https://a", "--vector", "no.such.vector"},
        {"run", "https://a", "--key-id", "symmetric=0"},
        {"run", "https://a", "--key-id", "symmetric="},
        {"run", "https://a", "--key-id", "other=00"},
        {"run", "--key-id", "symmetric=00"},
        {"run", "https://a", "--opening-key", "symmetric=" + pem},
        {"run", "https://a", "--key-id", "symmetric=00", "--opening-key", "symmetric=" + pem},
        {"run", "https://a", "--key-id", "symmetric=00", "--opening-key", "symmetric=" + s.path + "/missing"},
        {"run", "https://a", "--key-id", "transport=00", "--opening-key", "transport=" + pem},
        {"run", "https://a", "--key-id", "transport=00", "--opening-key", "transport"},
        {"run", "https://a", "--key-id", "transport=00", "--opening-key", "other=" + pem},
        {"run", "--opening-key", "symmetric=" + pem},
        {"run", "https://a", "--insecure-credentials"},
        {"run", "--user", "me"},
        {"check"},
        {"check", s.path + "/missing"},
        {"check", pem},
        {"check", answer, "--at", "yesterday"},
        {"check", answer, "--report", "json"},
        {"check", answer, "--report", "yaml=x"},
        {"check", answer, "--report", "json=" + s.path + "/no/such/folder/x.json"},
        {"check", answer, "--report", "json=" + s.path},
        {"check", answer, "--quiet", "--verbose"},
        {"check", answer, "--policy", "no-such-policy"},
        {"check", answer, "--transcripts", answer},
        {"list", "--section", "99.9"},
        {"list", "--level", "SHALL"},
        {"explain"},
        {"explain", "rfc7030-4.1.3-status-201"}}) {
    std::string shown;
    for (auto const& word : a) shown += word + " ";
    auto const e = run_program(a);
    BOOST_TEST(e.code == 2, shown << "exits with " << e.code << ": " << e.errors);
    BOOST_TEST(e.out.empty(), shown);
    one_line(e);
  }
}

BOOST_AUTO_TEST_CASE(plain_http_is_refused_with_the_clause) {
  BOOST_TEST(has(run_program({"run", "http://est.example"}).errors, "RFC 7030 3.3"));
}

BOOST_AUTO_TEST_CASE(a_password_in_the_url_is_refused_and_not_repeated) {
  auto const e = run_program({"run", "https://user:canary-secret@est.example"});
  BOOST_TEST(e.code == 2);
  BOOST_TEST(!has(e.errors, "canary-secret"));
}

BOOST_AUTO_TEST_CASE(an_unknown_id_brings_near_ones) {
  BOOST_TEST(has(run_program({"explain", "rfc7030-4.1.3-status-201"}).errors, "rfc7030-4.1.3-status-200"));
}

BOOST_AUTO_TEST_CASE(a_host_where_nobody_listens_is_exit_3_with_one_line) {
  auto const e =
      run_program({"run", "https://127.0.0.1:" + std::to_string(closed_port()), "--quiet", "--timeout", "5"});
  BOOST_TEST(e.code == 3);
  BOOST_TEST(e.out.empty());
  one_line(e);
}

BOOST_AUTO_TEST_CASE(list_and_explain_know_every_requirement) {
  auto const listed = run_program({"list", "--json"});
  BOOST_REQUIRE(listed.code == 0);
  auto const j = nlohmann::json::parse(listed.out);
  BOOST_TEST(j["requirements"].size() > 200u);
  auto const e = run_program({"explain", "rfc7030-4.4.1.1-unknown-kek"});
  BOOST_TEST(e.code == 0);
  for (auto const* piece : {"RFC 7030 section 4.4.1.1", "MUST", "DecryptKeyIdentifier", "check"})
    BOOST_TEST(has(e.out, piece), piece);
  auto const client = run_program({"explain", "cl-3.3-https"});
  BOOST_TEST(client.code == 0);
  BOOST_TEST(has(client.out, "binds clients"));
  auto const section = run_program({"list", "--section", "4.4", "--level", "must"});
  BOOST_TEST(section.code == 0);
  BOOST_TEST(has(section.out, "rfc7030-4.4.2-two-parts"));
  BOOST_TEST(!has(section.out, "rfc7030-4.1.3-status-200"));
}

BOOST_AUTO_TEST_CASE(a_good_capture_is_exit_0_and_its_reports_agree) {
  scratch const s;
  s.put("a.req", cacerts_request);
  s.put("a.resp", cacerts_answer());
  auto const e = run_program({"check", s.path + "/a", "--at", "2013-06-01", "--report", "json=" + s.path + "/r.json",
                              "--report", "text=" + s.path + "/r.txt"});
  BOOST_TEST(e.code == 0, e.out);
  BOOST_TEST(e.errors.empty());
  BOOST_TEST(has(e.out, "RFC 7030 4.1.3"));
  auto const j = nlohmann::json::parse(s.get("r.json"));
  BOOST_TEST(j["verdict"]["exit"] == 0);
  BOOST_TEST(has(e.out, j["verdict"]["claim"].get<std::string>()));
  BOOST_TEST(has(s.get("r.txt"), "RFC 7030 4.1.3"));
  std::size_t files = 0;
  for ([[maybe_unused]] auto const& entry : std::filesystem::directory_iterator{s.path}) ++files;
  BOOST_TEST(files == 4u); // nothing half-written is left
}

BOOST_AUTO_TEST_CASE(a_broken_must_is_exit_1_and_says_where) {
  scratch const s;
  s.put("a.req", cacerts_request);
  s.put("a.resp", "HTTP/1.1 201 Created\r\nContent-Type: application/pkcs7-mime\r\n\r\n" +
                      read_vector("rfc7030/a1-cacerts-response.b64"));
  auto const e = run_program({"check", s.path});
  BOOST_TEST(e.code == 1);
  BOOST_TEST(has(e.out, "rfc7030-4.1.3-status-200"));
  BOOST_TEST(has(e.out, "nonconformant"));
  auto const quiet = run_program({"check", s.path, "--quiet"});
  BOOST_TEST(quiet.code == 1);
  BOOST_TEST(std::count(quiet.out.begin(), quiet.out.end(), '\n') == 1);
}

BOOST_AUTO_TEST_CASE(nothing_to_judge_is_exit_3) {
  scratch const s;
  s.put("a.req", cacerts_request);
  BOOST_TEST(run_program({"check", s.path}).code == 3);
}

BOOST_AUTO_TEST_CASE(an_incomplete_result_is_exit_4_only_when_asked) {
  scratch const s;
  s.put("a.req", cacerts_request);
  s.put("a.resp", cacerts_answer());
  BOOST_TEST(run_program({"check", s.path}).code == 0);
  BOOST_TEST(run_program({"check", s.path, "--require-complete"}).code == 4);
}

BOOST_AUTO_TEST_CASE(json_on_the_standard_output_has_it_alone) {
  scratch const s;
  s.put("a.resp", cacerts_answer());
  auto const e = run_program({"check", s.path + "/a.resp", "--report", "json=-"});
  BOOST_TEST(!nlohmann::json::parse(e.out, nullptr, false).is_discarded());
}

BOOST_AUTO_TEST_CASE(a_report_that_cannot_be_written_leaves_the_old_one) {
  scratch const s;
  s.put("r.json", "old");
  auto const e = run_program({"check", s.path + "/missing", "--report", "json=" + s.path + "/r.json"});
  BOOST_TEST(e.code == 2);
  BOOST_TEST(s.get("r.json") == "old");
}

BOOST_AUTO_TEST_CASE(hostile_answers_are_judged_and_not_obeyed) {
  scratch const s;
  s.put("a.req", cacerts_request);
  s.put("a.resp", "HTTP/1.1 500 \x1b]0;owned\x07\xff\r\nContent-Type: \x1b[2J\r\n\r\n\x1b[31mboo\x00\xfe"s);
  s.put("b\x1b[1m.resp", "HTTP/1.1 200 OK\r\n\r\n");
  auto const e = run_program({"check", s.path, "--verbose", "--report", "json=" + s.path + "/r.json"});
  BOOST_TEST((e.code == 0 || e.code == 1 || e.code == 3));
  for (char const c : e.out + e.errors) BOOST_REQUIRE((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
  BOOST_TEST(!nlohmann::json::parse(s.get("r.json"), nullptr, false).is_discarded());
}

BOOST_AUTO_TEST_CASE(the_printed_example_says_what_is_wrong_with_it_and_no_more_than_is_known) {
  auto const e = run_program({"check", vectors() + "/rfc7030/seed-as-received.txt"});
  BOOST_TEST(e.code == 1, e.out);
  BOOST_TEST(has(e.out, "f--estServerExampleBoundary") == false); // bodies of serverkeygen are not quoted
  auto const sound = run_program({"check", vectors() + "/rfc7030/a4-section.txt"});
  BOOST_TEST(sound.code == 0, sound.out);
  BOOST_TEST(!has(e.out + sound.out, "MIIEv"));
}

BOOST_AUTO_TEST_CASE(transcripts_hold_no_secret_and_can_be_checked_again) {
  scratch const s;
  s.put("a.req", "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: a\r\nAuthorization: Basic "
                 "dXNlcjpjYW5hcnktc2VjcmV0\r\n\r\n"); // user:canary-secret
  s.put("a.resp", cacerts_answer());
  auto const e = run_program({"check", s.path, "--transcripts", s.path + "/t"});
  BOOST_TEST(e.code == 0);
  BOOST_TEST(has(s.get("t/a.req"), "Authorization: Basic [withheld]"));
  BOOST_TEST(!has(s.get("t/a.req"), "dXNlcjpjYW5h"));
  BOOST_TEST(run_program({"check", s.path + "/t"}).code == 0);
}

BOOST_AUTO_TEST_CASE(the_embedded_server_passes_and_shows_serverkeygen) {
  scratch const s;
  auto const e = run_program({"run", "--report", "json=" + s.path + "/r.json"});
  BOOST_TEST(e.code == 0, e.out << e.errors);
  auto const j = nlohmann::json::parse(s.get("r.json"));
  BOOST_TEST(j["verdict"]["counts"]["fail"] == 0);
  BOOST_TEST(j["verdict"]["counts_of_other_rfcs"]["fail"] == 0);
  BOOST_TEST(!j["certificates"].empty());
  for (auto const& r : j["requirements"])
    if (r["id"] == "rfc7030-4.4.2-status-200-multipart" || r["id"] == "rfc7030-4.4.2-key-matches-cert" ||
        r["id"] == "rfc7030-4.1.3-certs-only")
      BOOST_TEST(r["outcome"] == "pass", r.dump());
}

BOOST_AUTO_TEST_CASE(read_only_issues_nothing) {
  scratch const s;
  auto const e = run_program({"run", "--read-only", "--report", "json=" + s.path + "/r.json"});
  BOOST_TEST(e.code == 0, e.out << e.errors);
  auto const j = nlohmann::json::parse(s.get("r.json"));
  BOOST_TEST(j["certificates"].empty());
  BOOST_TEST(!j["skipped"].empty());
}

BOOST_AUTO_TEST_SUITE_END()
