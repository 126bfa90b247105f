/// RFC 7030's own examples, A.1 to A.4, as its text prints them, and A.4 as a user sent it: nothing wrong is said of them.

#include "../vectors.hpp"

#include "catalogue/document_example.hpp"
#include "check.hpp"
#include "profile.hpp"

#include <algorithm>

using namespace est;
using namespace est::test;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(the_examples_of_rfc7030)

namespace {

/// The exchanges of a document: each request with the answer after it.
std::vector<record> exchanges_of(std::string_view file) {
  auto const document = read_document_example(read_vector(file));
  BOOST_REQUIRE(document);
  std::vector<record> records;
  for (std::size_t i = 0; i < document->messages.size(); ++i) {
    if (records.empty() || document->facts[i].is_request) {
      records.emplace_back().exchanges.emplace_back();
      records.back().id = records.back().exchanges.back().name = std::to_string(records.size());
    }
    auto& x = records.back().exchanges.back();
    (document->facts[i].is_request ? x.request : x.response) = document->messages[i];
  }
  return records;
}

/// By the set of RFC 7030 and 8951, and no policy.
std::vector<std::string> failures_in(std::vector<record> const& records) {
  std::vector<std::string> list;
  auto const asked = checks_of({});
  for (auto const& f : judge(records, {}, {asked, {}}))
    if (f.what == outcome::fail || f.what == outcome::error) list.push_back(f.check + " " + f.reason);
  return list;
}

std::string said(std::vector<record> const& records, std::string_view check) {
  for (auto const& f : judge(records, {}))
    if (f.check == check) return std::string{name(f.what)};
  return "nothing";
}

} // namespace

BOOST_AUTO_TEST_CASE(fail_nothing) {
  for (auto const file :
       {"rfc7030/a1-section.txt", "rfc7030/a2-section.txt", "rfc7030/a3-section.txt", "rfc7030/a4-section.txt"}) {
    auto const failed = failures_in(exchanges_of(file));
    BOOST_TEST(failed.empty(), file << ": " << (failed.empty() ? "" : failed.front()));
  }
}

BOOST_AUTO_TEST_CASE(are_judged_by_what_they_show) {
  auto const a1 = exchanges_of("rfc7030/a1-section.txt");
  BOOST_TEST(said(a1, "cacerts.root-included") == "pass");
  BOOST_TEST(said(a1, "cacerts.root-key-update") == "skip"); // the four certificates bear four names
  auto const a2 = exchanges_of("rfc7030/a2-section.txt");
  BOOST_TEST(said(a2, "csrattrs.syntax") == "pass");
  auto const a3 = exchanges_of("rfc7030/a3-section.txt");
  BOOST_TEST(said(a3, "enroll.certificate-matches-csr") == "pass");
  BOOST_TEST(said(a3, "http.401-challenge") == "pass");
  auto const a4 = exchanges_of("rfc7030/a4-section.txt");
  for (auto const check :
       {"serverkeygen.two-parts", "serverkeygen.private-key-info", "serverkeygen.key-matches-certificate",
        "serverkeygen.ignores-csr-key", "serverkeygen.certificate-part", "mime.multipart"})
    BOOST_TEST(said(a4, check) == "pass", check);
  BOOST_TEST(said(a4, "serverkeygen.treats-csr-as-enrolment") == "skip"); // the example itself changes the subject
  BOOST_TEST(said(a4, "linking.verified") == "skip");
}

BOOST_AUTO_TEST_CASE(as_the_user_sent_it_a4_lacks_a_delimiter_and_an_empty_line) {
  auto const records = exchanges_of("rfc7030/seed-as-received.txt");
  auto failed = failures_in(records);
  std::sort(failed.begin(), failed.end());
  const std::vector<std::string> known{"mime.multipart mime-no-empty-line", "serverkeygen.two-parts skg-part-count"};
  BOOST_TEST(failed == known, boost::test_tools::per_element());
  for (auto const& f : judge(records, {})) {
    if (f.reason != "skg-part-count") continue;
    BOOST_TEST(f.actual == "1 part, and a line that holds the delimiter but does not begin with it");
    BOOST_REQUIRE(f.offset);
    BOOST_TEST(records.front().exchanges.front().response->substr(*f.offset, 3) == "f--");
  }
}

BOOST_AUTO_TEST_SUITE_END()
