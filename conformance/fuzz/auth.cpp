// Challenges and Basic credentials, from whatever a peer sends.
#include "expect.hpp"

#include <est/http/auth.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const text = fuzz::text_of(data, size);
  for (auto const& c : http::parse_challenges(text)) fuzz::expect(http::is_token(c.scheme), "a scheme is a token");
  if (auto const who = http::parse_basic(text)) {
    auto const again = http::parse_basic(http::encode_basic(*who));
    fuzz::expect(again && again->user == who->user &&
                     equal_in_constant_time(again->password.expose(), who->password.expose()),
                 "credentials are read as they were written");
  }
  return 0;
}
