// Looking ahead changes nothing: with the questions of a plan answered before, a message gets the same verdict.
#include <map>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/fake_public_suffixes.h"
#include "tests/verify/property/vectors.h"
#include "verify/plan/plan.h"

using namespace assay;
using test::Vector;

namespace {

/// Answers that have arrived. What is asked of it and has not, is looked up and noted.
class Answers final : public dns::Resolver {
 public:
  explicit Answers(dns::Resolver& inner) : inner_(inner) {}

  [[nodiscard]] dns::AnswerPtr find(const dns::Question& question) const {
    const auto answer = answers_.find(question);
    return answer == answers_.end() ? nullptr : answer->second;
  }
  void fetch(const dns::Question& question) {
    REQUIRE(answers_.count(question) == 0);
    answers_[question] = inner_.lookup(question);
  }
  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override {
    if (auto answer = find(question)) {
      return answer;
    }
    unplanned_.push_back(question);
    fetch(question);
    return find(question);
  }
  [[nodiscard]] const std::vector<dns::Question>& unplanned() const { return unplanned_; }

 private:
  dns::Resolver& inner_;
  std::map<dns::Question, dns::AnswerPtr> answers_;
  std::vector<dns::Question> unplanned_;
};

/// Plans until nothing is missing; every question once.
void run_plan(const plan::Known& known, Answers& answers) {
  constexpr int kMostRounds = 30;
  for (int round = 0;; ++round) {
    REQUIRE(round < kMostRounds);
    const auto questions = plan::next_questions(
        known, [&answers](const dns::Question& question) { return answers.find(question); }, Limits{});
    if (questions.empty()) {
      return;
    }
    for (const dns::Question& question : questions) {
      answers.fetch(question);
    }
  }
}

/// The same zone, in which the names that `fails` chooses cannot be looked up.
class Failing final : public dns::Resolver {
 public:
  Failing(dns::Resolver& inner, std::size_t every) : inner_(inner), every_(every) {}
  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override {
    if (every_ != 0 && std::hash<std::string>{}(question.name) % every_ == 0) {
      dns::Answer answer;
      answer.status = dns::Status::TempFail;
      return std::make_shared<const dns::Answer>(answer);
    }
    return inner_.lookup(question);
  }

 private:
  dns::Resolver& inner_;
  std::size_t every_;
};

}  // namespace

TEST_CASE(
    "property/plan: every vector gets one verdict, planned or not, asks each question once, and all but a few of "
    "them are planned",
    "[property][plan]") {
  for (const std::size_t every : {0U, 1U, 2U, 3U}) {
    std::size_t asked = 0;
    std::size_t unplanned = 0;
    for (const Vector& vector : test::vectors()) {
      CAPTURE(vector.name, every);
      Failing dns(*vector.dns, every);
      Verification plain(Limits{}, {});
      test::feed_envelope(plain, vector);
      test::feed_headers(plain, vector.message);
      plain.body(vector.message.body);

      Verification planned(Limits{}, {});
      Answers answers(dns);
      test::feed_envelope(planned, vector);
      run_plan(planned.known(), answers);
      test::feed_headers(planned, vector.message);
      run_plan(planned.known(), answers);
      planned.body(vector.message.body);
      const Verdict verdict = planned.finish(answers, vector.now);

      REQUIRE(test::write(verdict) == test::write(plain.finish(dns, vector.now)));
      asked += verdict.dns_queries;
      unplanned += answers.unplanned().size();
      for (const dns::Question& question : answers.unplanned()) {
        // Whether the author's domain exists is asked for np= alone, once the record is there (RFC 9989 section 4.7).
        CAPTURE(question.name);
        REQUIRE(question.name.find("_dmarc.") == std::string::npos);
        REQUIRE(question.name.find("_domainkey.") == std::string::npos);
      }
    }
    CHECK(asked > 300);
    CHECK(unplanned * 20 < asked);
  }
}

TEST_CASE(
    "property/plan: what the client's outcomes lack no answer for may be evaluated before the end, and every vector "
    "keeps its verdict and its count of questions",
    "[property][plan]") {
  std::size_t complete = 0;
  std::size_t partial = 0;
  for (const std::size_t failing : {0U, 2U}) {
    for (const std::size_t hidden : {0U, 1U, 2U, 3U, 5U}) {
      for (const Vector& vector : test::vectors()) {
        CAPTURE(vector.name, failing, hidden);
        Failing dns(*vector.dns, failing);
        Verification plain(Limits{}, {});
        test::feed_envelope(plain, vector);
        test::feed_headers(plain, vector.message);
        plain.body(vector.message.body);

        Verification early(Limits{}, {});
        test::feed_envelope(early, vector);
        bool lacked = false;
        const bool is_complete = early.evaluate_client([&](const dns::Question& question) -> dns::AnswerPtr {
          if (hidden != 0 && std::hash<std::string>{}(question.name) / 7 % hidden == 0) {
            lacked = true;
            return nullptr;
          }
          return dns.lookup(question);
        });
        CHECK((!is_complete || !lacked));
        complete += is_complete ? 1 : 0;
        partial += lacked && hidden > 1 ? 1 : 0;
        test::feed_headers(early, vector.message);
        early.body(vector.message.body);
        const Verdict expected = plain.finish(dns, vector.now);
        const Verdict verdict = early.finish(dns, vector.now);
        REQUIRE(test::write(verdict) == test::write(expected));
        REQUIRE(verdict.dns_queries == expected.dns_queries);
      }
    }
  }
  CHECK(complete > 20);
  CHECK(partial > 20);
}

TEST_CASE("property/plan: comparing with RFC 7489 changes nothing else in the verdict of any vector",
          "[property][dmarc]") {
  const test::FakePublicSuffixes suffixes({"com", "net", "org", "example"});
  for (const std::size_t every : {0U, 1U, 2U, 3U}) {
    std::size_t compared = 0;
    for (const Vector& vector : test::vectors()) {
      CAPTURE(vector.name, every);
      Failing dns(*vector.dns, every);
      const auto judge = [&](const dmarc::PublicSuffixes* list) {
        Verification::Options options;
        options.public_suffixes = list;
        Verification verification(Limits{}, options);
        test::feed_envelope(verification, vector);
        test::feed_headers(verification, vector.message);
        verification.body(vector.message.body);
        return verification.finish(dns, vector.now);
      };
      const Verdict without = judge(nullptr);
      Verdict with = judge(&suffixes);
      REQUIRE_FALSE(without.dmarc.rfc7489);
      REQUIRE(with.dmarc.rfc7489.has_value() == with.dmarc.author.has_value());
      REQUIRE(with.dns_queries >= without.dns_queries);
      compared += with.dmarc.rfc7489 ? 1U : 0U;
      with.dns_queries = without.dns_queries;
      REQUIRE(test::write(with) == test::write(without));
    }
    CHECK(compared > 50);
  }
}
