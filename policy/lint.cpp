#include "policy/lint.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "policy/cases.h"
#include "policy/clash.h"
#include "policy/proof.h"
#include "policy/values.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

using Kind = Condition::Kind;

constexpr std::array<LintKindInfo, 18> kKinds{{
    {LintKind::Problem, "problem", Severity::Error},
    {LintKind::Unproven, "unproven", Severity::Error},
    {LintKind::Unreachable, "unreachable", Severity::Error},
    {LintKind::Shadowed, "shadowed", Severity::Warning},
    {LintKind::Conflict, "conflict", Severity::Error},
    {LintKind::Contradiction, "contradiction", Severity::Error},
    {LintKind::Expired, "expired", Severity::Warning},
    {LintKind::ExpiresSoon, "expires_soon", Severity::Warning},
    {LintKind::LocalMail, "local_mail", Severity::Warning},
    {LintKind::NoSealer, "no_sealer", Severity::Error},
    {LintKind::EmptyList, "empty_list", Severity::Warning},
    {LintKind::Duplicate, "duplicate", Severity::Warning},
    {LintKind::Covered, "covered", Severity::Warning},
    {LintKind::Overlap, "overlap", Severity::Warning},
    {LintKind::PublicSuffix, "public_suffix", Severity::Error},
    {LintKind::UnknownTld, "unknown_tld", Severity::Warning},
    {LintKind::UnknownName, "unknown_name", Severity::Warning},
    {LintKind::Unchecked, "unchecked", Severity::Warning},
}};

/// Names that differ in letter case alone, or in how a U-label is written, are the same.
std::string normal_form(std::string_view text) {
  const bool is_pattern = text.starts_with("*.");
  const auto domain = Domain::parse(is_pattern ? text.substr(2) : text);
  return domain ? (is_pattern ? "*." : "") + domain->str() : to_lower(text);
}

/// 'rule "x" (line 7)', with its file where that is another one.
std::string name_of(const Rule& rule, const Place& seen_from) {
  std::string text = "rule \"" + rule.name + "\"";
  if (rule.place.line > 0) {
    const bool is_elsewhere = rule.place.file && seen_from.file && *rule.place.file != *seen_from.file;
    text += is_elsewhere ? " (" + *rule.place.file + ":" : " (line ";
    text += std::to_string(rule.place.line) + ")";
  }
  return text;
}

std::string format(const IpNetwork& network) {
  return network.address.to_string() + "/" + std::to_string(network.prefix_bits);
}

/// The family and the first bits of a network's address: equal for addresses in one network of that size.
std::string bits_of(const IpNetwork& network, unsigned bits) {
  constexpr unsigned kOctetBits = 8;
  std::string text(1, network.address.is_v4() ? '4' : '6');
  for (const std::uint8_t octet : network.address.octets()) {
    const unsigned kept = std::min(bits, kOctetBits);
    bits -= kept;
    text += static_cast<char>(octet & ~(0xFFU >> kept));
    if (bits == 0) {
      text += static_cast<char>(kept);
      break;
    }
  }
  return text;
}

/// "header X-Spam-Flag: YES", "redirect abuse@example.com", "hold"
std::string describe(const Quarantine& form) {
  std::string text = to_string(form.how);
  if (form.how == QuarantineHow::Header) {
    text += " " + form.name + ": " + form.value;
  } else if (form.how == QuarantineHow::Redirect) {
    text += " " + form.to;
  }
  return text;
}

/// "reject", "quarantine (redirect abuse@example.com)"
std::string action_of(const Rule& rule) {
  if (!rule.then.action) {
    return "continue";
  }
  std::string text = to_string(*rule.then.action);
  return rule.then.quarantine ? text + " (" + describe(*rule.then.quarantine) + ")" : text;
}

bool accepts(const Rule& rule) {
  return rule.then.action == Action::Accept;
}

