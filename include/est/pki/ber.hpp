#pragma once
/// BER against DER: the proof that octets are DER, and the normaliser that gives a BER message definite lengths. Both are
/// one linear walk, bounded in depth and size. `tlv.hpp` has the reader.

#include <est/core/notes.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace est::pki {

namespace detail {

/// One note a kind, with its first place and how often it was met: a hostile message must not buy a million notes.
class ber_findings {
public:
  void met(note_code code, std::size_t offset) {
    for (auto& f : list_)
      if (f.code == code) {
        ++f.times;
        return;
      }
    list_.push_back({code, offset, 1});
  }
  void write(notes* out, std::string_view where) const {
    for (auto const& f : list_)
      remark(out, f.code, std::string{where}, f.offset, f.times == 1 ? "" : std::to_string(f.times) + " times");
  }

private:
  struct finding {
    note_code code;
    std::size_t offset, times;
  };
  std::vector<finding> list_;
};

/// Universal string types, which BER may cut into pieces. X.690 sections 8.6, 8.7, 8.23
constexpr bool is_string_number(unsigned number) noexcept {
  return number == 3 || number == 4 || number == 12 || (number >= 18 && number <= 22) || (number >= 25 && number <= 30);
}

/// X.690 section 11.6: encodings compare as if the shorter one were padded with zero octets.
inline bool set_of_less(byte_view a, byte_view b) noexcept {
  auto const common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i)
    if (a[i] != b[i]) return a[i] < b[i];
  for (std::size_t i = common; i < b.size(); ++i)
    if (b[i] != 0) return true;
  return false;
}

class der_walk {
public:
  der_walk(byte_view octets, tlv_limits limits, std::string_view where)
      : octets_(octets), limits_(limits), where_(where) {}

  result<std::size_t> value(std::size_t at, std::size_t end, std::size_t depth) {
    auto const h = read_ber_header(octets_, at, end, where_);
    if (!h) return fail(h.error());
    if (h->indefinite) return refuse(at, "an indefinite length");
    if (h->long_length) return refuse(at, "a length in more octets than needed");
    auto const begin = at + h->header, stop = begin + h->length;
    auto const constructed = (h->identifier & 0x20u) != 0;
    if ((h->identifier & 0xc0u) == 0)
      if (auto const universal = universal_value(*h, at, octets_.subspan(begin, h->length)); !universal)
        return fail(universal.error());
    if (!constructed) return stop;
    if (depth >= limits_.depth)
      return fail(errc::too_deep, std::string{where_}, "more than " + std::to_string(limits_.depth) + " levels", at);
    byte_view before;
    for (auto pos = begin; pos < stop;) {
      auto const next = value(pos, stop, depth + 1);
      if (!next) return next;
      auto const element = octets_.subspan(pos, *next - pos);
      if (h->identifier == tag::set && !before.empty() && set_of_less(element, before))
        findings.met(note_code::der_set_unsorted, pos);
      before = element;
      pos = *next;
    }
    return stop;
  }

  ber_findings findings;

private:
  tl::unexpected<failure> refuse(std::size_t at, char const* why) const {
    return fail(errc::not_der, std::string{where_}, why, at);
  }
  tl::unexpected<failure> malformed(std::size_t at, char const* why) const {
    return fail(errc::malformed_ber, std::string{where_}, why, at);
  }

  result<void> universal_value(ber_header const& h, std::size_t at, byte_view content) const {
    unsigned const number = h.identifier & 0x1fu;
    bool const constructed = (h.identifier & 0x20u) != 0;
    bool const structure = number == 8 || number == 11 || number == 16 || number == 17;
    if (h.identifier == 0) return malformed(at, "an end-of-contents where a value is due");
    if (structure && !constructed) return malformed(at, "a primitive SEQUENCE or SET");
    if (!structure && constructed && is_string_number(number)) return refuse(at, "a string in pieces");
    if (!structure && constructed && number != 31) return malformed(at, "a constructed value of a primitive type");
    switch (number) {
    case 1:
      if (content.size() != 1) return malformed(at, "a BOOLEAN that is not one octet");
      if (content[0] != 0 && content[0] != 0xff) return refuse(at, "a BOOLEAN that is neither 00 nor FF");
      break;
    case 2:
    case 10:
      if (content.empty()) return malformed(at, "an INTEGER without octets");
      if (content.size() > 1 &&
          ((content[0] == 0 && (content[1] & 0x80u) == 0) || (content[0] == 0xff && (content[1] & 0x80u) != 0)))
        return refuse(at, "an INTEGER in more octets than needed");
      break;
    case 3:
      if (content.empty() || content[0] > 7 || (content.size() == 1 && content[0] != 0))
        return malformed(at, "a BIT STRING without a valid count of unused bits");
      break;
    case 5:
      if (!content.empty()) return malformed(at, "a NULL with octets");
      break;
    case 6: // X.690 section 8.19.2: an arc is in as few octets as it takes, in BER too
      if (content.empty() || (content.back() & 0x80u) != 0) return malformed(at, "an OBJECT IDENTIFIER cut short");
      for (std::size_t i = 0; i < content.size(); ++i)
        if (content[i] == 0x80 && (i == 0 || (content[i - 1] & 0x80u) == 0))
          return malformed(at, "an OBJECT IDENTIFIER with an arc in more octets than needed");
      break;
    default: break;
    }
    return {};
  }

