#include "verify/plan/planning_resolver.h"

#include <memory>

namespace assay::plan {
namespace {

dns::AnswerPtr make_pending(bool text) {
  auto answer = std::make_shared<dns::Answer>();
  answer->status = dns::Status::Found;
  if (text) {
    answer->texts.emplace_back("v=spf1 ?all");
  }
  return answer;
}

}  // namespace

dns::AnswerPtr PlanningResolver::lookup(const dns::Question& question) {
  if (auto answer = answered_(question)) {
    return answer;
  }
  if (missing_.size() < kMaxQuestions && dns::is_askable(question.name) && noted_.insert(question).second) {
    missing_.push_back(question);
  }
  static const dns::AnswerPtr pending_text = make_pending(true);
  static const dns::AnswerPtr pending_other = make_pending(false);
  return question.type == dns::Type::TXT ? pending_text : pending_other;
}

}  // namespace assay::plan