bool has_expired(const Rule& rule, Time now) {
  return rule.expires && now >= *rule.expires;
}

/// "2026-12-31", the day before the first second at which the rule counts no more.
std::string last_day(const Rule& rule) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(*rule.expires - std::chrono::seconds(1)));
  const auto two = [](unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::to_string(static_cast<int>(day.year())) + "-" + two(static_cast<unsigned>(day.month())) + "-" +
         two(static_cast<unsigned>(day.day()));
}

/// Whether `earlier`, where it matches, always ends the search before `later` is asked.
bool ends_before(const Rule& earlier, const Rule& later) {
  const bool lasts = !earlier.expires || (later.expires && *later.expires <= *earlier.expires);
  return !earlier.observe && earlier.then.action.has_value() && lasts;
}

/// Whether `earlier` is always at least as harsh as `later`. A quarantine may be as mild as an accepted message with a
/// mark, or a refusal.
bool is_as_harsh(const Rule& earlier, const Rule& later) {
  if (earlier.then.action == later.then.action && earlier.then.quarantine == later.then.quarantine) {
    return true;
  }
  const Action most = later.then.action == Action::Quarantine ? Action::Reject : *later.then.action;
  return severity(*earlier.then.action) >= severity(most);
}

/// Whether `earlier`, which fits each author that `later` fits, may yet leave messages of several authors to it. What
/// fits some authors only does not end the search: what accepts does not count then, and others give way to what is
/// harsher. `is_alone`: no further rule is needed to fit all that `later` fits.
bool leaves_authors(const Rule& earlier, const Rule& later, bool is_alone) {
  if (!depends_on_author(earlier.when) || (is_alone && (accepts(later) || !depends_on_author(later.when)))) {
    return false;
  }
  return accepts(earlier) || later.observe || !later.then.action || !is_as_harsh(earlier, later);
}

template <class Visit>
void visit_tests(const Condition& condition, bool is_negated, const Visit& visit) {
  if (condition.kind == Kind::Test) {
    visit(condition, is_negated);
    return;
  }
  for (const Condition& part : condition.parts) {
    visit_tests(part, is_negated != (condition.kind == Kind::Not), visit);
  }
}

/// The rules, with what was worked out of each.
class Linter {
 public:
  Linter(const Rules& rules, const LintContext& context) : rules_(rules), context_(context) {}

  std::vector<LintFinding> run() {
    for (const Rule& rule : rules_.own) {
      cases_.push_back(cases_of(rule.when));
    }
    for (std::size_t i = 0; i < rules_.own.size(); ++i) {
      check(i);
    }
    return std::move(findings_);
  }

 private:
  void add(LintKind kind, const Rule& rule, const Place& place, std::string message, std::string fix) {
    const Place& known = place.line > 0 ? place : rule.place;
    findings_.push_back({kind, known, rule.name, std::move(message), std::move(fix)});
  }

  void check(std::size_t index) {
    const Rule& rule = rules_.own[index];
    check_expiry(rule);
    check_proof(rule);
    check_tests(rule);
    if (const auto clash = find_contradiction(rule.when)) {
      add(LintKind::Contradiction, rule, clash->place,
          clash->why + (clash->is_whole ? ", so that the rule never matches" : ", so that this branch never holds"),
          "Write alternatives as a list or under any; otherwise drop one of the two.");
      is_sound_.push_back(!clash->is_whole);
      if (clash->is_whole) {
        return;
      }
    } else {
      is_sound_.push_back(true);
    }
    if (!has_expired(rule, context_.now) && !check_reach(index)) {
      check_networks(index);
    }
  }

  void check_expiry(const Rule& rule) {
    if (!rule.expires) {
      return;
    }
    if (has_expired(rule, context_.now)) {
      add(LintKind::Expired, rule, rule.place, "expired at the end of " + last_day(rule) + " (UTC) and does nothing",
          "Remove the rule, or set a later date in expires.");
    } else if (*rule.expires - context_.now <= kSoon) {
      add(LintKind::ExpiresSoon, rule, rule.place,
          "expires at the end of " + last_day(rule) + " (UTC); later mail is judged without it",
          "Set a later date in expires if it is still needed.");
    }
  }

