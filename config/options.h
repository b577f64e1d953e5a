#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/reader.h"
#include "config/settings.h"

namespace assay::config {

struct Option;

/// What may be written as a value: what the schema and the reference tell of it.
struct Form {
  enum class Kind : std::uint8_t { Text, Words, Count, Duration, Size, FileMode, List, Map };
  Kind kind = Kind::Text;
  std::vector<std::string> words{};  ///< Words: all there are. Otherwise: what may stand in place of such a value.
  std::string least{};               ///< Count, Duration, Size: the bounds, as they are written.
  std::string most{};
  std::string written{};        ///< Text: how it is written, for people: `unix:PATH`.
  std::string pattern{};        ///< Text: a regular expression that no valid value fails; empty: any text but "".
  bool any_scalar = false;      ///< Text: often one that YAML takes for a number or a boolean.
  std::vector<Form> element{};  ///< List: the one form of its elements.
  std::size_t count = 0;        ///< List: how many elements there must be; 0: any number.
  std::shared_ptr<const std::vector<Option>> options{};  ///< Map: its keys, nullptr for none.

  /// The keys of a Map, none of anything else.
  [[nodiscard]] const std::vector<Option>& keys() const;
};

/// One key of the configuration: the row that the loader, `assay config show`, the schema, the reference and the
/// annotated example are made from.
struct Option {
  std::string key;
  std::string about;  ///< What it means, in sentences. Bounds and default are told beside it, from here.
  Form form;
  /// Sets what `key` of the section says; leaves the default, or reports, what it does not. Of a Map without it, the
  /// options are read one by one.
  std::function<void(Section&, Settings&)> read{};
  /// The value as YAML on one line, or on indented ones of which the first is empty; nullopt: not to be written. Of a
  /// Map without it, the options are printed.
  std::function<std::optional<std::string>(const Settings&)> print{};
  /// Map: reports keys that do not fit together. Asked when all are read.
  std::function<void(Section&, const Settings&)> check{};
  std::string sample{};  ///< For a key without a fixed default: the value that the example shows in a comment.
};

/// Every key, in the order in which they are explained.
[[nodiscard]] const std::vector<Option>& options();

/// What an empty file means on a host of this name.
[[nodiscard]] Settings default_settings(const std::string& host_name);

/// Reads the section by the table, and reports what the table does not know.
void read_options(Section& section, const std::vector<Option>& table, Settings& settings);

}  // namespace assay::config
