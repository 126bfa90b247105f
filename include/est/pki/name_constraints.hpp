#pragma once
/// Name constraints: which names a CA may give below it. Written here and not left to Botan, because Botan 2 knows neither
/// IPv6 ranges nor mail addresses, and the two Botans do not refuse the same certificates.

#include <est/core/result.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/der.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::pki {

namespace detail {

/// A GeneralName: its identifier octet, and the content; of a directoryName the Name within.
struct general_name {
  std::uint8_t kind = 0;
  bytes content;
};

inline constexpr std::uint8_t mail_name = tag::context_primitive(1), dns_name = tag::context_primitive(2),
                              directory_name = tag::context(4), uri_name = tag::context_primitive(6),
                              address_name = tag::context_primitive(7);

inline general_name to_general_name(tlv const& value) { return {value.identifier, to_bytes(value.content)}; }

/// All names that a certificate gives its subject. RFC 5280 section 4.2.1.10: the subject counts as a directoryName, and
/// its mail address where subjectAltName has none.
inline std::optional<std::vector<general_name>> names_of(certificate const& c) {
  std::vector<general_name> names;
  auto const subject = c.subject_der();
  auto const parsed = parse_name(subject);
  if (!parsed) return std::nullopt;
  if (!parsed->empty()) names.push_back({directory_name, subject});
  bool mail = false;
  if (auto const found = c.find(oids::subject_alternative_name)) {
    tlv_state state{errc::malformed_certificate, "subjectAltName"};
    tlv_reader outer{found->value, state};
    auto list = outer.enter(tag::sequence, "GeneralNames");
    while (list.more()) {
      names.push_back(to_general_name(list.take_any("GeneralName")));
      mail = mail || names.back().kind == mail_name;
    }
    if (!state.ok()) return std::nullopt;
  }
  if (!mail)
    for (auto const& attribute : *parsed)
      if (attribute.type == oids::email_address) names.push_back({mail_name, to_bytes(attribute.text)});
  return names;
}

inline std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}
inline bool ends_with(std::string_view text, std::string_view end) noexcept {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

inline bool dns_within(std::string_view name, std::string_view base) {
  auto host = lower(name);
  auto const domain = lower(base);
  if (!host.empty() && host.back() == '.') host.pop_back();
  if (domain.empty() || host == domain) return true;
  return ends_with(host, domain.front() == '.' ? domain : "." + domain);
}

/// A host against `.example.com` (any host within) or `example.com` (that one).
inline bool host_within(std::string_view host, std::string_view base) {
  auto const name = lower(host), domain = lower(base);
  if (domain.empty()) return true;
  return domain.front() == '.' ? ends_with(name, domain) && name.size() > domain.size() : name == domain;
}

inline bool mail_within(std::string_view name, std::string_view base) {
  auto const at = name.rfind('@');
  if (at == std::string_view::npos) return base.empty();
  auto const base_at = base.rfind('@');
  if (base_at == std::string_view::npos) return host_within(name.substr(at + 1), base);
  return name.substr(0, at) == base.substr(0, base_at) && lower(name.substr(at)) == lower(base.substr(base_at));
}

/// The host of a URI; none where it has none, or an address.
inline std::optional<std::string> host_of_uri(std::string_view uri) {
  auto const start = uri.find("://");
  if (start == std::string_view::npos) return std::nullopt;
  auto authority = uri.substr(start + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (auto const at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (!authority.empty() && authority.front() == '[') return std::nullopt;
  authority = authority.substr(0, authority.find(':'));
  if (authority.find_first_not_of("0123456789.") == std::string_view::npos) return std::nullopt; // or empty
  return std::string{authority};
}

inline bool address_within(byte_view address, byte_view range) {
  if (range.size() != 2 * address.size()) return false;
  for (std::size_t i = 0; i < address.size(); ++i)
    if (((address[i] ^ range[i]) & range[address.size() + i]) != 0) return false;
  return true;
}

/// Whether a name begins with all the parts of another.
inline bool name_within(byte_view name, byte_view base) {
  tlv_state state{errc::malformed_certificate, "name"};
  tlv_reader name_outer{name, state}, base_outer{base, state};
  auto parts = name_outer.enter(tag::sequence, "Name"), wanted = base_outer.enter(tag::sequence, "Name");
  while (wanted.more()) {
    if (!parts.more()) return false;
    auto const one = parts.take_any("a part"), other = wanted.take_any("a part");
    if (!state.ok() || !same_name(der::sequence({one.whole}), der::sequence({other.whole}))) return false;
  }
  return state.ok();
}

struct subtrees {
  std::vector<general_name> permitted, excluded;
};

/// Reads NameConstraints.
/// Errors: constraint_violated for what is not understood: nobody below may then be accepted
inline result<subtrees> read_name_constraints(byte_view value) {
  tlv_state state{errc::constraint_violated, "nameConstraints"};
  tlv_reader outer{value, state};
  auto fields = outer.enter(tag::sequence, "NameConstraints");
  subtrees read;
  for (auto const& [number, list] : {std::pair{0u, &read.permitted}, std::pair{1u, &read.excluded}}) {
    if (!fields.at(tag::context(number))) continue;
    auto trees = fields.enter(tag::context(number), "GeneralSubtrees");
    while (trees.more()) {
      auto tree = trees.enter(tag::sequence, "GeneralSubtree");
      auto base = to_general_name(tree.take_any("base"));
      // RFC 5280 section 4.2.1.10: minimum MUST be zero (its default), and maximum MUST be absent
      tree.end("GeneralSubtree with minimum 0");
      list->push_back(std::move(base));
    }
  }
  fields.end("NameConstraints");
  if (!state.ok()) return fail(*state.first);
  return read;
}

/// One name against one base of the same kind; none where that cannot be said.
inline std::optional<bool> within(general_name const& name, general_name const& base) {
  auto const text = as_text(name.content), wanted = as_text(base.content);
  switch (name.kind) {
  case mail_name: return mail_within(text, wanted);
  case dns_name: return dns_within(text, wanted);
  case directory_name: return name_within(name.content, base.content);
  case address_name: return address_within(name.content, base.content);
  case uri_name: {
    auto const host = host_of_uri(text);
    if (!host) return std::nullopt;
    return host_within(*host, wanted);
  }
  default: return std::nullopt;
  }
}

} // namespace detail

/// Whether a certificate's names keep to the constraints of a CA above it.
/// Source:  RFC 5280 section 4.2.1.10
/// In:      the value of the CA's nameConstraints; the certificate; how many comparisons there may be still
/// Errors:  constraint_violated: a name outside the permitted ones, or an excluded one; a constraint on names of a kind
///          that is not understood where the certificate has such a name; a URI without a host name. too_large where the
///          comparisons are used up.
/// Promises: dNSName, rfc822Name, uniformResourceIdentifier, iPAddress (both versions) and directoryName are understood
inline result<void> check_name_constraints(byte_view constraints, certificate const& subject,
                                           std::size_t& comparisons) {
  auto const read = detail::read_name_constraints(constraints);
  if (!read) return fail(read.error());
  auto const names = detail::names_of(subject);
  auto const violated = [](std::string why) {
    return fail(errc::constraint_violated, "nameConstraints", std::move(why));
  };
  if (!names) return violated("the names of the certificate cannot be read");
  auto const shown = [](detail::general_name const& name) {
    if (name.kind == detail::directory_name) return name_text(name.content);
    if (name.kind == detail::address_name) return "address " + to_hex(name.content);
    std::string text;
    for (char const c : as_text(name.content).substr(0, 255)) text += c >= 0x20 && c < 0x7f ? c : '?';
    return text;
  };
  for (auto const& name : *names) {
    bool constrained = false, permitted = false;
    for (auto const* list : {&read->permitted, &read->excluded})
      for (auto const& base : *list) {
        if (base.kind != name.kind) continue;
        if (comparisons == 0) return fail(errc::too_large, "nameConstraints", "too many names and constraints");
        --comparisons;
        auto const inside = detail::within(name, base);
        if (!inside) return violated("whether " + shown(name) + " keeps to a constraint cannot be said");
        if (list == &read->excluded) {
          if (*inside) return violated(shown(name) + " is excluded");
        } else {
          constrained = true;
          permitted = permitted || *inside;
        }
      }
    if (constrained && !permitted) return violated(shown(name) + " is not among the permitted names");
  }
  return {};
}

} // namespace est::pki
