#pragma once
/// The machine behind the readers of HTTP/1.1: takes octets in pieces of any size, one state after the other, and keeps the
/// message, its layout and the first trouble. See reader.hpp for what is read, what is noted and what is refused.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/framing.hpp>
#include <est/http/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace est::http {

/// What a reader takes before it says `too_large`. Sizes are octets.
struct read_limits {
  std::size_t start_line = 8192;     ///< also of a chunk-size line
  std::size_t header_octets = 65536; ///< all field lines of one header block or of the trailers; all chunk extensions
  std::size_t header_fields = 200;   ///< lines of one header block, or of the trailers
  std::size_t body_octets = 16u << 20;
  std::size_t chunks = 1u << 17;
  std::size_t interim_responses = 32;
};

/// How the stream ended: by close_notify or by a plain close, or by anything else (a reset, a deadline, a TLS error).
enum class stream_end : std::uint8_t { orderly, cut };

/// Where the pieces of a message stand in the octets that were fed.
struct message_layout {
  std::size_t start_line = 0;      ///< the first octet of the final start line, after interim responses
  std::vector<std::size_t> fields; ///< the first octet of each field line, in step with `headers`
  std::size_t body = 0;            ///< the first octet after the header block; a chunk-size line if the body is chunked
  std::size_t end = 0;             ///< one past the last octet of the message; as far as was read if it is not whole

  /// A run of content octets that lie together on the wire; more than one only if the body is chunked.
  struct run {
    std::size_t content, wire;
  };
  std::vector<run> runs;

  /// Where an octet of the content stands on the wire.
  std::size_t wire_offset(std::size_t content) const noexcept {
    auto const after = std::upper_bound(runs.begin(), runs.end(), content,
                                        [](std::size_t at, run const& r) { return at < r.content; });
    if (after == runs.begin()) return body + content;
    return (after - 1)->wire + (content - (after - 1)->content);
  }
};

namespace detail {

/// The machine behind both readers.
class message_machine {
public:
  message_machine(bool response, std::string method_asked, notes* out, read_limits limits)
      : response_(response), method_asked_(std::move(method_asked)), notes_(out), limits_(limits) {}

  result<std::size_t> feed(std::string_view octets) {
    if (trouble_) return fail(*trouble_);
    std::size_t taken = 0;
    while (taken < octets.size() && state_ != state::done && !trouble_) taken += step(octets.substr(taken));
    layout_.end = position_;
    if (trouble_) return fail(*trouble_);
    return taken;
  }

  /// The stream has ended. No failure means that the message is whole.
  std::optional<failure> end(stream_end how) {
    if (trouble_) return trouble_;
    switch (state_) {
    case state::done: break;
    case state::until_close:
      if (how == stream_end::cut)
        stop(errc::truncated, "the stream was cut within a body that nothing but its end delimits", position_);
      else
        state_ = state::done;
      break;
    case state::start_line:
      if (!line_.empty() && is_foreign())
        stop(errc::malformed_http, describe_foreign(first_octets()), line_start_);
      else if (position_ == 0)
        stop(errc::truncated, "the stream ended before any octet came", 0);
      else if (line_.empty() && !message_.interim.empty())
        stop(errc::truncated, "the stream ended after an interim response, before the final one", position_);
      else
        stop(errc::truncated, "the stream ended before or within the start line", position_);
      break;
    case state::fields: stop(errc::truncated, "the stream ended within the header block", position_); break;
    case state::sized:
      stop(errc::truncated,
           "the stream ended after " + std::to_string(message_.body.size()) + " of " +
               std::to_string(message_.body.size() + remaining_) + " octets of the body",
           position_);
      break;
    case state::chunk_size:
    case state::chunk_data:
    case state::chunk_end: stop(errc::truncated, "the stream ended before the last chunk", position_); break;
    case state::trailers: stop(errc::truncated, "the stream ended within the trailer section", position_); break;
    }
    return trouble_;
  }

  bool done() const noexcept { return state_ == state::done; }
  bool head_done() const noexcept { return head_done_; }
  response& message() noexcept { return message_; }
  response const& message() const noexcept { return message_; }
  std::string& method() noexcept { return method_; }
  std::string& target() noexcept { return target_; }
  message_layout const& layout() const noexcept { return layout_; }

private:
  enum class state : std::uint8_t {
    start_line,
    fields,
    sized,
    until_close,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers,
    done,
  };

