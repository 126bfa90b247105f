// Has the server make a key pair, and takes the private key with its certificate. The key of the request signs it and says
// what kind of key is wanted; it is thrown away (RFC 7030 section 4.4.1).
#include "demo_service.hpp"

int main(int count, char** arguments) {
  return demo::with_client(count, arguments, [](auto& client) {
    auto const throwaway =
        demo::or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), demo::now()));
    est::pki::csr_order order;
    order.subject = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
    auto const reply =
        demo::or_exit(client.server_keygen(demo::or_exit(est::pki::make_csr(order, throwaway, demo::now()))));
    if (auto const* later = std::get_if<est::pending>(&reply)) {
      std::cout << "not decided yet: " << later->text << "\n";
      return 0;
    }
    auto const& made = std::get<est::generated>(reply);
    std::cout << "a private key of kind " << est::pki::to_text(made.key.spec()) << ", not shown, and its certificate:\n"
              << est::pki::encode_pem(made.certificate);
    return 0;
  });
}
