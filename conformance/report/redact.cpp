#include "report/redact.hpp"

#include <est/core/base64.hpp>
#include <est/http/auth.hpp>
#include <est/http/message.hpp>
#include <est/http/reader.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

namespace est::conformance {

namespace {

using http::equal_ignoring_case;

bool is_base64(char c) noexcept {
  auto const v = detail::base64_values[static_cast<unsigned char>(c)];
  return v < 64;
}
bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
bool contains_ignoring_case(std::string_view text, std::string_view what) {
  return std::search(text.begin(), text.end(), what.begin(), what.end(),
                     [](char a, char b) { return http::lower(a) == http::lower(b); }) != text.end();
}

/// A DER or BER header at `at`: where its content begins; none if there is none of that identifier.
struct header {
  std::size_t content, length;
};
std::optional<header> header_at(byte_view o, std::size_t at, std::uint8_t identifier) {
  if (at + 1 >= o.size() || o[at] != identifier) return std::nullopt;
  const std::size_t first = o[at + 1];
  if (first < 0x80) return header{at + 2, first};
  if (first == 0x80) return header{at + 2, o.size()};
  const std::size_t octets = first & 0x7f;
  if (octets > 4 || at + 2 + octets > o.size()) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < octets; ++i) length = length << 8 | o[at + 2 + i];
  return header{at + 2 + octets, length};
}

bool starts(byte_view o, std::size_t at, std::initializer_list<std::uint8_t> what) {
  return at + what.size() <= o.size() && std::equal(what.begin(), what.end(), o.begin() + static_cast<long>(at));
}

/// Whether a private key begins at `at`.
bool key_at(byte_view o, std::size_t at) {
  auto const outer = header_at(o, at, 0x30);
  if (!outer || outer->length < 16) return false;
  const std::size_t in = outer->content;
  if (starts(o, in, {0x02, 0x01, 0x00}) || starts(o, in, {0x02, 0x01, 0x01})) {
    // PrivateKeyInfo: version, AlgorithmIdentifier, OCTET STRING. A certificate of version 1 has a Name there.
    if (auto const algorithm = header_at(o, in + 3, 0x30);
        algorithm && algorithm->content < o.size() && o[algorithm->content] == 0x06) {
      const std::size_t after = algorithm->content + algorithm->length;
      return after >= o.size() || o[after] == 0x04 || o[after] == 0x24;
    }
    // RSAPrivateKey: version, modulus …
    if (auto const modulus = header_at(o, in + 3, 0x02)) return modulus->length >= 32;
    // ECPrivateKey: version, OCTET STRING …
    if (auto const scalar = header_at(o, in + 3, 0x04)) return scalar->length >= 16 && scalar->length <= 128;
    return false;
  }
  // PFX: version 3, then ContentInfo of PKCS#7
  if (starts(o, in, {0x02, 0x01, 0x03})) {
    auto const content = header_at(o, in + 3, 0x30);
    return content && starts(o, content->content, {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07});
  }
  // EncryptedPrivateKeyInfo: AlgorithmIdentifier of PKCS#5 or PKCS#12, then OCTET STRING
  if (auto const algorithm = header_at(o, in, 0x30)) {
    for (const std::uint8_t arc : {std::uint8_t{0x05}, std::uint8_t{0x0c}})
      if (starts(o, algorithm->content + 2, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, arc}))
        return o[algorithm->content] == 0x06;
  }
  return false;
}

/// Every run of base64 characters (white space within it skipped), decoded from each of its first four characters:
/// words that stand before a key do not hide it.
template <class F> void each_decoding(std::string_view text, F&& use) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (!is_base64(text[i])) {
      ++i;
      continue;
    }
    std::string run;
    while (i < text.size() && (is_base64(text[i]) || is_blank(text[i]))) {
      if (!is_blank(text[i])) run.push_back(text[i]);
      ++i;
    }
    for (std::size_t skip = 0; skip < 4 && run.size() >= skip + 20; ++skip) {
      bytes octets;
      octets.reserve(run.size() / 4 * 3 + 3);
      std::uint32_t group = 0;
      int bits = 0;
      for (std::size_t k = skip; k < run.size(); ++k) {
        group = group << 6 | detail::base64_values[static_cast<unsigned char>(run[k])];
        bits += 6;
        if (bits >= 8) {
          bits -= 8;
          octets.push_back(static_cast<std::uint8_t>(group >> bits));
        }
      }
      use(octets);
    }
  }
}

