#!/usr/bin/python3
"""The example configurations, as they are shipped, through a real Postfix: each message of their cases fares there as
`assay policy test` says, and a strict rule that was observed and replayed does, once it is on, what was foretold.
"""

import collections
import datetime
import json
import pathlib
import unittest

import yaml

import daemon
import served

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "config/examples"
ZONE = FOLDER / "messages/zone"

setUpModule = served.require  # pylint: disable=invalid-name


def configuration(name):
    return (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def message_cases(name):
    """The cases with a message, by name. Facts cannot be sent."""
    file = yaml.safe_load((FOLDER / f"{name}.cases.yaml").read_text(encoding="utf-8"))
    return {case["name"]: case for case in file["cases"] if "message" in case}


def as_list(value):
    """What a cases file expects, or a record says, as a list of texts."""
    if value in (None, "none"):
        return []
    return [str(part) for part in (value if isinstance(value, list) else [value])]


def recorded(record):
    """A decision record in the words of the cases files."""
    decision, reply = record["decision"], record["decision"]["reply"] or {}
    return {
        **{key: decision[key] for key in ("action", "rule", "would", "would_rule", "quarantine", "tags", "undecided")},
        "code": reply.get("code"),
        "text": reply.get("text"),
        "headers": [f"{field['name']}: {field['value']}" for field in decision["headers"]],
        "observed": [observed["rule"] for observed in decision["observed"]],
        "indirect": record["indirect"],
        "override": decision["override"] and decision["override"]["type"],
    }


class Examples(unittest.TestCase):
    maxDiff = None

    def serve(self, text):
        running = served.Served(whole=text, zone=[ZONE])
        self.addCleanup(running.stop)
        return running

    @staticmethod
    def send(running, case, **more):
        envelope = {key: case[key] for key in ("client_ip", "helo", "mail_from")}
        rcpt = as_list(case.get("rcpt", "postmaster@example.net"))
        return running.send((FOLDER / case["message"]).read_bytes(), rcpt=rcpt, **envelope, **more)

    def assert_fared(self, outcome, expect):
        """The record, the reply, and the message itself all say what the cases file expects."""
        found = recorded(outcome.record)
        self.assertEqual({key: as_list(found[key]) for key in expect}, {key: as_list(value) for key, value in expect.items()})
        action, rule = expect["action"], expect["rule"]
        if action == "reject":
            reply = outcome.decision["reply"]
            self.assertEqual((outcome.code, outcome.reply), (expect.get("code", 550), f"{reply['enhanced']} {reply['text']}"))
            self.assertIn(expect.get("text", ""), outcome.reply)
            self.assertEqual(outcome.messages, [])
            return
        self.assertEqual(outcome.code, 250)
        self.assertEqual(outcome.message.all(served.QUARANTINE_FIELD), [b" YES"] if action == "quarantine" else [])
        words = [f"dis={action}", f"rule={rule}"]
        if as_list(expect.get("would")):
            words += [f"would={expect['would']}", f"by={expect['would_rule']}"]
        self.assertEqual(outcome.decision_in_stamp, words)

    def send_all(self, name, text):
        """Sends each message of an example's cases; what became of them, by the name of the case."""
        told = {case["name"]: case for case in daemon.assay("policy", "test", "--json", FOLDER / f"{name}.cases.yaml")["cases"]}
        running = self.serve(text)
        outcomes = {}
        for case in message_cases(name).values():
            with self.subTest(name, case=case["name"]):
                outcome = outcomes[case["name"]] = self.send(running, case)
                self.assert_fared(outcome, case["expect"])
                self.assertTrue(told[case["name"]]["passed"])
                self.assertEqual({key: outcome.decision[key] for key in ("action", "rule", "would")}, told[case["name"]]["decision"])
        running.daemon.assert_sound(self)
        return running, outcomes

    @staticmethod
    def partner(days):
        """The partner's example; its rule ends so many days from today, whatever day the test is run."""
        text = configuration("partner")
        assert text.count("expires: 2027-06-30") == 1
        end = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days)
        return text.replace("expires: 2027-06-30", f"expires: {end}")

    def test_a_partner_with_broken_signatures_is_let_in_by_proof(self):
        running, outcomes = self.send_all("partner", self.partner(30))
        invoice = outcomes["an invoice as the partner's provider sends it"]
        # What was let in failed: nothing is made to look better than it is.
        self.assertIn("dkim=fail", invoice.message.stamp)
        self.assertIn("dmarc=fail", invoice.message.stamp)
        self.assertEqual(invoice.decision["override"], {"type": "local_policy", "comment": "rule partner-invoices"})
        forgery = outcomes["a forgery is refused"]
        self.assertRegex(forgery.reply, r"^5\.7\.1 .*DMARC.*example\.com")

        # The proof is the client's address: without it not even the provider's names help.
        case = message_cases("partner")["a forgery is refused"]
        self.assert_fared(self.send(running, {**case, "client_ip": "192.0.2.17"}),
                          {"action": "accept", "rule": "partner-invoices", "override": "local_policy"})
        self.assert_fared(self.send(running, {**case, "mail_from": "bounce@example-com.mailer.example.org",
                                              "helo": "example-com.mailer.example.org"}), case["expect"])

    def test_the_partner_s_rule_ends_with_its_last_day(self):
        case = message_cases("partner")["an invoice as the partner's provider sends it"]
        running = self.serve(self.partner(-1))
        self.assert_fared(self.send(running, case), {"action": "quarantine", "rule": "policy.indirect"})

    def test_our_own_domain_is_refused_from_outside(self):
        running, outcomes = self.send_all("own-domain", configuration("own-domain"))
        spoofed = outcomes["the director from the other end of the world"]
        self.assertEqual((spoofed.code, spoofed.reply),
                         (550, "5.7.1 example.net is our own domain, and this is neither our relay nor signed by us (rule own-domain)"))
        self.assertIn("dmarc=pass", outcomes["a newsletter that a service signs as us"].message.stamp)

        # The same message from a client of ours: on our network, or logged in from anywhere.
        case = message_cases("own-domain")["the director from the other end of the world"]
        for envelope in ({"client_ip": None}, {"login": "director"}):
            outcome = self.send(running, {**case, "client_ip": envelope.pop("client_ip", case["client_ip"])}, **envelope)
            self.assertEqual((outcome.code, outcome.decision["rule"]), (250, "local"))

    def test_a_mailing_list_is_let_in_by_its_trusted_seal(self):
        _, outcomes = self.send_all("mailing-list", configuration("mailing-list"))
        post = outcomes["a post whose author the list found authentic"]
        self.assertIn("dmarc=fail", post.message.stamp)
        self.assertIn("arc=pass", post.message.stamp)
        # The reason that DMARC reports want for a trusted chain: RFC 8617 section 7.2.2.
        self.assertEqual(post.decision["override"], {"type": "local_policy", "comment": "arc=pass as[1].d=lists.example.org as[1].s=arc"})
        # The stranger's chain is as intact as the list's: trust is all that tells them apart.
        self.assertIn("arc=pass", outcomes["the same seal of a relay that nobody trusts"].message.stamp)

    def test_a_strict_rule_is_observed_replayed_and_turned_on(self):
        watched = message_cases("strict-rule-observed")
        running, outcomes = self.send_all("strict-rule-observed", configuration("strict-rule-observed"))
        # A week of mail in small, in the order of arrival.
        week = [*watched.values(), *self.more_mail(*watched.values())]
        before = [*outcomes.values(), *(self.send(running, case) for case in week[len(watched):])]
        ids = [outcome.record["queue_id"] for outcome in before]
        records = running.daemon.folder / "week.json"
        records.write_text(running.daemon.log_text(), encoding="utf-8")

        def ids_of(name):
            return {queue_id for queue_id, case in zip(ids, week) if case["message"] == f"messages/{name}.eml" and case["client_ip"]}

        # The rule as it was watched: nothing changes; but it would refuse the forwarder's mail, too.
        told = self.replay(FOLDER / "strict-rule-observed.yaml", records)
        self.assertEqual((told["messages"], told["local"], told["changed"], told["other_rule"]), (12, 1, 0, 0))
        self.assertEqual(told["observed"], [{"rule": "spf-fail-unsigned", "matched": 7, "would": {"reject": 7}, "differs": 7}])
        hasty = running.daemon.folder / "hasty.yaml"
        hasty.write_text(configuration("strict-rule-observed").replace("observe: true", "observe: false"), encoding="utf-8")
        self.assertEqual(set(self.foretold(self.replay(hasty, records))), ids_of("strict-forged") | ids_of("strict-forwarded"))

        # The rule with the forwarder before it.
        told = self.replay(FOLDER / "strict-rule.yaml", records, "--max-change", "4")
        self.replay(FOLDER / "strict-rule.yaml", records, "--max-change", "3", status=1)
        self.assertEqual(self.foretold(told), {queue_id: (("accept", "default"), ("reject", "spf-fail-unsigned"))
                                               for queue_id in ids_of("strict-forged")})
        self.assertEqual((len(ids_of("strict-forged")), told["changed"], told["other_rule"]), (4, 4, 3))

        running.reload(configuration("strict-rule"))
        after = [self.send(running, case) for case in week]
        strict = {case["message"]: case["expect"] for case in message_cases("strict-rule").values()}
        for case, outcome in zip(week, after):
            self.assertNotEqual(outcome.record["settings"], before[0].record["settings"])
            if case["message"] in strict and case["client_ip"]:
                self.assert_fared(outcome, strict[case["message"]])
        self.assert_came_about(told, before, after)
        running.daemon.assert_sound(self)

    @staticmethod
    def more_mail(forgery, forwarded, genuine):
        """More of the same, and what the rule does not ask about: refused already, quarantined, and local mail."""
        refused = message_cases("partner")["a forgery is refused"]
        post = message_cases("mailing-list")["a post whose author the list found authentic"]
        local = {**genuine, "client_ip": None}
        return [forgery, genuine, forwarded, refused, forgery, post, forwarded, local, genuine, forgery]

    def assert_came_about(self, told, before, after):
        """What a replay of `before` told, message by message and in its counts, is what became of the same messages."""
        fates = [tuple((outcome.decision["action"], outcome.decision["rule"]) for outcome in pair) for pair in zip(before, after)]
        ids = [outcome.record["queue_id"] for outcome in before]
        self.assertEqual({queue_id: (was, now) for queue_id, (was, now) in zip(ids, fates) if was[0] != now[0]}, self.foretold(told))
        decided = [(was, now) for was, now in fates if was[1] != "local"]
        self.assertEqual({(was, now): count for was, row in told["actions"].items() for now, count in row.items()},
                         collections.Counter((was[0], now[0]) for was, now in decided))
        self.assertEqual({row["rule"]: row["messages"] for row in told["rules"]}, collections.Counter(now[1] for _, now in decided))
        self.assertEqual(told["other_rule"], sum(was[0] == now[0] and was[1] != now[1] for was, now in decided))

    @staticmethod
    def replay(config, records, *more, status=0):
        return daemon.assay("policy", "replay", "--json", "--examples", "1000", "--config", config, *more, records, status=status)

    @staticmethod
    def foretold(told):
        """The messages that would fare otherwise, by queue id: action and rule before and after."""
        return {example["queue_id"]: ((change["before"], example["rule_before"]), (change["after"], example["rule_after"]))
                for change in told["changes"] for example in change["examples"]}


if __name__ == "__main__":
    unittest.main()
