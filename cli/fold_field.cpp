#include "cli/fold_field.h"

#include <algorithm>
#include <cstddef>

namespace assay::cli {
namespace {

constexpr std::size_t kLineOctets = 78;  ///< RFC 5322 section 2.1.1.

/// Where a value may be folded: what stands in quotes is one word, what stands in a comment are several.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  std::string_view next() {
    std::size_t at = 0;
    for (; at < rest_.size() && (rest_[at] != ' ' || in_quotes_); ++at) {
      pass(at);
    }
    const std::string_view word = rest_.substr(0, at);
    ends_result_ = word.ends_with(';') && depth_ == 0;
    rest_.remove_prefix(at);
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    return word;
  }

  /// Whether the last word ends the authserv-id or a result.
  [[nodiscard]] bool ends_result() const { return ends_result_; }

 private:
  void pass(std::size_t& at) {
    const char c = rest_[at];
    if (c == '\\' && (in_quotes_ || depth_ > 0)) {
      at = std::min(at + 1, rest_.size() - 1);  // A quoted-pair (RFC 5322 section 3.2.1).
    } else if (c == '"' && depth_ == 0) {
      in_quotes_ = !in_quotes_;
    } else if (!in_quotes_) {
      depth_ += c == '(' ? 1U : 0U;
      depth_ -= c == ')' && depth_ > 0 ? 1U : 0U;
    }
  }

  std::string_view rest_;
  std::size_t depth_ = 0;
  bool in_quotes_ = false;
  bool ends_result_ = false;
};

}  // namespace

std::string fold_field(std::string_view value) {
  Words words(value);
  std::string out;
  std::size_t column = 0;
  bool is_first = true;
  while (!words.at_end()) {
    const bool begins_line = words.ends_result();
    const std::string_view word = words.next();
    if (is_first) {
      out = word;
      is_first = false;
      continue;
    }
    const bool fits = !begins_line && column + 1 + word.size() <= kLineOctets;
    out.append(fits ? " " : "\n ").append(word);
    column = (fits ? column : 0) + 1 + word.size();
  }
  return out;
}

}  // namespace assay::cli
