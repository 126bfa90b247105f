// The one source file that knows CLI11: options to a command_line, and the help texts.

#include "catalogue/requirements.hpp"
#include "cli/command_line.hpp"
#include "cli/version.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace est::conformance {

namespace {

constexpr auto footer =
    R"(Exit: 0 clean; 1 a MUST fails; 2 usage or configuration; 3 the target is unusable, or nothing was judged;
4 undetermined under --require-complete; 70 a fault of this program.)";

constexpr auto run_footer =
    R"(Passwords are never given as arguments: EST_PASSWORD or --password-file or a prompt for --user,
EST_KEY_PASSWORD or --key-password-file for an encrypted --key or a PKCS #12 --cert.

Examples:
  est-conformance run
  est-conformance run https://est.example.com --cacert ca.pem --user estuser
  est-conformance run https://est.example.com:8443/.well-known/est/mylabel --cacert ca.pem --cert me.p12
  est-conformance run https://est.example.com --cacert ca.pem --read-only --report json=report.json)";

constexpr auto check_footer =
    R"(PATH is a folder of NAME.req and NAME.resp (the raw octets of one exchange each), one such file, or a document
that prints an example. NAME.json may say {"tls": "1.2", "client_certificate": false, "time": "2026-11-24T07:00:00Z"}.
Nothing is sent anywhere.)";

constexpr auto serve_footer =
    R"(It listens on 127.0.0.1, prints its URL, the file with its CA, a user and a password, and serves until it is
interrupted. Everything of it is made anew each time, but for what you give it.

Examples:
  est-conformance serve
  est-conformance serve --list
  est-conformance serve --deviate key-bare --port 8443 --files here)";

