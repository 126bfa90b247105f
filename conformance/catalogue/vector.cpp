#include "vector.hpp"

#include "../hex.hpp"

#include <est/pki/der.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace est::conformance {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array operations{"cacerts", "csrattrs",     "simpleenroll", "simplereenroll",
                                "fullcmc", "serverkeygen", "none"};

/// The first thing that is wrong, and where: later ones would be its consequences.
class complaints {
public:
  explicit complaints(std::string_view file) : file_(file) {}
  void add(std::string const& place, std::string what) {
    if (!first_)
      first_ = failure{errc::invalid_argument, file_ + (place.empty() ? "" : "#" + place), std::move(what), {}};
  }
  bool any() const noexcept { return first_.has_value(); }
  failure take() { return std::move(*first_); }

private:
  std::string file_;
  std::optional<failure> first_;
};

/// One JSON object, read by a closed set of keys.
class object_reader {
public:
  object_reader(json const& value, std::string place, complaints& out)
      : value_(value), place_(std::move(place)), out_(out) {
    if (!value.is_object()) out_.add(place_, "an object is expected here");
  }
  object_reader(object_reader const&) = delete;
  object_reader& operator=(object_reader const&) = delete;

  /// Whatever has not been asked for is not known.
  ~object_reader() {
    if (!value_.is_object()) return;
    for (auto const& [key, unused] : value_.items())
      if (known_.count(key) == 0) out_.add(place_ + "/" + key, "the key is not known");
  }

  std::string place(std::string_view key) const { return place_ + "/" + std::string{key}; }

  json const* optional(std::string const& key) {
    known_.insert(key);
    if (!value_.is_object()) return nullptr;
    auto const it = value_.find(key);
    return it == value_.end() ? nullptr : &*it;
  }
  json const* required(std::string const& key) {
    auto const* value = optional(key);
    if (value == nullptr && value_.is_object()) out_.add(place_, "the key \"" + key + "\" is missing");
    return value;
  }

  std::string text(std::string const& key) { return as_text(required(key), key); }
  std::string optional_text(std::string const& key) { return as_text(optional(key), key); }

  bool flag(std::string const& key) { return as_flag(required(key), key); }
  bool optional_flag(std::string const& key) { return as_flag(optional(key), key); }

  std::size_t number(std::string const& key, std::size_t most) {
    auto const* value = required(key);
    if (value == nullptr) return 0;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most) {
      out_.add(place(key), "a whole number from 0 to " + std::to_string(most) + " is expected here");
      return 0;
    }
    return value->get<std::size_t>();
  }

  json const* list(std::string const& key) {
    auto const* value = required(key);
    if (value != nullptr && !value->is_array()) {
      out_.add(place(key), "a list is expected here");
      return nullptr;
    }
    return value;
  }

  std::vector<std::string> texts(std::string const& key) {
    std::vector<std::string> all;
    auto const* values = list(key);
    if (values == nullptr) return all;
    if (values->empty()) out_.add(place(key), "the list is empty");
    for (std::size_t i = 0; i < values->size(); ++i)
      all.push_back(as_text(&(*values)[i], key + "/" + std::to_string(i)));
    return all;
  }

  /// Pairs of two texts: header lines, the attributes of a name.
  std::vector<std::pair<std::string, std::string>> pairs(std::string const& key) {
    std::vector<std::pair<std::string, std::string>> all;
    auto const* values = list(key);
    if (values == nullptr) return all;
    for (std::size_t i = 0; i < values->size(); ++i) {
      auto const& pair = (*values)[i];
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
        out_.add(place(key) + "/" + std::to_string(i), "a pair of two texts is expected here");
        return all;
      }
      all.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
    }
    return all;
  }

  template <class T> T one_of(std::string const& key, std::vector<std::pair<std::string_view, T>> const& set) {
    auto const word = text(key);
    for (auto const& [name, value] : set)
      if (name == word) return value;
    std::string known;
    for (auto const& [name, unused] : set) known += (known.empty() ? "" : ", ") + std::string{name};
    if (!out_.any()) out_.add(place(key), "\"" + word + "\" is none of: " + known);
    return set.front().second;
  }

  complaints& out() noexcept { return out_; }

