#pragma once
/// HTTP/1.1 octets to messages: incremental readers for responses and requests, and one call for whole recorded messages.
/// One tolerant reader: what it reads past is a note, what it cannot understand is a failure with the octet's offset.
///
/// Source:  RFC 9112 sections 2 to 8, RFC 9110 sections 5, 6, 8.6 and 15.2
/// Reads:   Content-Length, chunked, close-delimited; HEAD, 204, 304 and 1xx without content; interim 1xx before the final
///          answer; HTTP/1.0. 101 ends a response, as HTTP ends there.
/// Does NOT: decode a Content-Encoding, follow an Upgrade, or read transfer codings other than chunked.
/// Notes:   those of the http block in core/notes.hpp. Their offsets, like those of failures, count the octets fed.
/// Promises: time linear in the octets however they are cut into pieces; memory bounded by `read_limits`; no field value
///          and no octet of a body is ever quoted in a note or a failure, but for the numbers of unlike Content-Lengths.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>
#include <est/http/message.hpp>
#include <est/http/message_machine.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::http {

/// Reads one response, with the interim responses in front of it, from pieces of any size.
class response_reader {
public:
  /// In: the method of the request that is answered (a response to HEAD has no content); empty if it is not known.
  ///     `out` must outlive the reader.
  explicit response_reader(std::string method_asked, notes* out = nullptr, read_limits limits = {})
      : machine_(true, std::move(method_asked), out, limits) {}

  /// Out:    how many octets were taken: fewer than given once the response is whole.
  /// Errors: malformed_http, unsupported_coding, too_large; the same one again on every later call.
  result<std::size_t> feed(std::string_view octets) { return machine_.feed(octets); }

  bool done() const noexcept { return machine_.done(); }
  /// The final status line and its fields are in.
  bool head_done() const noexcept { return machine_.head_done(); }
  std::vector<interim_response> const& interim() const noexcept { return machine_.message().interim; }

  /// The stream has ended, or no more is wanted since `done()`. Hands the response over: call it once.
  /// Errors: truncated when the response is not whole, or whatever `feed` failed with.
  result<response> finish(stream_end how) {
    if (auto trouble = machine_.end(how)) return fail(std::move(*trouble));
    return std::move(machine_.message());
  }

  message_layout const& layout() const noexcept { return machine_.layout(); }

private:
  detail::message_machine machine_;
};

/// Reads one request from pieces of any size.
class request_reader {
public:
  explicit request_reader(notes* out = nullptr, read_limits limits = {}) : machine_(false, {}, out, limits) {}

  result<std::size_t> feed(std::string_view octets) { return machine_.feed(octets); }
  bool done() const noexcept { return machine_.done(); }
  /// The request line and the fields are in: the moment to answer an `Expect: 100-continue`.
  bool head_done() const noexcept { return machine_.head_done(); }
  /// The fields so far.
  fields const& headers() const noexcept { return machine_.message().headers; }

  /// Hands the request over: call it once. Trailer fields are not kept.
  result<request> finish() {
    if (auto trouble = machine_.end(stream_end::orderly)) return fail(std::move(*trouble));
    auto& m = machine_.message();
    return request{std::move(machine_.method()), std::move(machine_.target()), std::move(m.version),
                   std::move(m.headers), std::move(m.body)};
  }

  message_layout const& layout() const noexcept { return machine_.layout(); }

private:
  detail::message_machine machine_;
};

namespace detail {

template <class Reader>
result<void> feed_whole(Reader& reader, std::string_view octets, notes* out, std::string_view where) {
  auto const taken = reader.feed(octets);
  if (!taken) return fail(taken.error());
  if (*taken != octets.size())
    remark(out, note_code::http_octets_after_message, std::string{where}, *taken,
           std::to_string(octets.size() - *taken) + " octets");
  return {};
}

} // namespace detail

/// Reads a whole recorded response; interim responses may stand in front of it. The stream is taken to have ended in good
/// order where the octets do; octets after the message are a note.
/// In: `layout`, where given, is filled as far as was read, even on failure.
inline result<response> parse_response(std::string_view octets, std::string_view method_asked, notes* out = nullptr,
                                       read_limits limits = {}, message_layout* layout = nullptr) {
  response_reader reader{std::string{method_asked}, out, limits};
  auto const fed = detail::feed_whole(reader, octets, out, "response");
  if (layout) *layout = reader.layout();
  if (!fed) return fail(fed.error());
  return reader.finish(stream_end::orderly);
}

/// Reads a whole recorded request. Octets after the message are a note.
inline result<request> parse_request(std::string_view octets, notes* out = nullptr, read_limits limits = {},
                                     message_layout* layout = nullptr) {
  request_reader reader{out, limits};
  auto const fed = detail::feed_whole(reader, octets, out, "request");
  if (layout) *layout = reader.layout();
  if (!fed) return fail(fed.error());
  return reader.finish();
}

} // namespace est::http
