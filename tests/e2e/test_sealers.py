#!/usr/bin/python3
"""Trusted ARC sealers: the daemon and `assay verify` let a list's sealed mail in, and not what a stranger sealed before it."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import daemon
import samples

BOTH = "arc: {trusted_sealers: [lists.example.org, relay.example.net]}\n"
RELAY = "arc: {trusted_sealers: [relay.example.net]}\n"
# Milder than the p=reject of the author's domain: reports want the reason (RFC 9990), which is the evidence found.
QUARANTINED = ("quarantine", "policy.indirect", "indirect: arc_origin")

# What must become of each sample under which configuration: action, rule, comment of the override.
CASES = [
    # Both hops are trusted, and the list found dmarc=pass.
    (BOTH, "arc-two-hops", ("accept", "arc.trusted_sealers",
                            "arc=pass as[2].d=relay.example.net as[2].s=arc as[1].d=lists.example.org as[1].s=arc")),
    # The relay changed nothing (oldest-pass 0), so the list would have to be trusted, too.
    (RELAY, "arc-two-hops", QUARANTINED),
    # A trusted list sealed it last, but the claim of dmarc=pass is the forger's.
    (BOTH, "arc-stranger-first", QUARANTINED),
    (BOTH, "arc-broken", ("reject", "policy.published.reject", None)),
    (BOTH, "arc-pass-dkim-pass", ("accept", "default", None)),
    (BOTH, "fail-reject", ("reject", "policy.published.reject", None)),
]


def decision(record):
    override = record["decision"]["override"]
    if override:
        assert override["type"] == "local_policy", override
    return record["decision"]["action"], record["decision"]["rule"], override and override["comment"]


class Sealers(unittest.TestCase):
    maxDiff = None

    def test_daemon_and_command_line(self):
        entries = {entry["name"]: entry for entry in samples.load()}
        for settings in (BOTH, RELAY):
            running = daemon.Daemon(settings)
            self.addCleanup(running.stop)
            for _, name, expected in (case for case in CASES if case[0] == settings):
                with self.subTest(name, settings=settings):
                    entry = entries[name]
                    result = samples.send(daemon.BIN / "assay-mta", running.socket, entry)
                    record = running.record_of(name)
                    self.assertEqual(decision(record), expected)
                    stamp = samples.fields(result, "Authentication-Results")
                    if expected[1] == "arc.trusted_sealers":
                        # DMARC still fails, and the comment says who overrode it.
                        self.assertRegex(stamp[0], r"dmarc=fail[^;]*")
                        self.assertIn("arc.trusted_sealers", stamp[0])
                        self.assertEqual(samples.fields(result, "X-Spam-Flag"), [])
                    self.assertEqual(decision(self.verify(entry, settings)), expected)

    def verify(self, entry, settings):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "assay.yaml"
            path.write_text("authserv_id: mx.example.net\n" + settings, encoding="utf-8")
            done = subprocess.run([daemon.BIN / "assay", "verify", "--json", "--config", path, "--zone", samples.ZONE,
                                   *samples.envelope_options(entry), entry["path"]],
                                  capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)


if __name__ == "__main__":
    unittest.main()
