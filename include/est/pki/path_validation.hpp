#pragma once
/// Whether a certificate leads to an anchor and may be used for what is meant: dates, usages, lengths, names, revocation.
/// The search and the rules are ours and not those of Botan's x509_path_validate, which answers differently in Botan 2 and
/// Botan 3, takes no anchor but a self-signed certificate in Botan 2, and refuses certificates that it cannot load.
/// `path.hpp` finds a path without asking whom to trust.

#include <est/core/result.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/crl.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/name_constraints.hpp>
#include <est/pki/text.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// What revocation lists are asked for. Whatever the policy but `ignored`, a certificate that a list names is revoked.
enum class revocation_policy : std::uint8_t {
  ignored,           ///< lists are not looked at
  if_listed,         ///< a missing list and an overdue one say nothing, and that is accepted
  required_for_leaf, ///< a list in force says that the end-entity certificate is not revoked
  required,          ///< and the same of every CA certificate below the anchor
};

/// What a path must be.
struct path_policy {
  time_point at{};                   ///< the time that everything must be valid at
  std::vector<object_id> purposes{}; ///< extKeyUsage of the leaf, if it has any, allows one of them; empty: any
  std::uint16_t usage = 0;           ///< bits that keyUsage of the leaf, if it has any, must all have
  revocation_policy revocation = revocation_policy::if_listed;
  std::size_t longest = 10;     ///< certificates on a path, leaf and anchor counted
  std::size_t signatures = 200; ///< verified in the whole search: a hostile bag must not buy more
};

/// A path that holds.
struct validated_path {
  std::vector<certificate> certificates; ///< leaf first, anchor last; one where the leaf is an anchor itself
  /// Every certificate below the anchor stands under a revocation list in force that does not name it.
  bool revocation_known = false;

  certificate const& anchor() const noexcept { return certificates.back(); }
};

namespace detail {

/// pathLenConstraint; none where there is no limit, or one beyond every path.
/// Source: RFC 5280 section 4.2.1.9: "Where it appears, the pathLenConstraint field MUST be greater than or equal to zero."
/// Errors: malformed_certificate: a negative one, or a BasicConstraints that cannot be read. No limit is read from either.
inline result<std::optional<std::uint32_t>> path_length(certificate const& c) {
  auto const found = c.find(oids::basic_constraints);
  if (found == nullptr) return std::optional<std::uint32_t>{};
  tlv_state state{errc::malformed_certificate, "basicConstraints"};
  tlv_reader outer{found->value, state};
  auto fields = outer.enter(tag::sequence, "BasicConstraints");
  if (fields.at(tag::boolean)) fields.take(tag::boolean, "cA");
  std::optional<std::uint32_t> length;
  if (fields.at(tag::integer)) {
    auto const number = fields.take(tag::integer, "pathLenConstraint");
    if (state.ok() && (number.content.empty() || (number.content[0] & 0x80u) != 0))
      return fail(errc::malformed_certificate, "basicConstraints", "a pathLenConstraint below zero");
    length = small_integer(number);
  }
  fields.end("BasicConstraints");
  if (!state.ok()) return fail(*state.first);
  return length;
}

class path_validator {
public:
  path_validator(std::span<const certificate> bag, std::span<const certificate> anchors, std::span<const crl> crls,
                 path_policy const& policy)
      : bag_(bag), anchors_(anchors), crls_(crls), policy_(policy) {}

  result<validated_path> validate(certificate const& leaf) {
    std::vector<certificate> path{leaf};
    if (auto found = extend(path)) return std::move(*found);
    if (refusal_) return fail(std::move(*refusal_));     // a whole path, and what is wrong with it
    if (suspicion_) return fail(std::move(*suspicion_)); // the issuer is there, and the signature is not its own
    if (exhausted())
      return fail(errc::too_large, "path",
                  "the search took more than " + std::to_string(policy_.signatures) + " signatures");
    return fail(errc::no_trust_anchor, "path",
                leaf.subject_text() + ", issued by " + leaf.issuer_text() + ", leads to no trust anchor");
  }

private:
  bool exhausted() const noexcept { return verified_ >= policy_.signatures; }
  bool is_anchor(certificate const& c) const {
    return std::find(anchors_.begin(), anchors_.end(), c) != anchors_.end();
  }