  void check_proof(const Rule& rule) {
    if (rule.unproven) {
      return;
    }
    if (auto missing = find_missing_proof(rule)) {
      add(LintKind::Unproven, rule, rule.place, *std::move(missing), "");
    }
  }

  /// What can be told of single tests.
  void check_tests(const Rule& rule) {
    bool names_sealer = !rules_.trusted_sealers.empty();
    visit_tests(rule.when, false, [&](const Condition& test, bool is_negated) {
      names_sealer = names_sealer || (!is_negated && test.fact == Fact::ArcSealer);
    });
    visit_tests(rule.when, false, [&](const Condition& test, bool is_negated) {
      check_list(rule, test);
      if (test.fact == Fact::ArcClaims && !names_sealer) {
        add(LintKind::NoSealer, rule, test.place,
            "arc_claims holds only of claims by a trusted sealer, and there is none: anybody can claim anything",
            "Name those whom you trust in arc.trusted_sealers, or in this rule as arc_sealer.");
      }
      if (!is_negated) {
        check_local(rule, test);
      }
    });
  }

  void check_local(const Rule& rule, const Condition& test) {
    if (test.fact == Fact::Authenticated && context_.skips_authenticated) {
      const bool* const flag = std::get_if<bool>(&test.values);
      if (flag == nullptr || *flag) {
        add(LintKind::LocalMail, rule, test.place,
            "mail of clients that logged in is local (local.authenticated: skip) and is accepted before any rule",
            "Drop this, or set local.authenticated: verify.");
      }
    }
    if (const auto* const list = std::get_if<NetworkList>(&test.values)) {
      for (const IpNetwork& network : list->networks) {
        const auto local =
            std::find_if(context_.local_networks.begin(), context_.local_networks.end(), [&](const IpNetwork& outer) {
              return network.prefix_bits >= outer.prefix_bits && outer.contains(network.address);
            });
        if (local != context_.local_networks.end()) {
          add(LintKind::LocalMail, rule, test.place,
              format(network) + " lies in " + format(*local) +
                  " of local.networks, whose mail is accepted before any rule",
              "Drop it here, or there.");
        }
      }
    }
  }

  /// Values that are there twice, or in vain.
  void check_list(const Rule& rule, const Condition& test) {
    const auto append = [&](std::vector<LintFinding> found) {
      for (LintFinding& finding : found) {
        add(finding.kind, rule, finding.place, std::move(finding.message), std::move(finding.fix));
      }
    };
    if (const auto* const networks = std::get_if<NetworkList>(&test.values)) {
      if (networks->networks.empty()) {
        add_empty(rule, test);
      }
      // Those of files have no place of their own.
      const bool has_files = !networks->digests.empty();
      append(lint_networks(networks->networks, has_files ? std::vector<Place>{} : test.places.list, test.place));
    } else if (const auto* const names = std::get_if<NameList>(&test.values)) {
      if (names->empty()) {
        add_empty(rule, test);
      }
      check_names(rule, test, *names);
    } else if (const auto* const addresses = std::get_if<AddressList>(&test.values)) {
      check_repeats(rule, test, addresses->addresses);
    } else if (const auto* const words = std::get_if<WordList>(&test.values)) {
      check_repeats(rule, test, words->words);
    }
  }

  void add_empty(const Rule& rule, const Condition& test) {
    add(LintKind::EmptyList, rule, test.place,
        std::string(info(test.fact).key) + " names nothing, so that it never holds",
        "Fill the file, or drop the condition until there is something to name.");
  }

  static const Place& place_of(const Condition& test, std::size_t value) {
    return value < test.places.list.size() ? test.places.list[value] : test.place;
  }

