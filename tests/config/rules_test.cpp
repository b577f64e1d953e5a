#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/print_rules.h"
#include "config/read_names.h"
#include "config/read_rules.h"
#include "config/rule_keys.h"
#include "config/rule_values.h"
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
    if (fact == Fact::Tls) {
      return policy::WordList{some<std::string>({"TLSv1.3", "TLSv1.2", "SSLv3"})};
    }
    const auto words = policy::words_of(fact);
    return policy::WordList{words.empty() ? some<std::string>({"alice", "a \"b\"\\", "123", "null"}) : some(words)};
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

namespace {

struct Row {
  const char* name;
  std::string rule;
  std::vector<std::string> expected;  ///< Behind "/etc/assay/assay.yaml:".
};

/// Each rule begins in column 7 of line 3.
const std::vector<Row>& wrong_rules() {
  static const std::string facts =
      "from_domain, org_domain, dmarc, dmarc_published, mail_from_domain, helo, client_name, client_ip, spf, spf_helo, "
      "dkim, dkim_domain, dkim_testing, arc, arc_sealer, arc_claims, iprev, rcpt_domain, rcpt, list_id, indirect, "
      "authenticated, tls, reason, any, all and not";
  static const std::vector<Row> table{
      {"no map", "partner", {"3:7: rule 1: must be a map, such as {name: NAME, when: {...}, then: accept}"}},
      {"nothing that must be there",
       "{comment: x}",
       {"3:7: rule 1: name: is missing: the record and the log call the rule by it; write name: NAME",
        "3:7: rule 1: when: is missing: write when: {CONDITIONS}, or when: {} for every message",
        "3:7: rule 1: then: is missing: write then: ACTION, such as then: accept"}},
      {"name with a blank",
       "{name: my partner, when: {}, then: reject}",
       {"3:14: rule 1: name: \"my partner\" may hold letters, digits, '.', '_' and '-' alone"}},
      {"name of the program's own",
       "{name: policy.temperror, when: {}, then: reject}",
       {"3:14: rule 1: name: \"policy.temperror\" is a name that the program itself gives: choose another, such as "
        "\"my-policy.temperror\""}},
      {"unknown key",
       "{name: a, when: {}, than: reject, then: reject}",
       {"3:27: rule \"a\": than: unknown key; did you mean \"then\"?"}},
      {"condition beside when",
       "{name: a, when: {}, spf: fail, then: reject}",
       {"3:27: rule \"a\": spf: is a condition, and stands in when: write when: {spf: ...}"}},
      {"action as a key",
       "{name: a, when: {}, reject: {text: x}}",
       {"3:7: rule \"a\": then: is missing: write then: ACTION, such as then: accept",
        "3:27: rule \"a\": reject: is an action, and stands in then: write then: reject"}},
      {"parameter beside then",
       "{name: a, when: {}, then: reject, text: no}",
       {"3:41: rule \"a\": text: goes with an action: write then: {reject: {text: ...}}"}},
      {"key repeated",
       "{name: a, when: {spf: fail, spf: pass}, then: reject}",
       {"3:35: policy.rules.when.spf: repeated; it stands in line 3 already: remove one"}},
      {"when without value",
       "{name: a, when: , then: reject}",
       {"3:17: rule \"a\": when: has no value: write one, or remove the key"}},
      {"when of another program",
       "{name: a, when: spf == fail, then: reject}",
       {"3:23: rule \"a\": when: must be a map: write {spf: fail}"}},
      {"condition of another program",
       "{name: a, when: {spf=fail: x}, then: reject}",
       {"3:24: rule \"a\": when.spf=fail: is no condition: write spf: fail"}},
      {"when is a list",
       "{name: a, when: [{spf: fail}], then: reject}",
       {"3:23: rule \"a\": when: must be a map of conditions, not a list: write {any: [...]} or {all: [...]}"}},
      {"unknown condition",
       "{name: a, when: {form_domain: example.com}, then: reject}",
       {"3:24: rule \"a\": when.form_domain: unknown condition; did you mean \"from_domain\"?"}},
      {"condition like no other",
       "{name: a, when: {frobnicate: 1}, then: reject}",
       {"3:24: rule \"a\": when.frobnicate: unknown condition; there are " + facts}},
      {"key of a rule in when",
       "{name: a, when: {spf: fail, then: reject}}",
       {"3:7: rule \"a\": then: is missing: write then: ACTION, such as then: accept",
        "3:35: rule \"a\": when.then: stands beside when, not in it: mind the indentation and the braces"}},
      {"word of another method",
       "{name: a, when: {dmarc: softfail}, then: reject}",
       {"3:31: rule \"a\": when.dmarc: \"softfail\" is not none, pass, fail, temperror or permerror"}},
      {"word like another",
       "{name: a, when: {spf: [fail, sofftail]}, then: reject}",
       {"3:36: rule \"a\": when.spf: \"sofftail\" is not none, neutral, pass, fail, softfail, temperror or permerror; "
        "did you mean \"softfail\"?"}},
      {"empty list",
       "{name: a, when: {spf: []}, then: reject}",
       {"3:29: rule \"a\": when.spf: is an empty list, which no message fits: write a value into it, or remove the "
        "key"}},
      {"address for a domain",
       "{name: a, when: {from_domain: a@example.com}, then: reject}",
       {"3:37: rule \"a\": when.from_domain: \"a@example.com\" is a mail address: write the domain alone, "
        "\"example.com\""}},
      {"IP address for a name",
       "{name: a, when: {client_name: 192.0.2.1}, then: reject}",
       {"3:37: rule \"a\": when.client_name: \"192.0.2.1\" is an address, not a domain: addresses go with client_ip"}},
      {"star in the middle",
       "{name: a, when: {from_domain: mail.*.example.com}, then: reject}",
       {"3:37: rule \"a\": when.from_domain: \"mail.*.example.com\" has a * that is not in front of the first dot: "
        "write *.example.com for all names below"}},
      {"domain for a recipient",
       "{name: a, when: {rcpt: '@example.com'}, then: reject}",
       {"3:30: rule \"a\": when.rcpt: \"@example.com\" needs something before the @: write \"*@example.com\" for all "
        "of that domain"}},
      {"claim",
       "{name: a, when: {arc_claims: [dmarc=pas, pass]}, then: reject}",
       {"3:37: rule \"a\": when.arc_claims: \"dmarc=pas\" has a result that is not none, pass, fail, temperror or "
        "permerror; did you mean \"pass\"?",
        "3:48: rule \"a\": when.arc_claims: \"pass\" is not METHOD=RESULT with spf, dkim or dmarc, such as "
        "dmarc=pass"}},
      {"flag",
       "{name: a, when: {dkim_testing: yes}, then: reject}",
       {"3:38: rule \"a\": when.dkim_testing: must be true or false"}},
      {"flag in a list",
       "{name: a, when: {tls: [true, TLSv1.3]}, then: reject}",
       {"3:30: rule \"a\": when.tls: true and false stand alone, not in a list"}},
      {"a flag in other words",
       "{name: a, when: {tls: yes}, then: reject}",
       {"3:29: rule \"a\": when.tls: \"yes\" is neither true nor false: write one of them"}},
      {"a login in other words for a flag",
       "{name: a, when: {authenticated: On}, then: reject}",
       {"3:39: rule \"a\": when.authenticated: \"On\" is neither true nor false: write one of them"}},
      {"a version of TLS that no MTA gives",
       "{name: a, when: {tls: 1.2}, then: reject}",
       {"3:29: rule \"a\": when.tls: \"1.2\" is no version of TLS as the MTA gives it: write one such as TLSv1.3, or "
        "true"}},
      {"any of no list",
       "{name: a, when: {any: {spf: pass}}, then: reject}",
       {"3:29: rule \"a\": when.any: must be a list of maps, such as any: [{spf: pass}, {dkim: pass}]"}},
      {"empty map in any",
       "{name: a, when: {any: [{}]}, then: reject}",
       {"3:30: rule \"a\": when.any: an empty map holds for every message: write a condition into it, or remove it"}},
      {"not of a list",
       "{name: a, when: {not: [{spf: pass}]}, then: reject}",
       {"3:29: rule \"a\": when.not: must be a map, not a list: write not: {any: [...]} or not: {all: [...]}"}},
      {"unknown action",
       "{name: a, when: {}, then: rejct}",
       {"3:33: rule \"a\": then: \"rejct\" is not accept, reject, tempfail, quarantine, discard, add_header or "
        "continue; did you mean \"reject\"?"}},
      {"action of another program",
       "{name: a, when: {}, then: defer}",
       {"3:33: rule \"a\": then: \"defer\" is not accept, reject, tempfail, quarantine, discard, add_header or "
        "continue; did you mean \"tempfail\"?"}},
      {"two actions",
       "{name: a, when: {}, then: {reject: {text: x}, tempfail: {text: y}}}",
       {"3:53: rule \"a\": then.tempfail: a rule has one action: reject stands here, too"}},
      {"parameter beside its action",
       "{name: a, when: {}, then: {reject: {}, text: x}}",
       {"3:46: rule \"a\": then.text: stands in the map of its action: write then: {reject: {text: ...}}"}},
      {"tag with reject",
       "{name: a, when: {}, then: {reject: {tag: x}}}",
       {"3:43: rule \"a\": then.reject.tag: goes with continue, not with reject"}},
      {"discard that is not allowed",
       "{name: a, when: {}, then: discard}",
       {"3:33: rule \"a\": then: discard loses mail without a trace for its sender: set policy.allow_discard: true to "
        "allow it"}},
      {"code of another class",
       "{name: a, when: {}, then: {reject: {code: 451}}}",
       {"3:49: rule \"a\": then.reject.code: \"451\" does not fit: this action answers 5xx, such as 550, 5.7.1 or 550 "
        "5.7.1"}},
      {"enhanced code of another class",
       "{name: a, when: {}, then: {tempfail: {code: 451 5.7.1}}}",
       {"3:51: rule \"a\": then.tempfail.code: \"451 5.7.1\" does not fit: this action answers 4.x.x, such as 451, "
        "4.7.1 or 451 4.7.1"}},
      {"code that closes the connection",
       "{name: a, when: {}, then: {tempfail: {code: 421}}}",
       {"3:51: rule \"a\": then.tempfail.code: \"421\" ends the connection, and other messages with it: use 451"}},
      {"no code",
       "{name: a, when: {}, then: {reject: {code: 5.7}}}",
       {"3:49: rule \"a\": then.reject.code: \"5.7\" is not an SMTP code such as 550, 5.7.1 or 550 5.7.1"}},
      {"text with an unknown placeholder",
       "{name: a, when: {}, then: {reject: {text: \"not {form_domain}\"}}}",
       {"3:49: rule \"a\": then.reject.text: \"not {form_domain}\" has braces around something that is not filled in: "
        "{from_domain}, {reason} and {rule} are"}},
      {"text over two lines",
       "{name: a, when: {}, then: {reject: {text: \"a\\nb\"}}}",
       {"3:49: rule \"a\": then.reject.text: \"a\\x0Ab\" may hold printable ASCII alone, on one line"}},
      {"how of another way",
       "{name: a, when: {}, then: {quarantine: {how: hold, to: q@example.net}}}",
       {"3:58: rule \"a\": then.quarantine.to: goes with how: redirect alone: remove it, or change how"}},
      {"redirect to nobody",
       "{name: a, when: {}, then: {quarantine: {how: redirect}}}",
       {"3:47: rule \"a\": then.quarantine.to: is needed for how: redirect: write the address, to: ADDRESS"}},
      {"field that forges",
       "{name: a, when: {}, unproven: true, then: {add_header: {name: Received, value: x}}}",
       {"3:69: rule \"a\": then.add_header.name: \"Received\" is a field with a meaning of its own: choose another, "
        "such as X-Spam-Flag"}},
      {"field without value",
       "{name: a, when: {}, unproven: true, then: {add_header: {name: X-A}}}",
       {"3:50: rule \"a\": then.add_header.value: is missing: a field has both, such as then: {add_header: {name: "
        "X-Partner, value: \"yes\"}}"}},
      {"continue that does nothing",
       "{name: a, when: {}, then: continue}",
       {"3:33: rule \"a\": then: continue alone does nothing: write then: {continue: {tag: TAG}}, or a field's name "
        "and "
        "value"}},
      {"day that is none",
       "{name: a, when: {}, then: reject, expires: 2026-02-29}",
       {"3:50: rule \"a\": expires: \"2026-02-29\" is no day of the calendar"}},
      {"date of another form",
       "{name: a, when: {}, then: reject, expires: 31.12.2026}",
       {"3:50: rule \"a\": expires: \"31.12.2026\" is not a date such as 2026-12-31"}},
      {"observe",
       "{name: a, when: {}, then: reject, observe: on}",
       {"3:50: rule \"a\": observe: \"on\" is not true or false"}},
  };
  return table;
}

}  // namespace

