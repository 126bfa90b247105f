#pragma once
/// Certificate revocation lists: read by our own walk and kept as the octets that came, and made for authorities that have
/// no list of their own. Complete lists for all reasons, signed by the authority whose certificates they are about, are
/// usable; a list of another kind (delta, indirect, for some reasons only) is read and says why it is of no use.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/context.hpp>
#include <est/pki/extensions.hpp>
#include <est/pki/name.hpp>
#include <est/pki/pem.hpp>
#include <est/pki/signature.hpp>
#include <est/pki/signer.hpp>
#include <est/pki/text.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// Why a certificate was revoked.
/// Source: RFC 5280 section 5.3.1; 7 is not used
enum class revocation_reason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  ca_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  certificate_hold = 6,
  remove_from_crl = 8,
  privilege_withdrawn = 9,
  aa_compromise = 10,
};

/// The name that RFC 5280 gives a reason: `keyCompromise`.
constexpr std::string_view name(revocation_reason reason) noexcept {
  switch (reason) {
  case revocation_reason::unspecified: return "unspecified";
  case revocation_reason::key_compromise: return "keyCompromise";
  case revocation_reason::ca_compromise: return "cACompromise";
  case revocation_reason::affiliation_changed: return "affiliationChanged";
  case revocation_reason::superseded: return "superseded";
  case revocation_reason::cessation_of_operation: return "cessationOfOperation";
  case revocation_reason::certificate_hold: return "certificateHold";
  case revocation_reason::remove_from_crl: return "removeFromCRL";
  case revocation_reason::privilege_withdrawn: return "privilegeWithdrawn";
  case revocation_reason::aa_compromise: return "aACompromise";
  }
  return "unknown";
}

/// One entry of a revocation list.
struct revoked_certificate {
  bytes serial; ///< big-endian, without the octet that only keeps the sign, as certificate::serial() has it
  time_point at{};
  revocation_reason reason = revocation_reason::unspecified;

  friend bool operator==(revoked_certificate const&, revoked_certificate const&) = default;
};

/// A revocation list.
/// Source:   RFC 5280 section 5.1
/// Promises: a value, cheap to copy (copies share the octets); `der()` is what was parsed or made, octet for octet
/// Does NOT promise: that it is signed, in force, or about a given certificate; path_validation.hpp asks that.
class crl {
public:
  bytes const& der() const noexcept { return state_->der; }

  bytes issuer_der() const { return to_bytes(view(state_->issuer)); }
  std::string issuer_text() const { return name_text(view(state_->issuer)); }
  time_point this_update() const noexcept { return state_->this_update; }
  /// When the next one is due; none where the list does not say.
  std::optional<time_point> next_update() const noexcept { return state_->next_update; }
  /// Made by then, and not overdue. A list that says no end stays in force.
  bool in_force_at(time_point moment) const noexcept {
    return this_update() <= moment && (!next_update() || moment <= *next_update());
  }
  /// 1 or 2, as people count.
  int version() const noexcept { return state_->version; }

  std::vector<extension> const& extensions() const noexcept { return state_->extensions; }
  extension const* find_extension(object_id const& oid) const noexcept {
    return pki::find_extension(state_->extensions, oid);
  }
  /// cRLNumber, big-endian; none where the extension is missing or is no INTEGER.
  std::optional<bytes> number() const {
    auto const found = find_extension(oids::crl_number);
    if (found == nullptr) return std::nullopt;
    auto const value = read_tlv(found->value);
    if (!value || !value->is(tag::integer)) return std::nullopt;
    return to_bytes(value->content);
  }

  /// The entries, sorted by serial number (shorter ones first).
  std::vector<revoked_certificate> const& revoked() const noexcept { return state_->revoked; }
  /// The entry of a certificate; null where it is not listed.
  /// In: the serial number as certificate::serial() has it
  revoked_certificate const* find(byte_view serial) const noexcept {
    auto const& all = state_->revoked;
    auto const at = std::lower_bound(all.begin(), all.end(), serial,
                                     [](revoked_certificate const& one, byte_view s) { return less(one.serial, s); });
    return at != all.end() && equal(at->serial, serial) ? &*at : nullptr;
  }

