#pragma once
/// CertificationRequestInfoTemplate: a CSR that a server has filled in as far as it can, to be completed by the
/// client. Reader and writer of the template, and the readers of attributes and of extensions that it shares with the
/// list of CSR attributes.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/csr_wishes.hpp>
#include <est/pki/der.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace est::pki {

/// A template.
/// Source: RFC 9908 section 3.4 and appendix A
struct csr_template {
  std::vector<name_wish> subject; ///< empty: nothing is said of the subject
  std::optional<key_wish> key;    ///< none: nothing is said of the key
  std::vector<extension_wish> extensions;
  /// All other attributes. One without values is to be filled in: the RFC gives no form for that, and this is the one
  /// that section 3.2 allows for key types.
  std::vector<attribute> attributes;

  friend bool operator==(csr_template const&, csr_template const&) = default;
};

namespace detail {

/// The most elements, attributes, extensions or parts of a name that are read of one list.
inline constexpr std::size_t most_csr_attributes = 256;

/// An attribute as it was found: its values are views.
struct found_attribute {
  object_id type;
  std::vector<tlv> values;
  bool in_sequence = false; ///< the values stand in a SEQUENCE, or there is no field for them
  std::size_t offset = 0;
};

inline void pass_on(notes const& some, notes* out) {
  for (auto const& n : some) remark(out, n.code, n.where, n.offset, n.detail);
}

/// Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY }; the values may stand in a SEQUENCE, or be
/// missing.
inline std::optional<found_attribute> find_attribute(tlv const& whole, std::string_view where) {
  tlv_state state{errc::malformed_csr_attributes, where};
  tlv_reader fields{whole, state};
  found_attribute found;
  found.offset = whole.offset;
  found.type = read_object_id(fields.take(tag::object_id, "type"));
  found.in_sequence = !fields.at(tag::set);
  if (fields.more()) {
    auto values = fields.enter(found.in_sequence ? tag::sequence : tag::set, "values");
    while (values.more() && found.values.size() < most_csr_attributes)
      found.values.push_back(values.take_any("a value"));
    if (values.more()) return std::nullopt;
  }
  fields.end("Attribute");
  if (!state.ok() || found.type.empty()) return std::nullopt;
  return found;
}

inline attribute to_attribute(found_attribute const& found) {
  attribute made{found.type, {}};
  for (auto const& value : found.values) made.values.push_back(to_bytes(value.whole));
  return made;
}

/// Reads a list of extensions, of which each may lack its value.
/// Grammar: SEQUENCE OF SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING
///          OPTIONAL }
/// In:      a list that makes no more than 256 extensions with those that are there already
/// Out:     whether it could be read; nothing is added and nothing noted where it could not
inline bool read_extension_wishes(tlv const& list, bool in_template, std::vector<extension_wish>& into, notes* out,
                                  std::string const& where) {
  tlv_state state{errc::malformed_csr_attributes, where};
  tlv_reader reader{list, state};
  notes said;
  std::vector<extension_wish> read;
  for (std::size_t count = into.size(); reader.more(); ++count) {
    if (count >= most_csr_attributes) return false;
    auto const whole = reader.take(tag::sequence, "Extension");
    tlv_reader fields{whole, state};
    extension_wish wish;
    wish.oid = read_object_id(fields.take(tag::object_id, "extnID"));
    if (fields.at(tag::boolean)) {
      auto const flag = fields.take(tag::boolean, "critical");
      wish.critical = flag.content.size() == 1 && flag.content[0] != 0;
    }
    if (fields.more()) {
      auto const value = fields.take(tag::octet_string, "extnValue");
      if (in_template && value.content.empty())
        said.add(note_code::csr_template_empty_value, where, value.offset, wish.oid.to_string());
      else
        wish.value = to_bytes(value.content);
    } else if (!in_template) {
      said.add(note_code::csrattrs_extension_request_value, where, whole.offset,
               wish.oid.to_string() + " has no value");
    }
    fields.end("Extension");
    if (!state.ok() || wish.oid.empty()) return false;
    auto const same = [&](extension_wish const& other) { return other.oid == wish.oid; };
    if (std::any_of(read.begin(), read.end(), same) || std::any_of(into.begin(), into.end(), same))
      said.add(note_code::csrattrs_repeated_extension, where, whole.offset, wish.oid.to_string());
    else
      read.push_back(std::move(wish));
  }
  if (!state.ok()) return false;
  pass_on(said, out);
  into.insert(into.end(), read.begin(), read.end());
  return true;
}

/// Reads the values of an extensionRequest. What is no Extensions is kept out: an OBJECT IDENTIFIER is a wish without
/// a value, as RFC 7030 section 4.5.2 has it.
inline void read_extension_request(found_attribute const& found, std::vector<extension_wish>& into,
                                   std::vector<object_id>& information, notes* out, std::string const& where) {
  if (found.type == oids::microsoft_extension_request)
    remark(out, note_code::csrattrs_extension_request_microsoft, where, found.offset);
  bool const only_identifiers = !found.values.empty() && std::all_of(found.values.begin(), found.values.end(),
                                                                     [](tlv const& v) { return v.is(tag::object_id); });
  if (found.values.size() != 1 && !only_identifiers)
    remark(out, note_code::csrattrs_extension_request_values, where, found.offset,
           std::to_string(found.values.size()) + " values");
  for (auto const& value : found.values) {
    auto const oid = read_object_id(value);
    if (!oid.empty()) {
      remark(out, note_code::csrattrs_extension_request_oid, where, value.offset, oid.to_string());
      auto const same = [&](extension_wish const& other) { return other.oid == oid; };
      if (!is_extension(oid))
        information.push_back(oid);
      else if (std::any_of(into.begin(), into.end(), same))
        remark(out, note_code::csrattrs_repeated_extension, where, value.offset, oid.to_string());
      else if (into.size() < most_csr_attributes)
        into.push_back({oid, false, std::nullopt});
      else
        remark(out, note_code::csrattrs_extension_request_value, where, value.offset, "more than 256 extensions");
    } else if (!value.is(tag::sequence) || !read_extension_wishes(value, false, into, out, where)) {
      remark(out, note_code::csrattrs_extension_request_value, where, value.offset);
    }
  }
}

/// The bits of the modulus of an RSAPublicKey; 0 where the octets are none.
inline std::size_t modulus_bits(byte_view rsa_public_key) {
  tlv_state state{errc::malformed_key, "subjectPublicKey"};
  tlv_reader outer{rsa_public_key, state};
  auto key = outer.enter(tag::sequence, "RSAPublicKey");
  auto modulus = key.take(tag::integer, "modulus").content;
  if (!state.ok()) return 0;
  while (!modulus.empty() && modulus[0] == 0) modulus = modulus.subspan(1);
  return modulus.empty() ? 0 : modulus.size() * 8 - static_cast<std::size_t>(std::countl_zero(modulus[0]));
}

inline bool is_empty_string(tlv const& value) {
  return value.content.empty() && !value.constructed() && value.tag_class() == 0 && value.identifier != tag::null;
}

/// One reader of a template, over values whose framing is known to be DER.
class template_reader {
public:
  template_reader(notes* out, std::string where) : out_(out), where_(std::move(where)) {}

