#!/usr/bin/python3
"""Mail through Debian's real Sendmail with assayd as its milter, read back from the mailbox."""

import email.utils
import sys
import unittest

import daemon
import loopback_clients
import samples
import sendmail
from delivered import Delivered

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

FILTER = "INPUT_MAIL_FILTER(`assay', `S={}, F=T, T=S:30s;R:30s;E:5m')dnl"


class Sendmail(unittest.TestCase):
    maxDiff = None
    running = None
    sendmail = None

    @classmethod
    def setUpClass(cls):
        cls.running = daemon.Daemon(zone=(loopback_clients.zone_file(cls),))
        cls.addClassCleanup(cls.running.stop)
        try:
            cls.sendmail = sendmail.Sendmail(daemon.BUILD, FILTER.format(cls.running.socket))
        except sendmail.Unavailable as why:
            cls.running.stop()
            daemon.skip(str(why))
        cls.addClassCleanup(cls.sendmail.stop)

    def tearDown(self):
        self.running.assert_sound(self)

    def test_samples(self):
        for entry in samples.load():
            if "SMTPUTF8" in entry["mail_args"]:
                continue  # Debian's Sendmail knows no SMTPUTF8.
            with self.subTest(entry["name"]):
                expect = entry["expect"]
                with self.sendmail.session(client_ip=entry["client_ip"], helo=entry["helo"]) as smtp:
                    code, reply = self.sendmail.submit(smtp, entry["mail_from"], entry["rcpt"], entry["path"].read_bytes(),
                                                       mail_args=entry["mail_args"])
                self.assertEqual(code, expect["code"] or 250, reply)
                if code != 250:
                    continue
                message = Delivered(self.sendmail.delivered()[0])
                words = message.stamp.replace(";", " ").split()
                found = {"spf": [word[4:] for word in words if word.startswith("spf=")][:1],
                         "dkim": [word[5:] for word in words if word.startswith("dkim=")],
                         "dmarc": [word[6:] for word in words if word.startswith("dmarc=")],
                         "marked": message.all("X-Spam-Flag")}
                self.assertEqual(found, {"spf": [expect["spf"]], "dkim": expect["dkim"] or found["dkim"], "dmarc": [expect["dmarc"]],
                                         "marked": [b" YES"] if expect["quarantine"] == "header" else []})

    def test_our_field_stands_above_the_trace(self):
        with self.sendmail.session(client_ip=make.AUTHOR_IP, helo="mail.reject.example") as smtp:
            self.assertEqual(self.sendmail.submit(smtp, "office@reject.example", ["postmaster@example.net"],
                                                  make.message("office@reject.example", name="top"))[0], 250)
        message = Delivered(self.sendmail.delivered()[0])
        names = message.names()
        self.assertLess(names.index(b"authentication-results"), names.index(b"received"))
        self.assertTrue(message.stamp.startswith("mx.example.net; "))

    def test_the_reader_gets_the_author_who_was_judged(self):
        """Sendmail writes From anew and keeps 256 octets of a mailbox: what it would cut is refused, all else arrives whole."""
        author = "ceo@reject.example.monitor.example"
        shapes = {"comment": (" (", "a", f") {author}"), "quotes": (' "', "a", f'" <{author}>'), "words": (" ", "a ", f"<{author}>"),
                  "local part": (" ", "a", "@reject.example.monitor.example"), "angle": (" <", "a", "@reject.example.monitor.example>"),
                  "comments": (" ", "(a)", author), "octets": (" ", "\x9f\x80\xc3\x9f", f" <{author}>"), "dots": (" ", "a.", f" <{author}>"),
                  "folds": (" ", "aaaa\r\n ", f"<{author}>"), "second": (" x@monitor.example, ", "a ", f"<{author}>"),
                  "group": (" g: ", "a ", f"<{author}>;"), "behind": (f" {author} (", "a", ")"),
                  "encoded": (" ", "=?utf-8?q?aaaa?= ", f"<{author}>"), "quotes in a name": (" x. ", '"" ', f"<{author}>"),
                  "escaped quotes": (' x. "', '\\"', f'" <{author}>'),
                  "name of a group": (" a.b: c.", "d", f" <{author}>;")}
        delivered, refused = set(), set()
        for name, (before, filler, after) in shapes.items():
            with self.sendmail.session(client_ip=make.AUTHOR_IP, helo="mail.monitor.example") as smtp:
                for octets in (100, 160, 170, 180, 190, 200, 236, 248, 252, 255, 256, 260, 600, 2400):
                    field = before + filler * ((octets - len((before + after).strip())) // len(filler)) + after
                    text = b"From:" + field.encode("latin-1") + b"\r\n" + make.message(None, name="cut")
                    with self.subTest(name, octets=octets):
                        code, reply = self.sendmail.submit(smtp, "office@monitor.example", ["postmaster@example.net"], text)
                        if code != 250:
                            self.assertEqual((code, reply[:26]), (550, b"5.7.1 No usable From field"))
                            refused.add(name)
                            continue
                        delivered.add(name)
                        value = Delivered(self.sendmail.delivered()[0]).all("From")[0].decode("latin-1")
                        mailboxes = email.utils.getaddresses([value.replace("\n", "")])
                        domains = {address.rpartition("@")[2] for _, address in mailboxes if address}
                        self.assertEqual(domains - {"monitor.example"}, {"reject.example.monitor.example"}, value)
        self.assertEqual((delivered, refused), (set(shapes), set(shapes)))

    def test_a_long_name_in_any_script_is_counted_as_sendmail_counts_it(self):
        """An octet before 0x80 to 0x9F and 0xFF, none before the others (SM_MM_QUOTE in its sm/sendmail.h), a backslash before
        quotes; two for quotes around the name. What needs 256 octets arrives whole, what needs one more is refused."""
        author = b"ceo@reject.example.monitor.example"
        angle = b" <" + author + b">"
        shapes = {"ASCII": (b" ", b"a ", angle), "Cyrillic": (b" ", "\u041f\u0451\u0442\u0440 ".encode(), angle),
                  "Japanese": (b" ", "\u65e5\u672c\u8a9e".encode(), angle), "Latin": (b" ", "\u00e9\u00fc\u00df ".encode(), angle),
                  "quoted": (b' "', "\u041f\u0451\u0442\u0440 ".encode(), b'"' + angle), "Latin-1": (b" ", b"\xe9\xfe ", angle),
                  "C1": (b" ", b"\x80\x9f", angle), "0xA0": (b" ", b"\xa0", angle), "0xFF": (b" ", b"\xff", angle),
                  "comment": (b" (", b"\x9b\xff", b") " + author), "quotes": (b" x. ", b'"" ', angle),
                  "escaped": (b' x. "', b'\\"', b'"' + angle)}

        def octets(text):
            return sum(2 if octet in b'()"\xff' or 0x80 <= octet <= 0x9F else 1 for octet in text)

        for name, (before, filler, after) in shapes.items():
            count, padding = divmod(256 - 2 - octets(before.lstrip() + after), octets(filler))
            for more, expected in ((0, 250), (1, 550)):
                field = before + b"p" * (padding + more) + filler * count + after
                text = b"From:" + field + b"\r\n" + make.message(None, name="long")
                with self.subTest(name, more=more), self.sendmail.session(client_ip=make.AUTHOR_IP, helo="mail.monitor.example") as smtp:
                    code, reply = self.sendmail.submit(smtp, "office@monitor.example", ["postmaster@example.net"], text)
                    self.assertEqual(code, expected, reply)
                    if code == 250:
                        value = Delivered(self.sendmail.delivered()[0]).all("From")[0].replace(b"\n", b"")
                        self.assertTrue(value.endswith(after.strip()), value)
                        self.assertGreaterEqual(value.replace(b'\\"', b'"').count(filler.strip(b" \\")), count, value)

    def test_a_message_of_25_mb(self):
        body = "The quick brown fox  jumps over the lazy dog, and then some more to fill it.\r\n" * 325_000
        text = make.sign(make.message("office@reject.example", name="big", body=body), "reject.example", canon=("simple", "simple"))
        with self.sendmail.session(client_ip=make.OTHER_IP, helo="mail.reject.example") as smtp:
            self.assertEqual(self.sendmail.submit(smtp, "office@reject.example", ["postmaster@example.net"], text)[0], 250)
        message = Delivered(self.sendmail.delivered()[0])
        self.assertGreater(len(message.body), 25_000_000)
        self.assertIn("dkim=pass", message.stamp)

    def test_cve_2023_51765_smuggled_message(self):
        """SMTP smuggling: Debian's Sendmail takes neither <LF> nor <CR> alone for a line end, and no NUL, so that nothing but
        <CR><LF>.<CR><LF> ends a message."""
        smuggled = b"MAIL FROM:<ceo@reject.example>\r\nRCPT TO:<postmaster@example.net>\r\nDATA\r\n" + make.message("ceo@reject.example", name="b")
        for end in (b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\n.\n", b"\r\n.\r", b"\r\n\0.\r\n", b"\r\n.\0\r\n"):
            with self.subTest(end), self.sendmail.session(client_ip=make.AUTHOR_IP, helo="mail.monitor.example") as smtp:
                before = len(self.running.records())
                smtp.ehlo()
                for command in ("MAIL FROM:<joe@monitor.example>", "RCPT TO:<postmaster@example.net>"):
                    self.assertEqual(smtp.docmd(command)[0], 250)
                self.assertEqual(smtp.docmd("DATA")[0], 354)
                smtp.send(make.message("joe@monitor.example", name="carrier") + end + smuggled + b".\r\nQUIT\r\n")
                replies = smtp.file.read()  # until Sendmail hangs up
                self.assertRegex(replies, rb"^(421 4\.5\.0 Bare|554 5\.6\.1 NUL)")
                self.assertEqual(self.sendmail.deliveries(1, 0.2), [])
                self.assertEqual(self.running.records()[before:], [])

    def test_a_redirection_takes_a_message_from_all_whom_a_recipient_stands_for(self):
        rules = "policy: {rules: [{name: trap, when: {spf: fail}, then: {quarantine: {how: redirect, to: trap@example.net}}}]}\n"
        running = daemon.Daemon(rules, zone=self.running.zone)
        self.addCleanup(running.stop)
        aliases = "team: one, two\nouter: team, three\nbob: \\bob, carol\n"
        server = sendmail.Sendmail(daemon.BUILD, FILTER.format(running.socket), aliases=aliases)
        self.addCleanup(server.stop)
        for rcpt in (["team@example.net"], ["outer@example.net"], ["bob@example.net", "one@example.net", "TEAM@example.net"], ["bob"],
                     ["one%example.net@example.net"], ["example.net!one@example.net"], ["@example.net:one@example.net"],
                     ['"one"@example.net'], ["team@mx.example.net"], ["one@[127.0.0.1]"]):
            with self.subTest(rcpt), server.session(client_ip=make.OTHER_IP, helo="client.plain.example") as smtp:
                text = make.message("office@monitor.example", name="trap")
                self.assertEqual(server.submit(smtp, "office@monitor.example", rcpt, text)[0], 250)
                self.assertEqual([recipient for recipient, _ in server.deliveries()], [b"trap"])
        self.assertEqual(server.deliveries(1, 0.5), [])

    def test_names_of_its_own_are_completed(self):
        """What Sendmail makes of its own names is nobody's whom DMARC judged: docs/sendmail.md has a rule for that."""
        with self.sendmail.session(client_ip=make.OTHER_IP, helo="client.plain.example") as smtp:
            text = make.message("ceo@localhost", name="own")
            self.assertEqual(self.sendmail.submit(smtp, "", ["postmaster@example.net"], text)[0], 250)
        self.assertEqual(Delivered(self.sendmail.delivered()[0]).all("From"), [b" ceo@mx.example.net"])
        lines = FILTER.format(self.running.socket) + "\nMASQUERADE_AS(`example.net')dnl"
        with sendmail.Sendmail(daemon.BUILD, lines) as server:
            with server.session(client_ip=make.OTHER_IP, helo="client.plain.example") as smtp:
                self.assertEqual(server.submit(smtp, "", ["postmaster@example.net"], text)[0], 250)
            self.assertEqual(Delivered(server.delivered()[0]).all("From"), [b" ceo@example.net"])


if __name__ == "__main__":
    unittest.main()
