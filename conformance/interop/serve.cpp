/// The toolkit's server for programs that others wrote: writes what a client needs into a folder, prints its URL and the
/// Botan that it stands on, and serves until its standard input ends.
///
///   serve-interop FOLDER [WORD]...
///
/// WORD: 1.2 or 1.3 for that TLS version alone; digest for HTTP Digest in place of Basic, md5 besides for that algorithm
/// alone; line for base64 in one line; later for a CA that answers each request with 202 the first time. It always does so
/// under the label `later`; and under `silent`, with a 202 that has no content.

#include <est/est.hpp>
#include <est/transport/httplib_server.hpp>

#include <botan/auto_rng.h>
#include <botan/version.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace {

// One random generator a thread: requests are answered in several at once.
est::pki::context now() {
  thread_local Botan::AutoSeeded_RNG rng;
  return {std::chrono::system_clock::now(), rng};
}

template <class T> T or_exit(est::result<T> r) {
  if (r) {
    if constexpr (std::is_void_v<T>)
      return;
    else
      return std::move(*r);
  }
  std::cerr << est::to_text(r.error()) << "\n";
  std::exit(1);
}

/// A CA that takes a second to decide: under the label `later`, or always.
class authority {
public:
  explicit authority(est::memory_ca const& ca, bool always_later = false) : ca_(ca), always_later_(always_later) {}

  est::result<est::pki::certs_only> ca_certificates(std::string_view label) const { return ca_.ca_certificates(label); }

  est::result<est::issuance> issue(est::pki::csr const& csr, est::peer const& who, std::string_view label,
                                   est::pki::context const& at) {
    if ((always_later_ || label == "later" || label == "silent") && is_new(csr))
      return est::issuance{est::pending{std::chrono::seconds{1}, {}, label == "silent" ? "" : "Not yet."}};
    return ca_.issue(csr, who, label, at);
  }

  est::result<est::pki::private_key> generate_key(est::pki::csr const& csr, std::string_view label,
                                                  est::pki::context const& at) const {
    return ca_.generate_key(csr, label, at);
  }

  est::result<std::optional<est::pki::csr_attributes>> csr_attributes(std::string_view label, est::peer const& who,
                                                                      est::pki::context const& at) const {
    return ca_.csr_attributes(label, who, at);
  }

private:
  bool is_new(est::pki::csr const& csr) {
    std::lock_guard const lock{mutex_};
    return seen_.insert(csr.der()).second;
  }

  est::memory_ca const& ca_;
  bool always_later_;
  std::mutex mutex_;
  std::set<est::bytes> seen_;
};

struct identity {
  std::string certificate;
  est::secret_bytes key;
};

identity make_identity(est::memory_ca const& ca, char const* name, est::certificate_use use) {
  auto const key = or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), now()));
  est::pki::alternative_names names;
  names.dns = {"localhost"};
  names.ip = {{127, 0, 0, 1}};
  auto const alternative = use == est::certificate_use::server
                               ? std::optional<est::bytes>{est::pki::make_subject_alternative_name(names).value}
                               : std::nullopt;
  auto const made = or_exit(ca.certify(est::pki::make_name({{est::pki::oids::common_name, name}}),
                                       key.public_key_info(), alternative, use, now()));
  return {est::pki::encode_pem(made) + est::pki::encode_pem(ca.issuer()),
          est::secret_bytes{est::pki::encode_pem("PRIVATE KEY", key.encode().expose())}};
}

} // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  est::memory_ca_options issuing; // /csrattrs asks for a link to the connection and a P-384 key
  issuing.csr_attributes = or_exit(est::pki::make_csr_attributes(
      {est::pki::oids::challenge_password,
       est::pki::attribute{est::pki::oids::ec_public_key, {est::pki::oids::secp384r1.encode()}}}));
  auto const ca = or_exit(est::memory_ca::make(std::move(issuing), now()));
  std::set<std::string_view> const words(arguments + 2, arguments + count);
  authority behind{ca, words.contains("later")};
  est::password_table users;
  users.add("estuser", est::secret_bytes{std::string_view{"estpwd"}});
  est::server_options how;
  if (words.contains("line")) how.body.layout = est::base64_layout::one_line();
  if (words.contains("digest")) {
    auto const table = std::make_shared<est::digest_table>(how.realm);
    or_exit(table->add("estuser", est::secret_bytes{std::string_view{"estpwd"}}));
    how.digest.emplace();
    how.digest->find = est::digest_table::lookup(table);
    how.digest->nonces = std::make_shared<est::http::nonce_maker>(est::secret_bytes{est::system_random(32)});
    if (words.contains("md5")) how.digest->algorithms = {est::http::digest_algorithm::md5};
  } else {
    how.check_password = [&](std::string_view user, est::byte_view password) { return users.accepts(user, password); };
  }
  how.knows_label = [](std::string_view label) { return label == "later" || label == "silent"; };
  how.on_trouble = [](est::failure const& f) { std::cerr << est::to_text(f) << "\n"; };
  est::server const server{behind, std::move(how)};

  auto own = make_identity(ca, "localhost", est::certificate_use::server);
  auto const client = make_identity(ca, "interop client", est::certificate_use::client);
  est::transport::httplib_server_options wire;
  wire.certificate_chain_pem = own.certificate;
  wire.key_pem = std::move(own.key);
  wire.client_anchors_pem = est::pki::encode_pem(ca.issuer()) + est::pki::encode_pem(ca.root());
  wire.keep_alive = std::chrono::seconds{2};
  if (words.contains("1.2")) wire.tls = est::http::tls_version::tls_1_2;
  if (words.contains("1.3")) wire.tls = est::http::tls_version::tls_1_3;
  auto const running = or_exit(est::transport::httplib_server::start(
      [&](est::http::request const& question, est::http::tls_facts const& facts) {
        return server.handle(question, facts, now());
      },
      std::move(wire)));

  auto const write = [folder = std::string{arguments[1]}](char const* name, std::string_view text) {
    std::ofstream{folder + "/" + name, std::ios::binary} << text;
  };
  write("ca.pem", est::pki::encode_pem(ca.root()));
  write("chain.pem", est::pki::encode_pem(ca.issuer()) + est::pki::encode_pem(ca.root()));
  write("client.pem", client.certificate);
  write("client.key", est::as_text(client.key.expose()));
  write("user", "estuser:estpwd");
  std::cout << "https://localhost:" << running->port() << "\n" << Botan::short_version_string() << std::endl;
  for (std::string ignored; std::getline(std::cin, ignored);) {}
  running->stop();
}
