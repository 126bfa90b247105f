#pragma once
/// Following a server's wishes: given the CSR attributes and what the client has to offer, which key to make, which
/// CSR to sign, and a list of what could not be had. Nothing is refused here: whether a CSR that lacks something is
/// worth sending, the caller decides, since a server may issue regardless.

#include <est/core/result.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/csr_attributes.hpp>
#include <est/pki/csr_offer.hpp>
#include <est/pki/csr_wishes.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/key_spec.hpp>
#include <est/pki/name.hpp>
#include <est/pki/private_key.hpp>
#include <est/pki/signer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// Which CSR to make.
struct csr_plan {
  std::optional<key_spec> key; ///< the kind of key to make; none where the key is there already, or none can be made
  rsa_padding padding = rsa_padding::pkcs1; ///< of the signature, if the key is RSA
  csr_order order;
  std::vector<unmet_wish> unmet; ///< in the order: key, signature, names, extensions, attributes, challengePassword

  bool fulfils_all() const noexcept { return unmet.empty(); }
};

namespace detail {

/// The kind of key in a SubjectPublicKeyInfo; a curve without a name keeps its identifier as text. None for another
/// algorithm.
inline std::optional<key_spec> kind_of_key(byte_view public_key_info) {
  auto const parts = take_apart(public_key_info);
  if (!parts) return std::nullopt;
  if (is_rsa(parts->algorithm)) return key_spec::rsa(modulus_bits(parts->key));
  if (parts->algorithm == oids::ed25519) return key_spec::ed25519();
  if (parts->algorithm == oids::ec_public_key) return key_spec::ecdsa(curve_name(read_object_id(parts->parameters)));
  return std::nullopt;
}

/// Whether a key of that kind is what is asked for.
inline bool fulfils(key_spec const& spec, key_wish const& wish) {
  if (!wish.other_parameters.empty()) return false;
  switch (spec.kind) {
  case key_spec::algorithm::rsa:
    return is_rsa(wish.algorithm) && (wish.rsa_bits == 0 || wish.rsa_bits == spec.rsa_bits);
  case key_spec::algorithm::ed25519: return wish.algorithm == oids::ed25519;
  case key_spec::algorithm::ecdsa: break;
  }
  return wish.algorithm == oids::ec_public_key && (wish.curve.empty() || curve_name(wish.curve) == spec.curve);
}

/// Whether a key of that kind can sign under an algorithm that a list names.
inline bool can_sign_under(key_spec const& spec, object_id const& algorithm) {
  if (algorithm == oids::rsassa_pss) return spec.kind == key_spec::algorithm::rsa;
  using family = signature_row::family;
  auto const wanted = spec.kind == key_spec::algorithm::rsa     ? family::rsa
                      : spec.kind == key_spec::algorithm::ecdsa ? family::ecdsa
                                                                : family::ed25519;
  auto const& rows = signature_table();
  return std::any_of(rows.begin(), rows.end(), [&](signature_row const& row) {
    return row.oid == algorithm && row.keys == wanted && row.hash != "MD5"; // read, never written
  });
}

/// One attribute of a name, its value as it stands.
struct name_value {
  object_id type;
  bytes value;
  bool joined = false;
};

inline std::vector<name_value> name_values(byte_view der) {
  std::vector<name_value> list;
  tlv_state state{errc::invalid_argument, "subject"};
  tlv_reader outer{der, state};
  auto names = outer.enter(tag::sequence, "Name");
  while (names.more()) {
    auto attributes = names.enter(tag::set, "RelativeDistinguishedName");
    bool joined = false;
    while (attributes.more()) {
      auto fields = attributes.enter(tag::sequence, "AttributeTypeAndValue");
      auto const type = read_object_id(fields.take(tag::object_id, "type"));
      auto const value = fields.take_any("value");
      if (!state.ok()) break;
      list.push_back({type, to_bytes(value.whole), std::exchange(joined, true)});
    }
  }
  return list;
}

class csr_planner {
public:
  /// In: the SubjectPublicKeyInfo of the key that is there already; empty where one is yet to be made
  csr_planner(csr_wishes const& wishes, csr_offer const& offer, signing_key const* key)
      : wishes_(wishes), offer_(offer), key_(key) {}