  /// Why the list says nothing about anybody's status: it is a delta list, indirect, for some reasons only, or has a
  /// critical extension that is not understood. Empty for a list that is of use.
  /// Source: RFC 5280 sections 5.2 and 5.3: such a list "MUST NOT" be used
  std::string const& obstacle() const noexcept { return state_->obstacle; }

  /// Whether the list is about certificates of that kind at all.
  /// Source: RFC 5280 section 6.3.3 (b)(2)
  bool covers(certificate const& c) const {
    auto const ca = c.is_ca();
    if ((ca && state_->only_users) || (!ca && state_->only_cas)) return false;
    if (state_->points.empty()) return true;
    auto const named = points_of(c);
    return std::any_of(named.begin(), named.end(), [this](bytes const& point) {
      return std::find(state_->points.begin(), state_->points.end(), point) != state_->points.end();
    });
  }

  /// Whether the signature verifies under a key, given as SubjectPublicKeyInfo.
  /// Errors: those of verify_signature
  result<void> check_signature(byte_view issuer_public_key_info) const {
    return verify_signature(view(state_->algorithm), issuer_public_key_info, view(state_->signed_part),
                            view(state_->signature));
  }
  /// By name and by signature, and the certificate may sign lists.
  bool verifies_under(certificate const& issuer) const {
    auto const usage = issuer.key_usage_bits();
    return (!usage || (*usage & key_usage::crl_sign) != 0) && same_name(view(state_->issuer), issuer.subject_der()) &&
           check_signature(issuer.public_key_info()).has_value();
  }

  /// The same octets.
  friend bool operator==(crl const& a, crl const& b) noexcept { return a.state_ == b.state_ || a.der() == b.der(); }

  friend result<crl> parse_crl(byte_view der, notes* out);

private:
  struct range {
    std::size_t at = 0, size = 0;
  };
  struct contents {
    bytes der;
    range signed_part, issuer, algorithm, signature;
    time_point this_update{};
    std::optional<time_point> next_update;
    int version = 1;
    std::vector<extension> extensions;
    std::vector<revoked_certificate> revoked;
    std::string obstacle;
    bool only_users = false, only_cas = false;
    std::vector<bytes> points; ///< each a GeneralName of the distribution point that the list is for
  };

  explicit crl(std::shared_ptr<const contents> s) noexcept : state_(std::move(s)) {}
  byte_view view(range r) const noexcept { return byte_view{state_->der}.subspan(r.at, r.size); }

  static bool less(byte_view a, byte_view b) noexcept {
    return a.size() != b.size() ? a.size() < b.size() : as_text(a) < as_text(b);
  }

  /// The fullName of a DistributionPointName. RFC 5280 section 4.2.1.13
  static void take_points(tlv_reader& fields, std::vector<bytes>& into) {
    auto point = fields.enter(tag::context(0), "distributionPoint");
    if (!point.at(tag::context(0))) return;
    auto names = point.enter(tag::context(0), "fullName");
    while (names.more()) into.push_back(to_bytes(names.take_any("a name").whole));
  }
  static std::vector<bytes> points_of(certificate const& c) {
    std::vector<bytes> list;
    auto const found = c.find(oids::crl_distribution_points);
    if (found == nullptr) return list;
    tlv_state state{errc::malformed_certificate, "cRLDistributionPoints"};
    tlv_reader outer{found->value, state};
    auto points = outer.enter(tag::sequence, "CRLDistributionPoints");
    while (points.more()) {
      auto fields = points.enter(tag::sequence, "DistributionPoint");
      if (fields.at(tag::context(0))) take_points(fields, list);
    }
    return list;
  }

