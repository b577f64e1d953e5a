#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/print_rules.h"
#include "config/read_names.h"
#include "config/read_rules.h"
#include "config/rule_keys.h"
#include "tests/support/catch.h"
#include "tests/support/dice.h"

namespace assay::config {
namespace {

using policy::Action;
using policy::Condition;
using policy::Fact;
using policy::QuarantineHow;
using policy::Rule;

/// A disk of a few files.
struct Disk {
  std::map<std::string, std::string> files;

  [[nodiscard]] ReadFile reader() const {
    return [this](const std::string& path, std::size_t most) -> Parsed<std::string> {
      const auto found = files.find(path);
      return found != files.end() ? Parsed<std::string>(found->second.substr(0, most + 1))
                                  : Parsed<std::string>(parse_error("No such file or directory"));
    };
  }
};

Loaded load(const std::string& text, const Disk& disk = {}) {
  return load_text(text, "/etc/assay/assay.yaml", "mx.example.net", disk.reader());
}

/// The configuration with one rule.
std::string with_rule(const std::string& rule) {
  return "policy:\n  rules:\n    - " + rule + "\n";
}

std::vector<std::string> problems(const Loaded& loaded) {
  std::vector<std::string> lines;
  if (!loaded) {
    for (const Problem& problem : loaded.error()) {
      lines.push_back(to_string(problem));
    }
  }
  return lines;
}

/// The only rule.
Rule rule_of(const std::string& rule, const Disk& disk = {}) {
  const Loaded loaded = load(with_rule(rule), disk);
  CAPTURE(rule, problems(loaded));
  REQUIRE(loaded);
  REQUIRE(loaded->policy.own.size() == 1);
  return loaded->policy.own.front();
}

policy::NameList names(std::initializer_list<const char*> patterns) {
  policy::NameList list;
  for (const char* const pattern : patterns) {
    REQUIRE(list.add(pattern));
  }
  return list;
}

Condition test(Fact fact, decltype(Condition::values) values) {
  Condition condition;
  condition.kind = Condition::Kind::Test;
  condition.fact = fact;
  condition.values = std::move(values);
  return condition;
}

Condition joined(Condition::Kind kind, std::vector<Condition> parts) {
  Condition condition;
  condition.kind = kind;
  condition.parts = std::move(parts);
  return condition;
}

}  // namespace

TEST_CASE("config/rules: a rule is read as it is written", "[config][rules]") {
  const Rule rule = rule_of(
      "{name: partner, when: {from_domain: ['*.example.com', example.com], dkim_domain: example.com, "
      "not: {any: [{spf: fail}, {client_ip: [192.0.2.0/24, \"2001:db8::1\"]}]}}, then: accept, observe: true, "
      "expires: 2026-12-31, comment: until they repair it}");
  CHECK(rule.name == "partner");
  policy::NetworkList networks{{IpNetwork::parse("192.0.2.0/24").value(), IpNetwork::parse("2001:db8::1").value()},
                               {"192.0.2.0/24", "2001:db8::1"},
                               {}};
  CHECK(rule.when ==
        joined(Condition::Kind::All,
               {test(Fact::FromDomain, names({"*.example.com", "example.com"})),
                test(Fact::DkimDomain, names({"example.com"})),
                joined(Condition::Kind::Not, {joined(Condition::Kind::Any, {test(Fact::Spf, policy::WordList{{"fail"}}),
                                                                            test(Fact::ClientIp, networks)})})}));
  CHECK(rule.then == policy::Then{});
  CHECK(rule.observe);
  CHECK_FALSE(rule.unproven);
  // 2027-01-01 00:00 UTC, as date(1) tells it.
  CHECK(rule.expires == Time(std::chrono::seconds(1798761600)));
  CHECK(rule.comment == "until they repair it");
  REQUIRE(rule.place.file);
  CHECK(*rule.place.file == "/etc/assay/assay.yaml");
  CHECK(rule.place.line == 3);
  CHECK(rule.place.column == 14);
  CHECK(rule.when.parts[1].place.line == 3);
  CHECK(rule.when.parts[1].place.column == 75);
}

namespace {

/// Makes arbitrary rules that the loader accepts.
class RuleDice {
 public:
  explicit RuleDice(unsigned seed) : dice_(seed) {}

  Rule rule(std::size_t number) {
    Rule rule;
    rule.name = dice_.pick<std::string>({"a", "partner", "2026-12", "1e3", "true", "x_"}) + std::to_string(number);
    rule.when = dice_.one_in(10) ? Condition{} : condition(1 + dice_.below(6));
    rule.then = then();
    rule.observe = dice_.flip();
    rule.unproven = true;
    if (dice_.flip()) {
      // Days from 1970-01-02 to 9999-12-31, as the end of the day before.
      rule.expires = Time(std::chrono::days(1 + dice_.below(2932896)));
    }
    if (dice_.flip()) {
      rule.comment =
          dice_.pick<std::string>({"b\xC3\xBC"
                                   "cher: # \"x\" \\ {a}",
                                   "off", "- a", "@x", "*"});
    }
    return rule;
  }