TEST_CASE("config/rules: every mistake in a rule is told with its place and its cure", "[config][rules][golden]") {
  for (const Row& row : wrong_rules()) {
    DYNAMIC_SECTION(row.name) {
      std::vector<std::string> expected;
      for (const std::string& line : row.expected) {
        expected.push_back("/etc/assay/assay.yaml:" + line);
      }
      CHECK(problems(load(with_rule(row.rule))) == expected);
    }
  }
}

TEST_CASE("config/rules: the examples of the table of keys are right", "[config][rules]") {
  const auto with = [](const std::string& when, const std::string& then) {
    return "policy: {allow_discard: true, rules: [{name: a, unproven: true, when: " + when + ", then: " + then + "}]}";
  };
  const auto check = [](const std::string& text) {
    CAPTURE(text, problems(load(text)));
    CHECK(load(text));
  };
  for (const ConditionKey& condition : condition_keys()) {
    check(with("{" + condition.key.key + ": " + condition.key.example + "}", "accept"));
    CHECK_FALSE(condition.key.about.empty());
  }
  for (const RuleKey& key : joining_keys()) {
    check(with("{" + key.key + ": " + key.example + "}", "accept"));
  }
  for (const ActionKey& action : action_keys()) {
    check(with("{}", action.key.example));
    for (const RuleKey& parameter : action.parameters) {
      std::string parameters = parameter.key + ": " + parameter.example;
      if (action.key.key == "quarantine" && parameter.key != "how") {
        const bool is_field = parameter.key == "name" || parameter.key == "value";
        parameters += std::string(", how: ") + (is_field ? "header" : parameter.key == "to" ? "redirect" : "reject");
      }
      if (parameter.key == "name" || parameter.key == "value") {
        parameters += parameter.key == "name" ? ", value: x" : ", name: X-A";
      }
      check(with("{}", "{" + action.key.key + ": {" + parameters + "}}"));
    }
  }
  for (const RuleKey& key : rule_keys()) {
    std::string rule = key.key + ": " + key.example;
    for (const char* const needed : {"name: a", "when: {}", "then: reject"}) {
      if (std::string(needed).compare(0, key.key.size() + 1, key.key + ":") != 0) {
        rule += std::string(", ") + needed;
      }
    }
    check("policy: {rules: [{" + rule + (key.key == "then" ? ", unproven: true" : "") + "}]}");
  }
}

