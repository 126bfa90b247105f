// Whom a client trusts after a /cacerts answer: bootstrap by fingerprint, roots that change, and what is left out.
#include "../message/pki_fixture.hpp"

#include <est/client/anchors.hpp>
#include <est/server/memory_ca.hpp>
#include <est/transport/loopback.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace est;
using namespace est::test;

namespace {

void done(result<void> const& r) { BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? std::string{} : to_text(r.error()))); }

const pki::time_point today = at_test_time().now;

memory_ca make_ca(std::string name = "EST test") {
  memory_ca_options options;
  options.name = std::move(name);
  return must(memory_ca::make(options, at_test_time()));
}

pki::certs_only answer_of(memory_ca const& ca) { return must(ca.ca_certificates({})); }

/// The answer with other certificates.
pki::certs_only bag(std::vector<pki::certificate> certificates) {
  return must(pki::make_certs_only(std::move(certificates)));
}

trust_anchors of(pki::certificate const& root, anchor_kind kind = anchor_kind::explicit_anchors) {
  return {kind, {root}};
}

pki::certificate issued_by(memory_ca const& ca) {
  return must(ca.certify(common_name("device"), device().key.public_key_info(), std::nullopt, certificate_use::client,
                         at_test_time()));
}

pki::path_policy now() {
  pki::path_policy policy;
  policy.at = today;
  return policy;
}

template <class T> void refused(result<T> const& r, errc code) {
  BOOST_REQUIRE_MESSAGE(!r, name(code) << " is due");
  BOOST_TEST(name(r.error().code) == name(code), to_text(r.error()));
}

} // namespace

BOOST_AUTO_TEST_SUITE(bootstrap)

BOOST_AUTO_TEST_CASE(a_fingerprint_makes_an_anchor_of_a_root_and_nothing_else_does) {
  auto const ca = make_ca();
  const bootstrap_set set{answer_of(ca)};
  for (auto const* hash : {"SHA-256", "SHA-512"}) {
    auto const made = must(set.confirm(must(digest(hash, ca.root().der())), today));
    BOOST_TEST((made.root() == ca.root()));
    BOOST_REQUIRE(made.intermediates().size() == 1u);
    BOOST_TEST((made.intermediates().front() == ca.issuer()));
    BOOST_TEST((made.anchors().kind == anchor_kind::explicit_anchors));
    auto const path = pki::validate_path(issued_by(ca), made.bag(), made.anchors().certificates, {}, now());
    BOOST_TEST(path.has_value());
  }
  auto wrong = sha256(ca.root().der());
  wrong[0] ^= 1;
  refused(set.confirm(wrong, today), errc::no_trust_anchor);
  refused(set.confirm(sha256(ca.issuer().der()), today), errc::no_trust_anchor); // an intermediate is no root
  refused(set.confirm(must(digest("SHA-1", ca.root().der())), today), errc::invalid_argument);
  refused(set.confirm({}, today), errc::invalid_argument);
}

BOOST_AUTO_TEST_CASE(what_can_be_confirmed_is_shown_and_no_certificate_is) {
  auto const ca = make_ca();
  auto const candidates = bootstrap_set{answer_of(ca)}.candidates();
  BOOST_REQUIRE(candidates.size() == 2u);
  int roots = 0;
  for (auto const& one : candidates) {
    if (!one.self_signed) continue;
    ++roots;
    BOOST_TEST(one.subject == ca.root().subject_text());
    BOOST_TEST(one.sha256 == sha256(ca.root().der()));
    BOOST_TEST(one.sha512.size() == 64u);
    BOOST_TEST((one.not_after == ca.root().not_after()));
  }
  BOOST_TEST(roots == 1);
  // A set serves as no anchors and as no bag.
  static_assert(!std::is_convertible_v<bootstrap_set, trust_anchors>);
  static_assert(!std::is_convertible_v<bootstrap_set, pki::certs_only>);
  static_assert(!std::is_constructible_v<trust_anchors, bootstrap_set>);
}

