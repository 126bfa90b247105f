// Enveloped messages: every kind of recipient, every cipher, and what does not open.
#include "cms_support.hpp"

#include <botan/pubkey.h>

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(enveloped_messages)

namespace {

constexpr std::string_view content = "what is within";

bytes enveloped_for(recipient const& to, content_cipher cipher = content_cipher::aes256_cbc,
                    object_id const& type = oids::id_data) {
  return got(make_enveloped_data(type, as_bytes(content), std::span<const recipient>{&to, 1}, cipher, surroundings()));
}

public_key_recipient to_holder_of(std::string const& kind, bool by_identifier = false) {
  auto const opening = opening_key(kind);
  auto const id =
      by_identifier ? by_key_identifier(as_bytes("key 12")) : issuer_and_serial_of(recipient_certificate(kind));
  return {opening.public_key_info(), id};
}

recipient_key holder_of(std::string const& kind) {
  return {opening_key(kind), recipient_certificate(kind), to_bytes(std::string_view{"key 12"})};
}

result<secret_bytes> opened(byte_view message, key_encryption_key const& with, notes* out = nullptr) {
  return open_enveloped_data(got(parse_enveloped_data(message)), with, out);
}
result<secret_bytes> opened(byte_view message, recipient_key const& with, notes* out = nullptr) {
  return open_enveloped_data(got(parse_enveloped_data(message)), with, surroundings().rng, out);
}

std::vector<recipient> just(public_key_recipient const& to) {
  std::vector<recipient> all;
  all.emplace_back(to);
  return all;
}

bool is_content(result<secret_bytes> const& r) { return r && as_text(r->expose()) == content; }

} // namespace

BOOST_AUTO_TEST_CASE(a_symmetric_key_opens_what_is_for_it_with_every_cipher_and_wrap) {
  for (auto const cipher : ciphers)
    for (const std::size_t octets : {16u, 24u, 32u}) {
      auto const octets_of_message = enveloped_for(symmetric_key(octets), cipher, oids::id_signed_data);
      BOOST_TEST(check_der(octets_of_message).has_value());
      notes remarks;
      auto const message = got(parse_enveloped_data(octets_of_message, &remarks));
      BOOST_TEST(message.authenticated == is_authenticated(cipher));
      BOOST_TEST(remarks.size() == (is_authenticated(cipher) ? 1u : 0u));
      BOOST_TEST(is_content(open_enveloped_data(message, symmetric_key(octets), &remarks)), name(cipher));
      BOOST_TEST(remarks.size() == (is_authenticated(cipher) ? 1u : 0u));
    }
}

BOOST_AUTO_TEST_CASE(a_private_key_opens_what_is_for_it_by_either_name) {
  for (auto const* kind : recipient_kinds)
    for (bool const by_identifier : {false, true})
      for (auto const cipher : {content_cipher::aes128_cbc, content_cipher::aes256_gcm}) {
        auto const octets = enveloped_for(to_holder_of(kind, by_identifier), cipher, oids::id_signed_data);
        notes remarks;
        got(parse_enveloped_data(octets, &remarks));
        BOOST_TEST(remarks.size() == (is_authenticated(cipher) ? 1u : 0u), kind);
        auto const content_of_it = opened(octets, holder_of(kind), &remarks);
        BOOST_TEST(is_content(content_of_it), kind << ": " << (content_of_it ? "" : to_text(content_of_it.error())));
      }
}

BOOST_AUTO_TEST_CASE(every_hash_that_is_written_opens) {
  for (auto const* hash : {"SHA-1", "SHA-256"}) {
    auto to = to_holder_of("RSA-2048");
    to.hash = hash;
    BOOST_TEST(is_content(opened(enveloped_for(to), holder_of("RSA-2048"))), hash);
  }
  for (auto const* hash : {"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"})
    for (auto const* kind : {"P-256", "P-384", "P-521", "X25519"})
      for (const std::size_t wrap : {0u, 16u, 24u, 32u}) {
        auto to = to_holder_of(kind);
        to.hash = hash;
        to.wrap_octets = wrap;
        to.derivation = key_derivation::x963;
        BOOST_TEST(is_content(opened(enveloped_for(to), holder_of(kind))), kind << " " << hash);
      }
  for (auto const* hash : {"SHA-256", "SHA-384", "SHA-512"}) {
    auto to = to_holder_of("X25519");
    to.hash = hash;
    BOOST_TEST(is_content(opened(enveloped_for(to), holder_of("X25519"))), hash);
  }
  auto to = to_holder_of("RSA-2048");
  to.hash = "SHA-512";
  BOOST_TEST(
      (trouble_of(make_enveloped_data(oids::id_data, {}, just(to), content_cipher::aes128_cbc, surroundings())).code ==
       errc::unsupported_algorithm));
}

