#include "run.hpp"

#include "compose.hpp"
#include "opening.hpp"
#include "tls_channel.hpp"

#include "../reading.hpp"

#include <est/http/auth.hpp>
#include <est/message/pending.hpp>
#include <est/pki/oids.hpp>
#include <est/pki/private_key.hpp>

#include <botan/auto_rng.h>

#include <algorithm>
#include <set>
#include <thread>

namespace est::conformance {

namespace {

/// So many vectors in a row without an HTTP answer, and without a sign of life after them, and the run ends.
constexpr std::size_t patience = 2;

bool is_optional(std::string_view operation) {
  return operation == "serverkeygen" || operation == "csrattrs" || operation == "fullcmc";
}

class runner {
public:
  runner(run_options const& options, std::span<const vector_definition> vectors, channel_factory const& channels,
         progress_sink const& progress, key_pool& keys, bytes client_certificate, prober probe)
      : options_(options),
        vectors_(vectors),
        channels_(channels),
        probe_(std::move(probe)),
        progress_(progress),
        keys_(keys) {
    fill_.where = {options.target.authority(), options.effective_label(), options.target.path};
    fill_.run = to_hex(random(4));
    done_.target.client_certificate = client_certificate;
    done_.target.key_identifiers = options.key_identifiers;
    fill_.key_identifiers = options.key_identifiers;
    auto const& mine = options.credentials;
    if (mine.has_basic() && options.may_send_credentials()) {
      fill_.user = mine.user;
      fill_.password = &mine.password;
    }
    if (!mine.key_pem.empty())
      if (auto key = pki::parse_private_key_pem(as_text(mine.key_pem.expose()),
                                                mine.key_password.empty() ? nullptr : &mine.key_password))
        client_key_ = std::move(*key);
    if (client_key_) fill_.client_key = &*client_key_;
    fill_.client_certificate = std::move(client_certificate);
    may_show_certificate_ = options.credentials.has_certificate() && options.may_send_credentials();
    if (options.credentials.has_basic() && options.may_send_credentials())
      authorization_ = http::encode_basic({options.credentials.user, options.credentials.password.duplicate()});
    done_.target.name = options.target.text();
    done_.target.host = options.server_name.empty() ? options.target.host : options.server_name;
    done_.target.live = true;
  }

  result<run_result> run() {
    auto planned = plan(options_, vectors_);
    done_.skipped = std::move(planned.skipped);
    if (planned.order.empty())
      return fail(errc::invalid_argument, "vectors",
                  "nothing is left to send: see --read-only, --select and credentials");
    say("at most " + std::to_string(std::min(planned.certificates, options_.max_certificates)) +
        " certificates will be issued (--max-certs " + std::to_string(options_.max_certificates) + ")");
    if (options_.credentials.any() && !options_.may_send_credentials())
      done_.remarks.emplace_back("The server is not verified, so no credentials are sent to it.");

    // Whether the target can be used at all is found out before anything is asked.
    if (auto first = connect(true); !first) return fail(first.error());

    std::size_t silent = 0;
    for (auto const* v : planned.order) {
      if (silent >= patience) {
        skip(*v, "the server no longer answers");
        continue;
      }
      if (auto reason = reason_now(*v); !reason.empty()) {
        skip(*v, std::move(reason));
        continue;
      }
      auto const lived = perform(*v);
      if (!lived) return fail(lived.error());
      silent = *lived ? 0 : silent + 1;
    }
    if (!answered_) return fail(no_answer());
    if (silent >= patience)
      done_.remarks.emplace_back("The server stopped answering; the rest was not asked: " + last_trouble_);
    return std::move(done_);
  }

private:
  bytes random(std::size_t count) {
    bytes octets(count);
    rng_.randomize(octets.data(), octets.size());
    return octets;
  }
  void say(std::string_view text) const {
    if (progress_) progress_(text);
  }
  void skip(vector_definition const& v, std::string reason) {
    say(v.id + ": skipped, " + reason);
    done_.skipped.push_back({v.id, std::move(reason), v.operation});
  }

  struct connection {
    std::unique_ptr<channel> wire;
    http::tls_facts facts;
    bool with_certificate = false;
    client_identity identity = client_identity::own;
  };

