/// What the toolkit costs above the Botan calls that it cannot avoid: reading and writing the answer of RFC 7030 appendix A.4,
/// and the server's answers in process. Prints what Google Benchmark prints; ratios.py makes ratios of it.
///
///   EST_VECTORS=vectors bench-messages [options of Google Benchmark]

#include <est/est.hpp>

#include <botan/auto_rng.h>
#include <botan/base64.h>
#include <botan/data_src.h>
#include <botan/pk_keys.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/x509cert.h>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace {

est::pki::context now() {
  static Botan::AutoSeeded_RNG rng;
  return {std::chrono::system_clock::now(), rng};
}

template <class T> T or_exit(est::result<T> r) {
  if (r) return std::move(*r);
  std::fprintf(stderr, "%s\n", est::to_text(r.error()).c_str());
  std::exit(1);
}

/// The two parts of the answer, as octets and as an answer.
struct example {
  est::bytes key = octets("a4-response-pkcs8.b64"), bag = octets("a4-response-pkcs7.b64");
  est::pki::certificate certificate = or_exit(est::pki::parse_certs_only(bag)).certificates().front();
  est::generated value = or_exit(est::make_generated(or_exit(est::pki::parse_private_key(key)), certificate));
  est::http::response answer = est::to_http_reply<est::op::server_keygen>(
      est::op::server_keygen::reply{
          or_exit(est::make_generated(or_exit(est::pki::parse_private_key(key)), certificate))},
      {});

  static est::bytes octets(char const* name) {
    char const* const folder = std::getenv("EST_VECTORS");
    std::ifstream file{std::string{folder != nullptr ? folder : "vectors"} + "/rfc7030/" + name};
    return or_exit(est::decode_base64(std::string{std::istreambuf_iterator<char>{file}, {}}));
  }
  static example const& here() {
    static example const one;
    return one;
  }
};

void read_a4_botan(benchmark::State& state) {
  auto const& e = example::here();
  auto const key = est::encode_base64(e.key), bag = est::encode_base64(e.bag);
  for (auto _ : state) {
    auto const octets = Botan::base64_decode(key);
    Botan::DataSource_Memory source{octets.data(), octets.size()};
    benchmark::DoNotOptimize(Botan::PKCS8::load_key(source));
    benchmark::DoNotOptimize(Botan::base64_decode(bag));
    benchmark::DoNotOptimize(Botan::X509_Certificate{e.certificate.der().data(), e.certificate.der().size()});
  }
}
BENCHMARK(read_a4_botan);

void read_a4_toolkit(benchmark::State& state) {
  auto const& e = example::here();
  for (auto _ : state) {
    auto reply = est::parse_reply<est::op::server_keygen>(e.answer);
    if (!reply) state.SkipWithError("it cannot be read");
  }
}
BENCHMARK(read_a4_toolkit);

void write_a4_botan(benchmark::State& state) {
  auto const& e = example::here();
  auto const& key = e.value.key.botan();
  for (auto _ : state) {
    auto const octets = Botan::PKCS8::BER_encode(key);
    benchmark::DoNotOptimize(Botan::base64_encode(octets.data(), octets.size()));
    benchmark::DoNotOptimize(Botan::base64_encode(e.bag.data(), e.bag.size()));
  }
}
BENCHMARK(write_a4_botan);

void write_a4_toolkit(benchmark::State& state) {
  auto const& e = example::here();
  for (auto _ : state) benchmark::DoNotOptimize(est::op::server_keygen::encode_success(e.value, {}));
}
BENCHMARK(write_a4_toolkit);

/// The server of the tests, in process: one CA, one signer.
struct desk {
  est::memory_ca ca = or_exit(est::memory_ca::make({}, now()));
  est::server<est::memory_ca> server{ca, policy()};
  est::pki::private_key key = or_exit(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), now()));

  static est::server_options policy() {
    est::server_options how;
    how.check_password = [](std::string_view, est::byte_view) { return true; };
    return how;
  }
  est::http::request ask(char const* operation) const {
    est::pki::csr_order order;
    order.subject = est::pki::make_name({{est::pki::oids::common_name, "device"}});
    auto question = est::to_http<est::op::simple_enroll>({or_exit(est::pki::make_csr(order, key, now()))},
                                                         est::endpoint{"localhost", ""});
    question.target = std::string{"/.well-known/est/"} + operation;
    question.headers.add("Authorization", "Basic dTpw");
    return question;
  }
  void serve(benchmark::State& state, est::http::request const& question) const {
    for (auto _ : state)
      if (server.handle(question, {}, now()).status != 200) state.SkipWithError("it is not 200");
  }
  static desk& here() {
    static desk one;
    return one;
  }
};

void sign_p256_botan(benchmark::State& state) {
  auto const& d = desk::here();
  auto const at = now();
  Botan::PK_Signer signer{d.key.botan(), at.rng, "EMSA1(SHA-256)"};
  est::bytes const message(400);
  for (auto _ : state) benchmark::DoNotOptimize(signer.sign_message(message.data(), message.size(), at.rng));
}
BENCHMARK(sign_p256_botan);

void make_p256_botan(benchmark::State& state) {
  auto const at = now();
  for (auto _ : state) benchmark::DoNotOptimize(est::pki::make_private_key(est::pki::key_spec::ecdsa("secp256r1"), at));
}
BENCHMARK(make_p256_botan);

void serve_cacerts(benchmark::State& state) {
  est::http::request question;
  question.target = "/.well-known/est/cacerts";
  desk::here().serve(state, question);
}
BENCHMARK(serve_cacerts);

void serve_simpleenroll(benchmark::State& state) { desk::here().serve(state, desk::here().ask("simpleenroll")); }
BENCHMARK(serve_simpleenroll);

void serve_serverkeygen(benchmark::State& state) { desk::here().serve(state, desk::here().ask("serverkeygen")); }
BENCHMARK(serve_serverkeygen);

} // namespace

BENCHMARK_MAIN();
