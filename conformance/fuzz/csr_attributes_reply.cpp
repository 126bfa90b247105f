// Answers to /csrattrs in whatever form.
#include "replies.hpp"

#include <est/message/csr_attributes.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const answer = fuzz::answer_of(data, size);
  notes said;
  auto const reply = parse_reply<op::csr_attributes>(answer, &said);
  if (!reply) return 0;
  fuzz::expect(reply->http_status == 200, "a 200 answer is one");
  notes none;
  auto const again = parse_reply<op::csr_attributes>(to_http_reply<op::csr_attributes>(*reply), &none);
  fuzz::expect(again && *again == *reply, "a reply is read as it was written");
  fuzz::expect(!none.has(note_code::csrattrs_no_content) && !none.has(note_code::csrattrs_pem), "and as it should be");
  return 0;
}