  std::optional<validated_path> extend(std::vector<certificate>& path) {
    auto const last = path.back();
    if (is_anchor(last)) {
      auto checked = check(path);
      if (checked) return std::move(*checked);
      if (!refusal_) refusal_ = std::move(checked.error());
      return std::nullopt;
    }
    if (path.size() >= policy_.longest) return std::nullopt;
    auto const issuer = last.issuer_der();
    auto const wanted = last.authority_key_identifier();
    // Those whose key identifier fits come first; a missing one fits any.
    for (bool const by_identifier : {true, false})
      for (auto const candidates : {anchors_, bag_})
        for (auto const& candidate : candidates) {
          if (!same_name(issuer, candidate.subject_der())) continue;
          auto const offered = candidate.subject_key_identifier();
          if ((!wanted || !offered || *wanted == *offered) != by_identifier) continue;
          // RFC 4158 section 5.2: a name and key once a path; an anchor may hold those of the root that it replaces
          if (std::any_of(path.begin(), path.end(), [&](certificate const& c) {
                return c == candidate || (!is_anchor(candidate) && equal(c.subject_der(), candidate.subject_der()) &&
                                          equal(c.public_key_info(), candidate.public_key_info()));
              }))
            continue;
          if (exhausted()) return std::nullopt;
          ++verified_;
          if (auto const signature = last.check_signature(candidate.public_key_info()); !signature) {
            if (wanted && offered && *wanted == *offered && !suspicion_)
              suspicion_ = failure{signature.error().code, "path[" + std::to_string(path.size() - 1) + "]",
                                   "the signature on " + last.subject_text() + " under the key of " +
                                       last.issuer_text() + ": " + signature.error().detail,
                                   std::nullopt};
            continue;
          }
          path.push_back(candidate);
          if (auto found = extend(path)) return found;
          path.pop_back();
        }
    return std::nullopt;
  }

  static failure blame(errc code, std::size_t index, certificate const& c, std::string why) {
    return {code, "path[" + std::to_string(index) + "]", c.subject_text() + " " + std::move(why), std::nullopt};
  }

  /// RFC 5280 section 6.1, over a path whose names chain and whose signatures verify. The anchor's own dates and
  /// constraints count too, though section 6.1 leaves that open.
  result<validated_path> check(std::vector<certificate> const& path) {
    for (std::size_t i = 0; i < path.size(); ++i)
      if (auto const one = check_alone(path, i); !one) return fail(one.error());
    std::size_t intermediates = 0; // not self-issued, between the leaf and the CA that is looked at
    std::size_t comparisons = std::size_t{1} << 18;
    for (std::size_t i = 1; i < path.size(); ++i) {
      auto const& ca = path[i];
      auto const longest = path_length(ca);
      if (!longest)
        return fail(blame(longest.error().code, i, ca, "cannot be a CA in a path: " + longest.error().detail));
      if (*longest && intermediates > **longest)
        return fail(blame(errc::constraint_violated, i, ca,
                          "allows " + std::to_string(**longest) + " CAs below it, and there are " +
                              std::to_string(intermediates)));
      if (!ca.is_self_issued()) ++intermediates;
      auto const constraints = ca.find(oids::name_constraints);
      if (constraints == nullptr) continue;
      for (std::size_t j = 0; j < i; ++j) {
        if (j != 0 && path[j].is_self_issued()) continue;
        if (auto const kept = check_name_constraints(constraints->value, path[j], comparisons); !kept)
          return fail(blame(kept.error().code, j, path[j],
                            "breaks the name constraints of " + ca.subject_text() + ": " + kept.error().detail));
      }
    }
    validated_path whole{path, true};
    if (policy_.revocation == revocation_policy::ignored) {
      whole.revocation_known = path.size() == 1;
      return whole;
    }
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      auto const known = check_revocation(path, i);
      if (known) continue;
      bool const wanted = policy_.revocation == revocation_policy::required ||
                          (i == 0 && policy_.revocation == revocation_policy::required_for_leaf);
      if (known.error().code != errc::revocation_unknown || wanted) return fail(known.error());
      whole.revocation_known = false;
    }
    return whole;
  }

