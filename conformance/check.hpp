#pragma once
/// What a check is: one requirement, the situations that it applies to, and a list of named predicates.
///
/// A check carries no level (the catalogue does) and writes nothing. Each predicate has a name of its own, which is the
/// `reason` of a failure, so that a test can force it and a deviant server can prove that it fails for just that reason.

#include "reading.hpp"
#include "record.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// An exchange of the set that is judged, decoded.
struct neighbour {
  record const* in;
  exchange const* seen;
  reading const* read;
};

/// One exchange of one record, with everything that is known around it. Views: the owner outlives the judgement.
struct situation {
  record const& in;
  exchange const& seen;
  reading const& read;    ///< `seen`, decoded once
  reading const* control; ///< the control's last exchange, decoded; null where there is none
  target_facts const& target;
  /// Every exchange of the set, this one too, in order; empty when a record is judged alone. Captures have no controls:
  /// there a check may look here for an exchange that can serve as one.
  std::span<const neighbour> others = {};
};

/// What a predicate says of a situation.
struct verdict {
  enum class kind : std::uint8_t {
    holds,
    violated,
    undecided,      ///< something earlier failed (a decoder, the control), so this cannot be said
    not_applicable, ///< the predicate does not concern this situation after all
  };
  kind what = kind::holds;
  std::string expected;   ///< for a person; never secret octets
  std::string actual;     ///< likewise
  std::string where = {}; ///< `response`, `response.body`, `response.body.part[1]`, `request.csr`
  std::optional<std::size_t> offset =
      std::nullopt; ///< octets from the start of the response (of the request for `request…`)

  static verdict holds() { return {}; }
  /// Holds, and says what was seen.
  static verdict seen(std::string what, std::string where = "response") {
    return {kind::holds, {}, std::move(what), std::move(where)};
  }
  static verdict violated(std::string expected, std::string actual, std::string where = "response",
                          std::optional<std::size_t> offset = std::nullopt) {
    return {kind::violated, std::move(expected), std::move(actual), std::move(where), offset};
  }
  static verdict undecided(std::string why) { return {kind::undecided, {}, std::move(why)}; }
  static verdict not_applicable(std::string why = {}) { return {kind::not_applicable, {}, std::move(why)}; }
};

/// One thing that can be true or false of a situation.
struct predicate {
  std::string_view name; ///< the reason of a failure: `skg-status-not-200`; unique among all checks
  verdict (*judge)(situation const&);
  /// Whether it can be violated. One that cannot reports what was seen, or keeps those after it from guessing.
  bool can_fail = true;
};

/// A check of one requirement.
struct check {
  std::string_view id;          ///< `serverkeygen.answer-is-multipart`; unique
  std::string_view requirement; ///< the id of a row of the catalogue
  /// Whether the check concerns the situation at all: the operation, the status, what the request contained.
  bool (*applies)(situation const&);
  std::span<const predicate> predicates; ///< asked in order; the first that is violated or undecided ends the check
  /// Whether it judges every exchange of a record, and not only the last one, which carries the question.
  bool of_every_exchange = false;
};

/// The outcome of one check on one exchange.
enum class outcome : std::uint8_t { pass, fail, inconclusive, skip, error };

constexpr std::string_view name(outcome o) noexcept {
  switch (o) {
  case outcome::pass: return "pass";
  case outcome::fail: return "fail";
  case outcome::inconclusive: return "inconclusive";
  case outcome::skip: return "skip";
  case outcome::error: return "error";
  }
  return "error";
}

/// One line of the result: what a check said of one exchange.
struct finding {
  std::string check;
  std::string requirement;
  outcome what = outcome::skip;
  std::string reason; ///< the name of the predicate that failed, or why nothing was said
  std::string expected;
  std::string actual;
  std::string exchange; ///< its name
  std::string where;
  std::optional<std::size_t> offset;
  std::string tls; ///< `TLS 1.2`; empty where it is not known
};

/// All checks there are, in the order of the catalogue.
std::span<const check> all_checks();

/// The check that a predicate belongs to; null if there is no such predicate.
check const* check_with_reason(std::string_view reason);

/// Says in a predicate's stead what it would have said.
struct forced_verdict {
  std::string_view reason; ///< the predicate's name
  verdict said;
};

/// How to judge, for tests: other checks, or predicates that are forced. The default is what `judge` does.
struct judging {
  std::optional<std::span<const check>> checks = {}; ///< none: all of them
  std::span<const forced_verdict> forced = {};
  /// Whether a check with a forced predicate is asked where it does not apply as well.
  bool forced_everywhere = true;
};

/// Records with their exchanges decoded: what several judgements of the same records share. The records outlive it.
class evidence {
public:
  explicit evidence(std::span<const record>);
  evidence(evidence&&) = default;
  evidence& operator=(evidence&&) = default;

private:
  friend std::vector<finding> judge(evidence const&, target_facts const&, judging const&);
  std::deque<reading> readings_; // each stays where it is while others come
  std::vector<neighbour> exchanges_;
  std::map<record const*, reading> controls_;
};

std::vector<finding> judge(evidence const&, target_facts const&, judging const& = {});

/// Judges one record by all checks. Pure: the same record gives the same findings.
/// Out: one finding for each check and exchange that it applies to, in the order of the exchanges, then of the checks. A
///      check that does not apply says nothing; one that applies and finds nothing to say is a `skip` with its reason.
std::vector<finding> judge(record const&, target_facts const&, judging const& = {});

/// Judges many records, each by all checks. They are taken to be of one server.
std::vector<finding> judge(std::span<const record>, target_facts const&, judging const& = {});

} // namespace est::conformance
