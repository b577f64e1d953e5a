#!/usr/bin/python3
"""kill -9 of assayd in the middle of load: no answer comes that was not given, it starts again at once where it was, and its
log loses no line but the one that was being written.
"""

import concurrent.futures
import contextlib
import subprocess
import threading
import time
import unittest

import daemon
import dns_stand
import faulty
import milter
import samples
from header_fields import FORGED

AR = b"Authentication-Results"
EACH = 3  # connections in each state
LOADERS = 4
ANSWERS = 20  # of the load, before and after

# How far a conversation has come.
STATES = ["negotiated", "connect", "helo", "mail", "rcpt", "data", "in the header", "header", "in the body", "in a packet",
          "at the end"]


def bring(address, message, state):
    """A connection that has come that far with the message."""
    connection = milter.Milter(address)
    connection.macro(b"i", message.queue_id.encode())
    steps = [lambda: connection.connect(message.ip.encode(), message.client.encode()),
             lambda: connection.helo(message.client.encode()),
             lambda: connection.mail(b"office@" + message.author.encode()),
             connection.rcpt,
             connection.data,
             lambda: connection.header(*message.fields[0]),
             lambda: connection.headers(*message.fields[1:]),
             lambda: connection.body(message.body),
             lambda: connection.send(b"\0\0\1\0Bpart")]
    count = STATES.index(state)
    if state == "at the end":
        steps[-1:], count = [lambda: connection.write(b"E")], len(steps)
    for step in steps[:count]:
        answer = step()
        assert answer is None or answer.is_continue, (state, answer.kind, answer.text)
    return connection


class Load:
    """Sends a message whose DNS is known, with a forged field, again and again, each time on a connection of its own."""

    def __init__(self, running, message):
        self._running, self._message = running, message
        self._fields = [(AR, FORGED[0]), *message.fields]
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._pool = concurrent.futures.ThreadPoolExecutor(LOADERS)
        self.answers, self.lost, self.refused = [], 0, 0
        self._tasks = [self._pool.submit(self._send_on) for _ in range(LOADERS)]

    def _send_on(self):
        while not self._stopped.is_set():
            answer, lost, refused = None, 0, 0
            connection = None
            try:
                connection = milter.Milter(self._running.address)
                connection.connect(self._message.ip.encode(), self._message.client.encode())
                connection.helo(self._message.client.encode())
                answer = connection.message(self._fields, self._message.body,
                                            mail_from=b"office@" + self._message.author.encode())
                connection.quit()
            except (milter.Lost, OSError) as error:
                assert not isinstance(error, TimeoutError), error
                lost, refused = connection is not None, connection is None
                time.sleep(0.02)
            finally:
                if connection is not None:
                    connection.close()
            with self._lock:
                self.answers += [answer] if answer else []
                self.lost += lost
                self.refused += refused

    def await_answers(self, count):
        before = len(self.answers)
        daemon.until(lambda: len(self.answers) >= before + count or any(task.done() for task in self._tasks), 60,
                     "answers to the load")

    def stop(self):
        self._stopped.set()
        self._pool.shutdown()
        for task in self._tasks:
            task.result()

    def wrong(self):
        """Answers that are no acceptance with our field, and without the forged one."""
        def is_right(answer):
            values = [value for name, value in answer.edited(self._fields) if name == AR]
            return answer.is_continue and len(values) == 1 and b"dmarc=pass" in values[0] and b"spf=pass" in values[0]

        return [answer for answer in self.answers if not is_right(answer)]


