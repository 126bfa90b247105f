/// Many runs against the same server give the same verdicts: nothing depends on timing, on random values or on what went
/// before. EST_RUNS says how many; the target `hundred-runs` asks for a hundred.

#include "check.hpp"
#include "deviant/reference_server.hpp"
#include "drive/compose.hpp"
#include "drive/run.hpp"
#include "profile.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <memory>
#include <set>

BOOST_AUTO_TEST_SUITE(repeated)

namespace {

using namespace est;
using namespace est::conformance;

using verdicts = std::multiset<std::string>;

verdicts verdicts_of(reference_server& server, key_pool& keys) {
  run_options o;
  o.target = parse_target_url(server.url()).value();
  o.ca_pem = {server.ca_pem()};
  o.credentials.user = server.user();
  o.credentials.password = server.password();
  o.credentials.certificate_pem = server.client_certificate_pem();
  o.credentials.key_pem = server.client_key_pem();
  o.max_certificates = 1000;
  auto const done = run(o, embedded_vectors(), {}, &keys);
  if (!done) BOOST_FAIL(to_text(done.error()));
  verdicts all;
  auto const asked = checks_of({}); // no policy is declared of it
  for (auto const& f : judge(done->records, done->target, {asked, {}}))
    all.insert(f.exchange + " " + f.check + ": " + std::string{name(f.what)} + " " + f.reason);
  for (auto const& s : done->skipped) all.insert(s.id + " skipped: " + s.reason);
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(no_verdict_differs_between_runs) {
  char const* const wanted = std::getenv("EST_RUNS");
  int const runs = wanted != nullptr ? std::atoi(wanted) : 10;
  BOOST_REQUIRE(runs > 1);
  auto server = reference_server::start();
  if (!server) BOOST_FAIL(to_text(server.error()));
  key_pool keys; // RSA keys are slow to make; all others are new in each run
  auto const first = verdicts_of(**server, keys);
  BOOST_TEST(first.size() > 100u);
  for (int i = 1; i < runs; ++i) {
    auto const again = verdicts_of(**server, keys);
    if (again == first) continue;
    for (auto const& line : first)
      if (again.count(line) != first.count(line)) BOOST_ERROR("run " << i << " lacks: " << line);
    for (auto const& line : again)
      if (again.count(line) != first.count(line)) BOOST_ERROR("run " << i << " has besides: " << line);
  }
}

BOOST_AUTO_TEST_SUITE_END()