TEST_CASE("config/rules: what is not said about quarantine is as policy.quarantine has it", "[config][rules]") {
  const auto quarantine = [](const std::string& general, const std::string& then) {
    const Loaded loaded =
        load("policy:\n  quarantine: " + general + "\n  rules: [{name: a, when: {}, then: " + then + "}]\n");
    CAPTURE(problems(loaded));
    REQUIRE(loaded);
    CHECK(load(to_yaml(*loaded))->policy == loaded->policy);
    return loaded->policy.own.front().then.quarantine;
  };
  using policy::Quarantine;
  CHECK(quarantine("{name: X-Held}", "quarantine") == std::nullopt);
  CHECK(quarantine("{name: X-Held}", "{quarantine: {value: maybe}}") ==
        Quarantine{QuarantineHow::Header, "X-Held", "maybe", ""});
  CHECK(quarantine("{name: X-Held}", "{quarantine: {how: hold}}") ==
        Quarantine{QuarantineHow::Hold, "X-Spam-Flag", "YES", ""});
  CHECK(quarantine("{how: redirect, to: q@example.net}", "{quarantine: {to: r@example.net}}")->to == "r@example.net");
  CHECK(quarantine("{how: redirect, to: q@example.net}", "{quarantine: {how: header}}") == Quarantine{});
  CHECK(quarantine("{how: reject}", "{quarantine: {text: no}}") == std::nullopt);
}

