#include "config/rule_values.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace assay::config {
namespace {

TEST_CASE("config/rule_values: names of rules are words that the program does not give itself", "[config][rules]") {
  for (const char* const name : {"a", "my-rule_2.b", "defaults", "archive.all", "policy", "A"}) {
    CAPTURE(name);
    CHECK_FALSE(check_rule_name(name));
  }
  for (const char* const name : {"", "two words", "rule:a", "r\xC3\xBCle", "a\n", "default", "local", "mta",
                                 "internal_error", "forged_results", "policy.reject", "limits.a", "arc.", "assay.b"}) {
    CAPTURE(name);
    CHECK(check_rule_name(name));
  }
  CHECK_FALSE(check_rule_name(std::string(policy::kMaxRuleNameOctets, 'a')));
  CHECK(check_rule_name(std::string(policy::kMaxRuleNameOctets + 1, 'a')));
}

TEST_CASE("config/rule_values: tags are words", "[config][rules]") {
  CHECK_FALSE(check_tag("list.post-1_a"));
  CHECK_FALSE(check_tag("default"));
  CHECK(check_tag(""));
  CHECK(check_tag("a b"));
  CHECK_FALSE(check_tag(std::string(policy::kMaxTagOctets, 'a')));
  CHECK(check_tag(std::string(policy::kMaxTagOctets + 1, 'a')));
}

TEST_CASE("config/rule_values: a reply is one line, in which three words are filled in", "[config][rules]") {
  CHECK_FALSE(check_reply_text("no mail"));
  CHECK_FALSE(check_reply_text("{rule}: {from_domain} ({reason}) {rule}"));
  for (const char* const text :
       {"", "a\nb", "a\r", "caf\xC3\xA9", "{Rule}", "{rule", "rule}", "{", "{{rule}}", "{rcpt}", "{rule} {"}) {
    CAPTURE(text);
    CHECK(check_reply_text(text));
  }
  CHECK_FALSE(check_reply_text(std::string(policy::kMaxReplyOctets, 'a')));
  CHECK(check_reply_text(std::string(policy::kMaxReplyOctets + 1, 'a')));
}

// The results are those of RFC 8601 section 2.7.
TEST_CASE("config/rule_values: claims are results of three methods", "[config][rules]") {
  for (const char* const claim : {"spf=softfail", "dkim=pass", "dmarc=fail", "spf=none"}) {
    CAPTURE(claim);
    CHECK_FALSE(check_claim(claim));
  }
  for (const char* const claim : {"", "=", "spf", "spf=", "=pass", "dmarc=softfail", "arc=pass", "iprev=pass",
                                  "spf=pass ", "spf=PASS", "spf==pass"}) {
    CAPTURE(claim);
    CHECK(check_claim(claim));
  }
}

TEST_CASE("config/rule_values: recipients are addresses, or all of a domain", "[config][rules]") {
  CHECK_FALSE(check_recipient("postmaster@example.net"));
  CHECK_FALSE(check_recipient("*@example.net"));
  CHECK_FALSE(
      check_recipient("*@b\xC3\xBC"
                      "cher.example"));
  CHECK_FALSE(check_recipient("*@xn--bcher-kva.example"));
  for (const char* const text :
       {"", "@", "@example.net", "*@", "*", "a*@example.net", "a@*.example.net", "*@*.example.net", "example.net"}) {
    CAPTURE(text);
    CHECK(check_recipient(text));
  }
}

TEST_CASE("config/rule_values: free words are bounded, and printable", "[config][rules][bounds]") {
  CHECK_FALSE(check_word("alice"));
  CHECK(check_word(""));
  CHECK(check_word("a\tb"));
  CHECK_FALSE(check_word(std::string(kMaxWordOctets, 'a')));
  CHECK(check_word(std::string(kMaxWordOctets + 1, 'a')));
}

TEST_CASE("config/rule_values: comments are a line of text", "[config][rules][bounds]") {
  CHECK_FALSE(check_comment("caf\xC3\xA9, see ticket 7"));
  CHECK(check_comment(""));
  CHECK(check_comment("a\nb"));
  CHECK(check_comment("caf\xE9"));
  CHECK_FALSE(check_comment(std::string(kMaxCommentOctets, 'a')));
  CHECK(check_comment(std::string(kMaxCommentOctets + 1, 'a')));
}

TEST_CASE("config/rule_values: reply codes (RFC 5321 4.2, RFC 2034 4)", "[config][rules]") {
  struct Row {
    std::string text;
    char wanted;
    std::optional<int> code;
    std::string enhanced;
  };
  const std::vector<Row> rows{
      {"550", '5', 550, ""}, {"5.7.1", '5', std::nullopt, "5.7.1"}, {"550 5.7.1", '5', 550, "5.7.1"},
      {"451", '4', 451, ""}, {"451 4.7.25", '4', 451, "4.7.25"},    {"5.123.999", '5', std::nullopt, "5.123.999"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto reply = parse_code(row.text, row.wanted);
    REQUIRE(reply);
    CHECK(reply->code == row.code);
    CHECK(reply->enhanced == row.enhanced);
    CHECK(reply->text == policy::ReplyTemplate{}.text);
  }
  for (const char* const text :
       {"",     " ",    "55",        "5500",      "550 ",     " 550",   "550  5.7.1", "550 5.7",    "5.7",
        "5.7.", "5..1", ".7.1",      "5.7.1.1",   "5.7.1000", "55.7.1", "550-5.7.1",  "550 5.7.1 ", "5.-7.1",
        "abc",  "451",  "450 5.7.1", "550 4.7.1", "4.7.1",    "250",    "5.07.1",     "5.7.01",     "5.7.00"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_code(text, '5'));
  }
  CHECK(parse_code("5.0.0", '5'));
}

TEST_CASE("config/rule_values: a code that ends the connection is none (RFC 5321 section 3.8, RFC 7504 section 3)",
          "[config][rules]") {
  CHECK_FALSE(parse_code("421", '4'));
  CHECK_FALSE(parse_code("421 4.7.1", '4'));
  CHECK_FALSE(parse_code("521", '5'));
  CHECK_FALSE(parse_code("521 5.3.2", '5'));
  CHECK(parse_code("521", '5').error().what == "ends the connection, and other messages with it: use 550");
  CHECK(parse_code("520", '5'));
  CHECK(parse_code("522", '5'));
}

TEST_CASE("config/rule_values: names that the program itself gives are reserved in any letter case",
          "[config][rules]") {
  for (const char* const name : {"default", "Default", "LOCAL", "mta", "Internal_Error", "forged_results", "policy.x",
                                 "Policy.BadFrom", "LIMITS.exceeded", "Arc.trusted_sealers", "Assay.x"}) {
    CAPTURE(name);
    CHECK(check_rule_name(name));
  }
  for (const char* const name : {"defaults", "my-default", "policy", "policy-x", "arc", "my.policy.x"}) {
    CAPTURE(name);
    CHECK_FALSE(check_rule_name(name));
  }
}

TEST_CASE("config/rule_values: the last day lasts until its end, UTC", "[config][rules]") {
  using namespace std::chrono;
  struct Row {
    std::string text;
    year_month_day next;
  };
  const std::vector<Row> rows{{"2026-12-31", 2027y / January / 1},
                              {"2028-02-28", 2028y / February / 29},
                              {"2028-02-29", 2028y / March / 1},
                              {"1970-01-01", 1970y / January / 2},
                              {"9999-12-31", year(10000) / January / 1}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto time = parse_last_day(row.text);
    REQUIRE(time);
    CHECK(*time == Time(sys_days(row.next)));
  }
  for (const char* const text :
       {"", "2026-12-3", "2026-12-311", "2026/12/31", "26-12-31", "2026-13-01", "2026-00-10", "2026-11-31",
        "2026-01-00", "2027-02-29", "1969-12-31", "0000-01-01", "-026-12-31", "2026-1a-01", "tomorrow12"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_last_day(text));
  }
}

}  // namespace
}  // namespace assay::config
