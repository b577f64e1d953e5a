#include "verify/message/body.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "verify/base/text.h"

namespace assay::message {
namespace {

constexpr std::string_view kCrlf = "\r\n";

/// Canonical text that comes in small pieces is gathered up to this many octets, since a call of the hash costs as much
/// as some hundred octets of it.
constexpr std::size_t kGatheredOctets = 4096;

/// One hash over the canonical text, or over its first `length` octets.
class Hasher {
 public:
  Hasher(crypto::Hash hash, std::optional<std::uint64_t> length) : digest_(hash), length_(length) {}

  /// `octets` stand at `offset` of the canonical text.
  void update(std::string_view octets, std::uint64_t offset) {
    if (length_) {
      const std::uint64_t left = *length_ > offset ? *length_ - offset : 0;
      octets = octets.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, octets.size())));
    }
    if (octets.empty()) {
      return;
    }
    digest_.update(octets);
    if (copy_) {
      copy_(octets);
    }
  }
  void copy_to(std::function<void(std::string_view)> sink) { copy_ = std::move(sink); }
  void finish() { value_ = digest_.finish(); }

  [[nodiscard]] const crypto::DigestValue& value() const noexcept { return value_; }
  /// Whether what stands at `offset` of the canonical text makes a difference. One octet beyond the length does: it
  /// tells that unsigned octets follow.
  [[nodiscard]] bool wants(std::uint64_t offset) const noexcept { return !length_ || offset <= *length_; }

 private:
  crypto::Digest digest_;
  std::optional<std::uint64_t> length_;
  std::function<void(std::string_view)> copy_;
  crypto::DigestValue value_;
};

/// Where canonical text goes: into every hash that wants it.
class Sink {
 public:
  Sink() { gathered_.reserve(kGatheredOctets); }

  std::size_t add(const BodyDigestSpec& spec) {
    hashers_.emplace_back(spec.hash, spec.length);
    return hashers_.size() - 1;
  }

  void copy_to(std::size_t index, std::function<void(std::string_view)> sink) {
    hashers_[index].copy_to(std::move(sink));
  }

  void put(std::string_view octets) {
    octets_ += octets.size();
    if (gathered_.size() + octets.size() > kGatheredOctets) {
      hash(gathered_);
      gathered_.clear();
    }
    if (octets.size() >= kGatheredOctets / 4 && gathered_.empty()) {
      hash(octets);
    } else {
      gathered_ += octets;
    }
  }

  void put_line_ends(std::uint64_t count) {
    static const std::string line_ends = [] {
      std::string ends;
      while (ends.size() < kGatheredOctets / 2) {
        ends += kCrlf;
      }
      return ends;
    }();
    while (count != 0) {
      const std::uint64_t part = std::min<std::uint64_t>(count, line_ends.size() / kCrlf.size());
      put(std::string_view(line_ends).substr(0, static_cast<std::size_t>(part) * kCrlf.size()));
      count -= part;
    }
  }

  void finish() {
    hash(gathered_);
    gathered_.clear();
    for (Hasher& hasher : hashers_) {
      hasher.finish();
    }
  }

  /// Octets of canonical text so far.
  [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }
  [[nodiscard]] bool wants_more() const noexcept {
    return std::any_of(hashers_.begin(), hashers_.end(), [this](const Hasher& h) { return h.wants(octets_); });
  }
  [[nodiscard]] const crypto::DigestValue& value(std::size_t index) const { return hashers_[index].value(); }

 private:
  void hash(std::string_view octets) {
    for (Hasher& hasher : hashers_) {
      hasher.update(octets, hashed_);
    }
    hashed_ += octets.size();
  }

  std::vector<Hasher> hashers_;
  std::string gathered_;
  std::uint64_t octets_ = 0;
  std::uint64_t hashed_ = 0;
};

/// The end of `text` without the line ends at its end, nor a CR at its very end that the next chunk may make one.
std::size_t without_line_ends(std::string_view text) noexcept {
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  while (text.ends_with(kCrlf)) {
    text.remove_suffix(kCrlf.size());
  }
  return text.size();
}

