#include "drive/conversation.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>

using namespace est;
using namespace est::conformance;
using std::chrono::milliseconds;

BOOST_AUTO_TEST_SUITE(conversations)

namespace {

/// A peer that says its pieces one after the other, then ends; it keeps what it was told. Time does not pass.
struct fake_peer {
  std::deque<std::string> says;
  connection_end then = connection_end::open; ///< open: silence until the deadline
  std::string heard = {};
  bool deaf = false;

  octet_stream stream() {
    return {[this](std::string_view octets, auto) {
              if (deaf) return false;
              heard += octets;
              return true;
            },
            [this](auto) {
              arrival a;
              if (!says.empty()) {
                a.what = arrival::kind::octets;
                a.octets = says.front();
                says.pop_front();
              } else if (then != connection_end::open) {
                a.what = arrival::kind::ended;
                a.end = then;
              }
              return a;
            }};
  }
  received hold(outgoing const& out, bool& usable) {
    return hold_conversation(stream(), out, milliseconds{200}, usable);
  }
  received hold(outgoing const& out = {"GET", "GET / HTTP/1.1\r\n\r\n", "", false}) {
    bool usable = false;
    return hold(out, usable);
  }
};

const outgoing post{"POST", "POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", "body", true};

} // namespace

BOOST_AUTO_TEST_CASE(a_whole_answer_leaves_the_connection_usable) {
  fake_peer p{{"HTTP/1.1 200 OK\r\nContent-Le", "ngth: 2\r\n\r\nh", "i"}};
  bool usable = false;
  auto const in = p.hold({"GET", "GET / HTTP/1.1\r\n\r\n", "", false}, usable);
  BOOST_TEST(in.whole);
  BOOST_TEST(in.octets == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  BOOST_TEST((in.end == connection_end::open));
  BOOST_TEST(in.complaint.empty());
  BOOST_TEST(usable);
}

BOOST_AUTO_TEST_CASE(connection_close_version_and_surplus_octets_end_the_use) {
  for (auto const* text :
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore"}) {
    fake_peer p{{text}};
    bool usable = true;
    auto const in = p.hold({"GET", "GET / HTTP/1.1\r\n\r\n", "", false}, usable);
    BOOST_TEST(in.whole);
    BOOST_TEST(in.octets == text); // surplus included
    BOOST_TEST(!usable);
  }
}

BOOST_AUTO_TEST_CASE(the_body_follows_the_interim_answer) {
  fake_peer p{{"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}};
  auto const in = p.hold(post);
  BOOST_TEST(in.whole);
  BOOST_TEST(in.body_sent);
  BOOST_TEST(p.heard == post.head + post.body);
  BOOST_TEST(in.octets == "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_final_answer_before_the_body_keeps_the_body_back) {
  fake_peer p{{"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"}};
  bool usable = true;
  auto const in = p.hold(post, usable);
  BOOST_TEST(in.whole);
  BOOST_TEST(!in.body_sent);
  BOOST_TEST(p.heard == post.head);
  BOOST_TEST(!usable); // the server may still wait for the body
}

BOOST_AUTO_TEST_CASE(an_interim_answer_other_than_100_does_not_release_the_body) {
  fake_peer p{{"HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"}};
  auto const in = p.hold(post);
  BOOST_TEST(in.whole);
  BOOST_TEST(p.heard == post.head);
}

BOOST_AUTO_TEST_CASE(an_answer_to_head_has_no_body) {
  fake_peer p{{"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"}};
  BOOST_TEST(p.hold({"HEAD", "HEAD / HTTP/1.1\r\n\r\n", "", false}).whole);
}

BOOST_AUTO_TEST_CASE(silence_is_a_timeout_and_says_what_had_come) {
  fake_peer nothing{{}};
  auto in = nothing.hold();
  BOOST_TEST(!in.whole);
  BOOST_TEST((in.end == connection_end::timed_out));
  BOOST_TEST(in.complaint.find("nothing came") != std::string::npos);
  fake_peer half{{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}};
  in = half.hold();
  BOOST_TEST(!in.whole);
  BOOST_TEST((in.end == connection_end::timed_out));
  BOOST_TEST(in.octets.size() == 40u);
}

BOOST_AUTO_TEST_CASE(only_close_notify_ends_a_body_that_nothing_else_delimits) {
  const std::string text = "HTTP/1.1 200 OK\r\n\r\nabc";
  for (auto const end : {connection_end::close_notify, connection_end::closed, connection_end::reset}) {
    fake_peer p{{text}, end};
    auto const in = p.hold();
    BOOST_TEST(in.whole == (end == connection_end::close_notify));
    BOOST_TEST((in.end == end));
    BOOST_TEST(in.octets == text);
    BOOST_TEST(in.complaint.empty() == in.whole);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_cut_at_any_octet_is_not_whole) {
  const std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t n = 0; n < text.size(); ++n) {
    fake_peer p{{text.substr(0, n)}, connection_end::close_notify};
    auto const in = p.hold();
    BOOST_TEST(!in.whole, n);
    BOOST_TEST(!in.complaint.empty(), n);
  }
  fake_peer p{{text}, connection_end::close_notify};
  BOOST_TEST(p.hold().whole);
}

BOOST_AUTO_TEST_CASE(garbage_is_told_from_broken_http) {
  fake_peer ssh{{"SSH-2.0-OpenSSH_9.2\r\n"}};
  auto in = ssh.hold();
  BOOST_TEST(!in.whole);
  BOOST_TEST(in.not_http);
  BOOST_TEST(!in.complaint.empty());
  fake_peer broken{{"HTTP/1.1 abc\r\n\r\n"}};
  in = broken.hold();
  BOOST_TEST(!in.whole);
  BOOST_TEST(!in.not_http);
}

BOOST_AUTO_TEST_CASE(what_the_server_said_is_read_even_if_it_could_not_be_told_all) {
  fake_peer p{{"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"}};
  p.deaf = true;
  bool usable = true;
  auto const in = p.hold({"POST", "POST / HTTP/1.1\r\n\r\n", "x", false}, usable);
  BOOST_TEST(in.whole);
  BOOST_TEST(!in.anything_sent);
  BOOST_TEST(!usable);
}

BOOST_AUTO_TEST_SUITE_END()
