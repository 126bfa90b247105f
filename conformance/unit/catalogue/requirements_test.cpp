#include "catalogue/requirements.hpp"
#include "check.hpp"

#include "../vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

using namespace est;
using namespace est::conformance;
using est::test::read_vector;

BOOST_AUTO_TEST_SUITE(requirements_catalogue)

namespace {

std::string changed(void (*change)(nlohmann::json&)) {
  auto j = nlohmann::json::parse(R"({"version": "1", "sets": [{"name": "s", "without": [], "digest": "d"}],
    "requirements": [{"id": "a", "rfc": "RFC 7030", "section": "4.1",
    "level": "MUST", "binds": "S", "role": "server", "operation": "cacerts", "wording": "w", "visibility": "A",
    "group": "g", "judged": {"by": "check", "checks": ["a.b"]}}]})");
  change(j);
  return j.dump();
}

} // namespace

BOOST_AUTO_TEST_CASE(the_embedded_catalogue_is_the_file_and_is_whole) {
  auto const parsed = parse_catalogue(read_vector("requirements.json"));
  BOOST_REQUIRE_MESSAGE(parsed.has_value(), (parsed ? std::string{} : to_text(parsed.error())));
  BOOST_TEST(parsed->rows.size() == requirements().size());
  BOOST_TEST(parsed->rows.size() > 200u);
  BOOST_TEST(default_requirement_set().name == "rfc7030+8951/" + parsed->version);
}

/// With EST_WRITE=1 in the environment the checks that each row names are written anew into EST_VECTORS, and the digest of a
/// set that has none yet ("0").
void write_anew() {
  auto document = nlohmann::ordered_json::parse(read_vector("requirements.json"));
  for (auto& row : document["requirements"]) {
    if (!row.contains("judged")) continue;
    auto checks = nlohmann::ordered_json::array();
    for (auto const& c : all_checks())
      if (c.requirement == row["id"].get<std::string>()) checks.push_back(c.id);
    auto& judged = row["judged"];
    if (judged["by"] == "excluded" && !checks.empty()) judged = {{"by", "check"}};
    judged.erase("checks");
    if (!checks.empty()) judged["checks"] = checks;
  }
  for (auto& set : document["sets"])
    for (auto const& known : requirement_sets())
      if (set["digest"] == "0" && known.name == set["name"].get<std::string>())
        set["digest"] = digest_of(known, requirements());
  est::test::write_vector("requirements.json", document.dump(1) + "\n");
}

BOOST_AUTO_TEST_CASE(each_row_names_the_checks_that_judge_it_and_no_others) {
  if (est::test::may_write()) return write_anew();
  for (auto const& r : requirements()) {
    std::vector<std::string> judging;
    for (auto const& c : all_checks())
      if (c.requirement == r.id) judging.emplace_back(c.id);
    BOOST_TEST((r.judged.checks == judging), r.id << " does not name the checks that judge it");
    if (r.judged.by == judgement::way::excluded) BOOST_TEST(judging.empty(), r.id);
  }
}

BOOST_AUTO_TEST_CASE(a_set_keeps_what_it_demands) {
  if (est::test::may_write()) return;
  BOOST_TEST(requirement_sets().size() == 2u);
  for (auto const& set : requirement_sets())
    BOOST_TEST(set.digest == digest_of(set, requirements()),
               set.name << " demands something else than it did: give the new set a new name");
}

BOOST_AUTO_TEST_CASE(the_larger_set_adds_rfc_9908_and_nothing_else) {
  auto const& small = requirement_sets()[0];
  auto const& large = requirement_sets()[1];
  for (auto const& r : requirements()) {
    BOOST_TEST(large.holds(r));
    BOOST_TEST(small.holds(r) == (r.rfc != "RFC 9908"), r.id);
  }
}

BOOST_AUTO_TEST_CASE(what_the_rfc_leaves_open_is_information) {
  for (auto const& r : requirements())
    if (r.role == party::server && (r.level == "MAY" || r.level == "OPTIONAL" || r.level == "note"))
      BOOST_TEST((r.judged.by == judgement::way::info), r.id);
}

BOOST_AUTO_TEST_CASE(every_check_judges_a_row_of_the_catalogue_that_binds_servers) {
  BOOST_TEST(!all_checks().empty());
  for (auto const& c : all_checks()) {
    auto const* r = find_requirement(c.requirement);
    BOOST_REQUIRE_MESSAGE(r != nullptr, std::string{c.id} + " judges " + std::string{c.requirement});
    BOOST_TEST((r->role == party::server), c.id);
  }
}

BOOST_AUTO_TEST_CASE(rows_of_an_rfc_carry_its_number_in_their_id) {
  for (auto const& r : requirements())
    if (r.id.substr(0, 3) == "rfc") BOOST_TEST(r.id.substr(3, r.id.find('-') - 3) == r.rfc.substr(4), r.id);
}

