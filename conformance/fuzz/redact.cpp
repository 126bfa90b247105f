// Any octets as the answer to serverkeygen, to an unknown operation, and as a sentence: nothing unsafe comes out.
#include "expect.hpp"

#include "report/redact.hpp"

using namespace est;
using namespace est::conformance;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const input = fuzz::text_of(data, std::min<std::size_t>(size, 8192));
  for (char const c : printable(input)) {
    auto const octet = static_cast<unsigned char>(c);
    fuzz::expect(octet >= 0x20 && octet != 0x7f, "what is printable has no control characters");
  }
  fuzz::expect(printable(printable(input)) == printable(input), "what is printable stays as it is");

  exchange e;
  e.request = "POST /.well-known/est/serverkeygen HTTP/1.1\r\nAuthorization: Basic dXNlcjpjYW5hcnktc2VjcmV0\r\n\r\n";
  e.response = "HTTP/1.1 200 OK\r\n\r\n" + std::string{input} + "canary-body";
  fuzz::expect(redacted_response(e).find("canary-body") == std::string::npos, "a serverkeygen body is withheld");
  fuzz::expect(redacted_request(e).find("dXNlcjpj") == std::string::npos, "credentials are withheld");
  scrubber scrub;
  scrub.learn(e);
  fuzz::expect(scrub(std::string{input} + " canary-secret").find("canary-secret") == std::string::npos,
               "a password that was sent is withheld");

  exchange unknown;
  unknown.response = std::string{input};
  if (body_is_secret(unknown)) fuzz::expect(error_excerpt(unknown).empty(), "nothing of a secret body is quoted");
  (void)redacted_response(unknown);
  return 0;
}
