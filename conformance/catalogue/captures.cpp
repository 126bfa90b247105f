#include "catalogue/captures.hpp"

#include "catalogue/document_example.hpp"
#include "reading.hpp"

#include <est/http/date.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <system_error>

namespace est::conformance {

namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

/// What NAME.json may say.
struct facts {
  std::optional<http::tls_version> tls;
  std::optional<bool> client_certificate;
  std::optional<time_point> time;
};

result<facts> parse_facts(std::string_view text, std::string const& file) {
  auto const wrong = [&file](std::string what) { return fail(errc::invalid_argument, file, std::move(what)); };
  auto const document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return wrong("is no JSON");
  if (!document.is_object()) return wrong("is no JSON object");
  facts f;
  for (auto const& [key, value] : document.items()) {
    if (key == "tls") {
      auto const version = value.is_string() ? value.get<std::string>() : std::string{};
      if (version == "1.0")
        f.tls = http::tls_version::tls_1_0;
      else if (version == "1.1")
        f.tls = http::tls_version::tls_1_1;
      else if (version == "1.2")
        f.tls = http::tls_version::tls_1_2;
      else if (version == "1.3")
        f.tls = http::tls_version::tls_1_3;
      else
        return wrong("\"tls\" is not one of \"1.0\", \"1.1\", \"1.2\", \"1.3\"");
    } else if (key == "client_certificate") {
      if (!value.is_boolean()) return wrong("\"client_certificate\" is neither true nor false");
      f.client_certificate = value.get<bool>();
    } else if (key == "time") {
      auto const time = value.is_string() ? parse_instant(value.get<std::string>())
                                          : result<time_point>{fail(errc::invalid_argument, file, "is no text")};
      if (!time) return wrong("\"time\" is no time like \"2026-11-24T07:00:00Z\"");
      f.time = *time;
    } else {
      return wrong("the key \"" + key + "\" is not known; there are tls, client_certificate and time");
    }
  }
  return f;
}

/// The time that stands in the answer itself.
std::optional<time_point> date_of(std::string const& response) {
  auto parsed = http::parse_response(response, "GET");
  if (!parsed) return std::nullopt;
  auto const value = parsed->headers.find("Date");
  if (!value) return std::nullopt;
  // A two-digit year is told by the 50 years around 2026: captures of EST servers are no older than EST.
  auto const time = http::parse_date(*value, time_point{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}});
  if (!time) return std::nullopt;
  return std::chrono::time_point_cast<time_point::duration>(*time);
}

record make_record(std::string name, std::string title, std::optional<std::string> request,
                   std::optional<std::string> response, facts const& known, std::optional<time_point> at) {
  exchange e;
  e.name = name;
  e.time = at ? at : known.time ? known.time : response ? date_of(*response) : std::nullopt;
  e.request = std::move(request);
  e.response = std::move(response);
  if (known.tls) {
    e.tls.emplace();
    e.tls->version = *known.tls;
  }
  e.client_certificate_shown = known.client_certificate;
  record r;
  r.id = std::move(name);
  r.title = std::move(title);
  r.exchanges.push_back(std::move(e));
  return r;
}

/// The bag of the first plain /cacerts that was answered: what other exchanges are checked against.
void gather_target(capture_set& set) {
  for (int labelled = 0; labelled < 2 && set.target.ca_certificates.empty(); ++labelled)
    for (auto const& r : set.records)
      for (auto const& e : r.exchanges) {
        auto const in = read(e);
        if (in.op != operation::cacerts || !in.certificates || in.label.empty() != (labelled == 0)) continue;
        for (auto const& c : in.certificates->certificates()) set.target.ca_certificates.push_back(c.der());
        if (!set.target.ca_certificates.empty()) return;
      }
}

bool is_response(std::string_view text) { return text.substr(0, 5) == "HTTP/"; }

/// The three files of one exchange, whichever of them there are.
result<void> add_exchange(capture_set& set, std::string name, std::optional<fs::path> const& request,
                          std::optional<fs::path> const& response, std::optional<fs::path> const& known,
                          std::optional<time_point> at) {
  std::optional<std::string> asked, answered;
  facts f;
  if (request) {
    auto octets = read_file(*request);
    if (!octets) return fail(std::move(octets.error()));
    asked = std::move(*octets);
  }
  if (response) {
    auto octets = read_file(*response);
    if (!octets) return fail(std::move(octets.error()));
    answered = std::move(*octets);
  }
  if (known) {
    auto octets = read_file(*known);
    if (!octets) return fail(std::move(octets.error()));
    auto parsed = parse_facts(*octets, known->string());
    if (!parsed) return fail(std::move(parsed.error()));
    f = *parsed;
  }
  set.records.push_back(
      make_record(std::move(name), "a recorded exchange", std::move(asked), std::move(answered), f, at));
  return {};
}

