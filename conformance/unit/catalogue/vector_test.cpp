#include "catalogue/vector.hpp"

#include "../vectors.hpp"

#include <est/core/base64.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <set>

using namespace est;
using namespace est::conformance;
using json = nlohmann::ordered_json;

BOOST_AUTO_TEST_SUITE(vectors)

namespace {

json good() {
  return json::parse(R"({
    "schema": "est-vector/1", "id": "serverkeygen.plain", "title": "A key", "references": ["RFC 7030 4.4.1"],
    "needs": {"operation": "serverkeygen", "credential": "any", "certificates": 1},
    "requests": [{
      "method": "POST", "operation": "serverkeygen",
      "headers": [["Host", "{authority}"], ["Content-Type", "application/pkcs10"], ["Content-Length", "{length}"]],
      "body": {"layout": "64-lf", "csr": {
        "key": "P-256", "subject": [["CN", "est-conformance"]], "hash": "SHA-256", "attributes": [],
        "linking": "when-asked", "signature": "good"}},
      "credentials": true}]})");
}

json negative(json mutation) {
  auto v = good();
  v.erase("requests");
  v["id"] = "serverkeygen.other";
  v["negative"] = true;
  v["control"] = "serverkeygen.plain";
  v["mutation"] = std::move(mutation);
  return v;
}

failure refusal(json const& v) {
  auto const parsed = parse_vector(v.dump(), "probe.json");
  BOOST_REQUIRE_MESSAGE(!parsed, v.dump());
  BOOST_TEST(name(parsed.error().code) == name(errc::invalid_argument));
  BOOST_TEST(parsed.error().where.rfind("probe.json", 0) == 0u);
  return parsed.error();
}

result<std::vector<vector_definition>> linked(std::vector<json> const& list, std::span<const payload_file> files = {}) {
  std::vector<vector_definition> all;
  for (auto const& v : list) {
    auto parsed = parse_vector(v.dump(), "probe.json");
    BOOST_REQUIRE_MESSAGE(parsed, (parsed ? std::string{} : to_text(parsed.error())));
    all.push_back(std::move(*parsed));
  }
  return link_vectors(std::move(all), files);
}

