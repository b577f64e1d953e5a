#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::test::is_fit_for_terminal;
using assay::test::run_assay;
using assay::test::TemporaryFolder;

/// Files in the shape of those that distributions install.
struct Peers {
  TemporaryFolder folder;
  std::string dkim = folder.write("opendkim.conf",
                                  "# Signing and verifying.\n\nSyslog\t\tyes\nCanonicalization\trelaxed/simple\n"
                                  "OversignHeaders\tFrom\nUserID\topendkim\nSocket\tlocal:/run/opendkim/opendkim.sock\n"
                                  "InternalHosts\trefile:/etc/opendkim/trusted.hosts\n");
  std::string dmarc = folder.write("opendmarc.conf",
                                   "PidFile /run/opendmarc/opendmarc.pid\n# RejectFailures false\n"
                                   "RejectFailures true  # at last\nIgnoreHosts /etc/opendkim/trusted.hosts\n");
  std::string spf = folder.write("policyd-spf.conf", "debugLevel = 1\nTestOnly = 1\nHELO_reject = Fail\n");
  std::string hosts = folder.write("trusted.hosts", "127.0.0.1\n::1\n192.0.2.0/24\n");
};

}  // namespace

TEST_CASE("assay config migrate: the YAML is checked as it is, the rest goes to standard error", "[cli][migrate]") {
  const Peers peers;
  const auto run = run_assay({"config", "migrate", "--opendkim", peers.dkim, "--opendmarc", peers.dmarc,
                              "--policyd-spf", peers.spf, "--ignore-hosts", peers.hosts});
  CAPTURE(run.out, run.err);
  CHECK(run.status == 0);
  CHECK(run_assay({"config", "check", "-"}, run.out).status == 0);
  CHECK(run.out.find("    # opendmarc.conf:3 RejectFailures true\n    reject: reject\n") != std::string::npos);
  CHECK(run.err.find(peers.dmarc + ":1: PidFile /run/opendmarc/opendmarc.pid: no_equal: ") != std::string::npos);
  CHECK(run.err.find(peers.dkim + ":5: OversignHeaders From: signing: ") != std::string::npos);
  CHECK(run.err.find("\n15 lines: ") != std::string::npos);
}

TEST_CASE("assay config migrate --json: each line with its status", "[cli][migrate]") {
  const Peers peers;
  const auto run =
      run_assay({"config", "migrate", "--opendmarc", peers.dmarc, "--ignore-hosts", peers.hosts, "--json"});
  CHECK(run.status == 0);
  CHECK(run.err.empty());
  const auto json = nlohmann::json::parse(run.out);
  CHECK(json["schema"] == 1);
  CHECK(json["lines"].size() == 6);
  CHECK(json["lines"][1] == nlohmann::json{{"file", peers.dmarc},
                                           {"line", 3},
                                           {"option", "RejectFailures"},
                                           {"value", "true"},
                                           {"status", "migrated"},
                                           {"key", "policy.published"},
                                           {"why", ""}});
  CHECK(json["lines"][0]["status"] == "no_equal");
  CHECK(json["lines"][0]["key"].is_null());
  CHECK(json["silent"][0]["option"] == "AuthservID");
  CHECK(run_assay({"config", "check", "-"}, json["yaml"].get<std::string>()).status == 0);
}

TEST_CASE("assay config migrate: a line that is not understood is exit status 1", "[cli][migrate]") {
  const TemporaryFolder folder;
  const auto run =
      run_assay({"config", "migrate", "--openarc", folder.write("openarc.conf", "Mod v\n\x1B[31m\xC2\x9B x\n")});
  CAPTURE(run.err);
  CHECK(run.status == 1);
  CHECK(run.err.find("is it Mode?") != std::string::npos);
  CHECK(is_fit_for_terminal(run.err));
  CHECK(is_fit_for_terminal(run.out));
  CHECK(run.err.find("\xC2\x9B") == std::string::npos);
  CHECK(run_assay({"config", "check", "-"}, run.out).status == 0);
}

TEST_CASE("assay config migrate: usage, unreadable and too large files are exit status 2", "[cli][migrate]") {
  const TemporaryFolder folder;
  const std::string hosts = folder.write("hosts", "192.0.2.1\n");
  CHECK(run_assay({"config", "migrate"}).status == 2);
  CHECK(run_assay({"config", "migrate", "--ignore-hosts", hosts}).status == 2);
  CHECK(run_assay({"config", "migrate", "--opendkim", folder.path("missing")}).status == 2);
  const auto large =
      run_assay({"config", "migrate", "--opendkim", folder.write("large", std::string((256U << 10U) + 1, '#'))});
  CHECK(large.status == 2);
  CHECK(large.err.find("larger than 256 KiB, the most that is read: is it the right file?") != std::string::npos);
  CHECK(run_assay({"config", "migrate", "--opendkim", folder.write("fits", std::string(256U << 10U, '#'))}).status ==
        0);
  const auto lines = run_assay({"config", "migrate", "--opendkim", folder.write("lines", std::string(4001, '\n'))});
  CHECK(lines.status == 2);
  CHECK(lines.out.empty());
}
