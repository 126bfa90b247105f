#include "cli/output.hpp"

#include "report/redact.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace est::conformance {

namespace {

namespace fs = std::filesystem;

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    auto const written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_file(std::string const& path, std::string_view text) {
  int const descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return false;
  bool const written = write_all(descriptor, text);
  return ::close(descriptor) == 0 && written;
}

std::string render(report_model const& model, std::string const& format) {
  if (format == "json") return to_json(model);
  text_style style;
  style.verbose = true;
  return to_text(model, style);
}

/// A file name of an exchange's name: nothing that leads out of the folder.
std::string file_name(std::string_view name) {
  std::string out;
  for (char const c : name)
    out.push_back((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                          c == '#'
                      ? c
                      : '_');
  if (out.empty() || out.front() == '.') out.insert(out.begin(), '_');
  return out.substr(0, 120);
}

} // namespace

void complain(std::string_view text) { write_all(STDERR_FILENO, "est-conformance: " + printable(text) + "\n"); }

bool print(std::string_view text) { return write_all(STDOUT_FILENO, text); }

report_files::~report_files() {
  for (auto const& f : files_)
    if (!f.neighbour.empty()) ::unlink(f.neighbour.c_str());
}

result<void> report_files::prepare(std::vector<report_target> const& targets) {
  std::set<std::string> seen;
  for (auto const& t : targets) {
    if (!seen.insert(t.path).second)
      return fail(errc::invalid_argument, t.path, "two reports cannot be written to one file");
    if (t.path == "-") {
      standard_output_ = true;
      files_.push_back({t, {}});
      continue;
    }
    std::error_code trouble;
    auto const status = fs::status(t.path, trouble);
    if (fs::is_directory(status)) return fail(errc::invalid_argument, t.path, "is a folder");
    if (fs::exists(status) && !fs::is_regular_file(status)) { // a device, a pipe: there is no neighbour
      files_.push_back({t, {}});
      continue;
    }
    if (fs::exists(status) && ::access(t.path.c_str(), W_OK) != 0)
      return fail(errc::invalid_argument, t.path, std::string{"the report cannot be written: "} + std::strerror(errno));
    std::string neighbour = t.path + ".XXXXXX";
    int const descriptor = ::mkostemp(neighbour.data(), O_CLOEXEC);
    if (descriptor < 0)
      return fail(errc::invalid_argument, t.path, std::string{"the report cannot be written: "} + std::strerror(errno));
    ::fchmod(descriptor, 0644);
    ::close(descriptor);
    files_.push_back({t, std::move(neighbour)});
  }
  return {};
}

result<void> report_files::write(report_model const& model) {
  for (auto& f : files_) {
    auto const text = render(model, f.target.format);
    auto const wrong = [&f] {
      return fail(errc::internal, f.target.path,
                  std::string{"the report could not be written: "} + std::strerror(errno));
    };
    if (f.target.path == "-") {
      if (!print(text)) return wrong();
    } else if (f.neighbour.empty()) {
      if (!write_file(f.target.path, text)) return wrong();
    } else {
      if (!write_file(f.neighbour, text)) return wrong();
      if (std::rename(f.neighbour.c_str(), f.target.path.c_str()) != 0) return wrong();
      f.neighbour.clear();
    }
  }
  return {};
}

result<void> prepare_transcripts(std::string const& folder) {
  std::error_code trouble;
  fs::create_directories(folder, trouble);
  if (trouble || !fs::is_directory(folder, trouble) || ::access(folder.c_str(), W_OK | X_OK) != 0)
    return fail(errc::invalid_argument, folder, "the folder for transcripts cannot be made or written");
  return {};
}

result<void> write_transcripts(std::string const& folder, std::span<const record> records) {
  for (auto const& r : records)
    for (auto const& e : r.exchanges) {
      if (e.probe) continue; // nothing that could be judged again
      auto const stem = folder + "/" + file_name(e.name);
      bool good = true;
      if (e.request) good = good && write_file(stem + ".req", redacted_request(e));
      if (e.response) good = good && write_file(stem + ".resp", redacted_response(e));
      nlohmann::ordered_json facts = nlohmann::ordered_json::object();
      if (e.tls && e.tls->version != http::tls_version::unknown) facts["tls"] = http::name(e.tls->version).substr(4);
      if (e.client_certificate_shown) facts["client_certificate"] = *e.client_certificate_shown;
      if (e.time) {
        auto time = format_time(*e.time); // `2026-11-24 07:00:00 UTC`
        facts["time"] = time.substr(0, 10) + "T" + time.substr(11, 8) + "Z";
      }
      if (!facts.empty()) good = good && write_file(stem + ".json", facts.dump() + "\n");
      if (!good) return fail(errc::internal, stem, std::string{"could not be written: "} + std::strerror(errno));
    }
  return {};
}

profile profile_of(command_line const& line) {
  auto by = line.rfc9908 ? whole_profile() : profile{};
  by.policies_declared = line.policies;
  return by;
}

text_style style_of_terminal(bool verbose) {
  text_style style;
  style.verbose = verbose;
  if (::isatty(STDOUT_FILENO) == 1) {
    auto const* no_colour = std::getenv("NO_COLOR");
    auto const* terminal = std::getenv("TERM");
    style.colour =
        (no_colour == nullptr || *no_colour == '\0') && (terminal == nullptr || std::string_view{terminal} != "dumb");
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
      style.width = std::clamp<std::size_t>(size.ws_col, 80, 120);
  }
  return style;
}

int deliver(report_model const& model, command_line const& line, report_files& files) {
  if (!files.take_standard_output()) {
    if (line.quiet)
      print(model.verdict.sentence + "\n");
    else
      print(to_text(model, style_of_terminal(line.verbose)));
  }
  if (auto const written = files.write(model); !written) {
    complain(written.error().where + ": " + written.error().detail);
    return exit_usage;
  }
  return model.verdict.exit;
}

} // namespace est::conformance