/// The simple canonicalization of RFC 6376 section 3.4.3: all as it is, except that the empty lines at the end become
/// one CRLF.
class SimpleBody {
 public:
  void update(std::string_view chunk, Sink& sink) {
    if (has_cr_ && !chunk.empty()) {
      has_cr_ = false;
      if (chunk.front() == '\n') {
        ++line_ends_;
        chunk.remove_prefix(1);
      } else {
        put(kCr, sink);
      }
    }
    const std::size_t content = without_line_ends(chunk);
    if (content != 0) {
      put(chunk.substr(0, content), sink);
    }
    line_ends_ += (chunk.size() - content) / kCrlf.size();
    has_cr_ = has_cr_ || (chunk.size() - content) % kCrlf.size() != 0;
  }

  void finish(Sink& sink) {
    if (has_cr_) {
      put(kCr, sink);
    }
    // An empty body is one CRLF, too.
    sink.put(kCrlf);
  }

 private:
  static constexpr std::string_view kCr = "\r";

  void put(std::string_view content, Sink& sink) {
    sink.put_line_ends(line_ends_);
    line_ends_ = 0;
    sink.put(content);
  }

  std::uint64_t line_ends_ = 0;  ///< CRLFs held back: they count only if content follows.
  bool has_cr_ = false;          ///< The last octet was a CR, held back after them.
};

/// Whether a block holds white space that the relaxed form may change: a HTAB, or a SP before white space or a CR. One
/// octet beyond the block is read. Plain loops without branches, which compilers turn into vector instructions.
constexpr std::size_t kBlockOctets = 64;
bool changes_in_block(const char* block) noexcept {
  unsigned char found = 0;
  for (std::size_t i = 0; i < kBlockOctets; ++i) {
    const char c = block[i];
    const char next = block[i + 1];
    const bool is_tab = c == '\t';
    const bool is_space = c == ' ';
    const bool is_followed = (next == ' ') | (next == '\t') | (next == '\r');
    found = static_cast<unsigned char>(found | static_cast<unsigned char>(is_tab) |
                                       static_cast<unsigned char>(is_space & is_followed));
  }
  return found != 0;
}

/// How many octets at the start of `text`, which begins with neither WSP nor CR, the relaxed form leaves as they are,
/// whatever follows. At least 1.
std::size_t unchanged_octets(std::string_view text) noexcept {
  std::size_t end = 1;
  while (end + kBlockOctets < text.size() && !changes_in_block(text.data() + end)) {
    end += kBlockOctets;
  }
  for (; end < text.size(); ++end) {
    if (text[end] == '\t' ||
        (text[end] == ' ' && (end + 1 == text.size() || is_wsp(text[end + 1]) || text[end + 1] == '\r'))) {
      break;
    }
  }
  return without_line_ends(text.substr(0, end));
}

/// The relaxed canonicalization of RFC 6376 section 3.4.4: in each line WSP at the end is dropped, each other run of it
/// becomes one SP; then the empty lines at the end are dropped.
class RelaxedBody {
 public:
  void update(std::string_view chunk, Sink& sink) {
    while (!chunk.empty()) {
      const char c = chunk.front();
      std::size_t used = 1;
      if (has_cr_) {
        has_cr_ = false;
        if (c == '\n') {
          has_space_ = false;
          ++line_ends_;
        } else {
          put(kCr, sink);
          used = 0;
        }
      } else if (c == '\r') {
        has_cr_ = true;
      } else if (is_wsp(c)) {
        has_space_ = true;
        while (used < chunk.size() && is_wsp(chunk[used])) {
          ++used;
        }
      } else {
        used = unchanged_octets(chunk);
        put(chunk.substr(0, used), sink);
      }
      chunk.remove_prefix(used);
    }
  }

  void finish(Sink& sink) {
    if (has_cr_) {
      put(kCr, sink);
    }
    // A body without content stays empty; any other ends in one CRLF.
    if (sink.octets() != 0) {
      sink.put(kCrlf);
    }
  }

