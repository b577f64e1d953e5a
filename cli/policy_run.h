#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/input.h"
#include "cli/judge.h"
#include "cli/policy_cases.h"
#include "cli/policy_trace.h"
#include "config/settings.h"
#include "policy/decision.h"
#include "verify/base/time.h"

namespace assay::cli {

/// A part of the decision that is not what the case expects.
struct Mismatch {
  const Expectation* expected = nullptr;
  std::vector<std::string> seen;  ///< Empty: nothing is there.
  std::string hint;               ///< What the case may have meant; empty if nothing is near.
};

/// How one case came out.
struct CaseResult {
  const PolicyCase* one = nullptr;  ///< Of the PolicyCases that were run, which must outlive this.
  policy::Decision decision;
  std::vector<Mismatch> mismatches;  ///< Empty: as expected.
  std::vector<TracedRule> trace;
};

/// Runs cases one after the other against one configuration. Keeps what DNS said of the zone files between them.
class CaseRunner {
 public:
  /// `now` is when a message comes whose case does not say.
  CaseRunner(config::Settings settings, Time now);

  /// An error if the message or a zone file cannot be read.
  [[nodiscard]] Input<CaseResult> run(const PolicyCase& one);

  [[nodiscard]] const config::Settings& settings() const noexcept { return settings_; }

 private:
  Input<CaseResult> run_message(const PolicyCase& one, const MessageGiven& given);
  [[nodiscard]] CaseResult judge_facts(const PolicyCase& one, const Assumed& assumed) const;
  [[nodiscard]] std::vector<Mismatch> compare(const PolicyCase& one, const policy::Decision& decision) const;

  config::Settings settings_;
  Time now_;
  std::vector<std::string> zones_;  ///< What `engine_` answers from.
  std::optional<Engine> engine_;
};

/// What a decision has of the part that an expectation names by `key`.
[[nodiscard]] std::vector<std::string> part_of(const policy::Decision& decision, const std::string& key);

}  // namespace assay::cli
