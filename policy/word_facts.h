#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/cases.h"
#include "policy/condition.h"

namespace assay::policy {

// What tests say of the facts that have one of a few words, such as the results of the methods.

using Words = std::set<std::string>;

/// Whether no message (as one author's, for one recipient) has two values of the fact. Of arc_sealer all count at once,
/// which for this purpose is the same.
[[nodiscard]] bool is_single_valued(Fact fact);
/// Facts of which each message has exactly one word of words_of(); dmarc_published and iprev may have none.
[[nodiscard]] bool is_word_fact(Fact fact);

/// What a literal says of a fact of words: only these remain.
struct Constraint {
  Fact fact;
  Words words;  ///< "" stands for no word at all.
  const Literal* source;
  const char* why;  ///< Why `source` says that, if it speaks of another fact; else nullptr.
};

/// What the parts of the case say of the facts that have words, by their own or by what the RFCs have go together.
/// Points into `given`.
[[nodiscard]] std::vector<Constraint> constraints_of(const Case& given);
/// What is left of the words of `fact`; nullopt if nothing is said of it.
[[nodiscard]] std::optional<Words> possible(const std::vector<Constraint>& constraints, Fact fact);
/// The words that are in both.
[[nodiscard]] Words intersect(const Words& a, const Words& b);

}  // namespace assay::policy