  result<connection> connect(bool with_credentials, client_identity identity = client_identity::own,
                             http::tls_version only = http::tls_version::unknown) {
    connection c;
    c.with_certificate = with_credentials && may_show_certificate_;
    c.identity = identity;
    auto made = channels_({c.with_certificate, identity, only});
    if (!made) return fail(made.error());
    c.wire = std::move(*made);
    auto facts = c.wire->open();
    if (!facts) return fail(facts.error());
    c.facts = std::move(*facts);
    return c;
  }

  /// Why a vector is not sent after all, as things stand by now.
  std::string reason_now(vector_definition const& v) const {
    bool const on_the_wire = v.handshake || std::any_of(v.requests.begin(), v.requests.end(), [](auto const& q) {
                               return q.identity && *q.identity != client_identity::own;
                             });
    if (v.tls != http::tls_version::unknown && refused_versions_.count(v.tls) != 0)
      return "not offered: the server does not speak " + std::string{http::name(v.tls)};
    if (on_the_wire && !probe_) return "not over TLS: within the process there are no handshakes";
    for (auto const& q : v.requests) {
      auto const* csr = std::get_if<csr_body>(&q.body);
      if (csr != nullptr && csr->csr.key_of_client && !client_key_)
        return "no credential: the key of the client certificate is not in a PEM file that can be read";
      if (std::holds_alternative<cmc_body>(q.body) && fill_.password == nullptr)
        return "no credential: it needs --user, whose password proves the identity";
    }
    if (v.approval && options_.approval_label.empty() && !something_waits_)
      return "nothing waits: no enrolment was answered 202, and no --approval-label is given";
    if (absent_.count(v.operation) != 0) return "not offered: the server does not know " + v.operation;
    if (credentials_refused_ && v.needs != vector_definition::credential::none)
      return "no credential: the server refused the credentials with 401";
    if (v.certificates > 0 && done_.certificates_counted + v.certificates > options_.max_certificates)
      return "over budget: " + std::to_string(done_.certificates_counted) + " of " +
             std::to_string(options_.max_certificates) + " certificates are used up (--max-certs)";
    return {};
  }

  /// A handshake in place of requests. It says nothing about HTTP, so the run goes on whatever came of it.
  bool perform_handshake(vector_definition const& v) {
    record r;
    r.id = v.id;
    r.title = v.title;
    exchange e;
    e.name = v.id;
    e.time = std::chrono::system_clock::now();
    e.probe = probe_(*v.handshake);
    e.complaint = e.probe->trouble;
    say(v.id + ": " + answer_in_words(*e.probe));
    auto const& p = *e.probe;
    if (p.what == tls_probe::kind::hello && p.suites == suite_family::ordinary &&
        (p.answered == tls_probe::answer::alert || p.answered == tls_probe::answer::closed))
      refused_versions_.insert(p.version);
    r.exchanges.push_back(std::move(e));
    done_.records.push_back(std::move(r));
    return true;
  }

  /// Sends one request, on that connection or a new one, and adds the exchange to the record.
  /// In:  the octets; where there are none they are made for the connection, and stay there
  /// Out: whether a whole answer came
  result<bool> send(vector_definition const& v, request_template const& q, record& r, connection& c,
                    std::optional<outgoing>& out) {
    exchange e;
    e.name = v.id + "/" + std::to_string(r.exchanges.size() + 1);
    e.time = std::chrono::system_clock::now();
    e.identity = q.identity;
    auto const whose = q.identity.value_or(client_identity::own);
    if (!c.wire || !c.wire->usable() || c.with_certificate != (q.credentials && may_show_certificate_) ||
        c.identity != whose) {
      c = {};
      auto opened = connect(q.credentials, whose, v.tls);
      if (!opened) {
        e.end = end_of(opened.error().code);
        e.complaint = "no connection: " + opened.error().detail;
        last_trouble_ = e.complaint;
        r.exchanges.push_back(std::move(e));
        return false;
      }
      c = std::move(*opened);
    }
    fill_.connection = c.facts;
    fill_.authorization = q.credentials && !q.identity ? authorization_ : std::string{};
    fill_.where.label = q.without_label                                  ? std::string{}
                        : v.approval && !options_.approval_label.empty() ? options_.approval_label
                                                                         : options_.effective_label();
    if (!out) {
      auto made = compose(q, fill_, keys_, {std::chrono::system_clock::now(), rng_});
      if (!made) return fail_in(v.id, made.error());
      out = std::move(*made);
    }
    auto in = c.wire->converse(*out);
    e.tls = c.facts;
    e.client_certificate_shown = c.wire->client_certificate_shown();
    e.client_certificate_asked = c.wire->client_certificate_asked();
    e.authorities_named = c.wire->authorities_named();
    if (in.anything_sent) e.request = out->head + (in.body_sent ? out->body : std::string{});
    if (!in.octets.empty()) e.response = std::move(in.octets);
    e.end = in.end;
    e.complaint = std::move(in.complaint);
    if (in.whole) answered_ = true;
    if (!in.whole) {
      last_trouble_ = e.complaint;
      not_http_ = in.not_http;
      last_end_ = in.end;
    }
    auto read = conformance::read(e);
    if (e.opened = open_envelope(read, options_.key_identifiers, options_.open_with, authorities(), rng_); e.opened)
      read = conformance::read(e); // with the public half of the key that was in it
    take_note(v, q, read, in.anything_sent, in.whole);
    r.exchanges.push_back(std::move(e));
    return in.whole;
  }

