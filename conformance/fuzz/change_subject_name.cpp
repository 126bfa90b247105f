// ChangeSubjectName: what is read is written, in both forms, and read again.
#include "expect.hpp"

#include <est/pki/change_subject_name.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const change = parse_change_subject_name({data, size});
  if (!change) return 0;
  for (auto const form : {subject_alt_form::untagged, subject_alt_form::tagged}) {
    auto const made = change_subject_name_attribute(*change, form);
    if (!made) continue; // GeneralNames without a readable name among them
    auto const again = parse_change_subject_name(made->values.front());
    fuzz::expect(again && *again == *change, "a change of names is read as it was written");
  }
  return 0;
}
