#pragma once
/// The two content types of CMC, PKIData and PKIResponse, as values: sequences of controls, requests, CMS objects and other
/// messages, each with its body part identifier. What the controls mean is in `cmc_controls.hpp`; the SignedData around
/// the content is in `signed_data.hpp`.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/der.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

/// Names one part of a PKIData or PKIResponse; 0 stands for the whole.
/// Source: RFC 5272 section 3.2.2: BodyPartID ::= INTEGER (0..4294967295)
using body_part_id = std::uint32_t;

namespace oids {

// RFC 5272 appendix A
inline const object_id cct_pki_data{1, 3, 6, 1, 5, 5, 7, 12, 2};
inline const object_id cct_pki_response{1, 3, 6, 1, 5, 5, 7, 12, 3};

} // namespace oids

/// One control.
/// Source:  RFC 5272 section 3.2.1.1
/// Grammar: TaggedAttribute ::= SEQUENCE { bodyPartID, attrType OBJECT IDENTIFIER, attrValues SET OF ANY }
struct cmc_control {
  body_part_id id = 0;
  object_id type;
  std::vector<bytes> values; ///< each a whole DER value, in DER order

  friend bool operator==(cmc_control const&, cmc_control const&) = default;
};

/// One certification request, kept as its octets.
/// Source:  RFC 5272 section 3.2.1.2
/// Grammar: TaggedRequest ::= CHOICE { tcr [0] SEQUENCE { bodyPartID, CertificationRequest }, crm [1] CertReqMsg,
///          orm [2] SEQUENCE { bodyPartID, requestMessageType OBJECT IDENTIFIER, requestMessageValue ANY } }, implicit tags
struct cmc_request {
  enum class form : std::uint8_t { pkcs10, crmf, other };

  form kind = form::pkcs10;
  body_part_id id = 0; ///< of a CRMF request its certReqId
  bytes value;         ///< pkcs10: the CertificationRequest; crmf: the CertReqMsg as a SEQUENCE; other: its value
  object_id type;      ///< of another request; else empty

  friend bool operator==(cmc_request const&, cmc_request const&) = default;
};

/// One CMS object.
/// Grammar: TaggedContentInfo ::= SEQUENCE { bodyPartID, contentInfo ContentInfo }. RFC 5272 section 3.2.1.3
struct cmc_content {
  body_part_id id = 0;
  bytes content_info;

  friend bool operator==(cmc_content const&, cmc_content const&) = default;
};

/// One object of any other kind.
/// Grammar: OtherMsg ::= SEQUENCE { bodyPartID, otherMsgType OBJECT IDENTIFIER, otherMsgValue ANY }. RFC 5272 section 3.2.1.4
struct cmc_other_message {
  body_part_id id = 0;
  object_id type;
  bytes value;

  friend bool operator==(cmc_other_message const&, cmc_other_message const&) = default;
};

/// The content of a Full PKI Request.
/// Source: RFC 5272 section 3.2.1
struct pki_data {
  std::vector<cmc_control> controls;
  std::vector<cmc_request> requests;
  std::vector<cmc_content> contents;
  std::vector<cmc_other_message> others;
  /// The reqSequence "encoded exactly as it appears", which proofs of identity are computed over, where it is not what
  /// encode_requests() gives (BER); else empty.
  bytes requests_as_received;

  friend bool operator==(pki_data const&, pki_data const&) = default;
};

/// The content of a Full PKI Response.
/// Source: RFC 5272 section 4.2.1
struct pki_response {
  std::vector<cmc_control> controls;
  std::vector<cmc_content> contents;
  std::vector<cmc_other_message> others;

  friend bool operator==(pki_response const&, pki_response const&) = default;
};

/// How much of CMC is taken on.
struct cmc_limits {
  std::size_t parts = 1000; ///< of one PKIData or PKIResponse
  tlv_limits tlv = {};
};

