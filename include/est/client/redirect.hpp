#pragma once
/// What to do with a redirection that a client did not follow: the endpoint that it points to, for a client of its own.

#include <est/core/result.hpp>
#include <est/http/redirect.hpp>
#include <est/message/endpoint.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace est {

/// The endpoint that a redirection points to.
///   if (!reply && reply.error().code == errc::redirected)
///     auto const there = redirected_endpoint(*client.redirected(), op::simple_enroll::name, client.where());
/// Source:  RFC 7030 section 3.2.1: another web origin takes a new TLS connection and all checks, and the user's word
///          for anything but GET and HEAD; a CSR with the channel binding of the old connection is made anew
/// In:      the redirection; the operation that was asked for; the endpoint that was asked
/// Out:     an endpoint whose `target` for this operation is the redirection's; the label is found again if the path has it
///          before the operation
/// Errors:  refused for a scheme other than https (RFC 7030 section 3.3); invalid_argument for a target that does not end in
///          the operation, or has a query
inline result<endpoint> redirected_endpoint(http::redirection const& to, std::string_view operation,
                                            endpoint const& asked) {
  if (to.to.scheme != "https")
    return fail(errc::refused, "header.location", "the redirection leads away from https (RFC 7030 3.3)");
  std::string_view path = to.target;
  auto const ends_in = [&](std::string_view segment) {
    return !segment.empty() && path.size() > segment.size() && path.substr(path.size() - segment.size()) == segment &&
           path[path.size() - segment.size() - 1] == '/';
  };
  if (!ends_in(operation))
    return fail(errc::invalid_argument, "header.location", "the redirection does not lead to the same operation");
  path.remove_suffix(operation.size() + 1);
  endpoint found{to.to.host, {}, {}};
  if (to.to.port != 443) found.authority += ":" + std::to_string(to.to.port);
  auto const label = detail::percent_encode_segment(asked.label);
  if (ends_in(label)) {
    found.label = asked.label;
    path.remove_suffix(label.size() + 1);
  }
  if (!path.empty() && path.back() == '/')
    return fail(errc::invalid_argument, "header.location", "an empty segment stands before the operation");
  found.path = path.empty() ? "/" : std::string{path};
  if (auto const checked = check_endpoint(found); !checked) return fail(checked.error());
  return found;
}

} // namespace est
