// Lists of CSR attributes, templates among them, and the request that follows whatever they ask for.
#include "expect.hpp"

#include <est/pki/csr_plan.hpp>

#include <botan/auto_rng.h>

#include <chrono>
#include <cstdlib>

using namespace est;
using namespace est::pki;

namespace {

/// One client for the whole run, with something of everything to offer.
struct client {
  Botan::AutoSeeded_RNG rng;
  context at{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}, rng};
  result<private_key> key = make_private_key(key_spec::ed25519(), at);
  csr_offer offer;

  client() {
    if (!key) std::abort();
    offer.subject = make_name({{oids::common_name, "device"}, {oids::organization_name, "Example"}});
    offer.names_if_asked = {{oids::serial_number, "7"}};
    alternative_names names;
    names.dns = {"device.example"};
    names.ip = {{192, 0, 2, 7}};
    offer.extensions_if_asked = {make_subject_alternative_name(names), make_extended_key_usage({oids::client_auth})};
    offer.attributes_if_asked = {{oids::mac_address, {der::text(tag::ia5_string, "02:00:00:00:00:07")}}};
    offer.challenge_password = [] { return std::optional<std::string>{"AAECAwQFBgcICQoL"}; };
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static client device;
  static_cast<void>(parse_csr_template({data, size}));
  auto const list = parse_csr_attributes({data, size});
  if (!list) return 0;
  auto const again = parse_csr_attributes(list->der());
  fuzz::expect(again && *again == *list && again->wishes() == list->wishes(), "a list is read as it was written");
  fuzz::expect(!check_der(byte_view{data, size}) || equal(list->der(), {data, size}), "a list in DER keeps its octets");
  auto offer = device.offer;
  for (auto const& one : list->wishes().attributes)
    if (size % 2 == 0) offer.recognised.push_back(one.oid);
  static_cast<void>(follow(*list, offer)); // a key that is yet to be made
  auto const plan = follow(*list, offer, *device.key);
  for (auto const& one : plan.unmet) static_cast<void>(to_text(one));
  auto const request = make_csr(plan, *device.key, device.at);
  fuzz::expect(request.has_value(), "nothing that a server asks for keeps a request from being made");
  fuzz::expect(request->signature_verifies(), "the request is signed");
  return 0;
}
