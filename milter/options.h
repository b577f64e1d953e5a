#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assay::milter {

/// The command line of assayd.
struct CommandLine {
  std::string config = "/etc/assay/assay.yaml";
  bool config_given = false;  ///< Not given and absent: the defaults apply, and its drop-ins.
  std::optional<std::string> listen;
  std::vector<std::string> zones;
  bool check = false;
  bool foreground = false;
};

/// Reads the command line. nullopt if the program shall end at once with `exit_status` (help, version, a usage error:
/// what there is to say was printed).
[[nodiscard]] std::optional<CommandLine> parse_command_line(int argc, const char* const* argv, int& exit_status);

}  // namespace assay::milter
