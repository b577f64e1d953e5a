#include "policy/override.h"

#include <algorithm>
#include <string>

namespace assay::policy {
namespace {

/// What the domain owner asks for.
Action asked_by(dmarc::Policy policy) {
  switch (policy) {
    case dmarc::Policy::None: return Action::Accept;
    case dmarc::Policy::Quarantine: return Action::Quarantine;
    case dmarc::Policy::Reject: return Action::Reject;
  }
  return Action::Accept;
}

std::string list_of(const std::vector<Indirect>& evidence) {
  std::string words;
  for (const Indirect found : evidence) {
    words.append(words.empty() ? "" : ", ").append(to_string(found));
  }
  return words;
}

}  // namespace

std::optional<Override> find_override(const Ruling& ruling, const Verdict& verdict,
                                      const std::vector<Indirect>& evidence, const Rules& rules,
                                      const std::optional<TrustedChain>& chain) {
  const dmarc::Outcome& dmarc = verdict.dmarc;
  const dmarc::Policy asked = dmarc.policy.value_or(dmarc::Policy::None);
  const bool is_monitored = rules.mode == Mode::Monitor;
  const int done = is_monitored ? severity(Action::Accept) : severity(ruling, rules);
  if (dmarc.status != dmarc::Status::Fail || (!is_monitored && ruling.action == Action::TempFail) ||
      done >= severity(asked_by(dmarc.published.value_or(asked)))) {
    return std::nullopt;
  }
  if (done >= severity(asked_by(asked))) {
    return Override{"policy_test_mode", "t=y"};
  }
  if (is_monitored && severity(ruling, rules) >= severity(asked_by(asked))) {
    return Override{"local_policy", "mode=monitor"};
  }
  if (ruling.ground == Ground::TrustedChain) {
    return Override{"local_policy", chain ? chain->comment : std::string()};  // RFC 8617 section 7.2.2.
  }
  if (ruling.ground == Ground::Indirect) {
    const bool by_list = std::find(evidence.begin(), evidence.end(), Indirect::List) != evidence.end();
    return Override{by_list ? "mailing_list" : "local_policy", "indirect: " + list_of(evidence)};
  }
  return Override{"local_policy", std::string(ruling.ground == Ground::OwnRule ? "rule " : "") + name_of(ruling)};
}

}  // namespace assay::policy
