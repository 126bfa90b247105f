/// The reference server's keys for private keys that are sent encrypted beyond TLS: made known, used, replaced, refused.

#include "fixture.hpp"

#include "deviant/reference_server.hpp"

#include <est/pki/key_envelope.hpp>
#include <est/pki/smime_capabilities.hpp>

using namespace est;
using namespace est::test;
using namespace est::conformance;

BOOST_AUTO_TEST_SUITE(keys_of_the_reference_server)

namespace {

struct registered_fixture : server_fixture {
  std::unique_ptr<reference_authority> reference = [this] {
    reference_options wanted;
    wanted.user = "user";
    wanted.password = secret_bytes{std::string_view{"secret"}};
    wanted.clock = [this] { return now; };
    return got(reference_authority::make(std::move(wanted)));
  }();

  static pki::key_encryption_key shared(bytes identifier, std::size_t octets, std::uint8_t fill) {
    const bytes key(octets, fill);
    return {std::move(identifier), secret_bytes{byte_view{key}}};
  }
  void register_shared(bytes identifier, std::size_t octets, std::uint8_t fill) {
    auto const done = reference->register_key(shared(std::move(identifier), octets, fill));
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? std::string{} : to_text(done.error())));
  }

  pki::csr naming_shared(byte_view identifier, std::size_t octets) {
    return make_csr({pki::decrypt_key_identifier(identifier),
                     pki::smime_capabilities_attribute(
                         pki::capabilities_for_symmetric(octets, {pki::content_cipher::aes256_cbc}))});
  }
  http::response answer(pki::csr const& csr) { return reference->answer(post("serverkeygen", csr.der()), facts); }
  result<generated> generate(pki::csr const& csr, pki::key_opening const& opening) {
    auto reply = parse_reply<op::server_keygen>(answer(csr), {csr, &opening, &at});
    if (!reply) return fail(reply.error());
    return std::move(std::get<generated>(*reply));
  }
  pki::key_opening opening_with(std::variant<pki::key_encryption_key, pki::recipient_key> key) const {
    return {std::move(key), {reference->root()}};
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_key_that_was_made_known_encrypts_what_is_generated, registered_fixture) {
  for (const std::size_t octets : {16u, 24u, 32u}) {
    const bytes identifier{0x10, static_cast<std::uint8_t>(octets)};
    register_shared(identifier, octets, 0x6b);
    auto const made = got(generate(naming_shared(identifier, octets), opening_with(shared(identifier, octets, 0x6b))));
    BOOST_TEST(made.key.belongs_to(made.certificate));
    BOOST_REQUIRE(made.protection.has_value());
    BOOST_REQUIRE(made.protection->signer.has_value());
    BOOST_TEST((*made.protection->signer == reference->registration_authority()));
  }
}

BOOST_FIXTURE_TEST_CASE(a_key_under_another_identifier_is_not_used, registered_fixture) {
  register_shared({1}, 32, 0x6b);
  register_shared({2}, 32, 0x7c);
  got(generate(naming_shared(bytes{2}, 32), opening_with(shared({2}, 32, 0x7c))));
  auto const wrong = generate(naming_shared(bytes{2}, 32), opening_with(shared({2}, 32, 0x6b)));
  BOOST_TEST((trouble_of(wrong).code == errc::decryption_failed));
}

BOOST_FIXTURE_TEST_CASE(a_key_given_again_takes_the_place_of_the_older_one, registered_fixture) {
  register_shared({1}, 32, 0x6b);
  register_shared({1}, 16, 0x7c);
  got(generate(naming_shared(bytes{1}, 16), opening_with(shared({1}, 16, 0x7c))));
  check_refused(answer(naming_shared(bytes{1}, 32)), 400, "key wrap"); // the older one took another wrap
}

BOOST_FIXTURE_TEST_CASE(a_key_that_nobody_made_known_is_refused_and_none_is_sent, registered_fixture) {
  auto const refused = answer(naming_shared(bytes{9}, 32));
  check_refused(refused, 400);
  BOOST_TEST(refused.body.find("application/pkcs8") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(keys_that_no_key_wrap_takes_are_not_registered, registered_fixture) {
  for (const std::size_t octets : {0u, 15u, 33u})
    BOOST_TEST((reference->register_key(shared({1}, octets, 1)).error().code == errc::invalid_argument), octets);
  check_refused(answer(naming_shared(bytes{1}, 32)), 400);
}

BOOST_FIXTURE_TEST_CASE(a_recipient_that_was_made_known_opens_what_is_generated, registered_fixture) {
  auto key = got(pki::make_decryption_key(make_key("P-256")));
  auto const info = key.public_key_info();
  const bytes identifier{3};
  auto const done = reference->register_recipient(identifier, {info});
  BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? std::string{} : to_text(done.error())));
  auto const capabilities = got(pki::capabilities_for_public_key(info, {pki::content_cipher::aes128_gcm}));
  auto const csr =
      make_csr({pki::asymmetric_decrypt_key_identifier(identifier), pki::smime_capabilities_attribute(capabilities)});
  auto const made = got(generate(csr, opening_with(pki::recipient_key{std::move(key), std::nullopt, identifier})));
  BOOST_TEST(made.key.belongs_to(made.certificate));
  BOOST_TEST((reference->register_recipient({4}, {make_key("Ed25519").public_key_info()}).error().code ==
              errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_SUITE_END()
