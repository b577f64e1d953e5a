#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/files.h"
#include "config/settings.h"
#include "verify/base/parsed.h"

namespace assay::config {

/// Something wrong in a configuration file. `line` and `column` count from 1; 0 if the problem has no place.
struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;  ///< Names the key, what is wrong and how to mend it.
};

/// "file:line:column: message"
[[nodiscard]] std::string to_string(const Problem& problem);

using Loaded = Parsed<Settings, std::vector<Problem>>;

/// Reads YAML text. Every problem is reported, not only the first. An empty text gives the defaults. `file` is for
/// messages, and paths in the text are relative to its folder; `host_name` is the default of authserv_id; `read` reads
/// the files that the text refers to. Never throws on bad input.
[[nodiscard]] Loaded load_text(const std::string& text, const std::string& file, const std::string& host_name,
                               const ReadFile& read = read_regular_file);
/// The file at `path`, and what is laid over it: the files *.yaml of the folder X.d beside X.yaml, in the order of
/// their names (see drop_ins.h). Each is as it was at one moment; a file that vanishes meanwhile is a problem.
[[nodiscard]] Loaded load_file(const std::string& path, const std::string& host_name);
/// As above for a file that was read already; the others are read by `read`.
[[nodiscard]] Loaded load_with_drop_ins(const std::string& text, const std::string& path, const std::string& host_name,
                                        const ReadFile& read = read_regular_file);

/// What can be read of a configuration, whatever is wrong with the rest of it: for those who look for more faults.
struct Reading {
  /// Not fit to be used if there are problems: what has one is left out. A rule that lacks no more than a proof is
  /// there.
  Settings settings;
  std::vector<Problem> problems;
  /// Where the elements of a list stand: "local.networks". Lists within lists are not looked at.
  std::map<std::string, std::vector<policy::Place>> elements;
};

/// As load_with_drop_ins, but with all that could be read.
[[nodiscard]] Reading read_with_drop_ins(const std::string& text, const std::string& path, const std::string& host_name,
                                         const ReadFile& read = read_regular_file);

/// The effective configuration as YAML, every key with its value: load_text of it gives the same Settings.
[[nodiscard]] std::string to_yaml(const Settings& settings);

}  // namespace assay::config
