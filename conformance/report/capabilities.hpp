#pragma once
/// What a server can do, apart from whether that is right: operations by TLS version, kind of key and authentication, and
/// what came of the handshakes. Read off the records; nothing here is a verdict.

#include "../record.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace est::conformance {

/// One way to ask, and the best answer that it got.
struct capability {
  std::string operation;      ///< `simpleenroll`
  std::string tls;            ///< `TLS 1.3`
  std::string key;            ///< of the CSR: `EC, 256 bit`; empty where there is none
  std::string authentication; ///< `none`, `HTTP`, `certificate`, `HTTP and certificate`
  std::string answer;         ///< `200 OK`
  std::size_t times = 0;      ///< how often it was asked like this
};

/// One handshake that was tried.
struct handshake_outcome {
  std::string question, answer;
};

struct capabilities {
  std::vector<capability> operations;
  std::vector<handshake_outcome> handshakes;
  std::string ca_key;                       ///< of the CA that issues, or of the first of /cacerts; empty if not known
  std::optional<bool> asks_for_certificate; ///< of clients, in the handshake
  std::optional<std::size_t> authorities_named; ///< then
};

/// In: records of one server. Requests that are wrong on purpose, and certificates that are to be refused, are left out.
capabilities find_capabilities(std::span<const record>, target_facts const&);

} // namespace est::conformance
