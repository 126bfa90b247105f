#pragma once
/// The proof of the checks: all vectors against the reference server, with each deviation in turn, in process. Each run is
/// made once, on keys that all runs share, and kept decoded, so that it can be judged again.

#include "check.hpp"
#include "deviant/deviants.hpp"
#include "drive/run.hpp"
#include "profile.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace est::test {

using namespace est::conformance;

/// One run that was kept.
struct kept_run {
  run_result run;
  std::unique_ptr<evidence> decoded; ///< of `run.records`
  std::vector<check> asked;          ///< those of the largest set, and of the policy that holds here
  std::vector<finding> findings;

  std::vector<finding> judge_again(std::span<const check> checks, std::span<const forced_verdict> forced = {}) const {
    return judge(*decoded, run.target, {checks, forced, false});
  }
};

/// What became of a deviant.
struct death {
  bool died = false;                  ///< its check failed, by its reason
  std::vector<std::string> otherwise; ///< lines of what failed by another reason, or of a check that may not follow
};
death death_of(deviant const&, std::span<const finding>);

/// Whether nothing failed and nothing went wrong; lines of what did.
std::vector<std::string> complaints_in(std::span<const finding>);

/// `fail enroll.served (simpleenroll-not-served) in simpleenroll.fresh/1: expected …, actual …`
std::string to_line(finding const&);

class proof {
public:
  proof();
  ~proof();
  kept_run const& baseline();
  kept_run const& of(deviant const&);

  /// Lives from the first test to the last: Botan's allocator for secrets is gone when static objects are destroyed.
  static proof& instance();

private:
  struct state;
  kept_run make(deviant const*);
  std::unique_ptr<state> state_;
  std::map<std::string, kept_run, std::less<>> runs_;
};

} // namespace est::test
