/// The judge: what becomes of the verdicts of predicates, and what is true of the whole list of checks.

#include "stage.hpp"

#include "catalogue/requirements.hpp"

#include <set>
#include <stdexcept>

using namespace est;
using namespace est::test;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(the_list_of_checks)

BOOST_AUTO_TEST_CASE(names_each_check_and_each_reason_once) {
  std::set<std::string_view> ids, reasons;
  for (auto const& c : all_checks()) {
    BOOST_TEST(ids.insert(c.id).second, c.id << " stands twice");
    BOOST_TEST(!c.predicates.empty(), c.id << " asks nothing");
    for (auto const& p : c.predicates) {
      BOOST_TEST(reasons.insert(p.name).second, p.name << " stands twice");
      BOOST_TEST(check_with_reason(p.name) == &c);
    }
  }
  BOOST_TEST(check_with_reason("no such reason") == nullptr);
}

BOOST_AUTO_TEST_CASE(knows_rows_of_the_catalogue_alone) {
  for (auto const& c : all_checks())
    BOOST_TEST(find_requirement(c.requirement) != nullptr, c.id << " names " << c.requirement);
}

BOOST_AUTO_TEST_CASE(judges_the_rows_that_it_has_to) {
  std::set<std::string_view> rows;
  for (auto const& c : all_checks()) rows.insert(c.requirement);
  for (auto const row : {"rfc7030-4.1.2-supported",
                         "rfc7030-4.1.2-no-client-auth",
                         "rfc7030-4.1.3-status-200",
                         "rfc7030-4.1.3-certs-only",
                         "rfc7030-4.1.3-content-type",
                         "rfc7030-4.1.3-root-included",
                         "rfc7030-4.1.3-chain-complete",
                         "rfc7030-4.1.3-root-key-update",
                         "rfc7030-4.2.3-status-200",
                         "rfc7030-4.2.3-certs-only",
                         "rfc7030-4.2.3-only-issued-cert",
                         "rfc7030-4.2.3-smime-type",
                         "rfc7030-4.2.3-cert-matches-csr",
                         "rfc7030-4.2.3-error-status",
                         "rfc7030-4.2.3-error-cmc",
                         "rfc7030-4.2.3-error-plaintext",
                         "rfc8951-5.1-text-plain",
                         "rfc7030-4.2.3-202-retry-after",
                         "rfc7030-4.2.3-202-body",
                         "rfc7030-4.4-optional",
                         "rfc7030-4.4-authenticate-client",
                         "rfc7030-4.4-commensurate-cipher",
                         "rfc7030-4.4-rng",
                         "rfc7030-4.4.1-ignore-key",
                         "rfc7030-4.4.1-ignore-signature",
                         "rfc7030-4.4.1-treat-as-enroll",
                         "rfc7030-4.4.1.1-unknown-kek",
                         "rfc7030-4.4.1.2-unknown-asym",
                         "rfc7030-4.4.2-status-200-multipart",
                         "rfc7030-4.4.2-two-parts",
                         "rfc7030-4.4.2-part-types",
                         "rfc7030-4.4.2-pkcs8-encoding",
                         "rfc7030-4.4.2-key-matches-cert",
                         "rfc7030-4.4.2-cert-part",
                         "rfc7030-4.4.2-error-status",
                         "rfc7030-4.4.2-error-plaintext"})
    BOOST_TEST(rows.count(row) == 1u, row << " has no check");
}

