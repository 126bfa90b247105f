// Has the server make key pairs that come encrypted beyond TLS: under a key that both sides share, and under a public key
// (RFC 7030 sections 4.4.1.1, 4.4.1.2 and 4.4.2). Who signed the package is verified before the key is handed out.
#include "demo_service.hpp"

namespace {

constexpr std::string_view name_of_key = "device 4711"; // by this the server knows which key is meant

est::bytes shared_key() { return est::bytes(32, 0x5a); } // in earnest: provisioned, and random

est::pki::csr ask(std::vector<est::pki::attribute> attributes) {
  auto const throwaway = demo::or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), demo::now()));
  est::pki::csr_order order;
  order.subject = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
  order.attributes = std::move(attributes);
  return demo::or_exit(est::pki::make_csr(order, throwaway, demo::now()));
}

template <class Client> void take(Client& client, est::pki::csr csr, est::pki::key_opening const& opening) {
  auto const at = demo::now();
  auto const reply = demo::or_exit(client.server_keygen(std::move(csr), opening, at));
  auto const& made = std::get<est::generated>(reply);
  std::cout << "a private key of kind " << est::pki::to_text(made.key.spec()) << ", packed by "
            << made.protection->signer->subject_text() << ", and its certificate:\n"
            << est::pki::encode_pem(made.certificate);
}

} // namespace

int main() {
  using namespace est::pki;
  auto ca = demo::or_exit(est::memory_ca::make({}, demo::now()));
  est::server_options policy;
  policy.check_password = [](std::string_view, est::byte_view) { return true; };
  est::server const server{ca, std::move(policy)};
  est::client_options options;
  options.identity = est::server_check::by_transport;
  options.credentials = est::http::basic_credentials{"estuser", est::secret_bytes{std::string_view{"estpwd"}}};
  auto const handler = [&](auto const& question, auto const& facts) {
    return server.handle(question, facts, demo::now());
  };
  est::client client{est::transport::loopback{handler}, est::endpoint{"localhost", ""}, std::move(options)};
  std::vector<certificate> const anchors{ca.root()};

  // A key that both sides have.
  auto const shared = [] { return key_encryption_key{est::to_bytes(name_of_key), est::secret_bytes{shared_key()}}; };
  if (!ca.keys().add(shared())) return 1;
  take(client,
       ask({decrypt_key_identifier(est::as_bytes(name_of_key)),
            smime_capabilities_attribute(
                capabilities_for_symmetric(shared_key().size(), {content_cipher::aes256_gcm}))}),
       {shared(), anchors});

  // A public key that the server knows, whose private half the device has.
  auto own = demo::or_exit(make_x25519_key(demo::now()));
  auto const public_half = own.public_key_info();
  if (!ca.keys().add(est::to_bytes(name_of_key), {public_half})) return 1;
  auto const capabilities = demo::or_exit(capabilities_for_public_key(public_half, {content_cipher::aes256_gcm}));
  take(client,
       ask({asymmetric_decrypt_key_identifier(est::as_bytes(name_of_key)), smime_capabilities_attribute(capabilities)}),
       {recipient_key{std::move(own), std::nullopt, est::to_bytes(name_of_key)}, anchors});
}
