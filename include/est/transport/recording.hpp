#pragma once
/// A transport around another one that keeps what passes through it, without the secrets.

#include <est/core/result.hpp>
#include <est/http/message.hpp>
#include <est/http/tls_facts.hpp>
#include <est/transport/concept.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::transport {

/// What a recording does with passwords and private keys.
enum class recorded_secrets : std::uint8_t {
  left_out,
  kept, ///< for a store that is as safe as the keys themselves
};

/// One exchange: the question, and the answer or the failure in its place.
struct recorded_exchange {
  std::size_t connection = 0; ///< 1 for the first connection, and so on
  http::request question;
  result<http::response> answer = http::response{};
};

namespace detail {

inline bool names_a_secret(std::string_view field) {
  static constexpr std::array<std::string_view, 5> names = {"Authorization", "Proxy-Authorization", "Cookie",
                                                            "Set-Cookie", "Authentication-Info"};
  for (auto const name : names)
    if (http::equal_ignoring_case(field, name)) return true;
  return false;
}

inline http::fields without_secrets(http::fields const& headers) {
  http::fields kept;
  for (auto const& f : headers) kept.add(f.name, names_a_secret(f.name) ? "[left out]" : f.value);
  return kept;
}

/// Whether a 2xx answer to this target can be kept: only operations that are known to carry no private key.
inline bool carries_no_key(std::string_view target) {
  static constexpr std::array<std::string_view, 4> operations = {"cacerts", "csrattrs", "simpleenroll",
                                                                 "simplereenroll"};
  target = target.substr(0, target.find_first_of("?#"));
  auto const last = target.substr(target.rfind('/') + 1); // npos + 1 is 0
  for (auto const operation : operations)
    if (last == operation) return true;
  return false;
}

/// Whether a media type speaks of a private key, whatever the operation.
inline bool speaks_of_a_key(http::fields const& headers) {
  for (auto const value : headers.all("Content-Type")) {
    std::string text{value};
    for (auto& c : text) c = http::lower(c);
    for (std::string_view const word : {"multipart/", "pkcs8", "server-generated-key", "pkcs12"})
      if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

} // namespace detail

/// The request as it may be kept: no credentials.
inline http::request without_secrets(http::request const& question) {
  http::request kept = question;
  kept.headers = detail::without_secrets(question.headers);
  return kept;
}

/// The response as it may be kept. The body of a 2xx answer is left out unless the operation is one of those that carry no
/// private key and the media type agrees: it goes by operation, not by what the body looks like.
inline http::response without_secrets(http::response const& answer, std::string_view target) {
  http::response kept = answer;
  kept.headers = detail::without_secrets(answer.headers);
  kept.trailers = detail::without_secrets(answer.trailers);
  for (auto& interim : kept.interim) interim.headers = detail::without_secrets(interim.headers);
  bool const success = answer.status >= 200 && answer.status < 300;
  if (success && !answer.body.empty() && (!detail::carries_no_key(target) || detail::speaks_of_a_key(answer.headers)))
    kept.body = "[" + std::to_string(answer.body.size()) + " octets left out]";
  return kept;
}

/// Passes everything on to a transport and keeps the exchanges.
/// Promises: unless secrets are asked for by name, no Authorization or cookie value and no body of a 2xx serverkeygen
///           answer is kept; what passes through is not changed
/// Does NOT promise: that a challengePassword inside a certification request is left out; it is a channel binding in EST
template <Transport Inner> class recording {
public:
  explicit recording(Inner inner, recorded_secrets secrets = recorded_secrets::left_out)
      : inner_(std::move(inner)), secrets_(secrets) {}

  result<http::tls_facts> connect() {
    auto facts = inner_.connect();
    if (facts) {
      ++connections_;
      facts_ = *facts;
    }
    return facts;
  }

  result<http::response> round_trip(http::request const& question) {
    auto answer = inner_.round_trip(question);
    bool const keep = secrets_ == recorded_secrets::kept;
    recorded_exchange kept;
    kept.connection = connections_;
    kept.question = keep ? question : without_secrets(question);
    if (!answer)
      kept.answer = fail(answer.error());
    else
      kept.answer = keep ? *answer : without_secrets(*answer, question.target);
    exchanges_.push_back(std::move(kept));
    return answer;
  }

  void disconnect() {
    if constexpr (requires { inner_.disconnect(); }) inner_.disconnect();
  }

  std::vector<recorded_exchange> const& exchanges() const noexcept { return exchanges_; }
  /// The facts of the last connection.
  std::optional<http::tls_facts> const& facts() const noexcept { return facts_; }
  Inner& inner() noexcept { return inner_; }

private:
  Inner inner_;
  recorded_secrets secrets_;
  std::size_t connections_ = 0;
  std::optional<http::tls_facts> facts_;
  std::vector<recorded_exchange> exchanges_;
};

} // namespace est::transport
