// PKIData and PKIResponse, their controls, and the proofs by a shared secret: RFC 5272 sections 3.2.1, 4.2.1 and 6.
#include "pki_fixture.hpp"

#include <est/pki/cmc_controls.hpp>
#include <est/pki/cmc_data.hpp>
#include <est/pki/cmc_proof.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace est;
using namespace est::test;
using namespace est::pki;

namespace {

bytes from_hex(std::string_view text) {
  bytes octets;
  int high = -1;
  for (char const c : text) {
    int const digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      octets.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return octets;
}

/// One part of each kind.
pki_data sample() {
  pki_data data;
  data.controls.push_back(make_cmc_control(1, oids::cmc_transaction_id, der::integer(4711u)));
  data.controls.push_back(make_cmc_control(2, oids::cmc_sender_nonce, der::octet_string(bytes{1, 2, 3})));
  data.controls.push_back({3, object_id{2, 25, 7}, {der::null(), der::integer(1u)}});
  std::sort(data.controls.back().values.begin(), data.controls.back().values.end());
  data.requests.push_back({cmc_request::form::pkcs10, 50, device().csr.der(), {}});
  // a CertReqMsg whose certReqId is 51, and whose template is empty
  data.requests.push_back({cmc_request::form::crmf, 51, from_hex("30 07 30 05 02 01 33 30 00"), {}});
  data.requests.push_back({cmc_request::form::other, 52, der::null(), object_id{1, 2, 3, 4}});
  data.contents.push_back({60, der::sequence({oids::id_data.encode()})});
  data.others.push_back({70, object_id{1, 2, 3, 5}, der::octet_string(bytes{9})});
  return data;
}

std::vector<cmc_control> with(cmc_control control) { return {std::move(control)}; }

cmc_status_info read_status(cmc_status_info const& s, notes* out = nullptr) {
  return must(parse_cmc_status(encode(s), s.version_2, out));
}

secret_bytes secret(std::string_view text = "shared secret 0123456789") { return secret_bytes{text}; }

} // namespace

BOOST_AUTO_TEST_SUITE(cmc_content)

BOOST_AUTO_TEST_CASE(each_part_of_pki_data_is_read_as_it_was_written) {
  auto const data = sample();
  notes found;
  auto const read = must(parse_pki_data(encode(data), &found));
  BOOST_TEST((read == data));
  BOOST_TEST(read.requests_as_received.empty());
  BOOST_TEST(!found.has_deviation());
  BOOST_TEST((encode(read) == encode(data)));
}

BOOST_AUTO_TEST_CASE(each_part_of_a_response_is_read_as_it_was_written) {
  auto const data = sample();
  const pki_response response{data.controls, data.contents, data.others};
  BOOST_TEST((must(parse_pki_response(encode(response))) == response));
}

BOOST_AUTO_TEST_CASE(the_tags_are_those_of_the_module) {
  BOOST_TEST(to_hex(encode(pki_data{})) == "30083000300030003000");
  BOOST_TEST(to_hex(encode(pki_response{})) == "3006300030003000");
  pki_data data;
  data.controls.push_back(make_cmc_control(2, oids::cmc_sender_nonce, der::octet_string(bytes{7})));
  data.requests.push_back({cmc_request::form::pkcs10, 1, der::sequence({}), {}});
  data.requests.push_back({cmc_request::form::crmf, 2, from_hex("3005 3003 020102"), {}});
  data.requests.push_back({cmc_request::form::other, 3, der::null(), object_id{1, 2, 3}});
  BOOST_TEST(to_hex(encode(data)) == "3035"
                                     "3014"
                                     "3012"
                                     "020102"
                                     "06082b06010505070706"
                                     "3103"
                                     "040107"
                                     "3019"
                                     "a005"
                                     "0201013000"
                                     "a105"
                                     "3003020102"
                                     "a209"
                                     "020103"
                                     "06022a03"
                                     "0500"
                                     "3000"
                                     "3000");
}

BOOST_AUTO_TEST_CASE(data_cut_anywhere_fails) {
  auto const whole = encode(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    BOOST_TEST(!parse_pki_data(byte_view{whole}.first(size)).has_value());
    BOOST_TEST(!parse_pki_response(byte_view{whole}.first(size)).has_value());
  }
}

BOOST_AUTO_TEST_CASE(ber_is_read_and_noted_and_the_requests_stay_as_they_came) {
  // PKIData and one control of indefinite length; in the reqSequence a length in more octets than needed
  auto const ber = from_hex("3080 3080 0000 3081 05 a003 020105 3000 3000 0000");
  notes found;
  auto const broken = parse_pki_data(ber, &found);
  BOOST_TEST(!broken.has_value()); // a tcr without a request
  auto const good = from_hex("3080 300b 3009 020101 06022a03 3100 308107 a005 020105 3000 3000 3000 0000");
  found = {};
  auto const read = must(parse_pki_data(good, &found));
  BOOST_TEST(found.has(note_code::ber_indefinite_length));
  BOOST_TEST(found.has(note_code::ber_long_length));
  BOOST_REQUIRE_EQUAL(read.requests.size(), 1u);
  BOOST_TEST(to_hex(encode_requests(read)) == "308107a0050201053000");
  BOOST_TEST(to_hex(encode_requests(read.requests)) == "3007a0050201053000");
  BOOST_TEST((must(parse_pki_data(encode(read))) == read));
}

BOOST_AUTO_TEST_CASE(identifiers_are_of_32_bits) {
  auto const with_id = [](std::string const& integer) {
    auto const id = from_hex(integer);
    auto const control = der::sequence({id, object_id{1, 2, 3}.encode(), der::value(tag::set, der::null())});
    auto const empty = der::sequence({});
    return der::sequence({der::sequence({control}), empty, empty});
  };
  BOOST_TEST(must(parse_pki_response(with_id("020500ffffffff"))).controls.front().id ==
             std::numeric_limits<body_part_id>::max());
  for (auto const* wrong : {"02050100000000", "0201ff", "0200", "0401aa"})
    BOOST_TEST(!parse_pki_response(with_id(wrong)).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(an_identifier_that_stands_twice_or_is_0_is_noted) {
  auto data = sample();
  notes found;
  data.others.front().id = 50;
  must(parse_pki_data(encode(data), &found));
  BOOST_REQUIRE(found.has(note_code::cmc_repeated_body_part));
  BOOST_TEST(found.find(note_code::cmc_repeated_body_part)->detail == "50");
  BOOST_TEST(!found.has(note_code::cmc_body_part_zero));
  data.others.front().id = 0;
  found = {};
  must(parse_pki_data(encode(data), &found));
  BOOST_TEST(found.has(note_code::cmc_body_part_zero));
}

BOOST_AUTO_TEST_CASE(too_many_parts_are_refused) {
  cmc_limits few;
  few.parts = 7;
  auto const refused = parse_pki_data(encode(sample()), nullptr, few);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::too_large));
  few.parts = 8;
  BOOST_TEST(parse_pki_data(encode(sample()), nullptr, few).has_value());
}

BOOST_AUTO_TEST_CASE(a_control_of_an_unknown_kind_is_noted_and_kept) {
  notes found;
  remark_unknown_controls(sample().controls, &found, "pki-data");
  BOOST_TEST(found.size() == 1u);
  BOOST_TEST(is_known_control(oids::cmc_response_body));
  BOOST_TEST(is_known_control(oids::cmc_status_info));
  BOOST_TEST(!is_known_control(object_id{1, 3, 6, 1, 5, 5, 7, 7, 36})); // changeSubjectName is an attribute
  BOOST_TEST(!is_known_control(object_id{1, 3, 6, 1, 5, 5, 7, 7, 38}));
  BOOST_TEST(!is_known_control(object_id{1, 3, 6, 1, 5, 5, 7, 8, 1}));
}

BOOST_AUTO_TEST_CASE(a_control_that_stands_twice_says_nothing) {
  auto controls = sample().controls;
  BOOST_REQUIRE(transaction_id_of(controls));
  BOOST_TEST(to_hex(*transaction_id_of(controls)) == "1267");
  BOOST_TEST(to_hex(*octets_of_control(controls, oids::cmc_sender_nonce)) == "010203");
  controls.push_back(controls.front());
  BOOST_TEST(!transaction_id_of(controls));
  BOOST_TEST(
      !octets_of_control(with(make_cmc_control(1, oids::cmc_sender_nonce, der::null())), oids::cmc_sender_nonce));
}

BOOST_AUTO_TEST_CASE(every_fail_info_is_read_as_it_was_written_and_has_its_name) {
  static constexpr std::string_view names[] = {"badAlg",      "badMessageCheck", "badRequest",      "badTime",
                                               "badCertId",   "unsupportedExt",  "mustArchiveKeys", "badIdentity",
                                               "popRequired", "popFailed",       "noKeyReuse",      "internalCAError",
                                               "tryLater",    "authDataFail"};
  for (std::uint32_t code = 0; code < std::size(names); ++code) {
    auto const why = static_cast<cmc_fail_info>(code);
    auto const read = read_status(make_cmc_failure(why, "sentence", {1, 2}));
    BOOST_TEST((read == make_cmc_failure(why, "sentence", {1, 2})));
    BOOST_TEST((read.fail_info() == why));
    BOOST_TEST(code_text(*read.fail_info()) == names[code]);
  }
  auto const own = read_status(make_cmc_failure(static_cast<cmc_fail_info>(1007), "", {0}));
  BOOST_TEST(code_text(*own.fail_info()) == "1007");
  BOOST_TEST(!own.text.has_value());
}

BOOST_AUTO_TEST_CASE(every_status_is_read_as_it_was_written_and_has_its_name) {
  static const std::pair<std::uint32_t, std::string_view> all[] = {
      {0, "success"},     {2, "failed"},  {3, "pending"}, {4, "noSupport"}, {5, "confirmRequired"},
      {6, "popRequired"}, {7, "partial"}, {1, "1"},       {99, "99"}};
  for (auto const& [code, text] : all) {
    cmc_status_info info;
    info.status = static_cast<cmc_status>(code);
    info.parts = {{{7}, false}, {{1, 2, 3}, true}};
    auto const read = read_status(info);
    BOOST_TEST((read == info));
    BOOST_TEST(code_text(read.status) == text);
  }
}

BOOST_AUTO_TEST_CASE(a_pending_status_has_its_token_and_time) {
  cmc_status_info info;
  info.status = cmc_status::pending;
  info.parts = {{{50}, false}};
  info.more = cmc_pend_info{{1, 2}, at_test_time().now};
  BOOST_TEST((read_status(info) == info));
  // GeneralizedTime, also in the years that certificates write as UTCTime
  BOOST_TEST(to_hex(encode(info)).find("180f32303236313132343030303030305a") != std::string::npos);
  auto octets = encode(info);
  octets[octets.size() - 2] = 'x';
  notes found;
  auto const read = must(parse_cmc_status(octets, true, &found));
  BOOST_TEST(found.has(note_code::cmc_pend_time));
  BOOST_TEST(!std::get<cmc_pend_info>(read.more).time.has_value());
}

BOOST_AUTO_TEST_CASE(an_extended_reason_is_read_with_its_tag_and_without) {
  cmc_status_info info;
  info.status = cmc_status::failed;
  info.parts = {{{1}, false}};
  info.more = cmc_extended_fail_info{object_id{1, 2, 3}, der::integer(5u)};
  BOOST_TEST((read_status(info) == info));
  BOOST_TEST((info.fail_info() == cmc_fail_info::internal_ca_error));
  auto const bare = from_hex("3011 020102 3003020101 3007 06022a03 020105");
  auto const read = must(parse_cmc_status(bare, true));
  BOOST_TEST((read == info));
}

BOOST_AUTO_TEST_CASE(version_1_of_a_status_is_read_and_noted) {
  auto info = make_cmc_failure(cmc_fail_info::pop_failed, "no", {50});
  info.version_2 = false;
  auto const control = make_cmc_status_control(1, info);
  BOOST_TEST((control.type == oids::cmc_status_info));
  notes found;
  auto const read = must(read_cmc_statuses(with(control), &found));
  BOOST_REQUIRE_EQUAL(read.size(), 1u);
  BOOST_TEST((read.front() == info));
  BOOST_TEST(found.has(note_code::cmc_status_version_1));
}

BOOST_AUTO_TEST_CASE(what_a_status_lacks_or_has_too_much_of_is_noted) {
  notes found;
  must(parse_cmc_status(encode(cmc_status_info{}), true, &found));
  BOOST_TEST(found.has(note_code::cmc_status_without_body));
  auto control = make_cmc_status_control(1, make_cmc_failure(cmc_fail_info::bad_alg, "", {1}));
  control.values.push_back(control.values.front());
  found = {};
  BOOST_TEST(must(read_cmc_statuses(with(control), &found)).size() == 2u);
  BOOST_TEST(found.has(note_code::cmc_control_values));
}

BOOST_AUTO_TEST_CASE(a_status_cut_anywhere_fails) {
  cmc_status_info info;
  info.status = cmc_status::pending;
  info.parts = {{{50}, false}, {{1, 2}, true}};
  info.text = "later";
  info.more = cmc_pend_info{{1, 2}, at_test_time().now};
  auto const whole = encode(info);
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST(!parse_cmc_status(byte_view{whole}.first(size), true).has_value());
}

BOOST_AUTO_TEST_CASE(a_certificate_is_confirmed_by_issuer_and_serial_number) {
  auto const certificate = root().issue(device().key.public_key_info(), "device");
  auto const control = make_confirm_acceptance(9, certificate);
  auto const named = must(parse_confirm_acceptance(control.values.front()));
  BOOST_TEST(named.names(certificate));
  BOOST_TEST(!named.names(root().certificate));
  auto const& whole = control.values.front();
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST(!parse_confirm_acceptance(byte_view{whole}.first(size)).has_value());
}

BOOST_AUTO_TEST_CASE(controls_that_somebody_processed_are_told) {
  auto const value = der::sequence({der::sequence({der::integer(3u), der::integer(70000u)})});
  auto const ids = processed_controls(with(make_cmc_control(1, oids::cmc_control_processed, value)));
  BOOST_TEST((ids == std::vector<body_part_id>{3, 70000}));
  BOOST_TEST(processed_controls(sample().controls).empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cmc_proofs)

// The expected values were computed with Python's hashlib and hmac.
BOOST_AUTO_TEST_CASE(the_witness_is_the_mac_under_the_hash_of_secret_and_identification) {
  auto const proof = must(make_identity_proof(4, secret(), "device-1", {}));
  BOOST_TEST(to_hex(proof.values.front()) == "303b"
                                             "300b0609608648016503040201"
                                             "300a06082a864886f70d0209"
                                             "0420"
                                             "50a1227111f2a5e73681cb649dc22330daea4a1da8e5345ed80516e30cb00316");
}

BOOST_AUTO_TEST_CASE(a_proof_holds_for_its_secret_identification_and_requests_alone) {
  pki_data data = sample();
  data.controls.push_back(make_cmc_control(5, oids::cmc_identification, der::text(tag::utf8_string, "device-1")));
  auto const proof = must(make_identity_proof(4, secret(), "device-1", data.requests));
  BOOST_TEST(check_identity_proof(proof, secret(), data).has_value());
  auto const fails = [&](secret_bytes const& s, pki_data const& d) {
    auto const held = check_identity_proof(proof, s, d);
    return !held && held.error().code == errc::bad_signature;
  };
  BOOST_TEST(fails(secret("another secret"), data));
  auto other = data;
  other.controls.back().values = {der::text(tag::utf8_string, "device-2")};
  BOOST_TEST(fails(secret(), other));
  other = data;
  other.controls.pop_back();
  BOOST_TEST(fails(secret(), other));
  other = data;
  other.requests.front().id = 53;
  BOOST_TEST(fails(secret(), other));
  other = data;
  other.requests.front().value.back() ^= 1;
  BOOST_TEST(fails(secret(), other));
}

BOOST_AUTO_TEST_CASE(version_1_of_a_proof_is_sha_1_throughout) {
  auto const proof = make_cmc_control(4, oids::cmc_identity_proof,
                                      der::octet_string(from_hex("b75b2cf2d8d2d84abbb61ff49ec49fe4b042b9e1")));
  BOOST_TEST(check_identity_proof(proof, secret(), {}).has_value());
  BOOST_TEST(!check_identity_proof(proof, secret("another"), {}).has_value());
}

BOOST_AUTO_TEST_CASE(a_proof_may_name_other_hashes_and_unknown_ones_are_told_apart_from_a_wrong_witness) {
  auto const with_algorithms = [](object_id const& hash, object_id const& mac, bytes const& witness) {
    return make_cmc_control(4, oids::cmc_identity_proof_v2,
                            der::sequence({der::sequence({hash.encode(), der::null()}), der::sequence({mac.encode()}),
                                           der::octet_string(witness)}));
  };
  const object_id sha512{2, 16, 840, 1, 101, 3, 4, 2, 3}, hmac_sha384{1, 2, 840, 113549, 2, 10};
  auto const witness =
      from_hex("bffd91edbcbce41216495fd6b2983fb291f6ef8a54ee970f3e0ffdeddde24e63452b89476dfc936b3b1d616ef8404d32");
  BOOST_TEST(check_identity_proof(with_algorithms(sha512, hmac_sha384, witness), secret(), {}).has_value());
  for (auto const& control :
       {with_algorithms({1, 2, 3}, hmac_sha384, witness), with_algorithms(sha512, {1, 2, 3}, witness)}) {
    auto const held = check_identity_proof(control, secret(), {});
    BOOST_REQUIRE(!held);
    BOOST_TEST((held.error().code == errc::unsupported_algorithm));
  }
  auto const whole = with_algorithms(sha512, hmac_sha384, witness);
  for (std::size_t size = 0; size < whole.values.front().size(); ++size) {
    auto cut = whole;
    cut.values.front().resize(size);
    BOOST_TEST(!check_identity_proof(cut, secret(), {}).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_pop_link_witness_binds_a_csr_to_the_secret_and_the_random_octets) {
  bytes random;
  for (int i = 0; i < 64; ++i) random.push_back(static_cast<std::uint8_t>(i));
  auto const witness = must(make_pop_link_witness(secret(), random));
  BOOST_TEST(to_hex(witness.values.front()).find("6c5c94d29ba205a390c2ec6ef519740e263eaf4a1b3733863c3f02b72cb93f0a") !=
             std::string::npos);
  auto const csr = must(make_csr({common_name("device"), {witness}, "SHA-256"}, device().key, at_test_time()));
  BOOST_TEST(check_pop_link_witness(csr, secret(), random).has_value());
  BOOST_TEST(!check_pop_link_witness(csr, secret("another"), random).has_value());
  random.back() ^= 1;
  BOOST_TEST(!check_pop_link_witness(csr, secret(), random).has_value());
  BOOST_TEST(!check_pop_link_witness(device().csr, secret(), random).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
