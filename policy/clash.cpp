#include "policy/clash.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "policy/values.h"
#include "policy/word_facts.h"
#include "verify/base/domain.h"

namespace assay::policy {
namespace {

using Kind = Condition::Kind;

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
    return covers(negative.test, positive.test) ? both + " exclude each other" : std::string();
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

/// `is_whole`: without this part the whole never holds.
std::optional<Clash> find_contradiction(const Condition& condition, bool is_negated, bool is_whole) {
  const bool needs_all = condition.kind == Kind::Not || (condition.kind == Kind::All) != is_negated;
  std::optional<Clash> branch;
  for (const Condition& part : condition.parts) {
    if (!needs_all && is_negated) {
      break;
    }
    auto clash = find_contradiction(part, is_negated != (condition.kind == Kind::Not), is_whole && needs_all);
    if (clash && clash->is_whole) {
      return clash;
    }
    if (!branch) {
      branch = std::move(clash);
    }
  }
  if (branch && !is_whole) {
    return branch;
  }
  auto own = find_common_clash(condition, is_negated);
  if (own) {
    own->is_whole = is_whole;
    return own;
  }
  return branch;
}

}  // namespace

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
  return find_contradiction(condition, false, true);
}

}  // namespace assay::policy
