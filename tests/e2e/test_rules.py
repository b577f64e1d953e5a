#!/usr/bin/python3
"""What rules of the administrator's own do besides accepting and refusing, through a real Postfix: fields, tags, other
recipients, and recipients who would fare differently.
"""

import sys
import unittest

import daemon
import samples
import served

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

setUpModule = served.require  # pylint: disable=invalid-name

# The daemon's settings and rules. reject.example asks for p=reject, and make.OTHER_IP is not in its SPF record.
FIELDS = f"""\
local: {{networks: [127.0.0.0/8]}}
policy:
  rules:
    - name: watch
      when: {{from_domain: ["*.example"]}}
      then: {{continue: {{tag: watched, name: X-Watched, value: by us}}}}
    - name: watch-twice
      when: {{from_domain: reject.example}}
      then: {{continue: {{tag: from-a-partner}}}}
    - name: partner
      when: {{from_domain: reject.example, client_ip: {make.OTHER_IP}}}
      then: {{add_header: {{name: X-Partner, value: "trusted; level=2"}}}}
"""
FORMS = """\
policy:
  allow_discard: true
  rules:
    - {name: trap, when: {helo: trap.example.org}, then: {quarantine: {how: redirect, to: trap@example.net}}}
    - {name: on-hold, when: {helo: hold.example.org}, then: {quarantine: {how: hold}}}
    - {name: marked, when: {helo: mark.example.org}, then: {quarantine: {how: header, name: X-Suspect, value: "by rule"}}}
    - {name: refused, when: {helo: refuse.example.org}, then: {quarantine: {how: reject}}}
    - {name: later, when: {helo: later.example.org}, then: {tempfail: {text: "come back from a better place"}}}
    - {name: dropped, when: {helo: drop.example.org}, then: discard}
"""
RECIPIENTS = """\
policy:
  mixed_recipients: HOW
  rules:
    - {name: closed, when: {rcpt_domain: closed.example.net}, then: {reject: {text: "closed.example.net takes no mail"}}}
    - {name: wary, when: {rcpt: wary@example.net}, then: quarantine}
"""
# What a stranger brings along. Postfix drops white space before the colon.
WITH_FIELDS = ["X-Partner: trusted; level=2", "x-PARTNER:trusted", "X-Partner-Number: 17", "X-WATCHED: not at all",
               "X-Partner : 1", "X-Partner:\r\n 2"]


def message(domain, name, **more):
    return make.message(f"office@{domain}", name=name, **more)


class Rules(unittest.TestCase):
    """One daemon and Postfix for the tests of a class."""

    maxDiff = None
    settings = ""
    main_cf = {}

    @classmethod
    def setUpClass(cls):
        cls.running = served.Served(cls.settings, main_cf=cls.main_cf)
        cls.addClassCleanup(cls.running.stop)

    def configure(self, settings):
        """Replaces the daemon's settings until the end of the test."""
        self.running.reload(self.running.daemon.config_text(settings))
        self.addCleanup(lambda: self.running.reload(self.running.daemon.config_text(self.settings)))

    def tearDown(self):
        self.running.daemon.assert_sound(self)


