// Fetches the certificates of the CA and says what they are.
#include "demo_service.hpp"

int main(int count, char** arguments) {
  return demo::with_client(count, arguments, [](auto& client) {
    est::notes seen; // what the parser read past: lawful oddities, and broken clauses whose meaning is still certain
    auto const reply = demo::or_exit(client.cacerts(&seen));
    for (auto const& certificate : reply.certificates.certificates())
      std::cout << certificate.subject_text() << (certificate.is_self_signed() ? " (a root)" : "") << "\n"
                << est::pki::encode_pem(certificate);
    for (auto const& note : seen) std::cout << "# " << est::to_text(note) << "\n";
    return 0;
  });
}
