#include "catalogue/requirements.hpp"

#include "embedded.hpp"

#include <est/core/bytes.hpp>
#include <est/core/hash.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

namespace est::conformance {

namespace {

using json = nlohmann::json;

constexpr std::array levels{"MUST", "MUST NOT", "SHOULD",   "SHOULD NOT", "RECOMMENDED",
                            "MAY",  "OPTIONAL", "required", "implied",    "note"};
constexpr std::array visibilities{"A", "E", "S", "N"};
constexpr std::array ways{"check", "info", "policy", "set_up", "excluded"}; // in the order of judgement::way

/// Reads one JSON object by a closed set of keys; the first thing that is wrong is kept.
class row_reader {
public:
  row_reader(json const& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) complain("is not an object");
  }

  std::string text(char const* key, bool demanded) {
    auto const* value = take(key, demanded);
    if (value == nullptr) return {};
    if (!value->is_string()) {
      complain(std::string{key} + " is not a string");
      return {};
    }
    auto t = value->get<std::string>();
    if (demanded && t.empty()) complain(std::string{key} + " is empty");
    return t;
  }

  bool flag(char const* key, bool otherwise) {
    auto const* value = take(key, false);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) {
      complain(std::string{key} + " is neither true nor false");
      return otherwise;
    }
    return value->get<bool>();
  }

  json const* list(char const* key) {
    auto const* value = take(key, true);
    if (value != nullptr && !value->is_array()) complain(std::string{key} + " is not a list");
    return value;
  }

  std::vector<std::string> texts(char const* key, bool demanded) {
    std::vector<std::string> all;
    auto const* value = take(key, demanded);
    if (value == nullptr) return all;
    if (!value->is_array()) complain(std::string{key} + " is not a list");
    for (auto const& item : *value) {
      if (!item.is_string() || item.get<std::string>().empty())
        complain(std::string{key} + " has something that is no string, or an empty one");
      else
        all.push_back(item.get<std::string>());
    }
    return all;
  }

  json const* object(char const* key, bool demanded) { return take(key, demanded); }
  std::string const& where() const { return where_; }
  void complain(std::string what) {
    if (!trouble_) trouble_ = failure{errc::invalid_argument, where_, std::move(what), std::nullopt};
  }

  template <std::size_t N> std::string one_of(char const* key, std::array<char const*, N> const& set) {
    auto t = text(key, true);
    if (!trouble_ && std::find(set.begin(), set.end(), t) == set.end())
      complain(std::string{key} + " is \"" + t + "\", which is not in its closed set");
    return t;
  }

  /// After all keys have been taken: whatever is left is not known.
  std::optional<failure> finish() {
    if (!trouble_)
      for (auto const& [key, value] : object_.items())
        if (taken_.count(key) == 0) {
          complain("key \"" + key + "\" is not known");
          break;
        }
    return trouble_;
  }

private:
  json const* take(char const* key, bool demanded) {
    taken_.insert(key);
    if (!object_.is_object()) return nullptr;
    auto const it = object_.find(key);
    if (it == object_.end()) {
      if (demanded) complain(std::string{key} + " is missing");
      return nullptr;
    }
    return &*it;
  }

  json const& object_;
  std::string where_;
  std::set<std::string, std::less<>> taken_;
  std::optional<failure> trouble_;
};

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row.back();
}

/// A way without what it needs says nothing, and one with what it has no use for says something that is not so.
judgement read_judgement(json const& object, row_reader& row) {
  row_reader in{object, row.where() + ".judged"};
  judgement j;
  auto const by = in.one_of("by", ways);
  j.by = static_cast<judgement::way>(std::find(ways.begin(), ways.end(), by) - ways.begin());
  j.checks = in.texts("checks", false);
  j.policy = in.text("policy", false);
  j.because = in.text("because", false);
  using way = judgement::way;
  bool const asks = j.by == way::check || j.by == way::policy || j.by == way::set_up;
  if (asks && j.checks.empty()) in.complain("by " + by + ", and no checks");
  if (j.by == way::excluded && !j.checks.empty()) in.complain("excluded, and checks");
  if ((j.by == way::policy) != !j.policy.empty()) in.complain("policy is for by policy, and there alone");
  if ((j.by == way::check || j.by == way::policy) != j.because.empty())
    in.complain("because is for what needs a reason");
  if (auto trouble = in.finish()) row.complain("judged: " + trouble->detail);
  return j;
}

parsed_catalogue const& catalogue() {
  static const parsed_catalogue all = [] {
    for (auto const& file : embedded_requirements())
      if (auto parsed = parse_catalogue(file.content)) return std::move(*parsed);
    return parsed_catalogue{};
  }();
  return all;
}

} // namespace

