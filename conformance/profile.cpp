#include "profile.hpp"

#include <algorithm>

namespace est::conformance {

bool profile::declares(std::string_view policy) const noexcept {
  return std::find(policies_declared.begin(), policies_declared.end(), policy) != policies_declared.end();
}

bool profile::asks_for(requirement const& r) const {
  return requirements_of().holds(r) && (r.judged.by != judgement::way::policy || declares(r.judged.policy));
}

std::vector<check> checks_of(profile const& p) {
  std::vector<check> asked;
  for (auto const& c : all_checks()) {
    auto const* const row = find_requirement(c.requirement);
    if (row == nullptr || p.asks_for(*row)) asked.push_back(c); // one of no row is our own fault, and not to be hidden
  }
  return asked;
}

profile whole_profile() {
  auto const sets = requirement_sets();
  auto const largest = std::min_element(
      sets.begin(), sets.end(), [](auto const& a, auto const& b) { return a.without.size() < b.without.size(); });
  return {largest == sets.end() ? nullptr : &*largest, policies()};
}

} // namespace est::conformance
