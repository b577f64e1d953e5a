#!/usr/bin/python3
"""Each allocation, each hash, each signature check of a message fails once, or all from one on: that costs the message, never the
daemon or the next message, and never makes a verdict that is not the message's."""

import collections
import contextlib
import socket
import tempfile
import time
import unittest

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

    def test_each_hash_and_each_signature_check(self):
        for kind in ("digest", "signature"):
            with self.subTest(kind):
                self.sweep(kind, "pass-ed25519-rsa")


if __name__ == "__main__":
    unittest.main()
