#include "verify/dkim/tag_list.h"

#include <algorithm>
#include <array>
#include <string>

#include "verify/base/text.h"

namespace assay::dkim {
namespace {

/// Tags that nearly every list is content with.
constexpr std::size_t kUsualTags = 12;

/// VALCHAR, and UTF-8 beyond ASCII. A table, for most of a signature is the values of b= and h=.
constexpr std::array<bool, 256> kValueOctets = [] {
  std::array<bool, 256> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const char c = static_cast<char>(i);
    octets[i] = !is_control(c) && c != ' ' && c != ';';
  }
  return octets;
}();

/// Walks over the text and remembers the first thing that is wrong with it.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return position_ == text_.size(); }
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

  bool take(char c) noexcept {
    if (at_end() || text_[position_] != c) {
      return false;
    }
    ++position_;
    return true;
  }

  /// [FWS] with FWS = [*WSP CRLF] 1*WSP (RFC 6376 section 2.8): one fold at most, since obs-FWS is excluded.
  void skip_fws() noexcept {
    skip_wsp();
    if (is_fold()) {
      position_ += 2;
      skip_wsp();
    }
  }

  /// tag-name = ALPHA *(ALPHA / DIGIT / "_"); empty if there is none.
  std::string_view take_name() noexcept {
    const std::size_t begin = position_;
    if (!at_end() && is_alpha(text_[position_])) {
      while (!at_end() && (is_alnum(text_[position_]) || text_[position_] == '_')) {
        ++position_;
      }
    }
    return text_.substr(begin, position_ - begin);
  }

  /// tag-value = [ tval *( 1*(WSP / FWS) tval ) ], up to the semicolon or the end. nullopt at a forbidden octet.
  std::optional<std::string_view> take_value() noexcept {
    const std::size_t begin = position_;
    std::size_t end = begin;
    while (true) {
      const std::size_t word = position_;
      position_ = end_of_word();
      if (position_ != word) {
        end = position_;
      }
      const unsigned folds = skip_wsp_and_folds();
      if (at_end() || text_[position_] == ';') {
        // Inside a value any number of folds may follow each other, after it stands one [FWS].
        return folds <= 1 ? std::optional(text_.substr(begin, end - begin)) : std::nullopt;
      }
      const bool is_second_fws = end == begin;
      if (is_second_fws || !is_value_octet(text_[position_])) {
        return std::nullopt;
      }
    }
  }

 private:
  [[nodiscard]] static bool is_value_octet(char c) noexcept { return kValueOctets[static_cast<unsigned char>(c)]; }
  [[nodiscard]] bool is_fold() const noexcept {
    return position_ + 2 < text_.size() && text_[position_] == '\r' && text_[position_ + 1] == '\n' &&
           is_wsp(text_[position_ + 2]);
  }
  [[nodiscard]] std::size_t end_of_word() const noexcept {
    const char* const end = text_.data() + text_.size();
    const char* at = text_.data() + position_;
    while (at != end && is_value_octet(*at)) {
      ++at;
    }
    return static_cast<std::size_t>(at - text_.data());
  }
  void skip_wsp() noexcept {
    while (!at_end() && is_wsp(text_[position_])) {
      ++position_;
    }
  }

  /// 1*(WSP / FWS), or nothing; the number of folds in it.
  unsigned skip_wsp_and_folds() noexcept {
    unsigned folds = 0;
    skip_wsp();
    while (is_fold()) {
      ++folds;
      position_ += 2;
      skip_wsp();
    }
    return folds;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

TagList TagList::parse(std::string_view text, std::size_t max_tags) {
  TagList list;
  list.tags_.reserve(std::min(kUsualTags, max_tags));
  Cursor cursor(text);
  const auto fail = [&list, &cursor](std::string what) {
    list.error_ = ParseError{std::move(what), cursor.position()};
    return list;
  };
  do {
    cursor.skip_fws();
    // The ABNF ends the list at a final semicolon; FWS after it is so common in key records that everyone accepts it.
    if (cursor.at_end() && !list.tags_.empty()) {
      return list;
    }
    const std::string_view name = cursor.take_name();
    if (name.empty()) {
      return fail(cursor.at_end() ? "empty tag-list" : "no tag name where one must stand");
    }
    cursor.skip_fws();
    if (!cursor.take('=')) {
      return fail("no '=' after a tag name");
    }
    cursor.skip_fws();
    const auto value = cursor.take_value();
    if (!value) {
      return fail("forbidden octet in a tag value");
    }
    // RFC 6376 section 3.2: "if a tag name does occur more than once, the entire tag-list is invalid".
    if (list.find(name)) {
      return fail("repeated tag");
    }
    if (list.tags_.size() == max_tags) {
      return fail("more than " + std::to_string(max_tags) + " tags");
    }
    list.tags_.push_back({name, *value});
  } while (cursor.take(';'));
  return list;
}

std::optional<std::string_view> TagList::find(std::string_view name) const noexcept {
  const auto tag = std::find_if(tags_.begin(), tags_.end(), [name](const Tag& t) { return t.name == name; });
  return tag == tags_.end() ? std::nullopt : std::optional(tag->value);
}

std::vector<std::string_view> split_colons(std::string_view value, std::size_t max_items) {
  std::vector<std::string_view> items;
  if (value.empty()) {
    return items;
  }
  const auto colons = static_cast<std::size_t>(std::count(value.begin(), value.end(), ':'));
  items.reserve(std::min(colons + 1, max_items));
  for (std::size_t begin = 0; items.size() < max_items;) {
    const std::size_t colon = value.find(':', begin);
    items.push_back(trim_fws(value.substr(begin, colon == std::string_view::npos ? colon : colon - begin)));
    if (colon == std::string_view::npos) {
      break;
    }
    begin = colon + 1;
  }
  return items;
}

bool is_hyphenated_word(std::string_view text) noexcept {
  return !text.empty() && is_alpha(text.front()) && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

}  // namespace assay::dkim