  result<csr_template> read(tlv const& whole) {
    tlv_state state{errc::malformed_csr_attributes, where_};
    if (!whole.is(tag::sequence))
      return fail(errc::malformed_csr_attributes, where_, "a template is a SEQUENCE", whole.offset);
    tlv_reader fields{whole, state};
    auto const version = fields.take(tag::integer, "version");
    if (auto const number = small_integer(version); state.ok() && (!number || *number != 0))
      said_.add(note_code::csr_template_version, where_, version.offset, "0x" + to_hex(version.content));
    if (fields.at(tag::sequence)) subject(fields.take(tag::sequence, "subject"), state);
    if (fields.at(tag::context(0))) key(fields.take(tag::context(0), "subjectPKInfo"), state);
    if (fields.at(tag::context(1)))
      attributes(fields.take(tag::context(1), "attributes"), state);
    else if (state.ok() && !fields.more())
      said_.add(note_code::csr_template_no_attributes, where_, fields.offset());
    fields.end("CertificationRequestInfoTemplate");
    if (!state.ok()) return fail(*state.first);
    pass_on(said_, out_);
    return std::move(made_);
  }

private:
  /// RDNSequenceTemplate ::= SEQUENCE OF SET SIZE (1..MAX) OF SEQUENCE { type, value OPTIONAL }
  void subject(tlv const& whole, tlv_state& state) {
    tlv_reader names{whole, state};
    if (!names.more()) said_.add(note_code::csr_template_empty_subject, where_, whole.offset);
    while (names.more()) {
      auto attributes = names.enter(tag::set, "RelativeDistinguishedNameTemplate");
      bool joined = false;
      while (attributes.more()) {
        auto fields = attributes.enter(tag::sequence, "SingleAttributeTemplate");
        name_wish wish;
        auto const type = fields.take(tag::object_id, "type");
        wish.type = read_object_id(type);
        wish.joined = joined;
        if (fields.more()) {
          auto const value = fields.take_any("value");
          if (is_empty_string(value))
            said_.add(note_code::csr_template_empty_value, where_, value.offset, wish.type.to_string());
          else
            wish.value = to_bytes(value.whole);
        }
        fields.end("SingleAttributeTemplate");
        if (state.ok() && wish.type.empty()) state.blame(state.code, "no OBJECT IDENTIFIER", type.offset);
        if (made_.subject.size() == most_csr_attributes)
          state.blame(errc::too_large, "more than 256 names", whole.offset);
        if (!state.ok()) return;
        made_.subject.push_back(std::move(wish));
        joined = true;
      }
    }
  }

