// Answers to cacerts, from the media type to the certificates.
#include "replies.hpp"

#include <est/message/cacerts.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  notes said;
  auto const reply = parse_reply<op::cacerts>(fuzz::answer_of(data, size), &said);
  if (!reply) return 0;
  fuzz::expect(!reply->certificates.certificates().empty(), "a bag is never empty");
  auto const again = parse_reply<op::cacerts>(to_http_reply<op::cacerts>(*reply));
  fuzz::expect(again && *again == *reply, "a reply is read as it was written");
  return 0;
}