template <class F> void each_hex_run(std::string_view text, std::size_t least, F&& use) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (hex_value(text[i]) < 0) {
      ++i;
      continue;
    }
    const std::size_t start = i;
    std::string run;
    // Separators of one character between pairs are part of a dump: `30:82:04`, `30 82 04`.
    while (i < text.size()) {
      if (hex_value(text[i]) >= 0) {
        run.push_back(text[i++]);
      } else if ((text[i] == ':' || is_blank(text[i])) && i + 1 < text.size() && hex_value(text[i + 1]) >= 0) {
        ++i;
      } else {
        break;
      }
    }
    if (run.size() < least) continue;
    for (std::size_t skip = 0; skip < 2; ++skip) {
      bytes octets;
      for (std::size_t k = skip; k + 1 < run.size(); k += 2)
        octets.push_back(static_cast<std::uint8_t>(hex_value(run[k]) << 4 | hex_value(run[k + 1])));
      use(octets, start, i);
    }
  }
}

/// An HTTP message cut by hand, however broken it is.
struct pieces {
  std::string_view interim, head, body;
};

std::size_t end_of_head(std::string_view text) {
  const std::size_t a = text.find("\r\n\r\n"), b = text.find("\n\n"), c = text.find("\n\r\n");
  std::size_t end = std::string_view::npos;
  if (a != std::string_view::npos) end = a + 4;
  if (b != std::string_view::npos) end = std::min(end, b + 2);
  if (c != std::string_view::npos) end = std::min(end, c + 3);
  return std::min(end, text.size());
}

bool is_interim(std::string_view head) {
  auto const space = head.find(' ');
  return head.substr(0, 5) == "HTTP/" && space != std::string_view::npos && space + 1 < head.size() &&
         head[space + 1] == '1';
}

pieces cut(std::string_view message) {
  std::size_t at = 0;
  while (at < message.size()) {
    auto const rest = message.substr(at);
    auto const end = end_of_head(rest);
    if (!is_interim(rest.substr(0, end)) || end == rest.size())
      return {message.substr(0, at), rest.substr(0, end), rest.substr(end)};
    at += end;
  }
  return {{}, message, {}};
}

int status_of(std::string_view head) {
  auto const space = head.find(' ');
  if (head.substr(0, 5) != "HTTP/" || space == std::string_view::npos || space + 4 > head.size()) return 0;
  int status = 0;
  for (std::size_t i = space + 1; i < space + 4; ++i) {
    if (head[i] < '0' || head[i] > '9') return 0;
    status = status * 10 + (head[i] - '0');
  }
  return status;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); }

/// The content free of its chunks if it can be had; else the octets as they came.
std::string content_of(std::string_view message, std::string_view raw_body, bool request) {
  if (request) {
    if (auto parsed = http::parse_request(message)) return std::move(parsed->body);
  } else if (auto parsed = http::parse_response(message, "POST")) {
    return std::move(parsed->body);
  }
  return std::string{raw_body};
}

bool names_secret(std::string_view name) {
  for (auto const secret : {"authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2",
                            "authentication-info", "proxy-authentication-info", "x-api-key", "x-auth-token"})
    if (equal_ignoring_case(name, secret)) return true;
  return false;
}

/// Calls for each line of a header block: the whole line with its end, and the name of the field it belongs to.
template <class F> void each_line(std::string_view head, F&& use) {
  std::string_view name;
  bool first = true;
  for (std::size_t at = 0; at < head.size();) {
    auto const newline = head.find('\n', at);
    auto const end = newline == std::string_view::npos ? head.size() : newline + 1;
    auto const line = head.substr(at, end - at);
    bool const folded = !line.empty() && (line[0] == ' ' || line[0] == '\t');
    auto const colon = line.find(':');
    if (!folded && !first)
      name = colon == std::string_view::npos ? std::string_view{} : http::trim(line.substr(0, colon));
    use(line, first ? std::string_view{} : name, folded, colon);
    first = false;
    at = end;
  }
}

std::string withheld(std::string_view what, std::size_t octets) {
  return "[" + std::to_string(octets) + " octets withheld: " + std::string{what} + "]\n";
}

