#!/usr/bin/python3
"""assayd under what systemd does for it, spoken by the test itself: a socket that is passed, readiness, reload, drain."""

import itertools
import os
import pathlib
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest

import daemon
import faulty
import milter
import samples
import supervisor

SAMPLE = next(entry for entry in samples.load() if entry["name"] == "fail-quarantine")


class Passed(unittest.TestCase):
    """A listening socket that was open before."""

    def assert_served(self, running):
        result = samples.send(daemon.BIN / "assay-mta", running.socket, SAMPLE)
        self.assertEqual(samples.differences(SAMPLE, result), [])

    def test_it_serves_and_leaves_the_socket_as_it_is(self):
        for unix in (False, True):
            with self.subTest(unix=unix), supervisor.Supervised(unix=unix) as running:
                before = os.stat(running.address) if unix else None
                if not unix:  # Else each edit of a message waits 40 ms; connections inherit it.
                    self.assertNotEqual(running.listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 0)
                self.assert_served(running)
                self.assertIn(f"listen: serves on {running.socket}, the socket that was passed (LISTEN_FDS)", running.messages("info"))
                running.restart()
                self.assert_served(running)
                if unix:
                    after = os.stat(running.address)
                    self.assertEqual((after.st_ino, stat.S_IMODE(after.st_mode)), (before.st_ino, 0o666))
                running.assert_sound(self)

    def test_it_wins_over_the_configuration_which_the_log_tells(self):
        port = daemon.free_port()
        with supervisor.Supervised(f"listen: inet:{port}@127.0.0.1\n") as running:
            self.assert_served(running)
            self.assertIn(f"listen: serves on {running.socket}, the socket that was passed (LISTEN_FDS); inet:{port}@127.0.0.1 of the "
                          "configuration is not opened", running.messages("warning"))
            with self.assertRaises(ConnectionRefusedError):
                milter.connect(port)

    def test_connections_wait_for_the_next_process(self):
        with supervisor.Supervised() as running:
            with milter.Milter(running.port) as last:
                last.connect(SAMPLE["client_ip"].encode())
                last.helo()
                last.mail()
                running.drain()
                daemon.until(lambda: any("draining" in text for text in running.messages()), what="the drain")
                last.rcpt()
                last.data()
                last.headers((b"From", b" x@example.com"))
                self.assertEqual(len(last.end().inserted(b"Authentication-Results")), 1)
                # Through, and about to end: whoever comes now shall not meet a process that goes away.
                time.sleep(0.2)
                with milter.connect(running.address) as early:
                    early.sendall(b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff")
                    self.assertEqual(running.wait(), 0)
                    early.setblocking(False)
                    with self.assertRaises(BlockingIOError):
                        early.recv(5)
                    with milter.connect(running.address) as late:  # Not refused, though nobody is there.
                        late.sendall(b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff")
                        running.start()
                        for waiting in (early, late):
                            waiting.settimeout(20)
                            self.assertEqual(waiting.recv(5)[4:], b"O")
            running.assert_sound(self)

    def test_in_the_background(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="assay-supervised-")))
        config = folder / "assay.yaml"
        config.write_text(f"dns: {{zones: [{samples.ZONE}]}}\nlog: {{target: {folder}/log}}\nmetrics: off\ncontrol: off\n")
        with supervisor.listener(daemon.free_port()) as passed:
            command, more = supervisor.passing([passed.fileno()], [daemon.BIN / "assayd", "--config", config])
            subprocess.run(command, check=True, timeout=30, **more)
            port = passed.getsockname()[1]
        with milter.Milter(port) as connection:
            self.assertTrue(connection.connect().is_continue)
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            if str(config).encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGUSR2)
        daemon.until(lambda: "drained" in (folder / "log").read_text(), what="the end")


