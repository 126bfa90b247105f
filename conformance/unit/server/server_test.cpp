#include "fixture.hpp"

#include <est/message/cacerts.hpp>

#include <stdexcept>

using namespace est;
using namespace est::test;

BOOST_FIXTURE_TEST_SUITE(server_routes, server_fixture)

BOOST_AUTO_TEST_CASE(cacerts_is_answered_without_authentication) {
  auto const answer = ask(get("/.well-known/est/cacerts"));
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.headers.find("Content-Type").value_or("") == "application/pkcs7-mime; smime-type=certs-only");
  BOOST_TEST(answer.headers.find("Date").value_or("") == "Tue, 24 Nov 2026 00:00:00 GMT");
  auto const reply = got(parse_reply<op::cacerts>(answer));
  BOOST_TEST(reply.certificates.certificates().size() == 2u);
  bool has_root = false;
  for (auto const& one : reply.certificates.certificates()) has_root = has_root || one == ca.root();
  BOOST_TEST(has_root);
}

BOOST_AUTO_TEST_CASE(wrong_credentials_do_not_matter_to_cacerts) {
  auto question = get("/.well-known/est/cacerts");
  question.headers.add("Authorization", "Basic nonsense");
  BOOST_TEST(ask(question).status == 200);
}

BOOST_AUTO_TEST_CASE(head_of_cacerts_has_the_length_and_no_content) {
  auto question = get("/.well-known/est/cacerts");
  auto const whole = ask(question);
  question.method = "HEAD";
  auto const answer = ask(question);
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body.empty());
  BOOST_TEST(answer.headers.find("Content-Length").value_or("") == std::to_string(whole.body.size()));
  BOOST_TEST(answer.headers.find("Content-Type").value_or("") == whole.headers.find("Content-Type").value_or("-"));
}

