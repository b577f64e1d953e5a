#!/usr/bin/python3
"""Addresses of the envelope in spellings that Postfix takes and other readers take for something else: SPF, rules, records and
redirections read them as Postfix does."""

import pathlib
import smtplib
import tempfile
import unittest

import daemon
import postfix

CLIENT = "198.51.100.1"
ZONE = """\
$TTL 300
$ORIGIN .
example.com. TXT "v=spf1 ip4:192.0.2.1 -all"
evil.test. TXT "v=spf1 ip4:198.51.100.1 -all"
partner.example. TXT "v=spf1 ip4:203.0.113.1 -all"
_dmarc.author.example. TXT "v=DMARC1; p=reject"
"""
SETTINGS = """\
policy:
  published: {reject: quarantine}
  quarantine: {how: redirect, to: jail@example.net}
  rules:
    - {name: partner, when: {mail_from_domain: partner.example, spf: pass}, then: accept}
    - {name: spoofed, when: {mail_from_domain: example.com, spf: fail}, then: reject}
    - {name: bob, when: {rcpt: bob@example.net, helo: by-address.test}, then: reject}
    - {name: ours, when: {rcpt_domain: example.net, helo: by-domain.test}, then: reject}
"""
FAILING = b"From: ceo@author.example\r\nSubject: x\r\n\r\nbody\r\n"
PLAIN = b"From: someone@unpublished.example\r\nSubject: x\r\n\r\nbody\r\n"

# What each is to Postfix: the domain that SPF is asked about, None for the null sender (then it is the HELO name).
SENDERS = {
    "<x@evil.test>(y@partner.example>)": "evil.test",
    "<x@evil.test>(y@partner.example>": "evil.test",
    "<x@evil.test (>@partner.example)>": "evil.test",
    "<>(x@partner.example>)": None,
    "<(x@partner.example)>": None,
    '<"x@partner.example"@evil.test>': "evil.test",
    "<@partner.example:x@evil.test>": "evil.test",
    "<x@partner.example@evil.test>": "evil.test",
    "<a@example.com>": "example.com",
    "<a@example.com (x)>": "example.com",
    "<a@(x)example.com>": "example.com",
    "<a @ example.com>": "example.com",
    "<a@example . com>": "example.com",
    "<a@example.com(>": "example.com",
    "<a@example.com;>": "example.com",
    "<a(x)@example.com>": "example.com",
    '<a@"example.com">': "example.com",
    "<a\\b@example.com>": "example.com",
    "<a.@example.com>": "example.com",
    "<@x.example:a@EXAMPLE.com.>": "example.com",
    "a@example.com": "example.com",
}
# All of them are bob@example.net; whether the form under which Postfix removes the recipient is certain.
RECIPIENTS = {
    "<bob@example.net>": True,
    "<BOB@EXAMPLE.NET>": True,
    '<"bob"@example.net>': True,
    '<"b\\ob"@example.net>': True,
    "<bob@example.net.>": True,
    "<@foo.example:bob@example.net>": True,
    "<@foo.example,@bar.example:Bob@example.net.>": True,
    "bob@example.net": True,
    "<b\\ob@example.net>": False,
    "<bob(x)@example.net>": False,
    "<bob@(x)example.net>": False,
    "<bob @ example.net>": False,
    "<@foo.example:BOB@example.net.(x)>": False,
    "<bob@example.net>(x@partner.example>)": False,
}


class Paths(unittest.TestCase):
    maxDiff = None
    postfix = None
    running = None

    @classmethod
    def setUpClass(cls):
        cls.running = daemon.Daemon(SETTINGS, zone=(cls.zone_file(),))
        try:
            cls.postfix = postfix.Postfix(daemon.BUILD, cls.running.postfix_socket)
        except postfix.Unavailable as why:
            cls.running.stop()
            daemon.skip(str(why))

    @classmethod
    def tearDownClass(cls):
        cls.postfix.stop()
        cls.running.stop()

    @classmethod
    def zone_file(cls):
        folder = tempfile.TemporaryDirectory(prefix="assay-paths-")
        cls.addClassCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "zone"
        path.write_text(ZONE, encoding="ascii")
        return path

    def tearDown(self):
        self.running.assert_sound(self)
        self.postfix.delivered(0)

    def send(self, text, mail="<x@evil.test>", rcpt="<bob@example.net>", helo="evil.test"):
        """The reply code of the message and its record."""
        before = len(self.running.records())
        with self.postfix.session(client_ip=CLIENT, helo=helo) as smtp:
            smtp.ehlo(helo)
            for command in (f"MAIL FROM:{mail}", f"RCPT TO:{rcpt}"):
                self.assertEqual(smtp.docmd(command)[0], 250, command)
            try:
                code = smtp.data(text)[0]
            except smtplib.SMTPDataError as error:
                code = error.smtp_code
        return code, daemon.until(lambda: self.running.records()[before:], what="a record")[-1]

    def test_senders(self):
        for mail, domain in SENDERS.items():
            with self.subTest(mail):
                code, record = self.send(PLAIN, mail)
                spf = record["spf"]["mailfrom"]
                self.assertEqual((spf["domain"], spf["result"]), (domain or "evil.test", "fail" if domain == "example.com" else "pass"))
                self.assertEqual(record["mail_from"] == "", domain is None, record["mail_from"])
                # No rule takes SPF's word for another domain, nor misses one that fails.
                self.assertEqual((code, record["decision"]["rule"]), (550, "spoofed") if domain == "example.com" else (250, "default"))

    def test_recipients_of_rules(self):
        for rcpt in RECIPIENTS:
            for helo, rule in (("by-address.test", "bob"), ("by-domain.test", "ours")):
                with self.subTest(rcpt, rule=rule):
                    code, record = self.send(PLAIN, rcpt=rcpt, helo=helo)
                    self.assertEqual((code, record["decision"]["rule"]), (550, rule), record["rcpt"])

    def test_redirection_leaves_nobody(self):
        for rcpt, is_certain in RECIPIENTS.items():
            with self.subTest(rcpt):
                self.postfix.delivered(0)
                code, record = self.send(FAILING, rcpt=rcpt)
                self.assertEqual((code, record["decision"]["action"]), (250, "quarantine") if is_certain else (451, "tempfail"))
                if is_certain:
                    # Long enough for a second one: both would be delivered at once.
                    texts = self.postfix.delivered(1) + self.postfix.delivered(1, timeout=0.5)
                    to = [line for text in texts for line in text.split(b"\n") if line.startswith(b"Delivered-To:")]
                    self.assertEqual(to, [b"Delivered-To: jail@example.net"])
                else:
                    self.assertEqual(self.postfix.delivered(1, timeout=0.3), [])

    def test_redirection_to_the_recipient_itself(self):
        for rcpt in ("<jail@example.net>", '<@foo.example:"jail"@example.net>'):
            with self.subTest(rcpt):
                code, _ = self.send(FAILING, rcpt=rcpt)
                self.assertEqual(code, 250)
                self.assertNotEqual(self.postfix.delivered(1), [])


if __name__ == "__main__":
    unittest.main()
