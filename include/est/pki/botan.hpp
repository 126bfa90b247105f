#pragma once
/// Everything in which Botan 2.19 and Botan 3 differ, and the one place where their exceptions become failures. No other
/// header asks which Botan it is compiled with.

#include <est/core/bytes.hpp>
#include <est/core/result.hpp>

#include <botan/asn1_obj.h>
#include <botan/ber_dec.h>
#include <botan/cipher_mode.h>
#include <botan/data_src.h>
#include <botan/der_enc.h>
#include <botan/ffi.h>
#include <botan/pk_keys.h>
#include <botan/pubkey.h>
#include <botan/secmem.h>
#include <botan/version.h>
#include <botan/x509_key.h>
#include <botan/x509cert.h>

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace est::pki {

namespace detail {

/// Where a secret is put together: wiped when it goes.
using secret_vector = Botan::secure_vector<std::uint8_t>;

template <class T> struct is_result : std::false_type {};
template <class T> struct is_result<result<T>> : std::true_type {};

template <class F, class Sentence> auto call_guarded(errc code, std::string_view where, F&& f, Sentence&& sentence) {
  using value = std::invoke_result_t<F>;
  using outcome = std::conditional_t<is_result<value>::value, value, result<value>>;
  try {
    if constexpr (std::is_void_v<value>) {
      std::forward<F>(f)();
      return outcome{};
    } else {
      return outcome{std::forward<F>(f)()};
    }
  } catch (std::bad_alloc const&) {
    return outcome{fail(errc::too_large, std::string{where}, "not enough memory")};
  } catch (std::exception const& e) { return outcome{fail(code, std::string{where}, sentence(e))}; }
}

} // namespace detail

/// Calls something that may throw, and turns what it throws into a failure whose detail is the exception's text.
/// In:      a callable; one that returns a `result` has it passed through
/// Does NOT promise: that the text is free of input. For secret input there is guarded_quietly.
template <class F> auto guarded(errc code, std::string_view where, F&& f) {
  return detail::call_guarded(code, where, std::forward<F>(f),
                              [](std::exception const& e) { return std::string{e.what()}; });
}

/// The same for secret input: the exception's text is dropped, since it may quote what was read.
template <class F> auto guarded_quietly(errc code, std::string_view where, std::string_view sentence, F&& f) {
  return detail::call_guarded(code, where, std::forward<F>(f),
                              [sentence](std::exception const&) { return std::string{sentence}; });
}

namespace botan {

/// Overwrites a secret in a way that the compiler does not leave out.
/// By the C interface, since Botan 3 means to close the header of its C++ twin, mem_ops.h, and warns who includes it.
inline void scrub(bytes& octets) noexcept {
  if (!octets.empty()) botan_scrub_mem(octets.data(), octets.size());
}

#if BOTAN_VERSION_MAJOR >= 3
inline constexpr auto encryption = Botan::Cipher_Dir::Encryption;
inline constexpr auto decryption = Botan::Cipher_Dir::Decryption;
inline constexpr auto der_signature = Botan::Signature_Format::DerSequence;
inline constexpr auto plain_signature = Botan::Signature_Format::Standard;
#else
inline constexpr auto encryption = Botan::ENCRYPTION;
inline constexpr auto decryption = Botan::DECRYPTION;
inline constexpr auto der_signature = Botan::DER_SEQUENCE;
inline constexpr auto plain_signature = Botan::IEEE_1363;
#endif

/// A public key from a SubjectPublicKeyInfo. Throws what Botan throws.
inline std::unique_ptr<Botan::Public_Key> load_public_key(byte_view subject_public_key_info) {
  Botan::DataSource_Memory source{subject_public_key_info.data(), subject_public_key_info.size()};
  return std::unique_ptr<Botan::Public_Key>(Botan::X509::load_key(source)); // a raw pointer in Botan 2
}

/// An object of Botan's from its encoding. Throws what Botan throws.
template <class T> T decode(byte_view der) {
  T object;
#if BOTAN_VERSION_MAJOR >= 3
  Botan::BER_Decoder{der}.decode(object);
#else
  Botan::BER_Decoder{der.data(), der.size()}.decode(object);
#endif
  return object;
}

/// Verifies by an AlgorithmIdentifier that this toolkit has no table entry for (post-quantum ones). Throws what Botan
/// throws; Botan 2 has no such algorithms.
inline bool verify_by_identifier([[maybe_unused]] Botan::Public_Key const& key,
                                 [[maybe_unused]] byte_view algorithm_der, [[maybe_unused]] byte_view message,
                                 [[maybe_unused]] byte_view signature) {
#if BOTAN_VERSION_MAJOR >= 3
  Botan::PK_Verifier verifier{key, decode<Botan::AlgorithmIdentifier>(algorithm_der)};
  return verifier.verify_message(message.data(), message.size(), signature.data(), signature.size());
#else
  throw Botan::Not_Implemented("no such signature algorithm");
#endif
}

/// Whether this Botan knows the signature algorithms of FIPS 204 and 205.
inline constexpr bool has_post_quantum_signatures = BOTAN_VERSION_MAJOR >= 3;

/// A certificate from DER. Throws what Botan throws. Botan 2 and Botan 3 before 3.12 verify a self-signature here.
inline Botan::X509_Certificate load_certificate(byte_view der) {
  Botan::DataSource_Memory source{der.data(), der.size()};
  return Botan::X509_Certificate{source};
}

/// The octets that Botan's encoder makes of an object.
template <class T> bytes encode(T const& object) {
  bytes out;
  Botan::DER_Encoder{out}.encode(object);
  return out;
}

} // namespace botan

} // namespace est::pki
