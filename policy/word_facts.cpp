#include "policy/word_facts.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

#include "policy/values.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

bool may_lack_word(Fact fact) {
  return fact == Fact::DmarcPublished || fact == Fact::Iprev;
}

/// Words of `reason` that one method alone has, and the results that it gives with them.
struct ReasonRow {
  const char* reason;
  Fact fact;
  const char* result;  ///< nullptr: any but none.
};
constexpr std::array<ReasonRow, 35> kReasons{{
    // RFC 9989 section 5.3.5: without an aligned pass the result is fail.
    {"not_aligned", Fact::Dmarc, "fail"},
    {"unusable_record", Fact::Dmarc, "permerror"},
    {"from_missing", Fact::Dmarc, "permerror"},
    {"from_repeated", Fact::Dmarc, "permerror"},
    {"from_unparsable", Fact::Dmarc, "permerror"},
    {"from_without_domain", Fact::Dmarc, "permerror"},
    {"too_many_authors", Fact::Dmarc, "permerror"},
    // RFC 8617 section 5.2: each of these fails the chain.
    {"too_many_sets", Fact::Arc, "fail"},
    {"malformed_set", Fact::Arc, "fail"},
    {"incomplete_set", Fact::Arc, "fail"},
    {"chain_marked_failed", Fact::Arc, "fail"},
    {"wrong_chain_validation", Fact::Arc, "fail"},
    {"message_signature_failed", Fact::Arc, "fail"},
    {"seal_failed", Fact::Arc, "fail"},
    {"key_failure", Fact::Arc, "fail"},
    // RFC 8601 section 2.7.1: none means that the message was not signed, so that there is nothing to object to.
    {"signature_syntax", Fact::Dkim, nullptr},
    {"missing_tag", Fact::Dkim, nullptr},
    {"unsupported_version", Fact::Dkim, nullptr},
    {"unsupported_algorithm", Fact::Dkim, nullptr},
    {"unsupported_canonicalization", Fact::Dkim, nullptr},
    {"unsupported_query", Fact::Dkim, nullptr},
    {"from_not_signed", Fact::Dkim, nullptr},
    {"identity_mismatch", Fact::Dkim, nullptr},
    {"expired", Fact::Dkim, nullptr},
    {"future_timestamp", Fact::Dkim, nullptr},
    {"weak_hash", Fact::Dkim, nullptr},
    {"key_too_small", Fact::Dkim, nullptr},
    {"key_too_large", Fact::Dkim, nullptr},
    {"no_key", Fact::Dkim, nullptr},
    {"key_syntax", Fact::Dkim, nullptr},
    {"key_revoked", Fact::Dkim, nullptr},
    {"key_mismatch", Fact::Dkim, nullptr},
    {"body_hash_mismatch", Fact::Dkim, nullptr},
    {"signature_mismatch", Fact::Dkim, nullptr},
    {"too_many_signatures", Fact::Dkim, nullptr},
}};

const ReasonRow* find_reason(std::string_view word) {
  const auto* const row = std::find_if(kReasons.begin(), kReasons.end(),
                                       [word](const ReasonRow& each) { return iequals(each.reason, word); });
  return row != kReasons.end() ? row : nullptr;
}

Words universe_of(Fact fact) {
  const std::vector<std::string> words = words_of(fact);
  Words all(words.begin(), words.end());
  if (may_lack_word(fact)) {
    all.insert("");
  }
  return all;
}

Words without(Words words, std::initializer_list<const char*> excluded) {
  for (const char* const word : excluded) {
    words.erase(word);
  }
  return words;
}

/// What `literal` says of its own fact, which has words.
Words remaining(const Literal& literal, const WordList& list) {
  Words words;
  const Words all = universe_of(literal.test.fact);
  std::copy_if(all.begin(), all.end(), std::inserter(words, words.end()),
               [&](const std::string& word) { return has_word(list, word) != literal.is_negated; });
  return words;
}

/// A reason that one method alone gives tells its result.
void add_reason(const Literal& literal, const WordList& list, std::vector<Constraint>& constraints) {
  const ReasonRow* const first = list.words.empty() ? nullptr : find_reason(list.words.front());
  if (first == nullptr) {
    return;
  }
  Words results;
  for (const std::string& word : list.words) {
    const ReasonRow* const row = find_reason(word);
    if (row == nullptr || row->fact != first->fact) {
      return;
    }
    if (row->result != nullptr) {
      results.insert(row->result);
    } else {
      results.merge(without(universe_of(row->fact), {"none"}));
    }
  }
  constraints.push_back({first->fact, std::move(results), &literal, "comes with other results alone"});
}

}  // namespace

bool is_single_valued(Fact fact) {
  // org_domain: until a walk has found it, every ancestor of the author's domain counts as it.
  return fact != Fact::OrgDomain && fact != Fact::DkimDomain && fact != Fact::ArcClaims && fact != Fact::Indirect &&
         fact != Fact::Reason;
}

bool is_word_fact(Fact fact) {
  return info(fact).form == Form::Words && is_single_valued(fact);
}

std::vector<Constraint> constraints_of(const Case& given) {
  std::vector<Constraint> constraints;
  for (const Literal& literal : given) {
    const Fact fact = literal.test.fact;
    const auto* const list = std::get_if<WordList>(&literal.test.values);
    if (list != nullptr && is_word_fact(fact)) {
      constraints.push_back({fact, remaining(literal, *list), &literal, nullptr});
    }
    if (literal.is_negated) {
      continue;
    }
    const bool* const flag = std::get_if<bool>(&literal.test.values);
    if (fact == Fact::DkimDomain) {
      constraints.push_back({Fact::Dkim, {"pass"}, &literal, "needs a signature that passes"});
    } else if (fact == Fact::ArcSealer || fact == Fact::ArcClaims) {
      constraints.push_back({Fact::Arc, {"pass"}, &literal, "needs a chain that passes"});
    } else if (fact == Fact::DkimTesting && flag != nullptr && *flag) {
      constraints.push_back({Fact::Dkim, without(universe_of(Fact::Dkim), {"none"}), &literal, "needs a signature"});
    } else if (fact == Fact::DmarcPublished) {
      // RFC 9989 section 4.10.1: none is the result where there is no record, permerror where it is unusable.
      constraints.push_back({Fact::Dmarc, without(universe_of(Fact::Dmarc), {"none", "permerror"}), &literal,
                             "needs a usable DMARC record"});
    } else if (fact == Fact::Reason && list != nullptr) {
      add_reason(literal, *list, constraints);
    }
  }
  return constraints;
}

Words intersect(const Words& a, const Words& b) {
  Words both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

std::optional<Words> possible(const std::vector<Constraint>& constraints, Fact fact) {
  std::optional<Words> words;
  for (const Constraint& constraint : constraints) {
    if (constraint.fact == fact) {
      words = words ? intersect(*words, constraint.words) : constraint.words;
    }
  }
  return words;
}

}  // namespace assay::policy
