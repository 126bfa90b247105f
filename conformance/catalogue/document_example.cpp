#include "document_example.hpp"

#include <est/core/base64.hpp>
#include <est/http/reader.hpp>
#include <est/mime/media_type.hpp>
#include <est/mime/multipart.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace est::conformance {
namespace {

/// One line of the document.
struct line {
  std::string_view text; ///< without its line end
  std::size_t number = 0;
  std::size_t indent = 0;
  bool empty = false;  ///< nothing but blanks
  bool blanks = false; ///< empty, but not quite
};

line make_line(std::string_view text, std::size_t number) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  auto const first = text.find_first_not_of(" \t");
  bool const empty = first == std::string_view::npos;
  return {text, number, empty ? 0 : first, empty, empty && !text.empty()};
}

bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

/// `Pritikin, et al.             Standards Track                   [Page 51]`
bool is_page_footer(line const& l) {
  auto const text = http::trim(l.text);
  auto const at = text.rfind("[Page ");
  return l.indent == 0 && at != std::string_view::npos && ends_with(text, "]") && text.size() - at <= 12;
}

/// `RFC 7030                           EST                      October 2013`
bool is_page_header(line const& l) {
  return l.indent == 0 && l.text.substr(0, 4) == "RFC " && l.text.find("    ") != std::string_view::npos;
}

bool is_start_line(std::string_view text, bool& request) {
  text = http::trim(text);
  request = false;
  if (http::detail::parse_status_line(text)) return true;
  auto const parsed = http::detail::parse_request_line(text);
  request = true;
  return parsed && (parsed->target[0] == '/' || parsed->target == "*" || parsed->target.substr(0, 4) == "http") &&
         std::all_of(parsed->method.begin(), parsed->method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_field(std::string_view text) { return http::detail::parse_field_line(http::trim(text)).has_value(); }

bool looks_like_base64(std::string_view text) {
  text = http::trim(text);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return est::detail::base64_values[static_cast<std::uint8_t>(c)] < 64 || c == '=';
  });
}

/// Whether an empty line stood at a page break: the page does not show it.
bool break_was_empty_line(line const& before, line const& after) {
  if (looks_like_base64(before.text) && looks_like_base64(after.text)) return false;
  bool request = false;
  bool const header_goes_on = is_field(before.text) || is_start_line(before.text, request) ||
                              http::trim(before.text).substr(0, 2) == "--"; // a part begins
  if (header_goes_on && is_field(after.text)) return false;
  return http::trim(after.text).substr(0, 2) != "--";
}

std::vector<line> split(std::string_view text) {
  std::vector<line> all;
  std::size_t number = 0;
  while (!text.empty()) {
    auto const lf = text.find('\n');
    all.push_back(make_line(text.substr(0, lf), ++number));
    text = lf == std::string_view::npos ? std::string_view{} : text.substr(lf + 1);
  }
  std::vector<line> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_page_footer(all[i])) {
      kept.push_back(all[i]);
      continue;
    }
    while (!kept.empty() && kept.back().empty) kept.pop_back();
    auto const skip_empty = [&] {
      while (i + 1 < all.size() && (all[i + 1].empty || all[i + 1].text == "\f")) ++i;
    };
    skip_empty();
    if (i + 1 < all.size() && is_page_header(all[i + 1])) ++i;
    skip_empty();
    if (!kept.empty() && i + 1 < all.size() && break_was_empty_line(kept.back(), all[i + 1]))
      kept.push_back(make_line({}, all[i].number));
  }
  return kept;
}

/// Reads one message; the lines from its start line up to the next one.
class message_writer {
public:
  message_writer(document_example& out, std::vector<line> const& lines, std::size_t begin, std::size_t end,
                 bool request)
      : out_(out), lines_(lines), at_(begin), end_(end), indent_(lines[begin].indent) {
    facts_.is_request = request;
    facts_.line = lines[begin].number;
  }

  void write(notes* to) {
    take_header();
    take_body();
    for (auto const& h : header_) put(h.text, "\r\n", h.number);
    put({}, "\r\n", lines_[at_ < end_ ? at_ : end_ - 1].number);
    for (auto const& b : body_) put(b.text, crlf_ ? "\r\n" : "\n", b.number);
    read_back(to);
    out_.messages.push_back(std::move(octets_));
    out_.facts.push_back(std::move(facts_));
  }

private:
  struct output_line {
    std::string text;
    std::size_t number;
  };

  void say(std::size_t number, std::string text) { out_.remarks.push_back({number, std::move(text)}); }

  void put(std::string_view text, std::string_view line_end, std::size_t number) {
    facts_.places.push_back({octets_.size(), number});
    octets_ += text;
    octets_ += line_end;
  }

  /// Without the indentation of the message.
  std::string_view dedent(line const& l) const {
    return l.empty ? std::string_view{} : l.text.substr(std::min(indent_, l.indent));
  }

