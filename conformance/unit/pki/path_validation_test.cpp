// Whether a certificate leads to an anchor, and each reason why it does not.
#include <est/pki/path_validation.hpp>

#include "support.hpp"

#include <botan/certstor.h>
#include <botan/x509path.h>

#include <algorithm>

using namespace est;
using namespace est::pki;
using namespace est::test;

namespace {

using days = std::chrono::days;

/// A certificate as a test wants it.
struct wanted {
  std::string name;
  char const* key_kind;
  std::vector<extension> extensions = {};
  time_point from = some_day - days{1};
  time_point to = some_day + days{30};
  bool identifiers = true; ///< subject and authority key identifier
};

certificate issue(wanted const& w, char const* issuer_kind, certificate const* issuer) {
  certificate_order order;
  order.subject_der = make_name({{oids::common_name, w.name}});
  order.public_key_info = key(w.key_kind).public_key_info();
  order.not_before = w.from;
  order.not_after = w.to;
  order.extensions = w.extensions;
  if (w.identifiers) {
    order.extensions.push_back(make_subject_key_identifier(order.public_key_info));
    order.extensions.push_back(make_authority_key_identifier(key_identifier(key(issuer_kind).public_key_info())));
  }
  auto made = issuer != nullptr ? make_certificate(order, key(issuer_kind), *issuer, "", surroundings())
                                : make_self_signed(order, key(issuer_kind), "", surroundings());
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : to_text(made.error())));
  return std::move(*made);
}

std::vector<extension> ca(std::optional<std::uint32_t> length = std::nullopt,
                          std::uint16_t usage = key_usage::key_cert_sign | key_usage::crl_sign) {
  return {make_basic_constraints(true, length), make_key_usage(usage)};
}

std::vector<extension> ca_with(extension more) {
  auto all = ca();
  all.push_back(std::move(more));
  return all;
}

certificate root(std::vector<extension> extensions = ca()) {
  return issue({"Root", "P-384", std::move(extensions), some_day - days{10}, some_day + days{365}}, "P-384", nullptr);
}

/// Root (P-384), Middle (P-256), leaf (Ed25519).
struct chain {
  certificate top = root();
  certificate middle = issue({"Middle", "P-256", ca()}, "P-384", &top);
  certificate leaf = issue({"leaf", "Ed25519"}, "P-256", &middle);

  result<validated_path> validate(path_policy policy = {some_day}, std::vector<crl> const& lists = {}) const {
    return validate_path(leaf, std::vector{middle}, std::vector{top}, lists, policy);
  }
};

void refused(result<validated_path> const& path, errc code, char const* where = nullptr) {
  BOOST_REQUIRE_MESSAGE(!path, "a path was found; " << name(code) << " is due");
  BOOST_TEST(name(path.error().code) == name(code), to_text(path.error()));
  if (where != nullptr) BOOST_TEST(path.error().where == where, to_text(path.error()));
}

void accepted(result<validated_path> const& path, std::size_t length) {
  BOOST_REQUIRE_MESSAGE(path, (path ? "" : to_text(path.error())));
  BOOST_TEST(path->certificates.size() == length);
}

crl list_of(certificate const& issuer, char const* kind, std::vector<bytes> const& serials,
            time_point from = some_day - days{1}, time_point to = some_day + days{1}) {
  crl_order order;
  order.this_update = from;
  order.next_update = to;
  for (auto const& one : serials) order.revoked.push_back({one, some_day - days{2}, revocation_reason::superseded});
  auto made = make_crl(order, key(kind), issuer, "", surroundings());
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : to_text(made.error())));
  return std::move(*made);
}

path_policy at(time_point moment, revocation_policy revocation = revocation_policy::if_listed) {
  path_policy policy;
  policy.at = moment;
  policy.revocation = revocation;
  return policy;
}

} // namespace

BOOST_AUTO_TEST_SUITE(path_validation)

BOOST_AUTO_TEST_CASE(a_path_holds_in_any_order_of_the_bag) {
  const chain c;
  auto const stranger = make_root("Stranger", key("P-521"));
  std::vector<certificate> bag{c.leaf, c.middle, stranger, c.top};
  std::sort(bag.begin(), bag.end(), [](auto const& a, auto const& b) { return a.der() < b.der(); });
  do {
    auto const path = validate_path(c.leaf, bag, std::vector{stranger, c.top}, {}, at(some_day));
    accepted(path, 3);
    BOOST_TEST((path->anchor() == c.top));
    BOOST_TEST(!path->revocation_known);
  } while (
      std::next_permutation(bag.begin(), bag.end(), [](auto const& a, auto const& b) { return a.der() < b.der(); }));
}