  /// What the extensions make of the list. RFC 5280 section 5.2
  static void read_scope(contents& made) {
    auto const blame = [&](std::string why) {
      if (made.obstacle.empty()) made.obstacle = std::move(why);
    };
    for (auto const& one : made.extensions) {
      if (one.oid == oids::delta_crl_indicator) {
        blame("it is a delta list");
      } else if (one.oid == oids::issuing_distribution_point) {
        tlv_state state{errc::malformed_crl, "issuingDistributionPoint"};
        tlv_reader outer{one.value, state};
        auto fields = outer.enter(tag::sequence, "IssuingDistributionPoint");
        if (fields.at(tag::context(0))) {
          take_points(fields, made.points);
          if (made.points.empty()) blame("its distribution point has no full name");
        }
        auto const flag = [&](unsigned number) {
          if (!fields.at(tag::context_primitive(number))) return false;
          auto const value = fields.take(tag::context_primitive(number), "a flag");
          return value.content.size() == 1 && value.content[0] != 0;
        };
        made.only_users = flag(1);
        made.only_cas = flag(2);
        if (fields.at(tag::context_primitive(3))) {
          fields.take_any("onlySomeReasons");
          blame("it is for some reasons only");
        }
        if (flag(4)) blame("it is an indirect list");
        if (flag(5)) blame("it is for attribute certificates");
        fields.end("IssuingDistributionPoint");
        if (!state.ok()) blame("its issuingDistributionPoint cannot be read");
      } else if (one.critical && !(one.oid == oids::crl_number) && !(one.oid == oids::authority_key_identifier)) {
        blame("its critical extension " + one.oid.to_string() + " is not understood");
      }
    }
  }

  std::shared_ptr<const contents> state_;
};

