#pragma once
/// HTTP Digest authentication: challenges and credentials as text, the response that proves a password, and nonces that a
/// server recognises without keeping them. qop=auth alone; neither auth-int nor the session variants are offered or taken.
/// Nothing here ever puts a password, or what can stand in for one, into a failure.

#include <est/core/bytes.hpp>
#include <est/core/hash.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/http/auth.hpp>
#include <est/http/framing.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::http {

/// Source: RFC 7616 section 3.7
enum class digest_algorithm : std::uint8_t { sha_256, sha_512_256, md5 };

/// As it stands in a message, and as Botan names it: the two are the same.
constexpr std::string_view name(digest_algorithm a) noexcept {
  switch (a) {
  case digest_algorithm::sha_256: return "SHA-256";
  case digest_algorithm::sha_512_256: return "SHA-512-256";
  case digest_algorithm::md5: break;
  }
  return "MD5";
}

/// None for a session variant and for any other name.
inline std::optional<digest_algorithm> parse_digest_algorithm(std::string_view text) noexcept {
  for (auto const a : {digest_algorithm::sha_256, digest_algorithm::sha_512_256, digest_algorithm::md5})
    if (equal_ignoring_case(text, name(a))) return a;
  return std::nullopt;
}

/// A Digest challenge.
struct digest_challenge {
  std::string realm, nonce;
  std::optional<std::string> opaque = std::nullopt;
  digest_algorithm algorithm = digest_algorithm::md5; ///< MD5 is what an absent parameter means
  bool stale = false;                                 ///< the password was right and the nonce too old
  bool user_hash = false;                             ///< the server can do with a digest in place of the user's name

  friend bool operator==(digest_challenge const&, digest_challenge const&) = default;
};

/// The credentials of a Digest answer. They are no password, and yet stay out of logs: a weak password can be guessed
/// from them.
struct digest_credentials {
  std::string user; ///< the name in UTF-8, or its digest in hexadecimal where `user_hash`
  std::string realm, nonce, uri, cnonce, response;
  std::uint32_t count = 1; ///< nc
  digest_algorithm algorithm = digest_algorithm::md5;
  std::optional<std::string> opaque = std::nullopt;
  bool user_hash = false;

  friend bool operator==(digest_credentials const&, digest_credentials const&) = default;
};

namespace detail {

/// Source: RFC 9110 section 5.6.4. Control characters, which no quoted string holds, are left out.
inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char const c : text) {
    auto const octet = static_cast<unsigned char>(c);
    if ((octet < 0x20 && c != '\t') || octet == 0x7f) continue;
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

inline bool has_control_character(std::string_view text) noexcept {
  for (char const c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  return false;
}

inline std::string hex_of_count(std::uint32_t count) {
  bytes octets;
  for (int shift = 24; shift >= 0; shift -= 8) octets.push_back(static_cast<std::uint8_t>(count >> shift));
  return to_hex(octets);
}

/// The octets of hexadecimal text of either case; none if it is anything else.
inline std::optional<bytes> octets_of_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  bytes octets;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    auto const pair = parse_digits(text.substr(i, 2), 16);
    if (!pair) return std::nullopt;
    octets.push_back(static_cast<std::uint8_t>(pair->value));
  }
  return octets;
}

/// `UTF-8''J%C3%A4s%C3%B8n`: RFC 8187 section 3.2, UTF-8 alone.
inline std::optional<std::string> read_extended_value(std::string_view text) {
  if (!equal_ignoring_case(text.substr(0, 6), "UTF-8'")) return std::nullopt;
  auto const quote = text.find('\'', 6);
  if (quote == std::string_view::npos) return std::nullopt;
  std::string out;
  for (std::size_t i = quote + 1; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    auto const octet = octets_of_hex(text.substr(i + 1, 2));
    if (!octet || octet->size() != 1) return std::nullopt;
    out.push_back(static_cast<char>(octet->front()));
    i += 2;
  }
  return out;
}

/// The one parameter of that name; none where it is missing or stands twice.
inline std::optional<std::string_view> only(challenge const& c, std::string_view name) {
  std::optional<std::string_view> found;
  for (auto const& [n, v] : c.parameters) {
    if (n != name) continue;
    if (found) return std::nullopt;
    found = v;
  }
  return found;
}

} // namespace detail

