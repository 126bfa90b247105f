// Certificates that were revoked, names that are changed, and the attributes of RFC 7894 at the server.
#include "fixture.hpp"

#include <est/pki/change_subject_name.hpp>
#include <est/pki/path_validation.hpp>

using namespace est;
using namespace est::test;

namespace {

void done(result<void> const& r) { BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? std::string{} : to_text(r.error()))); }

struct revocation_fixture : server_fixture {
  pki::private_key key = make_key();
  pki::csr csr = make_csr(key, {});

  http::response renew(pki::certificate const& shown, std::vector<pki::attribute> attributes = {}) {
    return ask(post("simplereenroll", make_csr(key, std::move(attributes)).der(), false), facts_with(shown));
  }
  pki::validated_path path_of(pki::certificate const& leaf, std::vector<pki::crl> const& lists,
                              pki::time_point moment) {
    pki::path_policy policy;
    policy.at = moment;
    policy.revocation = pki::revocation_policy::required;
    auto const bag = got(ca.ca_certificates({}));
    return got(pki::validate_path(leaf, bag.certificates(), std::vector{ca.root()}, lists, policy));
  }
};

/// An authority that cannot say.
struct unsure : memory_ca {
  explicit unsure(memory_ca base) : memory_ca(std::move(base)) {}
  result<bool> is_revoked(pki::certificate const&, pki::context const&) const {
    return fail(errc::unreachable, "database", "canary: no connection");
  }
};

