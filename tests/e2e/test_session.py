#!/usr/bin/python3
"""SMTP sessions in every order that an MTA may send."""

import contextlib
import unittest

import daemon
import milter

FROM = (b"From", b" office@plain.example")
# Well formed and false.
SIGNED_BY_NOBODY = (b"DKIM-Signature", b" v=1; a=rsa-sha256; c=relaxed/relaxed; d=monitor.example; s=s1; h=from; bh=" + b"A" * 43 +
                    b"=; b=" + b"A" * 342 + b"==")


class Sessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon.Daemon()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def setUp(self):
        self.milter = milter.Milter(self.daemon.port)

    def tearDown(self):
        self.milter.quit()
        self.daemon.assert_sound(self)

    def assert_stamped(self, answer):
        self.assertTrue(answer.is_continue, (answer.kind, answer.text))
        self.assertEqual(len(answer.inserted(b"Authentication-Results")), 1)

    def test_what_is_negotiated(self):
        # Headers with their white space, no reply to them; a reply to MAIL, RCPT and body chunks.
        self.assertEqual(self.milter.steps & (0x100000 | 0x80 | 0x400), 0x100000 | 0x80 | 0x400)
        self.assertEqual(self.milter.steps & (0x4000 | 0x8000 | 0x80000 | 0x800), 0)
        self.assertEqual(self.milter.actions, 0x1 | 0x10 | 0x20 | 0x4 | 0x8 | 0x100)
        self.assertIn(b"{auth_authen}", self.milter.macro_lists)

    def test_several_messages_on_one_connection(self):
        self.milter.connect(b"192.0.2.10")
        self.milter.helo(b"mail.reject.example")
        # What one message had must not show in the next.
        self.assert_stamped(self.milter.message([(b"From", b" office@reject.example"), SIGNED_BY_NOBODY], mail_from=b"office@reject.example",
                                                queue_id=b"FIRST"))
        self.assert_stamped(self.milter.message([FROM], mail_from=b"office@plain.example", rcpt=b"other@example.net", queue_id=b"SECOND"))
        first, second = self.daemon.record_of("FIRST"), self.daemon.record_of("SECOND")
        self.assertEqual((len(first["dkim"]), len(second["dkim"])), (1, 0))
        self.assertEqual((first["dmarc"]["result"], second["dmarc"]["result"]), ("pass", "none"))
        self.assertEqual((first["rcpt"], second["rcpt"]), (["postmaster@example.net"], ["other@example.net"]))

    def test_reset_at_every_stage_forgets_the_message(self):
        self.milter.connect(b"198.51.100.7")
        self.milter.helo()
        stages = [lambda: self.milter.mail(b"office@reject.example"), lambda: self.milter.rcpt(b"lost@example.net"), self.milter.data,
                  lambda: self.milter.header(b"From", b" office@reject.example"), lambda: self.milter.event(b"N"),
                  lambda: self.milter.body(b"x\r\n")]
        for count in range(1, len(stages) + 1):
            for stage in stages[:count]:
                stage()
            self.milter.abort()
            queue_id = f"AFTER{count}"
            self.assert_stamped(self.milter.message([FROM], mail_from=b"office@plain.example", queue_id=queue_id.encode()))
            self.assertEqual(self.daemon.record_of(queue_id)["rcpt"], ["postmaster@example.net"])

    def test_a_second_mail_without_reset(self):
        self.milter.connect()
        self.milter.mail(b"one@reject.example")
        self.milter.rcpt(b"one@example.net")
        self.assert_stamped(self.milter.message([FROM], mail_from=b"two@plain.example", queue_id=b"TWICE"))
        record = self.daemon.record_of("TWICE")
        self.assertEqual((record["mail_from"], record["rcpt"]), ("two@plain.example", ["postmaster@example.net"]))

    def test_no_helo_and_helo_again(self):
        self.milter.connect(b"192.0.2.10")
        self.assert_stamped(self.milter.message([FROM], mail_from=b"", queue_id=b"NOHELO"))
        self.assertEqual(self.daemon.record_of("NOHELO")["spf"]["mailfrom"]["result"], "none")
        self.milter.helo(b"first.example")
        self.milter.helo(b"mail.reject.example")
        self.assert_stamped(self.milter.message([FROM], mail_from=b"", queue_id=b"HELO2"))
        self.assertEqual(self.daemon.record_of("HELO2")["spf"]["mailfrom"]["result"], "pass")

    def test_no_connection_data(self):
        self.assert_stamped(self.milter.message([FROM], queue_id=b"NOCONNECT"))
        self.assertIsNone(self.daemon.record_of("NOCONNECT")["client"]["ip"])

    def test_no_fields_and_no_body(self):
        self.milter.connect()
        answer = self.milter.message([], b"", queue_id=b"EMPTY")
        self.assertEqual((answer.kind, answer.text[:9]), (b"y", b"550 5.7.1"))
        self.assert_stamped(self.milter.message([FROM], b"", queue_id=b"NOBODY"))

    def test_a_body_that_nobody_needs_is_not_sent(self):
        self.milter.connect()
        self.milter.mail()
        self.milter.rcpt()
        self.milter.headers(FROM)
        self.assertEqual(self.milter.body(b"x" * 65535).kind, b"s")
        self.assert_stamped(self.milter.end())

    def test_a_body_that_a_signature_needs_is_sent(self):
        self.milter.connect()
        self.milter.mail()
        self.milter.rcpt()
        self.milter.headers(FROM, SIGNED_BY_NOBODY)
        for _ in range(5):
            self.assertEqual(self.milter.body(b"x" * 65535).kind, b"c")
        self.assert_stamped(self.milter.end())

    def test_a_body_beyond_every_signature_s_length_is_not_sent(self):
        self.milter.connect()
        self.milter.mail()
        self.milter.rcpt()
        self.milter.headers(FROM, (b"DKIM-Signature", SIGNED_BY_NOBODY[1] + b"; l=1000"))
        self.assertEqual(self.milter.body(b"x" * 900).kind, b"c")
        kinds = [self.milter.body(b"x" * 900).kind for _ in range(2)]
        self.assertEqual(kinds[-1], b"s")
        self.assert_stamped(self.milter.end())

    def test_connections_that_end_at_every_point(self):
        for count in range(6):
            with milter.Milter(self.daemon.port) as connection:
                steps = [connection.connect, connection.helo, connection.mail, connection.rcpt, lambda c=connection: c.headers(FROM),
                         lambda c=connection: c.body(b"x")]
                for step in steps[:count]:
                    step()
        self.milter.connect()
        self.assert_stamped(self.milter.message([FROM]))

    def test_macros_without_a_value(self):
        # libmilter went over the end of its list, which ended the process at the first of these, or soon.
        for count in (1, 3, 5, 7, 9, 21, 101):
            with milter.Milter(self.daemon.port) as connection:
                connection.connect()
                connection.helo()
                connection.write(b"D", b"M" + b"".join(b"x%d\0" % number for number in range(count)))
                with contextlib.suppress(milter.Lost):  # It may close the connection.
                    connection.mail()
                self.daemon.assert_sound(self)
        # A pair before such a name counts.
        self.milter.connect()
        self.milter.write(b"D", b"Mi\0KEPT\0j\0")
        self.assert_stamped(self.milter.message([FROM]))
        self.daemon.record_of("KEPT")

    def test_an_mta_that_lets_nobody_change_headers_gets_its_mail_deferred(self):
        forged = (b"Authentication-Results", b" mx.example.net; dmarc=pass")
        # Neither stamped, nor delivered with a forged field: 0x10 is CHGHDRS, 0x1 ADDHDRS.
        for actions, fields in ((0x10, [FROM]), (0x1, [FROM, forged])):
            with milter.Milter(self.daemon.port, actions=actions) as connection:
                connection.connect()
                answer = connection.message(fields)
                self.assertEqual((answer.kind, answer.text[:4]), (b"y", b"451 "))

    def test_actions_that_the_mta_lacks_fall_back_to_the_header(self):
        for how, more in (("hold", ""), ("redirect", ", to: trap@example.net")):
            with daemon.Daemon(f"policy: {{quarantine: {{how: {how}{more}}}}}\n") as strict:
                for actions, name, expected in ((0x1FF, b"offered", False), (0x11, b"lacking", True)):
                    with milter.Milter(strict.port, actions=actions) as connection:
                        connection.connect(b"198.51.100.7")
                        answer = connection.message([(b"From", b" a@quarantine.example")], queue_id=name)
                        self.assert_stamped(answer)
                        self.assertEqual(bool(answer.inserted(b"X-Spam-Flag")), expected)
                        kinds = {kind for kind, _ in answer.edits}
                        wanted = {b"q"} if how == "hold" else {b"+", b"-"}
                        self.assertEqual(wanted <= kinds, not expected)
                        self.assertEqual(strict.record_of(name.decode())["decision"]["action"], "quarantine")


if __name__ == "__main__":
    unittest.main()