  void check_repeats(const Rule& rule, const Condition& test, const std::vector<std::string>& values) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!seen.insert(normal_form(values[i])).second) {
        add(LintKind::Duplicate, rule, place_of(test, i), values[i] + " stands in this list before", "Drop it here.");
      }
    }
  }

  void check_names(const Rule& rule, const Condition& test, const NameList& names) {
    check_repeats(rule, test, names.written());
    for (std::size_t i = 0; i < names.written().size(); ++i) {
      if (const auto outer = find_outer(names.written()[i], names)) {
        add(LintKind::Covered, rule, place_of(test, i),
            names.written()[i] + " is among the names of *." + *outer + " of this list", "Drop one of the two.");
      }
    }
  }

  /// The name of a pattern of the list that includes another of its values.
  static std::optional<std::string> find_outer(const std::string& written, const NameList& names) {
    const bool is_file = written.starts_with('@');
    std::string name = normal_form(written.starts_with("*.") ? std::string_view(written).substr(2) : written);
    for (auto dot = name.find('.'); !is_file && dot != std::string::npos; dot = name.find('.')) {
      name.erase(0, dot + 1);
      if (names.below().contains(name)) {
        return name;
      }
    }
    return std::nullopt;
  }

  /// Reports what of the rule earlier rules decide; whether there was anything.
  bool check_reach(std::size_t index) {
    const Rule& rule = rules_.own[index];
    const auto& cases = cases_[index];
    if (!cases) {
      return check_twin(index);
    }
    std::vector<const Rule*> covering;
    std::size_t open = 0;
    const Case* dead = nullptr;
    for (const Case& one : *cases) {
      if (needs_empty_list(one) || find_clash(one)) {
        continue;
      }
      const Rule* const earlier = find_covering(one, index);
      if (earlier == nullptr) {
        ++open;
      } else {
        dead = dead != nullptr ? dead : &one;
        covering.push_back(earlier);
      }
    }
    if (covering.empty()) {
      return false;
    }
    const Rule& first = *covering.front();
    const std::string others =
        std::all_of(covering.begin(), covering.end(), [&first](const Rule* each) { return each == &first; })
            ? ""
            : " and other rules before this";
    if (open > 0) {
      add(LintKind::Shadowed, rule, place_in(*dead, rule),
          describe_case(*dead) + " is already decided by " + name_of(first, rule.place) + others + ": " +
              action_of(first),
          "Drop that part here, or move this rule up.");
      return true;
    }
    const bool has_twin = do_differ(first, rule) && others.empty() && is_within(first, rule);
    const bool is_whole = std::none_of(covering.begin(), covering.end(), [&](const Rule* earlier) {
      return leaves_authors(*earlier, rule, others.empty());
    });
    if (has_twin) {
      add(LintKind::Conflict, rule, rule.place,
          name_of(first, rule.place) + " asks for the same and says " + action_of(first) + ", this one says " +
              action_of(rule) + ": the earlier one decides" +
              (is_whole ? "" : ", but for messages of several authors that it does not fit all"),
          "Keep one of the two.");
    } else if (is_whole) {
      add(LintKind::Unreachable, rule, rule.place,
          "never decides: all that it matches is decided before, by " + name_of(first, rule.place) + others + " (" +
              action_of(first) + ")" + in_outage(rule),
          "Move it up, or remove it.");
    } else {
      add(LintKind::Shadowed, rule, rule.place,
          "decides only messages of several authors, the others are decided before, by " + name_of(first, rule.place) +
              others + " (" + action_of(first) + ")",
          "Move it up, or remove it.");
    }
    return true;
  }

  /// While DNS fails neither rule may be sure, and what is not sure can defer a message.
  static std::string in_outage(const Rule& rule) {
    return depends_on_dns(rule.when) ? "; it can only matter while DNS fails" : "";
  }

  /// As check_reach for a rule that has too many cases: whether an earlier rule asks for the very same, or for nothing.
  bool check_twin(std::size_t index) {
    const Rule& rule = rules_.own[index];
    const Case nothing;
    for (std::size_t i = 0; i < index; ++i) {
      const Rule& earlier = rules_.own[i];
      if (!ends_before(earlier, rule) || leaves_authors(earlier, rule, true) || !is_sound_[i] ||
          !(earlier.when == rule.when || implies(KnownCase(nothing), earlier.when, Sealers::Different))) {
        continue;
      }
      add(LintKind::Unreachable, rule, rule.place,
          "never decides: all that it matches is decided before, by " + name_of(earlier, rule.place) + " (" +
              action_of(earlier) + ")" + in_outage(rule),
          "Move it up, or remove it.");
      return true;
    }
    return false;
  }

  const Rule* find_covering(const Case& one, std::size_t index) const {
    const Rule& rule = rules_.own[index];
    const KnownCase known(one);
    for (std::size_t i = 0; i < index; ++i) {
      const Rule& earlier = rules_.own[i];
      if (is_sound_[i] && !has_expired(earlier, context_.now) && ends_before(earlier, rule) &&
          implies(known, earlier.when, sealers_of(earlier, rule))) {
        return &earlier;
      }
    }
    return nullptr;
  }

  /// Whether the two do different things to a message.
  bool do_differ(const Rule& a, const Rule& b) const {
    return a.then.action != b.then.action ||
           (a.then.action == Action::Quarantine &&
            a.then.quarantine.value_or(rules_.quarantine) != b.then.quarantine.value_or(rules_.quarantine));
  }

  Sealers sealers_of(const Rule& a, const Rule& b) const {
    return compare_sealers(a.when, b.when, rules_.trusted_sealers);
  }

  /// Whether each message that the one matches is one that the other matches, as far as that is seen.
  bool is_within(const Rule& narrow, const Rule& wide) const {
    const auto cases = cases_of(narrow.when);
    return narrow.when == wide.when || (cases && std::all_of(cases->begin(), cases->end(), [&](const Case& one) {
                                          return implies(KnownCase(one), wide.when, sealers_of(narrow, wide));
                                        }));
  }

  static std::string describe_case(const Case& one) {
    std::string text;
    for (const Literal& literal : one) {
      text += (text.empty() ? "" : " with ") + describe(literal);
    }
    return text;
  }

  static const Place& place_in(const Case& one, const Rule& rule) {
    return one.empty() ? rule.place : one.front().test.place;
  }

  /// A network inside one of an earlier rule's that does something else, where both can fit one message: what happens
  /// to it hangs on the order of the rules. A narrow one before a wide one is how exceptions are written, and so is one
  /// for the same network with more conditions.
  void check_networks(std::size_t index) {
    const Rule& rule = rules_.own[index];
    for (std::size_t i = 0; i < index; ++i) {
      const Rule& earlier = rules_.own[i];
      if (!is_sound_[i] || has_expired(earlier, context_.now) || !ends_before(earlier, rule) ||
          !do_differ(earlier, rule) || !rule.then.action) {
        continue;
      }
      std::optional<LintFinding> found;
      visit_tests(rule.when, false, [&](const Condition& inner, bool is_inner_negated) {
        visit_tests(earlier.when, false, [&](const Condition& outer, bool is_outer_negated) {
          if (!found && !is_inner_negated && !is_outer_negated) {
            found = compare_networks(rule, inner, earlier, outer);
          }
        });
      });
      // The dear question last.
      if (found && can_meet(index, i)) {
        findings_.push_back(*std::move(found));
      }
    }
  }

  static std::optional<LintFinding> compare_networks(const Rule& rule, const Condition& inner, const Rule& earlier,
                                                     const Condition& outer) {
    const auto* const inner_list = std::get_if<NetworkList>(&inner.values);
    const auto* const outer_list = std::get_if<NetworkList>(&outer.values);
    if (inner_list == nullptr || outer_list == nullptr ||
        inner_list->networks.size() * outer_list->networks.size() > kMaxNetworkPairs) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < inner_list->networks.size(); ++i) {
      const IpNetwork& network = inner_list->networks[i];
      const auto found =
          std::find_if(outer_list->networks.begin(), outer_list->networks.end(), [&network](const IpNetwork& wide) {
            return wide.prefix_bits <= network.prefix_bits && wide.contains(network.address);
          });
      if (found != outer_list->networks.end()) {
        const Place& place = place_of(inner, inner_list->digests.empty() ? i : inner_list->networks.size());
        return LintFinding{LintKind::Overlap, place.line > 0 ? place : rule.place, rule.name,
                           format(network) + " lies in " + format(*found) + " of " + name_of(earlier, rule.place) +
                               ", which says " + action_of(earlier) + " and comes first; this one says " +
                               action_of(rule),
                           "Move the narrower rule up, or part the networks."};
      }
    }
    return std::nullopt;
  }

  /// Whether some message may fit both, and the earlier one is not just an exception of the later; true where that is
  /// not known.
  bool can_meet(std::size_t later, std::size_t earlier) const {
    if (!cases_[later] || !cases_[earlier]) {
      return true;
    }
    const Rule& rule = rules_.own[later];
    const Sealers sealers = sealers_of(rules_.own[earlier], rule);
    return std::any_of(cases_[earlier]->begin(), cases_[earlier]->end(), [&](const Case& exception) {
      if (implies(KnownCase(exception), rule.when, sealers)) {
        return false;
      }
      return std::any_of(cases_[later]->begin(), cases_[later]->end(), [&exception](const Case& one) {
        Case both = exception;
        both.insert(both.end(), one.begin(), one.end());
        return !needs_empty_list(both) && !find_clash(both);
      });
    });
  }

  /// Pairs of networks that are compared between two rules.
  static constexpr std::size_t kMaxNetworkPairs = 10'000;

  const Rules& rules_;
  const LintContext& context_;
  std::vector<std::optional<std::vector<Case>>> cases_;
  std::vector<bool> is_sound_;  ///< Of each rule so far: it has no contradiction.
  std::vector<LintFinding> findings_;
};

}  // namespace