BOOST_AUTO_TEST_CASE(an_anchor_need_not_be_self_signed_and_may_be_the_leaf_itself) {
  const chain c;
  accepted(validate_path(c.leaf, {}, std::vector{c.middle}, {}, at(some_day)), 2);
  accepted(validate_path(c.leaf, {}, std::vector{c.leaf}, {}, at(some_day)), 1);
  accepted(validate_path(c.top, {}, std::vector{c.top}, {}, at(some_day)), 1);
}

BOOST_AUTO_TEST_CASE(a_foreign_certificate_leads_to_no_anchor) {
  const chain c;
  auto const stranger = make_root("Stranger", key("P-521"));
  refused(validate_path(c.leaf, std::vector{c.middle, c.top}, std::vector{stranger}, {}, at(some_day)),
          errc::no_trust_anchor);
  refused(validate_path(c.leaf, {}, std::vector{c.top}, {}, at(some_day)), errc::no_trust_anchor); // no intermediate
  refused(validate_path(c.leaf, std::vector{c.middle}, {}, {}, at(some_day)), errc::no_trust_anchor);
  auto const impostor = issue({"Root", "P-521", ca()}, "P-521", nullptr); // the name alone
  refused(validate_path(c.leaf, std::vector{c.middle}, std::vector{impostor}, {}, at(some_day)), errc::no_trust_anchor);
}

BOOST_AUTO_TEST_CASE(dates_count_for_every_certificate_and_are_told_apart) {
  const chain c;
  refused(c.validate(at(some_day + days{31})), errc::certificate_expired, "path[0]");
  refused(c.validate(at(some_day - days{2})), errc::certificate_not_yet_valid, "path[0]");
  auto const old = issue({"Middle", "P-256", ca(), some_day - days{9}, some_day - days{1}}, "P-384", &c.top);
  refused(validate_path(c.leaf, std::vector{old}, std::vector{c.top}, {}, at(some_day)), errc::certificate_expired,
          "path[1]");
  auto const old_root = issue({"Root", "P-384", ca(), some_day - days{9}, some_day - days{1}}, "P-384", nullptr);
  refused(validate_path(c.leaf, std::vector{c.middle}, std::vector{old_root}, {}, at(some_day)),
          errc::certificate_expired, "path[2]");
  // and another path may hold
  accepted(validate_path(c.leaf, std::vector{old, c.middle}, std::vector{old_root, c.top}, {}, at(some_day)), 3);
}

BOOST_AUTO_TEST_CASE(an_issuer_has_to_be_a_ca_that_may_sign_certificates) {
  auto const top = root();
  for (auto const& extensions :
       {std::vector<extension>{}, std::vector{make_basic_constraints(false)}, ca({}, key_usage::crl_sign),
        std::vector{make_basic_constraints(true), extension{oids::key_usage, true, der::null()}}}) { // cannot be read
    auto const middle = issue({"Middle", "P-256", extensions}, "P-384", &top);
    auto const leaf = issue({"leaf", "Ed25519"}, "P-256", &middle);
    refused(validate_path(leaf, std::vector{middle}, std::vector{top}, {}, at(some_day)), errc::wrong_usage, "path[1]");
  }
}

BOOST_AUTO_TEST_CASE(the_leaf_has_to_be_meant_for_the_purpose) {
  const chain c;
  auto const client = issue({"leaf", "Ed25519", {make_extended_key_usage({oids::client_auth})}}, "P-256", &c.middle);
  auto const any =
      issue({"leaf", "Ed25519", {make_extended_key_usage({oids::any_extended_key_usage})}}, "P-256", &c.middle);
  auto policy = at(some_day);
  policy.purposes = {oids::server_auth, oids::cmc_ra};
  auto const validate = [&](certificate const& leaf) {
    return validate_path(leaf, std::vector{c.middle}, std::vector{c.top}, {}, policy);
  };
  refused(validate(client), errc::wrong_usage, "path[0]");
  accepted(validate(any), 3);
  accepted(validate(c.leaf), 3); // says nothing of purposes
  policy.purposes = {oids::client_auth};
  accepted(validate(client), 3);

  policy.usage = key_usage::digital_signature;
  auto const agrees = issue({"leaf", "Ed25519", {make_key_usage(key_usage::key_agreement)}}, "P-256", &c.middle);
  refused(validate(agrees), errc::wrong_usage, "path[0]");
  accepted(validate(c.leaf), 3);
}

