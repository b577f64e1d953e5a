#include "verify/dmarc/tree_walk.h"

#include <algorithm>
#include <utility>

namespace assay::dmarc {
namespace {

constexpr std::size_t kShortcutLabels = 8;       ///< Names of this many labels and more ...
constexpr std::size_t kLabelsAfterShortcut = 7;  ///< ... go on with this many (RFC 9989 section 4.10 step 4).

/// What an answer says about the records at a name. Five statuses, three meanings.
enum class Step : std::uint8_t { Records, Nothing, Unknown };

Step step_of(dns::Status status) {
  switch (status) {
    case dns::Status::Found: return Step::Records;
    // "Any indication that there is no such record as opposed to a transient DNS error" (section 4.10.1). That
    // _dmarc.NAME does not exist says nothing about the names above it: the walk goes on.
    case dns::Status::NoData:
    case dns::Status::NxDomain: return Step::Nothing;
    // "DNS queries ... that do not complete" (section 5.3.6).
    case dns::Status::TempFail:
    case dns::Status::Bogus: return Step::Unknown;
  }
  return Step::Unknown;
}

/// Asks for the record at one name (section 4.10 steps 1, 2, 5 and 6).
void ask(const Domain& name, Walk& walk, dns::Resolver& dns) {
  WalkStep step;
  dns::Question question{"_dmarc." + name.str(), dns::Type::TXT};
  const dns::AnswerPtr answer = dns.lookup(question);
  step.name = std::move(question.name);
  step.status = answer->status;
  switch (step_of(answer->status)) {
    case Step::Nothing: break;
    case Step::Unknown:
      walk.failure = answer->status;
      walk.detail = step.name + (answer->detail.empty() ? "" : ": " + answer->detail);
      walk.is_ended = true;
      break;
    case Step::Records: {
      const Published& published = records_of(*answer);
      step.records = published.records;
      // "If multiple DMARC Policy Records are returned for a single target, they are all discarded."
      if (published.only) {
        step.record = published.only->text;
        walk.is_ended = published.only->public_suffix != PublicSuffix::Unknown;
        walk.found.push_back({name, {answer, &*published.only}});
      }
      break;
    }
  }
  walk.steps.push_back(std::move(step));
}

}  // namespace

std::vector<Domain> walk_names(const Domain& start, const Limits& limits) {
  std::vector<Domain> names;
  names.reserve(std::min(start.label_count(), limits.walk_queries));
  std::optional<Domain> name = start;
  while (name && names.size() < limits.walk_queries) {
    std::optional<Domain> above =
        name->label_count() >= kShortcutLabels ? name->rightmost(kLabelsAfterShortcut) : name->parent();
    names.push_back(*std::move(name));
    name = std::move(above);
  }
  return names;
}

Walk begin_walk(const Domain& start, dns::Resolver& dns) {
  Walk walk;
  ask(start, walk, dns);
  return walk;
}

void continue_walk(const Domain& start, Walk& walk, dns::Resolver& dns, const Limits& limits) {
  if (walk.is_ended) {
    return;
  }
  const std::vector<Domain> names = walk_names(start, limits);
  walk.steps.reserve(names.size());
  while (!walk.is_ended && walk.steps.size() < names.size()) {
    ask(names[walk.steps.size()], walk, dns);
  }
  walk.is_ended = true;
}

Walk walk(const Domain& start, dns::Resolver& dns, const Limits& limits) {
  Walk walk = begin_walk(start, dns);
  continue_walk(start, walk, dns, limits);
  return walk;
}

std::optional<Domain> organizational_domain(const Domain& start, const Walk& walk) {
  if (walk.failure) {
    return std::nullopt;
  }
  // The rules of section 4.10.2 in their order. A record with psd=y or psd=n ends the walk, so it is the last one.
  if (walk.found.empty()) {
    return start;
  }
  const Walk::Found& top = walk.found.back();
  if (top.record->public_suffix == PublicSuffix::Yes && top.name != start) {
    // One label below it, cut from the start: that name may have no record, and may not have been asked.
    return start.rightmost(top.name.label_count() + 1);
  }
  return top.name;
}

}  // namespace assay::dmarc
