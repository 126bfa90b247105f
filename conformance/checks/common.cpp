#include "common.hpp"

#include <est/http/status.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/tlv.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace est::conformance {

namespace {

struct key_view {
  bytes algorithm, parameters, key;
};

std::optional<key_view> take_apart(byte_view public_key_info) {
  pki::tlv_state state{errc::malformed_ber, "SubjectPublicKeyInfo"};
  pki::tlv_reader outer{public_key_info, state};
  auto info = outer.enter(pki::tag::sequence, "SubjectPublicKeyInfo");
  auto algorithm = info.enter(pki::tag::sequence, "algorithm");
  auto const oid = algorithm.take(pki::tag::object_id, "algorithm identifier");
  auto const parameters = algorithm.more() ? algorithm.take_any("parameters") : pki::tlv{};
  auto const key = info.take(pki::tag::bit_string, "subjectPublicKey");
  if (!state.ok()) return std::nullopt;
  return key_view{to_bytes(oid.content), to_bytes(parameters.whole), to_bytes(key.content)};
}

constexpr std::array<std::uint8_t, 9> rsa_oid{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
constexpr std::array<std::uint8_t, 7> ec_oid{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
constexpr std::array<std::uint8_t, 3> ed25519_oid{0x2b, 0x65, 0x70};
constexpr std::array<std::uint8_t, 2> null_der{0x05, 0x00};

} // namespace

answer_kind kind_of(reading const& read) noexcept {
  int const status = read.status();
  if (status == 0) return answer_kind::none;
  if (status == 202) return answer_kind::pending;
  if (status >= 200 && status < 300) return answer_kind::success;
  if (status >= 300 && status < 400) return answer_kind::redirected;
  if (status == 408 || status == 425 || status == 429 || status == 503) return answer_kind::not_now;
  if ((status >= 400 && status < 500) || status == 501) return answer_kind::refused;
  return answer_kind::failed;
}

std::string status_text(reading const& read) {
  if (!read.response) return "no HTTP answer";
  auto const phrase = http::reason_phrase(read.response->status);
  return std::to_string(read.response->status) + (phrase.empty() ? "" : " " + std::string{phrase});
}

bool is_enrolment(reading const& read) noexcept {
  return read.op == operation::simpleenroll || read.op == operation::simplereenroll;
}

bool takes_csr(reading const& read) noexcept { return is_enrolment(read) || read.op == operation::serverkeygen; }

bool asked_with(reading const& read, std::string_view method) noexcept {
  return read.request && read.request->method == method;
}

bool is_question(situation const& s) noexcept { return !s.in.exchanges.empty() && &s.in.exchanges.back() == &s.seen; }

bool same_credentials(situation const& s, neighbour const& other) noexcept {
  return s.read.has_authorization == other.read->has_authorization &&
         s.read.authorization_digest == other.read->authorization_digest &&
         s.seen.client_certificate_shown == other.seen->client_certificate_shown;
}

bool same_address(situation const& s, neighbour const& other) noexcept {
  return s.read.op == other.read->op && s.read.label == other.read->label && s.read.request && other.read->request &&
         s.read.request->method == other.read->request->method && same_credentials(s, other);
}

neighbour const* served_under_label(situation const& s) noexcept {
  for (auto const& other : s.others)
    if (s.read.op == other.read->op && s.read.request && other.read->request && !other.read->label.empty() &&
        operation_named(other.read->label) == operation::unknown &&
        s.read.request->method == other.read->request->method && same_credentials(s, other) &&
        kind_of(*other.read) == answer_kind::success)
      return &other;
  return nullptr;
}

control_found find_control(situation const& s, likeness like) {
  if (s.control != nullptr && s.control->op == s.read.op && s.control->label == s.read.label &&
      like.recorded(s.read, *s.control))
    return {s.control, true};
  if (s.target.live) return {};
  for (auto const& other : s.others)
    if (other.seen != &s.seen && same_address(s, other) && kind_of(*other.read) == answer_kind::success &&
        like.found(s.read, *other.read))
      return {other.read, false};
  return {};
}

std::optional<verdict> without_decision(situation const& s) {
  switch (kind_of(s.read)) {
  case answer_kind::none: return verdict::undecided("no answer came that can be read");
  case answer_kind::redirected:
    return verdict::undecided("the server sends the client elsewhere: " + status_text(s.read));
  case answer_kind::not_now: return verdict::undecided(status_text(s.read) + " says nothing about the request");
  case answer_kind::success:
  case answer_kind::pending:
  case answer_kind::refused:
  case answer_kind::failed: break;
  }
  return std::nullopt;
}

verdict judge_refusal(situation const& s, likeness like) {
  switch (kind_of(s.read)) {
  case answer_kind::none:
    return verdict::undecided(s.read.response_trouble
                                  ? "the answer is no HTTP response: " + s.read.response_trouble->detail
                                  : "no answer came, and silence is no refusal");
  case answer_kind::pending: return verdict::undecided("202: whether it will be refused is not known yet");
  case answer_kind::success: return verdict::undecided("it was answered with " + status_text(s.read));
  case answer_kind::redirected:
  case answer_kind::not_now:
  case answer_kind::refused:
  case answer_kind::failed: break;
  }
  if (auto nothing = without_decision(s)) return std::move(*nothing);
  auto const control = find_control(s, like);
  if (control.read == nullptr)
    return verdict::undecided("refused with " + status_text(s.read) +
                              ", but there is no like request that was accepted to compare it with");
  if (!control.accepted())
    return verdict::undecided("refused with " + status_text(s.read) +
                              ", but so was the control: " + status_text(*control.read));
  if (s.in.alive == std::optional<bool>{false})
    return verdict::undecided("refused with " + status_text(s.read) + ", but the server did not answer afterwards");
  return verdict::holds();
}

verdict judge_equal_treatment(situation const& s, likeness like, std::string_view what) {
  auto const kind = kind_of(s.read);
  if (kind == answer_kind::success || kind == answer_kind::pending) return verdict::holds();
  if (auto nothing = without_decision(s)) return std::move(*nothing);
  auto const control = find_control(s, like);
  if (control.read == nullptr)
    return verdict::undecided("refused with " + status_text(s.read) +
                              ", but there is no like request that was accepted to compare it with");
  if (!control.accepted())
    return verdict::undecided("refused with " + status_text(s.read) +
                              ", but so was the control: " + status_text(*control.read));
  if (!control.recorded_as_control && (s.read.status() == 401 || s.read.status() == 403))
    return verdict::undecided("refused with " + status_text(s.read) + ", which may be about the credentials");
  return verdict::violated(std::string{what} +
                               " is treated like any other request; the like request was answered with " +
                               status_text(*control.read),
                           status_text(s.read), "response", s.read.response_layout.start_line);
}

text_layout layout_of(std::string_view body) noexcept {
  if (body.find_first_of(" \t") != std::string_view::npos) return text_layout::with_blanks;
  if (body.find('\r') != std::string_view::npos) return text_layout::crlf_lines;
  return body.find('\n') != std::string_view::npos ? text_layout::lf_lines : text_layout::one_line;
}

bool same_kind_of_csr(reading const& a, reading const& b) {
  if (!a.csr || !b.csr) return false;
  auto const types = [](reading const& r) {
    std::vector<pki::object_id> list;
    for (auto const& attribute : r.csr->attributes())
      if (attribute.oid != pki::oids::challenge_password) list.push_back(attribute.oid);
    std::sort(list.begin(), list.end());
    return list;
  };
  auto const left = take_apart(a.csr->public_key_info()), right = take_apart(b.csr->public_key_info());
  return left && right && left->algorithm == right->algorithm && types(a) == types(b);
}

bool alike_but(aspect ignored, reading const& a, reading const& b) {
  if (!a.request || !b.request) return false;
  auto const& left = *a.request;
  auto const& right = *b.request;
  auto const same_field = [&](std::string_view name) { return left.headers.all(name) == right.headers.all(name); };
  if (left.method != right.method || left.version != right.version || a.has_query != b.has_query) return false;
  if (!same_field("Content-Encoding")) return false;
  if (a.csr || b.csr) {
    if (!same_kind_of_csr(a, b) || !a.csr_in_base64 || !b.csr_in_base64) return false;
  } else if (left.body != right.body) {
    return false;
  }
  auto const is = [&](aspect which, bool same) { return same != (which == ignored); };
  return is(aspect::layout, layout_of(left.body) == layout_of(right.body)) &&
         is(aspect::transfer_encoding, same_field("Content-Transfer-Encoding")) &&
         is(aspect::media_type, same_field("Content-Type")) && is(aspect::chunked, same_field("Transfer-Encoding")) &&
         is(aspect::target_form, a.absolute_form == b.absolute_form);
}

bool same_csr(reading const& a, reading const& b) { return a.csr && b.csr && a.csr->der() == b.csr->der(); }

bool same_subject_and_key(reading const& a, reading const& b) {
  return a.csr && b.csr && equal(a.csr->subject_der(), b.csr->subject_der()) &&
         equal(a.csr->public_key_info(), b.csr->public_key_info());
}

bool same_csr_but_signature(reading const& a, reading const& b) {
  if (!same_subject_and_key(a, b) || !b.csr->signature_verifies()) return false;
  auto const& left = a.csr->attributes();
  auto const& right = b.csr->attributes();
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [](auto const& x, auto const& y) { return x.oid == y.oid && x.values == y.values; });
}

std::optional<bool> same_key(byte_view a, byte_view b) {
  if (a.empty() || b.empty()) return std::nullopt;
  if (equal(a, b)) return true;
  auto const left = take_apart(a), right = take_apart(b);
  if (!left || !right) return std::nullopt;
  if (!equal(left->algorithm, right->algorithm)) return false;
  auto const without_null = [](byte_view parameters) { return equal(parameters, null_der) ? byte_view{} : parameters; };
  if (equal(left->key, right->key)) {
    if (equal(without_null(left->parameters), without_null(right->parameters))) return true;
    return std::nullopt; // the same point, and a curve that is written in another way
  }
  if (equal(left->algorithm, ec_oid) && left->key.size() != right->key.size() &&
      equal(left->parameters, right->parameters))
    return std::nullopt; // compressed in one of them
  return false;
}

std::string describe_key(byte_view public_key_info) {
  auto const info = take_apart(public_key_info);
  if (!info || info->key.size() < 2) return "a key that cannot be read";
  if (equal(info->algorithm, rsa_oid)) {
    pki::tlv_state state{errc::malformed_ber, "RSAPublicKey"};
    pki::tlv_reader outer{byte_view{info->key}.subspan(1), state};
    auto numbers = outer.enter(pki::tag::sequence, "RSAPublicKey");
    auto modulus = numbers.take(pki::tag::integer, "modulus").content;
    while (!modulus.empty() && modulus[0] == 0) modulus = modulus.subspan(1);
    if (!state.ok() || modulus.empty()) return "RSA";
    std::size_t bits = modulus.size() * 8;
    for (std::uint8_t top = modulus[0]; (top & 0x80u) == 0; top = static_cast<std::uint8_t>(top << 1)) --bits;
    return "RSA, " + std::to_string(bits) + " bit";
  }
  if (equal(info->algorithm, ec_oid)) {
    const std::size_t octets = info->key.size() - 2; // unused bits, and the form of the point
    const std::size_t coordinate = info->key[1] == 4 ? octets / 2 : octets;
    return "EC, " + std::to_string(coordinate == 66 ? 521 : coordinate * 8) + " bit";
  }
  if (equal(info->algorithm, ed25519_oid)) return "Ed25519";
  return "a key of another algorithm";
}

std::string describe_name(byte_view name) {
  auto const text = pki::name_text(name);
  return text.empty() ? "(empty)" : in_quotes(text);
}

pki::certificate const* issued_certificate(reading const& read) {
  std::vector<pki::certificate> const* bag = nullptr;
  if (read.op == operation::serverkeygen) {
    auto const* const part = certificate_part(read);
    if (part != nullptr && part->certificates) bag = &part->certificates->certificates();
  } else if (read.certificates) {
    bag = &read.certificates->certificates();
  }
  if (bag == nullptr || bag->empty()) return nullptr;
  if (bag->size() == 1) return &bag->front();
  pki::certificate const* found = nullptr;
  for (auto const& certificate : *bag) {
    if (certificate.is_ca() || certificate.is_self_signed()) continue;
    if (found != nullptr) return nullptr;
    found = &certificate;
  }
  return found;
}

part_reading const* key_part(reading const& read) noexcept {
  auto const it = std::find_if(read.parts.begin(), read.parts.end(), [](auto const& p) { return p.is_key(); });
  return it == read.parts.end() ? nullptr : &*it;
}

part_reading const* certificate_part(reading const& read) noexcept {
  auto const it = std::find_if(read.parts.begin(), read.parts.end(),
                               [](auto const& p) { return p.holds == part_reading::content::certs_only; });
  return it == read.parts.end() ? nullptr : &*it;
}

std::string part_name(reading const& read, part_reading const& part) {
  return "response.body.part[" + std::to_string(&part - read.parts.data()) + "]" +
         (part.offset_is_exact ? "" : " (the offset is that of the whole body)");
}

bool is_readable_text(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    auto const lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x20 ? (lead != '\t' && lead != '\r' && lead != '\n') : lead == 0x7f) return false;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    for (int more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3; more > 0; --more, ++i)
      if (i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xc0u) != 0x80u) return false;
  }
  return true;
}

