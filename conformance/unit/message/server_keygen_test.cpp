#include "../vectors.hpp"
#include "pki_fixture.hpp"

#include <est/http/reader.hpp>
#include <est/http/writer.hpp>
#include <est/message/server_keygen.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>

using namespace est;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(key_generation)

namespace {

struct part {
  std::string type, body;
  std::string transfer_encoding = "base64"; ///< empty for no such field
};

http::response multipart_of(std::vector<part> const& parts) {
  http::response answer;
  answer.headers.add("Content-Type", "multipart/mixed; boundary=b");
  for (auto const& p : parts) {
    answer.body += "--b\r\n";
    if (!p.type.empty()) answer.body += "Content-Type: " + p.type + "\r\n";
    if (!p.transfer_encoding.empty()) answer.body += "Content-Transfer-Encoding: " + p.transfer_encoding + "\r\n";
    answer.body += "\r\n" + p.body + "\r\n";
  }
  answer.body += "--b--\r\n";
  return answer;
}

pki::private_key const& made_key() {
  static auto const key = make_key();
  return key;
}

part key_part() { return {"application/pkcs8", encode_base64(made_key().encode().expose())}; }

part certificate_part(std::vector<pki::certificate> certificates) {
  return {"application/pkcs7-mime; smime-type=certs-only",
          encode_base64(must(pki::make_certs_only(std::move(certificates))).encode())};
}

pki::certificate own() {
  static auto const made = root().issue(made_key().public_key_info(), "made for it");
  return made;
}
pki::certificate foreign() {
  static auto const made = root().issue(device().key.public_key_info(), "device");
  return made;
}

result<op::server_keygen::reply> read(http::response const& answer, notes* out = nullptr) {
  return parse_reply<op::server_keygen>(answer, {device().csr}, out);
}

failure trouble_of(http::response const& answer) {
  auto const reply = read(answer);
  BOOST_REQUIRE(!reply);
  return reply.error();
}

/// The lines of a message that RFC 7030 prints, without the indentation of the document: header fields and body.
http::response printed_answer(std::string const& document) {
  auto const start = document.find("   HTTP/1.1 200 OK\n");
  BOOST_REQUIRE(start != std::string::npos);
  http::response answer;
  bool in_header = true;
  std::size_t at = document.find('\n', start) + 1;
  while (at < document.size()) {
    auto const end = std::min(document.find('\n', at), document.size());
    auto line = document.substr(at, end - at);
    at = end + 1;
    line.erase(0, 3);
    if (in_header && line.empty()) {
      in_header = false;
    } else if (in_header) {
      auto const colon = line.find(':');
      answer.headers.add(line.substr(0, colon), std::string{http::trim(line.substr(colon + 1))});
    } else {
      answer.body += line + "\n";
    }
  }
  return answer;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_generated_is_read_back_through_octets) {
  auto const said = op::server_keygen::reply{must(make_generated(duplicate(made_key()), own()))};
  auto const octets = http::encode(to_http_reply<op::server_keygen>(said));
  notes seen;
  auto const reply = read(must(http::parse_response(octets, "POST")), &seen);
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  auto const& got = std::get<generated>(*reply);
  BOOST_TEST((got.certificate == own()));
  BOOST_TEST(equal(got.key.encode().expose(), made_key().encode().expose()));
  BOOST_TEST(!seen.has_deviation());
  BOOST_TEST(http::encode(to_http_reply<op::server_keygen>(*reply)) == octets);
}

BOOST_AUTO_TEST_CASE(a_key_and_a_certificate_that_do_not_belong_together_make_no_reply) {
  auto const made = make_generated(duplicate(made_key()), foreign());
  BOOST_REQUIRE(!made);
  BOOST_TEST((made.error().code == errc::key_mismatch));
}

// RFC 7030 appendix A.4
BOOST_AUTO_TEST_CASE(the_rfc_s_own_answer_is_read) {
  auto const answer = printed_answer(read_vector("rfc7030/a4-section.txt"));
  BOOST_TEST(answer.headers.find("Content-Length").value() == "3219");
  notes seen;
  auto const reply = read(answer, &seen);
  BOOST_REQUIRE_MESSAGE(reply, why(reply));
  auto const& got = std::get<generated>(*reply);
  BOOST_TEST((got.certificate.serial() == bytes{0x16}));
  BOOST_TEST(got.key.belongs_to(got.certificate));
  BOOST_TEST(to_text(got.key.spec()) == "RSA-2048");
  BOOST_TEST(equal(got.key.encode().expose(), must(decode_base64(read_vector("rfc7030/a4-response-pkcs8.b64")))));
  BOOST_TEST(got.certificates.certificates().size() == 1u);
  // Known of the example: lines in LF, a preamble, an epilogue.
  BOOST_TEST(seen.has(note_code::multipart_bare_lf));
  BOOST_TEST(seen.has(note_code::multipart_preamble));
  BOOST_TEST(seen.has(note_code::transfer_encoding_present));
  BOOST_TEST(!seen.has(note_code::smime_type_missing));
  BOOST_TEST(!seen.has(note_code::several_certificates));
}

BOOST_AUTO_TEST_CASE(the_rfc_s_own_request_is_read) {
  auto const received = must(http::parse_request(read_vector("rfc7030/a4-serverkeygen-request.http")));
  BOOST_TEST(must(parse_target(received.target)).operation == op::server_keygen::name);
  auto const request = must(parse_request<op::server_keygen>(received));
  BOOST_TEST(request.csr.signature_verifies());
  BOOST_TEST(request.csr.challenge_password().value() == "dFsAXmJnjokBtDvr");
}

BOOST_AUTO_TEST_CASE(the_parts_may_stand_in_either_order) {
  notes first, second;
  BOOST_TEST(read(multipart_of({key_part(), certificate_part({own()})}), &first).has_value());
  BOOST_TEST(!first.has(note_code::certificate_part_first));
  BOOST_TEST(read(multipart_of({certificate_part({own()}), key_part()}), &second).has_value());
  BOOST_TEST(second.has(note_code::certificate_part_first));
  BOOST_TEST(!second.has_deviation());
}

BOOST_AUTO_TEST_CASE(the_fields_of_the_parts_are_noted) {
  auto key = key_part();
  auto certificates = certificate_part({own()});
  key.transfer_encoding = "";
  certificates.transfer_encoding = "7bit";
  certificates.type = "application/x-pkcs7-mime";
  notes seen;
  BOOST_TEST(read(multipart_of({key, certificates}), &seen).has_value());
  BOOST_REQUIRE(seen.has(note_code::transfer_encoding_absent));
  BOOST_TEST(seen.find(note_code::transfer_encoding_absent)->where == "body.part[0]");
  BOOST_REQUIRE(seen.has(note_code::transfer_encoding_not_base64));
  BOOST_TEST(seen.find(note_code::transfer_encoding_not_base64)->where == "body.part[1]");
  BOOST_TEST(seen.has(note_code::x_pkcs7_mime));
  BOOST_TEST(seen.has(note_code::smime_type_missing));
}

BOOST_AUTO_TEST_CASE(a_part_that_is_neither_is_noted_and_left) {
  notes seen;
  BOOST_TEST(read(multipart_of({{"text/plain", "hello"}, key_part(), certificate_part({own()}), {"", "x"}}), &seen)
                 .has_value());
  BOOST_REQUIRE(seen.has(note_code::unknown_part));
  BOOST_TEST(seen.find(note_code::unknown_part)->where == "body.part[0]");
}

BOOST_AUTO_TEST_CASE(the_certificate_is_picked_by_the_private_key) {
  for (auto const& bag : {std::vector{root().certificate, foreign(), own()}, std::vector{own(), foreign()}}) {
    notes seen;
    auto const reply = read(multipart_of({key_part(), certificate_part(bag)}), &seen);
    BOOST_REQUIRE_MESSAGE(reply, why(reply));
    BOOST_TEST((std::get<generated>(*reply).certificate == own()));
    BOOST_TEST(seen.has(note_code::several_certificates));
  }
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_key_is_never_handed_out) {
  BOOST_TEST((trouble_of(multipart_of({key_part(), certificate_part({foreign()})})).code == errc::key_mismatch));
  BOOST_TEST((trouble_of(multipart_of({key_part(), certificate_part({foreign(), root().certificate})})).code ==
              errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(a_missing_part_is_named) {
  auto const no_key = trouble_of(multipart_of({certificate_part({own()})}));
  BOOST_TEST((no_key.code == errc::missing_part));
  BOOST_TEST(no_key.detail.find("private key") != std::string::npos);
  auto const no_certificate = trouble_of(multipart_of({key_part()}));
  BOOST_TEST((no_certificate.code == errc::missing_part));
  BOOST_TEST(no_certificate.detail.find("certificate") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_parts_of_one_role_are_refused) {
  BOOST_TEST((trouble_of(multipart_of({key_part(), key_part(), certificate_part({own()})})).code ==
              errc::malformed_multipart));
  BOOST_TEST((trouble_of(multipart_of({key_part(), certificate_part({own()}), certificate_part({foreign()})})).code ==
              errc::malformed_multipart));
}

// RFC 7030 section 4.4.2: EnvelopedData in application/pkcs7-mime; smime-type=server-generated-key
BOOST_AUTO_TEST_CASE(an_encrypted_key_without_a_key_to_open_it_is_said_to_be_for_another) {
  const part encrypted{"application/pkcs7-mime; smime-type=Server-Generated-Key", "MAA="};
  auto const trouble = trouble_of(multipart_of({encrypted, certificate_part({own()})}));
  BOOST_TEST((trouble.code == errc::no_recipient));
  BOOST_TEST(trouble.where == "body.part[0]");
  BOOST_TEST(trouble.detail.find("encrypted") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_no_private_key_info_is_refused) {
  part bare = key_part();
  bare.body = encode_base64(own().der());
  auto const trouble = trouble_of(multipart_of({bare, certificate_part({own()})}));
  BOOST_TEST((trouble.code == errc::malformed_key));
  BOOST_TEST(trouble.where.find("body.part[0]") == 0u);
}

BOOST_AUTO_TEST_CASE(another_media_type_is_refused_and_no_boundary_too) {
  auto answer = multipart_of({key_part(), certificate_part({own()})});
  answer.headers.set("Content-Type", "multipart/related; boundary=b");
  BOOST_TEST((trouble_of(answer).code == errc::wrong_media_type));
  answer.headers.set("Content-Type", "application/pkcs8");
  BOOST_TEST((trouble_of(answer).code == errc::wrong_media_type));
  answer.headers.set("Content-Type", "multipart/mixed");
  BOOST_TEST((trouble_of(answer).code == errc::malformed_media_type));
}

// RFC 7030 section 4.4: serverkeygen is optional.
BOOST_AUTO_TEST_CASE(an_operation_that_is_not_there_is_told_from_a_refusal) {
  http::response answer;
  for (int const status : {404, 405, 501}) {
    answer.status = status;
    BOOST_TEST((trouble_of(answer).code == errc::not_offered));
  }
  answer.status = 403;
  BOOST_TEST((trouble_of(answer).code == errc::http_status));
  answer.status = 401;
  BOOST_TEST((trouble_of(answer).code == errc::unauthenticated));
}

BOOST_AUTO_TEST_CASE(an_answer_cut_anywhere_is_refused_or_whole) {
  auto const good = multipart_of({key_part(), certificate_part({own()})});
  auto const close = good.body.rfind("\r\n--b--");
  for (std::size_t cut = 0; cut < good.body.size(); ++cut) {
    auto answer = good;
    answer.body.resize(cut);
    notes seen;
    auto const reply = read(answer, &seen);
    if (!reply) continue;
    // Both parts were whole: only the closing delimiter can be missed, and that is noted.
    BOOST_TEST((std::get<generated>(*reply).certificate == own()));
    BOOST_TEST(cut + 1 >= close);
    BOOST_TEST((seen.has(note_code::multipart_no_close_delimiter) || cut + 2 >= good.body.size()));
  }
}

BOOST_AUTO_TEST_CASE(no_secret_octet_is_in_a_failure_or_a_note) {
  auto const secret = key_part();
  auto const line = secret.body.substr(0, 40);
  auto const speaks = [&](std::string const& text) { return text.find(line.substr(4, 24)) != std::string::npos; };
  std::vector<http::response> answers;
  answers.push_back(multipart_of({secret, certificate_part({foreign()})}));
  answers.push_back(multipart_of({{"text/plain", secret.body}, certificate_part({own()})}));
  answers.push_back(multipart_of({{"application/pkcs8", "!" + secret.body}, certificate_part({own()})}));
  answers.push_back(multipart_of({{secret.body.substr(0, 60), "x"}, certificate_part({own()})}));
  answers.push_back(answers.front());
  answers.back().headers.set("Content-Type", "text/plain");
  answers.push_back(answers.front());
  answers.back().status = 201;
  answers.push_back(answers.front());
  answers.back().headers.set("Content-Type", "multipart/mixed; boundary=other");
  for (auto const& answer : answers) {
    notes seen;
    auto const reply = read(answer, &seen);
    BOOST_REQUIRE(!reply);
    BOOST_TEST(!speaks(to_text(reply.error())));
    for (auto const& n : seen) BOOST_TEST(!speaks(to_text(n)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
