// Records full of secrets, through every output of the library: none of them may come out.

#include "check.hpp"
#include "report/redact.hpp"
#include "report/report.hpp"

#include "../vectors.hpp"

#include <est/core/base64.hpp>

#include <boost/test/unit_test.hpp>

using namespace est;
using namespace est::conformance;
using est::test::read_vector;

BOOST_AUTO_TEST_SUITE(canary)

namespace {

constexpr auto password = "canary-Pa55word-canary";

std::string key_text() { return read_vector("rfc7030/a4-response-pkcs8.b64"); }

/// What must never be seen: pieces of the key as base64, hexadecimal and octets, and the credentials.
std::vector<std::string> canaries() {
  std::vector<std::string> all{password,
                               encode_base64(as_bytes("user:" + std::string{password}), base64_layout::one_line()),
                               "canary-cookie-value"};
  std::string text;
  for (char const c : key_text())
    if (c != '\n') text.push_back(c);
  auto const der = decode_base64(key_text()).value();
  for (std::size_t at = 48; at + 24 < text.size(); at += 24) all.push_back(text.substr(at, 24));
  for (std::size_t at = 36; at + 16 < der.size(); at += 16) {
    all.push_back(to_hex(byte_view{der}.subspan(at, 16)));
    all.push_back(to_text(byte_view{der}.subspan(at, 16)));
  }
  return all;
}

exchange make(std::string name, std::optional<std::string> target, std::string response) {
  exchange e;
  e.name = std::move(name);
  if (target)
    e.request = "POST " + *target + " HTTP/1.1\r\nHost: a\r\nAuthorization: Basic " +
                encode_base64(as_bytes("user:" + std::string{password}), base64_layout::one_line()) +
                "\r\nCookie: s=canary-cookie-value\r\nContent-Type: application/pkcs10\r\n\r\n" +
                read_vector("rfc7030/a4-serverkeygen-request.b64");
  e.response = std::move(response);
  return e;
}

std::vector<record> poisoned() {
  auto const key = key_text();
  auto const der = decode_base64(key).value();
  auto const certificate = read_vector("rfc7030/a4-response-pkcs7.b64");
  auto const multipart = [&](std::string const& first, std::string const& between, std::string const& head = {}) {
    return "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=estServerExampleBoundary\r\n"
           "Set-Cookie: s=canary-cookie-value\r\n" +
           head + "\r\n" + first + "estServerExampleBoundary\r\nContent-Type: application/pkcs8\r\n" + between + key +
           "\r\n--estServerExampleBoundary\r\nContent-Type: application/pkcs7-mime; smime-type=certs-only\r\n\r\n" +
           certificate + "\r\n--estServerExampleBoundary--\r\n";
  };
  std::string const keygen = "/.well-known/est/serverkeygen";
  std::vector<exchange> all;
  all.push_back(make("good", keygen, multipart("--", "\r\n")));
  all.push_back(make("stray-f", keygen, multipart("f--", "\r\n")));
  all.push_back(make("no-blank-line", keygen, multipart("--", "")));
  all.push_back(make("no-delimiter", keygen, multipart("", "\r\n")));
  all.push_back(make("no-request", std::nullopt, multipart("f--", "")));
  all.push_back(make("key-in-head", keygen, multipart("--", "\r\n", key)));
  all.push_back(make("key-in-field", keygen, multipart("--", "\r\n", "X-Key: " + key.substr(0, 60) + "\r\n")));
  all.push_back(make("wrong-type", keygen, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + key));
  all.push_back(make("unknown-operation", "/elsewhere", "HTTP/1.1 200 OK\r\n\r\n" + key));
  all.push_back(make("unknown-der", "/elsewhere", "HTTP/1.1 200 OK\r\n\r\n" + to_text(der)));
  all.push_back(make("unknown-hex", "/elsewhere", "HTTP/1.1 200 OK\r\n\r\n" + to_hex(der)));
  all.push_back(make("enroll-sends-key", "/.well-known/est/simpleenroll",
                     "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime\r\n\r\n" + key));
  all.push_back(make("cacerts-sends-key", "/.well-known/est/cacerts",
                     "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime\r\n\r\n" + key));
  all.push_back(make("attributes-send-key", "/.well-known/est/csrattrs",
                     "HTTP/1.1 200 OK\r\nContent-Type: application/csrattrs\r\n\r\n" + key));
  all.push_back(make("error-with-key", keygen, "HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n\r\nkey:\n" + key));
  all.push_back(
      make("error-echoes-password", "/.well-known/est/simpleenroll",
           "HTTP/1.1 401 No\r\nContent-Type: text/plain\r\n\r\nwrong password " + std::string{password} + " for user"));
  all.push_back(
      make("reason-echoes", "/.well-known/est/simpleenroll", "HTTP/1.1 401 " + std::string{password} + "\r\n\r\n"));
  all.push_back(make("no-http", keygen, "nonsense " + key));
  all.push_back(make("cut-off", keygen, multipart("--", "\r\n").substr(0, 700)));
  auto complaining = make("complaint", keygen, "");
  complaining.response.reset();
  complaining.complaint = "the server said " + std::string{password} + " and " + key.substr(100, 60);
  all.push_back(complaining);
  std::vector<record> records;
  for (auto& e : all) {
    record r;
    r.id = e.name;
    r.exchanges.push_back(std::move(e));
    records.push_back(std::move(r));
  }
  return records;
}

void none_in(std::string const& output, std::string_view what) {
  for (auto const& canary : canaries())
    BOOST_TEST((output.find(canary) == std::string::npos), what << " shows a secret of " << canary.size() << " octets");
}

} // namespace

