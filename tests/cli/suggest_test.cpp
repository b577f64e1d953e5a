#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/suggest_report.h"
#include "config/load.h"
#include "observe/record.h"
#include "policy/decide.h"
#include "policy/indirect.h"
#include "policy/lint.h"
#include "policy/proof.h"
#include "policy/suggest.h"
#include "tests/cli/run_assay.h"
#include "tests/policy/mail_streams.h"
#include "tests/support/catch.h"
#include "tests/support/dice.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace assay;
using test::Mail;
using test::run_assay;
using test::TemporaryFolder;
using Json = nlohmann::json;

constexpr const char* kNow = "2026-11-26T00:00:00Z";

void add(std::vector<Mail>& all, const std::vector<Mail>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// Records as assayd writes them without rules.
std::string records_of(const std::vector<Mail>& mails) {
  std::string lines;
  for (const Mail& mail : mails) {
    observe::Record record;
    record.time = mail.time;
    record.verdict = mail.verdict;
    record.facts = mail.facts;
    record.decision = policy::decide(mail.verdict, mail.facts, policy::Rules{}, mail.time);
    lines += observe::to_json(record) + '\n';
  }
  return lines;
}

std::string without_observe(std::string yaml) {
  const std::string observe = ", observe: true";
  for (std::size_t at = yaml.find(observe); at != std::string::npos; at = yaml.find(observe)) {
    yaml.erase(at, observe.size());
  }
  return yaml;
}

/// The messages that the suggested rules let in once they are in force, by a replay of the same records.
std::uint64_t replayed_changes(const TemporaryFolder& folder, const std::string& yaml, const std::string& records) {
  const std::string before = folder.write("before.yaml", "");
  const std::string after = folder.write("after.yaml", without_observe(yaml));
  const auto run = run_assay({"policy", "replay", "--config", after, "--against", before, "--json", records});
  CAPTURE(run.err, yaml);
  REQUIRE(run.status == 0);
  const Json report = Json::parse(run.out);
  for (const Json& change : report["changes"]) {
    CHECK(change["after"] == "accept");
  }
  return report["changed"];
}

std::uint64_t failing(const std::vector<Mail>& mails) {
  return static_cast<std::uint64_t>(std::count_if(
      mails.begin(), mails.end(), [](const Mail& mail) { return mail.verdict.dmarc.status == dmarc::Status::Fail; }));
}

/// A message out of few domains, hosts and habits, so that streams of every kind come about, with texts that a stranger
/// may have made to break out of what they stand in.
Mail random_mail(test::Dice& dice, std::size_t i) {
  static const std::vector<std::string> domains{"a.example", "sub.a.example", "b.example",
                                                "c.example", "d.example",     "our.example"};
  static const std::vector<std::string> carriers{"lists.example.org", "fwd.example.net", "a.example", "x.example",
                                                 "customer.b.example"};
  static const std::vector<std::string> hosts{
      "mx.a.example",   "crm.our.example", "lists.example.org", "c-198-51-100-1.b.example", "h\n- name: evil.example",
      "'\"#: {.example"};
  static const std::vector<std::string> lists{"dev.lists.example.org", "*.example.org", "x\", then: accept} #",
                                              "a: b\n  - {}", "\xE2\x80\xA8lines.example"};
  static const std::vector<std::string> recipients{"a@our.example", "*@our.example", "\"x\\\" y\"@our.example",
                                                   "b'}]#@our.example", "c\n@our.example"};
  const std::string author = dice.pick(domains);
  Mail mail = test::failing_mail(i, author);
  const std::string host = dice.flip() ? dice.pick(hosts) : "";
  test::set_client(mail, "198.51.100." + std::to_string(dice.below(4)), host);
  mail.facts.rcpt = {dice.pick(recipients)};
  if (dice.flip()) {
    mail.verdict.list_id = dice.pick(lists);
  }
  mail.verdict.dmarc.strict_dkim = dice.one_in(4);
  if (author == "sub.a.example") {
    mail.verdict.dmarc.organizational_domain = Domain::parse("a.example").value();
  }
  if (dice.flip()) {
    test::add_passing_signature(mail, dice.pick(carriers));
  }
  if (dice.flip()) {
    test::add_broken_signature(mail, author, dice.text(8, "abc/+="));
  }
  if (dice.one_in(3)) {
    test::set_seal(mail, dice.pick(carriers), dice.flip() ? "pass" : "fail");
  }
  if (dice.one_in(4)) {
    test::pass_by_spf(mail);
  } else if (dice.one_in(4)) {
    test::pass_by_dkim(mail, dice.text(8, "xyz"));
  }
  if (!mail.verdict.dmarc.spf_aligned && dice.flip()) {
    test::set_mail_from(mail, (dice.flip() ? "SRS0=a@" : "b@") + dice.pick(carriers));
  }
  return mail;
}

}  // namespace

