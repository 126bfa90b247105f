#pragma once
/// Distinguished names: made, shown and compared as DER, so that what a peer sent is what is kept.

#include <est/core/result.hpp>
#include <est/pki/der.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/text.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// One AttributeTypeAndValue of a name.
struct name_attribute {
  object_id type;
  std::string text;            ///< in UTF-8; `#` and hexadecimal for a value that is no string
  std::uint8_t string_tag = 0; ///< the identifier octet of the value
  bool joined = false;         ///< stands in the same RelativeDistinguishedName as the one before it

  friend bool operator==(name_attribute const&, name_attribute const&) = default;
};

/// Reads a Name.
/// Source: RFC 5280 section 4.1.2.4
/// Errors: malformed_certificate
inline result<std::vector<name_attribute>> parse_name(byte_view der, std::string_view where = "name") {
  tlv_state state{errc::malformed_certificate, where};
  tlv_reader outer{der, state};
  auto relative_names = outer.enter(tag::sequence, "Name");
  std::vector<name_attribute> list;
  while (relative_names.more()) {
    auto attributes = relative_names.enter(tag::set, "RelativeDistinguishedName");
    bool joined = false;
    while (attributes.more()) {
      auto fields = attributes.enter(tag::sequence, "AttributeTypeAndValue");
      auto const type = fields.take(tag::object_id, "type");
      auto const value = fields.take_any("value");
      fields.end("AttributeTypeAndValue");
      if (!state.ok()) break;
      name_attribute one{read_object_id(type), {}, value.identifier, joined};
      one.text = text_of(value).value_or("#" + to_hex(value.whole));
      list.push_back(std::move(one));
      joined = true;
    }
  }
  outer.end("the octets");
  if (!state.ok()) return fail(*state.first);
  return list;
}

/// Makes a Name, one attribute an RDN, in the given order.
/// In:       pairs of type and UTF-8 text; countryName and serialNumber are written as PrintableString, domainComponent and
///           emailAddress as IA5String, everything else as UTF8String
/// Source:   RFC 5280 section 4.1.2.4 and appendix A.1
inline bytes make_name(std::vector<std::pair<object_id, std::string>> const& attributes) {
  bytes content;
  for (auto const& [type, text] : attributes) {
    const std::uint8_t string = type == oids::country_name || type == oids::serial_number       ? tag::printable_string
                                : type == oids::domain_component || type == oids::email_address ? tag::ia5_string
                                                                                                : tag::utf8_string;
    auto const rdn = der::value(tag::set, der::sequence({type.encode(), der::text(string, text)}));
    content.insert(content.end(), rdn.begin(), rdn.end());
  }
  return der::value(tag::sequence, content);
}

/// A name for a person: `CN=device-1, O=Example`, in the order of the encoding, with `+` within an RDN. Control octets and
/// the characters that separate are escaped as RFC 4514 section 2.4 has it. Octets that are no Name are shown as such.
inline std::string name_text(byte_view der) {
  auto const name = parse_name(der);
  if (!name) return "(not a name)";
  static const std::pair<object_id, std::string_view> keywords[] = {{oids::common_name, "CN"},
                                                                    {oids::surname, "SN"},
                                                                    {oids::serial_number, "serialNumber"},
                                                                    {oids::country_name, "C"},
                                                                    {oids::locality_name, "L"},
                                                                    {oids::state_or_province_name, "ST"},
                                                                    {oids::organization_name, "O"},
                                                                    {oids::organizational_unit_name, "OU"},
                                                                    {oids::domain_component, "DC"},
                                                                    {oids::email_address, "emailAddress"}};
  std::string text;
  for (auto const& attribute : *name) {
    if (!text.empty()) text += attribute.joined ? " + " : ", ";
    std::string keyword = attribute.type.to_string();
    for (auto const& [type, word] : keywords)
      if (type == attribute.type) keyword = word;
    text += keyword + "=";
    for (char const c : attribute.text) {
      auto const octet = static_cast<std::uint8_t>(c);
      if (octet < 0x20 || octet == 0x7f) {
        text += "\\" + to_hex(byte_view{&octet, 1});
        continue;
      }
      if (std::string_view{",+\"\\<>;"}.find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
  }
  return text;
}

/// Whether two names are the same: equal octets, or the same attributes in the same order with texts that are equal but for
/// the case of ASCII letters and runs of spaces.
/// Source: RFC 5280 section 7.1 (the string preparation there, for ASCII)
inline bool same_name(byte_view a, byte_view b) {
  if (equal(a, b)) return true;
  auto const left = parse_name(a), right = parse_name(b);
  if (!left || !right || left->size() != right->size()) return false;
  auto const prepared = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  };
  for (std::size_t i = 0; i < left->size(); ++i)
    if (!((*left)[i].type == (*right)[i].type) || (*left)[i].joined != (*right)[i].joined ||
        prepared((*left)[i].text) != prepared((*right)[i].text))
      return false;
  return true;
}

/// The text of the first attribute of a type.
inline std::optional<std::string> find_in_name(byte_view der, object_id const& type) {
  if (auto name = parse_name(der))
    for (auto& attribute : *name)
      if (attribute.type == type) return std::move(attribute.text);
  return std::nullopt;
}

} // namespace est::pki
