#!/usr/bin/python3
"""assay policy replay decides as assayd did: the records of mail of all kinds, replayed under the configuration that they come
from. Each decision is the same, or is counted with the reason for which it cannot be replayed."""

import collections
import contextlib
import pathlib
import tempfile
import unittest

import daemon
import faults
import faulty
import milter
import samples

ENTRIES = samples.load()
REJECT = next(entry for entry in ENTRIES if entry["name"] == "fail-reject")
RULES = """\
policy:
  allow_discard: true
  mixed_recipients: HOW
  temperror: tempfail
  indirect: quarantine
  quarantine: {how: FORM}
  rules:
    - {name: watch, when: {from_domain: "*.example"}, then: {continue: {tag: seen, name: X-Watched, value: by us}}}
    - {name: eyed, when: {from_domain: reject.example}, then: reject, observe: true}
    - {name: trap, when: {helo: trap.example.org}, then: {quarantine: {how: redirect, to: trap@example.net}}}
    - {name: on-hold, when: {helo: hold.example.org}, then: {quarantine: {how: hold}}}
    - {name: marked, when: {helo: mark.example.org}, then: {quarantine: {how: header, name: X-Suspect, value: "by rule"}}}
    - {name: refused, when: {helo: refuse.example.org}, then: {quarantine: {how: reject}}}
    - {name: later, when: {helo: later.example.org}, then: tempfail}
    - {name: dropped, when: {helo: drop.example.org}, then: discard}
    - {name: closed, when: {rcpt_domain: closed.example.net}, then: reject}
    - {name: wary, when: {rcpt: wary@example.net}, then: quarantine}
    - {name: gone, when: {from_domain: "*.example"}, then: reject, expires: 2020-01-01}
    - {name: welcome, when: {from_domain: plain.example, spf: temperror}, unproven: true,
       then: {add_header: {name: X-Welcome, value: "yes"}}}
"""
LOCAL = "local: {networks: [203.0.113.0/24]}\nlimits: {header_bytes: 64KiB}\n"
HELOS = [b"trap", b"hold", b"mark", b"refuse", b"later", b"drop", b"other"]
# Capabilities of an MTA: SMFIF_ADDHDRS 1, CHGBODY 2, ADDRCPT 4, DELRCPT 8, CHGHDRS 0x10, QUARANTINE 0x20.
NO_QUARANTINE, NO_RECIPIENTS, NO_CHANGE, NOTHING = 0x1FF & ~0x20, 0x1FF & ~0xC, 0x1FF & ~0x10, 0
FORGED = [(b"Authentication-Results", b" mx.example.net; dmarc=pass")]
ODD = bytes(octet for octet in range(1, 256) if octet not in b"\r\n<>")


def dns():
    """The zone of the samples, and a domain whose servers fail."""
    script = ["broken.example ! SERVFAIL", "_dmarc.broken.example ! SERVFAIL"]
    for line in samples.ZONE.read_text(encoding="ascii").splitlines():
        if line[0] not in ";$":
            name, kind, data = line.split(" ", 2)
            script.append(f"{name.rstrip('.')} 300 {kind} {data.rstrip('.')}")
    return "\n".join(script)


