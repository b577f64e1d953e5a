#include "observe/journal_fields.h"

#include <algorithm>
#include <string_view>

#include "verify/base/escape.h"

namespace assay::observe {
namespace {

void add(std::string& fields, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    fields += "ASSAY_";
    fields += name;
    fields += '=';
    fields += escape(value, kMaxFieldValueOctets);
    fields += '\n';
  }
}

const char* dkim_result(const std::vector<dkim::Outcome>& outcomes) {
  const bool passes = std::any_of(outcomes.begin(), outcomes.end(),
                                  [](const dkim::Outcome& outcome) { return outcome.status == dkim::Status::Pass; });
  return passes ? "pass" : outcomes.empty() ? "none" : dkim::to_string(outcomes.front().status);
}

}  // namespace

std::string journal_fields(const Record& record) {
  const Verdict& verdict = record.verdict;
  std::string fields;
  add(fields, "QUEUE_ID", record.facts.queue_id);
  add(fields, "ACTION", policy::to_string(record.decision.action));
  if (record.decision.would) {
    add(fields, "WOULD", policy::to_string(*record.decision.would));
  }
  add(fields, "RULE", record.decision.rule);
  if (record.sample > 1) {
    add(fields, "SAMPLE", std::to_string(record.sample));
  }
  if (record.facts.client_ip) {
    add(fields, "CLIENT_IP", record.facts.client_ip->to_string());
  }
  if (record.facts.local || verdict.exceeded) {
    return fields;
  }
  if (verdict.dmarc.author) {
    add(fields, "FROM_DOMAIN", verdict.dmarc.author->str());
  }
  add(fields, "DMARC", dmarc::to_string(verdict.dmarc.status));
  add(fields, "SPF", spf::to_string(verdict.spf_mail_from.status));
  add(fields, "DKIM", dkim_result(verdict.dkim));
  add(fields, "ARC", arc::to_string(verdict.arc.status));
  return fields;
}

}  // namespace assay::observe
