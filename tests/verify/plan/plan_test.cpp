#include "verify/plan/plan.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fake_public_suffixes.h"
#include "tests/support/fake_resolver.h"
#include "verify/plan/planning_resolver.h"
#include "verify/verification.h"

using namespace assay;

namespace {

using Names = std::set<std::string>;

/// Answers the questions of a plan round by round, as a resolver does whose answers all take equally long.
class Rounds {
 public:
  explicit Rounds(std::string_view zone) : dns_(zone) {}

  /// Runs the plan to its end; returns the names asked in each round.
  std::vector<Names> run(const plan::Known& known, const dmarc::PublicSuffixes* suffixes = nullptr) {
    std::vector<Names> rounds;
    for (;;) {
      const auto questions = plan::next_questions(
          known,
          [this](const dns::Question& question) {
            const auto answer = answers_.find(question);
            return answer == answers_.end() ? nullptr : answer->second;
          },
          Limits{}, suffixes);
      if (questions.empty()) {
        return rounds;
      }
      REQUIRE(rounds.size() < 50);
      Names names;
      for (const auto& question : questions) {
        REQUIRE(answers_.count(question) == 0);
        answers_[question] = dns_.lookup(question);
        names.insert(std::string(dns::to_string(question.type)) + " " + question.name);
      }
      rounds.push_back(names);
    }
  }

  [[nodiscard]] bool has(const dns::Question& question) const { return answers_.count(question) != 0; }
  test::FakeResolver& dns() { return dns_; }

 private:
  test::FakeResolver dns_;
  std::map<dns::Question, dns::AnswerPtr> answers_;
};

plan::Known from_client(const std::string& mail_from) {
  plan::Known known;
  known.client = IpAddress::parse("192.0.2.1").value();
  known.mail_from = mail_from;
  return known;
}

Domain domain(const char* text) {
  return Domain::parse(text).value();
}

}  // namespace

TEST_CASE("plan: SPF includes are asked level by level, all of one level together", "[plan]") {
  Rounds rounds(R"(
example.com    TXT "v=spf1 include:a.example include:b.example -all"
a.example      TXT "v=spf1 include:a1.example -all"
b.example      TXT "v=spf1 a:host.b.example -all"
a1.example     TXT "v=spf1 ip4:203.0.113.1 -all"
host.b.example A   203.0.113.2
1.2.0.192.in-addr.arpa PTR mail.example.com
mail.example.com A 192.0.2.1
)");
  const auto asked = rounds.run(from_client("<x@example.com>"));
  REQUIRE(asked.size() == 3);
  CHECK(asked[0] == Names{"TXT example.com", "PTR 1.2.0.192.in-addr.arpa"});
  CHECK(asked[1] == Names{"TXT a.example", "TXT b.example", "A mail.example.com"});
  CHECK(asked[2] == Names{"TXT a1.example", "A host.b.example"});
}

TEST_CASE("plan: all names of a DMARC tree walk are asked at once (RFC 9989 section 4.10)", "[plan]") {
  Rounds rounds("example.com NONE\n");
  plan::Known known;
  known.authors = {domain("a.b.example.com")};
  const auto asked = rounds.run(known);
  REQUIRE_FALSE(asked.empty());
  CHECK(asked[0] ==
        Names{"TXT _dmarc.a.b.example.com", "TXT _dmarc.b.example.com", "TXT _dmarc.example.com", "TXT _dmarc.com"});
  CHECK(asked.size() == 1);
}

TEST_CASE("plan: the keys of all signatures are asked at once", "[plan]") {
  Rounds rounds("example.com NONE\n");
  plan::Known known;
  known.keys = {{"s1._domainkey.example.com", dns::Type::TXT}, {"s2._domainkey.example.org", dns::Type::TXT}};
  CHECK(rounds.run(known) == std::vector<Names>{{"TXT s1._domainkey.example.com", "TXT s2._domainkey.example.org"}});
}

TEST_CASE("plan: a signer that may align by its organization has its walk planned, a stranger has not", "[plan]") {
  Rounds rounds("_dmarc.news.example.com TXT \"v=DMARC1; p=reject\"\n");
  plan::Known known;
  known.authors = {domain("news.example.com")};
  known.signing_domains = {domain("mail.example.com"), domain("bulk.example.org")};
  Names all;
  for (const Names& names : rounds.run(known)) {
    all.insert(names.begin(), names.end());
  }
  CHECK(all.count("TXT _dmarc.mail.example.com") == 1);
  CHECK(all.count("TXT _dmarc.bulk.example.org") == 0);
}

TEST_CASE("plan: a plan ends, whatever the answers, and never asks one question twice", "[plan]") {
  for (const char* answer : {"!TEMPFAIL", "!BOGUS"}) {
    Rounds rounds("example.com TXT " + std::string(answer) + "\n_dmarc.example.com TXT " + answer + "\n");
    auto known = from_client("<x@example.com>");
    known.helo = "example.com";
    known.authors = {domain("example.com")};
    known.signing_domains = {domain("sub.example.com")};
    known.keys = {{"s._domainkey.example.com", dns::Type::TXT}};
    CHECK(rounds.run(known).size() <= 4);
  }
}

