#include <est/http/digest.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

using namespace est;
using namespace est::http;

BOOST_AUTO_TEST_SUITE(digest_authentication)

namespace {

constexpr std::string_view nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
constexpr std::string_view opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";

/// RFC 7616 section 3.9.1
digest_credentials mufasa(digest_algorithm algorithm) {
  digest_credentials c;
  c.user = "Mufasa";
  c.realm = "http-auth@example.org";
  c.nonce = std::string{nonce};
  c.uri = "/dir/index.html";
  c.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
  c.algorithm = algorithm;
  c.opaque = std::string{opaque};
  return c;
}

std::string response_of(digest_credentials const& c, std::string_view password) {
  auto const secret = digest_secret(c.algorithm, c.user, c.realm, as_bytes(password));
  BOOST_REQUIRE(secret);
  auto const response = digest_response(*secret, c, "GET");
  BOOST_REQUIRE(response);
  return *response;
}

challenge first(std::string_view text) {
  auto const found = parse_challenges(text);
  BOOST_REQUIRE(!found.empty());
  return found.front();
}

digest_credentials whole() {
  auto c = mufasa(digest_algorithm::sha_256);
  c.count = 0x1a;
  c.response = "0123456789abcdef";
  return c;
}

std::chrono::system_clock::time_point const now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24};

nonce_maker maker(char filler = 'k') { return nonce_maker{secret_bytes{std::string_view{std::string(32, filler)}}}; }

} // namespace

BOOST_AUTO_TEST_CASE(the_responses_of_rfc_7616_section_3_9_1_are_computed) {
  BOOST_TEST(response_of(mufasa(digest_algorithm::md5), "Circle of Life") == "8ca523f5e9506fed4657c9700eebdbec");
  BOOST_TEST(response_of(mufasa(digest_algorithm::sha_256), "Circle of Life") ==
             "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

BOOST_AUTO_TEST_CASE(every_input_changes_the_response) {
  auto const base = mufasa(digest_algorithm::sha_256);
  auto const right = response_of(base, "Circle of Life");
  BOOST_TEST(response_of(base, "Circle of life") != right);
  for (auto const member : {&digest_credentials::user, &digest_credentials::realm, &digest_credentials::nonce,
                            &digest_credentials::uri, &digest_credentials::cnonce}) {
    auto other = base;
    other.*member += "x";
    BOOST_TEST(response_of(other, "Circle of Life") != right);
  }
  auto other = base;
  other.count = 2;
  BOOST_TEST(response_of(other, "Circle of Life") != right);
}

BOOST_AUTO_TEST_CASE(the_challenges_of_the_rfc_are_read) {
  auto const read = read_digest_challenge(
      first("Digest\n       realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, nonce=\"" +
            std::string{nonce} + "\", opaque=\"" + std::string{opaque} + "\""));
  // A line end within a value is no white space of a field; the reader of messages has joined the lines by then.
  BOOST_TEST(!read);
  auto const joined = read_digest_challenge(
      first("Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=sha-256, nonce=\"" +
            std::string{nonce} + "\", opaque=\"" + std::string{opaque} + "\", stale=TRUE"));
  BOOST_REQUIRE(joined);
  BOOST_TEST(joined->realm == "http-auth@example.org");
  BOOST_TEST(joined->nonce == nonce);
  BOOST_TEST(joined->opaque.value() == opaque);
  BOOST_TEST((joined->algorithm == digest_algorithm::sha_256));
  BOOST_TEST(joined->stale);
  BOOST_TEST(!joined->user_hash);
}

// RFC 7030 appendix A.3: no algorithm, no opaque
BOOST_AUTO_TEST_CASE(the_challenge_of_rfc_7030_a3_means_md5) {
  auto const read = read_digest_challenge(first("Digest qop=\"auth\", realm=\"estrealm\", nonce=\"1368141352\""));
  BOOST_REQUIRE(read);
  BOOST_TEST((read->algorithm == digest_algorithm::md5));
  BOOST_TEST(!read->opaque);
  BOOST_TEST(!read->stale);
}

BOOST_AUTO_TEST_CASE(a_challenge_that_is_written_is_read_back) {
  digest_challenge c{"a \"realm\" of \\ours", "n0nce"};
  for (auto const algorithm : {digest_algorithm::sha_256, digest_algorithm::sha_512_256, digest_algorithm::md5})
    for (bool const flag : {false, true}) {
      c.algorithm = algorithm;
      c.stale = c.user_hash = flag;
      if (flag) c.opaque = "o";
      auto const read = read_digest_challenge(first(encode_digest_challenge(c)));
      BOOST_REQUIRE(read);
      BOOST_TEST((*read == c));
    }
}

BOOST_AUTO_TEST_CASE(a_challenge_that_cannot_be_answered_is_told) {
  for (std::string const text : {"Digest realm=\"r\", nonce=\"n\"", "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
                                 "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256-sess",
                                 "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=ROT13"}) {
    auto const read = read_digest_challenge(first(text));
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code == errc::unsupported_algorithm), text);
  }
  for (std::string const text :
       {"Basic realm=\"r\"", "Digest nonce=\"n\", qop=\"auth\"", "Digest realm=\"r\", qop=auth",
        "Digest realm=\"r\", realm=\"s\", nonce=\"n\", qop=\"auth\""}) {
    auto const read = read_digest_challenge(first(text));
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code == errc::malformed_http), text);
  }
}

