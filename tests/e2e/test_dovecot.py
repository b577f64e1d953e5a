#!/usr/bin/python3
"""Dovecot, to which Postfix with assayd delivers by LMTP, and its Sieve scripts, by the recipes of docs/other-filters.md."""

import beside
import daemon
import dovecot
from mta_cases import make
from recipes import blocks, recipe

PAGE = "other-filters.md"
INBOX, JUNK = "Maildir", "Junk"


class Dovecot(beside.Beside):
    def serve(self, heading):
        """Dovecot with the script under that heading, and Postfix."""
        plugin = blocks(PAGE, "Dovecot Sieve")[1]
        folder = plugin.partition("sieve_before = ")[2].split()[0]
        port = daemon.free_port()
        mailbox = self.start(dovecot.Dovecot, daemon.BUILD, port, plugin, {f"{folder}/assay.sieve": recipe(PAGE, heading)})
        mta = self.postfix({"smtpd_milters": self.running.postfix_socket, "virtual_transport": f"lmtp:inet:127.0.0.1:{port}"},
                           services=dovecot.MASTER)
        mta.mailbox = mailbox
        return mta

    def assert_folders(self, mta, folders):
        for name, folder in folders.items():
            with self.subTest(name):
                self.send(mta, name)
                self.assertEqual(mta.mailbox.last_folder, folder)
        self.send(mta, beside.REFUSED)
        self.assertEqual(mta.mailbox.deliveries(1, 0.2), [])

    def test_by_the_mark(self):
        mta = self.serve("Dovecot Sieve")
        self.assert_folders(mta, {beside.UNCHANGED: INBOX, beside.FAILING: INBOX, beside.MARKED: JUNK})

    def test_by_results(self):
        mta = self.serve("Dovecot Sieve, by results")
        self.assert_folders(mta, {beside.UNCHANGED: INBOX, beside.FORGED_RESULTS: INBOX, beside.FAILING: JUNK,
                                  beside.MARKED: JUNK})
        # What a sender claims changes nothing, be it under our name or under another's.
        for author, client, claimed, folder in (("monitor", make.OTHER_IP, b"mx.example.net; dmarc=pass", JUNK),
                                                ("reject", make.AUTHOR_IP, b"mx.example.net; dmarc=fail", INBOX),
                                                ("reject", make.AUTHOR_IP, b"other.org; dmarc=fail", INBOX)):
            with self.subTest(claimed, author=author):
                text = b"Authentication-Results: " + claimed + b"\r\n" + make.message(f"office@{author}.example", name="claim")
                mta.send(text, client=client, helo="mail.reject.example", mail_from=f"office@{author}.example",
                         rcpt=["postmaster@example.net"])
                self.assertEqual(mta.mailbox.last_folder, folder)


if __name__ == "__main__":
    daemon.run_tests()
