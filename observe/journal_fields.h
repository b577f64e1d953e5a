#pragma once

#include <cstddef>
#include <string>

#include "observe/record.h"

namespace assay::observe {

/// Fields of the journal for one message, NAME=VALUE lines each ended by '\n', so that `journalctl ASSAY_ACTION=reject`
/// finds it: ASSAY_QUEUE_ID, ASSAY_ACTION, ASSAY_WOULD, ASSAY_RULE, ASSAY_CLIENT_IP, ASSAY_FROM_DOMAIN, ASSAY_DMARC,
/// ASSAY_SPF, ASSAY_DKIM (pass if one signature passes, else the first one's result), ASSAY_ARC. What a message does
/// not have is left out; of one that was not verified, all results. Values pass escape(), cut at kMaxFieldValueOctets.
[[nodiscard]] std::string journal_fields(const Record& record);

inline constexpr std::size_t kMaxFieldValueOctets = 255;

}  // namespace assay::observe
