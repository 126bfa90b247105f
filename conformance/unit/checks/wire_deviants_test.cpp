/// The proof of the checks of TLS: every wire deviant fails just the check that it is made for, by just the reason, and
/// every lawful variant fails nothing. Over sockets and TLS, because nothing else shows it.

#include "check.hpp"
#include "deviant/deviants.hpp"
#include "deviant/wire_server.hpp"
#include "drive/compose.hpp"
#include "drive/run.hpp"
#include "profile.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

BOOST_AUTO_TEST_SUITE(the_wire_deviants)

namespace {

using namespace est;
using namespace est::conformance;

/// Keys that all runs share; gone before the end of main, when Botan's allocator for secrets is still there.
struct shared_keys {
  static inline std::unique_ptr<key_pool> keys;
  shared_keys() { keys = std::make_unique<key_pool>(); }
  ~shared_keys() { keys.reset(); }
};

/// What a client could not connect to without closing its eyes.
bool is_unusable(deviant const& d) {
  return d.check == "tls.server-identity" || d.check == "tls.server-certificate-profile" ||
         d.check == "tls.server-certificate" || d.check == "tls.server-authenticated";
}

run_result run_against(deviant const* d) {
  wire_options wanted;
  wanted.deviation = d;
  wanted.reference.labels = {};
  auto server = wire_server::start(std::move(wanted));
  if (!server) BOOST_FAIL(to_text(server.error()));
  auto& authority = (*server)->authority();
  run_options o;
  o.target = parse_target_url((*server)->url()).value();
  o.ca_pem = {authority.ca_pem()};
  o.credentials.user = authority.user();
  o.credentials.password = authority.password();
  o.credentials.certificate_pem = (*server)->client().certificate;
  o.credentials.key_pem = (*server)->client().key.duplicate();
  using flaw = reference_authority::flaw;
  for (auto const& [which, f] : {std::pair{client_identity::expired, flaw::expired},
                                 {client_identity::not_yet_valid, flaw::not_yet_valid},
                                 {client_identity::for_servers, flaw::for_servers},
                                 {client_identity::revoked, flaw::revoked}}) {
    auto made = authority.make_unfit_client("EST reference client", f);
    if (!made) BOOST_FAIL(to_text(made.error()));
    credentials c;
    c.certificate_pem = std::move(made->certificate);
    c.key_pem = std::move(made->key);
    o.unfit.emplace(which, std::move(c));
  }
  o.insecure = d != nullptr && is_unusable(*d);
  o.max_certificates = 1000;
  o.select = {"tls.*",
              "cacerts.get",
              "csrattrs.get",
              "simpleenroll.certificate-*",
              "simpleenroll.anonymous",
              "serverkeygen.anonymous"};
  auto done = est::conformance::run(o, embedded_vectors(), {}, shared_keys::keys.get());
  if (!done) BOOST_FAIL((d != nullptr ? std::string{d->name} : "reference") + ": " + to_text(done.error()));
  return std::move(*done);
}

std::vector<finding> findings_of(deviant const* d) {
  auto const done = run_against(d);
  auto const asked = checks_of({}); // no policy is declared of it
  return judge(done.records, done.target, {asked, {}});
}

std::string in_words(finding const& f) {
  return std::string{name(f.what)} + " " + f.check + " (" + f.reason + ") in " + f.exchange + ": expected " +
         f.expected + ", actual " + f.actual;
}

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(shared_keys);

BOOST_AUTO_TEST_CASE(the_baseline_over_tls_passes_every_check_of_tls) {
  std::map<std::string, std::set<outcome>> said;
  auto const done = run_against(nullptr);
  for (auto const& s : done.skipped) BOOST_TEST(s.reason == "not selected", s.id << ": " << s.reason);
  auto const asked = checks_of({});
  for (auto const& f : judge(done.records, done.target, {asked, {}})) {
    BOOST_TEST((f.what != outcome::fail && f.what != outcome::error && f.what != outcome::inconclusive), in_words(f));
    said[f.check].insert(f.what);
  }
  for (auto const& c : asked)
    if (c.id.substr(0, 4) == "tls.") BOOST_TEST(said[std::string{c.id}].count(outcome::pass) == 1u, c.id);
}

BOOST_AUTO_TEST_CASE(each_fails_its_check_by_its_reason_and_no_other) {
  for (auto const& d : wire_deviants()) {
    if (d.is_legal()) continue;
    BOOST_TEST_CONTEXT("deviant " << d.name) {
      bool failed = false;
      std::string said;
      for (auto const& f : findings_of(&d)) {
        if (f.check == d.check) said += "\n  " + in_words(f);
        if (f.what == outcome::error) BOOST_ERROR(in_words(f));
        if (f.what != outcome::fail) continue;
        if (f.check == d.check) {
          BOOST_TEST(f.reason == d.reason, in_words(f));
          BOOST_TEST(!f.expected.empty());
          BOOST_TEST(!f.actual.empty());
          failed = true;
        } else {
          BOOST_TEST(d.may_follow(f.check), in_words(f));
        }
      }
      BOOST_TEST(failed, d.check << " did not fail:" << said);
    }
  }
}

BOOST_AUTO_TEST_CASE(lawful_variants_fail_nothing) {
  for (auto const& v : wire_deviants()) {
    if (!v.is_legal()) continue;
    BOOST_TEST_CONTEXT("variant " << v.name) {
      for (auto const& f : findings_of(&v))
        BOOST_TEST((f.what != outcome::fail && f.what != outcome::error), in_words(f));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_reason_of_a_check_of_tls_has_a_deviant) {
  std::set<std::string_view> names, reasons;
  for (auto const* d : every_deviant()) {
    BOOST_TEST(names.insert(d->name).second, d->name << " stands twice");
    if (d->is_legal()) continue;
    auto const* const c = check_with_reason(d->reason);
    BOOST_REQUIRE_MESSAGE(c != nullptr, d->reason);
    BOOST_TEST(c->id == d->check);
    reasons.insert(d->reason);
  }
  for (auto const& c : all_checks()) {
    // A live run cannot come about below TLS 1.2; that check is for captures, and its tests are with them.
    if (c.id.substr(0, 4) != "tls." || c.id == "tls.version") continue;
    for (auto const& p : c.predicates) BOOST_TEST(reasons.count(p.name) == 1u, p.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