class Fields(Rules):
    settings = FIELDS

    def send(self, domain, *, ip=make.OTHER_IP, **more):
        return self.running.send(message(domain, "fields", **more), mail_from=f"office@{domain}", client_ip=ip)

    def test_a_field_is_added_and_a_tag_recorded(self):
        outcome = self.send("reject.example")
        # Nothing but the rule's proof lets it in.
        self.assertIn("dmarc=fail", outcome.message.stamp)
        self.assertEqual(outcome.decision_in_stamp, ["dis=accept", "rule=partner"])
        self.assertEqual(outcome.message.all("X-Partner"), [b" trusted; level=2"])
        self.assertEqual(outcome.message.all("X-Watched"), [b" by us"])
        names = outcome.message.names()
        self.assertLess(names.index(b"authentication-results"), names.index(b"x-watched"))
        self.assertLess(names.index(b"x-watched"), names.index(b"x-partner"), "in the order of the rules")
        self.assertEqual(outcome.decision["tags"], ["watched", "from-a-partner"])
        self.assertEqual(outcome.decision["headers"], [{"name": "X-Watched", "value": "by us"},
                                                       {"name": "X-Partner", "value": "trusted; level=2"}])
        self.assertEqual(outcome.decision["override"], {"type": "local_policy", "comment": "rule partner"})

    def test_what_a_refused_message_was_to_get_is_not_lost_from_the_record(self):
        outcome = self.send("reject.example", ip="198.51.100.77")
        self.assertEqual((outcome.code, outcome.decision["rule"]), (550, "policy.published.reject"))
        self.assertEqual(outcome.decision["tags"], ["watched", "from-a-partner"])
        self.assertEqual(outcome.decision["headers"], [])

    def test_a_stranger_s_fields_of_those_names_go_and_ours_stand(self):
        outcome = self.send("plain.example", extra=WITH_FIELDS)
        self.assertEqual(outcome.decision["rule"], "default")
        self.assertEqual(outcome.message.all("X-Partner"), [])
        self.assertEqual(outcome.message.all("X-Watched"), [b" by us"])
        self.assertEqual(outcome.message.all("X-Partner-Number"), [b" 17"])

        outcome = self.send("reject.example", extra=WITH_FIELDS)
        self.assertEqual(outcome.decision["rule"], "partner")
        self.assertEqual(outcome.message.all("X-Partner"), [b" trusted; level=2"])
        self.assertEqual(outcome.message.all("X-Watched"), [b" by us"])
        self.assertEqual(outcome.message.all("X-Partner-Number"), [b" 17"])

    def test_our_own_mail_keeps_its_fields(self):
        outcome = self.send("reject.example", ip=None, extra=WITH_FIELDS)
        self.assertEqual(outcome.decision["rule"], "local")
        self.assertEqual(outcome.message.all("X-Partner"), [b" trusted; level=2", b"trusted", b" 1", b"\n 2"])
        self.assertEqual(outcome.message.all("X-Watched"), [b" not at all"])

    def test_in_monitor_mode_rules_do_nothing(self):
        self.configure("mode: monitor\n" + FIELDS)
        outcome = self.send("reject.example", extra=WITH_FIELDS)
        self.assertEqual(outcome.message.all("X-Watched"), [])
        # A stranger's are removed all the same: no reader can tell them from ours.
        self.assertEqual(outcome.message.all("X-Partner"), [])
        self.assertEqual(outcome.decision_in_stamp, ["dis=accept", "rule=partner"])
        self.assertEqual(outcome.decision["tags"], ["watched", "from-a-partner"])

        self.configure("mode: monitor\n" + FORMS)
        for helo, action, rule in (("refuse", "quarantine", "refused"), ("later", "tempfail", "later"), ("drop", "discard", "dropped")):
            outcome = self.running.send(message("plain.example", "monitor"), mail_from="office@plain.example", client_ip=make.OTHER_IP,
                                        helo=f"{helo}.example.org")
            self.assertEqual(outcome.decision_in_stamp, ["dis=accept", f"rule={rule}", f"would={action}"])


