#include <string>
#include <vector>

#include "config/load.h"
#include "config/node.h"
#include "config/reader.h"
#include "tests/support/catch.h"

namespace assay::config {
namespace {

struct Row {
  const char* name;
  std::string text;
  std::vector<std::string> expected;  ///< Lines without the file's name.
};

constexpr const char* kRootKeys =
    "authserv_id, authserv_aliases, listen, socket, mode, dns, local, arc, dmarc, limits, policy, log, metrics, "
    "control, "
    "stop_timeout";

const std::vector<Row>& rows() {
  static const std::vector<Row> table{
      // keys
      {"unknown key", "polcy: {}\n", {"1:1: polcy: unknown key; did you mean \"policy\"?"}},
      {"unknown key below",
       "policy:\n  temp_error: accept\n",
       {"2:3: policy.temp_error: unknown key; did you mean \"temperror\"?"}},
      {"unknown key two levels below",
       "policy: {published: {rejct: accept}}\n",
       {"1:22: policy.published.rejct: unknown key; did you mean \"reject\"?"}},
      {"hyphen for underscore", "authserv-id: x\n", {"1:1: authserv-id: unknown key; did you mean \"authserv_id\"?"}},
      {"unknown key like no other",
       "frobnicate: 1\n",
       {std::string("1:1: frobnicate: unknown key; known here: ") + kRootKeys}},
      {"unknown key below, like no other",
       "arc: {frobnicate: 1}\n",
       {"1:7: arc.frobnicate: unknown key; known here: trusted_sealers"}},
      {"key without its map",
       "dns:\n  dnssec: on\ntimeout: 3s\n",
       {"3:1: timeout: unknown key; did you mean dns.timeout? It stands below \"dns:\", indented"}},
      {"repeated key",
       "mode: enforce\nlog: {}\nmode: monitor\n",
       {"3:1: mode: repeated; it stands in line 1 already: remove one"}},
      {"repeated key below",
       "dns: {timeout: 5s,\n  timeout: 6s}\n",
       {"2:3: dns.timeout: repeated; it stands in line 1 already: remove one"}},
      {"repeated map",
       "dns: {timeout: 5s}\ndns: {dnssec: on}\n",
       {"2:1: dns: repeated; it stands in line 1 already: remove one"}},
      {"repeated unknown key",
       "foo: 1\nfoo: 2\n",
       {std::string("1:1: foo: unknown key; known here: ") + kRootKeys,
        "2:1: foo: repeated; it stands in line 1 already: remove one"}},
      {"empty value", "mode:\n", {"1:1: mode: has no value: write one, or remove the key for the default"}},
      {"empty value below, at its key",
       "dns:\n  timeout:\n  dnssec: on\n",
       {"2:3: dns.timeout: has no value: write one, or remove the key for the default"}},
      {"empty map", "dns:\n", {"1:1: dns: has no value: write one, or remove the key for the default"}},
      {"null is an empty value",
       "metrics: null\ncontrol: ~\n",
       {"1:1: metrics: has no value: write one, or remove the key for the default",
        "2:1: control: has no value: write one, or remove the key for the default"}},
      {"every problem is reported, in the order of the file",
       "mode: x\nlimits: {signatures: 0, arc_sets: y}\npolcy: 1\nlisten: z\n",
       {"1:7: mode: \"x\" is not enforce or monitor", "2:22: limits.signatures: \"0\" is out of range: 1 to 50",
        "2:35: limits.arc_sets: \"y\" is not a whole number", "3:1: polcy: unknown key; did you mean \"policy\"?",
        "4:9: listen: \"z\" is not a socket: write inet:PORT@HOST, inet6:PORT@HOST, unix:PATH or fd:NUMBER"}},
      // forms
      {"text instead of keys",
       "hello\n",
       {"1:1: the file must consist of keys with values, such as \"mode: enforce\""}},
      {"list instead of keys",
       "- mode\n",
       {"1:1: the file must consist of keys with values, such as \"mode: enforce\""}},
      {"value instead of a map", "log: json\n", {"1:6: log: must be a map of keys with values"}},
      {"list instead of a map", "dns: []\n", {"1:6: dns: must be a map of keys with values"}},
      {"list instead of a value", "mode: [monitor]\n", {"1:7: mode: must be one value, not a list"}},
      {"map instead of a value", "mode: {monitor: on}\n", {"1:7: mode: must be one value, not a map"}},
      {"value instead of a list",
       "local: {networks: 192.0.2.0/24}\n",
       {"1:19: local.networks: must be a list, such as [192.0.2.0/24]"}},
      {"empty element",
       "authserv_aliases: [a, , b]\n",
       {"1:23: authserv_aliases: an element of the list is empty: write or remove it"}},
      {"element that is a list",
       "authserv_aliases: [[a]]\n",
       {"1:20: authserv_aliases: an element of the list is not one value"}},
      // words
      {"unknown word",
       "mode: enforced\n",
       {"1:7: mode: \"enforced\" is not enforce or monitor; did you mean \"enforce\"?"}},
      {"no is not taken for on", "dns: {dnssec: no}\n", {"1:15: dns.dnssec: \"no\" is not on or off"}},
      {"log level",
       "log: {level: warning}\n",
       {"1:14: log.level: \"warning\" is not debug, info, warn or error; did you mean \"warn\"?"}},
      {"log format", "log: {format: xml}\n", {"1:15: log.format: \"xml\" is not text or json"}},
      {"log target",
       "log: {target: assay.log}\n",
       {"1:15: log.target: \"assay.log\" is not stderr, syslog, journald or an absolute path"}},
      {"authenticated",
       "local: {authenticated: true}\n",
       {"1:24: local.authenticated: \"true\" is not skip or verify"}},
      {"action",
       "policy: {published: {reject: drop}}\n",
       {"1:30: policy.published.reject: \"drop\" is not accept, reject, tempfail, quarantine or discard"}},
      {"temperror may not reject (RFC 9989 section 5.3.6)",
       "policy: {temperror: reject}\n",
       {"1:21: policy.temperror: \"reject\" is not accept or tempfail"}},
      {"exceeded may not quarantine",
       "limits: {exceeded: quarantine}\n",
       {"1:20: limits.exceeded: \"quarantine\" is not reject, tempfail or accept"}},
      // numbers and units
      {"time without unit",
       "dns: {timeout: 5}\n",
       {"1:16: dns.timeout: \"5\" has no unit: write 5s (units: ms, s, m or h)"}},
      {"time with a space",
       "stop_timeout: 5 s\n",
       {"1:15: stop_timeout: \"5 s\" has an unknown unit: use ms, s, m or h, without a space"}},
      {"time out of range", "dns: {timeout: 2m}\n", {"1:16: dns.timeout: \"2m\" is out of range: 10ms to 60s"}},
      {"fraction of a second", "stop_timeout: 1500ms\n", {"1:1: stop_timeout: must be whole seconds, such as 30s"}},
      {"size without unit",
       "limits: {header_bytes: 1048576}\n",
       {"1:24: limits.header_bytes: \"1048576\" has no unit: write 1048576B (units: B, KiB, MiB or GiB)"}},
      {"decimal size",
       "limits: {header_bytes: 1MB}\n",
       {"1:24: limits.header_bytes: \"1MB\" has an unknown unit: use B, KiB, MiB or GiB, without a space"}},
      {"number with more behind",
       "limits: {signatures: 8x}\n",
       {"1:22: limits.signatures: \"8x\" is not a whole number"}},
      {"number that no integer holds",
       "limits: {signatures: 99999999999999999999999}\n",
       {"1:22: limits.signatures: \"99999999999999999999999\" is out of range: 1 to 50"}},
      {"rsa_bits below RFC 8301",
       "limits: {rsa_bits: [512, 4096]}\n",
       {"1:21: limits.rsa_bits: \"512\" is not a number of bits from 1024 to 16384"}},
      {"rsa_bits in the wrong order",
       "limits: {rsa_bits: [4096, 1024]}\n",
       {"1:20: limits.rsa_bits: must be two numbers, the least and the most, such as [1024, 4096]"}},
      {"rsa_bits alone",
       "limits: {rsa_bits: [2048]}\n",
       {"1:20: limits.rsa_bits: must be two numbers, the least and the most, such as [1024, 4096]"}},
      {"file mode without its 0",
       "socket: {mode: 660}\n",
       {"1:16: socket.mode: \"660\" is not a file mode: write a 0 and three octal digits, such as 0660"}},
      {"file mode that is not octal",
       "socket: {mode: 0680}\n",
       {"1:16: socket.mode: \"0680\" is not a file mode: write a 0 and three octal digits, such as 0660"}},
      // addresses
      {"network",
       "local: {networks: [192.0.2.0/33]}\n",
       {"1:20: local.networks: \"192.0.2.0/33\" is not a network such as 192.0.2.0/24 or \"2001:db8::/32\": not a "
        "prefix length"}},
      {"server",
       "dns: {forward: [dns.example.net]}\n",
       {"1:17: dns.forward: \"dns.example.net\" is not a server such as 192.0.2.53 or 192.0.2.53@5353: not an IPv4 "
        "address"}},
      {"one server without list",
       "dns: {forward: 192.0.2.53}\n",
       {"1:16: dns.forward: must be a list, such as [192.0.2.53], or the word resolv.conf"}},
      {"Postfix's notation",
       "listen: inet:127.0.0.1:8893\n",
       {"1:9: listen: \"inet:127.0.0.1:8893\" is Postfix's notation: write inet:8893@127.0.0.1"}},
      {"relative path",
       "control: unix:control.sock\n",
       {"1:10: control: \"unix:control.sock\" needs an absolute path, such as unix:/run/assay/assay.sock"}},
      {"comparison that is neither true nor false",
       "dmarc: {compare_psl: yes}\n",
       {"1:22: dmarc.compare_psl: \"yes\" is not true or false"}},
      {"unknown key of dmarc",
       "dmarc: {compare_pls: true}\n",
       {"1:9: dmarc.compare_pls: unknown key; did you mean \"compare_psl\"?"}},
      {"metrics as a text",
       "metrics: 127.0.0.1:9893\n",
       {"1:10: metrics: \"127.0.0.1:9893\" is not a map: write {listen: ADDRESS:PORT}, or off"}},
      {"metrics without port",
       "metrics: {listen: 127.0.0.1}\n",
       {"1:19: metrics.listen: \"127.0.0.1\" needs an address and a port from 1 to 65535, such as 127.0.0.1:9893, or "
        "off"}},
      {"sealer",
       "arc: {trusted_sealers: [a..b]}\n",
       {"1:25: arc.trusted_sealers: \"a..b\" is not a domain such as example.com: an empty label in a domain "
        "name"}},
      {"authserv_id",
       "authserv_id: mx example\n",
       {"1:14: authserv_id: \"mx example\" is not a host name such as mx.example.net"}},
      // quarantine and rules
      {"redirect without address",
       "policy:\n  quarantine:\n    how: redirect\n",
       {"3:5: policy.quarantine.to: is needed for how: redirect: write the address, to: ADDRESS"}},
      {"address without redirect",
       "policy: {quarantine: {to: a@example.net}}\n",
       {"1:23: policy.quarantine.to: goes with how: redirect alone: remove it, or change how"}},
      {"bad address",
       "policy: {quarantine: {how: redirect, to: nobody}}\n",
       {"1:42: policy.quarantine.to: \"nobody\" is not one mail address, such as quarantine@example.net"}},
      {"forging field",
       "policy: {quarantine: {name: Authentication-Results}}\n",
       {"1:29: policy.quarantine.name: \"Authentication-Results\" is a field with a meaning of its own: choose "
        "another, "
        "such as X-Spam-Flag"}},
      {"path with a control character",
       "dns: {zones: [\"a\\x01\"]}\n",
       {"1:15: dns.zones: \"a\\x01\" has a control character in it"}},
      {"value with a line end",
       "policy: {quarantine: {value: \"a\\r\\nb\"}}\n",
       {"1:30: policy.quarantine.value: \"a\\x0D\\x0Ab\" may hold printable ASCII alone"}},
      {"rules",
       "policy:\n  rules:\n    partner: {when: {}, then: accept}\n",
       {"3:5: policy.rules: must be a list: begin each rule with a dash, \"- name: NAME\""}},
      {"discard that is not allowed",
       "policy: {bad_from: discard, published: {none: discard}}\n",
       {"1:10: policy.bad_from: discard needs policy.allow_discard: true, since it loses mail",
        "1:41: policy.published.none: discard needs policy.allow_discard: true, since it loses mail"}},
      // YAML
      {"anchor and alias",
       "authserv_id: &a mx\nauthserv_aliases: [*a]\n",
       {"1:14: anchors are not supported: remove it, or quote a text that begins with &",
        "2:20: aliases are not supported: write the value out, or quote a text that begins with *"}},
      {"a text that begins with *",
       "arc: {trusted_sealers: [*.example.org]}\n",
       {"1:25: not valid YAML: aliases are not supported: write the value out, or quote a text that begins with *"}},
      {"tag", "mode: !!str monitor\n", {"1:7: tags are not supported: remove it, or quote a text that begins with !"}},
      {"unclosed quote",
       "authserv_id: \"mx\nmode: monitor\n",
       {"1:14: this quoted text does not end on its line: close the quote"}},
      {"unclosed quote in the last line",
       "authserv_id: 'mx",
       {"1:14: this quoted text does not end on its line: close the quote"}},
      {"unclosed brace",
       "dns: {timeout: 5s\nmode: monitor\n",
       {"2:5: not valid YAML: a { above is not closed, or a comma is missing before this"}},
      {"unclosed bracket",
       "authserv_aliases: [a\n",
       {"3:1: not valid YAML: a [ above is not closed, or a comma is missing before this"}},
      {"stray bracket", "mode: monitor\n]\n", {"2:1: not valid YAML: a ] or } that nothing above opens"}},
      {"stray comma", ",\nmode: monitor\n", {"1:1: this belongs to no key: remove it"}},
      {"second document",
       "mode: monitor\n---\nmode: enforce\n",
       {"2:1: a second document begins here, and only one is read: remove it"}},
      {"directive",
       "%YAML 1.2\n---\nmode: monitor\n",
       {"1:1: a line that begins with % is a YAML directive, which nothing here needs: remove it"}},
      {"tab", "dns:\n\ttimeout: 5s\n", {"2:1: a tab in the indentation: use spaces"}},
      {"wrong indentation",
       "dns:\n  timeout: 5s\n dnssec: on\n",
       {"3:2: not valid YAML: this line does not fit the keys above: check its indentation and the line before"}},
      {"second colon",
       "listen: inet: 8893\n",
       {"1:13: not valid YAML: a colon that no key can stand before: check the indentation, or quote the text"}},
      {"reserved character",
       "authserv_id: @mx\n",
       {"1:14: not valid YAML: a text that begins with this character must be quoted"}},
      {"no key", ": monitor\n", {"1:1: a key is missing here: write a word before the colon"}},
      {"list as a key", "? [a]\n: b\n", {"1:3: a key is missing here: write a word before the colon"}},
      {"control character",
       std::string("mode: monitor\nlisten: a\x04\n"),
       {"2:10: control character \\x04: the file must be plain UTF-8 text"}},
      {"NUL",
       std::string("mode\0: monitor\n", 15),
       {"1:5: control character \\x00: the file must be plain UTF-8 text"}},
      {"not UTF-8", "mode: monitor\n# caf\xe9\n", {"2:1: this line is not valid UTF-8: save the file as UTF-8 text"}},
      {"Windows line ends",
       "mode: monitor\r\nlog:\r\n  level: wran\r\n",
       {"3:10: log.level: \"wran\" is not debug, info, warn or error; did you mean \"warn\"?"}},
  };
  return table;
}

std::vector<std::string> lines(const Loaded& loaded) {
  std::vector<std::string> result;
  if (!loaded) {
    for (const Problem& problem : loaded.error()) {
      result.push_back(to_string(problem));
    }
  }
  return result;
}

}  // namespace

TEST_CASE("config/load: every mistake is told with its place and its cure", "[config][load][golden]") {
  for (const Row& row : rows()) {
    DYNAMIC_SECTION(row.name) {
      std::vector<std::string> expected;
      for (const std::string& line : row.expected) {
        expected.push_back("bad.yaml:" + line);
      }
      CHECK(lines(load_text(row.text, "bad.yaml", "mx.example.net")) == expected);
    }
  }
}

TEST_CASE("config/load: hostile text is quoted on one line, and not at length", "[config][load]") {
  const auto found = lines(load_text("mode: \"" + std::string(5000, 'x') + "\\n\"\n\"a\\nb\": 1\n", "f", "mx"));
  REQUIRE(found.size() == 2);
  for (const std::string& line : found) {
    CHECK(line.find('\n') == std::string::npos);
    CHECK(line.size() < 400);
  }
}

TEST_CASE("config/load: the number of problems is bounded", "[config][load][bounds]") {
  const auto load_bad = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += "bad" + std::to_string(i) + ": 1\n";
    }
    return lines(load_text(text, "f", "mx"));
  };
  CHECK(load_bad(kMaxFindings - 1).size() == kMaxFindings - 1);
  const auto most = load_bad(kMaxFindings + 1);
  REQUIRE(most.size() == kMaxFindings + 1);
  CHECK(most.back() == "f: there may be more problems than the 100 above");
}

