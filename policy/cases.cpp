#include "policy/cases.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "verify/base/text.h"

namespace assay::policy {
namespace {

using Kind = Condition::Kind;
using Words = std::set<std::string>;
using Cases = std::vector<Case>;

// --- values ---------------------------------------------------------------------------------------------------------

bool is_within(const IpNetwork& inner, const IpNetwork& outer) {
  return inner.prefix_bits >= outer.prefix_bits && outer.contains(inner.address);
}

bool covers(const NetworkList& wide, const NetworkList& narrow) {
  return std::all_of(narrow.networks.begin(), narrow.networks.end(), [&wide](const IpNetwork& inner) {
    return std::any_of(wide.networks.begin(), wide.networks.end(),
                       [&inner](const IpNetwork& outer) { return is_within(inner, outer); });
  });
}

bool overlaps(const NetworkList& a, const NetworkList& b) {
  return std::any_of(a.networks.begin(), a.networks.end(), [&b](const IpNetwork& one) {
    return std::any_of(b.networks.begin(), b.networks.end(),
                       [&one](const IpNetwork& other) { return is_within(one, other) || is_within(other, one); });
  });
}

constexpr std::string_view kAnyAt = "*@";

std::string_view domain_part(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

/// Whether each address that the pattern `narrow` stands for is one that `wide` stands for.
bool covers_address(std::string_view wide, std::string_view narrow) {
  return iequals(wide, narrow) || (wide.starts_with(kAnyAt) && iequals(domain_part(wide), domain_part(narrow)));
}

bool covers(const AddressList& wide, const AddressList& narrow) {
  return std::all_of(narrow.addresses.begin(), narrow.addresses.end(), [&wide](const std::string& inner) {
    return std::any_of(wide.addresses.begin(), wide.addresses.end(),
                       [&inner](const std::string& outer) { return covers_address(outer, inner); });
  });
}

bool overlaps(const AddressList& a, const AddressList& b) {
  return std::any_of(a.addresses.begin(), a.addresses.end(), [&b](const std::string& one) {
    return std::any_of(b.addresses.begin(), b.addresses.end(), [&one](const std::string& other) {
      return covers_address(one, other) || covers_address(other, one);
    });
  });
}

bool has_word(const WordList& list, std::string_view word) {
  return std::any_of(list.words.begin(), list.words.end(),
                     [word](const std::string& other) { return iequals(other, word); });
}

bool covers(const WordList& wide, const WordList& narrow) {
  return std::all_of(narrow.words.begin(), narrow.words.end(),
                     [&wide](const std::string& word) { return has_word(wide, word); });
}

bool overlaps(const WordList& a, const WordList& b) {
  return std::any_of(a.words.begin(), a.words.end(), [&b](const std::string& word) { return has_word(b, word); });
}

bool covers(const NameList& wide, const NameList& narrow) {
  return wide.covers(narrow);
}

bool overlaps(const NameList& a, const NameList& b) {
  return a.overlaps(b);
}

bool is_empty(const Condition& test) {
  struct Visitor {
    bool operator()(const NameList& list) const { return list.empty(); }
    bool operator()(const NetworkList& list) const { return list.networks.empty(); }
    bool operator()(const AddressList& list) const { return list.addresses.empty(); }
    bool operator()(const WordList& list) const { return list.words.empty(); }
    bool operator()(bool /*flag*/) const { return false; }
  };
  return std::visit(Visitor{}, test.values);
}

/// Whether some value may be one that both name; true where that is not known. Meant for one and the same fact.
bool may_overlap(const Condition& a, const Condition& b) {
  const bool* const flag_a = std::get_if<bool>(&a.values);
  const bool* const flag_b = std::get_if<bool>(&b.values);
  if (flag_a != nullptr || flag_b != nullptr) {
    // Words of a fact are among what `true` stands for.
    return (flag_a == nullptr || *flag_a) == (flag_b == nullptr || *flag_b);
  }
  return std::visit(
      [&b](const auto& one) {
        using List = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<List, bool>) {
          return true;
        } else {
          const auto* const other = std::get_if<List>(&b.values);
          return other == nullptr || overlaps(one, *other);
        }
      },
      a.values);
}

// --- facts ----------------------------------------------------------------------------------------------------------

/// Whether no message (as one author's, for one recipient) has two values of the fact. Of arc_sealer all count at once,
/// which for this purpose is the same.
bool is_single_valued(Fact fact) {
  // org_domain: until a walk has found it, every ancestor of the author's domain counts as it.
  return fact != Fact::OrgDomain && fact != Fact::DkimDomain && fact != Fact::ArcClaims && fact != Fact::Indirect &&
         fact != Fact::Reason;
}

/// Facts of which each message has exactly one word of words_of(), or none where `may_lack_word`.
bool is_word_fact(Fact fact) {
  return info(fact).form == Form::Words && is_single_valued(fact);
}

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

/// What a literal says of a fact of words: only these remain.
struct Constraint {
  Fact fact;
  Words words;  ///< "" stands for no word at all.
  const Literal* source;
  const char* why;  ///< Why `source` says that, if it speaks of another fact; else nullptr.
};

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

/// What the parts of the case say of the facts that have words, by their own or by what the RFCs have go together.
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

/// What is left of the words of `fact`; nullopt if nothing is said of it.
std::optional<Words> possible(const std::vector<Constraint>& constraints, Fact fact) {
  std::optional<Words> words;
  for (const Constraint& constraint : constraints) {
    if (constraint.fact == fact) {
      words = words ? intersect(*words, constraint.words) : constraint.words;
    }
  }
  return words;
}

// --- cases ----------------------------------------------------------------------------------------------------------

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

std::optional<Cases> expand(const Condition& condition, bool is_negated, bool splits);

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

/// `not` goes down to the tests, and `all` and `any` change places below it (De Morgan).
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

// --- implication ----------------------------------------------------------------------------------------------------

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
bool holds(const Case& given, const Condition& test) {
  if (std::any_of(given.begin(), given.end(), [&test](const Literal& literal) {
        return !literal.is_negated && literal.test.fact == test.fact && covers(test, literal.test);
      })) {
    return true;
  }
  if (!is_word_fact(test.fact)) {
    return false;
  }
  const auto words = possible(constraints_of(given), test.fact);
  return words && !words->empty() && is_subset(*words, test);
}

/// Whether `test` is false (not: unknown) of each message of the case.
bool is_refuted(const Case& given, const Condition& test) {
  if (std::any_of(given.begin(), given.end(), [&test](const Literal& literal) {
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
  const auto words = possible(constraints_of(given), test.fact);
  return words && !words->empty() && !words->contains("temperror") && is_disjoint(*words, test);
}

/// Whether the condition is true (or, `is_negated`, false) of each message of the case.
bool implies(const Case& given, const Condition& condition, bool is_negated) {
  const auto is_part_implied = [&](const Condition& part) { return implies(given, part, is_negated); };
  switch (condition.kind) {
    case Kind::Test: return is_negated ? is_refuted(given, condition) : holds(given, condition);
    case Kind::Not: return !condition.parts.empty() && implies(given, condition.parts.front(), !is_negated);
    case Kind::All:
    case Kind::Any: break;
  }
  return (condition.kind == Kind::All) != is_negated
             ? std::all_of(condition.parts.begin(), condition.parts.end(), is_part_implied)
             : std::any_of(condition.parts.begin(), condition.parts.end(), is_part_implied);
}

// --- contradiction --------------------------------------------------------------------------------------------------

/// Whether the names of the one are neither above nor below any of the other's.
bool are_unrelated(const NameList& a, const NameList& b) {
  const auto names_of = [](const NameList& list) {
    std::vector<Domain> names;
    for (const auto* const set : {&list.exact(), &list.below()}) {
      for (const std::string& name : *set) {
        if (const auto domain = Domain::parse(name)) {
          names.push_back(*domain);
        }
      }
    }
    return names;
  };
  const std::vector<Domain> others = names_of(b);
  const std::vector<Domain> ones = names_of(a);
  if (ones.size() * others.size() > kMaxCases * kMaxCases) {
    return false;
  }
  return std::none_of(ones.begin(), ones.end(), [&others](const Domain& one) {
    return std::any_of(others.begin(), others.end(),
                       [&one](const Domain& other) { return one.is_within(other) || other.is_within(one); });
  });
}

/// Facts that are about one domain, or one above it.
bool are_related(Fact a, Fact b) {
  return (a == Fact::FromDomain && b == Fact::OrgDomain) || (a == Fact::OrgDomain && b == Fact::FromDomain) ||
         (a == Fact::OrgDomain && b == Fact::OrgDomain);
}

bool has_foreign_domain(const Condition& rcpt, const Condition& domain) {
  const auto* const addresses = std::get_if<AddressList>(&rcpt.values);
  const auto* const names = std::get_if<NameList>(&domain.values);
  return rcpt.fact == Fact::Rcpt && domain.fact == Fact::RcptDomain && addresses != nullptr && names != nullptr &&
         std::none_of(addresses->addresses.begin(), addresses->addresses.end(),
                      [names](const std::string& address) { return names->contains(domain_part(address)); });
}

/// Why two parts of a case, the later one second, cannot hold together; empty if they may.
std::string clash_of(const Literal& a, const Literal& b) {
  const std::string both = describe(a) + " and " + describe(b);
  if (is_empty(a.test) || is_empty(b.test)) {
    return {};  // A list whose file is empty: said elsewhere.
  }
  if (a.test.fact == b.test.fact && a.is_negated != b.is_negated) {
    const Literal& positive = a.is_negated ? b : a;
    const Literal& negative = a.is_negated ? a : b;
    return policy::covers(negative.test, positive.test) ? both + " exclude each other" : std::string();
  }
  if (a.is_negated || b.is_negated) {
    return {};
  }
  if (a.test.fact == b.test.fact && !may_overlap(a.test, b.test) &&
      (is_single_valued(a.test.fact) || std::holds_alternative<bool>(a.test.values) ||
       std::holds_alternative<bool>(b.test.values))) {
    return both + " have nothing in common";
  }
  const auto* const names_a = std::get_if<NameList>(&a.test.values);
  const auto* const names_b = std::get_if<NameList>(&b.test.values);
  if (names_a != nullptr && names_b != nullptr && are_related(a.test.fact, b.test.fact) &&
      are_unrelated(*names_a, *names_b)) {
    return both + " never go together: the Organizational Domain is the author's domain or one above it";
  }
  if (has_foreign_domain(a.test, b.test) || has_foreign_domain(b.test, a.test)) {
    return both + " have nothing in common";
  }
  return {};
}

/// As clash_of, for what the results of the methods imply.
std::optional<Clash> find_result_clash(const Case& given) {
  const std::vector<Constraint> constraints = constraints_of(given);
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Constraint& later = constraints[i];
      const Constraint& earlier = constraints[j];
      if (later.fact != earlier.fact || later.source == earlier.source || later.words.empty() ||
          earlier.words.empty() || !intersect(later.words, earlier.words).empty()) {
        continue;
      }
      const Constraint& derived = later.why != nullptr ? later : earlier;
      const Constraint& other = later.why != nullptr ? earlier : later;
      const std::string why =
          derived.why != nullptr
              ? describe(*derived.source) + " " + derived.why + ", which " + describe(*other.source) + " excludes"
              : describe(*earlier.source) + " and " + describe(*later.source) + " have nothing in common";
      return Clash{why, std::max(earlier.source, later.source)->test.place};
    }
  }
  for (const Constraint& constraint : constraints) {
    const auto words = possible(constraints, constraint.fact);
    if (words && words->empty() && !is_empty(constraint.source->test)) {
      return Clash{std::string("the conditions leave no result of ") + info(constraint.fact).key,
                   constraint.source->test.place};
    }
  }
  // RFC 9989 section 5.3.5: DMARC passes by SPF of MAIL FROM or by a signature that passes, by nothing else.
  const auto dmarc = possible(constraints, Fact::Dmarc);
  const auto spf = possible(constraints, Fact::Spf);
  const auto dkim = possible(constraints, Fact::Dkim);
  if (dmarc == Words{"pass"} && spf && !spf->contains("pass") && dkim && !dkim->contains("pass")) {
    const auto last = std::find_if(constraints.rbegin(), constraints.rend(), [](const Constraint& constraint) {
      return constraint.fact == Fact::Dmarc || constraint.fact == Fact::Spf || constraint.fact == Fact::Dkim;
    });
    return Clash{"dmarc: pass needs spf or dkim to pass, and the other conditions exclude both",
                 last->source->test.place};
  }
  return std::nullopt;
}

/// The clash of the first case if every one has some.
std::optional<Clash> find_common_clash(const Condition& condition, bool is_negated) {
  for (const bool splits : {false, true}) {
    const auto cases = expand(condition, is_negated, splits);
    if (!cases) {
      continue;
    }
    if (cases->empty()) {
      return Clash{"any of no conditions at all never holds", condition.place};
    }
    std::optional<Clash> first;
    const bool is_impossible = std::all_of(cases->begin(), cases->end(), [&first](const Case& one) {
      auto clash = find_clash(one);
      const bool clashes = clash.has_value();
      if (!first) {
        first = std::move(clash);
      }
      return clashes;
    });
    if (is_impossible) {
      return first;
    }
  }
  return std::nullopt;
}

std::optional<Clash> find_contradiction(const Condition& condition, bool is_negated) {
  const bool negates = condition.kind == Kind::Not;
  for (const Condition& part : condition.parts) {
    if (auto clash = find_contradiction(part, is_negated != negates)) {
      return clash;
    }
  }
  return find_common_clash(condition, is_negated);
}

std::vector<std::string> values_of(const Condition& test) {
  struct Visitor {
    std::vector<std::string> operator()(const NameList& list) const { return list.written(); }
    std::vector<std::string> operator()(const NetworkList& list) const { return list.written; }
    std::vector<std::string> operator()(const AddressList& list) const { return list.addresses; }
    std::vector<std::string> operator()(const WordList& list) const { return list.words; }
    std::vector<std::string> operator()(bool flag) const { return {flag ? "true" : "false"}; }
  };
  return std::visit(Visitor{}, test.values);
}

}  // namespace

std::optional<std::vector<Case>> cases_of(const Condition& condition) {
  // With every value apart, if that is not too much; else with the lists as they are.
  auto cases = expand(condition, false, true);
  return cases ? cases : expand(condition, false, false);
}

bool implies(const Case& given, const Condition& condition) {
  return implies(given, condition, false);
}

std::optional<Clash> find_clash(const Case& given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (std::string why = clash_of(given[j], given[i]); !why.empty()) {
        return Clash{std::move(why), given[i].test.place};
      }
    }
  }
  return find_result_clash(given);
}

std::optional<Clash> find_contradiction(const Condition& condition) {
  return find_contradiction(condition, false);
}

bool covers(const Condition& wide, const Condition& narrow) {
  const bool* const flag = std::get_if<bool>(&wide.values);
  if (flag != nullptr) {
    const bool* const other = std::get_if<bool>(&narrow.values);
    return other != nullptr ? *flag == *other : *flag;
  }
  return std::visit(
      [&narrow](const auto& list) {
        using List = std::decay_t<decltype(list)>;
        if constexpr (std::is_same_v<List, bool>) {
          return false;
        } else {
          const auto* const other = std::get_if<List>(&narrow.values);
          return other != nullptr && covers(list, *other);
        }
      },
      wide.values);
}

bool depends_on_author(const Condition& condition) {
  if (condition.kind != Kind::Test) {
    return std::any_of(condition.parts.begin(), condition.parts.end(), depends_on_author);
  }
  const Fact fact = condition.fact;
  return fact == Fact::FromDomain || fact == Fact::OrgDomain || fact == Fact::Dmarc || fact == Fact::DmarcPublished ||
         fact == Fact::ArcClaims || fact == Fact::Reason;
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