  /// What one certificate has to be, by its place in the path.
  result<void> check_alone(std::vector<certificate> const& path, std::size_t i) const {
    static std::array<object_id const*, 9> const understood{
        &oids::basic_constraints,        &oids::key_usage,
        &oids::subject_alternative_name, &oids::extended_key_usage,
        &oids::name_constraints,         &oids::certificate_policies, // no policy is asked for: any will do
        &oids::subject_key_identifier,   &oids::authority_key_identifier,
        &oids::crl_distribution_points};
    auto const& c = path[i];
    if (policy_.at < c.not_before())
      return fail(blame(errc::certificate_not_yet_valid, i, c, "is not valid before " + time_text(c.not_before())));
    if (c.not_after() < policy_.at)
      return fail(blame(errc::certificate_expired, i, c, "is not valid after " + time_text(c.not_after())));
    for (auto const& one : c.extensions())
      if (one.critical &&
          std::none_of(understood.begin(), understood.end(), [&](object_id const* known) { return *known == one.oid; }))
        return fail(blame(errc::constraint_violated, i, c,
                          "has the critical extension " + one.oid.to_string() + ", which is not understood"));
    auto const usage = c.key_usage_bits();
    if (i != 0) {
      bool const old_root = i + 1 == path.size() && c.version() < 3; // a version 1 anchor cannot say that it is a CA
      if (!c.is_ca() && !old_root) return fail(blame(errc::wrong_usage, i, c, "is no CA certificate"));
      if (usage && (*usage & key_usage::key_cert_sign) == 0)
        return fail(blame(errc::wrong_usage, i, c, "may not sign certificates"));
      return {};
    }
    if (usage && (*usage & policy_.usage) != policy_.usage)
      return fail(blame(errc::wrong_usage, i, c, "lacks a key usage that is asked for"));
    auto const purposes = c.extended_key_usage();
    if (purposes && !policy_.purposes.empty() &&
        std::none_of(purposes->begin(), purposes->end(), [this](object_id const& one) {
          return one == oids::any_extended_key_usage ||
                 std::find(policy_.purposes.begin(), policy_.purposes.end(), one) != policy_.purposes.end();
        }))
      return fail(blame(errc::wrong_usage, i, c, "is for other purposes than are asked for"));
    return {};
  }

  /// RFC 5280 section 6.3, for complete lists of the issuer itself.
  /// Errors: certificate_revoked; revocation_unknown
  result<void> check_revocation(std::vector<certificate> const& path, std::size_t i) {
    auto const& c = path[i];
    auto const issuer = c.issuer_der(), serial = c.serial();
    std::string trouble = "there is no revocation list of " + c.issuer_text();
    bool known = false;
    for (auto const& list : crls_) {
      if (!same_name(list.issuer_der(), issuer) || !list.covers(c)) continue;
      if (!list.obstacle().empty()) {
        trouble = "the revocation list of " + c.issuer_text() + " is of no use: " + list.obstacle();
        continue;
      }
      if (!is_signed(list, path[i + 1])) {
        trouble = "the revocation list of " + c.issuer_text() + " is not signed by a key that may";
        continue;
      }
      auto const entry = list.find(serial);
      if (entry != nullptr && entry->reason != revocation_reason::remove_from_crl &&
          (list.this_update() <= policy_.at || entry->at <= policy_.at))
        return fail(blame(errc::certificate_revoked, i, c,
                          "was revoked at " + time_text(entry->at) + ", reason " + std::string{name(entry->reason)}));
      if (!list.in_force_at(policy_.at)) {
        trouble = "the revocation list of " + c.issuer_text() +
                  (policy_.at < list.this_update() ? " is of later, " + time_text(list.this_update())
                                                   : " was to be renewed at " + time_text(*list.next_update()));
        continue;
      }
      known = true;
    }
    if (known) return {};
    return fail(errc::revocation_unknown, "path[" + std::to_string(i) + "]", std::move(trouble));
  }

