// Cases of OpenDMARC's library tests and of Mail::DMARC's tests, read from the folder that ASSAY_CORPORA names. Both
// predate RFC 9989.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/fake_resolver.h"
#include "tests/support/suite.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"
#include "verify/dmarc/evaluate.h"
#include "verify/dmarc/record.h"
#include "verify/dmarc/tree_walk.h"
#include "verify/message/author.h"
#include "verify/message/header_block.h"

namespace {

using assay::Domain;
using assay::test::Suite;
using nlohmann::json;

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

void check_opendmarc_parse(const json& cases) {
  Suite suite("dmarc OpenDMARC parse");
  const std::map<std::string, std::string> outcomes{{"DMARC_PARSE_OKAY", "ok"},
                                                    {"DMARC_PARSE_ERROR_EMPTY", "no record"},
                                                    {"DMARC_PARSE_ERROR_BAD_VERSION", "no record"},
                                                    {"DMARC_PARSE_ERROR_BAD_VALUE", "unusable"},
                                                    {"DMARC_PARSE_ERROR_NO_REQUIRED_P", "unusable"}};
  for (const json& row : cases) {
    const auto text = row[0].get<std::string>();
    suite.check(text, outcomes.at(row[1].get<std::string>()), usability(text));
  }
}

/// The names of that suite align by the public suffix list. Here the shorter of the two publishes the record, which is
/// what makes it the Organizational Domain.
void check_opendmarc_alignment(const json& cases) {
  Suite suite("dmarc OpenDMARC alignment");
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
    suite.check(author + " " + identifier, row[3].get<std::string>(), got);
  }
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
void check_opendmarc_organization(const json& cases) {
  Suite suite("dmarc OpenDMARC org domain");
  for (const json& row : cases) {
    const auto start = Domain::parse(decode(row[0].get<std::string>()));
    const auto expected = Domain::parse(decode(row[1].get<std::string>()));
    std::string got = "not a name";
    if (start && expected && expected->parent()) {
      assay::test::FakeResolver dns("_dmarc." + expected->parent()->str() + " TXT \"v=DMARC1; p=none; psd=y\"");
      const auto walk = assay::dmarc::walk(*start, dns, assay::Limits{});
      got = assay::dmarc::organizational_domain(*start, walk).value().str();
    }
    suite.check(row[0].get<std::string>(), expected ? expected->str() : "a name", got);
  }
}

/// The file keeps the backslashes of the C source before quotes.
std::string without_backslashes(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\\'), text.end());
  return text;
}

void check_opendmarc_from(const json& cases) {
  Suite suite("dmarc OpenDMARC From");
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
    suite.check(value, row[1].get<std::string>(), usable ? got : assay::message::to_string(authors.status));
  }
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

void check_mail_dmarc(const json& cases) {
  Suite values("dmarc Mail::DMARC values");
  for (const auto& [group, expected] : {std::pair{"good_values", "valid"}, std::pair{"bad_values", "invalid"}}) {
    for (const auto& [tag, texts] : cases[group].items()) {
      for (const json& text : texts) {
        const std::string value = without_remark(text_of(text));
        values.check(tag + "=" + value, expected, is_taken(tag, value));
      }
    }
  }
  Suite records("dmarc Mail::DMARC records");
  for (const json& text : cases["records_valid"]) {
    const std::string record = without_remark(text.get<std::string>());
    records.check(record, "ok", usability(record));
  }
  for (const json& text : cases["records_invalid"]) {
    const std::string record = text == "(empty)" ? "" : without_remark(text.get<std::string>());
    records.check(record, "not ok", usability(record) == "ok" ? "ok" : "not ok");
  }
  Suite broken("dmarc Mail::DMARC broken real records");
  for (const json& text : cases["real_world_broken_records_must_be_accepted"]) {
    const auto line = text.get<std::string>();
    broken.check(line, "ok", usability(line.substr(line.find(';') + 1)));
  }
}

}  // namespace

int main() {
  const auto corpora = assay::test::corpora_folder();
  if (!corpora) {
    return assay::test::kSkipped;
  }
  const std::string opendmarc = *corpora + "/dmarc-opendmarc/cases.json";
  const std::string mail_dmarc = *corpora + "/dmarc-mailDMARC/cases-policy.json";
  for (const std::string& path : {opendmarc, mail_dmarc}) {
    if (!std::filesystem::exists(path)) {
      std::cout << "skipped: " << path << " is not there\n";
      return assay::test::kSkipped;
    }
  }
  const json cases = read_json(opendmarc);
  check_opendmarc_parse(cases["test_dmarc_parse"]);
  check_opendmarc_alignment(cases["test_alignment"]);
  check_opendmarc_organization(cases["test_tld"]);
  check_opendmarc_from(cases["test_finddomain"]);
  check_mail_dmarc(read_json(mail_dmarc));
  return 0;
}
