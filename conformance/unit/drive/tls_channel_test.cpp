#include "drive/run.hpp"
#include "drive/tls_channel.hpp"

#include "scripted_server.hpp"

#include <boost/test/unit_test.hpp>

#include <openssl/pkcs12.h>

using namespace est;
using namespace est::conformance;
using namespace est::test;
using std::chrono::milliseconds;

BOOST_AUTO_TEST_SUITE(tls_channels)

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

run_options options_for(std::uint16_t port, test_pki const& pki) {
  run_options o;
  o.target.host = "localhost";
  o.target.port = port;
  o.resolve = {"localhost:" + std::to_string(port) + ":127.0.0.1"};
  o.ca_pem = {pki.root_pem};
  o.connect_timeout = milliseconds{2000};
  o.handshake_timeout = milliseconds{2000};
  o.exchange_timeout = milliseconds{2000};
  return o;
}

std::unique_ptr<channel> channel_to(run_options const& o, bool show = false) {
  auto setup = must(make_tls_setup(o));
  auto const factory = must(make_tls_channels(o, std::make_shared<tls_setup const>(std::move(setup))));
  return must(factory({show}));
}

outgoing get() { return {"GET", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "", false}; }

/// Opens a channel to a server that does this, and gives the failure.
failure trouble_with(test_pki const& pki, scripted_server::script script, server_wish wish = {},
                     std::function<void(run_options&)> change = {}) {
  const scripted_server server{pki, std::move(script), wish};
  auto o = options_for(server.port(), pki);
  if (change) change(o);
  auto const c = channel_to(o);
  auto const facts = c->open();
  BOOST_REQUIRE(!facts);
  BOOST_TEST(!c->usable());
  BOOST_TEST(!c->converse(get()).anything_sent);
  return facts.error();
}

/// Opens a channel to a server that does this after the handshake, and asks.
received answer_of(scripted_server::script after, outgoing const& out = get(), server_wish wish = {},
                   milliseconds limit = milliseconds{2000}) {
  const test_pki pki;
  const scripted_server server{pki,
                               [&](peer_connection& c, std::size_t n, std::atomic<bool> const& stop) {
                                 if (c.handshake()) after(c, n, stop);
                               },
                               wish};
  auto o = options_for(server.port(), pki);
  o.exchange_timeout = limit;
  auto const c = channel_to(o);
  auto const facts = c->open();
  BOOST_REQUIRE_MESSAGE(facts, (facts ? std::string{} : to_text(facts.error())));
  return c->converse(out);
}

bool says(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

void shake_only(peer_connection& c, std::size_t, std::atomic<bool> const&) { c.handshake(); }

} // namespace