// RFC 5280 section 4.2.1.9: self-issued certificates are not counted
BOOST_AUTO_TEST_CASE(path_lengths_count_what_is_not_self_issued) {
  auto const top = root(ca(0u));
  auto const direct = issue({"leaf", "Ed25519"}, "P-384", &top);
  accepted(validate_path(direct, {}, std::vector{top}, {}, at(some_day)), 2);
  auto const middle = issue({"Middle", "P-256", ca()}, "P-384", &top);
  auto const leaf = issue({"leaf", "Ed25519"}, "P-256", &middle);
  refused(validate_path(leaf, std::vector{middle}, std::vector{top}, {}, at(some_day)), errc::constraint_violated,
          "path[2]");
  auto const new_with_old = issue({"Root", "P-521", ca(0u)}, "P-384", &top);
  auto const below_new = issue({"leaf", "Ed25519"}, "P-521", &new_with_old);
  accepted(validate_path(below_new, std::vector{new_with_old}, std::vector{top}, {}, at(some_day)), 3);
}

// RFC 5280 section 4.2.1.9: "Where it appears, the pathLenConstraint field MUST be greater than or equal to zero."
BOOST_AUTO_TEST_CASE(a_negative_path_length_is_no_missing_one) {
  auto const with_constraints = [](char const* hex) {
    return std::vector{extension{oids::basic_constraints, true, from_hex(hex)},
                       make_key_usage(key_usage::key_cert_sign)};
  };
  auto const below = [](certificate const& top) {
    auto const leaf = issue({"leaf", "Ed25519"}, "P-384", &top);
    return validate_path(leaf, {}, std::vector{top}, {}, at(some_day));
  };
  accepted(below(root(with_constraints("30030101ff"))), 2);
  accepted(below(root(with_constraints("30060101ff020100"))), 2);
  accepted(below(root(with_constraints("300b0101ff02060100000000 00"))), 2);              // longer than any path
  for (auto const* wrong : {"30060101ff0201ff", "30060101ff020180", "30070101ff0202ff00", // negative
                            "30060101ff040100", "30090101ff0201000101ff"})                // unreadable
    refused(below(root(with_constraints(wrong))), errc::malformed_certificate, "path[1]");
}

BOOST_AUTO_TEST_CASE(a_critical_extension_that_is_not_understood_is_refused) {
  auto const top = root();
  auto const odd = issue({"leaf", "Ed25519", {{{1, 2, 3, 4}, true, der::null()}}}, "P-384", &top);
  refused(validate_path(odd, {}, std::vector{top}, {}, at(some_day)), errc::constraint_violated, "path[0]");
  auto const harmless = issue({"leaf", "Ed25519", {{{1, 2, 3, 4}, false, der::null()}}}, "P-384", &top);
  accepted(validate_path(harmless, {}, std::vector{top}, {}, at(some_day)), 2);
}

BOOST_AUTO_TEST_CASE(a_broken_signature_is_told_from_a_foreign_one) {
  const chain c;
  auto octets = c.leaf.der();
  octets.back() ^= 1;
  auto const spoiled = parse_certificate(octets);
  BOOST_REQUIRE(spoiled);
  refused(validate_path(*spoiled, std::vector{c.middle}, std::vector{c.top}, {}, at(some_day)), errc::bad_signature,
          "path[0]");
  auto middle_octets = c.middle.der();
  middle_octets.back() ^= 1;
  auto const middle = parse_certificate(middle_octets);
  BOOST_REQUIRE(middle);
  refused(validate_path(c.leaf, std::vector{*middle}, std::vector{c.top}, {}, at(some_day)), errc::bad_signature,
          "path[1]");
  accepted(validate_path(c.leaf, std::vector{*middle, c.middle}, std::vector{c.top}, {}, at(some_day)), 3);
}

