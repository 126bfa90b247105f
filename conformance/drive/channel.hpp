#pragma once
/// A channel carries octets to a server and back: over TLS (tls_channel) or within the process (loopback_channel).

#include "../catalogue/vector.hpp"
#include "../record.hpp"

#include <est/core/result.hpp>
#include <est/http/tls_facts.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace est::conformance {

/// One request, split where an `Expect: 100-continue` splits it.
struct outgoing {
  std::string method;          ///< that the answer is read by: HEAD has no body
  std::string head;            ///< start line to blank line
  std::string body;            ///< as it goes out, transfer coding included
  bool await_continue = false; ///< wait for 100 or a final answer before the body, for a second at most
};

/// What came back.
struct received {
  std::string octets;         ///< everything that came, in order, interim answers included
  bool whole = false;         ///< the octets are one whole HTTP answer, or one and more
  bool body_sent = false;     ///< false when a final answer came before the body was due
  bool anything_sent = false; ///< at least the head went out
  bool not_http = false;      ///< what came is no HTTP at all
  connection_end end = connection_end::unknown;
  std::string complaint; ///< why it is not whole; never secret
};

/// One connection. Used by one thread.
class channel {
public:
  channel() = default;
  channel(channel const&) = delete;
  channel& operator=(channel const&) = delete;
  virtual ~channel() = default;

  /// Connects, and verifies the server before anything is sent.
  virtual result<http::tls_facts> open() = 0;

  /// Sends one request and reads one answer. Never fails: what happened is in the answer.
  virtual received converse(outgoing const&) = 0;

  /// Whether a client certificate has been asked for by the server and shown to it.
  virtual bool client_certificate_shown() const = 0;

  /// Whether the server asked for one in the handshake, and how many authorities it named; none where that is not known.
  virtual std::optional<bool> client_certificate_asked() const { return std::nullopt; }
  virtual std::optional<std::size_t> authorities_named() const { return std::nullopt; }

  /// Whether another request can be sent.
  virtual bool usable() const = 0;
};

struct channel_wish {
  bool show_client_certificate = false;                ///< if the server asks and there is one
  client_identity identity = client_identity::own;     ///< whose
  http::tls_version only = http::tls_version::unknown; ///< this version and no other; unknown: any that is allowed
};

using channel_factory = std::function<result<std::unique_ptr<channel>>(channel_wish const&)>;

/// Makes the handshake that a vector asks for. Never fails: what happened is in the probe.
using prober = std::function<tls_probe(handshake_template const&)>;

} // namespace est::conformance