result<void> load_folder(capture_set& set, fs::path const& folder, std::optional<time_point> at) {
  struct trio {
    std::optional<fs::path> request, response, known;
  };
  std::map<std::string, trio> exchanges; // sorted by name
  std::map<std::string, std::string> other;
  std::error_code trouble;
  for (fs::directory_iterator it{folder, trouble}, end; !trouble && it != end; it.increment(trouble)) {
    auto const& path = it->path();
    auto const name = path.filename().string();
    auto const extension = path.extension().string();
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      other[name] = "a folder";
    } else if (!it->is_regular_file(ignored)) {
      other[name] = "no regular file";
    } else if (extension == ".req") {
      exchanges[path.stem().string()].request = path;
    } else if (extension == ".resp") {
      exchanges[path.stem().string()].response = path;
    } else if (extension == ".json") {
      exchanges[path.stem().string()].known = path;
    } else {
      other[name] = "neither .req nor .resp";
    }
  }
  if (trouble) return fail(errc::invalid_argument, folder.string(), "cannot be read: " + trouble.message());
  std::size_t alone = 0, unanswered = 0;
  for (auto const& [name, e] : exchanges) {
    if (!e.request && !e.response) {
      other[name + ".json"] = "there is no .req and no .resp of that name";
      continue;
    }
    if (!e.request) ++alone;
    if (!e.response) ++unanswered;
    if (auto added = add_exchange(set, name, e.request, e.response, e.known, at); !added) return added;
  }
  for (auto const& [name, why] : other) set.ignored.push_back(name + ": " + why);
  if (set.records.empty())
    return fail(errc::invalid_argument, folder.string(), "holds no exchange: there is no .req and no .resp file in it");
  if (alone != 0)
    set.remarks.push_back(
        std::to_string(alone) +
        (alone == 1 ? " answer has no request beside it and is" : " answers have no request and are") +
        " judged as far as that goes");
  if (unanswered != 0)
    set.remarks.push_back(std::to_string(unanswered) +
                          (unanswered == 1 ? " request has no answer beside it" : " requests have no answer"));
  return {};
}

result<void> load_document(capture_set& set, std::string const& text, fs::path const& path,
                           std::optional<time_point> at) {
  auto example = read_document_example(text);
  if (!example) return fail(std::move(example.error()));
  auto const stem = path.stem().string();
  std::optional<std::string> request;
  std::size_t count = 0;
  auto const add = [&](std::optional<std::string> asked, std::optional<std::string> answered) {
    ++count;
    set.records.push_back(make_record(stem + "#" + std::to_string(count), "an example printed in a document",
                                      std::move(asked), std::move(answered), {}, at));
  };
  for (auto& message : example->messages) {
    if (is_response(message)) {
      add(std::move(request), std::move(message));
      request.reset();
    } else {
      if (request) add(std::move(request), std::nullopt);
      request = std::move(message);
    }
  }
  if (request) add(std::move(request), std::nullopt);
  auto const file = path.filename().string();
  set.remarks.push_back(file + " is a document that prints " + std::to_string(example->messages.size()) +
                        (example->messages.size() == 1 ? " HTTP message" : " HTTP messages") +
                        ", which are judged; offsets are those of the messages after dedenting");
  for (auto const& r : example->remarks)
    set.remarks.push_back(file + (r.line == 0 ? "" : ", line " + std::to_string(r.line)) + ": " + r.text);
  return {};
}

result<void> load_one(capture_set& set, fs::path const& path, std::optional<time_point> at) {
  auto const extension = path.extension().string();
  std::error_code ignored;
  auto const beside = [&](char const* other) -> std::optional<fs::path> {
    auto candidate = path;
    if (extension == ".req" || extension == ".resp" || extension == ".json")
      candidate.replace_extension(other);
    else
      candidate += other;
    std::error_code e;
    if (fs::is_regular_file(candidate, e)) return candidate;
    return std::nullopt;
  };
  bool const half = extension == ".req" || extension == ".resp";
  if (half || !fs::exists(path, ignored)) {
    auto const request = beside(".req"), response = beside(".resp");
    bool const there = extension == ".req" ? request.has_value() : extension == ".resp" ? response.has_value() : true;
    if ((request || response) && there)
      return add_exchange(set, (half ? path.stem() : path.filename()).string(), request, response, beside(".json"), at);
    if (!fs::exists(path, ignored))
      return fail(errc::invalid_argument, path.string(), "there is no such file or folder");
  }
  auto octets = read_file(path);
  if (!octets) return fail(std::move(octets.error()));
  if (is_response(*octets) || http::parse_request(*octets)) {
    bool const answer = is_response(*octets);
    set.records.push_back(make_record(path.filename().string(), "a recorded message",
                                      answer ? std::nullopt : std::optional{*octets},
                                      answer ? std::optional{*octets} : std::nullopt, {}, at));
    return {};
  }
  if (looks_like_document_example(*octets)) return load_document(set, *octets, path, at);
  return fail(errc::invalid_argument, path.string(),
              "is neither a folder of exchanges, nor an HTTP message, nor a document that prints one");
}

} // namespace

