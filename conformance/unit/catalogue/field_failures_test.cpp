/// vectors/field-failures.json: what has failed in the field, and what provokes and judges it here. The table of the guide is
/// made of it; with EST_WRITE=1 in the environment it is written anew.

#include "catalogue/vector.hpp"
#include "check.hpp"

#include "../vectors.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace est::conformance;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(field_failures)

namespace {

using json = nlohmann::ordered_json;

json rows() { return json::parse(read_vector("field-failures.json"))["rows"]; }

std::string names(json const& list) {
  std::string text;
  for (auto const& one : list) text += (text.empty() ? "`" : ", `") + one.get<std::string>() + "`";
  return text;
}

/// The lines of the table, its head with them.
std::string table() {
  std::string text = "| | what breaks | vectors | checks | what no vector does |\n|---|---|---|---|---|\n";
  for (auto const& row : rows())
    text += "| " + std::to_string(row["row"].get<int>()) + " | " + row["what"].get<std::string>() + " | " +
            names(row.value("vectors", json::array())) + " | " + names(row.value("checks", json::array())) + " | " +
            row.value("because", "") + " |\n";
  return text;
}

std::string guide() {
  char const* const folder = std::getenv("EST_DOCS");
  BOOST_REQUIRE_MESSAGE(folder != nullptr, "EST_DOCS is not set");
  std::ifstream file{std::string{folder} + "/conformance-guide.md", std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

/// The table of the guide's section: all of its lines that begin with a bar.
std::string table_of(std::string const& text) {
  auto const section = text.find("\n## What breaks in the field\n");
  BOOST_REQUIRE(section != std::string::npos);
  auto const begin = text.find("\n|", section) + 1;
  auto end = begin;
  while (end < text.size() && text[end] == '|') end = text.find('\n', end) + 1;
  return text.substr(begin, end - begin);
}

} // namespace

BOOST_AUTO_TEST_CASE(there_is_a_row_for_each_and_it_is_provoked_or_says_why_not) {
  int next = 1;
  for (auto const& row : rows()) {
    BOOST_TEST(row["row"].get<int>() == next, "row " << next);
    ++next;
    for (auto const& [key, value] : row.items())
      BOOST_TEST((key == "row" || key == "what" || key == "vectors" || key == "checks" || key == "because"), key);
    BOOST_TEST(!row["what"].get<std::string>().empty());
    bool const provoked = !row.value("vectors", json::array()).empty();
    BOOST_TEST((provoked || !row.value("because", "").empty()), row["what"]);
    BOOST_TEST(provoked == !row.value("checks", json::array()).empty(), row["what"]);
  }
  BOOST_TEST(next == 29);
}

BOOST_AUTO_TEST_CASE(their_vectors_and_checks_exist) {
  for (auto const& row : rows()) {
    std::set<std::string> seen;
    for (auto const& id : row.value("vectors", json::array())) {
      BOOST_TEST(find_vector(embedded_vectors(), id.get<std::string>()) != nullptr, id);
      BOOST_TEST(seen.insert(id).second, id);
    }
    for (auto const& id : row.value("checks", json::array())) {
      auto const name = id.get<std::string>();
      BOOST_TEST(std::any_of(all_checks().begin(), all_checks().end(), [&](auto const& c) { return c.id == name; }),
                 id);
      BOOST_TEST(seen.insert(id).second, id);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_guide_shows_them_all) {
  auto text = guide();
  auto const shown = table_of(text);
  if (may_write())
    return write_file("EST_DOCS", "conformance-guide.md", text.replace(text.find(shown), shown.size(), table()));
  BOOST_TEST((shown == table()), "the table in docs/conformance-guide.md is not that of vectors/field-failures.json; "
                                 "EST_WRITE=1 writes it anew");
}

BOOST_AUTO_TEST_SUITE_END()