namespace detail {

/// A body part identifier; none for what is none.
inline std::optional<body_part_id> read_body_part_id(tlv const& value) noexcept {
  if (!value.is(tag::integer) || value.content.empty() || (value.content[0] & 0x80u) != 0) return std::nullopt;
  auto octets = value.content;
  while (octets.size() > 1 && octets[0] == 0) octets = octets.subspan(1);
  if (octets.size() > 4) return std::nullopt;
  body_part_id id = 0;
  for (auto const octet : octets) id = id << 8 | octet;
  return id;
}

inline body_part_id take_body_part_id(tlv_reader& from, tlv_state& state) {
  auto const value = from.take(tag::integer, "bodyPartID");
  auto const id = read_body_part_id(value);
  if (state.ok() && !id) state.blame(state.code, "a bodyPartID that is not from 0 to 4294967295", value.offset);
  return id.value_or(0);
}

inline object_id take_object_id(tlv_reader& from, tlv_state& state, std::string_view what) {
  auto const value = from.take(tag::object_id, what);
  auto id = read_object_id(value);
  if (state.ok() && id.empty()) state.blame(state.code, std::string{what} + " is no identifier", value.offset);
  return id;
}

/// Reads the sequences that both content types are made of.
class cmc_reader {
public:
  cmc_reader(tlv_state& state, cmc_limits const& limits) : state_(state), limits_(limits) {}

  std::vector<cmc_control> controls(tlv_reader& outer) {
    std::vector<cmc_control> list;
    each(outer, "controlSequence", [&](tlv_reader& items) {
      auto fields = items.enter(tag::sequence, "TaggedAttribute");
      cmc_control one;
      one.id = take_body_part_id(fields, state_);
      one.type = take_object_id(fields, state_, "attrType");
      auto values = fields.enter(tag::set, "attrValues");
      while (values.more()) one.values.push_back(to_bytes(values.take_any("a value").whole));
      fields.end("TaggedAttribute");
      std::sort(one.values.begin(), one.values.end(), [](bytes const& a, bytes const& b) { return set_of_less(a, b); });
      met(one.id);
      list.push_back(std::move(one));
    });
    return list;
  }

  std::vector<cmc_request> requests(tlv_reader& outer) {
    std::vector<cmc_request> list;
    each(outer, "reqSequence", [&](tlv_reader& items) {
      auto const whole = items.take_any("TaggedRequest");
      if (!state_.ok()) return;
      tlv_reader fields{whole, state_};
      cmc_request one;
      switch (whole.identifier) {
      case tag::context(0):
        one.id = take_body_part_id(fields, state_);
        one.value = to_bytes(fields.take(tag::sequence, "certificationRequest").whole);
        break;
      case tag::context(1): {
        one.kind = cmc_request::form::crmf;
        one.value = der::value(tag::sequence, whole.content);
        auto request = fields.enter(tag::sequence, "certReq");
        one.id = take_body_part_id(request, state_);
        while (fields.more()) fields.take_any("a field of CertReqMsg");
        break;
      }
      case tag::context(2):
        one.kind = cmc_request::form::other;
        one.id = take_body_part_id(fields, state_);
        one.type = take_object_id(fields, state_, "requestMessageType");
        one.value = to_bytes(fields.take_any("requestMessageValue").whole);
        break;
      default:
        state_.blame(state_.code, "a request that is neither tcr [0], crm [1] nor orm [2]", whole.offset);
        return;
      }
      fields.end("TaggedRequest");
      met(one.id);
      list.push_back(std::move(one));
    });
    return list;
  }

  std::vector<cmc_content> contents(tlv_reader& outer) {
    std::vector<cmc_content> list;
    each(outer, "cmsSequence", [&](tlv_reader& items) {
      auto fields = items.enter(tag::sequence, "TaggedContentInfo");
      cmc_content one;
      one.id = take_body_part_id(fields, state_);
      one.content_info = to_bytes(fields.take(tag::sequence, "contentInfo").whole);
      fields.end("TaggedContentInfo");
      met(one.id);
      list.push_back(std::move(one));
    });
    return list;
  }

