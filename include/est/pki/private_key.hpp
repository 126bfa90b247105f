#pragma once
/// Private keys in every form that they are kept in: this header is PKCS#8 (`pkcs8.hpp`), keys under a password
/// (`encrypted_key.hpp`) and, here, PEM files of all of them. PKCS#12 is not read here.

#include <est/core/result.hpp>
#include <est/core/secret.hpp>
#include <est/pki/encrypted_key.hpp>
#include <est/pki/pem.hpp>
#include <est/pki/pkcs8.hpp>

#include <string_view>

namespace est::pki {

/// Reads the first private key of a PEM text.
/// Source: RFC 7468 sections 10 and 11 (PRIVATE KEY, ENCRYPTED PRIVATE KEY); RSA PRIVATE KEY and EC PRIVATE KEY are the
///         traditional forms of PKCS#1 and SEC 1
/// In:     the text, which may hold certificates and parameters too; the password, null where there is none
/// Errors: malformed_key (no private key in the text), unauthenticated (a password is needed, or is wrong), those of
///         decrypt_private_key_info and of parse_private_key
inline result<private_key> parse_private_key_pem(std::string_view pem, secret_bytes const* password = nullptr,
                                                 password_limits limits = {}) {
  auto const needs_password = [] {
    return fail(errc::unauthenticated, "key", "the key is encrypted, and no password was given");
  };
  std::size_t at = 0;
  while (auto const block = next_pem_block(pem, at)) {
    at = block->end;
    bool const encrypted = block->label == "ENCRYPTED PRIVATE KEY";
    if (!encrypted && block->label != "PRIVATE KEY" && block->label != "RSA PRIVATE KEY" &&
        block->label != "EC PRIVATE KEY")
      continue;
    bool const traditional = !block->fields.empty();
    if ((encrypted || traditional) && password == nullptr) return needs_password();
    result<secret_bytes> der =
        traditional ? decrypt_traditional_pem(*block, *password) : decode_base64<secret_bytes>(block->base64);
    if (der && encrypted) der = decrypt_private_key_info(der->expose(), *password, limits);
    if (!der) return fail(der.error());
    bool const opened = encrypted || traditional;
    auto const key = [&]() -> result<private_key> {
      if (auto const checked = check_der(der->expose(), nullptr, {}, "key"); !checked) return fail(checked.error());
      auto const wrapped = detail::wrap_in_pkcs8(der->expose());
      if (!wrapped) return fail(wrapped.error());
      return parse_private_key(*wrapped);
    };
    auto made = key();
    // One wrong password in 256 leaves a padding that looks right, and then octets that are no key.
    if (!made && opened && classify_key(der->expose()) == key_form::unknown)
      return fail(errc::unauthenticated, "key", "the password does not open the key");
    return made;
  }
  return fail(errc::malformed_key, "key", "the text holds no PEM block of a private key");
}

} // namespace est::pki
