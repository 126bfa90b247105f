// Whole messages of /fullcmc: a request and an answer that are read are read again from what they are written as, and no
// answer out of chance octets grants anything.
#include "expect.hpp"

#include <est/client/full_cmc.hpp>

using namespace est;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  const byte_view octets{data, size};
  if (auto const request = parse_full_cmc_request(octets)) {
    auto const again = parse_full_cmc_request(request->content_info);
    fuzz::expect(again && *again == *request, "a request is read again");
    for (auto const status : {200, 400})
      if (auto const answer = parse_full_cmc_response(octets, status)) {
        auto const outcome = judge_full_cmc(*request, *answer, {}, {});
        fuzz::expect(!outcome || status == 400, "nothing is both request and answer");
      }
  }
  if (auto const answer = parse_full_cmc_response(octets, 200)) {
    full_cmc_request asked;
    asked.data.controls.push_back(pki::make_cmc_control(1, pki::oids::cmc_sender_nonce, pki::der::octet_string({})));
    full_cmc_trust trust;
    trust.accept_simple = false;
    auto const outcome = judge_full_cmc(asked, *answer, trust, {});
    fuzz::expect(!outcome || std::holds_alternative<cmc_refusal>(*outcome), "without an anchor nothing is granted");
  }
  return 0;
}
