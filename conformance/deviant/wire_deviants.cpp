/// The table of what deviates in TLS, where only a socket shows it, and of what is lawful there.

#include "wire_server.hpp"

#include <algorithm>
#include <vector>

namespace est::conformance {

namespace {

std::vector<deviant> make_wire_deviants() {
  std::vector<deviant> all;
  auto const lawful = [&all](std::string_view name, std::string_view title, void (*wire)(wire_behaviour&)) {
    deviant d{name, title, "", ""};
    d.wire = wire;
    all.push_back(d);
  };
  lawful("names-no-ca", "the CertificateRequest names no CA", [](wire_behaviour& b) { b.no_names_in_request = true; });
  lawful("cuts-off-bad-certificates", "a client certificate that does not verify ends the handshake",
         [](wire_behaviour& b) { b.cut_off_bad_certificates = true; });
  lawful("clear-http-redirected", "plain HTTP on the port is sent to https",
         [](wire_behaviour& b) { b.redirect_in_clear = true; });
  return all;
}

} // namespace

std::span<const deviant> wire_deviants() {
  static std::vector<deviant> const all = make_wire_deviants();
  return all;
}

std::vector<deviant const*> every_deviant() {
  std::vector<deviant const*> all;
  for (auto const list : {deviants(), wire_deviants(), legal_variants()})
    for (auto const& d : list) all.push_back(&d);
  std::stable_partition(all.begin(), all.end(), [](deviant const* d) { return !d->is_legal(); });
  return all;
}

deviant const* find_deviant(std::string_view name) {
  auto const all = every_deviant();
  auto const it = std::find_if(all.begin(), all.end(), [&](deviant const* d) { return d->name == name; });
  return it == all.end() ? nullptr : *it;
}

} // namespace est::conformance