BOOST_AUTO_TEST_CASE(does_not_apply_to_an_operation_that_is_not_known) {
  stage s;
  s.add("elsewhere", stage::get("../elsewhere"), stage::answer(200, "text/plain", "hello"));
  for (auto const& f : judge(s.records, s.target))
    BOOST_TEST((f.check == "http.framing" || f.check == "http.no-base64-transfer-coding"), f.check);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(the_judge, stage)

BOOST_AUTO_TEST_CASE(lets_each_predicate_be_forced) {
  add("any", get("csrattrs"), answer(404));
  for (auto const& c : all_checks())
    for (auto const& p : c.predicates) {
      // What stands before it in the list is forced to hold, so that it is reached.
      std::vector<forced_verdict> forced;
      for (auto const& before : c.predicates) {
        if (before.name == p.name) break;
        forced.push_back({before.name, verdict::holds()});
      }
      forced.push_back({p.name, verdict::violated("this", "that", "response.body", 7)});
      std::size_t failed = 0;
      for (auto const& f : judge(records, target, {std::span{&c, 1}, forced})) {
        BOOST_TEST((f.what == outcome::fail));
        BOOST_TEST(f.reason == p.name);
        BOOST_TEST(f.requirement == c.requirement);
        BOOST_TEST(f.expected == "this");
        BOOST_TEST(f.actual == "that");
        BOOST_TEST(f.where == "response.body");
        BOOST_TEST(f.offset.value_or(0) == 7u);
        ++failed;
      }
      BOOST_TEST(failed == 1u, p.name);
    }
}

BOOST_AUTO_TEST_CASE(turns_verdicts_into_outcomes) {
  static constexpr predicate predicates[] = {
      {"first", [](situation const&) { return verdict::not_applicable("so"); }},
      {"second", [](situation const&) { return verdict::not_applicable("else"); }}};
  const check c{"test.check", "row", [](situation const&) { return true; }, predicates};
  add("any", get("csrattrs"), answer(404));
  auto const outcome_with = [&](std::vector<forced_verdict> forced) {
    auto const list = judge(records, target, {std::span{&c, 1}, forced});
    BOOST_REQUIRE(list.size() == 1u);
    return list.front();
  };
  BOOST_TEST((outcome_with({}).what == outcome::skip));
  BOOST_TEST(outcome_with({}).reason == "so");
  BOOST_TEST((outcome_with({{"second", verdict::holds()}}).what == outcome::pass));
  BOOST_TEST((outcome_with({{"first", verdict::undecided("why")}, {"second", verdict::violated("a", "b")}}).what ==
              outcome::inconclusive));
  BOOST_TEST(outcome_with({{"first", verdict::undecided("why")}}).actual == "why");
  BOOST_TEST(
      (outcome_with({{"first", verdict::holds()}, {"second", verdict::violated("a", "b")}}).what == outcome::fail));
}

BOOST_AUTO_TEST_CASE(takes_a_check_that_throws_for_an_error_of_its_own) {
  static constexpr predicate predicates[] = {
      {"throws", [](situation const&) -> verdict { throw std::runtime_error{"oh"}; }}};
  const check c{"test.check", "row", [](situation const&) { return true; }, predicates};
  add("any", get("csrattrs"), answer(404));
  auto const list = judge(records, target, {std::span{&c, 1}, {}});
  BOOST_REQUIRE(list.size() == 1u);
  BOOST_TEST((list.front().what == outcome::error));
  BOOST_TEST(list.front().reason == "throws");
}

BOOST_AUTO_TEST_CASE(says_the_same_of_the_same) {
  auto const c = csr();
  add("enrolled", post("simpleenroll", c.der()), certificate_for(c));
  add("generated", post("serverkeygen", c.der()), key_for(make_key()));
  auto const first = judge(records, target), second = judge(records, target);
  BOOST_REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    BOOST_TEST(first[i].check == second[i].check);
    BOOST_TEST((first[i].what == second[i].what));
  }
}

BOOST_AUTO_TEST_CASE(survives_answers_that_are_cut_anywhere) {
  auto const c = csr();
  auto const whole = make("cut", post("serverkeygen", c.der()), key_for(make_key()));
  for (std::size_t length = 0; length < whole.response->size(); length += 7) {
    auto cut = whole;
    cut.response->resize(length);
    records.clear();
    add(std::move(cut));
    for (auto const& f : judge(records, target)) BOOST_TEST((f.what != outcome::error), f.check << " at " << length);
  }
}

BOOST_AUTO_TEST_SUITE_END()
