/// From octets to a reading: HTTP, then the question by its path, then the body by its operation. Everything that cannot
/// be read says why. Of keys nothing is kept but form, size and public key.

#include "reading.hpp"

#include <est/core/hash.hpp>
#include <est/http/framing.hpp>
#include <est/mime/multipart.hpp>
#include <est/pki/ber.hpp>
#include <est/pki/key_form.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/private_key.hpp>

#include <algorithm>
#include <iterator>

namespace est::conformance {

std::string_view name(operation op) noexcept {
  switch (op) {
  case operation::cacerts: return "cacerts";
  case operation::simpleenroll: return "simpleenroll";
  case operation::simplereenroll: return "simplereenroll";
  case operation::fullcmc: return "fullcmc";
  case operation::serverkeygen: return "serverkeygen";
  case operation::csrattrs: return "csrattrs";
  case operation::unknown: break;
  }
  return "unknown";
}

operation operation_named(std::string_view segment) noexcept {
  for (auto const op : {operation::cacerts, operation::simpleenroll, operation::simplereenroll, operation::fullcmc,
                        operation::serverkeygen, operation::csrattrs})
    if (segment == name(op)) return op;
  return operation::unknown;
}

std::string_view describe(part_reading::content holds) noexcept {
  using content = part_reading::content;
  switch (holds) {
  case content::private_key: return "a PrivateKeyInfo";
  case content::encrypted_private_key: return "an EncryptedPrivateKeyInfo";
  case content::pkcs1_key: return "a bare PKCS#1 RSAPrivateKey";
  case content::sec1_key: return "a bare SEC 1 ECPrivateKey";
  case content::certs_only: return "a certs-only SignedData";
  case content::enveloped_data: return "a CMS EnvelopedData";
  case content::auth_enveloped_data: return "a CMS AuthEnvelopedData";
  case content::encrypted_data: return "a CMS EncryptedData";
  case content::signed_data: return "a CMS SignedData that is not certs-only";
  case content::unknown: break;
  }
  return "something that is neither key nor certificate";
}

std::optional<std::size_t> reading::offset_of_field(std::string_view field) const {
  if (!response) return std::nullopt;
  std::size_t i = 0;
  for (auto const& f : response->headers) {
    if (http::equal_ignoring_case(f.name, field) && i < response_layout.fields.size()) return response_layout.fields[i];
    ++i;
  }
  return response_layout.start_line;
}

std::optional<std::size_t> reading::offset_of_body() const {
  if (!response) return std::nullopt;
  return response_layout.wire_offset(0);
}

namespace {

using content = part_reading::content;

constexpr std::string_view well_known_prefix = "/.well-known/est/";

/// The path names the operation: its last segment, with at most one label in front of it where the prefix is the
/// registered one. Elsewhere the last segment alone counts.
void read_target(std::string_view target, reading& r) {
  if (auto const scheme = target.find("://"); scheme != std::string_view::npos && target.find('/') > scheme) {
    r.absolute_form = true;
    auto const path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
  }
  if (auto const query = target.find('?'); query != std::string_view::npos) {
    r.has_query = true;
    target = target.substr(0, query);
  }
  auto const last = target.rfind('/');
  if (last == std::string_view::npos) return;
  if (target.substr(0, well_known_prefix.size()) != well_known_prefix) {
    r.op = operation_named(target.substr(last + 1));
    return;
  }
  r.well_known = true;
  auto const rest = target.substr(well_known_prefix.size());
  auto const slash = rest.find('/');
  if (slash == std::string_view::npos) {
    r.op = operation_named(rest);
  } else if (rest.find('/', slash + 1) == std::string_view::npos && slash != 0) {
    r.op = operation_named(rest.substr(slash + 1));
    r.label = std::string{rest.substr(0, slash)};
  }
}

/// The octets within PEM armour; none if there is no such block.
template <class Octets> std::optional<Octets> decode_pem(std::string_view text) {
  auto const begin = text.find("-----BEGIN ");
  if (begin == std::string_view::npos) return std::nullopt;
  auto const line_end = text.find('\n', begin);
  auto const end = text.find("-----END ", begin);
  if (line_end == std::string_view::npos || end == std::string_view::npos || end < line_end) return std::nullopt;
  auto octets = decode_base64<Octets>(text.substr(line_end, end - line_end));
  if (!octets) return std::nullopt;
  return std::move(*octets);
}

void read_csr(reading& r) {
  auto const& body = r.request->body;
  r.request_form = mime::classify_body(body);
  bytes octets;
  auto decoded = mime::decode_body(body, &r.request_remarks, "request.body");
  if (decoded) {
    octets = std::move(*decoded);
    r.csr_in_base64 = !r.request_remarks.has(note_code::trailing_nul);
  } else {
    r.csr_trouble = decoded.error();
    if (r.request_form == mime::body_form::der) octets = to_bytes(body);
    if (r.request_form == mime::body_form::pem) octets = decode_pem<bytes>(body).value_or(bytes{});
    if (octets.empty()) return;
  }
  auto parsed = pki::parse_csr(octets, &r.request_remarks);
  if (parsed)
    r.csr = std::move(*parsed);
  else if (!r.csr_trouble)
    r.csr_trouble = parsed.error();
}

void read_question(exchange const& x, reading& r) {
  if (!x.request) return;
  r.has_request = true;
  auto parsed = http::parse_request(*x.request, &r.request_remarks, {}, &r.request_layout);
  if (!parsed) {
    r.request_trouble = parsed.error();
    return;
  }
  r.request = std::move(*parsed);
  read_target(r.request->target, r);
  if (auto const authorization = r.request->headers.find("Authorization")) {
    r.has_authorization = true;
    r.authorization_digest = sha256(as_bytes(*authorization));
  }
  // A certificate that was shown to be refused is no credential, and not nothing either.
  bool const unfit = x.identity && *x.identity != client_identity::own;
  r.has_credentials = r.has_authorization || (x.client_certificate_shown.value_or(false) && !unfit);
  r.has_no_credentials = !r.has_authorization && x.client_certificate_shown == std::optional<bool>{false};
  for (auto const field : {"Authorization", "Proxy-Authorization", "Cookie"}) r.request->headers.erase(field);
  if (auto const type = r.request->headers.find("Content-Type"))
    if (auto media = mime::parse_media_type(*type, &r.request_remarks)) r.request_type = std::move(*media);
  if (r.op == operation::simpleenroll || r.op == operation::simplereenroll || r.op == operation::serverkeygen)
    read_csr(r);
  if (r.op == operation::fullcmc) {
    r.request_form = mime::classify_body(r.request->body);
    if (auto const octets = mime::decode_body<bytes>(r.request->body))
      if (auto cmc = parse_full_cmc_request(*octets)) r.cmc_request = std::move(*cmc);
  }
}

/// What a CMS ContentInfo says that it holds.
content cms_content(byte_view octets) {
  pki::tlv_state state{errc::malformed_cms, "ContentInfo"};
  auto const outer = pki::detail::read_ber_header(octets, 0, octets.size(), "ContentInfo");
  if (!outer || outer->identifier != pki::tag::sequence) return content::unknown;
  pki::tlv_reader fields{octets.subspan(outer->header), state};
  auto const type = fields.take(pki::tag::object_id, "contentType");
  if (!state.ok()) return content::unknown;
  static const pki::object_id encrypted_data{1, 2, 840, 113549, 1, 7, 6};
  auto const is = [&](pki::object_id const& oid) { return equal(type.content, oid.content()); };
  if (is(pki::oids::id_enveloped_data)) return content::enveloped_data;
  if (is(pki::oids::id_auth_enveloped_data)) return content::auth_enveloped_data;
  if (is(encrypted_data)) return content::encrypted_data;
  if (is(pki::oids::id_signed_data)) return content::signed_data;
  return content::unknown;
}

content key_content(byte_view octets) {
  switch (pki::classify_key(octets)) {
  case pki::key_form::private_key_info:
  case pki::key_form::one_asymmetric_key: return content::private_key;
  case pki::key_form::encrypted_private_key_info: return content::encrypted_private_key;
  case pki::key_form::rsa_private_key: return content::pkcs1_key;
  case pki::key_form::ec_private_key: return content::sec1_key;
  case pki::key_form::unknown: break;
  }
  return content::unknown;
}

/// Says what the decoded octets of a part are. They may be a key, so nothing of them goes into the reading.
void read_part_content(byte_view octets, part_reading& part) {
  part.decoded_size = octets.size();
  part.holds = key_content(octets);
  if (part.is_clear_key()) {
    notes remarks;
    if (part.holds == content::private_key) {
      auto const key = pki::parse_private_key(octets, &remarks);
      if (key)
        part.public_key_info = key->public_key_info();
      else
        part.trouble = key.error();
    } else if (auto info = pki::public_key_info_of(octets)) {
      part.public_key_info = std::move(*info);
    } else {
      part.trouble = info.error();
    }
    part.remarks.append(std::move(remarks), "key");
    return;
  }
  if (part.holds != content::unknown) return;
  part.holds = cms_content(octets);
  if (part.is_envelope()) {
    auto envelope = pki::parse_enveloped_data(octets, &part.remarks);
    if (envelope)
      part.envelope = std::move(*envelope);
    else
      part.trouble = envelope.error();
    return;
  }
  if (part.holds != content::signed_data) {
    if (part.holds == content::unknown) {
      // BER that the key forms do not show through, or a bare SignedData, or a bare certificate.
      notes remarks;
      auto bag = pki::parse_certs_only(octets, &remarks);
      if (!bag) {
        part.trouble = bag.error();
        return;
      }
      part.holds = content::certs_only;
      part.certificates = std::move(*bag);
      for (auto const& n : remarks) part.remarks.add(n.code, n.where, n.offset, n.detail);
    }
    return;
  }
  auto bag = pki::parse_certs_only(octets, &part.remarks);
  if (bag) {
    part.holds = content::certs_only;
    part.certificates = std::move(*bag);
  } else {
    part.trouble = bag.error();
  }
}

void read_part(mime::part const& from, reading const& r, part_reading& part) {
  part.headers = from.headers;
  part.offset = r.response_layout.wire_offset(from.offset);
  part.size = from.body.size();
  if (auto const type = from.headers.find("Content-Type"))
    if (auto media = mime::parse_media_type(*type, &part.remarks)) part.type = std::move(*media);
  part.form = mime::classify_body(from.body);
  auto octets = mime::decode_body<secret_bytes>(from.body, &part.remarks, "");
  if (octets) return read_part_content(octets->expose(), part);
  auto trouble = octets.error();
  // The text is not what it should be; what it says is known all the same.
  if (part.form == mime::body_form::der) {
    read_part_content(as_bytes(from.body), part);
  } else if (part.form == mime::body_form::pem) {
    if (auto const pem = decode_pem<secret_bytes>(from.body)) read_part_content(pem->expose(), part);
    if (from.body.find("-----BEGIN RSA PRIVATE KEY") != std::string_view::npos && part.holds == content::unknown)
      part.holds = content::pkcs1_key; // encrypted in the traditional way, or damaged: a key it is
  }
  part.trouble = std::move(trouble);
}

void read_multipart(reading& r) {
  auto const boundary = r.response_type->find("boundary");
  if (!boundary) {
    r.multipart_trouble = failure{errc::malformed_multipart, "Content-Type", "the boundary parameter is missing", {}};
    return;
  }
  auto const taken = mime::parse_multipart(r.response->body, *boundary, &r.multipart_remarks);
  if (!taken) {
    r.multipart_trouble = taken.error();
    return;
  }
  r.is_multipart = true;
  for (auto const& from : taken->parts) read_part(from, r, r.parts.emplace_back());
}

void read_bag(reading& r) {
  if (!r.body_der) {
    r.certificates_trouble = r.body_trouble;
    return;
  }
  auto bag = pki::parse_certs_only(*r.body_der, &r.remarks);
  if (bag)
    r.certificates = std::move(*bag);
  else
    r.certificates_trouble = bag.error();
}

/// Without its request an answer is taken for one of an operation only where its media type leaves no doubt.
void guess_operation(reading& r) {
  if (r.has_request || !r.response || r.status() != 200 || !r.response_type) return;
  if (r.response_type->is("application/csrattrs")) {
    r.op = operation::csrattrs;
  } else if (r.response_type->is("multipart/mixed")) {
    read_multipart(r);
    if (std::any_of(r.parts.begin(), r.parts.end(), [](auto const& p) { return p.is_key(); }))
      r.op = operation::serverkeygen;
  } else if (r.response_type->is("application/pkcs7-mime")) {
    auto const smime_type = r.response_type->find("smime-type");
    if (!smime_type || !http::equal_ignoring_case(*smime_type, "certs-only")) return;
    auto const octets = mime::decode_body(r.response->body);
    if (!octets) return;
    auto const bag = pki::parse_certs_only(*octets);
    if (bag && bag->certificates().size() == 1 && !bag->certificates().front().is_ca() &&
        !bag->certificates().front().is_self_issued())
      r.op = operation::simpleenroll;
  }
}

void read_answer(exchange const& x, reading& r) {
  if (!x.response || x.response->empty()) {
    r.response_trouble = failure{errc::truncated, "response", "no answer came", {}};
    return;
  }
  auto parsed =
      http::parse_response(*x.response, r.request ? r.request->method : "", &r.remarks, {}, &r.response_layout);
  if (!parsed) {
    r.response_trouble = parsed.error();
    return;
  }
  r.response = std::move(*parsed);
  for (auto const field : {"Set-Cookie", "Authentication-Info"})
    if (r.response->headers.has(field)) r.response->headers.set(field, "(not kept)");
  r.body_size = r.response->body.size();
  r.form = mime::classify_body(r.response->body);
  if (auto const type = r.response->headers.find("Content-Type")) {
    auto media = mime::parse_media_type(*type, &r.remarks);
    if (media)
      r.response_type = std::move(*media);
    else
      r.response_type_trouble = media.error();
  }
  guess_operation(r);
  if (r.op == operation::fullcmc && r.response_type && r.response_type->is("application/pkcs7-mime"))
    if (auto const octets = mime::decode_body<bytes>(r.response->body))
      if (auto cmc = parse_full_cmc_response(*octets, r.status(), &r.remarks)) r.cmc_response = std::move(*cmc);
  bool const is_multipart = r.response_type && r.response_type->type == "multipart";
  if (!r.succeeded() || r.status() == 202 || r.status() == 204) return;
  if (r.op == operation::serverkeygen) {
    if (is_multipart && !r.is_multipart && !r.multipart_trouble) read_multipart(r);
  } else if (!is_multipart && r.body_size != 0 && r.op != operation::unknown) {
    auto octets = mime::decode_body(r.response->body, &r.remarks, "response.body");
    if (octets)
      r.body_der = std::move(*octets);
    else
      r.body_trouble = octets.error();
    if (r.op == operation::cacerts || r.op == operation::simpleenroll || r.op == operation::simplereenroll) read_bag(r);
  }
  if (x.opened)
    for (auto& part : r.parts)
      if (part.is_envelope()) part.public_key_info = x.opened->public_key_info;
  // A key may be in it, in whatever disguise: in the part that it belongs to, in a preamble, in another structure.
  if (r.op == operation::serverkeygen || is_multipart) {
    std::string{}.swap(r.response->body);
    r.body_trouble.reset();
  }
}

} // namespace

reading read(exchange const& x) {
  reading r;
  read_question(x, r);
  read_answer(x, r);
  return r;
}

} // namespace est::conformance
