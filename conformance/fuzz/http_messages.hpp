#pragma once
/// The laws that the two HTTP targets share.

#include "expect.hpp"

#include <est/http/reader.hpp>
#include <est/http/writer.hpp>

#include <algorithm>
#include <optional>

namespace est::fuzz {

/// What comes of feeding a reader in pieces of the given size; `finish` hands the message over.
template <class Reader, class Finish>
auto read_in_pieces(Reader& reader, std::string_view octets, std::size_t piece, Finish finish) {
  for (std::size_t i = 0; i < octets.size() && !reader.done(); i += piece) {
    auto const taken = reader.feed(octets.substr(i, piece));
    if (!taken) break;
  }
  return finish(reader);
}

template <class Message>
void expect_same(result<Message> const& whole, result<Message> const& pieces, http::message_layout const& one,
                 http::message_layout const& other) {
  expect(whole.has_value() == pieces.has_value(), "pieces are read like the whole");
  if (whole)
    expect(*whole == *pieces && one.body == other.body && one.end == other.end && one.fields == other.fields,
           "pieces give the same message as the whole");
  else
    expect(whole.error() == pieces.error(), "pieces give the same failure as the whole");
}

template <class Message>
void expect_layout(Message const& m, std::string_view octets, http::message_layout const& layout) {
  expect(layout.fields.size() == m.headers.size(), "each field has an offset");
  std::size_t i = 0;
  for (auto const& f : m.headers)
    expect(octets.substr(layout.fields[i++], f.name.size()) == f.name, "the offset of a field is that of its name");
  for (std::size_t k = 0; k < m.body.size(); k += 1 + m.body.size() / 256)
    expect(octets.substr(layout.wire_offset(k), 1)[0] == m.body[k], "an octet of the content is found on the wire");
}

/// Room for the one field that `encode` may add.
inline http::read_limits roomier() {
  http::read_limits limits;
  limits.header_octets += 1024 + limits.header_octets; // a long line that was folded is written as one
  limits.header_fields += 1;
  limits.start_line += 1024;
  return limits;
}

template <class Message> void expect_law(Message const& m, result<Message> again) {
  expect(again.has_value(), "what is written can be read");
  if (!m.headers.has("content-length")) again->headers.erase("content-length");
  expect(*again == m, "a message is read as it was written");
}

} // namespace est::fuzz
