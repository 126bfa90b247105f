// HTTP messages printed in a document.
#include "catalogue/document_example.hpp"
#include "expect.hpp"

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const text = fuzz::text_of(data, size);
  notes said;
  auto const looks = conformance::looks_like_document_example(text);
  auto const found = conformance::read_document_example(text, &said);
  fuzz::expect(!looks || found.has_value(), "what looks like a document example can be read as one");
  if (!found) return 0;
  fuzz::expect(!found->messages.empty() && found->messages.size() == found->facts.size(), "each message has its facts");
  for (std::size_t i = 0; i < found->messages.size(); ++i)
    fuzz::expect(found->facts[i].line_at(0) == found->facts[i].line, "a message begins at its line");
  return 0;
}
