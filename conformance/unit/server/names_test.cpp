#include "fixture.hpp"

#include <est/pki/der.hpp>
#include <est/server/names.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace est;
using namespace est::test;

namespace {

bytes general(std::uint8_t tag, std::string_view text) { return pki::der::value(tag, as_bytes(text)); }

bytes names(std::vector<bytes> const& list) {
  bytes content;
  for (auto const& one : list) content.insert(content.end(), one.begin(), one.end());
  return pki::der::value(pki::tag::sequence, content);
}

bytes subject(std::uint8_t string, std::string_view text) {
  auto const attribute = pki::der::sequence({pki::oids::common_name.encode(), pki::der::text(string, text)});
  return pki::der::value(pki::tag::sequence, pki::der::value(pki::tag::set, attribute));
}

constexpr std::uint8_t mailbox = 0x81, dns = 0x82, uri = 0x86, ip = 0x87, directory = 0xa4;

bool same(std::vector<bytes> const& a, std::vector<bytes> const& b) {
  return detail::same_general_names(names(a), names(b));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(server_names, server_fixture)

BOOST_AUTO_TEST_CASE(each_way_of_matching_a_subject_is_wider_than_the_one_before) {
  auto const printable = subject(pki::tag::printable_string, "Device One"),
             utf8 = subject(pki::tag::utf8_string, "Device One"),
             folded = subject(pki::tag::utf8_string, " device  ONE "),
             other = subject(pki::tag::utf8_string, "Device Two");
  std::array<std::array<bool, 4>, 3> const expected = {
      {{true, false, false, false}, {true, true, false, false}, {true, true, true, false}}};
  std::array const ways = {name_match::exact, name_match::same_text, name_match::semantic};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    BOOST_TEST(same_subject(printable, printable, ways[i]) == expected[i][0]);
    BOOST_TEST(same_subject(printable, utf8, ways[i]) == expected[i][1]);
    BOOST_TEST(same_subject(printable, folded, ways[i]) == expected[i][2]);
    BOOST_TEST(same_subject(printable, other, ways[i]) == expected[i][3]);
  }
}

// RFC 5280 sections 7.2 to 7.5
BOOST_AUTO_TEST_CASE(alternative_names_are_compared_by_what_they_mean) {
  BOOST_TEST(same({general(dns, "A.Example")}, {general(dns, "a.example")}));
  BOOST_TEST(!same({general(dns, "a.example")}, {general(dns, "b.example")}));
  BOOST_TEST(same({general(mailbox, "Me@A.Example")}, {general(mailbox, "Me@a.example")}));
  BOOST_TEST(!same({general(mailbox, "Me@a.example")}, {general(mailbox, "me@a.example")}));
  BOOST_TEST(same({general(uri, "HTTPS://A.Example/Path")}, {general(uri, "https://a.example/Path")}));
  BOOST_TEST(!same({general(uri, "https://a.example/Path")}, {general(uri, "https://a.example/path")}));
  BOOST_TEST(!same({general(uri, "https://Me@a.example/")}, {general(uri, "https://me@a.example/")}));
  BOOST_TEST(!same({general(uri, "urn:A")}, {general(uri, "urn:a")}));
  BOOST_TEST(!same({general(ip, "\x01\x02\x03\x04")}, {general(ip, "\x01\x02\x03\x05")}));
  BOOST_TEST(!same({general(dns, "a.example")}, {general(uri, "a.example")}));
  auto const name = [](std::string_view text) {
    return pki::der::value(directory, subject(pki::tag::utf8_string, text));
  };
  BOOST_TEST(same({name("Device")}, {name("device")}));
  BOOST_TEST(!same({name("Device")}, {name("other")}));
}

BOOST_AUTO_TEST_CASE(the_order_of_alternative_names_does_not_count_and_their_number_does) {
  auto const a = general(dns, "a.example"), b = general(dns, "b.example");
  BOOST_TEST(same({a, b}, {b, a}));
  BOOST_TEST(!same({a, b}, {a}));
  BOOST_TEST(!same({a, a}, {a, b}));
  BOOST_TEST(!same({a, b}, {a, a}));
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_read_are_the_same_only_by_their_octets) {
  bytes const broken{0x30, 0x05, 0x82, 0x09};
  BOOST_TEST(detail::same_general_names(broken, broken));
  BOOST_TEST(!detail::same_general_names(broken, names({general(dns, "a")})));
  auto const whole = names({general(dns, "A.example"), general(mailbox, "a@b")});
  auto const lower = names({general(dns, "a.example"), general(mailbox, "a@b")});
  for (std::size_t n = 0; n < whole.size(); ++n)
    BOOST_TEST(!detail::same_general_names(byte_view{whole}.first(n), lower));
  std::vector<bytes> many(257, general(dns, "a.example"));
  auto others = many;
  others.front() = general(dns, "A.example");
  BOOST_TEST(!same(many, others)); // more than are compared
}

BOOST_AUTO_TEST_CASE(a_reenrolment_is_matched_as_the_owner_says) {
  pki::alternative_names held{{"a.example", "b.example"}, {}, {}, {}}, asked{{"B.example", "A.EXAMPLE"}, {}, {}, {}};
  auto const key = make_key();
  auto const certificate = enrolled(make_csr(key, {pki::subject_alternative_names(held)}, name_of("Device")));
  auto const csr = make_csr(key, {pki::subject_alternative_names(asked)}, name_of("device"));
  auto const question = post("simplereenroll", csr.der(), false);
  for (auto const how : {name_match::exact, name_match::same_text}) {
    options.reenrol_names = how;
    check_refused(ask(question, facts_with(certificate)), 403, "subject");
  }
  options.reenrol_names = name_match::semantic;
  auto const answer = ask(question, facts_with(certificate));
  BOOST_TEST(answer.status == 200, answer.body);
  auto const without = make_csr(key, {}, name_of("device"));
  check_refused(ask(post("simplereenroll", without.der(), false), facts_with(certificate)), 403, "subjectAltName");
}

// Whoever issues may read another one of them than the one that was compared.
BOOST_AUTO_TEST_CASE(a_reenrolment_that_asks_for_names_twice_is_refused) {
  auto const key = make_key();
  pki::extension const mine = pki::make_subject_alternative_name({{"a.example"}, {}, {}, {}}),
                       foreign = pki::make_subject_alternative_name({{"b.example"}, {}, {}, {}});
  auto const named = enrolled(make_csr(key, {pki::extension_request({mine})}));
  auto const ask_with = [&](pki::certificate const& shown, std::vector<pki::attribute> attributes) {
    return ask(post("simplereenroll", make_csr(key, std::move(attributes)).der(), false), facts_with(shown));
  };
  BOOST_TEST(ask_with(named, {pki::extension_request({mine})}).status == 200);
  check_refused(ask_with(named, {pki::extension_request({mine, foreign})}), 400, "twice");
  check_refused(ask_with(named, {pki::extension_request({mine}), pki::extension_request({foreign})}), 400, "twice");
  auto both = pki::extension_request({mine});
  both.values.push_back(pki::extension_request({foreign}).values.front());
  check_refused(ask_with(named, {both}), 400, "twice");
  auto const nameless = enrolled(make_csr(key));
  auto broken = pki::extension_request({foreign});
  broken.values.front() = pki::der::sequence({pki::der::integer(1u)});
  check_refused(ask_with(nameless, {broken}), 400, "cannot be read");
}

BOOST_AUTO_TEST_SUITE_END()
