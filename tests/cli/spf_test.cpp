#include <nlohmann/json.hpp>

#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::test::run_assay;
using assay::test::TemporaryFolder;
using Arguments = std::vector<std::string>;

constexpr const char* kRecords =
    "$ORIGIN .\n"
    "$TTL 300\n"
    "example.com. TXT \"v=spf1 include:_spf.example.net ?all\"\n"
    "_spf.example.net. TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"\n"
    "mx.example.com. TXT \"v=spf1 a -all\"\n"
    "mx.example.com. A 192.0.2.1\n"
    "strict.example.org. TXT \"v=spf1 -all exp=why.example.org\"\n"
    "why.example.org. TXT \"%{i} is not ours\"\n"
    "twice.example.org. TXT \"v=spf1 -all\"\n"
    "twice.example.org. TXT \"v=spf1 +all\"\n";

/// `assay spf` with the records above.
assay::test::Run run_spf(const Arguments& arguments) {
  const TemporaryFolder folder;
  Arguments all{"spf", "--zone", folder.write("zone", kRecords)};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_assay(all);
}

}  // namespace

TEST_CASE("assay spf: the JSON object of one identity", "[cli][spf][golden]") {
  struct Row {
    const char* name;
    Arguments arguments;
    const char* expected;
  };
  const std::vector<Row> rows{
      {"MAIL FROM",
       {"--client-ip", "192.0.2.1", "--mail-from", "<a@example.com>", "--helo", "mx.example.com"},
       R"({"result":"pass","domain":"example.com","mechanism":"include:_spf.example.net","reason":null,"lookups":1,)"
       R"("void_lookups":0,"detail":null,"explanation":null})"},
      {"HELO without --mail-from",
       {"--client-ip", "192.0.2.1", "--helo", "mx.example.com"},
       R"({"result":"pass","domain":"mx.example.com","mechanism":"a","reason":null,"lookups":1,"void_lookups":0,)"
       R"("detail":null,"explanation":null})"},
      {"the null sender is postmaster@HELO; its AAAA lookup is void (RFC 7208 section 4.6.4)",
       {"--client-ip", "2001:db8::1", "--mail-from", "", "--helo", "mx.example.com"},
       R"({"result":"fail","domain":"mx.example.com","mechanism":"all","reason":null,"lookups":1,"void_lookups":1,)"
       R"("detail":null,"explanation":null})"},
      {"explanation",
       {"--client-ip", "198.51.100.9", "--mail-from", "a@strict.example.org"},
       R"({"result":"fail","domain":"strict.example.org","mechanism":"all","reason":null,"lookups":0,)"
       R"("void_lookups":0,"detail":null,"explanation":"198.51.100.9 is not ours"})"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Arguments arguments = row.arguments;
      arguments.emplace_back("--json");
      const auto run = run_spf(arguments);
      CHECK(run.err.empty());
      CHECK(run.out == std::string(row.expected) + "\n");
      CHECK(run.status == 0);
    }
  }
}

TEST_CASE("assay spf: --exit-code is 1 unless the result is pass", "[cli][spf]") {
  CHECK(run_spf({"--client-ip", "192.0.2.1", "--mail-from", "a@example.com", "--exit-code"}).status == 0);
  CHECK(run_spf({"--client-ip", "192.0.3.1", "--mail-from", "a@example.com", "--exit-code"}).status == 1);
  CHECK(run_spf({"--client-ip", "192.0.3.1", "--mail-from", "a@example.com"}).status == 0);
}

TEST_CASE("assay spf: in short for people", "[cli][spf][golden]") {
  CHECK(run_spf({"--client-ip", "198.51.100.9", "--mail-from", "a@strict.example.org"}).out ==
        "spf       fail        domain strict.example.org, all, 0 lookups, 0 void\n"
        "strict.example.org explains: 198.51.100.9 is not ours\n");
  const auto several = run_spf({"--client-ip", "198.51.100.9", "--mail-from", "a@twice.example.org"});
  CAPTURE(several.out);
  CHECK(several.out.rfind(
            "spf       permerror   domain twice.example.org, the domain publishes more than one SPF record", 0) == 0);
}

TEST_CASE("assay spf: --explain shows the record term by term", "[cli][spf]") {
  const auto run = run_spf({"--client-ip", "192.0.2.1", "--mail-from", "a@example.com", "--explain"});
  CAPTURE(run.out);
  CHECK(run.out ==
        "DNS: 2 questions\n"
        "  TXT example.com -> \"v=spf1 include:_spf.example.net ?all\"\n"
        "  TXT _spf.example.net -> \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"\n"
        "\n"
        "SPF, MAIL FROM example.com: pass\n"
        "  example.com: v=spf1 include:_spf.example.net ?all\n"
        "    include:_spf.example.net -> match [1/10 lookups, 0/2 void]\n"
        "    _spf.example.net: v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\n"
        "      ip4:192.0.2.0/24 -> match [1/10 lookups, 0/2 void]\n"
        "  decided by include:_spf.example.net\n"
        "  in all [1/10 lookups, 0/2 void]\n"
        "\n"
        "Result: pass\n");
}

TEST_CASE("assay spf: --explain says what would have made it pass", "[cli][spf]") {
  const auto run = run_spf({"--client-ip", "203.0.113.9", "--mail-from", "a@example.com", "--explain"});
  CAPTURE(run.out);
  const std::string end =
      "\nResult: neutral\n"
      "It would have passed SPF had 203.0.113.9 been listed in the SPF record of example.com, before all decided.\n";
  REQUIRE(run.out.size() > end.size());
  CHECK(run.out.substr(run.out.size() - end.size()) == end);
}

TEST_CASE("assay spf: something to check must be given", "[cli][spf]") {
  const auto run = run_spf({"--client-ip", "192.0.2.1"});
  CHECK(run.status == 2);
  CHECK(run.err == "assay: nothing to check: give --mail-from ADDR, or --helo NAME to check the HELO identity\n");
}
