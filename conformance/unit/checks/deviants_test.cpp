/// The proof of the checks: every deviant fails just the check that it is made for, by just the reason, and every legal
/// variant fails nothing. The vectors run against the reference server in process.

#include "check.hpp"
#include "deviant/deviants.hpp"
#include "deviant/reference_server.hpp"
#include "drive/compose.hpp"
#include "drive/loopback_channel.hpp"
#include "drive/run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>

using namespace est;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(the_deviants)

namespace {

/// Hands on what another channel answers, with its octets changed.
class garbling_channel final : public channel {
public:
  garbling_channel(std::unique_ptr<channel> inner, void (*garble)(std::string_view, std::string&))
      : inner_(std::move(inner)), garble_(garble) {}

  result<http::tls_facts> open() override { return inner_->open(); }
  received converse(outgoing const& out) override {
    auto in = inner_->converse(out);
    if (!in.octets.empty()) garble_(out.head, in.octets);
    return in;
  }
  bool client_certificate_shown() const override { return inner_->client_certificate_shown(); }
  bool usable() const override { return inner_->usable(); }

private:
  std::unique_ptr<channel> inner_;
  void (*garble_)(std::string_view, std::string&);
};

/// Runs every vector against the reference server with one deviation, on keys that all runs share.
struct proof {
  key_pool keys;

  run_result run_with(deviant const* d) {
    reference_options wanted;
    wanted.labels = {};
    if (d != nullptr && d->behave != nullptr) d->behave(wanted.behave);
    if (d != nullptr && d->mutate != nullptr) wanted.mutate = d->mutate;
    auto made = reference_authority::make(std::move(wanted));
    if (!made) BOOST_FAIL(to_text(made.error()));
    auto const& server = **made;

    run_options o;
    o.target = parse_target_url("https://est.example").value();
    o.credentials.user = server.user();
    o.credentials.password = server.password();
    o.max_certificates = 1000;
    auto const plain = make_loopback_channels(
        [&server](http::request const& q, http::tls_facts const& facts) { return server.answer(q, facts); });
    channel_factory channels = plain;
    if (d != nullptr && d->garble != nullptr)
      channels = [&plain, d](channel_wish const& wish) -> result<std::unique_ptr<channel>> {
        auto inner = plain(wish);
        if (!inner) return fail(inner.error());
        return std::make_unique<garbling_channel>(std::move(*inner), d->garble);
      };
    auto run = est::conformance::run(o, embedded_vectors(), channels, {}, &keys);
    if (!run) BOOST_FAIL(to_text(run.error()));
    return std::move(*run);
  }

  std::vector<finding> findings(deviant const* d) {
    auto const run = run_with(d);
    return judge(run.records, run.target);
  }
};

std::string to_line(finding const& f) {
  return std::string{name(f.what)} + " " + f.check + " (" + f.reason + ") in " + f.exchange + ": expected " +
         f.expected + ", actual " + f.actual;
}

/// The keys go before the end of main: Botan's allocator for secrets is gone when static objects are destroyed.
struct shared {
  static inline std::unique_ptr<proof> instance;
  shared() { instance = std::make_unique<proof>(); }
  ~shared() { instance.reset(); }
};

proof& shared_proof() { return *shared::instance; }

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(shared);

BOOST_AUTO_TEST_CASE(the_reference_server_fails_nothing) {
  std::map<std::string, std::set<outcome>> said;
  for (auto const& f : shared_proof().findings(nullptr)) {
    BOOST_TEST((f.what != outcome::fail && f.what != outcome::error), to_line(f));
    said[f.check].insert(f.what);
  }
  // These have something to pass with a reference server and the built-in vectors.
  for (auto const check : {"cacerts.certs-only",
                           "cacerts.chain-complete",
                           "cacerts.content-type",
                           "cacerts.open",
                           "cacerts.root-included",
                           "cacerts.served",
                           "cacerts.status-200",
                           "encoding.ignores-transfer-encoding",
                           "encoding.request-base64",
                           "encoding.response-base64",
                           "encoding.response-der",
                           "encoding.tolerates-white-space",
                           "enroll.authenticates-client",
                           "enroll.certificate-matches-csr",
                           "enroll.certs-only",
                           "enroll.only-issued-certificate",
                           "enroll.proof-of-possession",
                           "enroll.served",
                           "enroll.smime-type",
                           "enroll.status-200",
                           "http.401-challenge",
                           "http.expect-100",
                           "http.framing",
                           "linking.implemented",
                           "mime.multipart",
                           "serverkeygen.answer-is-multipart",
                           "serverkeygen.asymmetric-identifier",
                           "serverkeygen.authenticates-client",
                           "serverkeygen.certificate-part",
                           "serverkeygen.commensurate-cipher",
                           "serverkeygen.fresh-key",
                           "serverkeygen.ignores-csr-key",
                           "serverkeygen.ignores-csr-signature",
                           "serverkeygen.key-matches-certificate",
                           "serverkeygen.part-types",
                           "serverkeygen.private-key-info",
                           "serverkeygen.symmetric-identifier",
                           "serverkeygen.treats-csr-as-enrolment",
                           "serverkeygen.two-parts",
                           "tls.version"})
    BOOST_TEST(said[check].count(outcome::pass) == 1u, check << " has nothing that it passes");
}

BOOST_AUTO_TEST_CASE(each_fails_its_check_by_its_reason_and_no_other) {
  for (auto const& d : deviants()) {
    BOOST_TEST_CONTEXT("deviant " << d.name) {
      bool failed = false;
      for (auto const& f : shared_proof().findings(&d)) {
        if (f.what == outcome::error) BOOST_ERROR(to_line(f));
        if (f.what != outcome::fail) continue;
        if (f.check == d.check) {
          BOOST_TEST(f.reason == d.reason, to_line(f));
          BOOST_TEST(!f.expected.empty());
          BOOST_TEST(!f.actual.empty());
          failed = true;
        } else {
          BOOST_TEST(d.may_follow(f.check), to_line(f));
        }
      }
      BOOST_TEST(failed, d.check << " did not fail");
    }
  }
}

BOOST_AUTO_TEST_CASE(legal_variants_fail_nothing) {
  for (auto const& v : legal_variants()) {
    BOOST_TEST_CONTEXT("variant " << v.name) {
      BOOST_TEST(v.is_legal());
      for (auto const& f : shared_proof().findings(&v))
        BOOST_TEST((f.what != outcome::fail && f.what != outcome::error), to_line(f));
    }
  }
}

BOOST_AUTO_TEST_CASE(name_checks_and_reasons_that_exist) {
  std::set<std::string_view> names;
  for (auto const& d : deviants()) {
    BOOST_TEST(names.insert(d.name).second, d.name << " stands twice");
    auto const* const c = check_with_reason(d.reason);
    BOOST_REQUIRE_MESSAGE(c != nullptr, d.reason);
    BOOST_TEST(c->id == d.check);
    BOOST_TEST((d.behave != nullptr || d.mutate != nullptr || d.garble != nullptr));
    for (auto const& other : all_checks()) (void)d.may_follow(other.id);
  }
  for (auto const& v : legal_variants()) BOOST_TEST(names.insert(v.name).second, v.name << " stands twice");
}

BOOST_AUTO_TEST_SUITE_END()
