#include "drive/compose.hpp"
#include "drive/loopback_channel.hpp"
#include "drive/run.hpp"
#include "drive/tls_setup.hpp"

#include "reading.hpp"
#include "scripted_server.hpp"

#include <est/server/approval.hpp>
#include <est/server/memory_ca.hpp>
#include <est/server/server.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace est;
using namespace est::conformance;
using namespace est::test;
using std::chrono::milliseconds;

BOOST_AUTO_TEST_SUITE(runs)

namespace {

/// The toolkit's own server over its own CA, in process.
struct house {
  Botan::AutoSeeded_RNG rng;
  memory_ca ca = must(memory_ca::make({}, at()));
  server_options settings = [] {
    server_options o;
    o.check_password = [](std::string_view user, byte_view password) {
      return user == "estuser" && as_text(password) == "estpwd";
    };
    return o;
  }();
  est::server<memory_ca> est{ca, settings};
  std::size_t asked = 0;
  std::vector<http::request> requests;

  pki::context at() { return {std::chrono::system_clock::now(), rng}; }
  handler serve() {
    return [this](http::request const& q, http::tls_facts const& facts) {
      ++asked;
      requests.push_back(q);
      return est.handle(q, facts, at());
    };
  }
};

run_options with_user() {
  run_options o;
  o.target = must(parse_target_url("https://est.example"));
  o.credentials.user = "estuser";
  o.credentials.password = secret_bytes{std::string_view{"estpwd"}};
  return o;
}

record const* find(run_result const& r, std::string_view id) {
  for (auto const& one : r.records)
    if (one.id == id) return &one;
  return nullptr;
}

int status(run_result const& r, std::string_view id) {
  auto const* one = find(r, id);
  BOOST_REQUIRE_MESSAGE(one != nullptr, id << " was not run");
  return read(one->exchanges.back()).status();
}

std::string reason(run_result const& r, std::string_view id) {
  for (auto const& s : r.skipped)
    if (s.id == id) return s.reason;
  return {};
}

http::response plain(int code) {
  http::response r;
  r.status = code;
  return r;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_run_in_process_leaves_a_record_for_each_vector) {
  for (auto const version : {http::tls_version::tls_1_2, http::tls_version::tls_1_3}) {
    house h;
    loopback_settings settings;
    settings.version = version;
    auto const done = run(with_user(), embedded_vectors(), make_loopback_channels(h.serve(), settings));
    BOOST_REQUIRE_MESSAGE(done, (done ? std::string{} : to_text(done.error())));
    BOOST_TEST(done->records.size() + done->skipped.size() == embedded_vectors().size());
    BOOST_TEST(done->target.live);
    BOOST_TEST(done->target.ca_certificates.size() == 2u);
    BOOST_TEST(status(*done, "cacerts.get") == 200);
    BOOST_TEST(status(*done, "cacerts.head") == 200);
    BOOST_TEST(status(*done, "simpleenroll.fresh") == 200);
    BOOST_TEST(status(*done, "simpleenroll.anonymous") == 401);
    BOOST_TEST(status(*done, "simpleenroll.broken-signature") / 100 == 4);
    BOOST_TEST(status(*done, "simpleenroll.linked") == 200);
    BOOST_TEST(status(*done, "simpleenroll.foreign-linking") / 100 == 4);
    BOOST_TEST(status(*done, "simpleenroll.content-type-case") == 200);
    BOOST_TEST(status(*done, "simpleenroll.get") == 405);
    BOOST_TEST(status(*done, "cacerts.absolute-form") == 200);
    BOOST_TEST(status(*done, "cacerts.label-is-operation") == 404);
    BOOST_TEST(status(*done, "cacerts.unknown-operation") == 404);
    BOOST_TEST(status(*done, "simpleenroll.wrong-content-type") / 100 == 4);
    for (auto const* id :
         {"simpleenroll.body", "simpleenroll.body-repeated", "simpleenroll.body-one-line", "simpleenroll.body-crlf",
          "simpleenroll.body-no-transfer-encoding", "simpleenroll.body-transfer-encoding-binary", "serverkeygen.plain",
          "serverkeygen.a4-anew", "serverkeygen.broken-signature"})
      BOOST_TEST(status(*done, id) == 200, id);
    BOOST_TEST(status(*done, "serverkeygen.unknown-decrypt-key-identifier") / 100 == 4);
    BOOST_TEST(status(*done, "serverkeygen.unknown-asymmetric-decrypt-key-identifier") / 100 == 4);
    BOOST_TEST(status(*done, "serverkeygen.a4-replayed") / 100 == 4); // a tls-unique of 2013
    BOOST_TEST(reason(*done, "simplereenroll.rekey").rfind("no credential", 0) == 0u);
    BOOST_TEST(done->offers_server_keygen);

    std::set<std::string> names;
    for (auto const& r : done->records) {
      auto const* v = find_vector(embedded_vectors(), r.id);
      BOOST_REQUIRE(v != nullptr);
      BOOST_TEST(r.exchanges.size() == v->requests.size());
      BOOST_TEST((r.control != nullptr) == !v->control.empty(), r.id);
      if (r.control) BOOST_TEST(r.control->id == v->control);
      BOOST_TEST((r.alive == (v->negative ? std::optional<bool>{true} : std::nullopt)), r.id);
      for (auto const& e : r.exchanges) {
        BOOST_TEST(names.insert(e.name).second);
        BOOST_TEST((e.tls && e.tls->version == version));
        BOOST_TEST((e.request && e.response && e.time && e.client_certificate_shown));
      }
    }
    // What was issued is listed, and each certificate once.
    std::set<std::string> serials;
    for (auto const& c : done->certificates) {
      BOOST_TEST(serials.insert(c.serial_hex).second);
      BOOST_TEST(c.subject.find("est-conformance") != std::string::npos, c.subject);
    }
    BOOST_TEST(done->certificates.size() == done->certificates_counted);
    BOOST_TEST(done->certificates.size() == 27u);
  }
}

BOOST_AUTO_TEST_CASE(a_run_touches_no_certificate_when_it_is_read_only) {
  house h;
  auto o = with_user();
  o.read_only = true;
  auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve()));
  BOOST_REQUIRE(done);
  BOOST_TEST(done->certificates_counted == 0u);
  for (auto const& q : h.requests)
    BOOST_TEST((q.method != "POST" || q.target == "/.well-known/est/cacerts"), q.method + " " + q.target);
  BOOST_TEST(reason(*done, "simpleenroll.fresh").rfind("read-only", 0) == 0u);
  BOOST_TEST(status(*done, "cacerts.get") == 200);
}

