#include "tests/bench/load_results.h"

#include <algorithm>

#include "verify/base/text.h"

namespace assay::bench {
namespace {

/// Splits at each ';' outside of comments and quoted strings, and takes comments and quotes away.
std::vector<std::string> statements(std::string_view value) {
  std::vector<std::string> out(1);
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\\' && (depth > 0 || quoted)) {
      ++i;
    } else if (quoted || c == '"') {
      if (c == '"') {
        quoted = !quoted;
      } else {
        out.back() += c;
      }
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (depth > 0) {
      continue;
    } else if (c == ';') {
      out.emplace_back();
    } else {
      out.back() += is_crlf_or_wsp(c) ? ' ' : c;
    }
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = text.find(' ');
    if (end != 0) {
      words.push_back(text.substr(0, end));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return words;
}

bool is_pass(std::string_view result) {
  return result == "pass";
}

bool same(std::string_view found, std::string_view expected, const Comparison& comparison) {
  if (comparison.temperror && found == "temperror") {
    return true;
  }
  return comparison.loose ? is_pass(found) == is_pass(expected) : found == expected;
}

/// Takes the results of signatures that could not be checked as if they were what is expected of their domains.
void excuse_temperror(std::vector<MethodResult>& found, std::vector<MethodResult> expected) {
  for (const MethodResult& r : found) {
    const auto exact = std::find_if(expected.begin(), expected.end(), [&r](const MethodResult& e) {
      return e.result == r.result && iequals(e.about, r.about);
    });
    if (exact != expected.end()) {
      expected.erase(exact);
    }
  }
  for (MethodResult& r : found) {
    const auto meant = std::find_if(expected.begin(), expected.end(), [&r](const MethodResult& e) {
      return r.result == "temperror" && iequals(e.about, r.about);
    });
    if (meant != expected.end()) {
      r.result = meant->result;
      expected.erase(meant);
    }
  }
}

/// "pass example.com, fail example.org", sorted.
std::string summary(std::vector<MethodResult> results, bool loose) {
  std::erase_if(results,
                [loose](const MethodResult& r) { return r.result == "none" || (loose && !is_pass(r.result)); });
  std::vector<std::string> parts;
  parts.reserve(results.size());
  for (const MethodResult& r : results) {
    parts.push_back(r.result + " " + to_lower(r.about));
  }
  std::sort(parts.begin(), parts.end());
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

/// Of several statements on one method the last counts; "" if there is none.
std::string last_of(const std::vector<MethodResult>& results, std::string_view method, std::string_view about = {}) {
  std::string found;
  for (const MethodResult& r : results) {
    if (r.method == method && (about.empty() || r.about == about)) {
      found = r.result;
    }
  }
  return found;
}

std::string told(std::string_view what, std::string_view found, std::string_view expected) {
  return std::string(what) + ": '" + std::string(found) + "' where '" + std::string(expected) + "' is right";
}

}  // namespace

std::vector<MethodResult> read_results(std::string_view value) {
  std::vector<MethodResult> results;
  std::vector<std::string> parts = statements(value);
  for (std::size_t i = 1; i < parts.size(); ++i) {  // The first is the authserv-id.
    const auto words = words_of(parts[i]);
    if (words.empty() || words.front().find('=') == std::string_view::npos) {
      continue;
    }
    const auto equals = words.front().find('=');
    MethodResult result{to_lower(words.front().substr(0, equals)), to_lower(words.front().substr(equals + 1)), {}};
    for (const std::string_view word : words) {
      if (result.method == "spf" && (word.starts_with("smtp.helo=") || word.starts_with("smtp.mailfrom="))) {
        result.about = word.substr(0, word.find('='));
      } else if (result.method == "dkim" && word.starts_with("header.d=")) {
        result.about = word.substr(word.find('=') + 1);
      }
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::string difference(const std::vector<std::string>& values, const Expected& expected, const Comparison& comparison) {
  std::vector<MethodResult> found;
  for (const std::string& value : values) {
    std::vector<MethodResult> more = read_results(value);
    found.insert(found.end(), more.begin(), more.end());
  }
  if (found.empty()) {
    return "no Authentication-Results";
  }
  const bool loose = comparison.loose;
  const auto single = [&](bool wanted, const char* method, const std::string& right, std::string_view about = {}) {
    const std::string result = last_of(found, method, about);
    const bool excused = comparison.temperror && method == std::string_view("arc") && result == "fail";
    return wanted && !excused && !same(result, right, comparison) ? told(method, result, right) : std::string();
  };
  std::vector<MethodResult> dkim = found;
  std::erase_if(dkim, [](const MethodResult& r) { return r.method != "dkim"; });
  if (comparison.temperror) {
    excuse_temperror(dkim, expected.dkim);
  }
  const std::string signatures = summary(dkim, loose);
  const std::string right = summary(expected.dkim, loose);
  for (const std::string& problem :
       {single(comparison.spf, "spf", expected.spf, expected.null_sender ? "" : "smtp.mailfrom"),
        single(comparison.spf_helo, "spf", expected.spf_helo, "smtp.helo"), single(comparison.arc, "arc", expected.arc),
        single(comparison.dmarc, "dmarc", expected.dmarc), single(comparison.iprev, "iprev", expected.iprev),
        comparison.dkim && signatures != right ? told("dkim", signatures, right) : std::string()}) {
    if (!problem.empty()) {
      return problem;
    }
  }
  return {};
}

}  // namespace assay::bench
