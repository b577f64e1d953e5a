#include "verify/arc/set.h"

#include <cstddef>
#include <optional>

#include "verify/base/text.h"

namespace assay::arc {
namespace {

/// Walks over the instance in front of the results. Comments are skipped with a counter, not by recursion.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(position_); }
  [[nodiscard]] bool at_end() const noexcept { return position_ == text_.size(); }

  bool take(char c) noexcept {
    if (at_end() || text_[position_] != c) {
      return false;
    }
    ++position_;
    return true;
  }

  /// [CFWS] of RFC 5322 section 3.2.2. A comment that never ends takes the rest of the text.
  void skip_cfws() noexcept {
    std::size_t depth = 0;
    for (; !at_end(); ++position_) {
      const char c = text_[position_];
      if (c == '(') {
        ++depth;
      } else if (depth > 0 && c == ')') {
        --depth;
      } else if (depth > 0 && c == '\\') {
        if (position_ + 1 < text_.size()) {
          ++position_;
        }
      } else if (depth == 0 && !is_crlf_or_wsp(c)) {
        return;
      }
    }
  }

  std::string_view take_digits() noexcept { return take_while(is_digit); }
  std::string_view take_letters() noexcept { return take_while(is_alpha); }

 private:
  std::string_view take_while(bool (*belongs)(char) noexcept) noexcept {
    const std::size_t begin = position_;
    while (!at_end() && belongs(text_[position_])) {
      ++position_;
    }
    return text_.substr(begin, position_ - begin);
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

/// position = 1*2DIGIT ; 1 - 50. "01" is 1.
Parsed<unsigned, InstanceError> to_instance(std::string_view digits) {
  if (digits.empty() || digits.size() > 2) {
    return failure(InstanceError{});
  }
  unsigned number = 0;
  for (const char c : digits) {
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  if (number == 0 || number > kMaxInstance) {
    return failure(InstanceError{number});
  }
  return number;
}

}  // namespace

Parsed<ResultsField, InstanceError> parse_results(std::string_view value) {
  Cursor cursor(value);
  cursor.skip_cfws();
  if (!cursor.take('i')) {  // %s"i": no other case.
    return failure(InstanceError{});
  }
  cursor.skip_cfws();
  if (!cursor.take('=')) {
    return failure(InstanceError{});
  }
  cursor.skip_cfws();
  const auto instance = to_instance(cursor.take_digits());
  cursor.skip_cfws();
  if (!cursor.take(';')) {
    return failure(InstanceError{});
  }
  if (!instance) {
    return failure(instance.error());
  }
  return ResultsField{*instance, cursor.rest()};
}

Parsed<unsigned, InstanceError> read_instance(const dkim::TagList& tags) {
  const auto value = tags.find("i");
  if (tags.error() || !value) {
    return failure(InstanceError{});
  }
  Cursor cursor(*value);
  cursor.skip_cfws();
  const auto instance = to_instance(cursor.take_digits());
  cursor.skip_cfws();
  return cursor.at_end() ? instance : failure(InstanceError{});
}

ChainValidation read_chain_validation(const dkim::TagList& tags) {
  const auto value = tags.find("cv");
  if (!value) {
    return ChainValidation::Malformed;
  }
  Cursor cursor(*value);
  cursor.skip_cfws();
  const std::string_view word = cursor.take_letters();
  cursor.skip_cfws();
  if (!cursor.at_end()) {
    return ChainValidation::Malformed;
  }
  if (iequals(word, "none")) {
    return ChainValidation::None;
  }
  if (iequals(word, "pass")) {
    return ChainValidation::Pass;
  }
  return iequals(word, "fail") ? ChainValidation::Fail : ChainValidation::Malformed;
}

}  // namespace assay::arc
