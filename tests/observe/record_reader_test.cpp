#include "observe/record_reader.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "policy/decide.h"
#include "tests/observe/random_record.h"
#include "tests/observe/same.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"

namespace {

using assay::observe::kMaxAddressOctets;
using assay::observe::kMaxRecordOctets;
using assay::observe::kMaxValueOctets;
using assay::observe::Line;
using assay::observe::Record;
using assay::observe::RecordReader;
using assay::observe::to_json;
using assay::test::first_difference;
using assay::test::sample_record;
using Json = nlohmann::ordered_json;

/// What a fresh reader makes of a line.
struct Read {
  Line line;
  std::string why;
  Record record;
};
Read read(const std::string& line) {
  RecordReader reader;
  Read result{};
  result.line = reader.read(line, result.record);
  result.why = reader.why();
  return result;
}

/// Calls `visit` with a pointer (RFC 6901) to each member of an object and of the objects in it.
void for_each_member(const Json& value, const std::string& path, const std::function<void(const std::string&)>& visit) {
  for (const auto& [key, member] : value.items()) {
    const std::string pointer = path + '/' + key;
    if (value.is_object()) {
      visit(pointer);
    }
    if (member.is_object() || (member.is_array() && !member.empty() && member.front().is_object())) {
      for_each_member(member, pointer, visit);
    }
  }
}

/// Whether no decision rests on the member: it tells people more, or it is what assayd did with the message.
bool is_for_people(const std::string& pointer) {
  static const std::set<std::string> keys{
      "detail",   "explanation",  "mechanism", "lookups", "identity",        "algorithm",
      "key_bits", "void_lookups", "discovery", "queries", "signature_start", "authentication_results",
      "instance", "notes",        "dns"};
  static const std::set<std::string> decided{"/decision/action", "/decision/rule", "/decision/would",
                                             "/decision/quarantine", "/decision/redirect_to"};
  if (pointer.rfind("/decision/", 0) == 0) {
    return decided.count(pointer) == 0 && pointer.rfind("/decision/observed/", 0) != 0 &&
           pointer.rfind("/decision/headers/", 0) != 0;
  }
  // Records of versions that neither redacted nor sampled lack the two.
  return pointer == "/dkim/0/selector" || pointer == "/redacted" || pointer == "/sample" ||
         pointer.find("/rfc7489") != std::string::npos || keys.count(pointer.substr(pointer.rfind('/') + 1)) != 0;
}

}  // namespace

TEST_CASE("observe/record_reader: what was written is read", "[observe][reader]") {
  const Record record = sample_record();
  const Read back = read(to_json(record));
  REQUIRE(back.line == Line::Record);
  CHECK(first_difference(back.record, record).empty());
  const Read empty = read(to_json(Record{}));
  REQUIRE(empty.line == Line::Record);
  CHECK(first_difference(empty.record, Record{}).empty());
}

TEST_CASE("observe/record_reader: every octet in every string comes back", "[observe][reader][property]") {
  RecordReader reader;
  Record back;
  for (const auto& field : assay::test::string_fields()) {
    const std::string name = field.name;
    // A field that claims such a thing does not parse (RFC 8601 section 2.2: Keyword).
    if (name.rfind("arc.claims", 0) == 0 || name == "arc.hops claims") {
      continue;
    }
    CAPTURE(name);
    for (const std::string& value : assay::test::odd_strings()) {
      CAPTURE(value);
      Record record = sample_record();
      field.set(record, value);
      REQUIRE(reader.read(to_json(record), back) == Line::Record);
      REQUIRE(first_difference(back, record).empty());
    }
  }
}

TEST_CASE("observe/record_reader: read to its depth, a record is written again as it was",
          "[observe][reader][property]") {
  RecordReader reader(assay::observe::Depth::Everything);
  Record record;
  const auto check = [&](const Record& written) {
    const std::string line = to_json(written);
    REQUIRE(reader.read(line, record) == Line::Record);
    CHECK(to_json(record) == line);
  };
  check(sample_record());
  assay::test::Dice dice(20261122);
  constexpr int kTimes = 300;
  for (int i = 0; i < kTimes; ++i) {
    check(assay::test::random_record(dice));
  }
  check(Record{});
}

