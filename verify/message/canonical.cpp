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
    for (std::size_t i = 0; i < part.size(); ++i) {
      const char c = part[i];
      const bool is_fold = c == '\r' && i + 2 < part.size() && part[i + 1] == '\n' && is_wsp(part[i + 2]);
      if (is_wsp(c) || is_fold) {
        has_pending_space_ = true;
        i += is_fold ? 2 : 0;
        continue;
      }
      if (has_pending_space_ && out_.size() != begin_) {
        out_ += ' ';
      }
      has_pending_space_ = false;
      out_ += c;
    }
  }

 private:
  std::string& out_;
  std::size_t begin_;
  bool has_pending_space_ = false;
};

void append_relaxed_name(std::string& out, std::string_view name) {
  for (const char c : name) {
    out += to_lower(c);
  }
  out += ':';
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
