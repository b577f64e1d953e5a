#include "cli/reasons.h"
#include "cli/tell.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

/// "[3/10 lookups, 1/2 void]": what the limits of RFC 7208 section 4.6.4 count so far.
std::string counts(unsigned lookups, unsigned void_lookups, const Limits& limits) {
  return '[' + std::to_string(lookups) + '/' + std::to_string(limits.spf_dns_terms) + " lookups, " +
         std::to_string(void_lookups) + '/' + std::to_string(limits.spf_void_lookups) + " void]";
}

void tell_step(Teller& teller, const spf::TraceStep& step, const Limits& limits) {
  const std::size_t depth = 1 + step.depth;
  if (step.term.empty()) {
    teller.line(escape(step.domain) + ": " + escape(step.outcome), depth);
    return;
  }
  const std::string target = step.target.empty() ? "" : " = " + escape(step.target);
  teller.line(escape(step.term) + target + " -> " + escape(step.outcome) + ' ' +
                  teller.paint().dim(counts(step.lookups, step.void_lookups, limits)),
              depth + 1);
}

}  // namespace

void tell_spf(Teller& teller, const char* identity, const spf::Outcome& outcome, const Limits& limits) {
  const std::string of = outcome.domain.empty() ? "" : ' ' + escape(outcome.domain);
  teller.heading(std::string("SPF, ") + identity + of, result_words(teller.paint(), spf::to_string(outcome.status),
                                                                    in_words(outcome.reason), outcome.detail));
  for (const spf::TraceStep& step : outcome.trace) {
    tell_step(teller, step, limits);
  }
  if (!outcome.mechanism.empty()) {
    teller.line("decided by " + escape(outcome.mechanism));
  }
  if (outcome.lookups != 0 || outcome.void_lookups != 0) {
    teller.line("in all " + counts(outcome.lookups, outcome.void_lookups, limits));
  }
  if (!outcome.explanation.empty()) {
    teller.line(escape(outcome.domain) + " explains: " + escape(outcome.explanation));
  }
}

}  // namespace assay::cli
