#pragma once
/// Whom a client trusts, and how that changes: anchors configured for EST or taken from elsewhere, the verified and sorted
/// certificates of a /cacerts answer, and the set of an unverified answer, which is of no use until a person or a
/// configured fingerprint has confirmed it.

#include <est/client/trust.hpp>
#include <est/core/bytes.hpp>
#include <est/core/hash.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/message/cacerts.hpp>
#include <est/message/endpoint.hpp>
#include <est/message/operation.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/context.hpp>
#include <est/pki/crl.hpp>
#include <est/pki/path_validation.hpp>
#include <est/transport/concept.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

/// Where anchors come from.
/// Source: RFC 7030 section 3.6
enum class anchor_kind : std::uint8_t {
  explicit_anchors, ///< for EST alone: configured, or from /cacerts; a server may also be known by id-kp-cmcRA
  implicit_anchors, ///< of other use, as the public CAs of a browser: a server is known by its name alone
};

/// An anchor database.
struct trust_anchors {
  anchor_kind kind = anchor_kind::explicit_anchors;
  std::vector<pki::certificate> certificates;
};

/// Whether a server is the one that was meant, by everything that can be asked: its chain leads to an anchor, nothing in it
/// is revoked, and it is known by its name or its role.
/// Source:  RFC 7030 sections 3.3.1, 3.6.1 and 3.6.2
/// In:      the chain that the server has shown, its own certificate first; anchors; the host of the configured URI;
///          revocation lists; how to look at dates and lists (`purposes` is set here)
/// Errors:  server_untrusted (no certificate); those of validate_path; server_name_mismatch
inline result<pki::validated_path> check_server(std::span<const pki::certificate> chain, trust_anchors const& anchors,
                                                std::string_view host, std::span<const pki::crl> lists,
                                                pki::path_policy policy) {
  if (chain.empty()) return fail(errc::server_untrusted, "server certificate", "the server has shown no certificate");
  bool const own_anchors = anchors.kind == anchor_kind::explicit_anchors;
  policy.purposes = {pki::oids::server_auth};
  if (own_anchors) policy.purposes.push_back(pki::oids::cmc_ra);
  auto path = pki::validate_path(chain.front(), chain.subspan(1), anchors.certificates, lists, policy);
  if (!path) return path;
  if (auto const known = check_server_identity(chain.front(), host, own_anchors); !known) return fail(known.error());
  return path;
}

namespace detail {
class ca_sorter;
}

/// The certificates of a CA, each verified under the root, by what it is for.
/// Source:   RFC 7030 section 4.1.3; the names of the three kinds are those of RFC 4210 section 4.4
/// Promises: everything but the root led to the root when it was sorted; the root is the one anchor
/// Does NOT promise: that any of it is still valid later, or that nothing was revoked.
class ca_certificates {
public:
  /// The most recent root (NewWithNew): the explicit anchor from now on.
  pki::certificate const& root() const noexcept { return root_; }
  /// Roots before it, self-signed (OldWithOld), whose key the root has certified.
  std::vector<pki::certificate> const& earlier_roots() const noexcept { return earlier_roots_; }
  /// An earlier root's key, certified by a later one.
  std::vector<pki::certificate> const& old_with_new() const noexcept { return old_with_new_; }
  /// The root's key, certified by an earlier one: for those who still have only that.
  std::vector<pki::certificate> const& new_with_old() const noexcept { return new_with_old_; }
  /// CAs below the root.
  std::vector<pki::certificate> const& intermediates() const noexcept { return intermediates_; }

  /// What may stand between a certificate and the root: the bag of validate_path.
  std::vector<pki::certificate> bag() const {
    std::vector<pki::certificate> all{intermediates_};
    all.insert(all.end(), old_with_new_.begin(), old_with_new_.end());
    all.insert(all.end(), new_with_old_.begin(), new_with_old_.end());
    return all;
  }
  trust_anchors anchors() const { return {anchor_kind::explicit_anchors, {root_}}; }

  friend class detail::ca_sorter;

private:
  explicit ca_certificates(pki::certificate root) : root_(std::move(root)) {}

