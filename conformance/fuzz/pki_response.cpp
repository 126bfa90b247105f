// Full PKI Responses: PKIResponse is read as it was written, and so is every status in it.
#include "expect.hpp"

#include <est/pki/cmc_controls.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const read = parse_pki_response({data, size});
  if (!read) return 0;
  auto const written = encode(*read);
  auto const again = parse_pki_response(written);
  fuzz::expect(again && *again == *read, "a PKIResponse is read as it was written");

  notes found;
  auto const statuses = read_cmc_statuses(read->controls, &found);
  if (!statuses || found.has(note_code::cmc_pend_time)) return 0;
  for (auto const& status : *statuses) {
    auto const once_more = parse_cmc_status(encode(status), status.version_2);
    bool const nameless =
        [&] { // a bodyPartPath of no identifiers has no lawful encoding, and version 1 no extended reason
          for (auto const& part : status.parts)
            if (part.path.empty()) return true;
          return !status.version_2 && std::holds_alternative<cmc_extended_fail_info>(status.more);
        }();
    fuzz::expect(nameless || (once_more && *once_more == status), "a status is read as it was written");
  }
  return 0;
}