BOOST_AUTO_TEST_CASE(the_budget_is_never_exceeded_even_by_a_server_that_issues_anything) {
  house h;
  for (std::size_t const budget : {0u, 1u, 3u}) {
    std::size_t issued = 0;
    // Whatever is posted to an issuing operation is answered with 200.
    auto const careless = [&](http::request const& q, http::tls_facts const& facts) {
      if (q.method == "POST" && q.target.find("cacerts") == std::string::npos) {
        ++issued;
        return plain(200);
      }
      return h.est.handle(q, facts, h.at());
    };
    auto o = with_user();
    o.max_certificates = budget;
    auto const done = run(o, embedded_vectors(), make_loopback_channels(careless));
    BOOST_REQUIRE(done);
    BOOST_TEST(issued == budget);
    BOOST_TEST(done->certificates_counted == budget);
    BOOST_TEST(reason(*done, "serverkeygen.plain").rfind("over budget", 0) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(without_credentials_only_the_anonymous_vectors_are_sent) {
  house h;
  run_options o;
  o.target = must(parse_target_url("https://est.example"));
  auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve()));
  BOOST_REQUIRE(done);
  for (auto const& q : h.requests) BOOST_TEST(!q.headers.has("Authorization"));
  BOOST_TEST(status(*done, "simpleenroll.anonymous") == 401);
  BOOST_TEST(find(*done, "simpleenroll.anonymous")->control == nullptr);
  BOOST_TEST(reason(*done, "simpleenroll.fresh").rfind("no credential", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(no_credentials_go_to_a_server_that_is_not_verified_unless_that_is_named_too) {
  for (bool const named : {false, true}) {
    house h;
    auto o = with_user();
    o.insecure = true;
    o.insecure_credentials = named;
    auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve()));
    BOOST_REQUIRE(done);
    bool sent = false;
    for (auto const& q : h.requests) sent = sent || q.headers.has("Authorization");
    BOOST_TEST(sent == named);
    BOOST_TEST(done->remarks.empty() == named);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_password_is_tried_once_only) {
  house h;
  auto o = with_user();
  o.credentials.password = secret_bytes{std::string_view{"canary-password"}};
  auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve()));
  BOOST_REQUIRE(done);
  std::size_t refused = 0;
  for (auto const& r : done->records)
    if (read(r.exchanges.back()).status() == 401 && read(r.exchanges.back()).has_authorization) ++refused;
  BOOST_TEST(refused == 1u);
  BOOST_REQUIRE_EQUAL(done->remarks.size(), 1u);
  BOOST_TEST(done->remarks[0].find("401") != std::string::npos, done->remarks[0]);
  BOOST_TEST(done->remarks[0].find("canary") == std::string::npos);
  BOOST_TEST(reason(*done, "serverkeygen.plain").find("refused the credentials") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_operation_that_is_not_there_is_asked_for_once) {
  house h;
  std::size_t asked = 0;
  auto const without = [&](http::request const& q, http::tls_facts const& facts) {
    if (q.target.find("serverkeygen") == std::string::npos) return h.est.handle(q, facts, h.at());
    ++asked;
    return plain(404);
  };
  auto const done = run(with_user(), embedded_vectors(), make_loopback_channels(without));
  BOOST_REQUIRE(done);
  BOOST_TEST(asked == 1u);
  BOOST_TEST(!done->offers_server_keygen);
  BOOST_TEST(done->not_offered == std::vector<std::string>{"serverkeygen"}, boost::test_tools::per_element());
  BOOST_TEST(reason(*done, "serverkeygen.plain").rfind("not offered", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(a_selection_brings_its_controls_along) {
  house h;
  auto o = with_user();
  o.select = {"simpleenroll.body-crlf"};
  auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve()));
  BOOST_REQUIRE(done);
  BOOST_REQUIRE_EQUAL(done->records.size(), 3u);
  BOOST_TEST(done->records[0].id == "simpleenroll.body");
  BOOST_TEST(done->records[1].id == "simpleenroll.body-repeated");
  BOOST_TEST(done->records[2].control->id == "simpleenroll.body-repeated");
  o.select = {"cacerts.*"};
  for (auto const* v : plan(o, embedded_vectors()).order) BOOST_TEST(v->id.rfind("cacerts.", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(a_plan_names_the_worst_case_and_sends_nothing) {
  auto const p = plan(with_user(), embedded_vectors());
  std::size_t cost = 0;
  for (auto const* v : p.order) cost += v->certificates;
  BOOST_TEST(p.certificates == cost);
  BOOST_TEST(cost > 0u);
  std::set<std::string_view> before;
  for (auto const* v : p.order) {
    if (!v->control.empty()) BOOST_TEST(before.count(v->control) == 1u, v->id);
    before.insert(v->id);
  }
}

BOOST_AUTO_TEST_CASE(nothing_to_send_is_an_error) {
  house h;
  auto o = with_user();
  o.select = {"no.such.vector"};
  auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve()));
  BOOST_REQUIRE(!done);
  BOOST_TEST(h.asked == 0u);
}

BOOST_AUTO_TEST_CASE(the_forms_of_a_body_differ_in_one_thing) {
  house h;
  auto o = with_user();
  o.select = {"simpleenroll.body*"};
  auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve()));
  BOOST_REQUIRE(done);
  auto const base = read(find(*done, "simpleenroll.body")->exchanges.back());
  BOOST_REQUIRE(base.csr);
  for (auto const& r : done->records) {
    auto const one = read(r.exchanges.back());
    BOOST_REQUIRE(one.csr);
    BOOST_TEST((one.csr->public_key_info() == base.csr->public_key_info()), r.id);
    BOOST_TEST((one.csr->subject_der() == base.csr->subject_der()), r.id);
    BOOST_TEST(one.csr->signature_verifies(), r.id);
  }
  auto const body = [&](std::string_view id) { return read(find(*done, id)->exchanges.back()).request->body; };
  BOOST_TEST(body("simpleenroll.body-one-line").find('\n') == std::string::npos);
  BOOST_TEST(body("simpleenroll.body-crlf").find("\r\n") == 76u);
  BOOST_TEST(body("simpleenroll.body").find('\n') == 64u);
}

BOOST_AUTO_TEST_CASE(linking_is_as_the_vector_the_server_and_the_connection_want_it) {
  Botan::AutoSeeded_RNG rng;
  const pki::context at{std::chrono::system_clock::now(), rng};
  key_pool keys;
  csr_template t;
  t.key = "P-256";
  t.subject = {{"CN", "est-conformance {run}"}};
  composition with;
  with.run = "0a1b";
  with.connection.extended_master_secret = true;
  with.connection.tls_unique = bytes(12, 7);
  with.connection.tls_exporter = bytes(32, 9);
  auto const password = [&](csr_linking bound, http::tls_version version, bool asked) {
    t.bound = bound;
    with.connection.version = version;
    with.linking_asked = asked;
    return must(pki::parse_csr(must(compose_csr(t, with, keys, at)))).challenge_password();
  };
  auto const unique = encode_base64(*with.connection.tls_unique, base64_layout::one_line());
  auto const exporter = encode_base64(*with.connection.tls_exporter, base64_layout::one_line());
  using http::tls_version;
  BOOST_TEST(!password(csr_linking::none, tls_version::tls_1_2, true));
  BOOST_TEST(!password(csr_linking::when_asked, tls_version::tls_1_2, false));
  BOOST_TEST((password(csr_linking::when_asked, tls_version::tls_1_2, true) == unique));
  BOOST_TEST((password(csr_linking::when_asked, tls_version::tls_1_3, true) == exporter));
  BOOST_TEST((password(csr_linking::tls_unique, tls_version::tls_1_2, false) == unique));
  BOOST_TEST(!password(csr_linking::tls_unique, tls_version::tls_1_3, true));
  for (auto const version : {tls_version::tls_1_2, tls_version::tls_1_3}) {
    auto const foreign = password(csr_linking::foreign, version, false);
    BOOST_REQUIRE(foreign);
    BOOST_TEST(*foreign != unique);
    BOOST_TEST(must(decode_base64(*foreign)).size() == 12u);
  }
  auto const csr = must(pki::parse_csr(must(compose_csr(t, with, keys, at))));
  BOOST_TEST(csr.subject_text() == "CN=est-conformance 0a1b");
}

BOOST_AUTO_TEST_CASE(a_broken_signature_breaks_nothing_else) {
  Botan::AutoSeeded_RNG rng;
  const pki::context at{std::chrono::system_clock::now(), rng};
  key_pool keys;
  csr_template t;
  t.subject = {{"CN", "est-conformance"}};
  for (auto const* kind : {"P-256", "P-384", "P-521", "RSA-2048", "Ed25519"}) {
    t.key = kind;
    if (t.key == "Ed25519") t.hash.clear();
    for (bool const broken : {false, true}) {
      t.broken_signature = broken;
      auto const csr = must(pki::parse_csr(must(compose_csr(t, {}, keys, at))));
      BOOST_TEST(csr.signature_verifies() == !broken, kind);
    }
  }
}

BOOST_AUTO_TEST_CASE(key_identifiers_are_fresh_and_capabilities_are_named) {
  house h;
  auto o = with_user();
  o.select = {"serverkeygen.unknown-*"};
  auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve()));
  BOOST_REQUIRE(done);
  auto const one = read(find(*done, "serverkeygen.unknown-decrypt-key-identifier")->exchanges.back());
  BOOST_REQUIRE(one.csr);
  auto const* identifier = one.csr->find(pki::oids::decrypt_key_identifier);
  BOOST_REQUIRE(identifier != nullptr);
  BOOST_TEST(pki::octets_of(*identifier)->size() == 20u);
  BOOST_TEST(one.csr->find(pki::oids::smime_capabilities) != nullptr);
  auto const other = read(find(*done, "serverkeygen.unknown-asymmetric-decrypt-key-identifier")->exchanges.back());
  BOOST_TEST(other.csr->find(pki::oids::asymmetric_decrypt_key_identifier) != nullptr);
  BOOST_TEST(other.csr->find(pki::oids::decrypt_key_identifier) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_client_certificate_is_renewed_under_its_own_names) {
  house h;
  const test_pki pki;
  auto o = with_user();
  o.credentials.certificate_pem = pki.client_pem;
  o.credentials.key_pem = secret_bytes{pki.client_key_pem};
  auto const client = must(client_certificate_of(o.credentials));
  o.select = {"simplereenroll.*"};
  loopback_settings settings;
  settings.client_certificates = {client};
  auto const done = run(o, embedded_vectors(), make_loopback_channels(h.serve(), settings));
  BOOST_REQUIRE(done);
  BOOST_TEST(status(*done, "simplereenroll.rekey") == 200);
  auto const one = read(find(*done, "simplereenroll.rekey")->exchanges.back());
  auto const old = must(pki::parse_certificate(client));
  BOOST_TEST((one.csr->subject_der() == old.subject_der()));
  BOOST_TEST((one.csr->requested_alternative_names() == old.subject_alternative_names()));
  BOOST_TEST((one.csr->public_key_info() != old.public_key_info()));
  BOOST_TEST(*find(*done, "simplereenroll.rekey")->exchanges.back().client_certificate_shown);
}

BOOST_AUTO_TEST_CASE(the_label_is_part_of_every_target_but_the_one_that_leaves_it_out) {
  house h;
  auto o = with_user();
  o.label = "one";
  o.read_only = true;
  BOOST_REQUIRE(run(o, embedded_vectors(), make_loopback_channels(h.serve())));
  std::size_t without = 0;
  for (auto const& q : h.requests) {
    auto const at = q.target.find("/.well-known/est/one/");
    if (q.target == "/.well-known/est/cacerts" && ++without == 1) continue;
    BOOST_TEST((at == 0 || q.target.substr(0, at) == "https://est.example"), q.target);
  }
  BOOST_TEST(without == 1u);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_is_a_server_that_closes) {
  auto const done =
      run(with_user(), embedded_vectors(),
          make_loopback_channels([](auto const&, auto const&) -> http::response { throw std::runtime_error{"no"}; }));
  BOOST_REQUIRE(!done);
  BOOST_TEST(name(done.error().code) == name(errc::connection_closed));
}

BOOST_AUTO_TEST_CASE(a_server_that_falls_silent_in_the_middle_ends_the_run_and_keeps_the_records) {
  house h;
  auto const fades = [&](http::request const& q, http::tls_facts const& facts) {
    if (q.target.find("simpleenroll") != std::string::npos) h.asked = 1;
    if (h.asked != 0) throw std::runtime_error{"gone"};
    return h.est.handle(q, facts, h.at());
  };
  auto const done = run(with_user(), embedded_vectors(), make_loopback_channels(fades));
  BOOST_REQUIRE(done);
  BOOST_TEST(status(*done, "cacerts.get") == 200);
  BOOST_TEST(reason(*done, "serverkeygen.plain") == "the server no longer answers");
  BOOST_REQUIRE(!done->remarks.empty());
  auto const* last = &done->records.back();
  BOOST_TEST((last->alive == std::optional<bool>{false}));
  BOOST_TEST(!last->exchanges.back().response);
}

BOOST_AUTO_TEST_CASE(a_run_over_tls_reads_a_bag_and_survives_what_comes_after) {
  const test_pki pki;
  const scripted_server server{pki, [](peer_connection& c, std::size_t n, std::atomic<bool> const&) {
                                 if (!c.handshake()) return;
                                 c.hear("\r\n\r\n");
                                 if (n > 2) return c.reset();
                                 c.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
                               }};
  auto o = with_user();
  o.target = must(parse_target_url("https://localhost:" + std::to_string(server.port())));
  o.resolve = {"localhost:" + std::to_string(server.port()) + ":127.0.0.1"};
  o.ca_pem = {pki.root_pem};
  o.exchange_timeout = milliseconds{1000};
  auto const done = run(o, embedded_vectors());
  BOOST_REQUIRE_MESSAGE(done, (done ? std::string{} : to_text(done.error())));
  BOOST_TEST(status(*done, "cacerts.get") == 404);
  BOOST_TEST(done->target.trusted.size() == 1u);
  BOOST_TEST(!done->remarks.empty());
}

BOOST_AUTO_TEST_CASE(a_server_that_demands_a_client_certificate_of_everybody_is_still_usable) {
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const test_pki pki;
    const scripted_server server{pki,
                                 [](peer_connection& c, std::size_t, std::atomic<bool> const&) {
                                   if (!c.handshake()) return;
                                   c.hear("\r\n\r\n");
                                   c.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
                                   c.close_notify();
                                 },
                                 {version, true, true}};
    run_options o;
    o.target = must(parse_target_url("https://localhost:" + std::to_string(server.port())));
    o.resolve = {"localhost:" + std::to_string(server.port()) + ":127.0.0.1"};
    o.ca_pem = {pki.root_pem};
    o.credentials.certificate_pem = pki.client_pem;
    o.credentials.key_pem = secret_bytes{pki.client_key_pem};
    o.select = {"cacerts.*"};
    auto const done = run(o, embedded_vectors());
    BOOST_REQUIRE_MESSAGE(done, (done ? std::string{} : to_text(done.error())));
    BOOST_TEST(status(*done, "cacerts.get-with-credentials") == 404);
    auto const& anonymous = find(*done, "cacerts.get")->exchanges.back();
    BOOST_TEST((anonymous.end == connection_end::tls_error));
    BOOST_TEST(anonymous.complaint.find("client certificate") != std::string::npos, anonymous.complaint);
    // Without the certificate nothing can be had, and the failure says what is missing.
    o.credentials = {};
    auto const refused = run(o, embedded_vectors());
    BOOST_REQUIRE(!refused);
    BOOST_TEST(name(refused.error().code) == name(errc::tls_failed));
    BOOST_TEST(refused.error().detail.find("client certificate") != std::string::npos, refused.error().detail);
  }
}

