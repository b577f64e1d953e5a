#include <nlohmann/json.hpp>

#include "cli/change_count.h"
#include "cli/heavy_hitters.h"
#include "cli/progress.h"
#include "observe/record.h"
#include "tests/cli/run_assay.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::cli::HeavyHitters;
using assay::observe::Record;
using assay::observe::to_json;
using assay::policy::Action;
using assay::policy::QuarantineHow;
using assay::test::run_assay;
using assay::test::TemporaryFolder;
using Json = nlohmann::json;

/// A message that fails DMARC under p=reject, and what was done with it.
Record failing(const std::string& queue_id, Action action) {
  Record record;
  record.time = assay::Time(std::chrono::seconds(1'790'000'000));
  record.facts.queue_id = queue_id;
  record.verdict.dmarc.status = assay::dmarc::Status::Fail;
  record.verdict.dmarc.reason = assay::dmarc::Reason::NotAligned;
  record.verdict.dmarc.author = assay::Domain::parse("example.com").value();
  record.verdict.dmarc.published = assay::dmarc::Policy::Reject;
  record.verdict.dmarc.policy = assay::dmarc::Policy::Reject;
  record.decision.action = action;
  if (action == Action::Quarantine) {
    record.decision.quarantine.emplace();
  }
  record.decision.rule = "policy.published.reject";
  return record;
}

std::string line(const Record& record) {
  return to_json(record) + '\n';
}

}  // namespace

TEST_CASE("assay policy replay: counts by action, rule and domain, with examples", "[cli][replay]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("new.yaml", "policy: {published: {reject: quarantine}}\n");
  Record local = failing("L", Action::Accept);
  local.facts.local = true;
  Json lacking = Json::parse(to_json(failing("I", Action::Reject)));
  lacking.erase("arc");
  const std::string records = folder.write(
      "records", line(failing("A", Action::Reject)) + line(failing("B", Action::Reject)) +
                     line(failing("C", Action::Quarantine)) + line(local) + lacking.dump() + "\n{broken\nsome text\n");
  const auto run = run_assay({"policy", "replay", "--config", config, "--examples", "1", "--json", records});
  CAPTURE(run.out, run.err);
  REQUIRE(run.status == 0);
  const Json report = Json::parse(run.out);
  CHECK(report["messages"] == 3);
  CHECK(report["changed"] == 2);
  CHECK(report["local"] == 1);
  CHECK(report["incomplete"] == 1);
  CHECK(report["malformed"] == 1);
  CHECK(report["other_lines"] == 1);
  CHECK(report["against"].is_null());
  CHECK(report["first"] == "2026-09-21T14:13:20Z");
  REQUIRE(report["changes"].size() == 1);
  CHECK(report["changes"][0]["before"] == "reject");
  CHECK(report["changes"][0]["after"] == "quarantine");
  CHECK(report["changes"][0]["messages"] == 2);
  REQUIRE(report["changes"][0]["examples"].size() == 1);
  CHECK(report["changes"][0]["examples"][0]["queue_id"] == "A");
  CHECK(report["domains"] == Json::parse(R"([{"domain":"example.com","messages":2,"over":0}])"));
  CHECK(run.err.find(records + ":5: incomplete record: arc: is missing\n") != std::string::npos);
  CHECK(run.err.find(records + ":6: malformed record: ") != std::string::npos);

  const auto text = run_assay({"policy", "replay", "--config", config, records});
  CAPTURE(text.out);
  CHECK(text.status == 0);
  CHECK(text.out.find("3 messages decided again") == 0);
  CHECK(text.out.find("reject -> quarantine") != std::string::npos);
  CHECK(assay::test::is_fit_for_terminal(text.out));
}

TEST_CASE("assay policy replay: what log.redact took away is never guessed at", "[cli][replay][redact]") {
  const TemporaryFolder folder;
  const std::string config = folder.write(
      "new.yaml", "policy: {rules: [{name: abuse, when: {rcpt: abuse@example.net}, then: accept, unproven: true}]}\n");
  const auto redacted = [](const std::string& queue_id, const std::string& recipient, assay::dmarc::Status status) {
    Record record = failing(queue_id, status == assay::dmarc::Status::Fail ? Action::Reject : Action::Accept);
    record.verdict.dmarc.status = status;
    record.facts.rcpt = {recipient};
    record.is_redacted = true;
    record.decision.rule = status == assay::dmarc::Status::Fail ? "policy.published.reject" : "default";
    return record;
  };
  using assay::dmarc::Status;
  Record plain = redacted("D", "abuse@example.net", Status::Fail);
  plain.is_redacted = false;
  const std::string records = line(redacted("A", "redacted@example.net", Status::Fail)) +  // To whom?
                              line(redacted("B", "redacted@example.org", Status::Fail)) +  // Not to abuse@.
                              line(plain);
  const auto run = run_assay({"policy", "replay", "--config", config, "--json", "-"}, records);
  CAPTURE(run.out, run.err);
  REQUIRE(run.status == 0);
  const Json report = Json::parse(run.out);
  CHECK(report["messages"] == 2);
  CHECK(report["redacted"] == 1);
  CHECK(report["changed"] == 1);
  CHECK(report["changes"][0]["examples"][0]["queue_id"] == "D");
  const auto status = [&](const char* allowed) {
    return run_assay({"policy", "replay", "--config", config, "--max-change", "1", "--allow-incomplete", allowed, "-"},
                     records)
        .status;
  };
  CHECK(status("0") == 2);
  CHECK(status("1") == 0);
  const auto text = run_assay({"policy", "replay", "--config", config, "-"}, records);
  CHECK(text.out.find("1  more left out: the policy asks for recipients or logins") != std::string::npos);
  const auto none = run_assay({"policy", "replay", "--config", config, "-"},
                              line(redacted("A", "redacted@example.net", Status::Fail)));
  CHECK(none.status == 2);
  CHECK(none.err.find("log.redact") != std::string::npos);
  // What the policy had no part in is told for that, whatever was taken away.
  Record broken = redacted("E", "redacted@example.net", Status::TempError);
  broken.decision.rule = "internal_error";
  const auto beside = run_assay({"policy", "replay", "--config", config, "--json", "-"}, line(plain) + line(broken));
  CHECK(Json::parse(beside.out)["not_replayable"]["internal_error"] == 1);
  CHECK(Json::parse(beside.out)["redacted"] == 0);
  // The same with --against, whose rules are asked as well.
  const std::string plain_config = folder.write("plain.yaml", "policy: {published: {reject: reject}}\n");
  const auto against =
      run_assay({"policy", "replay", "--config", plain_config, "--against", config, "--json", "-"}, records);
  CHECK(Json::parse(against.out)["redacted"] == 1);
}

TEST_CASE("assay policy replay: a record that log.redact left too little in weighs as many messages as it stands for",
          "[cli][replay][redact][sampling]") {
  const TemporaryFolder folder;
  const std::string config =
      folder.write("new.yaml", "policy: {rules: [{name: abuse, when: {rcpt: abuse@example.net}, then: quarantine}]}\n");
  Record sample = failing("A", Action::Accept);
  sample.verdict.dmarc.status = assay::dmarc::Status::Pass;
  sample.decision.rule = "default";
  sample.facts.rcpt = {"redacted@example.net"};
  sample.is_redacted = true;
  sample.sample = 100;
  const std::string records = line(sample) + line(failing("B", Action::Reject));
  const auto run = run_assay({"policy", "replay", "--config", config, "--json", "-"}, records);
  CAPTURE(run.out, run.err);
  const Json report = Json::parse(run.out);
  CHECK(report["messages"] == 1);
  CHECK(report["redacted"] == 100);
  CHECK(report["unlogged"] == 99);
  const auto status = [&](const char* allowed) {
    return run_assay({"policy", "replay", "--config", config, "--max-change", "1", "--allow-incomplete", allowed, "-"},
                     records)
        .status;
  };
  CHECK(status("99") == 2);
  CHECK(status("100") == 0);
}

TEST_CASE("assay policy replay: a record counts for as many messages as it stands for", "[cli][replay][sampling]") {
  const TemporaryFolder folder;
  const std::string config =
      folder.write("new.yaml", "policy: {rules: [{name: all, when: {dmarc: pass}, then: quarantine}]}\n");
  Record sample = failing("A", Action::Accept);
  sample.verdict.dmarc.status = assay::dmarc::Status::Pass;
  sample.decision.rule = "default";
  sample.sample = 100;
  Record local = sample;
  local.facts.local = true;
  const std::string records = line(sample) + line(local) + line(failing("B", Action::Reject));
  const auto run = run_assay({"policy", "replay", "--config", config, "--json", "-"}, records);
  CAPTURE(run.out, run.err);
  REQUIRE(run.status == 0);
  const Json report = Json::parse(run.out);
  CHECK(report["messages"] == 101);
  CHECK(report["changed"] == 100);
  CHECK(report["local"] == 100);
  CHECK(report["unlogged"] == 198);
  CHECK(report["domains"][0]["messages"] == 100);
  CHECK(run_assay({"policy", "replay", "--config", config, "--max-change", "99", "-"}, records).status == 1);
  CHECK(run_assay({"policy", "replay", "--config", config, "--max-change", "100", "-"}, records).status == 0);
  const auto text = run_assay({"policy", "replay", "--config", config, "-"}, records);
  CHECK(text.out.find("198  of them were not logged (log.sample)") != std::string::npos);
}

TEST_CASE("assay policy replay: --max-change at the bound and beyond", "[cli][replay][bounds]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("new.yaml", "policy: {published: {reject: accept}}\n");
  const std::string records = line(failing("A", Action::Reject)) + line(failing("B", Action::Reject));
  CHECK(run_assay({"policy", "replay", "--config", config, "--max-change", "2", "-"}, records).status == 0);
  CHECK(run_assay({"policy", "replay", "--config", config, "--max-change", "1", "-"}, records).status == 1);
}

TEST_CASE("assay policy replay: another form of quarantine is a change", "[cli][replay]") {
  const TemporaryFolder folder;
  const auto config = [&folder](const std::string& name, const std::string& form) {
    return folder.write(name, "policy: {published: {reject: quarantine}, quarantine: {" + form + "}}\n");
  };
  const auto replay = [&](const std::string& before, const std::string& after) {
    const auto run = run_assay({"policy", "replay", "--config", config("new.yaml", after), "--against",
                                config("old.yaml", before), "--max-change", "0", "--json", "-"},
                               line(failing("A", Action::Reject)));
    CAPTURE(before, after, run.out, run.err);
    const Json report = Json::parse(run.out);
    CHECK(run.status == (report["changed"] == 0 ? 0 : 1));
    return report["changes"];
  };
  const std::vector<std::pair<std::string, std::string>> forms{{"header", "how: header"},
                                                               {"hold", "how: hold"},
                                                               {"reject", "how: reject"},
                                                               {"redirect", "how: redirect, to: a@example.org"}};
  for (const auto& [before, old_form] : forms) {
    for (const auto& [after, new_form] : forms) {
      CAPTURE(before, after);
      const Json changes = replay(old_form, new_form);
      if (before == after) {
        CHECK(changes.empty());
        continue;
      }
      REQUIRE(changes.size() == 1);
      CHECK(changes[0]["before"] == "quarantine");
      CHECK(changes[0]["after"] == "quarantine");
      CHECK(changes[0]["quarantine_before"] == before);
      CHECK(changes[0]["quarantine_after"] == after);
      CHECK(changes[0]["differs"] == "outcome");
    }
  }
  const Json moved = replay("how: redirect, to: a@example.org", "how: redirect, to: b@example.org");
  REQUIRE(moved.size() == 1);
  CHECK(moved[0]["differs"] == "address");
  CHECK(moved[0]["examples"][0]["detail_before"] == "a@example.org");
  CHECK(moved[0]["examples"][0]["detail_after"] == "b@example.org");
  const Json marked = replay("how: header", "how: header, name: X-Spam, value: Perhaps");
  REQUIRE(marked.size() == 1);
  CHECK(marked[0]["differs"] == "fields");
  CHECK(marked[0]["examples"][0]["detail_after"] == "X-Spam: Perhaps");

  const auto text = run_assay({"policy", "replay", "--config", config("new.yaml", "how: reject"), "--against",
                               config("old.yaml", "how: header"), "-"},
                              line(failing("A", Action::Reject)));
  CHECK(text.out.find("quarantine by header -> quarantine by reject") != std::string::npos);
}

TEST_CASE("assay policy replay: the form of quarantine is compared with the recorded one", "[cli][replay]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("new.yaml",
                                          "policy:\n  published: {reject: quarantine}\n"
                                          "  quarantine: {how: redirect, to: a@example.org}\n");
  const auto replay = [&config](const Record& record) {
    const auto run =
        run_assay({"policy", "replay", "--config", config, "--max-change", "0", "--json", "-"}, line(record));
    CAPTURE(run.out, run.err);
    const Json report = Json::parse(run.out);
    CHECK(run.status == (report["changed"] == 0 ? 0 : 1));
    return report;
  };
  Record record = failing("A", Action::Quarantine);
  record.decision.quarantine.emplace().how = QuarantineHow::Redirect;
  record.decision.quarantine->to = "a@example.org";
  CHECK(replay(record)["changed"] == 0);
  record.decision.quarantine->to = "b@example.org";
  CHECK(replay(record)["changes"][0]["differs"] == "address");
  record.decision.quarantine->how = QuarantineHow::Header;
  CHECK(replay(record)["changes"][0]["quarantine_before"] == "header");
}

