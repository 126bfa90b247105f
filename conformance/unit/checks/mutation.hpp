#pragma once
/// What became of the proof where a predicate said something else.

#include <string_view>
#include <vector>

namespace est::test {

struct mutant {
  std::string_view predicate;
  std::string_view said; ///< `holds`, `violated`, `undecided`, `not applicable`: whatever it was asked
  bool noticed = false;  ///< the proof no longer stands
};

/// Every predicate in turn, made to say each of them. Worked out once.
std::vector<mutant> const& all_mutants();

} // namespace est::test