BOOST_AUTO_TEST_CASE(a_confirmed_root_that_is_no_longer_valid_is_refused) {
  auto const ca = make_ca();
  const bootstrap_set set{answer_of(ca)};
  refused(set.confirm(sha256(ca.root().der()), ca.root().not_after() + std::chrono::hours{1}),
          errc::certificate_expired);
  refused(set.confirm(sha256(ca.root().der()), ca.root().not_before() - std::chrono::hours{1}),
          errc::certificate_not_yet_valid);
}

BOOST_AUTO_TEST_CASE(fingerprints_are_read_as_people_write_them) {
  auto const sum = sha256({});
  std::string with_colons;
  for (auto const octet : sum) with_colons += (with_colons.empty() ? "" : ":") + to_hex({&octet, 1});
  BOOST_TEST(must(parse_fingerprint(to_hex(sum))) == sum);
  BOOST_TEST(must(parse_fingerprint(with_colons)) == sum);
  for (auto& c : with_colons) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  BOOST_TEST(must(parse_fingerprint(with_colons)) == sum);
  for (auto const& text : {std::string{}, std::string{"00"}, to_hex(sum) + "0", to_hex(sum) + "00",
                           "x" + to_hex(sum).substr(1), std::string(40, '0')})
    refused(parse_fingerprint(text), errc::invalid_argument);
}