class Refused(unittest.TestCase):
    """What is passed but cannot be served, and what is not passed."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="assay-supervised-")))
        self.port = daemon.free_port()

    def refusal(self, descriptors, listen="inet:1@127.0.0.1", environment=None):
        """What the log says last; stderr must say the same."""
        config, log = self.folder / "assay.yaml", self.folder / "log"
        config.write_text(f"listen: {listen}\ndns: {{zones: []}}\nlog: {{target: {log}}}\nmetrics: off\ncontrol: off\n")
        command = [daemon.BIN / "assayd", "--foreground", "--config", config]
        more = {}
        if descriptors:
            command, more = supervisor.passing(descriptors, command)
        result = subprocess.run(command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=30,
                                check=False, **more)
        self.assertEqual(result.returncode, 1, result.stderr)
        last = log.read_text().splitlines()[-1].split(" error ", 1)[1]
        self.assertIn(last, result.stderr)
        return last

    def test_two_sockets(self):
        with supervisor.listener(daemon.free_port()) as one, supervisor.listener(daemon.free_port()) as other:
            self.assertEqual(self.refusal([one.fileno(), other.fileno()]),
                             "LISTEN_FDS: 2 sockets were passed, but assayd serves one: leave one ListenStream= in its socket unit, and "
                             "start an instance of assayd@.service for each further socket")

    def test_other_kinds(self):
        with supervisor.high(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as datagrams:
            self.assertIn("LISTEN_FDS: descriptor 3 is a datagram socket (ListenDatagram=)", self.refusal([datagrams.fileno()]))
        with supervisor.high(socket.socket()) as silent:
            self.assertIn("LISTEN_FDS: descriptor 3 does not listen", self.refusal([silent.fileno()]))
        with open("/dev/null", "rb") as null, supervisor.listener(daemon.free_port()) as spare:
            os.dup2(null.fileno(), spare.fileno())
            self.assertIn("LISTEN_FDS: descriptor 3 is no socket", self.refusal([spare.fileno()]))

    def test_none_where_the_configuration_counts_on_one(self):
        self.assertIn("listen: fd:3 is to be passed by whoever starts assayd (LISTEN_FDS and LISTEN_PID), and was not: start "
                      "assayd.socket", self.refusal([], listen="fd:3"))

    def test_one_that_was_meant_for_another_process(self):
        environment = {"LISTEN_FDS": "1", "LISTEN_PID": "1"}
        self.assertIn("listen: fd:3 is to be passed", self.refusal([], listen="fd:3", environment=environment))
        # It stands on its own feet then.
        with socket.create_server(("127.0.0.1", self.port)):
            self.assertIn(f"cannot open inet:{self.port}@127.0.0.1: Address already in use",
                          self.refusal([], listen=f"inet:{self.port}@127.0.0.1", environment=environment))

    def test_garbage(self):
        self.assertIn("LISTEN_FDS and LISTEN_PID in the environment cannot be taken at their word",
                      self.refusal([], environment={"LISTEN_FDS": "1", "LISTEN_PID": "x"}))


class Notified(unittest.TestCase):
    def test_the_states_of_a_life(self):
        with supervisor.Supervised() as running:
            notices = running.notices
            self.assertEqual(len(notices.all("READY")), 1)
            self.assertRegex(notices.all("STATUS")[0],
                             rf"^serves on {running.socket}, configuration \w+: 0 messages in flight, 0 since the start$")
            # A socket that is open at READY takes connections.
            milter.Milter(running.port).close()
            before = time.monotonic_ns() // 1000
            running.reload()
            daemon.until(lambda: len(notices.all("READY")) == 2, what="the end of the reload")
            reloading = int(next(notice["MONOTONIC_USEC"] for notice in notices.all() if "RELOADING" in notice))
            self.assertTrue(before <= reloading <= time.monotonic_ns() // 1000)
            with milter.Milter(running.port) as connection:
                connection.connect()
                connection.helo()
                connection.mail()
                daemon.until(lambda: notices.all("STATUS")[-1].endswith(": 1 messages in flight, 1 since the start"),
                             what="a status that tells of the message")
                running.config.write_text("garbage")
                running.reload()
                daemon.until(lambda: len(notices.all("READY")) == 3, what="the end of the reload that is refused")
                running.drain()
                daemon.until(lambda: notices.all("STOPPING"), what="the word of the stop")
                stopping = notices.all()[-1]
                self.assertEqual(stopping["STATUS"], "draining: 1 messages in flight")
                # stop_timeout is 30 s, and TimeoutStopSec= may be less.
                self.assertGreater(int(stopping["EXTEND_TIMEOUT_USEC"]), 30e6)
            self.assertEqual(running.wait(), 0)
            states = [name for notice in notices.all() for name in ("READY", "RELOADING", "STOPPING") if name in notice]
            self.assertEqual(states, ["READY", "RELOADING", "READY", "RELOADING", "READY", "STOPPING"])
            self.assertEqual(notices.all("WATCHDOG"), [], "nobody asked for it")

    def test_silent_dns_is_told(self):
        server = faulty.FaultyDns()
        self.addCleanup(server.close)
        server.stop()
        settings = f"dns: {{forward: ['{server.address}'], timeout: 1s, message_deadline: 1s}}\n"
        with supervisor.Supervised(settings, zone=()) as running:
            numbers = itertools.count()

            def told(level, text):
                """Whether that was logged, after one message more."""
                name = b"x@n%d.example" % next(numbers)
                with milter.Milter(running.port) as connection:
                    connection.connect()
                    connection.helo()
                    connection.message([(b"From", b" " + name)], mail_from=name)
                return any(line.startswith(text) for line in running.messages(level))

            told("warning", "dns: ")
            time.sleep(2)
            # One message, and a while: too little to tell.
            self.assertEqual([line for line in running.messages() if line.startswith("dns: ")], [])
            daemon.until(lambda: told("warning", "dns: nothing but failures for "), timeout=30, what="the warning")
            daemon.until(lambda: "NOT READY, no DNS server has answered for " in running.notices.all("STATUS")[-1], what="the status")
            server.start()
            daemon.until(lambda: told("info", "dns: a server answers again"), timeout=30, what="the end of it")
            running.assert_sound(self)


if __name__ == "__main__":
    unittest.main()