private:
  std::string as_text(json const* value, std::string const& key) {
    if (value == nullptr) return {};
    if (!value->is_string() || value->get_ref<std::string const&>().empty()) {
      out_.add(place(key), "a text that is not empty is expected here");
      return {};
    }
    return value->get<std::string>();
  }
  bool as_flag(json const* value, std::string const& key) {
    if (value == nullptr) return false;
    if (!value->is_boolean()) {
      out_.add(place(key), "true or false is expected here");
      return false;
    }
    return value->get<bool>();
  }

  json const& value_;
  std::string place_;
  complaints& out_;
  std::set<std::string, std::less<>> known_;
};

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_oid(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos)
    return false;
  return text.find('.') != std::string_view::npos && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

attribute_template read_attribute(json const& value, std::string const& place, complaints& out) {
  using kind = attribute_template::kind;
  attribute_template a;
  object_reader in{value, place, out};
  auto const identifier = [&](char const* key, kind what) {
    auto const* inner = in.optional(key);
    if (inner == nullptr) return false;
    a.what = what;
    object_reader of{*inner, in.place(key), out};
    if (of.optional("registered") != nullptr) {
      a.registered = of.one_of<std::string>(
          "registered",
          {{"symmetric", "symmetric"}, {"transport", "transport"}, {"agreement", "agreement"}, {"signing", "signing"}});
      return true;
    }
    a.random_octets = of.number("random", 64);
    if (a.random_octets == 0) out.add(of.place("random"), "no octets at all identify no key");
    return true;
  };
  int found = identifier("decrypt-key-identifier", kind::decrypt_key_identifier) ? 1 : 0;
  found += identifier("asymmetric-decrypt-key-identifier", kind::asymmetric_decrypt_key_identifier) ? 1 : 0;
  if (in.optional("smime-capabilities") != nullptr) {
    ++found;
    a.what = kind::smime_capabilities;
    a.oids = in.texts("smime-capabilities");
    for (auto const& oid : a.oids)
      if (!is_oid(oid)) out.add(in.place("smime-capabilities"), "\"" + oid + "\" is no object identifier");
  }
  if (in.optional("subject-alternative-names") != nullptr) {
    ++found;
    a.what = kind::subject_alternative_names;
    a.names = in.texts("subject-alternative-names");
  }
  if (in.optional("oid") != nullptr) {
    ++found;
    a.what = kind::raw;
    a.oid = in.text("oid");
    if (!is_oid(a.oid)) out.add(in.place("oid"), "is no object identifier");
    for (auto const& text : in.texts("values")) {
      auto octets = from_hex(text);
      if (!octets)
        out.add(in.place("values"), "\"" + text + "\" is no hexadecimal DER");
      else
        a.values.push_back(std::move(*octets));
    }
  }
  if (in.optional("padding") != nullptr) {
    ++found;
    a.what = kind::raw;
    a.oid = "1.3.6.1.4.1.32473.1"; // below the number that RFC 5612 keeps for examples: nobody knows it
    auto const size = in.number("padding", 100000);
    if (size == 0) out.add(in.place("padding"), "no octets at all pad nothing");
    a.values.push_back(pki::der::octet_string(bytes(size, 0x20)));
  }
  if (value.is_object() && found != 1)
    out.add(place, "an attribute is one of: decrypt-key-identifier, asymmetric-decrypt-key-identifier, "
                   "smime-capabilities, subject-alternative-names, oid with values, padding");
  return a;
}

