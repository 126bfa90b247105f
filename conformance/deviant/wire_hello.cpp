/// A ServerHello that no TLS stack of today would send: read and written octet by octet.
///
/// Source:  RFC 5246 7.4.1.2 (ClientHello), 7.4.1.3 (ServerHello), 6.2.1 (records), RFC 5746 3.2, RFC 7627 5.1

#include "wire_tls.hpp"

#include "../octet_cursor.hpp"

#include <algorithm>

namespace est::conformance {

namespace {

constexpr std::uint16_t renegotiation_info = 0xff01, extended_master_secret = 0x0017, signalling_suite = 0x00ff;

struct offer {
  std::uint16_t version = 0;
  std::vector<std::uint16_t> suites;
  bool renegotiation = false, extended_master_secret = false;
};

std::optional<offer> read_offer(std::string_view record) {
  octet_cursor in{record};
  offer o;
  if (in.number(1) != 22) return std::nullopt;
  in.number(2);
  octet_cursor handshake{in.piece(in.number(2))};
  if (handshake.number(1) != 1) return std::nullopt;
  octet_cursor hello{handshake.piece(handshake.number(3))};
  o.version = static_cast<std::uint16_t>(hello.number(2));
  hello.piece(32);
  hello.piece(hello.number(1));
  octet_cursor suites{hello.piece(hello.number(2))};
  while (!suites.empty()) {
    auto const suite = static_cast<std::uint16_t>(suites.number(2));
    if (suite == signalling_suite)
      o.renegotiation = true;
    else
      o.suites.push_back(suite);
  }
  hello.piece(hello.number(1));
  if (!hello.good() || !suites.good()) return std::nullopt;
  if (hello.empty()) return o;
  octet_cursor extensions{hello.piece(hello.number(2))};
  while (!extensions.empty()) {
    auto const type = extensions.number(2);
    extensions.piece(extensions.number(2));
    o.renegotiation = o.renegotiation || type == renegotiation_info;
    o.extended_master_secret = o.extended_master_secret || type == extended_master_secret;
  }
  return extensions.good() ? std::optional{o} : std::nullopt;
}

void put(std::string& out, std::size_t value, std::size_t octets) {
  while (octets-- != 0) out.push_back(static_cast<char>(value >> (8 * octets) & 0xff));
}

std::string write_hello(feigned_hello const& how, offer const& o, std::uint16_t suite) {
  std::string hello;
  auto const version = how.answered != 0 ? how.answered : how.version;
  put(hello, version, 2);
  for (int i = 0; i < 32; ++i) hello.push_back(static_cast<char>(i * 7 + 1)); // nobody will ever derive a key from it
  put(hello, 0, 1);
  put(hello, suite, 2);
  put(hello, 0, 1);
  std::string extensions;
  if (how.renegotiation_info && o.renegotiation) {
    put(extensions, renegotiation_info, 2);
    put(extensions, 1, 2);
    put(extensions, 0, 1);
  }
  if (how.extended_master_secret && o.extended_master_secret) {
    put(extensions, extended_master_secret, 2);
    put(extensions, 0, 2);
  }
  if (!extensions.empty()) {
    put(hello, extensions.size(), 2);
    hello += extensions;
  }
  std::string record;
  put(record, 22, 1);
  put(record, version, 2);
  put(record, hello.size() + 4, 2);
  put(record, 2, 1);
  put(record, hello.size(), 3);
  return record + hello;
}

} // namespace

std::string feign_server_hello(std::vector<feigned_hello> const& feigned, std::string_view client_record) {
  if (feigned.empty()) return {};
  auto const o = read_offer(client_record);
  if (!o || o->suites.empty()) return {};
  for (auto const& how : feigned) {
    if (o->version != how.version) continue;
    bool const fits = how.suites.empty() || std::all_of(o->suites.begin(), o->suites.end(), [&](auto suite) {
                        return std::find(how.suites.begin(), how.suites.end(), suite) != how.suites.end();
                      });
    if (fits) return write_hello(how, *o, o->suites.front());
  }
  return {};
}

} // namespace est::conformance