TEST_CASE("config/rules: a rule that accepts what can be forged is refused unless it says so", "[config][rules]") {
  const auto found = problems(load(with_rule("{name: a, when: {from_domain: example.com}, then: accept}")));
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("/etc/assay/assay.yaml:3:14: rule \"a\": anybody can write example.com in From") == 0);
  CHECK(found[0].find("unproven: true") != std::string::npos);
  CHECK(rule_of("{name: a, when: {from_domain: example.com}, then: accept, unproven: true}").unproven);
  CHECK_FALSE(rule_of("{name: a, when: {from_domain: example.com, dkim_domain: example.com}, then: accept}").unproven);
}

TEST_CASE("config/rules: no two rules have the same name", "[config][rules]") {
  CHECK(
      problems(load("policy:\n  rules:\n    - {name: a, when: {}, then: reject}\n"
                    "    - {name: a, when: {}, then: reject}\n")) ==
      std::vector<std::string>{"/etc/assay/assay.yaml:4:14: rule \"a\": name: is that of another rule, in line 3: give "
                               "each its own"});
}

TEST_CASE("config/rules: sizes are bounded", "[config][rules][bounds]") {
  const auto rules = [](std::size_t count) {
    std::string text = "policy:\n  rules:\n";
    for (std::size_t i = 0; i < count; ++i) {
      text += "  - {name: r" + std::to_string(i) + ", when: {}, then: reject}\n";
    }
    return problems(load(text));
  };
  CHECK(rules(policy::kMaxRules).empty());
  CHECK(rules(policy::kMaxRules + 1) ==
        std::vector<std::string>{"/etc/assay/assay.yaml:1003:5: policy.rules: more than 1000 rules: put names that are "
                                 "treated alike into one list or file"});
  // `any` itself is a condition, too.
  const auto conditions = [](std::size_t count) {
    std::string text = "{name: a, then: reject, when: {any: [";
    for (std::size_t i = 1; i < count; ++i) {
      text += "{spf: pass}, ";
    }
    return problems(load(with_rule(text + "]}}"))).size();
  };
  CHECK(conditions(policy::kMaxConditions) == 0);
  CHECK(conditions(policy::kMaxConditions + 1) == 1);
  const auto deep = [](const std::string& open, const std::string& close, std::size_t depth) {
    std::string text = "{spf: pass}";
    for (std::size_t i = 1; i < depth; ++i) {
      text = open + text + close;
    }
    return problems(load(with_rule("{name: a, then: reject, when: " + text + "}"))).size();
  };
  CHECK(deep("{not: ", "}", policy::kMaxConditionDepth) == 0);
  CHECK(deep("{not: ", "}", policy::kMaxConditionDepth + 1) == 1);
  CHECK(deep("{any: [", "]}", policy::kMaxConditionDepth) == 0);
  CHECK(deep("{any: [", "]}", policy::kMaxConditionDepth + 1) == 1);
  const auto of_length = [](const std::string& before, std::size_t octets, const std::string& after) {
    return problems(load(with_rule(before + std::string(octets, 'x') + after))).size();
  };
  CHECK(of_length("{name: ", policy::kMaxRuleNameOctets, ", when: {}, then: reject}") == 0);
  CHECK(of_length("{name: ", policy::kMaxRuleNameOctets + 1, ", when: {}, then: reject}") == 1);
  CHECK(of_length("{name: a, when: {}, then: {continue: {tag: ", policy::kMaxTagOctets, "}}}") == 0);
  CHECK(of_length("{name: a, when: {}, then: {continue: {tag: ", policy::kMaxTagOctets + 1, "}}}") == 1);
  CHECK(of_length("{name: a, when: {}, then: {reject: {text: ", policy::kMaxReplyOctets, "}}}") == 0);
  CHECK(of_length("{name: a, when: {}, then: {reject: {text: ", policy::kMaxReplyOctets + 1, "}}}") == 1);
  CHECK(of_length("{name: a, when: {}, then: reject, comment: ", kMaxCommentOctets, "}") == 0);
  CHECK(of_length("{name: a, when: {}, then: reject, comment: ", kMaxCommentOctets + 1, "}") == 1);
}

