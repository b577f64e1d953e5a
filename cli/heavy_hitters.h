#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace assay::cli {

/// Counts the most frequent of any number of names with memory for `capacity` of them (Metwally, Agrawal, El Abbadi,
/// "Efficient computation of frequent and top-k elements in data streams", 2005: Space-Saving). Exact for up to
/// `capacity` different names. Beyond, a new name takes the place, and the count, of the rarest: every name that makes
/// up more than 1/capacity of all is there, and its count is too high by `over` at most.
class HeavyHitters {
 public:
  struct Hit {
    std::string name;
    std::uint64_t count = 0;
    std::uint64_t over = 0;
  };

  /// `capacity` is at least 1.
  explicit HeavyHitters(std::size_t capacity) : capacity_(capacity) {}

  void add(std::string_view name, std::uint64_t times = 1);
  /// The `most` most frequent, the most frequent first, equal ones by name.
  [[nodiscard]] std::vector<Hit> top(std::size_t most) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
  };

  std::size_t capacity_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> places_;
  std::vector<Hit> hits_;
  std::set<std::pair<std::uint64_t, std::size_t>> order_;  ///< (count, place)
};

}  // namespace assay::cli
