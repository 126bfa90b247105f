// Enrols by a Full PKI Request (RFC 5272): signed by the key that is to be certified, with a proof of a shared secret in
// place of a certificate. The answer counts only if its signer leads to a CA certificate of this server.
#include "demo_service.hpp"

#include <est/client/full_cmc.hpp>

int main(int count, char** arguments) {
  return demo::with_client(count, arguments, [&](auto& client) {
    auto const known = demo::or_exit(client.cacerts());
    est::full_cmc_trust trust;
    for (auto const& one : known.certificates.certificates())
      if (one.is_self_signed()) trust.anchors.push_back(one); // it came over a connection that was authenticated

    auto const key = demo::or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), demo::now()));
    est::pki::csr_order wanted;
    wanted.subject = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
    est::full_cmc_order order;
    order.csr = demo::or_exit(est::pki::make_csr(est::with_key_identifier(wanted, key), key, demo::now()));
    char const* const secret = std::getenv("EST_PASSWORD");
    order.identification = count > 4 ? arguments[4] : "estuser";
    order.shared_secret = est::secret_bytes{std::string_view{count > 4 && secret != nullptr ? secret : "estpwd"}};
    auto const request = demo::or_exit(est::make_full_cmc_request(order, key, demo::now()));

    auto const outcome = demo::or_exit(client.full_cmc(request, trust, demo::now().now));
    if (auto const* granted = std::get_if<est::issued>(&outcome)) {
      std::cout << est::pki::encode_pem(granted->certificate);
      return 0;
    }
    if (auto const* refused = std::get_if<est::cmc_refusal>(&outcome)) std::cout << est::to_text(*refused) << "\n";
    return std::holds_alternative<est::cmc_refusal>(outcome) ? 1 : 0; // otherwise: not decided yet, or to be confirmed
  });
}
