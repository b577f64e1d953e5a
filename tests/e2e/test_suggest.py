#!/usr/bin/python3
"""From mail that fails to a rule in force, through a real Postfix: assay policy suggest writes it from the daemon's own
log, it is observed, replayed, and turned on.
"""

import datetime
import json
import pathlib
import sys
import unittest

import daemon
import samples
import served

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

ZONE = pathlib.Path(__file__).resolve().parents[2] / "config/examples/messages/zone"
# A partner whose provider appends to what was signed; see config/examples/partner.yaml.
PARTNER = {"client_ip": "192.0.2.17", "helo": "example-com.mailer.example.org", "mail_from": "bounce@example-com.mailer.example.org"}
FORGER = {"client_ip": "198.51.100.7", "helo": "mail.example.com", "mail_from": "billing@example.com"}
DISCLAIMER = b"-- \r\nThis message is confidential.\r\n"
INVOICES = 12

setUpModule = served.require  # pylint: disable=invalid-name


def invoice(number):
    text = make.message("Billing <billing@example.com>", name=f"invoice-{number}", subject=f"Invoice {number}")
    return make.sign(text, "example.com") + DISCLAIMER


def forgery(number):
    return make.message("Billing <billing@example.com>", name=f"forgery-{number}", subject="Our new bank account")


class Suggest(unittest.TestCase):
    maxDiff = None
    BASE = "authserv_id: mx.example.net\n"
    RULE = "broken-sender-example-com.mailer.example.org"

    def setUp(self):
        self.running = served.Served(whole=self.BASE, zone=[ZONE])
        self.addCleanup(self.running.stop)

    def send(self, text, envelope):
        return self.running.send(text, rcpt=["office@example.net"], **envelope)

    def fate(self, text, envelope):
        outcome = self.send(text, envelope)
        return (outcome.decision["action"], outcome.decision["rule"]), outcome

    def test_from_the_log_to_a_rule_in_force(self):
        invoices = [self.send(invoice(number), PARTNER) for number in range(INVOICES)]
        forgeries = [self.send(forgery(number), FORGER) for number in range(3)]
        records = self.records(invoices, forgeries)
        told = daemon.assay("policy", "suggest", "--json", "--config", self.running.daemon.config, records, status=1)
        # One rule, for the stream of 12; the forgeries are too few to be told of.
        self.assertEqual([(stream["verdict"], stream["rule"], stream["covered"]) for stream in told["streams"]],
                         [("broken sender", self.RULE, INVOICES)])
        self.assertEqual((told["messages"], told["small"]), (INVOICES + 3, 3))

        # Pasted as it stands, it is observed.
        drop_in = self.running.daemon.folder / "assay.d/60-suggested.yaml"
        drop_in.write_text(told["yaml"], encoding="utf-8")
        self.running.reload(self.BASE)
        was, outcome = self.fate(invoice(100), PARTNER)
        self.assertEqual(was, ("quarantine", "policy.indirect"))
        self.assertEqual(outcome.message.all(served.QUARANTINE_FIELD), [b" YES"])
        self.assertEqual(outcome.decision_in_stamp, ["dis=quarantine", "rule=policy.indirect", "would=accept", f"by={self.RULE}"])
        self.assertEqual(outcome.decision["observed"], [{"rule": self.RULE, "action": "accept"}])

        # Turned on, it lets in what replay says, and not who takes the name alone.
        drop_in.unlink()
        enforced = self.running.daemon.folder / "enforced.yaml"
        enforced.write_text(self.BASE + told["yaml"].replace("observe: true", "observe: false"), encoding="utf-8")
        replayed = daemon.assay("policy", "replay", "--json", "--config", enforced, records)
        self.assertEqual([(change["before"], change["after"], change["messages"]) for change in replayed["changes"]],
                         [("quarantine", "accept", INVOICES)])
        self.running.reload(enforced.read_text(encoding="utf-8"))
        now, outcome = self.fate(invoice(101), PARTNER)
        self.assertEqual(now, ("accept", self.RULE))
        self.assertEqual(outcome.message.all(served.QUARANTINE_FIELD), [])
        self.assertEqual(outcome.decision_in_stamp, ["dis=accept", f"rule={self.RULE}"])
        refused = ("reject", "policy.published.reject")
        self.assertEqual(self.fate(forgery(100), FORGER)[0], refused)
        self.assertEqual(self.fate(forgery(101), {**FORGER, "mail_from": PARTNER["mail_from"], "helo": PARTNER["helo"]})[0], refused)
        # Somebody whose own name passes SPF.
        self.assertEqual(self.fate(forgery(102), {**FORGER, "client_ip": "203.0.113.30", "mail_from": "a@relay.example.org"})[0], refused)
        self.running.daemon.assert_sound(self)

    def test_two_days_of_mail_are_not_enough(self):
        invoices = [self.send(invoice(number), PARTNER) for number in range(INVOICES)]
        # Whoever collected a few signed messages could send them on in a night.
        told = daemon.assay("policy", "suggest", "--json", "--config", self.running.daemon.config, self.records(invoices, days=2))
        self.assertEqual([(stream["verdict"], stream["rule"]) for stream in told["streams"]], [("unclear", None)])

    def records(self, *outcomes, days=3):
        """A file of the records, as of so many days, on each of which some of each kind came."""
        # At noon, so that a test that runs at midnight does not count a day more.
        last = datetime.datetime.now(datetime.timezone.utc).replace(hour=12, minute=0, second=0) - datetime.timedelta(days=1)
        path = self.running.daemon.folder / "records.json"
        lines = []
        for kind in outcomes:
            for number, outcome in enumerate(kind):
                time = last - datetime.timedelta(days=number % days)
                record = {**outcome.record, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ")}
                lines.append(json.dumps(record) + "\n")
        path.write_text("".join(lines), encoding="utf-8")
        return path


if __name__ == "__main__":
    unittest.main()
