#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/policy_facts.h"
#include "config/load.h"
#include "config/node.h"
#include "policy/facts.h"
#include "verify/base/parsed.h"
#include "verify/base/time.h"

namespace assay::cli {

/// What a case wants of one part of the decision.
struct Expectation {
  std::string key;                  ///< "action"
  std::vector<std::string> wanted;  ///< None: the decision must have nothing there.
  config::Mark mark;                ///< Of the value.
};

/// A message in a file, to be verified as `assay verify` does.
struct MessageGiven {
  std::string message;             ///< Path.
  std::vector<std::string> zones;  ///< Paths; none: DNS as the configuration says.
  policy::Facts facts;             ///< Of the connection.
};

/// One case of a policy test.
struct PolicyCase {
  std::string name;
  config::Mark mark;
  std::optional<Time> time;  ///< When the message comes; absent: now.
  std::variant<Assumed, MessageGiven> given;
  std::vector<Expectation> expect;  ///< Never empty.
};

/// A file of cases.
struct PolicyCases {
  std::string file;
  std::optional<std::string> config;  ///< Path of the configuration that it is about.
  std::vector<PolicyCase> cases;
};

inline constexpr std::size_t kMaxPolicyCases = 10000;

/// Reads the YAML text of a file of cases: a list of them, or a map with `cases` and, for all of them, `config`, `zone`
/// and `time`. Paths are relative to the folder of `file`. Every problem is reported, not only the first.
[[nodiscard]] Parsed<PolicyCases, std::vector<config::Problem>> read_policy_cases(const std::string& text,
                                                                                  const std::string& file);

}  // namespace assay::cli
