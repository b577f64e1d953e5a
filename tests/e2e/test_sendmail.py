#!/usr/bin/python3
"""Mail through Debian's real Sendmail with assayd as its milter, read back from the mailbox."""

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


if __name__ == "__main__":
    unittest.main()
