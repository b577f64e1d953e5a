#pragma once

#include "verify/dns/answer.h"

namespace assay::dns {

/// Where the evaluators get their DNS answers from. One object serves one message.
class Resolver {
 public:
  virtual ~Resolver() = default;

  /// Answers `question`, waiting if need be, but never past the message's deadline: then the answer is TempFail.
  /// Never null. The same question gets the same answer throughout one message. A question that is not askable is
  /// answered NxDomain without asking anybody.
  [[nodiscard]] virtual AnswerPtr lookup(const Question& question) = 0;
};

}  // namespace assay::dns
