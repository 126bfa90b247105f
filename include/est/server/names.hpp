#pragma once
/// Whether a re-enrolment asks for the names of the certificate that it renews: three ways to say that names are the same.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/http/message.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est {

/// When two names are the same (RFC 7030 section 4.2.2: they "MUST be identical").
enum class name_match : std::uint8_t {
  exact, ///< the same octets
  /// The subject has the same attributes in the same order with the same text, whatever the types of the strings: many
  /// clients rebuild it from text. The subjectAltName has the same octets.
  same_text,
  /// The subject is the same by RFC 5280 section 7.1 for ASCII: case and runs of blanks do not count. The alternative names
  /// are the same by RFC 5280 sections 7.2 to 7.5, in any order.
  semantic,
};

namespace detail {

/// Two names that differ in nothing but the choice of string types.
inline bool same_but_for_string_types(byte_view a, byte_view b) {
  if (equal(a, b)) return true;
  auto const x = pki::parse_name(a), y = pki::parse_name(b);
  if (!x || !y || x->size() != y->size()) return false;
  for (std::size_t i = 0; i < x->size(); ++i)
    if ((*x)[i].type != (*y)[i].type || (*x)[i].text != (*y)[i].text || (*x)[i].joined != (*y)[i].joined) return false;
  return true;
}

/// A GeneralName in a form whose octets are equal where the names are the same: the tag, and the value with that lowered
/// whose case does not count. A directoryName stays as it is and is compared as a Name.
/// Source: RFC 5280 sections 7.2 (DNS), 7.4 (scheme and host of a URI), 7.5 (the host of a mailbox)
struct canonical_general_name {
  std::uint8_t tag = 0;
  bytes value;
};

inline canonical_general_name canonical(pki::tlv const& name) {
  canonical_general_name made{name.identifier, to_bytes(name.content)};
  auto const lower_from_to = [&](std::size_t from, std::size_t to) {
    for (auto i = from; i < to; ++i)
      made.value[i] = static_cast<std::uint8_t>(http::lower(static_cast<char>(made.value[i])));
  };
  auto const text = as_text(byte_view{made.value});
  static constexpr std::uint8_t mailbox = 0x81, dns = 0x82, uri = 0x86;
  if (made.tag == dns) lower_from_to(0, made.value.size());
  if (made.tag == mailbox)
    if (auto const at = text.rfind('@'); at != std::string_view::npos) lower_from_to(at, made.value.size());
  if (made.tag == uri) {
    auto const authority = text.find("://");
    auto const end =
        authority == std::string_view::npos ? std::string_view::npos : text.find_first_of("/?#", authority + 3);
    if (authority != std::string_view::npos) {
      lower_from_to(0, authority);
      auto const stop = std::min(end, made.value.size());
      auto const user = text.substr(0, stop).rfind('@'); // what stands before it is no host
      lower_from_to(user != std::string_view::npos && user > authority ? user : authority + 3, stop);
    }
  }
  return made;
}

inline bool same_general_name(canonical_general_name const& a, canonical_general_name const& b) {
  if (a.tag != b.tag) return false;
  static constexpr std::uint8_t directory = 0xa4;
  return a.value == b.value || (a.tag == directory && pki::same_name(a.value, b.value));
}

/// Source: RFC 5280 section 4.2.1.6: GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
inline std::optional<std::vector<canonical_general_name>> general_names(byte_view der) {
  static constexpr std::size_t most = 256; // compared one by one
  pki::tlv_state state{errc::malformed_csr, "subjectAltName"};
  pki::tlv_reader outer{der, state};
  auto names = outer.enter(pki::tag::sequence, "GeneralNames");
  std::vector<canonical_general_name> list;
  while (names.more()) {
    auto const one = names.take_any("GeneralName");
    if (!state.ok() || list.size() == most) return std::nullopt;
    list.push_back(canonical(one));
  }
  outer.end("the octets");
  if (!state.ok()) return std::nullopt;
  return list;
}

inline bool same_general_names(byte_view a, byte_view b) {
  if (equal(a, b)) return true;
  auto const x = general_names(a);
  auto y = general_names(b);
  if (!x || !y || x->size() != y->size()) return false;
  for (auto const& one : *x) {
    auto const other =
        std::find_if(y->begin(), y->end(), [&](auto const& candidate) { return same_general_name(one, candidate); });
    if (other == y->end()) return false;
    y->erase(other);
  }
  return true;
}

} // namespace detail

/// Whether two subjects are the same.
inline bool same_subject(byte_view a, byte_view b, name_match how) {
  switch (how) {
  case name_match::exact: return equal(a, b);
  case name_match::semantic: return pki::same_name(a, b);
  case name_match::same_text: break;
  }
  return detail::same_but_for_string_types(a, b);
}

/// Verifies that a re-enrolment asks for the names of the certificate that it renews.
/// Source:  RFC 7030 section 4.2.2: Subject and SubjectAltName "MUST be identical"; other names are asked for by
///          ChangeSubjectName, beside the old ones (RFC 6402 section 2.8), and granted by the authority
/// Errors:  refused; invalid_argument where it is uncertain which names are asked for: an extensionRequest that cannot be
///          read, is empty, or holds the subjectAltName twice, and several of them
inline result<void> check_same_names(pki::csr const& csr, pki::certificate const& renewed,
                                     name_match how = name_match::same_text) {
  if (!same_subject(csr.subject_der(), renewed.subject_der(), how))
    return fail(errc::refused, "csr.subject",
                "The subject of the CSR is not the subject of the certificate that is being renewed.");
  // What one reader takes another may pass over: whoever issues might find other names than those that are compared here.
  auto const requested = csr.requested_extensions();
  std::size_t attributes = 0, names = 0;
  for (auto const& one : csr.attributes())
    attributes += one.oid == pki::oids::extension_request ? std::max<std::size_t>(one.values.size(), 1) : 0;
  for (auto const& one : requested) names += one.oid == pki::oids::subject_alternative_name ? 1 : 0;
  if (attributes > 1 || names > 1 || (attributes == 1 && requested.empty()))
    return fail(errc::invalid_argument, "csr.extensionRequest",
                "The extensionRequest of the CSR cannot be read, or names are asked for twice.");
  auto const* asked = pki::find_extension(requested, pki::oids::subject_alternative_name);
  auto const* held = renewed.find(pki::oids::subject_alternative_name);
  bool same = asked == nullptr && held == nullptr;
  if (asked != nullptr && held != nullptr)
    same = how == name_match::semantic ? detail::same_general_names(asked->value, held->value)
                                       : asked->value == held->value;
  if (!same)
    return fail(errc::refused, "csr.subjectAltName",
                "The subjectAltName of the CSR is not that of the certificate that is being renewed.");
  return {};
}

} // namespace est
