#pragma once

#include <cstdint>
#include <string>

#include "verify/base/ip_address.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"

namespace assay::iprev {

/// RFC 8601 section 2.7.3. There is no none.
enum class Status : std::uint8_t { Pass, Fail, TempError, PermError };

[[nodiscard]] const char* to_string(Status status) noexcept;

struct Outcome {
  Status status = Status::PermError;
  std::string name;  ///< Pass: the validated name. Fail: the first PTR name. Text from DNS: escape before writing.
};

/// Whether the client's PTR names lead back to it (RFC 8601 section 3). Pass if any of the first `limits.iprev_names`
/// has the address; Fail if none and every lookup was answered; PermError if there is no PTR record; TempError if a
/// lookup failed and none passed.
[[nodiscard]] Outcome evaluate(const IpAddress& client, dns::Resolver& dns, const Limits& limits);

}  // namespace assay::iprev
