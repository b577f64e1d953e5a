#include "verify/message/header_block.h"

#include <algorithm>
#include <stdexcept>

#include "verify/base/text.h"

namespace assay::message {
namespace {

/// Offsets are 32 bits wide. Callers bound the header far below (Limits::header_octets).
constexpr std::size_t kMaxOctets = std::size_t{1} << 30U;

/// Most headers are no larger: room made at once costs less than growing into it.
constexpr std::size_t kUsualOctets = 4096;
constexpr std::size_t kUsualFields = 32;

}  // namespace

void HeaderBlock::add(std::string_view name, std::string_view value) {
  if (value.ends_with('\n')) {
    value.remove_suffix(value.ends_with("\r\n") ? 2 : 1);
  }
  // Every LF may grow to CRLF.
  if (name.size() > kMaxOctets || value.size() > kMaxOctets ||
      bytes_.size() + name.size() + 1 + 2 * value.size() > kMaxOctets) {
    throw std::length_error("a header of more than 1 GiB");
  }
  if (entries_.empty()) {
    bytes_.reserve(kUsualOctets);
    entries_.reserve(kUsualFields);
  }
  const std::size_t begin = bytes_.size();
  // Beyond a large field there is room for small ones: they do not move it again.
  if (const std::size_t needed = begin + name.size() + 1 + value.size(); needed > bytes_.capacity()) {
    bytes_.reserve(std::max(2 * bytes_.capacity(), needed + needed / 2));
  }
  bytes_ += name;
  const std::size_t colon = bytes_.size();
  bytes_ += ':';
  for (;;) {
    const std::size_t line_end = value.find('\n');
    if (line_end == std::string_view::npos) {
      bytes_ += value;
      break;
    }
    const bool has_cr = line_end != 0 && value[line_end - 1] == '\r';
    bytes_ += value.substr(0, has_cr ? line_end - 1 : line_end);
    bytes_ += "\r\n";
    value.remove_prefix(line_end + 1);
  }
  name = trim_wsp_end(name);
  entries_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(colon - begin), static_cast<std::uint32_t>(bytes_.size() - begin),
                      FieldName(name).keys()});
}

Field HeaderBlock::operator[](std::size_t index) const noexcept {
  const Entry& entry = entries_[index];
  const std::string_view raw = std::string_view(bytes_).substr(entry.begin, entry.length);
  return {raw, raw.substr(0, entry.name_length), raw.substr(entry.colon + 1U)};
}

FieldName HeaderBlock::name(std::size_t index) const noexcept {
  const Entry& entry = entries_[index];
  return {std::string_view(bytes_).substr(entry.begin, entry.name_length), entry.name_keys};
}

std::vector<std::size_t> HeaderBlock::find(std::string_view text) const {
  const FieldName wanted(text);
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (name(i) == wanted) {
      indexes.push_back(i);
    }
  }
  return indexes;
}

void HeaderBlock::clear() noexcept {
  bytes_.clear();
  entries_.clear();
}

}  // namespace assay::message