/// Reads a revocation list.
/// Source:  RFC 5280 section 5.1
/// Grammar: CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
///          TBSCertList ::= SEQUENCE { version INTEGER {v2(1)} OPTIONAL, signature, issuer Name, thisUpdate Time,
///          nextUpdate Time OPTIONAL, revokedCertificates SEQUENCE OF SEQUENCE { userCertificate INTEGER,
///          revocationDate Time, crlEntryExtensions Extensions OPTIONAL } OPTIONAL, crlExtensions [0] OPTIONAL }
/// In:      DER, nothing behind it, up to 16 MiB
/// Notes:   der_set_unsorted, crl_version_1, crl_no_next_update, crl_empty_list, crl_no_number, crl_no_key_identifier
/// Errors:  truncated, trailing_data, malformed_ber, not_der, too_deep, too_large, malformed_crl; with the offset
/// Promises: no signature is verified; n log n in the number of entries
inline result<crl> parse_crl(byte_view der, notes* out = nullptr) {
  static constexpr std::string_view where = "crl";
  tlv_limits limits;
  limits.octets = std::size_t{16} << 20;
  if (auto const checked = check_der(der, out, limits, where); !checked) return fail(checked.error());
  auto made = std::make_shared<crl::contents>();
  tlv_state state{errc::malformed_crl, where};
  auto const range = [](tlv const& v) { return crl::range{v.offset, v.whole.size()}; };
  auto const malformed = [&](std::string why, std::size_t at) {
    return fail(errc::malformed_crl, std::string{where}, std::move(why), at);
  };
  auto const note = [&](note_code code, std::optional<std::size_t> at = std::nullopt) {
    remark(out, code, std::string{where}, at);
  };

  tlv_reader outer{der, state};
  auto fields = outer.enter(tag::sequence, "CertificateList");
  auto const signed_part = fields.take(tag::sequence, "tbsCertList");
  auto const algorithm = fields.take(tag::sequence, "signatureAlgorithm");
  auto const signature = fields.take(tag::bit_string, "signatureValue");
  fields.end("CertificateList");

  tlv_reader tbs{signed_part, state};
  if (tbs.at(tag::integer)) {
    auto const number = tbs.take(tag::integer, "version");
    auto const value = small_integer(number);
    if (state.ok() && (!value || *value > 1))
      state.blame(errc::malformed_crl, "the version is neither v1 (0) nor v2 (1)", number.offset);
    made->version = value ? static_cast<int>(*value) + 1 : 1;
  }
  auto const inner_algorithm = tbs.take(tag::sequence, "signature");
  auto const issuer = tbs.take(tag::sequence, "issuer");
  auto const this_update = tbs.take_any("thisUpdate");
  tlv next_update;
  if (tbs.at(tag::utc_time) || tbs.at(tag::generalized_time)) next_update = tbs.take_any("nextUpdate");
  if (tbs.at(tag::sequence)) {
    auto const list = tbs.take(tag::sequence, "revokedCertificates");
    tlv_reader entries{list, state};
    if (state.ok() && !entries.more()) note(note_code::crl_empty_list, list.offset);
    while (entries.more()) {
      auto entry = entries.enter(tag::sequence, "an entry");
      auto const serial = entry.take(tag::integer, "userCertificate");
      auto const date = entry.take_any("revocationDate");
      std::vector<extension> extensions;
      if (entry.more()) extensions = detail::read_extensions(entry, state);
      entry.end("an entry");
      if (!state.ok()) break;
      revoked_certificate one;
      auto octets = serial.content;
      if (octets.size() > 1 && octets[0] == 0) octets = octets.subspan(1);
      one.serial = to_bytes(octets);
      auto const at = time_of(date);
      if (!at) return malformed("revocationDate is no UTCTime or GeneralizedTime as RFC 5280 has it", date.offset);
      one.at = *at;
      for (auto const& e : extensions) {
        if (e.oid == oids::crl_reason) {
          auto const value = read_tlv(e.value);
          if (value && value->is(tag::enumerated) && value->content.size() == 1 && value->content[0] <= 10 &&
              value->content[0] != 7)
            one.reason = static_cast<revocation_reason>(value->content[0]);
        } else if (e.critical && !(e.oid == oids::invalidity_date) && made->obstacle.empty()) {
          made->obstacle = "the critical extension " + e.oid.to_string() + " of an entry is not understood";
        }
      }
      made->revoked.push_back(std::move(one));
    }
  }
  auto const extensions_at = tbs.offset();
  if (tbs.at(tag::context(0))) {
    auto extensions = tbs.enter(tag::context(0), "crlExtensions");
    made->extensions = detail::read_extensions(extensions, state);
    extensions.end("crlExtensions");
  }
  tbs.end("tbsCertList");
  if (!state.ok()) return fail(*state.first);

  auto const from = time_of(this_update);
  if (!from) return malformed("thisUpdate is no UTCTime or GeneralizedTime as RFC 5280 has it", this_update.offset);
  made->this_update = *from;
  if (!next_update.whole.empty()) {
    made->next_update = time_of(next_update);
    if (!made->next_update)
      return malformed("nextUpdate is no UTCTime or GeneralizedTime as RFC 5280 has it", next_update.offset);
  }
  if (auto const parsed = parse_name(issuer.whole, where); !parsed)
    return malformed("issuer: " + parsed.error().detail, issuer.offset + parsed.error().offset.value_or(0));
  if (!equal(inner_algorithm.whole, algorithm.whole))
    return malformed("signatureAlgorithm and the signature field of tbsCertList differ", algorithm.offset);
  auto const octets = whole_octets(signature);
  if (!octets) return malformed("signatureValue is not a whole number of octets", signature.offset);

  if (made->version == 1) note(note_code::crl_version_1, signed_part.offset);
  if (!made->next_update) note(note_code::crl_no_next_update, this_update.offset);
  if (made->version == 2) {
    if (find_extension(made->extensions, oids::crl_number) == nullptr) note(note_code::crl_no_number, extensions_at);
    if (find_extension(made->extensions, oids::authority_key_identifier) == nullptr)
      note(note_code::crl_no_key_identifier, extensions_at);
  }
  std::sort(made->revoked.begin(), made->revoked.end(),
            [](auto const& a, auto const& b) { return crl::less(a.serial, b.serial); });
  crl::read_scope(*made);
  made->signed_part = range(signed_part);
  made->issuer = range(issuer);
  made->algorithm = range(algorithm);
  made->signature = {signature.content_offset() + 1, octets->size()};
  made->der = to_bytes(der);
  return crl{std::move(made)};
}

