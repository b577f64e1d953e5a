#include "verify/iprev/evaluate.h"

#include <algorithm>
#include <span>

namespace assay::iprev {
namespace {

/// What an answer means here. Found may hold nothing while the lookups are only being planned; that is no PTR record
/// and no address, as for NoData.
enum class Meaning : std::uint8_t { Records, Nothing, Failed };

Meaning meaning(dns::Status status) {
  switch (status) {
    case dns::Status::Found: return Meaning::Records;
    case dns::Status::NoData:                             // RFC 8601 section 2.7.3: RCODE 0 without answers
    case dns::Status::NxDomain: return Meaning::Nothing;  // section 2.7.3: RCODE 3
    case dns::Status::TempFail:                           // section 2.7.3: temperror
    case dns::Status::Bogus: return Meaning::Failed;      // RFC 4035 section 5.5: SERVFAIL to us
  }
  return Meaning::Failed;
}

}  // namespace

const char* to_string(Status status) noexcept {
  switch (status) {
    case Status::Pass: return "pass";
    case Status::Fail: return "fail";
    case Status::TempError: return "temperror";
    case Status::PermError: return "permerror";
  }
  return "";
}

Outcome evaluate(const IpAddress& client, dns::Resolver& dns, const Limits& limits) {
  const dns::AnswerPtr reverse = dns.lookup({client.reverse_name(), dns::Type::PTR});
  switch (meaning(reverse->status)) {
    case Meaning::Records: break;
    case Meaning::Nothing: return {Status::PermError, {}};
    case Meaning::Failed: return {Status::TempError, {}};
  }
  if (reverse->names.empty()) {
    return {Status::PermError, {}};
  }
  // Section 3 takes the union of A and AAAA of every name and asks whether the client is in it. An IPv4 client can only
  // be among the A records and an IPv6 client among the AAAA, so that one type gives the same result.
  const dns::Type type = client.is_v4() ? dns::Type::A : dns::Type::AAAA;
  bool has_failed = false;
  // section 3: the number of names looked up MUST be limited
  for (const std::string& name : std::span(reverse->names).first(std::min(reverse->names.size(), limits.iprev_names))) {
    if (!dns::is_askable(name)) {
      continue;
    }
    const dns::AnswerPtr forward = dns.lookup({name, type});
    switch (meaning(forward->status)) {
      case Meaning::Records:
        if (std::find(forward->addresses.begin(), forward->addresses.end(), client) != forward->addresses.end()) {
          return {Status::Pass, name};
        }
        break;
      case Meaning::Nothing: break;
      case Meaning::Failed: has_failed = true; break;
    }
  }
  if (has_failed) {
    return {Status::TempError, {}};
  }
  return {Status::Fail, reverse->names.front()};
}

}  // namespace assay::iprev
