#pragma once

#include <functional>
#include <unordered_set>
#include <vector>

#include "verify/dns/resolver.h"

namespace assay::plan {

/// Answers from what is known and notes what is not, so that running an evaluator against it reveals the questions it
/// will ask. A question that is not known is answered so that the evaluator goes on as if nothing matched: Found
/// without records, and for TXT a record that SPF reads as "no mechanism matches" and that is neither a DMARC record
/// nor a key.
class PlanningResolver final : public dns::Resolver {
 public:
  using Answered = std::function<dns::AnswerPtr(const dns::Question&)>;

  /// Questions noted in one run; what comes beyond is asked when it is needed.
  static constexpr std::size_t kMaxQuestions = 200;

  /// `answered` gives null for what is not known; it must outlive this object.
  explicit PlanningResolver(const Answered& answered) : answered_(answered) {}

  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override;

  /// The different questions that were not known, in the order of their first use.
  [[nodiscard]] std::vector<dns::Question> missing() && { return std::move(missing_); }

 private:
  const Answered& answered_;
  std::vector<dns::Question> missing_;
  std::unordered_set<dns::Question> noted_;
};

}  // namespace assay::plan
