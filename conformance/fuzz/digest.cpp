// Digest challenges and credentials, nonces, and Locations, from whatever a peer sends.
#include "expect.hpp"

#include <est/client/redirect.hpp>
#include <est/http/digest.hpp>
#include <est/http/redirect.hpp>

#include <chrono>
#include <string>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const text = fuzz::text_of(data, size);
  for (auto const& one : http::parse_challenges(text))
    if (auto const read = http::read_digest_challenge(one)) {
      auto const again = http::parse_challenges(http::encode_digest_challenge(*read));
      fuzz::expect(again.size() == 1, "a challenge is one challenge");
      auto const back = http::read_digest_challenge(again.front());
      fuzz::expect(back && back->algorithm == read->algorithm && back->stale == read->stale &&
                       back->user_hash == read->user_hash,
                   "a challenge is read as it was written");
    }
  if (auto const read = http::parse_digest(text)) {
    auto const back = http::parse_digest(http::encode_digest(*read));
    fuzz::expect(back && back->user == read->user && back->nonce == read->nonce && back->uri == read->uri &&
                     back->count == read->count && back->response == read->response,
                 "credentials are read as they were written");
    fuzz::expect(read->count > 0 && !read->cnonce.empty(), "credentials have a count and a cnonce");
  }

  static http::nonce_maker const nonces{secret_bytes{std::string_view{"0123456789abcdef"}}};
  auto const now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24};
  fuzz::expect(nonces.judge(text, now, std::chrono::hours{24 * 36500}, "est") == http::nonce_state::foreign,
               "nobody guesses a nonce");

  http::response answer;
  answer.status = 307;
  answer.headers.add("Location", std::string{text});
  http::origin const asked{"https", "est.example", 443};
  if (auto const found = http::read_redirection(answer, asked, "/.well-known/est/ca/cacerts?q"); found && *found) {
    auto const& to = **found;
    fuzz::expect(!to.target.empty() && to.target.front() == '/', "a target is a path");
    for (char const c : to.target)
      fuzz::expect(static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '#',
                   "a target fits on a request line");
    fuzz::expect(to.same_origin == (to.to == asked), "an origin is compared as a whole");
    if (to.location().size() <= http::location_limit) {
      answer.headers.set("Location", to.location());
      auto const again = http::read_redirection(answer, asked, "/other");
      fuzz::expect(again && *again && **again == to, "an absolute location means itself");
    }
    if (auto const there = redirected_endpoint(to, "cacerts", {"est.example", "ca"}))
      fuzz::expect(target(*there, "cacerts") == to.target, "an endpoint leads to the target");
  }
  return 0;
}
