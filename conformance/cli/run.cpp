// `run`: vectors to a live server, or to the embedded one, and the report of it.

#include "drive/run.hpp"
#include "catalogue/captures.hpp"
#include "catalogue/vector.hpp"
#include "check.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/secrets.hpp"
#include "cli/version.hpp"
#include "deviant/reference_server.hpp"
#include "hex.hpp"
#include "report/redact.hpp"

#include <est/pki/private_key.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <unistd.h>

namespace est::conformance {

namespace {

using http::tls_version;

/// A sentence for each way in which options cannot be used.
result<void> fill_credentials(run_options& o, command_line const& line) {
  auto& c = o.credentials;
  if (line.user) {
    c.user = *line.user;
    auto password = obtain_password({line.password_file, "EST_PASSWORD", "Password for " + c.user + ": "}, true);
    if (!password) {
      auto f = std::move(password.error());
      if (f.where == "password") {
        f.where = "--user";
        f.detail = "needs a password: set EST_PASSWORD, or use --password-file, or run this on a terminal";
      }
      return fail(std::move(f));
    }
    c.password = std::move(*password);
  } else if (!line.password_file.empty()) {
    return fail(errc::invalid_argument, "--password-file", "needs --user");
  }
  if (line.cert.empty()) {
    if (!line.key.empty()) return fail(errc::invalid_argument, "--key", "needs --cert");
    return {};
  }
  auto certificate = read_secret_file(line.cert);
  if (!certificate) return fail(std::move(certificate.error()));
  bool const pem = as_text(certificate->expose()).find("-----BEGIN ") != std::string_view::npos;
  if (pem) {
    c.certificate_pem = std::string{as_text(certificate->expose())};
    if (line.key.empty()) {
      if (c.certificate_pem.find("PRIVATE KEY-----") == std::string::npos)
        return fail(errc::invalid_argument, "--cert", "needs --key: there is no private key in " + line.cert);
      c.key_pem = std::move(*certificate);
    } else {
      auto key = read_secret_file(line.key);
      if (!key) return fail(std::move(key.error()));
      c.key_pem = std::move(*key);
      if (as_text(c.key_pem.expose()).find("-----BEGIN ") == std::string_view::npos)
        return fail(errc::invalid_argument, line.key, "is no PEM file");
    }
  } else {
    if (!line.key.empty())
      return fail(errc::invalid_argument, line.cert,
                  "is no PEM file; a PKCS #12 file brings its own key, without --key");
    if (certificate->empty() || certificate->expose()[0] != 0x30)
      return fail(errc::invalid_argument, line.cert, "is neither PEM nor PKCS #12");
    c.pkcs12 = std::move(*certificate);
  }
  bool const encrypted = !c.pkcs12.empty() || as_text(c.key_pem.expose()).find("ENCRYPTED") != std::string_view::npos;
  auto password = obtain_password({line.key_password_file, "EST_KEY_PASSWORD",
                                   encrypted && c.pkcs12.empty() ? "Password for the private key: " : ""},
                                  false);
  if (!password) return fail(std::move(password.error()));
  c.key_password = std::move(*password);
  return {};
}

/// `--unfit-cert expired=FILE`
result<void> fill_unfit(run_options& o, command_line const& line) {
  for (auto const& text : line.unfit) {
    auto const equals = text.find('=');
    auto const kind = client_identity_named(std::string_view{text}.substr(0, equals));
    if (equals == std::string::npos || !kind || *kind == client_identity::own || *kind == client_identity::foreign)
      return fail(errc::invalid_argument, "--unfit-cert",
                  "is KIND=FILE, and KIND is expired, not-yet-valid, for-servers or revoked");
    if (line.cert.empty())
      return fail(errc::invalid_argument, "--unfit-cert",
                  "needs --cert: a refusal proves something only beside a certificate that is accepted");
    auto pem = read_secret_file(text.substr(equals + 1));
    if (!pem) return fail(std::move(pem.error()));
    if (as_text(pem->expose()).find("PRIVATE KEY-----") == std::string_view::npos)
      return fail(errc::invalid_argument, text.substr(equals + 1), "holds no PEM private key beside the certificate");
    credentials c;
    c.certificate_pem = std::string{as_text(pem->expose())};
    c.key_pem = std::move(*pem);
    o.unfit.insert_or_assign(*kind, std::move(c));
  }
  return {};
}

/// What the embedded server has to refuse: it can make all of it.
result<void> make_unfit(run_options& o, reference_authority& authority) {
  using flaw = reference_authority::flaw;
  for (auto const& [kind, f] : {std::pair{client_identity::expired, flaw::expired},
                                {client_identity::not_yet_valid, flaw::not_yet_valid},
                                {client_identity::for_servers, flaw::for_servers},
                                {client_identity::revoked, flaw::revoked}}) {
    auto made = authority.make_unfit_client("EST reference client", f);
    if (!made) return fail(std::move(made.error()));
    credentials c;
    c.certificate_pem = std::move(made->certificate);
    c.key_pem = std::move(made->key);
    o.unfit.insert_or_assign(kind, std::move(c));
  }
  return {};
}

result<void> fill_options(run_options& o, command_line const& line) {
  auto target = parse_target_url(line.url);
  if (!target) {
    auto f = std::move(target.error());
    if (line.url.substr(0, 7) == "http://")
      f.detail = "EST runs over HTTPS (RFC 7030 3.3): the URL has to begin with https://";
    f.where = line.url.find('@') == std::string::npos ? line.url : "the URL";
    return fail(std::move(f));
  }
  o.target = std::move(*target);
  for (auto const& path : line.cacert) {
    auto pem = read_file(path);
    if (!pem) return fail(std::move(pem.error()));
    if (pem->find("-----BEGIN ") == std::string::npos)
      return fail(errc::invalid_argument, path, "is no PEM file: it has no -----BEGIN CERTIFICATE-----");
    o.ca_pem.push_back(std::move(*pem));
  }
  if (auto const filled = fill_credentials(o, line); !filled) return filled;
  return fill_unfit(o, line);
}

/// A key-encryption key as a file holds it: 16, 24 or 32 octets, or as many hexadecimal digits as they take.
result<secret_bytes> read_symmetric_key(std::string const& path) {
  auto octets = read_secret_file(path);
  if (!octets) return octets;
  auto const is_size = [](std::size_t size) { return size == 16 || size == 24 || size == 32; };
  auto text = as_text(octets->expose());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  // 32 octets that are all digits by chance: one key in 10^38
  if (auto digits = from_hex(text); digits && is_size(digits->size())) {
    secret_bytes key{byte_view{*digits}};
    explicit_bzero(digits->data(), digits->size());
    return key;
  }
  if (is_size(octets->size())) return octets;
  return fail(errc::invalid_argument, path, "is no key of 16, 24 or 32 octets, nor of 32, 48 or 64 hexadecimal digits");
}

result<pki::recipient_key> read_recipient_key(std::string const& path, bytes const& identifier,
                                              pki::recipient_key_kind kind) {
  auto const pem = read_secret_file(path);
  if (!pem) return fail(pem.error());
  auto const key = pki::parse_private_key_pem(as_text(pem->expose()));
  if (!key)
    return fail(errc::invalid_argument, path, "holds no PEM private key that can be read: " + key.error().detail);
  auto opens = pki::make_decryption_key(*key);
  if (!opens || opens->kind() != kind)
    return fail(errc::invalid_argument, path,
                kind == pki::recipient_key_kind::rsa ? "is no RSA key, which key transport takes"
                                                     : "is no EC key of P-256, P-384 or P-521, for key agreement");
  return pki::recipient_key{std::move(*opens), std::nullopt, identifier};
}

/// `--opening-key symmetric=FILE`, once the identifiers are known
result<void> fill_opening_keys(run_options& o, command_line const& line) {
  for (auto const& text : line.opening_keys) {
    auto const equals = text.find('=');
    auto const kind = text.substr(0, equals);
    if (equals == std::string::npos || (kind != "symmetric" && kind != "transport" && kind != "agreement"))
      return fail(errc::invalid_argument, "--opening-key",
                  "is symmetric=FILE, transport=FILE or agreement=FILE, not \"" + text + "\"");
    auto const& identifier = o.key_identifiers.of(kind);
    if (identifier.empty())
      return fail(errc::invalid_argument, "--opening-key", "needs --key-id " + kind + "=HEX beside it");
    auto const path = text.substr(equals + 1);
    if (kind == "symmetric") {
      auto key = read_symmetric_key(path);
      if (!key) return fail(std::move(key.error()));
      o.open_with.symmetric = std::move(*key);
      continue;
    }
    bool const transport = kind == "transport";
    auto key =
        read_recipient_key(path, identifier, transport ? pki::recipient_key_kind::rsa : pki::recipient_key_kind::ec);
    if (!key) return fail(std::move(key.error()));
    (transport ? o.open_with.transport : o.open_with.agreement).emplace(std::move(*key));
  }
  return {};
}

result<void> fill_limits(run_options& o, command_line const& line, std::span<const vector_definition> vectors) {
  o.label = line.label;
  o.server_name = line.server_name;
  o.resolve = line.resolve;
  o.read_only = line.read_only;
  o.policies = line.policies;
  o.insecure = line.insecure;
  o.insecure_credentials = line.insecure_credentials;
  if (line.insecure_credentials && !line.insecure)
    return fail(errc::invalid_argument, "--insecure-credentials", "means something with --insecure only");
  if (line.tls == "1.2")
    o.tls = tls_version::tls_1_2;
  else if (line.tls == "1.3")
    o.tls = tls_version::tls_1_3;
  else if (!line.tls.empty())
    return fail(errc::invalid_argument, "--tls", "is 1.2 or 1.3, not " + line.tls);
  o.max_certificates = line.max_certs;
  if (line.timeout) {
    if (!std::isfinite(*line.timeout) || *line.timeout < 0.1 || *line.timeout > 3600)
      return fail(errc::invalid_argument, "--timeout", "is a number of seconds from 0.1 to 3600");
    const std::chrono::milliseconds time{static_cast<long>(*line.timeout * 1000)};
    o.connect_timeout = o.handshake_timeout = o.exchange_timeout = time;
  }
  if (line.wait) {
    if (!std::isfinite(*line.wait) || *line.wait < 0 || *line.wait > 86400)
      return fail(errc::invalid_argument, "--wait", "is a number of seconds from 0 to 86400");
    o.wait = std::chrono::milliseconds{static_cast<long>(*line.wait * 1000)};
  }
  o.approval_label = line.approval_label;
  if (!line.approval_label.empty() && o.wait.count() == 0)
    return fail(errc::invalid_argument, "--approval-label", "needs --wait: how long the approval may take");
  for (auto const& r : line.resolve)
    if (std::count(r.begin(), r.end(), ':') < 2)
      return fail(errc::invalid_argument, "--resolve", "is HOST:PORT:ADDRESS, not " + r);
  for (auto const& text : line.key_ids) {
    auto const equals = text.find('=');
    auto const kind = text.substr(0, equals);
    auto const octets =
        equals == std::string::npos ? std::nullopt : from_hex(std::string_view{text}.substr(equals + 1));
    if (!octets || octets->size() > 256 ||
        (kind != "symmetric" && kind != "transport" && kind != "agreement" && kind != "signing"))
      return fail(errc::invalid_argument, "--key-id",
                  "is symmetric=HEX, transport=HEX, agreement=HEX or signing=HEX, not \"" + text + "\"");
    (kind == "symmetric"   ? o.key_identifiers.symmetric
     : kind == "transport" ? o.key_identifiers.transport
     : kind == "agreement" ? o.key_identifiers.agreement
                           : o.key_identifiers.signing) = *octets;
  }
  if (auto const filled = fill_opening_keys(o, line); !filled) return filled;
  for (auto const& id : line.vectors) {
    bool const prefix = !id.empty() && id.back() == '*';
    auto const wanted = std::string_view{id}.substr(0, id.size() - (prefix ? 1 : 0));
    bool const known = std::any_of(vectors.begin(), vectors.end(), [&](vector_definition const& v) {
      return prefix ? std::string_view{v.id}.substr(0, wanted.size()) == wanted : v.id == wanted;
    });
    if (known) continue;
    std::string near;
    for (auto const& v : vectors)
      if (v.id.find(wanted.substr(0, std::min<std::size_t>(wanted.size(), 8))) != std::string::npos &&
          near.size() < 200)
        near += (near.empty() ? "; there is " : ", ") + v.id;
    return fail(errc::invalid_argument, "--vector", "no vector is called \"" + id + "\"" + near);
  }
  o.select = line.vectors;
  return {};
}

} // namespace

int run_command(command_line const& line) {
  run_options options;
  auto const refuse = [](failure const& f) {
    complain(f.where.empty() ? f.detail : f.where + ": " + f.detail);
    return exit_usage;
  };
  if (auto const& trouble = embedded_vectors_trouble()) {
    complain("the vectors of this program are broken: " + to_text(*trouble));
    return exit_fault;
  }
  std::vector<vector_definition> added;
  if (!line.vector_folder.empty()) {
    auto all = add_vectors(line.vector_folder);
    if (!all) return refuse(all.error());
    added = std::move(*all);
  }
  auto const vectors = line.vector_folder.empty() ? embedded_vectors() : std::span<const vector_definition>{added};
  if (auto const filled = fill_limits(options, line, vectors); !filled) return refuse(filled.error());

  // Without a URL: a server of our own, with credentials of its own.
  std::unique_ptr<reference_server> embedded;
  if (line.url.empty()) {
    if (!line.cacert.empty() || !line.cert.empty() || !line.unfit.empty() || line.user || !line.label.empty() ||
        line.insecure || !line.server_name.empty() || !line.resolve.empty() || !line.key_ids.empty() ||
        !line.approval_label.empty() || !line.opening_keys.empty()) {
      complain("without a URL the embedded server is checked, which brings its own credentials; a URL is missing");
      return exit_usage;
    }
    reference_options own;
    own.keep_alive = std::chrono::seconds{1};
    auto started = reference_server::start(std::move(own));
    if (!started) {
      complain("the embedded server cannot be started: " + to_text(started.error()));
      return exit_fault;
    }
    embedded = std::move(*started);
    if (auto known = register_keys(embedded->authority()); known) {
      options.key_identifiers = std::move(known->identifiers);
      options.open_with = std::move(known->open_with);
    } else {
      complain("the embedded server knows no keys: " + to_text(known.error()));
      return exit_fault;
    }
    auto target = parse_target_url(embedded->url());
    if (!target) {
      complain("the embedded server has no usable URL");
      return exit_fault;
    }
    options.target = std::move(*target);
    options.ca_pem.push_back(embedded->ca_pem());
    options.approval_label = embedded->approval_label();
    if (!line.wait) options.wait = std::chrono::seconds{5}; // it asks for one
    options.credentials.user = embedded->user();
    options.credentials.password = embedded->password();
    options.credentials.certificate_pem = embedded->client_certificate_pem();
    options.credentials.key_pem = embedded->client_key_pem();
    if (auto const made = make_unfit(options, embedded->authority()); !made) {
      complain("the embedded server cannot make client certificates: " + to_text(made.error()));
      return exit_fault;
    }
  } else if (auto const filled = fill_options(options, line); !filled) {
    return refuse(filled.error());
  }

  report_files files;
  if (auto const prepared = files.prepare(line.reports); !prepared) return refuse(prepared.error());
  if (!line.transcripts.empty())
    if (auto const prepared = prepare_transcripts(line.transcripts); !prepared) return refuse(prepared.error());

  auto const planned = plan(options, vectors);
  if (!line.quiet) {
    complain("target " + options.target.text() + (embedded ? " (the embedded reference server)" : ""));
    complain(std::to_string(planned.order.size()) + " of " + std::to_string(vectors.size()) +
             " vectors will be sent; they can make a server issue " + std::to_string(planned.certificates) +
             " certificates, and no more than " + std::to_string(options.max_certificates) + " will be asked for");
    if (options.insecure)
      complain(std::string{"WARNING: --insecure: the server is NOT verified, anybody may be answering"} +
               (options.insecure_credentials ? "; CREDENTIALS ARE SENT TO IT" : "; no credentials are sent"));
  }

  bool const live_line = !line.quiet && !line.verbose && ::isatty(STDERR_FILENO) == 1;
  std::size_t shown = 0;
  progress_sink progress;
  if (line.verbose)
    progress = [](std::string_view text) { complain(text); };
  else if (live_line)
    progress = [&shown](std::string_view text) {
      auto const safe = printable(text).substr(0, 78);
      std::string out = "\r" + safe;
      if (safe.size() < shown) out.append(shown - safe.size(), ' ');
      shown = safe.size();
      [[maybe_unused]] auto const written = ::write(STDERR_FILENO, out.data(), out.size());
    };
  auto const outcome = run(options, vectors, progress);
  if (live_line && shown != 0) {
    const std::string blank = "\r" + std::string(shown, ' ') + "\r";
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, blank.data(), blank.size());
  }
  // What drive says of a target may quote it; passwords are taken out all the same.
  scrubber scrub;
  scrub.learn_secret(as_text(options.credentials.password.expose()));
  scrub.learn_secret(as_text(options.credentials.key_password.expose()));
  if (!outcome) {
    auto const& f = outcome.error();
    complain(
        scrub((f.where.empty() ? "" : f.where + ": ") + (f.detail.empty() ? std::string{name(f.code)} : f.detail)));
    if (f.code == errc::invalid_argument) return exit_usage;
    return f.code == errc::internal ? exit_fault : exit_target;
  }
  auto const& result = *outcome;
  auto const by = profile_of(line);
  auto const asked = checks_of(by);
  auto const findings = judge(result.records, result.target, {asked, {}});

  report_input in;
  in.findings = findings;
  in.records = result.records;
  auto target = result.target;
  if (embedded) target.name += " (the embedded reference server)";
  in.target = &target;
  in.judged_by = by;
  for (auto const& s : result.skipped) in.vectors_skipped.push_back({s.id, s.reason, s.operation});
  for (auto const& c : result.certificates) in.certificates.push_back({c.serial_hex, c.subject, c.vector});
  in.remarks = result.remarks;
  if (options.insecure) in.remarks.insert(in.remarks.begin(), "--insecure: the server was not verified");
  in.not_offered = result.not_offered;
  in.secrets = {as_text(options.credentials.password.expose()), as_text(options.credentials.key_password.expose())};
  in.tool_version = program_version;
  in.command = "run";
  in.now = std::chrono::system_clock::now();
  in.certificate_budget = options.max_certificates;
  in.require_complete = line.require_complete;
  auto const model = make_report(in);
  if (!line.transcripts.empty())
    if (auto const written = write_transcripts(line.transcripts, result.records); !written)
      return refuse(written.error());
  int const code = deliver(model, line, files);
  if (embedded) embedded->stop();
  return code;
}

} // namespace est::conformance
