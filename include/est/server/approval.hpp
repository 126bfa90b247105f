#pragma once
/// Requests that people decide on: the concept that a server asks, and a queue in memory that fulfils it. Safe to be used by
/// several threads at once.

#include <est/core/bytes.hpp>
#include <est/core/hash.hpp>
#include <est/core/result.hpp>
#include <est/message/pending.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/cmc_controls.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/oids.hpp>
#include <est/server/authority.hpp>
#include <est/server/peer.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

/// An authority with people, or a clock, who decide whether a request is granted at all. A server asks it before it issues
/// or makes a key.
///   approval(csr, peer, operation, label, context)
///       nothing: go on; `pending`: 202, and the client sends the same request again; a failure: as `issue` fails
/// The CSR is the client's own, also for a key generation. Called from several threads at once.
template <class A>
concept approver = certification_authority<A> &&
    requires(A& a, pki::csr const& csr, peer const& who, std::string_view text, pki::context const& at) {
  { a.approval(csr, who, text, text, at) } -> std::same_as<result<std::optional<pending>>>;
};

/// What makes two requests the same although the client had to sign anew: a CSR whose challengePassword is the binding of
/// another connection, by the same key, for the same names, of the same client, is.
/// Source: RFC 7030 section 4.2.3: the server is "responsible for maintaining all states necessary to recognize and handle
///         retry operations"; the client may have to recreate the CSR for a new connection, "the key pair need not be
///         regenerated"
/// Out:    a SHA-256 digest in hexadecimal
inline std::string request_identity(pki::csr const& csr, peer const& who, std::string_view operation,
                                    std::string_view label) {
  bytes all;
  auto const add = [&](byte_view octets) { // by digest, so that no two lists of parts look alike
    auto const one = sha256(octets);
    all.insert(all.end(), one.begin(), one.end());
  };
  add(as_bytes(operation));
  add(as_bytes(label));
  add(who.certificate() != nullptr ? byte_view{who.certificate()->der()} : byte_view{});
  add(as_bytes(who.user ? "user " + *who.user : std::string{}));
  if (who.cmc_signer) add(who.cmc_signer->der());
  if (who.cmc_identity) add(as_bytes("secret of " + *who.cmc_identity));
  add(csr.subject_der());
  add(csr.public_key_info());
  for (auto const& attribute : csr.attributes())
    if (!(attribute.oid == pki::oids::challenge_password) && !(attribute.oid == pki::oids::est_identity_linking) &&
        !(attribute.oid == pki::oids::cmc_pop_link_witness_v2) && !(attribute.oid == pki::oids::cmc_pop_link_witness))
      add(pki::encode_attribute(attribute));
  return to_hex(sha256(all));
}

struct approval_options {
  std::chrono::seconds retry_after{60}; ///< what a client that has to wait is told
  std::size_t capacity = 1000;          ///< requests that are remembered
  std::chrono::seconds keep =
      std::chrono::hours{24 * 7}; ///< an entry that nobody has asked about for so long is forgotten
};

/// A request that waits for a decision, or has one.
struct approval_entry {
  enum class state : std::uint8_t { waiting, approved, refused };

  std::string id; ///< request_identity
  std::string operation, label;
  std::string subject, client; ///< for a person; cut where they are long
  pki::time_point first_asked{}, last_asked{};
  state decision = state::waiting;
  std::string reason; ///< of a refusal; the client reads it
};

/// An authority whose requests wait until somebody approves them. All else that the authority can do stays.
///   approval_desk desk{std::move(ca), options};   server est{desk};   ... desk.approve(desk.entries().front().id);
/// Promises: the same request gets the same decision, also when it is repeated after it was granted, so that an answer that
///           was lost on the way can be fetched again; no more than `capacity` entries: once it is full of requests that
///           wait, further ones are refused
/// Does NOT promise: that its entries outlive the process.
template <certification_authority Authority> class approval_desk : public Authority {
public:
  using state = approval_entry::state;

  explicit approval_desk(Authority authority, approval_options options = {})
      : Authority(std::move(authority)), options_(options) {}

  result<std::optional<pending>> approval(pki::csr const& csr, peer const& who, std::string_view operation,
                                          std::string_view label, pki::context const& at) {
    auto id = request_identity(csr, who, operation, label);
    std::lock_guard const held{lock_};
    forget_old(at.now);
    auto* found = find(id);
    if (found == nullptr) {
      if (entries_.size() >= options_.capacity && !forget_decided())
        return fail(errc::refused, "approval", "Too many requests wait for approval: try again later.");
      entries_.push_back({std::move(id),
                          std::string{operation},
                          std::string{label},
                          in_short(csr.subject_text()),
                          in_short(describe(who)),
                          at.now,
                          at.now,
                          state::waiting,
                          {}});
      found = &entries_.back();
    }
    found->last_asked = at.now;
    switch (found->decision) {
    case state::approved: return std::optional<pending>{};
    case state::refused: return fail(errc::refused, "approval", found->reason);
    case state::waiting: break;
    }
    pending later;
    later.retry_after = options_.retry_after;
    later.text = "The request waits for approval.";
    return std::optional<pending>{std::move(later)};
  }

  /// Everything that is remembered, the oldest first.
  std::vector<approval_entry> entries() const {
    std::lock_guard const held{lock_};
    return {entries_.begin(), entries_.end()};
  }

  /// False where there is no such request. A decision can be changed.
  bool approve(std::string_view id) { return decide(id, state::approved, {}); }
  bool refuse(std::string_view id, std::string reason) { return decide(id, state::refused, std::move(reason)); }

private:
  /// A queue that is full has to stay small.
  static std::string in_short(std::string text) {
    static constexpr std::size_t most = 512;
    if (text.size() <= most) return text;
    auto end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u)
      --end; // not within a character of UTF-8
    return text.substr(0, end) + " [...]";
  }

  static std::string describe(peer const& who) {
    if (auto const* own = who.certificate()) return "certificate of " + own->subject_text();
    if (who.user) return "user " + *who.user;
    if (who.cmc_signer) return "CMC, signed with the certificate of " + who.cmc_signer->subject_text();
    return who.cmc_identity ? "CMC, shared secret of " + *who.cmc_identity : std::string{"nobody"};
  }

  approval_entry* find(std::string_view id) {
    for (auto& entry : entries_)
      if (entry.id == id) return &entry;
    return nullptr;
  }

  bool decide(std::string_view id, state decision, std::string reason) {
    std::lock_guard const held{lock_};
    auto* const found = find(id);
    if (found == nullptr) return false;
    found->decision = decision;
    found->reason = std::move(reason);
    return true;
  }

  void forget_old(pki::time_point now) {
    entries_.remove_if([&](approval_entry const& entry) { return now - entry.last_asked > options_.keep; });
  }

  /// Makes room by the oldest entry that has its decision; false where all wait.
  bool forget_decided() {
    for (auto it = entries_.begin(); it != entries_.end(); ++it)
      if (it->decision != state::waiting) {
        entries_.erase(it);
        return true;
      }
    return false;
  }

  approval_options options_;
  mutable std::mutex lock_;
  std::list<approval_entry> entries_;
};

} // namespace est
