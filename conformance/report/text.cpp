#include "report/report.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace est::conformance {

namespace {

struct titled {
  std::string_view rfc, section, title;
};

constexpr std::array titles{
    titled{"RFC 7030", "3.2.1", "HTTP Headers for Control"},
    titled{"RFC 7030", "3.2.2", "HTTP URIs for Control"},
    titled{"RFC 7030", "3.2.3", "HTTP-Based Client Authentication"},
    titled{"RFC 7030", "3.2.4", "Message Types"},
    titled{"RFC 7030", "3.3", "TLS Layer"},
    titled{"RFC 7030", "3.3.1", "TLS-Based Server Authentication"},
    titled{"RFC 7030", "3.3.2", "TLS-Based Client Authentication"},
    titled{"RFC 7030", "3.3.3", "Certificate-Less TLS Mutual Authentication"},
    titled{"RFC 7030", "3.5", "Linking Identity and POP Information"},
    titled{"RFC 7030", "3.6.1", "Client Use of Explicit TA Database"},
    titled{"RFC 7030", "3.7", "Client Authorization"},
    titled{"RFC 7030", "4.1.2", "CA Certificates Request"},
    titled{"RFC 7030", "4.1.3", "CA Certificates Response"},
    titled{"RFC 7030", "4.2", "Client Certificate Request Functions"},
    titled{"RFC 7030", "4.2.1", "Simple Enrollment of Clients"},
    titled{"RFC 7030", "4.2.2", "Simple Re-enrollment of Clients"},
    titled{"RFC 7030", "4.2.3", "Simple Enroll and Re-enroll Response"},
    titled{"RFC 7030", "4.3", "Full CMC"},
    titled{"RFC 7030", "4.3.1", "Full CMC Request"},
    titled{"RFC 7030", "4.3.2", "Full CMC Response"},
    titled{"RFC 7030", "4.4", "Server-Side Key Generation"},
    titled{"RFC 7030", "4.4.1", "Server-Side Key Generation Request"},
    titled{"RFC 7030", "4.4.1.1", "Requests for Symmetric Key Encryption of the Private Key"},
    titled{"RFC 7030", "4.4.1.2", "Requests for Asymmetric Encryption of the Private Key"},
    titled{"RFC 7030", "4.4.2", "Server-Side Key Generation Response"},
    titled{"RFC 7030", "4.5", "CSR Attributes"},
    titled{"RFC 7030", "4.5.2", "CSR Attributes Response"},
    titled{"RFC 7030", "6", "Security Considerations"},
    titled{"RFC 8951", "3", "Changes to EST Endpoint Processing"},
    titled{"RFC 8951", "3.1", "White Space Processing"},
    titled{"RFC 8951", "4", "Clarification of ASN.1 for Certificate Attribute Set"},
    titled{"RFC 8951", "5.1", "Simple Enroll and Re-enroll Response"},
    titled{"RFC 8996", "4", "Do Not Use TLS 1.0"},
    titled{"RFC 8996", "5", "Do Not Use TLS 1.1"},
};

std::string_view title_of(std::string_view rfc, std::string_view section) {
  for (auto const& t : titles)
    if (t.rfc == rfc && t.section == section) return t.title;
  return {};
}

/// `4.10` after `4.9`.
std::vector<int> numbers_of(std::string_view section) {
  std::vector<int> all;
  int n = 0;
  bool digits = false;
  for (char const c : section) {
    if (c >= '0' && c <= '9') {
      n = n * 10 + (c - '0');
      digits = true;
    } else {
      if (digits) all.push_back(n);
      n = 0;
      digits = false;
    }
  }
  if (digits) all.push_back(n);
  return all;
}

int number_of_rfc(std::string_view rfc) {
  auto const n = numbers_of(rfc);
  return n.empty() ? 99999 : n.front();
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out{text};
  for (std::size_t w = width_of(text); w < width; ++w) out.push_back(' ');
  return out;
}

/// Lines of at most `width` characters, broken at spaces where there are any.
std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t used = 0;
  auto const flush = [&] {
    lines.push_back(std::move(line));
    line.clear();
    used = 0;
  };
  while (!text.empty()) {
    auto const space = text.find(' ');
    auto word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    const std::size_t wide = width_of(word);
    if (used != 0 && used + 1 + wide > width) flush();
    if (used != 0) {
      line.push_back(' ');
      ++used;
    }
    // A word that is longer than a line is cut.
    while (width_of(word) > width - used) {
      std::size_t octets = 0, taken = 0;
      while (octets < word.size() && taken < width - used) {
        ++octets;
        while (octets < word.size() && (static_cast<unsigned char>(word[octets]) & 0xc0u) == 0x80u) ++octets;
        ++taken;
      }
      line.append(word.substr(0, octets));
      word.remove_prefix(octets);
      flush();
    }
    line.append(word);
    used += width_of(word);
  }
  if (!line.empty() || lines.empty()) flush();
  return lines;
}

