// The csrattrs operation: the five ways to say nothing, bodies of every form, and client and server over the loopback.
#include "csr_attributes_support.hpp"

#include <est/client/client.hpp>
#include <est/message/channel_binding.hpp>
#include <est/message/csr_attributes.hpp>
#include <est/server/memory_ca.hpp>
#include <est/server/server.hpp>
#include <est/transport/loopback.hpp>

#include <optional>
#include <utility>
#include <variant>

using namespace est;
using namespace est::test;

namespace {

http::response answer(int status, std::string type = {}, std::string body = {}) {
  http::response made;
  made.status = status;
  if (!type.empty()) made.headers.add("Content-Type", std::move(type));
  made.body = std::move(body);
  return made;
}

result<op::csr_attributes::reply> read(http::response const& from, notes* said = nullptr) {
  return parse_reply<op::csr_attributes>(from, said);
}

/// The notes on a 200 answer but for those on its layout and Content-Transfer-Encoding.
std::string deviations_of(http::response const& from) {
  notes said, kept;
  auto const got = read(from, &said);
  BOOST_REQUIRE_MESSAGE(got, why(got));
  for (auto const& n : said)
    if (definition_of(n.code).kind == note_kind::deviation) kept.add(n.code, n.where);
  return codes(kept);
}

const std::string type = "application/csrattrs";
const std::string example = "MAsGCSqGSIb3DQEJBw=="; // challengePassword

pki::csr_attributes wanting(std::vector<pki::csr_attribute> const& elements) {
  return must(pki::make_csr_attributes(elements));
}

const endpoint where{"est.example", ""};

/// An authority that asks something of those that it knows.
struct personal_ca {
  memory_ca& ca;
  result<pki::certs_only> ca_certificates(std::string_view label) { return ca.ca_certificates(label); }
  result<issuance> issue(pki::csr const& csr, peer const& who, std::string_view label, pki::context const& at) {
    return ca.issue(csr, who, label, at);
  }
  result<std::optional<pki::csr_attributes>> csr_attributes(std::string_view label, peer const& who,
                                                            pki::context const&) {
    if (label == "closed") return fail(errc::refused, "csrattrs", "Not under this label.");
    if (label == "broken") throw 7;
    if (!who.authenticated()) return std::optional<pki::csr_attributes>{};
    return std::optional{wanting({pki::oids::serial_number})};
  }
};

struct service {
  explicit service(std::optional<pki::csr_attributes> wanted)
      : ca(must(memory_ca::make(options_of(std::move(wanted)), at_test_time()))) {
    options.check_password = [](std::string_view user, byte_view word) { return user == "u" && as_text(word) == "p"; };
    options.knows_label = [](std::string_view) { return true; };
  }
  static memory_ca_options options_of(std::optional<pki::csr_attributes> wanted) {
    memory_ca_options made;
    made.csr_attributes = std::move(wanted);
    return made;
  }
  auto client() {
    client_options how;
    how.identity = server_check::by_transport;
    how.credentials = http::basic_credentials{"u", secret_bytes{std::string_view{"p"}}};
    auto answerer = [this](http::request const& q, http::tls_facts const& t) {
      return server<memory_ca>{ca, options}.handle(q, t, at_test_time());
    };
    auto facts = transport::loopback_facts();
    facts.tls_exporter = bytes(32, 9);
    return est::client{transport::loopback<decltype(answerer)>{std::move(answerer), std::move(facts)}, where,
                       std::move(how)};
  }
  memory_ca ca;
  server_options options;
};

http::request get(std::string target, std::string method = "GET") {
  http::request made;
  made.method = std::move(method);
  made.target = "/.well-known/est/" + std::move(target);
  made.headers.add("Host", "est.example");
  return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(csr_attributes_answers)

BOOST_AUTO_TEST_CASE(nothing_to_say_has_five_forms_and_one_meaning) {
  for (int const status : {204, 404, 501}) {
    auto const got = must(read(answer(status, "text/html", status == 204 ? "" : "<html>")));
    BOOST_TEST(got.none());
    BOOST_TEST(got.http_status == status);
    BOOST_TEST((got.attributes == pki::csr_attributes{}));
  }
  auto const empty_list = must(read(answer(200, type, "MAA=\n")));
  BOOST_TEST(empty_list.none());
  BOOST_TEST(empty_list.http_status == 200);
  for (auto const& blank : {std::string{}, std::string{"\r\n"}, std::string{" \t"}, std::string(2, '\0')}) {
    BOOST_TEST(must(read(answer(200, type, blank))).none());
    BOOST_TEST(deviations_of(answer(200, "", blank)) == "csrattrs_no_content");
  }
}

BOOST_AUTO_TEST_CASE(other_statuses_are_failures) {
  BOOST_TEST((read(answer(401)).error().code == errc::unauthenticated));
  BOOST_TEST((read(answer(405)).error().code == errc::not_offered));
  BOOST_TEST((read(answer(500)).error().code == errc::http_status));
  BOOST_TEST((read(answer(202)).error().code == errc::http_status));
}

BOOST_AUTO_TEST_CASE(a_body_is_read_in_every_form_that_was_met) {
  BOOST_TEST(deviations_of(answer(200, type, example + "\n")).empty());
  BOOST_TEST(deviations_of(answer(200, type, example + std::string(1, '\0'))) == "trailing_nul");
  BOOST_TEST(deviations_of(answer(200, "application/csrattr", example)) == "csrattrs_media_type");
  auto const pem = "-----BEGIN CSRATTRS-----\r\n" + example + "\r\n-----END CSRATTRS-----\r\n";
  BOOST_TEST(deviations_of(answer(200, type, pem)) == "csrattrs_pem");
  auto const der = to_text(must(decode_base64(example)));
  BOOST_TEST(deviations_of(answer(200, type, der)) == "csrattrs_binary");
  for (auto const& body : {example, pem, der})
    BOOST_TEST(must(read(answer(200, type, body))).attributes.wishes().challenge_password);
}

BOOST_AUTO_TEST_CASE(notes_on_the_list_say_where_it_stood) {
  notes said;
  BOOST_REQUIRE(read(answer(200, type, encode_base64(bytes{0x30, 3, 2, 1, 7})), &said));
  auto const* const found = said.find(note_code::csrattrs_foreign_element);
  BOOST_REQUIRE(found != nullptr);
  BOOST_TEST(found->where == "body.csrattrs[0]");
  BOOST_TEST(found->offset.value_or(0) == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_no_list_is_refused) {
  BOOST_TEST((read(answer(200, "text/html", example)).error().code == errc::wrong_media_type));
  BOOST_TEST((read(answer(200, "", example)).error().code == errc::wrong_media_type));
  BOOST_TEST((read(answer(200, type, "{}")).error().code == errc::wrong_body_form));
  BOOST_TEST((read(answer(200, type, "MA=A")).error().code == errc::malformed_base64));
  BOOST_TEST((read(answer(200, type, "-----BEGIN X-----\nMAA=\n")).error().code == errc::wrong_body_form));
  BOOST_TEST(
      (read(answer(200, type, "-----BEGIN X-----\nM\n-----END X-----\n")).error().code == errc::malformed_base64));
  BOOST_TEST((read(answer(200, type, "MQA=")).error().code == errc::malformed_csr_attributes));
  BOOST_TEST(read(answer(200, type, "MQA=")).error().where == "body.csrattrs");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  for (int const status : {200, 204, 404, 501}) {
    op::csr_attributes::reply sent{status, {}};
    if (status == 200) sent.attributes = read_list(vector_octets("rfc9908/s34-constructed.b64"));
    auto const wire = to_http_reply<op::csr_attributes>(sent);
    BOOST_TEST(wire.status == status);
    BOOST_TEST((status == 204) == wire.body.empty());
    BOOST_TEST((must(read(wire)) == sent));
  }
  auto const wire = to_http_reply<op::csr_attributes>({200, read_list(vector_octets("rfc9908/s51-realistic-acp.b64"))});
  BOOST_TEST((must(decode_base64(wire.body)) == vector_octets("rfc9908/s51-realistic-acp.b64")));
  BOOST_TEST(wire.headers.find("Content-Type").value_or("") == type);
}

BOOST_AUTO_TEST_CASE(the_request_is_a_get_without_a_body) {
  auto const wire = to_http<op::csr_attributes>({}, {"est.example", "label"});
  BOOST_TEST(wire.method == "GET");
  BOOST_TEST(wire.target == "/.well-known/est/label/csrattrs");
  BOOST_TEST(wire.body.empty());
  BOOST_TEST(parse_request<op::csr_attributes>(wire).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csr_attributes_service)

BOOST_AUTO_TEST_CASE(a_client_asks_follows_and_enrols) {
  pki::csr_template wanted;
  wanted.subject = {{pki::oids::common_name, std::nullopt, false},
                    {pki::oids::organization_name, pki::der::text(pki::tag::utf8_string, "Ordered"), false}};
  wanted.key = pki::wish_for(pki::key_spec::ecdsa("secp384r1"));
  wanted.extensions = {{pki::oids::subject_alternative_name, false, std::nullopt}};
  wanted.attributes = {{pki::oids::challenge_password, {}}};
  service est_service{wanting({must(pki::csr_template_attribute(wanted))})};
  est_service.options.link = linking::required;
  auto client = est_service.client();
  auto const facts = must(client.connect());
  notes said;
  auto const asked = must(client.csr_attributes(&said));
  BOOST_TEST(!said.has_deviation());
  BOOST_TEST(asked.http_status == 200);

  pki::csr_offer offer;
  offer.subject = common_name("device-7");
  offer.extensions_if_asked = {pki::make_subject_alternative_name({{"device-7.example"}, {}, {}, {}, 0})};
  offer.challenge_password = [&] { return challenge_password(facts, channel_binding::tls_exporter); };
  auto const plan = pki::follow(asked.attributes, offer);
  BOOST_TEST(plan.fulfils_all(), unmet_of(plan));
  auto const made = must(pki::make_key_and_csr(plan, at_test_time()));
  auto const reply = must(client.simple_enroll(made.request));
  auto const& certificate = std::get<issued>(reply).certificate;
  BOOST_TEST(certificate.subject_text() == "CN=device-7, O=Ordered");
  BOOST_TEST(made.key.belongs_to(certificate));
}

BOOST_AUTO_TEST_CASE(without_attributes_the_server_answers_204) {
  service est_service{std::nullopt};
  auto const got = must(est_service.client().csr_attributes());
  BOOST_TEST(got.none());
  BOOST_TEST(got.http_status == 204);
  auto const wire = server<memory_ca>{est_service.ca, {}}.handle(get("csrattrs", "HEAD"), {}, at_test_time());
  BOOST_TEST(wire.status == 204);
  BOOST_TEST(!wire.headers.has("Content-Length"));
}

BOOST_AUTO_TEST_CASE(nobody_has_to_say_who_he_is_and_another_method_is_405) {
  service est_service{wanting({pki::oids::challenge_password})};
  server<memory_ca> const behind{est_service.ca, est_service.options};
  auto const open = behind.handle(get("csrattrs"), {}, at_test_time());
  BOOST_TEST(open.status == 200);
  auto const head = behind.handle(get("label/csrattrs", "HEAD"), {}, at_test_time());
  BOOST_TEST(head.headers.find("Content-Length").value_or("") == std::to_string(open.body.size()));
  auto const posted = behind.handle(get("csrattrs", "POST"), {}, at_test_time());
  BOOST_TEST(posted.status == 405);
  BOOST_TEST(posted.headers.find("Allow").value_or("") == "GET, HEAD");
}

BOOST_AUTO_TEST_CASE(an_authority_may_ask_by_person_and_a_wrong_password_is_nobody) {
  service est_service{std::nullopt};
  personal_ca authority{est_service.ca};
  static_assert(csr_attributes_source<personal_ca> && !key_generator<personal_ca>);
  server<personal_ca> const behind{authority, est_service.options};
  auto const ask = [&](std::string const& target, std::string_view password) {
    auto question = get(target);
    if (!password.empty()) question.headers.add("Authorization", http::encode_basic({"u", secret_bytes{password}}));
    return behind.handle(question, transport::loopback_facts(), at_test_time());
  };
  BOOST_TEST(ask("csrattrs", "").status == 204);
  BOOST_TEST(ask("csrattrs", "wrong").status == 204);
  auto const known = ask("csrattrs", "p");
  BOOST_TEST(known.status == 200);
  BOOST_TEST(must(read(known)).attributes.names(pki::oids::serial_number));
  BOOST_TEST(ask("closed/csrattrs", "p").status == 403);
  BOOST_TEST(ask("broken/csrattrs", "p").status == 500);
}

BOOST_AUTO_TEST_SUITE_END()
