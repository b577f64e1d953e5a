#include "tests/fuzz/fuzzed_dns.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"

namespace assay::fuzz {
namespace {

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == '0')) {
      out += text[++i] == 'n' ? '\n' : '\0';
    } else {
      out += text[i];
    }
  }
  return out;
}

dns::Answer of_status(dns::Status status) {
  dns::Answer answer;
  answer.status = status;
  if (status == dns::Status::TempFail || status == dns::Status::Bogus) {
    answer.detail = "as the input says";
  }
  return answer;
}

/// Adds one record; what DNS could not carry adds nothing.
void append(dns::Answer& answer, dns::Type type, std::string_view data) {
  switch (type) {
    case dns::Type::A:
    case dns::Type::AAAA: {
      const auto address = IpAddress::parse(data);
      if (address && (type == dns::Type::AAAA || address->is_v4())) {
        answer.addresses.push_back(*address);
      }
      break;
    }
    case dns::Type::MX: {
      std::uint16_t preference = 0;
      const std::string_view number = take_word(data);
      static_cast<void>(std::from_chars(number.data(), number.data() + number.size(), preference));
      std::string host = to_lower(data);
      if (host.empty() || dns::is_askable(host)) {
        answer.exchanges.push_back({preference, std::move(host)});
      }
      break;
    }
    case dns::Type::TXT: answer.texts.push_back(unescaped(data)); break;
    case dns::Type::PTR: {
      std::string name = to_lower(data);
      if (dns::is_askable(name)) {
        answer.names.push_back(std::move(name));
      }
      break;
    }
  }
}

}  // namespace

std::uint32_t plain_hash(std::string_view text) noexcept {
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  }
  return hash ^ hash >> 15U;
}

FuzzedDns::FuzzedDns(std::string_view lines) {
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    std::string name = to_lower(take_word(line));
    std::string type(take_word(line));
    records_[{std::move(name), std::move(type)}].data.emplace_back(line);
  }
}

bool FuzzedDns::exists(const std::string& name) const {
  return std::any_of(records_.begin(), records_.end(), [&](const auto& entry) {
    const std::string& owner = entry.first.first;
    return owner == name || owner.ends_with("." + name);
  });
}

dns::Answer FuzzedDns::answer(const std::string& name, dns::Type type, unsigned aliases) const {
  auto found = records_.find({name, dns::to_string(type)});
  if (found == records_.end()) {
    if (const auto alias = records_.find({name, "CNAME"}); alias != records_.end()) {
      const std::string target = to_lower(alias->second.data.front());
      return aliases == kMaxAliases || !dns::is_askable(target) ? of_status(dns::Status::TempFail)
                                                                : answer(target, type, aliases + 1);
    }
    if (exists(name)) {
      return of_status(dns::Status::NoData);
    }
    found = records_.find({"*", dns::to_string(type)});
    if (found == records_.end()) {
      return of_status(dns::Status::NxDomain);
    }
  }
  std::vector<std::string> all = found->second.data;
  if (found->first.first == "*") {
    all = {all[plain_hash(name) % all.size()]};
  }
  dns::Answer answer = of_status(dns::Status::Found);
  bool any = false;
  for (const std::string& data : all) {
    if (data == "!t" || data == "!b" || data == "!0" || data == "!x") {
      return of_status(data == "!t"   ? dns::Status::TempFail
                       : data == "!b" ? dns::Status::Bogus
                       : data == "!0" ? dns::Status::NoData
                                      : dns::Status::NxDomain);
    }
    append(answer, type, data);
  }
  any = !answer.addresses.empty() || !answer.exchanges.empty() || !answer.names.empty() || !answer.texts.empty();
  std::stable_sort(answer.exchanges.begin(), answer.exchanges.end(),
                   [](const auto& a, const auto& b) { return a.preference < b.preference; });
  return any ? answer : of_status(dns::Status::NoData);
}

dns::AnswerPtr FuzzedDns::lookup(const dns::Question& question) {
  require(question.name == to_lower(question.name));
  dns::AnswerPtr& given = given_[question];
  if (given == nullptr) {
    given = std::make_shared<const dns::Answer>(dns::is_askable(question.name) ? answer(question.name, question.type, 0)
                                                                               : of_status(dns::Status::NxDomain));
  }
  return given;
}

bool FuzzedDns::spf_may_skip_failures() const {
  return std::any_of(records_.begin(), records_.end(), [](const auto& entry) {
    return std::any_of(entry.second.data.begin(), entry.second.data.end(), [](const std::string& data) {
      const std::string text = to_lower(data);
      return text.find("ptr") != std::string::npos || text.find("%{p") != std::string::npos;
    });
  });
}

dns::AnswerPtr FailingDns::lookup(const dns::Question& question) {
  const unsigned mask = mask_;
  if ((mask >> (plain_hash(question.name) & 15U) & 1U) == 0) {
    return inner_.lookup(question);
  }
  const dns::AnswerPtr lost = inner_.lookup(question);
  has_failed_ = has_failed_ || (lost->status != dns::Status::TempFail && lost->status != dns::Status::Bogus);
  static const auto failed = std::make_shared<const dns::Answer>(of_status(dns::Status::TempFail));
  return failed;
}

}  // namespace assay::fuzz
