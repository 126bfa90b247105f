#pragma once
/// The keys under which a small server encrypts private keys beyond TLS: symmetric ones that it shares with its clients, and
/// clients' public keys, each under the identifier that a CSR names it by.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/enveloped_data_open.hpp>
#include <est/pki/key_agreement.hpp>
#include <est/server/authority.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace est {

/// Keys by identifier. RFC 7030 leaves how they came there to others (sections 4.4.1.1 and 4.4.1.2).
/// Promises: may be used from several threads at once; a key given again under an identifier takes the older one's place.
class key_registry {
public:
  /// A symmetric key of 16, 24 or 32 octets.
  /// Errors: invalid_argument
  result<void> add(pki::key_encryption_key key) {
    if (pki::key_wrap_for(key.key.size()).empty())
      return fail(errc::invalid_argument, "key", "a key-encryption key has 16, 24 or 32 octets");
    const std::lock_guard lock{state_->guard};
    auto identifier = key.identifier;
    state_->symmetric.insert_or_assign(std::move(identifier), std::move(key));
    return {};
  }

  /// A public key, bare or in a certificate.
  /// Errors: those of recipient_kind
  result<void> add(bytes identifier, key_recipient recipient) {
    if (auto const kind = pki::recipient_kind(recipient.public_key_info); !kind) return fail(kind.error());
    const std::lock_guard lock{state_->guard};
    state_->recipients.insert_or_assign(std::move(identifier), std::move(recipient));
    return {};
  }

  std::optional<pki::key_encryption_key> find_symmetric(byte_view identifier) const {
    const std::lock_guard lock{state_->guard};
    auto const found = state_->symmetric.find(to_bytes(identifier));
    if (found == state_->symmetric.end()) return std::nullopt;
    return found->second.duplicate();
  }
  std::optional<key_recipient> find_recipient(byte_view identifier) const {
    const std::lock_guard lock{state_->guard};
    auto const found = state_->recipients.find(to_bytes(identifier));
    if (found == state_->recipients.end()) return std::nullopt;
    return found->second;
  }

private:
  struct contents {
    std::mutex guard;
    std::map<bytes, pki::key_encryption_key> symmetric;
    std::map<bytes, key_recipient> recipients;
  };
  std::unique_ptr<contents> state_ = std::make_unique<contents>();
};

} // namespace est