  /// RFC 7030 4.2.3: "The client MUST wait at least the specified "retry-after" time before repeating the same request." It
  /// does so on a new connection, for which a CSR that is linked to its own has to be made anew, by the same key.
  result<bool> send_while_pending(vector_definition const& v, record& r, std::optional<outgoing> out) {
    using namespace std::chrono;
    constexpr seconds otherwise{5}; // where the server does not say
    milliseconds waited{0};
    bool whole = true;
    while (whole) {
      auto const read = conformance::read(r.exchanges.back());
      if (read.status() != 202) break;
      auto const now = system_clock::now();
      auto const pause = std::max<milliseconds>(
          ceil<milliseconds>(read_pending(*read.response).earliest(now, otherwise) - now), seconds{1});
      if (waited + pause > options_.wait) {
        done_.remarks.push_back(v.id + " is still waiting for approval: 202 came " +
                                std::to_string(r.exchanges.size()) +
                                " times, and the next time to ask lies beyond --wait.");
        break;
      }
      say(v.id + ": 202, asked again in " + std::to_string(ceil<seconds>(pause).count()) + " s");
      if (options_.pause)
        options_.pause(pause);
      else
        std::this_thread::sleep_for(pause);
      waited += pause;
      if (done_.certificates_counted > 0) --done_.certificates_counted; // the same request costs once
      if (fill_.linking_asked) out.reset();
      connection c;
      auto const sent = send(v, v.requests.back(), r, c, out);
      if (!sent) return sent;
      whole = *sent;
    }
    return whole;
  }

  /// Sends all requests of one vector. Out: whether the server lives.
  result<bool> perform(vector_definition const& v) {
    if (v.handshake) return perform_handshake(v);
    auto r = std::make_shared<record>();
    r->id = v.id;
    r->title = v.title;
    if (auto const it = kept_.find(v.control); it != kept_.end()) r->control = it->second;
    connection c;
    bool whole = false;
    std::optional<outgoing> out;
    for (auto const& q : v.requests) {
      out.reset();
      auto const sent = send(v, q, *r, c, out);
      if (!sent) return fail(sent.error());
      whole = *sent;
      if (!whole) break;
    }
    if (v.approval && whole) {
      c = {};
      auto const sent = send_while_pending(v, *r, std::move(out));
      if (!sent) return fail(sent.error());
      whole = *sent;
    }
    bool lives = whole;
    // A server that demands a client certificate of everybody refuses anonymous connections and lives all the same.
    if (v.negative || (!whole && (answered_ || may_show_certificate_))) {
      r->alive = sign_of_life();
      lives = *r->alive;
    }
    say(v.id + ": " + in_words(*r));
    kept_.emplace(v.id, r);
    done_.records.push_back(*r);
    return lives;
  }

  static connection_end end_of(errc code) {
    switch (code) {
    case errc::timed_out: return connection_end::timed_out;
    case errc::connection_closed: return connection_end::closed;
    case errc::tls_failed:
    case errc::server_untrusted:
    case errc::server_name_mismatch: return connection_end::tls_error;
    default: return connection_end::unknown;
    }
  }

