#pragma once
/// `result<T>`: a value, or the failure that kept it from being made.

#include <est/core/failure.hpp>

#include <tl/expected.hpp>

#include <optional>
#include <string>
#include <utility>

namespace est {

template <class T> using result = tl::expected<T, failure>;

/// For a `return`: `return fail(errc::truncated, "body", "closing delimiter missing", 412);`
inline tl::unexpected<failure> fail(errc code, std::string where, std::string detail,
                                    std::optional<std::size_t> offset = std::nullopt) {
  return tl::unexpected<failure>(failure{code, std::move(where), std::move(detail), offset});
}

/// Hands a failure on to a caller whose `result` holds another type.
inline tl::unexpected<failure> fail(failure f) { return tl::unexpected<failure>(std::move(f)); }

/// Hands a failure on and says in which larger thing it happened: `pkcs8` becomes `body.part[1].pkcs8`.
inline tl::unexpected<failure> fail_in(std::string_view outer, failure f) {
  f.where = f.where.empty() ? std::string{outer} : std::string{outer} + "." + f.where;
  return tl::unexpected<failure>(std::move(f));
}

} // namespace est
