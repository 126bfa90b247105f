#pragma once
/// ChangeSubjectName: the attribute by which a client asks for other names than those that it is known by. The names in the
/// request itself stay the old ones, so that identity and possession are proven by them.

#include <est/core/result.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/der.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <optional>
#include <string>
#include <utility>

namespace est::pki {

/// The names that are asked for.
/// Source: RFC 6402 section 2.8: an absent subject is an empty one in the new certificate, and an absent subjectAlt leaves
///         it without subjectAltName. What is to stay has to be named again.
struct name_change {
  std::optional<bytes> subject;           ///< a Name, DER
  std::optional<bytes> alternative_names; ///< GeneralNames, DER: the value of a subjectAltName extension

  /// The subject of the new certificate.
  bytes subject_der() const { return subject.value_or(der::sequence({})); }

  friend bool operator==(name_change const&, name_change const&) = default;
};

/// How subjectAlt is written. RFC 6402 gives it no tag, so that it is told from a Name by what is in it; the successor of
/// RFC 5272 gives it the tag [1]. Both are read.
enum class subject_alt_form : std::uint8_t { untagged, tagged };

/// Reads the value of a ChangeSubjectName attribute.
/// Source:  RFC 6402 section 2.8
/// Grammar: ChangeSubjectName ::= SEQUENCE { subject Name OPTIONAL, subjectAlt GeneralNames OPTIONAL }
/// In:      DER, nothing behind it
/// Errors:  malformed_csr, also where neither is there; truncated, trailing_data, malformed_ber, not_der, too_deep, too_large
inline result<name_change> parse_change_subject_name(byte_view der) {
  static constexpr std::string_view where = "csr.changeSubjectName";
  if (auto const checked = check_der(der, nullptr, {}, where); !checked) return fail(checked.error());
  tlv_state state{errc::malformed_csr, where};
  tlv_reader outer{der, state};
  auto fields = outer.enter(tag::sequence, "ChangeSubjectName");
  name_change read;
  auto const begins_name =
      [](tlv const& value) { // a Name holds SETs or nothing, GeneralNames at least one tagged value
        return value.is(tag::sequence) && (value.content.empty() || value.content[0] == tag::set);
      };
  if (!fields.more()) state.blame(errc::malformed_csr, "neither subject nor subjectAlt is there", fields.offset());
  tlv next;
  if (fields.more()) next = fields.take_any("subject or subjectAlt");
  if (state.ok() && begins_name(next)) {
    if (auto const parsed = parse_name(next.whole, where); !parsed) return fail(parsed.error());
    read.subject = to_bytes(next.whole);
    next = {};
    if (fields.more()) next = fields.take_any("subjectAlt");
  }
  fields.end("ChangeSubjectName");
  if (state.ok() && !next.whole.empty()) {
    if (!next.is(tag::sequence) && !next.is(tag::context(1)))
      state.blame(errc::malformed_csr, "subjectAlt is no GeneralNames", next.offset);
    tlv_reader elements{next, state};
    if (!elements.more()) state.blame(errc::malformed_csr, "subjectAlt is empty", next.offset);
    while (elements.more())
      if (auto const one = elements.take_any("a GeneralName"); one.tag_class() != 2)
        state.blame(errc::malformed_csr, "subjectAlt holds something that is no GeneralName", one.offset);
    auto names = der::value(tag::sequence, next.content);
    read.alternative_names = std::move(names);
  }
  if (!state.ok()) return fail(*state.first);
  return read;
}

/// Makes a ChangeSubjectName attribute.
/// Source: RFC 6402 section 2.8
/// Errors: invalid_argument where neither name is given, or one is no DER of its type
inline result<attribute> change_subject_name_attribute(name_change const& change,
                                                       subject_alt_form form = subject_alt_form::untagged) {
  auto const invalid = [](char const* why) { return fail(errc::invalid_argument, "changeSubjectName", why); };
  if (!change.subject && !change.alternative_names) return invalid("there is neither a subject nor a subjectAltName");
  bytes subject, names;
  if (change.subject) {
    if (!check_der(*change.subject) || !parse_name(*change.subject)) return invalid("the subject is no Name in DER");
    subject = *change.subject;
  }
  if (change.alternative_names) {
    auto const value = read_tlv(*change.alternative_names);
    if (!check_der(*change.alternative_names) || !value || !value->is(tag::sequence) || value->content.empty() ||
        !parse_alternative_names(*change.alternative_names))
      return invalid("the alternative names are no GeneralNames in DER");
    names = form == subject_alt_form::tagged ? der::value(tag::context(1), value->content) : *change.alternative_names;
  }
  auto value = der::sequence({subject, names});
  // GeneralNames may begin as a Name does nowhere; what cannot be read back is not written.
  if (auto const again = parse_change_subject_name(value); !again || !(*again == change))
    return invalid("the names cannot be told from each other");
  return attribute{oids::change_subject_name, {std::move(value)}};
}

/// The change of names that a request asks for; none where it asks for none.
/// Source: RFC 6402 section 2.8; RFC 7030 sections 4.2.1 and 4.2.2
/// Errors: those of parse_change_subject_name; malformed_csr for more than one attribute or value
inline result<std::optional<name_change>> requested_name_change(csr const& request) {
  attribute const* found = nullptr;
  for (auto const& one : request.attributes()) {
    if (!(one.oid == oids::change_subject_name)) continue;
    if (found != nullptr) return fail(errc::malformed_csr, "csr.changeSubjectName", "the attribute stands twice");
    found = &one;
  }
  if (found == nullptr) return std::optional<name_change>{};
  if (found->values.size() != 1)
    return fail(errc::malformed_csr, "csr.changeSubjectName", "the attribute has not exactly one value");
  auto change = parse_change_subject_name(found->values.front());
  if (!change) return fail(change.error());
  return std::optional<name_change>{std::move(*change)};
}

} // namespace est::pki
