#!/usr/bin/python3
"""More messages at a time than limits.messages: what is in flight goes on, the next is deferred at once and counted."""

import contextlib
import socket
import time
import unittest

import daemon
import milter
import sanitizers
import test_metrics

FROM = (b"From", b" office@plain.example")
FORGED = (b"Authentication-Results", b" mx.example.net; dmarc=pass")
REFUSED = b"451 4.3.2 "


class Overload(unittest.TestCase):
    def setUp(self):
        self.port = daemon.free_port()
        self.connections = contextlib.ExitStack()

    def start(self, settings):
        self.daemon = daemon.Daemon(f"metrics: {{listen: '127.0.0.1:{self.port}'}}\n{settings}")
        self.addCleanup(self.daemon.stop)
        self.addCleanup(lambda: self.daemon.assert_sound(self))
        self.addCleanup(self.connections.close)  # Before the daemon, which waits for messages in flight.
        return self.daemon

    def connect(self):
        connection = self.connections.enter_context(milter.Milter(self.daemon.port))
        connection.connect()
        connection.helo()
        return connection

    def metric(self, name):
        return test_metrics.read(self.port)[name]

    def until_in_flight(self, count):
        daemon.until(lambda: self.metric("assay_messages_in_flight") == count, what=f"{count} messages in flight")

    def refused(self):
        return self.metric('assay_bounds_exceeded_total{bound="messages"}')

    def assert_refused(self, connection):
        answer = connection.mail()
        self.assertEqual((answer.kind, answer.text[:10]), (b"y", REFUSED))

    def assert_taken(self, connection):
        self.assertTrue(connection.mail().is_continue)

    def finish(self, connection):
        """The rest of a message whose MAIL was taken: it is stamped."""
        self.assertTrue(connection.rcpt().is_continue)
        self.assertTrue(connection.headers(FROM, FORGED).is_continue)
        answer = connection.end()
        self.assertTrue(answer.is_continue, answer.text)
        self.assertEqual(len(answer.inserted(b"Authentication-Results")), 1)
        self.assertEqual(answer.removed(), [(b"Authentication-Results", 1)])

    def test_n_messages_and_one_more(self):
        self.start("limits: {messages: 3}\n")
        held = [self.connect() for _ in range(3)]
        late = self.connect()
        for connection in held:
            self.assert_taken(connection)
        self.assertEqual(self.metric("assay_messages_in_flight"), 3)
        self.assert_refused(late)
        self.assertEqual(self.refused(), 1)

        # Each way in which a message may end makes room at once, on the refused connection, too.
        self.finish(held[0])
        self.assert_taken(late)
        self.assert_refused(held[0])
        held[1].abort()  # Has no reply that could be waited for.
        self.until_in_flight(2)
        self.assert_taken(held[0])
        self.assert_refused(held[1])
        held[2].close()
        self.until_in_flight(2)
        self.assert_taken(held[1])
        for connection in (late, held[0], held[1]):
            self.finish(connection)
        self.assertEqual(self.metric("assay_messages_in_flight"), 0)
        self.assertEqual(self.refused(), 3)

    def test_monitor_mode_is_no_exception_and_a_reload_counts(self):
        running = self.start("mode: monitor\nlimits: {messages: 1}\n")
        held, late = self.connect(), self.connect()
        self.assert_taken(held)
        self.assert_refused(late)
        running.write_config(f"metrics: {{listen: '127.0.0.1:{self.port}'}}\nmode: monitor\nlimits: {{messages: 2}}\n")
        running.reload()
        daemon.until(lambda: any("in force" in text for text in running.messages()), what="the reload")
        self.assert_taken(late)
        self.assert_refused(self.connect())
        self.finish(held)
        self.finish(late)

    def test_the_log_tells_though_reloads_come(self):
        running = self.start("limits: {messages: 1}\n")
        held, late = self.connect(), self.connect()
        self.assert_taken(held)
        self.assert_refused(late)

        def told():
            # More often than the daemon looks, which is every five seconds.
            running.reload()
            time.sleep(1)
            return [text for text in running.messages("warning") if text.startswith("limits.messages:")]

        daemon.until(told, what="the line of the log")

    def test_an_mta_that_goes_on_after_the_refusal_gets_nothing_accepted(self):
        running = self.start("limits: {messages: 1}\n")
        held, late = self.connect(), self.connect()
        self.assert_taken(held)
        self.assert_refused(late)
        # libmilter takes no event of a message that did not begin, so that no answer comes: the MTA's default action applies.
        for command, data in ((b"R", b"<x@example.net>\0"), (b"L", b"From\0 office@plain.example\0"), (b"N", b""), (b"E", b"")):
            late.write(command, data)
        self.finish(held)
        answer = late.message([FROM, FORGED], queue_id=b"LATER")  # The first answer on this connection is this message's.
        self.assertEqual(len(answer.inserted(b"Authentication-Results")), 1)
        running.record_of("LATER")
        self.assertEqual([record["queue_id"] for record in running.records()], [None, "LATER"])

    def test_a_flood_costs_neither_memory_nor_lines(self):
        running = self.start("limits: {messages: 1}\n")
        held, late = self.connect(), self.connect()
        self.assert_taken(held)
        self.assert_refused(late)
        count = 5000
        before = running.resident_kib()
        begun = time.monotonic()
        for _ in range(count):
            self.assert_refused(late)
        each_us = (time.monotonic() - begun) / count * 1e6
        grown = running.resident_kib() - before
        print(f"{count:,} refusals: {grown} KiB more memory, {each_us:.0f} us each with this client", flush=True)
        if not sanitizers.BUILT_WITH:  # They keep for a while what was given back.
            self.assertLess(grown, 1024)
        self.assertEqual(self.refused(), count + 1)
        lines = daemon.until(lambda: [text for text in running.messages("warning") if "limits." in text], what="the log line")
        # One line, whose successor comes after a minute at the earliest.
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], r"^limits\.messages: deferred \d+ messages with 451, since 1 were in flight$")
        self.assertEqual(running.records(), [])
        self.finish(held)