std::string joined(std::vector<std::string> const& list, std::size_t most, std::size_t all) {
  std::string out;
  for (std::size_t i = 0; i < list.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + list[i];
  const std::size_t shown = std::min(list.size(), most);
  if (all > shown) out += (shown == 0 ? "" : " and ") + std::to_string(all - shown) + " more";
  return out;
}

class writer {
public:
  writer(report_model const& m, text_style const& style) : m_(m), style_(style) {
    for (auto const& r : m.requirements) sorted_.push_back(&r);
    auto const key = [](requirement_line const& r) {
      return std::tuple{r.row->of_other_rfc, number_of_rfc(r.row->rfc), r.row->rfc, numbers_of(r.row->section),
                        r.row->section};
    };
    std::stable_sort(sorted_.begin(), sorted_.end(), [&](auto const* a, auto const* b) { return key(*a) < key(*b); });
  }

  std::string write() {
    header();
    remarks();
    table();
    blocks();
    notes();
    skipped();
    ignored();
    certificates();
    can_do();
    if (style_.verbose) exchanges();
    closing();
    return std::move(out_);
  }

private:
  std::string paint(grade g, std::string_view text) const {
    if (!style_.colour) return std::string{text};
    std::string_view code = "0";
    switch (g) {
    case grade::pass: code = "32"; break;
    case grade::fail: code = "1;31"; break;
    case grade::warn: code = "33"; break;
    case grade::info: code = "36"; break;
    case grade::inconclusive:
    case grade::error: code = "35"; break;
    case grade::skip: code = "2"; break;
    }
    return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
  }

  static std::string_view label(grade g) {
    switch (g) {
    case grade::pass: return "pass";
    case grade::fail: return "FAIL";
    case grade::warn: return "warn";
    case grade::info: return "info";
    case grade::inconclusive: return "open";
    case grade::skip: return "-";
    case grade::error: return "ERROR";
    }
    return "";
  }

  std::string strong(std::string_view text) const {
    return style_.colour ? "\x1b[1m" + std::string{text} + "\x1b[0m" : std::string{text};
  }

  void line(std::string_view text = {}) {
    out_ += text;
    out_ += '\n';
  }

  /// `label` in a column of its own, the text wrapped beside it.
  void item(std::size_t indent, std::string_view name, std::size_t column, std::string_view text) {
    const std::size_t left = indent + column;
    bool first = true;
    for (auto const& piece : wrap(text, style_.width - left)) {
      out_ += std::string(indent, ' ') + padded(first ? name : "", column) + piece + '\n';
      first = false;
    }
  }

  void header() {
    line(strong("est-conformance " + m_.tool_version + (m_.command.empty() ? "" : " " + m_.command)) +
         "   requirement set " + m_.verdict.requirement_set);
    if (!m_.verdict.policies.empty())
      item(0, "policies", 14, joined(m_.verdict.policies, 9, m_.verdict.policies.size()));
    item(0, "target", 14, m_.target);
    if (!m_.date.empty()) item(0, "date", 14, m_.date);
    std::string list = std::to_string(m_.exchanges.size());
    for (std::size_t i = 0; i < m_.tls.size(); ++i)
      list += (i == 0 ? " (" : ", ") + m_.tls[i].first + ": " + std::to_string(m_.tls[i].second);
    if (!m_.tls.empty()) list += ")";
    item(0, "exchanges", 14, list);
    if (!m_.not_offered.empty()) item(0, "not offered", 14, joined(m_.not_offered, 9, m_.not_offered.size()));
    if (m_.certificate_budget)
      item(0, "certificates", 14,
           std::to_string(m_.certificates.size()) + " issued, " + std::to_string(*m_.certificate_budget) + " allowed");
  }

  void table() {
    std::vector<requirement_line const*> rows;
    for (auto const* r : sorted_)
      if (style_.verbose || (r->outcome != grade::skip && (r->outcome != grade::info || is_told(*r))))
        rows.push_back(r);
    std::string_view rfc, section;
    bool other = false;
    for (auto const* r : rows) {
      if (r->row->of_other_rfc && !other) {
        other = true;
        line();
        line(strong("Requirements of the RFCs that EST rests on, apart from its own"));
      }
      if (r->row->rfc != rfc || r->row->section != section) {
        rfc = r->row->rfc;
        section = r->row->section;
        auto const title = title_of(rfc, section);
        line();
        line(strong(std::string{rfc} + " " + std::string{section} + (title.empty() ? "" : "  " + std::string{title})));
      }
      row(*r);
    }
  }

  /// Whether a check said of it that something is not as it should be.
  bool is_told(requirement_line const& r) const {
    return std::any_of(r.findings.begin(), r.findings.end(),
                       [this](std::size_t i) { return m_.checks[i].what == outcome::fail; });
  }

  void row(requirement_line const& r) {
    constexpr std::size_t left = 20, right = 20;
    std::map<outcome, std::size_t> counts;
    for (auto const i : r.findings) ++counts[m_.checks[i].what];
    std::string note;
    if (r.outcome == grade::skip) {
      note = r.reason;
    } else {
      const std::size_t judged = counts[outcome::pass] + counts[outcome::fail];
      note = counts[outcome::fail] > 0
                 ? "fails " + std::to_string(counts[outcome::fail]) + " of " + std::to_string(judged)
                 : std::to_string(judged) + " judged";
      std::string tls;
      for (auto const& v : r.tls) tls += (tls.empty() ? "TLS " : ", ") + (v.substr(0, 4) == "TLS " ? v.substr(4) : v);
      if (!tls.empty()) note += ", " + tls;
    }
    std::string wording = r.row->wording;
    if (r.row->disputed) wording += " (disputed)";
    if (r.outcome == grade::skip) wording = r.row->id;
    auto const pieces = wrap(wording, style_.width - left - right - 2);
    auto const notes = wrap(note, right);
    for (std::size_t i = 0; i < std::max(pieces.size(), notes.size()); ++i) {
      std::string text = "  ";
      text += i == 0 ? paint(r.outcome, padded(label(r.outcome), 6)) + padded(r.row->level, 12) : std::string(18, ' ');
      if (i < notes.size()) {
        text += padded(i < pieces.size() ? pieces[i] : "", style_.width - left - right) + notes[i];
      } else {
        text += pieces[i];
      }
      line(text);
    }
  }

  void blocks() {
    for (auto const wanted : {grade::fail, grade::error, grade::warn, grade::info, grade::inconclusive}) {
      bool any = false;
      for (auto const* r : sorted_) {
        if (r->outcome != wanted) continue;
        if (!any) {
          line();
          line(strong(wanted == grade::fail    ? "What fails"
                      : wanted == grade::warn  ? "Warnings"
                      : wanted == grade::info  ? "For information"
                      : wanted == grade::error ? "Errors of this program"
                                               : "Not decided"));
          any = true;
        }
        if (wanted != grade::info || is_told(*r))
          block(*r);
        else if (style_.verbose || !r->findings.empty())
          item(2, "-", 2, r->row->rfc + " " + r->row->section + ", " + r->row->id + ": " + r->reason);
      }
    }
  }

  void block(requirement_line const& r) {
    auto const& row = *r.row;
    line();
    line(paint(r.outcome, padded(label(r.outcome), 6)) + strong(row.rfc + " " + row.section) + "  " + row.level + "  " +
         row.id);
    item(6, "", 0, row.wording);
    if (row.disputed) item(6, "disputed", 10, row.remark);
    if (!row.text_held) item(6, "note", 10, "the text of " + row.rfc + " was not read for this row: a warning at most");
    if (!row.changed_by.empty()) item(6, "amended", 10, row.changed_by);

    // Findings of one kind and reason together: the first in full, the others by name.
    const outcome wanted = r.outcome == grade::error          ? outcome::error
                           : r.outcome == grade::inconclusive ? outcome::inconclusive
                                                              : outcome::fail;
    std::vector<std::vector<finding const*>> groups;
    for (auto const i : r.findings) {
      auto const& f = m_.checks[i];
      if (f.what != wanted) continue;
      auto const same = std::find_if(groups.begin(), groups.end(), [&f](auto const& g) {
        return g.front()->reason == f.reason && g.front()->expected == f.expected && g.front()->actual == f.actual;
      });
      if (same == groups.end())
        groups.push_back({&f});
      else
        same->push_back(&f);
    }
    constexpr std::size_t shown = 3;
    for (std::size_t i = 0; i < groups.size() && i < (style_.verbose ? groups.size() : shown); ++i) {
      auto const& f = *groups[i].front();
      if (i != 0) line();
      if (!f.expected.empty()) item(6, "expected", 10, f.expected);
      if (!f.actual.empty()) item(6, wanted == outcome::inconclusive ? "because" : "came", 10, f.actual);
      std::string where = f.exchange;
      if (!f.where.empty()) where += ", " + f.where;
      if (f.offset) where += ", octet " + std::to_string(*f.offset);
      if (!f.tls.empty()) where += ", " + f.tls;
      item(6, "where", 10, where);
      std::vector<std::string> others;
      for (std::size_t k = 1; k < groups[i].size(); ++k) others.push_back(groups[i][k]->exchange);
      if (!others.empty()) item(6, "also", 10, joined(others, 6, others.size()));
      for (auto const& e : m_.exchanges)
        if (e.name == f.exchange) {
          if (!e.said.empty()) item(6, "it said", 10, "\"" + e.said + "\"");
          break;
        }
      item(6, "check", 10, f.check + (f.reason.empty() ? "" : ": " + f.reason));
    }
    if (!style_.verbose && groups.size() > shown)
      item(6, "", 10, "and " + std::to_string(groups.size() - shown) + " more; --verbose or the JSON report has them");
  }

  void notes() {
    if (m_.notes.empty()) return;
    std::string_view kind;
    for (auto const& n : m_.notes) {
      if (n.kind != kind) {
        kind = n.kind;
        line();
        line(strong(kind == "deviation" ? "Deviations that could be read past" : "Observations (lawful)"));
      }
      std::string text = n.sentence;
      if (!n.detail.empty()) text += ": " + n.detail + (n.count > 1 ? " (the first)" : "");
      text += ". In " + joined(n.exchanges, 3, n.exchanges.size());
      if (!n.where.empty()) text += ", " + n.where;
      if (n.offset) text += ", octet " + std::to_string(*n.offset);
      item(2, (n.count > 1 ? std::to_string(n.count) + "x" : ""), 5, text + ". " + n.clause + ", " + n.code);
    }
  }

  void remarks() {
    if (!m_.remarks.empty()) {
      line();
      line(strong("Remarks"));
      for (auto const& r : m_.remarks) item(2, "-", 2, r);
    }
  }

  void ignored() {
    if (!m_.ignored.empty()) {
      line();
      line(strong("Files that were ignored"));
      for (auto const& r : m_.ignored) item(2, "-", 2, r);
    }
  }

  void skipped() {
    std::map<std::string, std::vector<std::string>> by_reason;
    std::size_t all = 0;
    for (auto const& r : m_.requirements)
      if (r.outcome == grade::skip) {
        by_reason[r.reason].push_back(r.row->id);
        ++all;
      }
    if (all != 0) {
      line();
      line(strong(std::to_string(all) + " requirements were not judged"));
      for (auto const& [reason, ids] : by_reason) {
        const std::size_t most = style_.verbose ? ids.size() : 2;
        // A sentence of the catalogue brings its own full stop.
        auto const why = reason.ends_with('.') ? reason.substr(0, reason.size() - 1) : reason;
        item(2, std::to_string(ids.size()), 5, why + ": " + joined(ids, most, ids.size()));
      }
    }
    if (!m_.vectors_skipped.empty()) {
      std::map<std::string, std::vector<std::string>> vectors;
      for (auto const& s : m_.vectors_skipped) vectors[s.reason].push_back(s.id);
      line();
      line(strong(std::to_string(m_.vectors_skipped.size()) + " vectors were not sent"));
      for (auto const& [reason, ids] : vectors)
        item(2, std::to_string(ids.size()), 5, reason + ": " + joined(ids, 12, ids.size()));
    }
  }

  void certificates() {
    if (m_.certificates.empty()) return;
    line();
    line(strong("Certificates that were issued, to be revoked"));
    for (auto const& c : m_.certificates) item(2, c.serial, 44, c.subject + "  (" + c.vector + ")");
  }

  /// What the server can do: apart from the verdicts, and no part of them.
  void can_do() {
    auto const& c = m_.capabilities;
    if (c.operations.empty() || m_.command != "run") return;
    line();
    line(strong("Capabilities (no verdicts)"));
    for (auto const& o : c.operations)
      item(2, o.operation, 16,
           padded(o.tls, 9) + padded(o.key.empty() ? "no key" : o.key, 17) + padded(o.authentication, 22) + o.answer);
    std::string client = !c.asks_for_certificate ? "" : *c.asks_for_certificate ? "asked for" : "not asked for";
    if (c.authorities_named) client += ", " + std::to_string(*c.authorities_named) + " authorities named";
    if (!client.empty()) item(2, "certificates of clients", 26, client);
    if (!c.ca_key.empty()) item(2, "key of the CA", 26, c.ca_key);
    for (auto const& h : c.handshakes) item(2, h.question, 40, h.answer);
  }

  void exchanges() {
    line();
    line(strong("Exchanges"));
    for (auto const& e : m_.exchanges) {
      std::string text = (e.question.empty() ? "no request recorded" : e.question) + " -> " + e.answer;
      if (!e.tls.empty()) text += ", " + e.tls;
      if (!e.complaint.empty()) text += ", " + e.complaint;
      item(2, e.name, std::max<std::size_t>(30, width_of(e.name) + 2), text);
    }
  }

  void closing() {
    auto const counts = [this](std::string_view name, tally const& t) {
      std::string text;
      for (auto const& [label, n] : {std::pair{"pass", t.pass},
                                     {"fail", t.fail},
                                     {"warn", t.warn},
                                     {"info", t.info},
                                     {"not decided", t.inconclusive},
                                     {"error", t.error},
                                     {"not judged", t.skip}})
        if (n != 0 || std::string_view{label} == "fail")
          text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + label;
      item(0, name, 14, text);
    };
    line();
    counts("EST", m_.verdict.own);
    counts("other RFCs", m_.verdict.other);
    const grade g = m_.verdict.claim == "conformant"      ? grade::pass
                    : m_.verdict.claim == "nonconformant" ? grade::fail
                                                          : grade::warn;
    bool first = true;
    for (auto const& piece : wrap(m_.verdict.sentence, style_.width - 14)) {
      line(padded(first ? "verdict" : "", 14) + paint(g, piece));
      first = false;
    }
  }

  report_model const& m_;
  text_style style_;
  std::vector<requirement_line const*> sorted_; ///< by RFC and section, EST's own first
  std::string out_;
};

} // namespace

std::string to_text(report_model const& m, text_style const& style) {
  auto bounded = style;
  bounded.width = std::clamp<std::size_t>(style.width, 80, 160);
  return writer{m, bounded}.write();
}

} // namespace est::conformance
