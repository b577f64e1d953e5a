#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verify/arc/outcome.h"
#include "verify/base/domain.h"
#include "verify/dkim/outcome.h"
#include "verify/dmarc/outcome.h"
#include "verify/iprev/evaluate.h"
#include "verify/limits.h"
#include "verify/spf/outcome.h"

namespace assay {

/// The facts about one message: what every method found, and what the header says that policy weighs. Plain data; holds
/// no judgement. Strings hold text from mail or DNS: escape before writing.
struct Verdict {
  spf::Outcome spf_mail_from;
  spf::Outcome spf_helo;
  std::vector<dkim::Outcome> dkim;  ///< In the order of the message, top first.
  arc::Outcome arc;
  dmarc::Outcome dmarc;                       ///< The deciding author domain's.
  std::vector<dmarc::Outcome> other_authors;  ///< Further author domains' of the same From field.
  std::optional<iprev::Outcome> iprev;        ///< Absent without a client address.

  std::vector<std::string> from;    ///< addr-specs of the From field.
  std::string list_id;              ///< The identifier inside <> of List-Id (RFC 2919); empty if none.
  std::string list_post_host;       ///< Host of the mailto: URI in List-Post (RFC 2369); empty if none.
  std::vector<Domain> resent_from;  ///< Domains of Resent-From fields.

  std::optional<Bound> exceeded;  ///< Set: verification stopped there, and the methods above say nothing.
  std::size_t dns_queries = 0;    ///< Distinct (name, type) that the evaluation used, cached or not.
};

}  // namespace assay
