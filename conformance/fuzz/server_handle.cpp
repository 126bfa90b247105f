// Whole requests at a server: whatever comes in, a lawful answer goes out.
#include "expect.hpp"

#include <est/http/reader.hpp>
#include <est/http/writer.hpp>
#include <est/server/memory_ca.hpp>
#include <est/server/server.hpp>

#include <botan/auto_rng.h>

#include <chrono>
#include <cstdlib>

using namespace est;

namespace {

/// One CA and one enrolled client for the whole run.
struct world {
  Botan::AutoSeeded_RNG rng;
  pki::context at{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}, rng};
  result<memory_ca> ca = memory_ca::make({}, at);
  server_options options;
  http::tls_facts facts;

  world() {
    auto const key = pki::make_private_key(pki::key_spec::ed25519(), at);
    if (!ca || !key) std::abort();
    auto const own = ca->certify(pki::make_name({{pki::oids::common_name, "client"}}), key->public_key_info(),
                                 std::nullopt, certificate_use::client, at);
    if (!own) std::abort();
    facts.version = http::tls_version::tls_1_2;
    facts.extended_master_secret = facts.peer_verified = true;
    facts.tls_unique = bytes(12, 1);
    facts.peer_certificates = {own->der()};
    options.check_password = [](std::string_view, byte_view) { return false; };
    options.knows_label = [](std::string_view label) { return label == "label"; };
    options.is_trusted_with_linking = [](peer const& who) { return who.tls.server_name == "trusted"; };
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static world w;
  auto question = http::parse_request(fuzz::text_of(data, size));
  if (!question) return 0;
  question->headers.erase("Authorization"); // a wrong one ends every way in
  bool failed = false;
  auto options = w.options;
  options.on_trouble = [&](failure const&) { failed = true; };
  // Half of the inputs get past the linking check, told by their size so that a finding repeats itself.
  auto facts = w.facts;
  facts.server_name = size % 2 == 0 ? "trusted" : "";
  auto const answer = server<memory_ca>{*w.ca, options}.handle(*question, facts, w.at);
  fuzz::expect(!failed && answer.status != 500, "no request makes the server fail");
  fuzz::expect(answer.status == 200 || answer.status == 204 || (answer.status >= 400 && answer.status < 500),
               "an answer is success or refusal");
  fuzz::expect(question->method == "HEAD" || answer.body.empty() == (answer.status == 204), "an answer says something");
  fuzz::expect(answer.status != 405 || answer.headers.has("Allow"), "405 comes with Allow");
  fuzz::expect(http::parse_response(http::encode(answer), question->method).has_value(), "an answer can be read");
  return 0;
}
