#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/decision.h"
#include "policy/facts.h"
#include "verify/base/time.h"
#include "verify/dns/answer.h"
#include "verify/verdict.h"

namespace assay::observe {

/// One message: what was found, what was done, and why. Everything that policy::decide reads is in it.
struct Record {
  Time time{};
  policy::Facts facts;
  Verdict verdict;
  policy::Decision decision;
  std::string authentication_results;  ///< Value of the field that was added.
  std::string settings;                ///< Fingerprint of the configuration in force.
};

/// The decision record as one line of JSON (no line end). All strings pass escape(): valid UTF-8 whatever came in.
[[nodiscard]] std::string to_json(const Record& record);
/// The object that `assay verify --json` prints: the decision record without the facts of the connection.
[[nodiscard]] std::string verification_json(const Record& record);
/// The object of one SPF identity with its explanation, as `assay spf --json` prints.
[[nodiscard]] std::string spf_json(const spf::Outcome& outcome);
/// One line of text for people, at most `kMaxTextOctets`.
[[nodiscard]] std::string to_text(const Record& record);

inline constexpr std::size_t kMaxTextOctets = 2000;

}  // namespace assay::observe
