#include "verify/dmarc/evaluate.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "verify/dmarc/record.h"
#include "verify/dmarc/tree_walk.h"

namespace assay::dmarc {
namespace {

/// The walks of one message, each made once and no further than somebody needs it.
class Walks {
 public:
  Walks(dns::Resolver& dns, const Limits& limits) : dns_(dns), limits_(limits) {}

  /// A walk of which the first step is done, maybe more. Valid as long as this object.
  const Walk& begun(const Domain& start) { return at(start); }
  /// A walk that has ended.
  const Walk& whole(const Domain& start) {
    Walk& walk = at(start);
    continue_walk(start, walk, dns_, limits_);
    return walk;
  }
  /// Whether one more signing domain may be walked; its own repetitions are free.
  bool admits(const Domain& signer) {
    return signers_.count(signer) != 0 ||
           (signers_.size() < limits_.alignment_domains && signers_.insert(signer).second);
  }
  [[nodiscard]] dns::Resolver& dns() const { return dns_; }

 private:
  Walk& at(const Domain& start) {
    const auto known = walks_.find(start);
    return known != walks_.end() ? known->second : walks_.emplace(start, begin_walk(start, dns_)).first->second;
  }

  dns::Resolver& dns_;
  const Limits& limits_;
  std::map<Domain, Walk> walks_;
  std::set<Domain> signers_;
};

/// A lookup that failed: the message neither passes nor fails (RFC 9989 section 5.3.6).
void set_temp_error(Outcome& out, bool bogus, std::string detail) {
  out.status = Status::TempError;
  out.reason = bogus ? Reason::DnssecBogus : Reason::DnsFailure;
  out.detail = std::move(detail);
}

void set_temp_error(Outcome& out, const Walk& failed) {
  set_temp_error(out, failed.failure == dns::Status::Bogus, failed.detail);
}

const Walk::Found* find_record(const Walk& walk, const Domain& name) {
  const auto found = std::find_if(walk.found.begin(), walk.found.end(),
                                  [&name](const Walk::Found& candidate) { return candidate.name == name; });
  return found != walk.found.end() ? &*found : nullptr;
}

/// The record that applies to the author, in the order of preference of section 4.10.1: its own, that of its
/// Organizational Domain, that of its Public Suffix Domain. Null if there is none, or if a lookup failed
/// (`walk.failure`).
const Walk::Found* discover(const Domain& author, Walks& walks) {
  if (const Walk::Found* own = find_record(walks.begun(author), author)) {
    return own;
  }
  const Walk& walk = walks.whole(author);
  const auto organization = organizational_domain(author, walk);
  if (!organization || walk.found.empty()) {
    return nullptr;
  }
  const Walk::Found* record = find_record(walk, *organization);
  // Otherwise rule 2 found the Organizational Domain below a Public Suffix Domain, whose record is the last.
  return record != nullptr ? record : &walk.found.back();
}

/// Whether the author's domain exists (section 3.2.13): only NXDOMAIN for the name itself says no.
enum class Existence : std::uint8_t { Exists, Missing, Unknown };

Existence existence_of(dns::Status status) {
  switch (status) {
    case dns::Status::Found:
    case dns::Status::NoData: return Existence::Exists;
    case dns::Status::NxDomain: return Existence::Missing;
    case dns::Status::TempFail:
    case dns::Status::Bogus: return Existence::Unknown;
  }
  return Existence::Unknown;
}

Existence look_up_existence(const Domain& author, Walks& walks, Outcome& out) {
  // A name below it that exists proves that it does (RFC 8020 section 2); one that does not says nothing.
  if (existence_of(walks.begun(author).steps.front().status) == Existence::Exists) {
    return Existence::Exists;
  }
  const dns::AnswerPtr answer = walks.dns().lookup({author.str(), dns::Type::A});
  const Existence existence = existence_of(answer->status);
  if (existence == Existence::Unknown) {
    set_temp_error(out, answer->status == dns::Status::Bogus,
                   author.str() + (answer->detail.empty() ? "" : ": " + answer->detail));
  }
  return existence;
}

/// The p, sp or np that applies. nullopt if it depends on a lookup that failed; `out` then says TempError.
std::optional<Policy> select_policy(const Domain& author, const Walk::Found& applied, Walks& walks, Outcome& out) {
  const Record& record = *applied.record;
  // "MUST act as if a record containing p=none was retrieved" (section 4.10.1).
  const Policy policy = record.has_invalid_policy ? Policy::None : record.policy.value_or(Policy::None);
  if (applied.name == author || record.has_invalid_policy || !record.policy) {
    return policy;
  }
  const Policy existing = record.subdomain_policy.value_or(policy);
  if (!record.nonexistent_policy || *record.nonexistent_policy == existing) {
    return existing;
  }
  switch (look_up_existence(author, walks, out)) {
    case Existence::Exists: return existing;
    case Existence::Missing: return record.nonexistent_policy;
    case Existence::Unknown: return std::nullopt;
  }
  return std::nullopt;
}

/// "Does not contain a valid p tag, or contains an sp or np tag that is not valid" and no address to report to: "the
/// Mail Receiver applies no DMARC processing" (section 4.10.1).
bool is_unusable(const Record& record) {
  return (record.has_invalid_policy || !record.policy) && record.aggregate_uris.empty();
}

std::string describe_absence(const Walk& walk) {
  for (const WalkStep& step : walk.steps) {
    if (step.records > 1) {
      return std::to_string(step.records) + " records at " + step.name + " count as none";
    }
  }
  return {};
}

/// Fills in what the record says. False if the evaluation ends here; `out` then says how.
bool apply_policy(const Domain& author, Walks& walks, Outcome& out) {
  const Walk::Found* applied = discover(author, walks);
  if (applied == nullptr) {
    const Walk& walk = walks.begun(author);
    if (walk.failure) {
      set_temp_error(out, walk);
    } else {
      out.reason = Reason::NoRecord;
      out.detail = describe_absence(walk);
    }
    return false;
  }
  const Record& record = *applied->record;
  out.policy_domain = applied->name;
  out.testing = record.testing;
  out.strict_dkim = record.strict_dkim;
  out.strict_spf = record.strict_spf;
  if (is_unusable(record)) {
    out.status = Status::PermError;
    out.reason = Reason::UnusableRecord;
    out.detail = std::string(record.has_invalid_policy ? "invalid p=, sp= or np=" : "no p=") +
                 " and no valid rua= at _dmarc." + applied->name.str();
    return false;
  }
  out.published = select_policy(author, *applied, walks, out);
  if (out.published) {
    // t=y: "one level below the specified policy" (section 4.7).
    out.policy = out.testing ? one_level_below(*out.published) : *out.published;
  }
  return true;
}

enum class Alignment : std::uint8_t { Yes, No, Unknown };

/// Whether both walks met one record before anything failed. From there up they ask the same names, so whatever the
/// failed lookup would have said, both end at the same Organizational Domain. A public suffix's record is no such
/// meeting: the domains one label below it may differ.
bool have_met(const Walk& a, const Walk& b) {
  return std::any_of(a.found.begin(), a.found.end(), [&b](const Walk::Found& found) {
    return found.record->public_suffix != PublicSuffix::Yes && find_record(b, found.name) != nullptr;
  });
}

/// Where an authenticated identifier comes from. The number of signing domains is the sender's choice, so it is
/// bounded.
enum class Source : std::uint8_t { Spf, Dkim };

/// Relaxed alignment of two names that differ: the same Organizational Domain (section 4.10.2).
Alignment align_relaxed(const Domain& author, const Domain& identifier, Source source, Walks& walks) {
  if (identifier.rightmost(1) != author.rightmost(1)) {
    return Alignment::No;
  }
  const Walk& author_walk = walks.whole(author);
  const auto author_organization = organizational_domain(author, author_walk);
  // An Organizational Domain is the name itself or one above it.
  if (author_organization && !identifier.is_within(*author_organization)) {
    return Alignment::No;
  }
  if (source == Source::Dkim && !walks.admits(identifier)) {
    return Alignment::No;
  }
  const Walk& identifier_walk = walks.whole(identifier);
  const auto identifier_organization = organizational_domain(identifier, identifier_walk);
  if (author_organization && identifier_organization) {
    return *author_organization == *identifier_organization ? Alignment::Yes : Alignment::No;
  }
  if (have_met(author_walk, identifier_walk)) {
    return Alignment::Yes;
  }
  return identifier_organization && !author.is_within(*identifier_organization) ? Alignment::No : Alignment::Unknown;
}

std::optional<Domain> spf_domain(const spf::Outcome& spf) {
  auto domain = Domain::parse(spf.domain);
  return domain ? std::optional<Domain>(*std::move(domain)) : std::nullopt;
}

/// The distinct signing domains of that status, those related to the author first.
std::vector<Domain> signing_domains(std::span<const dkim::Outcome> dkim, dkim::Status status, const Domain& author) {
  std::vector<Domain> domains;
  for (const dkim::Outcome& signature : dkim) {
    if (signature.status == status && signature.signing_domain &&
        std::find(domains.begin(), domains.end(), *signature.signing_domain) == domains.end()) {
      domains.push_back(*signature.signing_domain);
    }
  }
  std::stable_partition(domains.begin(), domains.end(), [&author](const Domain& domain) {
    return domain.is_within(author) || author.is_within(domain);
  });
  return domains;
}

/// Aligns the identifiers of one message with one author.
class Alignments {
 public:
  Alignments(const Domain& author, Walks& walks, Outcome& out) : author_(author), walks_(walks), out_(out) {}