class Kill(unittest.TestCase):
    def test_in_every_state_of_a_conversation(self):
        for unix in (False, True):
            with self.subTest(unix=unix), faulty.FaultyDns() as server:
                settings = f'dns: {{forward: ["{server.address}"], timeout: 60s, message_deadline: 120s}}\n'
                with daemon.Daemon(settings, unix=unix) as running:
                    self.kill_in_every_state(server, running)

    def kill_in_every_state(self, server, running):
        known = dns_stand.new_message(signed=False, sealed=False)
        held = [(state, dns_stand.new_message()) for state in STATES for _ in range(EACH)]
        server.set_script(known.records() + "".join(message.records() for _, message in held))
        self.assertIn(b"dmarc=pass", self.stamp(running, known))

        server.mute()  # What is not known yet stays unanswered.
        load = Load(running, known)
        self.addCleanup(load.stop)
        with contextlib.ExitStack() as stack:
            connections = [(state, stack.enter_context(bring(running.address, message, state))) for state, message in held]
            waiting = [message for state, message in held if state == "at the end"]
            daemon.until(lambda: all(server.count(message.spf_name) for message in waiting), what="their questions")
            load.await_answers(ANSWERS)
            running.kill()
            for state, connection in connections:
                with self.subTest(state):
                    # All that was sent so far is answered, and the connection ends. One that waits may have seen progress.
                    self.assertEqual([packet for packet in connection.rest() if packet[0] != b"p"], [])
        server.unmute()
        if running.port is None:
            self.assertTrue(running.address.is_socket())
        begin = time.monotonic()
        running.start()
        seconds = time.monotonic() - begin
        load.await_answers(ANSWERS)
        load.stop()
        self.assertEqual([(answer.kind, answer.text, answer.edits) for answer in load.wrong()], [])
        for _, message in held:
            message.sent += 1
            self.assertIn(b"dmarc=pass", self.stamp(running, message))
        running.assert_sound(self)
        print(f"{running.socket.split(':')[0]}: {len(held)} conversations held and cut off, none with an answer; the load: "
              f"{len(load.answers)} right answers, {load.lost} cut off, {load.refused} found no daemon; it served again "
              f"{seconds:.2f} s after the start", flush=True)

    def stamp(self, running, message):
        answer, _ = dns_stand.send(running, message)
        self.assertTrue(answer.is_continue, answer.text)
        values = answer.inserted(AR)
        self.assertEqual(len(values), 1)
        return values[0]

    def test_a_torn_line_of_the_log_costs_itself_alone(self):
        entries = [entry for entry in samples.load() if entry["expect"]["action"] == "accept"][:4]
        # What is left of the last line, and how many records are lost with the rest.
        cuts = {"half": (lambda line: line[:len(line) // 2], 1), "one octet": (lambda line: line[:1], 1),
                "all but the brace": (lambda line: line[:-2], 1), "all but the line end": (lambda line: line[:-1], 0)}
        with daemon.Daemon() as running:
            sent, lost = 0, 0
            torn = []
            for name, (cut, costs) in cuts.items():
                for entry in entries:
                    sent += 1
                    entry = {**entry, "name": f"{entry['name']}-{sent}"}
                    samples.send(daemon.BIN / "assay-mta", running.socket, entry)
                    running.record_of(entry["name"])
                line = running.log.read_bytes().splitlines(keepends=True)[-1]
                self.assertIn(f'"queue_id":"{entry["name"]}"'.encode(), line, name)
                left = cut(line)
                running.kill(cut=len(line) - len(left))
                self.assertEqual(running.log.read_bytes().split(b"\n")[-1], left)
                torn += [left] if costs else []
                lost += costs
                running.start()
            samples.send(daemon.BIN / "assay-mta", running.socket, {**entries[0], "name": "last"})
            running.record_of("last")
            records = sent + 1 - lost

            lines = running.log.read_bytes().split(b"\n")
            for left in torn:
                self.assertEqual(lines.count(left), 1, left)
            replayed = daemon.assay("policy", "replay", "--json", "--config", running.config, running.log)
            self.assertEqual((replayed["messages"], replayed["malformed"], replayed["incomplete"], replayed["changed"]),
                             (records, lost, 0, 0))
            suggested = daemon.assay("policy", "suggest", "--json", "--config", running.config, running.log)
            self.assertEqual((suggested["messages"], suggested["malformed"], suggested["incomplete"]), (records, lost, 0))

            # Each is told by its line; --max-change does not hold over what could not be read, unless that is allowed.
            for allowed, status in ((0, 2), (lost - 1, 2), (lost, 0)):
                command = [daemon.BIN / "assay", "policy", "replay", "--max-change", "0", "--allow-incomplete", str(allowed),
                           "--config", running.config, running.log]
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
                self.assertEqual(done.returncode, status, done.stderr)
                for left in torn:
                    self.assertIn(f"{running.log}:{lines.index(left) + 1}: malformed record: no JSON: ", done.stderr)
            print(f"of {sent + 1} records {lost} were torn, and {records} are read", flush=True)


if __name__ == "__main__":
    unittest.main()