std::string redacted_head(std::string_view head, bool strict) {
  std::string out;
  each_line(head, [&](std::string_view line, std::string_view name, bool folded, std::size_t colon) {
    auto const end = line.find_last_not_of("\r\n");
    auto const text = line.substr(0, end == std::string_view::npos ? 0 : end + 1);
    auto const ending = line.substr(text.size());
    const bool stray = !name.empty() ? false : !text.empty() && colon == std::string_view::npos && !out.empty();
    if (names_secret(name)) {
      out += folded ? " " : std::string{text.substr(0, colon + 1)} + " ";
      auto const value = http::trim(folded ? text : text.substr(colon + 1));
      auto const scheme = value.substr(0, value.find(' '));
      if (!folded && (equal_ignoring_case(scheme, "Basic") || equal_ignoring_case(scheme, "Digest") ||
                      equal_ignoring_case(scheme, "Bearer")))
        out += std::string{scheme} + " ";
      out += "[withheld]";
    } else if ((strict && stray) || mentions_private_key(text)) {
      out += "[withheld]";
    } else {
      out += text;
    }
    out += ending;
  });
  return out;
}

bool request_names(exchange const& e, std::string_view operation) {
  return e.request && contains_ignoring_case(first_line(*e.request), operation);
}

} // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  auto const escape = [&](unsigned char octet) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, "\\x%02x", octet);
    out += buffer;
  };
  for (std::size_t i = 0; i < text.size();) {
    auto const first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      if (first == '\n') {
        out += "\\n";
      } else if (first == '\r') {
        out += "\\r";
      } else if (first == '\t') {
        out += "\\t";
      } else if (first < 0x20 || first == 0x7f) {
        escape(first);
      } else {
        out.push_back(text[i]);
      }
      ++i;
      continue;
    }
    const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                               : first >= 0xe0 && first <= 0xef ? 3
                               : first >= 0xf0 && first <= 0xf4 ? 4
                                                                : 0;
    std::uint32_t point = length == 2 ? first & 0x1fu : length == 3 ? first & 0x0fu : first & 0x07u;
    bool good = length != 0 && i + length <= text.size();
    for (std::size_t k = 1; good && k < length; ++k) {
      auto const next = static_cast<unsigned char>(text[i + k]);
      good = (next & 0xc0u) == 0x80u;
      point = point << 6 | (next & 0x3fu);
    }
    good = good && !(length == 3 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) &&
           !(length == 4 && (point < 0x10000 || point > 0x10ffff));
    if (!good) {
      escape(first);
      ++i;
      continue;
    }
    bool const unsafe = point < 0xa0 || point == 0x00ad || point == 0x061c || (point >= 0x200b && point <= 0x200f) ||
                        (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) ||
                        point == 0xfeff || (point >= 0xfff0 && point <= 0xfffb) || point >= 0xe0000;
    if (unsafe) {
      char buffer[16];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(point));
      out += buffer;
    } else {
      out.append(text.substr(i, length));
    }
    i += length;
  }
  return out;
}

bool holds_key_structure(byte_view octets) {
  for (std::size_t at = 0; at + 8 < octets.size(); ++at)
    if (octets[at] == 0x30 && key_at(octets, at)) return true;
  return false;
}

bool mentions_private_key(std::string_view text) {
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) return true;
  if (holds_key_structure(as_bytes(text))) return true;
  bool found = false;
  each_decoding(text, [&](bytes const& octets) { found = found || holds_key_structure(octets); });
  if (!found)
    each_hex_run(text, 40,
                 [&](bytes const& octets, std::size_t, std::size_t) { found = found || holds_key_structure(octets); });
  return found;
}

bool body_is_secret(exchange const& e) {
  if (!e.response) return false;
  auto const parts = cut(*e.response);
  int const status = status_of(parts.head);
  bool const refused = status >= 300 && status <= 599;
  if (request_names(e, "serverkeygen") && !refused) return true;
  if (!refused) {
    bool key_type = false;
    each_line(parts.head, [&](std::string_view line, std::string_view name, bool, std::size_t) {
      if (equal_ignoring_case(name, "content-type"))
        key_type = key_type || contains_ignoring_case(line, "multipart/") || contains_ignoring_case(line, "pkcs8") ||
                   contains_ignoring_case(line, "pkcs12") || contains_ignoring_case(line, "server-generated-key");
    });
    if (key_type) return true;
  }
  // What is no HTTP at all is searched as a whole.
  return mentions_private_key(status == 0 ? std::string_view{*e.response} : parts.body) ||
         mentions_private_key(content_of(*e.response, parts.body, false));
}

