#pragma once
/// CsrAttrs: the list in which a server says what it wants in a CSR. The class keeps the octets and every element,
/// known or not; what the known ones ask for, or the template among them, is read once into `csr_wishes`.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/csr_template.hpp>
#include <est/pki/csr_wishes.hpp>
#include <est/pki/der.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::pki {

/// One element: an identifier alone, an attribute, or the octets of something else, which is kept and skipped.
/// Grammar: AttrOrOID ::= CHOICE { oid OBJECT IDENTIFIER, attribute Attribute }
using csr_attribute = std::variant<object_id, attribute, bytes>;

namespace detail {

class csr_attributes_reader;

} // namespace detail

/// What a server wants in a CSR.
/// Source:   RFC 8951 section 4; RFC 9908
/// Promises: a value; `der()` is what was parsed or made, octet for octet where that was DER. A default one is the
///           empty SEQUENCE: nothing is wanted.
class csr_attributes {
public:
  csr_attributes() = default;

  bytes const& der() const noexcept { return der_; }
  std::vector<csr_attribute> const& elements() const noexcept { return elements_; }
  /// No element at all: "the server has no specific additional information it desires" (RFC 8951 section 4).
  bool empty() const noexcept { return elements_.empty(); }

  /// Whether an element is that identifier, or an attribute of that type; a template is not looked into.
  bool names(object_id const& oid) const {
    return std::any_of(elements_.begin(), elements_.end(), [&](csr_attribute const& one) {
      auto const* const id = std::get_if<object_id>(&one);
      auto const* const full = std::get_if<attribute>(&one);
      return (id != nullptr && *id == oid) || (full != nullptr && full->oid == oid);
    });
  }

  /// What is asked for. Of a template alone where there is one: "Clients which understand both MUST use the template
  /// only, and ignore all other CSRattrs elements" (RFC 9908 section 4).
  csr_wishes const& wishes() const noexcept { return wishes_; }

  friend bool operator==(csr_attributes const& a, csr_attributes const& b) noexcept { return a.der_ == b.der_; }

private:
  friend class detail::csr_attributes_reader;

  bytes der_ = {tag::sequence, 0};
  std::vector<csr_attribute> elements_;
  csr_wishes wishes_;
};

namespace detail {

/// Reads the elements of a list whose framing is known to be DER.
class csr_attributes_reader {
public:
  explicit csr_attributes_reader(notes* out) : out_(out) {}

  result<csr_attributes> read(bytes&& der) {
    tlv_state state{errc::malformed_csr_attributes, "csrattrs"};
    tlv_reader outer{der, state};
    auto list = outer.enter(tag::sequence, "CsrAttrs");
    outer.end("CsrAttrs");
    while (list.more()) {
      auto const whole = list.take_any("an element");
      if (!state.ok()) break;
      if (made_.elements_.size() == most_csr_attributes)
        return fail(errc::too_large, "csrattrs", "more than 256 elements", whole.offset);
      where_ = "csrattrs[" + std::to_string(made_.elements_.size()) + "]";
      element(whole);
    }
    if (!state.ok()) return fail(*state.first);
    finish_keys();
    if (template_) use_template();
    made_.der_ = std::move(der);
    return std::move(made_);
  }

private:
  void say(note_code code, std::size_t offset, std::string detail = {}) {
    remark(out_, code, where_, offset, std::move(detail));
  }

  void element(tlv const& whole) {
    if (auto const oid = read_object_id(whole); !oid.empty()) {
      made_.elements_.emplace_back(oid);
      identifier(oid, whole.offset);
      return;
    }
    auto const found = whole.is(tag::sequence) ? find_attribute(whole, where_) : std::nullopt;
    if (!found) {
      say(note_code::csrattrs_foreign_element, whole.offset, "tag 0x" + to_hex(byte_view{&whole.identifier, 1}));
      made_.elements_.emplace_back(to_bytes(whole.whole));
      return;
    }
    made_.elements_.emplace_back(to_attribute(*found));
    if (found->in_sequence && !found->values.empty())
      say(note_code::csrattrs_values_in_sequence, whole.offset, found->type.to_string());
    full_attribute(*found);
  }