const std::array<LintKindInfo, 18>& all_lint_kinds() noexcept {
  return kKinds;
}

const LintKindInfo& info(LintKind kind) noexcept {
  return kKinds.at(static_cast<std::size_t>(kind));
}

std::vector<LintFinding> lint(const Rules& rules, const LintContext& context) {
  return Linter(rules, context).run();
}

std::vector<LintFinding> lint_networks(const std::vector<IpNetwork>& networks, const std::vector<Place>& places,
                                       const Place& place) {
  std::map<std::string, std::size_t> first_of;  // Of each network, by its bits.
  for (std::size_t i = 0; i < networks.size(); ++i) {
    first_of.emplace(bits_of(networks[i], networks[i].prefix_bits), i);
  }
  std::vector<LintFinding> findings;
  const auto add = [&](LintKind kind, std::size_t index, std::string message) {
    findings.push_back({kind, index < places.size() ? places[index] : place, {}, std::move(message), "Drop it."});
  };
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const IpNetwork& network = networks[i];
    if (first_of.at(bits_of(network, network.prefix_bits)) != i) {
      add(LintKind::Duplicate, i, format(network) + " stands in this list before");
      continue;
    }
    for (unsigned bits = network.prefix_bits; bits-- > 0;) {
      const auto outer = first_of.find(bits_of(network, bits));
      if (outer != first_of.end()) {
        add(LintKind::Covered, i, format(network) + " lies in " + format(networks[outer->second]) + " of this list");
        break;
      }
    }
  }
  return findings;
}

}  // namespace assay::policy
