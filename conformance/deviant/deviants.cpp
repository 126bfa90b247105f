/// The table of deviants, by the section of the RFCs that each goes against.

#include "deviants.hpp"

#include "deviant_parts.hpp"

#include <algorithm>

namespace est::conformance {

bool deviant::may_follow(std::string_view id) const noexcept {
  for (auto rest = followers; !rest.empty();) {
    auto const blank = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, blank) == id) return true;
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
  return false;
}

namespace {

std::vector<deviant> make_deviants() {
  std::vector<deviant> all;
  add_http_deviants(all);
  add_enrolment_deviants(all);
  add_keygen_deviants(all);
  add_csrattrs_deviants(all);
  add_renewal_deviants(all);
  add_cmc_deviants(all);
  add_protection_deviants(all);
  add_certificate_deviants(all);
  add_template_deviants(all);
  return all;
}

} // namespace

std::vector<deviant> all_deviants() {
  std::vector<deviant> all;
  for (auto const* d : every_deviant())
    if (!d->is_legal()) all.push_back(*d);
  return all;
}

std::span<const deviant> deviants() {
  static std::vector<deviant> const all = make_deviants();
  return all;
}

} // namespace est::conformance