  /// What later vectors and the report need to know of an answer.
  void take_note(vector_definition const& v, request_template const& q, reading const& read, bool sent, bool whole) {
    int const status = whole ? read.status() : 0;
    bool const issuing = v.certificates > 0;
    // An answer that did not come may still have cost a certificate.
    if (issuing && sent && (status == 0 || read.succeeded())) ++done_.certificates_counted;
    if (issuing && status == 202) something_waits_ = true;
    if (issuing && read.succeeded()) list_certificates(v, read);

    if (v.operation == "cacerts" && read.certificates && done_.target.ca_certificates.empty())
      for (auto const& certificate : read.certificates->certificates())
        done_.target.ca_certificates.push_back(certificate.der());
    if (v.operation == "csrattrs" && read.succeeded() && read.body_der) {
      auto const wanted = pki::oids::challenge_password.encode();
      fill_.linking_asked = fill_.linking_asked || std::search(read.body_der->begin(), read.body_der->end(),
                                                               wanted.begin(), wanted.end()) != read.body_der->end();
    }

    bool const ordinary = !v.negative && !v.difference;
    if (ordinary && is_optional(v.operation) && (status == 404 || status == 501) && !(v.operation == "csrattrs")) {
      absent_.insert(v.operation);
      done_.not_offered.push_back(v.operation);
      if (v.operation == "serverkeygen") done_.offers_server_keygen = false;
    }
    if (q.credentials && read.succeeded() && issuing) credentials_good_ = true;
    if (ordinary && q.credentials && !q.identity && status == 401 && !credentials_good_ && !credentials_refused_) {
      credentials_refused_ = true;
      done_.remarks.push_back(refusal_in_words(v, read));
    }
  }

  std::string refusal_in_words(vector_definition const& v, reading const& read) const {
    std::string schemes;
    for (auto const value : read.response->headers.all("WWW-Authenticate"))
      for (auto const& challenge : http::parse_challenges(value))
        schemes += (schemes.empty() ? "" : ", ") + challenge.scheme;
    std::string text = "The server answered " + v.id + " with 401";
    if (authorization_.empty()) {
      text += " though a client certificate was at hand";
    } else {
      text += " though user and password were sent";
      text += schemes.find("asic") == std::string::npos && !schemes.empty()
                  ? "; it does not offer Basic, which is all that is spoken here"
                  : "; they are wrong, or not meant for this";
    }
    if (!schemes.empty()) text += " (it asks for " + schemes + ")";
    return text + ". To spare the account, they are not sent again.";
  }

  void list_certificates(vector_definition const& v, reading const& read) {
    std::vector<pki::certificate> all;
    if (read.certificates) all = read.certificates->certificates();
    bytes key = read.csr ? read.csr->public_key_info() : bytes{};
    if (read.cmc_response) {
      all = read.cmc_response->message.certificates;
      if (read.cmc_request)
        for (auto const& one : read.cmc_request->data.requests)
          if (one.kind == pki::cmc_request::form::pkcs10)
            if (auto const csr = pki::parse_csr(one.value)) key = csr->public_key_info();
    }
    for (auto const& part : read.parts) {
      if (part.certificates)
        all.insert(all.end(), part.certificates->certificates().begin(), part.certificates->certificates().end());
      if (!part.public_key_info.empty()) key = part.public_key_info;
    }
    // Some servers add their chain. What certifies the key is ours; failing that, whatever is no CA's.
    bool const keyed = std::any_of(all.begin(), all.end(), [&](auto const& c) { return c.public_key_info() == key; });
    for (auto const& certificate : all) {
      if (keyed ? certificate.public_key_info() != key : certificate.is_ca()) continue;
      done_.certificates.push_back({to_hex(certificate.serial()), certificate.subject_text(), v.id});
    }
  }

  /// Whoever may have signed a key and does not send a certificate along.
  std::vector<pki::certificate> authorities() const {
    std::vector<pki::certificate> all;
    for (auto const& der : done_.target.ca_certificates)
      if (auto one = pki::parse_certificate(der)) all.push_back(std::move(*one));
    return all;
  }