/// The value of a WWW-Authenticate field.
/// Source:  RFC 7616 section 3.3: realm, nonce, opaque and qop are quoted, algorithm and stale are not
inline std::string encode_digest_challenge(digest_challenge const& c) {
  std::string text = "Digest realm=" + detail::quoted(c.realm) + ", qop=\"auth\"";
  // RFC 7616 section 3.3: without it, it is MD5. Bouncy Castle's client (1.72) reads quoted values alone, and this one must
  // not be quoted.
  if (c.algorithm != digest_algorithm::md5) text += ", algorithm=" + std::string{name(c.algorithm)};
  text += ", nonce=" + detail::quoted(c.nonce);
  if (c.opaque) text += ", opaque=" + detail::quoted(*c.opaque);
  if (c.stale) text += ", stale=true";
  if (c.user_hash) text += ", userhash=true";
  return text;
}

/// Reads a challenge of the Digest scheme.
/// Source:  RFC 7616 section 3.3
/// In:      a challenge as `parse_challenges` finds it
/// Errors:  malformed_http: another scheme, no realm or no nonce, or one that stands twice; unsupported_algorithm: an
///          algorithm that is not known, a session variant, or no qop=auth. RFC 7616 has such a challenge ignored and another
///          one used.
inline result<digest_challenge> read_digest_challenge(challenge const& c) {
  auto const malformed = [](char const* why) { return fail(errc::malformed_http, "www-authenticate", why); };
  auto const unsupported = [](char const* why) { return fail(errc::unsupported_algorithm, "www-authenticate", why); };
  if (!equal_ignoring_case(c.scheme, "Digest")) return malformed("the challenge is not of the Digest scheme");
  auto const realm = detail::only(c, "realm"), nonce = detail::only(c, "nonce");
  if (!realm || !nonce) return malformed("the Digest challenge has no realm or no nonce, or two of them");
  digest_challenge read{std::string{*realm}, std::string{*nonce}};
  if (auto const algorithm = c.find("algorithm")) {
    auto const known = parse_digest_algorithm(*algorithm);
    if (!known) return unsupported("the Digest algorithm is none of SHA-256, SHA-512-256 and MD5");
    read.algorithm = *known;
  }
  bool auth = false;
  for (auto const one : detail::split_list(c.find("qop").value_or(""))) auth = auth || equal_ignoring_case(one, "auth");
  if (!auth) return unsupported("the Digest challenge does not offer qop=auth");
  if (auto const opaque = c.find("opaque")) read.opaque = std::string{*opaque};
  read.stale = equal_ignoring_case(c.find("stale").value_or(""), "true");
  read.user_hash = equal_ignoring_case(c.find("userhash").value_or(""), "true");
  return read;
}

/// The value of an Authorization field.
/// Source:  RFC 7616 section 3.4: algorithm, qop, nc and userhash are not quoted
/// In:      a user without control characters
inline std::string encode_digest(digest_credentials const& c) {
  std::string text = "Digest username=" + detail::quoted(c.user) + ", realm=" + detail::quoted(c.realm) +
                     ", nonce=" + detail::quoted(c.nonce) + ", uri=" + detail::quoted(c.uri) + ", algorithm=";
  text += name(c.algorithm);
  text += ", qop=auth, nc=" + detail::hex_of_count(c.count) + ", cnonce=" + detail::quoted(c.cnonce) +
          ", response=" + detail::quoted(c.response);
  if (c.opaque) text += ", opaque=" + detail::quoted(*c.opaque);
  if (c.user_hash) text += ", userhash=true";
  return text;
}

