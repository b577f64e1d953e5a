#include "verify/message/body_canonical.h"

#include <algorithm>
#include <array>
#include <string>

#include "verify/base/text.h"
#include "verify/message/squeeze.h"

namespace assay::message {
namespace {

constexpr std::string_view kCrlf = "\r\n";

/// Octets of relaxed text that are made at a time: they stay in the cache until they are hashed, and a call of the hash
/// costs little beside them.
constexpr std::size_t kPieceOctets = 8192;

/// The length of `text` without the line ends at its end, nor a CR at its very end that the next chunk may make one.
std::size_t without_line_ends(std::string_view text) noexcept {
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  while (text.ends_with(kCrlf)) {
    text.remove_suffix(kCrlf.size());
  }
  return text.size();
}

}  // namespace

void CanonicalText::put(std::string_view octets) {
  if (!octets.empty()) {
    octets_ += octets.size();
    take(octets);
  }
}

void CanonicalText::put_line_ends(std::uint64_t count) {
  constexpr std::size_t kAtOnce = 1024;
  static const std::string line_ends = [] {
    std::string ends;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      ends += kCrlf;
    }
    return ends;
  }();
  while (count != 0) {
    const std::uint64_t part = std::min<std::uint64_t>(count, kAtOnce);
    put(std::string_view(line_ends).substr(0, static_cast<std::size_t>(part) * kCrlf.size()));
    count -= part;
  }
}

void LineEndHolder::update(std::string_view chunk, CanonicalText& out) {
  if (has_cr_ && !chunk.empty()) {
    has_cr_ = false;
    if (chunk.front() == '\n') {
      ++line_ends_;
      chunk.remove_prefix(1);
    } else {
      put("\r", out);
    }
  }
  const std::size_t content = without_line_ends(chunk);
  if (content != 0) {
    put(chunk.substr(0, content), out);
  }
  line_ends_ += (chunk.size() - content) / kCrlf.size();
  has_cr_ = has_cr_ || (chunk.size() - content) % kCrlf.size() != 0;
}

void LineEndHolder::finish(CanonicalText& out) {
  if (has_cr_) {
    put("\r", out);
  }
}

void LineEndHolder::put(std::string_view content, CanonicalText& out) {
  out.put_line_ends(line_ends_);
  line_ends_ = 0;
  out.put(content);
}

void SimpleBody::finish(CanonicalText& out) {
  lines_.finish(out);
  out.put(kCrlf);  // An empty body is one CRLF, too.
}

void RelaxedBody::update(std::string_view chunk, CanonicalText& out) {
  settle(chunk, out);
  hold_back_end(chunk);
  std::array<char, kPieceOctets> piece;
  while (!chunk.empty()) {
    const std::size_t size = std::min(chunk.size(), piece.size());
    lines_.update({piece.data(), squeeze_wsp(chunk, size, piece.data())}, out);
    chunk.remove_prefix(size);
  }
}

void RelaxedBody::finish(CanonicalText& out) {
  if (has_cr_) {
    lines_.update(" \r", out);
  }
  lines_.finish(out);
  // A body without content stays empty; any other ends in one CRLF.
  if (out.octets() != 0) {
    out.put(kCrlf);
  }
}

/// Lets the start of `chunk` decide on what is held back, and takes it off if that belongs to it.
void RelaxedBody::settle(std::string_view& chunk, CanonicalText& out) {
  while (has_space_ && !chunk.empty()) {
    const char c = chunk.front();
    if (!has_cr_ && is_wsp(c)) {
      chunk.remove_prefix(1);
    } else if (!has_cr_ && c == '\r') {
      has_cr_ = true;
      chunk.remove_prefix(1);
    } else {
      const bool is_line_end = has_cr_ && c == '\n';
      lines_.update(is_line_end ? "\r" : has_cr_ ? " \r" : " ", out);
      has_space_ = false;
      has_cr_ = false;
    }
  }
}

/// Takes WSP, or WSP and a CR, off the end of `chunk`.
void RelaxedBody::hold_back_end(std::string_view& chunk) {
  const std::string_view before_cr = chunk.substr(0, chunk.size() - (chunk.ends_with('\r') ? 1 : 0));
  const std::string_view before_wsp = trim_wsp_end(before_cr);
  if (before_wsp.size() != before_cr.size()) {
    has_space_ = true;
    has_cr_ = before_cr.size() != chunk.size();
    chunk = before_wsp;
  }
}

}  // namespace assay::message
