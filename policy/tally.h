#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::policy {

/// A longer name, which no domain and no common address has, is not told apart from others.
inline constexpr std::size_t kMaxTallyNameOctets = 320;

/// Messages by a name that each of them shows, for a bounded number of names: the first `capacity` are told apart, the
/// messages of all others are only counted. Exact as long as is_whole().
class Tally {
 public:
  struct Entry {
    std::string name;
    std::uint64_t messages = 0;
  };

  explicit Tally(std::size_t capacity) noexcept : capacity_(capacity) {}

  void add(std::string_view name, std::uint64_t messages = 1);
  void add(const Tally& other);

  /// In the order in which the names came.
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
  /// Different names; at least so many if not is_whole().
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() + (is_whole() ? 0 : 1); }
  [[nodiscard]] bool is_whole() const noexcept { return others_ == 0; }
  /// Messages whose names are not told apart.
  [[nodiscard]] std::uint64_t others() const noexcept { return others_; }
  /// The entries, those with the most messages first, equal ones by name.
  [[nodiscard]] std::vector<Entry> sorted() const;

 private:
  std::size_t capacity_;
  std::vector<Entry> entries_;
  std::uint64_t others_ = 0;
};

}  // namespace assay::policy
