#include "mta/wire.h"

#include "verify/base/text.h"

namespace assay::mta {

void append_uint16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8U);
  out += static_cast<char>(value & 0xFFU);
}

void append_uint32(std::string& out, std::uint32_t value) {
  append_uint16(out, static_cast<std::uint16_t>(value >> 16U));
  append_uint16(out, static_cast<std::uint16_t>(value & 0xFFFFU));
}

void append_string(std::string& out, std::string_view text) {
  out += text.substr(0, text.find('\0'));
  out += '\0';
}

void append_packet(std::string& out, Command command, std::string_view data) {
  append_uint32(out, static_cast<std::uint32_t>(data.size() + 1));
  out += static_cast<char>(command);
  out += data;
}

std::uint32_t DataReader::uint32() {
  if (!ok_ || rest_.size() < 4) {
    ok_ = false;
    return 0;
  }
  std::uint32_t value = 0;
  for (const char c : rest_.substr(0, 4)) {
    value = (value << 8U) | static_cast<unsigned char>(c);
  }
  rest_.remove_prefix(4);
  return value;
}

std::string DataReader::string() {
  const auto end = ok_ ? rest_.find('\0') : std::string_view::npos;
  if (end == std::string_view::npos) {
    ok_ = false;
    return {};
  }
  std::string text(rest_.substr(0, end));
  rest_.remove_prefix(end + 1);
  return text;
}

bool is_smtp_reply(std::string_view text) {
  while (true) {
    const auto end = text.find("\r\n");
    const bool last = end == std::string_view::npos;
    const std::string_view line = text.substr(0, end);
    if (line.size() < 4 || (line[0] != '4' && line[0] != '5') || !is_digit(line[1]) || !is_digit(line[2]) ||
        line[3] != (last ? ' ' : '-')) {
      return false;
    }
    if (line.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
      return false;
    }
    if (line.size() > 4 && is_digit(line[4]) && line[4] != line[0]) {
      return false;
    }
    if (last) {
      return true;
    }
    text.remove_prefix(end + 2);
  }
}

}  // namespace assay::mta