TEST_CASE("observe/record_reader: a record that lacks a key is not tellable, one that was cut is",
          "[observe][reader]") {
  const auto is_tellable = [](const std::string& line) {
    RecordReader reader(assay::observe::Depth::Everything);
    Record record;
    const Line what = reader.read(line, record);
    CHECK(what != Line::Record);
    return reader.is_tellable();
  };
  Json json = Json::parse(to_json(sample_record()));
  json.erase("dmarc");
  CHECK_FALSE(is_tellable(json.dump()));
  json = Json::parse(to_json(sample_record()));
  json["dmarc"]["result"] = "later";
  CHECK_FALSE(is_tellable(json.dump()));
  json = Json::parse(to_json(sample_record()));
  json["schema"] = 2;
  CHECK_FALSE(is_tellable(json.dump()));
  json = Json::parse(to_json(sample_record()));
  json["rcpt_omitted"] = 5;
  CHECK(is_tellable(json.dump()));
  CHECK_FALSE(is_tellable("{\"schema\":1"));
}

TEST_CASE("observe/record_reader: the values of claims come back whatever they hold", "[observe][reader][property]") {
  for (const std::string& value : assay::test::odd_strings()) {
    CAPTURE(value);
    Record record = sample_record();
    record.verdict.arc.claims = {{"spf", "pass", {{"smtp.mailfrom", value}, {"smtp.helo", value}}}};
    const Read back = read(to_json(record));
    REQUIRE(back.line == Line::Record);
    REQUIRE(first_difference(back.record, record).empty());
  }
}

TEST_CASE("observe/record_reader: a decision on what was read is the decision on what was written",
          "[observe][reader][property]") {
  assay::test::Dice dice(20261126);
  // One object and one reader for all, as a replay does it: nothing of a record may stay for the next.
  RecordReader reader;
  Record back;
  for (int i = 0; i < 10'000; ++i) {
    CAPTURE(i);
    const Record record = assay::test::random_record(dice);
    const assay::policy::Rules rules = assay::test::random_rules(dice);
    const std::string line = to_json(record);
    CAPTURE(line);
    REQUIRE(reader.read(line, back) == Line::Record);
    REQUIRE(first_difference(back, record).empty());
    REQUIRE(decide(back.verdict, back.facts, rules, back.time) ==
            decide(record.verdict, record.facts, rules, record.time));
  }
}

TEST_CASE("observe/record_reader: a record that lacks what a decision reads is incomplete", "[observe][reader]") {
  const Json full = Json::parse(to_json(sample_record()));
  std::size_t needed = 0;
  for_each_member(full, "", [&](const std::string& pointer) {
    CAPTURE(pointer);
    const Json::json_pointer where(pointer);
    Json without = full;
    without.at(where.parent_pointer()).erase(where.back());
    const Read result = read(without.dump());
    if (pointer == "/schema") {
      CHECK(result.line == Line::Other);
    } else if (is_for_people(pointer)) {
      CHECK(result.line == Line::Record);
    } else {
      ++needed;
      CHECK(result.line == Line::Incomplete);
      CHECK(result.why.find(where.back()) != std::string::npos);
      CHECK(result.why.find("is missing") != std::string::npos);
    }
  });
  CHECK(needed > 60);
}

TEST_CASE("observe/record_reader: the hops of a passing chain are needed, those of another are not",
          "[observe][reader]") {
  Record record = sample_record();
  record.verdict.arc.hops.resize(2);
  record.verdict.arc.hops[1].claims = {{"dmarc", "pass", {{"header.from", "example.com"}}}};
  const Read whole = read(to_json(record));
  REQUIRE(whole.line == Line::Record);
  CHECK(first_difference(whole.record, record).empty());

  Json object = Json::parse(to_json(record));
  object["arc"]["hops"][1].erase("claims");
  CHECK(read(object.dump()).why == "arc.hops.claims: is missing");
  object["arc"].erase("hops");
  CHECK(read(object.dump()).line == Line::Incomplete);
  for (const char* result : {"none", "fail"}) {
    object["arc"]["result"] = result;
    CHECK(read(object.dump()).line == Line::Record);
  }
}

