#!/usr/bin/python3
"""The JSON Schema of `assay config schema`, judged by a validator that others wrote, beside `assay config check`.

Usage: test_schema.py ASSAY. Exit status 77 without the Debian packages python3-jsonschema and python3-yaml."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

ASSAY = ""


class Yaml12(yaml.SafeLoader):
    """YAML with the core schema of version 1.2, as editors read it: off and YES are texts, 0660 is decimal."""


Yaml12.yaml_implicit_resolvers = {}
for tag, pattern, first in (("bool", "true|True|TRUE|false|False|FALSE", "tTfF"), ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
                            ("int", "[-+]?[0-9]+", "-+0123456789")):
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
Yaml12.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node), 10))

# For each key: what both must take, and what both must refuse. A row for every key of the schema.
VALUES = {
    "authserv_id": (["mx.example.org", "MX"], ["mx example", "[mx.example.org]", '""']),
    "authserv_aliases": (["[a.example, b]", "[]"], ["a.example", '["a b"]', "{a: b}"]),
    "listen": (["inet:8893", "'inet6:1@[::1]'", "unix:/run/x", "local:/x", "/x", "fd:3", "INET:1@localhost"],
               ["tcp:1", "8893", "inet:x", "unix:run/x", "fd:x", "inet:127.0.0.1:8893"]),
    "socket": (["{mode: 0600}"], ["0660", "{owner: root}", "[]"]),
    "socket.mode": (["0600", '"0600"'], ["rw", '"660"', "0888x", "07777"]),
    "socket.group": (["postfix", "off", '"off"', "_x"], ["a b", "-x", "[postfix]"]),
    "mode": (["monitor"], ["monitr", "on", "Monitor", "~"]),
    "dns": (["{timeout: 1s}"], ["off", "{servers: []}"]),
    "dns.forward": (["[]", "[192.0.2.1, '2001:db8::1@5353']", "resolv.conf"], ["resolv", "[dns.example]", "192.0.2.1"]),
    "dns.timeout": (["750ms", "10ms", "1m"], ["5", "5 s", "5sec", "-1s", "1.5s"]),
    "dns.message_deadline": (["4m"], ["20", "20seconds"]),
    "dns.dnssec": (["on", "off", '"on"'], ["maybe", "enabled", "[on]"]),
    "dns.cache": (["1MiB", "1GiB"], ["16", "16M", "1048575", "off"]),
    "dns.zones": (["[a.zone, /b]"], ["a.zone", '[""]', "[[a.zone]]"]),
    "local": (["{networks: []}"], ["[127.0.0.0/8]", "{nets: []}"]),
    "local.networks": (["[192.0.2.0/24, '::1']", "[]"], ["192.0.2.0/24", "[localhost]", "['192.0.2.0/24 ']"]),
    "local.authenticated": (["verify"], ["trust", "on"]),
    "local.trusted_authserv": (["['2001:db8::/32']"], ["all", "[mx.example.net]"]),
    "local.domains": (["[example.net, '*.example.org']", "[]"], ["example.net", "['a b']"]),
    "arc": (["{trusted_sealers: []}"], ["lists.example.org", "{sealers: []}"]),
    "arc.trusted_sealers": (["[lists.example.org]"], ["lists.example.org", "['a b']"]),
    "dmarc": (["{compare_psl: true}"], ["on", "{psl: true}"]),
    "dmarc.compare_psl": (["true", "false"], ["maybe", "1"]),
    "limits": (["{signatures: 1}"], ["8", "{signature: 8}"]),
    "limits.messages": (["1", "100000"], ["0", "100001", "off"]),
    "limits.signatures": (["1", "50"], ["0", "51", "many", "-1", "1.5"]),
    "limits.arc_sets": (["1", "50"], ["0", "51"]),
    "limits.header_bytes": (["1024B", "16MiB"], ["1048576", "1MB", "1 MiB"]),
    "limits.author_domains": (["1", "100"], ["0", "101"]),
    "limits.rsa_bits": (["[1024, 16384]", "[2048, 2048]"], ["2048", "[1023, 4096]", "[1024, 16385]", "[1024]", "[1024, 2048, 4096]"]),
    "limits.exceeded": (["tempfail", "accept"], ["quarantine", "drop"]),
    "policy": (["{indirect: accept}"], ["reject", "{on_fail: reject}"]),
    "policy.published": (["{none: quarantine}"], ["reject", "{p: reject}"]),
    "policy.published.reject": (["tempfail"], ["bounce"]),
    "policy.published.quarantine": (["accept"], ["spam"]),
    "policy.published.none": (["reject"], ["ignore"]),
    "policy.indirect": (["accept"], ["allow"]),
    "policy.temperror": (["tempfail"], ["reject", "defer"]),
    "policy.bad_from": (["accept"], ["allow"]),
    "policy.quarantine": (["{how: hold}"], ["hold", "{where: hold}"]),
    "policy.quarantine.how": (["hold", "reject"], ["folder"]),
    "policy.quarantine.name": (["X-Held"], ["X Held", '"X:"', '""']),
    "policy.quarantine.value": (["YES", '"by: policy"', "5", "x"], ['""', '" x"', "'\N{LATIN SMALL LETTER E WITH ACUTE}'", "[YES]"]),
    # Only with how: redirect, which the schema cannot tell.
    "policy.quarantine.to": ([], ["nobody", "a@b@c", "[a@example.net]"]),
    "policy.allow_discard": (["true", "false"], ["maybe", "[true]"]),
    "policy.mixed_recipients": (["most_lenient", "strictest"], ["each", "true"]),
    "policy.rules": (["[]"], ["off", "{}"]),
    "log": (["{level: debug}"], ["json", "{file: /x}"]),
    "log.format": (["json"], ["xml"]),
    "log.level": (["debug", "warn"], ["trace", "7"]),
    "log.target": (["syslog", "journald", "/var/log/assay.log"], ["file", "assay.log"]),
    "log.redact": (["local_parts", "off"], ["on", "all"]),
    "log.sample": (["1", "10000"], ["0", "10001"]),
    "metrics": (["off", "{listen: off}"], ["127.0.0.1:9893", "{port: 9893}", "on"]),
    "metrics.listen": (["off", "'[::1]:9893'", "0.0.0.0:1"], ["9893", "localhost:9893", "':9893'"]),
    "control": (["off", "unix:/x"], ["/run/x", "inet:1", "on"]),
    "stop_timeout": (["0s", "10m"], ["30", "30sec"]),
}


# Rules, in a list of one: what both must take, and what both must refuse.
RULES = (
    [
        "{name: a, when: {}, then: reject}",
        "{name: a, when: {from_domain: ['*.example.com'], client_ip: 192.0.2.1}, then: accept}",
        "{name: a, when: {any: [{spf: [fail, none]}, {not: {all: [{dkim: pass}, {tls: true}]}}]}, then: tempfail}",
        "{name: a, when: {tls: TLSv1.3, authenticated: [bob], dkim_testing: false}, then: quarantine}",
        "{name: a, when: {}, then: {reject: {code: 550 5.7.1, text: 'no {rule}'}}, observe: true, expires: '2030-12-31', comment: x}",
        "{name: a, when: {}, then: {quarantine: {how: redirect, to: q@example.net}}}",
        "{name: a, when: {}, then: {continue: {tag: bulk}}}",
        "{name: a, when: {client_ip: 192.0.2.1}, then: {add_header: {name: X-A, value: YES}}, unproven: false}",
    ],
    [
        "accept",
        "{when: {}, then: reject}",
        "{name: a, then: reject}",
        "{name: a, when: {}}",
        "{name: a, when: {}, then: reject, if: {}}",
        "{name: a, when: [], then: reject}",
        "{name: a, when: {domain: example.com}, then: reject}",
        "{name: a, when: {spf: passed}, then: reject}",
        "{name: a, when: {any: {spf: pass}}, then: reject}",
        "{name: a, when: {not: {any: [{spf: passed}]}}, then: reject}",
        "{name: a, when: {dkim_testing: maybe}, then: reject}",
        "{name: a, when: {}, then: drop}",
        "{name: a, when: {}, then: [reject]}",
        "{name: a, when: {}, then: continue}",
        "{name: a, when: {}, then: {}}",
        "{name: a, when: {}, then: {reject: {}, tempfail: {}}}",
        "{name: a, when: {}, then: {reject: {how: hold}}}",
        "{name: a, when: {}, then: {quarantine: {how: folder}}}",
        "{name: a, when: {}, then: {add_header: {name: X-A}}}",
        "{name: a, when: {}, then: reject, observe: maybe}",
        "{name: a, when: {}, then: reject, expires: tomorrow}",
    ],
)


def assay(*arguments):
    return subprocess.run([ASSAY, *arguments], capture_output=True, text=True, timeout=60, check=False)


def keys_of(schema, path=""):
    """Every key of the schema by its path, in order."""
    for form in schema.get("anyOf", [schema]):
        for name, below in form.get("properties", {}).items():
            yield path + name
            yield from keys_of(below, path + name + ".")


def configuration(path, value):
    for key in reversed(path.split(".")):
        value = "{" + key + ": " + value + "}"
    return value


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = assay("config", "schema").stdout
        cls.schema = json.loads(cls.text)
        cls.validator = jsonschema.Draft202012Validator(cls.schema)

    def takes(self, text, loader):
        return self.validator.is_valid(yaml.load(text, Loader=loader))

    def loader_takes(self, texts):
        """Whether `assay config check` accepts each."""
        with tempfile.TemporaryDirectory(prefix="assay-schema-") as folder:
            paths = []
            for number, text in enumerate(texts):
                paths.append(pathlib.Path(folder) / f"{number}.yaml")
                paths[-1].write_text(text, encoding="utf-8")
            accepted = assay("config", "check", *map(str, paths)).stdout.splitlines()
        return [f"{path}: ok" in accepted for path in paths]

    def test_schema_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)
        self.assertEqual(self.schema["$schema"], "https://json-schema.org/draft/2020-12/schema")

    def test_example_validates(self):
        for command in ("example", "show"):
            text = assay("config", command).stdout
            for loader in (yaml.SafeLoader, Yaml12):
                with self.subTest(command=command, loader=loader.__name__):
                    self.validator.validate(yaml.load(text, Loader=loader))

    def test_every_key_has_values_here(self):
        self.assertEqual(list(VALUES), list(keys_of(self.schema)))

    def test_right_values(self):
        rows = [(path, value) for path, (right, _) in VALUES.items() for value in right]
        texts = [configuration(path, value) for path, value in rows]
        for (path, value), text, taken in zip(rows, texts, self.loader_takes(texts)):
            with self.subTest(key=path, value=value):
                self.assertTrue(taken, "the loader")
                self.assertTrue(self.takes(text, yaml.SafeLoader), "the schema, YAML 1.1")
                self.assertTrue(self.takes(text, Yaml12), "the schema, YAML 1.2")

    def test_wrong_values(self):
        rows = [(path, value) for path, (_, wrong) in VALUES.items() for value in wrong]
        texts = [configuration(path, value) for path, value in rows]
        for (path, value), text, taken in zip(rows, texts, self.loader_takes(texts)):
            with self.subTest(key=path, value=value):
                self.assertFalse(taken, "the loader")
                self.assertFalse(self.takes(text, Yaml12), "the schema, YAML 1.2")

    def test_rules(self):
        for is_right, rules in zip((True, False), RULES):
            texts = [configuration("policy.rules", f"[{rule}]") for rule in rules]
            for text, taken in zip(texts, self.loader_takes(texts)):
                with self.subTest(text):
                    self.assertEqual(taken, is_right, "the loader")
                    self.assertEqual(self.takes(text, Yaml12), is_right, "the schema")

    def test_examples_of_rules(self):
        reference = assay("config", "reference", "policy.rules").stdout
        texts = []
        for path, example in re.findall(r"^policy\.rules\.([a-z_.]+):.*?\n    Example: (.*?)$", reference, re.M | re.S):
            key, _, below = path.partition(".")
            rule = {"name": "a", "when": "{}", "then": "reject", "unproven": "true"}
            if key == "when" and below:
                rule["when"] = "{" + below + ": " + example + "}"
            elif key == "then" and "." in below:
                continue  # A parameter; that of its action shows some.
            else:
                rule[key] = example
            items = ", ".join(f"{name}: {value}" for name, value in rule.items())
            texts.append("{policy: {allow_discard: true, rules: [{" + items + "}]}}")
        self.assertGreater(len(texts), 30)
        for text, taken in zip(texts, self.loader_takes(texts)):
            with self.subTest(text):
                self.assertTrue(taken, "the loader")
                self.assertTrue(self.takes(text, Yaml12), "the schema")

    def test_unknown_keys(self):
        paths = {path.rpartition(".")[0] for path in VALUES}
        texts = [configuration((path + ".frobnicate").lstrip("."), "1") for path in sorted(paths)]
        for text, taken in zip(texts, self.loader_takes(texts)):
            with self.subTest(text):
                self.assertFalse(taken, "the loader")
                self.assertFalse(self.takes(text, Yaml12), "the schema")


if __name__ == "__main__":
    ASSAY = sys.argv.pop(1)
    unittest.main()
