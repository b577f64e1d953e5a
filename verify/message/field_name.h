#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace assay::message {

/// The name of a header field in a form that is quick to compare: names are equal if they are the same in any letter
/// case. The order is some total order. Holds a view: the text must outlive it.
class FieldName {
 public:
  explicit FieldName(std::string_view text) noexcept;
  /// For a text of which the value of keys() is known.
  struct Keys {
    std::uint64_t head = 0;  ///< The first eight octets in lower case, or all.
    std::uint64_t tail = 0;  ///< The last eight.
  };
  FieldName(std::string_view text, Keys keys) noexcept : text_(text), keys_(keys) {}

  [[nodiscard]] Keys keys() const noexcept { return keys_; }

  friend bool operator==(const FieldName& a, const FieldName& b) noexcept { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const FieldName& a, const FieldName& b) noexcept {
    if (const auto order = a.text_.size() <=> b.text_.size(); order != 0) {
      return order;
    }
    if (const auto order = a.keys_.head <=> b.keys_.head; order != 0) {
      return order;
    }
    if (const auto order = a.keys_.tail <=> b.keys_.tail; order != 0) {
      return order;
    }
    return compare_middles(a.text_, b.text_);
  }

 private:
  /// Of two texts of one size, what the keys leave out.
  static std::strong_ordering compare_middles(std::string_view a, std::string_view b) noexcept;

  std::string_view text_;
  Keys keys_;
};

}  // namespace assay::message