// RFC 7030 section 4.1.1
BOOST_AUTO_TEST_CASE(the_set_is_fetched_by_one_request_without_credentials) {
  auto const ca = make_ca();
  auto const asked = std::make_shared<std::vector<http::request>>();
  auto const serve = [&ca, asked](http::request const& question, http::tls_facts const&) {
    asked->push_back(question);
    return to_http_reply<op::cacerts>({answer_of(ca)}, {});
  };
  http::tls_facts unverified;
  auto const set = must(fetch_bootstrap_set(transport::loopback{serve, unverified}, {"est.example", ""}));
  BOOST_TEST(set.candidates().size() == 2u);
  BOOST_REQUIRE(asked->size() == 1u);
  BOOST_TEST(asked->front().method == "GET");
  BOOST_TEST(asked->front().target == "/.well-known/est/cacerts");
  BOOST_TEST(asked->front().headers.count("Authorization") == 0u);

  auto const asks = [](http::request const&, http::tls_facts const&) {
    http::response answer;
    answer.status = 401;
    answer.headers.add("WWW-Authenticate", "Basic realm=\"x\"");
    return answer;
  };
  refused(fetch_bootstrap_set(transport::loopback{asks, unverified}, {"est.example", ""}), errc::unauthenticated);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(anchors)

BOOST_AUTO_TEST_CASE(the_same_root_is_known) {
  auto const ca = make_ca();
  auto const update = must(update_anchors(answer_of(ca), of(ca.root()), new_root::refused, today));
  BOOST_TEST((update.origin == root_origin::known));
  BOOST_TEST((update.certificates.root() == ca.root()));
}

// RFC 7030 section 4.1.3; RFC 4210 section 4.4
BOOST_AUTO_TEST_CASE(a_root_with_a_new_key_follows_from_the_old_one) {
  auto ca = make_ca();
  auto const old_root = ca.root();
  auto const before = issued_by(ca);
  done(ca.roll_over(at_test_time()));
  BOOST_TEST(!(ca.root() == old_root));
  auto const answer = answer_of(ca);
  BOOST_TEST(answer.certificates().size() == 5u);
  notes remarks;
  auto const update = must(update_anchors(answer, of(old_root), new_root::refused, today, &remarks));
  BOOST_TEST(remarks.empty());
  BOOST_TEST((update.origin == root_origin::rolled_over));
  auto const& sorted = update.certificates;
  BOOST_TEST((sorted.root() == ca.root()));
  BOOST_REQUIRE(sorted.earlier_roots().size() == 1u);
  BOOST_TEST((sorted.earlier_roots().front() == old_root));
  BOOST_REQUIRE(sorted.old_with_new().size() == 1u);
  BOOST_TEST(sorted.old_with_new().front().public_key_info() == old_root.public_key_info());
  BOOST_TEST(sorted.old_with_new().front().verifies_under(ca.root()));
  BOOST_REQUIRE(sorted.new_with_old().size() == 1u);
  BOOST_TEST(sorted.new_with_old().front().public_key_info() == ca.root().public_key_info());
  BOOST_TEST(sorted.new_with_old().front().verifies_under(old_root));
  BOOST_TEST(sorted.intermediates().size() == 1u);
  // What was issued before holds under the new root, and what is issued now under the old one.
  auto const path = must(pki::validate_path(before, sorted.bag(), sorted.anchors().certificates, {}, now()));
  BOOST_TEST(path.certificates.size() == 4u); // device, issuing CA, OldWithNew, NewWithNew
  BOOST_TEST(pki::validate_path(issued_by(ca), sorted.bag(), std::vector{old_root}, {}, now()).has_value());
}

BOOST_AUTO_TEST_CASE(a_second_change_is_followed_by_whoever_followed_the_first) {
  auto ca = make_ca();
  auto const first = ca.root();
  done(ca.roll_over(at_test_time()));
  auto const second = ca.root();
  done(ca.roll_over(at_test_time()));
  auto const update = must(update_anchors(answer_of(ca), of(second), new_root::refused, today));
  BOOST_TEST((update.origin == root_origin::rolled_over));
  BOOST_TEST((update.certificates.root() == ca.root()));
  BOOST_TEST(pki::validate_path(issued_by(ca), update.certificates.bag(), update.certificates.anchors().certificates,
                                {}, now())
                 .has_value());
  refused(update_anchors(answer_of(ca), of(first), new_root::refused, today), errc::no_trust_anchor);
}

BOOST_AUTO_TEST_CASE(an_old_fingerprint_leads_to_the_new_root) {
  auto ca = make_ca();
  auto const old_root = ca.root();
  done(ca.roll_over(at_test_time()));
  auto const sorted = must(bootstrap_set{answer_of(ca)}.confirm(sha256(old_root.der()), today));
  BOOST_TEST((sorted.root() == ca.root()));
}

BOOST_AUTO_TEST_CASE(without_new_with_old_a_new_root_is_trusted_on_no_word_but_the_servers_if_asked) {
  auto ca = make_ca();
  auto const old_root = ca.root();
  done(ca.roll_over(at_test_time()));
  std::vector<pki::certificate> rest;
  auto const answer = answer_of(ca);
  for (auto const& c : answer.certificates())
    if (!(c == old_root) && !c.verifies_under(old_root)) rest.push_back(c);
  rest.push_back(ca.issuer());
  refused(update_anchors(bag(rest), of(old_root), new_root::refused, today), errc::no_trust_anchor);
  auto const update =
      must(update_anchors(bag(rest), of(old_root), new_root::accepted_from_authenticated_server, today));
  BOOST_TEST((update.origin == root_origin::on_the_servers_word));
  BOOST_TEST((update.certificates.root() == ca.root()));
  BOOST_TEST(update.certificates.earlier_roots().empty());
}

BOOST_AUTO_TEST_CASE(a_known_root_is_not_given_up_for_a_stranger_with_a_later_end) {
  auto const ca = make_ca(), stranger = make_ca("Stranger");
  auto const both = bag({ca.root(), ca.issuer(), stranger.root(), stranger.issuer()});
  for (auto const policy : {new_root::refused, new_root::accepted_from_authenticated_server}) {
    notes remarks;
    auto const update = must(update_anchors(both, of(ca.root()), policy, today, &remarks));
    BOOST_TEST((update.certificates.root() == ca.root()));
    BOOST_TEST(update.certificates.earlier_roots().empty());
    BOOST_TEST(update.certificates.intermediates().size() == 1u);
    BOOST_TEST(remarks.size() == 2u);
    BOOST_TEST(remarks.has(note_code::cacerts_unverified));
  }
}

BOOST_AUTO_TEST_CASE(a_ca_may_not_bring_in_the_root_of_another) {
  // The known root certifies the key and the name of a stranger's root: that makes it an intermediate, and no anchor.
  auto const stranger = make_ca("Stranger");
  auto const crossed =
      root().issue(stranger.root().public_key_info(), "Stranger root CA", {pki::make_basic_constraints(true)});
  BOOST_REQUIRE(crossed.subject_der() == stranger.root().subject_der());
  refused(update_anchors(bag({stranger.root(), crossed}), of(root().certificate), new_root::refused, today),
          errc::no_trust_anchor);
  auto const update = must(update_anchors(bag({root().certificate, stranger.root(), crossed}), of(root().certificate),
                                          new_root::refused, today));
  BOOST_TEST((update.certificates.root() == root().certificate));
  BOOST_TEST(update.certificates.intermediates().size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_left_out_is_noted) {
  auto const ca = make_ca();
  notes remarks;
  auto const update = must(update_anchors(bag({ca.root(), ca.root(), ca.issuer(), issued_by(ca)}), of(ca.root()),
                                          new_root::refused, today, &remarks));
  BOOST_TEST(update.certificates.bag().size() == 1u);
  BOOST_TEST(remarks.size() == 2u);
  BOOST_TEST(remarks.has(note_code::cacerts_repeated));
  BOOST_TEST(remarks.has(note_code::cacerts_no_ca));
  notes rootless;
  refused(
      update_anchors(bag({ca.issuer()}), of(ca.root()), new_root::accepted_from_authenticated_server, today, &rootless),
      errc::no_trust_anchor);
  BOOST_TEST(rootless.has(note_code::cacerts_no_root));
}

BOOST_AUTO_TEST_CASE(an_expired_root_is_no_anchor) {
  auto const ca = make_ca();
  refused(
      update_anchors(answer_of(ca), of(ca.root()), new_root::refused, ca.root().not_after() + std::chrono::hours{1}),
      errc::certificate_expired);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(server_chains)

namespace {

pki::certificate server_named(std::string dns, pki::object_id purpose) {
  pki::alternative_names names;
  names.dns = {std::move(dns)};
  return root().issue(device().key.public_key_info(), "server",
                      {pki::make_subject_alternative_name(names), pki::make_extended_key_usage({purpose})});
}

} // namespace

// RFC 7030 sections 3.6.1 and 3.6.2
BOOST_AUTO_TEST_CASE(a_server_is_known_by_chain_purpose_and_name) {
  auto const web = server_named("est.example", pki::oids::server_auth),
             ra = server_named("ra.example", pki::oids::cmc_ra),
             client = server_named("est.example", pki::oids::client_auth);
  auto const check = [](pki::certificate const& server, anchor_kind kind) {
    return check_server(std::vector{server}, of(root().certificate, kind), "est.example", {}, now());
  };
  BOOST_TEST(check(web, anchor_kind::explicit_anchors).has_value());
  BOOST_TEST(check(web, anchor_kind::implicit_anchors).has_value());
  BOOST_TEST(check(ra, anchor_kind::explicit_anchors).has_value());
  refused(check(ra, anchor_kind::implicit_anchors), errc::wrong_usage);
  refused(check(client, anchor_kind::explicit_anchors), errc::wrong_usage);
  refused(check(server_named("other.example", pki::oids::server_auth), anchor_kind::explicit_anchors),
          errc::server_name_mismatch);
  refused(check_server({}, of(root().certificate), "est.example", {}, now()), errc::server_untrusted);
  auto const stranger = make_ca("Stranger");
  refused(check_server(std::vector{web}, of(stranger.root()), "est.example", {}, now()), errc::no_trust_anchor);
}

BOOST_AUTO_TEST_CASE(a_revoked_server_is_told_from_an_expired_one) {
  auto const web = server_named("est.example", pki::oids::server_auth);
  pki::crl_order order;
  order.this_update = today;
  order.next_update = today + std::chrono::hours{1};
  order.revoked = {{web.serial(), today}};
  auto const list = must(pki::make_crl(order, root().key, root().certificate, "", at_test_time()));
  auto const anchors = of(root().certificate);
  refused(check_server(std::vector{web}, anchors, "est.example", std::vector{list}, now()), errc::certificate_revoked);
  auto later = now();
  later.at = today + std::chrono::hours{25};
  refused(check_server(std::vector{web}, anchors, "est.example", std::vector{list}, later), errc::certificate_expired);
}

BOOST_AUTO_TEST_SUITE_END()
