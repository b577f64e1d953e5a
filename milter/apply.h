#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "milter/editor.h"
#include "milter/forged_fields.h"
#include "milter/negotiation.h"
#include "observe/record.h"

namespace assay::milter {

/// The recipients of a message by the names under which the MTA removes them.
class Recipients {
 public:
  /// `path` is what followed RCPT TO:.
  void add(std::string_view path);
  /// The paths, in angle brackets, of those that are another mailbox than `kept`. nullopt if it is not certain for all
  /// that the MTA removes what they name: Postfix compares a name with the argument of RCPT as it read that, without
  /// its source route and quoting, but neither in lower case nor without a dot at the end as in {rcpt_addr}; and it
  /// reports success whether it removed anything or not. Only where the argument follows the grammar is that form
  /// known.
  [[nodiscard]] std::optional<std::vector<std::string>> others_than(const std::string& kept) const;

 private:
  std::vector<std::string> paths_;
  bool is_certain_ = true;
};

/// What the MTA shall do next, in the milter protocol's words.
enum class Step : std::uint8_t { Continue, Reject, TempFail, Discard, Skip };

/// Answers a command with `reply` and the step that fits its code.
[[nodiscard]] Step refuse(const policy::Reply& reply, Editor& editor);

/// Carries out `record.decision` on the message at its end: removes the `forged` fields (those of one name ascend),
/// adds those of the rules and stamps `record.authentication_results` on top, unless the message is refused or
/// discarded; quarantines if decided. What the MTA does not offer falls back to the quarantine header, and a note
/// in the record says so; but a message that cannot be redirected for how a recipient is spelled is deferred, or else
/// its sender would choose. If a forged field cannot be removed, or one of ours cannot be set, the message is deferred:
/// it must not pass with a header that lies. The record's decision then says that.
[[nodiscard]] Step apply(observe::Record& record, const std::vector<ForgedField>& forged, const Recipients& recipients,
                         const Capabilities& agreed, Editor& editor);

}  // namespace assay::milter
