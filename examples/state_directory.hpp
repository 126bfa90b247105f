#pragma once
/// A directory of plain files, each written whole or not at all: into a file beside it, which is flushed to the disk, then
/// renamed, and the directory is flushed too. What `write` has returned from is there after a kill -9 or a power cut.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

class state_directory {
public:
  /// Makes the directory where it is not there, and sweeps away what a kill left unfinished.
  explicit state_directory(std::filesystem::path where) : where_(std::move(where)) {
    bool const made = std::filesystem::create_directories(where_);
    ::chmod(where_.c_str(), 0700);
    if (made) flush(where_ / ".."); // that the directory is there has to last too
    for (auto const& entry : std::filesystem::directory_iterator{where_})
      if (entry.path().extension() == ".unfinished") std::filesystem::remove(entry.path());
  }

  bool contains(std::string const& name) const { return std::filesystem::exists(where_ / name); }

  std::optional<std::string> read(std::string const& name) const {
    std::ifstream file{where_ / name, std::ios::binary};
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  }

  /// Readable by the owner alone. Throws std::system_error.
  void write(std::string const& name, std::string_view text) const {
    static std::atomic<unsigned> count{0};
    auto const beside = where_ / (name + "." + std::to_string(count++) + ".unfinished");
    {
      descriptor const file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
      while (!text.empty()) {
        auto const written = ::write(file.number, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        check(written >= 0);
        text.remove_prefix(static_cast<std::size_t>(written));
      }
      check(::fsync(file.number) == 0);
    }
    std::filesystem::rename(beside, where_ / name);
    flush(where_);
  }

private:
  struct descriptor {
    explicit descriptor(int n) : number(n) { check(n >= 0); }
    ~descriptor() { ::close(number); }
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    int number;
  };
  static void flush(std::filesystem::path const& folder) {
    descriptor const open_folder{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    check(::fsync(open_folder.number) == 0);
  }
  static void check(bool fine) {
    if (!fine) throw std::system_error{errno, std::generic_category()};
  }

  std::filesystem::path where_;
};
