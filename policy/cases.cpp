#include "policy/cases.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "policy/values.h"
#include "policy/word_facts.h"

namespace assay::policy {
namespace {

using Kind = Condition::Kind;
using Cases = std::vector<Case>;

/// One test for each value, where "one of them" means the same: not for arc_sealer, of which all count at once.
std::vector<Condition> split(const Condition& test) {
  std::vector<Condition> parts;
  const auto add = [&](auto values) {
    Condition part = test;
    part.values = std::move(values);
    parts.push_back(std::move(part));
  };
  if (test.fact == Fact::ArcSealer) {
    return {test};
  }
  if (const auto* const names = std::get_if<NameList>(&test.values)) {
    if (names->exact().size() + names->below().size() > kMaxSplitValues || names->empty()) {
      return {test};
    }
    // In the order of their names, for answers that are the same each time.
    for (const std::string& name : std::set<std::string>(names->exact().begin(), names->exact().end())) {
      NameList one;
      if (one.add(name)) {
        add(std::move(one));
      }
    }
    for (const std::string& name : std::set<std::string>(names->below().begin(), names->below().end())) {
      NameList one;
      if (one.add("*." + name)) {
        add(std::move(one));
      }
    }
  } else if (const auto* const networks = std::get_if<NetworkList>(&test.values)) {
    for (const IpNetwork& network : networks->networks) {
      add(NetworkList{{network}, {network.address.to_string() + "/" + std::to_string(network.prefix_bits)}, {}});
    }
  } else if (const auto* const addresses = std::get_if<AddressList>(&test.values)) {
    for (const std::string& address : addresses->addresses) {
      add(AddressList{{address}});
    }
  } else if (const auto* const words = std::get_if<WordList>(&test.values)) {
    for (const std::string& word : words->words) {
      add(WordList{{word}});
    }
  }
  return parts.empty() || parts.size() > kMaxSplitValues ? std::vector<Condition>{test} : std::move(parts);
}

Cases expand_test(const Condition& test, bool is_negated, bool splits) {
  if (const bool* const flag = std::get_if<bool>(&test.values)) {
    Condition asked = test;
    asked.values = *flag != is_negated;
    return {{{std::move(asked), false}}};
  }
  if (is_negated || !splits) {
    return {{{test, is_negated}}};
  }
  Cases cases;
  for (Condition& part : split(test)) {
    cases.push_back({{std::move(part), false}});
  }
  return cases;
}

std::optional<Cases> expand_all(const Condition& condition, bool is_negated, bool splits) {
  Cases cases{{}};
  for (const Condition& part : condition.parts) {
    const auto its = expand(part, is_negated, splits);
    if (!its || its->size() * cases.size() > kMaxCases) {
      return std::nullopt;
    }
    Cases both;
    for (const Case& one : cases) {
      for (const Case& other : *its) {
        both.push_back(one);
        both.back().insert(both.back().end(), other.begin(), other.end());
      }
    }
    cases = std::move(both);
  }
  return cases;
}

std::optional<Cases> expand_any(const Condition& condition, bool is_negated, bool splits) {
  Cases cases;
  for (const Condition& part : condition.parts) {
    auto its = expand(part, is_negated, splits);
    if (!its || its->size() + cases.size() > kMaxCases) {
      return std::nullopt;
    }
    std::move(its->begin(), its->end(), std::back_inserter(cases));
  }
  return cases;
}

bool is_subset(const Words& words, const Condition& test) {
  const auto* const list = std::get_if<WordList>(&test.values);
  return list != nullptr &&
         std::all_of(words.begin(), words.end(), [list](const std::string& word) { return has_word(*list, word); });
}

bool is_disjoint(const Words& words, const Condition& test) {
  const auto* const list = std::get_if<WordList>(&test.values);
  return list != nullptr &&
         std::none_of(words.begin(), words.end(), [list](const std::string& word) { return has_word(*list, word); });
}

/// Whether `test` is true of each message of the case.
bool holds(const KnownCase& given, const Condition& test) {
  if (std::any_of(given.literals.begin(), given.literals.end(), [&test](const Literal& literal) {
        return !literal.is_negated && literal.test.fact == test.fact && covers(test, literal.test);
      })) {
    return true;
  }
  if (!is_word_fact(test.fact)) {
    return false;
  }
  const auto words = given.words.find(test.fact);
  return words != given.words.end() && !words->second.empty() && is_subset(words->second, test);
}

/// Whether `test` is false (not: unknown) of each message of the case.
bool is_refuted(const KnownCase& given, const Condition& test) {
  if (std::any_of(given.literals.begin(), given.literals.end(), [&test](const Literal& literal) {
        if (literal.test.fact != test.fact) {
          return false;
        }
        if (literal.is_negated) {
          return covers(literal.test, test);
        }
        // A word that is not named is unknown, not false, where the check failed temporarily; so is another client
        // name than the one that the MTA gives.
        return is_single_valued(test.fact) && !is_word_fact(test.fact) && test.fact != Fact::ClientName &&
               !may_overlap(literal.test, test);
      })) {
    return true;
  }
  if (!is_word_fact(test.fact)) {
    return false;
  }
  const auto words = given.words.find(test.fact);
  return words != given.words.end() && !words->second.empty() && !words->second.contains("temperror") &&
         is_disjoint(words->second, test);
}

/// Whether the condition is true (or, `is_negated`, false) of each message of the case.
bool implies(const KnownCase& given, const Condition& condition, bool is_negated, Sealers sealers) {
  const auto is_part_implied = [&](const Condition& part) { return implies(given, part, is_negated, sealers); };
  switch (condition.kind) {
    case Kind::Test:
      // The same test of other sealers' claims tells nothing.
      return (condition.fact != Fact::ArcClaims || sealers == Sealers::Same) &&
             (is_negated ? is_refuted(given, condition) : holds(given, condition));
    case Kind::Not: return !condition.parts.empty() && implies(given, condition.parts.front(), !is_negated, sealers);
    case Kind::All:
    case Kind::Any: break;
  }
  return (condition.kind == Kind::All) != is_negated
             ? std::all_of(condition.parts.begin(), condition.parts.end(), is_part_implied)
             : std::any_of(condition.parts.begin(), condition.parts.end(), is_part_implied);
}

/// The lists of sealers that a rule trusts. What stands under `not` trusts nobody.
void collect_sealers(const Condition& condition, std::vector<const NameList*>& lists) {
  if (condition.kind == Kind::Test && condition.fact == Fact::ArcSealer) {
    if (const auto* const list = std::get_if<NameList>(&condition.values)) {
      lists.push_back(list);
    }
  }
  if (condition.kind == Kind::All || condition.kind == Kind::Any) {
    for (const Condition& part : condition.parts) {
      collect_sealers(part, lists);
    }
  }
}

}  // namespace

// `not` goes down to the tests, and `all` and `any` change places below it (De Morgan).
std::optional<Cases> expand(const Condition& condition, bool is_negated, bool splits) {
  switch (condition.kind) {
    case Kind::Test: return expand_test(condition, is_negated, splits);
    case Kind::Not:
      return condition.parts.empty() ? std::nullopt : expand(condition.parts.front(), !is_negated, splits);
    case Kind::All:
    case Kind::Any: break;
  }
  return (condition.kind == Kind::All) != is_negated ? expand_all(condition, is_negated, splits)
                                                     : expand_any(condition, is_negated, splits);
}

std::optional<std::vector<Case>> cases_of(const Condition& condition) {
  // With every value apart, if that is not too much; else with the lists as they are.
  auto cases = expand(condition, false, true);
  return cases ? cases : expand(condition, false, false);
}

Sealers compare_sealers(const Condition& a, const Condition& b, const NameList& trusted_sealers) {
  std::vector<const NameList*> ones;
  std::vector<const NameList*> others;
  collect_sealers(a, ones);
  collect_sealers(b, others);
  const auto are_among = [&trusted_sealers](const std::vector<const NameList*>& few,
                                            const std::vector<const NameList*>& many) {
    return std::all_of(few.begin(), few.end(), [&](const NameList* list) {
      return trusted_sealers.covers(*list) || std::any_of(many.begin(), many.end(), [list](const NameList* other) {
               return other == list || other->covers(*list);
             });
    });
  };
  return are_among(ones, others) && are_among(others, ones) ? Sealers::Same : Sealers::Different;
}

KnownCase::KnownCase(const Case& given) : literals(given) {
  const std::vector<Constraint> constraints = constraints_of(given);
  for (const Constraint& constraint : constraints) {
    if (!words.contains(constraint.fact)) {
      words.emplace(constraint.fact, possible(constraints, constraint.fact).value_or(Words{}));
    }
  }
}

bool implies(const KnownCase& given, const Condition& condition, Sealers sealers) {
  return implies(given, condition, false, sealers);
}

bool needs_empty_list(const Case& given) {
  return std::any_of(given.begin(), given.end(),
                     [](const Literal& literal) { return !literal.is_negated && is_empty(literal.test); });
}

bool depends_on_author(const Condition& condition) {
  if (condition.kind != Kind::Test) {
    return std::any_of(condition.parts.begin(), condition.parts.end(), depends_on_author);
  }
  const Fact fact = condition.fact;
  return fact == Fact::FromDomain || fact == Fact::OrgDomain || fact == Fact::Dmarc || fact == Fact::DmarcPublished ||
         fact == Fact::ArcClaims || fact == Fact::Reason;
}

bool depends_on_dns(const Condition& condition) {
  if (condition.kind != Kind::Test) {
    return std::any_of(condition.parts.begin(), condition.parts.end(), depends_on_dns);
  }
  switch (condition.fact) {
    case Fact::FromDomain:
    case Fact::MailFromDomain:
    case Fact::Helo:
    case Fact::ClientIp:
    case Fact::Rcpt:
    case Fact::RcptDomain:
    case Fact::ListId:
    case Fact::Authenticated:
    case Fact::Tls: return false;
    case Fact::OrgDomain:
    case Fact::Dmarc:
    case Fact::DmarcPublished:
    case Fact::ClientName:
    case Fact::Spf:
    case Fact::SpfHelo:
    case Fact::Dkim:
    case Fact::DkimDomain:
    case Fact::DkimTesting:
    case Fact::Arc:
    case Fact::ArcSealer:
    case Fact::ArcClaims:
    case Fact::Iprev:
    case Fact::Indirect:
    case Fact::Reason: return true;
  }
  return true;
}

std::string describe(const Literal& literal) {
  constexpr std::size_t kMostShown = 3;
  const std::vector<std::string> values = values_of(literal.test);
  std::string text = literal.is_negated ? "not " : "";
  text += info(literal.test.fact).key;
  text += ": ";
  if (values.size() == 1) {
    return text + values.front();
  }
  text += '[';
  for (std::size_t i = 0; i < std::min(values.size(), kMostShown); ++i) {
    text += (i == 0 ? "" : ", ") + values[i];
  }
  return text + (values.size() > kMostShown ? ", ...]" : "]");
}

}  // namespace assay::policy