  std::vector<cmc_other_message> others(tlv_reader& outer) {
    std::vector<cmc_other_message> list;
    each(outer, "otherMsgSequence", [&](tlv_reader& items) {
      auto fields = items.enter(tag::sequence, "OtherMsg");
      cmc_other_message one;
      one.id = take_body_part_id(fields, state_);
      one.type = take_object_id(fields, state_, "otherMsgType");
      one.value = to_bytes(fields.take_any("otherMsgValue").whole);
      fields.end("OtherMsg");
      met(one.id);
      list.push_back(std::move(one));
    });
    return list;
  }

  void write_notes(notes* out, std::string_view where) {
    std::sort(ids_.begin(), ids_.end());
    if (!ids_.empty() && ids_.front() == 0) remark(out, note_code::cmc_body_part_zero, std::string{where});
    if (auto const twice = std::adjacent_find(ids_.begin(), ids_.end()); twice != ids_.end())
      remark(out, note_code::cmc_repeated_body_part, std::string{where}, std::nullopt, std::to_string(*twice));
  }

private:
  template <class F> void each(tlv_reader& outer, std::string_view what, F&& read) {
    auto items = outer.enter(tag::sequence, what);
    while (items.more()) {
      if (ids_.size() == limits_.parts) {
        state_.blame(errc::too_large, "more than " + std::to_string(limits_.parts) + " body parts", items.offset());
        return;
      }
      read(items);
    }
  }
  void met(body_part_id id) { ids_.push_back(id); }

  tlv_state& state_;
  cmc_limits limits_;
  std::vector<body_part_id> ids_;
};

// What stands within a tcr or a crm is signed and keeps its octets: PKIData, reqSequence, tcr [0] or crm [1].
inline bool in_certification_request(byte_view path) noexcept {
  return path.size() == 3 && path[0] == tag::sequence && path[1] == tag::sequence &&
         (path[2] == tag::context(0) || path[2] == tag::context(1));
}

/// The second element of a SEQUENCE in BER, header and all; empty where its length is indefinite or that of what stands
/// before it.
inline byte_view second_element(byte_view ber) {
  auto const outer = read_ber_header(ber, 0, ber.size(), "cmc");
  if (!outer) return {};
  auto const first = read_ber_header(ber, outer->header, ber.size(), "cmc");
  if (!first || first->indefinite) return {};
  auto const at = outer->header + first->header + first->length;
  auto const second = read_ber_header(ber, at, ber.size(), "cmc");
  if (!second || second->indefinite) return {};
  return ber.subspan(at, second->header + second->length);
}

inline bytes encode_control(cmc_control const& c) {
  return der::sequence({der::integer(c.id), c.type.encode(), der::set_of(c.values)});
}
inline bytes encode_request(cmc_request const& r) {
  switch (r.kind) {
  case cmc_request::form::pkcs10: return der::value(tag::context(0), {der::integer(r.id), r.value});
  case cmc_request::form::crmf: {
    auto whole = r.value;
    if (!whole.empty()) whole[0] = tag::context(1);
    return whole;
  }
  case cmc_request::form::other: return der::value(tag::context(2), {der::integer(r.id), r.type.encode(), r.value});
  }
  return {};
}
inline bytes encode_content(cmc_content const& c) { return der::sequence({der::integer(c.id), c.content_info}); }
inline bytes encode_other(cmc_other_message const& m) {
  return der::sequence({der::integer(m.id), m.type.encode(), m.value});
}

template <class T, class F> bytes encode_list(std::vector<T> const& list, F&& one) {
  bytes content;
  for (auto const& item : list) {
    auto const encoded = one(item);
    content.insert(content.end(), encoded.begin(), encoded.end());
  }
  return der::value(tag::sequence, content);
}

} // namespace detail

/// The DER of the reqSequence alone, with its tag and length: what a proof of identity is computed over.
/// Source: RFC 5272 section 6.2.1
inline bytes encode_requests(std::vector<cmc_request> const& requests) {
  return detail::encode_list(requests, detail::encode_request);
}
/// The same of a message that came: exactly as it appears there.
inline bytes encode_requests(pki_data const& data) {
  return data.requests_as_received.empty() ? encode_requests(data.requests) : data.requests_as_received;
}

