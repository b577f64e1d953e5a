// What assay shows of a running assayd, and of past messages.

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/daemon_view.h"
#include "cli/explain.h"
#include "cli/find_records.h"
#include "cli/record_sources.h"
#include "cli/status_report.h"
#include "cli/top_screen.h"
#include "observe/daemon_status.h"
#include "observe/record_line.h"
#include "observe/record_reader.h"
#include "tests/cli/run_assay.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace assay::cli;
using assay::observe::Record;
using assay::observe::to_json;
using assay::test::is_fit_for_terminal;
using assay::test::odd_strings;
using assay::test::run_assay;
using assay::test::sample_record;
using assay::test::string_fields;
using assay::test::TemporaryFolder;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// What an assayd would answer that has seen something of everything; `text` is in all that mail can choose.
DaemonView seen(const std::string& text, std::size_t rows = 40) {
  using namespace assay::observe;
  DaemonStatus status;
  status.version = "1.2.3";
  status.pid = 77;
  status.since = assay::Time(seconds(1'800'000'000));
  status.now = status.since + seconds(90'061);
  status.settings = "0123456789ab";
  status.configuration = "/etc/assay/assay.yaml";
  status.listen = "inet:8893@127.0.0.1";
  status.messages_limit = 1000;
  status.in_flight = 3;
  status.connections = 12;
  status.dns.since_success = milliseconds(1500);
  status.dns.failing_for = milliseconds(7000);
  status.unfit = "no DNS server has answered for 7 s";
  status.dns.counters = {{"questions", 200}, {"cache_hits", 190}, {"in_flight", 2}, {"temp_fail", 4}, {"timeouts", 6}};
  status.reload = LastReload{status.now, Reload::Refused, {"assay.yaml:1:1: wrong"}};
  ActivityReport activity;
  activity.actions.at(0) = {1'234'567, 123, 600};
  activity.actions.at(1) = {10, 0, 1};
  activity.dmarc.at(2) = {12, 1, 5};
  for (std::size_t i = 0; i < rows; ++i) {
    activity.rules.push_back({text + std::to_string(i), {i, 1, 2}});
    activity.slow.push_back({{text, assay::dns::Type::TXT}, assay::dns::Status::Found, milliseconds(1234), 5});
    Refusal refusal;
    refusal.time = status.now;
    refusal.queue_id = refusal.rule = refusal.from_domain = text;
    refusal.client = "192.0.2.1";
    activity.refusals.push_back(refusal);
  }
  return read_daemon_view(top_json(status, activity)).value();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The story of the record as it is read from its JSON.
std::string story_of(const Record& record) {
  assay::observe::RecordReader reader(assay::observe::Depth::Everything);
  Record read;
  REQUIRE(reader.read(to_json(record), read) == assay::observe::Line::Record);
  return explain_recorded(read, Paint(false));
}

Record stranger() {
  Record record = sample_record();
  record.facts.local = false;
  record.verdict.exceeded.reset();
  return record;
}

}  // namespace

TEST_CASE("cli/status: a line for each subject, what is wrong last", "[cli][status][golden]") {
  CHECK(status_report(seen("x"), Paint(false)) ==
        "assayd         1.2.3, pid 77, up 1d 01:01:01 since 2027-01-15T08:00:00Z\n"
        "configuration  /etc/assay/assay.yaml, 0123456789ab, enforce\n"
        "reload         refused at 2027-01-16T09:01:01Z; the configuration before it stays in force\n"
        "listen         inet:8893@127.0.0.1, 12 connections\n"
        "in flight      3 of 1,000 messages\n"
        "messages       1,234,577, 601 of them in the last minute: accept 1,234,567, reject 10\n"
        "dmarc          fail 12\n"
        "dns            200 questions, 95 % from the cache, 2 under way, 4 failed, 6 timed out, last answer 1.5 s "
        "ago, failing for 7.0 s\n"
        "log            stderr, text\n"
        "problem: the last reload was refused; the configuration before it stays in force: assay.yaml:1:1: wrong\n"
        "problem: no DNS server has answered for 7 s\n");
}

TEST_CASE("cli/status: how the last reload ended", "[cli][status]") {
  DaemonView view;
  CHECK(reload_words(view) == "none since the start");
  view.reload_time = "2027-01-15T08:00:00Z";
  view.settings = "0123456789ab";
  for (const auto& [outcome, words] : {
           std::pair("done", "in force since 2027-01-15T08:00:00Z"),
           std::pair("partly", "in force since 2027-01-15T08:00:00Z but for its log: the one before stays in use"),
           std::pair("refused", "refused at 2027-01-15T08:00:00Z; the configuration before it stays in force"),
           std::pair("failed", "broke off at 2027-01-15T08:00:00Z; configuration 0123456789ab is in force"),
       }) {
    view.reload_outcome = outcome;
    CHECK(reload_words(view) == words);
  }
}

TEST_CASE("cli/top: the screen keeps to its size, whatever is shown", "[cli][top][bounds]") {
  for (const auto& [columns, rows] :
       std::vector<std::pair<std::size_t, std::size_t>>{{80, 24}, {1, 1}, {20, 3}, {79, 11}, {132, 50}, {1000, 1000}}) {
    CAPTURE(columns, rows);
    for (const std::size_t shown : {std::size_t{0}, std::size_t{40}}) {
      const auto lines = lines_of(top_screen(seen("name.example", shown), {columns, rows}, Paint(false)));
      CHECK(lines.size() <= rows);
      for (const std::string& line : lines) {
        CHECK(line.size() <= columns);
      }
    }
  }
}

TEST_CASE("cli/top: 80 by 24 has room for something of everything", "[cli][top]") {
  const std::string screen = top_screen(seen("name.example"), {80, 24}, Paint(false));
  CHECK(lines_of(screen).size() == 24);
  for (const char* part :
       {"assayd 1.2.3", "in flight 3/1,000", "95 % from the cache", "problem: ", "accept ", "12.3", "1,234,567",
        "busiest rules", "name.example0", "slow DNS names", "1.2 s", "refused", " 192"}) {
    CAPTURE(part, screen);
    CHECK(has(screen, part));
  }
}

TEST_CASE("cli/top: no result word is cut", "[cli][top]") {
  DaemonView view = seen("name.example");
  view.dmarc = {{"temperror", {1, 0, 0}}, {"permerror", {1, 0, 0}}};
  view.messages = {{"quarantine", {1, 0, 0}}};
  const std::string screen = top_screen(view, {80, 24}, Paint(false));
  for (const char* word : {"\nquarantine  ", "\ndmarc temperror  ", "\ndmarc permerror  "}) {
    CHECK(has(screen, word));
  }
}

TEST_CASE("cli/top: it is ASCII without control characters, but for our colours", "[cli][top][property]") {
  for (const std::string& odd : odd_strings()) {
    const std::string screen = top_screen(seen(odd, 3), {120, 40}, Paint(false));
    for (const char c : screen) {
      CHECK((c == '\n' || (c >= ' ' && c < '\x7F')));
    }
    CHECK(is_fit_for_terminal(status_report(seen(odd, 3), Paint(false))));
  }
}

TEST_CASE("cli/daemon_view: what is no answer of assayd is refused, what is strange is read as far as it goes",
          "[cli][status]") {
  CHECK_FALSE(read_daemon_view("{}"));
  CHECK_FALSE(read_daemon_view("[]"));
  CHECK_FALSE(read_daemon_view("no JSON"));
  const auto odd =
      read_daemon_view(R"({"status_schema":1,"pid":"x","rules":[1,null,{"rule":[]}],"dns":7,"version":"\u001b[31m"})");
  REQUIRE(odd);
  CHECK(odd->pid == 0);
  CHECK(odd->version == "\\x1B[31m");
  CHECK(is_fit_for_terminal(top_screen(*odd, {80, 24}, Paint(false))));
}

TEST_CASE("observe/record_line: time, queue id and action stand in columns before what the log says",
          "[cli][tail][golden]") {
  using assay::observe::record_line;
  Record record = stranger();
  record.decision.action = assay::policy::Action::Accept;
  const std::string line = record_line(record, Paint(false));
  const std::string text = assay::observe::to_text(record);
  CHECK(line.rfind("14:05:09  4XyZ1             accept     ", 0) == 0);
  CHECK("4XyZ1: action=accept" + line.substr(line.find(" quarantine=") == std::string::npos
                                                 ? line.find(" rule=")
                                                 : line.find(" quarantine=")) ==
        text);
  record.decision.action = assay::policy::Action::Quarantine;
  CHECK(record_line(record, Paint(false)).find("quarantine ") == line.find("accept     "));
  record.facts.queue_id = "very long queue id: action=x";
  CHECK(has(record_line(record, Paint(false)), "quarantine"));
  for (const auto& field : string_fields()) {
    for (const std::string& odd : odd_strings()) {
      Record hostile = stranger();
      field.set(hostile, odd);
      CHECK(is_fit_for_terminal(record_line(hostile, Paint(false)) + '\n'));
    }
  }
}

TEST_CASE("cli/explain: the story of a record tells what the record says, and no more", "[cli][explain][record]") {
  Record record = stranger();
  record.verdict.dns_queries = 6;
  record.decision.quarantine = assay::policy::Quarantine{};
  const std::string story = story_of(record);
  for (const char* part :
       {"Message 4XyZ1: 4321 octets, judged at 2026-11-22T14:05:09Z by configuration 0123456789ab\n",
        "from client 192.0.2.1, which calls itself mx.example.com", "the client logged in as login",
        "encrypted by TLSv1.3", "MAIL FROM <bounce@example.com>", "RCPT TO <bob@example.net>",
        "DNS: 6 questions, whose answers no record holds\n",
        "SPF, MAIL FROM example.com: pass\n  decided by ip4:192.0.2.0/24\n  in all [2/10 lookups, 1/2 void]\n",
        "example.com, selector s1, rsa-sha256: fail, ", "signs for @example.com",
        "marked with the field of policy.quarantine", "note: marked by a header instead"}) {
    CAPTURE(part, story);
    CHECK(has(story, part));
  }
  // The header that marks it, what DNS said and what was hashed are in no record.
  for (const char* part : {"X-Spam-Flag", "->", "computed", "0 questions", "key at"}) {
    CHECK_FALSE(has(story, part));
  }
}

TEST_CASE("cli/explain: what was not verified is told as that", "[cli][explain][record]") {
  SECTION("local mail") {
    Record record = stranger();
    record.facts.local = true;
    record.decision.action = assay::policy::Action::Accept;
    const std::string story = story_of(record);
    CHECK(has(story, "Accepted: local or authenticated mail is not verified.\n"));
    CHECK_FALSE(has(story, "SPF"));
  }
  SECTION("an internal error") {
    Record record;
    record.verdict.spf_mail_from.status = assay::spf::Status::TempError;
    record.verdict.dmarc.status = assay::dmarc::Status::TempError;
    record.decision.action = assay::policy::Action::TempFail;
    record.decision.rule = "internal_error";
    const std::string story = story_of(record);
    CHECK(has(story, "Deferred: assayd failed on the message"));
    CHECK_FALSE(has(story, "SPF, MAIL FROM"));
    CHECK_FALSE(has(story, "DNS did not let us"));
  }
  SECTION("a bound") {
    Record record = stranger();
    record.verdict.exceeded = assay::Bound::HeaderOctets;
    const std::string story = story_of(record);
    CHECK(has(story, "passes a bound (header_octets) and was not verified"));
    CHECK_FALSE(has(story, "DMARC, author"));
  }
}

TEST_CASE("cli/explain: no octet of a record reaches the terminal as it is", "[cli][explain][record][property]") {
  for (const auto& field : string_fields()) {
    for (const std::string& odd : odd_strings()) {
      Record record = stranger();
      field.set(record, odd);
      CAPTURE(field.name);
      CHECK(is_fit_for_terminal(story_of(record)));
    }
  }
}

TEST_CASE("cli/find_records: every record of the queue id, the oldest first, and other lines that name it",
          "[cli][explain]") {
  const TemporaryFolder folder;
  Record record = stranger();
  record.facts.queue_id = "ABC1";
  const std::string newer = to_json(record);
  record.time -= seconds(100);
  const std::string older = to_json(record);
  record.facts.queue_id = "ABC12";
  const std::string other = to_json(record);
  record.facts.queue_id = "else";
  record.facts.mail_from = "ABC1@example.com";
  const std::string names_it = to_json(record);
  const std::string first =
      folder.write("first", newer + '\n' + other + "\n" + names_it + "\nlog: ABC1: a line\nXABC1\n");
  const std::string second = folder.write("second", "text\n" + older + '\n');
  const Found found = find_records("ABC1", {first, second});
  CHECK(found.records == std::vector<std::string>{older, newer});
  CHECK(found.log_lines == std::vector<std::string>{"log: ABC1: a line"});
  CHECK(found.lines == 7);
  CHECK(found.has_records);
  CHECK(found.is_whole);
  CHECK_FALSE(find_records("ABC1", {folder.path("missing")}).is_whole);
  record.facts.queue_id = "\xFF odd\"";
  const std::string odd = to_json(record);
  CHECK(find_records("\xFF odd\"", {folder.write("odd", odd + '\n')}).records == std::vector<std::string>{odd});
}

TEST_CASE("cli/find_records: kMaxFound records are told, one more is counted", "[cli][explain][bounds]") {
  const TemporaryFolder folder;
  const std::string line = to_json(stranger()) + '\n';
  std::string text;
  for (std::size_t i = 0; i < kMaxFound; ++i) {
    text += line;
  }
  CHECK(find_records("4XyZ1", {folder.write("fits", text)}).omitted == 0);
  const Found found = find_records("4XyZ1", {folder.write("more", text + line)});
  CHECK(found.records.size() == kMaxFound);
  CHECK(found.omitted == 1);
}

TEST_CASE("cli/record_sources: a log with what logrotate made of it", "[cli][explain]") {
  const TemporaryFolder folder;
  for (const char* name :
       {"log", "log.1", "log.2.gz", "log-20261122", "log-20261122.gz", "log.new", "logs", "log.1.bz2", "other"}) {
    static_cast<void>(folder.write(name, ""));
  }
  auto found = with_rotated(folder.path("log"));
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<std::string>{folder.path("log"), folder.path("log-20261122"),
                                          folder.path("log-20261122.gz"), folder.path("log.1"),
                                          folder.path("log.1.bz2"), folder.path("log.2.gz")});
  CHECK(with_rotated(folder.path("missing/log")).empty());
}

TEST_CASE("assay explain: records that are not whole are told as such", "[cli][explain]") {
  const TemporaryFolder folder;
  auto json = nlohmann::ordered_json::parse(to_json(stranger()));
  json["rcpt_omitted"] = 5;
  const auto cut = run_assay({"explain", "4XyZ1", "--records", folder.write("cut", json.dump() + '\n')});
  CHECK(cut.status == 0);
  CHECK(has(cut.out, "Message 4XyZ1"));
  CHECK(has(cut.out, "The record is not whole (rcpt_omitted: "));
  json.erase("dmarc");
  const auto broken = run_assay({"explain", "4XyZ1", "--records", folder.write("broken", json.dump() + '\n')});
  CHECK(broken.status == 0);
  CHECK(has(broken.out, "This record cannot be told by this version (dmarc: is missing). It says:\n{\"schema\":1,"));
  CHECK_FALSE(has(broken.out, "Decision: "));
  const auto text = run_assay({"explain", "4XyZ1", "--records", "-"}, "info 4XyZ1: action=accept\x1b[31m\n");
  CHECK(text.status == 1);
  CHECK(text.out == "info 4XyZ1: action=accept\\x1B[31m\n");
  CHECK(
      has(text.err, "no decision record of 4XyZ1 among 1 lines of standard input; none of them is a decision record"));
  CHECK(run_assay({"explain", "4XyZ1", "--records", folder.path("missing")}).status == 2);
}

TEST_CASE("assay status, top, tail, explain: without an assayd they end with 2 and say what to do", "[cli][usage]") {
  const TemporaryFolder folder;
  const std::string socket = folder.path("control.sock");
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{
           {"status"}, {"top"}, {"top", "--once"}, {"tail"}, {"tail", "--json"}, {"explain", "X"}}) {
    auto arguments = verb;
    arguments.insert(arguments.end(), {"--socket", socket});
    const auto run = run_assay(arguments);
    CHECK(run.status == 2);
    CHECK(run.out.empty());
    CHECK(has(run.err, "cannot reach assayd at " + socket));
    CHECK(has(run.err, "is it running"));
  }
  CHECK(has(run_assay({"explain", "X", "--socket", socket}).err, "--records FILE"));
  CHECK(has(run_assay({"tail", "--count", "0"}).err, "--count"));
  CHECK(has(run_assay({"tail", "--action", "\xFF"}).err, "no UTF-8"));
}
