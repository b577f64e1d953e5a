"""assayd in Postfix with another program beside it: the messages, and what must hold whichever that program is."""

import os
import unittest

import daemon
import mta_cases
import postfix
import real_mtas
from unpacked import Unavailable

# The messages of the table that are sent, by what they are for.
UNCHANGED = "signed simple: every octet of the header counts"  # passes only if nobody changed it before assayd
FORGED_RESULTS = "forged results among others'"
REFUSED = "a forgery, p=reject"
FAILING = "a forgery, p=none"
MARKED = "a forgery, p=quarantine"


class Postfix(real_mtas.RealMta):
    """Its clients have documentation addresses, since programs trust those of 127.0.0.0/8. With a `mailbox` that takes what Postfix
    delivers, it is asked for it."""

    mailbox = None

    def _deliveries(self, count):
        return (self.mailbox or self.server).deliveries(count)

    def _session(self, client, helo, login):
        return self.server.session(client_ip=client, helo=helo)


class Beside(unittest.TestCase):
    """A test class of another program derives from it."""

    maxDiff = None
    running = None
    settings = ""  # of assay.yaml

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            daemon.skip("Postfix must be started by root")
        cls.running = daemon.Daemon(cls.settings)
        cls.addClassCleanup(cls.running.stop)

    def tearDown(self):
        self.running.assert_sound(self)

    def start(self, program, *arguments, **more):
        """A program, until the test ends; a test whose program cannot run here is skipped, with the reason."""
        try:
            started = program(*arguments, **more)
        except Unavailable as why:
            self.skipTest(str(why))
        self.addCleanup(started.stop)
        return started

    def postfix(self, settings, **more):
        """A Postfix with those settings of main.cf."""
        return Postfix("Postfix", self.start(postfix.Postfix, daemon.BUILD, "", settings=settings, **more), self.running)

    def send(self, mta, name):
        """What became of a message of the table, which must be what the table says of it."""
        case = next(case for case in mta_cases.CASES if case.name == name)
        happened = mta.send(case.text, client=case.client, helo=case.helo, mail_from=case.mail_from, rcpt=case.rcpt)
        expected = case.expected_of("Postfix")
        self.assertEqual((happened.code, happened.fate, happened.decision), (expected.code, expected.fate, expected.decision),
                         happened.reply)
        self.assertEqual(happened.reply[:len(expected.reply)], expected.reply)
        if expected.fate == "delivered":
            for words in expected.stamp:
                self.assertIn(words, happened.message.stamp)
            # Nothing forged is left, ours is on top, and what came with the message is there as it came.
            fields, body = case.left_by("Postfix")
            results = happened.message.all("Authentication-Results")
            self.assertEqual(results[1:], [value for field, value in fields if field == b"Authentication-Results"])
            self.assertEqual([field for field in happened.message.fields if field in fields], fields)
            self.assertEqual(happened.message.body, body)
        return happened
