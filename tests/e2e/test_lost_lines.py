#!/usr/bin/python3
"""A log whose reader stands still: mail goes on, and once the reader reads again the log tells how many lines it lost."""

import contextlib
import json
import os
import re
import subprocess
import time
import unittest

import daemon
import milter

LOST = re.compile(r"log\.target: lost (\d+) lines since the start")
# A pipe holds 64 KiB, some twenty records, and the queue of the log a thousand lines more.
LEAST_LOST = 20


class LostLines(unittest.TestCase):
    def test_lines_that_a_reader_does_not_take_are_told_once_it_reads_again(self):
        with daemon.Daemon() as assayd:
            pipe = assayd.folder / "pipe"
            os.mkfifo(pipe)
            reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
            self.addCleanup(os.close, reader)
            assayd.replace_config(assayd.config_text(f"log: {{format: json, target: {pipe}}}\n"))
            assayd.reload()

            def lost():
                done = subprocess.run([daemon.BIN / "assay", "status", "--socket", assayd.folder / "control.sock", "--json"],
                                      capture_output=True, text=True, check=False, timeout=60)
                return json.loads(done.stdout)["log"]["lost_lines"]

            read = b""
            until = time.monotonic() + 20
            while b"is in force" not in read and time.monotonic() < until:
                with contextlib.suppress(BlockingIOError):
                    read += os.read(reader, 1 << 16)
                time.sleep(0.02)
            self.assertIn(b"is in force", read)
            number = 0
            with milter.Milter(assayd.port) as connection:
                connection.connect(b"198.51.100.7")
                connection.helo()
                until = time.monotonic() + 60
                while lost() < LEAST_LOST and time.monotonic() < until:
                    for _ in range(50):
                        begun = time.monotonic()
                        answer = connection.message([(b"From", b" x@plain.example")], queue_id=b"Q%d" % number)
                        self.assertTrue(answer.is_continue)  # Mail waits for no reader.
                        self.assertLess(time.monotonic() - begun, 5)
                        number += 1
            at_least = lost()
            self.assertGreaterEqual(at_least, LEAST_LOST)

            # The first warning may be among what is lost: the next comes a minute later.
            text = read
            told = None
            until = time.monotonic() + 90
            while told is None and time.monotonic() < until:
                with contextlib.suppress(BlockingIOError):
                    text += os.read(reader, 1 << 16)
                counts = [int(count) for count in LOST.findall(text.rpartition(b"\n")[0].decode())]
                told = next((count for count in counts if count >= at_least), None)
                time.sleep(0.01)
            self.assertIsNotNone(told, text[-500:])
            records = text.count(b'"schema":1')
            # Each message has its record, or is among the lost lines.
            self.assertGreaterEqual(records + lost(), number)
            self.assertLess(records, number)


if __name__ == "__main__":
    unittest.main()