  /// An identifier alone. RFC 8951 section 4: a signature algorithm, or an attribute to be given a value.
  void identifier(object_id const& oid, std::size_t offset) {
    auto& wishes = made_.wishes_;
    if (oid == oids::challenge_password) {
      wishes.challenge_password = true;
    } else if (is_signature_algorithm(oid)) {
      wishes.signature_algorithms.push_back(oid);
    } else if (hash_name(oid)) {
      say(note_code::csrattrs_bare_hash, offset, oid.to_string());
      wishes.hashes.push_back(oid);
    } else if (is_key_type(oid)) {
      say(note_code::csrattrs_bare_key_type, offset, oid.to_string());
      bare_keys_.push_back({oid, {}, 0, {}});
    } else if (is_curve(oid)) {
      say(note_code::csrattrs_bare_curve, offset, curve_name(oid));
      bare_curves_.push_back(oid);
    } else if (is_extension(oid)) {
      say(note_code::csrattrs_extension_outside, offset, oid.to_string());
      add_extension(oid, offset);
    } else {
      wishes.information.push_back(oid);
    }
  }

  void full_attribute(found_attribute const& found) {
    auto& wishes = made_.wishes_;
    if (is_key_type(found.type)) return key(found);
    if (found.values.empty()) say(note_code::csrattrs_no_values, found.offset, found.type.to_string());
    if (found.type == oids::csr_template) {
      a_template(found);
    } else if (found.type == oids::extension_request || found.type == oids::microsoft_extension_request) {
      if (requests_++ != 0) say(note_code::csrattrs_extension_requests, found.offset);
      read_extension_request(found, wishes.extensions, wishes.information, out_, where_);
    } else if (found.type == oids::challenge_password) {
      wishes.challenge_password = true;
    } else if (is_signature_algorithm(found.type)) {
      wishes.signature_algorithms.push_back(found.type);
    } else if (is_extension(found.type)) {
      say(note_code::csrattrs_extension_outside, found.offset, found.type.to_string());
      add_extension(found.type, found.offset);
    } else if (found.values.empty()) {
      wishes.information.push_back(found.type);
    } else {
      wishes.attributes.push_back(to_attribute(found));
    }
  }

  void add_extension(object_id const& oid, std::size_t offset) {
    auto& list = made_.wishes_.extensions;
    if (std::any_of(list.begin(), list.end(), [&](extension_wish const& other) { return other.oid == oid; }))
      say(note_code::csrattrs_repeated_extension, offset, oid.to_string());
    else
      list.push_back({oid, false, std::nullopt});
  }

  /// RFC 9908 section 3.2: the type is that of the key, the values are empty, or its curve, or the size of its
  /// modulus.
  void key(found_attribute const& found) {
    if (key_types_++ != 0) say(note_code::csrattrs_several_key_types, found.offset, found.type.to_string());
    auto& keys = made_.wishes_.keys;
    if (found.values.empty()) {
      say(note_code::csrattrs_key_without_values, found.offset, found.type.to_string());
      keys.push_back({found.type, {}, 0, {}});
      return;
    }
    if (found.values.size() > 1)
      say(note_code::csrattrs_key_parameters, found.offset, std::to_string(found.values.size()) + " values");
    for (auto const& value : found.values) {
      if (keys.size() == most_csr_attributes) return;
      key_wish wish{found.type, {}, 0, {}};
      auto const number = small_integer(value);
      if (auto const curve = read_object_id(value); found.type == oids::ec_public_key && !curve.empty()) {
        wish.curve = curve;
      } else if (is_rsa(found.type) && number && *number != 0) {
        wish.rsa_bits = *number;
      } else if (!(is_rsa(found.type) && value.is(tag::null))) { // NULL is what an AlgorithmIdentifier of RSA has
        say(note_code::csrattrs_key_parameters, value.offset, "tag 0x" + to_hex(byte_view{&value.identifier, 1}));
        wish.other_parameters = to_bytes(value.whole);
      }
      keys.push_back(std::move(wish));
    }
  }

  /// Key types and curves that stand alone add to what the attributes say, and do not contradict them.
  void finish_keys() {
    auto& keys = made_.wishes_.keys;
    for (auto const& bare : bare_keys_)
      if (std::none_of(keys.begin(), keys.end(), [&](key_wish const& k) { return k.algorithm == bare.algorithm; }))
        keys.push_back(bare);
    for (auto const& curve : bare_curves_) {
      auto const any_curve = std::find_if(keys.begin(), keys.end(), [](key_wish const& k) {
        return k == key_wish{oids::ec_public_key, {}, 0, {}};
      });
      if (any_curve != keys.end())
        any_curve->curve = curve;
      else
        keys.push_back({oids::ec_public_key, curve, 0, {}});
    }
  }

