#include "options.hpp"

#include <est/http/message.hpp>
#include <est/message/endpoint.hpp>

#include <charconv>

namespace est::conformance {

namespace {

bool is_ipv6(std::string_view host) { return host.find(':') != std::string_view::npos; }

} // namespace

std::string target_url::authority() const {
  std::string text = is_ipv6(host) ? "[" + host + "]" : host;
  if (port != 443) text += ":" + std::to_string(port);
  return text;
}

std::string target_url::text() const {
  std::string text = "https://" + authority() + path;
  if (!label.empty()) text += "/" + est::detail::percent_encode_segment(label);
  return text;
}

result<target_url> parse_target_url(std::string_view url) {
  auto const wrong = [](std::string why) { return fail(errc::invalid_argument, "URL", std::move(why)); };
  for (char const c : url)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      return wrong("it holds a blank or a character outside ASCII");
  target_url target;
  if (auto const scheme = url.find("://"); scheme != std::string_view::npos) {
    if (!http::equal_ignoring_case(url.substr(0, scheme), "https"))
      return wrong("EST runs over HTTPS only (RFC 7030 3.3), and this URL begins with another scheme");
    url.remove_prefix(scheme + 3);
  }
  auto const slash = url.find('/');
  auto authority = url.substr(0, slash);
  auto path = slash == std::string_view::npos ? std::string_view{} : url.substr(slash);
  if (url.find_first_of("?#") != std::string_view::npos) return wrong("a query or a fragment has no meaning here");
  if (authority.find('@') != std::string_view::npos)
    return wrong("user information does not belong in a URL; use --user, and the password from EST_PASSWORD, a file or "
                 "the prompt");

  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    auto const end = authority.find(']');
    if (end == std::string_view::npos) return wrong("the bracket around the IPv6 address is not closed");
    target.host = std::string{authority.substr(1, end - 1)};
    auto const rest = authority.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return wrong("something stands between the IPv6 address and the port");
    if (!rest.empty()) port = rest.substr(1);
    target.port_named = !rest.empty();
  } else {
    auto const colon = authority.find(':');
    if (colon != std::string_view::npos && authority.find(':', colon + 1) != std::string_view::npos)
      return wrong("an IPv6 address stands in brackets: [::1]:8443");
    target.host = std::string{authority.substr(0, colon)};
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    target.port_named = colon != std::string_view::npos;
  }
  if (target.host.empty()) return wrong("no host is named");
  if (target.port_named) {
    unsigned number = 0;
    auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535)
      return wrong("the port is no number from 1 to 65535");
    target.port = static_cast<std::uint16_t>(number);
  }

  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (path.empty()) return target;
  auto const last = path.substr(path.rfind('/') + 1);
  if (is_operation_name(last))
    return wrong("it ends in the operation " + std::string{last} + "; leave that away: every operation is looked at");
  constexpr std::string_view well_known = "/.well-known/est";
  if (path.size() > well_known.size() && path.substr(0, well_known.size()) == well_known &&
      path[well_known.size()] == '/') {
    auto label = est::detail::percent_decode(last);
    if (!label || label->empty()) return wrong("the label cannot be read");
    target.label = std::move(*label);
    path = path.substr(0, path.rfind('/'));
  }
  target.path = std::string{path};
  if (auto const checked = check_endpoint({target.authority(), target.label, target.path}); !checked)
    return wrong(checked.error().detail);
  return target;
}

} // namespace est::conformance