  /// Sets `spf_aligned` and `dkim_aligned`. Equal names first, for they need no walk.
  void align_passes(const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim) {
    const auto spf = mail_from.status == spf::Status::Pass ? spf_domain(mail_from) : std::nullopt;
    // A pass with a test key is a pass: RFC 9989 section 4.4.1 makes no exception.
    const std::vector<Domain> signers = signing_domains(dkim, dkim::Status::Pass, author_);
    out_.spf_aligned = spf == author_;
    out_.dkim_aligned = std::find(signers.begin(), signers.end(), author_) != signers.end();
    if (spf && !out_.spf_aligned && !out_.strict_spf && is_worth_a_walk(*spf)) {
      out_.spf_aligned = note(align_relaxed(author_, *spf, Source::Spf, walks_), *spf) == Alignment::Yes;
    }
    for (const Domain& signer : signers) {
      if (out_.dkim_aligned || out_.strict_dkim) {
        break;
      }
      out_.dkim_aligned = is_worth_a_walk(signer) &&
                          note(align_relaxed(author_, signer, Source::Dkim, walks_), signer) == Alignment::Yes;
    }
    // "This common domain is treated as the Organizational Domain" (section 4.10.2).
    is_common_domain_ = (!spf || *spf == author_) &&
                        std::all_of(signers.begin(), signers.end(), [this](const Domain& d) { return d == author_; });
  }

