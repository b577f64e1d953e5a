#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/selftest_attack.h"
#include "cli/selftest_play.h"
#include "policy/rules.h"

namespace assay::cli {

/// What is known of the daemon.
struct Knowledge {
  std::string authserv_id;
  /// Of the harmless message: "spf=none", "dmarc=none" ... Empty before it was sent.
  std::vector<std::string> harmless;
  /// With --config: decisions are judged, too.
  std::optional<policy::Rules> rules;
};

/// What came of an attack, judged. All texts are fit for a terminal.
struct Finding {
  std::string expected;
  std::string seen;
  std::vector<std::string> mismatches;  ///< What is not as it must be, a clause each; empty: all is well.
  bool is_silent = false;               ///< The daemon could not be spoken with, or did not answer.
  bool has_temperror = false;           ///< A check failed for now, which is DNS's fault.
};

/// What must hold under every configuration: of a message that is accepted, fields that claim to be the daemon's are
/// gone, others are not, exactly one own field stands at the top, it can be read, and it calls nothing a pass, since
/// nothing was proven. And with `rules`: the decision.
[[nodiscard]] Finding judge(const Attack& attack, const Conversation& conversation, const Knowledge& knowledge);

/// The value of the Authentication-Results field that the daemon added to an accepted message; empty if it added none.
[[nodiscard]] std::string stamp_of(const mta::Delivery& delivery);
/// The authserv-id of such a value; empty if it cannot be read.
[[nodiscard]] std::string authserv_id_of(std::string_view stamp);
/// Its results, as "spf=none"; iprev left out, which says nothing of a name in the message.
[[nodiscard]] std::vector<std::string> results_of(std::string_view stamp);

}  // namespace assay::cli
