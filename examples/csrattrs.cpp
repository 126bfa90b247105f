// Asks what the server wants in a CSR, follows it as far as this device can, says what could not be had, and enrols.
#include "demo_service.hpp"

int main(int count, char** arguments) {
  return demo::with_client(count, arguments, [](auto& client) {
    auto const wanted = demo::or_exit(client.csr_attributes());
    if (wanted.none()) std::cout << "# the server asks for nothing\n";

    est::pki::csr_offer offer; // what this device has; its kinds of keys are the default ones
    offer.subject = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
    offer.names_if_asked = {{est::pki::oids::serial_number, "4711"}};
    offer.challenge_password = [&] { // RFC 7030 section 3.5: of the connection that the request will go over
      return est::challenge_password(client.facts() ? *client.facts() : demo::or_exit(client.connect()));
    };

    auto const plan = est::pki::follow(wanted.attributes, offer);
    for (auto const& wish : plan.unmet) std::cout << "# " << est::pki::to_text(wish) << "\n";
    auto made = demo::or_exit(est::pki::make_key_and_csr(plan, demo::now()));
    std::cout << "# a key of kind " << est::pki::to_text(made.key.spec()) << "\n"
              << est::pki::encode_pem(
                     demo::certificate_of(demo::or_exit(client.simple_enroll(std::move(made.request)))));
    return 0;
  });
}
