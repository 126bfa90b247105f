#include "scripted.hpp"

#include <est/client/enrolment.hpp>
#include <est/client/renewal.hpp>

#include <botan/rng.h>

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <variant>

using namespace est;
using namespace est::test;
using std::chrono::hours, std::chrono::seconds;

namespace {

/// A certificate of a day whose names would not survive being rebuilt from text.
pki::certificate certificate_of(pki::private_key const& key) {
  pki::alternative_names names;
  names.dns = {"Device.Example", "b.example"};
  return root().issue(key.public_key_info(), "device", {pki::make_subject_alternative_name(names)});
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(renewals, scripted_fixture)

BOOST_AUTO_TEST_CASE(the_time_of_renewal_lies_in_its_window) {
  auto const certificate = certificate_of(device().key);
  auto const lifetime = certificate.not_after() - certificate.not_before();
  std::set<pki::time_point> times;
  for (int i = 0; i < 200; ++i) {
    auto const at = renew_at(certificate, {}, rng());
    BOOST_TEST((at >= certificate.not_before() + lifetime * 67 / 100 - seconds{1}));
    BOOST_TEST((at <= certificate.not_before() + lifetime * 77 / 100 + seconds{1}));
    times.insert(at);
  }
  BOOST_TEST(times.size() > 100u); // of 9000 seconds
}

BOOST_AUTO_TEST_CASE(the_policy_is_obeyed_and_the_end_is_never_passed) {
  auto const certificate = certificate_of(device().key);
  BOOST_TEST((renew_at(certificate, {50, 0, seconds{0}}, rng()) ==
              certificate.not_before() + (certificate.not_after() - certificate.not_before()) / 2));
  BOOST_TEST((renew_at(certificate, {100, 100, seconds{0}}, rng()) == certificate.not_after()));
  BOOST_TEST((renew_at(certificate, {1000, 1000, hours{2}}, rng()) == certificate.not_after() - hours{2}));
  BOOST_TEST((renew_at(certificate, {0, 0, hours{2}}, rng()) == certificate.not_before()));
  // A margin that is longer than half of the life is not meant for this certificate.
  BOOST_TEST((renew_at(certificate, {100, 0, hours{24 * 30}}, rng()) == certificate.not_after()));
}

// RFC 7030 section 4.2.3: MUST wait at least the specified time
BOOST_AUTO_TEST_CASE(a_pending_request_is_never_repeated_too_early) {
  auto const received = at_test_time().now;
  pending later;
  for (int i = 0; i < 50; ++i) {
    later = {};
    later.retry_after = seconds{1000};
    auto const at = retry_at(later, received, {}, rng());
    BOOST_TEST((at >= received + seconds{1000}));
    BOOST_TEST((at <= received + seconds{1100}));
    later = {};
    later.retry_at = received + hours{1};
    BOOST_TEST((retry_at(later, received, {}, rng()) >= received + hours{1}));
  }
  later = {};
  later.retry_at = received - hours{1};
  BOOST_TEST((retry_at(later, received, {seconds{7}, seconds{5}, 0}, rng()) == received + seconds{5}));
  later = {};
  BOOST_TEST((retry_at(later, received, {seconds{7}, seconds{5}, 0}, rng()) == received + seconds{7}));
  later.retry_after = seconds{2147483648};
  BOOST_TEST((retry_at(later, received, {}, rng()) >= received + seconds{2147483648}));
}

// RFC 7030 section 4.2.2: MUST be identical
BOOST_AUTO_TEST_CASE(a_renewal_copies_the_names_octet_for_octet) {
  auto const current = certificate_of(device().key);
  auto const csr = must(make_renewal_csr(current, device().key, at_test_time()));
  BOOST_TEST((csr.subject_der() == current.subject_der()));
  auto const requested = csr.requested_extensions();
  BOOST_REQUIRE(requested.size() == 1u);
  BOOST_TEST((requested.front().value == current.find(pki::oids::subject_alternative_name)->value));
  BOOST_TEST(csr.signature_verifies());
  BOOST_TEST(!csr.challenge_password());
  BOOST_TEST((csr.public_key_info() == current.public_key_info()));
}

BOOST_AUTO_TEST_CASE(a_certificate_without_alternative_names_asks_for_none) {
  auto const current = root().issue(device().key.public_key_info(), "device");
  BOOST_TEST(must(make_renewal_csr(current, device().key, at_test_time())).requested_extensions().empty());
}

BOOST_AUTO_TEST_CASE(what_is_made_from_the_certificate_cannot_be_brought_along) {
  auto const current = certificate_of(device().key);
  for (auto const& attribute :
       {pki::challenge_password_attribute("x"), pki::subject_alternative_names({{"a.example"}, {}, {}, {}})}) {
    auto const csr = make_renewal_csr(current, device().key, at_test_time(), {{attribute}, {}});
    BOOST_REQUIRE(!csr);
    BOOST_TEST((csr.error().code == errc::invalid_argument));
  }
}

BOOST_AUTO_TEST_CASE(renew_keeps_the_key_and_rekey_changes_it) {
  auto const current = certificate_of(device().key);
  auto const fresh = make_key();
  auto client = make();
  BOOST_TEST((renew(client, current, fresh, at_test_time()).error().code == errc::key_mismatch));
  BOOST_TEST((rekey(client, current, device().key, at_test_time()).error().code == errc::key_mismatch));
  BOOST_TEST(server.asked.empty());

  server.answers = {issued_answer(device().csr)};
  auto const renewed = renew(client, current, device().key, at_test_time());
  BOOST_REQUIRE_MESSAGE(renewed, why(renewed));
  BOOST_TEST(device().key.belongs_to(std::get<issued>(*renewed).certificate));
  BOOST_TEST(server.asked.at(0).target == "/.well-known/est/simplereenroll");

  server.answers = {to_http_reply<op::simple_reenroll>(must(make_issued(certificate_of(fresh))))};
  auto const rekeyed = rekey(client, current, fresh, at_test_time());
  BOOST_REQUIRE_MESSAGE(rekeyed, why(rekeyed));
  BOOST_TEST(fresh.belongs_to(std::get<issued>(*rekeyed).certificate));
}

// RFC 7030 section 3.5: SHOULD
BOOST_AUTO_TEST_CASE(an_enrolment_and_a_renewal_are_linked_to_their_connection_unless_told_otherwise) {
  auto const current = certificate_of(device().key);
  auto client = make();
  auto facts = transport::loopback_facts();
  facts.version = http::tls_version::tls_1_2;
  facts.extended_master_secret = true;
  facts.tls_unique = bytes(12, 7);
  client.transport().set_facts(facts, facts);
  pki::csr_order order;
  order.subject = common_name("device");
  server.answers.assign(4, issued_answer(device().csr));
  BOOST_TEST(renew(client, current, device().key, at_test_time()).has_value());
  BOOST_TEST(renew(client, current, device().key, at_test_time(), {}, std::nullopt).has_value());
  BOOST_TEST(enroll(client, order, device().key, at_test_time()).has_value());
  BOOST_TEST(enroll(client, order, device().key, at_test_time(), std::nullopt).has_value());
  auto const request = [&](std::size_t i) { return must(parse_request<op::simple_enroll>(server.asked.at(i))).csr; };
  BOOST_REQUIRE(challenge_password(facts));
  for (std::size_t const i : {0u, 2u}) BOOST_TEST((request(i).challenge_password() == challenge_password(facts)));
  for (std::size_t const i : {1u, 3u}) BOOST_TEST(!request(i).challenge_password());
  BOOST_TEST(server.asked.at(2).target == "/.well-known/est/simpleenroll");
  BOOST_TEST((request(2).subject_der() == common_name("device")));
}

BOOST_AUTO_TEST_CASE(where_there_is_nothing_to_link_to_a_request_goes_without_and_a_password_of_ones_own_stays) {
  auto client = make();
  auto facts = transport::loopback_facts();
  facts.version = http::tls_version::tls_1_3;
  facts.tls_exporter = bytes(32, 7);
  client.transport().set_facts(facts, facts);
  pki::csr_order order;
  order.subject = common_name("device");
  server.answers.assign(2, issued_answer(device().csr));
  BOOST_TEST(enroll(client, order, device().key, at_test_time()).has_value());
  BOOST_TEST(!must(parse_request<op::simple_enroll>(server.asked.at(0))).csr.challenge_password());
  order.attributes = {pki::challenge_password_attribute("enrolment code")};
  BOOST_TEST(enroll(client, order, device().key, at_test_time(), channel_binding::tls_exporter).has_value());
  auto const own = must(parse_request<op::simple_enroll>(server.asked.at(1))).csr;
  BOOST_TEST(own.challenge_password().value_or("") == "enrolment code");
  BOOST_TEST(own.attributes().size() == 1u);
}

// RFC 9266 section 4.1: MUST NOT be used for more, MUST close
BOOST_AUTO_TEST_CASE(a_connection_whose_exporter_value_was_sent_is_closed) {
  auto client = make();
  auto facts = transport::loopback_facts();
  facts.version = http::tls_version::tls_1_3;
  facts.tls_exporter = bytes(32, 7);
  client.transport().set_facts(facts, facts);
  pki::csr_order order;
  order.subject = common_name("device");
  server.answers = {cacerts_answer(), issued_answer(device().csr), cacerts_answer(), status_answer(403)};
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.facts().has_value());
  BOOST_TEST(enroll(client, order, device().key, at_test_time(), channel_binding::tls_exporter).has_value());
  BOOST_TEST(client.transport().connections() == 1u);
  BOOST_TEST(!client.facts());
  BOOST_TEST((client.transport().round_trip({}).error().code == errc::connection_closed));
  BOOST_TEST(client.cacerts().has_value());
  BOOST_TEST(client.transport().connections() == 2u);
  BOOST_TEST(!enroll(client, order, device().key, at_test_time(), channel_binding::tls_exporter)); // a refusal too
  BOOST_TEST(!client.facts());
}

// RFC 7030 section 4.1.2: SHOULD
BOOST_AUTO_TEST_CASE(ca_certificates_are_refreshed_before_the_first_of_them_expires) {
  auto const day = hours{24};
  test_root const top;
  auto const bag = [&](std::chrono::seconds longer) {
    pki::certificate_order order;
    auto const key = make_key();
    order.subject_der = common_name("intermediate");
    order.public_key_info = key.public_key_info();
    order.not_before = top.certificate.not_before();
    order.not_after = top.certificate.not_before() + longer;
    order.extensions = {pki::make_basic_constraints(true)};
    return must(pki::make_certs_only(
        {must(pki::make_certificate(order, top.key, top.certificate, {}, at_test_time())), top.certificate}));
  };
  auto const stored = [&](pki::certs_only const& answer) {
    return must(update_anchors(answer, {anchor_kind::explicit_anchors, {top.certificate}}, new_root::refused,
                               at_test_time().now))
        .certificates;
  };
  renewal_policy const half{50, 0, seconds{0}};
  auto const life = top.certificate.not_after() - top.certificate.not_before();
  auto const alone = stored(must(pki::make_certs_only({top.certificate})));
  BOOST_TEST((refresh_at(alone, half, rng()) == top.certificate.not_before() + life / 2));
  auto const below = stored(bag(std::chrono::duration_cast<seconds>(life) - day / 24));
  BOOST_REQUIRE(below.intermediates().size() == 1u);
  auto const at = refresh_at(below, half, rng());
  BOOST_TEST((at < top.certificate.not_before() + life / 2));
  BOOST_TEST((at == renew_at(below.intermediates().front(), half, rng())));
}

BOOST_AUTO_TEST_CASE(a_pending_renewal_says_when) {
  auto const current = certificate_of(device().key);
  server.answers = {status_answer(202, {{"Retry-After", "120"}})};
  auto client = make();
  auto const reply = renew(client, current, device().key, at_test_time());
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  auto const now = at_test_time().now;
  BOOST_TEST((retry_at(std::get<pending>(*reply), now, {}, rng()) >= now + seconds{120}));
}

BOOST_AUTO_TEST_SUITE_END()
