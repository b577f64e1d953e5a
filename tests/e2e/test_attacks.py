#!/usr/bin/python3
"""Every case of tests/vectors/attacks through `assay verify` and through the daemon: what is expected, the same verdict, and in no
case a pass for somebody else's domain."""

import json
import re
import subprocess
import unittest

import daemon
import samples
from test_samples import verdict

FOLDER = samples.FOLDER.parent / "attacks"
ZONE = FOLDER / "zone"
CASES = json.loads((FOLDER / "attacks.json").read_text(encoding="utf-8"))
# Results of these may pass: the domain that did send the message.
ATTACKERS_OWN = ("attacker.example",)


def outcome(record):
    """What a case expects, as the record has it."""
    return {
        "spf": record["spf"]["mailfrom"]["result"],
        "spf_helo": record["spf"]["helo"]["result"],
        "dkim": [signature["result"] for signature in record["dkim"]],
        "arc": record["arc"]["result"],
        "indirect": record["indirect"],
        "dmarc": record["dmarc"]["result"],
        "reason": record["dmarc"]["reason"],
        "author": record["dmarc"]["domain"],
        "policy": record["dmarc"]["policy"],
        "action": record["decision"]["action"],
        "rule": record["decision"]["rule"],
    }


def passing_authors(stamp):
    """The domains for which a field says dmarc=pass."""
    return re.findall(r"\bdmarc=pass\b[^;]*?\bheader\.from=([^\s;]+)", stamp)


def unfolded(value):
    return " ".join(value.split())


class Attacks(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon.Daemon(zone=(ZONE,))
        cls.sent = {}
        for entry in CASES:
            entry["path"] = FOLDER / entry["file"]
            cls.sent[entry["name"]] = samples.send(daemon.BIN / "assay-mta", cls.daemon.socket, entry)
        daemon.until(lambda: cls.daemon.log_text().count('"queue_id"') >= len(CASES), what="a record of each message")
        cls.records = {record["queue_id"]: record for record in cls.daemon.records()}
        cls.alone = {entry["name"]: cls.verify(entry) for entry in CASES}

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    @staticmethod
    def verify(entry):
        command = [daemon.BIN / "assay", "verify", "--json", "--zone", ZONE, "--client-ip", entry["client_ip"], "--helo", entry["helo"],
                   "--mail-from", entry["mail_from"], entry["path"]]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)

    def expected(self, entry, *, by_daemon):
        expect = dict(entry.get("cut_at_nul", entry["expect"]) if by_daemon else entry["expect"])
        expect.pop("results_kept", None)
        return expect

    def check(self, entry, record, expect):
        self.assertEqual(outcome(record), expect)
        for author in passing_authors(record["authentication_results"]):
            is_expected = expect["dmarc"] == "pass" and author == expect["author"]
            self.assertTrue(is_expected or author.endswith(ATTACKERS_OWN), author)

    def test_command_line(self):
        for entry in CASES:
            with self.subTest(entry["name"], tries=entry["tries"]):
                self.check(entry, self.alone[entry["name"]], self.expected(entry, by_daemon=False))

    def test_daemon(self):
        for entry in CASES:
            with self.subTest(entry["name"], tries=entry["tries"]):
                expect = self.expected(entry, by_daemon=True)
                self.check(entry, self.records[entry["name"]], expect)
                result = self.sent[entry["name"]]
                self.assertEqual(result["disposition"], samples.DISPOSITION[expect["action"]])
                marks = samples.fields(result, "X-Spam-Flag")
                self.assertEqual(marks, [" YES"] if expect["action"] == "quarantine" else [])
                if expect["action"] == "reject":
                    self.assertRegex(result["reply"], r"^550 5\.7\.1 ")

    def test_both_agree(self):
        for entry in CASES:
            if "cut_at_nul" in entry:
                continue  # libmilter ends a value at a NUL.
            with self.subTest(entry["name"]):
                alone = verdict(self.alone[entry["name"]])
                record = verdict(self.records[entry["name"]])
                self.assertEqual({key: record[key] for key in alone}, alone)

    def test_the_field_added(self):
        # RFC 8601 section 2.7: UTF-8 only in internationalized mail. One line of it is the whole field to nobody.
        for entry in CASES:
            stamps = samples.fields(self.sent[entry["name"]], "Authentication-Results")
            with self.subTest(entry["name"]):
                if self.sent[entry["name"]]["disposition"] != "accept":
                    self.assertNotIn("stamp", entry)
                    continue
                stamp = stamps[0].encode("latin-1").decode("utf-8")
                self.assertTrue(stamp.startswith(" mx.example.net;"), stamp)
                self.assertTrue(stamp.isascii() or "SMTPUTF8" in entry["mail_args"], stamp)
                for text in entry.get("stamp", []):
                    self.assertIn(text, re.split(r"[\s;]+", stamp))
                if "results_kept" in entry["expect"]:
                    self.assertEqual(len(stamps) - 1, entry["expect"]["results_kept"], stamps)

    def test_a_refusal_tells_why(self):
        record = next(self.alone[entry["name"]] for entry in CASES if entry["name"] == "refused-03")
        self.assertEqual(record["dmarc"]["detail"], "text behind an address (at octet 23)")

    def test_zz_sound(self):
        self.daemon.assert_sound(self)


if __name__ == "__main__":
    unittest.main()