  byte_view octets_;
  tlv_limits limits_;
  std::string_view where_;
};

} // namespace detail

/// Proves that octets are one value in DER, as far as that shows without knowing the type.
/// Source:  X.690 sections 10.1 (definite, shortest lengths), 10.2 (strings in one piece), 11.1 (BOOLEAN),
///          8.3.2 (INTEGER); RFC 8951 section 3 asks for DER
/// Notes:   der_set_unsorted (X.690 11.6; a SET OF and a SET look alike, so this is never refused)
/// Errors:  truncated, trailing_data, malformed_ber, not_der, too_deep, too_large, each with its offset
/// Promises: linear time; recursion no deeper than the limit.
/// Does NOT promise: DEFAULT values left out, named bits without trailing zeros, the forms of times and strings, and
///          anything within an OCTET STRING or a BIT STRING.
inline result<void> check_der(byte_view octets, notes* out = nullptr, tlv_limits limits = {},
                              std::string_view where = "der") {
  if (octets.size() > limits.octets)
    return fail(errc::too_large, std::string{where},
                std::to_string(octets.size()) + " octets, the limit is " + std::to_string(limits.octets));
  detail::der_walk walk{octets, limits, where};
  auto const end = walk.value(0, octets.size(), 0);
  if (!end) return fail(end.error());
  if (*end != octets.size())
    return fail(errc::trailing_data, std::string{where},
                std::to_string(octets.size() - *end) + " octets follow the end of the value", *end);
  walk.findings.write(out, where);
  return {};
}

/// Says of a value, by the identifier octets of what it stands in (outermost first), whether its octets must stay.
using keep_rule = bool (*)(byte_view ancestors);

namespace detail {

class ber_normaliser {
public:
  ber_normaliser(byte_view octets, tlv_limits limits, keep_rule keep, std::string_view where)
      : octets_(octets), limits_(limits), keep_(keep), where_(where) {}

  ber_findings findings;
  bytes out;

  /// The end of the value at `at`, which stands in `depth` others. First pass: learns the length that every constructed
  /// value will have, in the order in which the second pass asks for it. Returns {end in the input, octets in the output}.
  struct measured {
    std::size_t end = 0, size = 0;
  };
  result<measured> measure(std::size_t at, std::size_t end, std::size_t depth) {
    auto const h = header_at(at, end, depth);
    if (!h) return fail(h.error());
    if (keeps(*h, depth)) return measured{at + h->header + h->length, h->header + h->length};
    if (h->long_length) findings.met(note_code::ber_long_length, at);
    const std::size_t tag_octets = tag_size(h->identifier, at);
    if ((h->identifier & 0x20u) == 0) {
      primitive_findings(*h, at);
      return measured{at + h->header + h->length, tag_octets + length_size(h->length) + h->length};
    }
    if (h->indefinite) findings.met(note_code::ber_indefinite_length, at);
    if (is_pieces(h->identifier)) {
      findings.met(note_code::ber_constructed_string, at);
      std::size_t joined = 0;
      std::uint8_t unused = 0;
      auto const stop = join(at, end, depth, h->identifier & 0x1fu, joined, unused, nullptr);
      if (!stop) return fail(stop.error());
      if ((h->identifier & 0x1fu) == 3) ++joined;
      lengths_.push_back(joined);
      return measured{*stop, tag_octets + length_size(joined) + joined};
    }
    const std::size_t slot = lengths_.size();
    lengths_.push_back(0);
    path_[depth] = h->identifier;
    const std::size_t limit = h->indefinite ? end : at + h->header + h->length;
    std::size_t pos = at + h->header, size = 0;
    while (!ends(*h, pos, limit)) {
      auto const inner = measure(pos, limit, depth + 1);
      if (!inner) return inner;
      pos = inner->end;
      size += inner->size;
    }
    lengths_[slot] = size;
    return measured{h->indefinite ? pos + 2 : pos, tag_octets + length_size(size) + size};
  }

