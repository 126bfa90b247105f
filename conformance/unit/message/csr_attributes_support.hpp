#pragma once
/// What the tests of CSR attributes share: vectors as octets, lists made of octets, and notes and unmet wishes as text.

#include "../vectors.hpp"
#include "pki_fixture.hpp"

#include <est/core/base64.hpp>
#include <est/pki/csr_attributes.hpp>
#include <est/pki/csr_plan.hpp>
#include <est/pki/csr_template.hpp>

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace est::test {

inline bytes vector_octets(std::string_view name) { return must(decode_base64(read_vector(name))); }

inline pki::csr_attributes read_list(byte_view der) { return must(pki::parse_csr_attributes(der)); }

inline bytes list_of(std::initializer_list<byte_view> elements) { return pki::der::sequence(elements); }
inline bytes set_of(std::initializer_list<byte_view> values) { return pki::der::value(pki::tag::set, values); }
inline bytes attribute_of(pki::object_id const& type, std::initializer_list<byte_view> values) {
  return pki::der::sequence({type.encode(), set_of(values)});
}

/// The names of the notes, in order: `csrattrs_bare_curve csrattrs_bare_hash`.
inline std::string codes(notes const& said) {
  std::string text;
  for (auto const& n : said) text += (text.empty() ? "" : " ") + std::string{definition_of(n.code).name};
  return text;
}

/// The notes of a list that can be read.
inline std::string codes_of(byte_view der) {
  notes said;
  auto const list = pki::parse_csr_attributes(der, &said);
  BOOST_REQUIRE_MESSAGE(list, why(list));
  return codes(said);
}

inline std::string unmet_of(pki::csr_plan const& plan) {
  std::string text;
  for (auto const& one : plan.unmet) text += to_text(one) + "\n";
  return text;
}

inline constexpr char const* list_vectors[] = {
    "rfc7030/a2-csrattrs-response.b64", "rfc7030/s452-csrattrs.b64",         "rfc9908/s34-constructed.b64",
    "rfc9908/s51-realistic-acp.b64",    "rfc9908/s52-rfc7030-example01.b64", "rfc9908/s53-potato-example.b64",
    "rfc9908/s54-harkins01.b64",        "rfc9908/s55-harkins02.b64",         "rfc9908/s56-harkins03.b64"};

} // namespace est::test
