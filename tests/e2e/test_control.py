#!/usr/bin/python3
"""The running daemon's view: the control socket, and the verbs of assay that look through it."""

import contextlib
import fcntl
import gzip
import json
import lzma
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest

import daemon
import milter

ZONE = """\
$ORIGIN example.
@                  3600 IN SOA ns hostmaster 1 3600 600 86400 300
_dmarc.strict      3600 IN TXT "v=DMARC1; p=reject"
"""


def run(*arguments, **more):
    return subprocess.run([daemon.BIN / "assay", *arguments], capture_output=True, text=True, check=False, timeout=60, **more)


class Control(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="assay-control-")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        zone = self.scratch / "zone"
        zone.write_text(ZONE, encoding="ascii")
        self.daemon = daemon.Daemon(zone=(zone,))
        self.addCleanup(self.daemon.stop)
        self.socket = str(self.daemon.folder / "control.sock")

    def send(self, *authors):
        """A message of each author, with queue ids that say which; all of them refused or accepted."""
        with milter.Milter(self.daemon.port) as connection:
            connection.connect(b"198.51.100.7")
            connection.helo()
            for number, author in enumerate(authors):
                connection.message([(b"From", b" x@" + author.encode())], mail_from=b"x@elsewhere.example",
                                   queue_id=b"%d%s" % (number, author.split(".")[0].upper().encode()))

    def status(self, expected=0):
        done = run("status", "--socket", self.socket, "--json")
        self.assertEqual(done.returncode, expected, done.stderr)
        return json.loads(done.stdout)

    def ask(self, text):
        """The first line that a request gets from the socket itself."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(20)
            connection.connect(self.socket)
            with contextlib.suppress(BrokenPipeError):  # One client too many is answered before it asks.
                connection.sendall(text)
            return connection.makefile().readline()

    def test_status_counts_what_came_and_tells_of_reloads(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.socket).st_mode), 0o660)
        before = self.status()
        self.assertEqual((before["pid"], before["problems"], before["reload"]), (self.daemon.pid, [], None))
        self.send("plain.example", "strict.example", "strict.example")
        after = self.status()
        self.assertEqual((after["messages"]["accept"]["total"], after["messages"]["reject"]["total"]), (1, 2))
        self.assertEqual((after["dmarc"]["none"]["60s"], after["dmarc"]["fail"]["60s"]), (1, 2))
        self.assertEqual(after["in_flight"], 0)
        shown = run("status", "--socket", f"unix:{self.socket}")
        self.assertIn("accept 1, reject 2", shown.stdout)

        self.daemon.replace_config("listen: nowhere\n")
        self.daemon.reload()
        daemon.until(lambda: any("refused" in text for text in self.daemon.messages()), what="the reload")
        refused = self.status(expected=1)
        self.assertFalse(refused["reload"]["ok"])
        self.assertEqual(refused["configuration"]["settings"], before["configuration"]["settings"])
        self.assertIn("listen", refused["problems"][0])
        text = self.daemon.config_text("mode: monitor\ncontrol: 'off'\n")
        self.daemon.replace_config(re.sub(r"(?m)^listen: .*", "listen: inet:1@127.0.0.1", text))
        self.daemon.reload()
        daemon.until(lambda: any("is in force" in text for text in self.daemon.messages()), what="the reload")
        self.assertIn("reload: control changed; that takes effect at the next start", self.daemon.messages())
        mended = self.status()
        self.assertEqual((mended["reload"]["ok"], mended["configuration"]["mode"]), (True, "monitor"))
        # Where it still serves.
        self.assertIn(str(self.daemon.port), mended["listen"])
        self.daemon.assert_sound(self)

    def test_a_request_that_is_none_gets_words(self):
        self.assertIn("one JSON object", json.loads(self.ask(b"status\n"))["error"])
        self.assertIn("status, top or tail", json.loads(self.ask(b'{"command":"quit"}\n'))["error"])
        self.daemon.assert_sound(self)

    def test_tail_follows_and_filters(self):
        with subprocess.Popen([daemon.BIN / "assay", "tail", "--socket", self.socket, "--action", "reject", "--from-domain", "*.example",
                               "--count", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
            daemon.until(lambda: self.status()["control"]["tails"] == 1, what="the follower")
            self.send("plain.example", "strict.example", "strict.example")
            out, errors = tail.communicate(timeout=20)
        self.assertEqual((tail.returncode, errors), (0, ""))
        lines = out.splitlines()
        self.assertEqual(len(lines), 2, out)
        for number, line in enumerate(lines, 1):
            self.assertRegex(line, rf"^\d\d:\d\d:\d\d  {number}STRICT +  reject +rule=policy.published.reject .*dmarc=fail\(not_aligned\)")
            self.assertIn("client=198.51.100.7", line)
        # The columns stand below each other.
        self.assertEqual(*(line.index("rule=") for line in lines))
        wrong = run("tail", "--socket", self.socket, "--result", "dmarc=maybe")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("dmarc has no such result", wrong.stderr)

    def test_tail_prints_the_records_themselves_and_ends_with_the_daemon(self):
        with subprocess.Popen([daemon.BIN / "assay", "tail", "--socket", self.socket, "--json"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as tail:
            daemon.until(lambda: self.status()["control"]["tails"] == 1, what="the follower")
            self.send("strict.example")
            line = tail.stdout.readline()
            self.assertEqual(json.loads(line), self.daemon.record_of("0STRICT"))
            self.daemon.drain()
            self.daemon.wait()
            _, errors = tail.communicate(timeout=20)
        self.assertEqual(tail.returncode, 2)
        self.assertIn("closed the connection", errors)

    def test_mail_goes_on_while_followers_stand_still_and_leave(self):
        """Sixteen that follow and read nothing, then one more; messages are judged as ever."""
        followers = []
        for _ in range(16):
            follower = socket.socket(socket.AF_UNIX)
            self.addCleanup(follower.close)
            follower.connect(self.socket)
            follower.sendall(b'{"command":"tail"}\n')
            self.assertEqual(follower.recv(14), b'{"tail":true}\n')
            followers.append(follower)
        self.assertIn("too many clients", json.loads(self.ask(b'{"command":"status"}\n'))["error"])
        refused = run("status", "--socket", self.socket)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("too many clients", refused.stderr)
        start = time.monotonic()
        self.send(*["strict.example"] * 200)
        self.assertLess(time.monotonic() - start, 20)
        for follower in followers:
            follower.close()
        daemon.until(lambda: run("status", "--socket", self.socket).returncode == 0, what="room for a client")
        self.assertEqual(self.status()["messages"]["reject"]["total"], 200)
        self.daemon.assert_sound(self)

    def test_explain_finds_a_past_message_where_the_daemon_logs(self):
        self.send("plain.example", "strict.example")
        self.daemon.record_of("1STRICT")
        story = run("explain", "1STRICT", "--socket", self.socket)
        self.assertEqual((story.returncode, story.stderr), (0, ""))
        for part in ("Message 1STRICT: ", "from client 198.51.100.7", "MAIL FROM <x@elsewhere.example>", "From: x@strict.example",
                     "SPF, MAIL FROM elsewhere.example: none", "DKIM: no signature", "ARC: no chain",
                     "DMARC, author strict.example: fail", "Decision: reject", "rule policy.published.reject", "Authentication-Results: mx.example.net;",
                     "Rejected: nothing proves that the message is from strict.example, whose policy is reject."):
            self.assertIn(part, story.stdout)
        # What no record holds is not made up.
        self.assertNotIn("->", story.stdout)
        self.assertNotIn("X-Spam-Flag", story.stdout)

        # logrotate: a name of today's, compressed, and the same queue id once more.
        rotated = self.daemon.folder / "log-20261101.gz"
        rotated.write_bytes(gzip.compress(self.daemon.log.read_bytes()))
        os.utime(rotated, (0, 0))
        both = run("explain", "1STRICT", "--socket", self.socket)
        self.assertEqual(both.returncode, 0)
        self.assertEqual(re.findall(r"=== (\d of \d) messages", both.stdout), ["1 of 2", "2 of 2"])
        one = run("explain", "0PLAIN", "--records", str(rotated), "--json")
        self.assertEqual(json.loads(one.stdout), self.daemon.record_of("0PLAIN"))
        none = run("explain", "NOWHERE", "--records", str(rotated))
        self.assertEqual((none.returncode, none.stdout), (1, ""))
        self.assertRegex(none.stderr, rf"no decision record of NOWHERE among \d+ lines of {rotated}\n")

        # Compressed by what is not read: that must not look as if the message were nowhere.
        packed = self.daemon.folder / "log.2.xz"
        packed.write_bytes(lzma.compress(self.daemon.log.read_bytes()))
        partly = run("explain", "NOWHERE", "--socket", self.socket)
        self.assertEqual((partly.returncode, partly.stdout), (2, ""))
        self.assertIn(f"{packed}: is compressed by xz, which is not read: pipe it through xz -dc, and give -", partly.stderr)

    def test_explain_reads_the_journal(self):
        self.send("strict.example")
        self.daemon.record_of("0STRICT")
        commands = self.scratch / "bin"
        commands.mkdir()
        journalctl = commands / "journalctl"
        # A journal to which assayd wrote by its socket, by stderr and by syslog; others, too.
        line = self.daemon.log_text().splitlines()[-1]
        entries = [("journal", "assayd", line, "ASSAY_QUEUE_ID=0STRICT\n"),
                   ("journal", "assayd", line.replace("0STRICT", "1STRICT"), "ASSAY_QUEUE_ID=1STRICT\n"),
                   ("stdout", "assayd", line.replace("0STRICT", "2STRICT"), ""), ("stdout", "assayd", "serves", ""),
                   ("stdout", "other", line.replace("0STRICT", "4STRICT"), ""),
                   ("syslog", "assayd", line.replace("0STRICT", "3STRICT"), "")]
        written = "".join(f"__REALTIME_TIMESTAMP=17640000000000{number:02}\n_TRANSPORT={transport}\nSYSLOG_IDENTIFIER={identifier}\n{fields}"
                          f"MESSAGE={text}\n\n" for number, (transport, identifier, text, fields) in enumerate(entries))
        journal = self.scratch / "system.journal"
        subprocess.run(["/lib/systemd/systemd-journal-remote", f"--output={journal}", "-"], input=written, text=True, check=True, timeout=60,
                       stderr=subprocess.DEVNULL)
        real = shutil.which("journalctl")
        journalctl.write_text(f"#!/bin/sh\nexec {real} --file='{journal}' \"$@\"\n")
        journalctl.chmod(0o755)
        environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"}
        for queue_id in ("0STRICT", "1STRICT", "2STRICT", "3STRICT"):
            with self.subTest(queue_id=queue_id):
                found = run("explain", queue_id, "--records", "journal", env=environment)
                self.assertEqual((found.returncode, found.stderr), (0, ""))
                self.assertIn(f"Message {queue_id}: ", found.stdout)
                self.assertNotIn("===", found.stdout)
        others = run("explain", "4STRICT", "--records", "journal", env=environment)
        self.assertEqual((others.returncode, others.stdout), (1, ""))
        journalctl.write_text("#!/bin/sh\n")
        unseen = run("explain", "0STRICT", "--records", "journal", env=environment)
        self.assertEqual((unseen.returncode, unseen.stderr), (1, "assay: no decision record of 0STRICT among 0 lines of the journal of assayd; "
                                                                 "only root and the group systemd-journal see all of a journal\n"))
        journalctl.write_text("#!/bin/sh\nexit 1\n")
        failed = run("explain", "0STRICT", "--records", "journal", env=environment)
        self.assertEqual((failed.returncode, failed.stdout), (2, ""))
        self.assertIn("journalctl failed", failed.stderr)

    def test_top_prints_once_without_a_terminal(self):
        self.send("plain.example", "strict.example")
        shown = run("top", "--socket", self.socket)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertRegex(shown.stdout, r"reject +0\.1 +0\.0 +1\n")
        self.assertRegex(shown.stdout, r"1STRICT +reject +policy.published.reject +strict.example fail 198.51.100.7")

    def test_top_prints_once_on_a_terminal_that_knows_no_escape_sequences(self):
        self.send("strict.example")
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        top = subprocess.run([daemon.BIN / "assay", "top", "--socket", self.socket], stdin=terminal, stdout=terminal, stderr=subprocess.PIPE,
                             env={**os.environ, "TERM": "dumb"}, check=False, timeout=20)
        os.close(terminal)
        self.assertEqual((top.returncode, top.stderr), (0, b""))
        shown = self.read_until(controller, b"strict.example fail 198.51.100.7")
        self.assertNotIn(b"\x1b", shown)

    def test_top_fills_a_terminal_of_any_size_and_gives_it_back(self):
        self.send(*["strict.example"] * 40)
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        before = termios.tcgetattr(terminal)
        for columns, rows, end in ((80, 24, b"q"), (30, 6, b"\x03"), (200, 60, None)):
            with self.subTest(columns=columns):
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
                with subprocess.Popen([daemon.BIN / "assay", "top", "--socket", self.socket], stdin=terminal, stdout=terminal,
                                      stderr=subprocess.PIPE, env=environment) as top:
                    shown = self.read_until(controller, b"dns ")
                    if end is None:
                        top.send_signal(signal.SIGTERM)
                    else:
                        os.write(controller, end)
                    shown += self.read_until(controller, b"\x1b[?1049l")
                    self.assertEqual(top.wait(20), 0, top.stderr.read())
                self.assertTrue(shown.startswith(b"\x1b[?1049h\x1b[?25l"))
                screen = shown.partition(b"\x1b[H")[2].partition(b"\x1b[H")[0].partition(b"\x1b[?25h")[0]
                lines = re.sub(rb"\x1b\[[KJ]", b"", screen).replace(b"\r", b"").split(b"\n")
                self.assertLessEqual(len(lines), rows)
                self.assertLessEqual(max(map(len, lines)), columns)
                self.assertRegex(screen, rb"^[\x20-\x7e\r\n\x1b]*$")
                self.assertEqual(termios.tcgetattr(terminal), before)
        os.close(terminal)

    def read_until(self, descriptor, octets):
        read = b""
        deadline = time.monotonic() + 20
        while octets not in read:
            self.assertTrue(select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0], read)
            read += os.read(descriptor, 65536)
        return read

    def test_standard_output_that_is_closed_is_told(self):
        closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", daemon.BIN / "assay", "status", "--socket", self.socket],
                                stderr=subprocess.PIPE, text=True, check=False, timeout=20)
        self.assertEqual((closed.returncode, closed.stderr), (2, "assay: cannot write to standard output\n"))
        with subprocess.Popen(["sh", "-c", 'exec "$@" >&-', "sh", daemon.BIN / "assay", "tail", "--socket", self.socket],
                              stderr=subprocess.PIPE, text=True) as tail:
            daemon.until(lambda: self.status()["control"]["tails"] == 1, what="the follower")
            self.send("plain.example")
            # What it prints must not go to assayd, whose socket would have the number.
            self.assertEqual(tail.communicate(timeout=20), (None, "assay: cannot write to standard output\n"))
        self.assertEqual(tail.returncode, 2)

    def test_clients_come_and_go_while_mail_does(self):
        """Nothing is left of them: no descriptor, no thread."""
        self.send("plain.example")
        descriptors, threads = self.daemon.descriptors(), self.daemon.threads()

        def follow():
            for _ in range(20):
                with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
                    connection.connect(self.socket)
                    connection.sendall(b'{"command":"tail"}\n{"command":"top"}\n'[:19 if _ % 2 else None])
                    connection.recv(10)

        followers = [threading.Thread(target=follow) for _ in range(4)]
        for follower in followers:
            follower.start()
        self.send(*["strict.example"] * 50)
        for follower in followers:
            follower.join()
        daemon.until(lambda: self.daemon.descriptors() <= descriptors + 1, what="closed descriptors")
        self.assertLessEqual(self.daemon.threads(), threads + 1)
        self.daemon.assert_sound(self)


class Slow(unittest.TestCase):
    def test_top_names_what_dns_is_slow_for(self):
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
            silent.bind(("127.0.0.1", 0))
            port = silent.getsockname()[1]
            with daemon.Daemon(f"dns: {{forward: ['127.0.0.1@{port}'], timeout: 300ms}}\n") as running:
                with milter.Milter(running.port) as connection:
                    connection.connect(b"198.51.100.7")
                    connection.helo()
                    connection.message([(b"From", b" x@silent.example")], mail_from=b"x@elsewhere.example", queue_id=b"Q")
                running.record_of("Q")
                with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
                    connection.settimeout(20)
                    connection.connect(str(running.folder / "control.sock"))
                    connection.sendall(b'{"command":"top"}\n')
                    slow = json.loads(connection.makefile().readline())["slow_dns"]
                named = {(row["type"], row["name"]): row for row in slow}
                row = named["TXT", "_dmarc.silent.example"]
                self.assertEqual((row["status"], row["times"]), ("tempfail", 1))
                self.assertGreaterEqual(row["longest_ms"], 300)
                shown = run("top", "--socket", str(running.folder / "control.sock"))
                self.assertRegex(shown.stdout, r"\d m?s +1  tempfail   TXT _dmarc\.silent\.example\n")


class Opening(unittest.TestCase):
    def test_a_socket_that_is_left_of_a_killed_daemon_is_replaced(self):
        with daemon.Daemon() as running:
            daemon.until(lambda: any(" serves on " in text for text in running.messages()), what="the line of the start")
            running.kill()
            self.assertTrue((running.folder / "control.sock").is_socket())
            running.start()
            self.assertEqual(run("status", "--socket", str(running.folder / "control.sock")).returncode, 0)
            daemon.until(lambda: sum(" serves on " in text for text in running.messages()) == 2, what="the line of the second start")
            self.assertEqual([text for text in running.messages() if text.startswith("control: ")], [])

    def test_a_socket_that_cannot_be_opened_is_a_warning_with_the_remedy_and_mail_is_served(self):
        with daemon.Daemon("control: unix:/nonexistent/folder/control.sock\n") as running:
            warnings = daemon.until(lambda: [text for text in running.messages() if text.startswith("control: ")], what="the warning")
            self.assertEqual(len(warnings), 1)
            self.assertIn("there is no folder /nonexistent/folder: make it", warnings[0])
            with milter.Milter(running.port) as connection:
                connection.connect(b"198.51.100.7")
                connection.helo()
                connection.message([(b"From", b" x@plain.example")], mail_from=b"x@plain.example", queue_id=b"Q")
            running.record_of("Q")

    def test_a_log_that_loses_lines_is_a_problem(self):
        with daemon.Daemon("log: {format: json, target: /dev/full}\n") as running:
            with milter.Milter(running.port) as connection:
                connection.connect(b"198.51.100.7")
                connection.helo()
                self.assertTrue(connection.message([(b"From", b" x@plain.example")], mail_from=b"x@plain.example").is_continue)
            status = daemon.until(lambda: [done for done in [run("status", "--socket", str(running.folder / "control.sock"))]
                                           if done.returncode == 1], what="the problem")[0]
            self.assertIn("problem: the log lost lines within the last minute", status.stdout)
            self.assertRegex(status.stdout, r"(?m)^log +/dev/full, json, \d+ lines lost$")

    def test_off_opens_nothing(self):
        with daemon.Daemon("control: 'off'\n") as running:
            self.assertFalse((running.folder / "control.sock").exists())
            unreachable = run("status", "--socket", str(running.folder / "control.sock"))
            self.assertEqual((unreachable.returncode, unreachable.stdout), (2, ""))
            self.assertIn("is it running, and `control` of its configuration not off?", unreachable.stderr)


if __name__ == "__main__":
    unittest.main()