TEST_CASE("assay policy replay: monitor mode compares the forms of quarantine that enforce mode takes",
          "[cli][replay]") {
  const TemporaryFolder folder;
  const auto config = [&folder](const std::string& name, const std::string& how) {
    return folder.write(name,
                        "mode: monitor\npolicy: {published: {reject: quarantine}, quarantine: {how: " + how + "}}\n");
  };
  const auto run = run_assay({"policy", "replay", "--config", config("new.yaml", "reject"), "--against",
                              config("old.yaml", "header"), "--max-change", "0", "--json", "-"},
                             line(failing("A", Action::Accept)));
  CAPTURE(run.out, run.err);
  CHECK(run.status == 1);
  const Json report = Json::parse(run.out);
  CHECK(report["changed"] == 0);
  CHECK(report["changed_enforced"] == 1);
  CHECK(report["changes_enforced"][0]["quarantine_after"] == "reject");
}

TEST_CASE("assay policy replay: other fields that a rule adds are a change, tags are none", "[cli][replay]") {
  const TemporaryFolder folder;
  const auto config = [&folder](const std::string& name, const std::string& mark) {
    return folder.write(name,
                        "policy:\n  published: {reject: accept}\n  rules:\n    - name: mark\n      when: "
                        "{from_domain: example.com}\n      then: {continue: {" +
                            mark + "}}\n");
  };
  const auto changes = [&](const std::string& before, const std::string& after) {
    const auto run = run_assay({"policy", "replay", "--config", config("new.yaml", after), "--against",
                                config("old.yaml", before), "--json", "-"},
                               line(failing("A", Action::Reject)));
    CAPTURE(run.out, run.err);
    REQUIRE(run.status == 0);
    return Json::parse(run.out)["changes"];
  };
  CHECK(changes("tag: a", "tag: b").empty());
  const Json added = changes("tag: a", "tag: a, name: X-Mark, value: \"yes\"");
  REQUIRE(added.size() == 1);
  CHECK(added[0]["differs"] == "fields");
  CHECK(added[0]["examples"][0]["detail_before"] == "no field");
  CHECK(added[0]["examples"][0]["detail_after"] == "X-Mark: yes");
}

