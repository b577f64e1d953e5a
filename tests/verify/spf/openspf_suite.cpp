// The openspf suite of RFC 7208 and pyspf's own cases, read from ASSAY_CORPORA or from Debian's python3-spf.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/fake_resolver.h"
#include "tests/support/suite.h"
#include "verify/base/text.h"
#include "verify/spf/evaluate.h"

namespace {

/// A sender as SMTP would carry it: one of the suite has a blank in its local part, which stands in quotes there (RFC
/// 5321 section 4.1.2).
std::string as_mailbox(const std::string& sender) {
  const auto at = sender.rfind('@');
  const bool has_blank = sender.find(' ') < at && at != std::string::npos && sender.front() != '"';
  return has_blank ? '"' + sender.substr(0, at) + '"' + sender.substr(at) : sender;
}

using assay::dns::Answer;
using assay::dns::Type;

constexpr unsigned kMaxAliases = 8;

/// One entry of a zone: a record, or the point from which on queries time out.
struct Entry {
  std::optional<Type> type;  ///< Absent for a type nobody asks for (SPF itself).
  bool is_timeout = false;
  std::string value;  ///< The text, the address, or the name.
  std::uint16_t preference = 0;
};

struct Name {
  std::vector<Entry> entries;
  std::optional<std::string> alias;
};

std::string owner(std::string name) {
  if (!name.empty() && name.back() == '.') {
    name.pop_back();
  }
  return assay::to_lower(name);
}

std::optional<Type> type_of(const std::string& word) {
  for (const Type type : {Type::A, Type::AAAA, Type::MX, Type::TXT, Type::PTR}) {
    if (word == assay::dns::to_string(type)) {
      return type;
    }
  }
  return std::nullopt;
}

/// A TXT value is a string, or a list of the strings of one record.
std::string joined(const YAML::Node& value) {
  if (!value.IsSequence()) {
    return value.as<std::string>();
  }
  std::string text;
  for (const auto& part : value) {
    text += part.as<std::string>();
  }
  return text;
}

Name read_name(const YAML::Node& records) {
  Name name;
  bool has_txt = false;
  std::vector<Entry> copies;
  for (const auto& record : records) {
    if (record.IsScalar()) {
      name.entries.push_back({std::nullopt, true, {}, 0});  // TIMEOUT
      continue;
    }
    for (const auto& pair : record) {
      const auto word = pair.first.as<std::string>();
      if (word == "CNAME") {
        name.alias = owner(pair.second.as<std::string>());
      } else if (word == "SPF") {
        copies.push_back({Type::TXT, false, joined(pair.second), 0});
      } else if (word == "TXT") {
        has_txt = true;
        if (joined(pair.second) != "NONE") {
          name.entries.push_back({Type::TXT, false, joined(pair.second), 0});
        }
      } else if (word == "MX") {
        name.entries.push_back({Type::MX, false, pair.second[1].as<std::string>(), pair.second[0].as<std::uint16_t>()});
      } else {
        name.entries.push_back({type_of(word), false, pair.second.as<std::string>(), 0});
      }
    }
  }
  if (!has_txt) {
    // before a TIMEOUT: a copy stands where its SPF record stood
    name.entries.insert(name.entries.begin(), copies.begin(), copies.end());
  }
  return name;
}

Answer answer_of(const std::map<std::string, Name>& zone, const std::string& name, Type type, unsigned aliases) {
  Answer answer;
  const auto found = zone.find(name);
  if (found == zone.end()) {
    answer.status = assay::dns::Status::NxDomain;
    return answer;
  }
  if (found->second.alias) {
    return aliases < kMaxAliases ? answer_of(zone, *found->second.alias, type, aliases + 1) : answer;
  }
  answer.status = assay::dns::Status::NoData;
  for (const Entry& entry : found->second.entries) {
    if (entry.is_timeout && answer.status != assay::dns::Status::Found) {
      answer.status = assay::dns::Status::TempFail;
      return answer;
    }
    if (entry.is_timeout || entry.type != type) {
      continue;
    }
    answer.status = assay::dns::Status::Found;
    switch (type) {
      case Type::TXT: answer.texts.push_back(entry.value); break;
      case Type::PTR: answer.names.push_back(owner(entry.value)); break;
      case Type::MX: answer.exchanges.push_back({entry.preference, owner(entry.value)}); break;
      case Type::A:
      case Type::AAAA:
        if (const auto address = assay::IpAddress::parse(entry.value)) {
          answer.addresses.push_back(*address);
        }
        break;
    }
  }
  std::stable_sort(answer.exchanges.begin(), answer.exchanges.end(),
                   [](const auto& a, const auto& b) { return a.preference < b.preference; });
  return answer;
}

assay::test::FakeResolver load_zone(const YAML::Node& zonedata) {
  std::map<std::string, Name> zone;
  for (const auto& pair : zonedata) {
    zone[owner(pair.first.as<std::string>())] = read_name(pair.second);
  }
  assay::test::FakeResolver resolver;
  for (const auto& [name, unused] : zone) {
    for (const Type type : {Type::A, Type::AAAA, Type::MX, Type::TXT, Type::PTR}) {
      resolver.add(name, type, answer_of(zone, name, type, 0));
    }
  }
  return resolver;
}

/// What a case expects or got: the result, and the explanation where it is asked for.
struct Reading {
  std::string result;
  std::string explanation;
};

std::string show(const Reading& reading) {
  return reading.explanation.empty() ? reading.result : reading.result + " \"" + reading.explanation + "\"";
}

void run_case(assay::test::Suite& suite, const std::string& name, const YAML::Node& test,
              assay::test::FakeResolver& resolver) {
  const auto client = assay::IpAddress::parse(test["host"].as<std::string>()).value();
  // In brackets, as an MTA gives it.
  const auto query = assay::spf::mail_from_identity(client, "<" + as_mailbox(test["mailfrom"].as<std::string>()) + ">",
                                                    test["helo"].as<std::string>());
  const auto outcome = assay::spf::evaluate(query, resolver, assay::Limits{});
  Reading ours{assay::spf::to_string(outcome.status), {}};

  const YAML::Node result = test["result"];
  const auto acceptable =
      result.IsSequence() ? result.as<std::vector<std::string>>() : std::vector<std::string>{result.as<std::string>()};
  Reading theirs{acceptable.front(), {}};
  if (std::find(acceptable.begin(), acceptable.end(), ours.result) != acceptable.end()) {
    theirs.result = ours.result;
  }
  if (const YAML::Node explanation = test["explanation"]) {
    // The checker's own default explanation; ours is empty.
    const auto text = explanation.as<std::string>();
    theirs.explanation = text == "DEFAULT" ? "" : text;
    ours.explanation = outcome.explanation;
  }
  suite.check(name, show(theirs), show(ours));
}

void run_suite(const std::string& name, const std::string& yaml) {
  assay::test::Suite suite(name);
  for (const YAML::Node& document : YAML::LoadAll(yaml)) {
    if (!document.IsMap()) {
      continue;
    }
    auto resolver = load_zone(document["zonedata"]);
    for (const auto& pair : document["tests"]) {
      run_case(suite, pair.first.as<std::string>(), pair.second, resolver);
    }
  }
}

std::optional<std::string> read_plain(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::nullopt;
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::optional<std::string> read_gzip(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    return std::nullopt;
  }
  const std::string command = "gzip -dc '" + path.string() + "'";
  // NOLINTNEXTLINE(cert-env33-c): a fixed path, in a test; gzip is Essential in Debian
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 65536> chunk{};
  while (pipe != nullptr) {
    const std::size_t octets = std::fread(chunk.data(), 1, chunk.size(), pipe.get());
    if (octets == 0) {
      break;
    }
    text.append(chunk.data(), octets);
  }
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> find_suite(const std::string& file) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  if (const char* corpora = std::getenv("ASSAY_CORPORA")) {
    if (auto text = read_plain(std::filesystem::path(corpora) / "spf-openspf" / "test" / file)) {
      return text;
    }
  }
  return read_gzip("/usr/share/doc/python3-spf/" + file + ".gz");
}

}  // namespace

int main() {
  bool ran = false;
  for (const auto& [name, file] : {std::pair{"spf rfc7208", "rfc7208-tests.yml"}, std::pair{"spf pyspf", "test.yml"}}) {
    if (const auto yaml = find_suite(file)) {
      ran = true;
      run_suite(name, *yaml);
    } else {
      std::cout << "skipped: " << name << ": " << file
                << " is neither below ASSAY_CORPORA nor in /usr/share/doc/python3-spf (Debian package python3-spf)\n";
    }
  }
  return ran ? 0 : assay::test::kSkipped;
}
