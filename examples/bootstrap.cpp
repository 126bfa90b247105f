// The first contact of a device that trusts nothing yet: fetches the CA certificates from a server that it cannot
// authenticate, and makes an anchor of the one whose fingerprint somebody knows from elsewhere (RFC 7030 section 4.1.1).
//
//   bootstrap                                  in this process
//   bootstrap HOST PORT                        shows the fingerprints, for a person to compare
//   bootstrap HOST PORT FINGERPRINT            prints the anchor, if that is its SHA-256 or SHA-512
#include "demo_service.hpp"

#include <est/client/anchors.hpp>

namespace {

int confirm(est::bootstrap_set const& unverified, std::optional<std::string_view> fingerprint) {
  if (!fingerprint) {
    for (auto const& one : unverified.candidates())
      std::cout << one.subject << (one.self_signed ? " (a root)" : "") << "\n  SHA-256 " << est::to_hex(one.sha256)
                << "\n";
    return 0;
  }
  auto const octets = demo::or_exit(est::parse_fingerprint(*fingerprint));
  auto const anchors = demo::or_exit(unverified.confirm(octets, demo::now().now));
  std::cout << est::pki::encode_pem(anchors.root()); // from here on: a client with this anchor, over a new connection
  return 0;
}

} // namespace

int main(int count, char** arguments) {
  if (count >= 3) {
    est::transport::httplib_client_options wire;
    wire.host = arguments[1];
    wire.port = static_cast<std::uint16_t>(std::atoi(arguments[2]));
    wire.verify = false; // nobody can: this transport is used for one GET, without credentials
    est::endpoint const where{wire.host + ":" + arguments[2], ""};
    auto const unverified = demo::or_exit(
        est::fetch_bootstrap_set(demo::or_exit(est::transport::httplib_client::make(std::move(wire))), where));
    return confirm(unverified, count > 3 ? std::optional<std::string_view>{arguments[3]} : std::nullopt);
  }
  demo::service here;
  auto const handler = [&](auto const& question, auto const& facts) { return here(question, facts); };
  auto const unverified =
      demo::or_exit(est::fetch_bootstrap_set(est::transport::loopback{handler}, est::endpoint{"localhost", ""}));
  std::string printed_on_the_device; // here the root's own; in earnest it comes from elsewhere
  for (auto const& one : unverified.candidates())
    if (one.self_signed) printed_on_the_device = est::to_hex(one.sha256);
  confirm(unverified, std::nullopt);
  if (unverified.confirm(est::bytes(32, 0), demo::now().now)) return 1; // another fingerprint makes no anchor
  return confirm(unverified, printed_on_the_device);
}
