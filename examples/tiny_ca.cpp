// An EST server that a person starts and enrols against with curl. All that it knows is in one directory of plain files.
//
//   tiny_ca DIRECTORY [PORT]
//
//   ca.pem ca.key          the CA
//   server.pem server.key  for TLS, made anew at each start
//   users                  USER:PASSWORD, one a line; made with one user at the first start
//   issued/SERIAL.pem      every certificate; revoked/SERIAL: touch it to revoke one
//
// Prints lines to try it with, and serves until its standard input ends (Ctrl-D).
#include "directory_ca.hpp"

#include <est/transport/httplib_server.hpp>

#include <botan/auto_rng.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace {

est::pki::context now() { // one random generator a thread: requests are answered in several at once
  thread_local Botan::AutoSeeded_RNG rng;
  return {std::chrono::system_clock::now(), rng};
}

template <class T> T or_exit(est::result<T> r) {
  if (r) return std::move(*r);
  std::cerr << est::to_text(r.error()) << "\n";
  std::exit(1);
}

est::password_table read_users(state_directory const& state) {
  if (!state.contains("users")) {
    est::bytes random(12);
    now().rng.randomize(random.data(), random.size());
    state.write("users", "estuser:" + est::to_hex(random) + "\n");
  }
  est::password_table users;
  std::istringstream lines{state.read("users").value_or("")};
  for (std::string line; std::getline(lines, line);)
    if (auto const colon = line.find(':'); colon != std::string::npos)
      users.add(line.substr(0, colon), est::secret_bytes{std::string_view{line}.substr(colon + 1)});
  return users;
}

est::transport::httplib_server_options make_wire(state_directory const& state, directory_ca const& ca) {
  auto const key = or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), now()));
  est::pki::alternative_names names;
  names.dns = {"localhost"};
  names.ip = {{127, 0, 0, 1}};
  auto const certificate =
      or_exit(ca.certify(est::pki::make_name({{est::pki::oids::common_name, "localhost"}}), key.public_key_info(),
                         est::pki::make_subject_alternative_name(names), est::pki::oids::server_auth, now()));
  est::transport::httplib_server_options wire;
  wire.certificate_chain_pem = est::pki::encode_pem(certificate);
  wire.key_pem = est::secret_bytes{est::pki::encode_pem("PRIVATE KEY", key.encode().expose())};
  wire.client_anchors_pem = est::pki::encode_pem(ca.root()); // for re-enrolment
  state.write("server.pem", wire.certificate_chain_pem);
  state.write("server.key", est::as_text(wire.key_pem.expose()));
  return wire;
}

} // namespace

int main(int count, char** arguments) try {
  if (count < 2) {
    std::cerr << "usage: tiny_ca DIRECTORY [PORT]\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN); // a client that goes away must not end the server
  std::string const where = arguments[1];
  state_directory const state{where};
  auto ca = or_exit(directory_ca::open(where, now()));
  auto const users = read_users(state);

  est::server_options policy;
  policy.check_password = [&](std::string_view user, est::byte_view password) { return users.accepts(user, password); };
  policy.on_trouble = [](est::failure const& f) { std::cerr << est::to_text(f) << "\n"; };
  est::server const server{ca, std::move(policy)};

  auto wire = make_wire(state, ca);
  wire.port = static_cast<std::uint16_t>(count > 2 ? std::atoi(arguments[2]) : 8443);
  auto const running = or_exit(est::transport::httplib_server::start(
      [&](est::http::request const& question, est::http::tls_facts const& facts) {
        return server.handle(question, facts, now());
      },
      std::move(wire)));

  auto const url = "https://localhost:" + std::to_string(running->port()) + "/.well-known/est";
  std::cout << "curl --cacert " << where << "/ca.pem " << url << "/cacerts\n"
            << "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout device.key -subj /CN=device"
            << " -outform DER | openssl base64 -out device.csr\n"
            << "curl --cacert " << where << "/ca.pem -u $(head -n 1 " << where << "/users)"
            << " -H 'Content-Type: application/pkcs10' --data-binary @device.csr " << url << "/simpleenroll"
            << " | openssl base64 -d | openssl pkcs7 -inform DER -print_certs\n"
            << std::flush;
  for (std::string line; std::getline(std::cin, line);) {}
  running->stop();
  return 0;
} catch (std::exception const& e) {
  std::cerr << "tiny_ca: " << e.what() << "\n";
  return 1;
}
