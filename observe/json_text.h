#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace assay::observe {

/// A JSON value as the text it is written as. A record is written once and looked at by nobody before: a tree of values
/// for it costs ten times the octets' own price.
///
/// Strings must be UTF-8 without control characters, as escape() leaves them.
class JsonText {
 public:
  struct Member;

  // NOLINTBEGIN(google-explicit-constructor,hicpp-explicit-conversions): what has one form in JSON becomes it.
  JsonText(std::nullptr_t) : text_("null") {}
  JsonText(bool value) : text_(value ? "true" : "false") {}
  JsonText(const char* value) : JsonText(std::string_view(value)) {}
  JsonText(const std::string& value) : JsonText(std::string_view(value)) {}
  JsonText(std::string_view value);
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) JsonText(Number value) : text_(std::to_string(value)) {}
  /// An object.
  JsonText(std::initializer_list<Member> members);
  // NOLINTEND(google-explicit-constructor,hicpp-explicit-conversions)

  [[nodiscard]] static JsonText array() { return JsonText(Empty::Array); }

  /// Adds a member to an object, which has none of that key.
  void add(std::string_view key, const JsonText& value);
  /// Adds an element to an array.
  void push_back(const JsonText& value);

  [[nodiscard]] const std::string& str() const& noexcept { return text_; }
  [[nodiscard]] std::string str() && noexcept { return std::move(text_); }

 private:
  enum class Empty : std::uint8_t { Array };

  explicit JsonText(Empty /*array*/) : text_("[]") {}

  /// Takes off what closes the value, and separates what comes from what is there.
  void begin_element();

  std::string text_;
};

struct JsonText::Member {
  std::string_view key;  ///< Needs no escaping.
  JsonText value;
};

}  // namespace assay::observe