  pki::certificate root_;
  std::vector<pki::certificate> earlier_roots_, old_with_new_, new_with_old_, intermediates_;
};

namespace detail {

/// Sorts and verifies a bag.
class ca_sorter {
public:
  ca_sorter(pki::certs_only const& bag, pki::time_point now, notes* out) : out_(out) {
    policy_.at = now;
    policy_.revocation = pki::revocation_policy::ignored;
    for (auto const& one : bag.certificates()) {
      if (std::find(all_.begin(), all_.end(), one) != all_.end()) {
        note(note_code::cacerts_repeated, one);
      } else if (!one.is_ca() && !(one.version() < 3 && one.is_self_signed())) {
        note(note_code::cacerts_no_ca, one);
      } else if (all_.size() == most) {
        too_many_ = true;
      } else {
        all_.push_back(one);
      }
    }
    for (auto const& one : all_)
      if (one.is_self_issued() && one.is_self_signed()) roots_.push_back(one);
    if (roots_.empty()) remark(out_, note_code::cacerts_no_root, "cacerts");
  }

  std::vector<pki::certificate> const& roots() const noexcept { return roots_; }

  /// The most recent root. RFC 7030 section 4.1.3: it "has the latest NotAfter date"
  static pki::certificate const* latest(std::vector<pki::certificate> const& roots) {
    pki::certificate const* found = nullptr;
    for (auto const& one : roots)
      if (found == nullptr ||
          std::pair{found->not_after(), found->not_before()} < std::pair{one.not_after(), one.not_before()})
        found = &one;
    return found;
  }

  /// The roots that follow from known ones: themselves, and those whose key a known one has certified, in one step or more.
  std::vector<pki::certificate> reachable(std::vector<pki::certificate> known) const {
    std::vector<pki::certificate> reached;
    for (bool more = true; more;) {
      more = false;
      for (auto const& root : roots_) {
        if (std::find(reached.begin(), reached.end(), root) != reached.end()) continue;
        bool const is_known = std::find(known.begin(), known.end(), root) != known.end();
        if (!is_known && !is_certified(root, known)) continue;
        reached.push_back(root);
        if (!is_known) known.push_back(root);
        more = true;
      }
    }
    return reached;
  }

  /// Everything else, under the root.
  result<ca_certificates> sort_under(pki::certificate const& root) const {
    if (too_many_)
      return fail(errc::too_large, "cacerts",
                  "the answer holds more than " + std::to_string(most) + " CA certificates");
    const std::vector<pki::certificate> anchor{root};
    if (auto const valid = pki::validate_path(root, {}, anchor, {}, policy_); !valid) return fail(valid.error());
    ca_certificates made{root};
    for (auto const& one : all_) {
      if (one == root) continue;
      bool const own_root = std::find(roots_.begin(), roots_.end(), one) != roots_.end();
      auto const held =
          own_root ? (is_certified(one, anchor) ? result<void>{} : not_certified()) : leads_to(one, anchor);
      if (!held) {
        note(note_code::cacerts_unverified, one, to_text(held.error()));
      } else if (own_root) {
        made.earlier_roots_.push_back(one);
      } else if (!pki::same_name(one.subject_der(), root.subject_der())) {
        made.intermediates_.push_back(one);
      } else if (pki::private_key::same_public_key(one.public_key_info(), root.public_key_info())) {
        made.new_with_old_.push_back(one);
      } else {
        made.old_with_new_.push_back(one);
      }
    }
    return made;
  }

private:
  static constexpr std::size_t most = 64; // each may cost a search

  static result<void> not_certified() {
    return fail(errc::no_trust_anchor, "path", "its key is certified by nobody who is trusted");
  }

  result<void> leads_to(pki::certificate const& one, std::vector<pki::certificate> const& anchors) const {
    auto const path = pki::validate_path(one, all_, anchors, {}, policy_);
    if (!path) return fail(path.error());
    return {};
  }