namespace {

std::string request_without_fields(exchange const& e) {
  auto const parts = cut(*e.request);
  std::string out = redacted_head(parts.head, false);
  if (parts.body.empty()) return out;
  auto const content = content_of(*e.request, parts.body, true);
  if (mentions_private_key(content) || mentions_private_key(parts.body))
    return out + withheld("they look like a private key", parts.body.size());
  // 1.2.840.113549.1.9.7: what was meant for a channel binding may be a password.
  constexpr std::array<std::uint8_t, 11> challenge{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07};
  bool password = false;
  // Without a length the content is empty, and the octets are there all the same.
  for (auto const text : {std::string_view{content}, parts.body}) {
    password = password || text.find(std::string_view{reinterpret_cast<char const*>(challenge.data()),
                                                      challenge.size()}) != std::string_view::npos;
    each_decoding(text, [&](bytes const& octets) {
      password =
          password || std::search(octets.begin(), octets.end(), challenge.begin(), challenge.end()) != octets.end();
    });
  }
  if (password) return out + withheld("a request with a challengePassword", parts.body.size());
  return out.append(parts.body);
}

std::string response_without_key(exchange const& e) {
  auto const parts = cut(*e.response);
  bool const secret = body_is_secret(e);
  std::string out;
  std::string_view interim = parts.interim;
  while (!interim.empty()) {
    auto const end = end_of_head(interim);
    out += redacted_head(interim.substr(0, end), secret);
    interim.remove_prefix(end);
  }
  if (status_of(parts.head) == 0 && secret)
    return out + withheld("no HTTP answer, and it may hold a private key", parts.head.size() + parts.body.size());
  out += redacted_head(parts.head, secret);
  if (parts.body.empty()) return out;
  if (secret) return out + withheld("this answer holds a private key", parts.body.size());
  return out.append(parts.body);
}

} // namespace

std::string redacted_request(exchange const& e) {
  if (!e.request) return {};
  scrubber credentials;
  credentials.learn_credentials(e);
  return credentials.without_words(request_without_fields(e));
}

std::string redacted_response(exchange const& e) {
  if (!e.response) return {};
  scrubber credentials;
  credentials.learn_credentials(e);
  return credentials.without_words(response_without_key(e));
}