  void take_header() {
    header_.push_back({std::string{http::trim(lines_[at_].text)}, lines_[at_].number});
    std::size_t wrapped_from = 0; // the length of the line before, as printed
    for (++at_; at_ < end_ && !lines_[at_].empty; ++at_) {
      auto const& l = lines_[at_];
      if (l.indent < indent_) break; // prose
      auto const text = dedent(l);
      auto const before = std::string_view{header_.back().text};
      if (header_.size() > 1 && l.indent == indent_ && !is_field(text) &&
          (wrapped_from >= 60 || ends_with(before, ","))) {
        if (ends_with(before, ",")) header_.back().text += ' ';
        header_.back().text += http::trim(text);
        say(l.number, "a header line goes on here: the page wrapped it, and it is joined again");
      } else {
        header_.push_back({std::string{text}, l.number});
        if (auto const parsed = http::detail::parse_field_line(text))
          headers_.add(std::string{parsed->name}, std::string{parsed->value});
      }
      wrapped_from = l.text.size();
    }
    if (at_ < end_ && lines_[at_].empty) ++at_;
  }

  void take_body() {
    if (auto const stated = headers_.find("content-length"))
      if (auto const n = http::detail::parse_digits(*stated, 10); n && !n->overflow) facts_.stated_length = n->value;
    std::optional<std::string> boundary;
    if (auto const value = headers_.find("content-type"))
      if (auto const type = mime::parse_media_type(*value); type && type->type == "multipart")
        if (auto const found = type->find("boundary"); found && !found->empty()) boundary = std::string{*found};
    boundary ? take_multipart(*boundary) : take_block();

    for (auto const& b : body_) {
      facts_.length_with_lf += b.text.size() + 1;
      facts_.length_with_crlf += b.text.size() + 2;
    }
    crlf_ = boundary.has_value() ||
            (facts_.stated_length != facts_.length_with_lf && facts_.stated_length == facts_.length_with_crlf);
    fix_length();
  }

  void take_line(line const& l) { body_.push_back({std::string{dedent(l)}, l.number}); }

  void take_multipart(std::string const& boundary) {
    auto const begins_with_delimiter = [&](line const& l, std::string_view delimiter) {
      return dedent(l).substr(0, delimiter.size()) == delimiter;
    };
    auto const delimiter = "--" + boundary;
    std::optional<std::size_t> last;
    for (auto i = at_; i < end_; ++i)
      if (begins_with_delimiter(lines_[i], delimiter)) last = i;
    std::size_t stop = last ? *last + 1 : at_;
    bool const closed = last && begins_with_delimiter(lines_[*last], delimiter + "--");
    auto const is_prose = [&](line const& l) { return !l.empty && l.indent < indent_; };
    if (closed)
      while (stop < end_ && !lines_[stop].empty && !is_prose(lines_[stop]) && indent_ != 0) ++stop; // the epilogue
    else
      while (stop < end_ && !is_prose(lines_[stop])) ++stop;
    for (auto i = at_; i < stop; ++i) {
      if (is_prose(lines_[i]))
        say(lines_[i].number, "text at the left margin, before the last delimiter: it is taken as part of the body");
      take_line(lines_[i]);
    }
  }

  void take_block() {
    if (facts_.stated_length == std::size_t{0}) return;
    if (!facts_.stated_length && !headers_.has("content-type")) return;
    auto first = at_;
    while (first < end_ && lines_[first].empty) ++first;
    auto stop = first;
    while (stop < end_ && !lines_[stop].empty && lines_[stop].indent >= indent_) ++stop;
    if (!facts_.stated_length && !std::all_of(lines_.begin() + static_cast<std::ptrdiff_t>(first),
                                              lines_.begin() + static_cast<std::ptrdiff_t>(stop),
                                              [](line const& l) { return looks_like_base64(l.text); }))
      return;
    std::size_t length = 0;
    for (auto i = first; i < stop; ++i) {
      take_line(lines_[i]);
      length += body_.back().text.size() + 1;
      if (i + 1 != stop || !looks_like_base64(lines_[i].text)) continue;
      // An empty line within base64 is where a page ended: the block goes on as far as the stated length does.
      auto next = stop;
      while (next < end_ && lines_[next].empty) ++next;
      if (next == end_ || length >= facts_.stated_length.value_or(0) || lines_[next].indent < indent_ ||
          !looks_like_base64(lines_[next].text))
        continue;
      say(lines_[next].number, "base64 goes on here after empty lines, as Content-Length says; they are left out");
      i = next - 1;
      stop = next;
      while (stop < end_ && !lines_[stop].empty && lines_[stop].indent >= indent_) ++stop;
    }
  }