BOOST_AUTO_TEST_CASE(credentials_that_are_written_are_read_back) {
  auto c = whole();
  BOOST_TEST((parse_digest(encode_digest(c)).value() == c));
  c.user = "J\xC3\xA4s\xC3\xB8n \"Doe\"";
  c.user_hash = true;
  c.opaque.reset();
  c.count = 0xffffffff;
  BOOST_TEST((parse_digest(encode_digest(c)).value() == c));
  c.user.clear(); // RFC 7030 section 3.2.3
  BOOST_TEST((parse_digest(encode_digest(c)).value() == c));
}

BOOST_AUTO_TEST_CASE(quoting_is_as_rfc_7616_section_3_4_has_it) {
  auto const text = encode_digest(whole());
  for (std::string_view const bare : {"algorithm=SHA-256,", "qop=auth,", "nc=0000001a,"})
    BOOST_TEST(text.find(bare) != std::string::npos, bare);
  for (std::string_view const quoted : {"username=\"", "realm=\"", "nonce=\"", "uri=\"", "cnonce=\"", "response=\""})
    BOOST_TEST(text.find(quoted) != std::string::npos, quoted);
}

// RFC 7616 section 3.9.2
BOOST_AUTO_TEST_CASE(an_extended_user_name_is_read) {
  std::string const rest = ", realm=\"r\", nonce=\"n\", uri=\"/\", cnonce=\"c\", nc=00000001, qop=auth, response=\"0\"";
  auto const read = parse_digest("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe" + rest);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->user == "J\xC3\xA4s\xC3\xB8n Doe");
  BOOST_TEST((read->algorithm == digest_algorithm::md5));
  for (std::string const user : {"username*=UTF-8''a, username=\"a\"", "username*=ISO-8859-1''a", "username*=UTF-8''%4",
                                 "username*=UTF-8''%zz", "username*=UTF-8''a, userhash=true", "username*=UTF-8''%0a"})
    BOOST_TEST(!parse_digest("Digest " + user + rest), user);
}

BOOST_AUTO_TEST_CASE(malformed_credentials_are_refused_and_never_quoted) {
  auto const text = encode_digest(whole());
  auto const without = [&](std::string_view part) {
    auto out = text;
    auto const from = out.find(part);
    BOOST_REQUIRE(from != std::string::npos);
    out.erase(from, out.find(',', from) - from + 2);
    return out;
  };
  for (std::string_view const part : {"realm=", "nonce=", "uri=", "qop=", "nc=", "cnonce="}) {
    auto const read = parse_digest(without(part));
    BOOST_REQUIRE_MESSAGE(!read, part);
    BOOST_TEST((read.error().code == errc::malformed_http));
    BOOST_TEST(to_text(read.error()).find("Mufasa") == std::string::npos);
  }
  auto const changed = [&](std::string_view from, std::string_view to) {
    auto out = text;
    out.replace(out.find(from), from.size(), to);
    return parse_digest(out);
  };
  BOOST_TEST(!changed("nc=0000001a", "nc=1a"));
  BOOST_TEST(!changed("nc=0000001a", "nc=00000000"));
  BOOST_TEST(!changed("nc=0000001a", "nc=0000001g"));
  BOOST_TEST(!changed("qop=auth", "qop=auth-int"));
  BOOST_TEST(!changed("qop=auth", "qop=auth, qop=auth"));
  BOOST_TEST(!changed("Mufasa", "Mu\x01"
                                "fasa"));
  BOOST_TEST((changed("algorithm=SHA-256", "algorithm=SHA-256-sess").error().code == errc::unsupported_algorithm));
  BOOST_TEST(!parse_digest("Basic QTpC"));
  BOOST_TEST(!parse_digest(text + ", Basic realm=\"x\""));
  for (std::size_t n = 0; n < text.size(); ++n)
    if (auto const read = parse_digest(text.substr(0, n))) BOOST_TEST((read->opaque != whole().opaque), n);
}

