#include "../vectors.hpp"
#include "pki_fixture.hpp"

#include <est/message/enroll.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <variant>

using namespace est;
using namespace est::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(enrolments)

namespace {

http::response reply_with(std::vector<pki::certificate> certificates) {
  http::response answer;
  answer.headers.add("Content-Type", "application/pkcs7-mime; smime-type=certs-only");
  answer.body = encode_base64(must(pki::make_certs_only(std::move(certificates))).encode());
  return answer;
}

pki::certificate issued_to_device(std::chrono::seconds shift = {}) {
  return root().issue(device().csr.public_key_info(), "device", {}, shift);
}

pki::certificate issued_to_another() {
  static auto const key = make_key();
  return root().issue(key.public_key_info(), "another");
}

const certification_request asked{device().csr};

} // namespace

BOOST_AUTO_TEST_CASE(what_is_issued_is_read_back) {
  auto const said = must(make_issued(issued_to_device()));
  auto const answer = to_http_reply<op::simple_enroll>(said);
  BOOST_TEST(answer.headers.find("Content-Type").value() == "application/pkcs7-mime; smime-type=certs-only");
  notes seen;
  auto const read = parse_reply<op::simple_enroll>(answer, asked, &seen);
  BOOST_REQUIRE_MESSAGE(read, why(read));
  BOOST_TEST((std::get<issued>(*read) == said));
  BOOST_TEST(!seen.has_deviation());
  BOOST_TEST((std::get<issued>(*parse_reply<op::simple_reenroll>(answer)) == said));
}

