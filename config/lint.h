#pragma once

#include <string>
#include <vector>

#include "config/files.h"
#include "config/load.h"
#include "policy/lint.h"

namespace assay::config {

/// A domain or pattern that the configuration names.
struct ListedName {
  std::string text;         ///< As written: "example.com", "*.example.com".
  std::string key;          ///< "dkim_domain", or "arc.trusted_sealers".
  policy::Place place;      ///< In a file of names, too.
  std::string rule;         ///< Empty outside rules.
  bool is_proof = false;    ///< What accepts rests on it.
  bool is_in_file = false;  ///< In a file of names.
};

/// The most names that one configuration is asked for.
inline constexpr std::size_t kMaxListedNames = 200'000;

/// All domains in rules and in arc.trusted_sealers; HELO names and list identifiers, which may be anything, are not
/// among them. `read` reads the files of names.
[[nodiscard]] std::vector<ListedName> domains_of(const Reading& reading, const ReadFile& read = read_regular_file);

/// Everything wrong that can be told from the configuration alone, in the order of the files: its problems, and what
/// policy::lint finds in the rules that can be read. `now`: rules expire by it.
[[nodiscard]] std::vector<policy::LintFinding> lint(const Reading& reading, const std::vector<ListedName>& names,
                                                    Time now);

/// Sorts findings by file, line and column.
void sort(std::vector<policy::LintFinding>& findings);

/// "FILE:LINE:COLUMN: error: message [kind]", without what has no place. Holds text of the configuration: escape it.
[[nodiscard]] std::string to_string(const policy::LintFinding& finding);

}  // namespace assay::config