  csr_plan plan() {
    auto const kind = key_ != nullptr ? have_key() : choose_key();
    signature(kind);
    subject();
    extensions();
    attributes();
    challenge_password();
    return std::move(plan_);
  }

private:
  void unmet(wish_subject what, unmet_reason why, object_id oid, std::string detail = {}) {
    plan_.unmet.push_back({what, why, std::move(oid), std::move(detail)});
  }

  std::string wanted_keys() const {
    std::string text;
    for (auto const& wish : wishes_.keys) text += (text.empty() ? "" : " or ") + to_text(wish);
    return text;
  }

  std::optional<key_spec> have_key() {
    auto const kind = kind_of_key(key_->public_key_info());
    auto const fits = [&](key_wish const& wish) { return kind && fulfils(*kind, wish); };
    if (!wishes_.keys.empty() && std::none_of(wishes_.keys.begin(), wishes_.keys.end(), fits))
      unmet(wish_subject::key, unmet_reason::another_key, wishes_.keys.front().algorithm,
            wanted_keys() + " is asked for, the key is " + (kind ? to_text(*kind) : std::string{"of another kind"}));
    return kind;
  }

  /// The kinds that can be made, those of an RSA wish in the size that is asked for.
  std::vector<key_spec> candidates() const {
    std::vector<key_spec> list;
    for (auto const& spec : offer_.keys) {
      if (spec.kind == key_spec::algorithm::rsa)
        for (auto const& wish : wishes_.keys)
          if (is_rsa(wish.algorithm) && wish.rsa_bits >= 2048 && wish.rsa_bits <= offer_.rsa_most_bits)
            list.push_back(key_spec::rsa(wish.rsa_bits));
      list.push_back(spec);
    }
    return list;
  }

  std::optional<key_spec> choose_key() {
    auto const list = candidates();
    auto const wanted = [&](key_spec const& spec) {
      return wishes_.keys.empty() || std::any_of(wishes_.keys.begin(), wishes_.keys.end(),
                                                 [&](key_wish const& wish) { return fulfils(spec, wish); });
    };
    auto const signs = [&](key_spec const& spec) {
      auto const& algorithms = wishes_.signature_algorithms;
      return algorithms.empty() || std::any_of(algorithms.begin(), algorithms.end(),
                                               [&](object_id const& oid) { return can_sign_under(spec, oid); });
    };
    auto found = std::find_if(list.begin(), list.end(), [&](key_spec const& s) { return wanted(s) && signs(s); });
    if (found == list.end()) found = std::find_if(list.begin(), list.end(), wanted);
    if (found == list.end()) {
      unmet(wish_subject::key, unmet_reason::not_supported,
            wishes_.keys.empty() ? object_id{} : wishes_.keys.front().algorithm,
            wishes_.keys.empty() ? "no kind of key can be made" : wanted_keys() + " is asked for");
      if (offer_.keys.empty()) return std::nullopt;
      plan_.key = offer_.keys.front();
    } else {
      plan_.key = *found;
    }
    return plan_.key;
  }

  /// RFC 7030 section 4.5.2: the signature algorithm is "represented as an OID to be reflected in the
  /// SignatureAlgorithm".
  void signature(std::optional<key_spec> const& kind) {
    plan_.order.hash = offer_.hash;
    // The weaker word: a signature algorithm below overrules it. A list has identifiers of the table alone.
    if (!wishes_.hashes.empty()) plan_.order.hash = hash_name(wishes_.hashes.front()).value_or("");
    auto const& algorithms = wishes_.signature_algorithms;
    if (algorithms.empty()) {
      if (!wishes_.hashes.empty() && kind && kind->kind == key_spec::algorithm::ed25519)
        unmet(wish_subject::signature, unmet_reason::not_supported, wishes_.hashes.front(),
              "a key of this kind takes no hash function");
      return;
    }
    for (auto const& wish : algorithms) {
      if (!kind || !can_sign_under(*kind, wish)) continue;
      if (wish == oids::rsassa_pss) {
        if (key_ != nullptr && !signs_by_pss()) continue;
        plan_.padding = rsa_padding::pss;
        return;
      }
      for (auto const& row : signature_table())
        if (row.oid == wish) plan_.order.hash = row.hash;
      return;
    }
    unmet(wish_subject::signature, unmet_reason::not_supported, algorithms.front(),
          kind ? "not with a key of kind " + to_text(*kind) : std::string{"not with this key"});
  }