 private:
  template <class T>
  std::vector<T> some(const std::vector<T>& from) {
    std::vector<T> chosen;
    for (std::size_t i = 1 + dice_.below(3); i > 0; --i) {
      chosen.push_back(dice_.pick(from));
    }
    return chosen;
  }

  policy::NameList some_names() {
    policy::NameList list;
    for (const auto& name : some<std::string>({"example.com", "*.example.org", "a_b.c",
                                               "b\xC3\xBC"
                                               "cher.example",
                                               "*.com", "x--y.test", "no.", "on", "1.e3"})) {
      REQUIRE(list.add(name));
    }
    return list;
  }

  policy::NetworkList some_networks() {
    policy::NetworkList list;
    list.written = some<std::string>({"192.0.2.0/24", "10.1.2.3/8", "2001:db8::/32", "::", "192.0.2.1"});
    for (const std::string& text : list.written) {
      list.networks.push_back(IpNetwork::parse(text).value());
    }
    return list;
  }

  decltype(Condition::values) values(Fact fact) {
    switch (policy::info(fact).form) {
      case policy::Form::Names: return some_names();
      case policy::Form::Networks: return some_networks();
      case policy::Form::Addresses:
        return policy::AddressList{some<std::string>({"a@example.net", "*@example.org", "x+y'z@a.b"})};
      case policy::Form::Flag: return dice_.flip();
      case policy::Form::FlagOrWords:
        if (dice_.flip()) {
          return dice_.flip();
        }
        break;
      case policy::Form::Words: break;
    }
    if (fact == Fact::ArcClaims) {
      return policy::WordList{some<std::string>({"dmarc=pass", "spf=softfail", "dkim=policy"})};
    }
    const auto words = policy::words_of(fact);
    return policy::WordList{words.empty() ? some<std::string>({"TLSv1.3", "alice", "a \"b\"\\", "123", "null"})
                                          : some(words)};
  }

  /// At most `depth` deep.
  Condition condition(std::size_t depth) {
    Condition made;
    made.kind = depth > 1 ? dice_.up_to(Condition::Kind::Test) : Condition::Kind::Test;
    if (made.kind == Condition::Kind::Test) {
      made.fact = dice_.up_to(Fact::Reason);
      made.values = values(made.fact);
      return made;
    }
    for (std::size_t i = made.kind == Condition::Kind::Not ? 1 : 1 + dice_.below(3); i > 0; --i) {
      made.parts.push_back(condition(depth - 1));
    }
    return made;
  }

  policy::HeaderField field() {
    return {dice_.pick<std::string>({"X-Partner", "No"}), dice_.pick<std::string>({"yes", "a: b # c", "{x}", "12"})};
  }

  policy::ReplyTemplate reply(char first) {
    policy::ReplyTemplate made;
    if (dice_.flip()) {
      made.code = first == '4' ? 450 : 554;
    }
    if (dice_.flip()) {
      made.enhanced = std::string(1, first) + ".7.26";
    }
    if (dice_.flip()) {
      made.text = dice_.pick<std::string>({"not from {from_domain}: {reason} ({rule})", "no", "\"\\#", "100% no"});
    }
    return made;
  }

  policy::Then then() {
    policy::Then made;
    switch (dice_.below(7)) {
      case 0: break;
      case 1: made.header = field(); break;
      case 2:
        made.action = Action::Reject;
        made.reply = reply('5');
        break;
      case 3:
        made.action = Action::TempFail;
        made.reply = reply('4');
        break;
      case 4: made.action = Action::Discard; break;
      case 5:
        made.action.reset();
        made.tag = dice_.pick<std::string>({"bulk", "1", "no"});
        if (dice_.flip()) {
          made.header = field();
        }
        break;
      default:
        made.action = Action::Quarantine;
        quarantine(made);
        break;
    }
    return made;
  }

  void quarantine(policy::Then& made) {
    if (dice_.one_in(3)) {
      return;
    }
    made.quarantine.emplace();
    made.quarantine->how = dice_.up_to(QuarantineHow::Redirect);
    if (made.quarantine->how == QuarantineHow::Header) {
      made.quarantine->name = "X-Held";
      made.quarantine->value = "off";
    } else if (made.quarantine->how == QuarantineHow::Redirect) {
      made.quarantine->to = "q@example.net";
    } else if (made.quarantine->how == QuarantineHow::Reject) {
      made.reply = reply('5');
    }
  }

  test::Dice dice_;
};

}  // namespace

TEST_CASE("config/rules: random rules are read as they are printed", "[config][rules][property]") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    RuleDice dice(seed);
    Settings settings = *load("policy: {allow_discard: true}");
    for (std::size_t i = 0; i < 5; ++i) {
      settings.policy.own.push_back(dice.rule(i));
    }
    const std::string text = to_yaml(settings);
    const Loaded loaded = load(text);
    CAPTURE(text, problems(loaded));
    REQUIRE(loaded);
    for (std::size_t i = 0; i < settings.policy.own.size(); ++i) {
      CAPTURE(i);
      REQUIRE(loaded->policy.own.at(i) == settings.policy.own[i]);
    }
    REQUIRE(to_yaml(*loaded) == text);
  }
}

}  // namespace assay::config