TEST_CASE(
    "plan: names of the client that are never answered do not keep the author's policy and the keys from being asked",
    "[plan]") {
  // Two records whose hosts fill a plan: 10 mx with 10 hosts each (RFC 7208 section 4.6.4).
  std::string zone;
  for (const std::string sender : {"one", "two"}) {
    zone += sender + ".example TXT \"v=spf1";
    for (int i = 0; i < 10; ++i) {
      zone += " mx:m" + std::to_string(i) + "." + sender + ".example";
    }
    zone += "\"\n";
    for (int i = 0; i < 100; ++i) {
      zone += "m" + std::to_string(i / 10) + "." + sender + ".example MX 10 h" + std::to_string(i) + "." + sender +
              ".example\n";
    }
  }
  test::FakeResolver dns(zone);
  auto known = from_client("<x@one.example>");
  known.helo = "two.example";
  known.authors = {domain("bank.example")};
  known.keys = {{"s._domainkey.bank.example", dns::Type::TXT}};
  const auto questions = plan::next_questions(
      known,
      [&dns](const dns::Question& question) {
        const bool is_slow = question.type == dns::Type::A;
        const bool is_new = question.name.find("bank") != std::string::npos;
        return is_slow || is_new ? nullptr : dns.lookup(question);
      },
      Limits{});
  const auto is_asked = [&questions](const char* name) {
    return std::any_of(questions.begin(), questions.end(), [name](const auto& q) { return q.name == name; });
  };
  CHECK(questions.size() == plan::PlanningResolver::kMaxQuestions);
  CHECK(is_asked("_dmarc.bank.example"));
  CHECK(is_asked("s._domainkey.bank.example"));
}

TEST_CASE("plan: no more signers are planned for than are aligned (Limits::alignment_domains)", "[plan]") {
  const std::function<dns::AnswerPtr(const dns::Question&)> policy_alone = [](const dns::Question& question) {
    dns::Answer answer;
    answer.status = dns::Status::Found;
    answer.texts = {"v=DMARC1; p=reject"};
    return question.name == "_dmarc.example.com" ? std::make_shared<const dns::Answer>(answer) : nullptr;
  };
  Limits limits;
  limits.alignment_domains = 2;
  plan::Known known;
  known.authors = {domain("example.com")};
  const auto walked = [&] {
    const auto questions = plan::next_questions(known, policy_alone, limits);
    return std::count_if(questions.begin(), questions.end(),
                         [](const auto& question) { return question.name.rfind("_dmarc.m", 0) == 0; });
  };
  known.signing_domains = {domain("m1.example.com"), domain("m2.example.com")};
  CHECK(walked() == 2);
  known.signing_domains.push_back(domain("m3.example.com"));
  CHECK(walked() == 2);
}

TEST_CASE("plan: a planned question that DNS cannot carry is not asked", "[plan]") {
  const std::function<dns::AnswerPtr(const dns::Question&)> nothing = [](const auto&) { return nullptr; };
  plan::PlanningResolver resolver(nothing);
  static_cast<void>(resolver.lookup({std::string(64, 'a') + ".example", dns::Type::A}));
  static_cast<void>(resolver.lookup({"a..example", dns::Type::A}));
  CHECK(std::move(resolver).missing().empty());
}

TEST_CASE("plan: at most kMaxQuestions are noted in one run", "[plan]") {
  const std::function<dns::AnswerPtr(const dns::Question&)> nothing = [](const auto&) { return nullptr; };
  plan::PlanningResolver resolver(nothing);
  for (std::size_t i = 0; i <= plan::PlanningResolver::kMaxQuestions; ++i) {
    static_cast<void>(resolver.lookup({"n" + std::to_string(i) + ".example", dns::Type::A}));
  }
  CHECK(std::move(resolver).missing().size() == plan::PlanningResolver::kMaxQuestions);
}

TEST_CASE("plan: everything that the evaluation asks was planned before, and the verdict is that of no planning",
          "[plan]") {
  constexpr const char* kZone = R"(
example.com      TXT "v=spf1 include:spf.example.net mx a:%{d} exists:%{i}.wl.example.com ?all"
example.com      MX  10 mx1.example.com
example.com      A   203.0.113.5
mx1.example.com  A   203.0.113.6
spf.example.net  TXT "v=spf1 redirect=r.example.net"
r.example.net    TXT "v=spf1 ip4:203.0.113.7 ptr:example.com -all"
mail.example.com A   192.0.2.1
helo.example.com TXT "v=spf1 a -all"
helo.example.com A   192.0.2.1
1.2.0.192.in-addr.arpa PTR mail.example.com
_dmarc.example.com TXT "v=DMARC1; p=reject; np=quarantine"
)";
  const auto feed = [](Verification& verification) {
    verification.client(IpAddress::parse("192.0.2.1").value(), "helo.example.com");
    verification.mail_from("<bounce@example.com>");
    verification.header("From", " A <a@gone.news.example.com>");
    verification.end_of_headers();
  };
  Verification planned(Limits{}, {});
  feed(planned);
  Rounds rounds(kZone);
  rounds.run(planned.known());
  rounds.dns().forget_questions();
  const Verdict with_plan = planned.finish(rounds.dns(), Time{});
  for (const auto& question : rounds.dns().questions()) {
    CAPTURE(question.name, dns::to_string(question.type));
    // Whether the author's domain exists matters only once the policy is known, and is asked then.
    CHECK(rounds.has(question));
  }

  Verification plain(Limits{}, {});
  feed(plain);
  test::FakeResolver dns(kZone);
  const Verdict without_plan = plain.finish(dns, Time{});
  CHECK(with_plan.spf_mail_from.status == without_plan.spf_mail_from.status);
  CHECK(with_plan.spf_mail_from.lookups == without_plan.spf_mail_from.lookups);
  CHECK(with_plan.spf_helo.status == spf::Status::Pass);
  CHECK(with_plan.dmarc.status == without_plan.dmarc.status);
  CHECK(with_plan.dmarc.policy == dmarc::Policy::Quarantine);
  CHECK(with_plan.dns_queries == dns.distinct_questions());
}

