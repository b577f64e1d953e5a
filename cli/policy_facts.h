#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/reader.h"
#include "policy/decision.h"
#include "policy/facts.h"
#include "verify/verdict.h"

namespace assay::cli {

/// A message of which no more is known than the facts that a case of `assay policy test` states.
struct Assumed {
  Verdict verdict;
  policy::Facts facts;
  /// Evidence of an indirect flow as stated; absent: it is looked for in the verdict, as in any message.
  std::optional<std::vector<policy::Indirect>> evidence;
};

/// Reads the map `facts` of a case. Its keys are those of the conditions (policy::all_facts), each with one value or a
/// list, and `mail_from`, `local` and `exceeded`. What is not stated is none: no signature, no envelope, no record.
/// What can hold of no message (a failing signature that names its domain as one that passes) is reported where it
/// stands, with what to write instead. Call Section::finish() after it.
[[nodiscard]] Assumed read_facts(config::Section& facts);

/// What is wrong with `word` where one of `known` is wanted: what it was probably meant to be.
[[nodiscard]] std::string unknown_word(const std::string& word, const std::vector<std::string>& known);

/// The author of a message whose case names none.
inline constexpr const char* kUnnamedAuthor = "author.invalid";

}  // namespace assay::cli
