// What OpenSSL's command line reads in a CSR that follows a template. Skipped where it is not installed.
#include "csr_attributes_support.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace est;
using namespace est::pki;
using namespace est::test;

namespace {

boost::test_tools::assertion_result with_openssl(boost::unit_test::test_unit_id) {
  static bool const here = std::system("openssl version >/dev/null 2>&1") == 0;
  boost::test_tools::assertion_result said{here};
  said.message() << "openssl is not installed";
  return said;
}

/// What `openssl req` says of a request, with "(failed)" behind it where it did.
std::string openssl_req(csr const& request) {
  auto const file =
      (std::filesystem::temp_directory_path() / ("est-csr-plan-" + std::to_string(::getpid()) + ".der")).string();
  std::ofstream{file, std::ios::binary} << as_text(request.der());
  auto* const pipe =
      ::popen(("openssl req -inform DER -in '" + file + "' -noout -verify -text -nameopt RFC2253 2>&1").c_str(), "r");
  BOOST_REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[512];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  if (::pclose(pipe) != 0) text += "(failed)";
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  return text;
}

void check_said(std::string const& said, std::string_view wanted) {
  BOOST_TEST(said.find(wanted) != std::string::npos, "no '" << wanted << "' in: " << said);
}

} // namespace

BOOST_AUTO_TEST_SUITE(csr_plan_read_by_openssl, *boost::unit_test::precondition(with_openssl))

BOOST_AUTO_TEST_CASE(a_request_that_follows_the_template_of_rfc9908) {
  csr_offer offer;
  offer.subject = common_name("device-7");
  alternative_names names;
  names.ip = {bytes{192, 0, 2, 7}};
  offer.extensions = {make_subject_alternative_name(names), make_extended_key_usage({oids::client_auth})};
  offer.challenge_password = [] { return std::optional<std::string>{"AAECAwQFBgcICQoL"}; };
  offer.challenge_password_unasked = true;
  auto const plan = follow(read_list(vector_octets("rfc9908/s34-constructed.b64")), offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  auto const said = openssl_req(must(make_key_and_csr(plan, at_test_time())).request);
  BOOST_TEST(said.find("(failed)") == std::string::npos, said);
  check_said(said, "OU=myGroup,OU=myDept,CN=device-7");
  check_said(said, "DNS:www.myServer.com, IP Address:192.0.2.7");
  check_said(said, "X509v3 Key Usage: critical");
  check_said(said, "Digital Signature, Key Agreement");
  check_said(said, "TLS Web Client Authentication");
  check_said(said, "NIST CURVE: P-256");
  check_said(said, "AAECAwQFBgcICQoL");
}

BOOST_AUTO_TEST_CASE(a_request_that_follows_a_list) {
  csr_offer offer;
  offer.subject = common_name("device-7");
  offer.names_if_asked = {{oids::serial_number, "SN7"}};
  offer.challenge_password = [] { return std::optional<std::string>{"AAECAwQFBgcICQoL"}; };
  auto const plan = follow(read_list(vector_octets("rfc9908/s55-harkins02.b64")), offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  auto const said = openssl_req(must(make_key_and_csr(plan, at_test_time())).request);
  BOOST_TEST(said.find("(failed)") == std::string::npos, said);
  check_said(said, "serialNumber=SN7,CN=device-7");
  check_said(said, "NIST CURVE: P-384");
  check_said(said, "ecdsa-with-SHA384");
  check_said(said, "challengePassword");
}

BOOST_AUTO_TEST_SUITE_END()
