#pragma once
/// What a server is judged by: a frozen set of requirements, and the policies that its owner has declared.

#include "catalogue/requirements.hpp"
#include "check.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

struct profile {
  requirement_set const* set = nullptr;       ///< null: `default_requirement_set()`
  std::vector<std::string> policies_declared; ///< a subset of `policies()`

  requirement_set const& requirements_of() const { return set != nullptr ? *set : default_requirement_set(); }
  bool declares(std::string_view policy) const noexcept;
  /// Whether the row belongs to the set, and its policy, if it has one, is declared.
  bool asks_for(requirement const&) const;
};

/// The checks of the rows that a profile asks for, in their order.
std::vector<check> checks_of(profile const&);

/// The profile in which every row of every set is asked for: what the proof of the checks is held against.
profile whole_profile();

} // namespace est::conformance
