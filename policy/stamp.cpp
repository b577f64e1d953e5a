#include "policy/stamp.h"

namespace assay::policy {

authres::Stamp make_stamp(const std::string& authserv_id, const Facts& facts, const Decision& decision) {
  authres::Stamp stamp;
  stamp.authserv_id = authserv_id;
  stamp.client = facts.client_ip;
  stamp.null_sender = facts.has_envelope && facts.mail_from.empty();
  stamp.rule = decision.rule;
  stamp.action = to_string(decision.action);
  if (decision.would) {
    stamp.would = to_string(*decision.would);
    stamp.would_rule = decision.would_rule;
  }
  stamp.internationalized = facts.internationalized;
  return stamp;
}

}  // namespace assay::policy
