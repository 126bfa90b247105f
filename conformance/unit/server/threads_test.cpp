// One server, several threads: under the thread sanitizer this is where a race would show.
#include "fixture.hpp"

#include <est/http/digest.hpp>
#include <est/server/approval.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace est;
using namespace est::test;

BOOST_FIXTURE_TEST_SUITE(server_threads, server_fixture)

BOOST_AUTO_TEST_CASE(eight_threads_with_twenty_requests_each_get_their_own_answers) {
  constexpr int threads = 8, requests = 20;
  auto users = std::make_shared<digest_table>("est");
  BOOST_REQUIRE(users->add("user", secret_bytes{std::string_view{"secret"}}));
  digest_policy policy;
  policy.find = digest_table::lookup(users);
  policy.nonces = std::make_shared<http::nonce_maker>(secret_bytes{std::string_view{"0123456789abcdef"}});
  options.digest = policy;
  approval_desk<memory_ca> desk{got(memory_ca::make({}, at))};
  server<approval_desk<memory_ca>> const est{desk, options};

  // Boost.Test's checks are not for threads: each thread counts, and the counts are checked afterwards.
  std::vector<pki::csr> csrs;
  for (int i = 0; i < threads; ++i) csrs.push_back(make_csr());
  std::atomic<int> cacerts{0}, waited{0}, issued_right{0}, challenged{0}, unfit{0};
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i)
    running.emplace_back([&, i] {
      auto const& csr = csrs[static_cast<std::size_t>(i)];
      Botan::AutoSeeded_RNG own;
      pki::context const here{now, own};
      for (int k = 0; k < requests; ++k) {
        if (est.handle(get("/.well-known/est/cacerts"), facts, here).status == 200) ++cacerts;
        auto question = post("simpleenroll", csr.der(), false);
        auto const refused = est.handle(question, facts, here);
        auto const asked = http::parse_challenges(refused.headers.find("WWW-Authenticate").value_or(""));
        auto const challenge = asked.empty() ? result<http::digest_challenge>{fail(errc::internal, "", "")}
                                             : http::read_digest_challenge(asked.front());
        if (refused.status != 401 || !challenge) {
          ++unfit;
          continue;
        }
        ++challenged;
        auto const proof = http::answer_digest(*challenge, {"user", secret_bytes{std::string_view{"secret"}}}, "POST",
                                               question.target, 1, as_bytes("random octets"));
        question.headers.set("Authorization", http::encode_digest(*proof));
        auto const answer = est.handle(question, facts, here);
        if (answer.status == 202) {
          ++waited;
          for (auto const& entry : desk.entries())
            if (entry.decision == approval_entry::state::waiting) desk.approve(entry.id);
        } else if (auto const reply = parse_reply<op::simple_enroll>(answer, {csr}); reply && reply->index() == 0) {
          ++issued_right; // the key of the answer is compared with that of the request
        } else {
          ++unfit;
        }
      }
    });
  for (auto& one : running) one.join();
  BOOST_TEST(cacerts == threads * requests);
  BOOST_TEST(challenged == threads * requests);
  BOOST_TEST(waited + issued_right == threads * requests);
  BOOST_TEST(waited >= threads);
  BOOST_TEST(waited < threads * requests / 2);
  BOOST_TEST(unfit == 0);
  BOOST_TEST(desk.entries().size() == static_cast<std::size_t>(threads));
}

BOOST_AUTO_TEST_SUITE_END()
