#pragma once
/// What a server wants in a CSR, in one shape for both of its spellings: the list of RFC 7030 section 4.5.2 and the
/// template of RFC 9908 section 3.4. This header has the types, and the tables that tell key types, curves, hashes
/// and extensions apart; `csr_attributes.hpp` and `csr_template.hpp` read them off the wire, `csr_plan.hpp` acts on
/// them.

#include <est/core/bytes.hpp>
#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/der.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

namespace oids {

// RFC 9908 section 7 and appendix A; the extensionRequest that Microsoft's certificate services use
inline const object_id csr_template{1, 2, 840, 113549, 1, 9, 16, 2, 61};
inline const object_id extension_request_template{1, 2, 840, 113549, 1, 9, 16, 2, 62};
inline const object_id microsoft_extension_request{1, 3, 6, 1, 4, 1, 311, 2, 1, 14};
// RFC 2307 section 2.4, which RFC 7030 section 4.5.2 uses; RFC 5280 section 4.2.1.8
inline const object_id mac_address{1, 3, 6, 1, 1, 1, 1, 22};
inline const object_id subject_directory_attributes{2, 5, 29, 9};

} // namespace oids

/// A kind of key pair that is asked for.
struct key_wish {
  object_id algorithm;      ///< rsaEncryption, id-ecPublicKey, id-Ed25519, …
  object_id curve;          ///< of an elliptic curve key; empty: any
  std::size_t rsa_bits = 0; ///< of an RSA modulus; 0: any
  /// Parameters that are not those of the algorithm as far as it is known here: one DER value. Empty: none.
  bytes other_parameters = {};

  friend bool operator==(key_wish const&, key_wish const&) = default;
};

/// An extension that is asked for.
struct extension_wish {
  object_id oid;
  bool critical = false;
  std::optional<bytes> value; ///< the content of extnValue; none: the client fills it in

  friend bool operator==(extension_wish const&, extension_wish const&) = default;
};

/// One attribute of the subject that is asked for.
struct name_wish {
  object_id type;
  std::optional<bytes> value; ///< a whole DER value; none: the client fills it in
  bool joined = false;        ///< stands in the same RelativeDistinguishedName as the one before it

  friend bool operator==(name_wish const&, name_wish const&) = default;
};

/// What a server wants in a CSR.
struct csr_wishes {
  bool from_template = false;
  bool challenge_password = false; ///< identity and proof of possession are to be linked (RFC 7030 section 3.5)
  std::optional<bytes> challenge_password_value = {}; ///< what a template gives for it: one DER value
  std::vector<name_wish> subject;                     ///< empty: nothing is said of it; only a template says something
  std::vector<key_wish> keys;                         ///< any one of them; empty: nothing is said
  std::vector<object_id> signature_algorithms;        ///< any one of them
  std::vector<object_id> hashes; ///< any one of them: a list that names a hash and no signature algorithm
  std::vector<extension_wish> extensions;
  std::vector<object_id> information; ///< attributes of any kind that the client is to give a value
  std::vector<attribute> attributes;  ///< attributes with the values that the server gives

  /// Whether nothing is asked for.
  bool empty() const { return *this == csr_wishes{} || (from_template && only_template()); }

  friend bool operator==(csr_wishes const&, csr_wishes const&) = default;

private:
  bool only_template() const {
    auto copy = *this;
    copy.from_template = false;
    return copy == csr_wishes{};
  }
};

namespace detail {

inline bool begins_with(object_id const& oid, std::initializer_list<std::uint8_t> prefix) {
  auto const content = oid.content();
  return content.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), content.begin());
}

/// id-ce of RFC 5280 section 4.2, id-pe of section 4.2.2.
inline bool is_extension(object_id const& oid) {
  return begins_with(oid, {0x55, 0x1d}) || begins_with(oid, {0x2b, 6, 1, 5, 5, 7, 1});
}

/// X.520 attribute types (id-at), and the two of other arcs that RFC 5280 section 4.1.2.4 names; uid of RFC 4519.
inline bool is_name_attribute(object_id const& oid) {
  static const object_id uid{0, 9, 2342, 19200300, 100, 1, 1};
  return begins_with(oid, {0x55, 0x04}) || oid == oids::domain_component || oid == oids::email_address || oid == uid;
}

/// Named curves: those of ANSI X9.62 and SEC 2, and Brainpool's (RFC 5639 section 4.1).
inline bool is_curve(object_id const& oid) {
  return begins_with(oid, {0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1}) || begins_with(oid, {0x2b, 0x81, 4, 0}) ||
         begins_with(oid, {0x2b, 0x24, 3, 3, 2, 8, 1, 1});
}

