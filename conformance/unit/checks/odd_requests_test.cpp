/// Requests that clients get wrong, or that are large, and fields that anybody can forge.

#include "stage.hpp"

#include <algorithm>

using namespace est;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(odd_requests)

namespace {

http::request anonymous(http::request q) {
  q.headers.erase("Authorization");
  return q;
}

exchange without_certificate(exchange x) {
  x.client_certificate_shown = false;
  return x;
}

pki::attribute padding(std::size_t size) {
  return {pki::object_id{1, 3, 6, 1, 4, 1, 32473, 1}, {pki::der::octet_string(bytes(size, 0x20))}};
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_wrong_form_is_a_4xx_or_accepted_and_never_a_5xx, stage) {
  auto const c = csr();
  auto const good = control(post("simpleenroll", c.der()), certificate_for(c));
  const std::string pem =
      "-----BEGIN CERTIFICATE REQUEST-----\n" + encode_base64(c.der()) + "-----END CERTIFICATE REQUEST-----\n";
  auto untyped = post("simpleenroll", c.der());
  untyped.headers.erase("Content-Type");
  auto const in_der = post("simpleenroll", std::string{to_text(c.der())});
  auto const in_json = post("simpleenroll", std::string{"{\"csr\": 1}"});
  auto const broken = post("simpleenroll", spoil(c));
  for (auto const& [name, q] : {std::pair<std::string, http::request>{"pem", post("simpleenroll", pem)},
                                {"der", in_der},
                                {"json", in_json},
                                {"broken", broken},
                                {"untyped", untyped}}) {
    add(name + " 400", q, answer(400)).control = good;
    add(name + " 200", q, certificate_for(c)).control = good;
    add(name + " 500", q, answer(500)).control = good;
    add(name + " 503", q, answer(503)).control = good;
    add(name + " alone", q, answer(500));
    add(name + " of a server that is down", q, answer(500)).control =
        control(post("simpleenroll", c.der()), answer(500));
    auto const of = [&, vector = name](std::string const& what) {
      return said("http.client-error-class", vector + what);
    };
    BOOST_TEST(of(" 400") == "pass", name);
    BOOST_TEST(of(" 200") == "pass", name);
    BOOST_TEST(of(" 500") == "fail http-client-error-as-server-error", name);
    for (auto const what : {" 503", " alone", " of a server that is down"})
      BOOST_TEST(of(what) == "skip", name << what);
  }
  add("right", post("simpleenroll", c.der()), answer(500)).control = good;
  BOOST_TEST(said("http.client-error-class", "right") == "nothing");
  // At a key generation the signature is nothing.
  add("generation", post("serverkeygen", spoil(c)), answer(500)).control =
      control(post("serverkeygen", c.der()), key_for(make_key()));
  BOOST_TEST(said("http.client-error-class", "generation") == "nothing");
}

BOOST_FIXTURE_TEST_CASE(an_odd_path_is_not_for_the_server_to_break_on, stage) {
  auto const good = control(get("cacerts"), answer(200));
  for (auto const& path : {"a%3A1/cacerts", "a/b/cacerts", "cacerts/", "a/../cacerts"}) {
    for (int const status : {200, 404, 500}) {
      auto const name = path + std::to_string(status);
      add(name, get(path), answer(status)).control = good;
      BOOST_TEST(said("http.client-error-class", name) ==
                     (status == 500 ? "fail http-client-error-as-server-error" : "pass"),
                 name);
      BOOST_TEST(said("http.label-seen", name) == "pass", name);
    }
  }
  add("same", get("cacerts"), answer(500)).control = good;
  add("capture", get("a/b/cacerts"), answer(500));
  for (auto const name : {"same", "capture"}) {
    BOOST_TEST(said("http.client-error-class", name) == "nothing", name);
    BOOST_TEST(said("http.label-seen", name) == "nothing", name);
  }
}

BOOST_FIXTURE_TEST_CASE(a_large_request_is_to_be_answered_and_be_it_with_413, stage) {
  auto const c = csr(), large = csr({padding(8192)});
  auto const good = control(post("simpleenroll", c.der()), certificate_for(c));
  auto const ended = [&](std::string name, pki::csr const& what, connection_end end) -> record& {
    exchange x;
    x.name = std::move(name);
    x.request = http::encode(post("simpleenroll", what.der()));
    x.end = end;
    return add(std::move(x));
  };
  add("413", post("simpleenroll", large.der()), answer(413)).control = good;
  add("500", post("simpleenroll", large.der()), answer(500)).control = good;
  ended("reset", large, connection_end::reset).control = good;
  ended("closed", large, connection_end::closed).control = good;
  ended("silent", large, connection_end::timed_out).control = good;
  ended("small", c, connection_end::reset).control = good;
  ended("alone", large, connection_end::reset);
  ended("of a server that is down", large, connection_end::reset).control =
      control(post("simpleenroll", c.der()), answer(500));
  auto const of = [&](std::string_view name) { return said("http.large-request", name); };
  BOOST_TEST(of("413") == "pass");
  BOOST_TEST(of("500") == "pass");
  BOOST_TEST(of("reset") == "fail http-large-request-unanswered");
  BOOST_TEST(of("closed") == "fail http-large-request-unanswered");
  BOOST_TEST(of("silent") == "inconclusive");
  for (auto const name : {"small", "alone", "of a server that is down"}) BOOST_TEST(of(name) == "nothing", name);
}

BOOST_FIXTURE_TEST_CASE(an_error_that_shows_the_program_is_told, stage) {
  auto const q = post("simpleenroll", std::string{"bm8="});
  add("plain", q, answer(400, "text/plain", "The CSR cannot be read: no SEQUENCE at 3.\n"));
  add("java", q, answer(500, "text/html", "<pre>java.io.IOException\n\tat est.Enroll.doPost(Enroll.java:42)</pre>"));
  add("python", q, answer(500, "text/plain", "Traceback (most recent call last):\n  File \"a.py\", line 1\n"));
  add("key", q, answer(400, "text/plain", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"));
  add("empty", q, answer(400));
  BOOST_TEST(said("http.error-text", "plain") == "pass");
  for (auto const name : {"java", "python", "key"})
    BOOST_TEST(said("http.error-text", name) == "fail http-error-gives-away", name);
  BOOST_TEST(said("http.error-text", "empty") == "nothing");
}

BOOST_FIXTURE_TEST_CASE(a_redirection_is_seen_and_nothing_more, stage) {
  auto elsewhere = answer(307);
  elsewhere.headers.add("Location", "http://another.example/");
  add("elsewhere", get("cacerts"), elsewhere);
  BOOST_TEST(said("http.redirection-seen", "elsewhere") == "pass");
  add("here", get("cacerts"), answer(404));
  BOOST_TEST(said("http.redirection-seen", "here") == "nothing");
}

BOOST_FIXTURE_TEST_CASE(forged_fields_are_no_credential, stage) {
  auto const c = csr();
  auto const q = anonymous(post("simpleenroll", c.der()));
  auto forged = q;
  forged.headers.add("X-SSL-Client-Verify", "SUCCESS");
  add(without_certificate(make("forged", forged, certificate_for(c))));
  constexpr auto check = "enroll.authenticates-client";
  // A server that issues to anyone does not believe the fields: it does not look at them.
  BOOST_TEST(said(check, "forged") == "fail enroll-issued-to-anyone");
  add(without_certificate(make("anonymous", q, answer(401))));
  BOOST_TEST(said(check, "forged") == "fail enroll-forged-fields-believed");
  add(without_certificate(make("refused", forged, answer(403))));
  BOOST_TEST(said(check, "refused") == "pass");
  add(without_certificate(make("not understood", forged, answer(400))));
  BOOST_TEST(said(check, "not understood") == "pass");
  auto shown = make("with a certificate", forged, certificate_for(c));
  shown.client_certificate_shown = true;
  add(shown);
  BOOST_TEST(said(check, "with a certificate") == "skip");
}

BOOST_FIXTURE_TEST_CASE(a_serial_number_is_given_once_by_each_ca, stage) {
  auto const first = csr(), second = csr({}, common_name("device 2"));
  auto const answered = certificate_for(first);
  add("first", post("simpleenroll", first.der()), answered);
  add("again", post("simpleenroll", first.der()), answered);
  BOOST_TEST(said("pkix.issued", "again") == "pass", "the same certificate once more");
  auto const repeat = [&](pki::csr const& of) {
    auto const serial_in = [](http::response const& r) {
      return must(pki::parse_certs_only(*decode_base64(r.body))).certificates().front().serial();
    };
    auto const theirs = serial_in(answered);
    auto made = certificate_for(of);
    // One number is written over the other, so they have to be as long, and written without or with a zero in front.
    while (serial_in(made).size() != theirs.size() || ((serial_in(made).front() ^ theirs.front()) & 0x80u) != 0)
      made = certificate_for(of);
    auto octets = *decode_base64(made.body);
    auto const mine = serial_in(made);
    std::copy(theirs.begin(), theirs.end(), std::search(octets.begin(), octets.end(), mine.begin(), mine.end()));
    made.body = encode_base64(octets);
    return made;
  };
  add("other", post("simpleenroll", second.der()), certificate_for(second));
  BOOST_TEST(said("pkix.issued", "other") == "pass");
  add("repeated", post("simpleenroll", second.der()), repeat(second));
  BOOST_TEST(said("pkix.issued", "repeated") == "fail pkix-serial-repeated");
}

BOOST_AUTO_TEST_SUITE_END()
