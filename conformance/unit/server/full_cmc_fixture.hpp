#pragma once
/// A server with a shared secret, a client's key and CSR, and what an answer in CMC has to be: what the tests of /fullcmc
/// share.

#include "fixture.hpp"

#include <est/client/full_cmc.hpp>
#include <est/message/full_cmc.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::test {

using pki::cmc_fail_info;
using pki::cmc_status;

inline constexpr std::string_view shared = "shared secret 0123456789";

struct cmc_fixture : server_fixture {
  pki::private_key key = make_key();
  pki::csr csr = self_identifying(key);
  full_cmc_trust trust{{ca.root()}, true};

  cmc_fixture() {
    options.cmc.shared_secret = [](std::string_view name, std::string_view) -> std::optional<secret_bytes> {
      if (name != "device-1") return std::nullopt;
      return secret_bytes{shared};
    };
  }

  pki::csr self_identifying(pki::private_key const& of, std::vector<pki::attribute> attributes = {},
                            std::string_view name = "device") {
    return got(pki::make_csr(with_key_identifier({name_of(name), std::move(attributes), {}}, of), of, at));
  }

  full_cmc_order order() const {
    full_cmc_order made;
    made.csr = csr;
    return made;
  }
  full_cmc_order proven() const {
    auto made = order();
    made.identification = "device-1";
    made.shared_secret.emplace(shared);
    return made;
  }

  /// A request whose SignedData is made by hand, for what the maker does not make.
  full_cmc_request by_hand(pki::pki_data const& data, pki::private_key const& signer) {
    return got(parse_full_cmc_request(
        got(pki::make_signed_data(pki::oids::cct_pki_data, pki::encode(data), signer,
                                  pki::by_key_identifier(pki::key_identifier(signer.public_key_info())), {}, at))));
  }

  static http::request post_octets(byte_view octets) {
    http::request made;
    made.method = "POST";
    made.target = "/.well-known/est/fullcmc";
    made.headers.add("Host", "est.example");
    made.headers.add("Content-Type", std::string{op::full_cmc::request_media_type});
    made.body = encode_base64(octets);
    return made;
  }

  full_cmc_response answer_to(http::request const& question) {
    auto const answer = ask(question);
    BOOST_TEST(answer.headers.find("Content-Type").value_or("") == op::full_cmc::reply_media_type, answer.body);
    auto reply = got(parse_reply<op::full_cmc>(answer));
    BOOST_REQUIRE(std::holds_alternative<full_cmc_response>(reply));
    return std::get<full_cmc_response>(reply);
  }
  full_cmc_outcome outcome_of(full_cmc_request const& request) {
    return got(judge_full_cmc(request, answer_to(post_octets(request.content_info)), trust, now));
  }

  /// The request is refused for that reason, about those parts, in an answer that a CA signed.
  void check_refusal(full_cmc_request const& request, int http_status, cmc_fail_info why,
                     std::vector<pki::body_part_id> const& parts) {
    auto const outcome = outcome_of(request);
    BOOST_REQUIRE(std::holds_alternative<cmc_refusal>(outcome));
    check_refusal(std::get<cmc_refusal>(outcome), http_status, why, parts);
  }
  static void check_refusal(cmc_refusal const& refusal, int http_status, cmc_fail_info why,
                            std::vector<pki::body_part_id> const& parts) {
    BOOST_TEST(refusal.http_status == http_status, to_text(refusal));
    BOOST_TEST((refusal.status == cmc_status::failed), to_text(refusal));
    BOOST_REQUIRE(refusal.fail_info);
    BOOST_TEST(pki::code_text(*refusal.fail_info) == pki::code_text(why), to_text(refusal));
    BOOST_TEST(refusal.verified);
    BOOST_TEST(refusal.text.size() > 5u);
    std::vector<pki::body_part_id> about;
    for (auto const& part : refusal.parts) about.insert(about.end(), part.path.begin(), part.path.end());
    BOOST_TEST(about == parts, boost::test_tools::per_element());
  }
};

inline void check_issued(full_cmc_outcome const& outcome, pki::private_key const& key) {
  if (auto const* refusal = std::get_if<cmc_refusal>(&outcome)) BOOST_FAIL(to_text(*refusal));
  BOOST_REQUIRE(std::holds_alternative<issued>(outcome));
  BOOST_TEST(key.belongs_to(std::get<issued>(outcome).certificate));
}

inline constexpr pki::body_part_id csr_part = detail::own_request;

} // namespace est::test
