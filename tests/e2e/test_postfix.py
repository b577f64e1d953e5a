#!/usr/bin/python3
"""Mail through Debian's real Postfix with assayd as its milter, read back from the mailbox."""

import sys
import unittest

import daemon
import header_sizes
import postfix
import samples
from delivered import Delivered, parse
from header_fields import FOREIGN, FORGED, NAMES

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

OUR_ID = b"mx.example.net"


def setUpModule():  # pylint: disable=invalid-name
    try:
        Postfix.running = daemon.Daemon("authserv_aliases: [alias.example.net]\n")
        Postfix.postfix = postfix.Postfix(daemon.BUILD, Postfix.running.postfix_socket)
    except postfix.Unavailable as why:
        Postfix.running.stop()
        daemon.skip(str(why))


def tearDownModule():  # pylint: disable=invalid-name
    Postfix.postfix.stop()
    Postfix.running.stop()


class Postfix(unittest.TestCase):
    maxDiff = None
    running = None
    postfix = None

    def send(self, text, *, mail_from="office@reject.example", ip=make.AUTHOR_IP, helo="mail.reject.example", login=None, mail_args=(),
             through=None, rcpt=("postmaster@example.net",)):
        server = through or self.postfix
        with server.session(client_ip=ip, helo=helo, login=login) as smtp:
            return server.submit(smtp, mail_from, rcpt, text, mail_args=mail_args)

    def deliver(self, text, **options):
        """Sends a message that must be accepted and returns what the mailbox got."""
        server = options.get("through") or self.postfix
        self.assertEqual(server.delivered(0), [], "the mailbox is empty before")
        code, reply = self.send(text, **options)
        self.assertEqual(code, 250, reply)
        texts = server.delivered()
        self.assertEqual(len(texts), 1, server.log_text()[-3000:])
        return Delivered(texts[0])

    def setUp(self):
        self.postfix.delivered(0)  # what a failed test left

    def tearDown(self):
        self.running.assert_sound(self)

    def test_samples(self):
        for entry in samples.load():
            with self.subTest(entry["name"]):
                expect = entry["expect"]
                code, reply = self.send(entry["path"].read_bytes(), mail_from=entry["mail_from"], ip=entry["client_ip"],
                                        helo=entry["helo"], mail_args=entry["mail_args"], rcpt=entry["rcpt"])
                self.assertEqual(code, expect["code"] or 250, reply)
                if code != 250:
                    continue
                message = Delivered(self.postfix.delivered()[0])
                words = message.stamp.replace(";", " ").split()
                found = {"spf": [word for word in words if word.startswith("spf=")][:1],
                         "dkim": [word[5:] for word in words if word.startswith("dkim=")],
                         "dmarc": [word for word in words if word.startswith("dmarc=")],
                         "marked": message.all("X-Spam-Flag")}
                self.assertEqual(found, {"spf": [f"spf={expect['spf']}"], "dkim": expect["dkim"] or found["dkim"],
                                         "dmarc": [f"dmarc={expect['dmarc']}"],
                                         "marked": [b" YES"] if expect["quarantine"] == "header" else []})

    def test_our_field_stands_above_the_trace(self):
        message = self.deliver(make.message("office@reject.example", name="top"))
        names = message.names()
        self.assertLess(names.index(b"authentication-results"), names.index(b"received"))
        self.assertTrue(message.stamp.startswith("mx.example.net; "))

    def test_forged_fields_are_gone_and_foreign_ones_stay(self):
        # Postfix takes these as header fields: the others would end the header.
        for value in FORGED + FOREIGN:
            for name in NAMES[:1] if len(value) > 1000 else NAMES:
                with self.subTest(name=name, value=value[:60]):
                    text = make.message("office@reject.example", name="forged")
                    text = name + b":" + value.replace(b"\n", b"\r\n") + b"\r\n" + text
                    values = self.deliver(text).all("Authentication-Results")
                    self.assertEqual(values[0].split()[:2], [b"mx.example.net;", b"spf=pass"])
                    # White space at the end of a line is not compared: there is none but in the empty field.
                    self.assertEqual(values[1:], [value] if value in FOREIGN else [])

    def test_three_forged_among_foreign_ones(self):
        values = [FOREIGN[0], FORGED[0], FOREIGN[1], FORGED[11], FORGED[2], FOREIGN[2]]
        text = b"".join(NAMES[i % 4] + b":" + value + b"\r\n" for i, value in enumerate(values))
        found = self.deliver(text + make.message("office@reject.example", name="three")).all("Authentication-Results")
        self.assertEqual(found[1:], [FOREIGN[0], FOREIGN[1], FOREIGN[2]])

    def test_the_null_sender(self):
        message = self.deliver(make.message("mailer-daemon@reject.example", name="bounce"), mail_from="")
        self.assertEqual(message.all("Return-Path"), [b" <>"])
        self.assertIn("spf=pass smtp.helo=mail.reject.example", message.stamp)
        self.assertIn("dmarc=pass", message.stamp)

    def test_a_message_with_a_header_line_of_70000_octets_is_verified(self):
        # As soon as it has a milter, Postfix cuts a field at 60,000 octets whatever header_size_limit says
        # (KLUDGE_HEADER_LIMIT in its cleanup_message.c), so the signature must not cover this one.
        text = make.message("office@reject.example", name="long", extra=["X-Long: " + "y" * 70_000])
        message = self.deliver(make.sign(text, "reject.example"), ip=make.OTHER_IP)
        self.assertIn("dkim=pass", message.stamp)
        self.assertIn("dmarc=pass", message.stamp)
        self.assertEqual([len(value) for value in message.all("X-Long")], [60_000 - len("X-Long:")])

    def test_a_message_of_25_mb(self):
        body = "The quick brown fox  jumps over the lazy dog, and then some more to fill it.\r\n" * 325_000
        text = make.sign(make.message("office@reject.example", name="big", body=body), "reject.example")
        text = make.sign(text, "reject.example", canon=("simple", "simple"))
        message = self.deliver(text, ip=make.OTHER_IP)
        self.assertGreater(len(message.body), 25_000_000)
        self.assertEqual(message.stamp.count("dkim=pass"), 2)

    def test_two_from_fields_are_refused(self):
        text = make.message("office@reject.example", name="two", extra=["From: other@plain.example"])
        code, reply = self.send(text)
        self.assertEqual((code, reply[:6]), (550, b"5.7.1 "))

    def test_the_reader_gets_no_more_of_a_from_field_than_was_judged(self):
        # A milter gets a value up to its first NUL.
        text = make.message("office@monitor.example\0, ceo@reject.example", name="nul")
        message = self.deliver(text, mail_from="office@monitor.example", helo="mail.monitor.example")
        self.assertIn("dmarc=pass", message.stamp)
        self.assertEqual(message.all("From"), [b" office@monitor.example"])

    def test_no_reader_finds_a_from_field_behind_a_lone_cr(self):
        text = b"X-A: b\rFrom: ceo@reject.example\r\n" + make.message("office@monitor.example", name="cr")
        code, reply = self.send(text, mail_from="office@monitor.example", helo="mail.monitor.example")
        # Refused; or Postfix made a blank of the CR (cleanup_replace_stray_cr_lf, since 3.7.10).
        if code == 250:
            self.assertEqual(Delivered(self.postfix.delivered()[0]).all("X-A"), [b" b From: ceo@reject.example"])
        else:
            self.assertEqual((code, reply[:6]), (550, b"5.7.1 "))

    def test_cve_2023_51764_smuggled_message(self):
        """SMTP smuggling: Postfix before 3.9 ends a message at <LF>.<CR><LF>, where the honest relay that brings it sees text.
        What follows is a further message from that relay, and to a milter it is nothing else: SPF passes for whoever may send
        through the relay, so that nobody but Postfix can prevent it (smtpd_forbid_bare_newline). No signature of the first
        counts for the second, and the first, cut short, does not verify."""
        second = make.message("ceo@reject.example", name="smuggled")
        commands = b"MAIL FROM:<ceo@reject.example>\r\nRCPT TO:<postmaster@example.net>\r\nDATA\r\n"
        head, body = make.message("joe@monitor.example", name="carrier").split(b"\r\n\r\n", 1)
        whole = make.sign(head + b"\r\n\r\n" + body + b"\n.\r\n" + commands + second, "monitor.example")
        carrier = ("monitor.example", ["fail"], "pass")  # by SPF
        smuggled = ("reject.example", [], "pass")  # by SPF, and nothing tells it from a genuine one
        for setting, expected in (("no", [carrier, smuggled]), ("normalize", [carrier]), ("reject", [])):
            with self.subTest(setting):
                settings = {"smtpd_forbid_bare_newline": setting, "smtpd_forbid_bare_newline_exclusions": ""}
                server = postfix.Postfix(daemon.BUILD, self.running.postfix_socket, settings=settings)
                self.addCleanup(server.stop)
                before = len(self.running.records())
                with server.session(client_ip=make.AUTHOR_IP, helo="mail.monitor.example") as smtp:
                    smtp.ehlo()
                    for command in ("MAIL FROM:<joe@monitor.example>", "RCPT TO:<postmaster@example.net>"):
                        self.assertEqual(smtp.docmd(command)[0], 250)
                    self.assertEqual(smtp.docmd("DATA")[0], 354)
                    smtp.send(whole + b".\r\nQUIT\r\n")
                    replies = smtp.file.read()  # until Postfix hangs up
                self.assertEqual(len(server.delivered(len(expected))), len(expected), replies)
                daemon.until(lambda: len(self.running.records()) >= before + len(expected), what="their records")
                sent = [(record["dmarc"]["domain"], [one["result"] for one in record["dkim"]], record["dmarc"]["result"])
                        for record in self.running.records()[before:]]
                self.assertEqual(sent, expected)

    def test_an_authenticated_submission_is_not_verified(self):
        text = make.message("office@reject.example", name="login")
        text = b"Authentication-Results: mx.example.net; dmarc=pass\r\n" + text
        message = self.deliver(text, ip=make.OTHER_IP, login="joe")
        self.assertEqual(len(message.all("Authentication-Results")), 1)
        self.assertIn("auth=pass smtp.auth=joe", message.stamp)
        self.assertNotIn("spf=", message.stamp)
        # All that the author wrote is there, octet for octet.
        ours = (b"return-path", b"x-original-to", b"delivered-to", b"received", b"authentication-results")
        rest = [field for field in message.fields if field[0].lower() not in ours]
        self.assertEqual(rest, parse(make.message("office@reject.example", name="login").replace(b"\r\n", b"\n"))[0])
        self.assertEqual(message.body, make.BODY.replace("\r\n", "\n").encode())

    def test_an_author_in_utf8(self):
        text = make.message("Büro <büro@bücher.example>", name="utf8", subject="Prüfung")
        message = self.deliver(text, mail_from="büro@bücher.example", mail_args=["SMTPUTF8"], helo="mail.xn--bcher-kva.example")
        self.assertIn("dmarc=pass", message.stamp)

    def test_a_forgery_is_refused_with_a_reason(self):
        code, reply = self.send(make.message("office@reject.example", name="forgery"), ip=make.OTHER_IP)
        self.assertEqual(code, 550)
        self.assertRegex(reply.decode(), r"^5\.7\.1 .*DMARC.*reject\.example")

    def test_quarantine_by_header(self):
        message = self.deliver(make.message("office@quarantine.example", name="marked"), ip=make.OTHER_IP, mail_from="a@plain.example")
        self.assertEqual(message.all("X-Spam-Flag"), [b" YES"])
        self.assertIn("dmarc=fail", message.stamp)

    def with_policy(self, text):
        """A daemon and a Postfix of their own."""
        running = daemon.Daemon(f"policy: {text}\n")
        self.addCleanup(running.stop)
        server = postfix.Postfix(daemon.BUILD, running.postfix_socket)
        self.addCleanup(server.stop)
        return server

    def test_quarantine_by_hold(self):
        server = self.with_policy("{quarantine: {how: hold}}")
        code, reply = self.send(make.message("office@quarantine.example", name="held"), ip=make.OTHER_IP, through=server)
        self.assertEqual(code, 250, reply)
        daemon.until(server.held, what="a message on hold")
        self.assertEqual(server.delivered(1, timeout=0.5), [])

    def test_quarantine_by_redirect(self):
        server = self.with_policy("{quarantine: {how: redirect, to: trap@example.net}}")
        message = self.deliver(make.message("office@quarantine.example", name="trap"), ip=make.OTHER_IP, through=server,
                               rcpt=("one@example.net", "two@example.net"))
        self.assertEqual(message.all("Delivered-To"), [b" trap@example.net"])

    def test_quarantine_by_refusal(self):
        server = self.with_policy("{quarantine: {how: reject}}")
        code, _ = self.send(make.message("office@quarantine.example", name="refused"), ip=make.OTHER_IP, through=server)
        self.assertEqual(code, 550)

    def test_without_the_filter_mail_is_deferred(self):
        with postfix.Postfix(daemon.BUILD, f"inet:127.0.0.1:{daemon.free_port()}") as server:
            code, reply = self.send(make.message("office@reject.example", name="down"), through=server)
            self.assertEqual((code, reply[:6]), (451, b"4.7.1 "))


