#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::test::is_fit_for_terminal;
using assay::test::run_assay;
using assay::test::TemporaryFolder;
using Arguments = std::vector<std::string>;

constexpr const char* kMessage = "From: a@example.com\n\nHello\n";

}  // namespace

TEST_CASE("assay: --version and --help go to standard output with exit status 0", "[cli][usage]") {
  const auto version = run_assay({"--version"});
  CHECK(version.status == 0);
  CHECK(version.out.rfind("assay ", 0) == 0);
  CHECK(version.err.empty());
  for (const Arguments& verb :
       {Arguments{}, Arguments{"verify"}, Arguments{"spf"}, Arguments{"config"}, Arguments{"config", "check"},
        Arguments{"config", "show"}, Arguments{"policy", "test"}, Arguments{"selftest"}, Arguments{"status"},
        Arguments{"top"}, Arguments{"tail"}, Arguments{"explain"}}) {
    CAPTURE(verb);
    Arguments arguments = verb;
    arguments.emplace_back("--help");
    const auto help = run_assay(arguments);
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK(help.out.find("Usage: assay") != std::string::npos);
    CHECK(help.out.find("Exit status") != std::string::npos);
  }
}

TEST_CASE("assay: usage errors exit with 2, say what is wrong, and print nothing on standard output", "[cli][usage]") {
  const TemporaryFolder folder;
  const std::string message = folder.write("message", kMessage);
  const std::string zone = folder.write("zone", "$ORIGIN .\n$TTL 60\nexample.com. A 192.0.2.1\n");
  const std::string bad_zone = folder.write("bad-zone", "$TTL 60\nexample.com. A not-an-address\n");
  struct Row {
    Arguments arguments;
    const char* expected;  ///< A part of the complaint.
  };
  const std::vector<Row> rows{
      {{}, "verb"},
      {{"verfy"}, "verfy"},
      {{"verify"}, "MESSAGE"},
      {{"verify", "--zone", zone, folder.path("missing")}, "No such file or directory"},
      {{"verify", "--zone", zone, folder.path("")}, "Is a directory"},
      {{"verify", "--zone", zone, message, "extra"}, "extra"},
      {{"verify", "--unknown", "--zone", zone, message}, "--unknown"},
      {{"verify", message, "--zone"}, "--zone"},
      {{"verify", "--zone", zone, "--dns", "192.0.2.1", message}, "--zone or --dns, not both"},
      {{"verify", "--zone", folder.path("missing"), message}, "missing"},
      {{"verify", "--zone", bad_zone, message}, "bad-zone"},
      {{"verify", "--dns", "dns.example", message}, "--dns dns.example"},
      {{"verify", "--zone", zone, "--client-ip", "192.0.2", message}, "--client-ip 192.0.2"},
      {{"verify", "--zone", zone, "--client-ip", "", message}, "--client-ip"},
      {{"verify", "--zone", zone, "--now", "yesterday", message}, "--now yesterday"},
      {{"verify", "--zone", zone, "--json", "--explain", message}, "--json"},
      {{"verify", "--zone", zone, "--config", folder.path("none.yaml"), message}, "none.yaml"},
      {{"verify", "--zone", zone, "--client-ip", "192.0.2.1", "--client-ip", "192.0.2.2", message}, "--client-ip"},
      {{"spf", "--mail-from", "a@example.com"}, "--client-ip"},
      {{"spf", "--zone", zone, "--client-ip", "x", "--helo", "y"}, "--client-ip x"},
      {{"spf", "--zone", zone, "--dns", "::1", "--client-ip", "::1", "--helo", "y"}, "--zone or --dns, not both"},
      {{"selftest"}, "--socket"},
      {{"selftest", "--socket", "8893"}, "inet:PORT@HOST"},
      {{"selftest", "--socket", "unix:" + folder.path("none")}, "there is no such socket"},
      {{"selftest", "--socket", "unix:" + zone}, "is assayd running"},
      {{"selftest", "--socket", "inet:8893", "--limit", "601"}, "--limit"},
      {{"config"}, "verb"},
      {{"config", "check"}, "FILE"},
      {{"config", "show", "a", "b"}, "b"},
      {{"verify", "spf", message}, "message"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const auto run = run_assay(row.arguments);
    CAPTURE(run.err);
    CHECK(run.status == 2);
    CHECK(run.out.empty());
    CHECK(run.err.rfind("assay: ", 0) == 0);
    CHECK(run.err.find(row.expected) != std::string::npos);
    CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
  }
}

TEST_CASE("assay: repeated options take one value each and leave the message alone", "[cli][usage]") {
  const TemporaryFolder folder;
  const std::string message = folder.write("message", kMessage);
  const std::string a = folder.write("a.zone", "$ORIGIN .\n$TTL 60\nexample.com. TXT \"v=spf1 -all\"\n");
  const std::string b = folder.write("b.zone", "$ORIGIN .\n$TTL 60\n_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n");
  const auto run = run_assay(
      {"verify", "--json", "--rcpt", "x@example.net", "--rcpt", "y@example.net", "--zone", a, "--zone", b, message});
  CAPTURE(run.err);
  REQUIRE(run.status == 0);
  CHECK(nlohmann::json::parse(run.out)["dmarc"]["policy"] == "reject");
}

TEST_CASE("assay: odd octets in any argument end in a result or a complaint, fit for a terminal",
          "[cli][usage][property]") {
  const TemporaryFolder folder;
  const std::string zone = folder.write("zone", "$ORIGIN .\n$TTL 60\nexample.com. TXT \"v=spf1 -all\"\n");
  const std::string message = folder.write("message", kMessage);
  std::string low;
  std::string high;
  for (int octet = 1; octet < 128; ++octet) {
    low += static_cast<char>(octet);
    high += static_cast<char>(octet + 127);
  }
  high += '\xFF';
  const std::vector<std::string> odd{
      "", "-", "--", "-x", "[a,b]", "<>", "a" + low + high + "@" + high + low, std::string(100'000, 'x')};
  struct Row {
    const char* option;
    Arguments before;
    Arguments after;
  };
  const Arguments verify{"verify", "--zone", zone, "--json"};
  const Arguments verify_client{"verify", "--zone", zone, "--json", "--client-ip", "192.0.2.1"};
  const std::vector<Row> rows{
      {"--client-ip", verify, {message}},
      {"--helo", verify_client, {message}},
      {"--mail-from", verify_client, {message}},
      {"--rcpt", verify, {message}},
      {"--zone", {"verify", "--json"}, {message}},
      {"--config", verify, {message}},
      {"--now", verify, {message}},
      {nullptr, verify, {}},
      {"--helo", {"verify", "--zone", zone, "--client-ip", "192.0.2.1", "--explain"}, {message}},
      {"--mail-from", {"verify", "--zone", zone, "--client-ip", "192.0.2.1"}, {message}},
      {"--mail-from", {"spf", "--zone", zone, "--client-ip", "192.0.2.1", "--json"}, {}},
      {"--helo", {"spf", "--zone", zone, "--client-ip", "192.0.2.1", "--explain"}, {}},
      {"--client-ip", {"spf", "--zone", zone, "--helo", "x.example"}, {}},
      {nullptr, {"config", "check"}, {}},
      {nullptr, {"config"}, {}},
      {nullptr, {}, {}},
  };
  for (const Row& row : rows) {
    for (const std::string& value : odd) {
      Arguments arguments = row.before;
      if (row.option != nullptr) {
        arguments.emplace_back(row.option);
      }
      arguments.push_back(value);
      arguments.insert(arguments.end(), row.after.begin(), row.after.end());
      const auto run = run_assay(arguments, kMessage);
      CAPTURE(arguments, run.status, run.out, run.err);
      REQUIRE((run.status == 0 || run.status == 1 || run.status == 2));
      REQUIRE(is_fit_for_terminal(run.out));
      REQUIRE(is_fit_for_terminal(run.err));
      REQUIRE(run.err.empty() == (run.status == 0));
      if (run.status == 0 && std::count(arguments.begin(), arguments.end(), "--json") != 0) {
        REQUIRE(nlohmann::json::accept(run.out));
      }
    }
  }
}
