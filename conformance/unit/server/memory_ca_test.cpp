#include "fixture.hpp"

#include <atomic>
#include <set>
#include <thread>

using namespace est;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(who_a_peer_is)

namespace {

struct ca_fixture : server_fixture {
  result<pki::certificate> issue(pki::csr const& csr) {
    auto made = ca.issue(csr, peer{}, {}, at);
    if (!made) return fail(made.error());
    return std::get<pki::certificate>(*made);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_memory_ca, ca_fixture)

BOOST_AUTO_TEST_CASE(its_own_certificates_are_a_chain_to_a_self_signed_root) {
  BOOST_TEST(ca.root().is_self_signed());
  BOOST_TEST(ca.root().is_ca());
  BOOST_TEST(ca.issuer().is_ca());
  BOOST_TEST(ca.issuer().verifies_under(ca.root()));
  BOOST_TEST(!(ca.issuer() == ca.root()));
  memory_ca_options single;
  single.intermediate = false;
  auto const other = got(memory_ca::make(single, at));
  BOOST_TEST((other.issuer() == other.root()));
  BOOST_TEST(got(other.ca_certificates({})).certificates().size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_it_issues_has_the_extensions_of_a_client) {
  auto const csr = make_csr();
  auto const made = got(issue(csr));
  BOOST_TEST(made.version() == 3);
  BOOST_TEST(made.verifies_under(ca.issuer()));
  BOOST_TEST(!made.is_ca());
  BOOST_TEST(made.find(pki::oids::basic_constraints) == nullptr);
  BOOST_TEST((made.authority_key_identifier() == ca.issuer().subject_key_identifier()));
  BOOST_TEST((made.subject_key_identifier() == pki::key_identifier(csr.public_key_info())));
  BOOST_TEST(made.key_usage_bits().value_or(0) == pki::key_usage::digital_signature);
  BOOST_TEST((made.extended_key_usage() == std::vector{pki::oids::client_auth}));
  BOOST_TEST((made.not_before() == now - std::chrono::minutes{5}));
  BOOST_TEST((made.not_after() == now + std::chrono::hours{24 * 90}));
}

BOOST_AUTO_TEST_CASE(a_csr_that_asks_to_be_a_ca_gets_no_ca_certificate) {
  auto const made = got(issue(make_csr(
      {pki::extension_request({pki::make_basic_constraints(true), pki::make_key_usage(pki::key_usage::key_cert_sign),
                               pki::make_extended_key_usage({pki::oids::cmc_ra, pki::oids::server_auth})})})));
  BOOST_TEST(!made.is_ca());
  BOOST_TEST(made.find(pki::oids::basic_constraints) == nullptr);
  BOOST_TEST(made.key_usage_bits().value_or(0) == pki::key_usage::digital_signature);
  BOOST_TEST((made.extended_key_usage() == std::vector{pki::oids::client_auth}));
}

BOOST_AUTO_TEST_CASE(every_kind_of_key_is_certified) {
  for (auto const* kind : {"P-256", "P-384", "P-521", "Ed25519", "RSA-2048"}) {
    auto const csr = make_csr(make_key(kind), {});
    BOOST_TEST(got(issue(csr)).public_key_info() == csr.public_key_info());
  }
}

BOOST_AUTO_TEST_CASE(a_ca_of_every_kind_of_key_issues) {
  for (auto const* kind : {"P-384", "Ed25519", "RSA-2048"}) {
    memory_ca_options wanted;
    wanted.key = got(pki::parse_key_spec(kind));
    auto const other = got(memory_ca::make(wanted, at));
    auto const made = std::get<pki::certificate>(got(other.issue(make_csr(), peer{}, {}, at)));
    BOOST_TEST(made.verifies_under(other.issuer()));
  }
}

BOOST_AUTO_TEST_CASE(the_alternative_names_asked_for_are_copied) {
  pki::alternative_names names;
  names.dns = {"device.example", "*.device.example"};
  names.ip = {{192, 0, 2, 1}};
  names.uri = {"urn:x"};
  auto const made = got(issue(make_csr({pki::subject_alternative_names(names)})));
  BOOST_TEST((made.subject_alternative_names() == names));
  BOOST_TEST(!made.find(pki::oids::subject_alternative_name)->critical);
}

BOOST_AUTO_TEST_CASE(an_empty_subject_needs_alternative_names_which_become_critical) {
  pki::alternative_names names;
  names.dns = {"device.example"};
  auto const made = got(issue(make_csr(make_key(), {pki::subject_alternative_names(names)}, pki::make_name({}))));
  BOOST_TEST(made.find(pki::oids::subject_alternative_name)->critical);
  BOOST_TEST((trouble_of(issue(make_csr(make_key(), {}, pki::make_name({})))).code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_request_that_cannot_be_understood_is_not_half_granted) {
  pki::attribute const unreadable{pki::oids::extension_request, {pki::der::integer(1u)}};
  BOOST_TEST((trouble_of(issue(make_csr({unreadable}))).code == errc::invalid_argument));
  auto const bad_names = pki::extension_request({{pki::oids::subject_alternative_name, false, pki::der::integer(1u)}});
  BOOST_TEST((trouble_of(issue(make_csr({bad_names}))).code == errc::invalid_argument));
  auto const no_names = pki::subject_alternative_names({});
  BOOST_TEST((trouble_of(issue(make_csr({no_names}))).code == errc::invalid_argument));
  pki::attribute const other_subject{{1, 3, 6, 1, 5, 5, 7, 7, 36}, {name_of("other")}};
  BOOST_TEST((trouble_of(issue(make_csr({other_subject}))).code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(weak_and_unknown_keys_are_not_certified) {
  using namespace pki;
  auto const refuse = [&](bytes const& public_key_info) {
    BOOST_TEST((trouble_of(ca.certify(name_of("x"), public_key_info, std::nullopt, certificate_use::client, at)).code ==
                errc::unsupported_algorithm));
  };
  bytes const modulus(128, 0xff);
  refuse(der::sequence({der::sequence({oids::rsa_encryption.encode(), der::null()}),
                        der::bit_string(der::sequence({der::integer(modulus), der::integer(65537u)}))}));
  static constexpr std::uint8_t junk[] = {1, 2, 3};
  refuse(der::sequence({der::sequence({object_id{1, 2, 3, 4}.encode()}), der::bit_string(junk)}));
  refuse(
      der::sequence({der::sequence({oids::ec_public_key.encode(), oids::secp256r1.encode()}), der::bit_string(junk)}));
  refuse({});
  for (auto const* kind : {"P-256", "P-384", "P-521"}) {
    auto off_the_curve = make_key(kind).public_key_info();
    off_the_curve.back() ^= 1;
    refuse(off_the_curve);
  }
}

// The one octet that stands for infinity: under such a key everybody can sign.
BOOST_AUTO_TEST_CASE(infinity_is_no_key) {
  using namespace pki;
  for (auto const& curve : {oids::secp256r1, oids::secp384r1, oids::secp521r1}) {
    auto const infinity =
        der::sequence({der::sequence({oids::ec_public_key.encode(), curve.encode()}), der::bit_string(bytes{0})});
    BOOST_TEST((trouble_of(load_public_key(infinity)).code == errc::malformed_key));
    BOOST_TEST((trouble_of(ca.certify(name_of("x"), infinity, std::nullopt, certificate_use::client, at)).code ==
                errc::unsupported_algorithm));
  }
}

BOOST_AUTO_TEST_CASE(nothing_outlives_the_ca) {
  pki::context const late{now + std::chrono::hours{24 * 3640}, rng};
  auto const made = std::get<pki::certificate>(got(ca.issue(make_csr(), peer{}, {}, late)));
  BOOST_TEST((made.not_after() == ca.issuer().not_after()));
}

BOOST_AUTO_TEST_CASE(serial_numbers_are_positive_and_differ) {
  std::set<bytes> seen;
  auto const csr = make_csr();
  for (int i = 0; i < 50; ++i) {
    auto const serial = got(issue(csr)).serial();
    BOOST_TEST(serial.size() == 16u);
    BOOST_TEST(serial.front() < 0x80);
    BOOST_TEST(seen.insert(serial).second);
  }
}

BOOST_AUTO_TEST_CASE(it_issues_in_several_threads_at_once) {
  auto const csr = make_csr();
  std::atomic<int> issued_well = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      Botan::AutoSeeded_RNG own;
      server<memory_ca> const est{ca, options};
      for (int i = 0; i < 10; ++i)
        if (est.handle(post("simpleenroll", csr.der()), facts, {now, own}).status == 200) ++issued_well;
    });
  for (auto& t : threads) t.join();
  BOOST_TEST(issued_well == 40);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(a_password_table_knows_its_entries_and_nothing_else) {
  password_table users;
  BOOST_TEST(!users.accepts("", {}));
  users.add("a", secret_bytes{std::string_view{"1"}});
  users.add("a", secret_bytes{std::string_view{"2"}});
  users.add("b:c", secret_bytes{std::string_view{"3"}});
  BOOST_TEST(users.accepts("a", as_bytes("1")));
  BOOST_TEST(users.accepts("a", as_bytes("2")));
  BOOST_TEST(users.accepts("b:c", as_bytes("3")));
  BOOST_TEST(!users.accepts("a", as_bytes("3")));
  BOOST_TEST(!users.accepts("b", as_bytes("c:3")));
  BOOST_TEST(!users.accepts("a1", {}));
}

BOOST_AUTO_TEST_CASE(where_nothing_is_shown_nobody_is_known) {
  auto const who = got(authenticate({}, {}, {}, {}).who);
  BOOST_TEST(!who.authenticated());
  BOOST_TEST(who.certificate() == nullptr);
}

BOOST_AUTO_TEST_CASE(loopback_facts_are_no_identity) {
  http::tls_facts facts;
  facts.peer_verified = true; // with no certificate at all
  BOOST_TEST(!got(authenticate({}, facts, {}, {}).who).authenticated());
}

BOOST_AUTO_TEST_SUITE_END()
