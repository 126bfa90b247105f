/// Rows of the RFCs that EST builds upon: MIME's multipart (RFC 2046) and CMS SignedData (RFC 5652).

#include "common.hpp"

#include <algorithm>

namespace est::conformance {

namespace {

bool is_multipart(situation const& s) {
  return s.read.op == operation::serverkeygen && s.read.succeeded() && s.read.response_type &&
         s.read.response_type->is("multipart/mixed");
}

/// The header block came with bare LF as well: line ends were lost on the way here, as in a printed document.
bool line_ends_are_lost(situation const& s) { return s.read.remarks.has(note_code::http_bare_lf); }

/// Content-Length ends the message before its octets end: what the body lacks may stand behind.
bool is_cut_by_length(situation const& s) { return s.read.remarks.has(note_code::http_octets_after_message); }

verdict of_note(situation const& s, note_code code, std::string expected) {
  auto const* const n = s.read.multipart_remarks.find(code);
  if (n == nullptr) return verdict::holds();
  return verdict::violated(std::move(expected), std::string{definition_of(code).sentence}, "response.body",
                           n->offset ? s.read.response_layout.wire_offset(*n->offset) : s.read.offset_of_body());
}

// RFC 2046 5.1: "The Content-Type field for multipart entities requires one parameter, "boundary"." 5.1.1:
// boundary := 0*69<bchars> bcharsnospace
verdict has_boundary(situation const& s) {
  constexpr auto expected = "a boundary parameter of 1 to 70 characters that RFC 2046 5.1.1 allows";
  auto const at = s.read.offset_of_field("Content-Type");
  auto const boundary = s.read.response_type->find("boundary");
  if (!boundary) return verdict::violated(expected, "no boundary parameter", "response", at);
  auto const allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view{"'()+_,-./:=? "}.find(c) != std::string_view::npos;
  };
  if (boundary->empty() || boundary->size() > 70)
    return verdict::violated(expected, std::to_string(boundary->size()) + " characters", "response", at);
  if (boundary->back() == ' ' || !std::all_of(boundary->begin(), boundary->end(), allowed))
    return verdict::violated(expected, "a boundary with other characters, or one that ends in a space", "response", at);
  return verdict::holds();
}

verdict is_readable(situation const& s) {
  if (s.read.multipart_trouble) return verdict::undecided("the body could not be taken apart");
  return verdict::holds();
}

verdict lines_end_in_crlf(situation const& s) {
  if (line_ends_are_lost(s))
    return verdict::not_applicable("the header lines end in bare LF too: it is no raw capture");
  return of_note(s, note_code::multipart_bare_lf, "CRLF around delimiters and in the headers of parts");
}

verdict headers_end_in_empty_line(situation const& s) {
  auto missing =
      of_note(s, note_code::multipart_missing_blank_line, "an empty line between the header and the body of a part");
  if (missing.what != verdict::kind::holds) return missing;
  return of_note(s, note_code::multipart_blank_only_line, "an empty line between the header and the body of a part");
}

verdict has_close_delimiter(situation const& s) {
  if (is_cut_by_length(s)) return verdict::undecided("Content-Length ends the body before its octets end");
  auto open = of_note(s, note_code::multipart_no_close_delimiter, "a closing delimiter");
  if (open.what != verdict::kind::holds) return open;
  return of_note(s, note_code::multipart_text_after_delimiter, "nothing but blanks after a delimiter");
}

// RFC 5652 5.1: "version is the syntax version number"; 1 where all certificates are X.509, the content type is id-data and
// there is no signer of version 3. signerInfos is not OPTIONAL.
bool has_signed_data(situation const& s) {
  if (s.read.status() != 200) return false;
  return s.read.certificates.has_value() || certificate_part(s.read) != nullptr;
}

verdict of_cms_note(situation const& s, note_code code, std::string expected) {
  if (s.read.certificates && s.read.remarks.has(code))
    return verdict::violated(std::move(expected), std::string{definition_of(code).sentence}, "response.body",
                             s.read.offset_of_body());
  auto const* const part = certificate_part(s.read);
  if (part != nullptr && part->remarks.has(code))
    return verdict::violated(std::move(expected), std::string{definition_of(code).sentence}, part_name(s.read, *part),
                             part->offset);
  return verdict::holds();
}

verdict has_signed_data_version(situation const& s) {
  return of_cms_note(s, note_code::cms_version, "SignedData of version 1");
}

verdict has_signer_infos(situation const& s) {
  return of_cms_note(s, note_code::cms_no_signer_infos, "a signerInfos field, be it empty");
}

constexpr predicate boundary[] = {{"mime-boundary-parameter", has_boundary},
                                  {"mime-unreadable", is_readable, false},
                                  {"mime-bare-lf", lines_end_in_crlf},
                                  {"mime-no-empty-line", headers_end_in_empty_line},
                                  {"mime-no-close-delimiter", has_close_delimiter}};
constexpr predicate signed_data[] = {{"cms-version", has_signed_data_version},
                                     {"cms-no-signer-infos", has_signer_infos}};

constexpr check checks[] = {
    {"mime.multipart", "mime-boundary", is_multipart, boundary},
    {"cms.signed-data", "cms-version", has_signed_data, signed_data},
};

} // namespace

std::span<const check> format_checks() { return checks; }

} // namespace est::conformance
