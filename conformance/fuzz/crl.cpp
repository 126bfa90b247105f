// Revocation lists, and all that can be asked of one.
#include "expect.hpp"

#include <est/pki/crl.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  notes remarks;
  auto const list = parse_crl({data, size}, &remarks);
  if (!list) return 0;
  fuzz::expect(equal(list->der(), {data, size}), "a list keeps its octets");
  auto const again = parse_crl(list->der());
  fuzz::expect(again && *again == *list, "a list is read as it was written");
  for (auto const& one : list->revoked())
    fuzz::expect(list->find(one.serial) != nullptr, "every entry is found by its serial number");
  static_cast<void>(list->number());
  static_cast<void>(list->issuer_text());
  static_cast<void>(list->obstacle());
  static_cast<void>(list->in_force_at(time_point{}));
  return 0;
}