TEST_CASE("assay policy: numbers of options are decimal digits within their bounds", "[cli][replay][suggest][bounds]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("new.yaml", "policy: {published: {reject: accept}}\n");
  std::string ten;
  for (int i = 0; i < 10; ++i) {
    ten += line(failing("A", Action::Reject));
  }
  const auto status = [&](const std::string& option, const std::string& value) {
    const auto run = run_assay({"policy", "replay", "--config", config, option, value, "-"}, ten);
    CAPTURE(option, value, run.err);
    CHECK((run.status != 2 || run.err.find("assay: " + option + ": ") == 0));
    return run.status;
  };
  for (const char* bad : {"-1", "+1", "", " 1", "1 ", "0x1", "1e3", "1,000", "1.0", "99999999999999999999999",
                          "18446744073709551616", "1000000000001", "ten"}) {
    CAPTURE(bad);
    CHECK(status("--max-change", bad) == 2);
    CHECK(status("--examples", bad) == 2);
    const auto suggest = run_assay({"policy", "suggest", "--min", bad, "-"}, ten);
    CHECK(suggest.status == 2);
    CHECK(suggest.err.find("assay: --min: ") == 0);
  }
  // No octal number: 010 is ten.
  CHECK(status("--max-change", "010") == 0);
  CHECK(status("--max-change", "09") == 1);
  CHECK(status("--max-change", "1000000000000") == 0);
  CHECK(status("--examples", "1000") == 0);
  CHECK(status("--examples", "1001") == 2);
  CHECK(run_assay({"policy", "suggest", "--min", "0", "-"}, ten).status == 2);
}

