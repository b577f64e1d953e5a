#include "verify/message/body.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "verify/message/body_canonical.h"

namespace assay::message {
namespace {

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

/// Every hash of one canonical text.
class Hashes final : public CanonicalText {
 public:
  std::size_t add(const BodyDigestSpec& spec) {
    hashers_.emplace_back(spec.hash, spec.length);
    return hashers_.size() - 1;
  }

  void copy_to(std::size_t index, std::function<void(std::string_view)> sink) {
    hashers_[index].copy_to(std::move(sink));
  }

  void finish_hashes() {
    for (Hasher& hasher : hashers_) {
      hasher.finish();
    }
  }

  [[nodiscard]] bool wants_more() const noexcept {
    return std::any_of(hashers_.begin(), hashers_.end(), [this](const Hasher& h) { return h.wants(octets()); });
  }
  [[nodiscard]] const crypto::DigestValue& value(std::size_t index) const { return hashers_[index].value(); }

 private:
  void take(std::string_view octets) override {
    for (Hasher& hasher : hashers_) {
      hasher.update(octets, hashed_);
    }
    hashed_ += octets.size();
  }

  std::vector<Hasher> hashers_;
  std::uint64_t hashed_ = 0;
};

/// One canonicalization with all its hashes.
template <class Body>
class Stream {
 public:
  std::size_t add(const BodyDigestSpec& spec) {
    if (!hashes_) {
      hashes_.emplace();
    }
    return hashes_->add(spec);
  }
  void update(std::string_view chunk) {
    if (wants_more()) {
      body_.update(chunk, *hashes_);
    }
  }
  void finish() {
    if (hashes_) {
      body_.finish(*hashes_);
      hashes_->finish_hashes();
    }
  }
  [[nodiscard]] bool wants_more() const noexcept { return hashes_ && hashes_->wants_more(); }
  [[nodiscard]] Hashes& hashes() { return hashes_.value(); }
  [[nodiscard]] const Hashes& hashes() const { return hashes_.value(); }

 private:
  Body body_;
  std::optional<Hashes> hashes_;
};

}  // namespace

struct BodyDigests::State {
  struct Entry {
    BodyDigestSpec spec;
    std::size_t index;  ///< Among the hashes of its canonicalization.
  };

  [[nodiscard]] const Hashes& hashes(Canonicalization canonicalization) const {
    return canonicalization == Canonicalization::Simple ? simple.hashes() : relaxed.hashes();
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
  (is_simple ? state_->simple.hashes() : state_->relaxed.hashes()).copy_to(entry.index, std::move(sink));
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
  return state_->hashes(entry.spec.canonicalization).value(entry.index);
}

bool BodyDigests::is_shorter_than_length(Id id) const {
  const BodyDigestSpec& spec = state_->entries[id].spec;
  return spec.length && state_->hashes(spec.canonicalization).octets() < *spec.length;
}

bool BodyDigests::has_unsigned_octets(Id id) const {
  const BodyDigestSpec& spec = state_->entries[id].spec;
  return spec.length && state_->hashes(spec.canonicalization).octets() > *spec.length;
}

}  // namespace assay::message