class Replay(unittest.TestCase):
    maxDiff = None

    def message(self, *, actions=milter.ACTIONS, ip=b"198.51.100.7", helo=b"other.example.org", author=b"x@plain.example", fields=(),
                mail_from=b"x@plain.example", rcpt=(b"one@example.net",), login=None):
        with milter.Milter(self.running.port, actions=actions) as connection:
            connection.connect(ip)
            connection.helo(helo)
            if login is not None:
                connection.macro(b"{auth_authen}", login)
            connection.mail(mail_from)
            for address in rcpt:
                connection.rcpt(address)
            connection.data()
            connection.headers((b"From", b" " + author), *fields)
            connection.body(b"hello\r\n")
            connection.end()

    def send(self):
        for entry in ENTRIES:
            samples.send(daemon.BIN / "assay-mta", self.running.socket, entry)
        for actions in (milter.ACTIONS, NO_QUARANTINE, NO_RECIPIENTS, NO_CHANGE, NOTHING):
            for helo in HELOS:
                self.message(actions=actions, helo=helo + b".example.org")
            self.message(actions=actions, fields=FORGED)
        for rcpt in ((b"wary@example.net",), (b"one@example.net", b"a@closed.example.net"), (b"odd one@example.net",),
                     (b"wary@example.net", b"a@closed.example.net"), (b"one@example.net", b"wary@example.net"),
                     tuple(b"%d@example.net" % number for number in range(1001))):
            self.message(rcpt=rcpt)
            self.message(rcpt=rcpt, helo=b"trap.example.org")
        self.message(fields=FORGED * 101)
        self.message(fields=[(b"X-Long", b" " + b"x" * 900)] * 80)
        self.message(ip=b"203.0.113.7")
        self.message(ip=b"203.0.113.7", fields=FORGED * 101)
        self.message(login=b"somebody")
        self.message(ip=None)
        self.message(author=b"a@plain.example, b@reject.example")
        self.message(author=ODD)
        self.message(helo=ODD, mail_from=ODD, author=b'"' + ODD.replace(b'"', b"").replace(b"\\", b"") + b'" <x@reject.example>')
        self.message(helo=b"h" * 1500, mail_from=b"m" * 5000 + b"@example.org")
        self.message(author=b"x@broken.example", mail_from=b"x@broken.example")
        self.message(author=b"x@reject.example", mail_from=b"x@broken.example")
        if self.faults:
            self.faults.arm("digest", 1)
            with contextlib.suppress(milter.Lost):
                samples.send(daemon.BIN / "assay-mta", self.running.socket, next(e for e in ENTRIES if e["name"] == "pass-ed25519-rsa"))
            self.assertEqual(self.faults.disarm()[1], 1)

    def check(self, settings):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="assay-replay-")))
        self.faults = faults.Faults(folder) if faults.LIBRARY.is_file() else None
        environment = self.faults.environment if self.faults else {}
        with faulty.FaultyDns(dns()) as server, \
                daemon.Daemon(f"{LOCAL}dns: {{forward: ['{server.address}']}}\n{settings}", environment=environment) as self.running:
            self.send()
            status = daemon.assay("status", "--json", "--socket", self.running.folder / "control.sock")
            total = sum(count["total"] for count in status["messages"].values())
            records = daemon.until(lambda: len(found := self.running.records()) == total and found, what="all records")
            self.config, self.log = folder / "assay.yaml", folder / "log"
            self.config.write_text(self.running.config.read_text())
            self.log.write_text(self.running.log_text())
        report = daemon.assay("policy", "replay", "--config", self.config, "--json", self.log)
        local = [record for record in records if record["client"]["local"]]
        strange = [record for record in records if not record["client"]["local"]]
        cut = [record for record in strange if "rcpt_omitted" in record or len(record["mail_from"] or "") > 4096]
        beside = collections.Counter(record["decision"]["rule"] for record in strange)
        beside = {rule: beside[rule] for rule in ("internal_error", "forged_results", "mta")}
        self.assertEqual(report["not_replayable"], beside)
        self.assertEqual((report["local"], report["incomplete"], report["malformed"]), (len(local), len(cut), 0))
        self.assertEqual(report["messages"], len(strange) - len(cut) - sum(beside.values()))
        # Word for word: the same is done, by the same rule, in both modes.
        self.assertEqual((report["changes"], report["changed"], report["changed_enforced"], report["other_rule"]), ([], 0, 0, 0))
        self.assertGreater(beside["forged_results"], 0)
        self.assertGreater(beside["mta"], 0)
        self.assertGreater(len(local), 2)
        self.assertGreater(len(cut), 2)
        if self.faults:
            self.assertEqual(beside["internal_error"], 1)
        return records, report

    def test_what_was_enforced(self):
        forms = {"header": "strictest", "hold": "most_lenient", "redirect, to: junk@example.net": "strictest", "reject": "most_lenient"}
        for form, how in forms.items():
            with self.subTest(form):
                records, report = self.check(RULES.replace("FORM", form).replace("HOW", how))
                self.assertEqual(report["unknown_form"], 0)
                decided = collections.Counter(record["decision"]["rule"] for record in records)
                for rule in ("trap", "on-hold", "marked", "refused", "later", "dropped", "default", "local", "limits.exceeded",
                             "policy.bad_from", "policy.published.reject", "policy.published.quarantine"):
                    self.assertGreater(decided[rule], 0, decided)
                unavailable = collections.Counter(record["decision"]["unavailable_form"] for record in records)
                self.assertGreater(unavailable["hold"], 0)
                self.assertGreater(unavailable["redirect"], 0)

    def test_what_was_watched(self):
        """In monitor mode no record says in which form a message would be quarantined, and which fields it would get: those are
        counted."""
        records, report = self.check("mode: monitor\n" + RULES.replace("FORM", "hold").replace("HOW", "strictest"))
        decisions = [record["decision"] for record in records if "rcpt_omitted" not in record and len(record["mail_from"] or "") <= 4096]
        unknown = [decision for decision in decisions if decision["would"] == "quarantine" or
                   (decision["would"] is None and decision["tags"] and decision["action"] == "accept")]
        self.assertEqual(report["unknown_form"], len(unknown))
        self.assertGreater(len(unknown), 5)
        same = daemon.assay("policy", "replay", "--config", self.config, "--against", self.config, "--json", self.log)
        self.assertEqual((same["changed"], same["changed_enforced"], same["unknown_form"]), (0, 0, 0))


if __name__ == "__main__":
    unittest.main()
