#pragma once
/// Multipart bodies: taken apart into views, and put together from owned parts.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/framing.hpp>
#include <est/http/message.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::mime {

/// The most parts, and the most header lines of one part, that are read or written; more is `too_large`.
inline constexpr std::size_t most_parts = 64, most_part_fields = 100;

/// One part, as it stands in the body that it was read from.
struct part {
  http::fields headers;
  std::string_view body;         ///< a view into the whole body
  std::size_t offset = 0;        ///< of `body`, in octets from the start of the whole body
  std::size_t header_offset = 0; ///< of the part's first header line, likewise
};

/// A multipart body taken apart. Views into the body that it was read from: that must outlive it.
struct multipart {
  std::string boundary;
  std::string_view preamble, epilogue; ///< without the line ends that belong to the delimiters
  std::vector<part> parts;
};

/// A part that owns its octets: what `encode_multipart` takes.
struct owned_part {
  http::fields headers;
  std::string body;
  friend bool operator==(owned_part const&, owned_part const&) = default;
};

/// Copies of the parts.
inline std::vector<owned_part> own(multipart const& m) {
  std::vector<owned_part> parts;
  for (auto const& p : m.parts) parts.push_back({p.headers, std::string{p.body}});
  return parts;
}

/// Whether a boundary may be used.
/// Source:  RFC 2046 section 5.1.1
/// Grammar: boundary = 0*69<bchars> bcharsnospace
constexpr bool is_lawful_boundary(std::string_view boundary) noexcept {
  auto const is_bchar = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && std::string_view{"'()+_,-./:=? "}.find(c) != std::string_view::npos);
  };
  return !boundary.empty() && boundary.size() <= 70 && boundary.back() != ' ' &&
         std::all_of(boundary.begin(), boundary.end(), is_bchar);
}

/// A line that holds `--boundary` but does not begin with it: no delimiter, and often meant as one.
struct near_delimiter {
  std::size_t line = 0;   ///< its number, the first line being 1
  std::size_t offset = 0; ///< of the line's first octet
  std::size_t before = 0; ///< how many octets stand before `--boundary` on that line
};

/// Finds the lines that hold `--boundary` but do not begin with it.
/// Promises: at most `most` are found; time linear in the body for a boundary of bounded length.
inline std::vector<near_delimiter> find_near_delimiters(std::string_view body, std::string_view boundary,
                                                        std::size_t most = 16) {
  std::vector<near_delimiter> found;
  if (boundary.empty()) return found;
  auto const delimiter = "--" + std::string{boundary};
  std::size_t line = 1, start = 0; // of the line that holds `counted`
  for (auto at = body.find(delimiter); at != std::string_view::npos && found.size() < most;
       at = body.find(delimiter, at)) {
    for (auto lf = body.find('\n', start); lf < at; lf = body.find('\n', start)) {
      start = lf + 1;
      ++line;
    }
    if (at != start) found.push_back({line, start, at - start});
    auto const lf = body.find('\n', at);
    if (lf == std::string_view::npos) break;
    at = lf + 1;
  }
  return found;
}

namespace detail {

/// What a line is, seen from the boundary.
enum class delimiter_kind : std::uint8_t { none, delimiter, close };
struct delimiter_line {
  delimiter_kind kind = delimiter_kind::none;
  bool padded = false, text_after = false;
};

/// A line that begins with `--boundary` is a delimiter when nothing or blanks follow, and the closing one when `--` follows.
/// RFC 2046 says that it is enough that the boundary appears in its entirety at the start of the line; it is read so here,
/// except that another boundary character right after it makes another boundary: `--abcd` is no delimiter for `abc`.
constexpr delimiter_line judge_line(std::string_view line, std::string_view boundary) noexcept {
  if (line.size() < boundary.size() + 2 || line[0] != '-' || line[1] != '-' ||
      line.substr(2, boundary.size()) != boundary)
    return {};
  auto rest = line.substr(2 + boundary.size());
  delimiter_line out{delimiter_kind::delimiter, false, false};
  if (rest.substr(0, 2) == "--") {
    out.kind = delimiter_kind::close;
    rest.remove_prefix(2);
    out.text_after = !http::trim(rest).empty();
  } else if (!rest.empty() && rest[0] != ' ' && rest[0] != '\t') {
    return {};
  } else {
    out.text_after = !http::trim(rest).empty();
  }
  out.padded = !rest.empty() && !out.text_after;
  return out;
}

/// One pass over the body, line by line.
class multipart_scan {
public:
  multipart_scan(std::string_view body, std::string_view boundary, notes* out)
      : body_(body), boundary_(boundary), notes_(out) {}

