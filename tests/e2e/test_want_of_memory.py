#!/usr/bin/python3
"""Each allocation, each hash, each signature check of a message fails once, or all from one on: that costs the message, never the
daemon or the next message, and never makes a verdict that is not the message's."""

import collections
import contextlib
import json
import re
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import daemon
import delivered
import faults
import milter
import samples

ENTRIES = {entry["name"]: entry for entry in samples.load()}
# Without it a DNS answer that finds no memory would be the temporary error that it is, and accepted as such.
SETTINGS = "policy: {temperror: tempfail}\nlog: {format: text, target: stderr}\n"


class WantOfMemory(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not faults.LIBRARY.is_file():
            daemon.skip("no library that makes calls fail: a build with sanitizers has none")

    def outcome(self, name):
        """What the MTA hears of a sample; "lost" if the connection is."""
        entry = ENTRIES[name]
        fields, body = delivered.parse(entry["path"].read_bytes().replace(b"\r\n", b"\n"))
        try:
            with milter.Milter(self.running.port, timeout=self.patience) as connection:
                connection.connect(entry["client_ip"].encode())
                connection.helo(entry["helo"].encode())
                answer = connection.message(fields, body.replace(b"\n", b"\r\n"), mail_from=entry["mail_from"].encode(),
                                            queue_id=b"Q", rcpt=entry["rcpt"][0].encode())
        except (milter.Lost, ConnectionError, TimeoutError):
            return "lost"
        if answer.is_continue:
            stamps = answer.inserted(b"Authentication-Results")
            return "stamped " + " ".join(stamps[0].decode("latin-1").split()) if len(stamps) == 1 else "ACCEPTED UNVERIFIED"
        if answer.kind in (b"y", b"r"):
            # Without memory for the text of a reply the MTA writes its own.
            return "refused" if answer.kind == b"r" or answer.text[:1] == b"5" else "deferred"
        return {b"t": "deferred"}.get(answer.kind, repr(answer.kind))

    def sweep(self, kind, name, *, from_then_on=False, on_new_threads=False):
        with daemon.Daemon(SETTINGS, environment=self.faults.environment) as self.running, contextlib.ExitStack() as stack:
            right = self.outcome(name)
            self.assertEqual(self.outcome(name), right)
            counts = collections.Counter()
            for nth in range(1, 5000):
                if on_new_threads:
                    # Those that wait for work are taken by connections that stand still in mid-packet.
                    for _ in range(2):
                        held = socket.create_connection(("127.0.0.1", self.running.port), 30)
                        stack.enter_context(contextlib.closing(held)).sendall(b"\0")
                        time.sleep(0.02)
                self.faults.arm(kind, nth, from_then_on=from_then_on)
                outcome = self.outcome(name)
                failed = self.faults.disarm()[1]
                where = f"{kind} {nth}{' and all after it' if from_then_on else ''}, {name}"
                self.assertTrue(self.running.is_running(), where)
                self.assertIn(outcome, (right, "deferred", "lost"), where)
                after = self.outcome(name)
                if on_new_threads and after == "lost":
                    # libmilter gave it to a thread that already had one that stands still; the next finds another.
                    after = self.outcome(name)
                self.assertEqual(after, right, f"the message after {where}")
                counts["right" if outcome == right else outcome] += 1
                if failed == 0:
                    break
            self.assertEqual(failed, 0, "the sweep did not come to an end")
            how = ("and all after it" if from_then_on else "alone") + (", new threads" if on_new_threads else "")
            print(f"{kind:9} n-th call {how:29} n = 1..{nth:4}  {name:18} {dict(counts)}", flush=True)
            self.assertGreater(counts["deferred"], 0)
            if not from_then_on:  # Else there is no memory for a record either.
                self.assertIn("rule=internal_error", self.running.errors.read_text())

    def setUp(self):
        self.patience = 60
        self.faults = faults.Faults(self.enterContext(tempfile.TemporaryDirectory(prefix="assay-faults-")))

    def test_each_allocation_once(self):
        for name in ("pass-ed25519-rsa", "arc-pass-dkim-pass", "fail-reject", "list-footer"):
            with self.subTest(name):
                self.sweep("memory", name)

    def test_all_allocations_from_one_on(self):
        for name in ("pass-ed25519-rsa", "fail-reject"):
            with self.subTest(name):
                self.sweep("memory", name, from_then_on=True)

    def test_all_allocations_on_a_thread_that_is_new(self):
        # A connection that libmilter has no memory to make a thread for stands still until the MTA gives up.
        self.patience = 3
        self.sweep("memory", "pass-ed25519-rsa", from_then_on=True, on_new_threads=True)

    def test_a_reload(self):
        """One allocation of it fails. Whatever comes of that, the status and the metrics say the same, and the next one is done."""
        port = daemon.free_port()
        # No zone file, with which ldns itself ends the process for want of memory.
        settings = SETTINGS + f"metrics: {{listen: '127.0.0.1:{port}'}}\ndns: {{forward: ['127.0.0.1@{daemon.free_port()}']}}\n"

        def series(name):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                return {label: float(value) for label, value in re.findall(rf'^{name}{{\w+="(\w+)"}} (\S+)$', answer.read().decode(), re.M)}

        def reload(nth):
            """Its outcome, and how many allocations there were."""
            self.running.write_config(settings, authserv_id=f"{nth}.example")
            self.faults.arm("memory", nth)
            self.running.reload()
            calls = 0
            while calls == 0 or self.faults.calls != calls:
                calls = self.faults.calls
                time.sleep(0.1)
            self.faults.disarm()
            self.assertTrue(self.running.is_running(), f"{nth}: {self.running.errors.read_text()}")
            outcome, = (outcome for outcome, value in series("assay_last_reload").items() if value)
            # Its exit status is 1 as well where the line that failed was one of the log.
            asked = subprocess.run([daemon.BIN / "assay", "status", "--json", "--socket", self.running.folder / "control.sock"],
                                   capture_output=True, check=False, timeout=60)
            status = json.loads(asked.stdout)
            self.assertEqual((status["reload"]["outcome"], series("assay_configuration_info")),
                             (outcome, {status["configuration"]["settings"]: 1}), nth)
            return outcome, calls

        with daemon.Daemon(settings, environment=self.faults.environment) as self.running:
            counts = collections.Counter()
            outcome, most = reload(10**9)
            self.assertEqual(outcome, "done")
            steps = sorted({*range(1, 9), *(most * step // 40 for step in range(1, 40)), *range(most - 25, most + 1)})
            for nth in steps:
                counts[reload(nth)[0]] += 1
            print(f"a reload of {most} allocations of which one of {len(steps)} fails: {dict(counts)}", flush=True)
            self.assertGreater(counts["failed"], 0)
            self.assertEqual(sum(series("assay_reloads_total").values()), len(steps) + 1)
            self.assertEqual(reload(10**9)[0], "done")

    def test_each_hash_and_each_signature_check(self):
        for kind in ("digest", "signature"):
            with self.subTest(kind):
                self.sweep(kind, "pass-ed25519-rsa")


if __name__ == "__main__":
    unittest.main()
