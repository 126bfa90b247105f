#pragma once
/// What the checks of all areas share: how an answer is classed, when a refusal proves anything, which exchange can serve
/// as a control, and the comparison of keys. Nothing here is a check.

#include "../check.hpp"

#include <est/core/bytes.hpp>
#include <est/pki/certificate.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace est::conformance {

// Each area's checks, in the order of the catalogue; `all_checks` puts them in a row.
std::span<const check> cacerts_checks();
std::span<const check> certificate_checks();
std::span<const check> csr_template_checks();
std::span<const check> csrattrs_checks();
std::span<const check> encoding_checks();
std::span<const check> enroll_checks();
std::span<const check> format_checks();
std::span<const check> full_cmc_checks();
std::span<const check> http_checks();
std::span<const check> linking_checks();
std::span<const check> observation_checks();
std::span<const check> odd_request_checks();
std::span<const check> policy_checks();
std::span<const check> protected_key_checks();
std::span<const check> renewal_checks();
std::span<const check> server_keygen_checks();
std::span<const check> tls_checks();

/// What an answer amounts to.
enum class answer_kind : std::uint8_t {
  none,       ///< nothing came that can be read as HTTP
  success,    ///< 2xx but 202
  pending,    ///< 202
  redirected, ///< 3xx
  refused,    ///< 4xx and 501, but for the following
  not_now,    ///< 408, 425, 429, 503: it says nothing about the request
  failed,     ///< another 5xx: refused, and not as it should be
};

answer_kind kind_of(reading const&) noexcept;

/// `200 OK`
std::string status_text(reading const&);

/// simpleenroll or simplereenroll.
bool is_enrolment(reading const&) noexcept;
/// simpleenroll, simplereenroll or serverkeygen.
bool takes_csr(reading const&) noexcept;
bool asked_with(reading const&, std::string_view method) noexcept;

/// The last exchange of its record: the one that carries the question.
bool is_question(situation const&) noexcept;

/// The same credentials, as far as is recorded.
bool same_credentials(situation const&, neighbour const&) noexcept;
/// Operation, label and method are the same, and so are the credentials.
bool same_address(situation const&, neighbour const&) noexcept;

/// The same operation, asked for in the same way, succeeded under a CA label: then the server may do without the path that has
/// none, by one of two ways to read RFC 7030 3.2.2. Null if there is no such exchange.
neighbour const* served_under_label(situation const&) noexcept;

/// What a control has to be like, besides accepted.
struct likeness {
  using test = bool (*)(reading const& question, reading const& control);
  /// Of the control that the run itself made: keys and subjects may be others.
  test recorded;
  /// Of an exchange that is merely found among captures: there the client is the same only if the CSR is.
  test found;
};

/// The exchange that shows that the question's request would have been answered without its one peculiarity: the record's
/// own control; for captures one of the set with the same address and credentials that was answered 2xx. Either is one
/// only if it is alike: a control of another peculiarity proves nothing.
struct control_found {
  reading const* read = nullptr;
  bool recorded_as_control = false; ///< by the run; not merely found among the others
  bool accepted() const noexcept { return read != nullptr && kind_of(*read) == answer_kind::success; }
};
control_found find_control(situation const&, likeness);

/// What is to be said of an answer that decides nothing about the request: none that can be read, a redirection, a server that
/// puts the client off. None where it decides, or lets the client wait for it.
std::optional<verdict> without_decision(situation const&);

/// For a request that a server has to refuse: holds when it was refused, its control accepted, and the server alive
/// afterwards; undecided otherwise. An answer of success is the caller's to judge first.
verdict judge_refusal(situation const&, likeness);

/// For a request that a server has to treat like its control: violated when it was refused and the control accepted;
/// undecided when there is no such control, or when the refusal may well have another reason.
/// In: what the server should not have minded, for the sentence: `a body without Content-Transfer-Encoding`
verdict judge_equal_treatment(situation const&, likeness, std::string_view what);

/// How the base64 text of a request is laid out.
enum class text_layout : std::uint8_t { one_line, lf_lines, crlf_lines, with_blanks };
text_layout layout_of(std::string_view body) noexcept;

/// What two requests may differ in, besides what they ask for.
enum class aspect : std::uint8_t { layout, transfer_encoding, media_type, chunked, target_form };
/// Sent alike but for that one aspect, in which they differ; CSRs, if any, ask for the same kind of thing.
bool alike_but(aspect, reading const&, reading const&);

/// The keys are of one algorithm, and the attributes of the same types; challengePassword is left out of account.
bool same_kind_of_csr(reading const&, reading const&);

/// The same CSR, octet by octet.
bool same_csr(reading const&, reading const&);
/// The same subject, key and attributes; the signature may differ.
bool same_csr_but_signature(reading const&, reading const&);
/// The same subject and key.
bool same_subject_and_key(reading const&, reading const&);

/// Two SubjectPublicKeyInfo hold the same key. Algorithm parameters that are absent and NULL count as the same.
/// Out: none where it cannot be told: an EC key that is compressed in one and not in the other, octets that are no
///      SubjectPublicKeyInfo.
std::optional<bool> same_key(byte_view a, byte_view b);

/// `RSA, 4096 bit`, `EC, 256 bit`, `Ed25519`: for a sentence.
std::string describe_key(byte_view public_key_info);

/// The text of a DER Name, for a sentence; hexadecimal where it cannot be read.
std::string describe_name(byte_view name);

/// The certificate that an enrolment or a serverkeygen answer is about: the only one, or the only one that is no CA
/// certificate. Null if it cannot be told.
pki::certificate const* issued_certificate(reading const&);

/// The first part that is a key, and the first with the certificates; null if there is none.
part_reading const* key_part(reading const&) noexcept;
part_reading const* certificate_part(reading const&) noexcept;
/// `response.body.part[1]`
std::string part_name(reading const&, part_reading const&);

/// Text that a person can read: UTF-8 without control characters other than TAB, CR and LF.
bool is_readable_text(std::string_view) noexcept;

/// Octets that are certainly no CSR, in whatever form: empty, or no well-formed BER value under the base64 or PEM.
bool is_broken_request(reading const&);

/// What a check of the decoded body says where there is none to look at: violated when the body is no payload at all (HTML,
/// JSON, nothing), undecided when it is a payload in the wrong clothes, which the encoding checks report. None where the
/// body was decoded.
/// In: what was expected, for the sentence
std::optional<verdict> judge_undecoded(situation const&, std::string expected);

/// Text of a peer's for a sentence: ASCII alone, in quotes, 60 characters at most.
std::string in_quotes(std::string_view);

} // namespace est::conformance
