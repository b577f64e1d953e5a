#!/usr/bin/python3
"""Memory is flat in the size of messages: the body is hashed as it comes and never stored."""

import sys
import unittest

import daemon
import milter
import samples
import sanitizers
from header_fields import fields_of

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

MIB = 1 << 20
LINE = b"The quick brown fox  jumps over the lazy dog, and then some more to fill it.\r\n"


def signed(octets):
    """The fields of a message with a simple and a relaxed signature, and its body of about so many octets."""
    body = LINE * (octets // len(LINE))
    text = make.message("office@reject.example", name="big", body="").replace(b"Content-Type", b"X-Type") + body
    text = make.sign(make.sign(text, "reject.example", canon=("simple", "simple")), "reject.example", canon=("relaxed", "relaxed"))
    return fields_of(text[:10_000]), body


class Memory(unittest.TestCase):
    def begin(self, running, fields):
        connection = milter.Milter(running.port)
        connection.connect(b"192.0.2.10")
        connection.helo(b"mail.reject.example")
        connection.mail(b"office@reject.example")
        connection.rcpt()
        self.assertTrue(connection.headers(*fields).is_continue)
        return connection

    def send_body(self, connection, body, start, end):
        for at in range(start, end, 65535):
            self.assertEqual(connection.body(body[at:min(at + 65535, end)]).kind, b"c")

    def test_one_message_of_25_mb(self):
        with daemon.Daemon() as running:
            fields, body = signed(2048)
            with self.begin(running, fields) as connection:
                self.send_body(connection, body, 0, len(body))
                self.assertTrue(connection.end().is_continue)
            small = running.resident_kib()

            fields, body = signed(25 * MIB)
            with self.begin(running, fields) as connection:
                connection.macro(b"i", b"BIG")
                self.send_body(connection, body, 0, 24 * MIB)
                in_flight = running.resident_kib()
                self.send_body(connection, body, 24 * MIB, len(body))
                self.assertTrue(connection.end().is_continue)
                at_end = running.resident_kib()
            record = running.record_of("BIG")
            self.assertEqual([signature["result"] for signature in record["dkim"]], ["pass", "pass"])
            self.assertGreater(record["size"], 24 * MIB)
            print(f"memory: {small} KiB after 2 KB, {in_flight} KiB at 24 MB, {at_end} KiB at the end")
            self.assertLess(in_flight - small, 5 * 1024)
            self.assertLess(at_end - small, 5 * 1024)

    def test_twenty_messages_of_25_mb_in_flight(self):
        with daemon.Daemon() as running:
            fields, body = signed(25 * MIB)
            # The first twenty connections and messages set the level: threads, caches, the allocator.
            small_fields, small_body = signed(2048)
            warm = [self.begin(running, small_fields) for _ in range(20)]
            for connection in warm:
                self.send_body(connection, small_body, 0, len(small_body))
            before = running.resident_kib()
            for connection in warm:
                self.assertTrue(connection.end().is_continue)
                connection.quit()
            connections = [self.begin(running, fields) for _ in range(20)]
            for at in range(0, len(body), MIB):
                for connection in connections:
                    self.send_body(connection, body, at, min(at + MIB, len(body)))
            in_flight = running.resident_kib()
            for connection in connections:
                answer = connection.end()
                self.assertEqual(b" ".join(answer.inserted(b"Authentication-Results")).count(b"dkim=pass"), 2)
                connection.quit()
            print(f"memory: {before} KiB with twenty small messages, {in_flight} KiB with twenty of 25 MB in flight")
            self.assertLess(in_flight - before, 10 * 1024)
            running.assert_sound(self)

    def test_memory_goes_back_after_a_load(self):
        with daemon.Daemon() as running:
            fields, body = signed(10_240)

            def send(connections):
                opened = [self.begin(running, fields) for _ in range(connections)]
                for connection in opened:
                    self.send_body(connection, body, 0, len(body))
                most = running.resident_kib()
                for connection in opened:
                    self.assertTrue(connection.end().is_continue)
                    connection.quit()
                return most

            idle = send(1)
            under_load = max(send(200) for _ in range(3))
            self.assertLess(under_load, 40 * 1024)
            # The daemon looks every five seconds. What stays is the stacks that glibc keeps for the next threads.
            daemon.until(lambda: running.resident_kib() < idle + 8 * 1024, timeout=40,
                         what=f"less than {idle} KiB + 8 MiB after {under_load} KiB")
            print(f"memory: {idle} KiB after one message, {under_load} KiB with 200, {running.resident_kib()} KiB after them")
            running.assert_sound(self)


if __name__ == "__main__":
    if sanitizers.BUILT_WITH:
        daemon.skip("sanitizers keep memory of their own, so what is resident tells nothing")
    unittest.main()
