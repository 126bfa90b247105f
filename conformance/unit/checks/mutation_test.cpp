/// Mutation of the checks: each predicate is made to say something else than it says, in turn, and the proof is asked
/// whether it still stands. Nothing is built or sent anew: the runs that were kept are judged again.

#include "mutation.hpp"
#include "proof.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace est;
using namespace est::test;
using namespace est::conformance;

namespace est::test {

namespace {

bool stands(check const& c, forced_verdict const& forced,
            std::map<std::string_view, std::vector<deviant const*>> const& killers) {
  auto const checks = std::span{&c, 1};
  auto const forces = std::span{&forced, 1};
  auto& all = proof::instance();
  if (!complaints_in(all.baseline().judge_again(checks, forces)).empty()) return false;
  for (auto const& p : c.predicates) {
    auto const it = killers.find(p.name);
    if (it == killers.end()) continue;
    for (auto const* d : it->second) {
      auto const found = death_of(*d, all.of(*d).judge_again(checks, forces));
      if (!found.died || !found.otherwise.empty()) return false;
    }
  }
  return true;
}

std::vector<mutant> judge_all_mutants() {
  std::map<std::string_view, std::vector<deviant const*>> killers;
  for (auto const& d : deviants()) killers[d.reason].push_back(&d);
  std::set<std::string_view> on_the_wire; // not here, where nothing goes over a socket
  for (auto const& d : wire_deviants()) on_the_wire.insert(d.reason);
  struct change {
    std::string_view name;
    verdict said;
  };
  const change changes[] = {{"holds", verdict::holds()},
                            {"violated", verdict::violated("something", "something else")},
                            {"undecided", verdict::undecided("no reason")},
                            {"not applicable", verdict::not_applicable("no reason")}};
  std::vector<mutant> mutants;
  for (auto const& c : all_checks())
    for (auto const& p : c.predicates)
      for (auto const& change : changes) {
        if (on_the_wire.count(p.name) != 0) continue;
        if (!p.can_fail && change.said.what != verdict::kind::violated)
          continue; // it decides nothing that could be missed
        mutants.push_back({p.name, change.name, !stands(c, {p.name, change.said}, killers)});
      }
  return mutants;
}

} // namespace

std::vector<mutant> const& all_mutants() {
  static const std::vector<mutant> all = judge_all_mutants();
  return all;
}

} // namespace est::test

BOOST_AUTO_TEST_SUITE(the_proof)

BOOST_AUTO_TEST_CASE(notices_nearly_every_predicate_that_says_something_else) {
  std::size_t noticed = 0;
  for (auto const& m : all_mutants()) {
    noticed += m.noticed ? 1 : 0;
    if (!m.noticed) BOOST_TEST_MESSAGE("nobody notices where " << m.predicate << " says " << m.said);
  }
  BOOST_TEST(all_mutants().size() > 300u);
  BOOST_TEST(noticed * 100 >= all_mutants().size() * 95, noticed << " of " << all_mutants().size() << " are noticed");
}

BOOST_AUTO_TEST_SUITE_END()