 private:
  static constexpr std::string_view kCr = "\r";

  void put(std::string_view content, Sink& sink) {
    sink.put_line_ends(line_ends_);
    line_ends_ = 0;
    if (has_space_) {
      sink.put(" ");
      has_space_ = false;
    }
    sink.put(content);
  }

  // Held back, in this order, until content follows:
  std::uint64_t line_ends_ = 0;  ///< CRLFs.
  bool has_space_ = false;       ///< WSP, of whatever length.
  bool has_cr_ = false;          ///< A CR that a LF may follow.
};

/// One canonicalization with all its hashes.
template <class Body>
class Stream {
 public:
  std::size_t add(const BodyDigestSpec& spec) {
    if (!sink_) {
      sink_.emplace();
    }
    return sink_->add(spec);
  }
  void update(std::string_view chunk) {
    if (wants_more()) {
      body_.update(chunk, *sink_);
    }
  }
  void finish() {
    if (sink_) {
      body_.finish(*sink_);
      sink_->finish();
    }
  }
  [[nodiscard]] bool wants_more() const noexcept { return sink_ && sink_->wants_more(); }
  [[nodiscard]] Sink& sink() { return sink_.value(); }
  [[nodiscard]] const Sink& sink() const { return sink_.value(); }

 private:
  Body body_;
  std::optional<Sink> sink_;
};

}  // namespace

struct BodyDigests::State {
  struct Entry {
    BodyDigestSpec spec;
    std::size_t index;  ///< Among the hashes of its canonicalization.
  };

  [[nodiscard]] const Sink& sink(Canonicalization canonicalization) const {
    return canonicalization == Canonicalization::Simple ? simple.sink() : relaxed.sink();
  }

  std::vector<Entry> entries;
  Stream<SimpleBody> simple;
  Stream<RelaxedBody> relaxed;
};

BodyDigests::BodyDigests() : state_(std::make_unique<State>()) {}
BodyDigests::BodyDigests(BodyDigests&&) noexcept = default;
BodyDigests& BodyDigests::operator=(BodyDigests&&) noexcept = default;
BodyDigests::~BodyDigests() = default;

BodyDigests::Id BodyDigests::require(const BodyDigestSpec& spec) {
  auto& entries = state_->entries;
  const auto known =
      std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.spec == spec; });
  if (known == entries.end()) {
    const bool is_simple = spec.canonicalization == Canonicalization::Simple;
    entries.push_back({spec, is_simple ? state_->simple.add(spec) : state_->relaxed.add(spec)});
    return entries.size() - 1;
  }
  return static_cast<Id>(known - entries.begin());
}

void BodyDigests::copy_to(Id id, std::function<void(std::string_view)> sink) {
  const auto& entry = state_->entries[id];
  const bool is_simple = entry.spec.canonicalization == Canonicalization::Simple;
  (is_simple ? state_->simple.sink() : state_->relaxed.sink()).copy_to(entry.index, std::move(sink));
}

void BodyDigests::update(std::string_view chunk) {
  state_->simple.update(chunk);
  state_->relaxed.update(chunk);
}

bool BodyDigests::wants_more() const noexcept {
  return state_->simple.wants_more() || state_->relaxed.wants_more();
}

void BodyDigests::finish() {
  state_->simple.finish();
  state_->relaxed.finish();
}

const crypto::DigestValue& BodyDigests::value(Id id) const {
  const auto& entry = state_->entries[id];
  return state_->sink(entry.spec.canonicalization).value(entry.index);
}

bool BodyDigests::is_shorter_than_length(Id id) const {
  const BodyDigestSpec& spec = state_->entries[id].spec;
  return spec.length && state_->sink(spec.canonicalization).octets() < *spec.length;
}

bool BodyDigests::has_unsigned_octets(Id id) const {
  const BodyDigestSpec& spec = state_->entries[id].spec;
  return spec.length && state_->sink(spec.canonicalization).octets() > *spec.length;
}

}  // namespace assay::message
