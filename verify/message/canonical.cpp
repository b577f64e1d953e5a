#include "verify/message/canonical.h"

#include <algorithm>
#include <optional>

#include "verify/base/text.h"

namespace assay::message {
namespace {

/// A part of a field's value, by offset.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Where the value of the b= tag stands, with the white space at its ends: from behind '=' to the ';' or the end (RFC
/// 6376 sections 3.5 and 3.7). Tag names are case-sensitive (section 3.2), so "B=" is another tag. A tag-list with two
/// b= is invalid, hence the first one will do.
std::optional<Span> find_b_value(std::string_view value) {
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(';', begin), value.size());
    const std::string_view tag = value.substr(begin, end - begin);
    const std::size_t equals = tag.find('=');
    if (equals != std::string_view::npos && trim_fws(tag.substr(0, equals)) == "b") {
      return Span{begin + equals + 1, end};
    }
    begin = end + 1;
  }
  return std::nullopt;
}

/// Appends the relaxed form of a value that is given in parts, one after the other (RFC 6376 section 3.4.2): unfolded,
/// each run of WSP one SP, none at either end.
class RelaxedValue {
 public:
  explicit RelaxedValue(std::string& out) : out_(out), begin_(out.size()) {}

  void append(std::string_view part) {
    const std::size_t size = out_.size();
    out_.resize(size + part.size() + 1);  // One SP may be pending.
    char* const end = append(part, out_.data() + size);
    out_.resize(static_cast<std::size_t>(end - out_.data()));
  }

 private:
  /// Writes at `out` and returns the end of it.
  char* append(std::string_view part, char* out) {
    for (std::size_t i = 0; i < part.size();) {
      const std::size_t space = space_octets(part.substr(i));
      i += space;
      if (space != 0) {
        has_pending_space_ = true;
        continue;
      }
      if (has_pending_space_ && out != out_.data() + begin_) {
        *out++ = ' ';
      }
      has_pending_space_ = false;
      *out++ = part[i++];
      // Words: what is above SP is neither WSP nor begins a fold.
      while (i < part.size() && static_cast<unsigned char>(part[i]) > ' ') {
        *out++ = part[i++];
      }
    }
    return out;
  }

  /// Octets of the WSP or fold that `text` begins with; 0 if it begins with neither.
  static std::size_t space_octets(std::string_view text) {
    constexpr std::size_t kFoldOctets = 3;
    if (is_wsp(text.front())) {
      return 1;
    }
    return text.front() == '\r' && text.size() >= kFoldOctets && text[1] == '\n' && is_wsp(text[2]) ? kFoldOctets : 0;
  }

  std::string& out_;
  std::size_t begin_;
  bool has_pending_space_ = false;
};

void append_relaxed_name(std::string& out, std::string_view name) {
  const std::size_t size = out.size();
  out.resize(size + name.size() + 1);
  char* const end = std::transform(name.begin(), name.end(), out.data() + size, [](char c) { return to_lower(c); });
  *end = ':';
}

}  // namespace

void append_canonical(std::string& out, const Field& field, Canonicalization canonicalization) {
  switch (canonicalization) {
    case Canonicalization::Simple: out += field.raw; return;
    case Canonicalization::Relaxed:
      append_relaxed_name(out, field.name);
      RelaxedValue(out).append(field.value);
      return;
  }
}

void append_canonical_without_b(std::string& out, const Field& field, Canonicalization canonicalization) {
  const auto b = find_b_value(field.value);
  if (!b) {
    append_canonical(out, field, canonicalization);
    return;
  }
  const std::string_view before = field.value.substr(0, b->begin);
  const std::string_view after = field.value.substr(b->end);
  switch (canonicalization) {
    case Canonicalization::Simple:
      out += field.raw.substr(0, field.raw.size() - field.value.size());
      out += before;
      out += after;
      return;
    case Canonicalization::Relaxed: {
      append_relaxed_name(out, field.name);
      RelaxedValue value(out);
      value.append(before);
      value.append(after);
      return;
    }
  }
}

}  // namespace assay::message
