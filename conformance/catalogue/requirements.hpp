#pragma once
/// The catalogue of requirements: rows of data, one for each sentence of the RFCs that a server, a client or a
/// certification authority is held to. The level of a requirement stands here and nowhere else.

#include <est/core/result.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// Who has to keep a requirement.
enum class party : unsigned char { server, client };

/// How a row is judged.
struct judgement {
  enum class way : unsigned char {
    check,    ///< by its checks
    info,     ///< the RFC leaves it open, or it is a note: what is seen is reported, and nothing fails
    policy,   ///< by its checks, where the target's owner has declared that policy
    set_up,   ///< by its checks, where the target is in a state that no client can bring about
    excluded, ///< not at all; `because` says why
  };
  way by = way::excluded;
  std::vector<std::string> checks; ///< their ids, in the order in which they are asked
  std::string policy;              ///< `own-names`; of way::policy alone
  std::string because;             ///< a sentence; of every way but check and policy
};

std::string_view name(judgement::way) noexcept;

/// One row of vectors/requirements.json.
struct requirement {
  std::string id;      ///< `rfc7030-4.1.3-200`; never changes once published
  std::string rfc;     ///< where the sentence stands: `RFC 7030`
  std::string section; ///< `4.1.3`
  std::string level;   ///< MUST, MUST NOT, SHOULD, SHOULD NOT, RECOMMENDED, MAY, OPTIONAL, required, implied, note
  std::string binds;   ///< `S`, `S+C`, `C`, `CA`, …: whom the RFC addresses
  party role = party::server; ///< whose behaviour the row is about
  std::string operation;      ///< `cacerts`, `enroll*`, `all`, …
  std::string wording;        ///< one sentence of our own
  std::string probe;          ///< how it is seen on the wire, in words; empty where nothing was written down
  std::string changed_by;     ///< a later RFC that says otherwise or adds to it; empty if none
  std::string condition;      ///< the feature or situation that switches the row on; empty: always
  std::string visibility;     ///< `A` anonymous, `E` enrolment credential, `S` special set-up, `N` not on the wire
  std::string group;          ///< the heading under which it is listed
  std::string remark;         ///< a trap, or why it is disputed
  bool disputed = false;      ///< people read the sentence differently: a failure is shown and does not count
  bool text_held = true;      ///< the RFC's text was read for this row; where not, a failure is a warning at most
  bool of_other_rfc = false;  ///< a row of HTTP, MIME, CMS or PKIX: reported apart from EST's own
  judgement judged;           ///< of rows about servers; those about clients are not judged here
};

/// A frozen set of requirements, by which a verdict can be quoted. A set never changes once published: where a row comes,
/// goes or changes its level, there is a new set with a new name.
struct requirement_set {
  std::string name;                     ///< `rfc7030+8951/2026.1`
  std::vector<std::string> without;     ///< RFCs whose rows do not belong to it
  std::string digest;                   ///< of its rows: `digest_of`
  bool holds(requirement const&) const; ///< whether the row belongs to it
};

/// All rows, in the order of the catalogue. Read once; a broken embedded catalogue is an empty list (a test sees to it
/// that it is not broken).
std::span<const requirement> requirements();

/// The row of that id; null if there is none. An id that was given up for another is not found.
requirement const* find_requirement(std::string_view id);

/// `2026.1`: goes up whenever a row comes, goes or changes its level.
std::string_view catalogue_version();

/// The sets there are; the first is what counts where none is named.
std::span<const requirement_set> requirement_sets();
requirement_set const& default_requirement_set();

/// The first 16 hexadecimal digits of the SHA-256 of what a set demands: id, RFC, section, level, whether disputed and
/// whether its text was read, of every row of the set that is about servers, in the order of the catalogue.
std::string digest_of(requirement_set const&, std::span<const requirement>);

/// The policies that a target's owner can declare, each once, sorted.
std::vector<std::string> policies();

/// Ids that look like the one given, nearest first; at most `count`.
std::vector<std::string> similar_ids(std::string_view id, std::size_t count = 3);

/// The same among any names.
std::vector<std::string> similar_names(std::string_view name, std::span<const std::string_view> names,
                                       std::size_t count = 3);

struct parsed_catalogue {
  std::string version;
  std::vector<requirement_set> sets;
  std::vector<requirement> rows;
};

/// Reads a catalogue.
/// In:     the text of a requirements.json
/// Errors: invalid_argument: no JSON, a key that is not known, a key that is missing, a level or visibility outside its
///         closed set, a judgement that lacks what its way needs, an id that stands twice; `where` names the row and the key
result<parsed_catalogue> parse_catalogue(std::string_view json);

} // namespace est::conformance