TEST_CASE("config/node: nesting is bounded", "[config][node][bounds]") {
  const auto nested = [](std::size_t depth) {
    return "a: " + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "\n";
  };
  CHECK(read_yaml(nested(kMaxConfigDepth)));
  const auto refused = read_yaml(nested(kMaxConfigDepth + 1));
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().size() == 1);
  CHECK(refused.error()[0].message == "nested deeper than 40 levels: nothing here needs that");
}

TEST_CASE("config/node: the keys of one map are bounded", "[config][node][bounds]") {
  const auto keys = [](std::size_t count) {
    std::string text = "limits:\n";
    for (std::size_t i = 0; i < count; ++i) {
      text += "  k" + std::to_string(i) + ": 1\n";
    }
    return text;
  };
  CHECK(read_yaml(keys(kMaxMapKeys)));
  // Far beyond the bound as well: nothing behind it is read.
  for (const std::size_t count : {kMaxMapKeys + 1, 100 * kMaxMapKeys}) {
    const auto refused = read_yaml(keys(count));
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error().size() == 1);
    CHECK(refused.error()[0].message == "more than 200 keys in one map: nothing here needs that");
    CHECK(refused.error()[0].mark.line == static_cast<int>(kMaxMapKeys) + 2);
  }
}

TEST_CASE("config/node: keys, values and places are kept as written", "[config][node]") {
  const auto root = read_yaml("a: 0660\n'b c': [on, ~, \"\", {d: e}]\na: 2\n");
  REQUIRE(root);
  REQUIRE(root->kind == YamlNode::Kind::Map);
  REQUIRE(root->keys.size() == 3);
  CHECK(root->keys[0].text == "a");
  CHECK(root->items[0].text == "0660");
  CHECK(root->keys[1].text == "b c");
  CHECK(root->keys[2].text == "a");
  CHECK(root->keys[2].mark.line == 3);
  CHECK(root->items[2].mark.column == 4);
  const YamlNode& list = root->items[1];
  REQUIRE(list.kind == YamlNode::Kind::List);
  REQUIRE(list.items.size() == 4);
  CHECK(list.items[0].text == "on");
  CHECK(list.items[1].kind == YamlNode::Kind::Null);
  CHECK(list.items[2].kind == YamlNode::Kind::Scalar);
  CHECK(list.items[3].kind == YamlNode::Kind::Map);
}

}  // namespace assay::config
