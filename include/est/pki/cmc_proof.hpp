#pragma once
/// Proofs by a shared secret in CMC: that whoever sends a request knows the secret (identity proof, both versions), and that
/// whoever signed the certification request does too (POP link witness, both versions).

#include <est/core/hash.hpp>
#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/attributes.hpp>
#include <est/pki/botan.hpp>
#include <est/pki/cmc_controls.hpp>
#include <est/pki/cmc_data.hpp>
#include <est/pki/csr.hpp>
#include <est/pki/der.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/signature.hpp>

#include <botan/mac.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace est::pki {

namespace detail {

struct hmac_row {
  object_id oid;
  std::string_view hash;
};

/// RFC 8018 appendix B.1.2 (digestAlgorithm 7 to 11) and RFC 5272's own id for HMAC with SHA-1 ({ ipsec 1 2 })
inline std::optional<std::string_view> hmac_hash(object_id const& oid) {
  static const hmac_row rows[] = {
      {{1, 2, 840, 113549, 2, 7}, "SHA-1"},    {{1, 3, 6, 1, 5, 5, 8, 1, 2}, "SHA-1"},
      {{1, 2, 840, 113549, 2, 8}, "SHA-224"},  {{1, 2, 840, 113549, 2, 9}, "SHA-256"},
      {{1, 2, 840, 113549, 2, 10}, "SHA-384"}, {{1, 2, 840, 113549, 2, 11}, "SHA-512"},
  };
  for (auto const& row : rows)
    if (row.oid == oid) return row.hash;
  return std::nullopt;
}

inline bytes sha256_identifier() { return der::sequence({hash_identifier("SHA-256").encode()}); }
inline bytes hmac_sha256_identifier() { return der::sequence({object_id{1, 2, 840, 113549, 2, 9}.encode()}); }

/// HMAC over a message under the hash of a secret and of what may stand behind it.
inline result<bytes> shared_secret_mac(std::string_view key_hash, std::string_view mac_hash, byte_view secret,
                                       byte_view behind_secret, byte_view message) {
  return guarded_quietly(
      errc::unsupported_algorithm, "proof", "the proof cannot be computed with this Botan", [&]() -> result<bytes> {
        auto hash = Botan::HashFunction::create_or_throw(std::string{key_hash});
        hash->update(secret.data(), secret.size());
        hash->update(behind_secret.data(), behind_secret.size());
        auto const key = hash->final();
        auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(" + std::string{mac_hash} + ")");
        mac->set_key(key.data(), key.size());
        mac->update(message.data(), message.size());
        return Botan::unlock(mac->final());
      });
}

/// A witness and how it was computed.
struct shared_secret_witness {
  std::string_view key_hash, mac_hash;
  bytes witness;
};

inline object_id algorithm_oid(tlv_reader& fields, std::string_view what) {
  auto inner = fields.enter(tag::sequence, what);
  return read_object_id(inner.take(tag::object_id, "the algorithm's identifier"));
}

/// Reads what IdentityProofV2 and PopLinkWitnessV2 have in common; of version 1 the OCTET STRING, which is SHA-1 throughout.
inline result<shared_secret_witness> parse_witness(byte_view value, bool version_2, std::string_view where) {
  tlv_state state{errc::malformed_cms, where};
  tlv_reader outer{value, state};
  shared_secret_witness made{"SHA-1", "SHA-1", {}};
  if (!version_2) {
    made.witness = to_bytes(outer.take(tag::octet_string, "witness").content);
  } else {
    auto fields = outer.enter(tag::sequence, "the proof");
    auto const hash = algorithm_oid(fields, "hash algorithm");
    auto const mac = algorithm_oid(fields, "MAC algorithm");
    made.witness = to_bytes(fields.take(tag::octet_string, "witness").content);
    fields.end("the proof");
    if (!state.ok()) return fail(*state.first);
    auto const key_hash = hash_name(hash), mac_hash = hmac_hash(mac);
    if (!key_hash || !mac_hash)
      return fail(errc::unsupported_algorithm, std::string{where},
                  (key_hash ? "MAC algorithm " + mac.to_string() : "hash algorithm " + hash.to_string()) +
                      " is not known");
    made.key_hash = *key_hash;
    made.mac_hash = *mac_hash;
  }
  outer.end("the octets");
  if (!state.ok()) return fail(*state.first);
  return made;
}

inline result<void> check_witness(shared_secret_witness const& shown, byte_view secret, byte_view behind_secret,
                                  byte_view message, std::string_view where) {
  auto const expected = shared_secret_mac(shown.key_hash, shown.mac_hash, secret, behind_secret, message);
  if (!expected) return fail(expected.error());
  if (!equal_in_constant_time(*expected, shown.witness))
    return fail(errc::bad_signature, std::string{where}, "the witness is not that of the shared secret");
  return {};
}

} // namespace detail

