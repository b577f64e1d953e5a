// Cases of OpenDMARC's library tests and of Mail::DMARC's tests, read from the folder that ASSAY_CORPORA names. Both
// predate RFC 9989: where it says otherwise, the case is on a list of deviations with the section.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/fake_resolver.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"
#include "verify/dmarc/evaluate.h"
#include "verify/dmarc/record.h"
#include "verify/dmarc/tree_walk.h"
#include "verify/message/author.h"
#include "verify/message/header_block.h"

namespace {

using assay::Domain;
using nlohmann::json;

constexpr int kSkipped = 77;

/// One group of cases: counts, and prints what is not as expected.
class Group {
 public:
  Group(std::string name, std::map<std::string, const char*> deviations)
      : name_(std::move(name)), deviations_(std::move(deviations)) {}
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  void check(const std::string& label, const std::string& expected, const std::string& got) {
    ++total_;
    if (expected == got) {
      ++passed_;
      return;
    }
    const auto known = deviations_.find(label);
    const bool is_known = known != deviations_.end();
    (is_known ? deviating_ : failed_) += 1;
    std::cout << (is_known ? "deviation " : "FAIL ") << name_ << ": " << label << "\n  expected " << expected
              << ", got " << got << (is_known ? std::string("\n  ") + known->second : std::string()) << "\n";
  }

  /// Prints the count. True if nothing failed.
  [[nodiscard]] bool report() const {
    std::cout << name_ << ": " << passed_ << " of " << total_ << " pass, " << deviating_ << " known deviations\n";
    return failed_ == 0;
  }