TEST_CASE("assay policy replay: --against compares two configurations, whatever was recorded", "[cli][replay]") {
  const TemporaryFolder folder;
  const std::string accepting = folder.write("new.yaml", "policy: {published: {reject: accept}}\n");
  const std::string rejecting = folder.write("old.yaml", "");
  const std::string records = line(failing("A", Action::Accept));
  const auto same =
      run_assay({"policy", "replay", "--config", accepting, "--against", accepting, "--json", "-"}, records);
  REQUIRE(same.status == 0);
  CHECK(Json::parse(same.out)["changed"] == 0);
  const auto other =
      run_assay({"policy", "replay", "--config", accepting, "--against", rejecting, "--json", "-"}, records);
  REQUIRE(other.status == 0);
  CHECK(Json::parse(other.out)["actions"] == Json::parse(R"({"reject":{"accept":1}})"));
}

TEST_CASE("assay policy replay: monitor mode tells what happens and what enforce mode does", "[cli][replay]") {
  const TemporaryFolder folder;
  Record watched = failing("A", Action::Accept);
  watched.decision.would = Action::Reject;
  watched.decision.would_rule = "policy.published.reject";
  const std::string records = line(watched);
  // From monitor to enforce mode by the same policy: the message's fate changes, the judgement does not.
  const auto enforced = run_assay({"policy", "replay", "--config", folder.write("e", ""), "--json", "-"}, records);
  REQUIRE(enforced.status == 0);
  CHECK(Json::parse(enforced.out)["changed"] == 1);
  CHECK(Json::parse(enforced.out)["changed_enforced"] == 0);
  // Another policy, still in monitor mode: the other way round, and the limit sees it.
  const std::string monitor = folder.write("m", "mode: monitor\npolicy: {published: {reject: quarantine}}\n");
  const auto still = run_assay({"policy", "replay", "--config", monitor, "--max-change", "0", "--json", "-"}, records);
  CHECK(still.status == 1);
  CHECK(Json::parse(still.out)["changed"] == 0);
  CHECK(Json::parse(still.out)["changed_enforced"] == 1);
}

