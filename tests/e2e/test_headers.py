#!/usr/bin/python3
"""Header fields of any size, and fields that claim to be our own."""

import sys
import unittest

import daemon
import header_sizes
import milter
import samples
from header_fields import FOREIGN, FORGED, NAMES, fields_of

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

FROM = (b"From", b" office@plain.example")


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


class Sizes(header_sizes.HeaderSizes, unittest.TestCase):
    """Through the milter protocol: of a field all arrives."""

    @classmethod
    def setUpClass(cls):
        cls.daemons = header_sizes.daemons()

    @classmethod
    def tearDownClass(cls):
        for running in cls.daemons.values():
            running.stop()

    def tearDown(self):
        for running in self.daemons.values():
            running.assert_sound(self)

    def send(self, action, fields, body):
        queue_id = f"SIZE{next(self.numbers)}"
        with milter.Milter(self.daemons[action].port) as connection:
            connection.connect(b"192.0.2.10")
            connection.helo(b"mail.reject.example")
            answer = connection.message(fields, body, mail_from=b"office@reject.example", queue_id=queue_id.encode())
        record = self.daemons[action].record_of(queue_id)
        if answer.kind == b"y":
            code, text = answer.text.split(b" ", 1)
            return int(code), text, None, record
        self.assertTrue(answer.is_continue, answer.kind)
        return 250, answer.text, answer.edited(fields), record

    def test_the_largest_bound_that_may_be_set(self):
        # A field that fills it arrives: libmilter is told to take packets of 16 MiB.
        with daemon.Daemon("limits: {header_bytes: 16MiB}\n") as running:
            for more, result in ((0, None), (1, "header_octets")):
                fields = [FROM, (b"X", b" " + b"y" * ((16 << 20) - header_sizes.octets([FROM]) - len(b"X: \r\n") + more))]
                with milter.Milter(running.port) as connection:
                    connection.connect()
                    connection.helo()
                    answer = connection.message(fields, queue_id=f"LARGEST{more}".encode())
                self.assertEqual(running.record_of(f"LARGEST{more}")["exceeded"], result)
                self.assertEqual((answer.kind, answer.text[:9]), (b"y", b"552 5.3.4") if more else (b"c", b""))
            running.assert_sound(self)


if __name__ == "__main__":
    unittest.main()
