#include "drive/hello.hpp"

#include "deviant/wire_tls.hpp"

#include <est/core/random.hpp>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(hello_by_hand)

namespace {

using namespace est;
using namespace est::conformance;
using http::tls_version;

std::string some_hello(tls_version v, suite_family f, std::string_view name = "est.example") {
  return make_client_hello(v, f, name, system_random(96));
}

std::size_t number(std::string_view octets, std::size_t at, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(octets[at + i]);
  return value;
}

} // namespace

BOOST_AUTO_TEST_CASE(its_lengths_agree_at_every_level) {
  for (auto const v : {tls_version::tls_1_0, tls_version::tls_1_1, tls_version::tls_1_2, tls_version::tls_1_3}) {
    auto const hello = some_hello(v, suite_family::ordinary);
    BOOST_TEST(number(hello, 0, 1) == 22u);
    BOOST_TEST(number(hello, 3, 2) == hello.size() - 5);
    BOOST_TEST(number(hello, 5, 1) == 1u);
    BOOST_TEST(number(hello, 6, 3) == hello.size() - 9);
    BOOST_TEST(number(hello, 9, 2) == (v == tls_version::tls_1_3 ? 0x0303u : wire_number(v)));
    BOOST_TEST((hello.find("est.example") != std::string::npos));
  }
  BOOST_TEST((some_hello(tls_version::tls_1_2, suite_family::ordinary, "").find("est.example") == std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_family_of_suites_is_offered_alone) {
  for (auto const f :
       {suite_family::null, suite_family::anonymous, suite_family::exported, suite_family::des, suite_family::psk,
        suite_family::srp, suite_family::rc4, suite_family::triple_des, suite_family::static_rsa}) {
    auto const hello = some_hello(tls_version::tls_1_2, f);
    auto const list = suites_of(f);
    BOOST_TEST(number(hello, 44, 2) ==
               list.size() * 2); // behind record, message, version, random and an empty session id
    for (std::size_t i = 0; i < list.size(); ++i) BOOST_TEST(number(hello, 46 + 2 * i, 2) == list[i]);
    for (auto const suite : list) {
      BOOST_TEST(is_of(f, suite));
      BOOST_TEST(!is_of(suite_family::null, suite) == (f != suite_family::null), suite_text(suite));
      if (f != suite_family::static_rsa) BOOST_TEST(!is_of(suite_family::ordinary, suite), suite_text(suite));
    }
    BOOST_TEST((suite_family_named(name(f)) == std::optional{f}));
  }
}

BOOST_AUTO_TEST_CASE(a_server_hello_is_read_when_it_is_whole) {
  auto const asked = some_hello(tls_version::tls_1_2, suite_family::des);
  auto const answer = feign_server_hello({{0x0303, {}}}, asked);
  BOOST_REQUIRE(!answer.empty());
  for (std::size_t size = 0; size < answer.size(); ++size) {
    tls_probe p;
    BOOST_TEST(!read_server_hello(std::string_view{answer}.substr(0, size), p));
  }
  tls_probe p;
  BOOST_REQUIRE(read_server_hello(answer, p));
  BOOST_TEST((p.answered == tls_probe::answer::server_hello));
  BOOST_TEST((p.chosen_version == tls_version::tls_1_2));
  BOOST_TEST(p.chosen_suite == suites_of(suite_family::des).front());
  BOOST_TEST(p.renegotiation_info);
  BOOST_TEST(p.extended_master_secret);
  tls_probe bare;
  BOOST_REQUIRE(read_server_hello(feign_server_hello({{0x0303, {}, false, false, 0x0301}}, asked), bare));
  BOOST_TEST(!bare.renegotiation_info);
  BOOST_TEST(!bare.extended_master_secret);
  BOOST_TEST((bare.chosen_version == tls_version::tls_1_0));
}

BOOST_AUTO_TEST_CASE(an_alert_is_read_and_a_warning_before_the_answer_is_passed_over) {
  using namespace std::string_literals;
  auto const fatal = "\x15\x03\x01\x00\x02\x02\x46"s;
  tls_probe p;
  BOOST_REQUIRE(read_server_hello(fatal, p));
  BOOST_TEST((p.answered == tls_probe::answer::alert));
  BOOST_TEST(int{p.alert} == 70);
  BOOST_TEST(answer_in_words(p) == "alert 70 (protocol_version)");
  auto const warning = "\x15\x03\x01\x00\x02\x01\x70"s;
  tls_probe w;
  BOOST_TEST(!read_server_hello(warning, w));
  auto const hello = feign_server_hello({{0x0303, {}}}, some_hello(tls_version::tls_1_2, suite_family::null));
  BOOST_REQUIRE(read_server_hello(warning + hello, w));
  BOOST_TEST((w.answered == tls_probe::answer::server_hello));
}

BOOST_AUTO_TEST_CASE(what_is_no_tls_is_said_to_be_so) {
  for (std::string_view const octets :
       {std::string_view{"HTTP/1.1 400 Bad Request\r\n"}, std::string_view{"SSH-2.0-x\r\n"},
        std::string_view{"\x16\x03\x01\x00\x00", 5}, std::string_view{"\x16\x03\x01\x00\x04\x0b\x00\x00\x00", 9}}) {
    tls_probe p;
    BOOST_REQUIRE(read_server_hello(octets, p));
    BOOST_TEST((p.answered == tls_probe::answer::something_else));
  }
}

BOOST_AUTO_TEST_SUITE_END()
