#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "verify/base/domain.h"
#include "verify/base/parsed.h"

namespace assay::policy {

/// The least number of labels of a name that can be somebody's: no top-level domain is. Which names of two labels are
/// registries', too (co.uk), no list here says.
inline constexpr std::size_t kMinOwnedLabels = 2;

/// Finds a name without making a string of it.
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
};
using NameSet = std::unordered_set<std::string, NameHash, std::equal_to<>>;

/// The one form in which names are kept and looked up: A-labels in lower case without a trailing dot; what is no domain
/// in lower case (ASCII).
[[nodiscard]] std::string normal_name(std::string_view name);

/// Names as an administrator lists them: `example.com` is that name, `*.example.com` every name below it at any depth
/// (not itself). Names that are no domain (`[192.0.2.1]`, a List-Id of one word) are compared as text, ASCII case
/// ignored. A lookup costs one hash for each label of the name, however long the list. Immutable once loaded, then any
/// number of threads may ask.
class NameList {
 public:
  /// Adds one name or pattern; what is wrong with it otherwise: empty, a `*` anywhere but in front, over 253 octets,
  /// a control character or white space. `*` alone is refused: it names nothing.
  [[nodiscard]] Parsed<void> add(std::string_view pattern);
  /// Notes that what follows came from the file `path` (absolute), whose octets have this digest (hexadecimal), until
  /// the next call or end_file(): written() then holds `@path` in place of its names.
  void begin_file(std::string path, std::string digest);
  void end_file() { is_in_file_ = false; }

  [[nodiscard]] bool contains(const Domain& name) const noexcept { return contains_normal(name.str()); }
  /// As above for a name of any spelling: U-labels and case do not matter.
  [[nodiscard]] bool contains(std::string_view name) const;
  /// As above for what normal_name() returned; cheaper where many lists are asked for one name.
  [[nodiscard]] bool contains_normal(std::string_view name) const noexcept;
  /// Whether each name that `other` contains is in this list, too.
  [[nodiscard]] bool covers(const NameList& other) const;
  /// Whether some name may be in both.
  [[nodiscard]] bool overlaps(const NameList& other) const;
  [[nodiscard]] bool empty() const noexcept { return exact_.empty() && below_.empty(); }

  /// The names (`example.com`) and the patterns without their `*.`, all in lower case and A-labels.
  [[nodiscard]] const NameSet& exact() const noexcept { return exact_; }
  [[nodiscard]] const NameSet& below() const noexcept { return below_; }
  /// As configured, in order: names, patterns, and `@path` for a file.
  [[nodiscard]] const std::vector<std::string>& written() const noexcept { return written_; }
  /// A digest for each `@path` in written().
  [[nodiscard]] const std::vector<std::string>& digests() const noexcept { return digests_; }

  friend bool operator==(const NameList&, const NameList&) = default;

 private:
  NameSet exact_;
  NameSet below_;
  std::vector<std::string> written_;
  std::vector<std::string> digests_;
  bool is_in_file_ = false;
};

}  // namespace assay::policy
