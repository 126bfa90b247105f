// Makes a key, and has it certified by a request that is linked to the connection (RFC 7030 section 3.5): it carries a value
// that only this connection has. On TLS 1.3 there is none by default.
#include "demo_service.hpp"

int main(int count, char** arguments) {
  return demo::with_client(count, arguments, [](auto& client) {
    auto const key = demo::or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), demo::now()));
    est::pki::csr_order order;
    order.subject = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
    auto reply = demo::or_exit(est::enroll(client, order, key, demo::now()));
    // It holds our key: the client hands out nothing else.
    std::cout << est::pki::encode_pem(demo::certificate_of(std::move(reply)));
    return 0;
  });
}
