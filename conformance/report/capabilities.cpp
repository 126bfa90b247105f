#include "report/capabilities.hpp"

#include "checks/common.hpp"
#include "reading.hpp"

#include <algorithm>
#include <tuple>

namespace est::conformance {

namespace {

std::string authentication_of(exchange const& e, reading const& r) {
  bool const certificate = e.client_certificate_shown.value_or(false);
  if (r.has_authorization) return certificate ? "HTTP and certificate" : "HTTP";
  return certificate ? "certificate" : "none";
}

/// Success before anything else, and an answer before none.
int worth(int status) {
  if (status >= 200 && status < 300) return status == 202 ? 3 : 4;
  return status == 0 ? 0 : status >= 500 ? 1 : 2;
}

/// The CA that issued to us, or else the first that /cacerts names.
std::string key_of_ca(target_facts const& target) {
  for (auto const& der : target.ca_certificates)
    if (auto const certificate = pki::parse_certificate(der); certificate && certificate->is_ca())
      return describe_key(certificate->public_key_info());
  return {};
}

} // namespace

capabilities find_capabilities(std::span<const record> records, target_facts const& target) {
  capabilities found;
  std::vector<int> best; // of each of the operations
  for (auto const& r : records) {
    for (auto const& e : r.exchanges) {
      if (e.probe) {
        found.handshakes.push_back({question_in_words(*e.probe), answer_in_words(*e.probe)});
        continue;
      }
      if (e.client_certificate_asked) {
        found.asks_for_certificate = found.asks_for_certificate.value_or(false) || *e.client_certificate_asked;
        if (e.authorities_named) found.authorities_named = e.authorities_named;
      }
      bool const unfit = e.identity && *e.identity != client_identity::own;
      auto const read = conformance::read(e);
      // A vector with a control is a mutation of something that can be asked.
      if (unfit || r.control || read.op == operation::unknown || !read.request) continue;
      // Without a request for a certificate it asks for nothing there: the wrong method, a body that is none.
      if (takes_csr(read) && !read.csr) continue;
      capability c;
      c.operation = name(read.op);
      c.tls = e.tls ? std::string{http::name(e.tls->version)} : std::string{"TLS version not known"};
      if (read.csr) c.key = describe_key(read.csr->public_key_info());
      c.authentication = authentication_of(e, read);
      auto const same = std::find_if(found.operations.begin(), found.operations.end(), [&](capability const& o) {
        return o.operation == c.operation && o.tls == c.tls && o.key == c.key && o.authentication == c.authentication;
      });
      auto const at = static_cast<std::size_t>(same - found.operations.begin());
      if (same == found.operations.end()) {
        found.operations.push_back(std::move(c));
        best.push_back(-1);
      }
      auto& row = found.operations[at];
      ++row.times;
      if (worth(read.status()) <= best[at]) continue;
      best[at] = worth(read.status());
      row.answer = read.response ? status_text(read) : "no answer";
    }
  }
  std::stable_sort(found.operations.begin(), found.operations.end(), [](capability const& a, capability const& b) {
    return std::tie(a.operation, a.tls, a.key, a.authentication) <
           std::tie(b.operation, b.tls, b.key, b.authentication);
  });
  found.ca_key = key_of_ca(target);
  return found;
}

} // namespace est::conformance
