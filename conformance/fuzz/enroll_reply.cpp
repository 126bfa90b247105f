// Answers to an enrolment, with and without the request at hand.
#include "replies.hpp"

#include <est/message/enroll.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const answer = fuzz::answer_of(data, size);
  notes said;
  auto const reply = parse_reply<op::simple_enroll>(answer, &said);
  if (!reply) return 0;
  auto const* const got = std::get_if<issued>(&*reply);
  fuzz::expect(got != nullptr, "a 200 answer is not pending");
  auto const again = parse_reply<op::simple_enroll>(to_http_reply<op::simple_enroll>(*reply));
  fuzz::expect(again && *again == *reply, "a reply is read as it was written");
  bool in_bag = false;
  for (auto const& one : got->bag.certificates()) in_bag = in_bag || one == got->certificate;
  fuzz::expect(in_bag, "the certificate comes out of the bag");
  return 0;
}