BOOST_AUTO_TEST_CASE(a_challenge_is_answered) {
  digest_challenge c{"http-auth@example.org", std::string{nonce}};
  c.algorithm = digest_algorithm::sha_256;
  c.opaque = "kept";
  basic_credentials const who{"Mufasa", secret_bytes{std::string_view{"Circle of Life"}}};
  std::array<std::uint8_t, 16> const random{1, 2, 3};
  auto const made = answer_digest(c, who, "GET", "/dir/index.html", 7, random);
  BOOST_REQUIRE(made);
  BOOST_TEST(made->count == 7u);
  BOOST_TEST(made->cnonce == "01020300000000000000000000000000");
  BOOST_TEST(made->opaque.value() == "kept");
  BOOST_TEST(made->response == response_of(*made, "Circle of Life"));

  c.user_hash = true; // after the response: RFC 7616 section 3.4.4
  auto const hashed = answer_digest(c, who, "GET", "/dir/index.html", 7, random);
  BOOST_REQUIRE(hashed);
  BOOST_TEST(hashed->user_hash);
  BOOST_TEST(hashed->response == made->response);
  BOOST_TEST(hashed->user == digest_user_hash(c.algorithm, "Mufasa", c.realm).value());

  BOOST_TEST(!answer_digest(c, who, "GET", "/", 1, {}));
  BOOST_TEST(!answer_digest(c, who, "GET", "/", 0, random));
  BOOST_TEST(!answer_digest(c, {"a\nb", secret_bytes{}}, "GET", "/", 1, random));
}

BOOST_AUTO_TEST_CASE(a_nonce_is_fresh_for_its_lifetime_and_then_old) {
  using std::chrono::seconds;
  auto const made = maker().make(now, as_bytes("random"), "r").value();
  BOOST_TEST(made.size() == 64u);
  auto const judge = [&](seconds later) { return maker().judge(made, now + later, seconds{60}, "r"); };
  BOOST_TEST((judge(seconds{0}) == nonce_state::fresh));
  BOOST_TEST((judge(seconds{60}) == nonce_state::fresh));
  BOOST_TEST((judge(seconds{61}) == nonce_state::old));
  BOOST_TEST((judge(seconds{-61}) == nonce_state::old));
}

BOOST_AUTO_TEST_CASE(a_nonce_counts_for_its_key_realm_and_binding_alone) {
  using std::chrono::seconds;
  auto const made = maker().make(now, as_bytes("random"), "r", as_bytes("here")).value();
  auto const judge = [&](nonce_maker const& by, std::string_view text, std::string_view realm, std::string_view bound) {
    return by.judge(text, now, seconds{60}, realm, as_bytes(bound));
  };
  BOOST_TEST((judge(maker(), made, "r", "here") == nonce_state::fresh));
  BOOST_TEST((judge(maker('K'), made, "r", "here") == nonce_state::foreign));
  BOOST_TEST((judge(maker(), made, "R", "here") == nonce_state::foreign));
  BOOST_TEST((judge(maker(), made, "r", "there") == nonce_state::foreign));
  for (std::size_t i = 0; i < made.size(); ++i) {
    auto changed = made;
    changed[i] = changed[i] == '0' ? '1' : '0';
    BOOST_TEST((judge(maker(), changed, "r", "here") == nonce_state::foreign), i);
    BOOST_TEST((judge(maker(), made.substr(0, i), "r", "here") == nonce_state::foreign), i);
  }
  BOOST_TEST((judge(maker(), std::string(64, 'x'), "r", "here") == nonce_state::foreign));
}

BOOST_AUTO_TEST_CASE(nonces_differ_by_their_randomness_and_a_short_key_makes_none) {
  BOOST_TEST(maker().make(now, as_bytes("a"), "r").value() != maker().make(now, as_bytes("b"), "r").value());
  nonce_maker const weak{secret_bytes{std::string_view{"fifteen octets."}}};
  BOOST_TEST((weak.make(now, as_bytes("a"), "r").error().code == errc::invalid_argument));
}

BOOST_AUTO_TEST_SUITE_END()