  /// Second pass, over octets that the first one found well formed.
  std::size_t write(std::size_t at, std::size_t end, std::size_t depth) {
    auto const h = read_ber_header(octets_, at, end, where_);
    if (!h) return end; // cannot be: the first pass read the same octets
    if (keeps(*h, depth)) {
      append(octets_.subspan(at, h->header + h->length));
      return at + h->header + h->length;
    }
    if ((h->identifier & 0x20u) == 0) {
      put_tag(h->identifier, at);
      put_length(h->length);
      append(octets_.subspan(at + h->header, h->length));
      return at + h->header + h->length;
    }
    const std::size_t length = lengths_[next_length_++];
    if (is_pieces(h->identifier)) {
      out.push_back(static_cast<std::uint8_t>(h->identifier & ~0x20u));
      put_length(length);
      std::size_t joined = 0;
      std::uint8_t unused = 0;
      const std::size_t mark = out.size();
      if ((h->identifier & 0x1fu) == 3) out.push_back(0);
      auto const stop = join(at, end, depth, h->identifier & 0x1fu, joined, unused, &out);
      if ((h->identifier & 0x1fu) == 3) out[mark] = unused;
      return stop ? *stop : end;
    }
    put_tag(h->identifier, at);
    put_length(length);
    path_[depth] = h->identifier;
    const std::size_t limit = h->indefinite ? end : at + h->header + h->length;
    std::size_t pos = at + h->header;
    while (!ends(*h, pos, limit)) pos = write(pos, limit, depth + 1);
    return h->indefinite ? pos + 2 : pos;
  }

private:
  static constexpr std::size_t deepest = 64;

  result<ber_header> header_at(std::size_t at, std::size_t end, std::size_t depth) const {
    auto h = read_ber_header(octets_, at, end, where_);
    if (!h) return h;
    if (h->identifier == 0)
      return fail(errc::malformed_ber, std::string{where_}, "an end-of-contents where a value is due", at);
    if ((h->identifier & 0x20u) != 0 && depth >= std::min(limits_.depth, deepest))
      return fail(errc::too_deep, std::string{where_}, "more than " + std::to_string(limits_.depth) + " levels", at);
    return h;
  }

  bool keeps(ber_header const& h, std::size_t depth) const {
    return keep_ != nullptr && !h.indefinite && keep_(byte_view{path_.data(), depth});
  }

  static bool is_pieces(std::uint8_t identifier) noexcept {
    return (identifier & 0xe0u) == 0x20u && is_string_number(identifier & 0x1fu);
  }

  /// Whether a constructed value has no more elements at `pos`. An indefinite one without end is found by the next read.
  bool ends(ber_header const& h, std::size_t pos, std::size_t limit) const {
    if (!h.indefinite) return pos >= limit;
    return limit - pos >= 2 && octets_[pos] == 0 && octets_[pos + 1] == 0;
  }

  void primitive_findings(ber_header const& h, std::size_t at) {
    auto const content = octets_.subspan(at + h.header, h.length);
    if (h.identifier == tag::boolean && content.size() == 1 && content[0] != 0 && content[0] != 0xff)
      findings.met(note_code::ber_boolean, at);
    if (h.identifier == tag::integer && content.size() > 1 &&
        ((content[0] == 0 && (content[1] & 0x80u) == 0) || (content[0] == 0xff && (content[1] & 0x80u) != 0)))
      findings.met(note_code::ber_long_integer, at);
  }