  bool signs_by_pss() const {
    auto const how = key_->algorithm(plan_.order.hash);
    return how && how->kind == signature_algorithm::scheme::rsa_pss;
  }

  /// Whether a CSR can hold a value that the server gives.
  static bool is_usable(byte_view value) {
    static constexpr tlv_limits within_a_csr{24, tlv_limits{}.octets};
    return check_der(value, nullptr, within_a_csr).has_value();
  }

  std::optional<bytes> name_if_asked(object_id const& type) const {
    for (auto const& [offered, text] : offer_.names_if_asked) {
      if (!(offered == type)) continue;
      auto const made = name_values(make_name({{offered, text}}));
      if (made.size() == 1) return made.front().value;
    }
    return std::nullopt;
  }

  void subject() {
    auto const own = name_values(offer_.subject);
    if (wishes_.subject.empty()) return keep_subject(own);
    std::vector<bool> used(own.size());
    std::vector<name_wish> filled;
    bool rdn_begun = false;
    for (auto const& wish : wishes_.subject) {
      if (!wish.joined) rdn_begun = false;
      if (wish.value && !is_usable(*wish.value)) {
        unmet(wish_subject::name, unmet_reason::unusable_value, wish.type);
        continue;
      }
      auto value = wish.value;
      for (std::size_t i = 0; i < own.size() && !value; ++i)
        if (!used[i] && own[i].type == wish.type) {
          value = own[i].value;
          used[i] = true;
        }
      if (!value) value = name_if_asked(wish.type);
      if (!value) {
        unmet(wish_subject::name, unmet_reason::no_value, wish.type);
        continue;
      }
      filled.push_back({wish.type, std::move(value), rdn_begun});
      rdn_begun = true;
    }
    plan_.order.subject = encode_name_template(filled);
  }

  /// No template says anything of the subject: it stays, and what a list names beside is added.
  void keep_subject(std::vector<name_value> const& own) {
    std::vector<name_wish> names;
    for (auto const& one : own) names.push_back({one.type, one.value, one.joined});
    bool added = false;
    for (auto const& oid : wishes_.information) {
      if (!is_name_attribute(oid)) continue;
      bool const there = std::any_of(names.begin(), names.end(), [&](name_wish const& n) { return n.type == oid; });
      auto value = there ? std::nullopt : name_if_asked(oid);
      if (!there && !value) continue;
      settled_.push_back(oid);
      if (there) continue;
      names.push_back({oid, std::move(value), false});
      added = true;
    }
    plan_.order.subject = added ? encode_name_template(names) : offer_.subject;
  }

  template <class T>
  static T const* offered(object_id const& oid, std::vector<T> const& always, std::vector<T> const& asked) {
    for (auto const* list : {&always, &asked})
      for (auto const& one : *list)
        if (one.oid == oid) return &one;
    return nullptr;
  }

  static std::string_view kind_of_name(std::uint8_t identifier) {
    static constexpr std::string_view kinds[] = {"otherName",
                                                 "rfc822Name",
                                                 "dNSName",
                                                 "x400Address",
                                                 "directoryName",
                                                 "ediPartyName",
                                                 "uniformResourceIdentifier",
                                                 "iPAddress",
                                                 "registeredID"};
    auto const number = identifier & 0x1fu;
    return number < std::size(kinds) ? kinds[number] : "a name of another kind";
  }