TEST_CASE("assay policy suggest: its rules, in force, change exactly their streams", "[cli][suggest]") {
  const TemporaryFolder folder;
  std::vector<Mail> genuine = test::mailing_list(240, 20);
  add(genuine, test::forwarder(240, 12));
  add(genuine, test::broken_partner(100));
  add(genuine, test::own_host(60));
  std::vector<Mail> all = genuine;
  add(all, test::botnet(300, "partner.example"));
  add(all, test::proven_attacker(1'000, "partner.example"));
  add(all, test::proven_attacker(100, "our.example"));
  const std::string records = folder.write("records", records_of(all));
  const auto run = run_assay({"policy", "suggest", "--now", kNow, "--json", records});
  CAPTURE(run.out, run.err);
  REQUIRE(run.status == 1);
  const Json report = Json::parse(run.out);
  CHECK(report["schema"] == 1);
  CHECK(report["whole"] == true);
  CHECK(report["checked"] == true);
  CHECK(report["messages"] == all.size());
  std::vector<std::string> verdicts;
  for (const Json& stream : report["streams"]) {
    if (!stream["rule"].is_null()) {
      verdicts.push_back(stream["verdict"]);
      CHECK(stream["covered"] == stream["evidence"]["messages"]);
    }
  }
  std::sort(verdicts.begin(), verdicts.end());
  CHECK(verdicts == std::vector<std::string>{"broken sender", "forwarder", "mailing list", "own host"});
  CHECK(replayed_changes(folder, report["yaml"], records) == failing(genuine));

  SECTION("and observed they change nothing") {
    const std::string after = folder.write("observed.yaml", report["yaml"].get<std::string>());
    const auto replay = run_assay({"policy", "replay", "--config", after, "--json", records});
    CAPTURE(replay.err);
    REQUIRE(replay.status == 0);
    CHECK(Json::parse(replay.out)["changed"] == 0);
  }
  SECTION("and what they let in is not suggested again") {
    const std::string after = folder.write("in-force.yaml", without_observe(report["yaml"]));
    const auto again = run_assay({"policy", "suggest", "--config", after, "--now", kNow, "--json", records});
    CAPTURE(again.out, again.err);
    CHECK(again.status == 0);
    CHECK(Json::parse(again.out)["by_own_rule"] == failing(genuine));
  }
  SECTION("and the text tells the evidence and ends in the YAML") {
    const auto text = run_assay({"policy", "suggest", "--now", kNow, records});
    CHECK(text.status == 1);
    CHECK(test::is_fit_for_terminal(text.out));
    const std::string yaml = report["yaml"];
    REQUIRE(text.out.size() > yaml.size());
    CHECK(text.out.substr(text.out.size() - yaml.size()) == yaml);
    CHECK(text.out.find("forger") != std::string::npos);
    CHECK(text.out.find("unclear") != std::string::npos);
  }
  SECTION("and from a pipe they are suggested untried") {
    const auto piped = run_assay({"policy", "suggest", "--now", kNow, "--json", "-"}, records_of(all));
    CHECK(piped.status == 1);
    CHECK(Json::parse(piped.out)["checked"] == false);
    CHECK(Json::parse(piped.out)["yaml"] == report["yaml"]);
  }
}

TEST_CASE("assay policy suggest: a rule that would let in another stream is taken back", "[cli][suggest]") {
  const TemporaryFolder folder;
  std::vector<Mail> all = test::own_host(60);
  // The same host relays a message of somebody else's that is another stream only because of its signature.
  Mail other = test::own_host(1).front();
  test::add_passing_signature(other, "attacker.example");
  all.push_back(other);
  const auto run = run_assay({"policy", "suggest", "--now", kNow, "--json", folder.write("records", records_of(all))});
  CAPTURE(run.out, run.err);
  CHECK(run.status == 0);
  const Json report = Json::parse(run.out);
  CHECK(report["yaml"].is_null());
  const std::string reason = report["streams"][0]["reason"];
  CHECK(reason.find("it would also let in 1 messages of other streams") != std::string::npos);
}

TEST_CASE("assay policy suggest: exit status", "[cli][suggest]") {
  const TemporaryFolder folder;
  const std::string forged = folder.write("forged", records_of(test::botnet(100, "victim.example")));
  CHECK(run_assay({"policy", "suggest", forged}).status == 0);
  CHECK(run_assay({"policy", "suggest", folder.write("own", records_of(test::own_host(10)))}).status == 1);
  CHECK(run_assay({"policy", "suggest", "--min", "11", folder.path("own")}).status == 0);
  const auto missing = run_assay({"policy", "suggest", folder.path("missing")});
  CHECK(missing.status == 2);
  CHECK(missing.out.empty());
  CHECK(run_assay({"policy", "suggest", folder.write("text", "no record\n")}).status == 2);
  CHECK(run_assay({"policy", "suggest"}).status == 2);
  CHECK(run_assay({"policy", "suggest", "--min", "0", forged}).status == 2);
  CHECK(run_assay({"policy", "suggest", "--now", "soon", forged}).status == 2);
  CHECK(run_assay({"policy", "suggest", "--config", folder.write("bad.yaml", "polcy: {}\n"), forged}).status == 2);
  CHECK(run_assay({"policy", "suggest", "-", "-"}, "").status == 2);
}

TEST_CASE("policy suggest: whatever the records say, its rules load, are proven and lint clean", "[cli][suggest]") {
  const Time now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26);
  std::size_t rules = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    test::Dice dice(seed);
    policy::Streams streams;
    for (std::size_t i = 0; i < 200; ++i) {
      const Mail mail = random_mail(dice, i);
      streams.add_context(mail.verdict, mail.facts);
      if (mail.verdict.dmarc.status == dmarc::Status::Fail) {
        streams.add_failure(mail.verdict, mail.facts, policy::find_indirect(mail.verdict, mail.facts), mail.time,
                            policy::Action::Reject);
      }
    }
    policy::SuggestOptions options;
    options.now = now;
    options.min_messages = 1 + dice.below(4);
    cli::SuggestReport report;
    report.suggestions = policy::suggest(streams, options);
    CHECK(test::is_fit_for_terminal(to_text(report, cli::Paint(false))));
    CHECK(Json::accept(to_json(report)));
    const auto loaded = config::load_text(cli::to_yaml(report.suggestions), "suggested.yaml", "mx.our.example");
    CAPTURE(cli::to_yaml(report.suggestions), loaded ? "" : config::to_string(loaded.error().front()));
    REQUIRE(loaded);
    std::vector<policy::Rule> suggested;
    for (const policy::Suggestion& each : report.suggestions.list) {
      if (each.rule) {
        suggested.push_back(*each.rule);
        CHECK(policy::is_proven(*each.rule));
        CHECK(each.rule->observe);
        CHECK_FALSE(each.rule->unproven);
        CHECK(each.kind != policy::StreamKind::Forger);
        CHECK(each.kind != policy::StreamKind::Unclear);
      }
    }
    // Written and read again they are the same rules.
    CHECK(loaded->policy.own == suggested);
    for (const policy::LintFinding& finding : policy::lint(loaded->policy, {now, {}, true})) {
      CAPTURE(finding.message);
      CHECK(info(finding.kind).severity != policy::Severity::Error);
    }
    rules += suggested.size();
  }
  // The dice do make streams that deserve one.
  CHECK(rules > 100);
}

TEST_CASE("assay policy suggest: the rules of random records change what they were tried to change", "[cli][suggest]") {
  const TemporaryFolder folder;
  for (unsigned seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    test::Dice dice(seed);
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < 300; ++i) {
      mails.push_back(random_mail(dice, i));
    }
    const std::string records = folder.write("records", records_of(mails));
    const auto run = run_assay({"policy", "suggest", "--min", "2", "--now", kNow, "--json", records});
    CAPTURE(run.out, run.err);
    REQUIRE((run.status == 0 || run.status == 1));
    const Json report = Json::parse(run.out);
    if (run.status == 0) {
      CHECK(report["yaml"].is_null());
      continue;
    }
    std::uint64_t covered = 0;
    for (const Json& stream : report["streams"]) {
      covered += stream["covered"].is_null() ? 0 : stream["covered"].get<std::uint64_t>();
    }
    CHECK(replayed_changes(folder, report["yaml"], records) == covered);
  }
}
