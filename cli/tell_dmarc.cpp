#include <algorithm>
#include <string_view>

#include "cli/reasons.h"
#include "cli/tell.h"
#include "verify/base/escape.h"
#include "verify/dmarc/trace.h"

namespace assay::cli {
namespace {

void tell_walk(Teller& teller, const std::vector<dmarc::WalkStep>& walk, std::size_t depth) {
  for (const dmarc::WalkStep& step : walk) {
    std::string found = status_words(step.status, {});
    if (step.status == dns::Status::Found) {
      found = step.records == 0   ? "no DMARC record"
              : step.records == 1 ? in_quotes(step.record)
                                  : std::to_string(step.records) + " DMARC records, which count as none";
    }
    teller.line(escape(step.name) + " -> " + found, depth);
  }
}

/// What the signatures of one domain came to: pass if one passes, else each result.
std::string signature_results(const Verdict& verdict, const Domain& domain) {
  std::string words;
  std::size_t count = 0;
  for (const dkim::Outcome& signature : verdict.dkim) {
    if (signature.signing_domain != domain) {
      continue;
    }
    if (signature.status == dkim::Status::Pass) {
      return "pass";
    }
    if (++count <= kMaxShown) {
      words += (words.empty() ? "" : ", ") + std::string(dkim::to_string(signature.status));
    }
  }
  return words;
}

/// How the identifier stands to the author, and why.
std::string relation_words(const dmarc::Identifier& identifier, const dmarc::Outcome& outcome, bool passes,
                           const Paint& paint) {
  const bool is_spf = identifier.source == dmarc::Identifier::Source::Spf;
  const bool strict = is_spf ? outcome.strict_spf : outcome.strict_dkim;
  const std::string yes = passes ? paint.good("aligned") : "would align";
  const std::string no = passes ? paint.bad("not aligned") : "would not align either";
  switch (identifier.relation) {
    case dmarc::Relation::Equal: return yes + ", it is the author's domain";
    case dmarc::Relation::SameOrganization:
      return strict ? no + (is_spf ? ", aspf=s" : ", adkim=s") + " wants the author's very domain"
                    : yes + ", of the author's organizational domain";
    case dmarc::Relation::OtherOrganization: return no + ", of another organizational domain";
    case dmarc::Relation::Unknown: return "whether it aligns depends on a lookup that failed";
  }
  return "";
}

void tell_identifier(Teller& teller, const dmarc::Identifier& identifier, const dmarc::Outcome& outcome,
                     const Verdict& verdict) {
  const bool is_spf = identifier.source == dmarc::Identifier::Source::Spf;
  const std::string result =
      is_spf ? spf::to_string(verdict.spf_mail_from.status) : signature_results(verdict, identifier.domain);
  teller.line(std::string(is_spf ? "SPF of " : "DKIM of ") + escape(identifier.domain.str()) + " (" + result +
              "): " + relation_words(identifier, outcome, result == "pass", teller.paint()));
  tell_walk(teller, identifier.walk, 3);
  if (identifier.organizational_domain) {
    teller.line("organizational domain: " + escape(identifier.organizational_domain->str()), 3);
  }
}

/// Every identifier beside the author. Without a record there is nothing to align with.
void tell_identifiers(Teller& teller, const dmarc::Outcome& outcome, const Verdict& verdict) {
  if (!outcome.trace || !outcome.policy_domain) {
    return;
  }
  if (outcome.trace->identifiers.empty()) {
    teller.line("neither SPF nor DKIM names a domain");
  }
  for (const dmarc::Identifier& identifier : outcome.trace->identifiers) {
    tell_identifier(teller, identifier, outcome, verdict);
  }
  if (outcome.trace->omitted != 0) {
    teller.line("and " + plural(outcome.trace->omitted, "signature", "signatures") + " of other domains");
  }
}

}  // namespace

void tell_dmarc(Teller& teller, const dmarc::Outcome& outcome, const Verdict& verdict) {
  const std::string author = outcome.author ? ", author " + escape(outcome.author->str()) : "";
  teller.heading("DMARC" + author, result_words(teller.paint(), dmarc::to_string(outcome.status),
                                                in_words(outcome.reason), outcome.detail));
  const bool is_longer = outcome.trace && outcome.trace->walk.size() > outcome.walk.size();
  tell_walk(teller, is_longer ? outcome.trace->walk : outcome.walk, 1);
  if (outcome.policy_domain && outcome.published && outcome.policy) {
    std::string words =
        "policy of " + escape(outcome.policy_domain->str()) + ": " + dmarc::to_string(*outcome.published);
    if (outcome.testing) {
      words += std::string(", in test mode (t=y), so ") + dmarc::to_string(*outcome.policy);
    }
    teller.line(words);
  }
  const auto& organization = outcome.trace && outcome.trace->organizational_domain
                                 ? outcome.trace->organizational_domain
                                 : outcome.organizational_domain;
  if (organization) {
    teller.line("organizational domain: " + escape(organization->str()));
  }
  tell_identifiers(teller, outcome, verdict);
  if (outcome.rfc7489) {
    teller.line(in_words(*outcome.rfc7489));
  }
}

}  // namespace assay::cli