  result<multipart> run() {
    parsed_.boundary = std::string{boundary_};
    while (next_line()) {
      auto const judged = judge_line(line_, boundary_);
      if (judged.kind != delimiter_kind::none) {
        if (auto done = take_delimiter(judged); !done) return fail(done.error());
        if (judged.kind == delimiter_kind::close) return std::move(parsed_);
      } else if (in_header_) {
        if (auto done = take_header_line(); !done) return fail(done.error());
      }
    }
    if (parsed_.parts.empty()) return fail(errc::malformed_multipart, "multipart", without_delimiter());
    // Nothing follows the last delimiter: it was meant to close, and opens no part.
    if (in_header_ && parsed_.parts.size() > 1 && parsed_.parts.back().header_offset == body_.size()) {
      parsed_.parts.pop_back();
    } else {
      if (in_header_) end_header(body_.size(), true);
      end_part(body_.size());
    }
    say(note_code::multipart_no_close_delimiter, body_.size());
    return std::move(parsed_);
  }

private:
  void say(note_code code, std::size_t at, std::string what = {}) {
    remark(notes_, code, "multipart", at, std::move(what));
  }

  bool next_line() {
    if (next_ >= body_.size()) return false;
    line_start_ = next_;
    auto const lf = body_.find('\n', next_);
    ended_ = lf != std::string_view::npos;
    next_ = ended_ ? lf + 1 : body_.size();
    line_ = body_.substr(line_start_, (ended_ ? lf : body_.size()) - line_start_);
    bare_lf_ = ended_ && (line_.empty() || line_.back() != '\r');
    if (!bare_lf_ && !line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
    return true;
  }

  /// Only lines that are part of the structure are looked at: what a part's content does with its lines is its own affair.
  void look_at_line_end() {
    if (!bare_lf_ || said_bare_lf_) return;
    say(note_code::multipart_bare_lf, next_ - 1);
    said_bare_lf_ = true;
  }

  /// The end of what stands before the delimiter on the current line: the line end in front belongs to the delimiter.
  std::size_t end_before_delimiter() {
    if (line_start_ == 0) return 0;
    if (line_start_ >= 2 && body_[line_start_ - 2] == '\r') return line_start_ - 2;
    if (!said_bare_lf_) {
      say(note_code::multipart_bare_lf, line_start_ - 1);
      said_bare_lf_ = true;
    }
    return line_start_ - 1;
  }

  result<void> take_delimiter(delimiter_line const& judged) {
    auto const end = end_before_delimiter();
    if (parsed_.parts.empty()) {
      if (judged.kind == delimiter_kind::close)
        return fail(errc::malformed_multipart, "multipart", "the closing delimiter stands before any part",
                    line_start_);
      parsed_.preamble = body_.substr(0, end);
      if (parsed_.preamble.find_first_not_of(" \t\r\n") != std::string_view::npos) {
        say(note_code::multipart_preamble, 0, std::to_string(parsed_.preamble.size()) + " octets");
        look_for_near_delimiters(parsed_.preamble, 0);
      }
    } else {
      if (in_header_) end_header(line_start_, true);
      end_part(end);
    }
    look_at_line_end();
    if (judged.padded) say(note_code::multipart_padding, line_start_);
    if (judged.text_after) say(note_code::multipart_text_after_delimiter, line_start_);
    if (judged.kind == delimiter_kind::close) {
      parsed_.epilogue = body_.substr(next_);
      if (parsed_.epilogue.find_first_not_of(" \t\r\n") != std::string_view::npos) {
        say(note_code::multipart_epilogue, next_, std::to_string(parsed_.epilogue.size()) + " octets");
        look_for_near_delimiters(parsed_.epilogue, next_);
      }
      return {};
    }
    if (parsed_.parts.size() == most_parts)
      return fail(errc::too_large, "multipart", "there are more than " + std::to_string(most_parts) + " parts",
                  line_start_);
    parsed_.parts.emplace_back();
    parsed_.parts.back().header_offset = next_;
    in_header_ = true;
    header_lines_ = 0;
    return {};
  }

  result<void> take_header_line() {
    auto& headers = parsed_.parts.back().headers;
    if (line_.empty()) {
      look_at_line_end();
      end_header(next_, false);
      return {};
    }
    if (http::trim(line_).empty()) {
      say(note_code::multipart_blank_only_line, line_start_);
      look_at_line_end();
      end_header(next_, false);
      return {};
    }
    if (++header_lines_ > most_part_fields)
      return fail(errc::too_large, "multipart",
                  "a part has more than " + std::to_string(most_part_fields) + " header lines", line_start_);
    if ((line_[0] == ' ' || line_[0] == '\t') && !headers.empty()) {
      say(note_code::multipart_folded_field, line_start_);
      look_at_line_end();
      headers.extend_last(http::trim(line_));
      return {};
    }
    auto const parsed = http::detail::parse_field_line(line_);
    if (!parsed) {
      end_header(line_start_, true);
      return {};
    }
    look_at_line_end();
    headers.add(std::string{parsed->name}, std::string{parsed->value});
    return {};
  }

  void end_header(std::size_t body_at, bool blank_line_missing) {
    in_header_ = false;
    parsed_.parts.back().offset = body_at;
    if (blank_line_missing) say(note_code::multipart_missing_blank_line, body_at);
  }

  void end_part(std::size_t end) {
    auto& p = parsed_.parts.back();
    // A delimiter right after the header block shares the line end with it: there is no content.
    p.body = body_.substr(p.offset, std::max(end, p.offset) - p.offset);
    look_for_near_delimiters(p.body, p.offset);
  }

  void look_for_near_delimiters(std::string_view text, std::size_t at) {
    for (auto const& near : find_near_delimiters(text, boundary_, 16 - said_near_)) {
      ++said_near_;
      say(note_code::multipart_near_delimiter, at + near.offset, octets_before(near.before));
    }
  }

  static std::string octets_before(std::size_t n) {
    return std::to_string(n) + (n == 1 ? " octet stands" : " octets stand") + " before it on the line";
  }

  std::string without_delimiter() const {
    std::string why = "no line begins with the delimiter, which is -- and the boundary";
    if (auto const near = find_near_delimiters(body_, boundary_, 1); !near.empty())
      why += "; line " + std::to_string(near[0].line) + " holds it, but " + octets_before(near[0].before);
    return why;
  }

  std::string_view body_, boundary_;
  notes* notes_;
  multipart parsed_;
  std::string_view line_; ///< without its line end
  std::size_t line_start_ = 0, next_ = 0;
  bool ended_ = false, bare_lf_ = false, in_header_ = false, said_bare_lf_ = false;
  std::size_t header_lines_ = 0, said_near_ = 0;
};

} // namespace detail

/// Takes a multipart body apart.
/// Source:  RFC 2046 section 5.1
/// Grammar: [ preamble CRLF ] 1*( "--" boundary padding CRLF part CRLF ) "--" boundary "--" padding [ CRLF epilogue ];
///          part = *field [ CRLF *OCTET ]
/// In:      the content of the message; the boundary as the media type has it
/// Out:     parts in order, as views into `body`. A delimiter stands at the start of a line and nowhere else; the line end
///          in front of it is the delimiter's.
/// Notes:   multipart_bare_lf (once), multipart_preamble, multipart_epilogue, multipart_padding, multipart_folded_field,
///          multipart_blank_only_line, multipart_no_close_delimiter (the last part then ends where the body does,
///          or at a last delimiter that nothing follows),
///          multipart_missing_blank_line (the header block ends at the first line that is no field),
///          multipart_text_after_delimiter, multipart_near_delimiter (at most 16), multipart_boundary_unlawful
/// Errors:  malformed_multipart: no delimiter, or the closing one before any part; too_large: more than `most_parts` parts
///          or `most_part_fields` header lines in one; invalid_argument: a boundary that is empty or holds a line end
/// Promises: linear; no content is quoted.
inline result<multipart> parse_multipart(std::string_view body, std::string_view boundary, notes* out = nullptr) {
  if (boundary.empty() || boundary.find_first_of("\r\n") != std::string_view::npos)
    return fail(errc::invalid_argument, "multipart", "the boundary is empty or holds a line end");
  if (boundary.size() > 1000) return fail(errc::too_large, "multipart", "the boundary is longer than 1000 octets");
  if (!is_lawful_boundary(boundary)) remark(out, note_code::multipart_boundary_unlawful, "multipart");
  // Blanks at the end of a line are padding, so that a boundary cannot end in them.
  auto const last = boundary.find_last_not_of(' ');
  if (last == std::string_view::npos)
    return fail(errc::invalid_argument, "multipart", "the boundary holds nothing but spaces");
  return detail::multipart_scan{body, boundary.substr(0, last + 1), out}.run();
}
/// The parts would be views into a temporary.
template <std::same_as<std::string> Temporary>
result<multipart> parse_multipart(Temporary&&, std::string_view, notes* = nullptr) = delete;

/// Puts a multipart body together; lines end in CRLF, the last one as well.
/// Source:  RFC 2046 section 5.1.1
/// Errors:  invalid_argument: no part or too many, an unlawful boundary, a boundary that occurs in a part, a header field
///          whose name is no token or whose value holds CR, LF or NUL
/// Promises: `own(parse_multipart(encode_multipart(parts, b), b)) == parts` when no value has blanks at its ends.
inline result<std::string> encode_multipart(std::span<const owned_part> parts, std::string_view boundary) {
  auto const refuse = [](std::string why) { return fail(errc::invalid_argument, "multipart", std::move(why)); };
  if (!is_lawful_boundary(boundary)) return refuse("the boundary is not 1 to 70 boundary characters");
  if (parts.empty() || parts.size() > most_parts)
    return refuse("a multipart body has 1 to " + std::to_string(most_parts) + " parts");
  auto const delimiter = "--" + std::string{boundary};
  std::string out;
  for (auto const& p : parts) {
    if (p.headers.size() > most_part_fields) return refuse("a part has too many header fields");
    if (p.body.find(delimiter) != std::string::npos) return refuse("the boundary occurs in a part");
    out += delimiter + "\r\n";
    for (auto const& f : p.headers) {
      if (!http::is_token(f.name) || f.value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos)
        return refuse("a header field cannot stand on one line");
      out += f.name + ": " + f.value + "\r\n";
    }
    out += "\r\n" + p.body + "\r\n";
  }
  return out += delimiter + "--\r\n";
}

} // namespace est::mime
