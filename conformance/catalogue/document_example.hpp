#pragma once
/// Reads HTTP messages that are printed in a document, as the appendices of RFCs print them: indented, with prose around, with
/// lines of blanks for empty lines, and with page breaks. Nothing is repaired that could be wrong in the example itself.

#include <est/core/notes.hpp>
#include <est/core/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est::conformance {

/// Something worth saying about the document, for a person. Never quotes a header value or a body.
struct document_remark {
  std::size_t line = 0; ///< of the document, the first being 1
  std::string text;
};

/// What is known of one message besides its octets.
struct example_facts {
  bool is_request = false;
  std::size_t line = 0;                     ///< of the start line in the document
  std::optional<std::size_t> stated_length; ///< the Content-Length that is printed
  std::size_t length_with_lf = 0;           ///< octets of the printed body, each line ended by LF
  std::size_t length_with_crlf = 0;         ///< likewise by CRLF

  struct place {
    std::size_t offset, line;
  };
  std::vector<place> places; ///< where each line of the message stands: offset in the message, line of the document

  /// The line of the document that an octet of the message comes from.
  std::size_t line_at(std::size_t offset) const noexcept;
};

/// The messages of a document, in order, as octets that `http::parse_request` and `http::parse_response` read.
struct document_example {
  std::vector<std::string> messages;
  std::vector<example_facts> facts; ///< in step with `messages`
  std::vector<document_remark> remarks;
};

/// The most that is read of a document.
inline constexpr std::size_t largest_document = 1u << 20;

/// Whether a text is such a document: an indented HTTP start line stands in it, and it does not itself begin with a start
/// line, as recorded octets would.
bool looks_like_document_example(std::string_view text) noexcept;

/// Reads a document.
/// How:
/// - A message begins at a start line and is indented as that line is; that much is taken off each of its lines. A line of
///   blanks is an empty line. Page breaks (a `[Page N]` line and the header line after it) are taken out.
/// - The header block ends at the first empty line. A long header line that the page wrapped is joined again.
/// - A multipart body reaches from there to the last line that begins with the delimiter, text at the left margin included;
///   indented lines right after it are the epilogue. Any other body is the block of indented lines up to the next empty
///   one, and is there only if Content-Length says so, or if none is printed and the block looks like base64; base64 goes
///   on after empty lines as long as Content-Length asks for more.
/// - Everything else is prose.
/// - Header lines are given CRLF, multipart bodies too (a printed page has no line ends, and CRLF is what MIME demands);
///   other bodies LF, unless CRLF gives the Content-Length that is printed. A Content-Length that fits neither is replaced
///   by that of the body as given, and said so.
/// Remarks: the repairs above, and what is wrong with a multipart body: a line that holds the delimiter but does not begin
///          with it, a part without an empty line after its header.
/// Notes:   what the HTTP and multipart parsers note of each message, under `message[N]`
/// Errors:  malformed_http: no start line; too_large
result<document_example> read_document_example(std::string_view text, notes* = nullptr);

} // namespace est::conformance