  void stop(errc code, std::string why, std::size_t at) {
    trouble_ = failure{code, response_ ? "response" : "request", std::move(why), at};
  }
  void say(note_code code, std::size_t at, std::string what = {}) {
    remark(notes_, code, response_ ? "response" : "request", at, std::move(what));
  }
  /// For what may be so on every line or chunk: the first place is told, the others are not.
  void say_once(note_code code, std::size_t at, std::string what = {}) {
    if (std::find(said_.begin(), said_.end(), code) != said_.end()) return;
    said_.push_back(code);
    say(code, at, std::move(what));
  }

  std::size_t step(std::string_view octets) {
    switch (state_) {
    case state::sized: {
      auto const n = take_body(octets.substr(0, remaining_));
      remaining_ -= n;
      if (remaining_ == 0) state_ = state::done;
      return n;
    }
    case state::until_close: return take_body(octets);
    case state::chunk_data: {
      auto const n = take_body(octets.substr(0, remaining_));
      remaining_ -= n;
      if (remaining_ == 0) state_ = state::chunk_end;
      return n;
    }
    default: return take_line(octets);
    }
  }

  std::size_t take_body(std::string_view octets) {
    if (octets.size() > limits_.body_octets - message_.body.size()) {
      stop(errc::too_large, "the body is larger than " + std::to_string(limits_.body_octets) + " octets", position_);
      return octets.size();
    }
    message_.body.append(octets);
    position_ += octets.size();
    return octets.size();
  }

  std::size_t take_line(std::string_view octets) {
    if (line_.empty()) line_start_ = position_;
    auto const lf = octets.find('\n');
    auto const piece = octets.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    // The two octets of the line end are not counted.
    if (line_.size() + piece.size() > line_limit() + 2) {
      if (state_ == state::chunk_end)
        stop(errc::malformed_http, "a chunk is longer than its size says", line_start_);
      else
        stop(errc::too_large,
             "a line is longer than the limit allows, which is " + std::to_string(line_limit()) + " octets",
             line_start_);
      return piece.size();
    }
    line_.append(piece);
    position_ += piece.size();
    if (state_ == state::start_line && is_foreign() && (line_.size() >= 5 || lf != std::string_view::npos)) {
      stop(errc::malformed_http, describe_foreign(first_octets()), line_start_);
      return piece.size();
    }
    if (lf == std::string_view::npos) return piece.size();
    line_.pop_back();
    if (!line_.empty() && line_.back() == '\r')
      line_.pop_back();
    else if (state_ != state::chunk_end || line_.empty())
      say_once(note_code::http_bare_lf, position_ - 1);
    take_whole_line();
    line_.clear();
    return piece.size();
  }

  std::size_t line_limit() const noexcept {
    switch (state_) {
    case state::fields:
    case state::trailers: return limits_.header_octets;
    case state::chunk_end: return 0;
    default: return limits_.start_line;
    }
  }

  std::string_view first_octets() const noexcept { return std::string_view{line_}.substr(0, 5); }

  /// Whether the line that is being read cannot become a start line. Empty lines in front are read past elsewhere.
  bool is_foreign() const noexcept {
    auto const start = first_octets();
    if (start.empty() || start[0] == '\r' || start[0] == '\n') return false;
    if (response_) return start != std::string_view{"HTTP/"}.substr(0, start.size());
    return start == "HTTP/" || !is_tchar(start[0]);
  }

  void take_whole_line() {
    switch (state_) {
    case state::start_line: return take_start_line();
    case state::fields:
    case state::trailers: return take_field_line();
    case state::chunk_size: return take_chunk_size();
    case state::chunk_end:
      if (!line_.empty()) return stop(errc::malformed_http, "a chunk is longer than its size says", line_start_);
      state_ = state::chunk_size;
      return;
    default: return;
    }
  }

  bool clean_line() {
    if (auto const nul = line_.find('\0'); nul != std::string::npos) {
      stop(errc::malformed_http, "a NUL octet stands in a header line", line_start_ + nul);
      return false;
    }
    for (auto cr = line_.find('\r'); cr != std::string::npos; cr = line_.find('\r', cr)) {
      say_once(note_code::http_bare_cr, line_start_ + cr);
      line_[cr] = ' ';
    }
    return true;
  }

