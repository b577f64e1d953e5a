#include "resolver/wire_name.h"

#include <algorithm>
#include <cstddef>

#include "verify/base/text.h"

namespace assay::resolver {
namespace {

constexpr std::size_t kMaxLabelOctets = 63;  // RFC 1035 section 2.3.4

std::size_t first_label_octets(std::string_view wire) {
  return static_cast<unsigned char>(wire.front());
}

}  // namespace

std::string to_wire(std::string_view name) {
  std::string wire;
  wire.reserve(name.size() + 2);
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    wire += static_cast<char>(label.size());
    wire += to_lower(label);
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  wire += '\0';
  return wire;
}

std::optional<std::string> from_wire(std::string_view wire) {
  std::string name;
  while (!wire.empty() && first_label_octets(wire) != 0) {
    const std::size_t octets = first_label_octets(wire);
    if (octets > kMaxLabelOctets || octets + 1 >= wire.size()) {
      return std::nullopt;
    }
    const std::string_view label = wire.substr(1, octets);
    if (label.find('.') != std::string_view::npos) {
      return std::nullopt;
    }
    if (!name.empty()) {
      name += '.';
    }
    name += to_lower(label);
    wire.remove_prefix(octets + 1);
  }
  if (wire.size() != 1) {
    return std::nullopt;
  }
  return name;
}

std::string fold_case(std::string_view wire) {
  return to_lower(wire);
}

std::string_view parent_of(std::string_view wire) {
  const std::size_t octets = wire.empty() ? 0 : first_label_octets(wire);
  return octets == 0 || octets >= wire.size() ? std::string_view{} : wire.substr(octets + 1);
}

bool is_within(std::string_view wire, std::string_view ancestor) {
  while (wire.size() > ancestor.size()) {
    wire = parent_of(wire);
  }
  return !wire.empty() && wire == ancestor;
}

std::string to_presentation(std::string_view name) {
  std::string text;
  text.reserve(name.size() + 1);
  for (const char c : name) {
    if (is_alnum(c) || c == '-' || c == '_' || c == '.') {
      text += c;
      continue;
    }
    const unsigned octet = static_cast<unsigned char>(c);
    text += '\\';
    text += static_cast<char>('0' + octet / 100);
    text += static_cast<char>('0' + octet / 10 % 10);
    text += static_cast<char>('0' + octet % 10);
  }
  text += '.';
  return text;
}

}  // namespace assay::resolver
