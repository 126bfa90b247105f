// Enrols with a password, then renews and rekeys with the certificate that came of it. The names of the certificate are
// copied octet for octet (RFC 7030 section 4.2.2).
#include "demo_service.hpp"

#include <est/client/renewal.hpp>

int main(int count, char** arguments) {
  auto const new_key = [] {
    return demo::or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), demo::now()));
  };
  auto const key = new_key(), next_key = new_key();
  std::optional<est::pki::certificate> current;

  auto const first = [&](auto& client) {
    est::pki::csr_order order;
    order.subject = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
    auto csr = demo::or_exit(est::pki::make_csr(order, key, demo::now()));
    current = demo::certificate_of(demo::or_exit(client.simple_enroll(std::move(csr))));
    return 0;
  };
  if (int const failed = demo::with_client(count, arguments, first)) return failed;

  auto const later = [&](auto& client) { // this one shows the certificate: it needs no password any more
    auto const renewed =
        demo::certificate_of(demo::or_exit(est::renew(client, *current, est::pki::signing_key{key}, demo::now())));
    auto const rekeyed =
        demo::certificate_of(demo::or_exit(est::rekey(client, *current, est::pki::signing_key{next_key}, demo::now())));
    std::cout << "the same key:\n"
              << est::pki::encode_pem(renewed) << "another key:\n"
              << est::pki::encode_pem(rekeyed);
    return 0;
  };
  demo::identity const shown{*current, key};
  return demo::with_client(count, arguments, later, &shown);
}
