// The bodies of the examples of RFC 7030 are base64 as printed.
#include "../vectors.hpp"

#include <est/mime/body.hpp>

#include <boost/test/unit_test.hpp>

using namespace est;
using est::test::read_vector;

BOOST_AUTO_TEST_SUITE(rfc7030)

BOOST_AUTO_TEST_CASE(each_printed_body_decodes_to_a_sequence_of_the_size_it_has) {
  const std::pair<char const*, std::size_t> bodies[] = {
      {"a1-cacerts-response", 3133},    {"a2-csrattrs-response", 126},
      {"a3-simpleenroll-request", 649}, {"a3-simpleenroll-response", 828},
      {"a4-serverkeygen-request", 709}, {"a4-response-pkcs8", 1218},
      {"a4-response-pkcs7", 841},       {"s452-csrattrs", 67}};
  for (auto const& [name, size] : bodies) {
    auto const text = read_vector("rfc7030/" + std::string{name} + ".b64");
    notes said;
    auto const der = mime::decode_body(text, &said);
    BOOST_REQUIRE_MESSAGE(der, name);
    BOOST_TEST(der->size() == size, name);
    BOOST_TEST(der->front() == 0x30, name);
    BOOST_TEST(!said.has_deviation(), name);
    BOOST_TEST(encode_base64(*der) == text, name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