BOOST_AUTO_TEST_CASE(a_target_that_never_answers_http_is_unusable_and_the_sentence_says_why) {
  const test_pki pki;
  auto const trouble = [&](scripted_server::script after) {
    const scripted_server server{pki, [&](peer_connection& c, std::size_t n, std::atomic<bool> const& stop) {
                                   if (!c.handshake()) return;
                                   c.hear("\r\n\r\n");
                                   after(c, n, stop);
                                 }};
    auto o = with_user();
    o.target = must(parse_target_url("https://localhost:" + std::to_string(server.port())));
    o.resolve = {"localhost:" + std::to_string(server.port()) + ":127.0.0.1"};
    o.ca_pem = {pki.root_pem};
    o.exchange_timeout = milliseconds{100};
    auto const done = run(o, embedded_vectors());
    BOOST_REQUIRE(!done);
    BOOST_TEST(server.connections() <= 4u); // it was not asked two dozen times
    return name(done.error().code);
  };
  BOOST_TEST(trouble([](auto&, auto, auto const&) { std::this_thread::sleep_for(milliseconds{150}); }) ==
             name(errc::timed_out));
  BOOST_TEST(trouble([](auto& c, auto, auto const&) { c.say("220 mail.example ESMTP\r\n"); }) ==
             name(errc::malformed_http));
  BOOST_TEST(trouble([](auto& c, auto, auto const&) { c.close_notify(); }) == name(errc::connection_closed));
  BOOST_TEST(trouble([](auto& c, auto, auto const&) { c.reset(); }) == name(errc::connection_closed));
}