TEST_CASE("assay policy replay: an observed rule changes nothing and tells what it would do", "[cli][replay]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("new.yaml",
                                          "policy:\n  published: {reject: quarantine}\n  rules:\n"
                                          "    - {name: strict, when: {from_domain: example.com}, then: reject, "
                                          "observe: true}\n");
  const auto run = run_assay({"policy", "replay", "--config", config, "--max-change", "0", "--json", "-"},
                             line(failing("A", Action::Quarantine)));
  CAPTURE(run.out, run.err);
  REQUIRE(run.status == 0);
  CHECK(Json::parse(run.out)["observed"] ==
        Json::parse(R"([{"rule":"strict","matched":1,"would":{"reject":1},"differs":1}])"));
  // Such a `would` in a record is no decision of monitor mode.
  Record record = failing("A", Action::Accept);
  record.decision.would = Action::Reject;
  record.decision.would_rule = "strict";
  record.decision.observed = {{"strict", Action::Reject}};
  assay::cli::Fate fate;
  assay::cli::set_recorded_fate(fate, record.decision);
  CHECK(fate.enforced.action == Action::Accept);
}

TEST_CASE("assay policy replay: a rule counts as of the time of the message", "[cli][replay]") {
  const TemporaryFolder folder;
  const auto run_until = [&folder](const std::string& day) {
    const std::string config = folder.write(
        "new.yaml", "policy:\n  rules:\n    - {name: old, when: {from_domain: example.com}, then: tempfail, expires: " +
                        day + "}\n");
    return Json::parse(
        run_assay({"policy", "replay", "--config", config, "--json", "-"}, line(failing("A", Action::Reject)))
            .out)["changed"];
  };
  // The message is of 2026-09-21, and a rule is in force until the end of the day it expires.
  CHECK(run_until("2026-09-21") == 1);
  CHECK(run_until("2026-09-20") == 0);
}

