#pragma once
/// What the client examples talk to: a server over HTTPS if its URL is given, else a small CA within this process.
///
///   PROGRAM                                         in this process
///   PROGRAM HOST PORT CA.pem [USER]                 over HTTPS; the password of USER is read from EST_PASSWORD

#include <est/est.hpp>
#include <est/transport/httplib_client.hpp>

#include <botan/auto_rng.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace demo {

// Time and randomness are arguments everywhere; this is where a program takes them from.
inline est::pki::context now() {
  static Botan::AutoSeeded_RNG rng;
  return {std::chrono::system_clock::now(), rng};
}

template <class T> T or_exit(est::result<T> r) {
  if (r) return std::move(*r);
  std::cerr << est::to_text(r.error()) << "\n";
  std::exit(1);
}

/// A CA and an EST server over it, as one function.
class service {
public:
  service() : ca_(or_exit(est::memory_ca::make(issuing(), now()))), server_(ca_, policy()) {}
  service(service const&) = delete;
  service& operator=(service const&) = delete;

  est::http::response operator()(est::http::request const& question, est::http::tls_facts const& facts) {
    return server_.handle(question, facts, now());
  }

private:
  static est::memory_ca_options issuing() {
    est::memory_ca_options
        options; // what /csrattrs asks for: a P-384 key, signing with SHA-384, and a link to the connection
    options.csr_attributes = or_exit(est::pki::make_csr_attributes(
        {est::pki::oids::challenge_password,
         est::pki::attribute{est::pki::oids::ec_public_key, {est::pki::oids::secp384r1.encode()}},
         est::pki::object_id{1, 2, 840, 10045, 4, 3, 3}}));
    return options;
  }

  static est::server_options policy() {
    est::server_options options;
    options.check_password = [](std::string_view user, est::byte_view password) {
      return user == "estuser" && est::equal(password, est::as_bytes("estpwd"));
    };
    options.cmc.shared_secret = [](std::string_view name, std::string_view) -> std::optional<est::secret_bytes> {
      if (name != "estuser") return std::nullopt;
      return est::secret_bytes{std::string_view{"estpwd"}};
    };
    return options;
  }

  est::memory_ca ca_;
  est::server<est::memory_ca> server_;
};

inline int usage() {
  std::cerr << "usage: PROGRAM [HOST PORT CA.pem [USER]]\n";
  return 2;
}

/// What a client shows in the TLS handshake.
struct identity {
  est::pki::certificate const& certificate;
  est::pki::private_key const& key;
};

/// Calls `work` with a client, over whichever transport: one that shows a certificate if it is given one, and else knows a
/// password.
template <class Work> int with_client(int count, char** arguments, Work work, identity const* shown = nullptr) {
  est::client_options options;
  if (count == 1) {
    static service here;
    options.identity = est::server_check::by_transport; // no TLS, no certificate
    auto const handler = [](auto const& question, auto const& facts) { return here(question, facts); };
    auto at_server = est::transport::loopback_facts();
    if (shown != nullptr)
      at_server.peer_certificates = {shown->certificate.der()};
    else
      options.credentials = est::http::basic_credentials{"estuser", est::secret_bytes{std::string_view{"estpwd"}}};
    est::client client{est::transport::loopback{handler, est::transport::loopback_facts(), at_server},
                       est::endpoint{"localhost", ""}, std::move(options)};
    return work(client);
  }
  if (count < 4) return usage();
  est::transport::httplib_client_options wire;
  wire.host = arguments[1];
  wire.port = static_cast<std::uint16_t>(std::atoi(arguments[2]));
  std::ifstream anchors{arguments[3]};
  wire.anchors_pem.assign(std::istreambuf_iterator<char>{anchors}, {});
  if (wire.anchors_pem.empty()) return usage(); // an empty text would mean the system's store
  if (shown != nullptr) {
    wire.certificate_pem = est::pki::encode_pem(shown->certificate);
    wire.key_pem = est::secret_bytes{est::pki::encode_pem("PRIVATE KEY", shown->key.encode().expose())};
  } else if (count > 4) {
    char const* const password = std::getenv("EST_PASSWORD");
    options.credentials = est::http::basic_credentials{
        arguments[4], est::secret_bytes{std::string_view{password != nullptr ? password : ""}}};
  }
  auto const authority = wire.host + ":" + std::to_string(wire.port);
  est::client client{or_exit(est::transport::httplib_client::make(std::move(wire))), est::endpoint{authority, ""},
                     std::move(options)};
  return work(client);
}

/// The certificate of an answer; ends the program where nothing is decided yet.
template <class Reply> auto certificate_of(Reply reply) {
  if (auto const* later = std::get_if<est::pending>(&reply)) {
    std::cout << "not decided yet: " << later->text << "\n";
    std::exit(0);
  }
  return std::get<est::issued>(std::move(reply)).certificate;
}

} // namespace demo