result<std::string> read_file(fs::path const& path, std::size_t limit) {
  std::error_code trouble;
  auto const wrong = [&path](std::string what) { return fail(errc::invalid_argument, path.string(), std::move(what)); };
  auto const status = fs::status(path, trouble);
  if (!fs::exists(status)) return wrong("there is no such file");
  if (fs::is_directory(status)) return wrong("is a folder");
  std::ifstream in{path, std::ios::binary};
  if (!in) return wrong("cannot be read");
  std::string octets;
  std::vector<char> buffer(65536);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    octets.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (octets.size() > limit) return wrong("is larger than " + std::to_string(limit) + " octets");
  }
  if (in.bad()) return wrong("cannot be read to its end");
  return octets;
}

result<time_point> parse_instant(std::string_view text) {
  using namespace std::chrono;
  auto const wrong = [text] {
    return fail(errc::invalid_argument, "time",
                "\"" + std::string{text} + "\" is no time; write 2026-11-24T07:00:00Z, or @ and seconds since 1970");
  };
  std::size_t at = 0;
  auto const number = [&](std::size_t digits) -> std::optional<int> {
    if (at + digits > text.size()) return std::nullopt;
    int n = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at) {
      if (text[at] < '0' || text[at] > '9') return std::nullopt;
      n = n * 10 + (text[at] - '0');
    }
    return n;
  };
  auto const literal = [&](char c) {
    if (at < text.size() && text[at] == c) return ++at, true;
    return false;
  };
  if (literal('@')) {
    if (text.size() < 2 || text.size() > 12) return wrong();
    long long seconds_since = 0;
    for (; at < text.size(); ++at) {
      if (text[at] < '0' || text[at] > '9') return wrong();
      seconds_since = seconds_since * 10 + (text[at] - '0');
    }
    if (seconds_since > 9'000'000'000LL) return wrong();
    return time_point{seconds{seconds_since}};
  }
  auto const y = number(4);
  if (!y || !literal('-')) return wrong();
  auto const mo = number(2);
  if (!mo || !literal('-')) return wrong();
  auto const d = number(2);
  if (!d) return wrong();
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  // What the clock of this machine can hold.
  if (!date.ok() || *y < 1970 || *y > 2200) return wrong();
  seconds of_day{0};
  if (at < text.size()) {
    if (!literal('T') && !literal('t') && !literal(' ')) return wrong();
    auto const h = number(2);
    if (!h || *h > 23 || !literal(':')) return wrong();
    auto const mi = number(2);
    if (!mi || *mi > 59) return wrong();
    int s = 0;
    if (literal(':')) {
      auto const read = number(2);
      if (!read || *read > 60) return wrong();
      s = *read;
    }
    of_day = hours{*h} + minutes{*mi} + seconds{s};
    if (at < text.size() && !literal('Z') && !literal('z')) {
      bool const minus = text[at] == '-';
      if (!literal('+') && !literal('-')) return wrong();
      auto const oh = number(2);
      if (!oh || *oh > 23) return wrong();
      literal(':');
      auto const om = number(2);
      if (!om || *om > 59) return wrong();
      const seconds offset = hours{*oh} + minutes{*om};
      of_day += minus ? offset : -offset;
    }
    if (at != text.size()) return wrong();
  }
  return time_point{sys_days{date} + of_day};
}

result<capture_set> load_captures(fs::path const& path, std::optional<time_point> at) {
  capture_set set;
  set.target.name = path.string();
  std::error_code trouble;
  auto const loaded = fs::is_directory(path, trouble) ? load_folder(set, path, at) : load_one(set, path, at);
  if (!loaded) return fail(loaded.error());
  gather_target(set);
  return set;
}

} // namespace est::conformance
