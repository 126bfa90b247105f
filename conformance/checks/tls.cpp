/// What the facts of the connection say by themselves: RFC 7030 section 3.3 as RFC 8996 changed it.

#include "common.hpp"

namespace est::conformance {

namespace {

bool is_known(situation const& s) { return s.seen.tls && s.seen.tls->version != http::tls_version::unknown; }

// 3.3: "TLS 1.1 [RFC4346] (or a later version) MUST be used for all EST communications." RFC 8996 makes the floor TLS 1.2.
verdict is_above_floor(situation const& s) {
  auto const version = s.seen.tls->version;
  if (version == http::tls_version::tls_1_2 || version == http::tls_version::tls_1_3) return verdict::holds();
  return verdict::violated("TLS 1.2 or later", std::string{http::name(version)}, "tls", std::nullopt);
}

constexpr predicate floor[] = {{"tls-below-1.2", is_above_floor}};

constexpr check checks[] = {
    {"tls.version", "rfc7030-3.3-tls-version", is_known, floor, true},
};

} // namespace

std::span<const check> tls_checks() { return checks; }

} // namespace est::conformance