  void fix_length() {
    auto const length = crlf_ ? facts_.length_with_crlf : facts_.length_with_lf;
    if (facts_.stated_length == length || headers_.has("transfer-encoding")) return;
    if (!facts_.stated_length) {
      if (headers_.has("content-length") || body_.empty()) return;
      header_.push_back({"Content-Length: " + std::to_string(length), header_.back().number});
      return say(facts_.line,
                 "no Content-Length is printed; " + std::to_string(length) + ", that of the body, is added");
    }
    for (auto& h : header_) {
      auto const parsed = http::detail::parse_field_line(h.text);
      if (!parsed || !http::equal_ignoring_case(parsed->name, "content-length")) continue;
      say(h.number, "Content-Length says " + std::to_string(*facts_.stated_length) + "; the body as printed has " +
                        std::to_string(facts_.length_with_lf) + " octets with LF line ends and " +
                        std::to_string(facts_.length_with_crlf) + " with CRLF. " + std::to_string(length) +
                        " is put in its place");
      h.text = std::string{parsed->name} + ": " + std::to_string(length);
    }
  }

  /// Reads the message as any other reader would, and says what is wrong with it.
  void read_back(notes* to) {
    notes found;
    http::message_layout layout;
    if (facts_.is_request) {
      auto const q = http::parse_request(octets_, &found, {}, &layout);
      if (!q) return trouble(q.error(), 0);
      return hand_over(found, to);
    }
    auto const r = http::parse_response(octets_, {}, &found, {}, &layout);
    if (!r) return trouble(r.error(), 0);
    auto const value = r->headers.find("content-type");
    if (auto const type = value ? mime::parse_media_type(*value, &found) : fail(errc::wrong_media_type, {}, {});
        type && type->type == "multipart")
      if (auto const boundary = type->find("boundary")) read_multipart(r->body, *boundary, layout.body, found);
    hand_over(found, to);
  }

  void read_multipart(std::string const& body, std::string_view boundary, std::size_t base, notes& found) {
    notes inner;
    auto const parts = mime::parse_multipart(body, boundary, &inner);
    if (!parts) return trouble(parts.error(), base);
    for (auto const& n : inner) {
      auto const number = n.offset ? facts_.line_at(base + *n.offset) : facts_.line;
      if (n.code == note_code::multipart_near_delimiter)
        say(number, "this line holds the delimiter of the multipart body but does not begin with it (" + n.detail +
                        "): it is no delimiter, and what follows it is no part of its own");
      if (n.code == note_code::multipart_missing_blank_line)
        say(number, "no empty line stands between the header and the body of a part");
    }
    found.append(std::move(inner), "body");
  }

  void trouble(failure const& f, std::size_t base) {
    say(facts_.line_at(base + f.offset.value_or(0)), "the message cannot be read: " + to_text(f));
  }

  void hand_over(notes& found, notes* to) const {
    if (to) to->append(std::move(found), "message[" + std::to_string(out_.messages.size()) + "]");
  }

  document_example& out_;
  std::vector<line> const& lines_;
  std::size_t at_, end_, indent_;
  http::fields headers_;
  std::vector<output_line> header_, body_;
  bool crlf_ = false;
  std::string octets_;
  example_facts facts_;
};

} // namespace

std::size_t example_facts::line_at(std::size_t offset) const noexcept {
  auto const after = std::upper_bound(places.begin(), places.end(), offset,
                                      [](std::size_t at, place const& p) { return at < p.offset; });
  return after == places.begin() ? line : (after - 1)->line;
}

bool looks_like_document_example(std::string_view text) noexcept {
  if (text.size() > largest_document || text.find('\0') != std::string_view::npos) return false;
  bool request = false;
  for (bool first = true; !text.empty();) {
    auto const lf = text.find('\n');
    auto const l = make_line(text.substr(0, lf), 0);
    text = lf == std::string_view::npos ? std::string_view{} : text.substr(lf + 1);
    if (l.empty) continue;
    bool const starts = is_start_line(l.text, request);
    if (starts && l.indent != 0) return true;
    if (starts && first) return false;
    first = false;
  }
  return false;
}

result<document_example> read_document_example(std::string_view text, notes* out) {
  if (text.size() > largest_document)
    return fail(errc::too_large, "document", "the text is larger than " + std::to_string(largest_document) + " octets");
  auto const lines = split(text);
  document_example found;

  auto const blanks = std::count_if(lines.begin(), lines.end(), [](line const& l) { return l.blanks; });
  if (blanks != 0) {
    auto const first = std::find_if(lines.begin(), lines.end(), [](line const& l) { return l.blanks; });
    found.remarks.push_back(
        {first->number, std::to_string(blanks) + " lines hold nothing but blanks; they are taken as empty lines"});
  }

  std::vector<std::pair<std::size_t, bool>> starts;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    bool request = false;
    if (!lines[i].empty && is_start_line(lines[i].text, request)) starts.emplace_back(i, request);
  }
  if (starts.empty())
    return fail(errc::malformed_http, "document", "no line of the text is the start line of an HTTP message");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    auto const end = i + 1 < starts.size() ? starts[i + 1].first : lines.size();
    message_writer{found, lines, starts[i].first, end, starts[i].second}.write(out);
  }
  std::stable_sort(found.remarks.begin(), found.remarks.end(),
                   [](document_remark const& a, document_remark const& b) { return a.line < b.line; });
  return found;
}

} // namespace est::conformance
