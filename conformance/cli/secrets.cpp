#include "cli/secrets.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace est::conformance {

namespace {

/// Turns the echo off for as long as it lives.
class silent_terminal {
public:
  explicit silent_terminal(int descriptor) : descriptor_(descriptor) {
    if (::tcgetattr(descriptor_, &before_) != 0) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(descriptor_, TCSAFLUSH, &silent) == 0;
  }
  silent_terminal(silent_terminal const&) = delete;
  silent_terminal& operator=(silent_terminal const&) = delete;
  ~silent_terminal() {
    if (changed_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
  }
  bool works() const noexcept { return changed_; }

private:
  int descriptor_;
  termios before_{};
  bool changed_ = false;
};

void say(std::string const& text) {
  [[maybe_unused]] auto const written = ::write(STDERR_FILENO, text.data(), text.size());
}

/// The first line: a password file made with an editor ends in a line feed.
secret_bytes first_line(secret_bytes const& octets) {
  secret_bytes line;
  for (auto const octet : octets.expose()) {
    if (octet == '\n' || octet == '\r') break;
    line.push_back(octet);
  }
  return line;
}

} // namespace

result<secret_bytes> read_secret_file(std::string const& path) {
  auto const wrong = [&path](std::string what) { return fail(errc::invalid_argument, path, std::move(what)); };
  int const descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return wrong(std::string{"cannot be read: "} + std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    return wrong("is a folder");
  }
  secret_bytes octets;
  std::array<std::uint8_t, 4096> buffer{};
  while (true) {
    auto const count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || octets.size() > (std::size_t{1} << 20)) {
      ::close(descriptor);
      return wrong(count < 0 ? std::string{"cannot be read: "} + std::strerror(errno) : "is larger than 1 MiB");
    }
    if (count == 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) octets.push_back(buffer[i]);
  }
  ::close(descriptor);
  explicit_bzero(buffer.data(), buffer.size());
  return octets;
}

result<secret_bytes> obtain_password(password_source const& source, bool required) {
  if (!source.file.empty()) {
    auto octets = read_secret_file(source.file);
    if (!octets) return fail(std::move(octets.error()));
    return first_line(*octets);
  }
  if (source.environment != nullptr)
    if (auto const* value = std::getenv(source.environment)) return secret_bytes{std::string_view{value}};
  if (!source.prompt.empty() && ::isatty(STDIN_FILENO) == 1) {
    say(source.prompt);
    secret_bytes line;
    {
      silent_terminal silence{STDIN_FILENO};
      if (!silence.works())
        return fail(errc::invalid_argument, "password", "the echo of the terminal cannot be turned off");
      while (true) {
        std::uint8_t octet = 0;
        auto const count = ::read(STDIN_FILENO, &octet, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || octet == '\n' || octet == '\r') break;
        line.push_back(octet);
      }
    }
    say("\n");
    return line;
  }
  if (!required) return secret_bytes{};
  return fail(errc::invalid_argument, "password",
              std::string{"is missing: set "} + (source.environment != nullptr ? source.environment : "it") +
                  ", or name a file, or run this on a terminal");
}

} // namespace est::conformance