std::string error_excerpt(exchange const& e, std::size_t characters) {
  if (!e.response || body_is_secret(e)) return {};
  auto const parts = cut(*e.response);
  if (status_of(parts.head) < 400) return {};
  auto const content = content_of(*e.response, parts.body, false);
  std::string text;
  for (char const c : std::string_view{content}.substr(0, characters * 4)) {
    if (c == '\0') return {};
    if (!is_blank(c)) {
      text.push_back(c);
    } else if (!text.empty() && text.back() != ' ') {
      text.push_back(' ');
    }
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (text.size() > characters) {
    std::size_t end = characters;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
    text = text.substr(0, end) + "…";
  }
  return text;
}

void scrubber::learn_secret(std::string_view secret) {
  if (secret.size() >= 4) words_.emplace(secret);
}

void scrubber::learn_fields(std::string_view head) {
  each_line(head, [this](std::string_view line, std::string_view name, bool folded, std::size_t colon) {
    if (!names_secret(name)) return;
    auto value = folded ? line : line.substr(colon + 1);
    value = value.substr(0, value.find_last_not_of("\r\n") + 1);
    value = http::trim(value);
    learn_secret(value);
    if (auto basic = http::parse_basic(value)) {
      learn_secret(as_text(basic->password.expose()));
      learn_secret(basic->user + ":" + to_text(basic->password.expose()));
    }
    // The credentials without their scheme.
    if (auto const space = value.find(' ');
        space != std::string_view::npos && http::lower(name.back()) == 'n' && !folded)
      learn_secret(http::trim(value.substr(space + 1)));
    // A cookie's value alone.
    if (equal_ignoring_case(name, "cookie") || equal_ignoring_case(name, "set-cookie")) {
      auto const pair = value.substr(0, value.find(';'));
      if (auto const equals = pair.find('='); equals != std::string_view::npos && pair.size() - equals > 8)
        learn_secret(pair.substr(equals + 1));
    }
  });
}

void scrubber::learn_credentials(exchange const& e) {
  if (e.request) learn_fields(cut(*e.request).head);
  if (e.response) {
    auto const parts = cut(*e.response);
    learn_fields(parts.interim);
    learn_fields(parts.head);
  }
}

void scrubber::learn(exchange const& e) {
  learn_credentials(e);
  auto const learn_body = [this](std::string_view body) {
    std::string run;
    for (const char c : body)
      if (!is_blank(c)) run.push_back(c);
    bodies_.push_back(std::move(run));
    auto const learn_key = [this](bytes const& octets) {
      if (holds_key_structure(octets)) keys_.push_back(octets);
    };
    each_decoding(body, learn_key);
    learn_key(to_bytes(body));
  };
  auto const learn_known = [this](std::string_view head) {
    std::string word;
    for (const char c : head) {
      if (is_base64(c)) {
        word.push_back(c);
        continue;
      }
      if (word.size() >= 20) known_.insert(word);
      word.clear();
    }
  };
  if (e.request) {
    auto const parts = cut(*e.request);
    if (mentions_private_key(parts.body)) learn_body(content_of(*e.request, parts.body, true));
  }
  if (e.response) {
    auto const parts = cut(*e.response);
    if (body_is_secret(e)) {
      learn_body(content_of(*e.response, parts.body, false));
      learn_body(parts.body);
      if (!mentions_private_key(parts.head)) learn_known(parts.head);
    }
  }
}

std::string scrubber::without_words(std::string text) const {
  auto const is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (static_cast<unsigned char>(c) & 0x80u) != 0;
  };
  // Longest first: `user:password` before `password`.
  std::vector<std::string_view> words{words_.begin(), words_.end()};
  std::sort(words.begin(), words.end(), [](auto a, auto b) { return a.size() > b.size(); });
  for (auto const word : words) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
      const std::size_t end = at + word.size();
      bool const alone = word.size() >= 12 || ((at == 0 || !is_word(text[at - 1]) || !is_word(word.front())) &&
                                               (end == text.size() || !is_word(text[end]) || !is_word(word.back())));
      if (alone) {
        text.replace(at, word.size(), "[withheld]");
        at += 10;
      } else {
        ++at;
      }
    }
  }
  return text;
}

std::string scrubber::operator()(std::string_view sentence) const {
  auto text = without_words(std::string{sentence});
  if (mentions_private_key(text)) return "[withheld: it looks like a private key]";
  // Pieces of secret bodies, as base64 …
  constexpr std::size_t piece = 16;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_base64(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_base64(text[end])) ++end;
    auto const word = std::string_view{text}.substr(i, end - i);
    bool secret = false;
    if (word.size() >= piece && known_.count(word) == 0)
      for (auto const& body : bodies_)
        for (std::size_t k = 0; !secret && k + piece <= word.size(); ++k) {
          auto const part = word.substr(k, piece);
          // Sixteen characters of a key without a capital letter are most unlikely; `application/pkcs8` has none.
          secret = std::any_of(part.begin(), part.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
                   body.find(part) != std::string::npos;
        }
    if (secret) {
      text.replace(i, end - i, "[withheld]");
      end = i + 10;
    }
    i = end;
  }
  // … as hexadecimal, and as they are.
  auto const of_a_key = [this](byte_view octets, std::size_t least) {
    for (auto const& key : keys_)
      for (std::size_t k = 0; k + least <= octets.size(); ++k)
        if (std::search(key.begin(), key.end(), octets.begin() + static_cast<long>(k),
                        octets.begin() + static_cast<long>(k + least)) != key.end())
          return true;
    return false;
  };
  if (!keys_.empty()) {
    bool secret = false;
    each_hex_run(text, 24,
                 [&](bytes const& octets, std::size_t, std::size_t) { secret = secret || of_a_key(octets, 10); });
    bool const binary = std::any_of(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f;
    });
    if (secret || (binary && of_a_key(as_bytes(text), 10))) return "[withheld: it holds octets of a private key]";
  }
  return printable(text);
}

} // namespace est::conformance
