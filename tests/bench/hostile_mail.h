#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/base/ip_address.h"
#include "verify/base/time.h"
#include "verify/dns/answer.h"

namespace assay::bench {

/// A message made to cost its receiver much, with the DNS that its sender runs for it.
struct HostileMail {
  std::string name;                                         ///< What it tries, in words for the table.
  std::vector<std::pair<std::string, std::string>> fields;  ///< Top first.
  std::string body = "Hello.\r\n";
  IpAddress client;
  std::string helo;
  std::string mail_from;
  std::size_t recipients = 1;
  std::function<dns::Answer(const dns::Question&)> dns;
  std::string verdict;  ///< What the table's last column begins with; empty: whatever it is.

  [[nodiscard]] std::size_t octets() const;
};

/// When to verify them.
inline constexpr Time kHostileNow{std::chrono::seconds(1'800'000'000)};

/// Octets that no message reaches: what an MTA's and our own bounds leave to an attacker.
inline constexpr std::size_t kHostileOctets = 1'000'000;

/// All of them, or those whose name contains `only`; each is made when its turn comes, since signing takes long.
/// `is_short` leaves out shapes that differ from another in a number alone.
void for_each_hostile_mail(std::string_view only, bool is_short, const std::function<void(const HostileMail&)>& use);

}  // namespace assay::bench
