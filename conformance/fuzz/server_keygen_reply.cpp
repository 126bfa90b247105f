// Answers to serverkeygen: multipart, private key, certificates.
#include "replies.hpp"

#include <est/message/server_keygen.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  notes said;
  auto const reply = parse_reply<op::server_keygen>(fuzz::answer_of(data, size), &said);
  if (!reply) return 0;
  auto const* const got = std::get_if<generated>(&*reply);
  fuzz::expect(got != nullptr && got->key.belongs_to(got->certificate), "the certificate belongs to the key");
  auto const written = to_http_reply<op::server_keygen>(*reply);
  auto const again = parse_reply<op::server_keygen>(written);
  fuzz::expect(again && to_http_reply<op::server_keygen>(*again) == written, "a reply is read as it was written");
  return 0;
}
