#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "verify/dns/answer.h"

namespace assay::resolver {

/// CNAMEs followed from one question, count. RFC 1034 section 3.6.2 wants chains followed and loops signalled but sets
/// no bound; libunbound itself stops at 11 restarts.
inline constexpr std::size_t kMaxAliases = 16;

/// Different MX and PTR records of one answer that are kept, count; the rest only bounds its TTL. A name that takes two
/// octets of the message by compression takes up to 253 here. Above what any protocol looks at: 10 (RFC 7208 section
/// 4.6.4). TXT records are all kept, for any may be the one that is looked for.
inline constexpr std::size_t kMaxRecords = 200;

/// Different addresses of one answer, count. Each is compared with the client again and again. RFC 7208 sections 5.3
/// and 5.4 have any of them match, so that none may be left out: more than that is TempFail, never an answer that lacks
/// some.
inline constexpr std::size_t kMaxAddresses = 1000;

/// Reads the DNS message that answers `question`, which must be askable. CNAMEs are followed inside the message; the
/// TTL is the least on that way. RCODE 0 gives Found or NoData, 3 NxDomain, any other TempFail (RFC 1035 section
/// 4.1.1). Whatever cannot be read, was truncated, answers another question or contradicts itself is TempFail, with
/// the reason in `detail`. A repeated record counts once (RFC 2181 section 5). Pure; never throws on bad octets.
[[nodiscard]] dns::Answer read_answer(std::span<const std::uint8_t> message, const dns::Question& question);

/// A TempFail for the reason given.
[[nodiscard]] dns::Answer temp_fail(std::string detail);

}  // namespace assay::resolver
