// Revocation lists: made, read, cut, and why one is of no use.
#include <est/pki/crl.hpp>

#include "support.hpp"

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(revocation_lists)

namespace {

certificate const& root() {
  static auto const made = make_root("Root", key("P-256"));
  return made;
}

crl_order two_revoked() {
  crl_order order;
  order.this_update = some_day;
  order.next_update = some_day + std::chrono::hours{24};
  order.number = 7;
  order.revoked = {{{0x80, 1}, some_day - std::chrono::hours{1}, revocation_reason::key_compromise},
                   {{5}, some_day - std::chrono::hours{2}, revocation_reason::unspecified}};
  return order;
}

crl made(crl_order const& order) {
  auto list = make_crl(order, key("P-256"), root(), "", surroundings());
  BOOST_REQUIRE_MESSAGE(list, (list ? "" : to_text(list.error())));
  return std::move(*list);
}

/// A list put together from raw fields behind the issuer's name.
bytes assemble(std::initializer_list<byte_view> behind_issuer, bytes const& version = der::integer(1u)) {
  auto const algorithm = signing_key{key("P-256")}.algorithm();
  BOOST_REQUIRE(algorithm);
  bytes rest;
  for (auto const part : behind_issuer) rest.insert(rest.end(), part.begin(), part.end());
  auto const tbs = der::sequence({version, algorithm->identifier, root().subject_der(), rest});
  auto const signature = sign(key("P-256").botan(), "", tbs, surroundings().rng);
  BOOST_REQUIRE(signature);
  return der::sequence({tbs, signature->algorithm, der::bit_string(signature->octets)});
}

const bytes now = der::time(some_day), tomorrow = der::time(some_day + std::chrono::hours{24});

bytes extensions(std::vector<extension> more) {
  more.push_back({oids::crl_number, false, der::integer(1u)});
  more.push_back(make_authority_key_identifier(*root().subject_key_identifier()));
  return der::value(tag::context(0), encode_extensions(more));
}

bytes entry(std::vector<extension> const& more = {}) {
  return der::sequence({der::integer(5u), now, more.empty() ? bytes{} : encode_extensions(more)});
}

crl read(byte_view octets, notes* out = nullptr) {
  auto list = parse_crl(octets, out);
  BOOST_REQUIRE_MESSAGE(list, (list ? "" : to_text(list.error())));
  return std::move(*list);
}

bytes full_name(char const* uri) {
  auto const name = der::value(tag::context_primitive(6), as_bytes(std::string_view{uri}));
  return der::value(tag::context(0), der::value(tag::context(0), name));
}

certificate with(std::vector<extension> more, bool ca = false) {
  certificate_order order;
  order.subject_der = make_name({{oids::common_name, "x"}});
  order.public_key_info = key("P-384").public_key_info();
  order.not_before = some_day;
  order.not_after = some_day + std::chrono::hours{1};
  if (ca) more.push_back(make_basic_constraints(true));
  order.extensions = std::move(more);
  auto issued = make_certificate(order, key("P-256"), root(), "", surroundings());
  BOOST_REQUIRE(issued);
  return std::move(*issued);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_made_is_what_was_ordered) {
  for (auto const* kind : kinds) {
    auto const issuer = make_root("Root", key(kind));
    auto const list = make_crl(two_revoked(), key(kind), issuer, "", surroundings());
    BOOST_REQUIRE_MESSAGE(list, kind);
    notes remarks;
    auto const again = read(list->der(), &remarks);
    BOOST_TEST(remarks.empty());
    BOOST_TEST((again == *list));
    BOOST_TEST(again.version() == 2);
    BOOST_TEST(again.verifies_under(issuer), kind);
    BOOST_TEST(again.issuer_der() == issuer.subject_der());
    BOOST_TEST((again.this_update() == some_day));
    BOOST_TEST((again.next_update() == some_day + std::chrono::hours{24}));
    BOOST_TEST((again.number() == bytes{7}));
    BOOST_TEST(again.obstacle() == "");
    BOOST_REQUIRE(again.revoked().size() == 2u);
    BOOST_TEST((again.revoked()[0] == two_revoked().revoked[1])); // sorted
    BOOST_TEST((again.revoked()[1] == two_revoked().revoked[0]));
  }
}

BOOST_AUTO_TEST_CASE(an_entry_is_found_by_the_serial_number) {
  auto order = two_revoked();
  for (std::uint8_t i = 10; i < 200; ++i) order.revoked.push_back({{i, 3}, some_day});
  auto const list = made(order);
  BOOST_TEST(list.revoked().size() == 192u);
  for (auto const& one : order.revoked) {
    BOOST_REQUIRE(list.find(one.serial) != nullptr);
    BOOST_TEST((*list.find(one.serial) == one));
  }
  for (auto const& absent : {bytes{}, bytes{6}, bytes{10}, bytes{10, 4}, bytes{0, 5}, bytes(20, 0xff)})
    BOOST_TEST((list.find(absent) == nullptr));
}

BOOST_AUTO_TEST_CASE(every_reason_is_kept) {
  for (unsigned code = 0; code <= 10; ++code) {
    if (code == 7) continue;
    auto order = two_revoked();
    order.revoked = {{{1}, some_day, static_cast<revocation_reason>(code)}};
    BOOST_TEST((made(order).find(bytes{1})->reason == static_cast<revocation_reason>(code)));
  }
  BOOST_TEST(name(revocation_reason::key_compromise) == "keyCompromise");
}

BOOST_AUTO_TEST_CASE(a_list_of_nobody_has_no_entries_field) {
  auto order = two_revoked();
  order.revoked.clear();
  auto const list = made(order);
  notes remarks;
  BOOST_TEST(read(list.der(), &remarks).revoked().empty());
  BOOST_TEST(remarks.empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_ordered_is_refused) {
  auto order = two_revoked();
  order.next_update = some_day - std::chrono::seconds{1};
  BOOST_TEST((make_crl(order, key("P-256"), root(), "", surroundings()).error().code == errc::invalid_argument));
  order = two_revoked();
  order.revoked[0].serial.clear();
  BOOST_TEST((make_crl(order, key("P-256"), root(), "", surroundings()).error().code == errc::invalid_argument));
  BOOST_TEST((make_crl(two_revoked(), key("P-384"), root(), "", surroundings()).error().code == errc::key_mismatch));
}

BOOST_AUTO_TEST_CASE(it_is_in_force_from_its_date_to_the_next) {
  auto const list = made(two_revoked());
  BOOST_TEST(!list.in_force_at(some_day - std::chrono::seconds{1}));
  BOOST_TEST(list.in_force_at(some_day));
  BOOST_TEST(list.in_force_at(some_day + std::chrono::hours{24}));
  BOOST_TEST(!list.in_force_at(some_day + std::chrono::hours{24} + std::chrono::seconds{1}));
  notes remarks;
  BOOST_TEST(read(assemble({now, extensions({})}), &remarks).in_force_at(some_day + std::chrono::hours{24 * 3650}));
  BOOST_TEST(remarks.size() == 1u);
  BOOST_TEST(remarks.has(note_code::crl_no_next_update));
}

BOOST_AUTO_TEST_CASE(the_signature_is_the_issuers_and_covers_all) {
  auto const list = made(two_revoked());
  BOOST_TEST(list.verifies_under(root()));
  BOOST_TEST(!list.verifies_under(make_root("Root", key("P-384"))));
  BOOST_TEST(!list.verifies_under(make_root("Other", key("P-256")))); // the key alone is not enough
  auto octets = list.der();
  octets.back() ^= 1;
  BOOST_TEST((read(octets).check_signature(root().public_key_info()).error().code == errc::bad_signature));
}

BOOST_AUTO_TEST_CASE(an_issuer_that_may_not_sign_lists_does_not) {
  certificate_order order;
  order.subject_der = root().subject_der();
  order.not_before = some_day;
  order.not_after = some_day + std::chrono::hours{1};
  order.extensions = {make_basic_constraints(true), make_key_usage(key_usage::key_cert_sign)};
  auto const only_certificates = make_self_signed(order, key("P-256"), "", surroundings());
  BOOST_REQUIRE(only_certificates);
  BOOST_TEST(!made(two_revoked()).verifies_under(*only_certificates));
}

BOOST_AUTO_TEST_CASE(each_deviation_is_noted) {
  auto const one_note = [](bytes const& octets, note_code code) {
    notes remarks;
    read(octets, &remarks);
    BOOST_TEST(remarks.size() == 1u, definition_of(code).name);
    BOOST_TEST(remarks.has(code), definition_of(code).name);
  };
  one_note(assemble({now, tomorrow}, {}), note_code::crl_version_1);
  one_note(assemble({now, tomorrow, der::sequence({}), extensions({})}), note_code::crl_empty_list);
  auto const number = der::value(
      tag::context(0), encode_extensions(std::vector<extension>{{oids::crl_number, false, der::integer(1u)}}));
  one_note(assemble({now, tomorrow, number}), note_code::crl_no_key_identifier);
  auto const identifier =
      der::value(tag::context(0), encode_extensions(std::vector<extension>{make_authority_key_identifier(bytes{1})}));
  one_note(assemble({now, tomorrow, identifier}), note_code::crl_no_number);
}

// RFC 5280 sections 5.2 and 5.3: such a list MUST NOT be used
BOOST_AUTO_TEST_CASE(a_list_of_another_kind_says_why_it_is_of_no_use) {
  auto const said = [](bytes const& octets, char const* wanted) {
    auto const why = read(octets).obstacle();
    BOOST_TEST(why.find(wanted) != std::string::npos, "'" << why << "' and not " << wanted);
  };
  auto const flag = [](unsigned number) { return der::value(tag::context_primitive(number), bytes{0xff}); };
  auto const scoped = [](std::initializer_list<byte_view> fields) {
    return assemble({now, tomorrow, extensions({{oids::issuing_distribution_point, true, der::sequence(fields)}})});
  };
  said(assemble({now, tomorrow, extensions({{oids::delta_crl_indicator, true, der::integer(1u)}})}), "delta");
  said(assemble({now, tomorrow, extensions({{{1, 2, 3}, true, der::null()}})}), "1.2.3");
  said(scoped({flag(4)}), "indirect");
  said(scoped({flag(5)}), "attribute certificates");
  said(scoped({der::value(tag::context_primitive(3), bytes{6, 0x40})}), "some reasons");
  said(scoped({der::value(tag::context(0), der::value(tag::context(1), bytes{}))}), "full name");
  said(scoped({der::integer(1u)}), "cannot be read");
  said(assemble({now, tomorrow, der::sequence({entry({{{2, 5, 29, 29}, true, der::sequence({})}})}), extensions({})}),
       "2.5.29.29");
  BOOST_TEST(read(assemble({now, tomorrow, extensions({{{1, 2, 3}, false, der::null()}})})).obstacle() == "");
  BOOST_TEST(read(scoped({flag(1)})).obstacle() == "");
}

// RFC 5280 section 6.3.3 (b)
BOOST_AUTO_TEST_CASE(a_list_is_about_the_certificates_of_its_scope) {
  auto const scoped = [](std::initializer_list<byte_view> fields) {
    return read(
        assemble({now, tomorrow, extensions({{oids::issuing_distribution_point, true, der::sequence(fields)}})}));
  };
  auto const yes = bytes{0xff};
  auto const user = with({}), ca = with({}, true);
  auto const users = scoped({der::value(tag::context_primitive(1), yes)});
  auto const cas = scoped({der::value(tag::context_primitive(2), yes)});
  BOOST_TEST(users.covers(user));
  BOOST_TEST(!users.covers(ca));
  BOOST_TEST(!cas.covers(user));
  BOOST_TEST(cas.covers(ca));
  BOOST_TEST(made(two_revoked()).covers(user));

  auto const here = scoped({full_name("http://a.example/1.crl")});
  auto const points = [](char const* uri) {
    return extension{oids::crl_distribution_points, false, der::sequence({der::sequence({full_name(uri)})})};
  };
  BOOST_TEST(here.covers(with({points("http://a.example/1.crl")})));
  BOOST_TEST(!here.covers(with({points("http://a.example/2.crl")})));
  BOOST_TEST(!here.covers(user));
}

BOOST_AUTO_TEST_CASE(octets_that_are_no_list_are_refused_with_a_place) {
  auto const code = [](bytes const& octets) {
    auto const list = parse_crl(octets);
    return list ? errc::internal : list.error().code;
  };
  BOOST_TEST((code({}) == errc::truncated));
  BOOST_TEST((code(root().der()) == errc::malformed_crl));
  BOOST_TEST((code(assemble({now, tomorrow}, der::integer(2u))) == errc::malformed_crl));
  BOOST_TEST((code(assemble({der::text(tag::utc_time, "2601010000Z")})) == errc::malformed_crl));
  BOOST_TEST((code(assemble({now, der::text(tag::utc_time, "x")})) == errc::malformed_crl));
  BOOST_TEST((code(assemble({now, tomorrow, der::null()})) == errc::malformed_crl));
  BOOST_TEST(
      (code(assemble({now, tomorrow, der::sequence({der::sequence({der::integer(1u)})})})) == errc::malformed_crl));
  auto longer = made(two_revoked()).der();
  longer.push_back(0);
  BOOST_TEST((code(longer) == errc::trailing_data));
}

BOOST_AUTO_TEST_CASE(a_cut_list_is_refused_at_every_octet) {
  auto const list = made(two_revoked()).der();
  for_every_truncation(list, [](byte_view cut) { BOOST_TEST(!parse_crl(cut)); });
}

BOOST_AUTO_TEST_CASE(a_changed_bit_is_refused_or_read_back_as_it_is) {
  auto const list = made(two_revoked()).der();
  for_every_bit(list, [](byte_view changed, std::size_t) {
    auto const parsed = parse_crl(changed);
    if (!parsed) return;
    BOOST_TEST(equal(parsed->der(), changed));
    static_cast<void>(parsed->number());
    static_cast<void>(parsed->issuer_text());
  });
}

BOOST_AUTO_TEST_CASE(pem_holds_any_number_of_lists) {
  auto const list = made(two_revoked());
  auto const text = encode_pem(list) + encode_pem(root()) + encode_pem(list);
  auto const read_back = parse_crls_pem(text);
  BOOST_REQUIRE(read_back);
  BOOST_REQUIRE(read_back->size() == 2u);
  BOOST_TEST((read_back->front() == list));
  BOOST_TEST(parse_crls_pem("")->empty());
  BOOST_TEST(!parse_crls_pem("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"));
}

BOOST_AUTO_TEST_SUITE_END()
