#pragma once
/// Tag, length, value: our own linear and depth-bounded walk over untrusted BER and DER. Everything that a peer sent goes
/// through it before any parser of Botan's sees it, because Botan before 3.12 takes quadratic time over nested indefinite
/// lengths, and because Botan 2 and Botan 3 differ in what they call DER. The reader in this file reads definite lengths
/// only; `ber.hpp` turns BER into that, `check_der` there proves that octets are DER.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace est::pki {

/// Identifier octets.
/// Source: X.690 section 8.1.2
namespace tag {

inline constexpr std::uint8_t boolean = 0x01, integer = 0x02, bit_string = 0x03, octet_string = 0x04, null = 0x05,
                              object_id = 0x06, enumerated = 0x0a, utf8_string = 0x0c, numeric_string = 0x12,
                              printable_string = 0x13, t61_string = 0x14, ia5_string = 0x16, utc_time = 0x17,
                              generalized_time = 0x18, visible_string = 0x1a, universal_string = 0x1c,
                              bmp_string = 0x1e, sequence = 0x30, set = 0x31;

/// `[n]`, constructed: an explicit tag, or an implicit one on a SEQUENCE or a SET.
constexpr std::uint8_t context(unsigned n) noexcept { return static_cast<std::uint8_t>(0xa0u | n); }
/// `[n]`, primitive: an implicit tag on a string, an INTEGER and the like.
constexpr std::uint8_t context_primitive(unsigned n) noexcept { return static_cast<std::uint8_t>(0x80u | n); }

} // namespace tag

/// How much a walk takes on.
struct tlv_limits {
  std::size_t depth = 32;        ///< nested constructed values
  std::size_t octets = 4u << 20; ///< of the whole input
};

/// One value. The views are into the octets that it was read from.
struct tlv {
  std::uint8_t identifier = 0; ///< the first identifier octet; of a multi-octet tag its first octet alone
  byte_view content;
  byte_view whole;        ///< header and content
  std::size_t offset = 0; ///< of `whole`, from the start of what was read
  std::size_t header = 0; ///< octets of tag and length

  bool is(std::uint8_t wanted) const noexcept { return identifier == wanted && !whole.empty(); }
  bool constructed() const noexcept { return (identifier & 0x20u) != 0; }
  /// 0 universal, 1 application, 2 context-specific, 3 private
  unsigned tag_class() const noexcept { return identifier >> 6; }
  std::size_t content_offset() const noexcept { return offset + header; }
};

namespace detail {

/// Tag and length as they stand, whatever their form.
struct ber_header {
  std::uint8_t identifier = 0;
  std::size_t header = 0; ///< octets of tag and length
  std::size_t length = 0; ///< of the content; 0 when indefinite
  bool indefinite = false;
  bool long_length = false; ///< more octets than needed
};

/// Reads one header at `at`; the content must end before `end`.
inline result<ber_header> read_ber_header(byte_view octets, std::size_t at, std::size_t end, std::string_view where) {
  auto const truncated = [&](char const* what) {
    return fail(errc::truncated, std::string{where}, std::string{"the octets end within "} + what, at);
  };
  ber_header h;
  std::size_t pos = at;
  if (pos >= end) return truncated("a tag");
  h.identifier = octets[pos++];
  if ((h.identifier & 0x1fu) == 0x1fu) {
    std::uint32_t number = 0;
    bool more = true;
    const std::size_t first = pos;
    while (more) {
      if (pos >= end) return truncated("a tag");
      if (pos - first == 4) return fail(errc::malformed_ber, std::string{where}, "a tag number beyond 28 bits", at);
      const std::uint8_t octet = octets[pos++];
      number = number << 7 | (octet & 0x7fu);
      more = (octet & 0x80u) != 0;
    }
    // X.690 sections 8.1.2.2 and 8.1.2.4.2 c: not even BER has another way to write a tag number.
    if (octets[first] == 0x80 || number < 31)
      return fail(errc::malformed_ber, std::string{where}, "a tag number in more octets than needed", at);
  }
  if (pos >= end) return truncated("a length");
  const std::uint8_t first = octets[pos++];
  if (first < 0x80) {
    h.length = first;
  } else if (first == 0x80) {
    if ((h.identifier & 0x20u) == 0)
      return fail(errc::malformed_ber, std::string{where}, "a primitive value of indefinite length", at);
    h.indefinite = true;
  } else {
    const std::size_t count = first & 0x7fu;
    if (first == 0xff) return fail(errc::malformed_ber, std::string{where}, "a reserved length octet", at);
    if (count > end - pos) return truncated("a length");
    for (std::size_t i = 0; i < count; ++i) {
      if (h.length > (SIZE_MAX >> 8)) return truncated("a value");
      h.length = h.length << 8 | octets[pos++];
    }
    h.long_length = octets[pos - count] == 0 || h.length < 0x80;
  }
  h.header = pos - at;
  if (!h.indefinite && h.length > end - pos) return truncated("a value");
  return h;
}

} // namespace detail