TEST_CASE("plan: what was evaluated before the end is not evaluated again, but for a failure that may tell the time",
          "[plan]") {
  // RFC 7208 section 7.2: %{t} is the current time, allowed in an explanation alone.
  test::FakeResolver dns(R"(
example.com      TXT "v=spf1 ip4:203.0.113.0/24 -all exp=why.example.com"
why.example.com  TXT "refused at %{t}"
helo.example.com TXT "v=spf1 a -all"
helo.example.com A   192.0.2.1
)");
  Verification verification(Limits{}, {});
  verification.client(IpAddress::parse("192.0.2.1").value(), "helo.example.com");
  verification.mail_from("<bounce@example.com>");
  CHECK(verification.evaluate_client([&dns](const dns::Question& question) { return dns.lookup(question); }));
  dns.forget_questions();
  const Verdict verdict = verification.finish(dns, Time{std::chrono::seconds(1'700'000'000)});
  CHECK(verdict.spf_mail_from.status == spf::Status::Fail);
  CHECK(verdict.spf_mail_from.explanation == "refused at 1700000000");
  CHECK(verdict.spf_helo.status == spf::Status::Pass);
  for (const auto& question : dns.questions()) {
    CHECK(question.name.find("helo.") == std::string::npos);
    CHECK(question.name.find("in-addr.arpa") == std::string::npos);
  }
  // Five: two records, the explanation, the address of the HELO name, the client's PTR.
  CHECK(verdict.dns_queries == 5);
}

TEST_CASE("plan: the comparison with RFC 7489 is asked with the tree walk, and not unless it is on", "[plan]") {
  const test::FakePublicSuffixes suffixes({"com"});
  plan::Known known;
  known.authors = {domain("a.b.example.com")};
  const auto all = [&known](const char* zone, const dmarc::PublicSuffixes* list) {
    Names names;
    Rounds rounds(zone);
    const auto asked = rounds.run(known, list);
    for (const Names& round : asked) {
      names.insert(round.begin(), round.end());
    }
    CHECK(asked[0] == names);  // All at once.
    return names;
  };
  // The usual organization: the walk asks its name anyway.
  constexpr const char* kUsual = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n";
  const Names walk{"TXT _dmarc.a.b.example.com", "TXT _dmarc.b.example.com", "TXT _dmarc.example.com",
                   "TXT _dmarc.com"};
  CHECK(all(kUsual, nullptr) == walk);
  CHECK(all(kUsual, &suffixes) == walk);

  // More labels than the walk has steps, but for the shortcut to seven (RFC 9989 section 4.10).
  known.authors = {domain("a.b.c.d.e.f.g.h.example.com")};
  const test::FakePublicSuffixes deep({"com", "d.e.f.g.h.example.com"});
  Names with_list = all(kUsual, nullptr);
  CHECK(with_list.count("TXT _dmarc.c.d.e.f.g.h.example.com") == 0);
  with_list.insert("TXT _dmarc.c.d.e.f.g.h.example.com");
  CHECK(all(kUsual, &deep) == with_list);
}

TEST_CASE("plan: with the comparison on, too, everything that the evaluation asks was planned before", "[plan]") {
  const test::FakePublicSuffixes suffixes({"com", "bank.example"});
  const std::string author =
      GENERATE("a.b.example.com", "a.b.c.d.e.f.g.example.com", "x.giant.bank.example", "example.com");
  const std::string zone =
      "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.bank.example TXT \"v=DMARC1; p=none; psd=y\"\n";
  Verification::Options options;
  options.public_suffixes = &suffixes;
  Verification verification(Limits{}, options);
  verification.header("From", " a@" + author);
  verification.end_of_headers();
  Rounds rounds(zone);
  rounds.run(verification.known(), &suffixes);
  rounds.dns().forget_questions();
  const Verdict verdict = verification.finish(rounds.dns(), Time{});
  CHECK(verdict.dmarc.rfc7489);
  for (const auto& question : rounds.dns().questions()) {
    CAPTURE(author, question.name);
    CHECK(rounds.has(question));
  }
}
