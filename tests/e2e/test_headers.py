#!/usr/bin/python3
"""Header fields of any size, and fields that claim to be our own."""

import sys
import unittest

import daemon
import milter
import samples

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

# Values after the colon; RFC 8601 section 5. The id under test is mx.example.net.
FORGED = [
    b" mx.example.net; dmarc=pass",
    b" MX.Example.NET 1; none",
    b' "mx.example.net"; spf=pass',
    b" (c (nested) \\) x) mx.example.net (y); dkim=pass",
    b"\n mx.example.net; spf=pass",
    b"mx.example.net; spf=pass",
    b"\tmx.example.net\t;\tspf=pass",
    b" mx.example.net/1; spf=pass",
    b" mx.example.net",
    b" mx.example.net;",
    b" mx.example.net garbage",
    b" mx.example.net; dmarc=pass " + b"x" * 60_000,
    b" (" + b"x" * 60_000 + b") mx.example.net; dmarc=pass",
    b" alias.example.net; dmarc=pass",
    # unparsable: whose they are cannot be told
    b" ; spf=pass",
    b"",
    b" (unclosed mx.example.net; dmarc=pass",
    # a version that is not known, whoever's
    b" mx.example.net 2; none",
    b" other.org 2; dkim=pass",
]
FOREIGN = [
    b" other.org; dkim=pass header.d=other.org",
    b" other.org 1; none",
    b" mx.example.net.attacker.test; dmarc=pass",
    b" xmx.example.net; dmarc=pass",
    b' "other.org"; spf=pass',
]
NAMES = [b"Authentication-Results", b"authentication-results", b"AUTHENTICATION-RESULTS", b"aUTHENTICATION-rESULTS"]
FROM = (b"From", b" office@plain.example")


def fields_of(text):
    """The (name, value) fields of a message in CR LF, values with LF."""
    head = text.split(b"\r\n\r\n", 1)[0].replace(b"\r\n", b"\n")
    fields = []
    for line in head.split(b"\n"):
        if line[:1] in b" \t" and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b"\n" + line)
        else:
            name, value = line.split(b":", 1)
            fields.append((name, value))
    return fields


class Headers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon.Daemon("authserv_aliases: [alias.example.net]\n")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def setUp(self):
        self.milter = milter.Milter(self.daemon.port)
        self.milter.connect(b"192.0.2.10")
        self.milter.helo(b"mail.reject.example")

    def tearDown(self):
        self.milter.quit()
        self.daemon.assert_sound(self)

    def assert_stamped(self, answer):
        self.assertTrue(answer.is_continue, (answer.kind, answer.text))
        self.assertEqual(len(answer.inserted(b"Authentication-Results")), 1)

    def test_a_signed_field_of_any_length_is_verified(self):
        # Postfix sends fields of up to header_size_limit; libmilter alone hangs up on more than 64 KB.
        for size in (65_519, 65_520, 65_536, 70_000, 200_000):
            with self.subTest(size):
                text = make.message("office@reject.example", name="long", extra=["X-Long: " + "y" * size])
                signed = make.sign(text, "reject.example", headers=[*make.SIGNED, b"x-long"])
                queue_id = f"LONG{size}".encode()
                answer = self.milter.message(fields_of(signed), make.BODY.encode(), mail_from=b"office@reject.example",
                                             queue_id=queue_id)
                self.assert_stamped(answer)
                record = self.daemon.record_of(queue_id.decode())
                self.assertEqual([signature["result"] for signature in record["dkim"]], ["pass"])

    def test_all_fields_together_have_a_bound(self):
        # limits.header_bytes, 1 MiB by default, over all fields with their line ends.
        def sized(total):
            return [FROM, (b"X", b" " + b"y" * (total - len(b"From: office@plain.example\r\n") - len(b"X: \r\n")))]

        self.assert_stamped(self.milter.message(sized(1 << 20), queue_id=b"FULL"))
        answer = self.milter.message(sized((1 << 20) + 1), queue_id=b"OVER")
        self.assertEqual((answer.kind, answer.text[:9]), (b"y", b"552 5.3.4"))

    def test_a_forged_field_goes_and_a_foreign_one_stays(self):
        for name in NAMES:
            for value in FORGED + FOREIGN:
                with self.subTest(name=name, value=value[:60]):
                    answer = self.milter.message([FROM, (name, value)])
                    self.assert_stamped(answer)
                    self.assertEqual([number for _, number in answer.removed()], [1] if value in FORGED else [])

    def test_of_several_the_highest_number_goes_first(self):
        pattern = [FOREIGN[0], FORGED[0], FORGED[1], FOREIGN[1], FORGED[11], FORGED[15], FOREIGN[2], FORGED[2]]
        fields = [FROM] + [(NAMES[i % len(NAMES)], value) for i, value in enumerate(pattern)] + [(b"Subject", b" x")]
        answer = self.milter.message(fields)
        self.assert_stamped(answer)
        self.assertEqual([number for _, number in answer.removed()], [8, 6, 5, 3, 2])
        kinds = [kind for kind, _ in answer.edits]
        self.assertEqual(kinds, sorted(kinds, key=lambda kind: kind != b"m"), "removed before anything is inserted")

    def test_the_mta_s_message_keeps_foreign_fields_alone(self):
        entry = next(entry for entry in samples.load() if entry["name"] == "forged-results")
        result = samples.send(daemon.BIN / "assay-mta", self.daemon.socket, entry)
        values = samples.fields(result, "Authentication-Results")
        self.assertEqual(len(values), 2)
        self.assertTrue(values[0].startswith(" mx.example.net;"))
        self.assertEqual(values[1], " other.example.org; spf=pass smtp.mailfrom=monitor.example")

    def test_local_mail_loses_forged_fields_too(self):
        with daemon.Daemon("local: {networks: [192.0.2.99]}\n") as local, milter.Milter(local.port) as connection:
            connection.connect(b"192.0.2.99")
            connection.helo()
            answer = connection.message([FROM, (NAMES[0], FORGED[0]), (NAMES[0], FOREIGN[0])], queue_id=b"LOCAL")
            self.assert_stamped(answer)
            self.assertEqual([number for _, number in answer.removed()], [1])
            self.assertEqual(answer.inserted(NAMES[0])[0].split(), [b"mx.example.net;", b"none"])
            self.assertTrue(local.record_of("LOCAL")["client"]["local"])

    def test_authenticated_mail_loses_forged_fields_and_is_not_verified(self):
        self.milter.macro(b"{auth_authen}", b"joe")
        answer = self.milter.message([(b"From", b" office@reject.example"), (NAMES[0], FORGED[0])], queue_id=b"JOE")
        self.assert_stamped(answer)
        self.assertEqual([number for _, number in answer.removed()], [1])
        self.assertIn(b"auth=pass smtp.auth=joe", b" ".join(answer.inserted(NAMES[0])[0].split()))

    def test_a_trusted_hop_keeps_its_fields(self):
        with daemon.Daemon("local: {networks: [], trusted_authserv: [192.0.2.98]}\n") as trusting:
            with milter.Milter(trusting.port) as connection:
                connection.connect(b"192.0.2.98")
                answer = connection.message([FROM, (NAMES[0], FORGED[0])])
                self.assert_stamped(answer)
                self.assertEqual(answer.removed(), [])


if __name__ == "__main__":
    unittest.main()
