#!/usr/bin/python3
"""The same messages through Debian's real Postfix and real Sendmail: one table of what is expected, one assayd for both."""

import sys
import unittest

import daemon
import mta_cases
import real_mtas
from header_fields import FOREIGN, FORGED
from mta_cases import CASES, make
from unpacked import Unavailable


class Mtas(unittest.TestCase):
    maxDiff = None
    running = None
    mtas = ()

    @classmethod
    def setUpClass(cls):
        cls.running = daemon.Daemon(mta_cases.SETTINGS, zone=(real_mtas.zone_file(cls),))
        cls.addClassCleanup(cls.running.stop)
        servers = real_mtas.both(cls.running)
        try:
            cls.mtas = servers.__enter__()  # pylint: disable=unnecessary-dunder-call
        except Unavailable as why:
            cls.running.stop()
            daemon.skip(str(why))
        cls.addClassCleanup(servers.__exit__, None, None, None)

    def setUp(self):
        for mta in self.mtas:
            mta.leftovers()  # of a test that failed

    def tearDown(self):
        self.running.assert_sound(self)
        for mta in self.mtas:
            self.assertEqual(mta.leftovers(), [], mta.name)

    def test_the_table(self):
        rows = {}
        for case in CASES:
            for mta in self.mtas:
                with self.subTest(case.name, mta=mta.name):
                    happened = mta.send(case.text, client=case.client, helo=case.helo, mail_from=case.mail_from, rcpt=case.rcpt,
                                        login=case.login, mail_args=case.mail_args,
                                        decides=case.expected_of(mta.name).decision is not None,
                                        copies=len(case.expected_of(mta.name).recipients))
                    rows[case.name, mta.name] = happened
                    self.check(case, mta, happened)
        for mta in self.mtas:
            print(f"\n{mta.name}")
            for case in CASES:
                if happened := rows.get((case.name, mta.name)):
                    code, fate, decision, *results, names, _ = happened.row
                    print(f"  {case.name:<46} {code} {fate:<9} {decision or '-':<40} {'/'.join(str(word) for word in results):<20}"
                          f" {' '.join(names)}")
        for case in CASES:
            with self.subTest(case.name, mta="both"):
                same = len({rows[case.name, mta.name].row for mta in self.mtas}) == 1
                self.assertTrue(same or case.differs)

    def check(self, case, mta, happened):
        expected = case.expected_of(mta.name)
        self.assertEqual((happened.code, happened.fate, happened.decision), (expected.code, expected.fate, expected.decision),
                         happened.reply)
        self.assertEqual(happened.reply[:len(expected.reply)], expected.reply)
        if expected.fate != "delivered":
            return
        message = happened.message
        self.assertEqual(happened.recipients, expected.recipients)
        for words in expected.stamp:
            self.assertIn(words, message.stamp)
        # Ours on top, then what else was added, then the MTA's own trace: nothing that came with the message stands above.
        added_by_us = [name.lower() for name, value in expected.added if value is not None]
        self.assertEqual(happened.above_trace, [b"authentication-results", *added_by_us])
        fields, body = case.left_by(mta.name)
        added = list(expected.added)
        rest = [field for field in message.fields if field[0].lower() not in real_mtas.OWN][1:]
        self.assertEqual([(name, None if added[i][1] is None else value) for i, (name, value) in enumerate(rest[:len(added)])], added)
        self.assertEqual(rest[len(added):], fields)
        self.assertEqual(message.body, body)

    def test_messages_of_one_connection_do_not_touch_each_other(self):
        good = make.message("office@reject.example", name="one")
        forged = b"Authentication-Results:" + FORGED[0] + b"\r\n" + good
        for mta in self.mtas:
            with self.subTest(mta.name), mta.server.session(client_ip=real_mtas.loopback_clients.address(make.AUTHOR_IP),
                                                            helo="mail.reject.example") as smtp:
                before = len(self.running.records())
                submit = lambda mail_from, text: mta.server.submit(smtp, mail_from, ["postmaster@example.net"], text)[0]
                self.assertEqual(submit("office@reject.example", forged), 250)
                # Given up in the middle; what was said of its sender and recipients is void.
                for command in ("MAIL FROM:<joe@plain.example>", "RCPT TO:<other@example.net>", "RSET"):
                    self.assertEqual(smtp.docmd(command)[0], 250)
                self.assertEqual(submit("joe@plain.example", make.message("joe@reject.example, x@", name="bad")), 550)
                self.assertEqual(submit("", good), 250)
                self.assertEqual(submit("second@reject.example", good), 250)
                daemon.until(lambda: len(self.running.records()) >= before + 4, what="records")
                records = self.running.records()[before:]
                self.assertEqual([(record["decision"]["action"], record["mail_from"], record["rcpt"]) for record in records],
                                 [(action, sender, ["postmaster@example.net"]) for action, sender in
                                  [("accept", "office@reject.example"), ("reject", "joe@plain.example"), ("accept", ""),
                                   ("accept", "second@reject.example")]])
                texts = mta.server.deliveries(3)
                self.assertEqual(len(texts), 3)
                stamps = [real_mtas.Delivered(text).all("Authentication-Results") for _, text in texts]
                self.assertEqual([len(values) for values in stamps], [1, 1, 1])

    def test_a_second_filter_sees_what_the_first_wrote(self):
        """The second takes the first's name for its own, and so removes its field; that of a third host stays."""
        with daemon.Daemon("authserv_aliases: [mx.example.net]\n", authserv_id="second.example.net", zone=self.running.zone) as second:
            settings = {"smtpd_milters": f"{self.running.postfix_socket}, {second.postfix_socket}"}
            with real_mtas.both(self.running, sendmail_lines=real_mtas.filter_lines(second, "second"), postfix_settings=settings) as mtas:
                for mta in mtas:
                    with self.subTest(mta.name):
                        text = make.message("office@reject.example", name="two")
                        text = b"".join(b"Authentication-Results:" + value + b"\r\n" for value in (FORGED[0], FOREIGN[0])) + text
                        happened = mta.send(text, client=make.AUTHOR_IP, helo="mail.reject.example", mail_from="office@reject.example",
                                            rcpt=["postmaster@example.net"])
                        names = [value.split()[0] for value in happened.message.all("Authentication-Results")]
                        self.assertEqual(names, [b"second.example.net;", b"other.org;"])
                        self.assertIn("dmarc=pass", happened.message.stamp)


if __name__ == "__main__":
    print(f"{len(CASES)} messages", file=sys.stderr)
    unittest.main()
