#include "compose.hpp"

#include <est/core/base64.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/full_cmc.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/certificate.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/name.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/pem.hpp>

#include <algorithm>
#include <utility>

namespace est::conformance {

namespace {

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

bytes random_octets(std::size_t count, pki::context const& with) {
  bytes octets(count);
  with.rng.randomize(octets.data(), octets.size());
  return octets;
}

result<pki::object_id> object_id(std::string const& text) {
  auto id = pki::object_id::from_text(text);
  if (!id) return fail(errc::invalid_argument, "csr.attributes", text + " is no object identifier");
  return *id;
}

result<pki::attribute> make_attribute(attribute_template const& a, composition const& fill, pki::context const& with) {
  using kind = attribute_template::kind;
  auto const identifier = [&] {
    return a.registered.empty() ? random_octets(a.random_octets, with) : fill.key_identifiers.of(a.registered);
  };
  switch (a.what) {
  case kind::decrypt_key_identifier: return pki::decrypt_key_identifier(identifier());
  case kind::asymmetric_decrypt_key_identifier: return pki::asymmetric_decrypt_key_identifier(identifier());
  case kind::smime_capabilities: {
    std::vector<pki::object_id> ciphers;
    for (auto const& text : a.oids) {
      auto id = object_id(text);
      if (!id) return fail(id.error());
      ciphers.push_back(std::move(*id));
    }
    return pki::smime_capabilities(ciphers);
  }
  case kind::subject_alternative_names: {
    pki::alternative_names names;
    names.dns = a.names;
    return pki::subject_alternative_names(names);
  }
  case kind::raw: break;
  }
  auto id = object_id(a.oid);
  if (!id) return fail(id.error());
  return pki::attribute{std::move(*id), a.values};
}

bytes make_subject(csr_template const& t, composition const& with) {
  std::vector<std::pair<pki::object_id, std::string>> attributes;
  for (auto const& [type, text] : t.subject) {
    auto const& oid = type == "serialNumber" ? pki::oids::serial_number
                      : type == "O"          ? pki::oids::organization_name
                      : type == "OU"         ? pki::oids::organizational_unit_name
                                             : pki::oids::common_name;
    attributes.emplace_back(oid, replace_all(text, "{run}", with.run));
  }
  return pki::make_name(attributes);
}

/// The challengePassword that a template asks for; none where it asks for none, or the connection has no such value.
std::optional<std::string> binding_of(csr_template const& t, composition const& with, pki::context const& context) {
  if (t.bound == csr_linking::foreign) return encode_base64(random_octets(12, context), base64_layout::one_line());
  bool const asked = t.bound == csr_linking::tls_unique || (t.bound == csr_linking::when_asked && with.linking_asked);
  if (!asked) return std::nullopt;
  if (with.connection.version == http::tls_version::tls_1_3) {
    // RFC 7030 3.5 knows tls-unique alone, which TLS 1.3 has not; only a server that asks for a value gets one.
    if (t.bound == csr_linking::tls_unique) return std::nullopt;
    return challenge_password(with.connection, channel_binding::tls_exporter);
  }
  return challenge_password(with.connection, channel_binding::tls_unique);
}

constexpr std::string_view shown_certificate = "{client-certificate}";

/// The body in chunks (RFC 9112 7.1), more than one, so that a server has something to put together.
std::string in_chunks(std::string_view body) {
  constexpr std::size_t most = 100;
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += most) {
    auto const piece = body.substr(at, most);
    auto const size = static_cast<std::uint8_t>(piece.size());
    out += to_hex({&size, 1}) + "\r\n" + std::string{piece} + "\r\n";
  }
  return out + "0\r\n\r\n";
}

base64_layout layout_of(body_layout layout) {
  switch (layout) {
  case body_layout::one_line: return base64_layout::one_line();
  case body_layout::lines_76_crlf: return {76, true, true};
  case body_layout::pem:
  case body_layout::der:
  case body_layout::lines_64_lf: break;
  }
  return {64, false, true};
}

} // namespace

result<pki::private_key const*> key_pool::take(csr_template const& t, pki::context const& with) {
  std::string name = "named " + t.key_name;
  if (t.key_name.empty()) name = t.key.substr(0, 3) == "RSA" ? t.key : "new " + t.key;
  auto it = keys_.find(name);
  if (it == keys_.end() || name.substr(0, 3) == "new") {
    auto const spec = pki::parse_key_spec(t.key);
    if (!spec) return fail(spec.error());
    auto key = pki::make_private_key(*spec, with);
    if (!key) return fail(key.error());
    it = keys_.insert_or_assign(std::move(name), std::move(*key)).first;
  }
  return &it->second;
}

