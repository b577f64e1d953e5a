#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/checks.h"
#include "config/files.h"
#include "config/node.h"
#include "config/wording.h"

namespace assay::config {

/// The most problems that are reported for one configuration.
inline constexpr std::size_t kMaxFindings = 100;

/// Collects what is wrong, and which keys there are.
class Findings {
 public:
  /// `files`: those that are read. Must outlive this.
  explicit Findings(Files& files) : files_(files) {}

  [[nodiscard]] Files& files() const noexcept { return files_; }
  void add(const Mark& mark, std::string message);
  /// Makes a key known, by its whole path.
  void add_key(std::string path) { keys_.push_back(std::move(path)); }
  /// A key that is unknown where it stands; `known` are those of its map. What to say is decided in the end, when all
  /// keys are known.
  void add_unknown(const Mark& mark, const std::string& path, const std::string& key, std::vector<std::string> known);
  /// In the order of the files, each problem once.
  [[nodiscard]] std::vector<Finding> take();
  [[nodiscard]] bool empty() const noexcept { return findings_.empty() && unknown_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return findings_.size() + unknown_.size(); }
  /// Nothing more is kept.
  [[nodiscard]] bool is_full() const noexcept { return size() >= kMaxFindings; }

 private:
  struct Unknown {
    Mark mark;
    std::string path;  ///< Of the map: "policy." or empty.
    std::string key;
    std::vector<std::string> known;
  };

  [[nodiscard]] std::string describe(const Unknown& unknown) const;

  Files& files_;
  std::vector<Finding> findings_;
  std::vector<Unknown> unknown_;
  std::vector<std::string> keys_;
};

/// Reports each key that its map has already, at any depth. `path` is that of `node`.
void report_repeated_keys(Findings& findings, const YamlNode& node, const std::string& path = {});

/// One map of the configuration, read key by key. Every member that names a key makes that key known; finish() reports
/// the others. A key that is absent leaves its target as it was; so does one that is wrong, after it was reported.
class Section {
 public:
  /// The whole configuration. `root` is a Map or a Null (nothing is set). Both must outlive this.
  Section(Findings& findings, const YamlNode& root);

  /// The map under `key`, all absent if it is.
  [[nodiscard]] Section section(const char* key);

  /// The value of `key`; nullptr if it is absent, empty or was reported already. For values of more than one form, to
  /// go on with list_of() or section_of(); once for each key.
  [[nodiscard]] const YamlNode* find(const char* key);
  [[nodiscard]] Section section_of(const char* key, const YamlNode* node);
  /// For each value of the map that does not count, since another file has its key, too: a section of that alone.
  [[nodiscard]] std::vector<std::pair<std::string, Section>> overridden() const;
  /// Whether `key` stands in the file, rightly or wrongly.
  [[nodiscard]] bool is_given(const char* key) const;

  void text(const char* key, std::string& target, Complaint (*check)(std::string_view));
  /// `text`, or the bare word off for an empty target.
  void text_or_off(const char* key, std::string& target, Complaint (*check)(std::string_view));
  void duration(const char* key, std::chrono::milliseconds& target, std::chrono::milliseconds least,
                std::chrono::milliseconds most);
  /// As above, in whole seconds.
  void duration(const char* key, std::chrono::seconds& target, std::chrono::seconds least, std::chrono::seconds most);
  void size(const char* key, std::size_t& target, std::size_t least, std::size_t most);
  void count(const char* key, std::size_t& target, std::size_t least, std::size_t most);
  /// An octal number of three digits behind a 0, as chmod(1) takes it.
  void file_mode(const char* key, unsigned& target);

  /// One of a few words, each with its value.
  template <class T, class Value>
  void choice(const char* key, T& target, const std::vector<std::pair<const char*, Value>>& words) {
    std::vector<std::string> names;
    names.reserve(words.size());
    for (const auto& word : words) {
      names.emplace_back(word.first);
    }
    if (const auto index = choose(key, names)) {
      target = words[*index].second;
    }
  }

  /// A list whose elements `parse` reads (text -> Parsed<T>); elements that it refuses are reported.
  template <class T, class Parse>
  void list(const char* key, std::vector<T>& target, const char* example, Parse parse) {
    const YamlNode* const node = find(key);
    if (node != nullptr) {
      list_of(key, *node, target, example, parse);
    }
  }
  template <class T, class Parse>
  void list_of(const char* key, const YamlNode& node, std::vector<T>& target, const char* example, Parse parse) {
    if (!is_list(key, node, example)) {
      return;
    }
    target.clear();
    for (const YamlNode& item : node.items) {
      if (!is_element(key, item)) {
        continue;
      }
      auto value = parse(item.text);
      if (value) {
        target.push_back(std::move(*value));
      } else {
        complain(key, item.mark, quote(item.text) + " " + value.error().what);
      }
    }
  }

  /// Reports that something is wrong with `key`, at `mark`.
  void complain(const char* key, const Mark& mark, const std::string& what);
  [[nodiscard]] Findings& findings() const noexcept { return findings_; }
  /// Where `key` is written; the section's own place if it is not.
  [[nodiscard]] Mark mark_of(const char* key) const;

  /// Reports unknown keys. Call once, after every known key was asked for.
  void finish();

 private:
  Section(Findings& findings, const YamlNode* map, std::string path, Mark mark);

  /// The index of `key` in the map; nullopt if it is absent.
  [[nodiscard]] std::optional<std::size_t> index_of(const char* key) const;
  /// The value of `key` if it is a scalar.
  const YamlNode* scalar(const char* key);
  std::optional<std::size_t> choose(const char* key, const std::vector<std::string>& names);
  bool is_list(const char* key, const YamlNode& node, const char* example);
  bool is_element(const char* key, const YamlNode& item);
  void complain_range(const char* key, const YamlNode& node, const std::string& least, const std::string& most);

  Findings& findings_;
  const YamlNode* map_;  ///< nullptr: every key is absent.
  std::string path_;     ///< "policy.published." or empty.
  Mark mark_;
  std::vector<std::string> known_;
};

}  // namespace assay::config