  void a_template(found_attribute const& found) {
    if (templates_++ != 0 || found.values.size() > 1) say(note_code::csr_template_repeated, found.offset);
    for (auto const& value : found.values) {
      if (template_) return;
      auto read = template_reader{out_, where_ + ".template"}.read(value);
      if (read)
        template_ = std::move(*read);
      else
        say(note_code::csr_template_unreadable, read.error().offset.value_or(value.offset), read.error().detail);
    }
  }

  void use_template() {
    where_ = "csrattrs";
    auto wishes = wishes_of(*template_);
    if (made_.elements_.size() > templates_)
      remark(out_, note_code::csr_template_beside_others, where_, std::nullopt,
             std::to_string(made_.elements_.size() - templates_));
    if (made_.wishes_.challenge_password && !wishes.challenge_password)
      remark(out_, note_code::csr_template_beside_password, where_);
    made_.wishes_ = std::move(wishes);
  }

  notes* out_;
  std::string where_;
  csr_attributes made_;
  std::optional<csr_template> template_;
  std::vector<key_wish> bare_keys_;
  std::vector<object_id> bare_curves_;
  std::size_t requests_ = 0, key_types_ = 0, templates_ = 0;
};

} // namespace detail

/// Reads a CsrAttrs.
/// Source:  RFC 8951 section 4, which replaced the ASN.1 of RFC 7030 section 4.5.2; RFC 9908 sections 3.2 and 3.4
/// Grammar: CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID
/// In:      one value in BER or DER
/// Notes:   those of normalise_ber; csrattrs_… and csr_template_…, each with its place
/// Errors:  those of normalise_ber; malformed_csr_attributes where it is no SEQUENCE; too_large beyond 256 elements
/// Promises: every element is kept, and one that is not understood keeps no other from being read. Linear time but
///           for repeated extensions, of which at most 256 are read; likewise of kinds of keys.
/// Does NOT promise: that what is asked for makes sense, or that it is wise to follow.
inline result<csr_attributes> parse_csr_attributes(byte_view ber, notes* out = nullptr) {
  auto der = normalise_ber(ber, out, {}, nullptr, "csrattrs");
  if (!der) return fail(der.error());
  return detail::csr_attributes_reader{out}.read(std::move(*der));
}

/// Makes a CsrAttrs.
/// In:     identifiers and attributes, in the order in which they are to stand; octets are one DER value each
/// Errors: invalid_argument for an empty identifier or a value that is no DER; too_large
inline result<csr_attributes> make_csr_attributes(std::vector<csr_attribute> const& elements) {
  auto const invalid = [](std::string why) { return fail(errc::invalid_argument, "csrattrs", std::move(why)); };
  bytes content;
  for (auto const& one : elements) {
    bytes encoded;
    if (auto const* const oid = std::get_if<object_id>(&one)) {
      if (oid->empty()) return invalid("an empty identifier");
      encoded = oid->encode();
    } else if (auto const* const full = std::get_if<attribute>(&one)) {
      if (full->oid.empty()) return invalid("an attribute without a type");
      for (auto const& value : full->values)
        if (!check_der(value)) return invalid("a value of " + full->oid.to_string() + " is no DER");
      encoded = encode_attribute(*full);
    } else {
      encoded = std::get<bytes>(one);
      if (!check_der(encoded)) return invalid("an element that is no DER");
    }
    content.insert(content.end(), encoded.begin(), encoded.end());
  }
  return parse_csr_attributes(der::value(tag::sequence, content));
}

/// The attribute that asks for a kind of key.
/// Source: RFC 9908 section 3.2. Nothing is said of the parameters of a key that has none to choose.
inline attribute key_type_attribute(key_wish const& wish) {
  attribute made{wish.algorithm, {}};
  if (!wish.curve.empty()) made.values.push_back(wish.curve.encode());
  if (wish.rsa_bits != 0) made.values.push_back(der::integer(static_cast<std::uint32_t>(wish.rsa_bits)));
  return made;
}
inline attribute key_type_attribute(key_spec const& spec) { return key_type_attribute(wish_for(spec)); }

/// The attribute that holds a template.
/// Source: RFC 9908 section 3.4
/// Errors: those of encode_csr_template
inline result<attribute> csr_template_attribute(csr_template const& wanted) {
  auto encoded = encode_csr_template(wanted);
  if (!encoded) return fail(encoded.error());
  return attribute{oids::csr_template, {std::move(*encoded)}};
}

} // namespace est::pki
