#include "policy/redact.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "observe/journal_fields.h"
#include "observe/record_reader.h"
#include "policy/decide.h"
#include "policy/local_part_questions.h"
#include "policy/stamp.h"
#include "tests/observe/random_record.h"
#include "tests/observe/sample.h"
#include "tests/policy/conditions.h"
#include "tests/support/catch.h"
#include "verify/authres/format.h"

namespace {

using assay::observe::Record;
using assay::policy::may_hold_local_part;
using assay::policy::redact_address;
using assay::policy::redact_local_parts;

/// What assayd writes of a message with log.redact: local_parts.
Record redacted(Record record) {
  redact_local_parts(record.verdict, record.facts);
  redact_local_parts(record.decision);
  record.is_redacted = true;
  record.authentication_results = assay::authres::format(
      record.verdict, assay::policy::make_stamp("mx.example.net", record.facts, record.decision));
  return record;
}

/// Everything that any log or client is given of a record.
std::string all_forms(const Record& record) {
  return assay::observe::to_json(record) + assay::observe::to_text(record) + assay::observe::journal_fields(record) +
         assay::authres::format_unverified("mx.example.net", record.facts.authenticated);
}

bool holds(std::string_view text, std::string_view word) {
  const auto lower = [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 0x20 : c); };
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [&lower](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

}  // namespace

TEST_CASE("policy/redact: of an address its domain is left", "[redact]") {
  struct Row {
    const char* address;
    const char* expected;
  };
  for (const Row& row :
       std::vector<Row>{{"", ""},  // The null sender.
                        {"alice@example.com", "redacted@example.com"},
                        {"alice@EXAMPLE.com.", "redacted@EXAMPLE.com."},
                        {"@example.com", "@example.com"},
                        {"postmaster", "redacted"},
                        {"\"alice @ home\"@example.com", "redacted@example.com"},
                        {"\"alice@secret\"", "redacted"},
                        {"\"alice@secret", "redacted"},
                        {"alice@home@example.com", "redacted"},
                        {"<alice@example.com> bob", "redacted@example.com"},
                        {"<alice@example.com>bob", "redacted"},
                        {"alice@[192.0.2.1]", "redacted@[192.0.2.1]"},
                        {"alice@[IPv6:2001:db8::1]", "redacted@[IPv6:2001:db8::1]"},
                        {"alice@[bob@home]", "redacted"},
                        // RFC 6531: mailboxes of other characters than ASCII.
                        {"\xC3\xA9lise@b\xC3\xBC"
                         "cher.example",
                         "redacted@b\xC3\xBC"
                         "cher.example"},
                        {"a@b\xEF\xBC\xA0home.example", "redacted"},  // A full-width '@' is no part of a name.
                        {"a@\xFF.example", "redacted"},
                        // VERP carries an address in the local part; so does SRS, of which the tag stays.
                        {"list-owner+alice=example.org@lists.example", "redacted@lists.example"},
                        {"SRS0=ab=cd=example.org=alice@fwd.example", "SRS0=redacted@fwd.example"},
                        {"srs1+xy=fwd.example==ab=cd=example.org=alice@fwd.example", "srs1+redacted@fwd.example"},
                        {"\"SRS0-ab=cd=example.org=alice\"@fwd.example", "SRS0-redacted@fwd.example"},
                        {"SRS0alice@fwd.example", "redacted@fwd.example"}}) {
    CAPTURE(row.address);
    CHECK(redact_address(row.address) == row.expected);
    CHECK(redact_address(redact_address(row.address)) == row.expected);
  }
}

TEST_CASE("policy/redact: no string of mail or DNS brings a local part into a record, a line or a field of the journal",
          "[redact][property]") {
  // Written by the configuration, by us or by the MTA.
  static const std::set<std::string, std::less<>> own{"settings", "notes", "queue_id", "tls", "authentication_results"};
  static const std::vector<std::string> forms{"secret@example.com",
                                              "<Secret@example.com>",
                                              "\"secret one\"@example.com",
                                              "\"secret@example.com",
                                              "\"se\\cret secret\"@example.com",
                                              "SRS0=ab=cd=example.org=secret@fwd.example",
                                              "owner+secret=example.org@lists.example",
                                              "secret\xC3\xA9@xn--bcher-kva.example",
                                              "a@secret@example.com",
                                              "secret @ example.com",
                                              "mailto:secret%40example.com",
                                              "no such user: secret (at) example.com",
                                              "secret\xEF\xBC\xA0test.example.com",
                                              "=?utf-8?q?secret=40example=2Ecom?=",
                                              "Secret Name <secret@example.com>, x@example.org",
                                              "secret\xFF@example.com",
                                              "secret\n@example.com"};
  std::size_t fields = 0;
  for (const auto& field : assay::test::string_fields()) {
    const std::string_view name = field.name;
    if (own.contains(name) || name.starts_with("decision") || name.starts_with("reply") ||
        name.starts_with("quarantine") || name.starts_with("rule") || name.starts_with("would_rule") ||
        name.starts_with("headers") || name.starts_with("tags") || name.starts_with("observed") ||
        name.starts_with("undecided") || name.starts_with("redirect")) {
      continue;
    }
    ++fields;
    CAPTURE(name);
    for (const std::string& value : forms) {
      CAPTURE(value);
      Record record = assay::test::sample_record();
      field.set(record, value);
      CHECK(!holds(all_forms(redacted(record)), "secret"));
    }
  }
  CHECK(fields > 20);
}

TEST_CASE("policy/redact: claims of a chain keep their results and domains", "[redact]") {
  Record record = assay::test::sample_record();
  record.verdict.arc.claims = {
      {"spf", "pass", {{"smtp.mailfrom", "alice@example.com"}, {"smtp.helo", "secret"}}},
      {"spf", "pass", {{"smtp.mailfrom", "secret"}}},
      {"dkim", "pass", {{"header.i", "@example.com"}, {"header.d", "Example.com"}, {"header.b", "abcd"}}},
      {"dmarc", "pass", {{"header.from", "example.com"}, {"x.note", "secret@example.com"}}},
      {"auth", "pass", {{"smtp.auth", "secret"}}},
      {"dkim", "pass", {{"header.i", "secret@a b"}}}};
  const auto claims = nlohmann::json::parse(to_json(redacted(record)))["arc"]["claims"];
  CHECK(claims == nlohmann::json{"spf=pass smtp.mailfrom=redacted@example.com smtp.helo=redacted",
                                 "spf=pass smtp.mailfrom=redacted",
                                 "dkim=pass header.i=redacted@example.com header.d=example.com header.b=redacted",
                                 "dmarc=pass header.from=example.com x.note=redacted", "auth=pass smtp.auth=redacted",
                                 "dkim=pass header.i=redacted@"});
}

TEST_CASE("policy/redact: names stay, texts of others go, and the record says so", "[redact]") {
  Record record = assay::test::sample_record();
  record.verdict.spf_mail_from.detail = "alice._spf.example.com: no answer";
  record.verdict.dmarc.detail = "cannot read alice";
  const auto json = nlohmann::json::parse(to_json(redacted(record)));
  CHECK(json["redacted"] == "local_parts");
  CHECK(json["mail_from"] == "redacted@example.com");
  CHECK(json["rcpt"] == nlohmann::json{"redacted@example.net", "redacted@example.net"});
  CHECK(json["from"] == nlohmann::json{"redacted@news.example.org", "redacted@example.info"});
  CHECK(json["client"]["authenticated"] == "redacted");
  CHECK(json["client"]["helo"] == "mx.example.com");
  CHECK(json["spf"]["mailfrom"]["detail"].is_null());
  CHECK(json["dmarc"]["detail"].is_null());
  CHECK(json["dmarc"]["reason"] == "not_aligned");
  CHECK(json["list_id"] == "dev.lists.example.org");
  CHECK(nlohmann::json::parse(to_json(record))["redacted"].is_null());

  Record read;
  assay::observe::RecordReader reader;
  REQUIRE(reader.read(to_json(redacted(record)), read) == assay::observe::Line::Record);
  CHECK(read.is_redacted);
  REQUIRE(reader.read(to_json(record), read) == assay::observe::Line::Record);
  CHECK(!read.is_redacted);
  std::string newer = to_json(redacted(record));
  newer.replace(newer.find("local_parts"), 11, "everything");
  CHECK(reader.read(newer, read) == assay::observe::Line::Incomplete);
}

TEST_CASE("policy/redact: a name of DNS that a macro may have made of a local part is known (RFC 7208 section 7.3)",
          "[redact]") {
  for (const auto& [name, mail_from, expected] : std::vector<std::tuple<const char*, const char*, bool>>{
           {"alice._spf.example.com", "alice@example.com", true},
           {"ALICE._spf.example.com", "alice@example.com", true},
           {"bad.strong.lp._spf.example.com", "strong-bad@example.com", true},  // %{lr-}
           {"strong.lp._spf.example.com", "strong-bad@example.com", true},      // %{l1r-}
           {"bad%21._spf.example.com", "bad!@example.com", true},               // %{L}
           {"%c3%a9._spf.example.com", "\xC3\xA9@example.com", true},
           {"_spf.example.com", "alice@example.com", false},
           {"_dmarc.example.com", "alice@example.com", false},
           {"_spf.example.com", "", false},
           {"_spf.example.com", "@example.com", false}}) {
    CAPTURE(name, mail_from);
    assay::policy::Facts facts;
    facts.mail_from = mail_from;
    facts.helo = "mx.example.com";
    CHECK(may_hold_local_part(name, facts) == expected);
  }
}

TEST_CASE("policy/redact: a name of DNS that a macro made of a HELO which is no name is known (RFC 7208 section 7.3)",
          "[redact]") {
  for (const auto& [name, helo, expected] : std::vector<std::tuple<const char*, const char*, bool>>{
           {"alice@mx.example.com._spf.example.com", "alice@mx.example.com", true},  // %{h}
           {"com.example.mx.alice b._spf.example.com", "alice b", true},
           {"%61%20._spf.example.com", "!!", true},
           {"mx.example.com._spf.example.com", "mx.example.com", false},  // What stays in the record, too.
           {"[192.0.2.1]._spf.example.com", "[192.0.2.1]", false},
           {"_spf.example.com", "alice@mx.example.org", false},
           {"_spf.example.com", "", false}}) {
    CAPTURE(name, helo);
    assay::policy::Facts facts;
    facts.mail_from = "bob@example.com";
    facts.helo = helo;
    CHECK(may_hold_local_part(name, facts) == expected);
  }
}

TEST_CASE("policy/redact: a name of kMaxNameOctets in other characters than ASCII is read, a longer one is none",
          "[redact][bounds]") {
  constexpr std::size_t kMaxNameOctets = 255;
  const std::string letter = "\xC3\xBC";
  std::string name;  // Labels of 20 letters: 24 octets in punycode, and 40 here.
  while (name.size() + 41 < kMaxNameOctets) {
    for (int i = 0; i < 20; ++i) {
      name += letter;
    }
    name += '.';
  }
  name.resize(kMaxNameOctets, 'a');
  REQUIRE(assay::Domain::parse(name));
  CHECK(redact_address("alice@" + name) == "redacted@" + name);
  CHECK(redact_address("alice@" + name + "a") == "redacted");
}

namespace {

using assay::policy::Action;
using assay::policy::Condition;
using assay::policy::Fact;
using assay::policy::Rules;
using assay::test::Dice;

Condition random_test(Dice& dice) {
  static const std::vector<std::vector<std::string>> names{
      {"example.com"}, {"*.example.com"}, {"*.example.org", "example.org"}, {"lists.example.org"}, {"com"}, {"@"}};
  static const std::vector<std::vector<std::string>> addresses{{"a@example.com"},
                                                               {"b@example.com"},
                                                               {"*@example.com"},
                                                               {"srs0=x@example.org"},
                                                               {"\"odd \\\\ one\"@example.com", "c@example.org"},
                                                               {"redacted@example.com"}};
  static const std::vector<std::vector<std::string>> logins{
      {"a@example.com"}, {"b@example.com", "example.com"}, {"true"}, {".."}};
  static const std::vector<Fact> facts{Fact::FromDomain, Fact::MailFromDomain, Fact::Helo,      Fact::ClientName,
                                       Fact::ListId,     Fact::DkimDomain,     Fact::ArcSealer, Fact::RcptDomain,
                                       Fact::Rcpt,       Fact::Authenticated,  Fact::Indirect,  Fact::Rcpt,
                                       Fact::ArcClaims,  Fact::Authenticated};
  const Fact fact = dice.pick(facts);
  if (fact == Fact::Rcpt) {
    return assay::test::is(fact, dice.pick(addresses));
  }
  if (fact == Fact::Authenticated) {
    return assay::test::is(fact, dice.pick(logins));
  }
  if (fact == Fact::Indirect) {
    return assay::test::is(fact, dice.flip() ? "forwarder" : "true");
  }
  if (fact == Fact::ArcClaims) {
    return assay::test::is(fact, dice.flip() ? "spf=pass" : "dkim=pass");
  }
  return assay::test::is(fact, dice.pick(names));
}

Rules rules_of(Dice& dice) {
  Rules rules = assay::test::random_rules(dice);
  static const std::vector<Action> actions{Action::Accept, Action::Reject, Action::TempFail, Action::Quarantine};
  if (dice.one_in(4)) {
    REQUIRE(rules.trusted_sealers.add("*.example.org"));
  }
  for (std::size_t i = 1 + dice.below(3); i > 0; --i) {
    assay::policy::Rule rule;
    rule.name = "rule-" + std::to_string(i);
    rule.when = random_test(dice);
    if (dice.flip()) {
      rule.when =
          assay::test::group(dice.flip() ? Condition::Kind::All : Condition::Kind::Any, {rule.when, random_test(dice)});
    }
    if (dice.one_in(4)) {
      rule.when = assay::test::group(Condition::Kind::Not, {rule.when});
    }
    rule.then.action = dice.pick(actions);
    if (dice.one_in(6)) {
      rule.then.action.reset();
      rule.then.tag = "seen";
    }
    rule.observe = dice.one_in(6);
    rules.own.push_back(rule);
  }
  return rules;
}

}  // namespace

TEST_CASE("policy/local_part_questions: what a redacted record decides is what the message decided, or it is not asked",
          "[redact][property]") {
  Dice dice(20261126);
  std::size_t asked = 0;
  std::size_t differ = 0;
  constexpr std::size_t kRounds = 60'000;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const Record record = assay::test::random_record(dice);
    const Rules rules = rules_of(dice);
    const auto whole = assay::policy::decide(record.verdict, record.facts, rules, record.time);
    Record left = record;
    redact_local_parts(left.verdict, left.facts);
    const auto again = assay::policy::decide(left.verdict, left.facts, rules, record.time);
    if (assay::policy::LocalPartQuestions(rules).matter_to(left.verdict, left.facts, record.time)) {
      differ += again == whole ? 0U : 1U;
      continue;
    }
    ++asked;
    CAPTURE(round, to_json(record), to_json(left));
    REQUIRE(again == whole);
  }
  CHECK(asked > kRounds / 5);  // Nor is everything refused.
  CHECK(differ > 0);           // And what is refused is so for a reason.
}

