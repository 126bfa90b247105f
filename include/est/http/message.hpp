#pragma once
/// HTTP requests and responses as values: fields in their order, with their spelling and their repetitions.
/// Source:  RFC 9110 and RFC 9112

#include <est/core/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::http {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// ASCII case aside, the same text: for field names, media types and tokens (RFC 9110 section 5.1).
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Text without the SP and HTAB at either end (RFC 9110 section 5.6.3, OWS).
constexpr std::string_view trim(std::string_view text) noexcept {
  auto const first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// One header line: the name as it was spelled, the value without the white space around it.
struct field {
  std::string name, value;
  friend bool operator==(field const&, field const&) = default;
};

/// The fields of a message, in wire order. Names are compared without regard to case; nothing is merged.
class fields {
public:
  fields() = default;
  fields(std::initializer_list<field> list) : list_(list) {}

  void add(std::string name, std::string value) { list_.push_back({std::move(name), std::move(value)}); }

  /// Replaces every field of that name by one, at the place of the first.
  void set(std::string_view name, std::string value) {
    auto const first = std::find_if(list_.begin(), list_.end(), named(name));
    if (first == list_.end()) return add(std::string{name}, std::move(value));
    first->value = std::move(value);
    list_.erase(std::remove_if(first + 1, list_.end(), named(name)), list_.end());
  }

  /// Adds text to the value of the last field, a space between them: how a folded line is read (RFC 9112 section 5.2).
  void extend_last(std::string_view more) {
    if (list_.empty()) return;
    auto& value = list_.back().value;
    if (!value.empty()) value += ' ';
    value += more;
  }

  void erase(std::string_view name) {
    list_.erase(std::remove_if(list_.begin(), list_.end(), named(name)), list_.end());
  }

  /// The first value of that name; none if there is no such field. The view lives until the fields change.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    auto const it = std::find_if(list_.begin(), list_.end(), named(name));
    return it == list_.end() ? std::nullopt : std::optional<std::string_view>{it->value};
  }

  std::vector<std::string_view> all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (auto const& f : list_)
      if (equal_ignoring_case(f.name, name)) values.push_back(f.value);
    return values;
  }

  std::size_t count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::count_if(list_.begin(), list_.end(), named(name)));
  }
  bool has(std::string_view name) const noexcept { return count(name) != 0; }

  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }
  std::size_t size() const noexcept { return list_.size(); }
  bool empty() const noexcept { return list_.empty(); }

  friend bool operator==(fields const&, fields const&) = default;

private:
  struct named {
    std::string_view name;
    explicit named(std::string_view n) : name(n) {}
    bool operator()(field const& f) const noexcept { return equal_ignoring_case(f.name, name); }
  };

  std::vector<field> list_;
};

struct request {
  std::string method = "GET";
  std::string target = "/"; ///< as it stands on the request line
  std::string version = "HTTP/1.1";
  fields headers;
  std::string body; ///< the content, free of any transfer coding

  friend bool operator==(request const&, request const&) = default;
};

/// An interim answer that came before the final one (RFC 9110 section 15.2).
struct interim_response {
  int status = 100;
  std::string reason;
  fields headers;

  friend bool operator==(interim_response const&, interim_response const&) = default;
};

struct response {
  int status = 200;
  std::string reason;
  std::string version = "HTTP/1.1";
  fields headers;
  std::string body; ///< the content, free of any transfer coding
  fields trailers;  ///< what followed the last chunk
  std::vector<interim_response> interim;

  friend bool operator==(response const&, response const&) = default;
};

} // namespace est::http