  /// Looks for what failed to be verified although it could have made the message pass.
  void align_temp_errors(const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim) {
    if (mail_from.status == spf::Status::TempError) {
      const auto domain = spf_domain(mail_from);
      if (domain && is_possible(*domain, out_.strict_spf, Source::Spf)) {
        set_temp_error(out_, mail_from.reason == spf::Reason::DnssecBogus, "SPF of " + domain->str());
        return;
      }
    }
    for (const Domain& signer : signing_domains(dkim, dkim::Status::TempError, author_)) {
      if (is_possible(signer, out_.strict_dkim, Source::Dkim)) {
        const bool bogus = std::any_of(dkim.begin(), dkim.end(), [&signer](const dkim::Outcome& signature) {
          return signature.signing_domain == signer && signature.reason == dkim::Reason::DnssecBogus;
        });
        set_temp_error(out_, bogus, "DKIM key of " + signer.str());
        return;
      }
    }
  }

  [[nodiscard]] const std::optional<Domain>& unknown() const { return unknown_; }
  [[nodiscard]] bool is_common_domain() const { return is_common_domain_; }

 private:
  /// Once the message passes, whether something else aligns too is worth a walk only where it is likely.
  [[nodiscard]] bool is_worth_a_walk(const Domain& identifier) const {
    constexpr std::size_t kLikely = 2;
    return (!out_.spf_aligned && !out_.dkim_aligned) || identifier.rightmost(kLikely) == author_.rightmost(kLikely);
  }

  [[nodiscard]] bool is_possible(const Domain& domain, bool strict, Source source) {
    if (domain == author_ || strict) {
      return domain == author_;
    }
    return align_relaxed(author_, domain, source, walks_) != Alignment::No;
  }

  Alignment note(Alignment alignment, const Domain& identifier) {
    if (alignment == Alignment::Unknown && !unknown_) {
      unknown_ = identifier;
    }
    return alignment;
  }

