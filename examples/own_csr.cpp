// Brings a CSR of its own: signed by a key that this program never holds, and handed over as octets.
#include "demo_service.hpp"

namespace {

/// Stands for an HSM, a TPM, or a process that keeps keys: it gives its public key, and signs what it is given.
class key_keeper {
public:
  key_keeper() : key_(demo::or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), demo::now()))) {}

  est::bytes public_key() const { return key_.public_key_info(); }

  est::result<est::bytes> sign(est::byte_view message, est::pki::signature_algorithm const& how) const {
    auto made = est::pki::signing_key{key_}.sign(message, how.hash, demo::now());
    if (!made) return est::fail(made.error());
    return std::move(made->octets);
  }

private:
  est::pki::private_key key_;
};

} // namespace

int main(int count, char** arguments) {
  key_keeper const keeper;
  est::pki::signing_key const key{keeper.public_key(),
                                  [&](auto message, auto const& how) { return keeper.sign(message, how); }};
  est::pki::csr_order order;
  order.subject = est::pki::make_name({{est::pki::oids::common_name, "device with a key of its own"}});
  est::bytes const der = demo::or_exit(est::pki::make_csr(order, key, demo::now())).der();

  // From here on it could have come from anywhere: DER, or the octets of a PEM block.
  auto csr = demo::or_exit(est::pki::parse_csr(der));
  if (!csr.signature_verifies()) return 1;
  return demo::with_client(count, arguments, [&](auto& client) {
    std::cout << est::pki::encode_pem(demo::certificate_of(demo::or_exit(client.simple_enroll(std::move(csr)))));
    return 0;
  });
}