  /// SubjectPublicKeyInfoTemplate ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING OPTIONAL
  /// }
  void key(tlv whole, tlv_state& state) {
    if (whole.content.empty()) {
      said_.add(note_code::csr_template_key_placeholder, where_, whole.offset, "an empty field");
      return;
    }
    if (auto const first = read_tlv(whole.content);
        first && first->is(tag::sequence) && !first->content.empty() && first->content[0] == tag::sequence) {
      said_.add(note_code::csr_template_explicit_tag, where_, whole.offset, "subjectPKInfo");
      tlv_reader outer{whole, state};
      whole = outer.take(tag::sequence, "subjectPKInfo");
      outer.end("subjectPKInfo");
    }
    tlv_reader fields{whole, state};
    auto algorithm = fields.enter(tag::sequence, "algorithm");
    key_wish wish;
    auto const identifier = algorithm.take(tag::object_id, "the algorithm's identifier");
    wish.algorithm = read_object_id(identifier);
    if (algorithm.more()) {
      auto const parameters = algorithm.take_any("parameters");
      if (auto const curve = read_object_id(parameters); wish.algorithm == oids::ec_public_key && !curve.empty())
        wish.curve = curve;
      else if (!(is_rsa(wish.algorithm) && parameters.is(tag::null)))
        wish.other_parameters = to_bytes(parameters.whole);
    }
    algorithm.end("algorithm");
    if (fields.more()) {
      auto const octets = fields.take(tag::bit_string, "subjectPublicKey");
      if (auto const whole_key = whole_octets(octets); whole_key && is_rsa(wish.algorithm))
        wish.rsa_bits = modulus_bits(*whole_key);
      if (state.ok() && wish.rsa_bits == 0)
        said_.add(note_code::csr_template_key_placeholder, where_, octets.offset, to_text(wish));
    }
    fields.end("subjectPKInfo");
    if (state.ok() && wish.algorithm.empty()) state.blame(state.code, "no OBJECT IDENTIFIER", identifier.offset);
    if (state.ok()) made_.key = std::move(wish);
  }