TEST_CASE("observe/record_reader: what is missing is not what the record before it said", "[observe][reader]") {
  Json lacking = Json::parse(to_json(sample_record()));
  lacking["client"].erase("ip");
  lacking["dmarc"].erase("domain");
  RecordReader reader;
  Record record;
  REQUIRE(reader.read(to_json(sample_record()), record) == Line::Record);
  REQUIRE(reader.read(lacking.dump(), record) == Line::Incomplete);
  CHECK_FALSE(record.facts.client_ip);
  CHECK_FALSE(record.verdict.dmarc.author);
  CHECK(record.facts.helo == "mx.example.com");
  CHECK(reader.why() == "dmarc.domain: is missing");
}

TEST_CASE("observe/record_reader: values of a type that no record has are malformed", "[observe][reader]") {
  const Json full = Json::parse(to_json(sample_record()));
  for_each_member(full, "", [&](const std::string& pointer) {
    if (is_for_people(pointer) || pointer == "/schema") {
      return;
    }
    for (const Json& value : {Json(-1.5), Json::array({Json::array()})}) {
      CAPTURE(pointer, value.dump());
      Json wrong = full;
      wrong[Json::json_pointer(pointer)] = value;
      CHECK(read(wrong.dump()).line == Line::Malformed);
    }
  });
}

TEST_CASE("observe/record_reader: texts that cannot be what was written are malformed", "[observe][reader]") {
  struct Row {
    const char* pointer;
    const char* text;
  };
  for (const Row& row :
       {Row{"/client/helo", "\\"}, Row{"/client/helo", "\\x0"}, Row{"/client/helo", "\\x0g"},
        Row{"/client/helo", "\\n"}, Row{"/client/helo", "\\xaa"}, Row{"/client/ip", "192.0.2.256"},
        Row{"/client/ip", ""}, Row{"/dmarc/domain", "a..b"}, Row{"/dmarc/domain", ""}, Row{"/resent_from/0", "a b"},
        Row{"/arc/claims/0", "pass"}, Row{"/arc/claims/0", "spf=pass x"}, Row{"/time", "2026-11-22 14:05:09Z"},
        Row{"/time", "2026-02-29T14:05:09Z"}, Row{"/time", "2026-11-22T24:05:09Z"},
        Row{"/time", "2026-11-22T14:60:09Z"}, Row{"/time", "2026-11-22T14:05:60Z"},
        Row{"/time", "2026-11-22T14:05:09Z0"}, Row{"/time", "2o26-11-22T14:05:09Z"}}) {
    CAPTURE(row.pointer, row.text);
    Json object = Json::parse(to_json(sample_record()));
    object[Json::json_pointer(row.pointer)] = row.text;
    CHECK(read(object.dump()).line == Line::Malformed);
  }
}

TEST_CASE("observe/record_reader: words of a later version make a record incomplete", "[observe][reader]") {
  for (const char* pointer : {"/spf/mailfrom/result", "/spf/helo/reason", "/dkim/0/result", "/dkim/0/reason",
                              "/arc/result", "/arc/reason", "/dmarc/result", "/dmarc/policy", "/dmarc/reason",
                              "/iprev/result", "/exceeded", "/indirect/0", "/decision/action", "/decision/would"}) {
    CAPTURE(pointer);
    Json object = Json::parse(to_json(sample_record()));
    object[Json::json_pointer(pointer)] = "of_2030";
    const Read result = read(object.dump());
    CHECK(result.line == Line::Incomplete);
    CHECK(result.why.find("a word that this version does not know") != std::string::npos);
  }
  Json object = Json::parse(to_json(sample_record()));
  object["schema"] = 2;
  CHECK(read(object.dump()).line == Line::Incomplete);
}

TEST_CASE("observe/record_reader: unknown keys are skipped, repeated ones are malformed", "[observe][reader]") {
  const std::string line = to_json(sample_record());
  const std::string unknown = R"({"of_2030":[{"a":[1,2,{}]}],)" + line.substr(1);
  const Read result = read(unknown);
  CHECK(result.line == Line::Record);
  CHECK(first_difference(result.record, sample_record()).empty());
  const Read twice = read(line.substr(0, line.size() - 1) + R"(,"mail_from":null})");
  CHECK(twice.line == Line::Malformed);
  CHECK(twice.why == "mail_from: is there twice");
}

