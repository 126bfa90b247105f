/// The reference server in process: lawful with all switches off, and with one thrown otherwise in just that.

#include "fixture.hpp"

#include "deviant/reference_server.hpp"

#include <est/message/cacerts.hpp>
#include <est/mime/multipart.hpp>

using namespace est;
using namespace est::test;
using namespace est::conformance;

namespace {

struct reference_fixture : server_fixture {
  behaviour behave;
  std::unique_ptr<reference_authority> made;
  std::function<void(http::request const&, http::response&)> mutate;

  reference_authority& reference() {
    if (!made) {
      reference_options wanted;
      wanted.password = secret_bytes{std::string_view{"secret"}};
      wanted.user = "user";
      wanted.behave = behave;
      wanted.mutate = mutate;
      wanted.clock = [this] { return now; };
      made = got(reference_authority::make(std::move(wanted)));
    }
    return *made;
  }
  http::response answer(http::request const& question) { return reference().answer(question, facts); }
  http::response enrol(pki::csr const& csr) { return answer(post("simpleenroll", csr.der())); }
  http::response generate(pki::csr const& csr) { return answer(post("serverkeygen", csr.der())); }

  /// The two parts of a serverkeygen answer.
  static std::vector<mime::owned_part> parts_of(http::response const& r) {
    return mime::own(got(mime::parse_multipart(r.body, op::server_keygen::boundary)));
  }
  static bytes octets_of(mime::owned_part const& part) { return got(decode_base64(part.body)); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(the_reference_server_in_process, reference_fixture)

BOOST_AUTO_TEST_CASE(is_lawful_with_all_switches_off) {
  auto const csr = make_csr();
  BOOST_TEST(
      got(parse_reply<op::cacerts>(answer(get("/.well-known/est/cacerts")))).certificates.certificates().size() == 2u);
  BOOST_TEST(answer(get("/.well-known/est/label/cacerts")).status == 200);
  notes remarks;
  BOOST_TEST(
      std::get<issued>(got(parse_reply<op::simple_enroll>(enrol(csr), {csr}, &remarks))).bag.certificates().size() ==
      1u);
  got(parse_reply<op::server_keygen>(generate(csr), &remarks));
  BOOST_TEST(!remarks.has_deviation());
  check_refused(answer(post("simpleenroll", break_signature(csr))), 400);
  BOOST_TEST(answer(post("serverkeygen", break_signature(csr))).status == 200);
  check_refused(answer(post("simpleenroll", csr.der(), false)), 401);
}

BOOST_AUTO_TEST_CASE(has_a_random_password_where_none_is_given) {
  auto const one = got(reference_authority::make({})), other = got(reference_authority::make({}));
  BOOST_TEST(one->password().size() == 24u);
  BOOST_TEST(!equal(one->password().expose(), other->password().expose()));
}

BOOST_AUTO_TEST_CASE(lets_the_hook_have_the_last_word) {
  mutate = [](http::request const& q, http::response& r) {
    if (q.target.find("simpleenroll") != std::string::npos) r.status = 201;
  };
  BOOST_TEST(enrol(make_csr()).status == 201);
  BOOST_TEST(answer(get("/.well-known/est/cacerts")).status == 200);
}

BOOST_AUTO_TEST_CASE(survives_a_hook_that_throws) {
  mutate = [](http::request const&, http::response&) { throw 1; };
  BOOST_TEST(enrol(make_csr()).status == 500);
}

BOOST_AUTO_TEST_CASE(can_want_authentication_for_cacerts) {
  behave.cacerts_needs_authentication = true;
  BOOST_TEST(answer(get("/.well-known/est/cacerts")).status == 401);
}

BOOST_AUTO_TEST_CASE(can_issue_to_anybody) {
  behave.issue_without_authentication = true;
  for (auto const* operation : {"simpleenroll", "serverkeygen"})
    BOOST_TEST(answer(post(operation, make_csr().der(), false)).status == 200);
}

BOOST_AUTO_TEST_CASE(can_omit_root_or_intermediate) {
  auto const held = [&] {
    made.reset();
    return got(parse_reply<op::cacerts>(answer(get("/.well-known/est/cacerts")))).certificates.certificates();
  };
  behave.omit_root = true;
  BOOST_TEST(held().size() == 1u);
  BOOST_TEST(!held().front().is_self_signed());
  behave = {};
  behave.omit_intermediates = true;
  BOOST_TEST(held().size() == 1u);
  BOOST_TEST(held().front().is_self_signed());
}

BOOST_AUTO_TEST_CASE(can_accept_a_broken_signature) {
  behave.accept_broken_signature = true;
  BOOST_TEST(answer(post("simpleenroll", break_signature(make_csr()))).status == 200);
}

BOOST_AUTO_TEST_CASE(can_skip_the_linking_check) {
  behave.skip_linking_check = true;
  BOOST_TEST(enrol(make_csr({pki::challenge_password_attribute("wrong")})).status == 200);
}

BOOST_AUTO_TEST_CASE(can_certify_another_key) {
  behave.certify_another_key = true;
  auto const csr = make_csr();
  auto const answered = enrol(csr);
  BOOST_TEST(answered.status == 200);
  BOOST_TEST((trouble_of(parse_reply<op::simple_enroll>(answered, {csr})).code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(can_append_the_chain) {
  behave.append_chain = behave.append_chain_to_key_part = true;
  auto const csr = make_csr();
  BOOST_TEST(std::get<issued>(got(parse_reply<op::simple_enroll>(enrol(csr), {csr}))).bag.certificates().size() == 3u);
  auto const reply = got(parse_reply<op::server_keygen>(generate(csr)));
  BOOST_TEST(std::get<generated>(reply).certificates.certificates().size() == 3u);
}

BOOST_AUTO_TEST_CASE(can_reenrol_under_another_name) {
  auto const question = [&] { return post("simplereenroll", make_csr(make_key(), {}, name_of("other")).der(), false); };
  auto const reenrol = [&] {
    made.reset();
    auto const csr = make_csr();
    auto const own = std::get<issued>(got(parse_reply<op::simple_enroll>(enrol(csr), {csr}))).certificate;
    return reference().answer(question(), facts_with(own));
  };
  BOOST_TEST(reenrol().status == 403);
  behave.reenrol_under_other_name = true;
  BOOST_TEST(reenrol().status == 200);
}

BOOST_AUTO_TEST_CASE(can_overlook_a_key_identifier_and_send_a_clear_key) {
  static constexpr std::uint8_t identifier[] = {1, 2, 3};
  auto const symmetric = make_csr({pki::decrypt_key_identifier(identifier)});
  auto const asymmetric = make_csr({pki::asymmetric_decrypt_key_identifier(identifier)});
  behave.clear_key_for_symmetric_identifier = true;
  got(parse_reply<op::server_keygen>(generate(symmetric)));
  BOOST_TEST(generate(asymmetric).status == 400);
  made.reset();
  behave = {};
  behave.clear_key_for_asymmetric_identifier = true;
  got(parse_reply<op::server_keygen>(generate(asymmetric)));
  BOOST_TEST(generate(symmetric).status == 400);
}

BOOST_AUTO_TEST_CASE(can_demand_a_signature_at_key_generation) {
  behave.demand_signature_at_key_generation = true;
  auto const csr = make_csr();
  BOOST_TEST(answer(post("serverkeygen", break_signature(csr))).status == 400);
  BOOST_TEST(generate(csr).status == 200);
}

BOOST_AUTO_TEST_CASE(can_certify_the_key_of_the_csr) {
  behave.certify_csr_key = true;
  auto const csr = make_csr();
  auto const parts = parts_of(generate(csr));
  auto const bag = got(pki::parse_certs_only(octets_of(parts[1])));
  BOOST_TEST(bag.certificates().front().public_key_info() == csr.public_key_info());
}

BOOST_AUTO_TEST_CASE(can_send_a_key_and_a_certificate_that_do_not_belong_together) {
  behave.mismatched_pair = true;
  auto const answered = generate(make_csr());
  BOOST_TEST(answered.status == 200);
  BOOST_TEST((trouble_of(parse_reply<op::server_keygen>(answered)).code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(can_send_everybody_the_same_key) {
  behave.same_key_each_time = true;
  auto const key = [&] {
    auto const reply = got(parse_reply<op::server_keygen>(generate(make_csr())));
    return std::get<generated>(reply).key.public_key_info();
  };
  BOOST_TEST(key() == key());
}

BOOST_AUTO_TEST_CASE(can_send_a_key_in_another_form) {
  behave.bare_key = true;
  for (auto const* kind : {"P-256", "RSA-2048"})
    BOOST_TEST(
        (trouble_of(parse_reply<op::server_keygen>(generate(make_csr(make_key(kind), {})))).detail.find("bare") !=
         std::string::npos));
  made.reset();
  behave = {};
  behave.encrypted_private_key = true;
  BOOST_TEST((trouble_of(parse_reply<op::server_keygen>(generate(make_csr()))).detail.find("EncryptedPrivateKeyInfo") !=
              std::string::npos));
}

BOOST_AUTO_TEST_CASE(can_put_the_certificate_first) {
  behave.certificate_first = true;
  notes remarks;
  got(parse_reply<op::server_keygen>(generate(make_csr()), &remarks));
  BOOST_TEST(remarks.has(note_code::certificate_part_first));
  BOOST_TEST(!remarks.has_deviation());
}

BOOST_AUTO_TEST_CASE(can_do_without_key_generation_and_can_be_pending) {
  behave.no_key_generation = true;
  BOOST_TEST(generate(make_csr()).status == 404);
  made.reset();
  behave = {};
  behave.pending = true;
  auto const later = enrol(make_csr());
  BOOST_TEST(later.status == 202);
  BOOST_TEST(later.headers.has("Retry-After"));
}

BOOST_AUTO_TEST_CASE(can_be_intolerant_of_bodies) {
  auto const csr = make_csr();
  auto const ask_with = [&](base64_layout layout, char const* encoding) {
    made.reset();
    auto question = post("simpleenroll", csr.der());
    question.body = encode_base64(csr.der(), layout);
    if (*encoding != '\0') question.headers.add("Content-Transfer-Encoding", encoding);
    return answer(question).status;
  };
  base64_layout const crlf{64, true, true};
  behave.require_transfer_encoding = true;
  BOOST_TEST(ask_with({}, "") == 400);
  BOOST_TEST(ask_with({}, "base64") == 200);
  behave = {};
  behave.obey_transfer_encoding = true;
  BOOST_TEST(ask_with({}, "binary") == 400);
  BOOST_TEST(ask_with({}, "") == 200);
  behave = {};
  behave.refuse_one_line = true;
  BOOST_TEST(ask_with(base64_layout::one_line(), "") == 400);
  BOOST_TEST(ask_with({}, "") == 200);
  behave = {};
  behave.refuse_wrapped = true;
  BOOST_TEST(ask_with({}, "") == 400);
  BOOST_TEST(ask_with({0, false, false}, "") == 200);
  behave = {};
  behave.refuse_crlf = behave.fail_with_500 = true;
  BOOST_TEST(ask_with(crlf, "") == 500);
  BOOST_TEST(ask_with({}, "") == 200);
}

BOOST_AUTO_TEST_CASE(can_write_base64_in_other_lawful_ways) {
  behave.layout = {76, true, true};
  behave.transfer_encoding = false;
  behave.certificate_first = true;
  auto const csr = make_csr();
  auto const enrolled = enrol(csr);
  BOOST_TEST(!enrolled.headers.has("Content-Transfer-Encoding"));
  BOOST_TEST(enrolled.body.find("\r\n") == 76u);
  auto const parts = parts_of(generate(csr));
  BOOST_TEST(!parts[0].headers.has("Content-Transfer-Encoding"));
  BOOST_TEST(parts[1].body.find("\r\n") == 76u);
}

BOOST_AUTO_TEST_SUITE_END()