  void attributes(tlv whole, tlv_state& state) {
    if (auto const first = read_tlv(whole.content); first && first->is(tag::set)) {
      said_.add(note_code::csr_template_explicit_tag, where_, whole.offset, "attributes");
      tlv_reader outer{whole, state};
      whole = outer.take(tag::set, "attributes");
      outer.end("attributes");
    }
    static const object_id printed{1, 2, 840, 113549, 1, 9, 62}; // in the example of section 3.4
    std::size_t requests = 0, templates = 0, count = 0;
    std::vector<object_id> bare;
    tlv_reader list{whole, state};
    while (list.more()) {
      auto const one = list.take(tag::sequence, "Attribute");
      if (!state.ok()) return;
      if (count++ == most_csr_attributes) return state.blame(errc::too_large, "more than 256 attributes", one.offset);
      auto const found = find_attribute(one, where_);
      if (!found) return state.blame(state.code, "an element is no Attribute", one.offset);
      if (found->in_sequence)
        said_.add(found->values.empty() ? note_code::csrattrs_no_values : note_code::csrattrs_values_in_sequence,
                  where_, one.offset, found->type.to_string());
      if (found->type == oids::extension_request || found->type == oids::microsoft_extension_request) {
        if (requests++ != 0) said_.add(note_code::csrattrs_extension_requests, where_, one.offset);
        read_extension_request(*found, made_.extensions, bare, &said_, where_);
      } else if (found->type == oids::extension_request_template || found->type == printed) {
        if (found->type == printed) said_.add(note_code::csr_template_printed_oid, where_, one.offset);
        if (templates++ != 0) said_.add(note_code::csr_template_extension_templates, where_, one.offset);
        extension_templates(*found);
      } else {
        made_.attributes.push_back(to_attribute(*found));
      }
    }
    if (requests != 0 && templates != 0) said_.add(note_code::csr_template_both_requests, where_, whole.offset);
    for (auto const& oid : bare) made_.attributes.push_back({oid, {}});
  }

  /// ExtensionTemplates ::= SEQUENCE SIZE (1..MAX) OF ExtensionTemplate in the module; ExtensionTemplate in the
  /// prose.
  void extension_templates(found_attribute const& found) {
    if (found.values.size() != 1)
      said_.add(note_code::csr_template_extension_values, where_, found.offset,
                std::to_string(found.values.size()) + " values");
    auto const before = made_.extensions.size();
    for (auto value : found.values) {
      bool const alone = value.is(tag::sequence) && !value.content.empty() && value.content[0] == tag::object_id;
      if (alone) { // a list of one, seen as such
        said_.add(note_code::csr_template_one_extension, where_, value.offset);
        value.content = value.whole;
        value.header = 0;
      }
      if (!value.is(tag::sequence) || !read_extension_wishes(value, true, made_.extensions, &said_, where_))
        said_.add(note_code::csrattrs_extension_request_value, where_, value.offset);
    }
    auto const added = made_.extensions.begin() + static_cast<std::ptrdiff_t>(before);
    if (added != made_.extensions.end() && std::none_of(added, made_.extensions.end(), is_open))
      said_.add(note_code::csr_template_nothing_open, where_, found.offset);
  }

  notes* out_;
  std::string where_;
  notes said_;
  csr_template made_;
};

} // namespace detail

/// Reads a template.
/// Source:  RFC 9908 section 3.4 and appendix A, whose tags are implicit
/// Grammar: CertificationRequestInfoTemplate ::= SEQUENCE { version INTEGER { v1(0) }, subject NameTemplate OPTIONAL,
///          subjectPKInfo [0] SubjectPublicKeyInfoTemplate OPTIONAL, attributes [1] SET OF Attribute }
/// In:      one value in BER or DER
/// Notes:   those of normalise_ber; csr_template_…, csrattrs_extension_…, csrattrs_repeated_extension,
///          csrattrs_values_in_sequence, csrattrs_no_values
/// Errors:  those of normalise_ber; malformed_csr_attributes; too_large beyond 256 elements of any list
/// Promises: both forms of what RFC 9908 says in two ways are read: an extension template as one ExtensionTemplate
///           (the prose) or a sequence of them (the module), and under the identifier of the module or that of the
///           printed example
inline result<csr_template> parse_csr_template(byte_view ber, notes* out = nullptr) {
  static constexpr std::string_view where = "csr-template";
  notes said;
  auto const der = normalise_ber(ber, &said, {}, nullptr, where);
  if (!der) return fail(der.error());
  auto const whole = read_tlv(*der, 0, where);
  if (!whole) return fail(whole.error());
  auto made = detail::template_reader{&said, std::string{where}}.read(*whole);
  if (made) detail::pass_on(said, out);
  return made;
}