/// Curves by Botan's names.
inline std::array<std::pair<object_id, std::string_view>, 7> const& curve_table() {
  static const std::array<std::pair<object_id, std::string_view>, 7> rows{
      {{oids::secp256r1, "secp256r1"},
       {oids::secp384r1, "secp384r1"},
       {oids::secp521r1, "secp521r1"},
       {{1, 3, 132, 0, 10}, "secp256k1"},
       {{1, 3, 36, 3, 3, 2, 8, 1, 1, 7}, "brainpool256r1"},
       {{1, 3, 36, 3, 3, 2, 8, 1, 1, 11}, "brainpool384r1"},
       {{1, 3, 36, 3, 3, 2, 8, 1, 1, 13}, "brainpool512r1"}}};
  return rows;
}

/// The name of a curve; its dotted identifier where the table has none.
inline std::string curve_name(object_id const& oid) {
  for (auto const& [id, name] : curve_table())
    if (id == oid) return std::string{name};
  return oid.to_string();
}

inline object_id curve_identifier(std::string_view name) {
  for (auto const& [id, known] : curve_table())
    if (known == name) return id;
  return {};
}

/// Public key algorithms. RFC 3279 section 2.3; RFC 8410 section 3; what is post-quantum is told by its arc.
inline bool is_key_type(object_id const& oid) {
  static const object_id others[] = {{1, 3, 101, 110},
                                     {1, 3, 101, 111},
                                     {1, 3, 101, 113},
                                     {1, 2, 840, 10040, 4, 1},
                                     {1, 2, 840, 10046, 2, 1},
                                     {1, 3, 132, 1, 12},
                                     {1, 2, 840, 113549, 1, 1, 7}};
  return oid == oids::rsa_encryption || oid == oids::ec_public_key || oid == oids::ed25519 || oid == oids::rsassa_pss ||
         is_post_quantum(oid) || std::find(std::begin(others), std::end(others), oid) != std::end(others);
}

/// Algorithms that a signature is made with. An identifier that names a key type as well (Ed25519, ML-DSA,
/// RSASSA-PSS) is one.
inline bool is_signature_algorithm(object_id const& oid) {
  static const object_id ed448{1, 3, 101, 113};
  auto const& rows = signature_table();
  return oid == oids::rsassa_pss || oid == ed448 || is_post_quantum(oid) ||
         std::any_of(rows.begin(), rows.end(), [&](signature_row const& row) { return row.oid == oid; });
}

inline bool is_rsa(object_id const& algorithm) {
  return algorithm == oids::rsa_encryption || algorithm == oids::rsassa_pss;
}

/// GeneralNames of a subjectAltName, each as it stands; none where the octets are no such sequence.
inline std::optional<std::vector<tlv>> general_names(byte_view value) {
  tlv_state state{errc::malformed_csr_attributes, "subjectAltName"};
  tlv_reader outer{value, state};
  auto sequence = outer.enter(tag::sequence, "GeneralNames");
  std::vector<tlv> names;
  while (sequence.more()) names.push_back(sequence.take_any("GeneralName"));
  outer.end("the octets");
  if (!state.ok()) return std::nullopt;
  return names;
}

/// Whether a GeneralName is one that the client is to fill in: without octets, or a directoryName that is the
/// NULL-DN.
/// Source: RFC 9908 section 3.4
inline bool is_open_name(tlv const& name) {
  if (name.content.empty()) return true;
  return name.is(tag::context(4)) && name.content.size() == 2 && name.content[0] == tag::sequence &&
         name.content[1] == 0;
}

} // namespace detail

/// Whether an extension leaves something to be filled in: it has no value, or is a subjectAltName with an empty name
/// in it.
/// Source: RFC 9908 section 3.4
inline bool is_open(extension_wish const& wish) {
  if (!wish.value) return true;
  if (!(wish.oid == oids::subject_alternative_name)) return false;
  auto const names = detail::general_names(*wish.value);
  return names && std::any_of(names->begin(), names->end(), detail::is_open_name);
}

/// What is asked for, for a person: `RSA, 4096 bits`, `EC on secp384r1`.
inline std::string to_text(key_wish const& wish) {
  if (detail::is_rsa(wish.algorithm))
    return wish.rsa_bits == 0 ? "RSA" : "RSA, " + std::to_string(wish.rsa_bits) + " bits";
  if (wish.algorithm == oids::ec_public_key)
    return wish.curve.empty() ? "EC" : "EC on " + detail::curve_name(wish.curve);
  if (wish.algorithm == oids::ed25519) return "Ed25519";
  return "algorithm " + wish.algorithm.to_string();
}

/// The wish for a kind of key that can be made.
inline key_wish wish_for(key_spec const& spec) {
  switch (spec.kind) {
  case key_spec::algorithm::rsa: return {oids::rsa_encryption, {}, spec.rsa_bits, {}};
  case key_spec::algorithm::ed25519: return {oids::ed25519, {}, 0, {}};
  case key_spec::algorithm::ecdsa: break;
  }
  return {oids::ec_public_key, detail::curve_identifier(spec.curve), 0, {}};
}

} // namespace est::pki