BOOST_AUTO_TEST_CASE(an_unknown_algorithm_is_no_broken_signature) {
  auto const top = root();
  auto octets = issue({"leaf", "Ed25519"}, "P-384", &top).der();
  // ecdsa-with-SHA384, in both places, to one that nobody knows
  auto const known = object_id{1, 2, 840, 10045, 4, 3, 3}.encode(),
             other = object_id{1, 2, 840, 10045, 4, 3, 9}.encode();
  std::size_t changed = 0;
  for (auto at_place = octets.begin();
       (at_place = std::search(at_place, octets.end(), known.begin(), known.end())) != octets.end(); ++changed)
    at_place = std::copy(other.begin(), other.end(), at_place);
  BOOST_REQUIRE(changed == 2u);
  auto const leaf = parse_certificate(octets);
  BOOST_REQUIRE(leaf);
  refused(validate_path(*leaf, {}, std::vector{top}, {}, at(some_day)), errc::unsupported_algorithm, "path[0]");
}

BOOST_AUTO_TEST_CASE(the_search_is_bounded) {
  auto const a = make_root("A", key("P-256")), b = make_root("B", key("P-384"));
  auto const a_by_b = test::issue("A", key("P-256"), key("P-384"), b, true);
  auto const b_by_a = test::issue("B", key("P-384"), key("P-256"), a, true);
  auto const leaf = test::issue("leaf", key("Ed25519"), key("P-256"), a_by_b);
  auto policy = at(some_day);
  auto const stranger = make_root("Stranger", key("P-521"));
  refused(validate_path(leaf, std::vector{a_by_b, b_by_a}, std::vector{stranger}, {}, policy), errc::no_trust_anchor);
  policy.signatures = 1;
  refused(validate_path(leaf, std::vector{a_by_b, b_by_a}, std::vector{stranger}, {}, policy), errc::too_large);
  policy.signatures = 200;
  policy.longest = 2;
  refused(validate_path(leaf, std::vector{a_by_b}, std::vector{b}, {}, policy), errc::no_trust_anchor);
}

BOOST_AUTO_TEST_SUITE(revocation)

