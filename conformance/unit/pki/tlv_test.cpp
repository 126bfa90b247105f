#include <est/pki/tlv.hpp>

#include "support.hpp"

#include <est/pki/ber.hpp>
#include <est/pki/der.hpp>

using namespace est;
using namespace est::pki;
using est::test::from_hex;

BOOST_AUTO_TEST_SUITE(tlv_and_ber)

BOOST_AUTO_TEST_CASE(a_value_is_read_where_it_stands) {
  auto const octets = from_hex("0101ff 0203010001 05 00");
  auto const second = read_tlv(octets, 3);
  BOOST_REQUIRE(second);
  BOOST_TEST(second->is(tag::integer));
  BOOST_TEST(second->offset == 3u);
  BOOST_TEST(second->content_offset() == 5u);
  BOOST_TEST(to_hex(second->content) == "010001");
  BOOST_TEST(second->whole.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_value_cut_short_is_truncated_at_its_offset) {
  for (auto const* text : {"", "30", "3082", "308201", "3003020100 02", "1f", "1f81"}) {
    auto const octets = from_hex(text);
    auto const at = octets.size() > 5 ? 5u : 0u;
    auto const value = read_tlv(octets, at);
    BOOST_REQUIRE_MESSAGE(!value, text);
    BOOST_TEST((value.error().code == errc::truncated), text);
    BOOST_TEST(*value.error().offset == at, text);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_even_ber_is_malformed) {
  // a reserved length octet, a primitive of indefinite length, tag numbers in more octets than needed, one beyond 28 bits
  for (auto const* text : {"04ff00", "0480 0000", "1f1e00", "1f802000", "1fffffffff7f00"}) {
    auto const octets = from_hex(text);
    for (auto const& code : {check_der(octets).error().code, normalise_ber(octets).error().code})
      BOOST_TEST((code == errc::malformed_ber), text);
  }
}

BOOST_AUTO_TEST_CASE(der_is_accepted) {
  for (auto const* text :
       {"0500", "0101ff", "010100", "020100", "0202ff7f", "02020080", "3000", "3100", "0400", "030100", "03020780",
        "300d 0609 2a864886f70d010101 0500", "bf8148 02 0500", "1f1f00", "0c02c3a9", "a003020102"}) {
    auto const octets = from_hex(text);
    auto const checked = check_der(octets);
    BOOST_TEST(checked.has_value(), text << ": " << (checked ? "" : to_text(checked.error())));
    notes remarks;
    auto const same = normalise_ber(octets, &remarks);
    BOOST_REQUIRE_MESSAGE(same, text);
    BOOST_TEST(*same == octets, text);
    BOOST_TEST(remarks.empty(), text);
  }
}

BOOST_AUTO_TEST_CASE(ber_is_not_der_and_the_offset_says_where) {
  struct row {
    char const* text;
    std::size_t at;
  };
  for (auto const& [text, at] : {row{"3080 0500 0000", 0}, row{"3081 02 0500", 0}, row{"3003 040101 2404 04024142", 0},
                                 row{"3005 0500 010101", 4}, row{"3006 0500 02020001", 4}, row{"3006 0500 0202ffff", 4},
                                 row{"2404 04024142", 0}, row{"2c04 0c024142", 0}}) {
    auto const octets = from_hex(text);
    auto const checked = check_der(octets);
    BOOST_REQUIRE_MESSAGE(!checked, text);
    if (checked.error().code == errc::trailing_data) continue;
    BOOST_TEST((checked.error().code == errc::not_der), text << ": " << to_text(checked.error()));
    BOOST_TEST(*checked.error().offset == at, text);
  }
}

BOOST_AUTO_TEST_CASE(values_that_no_type_allows_are_malformed) {
  for (auto const* text : {"0100", "0200", "0501ff", "0600", "060180", "06032a8001", "0300", "030108", "030101", "1000",
                           "1100", "2101ff", "0000", "3002 0000"}) {
    auto const checked = check_der(from_hex(text));
    BOOST_REQUIRE_MESSAGE(!checked, text);
    BOOST_TEST((checked.error().code == errc::malformed_ber), text << ": " << to_text(checked.error()));
  }
}

BOOST_AUTO_TEST_CASE(octets_behind_the_value_are_trailing_data) {
  auto const checked = check_der(from_hex("0500 00"));
  BOOST_REQUIRE(!checked);
  BOOST_TEST((checked.error().code == errc::trailing_data));
  BOOST_TEST(*checked.error().offset == 2u);
}

BOOST_AUTO_TEST_CASE(an_unsorted_set_is_noted_with_its_place) {
  notes sorted, unsorted;
  BOOST_TEST(check_der(from_hex("3106 020101 020102"), &sorted).has_value());
  BOOST_TEST(sorted.empty());
  BOOST_TEST(check_der(from_hex("3106 020102 020101"), &unsorted).has_value());
  BOOST_REQUIRE(unsorted.has(note_code::der_set_unsorted));
  BOOST_TEST(*unsorted.find(note_code::der_set_unsorted)->offset == 5u);
}

BOOST_AUTO_TEST_CASE(depth_and_size_are_bounded) {
  bytes nested;
  for (int i = 0; i < 33; ++i) nested = der::value(tag::sequence, nested);
  BOOST_TEST((check_der(nested).error().code == errc::too_deep));
  BOOST_TEST((normalise_ber(nested).error().code == errc::too_deep));
  BOOST_TEST(check_der(byte_view{nested}.subspan(2)).has_value()); // 32 levels
  bytes const large = der::octet_string(bytes(100));
  BOOST_TEST((check_der(large, nullptr, {32, 100}).error().code == errc::too_large));
  BOOST_TEST((normalise_ber(large, nullptr, {32, 100}).error().code == errc::too_large));
}

BOOST_AUTO_TEST_CASE(nested_indefinite_lengths_are_refused_by_depth_not_by_time) {
  bytes hostile;
  for (std::size_t i = 0; i < 500'000; ++i) {
    hostile.push_back(0x30);
    hostile.push_back(0x80);
  }
  auto const normalised = normalise_ber(hostile);
  BOOST_REQUIRE(!normalised);
  BOOST_TEST((normalised.error().code == errc::too_deep));
  BOOST_TEST(*normalised.error().offset == 64u);
}

BOOST_AUTO_TEST_CASE(a_million_deviations_make_one_note) {
  bytes content;
  for (int i = 0; i < 1000; ++i) content.insert(content.end(), {0x30, 0x80, 0x00, 0x00});
  notes remarks;
  BOOST_REQUIRE(normalise_ber(der::value(tag::sequence, content), &remarks));
  BOOST_TEST(remarks.size() == 1u);
  BOOST_TEST(remarks.find(note_code::ber_indefinite_length)->detail == "1000 times");
}

BOOST_AUTO_TEST_CASE(each_deviation_of_ber_is_noted_and_normalised) {
  struct row {
    char const* ber;
    char const* der;
    note_code code;
    std::size_t at;
  };
  for (auto const& [ber, expected, code, at] :
       {row{"3080 0500 0000", "3002 0500", note_code::ber_indefinite_length, 0},
        row{"3005 0500 0481 00", "3004 0500 0400", note_code::ber_long_length, 4},
        row{"2480 0402 4142 0401 43 0000", "0403 414243", note_code::ber_constructed_string, 0},
        row{"2408 2404 0402 4142 0400", "0402 4142", note_code::ber_constructed_string, 0},
        row{"2308 0302 0041 0302 0440", "0303 044140", note_code::ber_constructed_string, 0},
        row{"2c04 0402 4142", "0c02 4142", note_code::ber_constructed_string, 0},
        row{"0101 01", "0101 01", note_code::ber_boolean, 0},
        row{"0202 0001", "0202 0001", note_code::ber_long_integer, 0},
        row{"0500 0000", "0500", note_code::der_trailing_octets, 2}}) {
    notes remarks;
    auto const normalised = normalise_ber(from_hex(ber), &remarks);
    BOOST_REQUIRE_MESSAGE(normalised, ber);
    BOOST_TEST(to_hex(*normalised) == to_hex(from_hex(expected)), ber);
    BOOST_REQUIRE_MESSAGE(remarks.has(code), ber);
    BOOST_TEST(*remarks.find(code)->offset == at, ber);
  }
}

BOOST_AUTO_TEST_CASE(pieces_of_another_type_are_malformed) {
  for (auto const* text : {"2404 0202 4142", "2306 0302 0441 0300", "2303 0401 41", "2404 8402 4142"})
    BOOST_TEST((normalise_ber(from_hex(text)).error().code == errc::malformed_ber), text);
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_copied_octet_for_octet) {
  auto const rule = +[](byte_view path) { return path.size() == 1; };
  // the kept element has a long length and an indefinite one within: both stay
  auto const kept = normalise_ber(from_hex("3080 308106 3080 0500 0000 0000"), nullptr, {}, rule);
  BOOST_REQUIRE(kept);
  BOOST_TEST(to_hex(*kept) == to_hex(from_hex("3009 308106 3080 0500 0000")));
  // one of indefinite length has no end that could be copied, so it is normalised
  auto const changed = normalise_ber(from_hex("3080 3080 0500 0000 0000"), nullptr, {}, rule);
  BOOST_REQUIRE(changed);
  BOOST_TEST(to_hex(*changed) == to_hex(from_hex("3004 3002 0500")));
}

BOOST_AUTO_TEST_CASE(long_lengths_are_computed_through_all_levels) {
  bytes inner = der::octet_string(bytes(70'000, 0x55));
  bytes ber{0x30, 0x80, 0xa0, 0x80};
  ber.insert(ber.end(), inner.begin(), inner.end());
  ber.insert(ber.end(), {0, 0, 0, 0});
  auto const normalised = normalise_ber(ber);
  BOOST_REQUIRE(normalised);
  BOOST_TEST((*normalised == der::value(tag::sequence, der::value(tag::context(0), inner))));
}

BOOST_AUTO_TEST_CASE(ber_cut_anywhere_is_refused) {
  auto const ber = from_hex("3080 a080 2480 0402 4142 0000 0101 01 0000 3103 020101 0000");
  BOOST_REQUIRE(normalise_ber(ber));
  test::for_every_truncation(ber, [](byte_view cut) { BOOST_TEST(!normalise_ber(cut)); });
}

BOOST_AUTO_TEST_CASE(normalising_twice_changes_nothing) {
  auto const ber = from_hex("3080 a080 2480 0402 4142 0000 0101 01 0000 3183 000003 020101 0000");
  test::for_every_bit(ber, [](byte_view spoiled, std::size_t) {
    auto const once = normalise_ber(spoiled);
    if (!once) return;
    auto const twice = normalise_ber(*once);
    BOOST_REQUIRE(twice);
    BOOST_TEST(*twice == *once);
  });
}

BOOST_AUTO_TEST_CASE(a_reader_keeps_the_first_failure) {
  auto const octets = from_hex("3006 020101 0401 41");
  tlv_state state{errc::malformed_csr, "thing"};
  tlv_reader outer{octets, state};
  auto fields = outer.enter(tag::sequence, "Thing");
  fields.take(tag::integer, "number");
  fields.take(tag::boolean, "flag");
  fields.take(tag::octet_string, "text");
  BOOST_REQUIRE(!state.ok());
  BOOST_TEST((state.first->code == errc::malformed_csr));
  BOOST_TEST(*state.first->offset == 5u);
  BOOST_TEST(state.first->detail.find("flag") != std::string::npos);
  BOOST_TEST(!fields.more());
}

BOOST_AUTO_TEST_CASE(der_lengths_are_the_shortest) {
  for (const std::size_t size : {0u, 1u, 127u, 128u, 255u, 256u, 65'535u, 65'536u}) {
    auto const value = der::octet_string(bytes(size));
    BOOST_TEST(check_der(value).has_value(), size);
    BOOST_TEST(read_tlv(value)->content.size() == size);
  }
}

BOOST_AUTO_TEST_CASE(integers_are_written_without_a_sign) {
  BOOST_TEST(to_hex(der::integer(0u)) == "020100");
  BOOST_TEST(to_hex(der::integer(127u)) == "02017f");
  BOOST_TEST(to_hex(der::integer(128u)) == "02020080");
  BOOST_TEST(to_hex(der::integer(0x80000000u)) == "02050080000000");
  BOOST_TEST(to_hex(der::integer(from_hex("0000ff"))) == "020200ff");
}

BOOST_AUTO_TEST_SUITE_END()
