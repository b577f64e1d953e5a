#!/usr/bin/python3
"""Reload and drain under load: no message is lost, none passes unverified, none is judged half by one file and half by another."""

import collections
import contextlib
import os
import pathlib
import signal
import subprocess
import unittest

import daemon
import milter
import samples

CONNECTIONS = 4
QUARANTINED = next(entry for entry in samples.load() if entry["name"] == "fail-quarantine")


def start_load(running, messages):
    """assay-mta sending the quarantined sample; its lines say what became of each."""
    command = [daemon.BIN / "assay-mta", "--socket", running.socket, "--brief", "--repeat", str(messages), "--connections",
               str(CONNECTIONS), "--per-connection", "50", *samples.envelope_options(QUARANTINED), QUARANTINED["path"]]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


class Reload(unittest.TestCase):
    MESSAGES = 2000
    RELOADS = 20

    @staticmethod
    def settings(letter):
        return {"settings": f"policy: {{quarantine: {{how: header, name: X-Spam-Flag, value: {letter.upper()}}}}}\n",
                "authserv_id": f"{letter}.example"}

    def test_every_message_belongs_to_one_file(self):
        with daemon.Daemon(**self.settings("a")) as running:
            load = start_load(running, self.MESSAGES)
            lines, reloads = [], 0
            for line in load.stdout:
                lines.append(tuple(sorted(line.split())))
                # The signals are spread over the load by counting its answers.
                if reloads < self.RELOADS and len(lines) >= (reloads + 1) * self.MESSAGES // (self.RELOADS + 2):
                    reloads += 1
                    running.write_config(**self.settings("ba"[reloads % 2 - 1]))
                    running.reload()
                    daemon.until(lambda: sum("in force" in text for text in running.messages()) == reloads, what=f"reload {reloads}")
            load.stdout.close()
            self.assertEqual(load.wait(60), 0)
            self.assertEqual(reloads, self.RELOADS)
            # The load may be through before its answers are read and the last signal is sent.
            after = start_load(running, 20)
            lines += [tuple(sorted(line.split())) for line in after.stdout]
            after.stdout.close()
            self.assertEqual(after.wait(60), 0)

            of = {letter: tuple(sorted(["accept", f"authserv={letter}.example", f"added=X-Spam-Flag:{letter.upper()}"])) for letter in "ab"}
            counted = collections.Counter(lines)
            self.assertEqual(set(counted), set(of.values()), counted)
            self.assertEqual(sum(counted.values()), self.MESSAGES + 20)
            self.assertEqual(lines[-1], of["a"], "the last message shows the last file")

            # A file that is wrong changes nothing, and the log says where it is wrong.
            running.config.write_text(running.config_text(**self.settings("b")) + "no_such_key: 1\n")
            running.reload()
            refused = daemon.until(lambda: running.messages("error"), what="the refusal")
            self.assertTrue(any("no_such_key" in text for text in refused), refused)
            result = samples.send(daemon.BIN / "assay-mta", running.socket, QUARANTINED)
            self.assertEqual(samples.fields(result, "X-Spam-Flag"), [" A"])
            running.assert_sound(self)


class Resolver(unittest.TestCase):
    def test_a_replaced_one_goes(self):
        def settings(timeout):
            # The control socket has an eventfd, too.
            return f"control: 'off'\ndns: {{forward: ['127.0.0.1@{daemon.free_port()}'], timeout: {timeout}}}\n"

        def resolvers():
            """Each has one eventfd, and nothing else has."""
            links = []
            for path in pathlib.Path(f"/proc/{running.pid}/fd").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    links.append(str(path.readlink()))
            return links.count("anon_inode:[eventfd]")

        with daemon.Daemon(settings("1s")) as running:
            self.assertEqual(resolvers(), 1)
            for number in range(2, 5):
                running.write_config(settings(f"{number}s"))
                running.reload()
                daemon.until(lambda: sum("in force" in text for text in running.messages()) == number - 1, what=f"reload {number - 1}")
            daemon.until(lambda: resolvers() == 1, what="the end of the resolvers that were replaced")
            running.assert_sound(self)


class DropIns(unittest.TestCase):
    """Files laid over the configuration, and lists of names beside it."""

    RULE = ("policy: {rules: [{name: partners, when: {from_domain: '@names'}, "
            "then: {quarantine: {how: header, name: X-Partner, value: seen}}}]}\n")

    def setUp(self):
        self.running = daemon.Daemon()
        self.addCleanup(self.running.stop)
        self.folder = self.running.folder / "assay.d"
        self.folder.mkdir()

    def reload(self):
        """A reload that shall succeed."""
        before = len(self.running.messages("info"))
        self.running.reload()
        daemon.until(lambda: any("in force" in text for text in self.running.messages("info")[before:]), what="the reload")

    def refuse(self, *why):
        """A reload that shall change nothing, and say why in one line of the log."""
        before = len(self.running.messages("error"))
        self.running.reload()
        daemon.until(lambda: any(all(word in text for word in why) for text in self.running.messages("error")[before:]), what=f"{why}")

    def settings(self):
        """The fingerprint in the record of one more message, and what became of that."""
        before = len(self.running.records())
        result = samples.send(daemon.BIN / "assay-mta", self.running.socket, QUARANTINED)
        record = daemon.until(lambda: self.running.records()[before:], what="the record")[0]
        return record["settings"], samples.fields(result, "X-Spam-Flag")

    def test_a_good_one_counts_and_a_bad_one_changes_nothing(self):
        first, fields = self.settings()
        self.assertEqual(fields, [" YES"])
        (self.folder / "10-flag.yaml").write_text("policy: {quarantine: {value: HELD}}\n")
        self.reload()
        second, fields = self.settings()
        self.assertEqual(fields, [" HELD"])
        self.assertNotEqual(first, second)

        bad = self.folder / "20-bad.yaml"
        bad.write_text("policy:\n  quarantine:\n    valu: X\n")
        self.refuse(f"{bad}:3:5: policy.quarantine.valu: unknown key")
        self.assertEqual(self.settings(), (second, [" HELD"]))

        # A link to nothing is what a file is that vanishes between the listing and the reading.
        bad.unlink()
        bad.symlink_to("nowhere")
        self.refuse(f"{bad}: cannot be read")
        self.assertEqual(self.settings(), (second, [" HELD"]))

        bad.unlink()
        (self.folder / "10-flag.yaml").unlink()
        self.reload()
        self.assertEqual(self.settings(), (first, [" YES"]))
        self.running.assert_sound(self)

    def test_a_changed_file_of_names_changes_the_fingerprint(self):
        names = self.folder / "names"
        names.write_text("somewhere.example\n")
        (self.folder / "10-rules.yaml").write_text(self.RULE)
        self.reload()
        first, _ = self.settings()
        names.write_text("somewhere.example\nelsewhere.example\n")
        self.reload()
        second, _ = self.settings()
        self.assertNotEqual(first, second)
        names.unlink()
        self.refuse("10-rules.yaml:1:", f"{names} cannot be read")
        self.assertEqual(self.settings()[0], second)
        self.running.assert_sound(self)


