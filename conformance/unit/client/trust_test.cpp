#include "../message/pki_fixture.hpp"

#include <est/client/trust.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace est;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(trust)

namespace {

pki::certificate server_with(std::vector<std::string> dns, std::vector<bytes> ip = {},
                             std::vector<pki::object_id> purposes = {}) {
  std::vector<pki::extension> extensions;
  pki::alternative_names names;
  names.dns = std::move(dns);
  names.ip = std::move(ip);
  if (!names.dns.empty() || !names.ip.empty()) extensions.push_back(pki::make_subject_alternative_name(names));
  if (!purposes.empty()) extensions.push_back(pki::make_extended_key_usage(purposes));
  return root().issue(device().key.public_key_info(), "common.example", std::move(extensions));
}

} // namespace

BOOST_AUTO_TEST_CASE(the_host_of_an_authority) {
  BOOST_TEST(host_of("est.example") == "est.example");
  BOOST_TEST(host_of("est.example:8443") == "est.example");
  BOOST_TEST(host_of("192.0.2.1:8085") == "192.0.2.1");
  BOOST_TEST(host_of("[2001:db8::1]:8443") == "2001:db8::1");
  BOOST_TEST(host_of("[2001:db8::1]") == "2001:db8::1");
  BOOST_TEST(host_of("2001:db8::1") == "2001:db8::1");
  BOOST_TEST(host_of("") == "");
  BOOST_TEST(host_of("[") == "");
}

BOOST_AUTO_TEST_CASE(addresses_are_told_from_names) {
  BOOST_TEST((parse_ip_address("192.0.2.1") == bytes{192, 0, 2, 1}));
  for (auto const text : {"", "192.0.2", "192.0.2.1.5", "192.0.2.256", "192.0.2.01", "192.0.2.", ".1.2.3", "1.2.3.4 ",
                          "est.example", "1.2.3.a", "0x7f.1"})
    BOOST_TEST(!parse_ip_address(text), text);
  bytes const loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  BOOST_TEST((parse_ip_address("::1") == loopback));
  BOOST_TEST((parse_ip_address("0:0:0:0:0:0:0:1") == loopback));
  BOOST_TEST((parse_ip_address("::") == bytes(16)));
  bytes const documentation{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  BOOST_TEST((parse_ip_address("2001:DB8::1") == documentation));
  BOOST_TEST((parse_ip_address("2001:db8:0:0::0.0.0.1") == documentation));
  BOOST_TEST((parse_ip_address("1::") == bytes{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  for (auto const text : {":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%eth0",
                          ":1", "1:", "1:2:3:4:5:6:7:8:", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1:::2", " ::1"})
    BOOST_TEST(!parse_ip_address(text), text);
}

// RFC 6125 sections 6.4.1 and 6.4.3
BOOST_AUTO_TEST_CASE(names_are_compared_label_by_label) {
  BOOST_TEST(dns_name_matches("est.example", "EST.Example"));
  BOOST_TEST(dns_name_matches("est.example", "est.example."));
  BOOST_TEST(!dns_name_matches("est.example", "est.example.org"));
  BOOST_TEST(!dns_name_matches("example", "est.example"));
  BOOST_TEST(!dns_name_matches("", ""));
  BOOST_TEST(!dns_name_matches("est.example", ""));
  BOOST_TEST(!dns_name_matches(std::string("est.example\0.evil", 17), "est.example"));
}

BOOST_AUTO_TEST_CASE(an_asterisk_counts_for_one_label_on_the_left) {
  BOOST_TEST(dns_name_matches("*.example.com", "foo.example.com"));
  BOOST_TEST(!dns_name_matches("*.example.com", "bar.foo.example.com"));
  BOOST_TEST(!dns_name_matches("*.example.com", "example.com"));
  BOOST_TEST(!dns_name_matches("*.example.com", ".example.com"));
  BOOST_TEST(!dns_name_matches("bar.*.example.net", "bar.foo.example.net"));
  BOOST_TEST(!dns_name_matches("baz*.example.net", "baz1.example.net"));
  BOOST_TEST(!dns_name_matches("*", "example"));
  BOOST_TEST(!dns_name_matches("*.com", "example.com"));
  BOOST_TEST(!dns_name_matches("*.*.com", "a.example.com"));
}

BOOST_AUTO_TEST_CASE(an_address_is_no_name) {
  BOOST_TEST(!dns_name_matches("192.0.2.1", "192.0.2.1"));
  BOOST_TEST(!dns_name_matches("*.0.2.1", "192.0.2.1"));
  BOOST_TEST(!check_server_name(server_with({"192.0.2.1"}), "192.0.2.1"));
  BOOST_TEST(check_server_name(server_with({}, {{192, 0, 2, 1}}), "192.0.2.1").has_value());
  BOOST_TEST(!check_server_name(server_with({}, {{192, 0, 2, 1}}), "192.0.2.2"));
  BOOST_TEST(check_server_name(server_with({}, {*parse_ip_address("2001:db8::1")}), "2001:db8:0::1").has_value());
}

// RFC 9525 ends the look at common names.
BOOST_AUTO_TEST_CASE(the_common_name_is_never_looked_at) {
  BOOST_TEST(!check_server_name(server_with({}), "common.example"));
  BOOST_TEST(!check_server_name(server_with({"other.example"}), "common.example"));
}

BOOST_AUTO_TEST_CASE(a_failure_names_what_is_there) {
  auto const checked = check_server_name(server_with({"a.example", "b.example"}), "est.example");
  BOOST_REQUIRE(!checked);
  BOOST_TEST((checked.error().code == errc::server_name_mismatch));
  BOOST_TEST(checked.error().detail.find("a.example, b.example") != std::string::npos);
}

// RFC 7030 sections 3.6.1 and 3.6.2
BOOST_AUTO_TEST_CASE(a_registration_authority_passes_with_explicit_anchors_only) {
  auto const authority = server_with({"other.example"}, {}, {pki::oids::server_auth, pki::oids::cmc_ra});
  BOOST_TEST(check_server_identity(authority, "est.example", true).has_value());
  BOOST_TEST(!check_server_identity(authority, "est.example", false));
  auto const plain = server_with({"other.example"}, {}, {pki::oids::server_auth});
  BOOST_TEST(!check_server_identity(plain, "est.example", true));
  BOOST_TEST(check_server_identity(plain, "other.example", true).has_value());
  BOOST_TEST(check_server_identity(plain, "other.example", false).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
