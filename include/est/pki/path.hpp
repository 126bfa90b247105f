#pragma once
/// From a certificate to a root, by name, key and signature, whatever the order of the bag. RFC 5272 section 4.1: nobody may
/// assume an order.

#include <est/core/result.hpp>
#include <est/pki/certificate.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace est::pki {

/// What an issuer on a path must be.
struct path_demands {
  std::optional<time_point> at; ///< every certificate is valid then; none: dates are not looked at
  bool ca = true;               ///< every issuer is a CA certificate whose keyUsage, if any, allows keyCertSign
  std::size_t longest = 10;     ///< certificates on a path, leaf and root counted
  std::size_t signatures = 200; ///< verified in the whole search: a hostile bag must not buy more
};

namespace detail {

class path_search {
public:
  path_search(std::span<const certificate> bag, path_demands const& demands) : bag_(bag), demands_(demands) {}

  bool extend(std::vector<certificate>& path) {
    auto const last = path.back();
    if (last.is_self_issued() && verifies(last, last)) return true;
    if (path.size() >= demands_.longest) return false;
    // Those whose key identifier fits come first; a missing one fits any.
    for (bool const by_identifier : {true, false})
      for (auto const& candidate : bag_) {
        if (fits(last, candidate) != by_identifier || !may_issue(candidate)) continue;
        if (std::find(path.begin(), path.end(), candidate) != path.end()) continue;
        if (!same_name(last.issuer_der(), candidate.subject_der()) || !verifies(last, candidate)) continue;
        path.push_back(candidate);
        if (extend(path)) return true;
        path.pop_back();
      }
    return false;
  }

  bool exhausted() const noexcept { return verified_ >= demands_.signatures; }

private:
  bool verifies(certificate const& subject, certificate const& issuer) {
    if (exhausted()) return false;
    ++verified_;
    return subject.check_signature(issuer.public_key_info()).has_value();
  }
  static bool fits(certificate const& subject, certificate const& issuer) {
    auto const wanted = subject.authority_key_identifier(), offered = issuer.subject_key_identifier();
    return !wanted || !offered || *wanted == *offered;
  }
  bool may_issue(certificate const& c) const {
    if (demands_.at && !c.valid_at(*demands_.at)) return false;
    if (!demands_.ca) return true;
    auto const usage = c.key_usage_bits();
    return c.is_ca() && (!usage || (*usage & key_usage::key_cert_sign) != 0);
  }

  std::span<const certificate> bag_;
  path_demands demands_;
  std::size_t verified_ = 0;
};

} // namespace detail

/// Finds a path from a certificate to a self-signed one in a bag.
/// Source:  RFC 5280 section 6.1 (names chain, signatures verify, dates, basicConstraints and keyUsage of issuers)
/// In:      the leaf; the bag, in any order, which may hold the leaf; what is demanded
/// Out:     leaf first, self-signed last
/// Errors:  no_certificate where no path is found; the detail says at which name the search ended
/// Promises: bounded work; deterministic.
/// Does NOT promise: trust. The root is one of the bag's, and whether it is an anchor is the caller's to know. Policies,
///          name constraints, path length constraints and revocation are not looked at.
inline result<std::vector<certificate>> build_path(certificate const& leaf, std::span<const certificate> bag,
                                                   path_demands const& demands) {
  if (demands.at && !leaf.valid_at(*demands.at))
    return fail(errc::no_certificate, "path", "the certificate is not valid at " + time_text(*demands.at));
  detail::path_search search{bag, demands};
  std::vector<certificate> path{leaf};
  if (search.extend(path)) return path;
  return fail(errc::no_certificate, "path",
              search.exhausted()
                  ? "the search took more than " + std::to_string(demands.signatures) + " signatures"
                  : "the bag holds no path from " + leaf.subject_text() + " under " + leaf.issuer_text());
}

inline result<std::vector<certificate>> build_path(certificate const& leaf, std::span<const certificate> bag,
                                                   time_point at) {
  return build_path(leaf, bag, path_demands{at});
}

} // namespace est::pki
