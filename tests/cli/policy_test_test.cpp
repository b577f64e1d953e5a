#include <nlohmann/json.hpp>

#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::test::is_fit_for_terminal;
using assay::test::run_assay;
using assay::test::TemporaryFolder;

constexpr const char* kConfig =
    "policy:\n"
    "  rules:\n"
    "    - name: partner\n"
    "      when: {from_domain: example.com, client_ip: 192.0.2.0/24}\n"
    "      then: accept\n"
    "    - name: last\n"
    "      when: {from_domain: example.org}\n"
    "      then: reject\n";

constexpr const char* kPasses =
    "- name: from their network\n"
    "  facts: {from_domain: example.com, dmarc: fail, client_ip: 192.0.2.7}\n"
    "  expect: {action: accept, rule: partner, code: none}\n";

constexpr const char* kFails =
    "- name: from elsewhere\n"
    "  facts: {from_domain: example.com, dmarc: fail, client_ip: 198.51.100.7}\n"
    "  expect: {action: accept, rule: patrner}\n";

}  // namespace

TEST_CASE("assay policy test: every case as expected is exit status 0", "[cli][policy]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("assay.yaml", kConfig);
  const std::string cases = folder.write("cases.yaml", kPasses);
  const auto run = run_assay({"policy", "test", "--config", config, cases});
  CAPTURE(run.out, run.err);
  CHECK(run.status == 0);
  CHECK(run.err.empty());
  CHECK(run.out.find("ok    from their network\n") != std::string::npos);
  CHECK(run.out.find("\n1 case, 1 passed, 0 failed\n") != std::string::npos);
  // The rule that no case is about, where it stands.
  CHECK(run.out.find("assay.yaml:6: no case matches rule last, and none gets that far\n") != std::string::npos);
  CHECK(run.out.find("rule partner") == std::string::npos);
}

TEST_CASE("assay policy test: a case that fares otherwise tells where it stands and why", "[cli][policy]") {
  const TemporaryFolder folder;
  (void)folder.write("assay.yaml", kConfig);
  const std::string cases = folder.write("cases.yaml", "config: assay.yaml\ncases:\n" + std::string(kPasses) + kFails);
  const auto run = run_assay({"policy", "test", cases});
  CAPTURE(run.out, run.err);
  CHECK(run.status == 1);
  CHECK(run.out.find("FAIL  from elsewhere\n") != std::string::npos);
  CHECK(run.out.find(cases + ":8:20: action: expected accept, seen reject\n") != std::string::npos);
  CHECK(run.out.find(cases + ":8:34: rule: expected patrner, seen policy.published.reject; no rule has this name; did "
                             "you mean \"partner\"?\n") != std::string::npos);
  CHECK(run.out.find("rule partner: no match: from_domain yes (example.com), client_ip no (198.51.100.7)\n") !=
        std::string::npos);
  CHECK(run.out.find("rule last: no match: from_domain no (example.com)\n") != std::string::npos);
  CHECK(run.out.find("then policy.published.reject\n") != std::string::npos);
  CHECK(run.out.find("\n2 cases, 1 passed, 1 failed\n") != std::string::npos);
  CHECK(is_fit_for_terminal(run.out));
}

TEST_CASE("assay policy test: --json tells the same", "[cli][policy]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("assay.yaml", kConfig);
  const std::string cases = folder.write("cases.yaml", std::string(kPasses) + kFails);
  const auto run = run_assay({"policy", "test", "--json", "--config", config, cases});
  CHECK(run.status == 1);
  const auto object = nlohmann::json::parse(run.out);
  CHECK(object["passed"] == 1);
  CHECK(object["failed"] == 1);
  REQUIRE(object["cases"].size() == 2);
  CHECK(object["cases"][0]["passed"] == true);
  const auto& failing = object["cases"][1];
  CHECK(failing["name"] == "from elsewhere");
  CHECK(failing["line"] == 4);
  CHECK(failing["decision"]["action"] == "reject");
  CHECK(failing["mismatches"][0]["key"] == "action");
  CHECK(failing["mismatches"][0]["expected"] == nlohmann::json::array({"accept"}));
  CHECK(failing["mismatches"][0]["seen"] == nlohmann::json::array({"reject"}));
  CHECK(failing["rules"][0]["rule"] == "partner");
  CHECK(failing["rules"][0]["result"] == "false");
  REQUIRE(object["untested_rules"].size() == 1);
  CHECK(object["untested_rules"][0]["rule"] == "last");
  CHECK(object["untested_rules"][0]["asked"] == true);
}

