#pragma once
/// Changes to finished answers, of which deviants and legal variants are made: to the status, to the octets under the
/// base64, to the fields of a SignedData, to the parts of a multipart body.

#include "../drive/channel.hpp"

#include <est/core/base64.hpp>
#include <est/http/status.hpp>
#include <est/mime/media_type.hpp>
#include <est/mime/multipart.hpp>
#include <est/pki/certificate_builder.hpp>
#include <est/pki/certs_only.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/der.hpp>
#include <est/pki/name.hpp>
#include <est/pki/private_key.hpp>

#include <botan/auto_rng.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance::changes {

using http::request;
using http::response;

inline bool asks(request const& q, std::string_view operation) {
  return q.target.size() > operation.size() &&
         q.target.compare(q.target.size() - operation.size(), operation.size(), operation) == 0 &&
         q.target[q.target.size() - operation.size() - 1] == '/';
}

inline bool asks_in_octets(std::string_view head, std::string_view operation) {
  return head.substr(0, head.find('\r')).find("/" + std::string{operation} + " ") != std::string_view::npos;
}

/// Enrolment that issued.
inline bool issued(request const& q, response const& r) {
  return r.status == 200 && (asks(q, "simpleenroll") || asks(q, "simplereenroll"));
}

inline bool generated(request const& q, response const& r) { return r.status == 200 && asks(q, "serverkeygen"); }

inline bool refused_enrolment(request const& q, response const& r) {
  return r.status == 400 && asks(q, "simpleenroll");
}

inline void answer_with(response& r, int status, std::string_view type = {}, std::string body = {}) {
  r.status = status;
  r.reason = std::string{http::reason_phrase(status)};
  for (auto const name : {"Content-Type", "Content-Length", "Content-Transfer-Encoding", "WWW-Authenticate"})
    r.headers.erase(name);
  if (!type.empty()) r.headers.add("Content-Type", std::string{type});
  r.body = std::move(body);
}

inline void change_status(response& r, int status) {
  r.status = status;
  r.reason = std::string{http::reason_phrase(status)};
}

/// Changes the octets under the base64 of a body.
template <class Change> void change_payload(std::string& body, Change change) {
  auto octets = decode_base64(body);
  if (octets) body = encode_base64(change(std::move(*octets)));
}

inline std::vector<bytes> elements_of(byte_view content) {
  std::vector<bytes> list;
  for (std::size_t at = 0; at < content.size();) {
    auto const value = pki::read_tlv(content, at);
    if (!value) break;
    list.push_back(to_bytes(value->whole));
    at += value->whole.size();
  }
  return list;
}

inline byte_view content_of(byte_view octets) {
  auto const value = pki::read_tlv(octets);
  return value ? value->content : byte_view{};
}

inline bytes sequence_of(std::vector<bytes> const& elements) {
  return pki::der::value(pki::tag::sequence, pki::der::concatenation(elements));
}

/// Changes the fields of the SignedData within a ContentInfo.
template <class Change> bytes change_signed_data(bytes const& content_info, Change change) {
  auto outer = elements_of(content_of(content_info));
  if (outer.size() != 2) return content_info;
  auto fields = elements_of(content_of(content_of(outer[1])));
  change(fields);
  return sequence_of({outer[0], pki::der::value(pki::tag::context(0), sequence_of(fields))});
}

inline bytes first_certificate(bytes const& content_info) {
  auto const bag = pki::parse_certs_only(content_info);
  return bag ? bag->certificates().front().der() : content_info;
}

/// A certs-only SignedData in base64, of a certificate that nobody asked for.
inline std::string some_certificate() {
  Botan::AutoSeeded_RNG rng;
  const pki::context with{std::chrono::system_clock::now(), rng};
  auto const key = pki::make_private_key(pki::key_spec::ecdsa("secp256r1"), with);
  if (!key) return {};
  pki::certificate_order order;
  order.subject_der = pki::make_name({{pki::oids::common_name, "nobody"}});
  order.not_before = with.now - std::chrono::hours{1};
  order.not_after = with.now + std::chrono::hours{1};
  auto made = pki::make_self_signed(order, *key, "SHA-256", with);
  if (!made) return {};
  auto const bag = pki::make_certs_only({std::move(*made)});
  return bag ? encode_base64(bag->encode()) : std::string{};
}

