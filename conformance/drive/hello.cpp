#include "hello.hpp"

#include "../octet_cursor.hpp"

#include <est/core/random.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>

namespace est::conformance {

namespace {

using http::tls_version;

constexpr std::uint16_t renegotiation_info = 0xff01, extended_master_secret = 23, supported_versions = 43;

void put(std::string& out, std::size_t value, std::size_t octets) {
  while (octets-- != 0) out.push_back(static_cast<char>(value >> (8 * octets) & 0xff));
}

/// The length, in so many octets, and then the content.
void put_with_length(std::string& out, std::string_view content, std::size_t octets) {
  put(out, content.size(), octets);
  out += content;
}

void put_extension(std::string& out, std::uint16_t type, std::string_view content) {
  put(out, type, 2);
  put_with_length(out, content, 2);
}

/// A list of numbers of 16 bits, its length in front of it.
std::string list_of(std::initializer_list<std::uint16_t> numbers) {
  std::string list;
  put(list, numbers.size() * 2, 2);
  for (auto const n : numbers) put(list, n, 2);
  return list;
}

std::string extensions_of(tls_version version, suite_family suites, std::string_view server_name, byte_view share) {
  std::string all;
  if (!server_name.empty()) {
    std::string entry, list;
    put(entry, 0, 1); // host_name
    put_with_length(entry, server_name, 2);
    put_with_length(list, entry, 2);
    put_extension(all, 0, list);
  }
  put_extension(all, 10, list_of({29, 23, 24, 25, 256})); // x25519, secp256r1, secp384r1, secp521r1, ffdhe2048
  put_extension(all, 11, {"\x01\x00", 2});                // uncompressed points
  if (version >= tls_version::tls_1_2)
    put_extension(
        all, 13,
        list_of({0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0807, 0x0203, 0x0201}));
  if (suites == suite_family::srp) {
    std::string user;
    put_with_length(user, "est-conformance", 1);
    put_extension(all, 12, user);
  }
  if (version == tls_version::tls_1_3) {
    put_extension(all, supported_versions, {"\x02\x03\x04", 3});
    std::string entry, list;
    put(entry, 29, 2); // any 32 octets are a public value of x25519
    put_with_length(entry, as_text(share), 2);
    put_with_length(list, entry, 2);
    put_extension(all, 51, list);
    put_extension(all, 45, {"\x01\x01", 2}); // psk_dhe_ke
  } else {
    put_extension(all, extended_master_secret, {});
    put_extension(all, renegotiation_info, {"\x00", 1});
  }
  return all;
}

/// RFC 5246 7.4.1.3, RFC 8446 4.1.3
void take_server_hello(std::string_view body, tls_probe& out) {
  using answer = tls_probe::answer;
  octet_cursor in{body};
  auto const version = static_cast<std::uint16_t>(in.number(2));
  in.piece(32);
  in.piece(in.number(1));
  out.chosen_suite = static_cast<std::uint16_t>(in.number(2));
  in.piece(1);
  out.chosen_version = version_of_number(version);
  out.answered =
      in.good() && out.chosen_version != tls_version::unknown ? answer::server_hello : answer::something_else;
  if (in.empty()) return;
  octet_cursor extensions{in.piece(in.number(2))};
  while (!extensions.empty()) {
    auto const type = extensions.number(2);
    octet_cursor content{extensions.piece(extensions.number(2))};
    out.renegotiation_info = out.renegotiation_info || type == renegotiation_info;
    out.extended_master_secret = out.extended_master_secret || type == extended_master_secret;
    if (type == supported_versions)
      out.chosen_version = version_of_number(static_cast<std::uint16_t>(content.number(2)));
  }
  if (!extensions.good()) out.answered = answer::something_else;
}

bool send_all(tcp_socket const& socket, std::string_view octets, steady::time_point deadline) {
  while (!octets.empty()) {
    auto const sent = ::send(socket.fd(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      octets.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (!socket.wait(true, deadline)) return false;
  }
  return true;
}

/// Sends, and reads until enough is there, the peer ends, or the time is up.
template <class Enough>
void converse(probe_target const& target, std::string_view octets, std::size_t most, tls_probe& out, Enough enough) {
  using answer = tls_probe::answer;
  auto const socket = dial(target.host, target.port, target.overrides, target.connect_timeout);
  if (!socket) {
    out.trouble = "no connection: " + socket.error().detail;
    return;
  }
  auto const deadline = steady::now() + target.handshake_timeout;
  std::string came;
  bool const sent = send_all(*socket, octets, deadline);
  while (came.size() < most) {
    std::array<char, 4096> buffer{};
    auto const got = ::recv(socket->fd(), buffer.data(), buffer.size(), 0);
    if (got > 0) {
      came.append(buffer.data(), static_cast<std::size_t>(got));
      if (enough(came, false)) return;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (sent && socket->wait(false, deadline)) continue;
      out.trouble = "no answer within " + std::to_string(target.handshake_timeout.count()) + " ms";
      break;
    }
    out.answered = came.empty() ? answer::closed : answer::something_else;
    break;
  }
  enough(came, true);
}

} // namespace

std::string make_client_hello(tls_version version, suite_family suites, std::string_view server_name,
                              byte_view random) {
  std::string list;
  for (auto const suite : suites_of(suites, version)) put(list, suite, 2);
  std::string hello;
  put(hello, wire_number(std::min(version, tls_version::tls_1_2)), 2);
  hello += as_text(random.first(32));
  if (version == tls_version::tls_1_3)
    put_with_length(hello, as_text(random.subspan(32, 32)), 1); // RFC 8446 appendix D.4
  else
    put(hello, 0, 1);
  put_with_length(hello, list, 2);
  hello.append("\x01\x00", 2); // no compression
  put_with_length(hello, extensions_of(version, suites, server_name, random.subspan(64, 32)), 2);
  std::string message, record;
  put(message, 1, 1);
  put_with_length(message, hello, 3);
  put(record, 22, 1);
  put(record, 0x0301, 2); // RFC 5246 appendix E.1: what every server takes
  put_with_length(record, message, 2);
  return record;
}

bool read_server_hello(std::string_view octets, tls_probe& out) {
  using answer = tls_probe::answer;
  std::string handshake;
  while (octets.size() >= 5) {
    octet_cursor head{octets.substr(0, 5)};
    auto const type = head.number(1), version = head.number(2), size = head.number(2);
    if ((type != 21 && type != 22) || version >> 8 != 3 || size == 0 || size > 16384 + 256) {
      out.answered = answer::something_else;
      return true;
    }
    if (octets.size() < 5 + size) return false;
    auto const content = octets.substr(5, size);
    octets.remove_prefix(5 + size);
    if (type == 21) {
      if (content.size() < 2) return out.answered = answer::something_else, true;
      // A warning, such as unrecognized_name, may come before the ServerHello (RFC 6066 3).
      bool const warning = content[0] == 1 && content[1] != 0;
      if (warning) continue;
      out.answered = answer::alert;
      out.alert = static_cast<std::uint8_t>(content[1]);
      return true;
    }
    handshake += content;
    if (handshake.size() < 4) continue;
    octet_cursor message{handshake};
    auto const kind = message.number(1), length = message.number(3);
    if (kind != 2 || length > 65536) return out.answered = answer::something_else, true;
    if (handshake.size() < 4 + length) continue;
    take_server_hello(message.piece(length), out);
    return true;
  }
  return false;
}

tls_probe probe_hello(probe_target const& target, tls_version version, suite_family suites) {
  tls_probe out;
  out.what = tls_probe::kind::hello;
  out.version = version;
  out.suites = suites;
  auto const hello = make_client_hello(version, suites, target.server_name, system_random(96));
  converse(target, hello, 65536, out, [&](std::string_view came, bool) { return read_server_hello(came, out); });
  return out;
}

tls_probe probe_clear_http(probe_target const& target) {
  tls_probe out;
  out.what = tls_probe::kind::clear_http;
  auto const request = "GET " + target.cacerts + " HTTP/1.1\r\nHost: " + target.authority +
                       "\r\nUser-Agent: est-conformance\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  converse(target, request, std::size_t{64} << 10, out, [&](std::string_view came, bool last) {
    // TLS answers with an alert record; HTTP begins with its name and is read to its end.
    bool const is_alert = came.size() >= 7 && came[0] == 21 && came[1] == 3;
    if (is_alert) {
      out.answered = tls_probe::answer::alert;
      out.alert = static_cast<std::uint8_t>(came[6]);
      return true;
    }
    if (!last) return false;
    if (!came.empty()) {
      out.answered = tls_probe::answer::something_else;
      out.clear_octets = std::string{came};
    }
    return true;
  });
  return out;
}

} // namespace est::conformance
