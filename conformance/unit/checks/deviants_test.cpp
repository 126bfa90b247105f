/// The proof of the checks: every deviant fails just the check that it is made for, by just the reason, and every legal
/// variant fails nothing.

#include "proof.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace est;
using namespace est::test;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(the_deviants)

BOOST_AUTO_TEST_CASE(the_reference_server_fails_nothing) {
  for (auto const& line : complaints_in(proof::instance().baseline().findings)) BOOST_ERROR(line);
}

BOOST_AUTO_TEST_CASE(every_vector_is_sent_but_those_for_a_policy_or_a_socket) {
  for (auto const& s : proof::instance().baseline().run.skipped) {
    bool const on_the_wire = s.reason.find("not over TLS") == 0 || s.reason.find("--unfit-cert") != std::string::npos;
    bool const without_label = s.reason.find("no label") == 0; // those deviants and variants have one that need it
    BOOST_TEST((on_the_wire || without_label || s.reason.find("policy") != std::string::npos),
               s.id << ": " << s.reason);
  }
}

BOOST_AUTO_TEST_CASE(legal_variants_fail_nothing) {
  BOOST_TEST(legal_variants().size() >= 30u);
  for (auto const& v : legal_variants()) {
    BOOST_TEST(v.is_legal());
    for (auto const& line : complaints_in(proof::instance().of(v).findings)) BOOST_ERROR(v.name << ": " << line);
  }
}

BOOST_AUTO_TEST_CASE(each_fails_its_check_by_its_reason_and_no_other) {
  for (auto const& d : deviants()) {
    auto const& findings = proof::instance().of(d).findings;
    auto const found = death_of(d, findings);
    BOOST_TEST(found.died, d.name << ": " << d.check << " did not fail by " << d.reason);
    for (auto const& line : found.otherwise) BOOST_ERROR(d.name << ": " << line);
    for (auto const& f : findings)
      if (f.what == outcome::fail && f.reason == d.reason)
        BOOST_TEST((!f.expected.empty() && !f.actual.empty()), to_line(f) << " says too little");
  }
}

/// A kill counts only where nothing fails without the deviation: under its policy, that is a legal variant that keeps it.
BOOST_AUTO_TEST_CASE(each_policy_has_a_server_that_keeps_it) {
  std::set<std::string_view> kept;
  for (auto const& v : legal_variants()) kept.insert(v.policy);
  for (auto const& d : deviants())
    BOOST_TEST((d.policy.empty() || kept.count(d.policy) == 1), d.name << ": nobody keeps " << d.policy);
  for (auto const& name : policies()) BOOST_TEST(kept.count(name) == 1u, name << " is kept by no legal variant");
}

BOOST_AUTO_TEST_CASE(every_predicate_that_can_fail_has_one) {
  std::set<std::string_view> provoked;
  for (auto const& d : all_deviants()) provoked.insert(d.reason);
  for (auto const& c : all_checks())
    for (auto const& p : c.predicates) BOOST_TEST((provoked.count(p.name) == 1) == p.can_fail, c.id << ": " << p.name);
}

BOOST_AUTO_TEST_CASE(every_check_passes_somewhere) {
  std::set<std::string_view> passed;
  std::vector<kept_run const*> runs{&proof::instance().baseline()};
  for (auto const& v : legal_variants()) runs.push_back(&proof::instance().of(v));
  for (auto const* run : runs)
    for (auto const& f : run->findings)
      if (f.what == outcome::pass) passed.insert(f.check);
  // What only a socket shows has a baseline of its own.
  for (auto const& d : wire_deviants()) passed.insert(d.check);
  for (auto const& c : all_checks()) BOOST_TEST(passed.count(c.id) == 1u, c.id << " has nothing that it passes");
}

BOOST_AUTO_TEST_CASE(name_checks_and_reasons_that_exist) {
  std::set<std::string_view> names;
  for (auto const& d : all_deviants()) {
    BOOST_TEST(names.insert(d.name).second, d.name << " stands twice");
    auto const* const c = check_with_reason(d.reason);
    BOOST_REQUIRE_MESSAGE(c != nullptr, d.reason);
    BOOST_TEST(c->id == d.check);
    for (std::string_view rest = d.followers; !rest.empty();) {
      auto const id = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(id.size() + 1, rest.size()));
      BOOST_TEST(std::any_of(all_checks().begin(), all_checks().end(), [&](auto const& o) { return o.id == id; }),
                 d.name << " names " << id);
    }
  }
  for (auto const& v : legal_variants()) BOOST_TEST(names.insert(v.name).second, v.name << " stands twice");
}

BOOST_AUTO_TEST_CASE(followers_follow_somewhere) {
  for (auto const& d : deviants())
    for (std::string_view rest = d.followers; !rest.empty();) {
      auto const id = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(id.size() + 1, rest.size()));
      auto const& findings = proof::instance().of(d).findings;
      BOOST_TEST(std::any_of(findings.begin(), findings.end(),
                             [&](auto const& f) { return f.check == id && f.what == outcome::fail; }),
                 d.name << " names " << id << ", which does not fail");
    }
}

BOOST_AUTO_TEST_SUITE_END()