class Sizes(header_sizes.HeaderSizes, unittest.TestCase):
    """Through Postfix, which takes headers of 4 MB and shows no more of a field than it delivers."""

    as_seen = staticmethod(header_sizes.cut)

    @classmethod
    def setUpClass(cls):
        cls.daemons = header_sizes.daemons()
        cls.postfixes = {action: postfix.Postfix(daemon.BUILD, running.postfix_socket, settings={"header_size_limit": 4_000_000})
                         for action, running in cls.daemons.items()}

    @classmethod
    def tearDownClass(cls):
        for server in [*cls.postfixes.values(), *cls.daemons.values()]:
            server.stop()

    def tearDown(self):
        for running in self.daemons.values():
            running.assert_sound(self)

    def send(self, action, fields, body):
        running, server = self.daemons[action], self.postfixes[action]
        server.delivered(0)
        before = len(running.records())
        text = b"".join(name + b":" + value.replace(b"\n", b"\r\n") + b"\r\n" for name, value in fields) + b"\r\n" + body
        with server.session(client_ip=make.AUTHOR_IP, helo="mail.reject.example") as smtp:
            code, reply = server.submit(smtp, "office@reject.example", ["postmaster@example.net"], text)
        record = daemon.until(lambda: running.records()[before:], what="a record")[-1]
        if code != 250:
            self.assertEqual(server.delivered(1, timeout=0.1), [])
            return code, reply, None, record
        texts = server.delivered()
        self.assertEqual(len(texts), 1, server.log_text()[-3000:])
        message = Delivered(texts[0])
        self.assertEqual(message.body, body.replace(b"\r\n", b"\n"))
        own = (b"return-path", b"x-original-to", b"delivered-to")
        return code, reply, [field for field in message.fields if field[0].lower() not in own], record


if __name__ == "__main__":
    unittest.main()