  /// Whether the name and the key of a self-signed certificate stand in another one that leads to an anchor of the same
  /// name: a CA may change its own key, and speaks for no other CA.
  bool is_certified(pki::certificate const& root, std::vector<pki::certificate> const& anchors) const {
    return std::any_of(all_.begin(), all_.end(), [&](pki::certificate const& other) {
      return !(other == root) && pki::same_name(other.subject_der(), root.subject_der()) &&
             pki::private_key::same_public_key(other.public_key_info(), root.public_key_info()) &&
             std::find(roots_.begin(), roots_.end(), other) == roots_.end() &&
             leads_to(other, of_name(anchors, root.subject_der())).has_value();
    });
  }

  static std::vector<pki::certificate> of_name(std::vector<pki::certificate> const& all, byte_view name) {
    std::vector<pki::certificate> list;
    for (auto const& one : all)
      if (pki::same_name(one.subject_der(), name)) list.push_back(one);
    return list;
  }

  void note(note_code code, pki::certificate const& which, std::string const& why = {}) const {
    remark(out_, code, "cacerts", std::nullopt, which.subject_text() + (why.empty() ? "" : "; " + why));
  }

  std::vector<pki::certificate> all_, roots_;
  pki::path_policy policy_;
  notes* out_;
  bool too_many_ = false;
};

} // namespace detail

/// Whether a root that follows from nothing known may become an anchor.
enum class new_root : std::uint8_t {
  refused, ///< the root has to be known already, or its key be certified by a known one (NewWithOld)
  /// The server's word is enough: RFC 7030 section 4.1.3 lets a client that has authenticated the server take the root from
  /// the answer, as on its first contact over implicit anchors. Not for a server that was not authenticated.
  accepted_from_authenticated_server,
};

/// How a root came to be trusted.
enum class root_origin : std::uint8_t {
  known,       ///< it was an anchor before
  rolled_over, ///< a known root's key has certified its key
  on_the_servers_word,
};

struct anchor_update {
  ca_certificates certificates;
  root_origin origin = root_origin::known;
};

/// Makes anchors of a /cacerts answer.
/// Source:  RFC 7030 section 4.1.3: the most recent root is the anchor, "all the other certificates MUST be validated" under
///          it "before they can be used"
/// In:      the answer; the anchors so far; whether another root may take their place
/// Notes:   cacerts_no_root, cacerts_repeated, cacerts_no_ca, cacerts_unverified (with the reason)
/// Errors:  no_trust_anchor where no root follows from what is known; those of validate_path about the root itself
///          (certificate_expired, …); too_large beyond 64 CA certificates
/// Promises: nothing of the answer is trusted that neither follows from the anchors nor was asked for
inline result<anchor_update> update_anchors(pki::certs_only const& answer, trust_anchors const& known, new_root policy,
                                            pki::time_point now, notes* out = nullptr) {
  const detail::ca_sorter sorter{answer, now, out};
  auto const reachable = sorter.reachable(known.certificates);
  auto const* root = detail::ca_sorter::latest(reachable);
  auto origin = root_origin::known;
  if (root == nullptr && policy == new_root::accepted_from_authenticated_server) {
    root = detail::ca_sorter::latest(sorter.roots());
    origin = root_origin::on_the_servers_word;
  } else if (root != nullptr &&
             std::find(known.certificates.begin(), known.certificates.end(), *root) == known.certificates.end()) {
    origin = root_origin::rolled_over;
  }
  if (root == nullptr)
    return fail(errc::no_trust_anchor, "cacerts",
                sorter.roots().empty() ? "the answer holds no root"
                                       : "no root of the answer is known, or certified by one that is");
  auto sorted = sorter.sort_under(*root);
  if (!sorted) return fail(sorted.error());
  return anchor_update{std::move(*sorted), origin};
}

/// Octets of a fingerprint as people write it: hexadecimal, in any case, with or without colons and blanks.
/// Errors: invalid_argument, also for anything that is not as long as SHA-256 or SHA-512
inline result<bytes> parse_fingerprint(std::string_view text) {
  bytes octets;
  int high = -1;
  auto const invalid = [](char const* why) { return fail(errc::invalid_argument, "fingerprint", why); };
  for (char const c : text) {
    if (c == ':' || c == ' ') continue;
    int const digit = detail::hex_digit(c);
    if (digit < 0) return invalid("a fingerprint is written in hexadecimal digits");
    if (high < 0) {
      high = digit;
      continue;
    }
    octets.push_back(static_cast<std::uint8_t>(high * 16 + digit));
    high = -1;
  }
  if (high >= 0 || (octets.size() != 32 && octets.size() != 64))
    return invalid("a fingerprint is the SHA-256 or the SHA-512 of a whole certificate");
  return octets;
}

