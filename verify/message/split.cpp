#include "verify/message/split.h"

#include <algorithm>

#include "verify/base/text.h"

namespace assay::message {
namespace {

/// Takes one line off `text`, its line end (LF or CRLF) dropped.
std::string_view take_line(std::string_view& text) {
  const std::size_t line_end = text.find('\n');
  std::string_view line = text.substr(0, line_end);
  text.remove_prefix(line_end == std::string_view::npos ? text.size() : line_end + 1);
  if (line_end != std::string_view::npos && line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  while (!text.empty()) {
    const bool has_line_end = text.find('\n') != std::string_view::npos;
    out += take_line(text);
    if (has_line_end) {
      out += "\r\n";
    }
  }
  return out;
}

/// The length of a field's name with the WSP before the colon (RFC 5322 section 4.5), which a simple DKIM signature
/// covers; 0 if the line is no field. Names are printable ASCII (RFC 5322 section 2.2).
std::size_t name_length(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return 0;
  }
  const std::string_view name = trim_wsp_end(line.substr(0, colon));
  const bool is_name =
      std::all_of(name.begin(), name.end(), [](char c) { return is_ascii(c) && !is_control(c) && c != ' '; });
  return is_name && !name.empty() ? colon : 0;
}

/// Whether the first line is the one that mbox files put before each message. "From :" begins a field.
bool is_mbox_line(std::string_view line) {
  constexpr std::string_view kStart = "From ";
  return line.starts_with(kStart) && !trim_wsp(line.substr(kStart.size())).starts_with(':');
}

}  // namespace

SplitMessage split(std::string_view text) {
  SplitMessage message;
  std::string_view after_first = text;
  if (is_mbox_line(take_line(after_first))) {
    text = after_first;
  }
  while (!text.empty()) {
    std::string_view rest = text;
    const std::string_view line = take_line(rest);
    if (line.empty()) {
      text = rest;
      break;
    }
    if (is_wsp(line.front()) && !message.fields.empty()) {
      message.fields.back().value.append("\r\n").append(line);
    } else if (const std::size_t length = name_length(line); length != 0) {
      message.fields.push_back({std::string(line.substr(0, length)), std::string(line.substr(length + 1))});
    } else {
      break;
    }
    text = rest;
  }
  message.body = with_crlf(text);
  return message;
}

}  // namespace assay::message