BOOST_AUTO_TEST_CASE(facts_are_known_before_the_first_request_and_are_the_servers_too) {
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const test_pki pki;
    std::string at_server;
    {
      const scripted_server server{pki,
                                   [&](peer_connection& c, std::size_t, std::atomic<bool> const&) {
                                     if (!c.handshake()) return;
                                     c.hear("\r\n\r\n");
                                     char finished[64];
                                     auto const n = SSL_get_peer_finished(c.ssl(), finished, sizeof finished);
                                     at_server.assign(finished, n);
                                     c.say(ok);
                                   },
                                   {version, false, false}};
      auto const c = channel_to(options_for(server.port(), pki));
      auto const facts = c->open();
      BOOST_REQUIRE_MESSAGE(facts, (facts ? std::string{} : to_text(facts.error())));
      BOOST_TEST(
          (facts->version == (version == TLS1_2_VERSION ? http::tls_version::tls_1_2 : http::tls_version::tls_1_3)));
      BOOST_TEST(facts->peer_verified);
      BOOST_TEST(facts->peer_certificates.size() == 1u);
      BOOST_TEST(facts->server_name == "localhost");
      BOOST_TEST(facts->tls_unique.has_value() == (version == TLS1_2_VERSION));
      BOOST_TEST(facts->tls_exporter->size() == 32u);
      auto const in = c->converse(get());
      BOOST_TEST(in.whole);
      BOOST_TEST(in.octets == ok);
      BOOST_TEST(!c->client_certificate_shown());
      BOOST_TEST(c->usable());
      BOOST_TEST(to_text(*facts->client_finished) == at_server);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_tls_version_can_be_pinned) {
  const test_pki pki;
  for (auto const version : {http::tls_version::tls_1_2, http::tls_version::tls_1_3}) {
    const scripted_server server{pki, shake_only};
    auto o = options_for(server.port(), pki);
    o.tls = version;
    auto const facts = channel_to(o)->open();
    BOOST_REQUIRE(facts);
    BOOST_TEST((facts->version == version));
  }
  auto const f = trouble_with(pki, shake_only, {TLS1_2_VERSION, false, false},
                              [](run_options& o) { o.tls = http::tls_version::tls_1_3; });
  BOOST_TEST(name(f.code) == name(errc::tls_failed));
  BOOST_TEST(says(f.detail, "version"), f.detail);
}

BOOST_AUTO_TEST_CASE(several_requests_go_over_one_connection) {
  const test_pki pki;
  const scripted_server server{pki, [](peer_connection& c, std::size_t, std::atomic<bool> const&) {
                                 if (!c.handshake()) return;
                                 for (int i = 0; i < 2; ++i) {
                                   c.hear("\r\n\r\n");
                                   c.say(ok);
                                 }
                               }};
  auto const c = channel_to(options_for(server.port(), pki));
  BOOST_REQUIRE(c->open());
  BOOST_TEST(c->converse(get()).whole);
  BOOST_TEST(c->converse(get()).whole);
  BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(a_host_that_does_not_exist_is_unreachable) {
  const test_pki pki;
  auto o = options_for(8443, pki);
  o.target.host = "no-such-host.invalid";
  auto const facts = channel_to(o)->open();
  BOOST_REQUIRE(!facts);
  BOOST_TEST(name(facts.error().code) == name(errc::unreachable));
  BOOST_TEST(says(facts.error().detail, "cannot be found"), facts.error().detail);
}

BOOST_AUTO_TEST_CASE(a_port_where_nobody_listens_is_unreachable) {
  const test_pki pki;
  std::uint16_t port = 0;
  {
    const scripted_server server{pki, shake_only};
    port = server.port();
  }
  auto const facts = channel_to(options_for(port, pki))->open();
  BOOST_REQUIRE(!facts);
  BOOST_TEST(name(facts.error().code) == name(errc::unreachable));
  BOOST_TEST(says(facts.error().detail, "nobody listens"), facts.error().detail);
}

BOOST_AUTO_TEST_CASE(a_server_that_accepts_and_says_nothing_times_out) {
  auto const f = trouble_with(
      test_pki{}, [](peer_connection&, std::size_t, std::atomic<bool> const& stop) { hang(stop); }, {},
      [](run_options& o) { o.handshake_timeout = milliseconds{100}; });
  BOOST_TEST(name(f.code) == name(errc::timed_out));
  BOOST_TEST(says(f.detail, "handshake"), f.detail);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_dribbles_times_out) {
  auto const f = trouble_with(
      test_pki{},
      [](peer_connection& c, std::size_t, std::atomic<bool> const& stop) {
        c.say("\x16\x03\x03\x10"); // a record whose end never comes
        while (!stop) {
          c.say(std::string(1, '\x10'));
          std::this_thread::sleep_for(milliseconds{5});
        }
      },
      {}, [](run_options& o) { o.handshake_timeout = milliseconds{100}; });
  BOOST_TEST(name(f.code) == name(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_server_that_closes_or_resets_at_once_is_said_to) {
  auto f = trouble_with(test_pki{}, [](peer_connection& c, std::size_t, std::atomic<bool> const&) { c.hear("\x01"); });
  BOOST_TEST(name(f.code) == name(errc::connection_closed));
  BOOST_TEST(says(f.detail, "closed"), f.detail);
  f = trouble_with(test_pki{}, [](peer_connection& c, std::size_t, std::atomic<bool> const&) {
    c.hear("\x01");
    c.reset();
  });
  BOOST_TEST(name(f.code) == name(errc::connection_closed));
  BOOST_TEST(says(f.detail, "reset"), f.detail);
}

BOOST_AUTO_TEST_CASE(plain_http_on_the_port_is_recognised) {
  auto const f = trouble_with(test_pki{}, [](peer_connection& c, std::size_t, std::atomic<bool> const&) {
    c.hear("\x01");
    c.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });
  BOOST_TEST(name(f.code) == name(errc::malformed_http));
  BOOST_TEST(says(f.detail, "plain HTTP"), f.detail);
}

BOOST_AUTO_TEST_CASE(another_protocol_on_the_port_is_said_to_be_no_tls) {
  auto const f = trouble_with(test_pki{}, [](peer_connection& c, std::size_t, std::atomic<bool> const&) {
    c.say("SSH-2.0-OpenSSH_9.2\r\n");
    c.hear("\x01");
  });
  BOOST_TEST(name(f.code) == name(errc::tls_failed));
  BOOST_TEST(says(f.detail, "neither TLS nor HTTP"), f.detail);
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_not_trusted) {
  auto const f = trouble_with(test_pki{{"localhost", std::chrono::hours{-48}, std::chrono::hours{-24}}}, shake_only);
  BOOST_TEST(name(f.code) == name(errc::server_untrusted));
  BOOST_TEST(says(f.detail, "expired"), f.detail);
}

BOOST_AUTO_TEST_CASE(a_certificate_of_tomorrow_is_not_trusted) {
  auto const f = trouble_with(test_pki{{"localhost", std::chrono::hours{24}, std::chrono::hours{48}}}, shake_only);
  BOOST_TEST(name(f.code) == name(errc::server_untrusted));
  BOOST_TEST(says(f.detail, "not valid yet"), f.detail);
}

BOOST_AUTO_TEST_CASE(an_unknown_issuer_is_not_trusted_and_cacert_is_recommended) {
  const test_pki other;
  for (bool const named : {true, false}) {
    auto const f = trouble_with(test_pki{}, shake_only, {}, [&](run_options& o) {
      if (named)
        o.ca_pem = {other.root_pem};
      else
        o.ca_pem.clear();
    });
    BOOST_TEST(name(f.code) == name(errc::server_untrusted));
    BOOST_TEST(says(f.detail, "--cacert"), f.detail);
  }
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_name_is_refused_after_the_handshake) {
  auto const f = trouble_with(test_pki{{"other.example"}}, shake_only);
  BOOST_TEST(name(f.code) == name(errc::server_name_mismatch));
  BOOST_TEST(says(f.detail, "other.example"), f.detail);
  BOOST_TEST(says(f.detail, "--servername"), f.detail);
}

BOOST_AUTO_TEST_CASE(the_name_to_look_for_can_be_given) {
  const test_pki pki{{"other.example"}};
  const scripted_server server{pki, shake_only};
  auto o = options_for(server.port(), pki);
  o.server_name = "other.example";
  auto const facts = channel_to(o)->open();
  BOOST_REQUIRE(facts);
  BOOST_TEST(facts->server_name == "other.example");
}

BOOST_AUTO_TEST_CASE(insecure_takes_any_certificate_and_says_that_nothing_was_verified) {
  const test_pki pki{{"other.example", std::chrono::hours{-48}, std::chrono::hours{-24}}};
  const scripted_server server{pki, shake_only};
  auto o = options_for(server.port(), pki);
  o.ca_pem.clear();
  o.insecure = true;
  auto const facts = channel_to(o)->open();
  BOOST_REQUIRE(facts);
  BOOST_TEST(!facts->peer_verified);
}

BOOST_AUTO_TEST_CASE(an_anchor_need_not_be_a_root) {
  const test_pki pki;
  const scripted_server server{pki, shake_only};
  auto o = options_for(server.port(), pki);
  o.ca_pem = {pki.server_pem};
  BOOST_TEST(channel_to(o)->open().has_value());
}

BOOST_AUTO_TEST_CASE(a_missing_client_certificate_fails_the_handshake_of_tls_1_2) {
  auto const f = trouble_with(test_pki{}, shake_only, {TLS1_2_VERSION, true, false});
  BOOST_TEST(name(f.code) == name(errc::tls_failed));
  BOOST_TEST(says(f.detail, "client certificate"), f.detail);
}

BOOST_AUTO_TEST_CASE(a_missing_client_certificate_shows_at_the_first_read_of_tls_1_3) {
  auto const in = answer_of([](auto&, auto, auto const&) {}, get(), {TLS1_3_VERSION, true, false});
  BOOST_TEST(!in.whole);
  BOOST_TEST((in.end == connection_end::tls_error));
  BOOST_TEST(says(in.complaint, "demands a client certificate"), in.complaint);
}

BOOST_AUTO_TEST_CASE(a_client_certificate_is_shown_when_asked_for_and_wished) {
  const test_pki pki;
  for (bool const ask : {true, false})
    for (bool const show : {true, false}) {
      const scripted_server server{pki,
                                   [](peer_connection& c, std::size_t, std::atomic<bool> const&) {
                                     if (!c.handshake()) return;
                                     c.hear("\r\n\r\n");
                                     X509* const peer = SSL_get1_peer_certificate(c.ssl());
                                     c.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
                                     c.say(peer != nullptr ? "1" : "0");
                                     X509_free(peer);
                                   },
                                   {0, false, ask}};
      auto o = options_for(server.port(), pki);
      o.credentials.certificate_pem = pki.client_pem;
      o.credentials.key_pem = secret_bytes{pki.client_key_pem};
      auto const c = channel_to(o, show);
      BOOST_REQUIRE(c->open());
      auto const in = c->converse(get());
      BOOST_TEST(in.octets.back() == (ask && show ? '1' : '0'));
      BOOST_TEST(c->client_certificate_shown() == (ask && show));
    }
}

BOOST_AUTO_TEST_CASE(credentials_that_cannot_be_read_are_named_and_not_repeated) {
  const test_pki pki, other;
  auto const wrong = [&](auto change, std::string_view part) {
    auto o = options_for(1, pki);
    o.credentials.certificate_pem = pki.client_pem;
    o.credentials.key_pem = secret_bytes{pki.client_key_pem};
    change(o);
    auto const setup = make_tls_setup(o);
    BOOST_REQUIRE(!setup);
    BOOST_TEST(name(setup.error().code) == name(errc::invalid_argument));
    BOOST_TEST(says(setup.error().detail, part), setup.error().detail);
  };
  wrong([](auto& o) { o.credentials.certificate_pem = "none"; }, "no PEM certificate");
  wrong([](auto& o) { o.credentials.key_pem = {}; }, "no key for it");
  wrong([](auto& o) { o.credentials.key_pem = secret_bytes{std::string_view{"none"}}; }, "no PEM private key");
  wrong([&](auto& o) { o.credentials.key_pem = secret_bytes{other.client_key_pem}; }, "not that of the client");
  wrong([](auto& o) { o.credentials.pkcs12 = secret_bytes{std::string_view{"none"}}; }, "no PKCS#12");
  wrong([](auto& o) { o.ca_pem = {"none"}; }, "no PEM certificate");
}

BOOST_AUTO_TEST_CASE(an_encrypted_key_and_pkcs12_open_with_their_password_only) {
  const test_pki pki;
  auto const in = [](std::string const& text) { return BIO_new_mem_buf(text.data(), static_cast<int>(text.size())); };
  BIO* bio = in(pki.client_key_pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  bio = in(pki.client_pem);
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  auto const contents = [](BIO* b) {
    char* data = nullptr;
    auto const size = BIO_get_mem_data(b, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(b);
    return text;
  };
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "sesame", 6, nullptr, nullptr);
  auto const encrypted = contents(bio);
  bio = BIO_new(BIO_s_mem());
  PKCS12* p12 = PKCS12_create("sesame", "client", key, certificate, nullptr, 0, 0, 0, 0, 0);
  i2d_PKCS12_bio(bio, p12);
  auto const file = contents(bio);
  PKCS12_free(p12);
  EVP_PKEY_free(key);
  X509_free(certificate);

  for (auto const* password : {"sesame", "wrong", ""}) {
    auto o = options_for(1, pki);
    o.credentials.certificate_pem = pki.client_pem;
    o.credentials.key_pem = secret_bytes{encrypted};
    o.credentials.key_password = secret_bytes{std::string_view{password}};
    auto p = options_for(1, pki);
    p.credentials.pkcs12 = secret_bytes{file};
    p.credentials.key_password = secret_bytes{std::string_view{password}};
    auto const by_pem = make_tls_setup(o), by_file = make_tls_setup(p);
    bool const right = std::string_view{password} == "sesame";
    BOOST_TEST(by_pem.has_value() == right);
    BOOST_TEST(by_file.has_value() == right);
    if (right) {
      BOOST_TEST((by_pem->client_certificate == by_file->client_certificate));
      BOOST_TEST(!by_pem->client_certificate.empty());
    } else {
      BOOST_TEST(says(by_pem.error().detail, "password"), by_pem.error().detail);
      BOOST_TEST(says(by_file.error().detail, "password"), by_file.error().detail);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_end_of_the_connection_is_recorded) {
  const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
  auto in = answer_of([&](auto& c, auto, auto const&) {
    c.hear("\r\n\r\n");
    c.say(half);
    c.close_notify();
  });
  BOOST_TEST((in.end == connection_end::close_notify));
  BOOST_TEST(in.octets == half);
  BOOST_TEST(!in.whole);
  in = answer_of([&](auto& c, auto, auto const&) {
    c.hear("\r\n\r\n");
    c.say(half);
  });
  BOOST_TEST((in.end == connection_end::closed));
  BOOST_TEST(in.octets == half);
  in = answer_of([&](auto& c, auto, auto const&) {
    c.hear("\r\n\r\n");
    c.reset();
  });
  BOOST_TEST((in.end == connection_end::reset));
  BOOST_TEST(says(in.complaint, "reset"), in.complaint);
}

BOOST_AUTO_TEST_CASE(garbage_over_tls_is_kept_and_told) {
  auto const in = answer_of([](auto& c, auto, auto const& stop) {
    c.hear("\r\n\r\n");
    c.say(std::string("\0\1\2 garbage\r\n\r\n", 15));
    hang(stop);
  });
  BOOST_TEST(!in.whole);
  BOOST_TEST(in.not_http);
  BOOST_TEST(in.octets.size() == 15u);
}

BOOST_AUTO_TEST_CASE(a_slow_dribble_meets_the_deadline_of_the_exchange) {
  auto const in = answer_of(
      [](auto& c, auto, auto const& stop) {
        c.hear("\r\n\r\n");
        c.say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (!stop) {
          c.say("x");
          std::this_thread::sleep_for(milliseconds{5});
        }
      },
      get(), {}, milliseconds{150});
  BOOST_TEST(!in.whole);
  BOOST_TEST((in.end == connection_end::timed_out));
  BOOST_TEST(in.octets.size() > 44u);
}

BOOST_AUTO_TEST_CASE(an_endless_header_ends_the_exchange) {
  auto const in = answer_of([](auto& c, auto, auto const& stop) {
    c.hear("\r\n\r\n");
    c.say("HTTP/1.1 200 OK\r\n");
    const std::string line = "X: " + std::string(4000, 'x') + "\r\n";
    for (int i = 0; i < 40 && !stop; ++i) c.say(line);
    hang(stop);
  });
  BOOST_TEST(!in.whole);
  BOOST_TEST(says(in.complaint, "too_large"), in.complaint);
  BOOST_TEST(in.octets.size() < 200000u);
}

BOOST_AUTO_TEST_CASE(a_body_waits_for_100_and_goes_without_it_after_a_second) {
  std::string early;
  auto in = answer_of(
      [&](auto& c, auto, auto const&) {
        early = c.hear("\r\n\r\n");
        c.say("HTTP/1.1 100 Continue\r\n\r\n");
        c.hear("the body");
        c.say(ok);
      },
      {"POST", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n", "the body", true});
  BOOST_TEST(in.whole);
  BOOST_TEST(!says(early, "the body"));
  BOOST_TEST(in.octets == "HTTP/1.1 100 Continue\r\n\r\n" + ok);
  in = answer_of(
      [&](auto& c, auto, auto const&) {
        c.hear("the body");
        c.say(ok);
      },
      {"POST", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n", "the body", true}, {},
      milliseconds{5000});
  BOOST_TEST(in.whole);
  BOOST_TEST(in.body_sent);
}

BOOST_AUTO_TEST_CASE(a_server_that_closes_while_it_is_written_to_raises_no_signal) {
  auto const in =
      answer_of([](auto& c, auto, auto const&) { c.reset(); },
                {"POST", "POST / HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n", std::string(4000000, 'x'), false});
  BOOST_TEST(!in.whole);
  BOOST_TEST((in.end == connection_end::reset || in.end == connection_end::closed));
}

BOOST_AUTO_TEST_SUITE_END()
