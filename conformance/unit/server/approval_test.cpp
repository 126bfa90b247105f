#include "fixture.hpp"

#include <est/client/client.hpp>
#include <est/client/renewal.hpp>
#include <est/server/approval.hpp>
#include <est/transport/loopback.hpp>

#include <string>
#include <utility>
#include <variant>

using namespace est;
using namespace est::test;

namespace {

/// A CA that can say of a certificate that it was revoked, or that it cannot say.
struct revoking_ca : memory_ca {
  explicit revoking_ca(memory_ca ca) : memory_ca(std::move(ca)) {}
  bytes revoked;
  bool knows = true;
  result<bool> is_revoked(pki::certificate const& shown, pki::context const&) const {
    if (!knows) return fail(errc::internal, "crl", "the CRL is on a disk that is gone");
    return shown.serial() == revoked;
  }
};

struct desk_fixture : server_fixture {
  approval_desk<memory_ca> desk{got(memory_ca::make({}, at)), {std::chrono::seconds{30}, 3, std::chrono::hours{1}}};
  std::vector<approval_entry> waiting() const { return desk.entries(); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(approvals, desk_fixture)

static_assert(approver<approval_desk<memory_ca>> && key_generator<approval_desk<memory_ca>>);
static_assert(!approver<memory_ca>);

// RFC 7030 section 4.2.3
BOOST_AUTO_TEST_CASE(a_request_waits_until_it_is_approved) {
  auto const csr = make_csr();
  auto const question = post("simpleenroll", csr.der());
  for (int i = 0; i < 2; ++i) {
    auto const answer = ask_of(desk, question);
    BOOST_TEST(answer.status == 202);
    BOOST_TEST(answer.headers.find("Retry-After").value_or("") == "30");
    BOOST_TEST(answer.body.size() > 10u);
  }
  BOOST_REQUIRE(waiting().size() == 1u);
  auto const entry = waiting().front();
  BOOST_TEST(entry.operation == "simpleenroll");
  BOOST_TEST(entry.client == "user user");
  BOOST_TEST(entry.subject == "CN=device");
  BOOST_TEST(desk.approve(entry.id));
  auto const answer = ask_of(desk, question);
  BOOST_TEST(answer.status == 200, answer.body);
  BOOST_TEST(got(parse_reply<op::simple_enroll>(answer, {csr})).index() == 0u);
  BOOST_TEST(ask_of(desk, question).status == 200); // an answer that was lost can be fetched again
}

BOOST_AUTO_TEST_CASE(a_refusal_is_told_in_its_words) {
  auto const question = post("simpleenroll", make_csr().der());
  BOOST_TEST(ask_of(desk, question).status == 202);
  BOOST_TEST(desk.refuse(waiting().front().id, "Nobody knows this device."));
  check_refused(ask_of(desk, question), 403, "Nobody knows this device.");
  BOOST_TEST(!desk.approve("no such request"));
  BOOST_TEST(!desk.refuse("no such request", ""));
}

BOOST_AUTO_TEST_CASE(a_request_that_is_signed_anew_is_the_same_one) {
  auto const key = make_key();
  BOOST_TEST(ask_of(desk, post("simpleenroll", make_csr(key).der())).status == 202);
  BOOST_TEST(ask_of(desk, post("simpleenroll", make_csr(key).der())).status == 202);
  // the binding of this connection: another one every time
  auto const bound = make_csr(key, {pki::challenge_password_attribute(challenge_password(facts).value())});
  BOOST_TEST(ask_of(desk, post("simpleenroll", bound.der())).status == 202);
  BOOST_TEST(waiting().size() == 1u);
}

BOOST_AUTO_TEST_CASE(another_key_name_operation_label_or_client_is_another_request) {
  desk_fixture roomy;
  auto const key = make_key();
  auto const base = request_identity(make_csr(key), {}, "simpleenroll", "");
  peer user;
  user.user = "";
  peer holder;
  holder.certificates.push_back(ca.root());
  for (auto const& other :
       {request_identity(make_csr(), {}, "simpleenroll", ""),
        request_identity(make_csr(key, {}, name_of("other")), {}, "simpleenroll", ""),
        request_identity(make_csr(key), {}, "serverkeygen", ""),
        request_identity(make_csr(key), {}, "simpleenroll", "l"),
        request_identity(make_csr(key), user, "simpleenroll", ""),
        request_identity(make_csr(key), holder, "simpleenroll", ""),
        request_identity(make_csr(key, {pki::subject_alternative_names({{"a.example"}, {}, {}, {}})}), {},
                         "simpleenroll", "")})
    BOOST_TEST(other != base);
  BOOST_TEST(request_identity(make_csr(key), {}, "simpleenroll", "") == base);
}

BOOST_AUTO_TEST_CASE(a_key_generation_waits_too_and_no_key_is_made_before) {
  auto const question = post("serverkeygen", make_csr().der());
  BOOST_TEST(ask_of(desk, question).status == 202);
  BOOST_TEST(desk.approve(waiting().front().id));
  auto const answer = ask_of(desk, question);
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.headers.find("Content-Type")->substr(0, 15) == "multipart/mixed");
}

BOOST_AUTO_TEST_CASE(what_is_refused_anyway_does_not_wait) {
  check_refused(ask_of(desk, post("simpleenroll", break_signature(make_csr()))), 400);
  BOOST_TEST(ask_of(desk, post("simpleenroll", make_csr().der(), false)).status == 401);
  BOOST_TEST(waiting().empty());
}

BOOST_AUTO_TEST_CASE(the_queue_has_its_limit_and_decided_requests_make_room) {
  std::vector<http::request> questions;
  for (int i = 0; i < 4; ++i) questions.push_back(post("simpleenroll", make_csr().der()));
  for (int i = 0; i < 3; ++i) BOOST_TEST(ask_of(desk, questions[static_cast<std::size_t>(i)]).status == 202);
  check_refused(ask_of(desk, questions[3]), 403, "later");
  BOOST_TEST(desk.approve(waiting()[1].id));
  BOOST_TEST(ask_of(desk, questions[3]).status == 202);
  BOOST_TEST(waiting().size() == 3u);
  BOOST_TEST(ask_of(desk, questions[0]).status == 202); // those who wait were not pushed out
}

BOOST_AUTO_TEST_CASE(a_long_name_is_kept_in_short_and_whole_characters_of_it) {
  std::string name;
  while (name.size() < 50000) name += "\xc3\xa9";
  auto const csr = make_csr(make_key(), {}, name_of(name));
  BOOST_TEST(ask_of(desk, post("simpleenroll", csr.der())).status == 202);
  BOOST_TEST(waiting().front().subject == "CN=" + name.substr(0, 508) + " [...]");
}

BOOST_AUTO_TEST_CASE(what_nobody_asks_about_is_forgotten) {
  BOOST_TEST(ask_of(desk, post("simpleenroll", make_csr().der())).status == 202);
  pki::context const later{now + std::chrono::hours{2}, rng};
  server<approval_desk<memory_ca>> const est{desk, options};
  BOOST_TEST(est.handle(post("simpleenroll", make_csr().der()), facts, later).status == 202);
  BOOST_TEST(waiting().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_client_polls_until_it_has_its_certificate) {
  server<approval_desk<memory_ca>> const est{desk, options};
  auto const handle = [&](http::request const& q, http::tls_facts const& t) { return est.handle(q, t, at); };
  client_options mine;
  mine.identity = server_check::by_transport;
  mine.credentials = http::basic_credentials{"user", secret_bytes{std::string_view{"secret"}}};
  auto server_side = facts;
  client est_client{transport::loopback{handle, transport::loopback_facts(), server_side}, endpoint{"est.example", ""},
                    std::move(mine)};
  auto const csr = make_csr();
  auto const first = got(est_client.simple_enroll(csr));
  BOOST_REQUIRE(std::holds_alternative<pending>(first));
  auto const when = retry_at(std::get<pending>(first), now, {std::chrono::hours{1}, std::chrono::seconds{1}, 0}, rng);
  BOOST_TEST((when == now + std::chrono::seconds{30}));
  BOOST_TEST(desk.approve(waiting().front().id));
  BOOST_TEST(std::holds_alternative<issued>(got(est_client.simple_enroll(csr))));
}

BOOST_AUTO_TEST_CASE(a_revoked_client_certificate_is_403_and_one_that_cannot_be_judged_500) {
  revoking_ca authority{got(memory_ca::make({}, at))};
  auto const csr = make_csr();
  auto const certificate =
      std::get<issued>(got(parse_reply<op::simple_enroll>(ask_of(authority, post("simpleenroll", csr.der())), {csr})))
          .certificate;
  auto const ask_with = [&] {
    return server<revoking_ca>{authority, options}.handle(post("simpleenroll", make_csr().der(), false),
                                                          facts_with(certificate), at);
  };
  BOOST_TEST(ask_with().status == 200);
  authority.revoked = certificate.serial();
  check_refused(ask_with(), 403, "revoked");
  authority.knows = false;
  auto const answer = ask_with();
  check_refused(answer, 500);
  BOOST_TEST(answer.body.find("disk") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
