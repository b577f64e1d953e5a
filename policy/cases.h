#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/condition.h"

namespace assay::policy {

/// A test that holds, or that does not.
struct Literal {
  Condition test;
  bool is_negated = false;
};

/// One way in which a condition can hold: all of these at once.
using Case = std::vector<Literal>;

/// The most cases that one condition is looked at as; of more nothing is said.
inline constexpr std::size_t kMaxCases = 64;
/// The longest list of values of which each is a case of its own.
inline constexpr std::size_t kMaxSplitValues = 32;

/// All the ways in which `condition` can hold: it is true of a message exactly if one of them is. Lists of values are
/// split where that says the same. Nullopt if there are more than kMaxCases.
[[nodiscard]] std::optional<std::vector<Case>> cases_of(const Condition& condition);

/// The ways in which `condition` can hold or, if `is_negated`, be false; with lists of values split if `splits`.
/// Nullopt if there are more than kMaxCases.
[[nodiscard]] std::optional<std::vector<Case>> expand(const Condition& condition, bool is_negated, bool splits);

/// Who a rule's arc_claims may come from, besides those that all rules trust: each rule trusts those that it names, and
/// the same test finds the claims of another hop where more hops are trusted.
enum class Sealers : std::uint8_t { Same, Different };

/// Whether `a` and `b`, each the whole of a rule, trust the same sealers. Different if that is not seen.
[[nodiscard]] Sealers compare_sealers(const Condition& a, const Condition& b, const NameList& trusted_sealers);

/// A case, and what it leaves of the facts that have a few words: worked out once, asked of many rules.
struct KnownCase {
  explicit KnownCase(const Case& given);

  const Case& literals;  ///< Must outlive this.
  std::map<Fact, std::set<std::string>> words;
};

/// Whether `condition` is true of each message for which the case holds. False if that is not seen. `sealers`: those of
/// the rule that the case is of, and of the rule that `condition` is of.
[[nodiscard]] bool implies(const KnownCase& given, const Condition& condition, Sealers sealers);

/// Whether the case can never hold because a list that it needs names nothing.
[[nodiscard]] bool needs_empty_list(const Case& given);

/// Whether the answer may differ between the authors of one message.
[[nodiscard]] bool depends_on_author(const Condition& condition);

/// Whether the answer may be unknown for a time, because DNS does not answer.
[[nodiscard]] bool depends_on_dns(const Condition& condition);

/// "spf: fail", "not spf: [fail, softfail]", for people; long lists are cut. Holds text of the configuration.
[[nodiscard]] std::string describe(const Literal& literal);

}  // namespace assay::policy