  void take_start_line() {
    if (line_.empty()) {
      header_used_ += position_ - line_start_;
      if (header_used_ > limits_.header_octets)
        return stop(errc::too_large, "nothing but empty lines came", line_start_);
      return say_once(note_code::http_leading_empty_line, line_start_);
    }
    if (!clean_line()) return;
    header_used_ = 0;
    header_lines_ = 0;
    field_open_ = false;
    layout_.start_line = line_start_;
    layout_.fields.clear();
    response_ ? take_status_line() : take_request_line();
    if (!trouble_) state_ = state::fields;
  }

  bool accept_version(std::string_view version) {
    switch (kind_of_version(version)) {
    case version_kind::http_1_0: say_once(note_code::http_version_1_0, line_start_); [[fallthrough]];
    case version_kind::http_1_1: message_.version = std::string{version}; return true;
    default:
      stop(errc::malformed_http, "the message is of another major version of HTTP than 1", line_start_);
      return false;
    }
  }

  void take_status_line() {
    auto const parsed = parse_status_line(line_);
    if (!parsed)
      return stop(errc::malformed_http, "the status line is no version, three-digit code and reason", line_start_);
    if (!accept_version(parsed->version)) return;
    message_.status = parsed->status;
    message_.reason = std::string{parsed->reason};
    if (!parsed->space_after_status)
      say_once(note_code::http_no_space_after_status, line_start_ + line_.size());
    else if (parsed->reason.empty())
      say_once(note_code::http_no_reason_phrase, line_start_ + line_.size());
  }

  void take_request_line() {
    auto const parsed = parse_request_line(line_);
    if (!parsed) return stop(errc::malformed_http, "the request line is no method, target and version", line_start_);
    if (!accept_version(parsed->version)) return;
    method_ = std::string{parsed->method};
    target_ = std::string{parsed->target};
  }

  fields& block() noexcept { return state_ == state::trailers ? message_.trailers : message_.headers; }

  void take_field_line() {
    if (line_.empty()) return state_ == state::trailers ? end_trailers() : end_head();
    header_used_ += position_ - line_start_;
    if (header_used_ > limits_.header_octets)
      return stop(errc::too_large,
                  "the header block is larger than " + std::to_string(limits_.header_octets) + " octets", line_start_);
    if (++header_lines_ > limits_.header_fields)
      return stop(errc::too_large, "there are more than " + std::to_string(limits_.header_fields) + " header lines",
                  line_start_);
    if (!clean_line()) return;
    if (state_ == state::trailers) say_once(note_code::http_trailer_fields, line_start_);
    if (line_[0] == ' ' || line_[0] == '\t') {
      // RFC 9112 section 2.2 has lines that begin with white space before the first field consumed without further ado.
      if (!field_open_)
        return say(note_code::http_line_without_colon, line_start_, "nothing precedes that it could fold");
      say(note_code::http_obs_fold, line_start_);
      if (auto const more = trim(line_); !more.empty()) block().extend_last(more);
      return;
    }
    auto const parsed = parse_field_line(line_);
    field_open_ = parsed.has_value();
    if (!parsed) return say(note_code::http_line_without_colon, line_start_);
    if (parsed->space_before_colon)
      say(note_code::http_space_before_colon, line_start_ + parsed->name.size(), std::string{parsed->name});
    block().add(std::string{parsed->name}, std::string{parsed->value});
    if (state_ == state::fields) layout_.fields.push_back(line_start_);
  }