/// Reads the value of an Authorization field of the Digest scheme.
/// Source:  RFC 7616 sections 3.4 and 3.4.4
/// Errors:  malformed_http: another scheme, a parameter that is missing, improper or stands twice, both username and
///          username*; unsupported_algorithm. No value is ever quoted.
inline result<digest_credentials> parse_digest(std::string_view authorization) {
  auto const malformed = [](char const* why) { return fail(errc::malformed_http, "authorization", why); };
  auto const found = parse_challenges(authorization);
  if (found.size() != 1 || !equal_ignoring_case(found.front().scheme, "Digest"))
    return malformed("the credentials are not of the Digest scheme, or of more than one");
  auto const& c = found.front();
  for (std::size_t i = 0; i < c.parameters.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (c.parameters[i].first == c.parameters[k].first) return malformed("a Digest parameter stands twice");
  digest_credentials read;
  if (auto const algorithm = c.find("algorithm")) {
    auto const known = parse_digest_algorithm(*algorithm);
    if (!known)
      return fail(errc::unsupported_algorithm, "authorization",
                  "the Digest algorithm is none of SHA-256, SHA-512-256 and MD5");
    read.algorithm = *known;
  }
  for (auto const& [into, parameter] :
       {std::pair{&read.realm, "realm"}, std::pair{&read.nonce, "nonce"}, std::pair{&read.uri, "uri"},
        std::pair{&read.cnonce, "cnonce"}, std::pair{&read.response, "response"}}) {
    auto const value = c.find(parameter);
    if (!value || detail::has_control_character(*value))
      return malformed("a Digest parameter is missing or holds a control character");
    *into = std::string{*value};
  }
  read.user_hash = equal_ignoring_case(c.find("userhash").value_or(""), "true");
  auto const plain = c.find("username"), extended = c.find("username*");
  if (plain.has_value() == extended.has_value())
    return malformed("the Digest credentials have no user, or two of them");
  if (plain) {
    read.user = std::string{*plain};
  } else {
    auto const decoded = detail::read_extended_value(*extended);
    if (!decoded || read.user_hash) return malformed("the extended user name cannot be read");
    read.user = *decoded;
  }
  if (detail::has_control_character(read.user)) return malformed("a control character stands in the user name");
  if (!equal_ignoring_case(c.find("qop").value_or(""), "auth")) return malformed("the Digest qop is not auth");
  auto const count = c.find("nc").value_or("");
  auto const number = detail::parse_digits(count, 16);
  if (count.size() != 8 || !number || number->value == 0)
    return malformed("the Digest nonce count is no number of eight hexadecimal digits from 1");
  read.count = static_cast<std::uint32_t>(number->value);
  if (read.cnonce.empty()) return malformed("the Digest cnonce is empty");
  if (auto const opaque = c.find("opaque")) read.opaque = std::string{*opaque};
  return read;
}

/// H(A1) in hexadecimal: what a server has to keep of a user, and as good as the password within this realm.
/// Source:  RFC 7616 section 3.4.2
/// Errors:  unsupported_algorithm where this Botan lacks it
inline result<secret_bytes> digest_secret(digest_algorithm algorithm, std::string_view user, std::string_view realm,
                                          byte_view password) {
  secret_bytes a1;
  a1.reserve(user.size() + realm.size() + password.size() + 2);
  for (auto const octet : as_bytes(user)) a1.push_back(octet);
  a1.push_back(':');
  for (auto const octet : as_bytes(realm)) a1.push_back(octet);
  a1.push_back(':');
  for (auto const octet : password) a1.push_back(octet);
  auto const hashed = secret_digest(std::string{name(algorithm)}, a1.expose());
  if (!hashed) return fail(hashed.error());
  static constexpr std::string_view digits = "0123456789abcdef";
  secret_bytes hex;
  hex.reserve(hashed->size() * 2);
  for (auto const octet : hashed->expose()) {
    hex.push_back(static_cast<std::uint8_t>(digits[octet >> 4]));
    hex.push_back(static_cast<std::uint8_t>(digits[octet & 15]));
  }
  return hex;
}

/// The digest that stands for a user's name where both ends hash it, in hexadecimal.
/// Source:  RFC 7616 section 3.4.4
inline result<std::string> digest_user_hash(digest_algorithm algorithm, std::string_view user, std::string_view realm) {
  auto const hashed = digest(std::string{name(algorithm)}, as_bytes(std::string{user} + ":" + std::string{realm}));
  if (!hashed) return fail(hashed.error());
  return to_hex(*hashed);
}

/// The response that proves H(A1), in hexadecimal.
/// Source:  RFC 7616 sections 3.4.1 and 3.4.3, qop=auth
/// In:      H(A1) as `digest_secret` makes it; of the credentials: algorithm, nonce, count, cnonce and uri; the method
inline result<std::string> digest_response(secret_bytes const& secret, digest_credentials const& c,
                                           std::string_view method) {
  std::string const hash{name(c.algorithm)};
  auto const a2 = digest(hash, as_bytes(std::string{method} + ":" + c.uri));
  if (!a2) return fail(a2.error());
  auto const rest = ":" + c.nonce + ":" + detail::hex_of_count(c.count) + ":" + c.cnonce + ":auth:" + to_hex(*a2);
  secret_bytes all;
  all.reserve(secret.size() + rest.size());
  for (auto const octet : secret.expose()) all.push_back(octet);
  for (auto const octet : as_bytes(rest)) all.push_back(octet);
  auto const response = digest(hash, all.expose());
  if (!response) return fail(response.error());
  return to_hex(*response);
}

/// Answers a challenge.
/// In:      the challenge; the user and password; the method and the target of the request; how often this nonce has been
///          answered, this time included; 16 random octets or more
/// Out:     credentials for `encode_digest`; the user's name hashed where the server asks for that
/// Errors:  invalid_argument for a user with a control character, no random octets, a count of 0; unsupported_algorithm
inline result<digest_credentials> answer_digest(digest_challenge const& to, basic_credentials const& who,
                                                std::string_view method, std::string_view target, std::uint32_t count,
                                                byte_view random) {
  if (detail::has_control_character(who.user))
    return fail(errc::invalid_argument, "credentials", "a control character stands in the user name");
  if (random.empty() || count == 0)
    return fail(errc::invalid_argument, "credentials", "Digest needs random octets, and a count from 1");
  digest_credentials made;
  made.user = who.user;
  made.realm = to.realm;
  made.nonce = to.nonce;
  made.uri = std::string{target};
  made.cnonce = to_hex(random);
  made.count = count;
  made.algorithm = to.algorithm;
  made.opaque = to.opaque;
  auto const secret = digest_secret(to.algorithm, who.user, to.realm, who.password.expose());
  if (!secret) return fail(secret.error());
  auto response = digest_response(*secret, made, method);
  if (!response) return fail(response.error());
  made.response = std::move(*response);
  if (to.user_hash) { // after every other digest: RFC 7616 section 3.4.4
    auto hashed = digest_user_hash(to.algorithm, who.user, to.realm);
    if (!hashed) return fail(hashed.error());
    made.user = std::move(*hashed);
    made.user_hash = true;
  }
  return made;
}

/// What a nonce is to the server that may have made it.
enum class nonce_state : std::uint8_t {
  fresh,
  old,     ///< of this server, and its time is over
  foreign, ///< not of this server, of another connection where it is bound to one, or changed on the way
};

/// Makes nonces and recognises them by a keyed digest, so that none has to be kept: whatever clients do, memory does not
/// grow, and several servers with one key take each other's nonces.
/// Source:   RFC 7616 sections 3.3 (nonce) and 5.4
/// Grammar:  hexadecimal of: milliseconds since 1970 in 8 octets, 8 octets of salt, 16 octets of HMAC-SHA-256 over both, the
///           realm and what the nonce is bound to
/// Promises: a nonce of this key is fresh for its lifetime and for the same realm and binding alone
/// Does NOT promise: that a nonce is answered once. Within its lifetime the same answer is good again, for the same
///           method and target, as nothing remembers the count; over TLS only the two ends ever see it. Who wants more
///           binds nonces to their connection, or keeps the counts.
class nonce_maker {
public:
  /// In: a key of 16 octets or more, which nobody else knows
  explicit nonce_maker(secret_bytes key) : key_(std::move(key)) {}

  /// Errors: invalid_argument for a key of fewer than 16 octets
  result<std::string> make(std::chrono::system_clock::time_point now, byte_view random, std::string_view realm,
                           byte_view bound_to = {}) const {
    if (key_.size() < 16) return fail(errc::invalid_argument, "nonce", "the key has fewer than 16 octets");
    auto const when = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    bytes octets;
    for (int shift = 56; shift >= 0; shift -= 8)
      octets.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(when) >> shift));
    auto const salt = sha256(random);
    octets.insert(octets.end(), salt.begin(), salt.begin() + 8);
    auto const seal = mac(octets, realm, bound_to);
    if (!seal) return fail(seal.error());
    octets.insert(octets.end(), seal->begin(), seal->end());
    return to_hex(octets);
  }

  nonce_state judge(std::string_view nonce, std::chrono::system_clock::time_point now, std::chrono::seconds lifetime,
                    std::string_view realm, byte_view bound_to = {}) const {
    if (nonce.size() != 64 || key_.size() < 16) return nonce_state::foreign;
    auto const octets = detail::octets_of_hex(nonce);
    if (!octets) return nonce_state::foreign;
    auto const content = byte_view{*octets}.first(16);
    auto const seal = mac(content, realm, bound_to);
    if (!seal || !equal_in_constant_time(*seal, byte_view{*octets}.subspan(16))) return nonce_state::foreign;
    std::uint64_t when = 0;
    for (auto const octet : content.first(8)) when = when << 8 | octet;
    auto const made = std::chrono::system_clock::time_point{std::chrono::milliseconds{static_cast<std::int64_t>(when)}};
    // Servers that share a key may differ a little in their clocks.
    return now - made > lifetime || made - now > lifetime ? nonce_state::old : nonce_state::fresh;
  }

private:
  result<bytes> mac(byte_view content, std::string_view realm, byte_view bound_to) const {
    bytes all = to_bytes(content);
    auto const realm_digest = sha256(as_bytes(realm)), binding_digest = sha256(bound_to);
    all.insert(all.end(), realm_digest.begin(), realm_digest.end());
    all.insert(all.end(), binding_digest.begin(), binding_digest.end());
    auto seal = hmac_sha256(key_.expose(), all);
    if (seal) seal->resize(16);
    return seal;
  }

  secret_bytes key_;
};

} // namespace est::http
