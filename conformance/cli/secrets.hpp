#pragma once
/// Passwords: from the environment, from a file, or from a prompt without echo; never from an argument.

#include <est/core/result.hpp>
#include <est/core/secret.hpp>

#include <string>

namespace est::conformance {

/// Where a password may come from, in this order.
struct password_source {
  std::string file;                  ///< its first line; empty: no file
  char const* environment = nullptr; ///< the name of a variable
  std::string prompt;                ///< asked on a terminal; empty: never
};

/// Errors: invalid_argument: there is no password anywhere, or the file cannot be read. `required` false gives an empty
///         password where there is none.
result<secret_bytes> obtain_password(password_source const& source, bool required);

/// The octets of a file, wiped when they go.
result<secret_bytes> read_secret_file(std::string const& path);

} // namespace est::conformance
