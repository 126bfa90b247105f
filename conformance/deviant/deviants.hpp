#pragma once
/// Deviants: the reference server with exactly one thing done otherwise, and what must fail for it. They prove that a check
/// can fail for the reason that it states, and that no other check fails with it. Legal variants do otherwise what the RFCs
/// leave open, and must make nothing fail.

#include "behaviour.hpp"

#include "../drive/channel.hpp"

#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

struct wire_behaviour;

/// One deviant, or one legal variant. At least one of the four ways to deviate is set.
struct deviant {
  std::string_view name;   ///< `key-bare`; unique
  std::string_view title;  ///< what the server does, for a person
  std::string_view check;  ///< the check that must fail; empty for a legal variant
  std::string_view reason; ///< the predicate that it must fail by
  std::string_view followers =
      {}; ///< checks that may fail too because the same octets break them as well, blanks between

  /// Throws a switch within the server.
  void (*behave)(behaviour&) = nullptr;
  /// Changes a finished answer.
  void (*mutate)(http::request const&, http::response&) = nullptr;
  /// Changes the octets of an answer, for what no HTTP value can say. In: the head of the request.
  void (*garble)(std::string_view request, std::string& answer) = nullptr;

  /// Changes what came back on the wire beyond octets: that nothing came, how the connection ended. In: the head of the
  /// request.
  void (*disturb)(std::string_view request, received&) = nullptr;
  /// Changes what is known of the connection.
  void (*connect)(http::tls_facts&) = nullptr;
  /// The policy that the server's owner has declared; of a legal variant: that it keeps. Empty for none.
  std::string_view policy = {};
  /// Throws a switch of TLS: it shows on a socket alone.
  void (*wire)(wire_behaviour&) = nullptr;
  /// The CA label that the URL of the target has, where that matters. Empty for none.
  std::string_view label = {};

  bool is_legal() const noexcept { return check.empty(); }
  /// Whether a server can do it. What only changes what is noted of a connection shows within the process alone.
  bool is_servable() const noexcept {
    return behave != nullptr || mutate != nullptr || garble != nullptr || disturb != nullptr || wire != nullptr;
  }
  /// Whether that check may fail with it.
  bool may_follow(std::string_view id) const noexcept;
};

std::span<const deviant> deviants();
std::span<const deviant> legal_variants();

/// Those that deviate in TLS, and what is lawful there; `is_legal` tells them apart.
std::span<const deviant> wire_deviants();

/// All of them, the deviants first. Null where none has that name.
std::vector<deviant const*> every_deviant();
deviant const* find_deviant(std::string_view name);

/// Every deviant there is, those in process and those on the wire alike, and no legal variant.
std::vector<deviant> all_deviants();

} // namespace est::conformance
