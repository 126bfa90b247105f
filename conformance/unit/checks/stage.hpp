#pragma once
/// Exchanges made by hand for the tests of the checks: a CA, CSRs, requests and answers as octets, and what was said of
/// them.

#include "../message/pki_fixture.hpp"

#include "check.hpp"

#include <est/core/base64.hpp>
#include <est/http/writer.hpp>
#include <est/mime/multipart.hpp>
#include <est/pki/attributes.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace est::test {

using namespace est::conformance;

struct stage {
  test_root ca;
  pki::private_key client_key = make_key();
  bytes subject = common_name("device 1");
  std::vector<record> records;
  target_facts target;

  pki::csr csr(std::vector<pki::attribute> attributes = {}, bytes name = common_name("device 1")) const {
    return must(pki::make_csr({std::move(name), std::move(attributes)}, client_key, at_test_time()));
  }
  /// The same CSR with its signature spoilt: the last octet is within the BIT STRING.
  static bytes spoil(pki::csr const& csr) {
    auto der = csr.der();
    der.back() ^= 1;
    return der;
  }

  static http::request get(std::string target) {
    http::request q;
    q.target = "/.well-known/est/" + std::move(target);
    q.headers.add("Host", "est.example");
    return q;
  }
  static http::request post(std::string target, std::string body) {
    auto q = get(std::move(target));
    q.method = "POST";
    q.headers.add("Content-Type", "application/pkcs10");
    q.headers.add("Content-Transfer-Encoding", "base64");
    q.headers.add("Authorization", "Basic ZXN0dXNlcjpjYW5hcnk=");
    q.body = std::move(body);
    return q;
  }
  static http::request post(std::string target, byte_view der) { return post(std::move(target), encode_base64(der)); }

  static http::response answer(int status, std::string type = {}, std::string body = {}) {
    http::response r;
    r.status = status;
    if (!type.empty()) r.headers.add("Content-Type", std::move(type));
    r.body = std::move(body);
    return r;
  }
  http::response certificate_for(pki::csr const& request) const {
    return answer(
        200, "application/pkcs7-mime; smime-type=certs-only",
        encode_base64(must(pki::make_certs_only({ca.issue(request.public_key_info(), "device 1")})).encode()));
  }
  /// A serverkeygen answer: the octets of the key part, and a certificate.
  static http::response parts(std::string_view key_type, byte_view key, pki::certificate const& certificate) {
    const std::vector<mime::owned_part> two{{{{"Content-Type", std::string{key_type}}}, encode_base64(key)},
                                            {{{"Content-Type", "application/pkcs7-mime; smime-type=certs-only"}},
                                             encode_base64(must(pki::make_certs_only({certificate})).encode())}};
    return answer(200, "multipart/mixed; boundary=b", must(mime::encode_multipart(two, "b")));
  }
  http::response key_for(pki::private_key const& key, std::string name = "device 1") const {
    return parts("application/pkcs8", key.encode().expose(), ca.issue(key.public_key_info(), std::move(name)));
  }

  static exchange make(std::string name, http::request const& q, http::response const& r) {
    exchange x;
    x.name = std::move(name);
    x.request = http::encode(q);
    x.response = http::encode(r, q.method);
    return x;
  }
  /// Adds a record of one exchange. The reference holds until the next is added.
  record& add(exchange x) {
    record r;
    r.id = x.name;
    r.exchanges.push_back(std::move(x));
    records.push_back(std::move(r));
    return records.back();
  }
  record& add(std::string name, http::request const& q, http::response const& r) {
    return add(make(std::move(name), q, r));
  }
  static std::shared_ptr<record const> control(http::request const& q, http::response const& r) {
    auto c = std::make_shared<record>();
    c->id = "control";
    c->exchanges.push_back(make("control", q, r));
    return c;
  }

  /// What a check said of an exchange: `pass`, `fail reason`, `inconclusive`, `skip`, `error`; `nothing` if it did not apply.
  std::string said(std::string_view check, std::string_view exchange) const {
    for (auto const& f : judge(records, target))
      if (f.check == check && f.exchange == exchange)
        return f.what == outcome::fail ? "fail " + f.reason : std::string{name(f.what)};
    return "nothing";
  }
  std::vector<std::string> failures() const {
    std::vector<std::string> list;
    for (auto const& f : judge(records, target))
      if (f.what == outcome::fail || f.what == outcome::error)
        list.push_back(f.exchange + " " + f.check + " " + f.reason);
    return list;
  }
};

inline http::tls_facts connection(http::tls_version version, std::string suite = {}) {
  http::tls_facts facts;
  facts.version = version;
  facts.cipher_suite = std::move(suite);
  if (version == http::tls_version::tls_1_2) facts.tls_unique = bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  return facts;
}

} // namespace est::test
