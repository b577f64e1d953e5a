#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/base/parsed.h"

namespace assay::config {

/// A place in a file. Lines and columns count from 1, columns in octets; 0 if there is no place.
struct Mark {
  int line = 0;
  int column = 0;
  std::size_t file = 0;  ///< Its number among the Files.
};

/// A problem before it knows its file.
struct Finding {
  Mark mark;
  std::string message;
};

/// A value of the YAML text. Keys stay in the order of the file, repeated ones included: the reader must see them.
struct YamlNode {
  enum class Kind : std::uint8_t {
    Null,  ///< Nothing is written after the key, or `~` or `null`.
    Scalar,
    List,
    Map,
    Unusable,  ///< Already reported: no further complaint about it.
  };
  Kind kind = Kind::Null;
  Mark mark;
  std::string text;             ///< Scalar: unquoted, never interpreted (`off`, `0660` and `YES` stay what they are).
  std::vector<YamlNode> keys;   ///< Map: scalars, or Unusable.
  std::vector<YamlNode> items;  ///< List: the elements. Map: the value of the key at the same index.
  /// Map of several files: a map {KEY: VALUE} for each value that does not count, since another file has it, too.
  std::vector<YamlNode> overridden{};
};

/// The index of `key` among the keys of a map; nullopt if it is not there, or if `map` is none. The first of repeated.
[[nodiscard]] std::optional<std::size_t> find_key(const YamlNode& map, std::string_view key);

/// The longest text that is read, octets.
inline constexpr std::size_t kMaxConfigOctets = std::size_t{1} << 20U;
/// The deepest nesting of maps and lists.
inline constexpr std::size_t kMaxConfigDepth = 40;

/// The most keys of one map: far more than there are, and few enough to look one up by going through them.
inline constexpr std::size_t kMaxMapKeys = 200;

/// Reads YAML text, that of the file number `file`: one document. An empty one is a Null. Refused, since nothing here
/// needs them and each has hidden a mistake or an attack before: anchors and aliases, tags, directives, keys that are
/// no words, quoted text over several lines (an unclosed quote swallows the rest of the file), control characters, text
/// that is not UTF-8. Never throws on bad input.
[[nodiscard]] Parsed<YamlNode, std::vector<Finding>> read_yaml(const std::string& text, std::size_t file = 0);

}  // namespace assay::config
