#pragma once
/// The controls of CMC: their identifiers, the status of a response in both versions, and makers and readers for the ones
/// that an enrolment uses. What is not known here stays a control with its octets.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/cmc_data.hpp>
#include <est/pki/cms_types.hpp>
#include <est/pki/context.hpp>
#include <est/pki/der.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/text.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::pki {

namespace oids {

// Controls. RFC 5272 section 6, table 1; RFC 6402 section 2.2
inline const object_id cmc_status_info{1, 3, 6, 1, 5, 5, 7, 7, 1};
inline const object_id cmc_identification{1, 3, 6, 1, 5, 5, 7, 7, 2};
inline const object_id cmc_identity_proof{1, 3, 6, 1, 5, 5, 7, 7, 3};
inline const object_id cmc_data_return{1, 3, 6, 1, 5, 5, 7, 7, 4};
inline const object_id cmc_transaction_id{1, 3, 6, 1, 5, 5, 7, 7, 5};
inline const object_id cmc_sender_nonce{1, 3, 6, 1, 5, 5, 7, 7, 6};
inline const object_id cmc_recipient_nonce{1, 3, 6, 1, 5, 5, 7, 7, 7};
inline const object_id cmc_add_extensions{1, 3, 6, 1, 5, 5, 7, 7, 8};
inline const object_id cmc_encrypted_pop{1, 3, 6, 1, 5, 5, 7, 7, 9};
inline const object_id cmc_decrypted_pop{1, 3, 6, 1, 5, 5, 7, 7, 10};
inline const object_id cmc_lra_pop_witness{1, 3, 6, 1, 5, 5, 7, 7, 11};
inline const object_id cmc_get_cert{1, 3, 6, 1, 5, 5, 7, 7, 15};
inline const object_id cmc_get_crl{1, 3, 6, 1, 5, 5, 7, 7, 16};
inline const object_id cmc_revoke_request{1, 3, 6, 1, 5, 5, 7, 7, 17};
inline const object_id cmc_reg_info{1, 3, 6, 1, 5, 5, 7, 7, 18};
inline const object_id cmc_response_info{1, 3, 6, 1, 5, 5, 7, 7, 19};
inline const object_id cmc_query_pending{1, 3, 6, 1, 5, 5, 7, 7, 21};
inline const object_id cmc_pop_link_random{1, 3, 6, 1, 5, 5, 7, 7, 22};
inline const object_id cmc_pop_link_witness{1, 3, 6, 1, 5, 5, 7, 7, 23};
inline const object_id cmc_confirm_cert_acceptance{1, 3, 6, 1, 5, 5, 7, 7, 24};
inline const object_id cmc_status_info_v2{1, 3, 6, 1, 5, 5, 7, 7, 25};
inline const object_id cmc_trusted_anchors{1, 3, 6, 1, 5, 5, 7, 7, 26};
inline const object_id cmc_auth_data{1, 3, 6, 1, 5, 5, 7, 7, 27};
inline const object_id cmc_batch_requests{1, 3, 6, 1, 5, 5, 7, 7, 28};
inline const object_id cmc_batch_responses{1, 3, 6, 1, 5, 5, 7, 7, 29};
inline const object_id cmc_publish_cert{1, 3, 6, 1, 5, 5, 7, 7, 30};
inline const object_id cmc_mod_cert_template{1, 3, 6, 1, 5, 5, 7, 7, 31};
inline const object_id cmc_control_processed{1, 3, 6, 1, 5, 5, 7, 7, 32};
inline const object_id cmc_pop_link_witness_v2{1, 3, 6, 1, 5, 5, 7, 7, 33};
inline const object_id cmc_identity_proof_v2{1, 3, 6, 1, 5, 5, 7, 7, 34};
inline const object_id cmc_ra_identity_witness{1, 3, 6, 1, 5, 5, 7, 7, 35};
inline const object_id cmc_response_body{1, 3, 6, 1, 5, 5, 7, 7, 37};

} // namespace oids

/// Source: RFC 5272 section 6.1.3. Any other number is kept as it came.
enum class cmc_status : std::uint32_t {
  success = 0,
  failed = 2,
  pending = 3,
  no_support = 4,
  confirm_required = 5,
  pop_required = 6,
  partial = 7,
};

