#include "vector.hpp"

#include "embedded.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

namespace est::conformance {

namespace {

using json = nlohmann::ordered_json;

/// Changes one place of a control's requests.
std::optional<std::string> mutate(mutation const& m, json& requests) {
  constexpr std::string_view root = "/requests";
  if (m.at.rfind(root, 0) != 0 || m.at.size() <= root.size()) return "the pointer does not lead into /requests";
  try {
    const json::json_pointer pointer{m.at.substr(root.size())};
    if (!requests.contains(pointer)) return "the pointer leads nowhere in the control";
    if (m.remove) {
      auto& parent = requests.at(pointer.parent_pointer());
      if (parent.is_array())
        parent.erase(static_cast<std::size_t>(std::stoul(pointer.back())));
      else
        parent.erase(pointer.back());
      return std::nullopt;
    }
    auto put = json::parse(m.put_json);
    if (requests.at(pointer) == put) return "the mutation changes nothing";
    requests.at(pointer) = std::move(put);
    return std::nullopt;
  } catch (std::exception const&) { return "the pointer is no JSON pointer, or leads nowhere in the control"; }
}

bool issues(std::string_view operation) {
  auto const last = operation.substr(operation.rfind('/') + 1);
  return last == "simpleenroll" || last == "simplereenroll" || last == "fullcmc" || last == "serverkeygen";
}

} // namespace

result<std::vector<vector_definition>> link_vectors(std::vector<vector_definition> vectors,
                                                    std::span<const payload_file> files) {
  std::map<std::string, vector_definition const*, std::less<>> by_id;
  for (auto const& v : vectors)
    if (!by_id.emplace(v.id, &v).second)
      return fail(errc::invalid_argument, v.file + "#/id", "\"" + v.id + "\" is the id of another vector already");
  for (auto& v : vectors) {
    if (v.control.empty()) continue;
    auto const it = by_id.find(v.control);
    if (it == by_id.end())
      return fail(errc::invalid_argument, v.file + "#/control", "there is no vector \"" + v.control + "\"");
    if (it->second == &v || it->second->negative || it->second->difference)
      return fail(errc::invalid_argument, v.file + "#/control",
                  "\"" + v.control + "\" cannot be a control: it is negative, has a mutation, or is the vector itself");
    if (!v.difference) continue;
    auto requests = json::parse(it->second->requests_json, nullptr, false);
    if (auto trouble = mutate(*v.difference, requests))
      return fail(errc::invalid_argument, v.file + "#/mutation/at", std::move(*trouble));
    v.requests_json = requests.dump();
    auto made = parse_requests(v.requests_json, v.file + " (its control with the mutation)");
    if (!made) return fail(made.error());
    v.requests = std::move(*made);
  }
  // --read-only and --max-certs go by what a vector says that it costs, so it may not say too little: a server that issues
  // whatever it is asked for answers any POST to these with a certificate, whatever the body is.
  for (auto const& v : vectors)
    for (auto const& r : v.requests)
      if (v.certificates == 0 && r.method == "POST" && issues(r.operation))
        return fail(errc::invalid_argument, v.file + "#/needs/certificates",
                    "a POST to " + r.operation + " can cost a certificate, and the vector says that it costs none");
  // A ring of controls can only be made of vectors with requests of their own; following each for as many steps as there
  // are vectors finds it.
  for (auto const& v : vectors) {
    auto const* at = &v;
    for (std::size_t steps = 0; !at->control.empty(); at = by_id.at(at->control))
      if (++steps > vectors.size())
        return fail(errc::invalid_argument, v.file + "#/control", "the controls lead round in a ring");
  }
  for (auto& v : vectors)
    for (auto& r : v.requests)
      if (auto* body = std::get_if<file_body>(&r.body)) {
        auto const it =
            std::find_if(files.begin(), files.end(), [&](payload_file const& f) { return f.path == body->file; });
        if (it == files.end())
          return fail(errc::invalid_argument, v.file, "the file vectors/" + body->file + " is not there");
        body->octets = to_bytes(it->octets);
      }
  return vectors;
}

namespace {

using file_contents = std::vector<std::pair<std::string, std::string>>; // path below the folder, octets

/// The files below a folder whose paths are wanted, in order of their paths.
template <class Wanted> result<file_contents> read_files(std::string const& directory, Wanted wanted) {
  namespace files = std::filesystem;
  constexpr std::uintmax_t largest = std::uintmax_t{4} << 20;
  std::error_code trouble;
  file_contents contents;
  for (files::recursive_directory_iterator it{directory, trouble}, end; !trouble && it != end; it.increment(trouble)) {
    if (!it->is_regular_file(trouble)) continue;
    auto const path = files::relative(it->path(), directory, trouble).generic_string();
    if (trouble || !wanted(path)) continue;
    if (it->file_size(trouble) > largest || trouble)
      return fail(errc::invalid_argument, directory + "/" + path, "the file is larger than 4 MiB");
    std::ifstream in{it->path(), std::ios::binary};
    std::ostringstream text;
    if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
    if (!in && !in.eof()) return fail(errc::invalid_argument, directory + "/" + path, "the file cannot be read");
    contents.emplace_back(path, std::move(text).str());
  }
  if (trouble) return fail(errc::invalid_argument, directory, "the folder cannot be read: " + trouble.message());
  std::sort(contents.begin(), contents.end());
  return contents;
}

bool is_json(std::string_view path) { return path.size() >= 5 && path.substr(path.size() - 5) == ".json"; }

} // namespace

result<std::vector<vector_definition>> load_vectors(std::string const& directory) {
  auto const is_vector = [](std::string_view path) { return path.rfind("probes/", 0) == 0; };
  auto const contents = read_files(directory, [&](std::string_view path) {
    return is_vector(path) || path.rfind("rfc7030/", 0) == 0 || path.rfind("payloads/", 0) == 0;
  });
  if (!contents) return fail(contents.error());
  std::vector<vector_definition> vectors;
  std::vector<payload_file> payloads;
  for (auto const& [path, text] : *contents) {
    if (!is_vector(path)) {
      payloads.push_back({path, as_bytes(text)});
      continue;
    }
    if (!is_json(path)) continue;
    auto v = parse_vector(text, path);
    if (!v) return fail(v.error());
    vectors.push_back(std::move(*v));
  }
  if (vectors.empty()) return fail(errc::invalid_argument, directory, "there are no vectors below probes/");
  return link_vectors(std::move(vectors), payloads);
}

result<std::vector<vector_definition>> add_vectors(std::string const& directory) {
  if (embedded_vectors_trouble()) return fail(*embedded_vectors_trouble());
  auto const contents = read_files(directory, [](std::string_view) { return true; });
  if (!contents) return fail(contents.error());
  auto const own = embedded_vectors();
  std::vector<vector_definition> vectors{own.begin(), own.end()};
  std::vector<payload_file> payloads;
  for (auto const& file : embedded_payloads()) payloads.push_back({file.name, as_bytes(file.content)});
  for (auto const& [path, text] : *contents) {
    if (!is_json(path)) {
      payloads.push_back({path, as_bytes(text)});
      continue;
    }
    auto v = parse_vector(text, directory + "/" + path);
    if (!v) return fail(v.error());
    vectors.push_back(std::move(*v));
  }
  if (vectors.size() == own.size())
    return fail(errc::invalid_argument, directory, "there is no vector below it: they are files named *.json");
  return link_vectors(std::move(vectors), payloads);
}

namespace {

result<std::vector<vector_definition>> const& built_in() {
  static result<std::vector<vector_definition>> const all = []() -> result<std::vector<vector_definition>> {
    std::vector<vector_definition> vectors;
    for (auto const& file : embedded_probes()) {
      auto v = parse_vector(file.content, file.name);
      if (!v) return fail(v.error());
      vectors.push_back(std::move(*v));
    }
    std::vector<payload_file> payloads;
    for (auto const& file : embedded_payloads()) payloads.push_back({file.name, as_bytes(file.content)});
    return link_vectors(std::move(vectors), payloads);
  }();
  return all;
}

} // namespace

std::span<const vector_definition> embedded_vectors() {
  if (!built_in()) return {};
  return *built_in();
}

std::optional<failure> const& embedded_vectors_trouble() {
  static const std::optional<failure> trouble =
      built_in() ? std::optional<failure>{} : std::optional<failure>{built_in().error()};
  return trouble;
}

vector_definition const* find_vector(std::span<const vector_definition> vectors, std::string_view id) {
  auto const it = std::find_if(vectors.begin(), vectors.end(), [id](auto const& v) { return v.id == id; });
  return it == vectors.end() ? nullptr : &*it;
}

} // namespace est::conformance