TEST_CASE("assay policy replay: what cannot be read is exit status 2", "[cli][replay]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("new.yaml", "");
  const std::string records = folder.write("records", line(failing("A", Action::Reject)));
  CHECK(run_assay({"policy", "replay", "--config", config, folder.path("missing"), records}).status == 2);
  CHECK(run_assay({"policy", "replay", "--config", folder.path("missing"), records}).status == 2);
  CHECK(run_assay({"policy", "replay", "--config", config, folder.path("missing")}).out.empty());
  CHECK(run_assay({"policy", "replay", "--config", folder.write("bad.yaml", "moed: x\n"), records}).status == 2);
  CHECK(run_assay({"policy", "replay", "--config", config, "-", "-"}).status == 2);
  // That nothing was compared must not look like "nothing changes".
  CHECK(run_assay({"policy", "replay", "--config", config, "--max-change", "0", "-"}, "no records\n").status == 2);
  CHECK(run_assay({"policy", "replay", "--config", config, "--examples", "1001", records}).status == 2);
}

TEST_CASE("assay policy replay: --max-change does not pass for what could not be judged", "[cli][replay][bounds]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("new.yaml", "");
  Json newer = Json::parse(to_json(failing("N", Action::Reject)));
  newer["schema"] = 999;
  const std::string whole = line(failing("A", Action::Reject));
  const std::string records = folder.write("records", whole + newer.dump() + "\n{broken\n");
  const auto status = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"policy", "replay", "--config", config, records};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_assay(arguments).status;
  };
  CHECK(status({}) == 0);
  CHECK(status({"--max-change", "0"}) == 2);
  CHECK(status({"--max-change", "0", "--allow-incomplete", "1"}) == 2);
  CHECK(status({"--max-change", "0", "--allow-incomplete", "2"}) == 0);
  CHECK(status({"--max-change", "0", "--allow-incomplete", "-1"}) == 2);
  // A second file in which nothing is a record; an empty one is no matter.
  const std::string text = folder.write("text", "some text\n");
  CHECK(status({"--max-change", "0", "--allow-incomplete", "2", text}) == 2);
  CHECK(status({"--max-change", "0", "--allow-incomplete", "2", folder.write("empty", "")}) == 0);
  CHECK(status({text}) == 0);

  // A message of monitor mode, of which the record does not say in which form it would be quarantined.
  Record watched = failing("A", Action::Accept);
  watched.decision.would = Action::Quarantine;
  watched.decision.would_rule = "policy.published.reject";
  const std::string monitor = folder.write("m", "mode: monitor\npolicy: {published: {reject: quarantine}}\n");
  const auto unknown =
      run_assay({"policy", "replay", "--config", monitor, "--max-change", "0", "--json", "-"}, line(watched));
  CHECK(unknown.status == 2);
  CHECK(Json::parse(unknown.out)["unknown_form"] == 1);
}

TEST_CASE("assay policy replay: what assayd refused whatever the policy says is counted by its reason",
          "[cli][replay][suggest]") {
  const TemporaryFolder folder;
  // Were it asked, this policy would let in each of them.
  const std::string config = folder.write("new.yaml", "policy: {published: {reject: accept}}\n");
  std::string records = line(failing("A", Action::Accept));
  for (const auto& [rule, action] : {std::pair("internal_error", Action::TempFail), std::pair("mta", Action::TempFail),
                                     std::pair("forged_results", Action::Reject), std::pair("mta", Action::TempFail)}) {
    Record record = failing(rule, action);
    record.decision.rule = rule;
    records += line(record);
  }
  const auto run = run_assay({"policy", "replay", "--config", config, "--json", "-"}, records);
  REQUIRE(run.status == 0);
  const Json report = Json::parse(run.out);
  CHECK(report["not_replayable"] == Json::parse(R"({"internal_error":1,"forged_results":1,"mta":2})"));
  CHECK(report["messages"] == 1);
  CHECK(report["changed"] == 0);
  const auto text = run_assay({"policy", "replay", "--config", config, "-"}, records);
  CHECK(text.out.find("            2  not replayable: mta, refused whatever the policy says\n") != std::string::npos);

  const auto status = [&](const char* allowed) {
    return run_assay({"policy", "replay", "--config", config, "--max-change", "0", "--allow-incomplete", allowed, "-"},
                     records)
        .status;
  };
  CHECK(status("3") == 2);
  CHECK(status("4") == 0);

  const auto suggested = run_assay({"policy", "suggest", "--json", "-"}, records);
  CHECK(Json::parse(suggested.out)["not_replayable"] == 4);
  CHECK(Json::parse(suggested.out)["messages"] == 1);
}