BOOST_AUTO_TEST_CASE(disputed_rows_say_why) {
  for (auto const& r : requirements())
    if (r.disputed) BOOST_TEST(!r.remark.empty(), r.id);
  BOOST_REQUIRE(find_requirement("rfc7030-4.2.3-only-issued-cert") != nullptr);
  BOOST_TEST(find_requirement("rfc7030-4.2.3-only-issued-cert")->disputed);
  BOOST_TEST(find_requirement("rfc7030-3.2.2-service-without-label")->disputed);
  BOOST_TEST(find_requirement("rfc7030-3.3.3-certless-dictionary")->disputed);
  BOOST_TEST(find_requirement("rfc7030-3.3.3-certless-zkp")->disputed);
}

BOOST_AUTO_TEST_CASE(a_good_row_is_read) {
  auto const parsed = parse_catalogue(changed([](auto&) {}));
  BOOST_REQUIRE(parsed.has_value());
  auto const& r = parsed->rows.front();
  BOOST_TEST(r.id == "a");
  BOOST_TEST(r.text_held);
  BOOST_TEST(!r.disputed);
  BOOST_TEST(!r.of_other_rfc);
}

BOOST_AUTO_TEST_CASE(a_row_that_is_not_as_it_should_be_is_refused_by_name) {
  struct wrong {
    char const* what;
    void (*change)(nlohmann::json&);
  };
  for (auto const& w : {wrong{"unknown key", [](auto& j) { j["requirements"][0]["colour"] = "red"; }},
                        {"unknown key above", [](auto& j) { j["colour"] = "red"; }},
                        {"missing", [](auto& j) { j["requirements"][0].erase("wording"); }},
                        {"empty", [](auto& j) { j["requirements"][0]["id"] = ""; }},
                        {"level", [](auto& j) { j["requirements"][0]["level"] = "SHALL"; }},
                        {"visibility", [](auto& j) { j["requirements"][0]["visibility"] = "X"; }},
                        {"role", [](auto& j) { j["requirements"][0]["role"] = "proxy"; }},
                        {"type", [](auto& j) { j["requirements"][0]["disputed"] = "yes"; }},
                        {"number", [](auto& j) { j["requirements"][0]["section"] = 4.1; }},
                        {"twice", [](auto& j) { j["requirements"].push_back(j["requirements"][0]); }},
                        {"no rows", [](auto& j) { j["requirements"].clear(); }},
                        {"no list", [](auto& j) { j["requirements"] = 1; }},
                        {"no version", [](auto& j) { j.erase("version"); }},
                        {"no judgement", [](auto& j) { j["requirements"][0].erase("judged"); }},
                        {"judged by nothing", [](auto& j) { j["requirements"][0]["judged"]["checks"].clear(); }},
                        {"judged otherwise", [](auto& j) { j["requirements"][0]["judged"]["by"] = "luck"; }},
                        {"left out without reason",
                         [](auto& j) {
                           j["requirements"][0]["judged"] = {{"by", "excluded"}};
                         }},
                        {"left out and judged",
                         [](auto& j) {
                           j["requirements"][0]["judged"]["by"] = "excluded";
                           j["requirements"][0]["judged"]["because"] = "so";
                         }},
                        {"policy without name", [](auto& j) { j["requirements"][0]["judged"]["by"] = "policy"; }},
                        {"unknown key of judged", [](auto& j) { j["requirements"][0]["judged"]["colour"] = "red"; }},
                        {"client is judged", [](auto& j) { j["requirements"][0]["role"] = "client"; }},
                        {"no sets", [](auto& j) { j["sets"].clear(); }},
                        {"set without name", [](auto& j) { j["sets"][0].erase("name"); }},
                        {"row is no object", [](auto& j) { j["requirements"][0] = 3; }}}) {
    auto const parsed = parse_catalogue(changed(w.change));
    BOOST_TEST(!parsed.has_value(), w.what);
    if (!parsed) BOOST_TEST((parsed.error().code == errc::invalid_argument), w.what);
  }
  BOOST_TEST(!parse_catalogue("").has_value());
  BOOST_TEST(!parse_catalogue("[]").has_value());
}

BOOST_AUTO_TEST_CASE(near_ids_are_suggested) {
  auto const near = similar_ids("rfc7030-4.1.3-status200");
  BOOST_REQUIRE(!near.empty());
  BOOST_TEST(near.front() == "rfc7030-4.1.3-status-200");
  BOOST_TEST(similar_ids("unknown-kek").front() == "rfc7030-4.4.1.1-unknown-kek");
  BOOST_TEST(similar_ids(std::string(5000, 'x')).empty());
}

BOOST_AUTO_TEST_SUITE_END()