  bool verifies_under(crl const& list, certificate const& issuer) {
    auto const usage = issuer.key_usage_bits();
    if ((usage && (*usage & key_usage::crl_sign) == 0) || exhausted()) return false;
    ++verified_;
    return list.check_signature(issuer.public_key_info()).has_value();
  }

  /// By the key that issued, or by another of the same name that leads to an anchor: after a change of keys a CA signs with
  /// its new one. RFC 5280 section 6.3.3 (f) and (g)
  bool is_signed(crl const& list, certificate const& issuer) {
    if (verifies_under(list, issuer)) return true;
    for (auto const candidates : {anchors_, bag_})
      for (auto const& other : candidates) {
        if (equal(other.public_key_info(), issuer.public_key_info()) ||
            !same_name(other.subject_der(), issuer.subject_der()) || !other.is_ca() || !verifies_under(list, other))
          continue;
        auto inner = policy_;
        inner.purposes.clear();
        inner.usage = 0;
        inner.revocation = revocation_policy::ignored;
        inner.signatures = policy_.signatures - std::min(policy_.signatures, verified_);
        path_validator nested{bag_, anchors_, {}, inner};
        auto const leads = nested.validate(other);
        verified_ += nested.verified_;
        if (leads) return true;
      }
    return false;
  }

  std::span<const certificate> bag_, anchors_;
  std::span<const crl> crls_;
  path_policy policy_;
  std::size_t verified_ = 0;
  std::optional<failure> refusal_, suspicion_;
};

} // namespace detail

/// Finds a path from a certificate to an anchor that holds in every respect, whatever the order of the bag.
/// Source:  RFC 5280 sections 6.1 (basicConstraints, keyUsage, path lengths, name constraints, critical extensions that
///          are not understood) and 6.3 (revocation lists of the issuer itself)
/// In:      the leaf; certificates that may lead from it to an anchor; the anchors, self-signed or not; revocation lists;
///          what is demanded. All in any order; the bag may hold leaf and anchors.
/// Errors:  one code a reason, `where` says at which certificate (`path[0]` is the leaf):
///          no_trust_anchor (foreign) · certificate_expired · certificate_not_yet_valid · certificate_revoked ·
///          wrong_usage (a usage or purpose that the extensions forbid; an issuer that is no CA) · constraint_violated
///          (path length, names, critical extensions) · bad_signature or unsupported_algorithm (the issuer is there by name
///          and key identifier, and the signature does not verify) · revocation_unknown (no list, an overdue one, or one
///          of no use, where the policy wants one) · too_large
/// Promises: bounded work; deterministic; the same answer with Botan 2 and Botan 3, post-quantum signatures apart. Where
///           several paths lead to an anchor, the first that holds counts; where none holds, the first one's reason.
/// Does NOT promise: certificate policies (a critical policyConstraints or inhibitAnyPolicy is refused as not
///           understood), delta or indirect revocation lists, OCSP.
inline result<validated_path> validate_path(certificate const& leaf, std::span<const certificate> bag,
                                            std::span<const certificate> anchors, std::span<const crl> crls,
                                            path_policy const& policy) {
  return detail::path_validator{bag, anchors, crls, policy}.validate(leaf);
}

} // namespace est::pki
