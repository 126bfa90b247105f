// The server on a stack of one's own: no HTTP library, octets in and octets out. Whoever has a TLS connection feeds what
// comes, sends what is returned, and says what the handshake showed (the peer's certificate, tls-unique, …).
#include <est/est.hpp>

#include <botan/auto_rng.h>

#include <iostream>
#include <string>
#include <string_view>

namespace {

est::pki::context now() {
  thread_local Botan::AutoSeeded_RNG rng;
  return {std::chrono::system_clock::now(), rng};
}

template <class T> T or_exit(est::result<T> r) {
  if (r) return std::move(*r);
  std::cerr << est::to_text(r.error()) << "\n";
  std::exit(1);
}

/// One connection of a client.
template <class Server> class connection {
public:
  connection(Server const& server, est::http::tls_facts facts) : server_(server), facts_(std::move(facts)) {}

  /// In:  octets as they come, in pieces of any size
  /// Out: octets to send back; `closed()` then says whether the connection ends
  std::string received(std::string_view octets) {
    std::string out;
    while (!octets.empty() && !closed_) {
      auto const taken = reader_.feed(octets);
      if (!taken) return out + refuse();
      octets.remove_prefix(*taken);
      if (reader_.head_done() && !reader_.done() && !continued_ && reader_.headers().has("Expect")) {
        out += "HTTP/1.1 100 Continue\r\n\r\n";
        continued_ = true;
      }
      if (!reader_.done()) continue;
      auto const question = reader_.finish();
      if (!question) return out + refuse();
      closed_ = est::http::equal_ignoring_case(question->headers.find("Connection").value_or(""), "close") ||
                question->version == "HTTP/1.0";
      out += est::http::encode(server_.handle(*question, facts_, now()), question->method);
      reader_ = est::http::request_reader{};
      continued_ = false;
    }
    return out;
  }

  bool closed() const noexcept { return closed_; }

private:
  std::string refuse() { // where a message ends is not known any more
    closed_ = true;
    return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }

  Server const& server_;
  est::http::tls_facts facts_;
  est::http::request_reader reader_;
  bool continued_ = false, closed_ = false;
};

} // namespace

int main() {
  auto ca = or_exit(est::memory_ca::make({}, now()));
  est::server const server{ca, {}}; // no passwords: a TLS certificate, or nothing

  // The device's certificate, which your TLS stack has verified.
  auto const key = or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), now()));
  auto const name = est::pki::make_name({{est::pki::oids::common_name, "example device"}});
  auto const device =
      or_exit(ca.certify(name, key.public_key_info(), std::nullopt, est::certificate_use::client, now()));
  est::http::tls_facts facts;
  facts.version = est::http::tls_version::tls_1_3;
  facts.peer_certificates = {device.der()};
  facts.peer_verified = true;
  connection wire{server, facts};

  // Two requests over it, in pieces such as a network makes.
  std::string octets = "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: est.example\r\n\r\n";
  est::pki::csr_order order;
  order.subject = name;
  auto const csr = or_exit(est::pki::make_csr(order, key, now()));
  octets += est::http::encode(est::to_http<est::op::simple_reenroll>({csr}, est::endpoint{"est.example", ""}));
  std::string answers;
  for (std::size_t at = 0; at < octets.size(); at += 7)
    answers += wire.received(std::string_view{octets}.substr(at, 7));
  std::cout << answers;
  auto const second = answers.find("HTTP/1.1 ", 1);
  return answers.starts_with("HTTP/1.1 200") && second != std::string::npos &&
                 answers.substr(second, 12) == "HTTP/1.1 200"
             ? 0
             : 1;
}
