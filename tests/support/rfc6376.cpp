#include "tests/support/rfc6376.h"

#include <vector>

#include "verify/base/text.h"

namespace assay::test {
namespace {

std::vector<std::string> lines_of(const std::string& body) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0;;) {
    const auto end = body.find("\r\n", begin);
    lines.push_back(body.substr(begin, end - begin));
    if (end == std::string::npos) {
      return lines;
    }
    begin = end + 2;
  }
}

std::string without_empty_lines_at_end(std::string body) {
  while (body == "\r\n" || (body.size() >= 4 && body.substr(body.size() - 4) == "\r\n\r\n")) {
    body.erase(body.size() - 2);
  }
  return body;
}

std::string with_single_spaces(std::string_view line) {
  std::string out;
  bool after_space = false;
  for (const char c : line) {
    if (!is_wsp(c) || !after_space) {
      out += is_wsp(c) ? ' ' : c;
    }
    after_space = is_wsp(c);
  }
  return out;
}

}  // namespace

std::string simple_body(const std::string& body) {
  std::string out = without_empty_lines_at_end(body);
  if (out.size() < 2 || out.substr(out.size() - 2) != "\r\n") {
    out += "\r\n";
  }
  return out;
}

std::string relaxed_body(const std::string& body) {
  std::string reduced;
  const auto lines = lines_of(body);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    reduced += with_single_spaces(trim_wsp_end(lines[i]));
    if (i + 1 < lines.size()) {
      reduced += "\r\n";
    }
  }
  reduced = without_empty_lines_at_end(reduced);
  if (!reduced.empty() && (reduced.size() < 2 || reduced.substr(reduced.size() - 2) != "\r\n")) {
    reduced += "\r\n";
  }
  return reduced;
}

std::string relaxed_field(std::string_view name, std::string_view value) {
  std::string unfolded(value);
  for (std::size_t at = 0; (at = unfolded.find("\r\n", at)) != std::string::npos;) {
    if (at + 2 < unfolded.size() && is_wsp(unfolded[at + 2])) {
      unfolded.erase(at, 2);
    } else {
      at += 2;
    }
  }
  return to_lower(trim_wsp_end(name)) + ":" + std::string(trim_wsp(with_single_spaces(unfolded)));
}

}  // namespace assay::test
