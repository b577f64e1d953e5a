#!/usr/bin/python3
"""Every sample message through `assay verify` and through the daemon: what is expected, and the same verdict."""

import json
import subprocess
import unittest

import daemon
import samples

# What depends on the message, not on who asked when.
VERDICT = ("spf", "dkim", "arc", "dmarc", "iprev", "indirect", "decision", "dns", "from", "list_id", "resent", "size")


def verdict(record):
    return {key: record[key] for key in VERDICT if key in record}


class Samples(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon.Daemon()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def send(self, entry, name, *more):
        """Sends the entry with assay-mta; returns its result and the daemon's record."""
        result = samples.send(daemon.BIN / "assay-mta", self.daemon.socket, entry, *more, "--queue-id", name)
        return result, self.daemon.record_of(name)

    def test_expected_results(self):
        for entry in samples.load():
            with self.subTest(entry["name"]):
                result, record = self.send(entry, entry["name"])
                expect = entry["expect"]
                reply = record["decision"]["reply"]
                quarantine = record["decision"]["quarantine"]
                found = {
                    "spf": record["spf"]["mailfrom"]["result"],
                    "dkim": [signature["result"] for signature in record["dkim"]],
                    "dmarc": record["dmarc"]["result"],
                    "policy": record["dmarc"]["policy"],
                    "arc": record["arc"]["result"],
                    "action": record["decision"]["action"],
                    "code": reply and reply["code"],
                    "quarantine": quarantine["how"] if isinstance(quarantine, dict) else quarantine,
                    "indirect": record["indirect"],
                }
                self.assertEqual(found, expect)
                self.assertEqual(samples.differences(entry, result), [])

    def test_one_author_domain_and_the_word_dmarc_in_the_refusal(self):
        entry = next(entry for entry in samples.load() if entry["name"] == "fail-reject")
        result, _ = self.send(entry, "refusal")
        self.assertRegex(result["reply"], r"^550 5\.7\.1 .*DMARC.*reject\.example")

    def test_command_line_and_daemon_agree(self):
        for entry in samples.load():
            with self.subTest(entry["name"]):
                _, record = self.send(entry, "agree-" + entry["name"])
                command = [daemon.BIN / "assay", "verify", "--json", "--zone", samples.ZONE, "--client-ip", entry["client_ip"],
                           "--helo", entry["helo"], "--mail-from", entry["mail_from"]]
                for address in entry["rcpt"]:
                    command += ["--rcpt", address]
                done = subprocess.run([*command, entry["path"]], capture_output=True, text=True, check=False, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                alone = json.loads(done.stdout)
                self.assertEqual({key: value for key, value in verdict(record).items() if key in alone}, verdict(alone))

    def test_chunks_of_the_body_make_no_difference(self):
        for entry in samples.load():
            with self.subTest(entry["name"]):
                _, whole = self.send(entry, "whole-" + entry["name"])
                for chunk in (1, 7):
                    name = f"chunk{chunk}-{entry['name']}"
                    result, pieces = self.send(entry, name, "--chunk", str(chunk))
                    # A body that nobody needs is skipped after the first chunk, so its size is not known.
                    ignored = {} if whole["size"] == pieces["size"] else {"size": whole["size"]}
                    self.assertEqual({**verdict(pieces), **ignored}, verdict(whole))
                    self.assertEqual(samples.differences(entry, result), [])

    def test_an_mta_that_offers_nothing_but_changes_of_headers(self):
        # Neither leading space nor skip: the one space of each field is put back, and all of the body comes.
        for entry in samples.load():
            with self.subTest(entry["name"]):
                _, whole = self.send(entry, "all-" + entry["name"])
                result, record = self.send(entry, "old-" + entry["name"], "--steps", "0", "--actions", "0x11")
                self.assertEqual({**verdict(record), "size": whole["size"]}, verdict(whole))
                self.assertEqual(samples.differences(entry, result), [])

    def test_zz_sound(self):
        self.daemon.assert_sound(self)


if __name__ == "__main__":
    unittest.main()
