// Paths through a bag: by name, key and signature, whatever the order.
#include <est/pki/path.hpp>

#include "support.hpp"

#include <algorithm>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(paths)

BOOST_AUTO_TEST_CASE(a_path_is_found_in_any_order_of_the_bag) {
  auto const root = make_root("Root", key("P-384"));
  auto const middle = issue("Middle", key("P-256"), key("P-384"), root, true);
  auto const leaf = issue("leaf", key("Ed25519"), key("P-256"), middle);
  auto const stranger = make_root("Stranger", key("P-521"));
  std::vector<certificate> bag{root, middle, leaf, stranger};
  std::vector<int> order{0, 1, 2, 3};
  do {
    std::vector<certificate> shuffled;
    for (auto const i : order) shuffled.push_back(bag[static_cast<std::size_t>(i)]);
    auto const path = build_path(leaf, shuffled, some_day);
    BOOST_REQUIRE_MESSAGE(path, (path ? "" : to_text(path.error())));
    BOOST_REQUIRE(path->size() == 3u);
    BOOST_TEST((path->at(0) == leaf));
    BOOST_TEST((path->at(1) == middle));
    BOOST_TEST((path->at(2) == root));
  } while (std::next_permutation(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE(a_root_alone_is_its_path) {
  auto const root = make_root("Root", key("P-256"));
  BOOST_TEST(build_path(root, {}, some_day)->size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_name_without_the_key_is_no_issuer) {
  auto const root = make_root("Root", key("P-384")), impostor = make_root("Root", key("P-256"));
  auto const leaf = issue("leaf", key("Ed25519"), key("P-384"), root);
  BOOST_TEST((build_path(leaf, std::vector{impostor}, some_day).error().code == errc::no_certificate));
  auto const path = build_path(leaf, std::vector{impostor, root}, some_day);
  BOOST_REQUIRE(path);
  BOOST_TEST((path->at(1) == root));
}

BOOST_AUTO_TEST_CASE(an_issuer_that_is_no_ca_is_passed_over_unless_that_is_allowed) {
  auto const root = make_root("Root", key("P-384"));
  auto const end_entity = issue("Middle", key("P-256"), key("P-384"), root, false);
  auto const leaf = issue("leaf", key("Ed25519"), key("P-256"), end_entity);
  std::vector<certificate> const bag{root, end_entity};
  BOOST_TEST(!build_path(leaf, bag, some_day));
  path_demands demands;
  demands.ca = false;
  BOOST_TEST(build_path(leaf, bag, demands)->size() == 3u);
}

BOOST_AUTO_TEST_CASE(dates_are_looked_at_only_when_a_time_is_given) {
  auto const root = make_root("Root", key("P-384"));
  auto const leaf = issue("leaf", key("P-256"), key("P-384"), root);
  auto const later = some_day + std::chrono::hours{24 * 400};
  BOOST_TEST(!build_path(leaf, std::vector{root}, later));
  BOOST_TEST(build_path(leaf, std::vector{root}, path_demands{}).has_value());
  auto const young = make_root("Root", key("P-384"), some_day + std::chrono::hours{1});
  BOOST_TEST(!build_path(leaf, std::vector{young}, some_day));
}

BOOST_AUTO_TEST_CASE(the_search_is_bounded) {
  // two CAs that certify each other, and no root
  auto const a = make_root("A", key("P-256")), b = make_root("B", key("P-384"));
  auto const a_by_b = issue("A", key("P-256"), key("P-384"), b, true);
  auto const b_by_a = issue("B", key("P-384"), key("P-256"), a, true);
  auto const leaf = issue("leaf", key("Ed25519"), key("P-256"), a_by_b);
  BOOST_TEST((build_path(leaf, std::vector{a_by_b, b_by_a}, some_day).error().code == errc::no_certificate));
  path_demands few;
  few.signatures = 1;
  auto const exhausted = build_path(leaf, std::vector{a_by_b, b_by_a}, few);
  BOOST_REQUIRE(!exhausted);
  BOOST_TEST(exhausted.error().detail.find("signatures") != std::string::npos);
  BOOST_TEST(build_path(leaf, std::vector{a_by_b, b_by_a, b}, some_day)->size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
