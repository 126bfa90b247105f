#pragma once
/// A server that answers a client from a list and remembers what it was asked.

#include "../message/pki_fixture.hpp"

#include <est/client/client.hpp>
#include <est/message/cacerts.hpp>
#include <est/message/enroll.hpp>
#include <est/transport/loopback.hpp>

#include <boost/test/unit_test.hpp>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace est::test {

struct answer_list {
  std::deque<http::response> answers;
  std::vector<http::request> asked;
};

struct scripted_handler {
  std::shared_ptr<answer_list> list = std::make_shared<answer_list>();
  http::response operator()(http::request const& question, http::tls_facts const&) const {
    list->asked.push_back(question);
    BOOST_REQUIRE_MESSAGE(!list->answers.empty(), "one request too many");
    auto answer = list->answers.front();
    list->answers.pop_front();
    return answer;
  }
};

using scripted_client = client<transport::loopback<scripted_handler>>;

struct scripted_fixture {
  scripted_handler handler;
  answer_list& server = *handler.list;

  scripted_client make(client_options options = {}, endpoint where = {"est.example", ""}) const {
    options.identity = server_check::by_transport;
    return scripted_client{transport::loopback<scripted_handler>{handler}, std::move(where), std::move(options)};
  }

  static client_options with_password() {
    client_options options;
    options.credentials = http::basic_credentials{"estuser", secret_bytes{std::string_view{"canary-password"}}};
    return options;
  }

  std::string authorization(std::size_t request) const {
    return std::string{server.asked.at(request).headers.find("Authorization").value_or("")};
  }
};

inline http::response status_answer(int status, http::fields headers = {}) {
  http::response answer;
  answer.status = status;
  answer.reason = std::string{http::reason_phrase(status)};
  answer.headers = std::move(headers);
  return answer;
}

inline http::response unauthorized_answer(std::vector<std::string> const& challenges) {
  auto answer = status_answer(401);
  for (auto const& one : challenges) answer.headers.add("WWW-Authenticate", one);
  return answer;
}

inline http::response cacerts_answer() {
  return to_http_reply<op::cacerts>({must(pki::make_certs_only({root().certificate}))});
}

inline http::response issued_answer(pki::csr const& to) {
  return to_http_reply<op::simple_enroll>(must(make_issued(root().issue(to.public_key_info(), "device"))));
}

} // namespace est::test
