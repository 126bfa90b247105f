// Requests at /fullcmc that have to wait, and certificates that have to be confirmed: RFC 5272 sections 6.13 and 6.14.
#include "full_cmc_fixture.hpp"

#include <est/server/approval.hpp>

#include <map>

#include <boost/test/unit_test.hpp>

using namespace est;
using namespace est::test;

namespace {

/// A memory_ca that remembers what it lets wait, and wants what it issues to be confirmed where it is told so.
struct slow_ca {
  memory_ca& inner;
  bool waits = false, wants_confirmation = false;
  std::map<bytes, pki::csr> held = {};
  std::vector<pki::certificate> unconfirmed = {};

  result<pki::certs_only> ca_certificates(std::string_view label) const { return inner.ca_certificates(label); }
  result<issuance> issue(pki::csr const& csr, peer const& who, std::string_view label, pki::context const& at) {
    if (waits) {
      held.insert_or_assign(sha256(csr.der()), csr);
      pending later;
      later.retry_after = std::chrono::seconds{90};
      later.text = "An officer has to look at this.";
      return issuance{later};
    }
    auto made = inner.issue(csr, who, label, at);
    if (made && std::holds_alternative<pki::certificate>(*made))
      unconfirmed.push_back(std::get<pki::certificate>(*made));
    return made;
  }
  result<bytes> sign_cmc(pki::object_id const& type, byte_view content, std::span<const pki::certificate> bag,
                         std::string_view label, pki::context const& at) const {
    return inner.sign_cmc(type, content, bag, label, at);
  }
  result<pki::csr> pending_request(byte_view token, std::string_view) const {
    auto const found = held.find(to_bytes(token));
    if (found == held.end()) return fail(errc::invalid_argument, "token", "There is no such request here.");
    return found->second;
  }
  bool confirmation_required(pki::certificate const&, std::string_view) const { return wants_confirmation; }
  result<void> confirm(pki::certificate_identifier const& id, peer const&, std::string_view, pki::context const&) {
    for (auto const& one : unconfirmed)
      if (id.names(one)) return {};
    return fail(errc::no_certificate, "confirm", "");
  }
};
static_assert(cmc_pending_authority<slow_ca> && cmc_confirming_authority<slow_ca>);

} // namespace

BOOST_FIXTURE_TEST_SUITE(full_cmc_pending, cmc_fixture)

BOOST_AUTO_TEST_CASE(a_pending_request_is_asked_for_by_its_token_and_the_same_key) {
  slow_ca slow{ca, true};
  auto const through = [&](full_cmc_request const& request, std::optional<bytes> const& wanted = std::nullopt) {
    auto const answer = ask_of(slow, post_octets(request.content_info));
    return got(judge_full_cmc(request, got(parse_reply<op::full_cmc>(answer)), trust, now, wanted));
  };
  auto const first = through(got(make_full_cmc_request(proven(), key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_pending>(first));
  auto const& later = std::get<cmc_pending>(first);
  BOOST_REQUIRE(later.token);
  BOOST_TEST((later.at == now + std::chrono::seconds{90}));
  BOOST_TEST(later.text == "An officer has to look at this.");

  full_cmc_order query;
  query.query_pending = later.token;
  auto const again = got(make_full_cmc_request(query, key, at));
  BOOST_TEST(std::holds_alternative<cmc_pending>(through(again)));
  slow.waits = false;
  check_issued(through(again, key.public_key_info()), key);

  auto const other = make_key(); // who knows the token and not the key is nobody
  options.check_password = {};
  auto const stolen = through(got(make_full_cmc_request(query, other, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(stolen));
  check_refusal(std::get<cmc_refusal>(stolen), 400, cmc_fail_info::bad_message_check, {0});
  query.query_pending = bytes(32, 0);
  auto const unknown = through(got(make_full_cmc_request(query, key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(unknown));
  check_refusal(std::get<cmc_refusal>(unknown), 400, cmc_fail_info::bad_request, {3});
}

BOOST_AUTO_TEST_CASE(a_request_that_people_approve_is_sent_again_and_granted) {
  approval_desk<memory_ca> desk{got(memory_ca::make({}, at))};
  trust.anchors = {desk.root()};
  auto const through = [&] { // made anew each time, as a client does that was restarted
    auto const request = got(make_full_cmc_request(proven(), key, at));
    auto const answer = ask_of(desk, post_octets(request.content_info));
    return got(judge_full_cmc(request, got(parse_reply<op::full_cmc>(answer)), trust, now));
  };
  BOOST_TEST(std::holds_alternative<cmc_pending>(through()));
  BOOST_TEST(std::holds_alternative<cmc_pending>(through()));
  BOOST_REQUIRE_EQUAL(desk.entries().size(), 1u);
  BOOST_TEST(desk.entries().front().client == "CMC, shared secret of device-1");
  BOOST_TEST(desk.approve(desk.entries().front().id));
  check_issued(through(), key);
}

BOOST_AUTO_TEST_CASE(a_pending_request_is_one_of_the_client_that_sent_it) {
  approval_desk<memory_ca> desk{got(memory_ca::make({}, at))};
  auto const request = got(make_full_cmc_request(proven(), key, at));
  ask_of(desk, post_octets(request.content_info));
  options.check_password = {};
  auto const unproven = got(make_full_cmc_request(order(), key, at));
  BOOST_TEST(ask_of(desk, post_octets(unproven.content_info)).status == 403);
  BOOST_TEST(desk.entries().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_authority_that_remembers_nothing_does_not_do_query_pending) {
  full_cmc_order query;
  query.query_pending = bytes(32, 0);
  auto const outcome = outcome_of(got(make_full_cmc_request(query, key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
  BOOST_TEST((std::get<cmc_refusal>(outcome).status == cmc_status::no_support));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_has_to_be_confirmed_is_confirmed_by_its_key) {
  slow_ca slow{ca, false, true};
  auto const through = [&](full_cmc_request const& request) {
    auto const answer = ask_of(slow, post_octets(request.content_info));
    return got(judge_full_cmc(request, got(parse_reply<op::full_cmc>(answer)), trust, now));
  };
  auto const first = through(got(make_full_cmc_request(proven(), key, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_confirmation_wanted>(first));
  auto const& certificate = std::get<cmc_confirmation_wanted>(first).answer.certificate;
  full_cmc_order acceptance;
  acceptance.confirm = certificate;
  BOOST_TEST(
      std::holds_alternative<cmc_done>(through(got(make_full_cmc_request(acceptance, key, certificate, {}, at)))));
  acceptance.confirm = ca.root();
  auto const wrong = through(got(make_full_cmc_request(acceptance, key, certificate, {}, at)));
  BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(wrong));
  check_refusal(std::get<cmc_refusal>(wrong), 400, cmc_fail_info::bad_cert_id, {3});
}

BOOST_AUTO_TEST_SUITE_END()