/// Source: RFC 5272 section 6.1.4. Any other number is kept as it came; 1000 to 1999 are for closed environments.
enum class cmc_fail_info : std::uint32_t {
  bad_alg = 0,            ///< unrecognized or unsupported algorithm
  bad_message_check = 1,  ///< integrity check failed
  bad_request = 2,        ///< transaction was not permitted or supported
  bad_time = 3,           ///< message time field was not sufficiently close to the system time
  bad_cert_id = 4,        ///< no certificate could be identified matching the provided criteria
  unsupported_ext = 5,    ///< a requested X.509 extension is not supported by the recipient CA
  must_archive_keys = 6,  ///< private key material must be supplied
  bad_identity = 7,       ///< identification control failed to verify
  pop_required = 8,       ///< server requires a POP proof before issuing certificate
  pop_failed = 9,         ///< POP processing failed
  no_key_reuse = 10,      ///< server policy does not allow key reuse
  internal_ca_error = 11, ///< CA had an unknown internal failure
  try_later = 12,         ///< server is not accepting requests at this time
  auth_data_fail = 13,    ///< failure occurred during processing of authenticated data
};

/// The name that the ASN.1 module has; empty for a number that it does not.
constexpr std::string_view name(cmc_status s) noexcept {
  switch (s) {
  case cmc_status::success: return "success";
  case cmc_status::failed: return "failed";
  case cmc_status::pending: return "pending";
  case cmc_status::no_support: return "noSupport";
  case cmc_status::confirm_required: return "confirmRequired";
  case cmc_status::pop_required: return "popRequired";
  case cmc_status::partial: return "partial";
  }
  return {};
}
constexpr std::string_view name(cmc_fail_info f) noexcept {
  switch (f) {
  case cmc_fail_info::bad_alg: return "badAlg";
  case cmc_fail_info::bad_message_check: return "badMessageCheck";
  case cmc_fail_info::bad_request: return "badRequest";
  case cmc_fail_info::bad_time: return "badTime";
  case cmc_fail_info::bad_cert_id: return "badCertId";
  case cmc_fail_info::unsupported_ext: return "unsupportedExt";
  case cmc_fail_info::must_archive_keys: return "mustArchiveKeys";
  case cmc_fail_info::bad_identity: return "badIdentity";
  case cmc_fail_info::pop_required: return "popRequired";
  case cmc_fail_info::pop_failed: return "popFailed";
  case cmc_fail_info::no_key_reuse: return "noKeyReuse";
  case cmc_fail_info::internal_ca_error: return "internalCAError";
  case cmc_fail_info::try_later: return "tryLater";
  case cmc_fail_info::auth_data_fail: return "authDataFail";
  }
  return {};
}

/// `popFailed`, or `1007` for a number without a name.
template <class Code> std::string code_text(Code code) {
  auto const known = name(code);
  return known.empty() ? std::to_string(static_cast<std::uint32_t>(code)) : std::string{known};
}

/// When and with which token to ask again.
/// Grammar: PendInfo ::= SEQUENCE { pendToken OCTET STRING, pendTime GeneralizedTime }. RFC 5272 section 6.1.1
struct cmc_pend_info {
  bytes token;
  std::optional<time_point> time; ///< none where it could not be read

  friend bool operator==(cmc_pend_info const&, cmc_pend_info const&) = default;
};

/// A failure that an application defines. The value internalCAError may be assumed where it is not known.
struct cmc_extended_fail_info {
  object_id type;
  bytes value; ///< a whole DER value

  friend bool operator==(cmc_extended_fail_info const&, cmc_extended_fail_info const&) = default;
};

/// Names a part of the request that a status is about; several identifiers lead through nested requests.
/// Grammar: BodyPartReference ::= CHOICE { bodyPartID, bodyPartPath SEQUENCE SIZE (1..MAX) OF BodyPartID }
struct cmc_part_reference {
  std::vector<body_part_id> path;
  bool is_path = false; ///< written as a bodyPartPath

  friend bool operator==(cmc_part_reference const&, cmc_part_reference const&) = default;
};

/// What became of a request, or of parts of it.
/// Source: RFC 5272 sections 6.1.1 and 6.1.2
struct cmc_status_info {
  cmc_status status = cmc_status::success;
  std::vector<cmc_part_reference> parts;
  std::optional<std::string> text; ///< statusString: for a person; what a peer sent, unfiltered
  std::variant<std::monostate, cmc_fail_info, cmc_pend_info, cmc_extended_fail_info> more;
  bool version_2 = true; ///< CMCStatusInfoV2, else CMCStatusInfo

