// A program outside the tree that uses the installed adaptors for cpp-httplib, linked with it and OpenSSL.
#include <est/est.hpp>
#include <est/transport/httplib_client.hpp>
#include <est/transport/httplib_server.hpp>

#include <iostream>

int main() {
  std::cout << est::version << '\n';
  return 0;
}