TEST_CASE("assay policy replay: a form of quarantine that the MTA did not offer falls back again", "[cli][replay]") {
  const TemporaryFolder folder;
  const auto changes = [&folder](const char* form, QuarantineHow unavailable) {
    Record record = failing("A", Action::Quarantine);
    record.decision.unavailable_form = unavailable;
    const std::string config = folder.write(
        "new.yaml", std::string("policy: {published: {reject: quarantine}, quarantine: {how: ") + form + "}}\n");
    return Json::parse(run_assay({"policy", "replay", "--config", config, "--json", "-"}, line(record)).out)["changes"];
  };
  CHECK(changes("hold", QuarantineHow::Hold).empty());
  CHECK(changes("redirect, to: a@example.org", QuarantineHow::Redirect).empty());
  CHECK(changes("header", QuarantineHow::Hold).empty());
  CHECK(changes("reject", QuarantineHow::Hold)[0]["quarantine_after"] == "reject");
  CHECK(changes("hold", QuarantineHow::Redirect)[0]["quarantine_after"] == "hold");
}

TEST_CASE("assay policy replay: a byte order mark is no part of the first record", "[cli][replay]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("new.yaml", "");
  const auto run = run_assay({"policy", "replay", "--config", config, "--max-change", "0", "--json", "-"},
                             "\xEF\xBB\xBF" + line(failing("A", Action::Reject)));
  CHECK(run.status == 0);
  CHECK(Json::parse(run.out)["messages"] == 1);
  CHECK(Json::parse(run.out)["other_lines"] == 0);
}

TEST_CASE("cli/heavy_hitters: exact up to its capacity", "[cli][replay][bounds]") {
  HeavyHitters names(3);
  for (const char* name : {"c", "a", "b", "a", "a", "b"}) {
    names.add(name);
  }
  const auto hits = names.top(2);
  REQUIRE(hits.size() == 2);
  CHECK(hits[0].name == "a");
  CHECK(hits[0].count == 3);
  CHECK(hits[1].name == "b");
  CHECK(hits[1].count == 2);
  // One more takes the place of the rarest, and may have been there before as often as that.
  names.add("d");
  const auto after = names.top(3);
  REQUIRE(after.size() == 3);
  CHECK(after[0].over == 0);
  CHECK(after[2].name == "d");
  CHECK(after[2].count == 2);
  CHECK(after[2].over == 1);
}

TEST_CASE("cli/heavy_hitters: a flood of other names does not hide a frequent one", "[cli][replay][property]") {
  HeavyHitters names(10);
  constexpr int kAll = 10'000;
  for (int i = 0; i < kAll; ++i) {
    names.add(i % 5 == 0 ? "often" : "name" + std::to_string(i));
  }
  const auto first = names.top(1).front();
  CHECK(first.name == "often");
  CHECK(first.count >= kAll / 5);
  CHECK(first.count - first.over <= kAll / 5);
}

TEST_CASE("cli/progress: what the line says", "[cli][replay]") {
  using std::chrono::seconds;
  CHECK(assay::cli::progress_line(200, 100, 1'234'567, seconds(10)) ==
        "[##########..........] 50 %  1,234,567 records  123,456/s  ETA 0:10");
  CHECK(assay::cli::progress_line(std::nullopt, 100, 10, seconds(10)) == "10 records  1/s");
  CHECK(assay::cli::progress_line(0, 0, 0, seconds(1)) == "[....................] 0 %  0 records  0/s");
  CHECK(assay::cli::with_commas(0) == "0");
  CHECK(assay::cli::with_commas(999) == "999");
  CHECK(assay::cli::with_commas(1000) == "1,000");
}