BOOST_AUTO_TEST_CASE(another_method_is_405_with_allow) {
  auto question = get("/.well-known/est/cacerts");
  for (std::string const method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"}) {
    question.method = method;
    auto const answer = ask(question);
    check_refused(answer, 405);
    BOOST_TEST(answer.headers.find("Allow").value_or("") == "GET, HEAD");
  }
  for (std::string const operation : {"simpleenroll", "simplereenroll", "serverkeygen"}) {
    auto const answer = ask(get("/.well-known/est/" + operation));
    check_refused(answer, 405);
    BOOST_TEST(answer.headers.find("Allow").value_or("") == "POST");
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_404) {
  for (auto const* target : {"/", "/cacerts", "/.well-known/est", "/.well-known/est/", "/.well-known/est/cacerts/",
                             "/.well-known/est//cacerts", "/.well-known/est/CACERTS", "/.well-known/estx/cacerts",
                             "/.well-known/est/../est/cacerts", "/.well-known/est/known/known/cacerts",
                             "/.well-known/est/%zz/cacerts", "", "*", "cacerts", "/.well-known/est/nonsense"})
    check_refused(ask(get(target)), 404);
}

BOOST_AUTO_TEST_CASE(a_known_label_is_served_and_an_unknown_one_is_404) {
  BOOST_TEST(ask(get("/.well-known/est/known/cacerts")).status == 200);
  BOOST_TEST(ask(get("/.well-known/est/ca%3A1/cacerts")).status == 200);
  BOOST_TEST(ask(get("/.well-known/est/ca:1/cacerts")).status == 200);
  check_refused(ask(get("/.well-known/est/unknown/cacerts")), 404);
  options.knows_label = {};
  check_refused(ask(get("/.well-known/est/known/cacerts")), 404);
}

BOOST_AUTO_TEST_CASE(the_name_of_an_operation_is_never_a_label) {
  options.knows_label = [](std::string_view) { return true; };
  for (auto const name : operation_names)
    check_refused(ask(get("/.well-known/est/" + std::string{name} + "/cacerts")), 404);
}

BOOST_AUTO_TEST_CASE(a_query_and_an_absolute_target_are_read) {
  BOOST_TEST(ask(get("/.well-known/est/cacerts?x=1")).status == 200);
  BOOST_TEST(ask(get("https://est.example/.well-known/est/cacerts")).status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(server_enrolment, server_fixture)

BOOST_AUTO_TEST_CASE(an_enrolment_is_answered_with_the_certificate_alone) {
  auto const csr = make_csr();
  auto const answer = ask(post("simpleenroll", csr.der()));
  BOOST_TEST(answer.status == 200, answer.body);
  BOOST_TEST(answer.headers.find("Content-Type").value_or("") == "application/pkcs7-mime; smime-type=certs-only");
  notes remarks;
  auto const reply = std::get<issued>(got(parse_reply<op::simple_enroll>(answer, {csr}, &remarks)));
  BOOST_TEST(!remarks.has_deviation());
  BOOST_TEST(reply.bag.certificates().size() == 1u);
  BOOST_TEST(reply.certificate.public_key_info() == csr.public_key_info());
  BOOST_TEST(reply.certificate.subject_der() == csr.subject_der());
}

BOOST_AUTO_TEST_CASE(without_credentials_the_answer_is_a_challenge) {
  for (auto const* operation : {"simpleenroll", "simplereenroll", "serverkeygen"}) {
    auto const answer = ask(post(operation, make_csr().der(), false));
    check_refused(answer, 401);
    BOOST_TEST(answer.headers.find("WWW-Authenticate").value_or("") == "Basic realm=\"est\"");
  }
}

BOOST_AUTO_TEST_CASE(credentials_are_asked_for_before_the_body_is_read) {
  auto question = post("simpleenroll", {}, false);
  question.body = "nonsense";
  question.headers.erase("Content-Type");
  check_refused(ask(question), 401);
}

BOOST_AUTO_TEST_CASE(wrong_credentials_are_401) {
  for (auto const& value : {password_of("user", "wrong"), password_of("other", "secret"), password_of("user", ""),
                            password_of("", "secret"), std::string{"Basic"}, std::string{"Basic ===="},
                            std::string{"Digest username=\"user\""}, std::string{}}) {
    auto question = post("simpleenroll", make_csr().der(), false);
    question.headers.add("Authorization", value);
    auto const answer = ask(question);
    check_refused(answer, 401);
    BOOST_TEST(answer.headers.has("WWW-Authenticate"));
  }
}

BOOST_AUTO_TEST_CASE(two_authorization_fields_are_401) {
  auto question = post("simpleenroll", make_csr().der());
  question.headers.add("Authorization", password_of("user", "secret"));
  check_refused(ask(question), 401);
}

BOOST_AUTO_TEST_CASE(an_empty_user_name_can_be_right) {
  options.check_password = [](std::string_view user, byte_view password) {
    return user.empty() && as_text(password) == "code";
  };
  auto question = post("simpleenroll", make_csr().der(), false);
  question.headers.add("Authorization", password_of("", "code"));
  BOOST_TEST(ask(question).status == 200);
}

BOOST_AUTO_TEST_CASE(without_http_authentication_there_is_no_challenge) {
  options.check_password = {};
  auto const answer = ask(post("simpleenroll", make_csr().der()));
  check_refused(answer, 403, "certificate");
  BOOST_TEST(!answer.headers.has("WWW-Authenticate"));
}

BOOST_AUTO_TEST_CASE(a_verified_client_certificate_is_enough) {
  auto const own = enrolled(make_csr());
  BOOST_TEST(ask(post("simpleenroll", make_csr().der(), false), facts_with(own)).status == 200);
}

BOOST_AUTO_TEST_CASE(a_client_certificate_that_does_not_verify_is_refused_whatever_the_password) {
  auto on = facts_with(enrolled(make_csr()));
  on.peer_verified = false;
  check_refused(ask(post("simpleenroll", make_csr().der(), false), on), 403, "certificate");
  check_refused(ask(post("simpleenroll", make_csr().der(), true), on), 403, "certificate");
  BOOST_TEST(ask(get("/.well-known/est/cacerts"), on).status == 200);
}

BOOST_AUTO_TEST_CASE(a_client_certificate_that_has_ended_since_the_handshake_is_refused) {
  auto const on = facts_with(enrolled(make_csr()));
  auto const question = post("simpleenroll", make_csr().der(), false);
  pki::context const later{now + std::chrono::hours{24 * 91}, rng};
  check_refused(server<memory_ca>(ca, options).handle(question, on, later), 403, "valid");
  auto garbled = on;
  garbled.peer_certificates.front().pop_back();
  check_refused(ask(question, garbled), 403);
}

BOOST_AUTO_TEST_CASE(every_layout_of_base64_and_every_transfer_encoding_is_read_alike) {
  auto const csr = make_csr();
  for (auto const& layout : {base64_layout{}, base64_layout::one_line(), base64_layout{76, true, true},
                             base64_layout{76, true, false}, base64_layout{1, false, true}})
    for (auto const* encoding : {"base64", "Base64", "binary", "8bit", "nonsense", ""}) {
      auto question = post("simpleenroll", csr.der());
      question.body = encode_base64(csr.der(), layout);
      if (*encoding != '\0') question.headers.add("Content-Transfer-Encoding", encoding);
      BOOST_TEST(ask(question).status == 200);
    }
  auto question = post("simpleenroll", csr.der());
  question.body = "\t \r\n" + question.body + " \n\n";
  BOOST_TEST(ask(question).status == 200);
}

BOOST_AUTO_TEST_CASE(the_media_type_is_compared_without_case_and_parameters) {
  auto question = post("simpleenroll", make_csr().der());
  for (auto const* type : {"APPLICATION/PKCS10", "application/pkcs10; charset=utf-8", "application/pkcs10 ;x=y"}) {
    question.headers.set("Content-Type", type);
    BOOST_TEST(ask(question).status == 200);
  }
  for (auto const* type : {"application/pkcs7-mime", "text/plain", "application/octet-stream"}) {
    question.headers.set("Content-Type", type);
    check_refused(ask(question), 415, "application/pkcs10");
  }
  question.headers.erase("Content-Type");
  check_refused(ask(question), 415, "Content-Type");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_csr_is_400_with_a_sentence) {
  auto const csr = make_csr();
  auto question = post("simpleenroll", csr.der());
  auto const refuse = [&](std::string body, std::string_view word = {}) {
    question.body = std::move(body);
    check_refused(ask(question), 400, word);
  };
  refuse("");
  refuse("!!!!");
  refuse("AAAA");
  refuse("<html></html>");
  refuse("{}");
  refuse("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "PEM");
  refuse(to_text(csr.der()), "DER");
  refuse(encode_base64(csr.der()) + "AAAA");
  auto longer = csr.der();
  longer.push_back(0);
  refuse(encode_base64(longer));
  for (std::size_t size = 0; size < csr.der().size(); ++size) refuse(encode_base64(byte_view{csr.der()}.first(size)));
}

BOOST_AUTO_TEST_CASE(a_body_beyond_the_limit_is_413) {
  options.max_body = 1000;
  auto question = post("simpleenroll", make_csr().der());
  question.body.resize(1001, '\n');
  check_refused(ask(question), 413, "1000");
  question.body.resize(1000);
  BOOST_TEST(ask(question).status == 200);
}

BOOST_AUTO_TEST_CASE(a_csr_whose_signature_does_not_verify_is_refused) {
  auto const question = post("simpleenroll", break_signature(make_csr()));
  check_refused(ask(question), 400, "signature");
  options.on_broken_signature = [](pki::csr const&, peer const& who) -> result<void> {
    if (who.user == "user") return {};
    return fail(errc::refused, "", "not from you");
  };
  BOOST_TEST(ask(question).status == 200);
}

BOOST_AUTO_TEST_CASE(the_hook_of_authorisation_has_its_say) {
  std::string seen;
  options.authorise = [&](peer const& who, std::string_view operation, std::string_view label,
                          pki::csr const& csr) -> result<void> {
    seen = *who.user + " " + std::string{operation} + " " + std::string{label} + " " + csr.subject_text();
    return fail(errc::refused, "", "This name is not yours.");
  };
  check_refused(ask(post("known/simpleenroll", make_csr().der())), 403, "This name is not yours.");
  BOOST_TEST(seen == "user simpleenroll known CN=device");
  options.authorise = [](peer const&, std::string_view, std::string_view, pki::csr const&) -> result<void> {
    return fail(errc::unauthenticated, "", "A password is needed as well.");
  };
  auto const answer = ask(post("simpleenroll", make_csr().der()));
  check_refused(answer, 401, "A password is needed as well.");
  BOOST_TEST(answer.headers.has("WWW-Authenticate"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(server_reenrolment, server_fixture)

BOOST_AUTO_TEST_CASE(the_same_names_are_renewed_and_rekeyed) {
  pki::alternative_names names;
  names.dns = {"device.example"};
  auto const key = make_key();
  std::vector<pki::attribute> const san{pki::subject_alternative_names(names)};
  auto const csr = make_csr(key, san);
  auto const own = enrolled(csr);
  auto const renewed = ask(post("simplereenroll", csr.der(), false), facts_with(own));
  BOOST_TEST(renewed.status == 200, renewed.body);
  auto const again = std::get<issued>(got(parse_reply<op::simple_reenroll>(renewed, {csr}))).certificate;
  BOOST_TEST(again.serial() != own.serial());
  auto const rekeyed = make_csr(make_key(), san);
  BOOST_TEST(ask(post("simplereenroll", rekeyed.der(), false), facts_with(own)).status == 200);
}

BOOST_AUTO_TEST_CASE(another_subject_is_refused) {
  auto const own = enrolled(make_csr());
  auto const refuse = [&](bytes subject) {
    auto const csr = make_csr(make_key(), {}, std::move(subject));
    check_refused(ask(post("simplereenroll", csr.der(), false), facts_with(own)), 403, "subject");
  };
  refuse(name_of("another"));
  refuse(name_of("Device"));
  refuse(name_of("device "));
  refuse(pki::make_name({{pki::oids::common_name, "device"}, {pki::oids::organization_name, "x"}}));
  refuse(pki::make_name({}));
}

BOOST_AUTO_TEST_CASE(parts_of_the_subject_in_another_order_are_refused) {
  auto const first = pki::make_name({{pki::oids::organization_name, "o"}, {pki::oids::common_name, "c"}});
  auto const second = pki::make_name({{pki::oids::common_name, "c"}, {pki::oids::organization_name, "o"}});
  auto const own = enrolled(make_csr(make_key(), {}, first));
  check_refused(ask(post("simplereenroll", make_csr(make_key(), {}, second).der(), false), facts_with(own)), 403);
}

BOOST_AUTO_TEST_CASE(another_type_of_string_in_the_subject_is_the_same_name) {
  using namespace pki;
  auto const name = [](std::uint8_t string) {
    return der::sequence(
        {der::value(tag::set, der::sequence({oids::common_name.encode(), der::text(string, "device")}))});
  };
  auto const own = enrolled(make_csr(make_key(), {}, name(tag::printable_string)));
  auto const csr = make_csr(make_key(), {}, name(tag::utf8_string));
  BOOST_TEST(csr.subject_der() != own.subject_der());
  BOOST_TEST(ask(post("simplereenroll", csr.der(), false), facts_with(own)).status == 200);
}

BOOST_AUTO_TEST_CASE(another_alternative_name_or_none_is_refused) {
  pki::alternative_names names, others;
  names.dns = {"device.example"};
  others.dns = {"other.example"};
  auto const own = enrolled(make_csr({pki::subject_alternative_names(names)}));
  auto const plain = enrolled(make_csr());
  auto const refuse = [&](pki::csr const& csr, pki::certificate const& shown) {
    check_refused(ask(post("simplereenroll", csr.der(), false), facts_with(shown)), 403, "subjectAltName");
  };
  refuse(make_csr({pki::subject_alternative_names(others)}), own);
  refuse(make_csr(), own);
  refuse(make_csr({pki::subject_alternative_names(names)}), plain);
}

BOOST_AUTO_TEST_CASE(without_a_client_certificate_it_needs_the_owners_word) {
  auto const question = post("simplereenroll", make_csr().der());
  check_refused(ask(question), 403, "certificate");
  options.reenrol_without_certificate = true;
  BOOST_TEST(ask(question).status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// An authority that answers what it is told to, and makes no keys.
struct scripted_authority {
  std::function<result<issuance>()> say;
  result<pki::certs_only> ca_certificates(std::string_view) { return fail(errc::internal, "", "the store is broken"); }
  result<issuance> issue(pki::csr const&, peer const&, std::string_view, pki::context const&) { return say(); }
};
static_assert(certification_authority<scripted_authority> && !key_generator<scripted_authority>);

} // namespace

BOOST_FIXTURE_TEST_SUITE(server_and_authority, server_fixture)

BOOST_AUTO_TEST_CASE(what_is_pending_is_202_with_retry_after) {
  scripted_authority authority{[]() -> result<issuance> { return issuance{pending{}}; }};
  auto const question = post("simpleenroll", make_csr().der());
  auto const answer = ask_of(authority, question);
  BOOST_TEST(answer.status == 202);
  BOOST_TEST(answer.headers.find("Retry-After").value_or("") == "60");
  authority.say = []() -> result<issuance> {
    pending later;
    later.retry_after = std::chrono::seconds{7};
    return issuance{later};
  };
  BOOST_TEST(ask_of(authority, question).headers.find("Retry-After").value_or("") == "7");
}

BOOST_AUTO_TEST_CASE(a_refusal_is_repeated_and_a_failure_is_not) {
  std::vector<std::string> told;
  options.on_trouble = [&](failure const& f) { told.push_back(f.detail); };
  scripted_authority authority;
  auto const question = post("simpleenroll", make_csr().der());
  auto const say = [&](errc code) {
    authority.say = [code]() -> result<issuance> { return fail(code, "db", "what the authority says"); };
    return ask_of(authority, question);
  };
  check_refused(say(errc::refused), 403, "what the authority says");
  check_refused(say(errc::invalid_argument), 400, "what the authority says");
  check_refused(say(errc::unsupported_algorithm), 400, "what the authority says");
  BOOST_TEST(told.empty());
  for (auto const code : {errc::internal, errc::timed_out, errc::unreachable}) {
    auto const answer = say(code);
    check_refused(answer, 500);
    BOOST_TEST(answer.body.find("authority says") == std::string::npos);
  }
  BOOST_TEST(told.size() == 3u);
  check_refused(ask_of(authority, get("/.well-known/est/cacerts")), 500);
}

BOOST_AUTO_TEST_CASE(an_exception_is_500_without_its_text) {
  scripted_authority authority{[]() -> result<issuance> { throw std::runtime_error{"table keys, row 7"}; }};
  auto const question = post("simpleenroll", make_csr().der());
  auto const answer = ask_of(authority, question);
  check_refused(answer, 500);
  BOOST_TEST(answer.body.find("row 7") == std::string::npos);
  for (auto const& f : answer.headers) BOOST_TEST(f.value.find("row 7") == std::string::npos);
  options.on_trouble = [](failure const&) { throw 1; };
  check_refused(ask_of(authority, question), 500);
  options.check_password = [](std::string_view, byte_view) -> bool { throw 1; };
  check_refused(ask(question), 500);
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_key_is_not_handed_out) {
  auto const other = enrolled(make_csr());
  scripted_authority authority{[&]() -> result<issuance> { return issuance{other}; }};
  check_refused(ask_of(authority, post("simpleenroll", make_csr().der())), 500);
}

BOOST_AUTO_TEST_CASE(serverkeygen_is_404_before_an_authority_that_makes_no_keys) {
  scripted_authority authority{[]() -> result<issuance> { return issuance{pending{}}; }};
  check_refused(ask_of(authority, post("serverkeygen", make_csr().der())), 404);
}

BOOST_AUTO_TEST_SUITE_END()
