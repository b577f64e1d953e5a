#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/rules.h"
#include "verify/base/time.h"

namespace assay::policy {

/// What is wrong with a policy. docs/lint.md explains each with an example.
enum class LintKind : std::uint8_t {
  Problem,        ///< The configuration does not load: said by its loader.
  Unproven,       ///< A rule lets in what anybody can forge.
  Unreachable,    ///< Earlier rules decide all that the rule matches.
  Shadowed,       ///< Earlier rules decide a part of it.
  Conflict,       ///< The same conditions as an earlier rule's, and another action.
  Contradiction,  ///< Conditions of one rule that never hold together.
  Expired,
  ExpiresSoon,
  LocalMail,     ///< The rule asks about mail that is never shown to rules.
  NoSealer,      ///< arc_claims, and nobody whose claims count.
  EmptyList,     ///< A list of a file that names nothing.
  Duplicate,     ///< The same value twice in one list.
  Covered,       ///< A value that another one of the list includes.
  Overlap,       ///< A network that lies in one of an earlier rule which does something else.
  PublicSuffix,  ///< A pattern as proof, below which anybody can have a name.
  UnknownTld,    ///< A name below a top-level domain that does not exist.
  UnknownName,   ///< A name that does not exist in DNS.
  Unchecked,     ///< Names for which DNS gave no answer.
};

enum class Severity : std::uint8_t { Warning, Error };

struct LintKindInfo {
  LintKind kind;
  const char* word;  ///< Stable: "unreachable".
  Severity severity;
};

/// All kinds, in the order of the enumeration.
[[nodiscard]] const std::array<LintKindInfo, 18>& all_lint_kinds() noexcept;
[[nodiscard]] const LintKindInfo& info(LintKind kind) noexcept;

/// Something wrong. The texts hold words of the configuration: escape before writing.
struct LintFinding {
  LintKind kind = LintKind::Problem;
  Place place;
  std::string rule;     ///< Name of the rule; empty if it is about none.
  std::string message;  ///< What is wrong, and why that matters.
  std::string fix;      ///< How to mend it; empty where the message says so.
};

/// What of the rest of the configuration matters to rules.
struct LintContext {
  Time now;
  std::vector<IpNetwork> local_networks;  ///< local.networks
  bool skips_authenticated = true;        ///< local.authenticated: skip
};

/// A rule that expires within this time is worth a word.
inline constexpr std::chrono::days kSoon{14};

/// Everything wrong with the rules that can be told from the rules alone, in their order. What it calls unreachable, or
/// says can never hold, is so of every message; that it is silent proves nothing.
[[nodiscard]] std::vector<LintFinding> lint(const Rules& rules, const LintContext& context);

/// Values of one list of networks that are there twice or lie in another one. `places` are theirs, or none, and then
/// `place` is all that is known.
[[nodiscard]] std::vector<LintFinding> lint_networks(const std::vector<IpNetwork>& networks,
                                                     const std::vector<Place>& places, const Place& place);

}  // namespace assay::policy