BOOST_AUTO_TEST_CASE(no_secret_comes_out_of_text_json_and_transcripts) {
  auto const records = poisoned();
  target_facts target;
  target.name = "https://user:" + std::string{password} + "@host";
  auto findings = judge(records, target);
  BOOST_TEST(!findings.empty());
  // Should a check ever quote what it must not: a finding with secrets in every field.
  auto const key = key_text();
  finding leaking;
  leaking.check = "leak";
  leaking.requirement = "rfc7030-4.1.3-status-200";
  leaking.what = outcome::fail;
  leaking.reason = "it is " + key.substr(64, 80);
  leaking.expected = std::string{"not "} + password;
  leaking.actual = to_hex(byte_view{decode_base64(key).value()}.subspan(100, 40)) + " / " +
                   to_text(byte_view{decode_base64(key).value()}.subspan(200, 40));
  leaking.where = key.substr(200, 64);
  leaking.exchange = "stray-f";
  findings.push_back(leaking);

  report_input in;
  in.findings = findings;
  in.records = records;
  in.target = &target;
  in.secrets = {password};
  in.remarks = {"the password was " + std::string{password}};
  in.ignored = {key.substr(300, 60)};
  in.vectors_skipped = {{"v", "because of " + std::string{password}, ""}};
  in.certificates = {{"00", "CN=" + std::string{password}, "v"}};
  auto const model = make_report(in);
  text_style style;
  none_in(to_text(model, style), "the text");
  style.verbose = true;
  none_in(to_text(model, style), "the verbose text");
  none_in(to_json(model), "the JSON");
  for (auto const& r : records)
    for (auto const& e : r.exchanges) {
      none_in(redacted_request(e), "a request's transcript, " + e.name + ",");
      none_in(redacted_response(e), "an answer's transcript, " + e.name + ",");
    }
}

BOOST_AUTO_TEST_CASE(the_canaries_are_really_in_the_records) {
  std::string all;
  for (auto const& r : poisoned())
    for (auto const& e : r.exchanges) all += e.request.value_or("") + e.response.value_or("") + e.complaint;
  std::string unfolded;
  for (char const c : all)
    if (c != '\n') unfolded.push_back(c);
  for (auto const& canary : canaries())
    BOOST_TEST((all.find(canary) != std::string::npos || unfolded.find(canary) != std::string::npos));
}

BOOST_AUTO_TEST_SUITE_END()