// RFC 7030 appendix A.3
BOOST_AUTO_TEST_CASE(the_rfc_s_own_answer_belongs_to_its_request) {
  http::request question;
  question.method = "POST";
  question.headers.add("Content-Type", "application/pkcs10");
  question.body = read_vector("rfc7030/a3-simpleenroll-request.b64");
  auto const request = must(parse_request<op::simple_enroll>(question));
  BOOST_TEST(request.csr.signature_verifies());

  http::response answer;
  answer.headers.add("Content-Type", "application/pkcs7-mime; smime-type=certs-only");
  answer.body = read_vector("rfc7030/a3-simpleenroll-response.b64");
  auto const read = must(parse_reply<op::simple_enroll>(answer, request));
  auto const& got = std::get<issued>(read);
  BOOST_TEST((got.certificate.serial() == bytes{0x15}));
  BOOST_TEST((got.certificate.subject_der() == request.csr.subject_der()));
  BOOST_TEST(!parse_reply<op::simple_enroll>(answer, asked)); // it is for another key
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_key_is_never_handed_out) {
  auto const read = parse_reply<op::simple_enroll>(reply_with({issued_to_another()}), asked);
  BOOST_REQUIRE(!read);
  BOOST_TEST((read.error().code == errc::key_mismatch));
  auto const several = parse_reply<op::simple_enroll>(reply_with({issued_to_another(), root().certificate}), asked);
  BOOST_REQUIRE(!several);
  BOOST_TEST((several.error().code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(the_certificate_is_picked_by_key_whatever_the_order) {
  auto const own = issued_to_device();
  for (auto const& bag : {std::vector{own, root().certificate, issued_to_another()},
                          std::vector{issued_to_another(), root().certificate, own}}) {
    notes seen;
    auto const read = parse_reply<op::simple_enroll>(reply_with(bag), asked, &seen);
    BOOST_REQUIRE_MESSAGE(read, why(read));
    BOOST_TEST((std::get<issued>(*read).certificate == own));
    BOOST_TEST(std::get<issued>(*read).bag.certificates().size() == 3u);
    BOOST_TEST(seen.has(note_code::several_certificates));
  }
}

BOOST_AUTO_TEST_CASE(of_two_for_the_same_key_the_later_one_is_taken) {
  auto const older = issued_to_device(-1h), newer = issued_to_device(1h);
  for (auto const& bag : {std::vector{older, newer}, std::vector{newer, older}}) {
    auto const read = parse_reply<op::simple_enroll>(reply_with(bag), asked);
    BOOST_REQUIRE(read);
    BOOST_TEST((std::get<issued>(*read).certificate == newer));
  }
}

BOOST_AUTO_TEST_CASE(without_the_request_the_one_that_issued_no_other_is_taken) {
  auto const own = issued_to_device();
  auto const read = parse_reply<op::simple_enroll>(reply_with({root().certificate, own}));
  BOOST_REQUIRE_MESSAGE(read, why(read));
  BOOST_TEST((std::get<issued>(*read).certificate == own));
  auto const repeated = parse_reply<op::simple_enroll>(reply_with({root().certificate, own, root().certificate}));
  BOOST_REQUIRE_MESSAGE(repeated, why(repeated));
  BOOST_TEST((std::get<issued>(*repeated).certificate == own));
  auto const alone = parse_reply<op::simple_enroll>(reply_with({root().certificate})); // its own issuer, and no other's
  BOOST_REQUIRE_MESSAGE(alone, why(alone));
  auto const unclear = parse_reply<op::simple_enroll>(reply_with({own, issued_to_another()}));
  BOOST_REQUIRE(!unclear);
  BOOST_TEST((unclear.error().code == errc::no_certificate));
}

BOOST_AUTO_TEST_CASE(a_missing_and_another_smime_type_are_noted) {
  auto answer = reply_with({issued_to_device()});
  notes missing, other, old_name;
  answer.headers.set("Content-Type", "application/pkcs7-mime");
  BOOST_TEST(parse_reply<op::simple_enroll>(answer, asked, &missing).has_value());
  BOOST_TEST(missing.has(note_code::smime_type_missing));
  answer.headers.set("Content-Type", "application/pkcs7-mime; smime-type=signed-data");
  BOOST_TEST(parse_reply<op::simple_enroll>(answer, asked, &other).has_value());
  BOOST_TEST(other.has(note_code::smime_type_other));
  answer.headers.set("Content-Type", "application/x-pkcs7-mime; SMIME-Type=\"Certs-Only\"");
  BOOST_TEST(parse_reply<op::simple_enroll>(answer, asked, &old_name).has_value());
  BOOST_TEST(old_name.has(note_code::x_pkcs7_mime));
  BOOST_TEST(!old_name.has(note_code::smime_type_missing));
  BOOST_TEST(!old_name.has(note_code::smime_type_other));
}

BOOST_AUTO_TEST_CASE(a_202_is_pending_in_every_form_of_retry_after) {
  for (auto const value :
       {"3600", "Fri, 31 Dec 2027 23:59:59 GMT", "Friday, 31-Dec-27 23:59:59 GMT", "Fri Dec 31 23:59:59 2027"}) {
    http::response answer;
    answer.status = 202;
    answer.headers.add("Retry-After", value);
    answer.body = "an operator has to agree";
    auto const read = parse_reply<op::simple_enroll>(answer, asked);
    BOOST_REQUIRE(read);
    auto const& later = std::get<pending>(*read);
    BOOST_TEST((later.retry_after.has_value() != later.retry_at.has_value()));
    BOOST_TEST(later.text == "an operator has to agree");
  }
  auto const said = op::simple_enroll::reply{pending{7s, std::nullopt, "wait"}};
  BOOST_TEST((*parse_reply<op::simple_enroll>(to_http_reply<op::simple_enroll>(said)) == said));
}

BOOST_AUTO_TEST_CASE(an_answer_cut_anywhere_is_refused) {
  auto const good = reply_with({issued_to_device()});
  auto const whole = good.body.find_last_not_of('\n') + 1;
  for (std::size_t cut = 0; cut < whole; ++cut) {
    auto answer = good;
    answer.body.resize(cut);
    BOOST_TEST(!parse_reply<op::simple_enroll>(answer, asked));
  }
}

BOOST_AUTO_TEST_CASE(a_request_cut_anywhere_is_refused) {
  auto const good = to_http<op::simple_enroll>(asked, {"h", ""});
  auto const whole = good.body.find_last_not_of('\n') + 1;
  for (std::size_t cut = 0; cut < whole; ++cut) {
    auto question = good;
    question.body.resize(cut);
    BOOST_TEST(!parse_request<op::simple_enroll>(question));
  }
}

BOOST_AUTO_TEST_SUITE_END()