class Hangup(unittest.TestCase):
    """SIGHUP, by which libmilter would stop in mid-message."""

    def test_it_reloads_and_a_message_in_flight_goes_on(self):
        with daemon.Daemon(authserv_id="a.example") as running, milter.Milter(running.port) as connection:
            connection.connect(b"192.0.2.10")
            connection.mail(b"office@plain.example")
            connection.rcpt()
            running.write_config(authserv_id="b.example")
            for _ in range(5):
                os.kill(running.pid, signal.SIGHUP)
            daemon.until(lambda: any("is in force" in text for text in running.messages()), what="the reload")
            connection.headers((b"From", b" office@plain.example"))
            first = connection.end()
            self.assertTrue(first.inserted(b"Authentication-Results")[0].startswith(b" a.example;"), first.edits)
            second = connection.message([(b"From", b" office@plain.example")])
            self.assertTrue(second.inserted(b"Authentication-Results")[0].startswith(b" b.example;"), second.edits)
            running.assert_sound(self)

    def test_it_does_not_cut_a_drain_short(self):
        with daemon.Daemon() as running, milter.Milter(running.port) as slow:
            slow.connect(b"192.0.2.10")
            slow.mail(b"office@plain.example")
            slow.rcpt()
            running.drain()
            daemon.until(lambda: any("draining" in text for text in running.messages()), what="the drain")
            for end in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP):
                os.kill(running.pid, end)
            slow.headers((b"From", b" office@plain.example"))
            self.assertTrue(slow.end().is_continue)
            self.assertEqual(running.wait(), 0)


class Drain(unittest.TestCase):
    MESSAGES = 4000
    BEFORE = 300

    def test_under_load_every_message_is_verified_or_deferred(self):
        with daemon.Daemon() as running:
            load = start_load(running, self.MESSAGES)
            lines = []
            for line in load.stdout:
                lines.append(line.rstrip("\n"))
                if len(lines) == self.BEFORE:
                    running.drain()
            load.stdout.close()
            load.wait(60)
            self.assertEqual(running.wait(), 0)
            counted = collections.Counter(line.split()[0] for line in lines)
            self.assertEqual(len(lines), self.MESSAGES)
            self.assertGreaterEqual(counted["accept"], self.BEFORE)
            for line in lines:
                if line.startswith("accept"):
                    self.assertIn("authserv=mx.example.net", line)
                elif line.startswith("tempfail"):
                    self.assertRegex(line, r"^tempfail 4\d\d ")
                else:
                    # The daemon is gone, and the MTA itself defers; "lost" would be a message that it had taken on.
                    self.assertTrue(line.startswith("unreachable"), line)

    def test_a_message_in_flight_is_finished(self):
        with daemon.Daemon() as running:
            with milter.Milter(running.port) as slow, milter.Milter(running.port) as idle:
                slow.connect(b"192.0.2.10")
                slow.mail(b"office@reject.example")
                slow.rcpt()
                slow.headers((b"From", b" office@reject.example"))
                idle.connect()
                running.drain()
                daemon.until(lambda: any("draining" in text for text in running.messages()), what="the drain")
                answer = idle.mail()
                self.assertIn(answer.text[:3], (b"421", b"451"))
                with milter.Milter(running.port) as late:
                    late.connect()
                    self.assertIn(late.mail().text[:3], (b"421", b"451"))
                self.assertTrue(running.is_running())
                slow.body(b"x\r\n")
                answer = slow.end()
                self.assertTrue(answer.is_continue, answer.text)
                self.assertEqual(len(answer.inserted(b"Authentication-Results")), 1)
            self.assertEqual(running.wait(), 0)

    def test_a_message_that_never_ends_is_given_up_after_stop_timeout(self):
        with daemon.Daemon("stop_timeout: 1s\n") as running, milter.Milter(running.port) as stuck:
            stuck.connect()
            stuck.mail()
            running.drain()
            self.assertEqual(running.wait(15), 0)
            # The connection is cut: the MTA's default action applies, nothing was answered.
            with self.assertRaises(milter.Lost):
                stuck.message([(b"From", b" a@plain.example")])


if __name__ == "__main__":
    unittest.main()
