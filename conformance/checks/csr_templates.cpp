/// RFC 9908: how CSR attributes name extensions and keys, and the template of a CSR. The text was read in a reconstruction
/// (draft and examples), so that no row of it is more than a warning. Each predicate is one note of the parser.

#include "common.hpp"

#include <est/pki/csr_attributes.hpp>
#include <est/pki/csr_template.hpp>

namespace est::conformance {

namespace {

/// An answer with a list that can be read; what cannot be is told by the checks of RFC 7030 4.5.2 and RFC 8951 4.
bool has_list(situation const& s) {
  return s.read.op == operation::csrattrs && s.read.status() == 200 && s.read.body_der &&
         (!s.read.has_request || asked_with(s.read, "GET"));
}

template <note_code Code> verdict none_such(situation const& s) {
  notes remarks;
  auto const list = pki::parse_csr_attributes(*s.read.body_der, &remarks);
  if (!list) return verdict::undecided("the list could not be read");
  auto const* const n = remarks.find(Code);
  if (n == nullptr) return verdict::holds();
  auto const& d = definition_of(Code);
  return verdict::violated("attributes as " + std::string{d.clause} + " has them",
                           std::string{d.sentence} + (n->detail.empty() ? "" : " (" + n->detail + ")"), "response.body",
                           s.read.offset_of_body());
}

bool has_template(situation const& s) {
  if (!has_list(s)) return false;
  auto const list = pki::parse_csr_attributes(*s.read.body_der);
  return list && list->names(pki::oids::csr_template);
}

// 4: "EST servers with legacy clients MAY continue to use the unstructured list of attribute/value pairs"
verdict coexists(situation const& s) {
  notes remarks;
  auto const list = pki::parse_csr_attributes(*s.read.body_der, &remarks);
  if (!list) return verdict::not_applicable("the list could not be read");
  return verdict::seen(remarks.has(note_code::csr_template_beside_others)
                           ? "the template stands beside other attributes, for clients that do not know it"
                           : "the template stands alone");
}

using enum note_code;

constexpr predicate extension_oid[] = {
    {"csrattrs-extension-outside", none_such<csrattrs_extension_outside>},
    {"csrattrs-extension-request-of-microsoft", none_such<csrattrs_extension_request_microsoft>}};
constexpr predicate extension_single[] = {
    {"csrattrs-several-extension-requests", none_such<csrattrs_extension_requests>}};
constexpr predicate extension_value[] = {
    {"csrattrs-extension-request-values", none_such<csrattrs_extension_request_values>},
    {"csrattrs-extension-request-of-oids", none_such<csrattrs_extension_request_oid>},
    {"csrattrs-extension-request-unreadable", none_such<csrattrs_extension_request_value>}};
constexpr predicate extension_once[] = {{"csrattrs-extension-repeated", none_such<csrattrs_repeated_extension>}};
constexpr predicate key_attribute[] = {{"csrattrs-bare-key-type", none_such<csrattrs_bare_key_type>},
                                       {"csrattrs-bare-curve", none_such<csrattrs_bare_curve>},
                                       {"csrattrs-several-key-types", none_such<csrattrs_several_key_types>}};
constexpr predicate key_values[] = {{"csrattrs-key-parameters", none_such<csrattrs_key_parameters>}};
constexpr predicate subject[] = {{"csr-template-empty-subject", none_such<csr_template_empty_subject>}};
constexpr predicate placeholder[] = {{"csr-template-key-placeholder", none_such<csr_template_key_placeholder>}};
constexpr predicate full[] = {{"csr-template-nothing-open", none_such<csr_template_nothing_open>}};
constexpr predicate version[] = {{"csr-template-unreadable", none_such<csr_template_unreadable>},
                                 {"csr-template-version", none_such<csr_template_version>}};
constexpr predicate one_ert[] = {
    {"csr-template-several-extension-templates", none_such<csr_template_extension_templates>}};
constexpr predicate not_both[] = {{"csr-template-both-requests", none_such<csr_template_both_requests>}};
constexpr predicate ert_value[] = {{"csr-template-extension-values", none_such<csr_template_extension_values>}};
constexpr predicate attributes[] = {{"csr-template-without-attributes", none_such<csr_template_no_attributes>}};
constexpr predicate coexistence[] = {{"csr-template-seen", coexists, false}};

constexpr check checks[] = {
    {"csrattrs.extension-request", "rfc9908-3.2-extreq-oid", has_list, extension_oid},
    {"csrattrs.one-extension-request", "rfc9908-3.2-extreq-single", has_list, extension_single},
    {"csrattrs.extension-request-value", "rfc9908-3.2-extreq-one-value", has_list, extension_value},
    {"csrattrs.extension-once", "rfc9908-3.2-no-dup-extn", has_list, extension_once},
    {"csrattrs.key-type", "rfc9908-3.2-key-attribute", has_list, key_attribute},
    {"csrattrs.key-parameters", "rfc9908-3.2-key-values", has_list, key_values},
    {"csrattrs.template-subject", "rfc9908-3.4-subject-presence", has_template, subject},
    {"csrattrs.template-key", "rfc9908-3.4-rsa-placeholder", has_template, placeholder},
    {"csrattrs.template-full", "rfc9908-3.4-extreq-when-full", has_template, full},
    {"csrattrs.template-version", "rfc9908-3.4-version", has_template, version},
    {"csrattrs.template-one-extension-template", "rfc9908-3.4-one-ert", has_template, one_ert},
    {"csrattrs.template-one-way", "rfc9908-3.4-not-both", has_template, not_both},
    {"csrattrs.template-extension-value", "rfc9908-3.4-ert-one-value", has_template, ert_value},
    {"csrattrs.template-attributes", "rfc9908-3.4-attributes-present", has_template, attributes},
    {"csrattrs.template-coexists", "rfc9908-4-coexistence", has_template, coexistence},
};

} // namespace

std::span<const check> csr_template_checks() { return checks; }

} // namespace est::conformance
