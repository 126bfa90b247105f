#include "conversation.hpp"

#include <algorithm>

namespace est::conformance {

namespace {

using clock = std::chrono::steady_clock;

/// Whether text could be the beginning of a status line.
bool begins_like_http(std::string_view octets) {
  constexpr std::string_view http = "HTTP/";
  while (!octets.empty() && (octets.front() == '\r' || octets.front() == '\n')) octets.remove_prefix(1);
  auto const n = std::min(octets.size(), http.size());
  return http::equal_ignoring_case(octets.substr(0, n), http.substr(0, n));
}

class conversation {
public:
  conversation(octet_stream const& stream, outgoing const& out, std::chrono::milliseconds limit)
      : stream_(stream), out_(out), limit_(limit), deadline_(clock::now() + limit), reader_(out.method) {}

  received run(bool& usable) {
    usable = false;
    bool writable = stream_.send(out_.head, deadline_);
    in_.anything_sent = writable;
    if (writable && out_.await_continue && !out_.body.empty()) await_continue();
    if (!reader_.head_done() && !over_) {
      if (writable && !out_.body.empty()) writable = stream_.send(out_.body, deadline_);
      in_.body_sent = writable;
    }
    // A server may answer before it has read everything, and close: what it said is read even if it could not be told all.
    while (!over_ && !reader_.done()) read_once(deadline_);
    finish(usable, writable);
    return std::move(in_);
  }

private:
  void await_continue() {
    auto const patience = std::min(deadline_, clock::now() + continue_patience);
    while (!over_ && !reader_.head_done() && !continued() && clock::now() < patience) read_once(patience);
    if (in_.end == connection_end::timed_out) { // of the patience alone
      in_.end = connection_end::unknown;
      over_ = false;
    }
  }

  bool continued() const {
    return std::any_of(reader_.interim().begin(), reader_.interim().end(),
                       [](auto const& i) { return i.status == 100; });
  }

  void read_once(clock::time_point until) {
    auto got = stream_.receive(until);
    switch (got.what) {
    case arrival::kind::octets: {
      in_.octets += got.octets;
      auto const taken = reader_.feed(got.octets);
      if (!taken) {
        trouble_ = taken.error();
        over_ = true;
        in_.end = connection_end::open;
      }
      break;
    }
    case arrival::kind::ended:
      over_ = true;
      in_.end = got.end;
      in_.complaint = std::move(got.complaint);
      break;
    case arrival::kind::timed_out:
      over_ = true;
      in_.end = connection_end::timed_out;
      break;
    }
  }

  void finish(bool& usable, bool writable) {
    if (in_.end == connection_end::unknown) in_.end = connection_end::open;
    in_.not_http = !in_.octets.empty() && !begins_like_http(in_.octets);
    if (trouble_) {
      in_.complaint = to_text(*trouble_);
      return;
    }
    bool const was_done = reader_.done();
    bool const in_order = was_done || in_.end == connection_end::close_notify;
    auto const message = reader_.finish(in_order ? http::stream_end::orderly : http::stream_end::cut);
    if (message) {
      in_.whole = true;
      in_.complaint.clear();
      auto const connection = message->headers.find("Connection");
      bool const closing = connection && http::equal_ignoring_case(*connection, "close");
      bool const body_owed = !in_.body_sent && !out_.body.empty();
      usable = was_done && in_.end == connection_end::open && writable && !closing && !body_owed &&
               message->version == "HTTP/1.1" && reader_.layout().end == in_.octets.size();
      return;
    }
    in_.complaint = describe(message.error(), writable);
  }

  std::string describe(failure const& why, bool writable) const {
    auto const came = in_.octets.empty()
                          ? std::string{"nothing came"}
                          : std::to_string(in_.octets.size()) + " octets came, which are no whole answer";
    std::string text;
    switch (in_.end) {
    case connection_end::timed_out:
      text = "no whole answer within " + std::to_string(limit_.count()) + " ms: " + came;
      break;
    case connection_end::close_notify:
    case connection_end::closed: text = "the server closed the connection: " + came; break;
    case connection_end::reset: text = "the server reset the connection: " + came; break;
    default: text = in_.complaint.empty() ? came : in_.complaint + ": " + came; break;
    }
    if (!writable) text += "; the request could not be sent whole";
    if (!in_.octets.empty()) text += " (" + why.detail + ")";
    return text;
  }

  octet_stream const& stream_;
  outgoing const& out_;
  std::chrono::milliseconds limit_;
  clock::time_point deadline_;
  http::response_reader reader_;
  received in_;
  bool over_ = false;
  std::optional<failure> trouble_;
};

} // namespace

received hold_conversation(octet_stream const& stream, outgoing const& out, std::chrono::milliseconds time_limit,
                           bool& usable) {
  return conversation{stream, out, time_limit}.run(usable);
}

} // namespace est::conformance
