#include "config/suggest.h"

#include <algorithm>
#include <cstddef>

#include "verify/base/text.h"

namespace assay::config {
namespace {

/// Longer words are no misspelling of a key.
constexpr std::size_t kMaxWordOctets = 64;

std::string normalize(std::string_view word) {
  std::string result = to_lower(word);
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

/// Optimal string alignment distance: one for each letter inserted, deleted or changed, or two neighbours swapped.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

/// "warning" for "warn", "auth" for "authenticated".
bool begins_alike(std::string_view word, std::string_view candidate) {
  constexpr std::size_t kLeastCommon = 4;
  const std::size_t common = std::min(word.size(), candidate.size());
  return common >= kLeastCommon && word.substr(0, common) == candidate.substr(0, common);
}

}  // namespace

std::optional<std::string> suggest(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kMaxWordOctets) {
    return std::nullopt;
  }
  const std::string normalized = normalize(word);
  std::optional<std::string> nearest;
  std::size_t least = 0;
  for (const std::string& candidate : known) {
    const std::size_t cost = distance(normalized, normalize(candidate));
    const bool is_near = cost <= std::max(word.size(), candidate.size()) / 3 || begins_alike(normalized, candidate);
    if (is_near && (!nearest || cost < least)) {
      nearest = candidate;
      least = cost;
    }
  }
  return nearest;
}

}  // namespace assay::config
