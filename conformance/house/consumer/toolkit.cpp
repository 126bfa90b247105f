// A program outside the tree that uses the installed headers: all that est.hpp brings, and one function of it, linked
// with Botan.
#include <est/est.hpp>

#include <iostream>

int main() {
  auto const octets = est::decode_base64("ZXN0");
  if (!octets) return 1;
  std::cout << est::version << ' ' << est::to_hex(est::sha256(*octets)) << '\n';
  return octets->size() == 3 ? 0 : 1;
}