/// One that knows nothing of revocation.
struct careless {
  memory_ca& ca;
  result<pki::certs_only> ca_certificates(std::string_view label) const { return ca.ca_certificates(label); }
  result<issuance> issue(pki::csr const& request, peer const& who, std::string_view label,
                         pki::context const& at) const {
    return ca.issue(request, who, label, at);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(revoked_certificates, revocation_fixture)

BOOST_AUTO_TEST_CASE(a_revoked_client_is_refused_from_then_on) {
  auto const own = enrolled(csr);
  BOOST_TEST(renew(own).status == 200);
  done(ca.revoke(own, pki::revocation_reason::key_compromise, at));
  check_refused(renew(own), 403, "revoked");
  // a good password beside it changes nothing
  auto const question = post("simplereenroll", csr.der());
  check_refused(ask(question, facts_with(own)), 403, "revoked");
  // nor is anybody else concerned
  BOOST_TEST(renew(enrolled(csr)).status == 200);
}

BOOST_AUTO_TEST_CASE(a_serial_number_alone_revokes_as_well) {
  auto const own = enrolled(csr);
  ca.revoke(own.serial(), pki::revocation_reason::superseded, at);
  check_refused(renew(own), 403, "revoked");
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_ca_is_neither_revoked_here_nor_said_to_be) {
  auto const other = got(memory_ca::make({}, at)); // of the same names
  auto const theirs =
      got(other.certify(name_of("device"), key.public_key_info(), std::nullopt, certificate_use::client, at));
  BOOST_TEST((trouble_of(ca.revoke(theirs, {}, at)).code == errc::invalid_argument));
  BOOST_TEST(!got(ca.is_revoked(theirs, at)));
}

// RFC 7030 section 4.5: nobody has to be known; who was revoked is nobody
BOOST_AUTO_TEST_CASE(a_revoked_client_is_a_stranger_to_csrattrs) {
  struct choosy : memory_ca {
    explicit choosy(memory_ca base) : memory_ca(std::move(base)) {}
    result<std::optional<pki::csr_attributes>> csr_attributes(std::string_view, peer const& who,
                                                              pki::context const&) const {
      if (!who.authenticated()) return std::nullopt;
      return got(pki::make_csr_attributes({pki::oids::challenge_password}));
    }
  };
  auto const own = enrolled(csr);
  choosy authority{std::move(ca)};
  server<choosy> const est{authority, options};
  auto const question = get("/.well-known/est/csrattrs");
  BOOST_TEST(est.handle(question, facts, at).status == 204);
  BOOST_TEST(est.handle(question, facts_with(own), at).status == 200);
  done(authority.revoke(own, pki::revocation_reason::key_compromise, at));
  BOOST_TEST(est.handle(question, facts_with(own), at).status == 204);
}

BOOST_AUTO_TEST_CASE(an_unknown_status_lets_nobody_in) {
  auto const own = enrolled(csr);
  unsure authority{std::move(ca)};
  std::vector<failure> told;
  options.on_trouble = [&](failure const& f) { told.push_back(f); };
  server<unsure> const est{authority, options};
  auto const answer = est.handle(post("simplereenroll", csr.der(), false), facts_with(own), at);
  check_refused(answer, 500);
  BOOST_TEST(answer.body.find("canary") == std::string::npos);
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST((told.front().code == errc::unreachable));
}

BOOST_AUTO_TEST_CASE(an_authority_without_the_hook_is_not_asked) {
  static_assert(!revocation_checker<careless>);
  static_assert(certification_authority<careless>);
  auto const own = enrolled(csr);
  done(ca.revoke(own, {}, at));
  careless authority{ca};
  BOOST_TEST(server<careless>(authority, options)
                 .handle(post("simplereenroll", csr.der(), false), facts_with(own), at)
                 .status == 200);
}

BOOST_AUTO_TEST_CASE(the_lists_of_the_ca_say_the_same) {
  auto const good = enrolled(csr), bad = enrolled(csr);
  done(ca.revoke(bad, pki::revocation_reason::key_compromise, at));
  auto const lists = got(ca.revocation_lists(at));
  BOOST_REQUIRE(lists.size() == 2u); // issuing CA and root
  BOOST_TEST(lists[0].verifies_under(ca.issuer()));
  BOOST_TEST(lists[1].verifies_under(ca.root()));
  BOOST_TEST((lists[0].number() != lists[1].number()));
  BOOST_TEST(path_of(good, lists, now).revocation_known);
  BOOST_REQUIRE(lists[0].find(bad.serial()) != nullptr);
  BOOST_TEST((lists[0].find(bad.serial())->reason == pki::revocation_reason::key_compromise));
  BOOST_TEST((lists[0].find(good.serial()) == nullptr));
}

BOOST_AUTO_TEST_CASE(an_intermediate_is_revoked_by_the_root_and_after_a_change_of_its_key_too) {
  auto const leaf = enrolled(csr);
  auto const intermediate = ca.issuer();
  done(ca.roll_over(at));
  BOOST_TEST(path_of(leaf, got(ca.revocation_lists(at)), now).revocation_known);
  done(ca.revoke(intermediate, pki::revocation_reason::ca_compromise, at));
  auto const lists = got(ca.revocation_lists(at));
  pki::path_policy policy;
  policy.at = now;
  auto const bag = got(ca.ca_certificates({}));
  auto const path = pki::validate_path(leaf, bag.certificates(), std::vector{ca.root()}, lists, policy);
  BOOST_REQUIRE(!path);
  BOOST_TEST((path.error().code == errc::certificate_revoked));
  BOOST_TEST(path.error().where == "path[1]");
}

BOOST_AUTO_TEST_CASE(a_client_of_before_renews_after_the_root_has_a_new_key) {
  auto const own = enrolled(csr);
  done(ca.roll_over(at));
  BOOST_TEST(renew(own).status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(other_names, revocation_fixture)

namespace {

pki::attribute to_new_names() {
  pki::alternative_names names;
  names.dns = {"new.example"};
  return got(pki::change_subject_name_attribute({name_of("new"), pki::make_subject_alternative_name(names).value}));
}

} // namespace

// RFC 6402 section 2.8; RFC 7030 section 4.2.2
BOOST_AUTO_TEST_CASE(a_ca_that_grants_them_issues_the_names_asked_for) {
  memory_ca_options wanted;
  wanted.grants_name_changes = true;
  ca = got(memory_ca::make(wanted, at));
  auto const own = enrolled(csr);
  auto const request = make_csr(key, {to_new_names()});
  auto const answer = renew(own, {to_new_names()});
  BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
  auto const made = std::get<issued>(got(parse_reply<op::simple_reenroll>(answer, {request}))).certificate;
  BOOST_TEST(made.subject_der() == name_of("new"));
  BOOST_TEST(made.subject_alternative_names()->dns.at(0) == "new.example");
  // the names of the request itself still have to be the old ones
  auto const both = make_csr(key, {to_new_names()}, name_of("new"));
  check_refused(ask(post("simplereenroll", both.der(), false), facts_with(own)), 403, "subject");
}

BOOST_AUTO_TEST_CASE(what_is_not_named_again_is_gone) {
  memory_ca_options wanted;
  wanted.grants_name_changes = true;
  ca = got(memory_ca::make(wanted, at));
  pki::alternative_names names;
  names.dns = {"old.example"};
  auto const only_subject = got(pki::change_subject_name_attribute({name_of("new"), {}}));
  auto const made = enrolled(make_csr(key, {pki::subject_alternative_names(names), only_subject}));
  BOOST_TEST(made.subject_der() == name_of("new"));
  BOOST_TEST((made.find(pki::oids::subject_alternative_name) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_ca_that_does_not_grant_them_refuses_and_never_issues_the_old_ones) {
  auto const own = enrolled(csr);
  check_refused(renew(own, {to_new_names()}), 400, "ChangeSubjectName");
  check_refused(ask(post("simpleenroll", make_csr(key, {to_new_names()}).der())), 400, "ChangeSubjectName");
}

BOOST_AUTO_TEST_CASE(a_change_that_cannot_be_read_is_refused_before_the_authority_is_asked) {
  careless authority{ca};
  auto const unreadable = make_csr(key, {{pki::oids::change_subject_name, {pki::der::sequence({})}}});
  check_refused(ask_of(authority, post("simpleenroll", unreadable.der())), 400, "ChangeSubjectName");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(attributes_of_rfc_7894, revocation_fixture)

namespace {
constexpr auto right = "AQIDBAUGBwgJCgsM", wrong = "AQIDBAUGBwgJCgsN";
} // namespace

BOOST_AUTO_TEST_CASE(est_identity_linking_is_verified_and_satisfies_where_linking_is_required) {
  auto const enrol = [&](std::vector<pki::attribute> attributes, std::string_view operation = "simpleenroll") {
    return ask(post(operation, make_csr(key, std::move(attributes)).der()));
  };
  options.link = linking::required;
  for (auto const* operation : {"simpleenroll", "serverkeygen"}) {
    BOOST_TEST(enrol({pki::est_identity_linking_attribute(right)}, operation).status == 200);
    check_refused(enrol({pki::est_identity_linking_attribute(wrong)}, operation), 403, "estIdentityLinking");
  }
  check_refused(enrol({}), 403, "Linking");
  // RFC 7894 section 4: each that is there has to hold
  BOOST_TEST(enrol({pki::est_identity_linking_attribute(right), pki::challenge_password_attribute(right)}).status ==
             200);
  check_refused(enrol({pki::est_identity_linking_attribute(right), pki::challenge_password_attribute(wrong)}), 403,
                "challengePassword");
  check_refused(enrol({pki::est_identity_linking_attribute(wrong), pki::challenge_password_attribute(right)}), 403,
                "estIdentityLinking");
  check_refused(enrol({{pki::oids::est_identity_linking, {pki::der::integer(1u)}}}), 403, "cannot be read");
  options.is_trusted_with_linking = [](peer const&) { return true; };
  BOOST_TEST(enrol({pki::est_identity_linking_attribute(wrong)}).status == 200);
}

BOOST_AUTO_TEST_CASE(a_one_time_password_is_judged_by_the_hook) {
  auto const enrol = [&](std::string_view password) {
    return ask(post("simpleenroll", make_csr(key, {pki::otp_challenge_attribute(password)}).der()));
  };
  BOOST_TEST(enrol("123456").status == 200); // left to the authority
  options.check_one_time_password = [](peer const& who, std::string_view password) {
    return who.user == "user" && password == "123456";
  };
  BOOST_TEST(enrol("123456").status == 200);
  check_refused(enrol("654321"), 403, "one-time password");
  check_refused(ask(post("simpleenroll", make_csr(key, {{pki::oids::otp_challenge, {pki::der::integer(1u)}}}).der())),
                403, "one-time password");
  BOOST_TEST(ask(post("simpleenroll", csr.der())).status == 200); // none is there
}

BOOST_AUTO_TEST_SUITE_END()