  /// The failInfo; internalCAError for an extended one, as RFC 5272 section 6.1.1 says; none where there is none.
  std::optional<cmc_fail_info> fail_info() const noexcept {
    if (auto const* known = std::get_if<cmc_fail_info>(&more)) return *known;
    if (std::holds_alternative<cmc_extended_fail_info>(more)) return cmc_fail_info::internal_ca_error;
    return std::nullopt;
  }

  friend bool operator==(cmc_status_info const&, cmc_status_info const&) = default;
};

/// A status of version 2 about some parts, with a failInfo.
inline cmc_status_info make_cmc_failure(cmc_fail_info why, std::string text, std::vector<body_part_id> const& parts) {
  cmc_status_info made;
  made.status = cmc_status::failed;
  for (auto const id : parts) made.parts.push_back({{id}, false});
  if (!text.empty()) made.text = std::move(text);
  made.more = why;
  return made;
}

namespace detail {

/// RFC 5280 section 4.1.2.5.2: YYYYMMDDHHMMSSZ, which pendTime is whatever the year.
inline bytes generalized_time(time_point moment) {
  auto const text = time_text(moment); // 2013-05-09T23:25:56Z
  std::string digits;
  for (char const c : text)
    if (c >= '0' && c <= '9') digits += c;
  return der::text(tag::generalized_time, digits + "Z");
}

inline std::vector<body_part_id> read_ids(tlv_reader ids, tlv_state& state) {
  std::vector<body_part_id> list;
  while (ids.more()) list.push_back(take_body_part_id(ids, state));
  return list;
}

inline bytes encode_ids(std::vector<body_part_id> const& ids) {
  return encode_list(ids, [](body_part_id id) { return der::integer(id); });
}

/// An INTEGER from 0 to 2^32-1; as a body part identifier is.
inline std::uint32_t take_code(tlv_reader& from, tlv_state& state, std::string_view what) {
  auto const value = from.take(tag::integer, what);
  auto const code = read_body_part_id(value);
  if (state.ok() && !code) state.blame(state.code, std::string{what} + " is out of range", value.offset);
  return code.value_or(0);
}

} // namespace detail

/// The DER of a status.
inline bytes encode(cmc_status_info const& s) {
  auto const parts = detail::encode_list(s.parts, [&](cmc_part_reference const& part) {
    if (part.is_path && s.version_2) return detail::encode_ids(part.path);
    return der::integer(part.path.empty() ? 0u : part.path.back());
  });
  bytes more;
  if (auto const* failed = std::get_if<cmc_fail_info>(&s.more)) {
    more = der::integer(static_cast<std::uint32_t>(*failed));
  } else if (auto const* pend = std::get_if<cmc_pend_info>(&s.more)) {
    more = der::sequence({der::octet_string(pend->token), detail::generalized_time(pend->time.value_or(time_point{}))});
  } else if (auto const* extended = std::get_if<cmc_extended_fail_info>(&s.more); extended && s.version_2) {
    // RFC 5912 and the ASN.1 of RFC 6402 appendix A.2 tag it [1]: bare, it could not be told from PendInfo by its tag
    more = der::value(tag::context(1), {extended->type.encode(), extended->value});
  }
  return der::sequence({der::integer(static_cast<std::uint32_t>(s.status)), parts,
                        s.text ? der::text(tag::utf8_string, *s.text) : bytes{}, more});
}

