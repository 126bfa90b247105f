// Makes a key and a request that is linked to the connection, and has it certified.
#include "demo_service.hpp"

namespace {

// RFC 7030 section 3.5: the request carries a value that only this connection has. On TLS 1.3 there is none by default.
est::result<est::pki::csr> make_request(est::pki::private_key const& key, est::http::tls_facts const& connection) {
  est::pki::csr_order order;
  order.subject = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
  if (auto const binding = est::challenge_password(connection))
    order.attributes.push_back(est::pki::challenge_password_attribute(*binding));
  return est::pki::make_csr(order, key, demo::now());
}

} // namespace

int main(int count, char** arguments) {
  return demo::with_client(count, arguments, [](auto& client) {
    auto const key = demo::or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), demo::now()));
    auto const reply = demo::or_exit(client.template call_bound<est::op::simple_enroll>(
        [&](est::http::tls_facts const& connection) -> est::result<est::certification_request> {
          auto csr = make_request(key, connection);
          if (!csr) return est::fail(csr.error());
          return est::certification_request{std::move(*csr)};
        }));
    if (auto const* later = std::get_if<est::pending>(&reply)) {
      std::cout << "not decided yet: " << later->text << "\n";
      return 0;
    }
    // It holds our key: the client hands out nothing else.
    std::cout << est::pki::encode_pem(std::get<est::issued>(reply).certificate);
    return 0;
  });
}