TEST_CASE("config/rules: names and networks come from files, too", "[config][rules][files]") {
  const std::string rule =
      "{name: a, then: reject, when: {from_domain: [first.example, \"@partners\"], client_ip: \"@/nets\"}}";
  const Disk disk{
      {{"/etc/assay/partners", "\xEF\xBB\xBF# ours\r\n\r\n  example.com  # since 2020\r\n*.example.org\r\n"},
       {"/nets", "192.0.2.0/24\n2001:db8::/32"}}};
  const Rule read = rule_of(rule, disk);
  const auto& names = std::get<policy::NameList>(read.when.parts.at(0).values);
  for (const char* const name : {"first.example", "example.com", "a.example.org"}) {
    CHECK(names.contains(std::string_view(name)));
  }
  CHECK_FALSE(names.contains(std::string_view("example.org")));
  CHECK(names.written() == std::vector<std::string>{"first.example", "@/etc/assay/partners"});
  const auto& networks = std::get<policy::NetworkList>(read.when.parts.at(1).values);
  CHECK(networks.networks.size() == 2);
  CHECK(networks.written == std::vector<std::string>{"@/nets"});

  SECTION("what is printed reads as the same, and has the same fingerprint") {
    const Loaded loaded = load(with_rule(rule), disk);
    const Loaded again = load(to_yaml(*loaded), disk);
    REQUIRE(again);
    CHECK(*again == *loaded);
  }
  SECTION("another content is another configuration") {
    for (const char* const path : {"/etc/assay/partners", "/nets"}) {
      Disk changed = disk;
      changed.files[path] += "\n# a comment\n";
      CHECK(load(with_rule(rule), changed)->fingerprint != load(with_rule(rule), disk)->fingerprint);
    }
  }
}