  /// GET /cacerts on a connection of its own: any whole HTTP answer will do.
  bool sign_of_life() {
    auto c = connect(true);
    if (!c) {
      last_trouble_ = "no connection: " + c.error().detail;
      return false;
    }
    request_template q;
    q.method = "GET";
    q.operation = "cacerts";
    q.headers = {{"Host", "{authority}"}, {"User-Agent", "est-conformance"}, {"Accept", "*/*"}};
    fill_.authorization.clear();
    fill_.where.label = options_.effective_label();
    auto const out = compose(q, fill_, keys_, {std::chrono::system_clock::now(), rng_});
    bool const whole = out && c->wire->converse(*out).whole;
    answered_ = answered_ || whole;
    return whole;
  }

  static std::string in_words(record const& r) {
    auto const& last = r.exchanges.back();
    auto const read = conformance::read(last);
    std::string text = read.status() != 0 ? std::to_string(read.status()) + (read.response->reason.empty() ? "" : " ") +
                                                readable(read.response->reason)
                                          : last.complaint;
    if (r.alive == std::optional<bool>{false}) text += "; the server did not answer afterwards";
    return text;
  }

  /// A reason phrase is the peer's: nothing of it may steer a terminal.
  static std::string readable(std::string_view reason) {
    std::string text;
    for (char const c : reason.substr(0, 40)) text.push_back(c >= 0x20 && c < 0x7f ? c : '?');
    return text;
  }

  failure no_answer() const {
    if (not_http_)
      return {errc::malformed_http, "answer", "what the server sends over TLS is not HTTP (" + last_trouble_ + ")", {}};
    switch (last_end_) {
    case connection_end::timed_out:
      return {
          errc::timed_out, "answer", "the TLS connection stands, but no request was answered: " + last_trouble_, {}};
    case connection_end::tls_error: return {errc::tls_failed, "answer", last_trouble_, {}};
    case connection_end::open: return {errc::malformed_http, "answer", "no answer is whole HTTP: " + last_trouble_, {}};
    default: return {errc::connection_closed, "answer", "no request was answered: " + last_trouble_, {}};
    }
  }

  run_options const& options_;
  std::span<const vector_definition> vectors_;
  channel_factory const& channels_;
  prober probe_; ///< empty within the process
  progress_sink const& progress_;
  key_pool& keys_;
  Botan::AutoSeeded_RNG rng_;
  composition fill_;
  std::optional<pki::private_key> client_key_;
  std::string authorization_;
  bool may_show_certificate_ = false;

  run_result done_;
  std::map<std::string, std::shared_ptr<const record>, std::less<>> kept_;
  std::set<std::string, std::less<>> absent_;
  std::set<http::tls_version> refused_versions_;
  bool answered_ = false;
  bool credentials_good_ = false, credentials_refused_ = false;
  bool something_waits_ = false; ///< an enrolment was answered 202
  bool not_http_ = false;
  connection_end last_end_ = connection_end::unknown;
  std::string last_trouble_;
};

result<run_result> start(run_options const& options, std::span<const vector_definition> vectors,
                         channel_factory const& channels, progress_sink const& progress, key_pool* keys,
                         bytes client_certificate, prober probe = {}) {
  key_pool own;
  return runner{
      options,         vectors, channels, progress, keys != nullptr ? *keys : own, std::move(client_certificate),
      std::move(probe)}
      .run();
}

} // namespace

result<run_result> run(run_options const& options, std::span<const vector_definition> vectors,
                       channel_factory const& channels, progress_sink progress, key_pool* keys) {
  auto client = client_certificate_of(options.credentials);
  if (!client) return fail(client.error());
  return start(options, vectors, channels, progress, keys, std::move(*client));
}

result<run_result> run(run_options const& options, std::span<const vector_definition> vectors, progress_sink progress,
                       key_pool* keys) {
  auto setup = make_tls_setup(options);
  if (!setup) return fail(setup.error());
  auto const anchors = setup->anchors;
  auto client = setup->client_certificate;
  auto const shared = std::make_shared<tls_setup const>(std::move(*setup));
  auto const channels = make_tls_channels(options, shared);
  if (!channels) return fail(channels.error());
  auto probe = make_tls_prober(options, shared);
  if (!probe) return fail(probe.error());
  auto done = start(options, vectors, *channels, progress, keys, std::move(client), std::move(*probe));
  if (done) done->target.trusted = anchors;
  return done;
}

} // namespace est::conformance
