#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "verify/base/domain.h"
#include "verify/base/ip_address.h"
#include "verify/dmarc/public_suffixes.h"
#include "verify/dns/answer.h"
#include "verify/limits.h"

namespace assay::plan {

/// The names that a message has shown so far: enough to know which DNS questions its verification will ask. Immutable
/// once shared with other threads.
struct Known {
  std::optional<IpAddress> client;
  std::string helo;
  std::optional<std::string> mail_from;  ///< Absent until MAIL FROM.
  std::vector<Domain> authors;           ///< Empty until the end of the headers.
  std::vector<Domain> signing_domains;   ///< d= of the signatures that will be verified.
  std::vector<dns::Question> keys;       ///< Key questions of DKIM and ARC.
  bool client_is_planned = false;        ///< SPF and iprev lack no answer: they are not planned again.
};

/// The questions, not yet answered, that the evaluation would ask next given the answers at hand. Runs the unmodified
/// evaluators against `answered` (null = not known): nothing is asked, nothing counts towards any limit of the message.
/// Empty once everything is known. Call again when answers have arrived. With `suffixes` also those of the comparison
/// with RFC 7489, after all others.
[[nodiscard]] std::vector<dns::Question> next_questions(
    const Known& known, const std::function<dns::AnswerPtr(const dns::Question&)>& answered, const Limits& limits,
    const dmarc::PublicSuffixes* suffixes = nullptr);

}  // namespace assay::plan
