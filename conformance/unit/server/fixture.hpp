#pragma once
/// A server over a memory_ca at a fixed time, and requests for it: what the tests of the server layer share.

#include <est/core/base64.hpp>
#include <est/http/auth.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/enroll.hpp>
#include <est/message/server_keygen.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/name.hpp>
#include <est/server/memory_ca.hpp>
#include <est/server/server.hpp>

#include <boost/test/unit_test.hpp>
#include <botan/auto_rng.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::test {

template <class T> T got(result<T> r) {
  BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? std::string{} : to_text(r.error())));
  return std::move(*r);
}

/// What went wrong; fails the test if nothing did.
template <class T> failure trouble_of(result<T> const& r) {
  BOOST_REQUIRE(!r.has_value());
  return r.error();
}

inline bytes name_of(std::string_view common_name) {
  return pki::make_name({{pki::oids::common_name, std::string{common_name}}});
}

struct server_fixture {
  Botan::AutoSeeded_RNG rng;
  pki::time_point now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24};
  pki::context at{now, rng};
  memory_ca ca = got(memory_ca::make({}, at));
  server_options options = default_options();
  http::tls_facts facts = facts_of_tls_1_2();

  static server_options default_options() {
    server_options made;
    password_table users;
    users.add("user", secret_bytes{std::string_view{"secret"}});
    made.check_password = [users](std::string_view user, byte_view password) { return users.accepts(user, password); };
    made.knows_label = [](std::string_view label) { return label == "known" || label == "ca:1"; };
    return made;
  }

  static http::tls_facts facts_of_tls_1_2() {
    http::tls_facts made;
    made.version = http::tls_version::tls_1_2;
    made.extended_master_secret = true;
    made.tls_unique = bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    made.client_finished = made.tls_unique;
    made.tls_exporter = bytes(32, 0x42);
    return made;
  }

  static http::tls_facts facts_of_tls_1_3() {
    http::tls_facts made;
    made.version = http::tls_version::tls_1_3;
    made.extended_master_secret = true;
    made.client_finished = bytes(32, 0x17);
    made.tls_exporter = bytes(32, 0x42);
    return made;
  }

  /// The connection of a client that has shown a certificate, and whose certificate verified.
  http::tls_facts facts_with(pki::certificate const& certificate) const {
    auto made = facts;
    made.peer_certificates = {certificate.der()};
    made.peer_verified = true;
    return made;
  }

  pki::private_key make_key(std::string_view kind = "P-256") {
    return got(pki::make_private_key(got(pki::parse_key_spec(kind)), at));
  }

  pki::csr make_csr(pki::private_key const& key, std::vector<pki::attribute> attributes = {},
                    bytes subject = name_of("device")) {
    pki::csr_order order;
    order.subject = std::move(subject);
    order.attributes = std::move(attributes);
    return got(pki::make_csr(order, key, at));
  }
  pki::csr make_csr(std::vector<pki::attribute> attributes = {}) { return make_csr(make_key(), std::move(attributes)); }

  /// The CSR with one bit of its signature changed.
  static bytes break_signature(pki::csr const& csr) {
    auto der = csr.der();
    der.back() ^= 1;
    BOOST_REQUIRE(!got(pki::parse_csr(der)).signature_verifies());
    return der;
  }

  static http::request post(std::string_view operation, byte_view csr_der, bool with_password = true) {
    http::request made;
    made.method = "POST";
    made.target = "/.well-known/est/" + std::string{operation};
    made.headers.add("Host", "est.example");
    made.headers.add("Content-Type", "application/pkcs10");
    if (with_password) made.headers.add("Authorization", password_of("user", "secret"));
    made.body = encode_base64(csr_der);
    return made;
  }

  static std::string password_of(std::string user, std::string_view password) {
    return http::encode_basic({std::move(user), secret_bytes{password}});
  }

  static http::request get(std::string target) {
    http::request made;
    made.target = std::move(target);
    made.headers.add("Host", "est.example");
    return made;
  }

  http::response ask(http::request const& question) { return ask(question, facts); }
  http::response ask(http::request const& question, http::tls_facts const& on) {
    return server<memory_ca>{ca, options}.handle(question, on, at);
  }
  template <certification_authority A> http::response ask_of(A& authority, http::request const& question) {
    return server<A>{authority, options}.handle(question, facts, at);
  }

  /// Enrols, and fails the test if that does not work.
  pki::certificate enrolled(pki::csr const& csr) {
    auto const reply = got(parse_reply<op::simple_enroll>(ask(post("simpleenroll", csr.der())), {csr}));
    return std::get<issued>(reply).certificate;
  }
};

/// An error answer as RFC 7030 section 4.2.3 wants it: a sentence in plain text.
inline void check_refused(http::response const& answer, int status, std::string_view word = {}) {
  BOOST_TEST(answer.status == status, answer.status << " instead of " << status << ": " << answer.body);
  if (status == 401 && word.empty() && answer.body.empty()) { // a first challenge, which speaks for itself
    BOOST_TEST(!answer.headers.has("Content-Type"));
    return;
  }
  BOOST_TEST(answer.headers.find("Content-Type").value_or("") == "text/plain");
  BOOST_TEST(answer.body.size() > 10u);
  BOOST_TEST(answer.body.find(word) != std::string::npos, "no '" << word << "' in: " << answer.body);
}

} // namespace est::test