csr_template read_csr(json const& value, std::string const& place, complaints& out) {
  csr_template c;
  object_reader in{value, place, out};
  c.key = in.one_of<std::string>("key", {{"RSA-2048", "RSA-2048"},
                                         {"RSA-3072", "RSA-3072"},
                                         {"RSA-4096", "RSA-4096"},
                                         {"P-256", "P-256"},
                                         {"P-384", "P-384"},
                                         {"P-521", "P-521"},
                                         {"Ed25519", "Ed25519"},
                                         {"client", "client"}});
  c.key_of_client = c.key == "client";
  c.key_name = in.optional_text("key-name");
  auto const* subject = in.required("subject");
  if (subject != nullptr && subject->is_string()) {
    c.subject_of_client = true;
    if (*subject != "client-certificate")
      out.add(in.place("subject"), "a list of pairs, or \"client-certificate\", is expected here");
  } else if (subject != nullptr) {
    c.subject = in.pairs("subject");
    for (auto const& [type, text] : c.subject)
      if (type != "CN" && type != "serialNumber" && type != "O" && type != "OU")
        out.add(in.place("subject"), "\"" + type + "\" is none of: CN, serialNumber, O, OU");
  }
  c.hash = in.one_of<std::string>(
      "hash",
      {{"SHA-256", "SHA-256"}, {"SHA-384", "SHA-384"}, {"SHA-512", "SHA-512"}, {"SHA-1", "SHA-1"}, {"of-key", ""}});
  if (auto const* attributes = in.list("attributes"))
    for (std::size_t i = 0; i < attributes->size(); ++i)
      c.attributes.push_back(read_attribute((*attributes)[i], in.place("attributes") + "/" + std::to_string(i), out));
  c.bound = in.one_of<csr_linking>("linking", {{"none", csr_linking::none},
                                               {"when-asked", csr_linking::when_asked},
                                               {"tls-unique", csr_linking::tls_unique},
                                               {"foreign", csr_linking::foreign}});
  c.broken_signature = in.one_of<bool>("signature", {{"good", false}, {"broken", true}});
  return c;
}

request_template read_request(json const& value, std::string const& place, complaints& out) {
  request_template r;
  object_reader in{value, place, out};
  r.method = in.text("method");
  if (!r.method.empty() && !is_token(r.method)) out.add(in.place("method"), "is no method (RFC 9110 9.1)");
  r.operation = in.text("operation");
  if (r.operation.find_first_of(" \r\n") != std::string::npos)
    out.add(in.place("operation"), "white space ends a request target");
  if (in.optional("target-form") != nullptr)
    r.absolute_form = in.one_of<bool>("target-form", {{"origin", false}, {"absolute", true}});
  r.without_label = in.optional_flag("without-label");
  r.headers = in.pairs("headers");
  for (auto const& [name, text] : r.headers) {
    if (!is_token(name)) out.add(in.place("headers"), "\"" + name + "\" is no field name (RFC 9110 5.1)");
    if (text.find_first_of("\r\n") != std::string::npos) out.add(in.place("headers"), "a field value ends its line");
  }
  r.credentials = in.flag("credentials");
  if (in.optional("identity") != nullptr) {
    auto const word = in.text("identity");
    r.identity = client_identity_named(word);
    if (!word.empty() && !r.identity)
      out.add(in.place("identity"),
              "\"" + word + "\" is none of: own, foreign, expired, not-yet-valid, for-servers, revoked");
    if (!r.credentials) out.add(in.place("identity"), "without credentials no certificate is shown");
  }
  auto const* body = in.optional("body");
  if (body == nullptr) return r;
  object_reader of{*body, in.place("body"), out};
  int found = 0;
  if (auto const* csr = of.optional("csr")) {
    ++found;
    csr_body b{read_csr(*csr, of.place("csr"), out), {}};
    b.layout = of.one_of<body_layout>("layout", {{"64-lf", body_layout::lines_64_lf},
                                                 {"one-line", body_layout::one_line},
                                                 {"76-crlf", body_layout::lines_76_crlf},
                                                 {"pem", body_layout::pem},
                                                 {"der", body_layout::der}});
    r.body = std::move(b);
  }
  if (auto const* csr = of.optional("cmc")) {
    ++found;
    r.body = cmc_body{read_csr(*csr, of.place("cmc"), out)};
  }
  if (of.optional("file") != nullptr) {
    ++found;
    r.body = file_body{of.text("file"), {}};
  }
  if (of.optional("text") != nullptr) {
    ++found;
    r.body = text_body{of.text("text")};
  }
  if (body->is_object() && found != 1) out.add(in.place("body"), "a body is one of: csr with layout, cmc, file, text");
  return r;
}

