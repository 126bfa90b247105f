#pragma once
/// The channel binding of a connection as the text that a certification request carries in its challengePassword.
/// Both ends use it: the client to make the value, the server to compare.

#include <est/core/base64.hpp>
#include <est/core/bytes.hpp>
#include <est/core/secret.hpp>
#include <est/http/tls_facts.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace est {

/// Which value of the connection is meant.
enum class channel_binding : std::uint8_t {
  tls_unique,   ///< what RFC 7030 defines; TLS 1.2 with extended master secret only
  tls_exporter, ///< RFC 9266; no RFC defines it for EST over HTTPS, so both ends must have agreed
  finished,     ///< the client's Finished on any TLS version, as libest sends it
};

/// The challengePassword that links a request to a connection.
/// Source:  RFC 7030 section 3.5 (base64 of tls-unique); RFC 9266 section 3
/// Out:     base64 on one line; none where the connection has no such value. For tls_unique: none on TLS 1.3, where it is
///          not defined, and none on TLS 1.2 without extended master secret, where two connections can be made to
///          share it (RFC 7627 section 1)
inline std::optional<std::string> challenge_password(http::tls_facts const& connection,
                                                     channel_binding which = channel_binding::tls_unique) {
  std::optional<bytes> const* value = nullptr;
  switch (which) {
  case channel_binding::tls_unique:
    if (connection.version != http::tls_version::tls_1_2 || !connection.extended_master_secret) return std::nullopt;
    value = &connection.tls_unique;
    break;
  case channel_binding::tls_exporter: value = &connection.tls_exporter; break;
  case channel_binding::finished: value = &connection.client_finished; break;
  }
  if (value == nullptr || !*value || (*value)->empty()) return std::nullopt;
  return encode_base64(**value, base64_layout::one_line());
}

/// Whether a challengePassword is the channel binding of this connection. White space in it is skipped; the comparison
/// takes the same time whatever the octets.
/// Does NOT promise: that extended master secret was in use; a server that is strict about it asks the facts.
inline bool is_channel_binding(std::string_view password, http::tls_facts const& connection,
                               channel_binding which = channel_binding::tls_unique) {
  std::optional<bytes> const& value = which == channel_binding::tls_unique     ? connection.tls_unique
                                      : which == channel_binding::tls_exporter ? connection.tls_exporter
                                                                               : connection.client_finished;
  if (!value || value->empty()) return false;
  auto const sent = decode_base64(password);
  return sent && equal_in_constant_time(*sent, *value);
}

} // namespace est
