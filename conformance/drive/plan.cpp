#include "run.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace est::conformance {

namespace {

/// What costs nothing comes first, and what everybody has to offer before what is optional.
std::size_t rank(std::string_view operation) {
  constexpr std::array order{"cacerts",        "none",         "csrattrs", "simpleenroll",
                             "simplereenroll", "serverkeygen", "fullcmc"};
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), operation) - order.begin());
}

bool matches(std::string_view id, std::string_view pattern) {
  if (!pattern.empty() && pattern.back() == '*') {
    pattern.remove_suffix(1);
    return id.substr(0, pattern.size()) == pattern;
  }
  return id == pattern;
}

/// Those that were selected, with their controls and what these stand on.
std::set<std::string_view> selected(run_options const& options, std::span<const vector_definition> vectors) {
  std::set<std::string_view> ids;
  for (auto const& v : vectors) {
    bool const wanted = options.select.empty() || std::any_of(options.select.begin(), options.select.end(),
                                                              [&](auto const& s) { return matches(v.id, s); });
    for (auto const* at = &v; wanted && at != nullptr; at = find_vector(vectors, at->control)) ids.insert(at->id);
  }
  return ids;
}

std::string reason_to_skip(run_options const& options, vector_definition const& v) {
  using credential = vector_definition::credential;
  if (!v.policy.empty() &&
      std::find(options.policies.begin(), options.policies.end(), v.policy) == options.policies.end())
    return "policy not declared: --policy " + v.policy;
  if (v.handshake && options.tls && v.handshake->version != http::tls_version::unknown &&
      v.handshake->version != *options.tls)
    return "not selected: --tls names another version";
  if (options.tls && v.tls != http::tls_version::unknown && v.tls != *options.tls)
    return "not selected: --tls names another version";
  if (!v.registered.empty() && options.key_identifiers.of(v.registered).empty())
    return "no registered key: it needs the identifier of one that the target knows (--key-id " + v.registered +
           "=HEX)";
  if (options.effective_label().empty() &&
      std::any_of(v.requests.begin(), v.requests.end(), [](auto const& q) { return q.without_label; }))
    return "no label: the target has none that could be left out";
  if (v.approval && options.wait.count() == 0)
    return "no time to wait: it needs --wait, and somebody who approves the request meanwhile";
  if (options.read_only && v.certificates > 0) return "read-only: it could issue a certificate";
  if (v.needs == credential::none) return {};
  bool const has =
      v.needs == credential::certificate ? options.credentials.has_certificate() : options.credentials.any();
  if (!has)
    return v.needs == credential::certificate ? "no credential: it needs a client certificate (--cert, --key)"
                                              : "no credential: it needs --user, or --cert and --key";
  for (auto const& r : v.requests)
    if (r.identity && *r.identity != client_identity::own && *r.identity != client_identity::foreign &&
        options.unfit.count(*r.identity) == 0)
      return "no credential: it needs a client certificate of the server's CA that is " +
             std::string{name(*r.identity)} + " (--unfit-cert)";
  if (!options.may_send_credentials()) return "no credential is sent to a server that is not verified (--insecure)";
  return {};
}

} // namespace

run_plan plan(run_options const& options, std::span<const vector_definition> vectors) {
  run_plan p;
  auto const chosen = selected(options, vectors);
  std::vector<vector_definition const*> sorted;
  for (auto const& v : vectors) sorted.push_back(&v);
  // What is asked out of curiosity comes last: if certificates run out, no verdict is lost.
  auto const place_of = [](vector_definition const& v) {
    bool const curious = v.id.rfind("capability.", 0) == 0;
    return std::tuple{curious, rank(v.operation), std::string_view{v.id}};
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](auto const* a, auto const* b) { return place_of(*a) < place_of(*b); });
  std::set<std::string_view> placed;
  auto const place = [&](vector_definition const& v) {
    if (!placed.insert(v.id).second) return;
    auto reason = chosen.count(v.id) == 0 ? std::string{"not selected"} : reason_to_skip(options, v);
    if (!reason.empty()) {
      p.skipped.push_back({v.id, std::move(reason), v.operation});
      return;
    }
    p.order.push_back(&v);
    p.certificates += v.certificates;
  };
  for (auto const* v : sorted) {
    std::vector<vector_definition const*> first; // the chain of controls, the deepest last
    for (auto const* at = v; at != nullptr && first.size() <= vectors.size(); at = find_vector(vectors, at->control))
      first.push_back(at);
    for (auto it = first.rbegin(); it != first.rend(); ++it) place(**it);
  }
  return p;
}

} // namespace est::conformance
