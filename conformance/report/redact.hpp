#pragma once
/// What may be shown of an exchange. Redaction stands before every output: text, JSON, transcripts, progress and error
/// lines. It goes by operation, not by luck: the body of a 2xx answer to serverkeygen is withheld as a whole, since in a
/// broken multipart the key may stand anywhere. Where the operation is not known, octets are searched for key structures.
/// Authorization, cookies and passwords are never shown.

#include "record.hpp"

#include <est/core/bytes.hpp>

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// Text that is safe for a terminal and for JSON: valid UTF-8 in which control characters, characters that turn the
/// direction of writing and octets that are no UTF-8 stand as `\n`, `\x1b`, `\u202e`.
std::string printable(std::string_view text);

/// Whether a private key begins anywhere in the octets: PKCS#8 (plain or with a password), PKCS#1, SEC 1, PKCS#12.
/// By its first octets, so that a key that was cut off is found as well. Sometimes right about what is no key; what is
/// taken for one is not shown, and that is all.
bool holds_key_structure(byte_view octets);

/// The same for a text: as DER, under base64 or hexadecimal wherever it begins, and by its PEM label.
bool mentions_private_key(std::string_view text);

/// Whether the answer's body is a secret as a whole, and nothing of it may be shown.
bool body_is_secret(exchange const&);

/// The request as it may be shown, octets else unchanged: credentials replaced, a challengePassword never there. Empty if
/// there is none.
std::string redacted_request(exchange const&);

/// The answer as it may be shown. Empty if there is none.
std::string redacted_response(exchange const&);

/// The readable beginning of an answer's body, for a person: empty if it is a secret, no text, or no error.
std::string error_excerpt(exchange const&, std::size_t characters = 160);

/// Takes secrets that it was told of, or that it finds in exchanges, out of sentences.
class scrubber {
public:
  scrubber() = default;

  /// Learns the credentials in the exchange's fields, and the key if there is one in its bodies.
  void learn(exchange const&);
  /// Learns the credentials alone.
  void learn_credentials(exchange const&);
  /// Learns one secret: a password.
  void learn_secret(std::string_view secret);

  /// The sentence without them, and safe to print.
  std::string operator()(std::string_view sentence) const;

  /// The text without the credentials that were learnt; nothing else of it changes.
  std::string without_words(std::string text) const;

private:
  void learn_fields(std::string_view head);

  std::set<std::string, std::less<>> words_; ///< replaced wherever they stand as a word
  std::vector<std::string> bodies_;          ///< base64 of secret bodies, white space taken out
  std::vector<bytes> keys_;                  ///< what they decode to
  std::set<std::string, std::less<>> known_; ///< long words of the answers' headers: a boundary is no secret
};

} // namespace est::conformance
