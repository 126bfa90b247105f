// What a device does for the rest of its life: renew in time, ask again after a 202, and try again after a failure. The
// toolkit says when; the loop waits. This one only says until when it would wait, and goes on at once.
#include "demo_service.hpp"

#include <est/client/renewal.hpp>

int main(int count, char** arguments) {
  auto const key = demo::or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), demo::now()));
  std::optional<est::pki::certificate> current;
  auto const enrol = [&](auto& client) {
    est::pki::csr_order order;
    order.subject = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
    auto csr = demo::or_exit(est::pki::make_csr(order, key, demo::now()));
    current = demo::certificate_of(demo::or_exit(client.simple_enroll(std::move(csr))));
    return 0;
  };
  if (int const failed = demo::with_client(count, arguments, enrol)) return failed;

  auto const wait_until = [](est::pki::time_point when) { // a device sleeps here
    std::cout << "next at " << est::http::encode_date(when) << "\n";
  };
  for (int round = 0; round < 3; ++round) { // a device goes on for ever
    auto next = est::renew_at(*current, {}, demo::now().rng);
    wait_until(next);
    demo::identity const shown{*current, key};
    auto const renew = [&](auto& client) {
      auto const reply = est::renew(client, *current, est::pki::signing_key{key}, demo::now());
      if (!reply) { // the certificate is good for a while yet: half of what is left, then once more
        std::cerr << est::to_text(reply.error()) << "\n";
        next += (current->not_after() - next) / 2;
        wait_until(next);
      } else if (auto const* later = std::get_if<est::pending>(&*reply)) {
        wait_until(est::retry_at(*later, demo::now().now, {}, demo::now().rng)); // then the same request
      } else {
        current = std::get<est::issued>(*reply).certificate;
      }
      return 0;
    };
    if (int const failed = demo::with_client(count, arguments, renew, &shown)) return failed;
  }
  std::cout << est::pki::encode_pem(*current);
}