  const Domain& author_;
  Walks& walks_;
  Outcome& out_;
  std::optional<Domain> unknown_;  ///< A passing identifier of which a failed lookup hides whether it aligns.
  bool is_common_domain_ = false;
};

/// Fills in the result (section 5.3.5, 5.3.6). `out` holds the policy, or the failure of the existence test.
void judge(const Domain& author, const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim, Walks& walks,
           Outcome& out) {
  Alignments alignments(author, walks, out);
  alignments.align_passes(mail_from, dkim);
  const bool passes = out.spf_aligned || out.dkim_aligned;
  if (passes) {
    out.status = Status::Pass;
    out.reason = Reason::None;
    out.detail.clear();
  } else if (const auto& unknown = alignments.unknown()) {
    const Walk& own = walks.begun(author);
    set_temp_error(out, own.failure ? own : walks.begun(*unknown));
  } else if (out.status != Status::TempError) {
    alignments.align_temp_errors(mail_from, dkim);
    if (out.status != Status::TempError) {
      out.status = Status::Fail;
      out.reason = Reason::NotAligned;
    }
  }
  if (passes && alignments.is_common_domain()) {
    out.organizational_domain = author;
  }
}

Outcome evaluate_one(const Domain& author, const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim,
                     Walks& walks) {
  Outcome out;
  out.author = author;
  if (apply_policy(author, walks, out)) {
    judge(author, mail_from, dkim, walks, out);
  }
  // Where the message passes, or DNS fails already, it is told only if it is known: nobody shall wait for a lookup that
  // decides nothing.
  const bool may_ask = out.status != Status::Pass && out.status != Status::TempError;
  const Walk& walk = may_ask ? walks.whole(author) : walks.begun(author);
  if (walk.is_ended) {
    out.organizational_domain = organizational_domain(author, walk);
  }
  // Rule 3 of section 4.10.2 makes it so, most likely against the wish of whoever published it.
  if (out.status == Status::Fail && out.organizational_domain && out.organizational_domain != author &&
      out.organizational_domain->label_count() == 1) {
    out.detail = "the record at the top-level domain " + out.organizational_domain->str() + " lacks psd=y";
  }
  out.walk = walks.begun(author).steps;
  return out;
}

/// The reason that a From field is unusable; None if it is not.
Reason reason_of(const message::Authors& authors, const Limits& limits) {
  switch (authors.status) {
    case message::FromStatus::Missing: return Reason::FromMissing;
    case message::FromStatus::Repeated: return Reason::FromRepeated;
    case message::FromStatus::Unparsable: return Reason::FromUnparsable;
    case message::FromStatus::NoDomain: return Reason::FromWithoutDomain;
    case message::FromStatus::Ok: break;
  }
  if (authors.domains.empty()) {
    return Reason::FromWithoutDomain;
  }
  return authors.domains.size() > limits.author_domains ? Reason::TooManyAuthors : Reason::None;
}

/// How much an outcome weighs when one must decide for the message; see evaluate_authors. Policies are enumerated from
/// the mildest to the strictest.
int weight(const Outcome& outcome) {
  switch (outcome.status) {
    case Status::Fail: return 2 + static_cast<int>(outcome.policy.value_or(Policy::None));
    case Status::TempError: return 1;
    case Status::None:
    case Status::Pass:
    case Status::PermError: return 0;
  }
  return 0;
}

}  // namespace

Outcome evaluate(const Domain& author, const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim,
                 dns::Resolver& dns, const Limits& limits) {
  Walks walks(dns, limits);
  return evaluate_one(author, mail_from, dkim, walks);
}

std::vector<Outcome> evaluate_authors(const message::Authors& authors, const spf::Outcome& mail_from,
                                      std::span<const dkim::Outcome> dkim, dns::Resolver& dns, const Limits& limits) {
  std::vector<Outcome> outcomes;
  if (const Reason bad_from = reason_of(authors, limits); bad_from != Reason::None) {
    Outcome out;
    out.status = Status::PermError;
    out.reason = bad_from;
    out.detail = authors.detail;
    outcomes.push_back(std::move(out));
    return outcomes;
  }
  Walks walks(dns, limits);
  for (const Domain& author : authors.domains) {
    outcomes.push_back(evaluate_one(author, mail_from, dkim, walks));
  }
  put_deciding_first(outcomes);
  return outcomes;
}

void put_deciding_first(std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) {
    return;
  }
  // max_element gives the first of equals.
  const auto deciding = std::max_element(outcomes.begin(), outcomes.end(),
                                         [](const Outcome& a, const Outcome& b) { return weight(a) < weight(b); });
  std::rotate(outcomes.begin(), deciding, deciding + 1);
}

}  // namespace assay::dmarc