/// Reads a status.
/// Source:  RFC 5272 sections 6.1.1 and 6.1.2; RFC 6402 appendix A
/// Grammar: CMCStatusInfoV2 ::= SEQUENCE { cMCStatus INTEGER, bodyList SEQUENCE OF BodyPartReference, statusString UTF8String
///          OPTIONAL, otherInfo CHOICE { failInfo INTEGER, pendInfo SEQUENCE, extendedFailInfo [1] SEQUENCE } OPTIONAL };
///          the extendedFailInfo of the older module has no [1] and is read too
/// In:      the control's value, DER
/// Notes:   cmc_status_version_1, cmc_status_without_body, cmc_pend_time
/// Errors:  malformed_cms, truncated, malformed_ber, not_der; with the offset in the value
inline result<cmc_status_info> parse_cmc_status(byte_view value, bool version_2, notes* out = nullptr) {
  static constexpr std::string_view where = "cmc-status";
  tlv_state state{errc::malformed_cms, where};
  tlv_reader outer{value, state};
  auto fields = outer.enter(tag::sequence, "CMCStatusInfo");
  cmc_status_info info;
  info.version_2 = version_2;
  info.status = static_cast<cmc_status>(detail::take_code(fields, state, "cMCStatus"));
  auto parts = fields.enter(tag::sequence, "bodyList");
  bool const empty = state.ok() && !parts.more();
  while (parts.more()) {
    cmc_part_reference part;
    part.is_path = version_2 && parts.at(tag::sequence);
    if (part.is_path)
      part.path = detail::read_ids(parts.enter(tag::sequence, "bodyPartPath"), state);
    else
      part.path.push_back(detail::take_body_part_id(parts, state));
    info.parts.push_back(std::move(part));
  }
  if (fields.at(tag::utf8_string)) info.text = est::to_text(fields.take(tag::utf8_string, "statusString").content);
  bool unreadable_time = false;
  if (fields.at(tag::integer)) {
    info.more = static_cast<cmc_fail_info>(detail::take_code(fields, state, "failInfo"));
  } else if (fields.at(tag::sequence) || fields.at(tag::context(1))) {
    auto const whole = fields.take_any("otherInfo");
    tlv_reader inner{whole, state};
    if (whole.identifier == tag::sequence && !inner.at(tag::object_id)) {
      cmc_pend_info pend;
      pend.token = to_bytes(inner.take(tag::octet_string, "pendToken").content);
      auto const time = inner.take_any("pendTime");
      pend.time = time_of(time);
      unreadable_time = state.ok() && !pend.time;
      info.more = std::move(pend);
    } else {
      cmc_extended_fail_info extended;
      extended.type = detail::take_object_id(inner, state, "failInfoOID");
      extended.value = to_bytes(inner.take_any("failInfoValue").whole);
      info.more = std::move(extended);
    }
    inner.end("otherInfo");
  }
  fields.end("CMCStatusInfo");
  outer.end("the octets");
  if (!state.ok()) return fail(*state.first);
  if (!version_2) remark(out, note_code::cmc_status_version_1, std::string{where});
  if (empty) remark(out, note_code::cmc_status_without_body, std::string{where});
  if (unreadable_time) remark(out, note_code::cmc_pend_time, std::string{where});
  return info;
}

/// A control of one value.
inline cmc_control make_cmc_control(body_part_id id, object_id const& type, bytes value) {
  return {id, type, {std::move(value)}};
}
inline cmc_control make_cmc_status_control(body_part_id id, cmc_status_info const& status) {
  return make_cmc_control(id, status.version_2 ? oids::cmc_status_info_v2 : oids::cmc_status_info, encode(status));
}

/// The first control of a type; null where there is none.
inline cmc_control const* find_control(std::span<const cmc_control> controls, object_id const& type) noexcept {
  for (auto const& c : controls)
    if (c.type == type) return &c;
  return nullptr;
}

namespace detail {

/// The content of a control's one value of a primitive type; none where there is no such control, or where it stands twice
/// or is of another form, since then what it says is uncertain.
inline std::optional<bytes> control_content(std::span<const cmc_control> controls, object_id const& type,
                                            std::uint8_t identifier) {
  cmc_control const* found = nullptr;
  for (auto const& c : controls) {
    if (!(c.type == type)) continue;
    if (found != nullptr) return std::nullopt;
    found = &c;
  }
  if (found == nullptr || found->values.size() != 1) return std::nullopt;
  auto const value = read_tlv(found->values.front());
  if (!value || !value->is(identifier) || value->whole.size() != found->values.front().size()) return std::nullopt;
  return to_bytes(value->content);
}

} // namespace detail

/// The octets of a control whose value is an OCTET STRING: nonces, dataReturn, regInfo, responseInfo, queryPending,
/// popLinkRandom.
inline std::optional<bytes> octets_of_control(std::span<const cmc_control> controls, object_id const& type) {
  return detail::control_content(controls, type, tag::octet_string);
}
/// The transaction identifier, as the content of its INTEGER.
inline std::optional<bytes> transaction_id_of(std::span<const cmc_control> controls) {
  return detail::control_content(controls, oids::cmc_transaction_id, tag::integer);
}
/// The text of the identification control, UTF-8.
inline std::optional<std::string> identification_of(std::span<const cmc_control> controls) {
  auto const content = detail::control_content(controls, oids::cmc_identification, tag::utf8_string);
  if (!content) return std::nullopt;
  return est::to_text(byte_view{*content});
}

