// Host names, addresses and the names of certificates. The first line is the name that a certificate shows.
#include "expect.hpp"

#include <est/client/trust.hpp>

#include <string>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const text = fuzz::text_of(data, size);
  auto const end = std::min(text.find('\n'), text.size());
  auto const presented = text.substr(0, end);
  auto const host = host_of(text.substr(std::min(end + 1, text.size())));
  auto const address = parse_ip_address(host);
  fuzz::expect(!address || address->size() == 4 || address->size() == 16, "an address has 4 or 16 octets");
  bool const matches = dns_name_matches(presented, host);
  fuzz::expect(!matches || !address, "an address is no name");
  if (matches && presented.find('*') == std::string_view::npos)
    fuzz::expect(dns_name_matches(host, presented), "plain names match both ways");
  return 0;
}