TEST_CASE("assay policy test: --filter runs some and says nothing of the rules that the others are about",
          "[cli][policy]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("assay.yaml", kConfig);
  const std::string cases = folder.write("cases.yaml", std::string(kPasses) + kFails);
  const auto some = run_assay({"policy", "test", "--config", config, "--filter", "their", cases});
  CHECK(some.status == 0);
  CHECK(some.out.find("\n1 case, 1 passed, 0 failed\n") != std::string::npos);
  CHECK(some.out.find("warning") == std::string::npos);
  const auto none = run_assay({"policy", "test", "--config", config, "--filter", "nowhere", cases});
  CHECK(none.status == 2);
  CHECK(none.err.find("no case has \"nowhere\" in its name") != std::string::npos);
}

TEST_CASE("assay policy test: without a configuration the defaults are tested, and that is said", "[cli][policy]") {
  const TemporaryFolder folder;
  const std::string cases = folder.write(
      "cases.yaml",
      "- {name: a, facts: {dmarc: fail}, expect: {action: reject, rule: policy.published.reject, code: 550}}\n"
      "- {name: b, facts: {dmarc: fail, dmarc_published: quarantine}, expect: {action: quarantine, quarantine: "
      "header}}\n"
      "- {name: c, facts: {dmarc: fail, indirect: list}, expect: {action: quarantine, rule: policy.indirect}}\n"
      "- {name: d, facts: {local: true, dmarc: fail}, expect: {action: accept, rule: local}}\n"
      "- {name: e, facts: {exceeded: header_fields}, expect: {action: reject, code: 552}}\n"
      "- {name: f, facts: {reason: from_repeated}, expect: {action: reject, rule: policy.bad_from}}\n"
      "- {name: g, facts: {}, expect: {action: accept, rule: default, would: none, tags: none}}\n");
  const auto run = run_assay({"policy", "test", cases});
  CAPTURE(run.out, run.err);
  CHECK(run.status == 0);
  CHECK(run.out.find("the defaults are tested") != std::string::npos);
}

TEST_CASE("assay policy test: a message is verified as assay verify does", "[cli][policy]") {
  const TemporaryFolder folder;
  (void)folder.write("zone",
                     "$ORIGIN .\n$TTL 60\nexample.com. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
                     "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n");
  (void)folder.write("mail.eml", "From: a@example.com\nSubject: x\n\nHello\n");
  const std::string cases = folder.write(
      "cases.yaml",
      "zone: zone\n"
      "cases:\n"
      "- {name: genuine, message: mail.eml, client_ip: 192.0.2.1, helo: mx.example.com, mail_from: a@example.com, "
      "expect: "
      "{action: accept, rule: default}}\n"
      "- {name: forged, message: mail.eml, client_ip: 198.51.100.1, helo: mx.example.com, mail_from: a@example.com, "
      "expect: {action: reject, rule: policy.published.reject, text: Email rejected per DMARC policy for "
      "example.com}}\n"
      "- {name: local, message: mail.eml, local: true, expect: {rule: local}}\n");
  const auto run = run_assay({"policy", "test", cases});
  CAPTURE(run.out, run.err);
  CHECK(run.status == 0);
}

