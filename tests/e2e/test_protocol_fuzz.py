#!/usr/bin/python3
"""A little of tests/fuzz/protocol.py: whatever comes over the milter protocol, assayd lives, keeps nothing and judges right."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fuzz"))
import protocol  # noqa: E402  pylint: disable=wrong-import-position

SEED = 8617
CONNECTIONS = 60


class ProtocolFuzz(unittest.TestCase):
    def test_two_batches(self):
        fuzz = protocol.Fuzz(SEED, CONNECTIONS)
        self.addCleanup(fuzz.stop)
        judged = sum(fuzz.run(batch) for batch in range(2))
        # Most of what is sent is mail all the same: it must not all be turned away at the door.
        self.assertGreater(judged, CONNECTIONS)


class Answers(unittest.TestCase):
    """What the fuzzer takes for wrong."""

    def assert_wrong(self, kind, data):
        with self.assertRaises(protocol.Wrong):
            protocol.Answers().add(len(kind + data).to_bytes(4, "big") + kind + data)

    def test_answers_that_are_none(self):
        self.assert_wrong(b"Z", b"")
        self.assert_wrong(b"y", b"250 2.0.0 fine\0")
        self.assert_wrong(b"y", b"550 5.7.1 \x1b[2J\0")
        with self.assertRaises(protocol.Wrong):
            protocol.Answers().add(b"\0\0\0\0")

    def test_fields_that_end_early(self):
        self.assert_wrong(b"i", b"\0\0\0\0X-A\0one\nTwo: three\0")
        self.assert_wrong(b"i", b"\0\0\0\0X-A\0one\rtwo\0")

    def test_fields_and_answers_as_they_should_be(self):
        answers = protocol.Answers()
        packets = [b"i\0\0\0\0Authentication-Results\0 mx.example.net;\n spf=none\0", b"c", b"y550 5.7.1 no\0"]
        self.assertEqual(answers.add(b"".join(len(packet).to_bytes(4, "big") + packet for packet in packets)), b"cy")
        self.assertTrue(answers.has_stamp())


if __name__ == "__main__":
    unittest.main()
