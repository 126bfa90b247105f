#pragma once
/// Octets that must not be seen: private keys, passwords, key-encryption keys.

#include <est/core/bytes.hpp>

#include <botan/secmem.h>

#include <string_view>
#include <utility>

namespace est {

namespace detail {

/// Makes Botan's allocator for secrets before any object with static storage that may hold one, so that it goes after it.
/// Botan makes it when it is first used, and a static key that outlives it crashes the program at its end.
inline const Botan::Allocator_Initializer secrets_have_their_allocator{};

} // namespace detail

/// Move-only octets, wiped when they go.
/// Promises: no `<<`, no `==`, no implicit conversion; the one way in is `expose()`, which is easy to search for.
/// Does NOT promise: that copies made by the caller through `expose()` are wiped.
class secret_bytes {
public:
  secret_bytes() = default;
  explicit secret_bytes(byte_view octets) : octets_(octets.begin(), octets.end()) {}
  explicit secret_bytes(std::string_view text) : secret_bytes(as_bytes(text)) {}
  explicit secret_bytes(Botan::secure_vector<std::uint8_t>&& octets) noexcept : octets_(std::move(octets)) {}

  secret_bytes(secret_bytes&&) noexcept = default;
  secret_bytes& operator=(secret_bytes&&) noexcept = default;
  secret_bytes(secret_bytes const&) = delete;
  secret_bytes& operator=(secret_bytes const&) = delete;
  ~secret_bytes() = default;

  byte_view expose() const noexcept { return {octets_.data(), octets_.size()}; }
  std::size_t size() const noexcept { return octets_.size(); }
  bool empty() const noexcept { return octets_.empty(); }

  /// A second copy, asked for by name.
  secret_bytes duplicate() const { return secret_bytes{expose()}; }

  /// Grows by one octet or a run of octets; storage that is outgrown is wiped.
  void push_back(std::uint8_t octet) { octets_.push_back(octet); }
  void reserve(std::size_t octets) { octets_.reserve(octets); }

private:
  Botan::secure_vector<std::uint8_t> octets_;
};

/// The same size and octets, in time that depends on the size alone.
inline bool equal_in_constant_time(byte_view a, byte_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

} // namespace est
