#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/reader.h"
#include "policy/condition.h"

namespace assay::config {

/// The largest file of names or networks that is read, octets.
inline constexpr std::size_t kMaxNameFileOctets = std::size_t{4} << 20U;
/// The most names or networks in one list, those of its files included.
inline constexpr std::size_t kMaxNames = 100'000;

/// What the names of a list are.
enum class NameKind : std::uint8_t {
  Domain,  ///< Each must be one.
  Text,    ///< HELO and List-Id may be anything.
};

// A value is one element or a list of them. `@FILE` stands for the elements of that file, one a line, in which '#'
// begins a comment; the path is relative to the folder of the file that names it. `key` is for messages. What is wrong
// is reported where it stands, in the file of names, too; whatever is right gets into the list.

void read_names(Findings& findings, const std::string& key, const YamlNode& node, NameKind kind,
                policy::NameList& names);
void read_networks(Findings& findings, const std::string& key, const YamlNode& node, policy::NetworkList& networks);

/// A line of such a file, without comment and the blanks around what is left.
struct ListLine {
  int number = 0;  ///< From 1, columns too.
  int column = 0;
  std::string_view text;
};
/// The lines that name something. They point into `text`.
[[nodiscard]] std::vector<ListLine> lines_of_list(std::string_view text);

/// The elements of a value that is one scalar or a list of scalars; none, after a report, if it is anything else.
[[nodiscard]] std::vector<const YamlNode*> elements_of(Findings& findings, const std::string& key,
                                                       const YamlNode& node);

}  // namespace assay::config