namespace {

struct ordered_csr {
  pki::csr_order order;
  pki::private_key const* key;
};

result<ordered_csr> order_csr(csr_template const& t, composition const& with, key_pool& keys,
                              pki::context const& context) {
  pki::csr_order order;
  order.hash = t.hash;
  if (t.subject_of_client) {
    auto const client = pki::parse_certificate(with.client_certificate);
    if (!client)
      return fail(errc::invalid_argument, "csr.subject", "there is no client certificate whose names could be taken");
    order.subject = client->subject_der();
    if (auto const* names = client->find(pki::oids::subject_alternative_name))
      order.attributes.push_back(pki::extension_request({*names}));
  } else {
    order.subject = make_subject(t, with);
  }
  for (auto const& a : t.attributes) {
    auto made = make_attribute(a, with, context);
    if (!made) return fail(made.error());
    order.attributes.push_back(std::move(*made));
  }
  if (auto const binding = binding_of(t, with, context))
    order.attributes.push_back(pki::challenge_password_attribute(*binding));
  if (t.key_of_client) {
    if (with.client_key == nullptr)
      return fail(errc::invalid_argument, "csr.key", "the key of the client certificate is not at hand");
    return ordered_csr{std::move(order), with.client_key};
  }
  auto const key = keys.take(t, context);
  if (!key) return fail(key.error());
  return ordered_csr{std::move(order), *key};
}

/// The content of a ContentInfo, in base64.
result<std::string> compose_cmc(csr_template const& t, composition const& with, key_pool& keys,
                                pki::context const& context) {
  auto ordered = order_csr(t, with, keys, context);
  if (!ordered) return fail(ordered.error());
  auto csr = pki::make_csr(with_key_identifier(std::move(ordered->order), *ordered->key), *ordered->key, context);
  if (!csr) return fail(csr.error());
  full_cmc_order order;
  if (t.broken_signature) {
    auto der = csr->der();
    der.back() ^= 0x01u;
    csr = pki::parse_csr(der);
    if (!csr) return fail(csr.error());
  }
  order.csr = std::move(*csr);
  if (with.password != nullptr) {
    order.identification = with.user;
    order.shared_secret = with.password->duplicate();
  }
  auto const made = make_full_cmc_request(order, *ordered->key, context);
  if (!made) return fail(made.error());
  return encode_base64(made->content_info);
}

} // namespace

result<bytes> compose_csr(csr_template const& t, composition const& with, key_pool& keys, pki::context const& context) {
  auto const ordered = order_csr(t, with, keys, context);
  if (!ordered) return fail(ordered.error());
  auto const csr = pki::make_csr(ordered->order, *ordered->key, context);
  if (!csr) return fail(csr.error());
  auto der = csr->der();
  // The signature is the last thing in a CSR, and the last octet belongs to a number in all algorithms used here: the CSR
  // stays well-formed DER.
  if (t.broken_signature) der.back() ^= 0x01u;
  return der;
}

result<outgoing> compose(request_template const& q, composition const& with, key_pool& keys,
                         pki::context const& context) {
  outgoing out;
  out.method = q.method;
  if (auto const* text = std::get_if<text_body>(&q.body)) {
    out.body = text->text;
  } else if (auto const* file = std::get_if<file_body>(&q.body)) {
    out.body = to_text(file->octets);
  } else if (auto const* cmc = std::get_if<cmc_body>(&q.body)) {
    auto composed = compose_cmc(cmc->csr, with, keys, context);
    if (!composed) return fail(composed.error());
    out.body = std::move(*composed);
  } else if (auto const* csr = std::get_if<csr_body>(&q.body)) {
    auto const der = compose_csr(csr->csr, with, keys, context);
    if (!der) return fail(der.error());
    out.body = csr->layout == body_layout::der   ? to_text(*der)
               : csr->layout == body_layout::pem ? pki::encode_pem("CERTIFICATE REQUEST", *der)
                                                 : encode_base64(*der, layout_of(csr->layout));
  }
  out.head = q.method + " " + (q.absolute_form ? "https://" + with.where.authority : std::string{}) +
             target(with.where, q.operation) + " HTTP/1.1\r\n";
  for (auto const& [name, value] : q.headers) {
    auto text = replace_all(value, "{authority}", with.where.authority);
    text = replace_all(std::move(text), "{length}", std::to_string(out.body.size()));
    if (text.find(shown_certificate) != std::string::npos)
      text = replace_all(std::move(text), shown_certificate,
                         encode_base64(with.client_certificate, base64_layout::one_line()));
    out.head += name + ": " + text + "\r\n";
    out.await_continue = out.await_continue || (http::equal_ignoring_case(name, "Expect") &&
                                                http::equal_ignoring_case(value, "100-continue"));
  }
  bool const chunked = std::any_of(q.headers.begin(), q.headers.end(), [](auto const& field) {
    return http::equal_ignoring_case(field.first, "Transfer-Encoding") &&
           http::equal_ignoring_case(field.second, "chunked");
  });
  if (chunked) out.body = in_chunks(out.body);
  if (!with.authorization.empty()) out.head += "Authorization: " + with.authorization + "\r\n";
  out.head += "\r\n";
  return out;
}

} // namespace est::conformance
