// The certs-only message: what is written, every note that a reader can make, and what is refused.
#include <est/pki/certs_only.hpp>

#include "support.hpp"

using namespace est;
using namespace est::pki;
using namespace est::test;

BOOST_AUTO_TEST_SUITE(certs_only_messages)

namespace {

/// The fields of a SignedData, to be changed one by one.
struct pieces {
  bytes version = der::integer(1u);
  bytes digests = der::value(tag::set, byte_view{});
  bytes content_type = oids::id_data.encode();
  bytes content;
  bytes certificates;
  bytes crls;
  bytes signers = der::value(tag::set, byte_view{});

  bytes signed_data() const {
    return der::sequence({version, digests, der::sequence({content_type, content}), certificates, crls, signers});
  }
  bytes message() const {
    return der::sequence({oids::id_signed_data.encode(), der::value(tag::context(0), signed_data())});
  }
};

certificate const& sample() {
  static const certificate c = make_root("Root", key("P-256"));
  return c;
}
certificate const& second_sample() {
  static const certificate c = make_root("A much longer name than the other", key("P-384"));
  return c;
}

pieces good() {
  pieces p;
  p.certificates = der::value(tag::context(0), sample().der());
  return p;
}

/// Reads a message that must be readable with just this one note.
note read_with_one_note(byte_view message, note_code code) {
  notes remarks;
  auto const bag = parse_certs_only(message, &remarks);
  BOOST_REQUIRE_MESSAGE(bag, (bag ? "" : to_text(bag.error())));
  BOOST_TEST(bag->certificates().size() == 1u);
  for (auto const& n : remarks) BOOST_TEST((n.code == code), to_text(n));
  BOOST_REQUIRE_MESSAGE(remarks.has(code), definition_of(code).name);
  return *remarks.find(code);
}

bytes replace_all_definite_outer_lengths(byte_view message) {
  // ContentInfo, [0], SignedData and certificates [0] get indefinite lengths; the certificates keep theirs.
  auto const indefinite = [](std::uint8_t identifier, byte_view content) {
    bytes out{identifier, 0x80};
    out.insert(out.end(), content.begin(), content.end());
    out.insert(out.end(), {0, 0});
    return out;
  };
  tlv_state state{errc::internal, "test"};
  tlv_reader outer{message, state};
  auto info = outer.enter(tag::sequence, "ContentInfo");
  auto const type = info.take_any("type");
  auto fields = info.enter(tag::context(0), "content").enter(tag::sequence, "SignedData");
  bytes content;
  while (fields.more()) {
    auto const field = fields.take_any("field");
    auto const put = field.is(tag::context(0)) ? indefinite(tag::context(0), field.content) : to_bytes(field.whole);
    content.insert(content.end(), put.begin(), put.end());
  }
  auto const body = indefinite(tag::context(0), indefinite(tag::sequence, content));
  bytes all = to_bytes(type.whole);
  all.insert(all.end(), body.begin(), body.end());
  return indefinite(tag::sequence, all);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_plain_message_is_read_without_a_note) {
  notes remarks;
  auto const bag = parse_certs_only(good().message(), &remarks);
  BOOST_REQUIRE(bag);
  BOOST_TEST((bag->certificates().at(0) == sample()));
  BOOST_TEST(bag->crls().empty());
  BOOST_TEST(remarks.empty());
}

BOOST_AUTO_TEST_CASE(what_is_written_is_canonical_and_read_back) {
  auto const bag = make_certs_only({second_sample(), sample()}, {der::sequence({der::null()})});
  BOOST_REQUIRE(bag);
  auto const message = bag->encode();
  notes remarks;
  BOOST_TEST(check_der(message, &remarks).has_value());
  auto const read = parse_certs_only(message, &remarks);
  BOOST_REQUIRE(read);
  BOOST_TEST((*read == *bag));
  BOOST_TEST(read->encode() == message);
  BOOST_TEST(!remarks.has(note_code::der_set_unsorted));
  BOOST_TEST(!remarks.has_deviation());
  BOOST_TEST(read->certificates().size() == 2u);
  BOOST_TEST(read->crls().size() == 1u);
  BOOST_TEST((good().message() == make_certs_only({sample()})->encode()));
  BOOST_TEST(!(*make_certs_only({sample()}) == *bag));
}

BOOST_AUTO_TEST_CASE(nothing_is_made_of_nothing) {
  BOOST_TEST((make_certs_only({}).error().code == errc::no_certificate));
  BOOST_TEST((make_certs_only({sample()}, {bytes{0x30}}).error().code == errc::malformed_cms));
  BOOST_TEST((make_certs_only({sample()}, {bytes{}}).error().code == errc::malformed_cms));
}

BOOST_AUTO_TEST_CASE(an_empty_crls_field_is_noted) {
  auto p = good();
  p.crls = der::value(tag::context(1), byte_view{});
  auto const n = read_with_one_note(p.message(), note_code::cms_empty_crls);
  BOOST_TEST(p.message()[*n.offset] == tag::context(1));
}

BOOST_AUTO_TEST_CASE(revocation_lists_are_kept_and_noted) {
  auto p = good();
  p.crls = der::value(tag::context(1), der::sequence({der::null()}));
  read_with_one_note(p.message(), note_code::cms_crls);
  BOOST_TEST(parse_certs_only(p.message())->crls().at(0) == der::sequence({der::null()}));
}

BOOST_AUTO_TEST_CASE(an_empty_content_is_noted) {
  auto p = good();
  p.content = der::value(tag::context(0), der::octet_string({}));
  read_with_one_note(p.message(), note_code::cms_empty_content);
  p.content = der::value(tag::context(0), byte_view{});
  read_with_one_note(p.message(), note_code::cms_empty_content);
}

BOOST_AUTO_TEST_CASE(content_is_noted) {
  auto p = good();
  p.content = der::value(tag::context(0), der::octet_string(from_hex("41")));
  read_with_one_note(p.message(), note_code::cms_content_present);
}

BOOST_AUTO_TEST_CASE(another_content_type_is_noted_and_asks_for_version_3) {
  auto p = good();
  p.content_type = object_id{1, 3, 6, 1, 5, 5, 7, 12, 3}.encode();
  p.version = der::integer(3u);
  auto const said = read_with_one_note(p.message(), note_code::cms_content_type);
  BOOST_TEST(said.detail == "1.3.6.1.5.5.7.12.3");
  BOOST_TEST(p.message().at(said.offset.value()) == tag::object_id);
}

BOOST_AUTO_TEST_CASE(another_version_than_the_content_asks_for_is_noted) {
  auto p = good();
  p.version = der::integer(3u);
  BOOST_TEST(read_with_one_note(p.message(), note_code::cms_version).detail == "3, 1 is due");
  p.version = from_hex("020101010101010101"); // no INTEGER: its own octets are not read as fields
  BOOST_TEST(!parse_certs_only(p.message()));
  p.version = from_hex("0205ffffffffff");
  notes remarks;
  BOOST_TEST(parse_certs_only(p.message(), &remarks).has_value());
  BOOST_TEST(remarks.has(note_code::cms_version));
}

BOOST_AUTO_TEST_CASE(digest_algorithms_are_noted) {
  auto p = good();
  p.digests = der::value(tag::set, der::sequence({object_id{2, 16, 840, 1, 101, 3, 4, 2, 1}.encode()}));
  read_with_one_note(p.message(), note_code::cms_digest_algorithms);
}

BOOST_AUTO_TEST_CASE(signers_are_noted_and_version_3_ones_ask_for_version_3) {
  auto p = good();
  p.signers = der::value(tag::set, der::sequence({der::integer(1u)}));
  read_with_one_note(p.message(), note_code::cms_signer_infos);
  p.signers = der::value(tag::set, der::sequence({der::integer(3u)}));
  notes remarks;
  BOOST_TEST(parse_certs_only(p.message(), &remarks).has_value());
  BOOST_TEST(remarks.has(note_code::cms_version));
}

BOOST_AUTO_TEST_CASE(missing_signer_infos_are_noted) {
  auto p = good();
  p.signers.clear();
  read_with_one_note(p.message(), note_code::cms_no_signer_infos);
}

BOOST_AUTO_TEST_CASE(a_bare_signed_data_is_noted) {
  read_with_one_note(good().signed_data(), note_code::cms_no_content_info);
}

BOOST_AUTO_TEST_CASE(octets_behind_the_message_are_noted) {
  auto message = good().message();
  auto const size = message.size();
  message.push_back(0);
  BOOST_TEST(*read_with_one_note(message, note_code::der_trailing_octets).offset == size);
}

BOOST_AUTO_TEST_CASE(an_unsorted_bag_is_noted_and_its_order_kept) {
  auto ders = std::vector{sample().der(), second_sample().der()};
  std::sort(ders.begin(), ders.end(), [](bytes const& a, bytes const& b) { return pki::detail::set_of_less(b, a); });
  pieces p;
  p.certificates = der::value(tag::context(0), der::concatenation(ders));
  notes remarks;
  auto const bag = parse_certs_only(p.message(), &remarks);
  BOOST_REQUIRE(bag);
  BOOST_TEST(remarks.size() == 1u);
  BOOST_TEST(remarks.has(note_code::der_set_unsorted));
  BOOST_TEST(bag->certificates().at(0).der() == ders.at(0));
  BOOST_TEST((*bag == *make_certs_only({sample(), second_sample()})));
}

BOOST_AUTO_TEST_CASE(other_kinds_of_certificates_are_noted_beside_a_readable_one) {
  struct row {
    unsigned choice;
    std::uint32_t version;
  };
  for (auto const& [choice, version] : {row{1, 3}, row{2, 4}, row{3, 5}}) {
    auto p = good();
    p.version = der::integer(version);
    p.certificates = der::value(tag::context(0), {sample().der(), der::value(tag::context(choice), der::null())});
    read_with_one_note(p.message(), note_code::cms_other_certificate);
  }
}

BOOST_AUTO_TEST_CASE(one_unreadable_certificate_is_a_note_beside_the_others) {
  auto p = good();
  p.certificates = der::value(tag::context(0), {der::sequence({der::null()}), sample().der()});
  auto const n = read_with_one_note(p.message(), note_code::cms_unreadable_certificate);
  BOOST_TEST(n.detail.find("number 1") != std::string::npos);
  BOOST_TEST(n.detail.find("malformed_certificate") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_bag_without_a_readable_certificate_is_refused) {
  auto const code = [](pieces const& p) {
    auto const bag = parse_certs_only(p.message());
    return bag ? std::string{"read"} : std::string{name(bag.error().code)};
  };
  pieces none;
  BOOST_TEST(code(none) == "no_certificate");
  pieces unreadable;
  unreadable.certificates = der::value(tag::context(0), der::sequence({der::null()}));
  BOOST_TEST(code(unreadable) == "no_certificate");
  pieces empty;
  empty.certificates = der::value(tag::context(0), byte_view{});
  notes remarks;
  BOOST_TEST((parse_certs_only(empty.message(), &remarks).error().code == errc::no_certificate));
  BOOST_TEST(remarks.has(note_code::cms_empty_certificates));
}

BOOST_AUTO_TEST_CASE(ber_outside_is_noted_and_the_certificates_keep_their_octets) {
  auto const ber = replace_all_definite_outer_lengths(good().message());
  notes remarks;
  auto const bag = parse_certs_only(ber, &remarks);
  BOOST_REQUIRE_MESSAGE(bag, (bag ? "" : to_text(bag.error())));
  BOOST_TEST(remarks.size() == 1u);
  BOOST_TEST(remarks.has(note_code::ber_indefinite_length));
  BOOST_TEST((bag->certificates().at(0) == sample()));
  BOOST_TEST(bag->certificates().at(0).is_self_signed());
}

BOOST_AUTO_TEST_CASE(ber_within_a_certificate_makes_that_one_unreadable) {
  // the serial number with a needless zero octet: what was signed cannot be guessed
  auto spoiled = sample().der();
  auto p = good();
  bytes const bad = der::sequence({der::sequence({from_hex("02020001")})});
  p.certificates = der::value(tag::context(0), {sample().der(), bad});
  notes remarks;
  BOOST_TEST(parse_certs_only(p.message(), &remarks)->certificates().size() == 1u);
  BOOST_REQUIRE(remarks.has(note_code::cms_unreadable_certificate));
  BOOST_TEST(remarks.find(note_code::cms_unreadable_certificate)->detail.find("not_der") != std::string::npos);
  BOOST_TEST(!remarks.has(note_code::ber_long_integer));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_indefinite_length_is_normalised) {
  auto const content = read_tlv(sample().der())->content;
  bytes indefinite{0x30, 0x80};
  indefinite.insert(indefinite.end(), content.begin(), content.end());
  indefinite.insert(indefinite.end(), {0, 0});
  auto p = good();
  p.certificates = der::value(tag::context(0), indefinite);
  read_with_one_note(p.message(), note_code::ber_indefinite_length);
  BOOST_TEST((parse_certs_only(p.message())->certificates().at(0) == sample()));
}

BOOST_AUTO_TEST_CASE(what_is_no_certs_only_message_is_refused_with_its_name) {
  auto const detail = [](byte_view octets) {
    auto const bag = parse_certs_only(octets);
    BOOST_REQUIRE(!bag);
    return to_text(bag.error());
  };
  BOOST_TEST(detail(sample().der()).find("as a certificate") != std::string::npos);
  auto const enveloped = der::sequence({oids::id_enveloped_data.encode(), der::value(tag::context(0), der::null())});
  BOOST_TEST(detail(enveloped).find("EnvelopedData") != std::string::npos);
  BOOST_TEST(detail(der::sequence({oids::id_data.encode()})).find("1.2.840.113549.1.7.1") != std::string::npos);
  BOOST_TEST(detail(der::sequence({oids::id_signed_data.encode()})).find("content") != std::string::npos);
  auto const k = key("P-256").encode(); // a version and more, as a bare SignedData has it
  notes remarks;
  BOOST_TEST((parse_certs_only(k.expose(), &remarks).error().code == errc::malformed_cms));
  BOOST_TEST(remarks.empty());
  BOOST_TEST(detail({}).find("truncated") != std::string::npos);
  BOOST_TEST(detail(to_bytes("{\"error\": 1}")).find("certs-only") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_message_cut_anywhere_is_refused) {
  for (auto const& message : {good().message(), replace_all_definite_outer_lengths(good().message())})
    for_every_truncation(message, [](byte_view cut) { BOOST_TEST(!parse_certs_only(cut)); });
}

BOOST_AUTO_TEST_CASE(what_is_read_is_written_and_read_back_whatever_bit_is_changed) {
  std::size_t read = 0;
  auto p = good();
  p.crls = der::value(tag::context(1), der::sequence({der::null()}));
  for (auto const& message : {p.message(), replace_all_definite_outer_lengths(p.message())})
    for_every_bit(message, [&](byte_view spoiled, std::size_t) {
      auto const bag = parse_certs_only(spoiled);
      if (!bag) return;
      ++read;
      auto const again = parse_certs_only(bag->encode());
      BOOST_REQUIRE(again);
      BOOST_TEST((*again == *bag));
      BOOST_TEST(again->encode() == bag->encode());
    });
  BOOST_TEST(read > 100u);
}

BOOST_AUTO_TEST_SUITE_END()