std::string names_of_policies() {
  std::string names;
  for (auto const& name : policies()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

std::string one_line(std::string const& text) {
  std::string out = text.substr(0, text.find_last_not_of("\r\n ") + 1);
  for (char& c : out)
    if (c == '\n' || c == '\r') c = ' ';
  return out;
}

} // namespace

parsed_command_line parse_command_line(int count, char const* const* arguments) {
  command_line line;
  std::vector<std::string> reports;
  long max_certs = static_cast<long>(line.max_certs);
  CLI::App app{"est-conformance judges EST servers (RFC 7030 as amended by RFC 8951, 8996 and 9908), requirement by\n"
               "requirement, live or from recorded exchanges."};
  app.name("est-conformance");
  app.set_version_flag("--version", "est-conformance " + std::string{program_version});
  app.footer(footer);

  auto const common = [&](CLI::App& sub) {
    sub.add_option("--report", reports, "write a report as well: json=FILE or text=FILE; - is the standard output")
        ->type_name("FORMAT=FILE")
        ->take_all()
        ->allow_extra_args(false);
    sub.add_option("--transcripts", line.transcripts,
                   "write every exchange, credentials and keys taken out, into this folder")
        ->type_name("DIR");
    sub.add_flag("--rfc9908", line.rfc9908,
                 "judge by RFC 9908 as well (CSR attributes), which the default set leaves out");
    sub.add_option("--policy", line.policies, "the target has this policy; may be repeated: " + names_of_policies())
        ->type_name("NAME")
        ->take_all()
        ->allow_extra_args(false);
    sub.add_flag("--require-complete", line.require_complete, "exit 4 unless conformance can be claimed");
    sub.add_flag("-q,--quiet", line.quiet, "print the verdict alone");
    sub.add_flag("-v,--verbose", line.verbose, "print every requirement, finding and exchange");
  };

  auto& run = *app.add_subcommand("run", "send the vectors to a server and judge what it answers");
  run.footer(run_footer);
  run.add_option("url", line.url, "https://host[:port][/.well-known/est[/label]]; without it, the embedded server")
      ->type_name("URL");
  run.add_option("--cacert", line.cacert, "trust the certificates in this PEM file, and no others; may be repeated")
      ->type_name("FILE")
      ->take_all()
      ->allow_extra_args(false);
  run.add_option("--cert", line.cert, "client certificate: PEM with its chain, or PKCS #12")->type_name("FILE");
  run.add_option("--key", line.key, "its private key: PEM, plain or encrypted")->type_name("FILE");
  run.add_option(
         "--unfit-cert", line.unfit,
         "a certificate that the server has to refuse, PEM with its key: expired, not-yet-valid, for-servers or "
         "revoked; may be repeated")
      ->type_name("KIND=FILE")
      ->take_all()
      ->allow_extra_args(false);
  run.add_option("--key-password-file", line.key_password_file, "the password of --key or of a PKCS #12 --cert")
      ->type_name("FILE");
  run.add_option("--user", line.user, "user name for HTTP Basic")->type_name("NAME");
  run.add_option("--password-file", line.password_file, "its password")->type_name("FILE");
  run.add_option("--label", line.label, "CA label (RFC 7030 3.2.2)")->type_name("LABEL");
  run.add_option("--tls", line.tls, "just this TLS version: 1.2 or 1.3")->type_name("VERSION");
  run.add_option("--servername", line.server_name, "SNI, and the name that the certificate must have")
      ->type_name("NAME");
  run.add_option("--resolve", line.resolve, "use this address for the host; may be repeated")
      ->type_name("HOST:PORT:ADDR")
      ->take_all()
      ->allow_extra_args(false);
  run.add_option(
         "--key-id", line.key_ids,
         "the server knows a key under this identifier, for generated keys: symmetric=HEX, transport=HEX (RSA), "
         "agreement=HEX (EC), signing=HEX (a certificate for signatures alone)")
      ->type_name("KIND=HEX")
      ->take_all()
      ->allow_extra_args(false);
  run.add_option(
         "--opening-key", line.opening_keys,
         "the key of that --key-id, to look into what it protects: a symmetric one in octets or hexadecimal digits, a "
         "private one in PEM")
      ->type_name("KIND=FILE")
      ->take_all()
      ->allow_extra_args(false);
  run.add_flag("--read-only", line.read_only, "send nothing that could issue a certificate");
  run.add_option("--max-certs", max_certs, "let the server issue no more than this [50]")->type_name("N");
  run.add_option("--timeout", line.timeout, "for connecting, for the handshake, and for each exchange [5, 5, 10]")
      ->type_name("SECONDS");
  run.add_option("--wait", line.wait,
                 "for a request that is answered 202 and approved meanwhile: ask again for so long [0: not at all]")
      ->type_name("SECONDS");
  run.add_option("--approval-label", line.approval_label, "CA label under which enrolments wait for approval")
      ->type_name("LABEL");
  run.add_flag("--insecure", line.insecure, "do not verify the server; no credentials are sent then");
  run.add_flag("--insecure-credentials", line.insecure_credentials, "with --insecure: send the credentials anyway");
  run.add_option("--vector", line.vectors, "send this vector only; ID, or the beginning of IDs and *; may be repeated")
      ->type_name("ID")
      ->take_all()
      ->allow_extra_args(false);
  run.add_option("--vectors", line.vector_folder, "send the vectors below this folder too: every *.json is one")
      ->type_name("DIR");
  common(run);

  auto& check = *app.add_subcommand("check", "judge recorded exchanges, without network");
  check.footer(check_footer);
  check.add_option("path", line.paths, "folder, file or document")->type_name("PATH")->required();
  check.add_option("--at", line.at, "judge as at this time, 2026-11-24T07:00:00Z; else the Date of each answer counts")
      ->type_name("TIME");
  common(check);

  auto& list = *app.add_subcommand("list", "list the requirements");
  list.add_option("--section", line.section, "of this section and those below it: 4.4, or RFC 8951 3")
      ->type_name("SECTION");
  list.add_option("--level", line.level, "of this level: MUST, SHOULD, implied ...")->type_name("LEVEL");
  list.add_option("--vectors", line.vector_folder, "list the vectors below this folder instead, and so try them")
      ->type_name("DIR");
  list.add_flag("--json", line.json, "as JSON");

  auto& explain = *app.add_subcommand("explain", "say what a requirement demands and how it is judged");
  explain.add_option("id", line.id, "id of a requirement, a check, or the reason of a failure")
      ->type_name("ID")
      ->required();

  auto& serve = *app.add_subcommand("serve", "be an EST server for clients to be tried on: good, or bad in one way");
  serve.footer(serve_footer);
  serve.add_flag("--list", line.list, "list the ways to deviate, and the lawful variants");
  serve.add_option("--deviate", line.deviate, "break one requirement, or be otherwise in a lawful way")
      ->type_name("NAME");
  long port = 0;
  serve.add_option("--port", port, "listen on this port of 127.0.0.1 [any that is free]")->type_name("N");
  serve.add_option("--files", line.files, "write ca.pem, client.pem and client.key here [a temporary folder]")
      ->type_name("DIR");
  serve.add_option("--tls", line.tls, "just this TLS version: 1.2 or 1.3")->type_name("VERSION");
  serve.add_option("--user", line.user, "the user name that is known [estuser]")->type_name("NAME");
  serve.add_option("--password-file", line.password_file, "its password; else EST_PASSWORD [a random one]")
      ->type_name("FILE");
  serve.add_flag("--rsa", line.rsa, "a CA with RSA keys of 2048 bits, not P-256");

  parsed_command_line parsed;
  try {
    app.parse(count, arguments);
  } catch (CLI::CallForVersion const& e) {
    parsed.out = std::string{e.what()} + "\n";
    return parsed;
  } catch (CLI::Success const&) {
    CLI::App const* asked = &app;
    for (auto const* sub : app.get_subcommands()) asked = sub;
    parsed.out = asked == &app ? app.help() : asked->help(app.get_name());
    return parsed;
  } catch (CLI::ParseError const& e) {
    parsed.exit = 2;
    CLI::App const* asked = &app;
    for (auto const* sub : app.get_subcommands()) asked = sub;
    parsed.errors = "est-conformance: " + one_line(e.what()) + "; see est-conformance " +
                    (asked == &app ? "" : asked->get_name() + " ") + "--help\n";
    return parsed;
  }
  auto const refuse = [&parsed](std::string const& why) {
    parsed.exit = 2;
    parsed.errors = "est-conformance: " + why + "\n";
    return parsed;
  };
  if (app.get_subcommands().size() != 1)
    return refuse("say one of run, check, list, explain and serve; see est-conformance --help");
  line.command = run.parsed()     ? command_line::verb::run
                 : check.parsed() ? command_line::verb::check
                 : list.parsed()  ? command_line::verb::list
                 : serve.parsed() ? command_line::verb::serve
                                  : command_line::verb::explain;
  if (port < 0 || port > 65535) return refuse("--port is a number from 0 to 65535");
  line.port = static_cast<std::uint16_t>(port);
  if (line.quiet && line.verbose) return refuse("--quiet and --verbose exclude each other");
  if (max_certs < 0 || max_certs > 100000) return refuse("--max-certs is a number from 0 to 100000");
  auto const known = policies();
  for (auto const& name : line.policies)
    if (std::find(known.begin(), known.end(), name) == known.end())
      return refuse("--policy knows " + names_of_policies() + ", not \"" + name + "\"");
  line.max_certs = static_cast<std::size_t>(max_certs);
  for (auto const& text : reports) {
    auto const equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size())
      return refuse("--report wants FORMAT=FILE, such as json=report.json, not \"" + text + "\"");
    report_target target{text.substr(0, equals), text.substr(equals + 1)};
    if (target.format != "json" && target.format != "text")
      return refuse("--report knows the formats json and text, not \"" + target.format + "\"");
    line.reports.push_back(std::move(target));
  }
  parsed.line = std::move(line);
  return parsed;
}

} // namespace est::conformance