/// The DER of a PKIData; its requests as they were received, so that a proof of identity still holds.
/// In:       parts whose values are DER, as parse_pki_data gives them and as the makers of controls do
/// Promises: parse_pki_data(encode(d)) == d where the values of each control are in DER order
inline bytes encode(pki_data const& d) {
  return der::sequence({detail::encode_list(d.controls, detail::encode_control), encode_requests(d),
                        detail::encode_list(d.contents, detail::encode_content),
                        detail::encode_list(d.others, detail::encode_other)});
}

/// The DER of a PKIResponse; as above.
inline bytes encode(pki_response const& r) {
  return der::sequence({detail::encode_list(r.controls, detail::encode_control),
                        detail::encode_list(r.contents, detail::encode_content),
                        detail::encode_list(r.others, detail::encode_other)});
}

/// Reads a PKIData.
/// Source:  RFC 5272 section 3.2.1
/// Grammar: PKIData ::= SEQUENCE { controlSequence SEQUENCE OF TaggedAttribute, reqSequence SEQUENCE OF TaggedRequest,
///          cmsSequence SEQUENCE OF TaggedContentInfo, otherMsgSequence SEQUENCE OF OtherMsg }
/// In:      the content of the eContent OCTET STRING, BER
/// Notes:   those of normalise_ber; cmc_repeated_body_part, cmc_body_part_zero
/// Errors:  malformed_cms with the offset; truncated, trailing_data, malformed_ber, too_deep, too_large
/// Promises: linear time but for the sorting of identifiers; every part is kept, known or not; PKCS#10 requests keep their
///          octets and are not read.
inline result<pki_data> parse_pki_data(byte_view ber, notes* out = nullptr, cmc_limits limits = {}) {
  static constexpr std::string_view where = "pki-data";
  auto const der = normalise_ber(ber, out, limits.tlv, detail::in_certification_request, where);
  if (!der) return fail(der.error());
  tlv_state state{errc::malformed_cms, where};
  detail::cmc_reader reader{state, limits};
  tlv_reader outer{*der, state};
  auto fields = outer.enter(tag::sequence, "PKIData");
  pki_data data;
  data.controls = reader.controls(fields);
  data.requests = reader.requests(fields);
  data.contents = reader.contents(fields);
  data.others = reader.others(fields);
  fields.end("PKIData");
  if (!state.ok()) return fail(*state.first);
  auto const as_received = detail::second_element(ber);
  if (!as_received.empty() && !equal(as_received, encode_requests(data.requests)))
    data.requests_as_received = to_bytes(as_received);
  reader.write_notes(out, where);
  return data;
}

/// Reads a PKIResponse.
/// Source:  RFC 5272 section 4.2.1
/// Grammar: PKIResponse ::= SEQUENCE { controlSequence SEQUENCE OF TaggedAttribute, cmsSequence SEQUENCE OF
///          TaggedContentInfo, otherMsgSequence SEQUENCE OF OtherMsg }
/// In, Notes, Errors, Promises: as parse_pki_data
inline result<pki_response> parse_pki_response(byte_view ber, notes* out = nullptr, cmc_limits limits = {}) {
  static constexpr std::string_view where = "pki-response";
  auto const der = normalise_ber(ber, out, limits.tlv, nullptr, where);
  if (!der) return fail(der.error());
  tlv_state state{errc::malformed_cms, where};
  detail::cmc_reader reader{state, limits};
  tlv_reader outer{*der, state};
  auto fields = outer.enter(tag::sequence, "PKIResponse");
  pki_response response;
  response.controls = reader.controls(fields);
  response.contents = reader.contents(fields);
  response.others = reader.others(fields);
  fields.end("PKIResponse");
  if (!state.ok()) return fail(*state.first);
  reader.write_notes(out, where);
  return response;
}

} // namespace est::pki
