#pragma once
/// What a client has to offer to a server that says what it wants in a CSR, and what is said of a wish that the offer
/// does not meet. `csr_plan.hpp` makes a CSR of wishes and offer.

#include <est/core/bytes.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// What a client has to offer.
struct csr_offer {
  /// A Name in DER. It stands in the CSR as it is, unless a template says which names are wanted: then it gives them
  /// their values.
  bytes subject = {tag::sequence, 0};
  /// Names that go into the subject only where they are asked for: a serial number.
  std::vector<std::pair<object_id, std::string>> names_if_asked;

  std::vector<extension> extensions;          ///< stand in the CSR, asked for or not
  std::vector<extension> extensions_if_asked; ///< only where they are asked for
  std::vector<attribute> attributes;          ///< stand in the CSR, asked for or not
  std::vector<attribute> attributes_if_asked; ///< only where they are asked for
  /// Types of attributes whose given values are copied from a list of RFC 7030. Others of a list are not recognised,
  /// and "the client MUST ignore any OID or attribute it does not recognize" (section 4.5.2). Those of a template are
  /// always copied.
  std::vector<object_id> recognised;

  /// Gives the challengePassword, of the connection that the CSR is going to be sent over (RFC 7030 section 3.5).
  /// None where there is none; an exception counts as none.
  std::function<std::optional<std::string>()> challenge_password;
  /// Put it in whether or not it is asked for: RFC 7030 section 3.5 says SHOULD.
  bool challenge_password_unasked = false;

  /// Kinds of keys that can be made, best first. One RSA kind stands for all sizes from 2048 to `rsa_most_bits`.
  std::vector<key_spec> keys = {key_spec::ecdsa("secp256r1"), key_spec::ecdsa("secp384r1"),
                                key_spec::ecdsa("secp521r1"), key_spec::rsa(3072), key_spec::ed25519()};
  std::size_t rsa_most_bits = 4096;
  std::string hash; ///< as Botan names it, where the server asks for none; "" for the one that fits the key
};

/// What a wish was about.
enum class wish_subject : std::uint8_t {
  key,
  signature,
  challenge_password,
  name,
  extension,
  alternative_name,
  attribute
};

/// Why it is not fulfilled.
enum class unmet_reason : std::uint8_t {
  not_supported,  ///< no such key can be made, no such signature
  another_key,    ///< the key that is there is of another kind
  no_value,       ///< the client is to give a value, and has none
  not_recognised, ///< an attribute that the client does not know; it MUST be ignored (RFC 8951 section 4)
  no_room,        ///< there is something else in its place
  unusable_value, ///< the value that the server gives is no DER, or nested beyond 24 levels: no CSR can hold it
};

constexpr std::string_view name(wish_subject what) noexcept {
  switch (what) {
  case wish_subject::key: return "key";
  case wish_subject::signature: return "signature";
  case wish_subject::challenge_password: return "challengePassword";
  case wish_subject::name: return "name";
  case wish_subject::extension: return "extension";
  case wish_subject::alternative_name: return "alternative name";
  case wish_subject::attribute: return "attribute";
  }
  return "wish";
}

constexpr std::string_view name(unmet_reason why) noexcept {
  switch (why) {
  case unmet_reason::not_supported: return "not supported";
  case unmet_reason::another_key: return "another key";
  case unmet_reason::no_value: return "no value";
  case unmet_reason::not_recognised: return "not recognised";
  case unmet_reason::no_room: return "no room";
  case unmet_reason::unusable_value: return "unusable value";
  }
  return "unmet";
}

/// A wish that the CSR does not fulfil.
struct unmet_wish {
  wish_subject what = wish_subject::attribute;
  unmet_reason why = unmet_reason::not_recognised;
  object_id oid;      ///< of the algorithm, name, extension or attribute
  std::string detail; ///< for a person; never a value that the client offered

  friend bool operator==(unmet_wish const&, unmet_wish const&) = default;
};

/// `extension 2.5.29.37: no value (…)`
inline std::string to_text(unmet_wish const& wish) {
  std::string text{name(wish.what)};
  if (!wish.oid.empty()) text += " " + wish.oid.to_string();
  text += ": " + std::string{name(wish.why)};
  if (!wish.detail.empty()) text += " (" + wish.detail + ")";
  return text;
}

} // namespace est::pki