/// What a revocation list shall say.
struct crl_order {
  time_point this_update{};
  time_point next_update{};
  std::uint32_t number = 1; ///< higher than that of the one before
  std::vector<revoked_certificate> revoked;
};

/// Makes and signs a revocation list of version 2, about all certificates of the issuer and for all reasons.
/// Source:   RFC 5280 sections 5.1 to 5.3
/// In:       the order; the issuer's key, here or elsewhere, and its certificate; a hash name as Botan has it, "" for the
///           one that fits the key
/// Errors:   invalid_argument, key_mismatch, unsupported_algorithm, internal
/// Promises: revokedCertificates is absent where nothing is revoked (section 5.1.2.6); the reason `unspecified` is not
///           written (section 5.3.1)
inline result<crl> make_crl(crl_order const& order, signing_key const& issuer_key, certificate const& issuer,
                            std::string_view hash, context const& with) {
  auto const invalid = [](std::string why) { return fail(errc::invalid_argument, "crl", std::move(why)); };
  if (!issuer_key.belongs_to(issuer))
    return fail(errc::key_mismatch, "crl", "the issuer's key and its certificate do not belong together");
  if (order.next_update < order.this_update) return invalid("the next list is due before this one");
  std::vector<bytes> entries;
  for (auto const& one : order.revoked) {
    if (one.serial.empty() || one.serial.size() > 20) return invalid("a serial number has 1 to 20 octets");
    bytes extensions;
    if (one.reason != revocation_reason::unspecified) {
      auto const code = static_cast<std::uint8_t>(one.reason);
      const extension reason{oids::crl_reason, false, der::value(tag::enumerated, byte_view{&code, 1})};
      extensions = encode_extensions({&reason, 1});
    }
    entries.push_back(der::sequence({der::integer(one.serial), der::time(one.at), extensions}));
  }
  auto const algorithm = issuer_key.algorithm(hash);
  if (!algorithm) return fail(algorithm.error());
  auto const identifier = issuer.subject_key_identifier().value_or(key_identifier(issuer_key.public_key_info()));
  const extension extensions[] = {make_authority_key_identifier(identifier),
                                  {oids::crl_number, false, der::integer(order.number)}};
  auto const list = entries.empty() ? bytes{} : der::value(tag::sequence, der::concatenation(entries));
  auto const tbs =
      der::sequence({der::integer(1u), algorithm->identifier, issuer.subject_der(), der::time(order.this_update),
                     der::time(order.next_update), list, der::value(tag::context(0), encode_extensions(extensions))});
  auto const signature = issuer_key.sign(tbs, hash, with);
  if (!signature) return fail(signature.error());
  auto made = parse_crl(der::sequence({tbs, signature->algorithm, der::bit_string(signature->octets)}));
  if (!made) return fail(errc::internal, "crl", "the list that was made cannot be read: " + to_text(made.error()));
  return made;
}

/// Reads every `X509 CRL` block, in order; none is no failure.
/// Source: RFC 7468 section 7
/// Errors: malformed_base64 and those of parse_crl for one that cannot be read
inline result<std::vector<crl>> parse_crls_pem(std::string_view text, notes* out = nullptr) {
  std::vector<crl> list;
  std::size_t at = 0;
  while (auto const block = next_pem_block(text, at)) {
    at = block->end;
    if (block->label != "X509 CRL") continue;
    auto const where = "pem[" + std::to_string(list.size()) + "]";
    auto const der = decode_base64(block->base64);
    if (!der) return fail_in(where, der.error());
    auto one = parse_crl(*der, out);
    if (!one) return fail_in(where, one.error());
    list.push_back(std::move(*one));
  }
  return list;
}

inline std::string encode_pem(crl const& list) { return encode_pem("X509 CRL", list.der()); }

} // namespace est::pki