/// A root of the same name as the one in the bag, with another key: one half of a key update.
inline bytes add_second_root(bytes const& content_info) {
  auto const bag = pki::parse_certs_only(content_info);
  if (!bag) return content_info;
  auto certificates = bag->certificates();
  auto const root =
      std::find_if(certificates.begin(), certificates.end(), [](auto const& c) { return c.is_self_signed(); });
  if (root == certificates.end()) return content_info;
  Botan::AutoSeeded_RNG rng;
  const pki::context with{std::chrono::system_clock::now(), rng};
  auto const key = pki::make_private_key(pki::key_spec::ecdsa("secp256r1"), with);
  if (!key) return content_info;
  pki::certificate_order order;
  order.subject_der = root->subject_der();
  order.not_before = root->not_before() + std::chrono::hours{1};
  order.not_after = root->not_after();
  for (auto const& extension : root->extensions())
    if (extension.oid == pki::oids::basic_constraints) order.extensions.push_back(extension);
  auto second = pki::make_self_signed(order, *key, "SHA-256", with);
  if (!second) return content_info;
  certificates.push_back(std::move(*second));
  auto const both = pki::make_certs_only(std::move(certificates));
  return both ? both->encode() : content_info;
}

/// The first length of more than one octet is written with a zero in front: BER, and the same meaning.
inline bytes lengthen(bytes octets) {
  if (octets.size() < 4 || octets[1] != 0x82) return octets;
  octets[1] = 0x83;
  octets.insert(octets.begin() + 2, 0x00);
  return octets;
}

inline std::string boundary_of(response const& r) {
  auto const value = r.headers.find("Content-Type");
  auto const type = value ? mime::parse_media_type(*value) : result<mime::media_type>{};
  return type ? std::string{type->find("boundary").value_or("")} : std::string{};
}

/// Changes the parts of a serverkeygen answer.
template <class Change> void change_parts(response& r, Change change) {
  auto const boundary = boundary_of(r);
  auto const taken = mime::parse_multipart(r.body, boundary);
  if (!taken) return;
  auto parts = mime::own(*taken);
  change(parts);
  if (auto text = mime::encode_multipart(parts, boundary)) r.body = std::move(*text);
  r.headers.erase("Content-Length");
}

/// The part that is no certs-only: a key in the clear, or encrypted.
inline mime::owned_part& key_part(std::vector<mime::owned_part>& parts) {
  return *std::find_if(parts.begin(), parts.end(), [](auto const& p) {
    return p.headers.find("Content-Type").value_or("").find("certs-only") == std::string_view::npos;
  });
}

inline bool is_clear(mime::owned_part const& part) {
  return part.headers.find("Content-Type").value_or("").find("pkcs8") != std::string_view::npos;
}

inline mime::owned_part& certificate_part(std::vector<mime::owned_part>& parts) {
  return *std::find_if(parts.begin(), parts.end(), [](auto const& p) {
    return p.headers.find("Content-Type").value_or("").find("certs-only") != std::string_view::npos;
  });
}

inline std::string pem(std::string_view label, std::string_view base64) {
  return "-----BEGIN " + std::string{label} + "-----\n" + std::string{base64} + "-----END " + std::string{label} +
         "-----\n";
}

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// Nothing came, and the connection ended so.
inline void fall_silent(received& in, connection_end end) {
  in.octets.clear();
  in.whole = false;
  in.end = end;
  in.complaint = "nothing came";
}

/// Puts a field behind the status line of the final answer, and takes another out.
inline void put_field(std::string& answer, std::string_view line) {
  auto const last = answer.rfind("HTTP/1.1 ", answer.find("\r\nContent-"));
  auto const end = answer.find("\r\n", last == std::string::npos ? 0 : last);
  if (end != std::string::npos) answer.insert(end + 2, std::string{line} + "\r\n");
}

/// Octets that can be read, and are no CSR.
inline bool is_no_csr(request const& q) {
  auto const octets = decode_base64(q.body);
  return octets && !pki::parse_csr(*octets);
}

/// An answer that is to be taken back once it is on the wire.
inline void mark(response& r) { r.headers.set("X-Hang-Up", "yes"); }
inline void mark_no_csr_enrolment(request const& q, response& r) {
  if (refused_enrolment(q, r) && is_no_csr(q)) mark(r);
}
inline void mark_no_csr_keygen(request const& q, response& r) {
  if (r.status == 400 && asks(q, "serverkeygen") && is_no_csr(q)) mark(r);
}
inline void hang_up_where_marked(std::string_view, received& in) {
  if (in.octets.find("X-Hang-Up") != std::string::npos) fall_silent(in, connection_end::closed);
}

/// Content in the encapContentInfo of a SignedData.
inline void put_content(std::vector<bytes>& fields) {
  auto content = elements_of(content_of(fields[2]));
  content.resize(1);
  content.push_back(pki::der::value(pki::tag::context(0), pki::der::octet_string(as_bytes("content"))));
  fields[2] = sequence_of(content);
}

} // namespace est::conformance::changes