/// Reads the value at `offset`.
/// Source:  X.690 sections 8.1.2, 8.1.3
/// In:      octets of definite lengths     Out: the value; what follows it is not looked at
/// Errors:  truncated, malformed_ber, not_der (an indefinite length), each with the offset
inline result<tlv> read_tlv(byte_view octets, std::size_t offset = 0, std::string_view where = "der") {
  auto const h = detail::read_ber_header(octets, offset, octets.size(), where);
  if (!h) return fail(h.error());
  if (h->indefinite) return fail(errc::not_der, std::string{where}, "an indefinite length", offset);
  auto const whole = octets.subspan(offset, h->header + h->length);
  return tlv{h->identifier, whole.subspan(h->header), whole, offset, h->header};
}

/// Keeps the first failure of a structured read, so that a parser reads like the ASN.1 that it follows.
struct tlv_state {
  errc code;              ///< for octets that are well formed and not what the structure wants
  std::string_view where; ///< the thing that is read
  std::optional<failure> first = std::nullopt;

  bool ok() const noexcept { return !first.has_value(); }
  void blame(errc c, std::string detail, std::optional<std::size_t> offset) {
    if (!first) first = failure{c, std::string{where}, std::move(detail), offset};
  }
};

/// Reads the values of a constructed one, in order. After the first failure every value is empty and `more()` is false;
/// the failure waits in the state.
/// Errors: those of read_tlv, and the state's own code for a value that is missing, of another type, or left over
class tlv_reader {
public:
  /// Over octets that start at `base` of the whole.
  tlv_reader(byte_view octets, tlv_state& state, std::size_t base = 0) : octets_(octets), base_(base), state_(&state) {}
  /// Over the content of a value.
  tlv_reader(tlv const& outer, tlv_state& state)
      : octets_(outer.content), base_(outer.content_offset()), state_(&state) {}

  bool more() const noexcept { return state_->ok() && at_ < octets_.size(); }
  std::size_t offset() const noexcept { return base_ + at_; }
  /// Whether the next value has that identifier octet.
  bool at(std::uint8_t identifier) const noexcept { return more() && octets_[at_] == identifier; }

  tlv take_any(std::string_view what) {
    if (!state_->ok()) return {};
    if (at_ >= octets_.size()) {
      state_->blame(state_->code, std::string{what} + " is missing", offset());
      return {};
    }
    auto value = read_tlv(octets_, at_, state_->where);
    if (!value) {
      state_->blame(value.error().code, value.error().detail + " (" + std::string{what} + ")", offset());
      return {};
    }
    at_ += value->whole.size();
    value->offset += base_;
    return *value;
  }

  tlv take(std::uint8_t identifier, std::string_view what) {
    if (!state_->ok()) return {};
    if (at_ < octets_.size() && octets_[at_] != identifier) {
      state_->blame(state_->code,
                    std::string{what} + " is due, tag 0x" + to_hex(byte_view{&identifier, 1}) + "; there is tag 0x" +
                        to_hex(octets_.subspan(at_, 1)),
                    offset());
      return {};
    }
    return take_any(what);
  }

  tlv_reader enter(std::uint8_t identifier, std::string_view what) { return {take(identifier, what), *state_}; }

  /// Nothing may follow.
  void end(std::string_view what) {
    if (more()) state_->blame(state_->code, "something follows the last field of " + std::string{what}, offset());
  }

private:
  byte_view octets_;
  std::size_t base_ = 0, at_ = 0;
  tlv_state* state_;
};

/// A small non-negative INTEGER: a version number.
inline std::optional<std::uint32_t> small_integer(tlv const& value) noexcept {
  if (!value.is(tag::integer) || value.content.empty() || value.content.size() > 4 || (value.content[0] & 0x80u) != 0)
    return std::nullopt;
  std::uint32_t number = 0;
  for (auto const octet : value.content) number = number << 8 | octet;
  return number;
}

/// The octets of a BIT STRING that has no unused bits.
inline std::optional<byte_view> whole_octets(tlv const& bit_string) noexcept {
  if (bit_string.content.empty() || bit_string.content[0] != 0) return std::nullopt;
  return bit_string.content.subspan(1);
}

} // namespace est::pki