/// One CA certificate of an unverified answer, for a person to compare.
struct bootstrap_candidate {
  std::string subject;
  bytes sha256, sha512; ///< of the whole certificate, DER
  pki::time_point not_before{}, not_after{};
  bool self_signed = false;
};

/// The certificates of a /cacerts answer from a server that nobody has authenticated.
/// Source:   RFC 7030 section 4.1.1: the client "MUST … engage a human user to authorize the CA certificate using
///           out-of-band data such as a CA certificate fingerprint"
/// Promises: gives away no certificate; the one way to anchors is a fingerprint that is the right one
class bootstrap_set {
public:
  explicit bootstrap_set(pki::certs_only answer) : answer_(std::move(answer)) {}

  /// What can be confirmed, in the order of the answer.
  std::vector<bootstrap_candidate> candidates() const {
    std::vector<bootstrap_candidate> list;
    for (auto const& one : answer_.certificates())
      if (one.is_ca())
        list.push_back({one.subject_text(), sha256(one.der()), digest("SHA-512", one.der()).value_or(bytes{}),
                        one.not_before(), one.not_after(), one.is_self_signed()});
    return list;
  }

  /// Makes anchors of the set, by a fingerprint from elsewhere.
  /// In:     the SHA-256 or SHA-512 of a whole root certificate; where it is an older root's, the answer has to lead from
  ///         it to the newer one (NewWithOld), which then is the anchor
  /// Notes, errors: as update_anchors; no_trust_anchor where no root of the set has that fingerprint, invalid_argument for
  ///         octets of another length
  result<ca_certificates> confirm(byte_view fingerprint, pki::time_point now, notes* out = nullptr) const {
    if (fingerprint.size() != 32 && fingerprint.size() != 64)
      return fail(errc::invalid_argument, "fingerprint", "a fingerprint is a SHA-256 or a SHA-512");
    trust_anchors confirmed;
    for (auto const& one : answer_.certificates())
      if (one.is_self_signed() &&
          equal(fingerprint.size() == 32 ? sha256(one.der()) : digest("SHA-512", one.der()).value_or(bytes{}),
                fingerprint))
        confirmed.certificates.push_back(one);
    if (confirmed.certificates.empty())
      return fail(errc::no_trust_anchor, "cacerts", "no certificate of the answer has this fingerprint");
    auto made = update_anchors(answer_, confirmed, new_root::refused, now, out);
    if (!made) return fail(made.error());
    return std::move(made->certificates);
  }

private:
  pki::certs_only answer_;
};

/// Fetches the CA certificates from a server that cannot be authenticated yet. The transport is one that does not insist
/// on a verified peer; it is used for this one request and closed.
/// Source:   RFC 7030 section 4.1.1: no other exchange until the answer "has been accepted and a new TLS session has been
///           established"; HTTP authentication "MUST NOT be responded to"
/// Notes, errors: those of the transport and of parse_reply
/// Promises: nothing is sent but one GET, without any credentials; no redirect is followed
template <transport::Transport T>
result<bootstrap_set> fetch_bootstrap_set(T transport, endpoint const& where, notes* out = nullptr) {
  if (auto const checked = check_endpoint(where); !checked) return fail(checked.error());
  if (auto const facts = transport.connect(); !facts) return fail(facts.error());
  op::cacerts::request const question;
  auto const answer = transport.round_trip(to_http<op::cacerts>(question, where, {}));
  if (!answer) return fail(answer.error());
  auto reply = parse_reply<op::cacerts>(*answer, question, out);
  if (!reply) return fail(reply.error());
  return bootstrap_set{std::move(reply->certificates)};
}

} // namespace est