/// The identityProofV2 control of a request: SHA-256 and HMAC-SHA-256.
/// Source:   RFC 5272 sections 6.2.1 and 6.2.3
/// In:       the secret, UTF-8; the text of the identification control if the request has one; the requests of the
///           PKIData, all of them and in their order
/// Errors:   unsupported_algorithm
/// Promises: the secret does not get into the control
inline result<cmc_control> make_identity_proof(body_part_id id, secret_bytes const& secret,
                                               std::optional<std::string> const& identification,
                                               std::vector<cmc_request> const& requests) {
  auto const witness =
      detail::shared_secret_mac("SHA-256", "SHA-256", secret.expose(),
                                identification ? as_bytes(*identification) : byte_view{}, encode_requests(requests));
  if (!witness) return fail(witness.error());
  return make_cmc_control(
      id, oids::cmc_identity_proof_v2,
      der::sequence({detail::sha256_identifier(), detail::hmac_sha256_identifier(), der::octet_string(*witness)}));
}

/// Whether a request's proof of identity is made with a secret.
/// Source:  RFC 5272 sections 6.2.1, 6.2.2 (version 1: SHA-1 and HMAC-SHA-1) and 6.2.3
/// In:      the control, of either version; the secret; the PKIData that the control stands in
/// Errors:  bad_signature, and only for a proof that could be read; unsupported_algorithm; malformed_cms
/// Promises: the witness is compared in constant time
inline result<void> check_identity_proof(cmc_control const& proof, secret_bytes const& secret, pki_data const& data) {
  static constexpr std::string_view where = "identityProof";
  if (proof.values.size() != 1)
    return fail(errc::malformed_cms, std::string{where}, "the control has not exactly one value");
  auto const shown = detail::parse_witness(proof.values.front(), proof.type == oids::cmc_identity_proof_v2, where);
  if (!shown) return fail(shown.error());
  bool const names_itself = find_control(data.controls, oids::cmc_identification) != nullptr;
  auto const identification = identification_of(data.controls);
  if (names_itself && !identification)
    return fail(errc::malformed_cms, "identification", "the identification control cannot be read");
  return detail::check_witness(*shown, secret.expose(), identification ? as_bytes(*identification) : byte_view{},
                               encode_requests(data), where);
}

/// The popLinkWitnessV2 attribute for a certification request.
/// Source: RFC 5272 section 6.3.1.1
/// In:     the secret; the random octets that the popLinkRandom control will hold (64 or more SHOULD be)
/// Errors: unsupported_algorithm
inline result<attribute> make_pop_link_witness(secret_bytes const& secret, byte_view random) {
  auto const witness = detail::shared_secret_mac("SHA-256", "SHA-256", secret.expose(), {}, random);
  if (!witness) return fail(witness.error());
  return attribute{
      oids::cmc_pop_link_witness_v2,
      {der::sequence({detail::sha256_identifier(), detail::hmac_sha256_identifier(), der::octet_string(*witness)})}};
}

/// Whether a certification request was made by somebody who knows the secret.
/// Source: RFC 5272 sections 6.3.1.1 and 6.3.1.2
/// In:     the request, the secret, the octets of the popLinkRandom control
/// Errors: bad_signature, also where the request has no witness; unsupported_algorithm; malformed_cms
inline result<void> check_pop_link_witness(csr const& request, secret_bytes const& secret, byte_view random) {
  static constexpr std::string_view where = "popLinkWitness";
  auto const* witness = request.find(oids::cmc_pop_link_witness_v2);
  bool const version_2 = witness != nullptr;
  if (!version_2) witness = request.find(oids::cmc_pop_link_witness);
  if (witness == nullptr)
    return fail(errc::bad_signature, std::string{where}, "the certification request has no POP link witness");
  if (witness->values.size() != 1)
    return fail(errc::malformed_cms, std::string{where}, "the attribute has not exactly one value");
  auto const shown = detail::parse_witness(witness->values.front(), version_2, where);
  if (!shown) return fail(shown.error());
  return detail::check_witness(*shown, secret.expose(), {}, random, where);
}

} // namespace est::pki
