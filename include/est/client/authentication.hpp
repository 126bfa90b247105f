#pragma once
/// How a client answers a 401: which challenge it takes, and the Authorization field that it makes of it. Whether it may
/// answer at all is the client's business.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>
#include <est/http/auth.hpp>
#include <est/http/digest.hpp>
#include <est/http/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace est {

/// A way to prove a password.
enum class auth_scheme : std::uint8_t { digest_sha_256, digest_sha_512_256, digest_md5, basic };

/// What a client does where it is not told otherwise: Digest before Basic, SHA-2 before MD5. RFC 7616 section 3.7 has the
/// client take the server's order "unless a local policy dictates otherwise"; this is one.
inline std::vector<auth_scheme> default_auth_schemes() {
  return {auth_scheme::digest_sha_256, auth_scheme::digest_sha_512_256, auth_scheme::digest_md5, auth_scheme::basic};
}

/// A challenge that can be answered.
struct chosen_challenge {
  auth_scheme scheme = auth_scheme::basic;
  http::digest_challenge digest = {}; ///< unless basic
};

/// Takes one challenge of a 401.
/// Source:  RFC 9110 section 11.6.1; RFC 7616 section 3.7
/// In:      the answer; the schemes that may be used, best first
/// Out:     none where no challenge is of these schemes, or can be understood
inline std::optional<chosen_challenge> choose_challenge(http::response const& answer,
                                                        std::vector<auth_scheme> const& allowed) {
  std::optional<chosen_challenge> best;
  std::size_t rank = allowed.size();
  auto const consider = [&](auth_scheme scheme, http::digest_challenge digest) {
    for (std::size_t i = 0; i < rank; ++i)
      if (allowed[i] == scheme) {
        rank = i;
        best = chosen_challenge{scheme, std::move(digest)};
        return;
      }
  };
  for (auto const value : answer.headers.all("WWW-Authenticate"))
    for (auto const& one : http::parse_challenges(value)) {
      if (http::equal_ignoring_case(one.scheme, "Basic")) {
        consider(auth_scheme::basic, {});
      } else if (auto digest = http::read_digest_challenge(one)) {
        auto const scheme = digest->algorithm == http::digest_algorithm::sha_256       ? auth_scheme::digest_sha_256
                            : digest->algorithm == http::digest_algorithm::sha_512_256 ? auth_scheme::digest_sha_512_256
                                                                                       : auth_scheme::digest_md5;
        consider(scheme, std::move(*digest));
      }
    }
  return best;
}

/// The challenge that a client goes on answering, request after request.
/// Source: RFC 7616 section 3.6: a client SHOULD remember nonce, count and opaque for its later requests
class auth_session {
public:
  /// Begins anew with a challenge.
  void begin(chosen_challenge challenge) {
    challenge_ = std::move(challenge);
    count_ = 0;
  }
  void end() noexcept { challenge_.reset(); }

  /// Whether the next request can be authenticated before the server asks again: only with Digest, whose answer tells
  /// nobody the password.
  bool goes_on() const noexcept {
    return challenge_ && challenge_->scheme != auth_scheme::basic && count_ < 0xffffffffu;
  }

  /// The Authorization value for a request.
  /// Errors: those of http::answer_digest
  result<std::string> authorization(http::basic_credentials const& who, http::request const& question,
                                    byte_view random) {
    if (!challenge_ || challenge_->scheme == auth_scheme::basic) return http::encode_basic(who);
    auto made = http::answer_digest(challenge_->digest, who, question.method, question.target, count_ + 1, random);
    if (!made) return fail(made.error());
    ++count_;
    return http::encode_digest(*made);
  }

private:
  std::optional<chosen_challenge> challenge_;
  std::uint32_t count_ = 0;
};

} // namespace est