BOOST_AUTO_TEST_CASE(a_listed_certificate_is_revoked_whatever_the_policy) {
  const chain c;
  auto const leaf_listed = list_of(c.middle, "P-256", {bytes{1}, c.leaf.serial()});
  auto const middle_listed = list_of(c.top, "P-384", {c.middle.serial()});
  for (auto const policy :
       {revocation_policy::if_listed, revocation_policy::required_for_leaf, revocation_policy::required}) {
    refused(c.validate(at(some_day, policy), {leaf_listed}), errc::certificate_revoked, "path[0]");
    if (policy == revocation_policy::if_listed)
      refused(c.validate(at(some_day, policy), {middle_listed}), errc::certificate_revoked, "path[1]");
  }
  accepted(c.validate(at(some_day, revocation_policy::ignored), {leaf_listed, middle_listed}), 3);
  auto const said = c.validate(at(some_day), {leaf_listed}).error().detail;
  BOOST_TEST(said.find("superseded") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(lists_in_force_that_do_not_name_it_are_known_to_be_good) {
  const chain c;
  auto const leafs = list_of(c.middle, "P-256", {bytes{1}}), middles = list_of(c.top, "P-384", {});
  auto const path = c.validate(at(some_day, revocation_policy::required), {leafs, middles});
  accepted(path, 3);
  BOOST_TEST(path->revocation_known);
  auto const half = c.validate(at(some_day, revocation_policy::required_for_leaf), {leafs});
  accepted(half, 3);
  BOOST_TEST(!half->revocation_known);
}

BOOST_AUTO_TEST_CASE(no_list_and_an_overdue_one_are_unknown_where_one_is_wanted) {
  const chain c;
  auto const overdue = list_of(c.middle, "P-256", {}, some_day - days{3}, some_day - days{1});
  auto const future = list_of(c.middle, "P-256", {}, some_day + days{1}, some_day + days{2});
  for (auto const& lists : {std::vector<crl>{}, std::vector{overdue}, std::vector{future}}) {
    refused(c.validate(at(some_day, revocation_policy::required_for_leaf), lists), errc::revocation_unknown, "path[0]");
    accepted(c.validate(at(some_day), lists), 3);
  }
  auto const leafs = list_of(c.middle, "P-256", {});
  refused(c.validate(at(some_day, revocation_policy::required), {leafs}), errc::revocation_unknown, "path[1]");
  auto const said = c.validate(at(some_day, revocation_policy::required_for_leaf), {overdue}).error().detail;
  BOOST_TEST(said.find("2025-12-31") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(an_overdue_list_that_names_it_still_revokes) {
  const chain c;
  auto const overdue = list_of(c.middle, "P-256", {c.leaf.serial()}, some_day - days{3}, some_day - days{1});
  refused(c.validate(at(some_day), {overdue}), errc::certificate_revoked);
}

BOOST_AUTO_TEST_CASE(a_revocation_of_later_says_nothing_of_before) {
  const chain c;
  crl_order order;
  order.this_update = some_day + days{5};
  order.next_update = some_day + days{6};
  order.revoked = {{c.leaf.serial(), some_day + days{4}}};
  auto const later = make_crl(order, key("P-256"), c.middle, "", surroundings());
  BOOST_REQUIRE(later);
  accepted(c.validate(at(some_day), {*later}), 3);
  refused(c.validate(at(some_day + days{5}), {*later}), errc::certificate_revoked);
}

BOOST_AUTO_TEST_CASE(a_list_counts_only_if_the_issuer_signed_it) {
  const chain c;
  auto const impostor = issue({"Middle", "P-521", ca()}, "P-521", nullptr);
  auto const forged = list_of(impostor, "P-521", {c.leaf.serial()});
  accepted(c.validate(at(some_day), {forged}), 3);
  refused(c.validate(at(some_day, revocation_policy::required_for_leaf), {forged}), errc::revocation_unknown);
  // nor if the impostor comes along in the bag: it leads to no anchor
  accepted(
      validate_path(c.leaf, std::vector{c.middle, impostor}, std::vector{c.top}, std::vector{forged}, at(some_day)), 3);
  auto const other = list_of(c.top, "P-384", {c.leaf.serial()}); // of another issuer
  accepted(c.validate(at(some_day), {other}), 3);

  auto const top = root();
  auto const silent = issue({"Middle", "P-256", ca({}, key_usage::key_cert_sign)}, "P-384", &top);
  auto const leaf = issue({"leaf", "Ed25519"}, "P-256", &silent);
  auto const list = list_of(silent, "P-256", {leaf.serial()});
  accepted(validate_path(leaf, std::vector{silent}, std::vector{top}, std::vector{list}, at(some_day)), 3);
}

// RFC 5280 section 6.3.3 (f): the list may be signed by another key of the same CA
BOOST_AUTO_TEST_CASE(after_a_change_of_keys_the_new_key_signs_the_list) {
  auto const old_root = root();
  auto const new_root = issue({"Root", "P-521", ca()}, "P-521", nullptr);
  auto const new_with_old = issue({"Root", "P-521", ca()}, "P-384", &old_root);
  auto const leaf = issue({"leaf", "Ed25519"}, "P-384", &old_root);
  auto const list = list_of(new_root, "P-521", {leaf.serial()});
  refused(validate_path(leaf, std::vector{new_with_old}, std::vector{old_root}, std::vector{list}, at(some_day)),
          errc::certificate_revoked);
  accepted(validate_path(leaf, std::vector{new_root}, std::vector{old_root}, std::vector{list}, at(some_day)), 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(constraints_on_names)

namespace {

bytes subtree(byte_view base) { return der::sequence({base}); }
bytes dns(char const* text) { return der::value(tag::context_primitive(2), as_bytes(std::string_view{text})); }
bytes mail(char const* text) { return der::value(tag::context_primitive(1), as_bytes(std::string_view{text})); }
bytes uri(char const* text) { return der::value(tag::context_primitive(6), as_bytes(std::string_view{text})); }
bytes address(char const* hex) { return der::value(tag::context_primitive(7), from_hex(hex)); }
bytes directory(bytes const& name) { return der::value(tag::context(4), name); }

extension constraints(std::vector<bytes> const& permitted, std::vector<bytes> const& excluded = {}) {
  auto const trees = [](unsigned number, std::vector<bytes> const& bases) {
    if (bases.empty()) return bytes{};
    bytes content;
    for (auto const& base : bases) {
      auto const one = subtree(base);
      content.insert(content.end(), one.begin(), one.end());
    }
    return der::value(tag::context(number), content);
  };
  return {oids::name_constraints, true, der::sequence({trees(0, permitted), trees(1, excluded)})};
}

/// A leaf with these GeneralNames under a root with those constraints.
result<validated_path> judged(extension const& by, std::vector<bytes> const& names, std::string const& subject = {}) {
  auto const top = root(ca_with(by));
  std::vector<extension> extensions;
  if (!names.empty())
    extensions.push_back({oids::subject_alternative_name, false, der::sequence({der::concatenation(names)})});
  certificate_order order;
  order.subject_der =
      subject.empty() ? make_name({}) : make_name({{oids::country_name, "SE"}, {oids::common_name, subject}});
  order.public_key_info = key("Ed25519").public_key_info();
  order.not_before = some_day - days{1};
  order.not_after = some_day + days{1};
  order.extensions = extensions;
  auto const leaf = make_certificate(order, key("P-384"), top, "", surroundings());
  BOOST_REQUIRE_MESSAGE(leaf, (leaf ? "" : to_text(leaf.error())));
  return validate_path(*leaf, {}, std::vector{top}, {}, at(some_day));
}

void within(extension const& by, std::vector<bytes> const& names) { accepted(judged(by, names), 2); }
void outside(extension const& by, std::vector<bytes> const& names) {
  refused(judged(by, names), errc::constraint_violated, "path[0]");
}

} // namespace

BOOST_AUTO_TEST_CASE(dns_names) {
  auto const only = constraints({dns("a.example")});
  within(only, {dns("a.example")});
  within(only, {dns("A.Example")});
  within(only, {dns("x.y.a.example")});
  outside(only, {dns("ba.example")});
  outside(only, {dns("b.example")});
  outside(only, {dns("a.example"), dns("b.example")}); // each has to
  within(only, {mail("x@b.example")});                 // of another kind
  outside(constraints({}, {dns("a.example")}), {dns("x.a.example")});
  within(constraints({}, {dns("a.example")}), {dns("b.example")});
  outside(constraints({dns("example")}, {dns("a.example")}), {dns("a.example")});
  within(constraints({dns("a.example"), dns("b.example")}), {dns("b.example")});
}

BOOST_AUTO_TEST_CASE(mail_addresses) {
  within(constraints({mail("a.example")}), {mail("x@A.example")});
  outside(constraints({mail("a.example")}), {mail("x@b.a.example")});
  within(constraints({mail(".a.example")}), {mail("x@b.a.example")});
  outside(constraints({mail(".a.example")}), {mail("x@a.example")});
  within(constraints({mail("x@a.example")}), {mail("x@a.example")});
  outside(constraints({mail("x@a.example")}), {mail("X@a.example")}); // the local part has its case
}

BOOST_AUTO_TEST_CASE(uniform_resource_identifiers) {
  auto const host = constraints({uri("a.example")}), domain = constraints({uri(".a.example")});
  within(host, {uri("https://user@a.example:8443/x?y")});
  outside(host, {uri("https://b.a.example/")});
  within(domain, {uri("https://b.a.example")});
  outside(domain, {uri("https://a.example")});
  for (auto const* text : {"urn:x", "https://192.0.2.1/", "https://[2001:db8::1]/", "https:///x"})
    outside(host, {uri(text)});
}

BOOST_AUTO_TEST_CASE(addresses_of_both_versions) {
  auto const four = constraints({address("c0000200 ffffff00")});
  within(four, {address("c0000201")});
  outside(four, {address("c0000301")});
  auto const six = constraints({address("20010db8000000000000000000000000 ffffffff000000000000000000000000")});
  within(six, {address("20010db8000000000000000000000001")});
  outside(six, {address("20010db9000000000000000000000001")});
  outside(six, {address("c0000201")}); // of the same kind, and in no permitted range
}

BOOST_AUTO_TEST_CASE(directory_names) {
  auto const sweden = make_name({{oids::country_name, "SE"}}), norway = make_name({{oids::country_name, "NO"}});
  accepted(judged(constraints({directory(sweden)}), {}, "x"), 2);
  refused(judged(constraints({directory(norway)}), {}, "x"), errc::constraint_violated);
  refused(judged(constraints({}, {directory(sweden)}), {}, "x"), errc::constraint_violated);
  auto const deeper = make_name({{oids::country_name, "se"}, {oids::common_name, "X"}}); // equal but for case
  accepted(judged(constraints({directory(deeper)}), {}, "x"), 2);
  auto const longer = make_name({{oids::country_name, "SE"}, {oids::common_name, "x"}, {oids::common_name, "y"}});
  refused(judged(constraints({directory(longer)}), {}, "x"), errc::constraint_violated);
}

BOOST_AUTO_TEST_CASE(a_mail_address_in_the_subject_counts_where_there_is_no_other) {
  auto const top = root(ca_with(constraints({mail("a.example")})));
  for (auto const& [text, good] : {std::pair{"x@a.example", true}, std::pair{"x@b.example", false}}) {
    certificate_order order;
    order.subject_der = make_name({{oids::email_address, text}});
    order.public_key_info = key("Ed25519").public_key_info();
    order.not_before = some_day - days{1};
    order.not_after = some_day + days{1};
    auto const leaf = make_certificate(order, key("P-384"), top, "", surroundings());
    BOOST_REQUIRE(leaf);
    BOOST_TEST(validate_path(*leaf, {}, std::vector{top}, {}, at(some_day)).has_value() == good, text);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_understood_is_refused_only_where_it_matters) {
  auto const registered = der::value(tag::context_primitive(8), object_id{1, 2, 3}.content());
  within(constraints({registered}), {dns("a.example")});
  outside(constraints({registered}), {registered});
  auto const with_minimum = extension{
      oids::name_constraints, true,
      der::sequence({der::value(tag::context(0),
                                der::sequence({dns("a.example"), der::value(tag::context_primitive(0), bytes{1})}))})};
  outside(with_minimum, {dns("a.example")});
  outside({oids::name_constraints, true, der::null()}, {dns("a.example")});
}

BOOST_AUTO_TEST_CASE(constraints_reach_over_cas_but_not_to_self_issued_ones) {
  auto const top = root(ca_with(constraints({directory(make_name({{oids::common_name, "leaf"}}))})));
  auto const again = issue({"Root", "P-256", ca()}, "P-384", &top); // self-issued: its name is not asked for
  auto const good = issue({"leaf", "Ed25519"}, "P-256", &again), bad = issue({"other", "Ed25519"}, "P-256", &again);
  accepted(validate_path(good, std::vector{again}, std::vector{top}, {}, at(some_day)), 3);
  refused(validate_path(bad, std::vector{again}, std::vector{top}, {}, at(some_day)), errc::constraint_violated,
          "path[0]");
  auto const below = issue({"Middle", "P-256", ca()}, "P-384", &top);
  auto const leaf = issue({"leaf", "Ed25519"}, "P-256", &below);
  refused(validate_path(leaf, std::vector{below}, std::vector{top}, {}, at(some_day)), errc::constraint_violated,
          "path[1]");
}

BOOST_AUTO_TEST_CASE(too_many_comparisons_are_refused) {
  std::vector<bytes> many(600, dns("a.example"));
  refused(judged(constraints(many), many), errc::too_large);
}

BOOST_AUTO_TEST_SUITE_END()

// Botan's own validation, where it can say something, says the same.
BOOST_AUTO_TEST_CASE(botan_agrees) {
  auto const top = root(), tight = root(ca(0u));
  auto const middle = issue({"Middle", "P-256", ca()}, "P-384", &top);
  auto const tight_middle = issue({"Middle", "P-256", ca()}, "P-384", &tight);
  auto const no_ca = issue({"Middle", "P-256", {make_basic_constraints(false)}}, "P-384", &top);
  auto const stranger = make_root("Stranger", key("P-521"));
  struct row {
    char const* what;
    certificate middle, anchor;
    time_point moment;
  };
  for (auto const& [what, via, anchor, moment] :
       {row{"good", middle, top, some_day}, row{"expired", middle, top, some_day + days{31}},
        row{"not yet", middle, top, some_day - days{2}}, row{"foreign", middle, stranger, some_day},
        row{"too long", tight_middle, tight, some_day}, row{"no CA", no_ca, top, some_day}}) {
    auto const leaf = issue({"leaf", "Ed25519"}, "P-256", &via);
    auto const ours = validate_path(leaf, std::vector{via}, std::vector{anchor}, {}, at(moment));
    BOOST_REQUIRE(leaf.botan() != nullptr && via.botan() != nullptr && anchor.botan() != nullptr);
    Botan::Certificate_Store_In_Memory store;
    store.add_certificate(*anchor.botan());
    auto const theirs = Botan::x509_path_validate(std::vector<Botan::X509_Certificate>{*leaf.botan(), *via.botan()},
                                                  Botan::Path_Validation_Restrictions{false, 110},
                                                  std::vector<Botan::Certificate_Store*>{&store}, "",
                                                  Botan::Usage_Type::UNSPECIFIED, moment);
    BOOST_TEST(ours.has_value() == theirs.successful_validation(), what << ": " << theirs.result_string());
  }
}

BOOST_AUTO_TEST_SUITE_END()
