// The walk over BER: what is DER passes the normaliser unchanged, and what the normaliser writes has DER framing.
#include "expect.hpp"

#include <est/pki/ber.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  const byte_view octets{data, size};
  notes in_der, said;
  bool const is_der = check_der(octets, &in_der).has_value();
  auto const once = normalise_ber(octets, &said);
  fuzz::expect(said.size() <= 6, "there is one note a kind");
  if (is_der) {
    fuzz::expect(once && equal(*once, octets), "DER is normalised to itself");
    fuzz::expect(said.empty(), "there is nothing to note of DER");
  }
  if (once) {
    notes again;
    auto const twice = normalise_ber(*once, &again);
    fuzz::expect(twice && *twice == *once, "normalising twice changes nothing");
    fuzz::expect(!again.has(note_code::ber_indefinite_length) && !again.has(note_code::ber_long_length) &&
                     !again.has(note_code::ber_constructed_string) && !again.has(note_code::der_trailing_octets),
                 "what was normalised has DER framing");
    fuzz::expect(read_tlv(*once).has_value(), "what was normalised is a value");
  }
  // whatever is kept, the outermost value has a definite length
  auto const kept = normalise_ber(octets, nullptr, {}, [](byte_view path) { return path.size() == 2; });
  if (kept) fuzz::expect(read_tlv(*kept).has_value(), "what was normalised is a value");
  return 0;
}