bool is_broken_request(reading const& read) {
  if (!read.request || read.csr) return false;
  switch (read.request_form) {
  case mime::body_form::empty:
  case mime::body_form::json:
  case mime::body_form::html:
  case mime::body_form::text: return true;
  case mime::body_form::pem:
  case mime::body_form::der: return false; // lenient servers read these, and our reader may have failed
  case mime::body_form::base64: break;
  }
  auto const octets = mime::decode_body(read.request->body);
  if (!octets) return true;
  auto const value = pki::read_tlv(*octets);
  if (!value) return value.error().code != errc::not_der;
  return !value->is(pki::tag::sequence);
}

std::optional<verdict> judge_undecoded(situation const& s, std::string expected) {
  if (!s.read.body_trouble) return std::nullopt;
  switch (s.read.form) {
  case mime::body_form::html:
  case mime::body_form::json:
  case mime::body_form::empty:
    return verdict::violated(std::move(expected), std::string{mime::name(s.read.form)}, "response.body",
                             s.read.offset_of_body());
  case mime::body_form::base64:
  case mime::body_form::pem:
  case mime::body_form::der:
  case mime::body_form::text: break;
  }
  return verdict::undecided("the body could not be decoded: " + s.read.body_trouble->detail);
}

std::string in_quotes(std::string_view text) {
  std::string out{"\""};
  for (char const c : text.substr(0, 60)) out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  return out + (text.size() > 60 ? "...\"" : "\"");
}

} // namespace est::conformance