  /// Gives the empty names of a subjectAltName their values, out of one that is offered; those that have none are
  /// left out.
  std::optional<bytes> fill_names(byte_view given, extension const* own) {
    auto const names = general_names(given);
    auto const mine = own != nullptr ? general_names(own->value) : std::nullopt;
    if (!names) return to_bytes(given);
    std::vector<byte_view> used;
    for (auto const& one : *names)
      if (!is_open_name(one)) used.push_back(one.whole);
    bytes content;
    for (auto const& one : *names) {
      auto octets = one.whole;
      if (is_open_name(one)) {
        octets = {};
        for (auto const& candidate : mine.value_or(std::vector<tlv>{})) {
          auto const same = [&](byte_view other) { return equal(other, candidate.whole); };
          if (candidate.identifier != one.identifier || is_open_name(candidate) ||
              std::any_of(used.begin(), used.end(), same))
            continue;
          octets = candidate.whole;
          used.push_back(octets);
          break;
        }
        if (octets.empty())
          unmet(wish_subject::alternative_name, unmet_reason::no_value, oids::subject_alternative_name,
                std::string{kind_of_name(one.identifier)});
      }
      content.insert(content.end(), octets.begin(), octets.end());
    }
    if (content.empty()) return std::nullopt;
    return der::value(tag::sequence, content);
  }

  /// RFC 9908 section 3.4: the client uses the critical flag and the value that are given, and fills in what is open.
  void extensions() {
    for (auto const& wish : wishes_.extensions) {
      auto const* const own = offered(wish.oid, offer_.extensions, offer_.extensions_if_asked);
      extension made{wish.oid, wish.critical, {}};
      if (wish.value) {
        auto value = is_open(wish) ? fill_names(*wish.value, own) : wish.value;
        if (!value) continue;
        made.value = std::move(*value);
      } else if (own != nullptr) {
        made = *own;
        made.critical = made.critical || wish.critical;
      } else {
        unmet(wish_subject::extension, unmet_reason::no_value, wish.oid);
        continue;
      }
      extensions_.push_back(std::move(made));
    }
    for (auto const& own : offer_.extensions)
      if (find_extension(extensions_, own.oid) == nullptr) extensions_.push_back(own);
  }

  bool is_settled(object_id const& oid) const {
    auto const& list = plan_.order.attributes;
    return std::find(settled_.begin(), settled_.end(), oid) != settled_.end() ||
           std::any_of(list.begin(), list.end(), [&](attribute const& a) { return a.oid == oid; });
  }

  void attributes() {
    auto& list = plan_.order.attributes;
    std::vector<attribute> directory;
    for (auto const& given : wishes_.attributes) {
      bool const known =
          std::find(offer_.recognised.begin(), offer_.recognised.end(), given.oid) != offer_.recognised.end();
      if (is_settled(given.oid)) continue;
      if ((wishes_.from_template || known) && !std::all_of(given.values.begin(), given.values.end(), is_usable))
        unmet(wish_subject::attribute, unmet_reason::unusable_value, given.oid);
      else if (wishes_.from_template || known)
        list.push_back(given);
      else if (auto const* own = offered(given.oid, offer_.attributes, offer_.attributes_if_asked))
        list.push_back(*own);
      else
        unmet(wish_subject::attribute, unmet_reason::not_recognised, given.oid, "it is ignored");
    }
    for (auto const& oid : wishes_.information) {
      if (is_settled(oid)) continue;
      auto const* const own = offered(oid, offer_.attributes, offer_.attributes_if_asked);
      if (oid == oids::extension_request) {
        if (extensions_.empty()) unmet(wish_subject::extension, unmet_reason::no_value, oid, "no extension at all");
      } else if (own == nullptr) {
        unmet(is_name_attribute(oid) ? wish_subject::name : wish_subject::attribute, unmet_reason::no_value, oid);
      } else if (oid == oids::mac_address) { // RFC 9908 section 5.2: "in a subjectDirectoryAttributes extension"
        directory.push_back(*own);
        settled_.push_back(oid);
      } else {
        list.push_back(*own);
      }
    }
    for (auto const& own : offer_.attributes)
      if (!is_settled(own.oid)) list.push_back(own);
    directory_attributes(directory);
    if (!extensions_.empty()) list.push_back(extension_request(extensions_));
  }

