// Enrolment requests: base64 around a certification request.
#include "replies.hpp"

#include <est/message/enroll.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const parts = fuzz::answer_of(data, size);
  http::request question;
  question.method = "POST";
  question.headers = parts.headers;
  question.body = parts.body;
  notes said;
  auto const read = parse_request<op::simple_enroll>(question, &said);
  if (!read) return 0;
  auto const again = parse_request<op::simple_enroll>(to_http<op::simple_enroll>(*read, {"host", ""}));
  fuzz::expect(again && *again == *read, "a request is read as it was written");
  return 0;
}
