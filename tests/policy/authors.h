#pragma once

#include <optional>
#include <string_view>

#include "verify/base/domain.h"
#include "verify/dmarc/outcome.h"

namespace assay::test {

inline Domain domain(std::string_view name) {
  return Domain::parse(name).value();
}

inline dmarc::Outcome author(std::string_view name, dmarc::Status status,
                             std::optional<dmarc::Policy> policy = std::nullopt) {
  dmarc::Outcome outcome;
  outcome.author = domain(name);
  outcome.status = status;
  outcome.published = policy;
  outcome.policy = policy;
  switch (status) {
    case dmarc::Status::None: outcome.reason = dmarc::Reason::NoRecord; break;
    case dmarc::Status::Pass: break;
    case dmarc::Status::Fail: outcome.reason = dmarc::Reason::NotAligned; break;
    case dmarc::Status::TempError: outcome.reason = dmarc::Reason::DnsFailure; break;
    case dmarc::Status::PermError: outcome.reason = dmarc::Reason::UnusableRecord; break;
  }
  return outcome;
}

}  // namespace assay::test