namespace {

/// A house in which somebody approves what was asked so often.
struct patient_house {
  Botan::AutoSeeded_RNG rng;
  approval_desk<memory_ca> ca{must(memory_ca::make({}, {std::chrono::system_clock::now(), rng}))};
  server_options settings = [] {
    server_options o;
    o.check_password = [](std::string_view, byte_view) { return true; };
    o.knows_label = [](std::string_view label) { return label == "slow"; };
    return o;
  }();
  est::server<approval_desk<memory_ca>> est{ca, settings};
  std::size_t approved_after = 3, asked = 0;
  std::vector<std::string> targets, bodies;

  handler serve() {
    return [this](http::request const& q, http::tls_facts const& facts) {
      if (q.method == "POST") {
        targets.push_back(q.target);
        bodies.push_back(q.body);
        if (++asked == approved_after) ca.approve(ca.entries().front().id);
      }
      return est.handle(q, facts, {std::chrono::system_clock::now(), rng});
    };
  }
};

run_options patient(std::chrono::seconds wait) {
  auto o = with_user();
  o.select = {"simpleenroll.waits-for-approval"};
  o.wait = wait;
  o.approval_label = "slow";
  return o;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_answered_202_is_asked_again_as_the_server_wants_until_it_is_approved) {
  patient_house h;
  auto o = patient(std::chrono::seconds{600});
  std::vector<milliseconds> pauses;
  o.pause = [&](milliseconds p) { pauses.push_back(p); };
  auto const r = must(run(o, embedded_vectors(), make_loopback_channels(h.serve())));
  auto const* one = find(r, "simpleenroll.waits-for-approval");
  BOOST_REQUIRE(one != nullptr);
  BOOST_TEST(one->exchanges.size() == 3u);
  BOOST_TEST(status(r, one->id) == 200);
  BOOST_TEST(pauses.size() == 2u);
  for (auto const& p : pauses) BOOST_TEST((p >= std::chrono::seconds{60}), p.count());
  BOOST_TEST(h.bodies.front() == h.bodies.back());
  for (auto const& t : h.targets) BOOST_TEST(t == "/.well-known/est/slow/simpleenroll");
  BOOST_TEST(r.certificates_counted == 1u);
  BOOST_TEST(r.remarks.empty());
}

BOOST_AUTO_TEST_CASE(nobody_waits_longer_than_the_user_allows) {
  patient_house h;
  h.approved_after = 100;
  auto o = patient(std::chrono::seconds{130});
  std::size_t pauses = 0;
  o.pause = [&](milliseconds) { ++pauses; };
  auto const r = must(run(o, embedded_vectors(), make_loopback_channels(h.serve())));
  BOOST_TEST(pauses == 2u);
  BOOST_TEST(status(r, "simpleenroll.waits-for-approval") == 202);
  BOOST_TEST(r.certificates_counted == 1u); // it may yet be issued
  BOOST_REQUIRE(r.remarks.size() == 1u);
  BOOST_TEST(r.remarks.front().find("still waiting for approval") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_waits_for_approval_needs_time_and_a_server_that_lets_it_wait) {
  house h;
  auto o = with_user();
  auto r = must(run(o, embedded_vectors(), make_loopback_channels(h.serve())));
  BOOST_TEST(reason(r, "simpleenroll.waits-for-approval").find("--wait") != std::string::npos);
  o.wait = std::chrono::seconds{60};
  r = must(run(o, embedded_vectors(), make_loopback_channels(h.serve())));
  BOOST_TEST(reason(r, "simpleenroll.waits-for-approval").find("nothing waits") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