TEST_CASE("observe/record_reader: keys may come in any order", "[observe][reader]") {
  // nlohmann::json sorts them.
  const std::string sorted = nlohmann::json::parse(to_json(sample_record())).dump();
  const Read result = read(sorted);
  CHECK(result.line == Line::Record);
  CHECK(first_difference(result.record, sample_record()).empty());
}

TEST_CASE("observe/record_reader: cut strings are incomplete", "[observe][reader][bounds]") {
  struct Row {
    std::string text;
    Line expected;
  };
  const std::string most(kMaxValueOctets, 'a');
  for (const Row& row : {Row{most, Line::Record}, Row{most + 'a', Line::Incomplete},
                         Row{std::string(kMaxValueOctets - 3, 'a') + "\xF0\x9F\x93\xA7", Line::Incomplete},
                         Row{std::string(kMaxValueOctets - 4, 'a') + "\xF0\x9F\x93\xA7", Line::Record},
                         Row{"a...", Line::Record}, Row{std::string(kMaxValueOctets - 4, 'a') + "...", Line::Record}}) {
    CAPTURE(row.text);
    Record record = sample_record();
    record.facts.helo = row.text;
    const Read result = read(to_json(record));
    CHECK(result.line == row.expected);
    CHECK((result.line != Line::Record || result.record.facts.helo == row.text));
  }
  Record record = sample_record();
  record.facts.mail_from = std::string(kMaxAddressOctets, 'a');
  CHECK(read(to_json(record)).line == Line::Record);
  record.facts.mail_from += 'a';
  CHECK(read(to_json(record)).line == Line::Incomplete);
}

TEST_CASE("observe/record_reader: what was left out makes a record incomplete", "[observe][reader][bounds]") {
  Record record = sample_record();
  record.facts.rcpt.assign(assay::observe::kMaxRecipients, "bob@example.net");
  CHECK(read(to_json(record)).line == Line::Record);
  record.facts.rcpt.emplace_back("bob@example.net");
  const Read result = read(to_json(record));
  CHECK(result.line == Line::Incomplete);
  CHECK(result.why == "rcpt_omitted: some were left out when the record was written");

  record = sample_record();
  assay::dkim::Outcome skipped;
  skipped.status = assay::dkim::Status::Policy;
  record.verdict.dkim.assign(assay::observe::kMaxRecordSignatures, skipped);
  CHECK(read(to_json(record)).line == Line::Record);
  record.verdict.dkim.push_back(skipped);
  CHECK(read(to_json(record)).line == Line::Incomplete);
}

TEST_CASE("observe/record_reader: other lines of a log are told apart", "[observe][reader]") {
  for (const char* line : {"", " ", "\r", "2026-11-22T14:05:09.123Z info assayd 0.1.0 listens", "null", "[1]",
                           "\x1F\x8B", R"({"time":"2026-11-22T14:05:09Z","level":"info","message":"listens"})", "{}"}) {
    CAPTURE(line);
    CHECK(read(line).line == Line::Other);
  }
  for (const char* line :
       {"{", "{\"schema\":1", "{\"schema\":1}}", "{\"schema\":1}{\"schema\":1}", "{\"schema\":01}"}) {
    CAPTURE(line);
    CHECK(read(line).line == Line::Malformed);
  }
}

TEST_CASE("observe/record_reader: a record cut short anywhere is no record", "[observe][reader][property]") {
  RecordReader reader;
  Record record;
  const std::string line = to_json(sample_record());
  for (std::size_t octets = 1; octets < line.size(); ++octets) {
    CAPTURE(octets);
    REQUIRE(reader.read(std::string_view(line).substr(0, octets), record) == Line::Malformed);
  }
  CHECK(reader.read(line, record) == Line::Record);
}

TEST_CASE("observe/record_reader: a line of the greatest length is read, a longer one is not", "[observe][bounds]") {
  std::string line = to_json(sample_record());
  line.append(kMaxRecordOctets - line.size(), ' ');
  CHECK(read(line).line == Line::Record);
  line += ' ';
  CHECK(read(line).line == Line::Malformed);
}

TEST_CASE("observe/record_reader: deep nesting ends", "[observe][reader]") {
  const std::string deep(100'000, '[');
  CHECK(read("{\"schema\":1,\"spf\":" + deep).line == Line::Malformed);
  CHECK(read("{\"schema\":1,\"spf\":" + deep + std::string(deep.size(), ']') + '}').line == Line::Malformed);
}