/// All statuses of a response, both versions, in the order in which they stand.
/// Notes:  those of parse_cmc_status; cmc_control_values
/// Errors: those of parse_cmc_status, for the first that cannot be read
inline result<std::vector<cmc_status_info>> read_cmc_statuses(std::span<const cmc_control> controls,
                                                              notes* out = nullptr) {
  std::vector<cmc_status_info> list;
  for (auto const& control : controls) {
    bool const version_2 = control.type == oids::cmc_status_info_v2;
    if (!version_2 && !(control.type == oids::cmc_status_info)) continue;
    if (control.values.size() != 1)
      remark(out, note_code::cmc_control_values, "cmc-status", std::nullopt, std::to_string(control.values.size()));
    for (auto const& value : control.values) {
      auto one = parse_cmc_status(value, version_2, out);
      if (!one) return fail(one.error());
      list.push_back(std::move(*one));
    }
  }
  return list;
}

/// The confirmCertAcceptance control for a certificate.
/// Source:  RFC 5272 section 6.14
/// Grammar: CMCCertId ::= IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber INTEGER }
inline cmc_control make_confirm_acceptance(body_part_id id, certificate const& accepted) {
  return make_cmc_control(id, oids::cmc_confirm_cert_acceptance,
                          detail::encode_issuer_and_serial(issuer_and_serial_of(accepted)));
}

/// Reads the value of a confirmCertAcceptance control.
/// Errors: malformed_cms, and what the walk finds
inline result<certificate_identifier> parse_confirm_acceptance(byte_view value) {
  tlv_state state{errc::malformed_cms, "confirmCertAcceptance"};
  tlv_reader outer{value, state};
  auto const whole = outer.take(tag::sequence, "IssuerAndSerialNumber");
  outer.end("the octets");
  auto named = detail::read_issuer_and_serial(whole, state);
  if (!state.ok()) return fail(*state.first);
  return named;
}

/// The parts that a controlProcessed control names as done by somebody before; empty where there is none or it cannot be
/// read.
/// Grammar: ControlsProcessed ::= SEQUENCE { bodyList SEQUENCE SIZE (1..MAX) OF BodyPartReference }. RFC 5272 section 6.19
inline std::vector<body_part_id> processed_controls(std::span<const cmc_control> controls) {
  std::vector<body_part_id> list;
  for (auto const& control : controls) {
    if (!(control.type == oids::cmc_control_processed) || control.values.size() != 1) continue;
    tlv_state state{errc::malformed_cms, "controlProcessed"};
    tlv_reader outer{control.values.front(), state};
    auto parts = outer.enter(tag::sequence, "ControlsProcessed").enter(tag::sequence, "bodyList");
    while (parts.more())
      if (auto const id = detail::read_body_part_id(parts.take_any("BodyPartReference"))) list.push_back(*id);
  }
  return list;
}

/// Random octets for a nonce or a transaction identifier; the first is never zero and never makes an INTEGER negative.
/// Errors: internal where the generator fails
inline result<bytes> make_cmc_nonce(context const& with, std::size_t octets = 16) {
  return guarded(errc::internal, "nonce", [&] {
    bytes made(octets);
    with.rng.randomize(made.data(), made.size());
    if (!made.empty()) made[0] = static_cast<std::uint8_t>((made[0] & 0x7fu) | 0x40u);
    return made;
  });
}

/// Whether a control is one that this toolkit has a name for.
inline bool is_known_control(object_id const& type) {
  // RFC 5272 and RFC 6402: { id-pkix 7 } 1 to 37 without the numbers that were never given, and 36, an attribute
  static const object_id first = oids::cmc_status_info;
  auto const content = type.content(), arc = first.content();
  if (content.size() != arc.size() || !equal(content.first(content.size() - 1), arc.first(arc.size() - 1)))
    return false;
  auto const number = content.back();
  return number >= 1 && number <= 37 && number != 12 && number != 13 && number != 14 && number != 20 && number != 36;
}

/// Notes each control that is not known.
inline void remark_unknown_controls(std::span<const cmc_control> controls, notes* out, std::string_view where) {
  for (auto const& c : controls)
    if (!is_known_control(c.type))
      remark(out, note_code::cmc_unknown_control, std::string{where}, std::nullopt,
             c.type.to_string() + ", body part " + std::to_string(c.id));
}

} // namespace est::pki
