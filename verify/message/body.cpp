#include "verify/message/body.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "verify/message/body_canonical.h"

namespace assay::message {
namespace {

/// One value over the canonical text, or over its first `length` octets.
struct Wanted {
  crypto::Hash hash;
  std::optional<std::uint64_t> length;
  std::function<void(std::string_view)> copy;
  std::optional<crypto::DigestValue> value;  ///< Once its octets are there.

  /// Whether what stands at `offset` of the canonical text makes a difference. One octet beyond the length does: it
  /// tells that unsigned octets follow.
  [[nodiscard]] bool wants(std::uint64_t offset) const noexcept { return !length || offset <= *length; }
};

/// Every value of one canonical text. Each octet is hashed once for each hash function: a value over its beginning is
/// taken when the running hash has come so far. However many lengths a sender thinks of, they cost one pass.
class Hashes final : public CanonicalText {
 public:
  std::size_t add(const BodyDigestSpec& spec) {
    wanted_.push_back({spec.hash, spec.length, {}, std::nullopt});
    auto& running = running_[static_cast<std::size_t>(spec.hash)];
    if (!running) {
      running.emplace(spec.hash);
    }
    take_values();
    return wanted_.size() - 1;
  }

  void copy_to(std::size_t index, std::function<void(std::string_view)> sink) { wanted_[index].copy = std::move(sink); }

  /// The text ended: what is left to be told is all of it, or as much as there is of a greater length.
  void finish_hashes() {
    std::array<std::optional<crypto::DigestValue>, 2> whole;
    for (Wanted& wanted : wanted_) {
      auto& value = whole[static_cast<std::size_t>(wanted.hash)];
      if (!wanted.value && !value) {
        value = running(wanted.hash).finish();
      }
      if (!wanted.value) {
        wanted.value = value;
      }
    }
  }

  [[nodiscard]] bool wants_more() const noexcept {
    return std::any_of(wanted_.begin(), wanted_.end(), [this](const Wanted& w) { return w.wants(octets()); });
  }
  [[nodiscard]] const crypto::DigestValue& value(std::size_t index) const { return wanted_[index].value.value(); }

 private:
  void take(std::string_view octets) override {
    while (!octets.empty() && has_values_to_come()) {
      const std::string_view piece = octets.substr(0, octets_to_next_value(octets.size()));
      for (auto& running : running_) {
        if (running) {
          running->update(piece);
        }
      }
      for (const Wanted& wanted : wanted_) {
        if (wanted.copy && !wanted.value) {
          wanted.copy(piece);
        }
      }
      hashed_ += piece.size();
      octets.remove_prefix(piece.size());
      take_values();
    }
  }

  /// Of `octets`, those before the place where the next value ends.
  [[nodiscard]] std::size_t octets_to_next_value(std::uint64_t octets) const noexcept {
    for (const Wanted& wanted : wanted_) {
      if (wanted.length && !wanted.value) {
        octets = std::min(octets, *wanted.length - hashed_);
      }
    }
    return static_cast<std::size_t>(octets);
  }

  void take_values() {
    for (Wanted& wanted : wanted_) {
      if (wanted.length == hashed_ && !wanted.value) {
        wanted.value = running(wanted.hash).fork().finish();
      }
    }
  }

  [[nodiscard]] bool has_values_to_come() const noexcept {
    return std::any_of(wanted_.begin(), wanted_.end(), [](const Wanted& w) { return !w.value; });
  }

  [[nodiscard]] crypto::Digest& running(crypto::Hash hash) { return running_[static_cast<std::size_t>(hash)].value(); }

  std::vector<Wanted> wanted_;
  std::array<std::optional<crypto::Digest>, 2> running_;  ///< By crypto::Hash.
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