  /// Joins the pieces of a string: into `into`, or only counted. X.690 sections 8.6.4 and 8.7.3
  result<std::size_t> join(std::size_t at, std::size_t end, std::size_t depth, unsigned number, std::size_t& joined,
                           std::uint8_t& unused, bytes* into) const {
    auto const h = header_at(at, end, depth);
    if (!h) return fail(h.error());
    const std::size_t limit = h->indefinite ? end : at + h->header + h->length;
    std::size_t pos = at + h->header;
    while (!ends(*h, pos, limit)) {
      auto const piece = header_at(pos, limit, depth + 1);
      if (!piece) return fail(piece.error());
      unsigned const piece_number = piece->identifier & 0x1fu;
      if ((piece->identifier & 0xc0u) != 0 || (piece_number != number && (number == 3 || piece_number != 4)))
        return fail(errc::malformed_ber, std::string{where_}, "a piece of a string that is no such string", pos);
      if ((piece->identifier & 0x20u) != 0) {
        auto const stop = join(pos, limit, depth + 1, number, joined, unused, into);
        if (!stop) return stop;
        pos = *stop;
        continue;
      }
      auto content = octets_.subspan(pos + piece->header, piece->length);
      if (number == 3) {
        if (content.empty() || content[0] > 7 || unused != 0)
          return fail(errc::malformed_ber, std::string{where_}, "a piece of a BIT STRING that is none", pos);
        unused = content[0];
        content = content.subspan(1);
      }
      joined += content.size();
      if (into != nullptr) into->insert(into->end(), content.begin(), content.end());
      pos += piece->header + piece->length;
    }
    return h->indefinite ? pos + 2 : pos;
  }

  std::size_t tag_size(std::uint8_t identifier, std::size_t at) const {
    if ((identifier & 0x1fu) != 0x1fu) return 1;
    std::size_t size = 2;
    while ((octets_[at + size - 1] & 0x80u) != 0) ++size;
    return size;
  }
  void put_tag(std::uint8_t identifier, std::size_t at) { append(octets_.subspan(at, tag_size(identifier, at))); }

  static std::size_t length_size(std::size_t length) noexcept {
    std::size_t size = 1;
    if (length >= 0x80)
      for (auto rest = length; rest != 0; rest >>= 8) ++size;
    return size;
  }
  void put_length(std::size_t length) {
    const std::size_t size = length_size(length);
    if (size == 1) {
      out.push_back(static_cast<std::uint8_t>(length));
      return;
    }
    out.push_back(static_cast<std::uint8_t>(0x80u | (size - 1)));
    for (std::size_t left = size - 1; left-- > 0;) out.push_back(static_cast<std::uint8_t>(length >> (8 * left)));
  }
  void append(byte_view octets) { out.insert(out.end(), octets.begin(), octets.end()); }

  byte_view octets_;
  tlv_limits limits_;
  keep_rule keep_;
  std::string_view where_;
  std::vector<std::size_t> lengths_; // of constructed values, in pre-order
  std::size_t next_length_ = 0;
  std::array<std::uint8_t, deepest + 1> path_{};
};

} // namespace detail

/// Gives a BER message definite, shortest lengths and strings in one piece.
/// Source:  X.690 sections 8.1 and 10; RFC 8951 section 3 asks for DER, RFC 5652 allows BER, so what is met is noted
/// In:      one value in BER; `keep` names the values whose octets must stay because they are signed
/// Out:     the same value with DER framing
/// Notes:   ber_indefinite_length, ber_long_length, ber_constructed_string, ber_boolean and ber_long_integer (the content
///          stays as it is), der_trailing_octets (dropped); one note a kind, with the first offset
/// Errors:  truncated, malformed_ber, too_deep, too_large
/// Promises: linear time and memory; DER in is the same octets out; a kept value of definite length is copied octet for
///          octet, whatever is within it. A kept value of indefinite length is normalised, since what was signed is DER.
/// Does NOT promise: the order of SETs; a string under an implicit tag is not known to be one and stays in pieces.
inline result<bytes> normalise_ber(byte_view octets, notes* out = nullptr, tlv_limits limits = {},
                                   keep_rule keep = nullptr, std::string_view where = "ber") {
  if (octets.size() > limits.octets)
    return fail(errc::too_large, std::string{where},
                std::to_string(octets.size()) + " octets, the limit is " + std::to_string(limits.octets));
  detail::ber_normaliser normaliser{octets, limits, keep, where};
  auto const whole = normaliser.measure(0, octets.size(), 0);
  if (!whole) return fail(whole.error());
  normaliser.out.reserve(whole->size);
  normaliser.write(0, octets.size(), 0);
  if (whole->end != octets.size()) normaliser.findings.met(note_code::der_trailing_octets, whole->end);
  normaliser.findings.write(out, where);
  return std::move(normaliser.out);
}

} // namespace est::pki
