/// Serves the reference server for other programs: writes what a client needs into a folder, prints the URL, and serves
/// until its standard input ends.
///
///   serve-reference FOLDER [1.2|1.3]

#include "deviant/reference_server.hpp"

#include <est/core/bytes.hpp>

#include <csignal>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

int main(int count, char** arguments) {
  using namespace est;
  if (count < 2) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  conformance::reference_options options;
  std::string_view const tls = count > 2 ? arguments[2] : "";
  if (tls == "1.2") options.tls = http::tls_version::tls_1_2;
  if (tls == "1.3") options.tls = http::tls_version::tls_1_3;
  auto const started = conformance::reference_server::start(std::move(options));
  if (!started) {
    std::cerr << to_text(started.error()) << "\n";
    return 1;
  }
  auto& server = **started;
  auto const write = [folder = std::string{arguments[1]}](char const* name, std::string_view text) {
    std::ofstream{folder + "/" + name, std::ios::binary} << text;
  };
  write("ca.pem", server.ca_pem());
  write("chain.pem", server.authority().chain_pem());
  write("client.pem", server.client_certificate_pem());
  write("client.key", as_text(server.client_key_pem().expose()));
  write("user", server.user() + ":" + to_text(server.password().expose()));
  std::cout << server.url() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {}
  server.stop();
  return 0;
}
