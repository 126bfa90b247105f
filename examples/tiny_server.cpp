// An EST server in one file: a CA in memory, the EST server over it, HTTPS by cpp-httplib.
//
//   tiny_server [port]
//
// Prints lines to try it with, and serves until its standard input ends (Ctrl-D).

#include <est/est.hpp>
#include <est/transport/httplib_server.hpp>

#include <botan/auto_rng.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

namespace {

// One random generator a thread: requests are answered in several at once.
est::pki::context now() {
  thread_local Botan::AutoSeeded_RNG rng;
  return {std::chrono::system_clock::now(), rng};
}

template <class T> T or_exit(est::result<T> r) {
  if (r) return std::move(*r);
  std::cerr << est::to_text(r.error()) << "\n";
  std::exit(1);
}

} // namespace

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN); // a client that goes away must not end the server

  // The authority: yours in earnest; here one that forgets everything when it ends.
  auto ca = or_exit(est::memory_ca::make({}, now()));

  // Who may have certificates: here whoever knows the password.
  est::password_table users;
  users.add("estuser", est::secret_bytes{std::string_view{"estpwd"}});
  est::server_options policy;
  policy.check_password = [&](std::string_view user, est::byte_view password) { return users.accepts(user, password); };
  policy.on_trouble = [](est::failure const& f) { std::cerr << est::to_text(f) << "\n"; };
  est::server const server{ca, std::move(policy)};

  // A TLS certificate for localhost, from the same CA.
  auto const key = or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), now()));
  est::pki::alternative_names names;
  names.dns = {"localhost"};
  auto const certificate =
      or_exit(ca.certify(est::pki::make_name({{est::pki::oids::common_name, "localhost"}}), key.public_key_info(),
                         est::pki::make_subject_alternative_name(names).value, est::certificate_use::server, now()));

  est::transport::httplib_server_options wire;
  wire.port = static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0);
  wire.certificate_chain_pem = est::pki::encode_pem(certificate) + est::pki::encode_pem(ca.issuer());
  wire.key_pem = est::secret_bytes{est::pki::encode_pem("PRIVATE KEY", key.encode().expose())};
  wire.client_anchors_pem = est::pki::encode_pem(ca.issuer()) + est::pki::encode_pem(ca.root()); // for re-enrolment
  auto const running = or_exit(est::transport::httplib_server::start(
      [&](est::http::request const& question, est::http::tls_facts const& facts) {
        return server.handle(question, facts, now());
      },
      std::move(wire)));

  std::ofstream{"tiny_server-ca.pem"} << est::pki::encode_pem(ca.root());
  auto const url = "https://localhost:" + std::to_string(running->port()) + "/.well-known/est";
  std::cout << "curl --cacert tiny_server-ca.pem " << url << "/cacerts\n"
            << "openssl req -new -newkey rsa:2048 -nodes -keyout device.key -subj /CN=device -outform DER"
            << " | openssl base64 -out device.csr\n"
            << "curl --cacert tiny_server-ca.pem -u estuser:estpwd -H 'Content-Type: application/pkcs10'"
            << " --data-binary @device.csr " << url << "/simpleenroll\n"
            << std::flush;
  for (std::string line; std::getline(std::cin, line);) {}
}