TEST_CASE("config/rules: what is wrong with a file of names is told at its line", "[config][rules][files][golden]") {
  const std::string rule = "{name: a, then: reject, when: {from_domain: \"@partners\", client_ip: \"@nets\"}}";
  SECTION("no file") {
    CHECK(problems(load(with_rule(rule), {{{"/etc/assay/nets", "::1"}}})) ==
          std::vector<std::string>{
              "/etc/assay/assay.yaml:3:51: rule \"a\": when.from_domain: \"@partners\": the file /etc/assay/partners "
              "cannot be read: No such file or directory"});
  }
  SECTION("bad lines") {
    const Disk disk{{{"/etc/assay/partners", "example.com\n*\nexample.org, example.net\n"},
                     {"/etc/assay/nets", "# none\n192.0.2.0/33\n"}}};
    CHECK(
        problems(load(with_rule(rule), disk)) ==
        std::vector<std::string>{
            "/etc/assay/partners:2:1: rule \"a\": when.from_domain: \"*\" has a * that is not in front of the first "
            "dot: write *.example.com for all names below",
            "/etc/assay/partners:3:1: rule \"a\": when.from_domain: \"example.org, example.net\" is not a domain such "
            "as example.com: " +
                Domain::parse("example.org, example.net").error().what,
            "/etc/assay/nets:2:1: rule \"a\": when.client_ip: \"192.0.2.0/33\" is not a network such as "
            "192.0.2.0/24 or \"2001:db8::/32\": " +
                IpNetwork::parse("192.0.2.0/33").error().what});
  }
  SECTION("a file of two rules is complained of once for each") {
    const std::string text =
        "policy:\n  rules:\n    - {name: a, when: {from_domain: \"@x\"}, then: reject}\n"
        "    - {name: b, when: {from_domain: \"@x\"}, then: reject}\n";
    CHECK(problems(load(text, {{{"/etc/assay/x", "*\n"}}})).size() == 2);
  }
  SECTION("an @ alone") {
    CHECK(problems(load(with_rule("{name: a, then: reject, when: {helo: \"@\"}}"))) ==
          std::vector<std::string>{"/etc/assay/assay.yaml:3:44: rule \"a\": when.helo: \"@\" needs the name of a file "
                                   "behind it, such as @partners"});
  }
}