namespace detail {

/// A public key of a modulus length, of which nothing else is true. RFC 9908 section 3.4 asks for one.
inline bytes rsa_placeholder(std::size_t bits) {
  bytes modulus((bits + 7) / 8, 0);
  modulus.front() = static_cast<std::uint8_t>(1u << (bits + 7) % 8);
  modulus.back() = static_cast<std::uint8_t>(modulus.back() | 1u);
  return der::sequence({der::integer(modulus), der::integer(65537u)});
}

inline bytes encode_key_template(key_wish const& wish) {
  bytes parameters = wish.other_parameters;
  if (parameters.empty() && !wish.curve.empty()) parameters = wish.curve.encode();
  if (parameters.empty() && wish.algorithm == oids::rsa_encryption) parameters = der::null();
  auto const algorithm = der::sequence({wish.algorithm.encode(), parameters});
  return der::value(tag::context(0),
                    {algorithm, wish.rsa_bits == 0 ? bytes{} : der::bit_string(rsa_placeholder(wish.rsa_bits))});
}

inline bytes encode_name_template(std::vector<name_wish> const& wishes) {
  bytes content;
  for (std::size_t i = 0; i < wishes.size();) {
    std::vector<bytes> one;
    do one.push_back(der::sequence({wishes[i].type.encode(), wishes[i].value.value_or(bytes{})}));
    while (++i < wishes.size() && wishes[i].joined);
    auto const rdn = der::set_of(std::move(one));
    content.insert(content.end(), rdn.begin(), rdn.end());
  }
  return der::value(tag::sequence, content);
}

inline bytes encode_extension_wishes(std::vector<extension_wish> const& wishes) {
  bytes content;
  for (auto const& wish : wishes) {
    auto const one = der::sequence({wish.oid.encode(), wish.critical ? der::boolean(true) : bytes{},
                                    wish.value ? der::octet_string(*wish.value) : bytes{}});
    content.insert(content.end(), one.begin(), one.end());
  }
  return der::value(tag::sequence, content);
}

} // namespace detail

/// Writes a template.
/// Source:   RFC 9908 section 3.4: extensionRequest where no extension is open, else an extension template
/// In:       a key of RSA of at most 16384 bits; values in DER
/// Errors:   invalid_argument
/// Promises: parse_csr_template reads the same again, but for the order of attributes within one set, which becomes
///           that of DER
inline result<bytes> encode_csr_template(csr_template const& wanted) {
  auto const invalid = [](std::string why) { return fail(errc::invalid_argument, "csr-template", std::move(why)); };
  for (auto const& name : wanted.subject)
    if (name.type.empty() || (name.value && !check_der(*name.value))) return invalid("a name is no attribute in DER");
  if (wanted.key && (wanted.key->algorithm.empty() || wanted.key->rsa_bits > 16384 ||
                     (!wanted.key->other_parameters.empty() && !check_der(wanted.key->other_parameters))))
    return invalid("the kind of key cannot be written");
  std::vector<bytes> attributes;
  for (auto const& extension : wanted.extensions)
    if (extension.oid.empty()) return invalid("an extension without an identifier");
  if (!wanted.extensions.empty()) {
    bool const open = std::any_of(wanted.extensions.begin(), wanted.extensions.end(), is_open);
    attributes.push_back(encode_attribute({open ? oids::extension_request_template : oids::extension_request,
                                           {detail::encode_extension_wishes(wanted.extensions)}}));
  }
  for (auto const& one : wanted.attributes) {
    if (one.oid.empty()) return invalid("an attribute without a type");
    for (auto const& value : one.values)
      if (!check_der(value)) return invalid("a value of " + one.oid.to_string() + " is no DER");
    attributes.push_back(encode_attribute(one));
  }
  return der::sequence({der::integer(0u),
                        wanted.subject.empty() ? bytes{} : detail::encode_name_template(wanted.subject),
                        wanted.key ? detail::encode_key_template(*wanted.key) : bytes{},
                        der::set_of(std::move(attributes), tag::context(1))});
}

/// What a template asks for.
inline csr_wishes wishes_of(csr_template const& from) {
  csr_wishes wishes;
  wishes.from_template = true;
  wishes.subject = from.subject;
  if (from.key) wishes.keys.push_back(*from.key);
  wishes.extensions = from.extensions;
  for (auto const& one : from.attributes) {
    if (one.oid == oids::challenge_password) {
      wishes.challenge_password = true;
      if (!one.values.empty() && read_tlv(one.values.front()) && !read_tlv(one.values.front())->content.empty())
        wishes.challenge_password_value = one.values.front();
    } else if (one.values.empty()) {
      wishes.information.push_back(one.oid);
    } else {
      wishes.attributes.push_back(one);
    }
  }
  return wishes;
}

} // namespace est::pki