TEST_CASE("policy/local_part_questions: a rule for a mailbox leaves other mail decidable", "[redact]") {
  Rules rules;
  assay::policy::Rule rule;
  rule.name = "abuse";
  rule.when = assay::test::group(
      Condition::Kind::All, {assay::test::is(Fact::Rcpt, "abuse@example.net"), assay::test::is(Fact::Dmarc, "fail")});
  rule.then.action = Action::Accept;
  rules.own = {rule};
  const assay::policy::LocalPartQuestions questions(rules);
  Record record;
  record.facts.has_envelope = true;
  record.facts.mail_from = "redacted@example.com";
  record.facts.rcpt = {"redacted@example.net"};
  record.verdict.dmarc.author = assay::Domain::parse("example.com").value();
  record.verdict.dmarc.published = record.verdict.dmarc.policy = assay::dmarc::Policy::Reject;
  const auto matter = [&](assay::dmarc::Status status) {
    record.verdict.dmarc.status = status;
    return questions.matter_to(record.verdict, record.facts, record.time);
  };
  CHECK(!matter(assay::dmarc::Status::Pass));  // The rule cannot match.
  CHECK(matter(assay::dmarc::Status::Fail));   // It may, and would accept what is rejected otherwise.
  record.facts.rcpt = {"redacted@example.org"};
  CHECK(!matter(assay::dmarc::Status::Fail));
  record.facts.rcpt = {"redacted@example.org", "redacted@EXAMPLE.net"};
  CHECK(matter(assay::dmarc::Status::Fail));
}