result<parsed_catalogue> parse_catalogue(std::string_view text) {
  auto const document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return fail(errc::invalid_argument, "requirements", "is no JSON");
  row_reader top{document, "requirements"};
  parsed_catalogue all;
  all.version = top.text("version", true);
  top.text("about", false);
  auto const* sets = top.list("sets");
  auto const* list = top.list("requirements");
  if (auto trouble = top.finish()) return fail(std::move(*trouble));
  for (auto const& object : *sets) {
    row_reader in{object, "sets[" + std::to_string(all.sets.size()) + "]"};
    requirement_set set;
    set.name = in.text("name", true);
    set.without = in.texts("without", true);
    set.digest = in.text("digest", true);
    if (auto trouble = in.finish()) return fail(std::move(*trouble));
    all.sets.push_back(std::move(set));
  }
  if (all.sets.empty()) return fail(errc::invalid_argument, "sets", "has no set");
  std::set<std::string> seen;
  std::size_t index = 0;
  for (auto const& object : *list) {
    std::string where = "requirements[" + std::to_string(index++) + "]";
    if (object.is_object() && object.contains("id") && object["id"].is_string())
      where += " (" + object["id"].get<std::string>() + ")";
    row_reader in{object, where};
    requirement r;
    r.id = in.text("id", true);
    r.rfc = in.text("rfc", true);
    r.section = in.text("section", true);
    r.level = in.one_of("level", levels);
    r.binds = in.text("binds", true);
    r.role = in.one_of("role", std::array{"server", "client"}) == "client" ? party::client : party::server;
    r.operation = in.text("operation", true);
    r.wording = in.text("wording", true);
    r.probe = in.text("probe", false);
    r.changed_by = in.text("changed_by", false);
    r.condition = in.text("condition", false);
    r.visibility = in.one_of("visibility", visibilities);
    r.group = in.text("group", true);
    r.remark = in.text("remark", false);
    r.disputed = in.flag("disputed", false);
    r.text_held = in.flag("text_held", true);
    r.of_other_rfc = in.flag("of_other_rfc", false);
    if (auto const* judged = in.object("judged", r.role == party::server)) r.judged = read_judgement(*judged, in);
    if (r.role == party::client && r.judged.by != judgement::way::excluded) in.complain("clients are not judged");
    if (auto trouble = in.finish()) return fail(std::move(*trouble));
    if (!seen.insert(r.id).second) return fail(errc::invalid_argument, where, "the id stands twice");
    all.rows.push_back(std::move(r));
  }
  if (all.rows.empty()) return fail(errc::invalid_argument, "requirements", "has no rows");
  return all;
}

std::span<const requirement> requirements() { return catalogue().rows; }

std::string_view catalogue_version() { return catalogue().version; }

std::span<const requirement_set> requirement_sets() { return catalogue().sets; }

requirement_set const& default_requirement_set() {
  static const requirement_set none;
  auto const sets = requirement_sets();
  return sets.empty() ? none : sets.front();
}

bool requirement_set::holds(requirement const& r) const {
  return std::find(without.begin(), without.end(), r.rfc) == without.end();
}

std::string digest_of(requirement_set const& set, std::span<const requirement> rows) {
  std::string text;
  for (auto const& r : rows)
    if (r.role == party::server && set.holds(r))
      text += r.id + "|" + r.rfc + "|" + r.section + "|" + r.level + "|" + (r.disputed ? "disputed" : "") + "|" +
              (r.text_held ? "" : "not read") + "\n";
  return to_hex(sha256(as_bytes(text))).substr(0, 16);
}

std::vector<std::string> policies() {
  std::set<std::string> names;
  for (auto const& r : requirements())
    if (!r.judged.policy.empty()) names.insert(r.judged.policy);
  return {names.begin(), names.end()};
}

std::string_view name(judgement::way by) noexcept { return ways[static_cast<std::size_t>(by)]; }

requirement const* find_requirement(std::string_view id) {
  auto const rows = requirements();
  auto const it = std::find_if(rows.begin(), rows.end(), [id](requirement const& r) { return r.id == id; });
  return it == rows.end() ? nullptr : &*it;
}

std::vector<std::string> similar_names(std::string_view name, std::span<const std::string_view> names,
                                       std::size_t count) {
  if (name.size() > 100) return {};
  std::vector<std::pair<std::size_t, std::string>> near;
  for (auto const& known : names) {
    std::size_t d = distance(name, known);
    if (!name.empty() && known.find(name) != std::string_view::npos) d = std::min<std::size_t>(d, 1);
    if (d <= std::max<std::size_t>(4, name.size() / 3)) near.emplace_back(d, known);
  }
  std::stable_sort(near.begin(), near.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
  std::vector<std::string> best;
  for (auto const& [d, known] : near) {
    if (best.size() == count) break;
    best.push_back(known);
  }
  return best;
}

std::vector<std::string> similar_ids(std::string_view id, std::size_t count) {
  std::vector<std::string_view> ids;
  for (auto const& r : requirements()) ids.push_back(r.id);
  return similar_names(id, ids, count);
}

} // namespace est::conformance
