#include "tests/support/fake_resolver.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "verify/base/text.h"

namespace assay::test {
namespace {

using dns::Answer;
using dns::Question;
using dns::Type;

constexpr unsigned kMaxAliasDepth = 8;

std::optional<Type> type_of(std::string_view word) {
  for (const Type type : {Type::A, Type::AAAA, Type::MX, Type::TXT, Type::PTR}) {
    if (word == dns::to_string(type)) {
      return type;
    }
  }
  return std::nullopt;
}

/// Reads the quoted strings of a TXT line, joined as DNS joins them.
std::string read_text(std::string_view rest) {
  std::string text;
  bool quoted = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && i + 3 < rest.size() && is_digit(rest[i + 1])) {
      text += static_cast<char>(std::stoi(std::string(rest.substr(i + 1, 3))));
      i += 3;
    } else if (c == '\\' && i + 1 < rest.size()) {
      text += rest[++i];
    } else if (quoted) {
      text += c;
    }
  }
  return text;
}

std::string owner(std::string name) {
  if (!name.empty() && name.back() == '.') {
    name.pop_back();
  }
  return to_lower(name);
}

}  // namespace

FakeResolver::FakeResolver(std::string_view zone) {
  std::istringstream lines{std::string(zone)};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name;
    std::string type_word;
    if (!(words >> name) || name.front() == '#') {
      continue;
    }
    words >> type_word;
    std::string rest;
    std::getline(words, rest);
    rest = std::string(trim_wsp(rest));
    name = owner(name);
    names_.insert(name);
    if (type_word == "NONE") {
      continue;
    }
    if (type_word == "CNAME") {
      aliases_[name] = owner(rest);
      continue;
    }
    std::vector<Type> types{Type::A, Type::AAAA, Type::MX, Type::TXT, Type::PTR};
    if (type_word != "*") {
      const auto type = type_of(type_word);
      if (!type) {
        throw std::invalid_argument("fake zone: unknown type in: " + line);
      }
      types = {*type};
    }
    for (const Type type : types) {
      Answer& answer = records_[{name, type}];
      answer.ttl = std::chrono::seconds(300);
      if (rest == "!TEMPFAIL" || rest == "!BOGUS") {
        answer.status = rest == "!BOGUS" ? dns::Status::Bogus : dns::Status::TempFail;
        answer.detail = "made to fail";
        continue;
      }
      answer.status = dns::Status::Found;
      if (type == Type::TXT) {
        answer.texts.push_back(read_text(rest));
      } else if (type == Type::PTR) {
        answer.names.push_back(owner(rest));
      } else if (type == Type::MX) {
        const auto space = rest.find(' ');
        answer.exchanges.push_back(
            {static_cast<std::uint16_t>(std::stoi(rest.substr(0, space))), owner(rest.substr(space + 1))});
      } else {
        answer.addresses.push_back(IpAddress::parse(rest).value());
      }
    }
  }
}

void FakeResolver::add(const std::string& name, Type type, const Answer& answer) {
  names_.insert(owner(name));
  records_[{owner(name), type}] = answer;
  given_.clear();
}

dns::AnswerPtr FakeResolver::lookup(const Question& question) {
  questions_.push_back(question);
  if (!dns::is_askable(question.name)) {
    Answer none;
    none.status = dns::Status::NxDomain;
    return std::make_shared<const Answer>(none);
  }
  dns::AnswerPtr& given = given_[question];
  if (given == nullptr) {
    given = std::make_shared<const Answer>(answer({to_lower(question.name), question.type}, 0));
  }
  return given;
}

std::size_t FakeResolver::distinct_questions() const {
  return std::set<Question>(questions_.begin(), questions_.end()).size();
}

Answer FakeResolver::answer(const Question& question, unsigned depth) const {
  if (const auto record = records_.find(question); record != records_.end()) {
    return record->second;
  }
  Answer answer;
  answer.ttl = std::chrono::seconds(300);
  if (const auto alias = aliases_.find(question.name); alias != aliases_.end()) {
    if (depth >= kMaxAliasDepth) {
      answer.status = dns::Status::TempFail;
      answer.detail = "CNAME chain too long";
      return answer;
    }
    return this->answer({alias->second, question.type}, depth + 1);
  }
  const std::string below = "." + question.name;
  const bool exists =
      names_.count(question.name) != 0 || std::any_of(names_.begin(), names_.end(), [&below](const std::string& name) {
        return name.size() > below.size() && name.compare(name.size() - below.size(), below.size(), below) == 0;
      });
  answer.status = exists ? dns::Status::NoData : dns::Status::NxDomain;
  return answer;
}

}  // namespace assay::test
