#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "cli/selftest_attack.h"
#include "cli/selftest_judge.h"
#include "cli/selftest_report.h"
#include "config/load.h"
#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "verify/base/text.h"

using namespace std::string_literals;

namespace assay::cli {
namespace {

using Kind = mta::Edit::Kind;
using Disposition = mta::Delivery::Disposition;

constexpr const char* kName = "Authentication-Results";
constexpr const char* kOwn = " mx.example.net; spf=none; dkim=none; dmarc=none header.from=selftest.invalid; arc=none";
constexpr const char* kForged = " mx.example.net; dmarc=pass";
constexpr const char* kForeign = " other.invalid; dkim=pass";

const Knowledge& knowledge() {
  static const Knowledge known{"mx.example.net", results_of(kOwn), std::nullopt};
  return known;
}

mta::Edit stamped(const std::string& value = kOwn) {
  return {Kind::InsertHeader, 0, kName, value};
}

mta::Edit removed(std::uint32_t number) {
  return {Kind::ChangeHeader, number, kName, ""};
}

/// What an MTA makes of these edits.
mta::Delivery delivered(const AttackMessage& message, std::vector<mta::Edit> edits) {
  mta::Delivery delivery;
  delivery.header.push_back({"Received", " own", true});
  for (const AttackField& field : message.header) {
    delivery.header.push_back({field.name, field.value});
  }
  delivery.edits = std::move(edits);
  mta::apply_header_edits(delivery.header, delivery.edits, true);
  return delivery;
}

mta::Delivery refused(Disposition disposition, const std::string& reply) {
  mta::Delivery delivery;
  delivery.disposition = disposition;
  delivery.reply = reply;
  return delivery;
}

Attack plain(std::vector<AttackField> fields = {}) {
  return {"Group", "name", "Something", {harmless(std::move(fields))}};
}

Conversation answered(mta::Delivery delivery) {
  return {{std::move(delivery)}, delivered(harmless(), {stamped()}), std::nullopt};
}

std::vector<std::string> wrong(const Attack& attack, const Conversation& conversation,
                               const Knowledge& known = knowledge()) {
  return judge(attack, conversation, known).mismatches;
}

/// The mismatches of a harmless message that was stamped so.
std::vector<std::string> wrong_stamp(const std::string& stamp) {
  return wrong(plain(), answered(delivered(harmless(), {stamped(stamp)})));
}

/// Short, and without blanks.
bool is_fit_for_queue_id(const std::string& name) {
  return name.size() < 24 && std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

/// The protocol cannot carry a NUL: a case with one would try something else than it says.
bool holds_nul(const Attack& attack) {
  return std::any_of(attack.messages.begin(), attack.messages.end(), [](const AttackMessage& message) {
    return std::any_of(message.header.begin(), message.header.end(),
                       [](const AttackField& field) { return field.value.find('\0') != std::string::npos; });
  });
}

bool has(const std::vector<std::string>& mismatches, const std::string& text) {
  return mismatches.size() == 1 && mismatches.front().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("cli/selftest: forged fields must go and others stay, the highest number first", "[cli][selftest]") {
  const Attack attack = plain({{kName, kForged, Fate::Goes},
                               {kName, kForeign, Fate::Stays},
                               {kName, " (mx.example.net) x", Fate::Any},
                               {kName, kForged, Fate::Goes}});
  const AttackMessage& message = attack.messages.front();
  const auto after = [&](std::vector<mta::Edit> edits) {
    return wrong(attack, answered(delivered(message, std::move(edits))));
  };
  CHECK(after({removed(4), removed(1), stamped()}).empty());
  CHECK(after({removed(4), removed(3), removed(1), stamped()}).empty());
  CHECK(has(after({removed(4), stamped()}), "is left: \" mx.example.net; dmarc=pass\""));
  CHECK(has(after({removed(4), removed(2), removed(1), stamped()}), "another host's field is gone"));
  // Postfix renumbers: after a removal of the first, the third is the second.
  CHECK(has(after({removed(1), removed(3), stamped()}), "before field 3"));
  CHECK(has(after({removed(5), removed(4), removed(1), stamped()}), "removes field 5 where there are 4"));
  // Numbers are those of before the insertion.
  CHECK(after({stamped(), removed(4), removed(1)}).size() > 1);
}

TEST_CASE("cli/selftest: one own field is at the top, and can be read (RFC 8601 section 5)", "[cli][selftest]") {
  CHECK(wrong_stamp(kOwn).empty());
  const auto after = [](std::vector<mta::Edit> edits) {
    return wrong(plain(), answered(delivered(harmless(), std::move(edits))));
  };
  CHECK(has(after({}), "no Authentication-Results field"));
  CHECK(has(after({stamped(), stamped()}), "2 Authentication-Results fields"));
  CHECK(has(after({{Kind::AddHeader, 0, kName, kOwn}}), "not stand at the top"));
  CHECK(has(after({{Kind::InsertHeader, 1, kName, kOwn}}), "not stand at the top"));
}

TEST_CASE("cli/selftest: the own field is the daemon's, and in lines as mail has them", "[cli][selftest]") {
  CHECK(has(wrong_stamp(" other.example; dmarc=none"), "stamped by \"other.example\""));
  CHECK(has(wrong_stamp(" mx.example.net; dmarc=none; (x"), "cannot be read"));
  CHECK(has(wrong_stamp(" mx.example.net; none"), "was not verified"));
  const auto unfolded = wrong_stamp(" mx.example.net; dmarc=none\nX: y");
  CHECK(std::any_of(unfolded.begin(), unfolded.end(),
                    [](const std::string& text) { return text.find("not folded") != std::string::npos; }));
  CHECK(has(wrong_stamp(" mx.example.net; dmarc=none\n (\x01)"), "control characters"));
  CHECK(wrong_stamp(" mx.example.net; dmarc=none\n (" + std::string(995, 'x') + ")").empty());
  CHECK(has(wrong_stamp(" mx.example.net; dmarc=none\n (" + std::string(996, 'x') + ")"), "too long"));
}

TEST_CASE("cli/selftest: nothing is a pass, wherever it stands", "[cli][selftest]") {
  for (const char* const method : {"spf", "dkim", "dmarc", "arc", "auth"}) {
    const std::string pass = method + "=pass"s;
    CHECK(has(wrong_stamp(" mx.example.net; dmarc=none; "s + method + "=Pass"), "it says " + pass));
    CHECK(has(wrong_stamp(" mx.example.net; dmarc=none (" + pass + ")"), "it says " + pass));
  }
  CHECK(wrong_stamp(" mx.example.net; dmarc=none; iprev=pass policy.iprev=192.0.2.1").empty());

  // A user is known, and no more than that.
  Attack attack = plain();
  attack.messages.front().login = "user";
  const auto stamped_so = [&](const std::string& stamp) {
    return wrong(attack, answered(delivered(harmless(), {stamped(stamp)})));
  };
  CHECK(stamped_so(" mx.example.net; auth=pass smtp.auth=user").empty());
  CHECK(has(stamped_so(" mx.example.net; auth=pass smtp.auth=user; dmarc=pass"), "it says dmarc=pass"));
  attack.messages.front().login = "";
  CHECK_FALSE(stamped_so(" mx.example.net; auth=pass smtp.auth=user").empty());
}

TEST_CASE("cli/selftest: the authors that dmarc is about", "[cli][selftest]") {
  Attack attack = plain();
  attack.authors = {"attacker.invalid", "bank.invalid"};
  const auto about = [&](const std::string& results) {
    return wrong(attack, answered(delivered(harmless(), {stamped(" mx.example.net; " + results)})));
  };
  CHECK(about("dmarc=none header.from=bank.invalid; dmarc=none header.from=attacker.invalid").empty());
  CHECK(has(about("dmarc=none header.from=attacker.invalid"), "about attacker.invalid, not"));
  CHECK(has(about("dmarc=none"), "about nobody"));
  attack.authors.clear();
  attack.ground = policy::Ground::BadFrom;
  CHECK(about("dmarc=permerror").empty());
  CHECK(has(about("dmarc=none header.from=bank.invalid"), "dmarc=none, not permerror"));
}

TEST_CASE("cli/selftest: a refusal is well where the message may be refused", "[cli][selftest]") {
  const Conversation conversation = answered(refused(Disposition::Rejected, "550 5.7.1 no\x1B[8m"));
  Attack attack = plain();
  const Finding finding = judge(attack, conversation, knowledge());
  CHECK(has(finding.mismatches, "not accepted: 550 5.7.1 no"));
  CHECK(test::is_fit_for_terminal(finding.seen));
  attack.may_be_refused = true;
  CHECK(wrong(attack, conversation).empty());
}

TEST_CASE("cli/selftest: with a configuration the decision counts, too", "[cli][selftest]") {
  struct Row {
    const char* config;
    Disposition expected;
  };
  const std::vector<Row> rows{{"", Disposition::Rejected},
                              {"policy: {bad_from: accept}", Disposition::Accepted},
                              {"policy: {bad_from: tempfail}", Disposition::Deferred},
                              {"policy: {bad_from: discard, allow_discard: true}", Disposition::Discarded},
                              {"policy: {bad_from: quarantine, quarantine: {how: reject}}", Disposition::Rejected},
                              {"mode: monitor", Disposition::Accepted}};
  Attack attack = plain();
  attack.may_be_refused = true;
  attack.ground = policy::Ground::BadFrom;
  for (const Row& row : rows) {
    Knowledge known = knowledge();
    known.rules = config::load_text(row.config, "test", "mx.example.net")->policy;
    for (const Disposition seen :
         {Disposition::Accepted, Disposition::Rejected, Disposition::Deferred, Disposition::Discarded}) {
      CAPTURE(row.config, to_string(seen));
      const mta::Delivery delivery = seen == Disposition::Accepted
                                         ? delivered(harmless(), {stamped(" mx.example.net; dmarc=permerror")})
                                         : refused(seen, "");
      CHECK(wrong(attack, answered(delivery), known).empty() == (seen == row.expected));
    }
  }
  // limits.exceeded comes before rules, and rules before policy.bad_from.
  Knowledge known = knowledge();
  known.rules = config::load_text("policy: {rules: [{name: r, when: {spf: fail}, then: reject}]}", "test", "x")->policy;
  const Conversation accepted = answered(delivered(harmless(), {stamped(" mx.example.net; dmarc=permerror")}));
  CHECK(wrong(attack, accepted, known).empty());
  attack.ground = policy::Ground::Exceeded;
  CHECK(has(wrong(attack, accepted, known), "limits.exceeded asks for reject"));
}

TEST_CASE("cli/selftest: a quarantined message bears the mark", "[cli][selftest]") {
  Attack attack = plain();
  attack.may_be_refused = true;
  attack.ground = policy::Ground::BadFrom;
  const auto well = [&](const char* how, const mta::Delivery& delivery) {
    Knowledge known = knowledge();
    const std::string text = "policy: {bad_from: quarantine, quarantine: {how: "s + how + "}}";
    known.rules = config::load_text(text, "test", "x")->policy;
    return wrong(attack, answered(delivery), known).empty();
  };
  const mta::Edit stamp = stamped(" mx.example.net; dmarc=permerror");
  mta::Delivery bare = delivered(harmless(), {stamp});
  const mta::Delivery marked = delivered(harmless(), {{Kind::InsertHeader, 0, "X-Bad", " very"}, stamp});
  CHECK(well("header, name: X-Bad, value: very", marked));
  CHECK_FALSE(well("header, name: X-Bad, value: quite", marked));
  CHECK_FALSE(well("header, name: X-Bad, value: very", bare));
  CHECK_FALSE(well("hold", bare));
  CHECK_FALSE(well("redirect, to: trap@example.net", bare));
  bare.hold = "assay";
  CHECK(well("hold", bare));
  bare.rcpt = {"trap@example.net"};
  CHECK(well("redirect, to: trap@example.net", bare));
  bare.rcpt.emplace_back("postmaster@example.net");
  CHECK_FALSE(well("redirect, to: trap@example.net", bare));
}

TEST_CASE("cli/selftest: what follows an attack must fare as always", "[cli][selftest]") {
  Conversation conversation = answered(delivered(harmless(), {stamped()}));
  CHECK(wrong(plain(), conversation).empty());
  conversation.after =
      delivered(harmless(), {stamped(" mx.example.net; spf=none; dkim=permerror; dmarc=none; arc=none")});
  CHECK(has(wrong(plain(), conversation), "other results than alone"));
  // Without HELO it is not judged as it is with one.
  Attack without = plain();
  without.helo.reset();
  CHECK(wrong(without, conversation).empty());
  conversation.after = refused(Disposition::Deferred, "451 4.3.0 later");
  CHECK(has(wrong(plain(), conversation), "the harmless message after it: a message that nobody could object to"));
}

TEST_CASE("cli/selftest: a conversation that ended before its time is a mismatch", "[cli][selftest]") {
  using Failure = mta::Failure;
  const std::vector<std::pair<Failure::Kind, const char*>> rows{{Failure::Kind::Lost, "the connection was lost: why"},
                                                                {Failure::Kind::TimedOut, "no answer in time: why"},
                                                                {Failure::Kind::Unreachable, "no connection: why"},
                                                                {Failure::Kind::Protocol, "protocol was broken: why"}};
  for (const auto& [kind, text] : rows) {
    const Finding finding = judge(plain(), {{std::nullopt}, std::nullopt, Failure{kind, "why"}}, knowledge());
    CHECK(has(finding.mismatches, text));
    CHECK(finding.is_silent);
  }
}

TEST_CASE("cli/selftest: temperror is DNS's fault, and a mismatch only where DNS is asked for", "[cli][selftest]") {
  const Conversation conversation{{delivered(harmless(), {stamped(" mx.example.net; spf=temperror; dmarc=temperror")})},
                                  std::nullopt,
                                  std::nullopt};
  const Finding finding = judge(plain(), conversation, knowledge());
  CHECK(finding.has_temperror);
  CHECK(finding.mismatches.empty());
  CHECK(has(wrong(ask_dns(), conversation), "DNS does not answer"));
}

TEST_CASE("cli/selftest: each case has a name of its own, fit for a queue id", "[cli][selftest]") {
  const OwnNames names{"mx.example.net", {"old.example.net"}};
  std::vector<Attack> all{greet(), ask_dns()};
  for (const std::vector<Attack>& table :
       {forged_results(names), doubtful_authors(), broken_signatures(names), misleading_words(),
        oversized_headers(names, 1U << 20U), odd_sessions(names)}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  std::set<std::string> seen;
  for (const Attack& attack : all) {
    CAPTURE(attack.name);
    CHECK(seen.insert(attack.name).second);
    CHECK_FALSE(attack.messages.empty());
    CHECK(test::is_fit_for_terminal(attack.group + attack.tries + attack.name));
    CHECK(is_fit_for_queue_id(attack.name));
    CHECK_FALSE(holds_nul(attack));
  }
  CHECK(all.size() > 100);
}

TEST_CASE("cli/selftest: the report for people and for programs", "[cli][selftest]") {
  SelftestReport report;
  report.socket = "unix:/\x1B";
  report.lines = {{"Group", "one", "First", {"accepted", "accepted, dmarc=none", {}}},
                  {"Group", "two", "Second", {"accepted", std::string(100, 'x'), {"it says spf=pass"}}}};
  report.not_tried = 7;
  report.stopped = "why";
  const Paint paint(false);
  CHECK(told_line(report, 0, paint) ==
        "\nGroup\n  ok   one                      First" + std::string(43, ' ') + "accepted, dmarc=none\n");
  CHECK(told_line(report, 1, paint) ==
        "  NOT  two                      Second\n         expected: accepted\n"
        "         seen:     " +
            std::string(100, 'x') + "\n         - it says spf=pass\n");
  const std::string end = told_end(report, paint);
  CHECK(end.find("2 cases: 1 ok, 1 not as expected, 7 not tried; 0.0 s\n") != std::string::npos);
  CHECK(end.find("Stopped: why\n") != std::string::npos);
  CHECK(to_json(report).find(R"("socket":"unix:/\\x1B")") != std::string::npos);
  CHECK(to_json(report).find(R"("ok":1,"mismatches":1,"not_tried":7,)") != std::string::npos);
}

}  // namespace assay::cli
