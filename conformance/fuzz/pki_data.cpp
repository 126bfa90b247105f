// Full PKI Requests: PKIData is read as it was written, and whatever is in it can be looked at.
#include "expect.hpp"

#include <est/pki/cmc_controls.hpp>
#include <est/pki/cmc_proof.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const read = parse_pki_data({data, size});
  if (!read) return 0;
  auto const written = encode(*read);
  auto const again = parse_pki_data(written);
  fuzz::expect(again && *again == *read, "a PKIData is read as it was written");
  fuzz::expect(encode(*again) == written, "there is one way to write a PKIData");

  (void)transaction_id_of(read->controls);
  (void)processed_controls(read->controls);
  notes found;
  remark_unknown_controls(read->controls, &found, "fuzz");
  const secret_bytes secret{std::string_view{"a shared secret of 24 o."}};
  for (auto const& control : read->controls) {
    for (auto const& value : control.values) (void)parse_confirm_acceptance(value);
    fuzz::expect(!check_identity_proof(control, secret, *read), "no proof is found by chance");
  }
  return 0;
}
