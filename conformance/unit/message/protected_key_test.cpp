// The parts of a serverkeygen answer whose key is encrypted beyond TLS, as a client reads them.
#include "pki_fixture.hpp"

#include <est/message/server_keygen.hpp>
#include <est/pki/key_envelope.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>
#include <vector>

using namespace est;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(protected_keys)

namespace {

pki::key_encryption_key shared_key() { return {{1, 2, 3}, secret_bytes{byte_view{bytes(16, 0x33)}}}; }

pki::private_key const& made_key() {
  static auto const key = make_key();
  return key;
}
pki::certificate const& own() {
  static auto const made = root().issue(made_key().public_key_info(), "made for it");
  return made;
}

bytes envelope_of(pki::private_key const& key) {
  auto const package = must(pki::sign_key_package(key, root().key, root().certificate, {}, at_test_time()));
  return must(pki::make_key_envelope(package, shared_key(), pki::content_cipher::aes128_cbc, at_test_time()));
}

std::string certificates_part(pki::certificate const& c) {
  return "Content-Type: application/pkcs7-mime; smime-type=certs-only\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         encode_base64(must(pki::make_certs_only({c})).encode());
}
std::string envelope_part(byte_view envelope,
                          std::string const& type = "application/pkcs7-mime; smime-type=server-generated-key") {
  return "Content-Type: " + type + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encode_base64(envelope);
}
std::string clear_part() {
  return "Content-Type: application/pkcs8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         encode_base64(made_key().encode().expose());
}

http::response multipart_of(std::vector<std::string> const& parts) {
  http::response answer;
  answer.headers.add("Content-Type", "multipart/mixed; boundary=b");
  for (auto const& p : parts) answer.body += "--b\r\n" + p + "\r\n";
  answer.body += "--b--\r\n";
  return answer;
}

result<op::server_keygen::reply> read(http::response const& answer, notes* out = nullptr) {
  static const pki::key_opening opening{shared_key(), {root().certificate}};
  static auto const with = at_test_time();
  return parse_reply<op::server_keygen>(answer, {device().csr, &opening, &with}, out);
}
failure trouble_of(http::response const& answer) {
  auto const reply = read(answer);
  BOOST_REQUIRE(!reply.has_value());
  return reply.error();
}

} // namespace

BOOST_AUTO_TEST_CASE(an_answer_is_written_and_read) {
  auto const envelope = envelope_of(made_key());
  auto const said = op::server_keygen::reply{must(make_generated(duplicate(made_key()), own(), envelope))};
  auto const answer = to_http_reply<op::server_keygen>(said);
  BOOST_TEST(answer.body.find("application/pkcs8") == std::string::npos);
  notes remarks;
  auto const reply = must(read(answer, &remarks));
  auto const& came = std::get<generated>(reply);
  BOOST_TEST(came.key.public_key_info() == made_key().public_key_info());
  BOOST_TEST((came.certificate == own()));
  BOOST_TEST(came.protection.value().envelope == envelope);
  BOOST_TEST((came.protection->signer == root().certificate));
  BOOST_TEST(to_http_reply<op::server_keygen>(reply).body == answer.body);
  for (auto const& n : remarks) BOOST_TEST((n.code == note_code::transfer_encoding_present), to_text(n));
}

BOOST_AUTO_TEST_CASE(the_parts_may_stand_in_either_order) {
  notes remarks;
  must(read(multipart_of({certificates_part(own()), envelope_part(envelope_of(made_key()))}), &remarks));
  BOOST_TEST(remarks.has(note_code::certificate_part_first));
}

BOOST_AUTO_TEST_CASE(the_order_is_not_sent) {
  static const pki::key_opening opening{shared_key(), {root().certificate}};
  static auto const with = at_test_time();
  endpoint where;
  where.authority = "est.example";
  BOOST_TEST((to_http<op::server_keygen>({device().csr, &opening, &with}, where).body ==
              to_http<op::server_keygen>({device().csr}, where).body));
}

BOOST_AUTO_TEST_CASE(troubles_are_told_by_type) {
  auto const envelope = envelope_part(envelope_of(made_key())), certificates = certificates_part(own());
  BOOST_TEST((trouble_of(multipart_of({envelope})).code == errc::missing_part));
  BOOST_TEST((trouble_of(multipart_of({certificates})).code == errc::missing_part));
  BOOST_TEST((trouble_of(multipart_of({envelope, envelope, certificates})).code == errc::malformed_multipart));
  BOOST_TEST((trouble_of(multipart_of({envelope, clear_part(), certificates})).code == errc::malformed_multipart));
  BOOST_TEST((trouble_of(multipart_of({clear_part(), certificates})).code == errc::key_not_encrypted));
  // the key of another certificate
  BOOST_TEST((trouble_of(multipart_of({envelope, certificates_part(root().certificate)})).code == errc::key_mismatch));
  auto const broken = trouble_of(multipart_of({envelope_part(own().der()), certificates}));
  BOOST_TEST((broken.code == errc::malformed_cms));
  BOOST_TEST(broken.where.substr(0, 12) == "body.part[0]");
  BOOST_TEST((trouble_of(multipart_of({"Content-Type: application/pkcs7-mime; smime-type=server-generated-key\r\n\r\n!",
                                       certificates}))
                  .code == errc::malformed_base64));
}

BOOST_AUTO_TEST_CASE(a_clear_key_is_refused_where_the_request_names_a_key_to_encrypt_it_with) {
  auto const answer = multipart_of({clear_part(), certificates_part(own())});
  auto const asked_with = [&](std::vector<pki::attribute> attributes) {
    auto const made = must(pki::make_csr({pki::make_name({{pki::oids::common_name, "device"}}), std::move(attributes)},
                                         device().key, at_test_time()));
    return parse_reply<op::server_keygen>(answer, {made});
  };
  BOOST_TEST(asked_with({}).has_value());
  for (auto const& attribute :
       {pki::decrypt_key_identifier(bytes{1, 2, 3}), pki::asymmetric_decrypt_key_identifier(bytes{1, 2, 3})}) {
    auto const reply = asked_with({attribute});
    BOOST_TEST((!reply && reply.error().code == errc::key_not_encrypted));
  }
  // Something to open it with says the same, even where what opening takes was forgotten.
  static const pki::key_opening opening{shared_key(), {root().certificate}};
  auto const reply = parse_reply<op::server_keygen>(answer, {device().csr, &opening, nullptr});
  BOOST_TEST((!reply && reply.error().code == errc::key_not_encrypted));
}

BOOST_AUTO_TEST_CASE(only_the_closing_delimiter_may_be_cut_off) {
  auto const whole = multipart_of({envelope_part(envelope_of(made_key())), certificates_part(own())});
  auto const end = whole.body.rfind("\r\n--b--");
  for (std::size_t n = 0; n < whole.body.size(); n += n + 64 < end ? 7 : 1) {
    auto cut = whole;
    cut.body.resize(n);
    notes remarks;
    auto const reply = read(cut, &remarks);
    // The padding of base64 may be missing as well: the octets are the same without it.
    if (n + 2 < end) BOOST_TEST(!reply.has_value(), n);
    // A part of the delimiter that looks like none is text of the last part.
    if (n == end || n >= end + 7) BOOST_TEST(reply.has_value(), n);
    if (reply && n < end + 7) BOOST_TEST(remarks.has(note_code::multipart_no_close_delimiter), n);
  }
}

BOOST_AUTO_TEST_SUITE_END()