/// All places of a document that are objects, as pointers.
void objects(json const& value, json::json_pointer const& at, std::vector<json::json_pointer>& out) {
  if (value.is_object()) {
    out.push_back(at);
    for (auto const& [key, inner] : value.items()) objects(inner, at / key, out);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) objects(value[i], at / i, out);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(a_vector_is_read_as_it_is_written) {
  auto const v = parse_vector(good().dump(), "probe.json");
  BOOST_REQUIRE(v);
  BOOST_TEST(v->id == "serverkeygen.plain");
  BOOST_TEST(v->certificates == 1u);
  BOOST_TEST((v->needs == vector_definition::credential::any));
  BOOST_REQUIRE_EQUAL(v->requests.size(), 1u);
  auto const& q = v->requests[0];
  BOOST_TEST(q.method == "POST");
  BOOST_TEST(q.headers[1].second == "application/pkcs10");
  auto const& body = std::get<csr_body>(q.body);
  BOOST_TEST((body.layout == body_layout::lines_64_lf));
  BOOST_TEST((body.csr.bound == csr_linking::when_asked));
  BOOST_TEST(!body.csr.broken_signature);
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_refused_in_every_object) {
  std::vector<json::json_pointer> places;
  objects(good(), json::json_pointer{}, places);
  BOOST_TEST(places.size() == 5u);
  for (auto const& place : places) {
    auto v = good();
    v[place / "surprise"] = 1;
    auto const f = refusal(v);
    BOOST_TEST(f.where == "probe.json#" + (place / "surprise").to_string());
    BOOST_TEST(f.detail == "the key is not known");
  }
}

BOOST_AUTO_TEST_CASE(a_missing_key_is_refused_and_named) {
  const std::set<std::string> optional{"/requests/0/body"};
  std::vector<json::json_pointer> places;
  objects(good(), json::json_pointer{}, places);
  for (auto const& place : places) {
    auto const whole = good();
    for (auto const& [key, value] : whole[place].items()) {
      if (optional.count((place / key).to_string()) != 0) continue;
      auto v = good();
      v[place].erase(key);
      auto const f = refusal(v);
      if (key != "requests" && key != "csr")
        BOOST_TEST(f.detail.find("\"" + key + "\"") != std::string::npos, (place / key).to_string()
                                                                              << ": " << f.detail);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_value_of_the_wrong_type_is_refused_where_it_stands) {
  std::vector<json::json_pointer> places;
  objects(good(), json::json_pointer{}, places);
  for (auto const& place : places) {
    auto const whole = good();
    for (auto const& [key, value] : whole[place].items())
      for (auto const& wrong : {json(3.5), json(nullptr), json(-1)}) {
        auto v = good();
        v[place / key] = wrong;
        auto const f = refusal(v);
        BOOST_TEST(f.where.find((place / key).to_string()) != std::string::npos, f.where << " for " << place / key);
      }
  }
}

BOOST_AUTO_TEST_CASE(words_outside_a_closed_set_are_refused) {
  for (auto const& [at, word] :
       std::vector<std::pair<std::string, std::string>>{{"/needs/operation", "enroll"},
                                                        {"/needs/credential", "password"},
                                                        {"/requests/0/body/layout", "80"},
                                                        {"/requests/0/body/csr/key", "RSA-1024"},
                                                        {"/requests/0/body/csr/hash", "MD5"},
                                                        {"/requests/0/body/csr/linking", "yes"},
                                                        {"/requests/0/body/csr/signature", "bad"},
                                                        {"/requests/0/body/csr/subject", "me"},
                                                        {"/requests/0/method", "PO ST"},
                                                        {"/requests/0/operation", "a b"},
                                                        {"/schema", "est-vector/2"},
                                                        {"/id", "Upper"},
                                                        {"/id", ".dot"}}) {
    auto v = good();
    v[json::json_pointer{at}] = word;
    BOOST_TEST(refusal(v).where == "probe.json#" + at);
  }
}

BOOST_AUTO_TEST_CASE(what_would_smuggle_a_line_into_the_header_is_refused) {
  for (auto const& pair : {json::array({"X: y\r\nZ", "1"}), json::array({"X", "1\r\nZ: 2"}), json::array({"", "1"})}) {
    auto v = good();
    v["requests"][0]["headers"].push_back(pair);
    BOOST_TEST(refusal(v).where == "probe.json#/requests/0/headers");
  }
}

BOOST_AUTO_TEST_CASE(text_that_is_no_json_is_refused) {
  for (auto const* text : {"", "{", "[]", "{} {}", "\"a\"", "{\"id\": \"a\", \"id\": \"b\"}"}) {
    auto const v = parse_vector(text, "probe.json");
    BOOST_TEST(!v, text);
  }
  auto text = good().dump();
  for (std::size_t n = 0; n < text.size(); ++n) BOOST_TEST(!parse_vector(text.substr(0, n), "probe.json"));
}

BOOST_AUTO_TEST_CASE(a_key_that_stands_twice_is_refused) {
  auto text = good().dump();
  auto const at = text.find("\"title\"");
  text.insert(at, "\"title\": \"other\", ");
  auto const v = parse_vector(text, "probe.json");
  BOOST_REQUIRE(!v);
  BOOST_TEST(v.error().detail.find("twice") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(all_attributes_are_read) {
  auto v = good();
  v["requests"][0]["body"]["csr"]["attributes"] = json::parse(R"([
    {"decrypt-key-identifier": {"random": 20}}, {"asymmetric-decrypt-key-identifier": {"random": 16}},
    {"smime-capabilities": ["2.16.840.1.101.3.4.1.42"]}, {"subject-alternative-names": ["a.example"]},
    {"oid": "1.2.3", "values": ["0500", "0C0161"]}, {"padding": 300}])");
  auto const parsed = parse_vector(v.dump(), "probe.json");
  BOOST_REQUIRE(parsed);
  auto const& a = std::get<csr_body>(parsed->requests[0].body).csr.attributes;
  BOOST_REQUIRE_EQUAL(a.size(), 6u);
  BOOST_TEST(a[0].random_octets == 20u);
  BOOST_TEST(a[2].oids.front() == "2.16.840.1.101.3.4.1.42");
  BOOST_TEST(a[3].names.front() == "a.example");
  BOOST_TEST(a[4].values.size() == 2u);
  BOOST_TEST((a[4].values[1] == bytes{0x0c, 0x01, 0x61}));
  BOOST_TEST(a[5].values.front().size() == 304u);
}

BOOST_AUTO_TEST_CASE(a_registered_key_is_named_by_its_kind) {
  auto v = good();
  v["requests"][0]["body"]["csr"]["attributes"] =
      json::parse(R"([{"decrypt-key-identifier": {"registered": "symmetric"}}])");
  v["needs"]["registered-key"] = "symmetric";
  auto const parsed = parse_vector(v.dump(), "probe.json");
  BOOST_REQUIRE(parsed);
  BOOST_TEST(parsed->registered == "symmetric");
  BOOST_TEST(std::get<csr_body>(parsed->requests[0].body).csr.attributes[0].registered == "symmetric");
  v["needs"]["registered-key"] = "secret";
  BOOST_TEST(refusal(v).where == "probe.json#/needs/registered-key");
}

BOOST_AUTO_TEST_CASE(a_vector_may_wait_for_approval_and_leave_out_the_label) {
  auto v = good();
  auto const plain = parse_vector(v.dump(), "probe.json");
  BOOST_REQUIRE(plain);
  BOOST_TEST(!plain->approval);
  BOOST_TEST(!plain->requests[0].without_label);
  v["needs"]["approval"] = true;
  v["requests"][0]["without-label"] = true;
  auto const parsed = parse_vector(v.dump(), "probe.json");
  BOOST_REQUIRE(parsed);
  BOOST_TEST(parsed->approval);
  BOOST_TEST(parsed->requests[0].without_label);
  v["needs"]["approval"] = "yes";
  BOOST_TEST(refusal(v).where == "probe.json#/needs/approval");
}

BOOST_AUTO_TEST_CASE(a_full_pki_request_is_read_around_its_csr) {
  auto v = good();
  auto csr = v["requests"][0]["body"]["csr"];
  csr["key"] = "client";
  v["requests"][0]["body"] = json{{"cmc", csr}};
  auto const parsed = parse_vector(v.dump(), "probe.json");
  BOOST_REQUIRE(parsed);
  auto const* const cmc = std::get_if<cmc_body>(&parsed->requests[0].body);
  BOOST_REQUIRE(cmc != nullptr);
  BOOST_TEST(cmc->csr.key_of_client);
  v["requests"][0]["body"]["text"] = "and more";
  BOOST_TEST(refusal(v).where == "probe.json#/requests/0/body");
}

BOOST_AUTO_TEST_CASE(attributes_that_say_nothing_or_two_things_are_refused) {
  for (auto const* text :
       {R"({})", R"({"oid": "1.2.3"})", R"({"oid": "x", "values": ["0500"]})", R"({"oid": "1.2.3", "values": ["050"]})",
        R"({"oid": "1.2.3", "values": []})", R"({"decrypt-key-identifier": {"random": 0}})",
        R"({"decrypt-key-identifier": {"random": 65}})", R"({"decrypt-key-identifier": {}})", R"({"padding": 0})",
        R"({"padding": 100001})", R"({"padding": "much"})", R"({"smime-capabilities": ["aes"]})",
        R"({"smime-capabilities": []})", R"({"smime-capabilities": ["1.2.3"], "subject-alternative-names": ["a"]})"}) {
    auto v = good();
    v["requests"][0]["body"]["csr"]["attributes"] = json::array({json::parse(text)});
    BOOST_TEST(refusal(v).where.rfind("probe.json#/requests/0/body/csr/attributes/0", 0) == 0u, text);
  }
}

BOOST_AUTO_TEST_CASE(a_negative_vector_needs_a_mutation_and_a_mutation_a_control) {
  auto v = good();
  v["negative"] = true;
  refusal(v);
  v = negative({{"at", "/requests/0/credentials"}, {"put", false}});
  v.erase("control");
  refusal(v);
  v = negative({{"at", "/requests/0/credentials"}});
  refusal(v);
  v = negative({{"at", "/requests/0/credentials"}, {"put", false}, {"remove", true}});
  refusal(v);
  v = negative({{"at", "/requests/0/credentials"}, {"put", false}});
  v["requests"] = good()["requests"];
  refusal(v);
}

BOOST_AUTO_TEST_CASE(a_mutation_changes_one_place_of_the_control) {
  auto const all = linked({negative({{"at", "/requests/0/body/csr/signature"}, {"put", "broken"}}), good()});
  BOOST_REQUIRE(all);
  auto const* v = find_vector(*all, "serverkeygen.other");
  auto const* control = find_vector(*all, "serverkeygen.plain");
  BOOST_REQUIRE(v && control);
  BOOST_TEST(std::get<csr_body>(v->requests[0].body).csr.broken_signature);
  BOOST_TEST(!std::get<csr_body>(control->requests[0].body).csr.broken_signature);
  auto const difference = json::diff(json::parse(control->requests_json), json::parse(v->requests_json));
  BOOST_TEST(difference.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_mutation_can_take_a_header_line_out) {
  auto const all = linked({good(), negative({{"at", "/requests/0/headers/1"}, {"remove", true}})});
  BOOST_REQUIRE(all);
  auto const& headers = find_vector(*all, "serverkeygen.other")->requests[0].headers;
  BOOST_REQUIRE_EQUAL(headers.size(), 2u);
  BOOST_TEST(headers[1].first == "Content-Length");
}

BOOST_AUTO_TEST_CASE(a_mutation_that_leads_nowhere_changes_nothing_or_breaks_the_request_is_refused) {
  for (auto const& mutation :
       {json{{"at", "/requests/1/method"}, {"put", "GET"}}, json{{"at", "/title"}, {"put", "x"}},
        json{{"at", "/requests"}, {"put", json::array()}}, json{{"at", "/requests/0/method"}, {"put", "POST"}},
        json{{"at", "/requests/0/method"}, {"put", 1}}, json{{"at", "/requests/0/body/csr/key"}, {"remove", true}},
        json{{"at", "/requests/0/headers/-"}, {"put", json::array({"A", "b"})}},
        json{{"at", "/requests/x~"}, {"put", 1}}, json{{"at", "/requests/0/surprise"}, {"put", 1}}})
    BOOST_TEST(!linked({good(), negative(mutation)}), mutation.dump());
}

BOOST_AUTO_TEST_CASE(controls_that_are_missing_mutated_or_in_a_ring_are_refused) {
  auto const mutation = json{{"at", "/requests/0/credentials"}, {"put", false}};
  BOOST_TEST(!linked({negative(mutation)}));
  auto second = negative(mutation);
  second["id"] = "serverkeygen.third";
  second["control"] = "serverkeygen.other";
  BOOST_TEST(!linked({good(), negative(mutation), second}));
  auto self = good();
  self["control"] = "serverkeygen.plain";
  BOOST_TEST(!linked({self}));
  auto a = good(), b = good();
  a["control"] = "serverkeygen.b";
  b["id"] = "serverkeygen.b";
  b["control"] = "serverkeygen.plain";
  BOOST_TEST(!linked({a, b}));
}

/// The budget and --read-only rest on it.
BOOST_AUTO_TEST_CASE(a_post_that_can_issue_cannot_claim_to_cost_nothing) {
  auto v = good();
  v["needs"]["certificates"] = 0;
  BOOST_TEST(!linked({v}));
  v["requests"][0]["body"] = json{{"text", "no CSR"}};
  BOOST_TEST(!linked({v}));
  v["requests"][0]["operation"] = "label/simpleenroll";
  BOOST_TEST(!linked({v}));
  v["requests"][0]["method"] = "GET";
  BOOST_TEST(linked({v}).has_value());
  auto other = negative({{"at", "/requests/0/credentials"}, {"put", false}});
  other["needs"]["certificates"] = 0;
  BOOST_TEST(!linked({good(), other})); // nor by way of a mutation
}

BOOST_AUTO_TEST_CASE(a_handshake_stands_in_place_of_requests_and_says_what_it_offers) {
  auto v = good();
  v.erase("requests");
  v["needs"] = {{"operation", "none"}, {"credential", "none"}, {"certificates", 0}};
  auto const with = [&](json handshake) {
    auto made = v;
    made["handshake"] = std::move(handshake);
    return made;
  };
  auto const hello = parse_vector(with({{"probe", "hello"}, {"version", "1.0"}, {"suites", "3des"}}).dump(), "a");
  BOOST_REQUIRE_MESSAGE(hello, (hello ? std::string{} : to_text(hello.error())));
  BOOST_TEST((hello->handshake->version == http::tls_version::tls_1_0));
  BOOST_TEST((hello->handshake->suites == suite_family::triple_des));
  BOOST_TEST(hello->requests.empty());
  BOOST_TEST(parse_vector(with({{"probe", "clear-http"}}).dump(), "a").has_value());
  BOOST_TEST(parse_vector(with({{"probe", "resumption"}, {"version", "1.3"}}).dump(), "a").has_value());
  BOOST_TEST(refusal(with({{"probe", "ping"}})).where == "probe.json#/handshake/probe");
  BOOST_TEST(refusal(with({{"probe", "resumption"}, {"version", "1.1"}})).where == "probe.json#/handshake/version");
  BOOST_TEST(refusal(with({{"probe", "hello"}, {"version", "1.3"}, {"suites", "null"}})).where ==
             "probe.json#/handshake/suites");
  BOOST_TEST(refusal(with({{"probe", "hello"}, {"version", "1.2"}, {"suites", "aes"}})).where ==
             "probe.json#/handshake/suites");
  BOOST_TEST(refusal(with({{"probe", "clear-http"}, {"version", "1.2"}})).where == "probe.json#/handshake/version");
  auto both = good();
  both["handshake"] = {{"probe", "clear-http"}};
  refusal(both);
  auto costly = with({{"probe", "clear-http"}});
  costly["needs"]["certificates"] = 1;
  BOOST_TEST(refusal(costly).where == "probe.json#/needs/certificates");
}

BOOST_AUTO_TEST_CASE(an_identity_is_one_of_six_and_needs_credentials) {
  auto v = good();
  v["requests"][0]["identity"] = "expired";
  auto const read = parse_vector(v.dump(), "a");
  BOOST_REQUIRE(read);
  BOOST_TEST((read->requests[0].identity == client_identity::expired));
  v["requests"][0]["credentials"] = false;
  BOOST_TEST(refusal(v).where == "probe.json#/requests/0/identity");
  v["requests"][0]["credentials"] = true;
  v["requests"][0]["identity"] = "mine";
  BOOST_TEST(refusal(v).where == "probe.json#/requests/0/identity");
}

BOOST_AUTO_TEST_CASE(an_id_can_be_given_only_once) { BOOST_TEST(!linked({good(), good()})); }

BOOST_AUTO_TEST_CASE(a_file_is_filled_in_or_missed) {
  auto v = good();
  v["requests"][0]["body"] = json{{"file", "rfc7030/x.b64"}};
  BOOST_TEST(!linked({v}));
  const std::string content = "AA==\n";
  const payload_file file{"rfc7030/x.b64", as_bytes(content)};
  auto const all = linked({v}, {&file, 1});
  BOOST_REQUIRE(all);
  BOOST_TEST(to_text(std::get<file_body>((*all)[0].requests[0].body).octets) == content);
}

BOOST_AUTO_TEST_CASE(the_built_in_vectors_are_sound) {
  BOOST_TEST(!embedded_vectors_trouble(), (embedded_vectors_trouble() ? to_text(*embedded_vectors_trouble()) : ""));
  auto const all = embedded_vectors();
  BOOST_TEST(!all.empty());
  std::size_t cost = 0, wanted = 0;
  for (auto const& v : all) {
    cost += v.certificates;
    if (!v.negative && v.policy.empty() && v.needs != vector_definition::credential::none) wanted += v.certificates;
    BOOST_TEST((v.requests.empty() == v.handshake.has_value()), v.id);
    for (auto const& q : v.requests) {
      BOOST_TEST(q.headers.front().first == "Host", v.id);
      auto const* body = std::get_if<csr_body>(&q.body);
      if (body == nullptr) continue;
      // A vector that could be answered with a certificate says so, whatever it is called.
      BOOST_TEST(v.certificates >= 1u, v.id);
      bool recognisable = body->csr.subject_of_client;
      for (auto const& [type, text] : body->csr.subject)
        recognisable = recognisable || text.rfind("est-conformance", 0) == 0;
      BOOST_TEST(recognisable, v.id);
    }
  }
  // What a server refuses, as it should, costs nothing: the rest is within what --max-certs allows by default, with room
  // for servers that issue some of it all the same.
  BOOST_TEST(wanted <= 40u);
  BOOST_TEST(cost <= 70u);
}

BOOST_AUTO_TEST_CASE(the_built_in_vectors_are_those_of_the_folder) {
  auto const* folder = std::getenv("EST_VECTORS");
  BOOST_REQUIRE(folder != nullptr);
  auto const loaded = load_vectors(folder);
  BOOST_REQUIRE_MESSAGE(loaded, (loaded ? std::string{} : to_text(loaded.error())));
  auto const all = embedded_vectors();
  BOOST_REQUIRE_EQUAL(loaded->size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST((*loaded)[i].id == all[i].id);
    BOOST_TEST((*loaded)[i].requests_json == all[i].requests_json);
  }
  BOOST_TEST(!load_vectors(std::string{folder} + "/schema"));
}

BOOST_AUTO_TEST_CASE(every_built_in_mutation_is_a_single_difference) {
  auto const all = embedded_vectors();
  for (auto const& v : all) {
    if (!v.difference) continue;
    auto const* control = find_vector(all, v.control);
    BOOST_REQUIRE(control != nullptr);
    auto at = v.difference->at.substr(std::string_view{"/requests"}.size());
    auto before = json::parse(control->requests_json), after = json::parse(v.requests_json);
    const json::json_pointer pointer{at};
    if (v.difference->remove) {
      auto& list = before.at(pointer.parent_pointer());
      list.erase(static_cast<std::size_t>(std::stoul(pointer.back())));
    } else {
      before.at(pointer) = after.at(pointer);
    }
    BOOST_TEST((before == after), v.id);
  }
}

BOOST_AUTO_TEST_CASE(the_replay_carries_the_963_octets_of_the_rfc) {
  auto const* v = find_vector(embedded_vectors(), "serverkeygen.a4-replayed");
  BOOST_REQUIRE(v != nullptr);
  auto const& body = std::get<file_body>(v->requests[0].body).octets;
  BOOST_TEST(body.size() == 963u);
  BOOST_TEST(to_text(body) == test::read_vector("rfc7030/a4-serverkeygen-request.b64"));
}

/// The schema is for editors and other tools; what it demands and closes is what the loader does.
BOOST_AUTO_TEST_CASE(the_schema_closes_every_object) {
  auto const schema = json::parse(test::read_vector("schema/vector.schema.json"));
  std::vector<json::json_pointer> places;
  objects(schema, json::json_pointer{}, places);
  std::size_t closed = 0;
  for (auto const& place : places) {
    auto const& object = schema[place];
    if (!object.contains("type") || object["type"] != "object") continue;
    BOOST_TEST((object.contains("additionalProperties") && object["additionalProperties"] == false), place.to_string());
    ++closed;
  }
  BOOST_TEST(closed >= 13u);
  for (auto const& key : schema["required"]) {
    auto v = good();
    v.erase(key.get<std::string>());
    refusal(v);
  }
  for (auto const& key : schema["$defs"]["csr"]["required"]) {
    auto v = good();
    v["requests"][0]["body"]["csr"].erase(key.get<std::string>());
    refusal(v);
  }
}

BOOST_AUTO_TEST_SUITE_END()
