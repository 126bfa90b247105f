#pragma once
/// An EST server over any certificate authority: one function from HTTP requests to HTTP responses, for any HTTP library
/// that can tell the TLS facts.
///
///   est::server est{authority, options};
///   http::response answer = est.handle(request, tls_facts, {now, rng});

#include <est/core/result.hpp>
#include <est/http/date.hpp>
#include <est/http/framing.hpp>
#include <est/http/message.hpp>
#include <est/http/status.hpp>
#include <est/http/tls_facts.hpp>
#include <est/message/cacerts.hpp>
#include <est/message/endpoint.hpp>
#include <est/message/enroll.hpp>
#include <est/message/operation.hpp>
#include <est/message/server_keygen.hpp>
#include <est/pki/change_subject_name.hpp>
#include <est/pki/context.hpp>
#include <est/pki/csr.hpp>
#include <est/server/approval.hpp>
#include <est/server/authentication.hpp>
#include <est/server/authority.hpp>
#include <est/server/csr_attributes.hpp>
#include <est/server/full_cmc.hpp>
#include <est/server/key_protection.hpp>
#include <est/server/names.hpp>
#include <est/server/peer.hpp>
#include <est/server/policy.hpp>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace est {

/// Answers EST requests.
/// Source:   RFC 7030, RFC 8951
/// Offers:   cacerts, simpleenroll, simplereenroll, which RFC 7030 section 3.2.2 demands; serverkeygen where the authority
///           is a `key_generator`, csrattrs where it is a `csr_attributes_source`, fullcmc where it is a `cmc_authority`.
///           Everything else is 404: "a client interprets an HTTP 404 or 501 response to indicate that this service is not
///           implemented" (RFC 7030 section 4.3.2).
/// Promises: `handle` may be called from several threads at once if the authority and the hooks may, and if each call has
///           a random generator that no other call uses at the time; it never throws; a certificate is handed out only if
///           it holds the CSR's key, or the key that is handed out with it; a private key is never sent where the client
///           asked for it to be encrypted
/// Does NOT promise: that a private key is wiped from the answer's text.
template <certification_authority Authority> class server {
public:
  /// The authority outlives the server.
  explicit server(Authority& authority, server_options options = {})
      : authority_(authority), options_(std::move(options)) {}

  http::response handle(http::request const& question, http::tls_facts const& facts, pki::context const& at) const {
    http::response answer;
    try {
      answer = route_and_answer(question, facts, at);
    } catch (...) { answer = trouble({errc::internal, "server", "an exception left a hook or the authority", {}}); }
    if (answer.reason.empty()) answer.reason = http::reason_phrase(answer.status);
    answer.headers.set("Date", http::encode_date(at.now)); // RFC 9110 section 6.6.1
    if (question.method == "HEAD") {
      if (answer.status != 204) // RFC 9110 section 8.6
        answer.headers.set("Content-Length", std::to_string(answer.body.size()));
      answer.body.clear();
    }
    return answer;
  }

  server_options const& options() const noexcept { return options_; }

private:
  /// One request on its way through the server.
  struct inbound {
    http::request const& question;
    http::tls_facts const& facts;
    std::string_view label;
    pki::context const& at;
  };

  /// What answers an operation. A route is found before anything else of the request is looked at.
  struct route_entry {
    std::string_view methods; ///< as Allow lists them
    http::response (server::*answer)(inbound const&) const;
  };

  /// The operations that are offered, a line each; one that the authority has to be able to is behind `if constexpr`.
  static std::optional<route_entry> find_route(std::string_view operation) {
    if (operation == op::cacerts::name) return route_entry{"GET, HEAD", &server::answer_cacerts};
    if (operation == op::simple_enroll::name) return route_entry{"POST", &server::template enrol<op::simple_enroll>};
    if (operation == op::simple_reenroll::name)
      return route_entry{"POST", &server::template enrol<op::simple_reenroll>};
    if constexpr (cmc_authority<Authority>)
      if (operation == op::full_cmc::name) return route_entry{"POST", &server::answer_full_cmc};
    if constexpr (csr_attributes_source<Authority>)
      if (operation == op::csr_attributes::name) return route_entry{"GET, HEAD", &server::answer_csr_attributes};
    if constexpr (key_generator<Authority>)
      if (operation == op::server_keygen::name) return route_entry{"POST", &server::template enrol<op::server_keygen>};
    return std::nullopt;
  }

  http::response route_and_answer(http::request const& question, http::tls_facts const& facts,
                                  pki::context const& at) const {
    auto const asked = parse_target(question.target, options_.path);
    if (!asked) return plain(404, "There is no EST service at this path: " + asked.error().detail + ".");
    if (!asked->label.empty() && !(options_.knows_label && options_.knows_label(asked->label)))
      return plain(404, "There is no CA of this label here.");
    auto const route = find_route(asked->operation);
    if (!route)
      return plain(404, is_operation_name(asked->operation) ? "This operation is not offered here."
                                                            : "There is no EST operation of this name.");
    if (!lists_method(route->methods, question.method)) return method_not_allowed(route->methods);
    if (question.body.size() > options_.max_body)
      return plain(413, "The request is longer than " + std::to_string(options_.max_body) + " octets.");
    return (this->*route->answer)({question, facts, asked->label, at});
  }

  /// RFC 7030 section 4.1.2: the server SHOULD NOT ask who the client is.
  http::response answer_cacerts(inbound const& in) const {
    auto bag = authority_.ca_certificates(in.label);
    if (!bag) return said_no(bag.error(), in);
    return to_http_reply<op::cacerts>({std::move(*bag)}, options_.body);
  }

  /// RFC 7030 section 4.5: the server SHOULD NOT ask who the client is. Who it is may still matter to the authority.
  http::response answer_csr_attributes(inbound const& in) const requires csr_attributes_source<Authority> {
    auto checked = authenticate(in.question, in.facts, options_, in.at.now);
    peer who;
    if (checked.who && !was_revoked(*checked.who, in.at).value_or(true))
      who = std::move(*checked.who);
    else
      who.tls = in.facts;
    auto list = authority_.csr_attributes(in.label, who, in.at);
    if (!list) return said_no(list.error(), in);
    return to_http_reply<op::csr_attributes>(make_csr_attributes_reply(std::move(*list)), options_.body);
  }

  /// RFC 7030 section 4.3. The message can prove by itself who asks, so that TLS and HTTP need not.
  http::response answer_full_cmc(inbound const& in) const requires cmc_authority<Authority> {
    auto const admitted = admit(in, false);
    if (auto const* refusal = std::get_if<http::response>(&admitted)) return *refusal;
    bool const may_ask = (options_.check_password || options_.digest) && !in.question.headers.find("Authorization");
    auto made = full_cmc_desk<Authority>{authority_, options_}.answer(in.question, std::get<peer>(admitted), in.label,
                                                                      in.at, may_ask);
    if (made) return std::move(*made);
    if (made.error().code == errc::unauthenticated) return authentication_required(in);
    if (made.error().code == errc::internal) return trouble(made.error());
    return unreadable(made.error());
  }

  /// Who asks, for an operation that has to know; or the answer that says why nobody it knows does.
  std::variant<peer, http::response> admit(inbound const& in, bool has_to_know = true) const {
    auto checked = authenticate(in.question, in.facts, options_, in.at.now);
    if (!checked.who) {
      if (checked.who.error().code == errc::unauthenticated)
        return authentication_required(in, readable_text(checked.who.error().detail), checked.stale);
      return said_no(checked.who.error(), in);
    }
    auto& who = *checked.who;
    if (has_to_know && !who.authenticated()) return authentication_required(in); // RFC 7030 sections 4.2 and 4.4: MUST
    auto const revoked = was_revoked(who, in.at);
    if (!revoked) return trouble(revoked.error());
    if (*revoked) return plain(403, "The TLS client certificate is not accepted: it was revoked.");
    return std::move(who);
  }

  /// Whether the TLS client certificate was revoked, as far as the authority can say. RFC 7030 section 3.3.2 by way of RFC
  /// 5280 section 6.3
  result<bool> was_revoked([[maybe_unused]] peer const& who, [[maybe_unused]] pki::context const& at) const {
    if constexpr (revocation_checker<Authority>)
      if (auto const* own = who.certificate()) return authority_.is_revoked(*own, at);
    return false;
  }

  /// The three operations that begin with a CSR, in the order in which a request is refused: method and size (above),
  /// client, body, policy, authority.
  template <class Op> http::response enrol(inbound const& in) const {
    auto const admitted = admit(in);
    if (auto const* refusal = std::get_if<http::response>(&admitted)) return *refusal;
    auto const& who = std::get<peer>(admitted);

    auto const request = parse_request<Op>(in.question);
    if (!request) return unreadable(request.error());
    auto const& csr = request->csr;
    if (auto const allowed = check_policy<Op>(csr, who); !allowed) return said_no(allowed.error(), in);
    if (options_.authorise)
      if (auto const allowed = options_.authorise(who, Op::name, in.label, csr); !allowed)
        return said_no(allowed.error(), in);

    // RFC 7030 sections 4.4.1.1 and 4.4.1.2: without a key that matches the identifier "the request MUST be terminated and an
    // error returned to the client".
    [[maybe_unused]] std::optional<key_protection_plan> protection;
    if constexpr (std::is_same_v<Op, op::server_keygen>) {
      auto planned = plan_key_protection(authority_, csr, who, in.label, in.at);
      if (!planned) return said_no(planned.error(), in);
      protection = std::move(*planned);
      if (!protection && options_.require_key_encryption)
        return plain(400,
                     "Private keys are sent from here encrypted beyond TLS alone: name a key for that in the CSR (RFC "
                     "7030 section 4.4.1).");
    }

    // RFC 7030 section 4.2.3: an authority that has people who decide answers 202 until they have.
    if constexpr (approver<Authority>) {
      auto decided = authority_.approval(csr, who, Op::name, in.label, in.at);
      if (!decided) return said_no(decided.error(), in);
      if (*decided) return answer_later(std::move(**decided));
    }

    if constexpr (std::is_same_v<Op, op::server_keygen>)
      return generate(csr, who, protection, in);
    else
      return issue<Op>(csr, who, in);
  }

  template <class Op> result<void> check_policy(pki::csr const& csr, peer const& who) const {
    // RFC 7030 section 4.4.1: for a key generation the server MUST ignore key and signature, and treats the CSR as any
    // other in all else.
    if (!std::is_same_v<Op, op::server_keygen> && !csr.signature_verifies()) {
      if (!options_.on_broken_signature)
        return fail(errc::bad_signature, "csr.signature",
                    "The signature of the CSR does not verify: possession of the private key is not proven.");
      if (auto const passes = options_.on_broken_signature(csr, who); !passes) return passes;
    }
    // RFC 7030 section 4.2: the server MUST check the tls-unique value if one is submitted.
    if (auto const linked = check_linking(csr, who, options_); !linked) return linked;
    if (auto const good = check_one_time_password(csr, who, options_); !good) return good;
    if (auto const change = pki::requested_name_change(csr); !change)
      return fail(errc::invalid_argument, change.error().where,
                  "The ChangeSubjectName of the CSR cannot be read: " + change.error().detail + ".");
    if constexpr (std::is_same_v<Op, op::simple_reenroll>) {
      if (auto const* renewed = who.certificate()) return check_same_names(csr, *renewed, options_.reenrol_names);
      if (!options_.reenrol_without_certificate)
        return fail(errc::refused, "tls.certificate",
                    "To re-enrol, use the certificate that is being renewed as the TLS client certificate.");
    }
    return {};
  }

  template <class Op> http::response issue(pki::csr const& csr, peer const& who, inbound const& in) const {
    auto decided = authority_.issue(csr, who, in.label, in.at);
    if (!decided) return said_no(decided.error(), in);
    if (auto* later = std::get_if<pending>(&*decided)) return answer_later(std::move(*later));
    auto& certificate = std::get<pki::certificate>(*decided);
    if (certificate.public_key_info() != csr.public_key_info())
      return trouble({errc::key_mismatch, "authority", "the certificate does not hold the key of the CSR", {}});
    // RFC 7030 section 4.2.3: "containing only the certificate that was issued"
    auto reply = make_issued(std::move(certificate));
    if (!reply) return trouble(std::move(reply.error()));
    return to_http_reply<Op>(typename Op::reply{std::move(*reply)}, options_.body);
  }

  http::response generate(pki::csr const& csr, peer const& who, std::optional<key_protection_plan> const& protection,
                          inbound const& in) const requires key_generator<Authority> {
    auto key = authority_.generate_key(csr, in.label, in.at);
    if (!key) return said_no(key.error(), in);
    pki::csr_order order;
    order.subject = csr.subject_der();
    order.hash = {};
    for (auto const& attribute : csr.attributes())
      if (!(attribute.oid == pki::oids::challenge_password) && !(attribute.oid == pki::oids::est_identity_linking))
        order.attributes.push_back(attribute);
    auto const own = pki::make_csr(order, *key, in.at);
    if (!own) return trouble(own.error());
    std::optional<bytes> envelope; // before anything is issued: what cannot be sent is not certified
    if (protection) {
      if constexpr (key_protector<Authority>) {
        auto made = protect_key(authority_, *key, *protection, in.label, in.at);
        if (!made) return trouble(made.error());
        envelope = std::move(*made);
      } else {
        return trouble({errc::internal, "server", "a plan without an authority that could make it", {}});
      }
    }
    auto decided = authority_.issue(*own, who, in.label, in.at);
    if (!decided) return said_no(decided.error(), in);
    if (auto* later = std::get_if<pending>(&*decided)) return answer_later(std::move(*later));
    auto reply = make_generated(std::move(*key), std::move(std::get<pki::certificate>(*decided)), std::move(envelope));
    if (!reply) return trouble(std::move(reply.error()));
    return to_http_reply<op::server_keygen>(op::server_keygen::reply{std::move(*reply)}, options_.body);
  }

  /// RFC 7030 section 4.2.3: a 202 MUST have a Retry-After.
  http::response answer_later(pending later) const {
    if (!later.retry_after && !later.retry_at) later.retry_after = options_.retry_after;
    return to_http(later);
  }

  /// RFC 8951 sections 5.1 and 5.2: errors are plain text for a person, and may say so.
  static http::response plain(int status, std::string_view sentence) {
    http::response answer;
    answer.status = status;
    answer.headers.add("Content-Type", "text/plain");
    answer.body = std::string{sentence} + "\n";
    return answer;
  }

  static bool lists_method(std::string_view methods, std::string_view method) {
    for (auto const one : http::detail::split_list(methods))
      if (one == method) return true;
    return false;
  }

  /// RFC 9110 section 15.5.6: a 405 MUST have an Allow field.
  static http::response method_not_allowed(std::string_view allowed) {
    auto answer = plain(405, "This operation is asked for with " + std::string{allowed} + ".");
    answer.headers.add("Allow", std::string{allowed});
    return answer;
  }

  /// RFC 7030 section 3.2.3; RFC 9110 section 15.5.2: a 401 MUST have a challenge, so that without HTTP authentication it
  /// cannot be one. A first challenge has no content: Bouncy Castle's client (1.72) does not read what stands there, and
  /// gives up because it did not.
  http::response authentication_required(inbound const& in, std::string_view sentence = {}, bool stale = false) const {
    auto const asked = challenges(options_, in.facts, in.at, stale);
    if (!asked) return trouble(asked.error());
    if (asked->empty()) return plain(403, "A TLS client certificate is required.");
    http::response answer;
    if (!sentence.empty()) answer = plain(401, sentence);
    answer.status = 401;
    for (auto const& one : *asked) answer.headers.add("WWW-Authenticate", one);
    return answer;
  }

  /// A request whose body is not what it should be.
  static http::response unreadable(failure const& f) {
    auto const sentence = "The request cannot be read: " + readable_text(to_text(f));
    switch (f.code) {
    case errc::wrong_media_type:
    case errc::unsupported_coding: return plain(415, sentence);
    case errc::too_large: return plain(413, sentence);
    default: return plain(400, sentence);
    }
  }

  /// A hook or the authority said no. Only what is fit for the client is repeated.
  http::response said_no(failure const& f, inbound const& in) const {
    switch (f.code) {
    case errc::unauthenticated: return authentication_required(in, readable_text(f.detail));
    case errc::refused: return plain(403, readable_text(f.detail));
    case errc::bad_signature:
    case errc::invalid_argument:
    case errc::unsupported_algorithm: return plain(400, readable_text(f.detail));
    case errc::not_offered: return plain(501, readable_text(f.detail));
    default: return trouble(f);
    }
  }

  /// The client learns nothing; the owner may.
  http::response trouble(failure const& f) const {
    if (options_.on_trouble) {
      try {
        options_.on_trouble(f);
      } catch (...) {} // what is reported cannot be reported
    }
    return plain(500, "The server failed to answer this request.");
  }

  Authority& authority_;
  server_options options_;
};

} // namespace est