handshake_template read_handshake(json const& value, complaints& out) {
  using kind = tls_probe::kind;
  using http::tls_version;
  handshake_template h;
  object_reader in{value, "/handshake", out};
  h.what = in.one_of<kind>(
      "probe", {{"hello", kind::hello}, {"resumption", kind::resumption}, {"clear-http", kind::clear_http}});
  if (h.what == kind::clear_http) return h;
  h.version = in.one_of<tls_version>("version", {{"1.0", tls_version::tls_1_0},
                                                 {"1.1", tls_version::tls_1_1},
                                                 {"1.2", tls_version::tls_1_2},
                                                 {"1.3", tls_version::tls_1_3}});
  if (h.what == kind::resumption) {
    if (h.version < tls_version::tls_1_2) out.add(in.place("version"), "sessions are resumed on 1.2 and 1.3 alone");
    return h;
  }
  auto const word = in.text("suites");
  auto const family = suite_family_named(word);
  if (!word.empty() && !family)
    out.add(in.place("suites"), "\"" + word +
                                    "\" is none of: ordinary, null, anonymous, export, des, psk, srp, rc4, 3des, "
                                    "static-rsa");
  h.suites = family.value_or(suite_family::ordinary);
  if (h.version == tls_version::tls_1_3 && h.suites != suite_family::ordinary)
    out.add(in.place("suites"), "TLS 1.3 has suites of its own, and no other");
  return h;
}

std::vector<request_template> read_requests(json const& value, complaints& out) {
  std::vector<request_template> all;
  if (!value.is_array() || value.empty()) {
    out.add("/requests", "a list of at least one request is expected here");
    return all;
  }
  for (std::size_t i = 0; i < value.size(); ++i)
    all.push_back(read_request(value[i], "/requests/" + std::to_string(i), out));
  return all;
}

bool is_id(std::string_view id) {
  if (id.empty() || id.size() > 80) return false;
  return id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos &&
         id.front() != '.' && id.back() != '.';
}

/// `: line 3, column 7`
std::string place_of_trouble(std::string_view text) {
  try {
    auto const ignored = json::parse(text);
  } catch (json::parse_error const& e) {
    auto const before = text.substr(0, e.byte == 0 ? 0 : e.byte - 1);
    auto const line = std::count(before.begin(), before.end(), '\n') + 1;
    auto const start = before.rfind('\n');
    auto const column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
    return ": line " + std::to_string(line) + ", column " + std::to_string(column);
  } catch (std::exception const&) {}
  return {};
}

/// JSON without a key twice in one object: nlohmann's parser would keep one of the two and say nothing.
std::optional<json> parse_json(std::string_view text, complaints& out) {
  std::vector<std::set<std::string>> open;
  std::optional<std::string> twice;
  json value = json::parse(
      text,
      [&](int, json::parse_event_t event, json& parsed) {
        if (event == json::parse_event_t::object_start) open.emplace_back();
        if (event == json::parse_event_t::object_end) open.pop_back();
        if (event == json::parse_event_t::key && !open.empty() &&
            !open.back().insert(parsed.get<std::string>()).second && !twice)
          twice = parsed.get<std::string>();
        return true;
      },
      false);
  if (value.is_discarded()) {
    out.add("", "the file is no JSON" + place_of_trouble(text));
    return std::nullopt;
  }
  if (twice) {
    out.add("", "the key \"" + *twice + "\" stands twice in one object");
    return std::nullopt;
  }
  return value;
}

} // namespace

