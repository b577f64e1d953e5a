#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "policy/rule.h"
#include "tests/support/catch.h"

namespace assay::test {

using policy::Condition;
using policy::Fact;

/// fact: [values], as the form of the fact has it. One value "true" or "false" is a flag where the fact can have one.
inline Condition is(Fact fact, const std::vector<std::string>& values) {
  Condition test;
  test.kind = Condition::Kind::Test;
  test.fact = fact;
  const policy::Form form = policy::info(fact).form;
  if ((form == policy::Form::Flag || form == policy::Form::FlagOrWords) && values.size() == 1 &&
      (values.front() == "true" || values.front() == "false")) {
    test.values = values.front() == "true";
    return test;
  }
  switch (form) {
    case policy::Form::Names: {
      policy::NameList names;
      for (const std::string& value : values) {
        REQUIRE(names.add(value));
      }
      test.values = std::move(names);
      break;
    }
    case policy::Form::Networks: {
      policy::NetworkList networks;
      for (const std::string& value : values) {
        networks.networks.push_back(IpNetwork::parse(value).value());
        networks.written.push_back(value);
      }
      test.values = std::move(networks);
      break;
    }
    case policy::Form::Addresses: test.values = policy::AddressList{values}; break;
    case policy::Form::Words:
    case policy::Form::Flag:
    case policy::Form::FlagOrWords: test.values = policy::WordList{values}; break;
  }
  return test;
}
inline Condition is(Fact fact, const char* value) {
  return is(fact, std::vector<std::string>{value});
}

inline Condition group(Condition::Kind kind, std::vector<Condition> parts) {
  Condition condition;
  condition.kind = kind;
  condition.parts = std::move(parts);
  return condition;
}
inline Condition all(std::vector<Condition> parts) {
  return group(Condition::Kind::All, std::move(parts));
}
inline Condition any(std::vector<Condition> parts) {
  return group(Condition::Kind::Any, std::move(parts));
}
inline Condition none(Condition part) {
  return group(Condition::Kind::Not, {std::move(part)});
}

/// A rule that does `action`; nullopt for continue.
inline policy::Rule rule(std::string name, Condition when,
                         std::optional<policy::Action> action = policy::Action::Accept) {
  policy::Rule made;
  made.name = std::move(name);
  made.when = std::move(when);
  made.then.action = action;
  if (!action) {
    made.then.tag = "seen";
  }
  return made;
}

}  // namespace assay::test