class Forms(Rules):
    """Each form of quarantine, deferral and loss, by a rule."""

    settings = FORMS

    def send(self, helo, **more):
        return self.running.send(message("plain.example", "forms"), mail_from="office@plain.example", client_ip=make.OTHER_IP,
                                 helo=helo, **more)

    def test_redirect(self):
        outcome = self.send("trap.example.org", rcpt=("one@example.net", "two@example.net"), copies=1)
        self.assertEqual(outcome.message.all("Delivered-To"), [b" trap@example.net"])
        self.assertEqual(outcome.message.all(served.QUARANTINE_FIELD), [])
        self.assertEqual(outcome.decision_in_stamp, ["dis=quarantine", "rule=trap"])
        self.assertEqual([outcome.decision[key] for key in ("action", "quarantine", "redirect_to")],
                         ["quarantine", "redirect", "trap@example.net"])

    def test_hold(self):
        outcome = self.send("hold.example.org", copies=0)
        daemon.until(self.running.postfix.held, what="a message on hold")
        self.assertEqual([outcome.code, outcome.decision["rule"], outcome.decision["quarantine"]], [250, "on-hold", "hold"])
        self.assertEqual(self.running.postfix.delivered(1, timeout=0.5), [])

    def test_a_field_of_the_rule_s_own(self):
        outcome = self.send("mark.example.org")
        self.assertEqual(outcome.message.all("X-Suspect"), [b" by rule"])
        self.assertEqual(outcome.message.all(served.QUARANTINE_FIELD), [])

    def test_refusal_in_place_of_quarantine(self):
        outcome = self.send("refuse.example.org")
        self.assertEqual((outcome.code, outcome.messages), (550, []))
        self.assertIn("(rule refused)", outcome.reply)

    def test_deferral(self):
        outcome = self.send("later.example.org")
        self.assertEqual((outcome.code, outcome.reply), (451, "4.7.1 come back from a better place (rule later)"))

    def test_discard(self):
        outcome = self.send("drop.example.org", copies=0)
        self.assertEqual([outcome.code, outcome.decision["action"], outcome.decision["rule"]], [250, "discard", "dropped"])
        self.assertEqual(self.running.postfix.delivered(1, timeout=0.5), [])


class Recipients(Rules):
    settings = RECIPIENTS.replace("HOW", "strictest")
    main_cf = {"virtual_mailbox_domains": "example.net, closed.example.net"}
    OPEN, CLOSED, WARY = "open@example.net", "joe@closed.example.net", "wary@example.net"

    def send(self, *rcpt):
        return self.running.send(message("plain.example", "recipients"), mail_from="office@plain.example", client_ip=make.OTHER_IP, rcpt=rcpt)

    def fates(self):
        """By recipients: action, rule, whether they would have fared differently, and which copies are marked."""
        result = {}
        for rcpt in ([self.OPEN], [self.CLOSED], [self.WARY], [self.OPEN, self.CLOSED], [self.CLOSED, self.OPEN],
                     [self.OPEN, self.WARY], [self.WARY, self.CLOSED], [self.OPEN, "more@example.net"]):
            outcome = self.send(*rcpt)
            marked = [bool(copy.all(served.QUARANTINE_FIELD)) for copy in outcome.messages]
            result[" ".join(address.split("@")[0] for address in rcpt)] = (
                outcome.decision["action"], outcome.decision["rule"], outcome.decision["mixed_recipients"], marked)
            if outcome.decision["action"] == "reject":
                self.assertEqual((outcome.code, outcome.reply), (550, "5.7.1 closed.example.net takes no mail (rule closed)"))
        return result

    ALONE = {
        "open": ("accept", "default", False, [False]),
        "joe": ("reject", "closed", False, []),
        "wary": ("quarantine", "wary", False, [True]),
        "open more": ("accept", "default", False, [False, False]),
    }

    def test_the_strictest_decision_holds_for_all(self):
        self.assertEqual(self.fates(), {
            **self.ALONE,
            "open joe": ("reject", "closed", True, []),
            "joe open": ("reject", "closed", True, []),
            "open wary": ("quarantine", "wary", True, [True, True]),
            "wary joe": ("reject", "closed", True, []),
        })

    def test_the_most_lenient_decision_holds_for_all(self):
        self.configure(RECIPIENTS.replace("HOW", "most_lenient"))
        self.assertEqual(self.fates(), {
            **self.ALONE,
            "open joe": ("accept", "default", True, [False, False]),
            "joe open": ("accept", "default", True, [False, False]),
            "open wary": ("accept", "default", True, [False, False]),
            "wary joe": ("quarantine", "wary", True, [True, True]),
        })


if __name__ == "__main__":
    unittest.main()