TEST_CASE("assay policy test: what cannot be read is exit status 2", "[cli][policy]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("assay.yaml", kConfig);
  const std::string cases = folder.write("cases.yaml", kPasses);
  const std::string bad = folder.write("bad.yaml", "- {name: a, facts: {dmrc: fail}, expect: {action: accept}}\n");
  const std::string lost =
      folder.write("lost.yaml", "- {name: a, message: lost.eml, zone: zone, expect: {action: accept}}\n");
  const std::string bad_config = folder.write("bad-config.yaml", "moed: enforce\n");
  (void)folder.write("zone", "$ORIGIN .\n$TTL 60\nexample.com. A 192.0.2.1\n");

  const auto missing = run_assay({"policy", "test", folder.path("missing"), cases});
  CHECK(missing.status == 2);
  CHECK(missing.err.find("No such file or directory") != std::string::npos);
  CHECK(missing.out.empty());

  const auto wrong = run_assay({"policy", "test", cases, bad});
  CHECK(wrong.status == 2);
  CHECK(wrong.err.find(bad + ":1:21: facts.dmrc: unknown key") != std::string::npos);
  CHECK(wrong.out.empty());

  const auto no_message = run_assay({"policy", "test", lost});
  CHECK(no_message.status == 2);
  CHECK(no_message.err.find(lost + ":1:3: cannot open " + folder.path("lost.eml")) != std::string::npos);

  const auto no_config = run_assay({"policy", "test", "--config", bad_config, cases});
  CHECK(no_config.status == 2);
  CHECK(no_config.err.find(bad_config + ":1:1: ") != std::string::npos);

  CHECK(run_assay({"policy"}).status == 2);
  CHECK(run_assay({"policy", "test"}).status == 2);
}

TEST_CASE("assay policy test: a rule that ran out is not asked, and the trace says so", "[cli][policy]") {
  const TemporaryFolder folder;
  const std::string config = folder.write("assay.yaml",
                                          "policy:\n"
                                          "  rules:\n"
                                          "    - name: old\n"
                                          "      when: {from_domain: example.org}\n"
                                          "      then: reject\n"
                                          "      expires: 2026-11-30\n");
  const std::string cases = folder.write(
      "cases.yaml",
      "- {name: before, time: 2026-11-30T23:59:59Z, facts: {from_domain: example.org}, expect: {rule: old}}\n"
      "- {name: after, time: 2026-12-01, facts: {from_domain: example.org}, expect: {rule: old}}\n");
  const auto run = run_assay({"policy", "test", "--config", config, cases});
  CAPTURE(run.out, run.err);
  CHECK(run.status == 1);
  CHECK(run.out.find("ok    before\n") != std::string::npos);
  CHECK(run.out.find("rule old: expired\n          then default\n") != std::string::npos);
}

TEST_CASE("assay policy test: several authors and recipients are told apart", "[cli][policy]") {
  const TemporaryFolder folder;
  const std::string config =
      folder.write("assay.yaml",
                   "policy:\n"
                   "  rules:\n"
                   "    - name: to-office\n"
                   "      when: {rcpt: office@example.net, any: [{dkim: none}, {not: {spf: fail}}]}\n"
                   "      then: reject\n");
  const std::string cases =
      folder.write("cases.yaml",
                   "- name: two\n"
                   "  facts: {from_domain: [a.example, b.example], rcpt: [office@example.net, home@example.net]}\n"
                   "  expect: {action: accept}\n");
  const auto run = run_assay({"policy", "test", "--config", config, cases});
  CAPTURE(run.out, run.err);
  CHECK(run.status == 1);
  CHECK(run.out.find("to office@example.net: from a.example: ") != std::string::npos);
  CHECK(run.out.find("to home@example.net: from b.example: ") != std::string::npos);
  CHECK(run.out.find("rcpt no (home@example.net)") != std::string::npos);
  CHECK(run.out.find("any of (dkim yes (none), not (spf no (none)) yes) yes") != std::string::npos);
}
