#pragma once
/// An answer out of fuzz input: the first line is the Content-Type, the rest is the body.

#include "expect.hpp"

#include <est/http/message.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace est::fuzz {

inline http::response answer_of(std::uint8_t const* data, std::size_t size) {
  auto const text = text_of(data, size);
  auto const end = std::min(text.find('\n'), text.size());
  http::response answer;
  if (end != 0) answer.headers.add("Content-Type", std::string{text.substr(0, end)});
  answer.body = std::string{text.substr(std::min(end + 1, text.size()))};
  return answer;
}

} // namespace est::fuzz
