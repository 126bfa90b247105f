// Signed messages: what is read is verified or not, the same each time; what it holds is signed anew and read.
#include "expect.hpp"

#include <est/pki/signed_data.hpp>

using namespace est;
using namespace est::pki;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  notes said, again;
  auto const message = parse_signed_data<secret_bytes>({data, size}, &said);
  auto const plain = parse_bare_signed_data({data, size}, &again);
  fuzz::expect(message.has_value() == plain.has_value(), "a secret content is read as a plain one is");
  if (!message) return 0;
  fuzz::expect(message->content.has_value() == plain->content.has_value() &&
                   message->signers.size() == plain->signers.size(),
               "both readers see the same");
  auto const found = verify_signed_data(*plain, plain->certificates);
  fuzz::expect(!found || plain->content.has_value(), "nothing verifies without content");
  for (auto const& signer : plain->signers) static_cast<void>(signer.signing_time());
  return 0;
}