result<vector_definition> parse_vector(std::string_view text, std::string_view file) {
  complaints out{file};
  vector_definition v;
  v.file = std::string{file};
  auto const document = parse_json(text, out);
  if (!document) return fail(out.take());
  {
    object_reader in{*document, "", out};
    if (in.text("schema") != "est-vector/1") out.add("/schema", "\"est-vector/1\" is expected here");
    v.id = in.text("id");
    if (!v.id.empty() && !is_id(v.id))
      out.add("/id", "an id is made of small letters, digits, - and ., of 80 characters at most");
    v.title = in.text("title");
    v.references = in.texts("references");
    in.optional_text("comment");
    if (auto const* needs = in.required("needs")) {
      using credential = vector_definition::credential;
      object_reader of{*needs, "/needs", out};
      v.operation = of.text("operation");
      if (!v.operation.empty() && std::find(operations.begin(), operations.end(), v.operation) == operations.end())
        out.add("/needs/operation", "\"" + v.operation + "\" is no operation of EST, nor \"none\"");
      v.needs = of.one_of<credential>(
          "credential",
          {{"none", credential::none}, {"any", credential::any}, {"certificate", credential::certificate}});
      v.certificates = of.number("certificates", 10);
      v.policy = of.optional_text("policy");
      v.approval = of.optional_flag("approval");
      if (of.optional("tls") != nullptr)
        v.tls = of.one_of<http::tls_version>(
            "tls", {{"1.2", http::tls_version::tls_1_2}, {"1.3", http::tls_version::tls_1_3}});
      if (of.optional("registered-key") != nullptr)
        v.registered = of.one_of<std::string>("registered-key", {{"symmetric", "symmetric"},
                                                                 {"transport", "transport"},
                                                                 {"agreement", "agreement"},
                                                                 {"signing", "signing"}});
    }
    v.negative = in.optional_flag("negative");
    v.control = in.optional_text("control");
    if (auto const* difference = in.optional("mutation")) {
      object_reader of{*difference, "/mutation", out};
      mutation m;
      m.at = of.text("at");
      auto const* put = of.optional("put");
      m.remove = of.optional_flag("remove");
      if ((put != nullptr) == m.remove) out.add("/mutation", "a mutation has \"put\", or \"remove\" that is true");
      if (put != nullptr) m.put_json = put->dump();
      v.difference = std::move(m);
    }
    auto const* requests = in.optional("requests");
    auto const* handshake = in.optional("handshake");
    if ((requests != nullptr ? 1 : 0) + (v.difference ? 1 : 0) + (handshake != nullptr ? 1 : 0) != 1)
      out.add("", "a vector has either \"requests\" or a \"mutation\" of its control's requests, or a \"handshake\"");
    if (handshake != nullptr) {
      v.handshake = read_handshake(*handshake, out);
      if (!v.control.empty()) out.add("/control", "a handshake has no control");
      if (v.tls != http::tls_version::unknown) out.add("/needs/tls", "a handshake says itself what it offers");
      if (v.operation != "none")
        out.add("/needs/operation", "a handshake needs no operation: \"none\" is expected here");
      if (v.certificates != 0) out.add("/needs/certificates", "a handshake costs no certificate");
    }
    if (requests != nullptr) {
      v.requests = read_requests(*requests, out);
      v.requests_json = requests->dump();
    }
    if (v.difference && v.control.empty()) out.add("", "a mutation needs a \"control\"");
    if (v.negative && !v.difference) out.add("", "a negative vector is its control with one \"mutation\"");
  }
  if (out.any()) return fail(out.take());
  return v;
}

result<std::vector<request_template>> parse_requests(std::string_view text, std::string_view file) {
  complaints out{file};
  std::vector<request_template> requests;
  if (auto const document = parse_json(text, out)) requests = read_requests(*document, out);
  if (out.any()) return fail(out.take());
  return requests;
}

} // namespace est::conformance
