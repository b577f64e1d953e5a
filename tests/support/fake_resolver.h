#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "verify/dns/resolver.h"

namespace assay::test {

/// DNS for tests, made from text, one record a line:
///
///   example.com           TXT   "v=spf1 ip4:192.0.2.0/24 -all"
///   long.example.com      TXT   "first string" "second string"
///   example.com           MX    10 mx.example.com
///   mx.example.com        A     192.0.2.1
///   www.example.com       CNAME example.com
///   empty.example.com     NONE
///   slow.example.com      TXT   !TEMPFAIL
///   forged.example.com    TXT   !BOGUS
///
/// '#' starts a comment line. A name that has no line, and no line below it, is NXDOMAIN; a name without the type is
/// NoData. NONE makes a name exist without records; `* !TEMPFAIL` fails every type of a name. In quoted text \" \\ and
/// \DDD (decimal octet) are escapes. CNAMEs are followed up to 8 deep, then TempFail. Records every question that was
/// looked up, in order.
class FakeResolver final : public dns::Resolver {
 public:
  explicit FakeResolver(std::string_view zone = {});

  void add(const std::string& name, dns::Type type, const dns::Answer& answer);
  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override;

  /// All questions so far, repetitions included.
  [[nodiscard]] const std::vector<dns::Question>& questions() const noexcept { return questions_; }
  /// Number of different questions so far.
  [[nodiscard]] std::size_t distinct_questions() const;
  void forget_questions() { questions_.clear(); }

 private:
  [[nodiscard]] dns::Answer answer(const dns::Question& question, unsigned depth) const;

  std::map<dns::Question, dns::Answer> records_;
  std::map<std::string, std::string> aliases_;
  std::set<std::string> names_;
  std::map<dns::Question, dns::AnswerPtr> given_;  ///< What was asked again gets the same object, as from a cache.
  std::vector<dns::Question> questions_;
};

}  // namespace assay::test