class Connections(unittest.TestCase):
    """More connections than descriptors."""

    MAX_FILES = 200
    CEILING = 100  # Half of it: the rest is for DNS, the log and the configuration.

    def test_a_connection_beyond_the_ceiling_is_closed_at_once_and_costs_nobody_else(self):
        port = daemon.free_port()
        with contextlib.ExitStack() as stack:
            running = stack.enter_context(daemon.Daemon(f"metrics: {{listen: '127.0.0.1:{port}'}}\n", max_files=self.MAX_FILES))

            def refused():
                return test_metrics.read(port)['assay_bounds_exceeded_total{bound="connections"}']

            good = stack.enter_context(milter.Milter(running.port))
            good.connect()
            before = running.descriptors()
            held = []
            while running.descriptors() < self.CEILING:
                held.append(stack.enter_context(milter.Milter(running.port)))
            self.assertLessEqual(len(held), self.CEILING - before)
            self.assertGreater(len(held), self.CEILING // 2)
            silent = [stack.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", running.port), 10))) for _ in range(150)]
            for connection in silent:
                self.assertEqual(connection.recv(1), b"")

            # Nobody waits, nothing spins, and there are descriptors for what is not a connection.
            busy = running.processor_seconds()
            time.sleep(1)
            self.assertLess(running.processor_seconds() - busy, 0.5)
            self.assertEqual(len(good.message([FROM]).inserted(b"Authentication-Results")), 1)
            running.reload()
            daemon.until(lambda: any("in force" in text for text in running.messages()), what="the reload")
            # The ceiling is the MTAs' alone: who wants to know what is going on gets an answer now.
            self.assertEqual(refused(), len(silent))

            # The first that ends makes room.
            held.pop().close()
            daemon.until(lambda: running.descriptors() < self.CEILING, what="the end of a connection")
            with milter.Milter(running.port) as late:
                late.connect()
                self.assertEqual(len(late.message([FROM]).inserted(b"Authentication-Results")), 1)
            lines = daemon.until(lambda: [text for text in running.messages("warning") if "open files" in text], what="the log line")
            self.assertEqual(len(lines), 1, lines)
            running.assert_sound(self)


if __name__ == "__main__":
    unittest.main()
