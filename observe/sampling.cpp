#include "observe/sampling.h"

#include <algorithm>
#include <string_view>

#include "policy/ruling.h"

namespace assay::observe {
namespace {

bool is_plain(const policy::Decision& decision) {
  const std::string_view rule = decision.rule;
  return decision.action == policy::Action::Accept &&
         (rule == policy::name_of({policy::Ground::Default}) || rule == policy::name_of({policy::Ground::Local})) &&
         !decision.would && decision.headers.empty() && decision.tags.empty() && decision.observed.empty() &&
         decision.undecided.empty() && !decision.override && !decision.mixed_recipients;
}

bool is_whole(const spf::Outcome& outcome) {
  return outcome.status != spf::Status::TempError && outcome.reason != spf::Reason::TooManyLookups &&
         outcome.reason != spf::Reason::TooManyVoidLookups && outcome.reason != spf::Reason::TooManyMxHosts &&
         outcome.reason != spf::Reason::RecordTooLong;
}

bool is_whole(const dkim::Outcome& outcome) {
  return outcome.status != dkim::Status::TempError && outcome.reason != dkim::Reason::TooManySignatures &&
         outcome.reason != dkim::Reason::TooCostly && outcome.reason != dkim::Reason::KeyTooLarge;
}

bool is_whole(const arc::Outcome& outcome) {
  return outcome.reason != arc::Reason::DnsFailure && outcome.reason != arc::Reason::DnssecBogus &&
         outcome.reason != arc::Reason::TooManySets && outcome.reason != arc::Reason::TooCostly;
}

/// Whoever compares with RFC 7489 looks for the messages of which it says something else.
bool is_whole(const dmarc::Outcome& outcome) {
  return (outcome.status == dmarc::Status::Pass || outcome.status == dmarc::Status::None) &&
         (!outcome.rfc7489 || outcome.rfc7489->differences.empty());
}

/// Every check could be made, within its bounds.
bool is_whole(const Verdict& verdict) {
  return !verdict.exceeded && is_whole(verdict.spf_mail_from) && is_whole(verdict.spf_helo) && is_whole(verdict.arc) &&
         is_whole(verdict.dmarc) && (!verdict.iprev || verdict.iprev->status != iprev::Status::TempError) &&
         std::all_of(verdict.dkim.begin(), verdict.dkim.end(),
                     [](const dkim::Outcome& signature) { return is_whole(signature); }) &&
         std::all_of(verdict.other_authors.begin(), verdict.other_authors.end(),
                     [](const dmarc::Outcome& author) { return is_whole(author); });
}

}  // namespace

bool is_ordinary(const Record& record) {
  return is_plain(record.decision) && record.notes.empty() && (record.facts.local || is_whole(record.verdict));
}

}  // namespace assay::observe