TEST_CASE("config/rules: trusted sealers may be patterns, and come from files", "[config][rules][files]") {
  const std::string text = "arc: {trusted_sealers: [lists.example.org, '*.example.com', \"@sealers\"]}\n";
  const Disk disk{{{"/etc/assay/sealers", "example.net\n"}}};
  const Loaded loaded = load(text, disk);
  REQUIRE(loaded);
  const policy::NameList& sealers = loaded->policy.trusted_sealers;
  for (const char* const name : {"lists.example.org", "a.example.com", "example.net"}) {
    CHECK(sealers.contains(std::string_view(name)));
  }
  CHECK_FALSE(sealers.contains(std::string_view("a.lists.example.org")));
  CHECK(*load(to_yaml(*loaded), disk) == *loaded);
  CHECK(load(text, {{{"/etc/assay/sealers", "example.net\n#\n"}}})->fingerprint != loaded->fingerprint);
  CHECK(problems(load("arc: {trusted_sealers: lists.example.org}\n")) ==
        std::vector<std::string>{"/etc/assay/assay.yaml:1:24: arc.trusted_sealers: must be a list, such as "
                                 "[lists.example.org]"});
}

TEST_CASE("config/rules: files of names are bounded", "[config][rules][files][bounds]") {
  const auto load_names = [](std::string content) {
    return problems(load(with_rule("{name: a, then: reject, when: {from_domain: \"@x\"}}"),
                         {{{"/etc/assay/x", std::move(content)}}}));
  };
  const std::string line = "#" + std::string(1022, ' ') + "\n";
  std::string largest;
  while (largest.size() < kMaxNameFileOctets) {
    largest += line;
  }
  CHECK(largest.size() == kMaxNameFileOctets);
  CHECK(load_names(largest).empty());
  CHECK(load_names(largest + "\n") ==
        std::vector<std::string>{"/etc/assay/assay.yaml:3:51: rule \"a\": when.from_domain: \"@x\": the file "
                                 "/etc/assay/x is larger than 4 MiB: is it the right one?"});
  std::string most;
  for (std::size_t i = 0; i < kMaxNames; ++i) {
    most += "a" + std::to_string(i) + ".example\n";
  }
  CHECK(load_names(most).empty());
  CHECK(load_names(most + "b.example\nc.example\n") ==
        std::vector<std::string>{"/etc/assay/x:100001:1: rule \"a\": when.from_domain: more than 100000 names: that is "
                                 "no list for a rule"});
}

}  // namespace assay::config
