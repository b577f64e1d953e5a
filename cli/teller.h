#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "cli/paint.h"

namespace assay::cli {

/// Things of one kind that are told; hostile mail and DNS can have thousands.
inline constexpr std::size_t kMaxShown = 30;

/// A story for people: headings, and lines below them.
class Teller {
 public:
  explicit Teller(const Paint& paint) : paint_(paint) {}

  void heading(const std::string& title, const std::string& words = {});
  void line(const std::string& words, std::size_t depth = 1);
  /// A line only if there is something to say.
  void line_if(const std::string& label, const std::string& words, std::size_t depth = 1);
  /// "and 12 more" if `count` is above kMaxShown.
  void rest(std::size_t count, std::size_t depth = 1);
  void raw(const std::string& text) { text_ += text; }

  [[nodiscard]] const Paint& paint() const { return paint_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  Paint paint_;
  std::string text_;
};

/// "1 record", "2 records".
[[nodiscard]] std::string plural(std::size_t count, const char* one, const char* many);
/// "pass" or "fail, the body is not the one that was signed (detail)".
[[nodiscard]] std::string result_words(const Paint& paint, const char* status, std::string_view reason,
                                       const std::string& detail);
/// Escaped, in quotation marks.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace assay::cli
