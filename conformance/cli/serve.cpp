// `serve`: the reference server, or one that deviates from it, for people who make EST clients.

#include "catalogue/requirements.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/secrets.hpp"
#include "deviant/deviants.hpp"
#include "deviant/wire_server.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

namespace est::conformance {

namespace {

std::string padded(std::string_view text, std::size_t width) {
  std::string out{text};
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

int list_deviants() {
  std::string text;
  for (bool const legal : {false, true}) {
    text += legal ? "\nLawful variants: a client has to live with them, and nothing of them fails\n"
                  : "Deviants: each breaks one requirement, and the check that finds it stands behind it\n";
    for (auto const* d : every_deviant()) {
      if (d->is_legal() != legal) continue;
      text += "  " + padded(d->name, 42) + " " + std::string{d->title};
      if (!legal) text += " (" + std::string{d->check} + ")";
      if (!d->is_servable()) text += " [for the tests alone: it cannot be served]";
      text += "\n";
    }
  }
  print(text);
  return exit_clean;
}

result<deviant const*> chosen(std::string const& name) {
  if (name.empty()) return static_cast<deviant const*>(nullptr);
  if (auto const* d = find_deviant(name)) {
    if (d->is_servable()) return d;
    return fail(errc::invalid_argument, "--deviate",
                name +
                    " cannot be served: it only changes what the tests note of a connection, and OpenSSL has no such "
                    "suite any more; weak suites are chosen by 3des-suites, rc4-suites and null-suites, in the "
                    "handshake alone");
  }
  std::vector<std::string_view> names;
  for (auto const* d : every_deviant()) names.push_back(d->name);
  std::string why = "there is no \"" + name + "\"";
  auto const near = similar_names(name, names);
  for (std::size_t i = 0; i < near.size(); ++i) why += (i == 0 ? "; is it " : ", ") + near[i];
  why += near.empty() ? "; est-conformance serve --list lists them" : "?";
  return fail(errc::invalid_argument, "--deviate", std::move(why));
}

/// Writes a file that did not stand there; a key is for its owner's eyes.
bool write_new(std::string const& path, std::string_view octets, int mode) {
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file < 0) return false;
  bool good = true;
  while (good && !octets.empty()) {
    auto const written = ::write(file, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    good = written > 0;
    if (good) octets.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::close(file) == 0 && good;
}

/// The folder that was named, made if need be, or a new one.
result<std::string> folder_for_files(std::string const& named) {
  std::error_code trouble;
  if (named.empty()) {
    auto pattern = (std::filesystem::temp_directory_path(trouble) / "est-serve-XXXXXX").string();
    if (!trouble && ::mkdtemp(pattern.data()) != nullptr) return pattern;
    return fail(errc::invalid_argument, "--files", "no temporary folder can be made; name one");
  }
  std::filesystem::create_directories(named, trouble);
  if (std::filesystem::is_directory(named)) return named;
  return fail(errc::invalid_argument, named, "the folder cannot be made: " + trouble.message());
}

result<void> write_files(std::string const& folder, wire_server& server) {
  // A key file that another program left there readable is replaced, not filled.
  ::unlink((folder + "/client.key").c_str());
  if (write_new(folder + "/ca.pem", server.authority().ca_pem(), 0644) &&
      write_new(folder + "/client.pem", server.client().certificate, 0644) &&
      write_new(folder + "/client.key", as_text(server.client().key.expose()), 0600))
    return {};
  return fail(errc::invalid_argument, folder, std::string{"a file in it cannot be written: "} + std::strerror(errno));
}

} // namespace

int serve_command(command_line const& line) {
  auto const refuse = [](failure const& f) {
    complain((f.where.empty() ? "" : f.where + ": ") + f.detail);
    return exit_usage;
  };
  if (line.list) return list_deviants();
  auto const deviation = chosen(line.deviate);
  if (!deviation) return refuse(deviation.error());

  wire_options options;
  options.deviation = *deviation;
  options.reference.port = line.port;
  if (line.tls == "1.2") options.reference.tls = http::tls_version::tls_1_2;
  if (line.tls == "1.3") options.reference.tls = http::tls_version::tls_1_3;
  if (!line.tls.empty() && !options.reference.tls)
    return refuse({errc::invalid_argument, "--tls", "is 1.2 or 1.3, not " + line.tls, {}});
  if (line.user) options.reference.user = *line.user;
  auto given = obtain_password({line.password_file, "EST_PASSWORD", ""}, false);
  if (!given) return refuse(given.error());
  bool const shows_password = given->empty();
  options.reference.password = std::move(*given);
  if (line.rsa) options.reference.key = pki::key_spec::rsa(2048);

  // Threads inherit the mask: the signals are taken here alone, and the server ends in good order.
  sigset_t ending;
  sigemptyset(&ending);
  for (int const signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ending, signal);
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  auto const folder = folder_for_files(line.files);
  if (!folder) return refuse(folder.error());
  auto server = wire_server::start(std::move(options));
  if (!server) {
    complain("the server cannot be started: " + to_text(server.error()));
    return server.error().code == errc::unreachable ? exit_usage : exit_fault;
  }
  if (auto const written = write_files(*folder, **server); !written) return refuse(written.error());

  auto& authority = (*server)->authority();
  std::string text = "url       " + (*server)->url() + "\n";
  text += "serves    ";
  if (auto const* d = *deviation) {
    text += std::string{d->name} + ": " + std::string{d->title} + "\n";
    text += d->is_legal() ? "          lawful: nothing fails\n"
                          : "          fails " + std::string{d->check} + " (" + std::string{d->reason} + ")\n";
  } else {
    text += "the reference server, which breaks nothing that is known of\n";
  }
  text += "cacert    " + *folder + "/ca.pem\n";
  text += "cert      " + *folder + "/client.pem, its key " + *folder + "/client.key\n";
  text += "user      " + authority.user() + "\n";
  auto const password = authority.password();
  text +=
      "password  " + (shows_password ? std::string{as_text(password.expose())} : std::string{"as given to it"}) + "\n";
  text += "labels    label (/.well-known/est/label), approval (there an enrolment is answered 202 until it is "
          "repeated), or none\n";
  text += "Its CA was made for this and ends with it. Ctrl-C ends it.\n";
  print(text);

  int signal = 0;
  ::sigwait(&ending, &signal);
  (*server)->stop();
  if (line.files.empty()) {
    std::error_code ignored;
    for (auto const* name : {"/ca.pem", "/client.pem", "/client.key"}) std::filesystem::remove(*folder + name, ignored);
    std::filesystem::remove(*folder, ignored);
  }
  return exit_clean;
}

} // namespace est::conformance