// RFC 8418 section 8 and RFC 5753 section 6 print these identifiers
BOOST_AUTO_TEST_CASE(the_schemes_have_the_identifiers_that_the_documents_print) {
  BOOST_TEST(to_hex(find_agreement(key_derivation::x963, "SHA-256")->oid.encode()) == "06062b8104010b01");
  BOOST_TEST(to_hex(find_agreement(key_derivation::x963, "SHA-1")->oid.encode()) == "06092b81051086483f0002");
  BOOST_TEST(to_hex(find_agreement(key_derivation::hkdf, "SHA-512")->oid.encode()) == "060b2a864886f70d0109100315");
  BOOST_TEST(to_hex(oids::aes256_wrap.encode()) == "060960864801650304012d");
}

BOOST_AUTO_TEST_CASE(a_message_for_several_opens_for_each) {
  std::vector<recipient> to;
  to.emplace_back(symmetric_key(16));
  to.emplace_back(to_holder_of("RSA-2048"));
  to.emplace_back(to_holder_of("P-384"));
  to.emplace_back(to_holder_of("X25519", true));
  auto const octets =
      got(make_enveloped_data(oids::id_data, as_bytes(content), to, content_cipher::aes192_cbc, surroundings()));
  BOOST_TEST(is_content(opened(octets, symmetric_key(16))));
  BOOST_TEST(is_content(opened(octets, holder_of("RSA-2048"))));
  BOOST_TEST(is_content(opened(octets, holder_of("P-384"))));
  BOOST_TEST(is_content(opened(octets, holder_of("X25519"))));
  auto const trouble = trouble_of(opened(octets, holder_of("P-256")));
  BOOST_TEST((trouble.code == errc::no_recipient));
  BOOST_TEST(trouble.detail.find("4 recipients") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_named_opens_nothing) {
  BOOST_TEST(
      (trouble_of(opened(enveloped_for(symmetric_key(16)), symmetric_key(16, "shelf 8"))).code == errc::no_recipient));
  BOOST_TEST((trouble_of(opened(enveloped_for(symmetric_key(16)), holder_of("P-256"))).code == errc::no_recipient));
  BOOST_TEST(
      (trouble_of(opened(enveloped_for(to_holder_of("P-256")), holder_of("RSA-2048"))).code == errc::no_recipient));
  BOOST_TEST((trouble_of(opened(enveloped_for(to_holder_of("P-256")), symmetric_key(16))).code == errc::no_recipient));
  BOOST_TEST((trouble_of(opened(enveloped_for(symmetric_key(16)), symmetric_key(32))).code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(without_a_certificate_any_issuer_and_serial_may_be_meant) {
  auto holder = holder_of("P-256");
  holder.certificate.reset();
  BOOST_TEST(is_content(opened(enveloped_for(to_holder_of("P-256")), holder)));
  holder.identifier.reset();
  auto to = to_holder_of("P-256");
  to.id = by_key_identifier(key_identifier(to.public_key_info));
  BOOST_TEST(is_content(opened(enveloped_for(to), holder)));
}

BOOST_AUTO_TEST_CASE(without_a_certificate_every_entry_that_may_be_meant_is_tried) {
  auto const other_rsa = got(make_private_key(key_spec::rsa(2048), surroundings()));
  auto to_other_rsa = to_holder_of("RSA-2048");
  to_other_rsa.public_key_info = other_rsa.public_key_info();
  std::vector<recipient> to;
  for (auto const* kind : {"P-256", "P-384", "P-521", "RSA-2048"}) to.emplace_back(to_holder_of(kind));
  to.emplace_back(to_other_rsa);
  auto const octets =
      got(make_enveloped_data(oids::id_data, as_bytes(content), to, content_cipher::aes256_gcm, surroundings()));
  for (auto const* kind : {"P-256", "P-384", "P-521", "RSA-2048"})
    BOOST_TEST(is_content(opened(octets, recipient_key{opening_key(kind)})), kind);
  BOOST_TEST(is_content(opened(octets, recipient_key{got(make_decryption_key(other_rsa))})));
  auto const stranger = got(make_private_key(key_spec::ecdsa("secp256r1"), surroundings()));
  BOOST_TEST(
      (trouble_of(opened(octets, recipient_key{got(make_decryption_key(stranger))})).code == errc::decryption_failed));
}

BOOST_AUTO_TEST_CASE(a_wrong_key_of_the_right_name_says_what_everything_says) {
  auto wrong = symmetric_key(32);
  auto other = to_bytes(wrong.key.expose());
  other[5] ^= 1;
  wrong.key = secret_bytes{byte_view{other}};
  auto const expected = trouble_of(opened(enveloped_for(symmetric_key(32)), wrong));
  BOOST_TEST((expected.code == errc::decryption_failed));

  // PKCS#1 v1.5, OAEP and key agreement for other keys of the same name
  auto const rsa = got(make_private_key(key_spec::rsa(2048), surroundings()));
  recipient_key impostor{got(make_decryption_key(rsa)), recipient_certificate("RSA-2048")};
  BOOST_TEST((trouble_of(opened(enveloped_for(to_holder_of("RSA-2048")), impostor)) == expected));
  auto const ec = got(make_private_key(key_spec::ecdsa("secp256r1"), surroundings()));
  recipient_key other_ec{got(make_decryption_key(ec)), recipient_certificate("P-256")};
  BOOST_TEST((trouble_of(opened(enveloped_for(to_holder_of("P-256")), other_ec)) == expected));
  recipient_key other_x{got(make_x25519_key(surroundings())), recipient_certificate("X25519")};
  BOOST_TEST((trouble_of(opened(enveloped_for(to_holder_of("X25519")), other_x)) == expected));
}

// RFC 3218 section 2.3: what is wrong within PKCS#1 v1.5 must not show
BOOST_AUTO_TEST_CASE(pkcs1_v15_is_read_and_its_troubles_cannot_be_told_apart) {
  auto message = got(parse_enveloped_data(enveloped_for(to_holder_of("RSA-2048"), content_cipher::aes128_gcm)));
  auto& info = std::get<key_transport_info>(message.recipients.at(0));
  info.algorithm = {oids::rsa_encryption, der::null()};
  auto const public_key = got(load_public_key(key("RSA-2048").public_key_info()));
  const Botan::PK_Encryptor_EME encryptor{*public_key, surroundings().rng, "EME-PKCS1-v1_5"};
  auto const encrypt = [&](secret_bytes const& content_key) {
    info.encrypted_key = encryptor.encrypt(content_key.expose().data(), content_key.size(), surroundings().rng);
  };
  auto const open = [&] { return open_enveloped_data(message, holder_of("RSA-2048"), surroundings().rng); };
  auto const content_key = symmetric_key(16).key.duplicate();
  message.content =
      got(encrypt_content(content_cipher::aes128_gcm, content_key, as_bytes(content), {}, surroundings().rng));
  encrypt(content_key);
  BOOST_TEST(is_content(open()));
  encrypt(symmetric_key(24).key); // of another size
  auto const expected = trouble_of(open());
  BOOST_TEST((expected.code == errc::decryption_failed));
  const Botan::PK_Encryptor_EME other{*public_key, surroundings().rng, "OAEP(SHA-1)"}; // another padding
  info.encrypted_key = other.encrypt(content_key.expose().data(), content_key.size(), surroundings().rng);
  BOOST_TEST((trouble_of(open()) == expected));
  for (const std::size_t size : {0u, 1u, 255u, 256u, 257u, 300u}) { // other sizes than the modulus, and beyond it
    info.encrypted_key = bytes(size, 0xff);
    BOOST_TEST((trouble_of(open()) == expected), size);
  }
}

BOOST_AUTO_TEST_CASE(no_changed_octet_of_an_authenticated_message_opens) {
  for (auto const& octets : {enveloped_for(symmetric_key(16), content_cipher::aes128_gcm, oids::id_signed_data),
                             enveloped_for(to_holder_of("X25519", true), content_cipher::aes256_gcm)}) {
    auto const message = got(parse_enveloped_data(octets));
    for_every_bit(octets, [&](byte_view changed, std::size_t) {
      auto const read = parse_enveloped_data(changed);
      if (!read) return;
      for (auto const& content_of_it :
           {open_enveloped_data(*read, symmetric_key(16)).has_value(),
            open_enveloped_data(*read, holder_of("X25519"), surroundings().rng).has_value()})
        if (content_of_it) {
          // what is not authenticated: versions, the framing of the parts that are not, the name of an id-data content
          BOOST_TEST(read->content.octets == message.content.octets);
          BOOST_TEST(read->content.mac == message.content.mac);
          BOOST_TEST(read->authenticated_octets == message.authenticated_octets);
        }
    });
  }
}

BOOST_AUTO_TEST_CASE(a_changed_octet_of_a_cbc_message_never_gives_the_content_and_says_one_thing) {
  auto message = got(parse_enveloped_data(enveloped_for(symmetric_key(16), content_cipher::aes128_cbc)));
  auto& octets = message.content.octets;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] ^= 0x55;
    auto const read = open_enveloped_data(message, symmetric_key(16));
    BOOST_TEST(!is_content(read));
    if (!read) BOOST_TEST((read.error().code == errc::decryption_failed));
    octets[i] ^= 0x55;
  }
  octets.pop_back();
  BOOST_TEST((trouble_of(open_enveloped_data(message, symmetric_key(16))).code == errc::decryption_failed));
  octets.clear();
  BOOST_TEST((trouble_of(open_enveloped_data(message, symmetric_key(16))).code == errc::decryption_failed));
}

BOOST_AUTO_TEST_CASE(a_cipher_and_its_container_belong_together) {
  auto message = got(parse_enveloped_data(enveloped_for(symmetric_key(16), content_cipher::aes128_gcm)));
  message.authenticated = false;
  BOOST_TEST((trouble_of(open_enveloped_data(message, symmetric_key(16))).code == errc::malformed_cms));
  message = got(parse_enveloped_data(enveloped_for(symmetric_key(16), content_cipher::aes128_cbc)));
  message.authenticated = true;
  BOOST_TEST((trouble_of(open_enveloped_data(message, symmetric_key(16))).code == errc::malformed_cms));
  message.content.algorithm.oid = oids::des_ede3_cbc;
  BOOST_TEST((trouble_of(open_enveloped_data(message, symmetric_key(16))).code == errc::unsupported_algorithm));
}

BOOST_AUTO_TEST_CASE(gcm_parameters_are_read_as_rfc_5084_has_them) {
  auto message = got(parse_enveloped_data(enveloped_for(symmetric_key(16), content_cipher::aes128_gcm)));
  auto const open = [&] { return open_enveloped_data(message, symmetric_key(16)); };
  auto const nonce = der::octet_string(bytes(12, 7));
  message.content.algorithm.parameters = der::sequence({nonce}); // aes-ICVlen DEFAULT 12, and there are 16
  BOOST_TEST((trouble_of(open()).code == errc::malformed_cms));
  message.content.algorithm.parameters = der::sequence({nonce, der::integer(11u)});
  message.content.mac.resize(11);
  BOOST_TEST((trouble_of(open()).code == errc::malformed_cms));
  message.content.algorithm.parameters = der::null();
  BOOST_TEST((trouble_of(open()).code == errc::malformed_cms));
  message.content.algorithm.parameters.clear();
  BOOST_TEST((trouble_of(open()).code == errc::malformed_cms));
}

BOOST_AUTO_TEST_CASE(the_authenticated_content_type_is_that_of_the_content) {
  auto const octets = enveloped_for(symmetric_key(16), content_cipher::aes128_gcm, oids::id_signed_data);
  auto message = got(parse_enveloped_data(octets));
  BOOST_TEST(message.authenticated_attributes.size() == 1u);
  message.content_type = oids::id_data;
  BOOST_TEST((trouble_of(open_enveloped_data(message, symmetric_key(16))).code == errc::malformed_cms));
}

BOOST_AUTO_TEST_CASE(what_is_odd_is_noted) {
  auto const octets = enveloped_for(symmetric_key(16));
  auto const remarks_of = [](byte_view message) {
    notes remarks;
    got(parse_enveloped_data(message, &remarks));
    return remarks;
  };
  tlv_state state{errc::malformed_cms, "test"};
  auto fields = tlv_reader{pki::detail::read_content_info(octets, state).content, state};
  auto const own_version = to_bytes(fields.take(tag::integer, "version").whole);
  auto const recipients = to_bytes(fields.take(tag::set, "recipientInfos").whole);
  auto const content_info = to_bytes(fields.take(tag::sequence, "encryptedContentInfo").whole);
  auto const message_of = [](std::initializer_list<byte_view> parts) {
    return make_content_info(oids::id_enveloped_data, der::sequence(parts));
  };
  BOOST_TEST(remarks_of(message_of({own_version, recipients, content_info})).empty());
  BOOST_TEST(remarks_of(message_of({der::integer(0u), recipients, content_info})).has(note_code::cms_envelope_version));
  BOOST_TEST(remarks_of(message_of({own_version, der::value(tag::context(0), byte_view{}), recipients, content_info}))
                 .has(note_code::cms_originator_info));
  auto const attributes = der::value(tag::context(1), encode_attribute({oids::content_type, {der::null()}}));
  BOOST_TEST(remarks_of(message_of({own_version, recipients, content_info, attributes}))
                 .has(note_code::cms_unprotected_attributes));
  auto const other = der::value(tag::set, der::value(tag::context(4), der::null()));
  auto const said = remarks_of(message_of({der::integer(3u), other, content_info}));
  BOOST_TEST(said.has(note_code::cms_other_recipient));
  BOOST_TEST(!said.has(note_code::cms_envelope_version));
  auto const kekri = [&](std::uint32_t number, bytes const& wrap) {
    auto const key = got(wrap_key(symmetric_key(16).key, symmetric_key(32).key));
    return der::value(tag::set, der::value(tag::context(2), {der::integer(number),
                                                             der::sequence({der::octet_string(as_bytes("shelf 7"))}),
                                                             wrap, der::octet_string(key)}));
  };
  auto const plain = der::sequence({oids::aes128_wrap.encode()}),
             with_null = der::sequence({oids::aes128_wrap.encode(), der::null()});
  BOOST_TEST(
      remarks_of(message_of({own_version, kekri(3, plain), content_info})).has(note_code::cms_recipient_version));
  notes remarks;
  opened(message_of({own_version, kekri(4, with_null), content_info}), symmetric_key(16), &remarks).has_value();
  BOOST_TEST(remarks.has(note_code::cms_key_wrap_parameters));
  BOOST_TEST(
      remarks_of(enveloped_for(symmetric_key(16), content_cipher::aes128_gcm)).has(note_code::cms_auth_enveloped));
  // RFC 5083 section 2.1
  for (auto const& [type, is_due] : {std::pair{&oids::id_signed_data, true}, std::pair{&oids::id_data, false}}) {
    auto const inner = der::sequence(
        {type->encode(), der::sequence({oids::aes128_gcm.encode()}), der::value(tag::context_primitive(0), bytes{1})});
    auto const authenticated = der::value(tag::context(1), encode_attribute({oids::content_type, {type->encode()}}));
    auto const mac = der::octet_string(bytes(16, 0));
    auto const said_of = [&](std::initializer_list<byte_view> parts) {
      return remarks_of(make_content_info(oids::id_auth_enveloped_data, der::sequence(parts)))
          .has(note_code::cms_no_authenticated_attributes);
    };
    BOOST_TEST(said_of({der::integer(0u), recipients, inner, mac}) == is_due);
    BOOST_TEST(!said_of({der::integer(0u), recipients, inner, authenticated, mac}));
  }

  BOOST_TEST(
      (trouble_of(parse_enveloped_data(message_of({own_version, der::value(tag::set, byte_view{}), content_info})))
           .code == errc::malformed_cms));
}

BOOST_AUTO_TEST_CASE(an_agreement_with_ukm_cofactor_or_other_originators_is_read) {
  auto message = got(parse_enveloped_data(enveloped_for(to_holder_of("P-256"))));
  auto& info = std::get<key_agreement_info>(message.recipients.at(0));
  auto const open = [&] { return open_enveloped_data(message, holder_of("P-256"), surroundings().rng); };
  BOOST_TEST(is_content(open()));
  auto const usual = info;
  info.algorithm.oid = {1, 3, 132, 1, 14, 1}; // cofactor: the same on this curve
  BOOST_TEST(is_content(open()));
  info = usual;
  info.ukm = bytes{1, 2, 3}; // goes into the derivation
  BOOST_TEST((trouble_of(open()).code == errc::decryption_failed));
  info = usual;
  info.originator_key.clear();
  BOOST_TEST((trouble_of(open()).code == errc::unsupported_algorithm));
  info = usual;
  info.originator_algorithm = oids::x25519;
  BOOST_TEST((trouble_of(open()).code == errc::no_recipient));
  info = usual;
  info.algorithm.oid = oids::rsa_encryption;
  BOOST_TEST((trouble_of(open()).code == errc::unsupported_algorithm));
  info = usual;
  info.algorithm.parameters.clear();
  BOOST_TEST((trouble_of(open()).code == errc::malformed_cms));
  info = usual;
  for (auto& octet : info.originator_key) octet = 0x04; // no point of the curve
  BOOST_TEST((trouble_of(open()).code == errc::decryption_failed));
}

// RFC 8418 section 2: an all-zero secret is refused
BOOST_AUTO_TEST_CASE(an_x25519_key_of_low_order_is_refused) {
  auto to = to_holder_of("X25519");
  std::fill(to.public_key_info.end() - 32, to.public_key_info.end(), std::uint8_t{0});
  BOOST_TEST(
      (trouble_of(make_enveloped_data(oids::id_data, {}, just(to), content_cipher::aes128_cbc, surroundings())).code ==
       errc::malformed_key));
}

BOOST_AUTO_TEST_CASE(a_certificate_says_whether_its_key_may_be_encrypted_for) {
  for (auto const* kind : recipient_kinds) BOOST_TEST(may_encrypt_for(recipient_certificate(kind)), kind);
  BOOST_TEST(!may_encrypt_for(signer_certificate("P-256")));
  BOOST_TEST(!may_encrypt_for(signer_certificate("RSA-2048")));
  BOOST_TEST(may_encrypt_for(certify("any", key("P-256").public_key_info(), key("P-256"), cms_root(), 0)));
}

BOOST_AUTO_TEST_CASE(keys_that_open_nothing_are_refused) {
  BOOST_TEST((trouble_of(make_decryption_key(key("Ed25519"))).code == errc::unsupported_algorithm));
  auto const x = opening_key("X25519");
  BOOST_TEST((x.kind() == recipient_key_kind::x25519));
  auto const ec = key("P-256").encode();
  BOOST_TEST((got(parse_decryption_key(ec.expose())).public_key_info() == key("P-256").public_key_info()));
  auto const short_x = from_hex("302d020100300506032b656e0421041f"
                                "77076d0a7318a57d3c16c17251b26645df4c7f12c50ad9a1a1a1b8d1f0a3c2");
  BOOST_TEST((trouble_of(parse_decryption_key(short_x)).code == errc::malformed_key));
}

BOOST_AUTO_TEST_CASE(the_public_key_beside_an_x25519_key_is_compared) {
  auto const own = opening_key("X25519").public_key_info();
  auto const scalar = from_hex("77076d0a7318a57d3c16c17251b26645df4c7f12c50ad9a1a1a1b8d1f0a3c2e1");
  auto const with = [&](std::uint32_t version, byte_view public_key) {
    return parse_decryption_key(der::sequence({der::integer(version), der::sequence({oids::x25519.encode()}),
                                               der::octet_string(der::octet_string(scalar)),
                                               der::value(tag::context_primitive(1), {bytes{0}, public_key})}));
  };
  auto const right = byte_view{own}.last(32);
  auto wrong = to_bytes(right);
  wrong[0] ^= 1;
  BOOST_TEST((got(with(1, right)).public_key_info() == own));
  BOOST_TEST((trouble_of(with(1, wrong)).code == errc::key_mismatch));
  BOOST_TEST((trouble_of(with(1, {})).code == errc::key_mismatch));
  BOOST_TEST((trouble_of(with(2, right)).code == errc::malformed_key));
}

BOOST_AUTO_TEST_CASE(every_truncation_fails) {
  for (auto const& octets : {enveloped_for(symmetric_key(16), content_cipher::aes128_gcm),
                             enveloped_for(to_holder_of("P-256")), enveloped_for(to_holder_of("RSA-2048", true))})
    for_every_truncation(octets, [](byte_view cut) { BOOST_TEST(!parse_enveloped_data(cut).has_value()); });
}

BOOST_AUTO_TEST_SUITE_END()