  void end_head() {
    layout_.body = position_;
    bool const is_interim = response_ && message_.status >= 100 && message_.status < 200 && message_.status != 101;
    auto const decided = decide_framing(message_.headers);
    auto const* const known = std::get_if<framing>(&decided);
    if (response_ && (message_.status < 200 || message_.status == 204) && message_.headers.has("content-length"))
      say(note_code::http_length_with_no_content, offset_of("content-length"));
    if (is_interim) {
      if (message_.interim.size() == limits_.interim_responses)
        return stop(errc::too_large,
                    "there are more than " + std::to_string(limits_.interim_responses) + " interim responses",
                    layout_.start_line);
      say(note_code::http_interim_response, layout_.start_line, std::to_string(message_.status));
      message_.interim.push_back({message_.status, std::move(message_.reason), std::move(message_.headers)});
      message_.headers = {};
      message_.reason.clear();
      header_used_ = 0;
      state_ = state::start_line;
      return;
    }
    head_done_ = true;
    if (response_ && (equal_ignoring_case(method_asked_, "HEAD") || message_.status == 204 || message_.status == 304 ||
                      message_.status == 101)) {
      state_ = state::done;
      return;
    }
    if (auto const* const bad = std::get_if<framing_trouble>(&decided))
      return stop(bad->code, bad->detail, offset_of(bad->field));
    if (known->length_and_coding) say(note_code::http_length_and_chunked, offset_of("content-length"));
    if (known->repeated_length) say(note_code::http_repeated_content_length, offset_of("content-length"));
    switch (known->what) {
    case framing::kind::chunked:
      say(note_code::http_chunked, offset_of("transfer-encoding"));
      state_ = state::chunk_size;
      return;
    case framing::kind::length:
      if (known->length > limits_.body_octets)
        return stop(errc::too_large, "Content-Length is larger than " + std::to_string(limits_.body_octets) + " octets",
                    offset_of("content-length"));
      remaining_ = known->length;
      state_ = remaining_ == 0 ? state::done : state::sized;
      break;
    case framing::kind::none_given:
      state_ = response_ ? state::until_close : state::done;
      if (response_) say(note_code::http_close_delimited, position_);
      break;
    }
    if (state_ != state::done) layout_.runs.push_back({0, position_});
  }

  void end_trailers() { state_ = state::done; }

  std::size_t offset_of(std::string_view name) const noexcept {
    std::size_t i = 0;
    for (auto const& f : message_.headers) {
      if (equal_ignoring_case(f.name, name)) return layout_.fields[i];
      ++i;
    }
    return layout_.start_line;
  }

  void take_chunk_size() {
    auto const parsed = parse_chunk_line(line_);
    if (!parsed)
      return stop(errc::malformed_http, "a chunk size is not a number of hexadecimal digits only", line_start_);
    if (parsed->overflow || parsed->size > limits_.body_octets - message_.body.size())
      return stop(errc::too_large,
                  "a chunk makes the body larger than " + std::to_string(limits_.body_octets) + " octets", line_start_);
    if (parsed->extension) say_once(note_code::http_chunk_extension, line_start_);
    if (parsed->padding) say_once(note_code::http_chunk_padding, line_start_);
    // Sixteen digits are what a size needs; the rest of such lines counts as one header block does.
    chunk_overhead_ += line_.size() > 16 ? line_.size() - 16 : 0;
    if (chunk_overhead_ > limits_.header_octets)
      return stop(errc::too_large, "the chunk extensions are larger than the limit of a header block", line_start_);
    if (parsed->size == 0) {
      header_used_ = 0;
      header_lines_ = 0;
      field_open_ = false;
      state_ = state::trailers;
      return;
    }
    if (layout_.runs.size() == limits_.chunks)
      return stop(errc::too_large, "there are more than " + std::to_string(limits_.chunks) + " chunks", line_start_);
    layout_.runs.push_back({message_.body.size(), position_});
    remaining_ = parsed->size;
    state_ = state::chunk_data;
  }

  bool response_;
  std::string method_asked_;
  notes* notes_;
  read_limits limits_;

  state state_ = state::start_line;
  std::optional<failure> trouble_;
  std::vector<note_code> said_;
  std::string line_;           ///< the line that is being read, its end included until it is whole
  std::size_t line_start_ = 0; ///< where it began
  std::size_t position_ = 0;   ///< octets taken in all
  std::size_t header_used_ = 0, header_lines_ = 0, chunk_overhead_ = 0;
  std::size_t remaining_ = 0; ///< octets of the body or chunk that are still due
  bool field_open_ = false;   ///< the line before was a field, so that this one may fold it
  bool head_done_ = false;

  response message_; ///< for a request as well: version, headers and body are the same
  std::string method_, target_;
  message_layout layout_;
};

} // namespace detail

} // namespace est::http
