// Signed messages: made, read, verified, and what is said of those that are odd or were changed.
#include "cms_support.hpp"

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(signed_messages)

namespace {

bytes signed_by(char const* kind, object_id const& type = oids::id_data, signing_options const& options = {}) {
  return got(make_signed_data(type, as_bytes("content"), key(kind), signer_certificate(kind),
                              std::span<const certificate>{&cms_root(), 1}, surroundings(), options));
}

/// A message of one signer, put together by hand.
struct crafted {
  std::uint32_t version = 1, signer_version = 1;
  object_id type = oids::id_data;
  std::vector<bytes> attributes; ///< encoded; none: no signedAttrs
  bool sort = true;
  bytes digest_algorithm = der::sequence({pki::detail::hash_identifier("SHA-256").encode()});
  bytes digest_list = der::value(tag::set, digest_algorithm);
  bytes algorithm = der::sequence({oids::rsa_encryption.encode(), der::null()});
  bytes unsigned_attributes;

  bytes make() const {
    bytes set;
    if (!attributes.empty())
      set = sort ? der::set_of(attributes) : der::value(tag::set, der::concatenation(attributes));
    auto const content = as_bytes("content");
    auto const octets =
        got(sign(key("RSA-2048").botan(), "SHA-256", set.empty() ? content : byte_view{set}, surroundings().rng));
    if (!set.empty()) set[0] = tag::context(0);
    auto const sid = pki::detail::encode_issuer_and_serial(issuer_and_serial_of(signer_certificate("RSA-2048")));
    auto const signer = der::sequence({der::integer(signer_version), sid, digest_algorithm, set, algorithm,
                                       der::octet_string(octets.octets), unsigned_attributes});
    auto const encapsulated = der::sequence({type.encode(), der::value(tag::context(0), der::octet_string(content))});
    return make_content_info(oids::id_signed_data, der::sequence({der::integer(version), digest_list, encapsulated,
                                                                  der::value(tag::set, signer)}));
  }
};

bytes content_type_attribute(object_id const& type) { return encode_attribute({oids::content_type, {type.encode()}}); }
bytes digest_attribute(std::string_view of = "content") {
  return encode_attribute({oids::message_digest, {der::octet_string(sha256(as_bytes(of)))}});
}

result<void> verified(byte_view message) {
  return verify_signed_data(got(parse_signed_data(message)), key("RSA-2048").public_key_info());
}

notes remarks_of(byte_view message) {
  notes remarks;
  got(parse_signed_data(message, &remarks));
  return remarks;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_signed_verifies_with_every_kind_of_key) {
  for (auto const* kind : kinds) {
    notes remarks;
    auto const octets = signed_by(kind, oids::id_asymmetric_key_package);
    BOOST_TEST(check_der(octets).has_value(), kind);
    auto const message = got(parse_signed_data(octets, &remarks));
    BOOST_TEST(remarks.empty(), kind);
    BOOST_TEST((message.content_type == oids::id_asymmetric_key_package));
    BOOST_TEST(as_text(*message.content) == "content");
    BOOST_TEST(message.certificates.size() == 2u);
    BOOST_REQUIRE(message.signers.size() == 1u);
    BOOST_TEST((message.signers[0].signing_time() == some_day));
    auto const* signer = got(verify_signed_data(message, message.certificates));
    BOOST_TEST((*signer == signer_certificate(kind)), kind);
    got(verify_signed_data(message, key(kind).public_key_info()));
  }
}

BOOST_AUTO_TEST_CASE(rsa_pss_is_signed_and_verified) {
  auto const octets =
      got(make_signed_data(oids::id_data, as_bytes("content"), signing_key{key("RSA-2048"), rsa_padding::pss},
                           signer_certificate("RSA-2048"), {}, surroundings()));
  auto const message = got(parse_signed_data(octets));
  BOOST_TEST((message.signers.at(0).algorithm.oid == oids::rsassa_pss));
  got(verify_signed_data(message, message.certificates));
}

BOOST_AUTO_TEST_CASE(a_signer_may_be_named_by_key_identifier) {
  auto const identifier = key_identifier(key("P-256").public_key_info());
  auto const octets = got(make_signed_data(oids::id_data, as_bytes("content"), key("P-256"),
                                           by_key_identifier(identifier), {}, surroundings()));
  BOOST_TEST(remarks_of(octets).empty());
  auto const message = got(parse_signed_data(octets));
  BOOST_TEST(message.certificates.empty());
  BOOST_TEST(message.signers.at(0).sid.by_key_identifier());
  auto const own = signer_certificate("P-256");
  BOOST_TEST((got(verify_signed_data(message, std::span<const certificate>{&own, 1})) == &own));
  auto const other = signer_certificate("P-384");
  BOOST_TEST((trouble_of(verify_signed_data(message, std::span<const certificate>{&other, 1})).code ==
              errc::signer_untrusted));
}

BOOST_AUTO_TEST_CASE(a_secret_content_is_kept_as_one) {
  auto const octets = got(make_signed_data<secret_bytes>(oids::id_data, as_bytes("content"), key("P-256"),
                                                         signer_certificate("P-256"), {}, surroundings()));
  auto const message = got(parse_signed_data<secret_bytes>(octets.expose()));
  BOOST_TEST(as_text(message.content->expose()) == "content");
  got(verify_signed_data(message, message.certificates));
}

BOOST_AUTO_TEST_CASE(more_attributes_are_signed_and_the_time_may_be_left_out) {
  signing_options options;
  options.signing_time = false;
  options.more_attributes = {challenge_password_attribute("word")};
  auto const message = got(parse_signed_data(signed_by("P-256", oids::id_data, options)));
  BOOST_TEST(!message.signers.at(0).signing_time().has_value());
  BOOST_TEST((message.signers.at(0).find(oids::challenge_password) != nullptr));
  got(verify_signed_data(message, message.certificates));
  options.more_attributes = {{oids::challenge_password, {bytes{0x04, 0x05}}}};
  BOOST_TEST((trouble_of(make_signed_data(oids::id_data, {}, key("P-256"), signer_certificate("P-256"), {},
                                          surroundings(), options))
                  .code == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_key_signs_nothing) {
  BOOST_TEST(
      (trouble_of(make_signed_data(oids::id_data, {}, key("P-256"), signer_certificate("P-384"), {}, surroundings()))
           .code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(a_bare_message_is_what_an_envelope_holds) {
  signing_options options;
  options.content_info = false;
  auto const bare = signed_by("P-256", oids::id_data, options);
  notes alone, within, wrapped;
  auto const message = got(parse_bare_signed_data(bare, &within));
  got(verify_signed_data(message, message.certificates));
  BOOST_TEST(within.empty());
  got(parse_signed_data(bare, &alone));
  BOOST_TEST(alone.has(note_code::cms_no_content_info));
  got(parse_bare_signed_data(signed_by("P-256"), &wrapped));
  BOOST_TEST(wrapped.has(note_code::envelope_content_info));
}

BOOST_AUTO_TEST_CASE(the_kind_of_key_may_stand_for_the_algorithm) {
  crafted one;
  one.attributes = {content_type_attribute(oids::id_data), digest_attribute()};
  got(verified(one.make()));
  one.algorithm = der::sequence({object_id{1, 2, 840, 113549, 1, 1, 11}.encode(), der::null()});
  got(verified(one.make()));
  one.algorithm = der::sequence({object_id{1, 2, 840, 113549, 1, 1, 12}.encode(), der::null()});
  BOOST_TEST((trouble_of(verified(one.make())).code == errc::bad_signature));
}

BOOST_AUTO_TEST_CASE(content_of_id_data_may_be_signed_without_attributes_and_that_is_noted) {
  crafted one;
  got(verified(one.make()));
  BOOST_TEST(remarks_of(one.make()).has(note_code::cms_no_signed_attributes));
  one.type = oids::id_asymmetric_key_package;
  one.version = 3;
  BOOST_TEST((trouble_of(verified(one.make())).code == errc::bad_signature));
}

BOOST_AUTO_TEST_CASE(attributes_that_do_not_fit_the_content_are_a_bad_signature) {
  auto const refuses = [](std::vector<bytes> attributes) {
    crafted one;
    one.attributes = std::move(attributes);
    return trouble_of(verified(one.make())).code == errc::bad_signature;
  };
  auto const type = content_type_attribute(oids::id_data), digest = digest_attribute();
  BOOST_TEST(refuses({type}));
  BOOST_TEST(refuses({digest}));
  BOOST_TEST(refuses({type, digest_attribute("another")}));
  BOOST_TEST(refuses({content_type_attribute(oids::id_signed_data), digest}));
  BOOST_TEST(refuses({type, digest, digest}));
  BOOST_TEST(refuses({type, type, digest}));
  auto const octets = der::octet_string(sha256(as_bytes("content")));
  BOOST_TEST(refuses({type, encode_attribute({oids::message_digest, {octets, octets}})}));
}

BOOST_AUTO_TEST_CASE(attributes_in_another_order_verify_as_they_came_and_as_der_has_them) {
  crafted one;
  one.attributes = {digest_attribute(), content_type_attribute(oids::id_data)};
  one.sort = false;
  got(verified(one.make()));
  // signed in the order of DER, sent in another
  one.sort = true;
  auto message = got(parse_signed_data(one.make()));
  message.signers[0].signed_octets = der::value(tag::set, {digest_attribute(), content_type_attribute(oids::id_data)});
  got(verify_signed_data(message, key("RSA-2048").public_key_info()));
}

BOOST_AUTO_TEST_CASE(what_is_odd_is_noted) {
  crafted usual;
  usual.attributes = {content_type_attribute(oids::id_data), digest_attribute()};
  BOOST_TEST(remarks_of(usual.make()).empty());
  auto one = usual;
  one.version = 3;
  BOOST_TEST(remarks_of(one.make()).has(note_code::cms_version));
  one = usual;
  one.signer_version = 3;
  BOOST_TEST(remarks_of(one.make()).has(note_code::cms_signer_version));
  one = usual;
  one.digest_list = der::value(tag::set, byte_view{});
  BOOST_TEST(remarks_of(one.make()).has(note_code::cms_digest_not_listed));
  got(verified(one.make()));
  one = usual;
  one.unsigned_attributes = der::value(tag::context(1), digest_attribute());
  BOOST_TEST(remarks_of(one.make()).has(note_code::cms_unsigned_attributes));
}

BOOST_AUTO_TEST_CASE(several_signers_are_noted_and_one_that_verifies_will_do) {
  auto const first = got(parse_signed_data(signed_by("P-256")));
  auto both = got(parse_signed_data(signed_by("P-384")));
  both.signers.insert(both.signers.begin(), first.signers.begin(), first.signers.end());
  auto const own = signer_certificate("P-384");
  BOOST_TEST((got(verify_signed_data(both, std::span<const certificate>{&own, 1})) == &own));
  got(verify_signed_data(both, key("P-384").public_key_info()));
  got(verify_signed_data(both, key("P-256").public_key_info()));
  BOOST_TEST((trouble_of(verify_signed_data(both, key("P-521").public_key_info())).code != errc::malformed_cms));

  auto const octets = signed_by("P-256");
  tlv_state state{errc::malformed_cms, "test"};
  auto fields = tlv_reader{pki::detail::read_content_info(octets, state).content, state};
  std::vector<bytes> parts;
  while (fields.more()) parts.push_back(to_bytes(fields.take_any("a field").whole));
  auto const signer = to_bytes(tlv_reader{parts.back(), state}.take(tag::set, "signers").content);
  parts.back() = der::value(tag::set, {signer, signer});
  BOOST_TEST(remarks_of(make_content_info(oids::id_signed_data, der::value(tag::sequence, der::concatenation(parts))))
                 .has(note_code::cms_several_signers));
  bytes many;
  for (int i = 0; i < 17; ++i) many.insert(many.end(), signer.begin(), signer.end());
  parts.back() = der::value(tag::set, many);
  BOOST_TEST((trouble_of(parse_signed_data(make_content_info(oids::id_signed_data,
                                                             der::value(tag::sequence, der::concatenation(parts)))))
                  .code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(certificates_of_one_name_are_tried_so_often_and_no_more) {
  auto const message = got(parse_signed_data(signed_by("P-256")));
  auto const right = signer_certificate("P-256");
  // The same issuer and serial number, and another key.
  certificate_order order;
  order.subject_der = right.subject_der();
  order.public_key_info = key("P-384").public_key_info();
  order.serial = right.serial();
  order.not_before = some_day;
  order.not_after = some_day + std::chrono::hours{1};
  auto const wrong = got(make_certificate(order, key("P-256"), cms_root(), "", surroundings()));
  BOOST_REQUIRE(issuer_and_serial_of(wrong) == issuer_and_serial_of(right));
  std::vector<certificate> candidates(most_signatures_tried - 1, wrong);
  BOOST_TEST((trouble_of(verify_signed_data(message, candidates)).code == errc::bad_signature));
  candidates.push_back(right);
  BOOST_TEST((got(verify_signed_data(message, candidates)) == &candidates.back()));
  candidates.insert(candidates.begin(), wrong);
  BOOST_TEST((trouble_of(verify_signed_data(message, candidates)).code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(a_message_without_content_or_signer_verifies_under_nothing) {
  auto message = got(parse_signed_data(signed_by("P-256")));
  message.content.reset();
  BOOST_TEST((trouble_of(verify_signed_data(message, message.certificates)).code == errc::malformed_cms));
  message.content = to_bytes(std::string_view{"content"});
  message.signers.clear();
  BOOST_TEST((trouble_of(verify_signed_data(message, message.certificates)).code == errc::malformed_cms));
  BOOST_TEST((trouble_of(verify_signed_data(message, key("P-256").public_key_info())).code == errc::malformed_cms));
}

BOOST_AUTO_TEST_CASE(no_change_of_a_bit_verifies) {
  auto const octets = signed_by("P-256", oids::id_asymmetric_key_package);
  auto const public_key = key("P-256").public_key_info();
  // certificates and the names of the signer may change: they are not under this signature
  auto const message = got(parse_signed_data(octets));
  std::size_t verified_still = 0;
  for_every_bit(octets, [&](byte_view changed, std::size_t) {
    auto const read = parse_signed_data(changed);
    if (!read || !verify_signed_data(*read, public_key)) return;
    ++verified_still;
    BOOST_TEST(as_text(*read->content) == "content");
    BOOST_TEST((read->content_type == message.content_type));
  });
  BOOST_TEST(verified_still < octets.size() * 8);
}

BOOST_AUTO_TEST_CASE(every_truncation_fails) {
  for_every_truncation(signed_by("Ed25519"), [](byte_view cut) { BOOST_TEST(!parse_signed_data(cut).has_value()); });
}

BOOST_AUTO_TEST_CASE(other_messages_are_told) {
  BOOST_TEST((trouble_of(parse_signed_data(make_content_info(oids::id_enveloped_data, der::sequence({})))).code ==
              errc::malformed_cms));
  BOOST_TEST((trouble_of(parse_signed_data(cms_root().der())).code == errc::malformed_cms));
  BOOST_TEST(!parse_signed_data({}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
