// Enveloped messages: parsed, and opened with a fixed symmetric key and a fixed private key of each kind.
#include "expect.hpp"

#include <est/pki/key_envelope.hpp>

#include <botan/auto_rng.h>

#include <array>
#include <chrono>

using namespace est;
using namespace est::pki;

namespace {

/// A PrivateKeyInfo of an algorithm, around a key.
bytes private_key_info(byte_view algorithm, byte_view key) {
  return der::sequence({der::integer(0u), algorithm, der::octet_string(key)});
}

struct holders {
  Botan::AutoSeeded_RNG rng;
  context with{time_point{std::chrono::hours{24 * 365 * 56}}, rng};
  bytes number = bytes(32, 0x21);
  bytes ec = private_key_info(der::sequence({oids::ec_public_key.encode(), oids::secp256r1.encode()}),
                              der::sequence({der::integer(1u), der::octet_string(number)}));
  bytes x = private_key_info(der::sequence({oids::x25519.encode()}), der::octet_string(number));
  std::array<key_opening, 3> openings{
      key_opening{key_encryption_key{{1}, secret_bytes{byte_view{bytes(16, 0x42)}}}, {}},
      key_opening{recipient_key{parse_decryption_key(ec).value(), std::nullopt, bytes{1}}, {}},
      key_opening{recipient_key{parse_decryption_key(x).value(), std::nullopt, bytes{1}}, {}}};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static holders all;
  notes said;
  auto const message = parse_enveloped_data({data, size}, &said);
  for (auto const& opening : all.openings) {
    auto const opened = open_key_envelope({data, size}, opening, all.with);
    fuzz::expect(!opened.has_value(), "nothing that nobody signed gives a key");
    fuzz::expect(message.has_value() || opened.error().code != errc::decryption_failed,
                 "what cannot be read is not decrypted");
  }
  if (message) fuzz::expect(!message->recipients.empty(), "a message is for somebody");
  return 0;
}
