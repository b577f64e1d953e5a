#pragma once

#include "policy/decision.h"
#include "verify/verdict.h"

namespace assay::policy {

/// The last enumerator of each enumeration whose words conditions and cases may hold: whoever appends one says so here
/// (a test notices if not).
template <class Enum>
constexpr Enum last_of() = delete;

template <>
constexpr dmarc::Status last_of<dmarc::Status>() {
  return dmarc::Status::PermError;
}
template <>
constexpr dmarc::Policy last_of<dmarc::Policy>() {
  return dmarc::Policy::Reject;
}
template <>
constexpr dmarc::Reason last_of<dmarc::Reason>() {
  return dmarc::Reason::DnssecBogus;
}
template <>
constexpr spf::Status last_of<spf::Status>() {
  return spf::Status::PermError;
}
template <>
constexpr spf::Reason last_of<spf::Reason>() {
  return spf::Reason::DnssecBogus;
}
template <>
constexpr dkim::Status last_of<dkim::Status>() {
  return dkim::Status::PermError;
}
template <>
constexpr dkim::Reason last_of<dkim::Reason>() {
  return dkim::Reason::TooCostly;
}
template <>
constexpr arc::Status last_of<arc::Status>() {
  return arc::Status::Fail;
}
template <>
constexpr arc::Reason last_of<arc::Reason>() {
  return arc::Reason::TooCostly;
}
template <>
constexpr iprev::Status last_of<iprev::Status>() {
  return iprev::Status::PermError;
}
template <>
constexpr Bound last_of<Bound>() {
  return Bound::HeaderFields;
}
template <>
constexpr Indirect last_of<Indirect>() {
  return Indirect::Forwarder;
}

}  // namespace assay::policy