  /// SubjectDirectoryAttributes ::= SEQUENCE SIZE (1..MAX) OF Attribute. RFC 5280 section 4.2.1.8: it MUST NOT be
  /// critical.
  void directory_attributes(std::vector<attribute> const& wanted) {
    bytes content;
    for (auto const& one : wanted) {
      if (find_extension(extensions_, oids::subject_directory_attributes) != nullptr) {
        unmet(wish_subject::attribute, unmet_reason::no_room, one.oid, "subjectDirectoryAttributes is there already");
        continue;
      }
      auto const encoded = encode_attribute(one);
      content.insert(content.end(), encoded.begin(), encoded.end());
    }
    if (!content.empty())
      extensions_.push_back({oids::subject_directory_attributes, false, der::value(tag::sequence, content)});
  }

  void challenge_password() {
    if ((!wishes_.challenge_password && !offer_.challenge_password_unasked) || is_settled(oids::challenge_password))
      return;
    std::optional<std::string> password;
    try {
      if (offer_.challenge_password) password = offer_.challenge_password();
    } catch (...) {} // the text of an exception may hold it
    auto& list = plan_.order.attributes;
    if (password)
      list.push_back(challenge_password_attribute(*password));
    else if (wishes_.challenge_password_value && is_usable(*wishes_.challenge_password_value))
      list.push_back({oids::challenge_password, {*wishes_.challenge_password_value}});
    else if (wishes_.challenge_password)
      unmet(wish_subject::challenge_password, unmet_reason::no_value, oids::challenge_password);
  }

  csr_wishes const& wishes_;
  csr_offer const& offer_;
  signing_key const* key_; ///< null where a key is yet to be made
  csr_plan plan_;
  std::vector<extension> extensions_;
  std::vector<object_id> settled_; ///< asked for, and cared for elsewhere than in an attribute of its own
};

} // namespace detail

/// Decides which CSR follows a server's wishes, with a key that is yet to be made.
/// Source:   RFC 8951 section 4; RFC 9908 sections 3.2, 3.4 and 4
/// In:       what parse_csr_attributes read, a default csr_attributes where the server has none; what the client has
///           to offer
/// Out:      the kind of key, and the order for make_csr. Where the kind that is asked for cannot be made, the best
///           one of the offer.
/// Promises: every wish is either fulfilled or in `unmet`; what the client offers beyond the wishes stands in the CSR
///           too, but for names that a template does not ask for; nothing that a server gives keeps it from being
///           made
inline csr_plan follow(csr_attributes const& attributes, csr_offer const& offer) {
  return detail::csr_planner{attributes.wishes(), offer, nullptr}.plan();
}

/// The same with a key that is there already; one of another kind than is asked for is in `unmet`.
inline csr_plan follow(csr_attributes const& attributes, csr_offer const& offer, signing_key const& key) {
  return detail::csr_planner{attributes.wishes(), offer, &key}.plan();
}

/// Makes the CSR of a plan, with the key that is there already. What is unmet does not keep it from being made.
/// Errors: those of make_csr
inline result<csr> make_csr(csr_plan const& plan, signing_key const& key, context const& with) {
  return make_csr(plan.order, key, with);
}

/// A new key, and the CSR that it signed.
struct key_and_csr {
  private_key key;
  csr request;
};

/// Makes the key of a plan and then its CSR.
/// Errors: invalid_argument for a plan without a kind of key; those of make_private_key and of make_csr
inline result<key_and_csr> make_key_and_csr(csr_plan const& plan, context const& with) {
  if (!plan.key) return fail(errc::invalid_argument, "csr", "the plan has no kind of key that could be made");
  auto key = make_private_key(*plan.key, with);
  if (!key) return fail(std::move(key.error()));
  auto request = make_csr(plan.order, signing_key{*key, plan.padding}, with);
  if (!request) return fail(std::move(request.error()));
  return key_and_csr{std::move(*key), std::move(*request)};
}

} // namespace est::pki
