#include "mta/message.h"

#include <algorithm>

#include "verify/base/text.h"

namespace assay::mta {
namespace {

/// Takes the next line from `text`, without its LF or CR LF. A CR elsewhere is data.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (end != std::string_view::npos && !line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return line;
}

/// The length of the field name that begins `line` (RFC 5322 section 2.2: printable US-ASCII without colon), 0 if none.
std::size_t name_length(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && line[length] > ' ' && line[length] < '\x7f' && line[length] != ':') {
    ++length;
  }
  std::size_t colon = length;
  while (colon < line.size() && is_wsp(line[colon])) {
    ++colon;
  }
  return colon < line.size() && line[colon] == ':' ? length : 0;
}

}  // namespace

Message split_message(std::string_view text) {
  Message message;
  while (!text.empty()) {
    const std::string_view before = text;
    const std::string_view line = take_line(text);
    if (line.empty()) {
      break;
    }
    if (is_wsp(line.front()) && !message.header.empty()) {
      message.header.back().value.append("\n").append(line);
      continue;
    }
    const std::size_t length = name_length(line);
    if (length == 0) {
      text = before;
      break;
    }
    message.header.push_back(
        {std::string(line.substr(0, length)), std::string(line.substr(line.find(':', length) + 1))});
  }
  message.body.reserve(text.size());
  while (!text.empty()) {
    message.body.append(take_line(text)).append("\r\n");
  }
  return message;
}

std::string to_text(const Message& message) {
  std::string text;
  for (const HeaderField& field : message.header) {
    text += field.name;
    text += ':';
    for (const char c : field.value) {
      if (c == '\n') {
        text += '\r';
      }
      text += c;
    }
    text += "\r\n";
  }
  return text + "\r\n" + message.body;
}

void apply_header_edits(std::vector<HeaderField>& header, const std::vector<Edit>& edits, bool leading_space) {
  for (const Edit& edit : edits) {
    const auto field = [&] { return HeaderField{edit.name, (leading_space ? "" : " ") + edit.value}; };
    if (edit.kind == Edit::Kind::AddHeader) {
      header.push_back(field());
    } else if (edit.kind == Edit::Kind::InsertHeader) {
      const auto place = std::min<std::size_t>(edit.index, header.size());
      header.insert(header.begin() + static_cast<std::ptrdiff_t>(place), field());
    } else if (edit.kind == Edit::Kind::ChangeHeader) {
      std::uint32_t left = std::max(edit.index, 1U);
      const auto found = std::find_if(header.begin(), header.end(), [&](const HeaderField& candidate) {
        return !candidate.hidden && iequals(candidate.name, edit.name) && --left == 0;
      });
      if (found == header.end()) {
        if (!edit.value.empty()) {
          header.push_back(field());
        }
      } else if (edit.value.empty()) {
        header.erase(found);
      } else {
        *found = field();
      }
    }
  }
}

}  // namespace assay::mta
