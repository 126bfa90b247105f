#pragma once
/// What both ends of a handshake that is made by hand read it with.

#include <cstddef>
#include <string_view>

namespace est::conformance {

/// Takes numbers and pieces off the front; once too little is left, everything that it gives is empty.
class octet_cursor {
public:
  explicit octet_cursor(std::string_view octets) : rest_(octets) {}
  std::size_t number(std::size_t octets) {
    std::size_t value = 0;
    for (char const c : piece(octets)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view piece(std::size_t size) {
    if (size > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    auto const taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool good() const noexcept { return good_; }
  bool empty() const noexcept { return rest_.empty(); }

private:
  std::string_view rest_;
  bool good_ = true;
};

} // namespace est::conformance