 private:
  std::string name_;
  std::map<std::string, const char*> deviations_;
  std::size_t total_ = 0;
  std::size_t passed_ = 0;
  std::size_t deviating_ = 0;
  std::size_t failed_ = 0;
};

json read_json(const std::string& path) {
  std::ifstream file(path);
  return json::parse(file);
}

/// "ok" if a record can be applied: it has a policy, or addresses for reports (RFC 9989 section 4.10.1).
std::string usability(const std::string& text) {
  const auto record = assay::dmarc::parse_record(text);
  if (!record) {
    return "no record";
  }
  const bool has_policy = record->policy && !record->has_invalid_policy;
  return has_policy || !record->aggregate_uris.empty() ? "ok" : "unusable";
}

bool check_opendmarc_parse(const json& cases) {
  Group group("dmarc opendmarc parse",
              {
                  {"v=DMARC1; p=n;", "RFC 9989 section 4.8: dmarc-request has no abbreviation"},
                  {"v=DMARC1; p=none; adkim=bob;", "section 4.8: an error in another tag only discards it"},
                  {"v=DMARC1; p=none; aspf=bob;", "section 4.8: an error in another tag only discards it"},
                  {"v=DMARC1; p=none; rf=bob;", "section 9.3: rf is historic, and unknown tags are ignored"},
                  {"v=DMARC1; p=none; ri=bob;", "section 9.3: ri is historic, and unknown tags are ignored"},
                  {"v=DMARC1; p=none; pct=500;", "section 9.3: pct is historic, and unknown tags are ignored"},
                  {"v=DMARC1; p=none; rf=000000000000000000000000000000000",
                   "section 9.3: rf is historic, and unknown tags are ignored"},
              });
  const std::map<std::string, std::string> outcomes{{"DMARC_PARSE_OKAY", "ok"},
                                                    {"DMARC_PARSE_ERROR_EMPTY", "no record"},
                                                    {"DMARC_PARSE_ERROR_BAD_VERSION", "no record"},
                                                    {"DMARC_PARSE_ERROR_BAD_VALUE", "unusable"},
                                                    {"DMARC_PARSE_ERROR_NO_REQUIRED_P", "unusable"}};
  for (const json& row : cases) {
    const auto text = row[0].get<std::string>();
    group.check(text, outcomes.at(row[1].get<std::string>()), usability(text));
  }
  return group.report();
}

/// The names of that suite align by the public suffix list. Here the shorter of the two publishes the record, which is
/// what makes it the Organizational Domain.
bool check_opendmarc_alignment(const json& cases) {
  Group group("dmarc opendmarc alignment",
              {
                  {".mac.com. mac.com", "RFC 1035 section 3.1: no name begins with an empty label"},
                  {"....mac.com.... mac.com", "RFC 1035 section 3.1: no name has empty labels"},
              });
  for (const json& row : cases) {
    const auto author = row[0].get<std::string>();
    const auto identifier = row[1].get<std::string>();
    const bool strict = row[2] == "DMARC_RECORD_A_STRICT";
    std::string got = "not a name";
    const auto name = Domain::parse(author);
    if (name) {
      assay::test::FakeResolver dns(
          "_dmarc." + std::min(author, identifier, [](const auto& a, const auto& b) { return a.size() < b.size(); }) +
          " TXT \"v=DMARC1; p=reject; aspf=" + (strict ? "s" : "r") + "\"\n" +
          "_dmarc.foo.com TXT \"v=DMARC1; p=reject\"");
      assay::spf::Outcome mail_from;
      mail_from.status = assay::spf::Status::Pass;
      mail_from.domain = identifier;
      got = assay::dmarc::evaluate(*name, mail_from, {}, dns, assay::Limits{}).spf_aligned ? "0" : "-1";
    }
    group.check(author + " " + identifier, row[3].get<std::string>(), got);
  }
  return group.report();
}

/// "\0xd8" in the file is one octet.
std::string decode(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 3, "\\0x") == 0) {
      out += static_cast<char>(std::stoi(text.substr(i + 3, 2), nullptr, 16));
      i += 4;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// The public suffix list's answers, given by records: the registry above the expected domain says psd=y.
bool check_opendmarc_organization(const json& cases) {
  Group group("dmarc opendmarc org domain", {});
  for (const json& row : cases) {
    const auto start = Domain::parse(decode(row[0].get<std::string>()));
    const auto expected = Domain::parse(decode(row[1].get<std::string>()));
    std::string got = "not a name";
    if (start && expected && expected->parent()) {
      assay::test::FakeResolver dns("_dmarc." + expected->parent()->str() + " TXT \"v=DMARC1; p=none; psd=y\"");
      const auto walk = assay::dmarc::walk(*start, dns, assay::Limits{});
      got = assay::dmarc::organizational_domain(*start, walk).value().str();
    }
    group.check(row[0].get<std::string>(), expected ? expected->str() : "a name", got);
  }
  return group.report();
}

/// The file keeps the backslashes of the C source before quotes.
std::string without_backslashes(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\\'), text.end());
  return text;
}

bool check_opendmarc_from(const json& cases) {
  constexpr const char* kSyntax = "RFC 5322 section 3.4: no address list, and a guess would be an attacker's choice";
  constexpr const char* kTwo = "RFC 9989 section 11.5: every author domain is evaluated, not the first alone";
  Group group("dmarc opendmarc From", {
                                          {"\"Johnson, Joe <joe@joe.com>\" joe@joe.com", kSyntax},
                                          {"<<<><joe@joe.com>>>", kSyntax},
                                          {"Mail From:<joe@joe.com>", kSyntax},
                                          {"\"( bob@bob.com)\" joe@joe.com", kSyntax},
                                          {"From: Davide D'Marco <user@blah.com>", kSyntax},
                                          {"Joe Johnson <joe@joe.com>, ace@ace.com", kTwo},
                                          {"joe@joe.com, ace@ace.com", kTwo},
                                      });
  for (const json& row : cases) {
    const std::string value = without_backslashes(row[0].get<std::string>());
    assay::message::HeaderBlock headers;
    headers.add("From", " " + value);
    const auto authors = assay::message::find_authors(headers, 5);
    std::string got;
    for (const Domain& domain : authors.domains) {
      got += (got.empty() ? "" : ",") + domain.str();
    }
    const bool usable = authors.status == assay::message::FromStatus::Ok;
    group.check(value, row[1].get<std::string>(), usable ? got : assay::message::to_string(authors.status));
  }
  return group.report();
}

/// The text before a remark in parentheses.
std::string without_remark(const std::string& text) {
  return text.substr(0, text.find(" ("));
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Whether the tag is taken, i.e. read without a note. The record is otherwise good.
std::string is_taken(const std::string& tag, const std::string& value) {
  const std::string ruf = tag == "fo" ? "; ruf=mailto:r@example.com" : "";
  const std::string text = tag == "v"   ? "v=" + value + "; p=none"
                           : tag == "p" ? "v=DMARC1; p=" + value
                                        : "v=DMARC1; p=none; " + tag + "=" + value + ruf;
  const auto record = assay::dmarc::parse_record(text);
  return record && record->notes.empty() ? "valid" : "invalid";
}

bool check_mail_dmarc(const json& cases) {
  Group values(
      "dmarc Mail::DMARC values",
      {
          {"v=dmarc1", "RFC 9989 section 4.7: the value of v is case-sensitive"},
          {"fo=0:1:d:s", "section 4.7: 0 and 1 are mutually exclusive"},
          {"rua=ftp://example.com/pub", "section 4.7: any valid URI; what cannot be used is ignored later"},
          {"rua=torrent://piratebay.net/dmarc", "section 4.7: any valid URI; what cannot be used is ignored later"},
          {"ruf=mail:msimerson@cnap.org", "section 4.7: any valid URI; what cannot be used is ignored later"},
          {"rf=iodef2", "section 9.3: historic, ignored like any unknown tag"},
          {"rf=rfrf2", "section 9.3: historic, ignored like any unknown tag"},
          {"rf=rfrf", "section 9.3: historic, ignored like any unknown tag"},
          {"ri=-1", "section 9.3: historic, ignored like any unknown tag"},
          {"ri=a", "section 9.3: historic, ignored like any unknown tag"},
          {"ri=4294967296", "section 9.3: historic, ignored like any unknown tag"},
          {"pct=-1", "section 9.3: historic, ignored like any unknown tag"},
          {"pct=f", "section 9.3: historic, ignored like any unknown tag"},
          {"pct=101", "section 9.3: historic, ignored like any unknown tag"},
          {"pct=1.1", "section 9.3: historic, ignored like any unknown tag"},
          {"pct=1.0", "section 9.3: historic, ignored like any unknown tag"},
          {"pct=5.f1", "section 9.3: historic, ignored like any unknown tag"},
      });
  for (const auto& [group, expected] : {std::pair{"good_values", "valid"}, std::pair{"bad_values", "invalid"}}) {
    for (const auto& [tag, texts] : cases[group].items()) {
      for (const json& text : texts) {
        const std::string value = without_remark(text_of(text));
        values.check(tag + "=" + value, expected, is_taken(tag, value));
      }
    }
  }
  Group records("dmarc Mail::DMARC records",
                {
                    {R"(v=DMARC1\; p=reject\;)", "RFC 9989 section 4.8: the value of v is DMARC1, without a backslash"},
                    {"v=DMARC1; psd=y", "section 4.10.1: no p= and no rua="},
                    {"v=DMARC1; rua=ftp://www.example.com", "section 4.10.1: a syntactically valid URI is enough"},
                });
  for (const json& text : cases["records_valid"]) {
    const std::string record = without_remark(text.get<std::string>());
    records.check(record, "ok", usability(record));
  }
  for (const json& text : cases["records_invalid"]) {
    const std::string record = text == "(empty)" ? "" : without_remark(text.get<std::string>());
    records.check(record, "not ok", usability(record) == "ok" ? "ok" : "not ok");
  }
  Group broken("dmarc Mail::DMARC broken records of real domains", {});
  for (const json& text : cases["real_world_broken_records_must_be_accepted"]) {
    const auto line = text.get<std::string>();
    broken.check(line, "ok", usability(line.substr(line.find(';') + 1)));
  }
  const bool values_ok = values.report();
  const bool records_ok = records.report();
  return broken.report() && values_ok && records_ok;
}

}  // namespace

int main() {
  const char* corpora = std::getenv("ASSAY_CORPORA");
  if (corpora == nullptr) {
    std::cout << "skipped: ASSAY_CORPORA is not set\n";
    return kSkipped;
  }
  const std::string opendmarc = std::string(corpora) + "/dmarc-opendmarc/cases.json";
  const std::string mail_dmarc = std::string(corpora) + "/dmarc-mailDMARC/cases-policy.json";
  for (const std::string& path : {opendmarc, mail_dmarc}) {
    if (!std::filesystem::exists(path)) {
      std::cout << "skipped: " << path << " is not there\n";
      return kSkipped;
    }
  }
  const json cases = read_json(opendmarc);
  bool ok = check_opendmarc_parse(cases["test_dmarc_parse"]);
  ok = check_opendmarc_alignment(cases["test_alignment"]) && ok;
  ok = check_opendmarc_organization(cases["test_tld"]) && ok;
  ok = check_opendmarc_from(cases["test_finddomain"]) && ok;
  ok = check_mail_dmarc(read_json(mail_dmarc)) && ok;
  return ok ? 0 : 1;
}
